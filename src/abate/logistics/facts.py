"""What a warehouse knows: items of orders, cartons.

And how they become arrays for the packing algorithms.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.finding import Rule, Severity

LENGTH_MM_MAX = 20_000
MASS_G_MAX = 50_000_000
ITEMS_IN_ORDER_MAX = 20_000
FINE = 100_000
"""Parts of a millimetre in which exact lengths are kept: 32nds of an inch are whole ones."""
FINE_MASS = 1_000_000_000
"""Parts of a gram in which exact masses are kept: ounces are whole ones."""
TURNS = {"any": 0b111111, "upright": 0b000011, "fixed": 0b000001}
"""Orientations an item may take: any; its height stays vertical; exactly as measured."""
THICKNESS_STEP_MM = 10

BAD_ITEM = Rule(
    "bad-item", Severity.BLOCKER, "An item of an order cannot be packed as it stands",
    "Correct the row; the other orders are packed.", 180,
)  # fmt: skip
FITS_NOTHING = Rule(
    "fits-nothing", Severity.WARNING, "An item fits none of the cartons",
    "Add a carton that takes it, or let it ship in its own box.", 181,
)  # fmt: skip
RULES = (BAD_ITEM, FITS_NOTHING)


CONDITIONS = ("A", "B", "C", "D")
"""Grades of used cartons: as new, marked, worn, for rough goods only."""


class Source(StrEnum):
    """Where a carton comes from."""

    NEW = "new"
    USED = "used"
    """Came in with goods and is used again."""
    CIRCULATING = "circulating"
    """Owned, comes back, is washed; only for orders whose route returns."""
    BAG = "bag"
    """Mailer bag: length and width lying flat, height the most it may bulge."""


@dataclass(frozen=True, slots=True)
class Item:
    """One piece to be packed.

    Args:
        length_mm: Length.
        width_mm: Width.
        height_mm: Height as it stands upright.
        mass_g: Mass.
        turn: `any`, `upright` or `fixed`.
        fragile: Nothing may stand above it.
        load_max_g: Mass it carries on top; None without limit.
        fold_volume_mm3: Volume into which a soft item folds; None for a rigid one.
        own_box: May ship in the box it came in.
        apart: Label; items of two labels never share a carton.
        together: Label; items of one label are never split.
    """

    length_mm: int
    width_mm: int
    height_mm: int
    mass_g: int
    turn: str = "any"
    fragile: bool = False
    load_max_g: int | None = None
    fold_volume_mm3: int | None = None
    own_box: bool = False
    apart: str = ""
    together: str = ""

    @property
    def fault(self) -> str:
        """Why it cannot be packed as it stands; empty where it can."""
        for name in ("length_mm", "width_mm", "height_mm"):
            value = getattr(self, name)
            if not 0 < value <= LENGTH_MM_MAX:
                return f"{name} is {value}, outside 1 to {LENGTH_MM_MAX:,}"
        if not 0 <= self.mass_g <= MASS_G_MAX:
            return f"mass_g is {self.mass_g}, outside 0 to {MASS_G_MAX:,}"
        if self.turn not in TURNS:
            return f"turn is '{self.turn}', none of {', '.join(TURNS)}"
        if self.load_max_g is not None and self.load_max_g < 0:
            return f"load_max_g is {self.load_max_g}, below zero"
        if self.fold_volume_mm3 is not None and not 0 < self.fold_volume_mm3 <= LENGTH_MM_MAX**3:
            return f"fold_volume_mm3 is {self.fold_volume_mm3}, outside 1 to {LENGTH_MM_MAX**3:,}"
        return ""


def folded(size: list[int], turn: str, volume_mm3: int) -> list[tuple[int, int, int]]:
    """Lengths along x, y, z that a soft item takes when it is folded lengthwise or across into its volume."""
    found: dict[tuple[int, int, int], None] = {}
    for along, across in ((1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (1, 3)):
        a, b = -(-size[0] // along), -(-size[1] // across)
        c = -(-volume_mm3 // (a * b))
        turned = ((a, b, c), (b, a, c), (a, c, b), (c, a, b), (b, c, a), (c, b, a))
        found |= dict.fromkeys(shape for bit, shape in enumerate(turned) if TURNS[turn] >> bit & 1)
    return sorted(found, key=lambda s: s[0] * s[1] * s[2])  # the first stands for its volume


def board_area_m2(length_mm: float, width_mm: float, height_mm: float) -> float:
    """Board of a regular slotted carton with a glue flap of 40 mm.

    The length is the longer side of the opening, whichever is named first.

    Formula: (2 (L + W) + 40) (W + H)

    Source: FEFCO Code (12th edition), type 0201.

    Example:
        >>> board_area_m2(300, 200, 100), board_area_m2(200, 300, 100)
        (0.312, 0.312)
    """
    across = min(length_mm, width_mm)
    return (2 * (length_mm + width_mm) + 40) * (across + height_mm) / 1e6


@dataclass(frozen=True, slots=True)
class Carton:
    """One size of packaging.

    Args:
        id: Its name.
        length_mm: Inner length.
        width_mm: Inner width.
        height_mm: Inner height; of a bag the most it may bulge.
        mass_max_g: Mass of contents.
        outer_mm: Outer lengths; those inside plus 6 mm of board where none are given.
        tare_g: Own mass; board area times grade where it is not given.
        board_m2: Area of board; that of a regular slotted carton where it is not given. A bag has
            none.
        grade_g_m2: Mass of board per area.
        board_item: Material of the board, such as `board` or `board-recycled`.
        cost: Price of one.
        stock: How many there are; None without limit.
        source: New, used, circulating or bag.
        condition: Grade of a used one, `A` to `D`.
        exact: Exact inner lengths in parts of a millimetre (`FINE`), where they are not whole ones
            and were rounded down.
        exact_mass_max: Likewise the mass of contents in parts of a gram (`FINE_MASS`).

    Raises:
        UsageError: `bad-carton`.
    """

    id: str
    length_mm: int
    width_mm: int
    height_mm: int
    mass_max_g: int = MASS_G_MAX
    outer_mm: tuple[int, int, int] = (0, 0, 0)
    tare_g: float = -1.0
    board_m2: float = -1.0
    grade_g_m2: float = 450.0
    board_item: str = "board"
    cost: float = 0.0
    stock: int | None = None
    source: Source = Source.NEW
    condition: str = "A"
    exact: tuple[int, int, int] | None = None
    exact_mass_max: int | None = None

    def __post_init__(self) -> None:
        lengths = (self.length_mm, self.width_mm, self.height_mm)
        bag = self.source is Source.BAG
        if self.board_m2 < 0:
            object.__setattr__(self, "board_m2", 0.0 if bag else board_area_m2(*lengths))
        if self.tare_g < 0:
            object.__setattr__(self, "tare_g", self.board_m2 * self.grade_g_m2)
        if not any(self.outer_mm):
            object.__setattr__(
                self, "outer_mm", tuple(v + 6 for v in lengths) if not bag else lengths
            )
        faults = {
            f"a length of {lengths} lies outside 1 to {LENGTH_MM_MAX:,} mm": not all(
                0 < v <= LENGTH_MM_MAX for v in lengths
            ),
            f"outer lengths {self.outer_mm} are less than inner ones": any(
                o < i for o, i in zip(self.outer_mm, lengths, strict=True)
            ),
            f"mass_max_g is {self.mass_max_g}": not 0 <= self.mass_max_g <= MASS_G_MAX,
            f"condition is '{self.condition}', none of {', '.join(CONDITIONS)}": (
                self.condition not in CONDITIONS
            ),
            "it has no room inside": min(lengths) > 0 and not self.rooms,
            f"stock is {self.stock}": self.stock is not None and self.stock < 0,
            "an amount is not a number of zero or more": not all(
                0 <= v < 1e9 for v in (self.tare_g, self.board_m2, self.grade_g_m2, self.cost)
            ),
        }
        for fault, holds in faults.items():
            if holds:
                raise UsageError("bad-carton", f"Carton '{self.id}': {fault}.", "Mend its row.")

    @property
    def board_g(self) -> float:
        """Mass of new board: none where the carton is used again, circulates or is a bag."""
        return self.board_m2 * self.grade_g_m2 if self.source is Source.NEW else 0.0

    @property
    def outer_volume_l(self) -> float:
        """Room it takes in the van."""
        return self.outer_mm[0] * self.outer_mm[1] * self.outer_mm[2] / 1e6

    @property
    def rooms(self) -> list[tuple[int, int, int]]:
        """Inner lengths, longest first on the floor.

        Of a bag one for each thickness to which it may be filled.
        """
        if self.source is not Source.BAG:
            return [(self.length_mm, self.width_mm, self.height_mm)]
        steps = range(THICKNESS_STEP_MM, self.height_mm + 1, THICKNESS_STEP_MM)
        thick = [*steps, *([self.height_mm] if self.height_mm % THICKNESS_STEP_MM else [])]
        return [
            (self.length_mm - t, self.width_mm - t, t)
            for t in thick
            if min(self.length_mm, self.width_mm) > t
        ]


@dataclass(frozen=True, slots=True)
class Objective:
    """What a packing costs: a weight for each thing that matters, added up over its cartons.

    Args:
        board: Per kilogram of new board.
        cost: Per unit of money.
        volume: Per litre of outer volume.
        parcels: Per carton.
        film: Per kilogram of film, the own mass of a bag.
        trips: Per trip of a circulating box.

    Example:
        >>> Objective.named("parcels").of(Carton("a", 300, 200, 100))
        1.0
    """

    board: float = 0.0
    cost: float = 0.0
    volume: float = 0.0
    parcels: float = 0.0
    film: float = 0.0
    trips: float = 0.0

    @classmethod
    def named(cls, text: str) -> Objective:
        """Read `board`, or a weighting such as `board=1,parcels=0.05`.

        Raises:
            UsageError: `bad-objective`.
        """
        weights: dict[str, float] = {}
        for part in text.split(","):
            name, _, weight = part.partition("=")
            try:
                weights[name.strip()] = float(weight or 1)
            except ValueError:
                weights[name] = -1.0
        known = {f.name for f in fields(cls)}
        if (
            not weights
            or set(weights) - known
            or not all(0 <= w < 1e12 for w in weights.values())
            or not any(weights.values())
        ):
            raise UsageError(
                "bad-objective",
                f"'{text}' is not an objective.",
                "Write board, cost, volume, parcels, or board=1,parcels=0.05.",
            )
        return cls(**weights)

    @classmethod
    def fewest(cls, cartons: Sequence[Carton]) -> Objective:
        """Fewest parcels, then the price of cartons where each has one, then board.

        Example:
            >>> one = Objective.fewest([Carton("a", 300, 200, 100), Carton("b", 200, 200, 100)])
            >>> one.board, one.cost, one.parcels
            (1.0, 0.0, 1000.0)
        """
        priced = bool(cartons) and all(c.cost > 0 for c in cartons)
        rest = cls(cost=1.0, board=1e-3, film=1e-3) if priced else cls(board=1.0, film=1.0)
        return replace(rest, parcels=1000.0 * max([1.0, *map(rest.of, cartons)]))

    def of(self, carton: Carton) -> float:
        """What one carton costs."""
        film_kg = carton.tare_g / 1000 if carton.source is Source.BAG else 0.0
        trip = 1.0 if carton.source is Source.CIRCULATING else 0.0
        return (
            self.board * carton.board_g / 1000
            + self.cost * carton.cost
            + self.volume * carton.outer_volume_l
            + self.parcels
            + self.film * film_kg
            + self.trips * trip
        )


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders as arrays: items of one order stand in one stretch.

    Args:
        ids: Name of each order.
        offsets: Where each order's items begin, `(orders + 1,)`.
        items: Name of each item.
        turns: Shapes of each item `(items, T, 3)` [mm].
        turn_counts: How many of them count, `(items,)`.
        masses: `(items,)` [g].
        bears: `(items,)` [g], -1 without limit.
        own_box: `(items,)`.
        apart: Label numbers `(items,)`.
        together: Label numbers `(items,)`.
        returns: Whether the route returns, `(orders,)`.
        conditions: Number of the poorest grade of carton allowed, `(orders,)`.
        exact_turns: Shapes in parts of a millimetre (`FINE`), like `turns`; None where all lengths
            are whole millimetres.
        exact_masses: Masses in parts of a gram (`FINE_MASS`), `(items,)`; None where all are whole.
    """

    ids: list[Any]
    offsets: Any
    items: list[Any]
    turns: Any
    turn_counts: Any
    masses: Any
    bears: Any
    own_box: Any
    apart: Any
    together: Any
    returns: Any
    conditions: Any
    exact_turns: Any
    exact_masses: Any = None

    def __len__(self) -> int:
        return len(self.ids)

    def picked(self, rows: Any) -> Orders:
        """Some of the orders, by their numbers."""
        stretches = [np.arange(self.offsets[r], self.offsets[r + 1]) for r in rows]
        at = np.concatenate(stretches) if stretches else np.empty(0, np.int64)
        offsets = np.concatenate([[0], np.cumsum([len(s) for s in stretches])]).astype(np.int64)
        return Orders(
            [self.ids[r] for r in rows],
            offsets,
            [self.items[i] for i in at],
            self.turns[at],
            self.turn_counts[at],
            self.masses[at],
            self.bears[at],
            self.own_box[at],
            self.apart[at],
            self.together[at],
            self.returns[np.asarray(rows, np.int64)],
            self.conditions[np.asarray(rows, np.int64)],
            None if self.exact_turns is None else self.exact_turns[at],
            None if self.exact_masses is None else self.exact_masses[at],
        )


