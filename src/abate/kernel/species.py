"""Species of gas and their global warming potentials."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from abate.kernel.errors import UsageError
from abate.kernel.resources import package_table

GWP_SETS = ("AR4", "AR5", "AR6")
UNSPECIFIED = "unspecified-co2e"
NON_KYOTO = "unspecified-non-kyoto"
"""Published as CO2e only, of gases that the Kyoto Protocol does not name: reported apart from the
scopes.
"""


@dataclass(frozen=True, slots=True)
class Species:
    """A gas that is kept by mass.

    Args:
        id: Name in the ledger, such as `CH4-fossil`.
        name: Name for people.
        group: Family in a report: co2, ch4, n2o, hfc, pfc, sf6, nf3, montreal, biogenic,
            unspecified.
        counted: Whether it counts in the scopes; Montreal gases and biogenic CO2 are reported
            apart.
        gwp: Global warming potential over 100 years by set; a set without a value is absent.
        source: Where the values are printed.
    """

    id: str
    name: str
    group: str
    counted: bool
    gwp: dict[str, float]
    source: str


@cache
def all_species() -> dict[str, Species]:
    """Every species of the ledger by id.

    Source: IPCC AR4 WG1 Table 2.14; AR5 WG1 Table 8.A.1; AR6 WG1 Tables 7.15 and 7.SM.7.

    Example:
        >>> all_species()["CH4-fossil"].gwp["AR6"], all_species()["CH4-biogenic"].gwp["AR6"]
        (29.8, 27.0)
    """
    return {
        row["species"]: Species(
            id=row["species"],
            name=row["name"],
            group=row["group"],
            counted=row["counted"] == "scopes",
            gwp={s: float(row[f"gwp_{s.lower()}"]) for s in GWP_SETS if row[f"gwp_{s.lower()}"]},
            source=row["source"],
        )
        for row in package_table("abate.kernel", "species.csv")
    }


def gwp(species: str, gwp_set: str) -> float | None:
    """Global warming potential of a species over 100 years (kg CO2e per kg).

    Returns:
        The value, or None where the set has none for the species.

    Raises:
        UsageError: `unknown-gwp-set`, `unknown-species`.

    Example:
        >>> gwp("SF6", "AR5"), gwp("N2O", "AR6")
        (23500.0, 273.0)
    """
    if gwp_set not in GWP_SETS:
        raise UsageError(
            "unknown-gwp-set", f"No GWP set '{gwp_set}'.", f"Choose one of {', '.join(GWP_SETS)}."
        )
    found = all_species().get(species)
    if found is None:
        raise UsageError(
            "unknown-species",
            f"No species '{species}'.",
            "See docs/reference/species.md for the list.",
        )
    return found.gwp.get(gwp_set)
