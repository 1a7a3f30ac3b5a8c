"""Sizing: how much of which generator and battery pays, with the years that follow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from abate.algorithms.dispatch.general import Highest
from abate.algorithms.dispatch.sizing import Generator, Sized, Sizing, Storage, size
from abate.energy.facts.microgrids import Array, Battery, Microgrid
from abate.kernel.errors import UsageError

PENALTY_RATIO = 100.0
"""What a kWh beyond a limit costs, in the highest price of a kWh."""
UNBOUND_KW = 1e7
"""Largest size that is sought where no limit is named."""
MOST_KW = 1e30
"""Power without a limit."""
SPREAD = 0.2
"""By how much each input of the sensitivity is moved, as a share of it."""


@dataclass(frozen=True, slots=True)
class Finance:
    """How years are weighed.

    Args:
        years: Of the analysis.
        discount: A year, as a share.
        price_rise: Rise of the prices of energy a year.
        om_rise: Rise of the costs of operation a year.
        tax_rate: Share of the cost of energy and operation that taxes give back.

    Raises:
        UsageError: `bad-finance`.
    """

    years: int = 20
    discount: float = 0.06
    price_rise: float = 0.0
    om_rise: float = 0.0
    tax_rate: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.discount, self.price_rise, self.om_rise)
        if (
            not 1 <= self.years <= 60
            or any(not -0.5 < s < 1 for s in shares)
            or not 0 <= self.tax_rate < 1
        ):
            raise UsageError(
                "bad-finance",
                f"{self.years} years, discount {self.discount:g}, rises {self.price_rise:g} and"
                f" {self.om_rise:g}, tax {self.tax_rate:g}.",
                "Give 1 to 60 years, and shares such as 0.06.",
            )

    def worth(self, rise: float, *, loss: float = 0.0) -> float:
        """Present worth of one unit a year that rises, of what loses a share each year.

        Formula:
            sum over y of ((1 + rise) / (1 + discount))^y (1 - loss)^(y - 1)

        Example:
            >>> round(Finance(25, 0.0564).worth(0.019), 5)
            16.18109
        """
        y = np.arange(1, self.years + 1)
        return float((((1 + rise) / (1 + self.discount)) ** y * (1 - loss) ** (y - 1)).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Technology:
    """Something that may be built.

    Args:
        id: Its name.
        kind: `generator` or `battery`.
        cost_per_kw: To build a kW.
        cost_per_kwh: To build a kWh of a battery.
        om_per_kw: Operation of a kW a year.
        profile: Power by kW in each step, of a generator `(n,)`.
        max_kw: Largest size.
        max_kwh: Largest energy.
        min_kw: Smallest size.
        loss: Share of its output that it loses each year.
        life_years: After which it is replaced; never where it is 0.
        replace_share: Share of its cost that this costs.
        credit_share: Share of its cost that taxes give back at once.
        depreciation: Share of its cost that is written off in each year.
        efficiency: Of a battery, in and out.
        self_discharge_share: Share of what is stored that is lost in an hour.
        low_share: Least that is stored.
        cycle_cost: What a kWh out costs in wear.

    Raises:
        UsageError: `bad-technology`.
    """

    id: str
    kind: Literal["generator", "battery"]
    cost_per_kw: float
    cost_per_kwh: float = 0.0
    om_per_kw: float = 0.0
    profile: Array = field(default_factory=lambda: np.empty(0))
    max_kw: float = UNBOUND_KW
    max_kwh: float = UNBOUND_KW
    min_kw: float = 0.0
    loss: float = 0.0
    life_years: int = 0
    replace_share: float = 1.0
    credit_share: float = 0.0
    depreciation: tuple[float, ...] = ()
    efficiency: tuple[float, float] = (0.95, 0.95)
    self_discharge_share: float = 0.0
    low_share: float = 0.0
    cycle_cost: float = 0.0

    def __post_init__(self) -> None:
        amounts = (self.cost_per_kw, self.cost_per_kwh, self.om_per_kw, self.max_kw, self.max_kwh)
        shares = (
            *self.efficiency,
            self.loss,
            self.credit_share,
            self.low_share,
            *self.depreciation,
        )
        if any(not 0 <= a <= 1e9 for a in amounts) or any(not 0 <= s <= 1 for s in shares):
            raise UsageError(
                "bad-technology",
                f"'{self.id}' has a cost or size below zero, or a share that is none.",
                "Write costs of zero or more, and shares from 0 to 1.",
            )
        if self.kind == "generator" and not len(self.profile):
            text = f"'{self.id}' has no profile."
            raise UsageError("bad-technology", text, "Give its power by kW in each step.")

    def burden(self, finance: Finance) -> float:
        """What a unit of money that is built costs over the years, taxes taken off.

        Formula:
            1 - credit - tax x sum over y of basis x depreciation_y / (1 + discount)^y, with
            replacements discounted; the basis is 1 less half of the credit

        Source: REopt, Reference manual, section on the capital cost model (NREL/TP-7A40-79426).
        """
        basis = 1.0 - self.credit_share / 2
        written = sum(
            share / (1 + finance.discount) ** (y + 1) for y, share in enumerate(self.depreciation)
        )
        again = 0.0
        if self.life_years:
            again = sum(
                self.replace_share / (1 + finance.discount) ** year
                for year in range(self.life_years, finance.years, self.life_years)
            )
        return (
            1.0
            - self.credit_share
            - finance.tax_rate * basis * written
            + again * (1 - finance.tax_rate)
        )


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """What a plan has to keep.

    Args:
        self_use_share: Least share of what is generated that is not fed in, such as 0.6.
        supply_share: Least share of the load that the grid does not give.
        net_metering_kw: Largest sum of generators up to which feeding in is paid; beyond it nothing
            may be fed in. No such limit where it is None.
    """

    self_use_share: float = 0.0
    supply_share: float = 0.0
    net_metering_kw: float | None = None


@dataclass(frozen=True, slots=True)
class TechnologySized:
    """What is built of a technology.

    Args:
        id: Its name.
        kw: Its power.
        kwh: Its energy; 0 of a generator.
        cost: To build it.
        energy_kwh: What it gives in the first year: used or fed in; of a battery what comes out.
        levelised_cost: Of a kWh over the years; None where it gives nothing.
    """

    id: str
    kw: float
    kwh: float
    cost: float
    energy_kwh: float
    levelised_cost: float | None


@dataclass(frozen=True, slots=True, eq=False)
class SizePlan:
    """A plan of sizes.

    Args:
        built: Of each technology.
        npv: Net present value: life-cycle cost without less that with it.
        cost_without: Life-cycle cost without anything built.
        cost_with: The same with the plan.
        invested: To build it all.
        payback_years: Years after which savings have paid for it, undiscounted; None where never.
        self_use_share: Share of what is generated that is not fed in.
        supply_share: Share of the load that the grid does not give.
        import_kwh: From the grid in a year.
        export_kwh: Into it.
        missed: Limits that cannot be kept: name and kWh.
        sensitivity: Input, net present value with it a fifth lower, and a fifth higher; sizes and
            dispatch stay.
        sized: The dispatch behind it.
    """

    built: tuple[TechnologySized, ...]
    npv: float
    cost_without: float
    cost_with: float
    invested: float
    payback_years: float | None
    self_use_share: float | None
    supply_share: float
    import_kwh: float
    export_kwh: float
    missed: tuple[tuple[str, float], ...]
    sensitivity: tuple[tuple[str, float, float], ...]
    sized: Sized


def size_site(
    grid: Microgrid,
    technologies: tuple[Technology, ...],
    finance: Finance,
    limits: SizeLimits | None = None,
    standing: tuple[Battery, ...] = (),
) -> SizePlan:
    """How much of each technology has the highest net present value.

    The steps stand for a year, the year for all: output falls by a technology's loss, prices rise.
    Of fewer steps than a year's each stands for more.

    Args:
        grid: Load, prices, limits and prices of power of a year, without batteries.
        technologies: What may be built.
        finance: How years are weighed.
        limits: What has to be kept.
        standing: Batteries that stand already: they work with what is built, and without it. One
            whose powers differ counts with the smaller.

    Raises:
        UsageError: `bad-technology`, `bad-finance`.

    Example:
        >>> grid = Microgrid(np.full(24, 10.0), np.full(24, 0.2))
        >>> sun = np.where((np.arange(24) > 8) & (np.arange(24) < 16), 0.8, 0.0)
        >>> plan = size_site(grid, (Technology("roof", "generator", 1.0, profile=sun),), Finance())
        >>> [(b.id, round(b.kw, 3)) for b in plan.built], plan.npv > 0
        ([('roof', 12.5)], True)
    """
    told = limits or SizeLimits()
    n = len(grid.load_kw)
    for one in technologies:
        if one.kind == "generator" and np.asarray(one.profile).shape != (n,):
            raise UsageError(
                "bad-technology",
                f"'{one.id}' has {len(one.profile):,} steps of {n:,}.",
                "Give its power by kW in each step.",
            )
    there = tuple(map(_standing, standing))
    without = None
    if there:  # a year as the site is, with its batteries
        base = _plan(grid, there, finance, SizeLimits())
        without = base.cost_with / _worths(finance)["price"]
    if told.net_metering_kw is None:
        plan = _plan(grid, (*technologies, *there), finance, told, without)
    else:
        within = (*_within(technologies, told.net_metering_kw), *there)
        closed = replace(grid, export_max_kw=0.0)
        tried = (
            _plan(grid, within, finance, told, without),
            _plan(closed, (*technologies, *there), finance, told, without),
        )
        plan = max(tried, key=lambda one: one.npv)
    kept = {t.id for t in technologies}
    return replace(plan, built=tuple(b for b in plan.built if b.id in kept))


def _standing(one: Battery) -> Technology:
    """A battery that stands: it costs nothing more, and is as large as it is."""
    return Technology(
        f"standing {one.id}",
        "battery",
        0.0,
        max_kw=min(one.charge_kw, one.discharge_kw),
        max_kwh=one.energy_kwh * one.high_share,
        efficiency=(one.charge_efficiency, one.discharge_efficiency),
        self_discharge_share=one.self_discharge_share,
        low_share=one.low_share / one.high_share if one.high_share else 0.0,
        cycle_cost=one.cycle_cost,
    )


def _within(technologies: tuple[Technology, ...], limit_kw: float) -> tuple[Technology, ...]:
    """Technologies of which generators keep below a limit; several share it in the given order."""
    made, left = [], limit_kw
    for one in technologies:
        kept = min(one.max_kw, left) if one.kind == "generator" else one.max_kw
        left -= kept if one.kind == "generator" else 0.0
        made.append(replace(one, max_kw=kept))
    return tuple(made)


def _plan(
    grid: Microgrid,
    technologies: tuple[Technology, ...],
    finance: Finance,
    limits: SizeLimits,
    without: float | None = None,
) -> SizePlan:
    generators = [t for t in technologies if t.kind == "generator"]
    batteries = [t for t in technologies if t.kind == "battery"]
    worth = _worths(finance)
    most = float(np.max(np.abs(np.concatenate([grid.bought, grid.sell_per_kwh]))))
    power = sum(float(np.max(p.prices, initial=0.0)) * p.yearly() for p in grid.peaks)
    hours, scale = grid.step_h, 8760.0 / (len(grid.load_kw) * grid.step_h)
    dearest = max((t.cost_per_kw + t.cost_per_kwh for t in technologies), default=0.0)
    problem = Sizing(
        grid.load_kw * hours,
        grid.bought * worth["price"] * scale,
        grid.sell_per_kwh * worth["price"] * scale,
        np.minimum(grid.import_max_kw, MOST_KW) * hours,
        np.minimum(grid.export_max_kw, MOST_KW) * hours,
        tuple(_generator(g, finance, hours) for g in generators),
        tuple(_storage(b, finance, hours, worth["price"] * scale) for b in batteries),
        tuple(
            Highest(
                p.group,
                p.prices * worth["price"] * p.yearly() / hours,
                p.free_kw * hours,
                p.ratchet_share,
                p.ratchet_groups,
            )
            for p in grid.peaks
        ),
        hours,
        limits.self_use_share,
        limits.supply_share,
        (max(PENALTY_RATIO * most, 1.0) * scale + power / hours) * worth["price"] + 10 * dearest,
    )
    return _told(grid, generators, batteries, finance, size(problem), scale, without)


def _worths(finance: Finance) -> dict[str, float]:
    after = 1.0 - finance.tax_rate
    return {
        "price": finance.worth(finance.price_rise) * after,
        "om": finance.worth(finance.om_rise) * after,
    }


def _kept(one: Technology, finance: Finance) -> float:
    """Mean share of its first year's output over the years, as they are weighed."""
    rise = finance.price_rise
    return finance.worth(rise, loss=one.loss) / finance.worth(rise)


