"""Dates of bills as files write them, brought into the form 2024-01-31, 2024-01, or a range.

Which comes first, day or month, is proved by the file, or asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from abate.adapters.readers.clock import MOMENT, RANGE, WEEK, moment_of, month_numbers

_MONTH = re.compile(r"(\d{1,2})[./-](\d{4})")
_NAMED = re.compile(r"(?:(\d{1,2})\.?[ -])?([^\W\d_]+)\.?[ -]*[ '’-][ ]*(\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[ -]+([^\W\d_]+)\.?")
_SERIAL = re.compile(r"[3-6]\d{4}")
_QUARTER = re.compile(
    r"(?:(?P<y>\d{4})年?[\s/-]*)?(?:Q|T|K|第|quarter\s|trimestre\s|quartal\s)(?P<q>[1-4])(?:季度?)?(?:[\s/-]*(?P<y2>\d{4}))?"
    r"|(?P<q3>[1-4])\.?\s*(?:quarter|quartal|trimestre|kwartaal|kwartał|q|t)[\s/-]*(?P<y3>\d{4})",
    re.IGNORECASE,
)
ERAS = {"令和": 2018, "r": 2018, "平成": 1988, "h": 1988, "民國": 1911, "民国": 1911}
"""Years before the first of an era of the Japanese and the Taiwanese calendar."""
_ERA = re.compile(
    r"(令和|平成|民國|民国|[RH])\s?(元|\d{1,3})[年./-]\s?(\d{1,2})(?:[月./-]\s?(\d{1,2})日?|月)?"
)
OPEN_MARK = "?"
"""Before a date of which the file does not say whether the day or the month comes first.

