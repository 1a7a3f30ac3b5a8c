"""Certificates by the hour: lots are issued, read, delivered, moved, stored, claimed, written out.

Each of these is an import: it has an id, counts or is undone, and is listed with the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abate.adapters.readers.contract_files import read_signed
from abate.adapters.readers.energy_config import EnergyConfig
from abate.adapters.readers.lot_files import LotsRead, read_lots
from abate.adapters.readers.tariff_files import read_columns
from abate.adapters.store import lots as ledger
from abate.adapters.store.imports import commit_import, free_id, live_imports, loaded_before
from abate.adapters.store.workspace import Workspace, file_hash
from abate.adapters.writers.lot_files import Bundle, write_lots
from abate.algorithms.matching import through_storage
from abate.application.energy.batches import moment_of
from abate.application.energy.dispatches import energy_config, power_at
from abate.application.energy.matchings import (
    HOUR,
    YearMatched,
    hours_of,
    match_year,
    reaches,
)
from abate.application.inventory.imports import keep_file
from abate.energy.facts.lots import (
    ACTS,
    CLAIMED,
    HELD,
    ISSUER,
    OF_STORAGE,
    PARTY,
    READ,
    RETIRED,
    Device,
    claim_of,
    numbers_of,
    overlap,
    retired_for,
    technology_named,
)
from abate.energy.planners.matching import Basis
from abate.kernel.errors import DataError, NotFoundError, UsageError
from abate.kernel.tables import DeviceRow

if TYPE_CHECKING:
    import pyarrow as pa

ISSUED, DELIVERED = f"{ACTS}issued", f"{ACTS}delivered"
MOVED, STORED = f"{ACTS}moved", f"{ACTS}stored"
"""Templates of the imports that bring lots and transfers of them, beside those read and claimed."""
STORED_IN = f"{RETIRED}{OF_STORAGE}"
HOURLY = 1
STORAGE_COLUMNS = ("time", "charged_kwh", "discharged_kwh")
DELIVERY_COLUMNS = ("time", "kwh")
ROUNDED = 1e-9
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
BATCH_ROWS = 1 << 20


@dataclass(frozen=True, slots=True)
class LotsChanged:
    """What an act on lots did.

    Args:
        import_id: Its import; empty where nothing was to do.
        action: Which act: one of the templates.
        rows: Transfers.
        wh: Watt-hours that changed hands.
        left_out: Rows of a file that had ended already, or hours without a reading.
        over_wh: Issued earlier beyond what the meter shows now.
        unknown_wh: Given back by a storage without having been put in: from before the hours.
    """

    import_id: str
    action: str
    rows: int
    wh: int
    left_out: int = 0
    over_wh: int = 0
    unknown_wh: int = 0


@dataclass(frozen=True, slots=True)
class DeviceLots:
    """Lots of a device and where they are [Wh].

    Args:
        device: Its name.
        technology: Of its generation.
        region: Where they may be delivered; empty for anywhere.
        site: Site behind whose meter it stands.
        commissioned: Day on which it began.
        issuer: Who issued them.
        storage: Storage that gave them back.
        contract: Contract under which they were delivered.
        issued_wh: All.
        held_wh: Still ours.
        claimed_wh: Claimed by sites.
        stored_wh: Taken in by a storage.
        moved_wh: Given to others.
        first: Beginning of the first hour, UTC.
        last: Of the last.
    """

    device: str
    technology: str
    region: str
    site: str
    commissioned: str
    issuer: str
    storage: str
    contract: str
    issued_wh: int
    held_wh: int
    claimed_wh: int
    stored_wh: int
    moved_wh: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a site claims of a device for a year.

    Args:
        site: The site.
        device: The device.
        technology: Of its generation.
        contract: Contract under which it was delivered.
        issuer: Who issued its lots.
        wh: Watt-hours.
    """

    site: str
    device: str
    technology: str
    contract: str
    issuer: str
    wh: int


