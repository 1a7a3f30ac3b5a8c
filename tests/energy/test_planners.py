"""Load, generation and savings: what a forecast must hold whatever the data."""

from datetime import date

import numpy as np
import pytest

from abate.algorithms.forecasting.series import grid, observed
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.plants import Plant
from abate.energy.planners.generation import forecast_generation, sky, sun_power
from abate.energy.planners.hourly import hourly_savings
from abate.energy.planners.load import LoadSettings, fit_load, forecast_load
from abate.energy.planners.savings import Side, savings
from abate.kernel.errors import ConfigError, UsageError

HOUR = np.timedelta64(3600, "s")
YEAR = grid(np.datetime64("2023-01-02", "s"), 24 * 400, HOUR)


def load_of(days: int = 400, meters: int = 3, seed: int = 1):
    rng = np.random.default_rng(seed)
    start = YEAR[: days * 24]
    hours = np.arange(len(start))
    weekend = (hours // 24) % 7 >= 5
    warmth = 15 - 10 * np.cos(2 * np.pi * hours / 8766) + 4 * np.sin(2 * np.pi * (hours - 9) / 24)
    base = (1 + 0.3 * np.sin(2 * np.pi * (hours - 8) / 24)) * (
        1 - 0.2 * weekend
    ) + 0.03 * np.maximum(warmth - 18, 0)
    values = (
        np.arange(1, meters + 1)[:, None]
        * 10
        * base
        * (1 + 0.03 * rng.standard_normal((meters, len(start))))
    )
    return observed(tuple(f"m{k}" for k in range(meters)), start, values), observed(
        ("t",), start, warmth[None]
    )


def test_members_of_meters_are_the_members_of_their_sum():
    load, _ = load_of()
    made = forecast_load(fit_load(load.as_of(YEAR[-24]), calendar=Calendar()), YEAR[-24:])
    summed = made.summed({"site": [0, 1], "business": [0, 1, 2]})
    np.testing.assert_allclose(summed.values[:, 1], made.values.sum(axis=1))
    spread = summed.quantiles(np.array([0.05, 0.95]))[1]
    assert (
        spread[:, 1] - spread[:, 0]
        < np.diff(made.quantiles(np.array([0.05, 0.95])), axis=2).sum(axis=(0, 2))
    ).all()


def test_a_forecast_beats_the_mean_and_covers_what_it_says():
    load, weather = load_of(meters=4)
    hits, wide = [], []
    for back in range(10, 0, -2):
        origin = YEAR[-24 * back]
        model = fit_load(load.as_of(origin), calendar=Calendar(), weather=weather.as_of(origin))
        told = forecast_load(
            model, YEAR[len(YEAR) - 24 * back : len(YEAR) - 24 * (back - 1)], members=400
        )
        actual = load.values[0][:, len(YEAR) - 24 * back : len(YEAR) - 24 * (back - 1)]
        q = told.quantiles(np.array([0.1, 0.5, 0.9]))
        hits.append((actual >= q[:, :, 0]) & (actual <= q[:, :, 2]))
        wide.append(np.abs(actual - q[:, :, 1]).mean() / actual.mean())
    assert 0.7 <= np.mean(hits) <= 0.9
    assert np.mean(wide) < 0.04


def test_same_data_and_seed_are_the_same_bytes_and_another_seed_is_not():
    load, weather = load_of(60)
    model = fit_load(
        load.as_of(YEAR[24 * 60]), calendar=Calendar("CN"), weather=weather.as_of(YEAR[24 * 60])
    )
    ahead = grid(YEAR[24 * 60], 48, HOUR)
    one, two, other = (forecast_load(model, ahead, seed=s).values for s in (1, 1, 2))
    assert one.tobytes() == two.tobytes() != other.tobytes()


def test_two_weeks_of_data_are_enough_for_a_cold_start():
    load, weather = load_of(14)
    at = YEAR[14 * 24]
    model = fit_load(load.as_of(at), calendar=Calendar(), weather=weather.as_of(at))
    assert model.short
    told = forecast_load(model, grid(at, 24, HOUR))
    truth, _ = load_of(15, seed=1)
    error = (
        np.abs(told.values.mean(axis=0) - truth.values[0][:, -24:]).mean() / truth.values[0].mean()
    )
    assert error < 0.15


def test_forecast_weather_moves_the_load_and_unknown_weather_widens_it():
    load, weather = load_of()
    at = YEAR[24 * 220]  # August
    model = fit_load(load.as_of(at), calendar=Calendar(), weather=weather.as_of(at))
    ahead = grid(at, 24, HOUR)
    hot = weather.values[0] + 8.0 * (at <= YEAR)
    told = forecast_load(model, ahead, ahead=observed(("t",), YEAR, hot).as_of(YEAR[-1] + HOUR))
    mild = forecast_load(model, ahead, ahead=weather.as_of(YEAR[-1] + HOUR))
    assert told.values.mean() > 1.1 * mild.values.mean()
    assert forecast_load(model, ahead).values.std(axis=0).mean() > mild.values.std(axis=0).mean()


def test_a_missing_stretch_of_one_meter_leaves_the_others_as_they_were():
    load, _ = load_of()
    holed = load.values[0].copy()
    holed[0, 2000:4000] = np.nan
    ahead = grid(YEAR[-1] + HOUR, 24, HOUR)
    whole, cut = (
        forecast_load(
            fit_load(observed(load.names, YEAR, v).as_of(YEAR[-1] + HOUR), calendar=Calendar()),
            ahead,
        )
        for v in (load.values[0], holed)
    )
    np.testing.assert_allclose(whole.quantiles()[1], cut.quantiles()[1], rtol=0.05)


def test_a_stored_model_keeps_its_coefficients_and_notices_drift():
    load, _ = load_of()
    old = fit_load(load.as_of(YEAR[24 * 350]), calendar=Calendar())
    held = fit_load(load.as_of(YEAR[24 * 360]), calendar=Calendar(), held=old)
    np.testing.assert_array_equal(held.coefficients, old.coefficients)
    assert not held.is_due
    doubled = load.values[0] * np.where(np.arange(len(YEAR)) >= 24 * 350, 2.0, 1.0)
    drifted = fit_load(
        observed(load.names, YEAR, doubled).as_of(YEAR[24 * 364]), calendar=Calendar(), held=old
    )
    assert drifted.is_due
    assert (drifted.drift_ratio > 5).all()


def test_china_works_on_shifted_weekends_and_rests_on_national_days():
    kinds = Calendar("CN").day_types([date(2024, 2, 18), date(2024, 2, 12), date(2024, 2, 19)])
    assert kinds.weekday[0] == 4
    assert kinds.is_holiday == (False, True, False)
    with pytest.raises(UsageError, match="unknown-calendar"):
        Calendar("XX").day_types([date(2024, 1, 1)])


ROOF = Plant("roof", "sun", 100.0, 48.1, 11.6, 500.0, 30.0, 180.0)


def sunny(days: int = 120):
    start = grid(np.datetime64("2024-04-01", "s"), days * 24, HOUR)
    rng = np.random.default_rng(2)
    cloud = np.clip(np.repeat(rng.uniform(0, 1, days * 4), 6) + rng.normal(0, 0.1, days * 24), 0, 1)
    weather = {
        "cloud": cloud,
        "temperature": np.full(days * 24, 15.0),
        "wind_speed": np.full(days * 24, 2.0),
    }
    power = 100 * np.clip(
        sun_power(ROOF, start, weather) * (1 + rng.normal(0, 0.1, days * 24)), 0, 1
    )
    return start, weather, power


@pytest.mark.parametrize("with_weather", [True, False])
def test_a_roof_gives_nothing_at_night_never_more_than_its_capacity_and_its_quantiles_do_not_cross(
    with_weather,
):
    start, weather, power = sunny()
    known = observed(("roof",), start, power[None]).as_of(start[-48])
    made = forecast_generation(
        ROOF, known, start[-48:], weather=weather if with_weather else None, component="forest"
    )
    night = sky(ROOF, start[-48:]).height_deg < -6
    assert night.any()
    assert (made.quantiles[night] == 0).all()
    assert made.quantiles.min() >= 0
    assert made.quantiles.max() <= 100
    assert (np.diff(made.quantiles, axis=1) >= 0).all()
    assert made.component == ("forest" if with_weather else "climatology")


def test_weather_makes_a_roof_s_forecast_better_than_climatology():
    from abate.algorithms.forecasting.scores import pinball

    start, weather, power = sunny()
    known = observed(("roof",), start, power[None]).as_of(start[-240])
    losses = [
        pinball(
            power[-240:],
            forecast_generation(ROOF, known, start[-240:], weather=w, component="forest").quantiles,
        ).mean()
        for w in (weather, None)
    ]
    assert losses[0] < 0.6 * losses[1]


def test_noon_light_on_a_tilted_roof_meets_the_solar_geometry():
    start = grid(np.datetime64("2024-06-21T00", "s"), 24, HOUR)
    seen = sky(ROOF, start)
    assert seen.height_deg.max() == pytest.approx(90 - 48.1 + 23.44, abs=1.0)
    assert np.argmax(seen.clear) in (10, 11)  # UTC at 11.6 degrees east


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "tide"},
        {"capacity_kw": 0},
        {"latitude_deg": 120},
        {"curve": ((5, 0.2), (3, 0.5))},
    ],
)
def test_a_plant_that_cannot_be_is_refused(wrong):
    with pytest.raises(ConfigError, match="bad-plant"):
        Plant(**({"id": "x", "source": "wind", "capacity_kw": 10.0} | wrong))


