"""Load: what meters will show, hours to a year ahead, as members that add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.days import (
    LEAD_DAYS,
    Days,
    days_of,
    season_features,
    weather_features,
)
from abate.algorithms.forecasting.regression import ridge
from abate.algorithms.forecasting.scenarios import DAYS_PER_YEAR, ScenarioSettings, scenarios
from abate.algorithms.forecasting.scores import PERCENTILES, ordered, quantiles_of
from abate.algorithms.forecasting.series import Known, Moments
from abate.energy.facts.calendars import Calendar

Array = npt.NDArray[np.float64]
LEADS = (1, 2, 4, 7)
"""Days ahead up to which a correction by the latest residuals is fitted; past the last there is none."""

WEATHER_GAP_SHARE = 0.25
"""Share of a day's weather that may be missing and is filled by straight lines."""
CORRECTION_DAYS = 182
"""Latest days from which is learnt how long residuals stay."""
ONE_SEASON_DAYS, TWO_SEASONS_DAYS = 330, 550
"""Days of history from which a season, and growth beside it, can be learnt."""
LEAST_DAYS = 14
"""Days with weather below which a model does without it."""
DRIFT_DAYS = 14
DRIFT_RATIO_MAX = 1.6
"""Growth of the residuals from which a model has drifted."""
REFIT_DAYS = 28
"""Age from which a model is fitted again."""


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """Choices of the load model, made by backtest.

    Args:
        years: History used at most.
        half_life_years: Age at which a day weighs half.
        knots: Bends of the response to temperature.
        ridge: Penalty on features in units of their own spread.
        harmonics: Of the year.
        trend: Whether growth goes on.
        stations: Weather stations averaged, those that explain the load best.
        scenarios: How weather to come is made where nobody forecast it.
        residual_days: Past days whose residuals may come again.
        season_days: How far from the season of the forecast they may be.
        spread_ratio: By which residuals of the fit are widened, since the fit has seen them.
        short_days: History below which only the plainest features are used.
    """

    years: float = 9.0
    half_life_years: float = 3.0
    knots: int = 7
    ridge: float = 1.0
    harmonics: int = 3
    trend: bool = True
    stations: int = 6
    scenarios: ScenarioSettings = field(default_factory=ScenarioSettings)
    residual_days: int = 400
    season_days: int = 60
    spread_ratio: float = 1.15
    short_days: int = 60


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """A forecast as members: in each, all series go through the same weather and the same kind of day.

    So members add up: the sum over meters of a member is the member of the sum, and quantiles of
    any sum follow.

    Args:
        names: Names of the series.
        start: Beginning of each step.
        values: Shape (members, series, steps).
    """

    names: tuple[str, ...]
    start: Moments
    values: Array

    def quantiles(self, levels: Array = PERCENTILES, *, low: float = -np.inf) -> Array:
        """Quantiles of each series and step; shape (series, steps, levels)."""
        return ordered(quantiles_of(self.values, levels), low=low)

    def summed(self, groups: dict[str, list[int]]) -> Ensemble:
        """Sums over groups of series, member by member.

        Example:
            >>> two = Ensemble(("a", "b"), np.array([], "datetime64[s]"), np.ones((3, 2, 4)))
            >>> two.summed({"site": [0, 1]}).values[0].tolist()
            [[2.0, 2.0, 2.0, 2.0]]
        """
        values = np.stack([self.values[:, rows].sum(axis=1) for rows in groups.values()], axis=1)
        return Ensemble(tuple(groups), self.start, values)