def issue_lots(
    workspace: Workspace,
    year: str,
    *,
    now: datetime,
    plants: Sequence[str] = (),
    config: EnergyConfig | None = None,
) -> LotsChanged:
    """Issue lots of what the meters of plants show for a year: a lot an hour, in whole watt-hours.

    What was issued before is not issued again; hours without a reading are left out.

    Args:
        workspace: Its plants, in `energy.toml`.
        year: Fiscal year.
        now: Present moment.
        plants: Names of some; all where none are given.
        config: What is known of its energy; `energy.toml` where it is None.

    Raises:
        NotFoundError: `no-plant` where a name is unknown, or there are none.
        UsageError: `bad-year`.
        DataError: `workspace-busy`, and those of the plants' files.
    """
    told = config or energy_config(workspace)
    chosen = [r for r in told.roofs if not plants or r.plant.id in plants]
    unknown = sorted(set(plants) - {r.plant.id for r in told.roofs})
    if unknown or not chosen:
        text = f"There is no plant {', '.join(unknown) or 'in energy.toml'}."
        raise NotFoundError("no-plant", text, "Write it into energy.toml; see 'abate lots list'.")
    hours, _ = hours_of(workspace, year, told.calendar.zone)
    regions = {s.id: s.region for s in workspace.organisation.sites}
    facts = [
        Device(
            r.plant.id,
            technology_named(r.plant.source) or r.plant.source,
            regions.get(r.site, ""),
            r.site,
            issuer=workspace.organisation.name,
        )
        for r in chosen
    ]
    kwh = np.stack([np.maximum(power_at(r.power, told, hours, HOUR), 0.0) for r in chosen])
    wh = np.floor(np.nan_to_num(kwh) * 1000 + 0.5).astype(np.int64)
    named, read = f"meters of {year.upper()}", ~np.isnan(kwh)
    made = issue_transfers(workspace, facts, hours, wh, now=now, file=named, known=read)
    return replace(made, left_out=int(np.isnan(kwh).sum()))


def issue_transfers(
    workspace: Workspace,
    facts: Sequence[Device],
    hours: Any,
    wh: Any,
    *,
    now: datetime,
    file: str,
    template: str = ISSUED,
    known: Any = None,
) -> LotsChanged:
    """Issue lots as far as they were not issued before.

    Args:
        workspace: The workspace.
        facts: Devices.
        hours: Beginning of each hour, UTC `(hours,)`.
        wh: What each device gave `(devices, hours)` [Wh].
        now: Present moment.
        file: Where that is from.
        template: Which act it is.
        known: Hours that were read `(devices, hours)`; those above zero where it is None.
    """
    names, zone = [d.id for d in facts], energy_config(workspace).calendar.zone
    with workspace.store.lock():
        fresh = wh + _by_hour(ledger.standing(workspace, ISSUER), names, hours)
        device, hour = np.nonzero(fresh > 0)  # what the issuer gave stands below zero
        rows = ledger.transfers(
            zone, names, device, hours[hour], 1, (ISSUER, HELD), 0, 1, fresh[device, hour]
        )
        made = _posted(workspace, template, rows, now, devices=facts, file=file)
    read = wh > 0 if known is None else known
    over = int(-fresh[(fresh < 0) & read].sum())
    return LotsChanged(made, template, rows.num_rows, _sum(rows), 0, over)


