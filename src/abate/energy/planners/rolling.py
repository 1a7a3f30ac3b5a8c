"""Rolling dispatch: planned on forecasts step by step, settled on what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from abate.energy.facts.microgrids import Array, Battery, Deferrable, Microgrid, Peak
from abate.energy.planners.dispatch import Dispatched, dispatch, is_simple, rolled, settle
from abate.kernel.errors import UsageError

LEAST_KWH = 1e-9
"""Energy below which a load needs nothing more."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlooks:
    """What was forecast at the beginning of each step.

    Args:
        load_kw: For the steps from it on `(n, ahead)`.
        generation_kw: The same; none where it is empty.
    """

    load_kw: Array
    generation_kw: Array


@dataclass(frozen=True, slots=True, eq=False)
class Rolled:
    """A dispatch that was planned on forecasts.

    Args:
        settled: What it came to with the load and generation that came.
        perfect: What it would have come to with perfect foresight.
    """

    settled: Dispatched
    perfect: Dispatched

    @property
    def regret(self) -> float:
        """What better forecasts would have saved at most: money, with carbon at its price.

        Limits that were broken are told apart: their penalty is no money.
        """
        return _money(self.settled) - _money(self.perfect)


def _money(made: Dispatched) -> float:
    return made.objective - sum(b.penalty for b in made.breaches)


def roll(grid: Microgrid, outlooks: Outlooks) -> Rolled:
    """Plan at every step as far ahead as the forecasts go, do the first step, and settle it.

    Loads do what was planned, and the grid takes the error of the forecast; where power has a
    price, batteries take less or give more before there is a new peak. The highest power so far
    counts as reached. The last plans end where the steps do,
    with what has to be stored by then. A load that may be moved is planned once its stretch ends
    within what is foreseen.

    Args:
        grid: The site, with the load and generation that came.
        outlooks: Forecasts.

    Raises:
        UsageError: `bad-dispatch`.

    Example:
        >>> prices, load = np.array([0.1, 0.4, 0.1, 0.4]), np.array([1.0, 2.0, 1.0, 2.0])
        >>> site = Microgrid(load, prices, batteries=(Battery("b", 2, 2, 2, 1, 1, start_share=0),))
        >>> ahead = np.array([np.resize(np.roll(load, -t), 2) for t in range(4)])
        >>> round(roll(site, Outlooks(ahead, np.zeros((4, 2)))).regret, 9)
        0.0
    """
    n = len(grid.load_kw)
    ahead = outlooks.load_kw.shape[-1]
    generation = np.asarray(outlooks.generation_kw, np.float64)
    told = Outlooks(outlooks.load_kw, generation if generation.size else np.zeros((n, ahead)))
    for values in (told.load_kw, told.generation_kw):
        if values.shape != (n, ahead) or not np.isfinite(values).all() or (values < 0).any():
            raise UsageError(
                "bad-dispatch",
                f"Forecasts have the shape {values.shape}, or values that are no power.",
                f"Give {n:,} rows of steps ahead, zero or more.",
            )
    if is_simple(grid) and grid.batteries:
        return Rolled(rolled(grid, told.load_kw, told.generation_kw), dispatch(grid))
    return Rolled(_rolled(grid, told), dispatch(grid))


