"""Generation of sun and wind: physics first, then what the plant's own history corrects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.conditional import Average, Boosted, Component, Forest, choose
from abate.algorithms.forecasting.scores import PERCENTILES, ordered
from abate.algorithms.forecasting.series import Known, Moments
from abate.energy.facts.plants import Plant
from abate.kernel.errors import DataError

Array = npt.NDArray[np.float64]
Weather = Mapping[str, Array]
"""Variables of forecast weather on one grid: `ghi` [W/m2], `temperature` [°C], `cloud` (share), `humidity` [%],
`wind_speed` [m/s], `wind_u_10`, `wind_v_10`, `wind_u_100`, `wind_v_100` [m/s], `rain`,
`pressure`."""
COMPONENTS: dict[str, Component] = {
    "forest": Forest(),
    "boosted": Boosted(),
    "average": Average((Forest(), Boosted())),
}
NIGHT_DEG = -6.0
"""Height of the sun's centre in the middle of a step below which nothing is generated."""
CLEAR_FLOOR = 0.06
"""Least clear-sky output, as a share of capacity, that generation is divided by."""
ROWS_MIN = 24 * 14
"""Hours with weather and generation below which climatology is used."""


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """The sun over a plant.

    Args:
        height_deg: Of the sun in the middle of each step.
        azimuth_deg: Likewise.
        clear: Output under a clear sky, as a share of capacity.
        clear_ghi: Global horizontal irradiance of a clear sky [W/m2].
    """

    height_deg: Array
    azimuth_deg: Array
    clear: Array
    clear_ghi: Array


def sky(plant: Plant, start: Moments) -> Sky:
    """Where the sun stands and what a clear sky would give.

    Source: Reda and Andreas (2004), solar position; Ineichen and Perez (2002), clear sky; both by
        pvlib.
    """
    import pandas as pd
    import pvlib

    middle = pd.DatetimeIndex(
        start + (start[1] - start[0]) // 2 if len(start) > 1 else start, tz="UTC"
    )
    place = pvlib.location.Location(
        plant.latitude_deg, plant.longitude_deg, altitude=plant.altitude_m
    )
    position = place.get_solarposition(middle)
    clear = place.get_clearsky(middle, model="ineichen", solar_position=position)
    height, azimuth = 90.0 - position["apparent_zenith"].to_numpy(), position["azimuth"].to_numpy()
    light = _on_modules(
        plant, middle, height, azimuth, *(clear[n].to_numpy() for n in ("ghi", "dni", "dhi"))
    )
    return Sky(
        height,
        azimuth,
        _electric(plant, light, np.full(len(light), 20.0), np.ones(len(light))),
        clear["ghi"].to_numpy(),
    )


def sun_power(plant: Plant, start: Moments, weather: Weather, above: Sky | None = None) -> Array:
    """Output of a roof by physics alone, as a share of capacity.

    Radiation on the modules from global radiation, module temperature, module, inverter.

    Args:
        plant: Its place and modules.
        start: Beginning of each step, UTC.
        weather: With `ghi`, or with `dni` and `dhi` too; without radiation the share of cloud dims
            a clear sky.
        above: The sun, where it was computed before.

    Source: Erbs, Klein and Duffie (1982); Hay and Davies (1980); Faiman (2008); PVWatts (Dobos
        2014); all by pvlib.
    """
    import pandas as pd
    import pvlib

    seen = above or sky(plant, start)
    middle = pd.DatetimeIndex(
        start + (start[1] - start[0]) // 2 if len(start) > 1 else start, tz="UTC"
    )
    zenith = 90.0 - seen.height_deg
    ghi = weather.get("ghi")
    if ghi is None and "cloud" not in weather:
        raise DataError(
            "no-weather",
            f"The weather of '{plant.id}' has neither ghi nor cloud.",
            "Give one of them.",
        )
    if ghi is None:  # Kasten and Czeplak (1980)
        ghi = seen.clear_ghi * (1.0 - 0.75 * weather["cloud"] ** 3.4)
    ghi = np.clip(ghi, 0.0, 1500.0)
    if "dni" in weather and "dhi" in weather:
        dni, dhi = np.maximum(weather["dni"], 0.0), np.maximum(weather["dhi"], 0.0)
    else:
        parts = pvlib.irradiance.erbs(ghi, np.minimum(zenith, 87.0), middle.day_of_year)
        dni, dhi = (
            np.where(zenith < 87, parts["dni"], 0.0),
            np.where(zenith < 87, parts["dhi"], ghi),
        )
    light = _on_modules(plant, middle, seen.height_deg, seen.azimuth_deg, ghi, dni, dhi)
    wind = weather.get(
        "wind_speed",
        np.hypot(weather.get("wind_u_10", np.ones(1)), weather.get("wind_v_10", np.zeros(1))),
    )
    return _electric(plant, light, weather.get("temperature", np.full(len(light), 20.0)), wind)


