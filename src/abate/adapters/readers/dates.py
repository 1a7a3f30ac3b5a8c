"""Dates as files write them, brought into the form 2024-01-31 or 2024-01.

Which comes first, day or month, is proved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

LANGUAGES = ("en", "de", "de_AT", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs")
_NUMERIC = re.compile(r"^(\d{1,2})([./-])(\d{1,2})\2(\d{4})$")
_MONTH = re.compile(r"^(\d{1,2})[./-](\d{4})$")
_NAMED = re.compile(r"^(?:(\d{1,2})\.?[ -])?([^\W\d_]+)\.?[ -]+(\d{4}|\d{2})$")
_SERIAL = re.compile(r"^[3-6]\d{4}$")
OPEN_MARK = "?"
"""Before a date of which the file does not say whether the day or the month comes first, and before a number whose mark
may be a decimal mark or part thousands."""


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


def read_dates(texts: Iterable[str], order: str = "") -> dict[str, str]:
    """Dates in ISO form, for those texts that are written otherwise.

    `13/02/2024` anywhere in the file proves that the day comes first, `02/13/2024` that the month
    does; dots part a day that comes first. Where nothing proves it, each date that may be read both
    ways is marked as a question.

    Args:
        texts: Cells of the file's columns of dates.
        order: `dmy` or `mdy`, where the user has said it.

    Example:
        >>> read_dates(["31/12/2023", "01/02/2024", "2024-03"])
        {'31/12/2023': '2023-12-31', '01/02/2024': '2024-02-01'}
        >>> read_dates(["03/04/2024"]), read_dates(["03.04.2024", "Jänner 2023", "févr. 2024", "45047"])["Jänner 2023"]
        ({'03/04/2024': '?03/04/2024'}, '2023-01')
    """
    listed = [t for t in dict.fromkeys(texts) if t]
    numeric = {t: m for t in listed if (m := _NUMERIC.match(t))}
    slashed = [m for m in numeric.values() if m.group(2) != "."]
    day_first = any(int(m.group(1)) > 12 for m in slashed)
    month_first = any(int(m.group(3)) > 12 for m in slashed)
    proved = order or (
        "dmy" if day_first and not month_first else "mdy" if month_first and not day_first else ""
    )
    found = {}
    for text in listed:
        if match := numeric.get(text):
            found[text] = (
                _ordered(match, "dmy" if match.group(2) == "." else proved) or f"{OPEN_MARK}{text}"
            )
        elif (plain := _plain(text)) is not None:
            found[text] = plain
    return found


def _ordered(match: re.Match[str], order: str) -> str:
    one, two, year = int(match.group(1)), int(match.group(3)), int(match.group(4))
    if not order and one != two and one <= 12 and two <= 12:
        return ""
    day, month = (two, one) if order == "mdy" or (not order and two > 12) else (one, two)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return match.group(0)


def _plain(text: str) -> str | None:
    """A month by number or name, a day with a month's name, or a spreadsheet's serial number."""
    if match := _MONTH.match(text):
        return (
            f"{match.group(2)}-{int(match.group(1)):02d}"
            if 1 <= int(match.group(1)) <= 12
            else None
        )
    if match := _NAMED.match(text):
        month = month_numbers().get(match.group(2).casefold())
        if month is None:
            return None
        year = int(match.group(3)) + (2000 if len(match.group(3)) == 2 else 0)
        return f"{year}-{month:02d}" + (f"-{int(match.group(1)):02d}" if match.group(1) else "")
    if _SERIAL.match(text):
        return (date(1899, 12, 30) + timedelta(days=int(text))).isoformat()
    return None
