"""Interval data in its many forms.

Forecasts and savings by the command line, forecasts of a workspace.
"""

import csv
import gzip
import json
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from abate.adapters.readers.energy_config import EnergyConfig, read_energy
from abate.adapters.readers.series import FileStyle, read_series
from abate.application.energy.batches import moment_of
from abate.application.energy.forecasts import forecast_site, forecasts, post_forecast
from abate.application.energy.savings import estimate, read_usage
from abate.application.inventory.imports import add_file
from abate.application.opening import open_workspace
from abate.faces.cli.main import app
from abate.kernel.errors import AbateError, DataError
from support import NOW, SHARED

HOUR = np.timedelta64(3600, "s")
ENERGY = SHARED / "energy"


def write(path, rows):
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows(rows)
    return path


def hours(count, first=datetime(2024, 1, 1), step=timedelta(hours=1)):
    return [first + k * step for k in range(count)]


def run(*arguments, code=0):
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == code, done.output + str(done.exception)
    return done.output


def test_long_and_wide_csv_xlsx_and_parquet_are_the_same_series(tmp_path):
    from openpyxl import Workbook

    at = hours(48)
    values = {"a": [5.0 + k % 24 for k in range(48)], "b": [50.0 + 2 * (k % 24) for k in range(48)]}
    long = write(
        tmp_path / "long.csv",
        [
            ("meter", "timestamp", "kWh"),
            *((m, t, v) for m, vs in values.items() for t, v in zip(at, vs, strict=True)),
        ],
    )
    wide = write(
        tmp_path / "wide.csv",
        [("timestamp", "a (kWh)", "b (kWh)"), *zip(at, *values.values(), strict=True)],
    )
    book = Workbook()
    for row in [("Time", "a kWh", "b kWh"), *zip(at, *values.values(), strict=True)]:
        book.active.append(row)
    book.save(tmp_path / "wide.xlsx")
    pq.write_table(
        pa.table(
            {"meter": ["a"] * 48 + ["b"] * 48, "start": at * 2, "kwh": [*values["a"], *values["b"]]}
        ),
        tmp_path / "long.parquet",
    )
    with (
        (tmp_path / "long.csv").open("rb") as source,
        gzip.open(tmp_path / "packed.csv.gz", "wb") as out,
    ):
        out.write(source.read())
    for path in (
        long,
        wide,
        tmp_path / "wide.xlsx",
        tmp_path / "long.parquet",
        tmp_path / "packed.csv.gz",
    ):
        made = read_series(path)
        assert made.names == ("a", "b"), path
        np.testing.assert_array_equal(made.values, np.array(list(values.values())))
        assert made.start[0] == np.datetime64("2024-01-01T00:00:00")
        assert made.findings == ()


def test_clock_times_of_a_day_of_25_hours_are_25_hours(tmp_path):
    local = [
        *hours(3, datetime(2024, 10, 27)),
        datetime(2024, 10, 27, 2),
        *hours(21, datetime(2024, 10, 27, 3)),
    ]
    path = write(
        tmp_path / "load.csv", [("time", "kWh"), *((t, k) for k, t in enumerate(local, 1))]
    )
    made = read_series(path, zone="Europe/Berlin")
    assert made.start[0] == np.datetime64("2024-10-26T22:00:00")
    np.testing.assert_array_equal(made.values[0], np.arange(1.0, 26.0))
    assert {f.code for f in made.findings} <= {"clock-change"}


def test_green_button_is_read_in_its_unit_and_a_file_with_entities_is_refused(tmp_path):
    begin = 1_704_067_200
    blocks = "".join(
        f"<IntervalReading><timePeriod><duration>900</duration><start>{begin + 900 * k}</start></timePeriod><value>{1000 + k % 7}</value></IntervalReading>"
        for k in range(96)
    )
    body = f"<ReadingType><powerOfTenMultiplier>-1</powerOfTenMultiplier><uom>72</uom></ReadingType><IntervalBlock>{blocks}</IntervalBlock>"
    path = tmp_path / "usage.xml"
    path.write_text(
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">{body}</feed>'
    )
    made = read_series(path)
    assert made.step_s == 900
    assert made.units == ("kWh",)
    assert made.values[0, 0] == pytest.approx(0.1)
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><feed>&b;</feed>')
    with pytest.raises(DataError, match="bad-green-button"):
        read_series(path)


