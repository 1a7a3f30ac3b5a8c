"""Dispatch of a site of the workspace: what its tariff charges without a plan and with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from abate.adapters.readers.energy_config import CONFIG, Connection, EnergyConfig, read_energy
from abate.adapters.readers.series import read_series, zone_of
from abate.adapters.readers.tariff_files import find_tariff, read_hourly
from abate.adapters.store.workspace import Workspace
from abate.application.energy.batches import moment_of, span_s
from abate.application.energy.forecasts import hourly_sites, site_readings
from abate.application.energy.foresight import Foreseen, Past, foresee
from abate.application.energy.tariffs import folders_of, require_apart
from abate.application.energy.usage import usage_of
from abate.application.inventory.inputs import read_terms
from abate.application.plans import post_plan, value_sides
from abate.disclosure.energy_charts import (
    dispatch_chart,
    front_chart,
    heat_chart,
    storage_chart,
)
from abate.energy.facts.clocks import Clock, clock_at, utc_of
from abate.energy.facts.microgrids import Array, Deferrable, Microgrid
from abate.energy.facts.readings import Readings, as_energy, as_power
from abate.energy.facts.tariffs import MINUTES, Tariff
from abate.energy.planners.bills import Bill, Metered, bill_of
from abate.energy.planners.dispatch import Breach, Dispatched, dispatch
from abate.energy.planners.pricing import Prices, above_reached, prices_of
from abate.energy.planners.rolling import Rolled, roll
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError
from abate.kernel.plan import Plan, Proof
from abate.kernel.units import in_kg

Objective = Literal["cost", "carbon"]
HOUR = np.timedelta64(3600, "s")
WEEK_H = 168
DAYS_BEFORE = 32
"""Of what was known before the steps: four weeks, and a whole month of power that counts."""
FRONT = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Prices of a kilogram of CO2e at which the front of cost and carbon is drawn."""
TINY = 1e-6
"""What money counts where carbon is least: of plans alike in carbon the cheaper one."""


@dataclass(frozen=True, slots=True)
class DispatchSpec:
    """What is to be dispatched.

    Args:
        site: Site of the workspace.
        first: First moment, by the clock of the tariff, such as 2024-07-01; a week before the end
            of the readings where empty.
        span: How long: 7d, 1m, 1y.
        meters: Meters that say the load; the hourly meters of the site's buildings where none are
            named.
        tariff: Name of a tariff, in place of that of `energy.toml`.
        objective: What is least: `cost`, or `carbon` of what is taken from the grid.
        ahead_h: Plan on forecasts this many hours ahead, in place of perfect foresight; 0 for that.
        front: Whether the front between cost and carbon is drawn.
        quantile: Of load on which forecasts are planned, with the opposite one of generation.
    """

    site: str
    first: str = ""
    span: str = "7d"
    meters: tuple[str, ...] = ()
    tariff: str = ""
    objective: Objective = "cost"
    ahead_h: int = 0
    front: bool = False
    quantile: float = 0.5

    def __post_init__(self) -> None:
        span_s(self.span)
        if not 0 < self.quantile < 1:
            text = f"{self.quantile:g} is no quantile."
            raise UsageError("bad-number", text, "Give one between 0 and 1, such as 0.8.")
        if self.first:
            moment_of(self.first)
        if self.objective not in ("cost", "carbon"):
            text = f"'{self.objective}' is not an objective."
            raise UsageError("bad-objective", text, "Write cost or carbon.")
        if not 0 <= self.ahead_h <= WEEK_H:
            text = f"{self.ahead_h} hours ahead."
            raise UsageError("bad-span", text, f"Give 1 to {WEEK_H} hours, or 0.")


