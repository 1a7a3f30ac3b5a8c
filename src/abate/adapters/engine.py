"""The embedded engine: a run from distinct needs to posted entries and rollups, and its verification.

Distinct keys are resolved once into a small table, activities are joined with it, and the engine itself writes the
entries to disk. Nothing here loops over rows, and memory is bounded by the engine's limit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from abate.adapters.files.importing import commit_import, free_id, live_imports, live_views
from abate.adapters.registry import KINDS, METHODS, default_factors
from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.transfers import open_transfers
from abate.adapters.store.workspace import Workspace, file_hash, read_config
from abate.kernel.allocation import Allocation, Instrument, Load, allocate
from abate.kernel.errors import IntegrityError, NotFoundError, UsageError
from abate.kernel.factor import Factor, Mass, Source, content_hash, factor_rows, factors_from_rows
from abate.kernel.figure import FIGURES
from abate.kernel.finding import Finding, Rule, Severity
from abate.kernel.kind import fold
from abate.kernel.matching import FactorBook
from abate.kernel.organisation import Boundary, Organisation
from abate.kernel.period import FiscalCalendar, month_start, parse_fiscal_year
from abate.kernel.region import region_chain
from abate.kernel.resolution import COLUMNS, KEY, Key, Resolver, Row, Terms, unused_findings
from abate.kernel.species import GWP_SETS
from abate.kernel.transfer import Transfer
from abate.kernel.uncertainty import ACTIVITY_SPREAD_95, Z_95, relative_deviation
from abate.operations.facts import CATEGORIES

if TYPE_CHECKING:
    import duckdb

CERTIFICATES = "certificate"
USED_TWICE = Rule(
    "certificate-used-twice",
    Severity.BLOCKER,
    "The same certificate is claimed twice",
    "Drop one of the two rows: a certificate is retired once.",
    705,
)


ACTIVITIES_SQL = f"""select *, case when spread_kind = 'lognormal' then sqrt(exp(pow(ln(spread_95) / {Z_95}, 2)) - 1)
    when spread_kind = 'normal' then spread_95 / {Z_95} end as deviation from live_activities"""
"""Activities with the relative standard deviation of those that state one (`uncertainty.relative_deviation`)."""


UNASSESSED = Rule(
    "category-unassessed",
    Severity.WARNING,
    "Categories of Scope 3 without data",
    "Import data, or say in [scope3.not_assessed] of abate.toml why they are left out; they count as missing, not as zero.",
    718,
)
RUN_RULES = (USED_TWICE, UNASSESSED)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run posted.

    Args:
        run_id: Its id.
        fiscal_year: The year it values.
        entry_count: Entries posted.
        activity_count: Activities in the year.
        findings: What it found.
        unchanged: Whether a run of the same inputs stands already, and was not posted again.
    """

    run_id: str
    fiscal_year: str
    entry_count: int
    activity_count: int
    findings: tuple[Finding, ...]
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that decides a run's entries.

    Args:
        fiscal_year: The year.
        imports: Id and content hash of each import with rows in it.
        organisation: Entities and sites.
        config: They as JSON.
        factors: The factor book's factors.
        factor_imports: Ids of the imports they came by.
        terms: GWP set, boundary, day, structure.
        calendar: Fiscal years.
    """

    fiscal_year: str
    imports: tuple[tuple[str, str], ...]
    organisation: Organisation
    config: str
    factors: tuple[Factor, ...]
    factor_imports: tuple[str, ...]
    terms: Terms
    calendar: FiscalCalendar

    @property
    def structure(self) -> str:
        """Year and rule whose structure counts, as a run keeps them; empty for the year's own."""
        if not self.terms.structure:
            return ""
        year = self.calendar.year_of(month_start(self.terms.structure[0]))
        return f"{year}/{'whole-year' if self.terms.whole_year else 'pro-rata'}"

    @property
    def factor_hash(self) -> str:
        """Hash of the factor book."""
        return content_hash(list(self.factors))

    @property
    def methods(self) -> str:
        """Names and versions of the methods, as JSON."""
        return json.dumps(sorted(m.card.name for m in METHODS))

    @property
    def hash(self) -> str:
        """Hash of all of it."""
        parts = [
            self.fiscal_year,
            self.imports,
            self.config,
            self.factor_hash,
            self.methods,
            self.terms.gwp_set,
            self.terms.boundary.value,
            str(self.terms.as_of),
            self.terms.structure,
            self.terms.whole_year,
        ]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def ensure_default_factors(workspace: Workspace, now: datetime) -> None:
    """Put the factors that ship with Abate into the ledger, so that a run can name them for good."""
    factors = list(default_factors())
    digest = content_hash(factors)
    with workspace.store.lock():
        live = [r for r in live_imports(workspace) if r["template"] == "factors-default"]
        if any(r["sha256"] == digest for r in live):
            return
        store_factors(workspace, factors, "factors that ship with Abate", "factors-default", digest, now)
        for r in live:
            reversal = f"{r['import_id']}-replaced-{digest[:8]}"
            commit_import(workspace, reversal, "reversal", now, reverses=r["import_id"], reason="a newer edition ships")


