"""Rolling dispatch: limits are kept, perfect forecasts lose nothing, bad ones are told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.energy.facts.microgrids import Battery, Deferrable, Microgrid, Peak
from abate.energy.planners.rolling import Outlooks, roll
from abate.kernel.errors import UsageError
from energy.test_dispatch import drawn, require_sound


def seen(values, ahead):
    """What comes, for each step and those after it; past the end nothing."""
    at = np.arange(len(values))[:, None] + np.arange(ahead)[None]
    return np.where(at < len(values), values[np.minimum(at, len(values) - 1)], 0.0)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 100_000))
def test_who_sees_all_that_comes_loses_nothing(seed):
    grid = drawn(seed, 12)
    told = roll(grid, Outlooks(seen(grid.load_kw, 12), seen(grid.generation_kw, 12)))
    require_sound(grid, told.settled)
    if not told.perfect.breaches:
        assert told.settled.objective == pytest.approx(told.perfect.objective, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 100_000))
def test_whatever_is_foreseen_limits_are_kept_and_nothing_is_better_than_perfect(seed):
    draw = np.random.default_rng(seed)
    grid = drawn(seed, 24)
    wrong = Outlooks(draw.uniform(0, 20, (24, 6)), draw.uniform(0, 30, (24, 6)))
    told = roll(grid, wrong)
    require_sound(grid, told.settled)
    assert told.settled.objective >= told.perfect.objective - 1e-6


def test_several_batteries_loads_and_prices_of_power_roll_too():
    draw = np.random.default_rng(3)
    n = 48
    load = draw.uniform(2, 9, n)
    grid = Microgrid(
        load,
        draw.choice([0.1, 0.4], n),
        generation_kw=draw.uniform(0, 4, n),
        sell_per_kwh=np.full(n, 0.05),
        peaks=(Peak("p", np.arange(n) // 24, np.full(2, 3.0)),),
        batteries=(Battery("a", 10, 4, 4), Battery("b", 6, 3, 3, cycle_cost=0.02)),
        deferrables=(Deferrable("wash", 4, 20, 6, 2),),
    )
    known = roll(grid, Outlooks(seen(load, n), seen(grid.generation_kw, n)))
    require_sound(grid, known.settled)
    assert known.regret == pytest.approx(0, abs=1e-4)
    assert known.settled.deferred_kw[0].sum() == pytest.approx(6)
    short = roll(grid, Outlooks(seen(load * 0.9, 24), seen(grid.generation_kw, 24)))
    require_sound(grid, short.settled)
    assert short.regret >= -1e-6
    assert short.settled.deferred_kw[0].sum() == pytest.approx(6)


def test_an_error_of_the_forecast_makes_no_new_peak_while_a_battery_can_help():
    """Load comes 2 kW higher than foreseen: the battery charges less, and the peak stays."""
    load = np.array([10.0, 10, 10, 10])
    grid = Microgrid(
        load,
        np.array([0.1, 0.1, 0.5, 0.5]),
        peaks=(Peak("p", np.zeros(4, int), np.array([50.0])),),
        batteries=(Battery("b", 20, 10, 10, 1, 1, start_share=0.5, end_share=0),),
    )
    low = roll(grid, Outlooks(seen(load - 2, 4), np.zeros((4, 4)))).settled
    assert low.import_kw.max() <= 10.0 + 1e-6


def test_forecasts_of_another_shape_are_refused():
    grid = Microgrid(np.ones(4), np.ones(4), batteries=(Battery("b", 1, 1, 1),))
    for outlooks in (np.ones((3, 2)), np.full((4, 2), np.nan), -np.ones((4, 2))):
        with pytest.raises(UsageError) as told:
            roll(grid, Outlooks(outlooks, np.zeros((4, 2))))
        assert told.value.code == "bad-dispatch"