@dataclass(frozen=True, slots=True, eq=False)
class SiteCase:
    """A site over some steps.

    Args:
        clock: The steps.
        load_kw: Its load.
        plants: Power of each plant.
        past: What was known before and during the steps; a month and more of it.
        tariff: Its tariff.
        connection: Its connection.
        prices: Of the tariff in each step.
        carbon: Of a kWh from the grid in each step [kg].
    """

    clock: Clock
    load_kw: Array
    plants: dict[str, Array]
    past: Past
    tariff: Tariff
    connection: Connection
    prices: Prices
    carbon: Array

    @property
    def generation_kw(self) -> Array:
        """Power of all plants [kW]."""
        total = np.zeros(len(self.clock))
        for one in self.plants.values():
            total = total + one
        return total


@dataclass(frozen=True, slots=True)
class Point:
    """A plan between cost and carbon.

    Args:
        carbon_price: What a kilogram of CO2e counts; None where only carbon counts.
        cost: What it costs.
        carbon_kg: Of what is taken from the grid.
    """

    carbon_price: float | None
    cost: float
    carbon_kg: float


@dataclass(frozen=True, slots=True, eq=False)
class SiteDispatch:
    """A dispatch of a site.

    Args:
        site: The site.
        tariff: Its tariff.
        clock: The steps.
        grid: What was planned.
        plants: Power that each plant gave [kW].
        made: The plan.
        rolled: The same with its regret, where it was planned on forecasts.
        before: Bill without a plan: load less generation as they come.
        after: Bill with it.
        front: Plans between cost and carbon.
        left_out: Lines of the tariff that the plan does not see in full.
        objective: What is least.
        idle: Dispatch without a plan.
        foreseen: Forecasts that the plan stood on; None with perfect foresight.
        days_before: What was taken in the first month before the steps, which both bills hold, too;
            None where it is not known.
    """

    site: str
    tariff: Tariff
    clock: Clock
    grid: Microgrid
    plants: dict[str, Array]
    made: Dispatched
    rolled: Rolled | None
    before: Bill
    after: Bill
    front: tuple[Point, ...]
    left_out: tuple[tuple[str, str], ...]
    objective: str
    idle: Dispatched
    foreseen: Foreseen | None = None
    days_before: Metered | None = None

    @property
    def earlier(self) -> float:
        """Bill of the days of the first month before the steps."""
        return 0.0 if self.days_before is None else bill_of(self.tariff, self.days_before).total

    @property
    def wear(self) -> float:
        """What batteries wear, and what load that is left out costs."""
        shed_kwh = float(self.made.shed_kw.sum()) * self.grid.step_h
        return self.made.wear_cost + self.grid.shed_cost * shed_kwh

    @property
    def saving(self) -> float:
        """What the plan saves: by the bills, less wear."""
        return self.before.total - self.after.total - self.wear

    @property
    def rows(self) -> list[Json]:
        """Each step with its powers [kW] and what is stored [kWh]."""
        made, grid = self.made, self.grid
        columns: dict[str, Array] = {
            "load_kw": grid.load_kw,
            **{f"{name}_kw": values for name, values in self.plants.items()},
            "used_kw": made.used_kw,
            "import_kw": made.import_kw,
            "export_kw": made.export_kw,
            "shed_kw": made.shed_kw,
            "without_kw": self.idle.import_kw,
            "price": grid.buy_per_kwh,
        }
        for k, b in enumerate(grid.batteries):
            columns[f"{b.id}_charge_kw"] = made.charge_kw[k]
            columns[f"{b.id}_discharge_kw"] = made.discharge_kw[k]
            columns[f"{b.id}_stored_kwh"] = made.stored_kwh[k]
        for name, values in self._moved.items():
            columns[f"{name}_kw"] = values
        told = {n: np.round(np.asarray(v, np.float64), 6).tolist() for n, v in columns.items()}
        start = [str(s) for s in self.clock.local]
        return [{"start": at, **{n: v[t] for n, v in told.items()}} for t, at in enumerate(start)]

    @property
    def _moved(self) -> dict[str, Array]:
        """Power of each load that may be moved, its days together."""
        found: dict[str, Array] = {}
        for one, kw in zip(self.grid.deferrables, self.made.deferred_kw, strict=True):
            name = one.id.rsplit(" ", 1)[0]
            found[name] = found.get(name, np.zeros(len(self.clock))) + kw
        return found

    @property
    def json(self) -> Json:
        """As machines get it, without the steps."""
        made = self.made
        return {
            "site": self.site,
            "tariff": self.tariff.id,
            "currency": self.tariff.currency,
            "from": str(self.clock.local[0]),
            "to": str(self.clock.local[-1] + np.timedelta64(self.clock.step_s, "s")),
            "step_s": self.clock.step_s,
            "objective": self.objective,
            "way": made.way,
            "before": self.before.total - self.earlier,
            "after": self.after.total - self.earlier,
            "wear": self.wear,
            "saving": self.saving,
            "carbon_kg": made.carbon_kg,
            "carbon_kg_without": self.idle.carbon_kg,
            "import_kwh": float(made.import_kw.sum()) * self.grid.step_h,
            "export_kwh": float(made.export_kw.sum()) * self.grid.step_h,
            "highest_kw": float(made.import_kw.max()),
            "highest_kw_without": float(self.idle.import_kw.max()),
            "regret": self.rolled.regret if self.rolled else None,
            "foreseen_by": self.foreseen.by if self.foreseen else None,
            "inside_80": self._inside_80,
            "breaches": [_breach_json(b, self.clock) for b in made.breaches],
            "left_out": [{"line": n, "why": w} for n, w in self.left_out],
            "findings": [f.json for f in self.after.findings],
            "front": [asdict(p) for p in self.front],
        }

    @property
    def _inside_80(self) -> float | None:
        """Share of the steps in which net load came within the range foreseen."""
        if self.foreseen is None:
            return None
        return self.foreseen.inside_80(self.grid.load_kw - self.grid.generation_kw)

    @property
    def charts(self) -> list[Json]:
        """Pictures: its first week, what is stored, all hours from two weeks on, the front."""
        names = [b.id for b in self.grid.batteries]
        rows = self.rows[: int(WEEK_H / self.clock.step_h)]
        made = [dispatch_chart(rows, names)]
        if names:
            made.append(storage_chart(rows, names))
        if len(self.clock) * self.clock.step_h > 2 * WEEK_H:
            title = "Power from the grid by day and hour"
            made.append(heat_chart(self._by_hour, title=title, unit="kW"))
        if self.front:
            made.append(front_chart([asdict(p) for p in self.front], self.tariff.currency))
        return made

    @property
    def _by_hour(self) -> list[Json]:
        """Mean power from the grid of each hour."""
        hour = self.clock.local.astype("datetime64[h]")
        hours, back = np.unique(hour, return_inverse=True)
        mean = np.bincount(back, self.made.import_kw) / np.bincount(back)
        return [
            {"day": str(h)[:10], "hour": int(str(h)[11:13]), "value": round(float(v), 3)}
            for h, v in zip(hours, mean, strict=True)
        ]


