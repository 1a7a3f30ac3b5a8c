"""Methods of Scope 3: ladders of methods per category, best first, and the upstream of energy.

Of the methods of a ladder the first values an activity whose unit it takes and for which a factor
is there; the record of the run says which ones were passed over, and why.
"""

from __future__ import annotations

from typing import Any

from abate.kernel.method import BROADER, MethodCard, methods
from abate.operations.methods.own import FORMULA

WITH_RATIO = "quantity * share * boundary_share * ratio * mg_per_unit"
GUIDANCE = "GHG Protocol, Technical Guidance for Calculating Scope 3 Emissions (2013)"
STANDARD = "GHG Protocol Corporate Value Chain (Scope 3) Standard (2011)"
POWER = (("electricity", "{item}"), ("heat", "{item}"))
LEAKS = (("refrigerant", "{item}"), ("refrigerant-published", "{item}"))
IN_BUILDINGS = (*POWER, ("stationary-fuel", "{item}"), ("mobile-fuel", "{item}"), *LEAKS)
ON_THE_ROAD = (*POWER, ("mobile-fuel", "{item}"), ("stationary-fuel", "{item}"), *LEAKS)
"""Where the energy of others, and what leaks from their equipment, finds its factors: what the fuel
is burnt for first.
"""
FUELS = ("energy", "energy-net", "energy-gross", "volume", "mass")


def _rung(
    rung: int,
    category: str,
    kind: str,
    approach: str,
    lookups: tuple[tuple[str, str], ...],
    dimensions: tuple[str, ...],
    *,
    name: str = "",
    primary: bool = False,
    basis: str = "",
) -> MethodCard:
    source = f"{GUIDANCE}, category {category}, {approach} method"
    return MethodCard(
        name or f"{kind}-{approach}",
        "1",
        (kind,),
        "3",
        category,
        FORMULA,
        source,
        lookups,
        basis=basis,
        approach=approach,
        rung=rung,
        dimensions=dimensions,
        primary=primary,
        proxies=lookups not in (IN_BUILDINGS, ON_THE_ROAD),
    )


def _energy(
    category: str, *kinds: str, approach: str, lookups: tuple[tuple[str, str], ...] = IN_BUILDINGS
) -> tuple[MethodCard, ...]:
    return tuple(
        _rung(2, category, k, approach, lookups, FUELS, primary=True, basis="direct") for k in kinds
    )


REPORTED = (("reported", "co2e"),)


