"""Quantities: numbers with their units, in English, German and Chinese text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from opencc import OpenCC

from abate.disclosure.claims.lexicon import pattern, units_of

UNITS: tuple[tuple[re.Pattern[str], float, str], ...] = tuple(
    (
        re.compile(f"(?:{p}){'(?![a-zäöü0-9])' if p[-1].isascii() else ''}", re.IGNORECASE),
        float(value),
        unit,
    )
    for p, value, unit in units_of("unit")
)
"""Units as texts write them, with what one is in the canonical unit."""
LED = pattern("quantities.LED")
LISTED = pattern("quantities.LISTED")
GAS = pattern("quantities.GAS")
SCALES = {p: float(value) for p, value, _ in units_of("scale")}
SCALE = pattern("quantities.SCALE")
CURRENCIES = {p: code for p, _, code in units_of("currency")}
_MONEY = "|".join(
    f"{c}\\b" if c[-1].isascii() and (c[-1].isalpha() or c[-1] == "?") else c for c in CURRENCIES
)
MONEY_BEFORE = re.compile(rf"(?:{'|'.join(CURRENCIES)})\s?$", re.IGNORECASE)
MONEY_AFTER = re.compile(rf"[\s-]?(?:人民币)?({_MONEY})", re.IGNORECASE)
PER = pattern("quantities.PER")
TIMES = pattern("quantities.TIMES")
_DIGITS = {
    "en": r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?",
    "de": r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:,\d+)?",
}
NUMBER = {
    k: re.compile(rf"(?<!\d)(?<!\d[.,])(?<![A-Za-z])(?<![A-Za-z]-)(?:{d})(?![\d])")
    for k, d in _DIGITS.items()
}
TAIL = {
    k: re.compile(
        rf"(?:\s?(?:-|–|—|~|至|到)\s?|\s(?:to|bis|and|und)\s)({d})(?![\d])", re.IGNORECASE
    )
    for k, d in _DIGITS.items()
}
ABOVE = pattern("quantities.ABOVE")
BELOW = pattern("quantities.BELOW")
ABOUT = pattern("quantities.ABOUT")
ABOVE_AFTER = re.compile(r"\s?(?:以上|余|多(?=[万亿吨千个]|$)|or more|oder mehr)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text.

    Args:
        start: Where the number begins.
        end: Where its unit ends.
        text: The number in plain digits, as it was printed.
        scale: What one printed unit is in the canonical one.
        unit: Canonical unit; empty for a bare number.
        bound: `=`, `>`, `<` or `~`.
        high: Upper end of a range, printed; empty where it is one number.
        is_gas: Whether its unit names a greenhouse gas.
        words: Whether it was said in words: halved, a third.
        change: Whether the words themselves say a change: halved, doubled.
    """

    start: int
    end: int
    text: str
    scale: float
    unit: str
    bound: str = "="
    high: str = ""
    is_gas: bool = False
    words: bool = False
    change: bool = False


def normal(text: str) -> str:
    """A text with digits, signs and spaces of one form; thousands written with thin spaces joined.

    Example:
        >>> normal("１２\u202f345 ｔ CO₂，约５％")
        '12345 t CO2,约5%'
    """
    text = simplified(text)
    joined = re.sub(r"(?<=\d)[\u00a0\u2009\u202f'’](?=\d{3}(?!\d))", "", text)
    return unicodedata.normalize("NFKC", joined).replace("\u2212", "-").replace("\u2011", "-")


def simplified(text: str) -> str:
    """Chinese text in simplified letters, letter by letter, so that places stay the same.

    Example:
        >>> simplified("範疇二排放量為18.3萬公噸")
        '范畴二排放量为18.3万公吨'
    """
    letters = {c for c in text if "一" <= c <= "鿿"}
    if not letters:
        return text
    table = {ord(c): s for c in letters if len(s := _converter().convert(c)) == 1}
    return text.translate(table)


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


def language_of(text: str) -> str:
    """`zh`, `de` or `en`, by the letters and small words of a text."""
    letters = sum(c.isalpha() for c in text) or 1
    if sum("一" <= c <= "鿿" for c in text) > 0.2 * letters:
        return "zh"
    german = len(
        re.findall(r"\b(?:der|die|das|und|von|mit|für|im|auf|wurde|sind|ist|den|des)\b", text)
    )
    english = len(re.findall(r"\b(?:the|and|of|with|for|in|on|was|are|is|to|its)\b", text))
    return "de" if german > english else "en"


def plain(digits: str, lang: str) -> str:
    """Printed digits without separators, with a decimal point."""
    if lang == "de":
        return digits.replace(".", "").replace(",", ".")
    return digits.replace(",", "")


