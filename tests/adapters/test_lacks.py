"""Completeness travels with every figure: what a figure lacks is marked wherever it is shown, and nowhere else."""

import random

import pytest

from abate.application.catalogue import FIGURES, METHODS
from abate.application.disclosure.filing import filing_facts, write_filing
from abate.application.disclosure.indicators import indicator_values
from abate.application.disclosure.signoff import sign
from abate.application.disclosure.targets import progress_json, target_progress
from abate.application.disclosure.vsme import vsme_datapoints
from abate.application.inventory import runs as run_module
from abate.application.inventory.bridges import bridge_runs
from abate.application.inventory.figures import Figures, publish, run_of
from abate.application.inventory.findings import standing_findings
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace, open_workspace
from abate.kernel.errors import UsageError
from support import NOW, electricity, months

FUELS = "Site,Month,Fuel,Quantity,Unit\n"
USED = {("stationary-fuel", "diesel"), ("stationary-fuel", "natural-gas"), ("electricity", "")}
"""Kinds and items of the workspace below."""
NOWHERE = "hq,2023-07,diesel,-5,L\n"


@pytest.fixture
def filled(add):
    """A year of electricity and two fuels at two sites; one fuel only in some months."""
    add(electricity([(s, m, 1000, "kWh") for s in ("hq", "plant") for m in months("2023-04", 12)]))
    rows = [f"hq,{m},natural-gas,50,m3\n" for m in months("2023-04", 12)]
    rows += [f"plant,{m},diesel,20,L\n" for m in months("2023-06", 4)]
    add(FUELS + "".join(rows), "fuels.csv", template="stationary-fuel")
    return add


def without(monkeypatch, dropped):
    """Value with every factor of some kinds and items gone, in any region and year."""
    load = run_module.load_factors

    def fewer(*args, **kwargs):
        return [
            f
            for f in load(*args, **kwargs)
            if not any(f.kind == k and (not i or f.item == i) for k, i in dropped)
        ]

    monkeypatch.setattr(run_module, "load_factors", fewer)


def places_of(dropped, rows):
    """Rows that the dropped kinds and items have in the workspace: site and month of each."""
    return [(k, i, site, month) for k, i, site, month in rows if (k, i) in dropped]


ROWS = (
    [("electricity", "", s, m) for s in ("hq", "plant") for m in months("2023-04", 12)]
    + [("stationary-fuel", "natural-gas", "hq", m) for m in months("2023-04", 12)]
    + [("stationary-fuel", "diesel", "plant", m) for m in months("2023-06", 4)]
)


def touches(figure, kind):
    """Whether a figure of emissions adds up entries that a kind may have, by the cards of the methods."""
    for name in FIGURES.totals_needed(figure):
        where = dict(FIGURES[name].total.where)
        if where["source"] != ("entry",):
            continue
        for card in (m.card for m in METHODS if kind in m.card.kinds):
            at = {
                "book": card.book,
                "scope": card.scope,
                "category": card.category,
                "view": card.view,
            }
            if all(at[c] in where[c] for c in at if c in where):
                return True
    return False


@pytest.mark.parametrize("seed", range(6))
def test_every_figure_that_lacks_rows_is_marked_and_no_other(workspace, filled, monkeypatch, seed):
    """Factors of random kinds and items are gone: whole, by site, by month, and by both."""
    rng = random.Random(seed)
    dropped = set(rng.sample(sorted(USED), rng.randint(0, 3)))
    without(monkeypatch, dropped)
    run_year(workspace, "FY2024", now=NOW)
    run = run_of(workspace, "FY2024")
    gone = places_of(dropped, ROWS)
    with Figures(workspace) as figures:
        for name in FIGURES:
            for by in ("", "site", "month", "site,month"):
                for value in figures.values([name, "gross"], run, by):
                    if value.figure != name:
                        continue
                    expected = {}
                    for kind, _, site, month in gone:
                        here = {"site": site, "month": month}
                        if touches(name, kind) and all(here[d] == v for d, v in value.by.items()):
                            expected[kind] = expected.get(kind, 0) + 1
                    seen = {x.kind: x.rows for x in value.incomplete if x.code == "not-valued"}
                    assert seen == expected, (name, value.by)
                    assert value.json["incomplete"] == [x.json for x in value.incomplete]


