"""Savings as meters show them.

What would have been used without the measure, less what was, with a range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from abate.algorithms.changepoint import (
    FIVE,
    LEVEL_SHARE,
    MODELS,
    PARAMETER_COUNTS,
    ChangePoints,
    by_period,
    fit_change_points,
    period_jacobian,
    predicted,
)

CONFIDENCE_SHARE = 0.90
CV_RMSE_MAX = {"hourly": 0.30, "daily": 0.25, "billing": 0.15}
"""Largest CV(RMSE) of a baseline. Source: ASHRAE Guideline 14-2014, 4.3.2.4 and 5.3.2.4 (hourly 30 %, monthly 15 %,
whole building with a year of data 25 %)."""
NMBE_MAX = {"hourly": 0.10, "daily": 0.05, "billing": 0.05}
"""Largest normalised mean bias. Source: as above."""
BILLS_MIN = 9
"""Least bills of a baseline. Source: ASHRAE Guideline 14-2014, 4.2.9."""
COVERAGE_SHARE_MIN = 0.90
"""Least share of a year that the baseline covers. Source: CalTRACK 2.0 methods, 2.2.1.2."""
UNCERTAINTY_SHARE_MAX = 0.50
"""Largest uncertainty of the savings as a share of them, at 68 % confidence. Source: ASHRAE
Guideline 14-2014, 4.3.2.4.
"""
OUTSIDE_SHARE_MAX = 0.10
"""Largest share of the reporting days with a temperature outside that of the baseline."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Usage and weather of many meters before a measure, or after it.

    Args:
        temperature: Outdoor temperature of each hour or day [°C or °F]; shape (meters, moments) or
            (moments,).
        period: Index of the period each moment belongs to, -1 for none; same shape.
        usage: Usage per day, averaged over each period, NaN where missing; shape (meters, periods).
        days: Days of each period; shape (meters, periods) or (periods,).
    """

    temperature: npt.NDArray[np.float64]
    period: npt.NDArray[np.int64]
    usage: npt.NDArray[np.float64]
    days: npt.NDArray[np.float64]

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """Days of each period that has a value and weather; shape (meters, periods)."""
        there = np.isfinite(
            by_period(
                np.broadcast_to(self.temperature, (len(self.usage), self.temperature.shape[-1])),
                self.period,
                self.usage.shape[1],
            )
        )
        return np.where(there & ~np.isnan(self.usage), self.days, 0.0)


@dataclass(frozen=True, slots=True)
class Saving:
    """What one meter saved.

    Args:
        meter: Its name.
        model: Model of its baseline, such as `3P heating`.
        base_per_day: Usage per day that does not depend on the weather.
        heating_slope: Usage per day and heating degree.
        cooling_slope: Usage per day and cooling degree.
        heating_balance_point: Temperature below which it heats, None where it does not.
        cooling_balance_point: Temperature above which it cools, None where it does not.
        expected: What the baseline would have used in the reporting period.
        used: What was used.
        saved: The difference.
        low: Lower end of the range of `saved`.
        high: Upper end.
        cv_rmse: Coefficient of variation of the root mean square error of the baseline.
        nmbe: Normalised mean bias error of the baseline.
        r2_share: Share of the variance that it explains.
        autocorrelation: Of one period's residual with the next one's.
        reasons: Why the meter is disqualified; empty where it is not.
    """

    meter: str
    model: str
    base_per_day: float
    heating_slope: float
    cooling_slope: float
    heating_balance_point: float | None
    cooling_balance_point: float | None
    expected: float
    used: float
    saved: float
    low: float
    high: float
    cv_rmse: float
    nmbe: float
    r2_share: float
    autocorrelation: float
    reasons: tuple[str, ...]

    @property
    def saved_share(self) -> float | None:
        """Saving as a share of what would have been used."""
        return self.saved / self.expected if self.expected > 0 else None


def savings(
    meters: tuple[str, ...],
    baseline: Side,
    reporting: Side,
    *,
    kind: str,
    confidence: float = CONFIDENCE_SHARE,
    candidates: tuple[int, ...] = tuple(range(FIVE + 1)),
) -> list[Saving]:
    """Estimate the savings of many meters at once.

    The range holds the error of the fitted model, of its balance points and of the reporting
    period's own scatter, with variances that grow with the level as the baseline's do, and with
    serial correlation.

    Formula: saved = Σ baseline(weather of the reporting period) - Σ used

    Args:
        meters: Names, in the order of the rows.
        baseline: Before the measure.
        reporting: After it.
        kind: `daily` or `billing`: which limits of quality apply.
        confidence: Of the range.
        candidates: Models allowed, as indices into `MODELS`.

    Source: ASHRAE Guideline 14-2014, 4.2 and annex B; IPMVP Core Concepts (2022), option C.
    """
    from scipy.stats import t as student

    found = fit_change_points(
        baseline.temperature, baseline.period, baseline.usage, baseline.days, candidates=candidates
    )
    good = found.model >= 0
    k = np.where(good, PARAMETER_COUNTS[found.model], 1)
    weights = baseline.weights
    fit = _quality(found, baseline, weights, k)
    expected_per_day = by_period(
        predicted(
            found.parameters,
            np.broadcast_to(reporting.temperature, (len(meters), reporting.temperature.shape[-1])),
        ),
        reporting.period,
        reporting.usage.shape[1],
    )
    days = reporting.weights
    expected = np.nansum(expected_per_day * days, axis=1)
    used = np.nansum(np.nan_to_num(reporting.usage) * days, axis=1)
    deviation = _deviation(found, baseline, weights, reporting, days, expected_per_day, fit)
    reach = deviation * student.ppf(0.5 + confidence / 2, np.maximum(found.count - k, 1))
    outside = _outside(baseline, reporting, len(meters))
    made = []
    for m, name in enumerate(meters):
        base, heat, cool, *at = found.parameters[m].tolist()
        saved = float(expected[m] - used[m])
        line = MODELS[found.model[m]] if good[m] else "none"
        points = [None if np.isnan(v) or line == "2P" else v for v in at]
        reasons = (
            ("Too few values with weather to fit any model.",)
            if not good[m]
            else reasons_against(
                float(weights[m].sum()),
                kind,
                fit.cv_rmse[m],
                fit.nmbe[m],
                saved,
                float(deviation[m]),
                float(outside[m]),
                float(days[m].sum()),
                baseline.usage[m],
                int(found.count[m]),
                float(np.broadcast_to(reporting.days, reporting.usage.shape)[m].sum()),
            )
        )
        made.append(
            Saving(
                name,
                line,
                base,
                heat,
                cool,
                points[0],
                points[1],
                float(expected[m]),
                float(used[m]),
                saved,
                saved - float(reach[m]),
                saved + float(reach[m]),
                float(fit.cv_rmse[m]),
                float(fit.nmbe[m]),
                float(fit.r2[m]),
                float(fit.rho[m]),
                reasons,
            )
        )
    return made


@dataclass(frozen=True, slots=True)
class _Quality:
    """What the residuals of the baselines say of them; arrays `(meters,)`.

    Args:
        cv_rmse: Root mean square of the residuals per mean.
        nmbe: Mean residual per mean.
        r2: Share of the variance that is explained.
        rho: Correlation of one residual with the next.
        scale: Variance of the scaled residuals.
        size: What residuals are scaled by, `(meters, periods)`.
        n: Periods that count.
    """

    cv_rmse: Any
    nmbe: Any
    r2: Any
    rho: Any
    scale: Any
    size: Any
    n: Any


def _quality(found: ChangePoints, side: Side, weights: Any, k: Any) -> _Quality:
    """Residuals of the baseline and what they say of it."""
    shape = (len(side.usage), side.temperature.shape[-1])
    daily = predicted(found.parameters, np.broadcast_to(side.temperature, shape))
    level = by_period(daily, side.period, side.usage.shape[1])
    residual = np.where(weights > 0, side.usage - level, 0.0)
    total = np.maximum(weights.sum(axis=1), 1e-300)
    n = np.maximum((weights > 0).sum(axis=1), 1)
    mean = (weights * np.nan_to_num(side.usage)).sum(axis=1) / total
    square = (weights * residual**2).sum(axis=1) / total
    about_mean = (weights * np.where(weights > 0, side.usage - mean[:, None], 0.0) ** 2).sum(
        axis=1
    ) / total
    free = n / np.maximum(n - k, 1)
    floor = LEVEL_SHARE * np.abs(mean)[:, None]
    size = np.where(weights > 0, np.maximum(np.nan_to_num(level), floor) + 1e-300, 1.0)
    scaled = np.where(
        weights > 0,
        residual * np.sqrt(np.maximum(weights, 0)) / size ** (found.power[:, None] / 2),
        0.0,
    )
    both = (weights[:, 1:] > 0) & (weights[:, :-1] > 0)
    rho = (scaled[:, 1:] * scaled[:, :-1] * both).sum(axis=1) / np.maximum(
        (scaled**2).sum(axis=1), 1e-300
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Quality(
            cv_rmse=np.sqrt(square * free) / np.abs(mean),
            nmbe=(weights * residual).sum(axis=1) / total / mean,
            r2=1 - square / about_mean,
            rho=np.clip(rho, -0.9, 0.95),
            scale=(scaled**2).sum(axis=1) / np.maximum(n - k, 1),
            size=size,
            n=n,
        )


def _deviation(
    found: ChangePoints,
    side: Side,
    weights: Any,
    reporting: Side,
    days: Any,
    expected: Any,
    fit: _Quality,
) -> Any:
    """Standard deviation of each meter's saving."""
    j = period_jacobian(found.parameters, side.temperature, side.period, side.usage.shape[1])
    used: Any = (np.abs(j).sum(axis=1) > 0) & (found.model >= 0)[:, None]
    eye = np.where(used, 0.0, 1.0)[:, :, None] * np.eye(5)
    variance = np.where(
        weights > 0,
        fit.scale[:, None] * fit.size ** found.power[:, None] / np.maximum(weights, 1e-9),
        0.0,
    )
    bread = np.linalg.pinv(
        np.einsum("mp,mpi,mpk->mik", weights, j, j, optimize=True) + eye, hermitian=True
    )
    meat = np.einsum("mp,mpi,mpk->mik", weights**2 * variance, j, j, optimize=True)
    ahead = period_jacobian(
        found.parameters, reporting.temperature, reporting.period, reporting.usage.shape[1]
    )
    gradient = np.einsum("mp,mpi->mi", days, ahead)
    model = np.einsum("mi,mij,mjk,mkl,ml->m", gradient, bread, meat, bread, gradient, optimize=True)
    floor = fit.size.min(axis=1, keepdims=True)
    level = np.maximum(np.nan_to_num(expected), floor)
    own = (days * fit.scale[:, None] * level ** found.power[:, None]).sum(axis=1)
    # an estimate of the correlation is low by about (1 + 4 rho) / n (Marriott and Pope 1954)
    rho = np.clip(fit.rho + (1 + 4 * fit.rho) / fit.n, 0.0, 0.95)
    rho = np.where(fit.n >= 24, rho, 0.0)
    return np.sqrt(np.maximum((model + own) * (1 + rho) / (1 - rho), 0.0))


