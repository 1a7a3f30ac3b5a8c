"""Tariffs, bills, dispatch and sizes by every face: the same figures, and errors that say where."""

import json
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import abate
from abate.application.energy.dispatches import (
    DispatchSpec,
    dispatch_site,
    energy_config,
    site_case,
)
from abate.application.opening import open_workspace
from abate.application.plans import plan_of
from abate.energy.facts.calendars import Calendar
from abate.faces.cli.main import app
from abate.faces.server import create_app
from abate.kernel.errors import AbateError
from recipes import TARIFF, prepare
from serving import session


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planning")
    prepare(folder)
    workspace = abate.open(folder / "w")
    (read,) = [i for i in workspace.imports() if i.template == "lots-read"]
    workspace.undo(read.import_id, reason="these tests bring their own lots")
    return folder


def told(*words):
    """What a command prints as JSON."""
    made = CliRunner().invoke(app, [str(w) for w in words])
    assert made.exit_code in (0, 1), made.output
    return json.loads(made.stdout)


def done(client: TestClient, job):
    """The result of a job once it is done."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = client.get(f"/api/v1/jobs/{job['id']}").json()
        if found["state"] in ("done", "failed"):
            assert found["state"] == "done", found
            return found["result"]
        time.sleep(0.1)
    raise TimeoutError


def test_a_bill_is_the_same_from_four_faces(filled):
    root = filled / "w"
    by_command = told("tariff", "bill", "flat", "--meter", "M-1", "-w", root, "--json")
    by_python = abate.open(root).tariff_bill("flat", "M-1").json
    with session(create_app(root, token="t"), "t") as client:
        by_rest = client.post("/api/v1/tariffs/flat/bill", json={"meters": ["M-1"]}).json()
        page = client.post("/tariffs/flat/bill", data={"meter": "M-1"}).text
    assert by_command["total"] == by_python["total"] == by_rest["total"] > 0
    assert by_rest["lines"] == by_command["lines"]
    assert f"{by_rest['total']:,.2f}" in page
    assert by_rest["incomplete"] == []


def test_a_dispatch_is_the_same_from_four_faces_and_kept_as_a_plan(filled):
    root = filled / "w"
    words = ("--from", "2023-02-01", "--span", "3d")
    by_command = told("dispatch", "hq", *words, "-w", root, "--json")
    by_python = abate.open(root).dispatch("hq", first="2023-02-01", span="3d").json
    asked = {"site": "hq", "first": "2023-02-01", "span": "3d", "post": "kept"}
    with session(create_app(root, token="t"), "t") as client:
        by_rest = done(client, client.post("/api/v1/dispatches", json=asked).json())
        jobs = client.get("/dispatch").text
    assert by_command["after"] == by_python["after"] == by_rest["after"]
    assert by_rest["saving"] == pytest.approx(
        by_rest["before"] - by_rest["after"] - by_rest["wear"]
    )
    assert by_rest["saving"] > 0
    assert "/jobs/" in jobs
    plan = plan_of(open_workspace(root), "kept")
    assert plan.domain == "dispatch"
    assert plan.cost == pytest.approx(-by_rest["saving"])
    kilograms = by_rest["carbon_kg_without"] - by_rest["carbon_kg"]
    scope2 = [
        line.co2e_mg * (1 if line.side == "baseline" else -1)
        for line in plan.lines
        if line.scope == "2" and line.view == "location"
    ]
    assert sum(scope2) / 1e6 == pytest.approx(kilograms, rel=1e-6)


WORKS = """currency = "EUR"
source = "A bill"
[[energy]]
line = "Working price"
per_kwh = 0.2
[[fixed]]
line = "Basic charge"
per_month = 12.5
"""


@pytest.mark.parametrize(
    ("lines", "amounts"),
    [
        (("Working price 1,080 kWh", "216.00", "Basic charge", "12.50"), (216.0, 12.5)),
        (("Working price 1.080 kWh", "216,00", "Basic charge", "12,50"), (216.0, 12.5)),
        (
            ("Working price 1 080 kWh x 0.21", "1,226.80", "Basic charges and fees", "9.00"),
            (1226.8, None),
        ),
    ],
)
def test_a_bill_that_came_in_as_a_pdf_is_compared_line_by_line(filled, tmp_path, lines, amounts):
    import typst

    work, price, basic, fee = lines
    page = f"""#set text(size: 11pt)
