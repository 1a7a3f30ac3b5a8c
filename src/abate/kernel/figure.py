"""Figure: a number with its unit, its query and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.units import MG_PER_T


@dataclass(frozen=True, slots=True)
class Sum:
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
        part_of: Figure from whose rows its rows are taken: none of them is zero where that one has
            rows.
        wanted_high: Whether more of it is better.
        source: Standard and clause.
    """

    id: str
    title: str
    unit: str
    total: Sum | None = None
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    numerator: str = ""
    denominator: str = ""
    scale: Fraction = Fraction(1)
    part_of: str = ""
    wanted_high: bool = False
    source: str = ""

    @property
    def formula(self) -> str:
        """The figure in terms of others, or of its rows."""
        if self.numerator:
            return f"{self.numerator} / {self.denominator}"
        if self.plus:
            return " + ".join(self.plus) + "".join(f" - {m}" for m in self.minus)
        assert self.total is not None
        return f"sum({self.total.column}) where " + ", ".join(
            f"{c} = {'|'.join(v)}" for c, v in self.total.where
        )

    @property
    def below(self) -> tuple[str, ...]:
        """Figures it is made of."""
        return tuple(f for f in (*self.plus, *self.minus, self.numerator, self.denominator) if f)

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio of figures."""
        return bool(self.numerator)

    def per(
        self,
        other: Figure,
        *,
        id: str,  # noqa: A002
        title: str,
        unit: str,
        scale: Fraction = Fraction(1),
        wanted_high: bool = False,
    ) -> Figure:
        """The ratio of this figure to another.

        Example:
            >>> used = Figure("used", "Used", "kWh", amount_of("used"))
            >>> used.per(Figure("sold", "Sold", "kWh", amount_of("sold")), id="x", title="X", unit="1").formula
            'used / sold'
        """
        return Figure(
            id,
            title,
            unit,
            numerator=self.id,
            denominator=other.id,
            scale=scale,
            wanted_high=wanted_high,
        )


def mass_of(book: str, **where: str) -> Sum:
    """Masses of CO2e of the entries of a book that have some values.

    Example:
        >>> mass_of("inventory", scope="1").where
        (('source', ('entry',)), ('book', ('inventory',)), ('scope', ('1',)))
    """
    return Sum(
        "co2e_mg",
        tuple((c, (v,)) for c, v in (("source", "entry"), ("book", book), *where.items())),
    )


def amount_of(kind: str) -> Sum:
    """Amounts of the activities of a kind."""
    return Sum("quantity_micro", (("source", ("activity",)), ("kind", (kind,))))


class FigureBook(dict[str, Figure]):
    """Figures by name, and what stands on what.

    Args:
        figures: Definitions, in the order in which they are listed.

    Example:
        >>> scope1 = Figure("scope1", "Scope 1", "t CO2e", mass_of("inventory", scope="1"))
        >>> scope2 = Figure("scope2", "Scope 2", "t CO2e", mass_of("inventory", scope="2"))
        >>> book = FigureBook((scope1, scope2, Figure("gross", "Gross", "t CO2e", plus=("scope1", "scope2"))))
        >>> book.totals_needed("gross"), book.signs_of("gross"), book.books_of("gross")
        (['scope1', 'scope2'], {'scope1': 1, 'scope2': 1}, {'inventory'})
        >>> book.evaluate("gross", {"scope1": Fraction(2), "scope2": Fraction(3)})
        Fraction(5, 1)
        >>> book.missing_parts("gross", {"scope1": None, "scope2": Fraction(3)})
        ['scope1']
    """

    def __init__(self, figures: Iterable[Figure]) -> None:
        super().__init__((f.id, f) for f in figures)

    def named(self, name: str) -> Figure:
        """The definition of a figure.

        Raises:
            NotFoundError: `unknown-figure`.
        """
        if name not in self:
            raise NotFoundError(
                "unknown-figure", f"No figure '{name}'.", f"There are: {', '.join(self)}."
            )
        return self[name]

    def totals_needed(self, name: str) -> list[str]:
        """The figures that add up rows on which a figure stands, each once."""
        one = self.named(name)
        if one.total is not None:
            return [name, one.part_of] if one.part_of else [name]
        return list(
            dict.fromkeys(total for below in one.below for total in self.totals_needed(below))
        )

    def evaluate(self, name: str, totals: Mapping[str, Fraction | None]) -> Fraction | None:
        """Value of a figure in its unit, exactly, from the totals it stands on.

        Args:
            name: The figure.
            totals: Totals in their own units, None where there is no row.

        Returns:
            The value; None where it stands on nothing, for missing is not zero, or where it would
            divide by zero.
        """
        one = self.named(name)
        if one.total is not None:
            found = totals.get(name)
            part_of_some = bool(one.part_of) and totals.get(one.part_of) is not None
            return Fraction(0) if found is None and part_of_some else found
        if one.is_ratio:
            above, below = (
                self.evaluate(one.numerator, totals),
                self.evaluate(one.denominator, totals),
            )
            return None if above is None or not below else above / below * one.scale
        plus = [v for p in one.plus if (v := self.evaluate(p, totals)) is not None]
        minus = [v for m in one.minus if (v := self.evaluate(m, totals)) is not None]
        return sum(plus, Fraction(0)) - sum(minus, Fraction(0)) if plus else None

    def missing_parts(self, name: str, totals: Mapping[str, Fraction | None]) -> list[str]:
        """The figures that a sum should hold and that have no row: what it is shown without."""
        one = self.named(name)
        found = [p for p in one.plus if self.evaluate(p, totals) is None]
        return list(
            dict.fromkeys(
                found + [m for below in one.below for m in self.missing_parts(below, totals)]
            )
        )

    def signs_of(self, name: str) -> dict[str, int]:
        """Totals that a figure adds and subtracts, with their signs.

        Raises:
            UsageError: `not-a-sum` for a ratio, or for what is not a mass.
        """
        one = self.named(name)
        if one.is_ratio:
            raise UsageError(
                "not-a-sum", f"'{name}' is a ratio.", f"Ask for '{one.numerator}' instead."
            )
        if one.total is not None and one.total.column != "co2e_mg":
            raise UsageError(
                "not-a-sum",
                f"'{name}' is in {one.unit}, not a mass of CO2e.",
                "Ask for a mass, in t CO2e.",
            )
        if one.total is not None:
            return {name: 1}
        found: dict[str, int] = {}
        for sign, parts in ((1, one.plus), (-1, one.minus)):
            for part in parts:
                for total, inner in self.signs_of(part).items():
                    found[total] = found.get(total, 0) + sign * inner
        return found

    def books_of(self, name: str) -> set[str]:
        """Books whose entries a figure adds up; a sum of two books is not a figure."""
        found: set[str] = set()
        for total in self.totals_needed(name):
            one = self.named(total).total
            where = dict(one.where) if one else {}
            found |= set(where.get("book", ())) if "entry" in where.get("source", ()) else set()
        return found


def in_unit(column: str, whole: int) -> Fraction:
    """A whole sum of the ledger in the unit of its figure.

    Milligrams in tonnes, millionths in ones.
    """
    return Fraction(whole, MG_PER_T if column == "co2e_mg" else 10**6)
