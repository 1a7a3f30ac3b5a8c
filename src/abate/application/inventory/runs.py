"""A run: from distinct needs to posted entries and rollups.

Distinct needs are resolved once into a small table, activities are joined with it, and the engine
itself writes the entries to disk. Nothing here loops over rows, and memory is bounded by the
engine's limit. A run goes on from an earlier one of its year: entries of unchanged imports under
unchanged resolutions stand, and are not valued again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from abate.adapters.engine.embedded import Embedded, Engine, statement
from abate.adapters.store.delta import RUNNING, counted, literal
from abate.adapters.store.findings import finding_of, finding_row
from abate.adapters.store.imports import live_imports, live_views
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import FIGURES, KINDS, METHODS
from abate.application.inventory.certificates import claimed_lots, instruments, stated_factors
from abate.application.inventory.inputs import (
    Inputs,
    config_json,
    ensure_default_factors,
    factor_imports,
    load_factors,
    read_terms,
)
from abate.application.inventory.totals import keep_totals
from abate.energy.facts.lots import RETIRED
from abate.kernel.allocation import (
    HOURLY,
    MATCHINGS,
    MONTHLY,
    Allocation,
    Instrument,
    Load,
    allocate,
)
from abate.kernel.checks import UNASSESSED
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.factor import Factor
from abate.kernel.finding import Finding
from abate.kernel.kind import item_id
from abate.kernel.matching import FactorBook
from abate.kernel.organisation import Organisation
from abate.kernel.period import parse_fiscal_year
from abate.kernel.region import markets_of
from abate.kernel.resolution import (
    FOUND,
    KEY,
    NO_HOURS,
    PLACED,
    ActivityKey,
    Resolutions,
    Resolver,
    Terms,
    unused_findings,
)
from abate.kernel.tables import FindingRow, ImportRow, RunRow
from abate.kernel.uncertainty import ACTIVITY_SPREAD_95, relative_deviation
from abate.operations.facts import CATEGORIES

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

CHAIN_MAX = 400
"""Runs that one may go on from, one after the other: one a day, and some. Then the year is valued
again.
"""
FRESH_SHARE_MAX = 0.5
"""Share of resolutions that may be new; beyond it the year is valued again."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run posted.

    Args:
        run_id: Its id.
        fiscal_year: The year it values.
        entry_count: Its entries.
        activity_count: Activities in the year.
        findings: What it found.
        unchanged: Whether a run of the same inputs stands already, and was not posted again.
        posted_count: Entries that were valued and posted now; the others stand since an earlier
            run.
    """

    run_id: str
    fiscal_year: str
    entry_count: int
    activity_count: int
    findings: tuple[Finding, ...]
    unchanged: bool = False
    posted_count: int = 0


def run_year(
    workspace: Workspace,
    fiscal_year: str,
    *,
    now: datetime,
    gwp_set: str = "",
    boundary: str = "",
    as_of: date | None = None,
    structure: str = "",
    matching: str = "",
    engine: str = "",
    anew: bool = False,
    on_step: Callable[[str], None] = lambda _: None,
) -> RunResult:
    """Value a fiscal year and post its entries; a run of the same inputs is not posted twice.

    It values what is there when it starts; imports may go on while it does.

    Args:
        workspace: Whose activities.
        fiscal_year: Such as FY2024.
        now: Present moment, recorded with the run.
        gwp_set: AR4, AR5 or AR6; empty takes the workspace's.
        boundary: Consolidation approach; empty takes the workspace's.
        as_of: Factors published later are passed over.
        structure: A later year, on whose structure of entities and sites the year is valued: a
            restated base year.
        matching: How certificates meet load in the market-based view: `monthly` or `hourly`; empty
            takes the workspace's. A run of another one counts once it is published.
        engine: Master of a Spark cluster, such as `spark://host:7077` or `sc://host:15002`, or
            `embedded`; empty takes the workspace's.
        anew: Value every activity, also those whose entries an earlier run has posted.
        on_step: Told what is being done.

    Raises:
        UsageError: `bad-year`, `unknown-gwp-set`, `unknown-boundary`, `unknown-matching`,
            `unknown-engine`.
        NotFoundError: `no-activities`.
        EngineError: `no-cluster`, `engine-failed`: nothing is posted then.
        DataError: `workspace-busy` where another run goes on for a minute.
    """
    fiscal_year = f"FY{parse_fiscal_year(fiscal_year):04d}"
    if matching and matching not in MATCHINGS:
        text = f"'{matching}' is no way of matching."
        raise UsageError("unknown-matching", text, f"Choose one of {', '.join(MATCHINGS)}.")
    if matching:
        workspace = replace(workspace, matching=matching)
    terms = read_terms(workspace, gwp_set, boundary, as_of, structure)
    ensure_default_factors(workspace, now)
    store = workspace.store
    with store.lock(RUNNING), opened(workspace, engine) as (local, big):
        with store.lock():
            on_step("reading")
            inputs = _read(local, big, workspace, fiscal_year, terms)
            last = _latest(workspace, inputs)
            if last and last.inputs_hash == inputs.hash and not anew:
                return _unchanged(workspace, last)
            run_id = _free_run_id(workspace, inputs)
            on_step("matching")
            matched = match(local.con, workspace, inputs, settle=True)
            base = None if anew else _base(workspace, inputs)
            plan = _number(local.con, workspace, matched, run_id, inputs, base)
        on_step("posting")
        return _post(local, big, workspace, inputs, run_id, matched, plan, now)


@contextmanager
def opened(workspace: Workspace, engine: str = "") -> Iterator[tuple[Embedded, Engine]]:
    """The embedded engine for small tables, and the one for large ones.

    The same, unless a cluster is named.

    Raises:
        UsageError: `unknown-engine`.
        EngineError: `no-cluster`.
    """
    master = engine or workspace.limits.master
    local = Embedded(workspace.store)
    try:
        if master in ("", "embedded"):
            yield local, local
            return
        from abate.adapters.engine.spark import Cluster

        big = Cluster(workspace.store, master)
        try:
            yield local, big
        finally:
            big.close()
    finally:
        local.close()


def add_up(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Total the year's activities.

    What is to be resolved, loaded and rolled up follows from these rows.
    """
    con.execute(f"create or replace temp table totals_of_imports as select * from {source}")
    con.execute("""
        create or replace temp table year_totals as
        select kind, item, site, building, month, basis, unit, region, party,
               sum(quantity_micro)::decimal(38, 0) as quantity_micro, sum(row_count)::bigint as row_count
        from totals_of_imports group by all
    """)


