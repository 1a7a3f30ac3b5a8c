"""Moments as files write them.

Which form a column has, which comes first, and where they are placed.

A form is decided for a whole column. Whether `03/04/2024` is in March or in April is proved by a
value above 12 anywhere in it, or asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from abate.energy.facts.words import OFFSETS_H
from abate.kernel.errors import DataError

ORDERS = ("dmy", "mdy", "ymd")
"""What `--dates` may say."""
_DAY = r"""
    (?P<y>\d{4}) [-/.年] (?P<m>\d{1,2}) [-/.月] (?P<d>\d{1,2}) 日?
  | (?P<a>\d{1,2}) (?P<sep>[-/.]) (?P<b>\d{1,2}) (?P=sep) (?P<c>\d{4}|\d{2}) (?!\d)
  | (?P<plain>(?:19|20)\d{6}) (?= \D | $ | \d{4}$ | \d{6}$ )
  | (?P<nd>\d{1,2}) \.? [\s-]* (?P<mon>[^\W\d_]{3,12}) \.? [\s,-]* (?P<ny>\d{4}|\d{2}) (?!\d)
  | (?P<mon2>[^\W\d_]{3,12}) \.? \s+ (?P<nd2>\d{1,2}) (?:st|nd|rd|th)? ,? \s+ (?P<ny2>\d{4})
"""
_TIME = r"""
    (?P<H>\d{1,2}) \s* (?:[:h时]|\.(?=\d\d[:.\s]|\d\d$)) \s* (?P<M>\d{2}) 分?
    (?: [:.] (?P<S>\d{2}) (?:[.,]\d+)? )?
    (?: \s* (?P<half>[AaPp]\.?\s?[Mm])\b\.? )?
  | (?P<packed>\d{4}(?:\d{2})?)
  | (?P<H2>\d{1,2}) \s* (?P<half2>[AaPp]\.?[Mm])\b\.?
"""
_OFFSET = r"(?P<name>[A-Za-z]{1,5})? (?P<sign>[+-]\d{1,2}(?::?\d{2})?)?"
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,?\s+(?=\d))?"
MOMENT = re.compile(
    rf"{_WEEKDAY} (?:{_DAY}) (?: [\sT,]* (?:{_TIME}) )? \s* (?:{_OFFSET})".replace("\n", ""),
    re.VERBOSE,
)
CLOCK = re.compile(rf"(?:{_TIME})".replace("\n", ""), re.VERBOSE)
MONTH = re.compile(
    r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})月?|(?P<m2>\d{1,2})[-/.](?P<y2>\d{4})"
    r"|(?P<mon>[^\W\d_]{3,12})\.?[\s,-]+(?P<y3>\d{4}|\d{2})|(?P<y4>\d{4})[\s-]+(?P<mon4>[^\W\d_]{3,12})\.?"
)
WEEK = re.compile(r"(?P<y>\d{4})[-/\s]?(?:W|KW|CW)\s?(?P<w>\d{2})(?:-?(?P<d>\d))?")
RANGE = re.compile(
    r"\s+(?:-|–|—|to|bis|a|au|al|hasta|t/m|tot|至|~)\s+|\s*(?:–|—|~|至)\s*|(?<=[\dZ])/(?=\d{4}-)"
)
"""What stands between the begin and the end of a step in one cell."""
EPOCH = re.compile(r"1\d{9}(?:\.\d+)?|1\d{12}")
SERIAL = re.compile(r"[34567]\d{4}(?:\.\d+)?")
NO_OFFSET = np.iinfo(np.int64).min
YEARS = (1900, 2200)
"""Years in which readings and bills lie."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()


LANGUAGES = ("en", "de", "de_AT", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs")
"""Languages in which months are understood by their names."""


@cache
def month_numbers() -> dict[str, int]:
    """Numbers of months by their names and short names in several languages.

    A name of two months is left out.
    """
    from babel.dates import get_month_names

    found: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, language).items():
                    found.setdefault(name.strip(". ").casefold(), set()).add(number)
    return {name: numbers.pop() for name, numbers in found.items() if len(numbers) == 1} | {
        "mrz": 3,
        "sept": 9,
    }


@dataclass(frozen=True, slots=True)
class Times:
    """Moments of a column.

    Args:
        clock: What the cells say, without offset; NaT where they say no moment; `datetime64[s]`.
        offset: Offset from UTC [s], `NO_OFFSET` where the cell states none.
        end: End of the step where the cell holds both; NaT elsewhere.
        monthly: Whether the cells name months.
        daily: Whether the cells name days.
    """

    clock: Any
    offset: Any
    end: Any
    monthly: bool = False
    daily: bool = False


