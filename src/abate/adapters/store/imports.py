"""The list of imports: which count, what they loaded, and the row that makes one count."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from abate.adapters.store.delta import literal
from abate.adapters.store.workspace import Workspace
from abate.kernel.edges import Json
from abate.kernel.tables import GATES, CorrectionRow, EvidenceRow, ImportRow

if TYPE_CHECKING:
    import duckdb


REVERSAL = "reversal"
"""Template of an import that undoes another one; any other that reverses one replaces it."""
DATA_VIEWS = ("activities", "totals", "instruments", "quarantine", "mends", "lots", "devices")


def live_imports(workspace: Workspace) -> list[ImportRow]:
    """Imports that count: committed and not undone, oldest first."""
    rows = sorted(workspace.store.records(ImportRow), key=lambda r: r.ordinal)
    return [r for r in rows if r.import_id in _live(rows)]


def live_after(workspace: Workspace, undone: str) -> list[ImportRow]:
    """Imports that would count if one were undone."""
    rows = sorted(workspace.store.records(ImportRow), key=lambda r: r.ordinal)
    reversal = replace(rows[0], import_id="", template=REVERSAL, reverses=undone)
    live = _live([*rows, reversal])
    return [r for r in rows if r.import_id in live]


@dataclass(frozen=True, slots=True)
class Import(ImportRow):
    """An import as it is listed.

    Args:
        live: Whether it counts: it is not undone.
    """

    live: bool = True


def every_import(workspace: Workspace) -> list[Import]:
    """All imports, oldest first, each with whether it counts."""
    rows = sorted(workspace.store.records(ImportRow), key=lambda r: r.ordinal)
    live = _live(rows)
    return [Import(**asdict(r), live=r.import_id in live) for r in rows]


def import_years(workspace: Workspace) -> dict[str, set[str]]:
    """Fiscal years of which each import brought rows."""
    with workspace.store.connect("totals", "instruments") as con:
        rows = con.execute(
            "select distinct import_id, fiscal_year from totals union select import_id, retired_for"
            " from instruments"
        ).fetchall()
    found: dict[str, set[str]] = {}
    for import_id, year in rows:
        found.setdefault(import_id, set()).add(year)
    return found


def data_years(workspace: Workspace) -> list[str]:
    """Fiscal years with data that count."""
    with workspace.store.connect() as con:
        live_views(con, workspace, live_imports(workspace))
        rows = con.execute("select distinct fiscal_year from live_totals order by 1").fetchall()
    return [r[0] for r in rows]


def corrected_and_proved(
    workspace: Workspace, import_id: str
) -> tuple[list[CorrectionRow], list[EvidenceRow]]:
    """Rows that an import corrects, and the documents attached to it."""
    store = workspace.store
    mends = [m for m in store.records(CorrectionRow) if m.import_id == import_id]
    return mends, [e for e in store.records(EvidenceRow) if e.import_id == import_id]


def _live(rows: list[ImportRow]) -> set[str]:
    """Ids of rows that nothing in force reverses.

    An undo that was itself undone reverses nothing. A replacement stays in force while another one
    stands in its own place, so that what it replaced does not come back.
    """
    undone: dict[str, list[str]] = {}
    replaced: dict[str, list[str]] = {}
    for row in rows:
        if row.reverses:
            (undone if row.template == REVERSAL else replaced).setdefault(row.reverses, []).append(
                row.import_id
            )

    def live(import_id: str) -> bool:
        return not any(live(r) for r in undone.get(import_id, [])) and not any(
            in_force(r) for r in replaced.get(import_id, [])
        )

    def in_force(import_id: str) -> bool:
        return live(import_id) or any(in_force(r) for r in replaced.get(import_id, []))

    return {row.import_id for row in rows if live(row.import_id)}


def live_views(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, imports: Sequence[ImportRow]
) -> None:
    """Make `live_activities`, `live_totals`, `live_instruments`, `open_quarantine`.

    The rows of imports that count.
    """
    ids = ", ".join(literal(r.import_id) for r in imports)
    con.execute(
        f"create or replace temp table live_imports as select unnest([{ids}]::varchar[]) as"
        " import_id"
    )
    listed = ", ".join(f"({literal(r.import_id)}, {literal(r.template)})" for r in imports)
    con.execute(
        "create or replace temp view known_imports as select * from (values"
        f" {listed or '(null, null)'}) as t(import_id, template)"
    )
    for name in DATA_VIEWS:
        con.execute(
            f"create or replace temp view live_{name} as select * from"
            f" {workspace.store.source(name)} where import_id in (select import_id from"
            " live_imports)"
        )
    con.execute(
        "create or replace temp view open_quarantine as select q.* from live_quarantine q anti join"
        " live_mends m on m.of_import = q.import_id and m.source_file = q.source_file and"
        " m.source_sheet = q.source_sheet and m.source_row = q.source_row"
    )


def loaded_before(imports: Sequence[ImportRow], sha256: str) -> ImportRow | None:
    """The import among these that brought the same content."""
    return next((r for r in imports if r.sha256 == sha256 and r.template != REVERSAL), None)


def free_id(workspace: Workspace, seed: str) -> str:
    """An id that no import has, nor one that was killed before its commit.

    It is the upper half of activity ids.
    """
    taken = {name.removesuffix(GATES) for name in workspace.store.taken()}
    k = 0
    while True:
        half = int(hashlib.sha256(f"{seed}/{k}".encode()).hexdigest()[:8], 16) & 0x7FFFFFFF
        if f"imp-{half:08x}" not in taken:
            return f"imp-{half:08x}"
        k += 1


def commit_import(
    workspace: Workspace, import_id: str, template: str, now: datetime, **known: Any
) -> None:
    """Append the row of `imports` that makes an import count.

    The caller holds the lock and has written all else.
    """
    commit_imports(workspace, [{"import_id": import_id, "template": template, **known}], now)


def commit_imports(workspace: Workspace, known: Sequence[Json], now: datetime) -> None:
    """Append the rows of `imports` that make some imports count, all in one commit.

    The caller holds the lock and has written all else.

    Args:
        workspace: Where to.
        known: Fields of each row, at least its `import_id` and `template`.
        now: Present moment.
    """
    first = len(workspace.store.records(ImportRow))
    empty = ImportRow(0, "", "", "", "", "", 0, 0, 0, reverses="", reason="", committed_at=now)
    workspace.store.add(*(replace(empty, ordinal=first + k, **one) for k, one in enumerate(known)))
