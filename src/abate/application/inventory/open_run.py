"""A run opened once, for all that is asked of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from abate.adapters.store.delta import literal
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.figures import (
    Figures,
    Run,
    Value,
    run_of,
    runs,
)

if TYPE_CHECKING:
    import duckdb

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class OpenRun:
    """A run with one snapshot of the ledger and one engine behind it.

    Report, commands, pages and Python ask it; nothing that is committed meanwhile is seen through
    it.

    Args:
        workspace: The workspace; its tables as they stood when the run was opened.
        every: All runs, oldest first.
        run: The run.
        rollups: The rollups of all runs.
    """

    workspace: Workspace
    every: tuple[Run, ...]
    run: Run
    rollups: Figures

    @property
    def year(self) -> str:
        """Its fiscal year."""
        return self.run.fiscal_year

    @property
    def years(self) -> list[str]:
        """Fiscal years that were valued up to it, oldest first."""
        return sorted({r.fiscal_year for r in self.every if r.fiscal_year <= self.year})

    def latest(self, year: str) -> Run:
        """The run that counts of a year."""
        return self.run if year == self.year else run_of(self.workspace, year, "", list(self.every))

    def values(
        self, names: list[str], by: str = "", where: Mapping[str, str] = MappingProxyType({})
    ) -> list[Value]:
        """Values of figures of the run, as `Rollups.values` gives them."""
        return self.rollups.values(names, self.run, by, where)

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """A connection that knows the rows of the run.

        As `run_entries`, `run_activities` and `run_resolutions`; and `factors` and `allocations`.
        """
        con = self.workspace.store.connect("factors", "allocations")
        run_views(con, self.workspace, self.run)
        return con


@contextmanager
def open_run(workspace: Workspace, year: str = "", run_id: str = "") -> Iterator[OpenRun]:
    """Open the run of a year, or a run by its id, on a snapshot of the ledger.

    Args:
        workspace: The workspace.
        year: Fiscal year; the latest that was valued where neither is named.
        run_id: A run other than the latest of the year.

    Raises:
        NotFoundError: `no-run`, `unknown-run`.
    """
    still = workspace.snapshot()
    every = runs(still)
    if not year and not run_id and every:
        year = max(r.fiscal_year for r in every)
    run = run_of(still, year, run_id, every)
    with Figures(still) as rollups:
        yield OpenRun(still, tuple(every), run, rollups)


def run_views(con: duckdb.DuckDBPyConnection, workspace: Workspace, run: Run) -> None:
    """Make `run_entries`, `run_activities` and `run_resolutions`: the rows of one run."""
    store, year = workspace.store, run.fiscal_year
    con.execute(
        "create temp view run_resolutions as select * from"
        f" {store.source('resolutions', {run.run_id})} where fiscal_year = '{year}' and run_id ="
        f" '{run.run_id}'"
    )
    chain = run.chained
    standing = (
        "and resolution in (select resolution from run_resolutions)" if len(chain) > 1 else ""
    )
    con.execute(
        f"create temp view run_entries as select * from {store.source('entries', chain)} where"
        f" fiscal_year = '{year}' and run_id in ({', '.join(map(literal, chain))}) {standing}"
    )
    named = [i[0] for i in json.loads(run.imports)]
    con.execute(
        f"create temp view run_activities as select * from {store.source('activities', named)} where"
        f" fiscal_year = '{year}' and import_id in ({', '.join(map(literal, named))})"
    )
