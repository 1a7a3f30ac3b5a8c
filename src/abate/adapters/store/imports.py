"""The list of imports: which count, what they loaded, and the row that makes one count."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from abate.adapters.store.delta import literal
from abate.adapters.store.workspace import Workspace
from abate.kernel.tables import GATES

if TYPE_CHECKING:
    import duckdb


DATA_VIEWS = ("activities", "totals", "instruments", "quarantine", "mends")


def live_imports(workspace: Workspace) -> list[dict[str, Any]]:
    """Imports that count: committed and not undone, oldest first."""
    rows = sorted(workspace.store.rows("imports"), key=lambda r: r["ordinal"])
    return [r for r in rows if r["import_id"] in _live(rows)]


def every_import(workspace: Workspace) -> list[dict[str, Any]]:
    """All imports, oldest first, each with whether it counts as `live`."""
    rows = sorted(workspace.store.rows("imports"), key=lambda r: r["ordinal"])
    live = _live(rows)
    return [r | {"live": r["import_id"] in live} for r in rows]


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
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows that an import corrects, and the documents attached to it."""
    store = workspace.store
    mends = [m for m in store.rows("mends") if m["import_id"] == import_id]
    return mends, [e for e in store.rows("evidence") if e["import_id"] == import_id]


def _live(rows: list[dict[str, Any]]) -> set[str]:
    """Ids of rows that no live row reverses; an undo that was itself undone reverses nothing."""
    reversers: dict[str, list[str]] = {}
    for row in rows:
        if row["reverses"]:
            reversers.setdefault(row["reverses"], []).append(row["import_id"])

    def live(import_id: str) -> bool:
        return not any(live(r) for r in reversers.get(import_id, []))

    return {row["import_id"] for row in rows if live(row["import_id"])}


def live_views(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, imports: list[dict[str, Any]]
) -> None:
    """Make `live_activities`, `live_totals`, `live_instruments`, `open_quarantine`.

    The rows of imports that count.
    """
    ids = ", ".join(literal(r["import_id"]) for r in imports)
    con.execute(
        f"create or replace temp table live_imports as select unnest([{ids}]::varchar[]) as"
        " import_id"
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


def loaded_before(imports: list[dict[str, Any]], sha256: str) -> dict[str, Any] | None:
    """The import among these that brought the same content."""
    return next((r for r in imports if r["sha256"] == sha256 and not r["reverses"]), None)


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
    row = {
        "ordinal": len(workspace.store.rows("imports")),
        "import_id": import_id,
        "file": "",
        "sha256": "",
        "template": template,
        "mapping": "",
        "row_count": 0,
        "accepted_count": 0,
        "quarantined_count": 0,
        "reverses": "",
        "reason": "",
        "committed_at": now,
        **known,
    }
    workspace.store.append("imports", [row])