def test_a_row_in_quarantine_is_missing_from_what_it_would_have_entered(workspace, filled):
    filled(FUELS + NOWHERE, "bad.csv", template="stationary-fuel")
    run_year(workspace, "FY2024", now=NOW)
    run = run_of(workspace, "FY2024")
    with Figures(workspace) as figures:
        seen = {
            v.figure: [x.code for x in v.incomplete] for v in figures.values(list(FIGURES), run)
        }
        by_site = {v.by["site"]: v.incomplete for v in figures.values(["scope1"], run, "site")}
    assert "in-quarantine" in seen["scope1"]
    assert "in-quarantine" in seen["net"]
    assert "in-quarantine" not in seen["scope2-location"]
    assert "in-quarantine" not in seen["electricity"]
    assert [x.code for x in by_site["hq"]] == ["in-quarantine"]
    assert by_site["plant"] == ()


def test_what_lacks_rows_is_not_published_signed_or_filed_unless_it_is_accepted(
    workspace, filled, tmp_path
):
    filled(FUELS + NOWHERE, "bad.csv", template="stationary-fuel")
    run = run_year(workspace, "FY2024", now=NOW)
    sign(workspace, "FY2024", "prepared", "Ada", now=NOW)
    attempts = [
        lambda **how: sign(workspace, "FY2024", "reviewed", "Bo", now=NOW, **how),
        lambda **how: publish(workspace, run.run_id, reason="", now=NOW, **how),
        lambda **how: write_filing(workspace, "FY2024", tmp_path / "filing", **how),
    ]
    for attempt in attempts:
        with pytest.raises(UsageError) as error:
            attempt()
        assert error.value.code == "not-whole"
        assert "1 row in quarantine" in error.value.message
        with pytest.raises(UsageError):
            attempt(accepted={"in-quarantine": " "})
        with pytest.raises(UsageError):
            attempt(accepted={"not-valued": "another"})
    said = {"in-quarantine": "a typing error of the meter reader"}
    assert said["in-quarantine"] in attempts[0](accepted=said).note
    attempts[1](accepted=said)
    assert said["in-quarantine"] in run_of(workspace, "FY2024").reason
    files = attempts[2](accepted=said)
    assert said["in-quarantine"] in files[0].read_text(encoding="utf-8")
    from abate.application.disclosure.report_model import write_report

    write_report(workspace, "FY2024", tmp_path / "report.md", now=NOW)
    assert said["in-quarantine"] in (tmp_path / "report.md").read_text(encoding="utf-8")
    filed = {f.element.figure for f in filing_facts(workspace, "FY2024") if f.year == "FY2024"}
    assert "scope1" not in filed
    assert "scope2-location" in filed


def test_every_consumer_marks_a_figure_that_lacks_rows(workspace, filled, capsys, monkeypatch):
    """The command line, indicators, the report in both forms, and the list of findings."""
    from abate.application.disclosure.report_model import write_report
    from abate.faces.cli.main import _run

    without(monkeypatch, {("stationary-fuel", "diesel")})
    run_year(workspace, "FY2024", now=NOW)
    found = standing_findings(workspace, now=NOW)
    assert [f.code for f in found if f.severity == "blocker"]
    monkeypatch.setattr("sys.argv", ["abate"])
    with pytest.raises(SystemExit):
        _run(["show", "-y", "FY2024", "-w", str(workspace.root)])
    told = capsys.readouterr().out
    assert "* scope1 FY2024 is incomplete: 4 rows without a factor" in " ".join(told.split())
    (scope1,) = indicator_values(workspace, ["FY2024"], ["scope1"])["scope1"]
    assert scope1.lacking
    path = workspace.root / "report.md"
    write_report(workspace, "FY2024", path, now=NOW)
    text = path.read_text(encoding="utf-8")
    assert "is incomplete: 4 rows without a factor" in text
    from openpyxl import load_workbook

    write_report(workspace, "FY2024", workspace.root / "report.xlsx", now=NOW, kind="xlsx")
    book = load_workbook(workspace.root / "report.xlsx")
    cells = {r[0].value: r for r in book["inventory"].iter_rows(min_row=4)}
    assert cells["Scope 1"][2].number_format.endswith('"*"')
    assert isinstance(cells["Scope 1"][2].value, float)
    assert "*" not in cells["Scope 2, location-based"][2].number_format
    assert "4 rows without a factor" in str([c.value for r in book["lacks"].iter_rows() for c in r])


