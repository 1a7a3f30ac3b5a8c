"""Forecasts of a workspace: its meters, its plants, valued like an inventory, kept.

And set against the meters later.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.energy_config import EnergyConfig, PlantSource
from abate.adapters.readers.series import read_series, zone_of
from abate.adapters.store.delta import literal
from abate.adapters.store.imports import live_imports, live_views
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import write_whole
from abate.algorithms.forecasting.scores import coverage, pinball, skill
from abate.algorithms.forecasting.series import Known, grid
from abate.application.energy.batches import (
    LEVELS,
    MeterForecast,
    Weather,
    as_series,
    data_version,
    level_name,
    require_history,
    temperature_of,
    weather_of,
)
from abate.application.inventory.inputs import read_terms
from abate.application.plans import value_sides
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.readings import FORECAST_DRIFT, Readings, as_power
from abate.energy.planners.generation import Generation, forecast_generation
from abate.energy.planners.load import (
    DRIFT_RATIO_MAX,
    Ensemble,
    LoadModel,
    LoadSettings,
    fit_load,
    forecast_load,
)
from abate.energy.planners.load_months import MONTHS_AHEAD, MonthsAhead
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, NotFoundError, UsageError
from abate.kernel.finding import Finding
from abate.kernel.tables import ForecastLine, ForecastRow
from abate.kernel.units import in_t

METERED = "facility-energy"
GENERATED = "generation"
HOUR = np.timedelta64(3600, "s")
DAY = np.timedelta64(86_400, "s")


def hourly_sites(workspace: Workspace) -> set[str]:
    """Sites whose hourly energy the ledger holds."""
    with workspace.store.connect() as con:
        live_views(con, workspace, live_imports(workspace))
        rows = con.execute(
            f"select distinct site from live_activities where kind = '{METERED}' and"
            " period_end - period_start <= interval 1 hour"
        ).fetchall()
    return {str(site) for (site,) in rows}


def site_readings(workspace: Workspace, site: str) -> Readings:
    """Hourly energy of a site's buildings as the ledger has it [kWh].

    Raises:
        NotFoundError: `no-meter` where the site has no hourly meter.
    """
    with workspace.store.connect() as con:
        live_views(con, workspace, live_imports(workspace))
        rows = con.execute(
            "select meter, epoch(date_trunc('hour', period_start))::bigint as at, sum(quantity) as"
            f" kwh from live_activities where site = {literal(site)} and kind = '{METERED}' and"
            " period_end - period_start <= interval 1 hour group by 1, 2 order by 1, 2"
        ).fetchnumpy()
    if not len(rows["at"]):
        raise NotFoundError(
            "no-meter",
            f"'{site}' has no hourly meter.",
            "See the data-centre page for those that have.",
        )
    meters, who = np.unique(np.asarray(rows["meter"]).astype(str), return_inverse=True)
    at = rows["at"] // 3600
    first, count = int(at.min()), int(at.max() - at.min()) + 1
    values = np.full((len(meters), count), np.nan)
    values[who, at - first] = np.ma.filled(rows["kwh"].astype(float), np.nan)
    start = (np.datetime64(0, "s") + HOUR * first) + HOUR * np.arange(count)
    return Readings(
        tuple(str(m) for m in meters), start, values, ("kWh",) * len(meters), f"ledger of {site}"
    )


@dataclass(frozen=True, slots=True, eq=False)
class SiteForecast:
    """A forecast of a site.

    Args:
        site: The site.
        told: Its meters.
        roofs: Its plants.
        lines: Valued activities of basis forecast, as `forecast_lines` holds them.
        findings: Of drift.
        refitted: Whether the model was fitted for it.
    """

    site: str
    told: MeterForecast
    roofs: tuple[tuple[PlantSource, Generation], ...]
    lines: list[ForecastLine]
    findings: tuple[Finding, ...]
    refitted: bool


def forecast_site(
    workspace: Workspace,
    site: str,
    config: EnergyConfig,
    *,
    ahead_s: int,
    issued: np.datetime64 | None = None,
    members: int = 300,
    seed: int = 1,
    keep_model: bool = True,
) -> SiteForecast:
    """Forecast the meters and plants of a site, and value the days.

    Args:
        workspace: The workspace.
        site: The site.
        config: What is known of its energy.
        ahead_s: Length [s].
        issued: Moment of issue; the end of the readings where it is not stated.
        members: At least this many.
        seed: Of the members.
        keep_model: Whether the fitted model is stored, and a stored one used while it is good.

    Raises:
        NotFoundError: `no-meter`.
        UsageError: `plan-not-valued` where the site's electricity finds no factor.
    """
    load = site_readings(workspace, site)
    calendar = replace(config.calendar, zone="UTC")  # the ledger holds the clock times of its files
    moment = issued if issued is not None else load.start[-1] + HOUR
    known = as_series(load).as_of(moment)
    require_history(known, load)
    first = moment.astype("datetime64[h]").astype("datetime64[s]")
    horizon = grid(first + HOUR * int(first < moment), max(1, ahead_s // 3600), HOUR)
    seen = coming = temperature = None
    if config.weather is not None:
        seen, coming, temperature = site_weather(config, site, load, moment, horizon)
    model, findings, refitted = _model(workspace, site, known, calendar, seen, keep_model)
    if temperature is not None and len(horizon) * HOUR >= MONTHS_AHEAD:
        ways = MonthsAhead(as_series(load), temperature, calendar)
        weighed = ways.forecast(horizon, moment, ahead=coming, members=members, seed=seed)
        model, made = weighed.model, weighed.members
    else:
        made = forecast_load(model, horizon, ahead=coming, members=members, seed=seed)
    told = MeterForecast(made, moment, "kWh", model, data_version(known, seen, coming))
    roofs = tuple(
        (roof, _roof(roof, moment, horizon, config)) for roof in config.roofs if roof.site == site
    )
    lines = _lines(workspace, site, told) + [
        line for roof, made in roofs for line in _roof_lines(site, roof, made)
    ]
    return SiteForecast(site, told, roofs, lines, findings, refitted)


def site_weather(
    config: EnergyConfig,
    site: str,
    load: Readings,
    moment: np.datetime64,
    horizon: Any,
    zone: str = "UTC",
) -> tuple[Known, Known | None, Weather]:
    """Temperature seen up to the moment, what was forecast after it, and all of it."""
    assert config.weather is not None

    def of(path: Path) -> Readings:
        read = read_series(path, zone=zone, checked=False)
        mine = [n for n in read.names if n.split("/")[0] == site]
        return read.picked(mine) if mine else read

    observed = of(config.weather)
    forecast = of(config.forecast) if config.forecast else None
    seen, coming = weather_of(observed, forecast, load, horizon, moment)
    return seen, coming, temperature_of(observed, load.start)


def _roof(
    roof: PlantSource, moment: np.datetime64, horizon: Any, config: EnergyConfig
) -> Generation:
    """A plant's forecast in the ledger's clock."""
    offset = np.timedelta64(0, "s")
    if config.calendar.zone != "UTC":
        local = datetime.fromisoformat(str(horizon[0])).replace(
            tzinfo=zone_of(config.calendar.zone)
        )
        shift = local.utcoffset()
        offset = np.timedelta64(int(shift.total_seconds()) if shift else 0, "s")
    made = plant_forecast(roof, moment - offset, horizon - offset, config)
    return replace(made, start=horizon)


def plant_forecast(
    roof: PlantSource,
    moment: np.datetime64,
    horizon: Any,
    config: EnergyConfig,
    *,
    blind: bool = False,
) -> Generation:
    """A plant's forecast from its own files, in UTC.

    Weather of the hours ahead is used where the file has it.

    Args:
        roof: The plant.
        moment: Up to when data is used.
        horizon: Beginning of each step.
        config: Clock of its files.
        blind: Without weather, from what it gave at this time of day and year.

    Raises:
        DataError: `too-little-data`, `no-weather` where its file lacks what its source needs.
    """
    power = as_power(read_series(roof.power, zone=config.calendar.zone, checked=False))
    weather = read_series(roof.weather, zone=config.calendar.zone, checked=False)
    known = as_series(power.picked([power.names[0]])).as_of(moment)
    if horizon[0] < power.start[0] + 2 * DAY:
        raise DataError(
            "too-little-data",
            f"{roof.power.name} begins at {str(power.start[0])[:16]}.",
            "Issue later.",
        )
    start = grid(power.start[0], int((horizon[-1] - power.start[0]) // known.step) + 1, known.step)
    seen = Weather(weather, start, coming=True).as_of(moment)
    given = None if blind else dict(zip(seen.names, seen.values, strict=True))
    return forecast_generation(roof.plant, known, horizon, weather=given, component="forest")


def _model(
    workspace: Workspace,
    site: str,
    known: Known,
    calendar: Calendar,
    weather: Known | None,
    keep: bool,
) -> tuple[LoadModel, tuple[Finding, ...], bool]:
    """The stored model while it is good, else one fitted now; and what drifted."""
    path = workspace.root / "models" / f"{site}.npz"
    settings = LoadSettings()
    held = _stored(path, known, calendar, weather, settings) if keep else None
    findings: list[Finding] = []
    if held is not None and not held.is_due:
        return held, (), False
    if held is not None:
        for name, ratio in zip(held.names, held.drift_ratio, strict=True):
            if ratio > DRIFT_RATIO_MAX:
                text = (
                    f"Residuals of '{name}' in the last two weeks are {ratio:.0f} times those at"
                    " the fit."
                )
                findings.append(Finding.of(FORECAST_DRIFT, text, site=site))
    model = fit_load(known, calendar=calendar, weather=weather, settings=settings)
    if keep:
        kept = io.BytesIO()
        np.savez_compressed(
            kept,
            coefficients=model.coefficients,
            mean=model.scale[0],
            deviation=model.scale[1],
            knots=model.knots,
            weights=model.weights,
            spread=model.spread,
            about=np.array(
                json.dumps(
                    {
                        "names": model.names,
                        "parameters": model.parameters,
                        "short": model.short,
                        "now": str(model.now),
                        "fitted": str(model.fitted),
                        "data_version": data_version(known),
                    }
                )
            ),
        )
        write_whole(path, kept.getvalue())
    return model, tuple(findings), True


def _stored(
    path: Path, known: Known, calendar: Calendar, weather: Known | None, settings: LoadSettings
) -> LoadModel | None:
    """A stored model brought up to what is known; None where there is none that fits."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as handle, np.load(handle) as data:
            about = json.loads(str(data["about"]))
            arrays = {
                k: data[k]
                for k in ("coefficients", "mean", "deviation", "knots", "weights", "spread")
            }
        fitted, now = np.datetime64(about["fitted"]), np.datetime64(about["now"])
        learnt, short, names = about["parameters"], bool(about["short"]), tuple(about["names"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None  # half written or of another make: fitted again
    if (
        names != known.names
        or bool(len(arrays["knots"])) != (weather is not None)
        or fitted > known.moment
    ):
        return None
    fresh = fit_load(known, calendar=calendar, weather=weather, settings=settings)
    told = json.loads(json.dumps(fresh.parameters))
    if {k: v for k, v in told.items() if k != "days"} != {
        k: v for k, v in learnt.items() if k != "days"
    }:
        return None  # other choices, another calendar
    held = replace(
        fresh,
        coefficients=arrays["coefficients"],
        scale=(arrays["mean"], arrays["deviation"]),
        knots=arrays["knots"],
        weights=arrays["weights"],
        spread=arrays["spread"],
        short=short,
        now=now,
        fitted=fitted,
    )
    return fit_load(known, calendar=calendar, weather=weather, settings=settings, held=held)


def _lines(workspace: Workspace, site: str, told: MeterForecast) -> list[ForecastLine]:
    """Activities of basis forecast by level.

    Each meter's steps, and each day of the whole site, valued.
    """
    import pyarrow as pa

    names = ["mean", *(level_name(level) for level in LEVELS)]
    members, start = told.members, told.members.start
    steps = _levels(members.values)
    edges = np.flatnonzero(np.diff(start.astype("datetime64[D]").astype(int), prepend=-1))
    daily = _levels(np.add.reduceat(members.values.sum(axis=1), edges, axis=1))
    ends = np.append(start[edges[1:]], start[-1] + HOUR)
    lines: list[ForecastLine] = []
    sides: dict[str, pa.Table] = {}
    for k, level in enumerate(names):
        for m, meter in enumerate(members.names):
            for i, moment in enumerate(start):
                amount = float(steps[k][m, i])
                lines.append(_step_line(METERED, site, meter, level, moment, amount))
        activities = [
            {
                "activity_id": d + 1,
                "kind": "electricity",
                "item": "",
                "site": site,
                "month": str(start[at])[:7],
                "quantity": float(daily[k][d]),
                "unit": "kWh",
                "basis": "forecast",
                "fiscal_year": workspace.calendar.year_of(start[at].astype("datetime64[D]").item()),
            }
            for d, at in enumerate(edges)
        ]
        sides[level] = pa.Table.from_pylist(activities)
    valued = value_sides(
        workspace,
        sides,
        workspace.organisation,
        read_terms(workspace, "", "", None),
        name="forecast",
    )
    for (level, activity, *_), row in sorted(
        valued.items(), key=lambda item: (item[0][1], names.index(item[0][0]))
    ):
        day = int(activity) - 1
        lines.append(
            ForecastLine(
                forecast_id="",
                level=level,
                kind="electricity",
                site=site,
                meter="",
                month=row.month,
                period_start=_moment(start[edges[day]]),
                period_end=_moment(ends[day]),
                quantity=row.quantity,
                unit="kWh",
                basis="forecast",
                scope=row.scope,
                view=row.view or row.category,
                method=row.method,
                factor_id=row.factor_id,
                co2e_mg=row.co2e_mg,
            )
        )
    return lines


def _moment(at: np.datetime64) -> datetime:
    return datetime.fromisoformat(str(at.astype("datetime64[us]")))


def _step_line(
    kind: str, site: str, meter: str, level: str, moment: np.datetime64, amount_kwh: float
) -> ForecastLine:
    """An hour's amount at a level, which is not valued."""
    return ForecastLine(
        forecast_id="",
        level=level,
        kind=kind,
        site=site,
        meter=meter,
        month=str(moment)[:7],
        period_start=_moment(moment),
        period_end=_moment(moment + HOUR),
        quantity=amount_kwh,
        unit="kWh",
        basis="forecast",
        scope="",
        view="",
        method="",
        factor_id="",
        co2e_mg=None,
    )


def _roof_lines(site: str, roof: PlantSource, made: Generation) -> list[ForecastLine]:
    """What a plant is expected to give, by step and level.

    Nothing is valued: who uses it is not known yet.
    """
    return [
        _step_line(
            GENERATED,
            site,
            roof.plant.id,
            level_name(level),
            moment,
            float(quantiles[round(level * 100) - 1]),
        )
        for level in LEVELS
        for moment, quantiles in zip(made.start, made.quantiles, strict=True)
    ]


def _levels(values: Any) -> list[Any]:
    """Mean and quantiles over members; arrays (series, steps)."""
    return [values.mean(axis=0), *np.quantile(values, np.array(LEVELS), axis=0)]


def post_forecast(workspace: Workspace, made: SiteForecast, *, now: datetime) -> str:
    """Keep a forecast, in a book of its own: nothing of it enters an inventory.

    Returns:
        Its name; one that is kept already is not kept twice.
    """
    terms = read_terms(workspace, "", "", None)
    members = made.told.members
    with workspace.store.lock():
        rows = workspace.store.records(ForecastRow)
        ends = (members.start[-1] + HOUR).item()
        for r in rows:
            same = (
                r.site,
                r.data_version,
                r.period_start,
                r.period_end,
                r.parameters,
            )
            if same == (
                made.site,
                made.told.data_version,
                members.start[0].item(),
                ends,
                json.dumps(made.told.model.parameters),
            ):
                return str(r.forecast_id)  # the same forecast from the same data
        title = f"{made.site}-{str(made.told.issued)[:13]}"
        ordinal = workspace.store.free_ordinal("forecasts", title)
        name = f"{title}#{ordinal}"
        workspace.store.add(*(replace(line, forecast_id=name) for line in made.lines))
        workspace.store.add(
            ForecastRow(
                ordinal=ordinal,
                forecast_id=name,
                site=made.site,
                meter=", ".join(members.names),
                kind=METERED,
                issued_at=_moment(made.told.issued),
                period_start=_moment(members.start[0]),
                period_end=ends,
                component="load regression",
                parameters=json.dumps(made.told.model.parameters),
                data_version=made.told.data_version,
                gwp_set=terms.gwp_set,
                boundary=str(terms.boundary),
                committed_at=now,
            )
        )
    return name


@dataclass(frozen=True, slots=True)
class FanHour:
    """An hour of a kept forecast, with what the meter showed, for pictures.

    Args:
        meter: Meter or plant.
        start: Begin of the hour.
        levels: Quantity by level, `p05` to `p95` [kWh].
        actual_kwh: What the meter showed; None where it has no reading.
    """

    meter: str
    start: datetime
    levels: dict[str, float]
    actual_kwh: float | None = None

    @property
    def point(self) -> Json:
        """As charts take it."""
        return {
            "meter": self.meter,
            "start": self.start.isoformat(),
            "actual": self.actual_kwh,
            **self.levels,
        }


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """How a kept forecast did against the meters.

    Args:
        hours: Hours that have readings.
        metered_kwh: What the meters showed in them.
        expected_kwh: What was expected.
        bias_share: Too high, as a share of what the meters showed.
        pinball_kwh: Mean pinball loss.
        inside_50_share: Share of hours inside the 50 % range.
        inside_90_share: Share of hours inside the 90 % range.
        skill_share: Loss less than that of the same hour a week before; None where there is none.
    """

    hours: int
    metered_kwh: float
    expected_kwh: float
    bias_share: float
    pinball_kwh: float
    inside_50_share: float
    inside_90_share: float
    skill_share: float | None


@dataclass(frozen=True, slots=True)
class ForecastShown(ForecastRow):
    """A kept forecast as it is shown.

    Args:
        expected_t: Scope 2 by view and level, `mean`, `p05` and `p95` [t CO2e].
        score: How it did against the meters; None where they have no reading yet.
        fan: Its hours by meter.
    """

    expected_t: dict[str, dict[str, float]] = field(default_factory=dict)
    score: ForecastScore | None = None
    fan: tuple[FanHour, ...] = ()

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "forecast_id": self.forecast_id,
            "site": self.site,
            "issued_at": self.issued_at,
            "period_start": self.period_start,
            "period_end": self.period_end,
            "data_version": self.data_version,
            "t_co2e": self.expected_t,
            "figures": asdict(self.score) if self.score else None,
        }


def forecasts(workspace: Workspace) -> list[ForecastShown]:
    """Kept forecasts compared with what the meters showed since.

    Expected tonnes of several days add up each day's level.
    """
    rows = sorted(workspace.store.records(ForecastRow), key=lambda r: r.ordinal)
    lines: dict[str, list[ForecastLine]] = {}
    for line in workspace.store.records(ForecastLine) if rows else []:
        lines.setdefault(line.forecast_id, []).append(line)
    readings = {site: _readings_there(workspace, site) for site in {r.site for r in rows}}
    return [
        ForecastShown(
            **asdict(row),
            expected_t={v: _expected_t(mine, v) for v in ("location", "market")},
            score=_against(mine, readings[row.site], row.issued_at),
            fan=_fan(mine, readings[row.site]),
        )
        for row in rows
        for mine in [lines.get(row.forecast_id, [])]
    ]


def _readings_there(workspace: Workspace, site: str) -> Readings:
    """Hourly readings of a site; empty where its imports were undone since."""
    try:
        return site_readings(workspace, site)
    except NotFoundError:
        start = np.array([np.datetime64(0, "s")])
        return Readings((), start, np.zeros((0, 1)), (), "")


def _expected_t(lines: list[ForecastLine], view: str) -> dict[str, float]:
    """Scope 2 of a view by level [t CO2e]."""
    expected = dict.fromkeys(("mean", "p05", "p95"), 0)
    for line in lines:
        if (line.view, line.scope) == (view, "2") and line.level in expected:
            expected[line.level] += line.co2e_mg or 0
    return {level: in_t(mg) for level, mg in expected.items()}


def _fan(lines: list[ForecastLine], readings: Readings) -> tuple[FanHour, ...]:
    levels: dict[tuple[str, datetime], dict[str, float]] = {}
    for line in lines:
        if not line.view and line.level in ("p05", "p25", "p50", "p75", "p95"):
            levels.setdefault((line.meter, line.period_start), {})[line.level] = line.quantity
    return tuple(
        FanHour(meter, moment, held, _reading_at(readings, meter, moment))
        for (meter, moment), held in levels.items()
    )


def _reading_at(readings: Readings, meter: str, moment: datetime) -> float | None:
    """What a meter showed in an hour [kWh]; None where it has no reading."""
    at = int((np.datetime64(moment, "s") - readings.start[0]) // HOUR)
    if meter not in readings.names or not 0 <= at < readings.values.shape[1]:
        return None
    value = readings.values[readings.names.index(meter), at]
    return None if np.isnan(value) else float(value)


def _against(
    lines: list[ForecastLine], readings: Readings, issued_at: datetime
) -> ForecastScore | None:
    """A forecast against the meters; None where they have no reading yet."""
    by: dict[tuple[str, datetime], dict[str, float]] = {}
    for line in lines:
        if line.kind == METERED:
            by.setdefault((line.meter, line.period_start), {})[line.level] = line.quantity
    actual, said, mean, naive = [], [], [], []
    for (meter, moment), levels in by.items():
        value = _reading_at(readings, meter, moment) if moment >= issued_at else None
        if value is None:
            continue
        actual.append(value)
        said.append([levels[level_name(level)] for level in LEVELS])
        mean.append(levels["mean"])
        usual_kwh = _reading_at(readings, meter, moment - timedelta(weeks=1))
        naive.append(np.nan if usual_kwh is None else usual_kwh)
    if not actual:
        return None
    y, q, levels_array = np.array(actual), np.array(said), np.array(LEVELS)
    loss = float(pinball(y, q, levels_array).mean())
    repeated = np.repeat(np.array(naive)[:, None], len(LEVELS), axis=1)
    usual = float(np.nanmean(pinball(y, repeated, levels_array)))
    return ForecastScore(
        hours=len(y),
        metered_kwh=float(y.sum()),
        expected_kwh=float(np.sum(mean)),
        bias_share=float(np.sum(mean) / y.sum() - 1),
        pinball_kwh=loss,
        inside_50_share=coverage(y, q, levels_array, share=0.5),
        inside_90_share=coverage(y, q, levels_array, share=0.9),
        skill_share=skill(loss, usual) if np.isfinite(usual) else None,
    )


def business_members(workspace: Workspace, made: list[SiteForecast]) -> Ensemble:
    """Meters, sites and businesses of several forecasts, which add up member by member."""
    count = min(len(m.told.members.values) for m in made)
    start = made[0].told.members.start
    if any(
        len(m.told.members.start) != len(start) or m.told.members.start[0] != start[0] for m in made
    ):
        raise UsageError(
            "bad-moment",
            "The sites' readings end at different moments.",
            "Give one moment with --issued.",
        )
    names: list[str] = []
    values: list[Any] = []
    groups: dict[str, list[int]] = {}
    owner = {s.id: s.entity for s in workspace.organisation.sites}
    for one in made:
        for m, name in enumerate(one.told.members.names):
            groups.setdefault(f"site/{one.site}", []).append(len(names))
            groups.setdefault(f"business/{owner.get(one.site, '')}", []).append(len(names))
            names.append(name)
            values.append(one.told.members.values[:count, m])
    whole = Ensemble(tuple(names), start, np.stack(values, axis=1))
    summed = whole.summed(dict(sorted(groups.items(), key=lambda g: g[0].startswith("business/"))))
    return Ensemble(
        (*names, *summed.names), start, np.concatenate([whole.values, summed.values], axis=1)
    )
