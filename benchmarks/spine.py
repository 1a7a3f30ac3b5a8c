"""Activities to posted entries and figures, beside hand-written SQL and a bare scan, in one run.

    python benchmarks/spine.py [--rows 10000000] [--repeat 3] [--folder benchmarks/out]

(ours) `run_year`: distinct needs resolved, entries posted to the ledger, rollups for every figure, the run committed.
(a)    one hand-written DuckDB statement that computes and writes the same entries from the same files, handed the
       resolved factors for nothing, with the same memory limit and compression.
(b)    the scan of the same Parquet with one sum.
(c)    the 95 % range of gross over all posted entries: closed form and 10,000 draws.

Each is a process of its own; wall and CPU seconds and peak memory are the operating system's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

NOW = datetime(2026, 1, 1)
REGIONS = ("CN-HE", "CN-ZJ", "CN-JS", "CN-GD", "CN-SH", "CN-SD", "CN-AH", "CN-BJ", "CN-SC", "CN-HB")
SITES = 1000
MEMORY = "1GB"

HAND_WRITTEN = """
copy (
    select 'r' as run_id, a.activity_id, r.resolution, r.method, r.part, r.instrument, r.factor_id, r.species, 'inventory' as book,
           r.scope, r.category, r.view, r.org, a.site, a.month, a.basis, r.share, null::double as deviation,
           floor(a.quantity * r.share * r.boundary_share * 1000000 + 0.5)::bigint as quantity_micro,
           floor(a.quantity * r.share * r.boundary_share * r.mg_per_unit + 0.5)::bigint as mass_mg,
           floor(floor(a.quantity * r.share * r.boundary_share * r.mg_per_unit + 0.5) * r.gwp + 0.5)::bigint as co2e_mg,
           a.fiscal_year
    from {activities} a
    join {resolutions} r using (kind, item, site, month, unit)
) to '{target}' (format parquet, compression zstd, {layout}, overwrite_or_ignore)
"""
LAYOUTS = {"hand_written": "per_thread_output true", "partitioned": "partition_by (fiscal_year)"}


def build(folder: Path, rows: int) -> None:
    """A workspace whose ledger holds the activities."""
    from abate.adapters.engine import ensure_default_factors
    from abate.adapters.files.importing import commit_import
    from abate.adapters.store.workspace import create_workspace

    shutil.rmtree(folder, ignore_errors=True)
    config = '[organisation]\nname = "Bench"\n[scope3.not_assessed]\n3 = "Scopes 1 and 2 are measured here."\n[[entities]]\nid = "group"\n'
    for k in range(SITES):
        config += f'[[sites]]\nid = "site-{k}"\nentity = "group"\nregion = "{REGIONS[k % len(REGIONS)]}"\n'
    workspace = create_workspace(folder, config)
    ensure_default_factors(workspace, NOW)
    with workspace.store.connect() as con:
        con.execute("select setseed(0.5)")
        sql = f"""
            select (1::bigint << 32) + i as activity_id, 'imp-00000001' as import_id,
                   case when i % 10 < 7 then 'electricity' when i % 10 < 9 then 'mobile-fuel' else 'stationary-fuel' end as kind,
                   case when i % 10 < 7 then '' when i % 10 < 9 then 'diesel' else 'natural-gas' end as item,
                   'site-' || (hash(i) % {SITES}) as site, '' as meter, '' as region, '' as party, '' as spread_kind, null::double as spread_95,
                   strftime(date '2023-01-01' + interval ((i * 12) // {rows}) month, '%Y-%m') as month,
                   timestamp '2023-01-01' + interval (i % 8760) hour as period_start,
                   timestamp '2023-01-01' + interval (i % 8760 + 1) hour as period_end,
                   round(1 + (hash(i + 1) % 1000000) / 1000.0, 3) as quantity,
                   case when i % 10 < 7 then 'kWh' else 'L' end as unit, 'metered' as basis, 'bench.parquet' as source_file,
                   '' as source_sheet, (i + 1)::integer as source_row, '' as quantity_text, 'kWh' as unit_text, '' as document,
                   '' as reason, 'FY2023' as fiscal_year
            from range({rows}) t(i)"""
        count = workspace.store.append_query("activities", con, sql, "imp-00000001")
    commit_import(workspace, "imp-00000001", "electricity", NOW, file="bench", sha256="bench", row_count=count)


def ours(folder: Path) -> None:
    """Value the year and post it; the posted run is taken back first, so that nothing stands already."""
    from abate.adapters.engine import run_year
    from abate.adapters.store.workspace import open_workspace

    result = run_year(open_workspace(folder), "FY2023", now=NOW, memory_limit=MEMORY)
    assert not result.unchanged
    sys.stdout.write(f"{result.entry_count}\n")


def partitioned(folder: Path) -> None:
    """The peer's statement, sorting rows into years as it writes."""
    hand_written(folder, "partitioned")


def hand_written(folder: Path, layout: str = "hand_written") -> None:
    """The peer's statement, in the fastest layout found for it."""
    from abate.adapters.store.delta import open_engine
    from abate.adapters.store.workspace import open_workspace

    store = open_workspace(folder).store
    target = folder / "hand-written"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with open_engine(target, MEMORY) as con:
        resolved = store.source("resolutions")
        con.execute(
            f"create temp table resolved as select * from {resolved} where run_id = (select min(run_id) from {resolved})"
        )
        con.execute(
            HAND_WRITTEN.format(
                activities=store.source("activities"), resolutions="resolved", target=target, layout=LAYOUTS[layout]
            )
        )


def scan(folder: Path) -> None:
    """The bare scan."""
    from abate.adapters.store.workspace import open_workspace

    store = open_workspace(folder).store
    with store.connect() as con:
        con.execute(f"select sum(quantity) from {store.source('activities')}").fetchall()


def ranges(folder: Path) -> None:
    """The range of a figure that stands on every entry."""
    from abate.adapters.figures import Rollups, run_of
    from abate.adapters.ranges import ranges as ranges_of
    from abate.adapters.store.workspace import open_workspace

    workspace = open_workspace(folder)
    with Rollups(workspace) as rollups:
        (found,) = ranges_of(rollups, "gross", run_of(workspace, "FY2023"), draws=10_000)
    assert abs(found.simulated.deviation / found.closed.deviation - 1) < 0.05


def check(folder: Path) -> None:
    """Both wrote the same entries, to the milligram."""
    from abate.adapters.store.workspace import open_workspace

    store = open_workspace(folder).store
    sums = "count(*), sum(mass_mg), sum(co2e_mg), sum(quantity_micro)"
    with store.connect() as con:
        last = con.execute(f"select max(run_id) from {store.source('entries')}").fetchone()[0]
        mine = con.execute(f"select {sums} from {store.source('entries')} where run_id = '{last}'").fetchone()
        theirs = con.execute(f"select {sums} from read_parquet('{folder}/hand-written/**/*.parquet')").fetchone()
    assert mine == theirs, (mine, theirs)


def measure(name: str, folder: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak GB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, __file__, "--only", name, "--folder", str(folder)], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    assert process.returncode == 0, name
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def forget_runs(folder: Path) -> None:
    """Empty the tables that a run writes, so that each repetition posts anew."""
    from abate.adapters.store.workspace import open_workspace

    store = open_workspace(folder).store
    for table in ("entries", "rollups", "resolutions", "allocations", "runs", "findings"):
        shutil.rmtree(store.root / table)
    store.create()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/out/spine"))
    parser.add_argument("--only", choices=["ours", "hand_written", "partitioned", "scan", "ranges"])
    options = parser.parse_args()
    if options.only:
        globals()[options.only](options.folder)
        return
    build(options.folder, options.rows)
    measure("ours", options.folder)
    figures: dict[str, list[tuple[float, float, float]]] = {
        "ours": [],
        "hand_written": [],
        "partitioned": [],
        "scan": [],
        "ranges": [],
    }
    for _ in range(options.repeat):
        for peer in LAYOUTS:
            figures[peer].append(measure(peer, options.folder))
            check(options.folder)
        figures["scan"].append(measure("scan", options.folder))
        figures["ranges"].append(measure("ranges", options.folder))
        forget_runs(options.folder)
        figures["ours"].append(measure("ours", options.folder))
    report(options.rows, figures)
    shutil.rmtree(options.folder)


def report(rows: int, figures: dict[str, list[tuple[float, float, float]]]) -> None:
    print(f"{rows:,} activities; {os.cpu_count()} cores; Python {platform.python_version()}; {datetime.now():%Y-%m-%d}")
    print(f"{'':14}{'wall s':>24}{'CPU s':>24}{'peak GB':>9}")
    for name, runs in figures.items():
        columns = list(zip(*runs, strict=True))
        spread = [f"{min(c):.1f} / {statistics.median(c):.1f} / {max(c):.1f}" for c in columns[:2]]
        print(f"{name:14}{spread[0]:>24}{spread[1]:>24}{max(columns[2]):>9.2f}")
    ratios = {
        peer: round(statistics.median(a[0] / b[0] for a, b in zip(figures["ours"], figures[peer], strict=True)), 2)
        for peer in LAYOUTS
    }
    for peer, ratio in ratios.items():
        print(f"ours / {peer}, wall, median of pairs: {ratio}")
    print(json.dumps({"rows": rows, "ratio": ratios, "peak_gb": max(r[2] for r in figures["ours"])}))


if __name__ == "__main__":
    main()