COLUMNS: dict[str, object] = {
    "length_mm": None, "width_mm": None, "height_mm": None, "mass_g": None, "turn": "any", "fragile": False,
    "load_max_g": None, "fold_volume_mm3": None, "own_box": False, "apart": "", "together": "",
}  # fmt: skip
"""Columns of items with what stands where one is left out; the first four are needed."""


def orders_from(
    ids: list[Any],
    offsets: Any,
    items: list[Any],
    columns: Mapping[str, ArrayLike],
    returns: Any = None,
    conditions: Any = None,
    exact: Any = None,
    exact_masses: Any = None,
) -> Orders:
    """Arrays of orders from columns of items.

    Args:
        ids: Name of each order.
        offsets: Where each order's items begin, `(orders + 1,)`.
        items: Name of each item.
        columns: `COLUMNS` as arrays `(items,)`; a limit left out is -1.
        returns: Whether each route returns, `(orders,)`.
        conditions: Number of the poorest grade of carton that each order takes, `(orders,)`; any
            where it is None.
        exact: Exact lengths in parts of a millimetre `(items, 3)`; None where all are whole.
        exact_masses: Exact masses in parts of a gram `(items,)`; None where all are whole.
    """
    from abate.algorithms.packing.spaces import turns_of

    count = len(items)
    turns = np.zeros((count, 6, 3), np.int64)
    turn_counts = np.zeros(count, np.int64)
    sizes = np.stack(
        [np.asarray(columns[n], np.int64) for n in ("length_mm", "width_mm", "height_mm")], axis=1
    )
    turn = np.asarray(columns.get("turn", np.full(count, "any")))
    masks = np.select([turn == name for name in TURNS], list(TURNS.values()), 0).astype(np.int64)
    part = 1 if exact is None else FINE
    turns_of(sizes if exact is None else exact, masks, turns, turn_counts)
    none = np.full(count, -1, np.int64)
    folds = np.asarray(columns.get("fold_volume_mm3", none), np.int64)
    shapes = {
        int(i): folded(sizes[i].tolist(), str(turn[i]), int(folds[i]))
        for i in np.nonzero(folds >= 0)[0]
    }
    if shapes:
        wide = np.zeros((count, max(6, *map(len, shapes.values())), 3), np.int64)
        wide[:, :6] = turns
        for i, some in shapes.items():
            wide[i, : len(some)] = np.array(some) * part
            turn_counts[i] = len(some)
        turns = wide
    fragile = np.asarray(columns.get("fragile", np.zeros(count, np.bool_)), np.bool_)
    return Orders(
        ids=ids,
        offsets=np.asarray(offsets, np.int64),
        items=items,
        turns=-(-turns // part),
        turn_counts=turn_counts,
        masses=np.asarray(columns["mass_g"], np.int64),
        bears=np.where(fragile, 0, np.asarray(columns.get("load_max_g", none), np.int64)),
        own_box=np.asarray(columns.get("own_box", np.zeros(count, np.bool_)), np.bool_),
        apart=_labels(columns.get("apart"), count),
        together=_labels(columns.get("together"), count),
        returns=np.zeros(len(ids), np.bool_) if returns is None else np.asarray(returns, np.bool_),
        conditions=(
            np.full(len(ids), len(CONDITIONS) - 1)
            if conditions is None
            else np.asarray(conditions, np.int64)
        ),
        exact_turns=None if exact is None else turns,
        exact_masses=exact_masses,
    )


def _labels(values: Any, count: int) -> Any:
    if values is None:
        return np.zeros(count, np.int64)
    numbers = {"": 0}
    return np.array([numbers.setdefault(str(v), len(numbers)) for v in values], np.int64)


def columns_of(items: list[Item]) -> dict[str, ArrayLike]:
    """`COLUMNS` of items, with -1 for a limit that is left out."""
    return {
        name: [-1 if (value := getattr(i, name)) is None else value for i in items]
        for name in COLUMNS
    }


def orders_of(rows: list[tuple[Any, list[Item], bool]]) -> Orders:
    """Arrays of orders given as name, items, and whether the route returns.

    Items are numbered from 0.

    Raises:
        UsageError: `bad-item`.
    """
    every = [item for _, items, _ in rows for item in items]
    for number, item in enumerate(every):
        if item.fault:
            raise UsageError("bad-item", f"Item {number}: {item.fault}.", BAD_ITEM.hint)
    offsets = np.concatenate([[0], np.cumsum([len(items) for _, items, _ in rows])])
    numbers = [k for _, items, _ in rows for k in range(len(items))]
    return orders_from(
        [name for name, _, _ in rows], offsets, numbers, columns_of(every), [r for _, _, r in rows]
    )


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a carrier asks for a parcel.

    Args:
        carrier: Its name.
        zones: Steps of each zone: up to how many kilograms, and the price.
        divisor_cm3_per_kg: Outer volume that is billed as a kilogram; 0 where only mass counts.
        zone: Zone of orders that name none.

    Raises:
        UsageError: `bad-tariff`.

    Example:
        >>> tariff = Tariff("Post", {"home": ((1.0, 4.5), (5.0, 7.0))}, 5000.0, "home")
        >>> tariff.billable_kg((300, 200, 100), 800), tariff.price("", 1.2), tariff.price("", 9.0)
        (1.2, 7.0, None)
    """

    carrier: str
    zones: Mapping[str, tuple[tuple[float, float], ...]]
    divisor_cm3_per_kg: float = 0.0
    zone: str = ""

    def __post_init__(self) -> None:
        faults = {
            f"zone '{name}' has no steps, or they do not rise": not steps
            or any(a[0] >= b[0] for a, b in pairwise(steps))
            or steps[0][0] <= 0
            or any(price < 0 for _, price in steps)
            for name, steps in self.zones.items()
        }
        faults[f"zone '{self.zone}' is none of its zones"] = bool(
            self.zone and self.zone not in self.zones
        )
        faults["the divisor is below zero"] = self.divisor_cm3_per_kg < 0
        for fault, holds in faults.items():
            if holds:
                raise UsageError(
                    "bad-tariff", f"Tariff of {self.carrier}: {fault}.", "Correct the tariff."
                )

    def billable_kg(self, outer_mm: Sequence[float], gross_g: float) -> float:
        """Mass that is billed: gross, or by volume where that is more [kg]."""
        by_mass = gross_g / 1000
        if not self.divisor_cm3_per_kg:
            return by_mass
        return max(by_mass, outer_mm[0] * outer_mm[1] * outer_mm[2] / 1e3 / self.divisor_cm3_per_kg)

    def price(self, zone: str, billable_kg: float) -> float | None:
        """Price of a parcel; None where the zone is not known or takes no such mass."""
        steps = self.zones.get(zone or self.zone, ())
        return next((price for most, price in steps if billable_kg <= most + 1e-9), None)

    def least(self, zone: str) -> float:
        """The lowest price of a zone; 0 where it is not known."""
        return min((price for _, price in self.zones.get(zone or self.zone, ())), default=0.0)


@dataclass(frozen=True, slots=True)
class Freight:
    """How parcels leave, for their emissions.

    Args:
        mode: Mode of transport, such as `van`.
        distance_km: How far a parcel goes on average [km].
    """

    mode: str
    distance_km: float


@dataclass(frozen=True, slots=True)
class Materials:
    """What goes into parcels beside cartons, and what becomes of all of it.

    Args:
        tape_g: Tape on each carton that is closed with it: new and used ones.
        filler_g_per_l: Filler per litre that items leave empty.
        filler_item: Material of the filler.
        tape_item: Material of the tape.
        ends: Treatments of what customers throw away, by material: treatment and share.

    Raises:
        UsageError: `bad-materials`.
    """

    tape_g: float = 0.0
    filler_g_per_l: float = 0.0
    filler_item: str = "paper"
    tape_item: str = "plastic-film"
    ends: tuple[tuple[str, str, float], ...] = (
        ("board", "paper/recycling", 1.0),
        ("board-recycled", "paper/recycling", 1.0),
        ("paper", "paper/recycling", 1.0),
        ("plastic-film", "mixed/landfill", 1.0),
    )

    def __post_init__(self) -> None:
        shares: dict[str, float] = {}
        for material, _, share in self.ends:
            shares[material] = shares.get(material, 0.0) + share
        if not (0 <= self.tape_g < 1e4 and 0 <= self.filler_g_per_l < 1e4) or any(
            abs(s - 1) > 1e-9 for s in shares.values()
        ):
            raise UsageError(
                "bad-materials",
                "Tape or filler is absurd, or the shares of a material do not make 1.",
                "Correct them.",
            )


def packaging_activities(
    counts: dict[tuple[str, str, str], int],
    filler_l: dict[tuple[str, str], float],
    cartons: tuple[Carton, ...],
    materials: Materials,
    scheme: Any = None,
) -> list[Json]:
    """Materials bought, and those that customers throw away, for cartons used.

    A row per site, month and material.

    A used carton takes no new board; its end is that of whoever brought it in, so it is counted on
    neither side. A circulating box takes its wear and losses, the washing and the way back of each
    trip.

    Args:
        counts: Cartons by site, month and id.
        filler_l: Empty volume by site and month.
        cartons: The assortment.
        materials: Tape, filler, ends.
        scheme: `abate.logistics.planners.circulating.Scheme` of the circulating boxes.

    Raises:
        UsageError: `no-scheme` where circulating boxes are used and nothing is said of them.
    """
    mass, trips = _material_kg(counts, {c.id: c for c in cartons}, materials)
    for (site, month), litres in filler_l.items() if materials.filler_g_per_l else ():
        mass[site, month, materials.filler_item] += litres * materials.filler_g_per_l / 1000
    rows = []
    for (site, month, item), kilograms in sorted(mass.items()):
        place = {"site": site, "month": month, "unit": "kg"}
        rows.append({"kind": "purchased-goods", "item": item, "quantity": kilograms, **place})
        rows += [
            {"kind": "end-of-life", "item": treatment, "quantity": kilograms * share, **place}
            for material, treatment, share in materials.ends
            if material == item
        ]
    if trips and scheme is None:
        raise UsageError(
            "no-scheme",
            "Circulating boxes are used and nothing is said of their washing and return.",
            "Describe the scheme.",
        )
    for (site, month), count in sorted(trips.items()):
        sides = scheme.sides()
        boxes = count / scheme.pool.trips_per_thing
        for some, times in ((sides["box"], boxes), (sides["trip"], count)):
            rows += [
                {**row, "quantity": row["quantity"] * times, "site": site, "month": month}
                for row in some
            ]
    return rows


def _material_kg(
    counts: dict[tuple[str, str, str], int], by_id: dict[str, Carton], materials: Materials
) -> tuple[defaultdict[tuple[str, str, str], float], Counter[tuple[str, str]]]:
    """Kilograms by site, month and material of cartons used; trips of circulating ones."""
    mass: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    trips: Counter[tuple[str, str]] = Counter()
    for (site, month, name), count in counts.items():
        carton = by_id.get(name)
        mass[site, month, carton.board_item if carton else "board"] += 0.0
        if carton is None:  # ships in its own box
            continue
        if carton.source is Source.CIRCULATING:
            trips[site, month] += count
        elif carton.source is Source.BAG:
            mass[site, month, "plastic-film"] += count * carton.tare_g / 1000
        else:
            mass[site, month, carton.board_item] += count * carton.board_g / 1000
            if materials.tape_g:
                mass[site, month, materials.tape_item] += count * materials.tape_g / 1000
    return mass, trips
