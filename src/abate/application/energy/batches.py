"""Forecasts of files: meters, weather and groups in; members, quantiles and files out."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.engine.groups import Workers, map_groups
from abate.adapters.readers.series import series_chunks, zone_of
from abate.adapters.readers.sheets import read_sheets
from abate.adapters.store.writing import in_place_of
from abate.algorithms.forecasting.series import Known, Series, Vintages, grid, observed
from abate.disclosure.charts import fan_chart
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.readings import Readings, as_energy, is_temperature
from abate.energy.planners.load import (
    Array,
    Ensemble,
    LoadModel,
    LoadSettings,
    fit_load,
    forecast_load,
)
from abate.energy.planners.load_months import MONTHS_AHEAD, MonthsAhead
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
MANY_MEMBERS = 100
"""Members of each meter where there are many meters."""
CHUNK = 125
SPANS = {"h": 3600, "d": 86_400, "w": 7 * 86_400, "m": 30 * 86_400, "y": 365 * 86_400}
SPAN_S_MAX = 366 * 86_400


def level_name(level: float) -> str:
    """How a quantile is named in files and tables.

    Example:
        >>> level_name(0.05)
        'p05'
    """
    return f"p{round(level * 100):02d}"


def span_s(text: str) -> int:
    """Seconds of a span such as `24h`, `7d`, `1y`.

    Raises:
        UsageError: `bad-span`.

    Example:
        >>> span_s("36h"), span_s("7d")
        (129600, 604800)
    """
    match = re.fullmatch(r"(\d{1,4})([hdwmy])", text.strip().lower())
    seconds = int(match[1]) * SPANS[match[2]] if match else 0
    if not 0 < seconds <= SPAN_S_MAX:
        raise UsageError(
            "bad-span", f"'{text}' is not a span up to a year.", "Write it as 24h, 7d, 6m or 1y."
        )
    return seconds


def calendar_of(country: str, zone: str) -> Calendar:
    """Calendar of a country, or of a part of it such as DE-BY, on the clock of a zone.

    Raises:
        UsageError: `unknown-zone`.
    """
    zone_of(zone)
    first, _, part = country.partition("-")
    return Calendar(first.upper(), part, zone)


def clock_of(text: str, zone: str) -> np.datetime64:
    """A moment as a zone's clocks show it; one without an offset is taken as it stands.

    Raises:
        UsageError: `bad-moment`.
    """
    moment = moment_of(text)
    if not re.search(r"(Z|[+-]\d\d:?\d\d)$", text.strip()):
        return moment
    local = datetime.fromisoformat(f"{moment}+00:00").astimezone(zone_of(zone))
    return np.datetime64(local.replace(tzinfo=None), "s")


def moment_of(text: str, zone: str = "UTC") -> np.datetime64:
    """A moment in UTC; one without an offset is of the zone's clock.

    Raises:
        UsageError: `bad-moment`.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "bad-moment", f"'{text}' is not a moment.", "Write it as 2024-03-01T14:00."
        ) from error
    moment = (
        (moment.replace(tzinfo=zone_of(zone)) if moment.tzinfo is None else moment)
        .astimezone(UTC)
        .replace(tzinfo=None)
    )
    return np.datetime64(moment, "s")


def as_series(readings: Readings) -> Series | Vintages:
    """Readings as a series; each value is known when its step has ended, or when the file says.

    Whichever is later.
    """
    told = readings.vintages
    if told is None:
        return observed(readings.names, readings.start, readings.values)
    ended = readings.start[told.step] + np.timedelta64(readings.step_s, "s")
    return replace(told, issued=np.maximum(told.issued, ended))


