"""Run: one valuation of a year, asked from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from abate.adapters.store.workspace import Workspace as Opened
from abate.application.catalogue import FIGURES, HEADLINES
from abate.application.inventory.explanations import FigureExplained, explain_figure
from abate.application.inventory.figures import Figures, Value, publish, run_of
from abate.application.inventory.figures import Run as RunRecord
from abate.application.inventory.ranges import FigureRange, ranges
from abate.application.inventory.verification import VerifyResult, verify_run
from abate.faces.clock import present
from abate.faces.python.table import Table
from abate.kernel.errors import NotFoundError

NOTHING: Mapping[str, str] = MappingProxyType({})


def names_of(figures: str | Sequence[str]) -> list[str]:
    """Figures by name: one, several, or the headlines where none is named.

    Raises:
        NotFoundError: `unknown-figure`.
    """
    names = [figures] if isinstance(figures, str) and figures else list(figures)
    for name in names:
        FIGURES.named(name)
    return names or list(HEADLINES)


def value_row(value: Value) -> dict[str, object]:
    """A value as a row: ratios and sums as numbers, what it lacks in words."""
    return {
        "figure": value.figure,
        "year": value.year,
        **value.by,
        "value": None if value.value is None else float(value.value),
        "unit": value.unit,
        "incomplete": not value.is_whole,
        "lacks": value.lacking or value.note,
        "rows": value.row_count,
        "run": value.run,
    }


def figure_table(
    workspace: Opened,
    of: Sequence[RunRecord],
    figures: str | Sequence[str],
    by: str | Sequence[str],
    where: Mapping[str, str],
) -> Table:
    """Values of figures of some runs, one row each."""
    names, dimensions = names_of(figures), by if isinstance(by, str) else ",".join(by)
    with Figures(workspace) as ledger:
        return Table(
            [value_row(v) for run in of for v in ledger.values(names, run, dimensions, where)]
        )


class Run:
    """One valuation of a year; `Workspace.run` makes one, `Workspace.runs` lists them.

    Args:
        workspace: The workspace, opened.
        posted: What is kept of it; its terms never change, its status may.
    """

    def __init__(self, workspace: Opened, posted: RunRecord) -> None:
        self._workspace, self._posted = workspace, posted
        self.id, self.year = posted.run_id, posted.fiscal_year

    @property
    def record(self) -> RunRecord:
        """What is kept of it as it stands now: year, terms, versions, status."""
        return run_of(self._workspace, "", self.id)

    @property
    def status(self) -> str:
        """`draft`, `published` or `restated`."""
        return self.record.status

    def figures(
        self,
        figures: str | Sequence[str] = (),
        *,
        by: str | Sequence[str] = (),
        where: Mapping[str, str] = NOTHING,
    ) -> Table:
        """Values of figures, whole or broken down.

        Args:
            figures: One name or several (`abate.FIGURES` has them); the headlines where none is
                named.
            by: Dimensions: org, site, month, category and so on.
            where: Value of a dimension by its name, to keep only that part.

        Returns:
            Columns figure, year, the dimensions, value, unit, incomplete, lacks, rows and run.

        Raises:
            NotFoundError: `unknown-figure`.
            UsageError: `unknown-dimension`, and where a figure has no such breakdown.
        """
        return figure_table(self._workspace, [self._posted], figures, by, where)

    def value(self, figure: str) -> Value:
        """A figure as an exact value.

        Raises:
            NotFoundError: `unknown-figure`.
        """
        with Figures(self._workspace) as ledger:
            return ledger.values(names_of(figure), self._posted)[0]

    def explain(
        self, figure: str, *, where: Mapping[str, str] = NOTHING, limit: int = 20
    ) -> FigureExplained:
        """A figure opened: what it is made of, and its rows with file and row, largest first.

        Raises:
            NotFoundError: `unknown-figure`.
        """
        names_of(figure)
        return explain_figure(
            self._workspace, figure, self.year, run_id=self.id, where=where, limit=limit
        )

    def rows(self, figure: str, *, where: Mapping[str, str] = NOTHING, limit: int = 1000) -> Table:
        """Rows of a figure as a table, largest first."""
        from dataclasses import asdict

        told = self.explain(figure, where=where, limit=limit)
        return Table([asdict(r) for r in told.entries.rows])

    def uncertainty(self, figure: str = "total-location", *, by: str = "") -> list[FigureRange]:
        """95 % ranges of a sum, by IPCC Approaches 1 and 2, and what to measure better next."""
        names_of(figure)
        with Figures(self._workspace) as ledger:
            return ranges(ledger, figure, self._posted, by)

    def verify(self) -> VerifyResult:
        """Compute it again and compare, to the milligram."""
        return verify_run(self._workspace, self.id)

    def publish(self, *, reason: str = "", accept: Mapping[str, str] = NOTHING) -> str:
        """Freeze it as published, or as the restatement of a year that is published.

        Args:
            reason: Why a restatement.
            accept: Reason for each code of what it lacks that is accepted.

        Returns:
            Its status.

        Raises:
            UsageError: `not-whole`, and where a restatement has no reason.
        """
        return publish(self._workspace, self.id, reason=reason, now=present(), accepted=accept)

    def report(
        self,
        path: str | Path,
        *,
        lang: str = "",
        template: str | Path = "",
        without: Sequence[str] = (),
    ) -> Path:
        """Write the yearly report: .html, .pdf, .xlsx or .md.

        Args:
            path: File to write.
            lang: Language, such as en or zh; the workspace's where none is named.
            template: Template of one's own in Markdown.
            without: Names of sections to leave out.

        Raises:
            NotFoundError: `no-run` where a later run of the year counts.
            UsageError: `unknown-format`, `bad-template`, `unknown-section`, `section-stays`,
                `no-cjk-font`.
        """
        from abate.application.disclosure.report_model import write_report

        if run_of(self._workspace, self.year).run_id != self.id:
            raise NotFoundError(
                "no-run", f"{self.id} is not the run of {self.year} that counts.", "Run it again."
            )
        target = Path(path)
        return write_report(
            self._workspace,
            self.year,
            target,
            now=present(),
            lang=lang or self._workspace.language,
            kind=target.suffix.removeprefix(".").lower() or "html",
            template=Path(template) if template else None,
            without=without,
        )

    def __repr__(self) -> str:
        return f"Run {self.id} of {self.year}, {self.status}"

    def _repr_html_(self) -> str:
        """As notebooks show it: the headlines."""
        return self.figures()._repr_html_()
