"""What one does with years, runs and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from abate.adapters.store.workspace import Workspace as Opened
from abate.application.inventory.figures import Figures, run_of, runs
from abate.application.inventory.runs import run_year
from abate.faces.clock import present
from abate.faces.python.run import NOTHING, Run, figure_table, names_of
from abate.faces.python.table import Table
from abate.kernel.edges import Json

if TYPE_CHECKING:
    from abate.application.inventory.base_year import BaseYearResult
    from abate.application.inventory.bridges import BridgeResult
    from abate.application.inventory.explanations import ActivityExplained


class InventoryDoor:
    """Years, runs and figures of a workspace."""

    _opened: Opened

    def run(
        self,
        year: str,
        *,
        gwp_set: str = "",
        boundary: Literal["", "operational", "financial", "equity"] = "",
        matching: Literal["", "monthly", "hourly"] = "",
        full: bool = False,
    ) -> Run:
        """Value a year, and post it as a run.

        Args:
            year: Fiscal year, such as `FY2024`.
            gwp_set: Global warming potentials other than the workspace's.
            boundary: Consolidation other than the workspace's.
            matching: How certificates meet load in the market-based view, other than the
                workspace's; such a run counts once it is published.
            full: Value all of it again, not only what changed.

        Raises:
            NotFoundError: Where the year has no activity.
        """
        done = run_year(
            self._opened,
            year.upper(),
            now=present(),
            gwp_set=gwp_set,
            boundary=boundary,
            matching=matching,
            anew=full,
        )
        return Run(self._opened, run_of(self._opened, "", done.run_id))

    def latest(self, year: str) -> Run:
        """The run of a year that counts.

        Raises:
            NotFoundError: `no-run`.
        """
        return Run(self._opened, run_of(self._opened, year.upper()))

    def runs(self) -> list[Run]:
        """Runs, oldest first."""
        return [Run(self._opened, r) for r in runs(self._opened)]

    def figures(
        self,
        figures: str | Sequence[str] = (),
        *,
        by: str | Sequence[str] = (),
        where: Mapping[str, str] = NOTHING,
    ) -> Table:
        """Values of figures in every year that was valued; see `Run.figures`."""
        every = runs(self._opened)
        latest = [
            run_of(self._opened, y, "", every) for y in sorted({r.fiscal_year for r in every})
        ]
        return figure_table(self._opened, latest, figures, by, where)

    def bridge(self, figure: str, before: str, after: str) -> BridgeResult:
        """Why a figure differs between two years: contributions that add up to the milligram."""
        from abate.application.inventory.bridges import bridge_runs

        names_of(figure)
        with Figures(self._opened) as ledger:
            sides = [run_of(self._opened, y.upper()) for y in (before, after)]
            return bridge_runs(self._opened, ledger, figure, *sides)

    def base_year(self) -> BaseYearResult:
        """Value the base year again on today's structure, as a draft to publish."""
        from abate.application.inventory.base_year import restate_base_year

        return restate_base_year(self._opened, now=present())

    def evidence(self, year: str, folder: str | Path) -> Json:
        """Write all that reperforms a year without Abate: rows, factors, formulas, files."""
        from abate.application.inventory.evidence import export_evidence

        return export_evidence(self._opened, year.upper(), Path(folder))

    def entry(self, name: str, year: str = "") -> ActivityExplained:
        """A row of a figure opened: file and row, method, factor, publication and table.

        Raises:
            NotFoundError: `unknown-entry`.
        """
        from abate.application.inventory.explanations import explain_entry

        return explain_entry(self._opened, name, year.upper())