def _read(
    local: Embedded, big: Engine, workspace: Workspace, fiscal_year: str, terms: Terms
) -> Inputs:
    """What decides the run, as it is now, with the tables that matching and posting ask."""
    con, imports = local.con, live_imports(workspace)
    live_views(con, workspace, imports)
    keep_totals(local, big, [r.import_id for r in imports])
    local.know("import_totals", "totals")
    add_up(
        con,
        "import_totals semi join live_imports using (import_id) where fiscal_year ="
        f" {literal(fiscal_year)}",
    )
    used = _imports_used(con, fiscal_year, imports)
    if not used:
        raise NotFoundError(
            "no-activities", f"No activities in {fiscal_year}.", "Import some with 'abate add'."
        )
    factor_ids = tuple(factor_imports(workspace))
    return Inputs(
        fiscal_year,
        used,
        workspace.organisation,
        config_json(workspace),
        load_factors(workspace, factor_ids),
        factor_ids,
        terms,
        workspace.calendar,
    )


def _free_run_id(workspace: Workspace, inputs: Inputs) -> str:
    """An id that no run has, nor one that was killed before its commit."""
    taken = workspace.store.taken()
    k = 0
    while True:
        run_id = (
            f"{inputs.fiscal_year}-{hashlib.sha256(f'{inputs.hash}/{k}'.encode()).hexdigest()[:10]}"
        )
        if run_id not in taken:
            return run_id
        k += 1


def _imports_used(
    con: duckdb.DuckDBPyConnection, fiscal_year: str, imports: Sequence[ImportRow]
) -> tuple[tuple[str, str], ...]:
    hashes = {r.import_id: r.sha256 for r in imports}
    claims = f"{RETIRED}{fiscal_year}/"
    ids = con.execute(
        "select distinct import_id from totals_of_imports union "
        f"select import_id from live_instruments where retired_for = {literal(fiscal_year)} union"
        f" select import_id from live_lots where starts_with(target, {literal(claims)})"
    ).fetchall()
    return tuple(sorted((row[0], hashes[row[0]]) for row in ids))


