"""Activities to posted entries and figures at 1, 10 and 100 million rows, beside hand-written peers; and on a cluster.

    python benchmarks/scale.py [--rows 1000000 10000000 100000000] [--repeat 3] [--spark] [--folder
    benchmarks/out/scale]

ours    `run_year`: distinct needs resolved, entries posted to the ledger, rollups for every figure,
the run committed. duckdb  hand-written SQL: the same entries computed and written one file a
thread, then added up; the resolved factors
        are handed to it for nothing. Same memory limit and codec.
polars  the same in Polars' streaming engine, without a memory limit. *_tuned both once more with
what makes ours fast, for those who know it: the texts of the factors enumerated (DuckDB's enums,
        Polars' categories), and the lightest level of zstd.

Then, over what is there: `abate show` and `abate explain` of one entry as a user types them; the
range of a figure; an import of one hundredth more rows and the run that goes on from the last. With
--spark the same run on a standalone cluster on loopback: one worker, two, and two of which one is
killed on the way.

Each is a process of its own; wall and CPU seconds and peak memory are the operating system's. All
sums are compared.
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
import threading
import time
from datetime import datetime
from pathlib import Path

NOW = datetime(2026, 1, 1)
REGIONS = ("CN-HE", "CN-ZJ", "CN-JS", "CN-GD", "CN-SH", "CN-SD", "CN-AH", "CN-BJ", "CN-SC", "CN-HB")
SITES = 1000
MEMORY = "1GB"
SPARK = """[engine.spark]
"spark.executor.memory" = "3g"
"spark.driver.memory" = "1g"
"spark.ui.enabled" = "false"
"spark.sql.shuffle.partitions" = "16"
"""
PEERS = ("duckdb", "polars", "duckdb_tuned", "polars_tuned")
TEXTS = ("method", "instrument", "factor_id", "species", "book", "scope", "category", "view", "org")
"""Columns that entries carry over from the factors."""
SUMS = "count(*), sum(mass_mg)::hugeint, sum(co2e_mg)::hugeint, sum(quantity_micro)::hugeint"

DUCKDB = """
copy (
    select 'r' as run_id, a.activity_id, r.resolution, r.method, r.part, r.instrument, r.factor_id, r.species, r.book,
           r.scope, r.category, r.view, r.org, a.site, a.month, a.basis, r.share, null::double as deviation,
           floor(a.quantity * r.share * r.boundary_share * 1000000 + 0.5)::bigint as quantity_micro,
           floor(a.quantity * r.share * r.boundary_share * r.mg_per_unit + 0.5)::bigint as mass_mg,
           floor(floor(a.quantity * r.share * r.boundary_share * r.mg_per_unit + 0.5) * r.gwp + 0.5)::bigint as co2e_mg
    from {activities} a
    join {resolutions} r using (kind, item, site, month, unit)
) to '{target}' (format parquet, compression zstd {level}, per_thread_output true, overwrite_or_ignore)
"""
ADDED_UP = """
select resolution, basis, sum(co2e_mg) as co2e_mg, sum(mass_mg) as mass_mg, sum(quantity_micro) as quantity_micro,
       count(*) as rows from read_parquet('{target}/*.parquet') group by all
"""


def build(folder: Path, rows: int) -> None:
    """A workspace whose ledger holds the activities."""
    from abate.application.inventory.inputs import ensure_default_factors
    from abate.application.opening import create_workspace

    shutil.rmtree(folder, ignore_errors=True)
    config = '[organisation]\nname = "Bench"\n[scope3.not_assessed]\n3 = "Scopes 1 and 2 are measured here."\n[[entities]]\nid = "group"\n'
    for k in range(SITES):
        config += f'[[sites]]\nid = "site-{k}"\nentity = "group"\nregion = "{REGIONS[k % len(REGIONS)]}"\n'
    workspace = create_workspace(folder, config + (f'[engine]\nmemory = "{MEMORY}"\n' + SPARK))
    ensure_default_factors(workspace, NOW)
    add(folder, rows, "imp-00000001")


def add(folder: Path, rows: int, name: str) -> None:
    """Another import of activities."""
    from abate.adapters.engine.embedded import Embedded
    from abate.adapters.store.imports import commit_import
    from abate.application.inventory.totals import keep_totals
    from abate.application.opening import open_workspace

    workspace = open_workspace(folder)
    with workspace.store.connect() as con:
        con.execute("select setseed(0.5)")
        sql = f"""
            select ({int(name[4:], 16)}::bigint << 32) + i as activity_id, '{name}' as import_id,
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
        count = workspace.store.append_query("activities", con, sql, name)
        engine = Embedded(workspace.store, con)
        keep_totals(engine, engine, [name])  # as every import does
    commit_import(
        workspace,
        name,
        "electricity",
        NOW,
        file=name,
        sha256=name,
        row_count=count,
        accepted_count=count,
    )


