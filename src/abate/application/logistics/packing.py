"""Packing a file of orders: streamed, in several processes.

With what the warehouse does now beside it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.engine.groups import Workers, map_groups
from abate.adapters.readers.orders import IN_HEADERS, Batch, Block, OrderPlace, Units, open_orders
from abate.application.logistics.postage import Shipping, cheapest_posted
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.finding import Finding
from abate.logistics.facts import (
    FITS_NOTHING,
    Objective,
    Source,
    Tariff,
)
from abate.logistics.planners.packing import Packed, Packer

FEWEST = "fewest"
"""The objective unless another is asked for: parcels, then the price of cartons, then board."""
POSTAGE = "postage"
"""The objective of money for cartons and postage together."""
FEW = (Source.USED, Source.CIRCULATING)
"""What a workspace counts in stock."""
SHOWN_MAX = 60
"""Orders kept for pages and pictures."""
FINDINGS_MAX = 200
COUNTS = (
    "orders",
    "items",
    "parcels",
    "proved",
    "unpacked",
    "faulty",
    "late",
    "cost",
    "bound",
    "compared",
    "unpriced",
    "unposted",
)
"""What a set of packed orders counts, as machines get it."""


@dataclass
class PackingSummary:
    """What a set of packed orders comes to.

    Args:
        orders: Orders read.
        items: Items packed.
        parcels: Parcels.
        proved: Orders for which nothing better exists.
        unpacked: Items that no carton takes, and items of faulty orders.
        faulty: Orders that could not be packed.
        late: Orders that the time limit left to the fast way.
        cost: Objective reached.
        bound: No packing reaches less.
        proposed: Cartons used by site, month and id.
        baseline: Cartons the warehouse uses now, likewise; empty where that is not known.
        few: Used and circulating cartons taken, by site and id.
        filler_l: Empty volume by site and month, proposed and baseline.
        gross_kg: Gross mass of parcels, likewise.
        postage: What the carrier asks, proposed and baseline.
        unpriced: Parcels for which the tariff has no price.
        compared: Orders that both sides hold; only these enter the two.
        unposted: Orders of those that `postage` leaves out, as a parcel of theirs has no price.
    """

    orders: int = 0
    items: int = 0
    parcels: int = 0
    proved: int = 0
    unpacked: int = 0
    faulty: int = 0
    late: int = 0
    cost: float = 0.0
    bound: float = 0.0
    compared: int = 0
    proposed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    baseline: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    few: Counter[tuple[str, str]] = field(default_factory=Counter)
    filler_l: dict[tuple[str, str, str], float] = field(default_factory=dict)
    gross_kg: dict[tuple[str, str, str], float] = field(default_factory=dict)
    postage: Counter[str] = field(default_factory=Counter)
    unpriced: int = 0
    unposted: int = 0
    findings: list[Finding] = field(default_factory=list)
    shown: list[Json] = field(default_factory=list)

    def empty(self, place: tuple[str, str], side: str, litres: float) -> None:
        """Count volume that items leave empty."""
        key = (*place, side)
        self.filler_l[key] = self.filler_l.get(key, 0.0) + litres

    def ship(self, place: tuple[str, str], side: str, gross_g: float) -> None:
        """Count the gross mass of a parcel that leaves."""
        key = (*place, side)
        self.gross_kg[key] = self.gross_kg.get(key, 0.0) + gross_g / 1000

    def add(self, other: PackingSummary) -> None:
        """Add another set to this one."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.proposed.update(other.proposed)
        self.few.update(other.few)
        self.baseline.update(other.baseline)
        for mine, theirs in ((self.filler_l, other.filler_l), (self.gross_kg, other.gross_kg)):
            for key, amount in theirs.items():
                mine[key] = mine.get(key, 0.0) + amount
        for side, price in other.postage.items():
            self.postage[side] += price
        self.findings += other.findings[: FINDINGS_MAX - len(self.findings)]
        self.shown += other.shown[: max(0, SHOWN_MAX - len(self.shown))]