@dataclass(frozen=True, slots=True, eq=False)
class LoadModel:
    """A fitted load model of many series that share their weather.

    Args:
        names: Names of the series.
        settings: Choices made.
        calendar: Whose holidays.
        moment: Up to when data was known.
        days: Layout of the history.
        coefficients: By step of the day; shape (steps, features, series).
        residuals: By day and step, NaN where the load was missing; shape (series, days, steps).
        correction: By lead: on the last day's mean, its same step, the last week's mean; shape
            (leads, 3, series).
        scale: Mean and spread of the features; two arrays (features,).
        knots: Of temperature; empty without weather.
        weights: Of the stations; shape (stations,).
        temperature: History of the weather by day and step; shape (days, steps), empty without.
        short: Whether history was too short for more than the plainest features.
        now: Day from which growth is counted.
        fitted: Up to when data was known when the coefficients were fitted.
        spread: Root mean square of the residuals in a bad fortnight up to the fit; shape (series,).
        low: What no value falls below; shape (series,).
        parameters: Choices and what became of them, for the record.
    """

    names: tuple[str, ...]
    settings: LoadSettings
    calendar: Calendar
    moment: np.datetime64
    days: Days
    coefficients: Array
    residuals: Array
    correction: Array
    scale: tuple[Array, Array]
    knots: Array
    weights: Array
    temperature: Array
    short: bool
    now: np.datetime64
    fitted: np.datetime64
    spread: Array
    low: Array
    parameters: dict[str, object] = field(default_factory=dict)

    @property
    def drift_ratio(self) -> Array:
        """Root mean square of the residuals of the latest two weeks over a bad fortnight's up to the fit; shape (series,)."""
        recent = self.residuals[:, -DRIFT_DAYS:]
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Array = np.sqrt(np.nanmean(recent**2, axis=(1, 2))) / self.spread
        return found

    @property
    def is_due(self) -> bool:
        """Whether it should be fitted anew: it is older than four weeks of data, or has drifted."""
        age = self.moment - self.fitted
        return bool(age > np.timedelta64(REFIT_DAYS, "D")) or bool(
            (self.drift_ratio > DRIFT_RATIO_MAX).any()
        )


