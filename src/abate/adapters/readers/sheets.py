"""Read CSV, XLSX and Parquet into one plain shape: text cells with the row in which they stood."""

from __future__ import annotations

import codecs
import csv
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.documents import json_table
from abate.adapters.readers.numerals import bare, decimal_of
from abate.adapters.readers.packed import unpacked
from abate.adapters.readers.parquets import parquet_head
from abate.adapters.readers.workbooks import HEAD_ROWS, MAX_COLUMNS, sheet_heads, sheet_rows
from abate.kernel.errors import DataError

Row = tuple[int, list[str]]
"""Number of a row in its file, and its cells."""
MAX_BYTES = 4 << 30
BATCH_ROWS = 50_000
LARGE_BYTES = 4 << 20
"""Size from which an engine reads a CSV itself."""
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
        rows_hidden: Rows that it hides, which are read.
        part: What tells it apart from other tables of its sheet, empty for the first.
        place: Column that names the cell from which a row was taken; -1 where a row is one of the
            file.
        template: Kind of file that its rows say it is; `?` where they say one that is not known.
        source: Path of a Parquet file, or of a large CSV in UTF-8, which an engine may read itself.
    """

    name: str
    head: list[Row]
    rows: Iterator[list[Row]] | None
    delimiter: str = ""
    typed: bool = False
    hidden: bool = False
    rows_hidden: int = 0
    part: str = ""
    place: int = -1
    template: str = ""
    source: str = ""

    @property
    def key(self) -> str:
        """Name among the tables of its file."""
        return f"{self.name} ({self.part})".strip() if self.part else self.name


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
    suffix = path.suffix.lower()
    if magic == b"PAR1":
        return [_parquet(path)]
    if magic[:1] in (b"{", b"[") and suffix in (".json", ".jsonl", ".ndjson"):
        return [_json(path)]
    if magic[:2] == b"PK" or (
        magic == b"\xd0\xcf\x11\xe0" and suffix not in (".doc", ".msg", ".ppt")
    ):
        return _workbook(path)
    if magic == b"%PDF" or suffix in (".pdf", ".doc", ".docx"):
        raise DataError(
            "unknown-format",
            f"{path.name} is not a table: CSV, XLSX, XLS, XLSB, ODS or Parquet.",
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
            rows_hidden=rows_hidden,
        )
        for name, hidden, rows_hidden, head in read_apart(sheet_heads, path)
    ]
    if not sheets:
        raise DataError("empty-file", f"{path.name} has no cell with content.", "Export it again.")
    return sheets


def _json(path: Path) -> Sheet:
    rows: list[Row] = [(k, cells) for part in read_apart(json_table, path) for k, cells in part]
    return Sheet("", rows[:HEAD_ROWS], iter([rows]), typed=True)


def _sheet_rows(path: Path, name: str) -> Iterator[list[tuple[int, list[str]]]]:
    for batch in read_apart(sheet_rows, path, name):
        yield [(row, cells) for row, cells in batch]


def table_of(path: Path, columns: Sequence[str], code: str) -> list[dict[str, str]]:
    """Rows of a small table, header as keys; see `named_rows`.

    Args:
        path: File.
        columns: Headers that it must have.
        code: Code of the error where one lacks.

    Raises:
        DataError: `unreadable-file`, `file-too-large`, `bad-encoding`, or `code`.
    """
    if path.is_file() and path.stat().st_size > TABLE_MAX_BYTES:
        raise DataError(
            "file-too-large",
            f"{path.name} is larger than {TABLE_MAX_BYTES >> 20} MiB.",
            "Split it.",
        )
    rows = [row for batch in named_rows(path) for row in batch]
    lacking = [c for c in columns if not rows or c not in rows[0]]
    if lacking:
        raise DataError(
            code, f"{path.name} lacks {', '.join(lacking)}.", f"Columns: {', '.join(columns)}."
        )
    return rows


def named_rows(path: Path, *, numbers: bool = True) -> Iterator[list[dict[str, str]]]:
    """Rows of a table with its headers as keys, a batch at a time: of the first sheet that is not hidden.

    The headers are the first row that is about as wide as the table.

    Args:
        path: The file.
        numbers: Whether numbers with a decimal comma are to have a point.

    Raises:
        DataError: As of `read_sheets` and `unpacked`; `column-twice`, `ambiguous-number`.
    """
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    with unpacked(path) as plain:
        sheets = read_sheets(plain)
        sheet = next((s for s in sheets if not s.hidden), sheets[0])
        yield from _named(sheet, path.name, numbers=numbers)


def _named(sheet: Sheet, name: str, *, numbers: bool) -> Iterator[list[dict[str, str]]]:
    """The batches of a sheet as dictionaries."""
    assert sheet.rows is not None
    widest = max(sum(map(bool, cells)) for _, cells in sheet.head)
    number, headers = next(
        (row for row in sheet.head if sum(map(bool, row[1])) >= widest * 0.6), sheet.head[0]
    )
    there = [h for h in headers if h]
    if len(set(there)) < len(there):
        raise DataError("column-twice", f"{name} names a column twice.", "Give each its own name.")
    mark = ""
    for batch in sheet.rows:
        body = [cells for row, cells in batch if row > number]
        if numbers and not sheet.typed and sheet.delimiter != ",":
            mark = mark or decimal_of((c for cells in body for c in cells), name)
            if mark == ",":
                body = [[_with_point(c) for c in cells] for cells in body]
        yield [
            {h: cells[k] if k < len(cells) else "" for k, h in enumerate(headers) if h}
            for cells in body
        ]


def _with_point(cell: str) -> str:
    """A number with a decimal comma as one with a point; any other cell as it is."""
    digits, sign = bare(cell)
    if not digits:
        return cell
    return ("-" if sign < 0 else "") + digits.replace(".", "").replace(",", ".")


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
    """Encoding of a text file.

    UTF-8 or UTF-16 with or without mark, else the one of `LEGACY` that makes words.

    Raises:
        DataError: `bad-encoding` where none fits, `unknown-format` where it is not a text.
    """
    with path.open("rb") as handle:
        start = handle.read(4096)
    wide = _utf_16(start)
    if wide:
        return _whole(path, wide) or _no_encoding(path)
    if b"\0" in start:
        raise DataError(
            "unknown-format", f"{path.name} holds binary data.", "Save it as CSV or XLSX."
        )
    if _whole(path, "utf-8-sig"):
        return "utf-8-sig"
    odd = _odd_lines(path)
    ranked = sorted(LEGACY, key=lambda encoding: -_plausible(odd, encoding))
    for encoding in ranked:
        if _plausible(odd, encoding) > PLAUSIBLE_MIN and _whole(path, encoding):
            return encoding
    return _no_encoding(path)


LEGACY = ("gb18030", "cp932", "cp1252", "cp1250", "latin-1")
"""Encodings tried where a file is not in UTF-8; of two that fit alike the first is taken."""
USUAL_SIGNS = "€£¥°²³·–—’‘„“”«»±…®™½¼¾×÷¿¡§µ‰ªº†•₂\u00a0\u202f\u2009，。：（）、％￥℃\u3000"
PLAUSIBLE_MIN = -0.3
"""Below this a text looks like nonsense in an encoding."""


def _no_encoding(path: Path) -> str:
    raise DataError(
        "bad-encoding",
        f"{path.name} is in none of UTF-8, UTF-16, GB18030, Shift-JIS, Windows-1252.",
        "Save it as UTF-8.",
    )


def _utf_16(start: bytes) -> str:
    """UTF-16 by its mark, or by the zeros beside digits and signs; empty where it is not."""
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = max(1, len(start) // 2)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else ""


def _whole(path: Path, encoding: str) -> str:
    """The encoding if the whole file is sound in it, else empty."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as handle:
            while block := handle.read(1 << 20):
                if b"\0" in block and not encoding.startswith("utf-16"):
                    raise DataError(
                        "unknown-format",
                        f"{path.name} holds binary data.",
                        "Save it as CSV or XLSX.",
                    )
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return ""
    return encoding


