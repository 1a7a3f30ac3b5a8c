"""Orders of many pieces: cartons are filled one after the other, each by a few passes.

Small orders get a search over many starts for every carton, which takes minutes where there are
thousands of pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

BULK = 600
"""Pieces from which on an order is packed so."""
SINGLES_MAX = 4
"""Single cartons that are tried before the pieces are shared out."""
FULL_SHARE = 0.97
"""A carton that the pieces fill beyond this is not tried for all of them."""


@dataclass(frozen=True, slots=True)
class BulkOrder:
    """An order of many pieces as arrays, in whole steps of length.

    Args:
        turns: Shapes of each piece, `(n, T, 3)`.
        counts: How many of them count, `(n,)`.
        masses: `(n,)` [g].
        bears: Mass that each carries on top, -1 without limit, `(n,)` [g].
        sizes: Inner lengths of each room, cheapest first, `(rooms, 3)`.
        maxes: Greatest mass of contents of each room, `(rooms,)` [g].
        costs: `(rooms,)`.
        allowed: Which rooms may be used, `(rooms,)`.
        support_share: Least share of each base that is supported.
    """

    turns: Any
    counts: Any
    masses: Any
    bears: Any
    sizes: Any
    maxes: Any
    costs: Any
    allowed: Any
    support_share: float

    @property
    def volumes(self) -> Any:
        """Volume of each piece, `(n,)`."""
        return self.turns[:, 0].prod(axis=1)

    @property
    def fits(self) -> Any:
        """Which piece fits which room by its lengths and its mass, `(n, rooms)`."""
        there = np.arange(self.turns.shape[1])[None, :] < self.counts[:, None]
        found = np.zeros((len(self.counts), len(self.sizes)), np.bool_)
        for k, size in enumerate(self.sizes):
            found[:, k] = ((self.turns <= size[None, None, :]).all(axis=2) & there).any(axis=1)
        light = self.masses[:, None] <= self.maxes[None, :]
        return found & light & self.allowed[None, :]


def pack_bulk(order: BulkOrder) -> tuple[Any, Any, list[int], Any, float]:
    """Pack an order of many pieces.

    Returns:
        Parcel of each piece (-1 where it fits no room), positions `(n, 6)`, the room of each
        parcel, for each room why it cannot hold all (codes of `choosing`), and what no packing
        costs less than.
    """
    from abate.algorithms.packing.choosing import MASS, NO_STOCK, OPEN, PIECE, VOLUME

    fits = order.fits
    loose = fits.any(axis=1)
    pieces = np.nonzero(loose)[0]
    volume, mass = int(order.volumes[pieces].sum()), int(order.masses[pieces].sum())
    rooms = order.sizes.prod(axis=1)
    why = np.full(len(rooms), OPEN, np.int64)
    why[~fits[pieces].all(axis=0)] = PIECE
    why[mass > order.maxes] = MASS
    why[volume > rooms] = VOLUME
    why[~order.allowed] = NO_STOCK
    parcels = np.full(len(order.counts), -1, np.int64)
    positions = np.zeros((len(order.counts), 6), np.int64)
    chosen: list[int] = []
    bound = _bound(order, rooms, why == OPEN, volume, mass)
    while len(pieces):
        whole = _singles(order, fits, rooms, pieces)
        placed, room = _one(order, whole, pieces)
        if room < 0:
            placed, room = _most(order, fits, rooms, pieces)
        if room < 0:
            break
        mine = pieces[placed[0]]
        parcels[mine], positions[mine] = len(chosen), placed[1]
        chosen.append(room)
        pieces = pieces[~np.isin(pieces, mine)]
    return parcels, positions, chosen, why, bound


def _bound(order: BulkOrder, rooms: Any, single: Any, volume: int, mass: int) -> float:
    """What no packing costs less than: by volume, by mass, and by how many parcels there are."""
    open_to = np.nonzero(order.allowed)[0]
    if not len(open_to) or not volume:
        return 0.0
    costs = order.costs[open_to]
    by_volume = volume * float((costs / rooms[open_to]).min())
    by_mass = mass * float((costs / np.maximum(order.maxes[open_to], 1)).min())
    least = float(costs.min())
    several = max(by_volume, by_mass, 2 * least)
    alone = float(order.costs[single].min()) if single.any() else np.inf
    return min(alone, several)


def _singles(order: BulkOrder, fits: Any, rooms: Any, pieces: Any) -> list[int]:
    """Rooms that may hold all of the pieces, cheapest first."""
    volume, mass = int(order.volumes[pieces].sum()), int(order.masses[pieces].sum())
    could = (
        order.allowed
        & fits[pieces].all(axis=0)
        & (mass <= order.maxes)
        & (volume <= FULL_SHARE * rooms)
    )
    return [int(c) for c in np.nonzero(could)[0][:SINGLES_MAX]]


def _one(order: BulkOrder, whole: list[int], pieces: Any) -> tuple[Any, int]:
    """The first of some rooms that holds all of the pieces; -1 where none does."""
    for c in whole:
        placed = fill_room(order, c, pieces)
        if len(placed[0]) == len(pieces):
            return placed, c
    return None, -1


def _most(order: BulkOrder, fits: Any, rooms: Any, pieces: Any) -> tuple[Any, int]:
    """The room that packs the most volume for its cost, filled; -1 where none takes a piece."""
    best: tuple[Any, int] = (None, -1)
    worth = 0.0
    useful = [int(c) for c in np.nonzero(order.allowed & fits[pieces].any(axis=0))[0]]
    # the largest first: of rooms alike in cost for their volume it leaves the fewest parcels
    for c in sorted(useful, key=lambda k: (-rooms[k], order.costs[k]))[:3]:
        mine = np.nonzero(fits[pieces, c])[0]
        at, lies = fill_room(order, c, pieces[mine])
        packed = float(order.volumes[pieces[mine][at]].sum()) / max(float(order.costs[c]), 1e-12)
        if len(at) and packed > worth:
            best, worth = ((mine[at], lies), c), packed
    return best


def fill_room(order: BulkOrder, c: int, pieces: Any) -> tuple[Any, Any]:
    """Fill a room with as many of the pieces as find a place.

    Returns:
        Which of the pieces, and where they lie `(n, 6)`.
    """
    from abate.algorithms.packing.spaces import SPACES_MAX, fill

    turns, counts = order.turns[pieces], order.counts[pieces]
    masses, bears = order.masses[pieces], order.bears[pieces]
    volumes = order.volumes[pieces]
    best: tuple[Any, Any] = (np.empty(0, np.int64), np.empty((0, 6), np.int64))
    most = 0
    for rule, keys in ((0, volumes), (0, turns[:, 0].max(axis=1) * volumes.max() + volumes)):
        late = (bears == 0).astype(np.int64)  # nothing may stand on them
        sequence = np.lexsort((-keys, late)).astype(np.int64)
        placed = np.zeros(len(pieces), np.uint8)
        positions = np.zeros((len(pieces), 6), np.int64)
        fill(
            sequence,
            turns,
            counts,
            masses,
            bears,
            bool((bears >= 0).any()),
            order.sizes[c],
            order.maxes[c],
            order.support_share,
            rule,
            False,
            np.zeros((SPACES_MAX, 6), np.int64),
            positions,
            placed,
        )
        at = np.nonzero(placed)[0]
        packed = int(volumes[at].sum())
        if packed > most:
            best, most = (at, positions[at]), packed
        if len(at) == len(pieces):
            break
    return best
