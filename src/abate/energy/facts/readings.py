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
from abate.energy.facts.words import REGISTER_WORDS, has_word
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
DETAIL_MAX = 20
"""Findings of one code and meter that are reported one by one."""

READING_GAP = Rule(
    "reading-gap", Severity.WARNING, "Steps of a series without a value",
    "Ask for the missing readings; models leave them out, '--repair gaps' fills short ones.", 196,
)  # fmt: skip
READING_TWICE = Rule(
    "reading-twice", Severity.WARNING, "Two readings for one step",
    "Steps with two that differ are missing; send one value a step, or '--repair twice' to keep the later one.", 196,
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
READING_FLAGGED = Rule(
    "reading-estimated", Severity.INFO, "Readings that the file itself calls estimated or substituted",
    "They count; ask for validated readings before a claim rests on them.", 200,
)  # fmt: skip
SUM_LEFT_OUT = Rule(
    "sum-left-out", Severity.INFO, "A column that says again what others say",
    "It was left out; name the columns with a mapping to read it.", 200,
)  # fmt: skip
UNIT_UNSAID = Rule(
    "unit-unsaid", Severity.WARNING, "A series of which the file states no unit",
    "Say it with --unit kWh, or write it in the header.", 196,
)  # fmt: skip
COUNTER_CORRECTED = Rule(
    "counter-corrected", Severity.WARNING, "A counter that steps back a little",
    "Taken as a correction: the step counts less than nothing, and the sum is right.", 197,
)  # fmt: skip
COUNTER_ROLLED = Rule(
    "counter-rolled", Severity.INFO, "A counter that passed its last digit",
    "It went on from zero; the step counts what lies between.", 197,
)  # fmt: skip
COUNTER_SPREAD = Rule(
    "counter-spread", Severity.INFO, "Usage over missing readings of a counter",
    "The sum is known from the counter and spread evenly over the missing steps.", 197,
)  # fmt: skip
SHEET_HIDDEN = Rule(
    "sheet-hidden", Severity.INFO, "A hidden sheet of a workbook",
    "It was not read; show it in the workbook if it counts.", 200,
)  # fmt: skip
SENTINEL = Rule(
    "reading-sentinel", Severity.WARNING, "Values that loggers write where they have none",
    "They count as missing; correct the export if they are readings.", 196,
)  # fmt: skip
DEAD_METER = Rule(
    "meter-dead", Severity.WARNING, "A stretch of zeros, or of hardly anything, on a meter that else counts",
    "Have the meter looked at; '--repair dead' takes the stretch as missing.", 197,
)  # fmt: skip
READING_SPIKE = Rule(
    "reading-spike", Severity.WARNING, "A value out of all proportion to the rest of its series",
    "Check it; correct the row, or leave it out.", 196,
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
    READING_FLAGGED,
    SUM_LEFT_OUT,
    UNIT_UNSAID,
    COUNTER_CORRECTED,
    COUNTER_ROLLED,
    COUNTER_SPREAD,
    SHEET_HIDDEN,
    SENTINEL,
    DEAD_METER,
    READING_SPIKE,
)
REPAIRS = ("gaps", "twice", "units", "resets", "stuck", "dead")
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
        flows: Direction or medium of each series as the file states it: `import`, `export`,
            `generation`, `load`, `gas` and others; empty where it states none.
        meters: Meter of each series, empty where the file names none.
        others: Series of the same file with steps of another length.
        layout: What was recognised of the file, for people.
    """

    names: tuple[str, ...]
    start: Any
    values: Array
    units: tuple[str, ...]
    file: str
    vintages: Vintages | None = None
    findings: tuple[Finding, ...] = ()
    flows: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    others: tuple[Readings, ...] = ()
    layout: dict[str, object] | None = None

    @property
    def step_s(self) -> int:
        """Length of a step [s]; 0 where steps are months or periods of bills."""
        if len(self.start) < 2:
            return HOUR_S
        first, *_, last = np.diff(self.start[:3]), np.diff(self.start[-2:])
        lengths = {int(x / np.timedelta64(1, "s")) for x in (*first, *last)}
        return lengths.pop() if len(lengths) == 1 else 0

    def flow(self, m: int) -> str:
        """Direction or medium of a series, empty where the file states none."""
        return self.flows[m] if self.flows else ""

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
            flows=tuple(self.flows[r] for r in rows) if self.flows else (),
            meters=tuple(self.meters[r] for r in rows) if self.meters else (),
            vintages=told,
        )


ENERGY_KWH = {
    "wh": 0.001, "kwh": 1.0, "千瓦时": 1.0, "mwh": 1000.0, "gwh": 1e6, "万kwh": 10_000.0, "kj": 1 / 3600, "mj": 1 / 3.6, "gj": 1000 / 3.6,
}  # fmt: skip
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
        text = f"'{name}' counts from {line[at[0]]:,.1f} to {line[at[-1]]:,.1f}."
        found.append(Finding.of(COUNTER_READ, text, file=readings.file))
        moves = np.diff(line[at])
        for k in np.flatnonzero(moves < 0):
            rule, move = _fall(line[at[k]], line[at[k + 1]], moves)
            text = f"'{name}' falls from {line[at[k]]:,.1f} to {line[at[k + 1]]:,.1f} at {_at(readings, at[k + 1])}."
            if rule is COUNTER_RESET:
                falls.append((m, int(at[k])))
            found.append(Finding.of(rule, text, file=readings.file))
            moves[k] = move
        values[m], spread = _spread(at, moves, len(line))
        if spread:
            text = f"'{name}' lacks {spread} readings; what it counted over them is spread."
            found.append(Finding.of(COUNTER_SPREAD, text, file=readings.file))
    return replace(readings, values=values), _few(found), falls


def _fall(before: float, after: float, moves: Array) -> tuple[Rule, float]:
    """What a step back of a counter is, and what it counts: a correction, a passed last digit, a new start."""
    usual = float(np.median(moves[moves > 0])) if (moves > 0).any() else 0.0
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
    """Usage of each step from what a counter moved between its readings, and steps over which it was spread."""
    usage = np.full(count, np.nan)
    lengths = np.diff(at)
    if len(lengths):
        usage[at[0] : at[-1]] = np.repeat(moves / lengths, lengths)
        over = lengths > 1
        unknown = over & np.isnan(moves)
        for k in np.flatnonzero(unknown):
            usage[at[k] : at[k + 1]] = np.nan
    return usage, int((lengths - 1).sum())


def _few(found: list[Finding]) -> list[Finding]:
    """Findings, of one code and file no more than `DETAIL_MAX` one by one."""
    kept: list[Finding] = []
    counts: dict[str, int] = {}
    for finding in found:
        counts[finding.code] = counts.get(finding.code, 0) + 1
        if counts[finding.code] <= DETAIL_MAX * 10:
            kept.append(finding)
    return kept


COUNTER_MIN = 4
"""Readings from which a series can be told to count up by its values alone."""


def counters(readings: Readings) -> list[int]:
    """Series that count up: by their name and their values, or by their values alone.

    Values count up if they hardly ever fall and lie far above the largest step, or if there are many
    of them and none falls.
    """
    return [
        m
        for m, name in enumerate(readings.names)
        if _counts(readings.values[m], name, readings.flow(m))
    ]


def _counts(values: Array, name: str, flow: str) -> bool:
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
    """Counters whose steps stand beside them as a series of their own, and are therefore left out."""
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
    """Readings without values that stand for none, each named with how often and where it first comes."""
    values, found = readings.values.copy(), []
    for m, name in enumerate(readings.names):
        line = values[m]
        for sentinel in SENTINELS:
            at = np.flatnonzero(line == sentinel)
            others = line[~np.isnan(line) & ~np.isin(line, SENTINELS)]
            if not len(at) or not len(others) or len(at) > len(line) / 2:
                continue
            strange = (
                others.min() >= 0 or sentinel < 5 * others.min()
                if sentinel < 0
                else sentinel > SENTINEL_RATIO * max(others.max(), 1e-9)
            )
            if strange:
                values[m, at] = np.nan
                text = f"'{name}' is {sentinel:g} at {len(at)} steps, first {_at(readings, at[0])}."
                found.append(Finding.of(SENTINEL, text, file=readings.file))
    return (replace(readings, values=values), found) if found else (readings, [])


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
    least = max(2, STUCK_HOURS * HOUR_S // step_s) if step_s else len(line) + 1
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