Billing period: 2023-05-01 to 2023-05-31

#table(columns: (1fr, auto), [{work}], [{price}], [{basic}], [{fee}], [Total due], [999.99])
"""
    (tmp_path / "bill.typ").write_text(page)
    typst.compile(str(tmp_path / "bill.typ"), output=str(tmp_path / "bill.pdf"))
    (tmp_path / "works.toml").write_text(WORKS)
    told = abate.open(filled / "w").tariff_bill(
        str(tmp_path / "works.toml"), "M-1", received=tmp_path / "bill.pdf"
    )
    by = {c.line: c for c in told.compared if c.month == "2023-05"}
    assert by["Working price"].received == pytest.approx(amounts[0])
    assert by["Working price"].quantity_received == 1080
    assert by["Working price"].computed == pytest.approx(0.2 * by["Working price"].quantity)
    assert by["Basic charge"].received == amounts[1]


def test_lines_of_other_things_are_no_charges(filled, tmp_path):
    import typst

    page = """Billing period: 2023-05-01 to 2023-05-31

Working price factor 0.95

Working price 2023 in comparison: 27,340 kWh

Working price 13%

Working price 1,080 kWh 216.00
"""
    (tmp_path / "bill.typ").write_text(page)
    typst.compile(str(tmp_path / "bill.typ"), output=str(tmp_path / "bill.pdf"))
    (tmp_path / "works.toml").write_text(WORKS)
    opened = abate.open(filled / "w")
    given = {"received": tmp_path / "bill.pdf"}
    told = opened.tariff_bill(str(tmp_path / "works.toml"), "M-1", **given)
    (line,) = [c for c in told.compared if c.line == "Working price"]
    assert (line.received, line.quantity_received) == (216.0, 1080)
    (tmp_path / "bill.typ").write_text(page + "\nWorking price 5 kWh 1.00\n")
    typst.compile(str(tmp_path / "bill.typ"), output=str(tmp_path / "bill.pdf"))
    with pytest.raises(AbateError) as error:
        opened.tariff_bill(str(tmp_path / "works.toml"), "M-1", **given)
    assert error.value.code == "bad-bill-lines"


def test_prices_that_begin_with_the_plan_leave_the_days_before_out(filled, tmp_path):
    start = np.datetime64("2023-02-18T00", "s") + np.arange(12 * 24) * np.timedelta64(3600, "s")
    rows = "".join(f"{at}Z,{0.1 + 0.01 * (k % 24)}\n" for k, at in enumerate(start))
    (tmp_path / "prices.csv").write_text("time,price\n" + rows)
    (tmp_path / "hourly.toml").write_text(
        'currency = "EUR"\nsource = "A file"\n[[energy]]\nline = "energy"\nhourly = "prices.csv"\n'
    )
    made = dispatch_site(
        open_workspace(filled / "w"),
        DispatchSpec("hq", "2023-02-20", "3d", tariff=str(tmp_path / "hourly.toml")),
    )
    assert made.earlier == 0.0
    assert made.saving > 0


def test_what_is_not_known_is_no_saving_that_came(filled, tmp_path):
    """Half of the readings: told as missing, and no share of the saving."""
    opened = abate.open(filled / "w")
    start = np.datetime64("2023-02-01T00", "s") + np.arange(36) * np.timedelta64(3600, "s")
    rows = "".join(f"{at},50\n" for at in start)
    (tmp_path / "half.csv").write_text("time,kwh\n" + rows)
    opened.load(tmp_path / "half.csv", meter="half", site="hq", kind="", zone="UTC")
    told = opened.settle("kept", "half")
    assert told.missing_steps == 36
    assert told.json["cost"]["kept_share"] is None
    assert told.json["incomplete"] == [{"code": "steps-missing", "rows": 36}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Billing period: 2023-05-01 to 2023-06-30\n\nWorking price 5 kWh 1.00", "not one month"),
        ("Working price 5 kWh 1.00", "which days"),
        ("Billing period: 2023-05-01 to 2023-05-31\n\nSomething else 1.00", "none of the lines"),
    ],
)
def test_a_pdf_that_leaves_a_choice_is_refused(filled, tmp_path, text, said):
    import typst

    (tmp_path / "bill.typ").write_text(text)
    typst.compile(str(tmp_path / "bill.typ"), output=str(tmp_path / "bill.pdf"))
    (tmp_path / "works.toml").write_text(WORKS)
    with pytest.raises(AbateError) as error:
        abate.open(filled / "w").tariff_bill(
            str(tmp_path / "works.toml"), "M-1", received=tmp_path / "bill.pdf"
        )
    assert error.value.code == "bad-bill-lines"
    assert said in error.value.message


POWER = """currency = "EUR"
source = "A bill"
[[energy]]
line = "energy"
per_kwh = 0.2
[[demand]]
line = "power"
per_kw = 15.0
"""


def test_power_that_the_month_has_reached_before_the_plan_is_charged_once(filled, tmp_path):
    """What a plan of some days saves is what the bill of the whole month says."""
    (tmp_path / "power.toml").write_text(POWER)
    opened, tariff = open_workspace(filled / "w"), str(tmp_path / "power.toml")
    whole = dispatch_site(opened, DispatchSpec("hq", "2023-02-01", "28d", tariff=tariff))
    days = dispatch_site(opened, DispatchSpec("hq", "2023-02-20", "5d", tariff=tariff))
    reached = whole.idle.import_kw[: 19 * 24].max()
    assert days.idle.import_kw.max() <= reached + 1
    peaks = [b.of_year(2023) for b in (days.before, days.after)]
    power = [sum(x.amount for x in b.lines if x.line == "power") for b in peaks]
    assert power[1] >= 15.0 * reached - 1e-6
    assert days.saving == pytest.approx(days.before.total - days.after.total - days.wear)
    assert days.saving <= 15.0 * max(0.0, days.idle.import_kw.max() - reached) + 1e-6
    first = dispatch_site(opened, DispatchSpec("hq", "2023-02-01", "5d", tariff=tariff))
    assert first.earlier == 0.0
    assert first.saving > 50.0  # nothing was reached yet: shaving pays
    spent = 0.2 * days.idle.import_kw.sum()
    assert days.json["before"] == pytest.approx(spent, abs=15.0)


def test_a_kept_dispatch_is_settled_by_the_meters_from_four_faces(filled):
    root = filled / "w"
    by_command = told("settle", "kept", "--meter", "grid", "-w", root, "--json")
    by_python = abate.open(root).settle("kept", "grid")
    with session(create_app(root, token="t"), "t") as client:
        by_rest = client.get("/api/v1/plans/kept/settlement", params={"meter": "grid"}).json()
        page = client.get("/plans/kept/settlement").text
        gone = client.get("/plans/none/settlement")
    assert by_command == by_python.json == by_rest
    assert "kept" in page
    assert gone.status_code == 404
    cost = by_python.cost  # nobody ran the battery: the bill is that without a plan
    assert cost.came == pytest.approx(cost.without)
    assert cost.kept_share == pytest.approx(0)
    assert by_python.kwh.without == pytest.approx(by_python.kwh.came)
    for view in ("location", "market"):
        assert by_python.kg[view].came == pytest.approx(by_python.kg[view].without)
    for name, code in (("none", "no-plan"), ("sizes", "no-plan")):
        with pytest.raises(AbateError) as error:
            abate.open(root).settle(name)
        assert error.value.code == code


def test_sizes_are_the_same_from_three_faces(filled):
    root = filled / "w"
    by_command = told("size", "hq", "--from", "2023-01-10", "--span", "1m", "-w", root, "--json")
    by_python = abate.open(root).size("hq", first="2023-01-10", span="1m").json
    asked = {"site": "hq", "first": "2023-01-10", "span": "1m"}
    with session(create_app(root, token="t"), "t") as client:
        by_rest = done(client, client.post("/api/v1/sizings", json=asked).json())
    assert by_command["npv"] == pytest.approx(by_python["npv"]) == pytest.approx(by_rest["npv"])
    assert by_command["built"][0]["kwh"] <= 100 + 1e-6


def test_a_plan_with_forecasts_is_billed_with_what_came(filled):
    made = dispatch_site(
        open_workspace(filled / "w"), DispatchSpec("hq", first="2023-02-20", span="3d", ahead_h=24)
    )
    assert made.rolled is not None
    assert made.rolled.regret >= -1e-6
    assert made.foreseen.by == "models"
    assert made.json["inside_80"] == pytest.approx(0.8, abs=0.25)
    assert made.made.way == "rolled"
    used = made.made.import_kw.sum() + made.made.discharge_kw.sum()
    assert used == pytest.approx(made.grid.load_kw.sum() + made.made.charge_kw.sum())


def test_what_is_foreseen_stands_on_the_past_alone_and_more_careful_plans_see_more_load(filled):
    opened = open_workspace(filled / "w")

    def foreseen(quantile=0.5, span="3d"):
        spec = DispatchSpec("hq", "2023-02-20", span, ahead_h=24, quantile=quantile)
        return dispatch_site(opened, spec).foreseen.outlooks

    plain, careful, longer = foreseen(), foreseen(0.9), foreseen(span="5d")
    assert (careful.load_kw >= plain.load_kw - 1e-9).mean() > 0.95
    np.testing.assert_allclose(longer.load_kw[: len(plain.load_kw)], plain.load_kw)
    with pytest.raises(AbateError) as told:
        DispatchSpec("hq", quantile=1.0)
    assert told.value.code == "bad-number"


def test_a_stretch_beyond_two_months_or_without_a_fortnight_before_it_is_foreseen_by_means(filled):
    opened = open_workspace(filled / "w")
    spec = DispatchSpec("hq", first="2023-01-10", span="2d", ahead_h=24)
    assert dispatch_site(opened, spec).json["foreseen_by"] == "means of past weeks"


def test_a_tariff_is_kept_and_found_by_its_name(filled, tmp_path):
    workspace = abate.create(tmp_path / "w", "Mine")
    (tmp_path / "mine.toml").write_text(TARIFF)
    assert workspace.add_tariff(tmp_path / "mine.toml") == "mine"
    assert [t.id for t in workspace.tariffs() if t.own] == ["mine"]
    assert workspace.tariff("mine").tariff.title == "Mine"
    (tmp_path / "mine.toml").write_text("currency = 5")
    with pytest.raises(AbateError):
        workspace.add_tariff(tmp_path / "mine.toml")
    assert workspace.tariff("mine").tariff.title == "Mine", "what was there stays"


def test_prices_by_the_hour_are_kept_beside_their_tariff(tmp_path):
    workspace = abate.create(tmp_path / "w", "Mine")
    (tmp_path / "p.csv").write_text("time,EUR/MWh\n2024-01-01T00:00Z,50\n2024-01-01T01:00Z,-10\n")
    (tmp_path / "hourly.toml").write_text('currency = "EUR"\n[[energy]]\nline = "e"\nhourly = "p.csv"\nunit = "MWh"\nper_kwh = 0.01\n')  # fmt: skip
    workspace.add_tariff(tmp_path / "hourly.toml")
    (tmp_path / "p.csv").unlink()
    shown = workspace.tariff("hourly", year=2024)
    assert [h["value"] for h in shown.hours] == [0.06, 0.0]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("dispatch", "plant", "-w", "{w}"), "no-meter"),
        (("dispatch", "hq", "--span", "soon", "-w", "{w}"), "bad-span"),
        (("dispatch", "hq", "--from", "2031-01-01", "-w", "{w}"), "no-readings-then"),
        (("dispatch", "hq", "--tariff", "none", "-w", "{w}"), "no-tariff"),
        (("dispatch", "hq", "--objective", "joy", "-w", "{w}"), "bad-objective"),
        (("size", "plant", "-w", "{w}"), "nothing-to-size"),
        (("tariff", "show", "none", "-w", "{w}"), "no-tariff"),
        (("tariff", "show", "flat", "--year", "9", "-w", "{w}"), "bad-year"),
        (("tariff", "bill", "flat", "-w", "{w}"), "what-to-read"),
        (("tariff", "bill", "flat", "--meter", "M-1", "--year", "2001", "-w", "{w}"), "no-readings-then"),
        (("tariff", "add", "{w}/abate.toml", "-w", "{w}"), "bad-tariff"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_code(filled, words, code):
    given = [w.format(w=filled / "w") for w in words]
    with pytest.raises(AbateError) as error:
        app(given, standalone_mode=False)
    assert error.value.code == code
    assert error.value.hint


def test_no_file_is_a_tariff_over_the_network(filled):
    with session(create_app(filled / "w", token="t"), "t") as client:
        for name in ("..%2Fabate.toml", "abate.toml", "x%2Fy"):
            assert client.get(f"/api/v1/tariffs/{name}").status_code in (400, 404, 422)
            assert client.get(f"/tariffs/{name}").status_code in (400, 404, 422)
        asked = {"site": "hq", "tariff": "/etc/passwd"}
        assert client.post("/api/v1/dispatches", json=asked).status_code in (400, 422)


def test_a_gap_in_the_readings_is_told_and_not_filled(filled, tmp_path):
    lines = [f"2023-02-{d:02d}T{h:02d}:00,{5 if (d, h) != (2, 7) else ''}" for d in (1, 2) for h in range(24)]  # fmt: skip
    (tmp_path / "load.csv").write_text("time,kwh\n" + "\n".join(lines) + "\n")
    words = ("tariff", "bill", "flat", tmp_path / "load.csv", "-w", filled / "w", "--json")
    bill = told(*words)
    assert bill["incomplete"] == [{"code": "bill-incomplete", "month": "2023-02", "steps": 1}]
    assert sum(x["quantity"] for x in bill["lines"] if x["line"] == "energy") == 47 * 5


def test_contracts_are_worth_the_same_from_four_faces(filled):
    root, files = filled / "w", filled / "files"
    words = (files / "wind.toml", files / "flat.toml", "--market", files / "market.csv")
    by_command = told("contract", *words, "--paths", "300", "--json")
    by_python = abate.open(root).contracts(*words[:2], market=words[3], n=300).json
    with session(create_app(root, token="t"), "t") as client:
        handed = {}
        for path in (files / "wind.toml", files / "flat.toml", files / "market.csv"):
            about = {"name": path.name, "purpose": "input"}
            made = client.post("/api/v1/uploads", params=about, content=path.read_bytes())
            assert made.status_code == 201, made.text
            handed[path.stem] = made.json()["id"]
        asked = {"contracts": [handed["wind"], handed["flat"]], "market": handed["market"], "paths": 300}  # fmt: skip
        by_rest = client.post("/api/v1/contracts", json=asked).json()
        form = {"market": handed["market"], "first": handed["wind"], "second": handed["flat"]}
        page = client.post("/contracts", data=form).text
    assert by_command == by_python
    same = [{k: v for k, v in c.items() if k != "id"} for c in by_rest["contracts"]]
    assert same == [{k: v for k, v in c.items() if k != "id"} for c in by_command["contracts"]]
    assert "wind" in page
    assert "flat" in page


def test_a_contract_lowers_the_market_view_and_not_the_location(filled):
    files = filled / "files"
    made = abate.open(filled / "w").contracts(
        files / "wind.toml", market=files / "market.csv", n=50, site="hq"
    )
    (tonnes,) = made.tonnes
    (value,) = made.values
    assert tonnes.location > 0
    left = max(1 - value.clean_share_year, 0)
    assert tonnes.market_with == pytest.approx(tonnes.market_without * left, rel=1e-6)


HOURS = [f"2023-03-0{1 + k // 24}T{k % 24:02d}:00" for k in range(72)]


@pytest.mark.parametrize(
    ("head", "row", "wanted"),
    [
        ("time,electricity kWh,temperature C", "10,7", 720),
        ("time,electricity (kWh),gas (m3)", "10,2", 720),
        ("time,import kWh,export kWh", "10,4", 720),
        ("time,electricity kWh,pv generation kWh", "10,4", 720),
        ("time,hall kWh,office kWh", "10,4", "which-series"),
        ("time,temperature C", "7", "nothing-taken"),
    ],
)
def test_only_what_the_connection_took_is_billed(filled, tmp_path, head, row, wanted):
    body = "\n".join(f"{t},{row}" for t in HOURS)
    (tmp_path / "f.csv").write_text(f"{head}\n{body}\n")
    words = ["tariff", "bill", "flat", tmp_path / "f.csv", "-w", filled / "w", "--json"]
    if isinstance(wanted, str):
        with pytest.raises(AbateError) as error:
            app([str(w) for w in words], standalone_mode=False)
        assert error.value.code in (wanted, "which-series", "no-series", "nothing-taken")
        return
    bill = told(*words)
    assert sum(x["quantity"] for x in bill["lines"] if x["line"] == "energy") == wanted
    both = "temperature" not in head and "gas" not in head
    left = any(f["code"] == "series-left-out" for f in bill["findings"])
    assert left or both


def test_series_are_named_where_a_file_has_several(filled, tmp_path):
    body = "\n".join(f"{t},10,4" for t in HOURS)
    (tmp_path / "f.csv").write_text(f"time,hall kWh,office kWh\n{body}\n")
    words = ("tariff", "bill", "flat", tmp_path / "f.csv", "-w", filled / "w", "--json")
    with pytest.raises(AbateError) as error:
        app([str(w) for w in words], standalone_mode=False)
    names = re.findall(r"energy: (.*)\.$", error.value.message)[0]
    bill = told(*words, "--series", names.replace(", ", ","))
    assert sum(x["quantity"] for x in bill["lines"] if x["line"] == "energy") == 14 * 72


def test_two_tariffs_with_tables_of_one_name_keep_their_own(tmp_path):
    workspace = abate.create(tmp_path / "w", "Mine")
    for name, price in (("a", 1), ("b", 9)):
        here = tmp_path / name
        here.mkdir()
        (here / "prices.csv").write_text(f"time,EUR\n2024-01-01T00:00Z,{price}\n2024-01-01T01:00Z,{price}\n")  # fmt: skip
        (here / f"{name}.toml").write_text('currency = "EUR"\n[[energy]]\nline = "e"\nhourly = "prices.csv"\n')  # fmt: skip
        workspace.add_tariff(here / f"{name}.toml")
    assert [workspace.tariff(n, year=2024).hours[0]["value"] for n in ("a", "b")] == [1.0, 9.0]
    (tmp_path / "w" / "tariffs" / "broken.toml").write_text("currency = 5")
    listed = {t.id: t.fault for t in workspace.tariffs()}
    assert listed["broken"]
    assert not listed["a"]


def test_energy_toml_sees_a_tariff_that_was_kept(tmp_path):
    workspace = abate.create(tmp_path / "w", "Mine")
    (tmp_path / "mine.toml").write_text(TARIFF)
    workspace.add_tariff(tmp_path / "mine.toml")
    folder = tmp_path / "w" / "energy"
    folder.mkdir()
    (folder / "energy.toml").write_text('tariff = "mine"\n')
    config = energy_config(open_workspace(tmp_path / "w"))
    assert config.tariff is not None
    assert config.tariff.title == "Mine"


def test_a_tariff_with_a_table_is_handed_in_over_rest(filled):
    with session(create_app(filled / "w", token="t"), "t") as client:
        handed = {}
        files = {"hourly.toml": 'currency = "EUR"\n[[energy]]\nline = "e"\nhourly = "p.csv"\n', "p.csv": "time,EUR\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,3\n"}  # fmt: skip
        for name, text in files.items():
            about = {"name": name, "purpose": "input"}
            made = client.post("/api/v1/uploads", params=about, content=text.encode())
            handed[name] = made.json()["id"]
        asked = {"upload": handed["hourly.toml"], "tables": [handed["p.csv"]]}
        kept = client.post("/api/v1/tariffs", json=asked)
        assert kept.status_code == 201, kept.text
        shown = client.get("/api/v1/tariffs/hourly").json()
    assert [h["value"] for h in shown["hours"]] == [1.0, 3.0]


def test_a_tariff_of_another_zone_moves_no_load(filled):
    """The ledger's clock is that of energy.toml; a tariff only says when prices hold."""
    workspace = open_workspace(filled / "w")
    config = replace(energy_config(workspace), calendar=Calendar(zone="Asia/Shanghai"))
    spec = DispatchSpec("hq", first="2023-02-01T00:00+00:00", span="24h")
    one = site_case(workspace, spec, config)
    other = replace(config.connection("hq").tariff, calendar=Calendar(zone="Europe/Berlin"))
    moved = replace(config, connections={}, tariff=other)
    two = site_case(workspace, spec, moved)
    assert (one.clock.start == two.clock.start).all()
    assert one.load_kw == pytest.approx(two.load_kw)


