"""Evidence: a run as plain CSV with hashes.

So that anybody can perform it again without this package.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abate.adapters.store.delta import literal
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import left_behind, write_whole
from abate.application.catalogue import METHODS
from abate.application.inventory.figures import Run
from abate.application.inventory.open_run import open_run
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError

if TYPE_CHECKING:
    import duckdb

FORMAT = "abate-evidence/1"
BATCH = 10_000
QUERIES = {
    "activities": (
        """select activity_id, kind, item, site, region, party, month, quantity, unit, basis, source_file,
        source_sheet, source_row, quantity_text, unit_text, document, reason
        from run_activities semi join run_entries using (activity_id) order by activity_id"""
    ),
    "resolutions": (
        """select resolution, kind, item, site, region, party, month, unit, method, approach, book, part,
        instrument, share, boundary_share, scope, category, view, org, factor_id, species, mg_per_unit, ratio, gwp,
        list_aggregate(from_json(json_extract(why, '$.bridges'), '["VARCHAR"]'), 'string_agg', ' ') as bridges
        from run_resolutions order by resolution"""
    ),
    "entries": (
        """select activity_id, resolution, method, part, instrument, factor_id, species, book, scope, category, view,
        org, site, month, basis, mass_mg, co2e_mg
        from run_entries order by activity_id, method, part, species, resolution"""
    ),
    "totals": (
        """select book, scope, category, view, sum(mass_mg)::hugeint as mass_mg, sum(co2e_mg)::hugeint as co2e_mg,
        count(*) as entries from run_entries group by all order by all"""
    ),
}


def export_evidence(workspace: Workspace, year: str, folder: Path, *, run_id: str = "") -> Json:
    """Write entries, activities, resolutions, factors, methods and totals of a run.

    And a manifest of hashes.

    Args:
        workspace: The workspace.
        year: Fiscal year.
        folder: Where to; made, and left alone where it holds other files.
        run_id: A run other than the latest.

    Returns:
        The manifest.

    Raises:
        UsageError: `folder-in-use`.
        NotFoundError: `no-run`, `unknown-run`.
    """
    with open_run(workspace, year, run_id) as opened:
        run, con = opened.run, opened.con
        _make_room(folder)
        con.execute("set preserve_insertion_order = true")
        files = {
            f"{name}.csv": _write(folder / f"{name}.csv", *_rows(con, sql))
            for name, sql in QUERIES.items()
        }
        files["factors.csv"] = _write(folder / "factors.csv", *_rows(con, _factors_sql(run)))
    header = ("method", "scope", "category", "view", "formula", "source", "summary")
    body = (
        (
            m.card.name,
            m.card.scope,
            m.card.category,
            m.card.view,
            m.card.formula,
            m.card.source,
            m.summary,
        )
        for m in METHODS
    )
    files["methods.csv"] = _write(folder / "methods.csv", header, body)
    manifest = {
        "format": FORMAT,
        "organisation": workspace.organisation.name,
        "year": run.fiscal_year,
        "run": run.run_id,
        "gwp_set": run.gwp_set,
        "boundary": run.boundary,
        "inputs_hash": run.inputs_hash,
        "files": files,
    }
    manifest["digest"] = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    write_whole(folder / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
    return manifest


def _make_room(folder: Path) -> None:
    """Make the folder of a bundle, or empty it of an earlier one."""
    for left in left_behind(folder):
        left.unlink()
    if folder.exists() and any(
        p.name != "manifest.json" and p.suffix != ".csv" for p in folder.iterdir()
    ):
        raise UsageError(
            "folder-in-use",
            f"{folder.name} holds other files.",
            "Choose an empty folder with --to.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)


def _factors_sql(run: Run) -> str:
    """Factors and properties that the run used, each row once."""
    imports = ", ".join(map(literal, json.loads(run.factor_imports)))
    return f"""select distinct factor_id, kind, item, region, data_year, basis, species, value, unit, gwp_set, publication,
        "table", edition, published_on, licence, verification from factors
        where import_id in ({imports}) and factor_id in (
            select factor_id from run_resolutions union
            select unnest(from_json(json_extract(why, '$.bridges'), '["VARCHAR"]')) from run_resolutions)
        order by factor_id, species"""


def _rows(
    con: duckdb.DuckDBPyConnection, sql: str
) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    result = con.execute(sql)
    names = tuple(column[0] for column in result.description or [])

    def batches() -> Iterator[tuple[Any, ...]]:
        while batch := result.fetchmany(BATCH):
            yield from batch

    return names, batches()


def _write(path: Path, names: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> Json:
    """Write a table; each line ends in the hash of what stands before it.

    So that a change is found in its line.
    """
    count = 0
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow((*names, "digest"))
        for row in rows:
            cells = [
                (
                    ""
                    if v is None
                    else repr(v)
                    if isinstance(v, float)
                    else " ".join(str(v).split("\n"))
                )
                for v in row
            ]
            writer.writerow((*cells, digest_of(cells)))
            count += 1
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows": count,
        "columns": [*names, "digest"],
    }


def digest_of(cells: list[str]) -> str:
    """Hash of a line's cells.

    Example:
        >>> digest_of(["a", "1.0"])
        'e51bdaeae783627e'
    """
    return hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:16]
