"""Units: read as people write them, kept in one canonical unit per dimension, proved by dimension.

Heating value is part of the dimension. A terajoule on a net calorific basis is `TJ_net`, on a gross
basis `TJ_gross`, and neither converts into the other, nor into a plain `TJ`, without a property of
the fuel.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from threading import RLock
from typing import Any

from abate.kernel.errors import UsageError

MG_PER_KG = 1_000_000
MG_PER_T = 1_000_000_000


def in_t(mass_mg: float) -> float:
    """A mass in tonnes.

    Example:
        >>> in_t(2_500_000_000)
        2.5
    """
    return mass_mg / 1e9


def in_kg(mass_mg: float) -> float:
    """A mass in kilograms."""
    return mass_mg / 1e6


CANONICAL: dict[str, str] = {
    "energy": "kWh",
    "energy-net": "kWh_net",
    "energy-gross": "kWh_gross",
    "mass": "kg",
    "volume": "L",
    "area": "m2",
    "distance": "km",
    "freight": "tkm",
    "travel": "pkm",
    "count": "count",
    "emissions": "kg_co2e",
    "lodging": "room_night",
    "working-time": "fte_hour",
    "area-time": "m2_year",
    "storage": "m3_day",
}
"""Canonical unit of each dimension.

Money has one dimension per currency, price year and price basis, such as `CNY`,
`USD2021` or `CNY_basic`; purchaser prices are meant where no basis is named."""

CURRENCIES = (
    "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD", "HRK",
    "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KES", "KRW", "KZT", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP",
    "PKR", "PLN", "QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR",
)  # fmt: skip
"""Currencies in which amounts are understood, by their codes of ISO 4217."""

ISO_4217 = frozenset(
    (
        *CURRENCIES,
        *[
            "AFN",
            "ALL",
            "AMD",
            "AOA",
            "AWG",
            "AZN",
            "BAM",
            "BBD",
            "BDT",
            "BHD",
            "BIF",
            "BMD",
            "BND",
            "BOB",
            "BSD",
            "BTN",
            "BWP",
            "BYN",
            "BZD",
            "CDF",
            "CRC",
            "CUP",
            "CVE",
            "DJF",
            "DOP",
            "DZD",
            "ERN",
            "ETB",
            "FJD",
            "FKP",
            "GEL",
            "GHS",
            "GIP",
            "GMD",
            "GNF",
            "GTQ",
            "GYD",
            "HNL",
            "HTG",
            "IQD",
            "IRR",
            "JMD",
            "JOD",
            "KGS",
            "KHR",
            "KMF",
            "KPW",
            "KWD",
            "KYD",
            "LAK",
            "LBP",
            "LKR",
            "LRD",
            "LSL",
            "LYD",
            "MDL",
            "MGA",
            "MKD",
            "MMK",
            "MNT",
            "MOP",
            "MRU",
            "MUR",
            "MVR",
            "MWK",
            "MZN",
            "NAD",
            "NIO",
            "NPR",
            "OMR",
            "PAB",
            "PGK",
            "PYG",
            "RSD",
            "RWF",
            "SBD",
            "SCR",
            "SDG",
            "SHP",
            "SLE",
            "SOS",
            "SRD",
            "SSP",
            "STN",
            "SYP",
            "SZL",
            "TJS",
            "TMT",
            "TND",
            "TOP",
            "TTD",
            "TZS",
            "UGX",
            "UYU",
            "UZS",
            "VES",
            "VUV",
            "WST",
            "XAF",
            "XCD",
            "XCG",
            "XOF",
            "XPF",
            "YER",
            "ZMW",
            "ZWG",
        ],
    )
)
"""Codes of the currencies that an organisation may report in (ISO 4217, list one)."""

_MONEY = re.compile(rf"({'|'.join(CURRENCIES)})(\d{{4}})?(_basic|_basket)?(?![A-Za-z])")

_POWER = re.compile(r"\b(m|ft)([23])\b")

_UNITS: dict[str, tuple[str, ...]] = {
    # energy
    "Wh": ("watt hour",),
    "kWh": ("kwhr", "kw·h", "kw.h", "kw*h", "kw h", "kw-h", "kilowatt hour", "kilowatt-hour", "kilowattstunde", "kilowattstunden",
            "kilowattheure", "kilovatio hora", "kilowattora", "千瓦时", "千瓦·时", "度", "キロワット時"),
    "MWh": ("mwhr", "mw·h", "mw.h", "mw h", "megawatt hour", "megawatt-hour", "megawattstunde", "megawattstunden", "mégawattheure", "兆瓦时"),
    "GWh": ("gigawatt hour", "gigawattstunde", "吉瓦时"),
    "TWh": ("terawatt hour", "太瓦时"),
    "J": ("joule",),
    "kJ": ("kilojoule", "千焦"),
    "MJ": ("megajoule", "兆焦", "メガジュール"),
    "GJ": ("gigajoule", "吉焦", "百万千焦", "ギガジュール"),
    "TJ": ("terajoule", "太焦"),
    "PJ": ("petajoule",),
    "Btu": ("british thermal unit",),
    "kBtu": ("thousand btu",),
    "MBtu": ("mmbtu", "mm btu", "million btu"),
    "therm": ("thm", "thms", "us therm", "uk therm"),
    "dekatherm": ("dth", "dthm", "decatherm"),
    "kcal": ("kilocalorie", "千卡", "大卡"),
    "Mcal": ("megacalorie",),
    "Gcal": ("gigacalorie", "百万大卡", "吉卡"),
    "toe": ("tep", "tonne of oil equivalent", "tonnes of oil equivalent", "吨标准油", "吨油当量"),
    "ktoe": ("ktep",),
    "tce": ("吨标准煤", "吨标煤", "tonne of coal equivalent"),
    # mass
    "kg": ("kgs", "kilo", "kilogram", "kilogramm", "kilogramme", "千克", "公斤", "キログラム"),
    "g": ("gram", "gramme", "gramm", "克"),
    "mg": ("milligram",),
    "t": ("tonne", "metric ton", "metric tonne", "mt", "to", "te", "tonelada", "tonnellata", "吨", "トン"),
    "decitonne": ("dt", "quintal", "dezitonne"),
    "kilotonne": ("kt", "千吨"),
    "lb": ("lbs", "pound"),
    "oz_mass": ("oz (mass)", "ounce (mass)"),
    "short_ton": ("short ton", "us ton", "ton (us)", "net ton", "short tn", "美吨", "短吨"),
    "long_ton": ("long ton", "uk ton", "imperial ton", "ton (uk)", "gross ton", "英吨", "长吨"),
    # volume
    "L": ("liter", "litre", "ltr", "lt", "lts", "litro", "升", "公升", "リットル"),
    "mL": ("millilitre", "milliliter", "毫升"),
    "cL": ("centilitre", "centiliter"),
    "hL": ("hectolitre", "hectoliter"),
    "kL": ("kilolitre", "kiloliter", "千升", "キロリットル"),
    "m3": ("cbm", "cu m", "cum", "cu.m", "m^3", "m**3", "cubic metre", "cubic meter", "kubikmeter", "mètre cube", "metro cubo",
           "metros cúbicos", "mc", "立方米", "立方", "方", "立方メートル", "㎥"),
    "sm3": ("smc", "scm", "stm3", "std m3", "standard m3", "standard cubic metre", "standard cubic meter", "标方", "标准立方米"),
    "nm3": ("nmc", "ncm", "nm³", "normal m3", "normal cubic metre", "normal cubic meter", "m3(n)", "m3 (n)", "标立方米"),
    "ft3": ("cf", "cft", "cu ft", "cuft", "cu.ft", "scf", "ft^3", "cubic foot", "cubic feet"),
    "CCF": ("hcf", "hundred cubic feet", "100 cubic feet", "100 cf", "100 ft3"),
    "kft3": ("thousand cubic feet", "1000 cubic feet", "1000 cf", "1000 ft3"),
    "Mft3": ("mmcf", "mmscf", "million cubic feet"),
    "Gft3": ("bcf", "billion cubic feet"),
    "us_gallon": ("us gal", "us gallon", "gal (us)", "gallon (us)", "gallons (us)", "u.s. gallon", "usg", "美制加仑"),
    "imperial_gallon": ("uk gal", "uk gallon", "imp gal", "imperial gal", "imperial gallon", "gal (uk)", "gallon (uk)", "gallons (uk)",
                        "gal (imp)", "英制加仑"),
    "oil_bbl": ("bbl", "oil barrel", "barrel (oil)", "us barrel", "barrel of oil"),
    # area, distance, transport, count
    "m2": ("sqm", "sq m", "sq.m", "m^2", "square metre", "square meter", "qm", "平方米", "㎡", "平方メートル"),
    "ft2": ("sq ft", "sqft", "sq.ft", "sf", "ft^2", "square foot", "square feet", "平方英尺"),
    "hectare": ("ha", "公顷"),
    "acre": ("英亩",),
    "tsubo": ("坪",),
    "km": ("kms", "kilometer", "kilometre", "公里", "千米", "キロメートル"),
    "m": ("metre", "meter", "米"),
    "mile": ("mi", "statute mile", "英里"),
    "nautical_mile": ("nmi", "nautical mile", "海里"),
    "vehicle km": ("vkm", "vehicle-km", "vehicle.km", "车公里"),
    "vehicle mile": ("vehicle-mile", "vehicle.mile", "vmi"),
    "tkm": ("t·km", "t.km", "t-km", "t km", "tonne.km", "tonne-km", "tonne km", "tonne kilometre", "tonne-kilometre", "吨公里", "トンキロ"),
    "tmile": ("tonne mile", "tonne-mile", "tonne.mile"),
    "stmile": ("short ton mile", "short ton-mile", "short-ton mile", "us ton mile", "us ton-mile"),
    "pkm": ("passenger.km", "passenger km", "passenger-km", "passenger kilometre", "passenger-kilometre", "p.km", "人公里", "人キロ"),
    "pmile": ("passenger mile", "passenger-mile", "passenger.mile", "pmi"),
    "count": ("pc", "piece", "pce", "stk", "stück", "ea", "each", "个", "件", "台"),
    # emissions that somebody else worked out, lodging, working time, rented space
    "kg_co2e": ("kg co2e", "kgco2e", "kg co2-e", "kg co2eq", "kgco2eq"),
    "t_co2e": ("t co2e", "tco2e", "tonne co2e", "t co2-e", "t co2eq", "tco2eq", "mtco2e", "吨二氧化碳当量"),
    "g_co2e": ("g co2e", "gco2e"),
    "room_night": ("room night", "room-night", "night", "nacht", "nuit", "nuitée", "间夜", "泊"),
    "fte_hour": ("fte hour", "fte-hour", "working hour"),
    "m2_year": ("m2·year", "m2.year"),
    "m3_day": ("m3·day", "m3.day"),
    "passenger": (), "day": (), "year": (),
}  # fmt: skip
"""Units by the expression that the registry knows.