def test_carbon_by_the_hour_ends_where_its_file_does(filled, tmp_path):
    workspace = open_workspace(filled / "w")
    (tmp_path / "c.csv").write_text("time,carbon\n" + "".join(f"2023-02-01T{h:02d}:00,{0.1 * h:.1f}\n" for h in range(24)))  # fmt: skip
    config = energy_config(workspace)
    connection = replace(config.connection("hq"), carbon=tmp_path / "c.csv")
    config = replace(config, connections={"hq": connection})
    made = dispatch_site(
        workspace, DispatchSpec("hq", first="2023-02-01", span="24h"), config=config
    )
    assert made.grid.carbon_kg_per_kwh == pytest.approx(0.1 * np.arange(24))
    with pytest.raises(AbateError) as error:
        dispatch_site(workspace, DispatchSpec("hq", first="2023-02-01", span="2d"), config=config)
    assert error.value.code == "dispatch-gap"


def test_certificates_show_what_a_run_matched_on_every_face(filled):
    root = filled / "w"
    (by_command,) = told("certificates", "-w", root, "--json")
    (by_python,) = abate.open(root).certificates()
    with session(create_app(root, token="t"), "t") as client:
        (by_rest,) = client.get("/api/v1/certificates").json()
        assert client.get("/api/v1/certificates?year=FY1999").json() == []
        page = client.get("/certificates").text
    assert by_command["instrument"] == by_rest["instrument"] == by_python["instrument"] == "G1"
    assert by_rest["amount_kwh"] == 500
    assert by_rest["matched_kwh"] == by_command["matched_kwh"]
    assert by_rest["matched_kwh"] + by_rest["left_kwh"] == 500
    assert by_rest["matched_kwh"] > 0
    assert "G1" in page