def _odd_lines(path: Path) -> bytes:
    """Lines of a file that hold other bytes than ASCII, up to some kilobytes."""
    found, size = [], 0
    with path.open("rb") as handle:
        for line in handle:
            if any(byte > 127 for byte in line[:4096]):
                found.append(line[:4096])
                size += len(found[-1])
                if size > 16_384:
                    break
    return b"".join(found)


def _plausible(sample: bytes, encoding: str) -> float:
    """How much a sample looks like words in an encoding.

    -1 where it is unsound or nonsense, 1 at best.
    """
    text = sample.decode(encoding, errors="replace")
    odd = [k for k, ch in enumerate(text) if ord(ch) > 127]
    if not odd:
        return -2.0
    score = 0.0
    for k in odd:
        ch = text[k]
        near = text[max(0, k - 1) : k] + text[k + 1 : k + 2]
        if ch == "\ufffd" or unicodedata.category(ch) in ("Cc", "Cn", "Co"):
            score -= 4
        elif "\u3040" <= ch <= "\u30ff":
            score += 1.2
        elif "\u4e00" <= ch <= "\u9fff":
            score += _in_words(ch, near)
        elif (
            "\uff61" <= ch <= "\uff9f"
        ):  # half-width kana: what other encodings look like in Shift-JIS
            score -= 0.5
        elif unicodedata.category(ch)[0] == "L":
            plain = any(c.isascii() and c.isalpha() for c in near)
            score += 1 if plain else -0.5 if any(ord(c) > 127 for c in near) else 0.2
        else:
            inside = len(near) == 2 and near.isalpha() and ch not in "’‘–·"
            score += 1 if ch in USUAL_SIGNS and not inside else -0.5
    return score / len(odd)


def _in_words(ch: str, near: str) -> float:
    """How much a Chinese sign fits to its neighbours.

    Inside a Latin word it is a letter misread.
    """
    latin = sum(c.isascii() and c.isalpha() for c in near)
    if latin == 2:
        return -1.0
    alone = latin and not any(ord(c) > 127 for c in near)
    return 0.0 if alone else _of_use(ch)


def _of_use(ch: str) -> float:
    """Whether a Chinese sign is one of the usual ones."""
    for encoding in ("gb2312", "shift_jis"):
        try:
            if ch.encode(encoding)[0] < (0xD8 if encoding == "gb2312" else 0x98):
                return 1.0
        except UnicodeEncodeError:
            continue
    return -0.5


def _csv(path: Path) -> Sheet:
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as handle:
        sample = handle.read(1 << 16)
    delimiter = max(",;\t|", key=lambda d: (sample.count(d), -",;\t|".index(d)))
    head = _first(_csv_rows(path, encoding, delimiter), HEAD_ROWS)
    if not head:
        raise DataError("empty-file", f"{path.name} has no row with content.", "Export it again.")
    large = encoding == "utf-8-sig" and path.stat().st_size > LARGE_BYTES
    rows = _batches(_csv_rows(path, encoding, delimiter))
    return Sheet("", head, rows, delimiter, source=str(path) if large else "")


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
        "",
        [(0, names), *((k + 1, cells) for k, cells in enumerate(first))],
        None,
        typed=True,
        source=str(path),
    )
