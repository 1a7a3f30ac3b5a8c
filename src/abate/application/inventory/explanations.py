"""Explain: from a figure to its entries.

And from an entry to file and row, publication and table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import FIGURES, METHODS
from abate.application.inventory.figures import (
    DIMENSIONS,
    Figures,
    Run,
    Value,
    check_dimensions,
    exact_text,
)
from abate.application.inventory.open_run import OpenRun, open_run
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.figure import Figure
from abate.kernel.formula import evaluate, names_in, to_whole_mg
from abate.kernel.tables import (
    ActivityRow,
    CorrectionRow,
    EntryRow,
    EvidenceRow,
    ImportRow,
    ResolutionRow,
)

if TYPE_CHECKING:
    import duckdb

SOURCE_COLUMNS = (
    "publication",
    "table",
    "edition",
    "published_on",
    "licence",
    "verification",
    "note",
)


def activity_name(activity_id: int) -> str:
    """An activity's id as people see it: the import's half and the ordinal.

    Example:
        >>> activity_name((0x1ECB9772 << 32) + 4)
        '1ecb9772-4'
    """
    return f"{activity_id >> 32:08x}-{activity_id & 0xFFFFFFFF}"


def import_of(activity_id: int) -> str:
    """The import that brought an activity, which is the upper half of its id.

    Example:
        >>> import_of((0x1ECB9772 << 32) + 4)
        'imp-1ecb9772'
    """
    return f"imp-{activity_id >> 32:08x}"


def parse_entry(text: str) -> tuple[int, str, int | None]:
    """Activity, method and part in the name of an entry.

    `1ecb9772-4`, or `1ecb9772-4/electricity-location/0`.

    Raises:
        UsageError: `bad-entry`.
    """
    head, *rest = text.split("/")
    try:
        high, low = head.split("-")
        activity = (int(high, 16) << 32) + int(low)
        return activity, rest[0] if rest else "", int(rest[1]) if len(rest) > 1 else None
    except (ValueError, IndexError) as error:
        raise UsageError(
            "bad-entry", f"'{text}' names no entry.", "Write it as 'abate explain' prints it."
        ) from error


@dataclass(frozen=True, slots=True)
class FigureNode:
    """A figure with what it is made of.

    Args:
        value: Its value.
        of: The figures it is made of; empty where it adds up rows.
        parts: Where it adds up rows, its parts by method and by site, largest first.
    """

    value: Value
    of: tuple[FigureNode, ...] = ()
    parts: tuple[Value, ...] = ()

    @property
    def definition(self) -> Figure:
        """What the figure is."""
        return FIGURES[self.value.figure]

    @property
    def json(self) -> Json:
        """As machines get it."""
        one = self.definition
        told = {
            **self.value.json,
            "title": one.title,
            "formula": one.formula,
            "source": one.source,
        }
        if one.total is None:
            return told | {"of": [b.json for b in self.of]}
        return told | {"parts": [v.json for v in self.parts]}


@dataclass(frozen=True, slots=True)
class ActivityShown:
    """An activity among the rows of a figure."""

    activity: str
    kind: str
    item: str
    site: str
    month: str
    quantity: float
    unit: str
    basis: str
    file: str
    sheet: str
    row: int
    run: str

    @property
    def name(self) -> str:
        """By which it is opened."""
        return self.activity


@dataclass(frozen=True, slots=True)
class EntryShown(ActivityShown):
    """An entry among the rows of a figure, with its activity.

    Its mass is `co2e_kg`; what it adds to the figure is `counts_kg`: the rows of a figure add up to
    it by that.
    """

    entry: str
    method: str
    factor: str
    species: str
    share: float
    instrument: str
    co2e_kg: str
    counts_kg: str

    @property
    def name(self) -> str:
        """By which it is opened."""
        return self.entry

    @property
    def is_taken_off(self) -> bool:
        """Whether the figure takes its mass off again, as of load that an instrument covers."""
        return self.counts_kg != self.co2e_kg


@dataclass(frozen=True, slots=True)
class RowPage:
    """A page of a figure's rows, largest first.

    Args:
        count: All rows.
        offset: Rows before the page.
        rows: Entries, or activities where the figure adds up amounts.
        next: Where the page ends, for the one after it; empty on the last.
    """

    count: int
    offset: int = 0
    rows: tuple[ActivityShown | EntryShown, ...] = ()
    next: str = ""


@dataclass(frozen=True, slots=True)
class FigureExplained:
    """A figure opened.

    Args:
        tree: What it stands on.
        entries: A page of its rows.
    """

    tree: FigureNode
    entries: RowPage

    @property
    def json(self) -> Json:
        """As machines get it."""
        return self.tree.json | {"entries": asdict(self.entries)}


@dataclass(frozen=True, slots=True)
class EntryExplained:
    """An entry opened: its formula with values, and its factor with its source.

    Args:
        entry: By which it is opened.
        method: Method and version.
        method_source: Standard and clause of the method.
        summary: What the method does.
        scope: Scope.
        view: `location` or `market` in Scope 2.
        instrument: Instrument that covers the part, or claimant of an avoided one.
        species: Species.
        formula: The formula.
        values: What its names stand for.
        mass_mg: Mass as posted.
        recomputed_mg: Mass as the interpreter finds it from formula and values.
        gwp: Global warming potential.
        co2e_mg: Its CO2e.
        factor: The factor.
        factor_value: Its number and unit.
        factor_source: Publication, table, edition, licence.
        why: Why this factor.
        bridges: Properties by way of which its unit was converted.
        ratios: Properties that enter as a ratio.
        passed_over: Factors that were passed over, each with the reason.
        passed_over_count: How many.
        rungs_passed: Methods of the ladder that were passed over, each with the reason.
    """

    entry: str
    method: str
    method_source: str
    summary: str
    scope: str
    view: str
    instrument: str
    species: str
    formula: str
    values: dict[str, float]
    mass_mg: str
    recomputed_mg: str
    gwp: float
    co2e_mg: str
    factor: str
    factor_value: str
    factor_source: dict[str, str]
    why: str
    bridges: list[str]
    ratios: list[str]
    passed_over: list[dict[str, str]]
    passed_over_count: int
    rungs_passed: list[dict[str, str]] | None = None

    @property
    def json(self) -> Json:
        """As machines get it."""
        told = asdict(self)
        if self.rungs_passed is None:
            del told["rungs_passed"]
        return told


@dataclass(frozen=True, slots=True)
class ActivityExplained:
    """Everything behind an activity's entries: cells, corrections, evidence, methods, factors.

    Args:
        activity: By which it is opened.
        kind: Kind.
        item: What is consumed.
        site: Site or entity.
        month: Month.
        quantity: Amount in the canonical unit.
        unit: That unit.
        basis: How the amount came about.
        as_written: Amount and unit as they stand in the file.
        file: Source file.
        sheet: Its sheet.
        row: Its row.
        document: Invoice or transaction.
        import_id: Import that brought it.
        source_import: Import in whose file the row stood.
        imported_file: That file.
        sha256: Hash of its content.
        correction: Why it was corrected, added or accepted.
        evidence: Documents attached to it.
        run: The run whose entries are shown.
        entries: Its entries.
    """

    activity: str
    kind: str
    item: str
    site: str
    month: str
    quantity: float
    unit: str
    basis: str
    as_written: str
    file: str
    sheet: str
    row: int
    document: str
    import_id: str
    source_import: str
    imported_file: str
    sha256: str
    correction: str
    evidence: list[str]
    run: str
    entries: tuple[EntryExplained, ...]

    @property
    def json(self) -> Json:
        """As machines get it."""
        names = {"import_id": "import"}
        told = {names.get(f.name, f.name): getattr(self, f.name) for f in fields(self)}
        return told | {"entries": [e.json for e in self.entries]}


def explain_figure(
    workspace: Workspace,
    name: str,
    year: str,
    *,
    run_id: str = "",
    where: Mapping[str, str] = MappingProxyType({}),
    limit: int = 20,
    after: str = "",
    opened: OpenRun | None = None,
) -> FigureExplained:
    """A figure's tree: what it is made of, its parts, and its rows largest first.

    Args:
        workspace: The workspace.
        name: The figure.
        year: Fiscal year.
        run_id: A run other than the latest.
        where: Only the rows that have these values, by dimension, such as `{"site": "hq"}`.
        limit: Rows per page; 0 opens the figure without its rows, from the rollups alone.
        after: Where the page before ended: its `next`.
        opened: The run, where the caller has it open.

    Raises:
        NotFoundError: `unknown-figure`, `no-run`.
        UsageError: `unknown-dimension`, `bad-page`.
    """
    counted = FIGURES.named(name).numerator or name
    with nullcontext(opened) if opened else open_run(workspace, year, run_id) as one:
        tree = figure_tree(one.rollups, name, one.run, where)
        count = one.values([counted], where=where)[0].row_count
        page = RowPage(count)
        if limit:
            page = replace(_page(one, counted, where, limit, after), count=count)
    return FigureExplained(tree, page)


def figure_tree(
    rollups: Figures,
    name: str,
    run: Run,
    where: Mapping[str, str] = MappingProxyType({}),
) -> FigureNode:
    """A figure with the figures it stands on, down to those that add up rows.

    Each of these by method and site.
    """
    below = _below(name)
    whole = {v.figure: v for v in rollups.values(below, run, where=where)}
    leaves = [b for b in below if FIGURES[b].total is not None]
    parts: dict[str, list[Value]] = {}
    for dimension in (d for d in ("method", "site") if d not in where):
        found = rollups.values(leaves, run, dimension, where, lenient=True)
        for v in sorted(found, key=lambda v: -(v.value or 0)):
            alone = replace(v, by={dimension: v.by[dimension]})
            parts.setdefault(v.figure, []).append(alone)

    def node(figure_id: str) -> FigureNode:
        of = tuple(node(b) for b in _parts_of(FIGURES[figure_id]))
        return FigureNode(whole[figure_id], of, tuple(parts.get(figure_id, ())))

    return node(name)


def _parts_of(one: Figure) -> list[str]:
    return [b for b in (*one.plus, *one.minus, one.numerator, one.denominator) if b]


def _below(name: str) -> list[str]:
    """A figure and every figure it stands on, each once."""
    return list(
        dict.fromkeys([name, *(b for part in _parts_of(FIGURES.named(name)) for b in _below(part))])
    )


def rows_condition(name: str) -> tuple[str, str]:
    """Which table holds a figure's rows, and the condition on its columns."""
    one = FIGURES.named(name)
    if one.total is None:
        parts = [rows_condition(b) for b in (*one.plus, one.numerator) if b]
        return parts[0][0], " or ".join(f"({p[1]})" for p in parts if p[0] == parts[0][0])
    where = dict(one.total.where)
    source = where.pop("source")[0]
    matched = where.pop("matched", None)
    terms = [f"{c} in ({', '.join(repr(v) for v in values)})" for c, values in where.items()]
    if matched:
        terms.append("instrument <> ''" if matched == ("yes",) else "instrument = ''")
    return source, " and ".join(terms) or "true"


