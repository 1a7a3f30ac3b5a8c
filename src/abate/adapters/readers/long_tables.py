"""Long tables of readings: Parquet, and large CSVs, whose columns an engine reads.

What a column means is recognised as in any other table. Texts of times are read once each, numbers
by the engine; series come some at a time, so that memory is bounded by them and not by the file.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from abate.adapters.readers.channels import STEPS_MAX
from abate.adapters.readers.clock import NO_OFFSET, Times, in_utc, ordered, read_times
from abate.adapters.readers.interval_tables import (
    ESTIMATED_WORDS,
    FINDINGS_MAX,
    Style,
    Table,
    header_offset,
    is_estimate,
    is_local,
    left_out,
    names_of_series,
    paired,
    rows_at,
    times_end,
)
from abate.adapters.readers.layouts import HEAD_ROWS, Column, Layout, recognise
from abate.adapters.readers.numerals import decimal_of, read_numbers
from abate.adapters.readers.sheets import Sheet
from abate.adapters.store.delta import literal, spill_folder
from abate.energy.facts.readings import READING_FLAGGED, READING_UNREAD
from abate.energy.facts.words import has_word
from abate.kernel.errors import DataError
from abate.kernel.finding import Finding

if TYPE_CHECKING:
    import duckdb

NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
"""Beginnings of the names of types of numbers."""
Arrays: TypeAlias = dict[str, npt.NDArray[Any]]
"""Columns of rows by their names."""
MEMORY = "600MB"
ISO = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")
"""Times that the engine reads itself."""
ODD_MAX = 100_000
"""Cells of a column that the engine cannot read as numbers, and that are read one by one."""
TIMES_MAX = 2 * STEPS_MAX
"""Different times of a table."""
SAMPLE_ROWS = 20_000
"""Rows by which columns that say again what others say are found."""
PLAIN_ROLES = ("time", "meter", "value", "quality", "other")
"""What the columns of a large CSV may hold for an engine to read it."""


@dataclass(slots=True)
class LongTable:
    """A long table whose rows stand in the relation `rows` of an engine.

    Its columns are `t`, a moment [s since 1970] or a text among `texts_t`; `who`; `v0`, `v1` and so
    on; `e`, whether a reading is estimated; `i`, when it became known; and `rid`, the place of the
    row.

    Args:
        con: The engine.
        name: Name of the file.
        layout: What was recognised.
        style: What the user says of it.
        times: Moments of the texts by number; None where `t` is a moment.
        issued: The same of `i`.
        offset: Offset of `t` from UTC [s], where it is a moment and the file says so.
        ended: Whether times name the end of their step.
        groups: Names of the meters, in order; one without a name where the table has no meters.
        owners: Values of `who` of each of them.
        keep: Which of the layout's columns of values count.
        odd: Rows of a column that the engine could not read, and their numbers.
        findings: What reading found.
    """

    con: duckdb.DuckDBPyConnection
    name: str
    layout: Layout
    style: Style
    times: Times | None = None
    issued: Times | None = None
    offset: int | None = None
    ended: bool = False
    groups: list[str] = field(default_factory=lambda: [""])
    owners: list[list[str]] = field(default_factory=list)
    keep: list[int] = field(default_factory=list)
    odd: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_local(self) -> bool:
        """Whether some times are by a clock whose zone the file does not state."""
        return self.offset is None and (self.times is None or is_local(self.times))

    @property
    def parts(self) -> list[tuple[int, int]]:
        """Each meter and column of values: its series are read apart from the others."""
        return [(g, k) for g in range(len(self.groups)) for k in self.keep]

    @property
    def steps(self) -> int:
        """Rows of a meter, about."""
        (every,) = self.con.execute("select count(*) from rows").fetchall()[0]
        return max(1, int(every) // len(self.groups))

    def table(self, parts: Sequence[tuple[int, int]]) -> Table:
        """Some of the series, as of a table that was read whole."""
        groups = sorted({g for g, _ in parts})
        columns = sorted({k for _, k in parts})
        got, owner = self._rows(groups, columns)
        order = np.argsort(owner, kind="stable")
        bounds = np.searchsorted(owner[order], np.arange(len(groups) + 1))
        only = self.groups[0] if len(self.groups) == 1 else ""
        keys = [(g,) if g and not only else () for g in self.groups]
        told = names_of_series(self.layout, keys, self.keep, self.style, meter=only)
        made = []
        for n, g in enumerate(groups):
            mine = order[bounds[n] : bounds[n + 1]]
            at = self._moments(self.times, got["t"][mine], n)
            issued = self._moments(self.issued, got["i"][mine], n) if "i" in got else None
            marks = got["e"][mine] if "e" in got else None
            for k in columns:
                values = self._values(got, k, mine)
                if (g, k) not in parts or np.isnan(values).all():
                    continue
                channel = told[g, k]
                made.append(
                    replace(
                        channel,
                        at=at,
                        value=values,
                        ended=self.ended,
                        issued=issued,
                        estimated=marks,
                    )
                )
        return Table(made, list(self.findings), self.layout, self.is_local)

    def _rows(self, groups: list[int], columns: list[int]) -> tuple[Arrays, Any]:
        """Columns of the rows of some meters, with the number of each row's meter."""
        there = {d[0] for d in self.con.execute("describe rows").fetchall()}
        chosen, joins = ["rid", *(f"v{k}" for k in columns)], ""
        for column, times in (("t", self.times), ("i", self.issued)):
            if column in there and times is not None:
                joins += f" left join texts_{column} on {column} = {column}_text"
                chosen.append(f"{column}_code as {column}")
            elif column in there:
                chosen.append(column)
        chosen += ["e"] if "e" in there else []
        if self.owners:
            wanted = {who: n for n, g in enumerate(groups) for who in self.owners[g]}
            names = list(wanted)
            self.con.execute(
                "create or replace temp table wanted as select unnest(?::varchar[]) as who,"
                " unnest(?::bigint[]) as n",
                [names, [wanted[w] for w in names]],
            )
            chosen.append("n")
            joins += " join wanted using (who)"
            joins += " where who between ? and ?"
            bounds = [min(names), max(names)]
        else:
            bounds = []
        got = self.con.execute(f"select {', '.join(chosen)} from rows{joins}", bounds).fetchnumpy()
        rid = got["rid"]
        if (rid[1:] < rid[:-1]).any():
            order = np.argsort(rid, kind="stable")
            got = {c: v[order] for c, v in got.items()}
        return got, got.pop("n") if self.owners else np.zeros(len(rid), np.int64)

    def _moments(self, times: Times | None, codes: Any, owner: int) -> Any:
        """Moments of some rows of one meter, UTC."""
        codes = np.ma.filled(codes, -1 if times is not None else np.iinfo(np.int64).min)
        if times is None:
            clock = codes.astype("datetime64[s]")
            if self.offset is not None:
                return clock - np.timedelta64(self.offset, "s")
            some = Times(clock, np.full(len(clock), NO_OFFSET), clock)
        else:
            some = Times(times.clock[codes], times.offset[codes], times.end[codes])
        return in_utc(some, self.style.zone, np.full(len(codes), owner))

    def _values(self, got: Arrays, k: int, mine: Any) -> Any:
        values = np.ma.filled(got[f"v{k}"].astype(float), np.nan)[mine]
        if k in self.odd:
            rids, numbers = self.odd[k]
            place = np.searchsorted(rids, got["rid"][mine])
            there = rids[np.minimum(place, len(rids) - 1)] == got["rid"][mine]
            values[there] = numbers[place[there]]
        return values


