"""Lots: nothing is made or lost, one watt-hour has one place, and runs see what sites claim."""

import contextlib
import csv
import itertools
import json
import shutil
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abate.adapters.store import lots as ledger
from abate.adapters.store.imports import live_imports
from abate.application.energy.lots import (
    add_lots,
    claim_year,
    deliver_lots,
    export_lots,
    issue_lots,
    lots,
    move_lots,
    store_lots,
)
from abate.application.energy.matchings import match_year
from abate.application.inventory.figures import Figures, run_of
from abate.application.inventory.imports import add_file, undo
from abate.application.inventory.runs import run_year
from abate.application.inventory.verification import verify_run
from abate.application.opening import open_workspace
from abate.energy.facts.lots import HELD, ISSUER
from abate.kernel.errors import AbateError, DataError, NotFoundError, UsageError
from support import NOW, electricity

JANUARY = [datetime(2024, 1, 1) + timedelta(hours=k) for k in range(31 * 24)]
METER = "timestamp,site,building,facility_kwh,it_kwh,water_m3\n"
"""Fiscal years begin in April."""
REFUSED = (DataError, UsageError, NotFoundError)


@pytest.fixture
def metered(workspace, tmp_path):
    """A month of 10 kWh an hour at headquarters, all of it bought."""
    path = tmp_path / "meter.csv"
    path.write_text(METER + "".join(f"{t},hq,hq-1,10,8,1\n" for t in JANUARY))
    add_file(workspace, path, now=NOW)
    bill = tmp_path / "bill.csv"
    bill.write_text(electricity([("hq", "2024-01", 7440, "kWh")]))
    add_file(workspace, bill, now=NOW)
    (workspace.root / "energy.toml").write_text('zone = "Asia/Shanghai"\n')
    return workspace


def table(path, rows, head="device,start,kwh,region,technology,issuer"):
    path.write_text("\n".join([head, *(",".join(map(str, r)) for r in rows)]) + "\n")
    return path


def mill(tmp_path, kwh=lambda t: 20.0 * (t.hour < 6), name="mill.csv", region="CN", hours=JANUARY):
    rows = [("mill", f"{t}+08:00", f"{kwh(t):.3f}", region, "wind", "Registry") for t in hours]
    return table(tmp_path / name, rows)


def refusal(act, *arguments, **named):
    with pytest.raises(AbateError) as told:
        act(*arguments, **named)
    assert told.value.hint
    return told.value.code


def balances(workspace):
    there = ledger.standing(workspace, "%")
    return {a: int(there.wh[there.account == a].sum()) for a in set(there.account.tolist())}


def tried(opened, folder, act, k, draw):
    """One of the acts, with amounts that are drawn."""
    if act == "add":
        hours = JANUARY[100 * k : 100 * (k + 1)]
        kwh = dict(zip(hours, draw.integers(0, 40, len(hours)).tolist(), strict=True))
        add_lots(opened, mill(folder, kwh.get, f"{k}.csv", hours=hours), now=NOW)
    elif act == "move":
        move_lots(opened, "ACME", kwh=float(draw.integers(1, 300)), now=NOW)
    elif act in ("claim", "month"):
        basis = "hourly" if act == "claim" else "monthly"
        claim_year(opened, "FY2024", basis=basis, now=NOW)
    elif act == "store":
        rows = [(t, 9, 5 * (n > 3)) for n, t in enumerate(JANUARY[20 * k : 20 * k + 20])]
        path = table(folder / "s.csv", rows, "time,charged_kwh,discharged_kwh")
        store_lots(opened, "cellar", path, region="CN", now=NOW)
    elif live := [r for r in live_imports(opened) if r.template.startswith("lots-")]:
        undo(opened, live[int(draw.integers(len(live)))].import_id, reason="tried", now=NOW)


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(["add", "move", "claim", "month", "store", "undo"]), max_size=7),
    st.integers(0, 99),
)
def test_whatever_is_done_no_watt_hour_is_made_or_lost(metered, tmp_path_factory, acts, seed):
    draw, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("acts")
    shutil.copytree(metered.root, folder / "w")
    opened = open_workspace(folder / "w")
    for k, act in enumerate(acts):
        with contextlib.suppress(*REFUSED):
            tried(opened, folder, act, k, draw)
        there = ledger.standing(opened, "%")
        assert int(there.wh.sum()) == 0  # double entry
        assert (there.wh[there.account != ISSUER] > 0).all()  # never overdrawn, by lot
    hourly, monthly = (match_year(opened, "FY2024", basis=b).json for b in ("hourly", "monthly"))
    assert hourly["matched_kwh"] <= hourly["used_kwh"]
    assert hourly["matched_share"] <= hourly["volumetric_share"] + 1e-12
    assert monthly["matched_share"] <= monthly["volumetric_share"] + 1e-12


