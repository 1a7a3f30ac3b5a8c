"""Indicators: one catalogue of what an organisation watches, each a formula over figures.

With its references.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from abate.kernel.formula import evaluate, names_in
from abate.kernel.resources import package_table

RENEWABLE = frozenset(
    {"solar", "wind", "hydro", "geothermal", "biomass", "biogas", "landfill-gas", "tidal", "wave"}
)
"""Technologies of instruments that count as renewable.

Source: Directive (EU) 2018/2001, article 2 (1).
"""
NUCLEAR = frozenset({"nuclear"})
EXTRAS = (
    "renewable_electricity",
    "nuclear_electricity",
    "fuel_energy",
    "fuel_burnt",
    "heat_purchased",
    "packaging_saved",
    "credits_retired",
    "carbon_price",
)
"""Names of formulas that are no figures of the rollups: from instruments, plans, transfers and
settings.
"""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One line of the catalogue.

    Args:
        id: Kebab-case name.
        group: Such as climate, energy, logistics, ecosystem, society.
        title: Name for people.
        unit: Unit of its value; `money` is the organisation's currency.
        direction: `lower`, `higher` or `none`: which way is wanted.
        formula: Over figures, written with underscores, and the names of `EXTRAS`; empty where it
            is only stated.
        stated: Metric under which the organisation states it, for what is only stored and shown.
        references: Framework and datapoint, such as `("GRI", "305-1-a")`.
        partly: Those that it answers in part, as its note says.
        note: How it is made.
    """

    id: str
    group: str
    title: str
    unit: str
    direction: str
    formula: str
    stated: str
    references: tuple[tuple[str, str], ...]
    partly: tuple[tuple[str, str], ...]
    note: str

    @property
    def names(self) -> frozenset[str]:
        """Names that the formula holds."""
        return names_in(self.formula) if self.formula else frozenset()

    @property
    def figure(self) -> str:
        """The figure it shows as it is; empty where it is a formula of several."""
        return (
            self.formula.replace("_", "-")
            if self.formula.isidentifier() and self.formula not in EXTRAS
            else ""
        )

    @property
    def opens(self) -> str:
        """The figure whose rows open it best: itself, or the first of its formula."""
        known = [n.replace("_", "-") for n in sorted(self.names) if n not in EXTRAS]
        return self.figure or next(
            iter(sorted(known, key=lambda n: self.formula.index(n.replace("-", "_")))), ""
        )

    def value(self, values: Mapping[str, float | None]) -> float | None:
        """Value of the formula; None where a name has none.

        For missing is not zero, or where it divides by zero.

        Example:
            >>> indicators()["electricity"].value({"electricity": 2500.0}), indicators()["electricity"].value({})
            (2.5, None)
        """
        known = {n: v for n in self.names if (v := values.get(n)) is not None}
        if len(known) < len(self.names) or not self.formula:
            return None
        try:
            return evaluate(self.formula, known)
        except ZeroDivisionError:
            return None


@cache
def indicators() -> dict[str, Indicator]:
    """The catalogue by id, in its order."""
    return {
        r["id"]: Indicator(
            r["id"],
            r["group"],
            r["title"],
            r["unit"],
            r["direction"],
            r["formula"],
            r["stated"],
            _references(r["references"]),
            _references(r["partly"]),
            r["note"],
        )
        for r in package_table("abate.disclosure", "indicators.csv")
    }


def _references(cell: str) -> tuple[tuple[str, str], ...]:
    return tuple((f, i) for ref in cell.split("|") if ref for f, _, i in [ref.partition(":")])


@cache
def frameworks() -> dict[str, dict[str, str]]:
    """Reporting frameworks that references name, with their editions."""
    return {r["framework"]: r for r in package_table("abate.disclosure", "frameworks.csv")}
