"""Tables of readings, in any of the layouts that `layouts` recognises, as series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from abate.adapters.readers.channels import Channel
from abate.adapters.readers.clock import (
    NO_OFFSET,
    Times,
    in_utc,
    is_clock,
    offset_named,
    ordered,
    read_times,
)
from abate.adapters.readers.layouts import (
    HEAD_ROWS,
    Column,
    Layout,
    Row,
    flow_in,
    is_time,
    recognise,
)
from abate.adapters.readers.numerals import decimal_of, is_number, read_numbers
from abate.adapters.readers.sheets import Sheet
from abate.energy.facts.readings import (
    ENERGY_KWH,
    POWER_KW,
    READING_FLAGGED,
    READING_UNREAD,
    SUM_LEFT_OUT,
)
from abate.energy.facts.words import (
    ESTIMATED,
    MISSING,
    TOTAL_WORDS,
    has_word,
    names_end,
    unit_in,
    unit_named,
)
from abate.kernel.errors import DataError
from abate.kernel.finding import Finding

FINDINGS_MAX = 20
PARTS_MAX = 12
"""Columns up to which one is looked at for being the difference of two others."""
ESTIMATED_WORDS = (
    "estimated",
    "estimate",
    "geschat",
    "geschätzt",
    "quality",
    "qualité",
    "status",
    "state",
    "method",
    "nature",
    "reading quality",
    "状态",
)


@dataclass(frozen=True, slots=True)
class Style:
    """What the user says of a file that it leaves open.

    Args:
        zone: Time zone of clock times without an offset.
        stamp: `start` or `end`: which end of its step a time names; empty takes it from the file.
        dates: `dmy`, `mdy` or `ymd`: the order of numbers in dates.
        decimal: The mark before the fraction.
        unit: Unit of series of which the file states none.
        delimiter: What parts the cells of the file.
    """

    zone: ZoneInfo
    stamp: str = ""
    dates: str = ""
    decimal: str = ""
    unit: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a table gave.

    Its series, what reading it found, its layout, and whether the zone placed its times.
    """

    channels: list[Channel]
    findings: list[Finding]
    layout: Layout
    is_local: bool = False


def rows_of(sheet: Sheet) -> list[Row]:
    """All rows of a sheet."""
    assert sheet.rows is not None
    return [row for batch in sheet.rows for row in batch]


def read_table(rows: Sequence[Row], name: str, style: Style, *, typed: bool = False) -> Table:
    """Read the series of a table.

    Args:
        rows: Its rows.
        name: Name of its file.
        style: What the user says of it.
        typed: Whether numbers are numbers in the file.

    Raises:
        DataError: `no-series`, `ambiguous-date`, `ambiguous-number`, `mixed-numbers`.
    """
    layout = recognise(rows[:HEAD_ROWS], name)
    time = layout.one("time")
    body = [
        (row, cells)
        for row, cells in rows
        if row >= layout.first_row and time < len(cells) and cells[time]
    ]
    header = rows_at(rows, layout.header_row)
    odd = [
        (row, cells[time])
        for row, cells in body
        if not _may_be_time(cells[time]) and cells[time] != header_cell(header, time)
    ]
    body = [(row, cells) for row, cells in body if _may_be_time(cells[time])]
    found = [
        Finding.of(READING_UNREAD, f"'{text[:40]}' is not a time.", file=name, row=row)
        for row, text in odd[:FINDINGS_MAX]
        if any(is_number(c) for c in rows_at(rows, row))
    ]
    times = _times(layout, body, name, style)
    if layout.step_s:
        return _across(layout, body, times, found, name, style, typed)
    return _down(layout, body, times, found, name, style, typed)


def rows_at(rows: Sequence[Row], number: int) -> list[str]:
    """Cells of a row by its number."""
    return next((cells for row, cells in rows if row == number), [])


def header_cell(header: list[str], place: int) -> str:
    """A cell of the header."""
    return header[place] if place < len(header) else ""


def _may_be_time(text: str) -> bool:
    return is_time(text) or (text[:1].isdigit() and is_number(text))


def _cells(body: Sequence[Row], place: int) -> list[str]:
    return [cells[place] if place < len(cells) else "" for _, cells in body]


