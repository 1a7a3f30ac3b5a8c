"""Data centres as their energy managers see them.

Ratios by building and month, and the meters' own hours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.imports import live_imports, live_views
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.figures import Figures, Run
from abate.application.inventory.findings import equal_readings
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.period import month_end, month_start
from abate.kernel.target import target_of

if TYPE_CHECKING:
    import duckdb

RATIOS = ("pue", "wue", "clean-share")
AMOUNTS = ("facility-energy", "it-energy", "water")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a building is to reach: a value by a year, and whether the year shown reaches it."""

    value: float
    year: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class DataCentre:
    """A metered building in a year.

    Args:
        site: The site.
        building: The building.
        region: The site's region.
        year: Values by figure; None where there are no readings.
        months: Likewise by month, with `month` and `climate_c` [°C].
        climate_source: Where the climate comes from.
        targets: Goals by figure.
    """

    site: str
    building: str
    region: str
    year: dict[str, float | None]
    months: list[Json]
    climate_source: str
    targets: dict[str, Goal]


def data_centres(rollups: Figures, run: Run) -> list[DataCentre]:
    """Each metered building with PUE, WUE and clean share, for the year and by month.

    With goal and climate. Instruments are matched per site: the clean share of a building is its
    site's.
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
        found.append(
            DataCentre(
                site=site_id,
                building=building,
                region=site.region if site else "",
                year=whole,
                months=lines,
                climate_source=climate.source if climate else "",
                targets=_goals(workspace, run.fiscal_year, site_id, building, whole),
            )
        )
    return found


def _goals(
    workspace: Workspace, year: str, site: str, building: str, reached: dict[str, float | None]
) -> dict[str, Goal]:
    goals = {}
    for name in RATIOS:
        target = target_of(workspace.targets, name, year, site, building)
        if target:
            value = reached[name]
            met = None if value is None else target.is_met(value)
            goals[name] = Goal(value=target.value, year=target.year, met=met)
    return goals


def _by(values: list[Any], *dimensions: str) -> dict[tuple[str, ...], dict[str, float]]:
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for v in values:
        if v.value is not None:
            found.setdefault(tuple(v.by[d] for d in dimensions), {})[v.figure] = float(v.value)
    return found


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of a building; energy [kWh] is None where there is no reading."""

    start: datetime
    facility_kwh: float | None
    it_kwh: float | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours without a reading, or of a meter (of `kind`) that repeats one reading [kWh]."""

    first: datetime
    past: datetime
    hours: int
    kind: str = ""
    reading_kwh: float | None = None

    @property
    def json(self) -> Json:
        """As machines get it; a gap has no kind and no reading."""
        plain: Json = {"from": self.first, "to": self.past, "hours": self.hours}
        if self.kind:
            plain = {"kind": self.kind, **plain, "reading_kwh": self.reading_kwh}
        return plain


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """The hours of a building's meters in a month.

    Args:
        site: The site.
        building: The building.
        month: The month.
        months: Months that have readings.
        hours: Every hour of the month.
        gaps: Hours without a reading of one of the meters.
        stuck: Hours in which a meter repeats itself.
    """

    site: str
    building: str
    month: str
    months: list[str]
    hours: list[Hour]
    gaps: list[Stretch]
    stuck: list[Stretch]

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "site": self.site,
            "building": self.building,
            "month": self.month,
            "months": self.months,
            "hours": [asdict(h) for h in self.hours],
            "gaps": [g.json for g in self.gaps],
            "stuck": [s.json for s in self.stuck],
        }


def load_curve(workspace: Workspace, site: str, building: str, month: str) -> LoadCurve:
    """The hours of a building's meters in a month.

    With gaps and with hours in which a meter repeats itself.

    Args:
        workspace: The workspace.
        site: The site.
        building: Its building.
        month: Such as 2024-01.

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
    hours = _hours(rows, first, past)
    return LoadCurve(
        site=site,
        building=building,
        month=month,
        months=months,
        hours=hours,
        gaps=_gaps(hours),
        stuck=[Stretch(s["first"], s["past"], s["hours"], s["kind"], s["quantity"]) for s in stuck],
    )


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


def _hours(rows: list[Json], first: date, past: date) -> list[Hour]:
    """Every hour of the month; none where the month has no readings."""
    if not rows:
        return []
    there = {r["period_start"]: r for r in rows}
    at, end = datetime.combine(first, time()), datetime.combine(past, time())
    count = (end - at) // timedelta(hours=1)
    starts = (at + timedelta(hours=k) for k in range(count))
    found = ((start, there.get(start, {})) for start in starts)
    return [Hour(start, row.get("facility_kwh"), row.get("it_kwh")) for start, row in found]


def _gaps(hours: list[Hour]) -> list[Stretch]:
    """The stretches without a reading of one of the meters."""
    gaps: list[Stretch] = []
    for hour in hours:
        if hour.facility_kwh is not None and hour.it_kwh is not None:
            continue
        past = hour.start + timedelta(hours=1)
        if gaps and gaps[-1].past == hour.start:
            gaps[-1] = replace(gaps[-1], past=past, hours=gaps[-1].hours + 1)
        else:
            gaps.append(Stretch(hour.start, past, 1))
    return gaps
