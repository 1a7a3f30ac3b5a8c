"""Tariffs as people write them: a TOML file with periods and lines.

The reference page of its keys is generated from here.
"""

from __future__ import annotations

import csv
import re
import tempfile
import tomllib
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta, Struct
from msgspec import field as key

from abate.adapters.readers.bills import read_bill_lines
from abate.adapters.readers.series import read_series, zone_of
from abate.adapters.readers.sheets import named_rows, table_of
from abate.adapters.store.keys import Amount, Name, Share, Text, Word
from abate.adapters.store.schema import FileKeyError, declared, fault, parsed, toml_text
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.readings import Readings
from abate.energy.facts.tariffs import (
    MINUTES,
    CoincidentLine,
    DemandLine,
    EnergyLine,
    FixedLine,
    Hourly,
    Levy,
    Line,
    Period,
    Tariff,
    Tier,
)
from abate.energy.planners.bills import Received
from abate.kernel.errors import ConfigError, DataError, NotFoundError

SUFFIX = ".toml"
PDF = b"%PDF"
TABLES = (".csv", ".xlsx", ".parquet", ".gz", ".zip", ".json")
FOLDER = "tariffs"
LINES_HINT = "Give the columns line, month (2024-03), amount and, where it is known, quantity."
HINT = "See docs/systems/tariffs.md."
TIMES = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")
Time = Annotated[str, Meta(max_length=20)]
Month = Annotated[int, Meta(ge=1, le=12)]
Weekday = Annotated[int, Meta(ge=0, le=6)]
Months = Annotated[list[Month], Meta(min_length=1)]
EVERY_MONTH = list(range(1, 13))


class PeriodKeys(Struct, frozen=True):
    """Hours that have a name; the first that holds counts.

    Args:
        name: Its name, such as `peak`.
        times: Times of the day, such as `["08:00-11:30", "22:00-06:00"]`; the whole day where none
            are given.
        months: 1 to 12; all where none are given.
        weekdays: 0 Monday to 6 Sunday; all where none are given.
        days: `all`, `working`, `weekends` or `holidays`.
    """

    name: Name
    times: list[Time] = key(default_factory=list)
    months: Months = key(default_factory=lambda: list(EVERY_MONTH))
    weekdays: list[Weekday] = key(default_factory=lambda: list(range(7)))
    days: Literal["all", "working", "weekends", "holidays"] = "all"


class PeriodTableKeys(Struct, frozen=True):
    """Periods from a table: month, period, start, end and, for each area, its name.

    Args:
        file: CSV or workbook beside this file.
        area: Whose rows; all where none is given.
        area_column: Header of the areas.
        order: Periods, the one that holds first where two do; a table with such minutes is refused
            without it.
    """

    file: Name
    area: Word = ""
    area_column: Word = "area"
    order: list[Name] = key(default_factory=list)


class TierKeys(Struct, frozen=True):
    """A price up to an amount.

    Args:
        price: Of a unit.
        up_to: Last unit of it; left out of the last one.
    """

    price: Amount
    up_to: Annotated[float, Meta(gt=0, le=1e15)] | None = None


class EnergyLineKeys(Struct, frozen=True):
    """A price of each kWh.

    Args:
        line: Its name, such as `network`.
        per_kwh: The price; beside prices by period, tier or hour it is added to them.
        by_period: Price in each period.
        tiers: Prices by the kWh of a month.
        hourly: File of prices by the hour, beside this one.
        unit: Unit of that file's prices: per `kWh` or `MWh`.
        factor: What they are multiplied by.
        months: Months in which it is charged.
        sells: Whether it is paid for what is fed in.
    """

    line: Name
    per_kwh: Amount = 0.0
    by_period: dict[Name, Amount] = key(default_factory=dict)
    tiers: list[TierKeys] = key(default_factory=list)
    hourly: Word = ""
    unit: Literal["kWh", "MWh"] = "kWh"
    factor: Amount = 1.0
    months: Months = key(default_factory=lambda: list(EVERY_MONTH))
    sells: bool = False