def ours(folder: Path, *words: str) -> None:
    """Value the year and post it; words are the engine, and whether to go on from the last run."""
    from abate.application.inventory.runs import run_year
    from abate.application.opening import open_workspace

    engine, anew = (words[0] if words else ""), "on" not in words
    result = run_year(open_workspace(folder), "FY2023", now=NOW, engine=engine, anew=anew)
    assert not result.unchanged
    sys.stdout.write(f"{result.entry_count} {result.posted_count}\n")


def duckdb(folder: Path, *, tuned: bool = False) -> None:
    """The peer in SQL."""
    from abate.adapters.store.delta import open_engine
    from abate.application.opening import open_workspace

    store, target = (
        open_workspace(folder).store,
        _emptied(folder / ("duckdb_tuned" if tuned else "duckdb")),
    )
    with open_engine(target, store.limits) as con:
        resolved = store.source("resolutions")
        con.execute(
            f"create temp table resolved as select * from {resolved} where run_id = (select min(run_id) from {resolved})"
        )
        for name in TEXTS if tuned else ():
            con.execute(f"create type of_{name} as enum (select distinct {name} from resolved)")
            con.execute(f"alter table resolved alter {name} type of_{name}")
        source, level = store.source("activities"), ", compression_level 1" if tuned else ""
        con.execute(
            DUCKDB.format(activities=source, resolutions="resolved", target=target, level=level)
        )
        con.execute(ADDED_UP.format(target=target)).fetchall()


def duckdb_tuned(folder: Path) -> None:
    """The peer in SQL, with what makes ours fast."""
    duckdb(folder, tuned=True)


def polars(folder: Path, *, tuned: bool = False) -> None:
    """The peer in Polars, streaming from file to file."""
    import polars as pl

    from abate.application.opening import open_workspace

    store, target = (
        open_workspace(folder).store,
        _emptied(folder / ("polars_tuned" if tuned else "polars")),
    )
    known = pl.scan_parquet(store.files("resolutions"), hive_partitioning=True)
    first = known.select(pl.col("run_id").min()).collect().item()
    names = [
        "kind",
        "item",
        "site",
        "month",
        "unit",
        "resolution",
        "method",
        "part",
        "instrument",
        "factor_id",
        "species",
        "book",
        "scope",
        "category",
        "view",
        "org",
        "share",
        "boundary_share",
        "mg_per_unit",
        "gwp",
    ]
    resolved = known.filter(pl.col("run_id") == first).select(names).collect().lazy()
    if tuned:
        resolved = resolved.with_columns(pl.col(TEXTS).cast(pl.Categorical))
    amount = pl.col("quantity") * pl.col("share") * pl.col("boundary_share")

    def whole(value: pl.Expr) -> pl.Expr:
        return (value + 0.5).floor().cast(pl.Int64)

    entries = (
        pl.scan_parquet(store.files("activities"), hive_partitioning=True)
        .join(resolved, on=["kind", "item", "site", "month", "unit"])
        .with_columns(
            mass_mg=whole(amount * pl.col("mg_per_unit")), quantity_micro=whole(amount * 1e6)
        )
        .with_columns(co2e_mg=whole(pl.col("mass_mg").cast(pl.Float64) * pl.col("gwp")))
        .select(
            pl.lit("r").alias("run_id"),
            "activity_id",
            "resolution",
            "method",
            "part",
            "instrument",
            "factor_id",
            "species",
            "book",
            "scope",
            "category",
            "view",
            "org",
            "site",
            "month",
            "basis",
            "share",
            pl.lit(None, pl.Float64).alias("deviation"),
            "quantity_micro",
            "mass_mg",
            "co2e_mg",
        )
    )
    level = {"compression_level": 1} if tuned else {}
    entries.sink_parquet(
        target / "entries.parquet",
        compression="zstd",
        engine="streaming",
        maintain_order=False,
        **level,
    )
    written = pl.scan_parquet(target / "*.parquet")
    sums = [pl.col(c).sum() for c in ("co2e_mg", "mass_mg", "quantity_micro")]
    written.group_by("resolution", "basis").agg(*sums, pl.len()).collect(engine="streaming")


