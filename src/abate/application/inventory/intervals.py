"""Rows of meters that are read by the minute, the quarter or the hour, as usage of each step.

The rules are those of `abate readings`: counters are told from usage, power becomes energy, a time
may name the end of its step, and both hours of the night on which the clocks go back count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from abate.adapters.readers.clock import NO_OFFSET, Times, in_utc
from abate.energy.facts.counters import counts_up, fall_of, rests
from abate.energy.facts.readings import COUNTER_READ, COUNTER_RESET, POWER_KW, Readings
from abate.energy.facts.suspicions import check_readings, without_sentinels
from abate.energy.facts.words import names_end
from abate.kernel.finding import Finding

if TYPE_CHECKING:
    import duckdb

DAY_S, HOUR_S = 86_400, 3600
SAMPLE = 5000
"""Readings of a series by which it is told whether it counts up."""
REGULAR_MIN = 0.9
"""Share of a file's times that keep to a grid, for its rows to be steps of one."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table of readings, as they stand in the table `cells`.

    Args:
        file: Name of the file.
        sheet: Name of the sheet.
        time: Column of times.
        time_header: Its header.
        keys: Columns that tell series apart.
        site: Column of sites, empty where no column names them.
        site_text: Site of every row, where no column names it.
        amounts: Column of each amount, by its header.
        units: Unit of each amount by its header, empty where a column says it.
        unit: Column of units, empty without.
        readings: Headers of amounts that hold readings of a counter.
        asked_later: Codes of findings that checks of the ledger ask about these rows.
        number: Makes SQL of the number in a column.
        zones: Time zones of a site.
    """

    file: str
    sheet: str
    time: str
    time_header: str
    keys: tuple[str, ...]
    site: str
    site_text: str
    amounts: dict[str, str]
    units: dict[str, str]
    unit: str
    readings: frozenset[str]
    asked_later: frozenset[str]
    number: Callable[[str], str]
    zones: Callable[[str], tuple[ZoneInfo, ...]]


@dataclass(slots=True)
class Settled:
    """What became of the rows: begin and end of each step stand in the columns `begun` and `past`.

    Args:
        units: Unit of amounts that were power, by their header.
        findings: What was found.
    """

    units: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@cache
def zones_of(country: str) -> tuple[ZoneInfo, ...]:
    """The time zones of a country, by its code.

    Example:
        >>> [str(z) for z in zones_of("FR")], zones_of("")
        (['Europe/Paris'], ())
    """
    from babel.core import get_global

    known = get_global("zone_territories")
    names = sorted(zone for zone, territory in known.items() if territory == country)
    found = []
    for name in names:
        with suppress(ZoneInfoNotFoundError, ValueError):
            found.append(ZoneInfo(name))
    return tuple(found)


def settle(con: duckdb.DuckDBPyConnection, rows: Rows) -> Settled | None:
    """Make the rows of a table usage of steps, where its times are on a grid finer than a day.

    Returns:
        None where they are not.
    """
    keys = ", ".join(rows.keys) or "1"
    clock = f"try_cast(replace(substr({rows.time}, 1, 19), 'T', ' ') as timestamp)"
    con.execute(f"""
        create or replace temp table steps as
        select rowid as rid, source_row, dense_rank() over (order by {keys}) as series,
               {clock} as clock
        from cells where {clock} is not null
    """)
    step_s = _step(con)
    if step_s is None:
        return None
    made = Settled()
    ended = _ended(con, rows, step_s)
    con.execute("alter table cells add column begun varchar")
    con.execute("alter table cells add column past varchar")
    shift = f"- interval {step_s if ended else 0} second"
    con.execute(f"""
        update cells set begun = (clock {shift})::varchar,
               past = (clock {shift} + interval {step_s} second)::varchar
        from steps where cells.rowid = rid
    """)
    _apart(con, rows)
    for header, column in rows.amounts.items():
        _blank_sentinels(con, rows, header, column, step_s, made)
        _uncount(con, rows, header, column, made)
    _as_energy(con, rows, step_s, made)
    for header, column in rows.amounts.items():
        for readings, _, _ in _series(con, rows, header, column, step_s):
            told = check_readings(readings)
            made.findings += [f for f in told if f.code not in rows.asked_later]
    return made


def _step(con: duckdb.DuckDBPyConnection) -> int | None:
    """The usual distance between the times of a series [s].

    None where they do not keep to it, or it is not less than a day.
    """
    con.execute("""
        create or replace temp table apart as
        select series,
               epoch(lead(clock) over (partition by series order by clock) - clock)::bigint as d
        from (select distinct series, clock from steps)
    """)
    step, count = con.execute("select mode(d), count(d) from apart where d > 0").fetchall()[0]
    if not count or not 0 < step < DAY_S:
        return None
    kept = con.execute(f"select avg((d % {step} = 0)::int) from apart where d > 0").fetchall()
    return int(step) if kept[0][0] >= REGULAR_MIN else None


def _ended(con: duckdb.DuckDBPyConnection, rows: Rows, step_s: int) -> bool:
    """Whether times name the end of their step.

    The header says so, or the first and the last time show it.
    """
    header = rows.time_header
    if names_end(header):
        return True
    first, last, count = con.execute(
        "select epoch(min(clock))::bigint, epoch(max(clock))::bigint, count(distinct clock)"
        " from steps"
    ).fetchall()[0]
    return bool(count >= 24 and first % DAY_S == step_s and last % DAY_S == 0)


def _apart(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Keep both hours of the night on which the clocks go back.

    Clock times have no offset in the ledger, so the second of two equal ones begins a second
    later: it is no copy of the first.
    """
    site = rows.site or "''"
    double = con.execute(f"""
        select any_value({site}), clock, arg_max(rid, s.source_row)
        from steps s join cells on cells.rowid = rid group by series, clock having count(*) = 2
    """).fetchall()
    seconds = [
        (rid,)
        for text, clock, rid in double
        if any(comes_twice(clock, zone) for zone in rows.zones(text or rows.site_text))
    ]
    if seconds:
        con.execute("create or replace temp table seconds (rid bigint)")
        con.executemany("insert into seconds values (?)", seconds)
        con.execute("""
            update cells set begun = (begun::timestamp + interval 1 second)::varchar
            from seconds where cells.rowid = rid
        """)