@dataclass(frozen=True, slots=True)
class Packing:
    """How a file is packed.

    Args:
        packer: Cartons, objective, support, effort, seed.
        fill_share_max: How full by volume the warehouse's present rule lets a carton be; 0 compares
            with nothing.
        record: The file says which carton was used, and that is the baseline.
        until: When the time is up, by the machine's steady clock [s]; None for no limit.
        shipping: What parcels weigh and what the carrier asks.
        by_postage: Whether the cheapest carton with its postage is taken.
    """

    packer: Packer
    shipping: Shipping
    fill_share_max: float = 1.0
    record: bool = False
    until: float | None = None
    by_postage: bool = False

    def block(self, block: Block) -> tuple[bytes, PackingSummary]:
        """Pack some orders: lines of the plan, and what they come to."""
        batch = block.read()
        if self.until is None or self.packer.effort == "fast":
            return self.told(batch, self._posted(batch, self.packer.pack(batch.orders)))
        packed, late = self._in_time(batch, self.until)
        lines, tally = self.told(batch, self._posted(batch, packed))
        tally.late = late
        return lines, tally

    def _in_time(self, batch: Batch, until: float) -> tuple[list[Packed], int]:
        """Orders packed one by one while there is time, then the fast way; how many those are."""
        fast = replace(self.packer, effort="fast")
        packed: list[Packed] = []
        while len(packed) < len(batch.orders) and time.monotonic() < until:
            packed += self.packer.pack(batch.orders.picked([len(packed)]))
        rest = range(len(packed), len(batch.orders))
        return packed + fast.pack(batch.orders.picked(rest)), len(rest)

    def _posted(self, batch: Batch, packed: list[Packed]) -> list[Packed]:
        """Orders in the cartons that cost least with their postage, where that is asked for."""
        if not self.by_postage:
            return packed
        every = zip(packed, batch.meta, strict=True)
        return [
            cheapest_posted(self.packer, self.shipping, batch.orders.picked([k]), one, m.zone)
            for k, (one, m) in enumerate(every)
        ]

    def told(self, batch: Batch, packed: list[Packed]) -> tuple[bytes, PackingSummary]:
        """Lines of the plan and the tally of packed orders."""
        tally = PackingSummary(findings=list(batch.findings))
        now = self._now(batch)
        few = {c.id for c in self.packer.cartons if c.source in FEW}
        lines = []
        encode = json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), check_circular=False
        ).encode
        for one, meta, before in zip(packed, batch.meta, now, strict=True):
            row = one.row
            prices = self.shipping.prices(one, meta.zone)
            if self.shipping.tariff is not None:
                for told, price in zip(row["cartons"], prices, strict=True):
                    told["postage"] = price
                    tally.unpriced += price is None
            lines.append(encode(row))
            tally.orders += 1
            tally.items += sum(len(p.placements) for p in one.parcels)
            tally.parcels += len(one.parcels)
            tally.few.update((meta.site, p.carton) for p in one.parcels if p.carton in few)
            tally.proved += one.proved
            tally.unpacked += len(one.unpacked)
            tally.cost += one.cost
            tally.bound += one.bound
            if one.unpacked and len(tally.findings) < FINDINGS_MAX:
                listed = ", ".join(map(str, one.unpacked[:5]))
                tally.findings.append(
                    Finding.of(FITS_NOTHING, f"Order '{one.order}': item {listed}.")
                )
            if before is not None and not one.unpacked:
                self._compare(tally, meta, before, one, prices)
            if len(tally.shown) < SHOWN_MAX:
                tally.shown.append(row | {"before": [c for c, _, _ in before or []]})
        for name, items, why in batch.faulty:
            lines.append(
                json.dumps(
                    {"order": name, "cartons": [], "unpacked": items, "fault": why},
                    ensure_ascii=False,
                )
            )
            tally.orders += 1
            tally.faulty += 1
            tally.unpacked += len(items)
        return "".join(f"{line}\n" for line in lines).encode(), tally

    def _compare(
        self,
        tally: PackingSummary,
        meta: OrderPlace,
        before: list[tuple[str, float, float]],
        one: Packed,
        prices: list[float | None],
    ) -> None:
        """Count an order on both sides: as it is packed now, and as it would be."""
        place, shipping = (meta.site, meta.month), self.shipping
        tally.compared += 1
        for carton, empty, mass in before:
            tally.baseline[*place, carton] += 1
            tally.empty(place, "baseline", empty)
            tally.ship(place, "baseline", shipping.gross_g(carton, mass))
        bags = {c.id for c in self.packer.cartons if c.source is Source.BAG}
        for parcel in one.parcels:
            tally.ship(place, "proposed", shipping.gross_g(parcel.carton, parcel.mass_g))
            tally.proposed[*place, parcel.carton] += 1
            if parcel.carton not in bags:  # nothing fills what a bag leaves empty
                tally.empty(place, "proposed", parcel.filler_l)
        if shipping.tariff is None:
            return
        paid = {
            "baseline": [shipping.price(c, (), mass, meta.zone) for c, _, mass in before],
            "proposed": prices,
        }
        if any(p is None for side in paid.values() for p in side):
            tally.unposted += 1
            return
        for side, known in paid.items():
            tally.postage[side] += sum(p or 0.0 for p in known)  # type: ignore[assignment]

    def _now(self, batch: Batch) -> list[list[tuple[str, float, float]] | None]:
        """Cartons that the warehouse uses now for each order, with the litres each leaves empty.

        And the mass of its contents, which records share out evenly [g].

        None where not known.
        """
        orders = batch.orders
        volume: Any = (
            np.add.reduceat(orders.turns[:, 0].prod(axis=1), orders.offsets[:-1])
            if len(orders.items)
            else []
        )
        if self.record:
            by_id = self.shipping.cartons
            told: list[list[tuple[str, float, float]] | None] = []
            masses: Any = np.add.reduceat(orders.masses, orders.offsets[:-1]) if len(volume) else []
            for place, v, mass in zip(batch.meta, volume, masses, strict=True):
                names = [n for n in place.carton.replace("+", ";").split(";") if n]
                room = sum(
                    c.length_mm * c.width_mm * c.height_mm
                    for c in (by_id[n] for n in names if n in by_id)
                )
                known = bool(names) and all(n in by_id for n in names)
                told.append(
                    [
                        (n, max(room - int(v), 0) / 1e6 / len(names), int(mass) / len(names))
                        for n in names
                    ]
                    if known
                    else None
                )
            return told
        if not self.fill_share_max:
            return [None] * len(orders)
        fresh = tuple(
            replace(c, stock=None)
            for c in self.packer.cartons
            if c.source is Source.NEW and c.stock != 0
        )
        if not fresh:
            return [None] * len(orders)
        rule = Packer(
            fresh, Objective(volume=1.0), self.packer.support_share, "fast", self.packer.seed
        )
        rooms = np.array([r[0] * r[1] * r[2] for _, _, r in rule.rooms])
        allowed: Any = np.asarray(volume)[:, None] <= self.fill_share_max * rooms[None, :]
        allowed = allowed | ~allowed.any(axis=1)[:, None]  # what fills none is split over all
        packed = rule.pack(replace(orders, own_box=np.zeros_like(orders.own_box)), allowed)
        return [
            None if p.unpacked else [(c.carton, c.filler_l, c.mass_g) for c in p.parcels]
            for p in packed
        ]


