"""Prices of a tariff as a dispatch takes them: by step, and of the highest power."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from abate.energy.facts.clocks import Clock
from abate.energy.facts.microgrids import Peak
from abate.energy.facts.tariffs import (
    Array,
    CoincidentLine,
    DemandLine,
    EnergyLine,
    Tariff,
    Tier,
)
from abate.energy.planners.bills import Metered
from abate.kernel.errors import UsageError


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What a tariff asks in each step.

    Args:
        buy_per_kwh: Of a kWh taken `(n,)`.
        sell_per_kwh: For a kWh fed in `(n,)`.
        peaks: Of the highest power.
        left_out: Lines that a dispatch does not see in full, and why; a bill does.
    """

    buy_per_kwh: Array
    sell_per_kwh: Array
    peaks: tuple[Peak, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def prices_of(tariff: Tariff, clock: Clock) -> Prices:
    """Prices of a tariff in each step.

    Args:
        tariff: The tariff.
        clock: The steps.

    Raises:
        UsageError: `no-price` where a step has none, `falling-tiers` where power gets cheaper the
            more of it is taken.

    Example:
        >>> from abate.energy.facts.calendars import Calendar
        >>> from abate.energy.facts.clocks import clock_at
        >>> hours = np.datetime64("2024-01-31T22", "s") + np.arange(4) * np.timedelta64(3600, "s")
        >>> tariff = Tariff("x", (EnergyLine("energy", 0.2), DemandLine("power", (9.0,))))
        >>> told = prices_of(tariff, clock_at(Calendar(), hours, 3600))
        >>> told.buy_per_kwh.tolist(), told.peaks[0].group.tolist(), told.peaks[0].prices.tolist()
        ([0.2, 0.2, 0.2, 0.2], [0, 0, 1, 1], [9.0, 9.0])
    """
    tariff.require_connection()
    buy, sell = tariff.prices(clock), tariff.prices(clock, sells=True)
    for values in (buy, sell):
        if np.isnan(values).any():
            at = clock.local[int(np.argmax(np.isnan(values)))]
            raise UsageError(
                "no-price", f"{tariff.id} has no price at {at}.", "Add it to the file of prices."
            )
    burdens, shares = tariff.burdens(), tariff.shares(clock)
    months, month_of = np.unique(clock.months, return_inverse=True)
    numbers = months.astype(int) % 12 + 1
    peaks: list[Peak] = []
    left: list[tuple[str, str]] = []
    for line in tariff.lines:
        burden = burdens[line.name]
        if isinstance(line, CoincidentLine):
            hour = clock.local.astype("datetime64[h]")
            there = np.isin(hour, np.asarray(line.hours).astype("datetime64[h]"))
            price = np.array([line.price * burden])
            peaks.append(Peak(line.name, np.where(there, 0, -1), price, times_a_year=1.0))
        elif isinstance(line, DemandLine) and line.of != "capacity":
            counts = np.isin(numbers, line.months)[month_of]
            if line.periods:
                counts &= sum(shares[p] for p in line.periods) > 0
            group: Any = np.where(counts, month_of, -1)
            prices = burden * np.array([line.price_in(m) for m in numbers.tolist()])
            peaks += _peaks(tariff, line, group, prices, burden, numbers)
            left += _left_out(line, clock.step_s)
        elif isinstance(line, EnergyLine) and line.tiers:
            left.append((line.name, "energy counts at the price of its last tier"))
    return Prices(buy, sell, tuple(peaks), tuple(left))


def above_reached(tariff: Tariff, earlier: Metered, peaks: Sequence[Peak]) -> Iterator[Peak]:
    """Prices of power of which the first month has reached some already.

    Args:
        tariff: The tariff.
        earlier: What was taken in the first month before the steps.
        peaks: Of the steps.

    Returns:
        The first month's apart, free up to what was reached.
    """
    before = prices_of(tariff, earlier.clock).peaks
    power = earlier.import_kwh / earlier.clock.step_h
    for peak, known in zip(peaks, before, strict=True):
        reached = float(power[known.group >= 0].max(initial=0.0))
        if peak.ratchet_share or reached <= peak.free_kw or not len(peak.prices):
            yield peak
            continue
        first = np.where(peak.group == 0, 0, -1)
        yield replace(peak, group=first, prices=peak.prices[:1], free_kw=reached)
        if (peak.group > 0).any():
            yield replace(peak, group=np.where(peak.group > 0, peak.group, -1))


def _peaks(
    tariff: Tariff, line: DemandLine, group: Any, prices: Array, burden: float, numbers: Any
) -> list[Peak]:
    """Costs of the highest power of each month by one line."""
    if line.of == "contract":
        free = line.tolerance * tariff.contract_kw
        return [Peak(line.name, group, prices * line.excess_factor, free)]
    ratchet = tuple(int(k) for k in np.flatnonzero(np.isin(numbers, line.ratchet_months)))
    shared = (line.ratchet_share, ratchet if line.ratchet_share else ())
    if not line.tiers:
        return [Peak(line.name, group, prices, 0.0, *shared)]
    found, before = [], 0.0
    for below, tier in pairwise((Tier(0.0, 0.0), *line.tiers)):
        if tier.price < before:
            raise UsageError(
                "falling-tiers",
                f"{tariff.id}, {line.name}: a kW above {below.up_to:g} costs less than one below.",
                "Plan with one price of power; the bill counts the tiers.",
            )
        step = np.full(len(prices), burden * (tier.price - before))
        found.append(Peak(line.name, group, step, below.up_to or 0.0, *shared))
        before = tier.price
    return found


def _left_out(line: DemandLine, step_s: int) -> list[tuple[str, str]]:
    found = []
    if line.window_min * 60 != step_s:
        found.append((line.name, "power counts by the step, not over the window of the tariff"))
    if line.lookback_share:
        found.append((line.name, "months before do not count"))
    if line.discount_kwh_per_kva:
        found.append((line.name, "its discount is not counted on"))
    return found
