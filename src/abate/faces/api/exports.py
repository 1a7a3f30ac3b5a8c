"""Exports: a table as CSV or XLSX, in which no cell can act as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from abate.application.inventory.figures import exact_text

LEADS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters by which a spreadsheet takes a text for a formula."""


def plain(cell: Any) -> Any:
    """A cell as a spreadsheet may have it.

    Numbers as numbers, texts that could act as a formula with a leading quote.

    Example:
        >>> plain("=1+1"), plain("-5"), plain(Fraction(-5, 2)), plain(None)
        ("'=1+1", "'-5", -2.5, '')
    """
    if cell is None:
        return ""
    if isinstance(cell, Fraction):
        return float(cell)
    if isinstance(cell, int | float):
        return cell
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(LEADS) else text


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A table as CSV, in pieces."""
    yield "\ufeff"  # so that spreadsheets read Chinese
    for row in (columns, *rows):
        line = io.StringIO()
        csv.writer(line).writerow([_exact(c) if isinstance(c, Fraction) else plain(c) for c in row])
        yield line.getvalue()


def _exact(value: Fraction) -> str:
    """A sum to its last digit; a ratio, which has none, as a number."""
    if (value * 10**9).denominator != 1:
        return repr(float(value))
    text = exact_text(value)
    return text.rstrip("0").rstrip(".")


def xlsx_bytes(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as a workbook: every text is written as text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(ch for ch in title if ch not in r"[]:*?/\\")[:31] or "Abate")

    def cells(row: Sequence[Any]) -> list[Any]:
        made = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=plain(value))
            if isinstance(cell.value, str):
                cell.data_type = "s"
            made.append(cell)
        return made

    sheet.append(cells(columns))
    for row in rows:
        sheet.append(cells(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
