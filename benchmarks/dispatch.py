"""Dispatch of a site: the exact way beside HiGHS, a year of 1,000 sites, a general programme.

`python benchmarks/dispatch.py [--small]`
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np

from abate.algorithms.dispatch.general import solve
from abate.energy.facts.microgrids import Battery, Deferrable, Microgrid, Peak
from abate.energy.planners import dispatch as planner
from abate.energy.planners.dispatch import _options, _programmed, _told, dispatch
from abate.energy.planners.rolling import Outlooks, roll

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
    wash = tuple(
        Deferrable(f"wash {d}", d * 24, d * 24 + 24, 30.0, 10.0) for d in range(HOURS // 24)
    )
    several = replace(several, deferrables=wash)
    in_solver: list[float] = []

    def timed_solve(programme):
        made = solve(programme)
        in_solver.append(made.seconds)
        return made

    planner.solve = timed_solve
    began = time.perf_counter()
    found = dispatch(several)
    whole = time.perf_counter() - began
    print(
        f"three batteries, a demand charge, a load to move each day: {whole:.2f} s, {found.way};"
        f" {whole / in_solver[0]:.2f} times the solver alone"
    )
    at = np.minimum(np.arange(HOURS)[:, None] + np.arange(48)[None], HOURS - 1)
    outlooks = Outlooks(one.load_kw[at], one.generation_kw[at])
    roll(one, outlooks)
    print(f"rolling year, 48 hours ahead at every hour: {timed(lambda: roll(one, outlooks)):.2f} s")


if __name__ == "__main__":
    main()