def _outside(baseline: Side, reporting: Side, count: int) -> Any:
    """Share of the reporting moments that are colder or warmer than any of the baseline's."""
    t = np.broadcast_to(baseline.temperature, (count, baseline.temperature.shape[-1]))
    t = np.where(np.broadcast_to(baseline.period, t.shape) >= 0, t, np.nan)
    r = np.broadcast_to(reporting.temperature, (count, reporting.temperature.shape[-1]))
    there = np.broadcast_to(reporting.period, r.shape) >= 0
    out = there & (
        (r < np.nanmin(t, axis=1, keepdims=True)) | (r > np.nanmax(t, axis=1, keepdims=True))
    )
    return out.sum(axis=1) / np.maximum(there.sum(axis=1), 1)


def reasons_against(
    days: float,
    kind: str,
    cv_rmse: float,
    nmbe: float,
    saved: float,
    deviation: float,
    outside_share: float,
    reporting_days: float,
    usage: Any,
    periods: int,
    reported_days: float,
) -> tuple[str, ...]:
    """Why a meter's savings cannot be relied on, in words; empty where they can.

    Args:
        days: Days of the baseline.
        kind: `hourly`, `daily` or `billing`.
        cv_rmse: Of the baseline.
        nmbe: Of the baseline.
        saved: Saving.
        deviation: Its standard deviation.
        outside_share: Share of the reporting period outside the temperatures of the baseline.
        reporting_days: Days of the reporting period.
        usage: Of the baseline, by period.
        periods: Periods of the baseline.
        reported_days: All days of the reporting period.
    """
    reasons = []
    if days < COVERAGE_SHARE_MIN * 365:
        reasons.append(
            f"The baseline covers {days:.0f} days, fewer than {COVERAGE_SHARE_MIN * 365:.0f}."
        )
    if kind == "billing" and periods < BILLS_MIN:
        reasons.append(f"The baseline has {periods} bills, fewer than {BILLS_MIN}.")
    if reporting_days < COVERAGE_SHARE_MIN * reported_days or reporting_days <= 0:
        reasons.append(
            f"{reporting_days:.0f} of {reported_days:.0f} reporting days have value and weather."
        )
    if not cv_rmse <= CV_RMSE_MAX[kind]:
        reasons.append(f"CV(RMSE) is {cv_rmse:.3f}, above {CV_RMSE_MAX[kind]:.2f}.")
    if not abs(nmbe) <= NMBE_MAX[kind]:
        reasons.append(f"NMBE is {nmbe:.3f}, beyond {NMBE_MAX[kind]:.2f}.")
    if np.nanmin(usage) < 0:
        reasons.append(
            "Usage is negative on some days: a meter that also feeds in needs a model of its"
            " generation."
        )
    if outside_share > OUTSIDE_SHARE_MAX:
        reasons.append(
            f"{outside_share:.0%} of the reporting period is colder or warmer than the baseline"
            " ever was."
        )
    if deviation > UNCERTAINTY_SHARE_MAX * abs(saved):
        reasons.append(
            "The savings are too small beside the scatter: their uncertainty is above half of them."
        )
    return tuple(reasons)
