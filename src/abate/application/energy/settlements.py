"""Plans and meters meet: what a kept dispatch promised, beside what the meters show since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from abate.adapters.store.workspace import Workspace
from abate.application.energy.dispatches import bill_with, electricity_of, tariff_of_workspace
from abate.application.energy.meters import meters
from abate.application.energy.tariffs import EXPORT, require_apart
from abate.application.energy.usage import usage_of
from abate.application.inventory.inputs import read_terms
from abate.application.plans import INVENTORY, PlanShown, plan_of, value_sides
from abate.energy.facts.clocks import clock_at, utc_of
from abate.energy.facts.tariffs import Tariff
from abate.energy.planners.bills import Metered, bill_of
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.units import in_kg

DISPATCH = "dispatch"
ELECTRICITY = "electricity"
VIEWS = ("location", "market")
LEAST_KWH = 1e-6


@dataclass(frozen=True, slots=True)
class Sides:
    """A quantity without the plan, as planned, and as it came.

    Args:
        without: Of the baseline.
        planned: What the plan promised.
        came: What the meters show.
    """

    without: float
    planned: float
    came: float

    @property
    def kept_share(self) -> float | None:
        """Share of the promised saving that came; None where none was promised."""
        promised = self.without - self.planned
        return (self.without - self.came) / promised + 0.0 if abs(promised) > 1e-9 else None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A dispatch that was planned, settled against the meters.

    Args:
        plan: Name of the plan.
        site: Its site.
        first: First moment, by the clock of the tariff.
        past: The one after the last.
        meters: Meters that say what came from the grid.
        currency: Of the cost.
        missing_steps: Steps without a reading: what came is at least what is told.
        steps: All of them.
        cost: By the plan's tariff.
        kwh: From the grid.
        kg: CO2e by view, valued like the inventory.
        export_unseen: Whether the plan feeds in and no meter of that was named.
    """

    plan: str
    site: str
    first: str
    past: str
    meters: tuple[str, ...]
    currency: str
    missing_steps: int
    steps: int
    cost: Sides
    kwh: Sides
    kg: dict[str, Sides]
    export_unseen: bool = False

    @property
    def incomplete(self) -> list[Json]:
        """What is not known: then no share of the saving is told."""
        lacks: list[Json] = []
        if self.missing_steps:
            lacks.append({"code": "steps-missing", "rows": self.missing_steps})
        if self.export_unseen:
            lacks.append({"code": "export-not-metered", "rows": self.steps})
        return lacks

    def kept(self, sides: Sides) -> float | None:
        """Share of the promised saving that came; None where something is not known."""
        return None if self.incomplete else sides.kept_share

    @property
    def json(self) -> Json:
        """As machines get it."""
        told = asdict(self) | {"meters": list(self.meters)}
        for name in ("cost", "kwh"):
            told[name]["kept_share"] = self.kept(getattr(self, name))
        for view, sides in self.kg.items():
            told["kg"][view]["kept_share"] = self.kept(sides)
        return told | {"incomplete": self.incomplete}