GATES = "/gates"
"""Ends the origin of findings about a publication: they are on record, and ask nothing of the workspace's own data."""


def store_factors(
    workspace: Workspace,
    factors: Sequence[Factor],
    name: str,
    template: str,
    digest: str,
    now: datetime,
    findings: Sequence[Finding] = (),
) -> str:
    """Append factors to the ledger as an import, and give its id. The caller holds the lock."""
    import_id = free_id(workspace, f"{template}/{digest}")
    rows = [{"import_id": import_id, **row} for factor in factors for row in factor_rows(factor)]
    workspace.store.append("factors", rows)
    workspace.store.append("findings", [_finding_row(f"{import_id}{GATES}", f) for f in findings])
    commit_import(
        workspace,
        import_id,
        template,
        now,
        file=name,
        sha256=digest,
        row_count=len(rows),
        accepted_count=len(factors),
    )
    return import_id


def load_factors(workspace: Workspace, imports: Sequence[str]) -> tuple[Factor, ...]:
    """Factors of the given imports; of two with one id, that of the later import."""
    with workspace.store.connect("factors") as con:
        listed = ", ".join(map(literal, imports))
        rows = fetch(con, f"select * from factors where list_contains([{listed}]::varchar[], import_id)")
    order = {import_id: k for k, import_id in enumerate(imports)}
    by_import: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_import.setdefault(row["import_id"], []).append(row)
    factors: dict[str, Factor] = {}
    for import_id in sorted(by_import, key=lambda i: order[i]):
        factors.update({f.id: f for f in factors_from_rows(by_import[import_id])})
    return tuple(factors[k] for k in sorted(factors))


def factor_imports(workspace: Workspace) -> list[str]:
    """Ids of the live imports that bring factors: those that ship first, then by age."""
    live = [r for r in live_imports(workspace) if r["template"].startswith("factors-")]
    return [r["import_id"] for r in sorted(live, key=lambda r: r["template"] != "factors-default")]


