"""Read interval data: CSV, XLSX and Parquet in long or wide form, Green Button XML, EPW weather files."""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.documents import intervals, weather_columns
from abate.adapters.readers.parquets import parquet_head
from abate.adapters.readers.sheets import Sheet, read_sheets
from abate.adapters.store.delta import literal, spill_folder
from abate.algorithms.forecasting.series import Vintages
from abate.energy.facts.readings import (
    CLOCK_CHANGE,
    READING_TWICE,
    READING_UNREAD,
    Readings,
    check_readings,
    counters,
    repair_readings,
    usage_of_counters,
)
from abate.kernel.errors import DataError, UsageError
from abate.kernel.finding import Finding

TIME_WORDS = (
    "timestamp", "time", "datetime", "date time", "date", "ts", "dt", "start", "interval start", "period start", "hour",
    "timestamp utc", "interval end", "end", "时间", "日期时间", "采集时间", "日期",
)  # fmt: skip
END_WORDS = ("interval end", "end")
METER_WORDS = (
    "meter",
    "meter id",
    "meter no",
    "id",
    "series",
    "zone",
    "site",
    "building",
    "station",
    "表号",
    "电表号",
    "站点",
)
AVAILABLE_WORDS = (
    "available",
    "available at",
    "issued",
    "issued at",
    "known from",
    "received",
    "发布时间",
)
UNITS = re.compile(
    r"^(?P<name>.*?)[\s_]*[\(\[（]?(?P<unit>kwh|mwh|wh|kw|mw|w|°c|°f|degc|degf|m3|therm|w/m2|m/s|千瓦时)[\)\]）]?$",
    re.IGNORECASE,
)
COUNTER_WORDS = ("register", "counter", "index", "cumulative", "表底", "示数", "表码")
SERIES_MAX = 20_000
STEPS_MAX = 2_000_000
STEP_S = (60, 86_400)
DAY_S = 86_400
NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
WATT_HOURS = {72: "Wh", 38: "W", 169: "therm", 42: "m3", 119: "ft3"}
"""Units of measure of ESPI. Source: NAESB REQ.21, UomType."""


def read_series(
    path: Path,
    *,
    zone: str = "UTC",
    stamp: str = "",
    repair: tuple[str, ...] = (),
    checked: bool = True,
) -> Readings:
    """Read the series of a file, check them, and repair what was asked.

    Args:
        path: The file; `.gz` is opened.
        zone: Time zone of clock times without an offset.
        stamp: `start` or `end`: which end of its step a time names; empty takes it from the header.
        repair: What to repair, of `gaps`, `twice`, `units`, `resets`, `stuck`.
        checked: Whether to look for what is wrong with the values.

    Raises:
        DataError: `no-series`, `uneven-steps`, `bad-green-button`, or as `read_sheets`.
        UsageError: `unknown-zone`.
    """
    place = zone_of(zone)
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    with _plain(path) as plain:
        raw = _read(plain, path.name, place, stamp, "twice" in repair)
    made, told, falls = _uncounted(raw)
    found = [*raw.findings, *told]
    if checked:
        found += check_readings(made)
    if repair:
        made, _ = repair_readings(made, repair, falls, raw.values)
    return replace(made, findings=tuple(found))


def _uncounted(raw: Readings) -> tuple[Readings, list[Finding], list[tuple[int, int]]]:
    """Readings whose counters are usage, what that found, and their resets."""
    chosen = counters(raw)
    counted = [
        m
        for m, n in enumerate(raw.names)
        if m in chosen or any(w in n.lower() for w in COUNTER_WORDS)
    ]
    if not counted:
        return raw, [], []
    part, told, some = usage_of_counters(raw.picked([raw.names[m] for m in counted]))
    values = raw.values.copy()
    values[counted] = part.values
    return replace(raw, values=values), told, [(counted[m], step) for m, step in some]


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name.

    Raises:
        UsageError: `unknown-zone`.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            "unknown-zone", f"There is no time zone '{name}'.", "Write it as Asia/Shanghai."
        ) from error


UNPACKED_MAX, UNPACKED_FREE, PACKED_RATIO = 4 << 30, 32 << 20, 100
"""Most that a `.gz` may unpack to; what any may; and how many times its own size."""


