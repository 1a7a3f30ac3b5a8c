"""Rows of meters in `abate add` follow the rules of `abate readings`."""

import csv
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from abate.application.inventory.imports import add_file
from abate.application.opening import create_workspace
from adapters.test_bill_layouts import CONFIG
from support import NOW

START = datetime(2024, 10, 1)
HOURS = [START + timedelta(hours=k) for k in range(31 * 24)]


@pytest.fixture
def meters(tmp_path):
    """Import rows as a file of electricity: the sum [kWh], rows that entered, codes of findings."""
    workspace = create_workspace(tmp_path / "w", CONFIG)

    def read(header, rows, **options):
        path = tmp_path / "electricity.csv"
        path.write_text("\n".join((header, *rows)) + "\n")
        add_file(workspace, path, now=NOW, **options)
        rows = workspace.store.rows("activities")
        codes = {f["code"] for f in workspace.store.rows("findings")}
        return round(sum(a["quantity"] for a in rows), 6), len(rows), codes

    read.workspace = workspace
    return read


def test_a_counter_is_differenced_at_any_length(meters):
    rows = (f"HQ,{t:%Y-%m-%d %H:%M},{5_000_000 + 12.5 * k}" for k, t in enumerate(HOURS))
    assert meters("site,time,electricity kWh", rows) == (12.5 * 743, 743, {"counter-read"})


@pytest.mark.parametrize("minutes", [5, 15, 30, 60])
def test_power_becomes_energy_by_the_step(meters, minutes):
    at = [START + timedelta(minutes=minutes * k) for k in range(3 * 1440 // minutes)]
    found = meters("site,time,power (kW)", (f"HQ,{t:%Y-%m-%d %H:%M},10" for t in at))
    assert found == (720, len(at), set())
    spans = {a["period_end"] - a["period_start"] for a in meters.workspace.store.rows("activities")}
    assert spans == {timedelta(minutes=minutes)}


def test_a_time_that_ends_its_step_counts_for_the_month_before(meters):
    rows = (f"HQ;{t + timedelta(hours=1):%d.%m.%Y %H:%M};1,5" for t in HOURS)
    assert meters("site;interval end;kWh", rows) == (1.5 * 744, 744, set())
    assert {a["month"] for a in meters.workspace.store.rows("activities")} == {"2024-10"}


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_both_hours_of_october_count(meters, minutes):
    zone, step = ZoneInfo("Europe/Berlin"), timedelta(minutes=minutes)
    at, end = datetime(2024, 10, 1, tzinfo=zone).timestamp(), datetime(2024, 11, 1, tzinfo=zone).timestamp()  # fmt: skip
    rows = []
    while at < end:
        rows.append(f"Depot,{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M},1")
        at += step.total_seconds()
    count = 745 * 60 // minutes
    assert meters("site,time,kWh", rows) == (count, count, set())


def test_two_equal_rows_of_another_night_are_one_twice(meters):
    rows = [f"Depot,{t:%Y-%m-%d %H:%M},1" for t in HOURS]
    kwh, _, codes = meters("site,time,kWh", [*rows[:200], rows[199], *rows[200:]])
    assert (kwh, codes) == (744, {"duplicate-row"})


def test_several_meters_are_not_mixed(meters):
    rows = (f"HQ,{t:%Y-%m-%d %H:%M},m{m},{1000 * m + m * k}" for k, t in enumerate(HOURS) for m in (1, 2))  # fmt: skip
    assert meters("site,time,meter,energy kWh", rows)[:2] == (3 * 743, 2 * 743)


def test_a_counter_that_begins_again_leaves_one_row_open(meters):
    rows = (f"HQ,{t:%Y-%m-%d %H:%M},{5000 + 10 * k if k < 100 else 10 * (k - 100)}" for k, t in enumerate(HOURS))  # fmt: skip
    assert meters("site,time,meter reading kWh", rows) == (
        7420,
        742,
        {"counter-read", "counter-reset", "missing-value", "reading-gap"},
    )


def test_a_small_step_back_is_a_correction(meters):
    rows = (f"HQ,{t:%Y-%m-%d %H:%M},{5000 + 10 * k - (11 if k == 300 else 0)}" for k, t in enumerate(HOURS))  # fmt: skip
    assert meters("site,time,energy kWh", rows) == (
        7430,
        743,
        {"counter-read", "counter-corrected", "zero-quantity"},
    )  # fmt: skip


def shape(k):
    return round(5 + k % 24 / 12 + 0.01 * (k % 7), 3)


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (dict.fromkeys(range(200, 330), 0.0), "meter-dead"),
        (dict.fromkeys(range(200, 330), 5.5), "reading-stuck"),
        ({200: -999.0, 300: -999.0}, "reading-sentinel"),
        ({200: 65535.0}, "reading-sentinel"),
        ({200: 400.0}, "reading-spike"),
    ],
)
def test_what_looks_wrong_is_found(meters, odd, code):
    rows = (f"HQ,{t:%Y-%m-%d %H:%M},{odd.get(k, shape(k))}" for k, t in enumerate(HOURS))
    assert code in meters("site,time,kWh", rows)[2]


ODDITIES = {"add_register.csv": 864_978.7, "add_dst_oct_const.csv": 745_000.0}


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_is_read_right(shared, tmp_path, name):
    folder = shared / "cases/meters/oddities"
    with (folder / "truth.csv").open(encoding="utf-8") as handle:
        assert name in {row["file"] for row in csv.DictReader(handle)}
    text = (folder / "add_workspace.toml").read_text(encoding="utf-8")
    workspace = create_workspace(tmp_path / "w", text)
    add_file(workspace, folder / name, now=NOW)
    rows = workspace.store.rows("activities")
    kwh = sum(a["quantity"] for a in rows if a["kind"] == "facility-energy")
    assert kwh == pytest.approx(ODDITIES[name])