def _shared_out(
    packing: Packing,
    blocks: Iterable[Block],
    coming: Counter[str],
    stock: dict[str, dict[str, int]] | None,
    sites: dict[str, str],
) -> Iterator[tuple[bytes, PackingSummary]]:
    """Lines of a plan and their tallies where cartons are few.

    Each site shares out its own, as orders come.
    """
    from abate.logistics.planners.stock import StockPacker

    packers: dict[str, StockPacker] = {}
    for block in blocks:
        read = block.read()
        # without stocks by site, all sites draw on what the file of cartons says
        places = [sites.get(m.site, m.site) if stock is not None else "" for m in read.meta]
        packed: dict[int, Packed] = {}
        for site in dict.fromkeys(places):
            if site not in packers:
                if stock is not None and site not in sites.values():
                    raise UsageError(
                        "no-site",
                        f"'{site}' is not a site of abate.toml.",
                        "Give --site, or correct the column.",
                    )
                packer = packing.packer
                if stock is not None:
                    here = stock.get(site, {})
                    sizes = (
                        replace(c, stock=here.get(c.id, 0)) if c.source in FEW else c
                        for c in packer.cartons
                    )
                    packer = replace(packer, cartons=tuple(sizes))
                count = coming[site] if stock is not None else coming.total()
                packers[site] = StockPacker(packer, horizon=max(count, 1))
            rows = [k for k, place in enumerate(places) if place == site]
            mine = packers[site].pack(read.orders.picked(rows), until=packing.until)
            packed |= dict(zip(rows, mine, strict=True))
        lines, tally = packing.told(read, [packed[k] for k in range(len(places))])
        tally.late = sum(packer.take_late() for packer in packers.values())
        yield lines, tally


