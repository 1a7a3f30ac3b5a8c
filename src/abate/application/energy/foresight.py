"""What a site foresees at each step: its load and plants forecast at the beginning of every day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from abate.adapters.readers.energy_config import EnergyConfig, PlantSource
from abate.algorithms.forecasting.scores import PERCENTILES
from abate.algorithms.forecasting.series import grid, observed
from abate.application.energy.forecasts import plant_forecast, site_weather
from abate.energy.facts.clocks import Clock
from abate.energy.facts.readings import Readings
from abate.energy.planners.load import Array, LoadModel, fit_load, forecast_load
from abate.energy.planners.rolling import Outlooks
from abate.kernel.errors import DataError, UsageError

DAYS_MAX = 62
"""Days that are forecast by models, one issue a day; of more, means of past weeks are used."""
HISTORY_DAYS = 14
MEMBERS = 100
RANGE = (0.1, 0.9)
CARRIED_H = 3.0
"""Hours in which the error of the latest step fades to a third."""
HOUR_S = 3600
MODEL, MEANS = "models", "means of past weeks"


@dataclass(frozen=True, slots=True, eq=False)
class Foreseen:
    """Forecasts that a plan stood on.

    Args:
        outlooks: Of each step, what was foreseen from it on.
        by: By `models`, or by `means of past weeks`.
        low_kw: Load less generation of each step, of which one in ten was to be lower, as foreseen
            at the beginning of its day; empty with means.
        high_kw: The same, nine in ten.
    """

    outlooks: Outlooks
    by: str
    low_kw: Array
    high_kw: Array

    def inside_80(self, net_kw: Array) -> float | None:
        """Share of the steps that came within the range; None with means.

        Args:
            net_kw: Load less generation that came `(n,)`.
        """
        if not len(self.low_kw):
            return None
        return float(((net_kw >= self.low_kw) & (net_kw <= self.high_kw)).mean())


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What was known of a site before and during the steps.

    Args:
        start: Beginning of each step, UTC, from the first reading to the last step.
        load_kw: Of all of them; NaN where there is no reading.
        recent: Load and generation of the steps and of four weeks before them `(2, …)`.
    """

    start: Any
    load_kw: Array
    recent: Array


def foresee(
    site: str, clock: Clock, past: Past, config: EnergyConfig, ahead_h: int, quantile: float
) -> Foreseen:
    """Forecasts at each step, by models where they can be, else by means of past weeks.

    Args:
        site: The site.
        clock: The steps that are planned.
        past: What was known.
        config: Its weather and plants.
        ahead_h: Hours ahead.
        quantile: Of load, with the opposite one of generation.

    Raises:
        UsageError: `too-little-data`.
    """
    days = np.unique(clock.local.astype("datetime64[D]"))
    begun = clock.start[0] - past.start[0] >= np.timedelta64(HISTORY_DAYS, "D")
    if len(days) > DAYS_MAX or not begun:
        return Foreseen(_by_means(clock, past, ahead_h), MEANS, np.zeros(0), np.zeros(0))
    try:
        return _by_models(site, clock, past, config, ahead_h, quantile)
    except DataError as error:
        if error.code not in ("too-little-data", "no-weather"):
            raise
        return Foreseen(_by_means(clock, past, ahead_h), MEANS, np.zeros(0), np.zeros(0))


