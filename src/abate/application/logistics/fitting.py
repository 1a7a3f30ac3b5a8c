"""One order: how it is packed, which cartons hold it, and what keeps it out of the others."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.orders import open_orders
from abate.application.logistics.orders import PackTerms
from abate.application.logistics.packing import FEWEST
from abate.disclosure.drawing import packing_svg
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.logistics.facts import Carton, Objective
from abate.logistics.planners.packing import WHY, Packed, Packer

ITEM = re.compile(
    r"(?P<sizes>[\d.,]+(?:\s*[x×*]\s*[\d.,]+){2})\s*(?P<length>mm|cm|m|in|ft)\b[\s,;]*"
    r"(?P<mass>[\d.,]+)\s*(?P<unit>g|kg|lb|oz)\b(?:[\s,;]*[x×*]\s*(?P<count>\d{1,6}))?",
    re.IGNORECASE,
)
"""An item in a line: `190x140x50 mm 400 g`, and `x3` where there are three."""


PROOFS_S = 5.0
"""Seconds after which no more cartons are proved not to hold an order [s]."""
PIECES_MAX = 1_000
"""Pieces of an order that is answered at once."""


@dataclass(frozen=True, slots=True)
class CartonHolds:
    """Whether a carton alone holds an order.

    Args:
        carton: Its id.
        room_mm: Inner lengths.
        cost: What it costs by the objective.
        why: Code of what keeps the order out; empty where it holds it.
    """

    carton: str
    room_mm: tuple[int, int, int]
    cost: float
    why: str

    @property
    def told(self) -> str:
        """What keeps the order out, in words."""
        return WHY[self.why] if self.why else "it holds the order"


@dataclass(frozen=True, slots=True)
class OrderFit:
    """An order that was packed, and every carton asked whether it would do.

    Args:
        packed: The packing.
        cartons: Every carton, cheapest first.
    """

    packed: Packed
    cartons: tuple[CartonHolds, ...]

    @property
    def smaller(self) -> CartonHolds | None:
        """The dearest carton that costs less than the one that holds the order."""
        holding = next((c for c in self.cartons if not c.why), None)
        less = [c for c in self.cartons if c.why and (holding is None or c.cost < holding.cost)]
        return less[-1] if less else None

    @property
    def json(self) -> Json:
        """As machines get it."""
        smaller = self.smaller
        return self.packed.row | {
            "cartons_asked": [
                {
                    "carton": c.carton,
                    "room_mm": list(c.room_mm),
                    "cost": round(c.cost, 9),
                    "holds": not c.why,
                    "why": c.why or None,
                    "told": c.told,
                }
                for c in self.cartons
            ],
            "next_smaller": None if smaller is None else smaller.carton,
        }

    @property
    def pictures(self) -> list[str]:
        """A drawing of each parcel, step by step, as SVG."""
        return [packing_svg(p) for p in self.packed.row["cartons"]]


def fit_order(
    items: Sequence[Mapping[str, Any]],
    cartons: Path | Sequence[Mapping[str, Any]],
    terms: PackTerms,
) -> OrderFit:
    """Pack one order, and ask every carton whether it alone would hold it.

    Args:
        items: A row for each item, with the columns of a file of orders.
        cartons: A file of cartons, or its rows.
        terms: Objective, support, effort, seed, units; the rest is of files.

    Raises:
        DataError: Where a row cannot be read.
        UsageError: `no-items`, `too-many-items`, `several-orders`, `bad-item`, `bad-carton`,
            `bad-objective`.
    """
    if not items:
        raise UsageError("no-items", "The order holds no item.", "Give at least one.")
    with tempfile.TemporaryDirectory() as folder:
        orders = Path(folder) / "order.json"
        orders.write_text(json.dumps([{"order": "1", "item": k, **i} for k, i in _named(items)]))
        assortment = cartons if isinstance(cartons, Path) else Path(folder) / "cartons.json"
        if not isinstance(cartons, Path):
            assortment.write_text(json.dumps([dict(c) for c in cartons]))
        sizes, blocks = open_orders(orders, assortment, terms.units)
        batches = [block.read() for block in blocks]
    batch = batches[0]
    if len(batches) > 1 or len(batch.orders) + len(batch.faulty) > 1:
        raise UsageError(
            "several-orders", "The items name several orders.", "Pack them as a file of orders."
        )
    if len(batch.orders.items) > PIECES_MAX:
        raise UsageError(
            "too-many-items",
            f"The order holds {len(batch.orders.items):,} pieces, more than {PIECES_MAX:,}.",
            "Pack it as a file of orders.",
        )
    if batch.faulty:
        raise UsageError("bad-item", f"{batch.faulty[0][2]}.", "Correct the item.")
    return _asked(packer_of(sizes, terms), batch.orders)


def _named(items: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(str(i.get("item", k)), i) for k, i in enumerate(items, 1)]


def packer_of(cartons: Sequence[Carton], terms: PackTerms) -> Packer:
    """The packer of an assortment on the terms that somebody asked for."""
    objective = (
        Objective.fewest(cartons) if terms.objective == FEWEST else Objective.named(terms.objective)
    )
    support = 0.8 if terms.support is None else terms.support
    return Packer(tuple(cartons), objective, support, terms.effort, terms.seed)


def _asked(packer: Packer, orders: Any) -> OrderFit:
    packed = packer.pack(orders)[0]
    whole = replace(orders, own_box=np.zeros_like(orders.own_box))
    held = tuple(
        CartonHolds(
            carton.id,
            (carton.length_mm, carton.width_mm, carton.height_mm),
            packer.objective.of(carton),
            why,
        )
        for carton, why in packer.holding(whole, until=time.monotonic() + PROOFS_S)
    )
    return OrderFit(packed, held)


def read_item(text: str) -> Json:
    """An item that somebody wrote in a line.

    Raises:
        UsageError: `bad-item`.

    Example:
        >>> read_item("190x140x50 mm 400 g x3")
        {'length mm': '190', 'width mm': '140', 'height mm': '50', 'mass g': '400', 'quantity': 3}
    """
    found = ITEM.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            "bad-item", f"'{text[:80]}' is not an item.", "Write it as 190x140x50 mm 400 g x3."
        )
    sides = [s.strip().replace(",", ".") for s in re.split("[x×*]", found["sizes"])]
    length, mass = found["length"].lower(), found["unit"].lower()
    heads = (f"length {length}", f"width {length}", f"height {length}")
    return {
        **dict(zip(heads, sides, strict=True)),
        f"mass {mass}": found["mass"].replace(",", "."),
        "quantity": int(found["count"] or 1),
    }
