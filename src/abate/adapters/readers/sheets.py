"""Read CSV, XLSX and Parquet into one plain shape: text cells with the row in which they stood."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.parquets import parquet_head
from abate.adapters.readers.workbooks import HEAD_ROWS, MAX_COLUMNS, sheet_heads, sheet_rows
from abate.kernel.errors import DataError

MAX_BYTES = 4 << 30
BATCH_ROWS = 50_000
TABLE_MAX_BYTES = 64 << 20
"""Largest small table, of stated figures, credits or a publisher's factors: it is read at once."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file.

    Args:
        name: Name of the sheet, empty for CSV and Parquet.
        head: First rows, as (row number, cells).
        rows: All rows in batches of (row number, cells); None for Parquet, which the engine reads
            itself.
        delimiter: What parts the cells of a text file.
        typed: Whether numbers are numbers in the file, not texts with marks that must be
            understood.
        hidden: Whether the workbook hides it.
    """

    name: str
    head: list[tuple[int, list[str]]]
    rows: Iterator[list[tuple[int, list[str]]]] | None
    delimiter: str = ""
    typed: bool = False
    hidden: bool = False


def read_sheets(path: Path) -> list[Sheet]:
    """Open a file's tables.

    Raises:
        DataError: `unreadable-file`, `file-too-large`, `bad-encoding`, `empty-file`,
            `unknown-format`.
    """
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    size = path.stat().st_size
    if size == 0:
        raise DataError("empty-file", f"{path.name} is empty.", "Export it again.")
    if size > MAX_BYTES:
        raise DataError(
            "file-too-large",
            f"{path.name} has {size >> 20} MiB.",
            f"Split it; {MAX_BYTES >> 30} GiB is the limit.",
        )
    with path.open("rb") as handle:
        magic = handle.read(4)
    if magic == b"PAR1":
        return [_parquet(path)]
    if magic[:2] == b"PK":
        return _workbook(path)
    if magic == b"\xd0\xcf\x11\xe0" or path.suffix.lower() in (".pdf", ".doc", ".docx", ".zip"):
        raise DataError(
            "unknown-format",
            f"{path.name} is neither CSV, XLSX nor Parquet.",
            "Save it as XLSX or CSV.",
        )
    return [_csv(path)]


def _workbook(path: Path) -> list[Sheet]:
    sheets = [
        Sheet(
            name,
            [(row, cells) for row, cells in head],
            _sheet_rows(path, name),
            typed=True,
            hidden=hidden,
        )
        for name, hidden, head in read_apart(sheet_heads, path)
    ]
    if not sheets:
        raise DataError("empty-file", f"{path.name} has no cell with content.", "Export it again.")
    return sheets


def _sheet_rows(path: Path, name: str) -> Iterator[list[tuple[int, list[str]]]]:
    for batch in read_apart(sheet_rows, path, name):
        yield [(row, cells) for row, cells in batch]


def table_of(path: Path, columns: Sequence[str], code: str) -> list[dict[str, str]]:
    """Rows of a small CSV file, header as keys.

    Args:
        path: File.
        columns: Headers that it must have.
        code: Code of the error where one lacks.

    Raises:
        DataError: `unreadable-file`, `file-too-large`, `bad-encoding`, or `code`.
    """
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    if path.stat().st_size > TABLE_MAX_BYTES:
        raise DataError(
            "file-too-large",
            f"{path.name} is larger than {TABLE_MAX_BYTES >> 20} MiB.",
            "Split it.",
        )
    with path.open(encoding=encoding_of(path), newline="") as handle, sound_csv(path):
        rows = list(csv.DictReader(handle))
    lacking = [c for c in columns if not rows or c not in rows[0]]
    if lacking:
        raise DataError(
            code, f"{path.name} lacks {', '.join(lacking)}.", f"Columns: {', '.join(columns)}."
        )
    return rows


@contextmanager
def sound_csv(path: Path, reader: Any = None) -> Iterator[None]:
    """What the reader of CSV cannot make sense of is an error about the file.

    Raises:
        DataError: `unreadable-file`.
    """
    try:
        yield
    except csv.Error as error:
        row = f" row {reader.line_num}" if reader is not None else ""
        raise DataError(
            "unreadable-file", f"{path.name}{row}: {error}.", "Export it again."
        ) from error


def encoding_of(path: Path) -> str:
    """Encoding of a text file: UTF-8 (with or without mark), UTF-16 by its mark, or GB18030.

    Raises:
        DataError: `bad-encoding` where it is none of these.
    """
    with path.open("rb") as handle:
        start = handle.read(4)
    wide = start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as handle:
                while block := handle.read(1 << 20):
                    if not wide and b"\0" in block:
                        raise DataError(
                            "unknown-format",
                            f"{path.name} holds binary data.",
                            "Save it as CSV or XLSX.",
                        )
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise DataError(
        "bad-encoding", f"{path.name} is neither UTF-8 nor GB18030 nor UTF-16.", "Save it as UTF-8."
    )


def _csv(path: Path) -> Sheet:
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as handle:
        sample = handle.read(1 << 16)
    delimiter = max(",;\t|", key=lambda d: (sample.count(d), -",;\t|".index(d)))
    head = _first(_csv_rows(path, encoding, delimiter), HEAD_ROWS)
    if not head:
        raise DataError("empty-file", f"{path.name} has no row with content.", "Export it again.")
    return Sheet("", head, _batches(_csv_rows(path, encoding, delimiter)), delimiter)


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding=encoding, newline="") as handle:
        reader = csv.reader(handle, delimiter=delimiter)
        with sound_csv(path, reader):
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    if len(cells) > MAX_COLUMNS:
                        text = f"{path.name} row {reader.line_num} has {len(cells)}."
                        raise DataError("too-many-columns", text, "Export it again.")
                    yield reader.line_num, [cell.strip() for cell in cells]


def _first(rows: Iterator[tuple[int, list[str]]], count: int) -> list[tuple[int, list[str]]]:
    return [row for row, _ in zip(rows, range(count), strict=False)]


def _batches(rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    batch: list[tuple[int, list[str]]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _parquet(path: Path) -> Sheet:
    ((names, first),) = read_apart(parquet_head, path)
    return Sheet(
        "", [(0, names), *((k + 1, cells) for k, cells in enumerate(first))], None, typed=True
    )