class _plain:  # noqa: N801
    """The file itself, or what a `.gz` holds, beside nothing else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = ""

    def __enter__(self) -> Path:
        if self.path.suffix.lower() != ".gz" or not self.path.is_file():
            return self.path
        self.folder = tempfile.mkdtemp(prefix="abate-")
        target = Path(self.folder) / self.path.stem
        try:
            with gzip.open(self.path) as source, target.open("wb") as out:
                size = 0
                while block := source.read(1 << 20):
                    size += len(block)
                    if size > min(
                        UNPACKED_MAX, max(UNPACKED_FREE, PACKED_RATIO * self.path.stat().st_size)
                    ):
                        text = f"{self.path.name} unpacks to more than {size >> 20} MiB."
                        raise DataError(
                            "file-too-large",
                            text,
                            "Unpack it yourself, and look at it; or split it.",
                        )
                    out.write(block)
        except (OSError, EOFError, zlib.error, DataError) as error:
            shutil.rmtree(self.folder)
            if isinstance(error, DataError):
                raise
            raise DataError(
                "unreadable-file", f"{self.path.name}: {error}.", "Export it again."
            ) from error
        return target

    def __exit__(self, *_: object) -> None:
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: Path, name: str, zone: ZoneInfo, stamp: str, later: bool) -> Readings:
    suffix = path.suffix.lower()
    if suffix == ".epw":
        return _epw(path, name)
    if suffix == ".xml":
        return _green_button(path, name, later)
    sheets = read_sheets(path)
    sheet = max(sheets, key=lambda s: len(s.head[0][1]) if s.head else 0)
    if sheet.rows is None:
        return _parquet(path, name, zone, stamp, later)
    return _table(sheet, name, zone, stamp, later)


def _columns(headers: list[str], name: str) -> tuple[int, int, int, list[int]]:
    """Places of the time, the meter (-1 without), the moment of availability (-1).

    And the values.
    """
    folded = [re.sub(r"[\s_]+", " ", h.strip().lower()) for h in headers]
    place = next((folded.index(w) for w in TIME_WORDS if w in folded), -1)
    if place < 0:
        raise DataError(
            "no-series",
            f"{name} has no column of times: {', '.join(h for h in headers if h)[:120]}.",
            f"Name it {TIME_WORDS[0]}, {TIME_WORDS[1]} or {TIME_WORDS[7]}.",
        )
    meter = next((folded.index(w) for w in METER_WORDS if w in folded), -1)
    available = next((folded.index(w) for w in AVAILABLE_WORDS if w in folded), -1)
    values = [
        k for k, h in enumerate(folded) if k not in (place, meter, available) and h and h != "unit"
    ]
    if not values:
        raise DataError("no-series", f"{name} has no column of values.", "Add one, such as kWh.")
    return place, meter, available, values


def _names_end(stamp: str, header: str) -> bool:
    """Whether times name the end of their step: as stated, else as the header says."""
    return stamp == "end" or (not stamp and header.strip().lower().replace("_", " ") in END_WORDS)


def _named(header: str) -> tuple[str, str]:
    """A series' name and unit from a header.

    Example:
        >>> _named("Building A (kWh)"), _named("tempF"), _named("load")
        (('Building A', 'kWh'), ('temp', 'F'), ('load', ''))
    """
    if re.fullmatch(r"temp(erature)?[\s_]*[CF]", header.strip(), re.IGNORECASE):
        return header.strip()[:-1].strip(" _"), header.strip()[-1].upper()
    match = UNITS.match(header.strip())
    if match and (match["name"] or match["unit"]):
        return match["name"].strip() or header.strip(), match["unit"]
    return header.strip(), ""


def _table(sheet: Sheet, name: str, zone: ZoneInfo, stamp: str, later: bool) -> Readings:
    """A CSV or a sheet: rows in batches, into columns of numbers."""
    skipped = next(
        (k for k, (_, cells) in enumerate(sheet.head) if sum(bool(c) for c in cells) > 1), 0
    )
    header_row, headers = sheet.head[skipped]
    place, meter, available, values = _columns(headers, name)
    hour = _hour_column(headers, place)
    values = [k for k in values if k != hour]
    moments: list[str] = []
    owners: list[str] = []
    known: list[str] = []
    numbers: list[list[str]] = [[] for _ in values]
    rows: list[int] = []
    assert sheet.rows is not None
    for batch in sheet.rows:
        for row, cells in batch:
            if row <= header_row or place >= len(cells) or not cells[place]:
                continue
            moments.append(
                f"{cells[place]}|{cells[hour]}" if 0 <= hour < len(cells) else cells[place]
            )
            rows.append(row)
            owners.append(cells[meter] if 0 <= meter < len(cells) else "")
            known.append(cells[available] if 0 <= available < len(cells) else "")
            for column, k in zip(numbers, values, strict=True):
                column.append(cells[k] if k < len(cells) else "")
    if hour >= 0:
        moments = _with_hours(moments)
    parsed, odd = _moments(moments, zone, owners)
    found = [
        Finding.of(READING_UNREAD, f"'{moments[k]}' is not a time.", file=name, row=rows[k])
        for k in odd[:20]
    ]
    series, units, columns = [], [], []
    for k, column in zip(values, numbers, strict=True):
        cells, bad = _numbers(column)
        if not any(column):
            found.append(
                Finding.of(
                    READING_UNREAD,
                    f"'{headers[k]}' has no value at all.",
                    file=name,
                    column=headers[k],
                )
            )
            continue
        if len(bad) == sum(bool(c) for c in column):
            continue  # a column of words
        found += [
            Finding.of(
                READING_UNREAD,
                f"'{column[b]}' is not a number.",
                file=name,
                row=rows[b],
                column=headers[k],
            )
            for b in bad[:20]
        ]
        label, unit = _named(headers[k])
        series.append(label)
        units.append(unit)
        columns.append(cells)
    if not columns:
        raise DataError(
            "no-series",
            f"{name} has no column of numbers.",
            "Check the decimal sign and the columns.",
        )
    ended = _names_end(stamp, headers[place])
    issued = _moments(known, zone)[0] if available >= 0 else None
    made = _gridded(
        parsed,
        np.array(owners) if meter >= 0 else None,
        series,
        units,
        np.array(columns),
        issued,
        name,
        ended,
        later,
    )
    clock = _clock_changes(moments, parsed, zone, name)
    return replace(made, findings=(*found, *clock, *made.findings))


def _hour_column(headers: list[str], place: int) -> int:
    """Place of a column of hours beside a column of dates, -1 without."""
    folded = [h.strip().lower() for h in headers]
    if folded[place] not in ("date", "day", "日期"):
        return -1
    return next(
        (k for k, h in enumerate(folded) if h in ("hour", "hour of day", "hr", "he", "小时", "时")),
        -1,
    )


def _with_hours(texts: list[str]) -> list[str]:
    """Dates with their hours; hours from 1 to 24 name the end of theirs."""
    parts = [t.partition("|") for t in texts]
    hours = [int(float(h)) if h.replace(".", "", 1).isdigit() else -1 for _, _, h in parts]
    less = int(max(hours, default=0) == 24)
    return [
        f"{d} {h - less:02d}:00" if h >= 0 else d for (d, _, _), h in zip(parts, hours, strict=True)
    ]


LOOSE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T](\d{1,2})(:.*)?)?")


def _moment(text: str) -> datetime:
    """A moment as files write it: ISO, or with slashes and without leading zeros.

    24:00 is the next midnight.

    Raises:
        ValueError: Where it is none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        match = LOOSE.fullmatch(text)
        if match is None:
            raise
    year, month, day, hour, rest = match.groups()
    late = hour == "24"
    clock = f"T{0 if late else int(hour):02d}{rest or ':00'}" if hour else ""
    return datetime.fromisoformat(f"{year}-{int(month):02d}-{int(day):02d}{clock}") + timedelta(
        days=int(late)
    )