def ordered(texts: Sequence[str], order: str, file: str, column: str) -> str:
    """Which of day and month comes first in the dates of a column.

    Raises:
        DataError: `ambiguous-date` where nothing says it.
    """
    if order:
        return order
    parts = {
        (int(m["a"]), m["sep"], int(m["b"]), m["c"])
        for t in set(texts)
        for piece in RANGE.split(t)
        if (m := MOMENT.match(piece)) and m["a"]
    }
    if not parts:
        return "dmy"
    day_first = any(a > 12 for a, _, b, _ in parts)
    month_first = any(b > 12 for _, _, b, _ in parts)
    if day_first and all(a > 31 or (len(c) == 2 and b <= 12 and a > 12) for a, _, b, c in parts):
        return "ymd"
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    if day_first:
        raise DataError(
            "ambiguous-date",
            f"'{column}' of {file} writes the day first in some dates and the month in others.",
            "Write all dates in one order, best as 2024-01-31.",
        )
    if all(sep == "." for _, sep, _, _ in parts) or all(a == b for a, _, b, _ in parts):
        return "dmy"
    a, sep, b, c = next(p for p in sorted(parts) if p[0] != p[2])
    raise DataError(
        "ambiguous-date",
        f"'{column}' of {file} holds {a:02d}{sep}{b:02d}{sep}{c}: no date says whether the day or"
        " the month comes first.",
        "Say it with --dates dmy or --dates mdy.",
    )


def is_moment(text: str) -> bool:
    """Whether a cell is a day or a moment, or a step from one to another.

    Example:
        >>> [is_moment(t) for t in ("2024-01-31", "31.01.2024 14:00 - 31.01.2024 15:00", "1.5", "12:00")]
        [True, True, False, False]
    """
    if len(text) > 60 or not text[:1].strip():
        return False
    first = RANGE.split(text, maxsplit=1)[0] if not MOMENT.fullmatch(text) else text
    found = MOMENT.fullmatch(first.strip())
    if found is None:
        return False
    name = found["mon"] or found["mon2"]
    return (not name or name.casefold() in month_numbers()) and _named_offset(found["name"])


def _named_offset(name: str | None) -> bool:
    return not name or name.casefold() in OFFSETS_H


def is_clock(text: str) -> bool:
    """Whether a cell is a time of day, such as 14:00, 2:30 PM or 24:00."""
    found = CLOCK.fullmatch(text.strip())
    if (
        found is None or found["packed"] or re.fullmatch(r"[\d.]+", text.strip())
    ):  # 14.30 is a number
        return False
    return int(found["H"] or found["H2"]) <= 24


def is_month(text: str) -> bool:
    """Whether a cell names a month of a year."""
    found = MONTH.fullmatch(text.strip())
    if found is None:
        return False
    name = found["mon"] or found["mon4"]
    if name:
        return name.casefold().strip(".") in month_numbers()
    return 1 <= int(found["m"] or found["m2"]) <= 12


def read_times(texts: Sequence[str], order: str) -> Times:
    """Read the cells of a column of times; see `ordered` for the order of day and month."""
    count = len(texts)
    clock = np.full(count, np.datetime64("NaT"), "datetime64[s]")
    end = clock.copy()
    offset = np.full(count, NO_OFFSET, np.int64)
    known: dict[str, tuple[int | None, int, int | None]] = {}
    read = _reader(texts, order)
    for k, text in enumerate(texts):
        found = known.get(text)
        if found is None:
            found = known[text] = read(text)
        if found[0] is not None:
            clock[k] = np.datetime64(found[0], "s")
            offset[k] = found[1]
            if found[2] is not None:
                end[k] = np.datetime64(found[2], "s")
    distinct = [t for t in known if t]
    monthly = bool(distinct) and all(is_month(t) for t in distinct[:50])
    daily = (
        bool(distinct)
        and not monthly
        and bool((clock[~np.isnat(clock)].astype(np.int64) % 86_400 == 0).all())
    )
    return Times(clock, offset, end, monthly, daily)


Found = tuple[int | None, int, int | None]


def _reader(texts: Sequence[str], order: str) -> Callable[[str], Found]:
    """How to read a cell of a column: its form is taken from the first cells."""
    some = [t for t in texts[:2000] if t][:50]
    if some and all(EPOCH.fullmatch(t) for t in some):
        return _epoch
    if some and all(SERIAL.fullmatch(t) for t in some):
        return _serial
    if some and all(is_month(t) for t in some):
        return _month
    if some and all(WEEK.fullmatch(t) for t in some):
        return _week
    return lambda text: _moment(text, order)


