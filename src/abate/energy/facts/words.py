"""Words and units by which files of meters say what a column holds, in many languages."""

from __future__ import annotations

import re
import tomllib
from functools import cache

from abate.kernel.resources import package_text

_SAID = tomllib.loads(package_text("abate.energy.facts", "words.toml"))


def _words(name: str) -> tuple[str, ...]:
    return tuple(_SAID[name])


START_WORDS = _words("start")
END_WORDS = _words("end")
TIME_WORDS = _words("time")
ISSUED_WORDS = _words("issued")
BILLED_WORDS = _words("billed")
"""Words for the day of a bill, which is not the day of its usage."""
METER_WORDS = _words("meter")
NUMBER_WORDS = _words("number")
"""Words for numbers that are no amounts."""
HOUR_WORDS = _words("hour")
OWNER_WORDS = _words("owner")
UNIT_WORDS = _words("unit")
ZONE_WORDS = _words("zone")
MULTIPLIER_WORDS = _words("multiplier")
QUALITY_WORDS = _words("quality")
COST_WORDS = _words("cost")
AMOUNT_WORDS = _words("amount")
"""Words for amounts of money or of energy: money where another column is energy."""
IGNORED_WORDS = _words("ignored")
REGISTER_WORDS = _words("register")
USAGE_WORDS = _words("usage")
TOTAL_WORDS = _words("total")
"""Words for columns that say again what others say."""
FLOWS: dict[str, tuple[str, ...]] = {flow: tuple(words) for flow, words in _SAID["flows"].items()}
"""What words say of direction and medium; those that come first are taken first."""
MISSING = frozenset(_words("missing"))
"""Cells in place of a number."""
ESTIMATED = frozenset(_words("estimated"))
"""Cells by which a column of quality says that a reading was estimated or substituted."""
OFFSETS_H: dict[str, int] = _SAID["offsets"]
"""Offsets [h] of names that stand behind a time."""
UNITS: dict[str, tuple[str, ...]] = {unit: tuple(some) for unit, some in _SAID["units"].items()}
"""Units of readings with their spellings; capital and small letters alike."""
_NAMED = {spelling: unit for unit, spellings in UNITS.items() for spelling in spellings}
_IN_BRACKETS = ("度", "方", "瓦", "升", "%", "cf")
"""Spellings that count in brackets, or alone."""
_SPELLINGS = "|".join(
    re.escape(s)
    for s in sorted(_NAMED, key=len, reverse=True)
    if s not in _IN_BRACKETS and s != "w"
)
_WHOLE = re.compile(rf"(?<![^\W_])(?:{_SPELLINGS}|w)(?![^\W_])", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[(（]\s*([^\])）]{1,24}?)\s*[\])）]")
PER = re.compile(
    rf"(?:[€$£¥￥]|[^\W\d_]{{1,4}})\s*(?:/|\sper\s|\spro\s|\sje\s)\s*(?:{_SPELLINGS})(?![^\W_])|(?:^|[^a-z])per[\s_]*(?:{_SPELLINGS})(?![^\W_])",
    re.IGNORECASE,
)
"""A price: money by unit."""
_CAMEL = re.compile(r"(?<=[a-z])(KWH|KWh|Kwh|kWh|MWh|Mwh|Wh|KW|kW|MW)(?![a-z])")
_CAMEL_END = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)")


def unit_named(text: str) -> str:
    """The unit that a text names and nothing else; empty where it names none.

    Example:
        >>> unit_named("KWH"), unit_named("千瓦时"), unit_named("raw"), unit_named("w")
        ('kWh', 'kWh', '', 'W')
    """
    return _NAMED.get(text.strip().casefold(), "")


@cache
def unit_in(header: str, *, spelt: bool = False) -> str:
    """The unit that a header states, by a whole word of it; empty where it states none.

    Args:
        header: The header.
        spelt: Give the unit as it is written there.

    Example:
        >>> [unit_in(h) for h in ("Usage (kWh)", "ElectricityUsageKwh", "TotWhOut", "raw", "tempF", "Power_W", "kWh.first_value")]
        ['kWh', 'kWh', 'Wh', '', 'F', 'W', 'kWh']
    """
    if PER.search(header):
        return ""
    for found in reversed(_BRACKETS.findall(header)):
        if unit_named(found):
            return found if spelt else unit_named(found)
    whole = list(_WHOLE.finditer(header))
    if whole:
        return whole[-1][0] if spelt else unit_named(whole[-1][0])
    camel = _CAMEL.search(header)
    if camel:
        return camel[1] if spelt else unit_named(camel[1])
    degrees = re.search(r"(?:temp\w*|[\s_(\[])[\s_]*([CF])[\])]?$", header.strip())
    if degrees and re.match(r"temp|outdoor|dry", header.strip(), re.IGNORECASE):
        return degrees[1]
    return ""


@cache
def tokens(text: str) -> str:
    """A text as lower-case words parted by single blanks, with blanks at its ends.

    Compounds in camel case are split.
    """
    parted = _CAMEL_END.sub(" ", text)
    words = [
        *re.findall(r"[^\W_]+", text.casefold()),
        "\n",
        *re.findall(r"[^\W_]+", parted.casefold()),
    ]
    return f" {' '.join(words)} "


@cache
def has_word(text: str, words: tuple[str, ...]) -> bool:
    """Whether a text has one of some words as a whole word, or a long one as part of a compound.

    Example:
        >>> has_word("StandNormaal", ("stand",)), has_word("Meterstand", ("meter",)), has_word("Gasverbruik", ("verbruik",))
        (True, False, True)
    """
    said = tokens(text)
    return any(
        f" {word} " in said
        or ((len(word) >= 6 or not word.isascii()) and " " not in word and word in said)
        for word in words
    )


def names_end(header: str) -> bool:
    """Whether a header says that times name the end of their step.

    Example:
        >>> names_end("interval end"), names_end("start and end"), names_end("time")
        (True, False, False)
    """
    return has_word(header, END_WORDS) and not has_word(header, START_WORDS)
