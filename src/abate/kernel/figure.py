"""Figure: a number with its unit, its query and its rows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.units import MG_PER_T


@dataclass(frozen=True, slots=True)
class Total:
    """A figure that adds up rows.

    Args:
        column: Column of the rollups: `co2e_mg` or `quantity_micro`.
        where: Values that the row's columns must have.
    """

    column: str
    where: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """The definition of a figure.

    Args:
        id: Kebab-case name.
        title: Name for people.
        unit: Unit of its value.
        formula: How it comes from other figures, as text; empty where it adds up rows.
        total: Its query, where it adds up rows.
        plus: Figures added.
        minus: Figures subtracted.
        numerator: Figure above the line of a ratio.
        denominator: Figure below the line.
        scale: Multiplies the ratio.
        part_of: Figure from whose rows its rows are taken: none of them is zero where that one has rows.
        source: Standard and clause.
    """

    id: str
    title: str
    unit: str
    total: Total | None = None
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    numerator: str = ""
    denominator: str = ""
    scale: Fraction = Fraction(1)
    part_of: str = ""
    source: str = ""

    @property
    def formula(self) -> str:
        """The figure in terms of others, or of its rows."""
        if self.numerator:
            return f"{self.numerator} / {self.denominator}"
        if self.plus:
            return " + ".join(self.plus) + "".join(f" - {m}" for m in self.minus)
        assert self.total is not None
        return f"sum({self.total.column}) where " + ", ".join(f"{c} = {'|'.join(v)}" for c, v in self.total.where)

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio of figures."""
        return bool(self.numerator)

    def per(self, other: Figure, *, id: str, title: str, unit: str, scale: Fraction = Fraction(1)) -> Figure:  # noqa: A002
        """The ratio of this figure to another.

        Example:
            >>> FIGURES["it-energy"].per(FIGURES["facility-energy"], id="x", title="X", unit="1").formula
            'it-energy / facility-energy'
        """
        return Figure(id, title, unit, numerator=self.id, denominator=other.id, scale=scale)


def _mass(book: str = "inventory", **where: str) -> Total:
    return Total("co2e_mg", tuple((c, (v,)) for c, v in (("source", "entry"), ("book", book), *where.items())))


def _amount(kind: str) -> Total:
    return Total("quantity_micro", (("source", ("activity",)), ("kind", (kind,))))


S2 = "GHG Protocol Scope 2 Guidance (2015)"
CS = "GHG Protocol Corporate Standard (2004)"
SCOPE_3 = tuple(f"scope3-{k}" for k in range(1, 16))
"""The figures of the categories of Scope 3, in their order."""
S3 = "GHG Protocol Corporate Value Chain (Scope 3) Standard (2011)"
W = "WBCSD, Guidance on Avoided Emissions (2023)"

