"""Factor: emission per unit of an activity, with its type and its source."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields
from datetime import date

from abate.kernel.errors import DataError, UsageError
from abate.kernel.species import UNSPECIFIED, all_species
from abate.kernel.uncertainty import pedigree_factor
from abate.kernel.units import quantity

PROPERTY = "property"
"""In place of a species: the row is a property of a fuel (a density, a heating value), not an
emission.
"""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number is printed.

    Args:
        publication: Title and publisher.
        table: Table, sheet or clause.
        edition: Edition or version.
        published_on: Day of publication.
        licence: Licence under which it may be used.
        verification: `checked` against the publication, `secondary` from another file, `recalled`
            from memory, `assumption` where there is no source.
    """

    publication: str
    table: str
    edition: str
    published_on: date
    licence: str
    verification: str = "checked"


@dataclass(frozen=True, slots=True)
class Mass:
    """Emission of one species per unit of activity.

    Args:
        species: Id of the species, or `property`.
        value: The number as printed.
        unit: The unit as printed, such as `kg/TJ_net`.
        uncertainty_kind: `normal`, `lognormal` or empty.
        uncertainty_95: Half of the 95 % range over the mean (normal), or the factor from mean to
            its end (lognormal).
        pedigree: Five scores from which the spread follows, such as `2,1,1,3,2`, where they were
            given instead.
    """

    species: str
    value: str
    unit: str
    uncertainty_kind: str = ""
    uncertainty_95: float | None = None
    pedigree: str = ""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor with its type: dimension, heating-value basis, gas basis, life-cycle basis.

    Args:
        id: Unique name; a new edition is a new factor.
        kind: Kind of need it answers, such as `electricity` or `stationary-fuel`.
        item: What is consumed, such as `diesel` or `grid-average`.
        region: Region it was made for.
        reach: `within` where it serves every place inside its region, and others as a proxy; `home`
            where no proxy makes sense, such as of a country's domestic flights; `exact` where it
            serves the region itself only.
        data_year: Year of the data, None where it is not tied to one.
        basis: `direct`, `upstream` or `life-cycle`.
        masses: Emissions by species.
        gwp_set: GWP set of a factor that is only printed as CO2e.
        source: Where it is printed.
        note: Anything a reader should know.
        for_year: Year for which the publisher means the value, where that is not the year of the
            data.
        per: Of electricity, `consumed` or `generated`: the kWh it is printed per; empty where that
            is not said.
        evidence: How well the value is proved: `A` the publication itself, `B` copies that agree,
            `C` one copy that cites its place, `D` one copy without a place or copies that differ;
            empty where not graded.
        ages: Whether a value that is tied to no year belongs to its edition's year all the same: it
            may serve earlier and later years, with a finding, and any value made for the year comes
            before it.
    """

    id: str
    kind: str
    item: str
    region: str
    reach: str
    data_year: int | None
    basis: str
    masses: tuple[Mass, ...]
    gwp_set: str
    source: Source
    note: str = ""
    for_year: int | None = None
    per: str = ""
    evidence: str = ""
    ages: bool = False

    @property
    def year(self) -> int | None:
        """Calendar year for which the value is meant; None where it is tied to none."""
        return self.data_year if self.for_year is None else self.for_year

    @property
    def edition_year(self) -> int:
        """Year of the edition, as its name says, else as its day of publication does."""
        named = re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", self.source.edition)
        return int(named.group(0)) if named else self.source.published_on.year

    @property
    def gas_basis(self) -> str:
        """`CO2e` where only the equivalent is printed, `CO2` where only carbon dioxide is, else `species`.

        Biogenic CO2, which stands outside the scopes, is left out of account where anything else is
        printed.
        """
        every = {m.species for m in self.masses}
        species = every - {BIOGENIC_CO2} or every
        if species == {UNSPECIFIED}:
            return "CO2e"
        return "CO2" if species == {"CO2"} else "species"

    @property
    def is_property(self) -> bool:
        """Whether it states a property of a fuel rather than an emission."""
        return any(m.species == PROPERTY for m in self.masses)


BIOGENIC_CO2 = "CO2-biogenic"

COLUMNS = (
    "factor_id",
    "kind",
    "item",
    "region",
    "reach",
    "data_year",
    "basis",
    "species",
    "value",
    "unit",
    "gwp_set",
    "uncertainty_kind",
    "uncertainty_95",
    "publication",
    "table",
    "edition",
    "published_on",
    "licence",
    "verification",
    "note",
    "for_year",
    "per",
    "evidence",
    "ages",
)
"""Columns of a factor table in Abate's own format: one row per factor and species
(docs/reference/factor-format.md).
"""
OPTIONAL = ("for_year", "per", "evidence", "ages")
"""Columns that a table may lack."""
_ADDED = {"for_year": None, "per": "", "evidence": "", "ages": False}
"""Fields that factors of earlier versions had not; a hash passes over them where they say nothing."""


def factors_from_rows(rows: list[dict[str, str]]) -> list[Factor]:
    """Build factors from rows of the own format; rows of one `factor_id` stand together or apart.

    Raises:
        DataError: `bad-factor` where a row lacks what the format asks for, with its place.
    """
    grouped: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        grouped.setdefault(row["factor_id"], []).append(row)
    return [_factor(group) for group in grouped.values()]


def _factor(rows: list[dict[str, str]]) -> Factor:
    first = rows[0]
    try:
        masses = tuple(_mass(row) for row in rows)
        return Factor(
            id=first["factor_id"],
            kind=first["kind"],
            item=first["item"],
            region=first["region"],
            reach=_one_of(first, "reach", ("", "within", "home", "exact")) or "within",
            data_year=int(first["data_year"]) if first["data_year"] else None,
            basis=first["basis"] or "direct",
            masses=masses,
            gwp_set=first["gwp_set"],
            source=Source(
                first["publication"],
                first["table"],
                first["edition"],
                date.fromisoformat(first["published_on"]),
                first["licence"],
                first["verification"] or "checked",
            ),
            note=first["note"],
            for_year=int(first["for_year"]) if first.get("for_year") else None,
            per=_one_of(first, "per", ("", "consumed", "generated")),
            evidence=_one_of(first, "evidence", ("", "A", "B", "C", "D")),
            ages=_one_of(first, "ages", ("", "yes")) == "yes",
        )
    except (ValueError, KeyError, UsageError) as error:
        raise DataError(
            "bad-factor",
            f"Factor '{first.get('factor_id')}': {str(error).rstrip('.')}.",
            "See docs/reference/factor-format.md.",
        ) from error


def _one_of(row: dict[str, str], column: str, choices: tuple[str, ...]) -> str:
    value = row.get(column) or ""
    if value not in choices:
        raise ValueError(f"{column} is '{value}', not one of {', '.join(c for c in choices if c)}")
    return value


def _mass(row: dict[str, str]) -> Mass:
    if row["species"] != PROPERTY and row["species"] not in all_species():
        raise ValueError(f"unknown species '{row['species']}'")
    quantity(row["value"], row["unit"])
    kind, spread = row["uncertainty_kind"], row["uncertainty_95"]
    if kind == "pedigree":
        factor = pedigree_factor([int(score) for score in spread.split(",")])
        return Mass(row["species"], row["value"], row["unit"], "lognormal", factor, spread)
    if kind not in ("", "normal", "lognormal"):
        raise ValueError(f"unknown uncertainty '{kind}'")
    return Mass(row["species"], row["value"], row["unit"], kind, float(spread) if spread else None)


def factor_rows(factor: Factor) -> list[dict[str, str]]:
    """Rows of the own format for a factor: the inverse of `factors_from_rows`."""
    source = factor.source
    return [
        {
            "factor_id": factor.id,
            "kind": factor.kind,
            "item": factor.item,
            "region": factor.region,
            "reach": factor.reach,
            "data_year": "" if factor.data_year is None else str(factor.data_year),
            "basis": factor.basis,
            "species": mass.species,
            "value": mass.value,
            "unit": mass.unit,
            "gwp_set": factor.gwp_set,
            "uncertainty_kind": "pedigree" if mass.pedigree else mass.uncertainty_kind,
            "uncertainty_95": (
                mass.pedigree or ("" if mass.uncertainty_95 is None else str(mass.uncertainty_95))
            ),
            "publication": source.publication,
            "table": source.table,
            "edition": source.edition,
            "published_on": source.published_on.isoformat(),
            "licence": source.licence,
            "verification": source.verification,
            "note": factor.note,
            "for_year": "" if factor.for_year is None else str(factor.for_year),
            "per": factor.per,
            "evidence": factor.evidence,
            "ages": "yes" if factor.ages else "",
        }
        for mass in factor.masses
    ]


def content_hash(factors: list[Factor]) -> str:
    """Hash of what the factors say, independent of their order."""
    digest = hashlib.sha256()
    for factor in sorted(factors, key=lambda f: f.id):
        said = [
            f.name for f in fields(factor) if getattr(factor, f.name) != _ADDED.get(f.name, ...)
        ]
        digest.update(repr(tuple(repr(getattr(factor, name)) for name in said)).encode())
    return digest.hexdigest()