def test_mending_is_asked_for_and_counters_become_usage(tmp_path):
    shape = [10 + 5 * np.sin(k / 24 * 2 * np.pi) for k in range(24 * 20)]
    shape[240:300] = [v * 1000 for v in shape[240:300]]
    rows = [
        ("time", "kWh"),
        *(
            (t, f"{v:.4f}")
            for k, (t, v) in enumerate(zip(hours(480), shape, strict=True))
            if k not in (100, 101)
        ),
    ]
    path = write(tmp_path / "load.csv", rows)
    raw = read_series(path)
    assert {f.code for f in raw.findings} == {"reading-gap", "unit-slip"}
    assert np.nanmax(raw.values) > 10_000
    assert np.isnan(raw.values[0, 100])
    corrections_made = read_series(path, repair=("gaps", "units"))
    assert np.nanmax(corrections_made.values) < 16
    assert corrections_made.values[0, 100] == pytest.approx(shape[100], rel=0.05)
    counter = [1000.0, 1004.0, 1009.0, 2.0, 5.0]
    path = write(
        tmp_path / "register.csv", [("time", "register kWh"), *zip(hours(5), counter, strict=True)]
    )
    assert read_series(path).values[0, :4] == pytest.approx([4, 5, np.nan, 3], nan_ok=True)
    assert read_series(path, repair=("resets",)).values[0, 2] == 2.0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty-file"),
        ("a,b\n1,2\n", "no-series"),
        ("time,kWh\n2024-01-01 00:00,5\n", "no-series"),
        ("time,kWh\nyesterday,5\ntoday,6\n", "no-series"),
        ("time,kWh\n2024-01-01 00:00,x\n2024-01-01 01:00,y\n", "no-series"),
        (
            "time,kWh\n2024-01-01 00:00:00,1\n2024-01-01 00:00:07,1\n2024-01-01 00:00:14,1\n",
            "uneven-steps",
        ),
        (
            "time,kWh\n2024-01-01 00:00,1\n2024-01-01 01:00,1\n2024-01-01 01:23,1\n2024-01-01 02:59,1\n",
            "uneven-steps",
        ),
    ],
)
def test_a_file_that_holds_no_series_says_what_it_lacks(tmp_path, content, code):
    path = tmp_path / "odd.csv"
    path.write_text(content)
    with pytest.raises(AbateError) as said:
        read_series(path)
    assert said.value.code == code
    assert said.value.hint


def test_the_publishers_files_are_read_as_they_are():
    if not ENERGY.is_dir():
        pytest.skip("the shared energy data is not there")
    weather = read_series(ENERGY / "weather_epw" / "USA_VA_Leesburg.Exec.epw.gz", checked=False)
    assert weather.values.shape == (7, 8760)
    assert weather.units[0] == "°C"
    wind = read_series(ENERGY / "gefcom2014" / "wind.parquet", stamp="end", checked=False)
    assert wind.values.shape[0] == 50
    assert wind.start[0] == np.datetime64("2012-01-01T00:00:00")


@pytest.mark.parametrize(
    "meter", ["electricity-cdd-hdd", "electricity-cdd-only", "gas-hdd-only", "gas-intercept-only"]
)
@pytest.mark.parametrize("steps", ["hourly", "daily"])
def test_synthetic_meters_give_their_balance_points_within_a_degree_and_their_savings_in_range(
    meter, steps
):
    if not ENERGY.is_dir():
        pytest.skip("the shared energy data is not there")
    folder = ENERGY / "eemeter_samples"
    facts = json.loads((folder / "metadata.json").read_text())[f"il-{meter}-{steps}"]
    usage = read_usage(folder / facts["meter_data_filename"], FileStyle(zone="America/Chicago"))
    weather = read_series(folder / "il-tempF.csv.gz", checked=False)
    until, since = (
        datetime.fromisoformat(facts[f"blackout_{e}_date"]).date() for e in ("start", "end")
    )
    (made,) = estimate(usage, weather, until=until, since=since, confidence=0.95)
    for side, found in (
        ("heating", made.heating_balance_point),
        ("cooling", made.cooling_balance_point),
    ):
        truth = facts.get(f"baseline_{side}_balance_point")
        assert (truth is None) == (found is None)
        assert truth is None or abs(found - truth) < 1.0
    assert made.low <= 0.1 * made.expected <= made.high


