"""What the forecasts of a group's sites come to: emissions by day, plants, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.energy_config import CONFIG, EnergyConfig, read_energy
from abate.adapters.store.workspace import Workspace
from abate.application.energy.batches import clock_of, fan_spec, forecast_rows, span_s
from abate.application.energy.forecasts import (
    HOUR,
    SiteForecast,
    business_members,
    forecast_site,
    post_forecast,
    site_readings,
)
from abate.energy.facts.clocks import clock_at
from abate.energy.planners.bills import Metered, bill_of
from abate.energy.planners.generation import Generation
from abate.energy.planners.load import Ensemble
from abate.kernel.edges import Json
from abate.kernel.finding import Finding
from abate.kernel.units import in_t

LEVELS = ("mean", "p05", "p95")


@dataclass(frozen=True, slots=True)
class DayEmissions:
    """Expected emissions of a site on a day.

    Args:
        site: The site.
        day: The day, as YYYY-MM-DD.
        view: `location` or `market`.
        mean: Expected [t CO2e].
        p05: Lower end of the 90 % range [t CO2e].
        p95: Upper end of the 90 % range [t CO2e].
    """

    site: str
    day: str
    view: str
    mean: float
    p05: float
    p95: float


@dataclass(frozen=True, slots=True)
class PlantOutlook:
    """What a plant is expected to give.

    Args:
        plant: The plant.
        site: Its site.
        component: Which model it stands on.
        kwh: Sum of each hour's quantile, `p05`, `p50` and `p95` [kWh].
    """

    plant: str
    site: str
    component: str
    kwh: dict[str, float]


@dataclass(frozen=True, slots=True)
class CostOutlook:
    """What the electricity is expected to cost by the tariff.

    Args:
        mean: Expected [currency].
        p05: Lower end of the 90 % range [currency].
        p95: Upper end of the 90 % range [currency].
        currency: Of the tariff.
    """

    mean: float
    p05: float
    p95: float
    currency: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecasts of several sites together.

    Args:
        members: Meters, sites and businesses, which add up member by member.
        emissions: By site, day and view.
        plants: Plants of the sites.
        cost: None without a tariff.
    """

    members: Ensemble
    emissions: tuple[DayEmissions, ...]
    plants: tuple[PlantOutlook, ...]
    cost: CostOutlook | None


def outlook(workspace: Workspace, made: Sequence[SiteForecast], config: EnergyConfig) -> Outlook:
    """Put the forecasts of sites together.

    Args:
        workspace: Whose sites.
        made: Their forecasts, of one moment.
        config: Whose tariff counts.

    Raises:
        UsageError: `bad-moment` where they begin at different moments.
    """
    members = business_members(workspace, list(made))
    plants = tuple(
        PlantOutlook(roof.plant.id, m.site, given.component, _plant_kwh(given))
        for m in made
        for roof, given in m.roofs
    )
    meters = sum(len(m.told.members.names) for m in made)
    return Outlook(members, _emissions(made), plants, _cost(config, members, meters))


def _emissions(made: Sequence[SiteForecast]) -> tuple[DayEmissions, ...]:
    tonnes: dict[tuple[str, str, str], dict[str, float]] = {}
    for m in made:
        for line in m.lines:
            if line.view in ("location", "market") and line.level in LEVELS:
                key = (m.site, str(line.period_start)[:10], line.view)
                levels = tonnes.setdefault(key, dict.fromkeys(LEVELS, 0.0))
                levels[line.level] += in_t(line.co2e_mg or 0)
    return tuple(
        DayEmissions(site, day, view, *(levels[k] for k in LEVELS))
        for (site, day, view), levels in tonnes.items()
    )


def _plant_kwh(given: Generation) -> dict[str, float]:
    hours = float((given.start[1] - given.start[0]) / HOUR) if len(given.start) > 1 else 1.0
    return {f"p{k:02d}": float(given.quantiles[:, k - 1].sum() * hours) for k in (5, 50, 95)}


def _cost(config: EnergyConfig, members: Any, meters: int) -> CostOutlook | None:
    if config.tariff is None:
        return None
    step_s = int((members.start[1] - members.start[0]) / np.timedelta64(1, "s"))
    clock = clock_at(config.tariff.calendar, members.start, step_s)
    usage = np.maximum(members.values[:, :meters].sum(axis=1), 0.0)
    costs = np.array([bill_of(config.tariff, Metered(clock, one)).total for one in usage])
    low, high = np.quantile(costs, [0.05, 0.95])
    return CostOutlook(float(costs.mean()), float(low), float(high), config.tariff.currency)


@dataclass(frozen=True, slots=True, eq=False)
class SitesForecast:
    """Forecasts of sites and what they come to.

    Args:
        sites: The sites.
        issued: Moment of issue, UTC.
        found: Sums, emissions, plants, cost.
        refitted: Sites of which a model was fitted again.
        kept: Names under which they were kept.
        findings: What the readings show.
        fan: Chart of their sum.
    """

    sites: tuple[str, ...]
    issued: str
    found: Outlook
    refitted: tuple[str, ...]
    kept: tuple[str, ...]
    findings: tuple[Finding, ...]
    fan: Json

    @property
    def rows(self) -> list[Json]:
        """Mean and quantiles of every series and hour."""
        return forecast_rows(self.found.members)

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "sites": list(self.sites),
            "issued": self.issued,
            "forecasts": list(self.kept),
            "refitted": list(self.refitted),
            "emissions_t": self.found.emissions,
            "plants": self.found.plants,
            "cost": self.found.cost,
            "findings": [f.json for f in self.findings],
            "rows": self.rows,
        }


def forecast_sites(
    workspace: Workspace,
    sites: Sequence[str],
    *,
    ahead: str,
    issued: str = "",
    seed: int = 1,
    energy: Path | None = None,
    post: bool = False,
    now: datetime,
) -> SitesForecast:
    """Forecast sites of a workspace: meters, sites, businesses, emissions by day, plants, cost.

    Args:
        workspace: Whose meters.
        sites: The sites.
        ahead: How far: 24h, 7d, 6m, 1y.
        issued: Moment of issue on the calendar's clock; the end of the readings where it is empty.
        seed: Same data and seed, same bytes.
        energy: TOML of holidays, weather, plants, tariff; `energy.toml` of the workspace.
        post: Whether each is kept, to be compared with meters later.
        now: When it is kept.

    Raises:
        UsageError: Where a span or a moment cannot be read.
        DataError: Where there are too few readings.
    """
    path = energy or workspace.root / CONFIG
    config = read_energy(path) if energy or path.is_file() else EnergyConfig()
    when = clock_of(issued, config.calendar.zone) if issued else None
    made = [
        forecast_site(workspace, s, config, ahead_s=span_s(ahead), issued=when, seed=seed)
        for s in sites
    ]
    kept = [post_forecast(workspace, m, now=now) for m in made] if post else []
    found = outlook(workspace, made, config)
    return SitesForecast(
        tuple(sites),
        str(made[0].told.issued),
        found,
        tuple(m.site for m in made if m.refitted),
        tuple(kept),
        tuple(f for m in made for f in m.findings),
        fan_spec(found.members, site_readings(workspace, sites[0]), "kWh"),
    )
