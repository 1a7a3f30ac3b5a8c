"""Intervals: what a printed number can mean, given how it was rounded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

LOOSE_SHARE = Decimal("0.1")
"""Zeros at the end may be rounding as long as it moves the number by no more than this share: 80
may be 81.8, 100 not 140.
"""


@dataclass(frozen=True, slots=True)
class Interval:
    """Least and greatest value that a number can stand for.

    Args:
        low: Least value.
        high: Greatest value.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """Its middle."""
        return (self.low + self.high) / 2

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.low - other.high, self.high - other.low)

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __truediv__(self, other: Interval) -> Interval | None:
        """Quotient; None where the divisor can be zero."""
        if other.low <= 0 <= other.high:
            return None
        return self * Interval(1 / other.high, 1 / other.low)

    def scaled(self, factor: float) -> Interval:
        """Both ends times a factor above zero."""
        return Interval(self.low * factor, self.high * factor)

    def meets(self, other: Interval) -> bool:
        """Whether one number can be both.

        Example:
            >>> printed("9.88").meets(printed("9.884")), printed("33.34").meets(printed("33.38"))
            (True, False)
        """
        slack = 1e-9 * max(abs(self.low), abs(self.high), abs(other.low), abs(other.high), 1e-12)
        return self.low <= other.high + slack and other.low <= self.high + slack

    def __str__(self) -> str:
        return f"[{digits(self.low)}, {digits(self.high)}]"


def digits(x: float, places: int = 6) -> str:
    """A number of a calculation: significant digits, never an exponent for a large one.

    Example:
        >>> digits(8.71999e7), digits(5.38699123), digits(91250.4, 4)
        ('87,199,900', '5.38699', '91,250')
    """
    return f"{x:,.0f}" if abs(x) >= 10 ** (places - 1) else f"{x:,.{places}g}"


def printed(text: str, *, loose: bool = False) -> Interval:
    """What a printed number can stand for: half a unit of its last digit either way.

    Args:
        text: The number as printed, with or without thousands separators.
        loose: Whether zeros at the end of a whole number may be rounding too.

    Raises:
        ValueError: Where the text is not a finite number.

    Example:
        >>> printed("4.45"), printed("80"), printed("80", loose=True)
        (Interval(low=4.445, high=4.455), Interval(low=79.5, high=80.5), Interval(low=75.0, high=85.0))
    """
    shown = text.strip().replace("−", "-").lstrip("+")
    if re.fullmatch(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?([eE][+-]?\d{1,3})?", shown) is None:
        raise ValueError(f"'{text}' is not a number")
    clean = shown.replace(",", "")
    number = Decimal(clean)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    step = Decimal(1).scaleb(exponent)
    if loose and exponent >= 0 and number != 0:
        digits = str(abs(int(number)))
        zeros = len(digits) - len(digits.rstrip("0"))
        fitting = [k for k in range(zeros + 1) if Decimal(10) ** k / 2 <= abs(number) * LOOSE_SHARE]
        step = Decimal(10) ** max(fitting, default=0)
    return Interval(float(number - step / 2), float(number + step / 2))


def exact(value: float) -> Interval:
    """A number that was not rounded."""
    return Interval(value, value)


def growth(before: Interval, after: Interval) -> Interval | None:
    """Change from one value to the next as a share; None where the former can be zero.

    Example:
        >>> told = growth(printed("22.907"), printed("33.38"))
        >>> round(told.low, 4), round(told.high, 4)
        (0.4569, 0.4574)
    """
    if before.low <= 0 <= before.high:
        return None
    ends = [a / b - 1 for a in (after.low, after.high) for b in (before.low, before.high)]
    return Interval(min(ends), max(ends))