_BASE = (
    Figure("scope1", "Scope 1", "t CO2e", _mass(scope="1"), source=f"{CS}, chapter 4"),
    Figure(
        "scope2-location",
        "Scope 2, location-based",
        "t CO2e",
        _mass(scope="2", view="location"),
        source=f"{S2}, section 6.1",
    ),
    Figure(
        "scope2-market", "Scope 2, market-based", "t CO2e", _mass(scope="2", view="market"), source=f"{S2}, Table 6.3"
    ),
    Figure("outside-scopes", "Outside the scopes", "t CO2e", _mass(scope="outside"), source=f"{CS}, chapter 9"),
    Figure("gross", "Gross (Scope 1 + 2 location)", "t CO2e", plus=("scope1", "scope2-location")),
    Figure(
        "reduction",
        "Named reductions (matched instruments at the site's location factor)",
        "t CO2e",
        Total(
            "co2e_mg",
            (
                ("source", ("entry",)),
                ("book", ("inventory",)),
                ("scope", ("2",)),
                ("view", ("location",)),
                ("matched", ("yes",)),
            ),
        ),
        part_of="scope2-location",
    ),
    Figure("net", "Net (gross less named reductions)", "t CO2e", plus=("gross",), minus=("reduction",)),
    *(
        Figure(
            f"scope3-{k}",
            f"Scope 3, category {k}",
            "t CO2e",
            _mass(scope="3", category=str(k)),
            source=f"{S3}, Table 5.4",
        )
        for k in range(1, 16)
    ),
    Figure("scope3", "Scope 3", "t CO2e", plus=SCOPE_3, source=f"{S3}, chapter 5"),
    Figure("total-location", "Scopes 1, 2 (location) and 3", "t CO2e", plus=("gross", "scope3")),
    Figure("total-market", "Scopes 1, 2 (market) and 3", "t CO2e", plus=("scope1", "scope2-market", "scope3")),
    Figure("avoided", "Avoided by others (Scope 3+)", "t CO2e", _mass("avoided"), source=W),
    *(
        Figure(
            f"avoided-{view}",
            f"Avoided by others, {view}",
            "t CO2e",
            _mass("avoided", view=view),
            part_of="avoided",
            source=W,
        )
        for view in ("driving", "enabling")
    ),
    Figure(
        "avoided-claimed",
        "Avoided by others, claimed",
        "t CO2e",
        _mass("avoided", matched="yes"),
        part_of="avoided",
        source=W,
    ),
    Figure(
        "avoided-unclaimed",
        "Avoided by others, unclaimed",
        "t CO2e",
        _mass("avoided", matched="no"),
        part_of="avoided",
        source=W,
    ),
    Figure("electricity", "Electricity purchased", "kWh", _amount("electricity")),
    Figure(
        "clean-electricity",
        "Electricity matched with instruments",
        "kWh",
        Total(
            "quantity_micro",
            (
                ("source", ("entry",)),
                ("book", ("inventory",)),
                ("view", ("location",)),
                ("matched", ("yes",)),
                ("species", ("CO2",)),
            ),
        ),
        part_of="electricity",
    ),
    Figure("heat", "Heat purchased", "kWh", _amount("heat")),
    Figure("revenue", "Revenue", "money", _amount("revenue")),
    Figure("floor-area", "Floor area", "m2", _amount("floor-area")),
    Figure("facility-energy", "Energy of data-centre buildings", "kWh", _amount("facility-energy")),
    Figure("it-energy", "Energy of IT equipment", "kWh", _amount("it-energy")),
    Figure("water", "Water of data-centre buildings", "L", _amount("water")),
)
_BY_ID = {f.id: f for f in _BASE}
_RATIOS = (
    _BY_ID["net"].per(
        _BY_ID["revenue"],
        id="intensity",
        title="Net per million of revenue",
        unit="t CO2e/million",
        scale=Fraction(10**6),
    ),
    _BY_ID["scope3"].per(
        _BY_ID["revenue"],
        id="scope3-intensity",
        title="Scope 3 per million of revenue",
        unit="t CO2e/million",
        scale=Fraction(10**6),
    ),
    _BY_ID["clean-electricity"].per(
        _BY_ID["electricity"], id="clean-share", title="Share of clean electricity", unit="share"
    ),
    _BY_ID["facility-energy"].per(
        _BY_ID["it-energy"], id="pue", title="Power usage effectiveness (ISO/IEC 30134-2)", unit="ratio"
    ),
    _BY_ID["water"].per(
        _BY_ID["it-energy"], id="wue", title="Water usage effectiveness (ISO/IEC 30134-9)", unit="L/kWh"
    ),
)
FIGURES: dict[str, Figure] = {f.id: f for f in (*_BASE, *_RATIOS)}
"""Every figure by its name."""

HEADLINES = (
    "scope1",
    "scope2-location",
    "scope2-market",
    "gross",
    "reduction",
    "net",
    "intensity",
    "scope3",
    "scope3-intensity",
    "electricity",
    "clean-share",
)
"""The figures that `abate show` prints when none is named."""


def figure(name: str) -> Figure:
    """The definition of a figure.

    Raises:
        NotFoundError: `unknown-figure`.
    """
    if name not in FIGURES:
        raise NotFoundError("unknown-figure", f"No figure '{name}'.", f"There are: {', '.join(FIGURES)}.")
    return FIGURES[name]