def test_hours_are_matched_the_same_from_four_faces(filled):
    root, lots = filled / "w", filled / "files" / "lots.csv"
    by_command = told("match", "-y", "FY2023", "--lots", lots, "-w", root, "--json")
    by_python = abate.open(root).matching("FY2023", lots=[lots]).json
    with session(create_app(root, token="t"), "t") as client:
        about = {"name": "lots.csv", "purpose": "input"}
        upload = client.post("/api/v1/uploads", params=about, content=lots.read_bytes()).json()[
            "id"
        ]
        asked = {"year": "FY2023", "lots": [upload]}
        by_rest = done(client, client.post("/api/v1/matchings", json=asked).json())
        page = client.post("/matching", data={"year": "FY2023", "lots": upload}).text
    assert by_command == by_python
    assert by_rest["matched_kwh"] == by_command["matched_kwh"] == 50 * 24 * 20
    assert by_rest["matched_share"] <= by_rest["volumetric_share"]
    assert {x["of"] for x in by_rest["incomplete"]} == {"hq", "roof"}, (
        "75 days of a year have readings"
    )
    assert "/jobs/" in page or "FY2023" in page


def test_lots_go_where_they_may_and_a_year_by_the_month_matches_no_less(filled, tmp_path):
    workspace = abate.open(filled / "w")
    rows = [f"far,2023-01-0{d}T{h:02d}:00,900,DE" for d in (1, 2) for h in range(24)]
    (tmp_path / "far.csv").write_text("device,start,kwh,region\n" + "\n".join(rows) + "\n")
    assert workspace.matching("FY2023", lots=[tmp_path / "far.csv"]).json["matched_kwh"] == 0
    (tmp_path / "near.csv").write_text("device,start,kwh,region\n" + "\n".join(rows).replace("DE", "CN") + "\n")  # fmt: skip
    by_hour = workspace.matching("FY2023", lots=[tmp_path / "near.csv"])
    by_month = workspace.matching("FY2023", lots=[tmp_path / "near.csv"], basis="monthly")
    used = by_hour.matching.load_wh.sum(axis=0)
    assert by_hour.json["matched_kwh"] == pytest.approx(np.minimum(used[used > 0][:48], 900_000).sum() / 1000)  # fmt: skip
    assert by_month.json["matched_kwh"] > by_hour.json["matched_kwh"]
    assert by_month.charts == []
    assert {r["device"] for r in by_hour.rows} == {"far"}


