"""Postage: what a carrier asks for parcels, and the cartons that cost least with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from abate.logistics.facts import Carton, Orders, Tariff
from abate.logistics.planners.packing import Packed, Packer


@dataclass(frozen=True, slots=True)
class Shipping:
    """What parcels weigh as they leave, and what the carrier asks for them.

    Args:
        cartons: Cartons by id; what is not among them ships in its own box.
        tariff: What the carrier asks; None where that is not known.
    """

    cartons: Mapping[str, Carton]
    tariff: Tariff | None = None

    def gross_g(self, carton: str, mass_g: float) -> float:
        """Gross mass of a parcel: contents and carton [g]; an own box is part of its item."""
        return mass_g + (self.cartons[carton].tare_g if carton in self.cartons else 0.0)

    def price(
        self, carton: str, room_mm: Sequence[float], mass_g: float, zone: str
    ) -> float | None:
        """What the carrier asks for a parcel; None without a tariff, or a price in it.

        Args:
            carton: Its id.
            room_mm: Lengths of the parcel where it ships in its own box.
            mass_g: Mass of its contents.
            zone: Where it goes; empty for the usual zone.
        """
        if self.tariff is None:
            return None
        outer = self.cartons[carton].outer_mm if carton in self.cartons else room_mm
        billed = self.tariff.billable_kg(outer, self.gross_g(carton, mass_g))
        return self.tariff.price(zone, billed)

    def prices(self, packed: Packed, zone: str) -> list[float | None]:
        """What the carrier asks for each parcel of an order."""
        return [self.price(p.carton, p.room_mm, p.mass_g, zone) for p in packed.parcels]

    def cost(self, packed: Packed, zone: str) -> float:
        """Money for cartons and postage of an order; endless where a price is missing."""
        prices = [math.inf if p is None else p for p in self.prices(packed, zone)]
        return self.cartons_cost(packed) + sum(prices)

    def cartons_cost(self, packed: Packed) -> float:
        """Money for the cartons of an order."""
        return sum(self.cartons[p.carton].cost for p in packed.parcels if p.carton in self.cartons)


def cheapest_posted(
    packer: Packer, shipping: Shipping, order: Orders, packed: Packed, zone: str
) -> Packed:
    """An order in the cartons that cost least with their postage.

    The packing found, and each single carton that holds the order, are held against each other. The
    bound is that of any single carton of the assortment by its price, or of two of the cheapest.
    Where no way has all its prices, the cost is what is known of it, and nothing is proved.
    """
    assert shipping.tariff is not None
    if packed.unpacked or not packed.parcels:
        return _partly(shipping, packed, zone)
    ways = [packed]
    kept_out: dict[str, str] = {}
    allowed = packer.allowed(order)
    for k, (_, carton, _) in enumerate(packer.rooms) if len(packed.parcels) == 1 else ():
        only = np.zeros_like(allowed)
        only[0, k] = allowed[0, k]
        one = packer.pack(order, only)[0] if allowed[0, k] else packed
        if not allowed[0, k]:
            kept_out[carton.id] = "no-stock"
        elif len(one.parcels) == 1 and not one.unpacked:
            ways.append(one)
        else:
            kept_out[carton.id] = dict(one.why).get(carton.id, "open")
    best = min(ways, key=lambda w: (shipping.cost(w, zone), len(w.parcels)))
    cost = shipping.cost(best, zone)
    if not math.isfinite(cost):
        return _partly(shipping, packed, zone)
    mass = sum(p.mass_g for p in packed.parcels)
    alone = {}
    for c in packer.cartons:
        asked = shipping.price(c.id, c.outer_mm, mass, zone)
        alone[c.id] = c.cost + (math.inf if asked is None else asked)
    least = shipping.tariff.least(zone)
    single, double = min(alone.values()), 2 * (min(c.cost for c in packer.cartons) + least)
    if order.own_box.any():  # what ships in its own box needs no carton
        single = double = least
    why = packed.why
    if len(packed.parcels) == 1:
        taken = {p.carton for w in ways for p in w.parcels}
        why = tuple((c, r) for c, r in kept_out.items() if c not in taken and alone[c] < cost)
    return replace(best, cost=cost, bound=min(cost, single, double), why=why)


def _partly(shipping: Shipping, packed: Packed, zone: str) -> Packed:
    """An order of which not everything has a price: what is known of its cost."""
    known = sum(p for p in shipping.prices(packed, zone) if p is not None)
    return replace(packed, cost=shipping.cartons_cost(packed) + known, bound=0.0)
