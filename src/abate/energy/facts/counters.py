"""Counters of meters: which series count up, and what they counted by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from abate.energy.facts.readings import (
    COUNTER_CORRECTED,
    COUNTER_READ,
    COUNTER_RESET,
    COUNTER_ROLLED,
    COUNTER_SPREAD,
    Array,
    Readings,
    moment_text,
)
from abate.energy.facts.words import REGISTER_WORDS, has_word
from abate.kernel.finding import Finding, Rule

USAGE_ONLY = (
    "usage",
    "consumption",
    "delta",
    "verbrauch",
    "verbruik",
    "lastgang",
    "today",
    "this day",
    "用量",
)
"""Words that say that a series holds steps, not a count."""
STATES = ("°C", "°F", "C", "F", "%", "m/s", "Pa", "hPa", "W/m2")
"""Units of what does not add up, and so does not count up."""
FINDINGS_MAX = 200


def usage_of_counters(readings: Readings) -> tuple[Readings, list[Finding], list[tuple[int, int]]]:
    """Turn counters into usage a step.

    The step of a reading counts what the counter moved until the next one. Where readings lack in
    between, the sum is spread evenly. A small step back is a correction; one from the last digit to
    zero goes on; any other starts the counter again, and that step is unknown.

    Returns:
        The readings, what was found, and (series, step) of each reset.
    """
    falls: list[tuple[int, int]] = []
    found = []
    values = readings.values.copy()
    for m, name in enumerate(readings.names):
        line = readings.values[m]
        at = np.flatnonzero(~np.isnan(line))
        if not len(at):
            continue
        if counts_by_day(line, readings.step_s):
            text = f"'{name}' counts up through each day and begins again."
            found.append(Finding.of(COUNTER_READ, text, file=readings.file))
            values[m] = _by_day(line, at)
            continue
        text = f"'{name}' counts from {line[at[0]]:,.1f} to {line[at[-1]]:,.1f}."
        found.append(Finding.of(COUNTER_READ, text, file=readings.file))
        moves = np.diff(line[at])
        usual = float(np.median(moves[moves > 0])) if (moves > 0).any() else 0.0
        for k in np.flatnonzero(moves < 0):
            rule, move = fall_of(line[at[k]], line[at[k + 1]], usual)
            when = moment_text(readings, at[k + 1])
            text = f"'{name}' falls from {line[at[k]]:,.1f} to {line[at[k + 1]]:,.1f} at {when}."
            if rule is COUNTER_RESET:
                falls.append((m, int(at[k])))
            found.append(Finding.of(rule, text, file=readings.file))
            moves[k] = move
        values[m], spread = _spread(at, moves, len(line))
        if spread:
            text = f"'{name}' lacks {spread} readings; what it counted over them is spread."
            found.append(Finding.of(COUNTER_SPREAD, text, file=readings.file))
    return replace(readings, values=values), _few(found), falls


def fall_of(before: float, after: float, usual: float) -> tuple[Rule, float]:
    """What a step back of a counter is, and what it counts.

    A correction, a passed last digit, or a new start, of which nothing is known.

    Args:
        before: Reading before it.
        after: Reading after it.
        usual: Median of what the counter counts in a step.
    """
    if before - after <= max(3 * usual, 1e-4 * abs(before)) and after > 0.5 * before:
        return COUNTER_CORRECTED, after - before
    top = 10.0 ** np.ceil(np.log10(max(before, 1.0)))
    if (
        before > 0.98 * top
        and after < 0.02 * top
        and top - before + after <= max(50 * usual, 0.001 * top)
    ):
        return COUNTER_ROLLED, top - before + after
    return COUNTER_RESET, np.nan


def _spread(at: npt.NDArray[np.int64], moves: Array, count: int) -> tuple[Array, int]:
    """Usage of each step from what a counter moved between its readings.

    With the number of steps over which it was spread.
    """
    usage = np.full(count, np.nan)
    lengths = np.diff(at)
    if len(lengths):
        usage[at[0] : at[-1]] = np.repeat(moves / lengths, lengths)
        over = lengths > 1
        unknown = over & np.isnan(moves)
        for k in np.flatnonzero(unknown):
            usage[at[k] : at[k + 1]] = np.nan
    return usage, int((lengths - 1).sum())


def counts_by_day(values: Array, step_s: int) -> bool:
    """Whether a series counts up through each day, and begins again near zero once a day."""
    if not 0 < step_s <= 14_400:
        return False
    line = values[~np.isnan(values)]
    per_day = 86_400 // step_s
    if len(line) < 2 * per_day:
        return False
    falls = np.flatnonzero(np.diff(line) < 0)
    days = len(line) / per_day
    if not 0.7 * days - 1 <= len(falls) <= days + 1 or (np.diff(line) > 0).sum() < 3 * len(falls):
        return False
    apart = np.diff(falls)
    regular = (
        (
            np.abs(apart % per_day - per_day * (apart % per_day > per_day / 2))
            <= 2 * 3600 // step_s + 1
        ).mean()
        if len(apart)
        else 0.0
    )
    return bool(regular > 0.9 and (line[falls + 1] <= 0.25 * line[falls]).mean() > 0.9)


def _by_day(line: Array, at: npt.NDArray[np.int64]) -> Array:
    """Usage by step of a counter that begins again each day.

    Each reading less the one before it.
    """
    usage = np.full(len(line), np.nan)
    known = line[at]
    moves = np.diff(known, prepend=0.0)
    begun = np.concatenate([[True], np.diff(known) < 0])
    usage[at] = np.where(begun, known, moves)
    usual = np.median(moves[1:][moves[1:] > 0]) if (moves[1:] > 0).any() else 0.0
    if known[0] > 3 * usual:  # the file begins in the middle of a day
        usage[at[0]] = np.nan
    return usage


def _few(found: list[Finding]) -> list[Finding]:
    """Findings, of one code and file no more than `DETAIL_MAX` one by one."""
    kept: list[Finding] = []
    counts: dict[str, int] = {}
    for finding in found:
        counts[finding.code] = counts.get(finding.code, 0) + 1
        if counts[finding.code] <= FINDINGS_MAX:
            kept.append(finding)
    return kept


COUNTER_MIN = 4
"""Readings from which a series can be told to count up by its values alone."""


def counters(readings: Readings) -> list[int]:
    """Series that count up: by their name and their values, or by their values alone.

    Values count up if they hardly ever fall and lie far above the largest step, or if there are
    many of them and none falls.
    """
    chosen = [
        m
        for m, name in enumerate(readings.names)
        if readings.units[m] not in STATES
        and readings.flow(m) not in ("temperature", "forecast")
        and (
            counts_up(readings.values[m], name, readings.flow(m))
            or counts_by_day(readings.values[m], readings.step_s)
        )
    ]
    meters = readings.meters or [""] * len(readings.names)
    beside = {(readings.units[m], meters[m]) for m in chosen}
    resting = (m for m in range(len(readings.names)) if rests(readings.values[m]))
    return sorted({*chosen, *(m for m in resting if (readings.units[m], meters[m]) in beside)})


def rests(values: Array) -> bool:
    """Whether a series stays at one level above zero.

    Beside counters it is one that does not move.
    """
    line = values[~np.isnan(values)]
    return len(line) >= COUNTER_MIN and line[0] > 0 and bool((line == line[0]).all())


def counts_up(values: Array, name: str, flow: str) -> bool:
    """Whether a series counts up, by its name and its values."""
    line = values[~np.isnan(values)]
    if len(line) < COUNTER_MIN or flow in ("temperature", "forecast"):
        return False
    moves = np.diff(line)
    rises = moves[moves > 0]
    if not len(rises):
        return has_word(name, REGISTER_WORDS) and len(set(line.tolist())) == 1
    small = -moves[moves < 0] <= 1e-4 * np.abs(line[:-1][moves < 0])
    falls = int((moves < 0).sum() - small.sum())
    if has_word(name, REGISTER_WORDS) and not has_word(name, USAGE_ONLY):
        return falls <= max(1, 0.02 * len(moves))
    level = float(np.median(line))
    far = level > 20 * float(np.quantile(rises, 0.98)) and level > 5 * float(rises.max())
    steady = len(rises) > len(moves) / 4 or len(rises) >= 3
    if far and steady and falls <= 0.005 * len(moves) and len(rises) >= 3:
        return not (len(line) < 24 and has_word(name, USAGE_ONLY))
    return len(line) >= 30 and falls == 0 and len(rises) >= max(8, len(moves) / 8)


def without_pairs(readings: Readings, chosen: list[int]) -> list[int]:
    """Counters whose steps stand beside them as a series of their own.

    They are left out.
    """
    found = []
    for m in chosen:
        line = readings.values[m]
        usage = np.diff(line)
        for o in range(len(readings.names)):
            if o in chosen or (readings.meters and readings.meters[o] != readings.meters[m]):
                continue
            other = readings.values[o]
            for beside in (other[1:], other[:-1]):
                there = ~np.isnan(usage) & ~np.isnan(beside)
                near = np.abs(usage[there] - beside[there]) <= 0.011 + 0.001 * np.abs(beside[there])
                if (
                    there.sum() >= 3
                    and near.mean() >= 0.9
                    and (np.abs(beside[there]).sum() > 0 or not np.abs(usage[there]).sum())
                ):
                    found.append(m)
                    break
            else:
                continue
            break
    return found