@dataclass(frozen=True, slots=True, eq=False)
class Weather:
    """Weather of a file on another grid, as it was known at a moment.

    Args:
        readings: The file.
        start: The grid.
        coming: Whether it is a forecast: known when it was issued, or at once where the file does
            not say.
    """

    readings: Readings
    start: Any
    coming: bool = False

    def as_of(self, moment: np.datetime64) -> Known:
        """What was known at a moment.

        Means of finer steps, or the value of the step that a finer one lies in.
        """
        r = self.readings
        if not self.coming:
            known = as_series(r).as_of(moment).values
        else:
            known = r.values if r.vintages is None else r.vintages.as_of(moment).values
        step = np.timedelta64(r.step_s, "s")
        mine = self.start[1] - self.start[0] if len(self.start) > 1 else step
        found = np.full((len(r.names), len(self.start)), np.nan)
        if step >= mine:
            at = ((self.start - r.start[0]) // step).astype(np.int64)
            inside = (at >= 0) & (at < len(r.start))
            found[:, inside] = known[:, at[inside]]
        else:
            at = ((r.start - self.start[0]) // mine).astype(np.int64)
            inside = (at >= 0) & (at < len(self.start))
            for m, line in enumerate(known):
                there = inside & ~np.isnan(line)
                counts = np.bincount(at[there], minlength=len(self.start))
                with np.errstate(invalid="ignore"):
                    found[m] = np.bincount(at[there], line[there], len(self.start)) / counts
        return Known(r.names, self.start, found, moment)


def temperature_of(weather: Readings, start: Any, *, coming: bool = False) -> Weather:
    """Temperature on the grid of the load: every series of the file that is one, or all of them.

    Raises:
        DataError: `no-weather` where they do not overlap.
    """
    chosen = [
        n
        for k, n in enumerate(weather.names)
        if is_temperature(n.rsplit("/", 1)[-1], weather.units[k])
    ] or list(weather.names)
    if weather.start[-1] < start[0] or weather.start[0] > start[-1]:
        raise DataError(
            "no-weather",
            f"{weather.file} has no weather for the time of the load.",
            "Give weather of the same years.",
        )
    return Weather(weather.picked(chosen), start, coming)


def weather_of(
    weather: Readings,
    forecast: Readings | None,
    load: Readings,
    horizon: Any,
    moment: np.datetime64,
) -> tuple[Known, Known | None]:
    """Temperature seen up to a moment on the grid of the load.

    And what was forecast for the steps after it.

    Raises:
        DataError: `no-weather`.
    """
    step = np.timedelta64(load.step_s, "s")
    whole = grid(load.start[0], int((horizon[-1] - load.start[0]) // step) + 1, step)
    told = temperature_of(weather, whole).as_of(moment)
    end = len(load.start)
    seen = Known(told.names, whole[:end], told.values[:, :end], moment)
    if forecast is None:
        return seen, None
    later = temperature_of(forecast, whole, coming=True).as_of(moment)
    return seen, Known(
        told.names, whole, np.where(whole >= horizon[0], later.values[:1], told.values), moment
    )


@dataclass(frozen=True, slots=True, eq=False)
class MeterForecast:
    """A forecast of some series.

    Args:
        members: Members of every series.
        issued: Moment up to which data was known.
        unit: Unit of the series.
        model: What made it.
        data_version: Hash of the data that it was fitted on.
    """

    members: Ensemble
    issued: np.datetime64
    unit: str
    model: LoadModel
    data_version: str


def data_version(*known: Known | None) -> str:
    """Short hash of what was known."""
    digest = hashlib.sha256()
    for one in known:
        if one is not None:
            digest.update(np.ascontiguousarray(one.values).tobytes())
            digest.update(np.ascontiguousarray(one.start).tobytes())
    return digest.hexdigest()[:16]


def require_history(known: Known, load: Readings) -> None:
    """Refuse series of which less than two weeks are known.

    Raises:
        DataError: `too-little-data`.
    """
    days = (~np.isnan(known.values)).sum(axis=1) * load.step_s / 86_400
    if not len(days) or days.min() < 13.5:
        worst = int(days.argmin()) if len(days) else 0
        name = load.names[worst] if len(days) else ""
        raise DataError(
            "too-little-data",
            f"'{name}' of {load.file} has {days[worst] if len(days) else 0:.1f} days of values"
            f" before {str(known.moment)[:16]}.",
            "A forecast needs two weeks; leave the series out.",
        )


def forecast_readings(
    load: Readings,
    *,
    calendar: Calendar,
    ahead_s: int,
    weather: Readings | None = None,
    forecast: Readings | None = None,
    issued: np.datetime64 | None = None,
    members: int = 300,
    seed: int = 1,
    settings: LoadSettings | None = None,
) -> MeterForecast:
    """Forecast all series of a file.

    Args:
        load: The meters.
        calendar: Their holidays and clocks.
        ahead_s: Length of the forecast [s].
        weather: Observed temperature.
        forecast: Forecast temperature, used from the moment of issue on.
        issued: Moment of issue; the end of the load where it is not stated.
        members: At least this many.
        seed: Of the pairing of weather and residuals.
        settings: Of the model.

    Raises:
        DataError: `too-little-data` where fewer than two weeks are known, `no-weather`,
            `uneven-steps`.
    """
    if not load.step_s:
        text = f"{load.file} holds periods of their own length, such as months."
        raise DataError("uneven-steps", text, "Forecasts need steps of a minute to a day.")
    series = as_series(load)
    step = np.timedelta64(load.step_s, "s")
    moment = issued if issued is not None else load.start[-1] + step
    known = series.as_of(moment)
    require_history(known, load)
    first = load.start[0] + step * int(-(-(moment - load.start[0]) // step))
    horizon = grid(first, max(1, ahead_s // load.step_s), step)
    seen = coming = None
    if weather is None and forecast is not None:
        raise DataError(
            "no-weather",
            "A weather forecast needs the weather observed before it.",
            "Name it with --weather.",
        )
    if weather is not None:
        seen, coming = weather_of(weather, forecast, load, horizon, moment)
        if np.isnan(seen.values).all():
            raise DataError(
                "no-weather",
                f"{weather.file} has no weather for the time of the load.",
                "Give weather of the same years.",
            )
    unit, version = next((u for u in load.units if u), ""), data_version(known, seen, coming)
    if weather is not None and settings is None and len(horizon) * step >= MONTHS_AHEAD:
        ways = MonthsAhead(series, temperature_of(weather, load.start), calendar)
        told = ways.forecast(horizon, moment, ahead=coming, members=members, seed=seed)
        return MeterForecast(told.members, moment, unit, told.model, version)
    model = fit_load(known, calendar=calendar, weather=seen, settings=settings)
    made = forecast_load(model, horizon, ahead=coming, members=members, seed=seed)
    return MeterForecast(made, moment, unit, model, version)


def read_groups(path: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """Sums to forecast in addition to the meters.

    A column `meter`, and a column for each level above it.

    Returns:
        Meters of each group, `site/hq` for the group hq of the column site.

    Raises:
        DataError: `bad-groups`.
    """
    sheet = read_sheets(path)[0]
    if sheet.rows is None:
        raise DataError(
            "bad-groups",
            f"{path.name} is not a table of text.",
            "Give a CSV with the columns meter, site, business.",
        )
    rows = [cells for batch in sheet.rows for _, cells in batch]
    headers = [h.strip().lower() for h in rows[0]]
    if "meter" not in headers or len(headers) < 2:
        raise DataError(
            "bad-groups",
            f"{path.name} has no column 'meter' and one above it.",
            "Give meter, site, business.",
        )
    known, at = set(names), headers.index("meter")
    groups: dict[str, list[str]] = {}
    for cells in rows[1:]:
        meter = cells[at] if at < len(cells) else ""
        if meter not in known:
            raise DataError(
                "bad-groups",
                f"{path.name} names the meter '{meter}', which the load has not.",
                "Correct the row.",
            )
        for k, level in enumerate(headers):
            if k != at and k < len(cells) and cells[k]:
                group = groups.setdefault(f"{level}/{cells[k]}", [])
                if meter in group:
                    raise DataError(
                        "bad-groups",
                        f"{path.name} names '{meter}' twice in {level} {cells[k]}.",
                        "Correct the row.",
                    )
                group.append(meter)
    return groups


def with_groups(told: Ensemble, groups: dict[str, list[str]]) -> Ensemble:
    """Members of meters and of sums over them, which add up member by member."""
    rows = {group: [told.names.index(m) for m in meters] for group, meters in groups.items()}
    summed = told.summed(rows)
    return Ensemble(
        (*told.names, *summed.names),
        told.start,
        np.concatenate([told.values, summed.values], axis=1),
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """What a worker needs to forecast some meters."""

    load: Readings
    calendar: Calendar
    ahead_s: int
    weather: Readings | None
    issued: np.datetime64
    seed: int
    groups: dict[str, list[str]]


def _forecast_some(job: _Job) -> tuple[tuple[str, ...], Any, Any, Any, dict[str, Array]]:
    """Names, steps, mean and quantiles of some meters.

    And the members of the groups they belong to.
    """
    told = forecast_readings(
        job.load,
        calendar=job.calendar,
        ahead_s=job.ahead_s,
        weather=job.weather,
        issued=job.issued,
        members=MANY_MEMBERS,
        seed=job.seed,
        settings=LoadSettings(years=2.0),
    ).members
    place = {name: k for k, name in enumerate(told.names)}
    sums = {
        g: told.values[:, [place[m] for m in meters if m in place]].sum(axis=1)
        for g, meters in job.groups.items()
    }
    return told.names, told.start, told.values.mean(axis=0), told.quantiles(np.array(LEVELS)), sums


def forecast_many(
    path: Path,
    output: Path,
    *,
    calendar: Calendar,
    ahead_s: int,
    weather: Readings | None = None,
    issued: np.datetime64 | None = None,
    groups: dict[str, list[str]] | None = None,
    workers: Workers = 2,
    seed: int = 1,
    stamp: str = "",
    on_chunk: Any = lambda _: None,
) -> dict[str, int]:
    """Forecast the meters of a long Parquet file some hundred at a time.

    In several processes, into a Parquet file.

    Args:
        path: Columns of time, meter, value.
        output: Parquet: series, start, mean and quantiles; replaced whole when all is done.
        calendar: Holidays and clocks of all meters.
        ahead_s: Length of the forecast [s].
        weather: Observed temperature of all meters.
        issued: Moment of issue; the end of the load where it is not stated.
        groups: Sums over meters.
        workers: Processes, or the master of a Spark cluster.
        seed: Of the members.
        stamp: Which end of its step a time names.
        on_chunk: Told how many meters are done.

    Returns:
        `meters`, `rows`, `issued`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    def jobs() -> Iterator[_Job]:
        for some in series_chunks(path, count=CHUNK, zone=calendar.zone, stamp=stamp):
            moment = (
                issued if issued is not None else some.start[-1] + np.timedelta64(some.step_s, "s")
            )
            yield _Job(as_energy(some), calendar, ahead_s, weather, moment, seed, groups or {})

    meters, rows = 0, 0
    totals: dict[str, Array] = {}
    start: Any = None
    with in_place_of(output) as partial, ExitStack() as held:
        writer: Any = None
        for names, start, mean, quantiles, sums in map_groups(
            _forecast_some, jobs(), workers=workers, key=_meters
        ):
            table = _rows_table(names, start, mean, quantiles)
            writer = writer or held.enter_context(
                pq.ParquetWriter(partial, table.schema, compression="zstd")
            )
            writer.write_table(table)
            meters, rows = meters + len(names), rows + table.num_rows
            for group, values in sums.items():
                totals[group] = totals.get(group, 0.0) + values
            on_chunk(len(names))
        if writer is None:
            raise DataError("no-series", f"{path.name} has no meter.", "Check its columns.")
        if totals:
            values = np.stack(list(totals.values()), axis=1)
            summed = Ensemble(tuple(totals), start, values)
            table = _rows_table(
                summed.names, start, values.mean(axis=0), summed.quantiles(np.array(LEVELS))
            )
            writer.write_table(pa.Table.from_batches(table.to_batches(), table.schema))
            rows += table.num_rows
    return {"meters": meters, "rows": rows}


def _meters(job: _Job) -> str:
    return f"meters {job.load.names[0]} to {job.load.names[-1]}"


def _rows_table(names: tuple[str, ...], start: Any, mean: Any, quantiles: Any) -> Any:
    import pyarrow as pa

    count = len(start)
    columns = {
        "series": pa.array(np.repeat(np.array(names, dtype=object), count)).dictionary_encode(),
        "start": pa.array(np.tile(start, len(names))),
        "mean": pa.array(mean.ravel()),
    }
    for k, level in enumerate(LEVELS):
        columns[level_name(level)] = pa.array(np.ascontiguousarray(quantiles[:, :, k]).ravel())
    return pa.table(columns)


def write_rows(output: Path, rows: list[Json]) -> None:
    """Write rows as CSV or Parquet, whole or not at all.

    Raises:
        UsageError: `unknown-output`.
        DataError: `no-series` where there is no row.
    """
    if output.suffix not in (".csv", ".parquet"):
        raise UsageError(
            "unknown-output",
            f"'{output.name}' is neither .csv nor .parquet.",
            "Choose one of these.",
        )
    if not rows:
        raise DataError(
            "no-series",
            f"There is no value to write to {output.name}.",
            "See what the findings say.",
        )
    with in_place_of(output) as partial:
        if output.suffix == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            pq.write_table(pa.Table.from_pylist(rows), partial)
            return
        with partial.open("w", encoding="utf-8", newline="") as handle:
            table = csv.DictWriter(handle, list(rows[0]))
            table.writeheader()
            table.writerows(
                {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
                for row in rows
            )


def forecast_rows(members: Ensemble) -> list[Json]:
    """A row for each series and step of a forecast: mean and quantiles."""
    quantiles, mean = members.quantiles(np.array(LEVELS)), members.values.mean(axis=0)
    rows = []
    for m, name in enumerate(members.names):
        for k, start in enumerate(members.start):
            told = {level_name(level): float(quantiles[m, k, i]) for i, level in enumerate(LEVELS)}
            rows.append({"series": name, "start": str(start), "mean": float(mean[m, k])} | told)
    return rows


def fan_spec(members: Ensemble, load: Readings, unit: str) -> Json:
    """Chart of the only series of a forecast, or of the last of its sums."""
    m = len(members.names) - 1 if len(members.names) > len(load.names) else 0
    name = members.names[m]
    quantiles = members.quantiles(np.array([0.05, 0.25, 0.5, 0.75, 0.95]))[m]
    actual: dict[str, float] = {}
    if name in load.names:
        line = load.values[load.names.index(name)]
        actual = {
            str(t): float(v) for t, v in zip(load.start, line, strict=True) if not np.isnan(v)
        }
    rows = [
        {"start": str(t), "actual": actual.get(str(t))}
        | {f"p{p:02d}": float(q) for p, q in zip((5, 25, 50, 75, 95), row, strict=True)}
        for t, row in zip(members.start, quantiles, strict=True)
    ]
    return fan_chart(rows, title=name, unit=unit)
