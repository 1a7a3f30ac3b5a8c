"""What is read of workbooks: their sheets, and the cells of one, row by row.

Runs in a process of its own: see `apart`.
"""

from __future__ import annotations

import datetime
import html
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from abate.kernel.errors import DataError

MAX_UNPACKED_BYTES = 1 << 30
MAX_CELLS = 12_000_000
"""Most cells of the rectangle that a sheet spans: a million rows of twelve columns."""
MAX_COLUMNS = 500
"""Columns of a table that is read."""
MAX_CELL = 32_767
"""Characters of a cell, as in a spreadsheet."""
KEPT_BYTES = 32 << 20
"""An unpacked workbook below this is kept open for its next sheet."""
MERGED_MAX = 10_000
"""Rows over which a merged cell is spread."""
HEAD_ROWS = 30
BATCH_ROWS = 20_000
_open: dict[str, Any] = {}


def cell_text(value: Any) -> str:
    """A cell as text: dates in ISO form, whole numbers without a fraction, empty for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return (
            value.date().isoformat()
            if value.time() == datetime.time()
            else value.isoformat(" ", "seconds")
        )
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value).strip()


def sheet_heads(path: Path) -> Iterator[list[Any]]:
    """Each sheet that has cells: its name, whether it is hidden, how many of its rows are hidden.

    And its first rows as (row number, texts).
    """
    book, rows_hidden = _opened(path), _hidden_rows(path)
    hidden = {m.name for m in book.sheets_metadata if str(m.visible) != "SheetVisibleEnum.Visible"}
    for name in book.sheet_names:
        head = list(islice(_rows(path, name), HEAD_ROWS))
        if head:
            yield [name, name in hidden, rows_hidden.get(name, 0), head]


def _hidden_rows(path: Path) -> dict[str, int]:
    """Rows with cells that each sheet of an XLSX hides, by hand or by a filter.

    Source: ECMA-376 part 1, 18.3.1.73 (row), 18.2.19 (sheet).
    """
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        there = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= there:
            return {}
        book, links = (
            archive.read(f"xl/{n}").decode("utf-8", "replace")
            for n in ("workbook.xml", "_rels/workbook.xml.rels")
        )
        targets = {}
        for link in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links):
            said = dict(re.findall(r'(\w+)="([^"]*)"', link))
            targets[said.get("Id", "")] = said.get("Target", "").removeprefix("/xl/")
        found = {}
        for sheet in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
            said = dict(re.findall(r'([\w:]+)="([^"]*)"', sheet))
            target = f"xl/{targets.get(said.get('r:id', ''), '')}"
            if target in there:
                with archive.open(target) as handle:
                    found[html.unescape(said.get("name", ""))] = _count_hidden(handle)
    return found


def _count_hidden(sheet: Any) -> int:
    count, rest = 0, b""
    while block := sheet.read(1 << 20):
        block = rest + block
        cut = block.rfind(b"<") if b"<" in block else len(block)
        rest = block[cut:][-4096:]
        count += len(HIDDEN_ROW.findall(block[:cut]))
    return count


HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\b(?=[^>]*\shidden\s*=\s*[\"'](?:1|true)[\"'])[^>]*[^/>]>")
"""A row of a sheet that is hidden and holds cells."""


def sheet_rows(path: Path, name: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows of a sheet that hold anything, as (row number, texts), some at a time."""
    rows = _rows(path, name)
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch


def sheet_cells(path: Path) -> Iterator[list[Any]]:
    """Name of each sheet, with the cells of all its rows: texts, numbers, dates in ISO form."""
    book = _opened(path)
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        yield [
            name,
            [
                [v if isinstance(v, str | float | int) else cell_text(v) for v in row]
                for row in rows
            ],
        ]


