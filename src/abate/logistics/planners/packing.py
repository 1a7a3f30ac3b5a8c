"""Packing plans: which cartons for which orders, why, and how good that is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement, pairwise, product
from math import comb
from typing import Any

import numpy as np

from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.logistics.facts import (
    CONDITIONS,
    FINE,
    FINE_MASS,
    Carton,
    Item,
    Objective,
    Orders,
    Source,
    orders_of,
)
from abate.logistics.planners.bulk import BULK, BulkOrder, pack_bulk

EFFORTS = {"fast": (16, 0, 12), "thorough": (60, 40_000, 200), "proved": (60, 2_000, 200)}
"""Starts per pair of order and box, blocks kept by joining, attempts at several parcels."""
JOINED = (60, 40_000, 0)
"""Likewise, of a search for one carton in place of several parcels."""
OWN_BOX = "own-box"
OWN_BOX_MAX = 4
PROVED_EFFORT_MAX = 10.0
SEVERAL_EFFORT_MAX = 0.1
SEVERAL_MAX = 3
SETS_MAX = 3_000
BLOCKS_WIDTH = 24
"""Width of the beam that fills boxes of large orders where proofs are asked."""
ITEMS_EXACT_MAX = 40
MASSES_MAX = 1e18
"""Greatest mass of an order in steps: more would leave whole numbers of 64 bits."""
STEPS_MAX = 500_000
"""Steps of the longest length: more, and volumes would leave whole numbers of 64 bits."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one item lies in its carton, from the corner at the left, front, bottom [mm]."""

    item: Any
    x_mm: float
    y_mm: float
    z_mm: float
    dx_mm: float
    dy_mm: float
    dz_mm: float


@dataclass(frozen=True, slots=True)
class Parcel:
    """One carton with its items in the order in which they are put in.

    Args:
        carton: Id of the carton; `own-box` where an item ships in its own.
        room_mm: Inner lengths used; of a bag those at its thickness.
        placements: Items.
        mass_g: Mass of the items; a whole number where all are whole grams.
        filler_l: Inner volume that no item takes.
    """

    carton: str
    room_mm: tuple[float, float, float]
    placements: tuple[Placement, ...]
    mass_g: float
    filler_l: float


@dataclass(frozen=True, slots=True)
class Packed:
    """What became of one order.

    Args:
        order: Its name.
        parcels: Cartons with placements.
        unpacked: Items that no carton takes.
        cost: What the parcels cost by the objective.
        bound: No packing of the items packed costs less.
        why: For each carton that would cost less, why it was not taken.
    """

    order: Any
    parcels: tuple[Parcel, ...]
    unpacked: tuple[Any, ...]
    cost: float
    bound: float
    why: tuple[tuple[str, str], ...]

    @property
    def proved(self) -> bool:
        """Whether everything is packed and nothing better exists."""
        return (
            not self.unpacked
            and bool(self.parcels)
            and self.cost <= self.bound * (1 + 1e-9) + 1e-12
        )

    @property
    def row(self) -> Json:
        """One line of a plan."""
        cartons = [
            {
                "carton": p.carton,
                "room_mm": list(p.room_mm),
                "mass_g": p.mass_g if isinstance(p.mass_g, int) else round(p.mass_g, 6),
                "filler_l": round(p.filler_l, 3),
                "placements": [
                    {
                        "item": i.item,
                        "x_mm": i.x_mm,
                        "y_mm": i.y_mm,
                        "z_mm": i.z_mm,
                        "dx_mm": i.dx_mm,
                        "dy_mm": i.dy_mm,
                        "dz_mm": i.dz_mm,
                    }
                    for i in p.placements
                ],
            }
            for p in self.parcels
        ]
        return {
            "order": self.order,
            "cartons": cartons,
            "unpacked": list(self.unpacked),
            "cost": round(self.cost, 9),
            "bound": round(self.bound, 9),
            "proved": self.proved,
            "why": dict(self.why),
        }