def _times(layout: Layout, body: Sequence[Row], name: str, style: Style) -> Times:
    """Moments of the rows, with the time of day and the offset of columns of their own."""
    column = next(c for c in layout.columns if c.role == "time")
    texts = _cells(body, column.place)
    order = ordered(texts, style.dates, name, column.header or "the column of times")
    clock = layout.one("clock")
    if clock >= 0:
        joined = [
            f"{d.split(' ')[0] if ' ' in d and not is_clock(d) else d} {c}"
            if c and is_clock(c)
            else d
            for d, c in zip(texts, _cells(body, clock), strict=True)
        ]
        times = read_times(joined, order)
    else:
        hour = layout.one("hour")
        times = read_times(_with_hours(texts, _cells(body, hour)) if hour >= 0 else texts, order)
    zone = layout.one("zone")
    said = header_offset(column.header) if zone < 0 else None
    if zone >= 0:
        offsets = {t: offset_named(t) for t in set(_cells(body, zone))}
        stated = np.array(
            [NO_OFFSET if (o := offsets[t]) is None else o for t in _cells(body, zone)], np.int64
        )
        times = replace(times, offset=np.where(times.offset == NO_OFFSET, stated, times.offset))
    elif said is not None:
        times = replace(times, offset=np.where(times.offset == NO_OFFSET, said, times.offset))
    return times


def header_offset(header: str) -> int | None:
    """The offset [s] that a header of times states, such as UTC in `Time (UTC)`; None without."""
    words = header.replace("(", " ").replace(")", " ").replace("[", " ").replace("]", " ").split()
    return next(
        (
            offset
            for w in words
            if w.upper().startswith(("UTC", "GMT", "CET"))
            and (offset := offset_named(w)) is not None
        ),
        None,
    )


def _with_hours(texts: Sequence[str], hours: Sequence[str]) -> list[str]:
    """Dates with their hours; hours from 1 to 24 name the end of theirs."""
    numbers = [int(float(h)) if h.replace(".", "", 1).isdigit() else -1 for h in hours]
    less = int(max(numbers, default=0) >= 24)
    return [
        f"{d.split(' ')[0]} {h - less:02d}:00" if h >= 0 else d
        for d, h in zip(texts, numbers, strict=True)
    ]


def _decimal(
    columns: Sequence[Sequence[str]], name: str, style: Style, typed: bool, header: str
) -> str:
    if typed and not any("," in c for column in columns for c in column):
        return "."
    every = (c for column in columns for c in column if c and c.casefold() not in MISSING)
    return decimal_of(every, name, said=style.decimal, sample=header, delimiter=style.delimiter)


def times_end(layout: Layout, times: Times, style: Style) -> bool:
    """Whether times name the end of their step.

    As the user says, as the header does, or as they run.
    """
    if style.stamp:
        return style.stamp == "end"
    header = next(c.header for c in layout.columns if c.role == "time")
    if layout.one("end") >= 0 or not np.isnat(times.end).all():
        return False
    if names_end(header):
        return True
    clock = times.clock[~np.isnat(times.clock)].astype(np.int64)
    if len(clock) < 24 or times.daily or times.monthly:
        return False
    apart = np.diff(np.unique(clock))
    step = int(np.bincount(apart.clip(0, 86_400)).argmax())
    return 0 < step < 86_400 and clock.min() % 86_400 == step and clock.max() % 86_400 == 0


def _across(
    layout: Layout,
    body: Sequence[Row],
    times: Times,
    found: list[Finding],
    name: str,
    style: Style,
    typed: bool,
) -> Table:
    """A day a row: each cell is the reading of its step."""
    places = sorted(layout.starts, key=lambda k: layout.starts[k])
    columns = [_cells(body, k) for k in places]
    decimal = _decimal(columns, name, style, typed, layout.columns[places[0]].header)
    numbers = [read_numbers(column, decimal) for column in columns]
    found += [
        Finding.of(
            READING_UNREAD,
            f"'{column[b]}' is not a number.",
            file=name,
            row=body[b][0],
            column=layout.columns[k].header,
        )
        for k, column, (_, bad) in zip(places, columns, numbers, strict=True)
        for b in bad[:2]
    ][:FINDINGS_MAX]
    values = np.stack([n for n, _ in numbers], axis=1)
    seconds = np.array([layout.starts[k] for k in places])
    if layout.step_s == 86_400:  # days that the month has not
        lengths = (times.clock.astype("datetime64[M]") + 1).astype("datetime64[s]") - times.clock
        values = np.where(
            seconds.astype("timedelta64[s]")[None, :] < lengths[:, None], values, np.nan
        )
    clock = times.clock[:, None] + seconds.astype("timedelta64[s]")[None, :]
    offset = np.broadcast_to(times.offset[:, None], clock.shape)
    groups, owner = _groups(layout, body, times)
    flat = Times(
        clock.ravel(), offset.ravel(), np.full(clock.size, np.datetime64("NaT"), "datetime64[s]")
    )
    at = in_utc(flat, style.zone, np.repeat(owner, len(places)))
    unit = _title_unit(layout) or style.unit
    units = _row_units(layout, body)
    channels = []
    for g, group in enumerate(groups):
        mine = np.repeat(owner == g, len(places))
        own = units[int(np.flatnonzero(owner == g)[0])] if units else ""
        label = " ".join(group) or layout.title[:40] or "value"
        channels.append(
            Channel(
                label,
                own or unit,
                at[mine],
                values.ravel()[mine],
                flow_in(f"{label} {layout.title}"),
                group[0] if group else "",
                step_s=layout.step_s,
            )
        )
    return Table(channels, found, layout, is_local(times))


