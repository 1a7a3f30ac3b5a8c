"""Matching: which factor answers an activity's need, and why no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from itertools import combinations
from typing import Any, TypeAlias

from abate.kernel.errors import UsageError
from abate.kernel.factor import PROPERTY, Factor
from abate.kernel.region import region_chain
from abate.kernel.units import dimensions, in_units, money_in, quantity, spelled

Chain: TypeAlias = tuple[int, Any, tuple[str, ...]]
"""Properties that convert a unit one after another: how far their regions are, product, ids."""
ONE = partial(quantity, 1, "kg/kg")
PROPERTIES_MAX = 3
HEATING_VALUES = {"[net_calorific_value]", "[gross_calorific_value]"}
CONVERTS = "-property"
"""End of the kinds of factor that state a property of an item, such as its density, which converts
units.
"""
SAME_SHARE = 0.001
"""Values that differ by less are one value, printed in two units or rounded twice."""
MONEY_YEARS_BACK = 6
"""Years for which money without a price index or rate of its own year counts as money of an earlier
one.
"""

Rank: TypeAlias = "tuple[int | bool, ...]"
RANKS = (
    "a nearer region is there",
    "one with a source is there",
    "one per kWh consumed is there",
    "one of more gases than CO2 is there",
    "nearer data are there",
    "one made for the year is there",
    "a newer edition is there",
    "fewer conversions are needed",
    "one printed in this very unit is there",
)
"""What puts one factor before another, in this order, as it is said of the one passed over."""


@dataclass(frozen=True, slots=True)
class FactorQuery:
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
        conversions: Ids of the properties that convert the activity's unit into the factor's.
        why: Why this one, for people.
        passed: Those passed over.
        proxy: Whether the factor was made for another region and serves in its place.
        money_year: Year whose rate or price index serves money of a later year, 0 where the year
            has its own.
    """

    factor: Factor
    mg_per_unit: dict[str, float]
    years_carried: int
    conversions: tuple[str, ...]
    why: str
    passed: tuple[Passed, ...]
    proxy: bool = False
    money_year: int = 0


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No factor answers the need.

    Args:
        code: `no-factor`, or what kept the nearest away: `unit-mismatch`, `heating-value-mismatch`,
            `price-mismatch`, `ambiguous-factor` where two that are as near say different things.
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
        self._conversions: dict[str, list[Factor]] = {}
        for factor in self.factors:
            if factor.kind.endswith(CONVERTS) and factor.masses[0].species == PROPERTY:
                self._conversions.setdefault(factor.item, []).append(factor)

    def __len__(self) -> int:
        return len(self.factors)

    def get(self, factor_id: str) -> Factor | None:
        """The factor of an id, or None."""
        return self._by_id.get(factor_id)

    def match(self, need: FactorQuery) -> Match | NoMatch:
        """Find the factor for a need.

        The nearest region comes first; within it a value with a source before an assumption, one
        per kWh consumed before one per kWh generated, all gases before CO2 alone, the nearest year,
        and the newest edition. Of several values of one edition, such as gas per tonne and per kWh,
        the one that needs the fewest conversions serves, then the one printed in the activity's
        very unit. A name decides nothing: two values that are as near and differ are a question.

        A factor never serves a place outside its region, nor a year before its own, unless it only
        ages; where `reach` is `exact` it serves its own region only. Older data are carried
        forward, and the match says by how many years.
        """
        chain = _regions(need)
        eligible, passed = self._ranked(need, chain)
        mismatch: tuple[str, str] | None = None
        worse: list[Passed] = []
        found: list[tuple[Rank, Factor, dict[str, float], tuple[str, ...], int]] = []
        for rank, factor in eligible:
            if found and rank > found[0][0][: len(rank)]:
                worse.append(Passed(factor.id, _worse(found[0][0], rank)))
                continue
            try:
                mg_per_unit, conversions, money_year = self._per_unit(factor, need)
            except UsageError as error:
                mismatch = mismatch or (error.code, f"{factor.id}, {error.message}")
                worse.append(Passed(factor.id, f"{error.code}: {error.message}"))
                continue
            printed = factor.masses[0].unit.partition("/")[2]
            found.append(
                (
                    (*rank, len(conversions), printed != need.unit),
                    factor,
                    mg_per_unit,
                    conversions,
                    money_year,
                )
            )
        passed[:0] = worse  # those that came near are reported first
        if not found:
            if mismatch is None:
                return NoMatch("no-factor", self._absence(need, passed), tuple(passed))
            return NoMatch(
                mismatch[0],
                f"No factor for {_named(need)} per {need.unit}: {mismatch[1]}.",
                tuple(passed),
            )
        found.sort(key=lambda f: (f[0], f[1].id))
        best, factor, mg_per_unit, conversions, money_year = found[0]
        for rank, other, mg_other, *_ in found[1:]:
            if rank == best and _differ(mg_per_unit, mg_other):
                told = f"'{factor.id}' and '{other.id}' are as near for {_named(need)} and differ."
                return NoMatch("ambiguous-factor", told, tuple(passed))
            passed.insert(
                0, Passed(other.id, _worse(best, rank) if rank > best else "the same value")
            )
        why = f"nearest region {factor.region} for {need.region}" + (
            f", data year {factor.data_year} for {need.year}"
            if factor.data_year
            else ", not tied to a year"
        )
        if factor.for_year is not None:
            why += f", meant for {factor.for_year}"
        if conversions or any(f.source == factor.source for _, f in eligible if f is not factor):
            steps = (
                f"{len(conversions)} conversions"
                if len(conversions) > 1
                else "1 conversion"
                if conversions
                else "no conversion"
            )
            why += f"; printed per {factor.masses[0].unit.partition('/')[2]}, so {steps}"
        proxy = factor.region not in region_chain(need.region)
        return Match(
            factor,
            mg_per_unit,
            _gap(factor, need),
            conversions,
            why,
            tuple(passed),
            proxy,
            money_year,
        )

    def _ranked(
        self, need: FactorQuery, chain: tuple[str, ...]
    ) -> tuple[list[tuple[Rank, Factor]], list[Passed]]:
        """Factors that may serve a need, best first, and those that may not."""
        passed: list[Passed] = []
        eligible: list[tuple[Rank, Factor]] = []
        for factor in self._index.get((need.kind, need.item), []):
            reason = _unfit(factor, need, chain)
            if reason:
                passed.append(Passed(factor.id, reason))
                continue
            rank = (
                chain.index(factor.region),
                factor.source.verification == "assumption",
                factor.per == "generated",
                factor.gas_basis == "CO2",
                abs(_gap(factor, need)),
                factor.ages,
                -factor.source.published_on.toordinal(),
            )
            eligible.append((rank, factor))
        eligible.sort(key=lambda pair: (pair[0], pair[1].id))
        passed.sort(key=lambda p: p.reason.startswith("made for"))
        return eligible, passed

    def of(self, kind: str, item: str) -> Sequence[Factor]:
        """Factors of a kind and item, by their ids."""
        return self._index.get((kind, item), ())

    def items(self, kind: str) -> tuple[str, ...]:
        """Items of which the book has a factor of a kind."""
        return tuple(item for known, item in self._index if known == kind)

    def ratio(self, need: FactorQuery) -> tuple[Factor, float] | NoMatch:
        """The nearest property of a kind that is a plain ratio, such as the loss per kWh delivered."""
        eligible, passed = self._ranked(need, _regions(need))
        if not eligible:
            return NoMatch("no-factor", self._absence(need, passed), tuple(passed))
        factor = eligible[0][1]
        return factor, float(
            quantity(factor.masses[0].value, factor.masses[0].unit).to("kg/kg").magnitude
        )

    def _absence(self, need: FactorQuery, passed: Iterable[Passed]) -> str:
        """What was looked for, what there is for the place and why it does not serve.

        And where else there is one.
        """
        told = f"No factor for {_named(need)} valid in {need.year} per {need.unit}."
        chain = set(_regions(need))
        near = [p for p in passed if self._by_id[p.factor_id].region in chain]
        if near:
            listed = "; ".join(f"{p.factor_id} ({p.reason})" for p in near[:4])
            return f"{told} For this place there is: {listed}" + (
                f" and {len(near) - 4} more." if len(near) > 4 else "."
            )
        there = sorted({f.region for f in self._index.get((need.kind, need.item), [])})
        if there:
            listed = ", ".join(there[:8]) + (
                f" and {len(there) - 8} more" if len(there) > 8 else ""
            )
            return f"{told} There is one for: {listed}."
        alike = nearest_items(need.item, self.items(need.kind))
        return f"{told} There is none for any region." + (
            f" Names most like it: {', '.join(alike)}." if alike else ""
        )

    def _per_unit(
        self, factor: Factor, need: FactorQuery
    ) -> tuple[dict[str, float], tuple[str, ...], int]:
        """Milligrams of each species per canonical unit of the activity, proved by dimension.

        Conversions; money's year.
        """
        found: dict[str, float] = {}
        conversions: tuple[str, ...] = ()
        money_year = 0
        for mass in factor.masses:
            amount = quantity(mass.value, mass.unit)
            bridge, used, money_year = self._conversion(amount, need)
            conversions += tuple(b for b in used if b not in conversions)
            found[mass.species] = in_units(amount * bridge, f"mg/{need.unit}")
        return found, conversions, money_year

    def energy_per_unit(self, need: FactorQuery) -> float:
        """Net energy of a unit of something that is burnt, by its properties in the book [MJ].

        Raises:
            UsageError: `unit-mismatch` where no property of the item converts the unit.
        """
        amount = quantity(1, "mg/MJ_net")
        bridge, *_ = self._conversion(amount, need)
        return float(in_units(amount * bridge, f"mg/{need.unit}"))

    def _conversion(self, amount: Any, need: FactorQuery) -> tuple[Any, tuple[str, ...], int]:
        """Properties whose product turns the factor's unit into the activity's.

        One where none is needed.

        The fewest properties serve, of those the nearest in region, then the newest; any that are
        as good and give another result leave a question.
        """
        target = quantity(1, f"mg/{need.unit}").dimensionality
        if amount.dimensionality == target:
            return ONE(), (), 0
        money = money_in(need.unit)
        if money and (paid := money_in(spelled(amount))):
            return self._exchange_of_some_year(money, paid, need)
        properties = self._properties(need)
        chains: list[Chain] = [(0, ONE(), ())]
        for _ in range(PROPERTIES_MAX):
            chains = [longer for chain in chains for longer in _longer(chain, properties)]
            fits: dict[frozenset[str], Chain] = {}
            for chain in chains:
                if (amount * chain[1]).dimensionality == target:
                    fits.setdefault(frozenset(chain[2]), chain)
            if fits:
                _, product, through = _clear_choice(list(fits.values()))
                return product, through, 0
        heating = {str(d) for d in (*amount.dimensionality, *target)} & HEATING_VALUES
        raise UsageError(
            "heating-value-mismatch" if heating and "kWh" in need.unit else "unit-mismatch",
            f"{spelled(amount)} does not fit an activity in {need.unit}, and no property of"
            f" '{need.item}' converts it",
            "State the heating-value basis of the activity, or add the property to the factor"
            " book.",
        )

    def _exchange_of_some_year(
        self, source: str, target: str, need: FactorQuery
    ) -> tuple[Any, tuple[str, ...], int]:
        """The exchange of the activity's year, else that of the last year before it that has one."""
        match = re.fullmatch(r"([A-Z]{3})(\d{4})(\w*)", source)
        missed: UsageError | None = None
        for back in range(MONEY_YEARS_BACK + 1 if match else 1):
            year = int(match.group(2)) - back if match else 0
            paid = f"{match.group(1)}{year}{match.group(3)}" if match else source
            try:
                product, used = self._exchange(paid, target, need)
            except UsageError as error:
                missed = missed or error
                continue
            one = quantity(1, f"{paid}/{source}") if back else quantity(1, "kg/kg")
            return product * one, used, year if back else 0
        raise missed or AssertionError(source)

    def _exchange(self, source: str, target: str, need: FactorQuery) -> tuple[Any, tuple[str, ...]]:
        """Rates, price indices and margins that turn money as paid into the money of a factor.

        The shortest chain.

        Money is exchanged in the year of the activity and then brought to the factor's price year
        by the price index of the factor's currency; the index of any other currency is not a step.

        Source: GHG Protocol, Technical Guidance for Calculating Scope 3 Emissions (2013), category
            1, spend-based.
        """
        steps: dict[str, list[tuple[str, str, Any]]] = {}
        for factor in [
            *self._index.get(("price", ""), []),
            *self._index.get(("price", need.item), []),
        ]:
            above, _, below = factor.masses[0].unit.partition("/")
            late = need.as_of is not None and factor.source.published_on > need.as_of
            foreign = below.endswith("_basket") and below[:3] != target[:3]
            if late or foreign or factor.region not in _regions(need):
                continue
            value = quantity(factor.masses[0].value, factor.masses[0].unit)
            steps.setdefault(below, []).append((above, factor.id, value))
            steps.setdefault(above, []).append((below, factor.id, 1 / value))
        frontier: list[tuple[str, Any, tuple[str, ...]]] = [(source, quantity(1, "kg/kg"), ())]
        seen = {source}
        while frontier:
            longer = []
            for here, product, used in frontier:
                for there, factor_id, value in sorted(
                    steps.get(here, []), key=lambda step: step[1]
                ):
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

    def _properties(self, need: FactorQuery) -> list[tuple[str, Any, int]]:
        """The nearest property of the item for each unit it relates, with how far its region is.

        In a fixed order.
        """
        chain = region_chain(need.region)
        best: dict[tuple[tuple[str, Fraction], ...], tuple[tuple[int, int, str], Factor]] = {}
        for factor in self._conversions.get(need.item, []):
            if factor.region not in chain:
                continue
            if need.as_of is not None and factor.source.published_on > need.as_of:
                continue
            rank = (chain.index(factor.region), -factor.source.published_on.toordinal(), factor.id)
            unit = dimensions(quantity(1, factor.masses[0].unit))
            if unit not in best or rank < best[unit][0]:
                best[unit] = (rank, factor)
        ordered = sorted(best.values(), key=lambda pair: pair[1].id)
        return [
            (f.id, quantity(f.masses[0].value, f.masses[0].unit), rank[0]) for rank, f in ordered
        ]


