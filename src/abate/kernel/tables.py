"""Every table of the ledger in one file: the whole data model.

Tables are append-only. A row counts when the import or run that wrote it has its row in `imports`
or `runs`, which is written last and is the commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from abate.kernel.factor import COLUMNS

TEXT, INT, WHOLE, REAL, TIME = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.timestamp("us")
SUM = pa.decimal128(38, 0)


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


ACTIVITIES = _schema(
    activity_id=WHOLE,  # import's hash in the upper half, ordinal in the lower
    import_id=TEXT,
    kind=TEXT,
    item=TEXT,
    site=TEXT,  # a site, or an entity where the amount belongs to one
    meter=TEXT,  # building, vehicle or meter
    region=TEXT,  # where it happened, where that is not where the site stands
    party=TEXT,  # supplier, carrier, investee, tenant; actor of an avoided emission
    month=TEXT,
    period_start=TIME,
    period_end=TIME,  # exclusive
    quantity=REAL,
    unit=TEXT,  # canonical
    basis=TEXT,
    spread_kind=TEXT,  # normal or lognormal, empty where the row states none
    spread_95=REAL,
    source_file=TEXT,
    source_sheet=TEXT,
    source_row=INT,
    quantity_text=TEXT,  # as it stood in the file
    unit_text=TEXT,
    document=TEXT,  # invoice, transaction
    reason=TEXT,  # why it was mended, added or accepted
    fiscal_year=TEXT,
)
TOTALS = _schema(  # an import's activities by need, worked out once: an import never changes
    import_id=TEXT,
    kind=TEXT,
    item=TEXT,
    site=TEXT,
    building=TEXT,
    month=TEXT,
    basis=TEXT,
    unit=TEXT,
    region=TEXT,
    party=TEXT,
    quantity_micro=SUM,
    row_count=WHOLE,
    fiscal_year=TEXT,
)
INSTRUMENTS = _schema(
    import_id=TEXT,
    instrument_id=TEXT,
    tier=TEXT,
    technology=TEXT,
    market=TEXT,
    vintage_from=TIME,
    vintage_to=TIME,  # inclusive day
    amount_wh=WHOLE,
    site=TEXT,
    kg_co2_per_kwh=REAL,
    retired_for=TEXT,  # fiscal year
    document=TEXT,
    source_file=TEXT,
    source_sheet=TEXT,
    source_row=INT,
    fiscal_year=TEXT,
)
QUARANTINE = _schema(
    import_id=TEXT,
    source_file=TEXT,
    source_sheet=TEXT,
    source_row=INT,
    codes=TEXT,  # blocking codes, by precedence, joined with commas
    template=TEXT,
    kind=TEXT,
    site=TEXT,
    month=TEXT,
    cells=TEXT,  # the row's text as JSON, so that it can be mended
    fiscal_year=TEXT,
)
FINDINGS = _schema(
    origin=TEXT,  # import or run that found it
    code=TEXT,
    severity=TEXT,
    message=TEXT,
    hint=TEXT,
    file=TEXT,
    sheet=TEXT,
    row=INT,
    column=TEXT,
    site=TEXT,
    month=TEXT,
)
MENDS = _schema(  # what became of a quarantined row, or of a finding about a month
    import_id=TEXT,  # the correction's import
    of_import=TEXT,
    source_file=TEXT,
    source_sheet=TEXT,
    source_row=INT,
    action=TEXT,  # set, accept, drop, add
    detail=TEXT,
    reason=TEXT,
)
IMPORTS = _schema(
    ordinal=WHOLE,  # order of commits
    import_id=TEXT,
    file=TEXT,
    sha256=TEXT,
    template=TEXT,
    mapping=TEXT,  # as JSON
    row_count=WHOLE,
    accepted_count=WHOLE,
    quarantined_count=WHOLE,
    reverses=TEXT,  # import undone by this row
    reason=TEXT,
    committed_at=TIME,
)
FACTORS = _schema(import_id=TEXT, **dict.fromkeys(COLUMNS, TEXT))
RUNS = _schema(
    ordinal=WHOLE,  # order of commits
    run_id=TEXT,
    fiscal_year=TEXT,
    gwp_set=TEXT,
    boundary=TEXT,
    as_of=TEXT,
    structure=TEXT,  # year and rule whose structure a base year is valued on
    imports=TEXT,  # ids and content hashes, as JSON
    config=TEXT,  # organisation as JSON
    methods=TEXT,  # names and versions, as JSON
    factor_imports=TEXT,
    factor_hash=TEXT,
    inputs_hash=TEXT,
    chain=TEXT,  # runs whose entries of its resolutions count, as JSON: itself last, those it went on from before
    entry_count=WHOLE,
    activity_count=WHOLE,
    committed_at=TIME,
)
RESOLUTIONS = _schema(
    run_id=TEXT,
    resolution=INT,  # ordinal, by which entries name it; a run that goes on from another keeps its ordinals
    kind=TEXT,
    item=TEXT,
    site=TEXT,
    month=TEXT,
    unit=TEXT,
    region=TEXT,
    party=TEXT,
    method=TEXT,
    approach=TEXT,  # supplier-specific, average-data, spend-based, ...
    book=TEXT,
    part=INT,
    instrument=TEXT,  # instrument that covers the part, or claimant of an avoided one
    tier=TEXT,
    share=REAL,
    boundary_share=REAL,
    org=TEXT,
    scope=TEXT,
    category=TEXT,
    view=TEXT,
    factor_id=TEXT,
    species=TEXT,
    mg_per_unit=REAL,
    ratio=REAL,  # loss, or what rebound leaves; below zero where the side is subtracted
    gwp=REAL,
    spread_kind=TEXT,
    spread_95=REAL,  # of the factor
    quality=TEXT,  # five scores, 1 very good to 4 poor
    why=TEXT,
    fiscal_year=TEXT,
)
ALLOCATIONS = _schema(
    run_id=TEXT,
    instrument=TEXT,
    tier=TEXT,
    site=TEXT,
    month=TEXT,
    amount_wh=WHOLE,
    load_wh=WHOLE,
    fiscal_year=TEXT,
)
ENTRIES = _schema(
    run_id=TEXT,
    activity_id=WHOLE,
    resolution=INT,
    method=TEXT,
    part=INT,
    instrument=TEXT,
    factor_id=TEXT,
    species=TEXT,
    book=TEXT,
    scope=TEXT,
    category=TEXT,
    view=TEXT,
    org=TEXT,
    site=TEXT,
    month=TEXT,
    basis=TEXT,
    share=REAL,
    deviation=REAL,  # relative standard deviation of the amount, where its row states one
    quantity_micro=WHOLE,
    mass_mg=WHOLE,
    co2e_mg=WHOLE,
    fiscal_year=TEXT,
)
ROLLUPS = _schema(
    run_id=TEXT,
    source=TEXT,  # entry or activity
    resolution=INT,  # of entries
    book=TEXT,
    kind=TEXT,
    item=TEXT,
    party=TEXT,
    region=TEXT,
    scope=TEXT,
    category=TEXT,
    view=TEXT,
    species=TEXT,
    method=TEXT,
    approach=TEXT,
    factor_id=TEXT,
    matched=TEXT,  # yes where an instrument covers it or a claimant claims it
    org=TEXT,
    site=TEXT,
    building=TEXT,
    month=TEXT,
    basis=TEXT,
    unit=TEXT,
    co2e_mg=SUM,
    mass_mg=SUM,
    quantity_micro=SUM,
    boundary_share=REAL,
    spread_kind=TEXT,
    spread_95=REAL,
    square=REAL,  # sum of the squares of the rows' own deviations, mg CO2e squared
    quality=TEXT,
    row_count=WHOLE,
    fiscal_year=TEXT,
)
PUBLICATIONS = _schema(
    ordinal=WHOLE, fiscal_year=TEXT, run_id=TEXT, status=TEXT, reason=TEXT, committed_at=TIME
)
PUBLISHED = _schema(  # what organisations stated, by vintage; never part of a computed figure
    import_id=TEXT,
    entity=TEXT,
    fiscal_year=TEXT,
    metric=TEXT,
    scope=TEXT,
    vintage=TEXT,
    value=REAL,
    value_text=TEXT,
    unit=TEXT,
    source=TEXT,
    quote=TEXT,
    confidence=TEXT,
    note=TEXT,
    source_file=TEXT,
    source_row=INT,
)
PLANS = _schema(  # what planners promise; the row is the commit of its lines
    ordinal=WHOLE,
    plan_id=TEXT,
    domain=TEXT,
    title=TEXT,
    objective=REAL,
    bound=REAL,
    unit=TEXT,
    seed=WHOLE,
    stop=TEXT,
    cost=REAL,
    currency=TEXT,
    gwp_set=TEXT,
    boundary=TEXT,
    facts=TEXT,  # what the domain tells of it, as JSON
    committed_at=TIME,
)
PLAN_LINES = _schema(  # both sides of a plan, valued; a book of their own, added to no other
    plan_id=TEXT,
    side=TEXT,  # baseline or proposed
    book=TEXT,  # inventory: the part inside the boundary; avoided: the rest
    kind=TEXT,
    item=TEXT,
    site=TEXT,
    month=TEXT,
    quantity=REAL,
    unit=TEXT,
    scope=TEXT,
    category=TEXT,
    view=TEXT,
    method=TEXT,
    factor_id=TEXT,
    co2e_mg=WHOLE,
)
FORECASTS = _schema(  # what was expected; the row is the commit of its lines
    ordinal=WHOLE,
    forecast_id=TEXT,
    site=TEXT,
    meter=TEXT,
    kind=TEXT,
    issued_at=TIME,
    period_start=TIME,
    period_end=TIME,
    component=TEXT,
    parameters=TEXT,  # as JSON
    data_version=TEXT,
    gwp_set=TEXT,
    boundary=TEXT,
    committed_at=TIME,
)
FORECAST_LINES = _schema(  # activities of basis forecast: by step as amounts, by day valued; never in an inventory
    forecast_id=TEXT,
    level=TEXT,  # mean, or a quantile such as p90
    kind=TEXT,
    site=TEXT,
    meter=TEXT,
    month=TEXT,
    period_start=TIME,
    period_end=TIME,
    quantity=REAL,
    unit=TEXT,
    basis=TEXT,
    scope=TEXT,
    view=TEXT,  # empty for a step, which is not valued
    method=TEXT,
    factor_id=TEXT,
    co2e_mg=WHOLE,
)
SIGNOFFS = (
    _schema(  # who took which step over which run; the latest run with a lock is what its year says
        ordinal=WHOLE,
        fiscal_year=TEXT,
        run_id=TEXT,
        step=TEXT,
        person=TEXT,
        note=TEXT,
        figures=TEXT,  # what assurance covers, joined with commas
        committed_at=TIME,
    )
)
EVIDENCE = _schema(sha256=TEXT, name=TEXT, import_id=TEXT, source_row=INT, committed_at=TIME)

TABLES: dict[str, pa.Schema] = {
    "activities": ACTIVITIES,
    "totals": TOTALS,
    "instruments": INSTRUMENTS,
    "quarantine": QUARANTINE,
    "findings": FINDINGS,
    "mends": MENDS,
    "imports": IMPORTS,
    "factors": FACTORS,
    "runs": RUNS,
    "resolutions": RESOLUTIONS,
    "allocations": ALLOCATIONS,
    "entries": ENTRIES,
    "rollups": ROLLUPS,
    "publications": PUBLICATIONS,
    "evidence": EVIDENCE,
    "plans": PLANS,
    "plan_lines": PLAN_LINES,
    "forecasts": FORECASTS,
    "forecast_lines": FORECAST_LINES,
    "published": PUBLISHED,
    "signoffs": SIGNOFFS,
}
PARTITIONED = {
    name
    for name, schema in TABLES.items()
    if "fiscal_year" in schema.names
    and name not in ("runs", "publications", "published", "signoffs")
}
WRITERS = {
    "activities": "import_id", "totals": "import_id", "instruments": "import_id", "quarantine": "import_id",
    "findings": "origin", "mends": "import_id", "factors": "import_id", "published": "import_id", "evidence": "import_id",
    "entries": "run_id", "resolutions": "run_id", "rollups": "run_id", "allocations": "run_id",
    "plan_lines": "plan_id", "forecast_lines": "forecast_id",
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
