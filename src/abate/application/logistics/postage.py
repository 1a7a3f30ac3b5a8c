"""Postage: what a carrier asks for parcels, and the cartons that cost least with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from abate.logistics.facts import Carton, Orders, Tariff
from abate.logistics.planners.packing import Packed, Packer, Parcel


def gross_g(cartons: Sequence[Carton], parcel: Parcel) -> float:
    """Gross mass of a parcel: contents and carton [g]; in its own box an item brings its carton."""
    return parcel.mass_g + next((c.tare_g for c in cartons if c.id == parcel.carton), 0.0)


def cheapest_posted(
    packer: Packer,
    tariff: Tariff,
    by_id: Mapping[str, Carton],
    order: Orders,
    packed: Packed,
    zone: str,
) -> Packed:
    """An order in the cartons that cost least with their postage.

    The packing found, and each single carton that holds the order, are held against each other. The
    bound is that of any single carton of the assortment by its price, or of two of the cheapest.
    """
    allowed = packer.allowed(order)
    ways = [packed]
    for k in range(len(packer.rooms)) if len(packed.parcels) == 1 else ():
        only = np.zeros_like(allowed)
        only[0, k] = allowed[0, k]
        one = packer.pack(order, only)[0] if allowed[0, k] else packed
        if len(one.parcels) == 1 and not one.unpacked:
            ways.append(one)

    def asked(outer: Sequence[float], gross: float) -> float:
        price = tariff.price(zone, tariff.billable_kg(outer, gross))
        return math.inf if price is None else price

    def total(way: Packed) -> float:
        sides = [(by_id.get(p.carton), p) for p in way.parcels]
        return sum(
            (c.cost if c else 0.0)
            + asked(c.outer_mm if c else p.room_mm, gross_g(packer.cartons, p))
            for c, p in sides
        )

    if packed.unpacked or not packed.parcels:
        return packed
    best = min(ways, key=lambda w: (total(w), len(w.parcels)))
    mass = sum(p.mass_g for p in packed.parcels)
    single = min(c.cost + asked(c.outer_mm, mass + c.tare_g) for c in packer.cartons)
    double = 2 * (min(c.cost for c in packer.cartons) + tariff.least(zone))
    if order.own_box.any():  # what ships in its own box needs no carton
        single = double = tariff.least(zone)
    cost = total(best)
    if not math.isfinite(cost):
        return packed
    return replace(best, cost=cost, bound=min(cost, single, double))
