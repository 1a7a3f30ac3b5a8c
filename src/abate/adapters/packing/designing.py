"""Designing an assortment from a file of past orders: fits in several processes, the curve over k, a test on other orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.groups import map_groups
from abate.adapters.packing.reading import Batch, Block, read_cartons, read_orders, read_text
from abate.kernel.errors import UsageError
from abate.logistics.facts import Carton, Objective, Source
from abate.logistics.planners.assorting import Design, candidate_cartons, choose_assortments, tested, which_hold

TEST_EVERY = 5
TEST_ORDERS_MAX = 20_000


def design_file(
    orders: Path, cartons: Path | None, *, counts: Iterable[int], objective: str = "board", support_share: float = 0.8,
    workers: int = 1, on_step: Callable[[str, int], Any] = lambda _what, _count: None,
) -> tuple[list[Design], Design, int]:  # fmt: skip
    """Design assortments of several sizes from the orders of a file.

    Every fifth order is kept from the design and packed for real into each result, and into the given assortment: so
    the saving is that of orders the design has not seen.

    Args:
        orders: Past orders.
        cartons: The present assortment; None where the orders hold it.
        counts: How many sizes, each for itself.
        objective: `board`, `cost`, `volume`, `parcels`, or a weighting.
        support_share: Least share of each base that is supported.
        workers: Processes.
        on_step: Told what is going on, and how many orders were read.

    Returns:
        A design for each count, the present assortment as a design, and how many orders were used.

    Raises:
        DataError: `orders-unreadable`.
        UsageError: `no-cartons`, `no-orders`, `bad-count`.
    """
    text = read_text(orders)
    if text is None and cartons is None:
        raise UsageError("no-cartons", f"{orders.name} holds no cartons.", "Give them with --cartons FILE.")
    given, batches = text if text is not None else ((), read_orders(orders))
    given = read_cartons(cartons) if cartons else given
    fresh = tuple(c for c in given if c.source is Source.NEW)
    candidates = candidate_cartons(given)
    wanted = Objective.named(objective)
    rows: Counter[bytes] = Counter()
    kept: list[Any] = []
    used = 0
    for (some, weights), test, count in map_groups(partial(_fits, candidates, support_share), batches, workers=workers):
        rows.update({row.tobytes(): int(n) for row, n in zip(some, weights, strict=True)})
        if sum(len(k) for k in kept) < TEST_ORDERS_MAX:
            kept.append(test)
        used += count
        on_step("packing into candidates", count)
    if not rows:
        raise UsageError("no-orders", f"{orders.name} holds no order to design from.", "Give past orders.")
    ordered = sorted(rows.items())
    bits = np.stack([np.frombuffer(row, np.uint8) for row, _ in ordered])
    weights = np.array([n for _, n in ordered])
    designs = choose_assortments(candidates, wanted, bits, weights, counts, lambda: on_step("choosing sizes", 0))
    present = choose_assortments(fresh, wanted, *_only(candidates, fresh, bits, weights), [min(len(fresh), 20)])[0]
    told = []
    for design in (*designs, present):
        # an assortment that leaves items unpacked is not tested as if it were cheap
        results = [tested(design.cartons, wanted, support_share, some) for some in kept if len(some)]
        whole = bool(results) and not sum(left for _, left in results)
        told.append(replace(design, tested=sum(cost for cost, _ in results) if whole else None))
        on_step("testing", 0)
    return told[:-1], told[-1], used


def _only(candidates: tuple[Carton, ...], some: tuple[Carton, ...], bits: Any, weights: Any) -> tuple[Any, Any]:
    """Rows of bits for some of the candidates."""
    at = [candidates.index(replace(c, stock=None)) for c in some]
    return np.packbits(np.unpackbits(bits, axis=1)[:, at], axis=1), weights


def _fits(candidates: tuple[Carton, ...], support_share: float, batch: Batch | Block) -> tuple[Any, Any, int]:
    """Fits of the orders used for the design, and the orders kept from it."""
    orders = (batch.read() if isinstance(batch, Block) else batch).orders
    numbers = np.arange(len(orders))
    test = orders.picked(numbers[numbers % TEST_EVERY == TEST_EVERY - 1].tolist())
    design = orders.picked(numbers[numbers % TEST_EVERY != TEST_EVERY - 1].tolist())
    return which_hold(candidates, support_share, design), test, len(design)


def curve_chart(designs: list[Design], present: Design) -> dict[str, Any]:
    """The curve over the number of sizes as a Vega-Lite chart: orders of the design, and orders it has not seen."""
    from abate.disclosure.charts import curve_chart as chart

    used = [{"x": d.count, "y": d.cost / present.cost, "series": "orders of the design"} for d in designs]
    unseen = [
        {"x": d.count, "y": d.tested / present.tested, "series": "orders it has not seen"}
        for d in designs
        if d.tested is not None and present.tested
    ]
    return chart([*used, *unseen], x="number of sizes", y="share of the present assortment's")