def _generator(one: Technology, finance: Finance, hours: float) -> Generator:
    cost = one.cost_per_kw * one.burden(finance) + one.om_per_kw * _worths(finance)["om"]
    profile = np.asarray(one.profile) * hours * _kept(one, finance)
    return Generator(profile, cost, one.max_kw, one.min_kw)


def _storage(one: Technology, finance: Finance, hours: float, wear: float) -> Storage:
    burden = one.burden(finance)
    return Storage(
        one.cost_per_kw * burden + one.om_per_kw * _worths(finance)["om"],
        one.cost_per_kwh * burden,
        one.max_kw,
        one.max_kwh,
        one.efficiency,
        (1.0 - one.self_discharge_share) ** hours,
        one.low_share,
        one.cycle_cost * wear,
        one.min_kw,
    )


def _told(
    grid: Microgrid,
    generators: list[Technology],
    batteries: list[Technology],
    finance: Finance,
    found: Sized,
    scale: float,
    standing: float | None = None,
) -> SizePlan:
    built = []
    for one, kw, used in zip(generators, found.generators_kw, found.used, strict=True):
        first = float(used.sum()) * scale / _kept(one, finance)
        built.append(_built(one, float(kw), 0.0, first, finance))
    for one, (kw, kwh), moves in zip(batteries, found.storages, found.moves, strict=True):
        built.append(_built(one, float(kw), float(kwh), float(moves[:, 1].sum()) * scale, finance))
    energy = float(grid.bought @ found.taken - grid.sell_per_kwh @ found.fed) * scale
    power = sum(p.cost(found.taken / grid.step_h) * p.yearly() for p in grid.peaks)
    wear = sum(
        b.cycle_cost * float(m[:, 1].sum()) for b, m in zip(batteries, found.moves, strict=True)
    )
    without = float(grid.bought @ (grid.load_kw * grid.step_h)) * scale
    without += sum(p.cost(grid.load_kw) * p.yearly() for p in grid.peaks)
    without = without if standing is None else standing
    parts = _Parts(
        sum(
            b.cost * t.burden(finance)
            for b, t in zip(built, [*generators, *batteries], strict=True)
        ),
        sum(t.om_per_kw * b.kw for b, t in zip(built, [*generators, *batteries], strict=True)),
        energy + power + wear * scale,
        without,
    )
    invested = sum(b.cost for b in built)
    yearly = parts.without - parts.energy - parts.om
    used, fed = float(found.used.sum()), float(found.fed.sum())
    load = float(grid.load_kw.sum()) * grid.step_h
    names = ("load", "self-use", "supply")
    return SizePlan(
        tuple(built),
        parts.npv(finance),
        parts.without * _worths(finance)["price"],
        parts.without * _worths(finance)["price"] - parts.npv(finance),
        invested,
        invested / yearly if yearly > 0 and invested else None,
        1.0 - fed / used if used else None,
        1.0 - float(found.taken.sum()) / load if load else 0.0,
        float(found.taken.sum()) * scale,
        fed * scale,
        tuple((n, kwh) for n, kwh in zip(names, found.beyond, strict=True) if kwh > 1e-6),
        _sensitivity(parts, finance),
        found,
    )


