"""Method: a pure function that turns an activity into a mass, with the card that says what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Card:
    """What a method is.

    Args:
        id: Kebab-case name.
        version: Changes whenever results can change.
        kinds: Kinds of activity it values.
        scope: 1, 2 or 3.
        category: Category in a report; for Scope 3 its number.
        formula: The formula as text, over the names of the function's arguments.
        source: Standard, edition and clause.
        view: `location` or `market` for Scope 2, else empty.
        factor_kind: Kind of factor it needs.
        factor_items: Items to look up, best first; empty takes the activity's own item.
        instruments: Whether load covered by an instrument takes the instrument's factor.
        basis: `direct`, `upstream` or `life-cycle`.
    """

    id: str
    version: str
    kinds: tuple[str, ...]
    scope: str
    category: str
    formula: str
    source: str
    factor_kind: str
    view: str = ""
    factor_items: tuple[str, ...] = ()
    instruments: bool = False
    basis: str = "direct"

    @property
    def name(self) -> str:
        """Id and version."""
        return f"{self.id}/{self.version}"


@dataclass(frozen=True, slots=True)
class Method:
    """A card with its function.

    Args:
        card: The card.
        function: Takes quantity, share, boundary_share and mg_per_unit, as columns or as numbers.
    """

    card: Card
    function: Callable[..., Any]

    @property
    def summary(self) -> str:
        """First line of the function's docstring: what the report prints."""
        return (self.function.__doc__ or "").strip().splitlines()[0]

    def __call__(self, **arguments: Any) -> Any:
        """Mass in milligrams, not yet rounded."""
        return self.function(**arguments)


def method(card: Card) -> Callable[[Callable[..., Any]], Method]:
    """Bind a function to its card."""

    def bind(function: Callable[..., Any]) -> Method:
        return Method(card, function)

    return bind
