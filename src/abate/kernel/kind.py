"""Kinds of activity, and templates of the files they come in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Basis = Literal["metered", "estimated", "forecast", "baseline", "planned"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of activity.

    Args:
        id: Kebab-case name, such as `electricity`.
        title: Name for people.
        dimensions: Dimensions its quantity may have; the first is the usual one.
        items: Canonical names of what is consumed, with the words found in files; empty where the kind is one thing.
        item_required: Whether a row without an item is a finding.
        cumulative: Whether amounts of a year add up; floor area does not.
        open: Whether items beyond the list are taken as they are written; the factor book then says what it knows.
        book: Book that its entries are posted in: `inventory`, or `avoided` for what happens outside it.
    """

    id: str
    title: str
    dimensions: tuple[str, ...]
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    item_required: bool = False
    cumulative: bool = True
    open: bool = False
    book: Literal["inventory", "avoided"] = "inventory"

    def item_named(self, text: str) -> str | None:
        """Canonical item for a word found in a file, or None.

        Example:
            >>> Kind("stationary-fuel", "Fuel", ("volume",), {"diesel": ("0#柴油",)}).item_named("0#柴油")
            'diesel'
        """
        folded = fold(text)
        for item, words in self.items.items():
            if folded == fold(item) or folded in {fold(w) for w in words}:
                return item
        return folded if self.open else None


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of amounts in a file, and the activity each of its cells becomes.

    Args:
        kind: Kind of the activity.
        headers: Words in column headers that name it.
        unit: Unit where neither header nor row says one; empty where the file must say it.
        basis: How the amount came about.
        times: Fields whose values multiply the amount, such as the litres per 100 km of a car; one that ends in `?`
            counts as 1 where the file does not have it.
        over: Fields whose values divide it, such as the whole load of a van of which a part is ours.
        scale: Constant factor that goes with them.
        measures: Dimensions that this column may have, where the kind has more; empty takes the kind's.
        for_period: Whether the amount is multiplied by the row's period in years, as space that is rented is.
        by_unit: Unit by which the unit of the amount is multiplied: tonnes by `km` are tonne-kilometres.
    """

    kind: str
    headers: tuple[str, ...]
    unit: str = ""
    basis: Basis = "metered"
    times: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    scale: float = 1.0
    by_unit: str = ""
    measures: tuple[str, ...] = ()
    for_period: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of file, as `abate add --as` names it.

    Args:
        id: Kebab-case name, such as `electricity`.
        title: Name for people.
        words: Words in titles, file names and headers that speak for it.
        measures: Its columns of amounts.
        fields: Fields a row may have beyond the common ones, with the words in headers that name them.
        required: Fields that every row must have.
        example: Rows for the blank file that `abate init` writes, header first.
        alternatives: Whether its columns of amounts say the same thing in several ways, best first: the first that is
            filled counts, so that a purchase by mass is not counted by its price again.
    """

    id: str
    title: str
    words: tuple[str, ...]
    measures: tuple[Measure, ...]
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ("site", "period")
    example: tuple[tuple[str, ...], ...] = ()
    alternatives: bool = False


def fold(text: str) -> str:
    """A name in small letters, with hyphens for spaces.

    Example:
        >>> fold(" Carton_X 200 ")
        'carton-x-200'
    """
    return text.strip().lower().replace("_", "-").replace(" ", "-")
