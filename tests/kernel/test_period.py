"""Fiscal years are named and counted as the calendar says."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abate.kernel.errors import ConfigError, UsageError
from abate.kernel.period import FiscalCalendar, month_end, month_start, parse_fiscal_year


@pytest.mark.parametrize(
    ("start", "named", "day", "year"),
    [
        (4, "end", date(2023, 3, 31), "FY2023"),
        (4, "end", date(2023, 4, 1), "FY2024"),
        (4, "start", date(2023, 4, 1), "FY2023"),
        (4, "start", date(2024, 3, 31), "FY2023"),
        (1, "end", date(2024, 12, 31), "FY2024"),
        (1, "start", date(2024, 1, 1), "FY2024"),
        (7, "end", date(2023, 12, 1), "FY2024"),
    ],
)
def test_a_day_lies_in_its_fiscal_year(start, named, day, year):
    assert FiscalCalendar(start, named).year_of(day) == year


@given(
    st.integers(1, 12),
    st.sampled_from(["end", "start"]),
    st.dates(date(1990, 1, 1), date(2100, 12, 31)),
)
def test_the_months_of_a_year_are_those_whose_days_lie_in_it(start, named, day):
    calendar = FiscalCalendar(start, named)
    months = calendar.months(calendar.year_of(day))
    assert len(set(months)) == 12
    assert f"{day:%Y-%m}" in months
    assert {calendar.year_of(month_start(m)) for m in months} == {calendar.year_of(day)}
    assert month_end(months[-1]) == calendar.last_day(calendar.year_of(day))


def test_names_that_are_no_fiscal_year_are_refused():
    with pytest.raises(UsageError, match="bad-year"):
        parse_fiscal_year("2024")
    with pytest.raises(ConfigError, match="bad-fiscal-year"):
        FiscalCalendar(13)
