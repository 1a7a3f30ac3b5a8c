"""Tariffs and bills by them: every minute has one price, and the lines of a bill add up."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.adapters.readers.tariff_files import (
    find_tariff,
    read_received,
    read_tariff,
    tariff_files,
)
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.clocks import clock_at, utc_of
from abate.energy.facts.tariffs import (
    CoincidentLine,
    DemandLine,
    EnergyLine,
    FixedLine,
    Hourly,
    Levy,
    Period,
    Tariff,
    Tier,
)
from abate.energy.planners.bills import Metered, Received, bill_of, compare_bills
from abate.energy.planners.pricing import prices_of
from abate.kernel.errors import AbateError, ConfigError
from support import SHARED


def year(kw=1.0, step_s=3600, days=365, zone="UTC", first="2022-01-01"):
    count = days * 86400 // step_s
    start = np.datetime64(first, "s") + np.arange(count) * np.timedelta64(step_s, "s")
    clock = clock_at(Calendar(zone=zone), start, step_s)
    return Metered(clock, np.broadcast_to(kw, (count,)) * step_s / 3600)


def test_a_blended_tariff_by_hand():
    """NREL/REopt.jl: 10,000 kWh flat at 0.1, and 10 a kW and month: 1,000 and 136.99."""
    flat = Tariff("flat", (EnergyLine("energy", 0.1), DemandLine("power", (10.0,))))
    bill = bill_of(flat, year(10_000 / 8760))
    assert bill.of("energy") == pytest.approx(1000)
    assert bill.of("power") == pytest.approx(136.99, rel=1e-4)
    assert bill.total == pytest.approx(sum(bill.months.values()))
    assert not bill.missing


def test_a_ratchet_counts_a_share_of_the_highest_of_named_months():
    """NREL/REopt.jl: peaks of 200, 400, 500, 300 in four months, 75 % of January, April, December."""
    load = np.full(8760, 100.0)
    for hour, kw in ((22, 200), (2403, 400), (4088, 500), (8333, 300)):
        load[hour - 1] = kw
    rates = (10, 10, 20, 50, 20, 10, 20, 20, 20, 20, 20, 5)
    line = DemandLine("power", rates, ratchet_share=0.75, ratchet_months=(1, 4, 12))
    bill = bill_of(Tariff("x", (line,)), year(load))
    assert [x.quantity for x in bill.lines] == [300, 300, 300, 400, 300, 500, *[300] * 6]
    assert bill.total == pytest.approx(74_500, rel=1e-8)


def test_the_highest_power_in_named_hours_counts_once():
    first = np.datetime64("2022-01-01T00", "h")
    lines = tuple(
        CoincidentLine(f"peak {k}", price, first + np.array(hours) - 1)
        for k, (price, hours) in enumerate(((10, [1, 2, 100]), (5, [6000, 7000])))
    )
    assert bill_of(Tariff("x", lines), year()).total == pytest.approx(15)


def test_tiers_of_power_and_of_energy():
    tiers = (Tier(50, 0.0), Tier(None, 12.0))
    power = Tariff("x", (DemandLine("power", tiers=tiers),))
    assert bill_of(power, year(1_000_000 / 8760)).total == pytest.approx(9238.356164)
    energy = Tariff("x", (EnergyLine("energy", tiers=(Tier(100, 0.1), Tier(None, 0.2))),))
    january = bill_of(energy, year(1.0, days=31))
    assert [(x.part, x.quantity, x.amount) for x in january.lines] == [
        ("tier 1", 100, pytest.approx(10)),
        ("tier 2", 644, pytest.approx(128.8)),
    ]


def test_a_contract_and_what_lies_above_it():
    """105 % of 100 kW is free; the 15 kW above it count twice, in the month in which they occur."""
    load = np.full(31 * 24, 90.0)
    load[100] = 120.0
    line = DemandLine("power", (40.0,), of="contract")
    bill = bill_of(Tariff("x", (line,), contract_kw=100), year(load, days=31))
    assert [(x.part, x.quantity, x.amount) for x in bill.lines] == [
        ("", 100, 4000),
        ("above contract", pytest.approx(15), pytest.approx(15 * 80)),
    ]
    capacity = DemandLine(
        "power", (25.0,), of="capacity", discount_share=0.9, discount_kwh_per_kva=60
    )
    made = bill_of(Tariff("x", (capacity,), capacity_kva=1000), year(load, days=31))
    assert made.total == pytest.approx(25_000 * 0.9)  # 67 MWh are 67 kWh for each kVA


def test_power_is_a_mean_over_the_window():
    """Of 15 minutes with 5-minute readings of 30, 60 and 90 kW the mean counts: 60 kW."""
    usage = year(np.resize([30.0, 60.0, 90.0], 288), step_s=300, days=1)
    bill = bill_of(Tariff("x", (DemandLine("power", (1.0,)),)), usage)
    assert bill.total == pytest.approx(60)
    assert "demand-from-long-steps" not in {f.code for f in bill.findings}
    hours = bill_of(Tariff("x", (DemandLine("power", (1.0,)),)), year(30.0, days=1))
    assert {f.code for f in hours.findings} == {"demand-from-long-steps", "bill-part-of-month"}


def test_a_look_back_counts_months_that_the_caller_names():
    line = DemandLine("power", (10.0,), lookback_share=0.5, lookback_months=2)
    usage = year(30.0, days=59)
    bill = bill_of(Tariff("x", (line,)), usage, earlier_kw={"2021-11": 200.0, "2021-12": 80.0})
    assert [x.quantity for x in bill.lines] == [100.0, 40.0]


def test_levies_stand_on_the_lines_above_them():
    lines = (
        EnergyLine("energy", 0.2),
        FixedLine("fee", per_month=10),
        Levy("duty", 0.1, of=("energy",)),
        Levy("VAT", 0.2),
    )
    tariff = Tariff("x", lines)
    bill = bill_of(tariff, year(1.0, days=31))
    assert bill.of("duty") == pytest.approx(14.88)
    assert bill.of("VAT") == pytest.approx(0.2 * (148.8 + 10 + 14.88))
    assert tariff.prices(year(1.0, days=1).clock)[0] == pytest.approx(0.2 * 1.1 * 1.2)


def test_what_is_fed_in_is_paid_for():
    usage = replace(year(1.0, days=1), export_kwh=np.full(24, 2.0))
    bill = bill_of(Tariff("x", (EnergyLine("feed-in", 0.1, sells=True),)), usage)
    assert bill.total == pytest.approx(-4.8)


def test_a_missing_reading_is_counted_and_not_guessed():
    usage = year(1.0, days=31)
    usage.import_kwh[5] = np.nan
    bill = bill_of(Tariff("x", (EnergyLine("energy", 1.0),)), replace(usage))
    assert bill.missing == {"2022-01": 1}
    assert bill.total == pytest.approx(743)
    (finding,) = [f for f in bill.findings if f.code == "bill-incomplete"]
    assert finding.month == "2022-01"


def test_a_period_may_run_past_midnight_and_end_within_a_step():
    night = Period("night", ((22 * 60 + 30, 6 * 60),))
    tariff = Tariff(
        "x", (EnergyLine("e", prices=(("night", 1.0), ("day", 3.0))),), (night, Period("day"))
    )
    prices = tariff.prices(year(1.0, days=1).clock)
    assert prices.tolist() == [*[1.0] * 6, *[3.0] * 16, 2.0, 1.0]


def test_holidays_and_shifted_working_days_are_those_of_the_country():
    periods = (
        Period("holiday", days="holidays"),
        Period("weekend", days="weekends"),
        Period("work"),
    )
    line = EnergyLine("e", prices=(("holiday", 1.0), ("weekend", 2.0), ("work", 3.0)))
    calendar = Calendar("CN", zone="Asia/Shanghai")
    tariff = Tariff("x", (line,), periods, calendar=calendar)
    local = np.array(["2024-10-01T08", "2024-10-12T08", "2024-10-13T08"], "datetime64[s]")
    clock = clock_at(calendar, utc_of(local, "Asia/Shanghai"), 3600)
    assert tariff.prices(clock).tolist() == [1.0, 3.0, 2.0]  # the 12th is a Saturday that is worked


TIMES = st.tuples(st.integers(0, 95), st.integers(0, 95)).filter(lambda p: p[0] != p[1])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.lists(TIMES, max_size=3),
            st.sets(st.integers(1, 12), min_size=1),
            st.sampled_from(["all", "working", "weekends", "holidays"]),
        ),
        max_size=4,
    ),
    st.sampled_from([900, 1800, 3600]),
    st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Berlin"]),
)
def test_each_step_lies_wholly_in_periods_and_lines_add_up(rows, step_s, zone):
    periods = tuple(
        Period(f"p{k}", tuple((a * 15, b * 15) for a, b in times), tuple(sorted(months)), days=days)
        for k, (times, months, days) in enumerate(rows)
    )
    periods = (*periods, Period("rest"))
    line = EnergyLine("e", prices=tuple((p.name, k + 1.0) for k, p in enumerate(periods)))
    calendar = Calendar("DE", zone=zone)
    tariff = Tariff("x", (line,), periods, calendar=calendar)
    count = 40 * 86400 // step_s
    start = np.datetime64("2024-03-10", "s") + np.arange(count) * np.timedelta64(step_s, "s")
    clock = clock_at(calendar, start, step_s)
    shares = tariff.shares(clock)
    assert np.allclose(sum(shares.values()), 1.0)
    kwh = np.random.default_rng(1).uniform(0, 9, count)
    bill = bill_of(tariff, Metered(clock, kwh))
    assert sum(x.quantity for x in bill.lines) == pytest.approx(kwh.sum())
    assert bill.total == pytest.approx(float(kwh @ tariff.prices(clock)))


@pytest.mark.parametrize("name", sorted(tariff_files([])))
def test_a_shipped_tariff_says_where_it_comes_from_and_prices_each_hour(name):
    tariff = find_tariff(name, [])
    assert tariff.source
    assert tariff.note
    start = np.datetime64("2026-01-05", "s") + np.arange(96) * np.timedelta64(3600, "s")
    assert np.isfinite(tariff.prices(clock_at(tariff.calendar, start, 3600))).all()


WRONG = {
    "no currency": 'title = "x"\n[[energy]]\nline = "e"\n',
    "no line": 'currency = "EUR"\n',
    "an unknown key": 'currency = "EUR"\n[[energy]]\nline = "e"\nprice = 1\n',
    "an unknown period": 'currency = "EUR"\n[[energy]]\nline = "e"\nby_period = { peak = 1 }\n',
    "times that are none": 'currency = "EUR"\n[[periods]]\nname = "p"\ntimes = ["8-12"]\n[[energy]]\nline = "e"\nby_period = { p = 1 }\n',
    "hours without a price": 'currency = "EUR"\n[[periods]]\nname = "p"\ntimes = ["08:00-12:00"]\n[[energy]]\nline = "e"\nby_period = { p = 1 }\n',
    "tiers that fall": 'currency = "EUR"\n[[energy]]\nline = "e"\ntiers = [{ price = 1, up_to = 9 }, { price = 2, up_to = 3 }]\n',
    "a line twice": 'currency = "EUR"\n[[energy]]\nline = "e"\n[[energy]]\nline = "e"\n',
    "a price and tiers": 'currency = "EUR"\n[[demand]]\nline = "d"\nper_kw = 2\ntiers = [{ price = 1 }]\n',
    "a levy on nothing": 'currency = "EUR"\n[[fixed]]\nline = "f"\nper_month = 2\n[[levies]]\nline = "v"\nshare = 0.2\nof = ["x"]\n',
    "no file of prices": 'currency = "EUR"\n[[energy]]\nline = "e"\nhourly = "../secret.csv"\n',
    "a price that is none": 'currency = "EUR"\n[[energy]]\nline = "e"\nper_kwh = nan\n',
    "no TOML": "currency = \n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_a_wrong_tariff_is_refused_with_its_place(tmp_path, text):
    (tmp_path / "t.toml").write_text(text)
    with pytest.raises(AbateError) as told:
        read_tariff(tmp_path / "t.toml")
    assert told.value.code in ("bad-tariff", "tariff-incomplete", "unreadable-file")
    assert told.value.hint


def test_a_bill_that_came_in_is_compared_by_line(tmp_path):
    flat = Tariff("flat", (EnergyLine("energy", 0.1), DemandLine("power", (10.0,))))
    bill = bill_of(flat, year(10.0, days=59))
    (tmp_path / "b.csv").write_text(
        "line,month,amount,quantity\nenergy,2022-01,750,7500\nfee,2022-01,5,\n"
    )
    rows = {c.line: c for c in compare_bills(bill, read_received(tmp_path / "b.csv"))}
    assert rows["energy"].difference == pytest.approx(750 - 744)
    assert rows["energy"].quantity_received == 7500
    assert rows["power"].received is None
    assert rows["fee"].computed is None
    assert {c.month for c in rows.values()} == {"2022-01"}
    same = compare_bills(bill, [Received(x.line, x.month, x.amount) for x in bill.lines])
    assert all(c.difference == 0 for c in same)


@pytest.mark.parametrize("text", ["line,month\nx,2022-01\n", "line,month,amount\nx,Jan,5\n", "line,month,amount\nx,2022-01,much\n"])  # fmt: skip
def test_wrong_lines_of_a_bill_are_refused(tmp_path, text):
    (tmp_path / "b.csv").write_text(text)
    with pytest.raises(AbateError) as told:
        read_received(tmp_path / "b.csv")
    assert told.value.code == "bad-bill-lines"


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_prices_of_a_plan_are_those_of_the_bill(seed):
    """What a plan pays for its steps is what the bill charges for them, whatever the tariff."""
    draw = np.random.default_rng(seed)
    lines = (
        EnergyLine("energy", prices=(("peak", float(draw.uniform(0.1, 1))), ("rest", 0.1))),
        EnergyLine("feed-in", 0.05, sells=True),
        DemandLine("power", (float(draw.uniform(1, 20)),), periods=("peak",) if seed % 2 else ()),
        DemandLine("steps", tiers=(Tier(40, 1.0), Tier(None, 5.0))),
        DemandLine("contract", (7.0,), of="contract"),
        DemandLine("ratchet", (2.0,), ratchet_share=0.8, ratchet_months=(1,)),
        Levy("VAT", 0.19),
    )
    periods = (Period("peak", ((8 * 60, 20 * 60),)), Period("rest"))
    tariff = Tariff("x", lines, periods, contract_kw=50)
    metered = year(draw.uniform(0, 90, 59 * 24), days=59)
    metered = replace(metered, export_kwh=draw.uniform(0, 5, 59 * 24))
    told = prices_of(tariff, metered.clock)
    cost = told.buy_per_kwh @ metered.import_kwh - told.sell_per_kwh @ metered.export_kwh
    cost += sum(p.cost(metered.import_kwh) for p in told.peaks)
    standing = 1.19 * 2 * 7.0 * 50  # the contract itself, two months
    assert cost + standing == pytest.approx(bill_of(tariff, metered).total)


def test_power_that_gets_cheaper_is_not_planned_with():
    tariff = Tariff("x", (DemandLine("power", tiers=(Tier(10, 5.0), Tier(None, 1.0))),))
    with pytest.raises(AbateError) as told:
        prices_of(tariff, year(1.0, days=1).clock)
    assert told.value.code == "falling-tiers"


def test_a_tariff_without_a_price_for_an_hour_is_refused():
    with pytest.raises(ConfigError) as told:
        Tariff("x", (EnergyLine("e", prices=(("p", 1.0),)),), (Period("p", months=(1, 2)),))
    assert told.value.code == "tariff-incomplete"
    assert "month 3" in str(told.value)


TOU = SHARED / "energy/tariffs_cn/tou_periods_2026-02.csv"


def areas():
    """Areas of the shared table, with the minutes that it leaves open or gives twice."""
    if not TOU.is_file():
        return []
    found, months, names = {}, {}, {}
    with TOU.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            open_, twice = found.setdefault(row["province"], [0, 0])
            found[row["province"]] = [
                max(open_, int(row["minutes_missing"] or 0)),
                max(twice, int(row["minutes_double"] or 0)),
            ]
            months.setdefault(row["province"], set()).add(row["month"])
            names.setdefault(row["province"], set()).add(row["period"])
            if row["period"] == "none":
                found[row["province"]][0] = 24 * 60
    for area, there in months.items():
        if len(there) < 12:
            found[area][0] = 24 * 60  # a month without a row
    return sorted((area, *v, tuple(sorted(names[area]))) for area, v in found.items())


@pytest.mark.skipif(not TOU.is_file(), reason="the shared data are not there")
@pytest.mark.parametrize(("area", "missing", "twice", "names"), areas())
def test_a_table_of_periods_is_taken_or_says_what_it_leaves_open(
    tmp_path, area, missing, twice, names
):
    (tmp_path / "t.csv").write_bytes(TOU.read_bytes())
    table = f'[period_table]\nfile = "t.csv"\narea = "{area}"\narea_column = "province"\n'
    priced = ", ".join(f"{name} = 1" for name in names)
    prices = f'line = "e"\nby_period = {{ {priced} }}\n'
    (tmp_path / "plain.toml").write_text(f'currency = "CNY"\n{table}[[energy]]\n{prices}')
    ordered = table + 'order = ["deep_valley", "sharp", "peak", "valley", "flat"]\n'
    (tmp_path / "ordered.toml").write_text(f'currency = "CNY"\n{ordered}[[energy]]\n{prices}')
    for name, refused in (("plain", missing or twice), ("ordered", missing)):
        if not refused:
            tariff = read_tariff(tmp_path / f"{name}.toml")
            shares = tariff.shares(year(1.0, days=365, first="2026-01-01").clock)
            assert np.allclose(sum(shares.values()), 1.0)
            continue
        with pytest.raises(AbateError) as told:
            read_tariff(tmp_path / f"{name}.toml")
        code = "tariff-incomplete" if missing else "periods-overlap"
        assert told.value.code in (
            (code, "bad-tariff") if missing == 1440 else (code, "periods-overlap")
        )


@pytest.mark.parametrize("step_min", [1, 5, 6, 10, 12, 15, 20, 30, 60])
@pytest.mark.parametrize("window_min", [5, 10, 15, 30, 60])
def test_a_constant_power_is_billed_as_it_is_whatever_step_and_window(step_min, window_min):
    """What a window is not a whole number of steps, a longer one counts, and the bill says so."""
    line = DemandLine("power", (1.0,), window_min=window_min)
    usage = year(60.0, step_s=step_min * 60, days=2, zone="Asia/Kolkata")
    bill = bill_of(Tariff("x", (line,), calendar=Calendar(zone="Asia/Kolkata")), usage)
    assert bill.total == pytest.approx(60)
    coarse = "demand-from-long-steps" in {f.code for f in bill.findings}
    assert coarse == bool(window_min % step_min)


def test_windows_begin_by_the_clock_of_the_place():
    """100 kW from 10 to 11 by a clock half an hour off are 100 kW in that hour."""
    calendar = Calendar(zone="Asia/Kolkata")
    local = np.datetime64("2024-05-01", "s") + np.arange(48) * np.timedelta64(1800, "s")
    clock = clock_at(calendar, utc_of(local, calendar.zone), 1800)
    kwh = np.where((np.arange(48) >= 20) & (np.arange(48) < 22), 50.0, 0.0)
    tariff = Tariff("x", (DemandLine("power", (1.0,), window_min=60),), calendar=calendar)
    assert bill_of(tariff, Metered(clock, kwh)).total == pytest.approx(100)


@pytest.mark.parametrize(("price_min", "step_min"), [(15, 60), (60, 15), (30, 20), (15, 15)])
def test_prices_finer_or_coarser_than_the_readings_are_means_over_the_step(price_min, step_min):
    count = 24 * 60 // price_min
    start = np.datetime64("2024-05-01", "s") + np.arange(count) * np.timedelta64(
        price_min * 60, "s"
    )
    hourly = Hourly(start, np.arange(count, dtype=float), "p.csv")
    tariff = Tariff("x", (EnergyLine("e", hourly=hourly),))
    usage = year(1.0, step_s=step_min * 60, days=1, first="2024-05-01")
    minutes = np.repeat(np.arange(count, dtype=float), price_min)
    expected = minutes.reshape(-1, step_min).mean(axis=1)
    assert tariff.prices(usage.clock) == pytest.approx(expected)
    later = year(1.0, step_s=step_min * 60, days=1, first="2024-05-02")
    assert np.isnan(tariff.prices(later.clock)).all()


def test_a_named_hour_counts_by_its_mean():
    kwh = np.zeros(288)
    kwh[12 * 17] = 12.0  # all of an hour in five minutes
    usage = year(0.0, step_s=300, days=1)
    line = CoincidentLine("peak", 2.0, np.array(["2022-01-01T17"], "datetime64[h]"))
    bill = bill_of(Tariff("x", (line,)), replace(usage, import_kwh=kwh))
    assert bill.total == pytest.approx(24)


def test_a_ratchet_stays_in_its_year_and_says_what_it_does_not_know():
    load = np.full(2 * 8760, 10.0)
    load[-100] = 100.0
    line = DemandLine("power", (1.0,), ratchet_share=0.8)
    start = np.datetime64("2022-01-01", "s") + np.arange(len(load)) * np.timedelta64(3600, "s")
    bill = bill_of(Tariff("x", (line,)), Metered(clock_at(Calendar(), start, 3600), load))
    assert {x.quantity for x in bill.lines if x.month < "2023"} == {10.0}
    assert {x.quantity for x in bill.lines if "2023" <= x.month < "2023-12"} == {80.0}
    part = bill_of(Tariff("x", (line,)), year(10.0, days=31))
    assert "months-unknown" in {f.code for f in part.findings}


def test_a_year_of_a_longer_file_knows_what_came_before_it():
    load = np.concatenate([np.full(31 * 24, 100.0), np.full(31 * 24, 10.0)])
    start = np.datetime64("2021-12-01", "s") + np.arange(len(load)) * np.timedelta64(3600, "s")
    line = DemandLine("power", (1.0,), lookback_share=0.8, lookback_months=1)
    whole = bill_of(Tariff("x", (line,)), Metered(clock_at(Calendar(), start, 3600), load))
    assert [x.quantity for x in whole.of_year(2022).lines] == [80.0]
    assert "months-unknown" not in {f.code for f in whole.of_year(2022).findings}
    alone = bill_of(Tariff("x", (line,)), year(10.0, days=31))
    assert "months-unknown" in {f.code for f in alone.findings}


def test_a_discount_counts_for_tiers_too():
    line = DemandLine(
        "power", tiers=(Tier(None, 10.0),), discount_share=0.5, discount_kwh_per_kva=1.0
    )
    bill = bill_of(Tariff("x", (line,), capacity_kva=100), year(60.0, days=31))
    assert bill.total == pytest.approx(300)


@pytest.mark.parametrize("line", [DemandLine("p", (1.0,), of="contract"), DemandLine("p", (1.0,), of="capacity")])  # fmt: skip
def test_a_contract_that_is_not_known_is_asked_when_it_is_needed(line):
    tariff = Tariff("x", (line,))
    with pytest.raises(ConfigError) as told:
        bill_of(tariff, year(1.0, days=1))
    assert told.value.code == "no-connection"
    assert bill_of(replace(tariff, contract_kw=9, capacity_kva=9), year(1.0, days=1)).total == 9


def test_an_hour_with_an_offset_is_that_hour(tmp_path):
    (tmp_path / "t.toml").write_text('currency = "EUR"\nzone = "UTC"\n[[coincident]]\nline = "c"\nper_kw = 1\nhours = ["2022-01-01T12:00+02:00"]\n')  # fmt: skip
    load = np.arange(24.0)
    bill = bill_of(read_tariff(tmp_path / "t.toml"), year(load, days=1))
    assert bill.total == 10


@pytest.mark.parametrize("amount", ["1.562,40", "nan", "1e3", "12,34", ""])
def test_an_amount_that_may_be_read_in_two_ways_is_refused(tmp_path, amount):
    (tmp_path / "b.csv").write_text(f'line,month,amount\nx,2022-01,"{amount}"\n')
    with pytest.raises(AbateError) as told:
        read_received(tmp_path / "b.csv")
    assert told.value.code == "bad-bill-lines"


@pytest.mark.parametrize("missing", [1, 2, 30])
def test_each_missing_hour_at_an_end_of_a_month_is_told(missing):
    calendar = Calendar(zone="Europe/Berlin")
    tariff = Tariff("x", (EnergyLine("e", 1.0),), calendar=calendar)
    local = np.array(["2024-10-01", "2024-11-01"], "datetime64[s]")
    first, past = utc_of(local, calendar.zone)
    start = np.arange(first, past, np.timedelta64(3600, "s"))
    assert len(start) == 745
    whole, less = (
        bill_of(tariff, Metered(clock_at(calendar, s, 3600), np.ones(len(s))))
        for s in (start, start[missing:])
    )
    assert not whole.findings
    assert {f.code for f in less.findings} == {"bill-part-of-month"}
