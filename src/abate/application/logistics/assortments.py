"""Designing an assortment from a file of past orders.

Fits in several processes, the curve over k, a test on other orders.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.engine.groups import Workers, map_groups
from abate.adapters.readers.orders import IN_HEADERS, Block, Units, open_orders
from abate.adapters.store.writing import in_place_of
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.logistics.facts import Carton, Objective
from abate.logistics.planners.assorting import (
    Design,
    candidate_cartons,
    choose_assortments,
    new_sizes,
    present_design,
    refined,
    sized,
    tested,
    which_hold,
)

TEST_EVERY = 5
TEST_ORDERS_MAX = 20_000
SAMPLE_BATCHES = 3
STEPS_MM = (20, 10, 5)
SIZE_COLUMNS = (
    "length_mm",
    "width_mm",
    "height_mm",
    "outer_length_mm",
    "outer_width_mm",
    "outer_height_mm",
    "mass_max_g",
    "board_m2",
    "grade_g_m2",
    "board_item",
    "cost",
)
"""Columns of a file of cartons beside the name."""


def design_file(
    orders: Path,
    cartons: Path | None,
    *,
    counts: Iterable[int],
    objective: str = "board",
    support_share: float = 0.8,
    workers: Workers = 1,
    units: Units = IN_HEADERS,
    on_step: Callable[[str, int], Any] = lambda _what, _count: None,
) -> tuple[list[Design], Design, int]:
    """Design assortments of several sizes from the orders of a file.

    Every fifth order is kept from the design and packed for real into each result, and into the
    given assortment: so the saving is that of orders the design has not seen.

    Args:
        orders: Past orders.
        cartons: The present assortment; None where the orders hold it.
        counts: How many sizes, each for itself.
        objective: `board`, `cost`, `volume`, `parcels`, or a weighting.
        support_share: Least share of each base that is supported.
        workers: Processes, or the master of a Spark cluster.
        units: Units of columns whose headers name none.
        on_step: Told what is going on, and how many orders were read.

    Returns:
        A design for each count, the present assortment as a design, and how many orders were used.

    Raises:
        DataError: `orders-unreadable`.
        UsageError: `no-cartons`, `no-orders`, `bad-count`.
    """
    given, blocks = open_orders(orders, cartons, units)
    fresh = new_sizes(given)
    wanted, numbers = Objective.named(objective), sorted(set(counts))
    candidates = candidate_cartons(fresh)
    sample = list(islice(blocks, SAMPLE_BATCHES))
    for step_mm in STEPS_MM:  # sizes near those that a sample of the orders chooses join the grid
        merged = _merged(
            map_groups(
                partial(_fits, candidates, support_share), sample, workers=workers, key=Block.name
            )
        )
        if merged is None:
            break
        near = choose_assortments(candidates, fresh, wanted, *merged[:2], numbers[-1:])[-1]
        grown = {c.rooms[0] for c in (*candidates, *refined(fresh, near.cartons, step_mm))}
        candidates = sized(fresh, grown)
        on_step("looking near what a sample chooses", 0)
    kept: list[Any] = []

    def watched() -> Iterator[Any]:
        for result in map_groups(
            partial(_fits, candidates, support_share),
            chain(sample, blocks),
            workers=workers,
            key=Block.name,
        ):
            if sum(len(k) for k in kept) < TEST_ORDERS_MAX:
                kept.append(result[1])
            on_step("packing into candidates", result[2])
            yield result

    merged = _merged(watched())
    if merged is None:
        raise UsageError(
            "no-orders", f"{orders.name} holds no order to design from.", "Give past orders."
        )
    bits, weights, used = merged
    designs = choose_assortments(
        candidates, fresh, wanted, bits, weights, numbers, lambda: on_step("choosing sizes", 0)
    )
    present = present_design(candidates, fresh, wanted, bits, weights)
    costs = [
        [c for some in kept for c in tested(d.cartons, wanted, support_share, some)]
        for d in (*designs, present)
    ]
    # orders that the present assortment does not take are left out; a design has to take all others
    taken = [k for k, cost in enumerate(costs[-1]) if cost is not None]
    told = []
    for design, own in zip((*designs, present), costs, strict=True):
        mine = [own[k] for k in taken]
        told.append(
            replace(
                design,
                tested=(
                    sum(c for c in mine if c is not None) if taken and None not in mine else None
                ),
            )
        )
    return told[:-1], told[-1], used


def _merged(results: Iterable[Any]) -> tuple[Any, Any, int] | None:
    """Distinct rows of fits over all batches, how many orders have each.

    And how many orders there are.
    """
    rows: Counter[bytes] = Counter()
    used = 0
    for (some, weights), _, count in results:
        rows.update({row.tobytes(): int(n) for row, n in zip(some, weights, strict=True)})
        used += count
    if not rows:
        return None
    ordered = sorted(rows.items())
    return (
        np.stack([np.frombuffer(row, np.uint8) for row, _ in ordered]),
        np.array([n for _, n in ordered]),
        used,
    )


def _fits(
    candidates: tuple[Carton, ...], support_share: float, block: Block
) -> tuple[Any, Any, int]:
    """Fits of the orders used for the design, and the orders kept from it."""
    orders = block.read().orders
    numbers = np.arange(len(orders))
    test = orders.picked(numbers[numbers % TEST_EVERY == TEST_EVERY - 1].tolist())
    design = orders.picked(numbers[numbers % TEST_EVERY != TEST_EVERY - 1].tolist())
    return which_hold(candidates, support_share, design), test, len(design)


def counts_of(sizes: str) -> range:
    """Counts of sizes as somebody writes them.

    Raises:
        UsageError: `bad-count`.

    Example:
        >>> list(counts_of("12")), len(counts_of("1-20"))
        ([12], 20)
    """
    if not re.fullmatch(r"[0-9]{1,3}(-[0-9]{1,3})?", sizes):
        raise UsageError("bad-count", f"'{sizes}' is not a count.", "Write 12 or 1-20.")
    first, _, last = sizes.partition("-")
    return range(int(first), int(last or first) + 1)


def curve_chart(designs: list[Design], present: Design) -> Json:
    """The curve over the number of sizes as a Vega-Lite chart.

    Orders of the design, and orders it has not seen.
    """
    from abate.disclosure.charts import curve_chart as chart

    used = [
        {"x": d.count, "y": d.cost / present.cost, "series": "orders of the design"}
        for d in designs
    ]
    unseen = [
        {"x": d.count, "y": d.tested / present.tested, "series": "orders it has not seen"}
        for d in designs
        if d.tested is not None and present.tested
    ]
    return chart([*used, *unseen], x="number of sizes", y="share of the present assortment's")


def saved_share(design: Design, present: Design) -> float | None:
    """What a design saves on orders that it has not seen."""
    if design.tested is None or not present.tested:
        return None
    return float(1 - design.tested / present.tested)


def design_json(design: Design, present: Design) -> Json:
    """A design as machines get it, beside the sizes that are used now."""
    return {
        "sizes": design.count,
        "cost": design.cost,
        "bound": design.bound,
        "gap_share": design.gap_share,
        "tested": design.tested,
        "saving_share": saved_share(design, present),
        "cartons": [[c.length_mm, c.width_mm, c.height_mm] for c in design.cartons],
    }


def write_sizes(path: Path, design: Design) -> None:
    """Write the sizes of a design as a file of cartons."""
    with in_place_of(path) as partial, partial.open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle)
        table.writerow(("carton", *SIZE_COLUMNS))
        for c in design.cartons:
            outer = dict(zip(SIZE_COLUMNS[3:6], c.outer_mm, strict=True))
            values = {n: getattr(c, n, None) for n in SIZE_COLUMNS} | outer
            cells = (round(v, 6) if isinstance(v, float) else v for v in values.values())
            table.writerow((c.id, *cells))
