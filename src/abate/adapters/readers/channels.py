"""Series of a file as they stand in it, and the grid of equal steps that they are brought onto."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from abate.algorithms.forecasting.series import Vintages
from abate.energy.facts.readings import READING_TWICE, Readings
from abate.kernel.errors import DataError
from abate.kernel.finding import Finding

SERIES_MAX = 20_000
STEPS_MAX = 2_000_000
STEP_S = (60, 86_400)
DAY_S = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One series of a file: what it is, and its readings in the order of the file.

    Args:
        name: Its name, with that of its meter where there are several.
        unit: Its unit as the file states it, empty where it does not.
        at: Moment of each reading, UTC; `datetime64[s]`.
        value: Readings; NaN where missing.
        flow: Direction or medium, empty where the file states none.
        meter: Its meter, empty where the file names none.
        ended: Whether times name the end of their step.
        step_s: Length of a step [s] where the file states it, else 0.
        issued: When each reading became known, None where the file does not say.
        estimated: Whether each reading is estimated or substituted, None where the file does not
            say.
    """

    name: str
    unit: str
    at: Any
    value: Any
    flow: str = ""
    meter: str = ""
    ended: bool = False
    step_s: int = 0
    issued: Any = None
    estimated: Any = None

    def where(self, there: Any) -> Channel:
        """Some of its readings."""
        return replace(
            self,
            at=self.at[there],
            value=self.value[there],
            issued=None if self.issued is None else self.issued[there],
            estimated=None if self.estimated is None else self.estimated[there],
        )


def gridded(channels: Sequence[Channel], file: str, *, later: bool = False) -> list[Readings]:
    """Bring series onto grids of equal steps.

    One for each length of step, that of most series first.

    Args:
        channels: The series.
        file: Name of their file.
        later: Of two readings for one step, take the later; otherwise one that differs is missing.

    Raises:
        DataError: `no-series`, `uneven-steps`, `file-too-large`.
    """
    sound = [c.where(~np.isnat(c.at)) if np.isnat(c.at).any() else c for c in channels]
    sound = [c for c in sound if len(c.at) > 1 or (len(c.at) and c.step_s)]
    if not sound:
        raise DataError(
            "no-series",
            f"{file} has no two times of one series.",
            "Write times as 2024-03-01 14:00.",
        )
    if len(sound) > SERIES_MAX:
        raise DataError("file-too-large", f"{file} has {len(sound):,} series.", "Split it.")
    names = [c.name for c in sound]
    if len(set(names)) < len(names):
        double = next(n for n in names if names.count(n) > 1)
        raise DataError(
            "no-series", f"{file} names two series '{double}'.", "Give each its own name."
        )
    steps = _steps(sound, file)
    by_step: dict[int, list[Channel]] = {}
    for channel, step in zip(sound, steps, strict=True):
        by_step.setdefault(step, []).append(channel)
    order = sorted(by_step, key=lambda s: (s == 0, s))
    return [_grid(by_step[step], step, file, later) for step in order]


def _steps(channels: Sequence[Channel], file: str) -> list[int]:
    """Step of each series [s]; 0 where they are months or periods of bills."""
    found: dict[tuple[int, int, int], int] = {}
    steps = []
    for c in channels:
        key = (id(c.at), len(c.at), c.step_s)
        if key not in found:
            found[key] = c.step_s or step_of(c.at, file)
        steps.append(found[key])
    return steps


def step_of(moments: Any, file: str) -> int:
    """The usual distance between the times of a series [s], to which its readings keep.

    0 for months.

    Raises:
        DataError: `uneven-steps`.
    """
    ordered = np.unique(moments)
    apart = np.diff(ordered).astype("timedelta64[s]").astype(np.int64)
    if not len(apart):
        raise DataError(
            "no-series",
            f"{file} has no two times of one series.",
            "Write times as 2024-03-01 14:00.",
        )
    lengths, counts = np.unique(apart, return_counts=True)
    step = int(lengths[counts.argmax()])
    if 26 * DAY_S <= np.median(apart) <= 95 * DAY_S:
        return 0
    if not STEP_S[0] <= step <= STEP_S[1]:
        raise DataError(
            "uneven-steps",
            f"{file} has a reading every {step} s.",
            "Steps may be a minute to a day, or months; bills are read by 'abate savings'.",
        )
    off = (ordered - ordered[0]).astype("timedelta64[s]").astype(np.int64) % step
    odd = float((off != 0).mean())
    if odd > 0.01 and step < DAY_S:
        raise DataError(
            "uneven-steps",
            f"{file}: {odd:.0%} of its times are not on a grid of {step} s.",
            "Export it with equal steps.",
        )
    return step


