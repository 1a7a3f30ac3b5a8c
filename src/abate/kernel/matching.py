"""Matching: which factor answers an activity's need, and why no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from abate.kernel.errors import UsageError
from abate.kernel.factor import PROPERTY, Factor
from abate.kernel.region import region_chain
from abate.kernel.units import dimensions, in_units, money_in, quantity, spelled


@dataclass(frozen=True, slots=True)
class Need:
    """What an activity needs a factor for.

    Args:
        kind: Kind of factor.
        item: What is consumed.
        region: Region of the place.
        year: Calendar year of the activity.
        unit: Canonical unit of the activity's quantity; money with the year of its prices.
        basis: `direct`, `upstream` or `life-cycle`; empty takes any.
        as_of: Factors published after this day are passed over; None takes all.
        proxies: Regions whose factors may serve where no nearer one exists, best first.
    """

    kind: str
    item: str
    region: str
    year: int
    unit: str
    basis: str = "direct"
    as_of: date | None = None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """A factor that was passed over, and why."""

    factor_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """The factor that answers a need.

    Args:
        factor: The factor.
        mg_per_unit: Milligrams per canonical unit of the activity, by species.
        years_carried: Years by which its data are older than the activity.
        bridges: Ids of the properties that convert the activity's unit into the factor's.
        why: Why this one, for people.
        passed: Those passed over.
        proxy: Whether the factor was made for another region and serves in its place.
    """

    factor: Factor
    mg_per_unit: dict[str, float]
    years_carried: int
    bridges: tuple[str, ...]
    why: str
    passed: tuple[Passed, ...]
    proxy: bool = False


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No factor answers the need.

    Args:
        code: `no-factor`, or the mismatch that kept the nearest away: `unit-mismatch`, `heating-value-mismatch`.
        message: What was looked for, and what there is.
        passed: Those passed over.
    """

    code: str
    message: str
    passed: tuple[Passed, ...]