def is_local(times: Times) -> bool:
    """Whether some times have no offset: a zone places them."""
    return bool((times.offset[~np.isnat(times.clock)] == NO_OFFSET).any())


def _row_units(layout: Layout, body: Sequence[Row]) -> list[str]:
    place = layout.one("unit")
    return [unit_named(t) for t in _cells(body, place)] if place >= 0 else []


def _title_unit(layout: Layout) -> str:
    """The unit that the lines above state.

    By a cell of its own such as `W`, or by words such as `in kWh`.
    """
    alone = [u for word in layout.title.split() if (u := unit_named(word.strip("[]():;,")))]
    return alone[-1] if alone else unit_in(layout.title)


def _down(
    layout: Layout,
    body: Sequence[Row],
    times: Times,
    found: list[Finding],
    name: str,
    style: Style,
    typed: bool,
) -> Table:
    """A reading a row, or several of one moment side by side."""
    columns = layout.of("value")
    texts = [_cells(body, c.place) for c in columns]
    decimal = _decimal(texts, name, style, typed, columns[0].header)
    numbers = []
    for column, cells in zip(columns, texts, strict=True):
        values, bad = read_numbers(cells, decimal)
        numbers.append(values)
        found += [
            Finding.of(
                READING_UNREAD,
                f"'{cells[b][:40]}' is not a number.",
                file=name,
                row=body[b][0],
                column=column.header,
            )
            for b in bad[:FINDINGS_MAX]
        ]
    matrix = np.array(numbers)
    multiplier = layout.one("multiplier")
    if multiplier >= 0:
        factors, _ = read_numbers(_cells(body, multiplier), decimal)
        matrix = matrix * np.where(np.isnan(factors), 1.0, factors)
    keep = [k for k in range(len(columns)) if not np.isnan(matrix[k]).all()]
    found += [
        Finding.of(READING_UNREAD, f"'{c.header}' has no value at all.", file=name, column=c.header)
        for k, c in enumerate(columns)
        if k not in keep and not c.flow and c.unit
    ]
    sums, told = left_out(matrix, columns, keep, name)
    found += told
    keep = [k for k in keep if k not in sums]
    if not keep:
        raise DataError(
            "no-series",
            f"{name} has no column of numbers.",
            "Check the decimal sign and the columns.",
        )
    found += _flags(layout, body, name)
    channels = _series(layout, body, times, matrix, keep, style)
    return Table(channels, found, layout, is_local(times))


def _series(
    layout: Layout, body: Sequence[Row], times: Times, matrix: Any, keep: list[int], style: Style
) -> list[Channel]:
    groups, owner = _groups(layout, body, times)
    at = in_utc(times, style.zone, owner)
    issued = _issued(layout, body, style)
    estimated = _estimated(layout, body)
    ended = times_end(layout, times, style)
    units = _owned_units(layout, body, owner)
    told = names_of_series(layout, groups, keep, style, units, _only_meter(layout, body))
    made = []
    for g in range(len(groups)):
        mine = np.flatnonzero(owner == g)
        for k in keep:
            values = matrix[k][mine]
            if np.isnan(values).all():
                continue
            made.append(
                replace(
                    told[g, k],
                    at=at[mine],
                    value=values,
                    ended=ended,
                    issued=None if issued is None else issued[mine],
                    estimated=None if estimated is None else estimated[mine],
                )
            )
    return paired(made)


def _owned_units(layout: Layout, body: Sequence[Row], owner: Any) -> list[str] | None:
    """Unit that the first row of each group states; None where no column of units is."""
    units = _row_units(layout, body)
    if not units:
        return None
    first = np.unique(owner, return_index=True)[1]
    return [units[int(k)] for k in first]


def _only_meter(layout: Layout, body: Sequence[Row]) -> str:
    """The meter of a table that names one and the same in all its rows, else empty."""
    places = [c.place for c in layout.of("meter")]
    named = {
        " ".join(x for x in key if x)
        for key in zip(*(_cells(body, k) for k in places), strict=True)
    }
    return named.pop() if len(named) == 1 else ""


