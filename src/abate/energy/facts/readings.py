"""Interval data of meters and weather.

Series on a grid of equal steps, and the rules by which they are judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.series import Vintages
from abate.kernel.finding import Finding, Rule, Severity

Array = npt.NDArray[np.float64]
HOUR_S = 3600
WEEK_H = 168

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
LOCAL_CLOCK = Rule(
    "clock-local",
    Severity.WARNING,
    "Times by a local clock, read without its zone",
    "Say the zone, such as --zone Europe/Berlin.",
    197,
)
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
    "reading-estimated",
    Severity.INFO,
    "Readings that the file itself calls estimated or substituted",
    "They count; ask for validated readings before a claim rests on them.",
    200,
)
SUM_LEFT_OUT = Rule(
    "sum-left-out",
    Severity.INFO,
    "A column that says again what others say",
    "Nothing is counted twice; delete the other columns if it is the one that counts.",
    200,
)
UNIT_UNSAID = Rule(
    "unit-unsaid",
    Severity.WARNING,
    "A series of which the file states no unit",
    "Say it with --unit kWh, or write it in the header.",
    196,
)
COUNTER_CORRECTED = Rule(
    "counter-corrected",
    Severity.WARNING,
    "A counter that steps back a little",
    "Taken as a correction: the step counts less than nothing, and the sum is right.",
    197,
)
COUNTER_ROLLED = Rule(
    "counter-rolled",
    Severity.INFO,
    "A counter that passed its last digit",
    "It went on from zero; the step counts what lies between.",
    197,
)
COUNTER_SPREAD = Rule(
    "counter-spread",
    Severity.INFO,
    "Usage over missing readings of a counter",
    "The sum is known from the counter and spread evenly over the missing steps.",
    197,
)
SHEET_HIDDEN = Rule(
    "sheet-hidden",
    Severity.INFO,
    "A hidden sheet of a workbook",
    "It was not read; show it in the workbook if it counts.",
    200,
)
ROWS_HIDDEN = Rule(
    "rows-hidden",
    Severity.INFO,
    "Hidden rows of a sheet",
    "They were read like the others; delete them in the workbook if they do not count.",
    200,
)
SENTINEL = Rule(
    "reading-sentinel",
    Severity.WARNING,
    "Values that loggers write where they have none",
    "They count as missing; correct the export if they are readings.",
    196,
)
DEAD_METER = Rule(
    "meter-dead",
    Severity.WARNING,
    "A stretch of zeros, or of hardly anything, on a meter that else counts",
    "Have the meter looked at; '--repair dead' takes the stretch as missing.",
    197,
)
READING_SPIKE = Rule(
    "reading-spike",
    Severity.WARNING,
    "A value out of all proportion to the rest of its series",
    "Check it; correct the row, or leave it out.",
    196,
)
BILL_GAP = Rule(
    "bill-gap",
    Severity.WARNING,
    "Days between two bills that no bill covers",
    "Ask for the missing bill; the days are left out.",
    196,
)
BILL_ESTIMATED = Rule(
    "bill-estimated",
    Severity.INFO,
    "Bills that rest on an estimate",
    "They are added to the next actual one, which corrects them.",
    200,
)
LEFT_OUT = Rule(
    "days-left-out",
    Severity.WARNING,
    "Days that a saving does not rest on",
    "Have the meter looked at; give its readings for those days.",
    196,
)
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
    LOCAL_CLOCK,
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
    ROWS_HIDDEN,
    SENTINEL,
    DEAD_METER,
    READING_SPIKE,
    BILL_GAP,
    BILL_ESTIMATED,
    LEFT_OUT,
)


def rows_hidden(sheet: str, count: int, file: str) -> Finding:
    """What is said of a sheet that hides some of its rows."""
    text = f"The sheet '{sheet}' of {file} hides {count:,} row{'' if count == 1 else 's'}."
    return Finding.of(ROWS_HIDDEN, text, file=file, sheet=sheet)


REPAIRS = ("gaps", "twice", "units", "resets", "stuck", "dead")
"""What `--repair` may name."""


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
        estimated: Which values the file calls estimated or substituted; shape (series, steps),
            None where it marks none.
        counting: Names of the series that count up in the file, whose values are usage here.
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
    estimated: npt.NDArray[np.bool_] | None = None
    counting: frozenset[str] = frozenset()

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
            estimated=None if self.estimated is None else self.estimated[rows],
        )


ENERGY_KWH = {
    "wh": 0.001, "kwh": 1.0, "千瓦时": 1.0, "mwh": 1000.0, "gwh": 1e6, "万kwh": 10_000.0, "kj": 1 / 3600, "mj": 1 / 3.6, "gj": 1000 / 3.6,
}  # fmt: skip
POWER_KW = {"w": 0.001, "kw": 1.0, "mw": 1000.0}


def is_temperature(name: str, unit: str) -> bool:
    """Whether a series tells outdoor temperature, by its name or its unit."""
    return name.lower().startswith(("temp", "dry", "outdoor")) or unit in ("°C", "°F", "C", "F")


def energy_factors(step_s: int) -> dict[str, float]:
    """Amounts of energy, and mean powers over a step, in kWh, by unit in small letters."""
    hours = step_s / HOUR_S
    return {**ENERGY_KWH, **{u: f * hours for u, f in POWER_KW.items()}}


def as_energy(readings: Readings, step_s: int = 0) -> Readings:
    """Readings of power or energy as energy a step [kWh].

    Those in other units, or in none, as they are.

    Args:
        readings: The readings.
        step_s: Length of a step [s], where a grid of one step does not show it.
    """
    return _scaled(readings, energy_factors(step_s or readings.step_s), "kWh")


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


def moment_text(readings: Readings, step: Any) -> str:
    """Begin of a step for people, UTC."""
    where = readings.start[0] + np.timedelta64(readings.step_s, "s") * int(step)
    return str(where.astype("datetime64[m]")).replace("T", " ")
