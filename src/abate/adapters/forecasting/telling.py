"""Forecasts of files: meters, weather and groups in; members, quantiles and files out."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.files.reading import read_sheets
from abate.adapters.forecasting.reading import series_chunks
from abate.adapters.groups import map_groups
from abate.algorithms.forecasting.series import Known, Series, grid, observed
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.readings import Readings
from abate.energy.planners.load import LoadModel, LoadSettings, Members, fit_load, forecast_load
from abate.kernel.errors import DataError, UsageError

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
MANY_MEMBERS = 100
"""Members of each meter where there are many meters."""
CHUNK = 125
SPANS = {"h": 3600, "d": 86_400, "w": 7 * 86_400, "m": 30 * 86_400, "y": 365 * 86_400}
SPAN_S_MAX = 366 * 86_400


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
        raise UsageError("bad-span", f"'{text}' is no span up to a year.", "Write it as 24h, 7d, 6m or 1y.")
    return seconds


def moment_of(text: str) -> np.datetime64:
    """A moment of UTC.

    Raises:
        UsageError: `bad-moment`.
    """
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError("bad-moment", f"'{text}' is no moment.", "Write it as 2024-03-01T14:00.") from error
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(moment, "s")


def as_series(readings: Readings) -> Series:
    """Readings as a series; each value is known when its step has ended, or when the file says."""
    made = observed(readings.names, readings.start, readings.values)
    if readings.available is None:
        return made
    ended = np.broadcast_to(made.available, readings.values.shape)
    known = np.where(np.isnat(readings.available), ended, readings.available)
    return Series(made.names, made.start, made.values, known[None])


def temperature_of(weather: Readings, start: Any) -> Series:
    """Temperature on the grid of the load: every series of the file that is one, or all of them.

    Raises:
        DataError: `no-weather` where they do not overlap.
    """
    rows = [
        k for k, n in enumerate(weather.names)
        if n.lower().rsplit("/", 1)[-1].startswith(("temp", "dry", "outdoor")) or weather.units[k] in ("°C", "°F", "C", "F")
    ] or list(range(len(weather.names)))  # fmt: skip
    at = (weather.start - weather.start[0]).astype(np.int64)
    wanted = (start - weather.start[0]).astype(np.int64)
    inside = (wanted >= 0) & (wanted <= at[-1])
    if not inside.any():
        raise DataError("no-weather", f"{weather.file} has no weather for the time of the load.", "Give weather of the same years.")  # fmt: skip
    values = np.full((len(rows), len(start)), np.nan)
    available = np.full((len(rows), len(start)), np.datetime64("NaT"), "datetime64[s]")
    step = np.timedelta64(weather.step_s, "s")
    for k, row in enumerate(rows):
        line = weather.values[row]
        there = ~np.isnan(line)
        values[k, inside] = np.interp(wanted[inside], at[there], line[there]) if there.any() else np.nan
        place = np.clip(np.searchsorted(at, wanted[inside], side="right") - 1, 0, len(at) - 1)
        if weather.available is not None:
            available[k, inside] = weather.available[row][place]
        missing = np.isnat(available[k, inside])
        available[k, np.flatnonzero(inside)[missing]] = (weather.start[place] + step)[missing]
    return Series(tuple(weather.names[r] for r in rows), np.asarray(start), values[None], available[None])


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A forecast of some series.

    Args:
        members: Members of every series.
        issued: Moment up to which data was known.
        unit: Unit of the series.
        model: What made it.
        data_version: Hash of the data that it was fitted on.
    """

    members: Members
    issued: np.datetime64
    unit: str
    model: LoadModel
    data_version: str


def data_version(known: Known) -> str:
    """Short hash of what was known."""
    digest = hashlib.sha256(np.ascontiguousarray(known.values).tobytes())
    digest.update(np.ascontiguousarray(known.start).tobytes())
    return digest.hexdigest()[:16]