def _unchanged(workspace: Workspace, row: RunRow) -> RunResult:
    found = tuple(
        finding_of(f) for f in workspace.store.records(FindingRow) if f.origin == row.run_id
    )
    return RunResult(
        row.run_id,
        row.fiscal_year,
        row.entry_count,
        row.activity_count,
        found,
        unchanged=True,
    )


@dataclass(frozen=True, slots=True)
class Matched:
    """What a run's needs come to.

    Columns that tell them apart, resolution rows, allocations, findings.
    """

    key: tuple[str, ...]
    rows: Resolutions
    allocations: list[dict[str, Any]]
    findings: list[Finding]


def match(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, inputs: Inputs, *, settle: bool
) -> Matched:
    """Resolve the distinct needs of `year_totals`, each once, whatever the number of activities behind it."""
    kinds = ", ".join(literal(k) for k in sorted({k for m in METHODS for k in m.card.kinds}))
    keys = [
        ActivityKey(*row)
        for row in con.execute(
            f"select distinct {', '.join(KEY)} from year_totals where kind in ({kinds})"
        ).fetchall()
    ]
    held, findings = instruments(con, workspace, inputs.fiscal_year, settle=settle)
    if inputs.terms.matching == HOURLY:
        findings += [Finding.of(NO_HOURS, f"'{i.id}' does not say in which hours.") for i in held]
        held = []
        by_month = claimed_lots(con, workspace, inputs.fiscal_year, MONTHLY)[0]
        by_hour = {i.id for i in claimed_lots(con, workspace, inputs.fiscal_year, HOURLY)[0]}
        findings += [
            Finding.of(NO_HOURS, f"'{i.id}' were claimed by the month.")
            for i in by_month
            if i.id not in by_hour
        ]
    lots, claims = claimed_lots(con, workspace, inputs.fiscal_year, inputs.terms.matching)
    loads = _loads(con, inputs.organisation, inputs.terms)
    matched, unused = allocate(held, loads, claims)
    held += lots
    findings += unused_findings(unused)
    loads_wh = {(load.site, load.month): load.amount_wh for load in loads}
    book = FactorBook([*map(_supplied, inputs.factors), *stated_factors(held)])
    resolver = Resolver(book, inputs.organisation, METHODS, inputs.terms)
    rows, remarks = resolver.resolve(keys, held, matched, loads_wh)
    remarks += _unassessed(rows, inputs.terms)
    return Matched(
        key_of(keys),
        rows,
        _allocation_rows(matched, held, loads_wh, inputs.fiscal_year),
        findings + remarks,
    )


def _unassessed(rows: Resolutions, terms: Terms) -> list[Finding]:
    """A finding for categories with neither data nor a reason.

    Where the value chain is looked at at all.
    """
    there = {
        category for scope, category in rows.shared("scope", "category") if scope == "3"
    } | set(terms.excluded)
    if there <= {"3"}:
        return []
    gone = [f"{k} ({title.lower()})" for k, title in CATEGORIES.items() if k not in there]
    return (
        [Finding.of(UNASSESSED, f"No data and no reason: categories {', '.join(gone)}.")]
        if gone
        else []
    )


def resolution_block(rows: Resolutions) -> pa.Table:
    """Resolution rows as a table; texts that rows share are dictionaries."""
    import pyarrow as pa

    from abate.kernel.tables import TABLES

    schema = TABLES["resolutions"]
    columns = {"resolution": pa.array(range(len(rows)), schema.field("resolution").type)}
    needs, found = zip(*rows.pairs, strict=True) if rows.pairs else ((), ())
    for names, cells, places in ((PLACED, rows.needs, needs), (FOUND, rows.found, found)):
        taken, by_column = (
            pa.array(places, pa.int64()),
            list(zip(*cells, strict=True)) or [()] * len(names),
        )
        for name, some in zip(names, by_column, strict=True):
            known = schema.field(name).type
            shared = names is FOUND and pa.types.is_string(known)
            columns[name] = pa.array(
                some, pa.dictionary(pa.int32(), known) if shared else known
            ).take(taken)
    return pa.table(columns)


