"""Load weeks and months ahead: three ways of seeing it, weighed by how they did in past months.

One goes on growing, one keeps its level, one is a plain regression on the month and the weather of
past years. Where no one knows the weather, which of them is right changes from year to year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from abate.algorithms.forecasting.backtest import Knowable
from abate.algorithms.forecasting.combining import combine, in_ranks_of, learn_weights
from abate.algorithms.forecasting.days import Days, days_of
from abate.algorithms.forecasting.regression import ridge
from abate.algorithms.forecasting.scenarios import shifted_years
from abate.algorithms.forecasting.scores import PERCENTILES, Array, ordered, quantiles_of
from abate.algorithms.forecasting.series import Known, Moments, grid
from abate.energy.facts.calendars import Calendar
from abate.energy.planners.load import (
    Ensemble,
    LoadModel,
    LoadSettings,
    fit_load,
    forecast_load,
)

WAYS = ("growth", "level", "plain")
"""How load is seen: a regression whose growth goes on, the same without growth, a plain one."""
MONTHS_AHEAD = np.timedelta64(14, "D")
"""Horizon from which the ways are weighed."""
MONTHS_BACK = 24
"""Past months in which the ways are compared."""
LEAST_DAYS = 730
"""History before the first of these months below which they are not compared."""
MEMBERS_BACK = 300
PLAIN_YEARS = 5
SCENARIO_YEARS = 10
SHIFTS = range(-3, 4)
"""Years whose weather may come again, and days by which it is moved: 70 scenarios."""
RESIDUAL_YEARS = 2
SEASON_DAYS = 60
PENALTY = 1e-3
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A stretch of load seen in each way.

    Args:
        model: The regression whose growth goes on.
        members: What it says.
        quantiles: By way, at `PERCENTILES`; each (series, steps, 99).
    """

    model: LoadModel
    members: Ensemble
    quantiles: dict[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """A forecast from all ways together.

    Args:
        model: The regression whose growth goes on.
        members: Of every series; their quantiles are those of the ways, averaged by weight.
        weights: Of each way; one for growth alone where there was too little past to compare.
    """

    model: LoadModel
    members: Ensemble
    weights: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class MonthsAhead:
    """Load of weeks to a year ahead, by the ways weighed; past months are forecast once.

    Args:
        load: Of some series, with what was known when.
        weather: Temperature on the grid of the load; without it the regression alone is used.
        calendar: Whose holidays and clocks.
        past: Past months seen so far: quantiles `(ways, series, steps, 99)` and what came.
    """

    load: Knowable
    weather: Knowable | None
    calendar: Calendar
    past: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    def forecast(
        self,
        start: Moments,
        moment: np.datetime64,
        *,
        ahead: Known | None = None,
        members: int = 300,
        seed: int = 1,
    ) -> Weighed:
        """Forecast the steps, the ways weighed by the months before.

        Where less than three years are known, the regression alone is used.

        Args:
            start: Beginning of each step.
            moment: Up to when data is used.
            ahead: Known weather of the steps; what it covers is left to the regression.
            members: At least this many.
            seed: Of the members.
        """
        known = self.load.as_of(moment)
        months = past_months(known, moment) if self.weather is not None else []
        if not months:
            seen = self.weather.as_of(moment) if self.weather is not None else None
            model = fit_load(known, calendar=self.calendar, weather=_upto(seen, known))
            made = forecast_load(model, start, ahead=ahead, members=members, seed=seed)
            return Weighed(model, made, {"growth": 1.0})
        weights = month_weights([self.of_month(m, known.step) for m in months])
        now = self.see(start, moment, ahead=ahead, members=members, seed=seed)
        values = now.members.values
        averaged = combine([now.quantiles[way] for way in WAYS], weights)
        mixed = np.maximum(in_ranks_of(values, ordered(averaged)), now.model.low[:, None])
        covered = _covered(ahead, start)
        mixed[:, :, covered] = values[:, :, covered]
        shares = {way: round(w, 4) for way, w in zip(WAYS, weights.tolist(), strict=True)}
        told = {**now.model.parameters, "ways": shares, "months_compared": len(months)}
        return Weighed(
            replace(now.model, parameters=told), Ensemble(known.names, start, mixed), shares
        )

    def of_month(self, month: Any, step: np.timedelta64) -> tuple[Array, Array]:
        """A past month as it would have been forecast before it, and what came."""
        name = str(month)
        if name not in self.past:
            begin, end = (m.astype("datetime64[s]") for m in (month, month + 1))
            steps = grid(begin, int((end - begin) // step), step)
            seen = self.see(steps, begin, members=MEMBERS_BACK)
            came = self.load.as_of(end)
            told = np.stack([seen.quantiles[way] for way in WAYS])
            at = np.searchsorted(came.start, steps)
            there = at < len(came.start)
            values = np.full((len(came.names), len(steps)), np.nan)
            values[:, there] = came.values[:, at[there]]
            self.past[name] = (told, values)
        return self.past[name]

    def see(
        self,
        start: Moments,
        moment: np.datetime64,
        *,
        ahead: Known | None = None,
        members: int = 300,
        seed: int = 1,
    ) -> Seen:
        """See a stretch in each way, from what was known at a moment."""
        assert self.weather is not None
        known = self.load.as_of(moment)
        weather = _upto(self.weather.as_of(moment), known)
        growing = LoadSettings()
        models = [
            fit_load(known, calendar=self.calendar, weather=weather, settings=settings)
            for settings in (growing, replace(growing, trend=False))
        ]
        grown, level = (
            forecast_load(model, start, ahead=ahead, members=members, seed=seed) for model in models
        )
        plain = plain_regression(known, models[0], start, seed=seed)
        low = models[0].low[:, None, None]
        found = dict(zip(WAYS, (grown.quantiles(), level.quantiles(), plain), strict=True))
        return Seen(models[0], grown, {way: np.maximum(q, low) for way, q in found.items()})


def past_months(known: Known, moment: np.datetime64, back: int = MONTHS_BACK) -> list[Any]:
    """Months before a moment in which the ways can be compared, the latest last."""
    last = moment.astype("datetime64[M]")
    there = np.flatnonzero(~np.isnan(known.values).all(axis=0))
    if not len(there):
        return []
    least = known.start[there[0]] + np.timedelta64(LEAST_DAYS, "D")
    months = [last - k for k in range(back, 0, -1)]
    return [m for m in months if m.astype("datetime64[s]") >= least]


def month_weights(months: Sequence[tuple[Array, Array]]) -> Array:
    """Weights of the ways from past months; every series counts alike.

    Args:
        months: Of each: quantiles (ways, series, steps, 99) and what came (series, steps).
    """
    quantiles = np.concatenate([told for told, _ in months], axis=2)
    actual = np.concatenate([came for _, came in months], axis=1)
    size = np.nan_to_num(np.abs(actual)).mean(axis=1)
    size = np.where(size > 0, size, 1.0)
    flat = (quantiles / size[:, None, None]).reshape(len(quantiles), -1, len(PERCENTILES))
    return learn_weights(flat, (actual / size[:, None]).ravel())


def _covered(ahead: Known | None, start: Moments) -> Any:
    """Which steps have known weather."""
    found = np.zeros(len(start), bool)
    if ahead is not None:
        at = np.searchsorted(ahead.start, start)
        inside = at < len(ahead.start)
        found[inside] = ~np.isnan(ahead.values[:, at[inside]]).all(axis=0)
    return found


def _upto(weather: Known | None, load: Known) -> Known | None:
    """Weather of the steps of the history."""
    if weather is None:
        return None
    cut = load.last()
    return Known(weather.names, weather.start[:cut], weather.values[:, :cut], weather.moment)


def plain_regression(known: Known, model: LoadModel, start: Moments, *, seed: int = 1) -> Array:
    """Quantiles by a plain regression: month, weekday, growth, and temperature to the third power.

    By step of the day, over five years; the weather of the same dates in ten past years, moved by
    up to three days, comes again, with residuals of the season.

    Args:
        known: Of the load.
        model: Fitted on the same; its weather is used.
        start: Beginning of each step.
        seed: Of the residuals drawn.

    Returns:
        Shape (series, steps, 99).

    Source: Hong (2010), Short Term Electric Load Forecasting, the benchmark of section 3; Xie and
        Hong (2018) for the scenarios.
    """
    whole, laid = days_of(start, model.calendar.zone), model.days
    y = laid.by_day(known.values[:, : known.last()])
    first = max(0, laid.count - PLAIN_YEARS * YEAR_DAYS, _begun(y))
    offset = int((whole.first - laid.first).astype(int))
    come = shifted_years(model.temperature, offset, whole.count, SCENARIO_YEARS, SHIFTS)
    if not come:
        return np.full((len(y), len(start), len(PERCENTILES)), np.nan)
    scenarios = np.array(come)
    usual, spread = model.temperature[first:].mean(), model.temperature[first:].std() or 1.0
    told = np.empty((len(scenarios), len(y), whole.count, whole.steps))
    fitted = np.empty((len(y), laid.count - first, laid.steps))
    for step in range(laid.steps):
        past, ahead = (
            _plain_design(dates, laid.dates[-1], (warmth - usual) / spread)
            for dates, warmth in (
                (laid.dates[first:], model.temperature[first:, step]),
                (whole.dates, scenarios[:, :, step]),
            )
        )
        ones, penalty = np.ones(len(past)), np.full(past.shape[-1], PENALTY)
        coefficients = ridge(past, y[:, first:, step].T, ones, penalty)
        fitted[:, :, step] = (past @ coefficients).T
        told[:, :, :, step] = np.moveaxis(ahead @ coefficients, -1, 1)
    residuals = (y[:, first:] - fitted)[:, -RESIDUAL_YEARS * YEAR_DAYS :]
    drawn = _with_residuals(told, residuals, laid.dates[-residuals.shape[1] :], whole, seed)
    flat = quantiles_of(drawn).reshape(len(y), -1, len(PERCENTILES))
    return ordered(flat[:, whole.place])


def _begun(y: Array) -> int:
    """The first day of which anything is known."""
    return int(np.flatnonzero(~np.isnan(y).all(axis=(0, 2)))[0])


def _plain_design(dates: Any, now: np.datetime64, warmth: Array) -> Array:
    """Features of days at one step of the day; shape (..., days, features)."""
    month = dates.astype("datetime64[M]").astype(np.int64) % 12
    weekday = (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7
    months, weekdays = np.eye(12)[month][:, 1:], np.eye(7)[weekday][:, 1:]
    growth = (dates - now).astype(float)[:, None] / YEAR_DAYS
    daily = np.concatenate([np.ones((len(dates), 1)), growth, months, weekdays], axis=1)
    powers = np.stack([warmth, warmth**2, warmth**3], axis=-1)
    crossed = (powers[..., :, None] * months[:, None, :]).reshape(*warmth.shape, -1)
    wide = np.broadcast_to(daily, (*warmth.shape, daily.shape[1]))
    return np.concatenate([wide, powers, crossed], axis=-1)


def _with_residuals(told: Array, residuals: Array, dates: Any, ahead: Days, seed: int) -> Array:
    """Scenarios with residuals of days of the same season; shape (draws, series, days, steps)."""
    rng = np.random.default_rng(seed)
    middle = ahead.first + ahead.count // 2
    apart = np.abs(((dates - middle).astype(np.int64) + 182) % YEAR_DAYS - 182)
    near = np.flatnonzero((apart <= SEASON_DAYS) & ~np.isnan(residuals).all(axis=(0, 2)))
    if not len(near):
        return told
    which = np.resize(np.arange(len(told)), MEMBERS_BACK)
    days = rng.choice(near, size=(MEMBERS_BACK, ahead.count))
    drawn = np.moveaxis(np.nan_to_num(residuals)[:, days], 1, 0)
    return told[which] + drawn
