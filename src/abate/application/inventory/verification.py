"""Verification: a run computed again from what it names, and compared with what it posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from abate.adapters.engine.embedded import Embedded, Engine
from abate.adapters.store.delta import literal
from abate.adapters.store.imports import live_views
from abate.adapters.store.workspace import Workspace, file_hash
from abate.application.inventory.inputs import inputs_of
from abate.application.inventory.runs import (
    add_up,
    entries,
    match,
    opened,
    register_resolutions,
    value_tables,
)
from abate.application.inventory.totals import BY_BUILDING
from abate.energy.facts.lots import ACTS, READ
from abate.kernel.errors import NotFoundError
from abate.kernel.tables import TABLES, ImportRow, RunRow
from abate.kernel.valuation import whole


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """Outcome of a verification.

    Args:
        run_id: The run.
        posted_count: Entries posted.
        recomputed_count: Entries computed again.
        differences: Entries that stand on one side only, to the milligram.
        odd_totals: Totals that figures are read from, and that the entries do not come to.
        raw_faults: Raw files whose content is no longer what was imported.
    """

    run_id: str
    posted_count: int
    recomputed_count: int
    differences: int
    odd_totals: int
    raw_faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the run stands as posted."""
        return (
            self.differences == 0
            and self.odd_totals == 0
            and not self.raw_faults
            and self.posted_count == self.recomputed_count
        )


COMPARED = (
    "activity_id", "method", "part", "instrument", "factor_id", "species", "book", "scope", "category", "view", "org",
    "site", "month", "basis", "share", "quantity_micro", "mass_mg", "co2e_mg",
)  # fmt: skip


TOTALLED = (
    "book",
    "scope",
    "category",
    "view",
    "species",
    "method",
    "factor_id",
    "org",
    "site",
    "month",
    "basis",
)
"""Columns by which entries and rollups are compared."""


def verify_run(workspace: Workspace, run_id: str, *, engine: str = "") -> VerifyResult:
    """Compute a run again from what it names.

    And compare with what it posted, entry by entry, to the milligram.

    The totals that figures are read from are compared with the entries. Nothing that was worked out
    before is trusted: activities are added up and valued again, all of them.

    Args:
        workspace: The workspace.
        run_id: The run.
        engine: As in `run_year`; it need not be the one that posted the run.

    Raises:
        NotFoundError: `unknown-run`.
        IntegrityError: `method-version` where this version of Abate has other methods,
            `factors-changed`.
        UsageError: `unknown-engine`.
        EngineError: `no-cluster`, `engine-failed`.
    """
    from abate.kernel import valuation

    rows = {r.run_id: r for r in workspace.store.records(RunRow)}
    if run_id not in rows:
        raise NotFoundError("unknown-run", f"No run '{run_id}'.", "See 'abate runs'.")
    inputs = inputs_of(workspace, rows[run_id])
    with opened(workspace, engine) as (local, big):
        con, names = local.con, {i for i, _ in inputs.imports}
        live_views(
            con, workspace, [r for r in workspace.store.records(ImportRow) if r.import_id in names]
        )
        value_tables(big, inputs)
        local.given(
            "import_totals",
            big.take(valuation.totals("all_activities", big.whole_sum, by_building=BY_BUILDING)),
        )
        add_up(
            con,
            "import_totals semi join live_imports using (import_id) where fiscal_year ="
            f" '{inputs.fiscal_year}'",
        )
        matched = match(con, workspace, inputs, settle=False)
        register_resolutions(con, matched.rows, run_id, inputs.fiscal_year)
        if big is not local:
            known = local.con.execute("from year_resolutions").to_arrow_table()
            big.given(
                "year_resolutions",
                known.select(TABLES["resolutions"].names).cast(TABLES["resolutions"]),
            )
        recomputed = entries(run_id, matched.rows.methods, inputs.fiscal_year).select(
            *COMPARED, "deviation"
        )
        posted_rows = _posted(big, rows[run_id])
        posted = posted_rows.select(*COMPARED, "deviation")
        sides = [_comparable(side) for side in (posted, recomputed)]
        lost, found = (a.difference(b, distinct=False) for a, b in (sides, sides[::-1]))
        counts = [_count(big, rows_of) for rows_of in (posted, recomputed)]
        differences = _count(big, lost) + _count(big, found)
        odd_totals = _odd_totals(local, big, posted_rows, rows[run_id]) + (
            counts[0] != rows[run_id].entry_count
        )
    faults = _raw_faults(workspace, dict(inputs.imports))
    return VerifyResult(run_id, counts[0], counts[1], differences, odd_totals, faults)


def _posted(engine: Engine, run: RunRow) -> Any:
    """The entries that count in a run: those of its chain under its own resolutions."""
    import ibis

    from abate.kernel import valuation
    from abate.kernel.tables import TABLES

    chain = run.chained
    engine.know("chain_entries", "entries")  # of every file, whoever wrote it
    rows = valuation.table("chain_entries", TABLES["entries"])
    rows = rows.filter(rows["run_id"].isin(chain))
    if len(chain) > 1:
        engine.know("run_resolutions", "resolutions", {run.run_id})
        known = ibis.table({"run_id": "string", "resolution": "int32"}, name="run_resolutions")
        rows = rows.semi_join(known.filter(known["run_id"] == run.run_id), "resolution")
    return rows


def _odd_totals(local: Embedded, big: Engine, posted: Any, run: RunRow) -> int:
    """Totals in the run's rollups, which figures are read from, that its entries do not come to."""
    sums = {c: big.whole_sum(posted[c]) for c in ("co2e_mg", "mass_mg", "quantity_micro")}
    local.given(
        "added_up", big.take(posted.group_by(TOTALLED).aggregate(**sums, row_count=posted.count()))
    )
    columns = ", ".join(TOTALLED)
    added = ", ".join(f"{c}::decimal(38, 0) as {c}" for c in sums)
    rolled = ", ".join(f"sum({c})::decimal(38, 0) as {c}" for c in sums)
    of_entries = f"select {columns}, {added}, row_count::bigint as row_count from added_up"
    of_rollups = f"""select {columns}, {rolled}, sum(row_count)::bigint as row_count
        from {local.store.source("rollups")}
        where run_id = {literal(run.run_id)} and source = 'entry' group by {columns}"""
    row = local.con.execute(
        f"select (select count(*) from ({of_entries} except {of_rollups})) + "
        f"(select count(*) from ({of_rollups} except {of_entries}))"
    ).fetchone()
    return int(row[0]) if row else 0


def _count(engine: Engine, rows: Any) -> int:
    return int(engine.take(rows.aggregate(n=rows.count()))["n"][0].as_py())


def _comparable(entries: Any) -> Any:
    """Entries with their deviation to the billionth.

    The last bits of a logarithm are the engine's own.
    """
    return entries.mutate(deviation=whole(entries["deviation"] * 1e9))


def _raw_faults(workspace: Workspace, hashes: dict[str, str]) -> tuple[str, ...]:
    """Names of raw files that are gone or altered."""
    faults = []
    every = workspace.store.records(ImportRow)
    names = {r.import_id: r.file for r in every}
    acts = {  # of lots: they have no file
        r.import_id for r in every if r.template.startswith(ACTS) and r.template != READ
    }
    kept = {p.stem: p for p in workspace.raw.iterdir()}
    for import_id, sha256 in hashes.items():
        if import_id in acts:
            continue
        if sha256 not in kept or file_hash(kept[sha256]) != sha256:
            faults.append(names[import_id])
    return tuple(sorted(faults))
