"""The extension taxonomy and the inline XBRL report that uses it: pure text from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from abate.disclosure.report import page
from abate.kernel.edges import Model
from abate.kernel.languages import languages, translator
from abate.kernel.resources import package_table

NAMESPACE = "urn:abate:taxonomy:2026-11-22"
SCHEMA = "abate-2026-11-22.xsd"
LINKBASES = ("label", "presentation", "calculation", "definition")
SUMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("TotalGrossLocationBasedScope1AndScope2GHGEmissions", (
        "GrossScope1GreenhouseGasEmissions", "GrossLocationBasedScope2GreenhouseGasEmissions",
    )),
    ("TotalGrossMarketBasedScope1AndScope2GHGEmissions", (
        "GrossScope1GreenhouseGasEmissions", "GrossMarketBasedScope2GreenhouseGasEmissions",
    )),
    ("TotalGrossLocationBasedGHGEmissions", ("GrossScope1GreenhouseGasEmissions", "GrossLocationBasedScope2GreenhouseGasEmissions", "GrossScope3GreenhouseGasEmissions")),
    ("TotalGrossMarketBasedGHGEmissions", ("GrossScope1GreenhouseGasEmissions", "GrossMarketBasedScope2GreenhouseGasEmissions", "GrossScope3GreenhouseGasEmissions")),
)  # fmt: skip
"""Wholes and the parts of which the calculation linkbase says they are the sum."""
ABSTRACT = "GreenhouseGasEmissionsAbstract"
DIMENSIONAL = "GrossScope3GreenhouseGasEmissions"
ENERGY_MEMBERS = {
    "RenewableEnergyMember": "Renewable energy",
    "NonRenewableEnergyMember": "Non-renewable energy",
}
TYPES = {
    "ghgEmissions": "dtr-types:ghgEmissionsItemType", "ghgEmissionsPerMonetary": "dtr-types:ghgEmissionsPerMonetaryItemType",
    "monetary": "xbrli:monetaryItemType", "energy": "dtr-types:energyItemType",
    "decimal": "xbrli:decimalItemType",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension by which some concepts are broken down.

    Args:
        id: Its role in the linkbases.
        title: Title.
        table: Name of its hypercube.
        line_items: Name of its line items.
        name: Name of the axis.
        domain: Name of its domain, which is the default.
        members: Label of each member.
        concepts: Concepts that it breaks down.
    """

    id: str
    title: str
    table: str
    line_items: str
    name: str
    domain: str
    members: Mapping[str, str]
    concepts: tuple[str, ...]