And before a number whose mark
may be a decimal mark or part thousands."""
TO = ".."
"""Between the first and the last day of a period."""


def read_dates(texts: Iterable[str], order: str = "") -> dict[str, str]:
    """Dates in ISO form, for those texts that are written otherwise.

    `13/02/2024` anywhere in the file proves that the day comes first, `02/13/2024` that the month
    does; dots part a day that comes first. Where nothing proves it, each date that may be read both
    ways is marked as a question.

    Args:
        texts: Cells of the file's columns of dates.
        order: `dmy`, `mdy` or `ymd`, where the user has said it.

    Example:
        >>> read_dates(["31/12/2023", "01/02/2024", "2024-03"])
        {'31/12/2023': '2023-12-31', '01/02/2024': '2024-02-01'}
        >>> read_dates(["03/04/2024"]), read_dates(["03.04.2024", "45047", "Jänner 2023"])["45047"]
        ({'03/04/2024': '?03/04/2024'}, '2023-05-01')
        >>> list(read_dates(["Q2 2024", "1 Jan 2024 to 31 Jan 2024", "令和5年4月"]).values())
        ['2024-04..2024-06', '2024-01-01..2024-01-31', '2023-04']
    """
    listed = [t for t in dict.fromkeys(texts) if t]
    proved = order or order_of(listed)
    found = {}
    for text in listed:
        plain = _one(text.strip(), proved)
        if plain is None and (parts := RANGE.split(text.strip(), maxsplit=1))[1:]:
            ends = [_one(p.strip(), proved) or p.strip() for p in parts]
            if any(e.startswith(OPEN_MARK) for e in ends):
                plain = f"{OPEN_MARK}{text}"
            elif all(_ISO.fullmatch(e) for e in ends):
                plain = TO.join(ends)
        if plain is not None and plain != text:
            found[text] = plain
    return found


_ISO = re.compile(r"\d{4}-\d{2}(-\d{2}( \d{2}:\d{2}:\d{2})?)?")


def order_of(texts: Iterable[str]) -> str:
    """Which of day and month comes first in dates with slashes or dashes.

    Empty where nothing decides it, or both.
    """
    found = [
        m
        for t in texts
        for piece in (t, *RANGE.split(t))
        if (m := MOMENT.match(piece.strip())) and m["a"] and m["sep"] != "."
    ]
    if found and all(len(m["c"]) == 2 and m["sep"] == "-" for m in found):
        return _short(found)
    parts = [(int(m["a"]), int(m["b"])) for m in found]
    day_first = any(a > 12 for a, _ in parts)
    month_first = any(b > 12 for _, b in parts)
    if day_first == month_first:
        return ""
    return "dmy" if day_first else "mdy"


def _short(found: list[re.Match[str]]) -> str:
    """Order of dates such as 22-01-05, by which end of them varies like days.

    Empty where neither does.
    """
    first, last = {m["a"] for m in found}, {m["c"] for m in found}
    if any(int(a) > 31 for a in first) or len(first) <= 2 < len(last):
        return "ymd"
    if len(last) <= 2 < len(first) and any(int(a) > 12 for a in first):
        return "dmy"
    return ""


def _one(text: str, proved: str) -> str | None:
    """A date in ISO form, marked where it may be read both ways.

    None where it is in that form, or none.
    """
    plain = _plain(text)
    if plain is not None:
        return plain
    found = MOMENT.fullmatch(text)
    if found is None:
        return None
    order = proved
    if found["a"]:
        one, two = int(found["a"]), int(found["b"])
        if found["sep"] == "." or (one == two and not proved):
            order = proved if proved == "ymd" else "dmy"
        elif not proved:
            if (one <= 12 and two <= 12) or (len(found["c"]) == 2 and found["sep"] == "-"):
                return f"{OPEN_MARK}{text}"
            order = "mdy" if two > 12 else "dmy"
    moment = moment_of(text, order or "dmy")
    if moment is None:
        return None
    return moment.date().isoformat() if _is_day(found) else moment.isoformat(" ")


def _is_day(found: re.Match[str]) -> bool:
    return not (found["H"] or found["H2"] or found["packed"])


def _plain(text: str) -> str | None:
    """A month, quarter, day or week by number or name, or a spreadsheet's serial number.

    None for any other text.
    """
    return next((read(m) for form, read in FORMS.items() if (m := form.fullmatch(text))), None)


def _month(match: re.Match[str]) -> str | None:
    return f"{match[2]}-{int(match[1]):02d}" if 1 <= int(match[1]) <= 12 else None


def _serial(match: re.Match[str]) -> str:
    return (date(1899, 12, 30) + timedelta(days=int(match[0]))).isoformat()


def _era(match: re.Match[str]) -> str:
    year = ERAS[match[1].lower()] + (1 if match[2] == "元" else int(match[2]))
    return f"{year}-{int(match[3]):02d}" + (f"-{int(match[4]):02d}" if match[4] else "")


def _by_name(name: str, year_text: str, day: str | None) -> str | None:
    month = month_numbers().get(name.casefold())
    if month is None:
        return None
    year = int(year_text) + (2000 if len(year_text) == 2 else 0)
    return f"{year}-{month:02d}" + (f"-{int(day):02d}" if day else "")


def _quarter(match: re.Match[str]) -> str | None:
    year = match["y"] or match["y2"] or match["y3"]
    if not year:
        return None
    first = 3 * int(match["q"] or match["q3"]) - 2
    return f"{year}-{first:02d}{TO}{year}-{first + 2:02d}"


def _week(match: re.Match[str]) -> str | None:
    try:
        monday = date.fromisocalendar(int(match["y"]), int(match["w"]), 1)
    except ValueError:
        return None
    if match["d"]:
        return (monday + timedelta(days=int(match["d"]) - 1)).isoformat()
    return f"{monday}{TO}{monday + timedelta(days=6)}"


FORMS: dict[re.Pattern[str], Callable[[re.Match[str]], str | None]] = {
    _MONTH: _month,
    _NAMED: lambda m: _by_name(m[2], m[3], m[1]),
    _YEAR_FIRST: lambda m: _by_name(m[2], m[1], None),
    _SERIAL: _serial,
    _QUARTER: _quarter,
    _ERA: _era,
    WEEK: _week,
}
"""How each form of a date is read; the first that fits counts."""
