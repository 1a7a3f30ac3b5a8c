"""Matching by the hour and claims: 1,000 sites of a year, in whole watt-hours, retired in a ledger.

`python benchmarks/matching.py [--small]`
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np

from abate.adapters.store import lots as ledger
from abate.adapters.store.workspace import Workspace
from abate.application.energy.lots import claim_lots, issue_transfers
from abate.application.energy.matchings import YearMatched, place_of, spread_claims
from abate.application.opening import create_workspace
from abate.energy.facts.lots import HELD, Device
from abate.energy.planners.matching import match_hours

SMALL = "--small" in sys.argv
NOW = datetime(2026, 1, 1)
CONFIG = """[organisation]
name = "Group"
currency = "CNY"
[[entities]]
id = "group"
name = "Group"
[[sites]]
id = "hq"
name = "Headquarters"
entity = "group"
region = "CN"
"""


def main() -> None:
    draw = np.random.default_rng(1)
    sites, devices, count = (20, 10, 480) if SMALL else (1000, 300, 8760)
    hours = np.datetime64("2024-01-01", "s") + np.arange(count) * np.timedelta64(3600, "s")
    loads = draw.integers(10_000, 900_000, (sites, count))
    lots = draw.integers(0, 3_000_000, (devices, count)) * (draw.random((devices, count)) < 0.5)
    names = tuple(map(str, range(sites))), tuple(map(str, range(devices)))
    match_hours(hours[:2], names[0], loads[:, :2], names[1], lots[:, :2])
    for basis in ("hourly", "monthly"):
        began = time.perf_counter()
        made = match_hours(hours, names[0], loads, names[1], lots, basis=basis)
        seconds = time.perf_counter() - began
        rest = int(made.claims[:, 3].sum() + made.left_wh.sum() - lots.sum())
        print(
            f"{basis}: {sites:,} sites, {count:,} hours, {len(made.claims):,} claims in"
            f" {seconds:.2f} s; matched {made.matched_share:.1%} of {made.volumetric_share:.1%};"
            f" {rest} Wh made or lost"
        )
    with tempfile.TemporaryDirectory() as folder:
        workspace = create_workspace(Path(folder) / "w", CONFIG)
        retired(workspace, hours, names, loads, lots)


def retired(workspace: Workspace, hours, names, loads, lots) -> None:
    """Lots read from the ledger, matched, and retired there as one act."""
    began = time.perf_counter()
    facts = [Device(name, "wind", "CN") for name in names[1]]
    issue_transfers(workspace, facts, hours, lots, now=NOW, file="meters")
    print(f"issued: {int((lots > 0).sum()):,} lots in {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    held = ledger.standing(workspace, HELD)
    made = match_hours(hours, names[0], loads, names[1], lots)
    places = place_of(held, names[1], hours, hours, "hourly")
    fresh = spread_claims(made.claims, held, places)
    told = YearMatched("FY2024", made, {}, {}, None, None, hours, held, fresh, ())
    act = claim_lots(workspace, told, now=NOW)
    seconds = time.perf_counter() - began
    there = ledger.standing(workspace, "%")
    claimed = int(there.wh[np.char.startswith(there.account, "retired:")].sum())
    left = int(there.wh[there.account == HELD].sum())
    print(
        f"matched and retired: {act.rows:,} transfers in {seconds:.2f} s;"
        f" {claimed + left - int(lots.sum())} Wh made or lost, {int(there.wh.sum())} in all"
    )


if __name__ == "__main__":
    main()
