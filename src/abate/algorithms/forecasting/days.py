"""Series laid out by local day and step of the day.

And what regressions see of weather and calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.series import Moments, step_of

Array = npt.NDArray[np.float64]
DAY_S = 86_400
LEAD_DAYS = 8
"""Days before the first one that the lagged means of weather reach back to."""
SPANS_H = ((1, 2), (2, 4), (4, 7), (7, 13), (13, 25), (25, 49), (49, 97))
"""Hours before, first and past the last, over which weather is averaged: what is warm stays warm."""


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """How moments fall into local days.

    Args:
        first: The first local day.
        count: Number of days.
        steps: Steps of a day.
        place: Day times steps plus step of each moment; shape (moments,).
    """

    first: np.datetime64
    count: int
    steps: int
    place: npt.NDArray[np.int64]

    @property
    def dates(self) -> Any:
        """The days, as `datetime64[D]`."""
        return self.first + np.arange(self.count)

    def by_day(self, values: Array) -> Array:
        """Values by day and step: the mean of an hour that comes twice, NaN for one that is left out.

        Args:
            values: Shape (series, moments).

        Returns:
            Shape (series, days, steps).
        """
        cells = self.count * self.steps
        if len(self.place) == cells and (np.diff(self.place) == 1).all():
            return values.reshape(len(values), self.count, self.steps)
        found = np.full((len(values), cells), np.nan)
        found[:, self.place[::-1]] = values[:, ::-1]
        again = np.flatnonzero(np.diff(self.place) <= 0) + 1  # the hour that autumn repeats
        if len(again):
            twice = self.place[again]
            earlier = np.array([np.flatnonzero(self.place == p)[0] for p in twice])
            found[:, twice] = (values[:, earlier] + values[:, again]) / 2
        return found.reshape(len(values), self.count, self.steps)

    def unfold(self, folded: Array) -> Array:
        """Values by moment, from days and steps in the last two axes."""
        flat = folded.reshape(*folded.shape[:-2], self.count * self.steps)
        there: Array = flat[..., self.place]
        return there


def days_of(start: Moments, zone: str) -> Days:
    """Lay moments out by the days of a time zone.

    Example:
        >>> hours = np.datetime64("2024-03-30T23", "s") + np.arange(24) * np.timedelta64(3600, "s")
        >>> laid = days_of(hours, "Europe/Berlin")
        >>> laid.count, laid.steps, np.isnan(laid.by_day(np.ones((1, 24)))).sum().item()
        (2, 24, 24)
    """
    step = int(step_of(start) // np.timedelta64(1, "s"))
    local = start + offsets_of(start, zone)
    if step == DAY_S:  # whole days that begin an hour off in half of the year are still their day
        local = (
            (start + np.timedelta64(DAY_S // 2, "s") + offsets_of(start, zone))
            .astype("datetime64[D]")
            .astype("datetime64[s]")
        )
    days = local.astype("datetime64[D]")
    seconds = (local - days).astype("timedelta64[s]").astype(np.int64)
    index = (days - days[0]).astype(np.int64)
    steps = DAY_S // step
    return Days(days[0], int(index[-1]) + 1, steps, index * steps + seconds // step)


def offsets_of(start: Moments, zone: str) -> Any:
    """Offset of the zone's clocks from UTC at each moment."""
    if zone == "UTC":
        return np.zeros(len(start), "timedelta64[s]")
    place = ZoneInfo(zone)
    minutes = start.astype("datetime64[m]").astype(np.int64)
    distinct, back = np.unique(minutes // 15, return_inverse=True)  # clocks change at quarters
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    shifts = []
    for quarter in distinct:
        shift = (epoch + timedelta(minutes=15 * int(quarter))).astimezone(place).utcoffset()
        shifts.append(int(shift.total_seconds()) if shift else 0)
    return np.array(shifts, "timedelta64[s]")[back]


def hinges(values: Array, knots: Array) -> Array:
    """What exceeds each knot; one more axis at the end.

    Example:
        >>> hinges(np.array([5.0, 12.0]), np.array([10.0])).tolist()
        [[0.0], [2.0]]
    """
    return np.maximum(values[..., None] - knots, 0.0)


def weather_features(temperature: Array, knots: Array) -> Array:
    """Features of temperature, now and averaged over hours and days before.

    Args:
        temperature: By day and step, with `LEAD_DAYS` days before the first; shape (..., days,
            steps).
        knots: Temperatures at which the response may bend.

    Returns:
        Shape (..., days - LEAD_DAYS, steps, features).
    """
    *lead, days, steps = temperature.shape
    flat = temperature.reshape(*lead, days * steps)
    sums = np.concatenate([np.zeros((*lead, 1)), np.cumsum(flat, axis=-1)], axis=-1)
    at = np.arange(LEAD_DAYS * steps, days * steps)
    per_hour = steps / 24

    def mean(first_h: int, past_h: int) -> Array:
        first, past = max(round(first_h * per_hour), 1), max(round(past_h * per_hour), 2)
        averaged: Array = (sums[..., at + 1 - first] - sums[..., at + 1 - past]) / (past - first)
        return averaged.reshape(*lead, days - LEAD_DAYS, steps)

    now = flat[..., at].reshape(*lead, days - LEAD_DAYS, steps)
    columns = [now[..., None], hinges(now, knots)]
    for first_h, past_h in SPANS_H:
        before = mean(first_h, past_h)
        columns += [before[..., None], hinges(before, knots[::2])]
    return np.concatenate(columns, axis=-1)


def season_features(dates: Any, harmonics: int) -> Array:
    """Sines and cosines of the year; shape (days, 2 · harmonics)."""
    day = (dates - dates.astype("datetime64[Y]")).astype(float)
    angle = 2 * np.pi * day / 365.25
    return np.stack(
        [f(k * angle) for k in range(1, harmonics + 1) for f in (np.sin, np.cos)], axis=-1
    )