def side(usage, warmth):
    days = usage.shape[1]
    return Side(warmth, np.arange(days), usage, np.ones(days))


def test_savings_of_meters_whose_truth_is_known_lie_in_the_range_as_often_as_it_says():
    rng = np.random.default_rng(8)
    days = np.arange(730)
    warmth = 12 - 11 * np.cos(2 * np.pi * (days - 20) / 365.25) + rng.normal(0, 3, (400, 730))
    level = 10 + 0.8 * np.maximum(14 - warmth, 0)
    usage = level * (1 + 0.12 * rng.standard_normal((400, 730)))
    usage[:, 365:] -= 0.1 * level[:, 365:]
    made = savings(
        tuple(map(str, range(400))),
        side(usage[:, :365], warmth[:, :365]),
        side(usage[:, 365:], warmth[:, 365:]),
        kind="daily",
        confidence=0.9,
    )
    truth = 0.1 * level[:, 365:].sum(axis=1)
    assert 0.86 <= np.mean([m.low <= t <= m.high for m, t in zip(made, truth, strict=True)]) <= 0.94
    assert np.mean([m.saved for m in made]) == pytest.approx(truth.mean(), rel=0.03)


def test_a_meter_that_cannot_carry_a_claim_says_why():
    rng = np.random.default_rng(8)
    warmth = 12 - 11 * np.cos(2 * np.pi * (np.arange(400) - 20) / 365.25)
    usage = np.stack(
        [rng.lognormal(0, 1.5, 400), 10 + rng.normal(0, 0.5, 400), rng.normal(0, 1, 400)]
    )
    made = savings(
        ("wild", "short", "feeds in"),
        side(usage[:, :100], warmth[:100]),
        side(usage[:, 100:], warmth[100:]),
        kind="daily",
    )
    assert any("CV(RMSE)" in r for r in made[0].reasons)
    assert any("covers 100 days" in r for r in made[1].reasons)
    assert any("negative" in r for r in made[2].reasons)
    assert any("colder or warmer" in r for r in made[1].reasons)


def test_hourly_models_find_savings_of_a_schedule_and_choose_by_aicc():
    rng = np.random.default_rng(6)
    hours = np.arange(24 * 540)
    warmth = 12 - 10 * np.cos(2 * np.pi * hours / 8766) + 4 * np.sin(2 * np.pi * (hours - 9) / 24)
    week = hours % 168
    busy = (week < 120) & (week % 24 >= 8) & (week % 24 < 18)
    usage = (
        5
        + 20 * busy
        + np.where(busy, 1.0, 0.2) * np.maximum(warmth - 15, 0)
        + rng.normal(0, 0.8, len(hours))
    )
    after = hours >= 24 * 365
    saved = np.where(after & busy, 3.0, 0.0)
    (made,) = hourly_savings(("hall",), warmth, week, (usage - saved)[None], after)
    assert "busy and idle" in made.model
    assert made.low <= saved.sum() <= made.high
    assert made.saved == pytest.approx(saved.sum(), rel=0.05)
    assert made.reasons == ()


def test_settings_of_the_load_model_are_what_the_results_say():
    assert LoadSettings().half_life_years == 3.0
    assert LoadSettings().stations == 6
