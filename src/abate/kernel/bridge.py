"""Bridge: why a figure of one run differs from that of another.

In contributions that add up to the milligram.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from abate.kernel.species import gwp

DRIVERS = ("gwp", "boundary", "method", "factor", "instruments", "activity")
"""What can drive a difference, in the order in which it is reported.

`gwp`: another set of global warming potentials. `boundary`: bought, sold, another share or
    approach. `method`: another
method for the same kind. `factor`: another emission per unit. `instruments`: another share covered
by certificates and contracts. `activity`: more or less of it.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Entries of one run that share their place, kind, method, species and month.

    Args:
        org: Business.
        site: Site or entity.
        kind: Kind of activity.
        item: What is consumed.
        unit: Unit of the quantity.
        scope: Scope, category and view as one text.
        method: Method and version.
        species: Species.
        month: Month of the calendar, `01` to `12`.
        quantity_micro: Millionths of the unit that count, with the boundary's share.
        mass_mg: Mass of the species.
        co2e_mg: Its CO2e.
        sign: By how much it enters the figure: 1, 0 or -1.
    """

    org: str
    site: str
    kind: str
    item: str
    unit: str
    scope: str
    method: str
    species: str
    month: str
    quantity_micro: int
    mass_mg: int
    co2e_mg: int
    sign: int

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What it has in common with the lines of other items and methods."""
        return self.org, self.site, self.kind, self.scope

    @property
    def need(self) -> tuple[str, ...]:
        """What it must share with a line of the other run.

        So that the two can be distinguished by amount and factor.
        """
        return (*self.place, self.item, self.unit, self.method)


Bridge = dict[str, dict[str, int]]
"""Milligrams of CO2e by business and driver."""
Share = Callable[[str, str], float]
"""Share of a site in a month of the calendar that counts in a run."""


def bridge(
    before: Sequence[Line],
    after: Sequence[Line],
    *,
    gwp_set: str = "",
    shares: tuple[Share, Share] | None = None,
) -> Bridge:
    """Contributions to the difference between two runs, by business and driver.

    Formula:
        GWP first: masses of the former at the set of the latter. Then the boundary: each month of
        the former at the share of the latter. What is left is compared need by need: E = Q * i * k
        with quantity Q, emission per unit i and uncovered share k, each driver's part being its
        Shapley value, so that no order of drivers is preferred.

    Args:
        before: Lines of the former run.
        after: Lines of the latter.
        gwp_set: Set of the latter, where the former had another.
        shares: Shares of sites by month in the two runs; none where they do not differ.

    Returns:
        For each business its drivers; their sum is the difference of the figures, exactly.

    Source:
        Shapley decomposition as in Ang, Energy Policy 32 (2004); drivers as asked for by GHG
        Protocol Corporate Standard (2004), chapter 5.
    """
    found: Bridge = defaultdict(lambda: dict.fromkeys(DRIVERS, 0))
    old = _at_gwp(before, gwp_set, found) if gwp_set else list(before)
    old, new = _within(old, list(after), shares, found) if shares else (old, list(after))
    needs = [_by_need(old), _by_need(new)]
    both = needs[0].keys() & needs[1].keys()
    for need in sorted(both):
        for driver, mg in _compare(needs[0][need], needs[1][need]).items():
            found[need[0]][driver] += mg
    alone = [{need: lines for need, lines in side.items() if need not in both} for side in needs]
    for width in (5, 4):  # first what has the same item, then what only shares its place
        _alone(alone, width, found, last=width == 4)
    return {org: dict(found[org]) for org in sorted(found)}


def _alone(
    alone: list[dict[tuple[str, ...], list[Line]]], width: int, found: Bridge, *, last: bool
) -> None:
    """Needs of one run only: another method where both runs have the place.

    And no method in common, else activity.
    """
    for place in sorted({n[:width] for side in alone for n in side}):
        sides = [[n for n in side if n[:width] == place] for side in alone]
        methods = [{n[6] for n in side} for side in sides]
        changed = bool(methods[0] and methods[1]) and not methods[0] & methods[1]
        if not changed and not last:
            continue
        for sign, side, needs in zip((-1, 1), alone, sides, strict=True):
            found[place[0]]["method" if changed else "activity"] += sign * sum(
                _total(side.pop(n)) for n in needs
            )


