"""Kinds of activity, and templates of the files they come in."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

Basis = Literal[
    "metered", "recorded", "spent", "reported", "estimated", "forecast", "baseline", "planned"
]
"""How an amount came about: read from a meter or bill; taken from tickets, waybills, scales or
surveys; money paid; emissions that others report; put in for what is missing; expected; what would
have been; proposed.
"""
MEASURED = ("metered", "recorded", "spent", "reported")
"""Those of what happened and was taken down."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of activity.

    Args:
        id: Kebab-case name, such as `electricity`.
        title: Name for people.
        dimensions: Dimensions its quantity may have; the first is the usual one.
        items: Canonical names of what is consumed, with the words found in files; empty where the
            kind is one thing.
        item_required: Whether a row without an item is a finding.
        cumulative: Whether amounts of a year add up; floor area does not.
        open: Whether items beyond the list are taken as they are written; the factor book then says
            what it knows.
        book: Book that its entries are posted in: `inventory`, or `avoided` for what happens
            outside it.
        known_by: Kinds of factor whose items are items of this kind too: what the book knows, a
            file may name.
        asks: Words that may mean several items, with those items: they are asked about, never
            guessed.
        attributes: Canonical names of what may stand behind an item, such as a class of travel,
            with the words for them; one with a star becomes an item of its own: `electric-*` makes
            a car an `electric-car`.
        metered: Whether its amounts are of meters and bills, of which two may not cover the same
            days.
        by_building: Whether its meters name buildings, by which its amounts are distinguished.
        bands: Items that the amount of a row tells apart, as flights by their distance: for each,
            upper limits in the canonical unit with the item below them, widest last.
    """

    id: str
    title: str
    dimensions: tuple[str, ...]
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    item_required: bool = False
    cumulative: bool = True
    open: bool = False
    book: Literal["inventory", "avoided"] = "inventory"
    known_by: tuple[str, ...] = ()
    asks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bands: dict[str, tuple[tuple[float, str], ...]] = field(default_factory=dict)
    metered: bool = False
    by_building: bool = False

    def item_named(self, text: str, known: Collection[str] = ()) -> str | None:
        """Canonical item for a word found in a file, or None where it names none or leaves a choice.

        Attributes follow the item behind a slash or a dash: `car / small / diesel`, `general waste
        - landfill`.

        Args:
            text: As it stands.
            known: Items that the factor book has for this kind.

        Example:
            >>> fuel = Kind("fuel", "Fuel", ("volume",), {"diesel": ("0#柴油",)}, asks={"coal": ("anthracite", "lignite")})
            >>> fuel.item_named("0#柴油"), fuel.item_named("Wood pellets", ["wood-pellets"]), fuel.item_named("coal")
            ('diesel', 'wood-pellets', None)
            >>> car = Kind("trip", "Trip", ("distance",), {"car": ()}, attributes={"diesel": ("Diesel fuel",)})
            >>> car.item_named("car / diesel fuel")
            'car/diesel'
        """
        whole = self._one_item(text, () if self.choices(text) else known)
        if whole is not None or self.choices(text):
            return whole
        for parts in (
            re.split(r"\s*/\s*", text.strip()),
            re.split(r"\s+[-–—]\s+|\s*/\s*", text.strip()),
        ):
            base = self._one_item(parts[0], known) if len(parts) > 1 and self.attributes else None
            rest = [self._attribute(p) for p in parts[1:] if p.strip()]
            if base is not None and (self.open or all(found for found, _ in rest)):
                named = [a for _, a in rest if a and a not in base.split("/")]
                for own in (a for a in named if "*" in a):
                    head, _, tail = base.partition("/")
                    base = own.replace("*", head) + (f"/{tail}" if tail else "")
                return "/".join((base, *dict.fromkeys(a for a in named if "*" not in a)))
        return item_id(text) if self.open else None

    def choices(self, text: str) -> tuple[str, ...]:
        """Items among which a word leaves a choice."""
        wanted = item_id(text)
        return next((items for word, items in self.asks.items() if item_id(word) == wanted), ())

    def _one_item(self, text: str, known: Collection[str]) -> str | None:
        wanted = item_id(text)
        for item, words in self.items.items():
            if wanted == item_id(item) or wanted in {item_id(w) for w in words}:
                return item
        spelled = next(
            (k for k in known if item_id(k) == wanted), None
        )  # HFC-32 as the book writes it
        return spelled or (slug(text) if slug(text) in known else None)

    def _attribute(self, text: str) -> tuple[bool, str]:
        """Whether a word names an attribute, and its canonical name.

        Empty for what says nothing, such as `average`.
        """
        wanted = item_id(text)
        for name, words in self.attributes.items():
            if wanted == item_id(name.replace("-*", "")) or wanted in {item_id(w) for w in words}:
                return True, name if name != NO_ATTRIBUTE else ""
        return False, slug(text) or wanted


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of amounts in a file, and the activity each of its cells becomes.

    Args:
        kind: Kind of the activity.
        headers: Words in column headers that name it.
        unit: Unit where neither header nor row says one; empty where the file must say it.
        basis: How the amount came about.
        times: Fields whose values multiply the amount, such as the litres per 100 km of a car; one
            that ends in `?` counts as 1 where the file does not have it.
        over: Fields whose values divide it, such as the whole load of a van of which a part is
            ours.
        scale: Constant factor that goes with them.
        measures: Dimensions that this column may have, where the kind has more; empty takes the
            kind's.
        for_period: Whether the amount is multiplied by the row's period in years, as space that is
            rented is.
        by_unit: Unit by which the unit of the amount is multiplied: tonnes by `km` are
            tonne-kilometres.
        amount: Unit in which the amount itself is taken before it is multiplied, where the result
            has another: kilometres of a car become litres.
        between: Fields of two places whose distance is the amount, such as the airports of a
            flight; it has no header.
        item: Item of rows that name none.
        readings: Whether the amounts are readings of a counter, whose differences are what was
            consumed.
        item_fields: Fields that say what the item is and more about it, in the order of its
            attributes; empty for `item`.
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
    amount: str = ""
    between: tuple[str, ...] = ()
    item: str = ""
    item_fields: tuple[str, ...] = ()
    readings: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of file, as `abate add --as` names it.

    Args:
        id: Kebab-case name, such as `electricity`.
        title: Name for people.
        words: Words in titles, file names and headers that speak for it.
        measures: Its columns of amounts.
        fields: Fields a row may have beyond the common ones, with the words in headers that name
            them.
        required: Fields that every row must have.
        example: Rows for the blank file that `abate init` writes, header first.
        alternatives: Whether its columns of amounts say the same thing in several ways, best first:
            the first that is filled counts, so that a purchase by mass is not counted by its price
            again.
        unless: Whole words of titles, names and headers that speak against it where none of its own
            words stands there: a file called gas with a column of kWh is not an electricity bill.
    """

    id: str
    title: str
    words: tuple[str, ...]
    measures: tuple[Measure, ...]
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ("site", "period")
    example: tuple[tuple[str, ...], ...] = ()
    alternatives: bool = False
    unless: tuple[str, ...] = ()


NO_ATTRIBUTE = "any"
"""In place of an attribute: words that say nothing, such as `average`."""


def slug(text: str) -> str:
    """A printed name as a kebab-case item.

    Example:
        >>> slug("Petroleum Coke (Solid)")
        'petroleum-coke-solid'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace("&", " and ")).strip("-")


def item_id(text: str) -> str:
    """A name in small letters, with hyphens for spaces.

    Example:
        >>> item_id(" Carton_X 200 ")
        'carton-x-200'
    """
    return text.strip().lower().replace("_", "-").replace(" ", "-")