ENUMERATED = (
    "method", "instrument", "factor_id", "species", "book", "scope", "category", "view", "org", "approach", "tier",
    "spread_kind", "quality", "why",
)  # fmt: skip
"""Texts of the resolutions that repeat and that activities are not joined by; entries carry most of
them over.
"""


def register_resolutions(
    con: duckdb.DuckDBPyConnection, rows: Resolutions, run_id: str, fiscal_year: str
) -> None:
    """Make the resolution table of a run known to the embedded engine as `year_resolutions`.

    Texts that repeat are enumerated once here: written a hundred million times as numbers into
    Parquet's dictionaries, instead of being hashed each time, they cost a third.
    """
    con.register("resolutions_block", resolution_block(rows))
    for name in ENUMERATED:  # in the order of the texts, so that rows sort as they would by them
        con.execute(
            f"create or replace type of_{name} as enum (select distinct {name} from"
            " resolutions_block order by 1)"
        )
    enumerated = ", ".join(f"{name}::of_{name} as {name}" for name in ENUMERATED)
    con.execute(
        f"create or replace temp table year_resolutions as select '{run_id}' as run_id, * replace"
        f" ({enumerated}), '{fiscal_year}' as fiscal_year from resolutions_block"
    )
    con.unregister("resolutions_block")


@dataclass(frozen=True, slots=True)
class Continuation:
    """What a run goes on from, and what is left to value.

    Args:
        base: The run it goes on from; None where the year is valued again.
        kept_max: Largest ordinal of the chain so far: those beyond it are new.
        added: Imports that the base has not.
        kept: Imports that both have.
        again: Whether activities of kept imports are to be valued under new resolutions.
    """

    base: RunRow | None = None
    kept_max: int = -1
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    again: bool = False

    def chain(self, run_id: str) -> list[str]:
        """Runs whose entries count."""
        return [*(self.base.chained if self.base else []), run_id]


def _latest(workspace: Workspace, inputs: Inputs) -> RunRow | None:
    """The latest run of the year, on the same structure."""
    of_year = [
        r
        for r in workspace.store.records(RunRow)
        if (r.fiscal_year, r.structure) == (inputs.fiscal_year, inputs.structure)
    ]
    return max(of_year, key=lambda r: r.ordinal, default=None)


def _base(workspace: Workspace, inputs: Inputs) -> RunRow | None:
    """The latest run of the year on the same terms, if one may go on from it."""
    terms = (
        inputs.fiscal_year,
        inputs.terms.gwp_set,
        inputs.terms.boundary.value,
        inputs.structure,
    )
    same = [
        r
        for r in workspace.store.records(RunRow)
        if (r.fiscal_year, r.gwp_set, r.boundary, r.structure) == terms
    ]
    last = max(same, key=lambda r: r.ordinal, default=None)
    return last if last and last.chain and len(last.chained) < CHAIN_MAX else None