def totals_needed(name: str) -> list[str]:
    """The figures that add up rows on which a figure stands, each once.

    Example:
        >>> totals_needed("net")
        ['scope1', 'scope2-location', 'reduction']
    """
    one = figure(name)
    if one.total is not None:
        return [name, one.part_of] if one.part_of else [name]
    below = (*one.plus, *one.minus, one.numerator, one.denominator)
    return list(dict.fromkeys(t for b in below if b for t in totals_needed(b)))


def evaluate_figure(name: str, totals: dict[str, Fraction | None]) -> Fraction | None:
    """Value of a figure in its unit, exactly, from the totals it stands on.

    Args:
        name: The figure.
        totals: Totals in their own units, None where there is no row.

    Returns:
        The value; None where it stands on nothing, for missing is not zero, or where it would divide by zero.

    Example:
        >>> evaluate_figure("gross", {"scope1": Fraction(2), "scope2-location": Fraction(3)})
        Fraction(5, 1)
    """
    one = figure(name)
    if one.total is not None:
        found = totals.get(name)
        return Fraction(0) if found is None and one.part_of and totals.get(one.part_of) is not None else found
    if one.is_ratio:
        above, below = evaluate_figure(one.numerator, totals), evaluate_figure(one.denominator, totals)
        return None if above is None or not below else above / below * one.scale
    plus = [evaluate_figure(p, totals) for p in one.plus]
    minus = [evaluate_figure(m, totals) for m in one.minus]
    there = [p for p in plus if p is not None]
    if not there:
        return None
    return sum(there, Fraction(0)) - sum((m for m in minus if m is not None), Fraction(0))


def missing_parts(name: str, totals: dict[str, Fraction | None]) -> list[str]:
    """The figures that a sum should hold and that have no row: what it is shown without.

    Example:
        >>> missing_parts("gross", {"scope1": None, "scope2-location": Fraction(3)})
        ['scope1']
    """
    one = figure(name)
    found = [p for p in one.plus if evaluate_figure(p, totals) is None]
    below = (*one.plus, *one.minus, one.numerator, one.denominator)
    return list(dict.fromkeys(found + [m for b in below if b for m in missing_parts(b, totals)]))


def signs_of(name: str) -> dict[str, int]:
    """Totals that a figure adds and subtracts, with their signs.

    Raises:
        UsageError: `not-a-sum` for a ratio, or for what is no mass.

    Example:
        >>> signs_of("net")
        {'scope1': 1, 'scope2-location': 1, 'reduction': -1}
    """
    one = figure(name)
    if one.is_ratio:
        raise UsageError("not-a-sum", f"'{name}' is a ratio.", f"Ask for '{one.numerator}' instead.")
    if one.total is not None and one.total.column != "co2e_mg":
        raise UsageError("not-a-sum", f"'{name}' is in {one.unit}, not a mass of CO2e.", "Ask for one such as gross.")
    if one.total is not None:
        return {name: 1}
    found: dict[str, int] = {}
    for sign, parts in ((1, one.plus), (-1, one.minus)):
        for part in parts:
            for total, inner in signs_of(part).items():
                found[total] = found.get(total, 0) + sign * inner
    return found


def books_of(name: str) -> set[str]:
    """Books whose entries a figure adds up; a sum of two books is no figure.

    Example:
        >>> books_of("total-location"), books_of("avoided"), books_of("electricity")
        ({'inventory'}, {'avoided'}, set())
    """
    found: set[str] = set()
    for total in totals_needed(name):
        one = figure(total).total
        where = dict(one.where) if one else {}
        found |= set(where.get("book", ())) if "entry" in where.get("source", ()) else set()
    return found


def in_unit(column: str, whole: int) -> Fraction:
    """A whole sum of the ledger in the unit of its figure: milligrams in tonnes, millionths in ones."""
    return Fraction(whole, MG_PER_T if column == "co2e_mg" else 10**6)