def _on_modules(
    plant: Plant, middle: Any, height: Array, azimuth: Array, ghi: Array, dni: Array, dhi: Array
) -> Array:
    import pvlib

    light = pvlib.irradiance.get_total_irradiance(
        plant.leans_deg,
        plant.faces_deg,
        90.0 - height,
        azimuth,
        dni,
        ghi,
        dhi,
        dni_extra=pvlib.irradiance.get_extra_radiation(middle).to_numpy(),
        model="haydavies",
    )
    found: Array = np.nan_to_num(np.asarray(light["poa_global"], float))
    return np.maximum(found, 0.0)


def _electric(plant: Plant, light: Array, temperature: Array, wind: Array) -> Array:
    """Alternating current from light on the modules, as a share of capacity."""
    import pvlib

    cell = pvlib.temperature.faiman(light, temperature, wind)
    direct = pvlib.pvsystem.pvwatts_dc(light, cell, plant.inverter_ratio, plant.gamma_per_k) * (
        1.0 - plant.loss_share
    )
    found: Array = np.clip(pvlib.inverter.pvwatts(np.nan_to_num(direct), 1.0 / 0.96), 0.0, 1.0)
    return found


def wind_power(plant: Plant, weather: Weather) -> Array:
    """Output of wind turbines by their power curve, as a share of capacity."""
    return plant.turned(_speeds(weather, plant)[0])


def _speeds(weather: Weather, plant: Plant) -> tuple[Array, Array]:
    """Wind speed at the hub and at 10 m; by the power law where only one height is known."""
    if "wind_u_100" in weather:
        high = np.hypot(weather["wind_u_100"], weather["wind_v_100"])
        low = (
            np.hypot(weather["wind_u_10"], weather["wind_v_10"])
            if "wind_u_10" in weather
            else high * 0.1**0.143
        )
        return high, low
    if "wind_u_10" not in weather and "wind_speed" not in weather:
        raise DataError(
            "no-weather", f"The weather of '{plant.id}' has no wind speed.", "Name it wind_speed."
        )
    low = (
        np.hypot(weather["wind_u_10"], weather["wind_v_10"])
        if "wind_u_10" in weather
        else weather["wind_speed"]
    )
    return low * (plant.hub_height_m / 10.0) ** 0.143, low


def moved(values: Array, steps: int) -> Array:
    """Values some steps later (or earlier), the ends held.

    Example:
        >>> moved(np.array([1.0, 2.0, 3.0]), 1).tolist()
        [2.0, 3.0, 3.0]
    """
    there: Array = values[np.clip(np.arange(len(values)) + steps, 0, len(values) - 1)]
    return there


def _season(start: Moments) -> list[Array]:
    day = (
        start.astype("datetime64[D]") - start.astype("datetime64[Y]").astype("datetime64[D]")
    ).astype(float)
    return [np.sin(2 * np.pi * day / 365.25), np.cos(2 * np.pi * day / 365.25)]