class DemandLineKeys(Struct, frozen=True):
    """A price of the highest power of each month.

    Args:
        line: Its name.
        per_kw: Of a kW and month, or of a kVA: one price, or twelve by month.
        of: `highest` power, power by `contract`, or `capacity` of the transformer.
        periods: Periods in which the highest counts; all where none are given.
        months: Months in which it is charged.
        window_min: Minutes over which power is a mean.
        tiers: Prices by the kW, in place of `per_kw`.
        ratchet_share: A month counts at least this share of the highest of the ratchet months.
        ratchet_months: 1 to 12; all where none are given.
        lookback_share: A month counts at least this share of the highest of the months before it.
        lookback_months: How many months before it.
        tolerance: Of a contract: up to this multiple of it nothing is added.
        excess_factor: What lies above is charged this many times.
        discount_share: Share of the price that is charged from `discount_kwh_per_kva` on.
        discount_kwh_per_kva: kWh of a month by kVA of the transformer.
    """

    line: Name
    per_kw: Amount | Annotated[list[Amount], Meta(min_length=12, max_length=12)] = 0.0
    of: Literal["highest", "contract", "capacity"] = "highest"
    periods: list[Name] = key(default_factory=list)
    months: Months = key(default_factory=lambda: list(EVERY_MONTH))
    window_min: Literal[5, 10, 15, 30, 60] = 15
    tiers: list[TierKeys] = key(default_factory=list)
    ratchet_share: Share = 0.0
    ratchet_months: Months = key(default_factory=lambda: list(EVERY_MONTH))
    lookback_share: Share = 0.0
    lookback_months: Annotated[int, Meta(ge=0, le=36)] = 0
    tolerance: Annotated[float, Meta(ge=1, le=10)] = 1.05
    excess_factor: Annotated[float, Meta(ge=0, le=100)] = 2.0
    discount_share: Share = 1.0
    discount_kwh_per_kva: Annotated[float, Meta(ge=0, le=1e4)] = 0.0


class CoincidentKeys(Struct, frozen=True):
    """A price of the highest power in named hours.

    Args:
        line: Its name.
        per_kw: Of a kW.
        hours: Their beginnings by the clock, such as `["2024-07-11T17:00"]`.
    """

    line: Name
    per_kw: Amount
    hours: list[Word]


class FixedKeys(Struct, frozen=True):
    """A price of each month or day.

    Args:
        line: Its name.
        per_month: Of a month.
        per_day: Of a day.
    """

    line: Name
    per_month: Amount = 0.0
    per_day: Amount = 0.0


class LevyKeys(Struct, frozen=True):
    """A share of other lines, such as a tax.

    Args:
        line: Its name.
        share: Of their sum.
        of: Lines above it; all of them where none are given.
    """

    line: Name
    share: Annotated[float, Meta(ge=-1, le=10)]
    of: list[Name] = key(default_factory=list)


class TariffKeys(Struct, frozen=True):
    """Keys of a tariff's file.

    Args:
        title: What people call it.
        currency: Three letters.
        country: Country of the holidays, two letters.
        subdivision: Part of it, where holidays differ.
        zone: Time zone, such as `Asia/Shanghai`.
        contract_kw: Power by contract.
        capacity_kva: Capacity of the transformer.
        source: Where it is published.
        note: What is assumed.
        periods: Named hours.
        period_table: Named hours from a table; those of `periods` hold before them.
        energy: Prices of energy.
        demand: Prices of power.
        coincident: Prices of power in named hours.
        fixed: Prices of months and days.
        levies: Taxes and the like.
    """

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    title: Word = ""
    country: Word = ""
    subdivision: Word = ""
    zone: Word = "UTC"
    contract_kw: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    capacity_kva: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    source: Text = ""
    note: Text = ""
    periods: Annotated[list[PeriodKeys], Meta(max_length=200)] = key(default_factory=list)
    period_table: PeriodTableKeys | None = None
    energy: list[EnergyLineKeys] = key(default_factory=list)
    demand: list[DemandLineKeys] = key(default_factory=list)
    coincident: list[CoincidentKeys] = key(default_factory=list)
    fixed: list[FixedKeys] = key(default_factory=list)
    levies: list[LevyKeys] = key(default_factory=list)


