"""Cartons that are few: what came in, went out, came back and was lost, as transfers.

And what a scheme of them is worth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from abate.adapters.readers.orders import row_blocks
from abate.adapters.store.keys import Name, Share, Word, as_dict
from abate.adapters.store.schema import read_toml
from abate.adapters.store.transfers import open_transfers
from abate.adapters.store.workspace import Workspace
from abate.application.plans import AVOIDED, INVENTORY, plan_lines
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError
from abate.kernel.period import month_start
from abate.kernel.plan import Plan, Proof
from abate.kernel.transfer import Transfer, TransferResult
from abate.logistics.facts import Freight, Materials, Tariff
from abate.logistics.planners.circulating import Scheme, break_even_trips

CARTONS = "carton"
RESERVED = "reserved"
OF_PLANS = ("packed", "released")
"""Events that may be of cartons reserved for a plan."""
EVENTS: dict[str, tuple[str, str]] = {
    "bought": ("issuer:bought", "stock"),
    "inbound": ("issuer:inbound", "stock"),
    "packed": ("stock", "retired:shipped"),
    "released": ("reserved", "stock"),
    "sent": ("stock", "away"),
    "returned": ("away", "stock"),
    "lost": ("away", "retired:lost"),
    "worn": ("stock", "retired:worn"),
    "scrapped": ("stock", "retired:scrapped"),
}
"""What happens to cartons: which account gives, which receives.