With the words found in files (any case, singular).
"""

_SYMBOLS: dict[str, str] = {
    "£": "GBP", "€": "EUR", "₹": "INR", "₩": "KRW", "zł": "PLN", "kč": "CZK", "₺": "TRY", "₪": "ILS", "₱": "PHP", "฿": "THB",
    "₽": "RUB", "ft.": "HUF", "元": "CNY", "人民币": "CNY", "rmb": "CNY", "円": "JPY", "원": "KRW", "新台币": "TWD", "港元": "HKD",
    "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "nt$": "TWD",
    "r$": "BRL", "mx$": "MXN", "美元": "USD", "欧元": "EUR", "日元": "JPY", "英镑": "GBP", "euro": "EUR", "sterling": "GBP",
    "us dollar": "USD", "pound sterling": "GBP", "rupee": "INR", "yen": "JPY", "yuan": "CNY", "renminbi": "CNY", "real": "BRL",
    "reais": "BRL", "zloty": "PLN", "swiss franc": "CHF", "rand": "ZAR", "won": "KRW",
}  # fmt: skip
SHARED_SYMBOLS: dict[str, tuple[str, ...]] = {
    "$": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "TWD", "ARS", "CLP", "COP"),
    "dollar": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD"),
    "¥": ("CNY", "JPY"),
    "￥": ("CNY", "JPY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "kr.": ("DKK", "ISK", "SEK", "NOK"),
    "rs": ("INR", "PKR"),
    "rs.": ("INR", "PKR"),
    "peso": ("MXN", "ARS", "CLP", "COP", "PHP"),
}  # fmt: skip
"""Signs that several currencies share, with those currencies."""

_EXACT: dict[str, str] = {
    "ML": "ML", "Ml": "ML", "mL": "mL", "ml": "mL", "Mg": "t", "mg": "mg", "Gg": "kilotonne", "MJ": "MJ", "Mcf": "kft3", "MCal": "Mcal",
    "GL": "GL",
}  # fmt: skip
"""Names whose meaning hangs on capital letters."""

_AMBIGUOUS: dict[str, str] = {
    "gal": "US gal or UK gal",
    "gallon": "US gal or UK gal",
    "加仑": "US gal or UK gal",
    "mpg": "miles per US gal or per UK gal",
    "ton": "t (metric), short ton or long ton",
    "ton mile": "tonne mile or short ton mile",
    "ton-mile": "tonne mile or short ton mile",
    "mbtu": "thousand Btu (kBtu) or million Btu (MMBtu)",
    "mcf": "thousand cubic feet (Mcf) or million cubic feet (MMcf)",
    "barrel": "oil barrel (42 US gal) or another",
    "oz": "oz (mass) or a fluid ounce",
    "cwt": "112 lb or 100 lb",
    "mm3": "thousand m3, million m3 or mL",
    "th": "therm or thermie (Mcal)",
    "cal": "cal or kcal",
}
_AMBIGUOUS_EXACT: dict[str, str] = {
    "mWh": "MWh or a thousandth of a Wh",
    "Mt": "t or million t",
    "MG": "million US gal, or mg",
    "M kWh": "thousand kWh or million kWh",
    "MkWh": "thousand kWh or million kWh",
}
"""Names that leave a choice, with the choices; those below only as they are written here."""

_MULTIPLES: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern, re.I), factor)
    for pattern, factor in (
        (
            (
                r"(?:thousands?(?: of)?|'000s?|’000s?|000s?|1[,. "
                r" ]?000|10\^3|10³|tsd\.?|mille|miles de|millier(?:s de)?|k(?= ))\s*"
            ),
            1_000,
        ),
        (
            (
                r"(?:millions?(?: of)?|mio\.?|mill\.?|millones de|mn\.?|mm(?="
                r" )|1[,.]?000[,.]?000|10\^6|10⁶)\s*"
            ),
            1_000_000,
        ),
        (r"(?:hundreds? of|100)\s+", 100),
        (r"(?:lakhs?|lacs?)(?: of)?\s+", 100_000),
        (r"crores?(?: of)?\s+", 10_000_000),
        (r"(?:ten thousands? of|10[,.]?000|10\^4)\s+", 10_000),
        (r"(?:billions? of|bn\.?|mrd\.?|10\^9)\s*", 1_000_000_000),
        (r"(?:百万|100万)", 1_000_000),
        (r"(?:亿|億)", 100_000_000),
        (r"(?:万|萬)", 10_000),
        (r"千(?=[立元円吨度k])", 1_000),
    )
)
"""Words for many of a unit, before it."""

_OPEN, _SHUT = r"[\s_,]*[(\[（]?\s*(?<![A-Za-z])", r"(?![A-Za-z])\s*[)\]）]?"
_HEATING = (
    (
        re.compile(
            rf"{_OPEN}(?:net\s*cv|net calorific(?: value)?|ncv|lhv|pci|h[_ .]?[iu]|inferior|unterer"
            rf" heizwert|heizwert|net|低位(?:发热量)?){_SHUT}",
            re.I,
        ),
        "net",
    ),
    (
        re.compile(
            rf"{_OPEN}(?:gross\s*cv|gross calorific(?: value)?|gcv|hhv|pcs|h[_"
            rf" .]?[so]|superior|oberer heizwert|brennwert|gross|高位(?:发热量)?){_SHUT}",
            re.I,
        ),
        "gross",
    ),
)
_BASIC = re.compile(r"[\s(（]*(?:basic prices?|基本价格)[)）]?\s*$", re.I)
_NET_OF_TAX = re.compile(r"[\s(（]*(?:excl(?:uding|\.)? (?:tax|vat)|不含税)[)）]?\s*$", re.I)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as the ledger understands it.

    Args:
        text: As it was written.
        canonical: The canonical unit of its dimension.
        scale: Canonical units in one of it.
        of_fuel: Canonical unit where it measures a fuel, if that is another: therms and Btu of a
            fuel are gross.
    """

    text: str
    canonical: str
    scale: float
    of_fuel: str = ""