def figures(workspace, matching=""):
    run = run_year(workspace, "FY2024", now=NOW, matching=matching)
    found = Figures(workspace)
    names = ["scope2-location", "scope2-market", "net", "clean-share"]
    values = found.values(names, run_of(workspace, "", run.run_id))
    return run, {v.figure: v.value for v in values}


def test_hourly_matching_counts_what_was_there_in_the_hour_and_monthly_what_was_there_in_the_month(
    metered, tmp_path
):
    add_lots(
        metered, mill(tmp_path), now=NOW
    )  # 120 kWh in six hours of each day, of which 60 match
    before, plain = figures(metered)
    told = claim_year(metered, "FY2024", now=NOW)
    assert told.wh == 31 * 6 * 10_000
    run, hourly = figures(metered, "hourly")
    assert hourly["clean-share"] == pytest.approx(60 / 240)
    assert float(hourly["scope2-market"]) == pytest.approx(0.75 * float(plain["scope2-market"]))
    assert hourly["scope2-location"] == plain["scope2-location"]
    assert verify_run(metered, run.run_id).holds
    more = claim_year(metered, "FY2024", basis="monthly", now=NOW)
    assert more.wh == told.wh  # the other half, in other hours of the month
    assert match_year(metered, "FY2024").json["matched_kwh"] == told.wh / 1000
    both = match_year(metered, "FY2024", basis="monthly").json
    assert both["matched_kwh"] == both["claimed_kwh"] == 2 * told.wh / 1000
    assert figures(metered, "hourly")[1] == hourly
    monthly = figures(metered)[1]
    assert monthly["clean-share"] == pytest.approx(120 / 240)
    assert claim_year(metered, "FY2024", basis="monthly", now=NOW).import_id == ""
    assert before.run_id != run.run_id
    assert (
        run_of(metered, "FY2024").matching == "monthly"
    )  # one that tries another rule is beside it


def test_a_certificate_without_hours_is_left_out_of_hourly_matching_and_said(metered, tmp_path):
    head = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for\n"
    path = tmp_path / "certificates.csv"
    path.write_text(head + "G1,certificate,wind,CN,,2023-04-01,2024-03-31,500,kWh,FY2024\n")
    add_file(metered, path, now=NOW)
    _, monthly = figures(metered)
    run, hourly = figures(metered, "hourly")
    assert monthly["clean-share"] == pytest.approx(500 / 7440)
    assert hourly["clean-share"] == 0
    assert [f.message for f in run.findings if f.code == "hours-unknown"] == [
        "'G1' does not say in which hours."
    ]


def test_what_a_roof_gives_behind_the_meter_is_matched_and_covers_nothing_bought(metered, tmp_path):
    (metered.root / "energy.toml").write_text(
        'zone = "Asia/Shanghai"\n[[plants]]\nid = "roof"\nsource = "sun"\nsite = "hq"\ncapacity_kw = 9\n'
        'latitude_deg = 30\nlongitude_deg = 120\npower = "roof.csv"\nweather = "roof.csv"\n'
    )
    rows = [(t, 3 * (9 <= t.hour < 15)) for t in JANUARY]
    table(metered.root / "roof.csv", rows, "time,kwh")
    made = issue_lots(metered, "FY2024", now=NOW)
    assert made.wh == 31 * 6 * 3000
    assert issue_lots(metered, "FY2024", now=NOW).import_id == ""
    _, before = figures(metered)
    assert claim_year(metered, "FY2024", now=NOW).wh == made.wh
    assert match_year(metered, "FY2024").json["matched_kwh"] == made.wh / 1000
    assert figures(metered)[1] == before
    assert refusal(undo, metered, made.import_id, reason="x", now=NOW) == "lots-used"


