"""Units: read as people write them, kept in one canonical unit per dimension, proved by dimension.

Heating value is part of the dimension. A terajoule on a net calorific basis is `TJ_net`, on a gross basis
`TJ_gross`, and neither converts into the other, nor into a plain `TJ`, without a property of the fuel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from threading import RLock
from typing import Any

from abate.kernel.errors import UsageError

MG_PER_KG = 1_000_000
MG_PER_T = 1_000_000_000

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
"""Canonical unit of each dimension. Money has one dimension per currency, price year and price basis, such as `CNY`,
`USD2021` or `CNY_basic`; purchaser prices are meant where no basis is named."""

_MONEY = re.compile(r"(CNY|USD|EUR|GBP|JPY|HKD|SGD|KRW|INR|AUD|CAD|CHF)(\d{4})?(_basic|_basket)?")

_POWER = re.compile(r"\b(m|ft)([23])\b")

_ALIASES: dict[str, str] = {
    # energy
    "千瓦时": "kWh",
    "度": "kWh",
    "kw·h": "kWh",
    "kw.h": "kWh",
    "kw*h": "kWh",
    "兆瓦时": "MWh",
    "万千瓦时": "10000 * kWh",
    "万度": "10000 * kWh",
    "吉焦": "GJ",
    "百万千焦": "GJ",
    "兆焦": "MJ",
    "千焦": "kJ",
    "mmbtu": "MBtu",
    # mass
    "千克": "kg",
    "公斤": "kg",
    "kgs": "kg",
    "克": "g",
    "吨": "t",
    "tonnes": "t",
    "tonne": "t",
    "metric ton": "t",
    "metric tons": "t",
    "short ton": "short_ton",
    "short tons": "short_ton",
    # volume
    "升": "L",
    "liter": "L",
    "liters": "L",
    "litre": "L",
    "litres": "L",
    "ltr": "L",
    "公升": "L",
    "立方米": "m3",
    "方": "m3",
    "cubic metre": "m3",
    "cubic metres": "m3",
    "cubic meter": "m3",
    "cubic meters": "m3",
    "us gal": "us_gallon",
    "us gallon": "us_gallon",
    "us gallons": "us_gallon",
    "gal (us)": "us_gallon",
    "美制加仑": "us_gallon",
    "uk gal": "imperial_gallon",
    "uk gallon": "imperial_gallon",
    "imperial gallon": "imperial_gallon",
    "gal (uk)": "imperial_gallon",
    "英制加仑": "imperial_gallon",
    "scf": "ft3",
    # area, distance, transport, count
    "平方米": "m2",
    "㎡": "m2",
    "sqm": "m2",
    "sq ft": "ft2",
    "公里": "km",
    "千米": "km",
    "miles": "mile",
    "t·km": "tkm",
    "t.km": "tkm",
    "t-km": "tkm",
    "tonne.km": "tkm",
    "tonne-km": "tkm",
    "吨公里": "tkm",
    "passenger.km": "pkm",
    "个": "count",
    "件": "count",
    "pcs": "count",
    # money
    "元": "CNY",
    "人民币": "CNY",
    "rmb": "CNY",
    "万元": "10000 * CNY",
    "百万元": "1000000 * CNY",
    "亿元": "100000000 * CNY",
    # emissions that somebody else worked out, lodging, working time, rented space
    "kg co2e": "kg_co2e",
    "kgco2e": "kg_co2e",
    "t co2e": "1000 * kg_co2e",
    "tco2e": "1000 * kg_co2e",
    "tonnes co2e": "1000 * kg_co2e",
    "吨二氧化碳当量": "1000 * kg_co2e",
    "room night": "room_night",
    "room nights": "room_night",
    "间夜": "room_night",
    "fte hour": "fte_hour",
    "fte hours": "fte_hour",
    "m2·year": "m2_year",
    "m2.year": "m2_year",
    "m3·day": "m3_day",
    "m3.day": "m3_day",
}

_CASED: dict[str, str] = {
    name.lower(): name
    for name in [
        "Wh",
        "kWh",
        "MWh",
        "GWh",
        "TWh",
        "J",
        "kJ",
        "MJ",
        "GJ",
        "TJ",
        "PJ",
        "Btu",
        "MBtu",
        "kg",
        "g",
        "mg",
        "t",
        "L",
        "mL",
        "m3",
        "m2",
        "km",
        "m",
        "tkm",
        "pkm",
        "count",
        "ft3",
        "ft2",
        "mile",
        "us_gallon",
        "imperial_gallon",
        "lb",
        "short_ton",
        "kg_co2e",
        "room_night",
        "fte_hour",
        "m2_year",
        "m3_day",
        "passenger",
        "day",
        "year",
    ]
}

_AMBIGUOUS = {
    "gal": "US or UK",
    "gallon": "US or UK",
    "gallons": "US or UK",
    "加仑": "US or UK",
    "ton": "metric, short or long",
    "tons": "metric, short or long",
}

_HEATING = (
    (re.compile(r"\(?\b(?:net\s*cv|ncv|lhv|net)\b\)?|\(?低位\)?", re.I), "net"),
    (re.compile(r"\(?\b(?:gross\s*cv|gcv|hhv|gross)\b\)?|\(?高位\)?", re.I), "gross"),
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
    """

    text: str
    canonical: str
    scale: float