def quantities(text: str, lang: str) -> list[Quantity]:
    """All numbers of a text with what belongs to them, in order.

    Args:
        text: Text, as `normal` returns it.
        lang: `en`, `de` or `zh`.
    """
    found: list[Quantity] = []
    at = 0
    digits = NUMBER["de" if lang == "de" else "en"]
    while (match := digits.search(text, at)) is not None:
        made = _quantity(text, match, lang)
        found.append(made)
        at = max(made.end, match.end())
    found += _in_words(text)
    found = _lent(sorted(found, key=lambda q: q.start), text)
    return _compared([_per_before(q, text) for q in found] if lang == "zh" else found, text)


def _compared(found: list[Quantity], text: str) -> list[Quantity]:
    """Give a number the denominator of the one before it: 1.78 t a tonne of steel, from 1.96 t."""
    made = list(found)
    for k in range(1, len(made)):
        last = next((m for m in reversed(made[:k]) if m.unit), made[0])
        this = made[k]
        gap = text[last.end : this.start]
        if last.unit.startswith("L/") and this.unit == "m3":
            this = replace(this, unit="L", scale=this.scale * 1000)
        if (
            "/" in last.unit
            and this.unit == last.unit.split("/")[0]
            and len(gap) < 90
            and "." not in gap
            and re.search(
                r"from|against|compared|after|nach|von|gegenüber|Vorjahr|较|比|上年|去年|降至|降到|升至|\(",
                gap,
            )
        ):
            made[k] = replace(this, unit=last.unit)
    return made


PER_BEFORE = pattern("quantities.PER_BEFORE")


DENOMINATORS = {p: unit for p, _, unit in units_of("denominator")}
SMALL_UNITS = {("t", 1e-3): "kg", ("t", 1e-6): "g", ("m3", 1e-3): "L"}


def _per_before(q: Quantity, text: str) -> Quantity:
    """A number whose denominator stands before it: 每万元营收0.21吨."""
    if q.unit == "t" and re.search(r"标准?煤[^,。\d]{0,4}$", text[max(0, q.start - 10) : q.start]):
        q = replace(q, unit="kWh", scale=q.scale * 29.3076e3 / 3.6)
    found = PER_BEFORE.search(text[max(0, q.start - 30) : q.start])
    if found is None or q.unit not in ("t", "kWh", "m3"):
        return q
    name = next(g for g in (found.group(2), found.group(3), found.group(5)) if g)
    power = found.group(1) or found.group(4) or ""
    size = {"百万": "million ", "": ""}.get(power, f"{power} ")
    unit = SMALL_UNITS.get((q.unit, q.scale), q.unit)
    scale = 1.0 if unit != q.unit else q.scale
    return replace(q, unit=f"{unit}/{size}{DENOMINATORS.get(name, name)}", scale=scale)


def _quantity(text: str, match: re.Match[str], lang: str) -> Quantity:
    number, high, at = plain(match.group(0), lang), "", match.end()
    start = match.start()
    sign = re.search(r"(?:^|[\s(:,/])([+\-–])\s?$", text[max(0, start - 3) : start])
    if sign and (sign.group(1) != "–" or text[start - 2 : start - 1] in "( "):
        number = f"-{number}" if sign.group(1) in "-–" else number
    tail = TAIL["de" if lang == "de" else "en"].match(text, at)
    if tail and _is_range(text, start, tail, number, lang):
        high, at = plain(tail.group(1), lang), tail.end()
    money = MONEY_BEFORE.search(text, max(0, start - 12), start)
    if not high:
        own = SCALE.match(text, at)
        tail = TAIL["de" if lang == "de" else "en"].match(text, own.end()) if own else None
        if (
            own
            and tail
            and (again := SCALE.match(text, tail.end()))
            and again.group(1) == own.group(1)
            and float(number) < float(plain(tail.group(1), lang))
        ):
            high, at = plain(tail.group(1), lang), tail.end()
    scale, unit, is_gas, at = _unit(text, at, code=_currency(money.group(0)) if money else "")
    if not unit and re.match(r"\s?\(", text[at : at + 2]):
        bracket = re.match(
            r"\s?\((?:in )?((?:1,?000|'000|thousand|million)s?)? ?(?:of )?([^)\d]{1,30})\)",
            text[at:],
            re.IGNORECASE,
        )
        if bracket:
            factor, unit, is_gas, ended = _unit(bracket.group(2), 0, code="")
            if unit and ended >= len(bracket.group(2)) - 1:
                scale *= factor * SCALES.get((bracket.group(1) or "").casefold().rstrip("s"), 1.0)
                at += bracket.end()
            else:
                unit = ""
    before = text[max(0, start - 32) : money.start() if money else start].removesuffix("-")
    bound = _bound(before, text[at : at + 12])
    return Quantity(start, at, number, scale, unit, bound, high, is_gas)


