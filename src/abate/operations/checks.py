"""Checks of fuels and flights: one function per rule, one code per function."""

from __future__ import annotations

from typing import Any

from abate.kernel.checks import Verdict, check
from abate.kernel.finding import Rule, Severity


@check(
    Rule(
        "heating-value-unstated",
        Severity.BLOCKER,
        "Fuel by energy without its heating-value basis",
        "Write the unit as 'kWh (Net CV)' or 'kWh (Gross CV)'; the two differ by 5 to 10 %.",
        170,
    )
)
def heating_value_unstated(staged: Any) -> Verdict:
    """Fuel measured by energy says whether it means the net or the gross calorific value, unless its factor does not ask."""
    return (
        staged.heating_unstated,
        "The unit '" + staged.unit_text.fill_null("") + "' does not say net or gross.",
    )


@check(
    Rule(
        "unknown-place",
        Severity.BLOCKER,
        "Airport or city is not known",
        "Write the airport's code, or a distance.",
        71,
    )
)
def unknown_place(staged: Any) -> Verdict:
    """Every flight by its places names two airports, or cities with one."""
    return staged.route_fault.notnull(), staged.route_fault.fill_null("")


CHECKS = (heating_value_unstated, unknown_place)
