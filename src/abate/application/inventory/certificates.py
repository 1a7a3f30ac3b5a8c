"""Certificates of a run: what the transfer ledger lets stand, each retired once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.workspace import Workspace
from abate.energy.facts.lots import CLAIMED, RETIRED
from abate.kernel.allocation import CERTIFICATE, CONTRACT, HOURLY, Allocation, Instrument
from abate.kernel.checks import USED_TWICE
from abate.kernel.factor import Factor, Mass, Source
from abate.kernel.finding import Finding
from abate.kernel.period import month_end, month_start
from abate.kernel.transfer import Transfer

if TYPE_CHECKING:
    import duckdb

CERTIFICATES = "certificate"
WORLD = "world"


def instruments(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, fiscal_year: str, *, settle: bool
) -> tuple[list[Instrument], list[Finding]]:
    """Instruments retired for the year that the transfer ledger lets stand."""
    conflicts = settle_transfers(con, workspace) if settle else []
    refused = {serial for serial, _ in conflicts}
    rows = fetch(
        con,
        f"select * from live_instruments where retired_for = {literal(fiscal_year)} order by"
        " instrument_id",
    )
    seen: dict[str, Instrument] = {}
    for r in rows:
        if (r["instrument_id"], r["import_id"]) in conflicts or r["instrument_id"] in seen:
            continue
        seen[r["instrument_id"]] = Instrument(
            r["instrument_id"],
            r["tier"],
            r["technology"],
            r["market"],
            r["vintage_from"].date(),
            r["vintage_to"].date(),
            r["amount_wh"],
            r["site"],
            r["kg_co2_per_kwh"],
        )
    findings = [
        Finding.of(USED_TWICE, f"'{serial}' is claimed by two imports or years.")
        for serial in sorted(refused)
    ]
    return list(seen.values()), findings


def settle_transfers(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> list[tuple[str, str]]:
    """Bring the ledger of certificates in line with the imports that count: issue, retire, reverse.

    Returns:
        Serial number and import of each claim that the ledger refuses, because another stands.
    """
    wanted: dict[str, tuple[str, str, int]] = {}
    conflicts: list[tuple[str, str]] = []
    for r in fetch(
        con, "select * from live_instruments order by instrument_id, retired_for, import_id"
    ):
        claim = (r["import_id"], r["retired_for"], r["amount_wh"])
        if r["instrument_id"] in wanted:
            conflicts.append((r["instrument_id"], r["import_id"]))
        else:
            wanted[r["instrument_id"]] = claim
    if not wanted and not workspace.transfers.is_file():
        return []
    from abate.adapters.store.transfers import open_transfers

    ledger = open_transfers(workspace.root)
    try:
        standing = ledger.standing(CERTIFICATES)
        for serial, (reason, keys) in standing.items():
            if serial not in wanted or reason != "/".join(map(str, wanted[serial])):
                for key in reversed(keys):
                    ledger.reverse(CERTIFICATES, key, "no longer claimed")
        standing = ledger.standing(CERTIFICATES)
        posts, turns = [], ledger.turns(CERTIFICATES)
        for serial, claim in wanted.items():
            if serial not in standing and claim[2] > 0:
                turn, reason = turns.get(serial, 0), "/".join(map(str, claim))
                held = "held"
                posts.append(
                    Transfer(
                        f"{serial}#{turn}/issue",
                        CERTIFICATES,
                        f"issuer:{serial}",
                        held,
                        claim[2],
                        reason,
                    )
                )
                posts.append(
                    Transfer(
                        f"{serial}#{turn}/retire",
                        CERTIFICATES,
                        held,
                        f"retired:{claim[1]}",
                        claim[2],
                        reason,
                    )
                )
        ledger.post(posts)
    finally:
        ledger.close()
    return conflicts


def claimed_lots(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, fiscal_year: str, matching: str
) -> tuple[list[Instrument], list[Allocation]]:
    """Lots that sites claim for the year: instruments by device, and parts by site and month.

    What stands behind the meter of the site that claims it never was bought, and covers nothing.

    Args:
        con: Connection with views of what counts.
        workspace: Whose calendar.
        fiscal_year: The year.
        matching: `hourly` takes only what was matched by the hour.
    """
    like = f"{RETIRED}{fiscal_year}/"
    of = (
        "import_id in (select import_id from known_imports where template = "
        + literal(f"{CLAIMED}{HOURLY}")
        + ")"
        if matching == HOURLY
        else "true"
    )
    rows = fetch(
        con,
        "select l.device, l.target, l.month, any_value(d.technology) as technology,"
        " any_value(d.region) as region, any_value(d.contract) as contract,"
        " sum(l.amount_wh)::bigint as wh from live_lots l join"
        " live_devices d using (import_id, device) where starts_with(l.target,"
        f" {literal(like)}) and d.site <> split_part(l.target, '/', 2) and {of}"
        " group by l.device, l.target, l.month order by all",
    )
    first, last = (workspace.calendar.months(fiscal_year)[k] for k in (0, -1))
    days = month_start(first), month_end(last)
    sums: dict[str, Instrument] = {}
    claims = []
    for r in rows:
        name = f"lots of {r['device']}"
        known = sums.get(name)
        wh = r["wh"] + (known.amount_wh if known else 0)
        about = (r["technology"], r["region"] or WORLD)
        tier = CONTRACT if r["contract"] else CERTIFICATE
        sums[name] = Instrument(name, tier, *about, *days, wh)
        site = r["target"].removeprefix(like)
        claims.append(Allocation(name, site, r["month"], r["wh"]))
    return list(sums.values()), claims


def stated_factors(instruments: Sequence[Instrument]) -> list[Factor]:
    """Factors that contracts and suppliers state themselves."""
    return [
        Factor(
            f"instrument/stated/{i.id}",
            "electricity-instrument",
            i.id,
            "world",
            "within",
            None,
            "direct",
            (Mass("CO2", repr(i.kg_co2_per_kwh), "kg/kWh"),),
            "",
            Source(
                f"{i.tier} {i.id}",
                "as stated by the contract or supplier",
                "1",
                i.vintage_from,
                "none needed",
            ),
        )
        for i in instruments
        if i.kg_co2_per_kwh is not None
    ]