def deliver_lots(
    workspace: Workspace, contract: Path, hours: Path, *, now: datetime, name: str = ""
) -> LotsChanged:
    """Record what a signed contract delivered by the hour, as lots; nothing before it was.

    Of a contract that pays as produced, what the plant's meter showed counts with the contract's
    share; of others, what was delivered. What was recorded before is not recorded again.

    Args:
        workspace: The workspace.
        contract: Its file, with `begins`, `technology`, `region` and `seller`.
        hours: Hours that were metered: time, kwh.
        now: Present moment.
        name: Of the contract; that of its file where it is empty.

    Raises:
        ConfigError: `bad-contract`.
        UsageError: `bad-contract`, `contract-unsigned` where it does not say when it begins or what
            it delivers, `no-certificates` where it comes without them.
        DataError: `bad-delivery` where hours lie ahead, or a constant power is exceeded.
    """
    deal, terms = read_signed(contract, name)
    zone = energy_config(workspace).calendar.zone
    told = read_columns(hours, DELIVERY_COLUMNS, zone, "bad-delivery")
    kwh = told.values[0]
    start = np.asarray(told.start).astype("datetime64[s]")
    if told.step_s != HOUR // np.timedelta64(1, "s") or (kwh < 0).any():
        text = f"{hours.name} has steps of {told.step_s} s, or amounts below zero."
        raise DataError("bad-delivery", text, "Give kWh by the hour.")
    if start[-1] + HOUR > np.datetime64(now.replace(tzinfo=None), "s"):
        text = f"{hours.name} goes on to {start[-1]} UTC, which lies ahead."
        raise DataError("bad-delivery", text, "Record what was delivered, when it was.")
    if deal.volume == "pay-as-produced":
        kwh = kwh * deal.share
    elif deal.volume == "baseload" and np.nanmax(kwh) > deal.power_kw * (1 + ROUNDED):
        text = f"{hours.name} has {np.nanmax(kwh):,.3f} kWh in an hour of {deal.power_kw:,} kW."
        raise DataError("bad-delivery", text, "Correct the hours, or the contract.")
    day = terms.begins
    ends = day.replace(year=day.year + deal.years, day=min(day.day, MONTH_DAYS[day.month - 1]))
    begins, past = (moment_of(d.isoformat(), zone) for d in (day, ends))
    inside = (start >= begins) & (start < past) & ~np.isnan(kwh)
    device = Device(
        deal.id,
        terms.technology,
        terms.region,
        "",
        terms.commissioned,
        terms.seller,
        contract=deal.id,
    )
    wh = np.where(inside, np.floor(np.nan_to_num(kwh) * 1000 + 0.5), 0).astype(np.int64)
    known = ledger.devices(workspace).get(deal.id)
    if known is not None and not known.contract:
        text = f"'{deal.id}' is a device already."
        raise UsageError("bad-contract", text, "Name the contract otherwise.")
    made = issue_transfers(
        workspace,
        [device],
        start,
        wh[None],
        now=now,
        file=hours.name,
        template=DELIVERED,
        known=inside[None],
    )
    return replace(made, left_out=int((~inside).sum()))


def add_lots(workspace: Workspace, path: Path, *, now: datetime, name: str = "") -> LotsChanged:
    """Read lots that others issued: a registry's records, green certificates, a plain table.

    Args:
        workspace: The workspace.
        path: CSV, XLSX or JSON.
        now: Present moment.
        name: Of the file, where it is not that of the path.

    Raises:
        DataError: `unreadable-file`, `file-too-large`, `bad-lots`, `already-loaded`, `used-twice`
            where the ledger has a certificate, or the lot of a device and hour, already.
    """
    zone = energy_config(workspace).calendar.zone
    read = read_lots(path, zone)
    digest = file_hash(path)
    with workspace.store.lock():
        before = loaded_before(live_imports(workspace), digest)
        if before is not None:
            text = f"{path.name} was read as {before.import_id}."
            raise DataError("already-loaded", text, "Undo that import to read it again.")
        _require_known(ledger.devices(workspace), read, path.name)
        twice = _read_before(workspace, read)
        if twice:
            text = f"{path.name}: {twice} is in the ledger or the file already."
            raise DataError("used-twice", text, "Leave out what was read before.")
        names = [d.id for d in read.devices]
        rows = ledger.transfers(
            zone,
            names,
            read.device,
            read.start,
            read.hours,
            (ISSUER, HELD),
            0,
            1,
            read.wh,
            serial=read.serial,
        )
        keep_file(path, workspace.raw, digest)
        file = name or path.name
        made = _posted(workspace, READ, rows, now, devices=read.devices, file=file, sha256=digest)
    return LotsChanged(made, READ, rows.num_rows, _sum(rows), read.ended)