def _number(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    matched: Matched,
    run_id: str,
    inputs: Inputs,
    base: RunRow | None,
) -> Continuation:
    """Make `year_resolutions`: a row that the base has keeps its ordinal there.

    And with it the entries posted under it.

    A need of which the base has activities that no longer count is new as a whole, so that all its
    entries are posted again and none of the old ones stands.
    """
    register_resolutions(con, matched.rows, run_id, inputs.fiscal_year)
    if base is None:
        return Continuation()
    before, present = {i for i, _ in json.loads(base.imports)}, {i for i, _ in inputs.imports}
    kept = before & present
    year, key = literal(inputs.fiscal_year), ", ".join(KEY)
    for name, ids in (("gone_imports", before - present), ("kept_imports", kept)):
        con.execute(
            f"create or replace temp table {name} as "
            f"select unnest([{', '.join(map(literal, sorted(ids)))}]::varchar[]) as import_id"
        )
    con.execute(
        f"create or replace temp table gone_needs as select distinct {key} from import_totals "
        f"semi join gone_imports using (import_id) where fiscal_year = {year}"
    )
    named = (*KEY, "method", "part", "species")
    same = " and ".join(
        f"b.{c} is not distinct from n.{c}" for c in (*PLACED, *FOUND) if c not in ("why", *named)
    )
    chain = base.chained
    con.execute(f"""
        create or replace temp view chain_resolutions as select * from {workspace.store.source("resolutions", chain)}
        where run_id in ({", ".join(map(literal, chain))})
    """)
    con.execute(
        "create or replace temp table base_resolutions as "
        f"select * from chain_resolutions where run_id = {literal(base.run_id)}"
    )
    top = counted(
        con, "select coalesce(max(resolution), -1) from chain_resolutions"
    )  # of all: no ordinal serves twice
    con.execute(f"""
        create or replace temp table numbered_resolutions as
        select n.* replace (coalesce(b.resolution, {top} + row_number() over (partition by b.resolution is null
                                                                              order by n.resolution))::integer as resolution)
        from year_resolutions n
        left join (select * from base_resolutions anti join gone_needs using ({key})) b
             on {" and ".join(f"b.{c} = n.{c}" for c in named)} and {same}
    """)
    fresh = counted(con, f"select count(*) from numbered_resolutions where resolution > {top}")
    if fresh > FRESH_SHARE_MAX * len(matched.rows):
        return Continuation()
    con.execute(
        "create or replace temp table year_resolutions as select * from numbered_resolutions"
    )
    again = counted(
        con,
        f"""
        select count(*) from (select distinct {key} from year_resolutions where resolution > {top}) semi join
        (select * from import_totals semi join kept_imports using (import_id) where fiscal_year = {year}) using ({key})
    """,
    )
    return Continuation(base, top, tuple(sorted(present - before)), tuple(sorted(kept)), again > 0)


def _supplied(factor: Factor) -> Factor:
    """A supplier's factor under the names that activities have.

    `ACME/Carton X200` is `acme/carton-x200`.
    """
    if factor.kind != "supplier" or "/" not in factor.item:
        return factor
    party, product = factor.item.split("/", 1)
    return replace(factor, item=f"{item_id(party)}/{KINDS['purchased-goods'].item_named(product)}")


def key_of(keys: Sequence[ActivityKey]) -> tuple[str, ...]:
    """Columns by which activities are joined.

    Those that say nothing anywhere are left out, which is faster.
    """
    silent = {name for name in ("region", "party") if not any(getattr(k, name) for k in keys)}
    return tuple(name for name in KEY if name not in silent)


def entries(
    run_id: str,
    methods_used: set[str],
    fiscal_year: str,
    going: Continuation = Continuation(),
    key: Sequence[str] = KEY,
) -> Any:
    """The expression that values what a run is to post.

    Compiled from the methods' own, for any engine.
    """
    import ibis

    from abate.kernel import valuation

    used = [m for m in METHODS if m.card.name in methods_used] or list(METHODS)
    known = valuation.resolutions("year_resolutions")

    def valued(activities: str, imports: str, resolutions: Any) -> Any:
        wanted = ibis.table({"import_id": "string"}, name=imports)
        rows = valuation.activities(activities, fiscal_year).semi_join(wanted, "import_id")
        return valuation.value(rows, resolutions, used, run_id=run_id, key=key)

    if going.base is None:
        return valued("all_activities", "all_imports", known)
    added = valued("added_activities", "added_imports", known)
    if not going.again:
        return added
    fresh = known.filter(known["resolution"] > going.kept_max)
    return ibis.union(added, valued("kept_activities", "kept_imports", fresh))


def entries_sql(
    run_id: str,
    methods_used: set[str],
    *,
    key: Sequence[str] = KEY,
    book: str = "",
    source: str = "year_activities",
) -> str:
    """The embedded engine's statement that values a small table of activities, such as a side of a plan."""
    import ibis

    from abate.kernel import valuation

    activities = ibis.table(
        {
            "activity_id": "int64",
            "kind": "string",
            "item": "string",
            "site": "string",
            "month": "string",
            "unit": "string",
            "region": "string",
            "party": "string",
            "quantity": "float64",
            "deviation": "float64",
            "basis": "string",
            "fiscal_year": "string",
        },
        name=source,
    )
    used = [m for m in METHODS if m.card.name in methods_used] or list(METHODS)
    resolved = valuation.resolutions("year_resolutions")
    return statement(valuation.value(activities, resolved, used, run_id=run_id, key=key, book=book))


