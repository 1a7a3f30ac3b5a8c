"""Explain: from a figure to its entries, and from an entry to file and row, publication and table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from abate.adapters.figures import Rollups, exact_text, run_of
from abate.adapters.registry import METHODS
from abate.adapters.store.delta import fetch
from abate.adapters.store.workspace import Workspace
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.figure import figure
from abate.kernel.formula import evaluate, names_in, to_whole_mg

if TYPE_CHECKING:
    import duckdb

SOURCE_COLUMNS = ("publication", "table", "edition", "published_on", "licence", "verification", "note")


def activity_name(activity_id: int) -> str:
    """An activity's id as people see it: the import's half and the ordinal.

    Example:
        >>> activity_name((0x1ECB9772 << 32) + 4)
        '1ecb9772-4'
    """
    return f"{activity_id >> 32:08x}-{activity_id & 0xFFFFFFFF}"


def parse_entry(text: str) -> tuple[int, str, int | None]:
    """Activity, method and part in the name of an entry: `1ecb9772-4`, or `1ecb9772-4/electricity-location/0`.

    Raises:
        UsageError: `bad-entry`.
    """
    head, *rest = text.split("/")
    try:
        high, low = head.split("-")
        activity = (int(high, 16) << 32) + int(low)
        return activity, rest[0] if rest else "", int(rest[1]) if len(rest) > 1 else None
    except (ValueError, IndexError) as error:
        raise UsageError("bad-entry", f"'{text}' names no entry.", "Write it as 'abate explain' prints it.") from error


def explain_figure(
    workspace: Workspace, name: str, year: str, *, run_id: str = "", site: str = "", limit: int = 20, offset: int = 0
) -> dict[str, Any]:
    """A figure's tree: what it stands on, its parts, and its rows largest first.

    Args:
        workspace: Whose.
        name: The figure.
        year: Fiscal year.
        run_id: A run other than the latest.
        site: Only the rows of a site.
        limit: Rows per page.
        offset: Rows to skip.
    """
    run = run_of(workspace, year, run_id)
    with Rollups(workspace) as rollups:
        tree = _figure_node(rollups, name, run)
    with workspace.store.connect() as con:
        run_views(con, workspace, run)
        tree["entries"] = _rows_of(con, name, run, site, limit, offset)
    return tree


def _figure_node(rollups: Rollups, name: str, run: dict[str, Any]) -> dict[str, Any]:
    one = figure(name)
    value = rollups.values([name], run)[0]
    node = {**value.json, "title": one.title, "formula": one.formula, "source": one.source}
    below = [b for b in (*one.plus, *one.minus, one.numerator, one.denominator) if b]
    if below:
        node["of"] = [_figure_node(rollups, b, run) for b in below]
        return node
    assert one.total is not None
    is_mass = one.total.column == "co2e_mg"
    node["parts"] = [
        v.json
        for dimension in (("method", "site") if is_mass else ("site",))
        for v in _parts(rollups, name, run, dimension)
    ]
    return node


def _parts(rollups: Rollups, name: str, run: dict[str, Any], dimension: str) -> list[Any]:
    values = rollups.values([name], run, dimension)
    return sorted(values, key=lambda v: -(v.value or 0))


def run_views(con: duckdb.DuckDBPyConnection, workspace: Workspace, run: dict[str, Any]) -> None:
    """Make `run_entries`, `run_activities` and `run_resolutions`: the rows of one run."""
    store, year = workspace.store, run["fiscal_year"]
    con.execute(
        f"create view run_entries as select * from {store.source('entries')} where fiscal_year = '{year}' "
        f"and run_id = '{run['run_id']}'"
    )
    named = [i[0] for i in json.loads(run["imports"])]
    listed = ", ".join(f"'{i}'" for i in named)
    con.execute(
        f"create view run_activities as select * from {store.source('activities')} where fiscal_year = '{year}' "
        f"and import_id in ({listed})"
    )
    con.execute(
        f"create view run_resolutions as select * from {store.source('resolutions')} where fiscal_year = '{year}' "
        f"and run_id = '{run['run_id']}'"
    )


def rows_condition(name: str) -> tuple[str, str]:
    """Which table holds a figure's rows, and the condition on its columns."""
    one = figure(name)
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


