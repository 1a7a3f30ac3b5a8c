"""Tables of a file in one shape: an activity a row, whatever the shape in which they stand.

Several tables of a sheet are taken apart, months across become rows, and rows of several kinds of
activity become a table of each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise

from abate.adapters.readers.clock import is_moment, is_month, month_numbers
from abate.adapters.readers.dates import TO, read_dates
from abate.adapters.readers.layouts import label_of
from abate.adapters.readers.numerals import is_number
from abate.adapters.readers.sheets import Row, Sheet
from abate.adapters.store.workspace import match_key
from abate.application.inventory.mapping import AMOUNTS, is_header, map_sheet
from abate.application.inventory.supplies import (
    FUELS_OF_SUPPLY,
    KIND_HEADERS,
    MONTH_HEADERS,
    SUPPLIES,
    TOTALS,
    YEAR_HEADERS,
    supply_named,
)
from abate.energy.facts.words import MISSING, has_word, unit_in, unit_named
from abate.kernel.errors import DataError
from abate.kernel.units import read_unit

SPLIT_MAX = 20_000
"""Rows of a sheet up to which it is looked through for further tables and kinds."""
HEAD_ROWS = 30


Span = tuple[int, int]
"""Year, 0 where it is not said, with the number of a month, 12 more than that of a quarter, or 0
for the year.
"""


def shaped(sheet: Sheet, file_name: str, names: dict[str, str], template: str = "") -> list[Sheet]:
    """The tables of a sheet, each with an activity a row.

    A large sheet, and one that an engine reads itself, is one table down.

    Args:
        sheet: The sheet.
        file_name: Name of its file.
        names: Folded names of sites and entities.
        template: Kind of file, where the caller knows it.

    Raises:
        DataError: `unknown-year` where months stand across and nothing says of which year.
    """
    if sheet.rows is None:
        return [sheet]
    rows: list[Row] = []
    rest = iter(sheet.rows)
    for batch in rest:
        rows += batch
        if len(rows) > SPLIT_MAX:
            many = replace(sheet, rows=chain([rows], rest))
            return [_without_repeats(many)]
    parts = _parted(rows)
    found: list[Sheet] = []
    for k, part in enumerate(parts):
        label = f"row {part[_header_at(part)][0]}" if k else ""
        down = _sites_down(_down(part, sheet.name, file_name), names)
        whole = replace(sheet, head=down.rows[:HEAD_ROWS])
        for one in _by_kind(down, partial(_fields_of, whole, file_name, names, template)):
            named = label if not one.label else f"{label}, {one.label}" if label else one.label
            found.append(
                replace(
                    sheet,
                    head=one.rows[:HEAD_ROWS],
                    rows=iter([one.rows]),
                    part=named,
                    place=one.place,
                    template=one.template,
                    source="",
                )
            )
    return found or [sheet]


def _fields_of(sheet: Sheet, file_name: str, names: dict[str, str], template: str) -> set[str]:
    """Headers that have a meaning in a kind of file other than bills of supplies."""
    if template and template not in SUPPLIES:
        return {c for _, cells in sheet.head for c in cells}
    try:
        mapped = map_sheet(sheet, file_name=file_name, names=names)
    except DataError:
        return set()
    if mapped is None or mapped.mapping.template in SUPPLIES:
        return set()
    return set(mapped.mapping.columns.values())


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of a table, with what its shape says of it.

    Args:
        rows: Its rows, headers among them.
        place: Column that names the cell from which a row comes, -1 where a row is one of the file.
        label: What tells it apart from others of its sheet.
        template: Kind of file that its rows say it is.
    """

    rows: list[Row]
    place: int = -1
    label: str = ""
    template: str = ""


def _is_data(cells: Sequence[str]) -> bool:
    """Whether a row holds a number or a date, and is no row of headers."""
    return any(is_number(c) or is_moment(c) or is_month(c) for c in cells if c)


def _is_headers(cells: Sequence[str]) -> bool:
    """Whether a row names columns: two or more texts, of which half are headers that are known."""
    there = [c for c in cells if c]
    if any(is_number(c) and len(c) != len("2024") for c in there):
        return False
    spans = [span for c in there if (span := _span_of(c)) is not None]
    rest = [c for c in there if _span_of(c) is None]
    if any(is_number(c) or is_moment(c) for c in rest):
        return False
    known = sum(map(is_header, rest))
    if not spans:
        return known >= 2 and known >= len(rest) / 2
    return len(spans) + known >= 3 and bool(rest) and _in_a_row(spans)