@pytest.mark.parametrize("row", ["x,soon,5,CN", "x,2023-01-01T00:00,-5,CN", "x,2023-01-01T00:00,nan,CN", ",2023-01-01T00:00,5,CN"])  # fmt: skip
def test_a_wrong_lot_is_refused_with_its_row(filled, tmp_path, row):
    (tmp_path / "l.csv").write_text(f"device,start,kwh,region\ny,2023-01-01T00:00,5,CN\n{row}\n")
    with pytest.raises(AbateError) as error:
        abate.open(filled / "w").matching("FY2023", lots=[tmp_path / "l.csv"])
    assert error.value.code == "bad-lots"
    assert "row 3" in error.value.message


def test_the_grid_adds_its_clean_part_and_the_rest_has_emissions(filled, tmp_path):
    grid = ["time,clean_share,residual_kg_per_kwh"]
    start = np.datetime64("2022-04-01T00") + np.arange(8760)
    grid += [f"{at}:00Z,0.4,0.8" for at in start]
    (tmp_path / "g.csv").write_text("\n".join(grid) + "\n")
    made = abate.open(filled / "w").matching("FY2023", grid=tmp_path / "g.csv")
    assert made.with_grid_share == pytest.approx(0.4)
    assert made.residual_kg == pytest.approx(0.8 * made.json["used_kwh"])
    (tmp_path / "g.csv").write_text("\n".join(grid[:500]) + "\n")
    with pytest.raises(AbateError) as error:
        abate.open(filled / "w").matching("FY2023", grid=tmp_path / "g.csv")
    assert error.value.code == "bad-grid"
