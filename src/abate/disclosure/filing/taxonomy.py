"""The extension taxonomy and the inline XBRL report that uses it: pure text from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from abate.disclosure.report import page
from abate.kernel.edges import Model
from abate.kernel.resources import package_table

NAMESPACE = "urn:abate:taxonomy:2026-11-22"
SCHEMA = "abate-2026-11-22.xsd"
LINKBASES = ("label", "presentation", "calculation", "definition")
SUMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("TotalGrossLocationBasedScope1AndScope2GHGEmissions", ("GrossScope1GreenhouseGasEmissions", "GrossLocationBasedScope2GreenhouseGasEmissions")),
    ("TotalGrossLocationBasedGHGEmissions", ("GrossScope1GreenhouseGasEmissions", "GrossLocationBasedScope2GreenhouseGasEmissions", "GrossScope3GreenhouseGasEmissions")),
    ("TotalGrossMarketBasedGHGEmissions", ("GrossScope1GreenhouseGasEmissions", "GrossMarketBasedScope2GreenhouseGasEmissions", "GrossScope3GreenhouseGasEmissions")),
)  # fmt: skip
"""Wholes and the parts of which the calculation linkbase says they are the sum."""
ABSTRACT = "GreenhouseGasEmissionsAbstract"
TABLE, LINE_ITEMS, AXIS, DOMAIN = (
    "Scope3Table",
    "Scope3LineItems",
    "Scope3CategoryAxis",
    "Scope3CategoryDomain",
)
DIMENSIONAL = "GrossScope3GreenhouseGasEmissions"
TYPES = {
    "ghgEmissions": "dtr-types:ghgEmissionsItemType", "ghgEmissionsPerMonetary": "dtr-types:ghgEmissionsPerMonetaryItemType",
    "monetary": "xbrli:monetaryItemType", "energy": "dtr-types:energyItemType",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Element:
    """A concept of the taxonomy.

    Args:
        name: Local name; that of ESRS or VSME where one of the same meaning exists.
        type: Key of `TYPES`.
        unit: Key of the report's units.
        decimals: Digits after the point to which facts are stated.
        figure: Figure that it is; empty where it is made of several.
        label_en: Label.
        label_zh: The same in Chinese.
        is_esrs: Whether the name is that of ESRS or VSME.
        source: Where it is from.
    """

    name: str
    type: str
    unit: str
    decimals: int
    figure: str
    label_en: str
    label_zh: str
    is_esrs: bool
    source: str


@cache
def elements() -> dict[str, Element]:
    """Concepts by name, in their order."""
    return {
        r["name"]: Element(
            r["name"],
            r["type"],
            r["unit"],
            int(r["decimals"]),
            r["figure"],
            r["label_en"],
            r["label_zh"],
            r["esrs"] == "yes",
            r["source"],
        )
        for r in package_table("abate.disclosure.filing", "elements.csv")
    }


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a concept.

    Args:
        element: The concept.
        year: Fiscal year.
        value: In the unit of the concept, exact.
        category: Category of Scope 3; 0 for the whole.
    """

    element: Element
    year: str
    value: Decimal
    category: int = 0

    @property
    def context(self) -> str:
        """Id of its context."""
        return f"c-{self.year}" + (f"-cat{self.category}" if self.category else "")

    @property
    def printed(self) -> str:
        """The value to its decimals, without sign, as it is shown."""
        return f"{abs(self.value):,.{self.element.decimals}f}"

    @property
    def is_negative(self) -> bool:
        """Whether it is below zero as printed."""
        return self.value < 0 and any(ch in "123456789" for ch in self.printed)


def member(category: int) -> str:
    """Local name of the member of a category of Scope 3."""
    return f"Category{category}Member"


def filing_files(
    facts: Sequence[Fact],
    *,
    entity: str,
    scheme: str,
    name: str,
    currency: str,
    periods: Mapping[str, tuple[date, date]],
    categories: Mapping[int, str],
    lang: str,
    notes: Sequence[str],
    run: str,
) -> dict[str, str]:
    """Schema, linkbases and report, by file name.

    Args:
        facts: What is filed.
        entity: Identifier of the organisation.
        scheme: Its scheme, such as that of LEI.
        name: Name of the organisation.
        currency: ISO 4217 code.
        periods: First and last day of each fiscal year.
        categories: Names of the categories of Scope 3.
        lang: `en` or `zh`.
        notes: Basis of preparation, as text.
        run: Run of the ledger.
    """
    every = list(elements().values())
    years = sorted({f.year for f in facts}, reverse=True)
    common: Model = {
        "namespace": NAMESPACE,
        "schema": SCHEMA,
        "elements": every,
        "types": TYPES,
        "sums": SUMS,
        "abstract": ABSTRACT,
        "table": TABLE,
        "line_items": LINE_ITEMS,
        "axis": AXIS,
        "domain": DOMAIN,
        "dimensional": DIMENSIONAL,
        "categories": categories,
        "member": member,
        "linkbases": LINKBASES,
    }
    used = sorted({(f.year, f.category) for f in facts})
    by = {(f.element.name, f.year, f.category): f for f in facts}
    report = common | {
        "entity": entity,
        "scheme": scheme,
        "name": name,
        "currency": currency,
        "periods": periods,
        "years": years,
        "contexts": used,
        "fact": lambda n, y, c=0: by.get((n, y, c)),
        "shown": [e for e in every if any((e.name, y, 0) in by for y in years)],
        "shown_categories": [
            c for c in categories if any((DIMENSIONAL, y, c) in by for y in years)
        ],
        "units": sorted({f.element.unit for f in facts}),
        "lang": lang,
        "notes": notes,
        "run": run,
    }
    files = {
        SCHEMA: page("filing/schema.xml", common),
        "report.xhtml": page("filing/report.xhtml", report),
    }
    for kind in LINKBASES:
        files[SCHEMA.replace(".xsd", f"-{kind}.xml")] = page(f"filing/{kind}.xml", common)
    return files
