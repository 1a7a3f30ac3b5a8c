"""Backtests by rolling origin.

Each forecaster sees what was available at the origin, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from abate.algorithms.forecasting.scores import (
    PERCENTILES,
    Array,
    coverage,
    crps,
    pinball,
    pit,
    skill,
)
from abate.algorithms.forecasting.series import Known, Moments, grid

MEDIAN = int(np.abs(PERCENTILES - 0.5).argmin())
Forecaster = Callable[[Known, Known | None, Moments], Array]
"""What is known of the series, of its weather, and the steps to forecast; returns quantiles
(series, steps, 99).
"""


class Knowable(Protocol):
    """What says what was known at a moment."""

    @property
    def start(self) -> Any:
        """Beginning of each step."""

    def as_of(self, moment: np.datetime64) -> Known:
        """What was known."""


@dataclass(frozen=True, slots=True)
class MonthScore:
    """How a forecaster did in one month.

    Args:
        month: Such as 2010-07, of the beginnings of the steps.
        pinball: Mean pinball loss.
        bias_share: By which the medians stood above what came, as a share of it; None where
            nothing came.
        inside_80: Share of actual values inside the central 80 %.
        count: Actual values scored.
    """

    month: str
    pinball: float
    bias_share: float | None
    inside_80: float
    count: int


@dataclass(frozen=True, slots=True)
class Score:
    """How good a forecaster was.

    Args:
        name: The forecaster.
        pinball: Mean pinball loss over the 99 percentiles, in the unit of the series.
        crps: Mean continuous ranked probability score.
        inside_50: Share of actual values inside the central half.
        inside_80: Share inside the central 80 %.
        pit_shares: Share of actual values in each tenth of the distribution; all 0.1 where it is
            honest.
        skill: Share by which the pinball loss is below the reference's; None for the reference.
        by_origin: Mean pinball loss of each origin.
        count: Actual values scored.
        bias_share: By which the medians stood above what came, as a share of it.
        by_month: The same by month of what was forecast.
    """

    name: str
    pinball: float
    crps: float
    inside_50: float
    inside_80: float
    pit_shares: tuple[float, ...]
    skill: float | None
    by_origin: tuple[float, ...]
    count: int
    bias_share: float | None = None
    by_month: tuple[MonthScore, ...] = ()


def backtest(
    series: Knowable,
    forecasters: dict[str, Forecaster],
    origins: Sequence[np.datetime64],
    steps: int,
    *,
    weather: Knowable | None = None,
) -> list[Score]:
    """Score forecasters from each origin on.

    Args:
        series: What is forecast.
        forecasters: By name; the last is the reference of the skill.
        origins: Moments at which a forecast is made.
        steps: Steps of each forecast.
        weather: What is known beside, with its own times of availability.

    Returns:
        A score for each, in their order.

    Example:
        >>> hours = grid(np.datetime64("2024-01-01", "s"), 96, np.timedelta64(3600, "s"))
        >>> from abate.algorithms.forecasting.series import observed
        >>> load = observed(("a",), hours, np.tile(np.arange(24.0), 4)[None])
        >>> told = {"level": lambda known, _, start: np.full((1, len(start), 99), np.nanmean(known.values))}
        >>> backtest(load, told, [np.datetime64("2024-01-03", "s")], 24)[0].pinball
        3.0
    """
    step = series.start[1] - series.start[0]
    actual: list[Array] = []
    starts: list[Moments] = []
    told: dict[str, list[Array]] = {name: [] for name in forecasters}
    final = series.as_of(np.datetime64("2262-01-01", "s"))
    for origin in origins:
        start = grid(origin, steps, step)
        place = ((start - series.start[0]) // step).astype(np.int64)
        inside = (place >= 0) & (place < len(series.start))
        values = np.full((len(final.names), steps), np.nan)
        values[:, inside] = final.values[:, place[inside]]
        actual.append(values)
        starts.append(start)
        known = series.as_of(origin)
        beside = weather.as_of(origin) if weather is not None else None
        for name, forecaster in forecasters.items():
            told[name].append(forecaster(known, beside, start))
    y = np.stack(actual)
    reference = list(forecasters)[-1]
    at = np.stack(starts)
    made = {name: score(name, at, y, np.stack(quantiles)) for name, quantiles in told.items()}
    return [
        made[name] if name == reference else _beside(made[name], made[reference].pinball)
        for name in forecasters
    ]


def score(name: str, start: Moments, actual: Array, quantiles: Array) -> Score:
    """Score one forecaster.

    Args:
        name: Of the forecaster.
        start: Beginning of each step; shape (origins, steps).
        actual: What came, NaN where it is not known; shape (origins, series, steps).
        quantiles: At `PERCENTILES`; shape (origins, series, steps, 99).
    """
    there = ~np.isnan(actual) & ~np.isnan(quantiles).any(axis=-1)
    loss = np.where(there, pinball(actual, quantiles), np.nan)
    seen, said = actual[there], quantiles[there]
    with np.errstate(invalid="ignore"):
        by_origin = [
            float(np.nanmean(part)) if not np.isnan(part).all() else float("nan") for part in loss
        ]
    shares = np.histogram(pit(seen, said), bins=10, range=(0.0, 1.0))[0] / max(len(seen), 1)
    return Score(
        name,
        float(np.nanmean(loss)) if there.any() else float("nan"),
        float(crps(seen, said, PERCENTILES).mean()) if there.any() else float("nan"),
        coverage(seen, said, share=0.5),
        coverage(seen, said, share=0.8),
        tuple(round(float(s), 4) for s in shares),
        None,
        tuple(by_origin),
        int(there.sum()),
        _bias(seen, said),
        tuple(_by_month(start, actual, quantiles, loss, there)),
    )


def _bias(actual: Array, quantiles: Array) -> float | None:
    """By which medians stood above what came, as a share of it."""
    total = float(np.abs(actual).sum())
    return float((quantiles[..., MEDIAN] - actual).sum()) / total if total else None


def _by_month(
    start: Moments, actual: Array, quantiles: Array, loss: Array, there: Any
) -> list[MonthScore]:
    month = np.broadcast_to(start.astype("datetime64[M]")[:, None], actual.shape)
    scores = []
    for one in np.unique(month[there]):
        mine = there & (month == one)
        seen, said = actual[mine], quantiles[mine]
        about = (float(loss[mine].mean()), _bias(seen, said), coverage(seen, said, share=0.8))
        scores.append(MonthScore(str(one), *about, int(mine.sum())))
    return scores


def _beside(score: Score, reference: float) -> Score:
    return replace(score, skill=skill(score.pinball, reference))
