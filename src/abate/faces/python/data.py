"""What one does with files and rows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abate.adapters.store.imports import Import, every_import
from abate.adapters.store.workspace import Workspace as Opened
from abate.adapters.writers.frames import write_frame
from abate.application.inventory.findings import quarantined, standing_findings
from abate.application.inventory.imports import ImportResult, add_file, attach, undo
from abate.application.inventory.mapping import said_of_file
from abate.application.inventory.previews import CheckPreview, original_rows, preview_file
from abate.faces.clock import present
from abate.faces.python.run import NOTHING
from abate.faces.python.table import Table
from abate.kernel.finding import Finding
from abate.kernel.period import parse_fiscal_year

FRAME = "frame.parquet"
"""Name of a table that is added without one."""

if TYPE_CHECKING:
    from abate.adapters.readers.bills import BillField


class DataDoor:
    """Files and rows of a workspace."""

    _opened: Opened

    def add(
        self,
        data: Any,
        *,
        kind: str = "",
        name: str = "",
        map: str | Path = "",  # noqa: A002  (the word of the command)
        unit: str = "",
        dates: str = "",
        decimal: str = "",
        columns: Sequence[str] = (),
        answers: Mapping[str, str] = NOTHING,
        accept: Sequence[str] = (),
        strict: bool = False,
    ) -> ImportResult:
        """Import a file or a table: read, map, check, store; rows with a blocker go to quarantine.

        Args:
            data: Path of a file, or a data frame, an Arrow table, columns, or rows.
            kind: Kind of file, where it should not be guessed.
            name: Name under which a table is kept as a file, such as `bills-may`.
            map: Mapping file to apply.
            unit: Unit of amounts that state none.
            dates: Order of days that leave a choice, such as `dmy`.
            decimal: Mark before the decimals, where it leaves a choice.
            columns: Headers of the amounts, where several may be; several add up.
            answers: What words of the file mean that leave a choice: `{"gal": "US gal"}`.
            accept: Codes of blockers to let in.
            strict: Refuse a file with any blocker.

        Raises:
            DataError: `bad-frame`, and where a file cannot be read.
        """
        said = said_of_file(
            [f"{k}={v}" for k, v in answers.items()],
            dates=dates,
            decimal=decimal,
            unit=unit,
            columns=columns,
        )
        with tempfile.TemporaryDirectory() as folder:
            return add_file(
                self._opened,
                file_of(data, Path(folder), name),
                now=present(),
                template=kind,
                mapping=Path(map) if map else None,
                answers=said,
                accept=frozenset(accept),
                strict=strict,
            )

    def preview(self, data: Any, *, kind: str = "", name: str = "") -> CheckPreview:
        """What the checks would find in a file or table; nothing is stored.

        Raises:
            DataError: `bad-frame`, and where a file cannot be read.
        """
        with tempfile.TemporaryDirectory() as folder:
            return preview_file(
                self._opened, file_of(data, Path(folder), name), now=present(), template=kind
            )

    def check(self, year: str = "") -> list[Finding]:
        """Findings that stand, of files and data and of the newest run of each year.

        The gravest first.
        """
        if year:
            parse_fiscal_year(year)
        return standing_findings(self._opened, now=present(), year=year.upper())

    def imports(self) -> list[Import]:
        """Imports, corrections and reversals, each with whether it counts."""
        return every_import(self._opened)

    def undo(self, import_id: str, *, reason: str) -> str:
        """Undo an import by a reversal; undoing the reversal restores it.

        Returns:
            The reversal.

        Raises:
            NotFoundError: `unknown-import`.
        """
        return undo(self._opened, import_id, reason=reason, now=present())

    def correct(
        self, lines: str | Path | Sequence[Mapping[str, str]], *, reason: str = ""
    ) -> ImportResult:
        """Correct, accept or drop rows in quarantine, or add missing ones, each with a reason.

        Args:
            lines: A file, or lines with action, file, row and new values.
            reason: Why, for lines that do not say it.
        """
        from abate.application.inventory.corrections import correct, correct_lines

        if isinstance(lines, str | Path):
            return correct(self._opened, Path(lines), reason=reason, now=present())
        return correct_lines(self._opened, lines, reason=reason, now=present())

    def rows_of(self, import_id: str, row: int, *, sheet: str = "", around: int = 4) -> Table:
        """Rows of an imported file as they stood in it: its headers, and those around a row.

        Raises:
            NotFoundError: `unknown-import`.
        """
        found = original_rows(self._opened, import_id, sheet, row, around=around)
        return Table([{"row": n, "cells": list(cells)} for n, cells in found])

    def quarantine(self) -> Table:
        """Rows that are in no figure until they are corrected, with their cells as they stood."""
        return Table(quarantined(self._opened))

    def attach(self, path: str | Path, *, to: str, row: int = 0) -> str:
        """Attach a document to an import, or to one of its rows.

        Args:
            path: The document.
            to: The import.
            row: Row of its file; 0 for the whole file.

        Returns:
            SHA-256 of the document.

        Raises:
            NotFoundError: `unknown-import`.
        """
        return attach(self._opened, Path(path), import_id=to, source_row=row, now=present())

    def bill(
        self,
        path: str | Path,
        *,
        site: str = "",
        values: Mapping[str, str] = NOTHING,
        confirm: bool = False,
    ) -> list[BillField]:
        """Read an electricity bill from a PDF: each value with its place and a confidence.

        Args:
            path: The bill.
            site: Site that it is of, to import it.
            values: Values of your own: `{"energy": "1234.5", "from": "2024-01-01"}`.
            confirm: Whether the values are right and are imported; the PDF is their evidence.

        Raises:
            UsageError: `bill-in-doubt`, `unknown-site`.
        """
        from abate.adapters.readers.bills import given, read_bill
        from abate.application.inventory.bills import known_site, store_bill

        reads = given(read_bill(Path(path)), values)
        if confirm:
            place = known_site(self._opened, site)
            store_bill(self._opened, Path(path), reads, site=place, now=present())
        return reads


def file_of(data: Any, folder: Path, name: str) -> Path:
    """The file of a path, or a table as a file of its own."""
    if isinstance(data, str | Path):
        return Path(data)
    called = Path(name).name.removesuffix(".parquet")
    return write_frame(data, folder / (f"{called}.parquet" if called else FRAME))