WHY = {
    "no-stock": (
        "it may not be used: none is left, its condition is too poor, or the route does not return"
    ),
    "kept": "it is kept for an order that saves more with it",
    "volume": "the items have more volume than it",
    "mass": "the items are heavier than it may carry",
    "piece": "one item is longer than it in every allowed orientation",
    "pair": "two of the items have no room beside or above each other in it",
    "apart": "items are to be kept apart",
    "open": "no packing was found in it; that there is none is not proved",
    "proved": "an exact search proved that there is no packing in it",
}
_REASONS = ("", "holds", "no-stock", "volume", "mass", "piece", "pair", "apart", "open", "proved")


@dataclass(frozen=True, slots=True)
class Packer:
    """Packs orders into an assortment.

    Args:
        cartons: Every size that may be used.
        objective: What is made small.
        support_share: Least share of each base that stands on the floor or on items.
        effort: `fast`, `thorough`, or `proved`: every open choice is settled by exact search.
        seed: Of the draws; the same orders and seed give the same bytes.

    Raises:
        UsageError: `no-cartons`, `bad-effort`, `bad-support`.

    Example:
        >>> small, large = Carton("small", 200, 150, 100), Carton("large", 400, 300, 200)
        >>> packed = Packer((small, large)).order([Item(190, 140, 50, 400), Item(150, 100, 50, 300)])
        >>> packed.parcels[0].carton, packed.proved
        ('small', True)
    """

    cartons: tuple[Carton, ...]
    objective: Objective = field(default_factory=lambda: Objective(board=1.0))
    support_share: float = 0.8
    effort: str = "fast"
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.cartons or len({c.id for c in self.cartons}) < len(self.cartons):
            raise UsageError(
                "no-cartons", "No carton is given, or one appears twice.", "Give each size one row."
            )
        if self.effort not in EFFORTS:
            raise UsageError(
                "bad-effort", f"'{self.effort}' is not an effort.", f"Choose {', '.join(EFFORTS)}."
            )
        if not 0 <= self.support_share <= 1:
            raise UsageError(
                "bad-support", f"{self.support_share} is not a share.", "Choose 0 to 1."
            )

    @property
    def rooms(self) -> list[tuple[float, Carton, tuple[int, int, int]]]:
        """Cost, carton and inner lengths of everything that can be packed into, cheapest first."""
        every = [(self.objective.of(c), c, room) for c in self.cartons for room in c.rooms]
        return sorted(
            every, key=lambda r: (r[0], r[1].board_g, r[2][0] * r[2][1] * r[2][2], r[1].id)
        )

    def order(self, items: list[Item], *, returns: bool = False) -> Packed:
        """Pack one order, as a warehouse's loop does.

        Raises:
            UsageError: `bad-item`.
        """
        return self.pack(orders_of([(0, items, returns)]))[0]

    def holding(self, orders: Orders, *, until: float | None = None) -> list[tuple[Carton, str]]:
        """For each carton, whether it alone holds all of one order, cheapest first.

        Args:
            orders: One order.
            until: When the time for other efforts than `fast` is up, by the machine's steady clock
                [s].

        Returns:
            Cartons with the code of what keeps the order out, see `WHY`; empty where it holds it.
        """
        orders = _grouped(orders)
        allowed, none = self.allowed(orders), np.zeros(len(orders.items), np.bool_)
        found: dict[str, tuple[Carton, str]] = {}
        for k, (_, carton, _) in enumerate(self.rooms):
            only = np.zeros_like(allowed)
            only[0, k] = allowed[0, k]
            is_late = until is not None and time.monotonic() >= until
            packer = replace(self, effort="fast") if is_late else self
            packed = packer._packed(orders, only, none, alone=True)[0]
            holds = len(packed.parcels) == 1 and not packed.unpacked
            why = "" if holds else dict(packed.why).get(carton.id, "open")
            if not allowed[0, k]:
                why = "no-stock"
            if carton.id not in found or (found[carton.id][1] and not why):
                found[carton.id] = (carton, why)
        return list(found.values())

    def pack(self, orders: Orders, allowed: Any = None) -> list[Packed]:
        """Pack orders; those with items that may ship in their own boxes both ways.

        And the better is kept.

        Args:
            orders: What to pack.
            allowed: Which rooms each order may take, `(orders, rooms)`; by stock and route where it
                is None.
        """
        if not len(orders):
            return []
        orders = _grouped(orders)
        allowed = self.allowed(orders) if allowed is None else allowed
        out = self._packed(orders, allowed, np.zeros(len(orders.items), np.bool_))
        for o, left in _own_ways(orders):
            some = orders.picked([o])
            other = self._packed(some, allowed[[o]], left)[0]
            better = (len(other.unpacked), other.cost) < (len(out[o].unpacked), out[o].cost)
            bound = min(out[o].bound, other.bound)
            if some.own_box.sum() > OWN_BOX_MAX:  # other choices cost no less than the rest alone
                bound = min(bound, other.bound - self._own_cost(some))
            out[o] = replace(other if better else out[o], bound=bound)
        return self._within_stock(orders, allowed, out)

    def _within_stock(self, orders: Orders, allowed: Any, out: list[Packed]) -> list[Packed]:
        """Pack again what takes more of a carton in one order than there is."""
        few = {c.id: c.stock for c in self.cartons if c.stock is not None}
        for o, packed in enumerate(out):
            used = Counter(p.carton for p in packed.parcels)
            over = {name for name, stock in few.items() if used[name] > stock}
            if over:
                without = (
                    allowed[[o]] & np.array([c.id not in over for _, c, _ in self.rooms])[None, :]
                )
                out[o] = replace(self.pack(orders.picked([o]), without)[0], bound=packed.bound)
        return out

    def _packed(
        self,
        orders: Orders,
        allowed: Any,
        left: Any,
        *,
        alone: bool = False,
        search: tuple[int, int, int] | None = None,
    ) -> list[Packed]:
        """Run the compiled choice, settle what stays open where proofs are asked.

        And tell the result.

        Items of `left` ship in their own boxes. With `alone`, it is said of cartons that are used
        several times, too, why one alone does not do. A `search` is one of `EFFORTS` in place of
        that of the packer.
        """
        from abate.algorithms.packing.choosing import choose

        rooms = self.rooms
        scaled = self._scaled(orders)
        kept = ~left
        at = np.nonzero(kept)[0]
        offsets = np.concatenate([[0], np.cumsum(kept)])[orders.offsets].astype(np.int64)
        count, boxes = len(at), len(rooms)
        sizes = scaled.rooms
        weighed = self._weighed(orders)
        maxes = weighed.maxes
        costs = np.array([cost for cost, _, _ in rooms], np.float64)
        positions = np.zeros((count, 6), np.int64)
        parcels, cartons = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
        reasons = np.zeros((len(orders), boxes), np.int64)
        floors = np.zeros(len(orders))
        tries, blocks, runs = search or EFFORTS[self.effort]
        arrays = (
            scaled.turns[at],
            orders.turn_counts[at],
            weighed.masses[at],
            weighed.bears[at],
            orders.apart[at],
            orders.together[at],
        )
        bulk = _bulk(offsets, arrays)
        barred = allowed
        if bulk:
            barred = allowed.copy()
            barred[bulk] = False  # they are packed below
        choose(
            offsets,
            *arrays,
            sizes,
            maxes,
            costs,
            barred,
            self.support_share,
            tries,
            blocks,
            runs,
            self.seed,
            positions,
            parcels,
            cartons,
            reasons,
            floors,
        )
        for o in bulk:
            rooms_of = (sizes, maxes, costs, allowed[o], self.support_share)
            results = (parcels, positions, cartons, reasons, floors)
            _fill_bulk(arrays, rooms_of, o, (int(offsets[o]), int(offsets[o + 1])), results)
        if self.effort == "proved":
            for o in sorted(set(range(len(orders))) - set(bulk)):
                a, b = offsets[o], offsets[o + 1]
                if b > a:
                    part = tuple(array[a:b] for array in arrays)
                    chosen = cartons[a:b]
                    mine = (
                        parcels[a:b].copy(),
                        positions[a:b].copy(),
                        [int(c) for c in chosen[chosen >= 0]],
                    )
                    mine, floors[o] = self._proved(
                        part, allowed[o], sizes, maxes, costs, mine, reasons[o], float(floors[o])
                    )
                    parcels[a:b], positions[a:b], cartons[a:b] = mine[0], mine[1], -1
                    cartons[a : a + len(mine[2])] = mine[2]
        positions[parcels < 0] = 0  # what lies nowhere has no place to be sorted by
        owner = np.repeat(np.arange(len(orders)), np.diff(offsets))
        sequence = np.lexsort((positions[:, 0], positions[:, 1], positions[:, 2], parcels, owner))
        told = _Told(
            rooms,
            scaled.lengths(sizes),
            [orders.items[i] for i in at[sequence].tolist()],
            scaled.lengths(positions[sequence]),
            parcels[sequence].tolist(),
            weighed.grams(arrays[2][sequence]),
            scaled.volumes(positions[sequence, 3:]),
            cartons.tolist(),
            reasons.tolist(),
            floors.tolist(),
        )
        bounds = offsets.tolist()
        if (
            scaled.rounded or weighed.rounded
        ):  # bounds of larger items: what is left is that something holds them
            least = [float(costs[row].min(initial=0.0)) for row in allowed]
            told.floors[:] = map(min, told.floors, least)
        out = [
            told.order(orders.ids[o], o, bounds[o], bounds[o + 1], alone=alone)
            for o in range(len(orders))
        ]
        if left.any():
            out = [self._with_own(orders, o, p, left) for o, p in enumerate(out)]
        if self.effort == "fast" and search is None:
            self._join(orders, allowed, left, reasons, costs, out)
        return out

    def _join(
        self,
        orders: Orders,
        allowed: Any,
        left: Any,
        reasons: Any,
        costs: Any,
        out: list[Packed],
    ) -> None:
        """Search longer where several parcels were made, and one carton might do.

        Such orders are few; a parcel more costs more than the search.
        """
        from abate.algorithms.packing.choosing import OPEN
        from abate.algorithms.packing.joining import PIECES_MAX

        sizes = np.diff(orders.offsets)
        paid = np.array([packed.cost for packed in out])
        single = allowed & (reasons == OPEN) & (costs[None, :] < paid[:, None] - 1e-9)
        single &= (sizes <= PIECES_MAX)[:, None]
        again = [o for o, p in enumerate(out) if len(p.parcels) > 1 and single[o].any()]
        if not again:
            return
        own = np.concatenate([left[orders.offsets[o] : orders.offsets[o + 1]] for o in again])
        found = self._packed(orders.picked(again), single[again], own, search=JOINED)
        for o, packed in zip(again, found, strict=True):
            if (len(packed.unpacked), packed.cost) < (len(out[o].unpacked), out[o].cost):
                out[o] = replace(packed, bound=min(packed.bound, packed.cost))

    def _weighed(self, orders: Orders) -> _Weighed:
        """Masses as whole numbers of one step: of a gram, or of what divides all of them."""
        maxes = np.array([c.mass_max_g for _, c, _ in self.rooms], np.int64)
        exact = [c.exact_mass_max for _, c, _ in self.rooms]
        if orders.exact_masses is None and not any(exact):
            return _Weighed(orders.masses, maxes, orders.bears, FINE_MASS)
        fine = np.array([e or int(m) * FINE_MASS for e, m in zip(exact, maxes, strict=True)])
        masses = orders.exact_masses
        masses = orders.masses * FINE_MASS if masses is None else masses
        bears = np.where(orders.bears < 0, 0, orders.bears) * FINE_MASS
        step = int(np.gcd.reduce(np.concatenate([fine, masses, bears])))
        if float((masses / step).sum()) > MASSES_MAX or float(fine.max() / step) > MASSES_MAX:
            return _Weighed(orders.masses, maxes, orders.bears, FINE_MASS, rounded=True)
        held = np.where(orders.bears < 0, -1, bears // step)
        return _Weighed(masses // step, fine // step, held, step)

    def _scaled(self, orders: Orders) -> _Scaled:
        """Lengths as whole numbers of one step: of a millimetre, or of what divides all of them."""
        rooms = np.array([r for _, _, r in self.rooms], np.int64)
        exact = [c.exact if c.source is not Source.BAG else None for _, c, _ in self.rooms]
        if orders.exact_turns is None and not any(exact):
            return _Scaled(orders.turns, rooms, FINE)
        fine = np.array(
            [e or [v * FINE for v in r] for e, r in zip(exact, rooms.tolist(), strict=True)]
        )
        turns = orders.turns * FINE if orders.exact_turns is None else orders.exact_turns
        step = int(np.gcd.reduce(np.concatenate([fine.ravel(), turns.ravel()])))
        if max(fine.max(), turns.max(initial=0)) // step > STEPS_MAX:
            return _Scaled(orders.turns, rooms, FINE, rounded=True)
        return _Scaled(turns // step, fine // step, step)

    def allowed(self, orders: Orders) -> Any:
        """Which rooms each order may take by stock and by route, `(orders, rooms)`."""
        rooms = self.rooms
        stocked = np.array([c.stock is None or c.stock > 0 for _, c, _ in rooms], np.bool_)
        circulating = np.array([c.source is Source.CIRCULATING for _, c, _ in rooms], np.bool_)
        grades = np.array([CONDITIONS.index(c.condition) for _, c, _ in rooms], np.int64)
        good = grades[None, :] <= orders.conditions[:, None]
        return stocked[None, :] & good & (~circulating[None, :] | orders.returns[:, None])

    def _proved(
        self,
        part: Any,
        allowed: Any,
        sizes: Any,
        maxes: Any,
        costs: Any,
        mine: Any,
        why: Any,
        floor: float,
    ) -> tuple[Any, float]:
        """Settle open boxes by exact search, the cheapest first.

        A packing found counts only where support holds.
        """
        from abate.algorithms.packing.choosing import OPEN, PROVED, pair_floor
        from abate.algorithms.packing.exact import settle
        from abate.algorithms.packing.joining import PIECES_MAX

        turns, counts, masses, bears, _, _ = part
        cost = float(sum(costs[c] for c in mine[2]))
        if (mine[0] < 0).any():
            return mine, floor
        pair = float(pair_floor(np.arange(len(counts)), part, (sizes, maxes, costs, allowed)))
        pair = cost if len(counts) == 1 else pair
        for c in np.nonzero(why == OPEN)[0]:
            if costs[c] >= cost - 1e-12:
                break
            if len(counts) > PIECES_MAX:
                blocks = self._by_blocks(part, [int(c)], sizes, maxes)
                if blocks is not None:
                    cheaper = [float(costs[k]) for k in np.nonzero(why[:c] == OPEN)[0]]
                    return (*blocks, [int(c)]), min([*cheaper, float(costs[c]), pair])
            box, most = sizes[c : c + 1], maxes[c : c + 1]
            if len(counts) > ITEMS_EXACT_MAX:
                continue
            found = settle(
                turns,
                counts,
                masses,
                bears,
                box,
                most,
                effort_max=PROVED_EFFORT_MAX,
                seed=self.seed,
            )
            if found is False:
                why[c] = PROVED
            elif found is not None and self._stands(found[1], found[0], masses, bears):
                cheaper = [float(costs[k]) for k in np.nonzero(why[:c] == OPEN)[0]]
                return (found[0], found[1], [int(c)]), min([*cheaper, float(costs[c]), pair])
        several = pair
        if several < cost - 1e-12:
            mine, several = self._fewer(part, allowed, sizes, maxes, costs, mine)
        cost = float(sum(costs[c] for c in mine[2]))
        single = [float(costs[c]) for c in np.nonzero(why == OPEN)[0]]
        return mine, min([cost, max(several, pair), *single])

    def _fewer(
        self, part: Any, allowed: Any, sizes: Any, maxes: Any, costs: Any, mine: Any
    ) -> tuple[Any, float]:
        """Search sets of boxes that cost less than the parcels found, for a moment each.

        And what no set costs less than.
        """
        from abate.algorithms.packing.exact import settle
        from abate.algorithms.packing.joining import PIECES_MAX

        turns, counts, masses, bears, apart, together = part
        cost = float(sum(costs[c] for c in mine[2]))
        open_to = np.nonzero(allowed)[0]
        fits = (turns[:, :, None, :] <= sizes[None, None, :, :]).all(axis=3)
        takes = (fits & (np.arange(turns.shape[1])[None, :, None] < counts[:, None, None])).any(
            axis=1
        )
        needs = _needs(takes[:, open_to], turns[:, 0].prod(axis=1), masses)
        room, load = sizes.prod(axis=1), maxes
        count_max = next(
            k
            for k in range(len(mine[2]) + 1, 1, -1)
            if k == 2 or comb(len(open_to) + k - 1, k) <= SETS_MAX
        )
        sets = []
        for count in range(2, count_max + 1):
            for some in combinations_with_replacement(range(len(open_to)), count):
                chosen = [int(open_to[k]) for k in some]
                price = float(costs[chosen].sum())
                if price < cost - 1e-9 and all(
                    sum(room[c] for c, k in zip(chosen, some, strict=True) if only[k]) >= volume
                    and sum(load[c] for c, k in zip(chosen, some, strict=True) if only[k]) >= mass
                    for only, volume, mass in needs
                ):
                    sets.append((price, tuple(chosen)))
        dearest = max(
            float(costs[open_to][row[open_to]].min(initial=cost)) for row in takes
        )  # something must hold each item
        more = dearest + count_max * float(costs[open_to].min())
        floor = min([cost, more, *(price for price, _ in sets)])
        sets = [(price, some) for price, some in sets if len(some) <= min(len(mine[2]), 3)]
        if apart.any() or together.any() or len(mine[2]) == 1:
            return mine, floor
        # the dearer sets have the more room, so a packing is likeliest in them
        for price, several in (
            sorted(sets, reverse=True)[:SEVERAL_MAX] if len(counts) > PIECES_MAX else []
        ):
            blocks = self._by_blocks(part, list(several), sizes, maxes)
            if blocks is not None and price < cost - 1e-12:
                cost, mine = price, (*blocks, list(several))
        if len(counts) > ITEMS_EXACT_MAX:
            return mine, min(floor, cost)
        for price, several in sorted(sets, reverse=True)[:SEVERAL_MAX]:
            boxes = np.array(several)
            found = settle(
                turns,
                counts,
                masses,
                bears,
                sizes[boxes],
                maxes[boxes],
                effort_max=SEVERAL_EFFORT_MAX,
                seed=self.seed,
            )
            if (
                found
                and price < cost
                and len(set(found[0].tolist())) == len(several)
                and self._stands(found[1], found[0], masses, bears)
            ):
                cost, mine = price, (found[0], found[1], list(several))
        return mine, min(floor, cost)

    def _by_blocks(
        self, part: Any, boxes: list[int], sizes: Any, maxes: Any
    ) -> tuple[Any, Any] | None:
        """Fill boxes one after the other with blocks of items that are alike.

        None where something is left over.
        """
        from abate.algorithms.packing.loading import load_turns

        turns, counts, masses, bears, _, _ = part
        box_of, positions = np.full(len(counts), -1, np.int64), np.zeros((len(counts), 6), np.int64)
        volumes = turns[:, 0].prod(axis=1)
        for number, c in enumerate(boxes):
            left = np.nonzero(box_of < 0)[0]
            if (
                masses[left].sum() > maxes[c]
            ):  # what is light for its volume stays for the boxes to come
                dense = left[np.argsort(-masses[left] / volumes[left], kind="stable")]
                left = np.sort(dense[np.cumsum(masses[dense]) <= maxes[c]])
            if not len(left):
                return None
            keys = np.concatenate([turns[left].reshape(len(left), -1), counts[left, None]], axis=1)
            _, first, kind = np.unique(keys, axis=0, return_index=True, return_inverse=True)
            kind = kind.reshape(-1)
            loaded = load_turns(
                turns[left[first]],
                counts[left[first]],
                np.bincount(kind),
                sizes[c],
                stop=lambda: False,
                width_max=BLOCKS_WIDTH,
            )
            for one in range(len(first)):
                mine = left[kind == one]
                lies = loaded.positions[loaded.types == one]
                box_of[mine[: len(lies)]] = number
                positions[mine[: len(lies)]] = lies
        if (box_of < 0).any() or not self._stands(positions, box_of, masses, bears):
            return None
        return box_of, positions

    def _stands(self, positions: Any, box_of: Any, masses: Any, bears: Any) -> bool:
        """Whether each base is supported and nothing carries too much."""
        from abate.algorithms.packing.spaces import bearing_holds, supported_area

        for c in set(box_of.tolist()):
            here = np.nonzero(box_of == c)[0]
            some, placed = positions[here], np.ones(len(here), np.uint8)
            if not bearing_holds(some, placed, len(here), masses[here], bears[here]):
                return False
            for x, y, z, dx, dy, _ in some.tolist():
                if (
                    supported_area(some, placed, len(here), x, y, z, dx, dy)
                    < self.support_share * dx * dy
                ):
                    return False
        return True

    def _with_own(self, orders: Orders, o: int, packed: Packed, left: Any) -> Packed:
        """Add the items that ship in their own boxes, each a parcel."""
        parcels, cost = list(packed.parcels), 0.0
        for i in range(orders.offsets[o], orders.offsets[o + 1]):
            if left[i]:
                x, y, z = (int(v) for v in orders.turns[i, 0])
                lies = (Placement(orders.items[i], 0, 0, 0, x, y, z),)
                parcels.append(Parcel(OWN_BOX, (x, y, z), lies, int(orders.masses[i]), 0.0))
                cost += self._own_price(x * y * z)
        return replace(
            packed, parcels=tuple(parcels), cost=packed.cost + cost, bound=packed.bound + cost
        )

    def _own_price(self, volume_mm3: int) -> float:
        """What a parcel costs that is an item in its own box."""
        return self.objective.parcels + self.objective.volume * volume_mm3 / 1e6

    def _own_cost(self, order: Orders) -> float:
        """What all items of an order cost that may ship in their own boxes, shipped so."""
        volumes = order.turns[order.own_box, 0].prod(axis=1)
        return sum(self._own_price(int(v)) for v in volumes)


def _fill_bulk(
    arrays: Any, rooms: Any, o: int, ends: tuple[int, int], results: tuple[Any, ...]
) -> None:
    """Pack an order of many pieces into its part of the result arrays."""
    a, b = ends
    parcels, positions, cartons, reasons, floors = results
    turns, counts, masses, bears = (array[a:b] for array in arrays[:4])
    order = BulkOrder(turns, counts, masses, bears, *rooms)
    parcels[a:b], positions[a:b], filled, reasons[o], floors[o] = pack_bulk(order)
    cartons[a:b] = -1
    cartons[a : a + len(filled)] = filled


def _bulk(offsets: Any, arrays: Any) -> list[int]:
    """Orders of many pieces of which none is to be kept apart from others or with them."""
    _, _, _, _, apart, together = arrays
    free = (apart == 0) & (together == 0)
    return [
        o
        for o, (a, b) in enumerate(pairwise(offsets.tolist()))
        if b - a >= BULK and free[a:b].all()
    ]


def _needs(takes: Any, volumes: Any, masses: Any) -> list[tuple[Any, int, int]]:
    """What any set of boxes must have room for.

    Volume and mass of the items that only some of the boxes take.

    Args:
        takes: Which box takes which item, `(n, boxes)`.
        volumes: `(n,)` [mm³].
        masses: `(n,)` [g].
    """
    found = []
    for only in np.unique(takes, axis=0):
        mine = (takes <= only[None, :]).all(axis=1)
        found.append((only, int(volumes[mine].sum()), int(masses[mine].sum())))
    return found


def _grouped(orders: Orders) -> Orders:
    """Items of one label of `together` share the label of `apart` that one of them has.

    And leave no own boxes behind.

    Raises:
        UsageError: `labels-contradict` where a group holds two labels of `apart`.
    """
    if not orders.together.any():
        return orders
    apart = orders.apart.copy()
    for a, b in pairwise(orders.offsets.tolist()):
        for label in set(orders.together[a:b].tolist()) - {0}:
            group = a + np.nonzero(orders.together[a:b] == label)[0]
            found = set(apart[group].tolist()) - {0}
            if len(found) > 1:
                order = orders.ids[int(np.searchsorted(orders.offsets, a, "right")) - 1]
                raise UsageError(
                    "labels-contradict",
                    f"Order '{order}': items kept together are also kept apart.",
                    "Drop one of the labels.",
                )
            if found:
                apart[group] = found.pop()
    return replace(orders, apart=apart, own_box=orders.own_box & (orders.together == 0))


def _own_ways(orders: Orders) -> Iterator[tuple[int, Any]]:
    """For each order with items that may ship in their own boxes, the choices of which do.

    All of them for a few items.
    """
    for o, (a, b) in enumerate(pairwise(orders.offsets.tolist())):
        own = np.nonzero(orders.own_box[a:b])[0]
        ways = (
            product((False, True), repeat=len(own))
            if len(own) <= OWN_BOX_MAX
            else [(True,) * len(own)]
        )
        for way in ways:
            if any(way):
                left = np.zeros(b - a, np.bool_)
                left[own[list(way)]] = True
                yield o, left


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Masses as whole numbers of a step.

    Args:
        masses: Of each item, `(items,)` [steps].
        maxes: Contents of each room, `(rooms,)` [steps].
        bears: What each item carries, -1 without limit, `(items,)` [steps].
        step: Parts of a gram (`FINE_MASS`) of one step.
        rounded: Whether items were rounded up and rooms down.
    """

    masses: Any
    maxes: Any
    bears: Any
    step: int
    rounded: bool = False

    def grams(self, steps: Any) -> list[float]:
        """Masses in grams: whole ones as whole numbers."""
        if self.step == FINE_MASS:
            whole: list[float] = steps.tolist()
            return whole
        parts = (steps * self.step).tolist()
        return [v // FINE_MASS if v % FINE_MASS == 0 else v / FINE_MASS for v in parts]


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Lengths as whole numbers of a step.

    Args:
        turns: Shapes of each item, `(items, T, 3)` [steps].
        rooms: Inner lengths `(rooms, 3)` [steps].
        step: Parts of a millimetre (`FINE`) of one step.
        rounded: Whether items were rounded up and rooms down: no small step divides them all.
    """

    turns: Any
    rooms: Any
    step: int
    rounded: bool = False

    def lengths(self, steps: Any) -> list[list[float]]:
        """Lengths in millimetres: whole ones as whole numbers."""
        if self.step == FINE:
            rows: list[list[float]] = steps.tolist()
            return rows
        parts = (steps * self.step).tolist()
        return [[v // FINE if v % FINE == 0 else v / FINE for v in row] for row in parts]

    def volumes(self, steps: Any) -> list[float]:
        """Volumes [mm³] of rows of lengths."""
        product: Any = steps.prod(axis=1)
        whole: list[float] = (
            product if self.step == FINE else product * (self.step / FINE) ** 3
        ).tolist()
        return whole


@dataclass(frozen=True, slots=True)
class _Told:
    """Result arrays as lists, items sorted by order, parcel and height, from which each order is reported."""

    rooms: list[tuple[float, Carton, tuple[int, int, int]]]
    inner: list[list[float]]
    items: list[Any]
    positions: list[list[float]]
    parcels: list[int]
    masses: list[float]
    volumes: list[float]
    cartons: list[int]
    reasons: list[list[int]]
    floors: list[float]

    def order(self, name: Any, o: int, a: int, b: int, *, alone: bool = False) -> Packed:
        """What became of the order whose items stand from `a` to `b`."""
        chosen = [c for c in self.cartons[a:b] if c >= 0]
        unpacked = []
        lies: list[list[Placement]] = [[] for _ in chosen]
        mass: list[float] = [0] * len(chosen)
        filled = [0.0] * len(chosen)
        for i in range(a, b):
            parcel = self.parcels[i]
            if parcel < 0:
                unpacked.append(self.items[i])
                continue
            lies[parcel].append(Placement(self.items[i], *self.positions[i]))
            mass[parcel] += self.masses[i]
            filled[parcel] += self.volumes[i]
        made = []
        for number, c in enumerate(chosen):
            carton, room = self.rooms[c][1], self.inner[c]
            empty = (room[0] * room[1] * room[2] - filled[number]) / 1e6
            lengths = (room[0], room[1], room[2])
            made.append(Parcel(carton.id, lengths, tuple(lies[number]), mass[number], empty))
        cost = sum(self.rooms[c][0] for c in chosen)
        last = chosen[0] if len(chosen) == 1 else len(self.rooms) - 1
        taken = set() if alone else {self.rooms[c][1].id for c in chosen}
        why: dict[str, str] = {}
        for reason, (_, carton, _) in zip(self.reasons[o][: last + 1], self.rooms, strict=False):
            if _REASONS[reason] in WHY and carton.id not in taken:
                why[carton.id] = _REASONS[reason]
        return Packed(
            name, tuple(made), tuple(unpacked), cost, min(self.floors[o], cost), tuple(why.items())
        )
