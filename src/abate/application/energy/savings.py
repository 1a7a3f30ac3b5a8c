"""Savings of meters from their files.

Periods, weather, baseline and reporting sides, valued estimates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.engine.groups import Workers, map_groups
from abate.adapters.readers.bill_tables import read_bills
from abate.adapters.readers.series import PLAIN, FileStyle, zone_of
from abate.algorithms.forecasting.days import days_of
from abate.disclosure.charts import savings_chart
from abate.energy.facts.readings import ENERGY_KWH, LEFT_OUT, Readings, as_energy, is_temperature
from abate.energy.facts.suspicions import dead_stretches
from abate.energy.planners.hourly import hourly_savings
from abate.energy.planners.savings import CONFIDENCE_SHARE, Saving, Side, savings
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError
from abate.kernel.finding import Finding

DAY = np.timedelta64(86_400, "s")
WEATHER_SHARE_MIN = 0.5
"""Least share of a period's hours that have weather."""
YEAR_DAYS = 365
"""Days that each side has, or the periods that reach them."""
GROUP = 250
"""Meters estimated in one batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """Usage of meters by period: a day each, or a bill each.

    Args:
        names: Meters.
        edges: Beginning of each period and the end of the last, UTC; `datetime64[s]`.
        per_day: Usage per day of each period, NaN where missing; shape (meters, periods).
        kind: `daily` or `billing`.
        findings: What reading them found.
        generation: Meters behind which something generates.
        midday: Usage around noon over that of the night, of each day; None where days have no
            hours; shape (meters, periods).
    """

    names: tuple[str, ...]
    edges: Any
    per_day: Any
    kind: str
    findings: tuple[Finding, ...] = ()
    generation: tuple[str, ...] = ()
    midday: Any = None

    @property
    def days(self) -> Any:
        """Days of each period."""
        return np.round(np.diff(self.edges) / DAY)


def read_usage(source: Path | Readings, style: FileStyle = PLAIN) -> Usage:
    """Usage by day from interval data, or by bill where times are weeks or months apart.

    A day counts where it has all of its steps. Days on which a meter is dead or stuck are left out.

    Args:
        source: A file, or the usage of meters.
        style: What the user says of the file, and the zone of the days.

    Raises:
        DataError: As `read_series` and `read_bills`.
    """
    billed = _billed(source, style) if isinstance(source, Path) else None
    if billed is not None:
        return billed
    readings = metered_usage(_read(source, style))
    step = np.timedelta64(readings.step_s, "s")
    if readings.step_s == int(DAY.astype(int)):
        edges = np.append(readings.start, readings.start[-1] + step)
        return Usage(
            readings.names,
            edges,
            readings.values,
            "daily",
            readings.findings,
            generation_in(readings),
        )
    return replace(_by_day(readings, style.zone), generation=generation_in(readings))


def _read(source: Path | Readings, style: FileStyle) -> Readings:
    return style.read(source) if isinstance(source, Path) else source


def _billed(path: Path, style: FileStyle) -> Usage | None:
    """Usage by bill; None where the file holds none."""
    bills = read_bills(path, style.style, column=style.column)
    if bills is None:
        return None
    days = np.maximum(np.round(np.diff(bills.edges) / DAY), 1.0)
    amount = bills.amount * ENERGY_KWH.get(bills.unit.lower(), 1.0)
    name = path.name.split(".")[0]
    return Usage((name,), bills.edges, (amount / days)[None], "billing", bills.findings)


def metered_usage(read: Readings) -> Readings:
    """What is used, by step.

    Series of usage without dead and stuck stretches, with generation where it is metered.

    Usage is import, less export, and generation where the file holds it.
    """
    readings = as_energy(read)
    values = readings.values.copy()
    found = list(readings.findings)
    for m, name in enumerate(readings.names):
        stretches = dead_stretches(readings, m)
        for first, past in stretches:
            values[m, first:past] = np.nan
        if stretches:
            days = sum(past - first for first, past in stretches) * readings.step_s / 86_400
            text = (
                f"The meter of '{name}' is dead or stuck for {days:,.1f} days, which are left out."
            )
            found.append(Finding.of(LEFT_OUT, text, file=readings.file))
    made = replace(readings, values=values, findings=tuple(found))
    flows = [readings.flow(m) for m in range(len(readings.names))]
    used = [m for m, f in enumerate(flows) if f not in ("export", "generation", *BESIDE)]
    if not used:
        return made
    made_by = [m for m, f in enumerate(flows) if f == "generation"]
    sent = [m for m, f in enumerate(flows) if f == "export"]
    picked = made.picked([readings.names[m] for m in used])
    if made_by and len(used) == 1:
        whole = (
            values[used[0]] + np.nansum(values[made_by], axis=0) - np.nansum(values[sent], axis=0)
        )
        return replace(picked, values=whole[None])
    if sent and np.nansum(np.abs(values[sent])) > 0 and len(used) == 1:
        return replace(
            picked,
            values=np.where(
                np.nansum(values[sent], axis=0) > 0,
                -np.nansum(values[sent], axis=0),
                values[used[0]],
            )[None],
        )
    return picked


BESIDE = ("temperature", "forecast", "reactive", "charge", "discharge")
"""Series that are no usage."""
NEGATIVE_SHARE = 0.001
"""Share of steps below zero from which a meter is taken to see generation."""
HOUR_S = 3600
NIGHT, MIDDAY = (0, 4), (10, 15)
"""Local hours compared where generation is looked for."""


def generation_in(readings: Readings) -> tuple[str, ...]:
    """Names of meters behind which something generates: they run backwards."""
    there = ~np.isnan(readings.values)
    below = (np.nan_to_num(readings.values) < -1e-9).sum(axis=1) > NEGATIVE_SHARE * np.maximum(
        there.sum(axis=1), 1
    )
    return tuple(n for n, b in zip(readings.names, below, strict=True) if b)


def _by_day(readings: Readings, zone: str) -> Usage:
    """Readings added up by local day."""
    laid = days_of(readings.start, zone)
    day = laid.place // laid.steps
    first = np.flatnonzero(np.diff(day, prepend=-1))
    edges = np.append(
        readings.start[first], readings.start[-1] + np.timedelta64(readings.step_s, "s")
    )
    whole = np.round(np.diff(edges) / np.timedelta64(readings.step_s, "s")).astype(int)
    sums = np.add.reduceat(np.nan_to_num(readings.values), first, axis=1)
    counts = np.add.reduceat(~np.isnan(readings.values), first, axis=1)
    full = (counts == whole) & (whole * readings.step_s >= 82_800)
    hour = laid.place % laid.steps * readings.step_s // HOUR_S
    noon, night = (
        np.add.reduceat(
            np.where((hour >= a) & (hour < b), np.nan_to_num(readings.values), 0.0), first, axis=1
        )
        for a, b in (MIDDAY, NIGHT)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        midday = np.where(full & (night > 0), noon / night, np.nan)
    return Usage(
        readings.names,
        edges,
        np.where(full, sums, np.nan),
        "daily",
        readings.findings,
        midday=midday,
    )


def solar_in(usage: Usage, *, until: date, since: date, zone: str) -> tuple[str, ...]:
    """Names of meters that a roof was put behind, though they never run backwards.

    After the measure, usage around noon is lower beside that of the night, and by very different
    amounts from day to day, as clouds would have it; or it vanishes on some days and not on others.
    """
    if usage.midday is None or not np.isfinite(usage.midday).any():
        return ()
    end, begin = midnight(until, zone), midnight(since, zone)
    before, after = usage.edges[1:] <= end, usage.edges[:-1] >= begin
    noon = usage.edges[:-1] + np.timedelta64(HOUR_S * 12, "s")
    weekday = (noon.astype("datetime64[D]").astype(np.int64) + 3) % 7
    found = []
    for name, line in zip(usage.names, usage.midday, strict=True):
        usual = np.array([np.nanmedian(line[before & (weekday == d)]) for d in range(7)])
        beside = line / usual[weekday]
        sides = [beside[side & ~np.isnan(beside)] for side in (before, after)]
        if min(len(s) for s in sides) < LEAST_DAYS:
            continue
        (low_b, mid_b), (low_a, mid_a) = (np.quantile(s, (0.05, 0.5)) for s in sides)
        gone_b, gone_a = (float((s < GONE).mean()) for s in sides)
        spread_b, spread_a = 1 - low_b / mid_b, 1 - low_a / max(mid_a, 1e-9)
        if gone_a - gone_b > GONE_SHARE or (mid_a < LOWER and spread_a > MORE_SPREAD * spread_b):
            found.append(name)
    return tuple(found)


LEAST_DAYS = 60
"""Days of either side from which a roof is looked for."""
GONE, GONE_SHARE = 0.1, 0.1
"""Share of the former usage around noon below which it vanishes, and of the days on which it must."""
LOWER, MORE_SPREAD = 0.9, 1.8
"""Usage around noon beside a roof at most, of what it was, and how many times its spread at least.