def test_records_written_for_a_registry_are_read_again_as_they_were(metered, tmp_path):
    add_lots(metered, mill(tmp_path, lambda t: 1.5 + t.hour), now=NOW)
    move_lots(metered, "ACME", kwh=12.5, now=NOW)
    held = ledger.standing(metered, HELD)
    for kind in ("csv", "json"):
        path = tmp_path / f"out.{kind}"
        assert export_lots(metered, path) == len(JANUARY) + 1
        told = (
            list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
            if kind == "csv"
            else json.loads(path.read_text())["granular_certificate_bundles"]
        )
        numbers = sorted(
            (int(r["certificate_bundle_id_range_start"]), int(r["certificate_bundle_id_range_end"]))
            for r in told
        )
        assert numbers[0][0] == 0
        assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(numbers))
        fresh = tmp_path / kind
        shutil.copytree(metered.root, fresh)
        other = open_workspace(fresh)
        for row in [r for r in live_imports(other) if r.template.startswith("lots-")][::-1]:
            undo(other, row.import_id, reason="empty", now=NOW)
        add_lots(other, path, now=NOW)
        again = ledger.standing(other, HELD)
        assert int(again.wh.sum()) == int(held.wh.sum()) + 12_500  # those of ACME are open, too
        assert set(again.start.tolist()) >= set(held.start.tolist())
        (device,) = lots(other)
        assert (device.technology, device.region, device.issuer) == ("wind", "CN", "Registry")


GEC = """绿证编号,项目名称,能源类型,生产年月,核发数量,投产日期
GEC2024-0001,某风电场,风电,2024年1月,3,2020-05-01
GEC2024-0004,某风电场,风电,202402,1,2020-05-01
"""


def test_green_certificates_are_a_megawatt_hour_each_of_their_month(metered, tmp_path):
    path = tmp_path / "绿证.csv"
    path.write_text(GEC, encoding="utf-8")
    assert add_lots(metered, path, now=NOW).wh == 4_000_000
    (device,) = lots(metered)
    assert (device.technology, device.region, device.commissioned) == ("wind", "CN", "2020-05-01")
    assert match_year(metered, "FY2024").json["matched_kwh"] == 0  # no hour of theirs is known
    told = claim_year(metered, "FY2024", basis="monthly", now=NOW)
    assert told.wh == 3_000_000
    assert figures(metered)[1]["clean-share"] == pytest.approx(3000 / 7440)
    again = tmp_path / "again.csv"
    again.write_text(GEC.replace("某风电场", "某风电场 "), encoding="utf-8")
    assert refusal(add_lots, metered, again, now=NOW) == "used-twice"
    assert refusal(add_lots, metered, path, now=NOW) == "already-loaded"


SIGNED = """currency = "CNY"
capacity_kw = 100
price_per_mwh = 300
years = 1
share = 0.5
begins = 2024-01-10
technology = "wind"
region = "CN"
seller = "Hill Wind"
"""


def test_a_contract_delivers_what_was_metered_within_its_term_and_never_before(metered, tmp_path):
    deal = tmp_path / "hill.toml"
    deal.write_text(SIGNED)
    hours = table(tmp_path / "hours.csv", [(t, 30) for t in JANUARY], "time,kwh")
    made = deliver_lots(metered, deal, hours, now=NOW)
    assert made.wh == 22 * 24 * 15_000
    assert made.left_out == 9 * 24
    assert deliver_lots(metered, deal, hours, now=NOW).import_id == ""
    assert claim_year(metered, "FY2024", now=NOW).wh == 22 * 24 * 10_000
    told = figures(metered)[1]
    assert told["clean-share"] == pytest.approx(22 / 31)
    with metered.store.connect("allocations") as con:
        tiers = con.execute("select distinct tier from allocations").fetchall()
    assert tiers == [("contract",)]
    ahead = [(t.replace(year=2030), 1) for t in JANUARY[:3]]
    later = table(tmp_path / "later.csv", ahead, "time,kwh")
    assert refusal(deliver_lots, metered, deal, later, now=NOW) == "bad-delivery"
    for line, code in (("is_clean = false\n", "no-certificates"), ("", "contract-unsigned")):
        odd = tmp_path / "odd.toml"
        odd.write_text(line + (SIGNED if line else SIGNED.replace("begins = 2024-01-10\n", "")))
        assert refusal(deliver_lots, metered, odd, hours, now=NOW) == code


