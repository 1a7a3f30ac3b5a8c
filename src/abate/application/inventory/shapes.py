"""Tables of a file in one shape: an activity a row, whatever the shape in which they stand.

Several tables of a sheet are taken apart, months across become rows, and rows of several kinds of
activity become a table of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from abate.adapters.readers.clock import MONTH, is_moment, is_month
from abate.adapters.readers.dates import month_numbers
from abate.adapters.readers.numerals import MISSING, is_number
from abate.adapters.readers.sheets import Row, Sheet
from abate.application.inventory.mapping import AMOUNTS, is_header
from abate.application.inventory.supplies import ITEM_OF_WORD, supply_named
from abate.energy.facts.words import unit_in, unit_named
from abate.kernel.errors import DataError
from abate.kernel.units import read_unit

SPLIT_MAX = 20_000
"""Rows of a sheet up to which it is looked through for further tables and kinds."""
HEAD_ROWS = 30
KIND_HEADERS = (
    "utility", "utility type", "energy", "energy type", "energy source", "energy carrier", "fuel", "fuel type", "type", "kind",
    "commodity", "medium", "supply", "service", "resource", "energieträger", "energieart", "medium/energieträger", "sparte", "énergie",
    "type d'énergie", "fluide", "vettore", "vettore energetico", "fonte", "tipo", "tipo de energía", "energía", "suministro",
    "energiedrager", "energiesoort", "nośnik", "能源类型", "能源种类", "种类", "类型", "エネルギー種別", "種別",
)  # fmt: skip


def shaped(sheet: Sheet, file_name: str) -> list[Sheet]:
    """The tables of a sheet, each with an activity a row.

    A large sheet, and one that an engine reads itself, is one table down.

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
        for one in _by_kind(_down(part, sheet.name, file_name)):
            named = label if not one.label else f"{label}, {one.label}" if label else one.label
            found.append(
                replace(
                    sheet, head=one.rows[:HEAD_ROWS], rows=iter([one.rows]), part=named,
                    place=one.place, template=one.template,
                )
            )  # fmt: skip
    return found or [sheet]


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
    texts = [c for c in there if not is_number(c)]
    known = sum(is_header(c) for c in texts)
    months = sum(_month_of(c) is not None for c in there)
    return (len(texts) == len(there) >= 2 and known >= 2 and known >= len(texts) / 2) or (
        months >= 3 and len(texts) >= 1
    )


def _header_at(rows: Sequence[Row]) -> int:
    """Place of the row of headers of a table; its first row where none is known."""
    return next((k for k, (_, cells) in enumerate(rows[:HEAD_ROWS]) if _is_headers(cells)), 0)


def _parted(rows: list[Row]) -> list[list[Row]]:
    """The tables of a sheet: a further one begins with its title or its headers, below rows of the one before.

    Headers that are repeated, as on each page of a print, begin none.
    """
    parts: list[list[Row]] = [[]]
    headers: list[str] | None = None
    since = 0  # rows after the last row of data, which may be the title of a next table
    for number, cells in rows:
        if _is_headers(cells):
            titles = parts[-1][len(parts[-1]) - since :] if since else []
            spoken = [c for _, above in titles for c in above if c]
            if headers is None or not any(_is_data(c) for _, c in parts[-1]):
                headers = cells
            elif cells == headers and not spoken:
                continue
            else:
                parts[-1] = parts[-1][: len(parts[-1]) - since]
                parts.append(titles)
                headers = cells
            since = 0
        elif _is_data(cells):
            since = 0
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


def _month_of(text: str) -> tuple[int, int] | None:
    """Year, 0 where it is not said, and month that a header names.

    Example:
        >>> _month_of("Jan"), _month_of("März 2023"), _month_of("2023-04"), _month_of("5月"), _month_of("kWh")
        ((0, 1), (2023, 3), (2023, 4), (0, 5), None)
    """
    plain = text.strip().strip(".").casefold()
    if len(plain) < 2 or len(plain) > 20:
        return None
    if plain in month_numbers():
        return 0, month_numbers()[plain]
    if match := re.fullmatch(r"(\d{1,2})\s*月", plain):
        number = int(match[1])
        return (0, number) if 1 <= number <= 12 else None
    if match := re.fullmatch(r"((?:19|20)\d\d)-(\d\d)-01", plain):  # a cell of a date
        return int(match[1]), int(match[2])
    if not is_month(text.strip()):
        return None
    found = MONTH.fullmatch(text.strip())
    assert found is not None
    name = found["mon"] or found["mon4"]
    number = month_numbers().get(name.casefold().strip("."), 0) if name else 0
    year = found["y"] or found["y2"] or found["y3"] or found["y4"]
    number = number or int(found["m"] or found["m2"])
    return int(year) + (2000 if len(year) == 2 else 0), number


def _month_in(label: str) -> tuple[tuple[int, int], str] | None:
    """The month that a header names, and what else it says: `Jan (kWh)`, `kWh Feb 2023`."""
    whole = _month_of(label)
    if whole:
        return whole, ""
    words = label.replace("(", " (").split()
    for cut in range(1, len(words)):
        for head, tail in (
            (" ".join(words[:cut]), " ".join(words[cut:])),
            (" ".join(words[cut:]), " ".join(words[:cut])),
        ):
            month = _month_of(head)
            bare = tail.strip("()[] -/")
            if month and (unit_named(bare) or read_unit(bare) or is_header(tail)):
                return month, tail
    return None


