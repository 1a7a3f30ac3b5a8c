"""Outages: what load that the grid does not serve is expected to cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abate.energy.facts.microgrids import Array
from abate.kernel.errors import UsageError


@dataclass(frozen=True, slots=True)
class OutageCost:
    """What outages are expected to cost.

    Args:
        unserved_kwh: Of each length of outage.
        expected: Present worth over the years, by the probabilities.
        highest: Present worth of each length, if it came each year.
    """

    unserved_kwh: tuple[float, ...]
    expected: float
    highest: tuple[float, ...]


def outage_cost(
    load_kw: Array,
    *,
    first: int,
    steps: Sequence[int],
    probabilities: Sequence[float],
    cost_per_kwh: float,
    worth: float = 1.0,
    supply_kw: Array | None = None,
    step_h: float = 1.0,
) -> OutageCost:
    """What load that is not served is expected to cost, where one outage comes each year.

    Args:
        load_kw: Load that has to be served `(n,)`.
        first: Step in which it begins, from 0; it may run past the last one into the first.
        steps: Its length, one for each case.
        probabilities: Of each case; they add up to one.
        cost_per_kwh: Value of a kWh that is not served.
        worth: Present worth of one unit a year over the years, such as `Finance.worth`.
        supply_kw: What the site gives itself in each step `(n,)`; nothing where it is None.
        step_h: Length of a step [h].

    Raises:
        UsageError: `bad-outage`.

    Example:
        >>> load, odds = np.full(8760, 10.0), (0.5, 0.5)
        >>> made = outage_cost(load, first=8757, steps=(1, 5), probabilities=odds, cost_per_kwh=1.0,
        ...                    worth=16.18109)
        >>> sum(made.unserved_kwh), round(made.expected, 4)
        (60.0, 485.4327)

    Source: the value of lost load, as in REopt's reliability model (NREL/TP-7A40-79426).
    """
    n = len(load_kw)
    odds = np.asarray(probabilities, float)
    sound = len(steps) == len(odds) > 0 and (odds >= 0).all() and abs(odds.sum() - 1) < 1e-9
    if not sound or not 0 <= first < n or any(not 0 < s <= n for s in steps):
        raise UsageError(
            "bad-outage",
            f"{len(steps)} lengths, probabilities of {odds.sum():g}, first step {first}.",
            "Give a length within the steps and a probability for each case; they add up to one.",
        )
    given = np.zeros(n) if supply_kw is None else np.asarray(supply_kw, float)
    unserved = np.maximum(np.asarray(load_kw, float) - given, 0.0) * step_h
    kwh = [float(unserved[(first + np.arange(s)) % n].sum()) for s in steps]
    each = worth * cost_per_kwh
    expected = float(odds @ np.array(kwh)) * each
    return OutageCost(tuple(kwh), expected, tuple(k * each for k in kwh))