def run_year(
    workspace: Workspace,
    fiscal_year: str,
    *,
    now: datetime,
    gwp_set: str = "",
    boundary: str = "",
    as_of: date | None = None,
    structure: str = "",
    on_step: Callable[[str], None] = lambda _: None,
    memory_limit: str = "1GB",
) -> RunResult:
    """Value a fiscal year and post its entries; a run of the same inputs is not posted twice.

    Args:
        workspace: Whose activities.
        fiscal_year: Such as FY2024.
        now: Present moment, recorded with the run.
        gwp_set: AR4, AR5 or AR6; empty takes the workspace's.
        boundary: Consolidation approach; empty takes the workspace's.
        as_of: Factors published later are passed over.
        structure: A later year, on whose structure of entities and sites the year is valued: a restated base year.
        on_step: Told what is being done.
        memory_limit: The engine's bound, spilling beyond it.

    Raises:
        UsageError: `bad-year`, `unknown-gwp-set`, `unknown-boundary`.
        NotFoundError: `no-activities`.
    """
    fiscal_year = f"FY{parse_fiscal_year(fiscal_year):04d}"
    terms = read_terms(workspace, gwp_set, boundary, as_of, structure)
    ensure_default_factors(workspace, now)
    with workspace.store.lock(), workspace.store.connect(memory_limit=memory_limit) as con:
        on_step("reading")
        imports = live_imports(workspace)
        live_views(con, workspace, imports)
        con.execute(
            f"create or replace temp view year_activities as {ACTIVITIES_SQL} where fiscal_year = '{fiscal_year}'"
        )
        used = _imports_used(con, fiscal_year, imports)
        if not used:
            raise NotFoundError("no-activities", f"No activities in {fiscal_year}.", "Import some with 'abate add'.")
        factor_ids = tuple(factor_imports(workspace))
        inputs = Inputs(
            fiscal_year,
            used,
            workspace.organisation,
            config_json(workspace),
            load_factors(workspace, factor_ids),
            factor_ids,
            terms,
            workspace.calendar,
        )
        standing = [r for r in workspace.store.rows("runs") if r["inputs_hash"] == inputs.hash]
        if standing:
            return _unchanged(workspace, standing[0])
        run_id = _free_run_id(workspace, inputs)
        valuation = _value(con, workspace, inputs, run_id, settle_certificates=True, on_step=on_step)
        on_step("posting")
        return _post(con, workspace, inputs, run_id, valuation, now)


def _free_run_id(workspace: Workspace, inputs: Inputs) -> str:
    """An id that no run has, nor one that was killed before its commit."""
    taken = workspace.store.tags("entries") | workspace.store.tags("resolutions") | workspace.store.tags("rollups")
    taken |= {f["origin"] for f in workspace.store.rows("findings")}
    k = 0
    while True:
        run_id = f"{inputs.fiscal_year}-{hashlib.sha256(f'{inputs.hash}/{k}'.encode()).hexdigest()[:10]}"
        if run_id not in taken:
            return run_id
        k += 1


def read_terms(workspace: Workspace, gwp_set: str, boundary: str, as_of: date | None, structure: str = "") -> Terms:
    """A run's terms, from what was asked and the workspace's defaults.

    Raises:
        UsageError: `unknown-gwp-set`, `unknown-boundary`, `bad-year`.
    """
    chosen = (gwp_set or workspace.gwp_set).upper()
    if chosen not in GWP_SETS:
        raise UsageError("unknown-gwp-set", f"No GWP set '{gwp_set}'.", f"Choose one of {', '.join(GWP_SETS)}.")
    approach = boundary or workspace.boundary.value
    if approach not in {b.value for b in Boundary}:
        choices = ", ".join(b.value for b in Boundary)
        raise UsageError("unknown-boundary", f"No boundary '{boundary}'.", f"Choose one of {choices}.")
    year, _, named_rule = structure.partition("/")
    rule = named_rule or (workspace.base_year.rule if workspace.base_year else "whole-year")
    months = tuple(workspace.calendar.months(f"FY{parse_fiscal_year(year):04d}")) if structure else ()
    excluded = tuple(category for category, _ in workspace.not_assessed)
    return Terms(chosen, Boundary(approach), as_of, workspace.proxies, excluded, months, rule == "whole-year")


def config_json(workspace: Workspace) -> str:
    """The organisation as JSON, for a run to keep."""
    import tomllib

    data = tomllib.loads((workspace.root / "abate.toml").read_text(encoding="utf-8"))
    data.pop("targets", None)  # what is wanted decides no entry, nor does the weather
    data["sites"] = [{k: v for k, v in site.items() if k != "climate"} for site in data.get("sites", [])]
    return json.dumps(data, ensure_ascii=False, sort_keys=True, default=str)