@cache
def comes_twice(clock: datetime, zone: ZoneInfo) -> bool:
    """Whether a clock time comes twice in a zone: the clocks go back over it.

    Example:
        >>> comes_twice(datetime(2024, 10, 27, 2, 30), ZoneInfo("Europe/Berlin"))
        True
    """
    first, second = (clock.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return (first or timedelta()) > (second or timedelta())


def _series(
    con: duckdb.DuckDBPyConnection, rows: Rows, header: str, column: str, step_s: int
) -> Iterator[tuple[Readings, Any, Any]]:
    """Each series of a column on its grid, with the place on it and the row of each value.

    Of a table with more values than memory should hold none is looked at.
    """
    number = rows.number(f"cells.{column}")
    keys = " || ' ' || ".join(f"coalesce({c}, '')" for c in rows.keys) or "''"
    site = f"coalesce({rows.site}, '')" if rows.site else "''"
    read = f"""
        select series, {keys} as named, epoch(clock)::bigint as moment, {number} as v, rid,
               {site} as place, steps.source_row as row
        from steps join cells on cells.rowid = rid where {number} is not null"""
    count = con.execute(f"select count(*) from ({read})").fetchall()[0][0]
    if count > LOOKED_AT_MAX:
        return
    got = con.execute(f"{read} order by series, moment, row").fetchnumpy()
    bounds = np.flatnonzero(np.diff(got["series"], prepend=-1))
    for first, past in zip(bounds, [*bounds[1:], len(got["series"])], strict=True):
        values = np.asarray(got["v"][first:past], float)
        zones = rows.zones(str(got["place"][first]) or rows.site_text)
        at = _moments(got["moment"][first:past], zones, step_s)
        places = (at - at.min()) // step_s
        last = int(places.max())
        if len(at) < LEAST_LOOKED_AT or last > SPAN_MAX:
            continue
        line = np.full((1, last + 1), np.nan)
        line[0, places] = values
        start = np.datetime64(int(at.min()), "s") + np.arange(line.shape[1]) * np.timedelta64(
            step_s, "s"
        )
        name = " ".join(f"{got['named'][first]} {header}".split())
        readings = Readings((name,), start, line, (rows.units[header],), rows.file)
        yield readings, places, got["rid"][first:past]


def _moments(clock: Any, zones: tuple[ZoneInfo, ...], step_s: int) -> Any:
    """Moments of clock times [s]: by the zone where they show that it rules them, else as they are.

    A local clock leaves out an hour in spring, which is no gap, and says one twice in autumn.
    """
    if not zones or not len(clock):
        return clock
    seconds = clock.astype("datetime64[s]")
    none = np.full(len(clock), np.datetime64("NaT"), "datetime64[s]")
    times = Times(seconds, np.full(len(clock), NO_OFFSET), none)
    placed = in_utc(times, zones[0], np.zeros(len(clock), np.int64)).astype(np.int64)
    return placed if _lacks(placed, step_s) < _lacks(clock, step_s) else clock


def _lacks(at: Any, step_s: int) -> int:
    """Steps without a moment, and moments that share one."""
    distinct = np.unique(at)
    return int((at.max() - at.min()) // step_s) + 1 + len(at) - 2 * len(distinct)


LOOKED_AT_MAX, LEAST_LOOKED_AT, SPAN_MAX = 5_000_000, 48, 10_000_000
"""Most values of a column, least of a series, and most steps of one that are looked at."""


def _blank_sentinels(
    con: duckdb.DuckDBPyConnection,
    rows: Rows,
    header: str,
    column: str,
    step_s: int,
    made: Settled,
) -> None:
    """Leave values that loggers write where they have none without an amount."""
    for readings, places, rids in _series(con, rows, header, column, step_s):
        cleaned, found = without_sentinels(readings)
        if not found:
            continue
        made.findings += found
        gone = np.isnan(cleaned.values[0]) & ~np.isnan(readings.values[0])
        blank = [(int(r),) for r in rids[gone[places]]]
        con.executemany(f"update cells set {column} = '' where rowid = ?", blank)


def _uncount(
    con: duckdb.DuckDBPyConnection, rows: Rows, header: str, column: str, made: Settled
) -> None:
    """Turn the readings of counters into what was used until the next one."""
    number = rows.number(f"cells.{column}")
    con.execute(f"""
        create or replace temp table read as
        select rid, series, s.source_row, clock, {number} as v,
               row_number() over (partition by series order by clock, s.source_row) as n
        from steps s join cells on cells.rowid = rid where {number} is not null
    """)
    samples = con.execute(
        f"select series, list(v order by n) from read where n <= {SAMPLE} group by series"
    ).fetchall()
    counting = [
        s for s, v in samples if header in rows.readings or counts_up(np.array(v), header, "")
    ]
    if not counting:
        return
    counting += [s for s, v in samples if s not in counting and rests(np.array(v))]
    listed = ", ".join(map(str, counting))
    ascending = con.execute(
        "select avg((clock >= before)::int) from (select clock, lag(clock) over"
        " (partition by series order by source_row) as before from read) where before is not null"
    ).fetchall()[0][0]
    order = "source_row" if (ascending or 0) > 0.99 else "clock, source_row"
    con.execute(f"""
        create or replace temp table moves as
        select rid, series, source_row, v, row_number() over s as n, lead(v) over s as next,
               lead(clock) over s as until, lead(v) over s - v as used
        from read where series in ({listed})
        window s as (partition by series order by {order})
    """)
    _fall(con, rows, header, made)
    first, last = con.execute("select min(v), max(v) from moves").fetchall()[0]
    text = (
        f"'{header}' counts up, from {first:,.1f} to {last:,.1f}: a row uses what it moves until"
        " the next."
    )
    made.findings.append(Finding.of(COUNTER_READ, text, file=rows.file))
    con.execute(f"""
        update cells set {column} = coalesce(round(used, 9)::varchar, ''), past = until::varchar
        from moves where cells.rowid = rid and until is not null
    """)
    con.execute(
        f"update cells set {column} = null from moves where cells.rowid = rid and until is null"
    )
    empty = " and ".join(f"coalesce({c}, '') = ''" for c in rows.amounts.values())
    con.execute(
        f"delete from cells where {empty} and rowid in (select rid from moves where until is null)"
    )


def _fall(con: duckdb.DuckDBPyConnection, rows: Rows, header: str, made: Settled) -> None:
    """What each step back of a counter is: corrected, passed its last digit, or begun again.

    A correction counts less in the step after it, so that no row is below zero.
    """
    falls = con.execute("""
        select rid, source_row, v, next, usual, after from (
            select *, lead(rid) over (partition by series order by n) as after from moves)
        join (select series, median(used) filter (used > 0) as usual from moves group by 1)
            using (series)
        where used < 0 order by source_row
    """).fetchall()
    for place, (rid, row, before, now, usual, after) in enumerate(falls):
        rule, move = fall_of(before, now, usual or 0.0)
        known = None if np.isnan(move) else max(0.0, float(move))
        con.execute("update moves set used = ? where rid = ?", [known, rid])
        if known is not None and move < 0:
            con.execute("update moves set used = used + ? where rid = ?", [float(move), after])
        if place < FALLS_TOLD:
            text = f"'{header}' falls from {before:,.1f} to {now:,.1f}."
            hint = GIVE_IT if rule is COUNTER_RESET else rule.hint
            made.findings.append(
                Finding(rule.code, rule.severity, text, hint, rows.file, rows.sheet, row)
            )


FALLS_TOLD = 20
"""Steps back of a counter that are named one by one."""
GIVE_IT = "The row has no amount: give it one with 'abate correct', or drop it."


def _as_energy(con: duckdb.DuckDBPyConnection, rows: Rows, step_s: int, made: Settled) -> None:
    """Mean power over a step as energy of the step."""
    hours = step_s / HOUR_S
    for header, column in rows.amounts.items():
        factor = POWER_KW.get(rows.units[header].strip().lower())
        if factor:
            made.units[header] = "kWh"
            _scale(con, column, rows.number(column), factor * hours, "true")
        elif rows.unit:
            for power, scale in POWER_KW.items():
                mine = f"lower(trim({rows.unit})) = '{power}'"
                _scale(con, column, rows.number(column), scale * hours, mine)
    if rows.unit:
        powers = ", ".join(f"'{p}'" for p in POWER_KW)
        con.execute(
            f"update cells set {rows.unit} = 'kWh' where lower(trim({rows.unit})) in ({powers})"
        )


def _scale(
    con: duckdb.DuckDBPyConnection, column: str, number: str, factor: float, where: str
) -> None:
    """Multiply the numbers of some rows."""
    con.execute(
        f"update cells set {column} = round({number} * {factor!r}, 9)::varchar"
        f" where {number} is not null and {where}"
    )
