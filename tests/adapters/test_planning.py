"""Tariffs, bills, dispatch and sizes by every face: the same figures, and errors that say where."""

import json
import time

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import abate
from abate.application.energy.dispatches import DispatchSpec, dispatch_site
from abate.application.opening import open_workspace
from abate.application.plans import plan_of
from abate.faces.cli.main import app
from abate.faces.server import create_app
from abate.kernel.errors import AbateError
from recipes import TARIFF, prepare
from serving import session


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planning")
    prepare(folder)
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
    assert made.made.way == "rolled"
    used = made.made.import_kw.sum() + made.made.discharge_kw.sum()
    assert used == pytest.approx(made.grid.load_kw.sum() + made.made.charge_kw.sum())


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
