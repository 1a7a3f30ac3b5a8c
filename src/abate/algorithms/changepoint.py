"""Change-point models of consumption on outdoor temperature, many meters in one batch.

A model is a base, a slope below a heating balance point and a slope above a cooling balance point.
Candidates are fitted over a grid of balance points, refined around the best, and chosen by the
corrected Akaike criterion. Balance points are found with weights that follow the spread of the
residuals, which grows with usage in most meters; base and slopes then by plain least squares, so
that the residuals of the baseline add up to zero.

Source: ASHRAE Guideline 14-2014, annex D (2P to 5P models); Kissock, Haberl and Claridge (2003),
    Inverse Modeling Toolkit; Hurvich and Tsai (1989) for AICc.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

MODELS = ("1P", "2P", "3P heating", "3P cooling", "4P", "5P")
"""Names of the candidates, simplest first."""
PARAMETER_COUNTS = np.array([1, 2, 3, 3, 4, 5])
MEAN, LINE, HEATING, COOLING, FOUR, FIVE = range(6)
GRID_COUNT = 48
"""Balance points tried first; the best is refined to a tenth of their distance."""
FINE = 10
MANY_PERIODS = 40
"""Periods from which on the growth of the residuals with their level is estimated."""
FEW_POWER = 1.0
"""Power of the level by which the variance grows, where there are too few periods to tell."""
LEVEL_SHARE = 0.05
"""Levels below this share of the mean weigh no more than it."""
PASSES = 3
EVEN = 2.0
"""Difference of AICc below which two models are as good. Source: Burnham and Anderson (2002), 2.6."""
DEEP_SHARE = 0.04
"""A balance point leaves at least this share of the days on either side."""


@dataclass(frozen=True, slots=True, eq=False)
class ChangePoints:
    """Fitted models of many meters.

    Args:
        model: Index into `MODELS` of the chosen one, -1 where nothing could be fitted; shape
            (meters,).
        parameters: Base per day, slope per heating degree, slope per cooling degree, heating and
            cooling balance point (NaN where the model has none); shape (meters, 5).
        rss: Weighted residual sum of squares of every candidate, NaN where it was not fitted; shape
            (meters, 6).
        aicc: Corrected Akaike criterion, likewise.
        count: Periods with a value; shape (meters,).
        power: Power of the level by which the variance of the residuals grows; shape (meters,).
    """

    model: npt.NDArray[np.int64]
    parameters: npt.NDArray[np.float64]
    rss: npt.NDArray[np.float64]
    aicc: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]
    power: npt.NDArray[np.float64]


def fit_change_points(
    temperature: npt.ArrayLike,
    period: npt.ArrayLike,
    usage: npt.ArrayLike,
    days: npt.ArrayLike,
    *,
    candidates: tuple[int, ...] = (MEAN, LINE, HEATING, COOLING, FOUR, FIVE),
) -> ChangePoints:
    """Fit change-point models to the usage of many meters and choose one for each.

    Args:
        temperature: Mean outdoor temperature of each day or hour, NaN where missing; shape (meters,
            days), or (days,) where they share it.
        period: Index of the period each day or hour belongs to, -1 for none; same shape.
        usage: Usage per day, averaged over each period, NaN where missing; shape (meters, periods).
        days: Days of each period, as weights; shape (meters, periods) or (periods,).
        candidates: Which models may be chosen.

    Source: ASHRAE Guideline 14-2014, annex D.
    """
    y = np.atleast_2d(np.asarray(usage, float))
    t = np.broadcast_to(np.asarray(temperature, float), (len(y), np.shape(temperature)[-1]))
    p = np.broadcast_to(np.asarray(period, np.int64), t.shape)
    w = np.where(np.isnan(y), 0.0, np.broadcast_to(np.asarray(days, float), y.shape))
    allowed = np.isin(np.arange(len(MODELS)), candidates)
    return _refitted(ChangePoints(*_fit(t, p, np.nan_to_num(y), w, allowed)), t, p, y, w)


def by_period(
    daily: npt.NDArray[np.float64], period: npt.ArrayLike, count: int
) -> npt.NDArray[np.float64]:
    """Means over the days of each period, NaN for a period without days; shape (meters, count)."""
    p = np.broadcast_to(np.asarray(period), daily.shape)
    there = (p >= 0) & ~np.isnan(daily)
    flat = (np.arange(len(daily))[:, None] * count + np.maximum(p, 0))[there]
    sums = np.bincount(flat, daily[there], len(daily) * count)
    with np.errstate(invalid="ignore"):
        means: npt.NDArray[np.float64] = (
            sums / np.bincount(flat, minlength=len(daily) * count)
        ).reshape(-1, count)
    return means


def _refitted(found: ChangePoints, t: Any, p: Any, y: Any, w: Any) -> ChangePoints:
    """Base and slopes again by plain least squares at the balance points found.

    So that residuals add up to zero.
    """
    parameters = found.parameters.copy()
    j = period_jacobian(parameters, t, p, y.shape[1])[:, :, :3]
    used = np.nansum(np.abs(j), axis=1) > 0
    ww = np.where(np.isnan(y), 0.0, w)
    left = np.einsum("mp,mpi,mpk->mik", ww, j, j, optimize=True)
    left[:, np.arange(3), np.arange(3)] += ~used
    right = np.einsum("mp,mpi->mi", ww * np.nan_to_num(y), j, optimize=True)
    good = (found.model >= 0) & (np.linalg.cond(left) < 1e12)
    left[~good] = np.eye(3)
    solved = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    line = found.model == LINE
    parameters[good, 0] = solved[good, 0]
    parameters[good, 1] = np.where(line, -solved[:, 2], np.where(used[:, 1], solved[:, 1], 0.0))[
        good
    ]
    parameters[good, 2] = np.where(used[:, 2], solved[:, 2], 0.0)[good]
    return replace(found, parameters=parameters)


def period_jacobian(
    parameters: npt.NDArray[np.float64],
    temperature: npt.ArrayLike,
    period: npt.ArrayLike,
    count: int,
) -> npt.NDArray[np.float64]:
    """`jacobian` averaged over the days of each period.

    Shape (meters, count, 5), zero where a period has no days.
    """
    daily = jacobian(parameters, temperature)
    daily = np.where(
        np.isnan(np.broadcast_to(np.asarray(temperature, float), daily.shape[:2]))[:, :, None],
        np.nan,
        daily,
    )
    return np.stack(
        [np.nan_to_num(by_period(daily[:, :, k], period, count)) for k in range(5)], axis=-1
    )


def degrees(parameters: npt.NDArray[np.float64], temperature: npt.ArrayLike) -> Any:
    """Heating and cooling degrees of each day or hour at the balance points of each meter.

    Two arrays (meters, days).
    """
    t = np.atleast_2d(np.asarray(temperature, float))
    heating, cooling = (parameters[:, k, None] for k in (3, 4))
    return np.maximum(np.nan_to_num(heating, nan=-1e9) - t, 0.0), np.maximum(
        t - np.nan_to_num(cooling, nan=1e9), 0.0
    )


def predicted(parameters: npt.ArrayLike, temperature: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Usage of each day or hour by fitted models.

    Args:
        parameters: As `ChangePoints.parameters`; shape (meters, 5).
        temperature: Mean outdoor temperature of each day or hour; shape (meters, days) or (days,).

    Example:
        >>> predicted([[10.0, 2.0, 1.0, 15.0, 20.0]], [10.0, 18.0, 25.0]).tolist()
        [[20.0, 10.0, 15.0]]
    """
    p = np.atleast_2d(np.asarray(parameters, float))
    heat, cool = degrees(p, temperature)
    found: npt.NDArray[np.float64] = p[:, :1] + p[:, 1:2] * heat + p[:, 2:3] * cool
    return found