def _in_a_row(spans: list[Span]) -> bool:
    """Whether cells name months, quarters or years side by side: two months, or three years."""
    kinds = {"year" if not n else "quarter" if n > 12 else "month" for _, n in spans}
    if len(kinds) > 1 or len(set(spans)) < len(spans):
        return False
    years = [year for year, _ in spans]
    if kinds == {"year"}:
        steps = {b - a for a, b in pairwise(years)}
        return len(years) > 2 and steps in ({1}, {-1})
    return len(spans) > 1


def _header_at(rows: Sequence[Row]) -> int:
    """Place of the row of headers of a table; its first row where none is known."""
    return next((k for k, (_, cells) in enumerate(rows[:HEAD_ROWS]) if _is_headers(cells)), 0)


def _parted(rows: list[Row]) -> list[list[Row]]:
    """The tables of a sheet.

    A further one begins with its title or its headers, below rows of the one before.

    Headers that are repeated, as on each page of a print, begin none.
    """
    parts: list[list[Row]] = [[]]
    headers: list[str] | None = None
    filled = False  # whether rows of data stand below the headers
    since = 0  # rows after the last row of data, which may be the title of a next table
    for number, cells in rows:
        if _is_headers(cells):
            titles = parts[-1][len(parts[-1]) - since :] if since else []
            spoken = [c for _, above in titles for c in above if c]
            if headers is None or not filled:
                headers = cells
            elif cells == headers and not spoken:
                continue
            else:
                parts[-1] = parts[-1][: len(parts[-1]) - since]
                parts.append(titles)
                headers = cells
            since, filled = 0, False
        elif _is_data(cells):
            since, filled = 0, True
        else:
            since = since + 1 if sum(bool(c) for c in cells) <= 2 else 0
        parts[-1].append((number, cells))
    return parts


def _without_repeats(sheet: Sheet) -> Sheet:
    """A large sheet without the headers that are repeated in it."""
    assert sheet.rows is not None
    at = _header_at(sheet.head)
    headers, first = sheet.head[at][1], sheet.head[at][0]

    def kept(batch: list[Row]) -> list[Row]:
        return [row for row in batch if row[0] <= first or row[1] != headers]

    return replace(sheet, rows=map(kept, sheet.rows))


def _span_of(text: str) -> Span | None:
    """The month, quarter or year that a header names.

    Example:
        >>> _span_of("Jan"), _span_of("März 2023"), _span_of("2023-04"), _span_of("5月"), _span_of("Q2"), _span_of("2021")
        ((0, 1), (2023, 3), (2023, 4), (0, 5), (0, 14), (2021, 0))
        >>> _span_of("kWh"), _span_of("1204")
        (None, None)
    """
    plain = text.strip().strip(".").casefold()
    if not 2 <= len(plain) <= 20 or (plain.isdigit() and len(plain) != 4):
        return None
    if plain in month_numbers():
        return 0, month_numbers()[plain]
    said = read_dates([text.strip()]).get(text.strip(), plain)
    return next((read(m) for form, read in _SPANS.items() if (m := re.fullmatch(form, said))), None)


_SPANS: dict[str, Callable[[re.Match[str]], Span | None]] = {
    r"(0?[1-9]|1[0-2])\s*月": lambda m: (0, int(m[1])),
    r"((?:19|20)\d\d)-(\d\d)(?:-01)?": lambda m: (int(m[1]), int(m[2])),
    r"[qt]([1-4])": lambda m: (0, 12 + int(m[1])),
    r"((?:199|20[0-4])\d)年?": lambda m: (int(m[1]), 0),
    rf"(\d{{4}})-(\d\d){re.escape(TO)}\d{{4}}-\d\d": lambda m: (
        int(m[1]),
        12 + (int(m[2]) + 2) // 3,
    ),
}
"""How headers name a month, a quarter or a year; a cell of a date is its first day."""


def _said(year: int, number: int) -> str:
    """A span as a period that is read."""
    if not year:
        return ""
    if number > 12:
        return f"{year}-{3 * (number - 12) - 2:02d}{TO}{year}-{3 * (number - 12):02d}"
    return f"{year}-{number:02d}" if number else str(year)