def _moments(
    texts: list[str], zone: ZoneInfo, owners: list[str] | None = None
) -> tuple[Any, list[int]]:
    """Moments in UTC and the places that are none.

    Of a clock time that comes twice, which one it is by the order.
    """
    found = np.full(len(texts), np.datetime64("NaT"), "datetime64[s]")
    odd: list[int] = []
    local: list[datetime | None] = []
    for k, text in enumerate(texts):
        try:
            moment = _moment(text)
            local.append(moment if 1900 <= moment.year <= 2200 else None)
        except ValueError:
            local.append(None)
        if local[-1] is None and text:
            odd.append(k)
    utc = str(zone) == "UTC"
    naive = [m for m in local if m is not None and m.tzinfo is None]
    falling = len(naive) > 1 and naive[0] > naive[-1] and (not owners or len(set(owners)) == 1)
    seen: set[tuple[str, datetime]] = set()
    for k in range(len(local) - 1, -1, -1) if falling else range(len(local)):
        clock = local[k]
        if clock is None:
            continue
        moment = clock
        if clock.tzinfo is None and not utc:
            key = (owners[k] if owners else "", clock)
            moment = clock.replace(tzinfo=zone, fold=int(key in seen))
            seen.add(key)
        offset = moment.utcoffset()
        seconds = np.datetime64(moment.replace(tzinfo=None), "s")
        found[k] = seconds - np.timedelta64(int(offset.total_seconds()) if offset else 0, "s")
    return found, odd