@pytest.fixture(scope="module")
def meters(tmp_path_factory):
    """Ninety days of three meters and their weather."""
    folder = tmp_path_factory.mktemp("meters")
    rng = np.random.default_rng(1)
    at = hours(24 * 90, datetime(2024, 4, 1))
    warmth = [14 + 6 * np.sin((k - 9) / 24 * 2 * np.pi) + 0.05 * k / 24 for k in range(len(at))]
    write(
        folder / "weather.csv",
        [("time", "temperature"), *((t, f"{v:.2f}") for t, v in zip(at, warmth, strict=True))],
    )
    rows = [("meter", "time", "kWh")]
    for m, size in (("a", 10), ("b", 20), ("c", 40)):
        rows += [
            (
                m,
                t,
                f"{size * (1 + 0.2 * np.sin((k - 8) / 24 * 2 * np.pi)) * (1 + 0.02 * rng.standard_normal()):.3f}",
            )
            for k, t in enumerate(at)
        ]
    write(folder / "load.csv", rows)
    write(
        folder / "groups.csv",
        [("meter", "site", "business"), ("a", "s1", "x"), ("b", "s1", "x"), ("c", "s2", "x")],
    )
    table = pa.table({n: [r[i] for r in rows[1:]] for i, n in enumerate(("meter", "start", "kwh"))})
    table = table.set_column(
        2, "kwh", pa.array([float(v) for v in table.column("kwh").to_pylist()])
    )
    pq.write_table(table, folder / "load.parquet")
    return folder


def test_a_file_is_forecast_with_groups_that_add_up_a_picture_and_the_same_bytes_again(
    meters, tmp_path
):
    common = (
        "forecast",
        meters / "load.csv",
        "--weather",
        meters / "weather.csv",
        "--groups",
        meters / "groups.csv",
        "--ahead",
        "48h",
    )
    run(*common, "--output", tmp_path / "one.csv", "--chart", tmp_path / "fan.svg")
    run(*common, "--output", tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert (tmp_path / "fan.svg").read_text().startswith("<svg")
    rows = list(csv.DictReader((tmp_path / "one.csv").read_text().splitlines()))
    mean = {(r["series"], r["start"]): float(r["mean"]) for r in rows}
    at = rows[0]["start"]
    assert mean["site/s1", at] == pytest.approx(mean["a", at] + mean["b", at], rel=1e-4)
    assert mean["business/x", at] == pytest.approx(
        mean["site/s1", at] + mean["site/s2", at], rel=1e-4
    )
    assert all(float(r["p05"]) <= float(r["p50"]) <= float(r["p95"]) for r in rows)
    assert not list(tmp_path.glob("*.partial*"))


def test_many_meters_in_several_processes_are_what_one_process_says(meters, tmp_path):
    told = json.loads(
        run(
            "forecast",
            meters / "load.parquet",
            "--groups",
            meters / "groups.csv",
            "--workers",
            "2",
            "--output",
            tmp_path / "out.parquet",
            "--json",
        )
    )
    assert told["meters"] == 3
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    mean = {(r["series"], r["start"]): r["mean"] for r in rows}
    at = rows[0]["start"]
    assert mean["business/x", at] == pytest.approx(mean["a", at] + mean["b", at] + mean["c", at])
    assert len(rows) == 24 * 6


def test_nothing_after_the_moment_of_issue_is_used(meters, tmp_path):
    text = (meters / "load.csv").read_text().splitlines()
    later = [
        line if line.split(",")[1] < "2024-06-10" else ",".join([*line.split(",")[:2], "9999"])
        for line in text[1:]
    ]
    (tmp_path / "later.csv").write_text("\n".join([text[0], *later]) + "\n")
    made = [
        json.loads(run("forecast", path, "--issued", "2024-06-10T00:00", "--json"))["rows"]
        for path in (meters / "load.csv", tmp_path / "later.csv")
    ]
    assert made[0] == made[1]


def test_a_backtest_puts_the_model_beside_its_baselines(meters):
    told = json.loads(
        run(
            "backtest",
            meters / "load.csv",
            "--weather",
            meters / "weather.csv",
            "--last",
            "3w",
            "--every",
            "7d",
            "--json",
        )
    )
    assert [s["name"] for s in told] == ["model", "climatology", "seasonal naive"]
    model, _, naive = told
    assert model["skill"] == pytest.approx(1 - model["pinball"] / naive["pinball"])
    assert model["skill"] > 0
    assert sum(model["pit_shares"]) == pytest.approx(1, abs=1e-3)
    assert [m["month"] for m in model["by_month"]] == ["2024-06"]
    assert all(0 <= m["inside_80"] <= 1 and abs(m["bias_share"]) < 0.1 for m in model["by_month"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("forecast",), "what-to-forecast"),
        (("forecast", "LOAD", "--ahead", "5 parsecs"), "bad-span"),
        (("forecast", "LOAD", "--issued", "soon"), "bad-moment"),
        (("forecast", "LOAD", "--issued", "2024-04-05"), "too-little-data"),
        (("forecast", "LOAD", "--country", "ZZ"), "unknown-calendar"),
        (("forecast", "LOAD", "--zone", "Mars/Base"), "unknown-zone"),
        (("forecast", "LOAD", "--output", "x.docx"), "unknown-output"),
        (("readings", "LOAD", "--repair", "everything"), "unknown-repair"),
        (("readings", "LOAD", "--stamp", "middle"), "bad-stamp"),
        (("backtest", "LOAD", "--last", "1d", "--ahead", "7d"), "nothing-to-score"),
        (("savings", "LOAD", "--weather", "WEATHER", "--until", "2020-01-01"), "no-baseline"),
        (
            (
                "savings",
                "LOAD",
                "--weather",
                "WEATHER",
                "--until",
                "2024-06-01",
                "--model",
                "magic",
            ),
            "unknown-model",
        ),
    ],
)
def test_wrong_calls_say_what_is_wrong(meters, arguments, code):
    named = {"LOAD": meters / "load.csv", "WEATHER": meters / "weather.csv"}
    done = CliRunner().invoke(app, [str(named.get(a, a)) for a in arguments])
    assert isinstance(done.exception, AbateError), done.output
    assert done.exception.code == code
    assert done.exception.hint


