"""The demo: the example group from raw files to inventory, plans, forecasts and report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import HEADLINES, parts_of
from abate.application.inventory.corrections import correct
from abate.application.inventory.figures import Figures, Value, publish, run_of
from abate.application.inventory.findings import open_findings
from abate.application.inventory.imports import add_files, attach
from abate.application.inventory.inputs import ensure_default_factors
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace
from abate.application.workspaces.setup import example_folder, example_module
from abate.kernel.errors import AbateError, ConfigError
from abate.kernel.finding import Finding


class Watcher(Protocol):
    """Who watches the demo: a terminal, or nobody."""

    def say(self, text: str) -> None:
        """Show a line."""

    def findings(self, found: list[Finding]) -> None:
        """Show findings."""

    def inventory(self, values: dict[str, list[Value]]) -> None:
        """Show figures by year."""

    def steps(self, label: str, count: int) -> AbstractContextManager[Callable[[str], object]]:
        """Show how far work of many steps is."""

    def working(self, label: str) -> AbstractContextManager[None]:
        """Show that work is going on."""


def run_demo(directory: Path, *, now: datetime, watcher: Watcher) -> None:
    """Build the example group in a folder.

    Raw files, workspace, corrections, runs, inventory and report.

    A folder that holds an earlier demo is built again; any other folder with content is left alone.

    Raises:
        ConfigError: `folder-in-use`.
    """
    _clear(directory)
    folder = example_folder()
    example = example_module(folder)
    for part in parts_of("demo"):
        if hasattr(part, "prepare"):
            part.prepare(example, directory)
    with watcher.steps("writing raw files", 5) as step:
        files = example.generate(directory / "raw-files", step)
    watcher.say(f"Raw files of a synthetic group: {len(files)} in {directory / 'raw-files'}")
    workspace = create_workspace(directory, example.config())
    ensure_default_factors(workspace, now)
    _import(workspace, files, folder, now, watcher)
    years = sorted(example.TARGETS)
    with watcher.steps("valuing", len(years)) as step:
        for year in years:
            publish(workspace, run_year(workspace, year, now=now).run_id, reason="", now=now)
            step(year)
    _show_inventory(workspace, years, watcher)
    for part in parts_of("demo"):
        with watcher.working(part.LABEL):
            said = part.demo(workspace, example, directory, now)
        watcher.say(said)
    watcher.say(f"Open a number: abate explain net --year {years[-1]} --workspace {directory}")
    watcher.say(
        f"Why it changed: abate bridge {years[-2]} {years[-1]} --by org --workspace {directory}"
    )


def _clear(directory: Path) -> None:
    """Empty the folder of an earlier demo."""
    marker = directory / ".abate-demo"
    if directory.exists() and any(directory.iterdir()):
        if not marker.exists():
            raise ConfigError(
                "folder-in-use", f"{directory} is not empty.", "Choose another with --dir."
            )
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    marker.touch()


def _import(
    workspace: Workspace, files: list[Path], folder: Path, now: datetime, watcher: Watcher
) -> None:
    """Import the raw files and correct what the checks find."""
    quarantined = 0
    with watcher.steps("importing", len(files)) as step:
        for became in add_files(workspace, files, now=now, on_file=step):
            if isinstance(became, AbateError):
                raise became
            quarantined += became.quarantined_count
    watcher.say(f"Imported; {quarantined} rows are in quarantine. What the checks found:")
    watcher.findings([f for f in open_findings(workspace, now=now) if f.severity == "blocker"])
    corrected = correct(workspace, folder / "corrections.csv", reason="", now=now)
    attach(
        workspace,
        folder / "evidence-beijing.txt",
        import_id=corrected.import_id,
        source_row=0,
        now=now,
    )
    left = sum(f.severity == "blocker" for f in open_findings(workspace, now=now))
    watcher.say(f"corrections.csv corrects them, each with its reason; {left} blockers are left.")


def _show_inventory(workspace: Workspace, years: list[str], watcher: Watcher) -> None:
    with Figures(workspace) as rollups:
        runs = {year: run_of(workspace, year) for year in years}
        watcher.inventory(
            {year: rollups.values([*HEADLINES, "avoided"], run) for year, run in runs.items()}
        )
