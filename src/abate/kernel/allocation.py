"""Allocation of instruments to load.

Certificates and contracts, each used once, never more than the load.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from abate.kernel.period import month_end, month_start

CERTIFICATE, CONTRACT = "certificate", "contract"
TIERS = (CERTIFICATE, CONTRACT, "supplier-rate")
"""Instruments in the order of the hierarchy; residual mix and grid average follow for what none covers.

Source: GHG Protocol Scope 2 Guidance (2015), Table 6.3.
"""


MONTHLY, HOURLY = "monthly", "hourly"
MATCHINGS = (MONTHLY, HOURLY)
"""How certificates meet load in the market-based view.

By the month as the guidance of 2015 allows, or only by the hour, as its revision of 2025 proposes.
"""
INSTRUMENT = "instrument"
"""Kind of the rows of files that state an instrument."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """An energy attribute that is claimed for a fiscal year.

    Args:
        id: Serial number or contract number.
        tier: One of `TIERS`.
        technology: Such as wind or solar; names the factor of its generation.
        market: Region in which it is valid.
        vintage_from: First day of generation.
        vintage_to: Last day of generation.
        amount_wh: Energy [Wh], whole.
        site: Site it was bought for, empty for any in the market.
        kg_co2_per_kwh: Factor stated by the contract or supplier, None for that of the technology.
    """

    id: str
    tier: str
    technology: str
    market: str
    vintage_from: date
    vintage_to: date
    amount_wh: int
    site: str = ""
    kg_co2_per_kwh: float | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What a site bought in a month, which instruments may cover.

    Args:
        site: The site.
        month: The month, `YYYY-MM`.
        regions: Regions the site lies in, narrow to wide.
        amount_wh: Energy [Wh], whole.
    """

    site: str
    month: str
    regions: tuple[str, ...]
    amount_wh: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of an instrument matched to a site's load in a month.

    Args:
        instrument: Id of the instrument.
        site: The site.
        month: The month.
        amount_wh: Energy [Wh], whole.
    """

    instrument: str
    site: str
    month: str
    amount_wh: int


def allocate(
    instruments: Iterable[Instrument],
    loads: Iterable[Load],
    claims: Iterable[Allocation] = (),
) -> tuple[list[Allocation], dict[str, int]]:
    """Match instruments to load, in proportion to the load that each may serve and no other covers yet.

    Tiers are served in the order of `TIERS`, instruments bought for a site before those for the
    market, then by vintage and id. Amounts are whole watt-hours; remainders go to the largest
    fractions, ties by site and month.

    Args:
        instruments: What is held.
        loads: What was bought.
        claims: What sites claim already, such as lots by the hour; they come before all others, as
            far as there is load.

    Returns:
        The allocations, and per instrument the watt-hours that found no load.

    Source: GHG Protocol Scope 2 Guidance (2015), chapter 7 (quality criteria: one claim, market,
        vintage).

    Example:
        >>> d = date(2023, 1, 1), date(2023, 12, 31)
        >>> parts, unused = allocate(
        ...     [Instrument("c", "certificate", "wind", "CN", *d, 300)],
        ...     [Load("a", "2023-05", ("CN-HE", "CN"), 100), Load("b", "2023-05", ("CN-ZJ", "CN"), 400)],
        ... )
        >>> [(p.site, p.amount_wh) for p in parts], unused
        ([('a', 60), ('b', 240)], {})
    """
    by_place = sorted(loads, key=lambda load: (load.site, load.month))
    left = [load.amount_wh for load in by_place]
    allocations: list[Allocation] = []
    unused: dict[str, int] = {}
    place = {(load.site, load.month): k for k, load in enumerate(by_place)}
    for claim in claims:
        at = place.get((claim.site, claim.month))
        part = min(claim.amount_wh, left[at]) if at is not None else 0
        if at is not None and part:
            left[at] -= part
            allocations.append(replace(claim, amount_wh=part))
        if part < claim.amount_wh:
            unused[claim.instrument] = unused.get(claim.instrument, 0) + claim.amount_wh - part
    for instrument in sorted(instruments, key=_order):
        open_places = [
            k for k, load in enumerate(by_place) if left[k] > 0 and _serves(instrument, load)
        ]
        room = sum(left[k] for k in open_places)
        amount = min(instrument.amount_wh, room)
        for k, part in zip(
            open_places, _apportion(amount, [left[k] for k in open_places]), strict=True
        ):
            if part:
                left[k] -= part
                allocations.append(
                    Allocation(instrument.id, by_place[k].site, by_place[k].month, part)
                )
        if amount < instrument.amount_wh:
            unused[instrument.id] = instrument.amount_wh - amount
    return allocations, unused


def _order(instrument: Instrument) -> tuple[int, bool, date, date, str]:
    return (
        TIERS.index(instrument.tier),
        not instrument.site,
        instrument.vintage_from,
        instrument.vintage_to,
        instrument.id,
    )


def _serves(instrument: Instrument, load: Load) -> bool:
    """Whether an instrument may be claimed for a load: its market, its site, its vintage."""
    return (
        instrument.market in load.regions
        and instrument.site in ("", load.site)
        and month_start(load.month) <= instrument.vintage_to
        and month_end(load.month) >= instrument.vintage_from
    )


def _apportion(amount: int, weights: list[int]) -> list[int]:
    """Split a whole amount by weights into whole parts that add up, none above its weight."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts = [amount * w // total for w in weights]
    fractions = sorted(range(len(weights)), key=lambda k: (-(amount * weights[k] % total), k))
    for k in fractions[: amount - sum(parts)]:
        parts[k] += 1
    return parts