def _breach_json(breach: Breach, clock: Clock) -> Json:
    at = str(clock.local[breach.step]) if breach.step >= 0 else ""
    return {**asdict(breach), "at": at, "mend": breach.mend}


def energy_config(workspace: Workspace, path: Path | None = None) -> EnergyConfig:
    """What `energy.toml` of a workspace says; of a demo that keeps it in `energy/`, that one.

    Raises:
        ConfigError: `bad-energy`.
    """
    places = [path] if path else [workspace.root / CONFIG, workspace.root / "energy" / CONFIG]
    there = next((p for p in places if p is not None and p.is_file()), None)
    return read_energy(there, folders_of(workspace)) if there else EnergyConfig()


def dispatch_site(
    workspace: Workspace, spec: DispatchSpec, *, config: EnergyConfig | None = None
) -> SiteDispatch:
    """Plan a site's batteries and loads over some days, and bill it with and without the plan.

    With perfect foresight the load and generation that came are known; with `ahead_h` they are
    planned on forecasts, made at the beginning of every day from what was known then: the load
    model, and each plant's. Without two weeks of history, or over more than two months: of each
    hour the mean of the last four same weekdays of load, and of the last seven days of generation.

    Args:
        workspace: The workspace.
        spec: Which site, when, what is least.
        config: What is known of its energy; `energy.toml` of the workspace where it is None.

    Raises:
        NotFoundError: `no-meter`, `unknown-meter`, `no-tariff`.
        UsageError: `no-tariff-named`, `nothing-to-dispatch`, `bad-dispatch`,
            `pays-to-pass-through`, `no-price`, `falling-tiers`, `plan-not-valued`.
        DataError: `dispatch-gap` where load or generation is missing.
    """
    told = config or energy_config(workspace)
    case = site_case(workspace, spec, told)
    connection = case.connection
    if not (case.plants or connection.batteries or connection.shiftable):
        raise UsageError(
            "nothing-to-dispatch",
            f"'{spec.site}' has no plant, battery or load that may be moved.",
            "Write them into energy.toml: [[plants]], [[batteries]], [[shiftable]].",
        )
    earlier = _priced(case.tariff, earlier_days(case))
    if earlier is not None:
        peaks = tuple(above_reached(case.tariff, earlier, case.prices.peaks))
        case = replace(case, prices=replace(case.prices, peaks=peaks))
    grid = _grid(case, spec.objective)
    idle = dispatch(_without_plan(_grid(case, "cost")))
    rolled = foreseen = None
    if spec.ahead_h:
        foreseen = foresee(spec.site, case.clock, case.past, told, spec.ahead_h, spec.quantile)
        rolled = roll(grid, foreseen.outlooks)
    made = rolled.settled if rolled else dispatch(grid)
    cost = _grid(case, "cost")
    before, after = (_bill(case, one, earlier) for one in (idle, made))
    return SiteDispatch(
        spec.site,
        case.tariff,
        case.clock,
        cost,
        case.plants,
        made,
        rolled,
        before,
        after,
        _front(case) if spec.front else (),
        case.prices.left_out,
        spec.objective,
        idle,
        foreseen,
        earlier,
    )