def _imports_used(
    con: duckdb.DuckDBPyConnection, fiscal_year: str, imports: list[dict[str, Any]]
) -> tuple[tuple[str, str], ...]:
    hashes = {r["import_id"]: r["sha256"] for r in imports}
    ids = con.execute(
        "select distinct import_id from year_activities union "
        f"select import_id from live_instruments where retired_for = {literal(fiscal_year)}"
    ).fetchall()
    return tuple(sorted((row[0], hashes[row[0]]) for row in ids))


def _unchanged(workspace: Workspace, row: dict[str, Any]) -> RunResult:
    found = tuple(
        Finding(f["code"], Severity(f["severity"]), f["message"], f["hint"], site=f["site"], month=f["month"])
        for f in workspace.store.rows("findings")
        if f["origin"] == row["run_id"]
    )
    return RunResult(
        row["run_id"], row["fiscal_year"], row["entry_count"], row["activity_count"], found, unchanged=True
    )


@dataclass(frozen=True, slots=True)
class Valuation:
    """Allocations and findings of a run, and the statement that values its activities."""

    allocations: list[dict[str, Any]]
    findings: list[Finding]
    entries_sql: str


def _value(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    inputs: Inputs,
    run_id: str,
    *,
    settle_certificates: bool,
    on_step: Callable[[str], None] = lambda _: None,
) -> Valuation:
    """Resolve the distinct needs of `year_activities` and compile the statement that values them."""
    on_step("matching")
    _total(con)
    kinds = ", ".join(literal(k) for k in sorted({k for m in METHODS for k in m.card.kinds}))
    keys = [
        Key(*row)
        for row in con.execute(
            f"select distinct kind, item, site, month, unit, region, party from year_totals where kind in ({kinds})"
        ).fetchall()
    ]
    instruments, findings = _instruments(con, workspace, inputs.fiscal_year, settle=settle_certificates)
    loads = _loads(con, inputs.organisation, inputs.terms)
    matched, unused = allocate(instruments, loads)
    findings += unused_findings(unused)
    loads_wh = {(load.site, load.month): load.amount_wh for load in loads}
    book = FactorBook([*map(_supplied, inputs.factors), *_stated_factors(instruments)])
    resolver = Resolver(book, inputs.organisation, METHODS, inputs.terms)
    rows, remarks = resolver.resolve(keys, instruments, matched, loads_wh)
    remarks += _unassessed(rows, inputs.terms)
    register_resolutions(con, rows, run_id, inputs.fiscal_year)
    allocations = _allocation_rows(matched, instruments, loads_wh, run_id, inputs.fiscal_year)
    sql = entries_sql(run_id, methods_of(rows), key=key_of(keys))
    return Valuation(allocations, findings + remarks, sql)


def _unassessed(rows: list[Row], terms: Terms) -> list[Finding]:
    """A finding for categories with neither data nor a reason, where the value chain is looked at at all."""
    scope, category = COLUMNS.index("scope"), COLUMNS.index("category")
    there = {row[category] for row in rows if row[scope] == "3"} | set(terms.excluded)
    if there <= {"3"}:
        return []
    gone = [f"{k} ({title.lower()})" for k, title in CATEGORIES.items() if k not in there]
    return [Finding.of(UNASSESSED, f"No data and no reason: categories {', '.join(gone)}.")] if gone else []


def register_resolutions(con: duckdb.DuckDBPyConnection, rows: list[Row], run_id: str, fiscal_year: str) -> None:
    """Make the resolution table of a run known to the engine as `year_resolutions`."""
    import pyarrow as pa

    from abate.kernel.tables import RESOLUTIONS

    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(COLUMNS, ())
    types = {c: RESOLUTIONS.field(c).type for c in COLUMNS} | {"why": pa.dictionary(pa.int32(), pa.string())}
    block = pa.table({c: pa.array(v, types[c]) for c, v in columns.items()})
    con.register("resolutions_block", block)
    con.execute(
        f"create or replace temp table year_resolutions as select '{run_id}' as run_id, *, '{fiscal_year}' as fiscal_year "
        "from resolutions_block"
    )
    con.unregister("resolutions_block")