def test_savings_by_the_command_line_disqualify_and_draw(meters, tmp_path):
    out = run(
        "savings",
        meters / "load.csv",
        "--weather",
        meters / "weather.csv",
        "--until",
        "2024-05-20",
        "--chart",
        tmp_path / "s.svg",
        "--json",
        code=1,
    )
    told = json.loads(out)
    assert len(told["meters"]) == 3
    assert all("fewer than" in m["reasons"] for m in told["meters"])
    assert (tmp_path / "s.svg").read_text().startswith("<svg")
    hourly = json.loads(
        run(
            "savings",
            meters / "load.csv",
            "--weather",
            meters / "weather.csv",
            "--until",
            "2024-05-20",
            "--model",
            "hourly",
            "--json",
            code=1,
        )
    )
    assert all(abs(m["saved_share"]) < 0.05 for m in hourly["meters"])


METER = "timestamp,site,building,facility_kwh,it_kwh,water_m3\n"


@pytest.fixture
def metered(workspace, tmp_path):
    """A workspace whose headquarters has eighty days of an hourly meter."""
    rng = np.random.default_rng(3)
    rows = "".join(
        f"{t},hq,hq-1,{100 + 10 * np.sin(t.hour / 24 * 2 * np.pi) + rng.normal(0, 1):.3f},80,1\n"
        for t in hours(24 * 80, datetime(2023, 1, 1))
    )
    path = tmp_path / "meter.csv"
    path.write_text(METER + rows)
    add_file(workspace, path, now=NOW)
    return workspace