def _by_models(
    site: str, clock: Clock, past: Past, config: EnergyConfig, ahead_h: int, quantile: float
) -> Foreseen:
    n, ahead = len(clock), ahead_h * HOUR_S // clock.step_s
    step = np.timedelta64(clock.step_s, "s")
    load = observed(("load",), past.start, past.load_kw[None])
    read = Readings(("load",), past.start, past.load_kw[None], ("kW",), "load")
    roofs = [r for r in config.roofs if r.site == site]
    days = clock.local.astype("datetime64[D]")
    issues = np.flatnonzero(np.diff(days, prepend=days[0] - 1) > np.timedelta64(0, "D"))
    told = np.zeros((2, n, ahead))
    band = np.zeros((2, n))
    model: LoadModel | None = None
    for first, past_last in zip(issues, [*issues[1:], n], strict=True):
        count, moment = int(past_last - first) + ahead - 1, clock.start[first]
        horizon = grid(moment, count, step)
        seen = coming = None
        if config.weather is not None:
            seen, coming, _ = site_weather(
                config, site, read, moment, horizon, config.calendar.zone
            )
        known = load.as_of(moment)
        held = model if model is not None and not model.is_due else None
        model = fit_load(known, calendar=config.calendar, weather=seen, held=held)
        values = forecast_load(model, horizon, ahead=coming, members=MEMBERS).values[:, 0]
        plants = [_plant(r, moment, horizon, config) for r in roofs]
        used = np.quantile(values, quantile, axis=0)
        given = sum((at(1.0 - quantile) for at in plants), np.zeros(count))
        spread = np.quantile(values, RANGE, axis=0)
        own = int(past_last - first)
        band[0, first:past_last] = (spread[0] - sum(at(RANGE[1]) for at in plants))[:own]
        band[1, first:past_last] = (spread[1] - sum(at(RANGE[0]) for at in plants))[:own]
        for t in range(first, past_last):
            k = t - first
            told[0, t], told[1, t] = used[k : k + ahead], given[k : k + ahead]
    errors = _latest_errors(clock, past, told[0])
    fade = np.exp(-np.arange(1, ahead + 1) * clock.step_s / HOUR_S / CARRIED_H)
    told[0] = np.maximum(told[0] + errors[:, None] * fade[None], 0.0)
    outlooks = Outlooks(told[0], np.maximum(told[1], 0.0))
    return Foreseen(outlooks, MODEL, band[0], band[1])


def _plant(
    roof: PlantSource, moment: np.datetime64, horizon: Any, config: EnergyConfig
) -> Callable[[float], Array]:
    """Power of a plant by the level of a quantile, in the steps of the plan."""
    hour = np.timedelta64(HOUR_S, "s")
    first = moment.astype("datetime64[h]").astype("datetime64[s]")
    hours = grid(first, int((horizon[-1] - first) // hour) + 1, hour)
    try:
        made = plant_forecast(roof, moment, hours, config).quantiles
    except DataError as error:
        if error.code != "no-weather":
            raise
        made = plant_forecast(roof, moment, hours, config, blind=True).quantiles
    at = ((horizon - first) // hour).astype(np.int64)
    return lambda level: made[at, int(np.abs(PERCENTILES - level).argmin())]


def _latest_errors(clock: Clock, past: Past, told: Array) -> Array:
    """By how much the step before each was above what was foreseen of it."""
    at = np.searchsorted(past.start, clock.start)
    came = past.load_kw[at]
    found = np.zeros(len(clock))
    found[1:] = np.nan_to_num(came[:-1] - told[:-1, 0])
    return found


def _by_means(clock: Clock, past: Past, ahead_h: int) -> Outlooks:
    """Means of the same hours before each step, of load by the weekday.

    Raises:
        UsageError: `too-little-data`.
    """
    n, step_h = len(clock), clock.step_h
    ahead, day = int(ahead_h / step_h), int(24 / step_h)
    before = past.recent.shape[1] - n
    made = []
    for values, lag, count in ((past.recent[0], 7 * day, 4), (past.recent[1], day, 7)):
        at = before + np.arange(n)[:, None] + np.arange(ahead)[None]  # the steps foreseen
        first = np.maximum(lag, -(-(np.arange(ahead) + 1) // lag) * lag)[None]  # known at issue
        places = np.stack([at - first - k * lag for k in range(count)])
        seen = np.where(places >= 0, values[np.clip(places, 0, len(values) - 1)], np.nan)
        known = ~np.isnan(seen)
        counts = known.sum(axis=0)
        if (counts == 0).any():
            raise UsageError(
                "too-little-data",
                f"There is less than {lag // day} days of readings before the first step.",
                "Begin later with --from.",
            )
        made.append(np.where(known, seen, 0).sum(axis=0) / counts)
    return Outlooks(*made)
