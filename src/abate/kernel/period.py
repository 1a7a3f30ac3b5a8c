"""Fiscal years and months."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from abate.kernel.errors import ConfigError, UsageError


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """When the organisation's year begins, and which calendar year names it.

    Args:
        start_month: First month of the fiscal year, 1 to 12.
        named_after: `end` where FY2024 ends in 2024, `start` where it begins in 2024.

    Example:
        >>> april = FiscalCalendar(start_month=4)
        >>> april.year_of(date(2023, 4, 1)), april.year_of(date(2024, 3, 31))
        ('FY2024', 'FY2024')
        >>> april.months("FY2024")[0], april.months("FY2024")[-1]
        ('2023-04', '2024-03')
    """

    start_month: int = 1
    named_after: str = "end"

    def __post_init__(self) -> None:
        if not 1 <= self.start_month <= 12:
            raise ConfigError(
                "bad-fiscal-year", f"start_month is {self.start_month}.", "It is a month, 1 to 12."
            )
        if self.named_after not in ("end", "start"):
            raise ConfigError(
                "bad-fiscal-year",
                f"named_after is '{self.named_after}'.",
                "Write 'end' or 'start'.",
            )

    @property
    def shift_months(self) -> int:
        """Months to add to a date so that its calendar year is the fiscal year's number."""
        if self.start_month == 1:
            return 0
        return 13 - self.start_month if self.named_after == "end" else 1 - self.start_month

    def year_of(self, day: date) -> str:
        """Fiscal year in which a day lies."""
        month_index = day.year * 12 + day.month - 1 + self.shift_months
        return f"FY{month_index // 12:04d}"

    def months(self, fiscal_year: str) -> list[str]:
        """The twelve months of a fiscal year as `YYYY-MM`."""
        first = parse_fiscal_year(fiscal_year) * 12 - self.shift_months
        return [f"{(first + k) // 12:04d}-{(first + k) % 12 + 1:02d}" for k in range(12)]

    def main_year(self, fiscal_year: str) -> int:
        """Calendar year in which most of a fiscal year falls.

        Of two halves, the one in which it ends.

        Example:
            >>> FiscalCalendar(start_month=4).main_year("FY2024"), FiscalCalendar(start_month=10).main_year("FY2024")
            (2023, 2024)
        """
        years = [int(month[:4]) for month in self.months(fiscal_year)]
        return years[5] if years.count(years[5]) > 6 else years[-1]

    def first_day(self, fiscal_year: str) -> date:
        """First day of a fiscal year."""
        return month_start(self.months(fiscal_year)[0])

    def last_day(self, fiscal_year: str) -> date:
        """Last day of a fiscal year."""
        return month_end(self.months(fiscal_year)[-1])


def parse_fiscal_year(text: str) -> int:
    """Number in a fiscal year's name.

    Raises:
        UsageError: `bad-year` where the text is not a name such as FY2024.

    Example:
        >>> parse_fiscal_year("FY2024")
        2024
    """
    match = re.fullmatch(r"FY(\d{4})", text.strip().upper())
    if match is None:
        raise UsageError("bad-year", f"'{text}' is not a fiscal year.", "Write it as FY2024.")
    return int(match.group(1))


def month_start(month: str) -> date:
    """First day of a month given as `YYYY-MM`."""
    return date(int(month[:4]), int(month[5:7]), 1)


def month_end(month: str) -> date:
    """Last day of a month given as `YYYY-MM`."""
    year, number = int(month[:4]), int(month[5:7])
    following = date(year + number // 12, number % 12 + 1, 1)
    return following - timedelta(days=1)