def move_lots(
    workspace: Workspace,
    to: str,
    *,
    now: datetime,
    devices: Sequence[str] = (),
    since: str = "",
    until: str = "",
    kwh: float | None = None,
) -> LotsChanged:
    """Give lots to somebody else, the earliest hours first.

    Args:
        workspace: The workspace.
        to: Who receives them.
        now: Present moment.
        devices: Of which; all where none are given.
        since: First moment, such as `2024-03-01`.
        until: The one after the last.
        kwh: How much; all that is held then where it is None.

    Raises:
        NotFoundError: `no-lots` where nothing is held then.
        UsageError: `bad-moment`, `not-enough-lots`.
    """
    if not to.strip() or len(to) > 200 or "/" in to:
        raise UsageError("bad-party", f"'{to}' names nobody.", "Give a name without '/'.")
    zone = energy_config(workspace).calendar.zone
    with workspace.store.lock():
        held = ledger.standing(workspace, HELD)
        wanted = held.wh > 0
        if devices:
            wanted &= np.isin(held.device, list(devices))
        if since:
            wanted &= held.start >= moment_of(since, zone)
        if until:
            wanted &= held.start < moment_of(until, zone)
        at = np.flatnonzero(wanted)
        if not len(at):
            raise NotFoundError("no-lots", "No lots are held then.", "See 'abate lots list'.")
        at = at[np.lexsort((held.device[at], held.start[at]))]
        amounts = held.wh[at]
        if kwh is not None:
            asked = int(kwh * 1000 + 0.5)
            if not 0 < asked <= int(amounts.sum()):
                text = f"{int(amounts.sum()) / 1000:,.3f} kWh are held then, not {kwh:,.3f}."
                raise UsageError("not-enough-lots", text, "Give a smaller amount.")
            before = np.cumsum(amounts) - amounts
            amounts = np.clip(asked - before, 0, amounts)
        some = amounts > 0
        rows = _leaving(zone, held, at[some], amounts[some], f"{PARTY}{to.strip()}")
        made = _posted(workspace, MOVED, rows, now, file=f"to {to.strip()}")
    return LotsChanged(made, MOVED, rows.num_rows, _sum(rows))


def store_lots(
    workspace: Workspace, storage: str, path: Path, *, now: datetime, region: str = ""
) -> LotsChanged:
    """Record what a storage took in and gave back by the hour, with its origin.

    What it took in comes from lots of the same hour that may be delivered to its region; the rest
    came from the grid and has no origin, as has what it held before. First in, first out; losses
    stay where they came from.

    Args:
        workspace: The workspace.
        storage: Its name.
        path: Hours: time, charged_kwh, discharged_kwh.
        now: Present moment.
        region: Where it stands; only lots for anywhere where it is empty.

    Raises:
        DataError: `bad-storage` where steps are no hours, amounts are below zero, or hours were
            recorded before.
    """
    zone = energy_config(workspace).calendar.zone
    told = read_columns(path, STORAGE_COLUMNS, zone, "bad-storage")
    took, gave = (np.floor(np.nan_to_num(v) * 1000 + 0.5).astype(np.int64) for v in told.values)
    if (took < 0).any() or (gave < 0).any():
        raise DataError("bad-storage", f"{path.name} has amounts below zero.", "Correct them.")
    if told.step_s != HOUR // np.timedelta64(1, "s"):
        text = f"{path.name} has steps of {told.step_s} s."
        raise DataError("bad-storage", text, "Give whole hours: lots are of an hour.")
    hours = np.asarray(told.start).astype("datetime64[s]")
    with workspace.store.lock():
        known = ledger.devices(workspace)
        _require_new(known, workspace, storage, hours)
        held = ledger.standing(workspace, HELD)
        names = [
            n
            for n in sorted(set(held.device.tolist()))
            if known[n].storage != storage and reaches(known[n].region, region)
        ]
        there = _by_hour(held, names, hours)
        origins = np.zeros((len(names) + 1, len(hours)), np.int64)
        left = took.copy()
        for k in range(len(names)):
            origins[k] = np.minimum(np.maximum(there[k], 0), left)
            left -= origins[k]
        origins[-1] = left  # of the grid: no lots
        back = np.zeros_like(origins)
        unknown = through_storage(origins, gave, back)
        given = [f"{n}@{storage}" for n in names]
        facts = [
            Device(
                new,
                known[n].technology,
                region or known[n].region,
                known[n].site,  # behind a site's meter it was not bought, stored or not
                known[n].commissioned,
                known[n].issuer,
                storage,
            )
            for n, new in zip(names, given, strict=True)
        ]
        d_in, h_in = np.nonzero(origins[:-1])
        d_out, h_out = np.nonzero(back[:-1])
        accounts = (HELD, f"{STORED_IN}{storage}", ISSUER)
        rows = ledger.transfers(
            zone,
            [*names, *given],
            np.concatenate([d_in, d_out + len(names)]),
            hours[np.concatenate([h_in, h_out])],
            1,
            accounts,
            np.concatenate([np.zeros(len(d_in)), np.full(len(d_out), 2)]),
            np.concatenate([np.ones(len(d_in)), np.zeros(len(d_out))]),
            np.concatenate([origins[d_in, h_in], back[d_out, h_out]]),
        )
        made = _posted(workspace, STORED, rows, now, devices=facts, file=path.name)
    return LotsChanged(made, STORED, rows.num_rows, _sum(rows), unknown_wh=unknown)


