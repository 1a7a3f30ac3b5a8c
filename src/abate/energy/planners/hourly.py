"""Hourly baselines: usage by hour of the week and temperature.

For measures that change when energy is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.days import hinges
from abate.algorithms.forecasting.regression import ridge
from abate.energy.planners.savings import CONFIDENCE_SHARE, Saving, reasons_against

Array = npt.NDArray[np.float64]
WEEK_H = 168
SEGMENTS = 6
"""Stretches of temperature with a slope of their own. Source: Mathieu et al. (2011)."""
DAY_H = 24


def hourly_savings(
    meters: tuple[str, ...],
    temperature: Array,
    hour_of_week: Any,
    usage: Array,
    reporting: Any,
    *,
    confidence: float = CONFIDENCE_SHARE,
) -> list[Saving]:
    """Savings of many meters by hourly models that share their weather, the best of each by AICc.

    Candidates: hour of the week alone; with temperature; with temperature apart in busy and idle
        hours. The range
    counts days, not hours, as independent: residuals of a day go together.

    Args:
        meters: Names.
        temperature: Of each hour; shape (hours,).
        hour_of_week: 0 Monday midnight to 167; shape (hours,).
        usage: Of each hour, NaN where missing; shape (meters, hours).
        reporting: True for hours after the measure; the others are the baseline, those left out are
            NaN in `usage`.
        confidence: Of the range.

    Source: Mathieu, Price, Kiliccote and Piette (2011), time-of-week and temperature; ASHRAE
        Guideline 14-2014, 4.2.
    """
    before = ~reporting & ~np.isnan(temperature)
    after = reporting & ~np.isnan(temperature)
    return [
        _saving(
            name,
            temperature,
            hour_of_week,
            line,
            before & ~np.isnan(line),
            after & ~np.isnan(line),
            confidence,
        )
        for name, line in zip(meters, usage, strict=True)
    ]


def _designs(temperature: Array, hour_of_week: Any, busy: Any, knots: Array) -> dict[str, Array]:
    """Features of the candidates, by name."""
    week = np.zeros((len(temperature), WEEK_H))
    week[np.arange(len(temperature)), hour_of_week] = 1.0
    felt = np.concatenate([temperature[:, None], hinges(temperature, knots)], axis=1)
    return {
        "hour of week": week,
        "hour of week and temperature": np.concatenate([week, felt], axis=1),
        "hour of week and temperature, busy and idle": np.concatenate(
            [week, felt * busy[:, None], felt * ~busy[:, None]], axis=1
        ),
    }


def _saving(
    name: str,
    temperature: Array,
    hour_of_week: Any,
    line: Array,
    before: Any,
    after: Any,
    confidence: float,
) -> Saving:
    from scipy.stats import t as student

    n = int(before.sum())
    days = n / DAY_H
    if n < 4 * WEEK_H or not after.any():
        empty = (0.0,) * 3
        return Saving(
            name,
            "none",
            *empty,
            None,
            None,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            np.nan,
            np.nan,
            np.nan,
            np.nan,
            ("Too few hours with weather to fit any model.",),
        )
    knots = np.quantile(temperature[before], np.linspace(0, 1, SEGMENTS + 1)[1:-1])
    mean = np.bincount(hour_of_week[before], line[before], WEEK_H) / np.maximum(
        np.bincount(hour_of_week[before], minlength=WEEK_H), 1
    )
    busy = (mean > mean.mean())[hour_of_week]
    best: tuple[float, str, Array, Array, Array, int] | None = None
    for title, x in _designs(temperature, hour_of_week, busy, knots).items():
        used = x[before]
        b = ridge(used, line[before][:, None], np.ones(n), np.full(x.shape[1], 1e-9))[:, 0]
        residual = line[before] - used @ b
        k = int(np.linalg.matrix_rank(used.T @ used)) + 1
        aicc = (
            n
            * np.log(
                max(float((residual**2).sum()), 1e-12 * float((line[before] ** 2).sum()) + 1e-300)
                / n
            )
            + 2 * k
            + 2 * k * (k + 1) / max(n - k - 1, 1)
        )
        if best is None or aicc < best[0]:
            best = (aicc, title, x, b, residual, k)
    assert best is not None
    _, title, x, b, residual, k = best
    expected, used = float((x[after] @ b).sum()), float(line[after].sum())
    level = abs(float(line[before].mean())) or 1.0
    cv_rmse = float(np.sqrt((residual**2).sum() / (n - k))) / level
    day = np.flatnonzero(before) // DAY_H
    daily = np.bincount(day - day[0], residual)
    counts = np.bincount(day - day[0])
    daily = daily[counts > DAY_H / 2]
    rho = (
        float((daily[1:] * daily[:-1]).sum() / max(float((daily**2).sum()), 1e-300))
        if len(daily) > 2
        else 0.0
    )
    rho = float(np.clip(rho + (1 + 4 * rho) / max(len(daily), 1), 0.0, 0.95))
    scale = float((daily**2).sum()) / max(len(daily) - k / DAY_H, 1.0) * (1 + rho) / (1 - rho)
    gradient = x[after].sum(axis=0)
    inverse = np.linalg.pinv(x[before].T @ x[before], hermitian=True)
    own = after.sum() / DAY_H * scale
    model = float(gradient @ inverse @ gradient) * scale / DAY_H
    deviation = float(np.sqrt(own + model))
    reach = deviation * float(student.ppf(0.5 + confidence / 2, max(len(daily) - k / DAY_H, 1.0)))
    saved = expected - used
    nmbe = float(residual.mean()) / level
    outside = float(
        (
            (temperature[after] < temperature[before].min())
            | (temperature[after] > temperature[before].max())
        ).mean()
    )
    reasons = reasons_against(
        days,
        "hourly",
        cv_rmse,
        nmbe,
        saved,
        deviation,
        outside,
        float(after.sum()) / DAY_H,
        line[before],
        n,
        float(np.ptp(np.flatnonzero(after)) + 1) / DAY_H,
    )
    r2 = 1 - float((residual**2).sum()) / max(
        float(((line[before] - line[before].mean()) ** 2).sum()), 1e-300
    )
    return Saving(
        name,
        title,
        level * DAY_H,
        0.0,
        0.0,
        None,
        None,
        expected,
        used,
        saved,
        saved - reach,
        saved + reach,
        cv_rmse,
        nmbe,
        r2,
        rho,
        reasons,
    )