_ONE_AT_A_TIME = RLock()
"""Pint's registry is neither made nor added to by two threads at once; units of two registries do
not mix.
"""


def registry() -> Any:
    """The unit registry: Pint in exact fractions.

    With the heating-value basis as a dimension of its own.
    """
    with _ONE_AT_A_TIME:
        return _registry()


@cache
def _registry() -> Any:
    import pint  # noqa: PLC0415  (half a second that the command line does not always need)

    known = pint.UnitRegistry(non_int_type=Fraction)
    for definition in (
        "count = []",
        "us_gallon = gallon",
        "room_night = [room_night]",
        "fte_hour = [fte_hour]",
        "passenger = [passenger]",
        "kg_co2e = [reported_emissions]",
        "t_co2e = 1000 * kg_co2e",
        "g_co2e = kg_co2e / 1000",
        "m2_year = meter**2 * year",
        "m3_day = meter**3 * day",
        "pkm = passenger * kilometer",
        "tkm = metric_ton * kilometer",
        "pmile = passenger * mile",
        "tmile = metric_ton * mile",
        "stmile = short_ton * mile",
        "ncv = [net_calorific_value]",
        "gcv = [gross_calorific_value]",
        "dekatherm = 10 * therm",
        "kcal = 4186.8 * joule",
        "Mcal = 1000 * kcal",
        "Gcal = 1000 * Mcal",
        "ktoe = 1000 * toe",
        "tce = 7 * Gcal",
        "decitonne = 100 * kilogram",
        "kilotonne = 1000 * metric_ton",
        "oz_mass = ounce",
        "sm3 = meter**3",
        "nm3 = 28815 / 27315 * meter**3",
        "CCF = 100 * ft3_",
        "kft3 = 1000 * ft3_",
        "Mft3 = 1000 * kft3",
        "Gft3 = 1000 * Mft3",
        "tsubo = 400 / 121 * meter**2",
    ):
        known.define(definition.replace("ft3_", "foot**3"))
    for name in ("kWh", "MWh", "GWh", "MJ", "GJ", "TJ", "MBtu", "therm", "kcal"):
        known.define(f"{name}_net = {name} * ncv")
        known.define(f"{name}_gross = {name} * gcv")
    return known


