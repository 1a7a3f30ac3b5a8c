"""What `energy.toml` says: holidays, weather, plants, tariff.

The reference page of its keys is generated from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec import field as key

from abate.adapters.readers.series import zone_of
from abate.adapters.store.keys import Name, Word, as_dict
from abate.adapters.store.schema import read_toml
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.plants import Plant
from abate.energy.facts.tariffs import Band, Tariff
from abate.kernel.errors import ConfigError

CONFIG = "energy.toml"
Hour = Annotated[int, Meta(ge=0, le=23)]
Weekday = Annotated[int, Meta(ge=0, le=6)]
Month = Annotated[int, Meta(ge=1, le=12)]


class PlantKeys(Struct, frozen=True):
    """A roof or a wind farm.

    Args:
        id: Its name.
        site: Site that it belongs to.
        source: `sun` or `wind`.
        capacity_kw: Most it can give.
        power: File of what it gave, beside this one.
        weather: File of its weather, beside this one.
        latitude_deg: North positive.
        longitude_deg: East positive.
        altitude_m: Above the sea.
        tilt_deg: Of the modules, 0 flat; the latitude where none is given.
        azimuth_deg: Where they face, clockwise from north; the equator where none is given.
        gamma_per_k: Change of module power per kelvin.
        loss_share: Wiring, soiling, mismatch.
        inverter_ratio: Module power over inverter power.
        hub_height_m: Of wind turbines.
        curve: Wind speed in m/s and share of capacity, rising pairs.
    """

    id: Name
    site: Name
    source: Literal["sun", "wind"]
    capacity_kw: float
    power: Name
    weather: Name
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float = 0.0
    tilt_deg: float | None = None
    azimuth_deg: float | None = None
    gamma_per_k: float = -0.004
    loss_share: float = 0.10
    inverter_ratio: float = 1.1
    hub_height_m: float = 100.0
    curve: list[tuple[float, float]] = key(default_factory=list)


class BandKeys(Struct, frozen=True):
    """Hours with one price.

    Args:
        price_per_kwh: The price, in the tariff's currency.
        hours: Hours of the day in which it holds, 0 to 23; all where none are given.
        weekdays: 0 Monday to 6 Sunday; all where none are given.
        months: 1 to 12; all where none are given.
    """

    price_per_kwh: float
    hours: list[Hour] = key(default_factory=lambda: list(range(24)))
    weekdays: list[Weekday] = key(default_factory=lambda: list(range(7)))
    months: list[Month] = key(default_factory=lambda: list(range(1, 13)))


class TariffKeys(Struct, frozen=True):
    """What energy costs; the first band that holds gives the price.

    Args:
        bands: In their order.
        demand_per_kw: Price of a month's highest power.
        currency: Three letters.
    """

    bands: list[BandKeys]
    demand_per_kw: float = 0.0
    currency: Word = ""


class EnergyKeys(Struct, frozen=True):
    """Keys of `energy.toml`.

    Args:
        country: Country of the holidays, two letters.
        subdivision: Part of it, where holidays differ.
        zone: Time zone, such as `Asia/Shanghai`.
        weather: File of observed temperature, beside this one.
        forecast: File of forecast temperature, beside this one.
        plants: Roofs and wind farms.
        tariff: What energy costs.
    """

    country: Word = ""
    subdivision: Word = ""
    zone: Word = "UTC"
    weather: Name | None = None
    forecast: Name | None = None
    plants: list[PlantKeys] = key(default_factory=list)
    tariff: TariffKeys | None = None


@dataclass(frozen=True, slots=True)
class PlantSource:
    """A plant with the files that tell of it."""

    plant: Plant
    site: str
    power: Path
    weather: Path


@dataclass(frozen=True, slots=True)
class EnergyConfig:
    """What `energy.toml` says.

    Args:
        calendar: Holidays and clocks.
        weather: File of observed temperature, a series a site or one for all; None without.
        forecast: File of forecast temperature.
        roofs: Plants.
        tariff: What energy costs.
    """

    calendar: Calendar = field(default_factory=Calendar)
    weather: Path | None = None
    forecast: Path | None = None
    roofs: tuple[PlantSource, ...] = ()
    tariff: Tariff | None = None


def read_energy(path: Path) -> EnergyConfig:
    """Read `energy.toml`.

    Raises:
        ConfigError: `bad-energy`, `bad-plant`, `bad-tariff`, `tariff-incomplete`.
        UsageError: `unknown-zone`.
    """
    keys = read_toml(path, EnergyKeys, "bad-energy")
    here = path.parent
    roofs = []
    for p in keys.plants:
        known = {
            k: v for k, v in as_dict(p).items() if k not in ("site", "power", "weather", "curve")
        }
        roofs.append(
            PlantSource(
                Plant(**known, curve=tuple(p.curve)), p.site, here / p.power, here / p.weather
            )
        )
    if twice := sorted(
        {r.plant.id for r in roofs if sum(o.plant.id == r.plant.id for o in roofs) > 1}
    ):
        raise ConfigError(
            "bad-energy",
            f"{path.name}: the plant '{twice[0]}' appears twice.",
            "Give each its own id.",
        )
    tariff = None
    if keys.tariff:
        bands = tuple(
            Band(b.price_per_kwh, tuple(b.hours), tuple(b.weekdays), tuple(b.months))
            for b in keys.tariff.bands
        )
        tariff = Tariff(bands, keys.tariff.demand_per_kw, keys.tariff.currency)
    zone_of(keys.zone)
    weather, forecast = (here / name if name else None for name in (keys.weather, keys.forecast))
    return EnergyConfig(
        Calendar(keys.country, keys.subdivision, keys.zone), weather, forecast, tuple(roofs), tariff
    )
