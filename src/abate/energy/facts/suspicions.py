"""What may be wrong with readings, how it is found, and repaired when asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from abate.energy.facts.readings import (
    DEAD_METER,
    HOUR_S,
    READING_GAP,
    READING_SPIKE,
    READING_STUCK,
    SENTINEL,
    UNIT_SLIP,
    Array,
    Readings,
    moment_text,
)
from abate.kernel.finding import Finding, Rule

STUCK_HOURS = 12
"""Hours of one reading, other than zero, from which a meter counts as stuck."""
SLIP_DAYS_MIN = 2
"""Days that a slip of unit lasts at least."""
SLIP_TOLERANCE = 0.25
"""How far the ratio of two levels may be from that of two units, as a natural logarithm."""
DETAIL_MAX = 20
"""Findings of one code and meter that are reported one by one."""
GAP_STEPS_MAX = 6
"""Longest gap in steps that is filled when asked, by a straight line."""

SENTINELS = (
    -999.0,
    -9999.0,
    -99999.0,
    -999.25,
    9999.0,
    99999.0,
    999999.0,
    65535.0,
    65534.0,
    32767.0,
    32768.0,
    -32768.0,
    4294967295.0,
)
"""Values that loggers write where they have none: full registers, and rows of nines."""
SENTINEL_RATIO = 5
"""How many times the largest other value a sentinel is at least, where it is positive."""


def without_sentinels(readings: Readings) -> tuple[Readings, list[Finding]]:
    """Readings without the values that stand for none.

    Each such value is named, with how often and where it first comes.
    """
    values, found = readings.values.copy(), []
    for m, name in enumerate(readings.names):
        line = readings.values[m]
        maybe = np.flatnonzero(np.isin(line, SENTINELS))
        if not len(maybe):
            continue
        others = np.delete(line, maybe)
        others = others[~np.isnan(others)]
        for sentinel in SENTINELS:
            at = maybe[line[maybe] == sentinel]
            if not len(at) or not len(others) or len(at) > len(line) / 2:
                continue
            strange = (
                others.min() >= 0 or sentinel < 5 * others.min()
                if sentinel < 0
                else sentinel > SENTINEL_RATIO * max(others.max(), 1e-9)
            )
            if strange:
                values[m, at] = np.nan
                when = moment_text(readings, at[0])
                text = f"'{name}' is {sentinel:g} in {len(at)} of {len(line)} steps, first {when}."
                found.append(Finding.of(SENTINEL, text, file=readings.file))
    return (replace(readings, values=values), found) if found else (readings, [])


def check_readings(readings: Readings) -> list[Finding]:
    """Everything that is wrong with the values.

    Gaps, dead and stuck stretches, spikes, slips of unit.

    Reported, never repaired.

    Returns:
        Findings in the order of series and time; beyond `DETAIL_MAX` of one code and series they
        are counted.
    """
    found: list[Finding] = []
    for m, name in enumerate(readings.names):
        line = readings.values[m]
        stretches = [(READING_GAP, list(_gaps(line)))]
        if readings.step_s and readings.flow(m) not in WEATHER:
            dead = _dead(line, readings.step_s) if readings.flow(m) in COUNTED else []
            stuck = [s for s in _stuck(line, readings.step_s) if not any(_meet(s, d) for d in dead)]
            stretches += [(DEAD_METER, dead), (READING_STUCK, stuck)]
            found += _spikes(readings, m)
        for rule, told in stretches:
            found += [
                Finding.of(rule, _stretch(readings, name, m, rule, *s), file=readings.file)
                for s in told[:DETAIL_MAX]
            ]
            if len(told) > DETAIL_MAX:
                rest = sum(past - first for first, past in told[DETAIL_MAX:])
                more = len(told) - DETAIL_MAX
                text = f"'{name}' has {more} more such stretches, {rest} steps in all."
                found.append(Finding.of(rule, text, file=readings.file))
        for first, past, ratio in _slips(line, readings.step_s):
            text = (
                f"'{name}' is {ratio:g} times its level from {moment_text(readings, first)} to"
                f" {moment_text(readings, past)}."
            )
            found.append(Finding.of(UNIT_SLIP, text, file=readings.file))
    return found


WEATHER = ("temperature", "forecast")
"""Media that are not metered."""
COUNTED = ("", "import", "load", "consumption", "gas", "heat", "water")
"""Media and directions of which nothing at all is strange; generation and export rest at night."""
DEAD_HOURS = 24
DEAD_SHARE = 0.005
"""Share of the usual value below which a meter counts as dead."""
FLAT_SHARE = 0.0004
"""Share of the usual value that a flat stretch moves from step to step at most."""
SPIKE_RATIO = 10
"""How many times the largest other value a spike is at least, its neighbours aside."""


def dead_stretches(readings: Readings, m: int) -> list[tuple[int, int]]:
    """Stretches of a series in which its meter is dead or stuck: first step, and past the last."""
    if not readings.step_s or readings.flow(m) not in COUNTED:
        return []
    line = readings.values[m]
    return sorted({*_dead(line, readings.step_s), *_stuck(line, readings.step_s)})


def _dead(line: Array, step_s: int) -> list[tuple[int, int]]:
    """Stretches of a day or longer of hardly anything.

    Of a meter that rests neither often nor as long.
    """
    alive = line[line > 0]
    if len(alive) < 24:
        return []
    usual = float(np.median(alive))
    runs = list(_runs(np.abs(np.nan_to_num(line, nan=np.inf)) <= DEAD_SHARE * usual))
    least = max(2, DEAD_HOURS * HOUR_S // step_s)
    long = [r for r in runs if r[1] - r[0] >= least]
    if sum(b - a for a, b in long) > len(line) / 2:
        return []
    found = []
    for first, past in long:
        others = [b - a for a, b in runs if (a, b) != (first, past)]
        alike = sum(length * 2 >= past - first for length in others)
        if alike < 3:  # a plant that rests every week-end is alive
            found.append((first, past))
    return found


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _spikes(readings: Readings, m: int) -> Iterator[Finding]:
    """Values out of all proportion to the rest of their series."""
    size = np.abs(readings.values[m])
    there = size[~np.isnan(size)]
    if len(there) < 24:
        return
    ordered = np.sort(there)
    few = max(1, len(there) // 500)
    rest = float(ordered[-few - 1])
    if rest <= 0:
        return
    at = np.flatnonzero(size > SPIKE_RATIO * rest)
    if 0 < len(at) <= few:
        text = (
            f"'{readings.names[m]}' is {readings.values[m, at[0]]:,.6g} at {moment_text(readings, at[0])}"
            f"{f' and {len(at) - 1} more times' if len(at) > 1 else ''}; all else is up to {rest:,.6g}."
        )
        yield Finding.of(READING_SPIKE, text, file=readings.file)


def repair_readings(
    readings: Readings, what: tuple[str, ...], falls: list[tuple[int, int]], raw: Array
) -> tuple[Readings, dict[str, int]]:
    """Repair what was asked, and count it.

    Args:
        readings: Checked readings.
        what: Of `REPAIRS`.
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
        for name, stretches, kept in (("dead", _dead, 0), ("stuck", _stuck, 1)):
            for first, past in (
                stretches(readings.values[m], readings.step_s) if name in what else ()
            ):
                values[m, first + kept : past] = np.nan
                count[name] += past - first - kept
        count |= {"gaps": count["gaps"] + _fill_gaps(values[m])} if "gaps" in what else {}
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


