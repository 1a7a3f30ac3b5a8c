"""Certificates and contracts as people look at them: what there is, and what runs matched of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from abate.adapters.store.delta import fetch
from abate.adapters.store.imports import live_imports, live_views
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.figures import Run, run_of, runs
from abate.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class CertificateShown:
    """A certificate or contract with what became of it.

    Args:
        instrument: Its serial number or name.
        tier: Kind of instrument, such as certificate or contract.
        technology: Of the generation.
        market: Where it holds.
        vintage_from: First day of the generation.
        vintage_to: Last day.
        amount_kwh: How much it covers.
        retired_for: Fiscal year that claims it.
        site: Site that it is kept for; empty for any of the market.
        matched_kwh: What the latest run of that year matched with load; None where there is none.
        left_kwh: What it did not.
        import_id: Where it came from.
        file: File, and the row in it.
        row: See there.
    """

    instrument: str
    tier: str
    technology: str
    market: str
    vintage_from: date
    vintage_to: date
    amount_kwh: float
    retired_for: str
    site: str
    matched_kwh: float | None
    left_kwh: float | None
    import_id: str
    file: str
    row: int


def certificates(workspace: Workspace, year: str = "") -> list[CertificateShown]:
    """Certificates and contracts that count, with what runs matched of them.

    Args:
        workspace: The workspace.
        year: Only those retired for this fiscal year; all where it is empty.
    """
    with workspace.store.connect() as con:
        live_views(con, workspace, live_imports(workspace))
        rows = fetch(con, "select * from live_instruments order by retired_for, instrument_id")
    counting = runs(workspace)
    matched: dict[tuple[str, str], int] = {}
    with workspace.store.connect("allocations") as con:
        for row in fetch(
            con,
            "select run_id, instrument, sum(amount_wh)::hugeint as wh from allocations"
            " group by all",
        ):
            matched[row["run_id"], row["instrument"]] = int(row["wh"])
    shown = []
    for r in rows:
        if year and r["retired_for"] != year.upper():
            continue
        amount = r["amount_wh"] / 1000
        run = _run(workspace, r["retired_for"], counting)
        used = None if run is None else matched.get((run, r["instrument_id"]), 0) / 1000
        left = None if used is None else amount - used
        about = (r["instrument_id"], r["tier"], r["technology"], r["market"])
        days = (r["vintage_from"].date(), r["vintage_to"].date())
        place = (r["import_id"], r["source_file"], r["source_row"])
        shown.append(
            CertificateShown(*about, *days, amount, r["retired_for"], r["site"], used, left, *place)
        )
    return shown


def _run(workspace: Workspace, year: str, every: list[Run]) -> str | None:
    """The run that counts for a year; None where it was not valued."""
    try:
        return run_of(workspace, year, every=every).run_id
    except NotFoundError:
        return None
