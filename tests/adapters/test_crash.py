"""Killed at any moment, the workspace stays readable, and each import and run is whole or absent."""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

from abate.adapters.engine import run_year, verify_run
from abate.adapters.figures import runs
from abate.adapters.files.importing import live_imports
from abate.adapters.findings import open_findings
from abate.adapters.store.workspace import create_workspace, open_workspace
from support import CONFIG, NOW, electricity, months

PASSES, UNDISTURBED_EVERY = 57, 9  # fifty are killed, or end before their kill
NURSERY = """
import json, os, sys
from datetime import datetime
from pathlib import Path
from abate.adapters.store.workspace import open_workspace
from abate.adapters.files.importing import add_file
from abate.adapters.engine import run_year
import pandas, pyarrow, sqlalchemy
from abate.adapters.engine import entries_sql
from abate.adapters.files.staging import _checks_sql
from abate.kernel.units import registry
registry(), _checks_sql(), entries_sql("r", set())  # what every process does once is not what is to be killed

def work(paths):
    workspace = open_workspace(sys.argv[1])
    print('pid', os.getpid(), flush=True)
    for path in paths:
        try:
            add_file(workspace, Path(path), now=datetime(2026, 11, 22))
        except Exception as error:
            assert "duplicate-import" in str(error), error
        run_year(workspace, "FY2024", now=datetime(2026, 11, 22))

for line in sys.stdin:
    if child := os.fork():
        print('status', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    else:
        work(json.loads(line))
        os._exit(0)
"""
"""Starts a process for each list of files: born with everything loaded, and nothing begun."""


def test_fifty_kills_leave_each_import_and_run_whole_or_absent(tmp_path):
    workspace = create_workspace(tmp_path / "w", CONFIG)
    certificate = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for\n"
    files = []
    for k in range(PASSES):
        path = tmp_path / f"electricity-{k}.csv"
        rows = [("hq", m, 100 + k, "kWh") for m in months("2023-04", 12)]
        path.write_text(
            electricity([(s, m, a if m != "2023-06" else -a, u) for s, m, a, u in rows]).replace("E", f"E{k}-")
        )
        path.write_text(path.read_text().replace(f"E{k}-lectricity", "Electricity"))
        files.append(path)
    (tmp_path / "certificates.csv").write_text(
        certificate + "G1,certificate,wind,CN,,2023-04-01,2024-03-31,50,kWh,FY2024\n"
    )
    files.insert(3, tmp_path / "certificates.csv")
    rng, killed_in_import, killed_in_run = random.Random(7), 0, 0
    words = [sys.executable, "-c", NURSERY, str(workspace.root)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        for k, file in enumerate(files[:PASSES]):
            if k % UNDISTURBED_EVERY == 0:  # a pass takes longer as the workspace grows
                seconds = _one_child(nursery, [file], None)
                continue
            before = len(live_imports(workspace))
            if _one_child(nursery, [file], rng.uniform(0, 1.1) * seconds) is None:
                whole = len(live_imports(workspace)) > before
                killed_in_run, killed_in_import = killed_in_run + whole, killed_in_import + (not whole)
            _is_whole(workspace.root)
    final = open_workspace(workspace.root)
    assert min(killed_in_import, killed_in_run) >= 5
    assert killed_in_import + killed_in_run >= 30
    assert len(runs(final)) >= PASSES // UNDISTURBED_EVERY
    result = run_year(final, "FY2024", now=NOW)
    assert verify_run(final, result.run_id).holds


def _one_child(nursery, files, after):
    """Import and run in a process of its own; seconds it took, or None where it was killed before its end."""
    nursery.stdin.write(json.dumps([str(f) for f in files]) + "\n")
    nursery.stdin.flush()
    word, pid = nursery.stdout.readline().split()
    assert word == "pid"
    start, ending = time.perf_counter(), os.pidfd_open(int(pid))
    if not select.select([ending], [], [], after)[0]:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(ending, signal.SIGKILL)
    os.close(ending)
    status = int(nursery.stdout.readline().removeprefix("status "))
    assert status in (0, -signal.SIGKILL)
    return None if status else time.perf_counter() - start


def _is_whole(root):
    workspace = open_workspace(root)
    live = live_imports(workspace)
    activities = workspace.store.rows("activities")
    quarantine = workspace.store.rows("quarantine")
    for one in live:
        if one["template"] == "electricity":
            mine = [a for a in activities if a["import_id"] == one["import_id"]]
            waiting = [q for q in quarantine if q["import_id"] == one["import_id"]]
            assert (len(mine), len(waiting)) == (11, 1)
            assert len({a["activity_id"] for a in mine}) == 11
    assert len({one["sha256"] for one in live}) == len(live)
    with workspace.store.connect("entries") as con:
        posted = con.execute(
            "select run_id, count(*), count(distinct (activity_id, method, part, species)) from entries group by 1"
        ).fetchall()
    counts = {run_id: (rows, distinct) for run_id, rows, distinct in posted}
    for run in runs(workspace):
        assert counts[run["run_id"]] == (run["entry_count"], run["entry_count"])
    open_findings(workspace, now=NOW)
