"""Dispatch of a site: when storage charges, loads run, and the grid gives or takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abate.algorithms.dispatch.exact import plan, roll, uses
from abate.algorithms.dispatch.general import Highest, Programme, Shift, Store, solve
from abate.energy.facts.microgrids import Array, Battery, Microgrid

PENALTY_RATIO = 100.0
"""What a kWh beyond a limit costs, in the highest price of a kWh."""
PENALTY_MIN = 10.0
"""Least price of a kWh beyond a limit."""
STORAGE_RATIO = 10.0
"""What a kWh beyond the limits of a storage or a load counts, in that of one beyond the grid's."""
EXPORT, GENERATION, IMPORT, SHED, BACKUP = range(5)
"""Columns of options."""
NOTHING = 1e-7
"""Energy below which nothing is broken [kWh]."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that no dispatch keeps, and by how much it was broken.

    Args:
        limit: Its name: import, export, stored, stored-at-last, deferrable.
        of: What it is of: a battery, a deferrable load; empty for the connection.
        step: First step in which it is broken; -1 where it is of all steps.
        steps: In how many it is.
        kwh: By how much in all.
        most_kw: By how much at most, as power; 0 where it is not of power.
        penalty: What it counts in the objective.
    """

    limit: str
    of: str
    step: int
    steps: int
    kwh: float
    most_kw: float
    penalty: float

    @property
    def mend(self) -> str:
        """What would mend it."""
        return {
            "import": f"{self.most_kw:,.3f} kW more from the grid would keep it.",
            "export": f"{self.most_kw:,.3f} kW more into the grid would keep it.",
            "stored": f"Let '{self.of}' begin within its limits, or lose less.",
            "stored-at-last": f"{self.kwh:,.3f} kWh less at the end of '{self.of}' would keep it.",
            "deferrable": f"{self.kwh:,.3f} kWh less of '{self.of}', a longer window, or more power"
            " would keep it.",
        }[self.limit]


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A dispatch, over `n` steps.

    Args:
        import_kw: From the grid `(n,)`.
        export_kw: Into it `(n,)`.
        used_kw: Generation that is used, stored or sold `(n,)`.
        shed_kw: Load left out `(n,)`.
        backup_kw: From a generator of one's own `(n,)`.
        charge_kw: Into each battery, at the connection `(batteries, n)`.
        discharge_kw: Out of it `(batteries, n)`.
        stored_kwh: In it after each step `(batteries, n)`.
        deferred_kw: What each deferrable load takes `(deferrables, n)`.
        cost: Money: energy bought less sold, demand, wear, load left out, backup, curtailing.
        demand_cost: Of it for the highest power.
        wear_cost: Of it for the wear of batteries.
        carbon_kg: Of energy bought.
        objective: Cost with carbon at its price, and limits broken at their penalty.
        penalty_per_kwh: What a kWh beyond a limit counts in the objective.
        breaches: Limits that no dispatch keeps; empty where all are kept.
        way: `exact` for dynamic programming, `programme` for the linear programme, `rolled` where
            it was planned on forecasts.
    """

    import_kw: Array
    export_kw: Array
    used_kw: Array
    shed_kw: Array
    backup_kw: Array
    charge_kw: Array
    discharge_kw: Array
    stored_kwh: Array
    deferred_kw: Array
    cost: float
    demand_cost: float
    wear_cost: float
    carbon_kg: float
    objective: float
    penalty_per_kwh: float
    breaches: tuple[Breach, ...]
    way: str


@dataclass(frozen=True, slots=True)
class _Decided:
    """What was decided, as energy [kWh]."""

    taken: Array
    beyond: Array
    moves: Array
    stored: Array
    shifted: Array
    broken: tuple[Array, Array]
    way: str


def dispatch(grid: Microgrid) -> Dispatched:
    """The dispatch that costs least.

    One battery without anything that couples steps is planned exactly, step by step; everything
    else by a linear programme. A limit that cannot be kept is broken at a penalty and named.

    Args:
        grid: The site, its prices and limits.

    Raises:
        UsageError: `bad-dispatch`, `pays-to-pass-through`.

    Example:
        >>> prices = np.array([0.10, 0.30])
        >>> battery = Battery("b", 10, 5, 5, 1.0, 1.0, start_share=0)
        >>> found = dispatch(Microgrid(np.array([1.0, 4.0]), prices, batteries=(battery,)))
        >>> found.import_kw.tolist(), round(found.cost, 6)
        ([5.0, 0.0], 0.5)
    """
    options = _options(grid)
    decided = _exactly(grid, options) if is_simple(grid) else None
    return _told(grid, options, decided or _programmed(grid, options))


def is_simple(grid: Microgrid) -> bool:
    """Whether nothing but one battery couples the steps."""
    return len(grid.batteries) <= 1 and not grid.deferrables and not grid.peaks


@dataclass(frozen=True, slots=True)
class _Options:
    """The connection and what stands behind it, in kWh a step; see `algorithms.dispatch`."""

    load: Array
    left: Array
    slopes: Array
    lengths: Array
    under: Array
    over: Array
    penalty: float


def _options(grid: Microgrid) -> _Options:
    n, hours = len(grid.load_kw), grid.step_h
    bought = grid.bought
    others = (grid.shed_cost, grid.backup_cost, grid.curtail_cost)
    most = float(np.max(np.abs([*bought, *grid.sell_per_kwh, *others]), initial=0.0))
    penalty = max(PENALTY_RATIO * most, PENALTY_MIN)
    room = float(np.max(grid.load_kw) + np.max(grid.generation_kw))
    room += sum(b.charge_kw + b.discharge_kw for b in grid.batteries)
    room += sum(d.power_kw for d in grid.deferrables) + 1.0
    kinds = BACKUP + int(grid.backup_kw.any())
    slopes = np.empty((n, kinds))
    slopes[:, EXPORT], slopes[:, GENERATION] = grid.sell_per_kwh, -grid.curtail_cost
    slopes[:, IMPORT], slopes[:, SHED] = bought, grid.shed_cost
    lengths = np.empty((n, kinds))
    lengths[:, EXPORT] = np.minimum(grid.export_max_kw, room) * hours
    lengths[:, IMPORT] = np.minimum(grid.import_max_kw, room) * hours
    if kinds > BACKUP:
        slopes[:, BACKUP], lengths[:, BACKUP] = grid.backup_cost, grid.backup_kw * hours
    lengths[:, GENERATION] = grid.generation_kw * hours
    lengths[:, SHED] = np.minimum(grid.shed_kw, grid.load_kw) * hours
    return _Options(
        grid.load_kw * hours,
        -lengths[:, EXPORT],
        slopes,
        lengths,
        slopes[:, EXPORT] - penalty,
        slopes[:, IMPORT] + penalty,
        penalty,
    )


def _store(battery: Battery, n: int, hours: float) -> Store:
    energy = battery.energy_kwh
    return Store(
        np.full(n, battery.charge_kw * hours),
        np.full(n, battery.discharge_kw * hours),
        (battery.charge_efficiency, battery.discharge_efficiency),
        (0.0, battery.cycle_cost),
        (1.0 - battery.self_discharge_share) ** hours,
        float(battery.low_share * energy),
        float(battery.high_share * energy),
        float(battery.start_share * energy),
        float(battery.ends_at * energy),
    )


def rolled(grid: Microgrid, load_kw: Array, generation_kw: Array) -> Dispatched:
    """What a site with one battery comes to that is planned on forecasts; see `rolling.roll`.

    Args:
        grid: The site, with what came.
        load_kw: Load foreseen at each step for it and those after it `(n, ahead)`.
        generation_kw: Generation, the same.
    """
    o, hours = _options(grid), grid.step_h
    n = len(o.load)
    one = _store(grid.batteries[0], n, hours)
    moves, stored = np.zeros((n, 2)), np.zeros(n)
    roll(
        o.load,
        (np.ascontiguousarray(load_kw * hours), np.ascontiguousarray(generation_kw * hours)),
        *(GENERATION, o.left, o.slopes, o.lengths, o.under, o.over, one.charge, one.discharge),
        *(np.array(one.wear), np.array(one.efficiency)),
        *(one.keep, one.low, one.high, one.start, one.end, moves, stored),
    )
    return settle(grid, moves[None], stored[None], np.zeros((0, n)))


def settle(grid: Microgrid, moves: Array, stored: Array, shifted: Array) -> Dispatched:
    """What a site comes to with what batteries and loads did.

    Args:
        grid: The site, with what came.
        moves: Energy in and out of each battery at the connection `(batteries, n, 2)` [kWh].
        stored: In it after each step `(batteries, n)` [kWh].
        shifted: What each load that may be moved took `(deferrables, n)` [kWh].
    """
    o = _options(grid)
    taken, beyond = np.zeros(o.slopes.shape), np.zeros((len(o.load), 2))
    load = o.load + shifted.sum(axis=0)
    uses(load, o.left, o.slopes, o.lengths, moves.sum(axis=0), taken, beyond)
    short = np.zeros((len(grid.batteries), 3))
    for k, battery in enumerate(grid.batteries):
        energy, held = battery.energy_kwh, stored[k]
        short[k, 0] = max(0.0, battery.ends_at * energy - float(held[-1]))
        short[k, 1] = np.maximum(held - battery.high_share * energy, 0.0).sum()
        short[k, 2] = np.maximum(battery.low_share * energy - held, 0.0).sum()
    needs = np.array([d.energy_kwh for d in grid.deferrables])
    missed = np.maximum(needs - shifted.sum(axis=1), 0.0)
    return _told(
        grid, o, _Decided(taken, beyond, moves, stored, shifted, (short, missed), "rolled")
    )


def _exactly(grid: Microgrid, o: _Options) -> _Decided | None:
    """One battery or none, exactly; None where limits cannot be kept, or values are too many."""
    n, k = o.slopes.shape
    battery = grid.batteries[0] if grid.batteries else Battery("", 0.0, 0.0, 0.0)
    one = _store(battery, n, grid.step_h)
    moves, stored = np.zeros((n, 2)), np.zeros(n)
    code = plan(
        *(o.load, o.left, o.slopes, o.lengths, o.under, o.over, one.charge, one.discharge),
        *(np.array(one.wear), np.array(one.efficiency)),
        *(one.keep, one.low, one.high, one.start, one.end, moves, stored),
    )
    if code:
        return None
    taken, beyond = np.zeros((n, k)), np.zeros((n, 2))
    uses(o.load, o.left, o.slopes, o.lengths, moves, taken, beyond)
    count = len(grid.batteries)
    none = (np.zeros((count, 3)), np.zeros(0))
    shown = moves[None][:count], stored[None][:count]
    return _Decided(taken, beyond, *shown, np.zeros((0, n)), none, "exact")


def _programmed(grid: Microgrid, o: _Options) -> _Decided:
    n, hours = len(grid.load_kw), grid.step_h
    solved = solve(
        Programme(
            *(o.load, o.left, o.slopes, o.lengths, o.under, o.over),
            tuple(_store(b, n, hours) for b in grid.batteries),
            tuple(
                Shift(d.first, d.last, d.energy_kwh, d.power_kw * hours) for d in grid.deferrables
            ),
            tuple(
                Highest(
                    p.group,
                    p.prices / hours,
                    p.free_kw * hours,
                    p.ratchet_share,
                    p.ratchet_groups,
                )
                for p in grid.peaks
            ),
            IMPORT,
            STORAGE_RATIO * o.penalty,
        )
    )
    decided = (solved.taken, solved.beyond, solved.moves, solved.stored, solved.shifted)
    return _Decided(*decided, solved.breaches, "programme")


def _told(grid: Microgrid, o: _Options, d: _Decided) -> Dispatched:
    hours = grid.step_h
    imported = d.taken[:, IMPORT] + d.beyond[:, 1]
    exported = (o.lengths[:, EXPORT] - d.taken[:, EXPORT]) + d.beyond[:, 0]
    shed = d.taken[:, SHED]
    backup = d.taken[:, BACKUP] if o.slopes.shape[1] > BACKUP else np.zeros(len(o.load))
    curtailed = float(o.lengths[:, GENERATION].sum() - d.taken[:, GENERATION].sum())
    wear = sum(b.cycle_cost * float(d.moves[k, :, 1].sum()) for k, b in enumerate(grid.batteries))
    demand = sum(p.cost(imported / hours) for p in grid.peaks)
    money = float(grid.buy_per_kwh @ imported - grid.sell_per_kwh @ exported)
    cost = money + demand + wear + grid.shed_cost * float(shed.sum())
    cost += grid.backup_cost * float(backup.sum()) + grid.curtail_cost * curtailed
    carbon = float(grid.carbon_kg_per_kwh @ imported)
    breaches = _breaches(grid, o, d)
    beyond = o.penalty * float(d.beyond.sum())
    beyond += STORAGE_RATIO * o.penalty * (float(d.broken[0].sum()) + float(d.broken[1].sum()))
    return Dispatched(
        imported / hours,
        exported / hours,
        d.taken[:, GENERATION] / hours,
        shed / hours,
        backup / hours,
        d.moves[:, :, 0] / hours,
        d.moves[:, :, 1] / hours,
        d.stored,
        d.shifted / hours,
        cost,
        demand,
        wear,
        carbon,
        cost + grid.carbon_price * carbon + beyond,
        o.penalty,
        breaches,
        d.way,
    )


def _breaches(grid: Microgrid, o: _Options, d: _Decided) -> tuple[Breach, ...]:
    found = []
    for column, limit in ((1, "import"), (0, "export")):
        over = d.beyond[:, column]
        steps = np.nonzero(over > NOTHING)[0]
        if len(steps):
            most, kwh = float(over.max()) / grid.step_h, float(over.sum())
            place = (int(steps[0]), len(steps))
            found.append(Breach(limit, "", *place, kwh, most, o.penalty * kwh))
    hard = o.penalty * STORAGE_RATIO
    for battery, (short, above, below) in zip(grid.batteries, d.broken[0].tolist(), strict=True):
        if above + below > NOTHING:
            kwh = above + below
            found.append(Breach("stored", battery.id, -1, 0, kwh, 0.0, hard * kwh))
        if short > NOTHING:
            last = len(grid.load_kw) - 1
            found.append(Breach("stored-at-last", battery.id, last, 1, short, 0.0, hard * short))
    for one, missed in zip(grid.deferrables, d.broken[1].tolist(), strict=True):
        if missed > NOTHING:
            place = (one.first, one.last - one.first)
            found.append(Breach("deferrable", one.id, *place, missed, 0.0, hard * missed))
    return tuple(found)