@methods(
    *(
        _rung(
            1,
            category,
            kind,
            approach,
            REPORTED,
            ("emissions",),
            name=f"{kind}-reported",
            primary=True,
        )
        for category, kind, approach in (
            ("1", "purchased-goods", "supplier-specific"),
            ("1", "supplier-input", "hybrid"),
            ("2", "capital-goods", "supplier-specific"),
            ("4", "upstream-freight", "supplier-specific"),
            ("4", "upstream-storage", "site-specific"),
            ("5", "waste", "supplier-specific"),
            ("6", "business-travel", "supplier-specific"),
            ("7", "commuting", "supplier-specific"),
            ("8", "leased-asset", "lessor-specific"),
            ("9", "downstream-freight", "supplier-specific"),
            ("9", "downstream-storage", "site-specific"),
            ("10", "processing", "site-specific"),
            ("11", "product-use", "product-specific"),
            ("11", "product-use-indirect", "product-specific"),
            ("12", "end-of-life", "supplier-specific"),
            ("13", "leased-out-asset", "tenant-specific"),
            ("14", "franchise", "franchise-specific"),
            ("15", "investment", "investment-specific"),
        )
    )
)
def reported_emissions(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Emissions that the supplier, carrier, lessor, franchisee or investee reports, by the share that is ours."""
    return quantity * share * boundary_share * mg_per_unit


@methods(
    *(
        _rung(
            2,
            category,
            kind,
            "supplier-specific",
            (("supplier", "{party}/{item}"),),
            (),
            primary=True,
        )
        for category, kind in (("1", "purchased-goods"), ("2", "capital-goods"))
    )
)
def supplier_product(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Goods bought times the cradle-to-gate footprint that their supplier states for the product."""
    return quantity * share * boundary_share * mg_per_unit


@methods(
    *_energy("1", "supplier-input", approach="hybrid"),
    _rung(
        3,
        "1",
        "supplier-input",
        "hybrid",
        (("purchased-goods", "{item}"), ("freight", "{item}"), ("waste", "{item}")),
        (),
        name="supplier-input-hybrid-materials",
    ),
)
def hybrid(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Energy, materials, transport and waste of the supplier for the goods bought, times average factors of each."""
    return quantity * share * boundary_share * mg_per_unit


_PHYSICAL = ("mass", "count", "volume", "area", "energy")


@methods(
    _rung(3, "1", "purchased-goods", "average-data", (("purchased-goods", "{item}"),), _PHYSICAL),
    _rung(3, "2", "capital-goods", "average-data", (("purchased-goods", "{item}"),), _PHYSICAL),
    _rung(3, "4", "upstream-storage", "average-data", (("storage", "{item}"),), ("storage",)),
    _rung(3, "9", "downstream-storage", "average-data", (("storage", "{item}"),), ("storage",)),
    _rung(3, "5", "waste", "average-data", (("waste", "{tail}"),), ("mass", "volume")),
    _rung(3, "7", "commuting", "average-data", (("homeworking", "{item}"),), ("working-time",)),
    _rung(3, "8", "leased-asset", "average-data", (("floor-energy", "{item}"),), ("area-time",)),
    _rung(
        3,
        "10",
        "processing",
        "average-data",
        (("processing", "{item}"), ("waste", "{item}")),
        ("mass", "count", "volume"),
    ),
    _rung(3, "12", "end-of-life", "average-data", (("waste", "{tail}"),), ("mass", "count")),
    _rung(
        3, "13", "leased-out-asset", "average-data", (("floor-energy", "{item}"),), ("area-time",)
    ),
    _rung(
        3,
        "14",
        "franchise",
        "average-data",
        (("franchise", "{item}"), ("floor-energy", "{item}")),
        ("count", "area-time"),
    ),
)
def average_data(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Physical amount times the average emission per unit of such goods, storage, waste, space or outlets."""
    return quantity * share * boundary_share * mg_per_unit


@methods(
    _rung(4, "1", "purchased-goods", "spend-based", (("purchased-goods", "{item}"),), ("money",)),
    _rung(4, "1", "supplier-input", "spend-based", (("purchased-goods", "{item}"),), ("money",)),
    _rung(4, "2", "capital-goods", "spend-based", (("purchased-goods", "{item}"),), ("money",)),
    _rung(
        4,
        "4",
        "upstream-freight",
        "spend-based",
        (("purchased-goods", "{item}"), ("freight-spend", "{item}")),
        ("money",),
    ),
    _rung(
        4,
        "5",
        "waste",
        "spend-based",
        (("purchased-goods", "{item}"), ("waste-spend", "{item}")),
        ("money",),
    ),
    _rung(
        4,
        "6",
        "business-travel",
        "spend-based",
        (("purchased-goods", "{item}"), ("travel-spend", "{item}")),
        ("money",),
    ),
    _rung(
        4,
        "9",
        "downstream-freight",
        "spend-based",
        (("purchased-goods", "{item}"), ("freight-spend", "{item}")),
        ("money",),
    ),
    _rung(
        4,
        "15",
        "investment",
        "average-data",
        (("purchased-goods", "{item}"), ("investment", "{item}")),
        ("money",),
    ),
)
def spend_based(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Money spent, exchanged and brought to the factor's price year, times the emission per unit of money of its sector."""
    return quantity * share * boundary_share * mg_per_unit


@methods(
    *_energy("4", "upstream-freight", approach="fuel-based", lookups=ON_THE_ROAD),
    *_energy("4", "upstream-storage", approach="site-specific"),
    *_energy("6", "business-travel", approach="fuel-based", lookups=ON_THE_ROAD),
    *_energy("7", "commuting", approach="fuel-based", lookups=ON_THE_ROAD),
    *_energy("8", "leased-asset", approach="asset-specific"),
    *_energy("9", "downstream-freight", approach="fuel-based", lookups=ON_THE_ROAD),
    *_energy("9", "downstream-storage", approach="site-specific"),
    *_energy("10", "processing", approach="site-specific"),
    *_energy("11", "product-use", approach="direct-use-phase", lookups=ON_THE_ROAD),
    *_energy("11", "product-use-indirect", approach="indirect-use-phase", lookups=ON_THE_ROAD),
    *_energy("13", "leased-out-asset", approach="asset-specific"),
    *_energy("14", "franchise", approach="franchise-specific"),
)
def energy_of_others(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Fuel, electricity, heat and refrigerant that others use for us or with our products, times their factors."""
    return quantity * share * boundary_share * mg_per_unit


_DISTANCES = ("freight", "travel", "distance", "lodging")


_TRIPS, _FREIGHT, _NIGHTS = ("travel", BROADER), ("freight", BROADER), ("hotel-stay", BROADER)


@methods(
    _rung(3, "4", "upstream-freight", "distance-based", (_FREIGHT,), _DISTANCES, basis="direct"),
    _rung(
        3, "6", "business-travel", "distance-based", (_TRIPS, _NIGHTS), _DISTANCES, basis="direct"
    ),
    _rung(
        3,
        "7",
        "commuting",
        "distance-based",
        (_TRIPS,),
        _DISTANCES,
        basis="direct",
        name="commuting-distance-based",
    ),
    _rung(3, "9", "downstream-freight", "distance-based", (_FREIGHT,), _DISTANCES, basis="direct"),
    _rung(
        3,
        "11",
        "product-use",
        "direct-use-phase",
        (_TRIPS,),
        ("distance",),
        basis="direct",
        name="product-use-distance",
    ),
    _rung(
        3,
        "11",
        "product-use-indirect",
        "indirect-use-phase",
        (_TRIPS, ("product-use", "{item}")),
        ("distance", "count"),
        basis="direct",
        name="product-use-indirect-distance",
    ),
)
def distance_based(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Tonne-kilometres, passenger-kilometres, kilometres or room nights times the average emission of their mode."""
    return quantity * share * boundary_share * mg_per_unit


@methods(
    _rung(2, "5", "waste", "waste-type-specific", (("waste", "{item}"),), ("mass", "volume")),
    _rung(2, "12", "end-of-life", "waste-type-specific", (("waste", "{item}"),), ("mass", "count")),
)
def waste_type_specific(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Mass of a material by its treatment, times the emission of that treatment."""
    return quantity * share * boundary_share * mg_per_unit


def _upstream(
    name: str, kinds: tuple[str, ...], lookups: tuple[tuple[str, str], ...], part: str
) -> MethodCard:
    return MethodCard(
        name,
        "1",
        kinds,
        "3",
        "3",
        FORMULA,
        f"{STANDARD}, Table 5.5, {part}; {GUIDANCE}, category 3",
        lookups,
        basis="upstream",
        approach="average-data",
        optional=True,
        proxies="electricity" not in name and "resold" not in name,
    )


GRID = (("electricity", "grid-average"),)
HEAT = (("heat", "district-heat"),)


@methods(
    _upstream(
        "fuel-upstream", ("stationary-fuel",), (("stationary-fuel", "{item}"),), "activity a"
    ),
    _upstream("mobile-fuel-upstream", ("mobile-fuel",), (("mobile-fuel", "{item}"),), "activity a"),
    _upstream("electricity-upstream", ("electricity",), GRID, "activity b"),
    _upstream("heat-upstream", ("heat",), HEAT, "activity b"),
    _upstream("resold-upstream", ("electricity-resold",), GRID, "activity d"),
)
def upstream_of_energy(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Extraction, production and transport of the fuels burnt, and of those behind purchased electricity and heat."""
    return quantity * share * boundary_share * mg_per_unit


def _losses(
    name: str, kind: str, lookups: tuple[tuple[str, str], ...], basis: str, ratio: str = ""
) -> MethodCard:
    """What is lost on the way, as it is printed; on the second rung by the share that is lost, and the factor of the supply."""
    return MethodCard(
        name,
        "1",
        (kind,),
        "3",
        "3",
        WITH_RATIO if ratio else FORMULA,
        f"{STANDARD}, Table 5.5, activity c; {GUIDANCE}, category 3",
        lookups,
        basis=basis,
        approach="average-data",
        rung=2 if ratio else 1,
        ladder=f"losses-{basis}",
        ratio=ratio,
        optional=True,
    )


GRID_LOSS, HEAT_LOSS = (("electricity-loss", "grid-average"),), (("heat-loss", "district-heat"),)


@methods(
    _losses("electricity-losses-printed", "electricity", GRID_LOSS, "direct"),
    _losses("electricity-losses-upstream-printed", "electricity", GRID_LOSS, "upstream"),
    _losses("heat-losses-printed", "heat", HEAT_LOSS, "direct"),
    _losses("heat-losses-upstream-printed", "heat", HEAT_LOSS, "upstream"),
)
def printed_losses(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Energy consumed times the emission of what is lost on the way to it, as the publisher prints it."""
    return quantity * share * boundary_share * mg_per_unit


@methods(
    _losses("electricity-losses", "electricity", GRID, "direct", "grid-loss"),
    _losses("electricity-losses-upstream", "electricity", GRID, "upstream", "grid-loss"),
    _losses("heat-losses", "heat", HEAT, "direct", "network-loss"),
    _losses("heat-losses-upstream", "heat", HEAT, "upstream", "network-loss"),
)
def network_losses(
    quantity: Any, *, share: Any, boundary_share: Any, ratio: Any, mg_per_unit: Any
) -> Any:
    """Energy consumed times what the network loses per unit delivered, times the factor of the supply."""
    return quantity * share * boundary_share * ratio * mg_per_unit


@methods(
    MethodCard(
        "resold-generation",
        "1",
        ("electricity-resold",),
        "3",
        "3",
        FORMULA,
        f"{STANDARD}, Table 5.5, activity d; Box 5.5",
        GRID,
        approach="average-data",
    )
)
def resold_generation(quantity: Any, *, share: Any, boundary_share: Any, mg_per_unit: Any) -> Any:
    """Electricity bought and sold on to end users, times the emission of its generation."""
    return quantity * share * boundary_share * mg_per_unit


METHODS = (
    *reported_emissions,
    *supplier_product,
    *hybrid,
    *average_data,
    *spend_based,
    *energy_of_others,
    *distance_based,
    *waste_type_specific,
    *upstream_of_energy,
    *printed_losses,
    *network_losses,
    *resold_generation,
)