def read_tariff(path: Path, text: str | None = None) -> Tariff:
    """Read a tariff.

    Args:
        path: Its file; the name without its ending is the tariff's id.
        text: Its content, where it is at hand.

    Raises:
        ConfigError: `bad-tariff`, `tariff-incomplete`.
        DataError: Where a file of prices is not read.
        UsageError: `unknown-zone`.
    """
    told = toml_text(path, "bad-tariff", HINT) if text is None else text
    made = parsed(told, path.name, "bad-tariff", HINT)
    keys = declared(made, TariffKeys, code="bad-tariff", name=path.name, text=told, hint=HINT)
    zone_of(keys.zone)
    try:
        return tariff_of(keys, path)
    except FileKeyError as error:
        raise fault(
            error, code="bad-tariff", name=path.name, text=told, data=made, hint=HINT
        ) from error


def tariff_of(keys: TariffKeys, path: Path) -> Tariff:
    """The tariff that keys say, in a file; files of prices lie beside it."""
    periods = tuple(_period(p, k) for k, p in enumerate(keys.periods))
    if keys.period_table is not None:
        periods += tabled_periods(keys.period_table, path.parent)
    lines = _lines(keys, path.parent)
    return Tariff(
        path.stem,
        lines,
        periods,
        keys.title or path.stem,
        keys.currency,
        Calendar(keys.country, keys.subdivision, keys.zone),
        keys.contract_kw,
        keys.capacity_kva,
        keys.source,
        keys.note,
    )


def tabled_periods(keys: PeriodTableKeys, folder: Path) -> tuple[Period, ...]:
    """Periods of a table, those for holidays first.

    Raises:
        ConfigError: `tariff-incomplete` where minutes of a month lie in no period,
            `periods-overlap` where they lie in two and nothing says which one holds.
    """
    path = _beside(folder, keys.file)
    columns = ("month", "period", "start", "end")
    rows = table_of(path, (*columns, *((keys.area_column,) if keys.area else ())), "bad-tariff")
    mine = [r for r in rows if not keys.area or r[keys.area_column] == keys.area]
    if not mine:
        names = sorted({r[keys.area_column] for r in rows})
        listed = ", ".join(names[:40])
        text = f"{path.name} has no rows of '{keys.area}'."
        raise ConfigError("bad-tariff", text, f"There are: {listed}.")
    rank = {name: k for k, name in enumerate(keys.order)}
    made = sorted(
        (_tabled(row, path.name) for row in mine),
        key=lambda p: (p.days != "holidays", rank.get(p.name, len(rank))),
    )
    for month in range(1, 13):
        _require_one_each(made, month, set(rank), f"{path.name}, {keys.area or 'all'}")
    return tuple(made)


def _tabled(row: dict[str, str], name: str) -> Period:
    try:
        months = (int(row["month"]),)
        times = times_of(f"{row['start']}-{row['end']}", ("period_table",))
    except (FileKeyError, ValueError) as error:
        text = f"{name}: {row['month']}, {row['period']}, {row['start']} to {row['end']}."
        raise ConfigError("bad-tariff", text, "Give a month of 1 to 12, and times.") from error
    for_holidays = row.get("applies", "").strip().lower().startswith("holiday")
    return Period(row["period"], (times,), months, days="holidays" if for_holidays else "all")


def _require_one_each(periods: Sequence[Period], month: int, ordered: set[str], where: str) -> None:
    """Each minute of a usual day of a month lies in one period."""
    held: list[set[str]] = [set() for _ in range(MINUTES)]
    for period in periods:
        if month in period.months and period.days == "all":
            for first, past in period.times:
                for minute in range((past - first) % MINUTES or MINUTES):
                    held[(first + minute) % MINUTES].add(period.name)
    open_minutes = [m for m, names in enumerate(held) if not names]
    if open_minutes:
        at = f"{open_minutes[0] // 60:02d}:{open_minutes[0] % 60:02d}"
        text = (
            f"{where}: {len(open_minutes)} minutes of month {month} have no period, from {at} on."
        )
        raise ConfigError("tariff-incomplete", text, "Add the missing rows to the table.")
    both = [m for m, names in enumerate(held) if len(names) > 1 and not names <= ordered]
    if both:
        names = " and ".join(sorted(held[both[0]]))
        at = f"{both[0] // 60:02d}:{both[0] % 60:02d}"
        text = f"{where}: {len(both)} minutes of month {month} are {names}, from {at} on."
        raise ConfigError("periods-overlap", text, "Say with order which one holds.")


