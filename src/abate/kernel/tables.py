"""Every table of the ledger in one file: the whole data model.

Tables are append-only. A row counts when the import or run that wrote it has its row in `imports`
or `runs`, which is written last and is the commit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from abate.kernel.allocation import MONTHLY
from abate.kernel.factor import COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

    TABLES: dict[str, pa.Schema]

Small: TypeAlias = int
Whole: TypeAlias = int
Real: TypeAlias = float
Sum: TypeAlias = Decimal
"""Numbers as tables hold them: 32 and 64 bits, double, 38 digits."""


def schema_of(record: type) -> pa.Schema:
    """The Arrow schema of a record: a column per field."""
    import pyarrow as pa  # noqa: PLC0415

    arrow = {
        "str": pa.string(),
        "Small": pa.int32(),
        "Whole": pa.int64(),
        "Real": pa.float64(),
        "Sum": pa.decimal128(38, 0),
        "datetime": pa.timestamp("us"),
    }
    types = {f.name: str(f.type).partition(" ")[0] for f in fields(record)}
    return pa.schema([pa.field(name, arrow[kind]) for name, kind in types.items()])


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """An amount of something, by someone, somewhere, in a period."""

    activity_id: Whole  # import's hash in the upper half, ordinal in the lower
    import_id: str
    kind: str
    item: str
    site: str  # a site, or an entity where the amount belongs to one
    meter: str  # building, vehicle or meter
    region: str  # where it happened, where that is not where the site stands
    party: str  # supplier, carrier, investee, tenant; actor of an avoided emission
    month: str
    period_start: datetime
    period_end: datetime  # exclusive
    quantity: Real
    unit: str  # canonical
    basis: str
    spread_kind: str  # normal or lognormal, empty where the row states none
    spread_95: Real | None
    source_file: str
    source_sheet: str
    source_row: Small
    quantity_text: str  # as it was in the file
    unit_text: str
    document: str  # invoice, transaction
    reason: str  # why it was corrected, added or accepted
    fiscal_year: str


@dataclass(frozen=True, slots=True)
class TotalRow:
    """An import's activities by need, worked out once: an import never changes."""

    import_id: str
    kind: str
    item: str
    site: str
    building: str
    month: str
    basis: str
    unit: str
    region: str
    party: str
    quantity_micro: Sum
    row_count: Whole
    fiscal_year: str


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """A certificate or contract, as a file states it."""

    import_id: str
    instrument_id: str
    tier: str
    technology: str
    market: str
    vintage_from: datetime
    vintage_to: datetime  # inclusive day
    amount_wh: Whole
    site: str
    kg_co2_per_kwh: Real | None
    retired_for: str  # fiscal year
    document: str
    source_file: str
    source_sheet: str
    source_row: Small
    fiscal_year: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """What makes electricity that lots are of; the latest row of a device counts."""

    import_id: str
    device: str
    technology: str
    region: str  # where it may be delivered, with all below it; empty for anywhere
    site: str  # site behind whose meter it stands, empty for a device of its own
    commissioned: str  # day
    issuer: str
    storage: str  # storage that gave it back, empty where it comes from the generator itself
    contract: str  # contract under which it is delivered, empty for certificates