def _loads(con: duckdb.DuckDBPyConnection, organisation: Organisation, terms: Terms) -> list[Load]:
    """Electricity of each site and month in whole watt-hours, where any of it counts."""
    rows = con.execute(
        "select site, month, ((sum(quantity_micro) + 500) // 1000)::bigint from year_totals "
        "where kind = 'electricity' group by all order by all"
    ).fetchall()
    regions = {s.id: markets_of(s.region) for s in organisation.sites}
    return [
        Load(site, month, regions.get(site, ()), wh)
        for site, month, wh in rows
        if wh > 0 and terms.share(organisation, site, month) > 0
    ]


def _allocation_rows(
    matched: list[Allocation],
    instruments: list[Instrument],
    loads_wh: dict[tuple[str, str], int],
    fiscal_year: str,
) -> list[dict[str, Any]]:
    tiers = {i.id: i.tier for i in instruments}
    return [
        {
            "instrument": a.instrument,
            "tier": tiers[a.instrument],
            "site": a.site,
            "month": a.month,
            "amount_wh": a.amount_wh,
            "load_wh": loads_wh[a.site, a.month],
            "fiscal_year": fiscal_year,
        }
        for a in matched
    ]


def _post(
    local: Embedded,
    big: Engine,
    workspace: Workspace,
    inputs: Inputs,
    run_id: str,
    matched: Matched,
    going: Continuation,
    now: datetime,
) -> RunResult:
    """Write resolutions, entries, allocations, rollups and findings.

    The run's own row comes last and commits them.
    """
    import pyarrow as pa

    store, con, year = workspace.store, local.con, inputs.fiscal_year
    store.append_query("resolutions", con, "from year_resolutions", run_id, year, few=True)
    tables = value_tables(big, inputs, going)
    if big is not local:
        big.know("year_resolutions", "resolutions", {run_id})
    posted_count = 0
    if tables:
        posted_count = big.append(
            "entries",
            entries(run_id, matched.rows.methods, year, going, matched.key),
            run_id,
            year,
        )
    if matched.allocations:
        local.given("new_allocations", pa.Table.from_pylist(matched.allocations))
        told = f"select *, {literal(run_id)} as run_id from new_allocations"
        store.append_query("allocations", con, told, run_id, year, few=True)
    entry_count = _roll_up(local, big, workspace, inputs, run_id, going)
    activity_count = counted(con, "select coalesce(sum(row_count), 0)::bigint from year_totals")
    row = RunRow(
        ordinal=len(store.records(RunRow)),
        run_id=run_id,
        fiscal_year=inputs.fiscal_year,
        gwp_set=inputs.terms.gwp_set,
        boundary=inputs.terms.boundary.value,
        as_of=str(inputs.terms.as_of or ""),
        structure=inputs.structure,
        imports=json.dumps(inputs.imports),
        config=inputs.config,
        methods=inputs.methods,
        factor_imports=json.dumps(inputs.factor_imports),
        factor_hash=inputs.factor_hash,
        inputs_hash=inputs.hash,
        chain=json.dumps(going.chain(run_id)),
        entry_count=entry_count,
        activity_count=activity_count,
        committed_at=now,
    )
    with store.lock(patient=True):
        store.add(*(finding_row(f, run_id) for f in matched.findings))
        store.add(row)
    return RunResult(
        run_id,
        inputs.fiscal_year,
        entry_count,
        activity_count,
        tuple(matched.findings),
        posted_count=posted_count,
    )


def value_tables(engine: Engine, inputs: Inputs, going: Continuation = Continuation()) -> bool:
    """Make the activities that are to be valued known to an engine; false where there are none."""
    import pyarrow as pa

    every = {"all": tuple(i for i, _ in inputs.imports)}
    if going.base is not None:
        every = {"added": going.added, **({"kept": going.kept} if going.again else {})}
    for name, imports in every.items():
        engine.know(f"{name}_activities", "activities", imports)
        engine.given(f"{name}_imports", pa.table({"import_id": pa.array(imports, pa.string())}))
    return any(every.values())