def forecast_readings(
    load: Readings, *, calendar: Calendar, ahead_s: int, weather: Readings | None = None, forecast: Readings | None = None,
    issued: np.datetime64 | None = None, members: int = 300, seed: int = 1, settings: LoadSettings | None = None,
) -> Told:  # fmt: skip
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
        DataError: `too-little-data` where fewer than two weeks are known, `no-weather`.
    """
    series = as_series(load)
    step = np.timedelta64(load.step_s, "s")
    moment = issued if issued is not None else load.start[-1] + step
    known = series.as_of(moment)
    end = known.last()
    least = 14 * 86_400 // load.step_s
    if end < least or np.isnan(known.values).all() or (~np.isnan(known.values)).sum(axis=1).max() < least // 2:
        raise DataError("too-little-data", f"{load.file} has {end * load.step_s / 86_400:.1f} days before {str(moment)[:16]}.", "A forecast needs two weeks.")  # fmt: skip
    first = load.start[0] + step * int(-(-(moment - load.start[0]) // step))
    horizon = grid(first, max(1, ahead_s // load.step_s), step)
    seen = coming = None
    if weather is not None:
        whole = grid(load.start[0], int((horizon[-1] - load.start[0]) // step) + 1, step)
        told = temperature_of(weather, whole).as_of(moment)
        if forecast is not None:
            later = temperature_of(forecast, whole).as_of(moment)
            filled = np.where(np.isnan(told.values), later.values[:1], told.values)
            coming = Known(told.names, told.start, np.where(whole >= first, filled, told.values), moment)
        seen = Known(told.names, told.start[:end], told.values[:, :end], moment)
        if np.isnan(seen.values).all():
            raise DataError("no-weather", f"{weather.file} has no weather for the time of the load.", "Give weather of the same years.")  # fmt: skip
    model = fit_load(known, calendar=calendar, weather=seen, settings=settings)
    made = forecast_load(model, horizon, ahead=coming, members=members, seed=seed)
    return Told(made, moment, next((u for u in load.units if u), ""), model, data_version(known))


def read_groups(path: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """Sums to forecast beside the meters: a column `meter`, and a column for each level above it.

    Returns:
        Meters of each group, `site/hq` for the group hq of the column site.

    Raises:
        DataError: `bad-groups`.
    """
    sheet = read_sheets(path)[0]
    if sheet.rows is None:
        raise DataError(
            "bad-groups", f"{path.name} is no table of text.", "Give a CSV with the columns meter, site, business."
        )
    rows = [cells for batch in sheet.rows for _, cells in batch]
    headers = [h.strip().lower() for h in rows[0]]
    if "meter" not in headers or len(headers) < 2:
        raise DataError(
            "bad-groups", f"{path.name} has no column 'meter' and one above it.", "Give meter, site, business."
        )
    known, at = set(names), headers.index("meter")
    groups: dict[str, list[str]] = {}
    for cells in rows[1:]:
        meter = cells[at] if at < len(cells) else ""
        if meter not in known:
            raise DataError(
                "bad-groups", f"{path.name} names the meter '{meter}', which the load has not.", "Mend the row."
            )
        for k, level in enumerate(headers):
            if k != at and k < len(cells) and cells[k]:
                groups.setdefault(f"{level}/{cells[k]}", []).append(meter)
    return groups


def with_groups(told: Members, groups: dict[str, list[str]]) -> Members:
    """Members of meters and of sums over them, which add up member by member."""
    rows = {group: [told.names.index(m) for m in meters] for group, meters in groups.items()}
    summed = told.summed(rows)
    return Members((*told.names, *summed.names), told.start, np.concatenate([told.values, summed.values], axis=1))


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


def _forecast_some(job: _Job) -> tuple[tuple[str, ...], Any, Any, Any, dict[str, Any]]:
    """Names, steps, mean and quantiles of some meters, and the members of the groups they belong to."""
    told = forecast_readings(
        job.load, calendar=job.calendar, ahead_s=job.ahead_s, weather=job.weather, issued=job.issued, members=MANY_MEMBERS,
        seed=job.seed, settings=LoadSettings(years=2.0),
    ).members  # fmt: skip
    place = {name: k for k, name in enumerate(told.names)}
    sums = {g: told.values[:, [place[m] for m in meters if m in place]].sum(axis=1) for g, meters in job.groups.items()}
    return told.names, told.start, told.values.mean(axis=0), told.quantiles(np.array(LEVELS)), sums


def forecast_many(
    path: Path, output: Path, *, calendar: Calendar, ahead_s: int, weather: Readings | None = None,
    issued: np.datetime64 | None = None, groups: dict[str, list[str]] | None = None, workers: int = 2, seed: int = 1,
    on_chunk: Any = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Forecast the meters of a long Parquet file some hundred at a time, in several processes, into a Parquet file.

    Args:
        path: Columns of time, meter, value.
        output: Parquet: series, start, mean and quantiles; replaced whole when all is done.
        calendar: Holidays and clocks of all meters.
        ahead_s: Length of the forecast [s].
        weather: Observed temperature of all meters.
        issued: Moment of issue; the end of the load where it is not stated.
        groups: Sums over meters.
        workers: Processes.
        seed: Of the members.
        on_chunk: Told how many meters are done.

    Returns:
        `meters`, `rows`, `issued`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    def jobs() -> Iterator[_Job]:
        for some in series_chunks(path, count=CHUNK):
            moment = issued if issued is not None else some.start[-1] + np.timedelta64(some.step_s, "s")
            yield _Job(some, calendar, ahead_s, weather, moment, seed, groups or {})

    partial = output.with_name(f"{output.name}.partial")
    writer, meters, rows = None, 0, 0
    totals: dict[str, Any] = {}
    start: Any = None
    try:
        for names, start, mean, quantiles, sums in map_groups(_forecast_some, jobs(), workers=workers):
            table = _rows_table(names, start, mean, quantiles)
            writer = writer or pq.ParquetWriter(partial, table.schema, compression="zstd")
            writer.write_table(table)
            meters, rows = meters + len(names), rows + table.num_rows
            for group, values in sums.items():
                totals[group] = totals.get(group, 0.0) + values
            on_chunk(len(names))
        if writer is None:
            raise DataError("no-series", f"{path.name} has no meter.", "Check its columns.")
        if totals:
            values = np.stack(list(totals.values()), axis=1)
            summed = Members(tuple(totals), start, values)
            table = _rows_table(summed.names, start, values.mean(axis=0), summed.quantiles(np.array(LEVELS)))
            writer.write_table(pa.Table.from_batches(table.to_batches(), table.schema))
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    partial.replace(output)
    return {"meters": meters, "rows": rows}


def _rows_table(names: tuple[str, ...], start: Any, mean: Any, quantiles: Any) -> Any:
    import pyarrow as pa

    count = len(start)
    columns = {
        "series": pa.array(np.repeat(np.array(names, dtype=object), count)).dictionary_encode(),
        "start": pa.array(np.tile(start, len(names))),
        "mean": pa.array(mean.ravel()),
    }
    for k, level in enumerate(LEVELS):
        columns[f"p{round(level * 100):02d}"] = pa.array(np.ascontiguousarray(quantiles[:, :, k]).ravel())
    return pa.table(columns)


def write_rows(output: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows of a forecast as CSV or Parquet, whole or not at all.

    Raises:
        UsageError: `unknown-output`.
    """
    partial = output.with_name(f"{output.name}.partial")
    if output.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), partial)
    elif output.suffix == ".csv":
        with partial.open("w", encoding="utf-8", newline="") as handle:
            table = csv.DictWriter(handle, list(rows[0]))
            table.writeheader()
            table.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    else:
        raise UsageError("unknown-output", f"'{output.name}' is neither .csv nor .parquet.", "Choose one of these.")
    partial.replace(output)