def test_months_without_data_are_told_with_the_size_that_other_months_have(workspace, add):
    sites = (workspace.root / "abate.toml").read_text()
    (workspace.root / "abate.toml").write_text(
        sites.replace('id = "plant"\n', 'id = "plant"\nexpects = ["electricity"]\n')
    )
    opened = open_workspace(workspace.root)
    rows = [("hq", m, 1000, "kWh") for m in months("2023-04", 12)]
    add(electricity(rows + [("plant", m, 500, "kWh") for m in months("2023-04", 9)]))
    run_year(opened, "FY2024", now=NOW)
    run = run_of(opened, "FY2024")
    with Figures(opened) as figures:
        (whole,) = figures.values(["scope2-location"], run)
        by = {v.by["site"]: v for v in figures.values(["scope2-location"], run, "site")}
        (power,) = figures.values(["electricity"], run)
    (lack,) = whole.incomplete
    assert (lack.code, lack.rows) == ("missing-month", 3)
    assert lack.estimate_t == pytest.approx(float(by["plant"].value) / 9 * 3)
    assert "some" in lack.text
    assert lack.json["estimate_t"] == lack.estimate_t
    assert by["hq"].incomplete == ()
    assert power.incomplete[0].estimate_t is None  # kilowatt-hours are no tonnes


def test_charts_bridges_and_targets_mark_what_lacks_rows_and_nothing_else(
    workspace, filled, monkeypatch
):
    from abate.application.disclosure.report_model import report_model

    (workspace.root / "abate.toml").write_text(
        (workspace.root / "abate.toml").read_text()
        + '\n[[targets]]\nfigure = "scope1"\nkind = "absolute"\nyear = "FY2030"\nbase_year = "FY2024"\n'
        'reduction = 0.5\n[[targets]]\nfigure = "scope2-location"\nkind = "absolute"\nyear = "FY2030"\n'
        'base_year = "FY2024"\nreduction = 0.5\n'
    )
    opened = open_workspace(workspace.root)
    whole = run_year(opened, "FY2024", now=NOW)
    without(monkeypatch, {("stationary-fuel", "diesel")})
    broken = run_year(opened, "FY2024", now=NOW)
    specs = report_model(opened, "FY2024", NOW)["specs"]
    marks = {name: spec["title"].get("subtitle", "") for name, spec in specs.items()}
    assert "Scope 1 FY2024" in marks["years"]
    assert "Scope 2" not in marks["years"]
    assert "FY2024" in marks["target-0"]
    assert marks["target-1"] == ""
    with Figures(opened) as figures:
        sides = [run_of(opened, "", r.run_id) for r in (whole, broken)]
        for name in ("scope1", "scope2-location"):
            told = bridge_runs(opened, figures, name, *sides)
            assert bool(told.notes) == (name == "scope1")
            assert told.json["incomplete"]["before"] == []
            assert bool(told.json["incomplete"]["after"]) == (name == "scope1")
    progress, _ = target_progress(opened)
    assert [bool(progress_json(opened, p)["incomplete"]) for p in progress] == [True, False]


GERMAN = """
[organisation]
name = "Muster GmbH (synthetic)"
currency = "EUR"
lei = "529900T8BM49AURSDO55"
[fiscal_year]
start_month = 1
[[entities]]
id = "gmbh"
name = "Muster GmbH"
region = "DE"
[[sites]]
id = "werk"
name = "Werk"
entity = "gmbh"
region = "DE"
expects = ["electricity"]
[scope3]
[scope3.not_assessed]
"""