@dataclass(frozen=True, slots=True)
class LotRow:
    """Watt-hours of a device and an hour that change hands: one transfer."""

    import_id: str
    device: str
    start: datetime  # UTC
    hours: Small  # 1, or those of the month where a certificate names a month only
    month: str  # by the clock of the meters
    serial: str  # numbers of the certificates as the issuer gave them
    source: str  # account that gives
    target: str  # account that receives
    amount_wh: Whole


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that is in no figure until it is corrected."""

    import_id: str
    source_file: str
    source_sheet: str
    source_row: Small
    codes: str  # blocking codes, by precedence, joined with commas
    template: str
    kind: str
    site: str
    month: str
    cells: str  # the row's text as JSON, so that it can be corrected
    fiscal_year: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What is wrong with data, as an import or a run found it."""

    origin: str  # import or run that found it
    code: str
    severity: str
    message: str
    hint: str
    file: str
    sheet: str
    row: Small
    column: str
    site: str
    month: str


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """What became of a quarantined row, or of a finding about a month."""

    import_id: str  # the correction's import
    of_import: str
    source_file: str
    source_sheet: str
    source_row: Small
    action: str  # set, accept, drop, add
    detail: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import; its row is the commit of what it brought."""

    ordinal: Whole  # order of commits
    import_id: str
    file: str
    sha256: str
    template: str
    mapping: str  # as JSON
    row_count: Whole
    accepted_count: Whole
    quarantined_count: Whole
    reverses: str  # import undone by this row
    reason: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class RunRow:
    """A valuation of a year; its row is the commit of what it posted."""

    ordinal: Whole  # order of commits
    run_id: str
    fiscal_year: str
    gwp_set: str
    boundary: str
    as_of: str
    structure: str  # year and rule whose structure a base year is valued on
    imports: str  # ids and content hashes, as JSON
    config: str  # organisation as JSON
    methods: str  # names and versions, as JSON
    factor_imports: str
    factor_hash: str
    inputs_hash: str
    # runs whose entries of its resolutions count, as JSON: itself last, those it went on from before
    chain: str
    entry_count: Whole
    activity_count: Whole
    committed_at: datetime

    @property
    def chained(self) -> list[str]:
        """Runs whose entries count in it, under its own resolutions: those it went on from, itself."""
        return list(json.loads(self.chain)) if self.chain else [self.run_id]

    @property
    def matching(self) -> str:
        """How certificates meet load in its market-based view."""
        return str(json.loads(self.config).get("inventory", {}).get("matching", MONTHLY))

    @property
    def imports_used(self) -> list[tuple[str, str]]:
        """Id and content hash of each import whose rows it valued."""
        return [(i, h) for i, h in json.loads(self.imports)]


@dataclass(frozen=True, slots=True)
class ResolutionRow:
    """Method, share and factor for a distinct need of a run."""

    run_id: str
    # ordinal, by which entries name it; a run that goes on from another keeps its ordinals
    resolution: Small
    kind: str
    item: str
    site: str
    month: str
    unit: str
    region: str
    party: str
    method: str
    approach: str  # supplier-specific, average-data, spend-based, ...
    book: str
    part: Small
    instrument: str  # instrument that covers the part, or claimant of an avoided one
    tier: str
    share: Real
    boundary_share: Real
    org: str
    scope: str
    category: str
    view: str
    factor_id: str
    species: str
    mg_per_unit: Real
    ratio: Real  # loss, or what rebound leaves; below zero where the side is subtracted
    gwp: Real
    spread_kind: str
    spread_95: Real  # of the factor
    quality: str  # five scores, 1 very good to 4 poor
    why: str
    fiscal_year: str


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """A part of an instrument matched to a site's load in a month."""

    run_id: str
    instrument: str
    tier: str
    site: str
    month: str
    amount_wh: Whole
    load_wh: Whole
    fiscal_year: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What a method found in an activity, or in a share of it, of one species."""

    run_id: str
    activity_id: Whole
    resolution: Small
    method: str
    part: Small
    instrument: str
    factor_id: str
    species: str
    book: str
    scope: str
    category: str
    view: str
    org: str
    site: str
    month: str
    basis: str
    share: Real
    deviation: Real | None  # relative standard deviation of the amount, where its row states one
    quantity_micro: Whole
    mass_mg: Whole
    co2e_mg: Whole
    fiscal_year: str


@dataclass(frozen=True, slots=True)
class RollupRow:
    """Entries, or activities, added up by every dimension that figures ask for."""

    run_id: str
    source: str  # entry or activity
    resolution: Small  # of entries
    book: str
    kind: str
    item: str
    party: str
    region: str
    scope: str
    category: str
    view: str
    species: str
    method: str
    approach: str
    factor_id: str
    matched: str  # yes where an instrument covers it or a claimant claims it
    org: str
    site: str
    building: str
    month: str
    basis: str
    unit: str
    co2e_mg: Sum
    mass_mg: Sum
    quantity_micro: Sum
    boundary_share: Real
    spread_kind: str
    spread_95: Real
    square: Real  # sum of the squares of the rows' own deviations, mg CO2e squared
    quality: str
    row_count: Whole
    fiscal_year: str


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """A run frozen as published, or as a restatement."""

    ordinal: Whole
    fiscal_year: str
    run_id: str
    status: str
    reason: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class StatedFigureRow:
    """What an organisation stated, by vintage; never part of a computed figure."""

    import_id: str
    entity: str
    fiscal_year: str
    metric: str
    scope: str
    vintage: str
    value: Real | None
    value_text: str
    unit: str
    source: str
    quote: str
    confidence: str
    note: str
    source_file: str
    source_row: Small


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a planner promises; its row is the commit of its lines."""

    ordinal: Whole
    plan_id: str
    domain: str
    title: str
    objective: Real
    bound: Real | None
    unit: str
    seed: Whole
    stop: str
    cost: Real
    currency: str
    gwp_set: str
    boundary: str
    facts: str  # what the domain tells of it, as JSON
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A line of a side of a plan, valued, in a book of its own."""

    plan_id: str
    side: str  # baseline or proposed
    book: str  # inventory: the part inside the boundary; avoided: the rest
    kind: str
    item: str
    site: str
    month: str
    quantity: Real
    unit: str
    scope: str
    category: str
    view: str
    method: str
    factor_id: str
    co2e_mg: Whole

    @property
    def part(self) -> str:
        """Scope with its category or view, such as `3.4` or `2 location`."""
        tail = f".{self.category}" if self.scope == "3" else f" {self.view}"
        return self.scope + tail.rstrip(" .")


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """What was expected; its row is the commit of its lines."""

    ordinal: Whole
    forecast_id: str
    site: str
    meter: str
    kind: str
    issued_at: datetime
    period_start: datetime
    period_end: datetime
    component: str
    parameters: str  # as JSON
    data_version: str
    gwp_set: str
    boundary: str
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class ForecastLine:
    """An activity of basis forecast: by step an amount, by day valued; in no inventory."""

    forecast_id: str
    level: str  # mean, or a quantile such as p90
    kind: str
    site: str
    meter: str
    month: str
    period_start: datetime
    period_end: datetime
    quantity: Real
    unit: str
    basis: str
    scope: str
    view: str  # empty for a step, which is not valued
    method: str
    factor_id: str
    co2e_mg: Whole | None


@dataclass(frozen=True, slots=True)
class MeterRow:
    """What is known of a meter; the newest row of a name holds."""

    import_id: str  # the load or the change that says so
    meter: str
    site: str
    building: str
    kind: str  # of the activities that its usage becomes, empty where it is not posted
    item: str
    zone: str  # whose days and months it keeps
    unit: str
    step_s: Small
    flow: str  # import, export, generation, gas and others, as files state it
    is_counter: str  # yes where its readings count up
    parent: str  # meter that counts it, too
    replaces: str  # meter that stood in its place
    since: datetime | None  # when it took that place, UTC


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A reading of a meter as a file has it; of two for one step that of the newest load holds."""

    import_id: str
    meter: str
    start: datetime  # UTC
    reading: Real  # in the unit of the meter
    is_estimated: Small  # 1 where the file says so