def quantity(value: str | int | float | Fraction, unit: str) -> Any:
    """A Pint quantity with an exact magnitude.

    Args:
        value: A number, or its decimal text.
        unit: A unit expression of the registry, such as `kg/TJ_net`, or one with money, such as
            `kg/USD2021`.

    Raises:
        UsageError: `unknown-unit`.
    """
    try:
        return registry().Quantity(Fraction(str(value)), _parsed(unit))
    except Exception as error:  # Pint raises a dozen kinds for texts that are no unit
        raise UsageError(
            "unknown-unit", f"'{unit}' is not a unit.", "See docs/reference/units.md."
        ) from error


@cache
def _parsed(unit: str) -> Any:
    """Units of an expression; money is defined when it is first met."""
    with _ONE_AT_A_TIME:
        known = _registry()
        for match in _MONEY.finditer(unit):
            if match.group(0) not in known:
                known.define(f"{match.group(0)} = [money_{match.group(0)}]")
        return known.parse_units(_POWER.sub(r"\1**\2", unit))


def in_units(amount: Any, unit: str) -> float:
    """Magnitude of a quantity in a unit, proved by dimension.

    Raises:
        UsageError: `unit-mismatch` where the dimensions differ.

    Example:
        >>> in_units(quantity("74100", "kg/TJ_net"), "mg/MJ_net")
        74100.0
    """
    target = quantity(1, unit)
    if amount.dimensionality != target.dimensionality:
        raise UsageError(
            "unit-mismatch",
            f"{spelled(amount)} does not convert into {unit}.",
            "A heating-value basis, a currency or a dimension differs.",
        )
    return float(amount.to(target.units).magnitude)


