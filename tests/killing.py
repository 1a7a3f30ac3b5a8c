"""Kills a command before each of its calls that change a file, and says what became of the workspace.

`killing.c` counts the calls and ends the process. A nursery with everything loaded forks one child
per attempt.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from abate.adapters.store.imports import live_imports
from abate.adapters.store.keys import CONFIG
from abate.application.catalogue import FIGURES
from abate.application.disclosure.stated_figures import published
from abate.application.energy.forecasts import forecasts
from abate.application.inventory.figures import Figures, runs
from abate.application.inventory.findings import corrections_made, open_findings
from abate.application.inventory.inputs import factor_imports, load_factors
from abate.application.opening import open_workspace
from abate.application.plans import plans
from abate.kernel.factor import content_hash
from abate.kernel.tables import TABLES, WRITERS
from support import NOW, ROOT

NURSERY = """
import ctypes, json, os, sys, threading
shim = ctypes.CDLL(os.environ.pop("LD_PRELOAD"))
shim.counted.restype = ctypes.c_long
shim.arm.argtypes = [ctypes.c_char_p, ctypes.c_long]
import importlib, pkgutil, abate
for found in pkgutil.walk_packages(abate.__path__, "abate."):
    if not found.name.endswith(("__main__", "spark")):
        importlib.import_module(found.name)
import duckdb, deltalake, pyarrow.parquet, pandas, ibis, vl_convert, openpyxl, pdfplumber, numba, sqlalchemy.dialects.sqlite
from abate.faces.cli.main import main
from abate.application.inventory.runs import entries_sql
from abate.application.inventory.staging import _checks_sql
from abate.kernel.units import registry
registry(), _checks_sql(), entries_sql("r", set())  # what every process does once
try:
    from abate.algorithms.packing.loading import warm
    warm()
except ImportError:
    pass
assert threading.active_count() == 1

def work(asked):
    os.chdir(asked["folder"])
    sys.argv = ["abate", *asked["words"]]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    shim.arm(asked["folder"].encode(), asked["last"])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    import gc
    gc.collect()
    counted = shim.counted()
    shim.arm(b"/proc", 0)
    with open(asked["count"], "w") as out:
        out.write(str(counted))
    os._exit(code)

for line in sys.stdin:
    asked = json.loads(line)
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    else:
        try:
            work(asked)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(70)
"""


class Nursery:
    """Runs commands in processes of their own that are killed where that is wanted.

    Args:
        shim: The compiled library.
        scratch: A folder of its own.
    """

    def __init__(self, shim: Path, scratch: Path) -> None:
        self.scratch = scratch
        env = {**os.environ, "LD_PRELOAD": str(shim), "PYTHONPATH": str(ROOT / "src")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )

    def run(self, folder: Path, words: list[str], last: int = 0) -> tuple[int, int]:
        """Exit code of a command, and how often it changed a file; killed before the `last` time, unless that is 0."""
        assert self.process.stdin
        assert self.process.stdout
        count = self.scratch / "count"
        count.write_text("0")
        asked = {
            "folder": str(folder),
            "words": words,
            "last": last,
            "count": str(count),
            "said": str(self.scratch / "said"),
        }
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline()), int(count.read_text())

    @property
    def said(self) -> str:
        """What the last command said on its error stream."""
        return (self.scratch / "said").read_text(errors="replace")


@contextmanager
def nursery(scratch: Path) -> Iterator[Nursery]:
    """A nursery, with its library compiled."""
    shim = scratch / "killing.so"
    words = [
        "cc",
        "-O1",
        "-shared",
        "-fPIC",
        "-o",
        str(shim),
        str(ROOT / "tests" / "killing.c"),
        "-ldl",
    ]
    subprocess.run(words, check=True)
    made = Nursery(shim, scratch)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.communicate()


def state(folder: Path) -> dict[str, Any]:
    """What is in a folder: the rows that count in each table, what is read from them, databases and files.

    Ids of imports and runs are replaced by their order, and moments left out: of two workspaces in
    which the same was done the states are equal.
    """
    found: dict[str, Any] = {}
    for config in sorted(folder.glob(f"*/{CONFIG}")):
        found |= {f"{config.parent.name}/{k}": v for k, v in _workspace(config.parent).items()}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        passing = (
            "ledger/" in name
            or name.endswith((".partial", "-wal", "-shm", ".sqlite"))
            or "/uploads/" in name
        )
        if name.endswith(".tar"):  # holds moments
            with tarfile.open(path) as tar:
                found[f"file {name}"] = sorted(tar.getnames())
        elif not passing:
            found[f"file {name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _workspace(root: Path) -> dict[str, Any]:
    workspace = open_workspace(root)
    store = workspace.store
    order = {
        name: f"{table}-{k}"
        for table, column in (("imports", "import_id"), ("runs", "run_id"))
        for k, name in enumerate(
            r[column] for r in sorted(store.rows(table), key=lambda r: r["ordinal"])
        )
    }
    for table in ("plans", "forecasts"):
        for k, row in enumerate(sorted(store.rows(table), key=lambda r: r["ordinal"])):
            name = (
                row["forecast_id"] if table == "forecasts" else f"{row['plan_id']}#{row['ordinal']}"
            )
            order[name] = f"{name.split('#')[0]}#{k}"
    halves = {int(name[4:], 16): name for name in order if re.fullmatch("imp-[0-9a-f]{8}", name)}
    pattern = re.compile("|".join(map(re.escape, sorted(order, key=len, reverse=True))) or "(?!)")

    def plain(value: Any) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            value = asdict(value)
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items() if k not in DROPPED}
        if isinstance(value, list | tuple):
            return [plain(v) for v in value]
        return pattern.sub(lambda m: order[m[0]], str(value))

    def row_of(row: dict[str, Any]) -> dict[str, Any]:
        if row.get("activity_id"):
            name = halves[row["activity_id"] >> 32]
            row = row | {"activity_id": f"{name}/{row['activity_id'] & 0xFFFFFFFF}"}
        return {k: plain(v) for k, v in row.items() if k not in DROPPED}

    committed = store.committed()
    found: dict[str, Any] = {}
    columns = ", ".join(f'"{c}"' for c in TABLES["factors"].names if c != "import_id")
    sums = store.ask(
        f"select import_id, count(*), bit_xor(hash({columns})) from {store.source('factors')} group by 1"
    )
    found["factors"] = sorted(
        (order[i], n, h) for i, n, h in sums if i in committed
    )  # thousands, which never change
    for table in TABLES:
        if table == "factors":
            continue
        rows = store.rows(table)
        if table in WRITERS:
            rows = [r for r in rows if r[WRITERS[table]] in committed]
        found[table] = sorted(map(repr, map(row_of, rows)))
    for name in ("transfers.sqlite",):
        if (root / name).exists():
            found[name] = sorted(_rows(root / name, pattern, order))
    found["book"] = content_hash(list(load_factors(workspace, factor_imports(workspace))))
    found["read"] = plain(
        [
            live_imports(workspace),
            runs(workspace),
            published(workspace),
            plans(workspace),
            forecasts(workspace),
            corrections_made(workspace),
        ]
    )
    found["findings"] = [repr(f) for f in open_findings(workspace, now=NOW)]
    if store.rows("runs"):
        with Figures(workspace) as opened:
            found["figures"] = [
                plain([v.figure, v.value])
                for r in runs(workspace)
                for v in opened.values(list(FIGURES), r)
            ]
    return found


DROPPED = {"committed_at", "inputs_hash", "factor_hash", "ordinal", "issued_at"}
"""What differs when the same is done again: moments, and hashes over ids."""


def _rows(path: Path, pattern: re.Pattern[str], order: dict[str, str]) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as con:
        for (table,) in con.execute(
            "select name from sqlite_master where type = 'table'"
        ).fetchall():
            for row in con.execute(f"select * from {table}").fetchall():
                yield pattern.sub(lambda m: order[m[0]], f"{table} {row}")


def killed(status: int) -> bool:
    """Whether a process was killed."""
    return status == -signal.SIGKILL


def fresh(stage: Path, folder: Path) -> None:
    """A copy of what was prepared."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(stage, folder, symlinks=True)