def _rows_of(
    con: duckdb.DuckDBPyConnection, name: str, run: dict[str, Any], site: str, limit: int, offset: int
) -> dict[str, Any]:
    source, where = rows_condition(name)
    table = "run_entries" if source == "entry" else "run_activities"
    condition, parameters = f"({where})", []
    if site:
        condition, parameters = f"{condition} and site = ?", [site]
    count = con.execute(f"select count(*) from {table} where {condition}", parameters).fetchone()
    size = "abs(co2e_mg)" if source == "entry" else "abs(quantity)"
    tie = ", method, part, species" if source == "entry" else ""  # pages must not depend on the engine's threads
    rows = fetch(
        con,
        f"select * from {table} where {condition} order by {size} desc, activity_id{tie} limit ? offset ?",
        [*parameters, limit, offset],
    )
    ids = [r["activity_id"] for r in rows]
    activities = {
        a["activity_id"]: a
        for a in fetch(con, "select * from run_activities where list_contains(?, activity_id)", [ids])
    }
    return {
        "count": count[0] if count else 0,
        "offset": offset,
        "rows": [_row(r, activities[r["activity_id"]], run) for r in rows],
    }


def _row(r: dict[str, Any], a: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
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
        "run": run["run_id"],
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
    """Everything behind an activity's entries: cells, method, factor, why, publication, table, corrections, evidence.

    Raises:
        UsageError: `bad-entry`.
        NotFoundError: `unknown-entry`, `no-run`.
    """
    activity_id, method, part = parse_entry(text)
    found = _activity(workspace, activity_id)
    run = run_of(workspace, year or found["fiscal_year"])
    with workspace.store.connect("factors") as con:
        run_views(con, workspace, run)
        where = "activity_id = ? and (? = '' or starts_with(method, ? || '/')) and (? is null or part = ?)"
        parameters = [activity_id, method, method, part, part]
        entries = fetch(con, f"select * from run_entries where {where} order by method, part, species", parameters)
        explained = [_entry(con, found, e) for e in entries]
    imported = next(r for r in workspace.store.rows("imports") if r["import_id"] == found["import_id"])
    evidence = [
        e["name"]
        for e in workspace.store.rows("evidence")
        if e["import_id"] == found["import_id"] and e["source_row"] in (0, found["source_row"])
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
        "imported_file": imported["file"],
        "sha256": imported["sha256"],
        "correction": found["reason"],
        "evidence": evidence,
        "run": run["run_id"],
        "entries": explained,
    }


def _activity(workspace: Workspace, activity_id: int) -> dict[str, Any]:
    with workspace.store.connect("activities") as con:
        rows = fetch(con, "select * from activities where activity_id = ?", [activity_id])
    committed = {r["import_id"] for r in workspace.store.rows("imports")}
    rows = [r for r in rows if r["import_id"] in committed]
    if not rows:
        raise NotFoundError(
            "unknown-entry", f"No activity {activity_name(activity_id)}.", "See 'abate explain FIGURE'."
        )
    return rows[0]


def _entry(con: duckdb.DuckDBPyConnection, a: dict[str, Any], e: dict[str, Any]) -> dict[str, Any]:
    """An entry with its formula worked out anew by the interpreter, and its factor's source."""
    resolution = fetch(con, "select * from run_resolutions where resolution = ?", [e["resolution"]])[0]
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
    source = fetch(
        con,
        "select * from factors where factor_id = ? and species = ? limit 1",
        [e["factor_id"], e["species"]],
    )
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
        "factor_value": f"{source[0]['value']} {source[0]['unit']}" if source else "as stated by the instrument",
        "factor_source": {c: source[0][c] for c in SOURCE_COLUMNS} if source else {},
        **why,
    }