def _bill(case: SiteCase, made: Dispatched, earlier: Metered | None) -> Bill:
    hours = case.clock.step_h
    metered = Metered(case.clock, made.import_kw * hours, made.export_kw * hours)
    return bill_with(case.tariff, earlier, metered)


def bill_with(tariff: Tariff, earlier: Metered | None, metered: Metered) -> Bill:
    """Bill of some steps, with those of their first month before them."""
    if earlier is not None:
        start = np.concatenate([earlier.clock.start, metered.clock.start])
        metered = Metered(
            clock_at(tariff.calendar, start, metered.clock.step_s),
            np.concatenate([earlier.import_kwh, metered.import_kwh]),
            np.concatenate([earlier.export_kwh, metered.export_kwh]),
        )
    return bill_of(tariff, metered)


def _priced(tariff: Tariff, earlier: Metered | None) -> Metered | None:
    """Days before the steps, where the tariff has their prices."""
    if earlier is None or np.isnan(tariff.prices(earlier.clock)).any():
        return None
    return earlier


def earlier_days(case: SiteCase) -> Metered | None:
    """What was taken in the first month before the steps, load less generation; None without it."""
    n, recent = len(case.clock), case.past.recent
    count = recent.shape[1] - n
    if not count:
        return None
    start = case.past.start[len(case.past.start) - recent.shape[1] :][:count]
    clock = clock_at(case.tariff.calendar, start, case.clock.step_s)
    mine = np.flatnonzero(clock.months == case.clock.months[0])
    if not len(mine):
        return None
    net = recent[0, mine] - recent[1, mine]
    begins = clock.local[mine[0]] == clock.months[mine[0]].astype("datetime64[s]")
    if not begins or np.isnan(net).any():
        return None
    here, hours = clock_at(case.tariff.calendar, start[mine], clock.step_s), clock.step_h
    return Metered(here, np.maximum(net, 0.0) * hours, np.maximum(-net, 0.0) * hours)


