"""Explain: from a figure to its entries.

And from an entry to file and row, publication and table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import FIGURES, METHODS
from abate.application.inventory.figures import (
    DIMENSIONS,
    Rollups,
    Run,
    Value,
    check_dimensions,
    exact_text,
    run_of,
)
from abate.application.inventory.open_run import OpenRun, open_run, run_views
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.figure import Figure
from abate.kernel.formula import evaluate, names_in, to_whole_mg
from abate.kernel.tables import CorrectionRow, EvidenceRow, ImportRow

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
) -> dict[str, Any]:
    """A figure's tree: what it stands on, its parts, and its rows largest first.

    Args:
        workspace: Whose.
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
        page: dict[str, Any] = {"offset": 0, "rows": [], "next": ""}
        if limit:
            page = _page(one.con, one.workspace, counted, one.run, where, limit, after)
    return tree | {"entries": {"count": count, **page}}


def figure_tree(
    rollups: Rollups,
    name: str,
    run: Run,
    where: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """A figure with the figures it stands on, down to those that add up rows, each of these by method and site."""
    below = _below(name)
    whole = {v.figure: v for v in rollups.values(below, run, where=where)}
    parts: dict[str, list[Value]] = {}
    leaves = [b for b in below if FIGURES[b].total is not None]
    for dimension in ("method", "site"):
        if dimension not in where:
            for v in rollups.values(leaves, run, dimension, where, lenient=True):
                parts.setdefault(v.figure, []).append(v)

    def node(figure_id: str) -> dict[str, Any]:
        one = FIGURES[figure_id]
        told = {
            **whole[figure_id].json,
            "title": one.title,
            "formula": one.formula,
            "source": one.source,
        }
        if one.total is None:
            told["of"] = [node(b) for b in _parts_of(one)]
            return told
        told["parts"] = []
        for dimension in ("method", "site"):
            some = [
                v for v in parts.get(figure_id, []) if dimension in v.by and dimension not in where
            ]
            ranked = sorted(some, key=lambda v: -(v.value or 0))
            told["parts"] += [v.json | {"by": {dimension: v.by[dimension]}} for v in ranked]
        return told

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


def _page(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    name: str,
    run: Run,
    where: Mapping[str, str],
    limit: int,
    after: str,
) -> dict[str, Any]:
    """Rows of a figure, largest first, from where the page before ended.

    A later page costs no more than the first.
    """
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
    more, rows = len(rows) > limit, rows[:limit]
    ids = ", ".join(str(i) for i in sorted({r["activity_id"] for r in rows})) or "-1"
    imports = {import_of(r["activity_id"]) for r in rows}
    told = fetch(
        con,
        f"select * from {workspace.store.source('activities', imports)} where activity_id in"
        f" ({ids})",
    )
    activities = {a["activity_id"]: a for a in told}
    page = {
        "offset": offset,
        "rows": [_row(r, activities[r["activity_id"]], run) for r in rows],
        "next": "",
    }
    if more:
        edge = rows[-1]
        reached = abs(edge["co2e_mg"]) if is_entry else repr(abs(edge["quantity"]))
        page["next"] = "~".join(str(x) for x in (offset + limit, reached, *(edge[k] for k in keys)))
    return page


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


def _row(r: dict[str, Any], a: dict[str, Any], run: Run) -> dict[str, Any]:
    from fractions import Fraction

    line = {
        "activity": activity_name(a["activity_id"]),
        "kind": a["kind"],
        "item": a["item"],
        "site": a["site"],
        "month": a["month"],
        "quantity": a["quantity"],
        "unit": a["unit"],
        "basis": a["basis"],
        "file": a["source_file"],
        "sheet": a["source_sheet"],
        "row": a["source_row"],
        "run": run.run_id,
    }
    if "co2e_mg" in r:
        short = r["method"].split("/")[0]
        line |= {
            "entry": f"{activity_name(a['activity_id'])}/{short}/{r['part']}",
            "method": r["method"],
            "factor": r["factor_id"],
            "species": r["species"],
            "share": r["share"],
            "instrument": r["instrument"],
            "co2e_kg": exact_text(Fraction(r["co2e_mg"], 10**6)),
        }
    return line


def explain_entry(workspace: Workspace, text: str, year: str = "") -> dict[str, Any]:
    """Everything behind an activity's entries.

    Cells, method, factor, why, publication, table, corrections, evidence.

    Raises:
        UsageError: `bad-entry`.
        NotFoundError: `unknown-entry`, `no-run`.
    """
    activity_id, method, part = parse_entry(text)
    found = _activity(workspace, activity_id)
    run = run_of(workspace, year or found["fiscal_year"])
    with workspace.store.connect("factors") as con:
        run_views(con, workspace, run)
        where = f"activity_id = {activity_id}"
        where += f" and starts_with(method, {literal(f'{method}/')})" if method else ""
        where += f" and part = {part}" if part is not None else ""
        entries = fetch(
            con, f"select * from run_entries where {where} order by method, part, species"
        )
        resolutions = _keyed(
            con, "run_resolutions", "resolution", {e["resolution"] for e in entries}
        )
        sources = _keyed(con, "factors", "factor_id", {e["factor_id"] for e in entries})
        explained = [_entry(found, e, resolutions[e["resolution"]][0], sources) for e in entries]
    source_import = origin_of(
        workspace,
        found["import_id"],
        found["source_file"],
        found["source_sheet"],
        found["source_row"],
    )
    imported = next(r for r in workspace.store.records(ImportRow) if r.import_id == source_import)
    evidence = [
        e.name
        for e in workspace.store.records(EvidenceRow)
        if e.import_id in (found["import_id"], source_import)
        and e.source_row in (0, found["source_row"])
    ]
    return {
        "activity": activity_name(activity_id),
        "kind": found["kind"],
        "item": found["item"],
        "site": found["site"],
        "month": found["month"],
        "quantity": found["quantity"],
        "unit": found["unit"],
        "basis": found["basis"],
        "as_written": f"{found['quantity_text']} {found['unit_text']}".strip(),
        "file": found["source_file"],
        "sheet": found["source_sheet"],
        "row": found["source_row"],
        "document": found["document"],
        "import": found["import_id"],
        "source_import": source_import,
        "imported_file": imported.file,
        "sha256": imported.sha256,
        "correction": found["reason"],
        "evidence": evidence,
        "run": run.run_id,
        "entries": explained,
    }


def origin_of(workspace: Workspace, import_id: str, file: str, sheet: str, row: int) -> str:
    """The import in whose file a row stood.

    For a row that a correction mended, the one in which it was wrong.
    """
    for m in workspace.store.records(CorrectionRow):
        same = (m.source_file, m.source_sheet, m.source_row) == (file, sheet, row)
        if m.import_id == import_id and same and m.of_import:
            return str(m.of_import)
    return import_id


def _activity(workspace: Workspace, activity_id: int) -> dict[str, Any]:
    with workspace.store.connect() as con:
        source = workspace.store.source("activities", {import_of(activity_id)})
        rows = fetch(con, f"select * from {source} where activity_id = {activity_id}")
    committed = {r.import_id for r in workspace.store.records(ImportRow)}
    rows = [r for r in rows if r["import_id"] in committed]
    if not rows:
        raise NotFoundError(
            "unknown-entry",
            f"No activity {activity_name(activity_id)}.",
            "See 'abate explain FIGURE'.",
        )
    return rows[0]


def _keyed(
    con: duckdb.DuckDBPyConnection, table: str, column: str, keys: set[Any]
) -> dict[Any, list[dict[str, Any]]]:
    """Rows of a table by the value of a column, for the values asked for."""
    told = ", ".join(literal(k) if isinstance(k, str) else str(k) for k in keys) or "null"
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in fetch(con, f"select * from {table} where {column} in ({told})"):
        found.setdefault(row[column], []).append(row)
    return found


def _entry(
    a: dict[str, Any],
    e: dict[str, Any],
    resolution: dict[str, Any],
    sources: dict[Any, list[dict[str, Any]]],
) -> dict[str, Any]:
    """An entry with its formula worked out anew by the interpreter, and its factor's source."""
    card = next(m for m in METHODS if m.card.name == e["method"])
    values = {
        "quantity": a["quantity"],
        "share": resolution["share"],
        "boundary_share": resolution["boundary_share"],
        "ratio": resolution["ratio"],
        "mg_per_unit": resolution["mg_per_unit"],
    }
    values = {name: value for name, value in values.items() if name in names_in(card.card.formula)}
    mass_mg = to_whole_mg(evaluate(card.card.formula, values))
    source = [s for s in sources.get(e["factor_id"], []) if s["species"] == e["species"]]
    why = json.loads(resolution["why"])
    return {
        "entry": f"{activity_name(a['activity_id'])}/{e['method'].split('/')[0]}/{e['part']}",
        "method": e["method"],
        "method_source": card.card.source,
        "summary": card.summary,
        "scope": e["scope"],
        "view": e["view"],
        "instrument": e["instrument"],
        "species": e["species"],
        "formula": card.card.formula,
        "values": values,
        "mass_mg": str(e["mass_mg"]),
        "recomputed_mg": str(mass_mg),
        "gwp": resolution["gwp"],
        "co2e_mg": str(e["co2e_mg"]),
        "factor": e["factor_id"],
        "factor_value": (
            f"{source[0]['value']} {source[0]['unit']}" if source else "as stated by the instrument"
        ),
        "factor_source": {c: source[0][c] for c in SOURCE_COLUMNS} if source else {},
        **why,
    }