def names_of_series(
    layout: Layout,
    groups: Sequence[tuple[str, ...]],
    keep: Sequence[int],
    style: Style,
    units: Sequence[str] | None = None,
    meter: str = "",
) -> dict[tuple[int, int], Channel]:
    """Name, unit and flow of the series of each group and column, as channels without readings.

    Args:
        layout: What was recognised of the table.
        groups: Names of each group.
        keep: Columns of values that count.
        style: What the user says.
        units: Unit that the rows of each group state.
        meter: Meter of a table of one, which is not part of the names.
    """
    columns = layout.of("value")
    title = _title_unit(layout) or unit_in(layout.context)
    flows = _flows([columns[k] for k in keep], f"{layout.title} {layout.context}")
    none = np.zeros(0)
    made = {}
    for g, group in enumerate(groups):
        words = " ".join(group)
        own = (units[g] if units else "") or unit_in(words)
        for k, flow in zip(keep, flows, strict=True):
            label = columns[k].label or columns[k].header or "value"
            name = "/".join(x for x in (words, label if not group or len(keep) > 1 else "") if x)
            unit = columns[k].unit or own or title or style.unit
            own_flow = flow_in(words) or flow
            made[g, k] = Channel(name, unit, none, none, own_flow, group[0] if group else meter)
    return made


def _estimated(layout: Layout, body: Sequence[Row]) -> Any:
    """Whether each row is marked as estimated; None where no column marks any."""
    marks = np.zeros(len(body), bool)
    for column in layout.of("quality"):
        if has_word(column.header, ESTIMATED_WORDS):
            marks |= [is_estimate(c) for c in _cells(body, column.place)]
    return marks if marks.any() else None


def is_estimate(cell: str) -> bool:
    """Whether a cell of a column of quality says that a reading is estimated."""
    return cell.strip("?! ").casefold() in ESTIMATED


def _issued(layout: Layout, body: Sequence[Row], style: Style) -> Any:
    place = layout.one("issued")
    if place < 0:
        return None
    times = read_times(_cells(body, place), style.dates or "dmy")
    return in_utc(times, style.zone, np.zeros(len(body), np.int64))


def _groups(layout: Layout, body: Sequence[Row], times: Times) -> tuple[list[tuple[str, ...]], Any]:
    """Names of the series that the rows belong to, and the number of that of each row.

    Columns of meters tell series apart. Columns of words do where without them one moment would
    come twice.
    """
    chosen = [c.place for c in layout.of("meter")]
    chosen = [k for k in chosen if len(set(_cells(body, k))) > 1] or chosen[:0]
    units = layout.one("unit")
    if units >= 0 and len(set(_cells(body, units))) > 1:
        chosen.append(units)
    for column in (*layout.of("group"), *layout.of("quality")):
        cells = _cells(body, column.place)
        if (
            1 < len(set(cells)) <= 60
            and _doubles(body, chosen, times)
            > _doubles(body, [*chosen, column.place], times) * 2 + 1
        ):
            chosen.append(column.place)
    if not chosen:
        return [()], np.zeros(len(body), np.int64)
    keys = list(zip(*(_cells(body, k) for k in chosen), strict=True))
    distinct = sorted(set(keys))
    number = {key: n for n, key in enumerate(distinct)}
    same = [
        k
        for k in range(len(chosen))
        if k and len({(a[0], a[k]) for a in distinct}) == len({a[0] for a in distinct})
    ]
    names = [tuple(x for k, x in enumerate(key) if k not in same and x) for key in distinct]
    if len(set(names)) < len(names):
        names = distinct
    return names, np.array([number[key] for key in keys], np.int64)


def _doubles(body: Sequence[Row], chosen: list[int], times: Times) -> int:
    """How many rows have the moment of another one of their series."""
    clock, offset = times.clock.astype(np.int64).tolist(), times.offset.tolist()
    keys = set(zip(clock, offset, *(_cells(body, k) for k in chosen), strict=True))
    return len(body) - len(keys)


def _flows(columns: Sequence[Column], title: str) -> list[str]:
    """Direction of each column: consumption is import where no other column is."""
    flows = [c.flow or flow_in(title) for c in columns]
    if len(columns) > 1:
        flows = [c.flow for c in columns]
    if "consumption" in flows:
        settled = (
            "load"
            if "import" in flows and ("generation" in flows or "export" in flows)
            else "import"
        )
        flows = [settled if f == "consumption" else f for f in flows]
    return flows


