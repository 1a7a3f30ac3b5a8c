"""The tracks of GEFCom2014 whose files are at hand: load, wind and sun, by months.

    python benchmarks/gefcom.py load --data load.parquet [--tasks 4-12 | --months 2008-01:2010-12]
    python benchmarks/gefcom.py wind --data wind.parquet [--component forest]
    python benchmarks/gefcom.py sun --data solar_power.parquet --weather solar_nwp.parquet

Each month is forecast from what was known before it. Load is scored beside climatology and the ways
that the model weighs, one of them the plain regression with temperature scenarios: loss, bias of
the median and what lay within the central 80 %, by month and by quarter. `--json` prints all of it.

Source: Hong, Pinson, Fan, Zareipour, Troccoli and Hyndman (2016), International Journal of
    Forecasting 32, 896-913.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.engine.groups import Workers, map_groups
from abate.adapters.readers.series import read_series
from abate.algorithms.forecasting.backtest import MonthScore, score
from abate.algorithms.forecasting.baselines import climatology
from abate.algorithms.forecasting.scores import pinball
from abate.algorithms.forecasting.series import Series, grid, observed
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.plants import Plant
from abate.energy.facts.readings import Readings
from abate.energy.planners.generation import forecast_generation
from abate.energy.planners.load_months import MONTHS_BACK, WAYS, MonthsAhead
from abate.kernel.errors import AbateError, DataError, UsageError

HOUR = np.timedelta64(3600, "s")
FIRST_MONTH = {"load": "2010-10", "wind": "2012-10", "sun": "2012-10"}
"""Month of task 1. The sun's tasks are those of the months whose weather forecasts are in the file."""
TASKS = {"load": "4-12", "wind": "4-12", "sun": "1-5"}
MEMBERS = 1500
ROOFS = {
    "1": Plant("1", "sun", 1.0, -35.275, 149.113, 595.0, 36.0, 38.0),
    "2": Plant("2", "sun", 1.0, -35.275, 149.113, 602.0, 35.0, 327.0),
    "3": Plant("3", "sun", 1.0, -35.275, 149.113, 951.0, 21.0, 31.0),
}
"""Roofs of the competition; tilt and azimuth as Hong et al. (2016) print them, the place is that of
their region.
"""
WIND_NAMES = {"U10": "wind_u_10", "V10": "wind_v_10", "U100": "wind_u_100", "V100": "wind_v_100"}
SUN_NAMES = {
    "VAR78": "liquid", "VAR79": "ice", "VAR134": "pressure", "VAR157": "humidity", "VAR164": "cloud", "VAR165": "wind_u_10",
    "VAR166": "wind_v_10", "VAR167": "temperature", "VAR169": "ghi", "VAR175": "thermal", "VAR178": "top", "VAR228": "rain",
}  # fmt: skip
SUMMED = ("ghi", "thermal", "top", "rain")
"""Variables that ECMWF adds up over the day."""


def tasks_of(text: str) -> list[int]:
    """Numbers of tasks.

    Raises:
        UsageError: `bad-tasks`.

    Example:
        >>> tasks_of("4-6"), tasks_of("1,3")
        ([4, 5, 6], [1, 3])
    """
    try:
        parts = [part.split("-") for part in text.split(",")]
        found = [n for part in parts for n in range(int(part[0]), int(part[-1]) + 1)]
    except ValueError as error:
        raise UsageError(
            "bad-tasks", f"'{text}' names no tasks.", "Write them as 4-12 or 1,3."
        ) from error
    if not found or min(found) < 1 or max(found) > 15:
        raise UsageError(
            "bad-tasks", f"'{text}' is not between 1 and 15.", "Write them as 4-12 or 1,3."
        )
    return found