def _period(keys: PeriodKeys, number: int) -> Period:
    times = tuple(times_of(text, ("periods", number, "times")) for text in keys.times)
    return Period(keys.name, times, tuple(keys.months), tuple(keys.weekdays), keys.days)


def times_of(text: str, place: Sequence[str | int]) -> tuple[int, int]:
    """Minutes of the day of a text such as 08:00-11:30.

    Raises:
        FileKeyError: With the place, where it is none.
    """
    found = TIMES.fullmatch(text.strip())
    first, past = (int(found[k]) * 60 + int(found[k + 1]) for k in (1, 3)) if found else (0, 0)
    if not found or first == past or max(first, past) > 24 * 60 or first == 24 * 60:
        raise FileKeyError(
            place,
            f"'{text}' is not a stretch of the day",
            "Write it as 08:00-11:30.",
        )
    return first, past


def _lines(keys: TariffKeys, folder: Path) -> tuple[Line, ...]:
    made: list[Line] = []
    for e in keys.energy:
        hourly = read_hourly(_beside(folder, e.hourly), keys.zone, e.unit) if e.hourly else None
        prices, tiers = tuple(e.by_period.items()), _tiers(e.tiers)
        given = (e.per_kwh, prices, tiers, hourly, e.factor, tuple(e.months), e.sells)
        made.append(EnergyLine(e.line, *given))
    for d in keys.demand:
        made.append(
            DemandLine(
                d.line,
                tuple(d.per_kw) if isinstance(d.per_kw, list) else (d.per_kw,),
                d.of,
                tuple(d.periods),
                tuple(d.months),
                d.window_min,
                _tiers(d.tiers),
                d.ratchet_share,
                tuple(d.ratchet_months),
                d.lookback_share,
                d.lookback_months,
                d.tolerance,
                d.excess_factor,
                d.discount_share,
                d.discount_kwh_per_kva,
            )
        )
    for k, c in enumerate(keys.coincident):
        made.append(CoincidentLine(c.line, c.per_kw, _hours(c.hours, k, keys.zone)))
    made += [FixedLine(f.line, f.per_month, f.per_day) for f in keys.fixed]
    made += [Levy(v.line, v.share, tuple(v.of)) for v in keys.levies]
    return tuple(made)


def _tiers(keys: list[TierKeys]) -> tuple[Tier, ...]:
    return tuple(Tier(t.up_to, t.price) for t in keys)


def _hours(texts: list[str], number: int, zone: str) -> object:
    try:
        moments = [datetime.fromisoformat(t) for t in texts]
    except ValueError as error:
        raise FileKeyError(
            ("coincident", number, "hours"), str(error), "Write it as 2024-07-11T17:00."
        ) from error
    clock = zone_of(zone)
    plain = [(m.astimezone(clock) if m.tzinfo else m).replace(tzinfo=None) for m in moments]
    return np.array(plain, "datetime64[h]")


def read_hourly(path: Path, zone: str, unit: str = "kWh") -> Hourly:
    """Values by the hour of a file with times in its first column and values in its last.

    Args:
        path: The file.
        zone: Clock of times without an offset.
        unit: `kWh`, or `MWh` where the values are of a thousand of them.

    Raises:
        DataError: `unreadable-file`, `bad-prices`.
    """
    if not path.is_file():
        text = f"There is no '{path.name}'."
        raise DataError("unreadable-file", text, "Put it beside the file that names it.")
    first = next((row for batch in named_rows(path) for row in batch), {})
    names = list(first)
    if len(names) < 2:
        text = f"{path.name} has no column of times and one of values."
        raise DataError("bad-prices", text, "Give times in the first column, values in the last.")
    told = read_columns(path, (names[0], names[-1]), zone, "bad-prices")
    return Hourly(told.start, told.values[0] / (1000.0 if unit == "MWh" else 1.0), path.name)


def _beside(folder: Path, name: str) -> Path:
    """A file beside the tariff.

    Raises:
        FileKeyError: Where the name is that of a file elsewhere, or no table's.
    """
    plain = Path(name)
    if plain.name != name or plain.suffix.lower() not in TABLES:
        raise FileKeyError(
            ("hourly",), f"'{name}' is not the name of a table beside it", "Name a CSV or workbook."
        )
    return folder / name