class Trial:
    """One command on what was prepared, killed again and again.

    Args:
        nursery: Where it runs.
        stage: What was prepared.
        folder: Where copies are worked on.
        words: The command.
        before: State of what was prepared.
    """

    def __init__(
        self, nursery: Nursery, stage: Path, folder: Path, words: list[str], before: dict[str, Any]
    ) -> None:
        self.nursery, self.stage, self.folder, self.words, self.before = (
            nursery,
            stage,
            folder,
            words,
            before,
        )
        fresh(stage, folder)
        self.code, self.points = nursery.run(folder, words)
        assert self.code in (0, 1), f"{words}: {nursery.said}"
        self.after = state(folder)
        self.seen: set[str] = set()
        self.counts = {"absent": 0, "whole": 0, "between": 0, "ended": 0, "alike": 0}

    def kill_before(self, point: int) -> str:
        """Kill before a call that changes a file, and look; what is wrong, empty for nothing.

        The workspace must be as it was before or as it is after. A command of several steps may
        have done some; repeated, it must lead to where it would have led undisturbed.
        """
        fresh(self.stage, self.folder)
        status, _ = self.nursery.run(self.folder, self.words, point)
        if not killed(status):  # threads do not always write as often
            self.counts["ended"] += 1
            return ""
        trace = tree_of(self.folder)
        if trace in self.seen:
            self.counts["alike"] += 1
            return ""
        self.seen.add(trace)
        try:
            found = state(self.folder)
        except Exception as error:
            return f"cannot be read: {error!r}"
        if found == self.after:
            self.counts["whole"] += 1
            return ""
        self.counts["absent" if found == self.before else "between"] += 1
        code, _ = self.nursery.run(self.folder, self.words)
        if code != self.code:
            return f"the repeat ended with {code}: {self.nursery.said}"
        return self.difference(state(self.folder))

    def difference(self, found: dict[str, Any]) -> str:
        """Where a state is not that of the undisturbed workspace."""
        odd = sorted(k for k in {*found, *self.after} if found.get(k) != self.after.get(k))
        return f"{', '.join(odd)} differ" if odd else ""


def tree_of(folder: Path) -> str:
    """Hash of what is on disk and can matter: not what is in files that no log names, nor how they are called."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = re.sub(
            r"[0-9a-f]{8}-[0-9a-f-]{27}|\.[0-9a-f]{12}(?=\.)",
            "…",
            path.relative_to(folder).as_posix(),
        )
        if path.is_file() and not name.endswith((".parquet", ".partial", "lock", ".tmp")):
            content = re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}|\d{13}", b"", path.read_bytes())
            name += hashlib.sha256(content).hexdigest()
        digest.update(name.encode())
    return digest.hexdigest()