def _span_in(label: str) -> tuple[Span, str] | None:
    """The span that a header names, and what else it says: `Jan (kWh)`, `kWh Feb 2023`."""
    whole = _span_of(label)
    if whole:
        return whole, ""
    words = label.replace("(", " (").split()
    for cut in range(1, len(words)):
        for head, tail in (
            (" ".join(words[:cut]), " ".join(words[cut:])),
            (" ".join(words[cut:]), " ".join(words[:cut])),
        ):
            span = _span_of(head)
            bare = tail.strip("()[] -/")
            if span and (unit_named(bare) or read_unit(bare) or is_header(tail)):
                return span, tail
    return None


Spans = dict[int, tuple[Span, str]]
"""Columns of amounts with their span, and what else their header says."""


def _down(rows: list[Row], sheet: str, file_name: str) -> _Table:
    """A table with months, quarters or years across as one with a period a row.

    Any other as it is.
    """
    for at, (_, cells) in enumerate(rows[:HEAD_ROWS]):
        above = rows[at - 1][1] if at else []
        spans = _spans(cells, _spread(above, len(cells)))
        distinct = {span for span, _ in spans.values()}
        sure = len(distinct) >= 3 or (len(distinct) == 2 and all(year for year, _ in distinct))
        sure = sure and _are_headers(
            [c for k, c in enumerate(cells) if c and k not in spans], distinct
        )
        below = rows[at + 1][1] if at + 1 < len(rows) else []
        heads = [below[k] for k in spans if k < len(below) and below[k]]
        if heads and not any(is_number(c) for c in heads):
            continue  # headings above the headers
        if sure and _is_filled(rows[at + 1 :], list(spans)):
            headers = [c or (above[k] if k < len(above) else "") for k, c in enumerate(cells)]
            return _unpivoted(rows, at, headers, spans, f"{sheet} {file_name}")
        if not sure and _is_headers(cells):
            break  # the rows below are data
    return _Table(_one_period(_with_units(rows)))


def _with_units(rows: list[Row]) -> list[Row]:
    """Rows of which a row of units below the headers has become part of these."""
    at = _header_at(rows)
    if at + 1 >= len(rows) or not _is_headers(rows[at][1]):
        return rows
    headers, below = rows[at][1], rows[at + 1][1]
    bare = [c.strip("()[] ") for c in below]
    if not any(bare) or not all(not c or unit_named(c) or read_unit(c) for c in bare):
        return rows
    units = [*bare, *[""] * len(headers)]
    named = [
        f"{h} ({u})" if h and u and not unit_in(h) else h or u
        for h, u in zip(headers, units, strict=False)
    ]
    return [*rows[:at], (rows[at][0], named), *rows[at + 2 :]]


def _are_headers(others: list[str], spans: set[Span]) -> bool:
    """Whether a row that names spans is one of headers.

    It has no numbers beside them, and years come in a row.
    """
    if any(is_number(c) or is_moment(c) or is_month(c) for c in others):
        return False
    years = sorted(year for year, number in spans if not number)
    return not years or years == list(range(years[0], years[0] + len(spans)))


def _spans(cells: list[str], upper: list[str]) -> Spans:
    """Columns of which the header, or the heading above it, names a span."""
    spans: Spans = {}
    for k, (cell, above) in enumerate(zip(cells, upper, strict=True)):
        own = _span_in(cell) if cell else None
        over = _span_in(above) if above else None
        if own:
            year = over[0][0] if over and not over[0][1] else 0
            spans[k] = ((own[0][0] or year, own[0][1]), own[1])
        elif over and cell and not _is_total(cell):
            spans[k] = (over[0], cell)
    return spans


def _one_period(rows: list[Row]) -> list[Row]:
    """Rows in which a column of years and one of months are one of both."""
    at = _header_at(rows)
    headers = rows[at][1] if rows else []
    year = next((k for k, c in enumerate(headers) if _is_year_header(c)), -1)
    months = [k for k, c in enumerate(headers) if c.strip().casefold() in MONTH_HEADERS]
    if year < 0 or len(months) != 1 or months[0] == year:
        return rows
    month = months[0]
    made = list(rows[: at + 1])
    for number, cells in rows[at + 1 :]:
        changed = list(cells)
        if max(year, month) < len(cells) and (y := _year_of(cells[year])):
            text = cells[month].strip()
            span = (y, int(text)) if text.isdigit() and 1 <= int(text) <= 12 else _span_of(text)
            if span and span[0] in (0, y):
                changed[month] = _said(y, span[1])
        made.append((number, changed))
    return made