def read_columns(path: Path, names: Sequence[str], zone: str, code: str) -> Readings:
    """Series of a table: times in the first of the named columns, values in the others.

    A reader of meters passes columns of money by; here they are read, too.

    Raises:
        DataError: `code` where a column is missing.
    """
    rows = [row for batch in named_rows(path) for row in batch]
    lacking = [n for n in names if not rows or n not in rows[0]]
    if lacking:
        text = f"{path.name} lacks the column {lacking[0]}."
        raise DataError(code, text, f"Columns: {', '.join(names)}.")
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / f"{path.stem}.csv"
        with plain.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(("time", *(f"value {k}" for k in range(1, len(names)))))
            writer.writerows([row[n] for n in names] for row in rows)
        told = read_series(plain, zone=zone, checked=False)
    if len(told.names) != len(names) - 1:
        text = f"{path.name} has a column that holds no numbers."
        raise DataError(code, text, f"Columns: {', '.join(names)}.")
    return told


def named_tables(text: str) -> list[str]:
    """Files that the text of a tariff names: prices by the hour, and its table of periods."""
    made = tomllib.loads(text)
    names = [str(e.get("hourly", "")) for e in made.get("energy", ())]
    names.append(str(made.get("period_table", {}).get("file", "")))
    return list(dict.fromkeys(n for n in names if n))


def find_tariff(name: str, folders: list[Path]) -> Tariff:
    """A tariff by the path of its file, or by its name in the folders or among those shipped.

    Raises:
        NotFoundError: `no-tariff`.
        ConfigError: `bad-tariff`, `tariff-incomplete`.
    """
    if name.endswith(SUFFIX):
        path = Path(name)
        if path.is_file():
            return read_tariff(path)
    known = tariff_files(folders)
    if name not in known:
        listed = ", ".join(sorted(known))
        raise NotFoundError("no-tariff", f"There is no tariff '{name}'.", f"There are: {listed}.")
    return read_tariff(known[name])


def tariff_files(folders: list[Path]) -> dict[str, Path]:
    """Files of tariffs by name: those of the folders before those shipped."""
    shipped = Path(str(resources.files("abate.energy.facts") / "tariff_files"))
    return {
        path.stem: path
        for folder in (shipped, *folders)
        if folder.is_dir()
        for path in sorted(folder.glob(f"*{SUFFIX}"))
    }


def read_received(path: Path, names: Sequence[str] = ()) -> tuple[Received, ...]:
    """Lines of a bill that came in: columns line, month, amount and perhaps quantity; or a PDF.

    Args:
        path: A table, or a PDF with text.
        names: Of the tariff's lines, which are looked for in a PDF.

    Raises:
        DataError: `bad-bill-lines`, and where the file is not read as a table.
    """
    if _is_pdf(path):
        return tuple(Received(*line) for line in read_bill_lines(path, names))
    rows = table_of(path, ("line", "month", "amount"), "bad-bill-lines")
    if not rows:
        raise DataError("bad-bill-lines", f"{path.name} has no rows.", LINES_HINT)
    return tuple(
        _received(row, f"{path.name} row {number}")
        for number, row in enumerate(rows, 2)
        if any(row.values())
    )


def _is_pdf(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(PDF)) == PDF


def _received(cells: dict[str, str], where: str) -> Received:
    lacking = [n for n in ("line", "month", "amount") if not cells.get(n)]
    if lacking:
        raise DataError("bad-bill-lines", f"{where}: there is no {lacking[0]}.", LINES_HINT)
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", cells["month"]):
        raise DataError("bad-bill-lines", f"{where}: '{cells['month']}' is no month.", LINES_HINT)
    numbers: list[float | None] = []
    for name in ("amount", "quantity"):
        text = cells.get(name, "").strip()
        if not text and name == "quantity":
            numbers.append(None)
            continue
        if not re.fullmatch(r"[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", text):
            said = f"{where}: '{text}' is not a number."
            raise DataError("bad-bill-lines", said, "Write it as 1562.40.")
        numbers.append(float(text.replace(",", "")))
    amount, quantity = numbers
    return Received(cells["line"], cells["month"], amount or 0.0, quantity)