def fit_load(
    load: Known,
    *,
    calendar: Calendar,
    weather: Known | None = None,
    settings: LoadSettings | None = None,
    held: LoadModel | None = None,
) -> LoadModel:
    """Fit a regression for each step of the day to all series at once.

    Formula: load = calendar + season + growth + response to temperature now and before, by step of
        the day

    Args:
        load: What was known of the load; equal steps.
        calendar: Whose holidays and clocks.
        weather: What was known of temperature at one station or more [°C or °F], on the same grid,
            without gaps; None forecasts from calendar and season alone.
        settings: Choices; the defaults were made by backtest.
        held: A model fitted earlier, whose coefficients are kept; only its residuals are brought up
            to date.

    Source: Hong (2010), Short Term Electric Load Forecasting; Wang, Liu and Hong (2016), the
        recency effect.
    """
    chosen = settings or LoadSettings()
    end = load.last()
    laid = days_of(load.start[:end], calendar.zone)
    y = laid.by_day(load.values[:, :end])
    had = np.flatnonzero(~np.isnan(y).all(axis=(0, 2)))
    count = int(had[-1] - had[0] + 1) if len(had) else 0
    first = max(int(had[0]) if len(had) else 0, laid.count - round(chosen.years * DAYS_PER_YEAR))
    short = count < chosen.short_days
    temperature, knots, weights = np.zeros((0, laid.steps)), np.zeros(0), np.zeros(0)
    if weather is not None:
        stations = laid.by_day(weather.values[:, :end])
        weights = _stations(y, stations, chosen) if held is None else held.weights
        seen = np.einsum("w,wds->ds", weights, stations)
        with_weather = np.flatnonzero(np.isnan(seen).mean(axis=1) < WEATHER_GAP_SHARE)
        if len(with_weather) < LEAD_DAYS + LEAST_DAYS:
            return fit_load(load, calendar=calendar, settings=chosen, held=held)
        first = max(first, int(with_weather[0]) + LEAD_DAYS)
        blind = np.setdiff1d(np.arange(laid.count), with_weather)
        y = y.copy()
        y[:, blind] = np.nan  # days without weather teach nothing about it
        temperature = _filled(seen)
        short = short or laid.count - first < chosen.short_days
        knots = (
            np.quantile(temperature[first:], np.linspace(0.03, 0.97, chosen.knots))
            if held is None
            else held.knots
        )
    short = short if held is None else held.short
    chosen = _affordable(chosen, laid.count - first) if held is None else held.settings
    dates = laid.dates
    now = dates[-1] if held is None else held.now
    led = temperature[first - LEAD_DAYS :] if len(knots) else None
    design = _design(dates[first:], now, calendar, chosen, led, knots, laid.steps, short)
    mean, spread = design.mean(axis=(0, 1)), design.std(axis=(0, 1))
    mean[0], spread[spread < 1e-9] = 0.0, 1.0
    scale = (mean, spread) if held is None else held.scale
    design = (design - scale[0]) / scale[1]
    if held is None:
        age = (len(dates) - 1 - np.arange(first, len(dates))) / DAYS_PER_YEAR
        weight = 0.5 ** (age / chosen.half_life_years)
        penalty = np.full(design.shape[-1], chosen.ridge)
        penalty[0] = 0.0
        coefficients = np.stack(
            [ridge(design[:, s], y[:, first:, s].T, weight, penalty) for s in range(laid.steps)]
        )
    else:
        coefficients = held.coefficients
    residuals = np.full(y.shape, np.nan)
    residuals[:, first:] = y[:, first:] - np.einsum(
        "dsf,sfm->mds", design, coefficients, optimize=True
    )
    usual = _usual_spread(residuals)
    return LoadModel(
        load.names,
        chosen,
        calendar,
        load.moment,
        laid,
        coefficients,
        residuals,
        _correction(residuals),
        scale,
        knots,
        weights,
        temperature,
        short,
        now,
        load.moment if held is None else held.fitted,
        np.maximum(usual, 1e-12) if held is None else held.spread,
        low=np.where((np.nan_to_num(y) < 0).any(axis=(1, 2)), -np.inf, 0.0),
        parameters=asdict(chosen)
        | {
            "calendar": asdict(calendar),
            "days": count,
            "features": design.shape[-1],
        },
    )


