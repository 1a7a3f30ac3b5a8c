"""Clean electricity by the hour: hourly loads of a year beside what plants and lots gave then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.energy_config import EnergyConfig
from abate.adapters.readers.lot_files import LotsRead, read_lots
from abate.adapters.readers.tariff_files import read_columns
from abate.adapters.store.imports import live_imports
from abate.adapters.store.lots import Standing, devices, standing
from abate.adapters.store.workspace import Workspace
from abate.algorithms.forecasting.days import offsets_of
from abate.application.energy.dispatches import energy_config, power_at
from abate.application.energy.forecasts import hourly_sites, site_readings
from abate.disclosure.energy_charts import heat_chart
from abate.energy.facts.clocks import utc_of
from abate.energy.facts.lots import CLAIMED, HELD, ISSUER, claim_of, retired_for
from abate.energy.facts.tariffs import Hourly
from abate.energy.planners.matching import Basis, Matching, match_hours
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, NotFoundError, UsageError
from abate.kernel.region import markets_of

HOUR = np.timedelta64(3600, "s")
NOT_ISSUED = "(not issued)"
ANY = "mixed"
"""Technology of lots of a file that are only matched."""
GRID_COLUMNS = ("time", "clean_share", "residual_kg_per_kwh")


@dataclass(frozen=True, slots=True, eq=False)
class _Lots:
    """What devices gave in each hour, and what of it sites claim already.

    Args:
        names: Of the devices.
        regions: Where each may be delivered.
        sites: Behind whose meter each stands, empty for none.
        wh: Of each hour, NaN where there is no reading `(devices, hours)`.
        gone_wh: Of it nothing: claimed by the month, where matching is by the hour.
        served: Site, device, hour and Wh of standing claims `(n, 4)`.
        held: Lots of the ledger that nobody claims yet.
        of_ledger: Names of the devices of which it has lots.
    """

    names: tuple[str, ...]
    regions: tuple[str, ...]
    sites: tuple[str, ...]
    wh: Any
    gone_wh: Any
    served: Any
    held: Standing
    of_ledger: tuple[str, ...]


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
        held: Lots of the ledger that nobody claimed before.
        fresh: What would be claimed of them: site, row of `held` and Wh `(n, 3)`.
        foreign: Devices matched of which the ledger has no lots.
    """

    year: str
    matching: Matching
    missing_hours: dict[str, int]
    gaps: dict[str, int]
    with_grid_share: float | None
    residual_kg: float | None
    local: Any
    held: Standing
    fresh: Any
    foreign: tuple[str, ...]

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
            "claimed_kwh": int(m.claims[: m.stood, 3].sum()) / 1000,
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
    first: Sequence[str] = (),
    config: EnergyConfig | None = None,
) -> YearMatched:
    """Match the hourly loads of a year with what plants and lots gave in the same hour.

    A site is served by its own plants first, then in the order of the sites by what may be
    delivered to its region: lots of that region, of one above it (`CN` serves `CN-HE`), or of none.
    Of devices with lots in the ledger those lots count, with the claims that stand; of other
    plants their meters. Nothing is retired; see `claim_lots`.

    Args:
        workspace: Its hourly meters, plants and sites.
        year: Fiscal year.
        basis: `hourly`, or `monthly`: all hours of a month as one.
        lots: Files of lots: device, start, kwh, region.
        grid: Hours of the grid: time, clean_share, residual_kg_per_kwh.
        first: Sites that are served before others, in this order.
        config: What is known of its energy; `energy.toml` where it is None.

    Raises:
        NotFoundError: `no-meter` where no site has hourly meters in the year, `unknown-site`.
        UsageError: `bad-year`, `bad-basis`.
        DataError: `bad-lots`, `bad-grid`.
    """
    if basis not in ("hourly", "monthly"):
        text = f"'{basis}' is not a basis."
        raise UsageError("bad-basis", text, "Write hourly or monthly.")
    told = config or energy_config(workspace)
    zone = told.calendar.zone
    hours, local = hours_of(workspace, year, zone)
    sites, loads, missing = _loads(workspace, hours, zone, first)
    given = _lots(workspace, told, lots, hours, local, sites, year.upper(), basis)
    own = np.array([[d == s for s in sites] for d in given.sites], bool).reshape(-1, len(sites))
    regions = {s.id: s.region for s in workspace.organisation.sites}
    reach = np.array(
        [[reaches(r, regions.get(s, "")) for s in sites] for r in given.regions], bool
    ).reshape(-1, len(sites))
    gaps = dict(zip(given.names, np.isnan(given.wh).sum(axis=1).tolist(), strict=True))
    lot_wh = np.round(np.nan_to_num(given.wh)).astype(np.int64)
    load_wh = np.round(np.nan_to_num(loads) * 1000).astype(np.int64)
    rules = (own, reach) if own.any() else (reach,)
    about = (hours, sites, load_wh, given.names, lot_wh, rules)
    made = match_hours(*about, basis=basis, served=given.served, local=local)
    made = replace(made, lot_wh=made.lot_wh + np.round(given.gone_wh).astype(np.int64))
    share = residual = None
    if grid is not None:
        clean, kg = _grid(grid, hours, zone)
        share = made.with_grid(clean) if basis == "hourly" else None
        residual = float(made.residual_kg(kg).sum()) if basis == "hourly" else None
    fresh = made.claims[made.stood :]
    ours = np.array([n in given.of_ledger for n in given.names], bool)
    foreign = tuple(given.names[d] for d in np.unique(fresh[:, 1]) if not ours[d])
    places = place_of(given.held, given.names, hours, local, basis)
    spread = spread_claims(fresh[ours[fresh[:, 1]]], given.held, places)
    return YearMatched(
        year.upper(), made, missing, gaps, share, residual, local, given.held, spread, foreign
    )