class FactorBook:
    """The factors of a workspace, indexed for matching.

    Args:
        factors: All factors, any order; matching does not depend on it.
    """

    def __init__(self, factors: Iterable[Factor]) -> None:
        self.factors = sorted(factors, key=lambda f: f.id)
        self._by_id = {f.id: f for f in self.factors}
        self.regions = {f.region for f in self.factors}
        self._index: dict[tuple[str, str], list[Factor]] = {}
        for factor in self.factors:
            self._index.setdefault((factor.kind, factor.item), []).append(factor)

    def __len__(self) -> int:
        return len(self.factors)

    def get(self, factor_id: str) -> Factor | None:
        """The factor of an id, or None."""
        return self._by_id.get(factor_id)

    def match(self, need: Need) -> Match | NoMatch:
        """Find the factor for a need: nearest region, then nearest earlier year, then newest edition.

        A factor never serves a place outside its region, nor a year before its data; where `reach` is `exact` it
        serves its own region only. Older data are carried forward, and the match says by how many years.
        """
        chain = _regions(need)
        eligible, passed = self._ranked(need, chain)
        mismatch: tuple[str, str] | None = None
        for place, (rank, factor) in enumerate(eligible):
            try:
                mg_per_unit, bridges = self._per_unit(factor, need)
            except UsageError as error:
                mismatch = mismatch or (error.code, f" {factor.id}: {error.message}.")
                passed.append(Passed(factor.id, f"{error.code}: {error.message}"))
                continue
            later = [Passed(f.id, _worse(rank, r)) for r, f in eligible[place + 1 :]]
            why = f"nearest region {factor.region} for {need.region}" + (
                f", data year {factor.data_year} for {need.year}" if factor.data_year else ", not tied to a year"
            )
            proxy = factor.region not in region_chain(need.region)
            return Match(factor, mg_per_unit, rank[1], bridges, why, tuple(later + passed), proxy)
        code, reason = mismatch or ("no-factor", "")
        return NoMatch(code, self._absence(need) + reason, tuple(passed))

    def _ranked(
        self, need: Need, chain: tuple[str, ...]
    ) -> tuple[list[tuple[tuple[int, int, int, str], Factor]], list[Passed]]:
        """Factors that may serve a need, best first, and those that may not."""
        passed: list[Passed] = []
        eligible: list[tuple[tuple[int, int, int, str], Factor]] = []
        for factor in self._index.get((need.kind, need.item), []):
            reason = _unfit(factor, need, chain)
            if reason:
                passed.append(Passed(factor.id, reason))
                continue
            gap = 0 if factor.data_year is None else need.year - factor.data_year
            rank = (chain.index(factor.region), gap, -factor.source.published_on.toordinal(), factor.id)
            eligible.append((rank, factor))
        eligible.sort(key=lambda pair: pair[0])
        passed.sort(key=lambda p: p.reason.startswith("made for"))
        return eligible, passed

    def ratio(self, need: Need) -> tuple[Factor, float] | NoMatch:
        """The nearest property of a kind that is a plain ratio, such as the loss per kWh delivered."""
        eligible, passed = self._ranked(need, _regions(need))
        if not eligible:
            return NoMatch("no-factor", self._absence(need), tuple(passed))
        factor = eligible[0][1]
        return factor, float(quantity(factor.masses[0].value, factor.masses[0].unit).to("kg/kg").magnitude)

    def _absence(self, need: Need) -> str:
        have = self._index.get((need.kind, need.item), [])
        there = sorted({f.region for f in have})
        listed = ", ".join(there[:8]) + (f" and {len(there) - 8} more" if len(there) > 8 else "")
        tail = f"There is one for: {listed}." if there else "There is none for any region."
        return f"No factor for '{need.kind}' of '{need.item}' in '{need.region}' valid in {need.year} per {need.unit}. {tail}"

    def _per_unit(self, factor: Factor, need: Need) -> tuple[dict[str, float], tuple[str, ...]]:
        """Milligrams of each species per canonical unit of the activity, proved by dimension."""
        found: dict[str, float] = {}
        bridges: tuple[str, ...] = ()
        for mass in factor.masses:
            amount = quantity(mass.value, mass.unit)
            bridge, bridges = self._bridge(amount, need)
            found[mass.species] = in_units(amount * bridge, f"mg/{need.unit}")
        return found, bridges

    def energy_per_unit(self, need: Need) -> float:
        """Net energy of a unit of a fuel by its properties in the book [MJ].

        Raises:
            UsageError: `unit-mismatch` where no property of the fuel converts the unit.
        """
        amount = quantity(1, "mg/MJ_net")
        bridge, _ = self._bridge(amount, need)
        return float(in_units(amount * bridge, f"mg/{need.unit}"))

    def _bridge(self, amount: Any, need: Need) -> tuple[Any, tuple[str, ...]]:
        """Fuel properties whose product turns the factor's unit into the activity's; one where none is needed."""
        target = quantity(1, f"mg/{need.unit}").dimensionality
        if amount.dimensionality == target:
            return quantity(1, "kg/kg"), ()
        money = money_in(need.unit)
        if money and (paid := money_in(spelled(amount))):
            return self._exchange(money, paid, need)
        properties = self._properties(need)
        frontier: list[tuple[Any, tuple[str, ...]]] = [(quantity(1, "kg/kg"), ())]
        for _ in range(3):
            longer: list[tuple[Any, tuple[str, ...]]] = []
            for product, used in frontier:
                for factor_id, value in properties:
                    if factor_id in used:
                        continue
                    for step in (value, 1 / value):
                        candidate = product * step
                        if (amount * candidate).dimensionality == target:
                            return candidate, (*used, factor_id)
                        longer.append((candidate, (*used, factor_id)))
            frontier = longer
        heating = {str(d) for d in (*amount.dimensionality, *target)} & {
            "[net_calorific_value]",
            "[gross_calorific_value]",
        }
        raise UsageError(
            "heating-value-mismatch" if heating and "kWh" in need.unit else "unit-mismatch",
            f"{spelled(amount)} does not fit an activity in {need.unit}, and no property of '{need.item}' converts it",
            "State the heating-value basis of the activity, or add the property to the factor book.",
        )

    def _exchange(self, source: str, target: str, need: Need) -> tuple[Any, tuple[str, ...]]:
        """Rates, price indices and margins that turn money as paid into the money of a factor: the shortest chain.

        Money is exchanged in the year of the activity and then brought to the factor's price year by the price index
        of the factor's currency.

        Source: GHG Protocol, Technical Guidance for Calculating Scope 3 Emissions (2013), category 1, spend-based.
        """
        steps: dict[str, list[tuple[str, str, Any]]] = {}
        for factor in [*self._index.get(("price", ""), []), *self._index.get(("price", need.item), [])]:
            above, _, below = factor.masses[0].unit.partition("/")
            late = need.as_of is not None and factor.source.published_on > need.as_of
            if late or factor.region not in _regions(need):
                continue
            value = quantity(factor.masses[0].value, factor.masses[0].unit)
            steps.setdefault(below, []).append((above, factor.id, value))
            steps.setdefault(above, []).append((below, factor.id, 1 / value))
        frontier: list[tuple[str, Any, tuple[str, ...]]] = [(source, quantity(1, "kg/kg"), ())]
        seen = {source}
        while frontier:
            longer = []
            for here, product, used in frontier:
                for there, factor_id, value in sorted(steps.get(here, []), key=lambda step: step[1]):
                    if there == target:
                        return product * value, (*used, factor_id)
                    if there not in seen:
                        seen.add(there)
                        longer.append((there, product * value, (*used, factor_id)))
            frontier = longer
        raise UsageError(
            "price-mismatch",
            f"no rate, price index or margin leads from {source} to {target}",
            "Add one of kind 'price' to the factor book.",
        )

    def _properties(self, need: Need) -> list[tuple[str, Any]]:
        """The nearest property of the item for each unit it relates, in a fixed order."""
        chain = region_chain(need.region)
        best: dict[tuple[tuple[str, Fraction], ...], tuple[tuple[int, int, str], Factor]] = {}
        for factor in self._index.get(("fuel-property", need.item), []):
            if factor.region not in chain or factor.masses[0].species != PROPERTY:
                continue
            if need.as_of is not None and factor.source.published_on > need.as_of:
                continue
            rank = (chain.index(factor.region), -factor.source.published_on.toordinal(), factor.id)
            unit = dimensions(quantity(1, factor.masses[0].unit))
            if unit not in best or rank < best[unit][0]:
                best[unit] = (rank, factor)
        ordered = sorted((f for _, f in best.values()), key=lambda f: f.id)
        return [(f.id, quantity(f.masses[0].value, f.masses[0].unit)) for f in ordered]


def _regions(need: Need) -> tuple[str, ...]:
    """Regions whose factors may serve a need, nearest first, proxies last."""
    chain = region_chain(need.region)
    return (*chain, *(p for p in need.proxies if p not in chain))


def _unfit(factor: Factor, need: Need, chain: tuple[str, ...]) -> str:
    """Why a factor cannot serve a need, or an empty text."""
    if factor.region not in chain:
        return f"made for {factor.region}"
    if factor.reach == "exact" and factor.region != need.region:
        return f"serves {factor.region} only, not the places inside it"
    if factor.basis != need.basis and (need.basis or factor.basis == "upstream"):
        return f"{factor.basis} basis, {need.basis} wanted"
    if factor.data_year is not None and factor.data_year > need.year:
        return f"data of {factor.data_year}, later than {need.year}"
    if need.as_of is not None and factor.source.published_on > need.as_of:
        return f"published on {factor.source.published_on}, after {need.as_of}"
    return ""


def _worse(best: tuple[int, int, int, str], other: tuple[int, int, int, str]) -> str:
    if other[0] > best[0]:
        return "a nearer region is there"
    if other[1] > best[1]:
        return "nearer data are there"
    return "a newer edition is there" if other[2] > best[2] else "same rank, later in the alphabet"
