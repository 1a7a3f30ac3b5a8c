"""Odd files of meters and bills: each gives the right amount, or says what is wrong with it."""

import csv
import gzip
import math
import random
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from abate.adapters.readers.series import FileStyle, read_series
from abate.application.energy.savings import estimate, read_usage, solar_in
from abate.energy.facts.readings import as_energy

WORKS = date(2024, 1, 1)
STYLE = FileStyle(zone="America/New_York")


@pytest.fixture(scope="module")
def oddities(shared):
    return shared / "cases/meters/oddities"


@pytest.fixture(scope="module")
def weather(oddities):
    return read_series(oddities / "sav_temp.csv.gz", zone="America/New_York", checked=False)


def saved(path, weather, zone="America/New_York"):
    usage = read_usage(path, STYLE)
    (saving,) = estimate(usage, weather, until=WORKS, since=WORKS, zone=zone)
    return saving, {f.code for f in usage.findings}


def kwh(path, **options):
    made = read_series(path, **options)
    every = [as_energy(one) if one.step_s else one for one in (made, *made.others)]
    codes = [f.code for f in made.findings]
    return round(sum(float(np.nansum(one.values)) for one in every), 3), codes, made


def test_every_oddity_has_its_test(oddities):
    with (oddities / "truth.csv").open(encoding="utf-8", newline="") as handle:
        named = {row["file"] for row in csv.DictReader(handle)}
    here = Path(__file__).read_text(encoding="utf-8")
    elsewhere = Path(__file__).parents[1] / "adapters/test_meters_in_add.py"
    there = here + elsewhere.read_text(encoding="utf-8")
    assert {name for name in named if name not in there} == set()


@pytest.mark.parametrize("name", ["bills_iso.csv", "bills_cost_first.csv"])
def test_usage_of_bills_is_found_by_its_name(oddities, weather, name):
    saving, codes = saved(oddities / name, weather)
    assert saving.reasons == ()
    assert saving.saved_share == pytest.approx(0.099, abs=0.003)
    assert codes == set()


def test_a_missing_bill_is_named_and_left_out(oddities, weather):
    saving, codes = saved(oddities / "bills_gap_rep.csv", weather)
    assert saving.saved_share == pytest.approx(0.10, abs=0.004)
    assert saving.saved == pytest.approx(41_000, rel=0.03)
    assert codes == {"bill-gap"}


def test_generation_behind_the_meter_disqualifies(oddities, weather):
    saving, _ = saved(oddities / "sav_net.csv.gz", weather)
    assert any("generation" in reason for reason in saving.reasons)


def test_generation_that_never_runs_the_meter_backwards_disqualifies_too(oddities, weather, tmp_path):  # fmt: skip
    packed = (oddities / "sav_net.csv.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    path = tmp_path / "import.csv"
    path.write_text("\n".join([lines[0], *(f"{t},{max(0.0, float(v))}" for t, v in rows)]) + "\n")
    saving, _ = saved(path, weather)
    assert any("solar" in reason for reason in saving.reasons)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("roof_kw", "seen"), [(0.0, False), (4.0, True), (8.0, True), (20.0, True)])  # fmt: skip
def test_a_roof_is_told_from_a_retrofit(tmp_path, seed, roof_kw, seen):
    """Two years of hours; in the second a retrofit saves 30 % by day, or a roof takes its share under clouds."""
    dice = random.Random(seed)
    rows = ["time,kWh"]
    for k in range(2 * 365 * 24):
        at = datetime(2023, 1, 1) + timedelta(hours=k)
        by_day = 8 <= at.hour < 19 and at.weekday() < 5
        used = (12 if by_day else 5) * dice.uniform(0.93, 1.07)
        if at.hour == 0:
            sky = dice.uniform(0.1, 1)
        if at.year == 2024:
            sun = max(0.0, math.sin((at.hour - 6) / 12 * math.pi))
            season = 0.65 - 0.35 * math.cos(at.timetuple().tm_yday / 365 * 2 * math.pi)
            used = max(0.0, used - roof_kw * sun * season * sky) if roof_kw else used * (0.7 if by_day else 1)  # fmt: skip
        rows.append(f"{at:%Y-%m-%d %H:%M},{used:.3f}")
    path = tmp_path / "meter.csv"
    path.write_text("\n".join(rows) + "\n")
    usage = read_usage(path, FileStyle())
    assert bool(solar_in(usage, until=WORKS, since=WORKS, zone="UTC")) == seen


def test_days_of_a_dead_meter_are_no_saving(oddities, weather):
    saving, codes = saved(oddities / "sav_dead.csv.gz", weather)
    assert "days-left-out" in codes
    assert saving.reasons or saving.saved_share == pytest.approx(0.10, abs=0.01)


def test_flat_stretches_are_found_with_their_spans(oddities):
    _, codes, made = kwh(oddities / "flatliner.csv.gz")
    told = [f.message for f in made.findings if f.code in ("meter-dead", "reading-stuck")]
    assert codes == ["meter-dead", "meter-dead"]
    assert all(" from " in text and " to " in text for text in told)


def test_sentinels_are_found_and_count_as_missing(oddities):
    total, codes, _ = kwh(oddities / "sentinel.csv")
    assert "reading-sentinel" in codes
    assert total == pytest.approx(10_135, abs=1)


def test_no_unit_is_made_out_of_a_word(oddities):
    _, codes, made = kwh(oddities / "raw.csv")
    assert "unit-unsaid" in codes
    assert made.units == ("",)
    assert kwh(oddities / "raw.csv", unit="kWh")[2].units == ("kWh",)


def test_both_marks_prove_each_other(oddities):
    text = (oddities / "de_thousands.csv").read_text(encoding="utf-8-sig")
    numbers = [line.split(";")[1] for line in text.splitlines()[1:]]
    wanted = sum(float(n.replace(".", "").replace(",", ".")) for n in numbers)
    assert kwh(oddities / "de_thousands.csv")[0] == pytest.approx(wanted)


def test_a_small_step_back_is_a_correction(oddities):
    total, codes, _ = kwh(oddities / "step_back.csv", repair=("resets",))
    assert total == pytest.approx(520, abs=1)
    assert "counter-corrected" in codes


COUNTED = {"gb_cumulative_48h.xml": [47], "p1_oneday.csv": [4.0, 5.157], "long_mpan.csv.gz": [8557]}


@pytest.mark.parametrize("name", COUNTED)
def test_counters_and_meters_are_kept_apart(oddities, name):
    assert kwh(oddities / name)[0] == pytest.approx(sum(COUNTED[name]), rel=0.003)