def left_out(
    matrix: Any, columns: Sequence[Column], keep: list[int], name: str
) -> tuple[list[int], list[Finding]]:
    """Columns that say again what others say, and what is said of them."""
    sums = _sums(matrix, columns, keep)
    return list(sums), [
        Finding.of(
            SUM_LEFT_OUT, f"'{columns[k].header}' is {how}.", file=name, column=columns[k].header
        )
        for k, how in sums.items()
    ]


def _sums(matrix: Any, columns: Sequence[Column], keep: list[int]) -> dict[int, str]:
    """Columns that say again what others beside them say.

    Their sum, their difference, their mean power.
    """
    found: dict[int, str] = {}
    plain = [k for k in keep if columns[k].flow not in ("temperature", "forecast")]
    for k in plain:
        twin = next(
            (o for o in plain if o != k and o not in found and _is_power_of(matrix, columns, k, o)),
            None,
        )
        if twin is not None:
            found[k] = f"'{columns[twin].header}' as mean power, and left out"
    for k in plain:
        others = [
            o for o in plain if o != k and columns[o].unit == columns[k].unit and o not in found
        ]
        parts = [o for o in others if np.nansum(np.abs(matrix[o]))]
        there = ~np.isnan(matrix[k])
        if len(parts) < 2 or k in found or there.sum() < 3 or not np.abs(matrix[k][there]).max():
            continue
        total = has_word(columns[k].header, TOTAL_WORDS)
        alike = total or all(columns[o].flow == columns[k].flow for o in parts)
        if alike and _is_near(np.nansum(matrix[parts], axis=0), matrix[k], there):
            found[k] = "the sum of the other columns, and left out"
            continue
        if (total or not columns[k].flow) and len(parts) <= PARTS_MAX:
            pairs = ((a, b) for a in parts for b in parts if a != b)
            less = next(
                (
                    p
                    for p in pairs
                    if _is_near(
                        np.nan_to_num(matrix[p[0]]) - np.nan_to_num(matrix[p[1]]), matrix[k], there
                    )
                ),
                None,
            )
            if less:
                found[k] = (
                    f"'{columns[less[0]].header}' less '{columns[less[1]].header}', and left out"
                )
    return found


def _is_power_of(matrix: Any, columns: Sequence[Column], power: int, energy: int) -> bool:
    """Whether a column of power is another one of energy over the length of the step."""
    if (
        columns[power].unit.lower() not in POWER_KW
        or columns[energy].unit.lower() not in ENERGY_KWH
    ):
        return False
    a, b = matrix[power], matrix[energy]
    there = ~np.isnan(a) & ~np.isnan(b) & (np.abs(a) > 0) & (np.abs(b) > 0)
    if there.sum() < 10:
        return False
    ratio = float(np.median(b[there] / a[there]))
    return bool(
        (np.abs(b[there] - ratio * a[there]) <= 0.03 * np.abs(b[there]) + 0.0011).mean() > 0.95
    )


def _is_near(made: Any, given: Any, there: Any) -> bool:
    return bool(
        (np.abs(made[there] - given[there]) <= 0.0051 + 1e-6 * np.abs(given[there])).mean() > 0.98
    )


def paired(channels: list[Channel]) -> list[Channel]:
    """Tariffs of one meter of which one counts at a time.

    Where another has a value, the empty one is zero.
    """
    for unit in {c.unit for c in channels}:
        mine = [c for c in channels if c.unit == unit and c.flow != "temperature"]
        if len(mine) < 2 or len({(id(c.at), len(c.at)) for c in mine}) > len(mine):
            continue
        if len({len(c.at) for c in mine}) > 1 or any(
            len(c.meter) and c.meter != mine[0].meter for c in mine
        ):
            continue
        there = np.array([~np.isnan(c.value) for c in mine])
        empty = (~there).mean(axis=1)
        if (
            (empty > 0.2).any()
            and (there.any(axis=0)).mean() > 0.98
            and not there.all(axis=0).mean() > 0.2
        ):
            made = {
                id(c): replace(
                    c, value=np.where(np.isnan(c.value) & there.any(axis=0), 0.0, c.value)
                )
                for c in mine
            }
            channels = [made.get(id(c), c) for c in channels]
    return channels


def _flags(layout: Layout, body: Sequence[Row], name: str) -> list[Finding]:
    """How many readings the file itself calls estimated."""
    found = []
    for column in layout.of("quality"):
        if not has_word(column.header, ESTIMATED_WORDS):
            continue
        cells = _cells(body, column.place)
        count = sum(map(is_estimate, cells))
        if count:
            found.append(
                Finding.of(
                    READING_FLAGGED,
                    f"'{column.header}' marks {count} of {len(cells)} readings as estimated.",
                    file=name,
                    column=column.header,
                )
            )
    return found
