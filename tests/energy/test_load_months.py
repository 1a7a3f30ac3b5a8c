"""Load months ahead: the ways are weighed by past months, add up, and see nothing that came later."""

import numpy as np
import pytest

from abate.algorithms.forecasting.series import grid, observed
from abate.energy.facts.calendars import Calendar
from abate.energy.planners.load import forecast_load
from abate.energy.planners.load_months import WAYS, MonthsAhead, month_weights, past_months

HOUR = np.timedelta64(3600, "s")
DAY_STEPS = 24
START = grid(np.datetime64("2020-01-01", "s"), DAY_STEPS * 1250, HOUR)


def history(growth: float = 0.0, meters: int = 2, seed: int = 3):
    rng = np.random.default_rng(seed)
    hours = np.arange(len(START))
    days = rng.normal(0, 2.5, len(START) // 24).repeat(24)
    warmth = 14 - 9 * np.cos(2 * np.pi * hours / 8766) + 4 * np.sin(2 * np.pi * hours / 24) + days
    shape = 1 + 0.3 * np.sin(2 * np.pi * (hours - 8) / 24) + 0.04 * np.maximum(warmth - 17, 0)
    level = 20 * (1 + growth * hours / 8766)
    noise = 1 + 0.02 * rng.standard_normal((meters, len(hours)))
    values = np.arange(1, meters + 1)[:, None] * level * shape * noise
    names = tuple(f"m{k}" for k in range(meters))
    return observed(names, START, values), observed(("t",), START, warmth[None])


@pytest.fixture(scope="module")
def made():
    load, weather = history()
    ways = MonthsAhead(load, weather, Calendar())
    moment = np.datetime64("2023-03-01", "s")
    ahead = START[np.searchsorted(START, moment) :][: 24 * 31]
    return load, weather, ways.forecast(ahead, moment, members=120), ahead, moment


def test_members_of_meters_add_up_and_lie_where_the_ways_say(made):
    load, _, told, ahead, _ = made
    assert set(told.weights) == set(WAYS)
    assert sum(told.weights.values()) == pytest.approx(1.0, abs=1e-3)
    both = told.members.summed({"site": [0, 1]})
    np.testing.assert_allclose(both.values[:, 0], told.members.values.sum(axis=1))
    actual = load.values[0][:, np.searchsorted(START, ahead)]
    quantiles = told.members.quantiles()
    inside = (actual >= quantiles[..., 4]) & (actual <= quantiles[..., 94])
    assert 0.75 < inside.mean() <= 1.0
    assert told.model.parameters["ways"] == told.weights


def test_what_came_after_the_moment_changes_nothing(made):
    load, weather, told, ahead, moment = made
    values, warmth = load.values[0].copy(), weather.values[0].copy()
    later = np.searchsorted(START, moment)
    values[:, later:] *= 7
    warmth[:, later:] += 30
    other = MonthsAhead(
        observed(load.names, START, values), observed(("t",), START, warmth), Calendar()
    )
    again = other.forecast(ahead, moment, members=120)
    np.testing.assert_array_equal(again.members.values, told.members.values)


def test_a_way_that_was_right_in_past_months_weighs_more():
    rng = np.random.default_rng(1)
    actual = rng.normal(50, 5, (2, 700))
    spread = np.linspace(-8, 8, 99)
    good = actual[..., None] + spread
    months = [(np.stack([good, good + 2, good + 4]), actual)]
    growth, level, plain = month_weights(months)
    assert growth > level > plain
    size = np.array([1.0, 1000.0])[:, None]  # a meter counts the same whatever its size
    scaled = [(months[0][0] * size[..., None], actual * size)]
    np.testing.assert_allclose(month_weights(scaled), month_weights(months), atol=1e-3)


def test_short_histories_and_those_without_weather_use_the_regression_alone():
    load, weather = history(meters=1)
    moment = START[24 * 300]
    assert past_months(load.as_of(moment), moment) == []
    ahead = START[24 * 300 : 24 * 330]
    for seen in (weather, None):
        told = MonthsAhead(load, seen, Calendar()).forecast(ahead, moment, members=50)
        assert told.weights == {"growth": 1.0}
        assert told.members.values.shape[1:] == (1, len(ahead))


def test_steps_whose_weather_is_known_are_left_to_the_regression(made):
    load, weather, told, ahead, moment = made
    known = weather.as_of(moment + 24 * 3 * HOUR)  # three days of weather forecast
    near = MonthsAhead(load, weather, Calendar()).forecast(ahead, moment, ahead=known, members=120)
    alone = forecast_load(near.model, ahead, ahead=known, members=120)
    same = (near.members.values == alone.values).all(axis=(0, 1))
    assert same[: 24 * 3].all()
    assert not same[24 * 3 :].all()
    assert told.weights == near.weights


def test_a_forecast_issued_after_the_readings_ended_inside_a_month_is_made(made):
    load, weather, _, _, _ = made
    cut = 24 * 900
    short = observed(load.names, START[:cut], load.values[0][:, :cut])
    ways = MonthsAhead(short, observed(("t",), START[:cut], weather.values[0][:, :cut]), Calendar())
    moment = START[cut] + np.timedelta64(20, "D")
    ahead = grid(moment, 24 * 20, HOUR)
    assert np.isfinite(ways.forecast(ahead, moment, members=50).members.values).all()