def run(
    track: str,
    data: Path,
    *,
    tasks: str = "",
    months: str = "",
    weather: Path | None = None,
    workers: Workers = 1,
    component: str = "average",
) -> dict[str, Any]:
    """Forecast months from what was known before them, and score them.

    Args:
        track: `load`, `wind` or `sun`.
        data: File of the track.
        tasks: Numbers, such as `4-12`.
        months: First and last one, such as `2008-01:2010-12`, in place of tasks.
        weather: The sun's file of weather forecasts.
        workers: Processes.
        component: Of wind and sun.

    Returns:
        `scores` by task or month, `mean`, `cpu_s` over all processes; of load also `beside`.
    """
    begun = time.process_time()
    series = read_series(data, stamp="end", checked=False)
    wanted = months_of(months) if months else None
    numbers = [] if wanted else tasks_of(tasks or TASKS[track])
    if track == "load":
        series = _stated(series, {"load"}, data)
        chosen = wanted or _months(track, numbers, series, data)
        told, elsewhere = _load(series, chosen, workers)
        losses = told["beside"]["ours"]["by_month"]
        by_month = [[m["pinball"]] for m in losses]
    else:
        told = {}
        series = _stated(series, {"1/power", "1"}, data)
        beside = series if weather is None else read_series(weather, stamp="end", checked=False)
        if track == "sun" and weather is None:
            text = "The sun's tasks need their weather forecasts."
            raise DataError("no-weather", text, "Name them with --weather.")
        plants = _wind(series, beside) if track == "wind" else _sun(series, beside)
        chosen = wanted or _months(track, numbers, series, data)
        jobs = [(plants, zone, month, component) for month in chosen for zone in plants]
        results = list(map_groups(_plant_task, jobs, workers=workers))
        size = len(plants)
        by_month = [[x for x, _ in results[k : k + size]] for k in range(0, len(results), size)]
        elsewhere = sum(cpu for _, cpu in results)
    names = [str(m) for m in chosen] if wanted else [str(n) for n in numbers]
    scores = {n: round(float(np.mean(x)), 6) for n, x in zip(names, by_month, strict=True)}
    cpu_s = time.process_time() - begun + (elsewhere if workers != 1 else 0.0)
    return {
        "track": track,
        "scores": scores,
        "mean": round(float(np.mean(list(scores.values()))), 6),
        "cpu_s": round(cpu_s, 2),
        **told,
    }


def months_of(text: str) -> list[Any]:
    """Months from the first to the last."""
    first, _, last = text.partition(":")
    try:
        return list(np.arange(np.datetime64(first, "M"), np.datetime64(last or first, "M") + 1))
    except ValueError as error:
        raise UsageError("bad-tasks", f"'{text}': no months.", "Write 2008-01:2010-12.") from error


def _load(series: Readings, months: list[Any], workers: Workers) -> tuple[dict[str, Any], float]:
    """Months of load by all ways, weighed, beside climatology."""
    at = series.names.index("load")
    stations = tuple(n for n in series.names if n != "load")
    load = observed(("load",), series.start, series.values[[at]])
    rows = [k for k, n in enumerate(series.names) if n != "load"]
    weather = observed(stations, series.start, series.values[rows])
    ahead = MonthsAhead(load, weather, Calendar("US"))
    before = {m - k for m in months for k in range(1, MONTHS_BACK + 1)} - set(months)
    known = np.flatnonzero(~np.isnan(series.values[at]))[0]
    least = series.start[known] + np.timedelta64(730, "D")
    learnt = sorted(m for m in before | set(months) if m.astype("datetime64[s]") >= least)
    results = map_groups(_past_month, [(ahead, m) for m in learnt], workers=workers)
    cpu = 0.0
    for month, (seen, spent) in zip(learnt, results, strict=True):
        ahead.past[str(month)] = seen
        cpu += spent
    starts, came, told = [], [], {name: [] for name in ("ours", *WAYS, "climatology")}
    for month in months:
        steps = _horizon(month)
        known_then = load.as_of(steps[0])
        if str(month) in ahead.past:
            ways = ahead.past[str(month)][0]
        else:
            seen = ahead.see(steps, steps[0], members=MEMBERS)
            ways = np.stack([seen.quantiles[w] for w in WAYS])
        made = ahead.forecast(steps, steps[0], members=MEMBERS)
        told["ours"].append(made.members.quantiles())
        for way, quantiles in zip(WAYS, ways, strict=True):
            told[way].append(quantiles)
        told["climatology"].append(climatology(known_then, steps))
        starts.append(steps)
        came.append(series.values[[at]][:, np.searchsorted(series.start, steps)])
    beside = {name: _scored(name, starts, came, quantiles) for name, quantiles in told.items()}
    return {"beside": beside}, cpu


def _scored(name: str, starts: list[Any], came: list[Any], told: list[Any]) -> dict[str, Any]:
    """Loss, bias and coverage by month and by quarter; months differ in length."""
    by_month = []
    for start, actual, quantiles in zip(starts, came, told, strict=True):
        (month,) = score(name, start[None], actual[None], quantiles[None]).by_month
        by_month.append(month)
    quarters: dict[str, list[MonthScore]] = {}
    for m in by_month:
        quarters.setdefault(f"{m.month[:4]}-Q{(int(m.month[5:]) + 2) // 3}", []).append(m)
    return {
        "mean": float(np.mean([m.pinball for m in by_month])),
        "by_month": [asdict(m) for m in by_month],
        "by_quarter": {q: float(np.mean([m.pinball for m in ms])) for q, ms in quarters.items()},
    }


def _past_month(job: tuple[MonthsAhead, Any]) -> tuple[tuple[Any, Any], float]:
    ahead, month = job
    begun = time.process_time()
    return ahead.of_month(month, HOUR), time.process_time() - begun


def _stated(series: Readings, names: set[str], path: Path) -> Readings:
    if names and not names & set(series.names):
        raise DataError(
            "no-series",
            f"{path.name} has no series '{min(names)}'.",
            "Name the file of this track.",
        )
    return series