def forecast_load(
    model: LoadModel,
    start: Moments,
    *,
    ahead: Known | None = None,
    members: int = 300,
    seed: int = 1,
) -> Ensemble:
    """Forecast the steps to come as members.

    Where the weather to come is known (a forecast), all members go through it; beyond it, and
    without one, past years' weather of the same season comes again, and the latest departure from
    it fades.

    Args:
        model: Fitted.
        start: Beginning of each step to forecast, from the end of the history on.
        ahead: Known weather on a grid that covers history and horizon, NaN where it is not known.
        members: At least this many.
        seed: Of the pairing of weather and residuals.
    """
    whole = days_of(start, model.calendar.zone)
    offset = int((whole.first - model.days.first).astype(int))
    lead = (
        offset - model.days.count
    )  # days between history and the first day; -1 within its last day
    rng = np.random.default_rng(seed)
    temperature = _weather_ahead(model, offset, whole, ahead)
    weathers = 1 if temperature is None else len(temperature)
    design = _design(
        whole.dates,
        model.now,
        model.calendar,
        model.settings,
        temperature,
        model.knots,
        whole.steps,
        model.short,
    )
    design = (design - model.scale[0]) / model.scale[1]
    design = design[None] if temperature is None else design
    central = np.einsum("wdsf,sfm->wmds", design, model.coefficients, optimize=True)
    central += _carried(model, lead, whole.count)[None]
    draws = weathers * -(-members // weathers)
    values = np.empty((draws, len(model.names), len(whole.place)))
    for j, residual in enumerate(_residual_paths(model, offset, lead, whole.count, draws, rng)):
        values[j] = whole.unfold(central[j % weathers] + model.settings.spread_ratio * residual)
    return Ensemble(model.names, start, np.maximum(values, model.low[:, None]))


def _affordable(settings: LoadSettings, days: int) -> LoadSettings:
    """What a history can tell: growth apart from the season needs more than a year, the season most of one."""
    if days >= TWO_SEASONS_DAYS:
        return settings
    return replace(
        settings, trend=False, harmonics=min(settings.harmonics, int(days >= ONE_SEASON_DAYS))
    )


def _usual_spread(residuals: Array) -> Array:
    """Root mean square of the residuals in a fortnight, of which nine in ten of the last year are calmer."""
    fortnights = residuals.shape[1] // DRIFT_DAYS
    recent = residuals[:, residuals.shape[1] - min(fortnights, 26) * DRIFT_DAYS :]
    there = ~np.isnan(recent)
    shape = (len(residuals), -1, DRIFT_DAYS * residuals.shape[2])
    squares = np.where(there, recent, 0.0).reshape(shape) ** 2
    counts = there.reshape(shape).sum(axis=2)
    rms = np.sqrt(squares.sum(axis=2) / np.maximum(counts, 1))
    rms = np.where(counts > 0, rms, np.nan)
    rms[np.isnan(rms).all(axis=1)] = 0.0
    return (
        np.maximum(np.nanquantile(rms, 0.9, axis=1), rms[:, -1])
        if rms.shape[1]
        else np.zeros(len(residuals))
    )


def _filled(temperature: Array) -> Array:
    """Weather without gaps: straight lines between what is known."""
    flat = temperature.ravel()
    there = ~np.isnan(flat)
    if there.all() or not there.any():
        return np.nan_to_num(temperature)
    at = np.arange(len(flat))
    return np.interp(at, at[there], flat[there]).reshape(temperature.shape)


def _stations(y: Array, stations: Array, settings: LoadSettings) -> Array:
    """Equal weights of the stations that explain the recent load best, by cubic polynomials in four parts of the day."""
    if len(stations) <= 1:
        return np.ones(len(stations))
    recent = slice(max(0, y.shape[1] - 3 * 365), None)
    mean = np.nanmean(y[:, recent] / np.nanmean(y, axis=(1, 2), keepdims=True), axis=0)
    errors = []
    for station in stations:
        if np.isnan(station[recent]).all() or not np.nanstd(station) > 0:
            errors.append(np.inf)
            continue
        t = station[recent] / np.nanstd(station)
        error = 0.0
        for s in range(0, mean.shape[1], max(1, mean.shape[1] // 4)):
            x, target = t[:, s], mean[:, s]
            there = ~np.isnan(x) & ~np.isnan(target)
            if there.sum() > 4:
                error += float(np.polyfit(x[there], target[there], 3, full=True)[1].sum())
        errors.append(error)
    weights = np.zeros(len(stations))
    weights[np.argsort(errors, kind="stable")[: settings.stations]] = 1.0 / min(
        settings.stations, len(stations)
    )
    return weights


def _design(
    dates: Any,
    now: np.datetime64,
    calendar: Calendar,
    settings: LoadSettings,
    temperature: Array | None,
    knots: Array,
    steps: int,
    short: bool,
) -> Array:
    """Features by day and step, the constant first; shape (..., days, steps, features)."""
    kinds = calendar.day_types([d.item() for d in dates])
    weekday = np.array(kinds.weekday)
    off = np.array(kinds.is_holiday)
    rest = (weekday > 4) | off
    one = np.ones(len(dates))
    if short:
        columns = [one, rest * 1.0, (weekday == 5) * 1.0]
    else:
        season = (
            season_features(dates, settings.harmonics)
            if settings.harmonics
            else np.zeros((len(dates), 0))
        )
        columns = [
            one,
            *((weekday == k) * 1.0 for k in range(1, 7)),
            off * 1.0,
            np.array(kinds.is_bridge) * 1.0,
        ]
        columns += [np.array(kinds.is_eve) * 1.0, *season.T, *(season[:, :2] * rest[:, None]).T]
        if settings.trend:
            columns.append((dates - now).astype(float) / DAYS_PER_YEAR)
    daily = np.stack(columns, axis=-1)[:, None, :]
    if temperature is None or not len(knots):
        return np.broadcast_to(daily, (len(dates), steps, daily.shape[-1])).copy()
    felt = weather_features(temperature, knots)
    if short:
        felt = felt[..., : 1 + len(knots) : 3]
    wide = np.broadcast_to(daily, (*felt.shape[:-1], daily.shape[-1]))
    if short:
        return np.concatenate([wide, felt], axis=-1)
    warmth = felt[..., [0, 2 + len(knots) // 2]] - [
        knots.mean(),
        0.0,
    ]  # the response differs by season and by rest
    turns = np.stack([*season[:, :2].T, rest * 1.0], axis=-1)[:, None, :]
    crossed = (warmth[..., :, None] * turns[..., None, :]).reshape(*felt.shape[:-1], -1)
    return np.concatenate([wide, felt, crossed], axis=-1)


def _correction(residuals: Array) -> Array:
    """How much of the latest residuals is left after some days.

    By ridge over all days and steps of each series.
    """
    residuals = residuals[:, -CORRECTION_DAYS:]
    found = np.zeros((len(LEADS), 3, len(residuals)))
    mean = np.nanmean(
        np.where(np.isnan(residuals).all(axis=2, keepdims=True), 0.0, residuals), axis=2
    )
    week = np.stack([np.roll(mean, k, axis=1) for k in range(7)]).mean(axis=0)
    clean = np.nan_to_num(residuals)
    for k, lead in enumerate(LEADS):
        begin = lead + 7
        if residuals.shape[1] < begin + 14:
            continue
        y = clean[:, begin:]
        x = np.stack(
            [
                np.broadcast_to(m[:, begin - lead : m.shape[1] - lead, None], y.shape)
                for m in (mean, week)
            ]
        )
        x = np.stack([x[0], clean[:, begin - lead : clean.shape[1] - lead], x[1]])
        left = np.einsum("imds,jmds->mij", x, x, optimize=True)
        right = np.einsum("imds,mds->mi", x, y, optimize=True)
        left += np.eye(3) * (1e-9 + 0.02 * np.trace(left, axis1=1, axis2=2)[:, None, None] / 3)
        found[k] = np.linalg.solve(left, right[:, :, None])[:, :, 0].T
    return found


def _carried(model: LoadModel, lead: int, count: int) -> Array:
    """What the latest residuals still say of each day to come; shape (series, days, steps)."""
    found = np.zeros((len(model.names), count, model.days.steps))
    last = model.days.count - 1
    for i in range(count):
        found[:, i] = _left_of(model, last, lead + 1 + i)
    return found


def _left_of(model: LoadModel, day: int, lead: int) -> Array:
    """What the residuals up to a day say of the day that many days later; shape (series, steps)."""
    bucket = next((k for k, most in enumerate(LEADS) if lead <= most), None)
    if bucket is None or lead < 1:
        return np.zeros((len(model.names), model.days.steps))
    on_mean, on_step, on_week = model.correction[bucket]
    latest, last = model.residuals[:, max(0, day - 6) : day + 1], model.residuals[:, day]
    mean, week = (
        np.nan_to_num(part).sum(axis=axes)
        / np.maximum((~np.isnan(part)).sum(axis=axes), 1)  # of a day that is not over too
        for part, axes in ((last, 1), (latest, (1, 2)))
    )
    carried: Array = (
        on_step[:, None] * np.nan_to_num(last) + (on_mean * mean + on_week * week)[:, None]
    )
    return carried


def _residual_paths(
    model: LoadModel, offset: int, lead: int, count: int, draws: int, rng: Any
) -> Iterator[Array]:
    """Stretches of past residuals of the season, as they would have stood at the same lead.

    (series, days, steps).
    """
    known = np.flatnonzero(~np.isnan(model.residuals).all(axis=(0, 2)))
    if not len(known):
        nothing = np.zeros((len(model.names), count, model.days.steps))
        yield from (nothing for _ in range(draws))
        return
    low, high = min(int(known[0]) + 8, int(known[-1])), int(known[-1]) + 1
    days = np.arange(max(low, high - model.settings.residual_days), high)
    apart = np.abs((days - (offset + count // 2) + 182) % 365 - 182)
    near = days[apart <= model.settings.season_days]
    days = near if len(near) >= 28 else days
    picks = np.floor((np.arange(draws) + rng.uniform(0, 1, draws)) / draws * len(days)).astype(int)
    clean = np.nan_to_num(model.residuals)
    corrected = {}
    for i in range(min(count, LEADS[-1])):
        ahead = lead + 1 + i
        if 1 <= ahead <= LEADS[-1]:
            corrected[i] = clean - _carried_history(model, clean, ahead)
    for first in days[rng.permutation(picks)]:
        at = low + (first + np.arange(count) - low) % max(high - low, 1)
        path = clean[:, at].copy()
        for i, values in corrected.items():
            path[:, i] = values[:, at[i]]
        yield path


def _carried_history(model: LoadModel, clean: Array, lead: int) -> Array:
    """What the residuals some days before each day said of it; shape as the residuals."""
    bucket = next(k for k, most in enumerate(LEADS) if lead <= most)
    on_mean, on_step, on_week = model.correction[bucket][:, :, None]
    mean = clean.mean(axis=2)
    sums = np.cumsum(np.pad(mean, ((0, 0), (7, 0))), axis=1)
    week = (sums[:, 7:] - sums[:, :-7]) / 7
    said = on_step[:, :, None] * clean + (on_mean * mean + on_week * week)[:, :, None]
    found = np.zeros_like(clean)
    found[:, lead:] = said[:, : clean.shape[1] - lead]
    return found


def _weather_ahead(model: LoadModel, offset: int, whole: Days, ahead: Known | None) -> Array | None:
    """Temperature of the days to come, one scenario or many, led by the days before.

    (scenarios, days, steps).
    """
    if not len(model.knots):
        return None
    history, count, have = model.temperature, whole.count, len(model.temperature)
    come = scenarios(history, model.days.first, offset, count, model.settings.scenarios)
    lead_in = np.concatenate(
        [history, np.broadcast_to(history[-1:], (max(0, offset - have), model.days.steps))]
    )
    lead_in = lead_in[offset - LEAD_DAYS : offset]
    if ahead is not None:
        horizon = np.array([whole.first, whole.first + whole.count]).astype("datetime64[s]")
        there = (ahead.start >= horizon[0] - np.timedelta64(1, "D")) & (
            ahead.start < horizon[1] + np.timedelta64(1, "D")
        )
        known = _known_weather(model, ahead, there, whole)
        come = np.where(np.isnan(known)[None], come, known[None])
        if not np.isnan(known).any():
            come = come[:1]
    return np.concatenate([np.broadcast_to(lead_in, (len(come), *lead_in.shape)), come], axis=1)


def _known_weather(model: LoadModel, ahead: Known, there: Any, whole: Days) -> Array:
    """Forecast temperature by day and step of the horizon, NaN where there is none."""
    found = np.full((whole.count, whole.steps), np.nan)
    if there.any():
        laid = days_of(ahead.start[there], model.calendar.zone)
        value = np.einsum("w,wds->ds", model.weights, laid.by_day(ahead.values[:, there]))
        shift = int((whole.first - laid.first).astype(int))
        for i in range(whole.count):
            if 0 <= i + shift < laid.count:
                found[i] = value[i + shift]
    return found
