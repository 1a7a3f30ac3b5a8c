"""Sizes: what pays by hand, limits that are kept or named, and years that are weighed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.energy.facts.microgrids import Battery, Microgrid, Peak
from abate.energy.planners.outages import outage_cost
from abate.energy.planners.sizing import Finance, SizeLimits, Technology, size_site
from abate.kernel.errors import UsageError

DAY = np.arange(24)
SUN = np.where((DAY > 7) & (DAY < 17), 0.5, 0.0)


def roof(cost, **more):
    return Technology("roof", "generator", cost, profile=SUN, **more)


def site(load=10.0, buy=0.2, sell=0.0, **more):
    return Microgrid(np.full(24, load), np.full(24, buy), sell_per_kwh=np.full(24, sell), **more)


def test_a_kilowatt_is_built_where_what_it_saves_is_worth_more():
    """9 hours at half power for 365 days save 0.2 each: 328.5 a year, 3,768 over 20 years at 6 %."""
    finance = Finance(20, 0.06)
    worth = 9 * 0.5 * 365 * 0.2 * finance.worth(0.0)
    for cost, kw in ((worth * 0.99, 20.0), (worth * 1.01, 0.0)):
        plan = size_site(site(), (roof(cost),), finance)
        assert plan.built[0].kw == pytest.approx(kw, abs=1e-6)  # 20 kW meet the 10 kW at half power
        assert plan.npv == pytest.approx(20 * max(worth - cost, 0), abs=1e-3)


def test_levelised_cost_is_cost_over_discounted_energy():
    finance = Finance(10, 0.05)
    plan = size_site(site(), (roof(500.0, om_per_kw=10.0),), finance)
    (built,) = plan.built
    yearly = 9 * 0.5 * 365
    assert built.energy_kwh == pytest.approx(built.kw * yearly)
    worth = finance.worth(0.0)
    assert built.levelised_cost == pytest.approx((500 + 10 * worth) / (yearly * worth))


def test_a_share_to_be_used_on_site_bounds_the_size():
    plan = size_site(site(sell=0.15), (roof(100.0, max_kw=100),), Finance(), SizeLimits(0.6))
    assert plan.self_use_share == pytest.approx(0.6)
    assert plan.built[0].kw == pytest.approx(10 / 0.5 / 0.6)
    assert not plan.missed


def test_a_share_that_cannot_be_supplied_is_named():
    plan = size_site(site(), (roof(100.0, max_kw=10),), Finance(), SizeLimits(supply_share=0.9))
    assert [name for name, _ in plan.missed] == ["supply"]
    assert plan.built[0].kw == pytest.approx(10)
    kept = size_site(site(), (roof(9e5), Technology("b", "battery", 9e4, 9e4)), Finance(), SizeLimits(supply_share=0.9))  # fmt: skip
    assert kept.supply_share == pytest.approx(0.9)
    assert not kept.missed


def test_feeding_in_ends_at_the_limit_of_net_metering():
    panel = roof(300.0, max_kw=1000)
    plan = size_site(site(2.0, 0.2, 0.2), (panel,), Finance(), SizeLimits(net_metering_kw=7.0))
    assert plan.built[0].kw == pytest.approx(7.0)
    beyond = size_site(site(90.0, 0.2, 0.2), (panel,), Finance(), SizeLimits(net_metering_kw=7.0))
    assert beyond.built[0].kw == pytest.approx(180.0)
    assert beyond.export_kwh == pytest.approx(0, abs=1e-6)


def test_a_battery_is_built_for_a_peak_and_its_size_is_what_dispatch_needs():
    load = np.where(DAY == 18, 30.0, 10.0)
    peak = Peak("power", np.zeros(24, int), np.array([400.0]))
    grid = Microgrid(load, np.full(24, 0.1), peaks=(peak,))
    battery = Technology("b", "battery", 50.0, 100.0, efficiency=(1.0, 1.0), life_years=10)
    plan = size_site(grid, (battery,), Finance(20, 0.05))
    (built,) = plan.built
    assert built.kw == pytest.approx(30 - 260 / 24, rel=1e-3)  # as flat as it can be
    assert plan.npv > 0
    energy = 0.1 * load.sum() * 365  # and the power of a month, twelve times
    assert plan.cost_without == pytest.approx(
        (energy + 12 * 400 * 30) * Finance(20, 0.05).worth(0.0)
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_more_freedom_never_costs_more(seed):
    """Another technology, a wider limit: the life-cycle cost does not rise."""
    draw = np.random.default_rng(seed)
    buy = draw.uniform(0.05, 0.4, 24)
    grid = Microgrid(draw.uniform(1, 30, 24), buy, sell_per_kwh=buy * draw.uniform(0, 0.9))
    panel = Technology("pv", "generator", float(draw.uniform(200, 3000)), profile=SUN, max_kw=50)
    battery = Technology("b", "battery", 80.0, float(draw.uniform(50, 400)), max_kwh=80)
    finance = Finance(15, 0.05)
    one = size_site(grid, (panel,), finance)
    both = size_site(grid, (panel, battery), finance)
    wider = size_site(grid, (panel,), finance, SizeLimits(self_use_share=0.5))
    slack = 1e-6 * abs(one.cost_without)
    assert both.cost_with <= one.cost_with + slack
    assert one.cost_with <= wider.cost_with + slack
    assert one.npv >= -slack
    assert one.cost_without == pytest.approx(one.cost_with + one.npv)
    assert wider.self_use_share is None or wider.self_use_share >= 0.5 - 1e-6 or wider.missed


def test_sensitivity_holds_the_plan_in_its_middle():
    plan = size_site(site(), (roof(500.0),), Finance())
    for _, lower, higher in plan.sensitivity:
        assert min(lower, higher) <= plan.npv + 1e-6
        assert max(lower, higher) >= plan.npv - 1e-6


def test_an_outage_may_run_past_the_year_and_supply_lowers_it():
    load = np.arange(24.0)
    made = outage_cost(load, first=22, steps=(4,), probabilities=(1.0,), cost_per_kwh=2.0)
    assert made.unserved_kwh == (22 + 23 + 0 + 1,)
    assert made.expected == 2 * 46
    helped = outage_cost(load, first=22, steps=(4,), probabilities=(1.0,), cost_per_kwh=2.0, supply_kw=np.full(24, 10.0))  # fmt: skip
    assert helped.unserved_kwh == (12 + 13,)


@pytest.mark.parametrize("wrong", [{"steps": (0,)}, {"probabilities": (0.4,)}, {"first": 24}, {"steps": ()}])  # fmt: skip
def test_an_outage_that_cannot_be_is_refused(wrong):
    usual = {"first": 0, "steps": (1,), "probabilities": (1.0,), "cost_per_kwh": 1.0}
    with pytest.raises(UsageError) as told:
        outage_cost(np.ones(24), **(usual | wrong))
    assert told.value.code == "bad-outage"


@pytest.mark.parametrize("wrong", [{"years": 0}, {"discount": 1.5}, {"tax_rate": 1.0}])
def test_finance_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError) as told:
        Finance(**wrong)
    assert told.value.code == "bad-finance"


@pytest.mark.parametrize("wrong", [{"cost_per_kw": -1.0}, {"loss": 2.0}, {"profile": np.empty(0)}])
def test_a_technology_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError) as told:
        Technology(**({"id": "x", "kind": "generator", "cost_per_kw": 1.0, "profile": SUN} | wrong))
    assert told.value.code == "bad-technology"
    with pytest.raises(UsageError):
        size_site(site(), (Technology("x", "generator", 1.0, profile=np.ones(5)),), Finance())


def test_power_costs_twelve_months_a_year_whatever_stands_for_it():
    """A week, a month, two months: the life-cycle cost without a plan is the same."""
    costs = []
    for days, months in ((7, 1), (30, 1), (60, 2)):
        n = days * 24
        peak = Peak("power", np.arange(n) * months // n, np.full(months, 9.0))
        grid = Microgrid(np.full(n, 50.0), np.full(n, 0.1), peaks=(peak,))
        costs.append(size_site(grid, (), Finance(10, 0.05)).cost_without)
    yearly = 50 * 8760 * 0.1 + 12 * 9 * 50
    assert costs == pytest.approx([yearly * Finance(10, 0.05).worth(0.0)] * 3)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_a_battery_that_stands_is_in_both_sides_and_makes_another_worth_no_more(seed):
    draw = np.random.default_rng(seed)
    n = 48
    load, price = draw.uniform(5, 20, n), draw.uniform(0.05, 0.5, n)
    group = np.zeros(n, np.int64)
    grid = Microgrid(load, price, peaks=(Peak("power", group, np.array([8.0])),))
    new = Technology("new", "battery", 40.0, 60.0, max_kw=10, max_kwh=20)
    stands = Battery("old", 10.0, 5.0, 5.0)
    finance = Finance(years=10)
    alone, beside = (
        size_site(grid, (new,), finance),
        size_site(grid, (new,), finance, standing=(stands,)),
    )
    free = Technology("old", "battery", 0.0, max_kw=5, max_kwh=10)
    with_free = size_site(grid, (free,), finance)
    assert beside.cost_without == pytest.approx(with_free.cost_with, rel=1e-6)
    both = size_site(grid, (new, free), finance)
    assert beside.cost_with == pytest.approx(both.cost_with, rel=1e-6)
    assert beside.npv <= alone.npv + 1e-6 * abs(alone.cost_without)
    assert [b.id for b in beside.built] == ["new"]
    assert beside.npv >= -1e-6 * beside.cost_without