def _built(
    one: Technology, kw: float, kwh: float, energy_kwh: float, finance: Finance
) -> TechnologySized:
    cost = one.cost_per_kw * kw + one.cost_per_kwh * kwh
    over = cost * one.burden(finance) + one.om_per_kw * kw * _worths(finance)["om"]
    given = energy_kwh * finance.worth(0.0, loss=one.loss)
    return TechnologySized(one.id, kw, kwh, cost, energy_kwh, over / given if given else None)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Of what a net present value is made: built (taxes taken off), yearly costs."""

    built: float
    om: float
    energy: float
    without: float

    def npv(self, finance: Finance) -> float:
        worth = _worths(finance)
        return (self.without - self.energy) * worth["price"] - self.om * worth["om"] - self.built


def _sensitivity(parts: _Parts, finance: Finance) -> tuple[tuple[str, float, float], ...]:
    """Net present value with each input lower and higher; sizes and dispatch stay."""

    def moved(*keys: str) -> tuple[float, float]:
        low, high = (
            replace(parts, **{k: getattr(parts, k) * factor for k in keys}).npv(finance)
            for factor in (1 - SPREAD, 1 + SPREAD)
        )
        return low, high

    def steps(at: float) -> tuple[float, float]:
        return (at * (1 - SPREAD), at * (1 + SPREAD)) if at else (-0.01, 0.01)

    discounts = [parts.npv(replace(finance, discount=v)) for v in steps(finance.discount)]
    rises = [parts.npv(replace(finance, price_rise=v)) for v in steps(finance.price_rise)]
    rows = [
        ("cost to build", *moved("built")),
        ("operation", *moved("om")),
        ("price of energy", *moved("energy", "without")),
        ("discount", discounts[0], discounts[1]),
        ("rise of prices", rises[0], rises[1]),
    ]
    return tuple(sorted(rows, key=lambda r: -abs(r[2] - r[1])))
