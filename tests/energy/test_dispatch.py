"""Dispatch: the exact way equals the linear programme; nothing is infeasible; balances close."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.algorithms.dispatch.general import Programme, solve
from abate.energy.facts.microgrids import Battery, Deferrable, Microgrid, Peak
from abate.energy.planners.dispatch import _options, _programmed, _store, _told, dispatch
from abate.kernel.errors import UsageError
from support import SHARED

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not there")

PRICES = [-0.08, 0.0, 0.05, 0.12, 0.3]


def drawn(seed, n=None, *, tight=False):
    """A site with one battery, by chance: prices of any sign, limits that bind, efficiencies of 0 and 1."""
    draw = np.random.default_rng(seed)
    n = n or int(draw.integers(1, 49))
    buy = draw.choice(PRICES, n) + draw.normal(0, 0.02, n) * (draw.random() < 0.5)
    share = draw.choice([0.0, 0.1, 0.5]), draw.choice([0.6, 1.0])
    start = draw.uniform(*share)
    battery = Battery(
        "b",
        float(draw.choice([1, 10, 60])),
        float(draw.choice([0, 0.5, 4, 25])),
        float(draw.choice([0, 0.5, 4, 25])),
        float(draw.choice([0, 0.3, 0.9, 1])),
        float(draw.choice([0, 0.3, 0.9, 1])),
        float(draw.choice([0, 0.001, 0.1])),
        share[0],
        share[1],
        float(draw.uniform(0, 1)) if tight else start,
        float(draw.uniform(0, 1)) if tight else float(draw.choice([0, share[0]])),
        float(draw.choice([0, 0.01])),
    )
    return Microgrid(
        draw.uniform(0, 15, n),
        buy,
        float(draw.choice([0.25, 0.5, 1])),
        generation_kw=draw.uniform(0, 30, n) * (draw.random(n) < 0.5),
        sell_per_kwh=buy - draw.choice([0.0, 0.02, 0.1], n),
        import_max_kw=draw.choice([2, 12, np.inf], n)
        if seed % 3
        else float(draw.choice([2, 12, np.inf])),
        export_max_kw=float(draw.choice([0, 5, np.inf])),
        shed_kw=draw.uniform(0, 3, n),
        shed_cost=float(draw.choice([0.2, 2])),
        carbon_kg_per_kwh=draw.uniform(0, 0.9, n),
        carbon_price=float(draw.choice([0, 0.1])),
        batteries=(battery,),
        backup_kw=draw.uniform(0, 8, n) * float(draw.choice([0, 1])),
        backup_cost=float(draw.choice([0.1, 0.6])),
        curtail_cost=float(draw.choice([0, 0, 0.05, 1])),
    )


def require_sound(grid, found):
    """Energy is kept at the connection and in each battery, within its limits."""
    charge, discharge = found.charge_kw.sum(axis=0), found.discharge_kw.sum(axis=0)
    given_, taken = (
        found.import_kw + found.used_kw + found.shed_kw + found.backup_kw + discharge,
        grid.load_kw + found.export_kw + charge + found.deferred_kw.sum(axis=0),
    )
    np.testing.assert_allclose(given_, taken, atol=1e-6)
    assert (found.used_kw <= grid.generation_kw + 1e-7).all()
    for k, b in enumerate(grid.batteries):
        keep = (1 - b.self_discharge_share) ** grid.step_h
        before = np.concatenate([[b.start_share * b.energy_kwh], found.stored_kwh[k][:-1]])
        out = found.discharge_kw[k] / b.discharge_efficiency if b.discharge_efficiency else 0.0
        gained = (b.charge_efficiency * found.charge_kw[k] - out) * grid.step_h
        np.testing.assert_allclose(found.stored_kwh[k], keep * before + gained, atol=1e-6)
        assert (found.charge_kw[k] <= b.charge_kw + 1e-7).all()
        assert (found.discharge_kw[k] <= b.discharge_kw + 1e-7).all()
    broken = {b.limit for b in found.breaches}
    if "import" not in broken:
        assert (found.import_kw <= grid.import_max_kw + 1e-6).all()
    if "export" not in broken:
        assert (found.export_kw <= grid.export_max_kw + 1e-6).all()
    if not broken & {"stored", "stored-at-last"}:
        for k, b in enumerate(grid.batteries):
            assert (found.stored_kwh[k] >= b.low_share * b.energy_kwh - 1e-6).all()
            assert (found.stored_kwh[k] <= b.high_share * b.energy_kwh + 1e-6).all()
            assert found.stored_kwh[k][-1] >= b.ends_at * b.energy_kwh - 1e-6


@settings(deadline=None, max_examples=1000)
@given(st.integers(0, 2**32 - 1))
def test_the_exact_way_is_the_optimum_of_the_linear_programme(seed):
    grid = drawn(seed)
    found = dispatch(grid)
    require_sound(grid, found)
    options = _options(grid)
    programme = _told(grid, options, _programmed(grid, options))
    scale = max(1.0, abs(programme.objective))
    assert abs(found.objective - programme.objective) <= 1e-9 * scale * (
        1 if found.way == "exact" else 1e3
    )
    if not programme.breaches:
        assert found.way == "exact"


@pytest.mark.parametrize("seed", range(500))
def test_limits_that_contradict_each_other_are_broken_and_named(seed):
    grid = drawn(seed, tight=True)
    found = dispatch(grid)
    require_sound(grid, found)
    assert np.isfinite(found.objective)
    for breach in found.breaches:
        assert breach.kwh > 0
        assert breach.limit in ("import", "export", "stored", "stored-at-last")
        assert breach.mend


def test_what_would_mend_a_limit_mends_it():
    grid = Microgrid(np.array([5.0, 20.0, 5.0]), np.full(3, 0.1), import_max_kw=8)
    found = dispatch(grid)
    (breach,) = found.breaches
    assert (breach.limit, breach.step, breach.steps) == ("import", 1, 1)
    assert breach.most_kw == pytest.approx(12)
    more = Microgrid(grid.load_kw, grid.buy_per_kwh, import_max_kw=8 + breach.most_kw)
    assert dispatch(more).breaches == ()


def test_a_tariff_that_pays_for_passing_through_is_refused_with_its_step():
    buy, sell = np.array([0.2, 0.1, 0.2]), np.array([0.1, 0.15, 0.1])
    with pytest.raises(UsageError) as told:
        Microgrid(np.ones(3), buy, sell_per_kwh=sell)
    assert told.value.code == "pays-to-pass-through"
    assert "step 1" in told.value.message
    Microgrid(np.ones(3), buy, sell_per_kwh=sell, export_max_kw=0)


@pytest.mark.parametrize(
    "change",
    [
        {"load_kw": np.array([1.0, -1.0])},
        {"load_kw": np.array([1.0, np.nan])},
        {"load_kw": np.array([])},
        {"generation_kw": np.ones(3)},
        {"import_max_kw": -1.0},
        {"step_h": 0.0},
        {"deferrables": (Deferrable("d", 1, 1, 1.0, 1.0),)},
    ],
)
def test_a_problem_that_is_none_is_refused(change):
    with pytest.raises(UsageError) as told:
        Microgrid(**{"load_kw": np.ones(2), "buy_per_kwh": np.ones(2)} | change)
    assert told.value.code == "bad-dispatch"


@pytest.mark.parametrize(
    "change", [{"charge_efficiency": 1.2}, {"energy_kwh": -1.0}, {"low_share": 0.8, "high_share": 0.2}]
)  # fmt: skip
def test_a_battery_that_is_none_is_refused(change):
    with pytest.raises(UsageError) as told:
        Battery(**{"id": "b", "energy_kwh": 1.0, "charge_kw": 1.0, "discharge_kw": 1.0} | change)
    assert told.value.code == "bad-battery"


def test_a_demand_charge_is_worked_against_by_hand():
    """A peak of 10 kW in one hour of three; a battery of 6 kWh shaves it to the mean that it can."""
    load = np.array([2.0, 10.0, 3.0])
    battery = Battery("b", 6, 6, 6, 1, 1, start_share=0, end_share=0)
    grid = Microgrid(
        load,
        np.full(3, 0.1),
        peaks=(Peak("p", np.zeros(3, int), np.array([5.0])),),
        batteries=(battery,),
    )
    found = dispatch(grid)
    # what is charged in the first hour is discharged in the second: 2 + x = 10 - x
    assert found.import_kw.max() == pytest.approx(6)
    assert found.demand_cost == pytest.approx(30)
    assert found.cost == pytest.approx(1.5 + 30)
    assert found.way == "programme"
    months = Microgrid(
        load, np.full(3, 0.1), peaks=(Peak("p", np.array([0, 1, 1]), np.full(2, 5.0)),)
    )
    assert dispatch(months).demand_cost == pytest.approx(5 * (2 + 10))


def test_several_batteries_and_deferrable_loads_keep_their_limits():
    draw = np.random.default_rng(4)
    n = 96
    batteries = tuple(
        Battery(f"b{k}", 10.0 + k, 4, 5, 0.95, 0.9, cycle_cost=0.01 * k) for k in range(3)
    )
    loads = (Deferrable("wash", 10, 40, 12, 3), Deferrable("heat", 50, 60, 100, 2))
    grid = Microgrid(
        draw.uniform(2, 9, n),
        draw.choice([0.1, 0.2, 0.4], n),
        0.25,
        peaks=(Peak("p", np.zeros(n, int), np.array([3.0])),),
        batteries=batteries,
        deferrables=loads,
    )
    found = dispatch(grid)
    require_sound(grid, found)
    assert found.deferred_kw[0].sum() * 0.25 == pytest.approx(12)
    assert not found.deferred_kw[0][:10].any()
    assert not found.deferred_kw[0][40:].any()
    (breach,) = found.breaches  # 100 kWh do not go into ten quarters of an hour at 2 kW
    assert (breach.limit, breach.of) == ("deferrable", "heat")
    assert breach.kwh == pytest.approx(95)


def test_carbon_moves_a_battery_where_money_does_not():
    carbon = np.array([0.1, 0.9])
    battery = Battery("b", 5, 5, 5, 1, 1, start_share=0)
    flat = {
        "load_kw": np.array([1.0, 5.0]),
        "buy_per_kwh": np.full(2, 0.2),
        "batteries": (battery,),
    }
    plain = dispatch(Microgrid(**flat, carbon_kg_per_kwh=carbon))
    priced = dispatch(Microgrid(**flat, carbon_kg_per_kwh=carbon, carbon_price=0.1))
    assert priced.carbon_kg == pytest.approx(0.6)
    assert priced.carbon_kg <= plain.carbon_kg
    assert priced.cost == pytest.approx(plain.cost)


def test_a_year_of_hours_is_planned_in_milliseconds():
    grid = drawn(3, 8760)
    options, one = _options(grid), grid.batteries[0]
    assert _store(one, 8760, grid.step_h).high <= one.energy_kwh
    dispatch(grid)  # compiled
    times = []
    for _ in range(5):
        began = time.perf_counter()
        dispatch(grid)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.2  # 15 ms on a quiet machine, see benchmarks/RESULTS.md
    assert options.penalty > 0


@needs_shared
def test_loads_are_placed_as_the_published_plan_places_them():
    """EMHASS: two loads of eight days of half hours, so that what they buy is cheapest."""
    path = SHARED / "energy/reference_problems/emhass_cost.csv"
    rows = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")
    buy = rows["buy_eur_per_kwh"]
    total = 0.0
    for day in range(8):
        prices = np.asarray(buy[48 * day : 48 * (day + 1)], float)
        loads = (Deferrable("0", 0, 48, 15, 3), Deferrable("1", 0, 48, 6, 0.75))
        total += dispatch(Microgrid(np.zeros(48), prices, 0.5, deferrables=loads)).cost
    assert total == pytest.approx(23.8392, rel=1e-6)


def test_a_programme_that_has_nothing_costs_nothing():
    one = np.zeros((1, 1))
    found = solve(Programme(np.zeros(1), np.zeros(1), one, one, -np.ones(1), np.ones(1)))
    assert found.cost == 0