def _epoch(text: str) -> Found:
    if not EPOCH.fullmatch(text):
        return None, NO_OFFSET, None
    return (int(text) // 1000 if len(text) == 13 else int(float(text))), 0, None


def _serial(text: str) -> Found:
    """A spreadsheet's serial number: days since 30 December 1899."""
    if not SERIAL.fullmatch(text):
        return None, NO_OFFSET, None
    days = date(1899, 12, 30).toordinal() - _EPOCH_DAY
    return round((days + float(text)) * 86_400 / 60) * 60, NO_OFFSET, None


def _month(text: str) -> Found:
    found = MONTH.fullmatch(text.strip())
    if found is None:
        return None, NO_OFFSET, None
    name = found["mon"] or found["mon4"]
    month = (
        month_numbers().get(name.casefold().strip("."), 0)
        if name
        else int(found["m"] or found["m2"])
    )
    year = _year(found["y"] or found["y2"] or found["y3"] or found["y4"])
    if not 1 <= month <= 12:
        return None, NO_OFFSET, None
    return (date(year, month, 1).toordinal() - _EPOCH_DAY) * 86_400, NO_OFFSET, None


def _week(text: str) -> Found:
    found = WEEK.fullmatch(text)
    if found is None:
        return None, NO_OFFSET, None
    try:
        day = date.fromisocalendar(int(found["y"]), int(found["w"]), int(found["d"] or 1))
    except ValueError:
        return None, NO_OFFSET, None
    return (day.toordinal() - _EPOCH_DAY) * 86_400, NO_OFFSET, None


def _moment(text: str, order: str) -> Found:
    first, offset = _one(text, order)
    if first is not None:
        return first, offset, None
    parts = RANGE.split(text, maxsplit=1)
    if len(parts) != 2:
        return None, NO_OFFSET, None
    first, offset = _one(parts[0], order)
    past, _ = _one(parts[1], order)
    if first is not None and past is None and is_clock(parts[1]):
        past = first - first % 86_400 + seconds_of(parts[1])
        past += 86_400 if past <= first else 0
    return first, offset, past


def _one(text: str, order: str) -> tuple[int | None, int]:
    found = MOMENT.fullmatch(text.strip())
    if found is None or not _named_offset(found["name"]):
        return None, NO_OFFSET
    day = _day(
        found.group("y", "m", "d", "a", "b", "c", "plain", "nd", "mon", "ny", "mon2", "nd2", "ny2"),
        order,
    )
    clock = _clock(found.group("H", "M", "S", "half", "packed", "H2", "half2"))
    if day is None or clock is None:
        return None, NO_OFFSET
    return day * 86_400 + clock, _offset(found["name"], found["sign"])


def moment_of(text: str, order: str) -> datetime | None:
    """The moment that a cell says by its clock, without its offset; see `ordered` for the order."""
    seconds, _ = _one(text, order)
    return None if seconds is None else datetime(1970, 1, 1) + timedelta(seconds=seconds)


@cache
def _day(parts: tuple[str | None, ...], order: str) -> int | None:
    y, m, d, a, b, c, plain, nd, mon, ny, mon2, nd2, ny2 = parts
    if plain:
        y, m, d = plain[:4], plain[4:6], plain[6:]
    elif a and b and c:
        first, second, third = a, b, c
        y, m, d = {
            "dmy": (third, second, first),
            "mdy": (third, first, second),
            "ymd": (first, second, third),
        }[order]
    elif mon or mon2:
        number = month_numbers().get((mon or mon2 or "").casefold().strip("."))
        y, m, d = ny or ny2, str(number or 0), nd or nd2
    year = _year(y or "0")
    if not YEARS[0] <= year <= YEARS[1]:  # 0001 and 9999 stand for none
        return None
    try:
        return date(year, int(m or 0), int(d or 0)).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def _year(text: str) -> int:
    year = int(text)
    return year + (1900 if year >= 80 else 2000) if len(text) == 2 else year


@cache
def _clock(parts: tuple[str | None, ...]) -> int | None:
    hour, minute, second, half, packed, hour2, half2 = parts
    if packed:
        hour, minute, second = packed[:2], packed[2:4], packed[4:]
    h, m, s = int(hour or hour2 or 0), int(minute or 0), int(second or 0)
    part = (half or half2 or "").lower()
    if part:
        if not 1 <= h <= 12:
            return None
        h = h % 12 + (12 if part.startswith("p") else 0)
    whole = h * 3600 + m * 60 + s
    return whole if m < 60 and s < 60 and whole <= 86_400 else None


def seconds_of(text: str) -> int:
    """Seconds since midnight of a time of day.

    Raises:
        ValueError: Where it is none.
    """
    found = CLOCK.fullmatch(text.strip())
    clock = _clock(found.group("H", "M", "S", "half", "packed", "H2", "half2")) if found else None
    if clock is None:
        raise ValueError(f"'{text}' is not a time of day")
    return clock


def _offset(name: str | None, sign: str | None) -> int:
    if sign:
        digits = sign[1:].replace(":", "")
        hours, minutes = int(digits[:2]), int(digits[2:] or 0)
        whole = hours * 3600 + minutes * 60
        return -whole if sign[0] == "-" else whole
    return OFFSETS_H[name.casefold()] * 3600 if name else NO_OFFSET


def offset_named(text: str) -> int | None:
    """Offset [s] that a text such as `UTC+01:00`, `GMT` or `CET` names.

    None where it names none.
    """
    found = re.fullmatch(rf"\s*{_OFFSET}\s*", text, re.VERBOSE)
    if found is None or not (found["name"] or found["sign"]) or not _named_offset(found["name"]):
        return None
    return _offset(found["name"], found["sign"])


def in_utc(times: Times, zone: ZoneInfo, owners: Any) -> Any:
    """Moments in UTC.

    Clock times without an offset are placed by the zone. Of one that comes twice in a series, which
    it is follows from the order of the rows.

    Args:
        times: Moments of the rows.
        zone: Time zone of clock times without an offset.
        owners: Number of the series of each row.
    """
    utc = times.clock.copy()
    stated = times.offset != NO_OFFSET
    utc[stated] -= times.offset[stated].astype("timedelta64[s]")
    local = np.flatnonzero(~stated & ~np.isnat(times.clock))
    if str(zone) == "UTC" or not len(local):
        return utc
    first, repeated, inverse = _offsets(times.clock[local], zone)
    later = np.zeros(len(local), bool)
    if repeated.any():
        later[repeated] = _second_time(
            times.clock[local][repeated],
            np.asarray(owners)[local][repeated],
            times.clock[local],
            np.asarray(owners)[local],
        )
    utc[local] = times.clock[local] - np.where(later, first[1][inverse], first[0][inverse]).astype(
        "timedelta64[s]"
    )
    return utc


def _offsets(clock: Any, zone: ZoneInfo) -> tuple[tuple[Any, Any], Any, Any]:
    """Offsets of each hour that occurs, as first and as second of its kind.

    With those clock times that come twice.
    """
    quarters, inverse = np.unique(
        clock.astype("datetime64[m]").astype(np.int64) // 15, return_inverse=True
    )
    days, of_day = np.unique(quarters // 96, return_inverse=True)
    edges = np.array(
        [[_offset_at(zone, int(d) * 96), _offset_at(zone, int(d) * 96 + 96)] for d in days]
    )
    both = np.repeat(edges[of_day, :1], 2, axis=1)
    for k in np.flatnonzero((edges[:, 0] != edges[:, 1])[of_day]):  # the clocks change that day
        both[k] = [_offset_at(zone, int(quarters[k]), fold) for fold in (0, 1)]
    return (both[:, 0], both[:, 1]), (both[:, 0] > both[:, 1])[inverse], inverse


@lru_cache(maxsize=100_000)
def _offset_at(zone: ZoneInfo, quarter: int, fold: int = 0) -> int:
    """Offset [s] at a clock time, in quarters of an hour since 1970."""
    moment = datetime(1970, 1, 1, tzinfo=zone) + timedelta(minutes=15 * quarter)
    return int((moment.replace(fold=fold).utcoffset() or timedelta()).total_seconds())


def _second_time(clock: Any, owners: Any, every: Any, every_owner: Any) -> Any:
    """Whether a repeated clock time is the second of its kind in its series.

    By the order of the rows.

    Rows that run backwards have the second one first.
    """
    seen: dict[tuple[Any, Any], int] = {}
    rank = np.zeros(len(clock), np.int64)
    for k, key in enumerate(zip(owners.tolist(), clock.astype(np.int64).tolist(), strict=True)):
        rank[k] = seen.get(key, 0)
        seen[key] = rank[k] + 1
    mine = every[every_owner == owners[0]]
    falling = len(mine) > 1 and mine[0] > mine[-1]
    twice = np.array(
        [
            seen[key] > 1
            for key in zip(owners.tolist(), clock.astype(np.int64).tolist(), strict=True)
        ]
    )
    second = (rank > 0) != falling
    return twice & second