def claim_year(
    workspace: Workspace,
    year: str,
    *,
    now: datetime,
    basis: Basis = "hourly",
    first: Sequence[str] = (),
) -> LotsChanged:
    """Match a year with the lots of the ledger and retire what was matched; see `match_year`.

    Plants of which no lots were issued take no part.
    """
    known = tuple(ledger.devices(workspace))
    told = energy_config(workspace)
    ours = replace(told, roofs=tuple(r for r in told.roofs if r.plant.id in known))
    made = match_year(workspace, year, basis=basis, first=first, config=ours)
    return claim_lots(workspace, made, now=now)


def claim_lots(workspace: Workspace, told: YearMatched, *, now: datetime) -> LotsChanged:
    """Retire what a matching found, each watt-hour for one site and year: all of it, or nothing.

    Args:
        workspace: The workspace.
        told: The matching, of lots that the ledger holds.
        now: Present moment.

    Raises:
        UsageError: `lots-not-issued` where it matched devices of which the ledger has no lots.
        DataError: `lots-changed` where lots were moved or claimed since it was made.
    """
    if told.foreign:
        text = f"The ledger has no lots of {', '.join(told.foreign)}."
        hint = "First 'abate lots issue' or 'abate lots add'."
        raise UsageError("lots-not-issued", text, hint)
    basis = told.matching.basis
    other = [r for r in live_imports(workspace) if r.template == f"{CLAIMED}monthly"]
    if basis == "hourly" and any(r.file.startswith(told.year) for r in other):
        text = f"{told.year} holds claims by the month: the same load would be claimed twice."
        raise UsageError("claimed-by-month", text, f"First: abate undo {other[-1].import_id}.")
    site, lot, wh = told.fresh.T
    sites = told.matching.sites
    with workspace.store.lock():
        held = ledger.standing(workspace, HELD)
        if not _same(held, told.held):
            text = "Lots were issued, moved or claimed since the matching was made."
            raise DataError("lots-changed", text, "Match again.")
        if (np.bincount(lot, wh, len(held)) > held.wh).any():
            raise DataError("lots-changed", "A lot has less than is claimed.", "Match again.")
        names, device = np.unique(held.device, return_inverse=True)
        rows = ledger.transfers(
            energy_config(workspace).calendar.zone,
            names.tolist(),
            device[lot],
            held.start[lot],
            held.hours[lot],
            [HELD, *(retired_for(told.year, s) for s in sites)],
            0,
            site + 1,
            wh,
        )
        known = ledger.devices(workspace)
        made = _posted(
            workspace,
            template := f"{CLAIMED}{told.matching.basis}",
            rows,
            now,
            devices=[known[n] for n in names.tolist()],  # so that a claim says what it is of
            file=f"{told.year}, {told.matching.basis}",
        )
    return LotsChanged(made, template, rows.num_rows, _sum(rows))