def _rolled(grid: Microgrid, told: Outlooks) -> Dispatched:
    """Several batteries, loads that may be moved, prices of power: a programme at every step."""
    n, hours = len(grid.load_kw), grid.step_h
    moves = np.zeros((len(grid.batteries), n, 2))
    stored = np.zeros((len(grid.batteries), n))
    shifted = np.zeros((len(grid.deferrables), n))
    held = [b.start_share for b in grid.batteries]
    left = [d.energy_kwh for d in grid.deferrables]
    reached = [np.full(len(p.prices), p.free_kw) for p in grid.peaks]
    for t in range(n):
        m = min(told.load_kw.shape[1], n - t)
        loads = _loads(grid, t, m, left)
        window = Microgrid(
            told.load_kw[t, :m],
            grid.buy_per_kwh[t : t + m],
            hours,
            told.generation_kw[t, :m],
            grid.sell_per_kwh[t : t + m],
            _of(grid.import_max_kw, t, m),
            _of(grid.export_max_kw, t, m),
            tuple(_peaks(grid, t, m, reached)),
            grid.shed_kw[t : t + m],
            grid.shed_cost,
            grid.carbon_kg_per_kwh[t : t + m],
            grid.carbon_price,
            tuple(_held(b, share) for b, share in zip(grid.batteries, held, strict=True)),
            tuple(loads.values()),
            grid.backup_kw[t : t + m],
            grid.backup_cost,
            grid.curtail_cost,
        )
        plan = dispatch(window)
        need = grid.load_kw[t] - grid.generation_kw[t] + float(plan.deferred_kw[:, 0].sum())
        caps = [m[p.group[t]] for p, m in zip(grid.peaks, reached, strict=True) if p.group[t] >= 0]
        most_kw = max(float(plan.import_kw[0]), min(caps, default=np.inf))
        for k, battery in enumerate(window.batteries):
            charge, discharge = float(plan.charge_kw[k, 0]), float(plan.discharge_kw[k, 0])
            others = float((plan.charge_kw[k + 1 :, 0] - plan.discharge_kw[k + 1 :, 0]).sum())
            over = (
                need
                + charge
                - discharge
                + others
                - min(most_kw, float(_of(grid.import_max_kw, t, 1)[0]))
            )
            charge, discharge, stored[k, t] = _kept_below(battery, charge, discharge, over, hours)
            moves[k, t] = charge * hours, discharge * hours
            need += charge - discharge
        held = [
            float(kwh / b.energy_kwh) if b.energy_kwh else 0.0
            for b, kwh in zip(grid.batteries, stored[:, t], strict=True)
        ]
        for place, kw in zip(loads, plan.deferred_kw[:, 0].tolist(), strict=True):
            shifted[place, t] = kw * hours
            left[place] -= shifted[place, t]
        for peak, most in zip(grid.peaks, reached, strict=True):
            if peak.group[t] >= 0:
                most[peak.group[t]] = max(most[peak.group[t]], need)
    return settle(grid, moves, stored, shifted)


def _of(limit: float | Array, t: int, m: int) -> Array:
    """A limit of some steps, of one that holds in all or is given for each."""
    values = np.asarray(limit, np.float64)
    return np.full(m, float(values)) if values.ndim == 0 else values[t : t + m]


def _kept_below(
    battery: Battery, charge: float, discharge: float, over: float, hours: float
) -> tuple[float, float, float]:
    """Power in and out, and what is stored, where the grid would give more than was planned.

    The battery takes less, then gives more, so that an error of the forecast makes no new peak.
    """
    kept = battery.start_share * battery.energy_kwh
    kept *= (1.0 - battery.self_discharge_share) ** hours
    gain, back = battery.charge_efficiency, battery.discharge_efficiency
    less = min(charge, max(over, 0.0))
    charge -= less
    if over > less and back > 0:
        spare = kept + gain * charge * hours - battery.low_share * battery.energy_kwh
        most = min(battery.discharge_kw, max(spare, 0.0) * back / hours)
        discharge = max(discharge, min(discharge + over - less, most))
    given = discharge * hours / back if back > 0 else 0.0
    return charge, discharge, kept + gain * charge * hours - given


def _held(battery: Battery, share: float) -> Battery:
    """A battery with what it holds by now; it ends as full as it has to."""
    return replace(battery, start_share=min(max(share, 0.0), 1.0), end_share=battery.ends_at)


def _loads(grid: Microgrid, t: int, m: int, left: list[float]) -> dict[int, Deferrable]:
    """Loads whose stretch ends within the next steps, with what they still need."""
    return {
        k: replace(d, first=max(d.first - t, 0), last=d.last - t, energy_kwh=left[k])
        for k, d in enumerate(grid.deferrables)
        if t < d.last <= t + m and left[k] > LEAST_KWH
    }


def _peaks(grid: Microgrid, t: int, m: int, reached: list[Array]) -> Iterator[Peak]:
    """Prices of power above what was reached so far."""
    for peak, most in zip(grid.peaks, reached, strict=True):
        here = peak.group[t : t + m]
        for group in np.unique(here[here >= 0]).tolist():
            price = peak.prices[[group]]
            yield Peak(peak.id, np.where(here == group, 0, -1), price, float(most[group]))
