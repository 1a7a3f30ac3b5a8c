"""Read interval data: CSV, XLSX and Parquet in long or wide form, Green Button XML, EPW weather files."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.channels import DAY_S, STEPS_MAX, Channel, gridded, step_of
from abate.adapters.readers.clock import ORDERS
from abate.adapters.readers.documents import weather_columns
from abate.adapters.readers.interval_tables import Style, Table, read_table, rows_of
from abate.adapters.readers.layouts import Layout, Row, recognise
from abate.adapters.readers.long_tables import long_table
from abate.adapters.readers.meter_formats import green_button, json_rows, nem
from abate.adapters.readers.numerals import MARKS
from abate.adapters.readers.packed import unpacked
from abate.adapters.readers.parquets import parquet_head
from abate.adapters.readers.sheets import Sheet, read_sheets
from abate.adapters.store.delta import literal, spill_folder
from abate.energy.facts.counters import counters, usage_of_counters, without_pairs
from abate.energy.facts.readings import (
    CLOCK_CHANGE,
    LOCAL_CLOCK,
    SHEET_HIDDEN,
    SUM_LEFT_OUT,
    UNIT_UNSAID,
    Readings,
    rows_hidden,
)
from abate.energy.facts.suspicions import check_readings, repair_readings, without_sentinels
from abate.energy.facts.words import (
    UNITS,
    names_end,
    unit_in,
    unit_named,
)
from abate.kernel.errors import DataError, UsageError
from abate.kernel.finding import Finding


def read_series(
    path: Path,
    *,
    zone: str = "UTC",
    stamp: str = "",
    dates: str = "",
    decimal: str = "",
    unit: str = "",
    repair: tuple[str, ...] = (),
    checked: bool = True,
) -> Readings:
    """Read the series of a file, check them, and repair what was asked.

    Args:
        path: The file; `.gz` and `.zip` of one file are opened.
        zone: Time zone of clock times without an offset.
        stamp: `start` or `end`: which end of its step a time names; empty takes it from the file.
        dates: `dmy`, `mdy` or `ymd`: the order of numbers in dates; empty takes what they prove.
        decimal: The mark before the fraction; empty takes what the numbers prove.
        unit: Unit of series of which the file states none.
        repair: What to repair, of `gaps`, `twice`, `units`, `resets`, `stuck`, `dead`.
        checked: Whether to look for what is wrong with the values.

    Raises:
        DataError: `no-series`, `uneven-steps`, `ambiguous-date`, `ambiguous-number`,
            `bad-green-button`, or as `read_sheets`.
        UsageError: `unknown-zone`, `unknown-unit`.
    """
    style = FileStyle(zone, stamp, dates, decimal, unit).style
    _require_file(path)
    with unpacked(path) as plain:
        every = _read(plain, path.name, style, "twice" in repair)
    made = [settled(one, repair, checked=checked) for one in every]
    return replace(made[0], others=tuple(made[1:]))


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")


def raw_chunks(path: Path, style: FileStyle) -> Generator[list[Readings], None, None]:
    """The series of a file as they stand in it, counters as they count, some at a time.

    Each chunk holds series of one or several steps. See `settled` for their usage.

    Raises:
        DataError: As of `read_series`.
        UsageError: As of `read_series`.
    """
    _require_file(path)
    with unpacked(path) as plain:
        yield from _chunks(plain, path.name, style.style, "twice" in style.repair, CHUNK_VALUES)


CHUNK_VALUES = 6_000_000
"""Readings of a long table that are taken at a time."""


@dataclass(frozen=True, slots=True)
class FileStyle:
    """What the user says of a file of meters or bills that it leaves open; see `read_series`.

    Args:
        zone: Time zone of clock times without an offset.
        stamp: Which end of its step a time names.
        dates: Order of numbers in dates.
        decimal: The mark before the fraction.
        unit: Unit of series of which the file states none.
        column: Header of the amounts of bills.
        repair: What to repair.
    """

    zone: str = "UTC"
    stamp: str = ""
    dates: str = ""
    decimal: str = ""
    unit: str = ""
    column: str = ""
    repair: tuple[str, ...] = ()

    @property
    def style(self) -> Style:
        """As readers of tables take it.

        Raises:
            UsageError: `unknown-zone`, `unknown-unit`, `bad-dates-order`, `bad-decimal`,
                `bad-stamp`.
        """
        if self.stamp not in ("", "start", "end"):
            raise UsageError(
                "bad-stamp", f"'{self.stamp}' is not an end of a step.", "Write start or end."
            )
        if self.dates not in ("", *ORDERS):
            raise UsageError(
                "bad-dates-order",
                f"'{self.dates}' is not an order of dates.",
                f"One of: {', '.join(ORDERS)}.",
            )
        if self.decimal not in ("", *MARKS):
            raise UsageError(
                "bad-decimal", f"'{self.decimal}' is not a decimal mark.", "Write , or ."
            )
        if self.unit and not unit_named(self.unit):
            raise UsageError(
                "unknown-unit",
                f"'{self.unit}' is not a unit of readings.",
                f"One of: {', '.join(UNITS)}.",
            )
        zone = zone_of(self.zone)
        return Style(zone, self.stamp, self.dates, self.decimal, unit_named(self.unit))

    def read(self, path: Path, *, checked: bool = True) -> Readings:
        """Read a file of meters in this style."""
        return read_series(
            path,
            zone=self.zone,
            stamp=self.stamp,
            dates=self.dates,
            decimal=self.decimal,
            unit=self.unit,
            repair=self.repair,
            checked=checked,
        )


PLAIN = FileStyle()
"""A file that leaves nothing open."""


def settled(raw: Readings, repair: tuple[str, ...] = (), *, checked: bool = True) -> Readings:
    """Readings as usage, checked, and repaired where asked."""
    cleaned, told = without_sentinels(raw)
    made, counted, falls = _uncounted(cleaned)
    found = [*raw.findings, *told, *counted]
    if checked:
        found += check_readings(made)
    if repair:
        made, _ = repair_readings(made, repair, falls, cleaned.values)
    return replace(made, findings=tuple(found))


def _uncounted(raw: Readings) -> tuple[Readings, list[Finding], list[tuple[int, int]]]:
    """Readings whose counters are usage, what that found, and their resets."""
    chosen = counters(raw)
    if not chosen:
        return raw, [], []
    double = without_pairs(raw, chosen)
    told = [
        Finding.of(
            SUM_LEFT_OUT,
            f"'{raw.names[m]}' counts what another column gives by step; it is left out.",
            file=raw.file,
        )
        for m in double
    ]
    kept = [m for m in chosen if m not in double]
    values = raw.values.copy()
    falls: list[tuple[int, int]] = []
    if kept:
        part, counted, some = usage_of_counters(raw.picked([raw.names[m] for m in kept]))
        values[kept] = part.values
        told += counted
        falls = [(kept[m], step) for m, step in some]
    counting = frozenset(raw.names[m] for m in kept)
    made = replace(raw, values=values, counting=counting)
    if double:
        names = [n for m, n in enumerate(raw.names) if m not in double]
        at = {m: k for k, m in enumerate(m for m in range(len(raw.names)) if m not in double)}
        made, falls = made.picked(names), [(at[m], step) for m, step in falls]
    return made, told, falls


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        UsageError: `unknown-zone`.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            "unknown-zone", f"There is no time zone '{name}'.", "Write it as Asia/Shanghai."
        ) from error


def _read(path: Path, name: str, style: Style, later: bool) -> list[Readings]:
    """The series of a file, all at once."""
    return next(_chunks(path, name, style, later, 0))


def _chunks(
    path: Path, name: str, style: Style, later: bool, most: int
) -> Generator[list[Readings], None, None]:
    """The series of a file; those of a long table some at a time, of up to `most` readings.

    0 takes all at once.
    """
    named = _by_name(path, name, style, later)
    if named is not None:
        yield named
        return
    sheets = read_sheets(path)
    with long_table(sheets[0], name, style) as table:
        if table is None:
            yield _of_sheets(sheets, name, style, later)
            return
        parts = table.parts
        count = max(1, most // table.steps) if most else len(parts)
        for k in range(0, len(parts), count):
            part = table.table(parts[k : k + count])
            table.findings.clear()  # they are said with the first series
            if part.channels or not most:
                yield _gathered([("", part)], name, style, later)


def _by_name(path: Path, name: str, style: Style, later: bool) -> list[Readings] | None:
    """The series of a file of a format that has a name and is no table; None of any other."""
    with path.open("rb") as handle:
        start = handle.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    kind = _weather_kind(path, start)
    if kind:
        return [_weather(path, name, kind)]
    if path.suffix.lower() == ".xml" or start[:1] == b"<":
        return gridded(green_button(path, name), name, later=later)
    if start[:1] in (b"{", b"["):
        return _tables([json_rows(path, name)], name, style, later, typed=True)
    if start[:4] in (b"100,", b"200,", b"250,"):
        channels, found = nem(path, name)
        return _with_findings(gridded(channels, name, later=later), found)
    return None


def _of_sheets(sheets: list[Sheet], name: str, style: Style, later: bool) -> list[Readings]:
    """The series of the tables of a file, read row by row."""
    shown = [s for s in sheets if not s.hidden] or sheets
    hidden = [s.name for s in sheets if s.hidden and shown is not sheets]
    style = replace(style, delimiter=sheets[0].delimiter)
    made = _tables([(s.name, rows_of(s)) for s in shown], name, style, later, typed=sheets[0].typed)
    told = [
        Finding.of(
            SHEET_HIDDEN, f"The sheet '{sheet}' of {name} is hidden and was not read.", file=name
        )
        for sheet in hidden
    ]
    told += [rows_hidden(s.name, s.rows_hidden, name) for s in shown if s.rows_hidden]
    return _with_findings(made, told)


def _with_findings(made: list[Readings], found: list[Finding]) -> list[Readings]:
    return [replace(made[0], findings=(*found, *made[0].findings)), *made[1:]]


def _tables(
    tables: list[tuple[str, list[Row]]], name: str, style: Style, later: bool, *, typed: bool
) -> list[Readings]:
    """The series of a file's tables together.

    A sheet without readings is left out if another has some.
    """
    read: list[tuple[str, Table]] = []
    refused: DataError | None = None
    for sheet, rows in tables:
        try:
            read.append((sheet, read_table(rows, name, style, typed=typed)))
        except DataError as error:
            if error.code != "no-series":
                raise
            refused = refused or error
    if not read:
        assert refused is not None
        raise refused
    return _gathered(read, name, style, later)


def _gathered(
    read: list[tuple[str, Table]], name: str, style: Style, later: bool
) -> list[Readings]:
    """The series of tables that were read, on their grids."""
    channels = _together(read)
    found = [f for _, table in read for f in table.findings]
    unsaid = [c.name for c in channels if not c.unit and c.flow not in ("temperature",)]
    if unsaid:
        listed = ", ".join(map(repr, unsaid[:6])) + (" and others" if len(unsaid) > 6 else "")
        text = f"{name} states no unit of {listed}."
        found.append(Finding.of(UNIT_UNSAID, text, file=name))
    made = gridded(channels, name, later=later)
    if any(table.is_local for _, table in read):
        found += _clock_changes(channels, style.zone, name, made[0])
        if str(style.zone) == "UTC":
            found += _local_clock(channels[0].at, made[0].step_s, name)
    return _with_findings([replace(made[0], layout=read[0][1].layout.json), *made[1:]], found)


def _together(read: list[tuple[str, Table]]) -> list[Channel]:
    """Series of several sheets.

    Joined where they go on, named after their sheet where they do not.
    """
    if len(read) == 1:
        return read[0][1].channels
    by_name: dict[str, list[tuple[str, Channel]]] = {}
    for sheet, table in read:
        for channel in table.channels:
            by_name.setdefault(channel.name, []).append((sheet, channel))
    made = []
    for parts in by_name.values():
        spans = sorted((c.at.min(), c.at.max()) for _, c in parts)
        apart = all(a[1] < b[0] for a, b in pairwise(spans))
        if apart:
            first = parts[0][1]
            made.append(
                replace(
                    first,
                    at=np.concatenate([c.at for _, c in parts]),
                    value=np.concatenate([c.value for _, c in parts]),
                    estimated=_marks_of([c for _, c in parts]),
                )
            )
        else:
            made += [
                replace(c, name=f"{sheet}/{c.name}", meter=c.meter or sheet) for sheet, c in parts
            ]
    return made


def _marks_of(parts: list[Channel]) -> Any:
    """Which readings of some series, one after the other, are marked as estimated."""
    if all(c.estimated is None for c in parts):
        return None
    return np.concatenate(
        [np.zeros(len(c.at), bool) if c.estimated is None else c.estimated for c in parts]
    )


def _local_clock(moments: Any, step_s: int, name: str) -> list[Finding]:
    """What speaks for a local clock in times without a zone.

    They leave out an hour of a Sunday in March, or say one of a Sunday in autumn twice.
    """
    if not 0 < step_s < DAY_S:
        return []
    at, counts = np.unique(moments[~np.isnat(moments)].astype(np.int64), return_counts=True)
    left_out = at[:-1][np.diff(at) == step_s + HOUR_S] + step_s
    doubled = at[counts == 2]
    if len(doubled) > 2 * HOUR_S // step_s:
        doubled = doubled[:0]
    spring = [m for m in _nights(left_out) if m.month == MARCH]
    autumn = [m for m in _nights(doubled) if m.month in AUTUMN]
    if not spring and not autumn:
        return []
    what = "is left out" if spring else "comes twice"
    text = (
        f"The hour from {(spring or autumn)[0]:%Y-%m-%d %H:%M} {what}: times are read as UTC, and"
        " run by a local clock."
    )
    return [Finding.of(LOCAL_CLOCK, text, file=name)]


def _nights(seconds: Any) -> list[datetime]:
    """Those of some moments that lie in the night to a Sunday."""
    said = [datetime.fromtimestamp(int(s), UTC) for s in seconds[:400]]
    return [m for m in said if m.weekday() == SUNDAY and m.hour < NIGHT_END]


SUNDAY, MARCH, AUTUMN, NIGHT_END, HOUR_S = 6, 3, (10, 11), 4, 3600
"""When clocks change in most places that change them."""


def _clock_changes(
    channels: list[Channel], zone: ZoneInfo, name: str, made: Readings
) -> list[Finding]:
    """Days on which the clocks change, where times were placed by the zone."""
    if str(zone) == "UTC" or not made.step_s or made.step_s >= DAY_S:
        return []
    days = np.unique(channels[0].at[~np.isnat(channels[0].at)].astype("datetime64[D]"))
    noon = [datetime.fromisoformat(f"{d}T12:00:00").replace(tzinfo=zone).utcoffset() for d in days]
    changes = [str(d) for d, a, b in zip(days[1:], noon, noon[1:], strict=False) if a != b]
    if not changes:
        return []
    text = (
        f"The clocks of {zone} change on {', '.join(changes[:6])}; the times there were placed by"
        " the zone."
    )
    return [Finding.of(CLOCK_CHANGE, text, file=name)]


def _described(con: Any, path: Path, source: str, name: str) -> tuple[list[Any], Layout]:
    """Columns of a Parquet file with their types, and what they hold."""
    described = con.execute(f"describe select * from {source}").fetchall()
    ((names, first),) = read_apart(parquet_head, path)
    rows: list[Row] = [
        (0, [str(n) for n in names]),
        *((k + 1, cells) for k, cells in enumerate(first)),
    ]
    return described, recognise(rows, name)


def _weather(path: Path, name: str, kind: str) -> Readings:
    """Weather of a file of a named format: temperature, radiation, wind, humidity, pressure."""
    ((first, names, units, told),) = read_apart(weather_columns, path, kind)
    values = np.array(told)
    start = np.datetime64(first, "s") + np.timedelta64(HOUR_S, "s") * np.arange(values.shape[1])
    return Readings(tuple(names), start, values, tuple(units), name)


def _weather_kind(path: Path, start: bytes) -> str:
    """Which of the formats of weather a file has, by its first lines; empty for none."""
    if path.suffix.lower() == ".epw" or start.startswith(b"LOCATION,"):
        return "epw"
    if b"Date (MM/DD/YYYY)" in start and b"Time (HH:MM)" in start:
        return "tmy3"
    return "pvgis" if b"(decimal degrees)" in start and b"Latitude" in start else ""


def series_chunks(
    path: Path, *, count: int, zone: str = "UTC", stamp: str = ""
) -> Iterator[Readings]:
    """The series of a long Parquet file, some meters at a time.

    So that memory is bounded by the chunk.

    Args:
        path: Columns of time, meter and one value; quickest where it is sorted by meter.
        count: Meters at a time.
        zone: Time zone of clock times without an offset.
        stamp: `start` or `end`: which end of its step a time names.
    """
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    _sound(path)
    spill = str(spill_folder(Path(tempfile.gettempdir())))
    with duckdb.connect(
        config={"memory_limit": "300MB", "threads": 2, "temp_directory": spill}
    ) as con:
        source = f"read_parquet({literal(str(path))})"
        described, layout = _described(con, path, source, path.name)
        headers = [d[0] for d in described]
        place, meter = layout.one("time"), layout.one("meter")
        values = [c.place for c in layout.of("value")]
        plain = described[place][1].startswith("TIMESTAMP") and (
            zone == "UTC" or "WITH TIME ZONE" in described[place][1]
        )
        if (
            meter < 0
            or len(values) != 1
            or not described[meter][1].startswith("VARCHAR")
            or not plain
        ):
            yield from _whole_chunks(path, count, zone, stamp)
            return
        at, who, value = (headers[k] for k in (place, meter, values[0]))
        names = [
            r[0]
            for r in con.execute(
                f'select distinct "{who}"::varchar from {source} where "{who}" is not null order'
                " by 1"
            ).fetchall()
        ]
        (first, last), *_ = con.execute(
            f'select min("{at}")::timestamp, max("{at}")::timestamp from {source}'
        ).fetchall()
        some = con.execute(
            f'select epoch("{at}"::timestamp)::bigint as t, "{who}"::varchar as w from {source}'
            f' where "{who}"::varchar in (select unnest(?)) order by 2, 1',
            [names[:5]],
        ).fetchnumpy()
        moments = np.asarray(some["t"]).astype("datetime64[s]")
        step_s = step_of(moments[~np.isnat(moments)], path.name)
        span = int((last - first).total_seconds()) // step_s + 1
        if span > STEPS_MAX:
            raise DataError("file-too-large", f"{path.name} spans {span:,} steps.", "Split it.")
        start = np.datetime64(first, "s") + np.timedelta64(step_s, "s") * np.arange(span)
        if stamp == "end" or (not stamp and names_end(at)):
            start = start - np.timedelta64(step_s, "s")
        unit = unit_in(value)
    epoch = np.datetime64(first, "s")
    source_file = pq.ParquetFile(path, read_dictionary=[who])
    held = []
    for g in range(source_file.num_row_groups):
        told = source_file.metadata.row_group(g).column(meter).statistics
        held.append(
            (told.min, told.max) if told is not None and told.has_min_max else ("", chr(0x10FFFF))
        )
    for k in range(0, len(names), count):
        mine = names[k : k + count]
        wanted = [g for g, (low, high) in enumerate(held) if low <= mine[-1] and high >= mine[0]]
        rows = source_file.read_row_groups(wanted, columns=[at, who, value]).combine_chunks()
        coded = rows.column(who).combine_chunks()
        coded = coded if pa.types.is_dictionary(coded.type) else coded.dictionary_encode()
        known = {n: k for k, n in enumerate(mine)}
        rank = np.array(
            [known.get(n, -1) for n in coded.dictionary.to_pylist()], np.int64
        )  # it names others too
        row: Any = rank[coded.indices.to_numpy()]
        moments = rows.column(at).cast(pa.timestamp("s")).to_numpy()
        cell = (moments - epoch).astype(np.int64) // step_s
        taken = np.asarray(rows.column(value).to_numpy(), float)
        good = (row >= 0) & ~np.isnan(taken) & ~np.isnat(moments)
        cells = row[good] * span + cell[good]
        counts = np.bincount(cells, minlength=len(mine) * span)
        with np.errstate(invalid="ignore"):
            grid = (np.bincount(cells, taken[good], len(mine) * span) / counts).reshape(
                len(mine), span
            )
        yield _uncounted(Readings(tuple(mine), start, grid, (unit,) * len(mine), path.name))[0]


def meters_of(path: Path) -> list[str]:
    """Names of the meters of a long Parquet file."""
    import duckdb

    _sound(path)
    with duckdb.connect() as con:
        source = f"read_parquet({literal(str(path))})"
        described, layout = _described(con, path, source, path.name)
        meter = layout.one("meter")
        if meter < 0:
            return list(read_series(path, checked=False).names)
        headers = [d[0] for d in described]
        quoted = headers[meter].replace('"', '""')
        return [
            r[0]
            for r in con.execute(
                f'select distinct "{quoted}"::varchar from {source} order by 1'
            ).fetchall()
        ]


def _sound(path: Path) -> None:
    """Have a Parquet file read to its end elsewhere, before an engine of ours does."""
    for _ in read_apart(parquet_head, path):
        pass


def _whole_chunks(path: Path, count: int, zone: str, stamp: str) -> Iterator[Readings]:
    """Chunks of a file in another form, which is read whole."""
    whole = read_series(path, zone=zone, stamp=stamp, checked=False)
    for k in range(0, len(whole.names), count):
        yield whole.picked(list(whole.names[k : k + count]))
