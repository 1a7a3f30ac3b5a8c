"""Clean electricity by the hour: hourly loads of a year beside what plants and lots gave then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.energy_config import EnergyConfig
from abate.adapters.readers.sheets import table_of
from abate.adapters.readers.tariff_files import read_columns
from abate.adapters.store.workspace import Workspace
from abate.application.energy.batches import moment_of
from abate.application.energy.dispatches import energy_config, power_at
from abate.application.energy.forecasts import hourly_sites, site_readings
from abate.disclosure.energy_charts import heat_chart
from abate.energy.facts.clocks import utc_of
from abate.energy.facts.tariffs import Hourly
from abate.energy.planners.matching import Basis, Matching, match_hours
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, NotFoundError, UsageError

HOUR = np.timedelta64(3600, "s")
LOT_COLUMNS = ("device", "start", "kwh", "region")
GRID_COLUMNS = ("time", "clean_share", "residual_kg_per_kwh")


@dataclass(frozen=True, slots=True, eq=False)
class _Lots:
    """What devices gave in each hour."""

    names: tuple[str, ...]
    regions: tuple[str, ...]
    sites: tuple[str, ...]
    wh: Any


@dataclass(frozen=True, slots=True, eq=False)
class YearMatched:
    """A year's loads and lots matched.

    Args:
        year: Fiscal year.
        matching: What was matched.
        missing_hours: Hours without a reading, by site: their load is not known.
        gaps: The same by device.
        with_grid_share: Matched, and the clean part of the grid; None without a file of the grid.
        residual_kg: Emissions of what is not matched; None without one.
        local: Beginning of each hour by the clock of the meters.
    """

    year: str
    matching: Matching
    missing_hours: dict[str, int]
    gaps: dict[str, int]
    with_grid_share: float | None
    residual_kg: float | None
    local: Any

    @property
    def json(self) -> Json:
        """As machines get it, without the claims."""
        m = self.matching
        lacking = {k: n for k, n in {**self.missing_hours, **self.gaps}.items() if n}
        given, left = m.lot_wh.sum(axis=1), m.left_wh.sum(axis=1)
        return {
            "year": self.year,
            "basis": m.basis,
            "used_kwh": int(m.load_wh.sum()) / 1000,
            "generated_kwh": int(m.lot_wh.sum()) / 1000,
            "matched_kwh": int(m.claims[:, 3].sum()) / 1000,
            "matched_share": m.matched_share,
            "volumetric_share": m.volumetric_share,
            "with_grid_share": self.with_grid_share,
            "residual_kg": self.residual_kg,
            "sites": [
                {"site": s, "used_kwh": u / 1000, "matched_kwh": w / 1000}
                for s, (u, w) in m.by_site().items()
            ],
            "devices": [
                {"device": d, "generated_kwh": int(g) / 1000, "left_kwh": int(rest) / 1000}
                for d, g, rest in zip(m.devices, given, left, strict=True)
            ],
            "incomplete": [
                {"code": "hours-missing", "of": name, "hours": n} for name, n in lacking.items()
            ],
        }

    @property
    def rows(self) -> list[Json]:
        """Each claim: site, device, beginning of the hour (UTC) and watt-hours."""
        m = self.matching
        starts = [str(h) for h in m.hours]
        return [
            {"site": m.sites[s], "device": m.devices[d], "start": starts[h], "wh": wh}
            for s, d, h, wh in m.claims.tolist()
        ]

    @property
    def charts(self) -> list[Json]:
        """Matched share of each hour as colours; of none by the month."""
        m = self.matching
        if m.basis != "hourly":
            return []
        used = m.load_wh.sum(axis=0)
        values = [
            {"day": str(at)[:10], "hour": int(str(at)[11:13]), "value": round(float(w / u), 4)}
            for at, w, u in zip(self.local, m.matched_wh, used, strict=True)
            if u
        ]
        title = "Matched share of each hour"
        return [heat_chart(values, title=title, unit="", share=True)]


def match_year(
    workspace: Workspace,
    year: str,
    *,
    basis: Basis = "hourly",
    lots: Sequence[Path] = (),
    grid: Path | None = None,
    config: EnergyConfig | None = None,
) -> YearMatched:
    """Match the hourly loads of a year with what plants and lots gave in the same hour.

    A site is served by its own plants first, then in the order of the sites by what may be
    delivered to its region: lots of that region, of one above it (`CN` serves `CN-HE`), or of none.
    Nothing is retired: the ledger's certificates are not touched.

    Args:
        workspace: Its hourly meters, plants and sites.
        year: Fiscal year.
        basis: `hourly`, or `monthly`: all hours of a month as one.
        lots: Files of lots: device, start, kwh, region.
        grid: Hours of the grid: time, clean_share, residual_kg_per_kwh.
        config: What is known of its energy; `energy.toml` where it is None.

    Raises:
        NotFoundError: `no-meter` where no site has hourly meters in the year.
        UsageError: `bad-year`, `bad-basis`.
        DataError: `bad-lots`, `bad-grid`.
    """
    if basis not in ("hourly", "monthly"):
        text = f"'{basis}' is not a basis."
        raise UsageError("bad-basis", text, "Write hourly or monthly.")
    told = config or energy_config(workspace)
    zone = told.calendar.zone
    months = workspace.calendar.months(year.upper())
    edges = np.array([months[0], np.datetime64(months[-1], "M") + 1], "datetime64[s]")
    local = np.arange(edges[0], edges[1], HOUR)
    first, past = utc_of(edges, zone)
    hours = np.arange(first, past, HOUR)
    sites, loads, missing = _loads(workspace, hours, zone)
    given = _lots(workspace, told, lots, hours)
    own = np.array([[d == s for s in sites] for d in given.sites], bool).reshape(-1, len(sites))
    regions = {s.id: s.region for s in workspace.organisation.sites}
    reach = np.array(
        [[_reaches(r, regions.get(s, "")) for s in sites] for r in given.regions], bool
    ).reshape(-1, len(sites))
    gaps = dict(zip(given.names, np.isnan(given.wh).sum(axis=1).tolist(), strict=True))
    lot_wh = np.round(np.nan_to_num(given.wh)).astype(np.int64)
    load_wh = np.round(np.nan_to_num(loads) * 1000).astype(np.int64)
    made = match_hours(hours, sites, load_wh, given.names, lot_wh, own, basis=basis)
    made = _and_then(made, reach)
    share = residual = None
    if grid is not None:
        clean, kg = _grid(grid, hours, zone)
        share = made.with_grid(clean) if basis == "hourly" else None
        residual = float(made.residual_kg(kg).sum()) if basis == "hourly" else None
    shown = local if len(local) == len(hours) else hours
    return YearMatched(year.upper(), made, missing, gaps, share, residual, shown)


def _and_then(made: Matching, reach: Any) -> Matching:
    """What is left after a first matching, matched by another rule, with the claims of both."""
    served = np.zeros_like(made.load_wh)
    np.add.at(served, (made.claims[:, 0], made.claims[:, 2]), made.claims[:, 3])
    rest = made.load_wh - served
    if made.basis == "monthly":
        months, first, back = np.unique(
            made.hours.astype("datetime64[M]"), return_index=True, return_inverse=True
        )
        rest = np.zeros_like(made.load_wh)
        for m in range(len(months)):
            whole = made.load_wh[:, back == m].sum(axis=1) - served[:, first[m]]
            rest[:, first[m]] = whole
    more = match_hours(
        made.hours, made.sites, rest, made.devices, made.left_wh, reach, basis=made.basis
    )
    claims = np.concatenate([made.claims, more.claims])
    return replace(made, claims=claims, left_wh=more.left_wh)


def _reaches(lot: str, site: str) -> bool:
    return not lot or site == lot or site.startswith(f"{lot}-")


def _loads(
    workspace: Workspace, hours: Any, zone: str
) -> tuple[tuple[str, ...], Any, dict[str, int]]:
    """Hourly load of each site with meters in these hours [kWh]; NaN where there is no reading."""
    names, rows, missing = [], [], {}
    for site in sorted(hourly_sites(workspace)):
        told = site_readings(workspace, site)
        at = ((utc_of(told.start, zone) - hours[0]) // HOUR).astype(np.int64)
        inside = (at >= 0) & (at < len(hours))
        if not inside.any():
            continue
        load = np.full(len(hours), np.nan)
        load[at[inside]] = told.values[:, inside].sum(axis=0)
        names.append(site)
        rows.append(load)
        missing[site] = int(np.isnan(load).sum())
    if not names:
        raise NotFoundError(
            "no-meter", "No site has hourly meters in that year.", "See 'abate data-centres'."
        )
    return tuple(names), np.stack(rows), missing


def _lots(workspace: Workspace, config: EnergyConfig, files: Sequence[Path], hours: Any) -> _Lots:
    """Plants of energy.toml and lots of files."""
    regions = {s.id: s.region for s in workspace.organisation.sites}
    names, places, sites, rows = [], [], [], []
    for roof in config.roofs:
        names.append(roof.plant.id)
        places.append(regions.get(roof.site, ""))
        sites.append(roof.site)
        rows.append(np.maximum(power_at(roof.power, config, hours, HOUR), 0.0) * 1000)
    for path in files:
        for device, (region, wh) in _file_of_lots(path, hours, config.calendar.zone).items():
            if device in names:
                text = f"{path.name}: there are two devices '{device}'."
                raise DataError("bad-lots", text, "Give each its own name.")
            names.append(device)
            places.append(region)
            sites.append("")
            rows.append(wh)
    wh = np.stack(rows) if rows else np.zeros((0, len(hours)))
    return _Lots(tuple(names), tuple(places), tuple(sites), wh)


def _file_of_lots(path: Path, hours: Any, zone: str) -> dict[str, tuple[str, Any]]:
    """Lots of a file by device: region and Wh of each hour; of hours without a row nothing."""
    found: dict[str, tuple[str, Any]] = {}
    for number, row in enumerate(table_of(path, LOT_COLUMNS, "bad-lots"), 2):
        device, region = row["device"].strip(), row["region"].strip()
        try:
            at = int((moment_of(row["start"], zone) - hours[0]) // HOUR)
            wh = float(row["kwh"]) * 1000
        except (UsageError, ValueError) as error:
            text = f"{path.name} row {number}: '{row['start']}', '{row['kwh']}'."
            raise DataError("bad-lots", text, "Give a time and a number of kWh.") from error
        if not device or not wh >= 0 or wh > 1e15:
            text = f"{path.name} row {number}: no device, or an amount below zero."
            raise DataError("bad-lots", text, "Correct the row.")
        known, amounts = found.setdefault(device, (region, np.zeros(len(hours))))
        if known != region:
            text = f"{path.name} row {number}: '{device}' stands in {known} and in {region}."
            raise DataError("bad-lots", text, "Give one region for each device.")
        if 0 <= at < len(hours):
            amounts[at] += wh
    return found


def _grid(path: Path, hours: Any, zone: str) -> tuple[Any, Any]:
    """Clean share of the grid and its residual mix in each hour."""
    told = read_columns(path, GRID_COLUMNS, zone, "bad-grid")
    clean, kg = (Hourly(told.start, values, path.name).at(hours) for values in told.values)
    if np.isnan(clean).any() or np.isnan(kg).any() or (clean < 0).any() or (clean > 1).any():
        when = hours[int(np.argmax(np.isnan(clean) | np.isnan(kg)))]
        text = f"{path.name} has no value at {when} UTC, or a share beyond 0 to 1."
        raise DataError("bad-grid", text, "Give every hour of the year.")
    return clean, kg