def lots(workspace: Workspace) -> list[DeviceLots]:
    """Lots by device: what was issued, and where it is now."""
    sums: dict[str, dict[str, int]] = {}
    ends: dict[str, list[datetime]] = {}
    for move in ledger.moves_of(workspace):
        mine = sums.setdefault(move["device"], {})
        for account, sign in ((move["source"], -1), (move["target"], 1)):
            mine[account] = mine.get(account, 0) + sign * int(move["wh"])
        if move["source"] == ISSUER:
            ends.setdefault(move["device"], []).extend((move["first"], move["last"]))
    shown = []
    for device in ledger.devices(workspace).values():
        accounts = sums.get(device.id, {})
        if device.id not in ends:
            continue
        shown.append(
            DeviceLots(
                device.id,
                device.technology,
                device.region,
                device.site,
                device.commissioned,
                device.issuer,
                device.storage,
                device.contract,
                issued_wh=-accounts.get(ISSUER, 0),
                held_wh=accounts.get(HELD, 0),
                claimed_wh=sum(v for a, v in accounts.items() if claim_of(a)),
                stored_wh=sum(v for a, v in accounts.items() if a.startswith(STORED_IN)),
                moved_wh=sum(v for a, v in accounts.items() if a.startswith(PARTY)),
                first=min(ends[device.id]),
                last=max(ends[device.id]),
            )
        )
    return shown


def claims_of(workspace: Workspace, year: str) -> list[Claimed]:
    """What each site claims of each device for a fiscal year."""
    known = ledger.devices(workspace)
    found = []
    for move in ledger.moves_of(workspace):
        claim, device = claim_of(move["target"]), known.get(move["device"])
        if claim is not None and claim[0] == year.upper() and device is not None:
            about = (device.technology, device.contract, device.issuer)
            found.append(Claimed(claim[1], device.id, *about, int(move["wh"])))
    sums: dict[Claimed, int] = {}
    for one in found:
        key = replace(one, wh=0)
        sums[key] = sums.get(key, 0) + one.wh
    return sorted(
        (replace(key, wh=wh) for key, wh in sums.items()), key=lambda c: (c.site, c.device)
    )


def export_lots(workspace: Workspace, path: Path) -> int:
    """Write all lots where they stand, as a registry has them, in EnergyTag's terms.

    Watt-hours of a device are numbered in the order of their hours; what stands in several accounts
    takes its numbers in the order of these.

    Args:
        workspace: The workspace.
        path: `.csv` or `.json`.

    Returns:
        Bundles written.

    Raises:
        UsageError: `unknown-output`.
    """
    if path.suffix.lower() not in (".csv", ".json"):
        text = f"'{path.name}' is neither .csv nor .json."
        raise UsageError("unknown-output", text, "Name a .csv or .json.")
    known = ledger.devices(workspace)
    there = ledger.standing(workspace, "%")
    keep = np.flatnonzero((there.wh > 0) & ~np.char.startswith(there.account, STORED_IN))
    order = keep[np.lexsort((there.account[keep], there.start[keep], there.device[keep]))]
    wh, device = there.wh[order], there.device[order]
    running = np.cumsum(wh) - wh
    first = running - running[np.searchsorted(device, device)]
    rows = zip(order.tolist(), first.tolist(), strict=True)
    own = workspace.organisation.name
    return write_lots(path, (_bundle(there, k, number, known, own) for k, number in rows))


def _bundle(
    there: ledger.Standing, k: int, first: int, known: dict[str, Device], own: str
) -> Bundle:
    device, account, wh = known[str(there.device[k])], str(there.account[k]), int(there.wh[k])
    claim = claim_of(account)
    return Bundle(
        device,
        there.start[k].item(),
        int(there.hours[k]),
        wh,
        first,
        account=account.removeprefix(PARTY) if account.startswith(PARTY) else own,
        beneficiary="" if claim is None else f"{claim[1]}, {claim[0]}",
        status="active" if claim is None else "claimed",
    )


def _posted(
    workspace: Workspace,
    template: str,
    rows: pa.Table,
    now: datetime,
    *,
    devices: Sequence[Device] = (),
    file: str,
    sha256: str = "",
) -> str:
    """Append transfers as an import, whose row comes last; its id, empty where there are none.

    The caller holds the lock.
    """
    if not rows.num_rows:
        return ""
    store = workspace.store
    made = free_id(workspace, f"{template}/{file}/{sha256}/{len(live_imports(workspace))}")
    if devices:
        store.add(*(_row(made, d) for d in devices))
    store.append_batches("lots", _batches(rows, made), made)
    digest = sha256 or hashlib.sha256(f"{template}/{file}/{made}/{_sum(rows)}".encode()).hexdigest()
    count = rows.num_rows
    counts = {"row_count": count, "accepted_count": count}
    commit_import(workspace, made, template, now, file=file, sha256=digest, **counts)
    return made