def jacobian(parameters: npt.ArrayLike, temperature: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Derivatives of each day or hour's usage by base, both slopes and both balance points.

    Args:
        parameters: As `ChangePoints.parameters`; shape (meters, 5).
        temperature: Mean outdoor temperature of each day or hour; shape (meters, days) or (days,).

    Returns:
        Shape (meters, days, 5); zero for a parameter that the model has not.
    """
    p = np.atleast_2d(np.asarray(parameters, float))
    heat, cool = degrees(p, temperature)
    mirrored = (p[:, 3] == p[:, 4])[:, None]  # one balance point: 2P and 4P
    line = mirrored & (p[:, 1] == -p[:, 2])[:, None]
    below = p[:, 1:2] * (heat > 0)
    above = -p[:, 2:3] * (cool > 0)
    columns = (
        np.ones_like(heat),
        np.where(line, 0.0, heat),
        np.where(line, cool - heat, cool),
        np.where(line, 0.0, np.where(mirrored, below + above, below)),
        np.where(mirrored, 0.0, above),
    )
    return np.stack(columns, axis=-1)


@njit(cache=True, error_model="numpy")
def _degrees_of_periods(t, p, days, at, side, values):
    """Degrees below (side -1) or above (side 1) each balance point, averaged over each period, into `values`."""
    values[:] = 0.0
    for d in range(len(t)):
        if p[d] >= 0 and not np.isnan(t[d]):
            for g in range(len(at)):
                excess = side * (t[d] - at[g])
                if excess > 0:
                    values[g, p[d]] += excess
                elif side > 0:
                    break  # balance points rise
    for g in range(len(at)):
        for n in range(len(days)):
            if days[n] > 0:
                values[g, n] /= days[n]


@njit(cache=True, error_model="numpy")
def _moments(values, w, y, total, mean_y):
    """Weighted mean, centred sum of squares and centred product with usage of each row."""
    mean, square, product = np.zeros(len(values)), np.zeros(len(values)), np.zeros(len(values))
    for g in range(len(values)):
        m, q, r = 0.0, 0.0, 0.0
        for n in range(len(w)):
            v = w[n] * values[g, n]
            m += v
            q += v * values[g, n]
            r += v * y[n]
        mean[g] = m / total
        square[g] = q - m * m / total
        product[g] = r - m * mean_y
    return mean, square, product


@njit(cache=True, error_model="numpy")
def _search(below, above, h, c, w, y, total_square, best, slopes, at, allowed):
    """Try pairs of balance points.

    Keep the best of each kind of model in `best`, `slopes` and `at`.
    """
    total, mean_y = w.sum(), (w * y).sum() / w.sum()
    mean_h, hh, hy = _moments(h, w, y, total, mean_y)
    mean_c, cc, cy = _moments(c, w, y, total, mean_y)
    both = np.zeros((len(below), len(above)))  # few periods have degrees on both sides
    for n in range(len(w)):
        if w[n] > 0:
            for a in range(len(below)):
                if h[a, n] > 0:
                    for b in range(len(above)):
                        if above[b] >= below[a]:
                            if c[b, n] <= 0:
                                break
                            both[a, b] += w[n] * h[a, n] * c[b, n]
    tiny = 1e-9 * (1e-300 + total_square)
    for a in range(len(below)):
        if allowed[HEATING] and hh[a] > 1e-12 and hy[a] > 0:
            rss = total_square - hy[a] ** 2 / hh[a]
            if rss < best[HEATING] - tiny:
                best[HEATING] = rss
                slopes[HEATING, 0], at[HEATING, 0] = hy[a] / hh[a], below[a]
    for b in range(len(above)):
        if allowed[COOLING] and cc[b] > 1e-12 and cy[b] > 0:
            rss = total_square - cy[b] ** 2 / cc[b]
            if rss < best[COOLING] - tiny:
                best[COOLING] = rss
                slopes[COOLING, 1], at[COOLING, 1] = cy[b] / cc[b], above[b]
    for a in range(len(below)):
        for b in range(len(above)):
            same = below[a] == above[b]
            kind = FOUR if same else FIVE
            if below[a] > above[b] or not allowed[kind]:
                continue
            hc = both[a, b] - total * mean_h[a] * mean_c[b]
            det = hh[a] * cc[b] - hc * hc
            if det <= 1e-9 * hh[a] * cc[b]:
                continue
            up, down = (hy[a] * cc[b] - cy[b] * hc) / det, (cy[b] * hh[a] - hy[a] * hc) / det
            if up <= 0 or down <= 0:
                continue
            rss = total_square - up * hy[a] - down * cy[b]
            if rss < best[kind] - tiny:
                best[kind] = rss
                slopes[kind, 0], slopes[kind, 1] = up, down
                at[kind, 0], at[kind, 1] = below[a], above[b]


@njit(cache=True, error_model="numpy")
def _plain(w, y, warmth, best, slopes, at, allowed):
    """The mean and the straight line; returns the sum of squares about the mean."""
    total = w.sum()
    mean_y, mean_t = (w * y).sum() / total, (w * warmth).sum() / total
    square = (w * (y - mean_y) ** 2).sum()
    tt, ty = (w * (warmth - mean_t) ** 2).sum(), (w * (warmth - mean_t) * (y - mean_y)).sum()
    best[MEAN] = square
    if allowed[LINE] and tt > 0:
        best[LINE] = square - ty * ty / tt
        slopes[LINE, 0], slopes[LINE, 1] = -ty / tt, ty / tt
        at[LINE, 0], at[LINE, 1] = mean_t, mean_t
    return square


@njit(cache=True, error_model="numpy")
def _chosen(best, w, allowed, every, aicc):
    """The candidate of the lowest AICc, -1 where there are too few periods for any."""
    n = (w > 0).sum()
    chosen, low = -1, np.inf
    for kind in range(len(best)):
        k = PARAMETER_COUNTS[kind] + 1
        if not allowed[kind] or not np.isfinite(best[kind]) or n - k - 1 <= 0:
            continue
        every[kind] = max(best[kind], 1e-12 * (best[MEAN] + 1e-300))
        aicc[kind] = (
            n * np.log(every[kind] * n / w.sum() / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
        )
        if aicc[kind] < low:
            low, chosen = aicc[kind], kind
    if (
        chosen == FOUR and aicc[FIVE] - low < EVEN
    ):  # equally good: a band without heating or cooling is the usual case
        chosen = FIVE
    return chosen


@njit(cache=True, error_model="numpy")
def _levels(chosen, slopes, at, h, c, grid, warmth, w, y):
    """Usage of each period by the chosen model at balance points of the grid.

    Never below a share of the mean.
    """
    found = np.zeros(len(y))
    if chosen == LINE:
        found = slopes[LINE, 1] * (warmth - at[LINE, 1])
    elif chosen > LINE:
        for g in range(len(grid)):
            if grid[g] == at[chosen, 0]:
                found = found + slopes[chosen, 0] * h[g]
            if grid[g] == at[chosen, 1]:
                found = found + slopes[chosen, 1] * c[g]
    total = w.sum()
    found = found + ((w * y).sum() - (w * found).sum()) / total
    return np.maximum(found, LEVEL_SHARE * np.abs((w * y).sum() / total))


@njit(cache=True, error_model="numpy")
def _power(w, y, level):
    """Power of its level by which the variance of a meter's residuals grows, between 0 and 2."""
    n = (w > 0).sum()
    squared = w * (y - level) ** 2
    floor = 1e-6 * squared.sum() / n + 1e-300
    x, size = np.log(level + 1e-300), np.log(squared + floor)
    mean = x[w > 0].sum() / n
    x = np.where(w > 0, x - mean, 0.0)
    return min(max((x * size).sum() / ((x * x).sum() + 1e-3 * n), 0.0), 2.0)


@njit(cache=True, error_model="numpy")
def _around(center, step):
    if np.isnan(center):
        return np.zeros(0)
    return center + step * (np.arange(2 * FINE + 1) - FINE) / FINE


@njit(cache=True, error_model="numpy")
def _fit(temperature, period, usage, weights, allowed):
    meters = len(usage)
    model, count, powers = np.full(meters, -1), np.zeros(meters, np.int64), np.zeros(meters)
    parameters = np.full((meters, 5), np.nan)
    every, aicc = np.full((meters, 6), np.nan), np.full((meters, 6), np.nan)
    h, c = np.empty((GRID_COUNT, usage.shape[1])), np.empty((GRID_COUNT, usage.shape[1]))
    for m in range(meters):
        t, p, y, own = temperature[m], period[m], usage[m], weights[m].copy()
        warmth, days = np.zeros(len(y)), np.zeros(len(y))
        for d in range(len(t)):
            if p[d] >= 0 and not np.isnan(t[d]):
                warmth[p[d]] += t[d]
                days[p[d]] += 1
        own[days == 0] = 0.0
        warmth = np.where(days > 0, warmth / np.maximum(days, 1.0), 0.0)
        count[m] = (own > 0).sum()
        if count[m] < 3:
            continue
        used = np.sort(t[(p >= 0) & ~np.isnan(t)])
        edge = int(DEEP_SHARE * len(used))
        low, high = used[edge], used[len(used) - 1 - edge]
        step = (high - low) / (GRID_COUNT - 1)
        grid = low + step * np.arange(GRID_COUNT)
        varied = high > low and allowed[HEATING:].any()
        if varied:
            _degrees_of_periods(t, p, days, grid, -1.0, h)
            _degrees_of_periods(t, p, days, grid, 1.0, c)
        w = own
        for turn in range(PASSES):
            best, slopes, at = np.full(6, np.inf), np.zeros((6, 2)), np.full((6, 2), np.nan)
            square = _plain(w, y, warmth, best, slopes, at, allowed)
            if varied:
                _search(grid, grid, h, c, w, y, square, best, slopes, at, allowed)
            every[m], aicc[m] = np.nan, np.nan
            model[m] = _chosen(best, w, allowed, every[m], aicc[m])
            if turn == PASSES - 1 or model[m] < 0:
                break
            level = _levels(model[m], slopes, at, h, c, grid, warmth, own, y)
            powers[m] = _power(own, y, level) if count[m] >= MANY_PERIODS else FEW_POWER
            mean = (own * level).sum() / own.sum()
            w = own * (level / mean) ** -powers[m] if mean > 0 else own
        if model[m] < 0:
            continue
        if varied:
            for kind in range(HEATING, FIVE + 1):
                if np.isfinite(best[kind]) and allowed[kind]:
                    only = np.arange(6) == kind
                    below, above = _around(at[kind, 0], step), _around(at[kind, 1], step)
                    fine_h, fine_c = np.empty((len(below), len(y))), np.empty((len(above), len(y)))
                    _degrees_of_periods(t, p, days, below, -1.0, fine_h)
                    _degrees_of_periods(t, p, days, above, 1.0, fine_c)
                    _search(below, above, fine_h, fine_c, w, y, square, best, slopes, at, only)
            model[m] = _chosen(best, w, allowed, every[m], aicc[m])
        parameters[m, 0] = 0.0
        parameters[m, 1:3] = slopes[model[m]]
        parameters[m, 3:5] = at[model[m]]
    return model, parameters, every, aicc, count, powers
