"""How many files of meters and bills are read right.

Each is right, asked about, refused, or wrong.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np

from abate.adapters.readers.series import read_series
from abate.adapters.store.workspace import Workspace
from abate.application.energy.loads import LoadSpec, load_readings
from abate.application.energy.postings import post_usage
from abate.application.energy.usage import usage_of
from abate.application.factors import import_factors
from abate.application.inventory.imports import add_file, add_files
from abate.application.inventory.inputs import ensure_default_factors
from abate.application.opening import create_workspace
from abate.application.workspaces.setup import example_folder, example_module
from abate.energy.facts.readings import Readings, as_energy
from abate.kernel.edges import Json
from abate.kernel.errors import AbateError
from abate.kernel.units import read_unit

CASES = Path(__file__).resolve().parents[2] / "shared/data/cases"


def totals(readings: Readings) -> list[tuple[str, str, float]]:
    """Name, unit and sum of each series, energy in kWh."""
    found = []
    for one in (readings, *readings.others):
        made = as_energy(one) if one.step_s else one
        found += [
            (name, unit, float(np.nansum(line)))
            for name, unit, line in zip(made.names, made.units, made.values, strict=True)
        ]
    return found


def judged(truth: Json, path: Path) -> tuple[str, str]:
    """`right`, `asked`, `refused` or `wrong`, and what was seen."""
    options = dict(truth["hint_options"]) if truth["ambiguous"] else {}
    zone = truth["zone"] or "UTC"
    if truth["ambiguous"]:
        verdict, seen = asked(truth, path, zone)
        if verdict != "asked":
            return verdict, seen
    try:
        made = read_series(path, zone=zone, **options)
    except AbateError as error:
        return "refused", str(error)
    return compared(truth, totals(made), bool(options))


def asked(truth: Json, path: Path, zone: str) -> tuple[str, str]:
    """Whether an ambiguous file is asked about in words that name what is ambiguous."""
    try:
        made = read_series(path, zone=zone)
    except AbateError as error:
        said = f"{error} {error.hint}"
    else:
        said = " ".join(f"{f.message} {f.hint}" for f in made.findings if f.severity != "info")
    fits = re.search(truth["ask"], said, re.IGNORECASE)
    return ("asked", said) if fits else ("wrong", f"not asked: {said}")


def compared(truth: Json, found: list[tuple[str, str, float]], hinted: bool) -> tuple[str, str]:
    """Whether the sums are those of the truth, single or of the tariffs of a direction together."""
    left = [abs(v) for _, _, v in found]
    wanted = [s for s in truth["series"] if not s.get("optional")]
    missing = []
    for series in wanted:
        for target in (series["total"], *series.get("also", ())):
            hit = next((v for v in left if _near(v, abs(target))), None)
            if hit is not None:
                left.remove(hit)
                break
        else:
            missing.append(series)
    flows: dict[str, float] = {}
    for series in missing:
        flows[series["flow"]] = flows.get(series["flow"], 0.0) + abs(series["total"])
    for flow, total in list(flows.items()):
        if any(_near(v, total) for v in left):
            del flows[flow]
    allowed = [abs(s["total"]) for s in truth["series"] if s.get("optional")]
    allowed += [abs(x) for s in truth["series"] for x in s.get("also", ())]
    strange = [v for v in left if v > 1e-9 and not any(_near(v, a) for a in allowed)]
    if flows:
        return "wrong", f"missing {flows}; left {strange[:6]}; found {found[:8]}"
    return "right", f"{'with ' if hinted else ''}{len(found)} series" + (
        f"; beside them {strange[:4]}" if strange else ""
    )


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= max(1e-6, 0.002 * abs(b), 0.0051 if abs(b) < 1 else 0)


def bills(only: str) -> list[tuple[str, str, str]]:
    """Verdict, name, and what was seen of each case of bills, each in a workspace that knows its place."""
    with (CASES / "bills/truth.csv").open(encoding="utf-8", newline="") as handle:
        rows = [r for r in csv.DictReader(handle) if only in r["file"]]
    with tempfile.TemporaryDirectory() as folder:
        config = BILLS
        for k, row in enumerate(rows):
            aliases = [a for a in row["aliases"].split("|") if a]
            config += f'[[sites]]\nid = "s{k}"\nname = "{row["site"]}"\naliases = {aliases!r}\n'
            config += f'entity = "group"\nregion = "{row["region"]}"\n'
        workspace = create_workspace(Path(folder) / "w", config)
        for name in PUBLICATIONS:
            import_factors(workspace, CASES.parent / "factors" / name, now=NOW)
        return [(*bill(workspace, row), row["file"]) for row in rows]


BILLS = '[organisation]\nname = "Bills"\ncurrency = "GBP"\n[[entities]]\nid = "group"\n'
PUBLICATIONS = (
    "uk_desnz/ghg-conversion-factors-2023-flat-file-update.xlsx",
    "us_epa/ghg-emission-factors-hub-2024.xlsx",
)
NOW = datetime(2026, 11, 29)


def bill(workspace: Workspace, truth: dict[str, str]) -> tuple[str, str]:
    """`right`, `asked`, `refused` or `wrong`, and what was seen, of one file of bills."""
    path = CASES / "bills/files" / truth["file"]
    try:
        done = add_file(workspace, path, now=NOW, template=truth["as"])
    except AbateError as error:
        return ("refused" if truth["expect"] == "activities" else "asked"), str(error)
    rows = [a for a in workspace.store.rows("activities") if a["import_id"] == done.import_id]
    told = [
        f"{f['code']} {f['message']} {f['hint']}"
        for f in workspace.store.rows("findings")
        if f["origin"] == done.import_id
    ]
    parts = [p.split(" ") for p in truth["activities"].split("; ") if p]
    wanted = [(read_unit(u), float(q), *span.split(".."), kind) for kind, q, u, span in parts]
    entered = True
    for unit, quantity, first, last, kind in wanted:
        assert unit is not None
        mine = sum(
            a["quantity"]
            for a in rows
            if a["kind"] == kind
            and first <= a["month"] <= last
            and a["unit"].removesuffix("_gross") == unit.canonical
        )
        allowed = float(truth["tolerance"]) * quantity * unit.scale
        entered = entered and abs(mine - quantity * unit.scale) <= max(allowed, 1e-6)
    if truth["expect"] == "activities":
        strange = any(not any(f <= a["month"] <= z for _, _, f, z, _ in wanted) for a in rows)
        if entered and not strange:
            return "right", f"{len(rows)} activities"
        return ("wrong" if rows and not done.quarantined_count else "asked"), " ".join(told)[:200]
    said = re.search(truth["about"] or ".", " ".join(told), re.IGNORECASE)
    if said and (done.quarantined_count or not rows or (wanted and entered)):
        return "asked", " ".join(told)[:200]
    return "wrong", " ".join(told)[:200] or "nothing was asked"


def speed(rows: int) -> list[str]:
    """How fast files enter: the example group's in one pass, one alone, and a large CSV beside DuckDB's reader."""
    told = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        example = example_module(example_folder())
        files = example.generate(folder / "raw", lambda _: None)
        workspace = create_workspace(folder / "group", example.config())
        ensure_default_factors(workspace, NOW)
        begun = time.perf_counter()
        became = add_files(workspace, files, now=NOW)
        wall = time.perf_counter() - begun
        refused = sum(isinstance(b, AbateError) for b in became)
        told.append(f"{len(files)} files of the example group: {wall:.1f} s, {refused} refused")
        one = folder / "one-electricity.csv"
        one.write_text("site,month,consumption,unit\nHangzhou campus,2023-05,1000,kWh\n")
        begun = time.perf_counter()
        add_files(workspace, [one], now=NOW)
        told.append(f"one file after start: {time.perf_counter() - begun:.2f} s")
        large = folder / "electricity.csv"
        with large.open("w") as out:
            out.write("site,month,meter,consumption,unit,invoice\n")
            out.writelines(
                f"S,2024-{k % 12 + 1:02d},m{k % 1000},{k % 977 + 0.25},kWh,I-{k}\n"
                for k in range(rows)
            )
        workspace = create_workspace(
            folder / "large",
            BILLS + '[[sites]]\nid = "s"\nname = "S"\nentity = "group"\nregion = "GB"\n',
        )
        begun, cpu = time.perf_counter(), time.process_time()
        (done,) = add_files(workspace, [large], now=NOW)
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
        assert not isinstance(done, AbateError)
        assert done.accepted_count + done.quarantined_count == rows
        begun = time.perf_counter()
        with duckdb.connect() as con:
            con.execute(f"create table t as select * from read_csv('{large}', all_varchar = true)")
        plain = time.perf_counter() - begun
        told.append(
            f"{rows:,} rows of CSV: {wall:.1f} s, {cpu:.1f} s of CPU, {rows / cpu:,.0f} rows a second"
            f" and core; DuckDB's reader into a table of texts: {plain:.2f} s, {wall / plain:.0f} times"
        )
    return told


def store(minutes: int, count: int) -> list[str]:
    """How fast a file of one-minute readings is loaded into the meter store, beside DuckDB's reader.

    Args:
        minutes: Length of the series.
        count: Meters.
    """
    told = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wide, long = folder / "wide.csv", folder / "long.parquet"
        with duckdb.connect() as con:
            step = (
                f"timestamp '2023-01-01' + interval (m) minute as time from range({minutes}) t(m)"
            )
            columns = ", ".join(
                f"round({1 + k / 20} * (1 + 0.3 * sin(m / 229.2)) * (0.8 + 0.4 * random()), 3)"
                f' as "M{k:03d} kWh"'
                for k in range(count)
            )
            con.execute(f"create table w as select {columns}, {step}")
            con.execute(
                f"copy (select strftime(time, '%Y-%m-%d %H:%M') as time, * exclude (time) from w)"
                f" to '{wide}'"
            )
            con.execute(
                f"copy (select time, replace(meter, ' kWh', '') as meter, kwh from (unpivot w on"
                f" columns(* exclude (time)) into name meter value kwh) order by meter, time) to"
                f" '{long}'"
            )
            for path, reader in ((wide, "read_csv"), (long, "read_parquet")):
                begun = time.perf_counter()
                con.execute(f"create or replace table t as select * from {reader}('{path}')")
                plain = time.perf_counter() - begun
                done = subprocess.run(
                    [sys.executable, __file__, "--load", str(path)],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                loaded, wall, peak, one, year, size = json.loads(done.stdout)
                assert loaded == minutes * count
                told.append(
                    f"{count} meters, {minutes:,} minutes, {path.suffix[1:]} of"
                    f" {path.stat().st_size >> 20} MiB: {loaded:,} readings loaded in {wall:.1f} s,"
                    f" peak memory {peak:,.0f} MB, {size / loaded:.1f} bytes a reading; DuckDB's"
                    f" reader into a table {plain:.1f} s, {wall / plain:.0f} times; usage of one"
                    f" meter {one:.2f} s, the year posted by month {year:.1f} s"
                )
    return told


def load(path: Path) -> None:
    """Load a file of readings in a process of its own, and print what it took."""
    with tempfile.TemporaryDirectory() as name:
        workspace = create_workspace(
            Path(name) / "w",
            BILLS + '[[sites]]\nid = "s"\nname = "S"\nentity = "group"\nregion = "GB"\n',
        )
        begun = time.perf_counter()
        spec = LoadSpec(site="s", kind="electricity", zone="UTC", unit="kWh")
        done = load_readings(workspace, path, spec, now=NOW)
        wall = time.perf_counter() - begun
        status = Path("/proc/self/status").read_text()  # rusage counts what the parent had
        peak = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1000
        begun = time.perf_counter()
        usage_of(workspace, [done.meters[0]])
        one = time.perf_counter() - begun
        begun = time.perf_counter()
        post_usage(workspace, "FY2023", now=NOW)
        year = time.perf_counter() - begun
        size = sum(workspace.store.sizes("readings").values())
        print(json.dumps([done.reading_count, wall, peak, one, year, size]))


def main() -> None:
    """Print the scores."""
    options = argparse.ArgumentParser()
    options.add_argument("--load", type=Path, help="Load this file and print what it took.")
    options.add_argument("--meters", type=int, default=100, help="Meters of the store.")
    options.add_argument("--minutes", type=int, default=525_600, help="Their readings.")
    options.add_argument("--only", default="", help="Part of a file's name.")
    options.add_argument("--rows", type=int, default=1_000_000, help="Rows of the large file.")
    chosen = options.parse_args()
    if chosen.load:
        load(chosen.load)
        return
    truth = json.loads((CASES / "meters/truth.json").read_text())
    meters = [
        (*judged(about, CASES / "meters" / name), name)
        for name, about in truth.items()
        if chosen.only in name
    ]
    for title, found in (("meters", meters), ("bills", bills(chosen.only))):
        counts: dict[str, int] = {}
        for verdict, seen, name in found:
            counts[verdict] = counts.get(verdict, 0) + 1
            print(f"{verdict:8} {name:32} {seen[:300]}")
        print(title, counts)
    for line in (*speed(chosen.rows), *store(chosen.minutes, chosen.meters)):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