A plan that shares them out reserves them; a row that names the plan packs or releases its own.
"""


def record_movements(workspace: Workspace, path: Path) -> list[tuple[int, TransferResult, str]]:
    """Post movements of cartons: columns `ref`, `site`, `carton`, `event`, `count`, and `plan`.

    The same row posted again does nothing. A row that takes more than there is, is refused by
    itself.

    Returns:
        Line, result and what it says, of each row.

    Raises:
        DataError: `movements-unreadable`.
    """
    transfers, lines, number = [], [], 1
    sites = site_names(workspace)
    for block in row_blocks(path, "movements-unreadable"):
        lacking = {"ref", "site", "carton", "event", "count"} - set(block.column_names)
        if lacking:
            raise DataError(
                "movements-unreadable",
                f"{path.name} has no column {', '.join(sorted(lacking))}.",
                "Name it in the first row.",
            )
        for row in block.to_pylist():
            number += 1
            cells = {
                k: str(row[k] if row[k] is not None else "").strip()
                for k in ("ref", "site", "carton", "event", "count")
            }
            plan = str(row.get("plan") or "").strip()
            known = (
                cells["site"] in sites
                and "/" not in cells["carton"]
                and cells["carton"]
                and cells["ref"]
                and (not plan or cells["event"] in OF_PLANS)
                and (plan or cells["event"] != "released")
            )
            if (
                cells["event"] not in EVENTS
                or re.fullmatch("[0-9]{1,12}", cells["count"]) is None
                or not known
            ):
                raise DataError(
                    "movements-unreadable",
                    f"{path.name} row {number}: {cells}.",
                    "Give ref, a site of abate.toml, carton, a whole count, and an event of"
                    f" {', '.join(EVENTS)}; the plan where it is released. Nothing was posted.",
                )
            places = EVENTS[cells["event"]]
            if plan:
                places = (reserved_for(plan), places[1])
            source, target = (_account(a, sites[cells["site"]], cells["carton"]) for a in places)
            told = f"{cells['event']} {cells['count']} of {cells['carton']} at {cells['site']}"
            transfers.append(
                Transfer(cells["ref"], CARTONS, source, target, int(cells["count"]), told)
            )
            lines.append((number, told))
    ledger = open_transfers(workspace.root)
    try:
        results = ledger.post(transfers)
    finally:
        ledger.close()
    return [(line, result, told) for (line, told), result in zip(lines, results, strict=True)]


def refused_of(results: Sequence[tuple[int, TransferResult, str]]) -> list[tuple[int, str, str]]:
    """Line, result and what it says, of the movements that were refused."""
    return [(line, str(r), told) for line, r, told in results if r.is_refused]


def site_names(workspace: Workspace, default: str = "") -> dict[str, str]:
    """Ids of sites by id, name and alias; under the empty name that of a default.

    Raises:
        UsageError: `no-site`.
    """
    names = {
        alias: s.id for s in workspace.organisation.sites for alias in (s.id, s.name, *s.aliases)
    }
    if default and default not in names:
        raise UsageError("no-site", f"'{default}' is not a site of abate.toml.", "Give --site.")
    return names | ({"": names[default]} if default else {})


def _account(place: str, site: str, carton: str) -> str:
    return f"{place}/{site}/{carton}"


def stocks(workspace: Workspace) -> dict[tuple[str, str], Counter[str]]:
    """What each account of each carton holds, by site and carton."""
    ledger = open_transfers(workspace.root)
    try:
        found: dict[tuple[str, str], Counter[str]] = {}
        for account, balance in ledger.balances(CARTONS).items():
            place, site, carton = account.split("/", 2)
            found.setdefault((site, carton), Counter())[place] += balance
        return found
    finally:
        ledger.close()


def in_stock(workspace: Workspace, plan: str = "") -> dict[str, dict[str, int]]:
    """How many of each carton each site has at hand, with those reserved for a plan."""
    held: dict[str, dict[str, int]] = {}
    for (site, carton), places in stocks(workspace).items():
        held.setdefault(site, {})[carton] = places["stock"] + places[reserved_for(plan)]
    return held


def reserved_for(plan: str) -> str:
    """The place of cartons that are reserved for a plan."""
    return f"{RESERVED}:{quote(plan, safe='')}"


def reserve(workspace: Workspace, plan: str, wanted: Mapping[tuple[str, str], int]) -> None:
    """Reserve cartons that are few for a plan, in place of those it had reserved before.

    Args:
        workspace: Whose stock.
        plan: Name of the plan.
        wanted: How many, by site and carton.

    Raises:
        DataError: `stock-taken` where others took some meanwhile; nothing is reserved then.
    """
    here = reserved_for(plan)
    held = {key: places[here] for key, places in stocks(workspace).items()}
    ledger = open_transfers(workspace.root)
    try:
        turns, moves = ledger.turns(CARTONS), []
        for site, carton in sorted({*wanted, *(k for k, n in held.items() if n)}):
            more = wanted.get((site, carton), 0) - held.get((site, carton), 0)
            ends = [_account("stock", site, carton), _account(here, site, carton)]
            key = f"reserve/{here}/{site}/{carton}"
            source, target = ends if more > 0 else reversed(ends)
            if more:
                told = f"{wanted.get((site, carton), 0)} of {carton} for '{plan}'"
                turn = f"{key}#{turns.get(key, 0)}"
                moves.append(Transfer(turn, CARTONS, source, target, abs(more), told))
        if any(r.is_refused for r in ledger.post_whole(moves)):
            raise DataError(
                "stock-taken",
                f"Some of the cartons for '{plan}' were taken meanwhile.",
                "Pack the orders again.",
            )
    finally:
        ledger.close()


class EndKeys(Struct, frozen=True):
    """What becomes of a material that customers throw away.

    Args:
        material: Such as `board`, `paper`, `plastic-film`.
        treatment: Such as `paper/recycling`, `mixed/landfill`.
        share: Share of the material; the shares of one material make 1.
    """

    material: Name
    treatment: Name
    share: Share


class MaterialKeys(Struct, frozen=True):
    """What goes into parcels beside cartons.

    Args:
        tape_g: Tape on each carton that is closed with it.
        filler_g_per_l: Filler per litre that items leave empty.
        filler_item: Material of the filler.
        tape_item: Material of the tape.
        ends: What becomes of what customers throw away; paper is recycled and film goes to landfill
            where none is given.
    """

    tape_g: float = 0.0
    filler_g_per_l: float = 0.0
    filler_item: Name = "paper"
    tape_item: Name = "plastic-film"
    ends: list[EndKeys] | None = None


class SchemeKeys(Struct, frozen=True):
    """A scheme of circulating boxes.

    Args:
        trips_per_day: Orders that go out in one.
        days_away: Mean time until a box is back and clean.
        lost_share: Share of trips from which it does not come back.
        trips_max: Trips after which it is worn out.
        box_g: Mass of a box.
        carton_g: Board of the new carton that it replaces.
        service_level: Share of time in which one is at hand.
        box_item: Material of a box.
        wash_kwh: Electricity to wash one.
        return_km: Way back.
        return_mode: Mode of transport of the way back.
        box_cost: Price of a box.
        trip_cost: Price of washing and return.
        carton_cost: Price of the carton that it replaces.
    """

    trips_per_day: float
    days_away: float
    lost_share: float
    trips_max: int
    box_g: float
    carton_g: float
    service_level: float = 0.98
    box_item: Name = "polypropylene"
    wash_kwh: float = 0.0
    return_km: float = 0.0
    return_mode: Name = "van"
    box_cost: float = 0.0
    trip_cost: float = 0.0
    carton_cost: float = 0.0


class TariffStepKeys(Struct, frozen=True):
    """A step of a tariff.

    Args:
        up_to_kg: Greatest mass billed [kg].
        price: Price of a parcel.
    """

    up_to_kg: float
    price: float


class TariffZoneKeys(Struct, frozen=True):
    """A zone of a tariff.

    Args:
        zone: Its name, as the column `zone` of orders has it.
        steps: Its steps, by rising mass.
    """

    zone: Name
    steps: list[TariffStepKeys]


class TariffKeys(Struct, frozen=True):
    """What a carrier asks for a parcel.

    Args:
        carrier: Its name.
        zones: Its zones.
        divisor_cm3_per_kg: Outer volume that is billed as a kilogram; 0 where only mass counts.
        zone: Zone of orders that name none.
    """

    carrier: Name
    zones: list[TariffZoneKeys]
    divisor_cm3_per_kg: float = 0.0
    zone: Word = ""


class FreightKeys(Struct, frozen=True):
    """How parcels leave, for their emissions.

    Args:
        mode: Mode of transport, such as `van`.
        distance_km: How far a parcel goes on average [km].
    """

    mode: Name
    distance_km: float


class PackagingKeys(Struct, frozen=True):
    """Sections of a packaging file.

    Args:
        materials: What goes into parcels beside cartons.
        scheme: A scheme of circulating boxes.
        tariff: What the carrier asks for a parcel.
        freight: How parcels leave.
    """

    materials: MaterialKeys = MaterialKeys()
    scheme: SchemeKeys | None = None
    tariff: TariffKeys | None = None
    freight: FreightKeys | None = None


@dataclass(frozen=True, slots=True)
class Packaging:
    """What a packaging file says.

    Args:
        materials: What goes into parcels beside cartons.
        scheme: A scheme of circulating boxes.
        tariff: What the carrier asks for a parcel.
        freight: How parcels leave.
    """

    materials: Materials | None = None
    scheme: Scheme | None = None
    tariff: Tariff | None = None
    freight: Freight | None = None


def read_packaging(path: Path) -> Packaging:
    """Read what goes into parcels, how they leave, and the scheme of circulating boxes.

    Raises:
        ConfigError: `bad-packaging`.
        UsageError: `bad-materials`, `bad-scheme`, `bad-tariff`.
    """
    keys = read_toml(path, PackagingKeys, "bad-packaging")
    about = as_dict(keys.materials)
    ends = about.pop("ends")
    if ends is not None:
        about["ends"] = tuple((e.material, e.treatment, e.share) for e in ends)
    return Packaging(
        Materials(**about),
        None if keys.scheme is None else Scheme(**as_dict(keys.scheme)),
        None if keys.tariff is None else _tariff(keys.tariff),
        None if keys.freight is None else Freight(**as_dict(keys.freight)),
    )


def _tariff(keys: TariffKeys) -> Tariff:
    zones = {z.zone: tuple((s.up_to_kg, s.price) for s in z.steps) for z in keys.zones}
    return Tariff(keys.carrier, zones, keys.divisor_cm3_per_kg, keys.zone)


@dataclass(frozen=True, slots=True)
class SchemeValue:
    """What a scheme of circulating boxes is worth.

    Args:
        box_mg: CO2e of making and ending one box.
        trip_mg: CO2e of washing it and bringing it back once.
        carton_mg: CO2e of the new carton that a trip replaces.
        break_even: Trips after which a box has saved what it took; None, never.
        break_even_cost: The same in money; None, never.
        trips: Trips that a box makes until it is lost or worn.
        pool: Boxes to own, away at a time, lost and worn in a year.
    """

    box_mg: int
    trip_mg: int
    carton_mg: int
    break_even: float | None
    break_even_cost: float | None
    trips: float
    pool: Any

    @property
    def pays(self) -> bool:
        """Whether a box lives longer than it takes to break even."""
        return self.break_even is not None and self.break_even < self.trips

    @property
    def verdict(self) -> str:
        """The same in a sentence."""
        if self.break_even is None:
            return "It never pays: washing and return of a trip emit as much as a new carton."
        told = f"A box breaks even after {self.break_even:.1f} trips and makes {self.trips:.1f}"
        return f"{told}: it pays." if self.pays else f"{told}: it does not pay."


def value_scheme(workspace: Workspace, scheme: Scheme, *, site: str, month: str) -> SchemeValue:
    """Value one box, one trip and one carton by the ledger's methods.

    And say where the scheme breaks even.

    Raises:
        UsageError: `plan-not-valued`, `no-site`, `no-month`.
    """
    import pyarrow as pa

    if site not in site_names(workspace):
        raise UsageError("no-site", f"'{site}' is not a site of abate.toml.", "Give --site.")
    if re.fullmatch(r"[12][0-9]{3}-(0[1-9]|1[0-2])", month) is None:
        raise UsageError("no-month", f"'{month}' is not a month.", "Give --month 2024-03.")
    site = site_names(workspace)[site]
    year = workspace.calendar.year_of(month_start(month))

    def mass(rows: list[Json]) -> int:
        if not rows:
            return 0
        place = {"site": site, "month": month, "fiscal_year": year}

        def side(basis: str) -> Any:
            return pa.Table.from_pylist(
                [{**r, **place, "activity_id": k, "basis": basis} for k, r in enumerate(rows, 1)]
            )

        plan = Plan(
            "scheme",
            "scheme",
            side("baseline"),
            side("planned"),
            0.0,
            "",
            Proof(0.0, None, "", 0, ""),
        )
        lines = plan_lines(workspace, plan)
        return sum(
            line.co2e_mg
            for line in lines
            if line.side == "baseline"
            and line.book in (INVENTORY, AVOIDED)
            and line.view != "market"
        )

    sides = scheme.sides()
    box, trip, carton = (mass(sides[name]) for name in ("box", "trip", "carton"))
    pool = scheme.pool
    priced = scheme.box_cost > 0 or scheme.carton_cost > 0
    by_cost = (
        break_even_trips(scheme.box_cost, scheme.trip_cost, scheme.carton_cost) if priced else None
    )
    return SchemeValue(
        box, trip, carton, break_even_trips(box, trip, carton), by_cost, pool.trips_per_thing, pool
    )


PLACES = (
    "stock",
    RESERVED,
    "away",
    "retired:shipped",
    "retired:lost",
    "retired:worn",
    "retired:scrapped",
)
"""Accounts of a carton, in the order in which they are shown."""


def stock_rows(workspace: Workspace) -> list[Json]:
    """A row for each site and carton, with the count of each account."""
    rows = []
    for (site, carton), held in sorted(stocks(workspace).items()):
        reserved = sum(n for place, n in held.items() if place.startswith(f"{RESERVED}:"))
        counts = {p.removeprefix("retired:"): held[p] for p in PLACES} | {RESERVED: reserved}
        rows.append({"site": site, "carton": carton, **counts})
    return rows


def scheme_of(path: Path) -> Scheme:
    """The scheme of circulating boxes of a file.

    Raises:
        UsageError: `no-scheme`.
    """
    scheme = read_packaging(path).scheme
    if scheme is None:
        raise UsageError("no-scheme", f"{path.name} has no [scheme].", "Describe the scheme.")
    return scheme