def _total(lines: Iterable[Line]) -> int:
    return sum(line.sign * line.co2e_mg for line in lines)


def _by_need(lines: Iterable[Line]) -> dict[tuple[str, ...], list[Line]]:
    found: dict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in lines:
        found[line.need].append(line)
    return found


def _at_gwp(lines: Sequence[Line], gwp_set: str, found: Bridge) -> list[Line]:
    """Lines with the CO2e of their masses in another set.

    A gas without a value there keeps what it had.
    """
    changed = []
    for line in lines:
        potential = gwp(line.species, gwp_set)
        co2e_mg = line.co2e_mg if potential is None else round(line.mass_mg * potential)
        found[line.org]["gwp"] += line.sign * (co2e_mg - line.co2e_mg)
        changed.append(replace(line, co2e_mg=co2e_mg))
    return changed


def _within(
    old: list[Line], new: list[Line], shares: tuple[Share, Share], found: Bridge
) -> tuple[list[Line], list[Line]]:
    """Lines within what both runs count: what only one counts is the boundary's doing."""
    homes: list[Mapping[str, str]] = [{line.site: line.org for line in side} for side in (old, new)]
    kept: tuple[list[Line], list[Line]] = ([], [])
    for side, lines, sign in ((0, old, -1), (1, new, 1)):
        for line in lines:
            share = [s(line.site, line.month) for s in shares]
            moved = homes[1 - side].get(line.site, line.org) != line.org
            if moved or not share[1 - side]:
                found[line.org]["boundary"] += sign * line.sign * line.co2e_mg
            elif side == 0 and share[0] and share[0] != share[1]:
                scale = share[1] / share[0]
                co2e_mg = round(line.co2e_mg * scale)
                found[line.org]["boundary"] += line.sign * (co2e_mg - line.co2e_mg)
                kept[0].append(
                    replace(
                        line, co2e_mg=co2e_mg, quantity_micro=round(line.quantity_micro * scale)
                    )
                )
            else:
                kept[side].append(line)
    return kept


def _compare(old: list[Line], new: list[Line]) -> dict[str, int]:
    """Activity, instruments and factor behind the difference of one need."""
    difference = _total(new) - _total(old)
    (q0, i0, k0), (q1, i1, k1) = _terms(old), _terms(new)
    if not (q0 and q1 and i0 and i1):
        return {"activity": difference}
    activity = round((q1 - q0) * _mean(i0, i1, k0, k1))
    instruments = round((k1 - k0) * _mean(q0, q1, i0, i1)) if k0 != k1 else 0
    if i0 == i1:
        return {"activity": difference - instruments, "instruments": instruments}
    return {
        "activity": activity,
        "instruments": instruments,
        "factor": difference - activity - instruments,
    }


def _mean(a0: float, a1: float, b0: float, b1: float) -> float:
    """Shapley weight of a third term: the mean of the other two's product over all orders."""
    return (a0 * b0 + a1 * b1) / 3 + (a0 * b1 + a1 * b0) / 6


def _terms(lines: list[Line]) -> tuple[float, float, float]:
    """Quantity, emission per unit, and the share of it that enters the figure."""
    by_species: dict[str, int] = defaultdict(int)
    for line in lines:
        by_species[line.species] += line.quantity_micro
    quantity, every = max(by_species.values()), sum(line.co2e_mg for line in lines)
    return (
        float(quantity),
        every / quantity if quantity else 0.0,
        _total(lines) / every if every else 0.0,
    )


def totals(found: Bridge) -> dict[str, int]:
    """Drivers over all businesses.

    Example:
        >>> totals({"a": {"factor": 2, "activity": 1}, "b": {"factor": -1}})["factor"]
        1
    """
    return {driver: sum(by.get(driver, 0) for by in found.values()) for driver in DRIVERS}
