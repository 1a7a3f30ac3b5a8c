"""Forecasts on GEFCom2014, savings on meters whose truth is known, and ten thousand meters at once.

`python benchmarks/forecasting.py [load wind sun savings coverage meters estimates] [--small]`

Beside ours, in the same run: climatology and the competition's official benchmark (load), gradient
boosting on the winds of the farm alone (wind), on weather alone and climatology (sun).
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("ABATE_SHARED", ROOT.parent / "shared")) / "data" / "energy"
GEFCOM = DATA / "gefcom2014"
SMALL = "--small" in sys.argv
HOUR = np.timedelta64(3600, "s")


def told(what: str, **values: object) -> None:
    print(
        what.ljust(28),
        " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in values.items()),
        flush=True,
    )


def track(name: str, *arguments: str) -> dict:
    """A track of the competition, as a process of its own on one core or more."""
    command = [sys.executable, str(ROOT / "benchmarks" / "gefcom.py"), name, "--json", *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    return json.loads(done.stdout)


def load() -> None:
    """Load by months, without temperatures of the month; each way and climatology beside it."""
    file = ("--data", str(GEFCOM / "load.parquet"), "--workers", "2")
    ours = track("load", *file, "--tasks", "4" if SMALL else "4-12")
    told("load, ours", mean=ours["mean"], cpu_s=ours["cpu_s"], **ours["scores"])
    for name, beside in ours["beside"].items():
        told(f"load, {name}", mean=beside["mean"], **beside["by_quarter"])
    with (GEFCOM / "load_benchmark_scores.csv").open() as handle:
        official = {r["task"]: float(r["benchmark_pinball"]) for r in csv.DictReader(handle)}
    weights = np.arange(1, len(ours["scores"]) + 1)
    gains = [1 - score / official[task] for task, score in ours["scores"].items()]
    told("load, official benchmark", mean=float(np.mean([official[t] for t in ours["scores"]])))
    told("load, our rating", rating=float((weights * gains).sum() / weights.sum()))
    if not SMALL:
        past = track("load", *file, "--months", "2008-01:2010-12")
        for name, beside in past["beside"].items():
            told(f"2008 to 2010, {name}", mean=beside["mean"], **beside["by_quarter"])


def wind() -> None:
    """Ten farms by months."""
    file = ("--data", str(GEFCOM / "wind.parquet"), "--tasks", "4" if SMALL else "4-12")
    extra = ["--component", "forest"] if SMALL else ["--workers", "2"]
    ours = track("wind", *file, *extra)
    told("wind, ours", mean=ours["mean"], cpu_s=ours["cpu_s"], **ours["scores"])
    if not SMALL:
        boosted = track("wind", *file, "--component", "boosted", "--workers", "2")
        told("wind, boosting alone", mean=boosted["mean"], cpu_s=boosted["cpu_s"])


def sun() -> None:
    """Three roofs by months, with forecast weather and without any."""
    from gefcom import ROOFS, _horizon, _months, _sun, tasks_of

    from abate.adapters.readers.series import read_series
    from abate.algorithms.forecasting.baselines import climatology
    from abate.algorithms.forecasting.scores import pinball
    from abate.algorithms.forecasting.series import observed
    from abate.energy.planners.generation import forecast_generation

    tasks = "1" if SMALL else "1-5"
    power, nwp = (GEFCOM / f"solar_{n}.parquet" for n in ("power", "nwp"))
    files = ["--data", str(power), "--weather", str(nwp), "--tasks", tasks, "--workers", "2"]
    ours = track("sun", *files)
    told("sun, ours", mean=ours["mean"], cpu_s=ours["cpu_s"], **ours["scores"])
    if not SMALL:
        boosted = track("sun", *files, "--component", "boosted")
        told("sun, boosting alone", mean=boosted["mean"], cpu_s=boosted["cpu_s"])
    series = read_series(power, stamp="end", checked=False)
    weather = read_series(nwp, stamp="end", checked=False)
    physics, usual = [], []
    for month in _months("sun", tasks_of(tasks), series, Path("solar_power.parquet")):
        steps = _horizon(month)
        for zone, (_, start, line, _) in _sun(series, weather).items():
            known = observed((zone,), start, line[None]).as_of(steps[0])
            actual = line[np.searchsorted(start, steps)]
            made = forecast_generation(ROOFS[zone], known, steps)
            physics.append(float(pinball(actual, made.quantiles).mean()))
            usual.append(
                float(pinball(actual, climatology(known, steps, window_days=15)[0]).mean())
            )
    told("sun, ours without weather", mean=float(np.mean(physics)))
    told("sun, climatology by hour", mean=float(np.mean(usual)))


def savings() -> None:
    """Synthetic meters: balance points 60 and 65 °F, savings 10 %."""
    from abate.adapters.readers.series import FileStyle, read_series
    from abate.application.energy.savings import estimate, read_usage

    folder = DATA / "eemeter_samples"
    meta = json.loads((folder / "metadata.json").read_text())
    weather = read_series(folder / "il-tempF.csv.gz", checked=False)
    for name, facts in meta.items():
        if not name.startswith("il-"):
            continue
        usage = read_usage(folder / facts["meter_data_filename"], FileStyle(zone="America/Chicago"))
        until, since = (
            date.fromisoformat(facts[f"blackout_{end}_date"]) for end in ("start", "end")
        )
        for confidence in (0.90, 0.95):
            (made,) = estimate(usage, weather, until=until, since=since, confidence=confidence)
            low, high = made.low / made.expected, made.high / made.expected
            told(
                name[3:],
                at=confidence,
                model=made.model.replace(" ", "-"),
                heats=made.heating_balance_point,
                cools=made.cooling_balance_point,
                saved=made.saved_share,
                low=low,
                high=high,
                inside=low <= 0.1 <= high,
                qualified=not made.reasons,
            )


def simulated(count: int, seed: int):
    """Meters of known savings.

    Two years of days, models 1P to 5P, noise that grows with usage and is correlated.
    """
    from abate.energy.planners.savings import Side

    rng = np.random.default_rng(seed)
    days = np.arange(730)
    warmth = rng.normal(0, 3.5, (count, 730))
    for d in range(1, 730):
        warmth[:, d] = 0.7 * warmth[:, d - 1] + np.sqrt(0.51) * warmth[:, d]
    t = warmth + 15 - 14 * np.cos(2 * np.pi * (days - 20) / 365.25)
    kind = rng.integers(0, 4, count)
    heating = rng.uniform(10, 17, count)
    cooling = heating + rng.uniform(1, 6, count)
    up = np.where(np.isin(kind, (1, 3)), rng.uniform(0.3, 1.5, count), 0)[:, None]
    down = np.where(np.isin(kind, (2, 3)), rng.uniform(0.3, 1.5, count), 0)[:, None]
    level = (
        rng.uniform(5, 20, count)[:, None]
        + up * np.maximum(heating[:, None] - t, 0)
        + down * np.maximum(t - cooling[:, None], 0)
    )
    rho, noise = rng.uniform(0, 0.6, count), rng.normal(0, 1, (count, 730))
    for d in range(1, 730):
        noise[:, d] = rho * noise[:, d - 1] + np.sqrt(1 - rho**2) * noise[:, d]
    mean = level.mean(axis=1, keepdims=True)
    power = rng.choice([0.0, 0.5, 1.0], count)[:, None]
    usage = level + rng.uniform(0.05, 0.25, count)[:, None] * mean * (level / mean) ** power * noise
    saved = level[:, 365:] * rng.uniform(0, 0.2, count)[:, None]
    usage[:, 365:] -= saved
    one, period = np.ones(365), np.arange(365)
    return (
        Side(t[:, :365], period, usage[:, :365], one),
        Side(t[:, 365:], period, usage[:, 365:], one),
        saved.sum(axis=1),
    )


def coverage() -> None:
    """How often the 90 % range of a simulated meter holds what was saved."""
    from abate.energy.planners.savings import savings as estimated

    count = 200 if SMALL else 6000
    before, after, truth = simulated(count, 11)
    made = estimated(tuple(map(str, range(count))), before, after, kind="daily", confidence=0.9)
    inside = np.array([m.low <= s <= m.high for m, s in zip(made, truth, strict=True)])
    told("coverage of 90 %", meters=count, inside=float(inside.mean()))


def estimates() -> None:
    """Savings of ten thousand meters with a year of days on either side."""
    from abate.energy.planners.savings import savings as estimated

    count = 300 if SMALL else 10_000
    before, after, _ = simulated(count, 5)
    estimated(
        ("warm",),
        *(type(s)(s.temperature[:1], s.period, s.usage[:1], s.days) for s in (before, after)),
        kind="daily",
    )
    begun = time.perf_counter()
    made = estimated(tuple(map(str, range(count))), before, after, kind="daily")
    told("savings estimates", meters=len(made), wall_s=time.perf_counter() - begun)


def write_meters(path: Path, weather: Path, count: int) -> None:
    """A long Parquet file of hourly meters over a year, and its temperature."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    hours = np.arange(8760)
    start = (np.datetime64("2023-01-01", "s") + hours * HOUR).astype("datetime64[us]")
    t = (
        15
        - 10 * np.cos(2 * np.pi * (hours - 500) / 8760)
        + 5 * np.sin(2 * np.pi * (hours - 9) / 24)
    )
    t = t + np.repeat(rng.normal(0, 3, 365), 24)
    pq.write_table(pa.table({"start": start, "temperature": t}), weather)
    writer = None
    for k in range(0, count, 500):
        some = min(500, count - k)
        base, swing, cool = (
            rng.uniform(5, 50, (some, 1)),
            rng.uniform(0.1, 0.5, (some, 1)),
            rng.uniform(0, 0.05, (some, 1)),
        )
        usage = base * (
            1 + swing * np.sin(2 * np.pi * (hours - 8) / 24) + cool * np.maximum(t - 18, 0)
        )
        usage = (
            usage
            * (1 - 0.1 * ((hours // 24) % 7 >= 5))
            * (1 + 0.05 * rng.standard_normal((some, 8760)))
        )
        names = np.repeat(np.array([f"m{k + i:05d}" for i in range(some)], object), 8760)
        table = pa.table(
            {
                "meter": pa.array(names).dictionary_encode(),
                "start": np.tile(start, some),
                "kwh": usage.ravel().astype(np.float32),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=8760 * 50)
    if writer is not None:
        writer.close()


def memory_kb(root: int) -> int:
    """Proportional memory of a process and of its children."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                )
            except OSError:
                continue
    total = 0
    for pid in parents:
        at = pid
        while at not in (root, 0, 1) and at in parents:
            at = parents[at]
        if at == root:
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def meters() -> None:
    """Read, fit and forecast a day for ten thousand meters by the command line.

    Each has a year of hours.
    """
    count = 300 if SMALL else 10_000
    with tempfile.TemporaryDirectory() as folder:
        file, weather, output = (
            Path(folder) / n for n in ("meters.parquet", "weather.parquet", "ahead.parquet")
        )
        write_meters(file, weather, count)
        command = [
            sys.executable,
            "-m",
            "abate",
            "forecast",
            str(file),
            "--weather",
            str(weather),
            "--country",
            "CN",
            "--workers",
            "2",
            "--output",
            str(output),
            "--json",
        ]
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        peak = [0]

        def watch() -> None:
            while process.poll() is None:
                peak[0] = max(peak[0], memory_kb(process.pid))
                time.sleep(0.3)

        watcher = threading.Thread(target=watch)
        watcher.start()
        said, _ = process.communicate()
        watcher.join()
        assert process.returncode == 0
        spent = time.perf_counter() - begun
        told(
            "meters, a day ahead",
            meters=json.loads(said)["meters"],
            wall_s=spent,
            peak_gb=peak[0] / 1e6,
        )


PARTS = {f.__name__: f for f in (load, wind, sun, savings, coverage, meters, estimates)}

if __name__ == "__main__":
    chosen = [a for a in sys.argv[1:] if not a.startswith("-")] or list(PARTS)
    for part in chosen:
        PARTS[part]()