def spelled(amount: Any) -> str:
    """Units of a quantity as text, such as `kg / TJ_net` (Pint's own text fails on exact exponents)."""
    parts = [(name, power) for name, power in amount.unit_items() if name != "count"]
    above = " ".join(f"{n}{'' if p == 1 else p}" for n, p in parts if p > 0) or "1"
    below = " ".join(f"{n}{'' if p == -1 else -p}" for n, p in parts if p < 0)
    return f"{above} / {below}" if below else above


def dimensions(amount: Any) -> tuple[tuple[str, Fraction], ...]:
    """Dimensions of a quantity with their powers, in a fixed order."""
    return tuple(
        sorted((str(name), Fraction(power)) for name, power in amount.dimensionality.items())
    )


def ambiguous(text: str, currency: str = "") -> str | None:
    """The meanings among which a unit's name leaves a choice, or None.

    Args:
        text: As it stands in a file.
        currency: The organisation's; a sign that it shares with others means it.

    Example:
        >>> ambiguous("gal"), ambiguous("MBtu")
        ('US gal or UK gal', 'thousand Btu (kBtu) or million Btu (MMBtu)')
        >>> ambiguous("$")[:10], ambiguous("$", "CAD")
        ('USD, AUD, ', None)
    """
    amount, _ = _heating(_NET_OF_TAX.sub("", text))
    cased = _tidy(_BASIC.sub("", amount))
    shared = SHARED_SYMBOLS.get(_many(cased)[1].lower()) or SHARED_SYMBOLS.get(
        _many(cased)[1].lower().rstrip("s")
    )
    if shared and currency not in shared:
        return f"{', '.join(shared[:-1])} or {shared[-1]}"
    for name in (cased, _many(cased)[1]):
        if name in _AMBIGUOUS_EXACT:
            return _AMBIGUOUS_EXACT[name]
        if name not in _EXACT and (choice := _AMBIGUOUS.get(_singular(name.lower(), _AMBIGUOUS))):
            return choice
    return None


