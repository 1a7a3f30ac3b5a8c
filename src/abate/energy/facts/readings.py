"""Interval data of meters and weather.

What may be wrong with it, how it is found, and repaired when asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.series import Vintages
from abate.kernel.finding import Finding, Rule, Severity

Array = npt.NDArray[np.float64]
HOUR_S = 3600
WEEK_H = 168
STUCK_HOURS = 12
"""Hours of one reading, other than zero, from which a meter counts as stuck."""
SLIP_DAYS_MIN = 2
"""Days that a slip of unit lasts at least."""
SLIP_TOLERANCE = 0.25
"""How far the ratio of two levels may be from that of two units, as a natural logarithm."""
COUNTER_SHARE = 0.995
"""Share of steps that do not fall, from which large and rising values are taken for a counter."""
DETAIL_MAX = 20
"""Findings of one code and meter that are reported one by one."""

READING_GAP = Rule(
    "reading-gap", Severity.WARNING, "Steps of a series without a value",
    "Ask for the missing readings; models leave them out, '--repair gaps' fills short ones.", 196,
)  # fmt: skip
READING_TWICE = Rule(
    "reading-twice", Severity.WARNING, "Two readings for one step",
    "Their mean is used; send one file with one value a step, or '--repair twice' to keep the later one.", 196,
)  # fmt: skip
READING_UNREAD = Rule(
    "reading-unread", Severity.WARNING, "A value of a series that is not a number",
    "It counts as missing; correct the row.", 196,
)  # fmt: skip
CLOCK_CHANGE = Rule(
    "clock-change", Severity.INFO, "Local clock times that a change of the clocks repeats or leaves out",
    "They were placed by the time zone; send times with their offset to be sure.", 197,
)  # fmt: skip
UNIT_SLIP = Rule(
    "unit-slip", Severity.WARNING, "A stretch of a series in another unit",
    "Ask for the stretch in one unit, or '--repair units' to bring it back to the unit of the rest.", 197,
)  # fmt: skip
COUNTER_READ = Rule(
    "counter-read", Severity.INFO, "A series that counts up",
    "Its steps were taken as usage; where it is usage that only ever rises, name its unit and send it by day.", 197,
)  # fmt: skip
COUNTER_RESET = Rule(
    "counter-reset", Severity.WARNING, "A counter that starts again",
    "Usage of that step is unknown; '--repair resets' takes what the counter shows after it.", 197,
)  # fmt: skip
READING_STUCK = Rule(
    "reading-stuck", Severity.WARNING, "A series that repeats itself",
    "Have the meter looked at; '--repair stuck' takes the stretch as missing.", 197,
)  # fmt: skip
FORECAST_DRIFT = Rule(
    "forecast-drift", Severity.WARNING, "A meter that no longer behaves as its model learnt",
    "The model was fitted again; see whether equipment, tenants or the meter changed.", 198,
)  # fmt: skip
RULES = (
    FORECAST_DRIFT,
    READING_GAP,
    READING_TWICE,
    READING_UNREAD,
    CLOCK_CHANGE,
    UNIT_SLIP,
    COUNTER_READ,
    COUNTER_RESET,
    READING_STUCK,
)
MENDS = ("gaps", "twice", "units", "resets", "stuck")
"""What `--repair` may name."""
GAP_STEPS_MAX = 6
"""Longest gap in steps that is filled when asked, by a straight line."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Series of one file on a grid of equal steps.

    Args:
        names: Names of the series.
        start: Beginning of each step, UTC; `datetime64[s]`.
        values: NaN where missing; shape (series, steps).
        units: Unit of each series as the file states it, empty where it does not.
        file: Where they came from.
        vintages: Every value with when it was reported, where the file says so.
        findings: What reading them found.
    """

    names: tuple[str, ...]
    start: Any
    values: Array
    units: tuple[str, ...]
    file: str
    vintages: Vintages | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def step_s(self) -> int:
        """Length of a step [s]."""
        return (
            int((self.start[1] - self.start[0]) / np.timedelta64(1, "s"))
            if len(self.start) > 1
            else HOUR_S
        )

    def picked(self, names: list[str]) -> Readings:
        """Some of the series."""
        rows = [self.names.index(n) for n in names]
        told = self.vintages
        if told is not None:
            mine = np.isin(told.series, rows)
            place = np.full(len(self.names), -1)
            place[rows] = np.arange(len(rows))
            told = Vintages(
                tuple(names),
                told.start,
                place[told.series[mine]],
                told.step[mine],
                told.issued[mine],
                told.value[mine],
            )
        return replace(
            self,
            names=tuple(names),
            values=self.values[rows],
            units=tuple(self.units[r] for r in rows),
            vintages=told,
        )


ENERGY_KWH = {"wh": 0.001, "kwh": 1.0, "千瓦时": 1.0, "mwh": 1000.0}
POWER_KW = {"w": 0.001, "kw": 1.0, "mw": 1000.0}


def is_temperature(name: str, unit: str) -> bool:
    """Whether a series tells outdoor temperature, by its name or its unit."""
    return name.lower().startswith(("temp", "dry", "outdoor")) or unit in ("°C", "°F", "C", "F")


def as_energy(readings: Readings) -> Readings:
    """Readings of power or energy as energy a step [kWh].

    Those in other units, or in none, as they are.
    """
    hours = readings.step_s / HOUR_S
    return _scaled(readings, {**ENERGY_KWH, **{u: f * hours for u, f in POWER_KW.items()}}, "kWh")


def as_power(readings: Readings) -> Readings:
    """Readings of power or energy as mean power of a step [kW].

    Those in other units, or in none, as they are.
    """
    hours = readings.step_s / HOUR_S
    return _scaled(readings, {**POWER_KW, **{u: f / hours for u, f in ENERGY_KWH.items()}}, "kW")


def _scaled(readings: Readings, factors: dict[str, float], unit: str) -> Readings:
    by = np.array([factors.get(u.lower(), 1.0) for u in readings.units])
    units = tuple(unit if u.lower() in factors else u for u in readings.units)
    told = readings.vintages
    if told is not None:
        told = replace(told, value=told.value * by[told.series])
    return replace(readings, values=readings.values * by[:, None], units=units, vintages=told)


def usage_of_counters(readings: Readings) -> tuple[Readings, list[Finding], list[tuple[int, int]]]:
    """Turn counters into usage a step.

    A counter that falls started again, and that step is unknown.

    Returns:
        The readings, what was found, and (series, step) of each reset.
    """
    falls: list[tuple[int, int]] = []
    found = []
    values = readings.values.copy()
    for m, name in enumerate(readings.names):
        line = readings.values[m]
        known = line[~np.isnan(line)]
        if len(known):
            text = f"'{name}' counts from {known[0]:,.1f} to {known[-1]:,.1f}."
            found.append(Finding.of(COUNTER_READ, text, file=readings.file))
        usage = np.append(np.diff(line), np.nan)
        for step in np.flatnonzero(usage < 0):
            falls.append((m, int(step)))
            found.append(
                Finding.of(
                    COUNTER_RESET,
                    f"'{name}' falls from {line[step]:,.1f} to {line[step + 1]:,.1f} at"
                    f" {_at(readings, step + 1)}.",
                    file=readings.file,
                )
            )
        usage[usage < 0] = np.nan
        values[m] = usage
    return replace(readings, values=values), found, falls


def counters(readings: Readings) -> list[int]:
    """Series that look like counters: large values that hardly ever fall."""
    found = []
    for m in range(len(readings.names)):
        line = readings.values[m][~np.isnan(readings.values[m])]
        if len(line) < WEEK_H:
            continue
        moves = np.diff(line)
        rises = moves[moves > 0]
        if (
            len(rises)
            and (moves >= 0).mean() >= COUNTER_SHARE
            and line.mean() > 50 * np.median(rises)
            and len(rises) > len(moves) / 4
        ):
            found.append(m)
    return found


def check_readings(readings: Readings) -> list[Finding]:
    """Everything that is wrong with the values: gaps, stuck stretches, slips of unit.

    Reported, never repaired.

    Returns:
        Findings in the order of series and time; beyond `DETAIL_MAX` of one code and series they
        are counted.
    """
    found: list[Finding] = []
    for m, name in enumerate(readings.names):
        for rule, stretches in (
            (READING_GAP, _gaps(readings.values[m])),
            (READING_STUCK, _stuck(readings.values[m], readings.step_s)),
        ):
            told = list(stretches)
            for first, past in told[:DETAIL_MAX]:
                found.append(
                    Finding.of(
                        rule, _stretch(readings, name, m, rule, first, past), file=readings.file
                    )
                )
            if len(told) > DETAIL_MAX:
                rest = sum(past - first for first, past in told[DETAIL_MAX:])
                found.append(
                    Finding.of(
                        rule,
                        f"'{name}' has {len(told) - DETAIL_MAX} more such stretches, {rest} steps"
                        " in all.",
                        file=readings.file,
                    )
                )
        for first, past, ratio in _slips(readings.values[m], readings.step_s):
            text = (
                f"'{name}' is {ratio:g} times its level from {_at(readings, first)} to"
                f" {_at(readings, past)}."
            )
            found.append(Finding.of(UNIT_SLIP, text, file=readings.file))
    return found


def repair_readings(
    readings: Readings, what: tuple[str, ...], falls: list[tuple[int, int]], raw: Array
) -> tuple[Readings, dict[str, int]]:
    """Mend what was asked to be corrected, and count it.

    Args:
        readings: Checked readings.
        what: Of `MENDS`.
        falls: Resets of counters, as `usage_of_counters` found them.
        raw: The counters' own values, before they became usage.

    Returns:
        The readings, and steps repaired by name.
    """
    values = readings.values.copy()
    count = dict.fromkeys(what, 0)
    for m in range(len(values)):
        if "resets" in what:
            for step in (step for row, step in falls if row == m):
                values[m, step] = raw[m, step + 1]
                count["resets"] += 1
        if "units" in what:
            for first, past, ratio in _slips(readings.values[m], readings.step_s):
                values[m, first:past] /= ratio
                count["units"] += past - first
        if "stuck" in what:
            for first, past in _stuck(readings.values[m], readings.step_s):
                values[m, first + 1 : past] = np.nan
                count["stuck"] += past - first - 1
        if "gaps" in what:
            count["gaps"] += _fill_gaps(values[m])
    return replace(readings, values=values), count


def _fill_gaps(values: Array) -> int:
    """Fill short gaps of a meter by a straight line, in place; how many steps were filled."""
    filled = 0
    for first, past in _gaps(values):
        if past - first <= GAP_STEPS_MAX and first > 0 and past < len(values):
            ends, steps = [first - 1, past], np.arange(first, past)
            values[first:past] = np.interp(steps, ends, values[ends])
            filled += past - first
    return filled


def _at(readings: Readings, step: Any) -> str:
    where = readings.start[0] + np.timedelta64(readings.step_s, "s") * int(step)
    return str(where.astype("datetime64[m]")).replace("T", " ")


def _stretch(readings: Readings, name: str, m: int, rule: Rule, first: int, past: int) -> str:
    steps = (
        f"{past - first} step{'s' if past - first > 1 else ''} from {_at(readings, first)} to"
        f" {_at(readings, past)}"
    )
    if rule is READING_GAP:
        return f"'{name}' lacks {steps}."
    return f"'{name}' repeats {readings.values[m, first]:g} for {steps}."


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and past-last place of each run of true.

    Example:
        >>> list(_runs(np.array([False, True, True, False, True])))
        [(1, 3), (4, 5)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    for first, past in zip(edges[::2], edges[1::2], strict=True):
        yield int(first), int(past)


def _gaps(line: Array) -> Iterator[tuple[int, int]]:
    """Stretches without a value between the first and the last one."""
    there = np.flatnonzero(~np.isnan(line))
    if len(there):
        low = int(there[0])
        for first, past in _runs(np.isnan(line[low : there[-1] + 1])):
            yield low + first, low + past


def _stuck(line: Array, step_s: int) -> Iterator[tuple[int, int]]:
    """Stretches of one value other than zero, half a day or longer."""
    least = max(2, STUCK_HOURS * HOUR_S // step_s)
    if len(line) < least:
        return
    same = np.concatenate([[False], (np.diff(line) == 0) & (line[1:] != 0)])
    share = same.mean()
    if share > 0.5:  # a constant load is not a stuck meter
        return
    for first, past in _runs(same):
        if past - first + 1 >= least:
            yield first - 1, past


def _slips(line: Array, step_s: int) -> list[tuple[int, int, float]]:
    """Stretches at another unit's level: first step, past the last, and the ratio.

    Each step is compared with the usual value of its time of day; the level jumps by the ratio of
    two units at either end of the stretch, and stays there in between.
    """
    per_day = max(4, 86_400 // step_s)
    days = len(line) // per_day
    if days < 3 * SLIP_DAYS_MIN or step_s > 21_600:
        return []
    cells = line[: days * per_day].reshape(days, per_day)
    usual = np.nanmedian(np.where(np.isnan(cells).all(axis=0), 0.0, cells), axis=0)
    if not (usual > 0).any():
        return []
    block = per_day // 4
    there = ~np.isnan(cells) & (usual > 0)
    value = np.where(there, cells, 0.0).reshape(-1, block).sum(axis=1)
    wanted = np.where(there, usual, 0.0).reshape(-1, block).sum(axis=1)
    known = np.flatnonzero((wanted > 0) & (value > 0))
    if len(known) < 12 * SLIP_DAYS_MIN:
        return []
    level = np.log(value[known] / wanted[known])
    padded = np.pad(level, 2, mode="edge")
    level = np.median(np.stack([padded[k : k + len(level)] for k in range(5)]), axis=0)
    ratios = [1000.0, 0.001, *((HOUR_S / step_s, step_s / HOUR_S) if step_s < HOUR_S else ())]
    found = []
    for ratio in ratios:
        for first, past in _runs(np.abs(level - np.log(ratio)) < SLIP_TOLERANCE):
            before = abs(level[max(first - 4, 0)] - np.log(ratio)) > abs(np.log(ratio)) / 2
            after = (
                abs(level[min(past + 3, len(level) - 1)] - np.log(ratio)) > abs(np.log(ratio)) / 2
            )
            jumps = (first == 0 or before) and (past == len(level) or after) and (before or after)
            if jumps and past - first >= 4 * SLIP_DAYS_MIN:
                begin = 0 if first == 0 else _edge(line, int(known[first]) * block, block, ratio)
                end = (
                    len(line)
                    if past == len(level)
                    else _edge(line, int(known[past]) * block, block, 1 / ratio)
                )
                found.append((begin, end, ratio))
    return sorted(found)


def _edge(line: Array, near: int, block: int, ratio: float) -> int:
    """The step near a place at which the values jump by the ratio most clearly."""
    low, high = max(1, near - 2 * block), min(len(line), near + 2 * block)
    with np.errstate(divide="ignore", invalid="ignore"):
        jump = np.log(line[low:high] / line[low - 1 : high - 1])
    off = np.abs(np.where(np.isfinite(jump), jump, np.inf) - np.log(ratio))
    return low + int(off.argmin()) if np.isfinite(off).any() else near
