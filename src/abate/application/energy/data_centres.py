"""Data centres as their energy managers see them.

Ratios by building and month, and the meters' own hours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.imports import live_imports, live_views
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.figures import Figures, Run
from abate.application.inventory.findings import equal_readings
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.period import month_end, month_start
from abate.kernel.target import target_of

if TYPE_CHECKING:
    import duckdb

RATIOS = ("pue", "wue", "clean-share")
AMOUNTS = ("facility-energy", "it-energy", "water")
LOADS = {"facility-energy": "facility_kwh", "it-energy": "it_kwh"}


def data_centres(rollups: Figures, run: Run) -> list[dict[str, Any]]:
    """Each metered building with PUE, WUE and clean share, for the year and by month.

    With goal and climate.

    Instruments are matched per site: the clean share of a building is its site's.

    Returns:
        One dictionary per building: `site`, `building`, `year` and `months` with values (None where
        there are no readings), `targets` by figure, `climate_c` for the months, `climate_source`.
    """
    workspace = rollups.workspace
    months = workspace.calendar.months(run.fiscal_year)
    names = [*RATIOS[:2], *AMOUNTS]
    by_month = _by(rollups.values(names, run, "site,building,month"), "site", "building", "month")
    by_year = _by(rollups.values(names, run, "site,building"), "site", "building")
    clean_month = _by(rollups.values(["clean-share"], run, "site,month"), "site", "month")
    clean_year = _by(rollups.values(["clean-share"], run, "site"), "site")
    known = {s.id: s for s in workspace.organisation.sites}
    places = {(s.id, b) for s in known.values() for b in s.buildings} | {key[:2] for key in by_year}
    found = []
    for site_id, building in sorted(places):
        site = known.get(site_id)
        climate = site.climate if site else None
        lines = [
            {
                "month": m,
                **{n: by_month.get((site_id, building, m), {}).get(n) for n in names},
                "clean-share": clean_month.get((site_id, m), {}).get("clean-share"),
                "climate_c": climate.mean_c[int(m[5:]) - 1] if climate else None,
            }
            for m in months
        ]
        whole = {n: by_year.get((site_id, building), {}).get(n) for n in names}
        whole["clean-share"] = clean_year.get((site_id,), {}).get("clean-share")
        targets = {
            n: target_of(workspace.targets, n, run.fiscal_year, site_id, building) for n in RATIOS
        }
        found.append(
            {
                "site": site_id,
                "building": building,
                "region": site.region if site else "",
                "year": whole,
                "months": lines,
                "climate_source": climate.source if climate else "",
                "targets": {
                    n: {
                        "value": t.value,
                        "year": t.year,
                        "met": None if (v := whole[n]) is None else t.is_met(v),
                    }
                    for n, t in targets.items()
                    if t
                },
            }
        )
    return found


def _by(values: list[Any], *dimensions: str) -> dict[tuple[str, ...], dict[str, float]]:
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for v in values:
        if v.value is not None:
            found.setdefault(tuple(v.by[d] for d in dimensions), {})[v.figure] = float(v.value)
    return found


def load_curve(workspace: Workspace, site: str, building: str, month: str) -> dict[str, Any]:
    """The hours of a building's meters in a month.

    With gaps and with hours in which a meter repeats itself.

    Args:
        workspace: The workspace.
        site: The site.
        building: Its building.
        month: Such as 2024-01.

    Returns:
        `hours`: start, facility and IT energy [kWh], None where there is no reading; `gaps`: first
            moment, moment past
        it, hours; `stuck`: likewise, with the meter's kind and its reading; `months`: those with
        readings.

    Raises:
        UsageError: `bad-month`.
        NotFoundError: `unknown-building`.
    """
    try:
        first, past = month_start(month), month_end(month) + timedelta(days=1)
        year = workspace.calendar.year_of(first)
    except (ValueError, IndexError, OverflowError) as error:
        raise UsageError(
            "bad-month", f"'{month}' is not a month.", "Write it as 2024-01."
        ) from error
    known = next((s for s in workspace.organisation.sites if s.id == site), None)
    with workspace.store.connect() as con:
        months = _meter_months(con, workspace, site, building)
        if not months and (known is None or building not in known.buildings):
            text = f"No meter '{building}' at '{site}'."
            raise NotFoundError("unknown-building", text, "See the data-centre page.")
        con.execute(
            f"create temp table hourly as select * from building_meters where fiscal_year ="
            f" {literal(year)} and period_start < '{past}' and period_end > '{first}'"
        )
        rows = fetch(con, HOURLY)
        stuck = fetch(con, f"select * from ({equal_readings('hourly')}) order by first")
    hours, gaps = _hours(rows, first, past)
    return {
        "site": site,
        "building": building,
        "month": month,
        "months": months,
        "hours": hours,
        "gaps": gaps,
        "stuck": [
            {
                "kind": s["kind"],
                "from": s["first"],
                "to": s["past"],
                "hours": s["hours"],
                "reading_kwh": s["quantity"],
            }
            for s in stuck
        ],
    }


HOURLY = """
    select date_trunc('hour', period_start) as period_start,
        sum(quantity) filter (where kind = 'facility-energy') as facility_kwh,
        sum(quantity) filter (where kind = 'it-energy') as it_kwh
    from hourly where period_end - period_start <= interval 1 hour group by 1 order by 1
"""


def _meter_months(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, site: str, building: str
) -> list[str]:
    """Make `building_meters`: readings of a building that count; the months that have some."""
    live_views(con, workspace, live_imports(workspace))
    con.execute(
        "create temp view building_meters as select * from live_activities where site ="
        f" {literal(site)} and meter = {literal(building)}"
        " and kind in ('facility-energy', 'it-energy')"
    )
    rows = con.execute("select distinct month from building_meters order by 1").fetchall()
    return [r[0] for r in rows]


def _hours(
    rows: list[dict[str, Any]], first: Any, past: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every hour of the month, and the stretches without a reading of one of the meters."""
    from datetime import datetime, time

    if not rows:
        return [], []
    there = {r["period_start"]: r for r in rows}
    at, end = datetime.combine(first, time()), datetime.combine(past, time())
    hours: list[dict[str, Any]] = []
    gaps: list[dict[str, Any]] = []
    while at < end:
        row = there.get(at, {})
        hours.append({"start": at, **{name: row.get(name) for name in LOADS.values()}})
        if any(row.get(name) is None for name in LOADS.values()):
            if gaps and gaps[-1]["to"] == at:
                gaps[-1]["to"] += timedelta(hours=1)
                gaps[-1]["hours"] += 1
            else:
                gaps.append({"from": at, "to": at + timedelta(hours=1), "hours": 1})
        at += timedelta(hours=1)
    return hours, gaps