def _longer(chain: Chain, properties: Sequence[tuple[str, Any, int]]) -> Iterator[Chain]:
    """A chain of properties with one more of them, multiplied or divided by."""
    far, product, used = chain
    for factor_id, value, rank in properties:
        if factor_id not in used:
            for step in (value, 1 / value):
                yield far + rank, product * step, (*used, factor_id)


def _clear_choice(fits: list[Chain]) -> Chain:
    """The nearest of the chains that convert a unit.

    Raises:
        UsageError: `unit-mismatch` where another is as near and gives another result.
    """
    best, *others = sorted(fits, key=lambda f: (f[0], f[2]))
    for far, product, through in others:
        share = float((product / best[1]).to("kg/kg").magnitude)
        if far == best[0] and abs(share - 1) > SAME_SHARE:
            text = f"{' and '.join(best[2])} convert it, and {' and '.join(through)} otherwise"
            raise UsageError("unit-mismatch", text, "Undo the import of one of them.")
    return best


TOLD_APART_IN = {"non-uk": "GB", "regional": "US"}
"""Attributes that the factors of one country tell apart; those of others lose nothing where they
are left out.
"""


def broader(item: str) -> list[str]:
    """An item and what it is one of: without some of its attributes, then without any.

    Example:
        >>> broader("car/small/diesel")
        ['car/small/diesel', 'car/small', 'car/diesel', 'car']
    """
    base, *attributes = item.split("/")
    sizes = range(len(attributes), -1, -1)
    return ["/".join((base, *some)) for size in sizes for some in combinations(attributes, size)]