def nearest_units(text: str, count: int = 3) -> list[str]:
    """Units whose names are most like a text, for who mistyped one.

    Example:
        >>> nearest_units("kilowat hours")[0]
        'kWh'
    """
    import difflib  # noqa: PLC0415

    words = {w: name for name, aliases in _UNITS.items() for w in (name.lower(), *aliases)}
    close = difflib.get_close_matches(
        _singular(_tidy(text).lower(), words), words, n=count * 2, cutoff=0.6
    )
    return list(dict.fromkeys(words[w] for w in close))[:count]


@cache
def read_unit(text: str, currency: str = "") -> Unit | None:
    """Read a unit as people write it.

    Capital letters count where they change the meaning: ML is not mL.

    Gas at 15 °C (Sm3) and at 0 °C (Nm3) are distinguished; a therm is 100,000 Btu, a toe 41.868 GJ,
    a calorie 4.1868 J.

    Args:
        text: Such as `kWh`, `MWh`, `万千瓦时`, `US gal`, `kWh (Gross CV)`, `thousands of kWh`, `CNY`.
        currency: The organisation's; a sign such as `$` that it shares with others means it.

    Returns:
        The unit, or None where the text names none, or more than one.

    Source: Btu, calorie and toe of the International Table (ISO 80000-5; IEA Energy Statistics
        Manual, 2005).

    Example:
        >>> read_unit("MWh")
        Unit(text='MWh', canonical='kWh', scale=1000.0, of_fuel='')
        >>> read_unit("kWh (Gross CV)").canonical, read_unit("kWh Hs").canonical, read_unit("MWh PCI").canonical
        ('kWh_gross', 'kWh_gross', 'kWh_net')
        >>> read_unit("US gal").scale, read_unit("ML").scale, read_unit("ml").scale
        (3.785411784, 1000000.0, 0.001)
        >>> read_unit("boxes") is None
        True
        >>> read_unit("万元 (basic price)").canonical, read_unit("t * km").canonical
        ('CNY_basic', 'tkm')
        >>> read_unit("$", "CAD").canonical, read_unit("£").canonical
        ('CAD', 'GBP')
    """
    text_paid = _NET_OF_TAX.sub(
        "", text
    )  # a purchaser's price has no deductible tax (SNA 2008, 6.64)
    basic = _BASIC.search(text_paid) is not None
    plain, heating = _heating(_BASIC.sub("", text_paid))
    if ambiguous(plain, currency):
        return None
    expression = _expression(_tidy(plain), currency)
    if expression is None:
        return None
    if basic:
        expression = _MONEY.sub(lambda money: f"{money.group(0)}_basic", expression)
    if heating:
        expression += f" * {'ncv' if heating == 'net' else 'gcv'}"
    amount = quantity(1, "count") * _product(expression)
    for canonical in _canonicals(amount):
        target = quantity(1, canonical)
        if amount.dimensionality == target.dimensionality:
            of_fuel = (
                "kWh_gross"
                if canonical == "kWh" and expression.split(" * ")[-1] in GROSS_BY_CUSTOM
                else ""
            )
            return Unit(text, canonical, float(amount.to(target.units).magnitude), of_fuel)
    return None


