"""Method: a pure function that turns an activity into a mass.

With the card that says what it does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from abate.kernel.formula import names_in

BROADER = "{broader}"
"""As an item of a lookup: the activity's own item, then what it is one of."""
TAIL = "{tail}"
"""As an item of a lookup: the last part of the activity's item, such as a treatment of waste of any
type.
"""


@dataclass(frozen=True, slots=True)
class Supply:
    """Something delivered through a network.

    So that where it is taken from the network decides its factor.

    Args:
        kind: Kind of its factors.
        average: Item of the factor of a network's mix; parts of a country may have networks of
            their own.
        named: Item by which an activity names that mix.
        losses: Kinds of factor of what is lost on the way.
        instrument: Kind of factor of an instrument that covers it.
        margin: Kind and item of the factor of a network's operating margin.
        year_begins: Countries whose factors are named after a year that does not begin in January,
            with its month.
    """

    kind: str
    average: str
    named: str
    losses: tuple[str, ...] = ()
    instrument: str = ""
    margin: tuple[str, str] = ("", "")
    year_begins: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MethodCard:
    """What a method is.

    Args:
        id: Kebab-case name.
        version: Changes whenever results can change.
        kinds: Kinds of activity it values.
        scope: 1, 2 or 3; `avoided` for what happens outside the inventory.
        category: Category in a report; for Scope 3 its number.
        formula: The formula as text, over the names of the function's arguments.
        source: Standard, edition and clause.
        lookups: Kinds and items of factor to look for, best first. `{item}` is the activity's own
            item, `{tail}` what stands behind its last slash, `{broader}` the item and then what it
            is one of, `{party}` its supplier, carrier or tenant.
        view: `location` or `market` for Scope 2, else empty.
        instruments: Whether load covered by an instrument takes the instrument's factor.
        basis: `direct`, `upstream` or `life-cycle`; empty takes any.
        approach: Data it stands on, such as `supplier-specific`; empty outside a ladder.
        rung: Place in the ladder of its kinds, 1 the best; 0 stands alone.
        ladder: Name of its ladder, where its kinds have several.
        dimensions: Dimensions of quantity it takes; empty takes all.
        ratio: Kind of property whose value enters the formula as `ratio`.
        sign: Minus one where its masses are subtracted.
        optional: Whether a missing factor leaves a category incomplete rather than the activity
            without a value.
        primary: Whether it stands on data of the very activity or supplier.
        proxies: Whether a factor of a region that the workspace names as proxy may serve.
        supply: What is delivered, where instruments may cover a part of it.
    """

    id: str
    version: str
    kinds: tuple[str, ...]
    scope: str
    category: str
    formula: str
    source: str
    lookups: tuple[tuple[str, str], ...]
    view: str = ""
    instruments: bool = False
    basis: str = "direct"
    approach: str = ""
    rung: int = 0
    ladder: str = ""
    dimensions: tuple[str, ...] = ()
    ratio: str = ""
    sign: int = 1
    optional: bool = False
    primary: bool = False
    proxies: bool = False
    supply: Supply | None = None

    @property
    def name(self) -> str:
        """Id and version."""
        return f"{self.id}/{self.version}"

    @property
    def book(self) -> str:
        """Book that its entries are posted in."""
        return "avoided" if self.scope == "avoided" else "inventory"


@dataclass(frozen=True, slots=True)
class Method:
    """A card with its function.

    Args:
        card: The card.
        function: Takes what the formula names (quantity, share, boundary_share, ratio,
            mg_per_unit), as columns or as numbers.
    """

    card: MethodCard
    function: Callable[..., Any]

    @property
    def summary(self) -> str:
        """First line of the function's docstring: what the report prints."""
        return (self.function.__doc__ or "").strip().splitlines()[0]

    def __call__(self, **arguments: Any) -> Any:
        """Mass in milligrams, not yet rounded.

        Arguments that the formula does not name are left out.
        """
        names = names_in(self.card.formula)
        return self.function(**{k: v for k, v in arguments.items() if k in names})


def method(card: MethodCard) -> Callable[[Callable[..., Any]], Method]:
    """Bind a function to its card."""

    def bind(function: Callable[..., Any]) -> Method:
        return Method(card, function)

    return bind


def methods(*cards: MethodCard) -> Callable[[Callable[..., Any]], tuple[Method, ...]]:
    """Bind a function to several cards: one formula that serves several kinds of activity."""

    def bind(function: Callable[..., Any]) -> tuple[Method, ...]:
        return tuple(Method(card, function) for card in cards)

    return bind
