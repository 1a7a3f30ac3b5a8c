"""The tasks of GEFCom2014 that files hold.

Load, wind and sun, by rolling months, as the competition set them.

Source: Hong, Pinson, Fan, Zareipour, Troccoli and Hyndman (2016), International Journal of
    Forecasting 32, 896-913.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from abate.adapters.engine.groups import Workers, map_groups
from abate.adapters.readers.series import read_series
from abate.algorithms.forecasting.scores import pinball
from abate.algorithms.forecasting.series import Series, grid, observed
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.plants import Plant
from abate.energy.facts.readings import Readings
from abate.energy.planners.generation import forecast_generation
from abate.energy.planners.load import LoadSettings, fit_load, forecast_load
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError

HOUR = np.timedelta64(3600, "s")
FIRST_MONTH = {
    "gefcom2014-load": "2010-10",
    "gefcom2014-wind": "2012-10",
    "gefcom2014-solar": "2012-10",
}
"""Month of task 1. The sun's tasks are those of the months whose weather forecasts are in the file."""
TASKS = {"gefcom2014-load": "4-12", "gefcom2014-wind": "4-12", "gefcom2014-solar": "1-5"}
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


def run_competition(
    name: str,
    data: Path,
    *,
    tasks: str = "",
    weather: Path | None = None,
    workers: Workers = 1,
    component: str = "average",
    settings: LoadSettings | None = None,
) -> Json:
    """Forecast each task from what was known before its month, and score it.

    Args:
        name: `gefcom2014-load`, `gefcom2014-wind` or `gefcom2014-solar`.
        data: File of the track.
        tasks: Numbers, such as `4-12`.
        weather: The sun's file of weather forecasts.
        workers: Processes, or the master of a Spark cluster.
        component: Of wind and sun.
        settings: Of the load model.

    Returns:
        `scores` by task, `mean`, `cpu_s` over all processes.

    Raises:
        UsageError: `unknown-competition`, `bad-tasks`.
        DataError: `no-series` where the file is not the track's, `task-not-covered` where it ends
            before the month does.
    """
    if name not in FIRST_MONTH:
        raise UsageError(
            "unknown-competition", f"There is no '{name}'.", f"There are: {', '.join(FIRST_MONTH)}."
        )
    numbers = tasks_of(tasks or TASKS[name])
    begun = time.process_time()
    chosen = settings or LoadSettings()
    if name == "gefcom2014-load":
        series = _stated(read_series(data, stamp="end", checked=False), {"load"}, data)
        jobs: list[Any] = [
            (series, month, chosen) for month in _months(name, numbers, series, data)
        ]
        results = list(map_groups(_load_task, jobs, workers=workers))
    else:
        read, names = (_wind, WIND_NAMES) if name == "gefcom2014-wind" else (_sun, SUN_NAMES)
        series = _stated(read_series(data, stamp="end", checked=False), {"1/power", "1"}, data)
        beside = (
            series
            if weather is None
            else _stated(read_series(weather, stamp="end", checked=False), set(), weather)
        )
        if name == "gefcom2014-solar" and weather is None:
            raise DataError(
                "no-weather",
                "The sun's tasks need their weather forecasts.",
                "Name them with --weather.",
            )
        plants = read(series, beside, names)
        jobs = [
            (plants, zone, month, component)
            for month in _months(name, numbers, series, data)
            for zone in plants
        ]
        results = list(map_groups(_plant_task, jobs, workers=workers))
    scores: dict[int, list[float]] = {}
    for k, (loss, _) in enumerate(results):
        scores.setdefault(numbers[k * len(numbers) // len(results)], []).append(loss)
    by_task = {str(task): round(float(np.mean(losses)), 6) for task, losses in scores.items()}
    own = time.process_time() - begun
    cpu_s = own + (sum(cpu for _, cpu in results) if workers != 1 else 0.0)
    return {
        "name": name,
        "scores": by_task,
        "mean": round(float(np.mean(list(by_task.values()))), 6),
        "cpu_s": round(cpu_s, 2),
    }


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


def _load_task(job: tuple[Readings, np.datetime64, LoadSettings]) -> tuple[float, float]:
    """Pinball loss of a month of load, forecast from what was known before it."""
    series, month, settings = job
    begun = time.process_time()
    stations = [k for k, n in enumerate(series.names) if n != "load"]
    at = series.names.index("load")
    load = observed(("load",), series.start, series.values[[at]])
    weather = observed(
        tuple(series.names[k] for k in stations), series.start, series.values[stations]
    )
    horizon = _horizon(month)
    model = fit_load(
        load.as_of(horizon[0]),
        calendar=Calendar("US"),
        weather=weather.as_of(horizon[0]),
        settings=settings,
    )
    told = forecast_load(model, horizon, members=MEMBERS).quantiles()[0]
    actual = series.values[at][np.searchsorted(series.start, horizon)]
    return float(np.nanmean(pinball(actual, told))), time.process_time() - begun


_Plants: TypeAlias = dict[str, tuple[Plant, Any, Any, dict[str, Any]]]
"""Plants by zone, each with moments, power, and weather forecasts by name."""


def _wind(series: Readings, beside: Readings, names: dict[str, str]) -> _Plants:
    """Farms: power and the winds forecast for them."""
    zones = sorted({n.split("/")[0] for n in series.names}, key=int)
    return {
        zone: (
            Plant(zone, "wind", 1.0),
            series.start,
            series.values[series.names.index(f"{zone}/power")],
            {given: beside.values[beside.names.index(f"{zone}/{n}")] for n, given in names.items()},
        )
        for zone in zones
    }


def _sun(series: Readings, beside: Readings, names: dict[str, str]) -> _Plants:
    """Roofs: power and the weather forecast for them; what adds up over the day is taken apart."""
    hour = (
        (series.start - series.start.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    )
    found = {}
    for zone, plant in ROOFS.items():
        weather = {
            given: beside.values[beside.names.index(f"{zone}/{n}")].copy()
            for n, given in names.items()
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