def wind_features(plant: Plant, start: Moments, own: Weather, others: Sequence[Weather]) -> Array:
    """What a model of a wind farm sees.

    Speeds now, before and after, direction, shear, and the farms around it.
    """
    high, low = _speeds(own, plant)
    steps = int(np.timedelta64(3600, "s") // (start[1] - start[0])) or 1
    hour = (start - start.astype("datetime64[D]")).astype("timedelta64[m]").astype(float) / 60
    near = {k: moved(high, k * steps) for k in range(-12, 13)}
    columns = [high, low, high**3, np.log((high + 0.1) / (low + 0.1)), wind_power(plant, own), hour]
    columns += [near[k] for k in (-3, -2, -1, 1, 2, 3)] + [moved(low, -steps), moved(low, steps)]
    columns += [np.mean([near[k] for k in range(-w, w + 1)], axis=0) for w in (1, 3, 6, 12)]
    columns += [np.std([near[k] for k in range(-w, w + 1)], axis=0) for w in (3, 6)] + [
        near[3] - near[-3]
    ]
    columns += _season(start)
    if "wind_u_100" in own:
        u, v = own["wind_u_100"], own["wind_v_100"]
        columns += [u, v, *(moved(x, k * steps) for x in (u, v) for k in (-2, 2))]
    if "wind_u_10" in own:
        columns += [own["wind_u_10"], own["wind_v_10"]]
    if "wind_u_100" in own and "wind_u_10" in own:
        turn = np.arctan2(own["wind_u_100"], own["wind_v_100"]) - np.arctan2(
            own["wind_u_10"], own["wind_v_10"]
        )
        columns.append(np.mod(turn + np.pi, 2 * np.pi) - np.pi)
    around = [_speeds(w, plant)[0] for w in others]
    if around:
        mean = np.mean([high, *around], axis=0)
        columns += [*around, mean, *(moved(mean, k * steps) for k in (-4, -2, 2, 4))]
        columns += [w[n] for w in others for n in ("wind_u_100", "wind_v_100") if n in w]
    return np.stack(columns, axis=-1)


def sun_features(
    plant: Plant, start: Moments, above: Sky, own: Weather, others: Sequence[Weather]
) -> Array:
    """What a model of a roof sees.

    Physics, how clear the sky is around the hour, and everything else forecast.
    """
    output = sun_power(plant, start, own, above)
    steps = int(np.timedelta64(3600, "s") // (start[1] - start[0])) or 1
    hour = (start - start.astype("datetime64[D]")).astype("timedelta64[m]").astype(float) / 60

    def clearness(weather: Weather) -> Array:
        if "ghi" in weather:
            return np.clip(weather["ghi"] / np.maximum(above.clear_ghi, 20.0), 0.0, 2.0)
        return 1.0 - weather["cloud"]

    clear = clearness(own)
    columns = [
        above.clear,
        output,
        clear,
        above.height_deg,
        above.azimuth_deg,
        hour,
        *_season(start),
    ]
    columns += [own[n] for n in sorted(own)]
    columns += [moved(x, k * steps) for x in (clear, output) for k in (-2, -1, 1, 2)]
    columns.append(np.mean([moved(clear, k * steps) for k in (-1, 0, 1)], axis=0))
    if "cloud" in own:
        columns += [moved(own["cloud"], k * steps) for k in (-2, -1, 1, 2)]
        columns.append(np.mean([moved(own["cloud"], k * steps) for k in range(-3, 4)], axis=0))
    day = (start.astype("datetime64[D]") - start[0].astype("datetime64[D]")).astype(int)
    light = above.clear
    columns.append(
        (np.bincount(day, clear * light) / np.maximum(np.bincount(day, light), 1e-6))[day]
    )
    for other in others:
        columns += [clearness(other), *([other["cloud"]] if "cloud" in other else [])]
    return np.stack(columns, axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """A forecast of one plant.

    Args:
        start: Beginning of each step.
        quantiles: Mean power of each step at the 99 percentiles [kW]; shape (steps, 99).
        component: What made it, `climatology` where there was no weather.
        scores: Pinball loss of each component by backtest, as a share of capacity, where they were
            compared.
    """

    start: Moments
    quantiles: Array
    component: str
    scores: dict[str, float]


def forecast_generation(
    plant: Plant,
    power: Known,
    start: Moments,
    *,
    weather: Weather | None = None,
    others: Sequence[Weather] | None = None,
    component: str = "average",
    seed: int = 1,
) -> Generation:
    """Forecast a plant: learn what its history adds to physics.

    And say a range that is never impossible.

    Quantiles do not cross, lie between nothing and capacity, and are zero at night for the sun.

    Args:
        plant: The plant.
        power: What was known of its power [kW], one series.
        start: Beginning of each step to forecast.
        weather: Forecast weather on the grid of `power` lengthened to the last step of `start`;
            None forecasts from the plant's own climatology.
        others: Weather at plants around it, on the same grid.
        component: Of `COMPONENTS`, or `choose` to take the best by backtest.
        seed: Of the trees.

    Raises:
        DataError: `too-little-data` where less than two days of the plant are known, `no-weather`
            where the weather lacks what its source needs.
    """
    if (~np.isnan(power.values[0])).sum() * (power.step / np.timedelta64(1, "D")) < 2:
        raise DataError(
            "too-little-data",
            f"'{plant.id}' has less than two days before {str(power.moment)[:16]}.",
            "Give more of its past.",
        )
    step = power.step
    grid_start = power.start[0] + step * np.arange(int((start[-1] - power.start[0]) // step) + 1)
    share = np.full(len(grid_start), np.nan)
    end = min(power.last(), len(grid_start))
    share[:end] = np.clip(power.values[0, :end] / plant.capacity_kw, 0.0, 1.0)
    ahead = np.searchsorted(grid_start, start)
    above = sky(plant, grid_start) if plant.source == "sun" else None
    light = np.ones(len(grid_start), bool) if above is None else above.height_deg > NIGHT_DEG
    scores: dict[str, float] = {}
    found = np.zeros((len(start), len(PERCENTILES)))
    learnt = np.zeros(len(start), bool)
    if weather is not None:
        if above is None:
            x = wind_features(plant, grid_start, weather, others or [])
            scale = np.ones(len(grid_start))
        else:
            x = sun_features(plant, grid_start, above, weather, others or [])
            scale = np.maximum(above.clear, CLEAR_FLOOR)
        whole: Any = ~np.isnan(x).any(axis=1)
        rows = np.flatnonzero(whole & ~np.isnan(share) & light & (grid_start < start[0]))
        learnt = whole[ahead] & light[ahead]
        if len(rows) >= ROWS_MIN and learnt.any():
            if component == "choose":
                scores = choose(COMPONENTS, x[rows], share[rows] / scale[rows], seed=seed)
                component = next(iter(scores))
            made = COMPONENTS[component](x[rows], share[rows] / scale[rows], x[ahead[learnt]], seed)
            found[learnt] = made * scale[ahead[learnt], None]
        else:
            learnt[:] = False
    lacking = light[ahead] & ~learnt
    if lacking.any():
        found[lacking] = _usual(share, grid_start, ahead[lacking], above)
    if not learnt.any():
        component = "climatology"
    found[~light[ahead]] = 0.0
    return Generation(
        start, ordered(found, low=0.0, high=1.0) * plant.capacity_kw, component, scores
    )


def _usual(share: Array, start: Moments, ahead: Any, above: Sky | None) -> Array:
    """What the plant gave at the same time of day and year.

    Of the sun, as a share of a clear sky.
    """
    scale = np.ones(len(start)) if above is None else np.maximum(above.clear, CLEAR_FLOOR)
    ratio = share / scale
    day = start.astype("datetime64[D]").astype(int)
    season = (
        start.astype("datetime64[D]") - start.astype("datetime64[Y]").astype("datetime64[D]")
    ).astype(int)
    of_day = (start - start.astype("datetime64[D]")).astype("timedelta64[s]").astype(int)
    known = ~np.isnan(ratio)
    found = np.zeros((len(ahead), len(PERCENTILES)))
    seen: dict[tuple[int, int], Array] = {}
    for k, at in enumerate(ahead):
        key = (int(day[at]), int(of_day[at]) if above is not None else 0)
        if key not in seen:
            apart = np.abs((season - season[at] + 183) % 366 - 183)
            near = known & (apart <= 30)
            if near.sum() < 24 * 28:  # less than a year: the latest weeks
                near = known & (day >= day[known].max(initial=0) - 60)
            if above is not None:
                near &= np.abs(of_day - of_day[at]) <= 3600
            values = ratio[near]
            seen[key] = (
                np.quantile(values, PERCENTILES)
                if len(values)
                else np.linspace(0.0, 1.0, len(PERCENTILES))
            )
        found[k] = seen[key] * scale[at]
    return found
