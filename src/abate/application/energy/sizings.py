"""Sizing of a site of the workspace: what to build there, and what it saves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np

from abate.adapters.readers.energy_config import EnergyConfig, TechnologyKeys
from abate.adapters.store.workspace import Workspace
from abate.application.energy.dispatches import (
    DispatchSpec,
    SiteCase,
    energy_config,
    monthly_activities,
    power_at,
    site_case,
)
from abate.application.plans import post_plan
from abate.disclosure.energy_charts import tornado_chart
from abate.energy.facts.microgrids import Array, Microgrid
from abate.energy.planners.sizing import Finance, SizePlan, Technology, size_site
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError
from abate.kernel.plan import Plan, Proof


@dataclass(frozen=True, slots=True, eq=False)
class SiteSizing:
    """Sizes for a site.

    Args:
        site: The site.
        currency: Of the costs.
        case: Its load and prices.
        plan: What to build.
        finance: How years are weighed.
        left_out: What stands at the site and is not counted.
    """

    site: str
    currency: str
    case: SiteCase
    plan: SizePlan
    finance: Finance
    left_out: tuple[str, ...] = ()

    @property
    def json(self) -> Json:
        """As machines get it."""
        plan, clock = self.plan, self.case.clock
        return {
            "site": self.site,
            "tariff": self.case.tariff.id,
            "currency": self.currency,
            "from": str(clock.local[0]),
            "to": str(clock.local[-1] + np.timedelta64(clock.step_s, "s")),
            "years": self.finance.years,
            "discount": self.finance.discount,
            "built": [asdict(b) for b in plan.built],
            "npv": plan.npv,
            "cost_without": plan.cost_without,
            "cost_with": plan.cost_with,
            "invested": plan.invested,
            "payback_years": plan.payback_years,
            "self_use_share": plan.self_use_share,
            "supply_share": plan.supply_share,
            "import_kwh": plan.import_kwh,
            "export_kwh": plan.export_kwh,
            "left_out": list(self.left_out),
            "missed": [{"limit": n, "kwh": v} for n, v in plan.missed],
            "sensitivity": [
                {"input": n, "lower": low, "higher": high} for n, low, high in plan.sensitivity
            ],
        }

    @property
    def charts(self) -> list[Json]:
        """The sensitivity as a tornado."""
        rows = self.json["sensitivity"]
        return [tornado_chart(rows, self.plan.npv, self.currency)]


def size_of(
    workspace: Workspace, spec: DispatchSpec, *, config: EnergyConfig | None = None
) -> SiteSizing:
    """What to build at a site so that the net present value is highest.

    Args:
        workspace: The workspace.
        spec: Which site and which readings stand for a year; `objective`, `ahead_h` and `front` do
            not count.
        config: What is known of its energy; `energy.toml` of the workspace where it is None.

    Raises:
        NotFoundError: `no-meter`, `unknown-meter`, `no-tariff`.
        UsageError: `nothing-to-size`, `no-tariff-named`, `bad-technology`, `no-price`.
        DataError: `dispatch-gap` where load or a profile is missing.
    """
    told = config or energy_config(workspace)
    keys = [t for t in told.technologies if t.site == spec.site]
    if not keys:
        text = f"energy.toml names nothing that may be built at '{spec.site}'."
        raise UsageError("nothing-to-size", text, "Add [[technologies]] with its costs.")
    case = site_case(workspace, spec, told)
    built = tuple(_technology(k, told, case) for k in keys)
    grid = Microgrid(
        np.maximum(case.load_kw - case.generation_kw, 0.0),
        case.prices.buy_per_kwh,
        case.clock.step_h,
        sell_per_kwh=case.prices.sell_per_kwh,
        import_max_kw=case.connection.import_max_kw,
        export_max_kw=case.connection.export_max_kw,
        peaks=case.prices.peaks,
        carbon_kg_per_kwh=case.carbon,
        carbon_price=case.connection.carbon_price,
    )
    stands = case.connection.batteries
    plan = size_site(grid, built, told.finance, case.connection.limits, stands)
    left = []
    if case.connection.shiftable:
        left.append("loads that may be moved, which stand already")
    if (case.generation_kw > case.load_kw).any():
        left.append("what plants that stand already give beyond the load")
    return SiteSizing(spec.site, case.tariff.currency, case, plan, told.finance, tuple(left))


def _technology(keys: TechnologyKeys, config: EnergyConfig, case: SiteCase) -> Technology:
    profile = _profile(keys, config, case) if keys.kind == "generator" else np.empty(0)
    return Technology(
        keys.id,
        keys.kind,
        keys.cost_per_kw,
        keys.cost_per_kwh,
        keys.om_per_kw,
        profile,
        keys.max_kw,
        keys.max_kwh,
        keys.min_kw,
        keys.loss,
        keys.life_years,
        keys.replace_share,
        keys.credit_share,
        tuple(keys.depreciation),
        (keys.charge_efficiency, keys.discharge_efficiency),
        0.0,
        keys.low_share,
        keys.cycle_cost,
    )


def _profile(keys: TechnologyKeys, config: EnergyConfig, case: SiteCase) -> Array:
    """Power of one kW in each step: of a file, or of a plant that stands already."""
    roof = next((r for r in config.roofs if r.plant.id == keys.plant), None)
    if keys.plant and roof is None:
        text = f"'{keys.id}' names the plant '{keys.plant}', of which energy.toml says nothing."
        raise UsageError("bad-technology", text, "Name a plant of [[plants]], or a file.")
    if roof is None and not keys.profile:
        text = f"'{keys.id}' has no profile."
        raise UsageError("bad-technology", text, "Name a file of it, or a plant.")
    path = roof.power if roof else config.folder / keys.profile.rpartition("/")[2]
    step = np.timedelta64(case.clock.step_s, "s")
    values = power_at(path, config, case.clock.start, step)
    if np.isnan(values).any():
        at = case.clock.local[int(np.argmax(np.isnan(values)))]
        raise DataError(
            "dispatch-gap",
            f"{path.name} has no power for {at}.",
            "Choose another stretch with --from and --span, or load the missing readings.",
        )
    share: Array = np.maximum(values, 0.0) / (roof.plant.capacity_kw if roof else 1.0)
    return share


def post_sizing(workspace: Workspace, made: SiteSizing, *, name: str, now: datetime) -> Plan:
    """Keep sizes as a plan: electricity of the grid without what is built and with it.

    Raises:
        UsageError: `plan-not-valued`.
    """
    case, hours = made.case, made.case.clock.step_h
    without = np.maximum(case.load_kw - case.generation_kw, 0.0)
    baseline, proposed = (
        monthly_activities(workspace, made.site, case.clock, kw, basis)
        for basis, kw in (("baseline", without), ("planned", made.plan.sized.taken / hours))
    )
    titles = ", ".join(f"{b.id} {b.kw:,.0f} kW" for b in made.plan.built)
    cost = made.plan.cost_with - made.plan.cost_without
    proof = Proof(made.plan.cost_with, made.plan.cost_with, made.currency, 0, "optimal")
    title = f"{made.site}: {titles}"
    plan = Plan(name, title, baseline, proposed, cost, made.currency, proof)
    post_plan(workspace, plan, domain="sizing", facts=made.json, now=now)
    return plan
