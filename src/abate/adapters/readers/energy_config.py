"""What `energy.toml` says: holidays, weather, plants, tariff.

The reference page of its keys is generated from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec import field as key

from abate.adapters.readers.series import zone_of
from abate.adapters.readers.tariff_files import FOLDER, find_tariff, times_of
from abate.adapters.store.keys import Name, Share, Word, as_dict
from abate.adapters.store.schema import FileKeyError, read_toml
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.microgrids import Battery
from abate.energy.facts.plants import Plant
from abate.energy.facts.tariffs import DemandLine, EnergyLine, Line, Period, Tariff
from abate.energy.planners.sizing import Finance, SizeLimits
from abate.kernel.errors import ConfigError

CONFIG = "energy.toml"
Hour = Annotated[int, Meta(ge=0, le=23)]
Weekday = Annotated[int, Meta(ge=0, le=6)]
Month = Annotated[int, Meta(ge=1, le=12)]
Large = Annotated[float, Meta(ge=0, le=1e9)]


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


class BatteryKeys(Struct, frozen=True):
    """A storage of electricity at a site.

    Args:
        id: Its name.
        site: Site at which it stands.
        energy_kwh: What it can hold.
        charge_kw: Most power in.
        discharge_kw: Most power out.
        charge_efficiency: Share of what goes in that is stored.
        discharge_efficiency: Share of what is stored that comes out.
        self_discharge_share: Share of what is stored that is lost in an hour.
        low_share: Least that is stored, as a share of the energy.
        high_share: Most.
        start_share: What is stored at first and, at least, at last.
        cycle_cost: What a kWh out costs in wear.
    """

    id: Name
    site: Name
    energy_kwh: Large
    charge_kw: Large
    discharge_kw: Large
    charge_efficiency: Share = 0.95
    discharge_efficiency: Share = 0.95
    self_discharge_share: Share = 0.0
    low_share: Share = 0.0
    high_share: Share = 1.0
    start_share: Share = 0.5
    cycle_cost: Large = 0.0


class ShiftableKeys(Struct, frozen=True):
    """A load that may run at any time of a stretch of each day.

    Args:
        id: Its name.
        site: Site at which it stands.
        energy_kwh: What it uses a day, beside what the meters show.
        power_kw: Most power.
        times: When it may run, such as `20:00-06:00`; the whole day where none is given.
        weekdays: Days on which it runs, 0 Monday to 6 Sunday.
    """

    id: Name
    site: Name
    energy_kwh: Large
    power_kw: Large
    times: Word = "00:00-24:00"
    weekdays: list[Weekday] = key(default_factory=lambda: list(range(7)))


class TechnologyKeys(Struct, frozen=True):
    """Something that may be built at a site.

    Args:
        id: Its name.
        site: The site.
        kind: `generator` or `battery`.
        profile: File of the power of one kW by the hour, beside this one.
        plant: Plant of this file that tells it, in place of a file.
        cost_per_kw: To build a kW.
        cost_per_kwh: To build a kWh of a battery.
        om_per_kw: Operation of a kW a year.
        min_kw: Smallest size.
        max_kw: Largest size.
        max_kwh: Largest energy of a battery.
        loss: Share of its output that it loses each year.
        life_years: After which it is replaced; never where it is 0.
        replace_share: Share of its cost that this costs.
        credit_share: Share of its cost that taxes give back at once.
        depreciation: Share of its cost that is written off in each year.
        charge_efficiency: Of a battery.
        discharge_efficiency: Of a battery.
        low_share: Least that is stored.
        cycle_cost: What a kWh out costs in wear.
    """

    id: Name
    site: Name
    kind: Literal["generator", "battery"]
    profile: Word = ""
    plant: Word = ""
    cost_per_kw: Large = 0.0
    cost_per_kwh: Large = 0.0
    om_per_kw: Large = 0.0
    min_kw: Large = 0.0
    max_kw: Large = 1e7
    max_kwh: Large = 1e7
    loss: Share = 0.0
    life_years: Annotated[int, Meta(ge=0, le=60)] = 0
    replace_share: Share = 1.0
    credit_share: Share = 0.0
    depreciation: list[Share] = key(default_factory=list)
    charge_efficiency: Share = 0.95
    discharge_efficiency: Share = 0.95
    low_share: Share = 0.0
    cycle_cost: Large = 0.0


class FinanceKeys(Struct, frozen=True):
    """How years are weighed.

    Args:
        years: Of the analysis.
        discount: A year, as a share.
        price_rise: Rise of the prices of energy a year.
        om_rise: Rise of the costs of operation a year.
        tax_rate: Share of the cost of energy and operation that taxes give back.
    """

    years: Annotated[int, Meta(ge=1, le=60)] = 20
    discount: Annotated[float, Meta(gt=-0.5, lt=1)] = 0.06
    price_rise: Annotated[float, Meta(gt=-0.5, lt=1)] = 0.0
    om_rise: Annotated[float, Meta(gt=-0.5, lt=1)] = 0.0
    tax_rate: Annotated[float, Meta(ge=0, lt=1)] = 0.0


class ConnectionKeys(Struct, frozen=True):
    """A site's connection to the grid.

    Args:
        site: The site.
        import_max_kw: Most power from the grid; without a limit where none is given.
        export_max_kw: Most power into it; 0 where nothing may be fed in.
        tariff: Name of its tariff; that of the file where none is given.
        contract_kw: Power by contract, in place of that of the tariff.
        capacity_kva: Capacity of the transformer, in place of that of the tariff.
        shed_share: Share of the load that may be left out.
        shed_cost: What a kWh left out costs.
        carbon: File of kg CO2e per kWh of the grid by the hour, beside this one; the factor book
            says it by the month where none is given.
        carbon_price: What a kilogram of CO2e costs in a plan.
        self_use_share: Least share of what is generated that is not fed in, of sizes.
        supply_share: Least share of the load that the grid does not give, of sizes.
        net_metering_kw: Largest generation up to which feeding in is paid, of sizes.
    """

    site: Name
    import_max_kw: Large | None = None
    export_max_kw: Large | None = None
    tariff: Word = ""
    contract_kw: Large = 0.0
    capacity_kva: Large = 0.0
    shed_share: Share = 0.0
    shed_cost: Large = 0.0
    carbon: Word = ""
    carbon_price: Large = 0.0
    self_use_share: Share = 0.0
    supply_share: Share = 0.0
    net_metering_kw: Large | None = None


class BandTariffKeys(Struct, frozen=True):
    """What energy costs, in short; the first band that holds gives the price.

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
        batteries: Storages.
        shiftable: Loads that may be moved.
        connections: Connections of sites to the grid.
        technologies: What may be built.
        finance: How years are weighed.
        tariff: What energy costs: the name of a tariff, or a short one in place.
    """

    country: Word = ""
    subdivision: Word = ""
    zone: Word = "UTC"
    weather: Name | None = None
    forecast: Name | None = None
    plants: list[PlantKeys] = key(default_factory=list)
    batteries: list[BatteryKeys] = key(default_factory=list)
    shiftable: list[ShiftableKeys] = key(default_factory=list)
    connections: list[ConnectionKeys] = key(default_factory=list)
    technologies: list[TechnologyKeys] = key(default_factory=list)
    finance: FinanceKeys = key(default_factory=FinanceKeys)
    tariff: BandTariffKeys | Name | None = None


@dataclass(frozen=True, slots=True)
class PlantSource:
    """A plant with the files that tell of it."""

    plant: Plant
    site: str
    power: Path
    weather: Path


@dataclass(frozen=True, slots=True)
class Shiftable:
    """A load that may run at any time of a stretch of each day.

    Args:
        id: Its name.
        energy_kwh: What it uses a day.
        power_kw: Most power.
        times: Minutes of the day, first and the one after the last.
        weekdays: 0 Monday to 6 Sunday.
    """

    id: str
    energy_kwh: float
    power_kw: float
    times: tuple[int, int] = (0, 1440)
    weekdays: tuple[int, ...] = tuple(range(7))


@dataclass(frozen=True, slots=True)
class Connection:
    """A site's connection to the grid, with what stands behind it; see `ConnectionKeys`."""

    import_max_kw: float = float("inf")
    export_max_kw: float = float("inf")
    tariff: Tariff | None = None
    shed_share: float = 0.0
    shed_cost: float = 0.0
    carbon: Path | None = None
    carbon_price: float = 0.0
    batteries: tuple[Battery, ...] = ()
    shiftable: tuple[Shiftable, ...] = ()
    limits: SizeLimits = field(default_factory=SizeLimits)


