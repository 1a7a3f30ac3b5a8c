"""Readings of meters as they stand in the store, and the usage that they tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from abate.adapters.store.workspace import Workspace
from abate.algorithms.forecasting.days import offsets_of
from abate.application.energy.meters import (
    known_meters,
    meter_named,
    order_sql,
    reading_loads,
    source_of,
    unknown_meter,
)
from abate.energy.facts.counters import usage_of_counters
from abate.energy.facts.readings import HOUR_S, Readings, as_energy
from abate.energy.facts.suspicions import check_readings, without_sentinels
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.finding import Finding
from abate.kernel.tables import MeterRow


def stored(
    workspace: Workspace, rows: Sequence[MeterRow], first: Any = None, past: Any = None
) -> Readings | None:
    """Readings of meters of one step as they stand in the store; None where there are none.

    Args:
        workspace: Where they are.
        rows: The meters.
        first: Begin of the first step wanted, UTC.
        past: End of the last one.
    """
    loads = reading_loads(workspace)
    source = source_of(workspace, loads)
    if not source:
        return None
    names = [r.meter for r in rows]
    asked: list[Any] = [names, names, min(names), max(names)]
    where = "meter in (select unnest(?::varchar[])) and meter between ? and ?"
    for bound, sign in ((first, ">="), (past, "<")):
        if bound is not None:
            where += f" and start {sign} ?::timestamp"
            asked.append(str(np.datetime64(bound, "s")))
    with workspace.store.connect() as con:
        got = con.execute(
            "select list_position(?::varchar[], meter) - 1 as m, epoch(start)::bigint as at,"
            f" reading, is_estimated as e, {order_sql(loads)} as load from {source} where {where}",
            asked,
        ).fetchnumpy()
    at = np.asarray(got["at"])
    if not len(at):
        return None
    load = np.asarray(got["load"])
    order = np.argsort(load, kind="stable") if (load != load[0]).any() else slice(None)
    step = rows[0].step_s
    origin, span = int(at.min()), int(at.max() - at.min() + step // 2) // step + 1
    cells = (at - origin + step // 2) // step
    values = np.full((len(names), span), np.nan)
    estimated = np.zeros(values.shape, bool)
    who = np.asarray(got["m"])
    values[who[order], cells[order]] = np.asarray(got["reading"])[order]
    estimated[who[order], cells[order]] = np.asarray(got["e"])[order] == 1
    start = np.datetime64(origin, "s") + np.timedelta64(step, "s") * np.arange(span)
    return Readings(
        tuple(names),
        start,
        values,
        tuple(r.unit for r in rows),
        "meters",
        flows=tuple(r.flow for r in rows),
        meters=tuple(names),
        estimated=estimated,
    )


def usage_of(
    workspace: Workspace,
    names: Sequence[str],
    *,
    first: datetime | None = None,
    past: datetime | None = None,
    checked: bool = True,
) -> Readings:
    """What meters used, by step: as energy [kWh] where they count energy or power.

    Counters are taken as usage; a meter that replaces another goes on from it.

    Args:
        workspace: Where they are.
        names: The meters, all of one step.
        first: Begin of the first step wanted, UTC; that of the readings without.
        past: End of the last one.
        checked: Whether to look for what is wrong with the values.

    Raises:
        NotFoundError: `unknown-meter`, `no-readings`.
        UsageError: `meter-steps` where steps differ.
    """
    known = known_meters(workspace)
    for name in names:
        if name not in known:
            raise unknown_meter(name, known)
    chains = [_chain(known, name) for name in names]
    steps = {r.step_s for chain in chains for r, _, _ in chain}
    if len(steps) > 1:
        listed = ", ".join(f"{s} s" for s in sorted(steps))
        raise UsageError(
            "meter-steps", f"Their steps differ: {listed}.", "Name meters of one step."
        )
    step = np.timedelta64(steps.pop(), "s")
    parts = [[_used(workspace, row, a, b, first, past) for row, a, b in chain] for chain in chains]
    there = [p for chain in parts for p in chain if p is not None]
    if not there:
        raise NotFoundError(
            "no-readings", f"'{names[0]}' has no readings then.", "See 'abate meters list'."
        )
    made = _joined(names, [known[n] for n in names], parts, there, step)
    found = tuple(f for p in there for f in p.findings)
    if checked:
        found += tuple(check_readings(made))
    return replace(made, findings=found)


def _chain(known: dict[str, MeterRow], name: str) -> list[tuple[MeterRow, Any, Any]]:
    """A meter and those that it replaced, each with the moments between which it holds."""
    made: list[tuple[MeterRow, Any, Any]] = []
    row: MeterRow | None = known[name]
    past: Any = None
    while row is not None and row.meter not in {r.meter for r, _, _ in made}:
        before = known.get(row.replaces)
        since = row.since if before is not None else None
        made.append((row, since, past))
        past, row = since, before
    return made


def _used(
    workspace: Workspace, row: MeterRow, since: Any, until: Any, first: Any, past: Any
) -> Readings | None:
    """Usage of one meter between two moments, of which one may be open."""
    low = max((b for b in (since, first) if b is not None), default=None)
    high = min((b for b in (until, past) if b is not None), default=None)
    step = np.timedelta64(row.step_s, "s")
    more = None if high is None else np.datetime64(high, "s") + step  # a counter's next reading
    raw = stored(workspace, [row], low, more)
    if raw is None:
        return None
    cleaned, found = without_sentinels(raw)
    if row.is_counter:
        cleaned, counted, _ = usage_of_counters(cleaned)
        found += counted
    if high is not None:
        keep = cleaned.start < np.datetime64(high, "s")
        cleaned = replace(
            cleaned,
            start=cleaned.start[keep],
            values=cleaned.values[:, keep],
            estimated=None if cleaned.estimated is None else cleaned.estimated[:, keep],
        )
    if not len(cleaned.start):
        return None
    return replace(as_energy(cleaned, row.step_s), findings=tuple(found))


def _joined(
    names: Sequence[str],
    rows: Sequence[MeterRow],
    parts: list[list[Readings | None]],
    there: list[Readings],
    step: Any,
) -> Readings:
    """Usage of several meters on one grid."""
    origin = min(p.start[0] for p in there)
    span = int((max(p.start[-1] for p in there) - origin + step // 2) // step) + 1
    values = np.full((len(names), span), np.nan)
    estimated = np.zeros(values.shape, bool)
    units = []
    for m, chain in enumerate(parts):
        for part in reversed(chain):  # the newest meter last: it holds
            if part is None:
                continue
            at = ((part.start - origin + step // 2) // step).astype(np.int64)
            good = ~np.isnan(part.values[0])
            values[m, at[good]] = part.values[0][good]
            if part.estimated is not None:
                estimated[m, at[good]] = part.estimated[0][good]
        units.append(next((p.units[0] for p in chain if p is not None), rows[m].unit))
    return Readings(
        tuple(names),
        origin + step * np.arange(span),
        values,
        tuple(units),
        "meters",
        flows=tuple(r.flow for r in rows),
        meters=tuple(names),
        estimated=estimated if estimated.any() else None,
    )


SPANS = {"month": "M", "day": "D", "hour": "h"}
"""What usage may be added up by, as NumPy names it."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a meter used in a month, a day or an hour of its clock.

    Args:
        start: Begin of its first step, UTC.
        begun: Begin by the clock.
        past: End by the clock.
        metered: Sum of measured steps, in the unit of the usage.
        estimated: Sum of estimated steps.
        step_count: Steps with a reading.
        estimated_count: Estimated ones among them.
        missing_count: Steps without a reading.
    """

    start: datetime
    begun: datetime
    past: datetime
    metered: float
    estimated: float
    step_count: int
    estimated_count: int
    missing_count: int

    @property
    def amount(self) -> float | None:
        """Measured and estimated steps together; None where no step has a reading."""
        return self.metered + self.estimated if self.step_count else None


def spans_of(used: Readings, m: int, zone: ZoneInfo, by: str, step_s: int) -> Iterator[Span]:
    """What one of some meters used by span, also where in between it has no reading at all.

    Args:
        used: Usage of meters.
        m: Which of them.
        zone: Whose clock says when a span begins.
        by: `month`, `day` or `hour`.
        step_s: Length of its steps [s].
    """
    unit = SPANS[by]
    offsets = offsets_of(used.start, str(zone))
    key = (used.start + offsets).astype(f"datetime64[{unit}]")
    turns = np.diff(key.astype(np.int64), prepend=key[0].astype(np.int64) - 1) != 0
    if by == "hour":  # one that comes twice
        turns[1:] |= np.diff(offsets) != np.timedelta64(0, "s")
    edges = np.flatnonzero(turns)
    marks = np.zeros(len(key), bool) if used.estimated is None else used.estimated[m]
    for a, b in zip(edges, [*edges[1:], len(key)], strict=True):
        values = used.values[m, a:b]
        there, estimated = ~np.isnan(values), marks[a:b]
        count = int(there.sum())
        begun, past = (k.astype("datetime64[us]").item() for k in (key[a], key[a] + 1))
        first, last = (t.replace(tzinfo=zone).timestamp() for t in (begun, past))
        length = HOUR_S if by == "hour" else last - first
        yield Span(
            used.start[a].astype("datetime64[us]").item(),
            begun,
            past,
            float(values[there & ~estimated].sum()),
            float(values[there & estimated].sum()),
            count,
            int((there & estimated).sum()),
            max(0, round(length / step_s) - count),
        )


@dataclass(frozen=True, slots=True)
class MeterShown:
    """A meter with what it used.

    Args:
        meter: What is known of it.
        unit: Unit of its usage.
        spans: What it used by month, day or hour.
        findings: What is wrong with its readings.
    """

    meter: MeterRow
    unit: str
    spans: tuple[Span, ...]
    findings: tuple[Finding, ...]


def shown_meter(
    workspace: Workspace,
    name: str,
    *,
    by: str = "month",
    first: datetime | None = None,
    past: datetime | None = None,
) -> MeterShown:
    """What a meter used by span, with what is wrong with its readings.

    Args:
        workspace: Where it is.
        name: Its name.
        by: `month`, `day` or `hour`.
        first: Begin, UTC; that of the readings without.
        past: End, UTC.

    Raises:
        NotFoundError: `unknown-meter`, `no-readings`.
        UsageError: `unknown-span`.
    """
    require_span(by)
    row = meter_named(workspace, name)
    used = usage_of(workspace, [name], first=first, past=past)
    spans = spans_of(used, 0, ZoneInfo(row.zone), by, row.step_s)
    return MeterShown(row, used.units[0], tuple(spans), used.findings)


def require_span(by: str) -> None:
    """Refuse a span that usage is not added up by.

    Raises:
        UsageError: `unknown-span`.
    """
    if by not in SPANS:
        raise UsageError(
            "unknown-span", f"Usage is not added up by '{by}'.", f"One of: {', '.join(SPANS)}."
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """Usage of a step.

    Args:
        start: Its begin, UTC.
        usage: In the unit of the page.
        is_estimated: Whether the reading is estimated.
    """

    start: datetime
    usage: float
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class ReadingsPage:
    """Some readings of a meter.

    Args:
        meter: Its name.
        unit: Unit of their usage.
        step_s: Length of a step [s].
        rows: The readings; steps without one are left out.
        next: Begin of the last step of the page where there are more; None at the end.
    """

    meter: str
    unit: str
    step_s: int
    rows: tuple[Reading, ...]
    next: datetime | None


def readings_page(
    workspace: Workspace, name: str, *, after: datetime | None, limit: int
) -> ReadingsPage:
    """Readings of a meter as usage a step, the oldest first.

    Args:
        workspace: Where it is.
        name: Its name.
        after: Begin of the last step of the page before, UTC; None begins.
        limit: Rows at most.

    Raises:
        NotFoundError: `unknown-meter`, `no-readings`.
    """
    row = meter_named(workspace, name)
    step = timedelta(seconds=row.step_s)
    first = None if after is None else after + step
    used = usage_of(workspace, [name], first=first, checked=False)
    there = np.flatnonzero(~np.isnan(used.values[0]))
    rows = tuple(
        Reading(
            used.start[k].astype("datetime64[us]").item(),
            float(used.values[0][k]),
            bool(used.estimated is not None and used.estimated[0][k]),
        )
        for k in there[:limit]
    )
    more = rows[-1].start if len(there) > limit else None
    return ReadingsPage(name, used.units[0], row.step_s, rows, more)