The spread is how far the twentieth of the days with the least usage lies below the median.
"""


def sides(
    usage: Usage, weather: Readings, *, until: date, since: date, zone: str = "UTC"
) -> tuple[Side, Side]:
    """The year before a measure and the year after it, with the hours of weather in each period.

    Args:
        usage: By period.
        weather: Temperature, one series.
        until: First day of the measure's works: the baseline ends before it.
        since: First day after them.
        zone: Time zone of the two days.

    Raises:
        UsageError: `no-baseline`, `no-reporting`, `no-weather` where a side has no period or no
            weather.
    """
    temperature = _temperature(weather)
    end, begin = midnight(until, zone), midnight(since, zone)
    starts, ends = usage.edges[:-1], usage.edges[1:]
    slack = np.timedelta64(7_200, "s")  # days of files that ignore the change of the clocks
    before, after = np.flatnonzero(ends <= end + slack), np.flatnonzero(starts >= begin - slack)
    before = before[np.cumsum(usage.days[before[::-1]])[::-1] - usage.days[before] < YEAR_DAYS]
    after = after[np.cumsum(usage.days[after]) - usage.days[after] < YEAR_DAYS]
    made = []
    for periods, code in ((before, "no-baseline"), (after, "no-reporting")):
        if not len(periods):
            raise UsageError(
                code,
                "No period lies"
                f" {'before ' + str(until) if code == 'no-baseline' else 'after ' + str(since)}.",
                "Check --until and --since.",
            )
        edges = np.append(starts[periods[0]], ends[periods])
        at = np.searchsorted(edges, weather.start, side="right") - 1
        inside = (at >= 0) & (at < len(periods)) & ~np.isnan(temperature)
        if not inside.any():
            raise DataError(
                "no-weather",
                f"{weather.file} has no temperature for {str(edges[0])[:10]} to"
                f" {str(edges[-1])[:10]}.",
                "Give weather for both sides.",
            )
        hours = np.flatnonzero(inside)
        wanted = usage.days[periods] * int(DAY / np.timedelta64(weather.step_s, "s"))
        blind = np.bincount(at[hours], minlength=len(periods)) < WEATHER_SHARE_MIN * wanted
        values = np.where(blind[None], np.nan, usage.per_day[:, periods])
        made.append(Side(temperature[hours], at[hours], values, usage.days[periods]))
    return made[0], made[1]


def midnight(day: date, zone: str) -> np.datetime64:
    """The moment at which a day begins in a zone, in UTC.

    Example:
        >>> midnight(date(2024, 7, 1), "Asia/Shanghai")
        np.datetime64('2024-06-30T16:00:00')
    """
    begun = datetime(day.year, day.month, day.day, tzinfo=zone_of(zone)).astimezone(UTC)
    return np.datetime64(begun.replace(tzinfo=None), "s")


def _temperature(weather: Readings) -> Any:
    for k, name in enumerate(weather.names):
        if is_temperature(name, weather.units[k]):
            return weather.values[k]
    if len(weather.names) == 1:
        return weather.values[0]
    raise DataError(
        "no-weather", f"{weather.file} has no column of temperature.", "Name it temperature."
    )


def estimate(
    usage: Usage,
    weather: Readings,
    *,
    until: date,
    since: date,
    zone: str = "UTC",
    confidence: float = CONFIDENCE_SHARE,
    workers: Workers = 1,
) -> Iterator[Saving]:
    """Savings of every meter of a file, in its order, some hundred meters at a time.

    Raises:
        UsageError: As `sides`.
    """
    before, after = sides(usage, weather, until=until, since=since, zone=zone)
    solar = solar_in(usage, until=until, since=since, zone=zone)

    def groups() -> Iterable[tuple[tuple[str, ...], Side, Side, str, float]]:
        for k in range(0, len(usage.names), GROUP):
            part = slice(k, k + GROUP)
            yield (
                usage.names[part],
                Side(before.temperature, before.period, before.usage[part], before.days),
                Side(after.temperature, after.period, after.usage[part], after.days),
                usage.kind,
                confidence,
            )

    for made in map_groups(
        _group, groups(), workers=workers, key=lambda job: f"meters {job[0][0]} to {job[0][-1]}"
    ):
        for saving in made:
            if saving.meter in usage.generation:
                yield _disqualified(saving, GENERATION)
            elif saving.meter in solar:
                yield _disqualified(saving, SOLAR)
            else:
                yield saving


def _disqualified(saving: Saving, why: str) -> Saving:
    """A saving of a meter that sees generation: what it shows is not what was used."""
    return replace(saving, reasons=(*saving.reasons, why))


GENERATION = "The meter runs backwards: generation behind it is not metered, so usage is unknown."
SOLAR = (
    "Usage around noon falls as behind a new roof of solar cells: give its generation as a series"
    " beside it."
)


def _group(job: tuple[tuple[str, ...], Side, Side, str, float]) -> list[Saving]:
    names, before, after, kind, confidence = job
    return savings(names, before, after, kind=kind, confidence=confidence)


def estimate_hourly(
    source: Path | Readings,
    weather: Readings,
    *,
    until: date,
    since: date,
    style: FileStyle = PLAIN,
    confidence: float = CONFIDENCE_SHARE,
) -> tuple[list[Saving], tuple[Finding, ...]]:
    """Savings by hourly models.

    Raises:
        DataError: `uneven-steps` where the file is not hourly or finer.
        UsageError: `no-weather`.
    """
    readings, zone = metered_usage(_read(source, style)), style.zone
    if readings.step_s > 3600 or 3600 % readings.step_s:
        raise DataError(
            "uneven-steps",
            f"{readings.file} has a reading every {readings.step_s} s.",
            "Hourly models need hours or parts of them.",
        )
    per_hour = 3600 // readings.step_s
    lead = int(
        (readings.start[0] - readings.start[0].astype("datetime64[h]"))
        // np.timedelta64(readings.step_s, "s")
    )
    skip = (per_hour - lead) % per_hour
    count = (readings.values.shape[1] - skip) // per_hour
    hours = (
        readings.values[:, skip : skip + count * per_hour]
        .reshape(len(readings.names), count, per_hour)
        .sum(axis=2)
    )
    start = readings.start[skip : skip + count * per_hour : per_hour]
    at = ((start - weather.start[0]) // np.timedelta64(weather.step_s, "s")).astype(np.int64)
    inside = (at >= 0) & (at < len(weather.start))
    temperature = np.full(count, np.nan)
    temperature[inside] = _temperature(weather)[at[inside]]
    laid = days_of(start, zone)
    local_hour = laid.place % laid.steps
    weekday = ((laid.dates.astype(int) + 3) % 7)[laid.place // laid.steps]
    end, begin = midnight(until, zone), midnight(since, zone)
    year = np.timedelta64(YEAR_DAYS, "D")
    used = ((start < end) & (start >= end - year)) | ((start >= begin) & (start < begin + year))
    usage = np.where(used, hours, np.nan)
    if not np.isfinite(temperature[used]).any():
        raise DataError(
            "no-weather",
            f"{weather.file} has no temperature for these hours.",
            "Give weather for both sides.",
        )
    made = hourly_savings(
        readings.names,
        temperature,
        weekday * 24 + local_hour,
        usage,
        start >= begin,
        confidence=confidence,
    )
    seen = generation_in(readings)
    return [_disqualified(s, GENERATION) if s.meter in seen else s for s in made], readings.findings


@dataclass(frozen=True, slots=True)
class SavingTerms:
    """What is compared, and how.

    Args:
        until: First day of the works; the baseline ends before it.
        since: First day after the works.
        model: `daily`, of days or bills, or `hourly`.
        confidence: Of the ranges.

    Raises:
        UsageError: `bad-dates`, `unknown-model`.
    """

    until: date
    since: date
    model: str = "daily"
    confidence: float = CONFIDENCE_SHARE

    def __post_init__(self) -> None:
        if self.since < self.until:
            raise UsageError(
                "bad-dates",
                f"--since {self.since} is before --until {self.until}.",
                "The works begin before they end.",
            )
        if self.model not in ("daily", "hourly"):
            raise UsageError(
                "unknown-model", f"There is no '{self.model}'.", "Choose daily or hourly."
            )


@dataclass(frozen=True, slots=True)
class SavingsResult:
    """Savings of meters.

    Args:
        terms: What was compared.
        savings: One estimate for each meter.
        findings: What reading them found.
    """

    terms: SavingTerms
    savings: tuple[Saving, ...]
    findings: tuple[Finding, ...]

    @property
    def rows(self) -> list[Json]:
        """A row for each meter; what cannot be computed is None."""
        return [
            {
                k: None if isinstance(v, float) and not math.isfinite(v) else v
                for k, v in asdict(s).items()
            }
            | {"saved_share": s.saved_share, "reasons": "; ".join(s.reasons)}
            for s in self.savings
        ]

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "confidence": self.terms.confidence,
            "meters": self.rows,
            "findings": [f.json for f in self.findings],
        }


def measure_savings(
    source: Path | Readings,
    weather: Readings,
    terms: SavingTerms,
    *,
    style: FileStyle = PLAIN,
    workers: Workers = 1,
) -> SavingsResult:
    """Measure what works saved: baseline by weather, against the meters since, with ranges.

    Args:
        source: File of interval data or bills, or readings.
        weather: Outdoor temperature of both sides.
        terms: What is compared.
        style: How the file is written, and the zone of its clock.
        workers: Processes, or a Spark master; daily models only.

    Raises:
        DataError: `no-weather`, `uneven-steps`, and where a file cannot be read.
    """
    shared: Json = {
        "until": terms.until,
        "since": terms.since,
        "confidence": terms.confidence,
    }
    if terms.model == "hourly":
        found, findings = estimate_hourly(source, weather, style=style, **shared)
        return SavingsResult(terms, tuple(found), findings)
    usage = read_usage(source, style)
    made = estimate(usage, weather, zone=style.zone, workers=workers, **shared)
    return SavingsResult(terms, tuple(made), usage.findings)


def savings_spec(told: SavingsResult) -> Json:
    """Chart of savings with their ranges."""
    shown = [
        {
            "meter": s.meter,
            "saved_share": s.saved_share,
            "low_share": s.low / s.expected,
            "high_share": s.high / s.expected,
            "held": "disqualified" if s.reasons else "qualified",
        }
        for s in told.savings
        if s.expected > 0
    ]
    return savings_chart(shown[:60], title=f"Savings since {told.terms.since}")