def _grid(channels: Sequence[Channel], step_s: int, file: str, later: bool) -> Readings:
    if not step_s:
        return _periods(channels, file)
    step = np.timedelta64(step_s, "s")
    first = min(c.at.min() for c in channels)
    last = max(c.at.max() for c in channels)
    span = int((last - first + step // 2) // step) + 1
    if span > STEPS_MAX or span * len(channels) > 400_000_000:
        raise DataError(
            "file-too-large", f"{file} has {len(channels):,} series of {span:,} steps.", "Split it."
        )
    values = np.full((len(channels), span), np.nan)
    estimated = np.zeros(values.shape, bool) if any(map(_marks, channels)) else None
    told: list[tuple[Any, Any, Any, Any]] = []
    found: list[Finding] = []
    for k, c in enumerate(channels):
        there = ~np.isnan(c.value)
        cells = ((c.at[there] - first + step // 2) // step).astype(
            np.int64
        )  # days of 23 or 25 hours
        numbers = c.value[there]
        if estimated is not None and c.estimated is not None:
            estimated[k, cells[c.estimated[there]]] = True
        if c.issued is not None:
            issued = c.issued[there]
            order = np.argsort(issued, kind="stable")
            values[k, cells[order]] = numbers[order]
            told.append((np.full(len(order), k), cells[order], issued[order], numbers[order]))
            continue
        values[k, cells] = numbers
        found += _twice(values[k], cells, numbers, c.name, first, step, file, later)
    start = first + step * np.arange(span)
    start = start - step if all(c.ended for c in channels) else start
    return Readings(
        tuple(c.name for c in channels),
        start,
        values,
        tuple(c.unit for c in channels),
        file,
        _vintages(channels, start, told),
        tuple(found),
        flows=tuple(c.flow for c in channels),
        meters=tuple(c.meter for c in channels),
        estimated=estimated,
    )


def _marks(channel: Channel) -> bool:
    """Whether the file calls some readings of a series estimated."""
    return channel.estimated is not None and bool(channel.estimated.any())


def _twice(
    line: Any, cells: Any, numbers: Any, name: str, first: Any, step: Any, file: str, later: bool
) -> list[Finding]:
    """Two readings for one step: the same is one.

    Where they differ the step is missing, or the later holds.
    """
    counts = np.bincount(cells, minlength=len(line))
    if counts.max(initial=0) < 2:
        return []
    low, high = np.full(len(line), np.inf), np.full(len(line), -np.inf)
    np.minimum.at(low, cells, numbers)
    np.maximum.at(high, cells, numbers)
    again = np.flatnonzero(counts > 1)
    differ = again[high[again] > low[again]]
    if not later:
        line[differ] = np.nan
    where = str(first + step * int(again[0])).replace("T", " ")[:16]
    text = (
        f"'{name}' has two readings for {len(again)} step{'s' if len(again) > 1 else ''}, first {where}"
        f" UTC; {len(differ) or 'none'} of them differ{'s' if len(differ) == 1 else ''}."
    )
    return [Finding.of(READING_TWICE, text, file=file)]


def _periods(channels: Sequence[Channel], file: str) -> Readings:
    """Months, or periods of bills: steps of their own lengths."""
    moments = np.unique(np.concatenate([c.at for c in channels]))
    values = np.full((len(channels), len(moments)), np.nan)
    for k, c in enumerate(channels):
        there = ~np.isnan(c.value)
        at = np.searchsorted(moments, c.at[there])
        values[k, np.unique(at)] = np.bincount(at, c.value[there], len(moments))[np.unique(at)]
    return Readings(
        tuple(c.name for c in channels),
        moments,
        values,
        tuple(c.unit for c in channels),
        file,
        flows=tuple(c.flow for c in channels),
        meters=tuple(c.meter for c in channels),
    )


def _vintages(
    channels: Sequence[Channel], start: Any, told: list[tuple[Any, Any, Any, Any]]
) -> Vintages | None:
    """What was reported when, None where the file does not say."""
    if not told:
        return None
    row, cell, when, what = (np.concatenate([t[i] for t in told]) for i in range(4))
    out = ~np.isnat(when)
    return Vintages(
        tuple(c.name for c in channels), start, row[out], cell[out], when[out], what[out]
    )