def axes(categories: Mapping[int, str]) -> tuple[Axis, ...]:
    """Scope 3 by category, and energy by whether it is renewable."""
    return (
        Axis(
            "scope3",
            "Scope 3 by category",
            "Scope3Table",
            "Scope3LineItems",
            "Scope3CategoryAxis",
            "Scope3CategoryDomain",
            {member(n): f"{n} {title}" for n, title in categories.items()},
            (DIMENSIONAL,),
        ),
        Axis(
            "energy",
            "Breakdown of energy consumption",
            "BreakdownOfEnergyConsumptionTable",
            "BreakdownOfEnergyConsumptionLineItems",
            "BreakdownOfEnergyConsumptionAxis",
            "TotalRenewableAndNonRenewableEnergyMember",
            ENERGY_MEMBERS,
            ("EnergyConsumptionFromElectricity", "EnergyConsumptionFromFuels"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Element:
    """A concept of the taxonomy.

    Args:
        name: Local name; that of ESRS or VSME where one of the same meaning exists.
        type: Key of `TYPES`.
        unit: Key of the report's units.
        period: `duration`, or `instant` for what stands at the end of the year.
        decimals: Digits after the point to which facts are stated.
        figure: Figure that it is; empty where it is made of several.
        label: Label.
        is_esrs: Whether the name is that of ESRS or VSME.
        source: Where it is from.
    """

    name: str
    type: str
    unit: str
    period: str
    decimals: int
    figure: str
    label: str
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
            r["period"],
            int(r["decimals"]),
            r["figure"],
            r["label"],
            r["esrs"] == "yes",
            r["source"],
        )
        for r in package_table("abate.disclosure.filing", "elements.csv")
    }


@dataclass(frozen=True, slots=True)
class Official:
    """A taxonomy of a regulator that a report refers to beside its own.

    Args:
        entry: Address of its entry point.
        spaces: Namespace by prefix.
        names: Prefixed name of each of our elements that it defines, of the same kind of period.
    """

    entry: str
    spaces: Mapping[str, str]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a concept.

    Args:
        element: The concept.
        year: Fiscal year.
        value: In the unit of the concept, exact.
        member: Member of the axis that breaks the concept down; empty for the whole.
        accurate: Digits after the point to which the value is known, where its uncertainty says so.
    """

    element: Element
    year: str
    value: Decimal
    member: str = ""
    accurate: int | None = None

    @property
    def context(self) -> str:
        """Id of its context."""
        at = "-end" if self.element.period == "instant" else ""
        return f"c-{self.year}{at}" + (f"-{self.member}" if self.member else "")

    @property
    def decimals(self) -> int:
        """Digits after the point to which it is stated: never more than are known."""
        shown = self.element.decimals
        return shown if self.accurate is None else min(shown, self.accurate)

    @property
    def printed(self) -> str:
        """The value to its decimals, without sign, as it is shown."""
        rounded = round(abs(self.value), self.decimals)
        return f"{rounded:,.{max(self.decimals, 0)}f}"

    @property
    def is_negative(self) -> bool:
        """Whether it is below zero as printed."""
        return self.value < 0 and any(ch in "123456789" for ch in self.printed)


def member(category: int) -> str:
    """Local name of the member of a category of Scope 3."""
    return f"Category{category}Member"


def _qname(fact: Fact, official: Official | None) -> str:
    own = f"abate:{fact.element.name}"
    is_whole = official is not None and not fact.member
    return official.names.get(fact.element.name, own) if official and is_whole else own


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
    official: Official | None = None,
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
        lang: Language of the report.
        notes: Basis of preparation, as text.
        run: Run of the ledger.
        official: A regulator's taxonomy, whose names facts bear where it has them; what is broken
            down by one of our axes keeps ours.
    """
    every = list(elements().values())
    broken_down = axes(categories)
    theirs = official.names if official else {}
    sums = [(whole, parts) for whole, parts in SUMS if not {whole, *parts} & theirs.keys()]
    years = sorted({f.year for f in facts}, reverse=True)
    common: Model = {
        "namespace": NAMESPACE,
        "schema": SCHEMA,
        "elements": every,
        "types": TYPES,
        "sums": sums,
        "abstract": ABSTRACT,
        "axes": broken_down,
        "linkbases": LINKBASES,
        "languages": [(x, translator(x)) for x in languages()],
    }
    axis_of = {m: a.name for a in broken_down for m in a.members}
    used = sorted({(f.context, f.year, f.element.period, f.member) for f in facts})
    used += [(f"c-{years[0]}", years[0], "duration", "")]
    by = {(f.element.name, f.year, f.member): f for f in facts}
    report = common | {
        "entity": entity,
        "scheme": scheme,
        "name": name,
        "currency": currency,
        "periods": periods,
        "years": years,
        "contexts": list(dict.fromkeys(used)),
        "axis_of": axis_of,
        "by_name": elements(),
        "fact": lambda n, y, m="": by.get((n, y, m)),
        "shown": [e for e in every if any((e.name, y, "") in by for y in years)],
        "shown_members": lambda n, a: [m for m in a.members if any((n, y, m) in by for y in years)],
        "units": sorted({f.element.unit for f in facts}),
        "lang": lang,
        "t": translator(lang),
        "notes": notes,
        "run": run,
        "official": official,
        "qname": lambda f: _qname(f, official),
    }
    files = {
        SCHEMA: page("filing/schema.xml", common),
        "report.xhtml": page("filing/report.xhtml", report),
    }
    for kind in LINKBASES:
        files[SCHEMA.replace(".xsd", f"-{kind}.xml")] = page(f"filing/{kind}.xml", common)
    return files