def _numbers(texts: list[str]) -> tuple[Any, list[int]]:
    """Numbers and the places that are neither number nor empty."""
    found, bad = np.full(len(texts), np.nan), []
    for k, text in enumerate(texts):
        if text:
            try:
                value = float(text.replace(",", "") if text.count(",") and "." in text else text)
            except ValueError:
                bad.append(k)
                continue
            if np.isfinite(value) and abs(value) < 1e15:
                found[k] = value
            elif not np.isnan(value):
                bad.append(k)
    return found, bad


def _clock_changes(texts: list[str], moments: Any, zone: ZoneInfo, name: str) -> list[Finding]:
    """Clock times that a change of the clocks repeats, where the file states no offsets."""
    if str(zone) == "UTC" or not texts or re.search(r"(Z|[+-]\d\d:?\d\d)$", texts[0]):
        return []
    days = sorted({str(m)[:10] for m in moments[~np.isnat(moments)]})
    noon = [datetime.fromisoformat(f"{d}T12:00:00").replace(tzinfo=zone).utcoffset() for d in days]
    changes = [d for d, a, b in zip(days[1:], noon, noon[1:], strict=False) if a != b]
    if not changes:
        return []
    text = (
        f"The clocks of {zone} change on {', '.join(changes[:6])}; the times there were placed by"
        " the zone."
    )
    return [Finding.of(CLOCK_CHANGE, text, file=name)]


