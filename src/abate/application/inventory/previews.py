"""Preview: what a file would become, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from abate.adapters.readers.packed import unpacked
from abate.adapters.readers.sheets import read_sheets
from abate.adapters.store.delta import fetch
from abate.adapters.store.imports import live_imports, live_views, loaded_before
from abate.adapters.store.workspace import Workspace, file_hash
from abate.application.inventory.imports import map_sheets, open_tables, stage
from abate.application.inventory.mapping import Mapping
from abate.application.inventory.staging import MEMORY_SHARE
from abate.kernel.finding import Finding, Severity
from abate.kernel.tables import ImportRow

HEAD_SHOWN = 8


@dataclass(frozen=True, slots=True)
class SheetPreview:
    """A sheet as it would be read.

    Args:
        name: Its name, empty for CSV and Parquet.
        mapping: What its columns mean; None where no row looks like headers.
        header_row: Row of the headers, 0 where there is none.
        headers: The headers.
        head: First rows of the file as (row number, cells), the headers among them.
    """

    name: str
    mapping: Mapping | None
    header_row: int
    headers: tuple[str, ...]
    head: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class CheckPreview:
    """What the checks find in a file.

    Args:
        row_count: Rows of the file.
        accepted_count: Activities and instruments that would enter.
        blocked_count: Those that would go to quarantine.
        counts: Findings by code: severity and how many.
        findings: The first of them, blockers first.
    """

    row_count: int
    accepted_count: int
    blocked_count: int
    counts: dict[str, tuple[str, int]]
    findings: tuple[Finding, ...]


def preview_sheets(
    workspace: Workspace,
    path: Path,
    *,
    template: str = "",
    mapping: dict[str, Mapping] | None = None,
) -> tuple[SheetPreview, ...]:
    """Guess, or apply, the mapping of each sheet of a file; nothing is stored.

    Raises:
        DataError: Those of reading and mapping.
        UsageError: `unknown-kind`.
    """
    with open_tables(path, workspace.names, template) as sheets:
        mapped = map_sheets(workspace, sheets, path.name, template, mapping)
        return tuple(
            SheetPreview(
                s.key,
                m.mapping if m else None,
                m.header_row if m else 0,
                tuple(m.headers) if m else (),
                tuple((row, tuple(cells)) for row, cells in s.head),
            )
            for s, m in zip(sheets, mapped, strict=True)
        )


def duplicate_of(workspace: Workspace, path: Path) -> str:
    """The live import that brought the same content, or nothing."""
    same = loaded_before(live_imports(workspace), file_hash(path))
    return same.import_id if same else ""


def preview_file(
    workspace: Workspace,
    path: Path,
    *,
    now: datetime,
    template: str = "",
    mapping: dict[str, Mapping] | None = None,
    accept: frozenset[str] = frozenset(),
    limit: int = 200,
) -> CheckPreview:
    """Read and check a file as `add_file` would, and store nothing.

    Args:
        workspace: Where it would go.
        path: The file.
        now: Present moment.
        template: Kind of file, where the caller knows it.
        mapping: Mapping per sheet, in place of guessing.
        accept: Codes of blockers that would be let in.
        limit: Findings to give.

    Raises:
        DataError: Those of reading and mapping.
        UsageError: `unknown-kind`.
    """
    with (
        open_tables(path, workspace.names, template) as sheets,
        workspace.store.engine(MEMORY_SHARE) as con,
    ):
        every = map_sheets(workspace, sheets, path.name, template, mapping)
        found = [m for m in every if m is not None]
        if not found:
            return CheckPreview(0, 0, 0, {}, ())
        live_views(con, workspace, live_imports(workspace))
        row_count = stage(con, workspace, found, path, now=now, accept=accept)
        entering, blocked = (
            con.execute(f"select count(*) from {source}").fetchall()[0][0]
            for source in (
                "staged anti join blocked using (source_file, sheet, source_row, kind)",
                "blocked",
            )
        )
        counts = con.execute(
            "select code, any_value(severity), count(*)::int from found group by 1 order by 1"
        ).fetchall()
        rows = fetch(
            con,
            "select * from found order by case severity when 'blocker' then 0 when 'warning' then"
            f" 1 else 2 end, source_file, sheet, source_row, precedence limit {limit}",
        )
    findings = tuple(
        Finding(
            r["code"],
            Severity(r["severity"]),
            r["message"],
            r["hint"],
            r["source_file"],
            r["sheet"],
            r["source_row"],
            "",
            r["site"] or "",
            r["month"] or "",
        )
        for r in rows
    )
    return CheckPreview(row_count, entering, blocked, {c: (s, n) for c, s, n in counts}, findings)


def original_rows(
    workspace: Workspace, import_id: str, sheet: str, row: int, *, around: int = 4
) -> list[tuple[int, list[str]]]:
    """Rows of an imported file as they stood in it: the first, and those around a row.

    Args:
        workspace: The workspace.
        import_id: The import.
        sheet: Sheet of the file, empty for CSV and Parquet.
        row: The row that is wanted.
        around: How many rows before and after it.

    Returns:
        Row numbers with their cells; none where the file is no longer kept.
    """
    one = next((r for r in workspace.store.records(ImportRow) if r.import_id == import_id), None)
    kept = next(iter(workspace.raw.glob(f"{one.sha256}.*")), None) if one and one.sha256 else None
    if kept is None:
        return []
    if kept.suffix == ".parquet":
        return _parquet_rows(kept, row, around)
    with unpacked(kept) as plain:
        named = sheet.partition(":")[0]  # without the cell from which the row was taken
        chosen = next((s for s in read_sheets(plain) if s.name == named), None)
        if chosen is None or chosen.rows is None:
            return []
        found = []
        for batch in chosen.rows:
            found += [
                (n, cells) for n, cells in batch if n == chosen.head[0][0] or abs(n - row) <= around
            ]
            if batch[-1][0] > row + around:
                break
    return found


def _parquet_rows(path: Path, row: int, around: int) -> list[tuple[int, list[str]]]:
    import duckdb

    from abate.adapters.readers.workbooks import cell_text
    from abate.adapters.store.delta import literal

    with duckdb.connect() as con:
        found = con.execute(
            "select file_row_number + 1 as n, * exclude (file_row_number) from"
            f" read_parquet({literal(str(path))}, file_row_number = true) where file_row_number + 1"
            f" between {row - around} and {row + around} order by 1"
        )
        names = [c[0] for c in found.description[1:]]
        return [(0, names), *((r[0], [cell_text(v) for v in r[1:]]) for r in found.fetchall())]