def _down(rows: list[Row], sheet: str, file_name: str) -> _Table:
    """A table with months across as one with a month a row; any other as it is."""
    for at, (_, cells) in enumerate(rows[:HEAD_ROWS]):
        upper = _spread(rows[at - 1][1], len(cells)) if at else [""] * len(cells)
        months: dict[int, tuple[tuple[int, int], str]] = {}
        for k, cell in enumerate(cells):
            above = upper[k] if k < len(upper) else ""
            own = _month_in(cell) if cell else None
            over = _month_of(above) if above else None
            if own:
                year = _year_of(above)
                months[k] = ((own[0][0] or year, own[0][1]), own[1])
            elif over and cell:
                months[k] = (over, cell)
        if len({m for m, _ in months.values()}) >= 3 and _is_filled(rows[at + 1 :], months):
            return _unpivoted(rows, at, months, f"{sheet} {file_name}")
    return _Table(rows)


def _is_filled(body: Sequence[Row], columns: dict[int, object] | dict[int, tuple[tuple[int, int], str]]) -> bool:  # fmt: skip
    """Whether columns hold numbers."""
    cells = [row[k] for _, row in body[:40] for k in columns if k < len(row) and row[k]]
    return bool(cells) and sum(is_number(c) for c in cells) >= 0.5 * len(cells)


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


def _unpivoted(
    rows: list[Row], at: int, months: dict[int, tuple[tuple[int, int], str]], near: str
) -> _Table:
    """A row for each month of each row; of several columns of a month, one for each amount."""
    headers = rows[at][1]
    title = " ".join(c for _, cells in rows[:at] for c in cells if c)
    year_at = next((k for k, c in enumerate(headers) if k not in months and _is_year_header(c)), -1)
    dated = _dated(months, title, near, by_row=year_at >= 0)
    fixed = [k for k, c in enumerate(headers) if k not in months and k != year_at and c and not _is_total(c)]  # fmt: skip
    labels = list(dict.fromkeys(label for _, label in months.values()))
    unit = unit_in(title)
    named = {label: _amount_header(label, unit) for label in labels}
    head = [*(headers[k] for k in fixed), "month", "\N{BULLET}", *(named[x] for x in labels)]
    made: list[Row] = [*rows[:at], (rows[at][0], head)]
    for number, cells in rows[at + 1 :]:
        held = [cells[k] if k < len(cells) else "" for k in fixed]
        year = _year_of(cells[year_at]) if 0 <= year_at < len(cells) else 0
        for month, columns in dated.items():
            values = {months[k][1]: cells[k] if k < len(cells) else "" for k in columns}
            if all(not v or v.casefold() in MISSING for v in values.values()):
                continue
            said = f"{month[0] or year:04d}-{month[1]:02d}" if month[0] or year else ""
            place = headers[columns[0]] or f"column {columns[0] + 1}"
            made.append((number, [*held, said, place, *(values.get(x, "") for x in labels)]))
    return _Table(made, place=len(fixed) + 1)


def _amount_header(label: str, unit: str) -> str:
    """Header of a column of amounts: its own words, else a word for any amount with the unit."""
    bare = label.strip("()[] -/")
    if label and not (unit_named(bare) or read_unit(bare)):
        return label
    unit = bare or unit
    return f"{AMOUNTS} ({unit})" if unit else AMOUNTS


def _is_year_header(text: str) -> bool:
    return text.strip().casefold() in ("year", "jahr", "année", "anno", "año", "ano", "jaar", "rok", "年", "年度", "年份")  # fmt: skip


def _is_total(text: str) -> bool:
    return bool(
        re.match(
            r"(?i)\s*(grand |sub[- ]?)?(totals?|sum|summe|gesamt|total général|totale|suma|ytd|合计|总计|小计|合計|小計|average|mean|mittelwert)\b",
            text,
        )
        or re.match(r"\s*(合计|总计|小计|合計|小計)", text)
    )


def _dated(
    months: dict[int, tuple[tuple[int, int], str]], title: str, near: str, *, by_row: bool
) -> dict[tuple[int, int], list[int]]:
    """Columns of each month, with its year: of the header, a column of the row, or the title.

    Raises:
        DataError: `unknown-year`.
    """
    order = [month for month, _ in months.values()]
    found: dict[tuple[int, int], list[int]] = {}
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


def _by_kind(table: _Table) -> list[_Table]:
    """A table of each kind of supply, where a column names the kind of each row."""
    at = _header_at(table.rows)
    if not table.rows:
        return []
    headers = table.rows[at][1]
    body = [row for row in table.rows[at + 1 :] if _is_data(row[1])]
    for k, header in enumerate(headers):
        if header.strip().casefold().rstrip(":") not in KIND_HEADERS:
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
    word = ITEM_OF_WORD.get(cells[k].strip().casefold()) if k < len(cells) else None
    return [*cells[:k], word, *cells[k + 1 :]] if word else cells