@pytest.mark.parametrize(
    ("begins", "years", "ends"), [("2024-02-29", 1, "2025-02-28"), ("2023-07-31", 2, "2025-07-31")]
)
def test_a_term_ends_on_its_day(metered, tmp_path, begins, years, ends):
    deal = tmp_path / "term.toml"
    deal.write_text(SIGNED.replace("2024-01-10", begins).replace("years = 1", f"years = {years}"))
    last = datetime.combine(date.fromisoformat(ends), datetime.min.time())
    hours = [last + timedelta(hours=k) for k in range(-24, 24)]
    path = table(tmp_path / "hours.csv", [(t, 2) for t in hours], "time,kwh")
    assert deliver_lots(metered, deal, path, now=NOW).wh == 24 * 1000


def test_what_a_storage_gives_back_has_its_origin_and_less_than_was_put_in(metered, tmp_path):
    add_lots(metered, mill(tmp_path, hours=JANUARY[:48]), now=NOW)
    head = "time,charged_kwh,discharged_kwh"
    rows = [(f"{t}+08:00", 25 * (t.hour == 2), 20 * (t.hour == 19)) for t in JANUARY[:48]]
    made = store_lots(
        metered, "cellar", table(tmp_path / "s.csv", rows, head), region="CN", now=NOW
    )
    assert made.rows == 4
    by = {d.device: d for d in lots(metered)}
    assert by["mill"].stored_wh == 40_000
    assert by["mill@cellar"].issued_wh == 32_000  # 20 of 25 came from the mill; a fifth is lost
    assert (by["mill@cellar"].technology, by["mill@cellar"].storage) == ("wind", "cellar")
    assert (
        refusal(store_lots, metered, "cellar", tmp_path / "s.csv", region="CN", now=NOW)
        == "bad-storage"
    )
    again = [(t, 0, 2 * (k == 0)) for k, t in enumerate(JANUARY[100:110])]
    path = table(tmp_path / "more.csv", again, head)  # what it still held has no origin here
    assert store_lots(metered, "cellar", path, region="CN", now=NOW).unknown_wh == 2000
    quarters = [(t + timedelta(minutes=15), 1, 0) for t in JANUARY[200:210] for _ in (0,)]
    quarters += [(t, 1, 0) for t in JANUARY[200:210]]
    path = table(tmp_path / "quarters.csv", sorted(quarters), head)
    assert refusal(store_lots, metered, "cellar", path, region="CN", now=NOW) == "bad-storage"


def test_lots_stay_within_their_market_and_sites_named_first_come_first(metered, tmp_path):
    add_lots(metered, mill(tmp_path, region="DE"), now=NOW)
    assert claim_year(metered, "FY2024", now=NOW).import_id == ""
    assert refusal(match_year, metered, "FY2024", first=["moon"]) == "unknown-site"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("device,start,kwh,region,technology\nmill,2024-01-01,-1,CN,wind\n", "row 2"),
        ("device,start,kwh,region,technology\nmill,soon,1,CN,wind\n", "row 2"),
        ("device,start,kwh,region,technology\nmill,2024-01-01,1,CN,coal\n", "no factor"),
        ("device,start,kwh,region,technology\nmill,2024-01-01,1,CN,magic\n", "not a technology"),
        ("a,b\n1,2\n", "none of the columns"),
        ('{"bundles": 5}', ""),
        ('[{"device_id": "d", "energy_source": "wind", "production_starting_interval": "2024-01-01T00:00:00Z",'
         ' "production_ending_interval": "2024-01-01T05:00:00Z", "bundle_quantity": 5}]', "an hour at most"),
        ('[{"device_id": "d", "energy_source": "wind", "production_starting_interval": "2024-01-01T00:00:00Z",'
         ' "production_ending_interval": "2024-01-01T01:00:00Z", "bundle_quantity": 5.5}]', "whole number"),
        ("绿证编号,项目名称,能源类型,生产年月\nG1,场,风电,某月\n", "not a month"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_lots_says_why_and_nothing_is_kept(metered, tmp_path, text, said):
    path = tmp_path / ("odd.json" if text[0] in "[{" else "odd.csv")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AbateError) as told:
        add_lots(metered, path, now=NOW)
    assert told.value.code == "bad-lots"
    assert said in told.value.message
    assert lots(metered) == []


