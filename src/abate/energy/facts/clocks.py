"""Clocks: the steps of a site by its own clock, with the kind of each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.days import offsets_of
from abate.energy.facts.calendars import Calendar
from abate.kernel.errors import UsageError

HOUR_S = 3600
MINUTE = np.timedelta64(60, "s")


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """Steps by the clock of a place.

    Args:
        start: Beginning of each step, UTC `(n,)`.
        local: The same by the clock of the place `(n,)`.
        step_s: Length of a step [s], up to an hour.
        weekday: 0 Monday to 6 Sunday; a weekend day that is worked counts as a Friday `(n,)`.
        is_holiday: Whether its day is a public holiday `(n,)`.
    """

    start: Any
    local: Any
    step_s: int
    weekday: npt.NDArray[np.int64]
    is_holiday: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start)

    @property
    def step_h(self) -> float:
        """Length of a step [h]."""
        return self.step_s / HOUR_S

    @property
    def months(self) -> Any:
        """Month of each step, by the clock of the place `(n,)`."""
        return self.local.astype("datetime64[M]")

    def picked(self, where: Any) -> Clock:
        """Some of the steps."""
        return Clock(
            self.start[where],
            self.local[where],
            self.step_s,
            self.weekday[where],
            self.is_holiday[where],
        )


def clock_at(calendar: Calendar, start: Any, step_s: int) -> Clock:
    """Steps by the clock of a calendar's zone.

    Args:
        calendar: Holidays and zone.
        start: Beginning of each step, UTC.
        step_s: Length of a step [s].

    Raises:
        UsageError: `bad-steps` where a step is longer than an hour, or not in whole minutes.

    Example:
        >>> start = np.array(["2024-09-30T16:00", "2024-10-01T16:00"], "datetime64[s]")
        >>> clock = clock_at(Calendar("CN", zone="Asia/Shanghai"), start, 900)
        >>> clock.is_holiday.tolist(), str(clock.local[0])
        ([True, True], '2024-10-01T00:00:00')
    """
    if not 0 < step_s <= HOUR_S or step_s % 60:
        raise UsageError(
            "bad-steps",
            f"A step of {step_s} s is longer than an hour, or not in whole minutes.",
            "Give readings of an hour or less: a tariff changes by the hour.",
        )
    start = np.asarray(start).astype("datetime64[s]")
    local = start + offsets_of(start, calendar.zone)
    days, back = np.unique(local.astype("datetime64[D]"), return_inverse=True)
    kinds = calendar.day_types(date.fromisoformat(str(d)) for d in days)
    weekday = np.array(kinds.weekday, np.int64)[back]
    return Clock(start, local, step_s, weekday, np.array(kinds.is_holiday, bool)[back])


def utc_of(local: Any, zone: str) -> Any:
    """Moments of a zone's clock in UTC; of an hour that autumn repeats the second one.

    Example:
        >>> utc_of(np.array(["2024-07-01T02:00"], "datetime64[s]"), "Europe/Berlin").tolist()
        [datetime.datetime(2024, 7, 1, 0, 0)]
    """
    guess = local - offsets_of(local, zone)
    return local - offsets_of(guess, zone)
