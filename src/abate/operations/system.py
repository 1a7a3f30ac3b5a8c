"""The operations system: Scopes 1 and 2, the 15 categories of Scope 3.

And the figures that add them up.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from abate.kernel.figure import Figure, Sum, amount_of, mass_of
from abate.kernel.system import System
from abate.operations.facts import KINDS, TEMPLATES
from abate.operations.methods import METHODS

if TYPE_CHECKING:
    from abate.kernel.checks import Check

CORPORATE = "GHG Protocol Corporate Standard (2004)"
SCOPE_2 = "GHG Protocol Scope 2 Guidance (2015)"
VALUE_CHAIN = "GHG Protocol Corporate Value Chain (Scope 3) Standard (2011)"
SCOPE_3 = tuple(f"scope3-{k}" for k in range(1, 16))
"""The figures of the categories of Scope 3, in their order."""
MILLION = Fraction(10**6)


def _mass(**where: str) -> Sum:
    return mass_of("inventory", **where)


def _scope2(view: str, clause: str) -> Figure:
    title = f"Scope 2, {view}-based"
    return Figure(
        f"scope2-{view}",
        title,
        "t CO2e",
        _mass(scope="2", view=view),
        source=f"{SCOPE_2}, {clause}",
    )


def _category(number: int) -> Figure:
    title, total = f"Scope 3, category {number}", _mass(scope="3", category=str(number))
    return Figure(f"scope3-{number}", title, "t CO2e", total, source=f"{VALUE_CHAIN}, Table 5.4")


MATCHED = (("view", ("location",)), ("matched", ("yes",)))
INVENTORY = (("source", ("entry",)), ("book", ("inventory",)))
MASSES = (
    Figure("scope1", "Scope 1", "t CO2e", _mass(scope="1"), source=f"{CORPORATE}, chapter 4"),
    _scope2("location", "section 6.1"),
    _scope2("market", "Table 6.3"),
    Figure(
        "outside-scopes",
        "Outside the scopes",
        "t CO2e",
        _mass(scope="outside"),
        source=f"{CORPORATE}, chapter 9",
    ),
    Figure("gross", "Gross (Scope 1 + 2 location)", "t CO2e", plus=("scope1", "scope2-location")),
    Figure(
        "reduction",
        "Named reductions (matched instruments at the site's location factor)",
        "t CO2e",
        Sum("co2e_mg", (*INVENTORY, ("scope", ("2",)), *MATCHED)),
        part_of="scope2-location",
    ),
    Figure(
        "net", "Net (gross less named reductions)", "t CO2e", plus=("gross",), minus=("reduction",)
    ),
    *(_category(k) for k in range(1, 16)),
    Figure("scope3", "Scope 3", "t CO2e", plus=SCOPE_3, source=f"{VALUE_CHAIN}, chapter 5"),
    Figure("total-location", "Scopes 1, 2 (location) and 3", "t CO2e", plus=("gross", "scope3")),
    Figure(
        "total-market",
        "Scopes 1, 2 (market) and 3",
        "t CO2e",
        plus=("scope1", "scope2-market", "scope3"),
    ),
)
AMOUNTS = (
    Figure("electricity", "Electricity purchased", "kWh", amount_of("electricity")),
    Figure(
        "clean-electricity",
        "Electricity matched with instruments",
        "kWh",
        Sum("quantity_micro", (*INVENTORY, *MATCHED, ("species", ("CO2",)))),
        part_of="electricity",
    ),
    Figure("heat", "Heat purchased", "kWh", amount_of("heat")),
    Figure("revenue", "Revenue", "money", amount_of("revenue")),
    Figure("floor-area", "Floor area", "m2", amount_of("floor-area")),
)
_BY_ID = {f.id: f for f in (*MASSES, *AMOUNTS)}


def _per_million(mass: str, name: str, title: str) -> Figure:
    return _BY_ID[mass].per(
        _BY_ID["revenue"], id=name, title=title, unit="t CO2e/million", scale=MILLION
    )


RATIOS = (
    _per_million("net", "intensity", "Net per million of revenue"),
    _per_million("scope3", "scope3-intensity", "Scope 3 per million of revenue"),
    _BY_ID["clean-electricity"].per(
        _BY_ID["electricity"],
        id="clean-share",
        title="Share of clean electricity",
        unit="share",
        wanted_high=True,
    ),
)
HEADLINES = (
    "scope1",
    "scope2-location",
    "scope2-market",
    "gross",
    "reduction",
    "net",
    "intensity",
    "scope3",
    "scope3-intensity",
    "electricity",
    "clean-share",
)


def _checks() -> tuple[Check, ...]:
    from abate.operations.checks import CHECKS  # noqa: PLC0415

    return CHECKS


SYSTEM = System(
    "operations",
    kinds=KINDS,
    templates=TEMPLATES,
    methods=METHODS,
    checks=_checks,
    figures=(*MASSES, *AMOUNTS, *RATIOS),
    headlines=HEADLINES,
    factors=(("abate.operations", "factors.csv"), ("abate.operations.facts", "national.csv")),
)