def _is_range(text: str, start: int, tail: re.Match[str], number: str, lang: str) -> bool:
    """Whether two numbers are the ends of one range: alike in size, the former without a unit."""
    joint = text[tail.start() : tail.start(1)].strip().casefold()
    try:
        low, high = float(number), float(plain(tail.group(1), lang))
    except ValueError:
        return False
    if re.fullmatch(r"(?:19|20)\d{2}", number) or re.fullmatch(r"(?:19|20)\d{2}", tail.group(1)):
        return False
    if not low < high < 20 * max(low, 1e-9):
        return False
    before = text[max(0, start - 16) : start]
    if joint in ("and", "und"):
        return re.search(r"\b(?:between|zwischen)\s+$", before, re.IGNORECASE) is not None
    if joint == "to" and re.search(r"\bfrom\s+$", before, re.IGNORECASE):
        return False
    return SCALE.match(text, tail.end()) is not None or bool(_unit(text, tail.end(), code="")[1])


def _unit(text: str, at: int, *, code: str) -> tuple[float, str, bool, int]:
    """Scale, canonical unit, whether a gas is named, and where the unit ends."""
    scale = 1.0
    while (word := SCALE.match(text, at)) is not None:
        scale *= SCALES[
            word.group(1)
            .casefold()
            .removesuffix(".")
            .replace("millionen", "million")
            .replace("tsd", "tsd.")
        ]
        at = word.end()
    if code:
        return scale, code, False, at
    money = MONEY_AFTER.match(text, at)
    if money:
        return scale, _currency(money.group(1)), False, money.end()
    if text[at : at + 2] == " %" or text[at : at + 1] == "%":
        at = text.index("%", at) + 1
        points = re.match(r"[- ]?(?:points|punkte)", text[at:], re.IGNORECASE)
        return (
            scale * 0.01,
            "points" if points else "share",
            False,
            at + (points.end() if points else 0),
        )
    space = re.match(r"[\s-]?", text[at:])
    begun = at + (space.end() if space else 0)
    for words, factor, unit in UNITS:
        found = words.match(text, begun)
        if found is None or found.group(0) in ("T", "G", "M"):
            continue
        ended = found.end()
        gas = GAS.match(text, ended) if unit == "t" else None
        ended = gas.end() if gas else ended
        per = PER.match(text, ended)
        if per and not TIMES.match(per.group(1)) and unit in ("t", "kWh", "m3"):
            shown = (
                "L"
                if unit == "m3" and factor < 0.01
                else "kg"
                if unit == "t" and factor == 1e-3
                else "g"
                if unit == "t" and factor == 1e-6
                else unit
            )
            own = {"L": 1e-3, "kg": 1e-3, "g": 1e-6}.get(shown, 1.0)
            return (
                scale * factor / own,
                f"{shown}/{_denominator(per.group(1))}",
                bool(gas),
                per.end(),
            )
        return scale * factor, unit, bool(gas), ended
    gas_only = re.match(r"(t|kt|Mt|Gt|kg|g)CO2(?:e|-?eq)?(?![a-z])", text[begun:])
    if gas_only:
        factor = {"t": 1.0, "kt": 1e3, "Mt": 1e6, "Gt": 1e9, "kg": 1e-3, "g": 1e-6}[
            gas_only.group(1)
        ]
        ended = begun + gas_only.end()
        per = PER.match(text, ended)
        if per and not TIMES.match(per.group(1)):
            shown = gas_only.group(1) if gas_only.group(1) in ("kg", "g") else "t"
            return (
                scale * factor / {"kg": 1e-3, "g": 1e-6}.get(shown, 1.0),
                f"{shown}/{_denominator(per.group(1))}",
                True,
                per.end(),
            )
        return scale * factor, "t", True, ended
    return scale, "", False, at


def _currency(text: str) -> str:
    return next(
        (code for c, code in CURRENCIES.items() if re.fullmatch(c, text.strip(), re.IGNORECASE)), ""
    )


def _denominator(text: str) -> str:
    """What a quotient is per, in the words that tables use."""
    found = re.fullmatch(
        r"(?:(million|billion|thousand|mio\.?|mrd\.?|百万|万|亿|1,?000)\s?)?(.+)",
        text.strip(),
        re.IGNORECASE,
    )
    assert found is not None
    size = {"mio": "million", "mrd": "billion", "百万": "million"}.get(
        (found.group(1) or "").casefold().rstrip("."), (found.group(1) or "").casefold()
    )
    below = found.group(2)
    name = _currency(below) or DENOMINATORS.get(below.casefold(), below)
    return f"{size} {name}".strip()


