"""Quantities: numbers with their units, in English, German and Chinese text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from opencc import OpenCC

from abate.disclosure.claims.lexicon import pattern

MASSES = {
    r"metric tons?": 1.0, r"metric tonnes?": 1.0, r"short tons?": 0.90718474, r"tonnes?": 1.0, r"tons?": 1.0, r"tonnen": 1.0,
    r"kiloton(?:s|nes?|nen)?": 1e3, r"ktpa": 1e3, r"kt": 1e3, r"megaton(?:s|nes?|nen)?": 1e6, r"mmt": 1e6, r"mtpa": 1e6, r"mt": 1e6,
    r"gigaton(?:s|nes?|nen)?": 1e9, r"gt": 1e9, r"kilogram(?:s|m|me|mes)?": 1e-3, r"kg": 1e-3, r"gram(?:s|m|mes)?": 1e-6, "公吨": 1.0,
    "吨(?!标)": 1.0, "千克|公斤": 1e-3, "克": 1e-6, r"t": 1.0, r"g": 1e-6,
}  # fmt: skip
ENERGIES = {
    r"kilowatt[- ]?(?:hours?|stunden?)": 1.0, r"megawatt[- ]?(?:hours?|stunden?)": 1e3, r"gigawatt[- ]?(?:hours?|stunden?)": 1e6,
    r"terawatt[- ]?(?:hours?|stunden?)": 1e9, r"kwh": 1.0, r"mwh": 1e3, r"gwh": 1e6, r"twh": 1e9, r"千瓦时|度(?![假量数])": 1.0, r"兆瓦时": 1e3,
    r"吉瓦时": 1e6, r"太瓦时": 1e9, r"gigajoules?|gj|吉焦": 1e3 / 3.6, r"terajoules?|tj|太焦": 1e6 / 3.6, r"petajoules?|pj": 1e9 / 3.6,
    r"megajoules?|mj": 1 / 3.6, r"吨标准?煤|tce": 29.3076e3 / 3.6,
}  # fmt: skip
POWERS = {
    r"kilowatts?(?:[- ]peak)?": 1.0, r"megawatts?(?:[- ]peak)?": 1e3, r"gigawatts?(?:[- ]peak)?": 1e6, r"kwp?": 1.0, r"mwp?": 1e3,
    r"gwp?": 1e6, r"千瓦": 1.0, r"兆瓦": 1e3, r"吉瓦": 1e6,
}  # fmt: skip
VOLUMES = {
    r"cubic (?:met(?:er|re)s?|m)": 1.0, r"kubikmetern?": 1.0, r"m3|m\^3|cbm": 1.0, r"立方米": 1.0, r"megalit(?:er|re)s?|ml": 1e3,
    r"kilolit(?:er|re)s?": 1.0, r"gigalit(?:er|re)s?": 1e6, r"hectolit(?:er|re)s?|hl": 0.1, r"lit(?:er|re)s?|litern?|公升|升": 1e-3,
    r"gallons?": 0.003785411784, r"l": 1e-3,
}  # fmt: skip
UNITS: tuple[tuple[re.Pattern[str], float, str], ...] = tuple(
    (re.compile(rf"(?:{pattern})(?![a-zäöü\d])" if pattern[-1].isascii() else rf"(?:{pattern})", re.IGNORECASE), factor, unit)
    for pattern, factor, unit in (
        (r"(?:percentage|per cent) points?|prozentpunkten?|个?百分点|ppts?|pp|p\.p|%[- ]?(?:points|punkte)", 0.01, "points"),
        (r"per cent|percent|prozent", 0.01, "share"),
        *((p, f, "kWh") for p, f in ENERGIES.items()),
        *((p, f, "kW") for p, f in POWERS.items()),
        *((p, f, "m3") for p, f in VOLUMES.items()),
        *((p, f, "t") for p, f in MASSES.items()),
        (r"°\s?C|degrees? celsius|degrees?|grad(?: celsius)?|摄氏度", 1.0, "degC"),
    )
)  # fmt: skip
"""Units as texts write them, with what one is in the canonical unit."""
GAS = pattern("quantities.GAS")
SCALES = {
    "thousand": 1e3, "tsd.": 1e3, "tausend": 1e3, "k": 1e3, "million": 1e6, "millionen": 1e6, "mio": 1e6, "mn": 1e6, "m": 1e6,
    "billion": 1e9, "bn": 1e9, "milliarden": 1e9, "milliarde": 1e9, "mrd": 1e9, "trillion": 1e12, "百万": 1e6, "万亿": 1e12, "千万": 1e7,
    "十万": 1e5, "万": 1e4, "亿": 1e8, "千": 1e3, "1,000": 1e3, "1000": 1e3, "'000": 1e3,
}  # fmt: skip
SCALE = pattern("quantities.SCALE")
CURRENCIES = {
    "€": "EUR", "euros?": "EUR", "eur": "EUR", r"us\$": "USD", r"hk\$": "HKD", r"a\$": "AUD", r"c\$": "CAD", r"s\$": "SGD", r"\$": "USD",
    "(?:us )?dollars?": "USD", "usd": "USD", "£": "GBP", "pounds?": "GBP", "gbp": "GBP", "yuan": "CNY", "rmb": "CNY", "cny": "CNY", "¥": "CNY",
    "元": "CNY", "chf": "CHF", "franken": "CHF", "sek": "SEK", "kronor": "SEK", "nok": "NOK", "dkk": "DKK", "jpy": "JPY", "yen": "JPY",
    "inr": "INR", "rupees?": "INR", "hkd": "HKD", "港元": "HKD", "美元": "USD", "欧元": "EUR", "日元": "JPY", "krw": "KRW", "won": "KRW",
    "sgd": "SGD", "aud": "AUD", "cad": "CAD", "rand": "ZAR", "zar": "ZAR",
}  # fmt: skip
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
    k: re.compile(rf"(?<![\d.,])(?<![A-Za-z])(?<![A-Za-z]-)(?:{d})(?![\d])")
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
    """Give a number the denominator of the one that it is compared with: 1.78 t a tonne of steel, from 1.96 t."""
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
            and len(gap) < 40
            and re.search(
                r"from|against|compared|after|nach|von|gegenüber|Vorjahr|较|比|上年|去年|降至|降到|升至|\(",
                gap,
            )
        ):
            made[k] = replace(this, unit=last.unit)
    return made


PER_BEFORE = pattern("quantities.PER_BEFORE")


def _per_before(q: Quantity, text: str) -> Quantity:
    """A number whose denominator stands before it: 每万元营收0.21吨."""
    if q.unit == "t" and re.search(r"标准?煤[^,。\d]{0,4}$", text[max(0, q.start - 10) : q.start]):
        return replace(q, unit="kWh", scale=q.scale * 29.3076e3 / 3.6)
    found = PER_BEFORE.search(text[max(0, q.start - 30) : q.start])
    if found is None or q.unit not in ("t", "kWh", "m3"):
        return q
    name = found.group(2) or found.group(3)
    size = {"百万": "million ", "": ""}.get(found.group(1) or "", f"{found.group(1)} ")
    mass = (
        {1e-3: ("kg", 1.0), 1e-6: ("g", 1.0)}
        if q.unit == "t"
        else {1e-3: ("L", 1.0)}
        if q.unit == "m3"
        else {}
    )
    unit, scale = mass.get(q.scale, (q.unit, q.scale))
    below = {
        "吨": "t",
        "公斤": "kg",
        "元": "CNY",
        "美元": "USD",
        "欧元": "EUR",
        "千瓦时": "kWh",
        "度": "kWh",
        "平方米": "m2",
        "立方米": "m3",
    }.get(name, name)
    return replace(q, unit=f"{unit}/{size}{below}", scale=scale)


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
    bound = (
        ">" if ABOVE.search(before) or ABOVE_AFTER.match(text, at)
        else "<" if BELOW.search(before)
        else "~" if ABOUT.search(before)
        else "="
    )  # fmt: skip
    return Quantity(start, at, number, scale, unit, bound, high, is_gas)


def _is_range(text: str, start: int, tail: re.Match[str], number: str, lang: str) -> bool:
    """Whether two numbers are the ends of one range: alike in size, and the former without a unit."""
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
    for pattern, factor, unit in UNITS:
        found = pattern.match(text, begun)
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
    name = _currency(found.group(2)) or {
        "tonne": "t", "tonnen": "t", "ton": "t", "吨": "t", "千瓦时": "kWh", "度": "kWh", "kilowatt hour": "kWh", "kilowatt-hour": "kWh",
        "kilowattstunde": "kWh", "kwh": "kWh", "mwh": "MWh", "hectolitre": "hl", "litre": "L", "liter": "L", "kilo": "kg", "kilogram": "kg", "kilogramm": "kg", "hectoliter": "hl",
    }.get(found.group(2).casefold(), found.group(2))  # fmt: skip
    return f"{size} {name}".strip()


WORDS: tuple[tuple[str, str, str, bool], ...] = (
    (r"(?:by |um die |um )half\b|\bhalv(?:ed?|ing)\b|\bhalbier\w*|减半|减少一半|下降一半", "-50", "by", True),
    (r"\bdoubl(?:ed|ing)\b(?! glaz)|\b(?:to|will|would) double\b|\bverdoppel\w*|翻一?番|翻倍", "100", "by", True),
    (r"\btripl(?:ed|ing)\b|\bverdreifach\w*|翻两番", "200", "by", True),
    (r"\bquadrupl(?:ed?|ing)\b|\bvervierfach\w*", "300", "by", True),
    (r"\b(?:entirely|solely|exclusively) (?:on|with|by|from|to) (?=clean|renewable|green)|\b(?:ausschließlich|vollständig|komplett) (?:mit|aus|auf) (?=Ökostrom|Grünstrom|erneuerbar)|全部使用(?=可再生|清洁|绿)", "100", "", False),
    (r"(?:three[- ]quarters|drei vierteln?|四分之三)", "75", "", False),
    (r"(?:two[- ]thirds|zwei dritteln?|三分之二)", "66.7", "", False),
    (r"(?:(?:a|one)[- ]third(?! (?:straight|consecutive|successive|year|time|party|quarter|term|phase|country|of the way))|ein(?:em)? drittel|三分之一)", "33.3", "", False),
    (r"(?:(?:a|one)[- ]quarter(?! (?:of (?:the )?year|earlier|ago|ended|to\b|century))|ein(?:em)? viertel|四分之一)", "25", "", False),
    (r"(?:(?:a|one)[- ]fifth|one in five|ein(?:em)? fünftel|五分之一)", "20", "", False),
    (r"(?:(?:a|one)[- ]tenth|one in ten|ein(?:em)? zehntel|十分之一)", "10", "", False),
    (r"(?<!the first )(?<!the second )(?<!by )\bhalf\b(?! (?:year|a|an)\b)(?!-)|\bdie hälfte\b|\bder hälfte\b|\bhälfte\b|(?<!减少)(?<!下降)(?:一半|半数)", "50", "", False),
)  # fmt: skip
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
    for pattern, value, _, is_change in WORDS:
        for match in re.finditer(pattern, text, re.IGNORECASE):
            before = text[max(0, match.start() - 24) : match.start()]
            bound = (
                ">"
                if ABOVE.search(before)
                else "<"
                if BELOW.search(before)
                else "~"
                if ABOUT.search(before)
                else "="
            )
            yield Quantity(
                match.start(),
                match.end(),
                value,
                0.01,
                "share",
                bound,
                words=True,
                change=is_change,
            )
    for match in NUMERAL.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        word = match.group(1).casefold()
        value = next(names.index(word) + 1 for names in _NUMERALS if word in names)
        yield Quantity(
            match.start(),
            match.end(),
            str(value),
            0.01,
            "share",
            ">" if ABOVE.search(before) else "~" if ABOUT.search(before) else "=",
            words=True,
        )
    for match in ONE_IN.finditer(text):
        word = match.group(1).casefold()
        of = int(word) if word.isdigit() else _NUMERALS[0].index(word) + 1
        if of not in (5, 10):
            yield Quantity(match.start(), match.end(), f"{100 / of:.4g}", 0.01, "share", words=True)
    for match in TENTHS.finditer(text):
        tenths = "一二三四五六七八九".find(match.group(1)) + 1 or 2
        ones = "一二三四五六七八九".find(match.group(2)) + 1 if match.group(2) else 0
        bound = ">" if ABOVE.search(text[: match.start()][-6:]) else "="
        yield Quantity(
            match.start(), match.end(), str(tenths * 10 + ones), 0.01, "share", bound, words=True
        )


def _lent(found: list[Quantity], text: str) -> list[Quantity]:
    """Give the numbers of a list the unit that its last number has: 10, 20 and 30 tonnes."""
    made = list(found)
    for k in range(len(made) - 2, -1, -1):
        this, after = made[k], made[k + 1]
        between = text[this.end : after.start]
        joined = re.fullmatch(
            r"\s?(?:,|and|und|or|to|bis|&|、|和|及|与|以及|, and|auf|versus|vs\.?)\s?(?:from |about |rund |over )?",
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
            and not re.fullmatch(r"(?:19|20)\d{2}", this.text)
        ):
            scale = after.scale if this.scale == 1.0 else this.scale * _unit_factor(after)
            made[k] = replace(this, scale=scale, unit=after.unit, is_gas=after.is_gas)
    for k in range(1, len(made)):
        last, this = made[k - 1], made[k]
        gap = text[last.end : this.start]
        led = len(gap) < 44 and re.search(
            r"(?:\b(?:up|down) from|\bfrom|\bto|\bagainst|\bcompared (?:to|with)|\bafter|\bversus|\bnach|\bauf|\bgegenüber|:)\s(?:about |nearly |rund |just )?$",
            gap,
        )
        if (
            led
            and not this.unit
            and last.unit in ("t", "kWh", "m3", "kW")
            and "." not in gap
            and not re.fullmatch(r"(?:19|20)\d{2}", this.text)
        ):
            base = _unit_factor(last)
            shown = (
                last.scale
                if this.scale == 1.0 and 0.1 < float(this.text) / max(float(last.text), 1e-9) < 10
                else base * this.scale
            )
            made[k] = replace(this, unit=last.unit, scale=shown, is_gas=last.is_gas)
    return made


def _unit_factor(q: Quantity) -> float:
    """What the unit of a quantity is without its multiplier."""
    powers = [10.0**k for k in (12, 9, 6, 3, 0)]
    return (
        0.01
        if q.unit in ("share", "points")
        else next((1.0 for p in powers if q.scale >= p), q.scale)
    )