def polars_tuned(folder: Path) -> None:
    """The peer in Polars, with what makes ours fast."""
    polars(folder, tuned=True)


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def ranges(folder: Path) -> None:
    """The range of a figure that stands on every entry: closed form and 10,000 draws."""
    from abate.application.inventory.figures import Figures, run_of
    from abate.application.inventory.ranges import ranges as ranges_of
    from abate.application.opening import open_workspace

    workspace = open_workspace(folder)
    with Figures(workspace) as rollups:
        (found,) = ranges_of(rollups, "gross", run_of(workspace, "FY2023"), draws=10_000)
    assert abs(found.simulated.deviation / found.closed.deviation - 1) < 0.05


def check(folder: Path, peers: tuple[str, ...]) -> None:
    """All wrote the same entries, to the milligram."""
    from abate.application.inventory.figures import runs
    from abate.application.opening import open_workspace

    workspace = open_workspace(folder)
    with workspace.store.connect() as con:
        last = runs(workspace)[-1].run_id
        mine = con.execute(
            f"select {SUMS} from {workspace.store.source('entries', {last})}"
        ).fetchone()
        for peer in peers:
            theirs = con.execute(
                f"select {SUMS} from read_parquet('{folder / peer}/*.parquet')"
            ).fetchone()
            assert mine == theirs, (peer, mine, theirs)


def same_rollups(folder: Path, one: int = -1, other: int = -2) -> None:
    """Two runs have the same rollups, to the milligram, gas by gas."""
    from abate.application.inventory.figures import runs
    from abate.application.opening import open_workspace

    workspace = open_workspace(folder)
    listed = [r.run_id for r in runs(workspace)]
    told = "source, kind, item, scope, view, species, method, factor_id, site, month, sum(co2e_mg), sum(mass_mg), sum(quantity_micro), sum(row_count)"
    with workspace.store.connect("rollups") as con:
        found = [
            con.execute(
                f"select {told} from rollups where run_id = '{listed[k]}' group by all order by all"
            ).fetchall()
            for k in (one, other)
        ]
    assert found[0] == found[1]
    assert found[0]


Measured = tuple[float, float, float]
"""Wall seconds, CPU seconds, peak GB of a process and what it waited for."""


def timed(command: list[str]) -> Measured:
    """Run a command as a process of its own."""
    installed = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env=installed
    )  # compiled once, as by pip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    assert process.returncode == 0, command
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def measure(name: str, folder: Path, *words: str) -> Measured:
    """One of the functions above as a process of its own."""
    return timed(
        [sys.executable, __file__, "--only", name, "--folder", str(folder), "--words", *words]
    )


def size_gb(folder: Path) -> float:
    """Size of the Parquet files below a folder [GB]."""
    return sum(p.stat().st_size for p in folder.rglob("*.parquet")) / 1e9


def told(what: str, measured: list[Measured], rows: int) -> None:
    """Print one line: smallest, middle and largest wall and CPU seconds, peak memory, rows per second."""
    columns = list(zip(*measured, strict=True))
    spread = [f"{min(c):.1f} / {statistics.median(c):.1f} / {max(c):.1f}" for c in columns[:2]]
    rate = rows / statistics.median(columns[0])
    print(
        f"{what:22}{spread[0]:>24}{spread[1]:>24}{max(columns[2]):>9.2f}{rate:>14,.0f}", flush=True
    )


