"""Desk: what the server holds of a workspace while it serves it.

Runs never change once they are posted, so what was read of one is kept; what can change is kept
until the ledger grows. Engines and tables are opened once per thread.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from abate.adapters.store.imports import Import, data_years, every_import
from abate.adapters.store.intake import Intake
from abate.adapters.store.keys import CONFIG
from abate.adapters.store.workspace import Workspace
from abate.application.factors import FactorIndex
from abate.application.inventory.explanations import (
    ActivityExplained,
    FigureExplained,
    explain_entry,
    explain_figure,
)
from abate.application.inventory.figures import Figures, Run, Value, run_of, runs
from abate.application.inventory.findings import quarantined, standing_findings
from abate.application.inventory.open_run import OpenRun
from abate.application.opening import open_workspace
from abate.disclosure.narrative import FOLDER
from abate.faces.clock import present
from abate.kernel.edges import Json
from abate.kernel.errors import AbateError, NotFoundError, UsageError
from abate.kernel.finding import Finding

KEPT = 4096
"""Answers that are kept; the one not asked for the longest goes first."""
T = TypeVar("T")


class OpenWorkspace:
    """A workspace as the server reads it.

    Args:
        root: The workspace's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = open_workspace(root).root
        self.intake = Intake(self.root)
        self._own = threading.local()
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self._guard = threading.Lock()
        self._loading = threading.Lock()
        self.checking = threading.Lock()
        self._loaded: tuple[tuple[int, ...], Figures] | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace, opened once per thread and again where `abate.toml` has changed."""
        stamp = self.version()[0]
        if getattr(self._own, "stamp", None) != stamp:
            self._own.workspace, self._own.stamp = open_workspace(self.root), stamp
        workspace: Workspace = self._own.workspace
        return workspace

    @property
    def name(self) -> str:
        """Name of the organisation; of the folder, while `abate.toml` cannot be read."""
        try:
            return self.workspace.organisation.name
        except AbateError:
            return self.root.name

    def version(self, *tables: str) -> tuple[int, ...]:
        """What changes whenever one of the tables or the configuration does."""
        commits = (len(os.listdir(self.root / "ledger" / table / "_delta_log")) for table in tables)  # noqa: PTH208
        try:
            configured = (self.root / CONFIG).stat().st_mtime_ns
        except FileNotFoundError:
            configured = 0
        return (*commits, configured)

    def whole_version(self) -> tuple[int, ...]:
        """What changes whenever anything does that a disclosure is made of."""
        tables = sorted(p.parent.name for p in (self.root / "ledger").glob("*/_delta_log"))
        texts = sorted((self.root / FOLDER).glob("*.md"))
        files = (self.workspace.transfers, *texts)
        stamps = [f.stat().st_mtime_ns for f in files if f.exists()]
        return (*self.version(*tables), len(texts), *stamps)

    def kept(self, key: Any, make: Callable[[], T]) -> T:
        """What was made for a key before, or what `make` gives now."""
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
                return found
        made = make()
        with self._guard:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def runs(self) -> list[Run]:
        """Posted runs, oldest first."""
        version = self.version("runs", "publications")
        return self.kept(("runs", version), lambda: runs(self.workspace))

    def run(self, year: str = "", run_id: str = "") -> Run:
        """The run asked for, or the latest of a year; of the latest year where neither is named.

        Raises:
            NotFoundError: `no-run`, `unknown-run`.
            UsageError: `run-of-another-year`.
        """
        if not year and not run_id:
            if not self.runs():
                raise NotFoundError(
                    "no-run", "Nothing is valued yet.", "Import files, then value a year."
                )
            year = self.years()[-1]
        found = run_of(self.workspace, year, run_id, self.runs())
        if run_id and year not in ("", found.fiscal_year):
            raise UsageError(
                "run-of-another-year",
                f"'{run_id}' values {found.fiscal_year}, not {year}.",
                "Name one of them.",
            )
        return found

    def years(self) -> list[str]:
        """Fiscal years that have been valued."""
        return sorted({r.fiscal_year for r in self.runs()})

    def rollups(self) -> Figures:
        """The rollups, in memory once, with a reader for this thread."""
        version = self.version("rollups")
        if getattr(self._own, "rollups_version", None) != version:
            with self._loading:
                if self._loaded is None or self._loaded[0] != version:
                    self._loaded = (version, Figures(self.workspace).load())
                self._own.rollups, self._own.rollups_version = self._loaded[1].beside(), version
        found: Figures = self._own.rollups
        return found

    def values(
        self,
        names: list[str],
        run: Run,
        by: str = "",
        where: Mapping[str, str] = MappingProxyType({}),
        *,
        lenient: bool = False,
    ) -> list[Value]:
        """Values of figures of a run, as `Rollups.values` gives them."""
        key = (
            "values",
            tuple(names),
            run.run_id,
            by,
            tuple(sorted(where.items())),
            lenient,
            self.version(),
        )
        return self.kept(key, lambda: self.rollups().values(names, run, by, where, lenient=lenient))

    def explained(
        self, name: str, run: Run, where: Mapping[str, str], limit: int, after: str
    ) -> FigureExplained:
        """A figure opened, as `explain_figure` does it."""
        key = (
            "explained",
            name,
            run.run_id,
            tuple(sorted(where.items())),
            limit,
            after,
            self.version(),
        )
        year = run.fiscal_year
        return self.kept(
            key,
            lambda: explain_figure(
                self.workspace,
                name,
                year,
                run_id=run.run_id,
                where=where,
                limit=limit,
                after=after,
                opened=OpenRun(self.workspace, tuple(self.runs()), run, self.rollups()),
            ),
        )

    def entry(self, text: str, year: str) -> ActivityExplained:
        """An entry opened, as `explain_entry` does it, kept until there is another run, correction or piece of evidence."""
        key = ("entry", text, year, self.version("runs", "imports", "evidence"))
        return self.kept(key, lambda: explain_entry(self.workspace, text, year))

    def findings(self) -> list[Finding]:
        """Findings that stand, kept until the ledger grows or the day ends."""
        key = self._findings_key()
        return self.kept(key, lambda: standing_findings(self.workspace, now=present()))

    def knows_findings(self) -> bool:
        """Whether the findings were read already."""
        with self._guard:
            return self._findings_key() in self._kept

    def _findings_key(self) -> Any:
        return ("findings", self.version("imports", "findings", "mends"), present().date())

    def quarantined(self) -> list[Json]:
        """Rows that wait to be corrected."""
        key = ("quarantined", self.version("imports", "mends"))
        return self.kept(key, lambda: quarantined(self.workspace))

    def factors(self) -> FactorIndex:
        """The factor book, ready to be searched."""
        return self.kept(("factors", self.version("imports")), lambda: FactorIndex(self.workspace))

    def imports(self) -> list[Import]:
        """All imports, the newest first, each with whether it counts."""
        return self.kept(
            ("imports", self.version("imports")), lambda: every_import(self.workspace)[::-1]
        )

    def data_years(self) -> list[str]:
        """Fiscal years with data that count."""
        return self.kept(
            ("data years", self.version("imports")), lambda: data_years(self.workspace)
        )
