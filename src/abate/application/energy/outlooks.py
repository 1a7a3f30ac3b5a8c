"""What the forecasts of a group's sites come to: emissions by day, plants, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from abate.adapters.readers.energy_config import EnergyConfig
from abate.adapters.store.workspace import Workspace
from abate.application.energy.forecasts import HOUR, SiteForecast, business_members
from abate.energy.planners.generation import Generation
from abate.energy.planners.load import Ensemble
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
    costs = config.tariff.cost(members.values[:, :meters].sum(axis=1), members.start)
    low, high = np.quantile(costs, [0.05, 0.95])
    return CostOutlook(float(costs.mean()), float(low), float(high), config.tariff.currency)
