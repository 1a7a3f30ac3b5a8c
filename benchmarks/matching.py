"""Matching by the hour: 1,000 sites of a year, in whole watt-hours.

`python benchmarks/matching.py [--small]`
"""

from __future__ import annotations

import sys
import time

import numpy as np

from abate.energy.planners.matching import match_hours

SMALL = "--small" in sys.argv


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


if __name__ == "__main__":
    main()