OF_ENTRIES = {"scope", "category", "gas", "org", "site", "month", "method", "basis", "factor"}
"""Dimensions that an entry carries itself; the others are its resolution's."""


def _where_sql(workspace: Workspace, source: str, where: Mapping[str, str]) -> str:
    """Condition on the columns of a run's entries or activities for values by dimension."""
    check_dimensions(where)
    terms = ["true"]
    for dimension, value in where.items():
        column, told = DIMENSIONS[dimension], literal(value)
        if source == "entry":
            inside = f"{column} = {told}"
            known = dimension in OF_ENTRIES
            terms.append(
                inside
                if known
                else f"resolution in (select resolution from run_resolutions where {inside})"
            )
            terms[-1] = "false" if dimension == "building" else terms[-1]
        elif dimension == "org":
            organisation = workspace.organisation
            places = (*(s.id for s in organisation.sites), *(e.id for e in organisation.entities))
            listed = ", ".join(literal(p) for p in places if organisation.business_of(p) == value)
            terms.append(f"list_contains([{listed}]::varchar[], site)")
        elif dimension == "building":
            terms.append(f"meter = {told}")
        else:
            terms.append(
                f"{column} = {told}"
                if dimension in ("site", "month", "kind", "item", "basis")
                else "false"
            )
    return " and ".join(terms)


