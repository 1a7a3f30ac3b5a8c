"""Methods of Scopes 1 and 2: one function per formula, each with its card.

Every function takes columns or numbers: `quantity` in the canonical unit, `share` of the activity,
`boundary_share` of the place, `mg_per_unit` in milligrams per canonical unit. It returns
milligrams, not yet rounded.
"""

from __future__ import annotations

from typing import Any

from abate.kernel.method import BROADER, MethodCard, Supply, method

FORMULA = "quantity * share * boundary_share * mg_per_unit"
CORPORATE = "GHG Protocol Corporate Standard (2004)"
SCOPE_2 = "GHG Protocol Scope 2 Guidance (2015)"
IPCC = "2006 IPCC Guidelines, Volume 2"
POWER = Supply(
    "electricity",
    "grid-average",
    named="electricity",
    losses=("electricity-loss",),
    instrument="electricity-instrument",
    margin=("electricity-margin", "operating-margin"),
    year_begins=(("IN", 4), ("JP", 4)),
)
"""Electricity from a grid.

Source: CEA, CO2 Baseline Database (financial years); MOE and METI, emission factors by fiscal year.
"""


@method(
    MethodCard(
        "stationary-combustion",
        "1",
        ("stationary-fuel",),
        "1",
        "stationary combustion",
        FORMULA,
        f"{IPCC}, equation 2.1; {CORPORATE}, chapter 4",
        (("stationary-fuel", "{item}"),),
    )
)
def stationary_combustion(
    quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any
) -> Any:
    """Fuel burnt in boilers, kitchens and generators, times the emission of each gas per unit of fuel."""
    return quantity * share * boundary_share * mg_per_unit


@method(
    MethodCard(
        "mobile-combustion",
        "1",
        ("mobile-fuel",),
        "1",
        "mobile combustion",
        FORMULA,
        f"{IPCC}, equations 3.2.1 and 3.2.3; {CORPORATE}, chapter 4",
        (("mobile-fuel", "{item}"),),
    )
)
def mobile_combustion(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Fuel burnt in vehicles that the organisation runs, times the emission of each gas per unit of fuel."""
    return quantity * share * boundary_share * mg_per_unit


@method(
    MethodCard(
        "vehicle-distance",
        "1",
        ("vehicle-distance",),
        "1",
        "mobile combustion",
        FORMULA,
        f"{IPCC}, section 3.2.1.1; {CORPORATE}, chapter 4 (by distance)",
        (("vehicle", BROADER),),
    )
)
def vehicle_distance(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Kilometres driven by own vehicles, by body, size and fuel, times the average emission per kilometre."""
    return quantity * share * boundary_share * mg_per_unit


@method(
    MethodCard(
        "fugitive-refrigerants",
        "1",
        ("refrigerant",),
        "1",
        "fugitive emissions",
        FORMULA,
        "2006 IPCC Guidelines, Volume 3, section 7.5.2.2 (mass balance by top-up); "
        + CORPORATE
        + ", chapter 4",
        (("refrigerant", "{item}"), ("refrigerant-published", "{item}")),
    )
)
def fugitive_refrigerants(
    quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any
) -> Any:
    """Refrigerant that replaced what had leaked, split into the gases of the blend; Montreal gases stand apart."""
    return quantity * share * boundary_share * mg_per_unit


@method(
    MethodCard(
        "electricity-location",
        "1",
        ("electricity",),
        "2",
        "purchased electricity",
        FORMULA,
        f"{SCOPE_2}, section 6.1 and Table 6.2",
        (("electricity", "grid-average"),),
        view="location",
        supply=POWER,
    )
)
def electricity_location(
    quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any
) -> Any:
    """Purchased electricity times the average emission of the grid that the site stands in."""
    return quantity * share * boundary_share * mg_per_unit


@method(
    MethodCard(
        "electricity-market",
        "1",
        ("electricity",),
        "2",
        "purchased electricity",
        FORMULA,
        f"{SCOPE_2}, section 6.4 and Table 6.3",
        (("electricity", "residual-mix"), ("electricity", "grid-average")),
        view="market",
        instruments=True,
        supply=POWER,
    )
)
def electricity_market(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Purchased electricity times the factor of its certificate or contract, and of the residual mix for the rest."""
    return quantity * share * boundary_share * mg_per_unit


@method(
    MethodCard(
        "heat-location",
        "1",
        ("heat",),
        "2",
        "purchased heat and steam",
        FORMULA,
        f"{SCOPE_2}, section 6.1",
        (("heat", "district-heat"),),
        view="location",
    )
)
def heat_location(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Purchased heat and steam times the average emission of the supply, in the location-based view."""
    return quantity * share * boundary_share * mg_per_unit


@method(
    MethodCard(
        "heat-market",
        "1",
        ("heat",),
        "2",
        "purchased heat and steam",
        FORMULA,
        f"{SCOPE_2}, section 6.4",
        (("heat", "district-heat"),),
        view="market",
    )
)
def heat_market(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Purchased heat and steam times the same average in the market-based view, where no contract says otherwise."""
    return quantity * share * boundary_share * mg_per_unit


METHODS = (
    stationary_combustion,
    mobile_combustion,
    vehicle_distance,
    fugitive_refrigerants,
    electricity_location,
    electricity_market,
    heat_location,
    heat_market,
)