def test_a_german_firm_whose_gas_cannot_be_valued_files_and_signs_nothing_until_it_has(
    tmp_path, monkeypatch, capsys
):
    """From bills to template, filing and sign-off: two thirds of Scope 1 once went missing unseen."""
    from abate.faces.cli.main import _run

    reasons = "".join(f'{k} = "Noch nicht erhoben."\n' for k in range(1, 16))
    bills = {
        "strom.csv": "Standort;Monat;Verbrauch;Einheit\n"
        + "".join(f"werk;{m};1.234,5;kWh\n" for m in months("2024-01", 12)),
        "erdgas.csv": "Standort;Monat;Brennstoff;Menge;Einheit\n"
        + "".join(f"werk;{m};Erdgas;290,0;m3\n" for m in months("2024-01", 12)),
        "diesel.csv": "Standort;Monat;Brennstoff;Menge;Einheit\n"
        + "".join(f"werk;{m};Diesel;84,2;Liter\n" for m in months("2024-01", 12)),
    }
    workspace = create_workspace(tmp_path / "w", GERMAN + reasons)
    for name, text in bills.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        kind = "electricity" if name == "strom.csv" else "stationary-fuel"
        add_file(workspace, path, now=NOW, template=kind)

    def command(*words):
        monkeypatch.setattr("sys.argv", ["abate"])
        try:
            with pytest.raises(SystemExit) as ended:
                _run([*words, "-w", str(workspace.root)])
        except UsageError as error:
            return 2, str(error)
        told = capsys.readouterr()
        return ended.value.code, " ".join((told.out + told.err).split())

    run_year(workspace, "FY2024", now=NOW)
    code, told = command("show", "-y", "FY2024")
    assert "* scope1 FY2024 is incomplete: 12 rows without a factor" in told
    code, told = command("check")
    assert "unit-mismatch" in told
    points = {d.name: d for d in vsme_datapoints(workspace, "FY2024")}
    for name in (
        "GrossScope1GreenhouseGasEmissions",
        "TotalGrossLocationBasedScope1AndScope2GHGEmissions",
    ):
        assert points[name].value is None
        assert "12 rows without a factor" in points[name].why
    assert points["GrossLocationBasedScope2GreenhouseGasEmissions"].value is not None
    code, told = command("filing", "-y", "FY2024", "-o", str(tmp_path / "filing"))
    assert (code, "[not-whole]" in told) == (2, True)
    assert not (tmp_path / "filing").exists()
    code, told = command("sign", "prepared", "-y", "FY2024", "--by", "Ada")
    assert code in (0, None)
    for step in ("reviewed", "approved", "locked"):
        code, told = command("sign", step, "-y", "FY2024", "--by", "Bo")
        assert code == 2
    assert "[not-whole]" in command("sign", "reviewed", "-y", "FY2024", "--by", "Bo")[1]
    part = value_of(workspace, "scope1")

    code, told = command(
        "factors", "add", "fuel-property", "natural-gas", "36.0", "MJ_net/m3",
        "--region", "DE", "--source", "Abrechnung des Versorgers 2024",
    )  # fmt: skip
    assert code in (0, None)
    run_year(workspace, "FY2024", now=NOW)
    assert value_of(workspace, "scope1") > 3 * part
    assert "incomplete" not in command("show", "scope1", "-y", "FY2024")[1]
    points = {d.name: d for d in vsme_datapoints(workspace, "FY2024")}
    assert points["GrossScope1GreenhouseGasEmissions"].value == pytest.approx(
        value_of(workspace, "scope1")
    )
    assert {f.element.figure for f in filing_facts(workspace, "FY2024")} >= {"scope1", "gross"}
    sign(workspace, "FY2024", "prepared", "Ada", now=NOW)
    sign(workspace, "FY2024", "reviewed", "Bo", now=NOW)


def value_of(workspace, name):
    with Figures(workspace) as figures:
        return float(figures.values([name], run_of(workspace, "FY2024"))[0].value)
