"""Dispatch of a site: the exact way beside HiGHS, a year of 1,000 sites, a general programme.

`python benchmarks/dispatch.py [--small]`
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np

from abate.energy.facts.microgrids import Battery, Microgrid, Peak
from abate.energy.planners.dispatch import _options, _programmed, _told, dispatch

SMALL = "--small" in sys.argv
HOURS = 240 if SMALL else 8760


def site(seed: int) -> Microgrid:
    """A site by chance: a day's shape of load and sun, prices by the hour, one battery."""
    draw = np.random.default_rng(seed)
    hour = np.arange(HOURS) % 24
    load = 40 + 25 * np.sin((hour - 8) / 24 * 2 * np.pi) + draw.normal(0, 4, HOURS)
    sun = np.maximum(np.sin((hour - 6) / 12 * np.pi), 0) * draw.uniform(0, 60, HOURS)
    buy = 0.12 + 0.08 * np.sin((hour - 12) / 24 * 2 * np.pi) + draw.normal(0, 0.03, HOURS)
    battery = Battery("b", 100, 40, 40, 0.95, 0.95, 0.0001, 0.1, 0.95, cycle_cost=0.01)
    return Microgrid(
        np.maximum(load, 0), buy, generation_kw=sun, sell_per_kwh=buy - 0.05, batteries=(battery,)
    )


def timed(work, times: int = 3) -> float:
    """Least seconds of some runs."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def main() -> None:
    one = site(1)
    options = _options(one)
    dispatch(one)
    exact = timed(lambda: dispatch(one), 10)
    linear = timed(lambda: _programmed(one, options))
    difference = dispatch(one).objective - _told(one, options, _programmed(one, options)).objective
    print(
        f"one battery, {HOURS} steps: exact {exact * 1e3:.1f} ms, programme {linear * 1e3:.0f} ms"
    )
    print(f"  {linear / exact:.0f} times faster, objectives differ by {difference:.1e}")
    count = 5 if SMALL else 1000
    sites = [site(k) for k in range(min(count, 50))]
    began = time.perf_counter()
    for k in range(count):
        dispatch(sites[k % len(sites)])
    print(f"{count} site-years: {time.perf_counter() - began:.1f} s")
    battery = one.batteries[0]
    several = replace(
        one,
        batteries=tuple(replace(battery, id=f"b{k}", energy_kwh=60.0 + k) for k in range(3)),
        peaks=(Peak("month", np.arange(HOURS) // 730, np.full(HOURS // 730 + 1, 9.0)),),
    )
    began = time.perf_counter()
    found = dispatch(several)
    whole = time.perf_counter() - began
    print(f"three batteries and a demand charge: {whole:.2f} s, {found.way}")


if __name__ == "__main__":
    main()
