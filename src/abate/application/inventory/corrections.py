"""Corrections: what people say of rows in quarantine, each with its reason.

Corrections that are made row by row are written as the file that they are, then applied like any
other.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from abate.adapters.readers.sheets import read_sheets
from abate.adapters.store.delta import fetch
from abate.adapters.store.imports import commit_import, live_imports, live_views
from abate.adapters.store.workspace import Workspace, file_hash
from abate.application.catalogue import KINDS
from abate.application.inventory import staging
from abate.application.inventory.imports import (
    ImportResult,
    keep_file,
    new_id,
    store_findings,
    store_rows,
)
from abate.kernel.errors import DataError
from abate.kernel.tables import CorrectionRow, QuarantinedRow

if TYPE_CHECKING:
    import duckdb

CORRECTION_COLUMNS = {"action", "file", "sheet", "row", "reason", *staging.GIVEN} - {
    "source_file",
    "source_row",
}
ACTIONS = ("set", "accept", "drop", "add")
GUIDE = "See docs/guides/correct.md."


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """A row of a correction file.

    Args:
        number: Its row in that file.
        cells: Its cells by column, empty ones left out.
    """

    number: int
    cells: dict[str, str]

    @property
    def action(self) -> str:
        """What to do: one of `ACTIONS`."""
        return self.cells.get("action", "")

    @property
    def reason(self) -> str:
        """Why."""
        return self.cells.get("reason", "")

    @property
    def changes(self) -> dict[str, str]:
        """New values of a row by field."""
        fields = (f for f in staging.GIVEN if f not in ("sheet", "kind"))
        return {f: self.cells[f] for f in fields if f in self.cells}

    @property
    def fault(self) -> str:
        """What is wrong with it; empty where nothing is."""
        cells = self.cells
        if self.action not in ACTIONS:
            return f"action '{self.action}' is not one of {', '.join(ACTIONS)}"
        if not self.reason:
            return "there is no reason"
        if self.action == "add" and cells.get("kind") not in KINDS:
            return f"kind '{cells.get('kind', '')}' is not known"
        if self.action != "add" and not (cells.get("file") and cells.get("row", "").isdigit()):
            return "file and row are needed"
        return ""

    def names(self, row: QuarantinedRow) -> bool:
        """Whether it is about a row."""
        cells = self.cells
        return (
            (row.source_file, row.source_row) == (cells["file"], int(cells["row"]))
            and row.source_sheet == cells.get("sheet", row.source_sheet)
            and row.kind == cells.get("kind", row.kind)
        )


def correct_lines(
    workspace: Workspace, lines: Sequence[Mapping[str, str]], *, reason: str, now: datetime
) -> ImportResult:
    """Correct, accept, drop or add rows.

    The lines are kept as a correction file, so that they can be read and done again.

    Args:
        workspace: Where to.
        lines: One per row, with the columns of a correction file: `action`, `file`, `sheet`, `row`,
            new values.
        reason: Why, for lines that do not say it themselves.
        now: Present moment.

    Raises:
        DataError: `bad-correction`, `still-blocked`: nothing is stored then.
    """
    columns = sorted({c for line in lines for c in line} | {"action", "reason"})
    unknown = set(columns) - CORRECTION_COLUMNS
    if unknown:
        raise DataError(
            "bad-correction",
            f"'{min(unknown)}' is not a column of a correction.",
            f"Columns: {', '.join(sorted(CORRECTION_COLUMNS))}.",
        )
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows({"reason": reason, **line} for line in lines)
    content = out.getvalue().encode("utf-8-sig")
    name = f"correction-{now:%Y%m%d-%H%M%S}-{hashlib.sha256(content).hexdigest()[:6]}.csv"
    with tempfile.TemporaryDirectory(dir=workspace.root, prefix=".correction-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return correct(workspace, path, reason=reason, now=now)


def correct(workspace: Workspace, path: Path, *, reason: str, now: datetime) -> ImportResult:
    """Correct quarantined rows and add missing ones, from a file that says how and why.

    Each row of the file has an `action`: `set` gives cells of a quarantined row new values,
    `accept` lets it in as it is, `drop` leaves it out for good, `add` adds a row that no file has.
    The original row stays where it was.

    Args:
        workspace: Where to.
        path: CSV or XLSX with the columns action, file, sheet, row, reason and those of a row.
        reason: Why, for rows that do not say it themselves.
        now: Present moment.

    Raises:
        DataError: `bad-correction`, `still-blocked`: nothing is stored then.
    """
    sha256 = file_hash(path) if path.is_file() else ""
    lines = read_corrections(path, reason)
    with workspace.store.lock(), workspace.store.engine(staging.MEMORY_SHARE) as con:
        imports = live_imports(workspace)
        import_id = new_id(workspace, imports, sha256, path.name)
        live_views(con, workspace, imports)
        staging.start(con)
        waiting = [QuarantinedRow(**r) for r in fetch(con, "select * from open_quarantine")]
        made = [c for line in lines for c in _apply(con, import_id, path.name, line, waiting)]
        reasons = [(c.source_file, c.source_sheet, c.source_row, c.reason) for c in made]
        con.executemany("insert into reasons values (?, ?, ?, ?)", list(dict.fromkeys(reasons)))
        named = con.execute("select distinct source_file from given").fetchall()
        staging.know_imports(con, {file: (import_id, "correction") for (file,) in named})
        staging.understand(con, workspace, now)
        staging.judge(con, frozenset())
        _let_in(con, [c for c in made if c.action == "accept"])
        _refuse_if_blocked(con)
        keep_file(path, workspace.raw, sha256)
        accepted, _ = store_rows(workspace, con).get(import_id, (0, 0))
        store_findings(workspace, con, {import_id: (path.name, [])})
        workspace.store.add(*made)
        commit_import(
            workspace,
            import_id,
            "correction",
            now,
            file=path.name,
            sha256=sha256,
            row_count=len(lines),
            accepted_count=accepted,
            reason=reason,
        )
    return ImportResult(import_id, path.name, "correction", len(lines), accepted, 0, {})


def read_corrections(path: Path, reason: str) -> list[CorrectionLine]:
    """Rows of a correction file, each with a reason.

    Raises:
        DataError: `bad-correction`.
    """
    sheet = read_sheets(path)[0]
    header_row, headers = sheet.head[0]
    unknown = set(headers) - CORRECTION_COLUMNS - {""}
    odd = "There is no column 'action'" if "action" not in headers else ""
    odd = f"'{min(unknown)}' is not a column of a correction" if unknown else odd
    if odd:
        listed = f"Columns: {', '.join(sorted(CORRECTION_COLUMNS))}."
        raise DataError("bad-correction", f"{path.name}: {odd}.", listed)
    assert sheet.rows is not None
    lines = []
    for number, cells in (row for batch in sheet.rows for row in batch):
        if number <= header_row:
            continue
        given = {h: c for h, c in zip(headers, cells, strict=False) if h and c != ""}
        line = CorrectionLine(number, {"reason": reason, **given})
        if line.fault:
            text = f"{path.name} row {number}: {line.fault}."
            raise DataError("bad-correction", text, GUIDE)
        lines.append(line)
    if not lines:
        raise DataError("bad-correction", f"{path.name} corrects nothing.", GUIDE)
    return lines


def _apply(
    con: duckdb.DuckDBPyConnection,
    import_id: str,
    name: str,
    line: CorrectionLine,
    waiting: Sequence[QuarantinedRow],
) -> list[CorrectionRow]:
    """Put the corrected rows of one line into `given`, and give their records."""
    detail = json.dumps(line.changes, ensure_ascii=False)
    tail = (line.action, detail, line.reason)
    if line.action == "add":
        of_file = {"kind": line.cells["kind"], "source_file": name, "source_row": line.number}
        _insert_given(con, {"basis": "estimated", **line.changes, **of_file, "sheet": ""})
        return [CorrectionRow(import_id, "", name, "", line.number, *tail)]
    targets = [q for q in waiting if line.names(q)]
    if not targets:
        raise DataError(
            "bad-correction",
            f"{name} row {line.number}: {line.cells['file']} row {line.cells['row']} is not in"
            " quarantine.",
            "See 'abate check' for the rows that are.",
        )
    if line.action != "drop":
        for target in targets:
            _insert_given(con, {**json.loads(target.cells), **line.changes})
    return [
        CorrectionRow(import_id, q.import_id, q.source_file, q.source_sheet, q.source_row, *tail)
        for q in targets
    ]


def _insert_given(con: duckdb.DuckDBPyConnection, cells: Mapping[str, object]) -> None:
    values = [cells.get(name) for name in staging.GIVEN]
    con.execute(f"insert into given values ({', '.join('?' for _ in values)})", values)


def _let_in(con: duckdb.DuckDBPyConnection, accepted: Sequence[CorrectionRow]) -> None:
    """Take accepted rows off the blocked ones, unless a finding leaves them without meaning."""
    never = ", ".join(f"'{code}'" for code in sorted(staging.CANNOT_ACCEPT))
    for one in accepted:
        con.execute(
            "delete from blocked where source_file = ? and sheet = ? and source_row = ? "
            f"and not list_has_any(codes, [{never}])",
            [one.source_file, one.source_sheet, one.source_row],
        )


def _refuse_if_blocked(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse a correction after which a row is still blocked.

    Raises:
        DataError: `still-blocked`.
    """
    stuck = fetch(
        con,
        "select * from found f semi join blocked using (source_file, sheet, source_row, kind)"
        " limit 1",
    )
    if stuck:
        place = f"{stuck[0]['source_file']} row {stuck[0]['source_row']}"
        raise DataError(
            "still-blocked",
            f"{place} is still blocked: {stuck[0]['message']}",
            "Correct the correction; nothing was stored.",
        )