def _page(opened: OpenRun, name: str, where: Mapping[str, str], limit: int, after: str) -> RowPage:
    """Rows of a figure, largest first, from where the page before ended.

    A later page costs no more than the first.
    """
    con, workspace = opened.con, opened.workspace
    source, of_figure = rows_condition(name)
    is_entry = source == "entry"
    table = "run_entries" if is_entry else "run_activities"
    size = "abs(co2e_mg)" if is_entry else "abs(quantity)"
    keys = ("activity_id", "method", "part", "species") if is_entry else ("activity_id",)
    condition = f"({of_figure}) and {_where_sql(workspace, source, where)}"
    offset = 0
    if after:
        offset, last, key = _cursor(after, is_entry)
        beyond = f"({', '.join(keys)}) > ({', '.join(key)})"
        condition = f"{condition} and ({size} < {last} or ({size} = {last} and {beyond}))"
    rows = fetch(
        con,
        f"select * from {table} where {condition} order by {size} desc, {', '.join(keys)} limit"
        f" {limit + 1}",
    )
    found = [(EntryRow if is_entry else ActivityRow)(**r) for r in rows]
    more, found = len(found) > limit, found[:limit]
    activities = _activities(con, workspace, {r.activity_id for r in found})
    signs = _signs(name)
    shown = tuple(_shown(r, activities[r.activity_id], opened.run.run_id, signs) for r in found)
    following = ""
    if more:
        edge = found[-1]
        reached = abs(edge.co2e_mg) if isinstance(edge, EntryRow) else repr(abs(edge.quantity))
        places = (getattr(edge, k) for k in keys)
        following = "~".join(str(x) for x in (offset + limit, reached, *places))
    return RowPage(0, offset, shown, following)