def methods_of(rows: list[Row]) -> set[str]:
    """Names of the methods that resolution rows name."""
    place = COLUMNS.index("method")
    return {row[place] for row in rows}


def _supplied(factor: Factor) -> Factor:
    """A supplier's factor under the names that activities have: `ACME/Carton X200` is `acme/carton-x200`."""
    if factor.kind != "supplier" or "/" not in factor.item:
        return factor
    party, product = factor.item.split("/", 1)
    return replace(factor, item=f"{fold(party)}/{KINDS['purchased-goods'].item_named(product)}")


def key_of(keys: Sequence[Key]) -> tuple[str, ...]:
    """Columns by which activities are joined: those that say nothing anywhere are left out, which is faster."""
    silent = {name for name in ("region", "party") if not any(getattr(k, name) for k in keys)}
    return tuple(name for name in KEY if name not in silent)


def entries_sql(
    run_id: str, methods_used: set[str], *, key: Sequence[str] = KEY, book: str = "", source: str = "year_activities"
) -> str:
    """The statement that values activities, compiled from the methods' expressions."""
    import ibis

    from abate.kernel.valuation import value

    activities = ibis.table(
        {
            "activity_id": "int64", "kind": "string", "item": "string", "site": "string", "month": "string",
            "unit": "string", "region": "string", "party": "string", "quantity": "float64", "deviation": "float64",
            "basis": "string", "fiscal_year": "string",
        },
        name=source,
    )  # fmt: skip
    resolutions = ibis.table(
        {
            "resolution": "int32", "kind": "string", "item": "string", "site": "string", "month": "string",
            "unit": "string", "region": "string", "party": "string", "method": "string", "book": "string",
            "part": "int32", "instrument": "string", "share": "float64", "ratio": "float64", "boundary_share": "float64", "org": "string", "scope": "string", "category": "string", "view": "string",
            "factor_id": "string", "species": "string", "mg_per_unit": "float64", "gwp": "float64",
        },
        name="year_resolutions",
    )  # fmt: skip
    used = [m for m in METHODS if m.card.name in methods_used] or list(METHODS)
    return str(ibis.to_sql(value(activities, resolutions, used, run_id=run_id, key=key, book=book), dialect="duckdb"))


def _instruments(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, fiscal_year: str, *, settle: bool
) -> tuple[list[Instrument], list[Finding]]:
    """Instruments retired for the year that the transfer ledger lets stand."""
    conflicts = settle_transfers(con, workspace) if settle else []
    refused = {serial for serial, _ in conflicts}
    rows = fetch(
        con, f"select * from live_instruments where retired_for = {literal(fiscal_year)} order by instrument_id"
    )
    seen: dict[str, Instrument] = {}
    for r in rows:
        if (r["instrument_id"], r["import_id"]) in conflicts or r["instrument_id"] in seen:
            continue
        seen[r["instrument_id"]] = Instrument(
            r["instrument_id"], r["tier"], r["technology"], r["market"], r["vintage_from"].date(),
            r["vintage_to"].date(), r["amount_wh"], r["site"], r["kg_co2_per_kwh"],
        )  # fmt: skip
    findings = [Finding.of(USED_TWICE, f"'{serial}' is claimed by two imports or years.") for serial in sorted(refused)]
    return list(seen.values()), findings


