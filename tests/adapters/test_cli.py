"""The command line: exit codes, JSON, errors in one line."""

import json
import re
from pathlib import Path

import pytest
from babel.numbers import get_territory_currencies
from typer.testing import CliRunner

from abate.application.catalogue import KINDS, TEMPLATES, default_factors
from abate.application.opening import create_workspace, open_workspace
from abate.application.workspaces.setup import init_firm, setting_of
from abate.faces.cli import main as cli
from support import CONFIG, electricity


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run a command as the program does, and give exit code, output and error output."""
    root = tmp_path / "workspace"
    create_workspace(root, CONFIG)
    monkeypatch.chdir(root)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["abate", *map(str, words)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def write(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def test_a_whole_day_of_work(call):
    assert (
        call(
            "add",
            write(
                "electricity.csv",
                electricity([("hq", "2023-05", 1, "MWh"), ("hq", "2023-06", -1, "MWh")]),
            ),
        )[0]
        == 1
    )
    code, out, _ = call("check", "--json")
    assert (code, [f["code"] for f in json.loads(out)]) == (1, ["negative-quantity"])
    assert json.loads(call("run", "--year", "FY2024", "--json")[1])["open_blockers"] == 1
    assert "1 blocking findings of FY2024 are open" in call("run", "--year", "FY2024")[1]
    write("mend.csv", "action,file,row,quantity,reason\nset,electricity.csv,3,1,sign\n")
    assert call("correct", "mend.csv")[0] == 0
    assert call("check")[0] == 0
    assert call("run", "--year", "FY2024")[0] == 0
    code, out, _ = call("show", "scope2-location", "--year", "FY2024", "--json")
    (one,) = json.loads(out)
    assert (one["value"], one["unit"], one["by"], one["year"]) == (
        "0.994800000",
        "t CO2e",
        None,
        "FY2024",
    )
    assert call("verify")[0] == 0
    first, last = (r["run_id"] for r in json.loads(call("runs", "--json")[1]))
    code, _, said = call("publish", first)  # a row was in quarantine when it was made
    assert (code, "1 row in quarantine" in said) == (2, True)
    assert call("publish", last)[0] == 0
    assert "0.995" in call("show")[1]
    assert "electricity.csv" in call("explain", "scope2-location", "--year", "FY2024")[1]
    assert call("report", "--year", "FY2024", "-o", "r.html", "--charts", "charts")[0] == 0
    assert Path("r.html").stat().st_size > 500_000
    assert len(list(Path("charts").iterdir())) == 4
    assert "live" in call("imports")[1]
    import_id = json.loads(call("imports", "--json")[1])[-1]["import_id"]
    assert call("attach", write("bill.pdf", "x"), "--to", import_id)[0] == 0
    assert call("undo", import_id, "--reason", "test")[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "scope9"), 2, "unknown-figure"),
        (("show", "--year", "2024"), 2, "bad-year"),
        (("show", "--year", "FY2024"), 2, "no-run"),
        (("run", "--year", "FY2024"), 2, "no-activities"),
        (("run", "--year", "FY2024", "--gwp", "AR9"), 2, "unknown-gwp-set"),
        (("run", "--year", "FY2024", "--boundary", "sideways"), 2, "unknown-boundary"),
        (("run", "--year", "FY2024", "--as-of", "soon"), 2, "bad-date"),
        (("add", "nothing.csv"), 1, "unreadable-file"),
        (("add", "abate.toml", "--as", "dreams"), 2, "unknown-kind"),
        (("undo", "imp-0"), 2, "unknown-import"),
        (("verify", "r"), 2, "unknown-run"),
        (("publish", "r"), 2, "unknown-run"),
        (("factors", "show", "nope"), 2, "unknown-factor"),
        (("factors", "import", "abate.toml", "--from", "nasa"), 2, "unknown-publisher"),
        (("check", "--workspace", "elsewhere"), 2, "no-workspace"),
        (("init", "."), 2, "workspace-exists"),
        (("demo", "--dir", "."), 2, "folder-in-use"),
        (("explain", "net"), 2, "year-needed"),
        (("explain", "1a2b3c4d-1"), 2, "unknown-entry"),
    ],
)
def test_errors_are_one_line_with_code_and_hint(call, words, code, said):
    got, _, err = call(*words)
    assert got == code
    assert err.startswith(f"[{said}]")
    assert err.count("\n") == 1


def test_wrong_use_ends_with_two():
    assert CliRunner().invoke(cli.app, ["add"]).exit_code == 2
    assert CliRunner().invoke(cli.app, ["dance"]).exit_code == 2


def test_an_unclear_or_missing_header_says_what_to_do(call):
    code, _, err = call("add", write("x.csv", "Site,Month,Consumption,Unit\nhq,2023-05,5,kWh\n"))
    assert (code, "--as KIND" in err) == (1, True)
    assert call("add", "x.csv", "--as", "electricity")[0] == 0


@pytest.mark.parametrize(
    "country",
    sorted({f.region[:2] for f in default_factors() if f.item == "grid-average"} | {"VN", "KE"}),
)
def test_a_workspace_of_any_country_has_its_currency_and_region_and_nothing_chinese(
    country, tmp_path
):
    setting = setting_of(country)
    assert setting.currency in get_territory_currencies(country)
    place = setting.region or setting.parts[0]
    root, _ = init_firm(
        tmp_path / "w",
        "Firm",
        samples=False,
        country=country,
        region="" if setting.region else place,
    )
    opened = open_workspace(root)
    assert {s.region for s in opened.organisation.sites} == {place}
    assert opened.organisation.currency == setting.currency
    chinese = country in ("CN", "HK", "TW")
    assert opened.language == ("zh" if chinese else "en")
    written = "".join(
        p.read_text(encoding="utf-8-sig")
        for p in [root / "abate.toml", *(root / "templates").iterdir()]
    )
    assert chinese or not re.search("[\u4e00-\u9fff]|CNY|CN-|China", written)


def test_a_report_is_in_the_language_of_the_workspace_unless_another_is_asked_for(call):
    Path("abate.toml").write_text(
        CONFIG.replace('currency = "CNY"', 'currency = "CNY"\nlanguage = "zh"')
    )
    call("add", write("electricity.csv", electricity([("hq", "2023-05", 5, "kWh")])))
    call("run", "--year", "FY2024")
    assert call("report", "--year", "FY2024", "-o", "own.html")[0] == 0
    assert call("report", "--year", "FY2024", "-o", "english.html", "--lang", "en")[0] == 0
    assert 'lang="zh-CN"' in Path("own.html").read_text()
    assert 'lang="en"' in Path("english.html").read_text()
    Path("abate.toml").write_text(
        CONFIG.replace('currency = "CNY"', 'currency = "CNY"\nlanguage = "xx"')
    )
    assert call("show", "net")[0] == 2


def test_init_writes_a_commented_config_and_templates(call, tmp_path):
    assert call("init", tmp_path / "new", "--name", 'Say "hi"')[0] == 0
    templates = sorted((tmp_path / "new" / "templates").iterdir())
    assert len(templates) == len(TEMPLATES)
    own = [p for p in templates if KINDS[TEMPLATES[p.stem].measures[0].kind].book == "inventory"]
    code, out, _ = call("add", *own, "--json", "-w", tmp_path / "new")
    assert code == 0, out
    assert call("run", "--year", "FY2024", "-w", tmp_path / "new")[0] == 0
    code, out, _ = call("show", "net", "--json", "-w", tmp_path / "new")
    assert float(json.loads(out)[0]["value"]) > 0


def test_factors_are_searched_and_shown(call):
    assert "ipcc-2006/mobile/diesel" in call("factors", "search", "ipcc", "diesel", "mobile")[1]
    assert "74100" in call("factors", "show", "ipcc-2006/mobile/diesel")[1]


def test_broken_configurations_say_why(call):
    for text, code in (
        ("[", "bad-toml"),
        ("[organisation]\n", "bad-config"),
        (CONFIG + "\n[surprise]\n", "bad-config"),
        (CONFIG.replace("start_month = 4", "start_month = 14"), "bad-config"),
        (CONFIG + '\n[inventory]\ngwp = "AR9"\n', "bad-config"),
        (CONFIG.replace("share = 0.4", "share = 4"), "bad-config"),
    ):
        Path("abate.toml").write_text(text)
        got, _, err = call("check")
        assert (got, err.split("]")[0]) == (2, f"[{code}")


@pytest.mark.parametrize(
    ("at_terminal", "serve", "json", "served"),
    [
        (True, True, False, True),
        (True, False, False, False),
        (False, True, False, False),
        (True, True, True, False),
    ],
)
def test_the_demo_ends_with_its_pages_where_a_person_is_at_the_terminal(
    monkeypatch, tmp_path, at_terminal, serve, json, served
):
    from abate.application.workspaces import demo as starting
    from abate.faces.cli import data, serving

    opened = []
    monkeypatch.setattr(starting, "run_demo", lambda directory, **_: None)
    monkeypatch.setattr(serving, "serve_workspace", opened.append)
    for name in ("stdin", "stdout"):
        monkeypatch.setattr(getattr(data.sys, name), "isatty", lambda: at_terminal, raising=False)
    data.demo(tmp_path, serve, json)
    assert opened == ([tmp_path.resolve()] if served else [])


def test_check_names_what_the_newest_run_left_out(call):
    call(
        "add",
        write(
            "electricity.csv",
            electricity([("mars", "2023-05", 5, "kWh"), ("hq", "2023-05", 5, "kWh")]),
        ),
    )
    assert call("check")[0] == 0
    call("run", "--year", "FY2024")
    code, said, _ = call("check")
    assert (code, "no-factor" in said) == (1, True)
    assert call("check", "--year", "FY2023")[0] == 0
