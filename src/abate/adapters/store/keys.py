"""What may stand in `abate.toml`, declared.

The reference page of its keys is generated from here.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from abate.kernel.edges import Json

CONFIG = "abate.toml"
Share = Annotated[float, Meta(ge=0, le=1)]
Word = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=20_000)]
Year = Name
Amount = Annotated[float, Meta(ge=-1e15, le=1e15)]


class OrganisationKeys(Struct, frozen=True):
    """Who reports.

    Args:
        name: Name of the organisation.
        currency: Currency of revenue, three letters (ISO 4217).
        language: Language of reports where none is asked for: `en` or `zh`.
        lei: Legal entity identifier (ISO 17442), for filings.
        euid: European unique identifier.
        duns: Number of Dun & Bradstreet.
        permid: Identifier of Refinitiv.
    """

    name: Name
    currency: Word = "CNY"
    language: Word = "en"
    lei: Word = ""
    euid: Word = ""
    duns: Word = ""
    permid: Word = ""


class FiscalYearKeys(Struct, frozen=True):
    """When the year begins.

    Args:
        start_month: Its first month, 1 to 12.
        named_after: `end` where FY2024 ends in 2024, `start` where it begins in 2024.
    """

    start_month: Annotated[int, Meta(ge=1, le=12)] = 1
    named_after: Literal["end", "start"] = "end"


class InventoryKeys(Struct, frozen=True):
    """What counts, and how gases are added up.

    Args:
        boundary: Consolidation approach: `operational`, `financial` or `equity`.
        gwp: Set of global warming potentials: `AR4`, `AR5` or `AR6`.
        matching: How certificates meet load in the market-based view: `monthly` as today's rules
            allow, or `hourly`: only lots claimed by the hour count.
    """

    boundary: Literal["operational", "financial", "equity"] = "operational"
    gwp: Literal["AR4", "AR5", "AR6"] = "AR6"
    matching: Literal["monthly", "hourly"] = "monthly"


class ImmaterialKeys(Struct, frozen=True):
    """A category that is too small to assess.

    Args:
        reason: Why it is taken to be small.
        tonnes: Estimate of its size [t CO2e a year].
    """

    reason: Name
    tonnes: Annotated[float, Meta(ge=0, le=1e12)]


class Scope3Keys(Struct, frozen=True):
    """The value chain.

    Args:
        proxies: Regions whose factors may serve where no nearer one exists, each use with a
            finding.
        not_assessed: Categories that are left out, 1 to 15, each with the reason; totals say that
            they lack them.
        not_applicable: Categories that do not exist here, each with the reason.
        immaterial: Categories that are too small to assess, each with the reason and an estimate.
    """

    proxies: list[Name] = field(default_factory=list)
    not_assessed: dict[Word, Text] = field(default_factory=dict)
    not_applicable: dict[Word, Text] = field(default_factory=dict)
    immaterial: dict[Word, ImmaterialKeys] = field(default_factory=dict)


class FactorsKeys(Struct, frozen=True):
    """Which factors serve.

    Args:
        allow: What may serve where a place has no direct factor: `life-cycle`, `operating-margin`.
        year: Factors of the calendar year of each `month`, or of the `fiscal-year`: that in which
            most of it falls.
    """

    allow: list[Literal["life-cycle", "operating-margin"]] = field(default_factory=list)
    year: Literal["month", "fiscal-year"] = "month"


class BaseYearKeys(Struct, frozen=True):
    """The base year.

    Args:
        year: The year, such as `"FY2022"`.
        threshold: Cumulative change, as a share, from which it is recalculated.
        recalculation: `whole-year` or `pro-rata`.
    """

    year: Year
    threshold: Share = 0.05
    recalculation: Literal["whole-year", "pro-rata"] = "whole-year"


class OwnershipKeys(Struct, frozen=True):
    """A share of equity from a day on.

    Args:
        since: First day.
        share: Share of equity, 0 to 1.
    """

    since: date
    share: Share


class EntityKeys(Struct, frozen=True):
    """A business or legal unit; the one without parent is the group.

    Args:
        id: Short name used in files.
        name: Name for people; the id where none is given.
        parent: Id of the entity above.
        ownership: Shares that the parent holds; none means wholly owned.
        operational_control: Whether the group runs it.
        financial_control: Whether the group directs its financial policies: true, false, or
            `"joint"` with partners.
        region: Region of what belongs to it as a whole; its parent's where none is given.
    """

    id: Name
    name: Word = ""
    parent: Word = ""
    ownership: list[OwnershipKeys] = field(default_factory=list)
    operational_control: bool | None = None
    financial_control: bool | Literal["joint", ""] | None = None
    region: Word = ""


class ClimateKeys(Struct, frozen=True):
    """The usual climate of a site; it decides no figure.

    Args:
        mean_c: Mean temperature of each month, January to December, in degrees Celsius.
        source: Where it is from.
    """

    mean_c: Annotated[
        list[Annotated[float, Meta(ge=-90, le=60)]], Meta(min_length=12, max_length=12)
    ]
    source: Name


class SiteKeys(Struct, frozen=True):
    """A place that consumes.

    Args:
        id: Short name used in files.
        name: Name for people; the id where none is given.
        entity: Id of the entity that runs it.
        region: Region of its grid, such as `DE` or `US-CAMX`.
        type: Such as office, data-centre, warehouse.
        opened: First day; later rows are taken, earlier ones are findings.
        closed: Last day.
        bought: In place of `opened`: it has a history under its seller, and the base year follows.
        sold: In place of `closed`: it goes on under its buyer, and the base year follows.
        aliases: Other names in files; none may be that of another site.
        expects: Kinds of activity of which every month must have one.
        buildings: Ids of metered buildings.
        climate: Its usual climate.
    """

    id: Name
    entity: Name
    region: Name
    name: Word = ""
    type: Word = ""
    opened: date | None = None
    closed: date | None = None
    bought: date | None = None
    sold: date | None = None
    aliases: list[Name] = field(default_factory=list)
    expects: list[Name] = field(default_factory=list)
    buildings: list[Name] = field(default_factory=list)
    climate: ClimateKeys | None = None


class ProgrammeKeys(Struct, frozen=True):
    """A programme of avoided emissions.

    Args:
        id: Short name used in files.
        entity: Entity that runs it.
        region: Region in which its actions happen.
        methodology: Id and version of its methodology, such as `second-hand/1`.
        unclaimed: Share that nobody claims; with the claims it makes 1.
        name: Name for people; the id where none is given.
        claims: Share of each claimant.
        rebound: Share of the gain that more consumption eats up; the methodology's where none is
            given.
        tier: Tier of evidence, 1 the best; the methodology's where none is given.
        tier_evidence: Why the tier is better than the methodology's.
        gates: Evidence for each gate: climate-action, climate-science, legitimacy.
    """

    id: Name
    entity: Name
    region: Name
    methodology: Name
    unclaimed: Share
    name: Word = ""
    claims: dict[Word, Share] = field(default_factory=dict)
    rebound: Share | None = None
    tier: Annotated[int, Meta(ge=1, le=3)] | None = None
    tier_evidence: Text = ""
    gates: dict[Word, Text] = field(default_factory=dict)


class TargetKeys(Struct, frozen=True):
    """A figure wanted by a year.

    Args:
        figure: The figure; see the list of figures.
        year: Year by which it is wanted.
        kind: `level`, `absolute`, `intensity`, `cumulative` or `neutrality`.
        value: Value wanted, of kinds `level` and `cumulative`.
        reduction: Share of the base year by which it falls, of kinds `absolute` and `intensity`.
        base_year: Year from which it is measured.
        base_value: Value of the base year where that year was never valued here.
        base_source: Where that value is from.
        growth: Yearly growth of business as usual, as a share.
        pathway: Id of the pathway against which it is held.
        title: Name for people.
        site: Site it is wanted of.
        building: Building of the site.
        org: Entity it is wanted of.
    """

    figure: Name
    year: Year
    kind: Literal["level", "absolute", "intensity", "cumulative", "neutrality"] = "level"
    value: Amount | None = None
    reduction: Share | None = None
    base_year: Year | None = None
    base_value: Amount | None = None
    base_source: Text = ""
    growth: Annotated[float, Meta(ge=-1, le=10)] = 0.0
    pathway: Word = "linear"
    title: Word = ""
    site: Word = ""
    building: Word = ""
    org: Word = ""


class PathwayKeys(Struct, frozen=True):
    """A pathway of a sector's intensity, from a publication that you have.

    Args:
        id: Id by which targets name it.
        points: Intensity by calendar year, at least two years, up to 2050.
        source: Publication.
        title: Name for people.
        title_zh: The same in Chinese.
        edition: Edition of the publication.
    """

    id: Name
    points: dict[Word, Annotated[float, Meta(ge=0, le=1e12)]]
    source: Name
    title: Word = ""
    title_zh: Word = ""
    edition: Word | int = ""


class MeasureKeys(Struct, frozen=True):
    """Something that lowers a figure.

    Args:
        id: Short name.
        figure: Figure in t CO2e that it lowers.
        start: Fiscal year from which on it works in full.
        abated_t: What it takes away a year, t CO2e.
        lifetime_years: Years it works.
        title: Name for people.
        investment: Cost at the start.
        yearly_cost: Cost a year; below zero where it saves money.
        org: Entity it belongs to.
    """

    id: Name
    figure: Name
    start: Year
    abated_t: Amount
    lifetime_years: Annotated[int, Meta(ge=1, le=200)]
    title: Word = ""
    investment: Amount = 0.0
    yearly_cost: Amount = 0.0
    org: Word = ""


class FinanceKeys(Struct, frozen=True):
    """What money is worth to planners.

    Args:
        discount: Yearly discount rate, as a share.
        carbon_price: Internal price of a tonne of CO2e, in the organisation's currency.
        carbon_price_basis: Where the price is from, and what it is used for.
    """

    discount: Annotated[float, Meta(ge=0, lt=1)] = 0.06
    carbon_price: Annotated[float, Meta(gt=0, lt=1e6)] | None = None
    carbon_price_basis: Text = ""


class OwnersKeys(Struct, frozen=True):
    """Who signs off; nobody who prepares may approve.

    Args:
        preparer: One name or several.
        reviewer: One name or several.
        approver: One name or several.
    """

    preparer: Name | list[Name] | None = None
    reviewer: Name | list[Name] | None = None
    approver: Name | list[Name] | None = None


class ReportKeys(Struct, frozen=True):
    """Texts of the report.

    Args:
        letter_en: Letter at its beginning, in Markdown.
        letter_zh: The same in Chinese.
    """

    letter_en: Text = ""
    letter_zh: Text = ""


class EngineKeys(Struct, frozen=True):
    """What engines may use; nothing here changes a figure.

    Args:
        memory: Bound of the embedded engine, such as `"4GB"`, beyond which it spills.
        threads: Its threads; 0 takes one per core.
        spill: Where it spills; beside the tables where none is given.
        master: Master of a Spark cluster that values runs.
        ledger: The folder of tables as the cluster names it.
        spark: Settings of Spark, by name.
    """

    memory: Annotated[str, Meta(pattern=r"^\d{1,6}(\.\d+)? ?[MGT]i?B$")] = "1GB"
    threads: Annotated[int, Meta(ge=0, le=4096)] = 0
    spill: Word = ""
    master: Word = ""
    ledger: Word = ""
    spark: dict[Word, Text | int | float | bool] = field(default_factory=dict)


class Keys(Struct, frozen=True):
    """Sections of `abate.toml`.

    Args:
        organisation: Who reports.
        fiscal_year: When the year begins.
        inventory: What counts, and how gases are added up.
        scope3: The value chain.
        factors: Which factors serve.
        base_year: The base year.
        entities: Businesses and legal units.
        sites: Places.
        programmes: Programmes of avoided emissions.
        targets: Figures wanted by a year.
        pathways: Pathways of your own.
        measures: What is to lower figures.
        finance: Discount rate and internal carbon price.
        owners: Who signs off.
        report: Texts of the report.
        engine: What engines may use.
    """

    organisation: OrganisationKeys
    fiscal_year: FiscalYearKeys = FiscalYearKeys()
    inventory: InventoryKeys = InventoryKeys()
    scope3: Scope3Keys = Scope3Keys()
    factors: FactorsKeys = FactorsKeys()
    base_year: BaseYearKeys | None = None
    entities: list[EntityKeys] = field(default_factory=list)
    sites: list[SiteKeys] = field(default_factory=list)
    programmes: list[ProgrammeKeys] = field(default_factory=list)
    targets: list[TargetKeys] = field(default_factory=list)
    pathways: list[PathwayKeys] = field(default_factory=list)
    measures: list[MeasureKeys] = field(default_factory=list)
    finance: FinanceKeys = FinanceKeys()
    owners: OwnersKeys = OwnersKeys()
    report: ReportKeys = ReportKeys()
    engine: EngineKeys = EngineKeys()


def as_dict(keys: Struct) -> Json:
    """A section as data."""
    found: Json = msgspec.structs.asdict(keys)
    return found