def test_a_workspace_made_before_there_were_lots_opens_and_takes_them(metered, tmp_path):
    for name in ("lots", "devices"):
        shutil.rmtree(metered.root / "ledger" / name)
    opened = open_workspace(metered.root)
    assert lots(opened) == []
    assert add_lots(opened, mill(tmp_path), now=NOW).rows


def test_moving_takes_the_earliest_hours_and_is_undone(metered, tmp_path):
    add_lots(metered, mill(tmp_path), now=NOW)
    made = move_lots(metered, "ACME", kwh=30.5, now=NOW)
    assert balances(metered)["party:ACME"] == 30_500
    held = ledger.standing(metered, HELD)
    assert int(held.wh[held.start == held.start.min()][0]) == 9_500
    undo(metered, made.import_id, reason="mistake", now=NOW)
    assert "party:ACME" not in balances(metered)
    assert refusal(move_lots, metered, "ACME", kwh=1e9, now=NOW) == "not-enough-lots"
    assert refusal(move_lots, metered, "", now=NOW) == "bad-party"
    assert refusal(move_lots, metered, "ACME", devices=["none"], now=NOW) == "no-lots"


def test_a_certificate_of_a_month_covers_that_month_by_every_clock(metered, tmp_path):
    path = tmp_path / "gec.csv"
    path.write_text(GEC, encoding="utf-8")
    for zone in ("Asia/Shanghai", "UTC", "Europe/Berlin", "America/New_York"):
        fresh = tmp_path / zone.replace("/", "-")
        shutil.copytree(metered.root, fresh)
        (fresh / "energy.toml").write_text(f'zone = "{zone}"\n')
        opened = open_workspace(fresh)
        add_lots(opened, path, now=NOW)
        assert claim_year(opened, "FY2024", basis="monthly", now=NOW).wh == 3_000_000
        assert figures(opened)[1]["clean-share"] == pytest.approx(3000 / 7440), zone


RANGES = "起始编号,终止编号,项目名称,能源类型,生产年月{head}\nG001,G100,farm,风电,2024-01{cell}\n"


def test_numbers_are_counted_and_no_number_is_taken_twice(metered, tmp_path):
    path = tmp_path / "range.csv"
    path.write_text(RANGES.format(head="", cell=""), encoding="utf-8")
    assert add_lots(metered, path, now=NOW).wh == 100_000_000
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(
        RANGES.format(head=",核发数量", cell=",99").replace("G", "H"), encoding="utf-8"
    )
    assert refusal(add_lots, metered, wrong, now=NOW) == "bad-lots"
    for k, row in enumerate(("G050,G060", "G007,G007", "G090,G120")):
        more = tmp_path / f"more{k}.csv"
        more.write_text(
            RANGES.format(head="", cell="").replace("G001,G100", row).replace("-01\n", "-02\n"),
            encoding="utf-8",
        )
        assert refusal(add_lots, metered, more, now=NOW) == "used-twice", row
    twice = tmp_path / "twice.csv"
    twice.write_text(GEC + GEC.splitlines()[1] + "\n", encoding="utf-8")
    assert refusal(add_lots, metered, twice, now=NOW) == "bad-lots"


def test_what_was_written_or_issued_is_not_read_as_more(metered, tmp_path):
    add_lots(metered, mill(tmp_path), now=NOW)
    export_lots(metered, tmp_path / "own.json")
    before = balances(metered)
    assert refusal(add_lots, metered, tmp_path / "own.json", now=NOW) == "used-twice"
    other = mill(tmp_path, name="other.csv", region="GB", hours=JANUARY[:5])
    assert refusal(add_lots, metered, other, now=NOW) == "bad-lots"
    assert balances(metered) == before