def _activities(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, ids: set[int]
) -> dict[int, ActivityRow]:
    source = workspace.store.source("activities", {import_of(i) for i in ids})
    listed = ", ".join(map(str, sorted(ids))) or "-1"
    rows = fetch(con, f"select * from {source} where activity_id in ({listed})")
    return {r["activity_id"]: ActivityRow(**r) for r in rows}


def _cursor(text: str, is_entry: bool) -> tuple[int, str, list[str]]:
    """Rows passed, size and key of the last of them, as SQL, from the `next` of a page.

    Raises:
        UsageError: `bad-page`.
    """
    try:
        offset, size, activity, *rest = text.split("~")
        last = str(int(size)) if is_entry else repr(float(size))
        if not math.isfinite(float(last)) or len(rest) != (3 if is_entry else 0):
            raise ValueError(text)
        tail = [literal(rest[0]), str(int(rest[1])), literal(rest[2])] if is_entry else []
        return int(offset), last, [str(int(activity)), *tail]
    except ValueError as error:
        raise UsageError(
            "bad-page", f"'{text}' ends no page.", "Take the 'next' of the page before."
        ) from error


Signs: TypeAlias = list[tuple[dict[str, tuple[str, ...]], int]]
"""Values that columns of the rows of a total have, and the sign with which it enters a figure."""


def _signs(name: str) -> Signs:
    """With which sign the rows of a figure's totals enter it; none for a ratio, or for amounts."""
    one = FIGURES.named(name)
    if one.is_ratio or one.unit != "t CO2e":
        return []
    return [
        (dict(total.where), sign)
        for part, sign in FIGURES.signs_of(name).items()
        if (total := FIGURES[part].total)
    ]


def _sign_of(r: EntryRow, signs: Signs) -> int:
    """With which sign an entry enters a figure."""
    known = {
        "source": "entry",
        "book": r.book,
        "scope": r.scope,
        "category": r.category,
        "view": r.view,
        "species": r.species,
        "matched": "yes" if r.instrument else "no",
    }
    return sum(sign for where, sign in signs if all(known[c] in v for c, v in where.items()))


def _shown(
    r: ActivityRow | EntryRow, a: ActivityRow, run: str, signs: Signs
) -> ActivityShown | EntryShown:
    """A row of a figure with its activity."""
    name = activity_name(a.activity_id)
    about = ActivityShown(
        activity=name,
        kind=a.kind,
        item=a.item,
        site=a.site,
        month=a.month,
        quantity=a.quantity,
        unit=a.unit,
        basis=a.basis,
        file=a.source_file,
        sheet=a.source_sheet,
        row=a.source_row,
        run=run,
    )
    if isinstance(r, ActivityRow):
        return about
    return EntryShown(
        **asdict(about),
        entry=f"{name}/{r.method.split('/')[0]}/{r.part}",
        method=r.method,
        factor=r.factor_id,
        species=r.species,
        share=r.share,
        instrument=r.instrument,
        co2e_kg=exact_text(Fraction(r.co2e_mg, 10**6)),
        counts_kg=exact_text(Fraction(r.co2e_mg, 10**6) * (_sign_of(r, signs) if signs else 1)),
    )


def explain_entry(workspace: Workspace, text: str, year: str = "") -> ActivityExplained:
    """Everything behind an activity's entries.

    Cells, method, factor, why, publication, table, corrections, evidence.

    Raises:
        UsageError: `bad-entry`.
        NotFoundError: `unknown-entry`, `no-run`.
    """
    activity_id, method, part = parse_entry(text)
    found = _activity(workspace, activity_id)
    with open_run(workspace, year or found.fiscal_year) as opened:
        entries = _entries_of(opened, found, method, part)
    store = workspace.store
    place = (found.source_file, found.source_sheet, found.source_row)
    source_import = origin_of(workspace, found.import_id, *place)
    imported = next(r for r in store.records(ImportRow) if r.import_id == source_import)
    evidence = [
        e.name
        for e in store.records(EvidenceRow)
        if e.import_id in (found.import_id, source_import) and e.source_row in (0, place[2])
    ]
    return ActivityExplained(
        activity=activity_name(activity_id),
        kind=found.kind,
        item=found.item,
        site=found.site,
        month=found.month,
        quantity=found.quantity,
        unit=found.unit,
        basis=found.basis,
        as_written=f"{found.quantity_text} {found.unit_text}".strip(),
        file=found.source_file,
        sheet=found.source_sheet,
        row=found.source_row,
        document=found.document,
        import_id=found.import_id,
        source_import=source_import,
        imported_file=imported.file,
        sha256=imported.sha256,
        correction=found.reason,
        evidence=evidence,
        run=opened.run.run_id,
        entries=entries,
    )