@dataclass(frozen=True, slots=True)
class SignoffRow:
    """Who took which step over which run; the latest lock of a year holds."""

    ordinal: Whole
    fiscal_year: str
    run_id: str
    step: str
    person: str
    note: str
    figures: str  # what assurance covers, joined with commas
    committed_at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A document attached to an import, or to one of its rows."""

    sha256: str
    name: str
    import_id: str
    source_row: Small
    committed_at: datetime


RECORDS: dict[type, str] = {
    ActivityRow: "activities",
    TotalRow: "totals",
    InstrumentRow: "instruments",
    DeviceRow: "devices",
    LotRow: "lots",
    QuarantinedRow: "quarantine",
    FindingRow: "findings",
    CorrectionRow: "mends",
    ImportRow: "imports",
    RunRow: "runs",
    ResolutionRow: "resolutions",
    AllocationRow: "allocations",
    EntryRow: "entries",
    RollupRow: "rollups",
    PublicationRow: "publications",
    EvidenceRow: "evidence",
    PlanRow: "plans",
    PlanLine: "plan_lines",
    ForecastRow: "forecasts",
    ForecastLine: "forecast_lines",
    StatedFigureRow: "published",
    SignoffRow: "signoffs",
    MeterRow: "meters",
    ReadingRow: "readings",
}
"""The table of each record."""
NAMES = (
    "activities",
    "totals",
    "instruments",
    "devices",
    "lots",
    "quarantine",
    "findings",
    "mends",
    "imports",
    "factors",
    "runs",
    "resolutions",
    "allocations",
    "entries",
    "rollups",
    "publications",
    "evidence",
    "plans",
    "plan_lines",
    "forecasts",
    "forecast_lines",
    "published",
    "signoffs",
    "meters",
    "readings",
)
"""All tables; that of factors has the columns of `factor.COLUMNS`."""


def __getattr__(name: str) -> Any:
    """`TABLES`: the Arrow schema of each table, made when first asked for."""
    if name != "TABLES":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    import pyarrow as pa  # noqa: PLC0415

    made = {table: schema_of(record) for record, table in RECORDS.items()}
    made["factors"] = pa.schema([pa.field(c, pa.string()) for c in ("import_id", *COLUMNS)])
    globals()[name] = {table: made[table] for table in NAMES}
    return globals()[name]


PARTITIONED = {
    table
    for record, table in RECORDS.items()
    if "fiscal_year" in {f.name for f in fields(record)}
    and table not in ("runs", "publications", "published", "signoffs")
}
WRITERS = {
    "activities": "import_id", "totals": "import_id", "instruments": "import_id", "quarantine": "import_id",
    "findings": "origin", "mends": "import_id", "factors": "import_id", "published": "import_id", "evidence": "import_id",
    "entries": "run_id", "resolutions": "run_id", "rollups": "run_id", "allocations": "run_id",
    "plan_lines": "plan_id", "forecast_lines": "forecast_id",
    "meters": "import_id", "readings": "import_id", "devices": "import_id", "lots": "import_id",
}  # fmt: skip
"""Tables to which several writers append, with the column that names the writer. Its files carry the writer's name, and
its rows count once the writer has its row in one of `COMMITS`. A name that has rows anywhere is
never given again."""
COMMITS = ("imports", "runs", "plans", "forecasts")
"""Tables with one row for each writer that ended: its commit."""
GATES = "/gates"
"""Ends the origin of findings about a publication: they are on record, and ask nothing of the
workspace's own data.
"""


def committed_names(table: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Names under which the writer of a row of `COMMITS` has appended rows elsewhere.

    Example:
        >>> committed_names("plans", {"plan_id": "cartons", "ordinal": 3}), committed_names("imports", {"import_id": "i"})
        (('cartons#3',), ('i', 'i/gates'))
    """
    if table == "plans":
        return (f"{row['plan_id']}#{row['ordinal']}",)
    if table == "imports":
        return (row["import_id"], f"{row['import_id']}{GATES}")
    return (row["run_id" if table == "runs" else "forecast_id"],)