def _sites_down(table: _Table, names: dict[str, str]) -> _Table:
    """A table with a column of amounts for each site as one with a row for each.

    Any other as it is.
    """
    at, sites = max(
        ((k, _sites_in(cells, names)) for k, (_, cells) in enumerate(table.rows[:HEAD_ROWS])),
        key=lambda found: len(found[1]),
        default=(0, {}),
    )
    headers = table.rows[at][1] if table.rows else []
    below = [cells[k] for _, cells in table.rows[at + 1 :] for k in sites if k < len(cells)]
    filled = [c for c in below if c.casefold() not in MISSING]
    if table.place >= 0 or len(sites) < 2 or not filled or not all(map(is_number, filled)):
        return table
    units = {k: unit_in(headers[k]) for k in sites}
    unit = units[min(sites)] or unit_in(" ".join(c for _, cells in table.rows[:at] for c in cells))
    if len(set(units.values())) > 1:
        return table
    fixed = [k for k, h in enumerate(headers) if k not in sites and h and not _is_total(h)]
    amounts = f"{AMOUNTS} ({unit})" if unit else AMOUNTS
    made: list[Row] = [
        *table.rows[:at],
        (table.rows[at][0], [*(headers[k] for k in fixed), "site", PLACE, amounts]),
    ]
    for number, cells in table.rows[at + 1 :]:
        held = [cells[k] if k < len(cells) else "" for k in fixed]
        for k, site in sites.items():
            if k < len(cells) and cells[k].casefold() not in MISSING:
                made.append((number, [*held, site, site, cells[k]]))
    return replace(table, rows=made, place=len(fixed) + 1)


def _sites_in(cells: list[str], names: dict[str, str]) -> dict[int, str]:
    """Cells of a row of headers that name sites, without their unit."""
    if any(is_number(c) or is_moment(c) or is_month(c) for c in cells if c):
        return {}
    named = {k: label_of(c) for k, c in enumerate(cells) if c}
    return {k: s for k, s in named.items() if match_key(s) in names}


PLACE = "\N{BULLET}"
"""Header of the column that names the cell from which a row was taken."""


def _is_filled(body: Sequence[Row], columns: list[int]) -> bool:
    """Whether columns hold numbers."""
    cells = [row[k] for _, row in body[:40] for k in columns if k < len(row) and row[k]]
    numbers = [c for c in cells if is_number(c) and not is_moment(c) and not is_month(c)]
    return bool(cells) and len(numbers) >= 0.5 * len(cells)


def _spread(cells: Sequence[str], width: int) -> list[str]:
    """Headings that each span several columns, spread over them."""
    found, last = [], ""
    for cell in [*cells, *[""] * width][:width]:
        last = cell or last
        found.append(last)
    return found


def _year_of(text: str) -> int:
    found = re.fullmatch(r"(?:FY\s?)?((?:19|20)\d\d)年?", text.strip())
    return int(found[1]) if found else 0


def _unpivoted(rows: list[Row], at: int, headers: list[str], months: Spans, near: str) -> _Table:
    """A row for each span of each row; of several columns of a span, one for each amount."""
    title = " ".join(c for _, cells in rows[:at] for c in cells if c)
    year_at = next((k for k, c in enumerate(headers) if k not in months and _is_year_header(c)), -1)
    dated = _dated(months, title, near, by_row=year_at >= 0)
    others = [k for k in range(len(headers)) if k not in months and k != year_at]
    fixed = [k for k in others if headers[k] and not _is_total(headers[k])]
    labels = list(dict.fromkeys(label for _, label in months.values()))
    unit = unit_in(title)
    named = {label: _amount_header(label, unit) for label in labels}
    head = [*(headers[k] for k in fixed), "month", PLACE, *(named[x] for x in labels)]
    made: list[Row] = [*rows[:at], (rows[at][0], head)]
    for number, cells in rows[at + 1 :]:
        held = [cells[k] if k < len(cells) else "" for k in fixed]
        year = _year_of(cells[year_at]) if 0 <= year_at < len(cells) else 0
        for month, columns in dated.items():
            values = {months[k][1]: cells[k] if k < len(cells) else "" for k in columns}
            if all(not v or v.casefold() in MISSING for v in values.values()):
                continue
            place = headers[columns[0]] or f"column {columns[0] + 1}"
            made.append(
                (
                    number,
                    [
                        *held,
                        _said(month[0] or year, month[1]),
                        place,
                        *(values.get(x, "") for x in labels),
                    ],
                )
            )
    return _Table(made, place=len(fixed) + 1)