def _stretch(readings: Readings, name: str, m: int, rule: Rule, first: int, past: int) -> str:
    steps = (
        f"{past - first} step{'s' if past - first > 1 else ''} from {moment_text(readings, first)} to"
        f" {moment_text(readings, past)}"
    )
    if rule is READING_GAP:
        return f"'{name}' lacks {steps}."
    if rule is DEAD_METER:
        top = float(np.nanmax(np.abs(readings.values[m, first:past])))
        return f"'{name}' is {f'no more than {top:g}' if top else 'zero'} for {steps}."
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
    """Stretches, half a day or longer, of one value, or a day or longer of values that hardly move.

    A load that is constant anyway is not a stuck meter.
    """
    least = max(2, STUCK_HOURS * HOUR_S // step_s) if step_s else len(line) + 1
    if len(line) < least:
        return
    moves = np.abs(np.diff(line))
    usual = float(np.nanmedian(np.abs(line))) if not np.isnan(line).all() else 0.0
    same = np.concatenate([[False], (moves == 0) & (line[1:] != 0)])
    near = np.concatenate(
        [[False], (moves <= FLAT_SHARE * usual) & (np.abs(line[1:]) > DEAD_SHARE * usual)]
    )
    found: list[tuple[int, int]] = []
    if same.mean() <= 0.5:
        found = [(a - 1, b) for a, b in _runs(same) if b - a + 1 >= least]
    lively = float(np.nanmedian(moves)) > 10 * FLAT_SHARE * usual if (moves >= 0).any() else False
    if lively and near.mean() <= 0.5:
        for first, past in _runs(near):
            stretch = line[first - 1 : past]
            flat = float(np.nanmax(stretch) - np.nanmin(stretch)) <= 4 * FLAT_SHARE * usual
            if (
                past - first + 1 >= 2 * least
                and flat
                and not any(_meet((first - 1, past), f) for f in found)
            ):
                found.append((first - 1, past))
    yield from sorted(found)


def _slips(line: Array, step_s: int) -> list[tuple[int, int, float]]:
    """Stretches at another unit's level: first step, past the last, and the ratio.

    Each step is compared with the usual value of its time of day; the level jumps by the ratio of
    two units at either end of the stretch, and stays there in between.
    """
    if not step_s:
        return []
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