GROSS_BY_CUSTOM = ("therm", "dekatherm", "Btu", "kBtu", "MBtu")
"""Units in which fuel is sold by its gross calorific value.

Source: EPA GHG Emission Factors Hub, Table 1 (higher heating values); Gas (Calculation of Thermal
    Energy) Regulations 1996 (UK).
"""


def _heating(text: str) -> tuple[str, str]:
    """A text without the words for a heating-value basis, and the basis.

    A weight in gross is none.
    """
    for pattern, name in _HEATING:
        rest = pattern.sub(" ", text, count=1)
        if rest != text and rest.strip():
            return rest.strip(), name
    return text, ""


def _tidy(text: str) -> str:
    folded = (
        text.strip()
        .replace("（", "(")
        .replace("）", ")")
        .replace("³", "3")
        .replace("²", "2")
        .replace("\u202f", " ")
    )
    folded = re.sub(r"^[\[(](.*)[\])]$", r"\1", folded.strip())
    return re.sub(r"\s+", " ", folded).strip(" .")


def _many(cased: str) -> tuple[int, str]:
    """How many of a unit a name means, and the unit's own name."""
    for pattern, factor in _MULTIPLES:
        match = pattern.match(cased)
        if match and cased[match.end() :].strip():
            return factor, cased[match.end() :].strip()
    return 1, cased