def _amount_header(label: str, unit: str) -> str:
    """Header of a column of amounts: its own words, else a word for any amount with the unit."""
    bare = label.strip("()[] -/")
    if label and not (unit_named(bare) or read_unit(bare)):
        return label
    unit = bare or unit
    return f"{AMOUNTS} ({unit})" if unit else AMOUNTS


def _is_year_header(text: str) -> bool:
    return text.strip().casefold() in YEAR_HEADERS


def _is_total(text: str) -> bool:
    return has_word(text, TOTALS)


def _dated(months: Spans, title: str, near: str, *, by_row: bool) -> dict[Span, list[int]]:
    """Columns of each span, with its year: of the header, a column of the row, or the title.

    Raises:
        DataError: `unknown-year`.
    """
    order = [month for month, _ in months.values()]
    found: dict[Span, list[int]] = {}
    if all(year for year, _ in order) or by_row:
        for k, (month, _) in months.items():
            found.setdefault(month, []).append(k)
        return found
    years = _years_in(title) or _years_in(near)
    distinct = list(dict.fromkeys(number for _, number in order))
    wraps = sum(b < a for a, b in pairwise(distinct))
    if len(years) != 1 + (wraps > 0) or wraps > 1 or (wraps and years[1] != years[0] + 1):
        said = " and ".join(map(str, years)) if years else "no year"
        raise DataError(
            "unknown-year",
            f"Months stand across without a year, and the title says {said}.",
            "Write the year in the headers (Jan 2024), or in the line above.",
        )
    place = 0
    for before, number in zip([0, *distinct], distinct, strict=False):
        place += number < before
        found[years[place], number] = [k for k, (m, _) in months.items() if m[1] == number]
    return found


def _years_in(text: str) -> list[int]:
    """Years that a text names; of `2023/24` and `2023-2024` both."""
    pairs = re.search(r"(?<!\d)((?:19|20)\d\d)\s*[/–-]\s*((?:19|20)?\d\d)(?!\d)", text)
    if pairs:
        first = int(pairs[1])
        second = int(pairs[2]) if len(pairs[2]) == 4 else first // 100 * 100 + int(pairs[2])
        return [first, second]
    return sorted({int(y) for y in re.findall(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text)})


def _by_kind(table: _Table, fields: Callable[[], set[str]]) -> list[_Table]:
    """A table of each kind of supply.

    Where a column without another meaning names the kind of each row.
    """
    at = _header_at(table.rows)
    if not table.rows:
        return []
    headers = table.rows[at][1]
    body = [row for row in table.rows[at + 1 :] if _is_data(row[1])]
    for k, header in enumerate(headers):
        if header.strip().casefold().rstrip(":") not in KIND_HEADERS or header in fields():
            continue
        words = [cells[k].strip() if k < len(cells) else "" for _, cells in body]
        kinds = {w: supply_named(w) for w in set(words) if w}
        if len({t for t in kinds.values() if t}) < (1 if "electricity" in kinds.values() else 2):
            continue
        made = []
        for template in dict.fromkeys(kinds.get(w, "") for w in words):
            mine = {w for w, t in kinds.items() if t == template}
            rows = [
                (n, _renamed(cells, k))
                for n, cells in table.rows[at + 1 :]
                if (cells[k].strip() if k < len(cells) else "") in mine
            ]
            if rows:
                head = [*headers]
                head[k] = "fuel" if template == "stationary-fuel" else header
                above = [*table.rows[:at], (table.rows[at][0], head)]
                label = next((w for w in words if w in mine), "") if len(mine) < len(kinds) else ""
                made.append(_Table([*above, *rows], table.place, label, template or "?"))
        return made
    return [table]


def _renamed(cells: list[str], k: int) -> list[str]:
    word = FUELS_OF_SUPPLY.get(cells[k].strip().casefold()) if k < len(cells) else None
    return [*cells[:k], word, *cells[k + 1 :]] if word else cells
