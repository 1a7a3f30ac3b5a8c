"""Series, scores, baselines, scenarios and components of forecasts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.algorithms.forecasting.backtest import backtest, score
from abate.algorithms.forecasting.baselines import climatology, seasonal_naive
from abate.algorithms.forecasting.combining import in_ranks_of, learn_weights
from abate.algorithms.forecasting.conditional import Average, Boosted, Forest, choose
from abate.algorithms.forecasting.days import days_of
from abate.algorithms.forecasting.regression import ridge
from abate.algorithms.forecasting.scenarios import ScenarioSettings, scenarios
from abate.algorithms.forecasting.scores import (
    PERCENTILES,
    coverage,
    crps,
    ordered,
    pinball,
    pit,
    skill,
)
from abate.algorithms.forecasting.series import Known, Series, grid, observed

HOUR = np.timedelta64(3600, "s")
START = grid(np.datetime64("2024-01-01", "s"), 24 * 40, HOUR)


def test_nothing_is_known_before_it_was_available():
    load = observed(("a",), START, np.arange(960.0)[None], delay=np.timedelta64(6 * 3600, "s"))
    known = load.as_of(START[100])
    assert known.last() == 100 - 6
    assert np.isnan(known.values[0, 94:]).all()


def test_of_forecast_weather_the_newest_issue_that_was_out_is_known():
    old, new = np.full((1, 960), 1.0), np.full((1, 960), 2.0)
    available = np.stack([np.full((1, 960), START[10]), np.full((1, 960), START[20])])
    weather = Series(("t",), START, np.stack([old, new]), available)
    assert np.isnan(weather.as_of(START[9]).values).all()
    assert (weather.as_of(START[15]).values == 1.0).all()
    assert (weather.as_of(START[20]).values == 2.0).all()


def test_a_backtest_hands_out_nothing_later_than_its_origin():
    seen = []

    def spy(known: Known, beside, start):
        seen.append(
            (
                known.moment,
                known.last(),
                np.nanmax(known.values),
                None if beside is None else beside.last(),
            )
        )
        return np.zeros((1, len(start), 99))

    load = observed(("a",), START, np.arange(960.0)[None])
    backtest(
        load,
        {"spy": spy},
        [START[48], START[96]],
        24,
        weather=observed(("t",), START, np.ones((1, 960))),
    )
    assert [(last, top, beside) for _, last, top, beside in seen] == [
        (48, 47.0, 48),
        (96, 95.0, 96),
    ]


def test_uneven_steps_are_refused():
    with pytest.raises(ValueError, match="equal"):
        Series(("a",), START[[0, 1, 3]], np.zeros((1, 1, 3)), START[[0, 1, 3]])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_quantiles_of_the_truth_have_no_smaller_expected_loss_elsewhere(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 1, 4000)
    honest = np.tile(np.quantile(y, PERCENTILES), (4000, 1))
    assert pinball(y, honest).mean() <= pinball(y, honest * 1.3).mean()
    assert pinball(y, honest).mean() <= pinball(y, honest + 0.2).mean()


def test_crps_of_a_point_is_its_distance():
    assert crps(np.array([3.0]), np.full((1, 99), 1.0))[0] == pytest.approx(2.0)


def test_crps_of_a_uniform_forecast_meets_its_closed_form():
    # a uniform distribution on 0..1 and an outcome of 0.5 have a CRPS of 1/12 (Gneiting and Raftery 2007, eq. 20)
    assert crps(np.array([0.5]), PERCENTILES[None])[0] == pytest.approx(1 / 12, abs=1e-3)


def test_an_honest_forecast_is_even_and_covers_what_it_says():
    rng = np.random.default_rng(2)
    y = rng.uniform(0, 1, 20_000)
    honest = np.tile(PERCENTILES, (20_000, 1))
    assert np.histogram(pit(y, honest), 10, (0, 1))[0] / 20_000 == pytest.approx(0.1, abs=0.011)
    assert coverage(y, honest, share=0.8) == pytest.approx(0.8, abs=0.01)
    assert skill(1.0, 0.0) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5))
def test_ordered_quantiles_never_cross_and_stay_inside(values):
    found = ordered(np.array([values]), low=0.0, high=100.0)
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= 100


def test_series_that_lack_the_same_rows_are_solved_together_as_one_by_one():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(80, 5)), rng.normal(size=(80, 6))
    y[10:20, 2:4] = np.nan
    penalty = np.full(5, 0.3)
    together = ridge(x, y, np.ones(80), penalty)
    for k in range(6):
        np.testing.assert_allclose(ridge(x, y[:, [k]], np.ones(80), penalty)[:, 0], together[:, k])


def test_days_of_23_and_25_hours_keep_their_hours():
    hours = grid(np.datetime64("2024-03-01T00", "s"), 24 * 260, HOUR)
    laid = days_of(hours, "Europe/Berlin")
    folded = laid.by_day(np.arange(len(hours), dtype=float)[None])
    back = laid.unfold(folded)[0]
    moved = np.flatnonzero(back != np.arange(len(hours)))
    assert len(moved) == 2  # the hour that autumn repeats is one cell
    spring = int((np.datetime64("2024-03-31") - laid.first).astype(int))
    assert np.isnan(folded[0, spring, 2])


def test_climatology_of_a_season_that_repeats_is_that_season():
    start = grid(np.datetime64("2020-01-01", "s"), 24 * 1461, HOUR)
    level = 10 + 5 * np.cos(2 * np.pi * np.arange(len(start)) / (24 * 365.25))
    known = observed(("a",), start, level[None]).as_of(start[-1] + HOUR)
    ahead = grid(start[-1] + HOUR, 24, HOUR)
    assert climatology(known, ahead)[0, :, 49] == pytest.approx(15.0, abs=0.1)
    flat = seasonal_naive(known, ahead)[0]
    assert flat[:, 49] == pytest.approx(15.0, abs=0.2)
    assert (np.diff(flat, axis=1) >= 0).all()


def test_weekends_and_working_days_are_apart_in_climatology():
    start = grid(np.datetime64("2020-01-06", "s"), 24 * 1100, HOUR)  # a Monday
    weekend = (np.arange(len(start)) // 24) % 7 >= 5
    known = observed(("a",), start, np.where(weekend, 3.0, 8.0)[None]).as_of(start[-1] + HOUR)
    ahead = grid(start[-1] + HOUR, 24 * 7, HOUR)
    told = climatology(known, ahead)[0]
    days = (np.arange(len(start), len(start) + len(ahead)) // 24) % 7 >= 5
    np.testing.assert_array_equal(told[:, 49], np.where(days, 3.0, 8.0))


@given(st.integers(2, 4), st.integers(1, 40), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_learnt_weights_lose_no_more_than_equal_ones_on_what_they_saw(count, values, seed):
    rng = np.random.default_rng(seed)
    quantiles = np.sort(rng.normal(0, 3, (count, values, 99)), axis=2)
    actual = rng.normal(0, 3, values)
    weights = learn_weights(quantiles, actual, pull=0.0)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1.0)

    def loss(w):
        return pinball(actual, np.tensordot(w, quantiles, 1)[:, ::7], PERCENTILES[::7]).mean()

    assert loss(weights) <= loss(np.full(count, 1 / count)) + 1e-6
    drawn = learn_weights(quantiles, actual, pull=1e6)
    assert drawn == pytest.approx(np.full(count, 1 / count), abs=1e-3)


def test_weights_of_nothing_known_are_equal():
    quantiles = np.zeros((3, 5, 99))
    assert learn_weights(quantiles, np.full(5, np.nan)) == pytest.approx(np.full(3, 1 / 3))


def test_members_given_other_quantiles_keep_their_order_and_have_them():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(4000, 2, 6))
    wanted = np.sort(rng.gamma(3, 2, (2, 6, 99)), axis=-1)
    made = in_ranks_of(values, wanted)
    np.testing.assert_array_equal(made.argsort(axis=0), values.argsort(axis=0))
    found = np.moveaxis(np.quantile(made, PERCENTILES, axis=0), 0, -1)
    np.testing.assert_allclose(found[..., 5:94], wanted[..., 5:94], rtol=0.02)


def test_scores_by_month_tell_bias_and_coverage_of_each():
    start = grid(np.datetime64("2024-01-30", "s"), 96, HOUR)
    actual = np.full((1, 1, 96), 10.0)
    told = np.broadcast_to(np.linspace(8.0, 14.0, 99), (1, 1, 96, 99)).copy()
    told[:, :, 48:] -= 3.0
    made = score("m", start[None], actual, told)
    assert [(m.month, m.count) for m in made.by_month] == [("2024-01", 48), ("2024-02", 48)]
    assert [round(m.bias_share, 6) for m in made.by_month] == [0.1, -0.2]
    assert [m.inside_80 for m in made.by_month] == [1.0, 1.0]
    assert made.bias_share == pytest.approx(-0.05)
    assert made.pinball == pytest.approx(np.mean([m.pinball for m in made.by_month]))


def test_scenarios_start_from_the_latest_departure_and_forget_it():
    rng = np.random.default_rng(5)
    days = 3 * 365
    usual = 10 - 8 * np.cos(2 * np.pi * np.arange(days) / 365.25)
    history = usual[:, None] + np.repeat(rng.normal(0, 2, days), 24).reshape(days, 24)
    history[-1] += 12
    before = scenarios(history[:-1], np.datetime64("2021-01-01"), days - 1, 30, ScenarioSettings())
    made = scenarios(history, np.datetime64("2021-01-01"), days, 30, ScenarioSettings())
    assert made.shape[1:] == (30, 24)
    assert made[:, 0].mean() - made[:, 20].mean() > 4
    assert before[:, 0, 0].std() < before[:, 20, 0].std()


@pytest.fixture(scope="module")
def skewed():
    rng = np.random.default_rng(4)
    x = rng.uniform(0, 1, (1500, 3))
    y = x[:, 0] * rng.gamma(2.0, 0.5, 1500)
    return x, y


@pytest.mark.parametrize(
    "component", [Forest(trees=20, leaf=10), Boosted(rounds=40)], ids=["forest", "boosted"]
)
def test_a_component_learns_how_wide_the_range_is(component, skewed):
    x, y = skewed
    made = component(x, y, np.array([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5]]), 1)
    assert made.shape == (2, 99)
    assert (np.diff(made, axis=1) >= 0).all()
    assert made[1, 89] - made[1, 9] > 2 * (made[0, 89] - made[0, 9])
    np.testing.assert_array_equal(
        made, component(x, y, np.array([[0.1, 0.5, 0.5], [0.9, 0.5, 0.5]]), 1)
    )


def test_components_are_chosen_by_what_they_scored_on_later_rows(skewed):
    x, y = skewed

    def flat(_x, learnt, ahead, _seed):
        return np.tile(np.quantile(learnt, PERCENTILES), (len(ahead), 1))

    told = choose(
        {
            "flat": flat,
            "forest": Forest(trees=20, leaf=10),
            "both": Average((flat, Forest(trees=20, leaf=10))),
        },
        x,
        y,
    )
    assert list(told)[-1] == "flat"
    assert list(told.values()) == sorted(told.values())
