"""Numbers for people: digits by size, changes from year to year."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def number(value: Fraction | None, unit: str) -> str:
    """A value for people: thousands separated, digits by size; `missing` where there is none.

    Example:
        >>> number(Fraction(1234567, 10), "t CO2e"), number(Fraction(39, 100), "share"), number(None, "t CO2e")
        ('123,457', '39.0 %', 'missing')
    """
    if value is None:
        return "missing"
    if unit == "share":
        return f"{float(value) * 100:.1f} %"
    size = abs(float(value))
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{float(value):,.{digits}f}"


def measured(value: Fraction | None, unit: str) -> str:
    """A value for people with its unit; a share or a count has none.

    Example:
        >>> measured(Fraction(2048), "count"), measured(Fraction(39, 100), "share"), measured(Fraction(5), "MWh")
        ('2,048', '39.0 %', '5.000 MWh')
    """
    bare = unit in ("share", "count", "ratio") or value is None
    return number(value, unit) if bare else f"{number(value, unit)} {unit}"


def change(before: Fraction | None, after: Fraction | None, unit: str) -> str:
    """Change from one year to the next."""
    if before is None or after is None or before == 0:
        return "–"
    if unit == "share":
        return f"{float(after - before) * 100:+.1f} pp"
    return f"{float(after / before - 1) * 100:+.1f} %"