def _without_plan(grid: Microgrid) -> Microgrid:
    """The site without a plan: batteries rest, and loads run as soon as they may."""
    load = grid.load_kw.copy()
    for one in grid.deferrables:
        left = one.energy_kwh / grid.step_h
        for step in range(one.first, one.last):
            taken = min(left, one.power_kw)
            load[step] += taken
            left -= taken
    nothing = np.zeros(len(load))
    return replace(grid, load_kw=load, batteries=(), deferrables=(), peaks=(), shed_kw=nothing)


def site_case(workspace: Workspace, spec: DispatchSpec, config: EnergyConfig) -> SiteCase:
    """A site over the steps that are asked for, with its prices.

    Raises:
        NotFoundError: `no-meter`, `unknown-meter`, `no-tariff`.
        UsageError: `no-tariff-named`, `no-readings-then`, `no-price`, `falling-tiers`.
        DataError: `dispatch-gap`.
    """
    connection = config.connection(spec.site)
    tariff = connection.tariff
    if spec.tariff:
        tariff = tariff_of_workspace(workspace, spec.tariff)
    if tariff is None:
        text = f"'{spec.site}' has no tariff."
        raise UsageError("no-tariff-named", text, "Name one with --tariff, or in energy.toml.")
    zone = config.calendar.zone if config.calendar.zone != "UTC" else tariff.calendar.zone
    load = _load(workspace, spec, zone)  # the ledger holds the clock times of its files
    first, count = _stretch(load, spec, tariff)
    step = np.timedelta64(load.step_s, "s")
    past = max(0, first - DAYS_BEFORE * 24 * 3600 // load.step_s)
    clock = clock_at(tariff.calendar, load.start[first : first + count], load.step_s)
    usage = np.nansum(load.values, axis=0) * 3600 / load.step_s
    usage = np.where(np.isnan(load.values).any(axis=0), np.nan, usage)
    plants = {
        roof.plant.id: power_at(roof.power, config, load.start[past : first + count], step)
        for roof in config.roofs
        if roof.site == spec.site
    }
    here = {n: v[first - past :] for n, v in plants.items()}
    for name, values in [("load", usage[first : first + count]), *here.items()]:
        _require_whole(values, name, spec.site, clock)
    before = np.stack(
        [usage[past : first + count], sum(plants.values(), np.zeros(first + count - past))]
    )
    carbon = _carbon(workspace, spec.site, connection, clock, zone)
    return SiteCase(
        clock,
        usage[first : first + count],
        here,
        Past(load.start[: first + count], usage[: first + count], before),
        tariff,
        connection,
        prices_of(tariff, clock),
        carbon,
    )


def tariff_of_workspace(workspace: Workspace, name: str) -> Tariff:
    """A tariff of the workspace or of those shipped, by name; or of a file, by path.

    Raises:
        NotFoundError: `no-tariff`.
    """
    return find_tariff(name, folders_of(workspace))


def _load(workspace: Workspace, spec: DispatchSpec, zone: str) -> Readings:
    if spec.meters:
        require_apart(workspace, spec.meters)
        return as_energy(usage_of(workspace, spec.meters, checked=False))
    told = site_readings(workspace, spec.site)
    return replace(told, start=utc_of(told.start, zone))


def _stretch(load: Readings, spec: DispatchSpec, tariff: Tariff) -> tuple[int, int]:
    """First step and how many."""
    step = np.timedelta64(load.step_s, "s")
    count = span_s(spec.span) // load.step_s
    if not spec.first:
        return max(0, len(load.start) - count), min(count, len(load.start))
    zone_of(tariff.calendar.zone)
    first = int((moment_of(spec.first, tariff.calendar.zone) - load.start[0]) // step)
    if not first >= 0 or first + count > len(load.start):
        raise UsageError(
            "no-readings-then",
            f"The readings of '{spec.site}' go from {str(load.start[0])[:16]} to"
            f" {str(load.start[-1] + step)[:16]} UTC.",
            "Choose a stretch within them with --from and --span.",
        )
    return first, count


def power_at(path: Path, config: EnergyConfig, start: Any, step: Any) -> Array:
    """Power of a file at moments [kW]; NaN where it has none."""
    told = as_power(read_series(path, zone=config.calendar.zone, checked=False))
    own = np.timedelta64(told.step_s, "s")
    found = np.full(len(start), np.nan)
    if own <= step:  # a mean of finer steps
        at = ((told.start - start[0]) // step).astype(np.int64)
        inside = (at >= 0) & (at < len(start))
        sums = np.bincount(at[inside], told.values[0][inside], len(start))
        whole = np.bincount(at[inside], minlength=len(start)) == step // own
        found[whole] = sums[whole] / (step // own)
        return found
    at = ((start - told.start[0]) // own).astype(np.int64)
    inside = (at >= 0) & (at < len(told.start))
    found[inside] = told.values[0][at[inside]]
    return found


def _require_whole(values: Array, name: str, site: str, clock: Clock) -> None:
    lacking = np.flatnonzero(np.isnan(values))
    if len(lacking):
        raise DataError(
            "dispatch-gap",
            f"{site}: {len(lacking):,} of {len(values):,} steps have no {name}; the first at"
            f" {clock.local[lacking[0]]}.",
            "Choose another stretch with --from and --span, or load the missing readings.",
        )


def _carbon(
    workspace: Workspace, site: str, connection: Connection, clock: Clock, zone: str
) -> Array:
    """Carbon of a kWh from the grid in each step [kg]: of a file, else of the factor book."""
    if connection.carbon is not None:
        told = read_hourly(connection.carbon, zone)
        values = told.at(clock.start, clock.step_s)
        if np.isnan(values).any():
            at = clock.local[int(np.argmax(np.isnan(values)))]
            text = f"{connection.carbon.name} has no carbon for {at}."
            raise DataError("dispatch-gap", text, "Add the missing hours.")
        return values
    months = [str(m) for m in np.unique(clock.months)]
    side = electricity_of(workspace, site, dict.fromkeys(months, 1000.0), "planned")
    lines = value_sides(
        workspace,
        {"grid": side},
        workspace.organisation,
        read_terms(workspace, "", "", None),
        name="dispatch",
    )
    by_month = dict.fromkeys(months, 0.0)
    for line in lines.values():
        if line.scope == "2" and line.view == "location":
            by_month[line.month] += in_kg(line.co2e_mg) / 1000.0
    return np.array([by_month[str(m)] for m in clock.months])


def electricity_of(workspace: Workspace, site: str, kwh: dict[str, float], basis: str) -> Any:
    """Electricity of a site by month as an Arrow table of activities."""
    import pyarrow as pa

    return pa.Table.from_pylist(
        [
            {
                "activity_id": number,
                "kind": "electricity",
                "item": "",
                "site": site,
                "month": month,
                "quantity": amount,
                "unit": "kWh",
                "basis": basis,
                "fiscal_year": workspace.calendar.year_of(
                    np.datetime64(f"{month}-01").astype(object)
                ),
            }
            for number, (month, amount) in enumerate(sorted(kwh.items()), 1)
        ]
    )


def _grid(case: SiteCase, objective: str, carbon_price: float | None = None) -> Microgrid:
    connection, n = case.connection, len(case.clock)
    price = connection.carbon_price if carbon_price is None else carbon_price
    buy, sell = case.prices.buy_per_kwh, case.prices.sell_per_kwh
    peaks = case.prices.peaks
    if objective == "carbon":
        buy, sell = case.carbon + TINY * buy, np.minimum(TINY * sell, case.carbon)
        peaks, price = (), 0.0
    return Microgrid(
        case.load_kw,
        buy,
        case.clock.step_h,
        case.generation_kw,
        sell,
        connection.import_max_kw,
        connection.export_max_kw,
        peaks,
        np.full(n, connection.shed_share) * case.load_kw,
        connection.shed_cost,
        case.carbon,
        price,
        connection.batteries,
        _deferrables(case),
    )


def _deferrables(case: SiteCase) -> tuple[Deferrable, ...]:
    """One load for each day on which it may run and whose stretch lies within the steps."""
    clock, found = case.clock, []
    step = clock.step_s // 60
    days = clock.local.astype("datetime64[D]")
    for one in case.connection.shiftable:
        length = (one.times[1] - one.times[0]) % MINUTES or MINUTES
        for day in np.unique(days):
            begun = day.astype("datetime64[s]") + np.timedelta64(one.times[0] * 60, "s")
            first = int(np.searchsorted(clock.local, begun))
            last = first + length // step
            runs = int((day.astype(int) + 3) % 7) in one.weekdays
            if runs and last <= len(clock) and first < last and clock.local[first] == begun:
                name = f"{one.id} {day}"
                found.append(Deferrable(name, first, last, one.energy_kwh, one.power_kw))
    return tuple(found)


def _front(case: SiteCase) -> tuple[Point, ...]:
    """Plans from least cost to least carbon."""
    points = []
    for price in FRONT:
        told = dispatch(_grid(case, "cost", price))
        points.append(Point(price, told.cost, told.carbon_kg))
    least = dispatch(_grid(case, "carbon"))
    cost = _grid(case, "cost")
    money = float(cost.buy_per_kwh @ least.import_kw - cost.sell_per_kwh @ least.export_kw)
    worn = sum(
        b.cycle_cost * float(least.discharge_kw[k].sum()) for k, b in enumerate(cost.batteries)
    )
    money = (money + worn) * cost.step_h + sum(p.cost(least.import_kw) for p in cost.peaks)
    return (*points, Point(None, money, least.carbon_kg))


def post_dispatch(workspace: Workspace, made: SiteDispatch, *, name: str, now: datetime) -> Plan:
    """Keep a dispatch as a plan: electricity of the grid without it and with it, valued alike.

    Raises:
        UsageError: `plan-not-valued`.
    """
    sides = {
        basis: monthly_activities(workspace, made.site, made.clock, kw, basis)
        for basis, kw in (("baseline", made.idle.import_kw), ("planned", made.made.import_kw))
    }
    told = made.json
    proof = Proof(
        made.made.objective,
        made.rolled.perfect.objective if made.rolled else made.made.objective,
        made.tariff.currency if made.objective == "cost" else "kg CO2e",
        0,
        "rolled on forecasts" if made.rolled else "optimal",
    )
    plan = Plan(
        name,
        f"Dispatch of {made.site}, {told['from'][:10]} to {told['to'][:10]}",
        sides["baseline"],
        sides["planned"],
        -made.saving,
        made.tariff.currency,
        proof,
    )
    before = made.days_before
    if before is not None:  # for its settlement, whatever becomes of the readings
        told["days_before"] = {
            "start": str(before.clock.start[0]),
            "import_kwh": np.round(before.import_kwh, 6).tolist(),
            "export_kwh": np.round(before.export_kwh, 6).tolist(),
        }
    post_plan(workspace, plan, domain="dispatch", facts=told, now=now)
    return plan


def monthly_activities(workspace: Workspace, site: str, clock: Clock, kw: Array, basis: str) -> Any:
    """Power from the grid as activities: electricity of a site by month."""
    months, back = np.unique(clock.months, return_inverse=True)
    kwh = np.bincount(back, kw) * clock.step_h
    named = {str(m): float(v) for m, v in zip(months, kwh, strict=True)}
    return electricity_of(workspace, site, named, basis)


def dispatch_sites(workspace: Workspace, config: EnergyConfig | None = None) -> Sequence[str]:
    """Sites with hourly meters, those with a plant, battery or shiftable load first."""
    told = config or energy_config(workspace)
    equipped = set(told.connections) | {r.site for r in told.roofs}
    return sorted(hourly_sites(workspace), key=lambda s: (s not in equipped, s))