def _roll_up(
    local: Embedded,
    big: Engine,
    workspace: Workspace,
    inputs: Inputs,
    run_id: str,
    going: Continuation,
) -> int:
    """Totals by every dimension that figures ask for, from the entries as posted and the activities they value.

    Returns:
        Number of the run's entries.
    """
    from abate.kernel import valuation

    con, store = local.con, workspace.store
    _register_places(con, inputs)
    deviations = {
        basis: relative_deviation("normal", spread) for basis, spread in ACTIVITY_SPREAD_95.items()
    }
    big.know("posted_entries", "entries", {run_id})
    local.given(
        "new_sums", big.take(valuation.sums("posted_entries", big.whole_sum, deviations=deviations))
    )
    columns = "resolution, basis, co2e_mg, mass_mg, quantity_micro, square, row_count"
    parts = f"select {columns} from new_sums"
    if going.base is not None:
        parts += f""" union all select {columns} from {store.source("rollups", {going.base.run_id})}
            where run_id = {literal(going.base.run_id)} and source = 'entry'
            and resolution in (select resolution from year_resolutions)"""
    con.execute(
        f"""
        create or replace temp table year_sums as
        select resolution, basis, sum(co2e_mg) as co2e_mg, sum(mass_mg) as mass_mg, sum(quantity_micro) as quantity_micro,
               sum(square) as square, sum(row_count)::bigint as row_count from ({parts}) group by all"""
    )
    of_entries = f"""
        select '{run_id}' as run_id, 'entry' as source, r.resolution, r.book, r.kind, r.item, r.party, r.region, r.scope,
               r.category, r.view, r.species, r.method, r.approach, r.factor_id,
               case when r.instrument <> '' then 'yes' else 'no' end as matched, r.org, r.site, '' as building, r.month,
               e.basis, r.unit, e.co2e_mg::decimal(38, 0) as co2e_mg, e.mass_mg::decimal(38, 0) as mass_mg,
               e.quantity_micro::decimal(38, 0) as quantity_micro, r.boundary_share, r.spread_kind, r.spread_95, e.square,
               r.quality, e.row_count, '{inputs.fiscal_year}' as fiscal_year
        from year_sums e join year_resolutions r using (resolution)"""
    shown = {
        v
        for f in FIGURES.values()
        if f.total
        for c, values in f.total.where
        if c == "kind"
        for v in values
    }
    added = ", ".join(literal(k.id) for k in KINDS.values() if k.id in shown)
    averaged = ", ".join(literal(k.id) for k in KINDS.values() if not k.cumulative)
    of_activities = f"""
        select '{run_id}' as run_id, 'activity' as source, null::integer as resolution, 'inventory' as book, kind, item,
               '' as party, '' as region, '' as scope, '' as category, '' as view, '' as species, '' as method,
               '' as approach, '' as factor_id,
               'no' as matched, coalesce(p.org, '') as org, site, building,
               month, basis, unit, null::decimal(38, 0) as co2e_mg, null::decimal(38, 0) as mass_mg,
               sum((quantity_micro::hugeint * coalesce(p.share_e9, 0) + 500000000) // 1000000000)::decimal(38, 0) as quantity_micro,
               null::double as boundary_share, '' as spread_kind, null::double as spread_95, null::double as square,
               '' as quality, sum(row_count)::bigint as row_count, '{inputs.fiscal_year}' as fiscal_year
        from (select * from year_totals
              qualify kind not in ({averaged}) or month = max(month) over (partition by kind, site)) t
        left join places p using (site, month) where kind in ({added}) group by all"""
    store.append_query(
        "rollups",
        con,
        f"{of_entries} union all {of_activities}",
        run_id,
        inputs.fiscal_year,
        few=True,
    )
    return counted(con, "select coalesce(sum(row_count), 0)::bigint from year_sums")


def _register_places(con: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """Business and boundary share, in billionths, of each place and month."""
    rows = [
        {
            "site": site,
            "month": month,
            "org": inputs.organisation.business_of(site),
            "share_e9": round(inputs.terms.share(inputs.organisation, site, month) * 10**9),
        }
        for site, month in con.execute("select distinct site, month from year_totals").fetchall()
    ]
    import pyarrow as pa

    con.register("places_block", pa.Table.from_pylist(rows))
    con.execute("create or replace temp table places as select * from places_block")
    con.unregister("places_block")
