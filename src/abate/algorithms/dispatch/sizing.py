"""Sizes of generators and storages with the dispatch of their time: one linear programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from abate.algorithms.dispatch.general import FREE, Columns, Highest, put_highest, run

UNMET_RATIO = 10.0
"""What a kWh of load that nothing meets costs, in that of a share that is missed."""
LARGE = 2_000
"""Steps from which the interior point method is the faster one."""


@dataclass(frozen=True, slots=True)
class Generator:
    """A generator of which the size is sought.

    Args:
        profile: Energy of a step by kW `(n,)` [kWh].
        cost: Of a kW over its life.
        most: Largest size [kW].
        fixed: Smallest size, such as what stands already [kW].
    """

    profile: Any
    cost: float
    most: float
    fixed: float = 0.0


@dataclass(frozen=True, slots=True)
class Storage:
    """A storage of which power and energy are sought.

    Args:
        cost_kw: Of a kW over its life.
        cost_kwh: Of a kWh.
        most_kw: Largest power.
        most_kwh: Largest energy.
        efficiency: Share of what goes in that is stored, and of what is stored that comes out.
        keep: Share of what is stored that is left after a step.
        low_share: Least that is stored.
        wear: Of a kWh out.
        fixed_kw: Smallest power.
        fixed_kwh: Smallest energy.
    """

    cost_kw: float
    cost_kwh: float
    most_kw: float
    most_kwh: float
    efficiency: tuple[float, float]
    keep: float
    low_share: float
    wear: float
    fixed_kw: float = 0.0
    fixed_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class Sizing:
    """What is to be decided, over `n` steps that repeat.

    Args:
        load: What is needed `(n,)` [kWh].
        buy: Cost of a kWh taken `(n,)`.
        sell: What a kWh fed in brings `(n,)`.
        import_most: Most that is taken in a step [kWh].
        export_most: Most that is fed in in a step [kWh].
        generators: Generators.
        storages: Storages.
        highest: Costs of the highest steps of what is taken.
        hours: Length of a step [h].
        self_use: Least share of what is generated and used that is not fed in.
        supply: Least share of the load that is not taken from the grid.
        breach: Cost of a kWh beyond a limit.
    """

    load: Any
    buy: Any
    sell: Any
    import_most: Any
    export_most: Any
    generators: tuple[Generator, ...]
    storages: tuple[Storage, ...]
    highest: tuple[Highest, ...]
    hours: float
    self_use: float
    supply: float
    breach: float


@dataclass(frozen=True, slots=True)
class Sized:
    """What a sizing comes to.

    Args:
        cost: Its least cost.
        generators_kw: Size of each generator.
        storages: Power and energy of each storage [kW, kWh].
        taken: From the grid `(n,)` [kWh].
        fed: Into it `(n,)` [kWh].
        used: Of each generator `(generators, n)` [kWh].
        moves: Into and out of each storage `(storages, n, 2)` [kWh].
        stored: In it after each step `(storages, n)` [kWh].
        beyond: Load that nothing met, self-use and supply that were missed [kWh].
    """

    cost: float
    generators_kw: Any
    storages: Any
    taken: Any
    fed: Any
    used: Any
    moves: Any
    stored: Any
    beyond: tuple[float, float, float]


def size(problem: Sizing) -> Sized:
    """Sizes and dispatch of least cost; limits that cannot be kept are broken at a cost.

    Storages end as they begin: the steps stand for all years.

    Raises:
        ArithmeticError: Where the solver finds no optimum.
    """
    p, n, made = problem, len(problem.load), Columns()
    taken = made.add(p.buy, p.import_most, shape=(n,))
    fed = made.add(-np.asarray(p.sell), p.export_most, shape=(n,))
    unmet = made.add(UNMET_RATIO * p.breach, FREE, shape=(n,))
    balance = made.row(p.load, p.load, n)
    for columns, sign in ((taken, 1.0), (unmet, 1.0), (fed, -1.0)):
        made.put(balance, columns, sign)
    used, sizes = [], []
    for g in p.generators:
        kw = made.add(g.cost, g.most, g.fixed, shape=(1,))
        gives = made.add(0.0, FREE, shape=(n,))
        made.put(balance, gives, 1.0)
        within = made.row(-FREE, 0.0, n)
        made.put(within, gives, 1.0)
        made.put(within, kw, -np.asarray(g.profile))
        used.append(gives)
        sizes.append(kw)
    stores = [_storage(made, s, balance, p.hours) for s in p.storages]
    missed = made.add(p.breach, FREE, shape=(2,))
    if p.self_use:
        share = made.row(-FREE, 0.0, 1)
        made.put(share, fed, 1.0)
        for gives in used:
            made.put(share, gives, p.self_use - 1.0)
        made.put(share, missed[:1], -1.0)
    if p.supply:
        limit = (1.0 - p.supply) * float(np.sum(p.load))
        share = made.row(-FREE, limit, 1)
        made.put(share, taken, 1.0)
        made.put(share, missed[1:], -1.0)
    for one in p.highest:
        put_highest(made, one, (taken,))
    values, cost, _ = run(made, solver="ipm" if n > LARGE else "choose")
    return Sized(
        cost,
        np.array([float(values[kw][0]) for kw in sizes]),
        np.array([[float(values[c][0]) for c in s[:2]] for s in stores]).reshape(len(stores), 2),
        values[taken],
        values[fed],
        np.array([values[gives] for gives in used]).reshape(len(used), n),
        np.array([np.stack([values[s[2]], values[s[3]]], axis=1) for s in stores]).reshape(
            len(stores), n, 2
        ),
        np.array([values[s[4]] for s in stores]).reshape(len(stores), n),
        (float(values[unmet].sum()), float(values[missed[0]]), float(values[missed[1]])),
    )


def _storage(made: Columns, one: Storage, balance: Any, hours: float) -> tuple[Any, ...]:
    """Columns of a storage: power, energy, in, out, stored."""
    n = len(balance)
    gain, back = one.efficiency
    kw = made.add(one.cost_kw, one.most_kw, one.fixed_kw, shape=(1,))
    kwh = made.add(one.cost_kwh, one.most_kwh, one.fixed_kwh, shape=(1,))
    into = made.add(0.0, FREE, shape=(n,))
    out = made.add(one.wear, FREE if back > 0 else 0.0, shape=(n,))
    stored = made.add(0.0, FREE, shape=(n,))
    made.put(balance, into, -1.0)
    made.put(balance, out, 1.0)
    for columns in (into, out):
        within = made.row(-FREE, 0.0, n)
        made.put(within, columns, 1.0)
        made.put(within, kw, -hours)
    for low, high, share in ((-FREE, 0.0, 1.0), (0.0, FREE, one.low_share)):
        if share:
            within = made.row(low, high, n)
            made.put(within, stored, 1.0)
            made.put(within, kwh, -share)
    state = made.row(0.0, 0.0, n)
    made.put(state, stored, 1.0)
    made.put(state, np.roll(stored, 1), -one.keep)
    made.put(state, into, -gain)
    made.put(state, out, 1.0 / back if back > 0 else 0.0)
    return kw, kwh, into, out, stored