def test_a_site_is_forecast_valued_kept_once_and_set_against_its_meter(metered, tmp_path):
    (tmp_path / "energy.toml").write_text(
        'country = "CN"\n[tariff]\ncurrency = "CNY"\n[[tariff.bands]]\nprice_per_kwh = 0.5\n'
    )
    config = read_energy(tmp_path / "energy.toml")
    made = forecast_site(metered, "hq", config, ahead_s=86_400, issued=moment_of("2023-03-15"))
    days = {(x.level, x.view): x for x in made.lines if x.view in ("location", "market")}
    assert (
        days["p05", "location"].co2e_mg
        < days["mean", "location"].co2e_mg
        < days["p95", "location"].co2e_mg
    )
    assert {x.basis for x in made.lines} == {"forecast"}
    energy = days["mean", "location"].quantity
    assert energy == pytest.approx(2400, rel=0.02)
    name = post_forecast(metered, made, now=NOW)
    assert post_forecast(metered, made, now=NOW) == name
    (kept,) = forecasts(metered)
    assert kept.score.hours == 24
    assert abs(kept.score.bias_share) < 0.02
    assert 0.6 <= kept.score.inside_90_share <= 1
    assert kept.expected_t["location"]["mean"] * 1e9 == pytest.approx(
        days["mean", "location"].co2e_mg
    )
    assert (
        forecast_site(
            metered, "hq", config, ahead_s=86_400, issued=moment_of("2023-03-16")
        ).refitted
        is False
    )
    assert forecast_site(
        metered, "hq", config, ahead_s=86_400, issued=moment_of("2023-03-20")
    ).told.issued == np.datetime64("2023-03-20")


def test_nothing_of_a_forecast_enters_an_inventory(metered):
    from abate.application.inventory.runs import run_year

    before = run_year(metered, "FY2023", now=NOW)
    made = forecast_site(
        metered, "hq", EnergyConfig(), ahead_s=86_400, issued=moment_of("2023-03-15")
    )
    post_forecast(metered, made, now=NOW)
    after = run_year(open_workspace(metered.root), "FY2023", now=NOW)
    assert after.run_id == before.run_id


@pytest.mark.parametrize(
    "text",
    [
        'zone = "Nowhere"',
        "weather = 5",
        "[[plants]]\nid = 1",
        "colour = 'red'",
        "[tariff]\nbands = [{hours = [1]}]",
        "a =",
    ],
)
def test_an_energy_file_that_says_nonsense_is_refused(tmp_path, text):
    (tmp_path / "energy.toml").write_text(text)
    with pytest.raises(AbateError) as said:
        read_energy(tmp_path / "energy.toml")
    assert said.value.hint


def test_of_weather_told_twice_the_newest_that_was_out_is_used(meters, tmp_path):
    text = (meters / "weather.csv").read_text().splitlines()[1:]
    later = [line.split(",") for line in text if line >= "2024-06-10"][:48]
    rows = [("time", "temperature", "issued")]
    rows += [(t, float(v) + 15, "2024-06-09 00:00") for t, v in later] + [
        (t, 99, "2024-06-11 00:00") for t, v in later
    ]
    coming = write(tmp_path / "coming.csv", rows)
    common = (
        "forecast",
        meters / "load.csv",
        "--weather",
        meters / "weather.csv",
        "--issued",
        "2024-06-10T00:00",
        "--json",
    )
    plain, hot = (
        json.loads(run(*common, *extra))["rows"] for extra in ((), ("--weather-forecast", coming))
    )
    assert plain != hot
    only = write(tmp_path / "first.csv", rows[: 1 + len(later)])
    assert json.loads(run(*common, "--weather-forecast", only))["rows"] == hot


def test_weather_before_the_issue_does_not_lean_towards_what_came_after(meters, tmp_path):
    from abate.application.energy.batches import temperature_of

    rows = [line.split(",") for line in (meters / "weather.csv").read_text().splitlines()]
    odd = [
        rows[0],
        *(
            [t, v if t < "2024-06-10" else "500"]
            for t, v in rows[1:]
            if not "2024-06-09 12" <= t < "2024-06-10 12"
        ),
    ]
    seen = [
        temperature_of(
            read_series(path, checked=False), read_series(meters / "load.csv", checked=False).start
        ).as_of(np.datetime64("2024-06-10"))
        for path in (meters / "weather.csv", write(tmp_path / "odd.csv", odd))
    ]
    known = ~np.isnan(seen[1].values)
    np.testing.assert_array_equal(seen[0].values[known], seen[1].values[known])