def _row(import_id: str, device: Device) -> DeviceRow:
    about = (device.technology, device.region, device.site, device.commissioned)
    return DeviceRow(import_id, device.id, *about, device.issuer, device.storage, device.contract)


def _batches(rows: pa.Table, import_id: str) -> Iterator[pa.Table]:
    import pyarrow as pa

    for begin in range(0, rows.num_rows, BATCH_ROWS):
        part = rows.slice(begin, BATCH_ROWS)
        name = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(part.num_rows, np.int32)), pa.array([import_id])
        )
        yield part.add_column(0, "import_id", name)


def _sum(rows: pa.Table) -> int:
    """Watt-hours that left the issuer, or else us."""
    return int(np.asarray(rows["amount_wh"]).sum())


def _same(one: ledger.Standing, other: ledger.Standing) -> bool:
    return len(one) == len(other) and all(
        (getattr(one, name) == getattr(other, name)).all()
        for name in ("device", "start", "hours", "wh")
    )


def _by_hour(there: ledger.Standing, names: Sequence[str], hours: Any) -> Any:
    """Hourly lots by device and hour, on hours in their order [Wh]."""
    found = np.zeros((len(names), len(hours)), np.int64)
    if not len(hours):
        return found
    at = np.searchsorted(hours, there.start)
    inside = (there.hours == HOURLY) & (at < len(hours))
    inside[inside] = hours[at[inside]] == there.start[inside]
    for k, name in enumerate(names):
        mine = inside & (there.device == name)
        np.add.at(found[k], at[mine], there.wh[mine])
    return found


def _leaving(zone: str, held: ledger.Standing, which: Any, amounts: Any, to: str) -> pa.Table:
    names, device = np.unique(held.device[which], return_inverse=True)
    return ledger.transfers(
        zone,
        names.tolist(),
        device,
        held.start[which],
        held.hours[which],
        (HELD, to),
        0,
        1,
        amounts,
    )


def _read_before(workspace: Workspace, read: LotsRead) -> str:
    """A lot that the ledger has already, or whose number stands twice; empty where there is none.

    Numbers tell lots of one device and hour apart; where one has none, the hour is taken.
    """
    numbered = ledger.numbered(workspace)
    fresh = [
        (read.devices[d].id, s) for d, s in zip(read.device.tolist(), read.serial, strict=True)
    ]
    runs = [numbers_of(serial, device) for device, serial in (*numbered, *fresh) if serial]
    if twice := overlap(r for r in runs if r is not None):
        return f"{twice.of} {twice.first}"
    there = ledger.standing(workspace, ISSUER)
    plain = {device for device, _ in numbered}
    known = set(zip(there.device.tolist(), there.start.astype(str).tolist(), strict=True))
    for (device, serial), at in zip(fresh, read.start.astype(str).tolist(), strict=True):
        if (device, at) in known and not (serial and device in plain):
            return f"{device} at {at} UTC"
    return ""


def _require_known(known: dict[str, Device], read: LotsRead, file: str) -> None:
    """Refuse a device that the ledger knows as another one.

    Raises:
        DataError: `bad-lots`.
    """
    for one in read.devices:
        held = known.get(one.id)
        if held is None:
            continue
        said = (held.technology, held.region, held.storage, held.contract)
        if said != (one.technology, one.region, one.storage, one.contract):
            place = held.region or "anywhere"
            text = f"{file}: the ledger knows '{one.id}' as {held.technology} in {place}."
            raise DataError("bad-lots", text, "Correct the file, or name the device otherwise.")


def _require_new(known: dict[str, Device], workspace: Workspace, storage: str, hours: Any) -> None:
    """Refuse hours of a storage that were recorded before."""
    took = ledger.standing(workspace, f"{STORED_IN}{storage}")
    gave = ledger.standing(workspace, ISSUER)
    mine = np.isin(gave.device, [n for n, d in known.items() if d.storage == storage])
    again = np.intersect1d(np.concatenate([took.start, gave.start[mine]]), hours)
    if len(again):
        text = f"Hours of {storage} from {again[0]} UTC on were recorded before."
        raise DataError("bad-storage", text, "Undo that import, or leave the hours out.")