def _entries_of(
    opened: OpenRun, found: ActivityRow, method: str, part: int | None
) -> tuple[EntryExplained, ...]:
    """The entries of an activity in a run, each opened."""
    con = opened.con
    where = f"activity_id = {found.activity_id}"
    where += f" and starts_with(method, {literal(f'{method}/')})" if method else ""
    where += f" and part = {part}" if part is not None else ""
    rows = fetch(con, f"select * from run_entries where {where} order by method, part, species")
    entries = [EntryRow(**r) for r in rows]
    numbers, factors = {e.resolution for e in entries}, {e.factor_id for e in entries}
    resolutions = {
        r["resolution"]: ResolutionRow(**r)
        for r in _rows_with(con, "run_resolutions", "resolution", numbers)
    }
    sources = _rows_with(con, "factors", "factor_id", factors)
    return tuple(_entry(found, e, resolutions[e.resolution], sources) for e in entries)


def origin_of(workspace: Workspace, import_id: str, file: str, sheet: str, row: int) -> str:
    """The import in whose file a row stood.

    For a row that a correction replaced, the one in which it was wrong.
    """
    for m in workspace.store.records(CorrectionRow):
        same = (m.source_file, m.source_sheet, m.source_row) == (file, sheet, row)
        if m.import_id == import_id and same and m.of_import:
            return str(m.of_import)
    return import_id


def _activity(workspace: Workspace, activity_id: int) -> ActivityRow:
    with workspace.store.connect() as con:
        found = _activities(con, workspace, {activity_id}).get(activity_id)
    committed = {r.import_id for r in workspace.store.records(ImportRow)}
    if found is None or found.import_id not in committed:
        raise NotFoundError(
            "unknown-entry",
            f"No activity {activity_name(activity_id)}.",
            "See 'abate explain FIGURE'.",
        )
    return found


def _rows_with(
    con: duckdb.DuckDBPyConnection, table: str, column: str, keys: set[Any]
) -> list[Json]:
    """Rows of a table that have one of some values in a column."""
    listed = ", ".join(literal(k) if isinstance(k, str) else str(k) for k in keys) or "null"
    return fetch(con, f"select * from {table} where {column} in ({listed})")


def _entry(
    a: ActivityRow, e: EntryRow, resolution: ResolutionRow, sources: list[Json]
) -> EntryExplained:
    """An entry with its formula worked out again by the interpreter, and its factor's source."""
    method = next(m for m in METHODS if m.card.name == e.method)
    known = {
        "quantity": a.quantity,
        "share": resolution.share,
        "boundary_share": resolution.boundary_share,
        "ratio": resolution.ratio,
        "mg_per_unit": resolution.mg_per_unit,
    }
    values = {name: v for name, v in known.items() if name in names_in(method.card.formula)}
    mass_mg = to_whole_mg(evaluate(method.card.formula, values))
    source = next(
        (s for s in sources if (s["factor_id"], s["species"]) == (e.factor_id, e.species)), None
    )
    return EntryExplained(
        entry=f"{activity_name(a.activity_id)}/{e.method.split('/')[0]}/{e.part}",
        method=e.method,
        method_source=method.card.source,
        summary=method.summary,
        scope=e.scope,
        view=e.view,
        instrument=e.instrument,
        species=e.species,
        formula=method.card.formula,
        values=values,
        mass_mg=str(e.mass_mg),
        recomputed_mg=str(mass_mg),
        gwp=resolution.gwp,
        co2e_mg=str(e.co2e_mg),
        factor=e.factor_id,
        factor_value=(
            f"{source['value']} {source['unit']}" if source else "as stated by the instrument"
        ),
        factor_source={c: source[c] for c in SOURCE_COLUMNS} if source else {},
        **_why(resolution.why),
    )


def _why(text: str) -> Json:
    """The record of a match, in which each factor that was passed over is named."""
    why: Json = json.loads(text)
    return why
