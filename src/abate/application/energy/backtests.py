"""Backtests of a file's meters: the model beside its baselines, from many origins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.series import read_series
from abate.adapters.store.workspace import Workspace
from abate.algorithms.forecasting.backtest import Forecaster, Knowable, Score, backtest
from abate.algorithms.forecasting.baselines import climatology, seasonal_naive
from abate.algorithms.forecasting.series import Known
from abate.application.energy.batches import as_series, calendar_of, span_s, temperature_of
from abate.application.energy.meters import meter_named
from abate.application.energy.usage import usage_of
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.readings import Readings
from abate.energy.planners.load import Array, fit_load, forecast_load
from abate.energy.planners.load_months import MONTHS_AHEAD, WAYS, MonthsAhead
from abate.kernel.errors import UsageError

TRIED_MEMBERS = 300
ORIGINS_MAX = 400


def backtest_readings(
    load: Readings,
    *,
    calendar: Calendar,
    weather: Readings | None,
    ahead: str,
    every: str,
    last: str,
) -> list[Score]:
    """Score the load model, with climatology and the same week before for comparison.

    Two weeks ahead and more with weather, each way that the model weighs is scored beside it.

    Raises:
        UsageError: `bad-span`, `nothing-to-score` where the file is too short for one origin.
    """
    series = as_series(load)
    step = np.timedelta64(load.step_s, "s")
    steps = max(1, span_s(ahead) // load.step_s)
    end = load.start[-1] + step
    first = end - np.timedelta64(span_s(last), "s")
    first = first.astype("datetime64[D]").astype("datetime64[s]")
    least = load.start[0] + np.timedelta64(15, "D")
    origins: list[Any] = []
    at = first
    while at + steps * step <= end and len(origins) < ORIGINS_MAX:
        if at >= least:
            origins.append(at)
        at = at + np.timedelta64(span_s(every), "s")
    if not origins:
        raise UsageError(
            "nothing-to-score",
            f"{load.file} is too short for --last {last} and --ahead {ahead}.",
            "A model needs two weeks before the first origin.",
        )
    beside = temperature_of(weather, series.start) if weather is not None else None
    if beside is not None and steps * step >= MONTHS_AHEAD:
        ways = _months_ahead(series, beside, calendar)
        return backtest(series, ways, origins, steps, weather=beside)

    def model(known: Known, seen: Known | None, start: Any) -> Any:
        cut = known.last()
        told = (
            None
            if seen is None
            else Known(seen.names, seen.start[:cut], seen.values[:, :cut], seen.moment)
        )
        fitted = fit_load(known, calendar=calendar, weather=told)
        return forecast_load(fitted, start, ahead=seen, members=TRIED_MEMBERS).quantiles()

    forecasters: dict[str, Forecaster] = {
        "model": model,
        **_baselines(calendar),
    }
    return backtest(series, forecasters, origins, steps, weather=beside)


def _baselines(calendar: Calendar) -> dict[str, Forecaster]:
    zone = calendar.zone
    return {
        "climatology": lambda known, _, start: climatology(known, start, zone=zone),
        "seasonal naive": lambda known, _, start: seasonal_naive(known, start, zone=zone),
    }


def _months_ahead(series: Knowable, weather: Knowable, calendar: Calendar) -> dict[str, Forecaster]:
    """The ways together, each by itself, and the baselines."""
    months = MonthsAhead(series, weather, calendar)
    seen: dict[str, dict[str, Array]] = {}

    def together(known: Known, _: Known | None, start: Any) -> Array:
        made = months.forecast(start, known.moment, members=TRIED_MEMBERS)
        return made.members.quantiles()

    def alone(way: str) -> Forecaster:
        def of(known: Known, _: Known | None, start: Any) -> Array:
            at = str(known.moment)
            if at not in seen:
                seen[at] = months.see(start, known.moment, members=TRIED_MEMBERS).quantiles
            return seen[at][way]

        return of

    return {"model": together, **{way: alone(way) for way in WAYS}, **_baselines(calendar)}


def backtest_meters(
    workspace: Workspace,
    meters: Sequence[str],
    *,
    weather: Path | None = None,
    country: str = "",
    ahead: str = "24h",
    every: str = "7d",
    last: str = "8w",
) -> list[Score]:
    """Score forecasts of meters of the workspace; see `backtest_readings`.

    Args:
        workspace: Whose meters.
        meters: Their names.
        weather: Outdoor temperature.
        country: Country of the holidays, such as DE or DE-BY.
        ahead: How far each forecast goes.
        every: How often one is made.
        last: Over how much of the end of the readings.

    Raises:
        NotFoundError: `unknown-meter`.
        UsageError: `bad-span`, `nothing-to-score`.
    """
    zone = meter_named(workspace, meters[0]).zone
    return backtest_readings(
        usage_of(workspace, meters, checked=False),
        calendar=calendar_of(country, zone),
        weather=read_series(weather, zone=zone, checked=False) if weather else None,
        ahead=ahead,
        every=every,
        last=last,
    )
