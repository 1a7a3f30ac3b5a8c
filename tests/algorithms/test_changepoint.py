"""Change-point models find what they were made from, choose by AICc, and add up to the meter."""

import numpy as np
import pytest

from abate.algorithms.changepoint import (
    COOLING,
    FIVE,
    FOUR,
    HEATING,
    LINE,
    MEAN,
    by_period,
    fit_change_points,
    predicted,
)

DAYS = np.arange(365)
RNG = np.random.default_rng(4)
WARMTH = 15 - 14 * np.cos(2 * np.pi * (DAYS - 20) / 365.25) + RNG.normal(0, 3, 365)


def made(base=10.0, up=0.0, down=0.0, heating=12.0, cooling=19.0):
    return base + up * np.maximum(heating - WARMTH, 0) + down * np.maximum(WARMTH - cooling, 0)


@pytest.mark.parametrize(
    ("facts", "model", "points"),
    [
        ({}, MEAN, (None, None)),
        ({"up": 1.0}, HEATING, (12.0, None)),
        ({"down": 1.0}, COOLING, (None, 19.0)),
        ({"up": 1.0, "down": 0.8}, FIVE, (12.0, 19.0)),
    ],
)
def test_a_model_is_found_again_with_its_balance_points(facts, model, points):
    usage = made(**facts) * (1 + RNG.normal(0, 0.02, 365))
    found = fit_change_points(WARMTH, DAYS, usage[None], np.ones(365))
    assert found.model[0] == model or model == MEAN
    if model == MEAN:  # what AICc adds by chance is next to nothing
        assert np.ptp(predicted(found.parameters, WARMTH)) < 0.1
        return
    for k, point in enumerate(points):
        assert (point is None and np.isnan(found.parameters[0, 3 + k])) or abs(
            found.parameters[0, 3 + k] - point
        ) < 0.6


def test_a_line_is_two_parameters():
    found = fit_change_points(
        WARMTH, DAYS, (50 - 1.2 * WARMTH + RNG.normal(0, 0.5, 365))[None], np.ones(365)
    )
    assert found.model[0] == LINE
    assert found.parameters[0, 2] == pytest.approx(-1.2, abs=0.02)


def test_residuals_of_a_baseline_add_up_to_zero_though_balance_points_are_weighted():
    usage = made(up=1.5, down=1.0) * RNG.lognormal(0, 0.3, 365)
    found = fit_change_points(WARMTH, DAYS, usage[None], np.ones(365))
    assert found.power[0] > 1
    assert (usage - predicted(found.parameters, WARMTH)[0]).sum() == pytest.approx(0, abs=1e-6)


def test_a_batch_gives_what_each_meter_gives_alone_and_gaps_do_not_move_others():
    usage = np.stack([made(up=1.0), made(down=2.0), made(up=0.4, down=0.7)]) + RNG.normal(
        0, 0.2, (3, 365)
    )
    usage[1, 40:80] = np.nan
    together = fit_change_points(WARMTH, DAYS, usage, np.ones(365))
    for m in range(3):
        alone = fit_change_points(WARMTH, DAYS, usage[[m]], np.ones(365))
        np.testing.assert_allclose(alone.parameters[0], together.parameters[m], rtol=1e-9)


def test_bills_are_fitted_by_the_degrees_of_their_days_not_by_their_mean_temperature():
    month = DAYS // 30.5
    truth = made(up=1.0)
    bills = by_period(truth[None], month.astype(int), 12) * (1 + 0.01 * RNG.standard_normal(12))
    found = fit_change_points(WARMTH, month.astype(int), bills, np.full(12, 30.4))
    assert found.model[0] == HEATING
    assert found.parameters[0, 3] == pytest.approx(12.0, abs=0.5)


def test_too_few_periods_are_fitted_by_nothing():
    found = fit_change_points(WARMTH[:2], DAYS[:2], made()[None, :2], np.ones(2))
    assert found.model[0] == -1
    assert np.isnan(found.parameters).all()


def test_four_parameters_are_one_balance_point_with_a_slope_on_either_side():
    usage = made(up=1.0, down=1.5, heating=15.0, cooling=15.0) + RNG.normal(0, 0.05, 365)
    found = fit_change_points(
        WARMTH, DAYS, usage[None], np.ones(365), candidates=(MEAN, LINE, FOUR)
    )
    assert found.model[0] == FOUR
    assert found.parameters[0, 3] == found.parameters[0, 4] == pytest.approx(15.0, abs=0.3)
