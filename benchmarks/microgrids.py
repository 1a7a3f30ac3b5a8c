"""The 25 microgrids of pymgrid: total cost with perfect foresight and rolling, beside published totals.

`python benchmarks/microgrids.py [--data DIR] [--small]`. The published costs are of about the last
2,880 hours; their exact window is not documented. Rolling: 24 hours ahead, with the true values of
the day ahead, as the published controller has them, and with those of the day before.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
from pathlib import Path

import numpy as np

from abate.energy.facts.microgrids import Battery, Microgrid
from abate.energy.planners.dispatch import dispatch
from abate.energy.planners.rolling import Outlooks, roll

ARGUMENTS = sys.argv[1:]
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "energy" / "pymgrid25"
HOURS, AHEAD = 2880, 24


def series(path: Path) -> np.ndarray:
    """Columns of a file by step."""
    with gzip.open(path, "rt") as stream:
        rows = list(csv.reader(stream))[1:]
    return np.array([[float(v) for v in row[1:]] for row in rows])


def fields(text: str) -> dict[str, float]:
    """Numbers of a description by name."""
    found = {}
    for name, value in re.findall(r"^ +(\w+): (-?[\d.e+-]+)$", text, re.MULTILINE):
        found.setdefault(name, float(value))
    return found


def microgrid(folder: Path, row: dict[str, str]) -> Microgrid:
    """A microgrid over its last hours; a genset's least power is left out: the programme is linear."""
    told = fields((folder / f"{folder.name}.yaml").read_text())
    load = np.abs(series(folder / "LoadModule" / "time_series.csv.gz")[-HOURS:, 0])
    sun = series(folder / "RenewableModule" / "time_series.csv.gz")[-HOURS:, 0]
    n = len(load)
    buy = sell = np.zeros(n)
    limit = carbon = np.zeros(n)
    tax = float(row["cost_co2"])
    if (folder / "GridModule").is_dir():
        grid = series(folder / "GridModule" / "time_series.csv.gz")[-HOURS:]
        buy, sell, carbon, there = grid[:, 0], grid[:, 1], grid[:, 2], grid[:, 3]
        limit = float(row["grid_power_import"]) * there
    backup, cost = np.zeros(n), 0.0
    if row["genset_rated_power"]:
        backup = np.full(n, float(row["genset_rated_power"]) * float(row["genset_pmax"]))
        cost = float(row["fuel_cost"]) + tax * float(row["genset_co2"])
    share = told["efficiency"]
    battery = Battery(
        "battery",
        told["max_capacity"],
        told["max_charge"],
        told["max_discharge"],
        share,
        share,
        low_share=told["min_capacity"] / told["max_capacity"],
        start_share=max(float(row["battery_soc_0"]), told["min_capacity"] / told["max_capacity"]),
        end_share=told["min_capacity"] / told["max_capacity"],
        cycle_cost=told["battery_cost_cycle"],
    )
    return Microgrid(
        load,
        buy,
        1.0,
        sun,
        np.minimum(sell, buy),
        limit,
        limit if sell.any() else 0.0,
        (),
        load,
        float(row["cost_loss_load"]),
        carbon,
        tax,
        (battery,),
        (),
        backup,
        cost,
        float(row["cost_overgeneration"]),
    )


def foreseen(values: np.ndarray, *, late: int) -> np.ndarray:
    """What is foreseen at each step: true values, or those of `late` hours before."""
    n = len(values)
    at = np.arange(n)[:, None] + np.arange(AHEAD)[None] - late
    return values[np.clip(np.where(at >= n, at - 24, at), 0, n - 1)]


def main() -> None:
    folder = Path(ARGUMENTS[ARGUMENTS.index("--data") + 1]) if "--data" in ARGUMENTS else SHARED
    with (folder / "benchmark_costs.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    totals = dict.fromkeys(("perfect", "day ahead known", "day before", "RBC", "MPC"), 0.0)
    for k, row in enumerate(rows[: 2 if "--small" in ARGUMENTS else 25]):
        grid = microgrid(folder / f"microgrid_{k}", row)
        perfect = dispatch(grid).objective
        made = {"perfect": perfect}
        for name, late in (("day ahead known", 0), ("day before", 24)):
            outlooks = Outlooks(
                foreseen(grid.load_kw, late=late), foreseen(grid.generation_kw, late=late)
            )
            made[name] = roll(grid, outlooks).settled.objective
        made |= {name: float(row[name]) for name in ("RBC", "MPC")}
        for name, value in made.items():
            totals[name] += value
        print(f"{k:2d}", "  ".join(f"{n} {v:,.0f}" for n, v in made.items()))
    print("all", "  ".join(f"{n} {v / 1e6:,.2f} M" for n, v in totals.items()))


if __name__ == "__main__":
    main()