@contextmanager
def long_table(sheet: Sheet, name: str, style: Style) -> Iterator[LongTable | None]:
    """Open the first sheet of a file as a long table; None where it is read row by row.

    Raises:
        DataError: `no-series`, `ambiguous-date`.
    """
    import duckdb

    if not sheet.source:
        yield None
        return
    style = replace(style, delimiter=sheet.delimiter)
    layout = recognise(sheet.head[:HEAD_ROWS], name)
    spill = str(spill_folder(Path(tempfile.gettempdir())))
    config = {"memory_limit": MEMORY, "threads": 2, "temp_directory": spill}
    with duckdb.connect(config=config) as con:
        types = _columns(con, sheet.source) if sheet.rows is None else _cells(con, sheet, layout)
        table = LongTable(con, name, layout, style)
        yield table if types and _filled(table, types, sheet) else None


def _columns(con: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """The columns of a Parquet file as the view `cells`, and their types."""
    source = f"read_parquet({literal(path)}, file_row_number = true)"
    described = con.execute(f"describe select * from {source}").fetchall()[:-1]
    listed = ", ".join(f"{_quoted(d[0])} as c{k}" for k, d in enumerate(described))
    con.execute(f"create view cells as select file_row_number as rid, {listed} from {source}")
    return [d[1] for d in described]


def _cells(con: duckdb.DuckDBPyConnection, sheet: Sheet, layout: Layout) -> list[str]:
    """The cells of a large CSV as the view `cells`, and the types of its columns.

    None where it holds more than times, meters and values.
    """
    if layout.step_s or any(c.role not in PLAIN_ROLES for c in layout.columns):
        return []
    if any(not has_word(c.header, ESTIMATED_WORDS) for c in layout.of("quality")):
        return []
    width = len(rows_at(sheet.head, layout.first_row))
    if width != len(layout.columns) or len(layout.of("meter")) > 1:
        return []
    named = ", ".join(f"'c{k}': 'varchar'" for k in range(width))
    con.execute(
        "create view cells as select row_number() over () as rid, * from"
        f" read_csv({literal(sheet.source)}, delim = {literal(sheet.delimiter)}, quote = '\"',"
        " escape = '\"', header = false, auto_detect = false, null_padding = false, skip ="
        f" {layout.first_row - 1}, columns = {{{named}}})"
    )
    return ["VARCHAR"] * width


def _filled(table: LongTable, types: list[str], sheet: Sheet) -> bool:
    """Bring the cells into `rows`; whether the engine could."""
    import duckdb

    layout, columns = table.layout, table.layout.of("value")
    table.keep = list(range(len(columns)))
    is_text = sheet.rows is not None
    texts = [
        cells[c.place] for c in columns for row, cells in sheet.head if row >= layout.first_row
    ]
    if is_text:
        table.style = replace(table.style, decimal=_decimal(table, texts))
    else:
        table.keep = [k for k, c in enumerate(columns) if types[c.place].startswith(NUMERIC)]
        if not table.keep:
            raise DataError(
                "no-series", f"{table.name} has no column of numbers.", "Check its columns."
            )
    first = rows_at(sheet.head, layout.first_row)
    chosen = ["rid", *(_moment_sql(table, types, role, first) for role in ("time", "issued"))]
    chosen += _values_sql(table) if is_text else _doubles_sql(table)
    meters = [f"c{c.place}::varchar" for c in layout.of("meter")]
    if meters:
        chosen.append(
            (f"concat_ws(' ', {', '.join(meters)})" if meters[1:] else meters[0]) + " as who"
        )
    marks = [c for c in layout.of("quality") if has_word(c.header, ESTIMATED_WORDS)]
    chosen += [f"c{c.place}::varchar as q{c.place}" for c in marks]
    made = "table" if is_text else "view"
    listed = ", ".join(filter(None, chosen))
    try:
        table.con.execute(f"create {made} read as select {listed} from cells")
    except duckdb.Error:
        if not is_text:
            raise
        return False
    extra = _marked(table, marks)
    table.con.execute(f"create view rows as select *{extra} from read")
    if meters:
        _group(table)
    every = (("t", "time"), ("i", "issued"))
    timed = all(_timed(table, column, role) for column, role in every if layout.one(role) >= 0)
    if not timed or (is_text and not _odd(table, texts)):
        return False
    table.ended = times_end(layout, table.times or _moments_of(table), table.style)
    return _settle(table)


def _moments_of(table: LongTable) -> Times:
    """The different moments of a table whose times the engine has read."""
    got = table.con.execute(
        "select distinct t from rows where t is not null order by t"
    ).fetchnumpy()
    clock = np.asarray(got["t"]).astype("datetime64[s]")
    none = np.full(len(clock), np.datetime64("NaT"), "datetime64[s]")
    daily = bool((clock.astype(np.int64) % 86_400 == 0).all())
    return Times(clock, np.full(len(clock), NO_OFFSET), none, daily=daily)


def _decimal(table: LongTable, texts: Sequence[str]) -> str:
    return decimal_of(
        (t.strip() for t in texts if t),
        table.name,
        said=table.style.decimal,
        sample=table.layout.of("value")[0].header,
        delimiter=table.style.delimiter,
    )


def _moment_sql(table: LongTable, types: list[str], role: str, first: Sequence[str]) -> str:
    """SQL of a column of times: as a moment, also of an ISO text without zone, else as a text."""
    place, column = table.layout.one(role), "t" if role == "time" else "i"
    if place < 0:
        return ""
    if role == "time":
        table.offset = header_offset(table.layout.columns[place].header)
    if types[place].startswith("TIMESTAMP"):
        if role == "time" and "WITH TIME ZONE" in types[place]:
            table.offset = 0
        return f"epoch(c{place}::timestamp)::bigint as {column}"
    if types[place] == "VARCHAR" and ISO.fullmatch(first[place]):
        return f"""
            case when regexp_full_match(c{place}, '{ISO.pattern}')
                then epoch(try_cast(c{place} as timestamp))::bigint end as {column},
            case when regexp_full_match(c{place}, '{ISO.pattern}')
                and try_cast(c{place} as timestamp) is not null then null else c{place} end
                as {column}_odd"""
    return f"c{place}::varchar as {column}"


def _doubles_sql(table: LongTable) -> list[str]:
    columns = table.layout.of("value")
    return [f"c{columns[k].place}::double as v{k}" for k in table.keep]


def _values_sql(table: LongTable) -> list[str]:
    """SQL of the numbers of each column of texts, and of the texts that are no plain number."""
    made = []
    for k in table.keep:
        cell = f"c{table.layout.of('value')[k].place}"
        plain = cell
        if table.style.decimal == ",":
            plain = f"case when not contains({cell}, '.') then replace({cell}, ',', '.') end"
        number = f"try_cast({plain} as double)"
        sound = f"case when abs({number}) < 1e15 then {number} end"
        made.append(
            f"{sound} as v{k}, case when {sound} is null then nullif(trim({cell}), '') end as o{k}"
        )
    return made


def _timed(table: LongTable, column: str, role: str) -> bool:
    """Read each text of a column of times once; whether there are few enough."""
    kinds = {d[0]: d[1] for d in table.con.execute("describe rows").fetchall()}
    if kinds[column] != "VARCHAR":
        if f"{column}_odd" not in kinds:
            return True
        odd = table.con.execute(
            f"select distinct {column}_odd from rows where {column}_odd is not null limit 1"
        ).fetchall()
        return not odd
    table.con.execute(
        f"create table texts_{column} as select text as {column}_text, row_number() over (order by"
        f" text) - 1 as {column}_code from (select distinct {column} as text from rows where"
        f" {column} is not null)"
    )
    found = table.con.execute(
        f"select {column}_text from texts_{column} order by {column}_code"
    ).fetchall()
    if len(found) > TIMES_MAX:
        return False
    texts = [t[0].strip() for t in found]
    header = next(c.header for c in table.layout.columns if c.role == role)
    order = ordered(texts, table.style.dates, table.name, header or "the column of times")
    times = read_times([*texts, ""], order)  # the last one for rows without
    bad = [t for t, at in zip(texts, times.clock, strict=False) if t and np.isnat(at)]
    table.findings += [
        Finding.of(READING_UNREAD, f"'{t[:40]}' is not a time.", file=table.name)
        for t in bad[:FINDINGS_MAX]
        if t != header
    ]
    if column == "t":
        if table.offset is not None:
            stated = np.where(times.offset == NO_OFFSET, table.offset, times.offset)
            times = replace(times, offset=stated)
        table.times = times
    else:
        table.issued = times
    return True


def _group(table: LongTable) -> None:
    """Find the meters of the rows."""
    every = table.con.execute("select distinct who from rows where who is not null").fetchall()
    owners: dict[str, list[str]] = {}
    for (value,) in sorted(every):
        owners.setdefault(value.strip(), []).append(value)
    table.groups = sorted(owners)
    table.owners = [owners[g] for g in table.groups]


def _marked(table: LongTable, marks: Sequence[Column]) -> str:
    """Whether cells of quality say that a reading is estimated, as SQL of a column `e`."""
    tests = []
    for column in marks:
        cell = f"q{column.place}"
        counts = table.con.execute(
            f"select {cell}, count(*) from read where {cell} is not null group by 1"
        ).fetchall()
        said = [(text, count) for text, count in counts if is_estimate(text)]
        if said:
            marked, every = sum(n for _, n in said), sum(n for _, n in counts)
            text = f"'{column.header}' marks {marked} of {every} readings as estimated."
            table.findings.append(
                Finding.of(READING_FLAGGED, text, file=table.name, column=column.header)
            )
            table.con.execute(
                f"create table marks_{cell} as select unnest(?::varchar[]) as text",
                [[text for text, _ in said]],
            )
            tests.append(f"coalesce({cell} in (select text from marks_{cell}), false)")
    return f", {' or '.join(tests)} as e" if tests else ""


def _odd(table: LongTable, texts: Sequence[str]) -> bool:
    """Read cells that are no plain numbers one by one.

    False where they are many, or the mark before the fraction is not sure.
    """
    columns = table.layout.of("value")
    counts = ", ".join(f"count(o{k}), count(*) filter (v{k} <> floor(v{k}))" for k in table.keep)
    seen = table.con.execute(f"select {counts} from rows").fetchall()[0]
    if not any("." in t or "," in t for t in texts) and any(seen[1::2]):
        return False
    if max(seen[::2]) > ODD_MAX:
        return False
    for k, count in zip(table.keep, seen[::2], strict=True):
        if not count:
            continue
        found = table.con.execute(
            f"select rid, o{k} from rows where o{k} is not null order by rid"
        ).fetchall()
        said = [text for _, text in found]
        if _decimal(table, [*texts, *said]) != table.style.decimal:
            return False
        numbers, bad = read_numbers(said, table.style.decimal)
        table.odd[k] = (np.array([rid for rid, _ in found]), numbers)
        table.findings += [
            Finding.of(
                READING_UNREAD,
                f"'{said[b][:40]}' is not a number.",
                file=table.name,
                row=table.layout.first_row + int(found[b][0]) - 1,
                column=columns[k].header,
            )
            for b in bad[:FINDINGS_MAX]
            if said[b] != columns[k].header
        ]
    return True


def _settle(table: LongTable) -> bool:
    """Leave out empty columns and those that say again what others say.

    False where columns must be looked at together.
    """
    counts = ", ".join(f"count(v{k})" for k in table.keep)
    (seen,) = table.con.execute(f"select {counts}, count(*) from rows").fetchall()
    table.keep = [k for k, n in zip(table.keep, seen, strict=False) if n or k in table.odd]
    columns = table.layout.of("value")
    if not table.keep:
        raise DataError(
            "no-series",
            f"{table.name} has no column of numbers.",
            "Check the decimal sign and the columns.",
        )
    if len(table.keep) == 1:
        return True
    listed = ", ".join(f"v{k}" for k in table.keep)
    got = table.con.execute(
        f"select {listed} from rows where rid % {max(1, seen[-1] // SAMPLE_ROWS)} = 0"
    ).fetchnumpy()
    matrix = np.full((len(columns), len(got[f"v{table.keep[0]}"])), np.nan)
    for k in table.keep:
        matrix[k] = np.ma.filled(got[f"v{k}"].astype(float), np.nan)
    sums, told = left_out(matrix, columns, table.keep, table.name)
    table.keep = [k for k in table.keep if k not in sums]
    table.findings += told
    if len(table.groups) > 1:
        return True
    channels = names_of_series(table.layout, [()], table.keep, table.style)
    some = [replace(channels[0, k], value=matrix[k], at=matrix[k]) for k in table.keep]
    return paired(some) is some


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