def _months(name: str, numbers: list[int], series: Readings, path: Path) -> list[Any]:
    first = np.datetime64(FIRST_MONTH[name], "M")
    found = [first + (n - 1) for n in numbers]
    last = series.start[-1] + HOUR
    for n, month in zip(numbers, found, strict=True):
        if (month + 1).astype("datetime64[s]") > last:
            raise DataError(
                "task-not-covered",
                f"Task {n} is {month}, and {path.name} ends at {str(last)[:10]}.",
                "Leave it out with --tasks.",
            )
    return found


def _horizon(month: np.datetime64) -> Any:
    begin, end = month.astype("datetime64[s]"), (month + 1).astype("datetime64[s]")
    return grid(begin, int((end - begin) // HOUR), HOUR)


_Plants = dict[str, tuple[Plant, Any, Any, dict[str, Any]]]
"""Plants by zone, each with moments, power, and weather forecasts by name."""


def _wind(series: Readings, beside: Readings) -> _Plants:
    """Farms: power and the winds forecast for them."""
    zones = sorted({n.split("/")[0] for n in series.names}, key=int)
    return {
        zone: (
            Plant(zone, "wind", 1.0),
            series.start,
            series.values[series.names.index(f"{zone}/power")],
            {
                given: beside.values[beside.names.index(f"{zone}/{n}")]
                for n, given in WIND_NAMES.items()
            },
        )
        for zone in zones
    }


def _sun(series: Readings, beside: Readings) -> _Plants:
    """Roofs: power and the weather forecast for them; what adds up over the day is taken apart."""
    hour = (
        (series.start - series.start.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    )
    found = {}
    for zone, plant in ROOFS.items():
        weather = {
            given: beside.values[beside.names.index(f"{zone}/{n}")].copy()
            for n, given in SUN_NAMES.items()
        }
        for given in SUMMED:
            apart = np.diff(weather[given], prepend=0.0)
            apart[hour == 0] = weather[given][hour == 0]
            weather[given] = apart / 3600.0
        weather["ghi"] = np.maximum(weather["ghi"], 0.0)
        weather["temperature"] = weather["temperature"] - 273.15
        power = (
            series.names.index(zone)
            if zone in series.names
            else series.names.index(f"{zone}/power")
        )
        found[zone] = (plant, series.start, series.values[power], weather)
    return found


def _plant_task(job: tuple[_Plants, str, np.datetime64, str]) -> tuple[float, float]:
    """Pinball loss of a month of one plant."""
    plants, zone, month, component = job
    begun = time.process_time()
    plant, start, power, own = plants[zone]
    horizon = _horizon(month)
    end = int(np.searchsorted(start, horizon[-1])) + 1
    known: Series = observed((zone,), start, power[None])
    others = [{k: v[:end] for k, v in w.items()} for z, (_, _, _, w) in plants.items() if z != zone]
    made = forecast_generation(
        replace(plant, capacity_kw=1.0),
        known.as_of(horizon[0]),
        horizon,
        weather={k: v[:end] for k, v in own.items()},
        others=others,
        component=component,
    )
    actual = power[np.searchsorted(start, horizon)]
    return float(np.nanmean(pinball(actual, made.quantiles))), time.process_time() - begun


def _print(told: dict[str, Any]) -> None:
    scores = " ".join(f"{k}: {v:.4g}" for k, v in told["scores"].items())
    print(f"{told['track']}: mean {told['mean']:.4g}, {told['cpu_s']} CPU s; {scores}")
    beside = told.get("beside")
    if not beside:
        return
    print("month     " + " ".join(f"{name:>24}" for name in beside))
    for k, month in enumerate(beside["ours"]["by_month"]):
        cells = [one["by_month"][k] for one in beside.values()]
        row = [f"{c['pinball']:.2f} {c['bias_share']:+.1%} {c['inside_80']:.0%}" for c in cells]
        print(f"{month['month']:10}" + " ".join(f"{cell:>24}" for cell in row))
    for quarter in beside["ours"]["by_quarter"]:
        row = [f"{one['by_quarter'][quarter]:.3f}" for one in beside.values()]
        print(f"{quarter:10}" + " ".join(f"{cell:>24}" for cell in row))
    print("mean      " + " ".join(f"{one['mean']:>24.3f}" for one in beside.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("track", choices=TASKS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weather", type=Path)
    parser.add_argument("--tasks", default="")
    parser.add_argument("--months", default="")
    parser.add_argument("--component", default="average")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    options = {"tasks": a.tasks, "months": a.months, "weather": a.weather}
    try:
        told = run(a.track, a.data, workers=a.workers, component=a.component, **options)
    except AbateError as error:
        raise SystemExit(str(error)) from error
    print(json.dumps(told)) if a.json else _print(told)


if __name__ == "__main__":
    main()
