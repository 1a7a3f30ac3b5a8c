"""What was really packed, read back and held against the plan."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from abate.adapters.readers.orders import read_cartons, row_blocks
from abate.kernel.edges import Json
from abate.kernel.errors import DataError
from abate.logistics.planners.packing import OWN_BOX

SHOWN_MAX = 200
"""Orders that are listed."""


@dataclass(frozen=True, slots=True)
class OrderPackedOtherwise:
    """An order that was packed in other cartons than planned.

    Args:
        order: The order.
        planned: Cartons of the plan.
        packed: Cartons that were used.
    """

    order: str
    planned: tuple[str, ...]
    packed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A plan and what became of it.

    Args:
        as_planned: Orders packed as planned.
        otherwise: Orders packed otherwise, in the order of the plan.
        not_packed: Orders of the plan of which nothing was read.
        unknown: Orders that the plan does not hold.
        planned: Cartons of the plan by id, of orders that were read.
        packed: Cartons used by id, likewise.
        board_kg: New board of both; None where no cartons were given.
    """

    as_planned: int
    otherwise: tuple[OrderPackedOtherwise, ...]
    not_packed: tuple[str, ...]
    unknown: tuple[str, ...]
    planned: dict[str, int]
    packed: dict[str, int]
    board_kg: tuple[float, float] | None

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "as_planned": self.as_planned,
            "otherwise_count": len(self.otherwise),
            "otherwise": [
                {"order": o.order, "planned": list(o.planned), "packed": list(o.packed)}
                for o in self.otherwise[:SHOWN_MAX]
            ],
            "not_packed": list(self.not_packed[:SHOWN_MAX]),
            "unknown": list(self.unknown[:SHOWN_MAX]),
            "parcels": {"planned": sum(self.planned.values()), "packed": sum(self.packed.values())},
            "cartons": {
                c: {"planned": self.planned.get(c, 0), "packed": self.packed.get(c, 0)}
                for c in sorted({*self.planned, *self.packed})
            },
            "board_kg": (
                None
                if self.board_kg is None
                else dict(zip(("planned", "packed"), self.board_kg, strict=True))
            ),
        }


def read_back(plan: Path, packed: Path, cartons: Path | None = None) -> ReadBack:
    """Hold what was packed against a plan.

    Args:
        plan: The plan as JSON lines.
        packed: A row for each parcel, or for each order with cartons joined by `;`: columns order
            and carton.
        cartons: The assortment, for the mass of board.

    Raises:
        DataError: `plan-unreadable`, `packed-unreadable`.
    """
    wanted = _planned(plan)
    used = _used(packed)
    both = [o for o in wanted if o in used]
    sides = [Counter(c for o in both for c in side[o]) for side in (wanted, used)]
    board = None
    if cartons is not None:
        mass = {c.id: c.board_g / 1000 for c in read_cartons(cartons)}
        board = _board(sides[0], mass), _board(sides[1], mass)
    same = [o for o in both if Counter(wanted[o]) == Counter(used[o])]
    other = [o for o in both if Counter(wanted[o]) != Counter(used[o])]
    return ReadBack(
        len(same),
        tuple(OrderPackedOtherwise(o, wanted[o], used[o]) for o in other),
        tuple(o for o in wanted if o not in used),
        tuple(o for o in used if o not in wanted),
        dict(sides[0]),
        dict(sides[1]),
        board,
    )


def _board(counts: Counter[str], mass_kg: dict[str, float]) -> float:
    odd = sorted(set(counts) - set(mass_kg) - {OWN_BOX})
    if odd:
        raise DataError(
            "packed-unreadable", f"'{odd[0]}' is not one of the cartons.", "Correct its name."
        )
    return sum(mass_kg.get(c, 0.0) * n for c, n in counts.items())


def _planned(path: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                found[str(row["order"])] = tuple(str(p["carton"]) for p in row["cartons"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "plan-unreadable",
            f"{path.name} is not a plan as JSON lines.",
            "Name the .jsonl that 'abate pack' wrote.",
        ) from error
    return found


def _used(path: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for order, carton in _pairs(path):
        names = [c.strip() for c in carton.replace("+", ";").split(";") if c.strip()]
        found.setdefault(order, []).extend(names)
    return {o: tuple(c) for o, c in found.items()}


def _pairs(path: Path) -> Iterable[tuple[str, str]]:
    for block in row_blocks(path, "packed-unreadable"):
        names = {str(n).strip().lower().replace(" ", "_"): n for n in block.column_names}
        order = next((names[n] for n in ("order", "order_id", "订单号") if n in names), None)
        carton = next(
            (names[n] for n in ("carton", "carton_used", "box", "纸箱") if n in names), None
        )
        if order is None or carton is None:
            raise DataError(
                "packed-unreadable",
                f"{path.name} has no columns order and carton.",
                "Name them in the first row.",
            )
        for row in block.select([order, carton]).to_pylist():
            if row[order] is not None:
                yield str(row[order]), str(row[carton] or "")
