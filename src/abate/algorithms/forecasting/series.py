"""Series that know when each value became available, so that look-ahead cannot be expressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Moments = npt.NDArray[Any]
"""Moments in seconds, UTC."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What was known of some series at a moment.

    Only `Series.as_of` makes one, and models take nothing else.

    Args:
        names: Names of the series.
        start: Beginning of each step; shape (steps,).
        values: NaN where a value was missing or not yet available; shape (series, steps).
        moment: The moment.
    """

    names: tuple[str, ...]
    start: Moments
    values: npt.NDArray[np.float64]
    moment: np.datetime64

    @property
    def step(self) -> np.timedelta64:
        """Length of a step."""
        return step_of(self.start)

    def last(self) -> int:
        """Steps up to the last one with a value of any series."""
        there = np.flatnonzero(~np.isnan(self.values).all(axis=0))
        return int(there[-1]) + 1 if len(there) else 0


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values of some series on a grid of equal steps.

    In one layer or more, each with when it became available.

    Observations have one layer, forecasts of weather have one for each issue.

    Args:
        names: Names of the series.
        start: Beginning of each step; shape (steps,).
        values: NaN where missing; shape (layers, series, steps).
        available: Moment from which a value can be known; broadcasts to the shape of `values`.

    Raises:
        ValueError: Where steps are unequal.
    """

    names: tuple[str, ...]
    start: Moments
    values: npt.NDArray[np.float64]
    available: Moments

    def __post_init__(self) -> None:
        if len(self.start) > 1 and (np.diff(self.start) != self.start[1] - self.start[0]).any():
            raise ValueError("steps of a series must be equal")
        if self.values.shape[1:] != (len(self.names), len(self.start)):
            raise ValueError(f"values have shape {self.values.shape}")

    def as_of(self, moment: np.datetime64) -> Known:
        """What was known at a moment: of every value the newest layer that was available.

        Example:
            >>> hours = np.array(["2024-01-01T00", "2024-01-01T01"], "datetime64[s]")
            >>> load = observed(("a",), hours, np.array([[1.0, 2.0]]))
            >>> load.as_of(np.datetime64("2024-01-01T01:30")).values.tolist()
            [[1.0, nan]]
        """
        if len(self.values) == 1:
            known = np.broadcast_to(self.available <= moment, self.values.shape)[0]
            return Known(self.names, self.start, np.where(known, self.values[0], np.nan), moment)
        newest = np.full(self.values.shape[1:], np.nan)
        since = np.full(newest.shape, np.datetime64("NaT"), self.start.dtype)
        for layer in range(len(self.values)):
            available = np.broadcast_to(
                (
                    self.available
                    if self.available.ndim < 3
                    else self.available[layer if len(self.available) > 1 else 0]
                ),
                newest.shape,
            )
            take = (
                (available <= moment)
                & ~np.isnan(self.values[layer])
                & (np.isnat(since) | (available >= since))
            )
            newest[take], since[take] = self.values[layer][take], available[take]
        return Known(self.names, self.start, newest, moment)


@dataclass(frozen=True, slots=True, eq=False)
class Vintages:
    """Values that were reported more than once, each time with when.

    The newest that was out is what was known.

    Args:
        names: Names of the series.
        start: Beginning of each step; shape (steps,).
        series: Which series each row is of; shape (rows,).
        step: Which step.
        issued: When it was reported.
        value: What was reported.
    """

    names: tuple[str, ...]
    start: Moments
    series: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    issued: Moments
    value: npt.NDArray[np.float64]

    def as_of(self, moment: np.datetime64) -> Known:
        """What was known at a moment.

        Example:
            >>> hours = np.array(["2024-01-01T00", "2024-01-01T01"], "datetime64[s]")
            >>> told = Vintages(("t",), hours, np.array([0, 0]), np.array([1, 1]), hours, np.array([5.0, 6.0]))
            >>> told.as_of(hours[0]).values.tolist(), told.as_of(hours[1]).values.tolist()
            ([[nan, 5.0]], [[nan, 6.0]])
        """
        out = np.flatnonzero(self.issued <= moment)
        out = out[np.argsort(self.issued[out], kind="stable")]
        values = np.full((len(self.names), len(self.start)), np.nan)
        values[self.series[out], self.step[out]] = self.value[out]
        return Known(self.names, self.start, values, moment)


def observed(
    names: tuple[str, ...], start: Any, values: Any, *, delay: np.timedelta64 | None = None
) -> Series:
    """Observations, available when their step has ended, or some time later.

    Args:
        names: Names of the series.
        start: Beginning of each step.
        values: Shape (series, steps).
        delay: Time from the end of a step until its value is known.
    """
    moments = np.asarray(start).astype("datetime64[s]")
    later = np.timedelta64(0, "s") if delay is None else delay
    return Series(
        names, moments, np.asarray(values, float)[None], moments + step_of(moments) + later
    )


def step_of(start: Moments) -> np.timedelta64:
    """Length of a step; an hour where there is but one."""
    return start[1] - start[0] if len(start) > 1 else np.timedelta64(3600, "s")


def grid(start: np.datetime64, count: int, step: np.timedelta64) -> Moments:
    """Beginnings of steps to come."""
    return (start + step * np.arange(count)).astype("datetime64[s]")