def nearest_items(item: str, items: Iterable[str], count: int = 4) -> list[str]:
    """Items whose names are most like one: those that hold it, then those spelled like it.

    Example:
        >>> nearest_items("coal", ["coal-domestic", "charcoal", "diesel"])
        ['coal-domestic', 'charcoal']
    """
    import difflib  # noqa: PLC0415

    every = sorted(set(items))
    holding = [i for i in every if item and (item in i or i in item)]
    alike = difflib.get_close_matches(item, every, n=count, cutoff=0.6)
    whole = [i for i in holding if re.search(rf"(^|[-/]){re.escape(item)}([-/]|$)", i)]
    return list(dict.fromkeys([*whole, *alike, *holding]))[:count]


def _named(need: FactorQuery) -> str:
    return f"'{need.kind}' of '{need.item}' in '{need.region}'"


def _differ(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two valuations of a unit say different things."""
    if one.keys() != other.keys():
        return True
    largest = max((abs(v) for v in one.values()), default=0.0)
    return any(abs(one[s] - other[s]) > SAME_SHARE * max(abs(one[s]), 0.01 * largest) for s in one)


def _gap(factor: Factor, need: FactorQuery) -> int:
    """Years by which a factor is older than an activity.

    Below zero where one that ages is younger.
    """
    if factor.ages:
        return need.year - factor.edition_year
    return 0 if factor.year is None else need.year - factor.year


def _regions(need: FactorQuery) -> tuple[str, ...]:
    """Regions whose factors may serve a need, nearest first, proxies last."""
    chain = region_chain(need.region)
    return (*chain, *(p for p in need.proxies if p not in chain))


def _unfit(factor: Factor, need: FactorQuery, chain: tuple[str, ...]) -> str:
    """Why a factor cannot serve a need, or an empty text."""
    if factor.region not in chain:
        return f"made for {factor.region}"
    if factor.reach != "within":
        home = factor.reach == "home"
        if factor.region not in (region_chain(need.region) if home else (need.region,)):
            return (
                f"serves {factor.region} only, not the places {'outside' if home else 'inside'} it"
            )
    if factor.basis != need.basis and (need.basis or factor.basis == "upstream"):
        return f"{factor.basis} basis, {need.basis} wanted"
    if factor.year is not None and factor.year > need.year and not factor.ages:
        of = "data of" if factor.for_year is None else "meant for"
        return f"{of} {factor.year}, later than {need.year}"
    if need.as_of is not None and factor.source.published_on > need.as_of:
        return f"published on {factor.source.published_on}, after {need.as_of}"
    return ""


def _worse(best: Rank, other: Rank) -> str:
    return next(reason for reason, a, b in zip(RANKS, best, other, strict=False) if b > a)
