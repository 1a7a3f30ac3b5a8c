"""Designing an assortment: which k sizes of carton make board, cost or air of past orders small.

And what that is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from abate.kernel.errors import UsageError
from abate.logistics.facts import Carton, Objective, Orders, Source, board_area_m2
from abate.logistics.planners.packing import Packer

SIZES_MAX = 20
CANDIDATES_MAX = 2_000
STEP_MM = 5
LENGTHS = 21
WIDTHS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
HEIGHTS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.95)
TRIES = 12
BOUND_STEPS = 800
UNSERVED_RATIO = 1.7
"""An order that no chosen size holds counts as so many of the dearest present one: about what two
parcels come to.
"""


@dataclass(frozen=True, slots=True)
class Design:
    """The best assortment found for one number of sizes.

    Args:
        count: How many sizes.
        cartons: The sizes.
        cost: Objective of the orders used for the design, a carton each.
        bound: No `count` of the candidates cost less.
        tested: Objective of the orders not used for the design, packed for real; None where none
            were kept.
    """

    count: int
    cartons: tuple[Carton, ...]
    cost: float
    bound: float
    tested: float | None = None

    @property
    def gap_share(self) -> float:
        """Distance to the bound as a share of the cost."""
        return (self.cost - self.bound) / self.cost if self.cost else 0.0


def new_sizes(given: Iterable[Carton]) -> tuple[Carton, ...]:
    """New cartons, one of each size."""
    return tuple({c.rooms[0]: c for c in given if c.source is Source.NEW}.values())


def candidate_cartons(given: Iterable[Carton]) -> tuple[Carton, ...]:
    """Sizes to choose from: the given ones and a grid between the smallest and the largest of them, smallest first.

    Board, price and mass follow from the given new cartons: grade and thickness are their means,
    the price their mean per area of board, the mass each may carry that of the given ones with no
    more volume.

    Raises:
        UsageError: `no-cartons`.
    """
    fresh = new_sizes(given)
    area = sum(c.board_m2 for c in fresh)
    if not fresh or not area:
        raise UsageError(
            "no-cartons",
            "No new carton of board is given to begin from.",
            "Give the present assortment.",
        )
    lengths = np.unique(
        np.rint(
            np.linspace(min(c.length_mm for c in fresh), max(c.length_mm for c in fresh), LENGTHS)
            / STEP_MM
        )
        * STEP_MM
    )
    sizes = {(c.length_mm, c.width_mm, c.height_mm) for c in fresh}
    least = min(c.height_mm for c in fresh) * 0.6
    for length in lengths.tolist():
        for across in WIDTHS:
            width = round(length * across / STEP_MM) * STEP_MM
            for up in HEIGHTS:
                height = round(width * up / STEP_MM) * STEP_MM
                if height >= least:
                    sizes.add((int(length), width, height))
    return sized(fresh, sizes)


def refined(
    given: tuple[Carton, ...], chosen: Iterable[Carton], step_mm: int
) -> tuple[Carton, ...]:
    """Sizes a step larger and smaller along each length than chosen ones, between the smallest and the largest given."""
    most = [max(c.rooms[0][k] for c in given) for k in range(3)]
    moves = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
    sizes = set()
    for carton in chosen:
        for move in moves:
            size = [v + m * step_mm for v, m in zip(carton.rooms[0], move, strict=True)]
            long, wide = max(size[:2]), min(size[:2])
            if min(size) >= STEP_MM * 4 and long <= most[0]:
                sizes.add((long, wide, size[2]))
    return sized(given, sizes)


def sized(fresh: tuple[Carton, ...], sizes: set[tuple[int, int, int]]) -> tuple[Carton, ...]:
    """Cartons of given inner lengths, smallest first.

    With board, price, mass and thickness as the given ones have.
    """
    area = sum(c.board_m2 for c in fresh)
    grade = sum(c.board_g for c in fresh) / area
    price = sum(c.cost for c in fresh) / area
    thick = [
        round(sum(c.outer_mm[k] - c.rooms[0][k] for c in fresh) / len(fresh)) for k in range(3)
    ]
    known = {c.rooms[0]: c for c in fresh}
    by_volume = sorted(fresh, key=_volume)
    made = []
    for size in sorted(sizes, key=lambda s: (s[0] * s[1] * s[2], s)):
        if size in known:
            made.append(replace(known[size], stock=None))
            continue
        volume = size[0] * size[1] * size[2]
        like = [c for c in by_volume if _volume(c) <= volume] or by_volume[:1]
        made.append(
            Carton(
                "x".join(map(str, size)),
                *size,
                mass_max_g=max(c.mass_max_g for c in like),
                grade_g_m2=grade,
                outer_mm=(size[0] + thick[0], size[1] + thick[1], size[2] + thick[2]),
                board_item=fresh[0].board_item,
                cost=board_area_m2(*size) * price,
            )
        )
    return tuple(made[:CANDIDATES_MAX])


def _volume(carton: Carton) -> int:
    return carton.length_mm * carton.width_mm * carton.height_mm


def which_hold(
    candidates: tuple[Carton, ...], support_share: float, orders: Orders
) -> tuple[Any, Any]:
    """Which candidates hold which orders by packing, as distinct rows of bits with how many orders have each."""
    from abate.algorithms.packing.choosing import holding

    sizes = np.array([c.rooms[0] for c in candidates], np.int64)
    maxes = np.array([c.mass_max_g for c in candidates], np.int64)
    fits = np.zeros((len(orders), len(candidates)), np.int64)
    holding(
        orders.offsets,
        orders.turns,
        orders.turn_counts,
        orders.masses,
        orders.bears,
        orders.apart,
        sizes,
        maxes,
        support_share,
        TRIES,
        0,
        fits,
    )
    return np.unique(np.packbits(fits.astype(np.uint8), axis=1), axis=0, return_counts=True)


def choose_assortments(
    candidates: tuple[Carton, ...],
    given: Iterable[Carton],
    objective: Objective,
    rows: Any,
    weights: Any,
    counts: Iterable[int],
    on_step: Callable[[], Any] = lambda: None,
) -> list[Design]:
    """The best sizes for each number of them, by which candidates hold which orders.

    Args:
        candidates: As `candidate_cartons` gives them.
        given: The present assortment.
        objective: What is made small.
        rows: Distinct rows of bits, as `which_hold` gives them.
        weights: How many orders have each.
        counts: Numbers of sizes.
        on_step: Called now and then.

    Raises:
        UsageError: `bad-count`, `no-orders`.
    """
    from abate.algorithms.assortment import choose_sizes

    costs = np.array([objective.of(c) for c in candidates])
    if not costs.any():
        raise UsageError(
            "no-price",
            "By this objective every size costs nothing.",
            "Give prices, or another objective.",
        )
    unserved_cost = UNSERVED_RATIO * max(objective.of(c) for c in given)
    order = np.argsort(costs, kind="stable")
    fits = np.unpackbits(rows, axis=1)[:, : len(candidates)][:, order]
    served = fits.any(axis=1)
    if not served.any():
        raise UsageError("no-orders", "No order fits any size.", "Check the units of both files.")
    cheap = costs[order] <= unserved_cost
    order, fits = order[cheap], fits[:, cheap]
    made: list[Design] = []
    wanted = sorted(set(counts))
    if not wanted or wanted[0] < 1 or wanted[-1] > SIZES_MAX:
        raise UsageError(
            "bad-count", f"{wanted} sizes cannot be chosen.", f"Choose 1 to {SIZES_MAX}."
        )
    start: tuple[int, ...] = ()
    for count in wanted:
        found = choose_sizes(
            fits[served],
            weights[served],
            costs[order],
            count,
            unserved_cost=unserved_cost,
            iterations=BOUND_STEPS,
            start=start,
            on_step=on_step,
        )
        start = found.chosen
        made.append(
            Design(
                count, tuple(candidates[order[j]] for j in found.chosen), found.cost, found.bound
            )
        )
    return made


def present_design(
    candidates: tuple[Carton, ...],
    given: tuple[Carton, ...],
    objective: Objective,
    rows: Any,
    weights: Any,
) -> Design:
    """The present assortment on the same orders: those that some candidate holds."""
    fits = np.unpackbits(rows, axis=1)[:, : len(candidates)].astype(np.bool_)
    at = {c.rooms[0]: k for k, c in enumerate(candidates)}
    costs = np.array([objective.of(c) for c in given])
    mine = np.where(fits[:, [at[c.rooms[0]] for c in given]], costs[None, :], np.inf).min(axis=1)
    mine = np.where(np.isinf(mine), UNSERVED_RATIO * costs.max(), mine)
    cost = float((mine * weights)[fits.any(axis=1)].sum())
    return Design(len(given), given, cost, cost)


def tested(
    cartons: tuple[Carton, ...], objective: Objective, support_share: float, orders: Orders
) -> list[float | None]:
    """Objective of each order packed for real into an assortment.

    None where it does not take every item.
    """
    packed = Packer(cartons, objective, support_share).pack(orders)
    return [None if p.unpacked else p.cost for p in packed]