def _rows(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    sheet = _opened(path).get_sheet_by_name(name)
    if sheet.start is None:
        return
    before = [""] * sheet.start[1]
    merged = _merged_down(sheet)
    held: dict[int, str] = {}
    for number, row in enumerate(sheet.iter_rows(), 1):
        if any(v != "" for v in row):
            cells = before + [cell_text(v) for v in row]
            for column, first in merged.get(number - 1, ()):
                if column < len(cells):
                    held[column] = cells[column] if first else held.get(column, "")
                    cells[column] = held[column]
            if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
                text = f"{path.name} {name} row {number} has a cell beyond column {MAX_COLUMNS}."
                raise DataError("too-many-columns", text, "Delete what stands far from the table.")
            cells = cells[:MAX_COLUMNS]
            if any(len(c) > MAX_CELL for c in cells):
                text = (
                    f"{path.name} {name} row {number} has a cell of more than {MAX_CELL:,}"
                    " characters."
                )
                raise DataError("cell-too-long", text, "Export it again.")
            yield number, cells


def _merged_down(sheet: Any) -> dict[int, list[tuple[int, bool]]]:
    """Columns of each row that belong to cells merged down a column.

    With each stands whether the row is the first of the cell.
    """
    found: dict[int, list[tuple[int, bool]]] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left == right and bottom > top and bottom - top < MERGED_MAX:
            for row in range(top, bottom + 1):
                found.setdefault(row, []).append((left, row == top))
    return found


def _opened(path: Path) -> Any:
    """The workbook; a small one is kept for the next question."""
    from python_calamine import CalamineError, CalamineWorkbook

    about = path.stat()
    key = f"{path} {about.st_mtime_ns} {about.st_size}"
    if key in _open:
        return _open[key]
    _open.clear()
    unpacked = _bounded(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(
            "unreadable-file", f"{path.name}: {error}.", "Open and save it again as XLSX."
        ) from error
    if unpacked < KEPT_BYTES:
        _open[key] = book
    return book


def _bounded(path: Path) -> int:
    """Unpacked size of a workbook of which no sheet spans too many cells.

    Raises:
        DataError: `unreadable-file`, `file-too-large`.
    """
    with path.open("rb") as handle:
        if handle.read(4) == b"\xd0\xcf\x11\xe0":  # an old workbook is not packed
            return path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > MAX_UNPACKED_BYTES:
                hint = "Split it, or save it as CSV or Parquet."
                raise DataError(
                    "file-too-large", f"{path.name} unpacks to {unpacked >> 20} MiB.", hint
                )
            for entry in archive.infolist():
                if re.match(r"xl/worksheets/[^/]+\.xml$", entry.filename):
                    with archive.open(entry) as sheet:
                        _check_span(sheet, path.name)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise DataError(
            "unreadable-file", f"{path.name}: {error}.", "Open and save it again as XLSX."
        ) from error
    return unpacked


def _check_span(sheet: Any, name: str) -> None:
    """Look through the XML of a sheet for how far its cells reach, before a reader makes room for all between them."""
    rows, columns, rest, filled, corner = 0, 1, b"", 0, ""
    letters = (  # of the first block; further on columns beyond Z are what can be too many
        r"[A-Z]{1,3}"
    )
    while block := sheet.read(1 << 20):
        block, rest = rest + block, block[-64:]
        filled += block.count(b"<c ") - rest.count(b"<c ")
        for found in re.finditer(rb"\sr\s*=\s*[\"'](%s)(\d+)[\"']" % letters.encode(), block):
            at = _column(found[1])
            if at > columns:
                columns, corner = at, (found[1] + found[2]).decode()
        letters = r"[A-Z]{2,3}"
        last = max(
            (
                int(n)
                for n in re.findall(rb"<(?:\w+:)?row\b[^>]*?\sr\s*=\s*[\"'](\d{1,7})[\"']", block)
            ),
            default=0,
        )
        rows = max(rows, last)
    if rows * columns > MAX_CELLS:
        reach = f"has a cell in {corner}" if filled * 10 < rows * columns else f"has {rows:,} rows"
        raise DataError(
            "file-too-large",
            f"{name} {reach}: it spans {rows * columns:,} cells, of which {filled:,} hold"
            " anything.",
            f"Delete what stands far from the table, or save it as CSV or Parquet; {MAX_CELLS:,}"
            " cells are the limit.",
        )


def _column(letters: bytes) -> int:
    """Number of a column, from 1.

    Example:
        >>> _column(b"A"), _column(b"XFD")
        (1, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