_ONE_AT_A_TIME = RLock()
"""Pint's registry is neither made nor added to by two threads at once; units of two registries do not mix."""


def registry() -> Any:
    """The unit registry: Pint in exact fractions, with the heating-value basis as a dimension of its own."""
    with _ONE_AT_A_TIME:
        return _registry()


@cache
def _registry() -> Any:
    import pint  # noqa: PLC0415  (half a second that the command line does not always need)

    known = pint.UnitRegistry(non_int_type=Fraction)
    known.define("count = []")
    known.define("us_gallon = gallon")
    known.define("room_night = [room_night]")
    known.define("fte_hour = [fte_hour]")
    known.define("passenger = [passenger]")
    known.define("kg_co2e = [reported_emissions]")
    known.define("m2_year = meter**2 * year")
    known.define("m3_day = meter**3 * day")
    known.define("pkm = passenger * kilometer")
    known.define("tkm = metric_ton * kilometer")
    known.define("ncv = [net_calorific_value]")
    known.define("gcv = [gross_calorific_value]")
    for name in ("kWh", "MWh", "GWh", "MJ", "GJ", "TJ", "MBtu"):
        known.define(f"{name}_net = {name} * ncv")
        known.define(f"{name}_gross = {name} * gcv")
    return known


def quantity(value: str | int | float | Fraction, unit: str) -> Any:
    """A Pint quantity with an exact magnitude.

    Args:
        value: A number, or its decimal text.
        unit: A unit expression of the registry, such as `kg/TJ_net`, or one with money, such as `kg/USD2021`.

    Raises:
        UsageError: `unknown-unit`.
    """
    try:
        return registry().Quantity(Fraction(str(value)), _parsed(unit))
    except Exception as error:  # Pint raises a dozen kinds for texts that are no unit
        raise UsageError("unknown-unit", f"'{unit}' is not a unit.", "See docs/reference/units.md.") from error


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
    return tuple(sorted((str(name), Fraction(power)) for name, power in amount.dimensionality.items()))


def ambiguous(text: str) -> str | None:
    """The meanings among which a unit's name leaves a choice, or None.

    Example:
        >>> ambiguous("gal")
        'US or UK'
    """
    return _AMBIGUOUS.get(_plain(text))


@cache
def read_unit(text: str) -> Unit | None:
    """Read a unit as people write it.

    Args:
        text: Such as `kWh`, `MWh`, `万千瓦时`, `US gal`, `kWh (Gross CV)`, `CNY`.

    Returns:
        The unit, or None where the text names none, or more than one.

    Example:
        >>> read_unit("MWh")
        Unit(text='MWh', canonical='kWh', scale=1000.0)
        >>> read_unit("kWh (Gross CV)").canonical
        'kWh_gross'
        >>> read_unit("US gal").scale
        3.785411784
        >>> read_unit("boxes") is None
        True
        >>> read_unit("万元 (basic price)").canonical, read_unit("t * km").canonical
        ('CNY_basic', 'tkm')
    """
    text_paid = _NET_OF_TAX.sub("", text)  # a purchaser's price has no deductible tax (SNA 2008, 6.64)
    plain, heating, basic = text_paid, "", _BASIC.search(text_paid) is not None
    for pattern, name in _HEATING:
        if pattern.search(plain):
            plain, heating = pattern.sub("", plain), name
    expression = _expression(_plain(_BASIC.sub("", plain)))
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
            return Unit(text, canonical, float(amount.to(target.units).magnitude))
    return None


def _plain(text: str) -> str:
    folded = text.strip().replace("（", "(").replace("）", ")").replace("³", "3").replace("²", "2")
    return re.sub(r"\s+", " ", folded).strip(" .").lower()


def _expression(plain: str) -> str | None:
    if plain in _AMBIGUOUS:
        return None
    if " * " in plain and plain not in _ALIASES:
        parts = [_expression(p) for p in plain.split(" * ")]
        return None if None in parts else " * ".join(p for p in parts if p)
    if plain in _ALIASES:
        return _ALIASES[plain]
    if plain in _CASED:
        return _CASED[plain]
    if millions := re.fullmatch(r"(?:million|mn|m) ([a-z]{3})|([a-z]{3}) (?:million|mn|m)", plain):
        money = (millions.group(1) or millions.group(2)).upper()
        return f"1000000 * {money}" if _MONEY.fullmatch(money) else None
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