def settle_plan(workspace: Workspace, name: str, named: Sequence[str] = ()) -> Settlement:
    """Settle a kept dispatch: the grid's energy by the meters, billed and valued as the plan was.

    The plan's baseline is what would have been without it, as it was forecast or known then. Where
    a plan was made on forecasts, what differs is their error and how the site was run.

    Args:
        workspace: The workspace.
        name: Of the plan.
        named: Meters of the connection; those of the site's electricity that are posted where none
            are named.

    Raises:
        NotFoundError: `no-plan`, `unknown-meter`, `no-meter`, `no-readings`, `no-tariff`.
        UsageError: `plan-not-settled` where it is no dispatch, or no reading falls into it.
    """
    plan = plan_of(workspace, name)
    if plan.domain != DISPATCH:
        text = f"'{name}' is no dispatch: it says nothing that meters could show."
        raise UsageError("plan-not-settled", text, "See 'abate plans' for those of dispatch.")
    told = plan.told
    site = str(told["site"])
    tariff = tariff_of_workspace(workspace, str(told["tariff"]))
    wanted = tuple(named) or tuple(
        m.meter
        for m in meters(workspace)
        if m.site == site and m.kind == ELECTRICITY and m.is_posted
    )
    if not wanted:
        text = f"'{site}' has no meter of electricity from the grid."
        raise NotFoundError("no-meter", text, "Load its readings, or name one with --meter.")
    came = _came(workspace, told, tariff, wanted)
    clock, kwh = came.metered.clock, came.metered.import_kwh
    earlier = _before(told, tariff)
    if earlier is not None and earlier.clock.step_s != clock.step_s:
        earlier = None
    bill = bill_with(tariff, earlier, came.metered).total
    bill -= bill_of(tariff, earlier).total if earlier is not None else 0.0
    months, back = np.unique(clock.months, return_inverse=True)
    by_month = {str(m): float(v) for m, v in zip(months, np.bincount(back, kwh), strict=True)}
    side = electricity_of(workspace, site, by_month, "metered")
    terms = read_terms(workspace, plan.gwp_set, plan.boundary, None)
    valued = value_sides(workspace, {"came": side}, workspace.organisation, terms, name=name)
    kg = {
        view: Sides(
            _kg(plan, "baseline", view),
            _kg(plan, "proposed", view),
            sum(in_kg(x.co2e_mg) for x in valued.values() if (x.scope, x.view) == ("2", view)),
        )
        for view in VIEWS
    }
    without, planned = (_quantity(plan, s) for s in ("baseline", "proposed"))
    return Settlement(
        name,
        site,
        str(told["from"]),
        str(told["to"]),
        wanted,
        str(told["currency"]),
        came.missing_steps,
        came.steps,
        Sides(float(told["before"]), float(told["after"]), float(bill)),
        Sides(without, planned, float(kwh.sum())),
        kg,
        bool(float(told["export_kwh"]) > LEAST_KWH and not came.sees_export),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Came:
    """What meters show of the time of a plan; steps without a reading count as nothing."""

    metered: Metered
    steps: int
    missing_steps: int
    sees_export: bool


def _came(workspace: Workspace, told: Json, tariff: Tariff, wanted: Sequence[str]) -> _Came:
    """Readings of the connection between the first and the last moment of a plan."""
    require_apart(workspace, wanted)
    edges = np.array([told["from"], told["to"]], "datetime64[s]")
    begin, past = utc_of(edges, tariff.calendar.zone)
    first, last = (at.astype("datetime64[s]").item() for at in (begin, past))
    usage = usage_of(workspace, wanted, first=first, past=last, checked=False)
    exports = np.array([usage.flow(m) == EXPORT for m in range(len(usage.names))])
    taken, given = usage.values[~exports].sum(axis=0), usage.values[exports].sum(axis=0)
    read = ~np.isnan(usage.values).any(axis=0)
    if not read.any():
        text = f"No reading of {', '.join(wanted)} lies between {told['from']} and {told['to']}."
        raise UsageError("plan-not-settled", text, "Load the readings of that time first.")
    steps = int((last - first).total_seconds()) // usage.step_s
    sides = (np.where(read, side, 0.0) for side in (taken, given))
    metered = Metered(clock_at(tariff.calendar, usage.start, usage.step_s), *sides)
    return _Came(metered, steps, steps - int(read.sum()), bool(exports.any()))


def _before(told: Json, tariff: Tariff) -> Metered | None:
    """The days of the first month before the plan, as it kept them; None where it did not."""
    kept = told.get("days_before")
    if kept is None:
        return None
    step = np.timedelta64(int(told["step_s"]), "s")
    start = np.datetime64(kept["start"], "s") + np.arange(len(kept["import_kwh"])) * step
    clock = clock_at(tariff.calendar, start, int(told["step_s"]))
    return Metered(clock, np.array(kept["import_kwh"]), np.array(kept["export_kwh"]))


def _kg(plan: PlanShown, side: str, view: str) -> float:
    return sum(
        in_kg(x.co2e_mg)
        for x in plan.lines
        if (x.side, x.scope, x.view, x.book) == (side, "2", view, INVENTORY)
    )


def _quantity(plan: PlanShown, side: str) -> float:
    """Energy of a side: each month once."""
    return sum({x.month: float(x.quantity) for x in plan.lines if x.side == side}.values())