WORDS = tuple((p, value, told == "change") for p, value, told in units_of("words"))
"""Numbers in words, in per cent; those that are a change by themselves are marked."""
_NUMERALS = (
    [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ],
    [
        "ein",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
        "zwanzig",
    ],
)
NUMERAL = pattern("quantities.NUMERAL")
ONE_IN = re.compile(rf"\bone in ({'|'.join(_NUMERALS[0][1:])}|\d{{1,2}})\b", re.IGNORECASE)
TENTHS = re.compile(
    r"([一二三四五六七八九两])成([一二三四五六七八九])?(?![半本立为员果熟功长效就交])"
)


def _in_words(text: str) -> Iterator[Quantity]:
    """Numbers told in words: halved, a third, nine per cent, one in eight, 七成."""
    for match, value, is_change in _worded(text):
        bound = _bound(text[max(0, match.start() - 24) : match.start()])
        yield Quantity(
            match.start(), match.end(), value, 0.01, "share", bound, words=True, change=is_change
        )


def _worded(text: str) -> Iterator[tuple[re.Match[str], str, bool]]:
    """Words that mean a percentage, which, and whether they say a change by themselves."""
    for words, value, is_change in WORDS:
        for match in re.finditer(words, text, re.IGNORECASE):
            yield match, value, is_change
    for match in NUMERAL.finditer(text):
        word = match.group(1).casefold()
        yield match, str(next(n.index(word) + 1 for n in _NUMERALS if word in n)), False
    for match in ONE_IN.finditer(text):
        word = match.group(1).casefold()
        of = int(word) if word.isdigit() else _NUMERALS[0].index(word) + 1
        if of not in (5, 10):
            yield match, f"{100 / of:.4g}", False
    for match in TENTHS.finditer(text):
        tens = "一二三四五六七八九".find(match.group(1)) + 1 or 2
        ones = "一二三四五六七八九".find(match.group(2)) + 1 if match.group(2) else 0
        yield match, str(tens * 10 + ones), False


def _bound(before: str, after: str = "") -> str:
    """Whether a number is a bound or about, by the words around it."""
    if ABOVE.search(before) or (after and ABOVE_AFTER.match(after)):
        return ">"
    return "<" if BELOW.search(before) else "~" if ABOUT.search(before) else "="


def _lent(found: list[Quantity], text: str) -> list[Quantity]:
    """Give the numbers of a list the unit that its last number has: 10, 20 and 30 tonnes."""
    made = list(found)
    for k in range(len(made) - 2, -1, -1):
        this, after = made[k], made[k + 1]
        between = text[this.end : after.start]
        joined = LISTED.fullmatch(
            between,
        )
        named = re.search(
            r"(?:scopes?|范围|范畴|categor\w+|tier)[\s-]?(?:\d[\s,&+/-]*(?:and |und )?)*$",
            text[max(0, this.start - 24) : this.start],
            re.IGNORECASE,
        )
        if (
            not this.unit
            and not this.words
            and not named
            and after.unit
            and not after.change
            and joined
            and not _is_year(this)
        ):
            scale = after.scale if this.scale == 1.0 else this.scale * _unit_factor(after)
            made[k] = replace(this, scale=scale, unit=after.unit, is_gas=after.is_gas)
    for k in range(1, len(made)):
        this = made[k]
        last = next((m for m in reversed(made[:k]) if not _is_year(m)), made[0])
        gap = text[last.end : this.start]
        if (
            len(gap) < 60
            and LED.search(gap)
            and not this.unit
            and last.unit in LENDING
            and "." not in gap
            and not _is_year(this)
        ):
            base = _unit_factor(last)
            shown = (
                last.scale
                if this.scale == 1.0 and 0.1 < float(this.text) / max(float(last.text), 1e-9) < 10
                else base * this.scale
            )
            made[k] = replace(this, unit=last.unit, scale=shown, is_gas=last.is_gas)
    return made


LENDING = frozenset({"t", "kWh", "m3", "kW"})
"""Units that a number compared with another may leave out."""


def _is_year(q: Quantity) -> bool:
    return not q.unit and re.fullmatch(r"(?:19|20)\d{2}", q.text) is not None


def _unit_factor(q: Quantity) -> float:
    """What the unit of a quantity is without its multiplier."""
    powers = [10.0**k for k in (12, 9, 6, 3, 0)]
    return (
        0.01
        if q.unit in ("share", "points")
        else next((1.0 for p in powers if q.scale >= p), q.scale)
    )
