"""Baselines that every model is put beside.

The same season, and what is usual at this time of year.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from abate.algorithms.forecasting.days import Days, days_of
from abate.algorithms.forecasting.scores import PERCENTILES, Array, ordered
from abate.algorithms.forecasting.series import Known, Moments

YEARS = 30
SATURDAY = 5


def climatology(
    known: Known, start: Moments, *, zone: str = "UTC", window_days: int = 8, years: int = YEARS
) -> Array:
    """Quantiles of what was seen at the same time of day, around the same date of past years.

    Weekends and working days are apart. Where less than a year is known, of the latest days.

    Args:
        known: What was known.
        start: Beginning of each step to forecast.
        zone: Time zone of the days.
        window_days: Days around the date, both ways.
        years: Years back at most.

    Returns:
        Shape (series, steps, 99), NaN where nothing is known.
    """
    past, ahead, values, offset, found = _laid(known, start, zone)
    dates = past.first + np.arange(offset + ahead.count)
    is_weekend = (dates.astype(np.int64) + 3) % 7 >= SATURDAY
    for i in range(ahead.count):
        days = [
            offset + i - round(365.25 * back) + move
            for back in range(1, years + 1)
            for move in range(-window_days, window_days + 1)
        ]
        days = [d for d in days if 0 <= d < past.count]
        if len(days) < 2 * window_days:
            days = list(range(max(0, past.count - 28), past.count))
        days = [d for d in days if is_weekend[d] == is_weekend[offset + i]] or days
        seen = values[:, days]
        there: Any = ~np.isnan(seen).all(axis=1)
        if there.any():
            filled = np.where(there[:, None], seen, 0.0)
            found[:, i] = np.where(
                there[..., None],
                np.moveaxis(np.nanquantile(filled, PERCENTILES, axis=1), 0, -1),
                np.nan,
            )
    return _unlaid(found, ahead)


def seasonal_naive(known: Known, start: Moments, *, zone: str = "UTC", weeks: int = 8) -> Array:
    """The same step of the latest week, with the spread of what changed from week to week.

    Returns:
        Shape (series, steps, 99), NaN where nothing is known.
    """
    past, ahead, values, offset, found = _laid(known, start, zone)
    for i in range(ahead.count):
        back = -(-(offset + i - (past.count - 2)) // 7) * 7
        day = offset + i - max(back, 7)
        if day < 0:
            continue
        earlier = [d for d in (day - 7 * k for k in range(weeks)) if d - 7 >= 0]
        centre = values[:, day]
        if earlier:
            moves = np.stack([values[:, d] - values[:, d - 7] for d in earlier], axis=1)
            there: Any = ~np.isnan(moves).all(axis=1)
            spread = np.moveaxis(
                np.nanquantile(np.where(there[:, None], moves, 0.0), PERCENTILES, axis=1), 0, -1
            )
            found[:, i] = (
                centre[..., None]
                + spread
                - np.nanmedian(np.where(there[:, None], moves, 0.0), axis=1)[..., None]
            )
        else:
            found[:, i] = centre[..., None]
    return _unlaid(found, ahead)


def _laid(known: Known, start: Moments, zone: str) -> tuple[Days, Days, Array, int, Array]:
    """Days known and to come, values by day and step, days between the two firsts.

    And room for quantiles.
    """
    end = known.last()
    past, ahead = days_of(known.start[:end], zone), days_of(start, zone)
    values = past.by_day(known.values[:, :end])
    room = np.full((len(values), ahead.count, ahead.steps, len(PERCENTILES)), np.nan)
    return past, ahead, values, int((ahead.first - past.first).astype(int)), room


def _unlaid(found: Array, ahead: Days) -> Array:
    """Quantiles by moment, in their order."""
    return ordered(found.reshape(len(found), -1, len(PERCENTILES))[:, ahead.place])