def hours_of(workspace: Workspace, year: str, zone: str) -> tuple[Any, Any]:
    """Beginnings of the hours of a fiscal year, in UTC and by the clock of a zone.

    Raises:
        UsageError: `bad-year`.
    """
    months = workspace.calendar.months(year.upper())
    edges = np.array([months[0], np.datetime64(months[-1], "M") + 1], "datetime64[s]")
    begin, past = utc_of(edges, zone)
    hours = np.arange(begin, past, HOUR)
    return hours, hours + offsets_of(hours, zone)


def reaches(lot: str, site: str) -> bool:
    """Whether lots of a region may be delivered to a site's region.

    Example:
        >>> reaches("CN", "CN-HE"), reaches("CN-HE", "CN"), reaches("EU", "DE"), reaches("", "DE")
        (True, False, True, True)
    """
    return not lot or lot in markets_of(site)


def place_of(held: Standing, names: Sequence[str], hours: Any, local: Any, basis: Basis) -> Any:
    """Device and hour of each lot, or first hour of its month; -1 for none `(rows, 2)`."""
    at = {n: k for k, n in enumerate(names)}
    distinct, back = np.unique(held.device, return_inverse=True)
    device = np.array([at.get(str(n), -1) for n in distinct], np.int64)[back]
    middle = held.start + (held.hours * HOUR - HOUR) // 2  # of a month's lot, whatever its clock
    hour = ((middle - hours[0]) // HOUR).astype(np.int64)
    inside = (device >= 0) & (hour >= 0) & (hour < len(hours))
    if basis == "hourly":
        inside &= held.hours == 1
    else:
        months = local.astype("datetime64[M]")
        begin = np.searchsorted(months, months)
        hour[inside] = begin[hour[inside]]
    return np.where(inside[:, None], np.stack([device, hour], axis=1), -1)


def spread_claims(claims: Any, held: Standing, places: Any) -> Any:
    """Claims taken from the lots of their device and hour, or month, the earliest first.

    Args:
        claims: Site, device, hour and Wh `(n, 4)`.
        held: The lots.
        places: Device and hour of each, as `place_of` gives them.

    Returns:
        Site, row of `held` and Wh `(m, 3)`.
    """
    usable = np.flatnonzero((places[:, 0] >= 0) & (held.wh > 0))
    size = 1 + max(int(places[:, 1].max(initial=0)), int(claims[:, 2].max(initial=0)))
    key = places[usable, 0] * size + places[usable, 1]
    usable = usable[np.lexsort((held.start[usable], key))]
    key = np.sort(key)
    wanted = claims[:, 1] * size + claims[:, 2]
    at = np.searchsorted(key, wanted)
    if (at >= len(key)).any() or (key[np.minimum(at, len(key) - 1)] != wanted).any():
        text = "The ledger holds less of a lot than sites claim."
        raise DataError(
            "lots-changed", text, "Undo claims of lots that are gone, then match again."
        )
    if (np.diff(key) > 0).all():  # one lot each, as by the hour
        lot = usable[at]
        return np.stack([claims[:, 0], lot, claims[:, 3]], axis=1)
    order = np.argsort(wanted, kind="stable")
    wanted, amounts, site = wanted[order], claims[order, 3], claims[order, 0]
    edge = np.concatenate([[0], np.cumsum(held.wh[usable])])  # lots, one after the other
    group = np.searchsorted(wanted, wanted)
    running = np.cumsum(amounts) - amounts
    begin = edge[np.searchsorted(key, wanted)] + running - running[group]
    cuts = np.unique(np.concatenate([begin, begin + amounts, edge]))
    low, length = cuts[:-1], np.diff(cuts)
    of = np.searchsorted(begin, low, side="right") - 1
    inside = (of >= 0) & (low < (begin + amounts)[np.maximum(of, 0)]) if len(begin) else low < 0
    lot = np.searchsorted(edge, low[inside], side="right") - 1
    return np.stack([site[of[inside]], usable[lot], length[inside]], axis=1)


def _loads(
    workspace: Workspace, hours: Any, zone: str, first: Sequence[str]
) -> tuple[tuple[str, ...], Any, dict[str, int]]:
    """Hourly load of each site with meters in these hours [kWh]; NaN where there is no reading."""
    names, rows, missing = [], [], {}
    known = hourly_sites(workspace)
    if unknown := sorted(set(first) - known):
        text = f"'{unknown[0]}' is not a site with hourly meters."
        raise NotFoundError("unknown-site", text, f"There are: {', '.join(sorted(known))}.")
    for site in dict.fromkeys([*first, *sorted(known)]):
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


def _lots(
    workspace: Workspace,
    config: EnergyConfig,
    files: Sequence[Path],
    hours: Any,
    local: Any,
    of_sites: tuple[str, ...],
    year: str,
    basis: Basis,
) -> _Lots:
    """Lots of the ledger, plants of energy.toml that have none there, and lots of files."""
    known = devices(workspace)
    held = standing(workspace, HELD)
    counts = ("hourly",) if basis == "hourly" else ("hourly", "monthly")
    claimed = _claimed(workspace, year, of_sites, counts)
    otherwise = _claimed(workspace, year, of_sites, () if len(counts) > 1 else ("monthly",))
    every = {name: (d.region, d.site, np.zeros(len(hours))) for name, d in known.items()}
    gone, issued = ({n: ("", "", np.zeros(len(hours))) for n in known} for _ in range(2))
    given = standing(workspace, ISSUER)
    given = replace(given, wh=-given.wh)  # what the issuer gave stands below zero
    for lots, rows in ((held, every), (claimed, every), (otherwise, gone), (given, issued)):
        _put(lots, rows, hours, local, basis)
    where = place_of(claimed, list(every), hours, local, basis)
    at = {s: k for k, s in enumerate(of_sites)}
    site = np.array([at[claim_site(a)] for a in claimed.account], np.int64)
    stood = where[:, 0] >= 0
    served = np.stack([site[stood], *where[stood].T, claimed.wh[stood]], axis=1)
    regions = {s.id: s.region for s in workspace.organisation.sites}
    begin = np.arange(len(hours))
    if basis == "monthly":
        begin = np.searchsorted(local.astype("datetime64[M]"), local.astype("datetime64[M]"))
    for roof in config.roofs:
        wh = np.maximum(power_at(roof.power, config, hours, HOUR), 0.0) * 1000
        if roof.plant.id in known:  # an hour without a lot and without a reading is not known
            row = every[roof.plant.id][2]
            empty = issued[roof.plant.id][2][begin] == 0
            row[np.isnan(wh) & empty] = np.nan
            if (wh[empty] > 0).any():
                name = f"{roof.plant.id} {NOT_ISSUED}"
                every[name] = (known[roof.plant.id].region, roof.site, np.where(empty, wh, 0.0))
            continue
        every[roof.plant.id] = (regions.get(roof.site, ""), roof.site, wh)
    for path in files:
        read = read_lots(path, config.calendar.zone, technology=ANY)
        for device in read.devices:
            if device.id in every:
                text = f"{path.name}: there are two devices '{device.id}'."
                raise DataError("bad-lots", text, "Give each its own name.")
            every[device.id] = (device.region, "", np.zeros(len(hours)))
        _put(_as_standing(read), every, hours, local, basis)
    places, sites = tuple(r for r, _, _ in every.values()), tuple(s for _, s, _ in every.values())
    wh = np.array([row for _, _, row in every.values()]).reshape(-1, len(hours))
    other = np.zeros_like(wh)
    for k, (_, _, row) in enumerate(gone.values()):
        other[k] = row
    told = (tuple(every), places, sites, wh, other, served.astype(np.int64))
    return _Lots(*told, held, tuple(known))


def _claimed(
    workspace: Workspace, year: str, sites: tuple[str, ...], bases: Sequence[str]
) -> Standing:
    """What sites claim for the year, by how it was matched; those with meters in it."""
    taken = [
        r
        for r in live_imports(workspace)
        if r.template.startswith(CLAIMED) and r.template.removeprefix(CLAIMED) in bases
    ]
    every = standing(workspace, retired_for(year, "%"), imports=taken)
    mine = np.isin([claim_site(a) for a in every.account], sites)
    columns = ("device", "start", "hours", "wh", "account")
    return Standing(*(getattr(every, name)[mine] for name in columns))


def claim_site(account: str) -> str:
    """Site of an account in which claimed lots end."""
    claim = claim_of(account)
    return claim[1] if claim else ""


def _put(
    lots: Standing, every: dict[str, tuple[str, str, Any]], hours: Any, local: Any, basis: Basis
) -> None:
    """Add lots to the hours of their devices, or to the first hour of their month."""
    where = place_of(lots, list(every), hours, local, basis)
    for k, (_, _, row) in enumerate(every.values()):
        mine = where[:, 0] == k
        np.add.at(row, where[mine, 1], np.maximum(lots.wh[mine], 0))


def _as_standing(read: LotsRead) -> Standing:
    names = np.array([d.id for d in read.devices] or [""])
    account = np.full(len(read.wh), HELD)
    return Standing(names[read.device], read.start, read.hours, read.wh, account)


def _grid(path: Path, hours: Any, zone: str) -> tuple[Any, Any]:
    """Clean share of the grid and its residual mix in each hour."""
    told = read_columns(path, GRID_COLUMNS, zone, "bad-grid")
    clean, kg = (Hourly(told.start, values, path.name).at(hours) for values in told.values)
    if np.isnan(clean).any() or np.isnan(kg).any() or (clean < 0).any() or (clean > 1).any():
        when = hours[int(np.argmax(np.isnan(clean) | np.isnan(kg)))]
        text = f"{path.name} has no value at {when} UTC, or a share beyond 0 to 1."
        raise DataError("bad-grid", text, "Give every hour of the year.")
    return clean, kg