def test_power_is_taken_as_energy_and_a_day_begins_at_local_midnight(tmp_path):
    at = hours(96 * 400, datetime(2022, 1, 1), timedelta(minutes=15))
    warmth = [
        ("time", "temperature"),
        *((t, 10 + 8 * np.sin(k / 35040 * 2 * np.pi)) for k, t in enumerate(at) if t.minute == 0),
    ]
    rows = [
        ("time", "load (kW)"),
        *(
            (t, 0.0 if t >= datetime(2023, 1, 1) else 4.0 + 0.1 * (k % 96) / 96)
            for k, t in enumerate(at)
        ),
    ]
    weather, load = write(tmp_path / "w.csv", warmth), write(tmp_path / "l.csv", rows)
    usage = read_usage(load, FileStyle(zone="Pacific/Auckland"))
    assert np.nanmax(usage.per_day) == pytest.approx(24 * 4.05, rel=0.01)
    (made,) = estimate(
        usage,
        read_series(weather, zone="Pacific/Auckland", checked=False),
        until=datetime(2023, 1, 1).date(),
        since=datetime(2023, 1, 1).date(),
        zone="Pacific/Auckland",
    )
    assert made.used == 0
    assert made.cv_rmse < 0.01


def test_a_reporting_period_without_its_weather_is_disqualified(tmp_path):
    at = hours(24 * 720, datetime(2022, 1, 1))
    load = write(tmp_path / "l.csv", [("time", "kWh"), *((t, 5 + (t.hour == 9)) for t in at)])
    weather = write(
        tmp_path / "w.csv",
        [("time", "temperature"), *((t, 10 + t.month) for t in at if t < datetime(2023, 2, 1))],
    )
    (made,) = estimate(
        read_usage(load),
        read_series(weather, checked=False),
        until=datetime(2023, 1, 1).date(),
        since=datetime(2023, 1, 1).date(),
    )
    assert any("reporting days" in r for r in made.reasons)


@pytest.mark.parametrize(
    "headers", [("start", "amount"), ("start", "end", "amount"), ("end", "amount")]
)
def test_bills_are_read_by_their_headers(tmp_path, headers):
    edges = [datetime(2023, m, 1) for m in range(1, 13)]
    amounts = [100.0 + m for m in range(11)]
    if len(headers) == 3:
        rows = list(zip(edges, edges[1:], amounts, strict=False))
    elif headers[0] == "start":
        rows = [*zip(edges, amounts, strict=False), (edges[-1], "")]
    else:
        rows = [(edges[0], ""), *zip(edges[1:], amounts, strict=True)]
    usage = read_usage(write(tmp_path / "bills.csv", [headers, *rows]))
    assert usage.kind == "billing"
    np.testing.assert_allclose(usage.per_day[0] * usage.days, amounts)


def test_dates_with_hours_beside_and_times_as_spreadsheets_write_them_are_read(tmp_path):
    rows = [
        ("Date", "Hour", "kWh"),
        *((f"2024/1/{1 + k // 24}", k % 24 + 1, k % 7) for k in range(48)),
    ]
    made = read_series(write(tmp_path / "he.csv", rows))
    assert made.start[0] == np.datetime64("2024-01-01T00:00:00")
    np.testing.assert_array_equal(made.values[0], np.arange(48.0) % 7)
    rows = [
        ("time", "kWh"),
        *((f"2024/1/1 {h}:00" if h < 24 else "2024/1/1 24:00", h) for h in range(25)),
    ]
    assert read_series(write(tmp_path / "loose.csv", rows)).values.shape == (1, 25)


def test_a_damaged_model_is_fitted_anew_and_a_site_that_lost_its_meter_keeps_its_forecast(metered):
    from abate.adapters.store.imports import live_imports
    from abate.application.inventory.imports import undo

    def made():
        return forecast_site(
            metered, "hq", EnergyConfig(), ahead_s=86_400, issued=moment_of("2023-03-15")
        )

    post_forecast(metered, made(), now=NOW)
    (metered.root / "models" / "hq.npz").write_bytes(b"PK\x03\x04 torn")
    assert made().refitted
    other = forecast_site(
        metered,
        "hq",
        read_energy_of(metered, 'country = "CN"'),
        ahead_s=86_400,
        issued=moment_of("2023-03-15"),
    )
    assert other.refitted
    undo(metered, live_imports(metered)[-1].import_id, reason="wrong site", now=NOW)
    assert forecasts(open_workspace(metered.root))[0].score is None


def read_energy_of(workspace, text):
    path = workspace.root / "energy.toml"
    path.write_text(text)
    return read_energy(path)