def pack_file(
    orders: Path,
    cartons: Path | None,
    write: Callable[[bytes], Any],
    *,
    objective: str = FEWEST,
    support_share: float | None = None,
    effort: str = "fast",
    seed: int = 0,
    fill_share_max: float = 1.0,
    record: bool = False,
    workers: Workers = 1,
    on_batch: Callable[[PackingSummary], Any] = lambda _tally: None,
    stock: dict[str, dict[str, int]] | None = None,
    sites: dict[str, str] | None = None,
    units: Units = IN_HEADERS,
    until: float | None = None,
    tariff: Tariff | None = None,
) -> tuple[Packer, PackingSummary]:
    """Pack a file of orders, batch by batch.

    Args:
        orders: CSV, Parquet, JSON, JSON lines, or the text format that holds its own cartons.
        cartons: CSV, Parquet or JSON; None where the orders hold them.
        write: Takes the lines of the plan, one JSON object per order.
        objective: `fewest` (parcels, then price, then board), `board`, `cost`, `volume`, `parcels`,
            or a weighting.
        support_share: Least share of each base that is supported; 0.8 where it is None.
        effort: `fast`, `thorough` or `proved`.
        seed: Of the random draws; the same seed gives the same result.
        fill_share_max: How full by volume the present rule lets a carton be.
        record: The column `carton` of the orders is what was used.
        workers: Processes, or the master of a Spark cluster.
        on_batch: Called with the tally of each batch.
        stock: How many used and circulating cartons each site has, by its id and by carton; None
            takes the word of the file of cartons, for all sites together. Cartons that are few are
            shared out by one process.
        sites: Ids of sites by the names that stand in the file, for `stock`.
        units: Units of columns whose headers name none.
        until: When the time for other efforts than `fast` is up, by the machine's steady clock [s].
        tariff: What the carrier asks for a parcel; needed for the objective `postage`.

    Returns:
        The packer and the tally of all.

    Raises:
        DataError: `orders-unreadable`, `cartons-unreadable`, `order-scattered`.
        UsageError: `no-cartons`, `bad-carton`, `bad-objective`, `bad-share`, `no-tariff`,
            `postage-of-few`.
    """
    if objective == POSTAGE and tariff is None:
        raise UsageError(
            "no-tariff",
            "The objective 'postage' needs a tariff.",
            "Give --packaging with [tariff].",
        )
    if not 0 <= fill_share_max <= 1:
        raise UsageError("bad-share", f"{fill_share_max} is not a share.", "Choose 0 to 1.")
    sizes, blocks = open_orders(orders, cartons, units)
    packer = Packer(
        sizes,
        Objective.fewest(sizes) if objective in (FEWEST, POSTAGE) else Objective.named(objective),
        0.8 if support_share is None else support_share,
        effort,
        seed,
    )
    shipping = Shipping({c.id: c for c in sizes}, tariff)
    by_postage = objective == POSTAGE
    packing = Packing(packer, shipping, fill_share_max, record, until, by_postage)
    results: Iterator[tuple[bytes, PackingSummary]]
    if stock is None and all(c.stock is None for c in sizes):
        results = map_groups(packing.block, blocks, workers=workers, key=Block.name)
    else:
        if by_postage:
            raise UsageError(
                "postage-of-few",
                "The objective 'postage' does not share out cartons that are few.",
                "Choose --objective cost, or leave their stock out.",
            )
        known = sites or {}
        every = (site for block in open_orders(orders, cartons, units)[1] for site in block.sites())
        coming = Counter(known.get(site, site) for site in every)
        results = _shared_out(packing, blocks, coming, stock, known)
    total = PackingSummary()
    for lines, tally in results:
        write(lines)
        total.add(tally)
        on_batch(tally)
    return packer, total