def settle_transfers(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> list[tuple[str, str]]:
    """Bring the ledger of certificates in line with the imports that count: issue, retire, reverse.

    Returns:
        Serial number and import of each claim that the ledger refuses, because another stands.
    """
    wanted: dict[str, tuple[str, str, int]] = {}
    conflicts: list[tuple[str, str]] = []
    for r in fetch(con, "select * from live_instruments order by instrument_id, retired_for, import_id"):
        claim = (r["import_id"], r["retired_for"], r["amount_wh"])
        if r["instrument_id"] in wanted:
            conflicts.append((r["instrument_id"], r["import_id"]))
        else:
            wanted[r["instrument_id"]] = claim
    ledger = open_transfers(workspace.root)
    try:
        standing = ledger.standing(CERTIFICATES)
        for serial, (reason, keys) in standing.items():
            if serial not in wanted or reason != "/".join(map(str, wanted[serial])):
                for key in reversed(keys):
                    ledger.reverse(CERTIFICATES, key, "no longer claimed")
        standing = ledger.standing(CERTIFICATES)
        posts, turns = [], ledger.turns(CERTIFICATES)
        for serial, claim in wanted.items():
            if serial not in standing and claim[2] > 0:
                turn, reason = turns.get(serial, 0), "/".join(map(str, claim))
                held = "held"
                posts.append(
                    Transfer(f"{serial}#{turn}/issue", CERTIFICATES, f"issuer:{serial}", held, claim[2], reason)
                )
                posts.append(Transfer(f"{serial}#{turn}/retire", CERTIFICATES, held, f"retired:{claim[1]}", claim[2], reason))  # fmt: skip
        ledger.post(posts)
    finally:
        ledger.close()
    return conflicts


def _stated_factors(instruments: Sequence[Instrument]) -> list[Factor]:
    """Factors that contracts and suppliers state themselves."""
    return [
        Factor(
            f"instrument/stated/{i.id}", "electricity-instrument", i.id, "world", "within", None, "direct",
            (Mass("CO2", repr(i.kg_co2_per_kwh), "kg/kWh"),), "",
            Source(f"{i.tier} {i.id}", "as stated by the contract or supplier", "1", i.vintage_from, "none needed"),
        )
        for i in instruments
        if i.kg_co2_per_kwh is not None
    ]  # fmt: skip


def _total(con: duckdb.DuckDBPyConnection) -> None:
    """Total the year's activities once: what is to be resolved, loaded and rolled up follows from these rows."""
    con.execute("""
        create or replace temp table year_totals as
        select kind, item, site, case when kind in ('facility-energy', 'it-energy', 'water') then meter else '' end as building,
               month, basis, unit, region, party, sum(floor(quantity * 1000000 + 0.5)::bigint) as quantity_micro,
               count(*) as row_count
        from year_activities group by all
    """)


def _loads(con: duckdb.DuckDBPyConnection, organisation: Organisation, terms: Terms) -> list[Load]:
    """Electricity of each site and month in whole watt-hours, where any of it counts."""
    rows = con.execute(
        "select site, month, ((sum(quantity_micro) + 500) // 1000)::bigint from year_totals "
        "where kind = 'electricity' group by all order by all"
    ).fetchall()
    regions = {s.id: region_chain(s.region) for s in organisation.sites}
    return [
        Load(site, month, regions.get(site, ()), wh)
        for site, month, wh in rows
        if wh > 0 and terms.share(organisation, site, month) > 0
    ]


def _allocation_rows(
    matched: list[Allocation],
    instruments: list[Instrument],
    loads_wh: dict[tuple[str, str], int],
    run_id: str,
    fiscal_year: str,
) -> list[dict[str, Any]]:
    tiers = {i.id: i.tier for i in instruments}
    return [
        {
            "run_id": run_id,
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
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    inputs: Inputs,
    run_id: str,
    valuation: Valuation,
    now: datetime,
) -> RunResult:
    """Write entries, resolutions, allocations, rollups and findings; the run's own row comes last and commits them."""
    store = workspace.store
    before = set(store.files("entries"))
    entry_count = store.append_query("entries", con, valuation.entries_sql, run_id, inputs.fiscal_year)
    store.append_query("resolutions", con, "select * from year_resolutions", run_id)
    store.append("allocations", valuation.allocations)
    posted = sorted(set(store.files("entries")) - before)
    _roll_up(con, workspace, inputs, run_id, posted)
    activity_count = _count(con, "select count(*) from year_activities")
    store.append("findings", [_finding_row(run_id, f) for f in valuation.findings])
    row = {
        "ordinal": len(store.rows("runs")),
        "run_id": run_id,
        "fiscal_year": inputs.fiscal_year,
        "gwp_set": inputs.terms.gwp_set,
        "boundary": inputs.terms.boundary.value,
        "as_of": str(inputs.terms.as_of or ""),
        "structure": inputs.structure,
        "imports": json.dumps(inputs.imports),
        "config": inputs.config,
        "methods": inputs.methods,
        "factor_imports": json.dumps(inputs.factor_imports),
        "factor_hash": inputs.factor_hash,
        "inputs_hash": inputs.hash,
        "entry_count": entry_count,
        "activity_count": activity_count,
        "committed_at": now,
    }
    store.append("runs", [row])
    return RunResult(run_id, inputs.fiscal_year, entry_count, activity_count, tuple(valuation.findings))


def _finding_row(origin: str, f: Finding) -> dict[str, Any]:
    return {
        "origin": origin, "code": f.code, "severity": f.severity.value, "message": f.message, "hint": f.hint,
        "file": f.file, "sheet": f.sheet, "row": f.row, "column": f.column, "site": f.site, "month": f.month,
    }  # fmt: skip


def _roll_up(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, inputs: Inputs, run_id: str, posted: list[str]
) -> None:
    """Totals by every dimension that figures ask for, from the entries as posted and the activities they value."""
    _register_places(con, inputs)
    listed = ", ".join(map(literal, posted))
    deviations = " ".join(
        f"when {literal(basis)} then {relative_deviation('normal', spread)!r}"
        for basis, spread in ACTIVITY_SPREAD_95.items()
    )
    entries = f"""
        select '{run_id}' as run_id, 'entry' as source, r.book, r.kind, r.item, r.party, r.region, r.scope, r.category, r.view,
               r.species, r.method, r.approach, r.factor_id, case when r.instrument <> '' then 'yes' else 'no' end as matched,
               r.org, r.site, '' as building, r.month, e.basis, r.unit, sum(e.co2e_mg)::decimal(38, 0) as co2e_mg,
               sum(e.mass_mg)::decimal(38, 0) as mass_mg, sum(e.quantity_micro)::decimal(38, 0) as quantity_micro,
               any_value(r.boundary_share) as boundary_share, r.spread_kind, r.spread_95, sum(e.square) as square, r.quality,
               sum(e.row_count)::bigint as row_count, '{inputs.fiscal_year}' as fiscal_year
        from (select resolution, basis, sum(co2e_mg) as co2e_mg, sum(mass_mg) as mass_mg,
                     sum(quantity_micro) as quantity_micro, count(*) as row_count,
                     sum(pow(co2e_mg::double * coalesce(deviation, case basis {deviations} end), 2)) as square
              from read_parquet([{listed}]) group by all) e join year_resolutions r using (resolution) group by all"""
    shown = {v for f in FIGURES.values() if f.total for c, values in f.total.where if c == "kind" for v in values}
    added = ", ".join(literal(k.id) for k in KINDS.values() if k.id in shown)
    averaged = ", ".join(literal(k.id) for k in KINDS.values() if not k.cumulative)
    activities = f"""
        select '{run_id}' as run_id, 'activity' as source, 'inventory' as book, kind, item, '' as party, '' as region,
               '' as scope, '' as category, '' as view, '' as species, '' as method, '' as approach, '' as factor_id,
               'no' as matched, coalesce(p.org, '') as org, site, building,
               month, basis, unit, null::decimal(38, 0) as co2e_mg, null::decimal(38, 0) as mass_mg,
               sum((quantity_micro * coalesce(p.share_e9, 0) + 500000000) // 1000000000)::decimal(38, 0) as quantity_micro,
               null::double as boundary_share, '' as spread_kind, null::double as spread_95, null::double as square,
               '' as quality, sum(row_count)::bigint as row_count, '{inputs.fiscal_year}' as fiscal_year
        from (select * from year_totals
              qualify kind not in ({averaged}) or month = max(month) over (partition by kind, site)) t
        left join places p using (site, month) where kind in ({added}) group by all"""
    workspace.store.append_query("rollups", con, f"{entries} union all {activities}" if posted else activities, run_id)


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


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """Outcome of a verification.

    Args:
        run_id: The run.
        posted_count: Entries posted.
        recomputed_count: Entries computed anew.
        differences: Entries that stand on one side only, to the milligram.
        raw_faults: Raw files whose content is no longer what was imported.
    """

    run_id: str
    posted_count: int
    recomputed_count: int
    differences: int
    raw_faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the run stands as posted."""
        return self.differences == 0 and not self.raw_faults and self.posted_count == self.recomputed_count


COMPARED = (
    "activity_id, method, part, instrument, factor_id, species, book, scope, category, view, org, site, month, basis, "
    "share, deviation, quantity_micro, mass_mg, co2e_mg"
)


def verify_run(workspace: Workspace, run_id: str) -> VerifyResult:
    """Compute a run anew from what it names, and compare with what it posted, entry by entry, to the milligram.

    Raises:
        NotFoundError: `unknown-run`.
        IntegrityError: `method-version` where this version of Abate has other methods, `factors-changed`.
    """
    rows = {r["run_id"]: r for r in workspace.store.rows("runs")}
    if run_id not in rows:
        raise NotFoundError("unknown-run", f"No run '{run_id}'.", "See 'abate runs'.")
    row = rows[run_id]
    inputs = _inputs_of(workspace, row)
    with workspace.store.connect() as con:
        named = {i[0] for i in inputs.imports}
        live_views(con, workspace, [r for r in workspace.store.rows("imports") if r["import_id"] in named])
        con.execute(
            f"create or replace temp view year_activities as {ACTIVITIES_SQL} "
            f"where fiscal_year = '{inputs.fiscal_year}'"
        )
        valuation = _value(con, workspace, inputs, run_id, settle_certificates=False)
        con.execute(f"create or replace temp table recomputed as select {COMPARED} from ({valuation.entries_sql})")
        con.execute(
            f"create or replace temp view posted as select {COMPARED} from {workspace.store.source('entries')} "
            f"where run_id = '{run_id}'"
        )
        differences = _count(
            con,
            "select (select count(*) from (select * from posted except all select * from recomputed)) + "
            "(select count(*) from (select * from recomputed except all select * from posted))",
        )
        counts = [_count(con, f"select count(*) from {t}") for t in ("posted", "recomputed")]
    return VerifyResult(run_id, counts[0], counts[1], differences, _raw_faults(workspace, dict(inputs.imports)))


def _inputs_of(workspace: Workspace, row: dict[str, Any]) -> Inputs:
    """The inputs that a posted run names."""
    config = read_config(workspace.root, json.loads(row["config"]))
    imports = tuple((i, h) for i, h in json.loads(row["imports"]))
    ids = tuple(json.loads(row["factor_imports"]))
    as_of = date.fromisoformat(row["as_of"]) if row["as_of"] else None
    terms = read_terms(config, row["gwp_set"], row["boundary"], as_of, row["structure"])
    inputs = Inputs(
        row["fiscal_year"], imports, config.organisation, row["config"], load_factors(workspace, ids), ids, terms,
        config.calendar,
    )  # fmt: skip
    if inputs.methods != row["methods"]:
        raise IntegrityError(
            "method-version", "The run used other versions of methods.", "Verify it with that version."
        )
    if inputs.factor_hash != row["factor_hash"]:
        raise IntegrityError("factors-changed", "The run's factors are no longer as they were.", "Restore the backup.")
    return inputs


def _raw_faults(workspace: Workspace, hashes: dict[str, str]) -> tuple[str, ...]:
    """Names of raw files that are gone or altered."""
    faults = []
    names = {r["import_id"]: r["file"] for r in workspace.store.rows("imports")}
    kept = {p.stem: p for p in workspace.raw.iterdir()}
    for import_id, sha256 in hashes.items():
        if sha256 not in kept or file_hash(kept[sha256]) != sha256:
            faults.append(names[import_id])
    return tuple(sorted(faults))
