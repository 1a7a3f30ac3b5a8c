"""Lexicon: the patterns by which text is read, as data.

`patterns.csv` holds regular expressions by name; `{name}` stands for another one. `words.csv` holds
the words of each concept by language, `units.csv` units, multipliers, currencies and numbers in
words.
"""

from __future__ import annotations

import re
from functools import cache

from abate.kernel.resources import package_table

FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE}


@cache
def _rows() -> dict[str, tuple[str, str]]:
    rows = package_table("abate.disclosure.claims", "patterns.csv")
    return {r["name"]: (r["flags"], r["pattern"]) for r in rows}


@cache
def pattern_text(name: str) -> str:
    """A regular expression by name, with those it refers to."""
    told = _rows()[name][1]
    return re.sub(r"\{([a-z]+\.[A-Z_]+)\}", lambda m: pattern_text(m.group(1)), told)


@cache
def pattern(name: str) -> re.Pattern[str]:
    """A compiled regular expression by name.

    Example:
        >>> bool(pattern("when.LAST_YEAR").search("It fell last year"))
        True
    """
    flags = re.RegexFlag(0)
    for letter in _rows()[name][0]:
        flags |= FLAGS[letter]
    return re.compile(pattern_text(name), flags)


@cache
def concepts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The words of each concept, of all languages, as one pattern."""
    held: dict[str, list[str]] = {}
    for row in package_table("abate.disclosure.claims", "words.csv"):
        held.setdefault(row["concept"], []).append(row["pattern"])
    return tuple((name, re.compile("|".join(p), re.IGNORECASE)) for name, p in held.items())


@cache
def units_of(group: str) -> tuple[tuple[str, str, str], ...]:
    """Rows of `units.csv` of a group: pattern, value, unit.

    Args:
        group: `unit`, `scale`, `currency`, `denominator`, or `words` for numbers told in words.
    """
    rows = package_table("abate.disclosure.claims", "units.csv")
    return tuple((r["pattern"], r["value"], r["unit"]) for r in rows if r["group"] == group)
