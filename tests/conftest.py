"""Fixtures: a fresh small workspace, and the example group built once."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import killing
import recipes
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.imports import ImportResult, add_file
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace, open_workspace
from support import BILLS, CONFIG, NOW, SHARED

LONGEST = (
    "test_disclosing.py", "test_kills.py", "test_server_crash.py", "test_benchmark.py", "test_engines.py", "test_pages.py",
    "test_keeping.py", "test_disks.py", "test_hostile.py", "test_value_chain.py", "test_gallery.py", "test_demo.py", "test_forecasting.py",
)  # fmt: skip
"""Files that take minutes: begun first, so that two processes end together. While the first makes the example group, the
other does what needs none."""


SLOW = (
    "test_kills.py", "test_server_crash.py", "test_disks.py", "test_hostile.py", "test_benchmark.py", "test_engines.py",
    "test_pages.py", "test_fuzz.py", "test_fuzz_intake.py",
)  # fmt: skip
"""Files of the second tier: processes killed anywhere, disks that fail, hostile files, clusters, browsers, benchmarks.
`make test` leaves them out; `make gate` runs all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first and mark the second tier; the order inside a file stays."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONGEST)))
    for item in items:
        if item.path.name in SLOW:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace of the small group."""
    return create_workspace(tmp_path / "workspace", CONFIG)


@pytest.fixture
def valued(workspace: Workspace, tmp_path: Path) -> Workspace:
    """The small group with a year of bills of one site, valued."""
    path = tmp_path / "bills.csv"
    path.write_text(BILLS)
    add_file(workspace, path, now=NOW)
    run_year(workspace, "FY2024", now=NOW)
    return workspace


@pytest.fixture
def add(workspace: Workspace, tmp_path: Path) -> Callable[..., ImportResult]:
    """Import a text as a file."""

    def add_text(
        text: str, name: str = "electricity.csv", encoding: str = "utf-8", **options: object
    ) -> ImportResult:
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return add_file(workspace, path, now=NOW, **options)  # type: ignore[arg-type]

    return add_text


@pytest.fixture(scope="session")
def demo_output(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder and printed text of `abate demo`, run as a user runs it; once, also where several processes test."""
    own = tmp_path_factory.getbasetemp()
    shared_folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, said = shared_folder / "demo-group", shared_folder / "demo-said.txt"
    with (shared_folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.is_file():
            done = subprocess.run(
                [sys.executable, "-m", "abate", "demo", "--dir", str(folder)],
                capture_output=True,
                text=True,
                timeout=500,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            said.write_text(done.stdout, encoding="utf-8")
    return folder, said.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def demo(demo_output: tuple[Path, str]) -> Workspace:
    """The example group's workspace."""
    return open_workspace(demo_output[0])


@pytest.fixture(scope="session")
def shared() -> Path:
    """Publishers' files, where they lie beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the publishers' files are not beside the project (set ABATE_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with a workspace that has something of everything, and the names that calls of commands need."""
    folder = tmp_path_factory.mktemp("prepared") / "stage"
    return folder, recipes.prepare(folder)


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[killing.Nursery]:
    """Where commands run in processes of their own, and are killed."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler on this machine (Debian: gcc)")
    with killing.nursery(tmp_path_factory.mktemp("nursery")) as made:
        yield made