@dataclass(frozen=True, slots=True)
class EnergyConfig:
    """What `energy.toml` says.

    Args:
        calendar: Holidays and clocks.
        weather: File of observed temperature, a series a site or one for all; None without.
        forecast: File of forecast temperature.
        roofs: Plants.
        tariff: What energy costs.
        connections: Of the sites that have one, a battery, or a load that may be moved.
        technologies: What may be built, by site.
        finance: How years are weighed.
        folder: Where the file lies.
    """

    calendar: Calendar = field(default_factory=Calendar)
    weather: Path | None = None
    forecast: Path | None = None
    roofs: tuple[PlantSource, ...] = ()
    tariff: Tariff | None = None
    connections: Mapping[str, Connection] = field(default_factory=dict)
    technologies: tuple[TechnologyKeys, ...] = ()
    finance: Finance = field(default_factory=Finance)
    folder: Path = field(default_factory=Path)

    def connection(self, site: str) -> Connection:
        """Connection of a site; one without limits where the file does not tell of it."""
        return self.connections.get(site, Connection(tariff=self.tariff))


def read_energy(path: Path, tariffs: Sequence[Path] = ()) -> EnergyConfig:
    """Read `energy.toml`.

    Args:
        path: The file.
        tariffs: Folders of tariffs beside `tariffs` next to the file; what lies in them holds
            before it.

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
    zone_of(keys.zone)
    calendar = Calendar(keys.country, keys.subdivision, keys.zone)
    tariff = None
    if isinstance(keys.tariff, BandTariffKeys):
        tariff = _of_bands(keys.tariff, calendar)
    elif keys.tariff:
        tariff = find_tariff(keys.tariff, [here / FOLDER, *tariffs])
    weather, forecast = (here / name if name else None for name in (keys.weather, keys.forecast))
    connections = _connections(keys, [here / FOLDER, *tariffs], here, tariff)
    built = tuple(keys.technologies)
    finance = Finance(**as_dict(keys.finance))
    return EnergyConfig(
        calendar, weather, forecast, tuple(roofs), tariff, connections, built, finance, here
    )


def _connections(
    keys: EnergyKeys, folders: list[Path], here: Path, tariff: Tariff | None
) -> dict[str, Connection]:
    told = {c.site: c for c in keys.connections}
    for ids in (
        [b.id for b in keys.batteries],
        [d.id for d in keys.shiftable],
        [c.site for c in keys.connections],
    ):
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            text = f"energy.toml: '{twice[0]}' appears twice."
            raise ConfigError("bad-energy", text, "Give each its own id.")
    made = {}
    sites = {*told, *(b.site for b in keys.batteries), *(d.site for d in keys.shiftable)}
    for site in sorted(sites):
        c = told.get(site, ConnectionKeys(site))
        made[site] = Connection(
            float("inf") if c.import_max_kw is None else c.import_max_kw,
            float("inf") if c.export_max_kw is None else c.export_max_kw,
            _tariff_at(c, folders, tariff),
            c.shed_share,
            c.shed_cost,
            here / Path(c.carbon).name if c.carbon else None,
            c.carbon_price,
            tuple(_battery(b) for b in keys.batteries if b.site == site),
            tuple(_shiftable(d) for d in keys.shiftable if d.site == site),
            SizeLimits(c.self_use_share, c.supply_share, c.net_metering_kw),
        )
    return made


def _tariff_at(keys: ConnectionKeys, folders: list[Path], usual: Tariff | None) -> Tariff | None:
    """The tariff of a connection, for its contract and transformer."""
    found = find_tariff(keys.tariff, folders) if keys.tariff else usual
    if found is None:
        return None
    contract, capacity = keys.contract_kw, keys.capacity_kva
    return replace(
        found,
        contract_kw=contract or found.contract_kw,
        capacity_kva=capacity or found.capacity_kva,
    )


def _battery(keys: BatteryKeys) -> Battery:
    return Battery(**{k: v for k, v in as_dict(keys).items() if k != "site"})


def _shiftable(keys: ShiftableKeys) -> Shiftable:
    try:
        times = times_of(keys.times, ("shiftable", keys.id))
    except FileKeyError as error:
        text = f"energy.toml: {keys.id}: {error.what}."
        raise ConfigError("bad-energy", text, error.hint) from error
    return Shiftable(keys.id, keys.energy_kwh, keys.power_kw, times, tuple(keys.weekdays))


def _of_bands(keys: BandTariffKeys, calendar: Calendar) -> Tariff:
    """A tariff of bands: one line for energy, and one for power where it has a price."""
    periods, prices = [], []
    for k, band in enumerate(keys.bands, 1):
        hours = () if len(set(band.hours)) == 24 else sorted(set(band.hours))
        times = tuple((h * 60, (h + 1) * 60) for h in hours)
        if band.hours:
            place = (tuple(band.months), tuple(band.weekdays))
            periods.append(Period(f"band {k}", times, *place))
            prices.append((f"band {k}", band.price_per_kwh))
    lines: list[Line] = [EnergyLine("energy", prices=tuple(prices))]
    if keys.demand_per_kw:
        lines.append(DemandLine("demand", (keys.demand_per_kw,)))
    return Tariff("tariff", tuple(lines), tuple(periods), currency=keys.currency, calendar=calendar)
