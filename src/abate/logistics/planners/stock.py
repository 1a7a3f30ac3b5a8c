"""Sharing out cartons that are few: used ones, circulating ones, the last of a size."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from math import inf, prod
from typing import Any

import numpy as np

from abate.logistics.facts import Orders
from abate.logistics.planners.packing import EFFORTS, Packed, Packer

STOCK_BATCH = 50
STOCK_HORIZON = 1_000
STOCK_HISTORY = 2_000
LEFT_OVER_RATIO = 10.0
"""An order that nothing else takes counts as so many of the dearest carton."""


class StockPacker:
    """Packs orders as they come while some cartons are few.

    Used ones, circulating ones, the last of a size.

    Batches of 50 orders share out what there is where it saves most, and leave what the orders to
    come will save more with; those seen last stand for them.

    Args:
        packer: Cartons with their stocks.
        horizon: Orders for which the stock has to last; counted down, and begun again when they
            have come.
        history: Earlier orders; with none, only those that came stand for those to come.
    """

    def __init__(
        self, packer: Packer, *, horizon: int = STOCK_HORIZON, history: Orders | None = None
    ) -> None:
        self.packer = packer
        self.horizon = horizon
        self.stock = {c.id: c.stock for c in packer.cartons if c.stock is not None}
        self.saved = 0.0
        self._late, self._hurried = 0, False
        self._seen = 0
        self._history: list[Any] = [] if history is None else list(self.savings(history)[1])

    def pack(self, orders: Orders, *, until: float | None = None) -> list[Packed]:
        """Pack orders in the order in which they come.

        Args:
            orders: What to pack.
            until: When the time for other efforts than `fast` is up, by the machine's steady clock
                [s].
        """
        out: list[Packed] = []
        for begin in range(0, len(orders), STOCK_BATCH):
            some = orders.picked(range(begin, min(begin + STOCK_BATCH, len(orders))))
            if until is not None and self.packer.effort != "fast" and time.monotonic() >= until:
                self.packer, self._hurried = replace(self.packer, effort="fast"), True
            self._late += len(some) if self._hurried else 0
            out += self._batch(some)
        return out

    def take_late(self) -> int:
        """Orders that the time limit left to the fast way since this was asked before."""
        late, self._late = self._late, 0
        return late

    def savings(self, orders: Orders) -> tuple[list[Packed], Any, list[str]]:
        """Each order packed without what is few.

        And what each carton of those saves it, `(orders, cartons)`.
        """
        from abate.algorithms.packing.choosing import holding

        packer = self.packer
        rooms = packer.rooms
        few = np.array([c.stock is not None for _, c, _ in rooms])
        usable = Packer.allowed(
            replace(packer, cartons=tuple(replace(c, stock=None) for c in packer.cartons)), orders
        )
        allowed = usable & ~few[None, :]
        plain = (
            packer.pack(orders, allowed)
            if allowed.any()
            else [
                Packed(
                    orders.ids[o],
                    (),
                    tuple(orders.items[orders.offsets[o] : orders.offsets[o + 1]]),
                    0.0,
                    0.0,
                    (),
                )
                for o in range(len(orders))
            ]
        )
        names = list(self.stock)
        at = [next(k for k, (_, c, _) in enumerate(rooms) if c.id == name) for name in names]
        by_volume = sorted(range(len(at)), key=lambda k: int(np.prod(rooms[at[k]][2])))
        sizes = np.array([rooms[at[k]][2] for k in by_volume], np.int64)
        maxes = np.array([rooms[at[k]][1].mass_max_g for k in by_volume], np.int64)
        fits = np.zeros((len(orders), len(at)), np.int64)
        holding(
            orders.offsets,
            orders.turns,
            orders.turn_counts,
            orders.masses,
            orders.bears,
            orders.apart,
            sizes,
            maxes,
            packer.support_share,
            EFFORTS["fast"][0],
            packer.seed,
            fits,
        )
        saving = np.zeros((len(orders), len(at)))
        for column, k in enumerate(by_volume):
            cost = rooms[at[k]][0]
            takes = (fits[:, column] == 1) & usable[:, at[k]]
            # an order that nothing else takes saves more than any that has a choice
            plain_cost = np.array(
                [p.cost if not p.unpacked else LEFT_OVER_RATIO * rooms[-1][0] for p in plain]
            )
            # of two that save alike the smaller goes first
            saving[:, k] = np.where(takes, (plain_cost - cost) * (1 - 1e-4 * column / len(at)), 0.0)
        return plain, saving, names

    def _batch(self, orders: Orders) -> list[Packed]:
        from abate.algorithms.assignment import assign

        plain, saving, names = self.savings(orders)
        self._history = [*self._history, *saving][-STOCK_HISTORY:]
        self._seen += len(orders)
        stock = np.array([self.stock[n] for n in names])
        chosen = assign(
            saving,
            stock,
            expected=np.array(self._history),
            expected_count=-self._seen % self.horizon,
        )
        out, few_bounds = [], self._bounds(orders)
        for o, packed in enumerate(plain):
            taken = self._with(orders, o, {names[chosen[o]]}) if chosen[o] >= 0 else None
            if (
                taken is None and packed.unpacked
            ):  # nothing without limit takes it: what is few, as far as it goes
                taken = self._with(orders, o, {n for n in names if self.stock[n] > 0}, others=True)
            result = (
                packed if taken is None or len(taken.unpacked) > len(packed.unpacked) else taken
            )
            for parcel in result.parcels:
                if parcel.carton in self.stock:
                    self.stock[parcel.carton] -= 1
            if not packed.unpacked:
                self.saved += packed.cost - result.cost
            why = {name: reason for name, reason in packed.why if name not in self.stock}
            used = {p.carton for p in result.parcels}
            for k, name in enumerate(names):
                if saving[o, k] > 0 and name not in used:
                    why[name] = "kept" if self.stock[name] > 0 else "no-stock"
            plain_bound = [] if packed.unpacked else [packed.bound]
            bound = min([result.cost, few_bounds[o], *plain_bound])
            out.append(replace(result, why=tuple(why.items()), bound=bound))
        return out

    def _bounds(self, orders: Orders) -> list[float]:
        """What no packing of each order costs less than that takes a carton that is few.

        One that is too small or may not carry so much is not the only one.
        """
        rooms, allowed = self.packer.rooms, self.packer.allowed(orders)
        volumes = orders.turns[:, 0].prod(axis=1)
        found = []
        for o, (a, b) in enumerate(pairwise(orders.offsets.tolist())):
            volume, mass = int(volumes[a:b].sum()), int(orders.masses[a:b].sum())
            whole = not orders.own_box[a:b].any()
            may = [room for room, there in zip(rooms, allowed[o], strict=True) if there]
            least = min((cost for cost, _, _ in may), default=0.0)
            few = [
                cost + least * (whole and (prod(room) < volume or carton.mass_max_g < mass))
                for cost, carton, room in may
                if carton.stock is not None
            ]
            found.append(min(few, default=inf))
        return found

    def _with(
        self, orders: Orders, o: int, names: set[str], *, others: bool = False
    ) -> Packed | None:
        """An order packed into some of the cartons that are few, and where asked others.

        None where that does not do.
        """
        packer = self.packer
        limits = tuple(
            replace(c, stock=self.stock[c.id]) if c.id in self.stock else c for c in packer.cartons
        )
        some = orders.picked([o])
        now = replace(packer, cartons=limits)
        mine = np.array([[c.id in names or (others and c.stock is None) for _, c, _ in now.rooms]])
        allowed = now.allowed(some) & mine
        if not allowed.any():
            return None
        packed = now.pack(some, allowed)[0]
        return packed if others or (not packed.unpacked and len(packed.parcels) == 1) else None