def _gridded(
    moments: Any,
    owners: Any,
    series: list[str],
    units: list[str],
    columns: Any,
    issued: Any,
    name: str,
    ended: bool,
    later: bool,
) -> Readings:
    """Rows on a grid of equal steps."""
    there = ~np.isnat(moments)
    if there.sum() < 2:
        raise DataError(
            "no-series", f"{name} has fewer than two times.", "Write times as 2024-03-01 14:00."
        )
    who = np.zeros(len(moments), np.int64)
    groups = [""]
    if owners is not None:
        distinct, who = np.unique(owners, return_inverse=True)
        groups = [str(g) for g in distinct]
    names: list[str] = []
    all_units: list[str] = []
    step_s = _step(moments, who, there, name)
    step = np.timedelta64(step_s, "s")
    first = moments[there].min()
    span = int((moments[there].max() - first + step // 2) // step) + 1
    if len(groups) * len(series) > SERIES_MAX or span > STEPS_MAX:
        raise DataError(
            "file-too-large",
            f"{name} has {len(groups) * len(series):,} series of {span:,} steps.",
            "Split it.",
        )
    at = np.where(there, (moments - first + step // 2) // step, 0).astype(
        np.int64
    )  # days of 23 or 25 hours
    values = np.full((len(groups) * len(series), span), np.nan)
    told: list[tuple[Any, Any, Any, Any]] = []
    twice = []
    for g, group in enumerate(groups):
        mine = np.flatnonzero(there & (who == g))
        for c, label in enumerate(series):
            k = g * len(series) + c
            names.append(
                "/".join(x for x in (group, label if not group or len(series) > 1 else "") if x)
            )
            all_units.append(units[c])
            rows = mine[~np.isnan(columns[c][mine])]
            cells = at[rows]
            if len(rows) == 0:
                continue
            counts = np.bincount(cells, minlength=span)
            if counts.max() > 1 and issued is None:
                again = np.flatnonzero(counts > 1)
                text = (
                    f"'{names[-1]}' has two readings for {len(again)}"
                    f" step{'s' if len(again) > 1 else ''}, first"
                    f" {str(first + step * int(again[0])).replace('T', ' ')[:16]}."
                )
                twice.append(Finding.of(READING_TWICE, text, file=name))
            if counts.max() > 1 and not later and issued is None:
                values[k] = np.where(
                    counts > 0,
                    np.bincount(cells, columns[c][rows], span) / np.maximum(counts, 1),
                    np.nan,
                )
            else:
                values[k, cells] = columns[c][rows]
            if issued is not None:
                order = rows[np.argsort(issued[rows], kind="stable")]
                values[k, at[order]] = columns[c][order]
                told.append((np.full(len(order), k), at[order], issued[order], columns[c][order]))
    start = first + step * np.arange(span)
    start = start - step if ended else start
    return Readings(
        tuple(names),
        start,
        values,
        tuple(all_units),
        name,
        _vintages(names, start, told, name),
        tuple(twice),
    )


def _vintages(
    names: list[str], start: Any, told: list[tuple[Any, Any, Any, Any]], file: str
) -> Vintages | None:
    """What was reported when, None where the file does not say; names must differ."""
    if len(set(names)) < len(names):
        double = next(n for n in names if names.count(n) > 1)
        raise DataError(
            "no-series", f"{file} names two series '{double}'.", "Give each its own name."
        )
    if not told:
        return None
    row, cell, when, what = (np.concatenate([t[i] for t in told]) for i in range(4))
    out = ~np.isnat(when)
    return Vintages(tuple(names), start, row[out], cell[out], when[out], what[out])


def _step(moments: Any, who: Any, there: Any, name: str) -> int:
    """The usual distance between readings of one series [s], which every reading keeps to."""
    order = np.lexsort((moments, who))
    order = order[there[order]]
    apart = np.diff(moments[order]).astype("timedelta64[s]").astype(np.int64)
    apart = apart[(np.diff(who[order]) == 0) & (apart > 0)]
    if not len(apart):
        raise DataError(
            "no-series",
            f"{name} has no two times of one series.",
            "Give every series its readings.",
        )
    lengths, counts = np.unique(apart, return_counts=True)
    step = int(lengths[counts.argmax()])
    if not STEP_S[0] <= step <= STEP_S[1]:
        raise DataError(
            "uneven-steps",
            f"{name} has a reading every {step} s.",
            "Steps may be a minute to a day; bills are read by 'abate savings'.",
        )
    odd = float(
        (
            (
                (moments[there] - moments[there].min()).astype("timedelta64[s]").astype(np.int64)
                % step
            )
            != 0
        ).mean()
    )
    if odd > 0.01 and step < DAY_S:
        raise DataError(
            "uneven-steps",
            f"{name}: {odd:.0%} of its times are not on a grid of {step} s.",
            "Export it with equal steps.",
        )
    return step


def _parquet(path: Path, name: str, zone: ZoneInfo, stamp: str, later: bool) -> Readings:
    """A Parquet file in long or wide form, read as columns."""
    import duckdb

    with duckdb.connect() as con:
        source = f"read_parquet({literal(str(path))})"
        described = con.execute(f"describe select * from {source}").fetchall()
        headers = [d[0] for d in described]
        place, meter, available, values = _columns(headers, name)
        values = [k for k in values if described[k][1].startswith(NUMERIC)]
        if not values:
            raise DataError("no-series", f"{name} has no column of numbers.", "Check its columns.")

        def quoted(k: int) -> str:
            return '"' + str(headers[k]).replace('"', '""') + '"'

        if described[place][1] in ("VARCHAR", "DATE"):
            texts = [
                "" if r[0] is None else str(r[0])
                for r in con.execute(f"select {quoted(place)} from {source}").fetchall()
            ]
            moments = _moments(texts, zone)[0]
        else:
            column = f"epoch({quoted(place)})::bigint as at"
            moments = con.execute(f"select {column} from {source}").fetchnumpy()["at"]
            moments = np.asarray(np.ma.filled(moments, np.iinfo(np.int64).min)).astype(
                "datetime64[s]"
            )
            if str(zone) != "UTC" and "WITH TIME ZONE" not in described[place][1]:
                moments = _moments([str(m).replace("T", " ") for m in moments], zone)[0]
        columns = np.array(
            [
                np.ma.filled(
                    con.execute(f"select {quoted(k)}::double as v from {source}")
                    .fetchnumpy()["v"]
                    .astype(float),
                    np.nan,
                )
                for k in values
            ]
        )
        owners = None
        if meter >= 0:
            owners = np.asarray(
                con.execute(f"select {quoted(meter)}::varchar as m from {source}").fetchnumpy()["m"]
            ).astype(str)
        issued = None
        if available >= 0:
            issued = _moments(
                [
                    str(r[0] or "")
                    for r in con.execute(
                        f"select {quoted(available)}::varchar from {source}"
                    ).fetchall()
                ],
                zone,
            )[0]
    labels = [_named(headers[k]) for k in values]
    ended = _names_end(stamp, headers[place])
    return _gridded(
        moments,
        owners,
        [x[0] for x in labels],
        [x[1] for x in labels],
        columns,
        issued,
        name,
        ended,
        later,
    )


def _epw(path: Path, name: str) -> Readings:
    """Weather of an EPW file: temperature, radiation, wind, humidity, pressure.

    Source: EnergyPlus Weather File format; read by pvlib.
    """
    columns = {
        "temperature": ("temp_air", "°C"),
        "ghi": ("ghi", "W/m2"),
        "dni": ("dni", "W/m2"),
        "dhi": ("dhi", "W/m2"),
        "wind_speed": ("wind_speed", "m/s"),
        "humidity": ("relative_humidity", "%"),
        "pressure": ("atmospheric_pressure", "Pa"),
    }
    ((zone_h, year, told),) = read_apart(
        weather_columns, path, [source for source, _ in columns.values()]
    )
    values = np.array(told)
    first = np.datetime64(f"{year}-01-01", "s") - np.timedelta64(round(zone_h * 3600), "s")
    start = first + np.timedelta64(3600, "s") * np.arange(values.shape[1])
    return Readings(
        tuple(columns), start, values, tuple(unit for _, unit in columns.values()), name
    )


def _green_button(path: Path, name: str, later: bool) -> Readings:
    """Interval blocks of a Green Button file, one series per reading type.

    Source: NAESB REQ.21 (ESPI); values times ten to the power of the multiplier, in the unit of
        measure.
    """
    with path.open("rb") as handle:
        head = handle.read(4096)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise DataError(
            "bad-green-button", f"{name} declares entities.", "Export it again from the utility."
        )
    ((moments, values, said, blocks),) = read_apart(intervals, path)
    try:
        types = {(int(power or 0), WATT_HOURS[int(unit or 72)], flow) for power, unit, flow in said}
    except (KeyError, ValueError) as error:
        text = f"{name} is no sound Green Button file: {error}."
        raise DataError("bad-green-button", text, "Export it again.") from error
    if not values:
        raise DataError(
            "bad-green-button", f"{name} holds no interval reading.", "Export intervals, not bills."
        )
    if len(types) > 1 or blocks > 1:
        raise DataError(
            "bad-green-button",
            f"{name} holds {max(len(types), blocks)} series: flows, meters or units.",
            "Export one meter and one unit a file.",
        )
    power, unit, _ = next(iter(types), (0, "Wh", ""))
    if abs(power) > 12 or max(abs(m) for m in moments) > 7_000_000_000:
        raise DataError(
            "bad-green-button",
            f"{name} has a multiplier or a time that cannot be.",
            "Export it again.",
        )
    scale = 10.0**power / (1000.0 if unit in ("Wh", "W") else 1.0)
    label = {"Wh": "kWh", "W": "kW"}.get(unit, unit)
    return _gridded(
        np.array(moments, "datetime64[s]"),
        None,
        [Path(name).stem],
        [label],
        np.array([values]) * scale,
        None,
        name,
        False,
        later,
    )


def series_chunks(
    path: Path, *, count: int, zone: str = "UTC", stamp: str = ""
) -> Iterator[Readings]:
    """The series of a long Parquet file, some meters at a time.

    So that memory is bounded by the chunk.

    Args:
        path: Columns of time, meter and one value; quickest where it is sorted by meter.
        count: Meters at a time.
        zone: Time zone of clock times without an offset.
        stamp: `start` or `end`: which end of its step a time names.
    """
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    _sound(path)
    spill = str(spill_folder(Path(tempfile.gettempdir())))
    with duckdb.connect(
        config={"memory_limit": "300MB", "threads": 2, "temp_directory": spill}
    ) as con:
        source = f"read_parquet({literal(str(path))})"
        described = con.execute(f"describe select * from {source}").fetchall()
        headers = [d[0] for d in described]
        place, meter, _, values = _columns(headers, path.name)
        plain = described[place][1].startswith("TIMESTAMP") and (
            zone == "UTC" or "WITH TIME ZONE" in described[place][1]
        )
        if (
            meter < 0
            or len(values) != 1
            or not described[meter][1].startswith("VARCHAR")
            or not plain
        ):
            yield from _whole_chunks(path, count, zone, stamp)
            return
        at, who, value = (headers[k] for k in (place, meter, values[0]))
        names = [
            r[0]
            for r in con.execute(
                f'select distinct "{who}"::varchar from {source} where "{who}" is not null order'
                " by 1"
            ).fetchall()
        ]
        (first, last), *_ = con.execute(
            f'select min("{at}")::timestamp, max("{at}")::timestamp from {source}'
        ).fetchall()
        some = con.execute(
            f'select epoch("{at}"::timestamp)::bigint as t, "{who}"::varchar as w from {source}'
            f' where "{who}"::varchar in (select unnest(?)) order by 2, 1',
            [names[:5]],
        ).fetchnumpy()
        moments = np.asarray(some["t"]).astype("datetime64[s]")
        step_s = _step(
            moments,
            np.unique(np.asarray(some["w"]).astype(str), return_inverse=True)[1],
            ~np.isnat(moments),
            path.name,
        )
        span = int((last - first).total_seconds()) // step_s + 1
        if span > STEPS_MAX:
            raise DataError("file-too-large", f"{path.name} spans {span:,} steps.", "Split it.")
        start = np.datetime64(first, "s") + np.timedelta64(step_s, "s") * np.arange(span)
        if _names_end(stamp, at):
            start = start - np.timedelta64(step_s, "s")
        unit = _named(value)[1]
    epoch = np.datetime64(first, "s")
    source_file = pq.ParquetFile(path, read_dictionary=[who])
    held = []
    for g in range(source_file.num_row_groups):
        told = source_file.metadata.row_group(g).column(meter).statistics
        held.append(
            (told.min, told.max) if told is not None and told.has_min_max else ("", chr(0x10FFFF))
        )
    for k in range(0, len(names), count):
        mine = names[k : k + count]
        wanted = [g for g, (low, high) in enumerate(held) if low <= mine[-1] and high >= mine[0]]
        rows = source_file.read_row_groups(wanted, columns=[at, who, value]).combine_chunks()
        coded = rows.column(who).combine_chunks()
        coded = coded if pa.types.is_dictionary(coded.type) else coded.dictionary_encode()
        known = {n: k for k, n in enumerate(mine)}
        rank = np.array(
            [known.get(n, -1) for n in coded.dictionary.to_pylist()], np.int64
        )  # it names others too
        row: Any = rank[coded.indices.to_numpy()]
        moments = rows.column(at).cast(pa.timestamp("s")).to_numpy()
        cell = (moments - epoch).astype(np.int64) // step_s
        taken = np.asarray(rows.column(value).to_numpy(), float)
        good = (row >= 0) & ~np.isnan(taken) & ~np.isnat(moments)
        cells = row[good] * span + cell[good]
        counts = np.bincount(cells, minlength=len(mine) * span)
        with np.errstate(invalid="ignore"):
            grid = (np.bincount(cells, taken[good], len(mine) * span) / counts).reshape(
                len(mine), span
            )
        yield _uncounted(Readings(tuple(mine), start, grid, (unit,) * len(mine), path.name))[0]


def meters_of(path: Path) -> list[str]:
    """Names of the meters of a long Parquet file."""
    import duckdb

    _sound(path)
    with duckdb.connect() as con:
        source = f"read_parquet({literal(str(path))})"
        headers = [d[0] for d in con.execute(f"describe select * from {source}").fetchall()]
        _, meter, _, _ = _columns(headers, path.name)
        if meter < 0:
            return list(read_series(path, checked=False).names)
        quoted = headers[meter].replace('"', '""')
        return [
            r[0]
            for r in con.execute(
                f'select distinct "{quoted}"::varchar from {source} order by 1'
            ).fetchall()
        ]


def _sound(path: Path) -> None:
    """Have a Parquet file read to its end elsewhere, before an engine of ours does."""
    for _ in read_apart(parquet_head, path):
        pass


def _whole_chunks(path: Path, count: int, zone: str, stamp: str) -> Iterator[Readings]:
    """Chunks of a file in another form, which is read whole."""
    whole = read_series(path, zone=zone, stamp=stamp, checked=False)
    for k in range(0, len(whole.names), count):
        yield whole.picked(list(whole.names[k : k + count]))