def test_claims_of_a_site_without_meters_stay_claimed(metered, tmp_path):
    add_lots(metered, mill(tmp_path, lambda t: 8.0 * (t.hour < 6)), now=NOW)
    claim_year(metered, "FY2024", now=NOW)
    (meter,) = [r for r in live_imports(metered) if r.template == "data-centre-meter"]
    undo(metered, meter.import_id, reason="wrong site", now=NOW)
    path = tmp_path / "plant.csv"
    path.write_text(METER + "".join(f"{t},plant,p-1,3,2,0\n" for t in JANUARY))
    add_file(metered, path, now=NOW)
    assert match_year(metered, "FY2024").json["matched_kwh"] == 0
    assert claim_year(metered, "FY2024", now=NOW).import_id == ""


def test_a_load_is_not_claimed_by_the_month_and_again_by_the_hour(metered, tmp_path):
    add_lots(metered, mill(tmp_path), now=NOW)
    monthly = claim_year(metered, "FY2024", basis="monthly", now=NOW)
    told = match_year(metered, "FY2024").json
    assert told["matched_kwh"] == 0
    assert told["generated_kwh"] == monthly.wh / 1000
    assert refusal(claim_year, metered, "FY2024", now=NOW) == "claimed-by-month"
    undo(metered, monthly.import_id, reason="by the hour", now=NOW)
    assert claim_year(metered, "FY2024", now=NOW).wh == 31 * 6 * 10_000


def test_what_a_plant_gave_and_was_not_issued_is_matched_and_named(metered, tmp_path):
    (metered.root / "energy.toml").write_text(
        'zone = "Asia/Shanghai"\n[[plants]]\nid = "roof"\nsource = "sun"\nsite = "hq"\ncapacity_kw = 9\n'
        'latitude_deg = 30\nlongitude_deg = 120\npower = "roof.csv"\nweather = "roof.csv"\n'
    )
    rows = [(t, 3 * (9 <= t.hour < 15)) for t in JANUARY]
    table(metered.root / "roof.csv", rows[:240], "time,kwh")
    issue_lots(metered, "FY2024", now=NOW)
    table(metered.root / "roof.csv", rows, "time,kwh")
    told = match_year(metered, "FY2024")
    assert told.json["matched_kwh"] == 31 * 6 * 3
    assert told.foreign == ("roof (not issued)",)
    assert refusal(claim_year, metered, "FY2024", now=NOW) == "lots-not-issued"
    assert issue_lots(metered, "FY2024", now=NOW).wh == 21 * 6 * 3000
    table(metered.root / "roof.csv", [(t, 0) for t, _ in rows], "time,kwh")
    assert issue_lots(metered, "FY2024", now=NOW).over_wh == 31 * 6 * 3000


def test_a_battery_behind_the_meter_buys_nothing_either(metered, tmp_path):
    (metered.root / "energy.toml").write_text(
        'zone = "Asia/Shanghai"\n[[plants]]\nid = "roof"\nsource = "sun"\nsite = "hq"\ncapacity_kw = 9\n'
        'latitude_deg = 30\nlongitude_deg = 120\npower = "roof.csv"\nweather = "roof.csv"\n'
    )
    table(metered.root / "roof.csv", [(t, 3 * (9 <= t.hour < 15)) for t in JANUARY], "time,kwh")
    issue_lots(metered, "FY2024", now=NOW)
    rows = [(t, 3 * (t.hour == 10), 2 * (t.hour == 20)) for t in JANUARY]
    path = table(tmp_path / "s.csv", rows, "time,charged_kwh,discharged_kwh")
    store_lots(metered, "cellar", path, region="CN-ZJ", now=NOW)
    claim_year(metered, "FY2024", now=NOW)
    assert figures(metered)[1]["clean-share"] == 0


def test_the_hour_that_autumn_repeats_is_two(metered, tmp_path):
    (metered.root / "energy.toml").write_text('zone = "America/New_York"\n')
    night = ["2024-11-03T00:00", "2024-11-03T01:00", "2024-11-03T01:00", "2024-11-03T02:00"]
    rows = [("m", t, 20, "", "wind", "R") for t in night]
    add_lots(metered, table(tmp_path / "n.csv", rows), now=NOW)
    held = ledger.standing(metered, HELD)
    assert held.wh.tolist() == [20_000] * 4