def _singular(name: str, known: Collection[str]) -> str:
    return name.removesuffix("s") if name not in known and name.removesuffix("s") in known else name


@cache
def _words() -> dict[str, str]:
    words = {name.lower(): name for name in _UNITS}
    words |= {alias: name for name, aliases in _UNITS.items() for alias in aliases}
    return words | {
        "vehicle km": "km",
        "vkm": "km",
        "vehicle-km": "km",
        "vehicle.km": "km",
        "车公里": "km",
        "vehicle mile": "mile",
        "vehicle-mile": "mile",
        "vehicle.mile": "mile",
        "vmi": "mile",
    }


def _expression(cased: str, currency: str) -> str | None:
    if " * " in cased:
        parts = [_expression(p, currency) for p in cased.split(" * ")]
        return None if None in parts else " * ".join(p for p in parts if p)
    known = _named(cased, currency)
    if known is not None:
        return known
    factor, rest = _many(cased)
    if factor == 1:
        return None
    known = _named(rest, currency) or _expression(rest, currency)
    return None if known is None else f"{factor} * {known}"


def _named(cased: str, currency: str) -> str | None:
    """The expression of a name that stands for one unit, or None."""
    if cased in _EXACT:
        return _EXACT[cased]
    words, plain = _words(), cased.lower()
    for name in (plain, _singular(plain, words)):
        if name in words:
            return words[name]
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        if currency and currency in SHARED_SYMBOLS.get(name, ()):
            return currency
    if millions := re.fullmatch(
        r"m ([a-z]{3})|([a-z]{3}) (?:millions?|mio|mn|m)|([a-z]{3}) (?:thousands?|k|'000)", plain
    ):
        money = next(g for g in millions.groups() if g).upper()
        return (
            f"{1000 if millions.group(3) else 1000000} * {money}"
            if _MONEY.fullmatch(money)
            else None
        )
    return plain.upper() if _MONEY.fullmatch(plain.upper()) else None


def _product(expression: str) -> Any:
    amount: Any = Fraction(1)
    for part in expression.split(" * "):
        amount = amount * (Fraction(part) if part.isdigit() else quantity(1, part))
    return amount


def _canonicals(amount: Any) -> list[str]:
    money = [name for name, _ in amount.unit_items() if _MONEY.fullmatch(name)]
    return money or list(CANONICAL.values())


def priced(unit: str, year: int) -> str:
    """A unit of money with the year of its prices; any other unit as it is.

    Example:
        >>> priced("CNY", 2023), priced("CNY_basic", 2023), priced("USD2021", 2023), priced("kWh", 2023)
        ('CNY2023', 'CNY2023_basic', 'USD2021', 'kWh')
    """
    money = _MONEY.fullmatch(unit)
    if money is None or money.group(2):
        return unit
    return f"{money.group(1)}{year}{money.group(3) or ''}"


def money_in(unit: str) -> str:
    """The unit of money in a unit expression, or an empty text.

    Example:
        >>> money_in("kg/USD2021"), money_in("kg/kWh")
        ('USD2021', '')
    """
    found = _MONEY.search(unit)
    return found.group(0) if found else ""


def dimension_of(canonical: str) -> str:
    """Dimension of a canonical unit.

    Example:
        >>> dimension_of("kWh"), dimension_of("CNY")
        ('energy', 'money')
    """
    for dimension, unit in CANONICAL.items():
        if unit == canonical:
            return dimension
    return "money"