def one_size(folder: Path, rows: int, repeat: int) -> dict[str, float]:
    """Everything on one machine, for one number of rows."""
    built = measure("build", folder, str(rows))
    print(f"\n{rows:,} activities{'wall s':>18}{'CPU s':>24}{'peak GB':>18}{'rows/s':>11}")
    told("(building)", [built], rows)
    found: dict[str, list[Measured]] = {"ours": [], **{p: [] for p in PEERS}}
    for _ in range(repeat):
        for (
            name,
            measured,
        ) in found.items():  # the first run of ours makes the resolutions that the peers are handed
            measured.append(measure(name, folder))
        check(folder, PEERS)
    for name, measured in found.items():
        told(name, measured, rows)
    ledger = folder / "ledger"
    sizes = {
        "activities": size_gb(ledger / "activities"),
        "entries": size_gb(ledger / "entries") / repeat,
    }
    sizes |= {f"entries by {peer}": size_gb(folder / peer) for peer in PEERS}
    print("on disk, GB: " + ", ".join(f"{what} {gb:.3f}" for what, gb in sizes.items()))
    for peer in PEERS:
        shutil.rmtree(folder / peer)
    abate = [sys.executable, "-m", "abate"]
    told(
        "abate show gross",
        [timed([*abate, "show", "gross", "-w", str(folder), "--year", "FY2023"]) for _ in range(3)],
        rows,
    )
    entry = f"00000001-{rows * 2 // 3}"
    told(
        "abate explain ENTRY",
        [timed([*abate, "explain", entry, "-w", str(folder)]) for _ in range(3)],
        rows,
    )
    told("range of gross", [measure("ranges", folder)], rows)
    measure("add", folder, str(max(rows // 100, 10)), "imp-00000002")
    told("one hundredth more", [measure("ours", folder, "", "on")], rows // 100)
    if rows <= 10_000_000:
        told("  all of it anew", [measure("ours", folder)], rows)
        same_rollups(folder)
        print("the run that went on equals the run anew")
    ratios = {
        p: round(
            statistics.median(a[0] / b[0] for a, b in zip(found["ours"], found[p], strict=True)), 2
        )
        for p in PEERS
    }
    print(f"ours / peer, wall, median of pairs: {ratios}", flush=True)
    return ratios | {"peak_gb": max(m[2] for m in found["ours"])}


CASES = {"one worker": (1, False), "two workers": (2, False), "two, one killed": (2, True)}


def on_cluster(folder: Path, rows: int, cases: list[str]) -> None:
    """The same run on a standalone cluster of one worker, of two, or of two of which one is killed on the way."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from clusters import SparkCluster

    print(f"\n{rows:,} activities on Spark, workers of one core each")
    entries = folder / "ledger" / "entries" / "fiscal_year=FY2023"
    for what in cases:
        count, kill = CASES[what]
        scratch = _emptied(folder / "cluster")
        with SparkCluster(scratch, workers=count, memory="3500m", java="-Xshare:auto") as cluster:

            def end(
                own: SparkCluster = cluster,
                before: tuple[Path, ...] = tuple(entries.glob("*.spark")),
            ) -> None:
                while not any(
                    list((p / "_temporary").rglob("*.parquet"))
                    for p in entries.glob("*.spark")
                    if p not in before
                ):
                    time.sleep(0.2)
                own.kill_worker()

            if kill:
                threading.Thread(target=end, daemon=True).start()
            wall, _, _ = measure("ours", folder, cluster.master)
        print(f"{what:22}{wall:>10.1f} s{rows / wall:>14,.0f} rows/s", flush=True)
        same_rollups(folder)
    print("every run on the cluster equals the embedded one")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/out/scale"))
    parser.add_argument("--only", choices=["build", "add", "ours", *PEERS, "ranges"])
    parser.add_argument("--words", nargs="*", default=[])
    options = parser.parse_args()
    if options.only in ("build", "add"):
        globals()[options.only](options.folder, int(options.words[0]), *options.words[1:])
        return
    if options.only:
        globals()[options.only](options.folder, *options.words)
        return
    print(f"{os.cpu_count()} cores; Python {platform.python_version()}; {datetime.now():%Y-%m-%d}")
    ratios: dict[int, dict[str, float]] = {}
    for rows in options.rows:
        repeat = options.repeat if rows <= 10_000_000 else 1
        ratios[rows] = one_size(options.folder, rows, repeat)
        if options.spark and rows == options.rows[-1]:
            on_cluster(options.folder, rows, ["two workers", "one worker"])
        elif options.spark and rows == options.rows[-2]:
            on_cluster(options.folder, rows, ["two, one killed"])
        shutil.rmtree(options.folder)
    print(json.dumps({"rows": options.rows, "ratios": ratios}))


if __name__ == "__main__":
    main()
