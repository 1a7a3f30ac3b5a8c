"""Inventory: figures by year, business, site and month, each number opening down to file and row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from abate.application.catalogue import FIGURES, HEADLINES, KINDS
from abate.application.inventory.explanations import EntryShown, FigureNode
from abate.application.inventory.figures import Run, Value
from abate.application.inventory.previews import original_rows
from abate.application.inventory.ranges import ranges
from abate.disclosure import charts as specs
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.frame import filters, table_file
from abate.faces.web.page import Page, in_words
from abate.faces.web.pages.overview import month_spec, scope_points, years_spec
from abate.kernel.edges import Model
from abate.kernel.errors import UsageError
from abate.operations.facts import CATEGORIES
from abate.operations.system import SCOPE_3

router = APIRouter()
Where = Annotated[Mapping[str, str], Depends(filters)]
VIEWS = {
    "": "years side by side",
    "org": "by business",
    "site": "by site",
    "month": "by month",
    "category": "Scope 3 by category",
}
YEARLY = (*HEADLINES[:9], "total-location", "total-market", *HEADLINES[9:])
ACROSS = (
    "scope1",
    "scope2-location",
    "scope2-market",
    "gross",
    "reduction",
    "net",
    "scope3",
    "total-location",
    "total-market",
    "electricity",
    "clean-share",
)
ROWS = 50
GROUPS = 100
PARTS = ("org", "site", "month", "method", "basis")
PLACED = ("gross", "scope3", "electricity")
"""Figures whose businesses and sites can be chosen."""
AT_ONCE = 500_000
"""Entries of a run up to which a figure's page lists its largest rows at once; of more they come a
moment after it.
"""
SHORT = {
    "scope2-location": "Scope 2 location", "scope2-market": "Scope 2 market", "reduction": "Reductions",
    "total-location": "1 to 3, location", "total-market": "1 to 3, market", "electricity": "Electricity",
    "clean-share": "Clean share",
}  # fmt: skip
"""Titles that fit above a column."""


def _choice(
    page: Page, by: str, year: str, run: str, where: Mapping[str, str]
) -> tuple[str, list[Run]]:
    """Year and runs that a view shows."""
    if by not in VIEWS:
        raise UsageError(
            "unknown-dimension",
            f"No view by '{by}'.",
            f"There are: {', '.join(v for v in VIEWS if v)}.",
        )
    chosen = page.desk.run(run_id=run)
    if run and year.upper() in ("", chosen.fiscal_year):
        return chosen.fiscal_year, [chosen]
    if where.get("month") and not year:
        try:
            from abate.kernel.period import month_start

            year = page.desk.workspace.calendar.year_of(month_start(where["month"]))
        except (ValueError, IndexError) as error:
            raise UsageError(
                "bad-month", f"'{where['month']}' is not a month.", "Write it as 2024-01."
            ) from error
    wanted = [year.upper()] if year else page.desk.years()
    if by and not year:
        wanted = wanted[-1:]
    return (wanted[-1] if by or year else ""), [page.desk.run(y) for y in wanted]


def _cell(
    page: Page, v: Value | None, *, by: bool, link: str, before: Value | None = None
) -> Model:
    if v is None or v.value is None:
        note = page.t(v.status) if v and v.note else page.t("no data") if by else page.t("missing")
        return {"value": None, "text": note, "link": "", "star": "", "change": ""}
    star = page.lacking(v)
    change = page.change(before.value, v.value, v.unit) if before else ""
    return {
        "value": v.value,
        "text": page.number(v.value, v.unit),
        "link": link,
        "star": star,
        "change": change,
    }


def _table(
    page: Page,
    by: str,
    runs: list[Run],
    where: Mapping[str, str],
    pinned: str,
    start: int | None = None,
) -> Model:
    """Columns and rows of a view, a page of them from `start` on; an export writes all of them."""
    made = (
        _by_year(page, runs, where, pinned)
        if not by
        else _by_group(page, by, runs[0], where, pinned, start)
    )
    stars = list(
        dict.fromkeys(c["star"] for row in made["rows"] for c in row["cells"] if c["star"])
    )
    return {"count": len(made["rows"]), **made, "stars": stars}


def _by_year(page: Page, runs: list[Run], where: Mapping[str, str], pinned: str) -> Model:
    values = [{v.figure: v for v in page.desk.values(list(YEARLY), r, "", where)} for r in runs]
    rows = []
    for name in YEARLY:
        cells = []
        for k, r in enumerate(runs):
            link = page.link(f"/inventory/{name}", year=r.fiscal_year, run=pinned, **where)
            cells.append(
                _cell(
                    page,
                    values[k].get(name),
                    by=bool(where),
                    link=link,
                    before=values[k - 1].get(name) if k else None,
                )
            )
        some = next((v[name] for v in values if name in v), None)
        rows.append(
            {
                "title": page.t(FIGURES[name].title),
                "unit": page.unit(some.unit) if some else "",
                "cells": cells,
                "link": "",
            }
        )
    columns = [
        {"title": page.t("Figure"), "unit": ""},
        *({"title": r.fiscal_year, "unit": ""} for r in runs),
    ]
    return {"columns": columns, "rows": rows}


def _by_group(
    page: Page,
    by: str,
    run: Run,
    where: Mapping[str, str],
    pinned: str,
    start: int | None,
) -> Model:
    year = run.fiscal_year
    if by == "category":
        return _categories(page, run, where, pinned)
    names = list(ACROSS)
    found: dict[str, dict[str, Value]] = {}
    for v in page.desk.values(names, run, by, where):
        found.setdefault(v.by[by], {})[v.figure] = v
    groups = (
        page.desk.workspace.calendar.months(year)
        if by == "month" and "month" not in where
        else sorted(found)
    )
    rows = []
    for group in groups if start is None else groups[start : start + GROUPS]:
        here = {**where, by: group}
        cells = [
            _cell(
                page,
                found.get(group, {}).get(n),
                by=True,
                link=page.link(f"/inventory/{n}", year=year, run=pinned, **here),
            )
            for n in names
        ]
        title = page.month(group) if by == "month" else group
        following = {"org": "site", "site": "month", "month": "site"}[by]
        rows.append(
            {
                "title": title,
                "unit": "",
                "cells": cells,
                "link": page.link("/inventory", by=following, year=year, run=pinned, **here),
            }
        )
    whole = {v.figure: v for v in page.desk.values(names, run, "", where)}
    total = [
        _cell(
            page,
            whole.get(n),
            by=False,
            link=page.link(f"/inventory/{n}", year=year, run=pinned, **where),
        )
        for n in names
    ]
    if rows:
        rows.append({"title": page.t("whole"), "unit": "", "cells": total, "link": ""})
    columns = [{"title": page.t(VIEWS[by].removeprefix("by ")), "unit": ""}]
    columns += [
        {
            "title": page.t(SHORT.get(n, FIGURES[n].title.split(" (")[0])),
            "unit": page.unit(whole[n].unit if n in whole else FIGURES[n].unit),
        }
        for n in names
    ]
    return {"columns": columns, "rows": rows, "count": len(groups)}


def _categories(page: Page, run: Run, where: Mapping[str, str], pinned: str) -> Model:
    values = {v.figure: v for v in page.desk.values([*SCOPE_3, "scope3"], run, "", where)}
    rows = []
    for name in (*SCOPE_3, "scope3"):
        number = name.removeprefix("scope3-")
        title = (
            f"{number}. {page.t(CATEGORIES[number])}" if number in CATEGORIES else page.t("Scope 3")
        )
        link = page.link(f"/inventory/{name}", year=run.fiscal_year, run=pinned, **where)
        cell = _cell(page, values.get(name), by=False, link=link)
        note = values[name].note if name in values else ""
        rows.append({"title": title, "unit": note, "cells": [cell], "link": ""})
    return {
        "columns": [
            {"title": page.t("Category"), "unit": ""},
            {"title": run.fiscal_year, "unit": page.unit("t CO2e")},
        ],
        "rows": rows,
    }


def read_ahead(desk: OpenWorkspace) -> Iterator[None]:
    """Read what people look at first, step by step.

    The years side by side, then the latest year's views and figures.
    """
    years = desk.years()
    for year in reversed(years):
        yield None
        desk.values(list(YEARLY), desk.run(year))
    desk.findings()
    yield None
    desk.factors()
    if not years:
        return
    run = desk.run(years[-1])
    for by in ("org,site", "org", "site", "month", ""):
        yield None
        desk.values(list(PLACED if by == "org,site" else ACROSS), run, by)
    for name in ("gross", "net", "scope1", "scope2-location", "scope2-market", "scope3"):
        yield None
        desk.explained(name, run, {}, 0, "")
        if run.entry_count <= AT_ONCE:
            desk.explained(name, run, {}, ROWS, "")
        for dimension in PARTS:
            yield None
            desk.values([name], run, dimension, lenient=True)


@router.get("/inventory")
def inventory(
    request: Request,
    where: Where,
    by: Annotated[str, Query(max_length=40)] = "",
    year: Annotated[str, Query(max_length=12)] = "",
    run: Annotated[str, Query(max_length=80)] = "",
    offset: int = 0,
) -> Response:
    """The inventory in the view that the address says."""
    page = Page.of(request)
    if not page.desk.years():
        return page.render("empty.html", title="Inventory", said="There is no inventory yet.")
    shown, runs = _choice(page, by, year, run, where)
    places = page.desk.values(list(PLACED), runs[-1], "org,site")
    months = page.desk.workspace.calendar.months(runs[-1].fiscal_year)
    query = {"by": by, "year": year, "run": run, **where}
    start = max(0, offset)
    table = _table(page, by, runs, where, run, start)
    following = page.following(start + GROUPS, table["count"])
    return page.render(
        "inventory.html",
        by=by,
        year=shown if year or by else "",
        where=_Where(where),
        views=VIEWS.items(),
        years=page.desk.years(),
        orgs=sorted({v.by["org"] for v in places}),
        sites=sorted({v.by["site"] for v in places}),
        months=months,
        run_id=run,
        hidden={k: v for k, v in where.items() if k not in ("org", "site", "month")},
        shown_runs=runs,
        notes=_notes(page, runs, where),
        table=table,
        query=query,
        offset=start,
        next=following,
        charts=_charts(page, by, runs, where),
    )


class _Where(dict[str, str]):
    """Filters, of which a template may ask any."""

    def __missing__(self, key: str) -> str:
        return ""


def _notes(page: Page, runs: list[Run], where: Mapping[str, str]) -> list[str]:
    """What keeps the figures from being whole.

    Rows in quarantine, missing months, parts that rest on estimates.
    """
    months = {m for r in runs for m in page.desk.workspace.calendar.months(r.fiscal_year)}
    months = {where["month"]} if where.get("month") else months
    waiting = [
        q
        for q in page.desk.quarantined()
        if q["month"] in months and where.get("site", q["site"]) == q["site"]
    ]
    missing = [
        f
        for f in page.desk.findings()
        if f.code == "missing-month" and f.month in months and where.get("site", f.site) == f.site
    ]
    notes = []
    if waiting:
        notes.append(
            page.t("{n} rows of these months are in quarantine and in no figure.", n=len(waiting))
        )
    if missing:
        told = ", ".join(f"{f.site} {page.month(f.month)}" for f in missing[:6])
        notes.append(
            page.t(
                "Missing, and not counted as zero: {places}",
                places=told + (" …" if len(missing) > 6 else ""),
            )
        )
    return notes


def _charts(page: Page, by: str, runs: list[Run], where: Mapping[str, str]) -> list[Model]:
    made: list[tuple[Model | None, str]] = []
    run = runs[-1]
    if not by and len(runs) > 1 and not where:
        made.append((years_spec(page.desk, page.desk.years()), "Gross by scope and net, by year"))
    if by == "org":
        points = scope_points(page.desk, run, "org", where)
        made.append((specs.business_chart(points) if points else None, "Scope 1 and 2 by business"))
    if by in ("", "month", "site") and len(runs) == 1:
        made.append((month_spec(page.desk, run, where), "Scope 1 and 2 by month"))
    if by == "category":
        values = page.desk.values(list(SCOPE_3), run, "category,approach", where)
        points = [
            {
                "category": f"{v.by['category']} {page.t(CATEGORIES[v.by['category']])}",
                "approach": v.by["approach"],
                "value": float(v.value),
            }
            for v in values
            if v.value is not None and v.by["category"] in CATEGORIES
        ]
        made.append(
            (specs.categories_chart(points) if points else None, "Scope 3 by category and method")
        )
    return [{"spec": in_words(spec, page), "label": page.t(label)} for spec, label in made if spec]


@router.get("/inventory/export")
def export(
    request: Request,
    where: Where,
    by: Annotated[str, Query(max_length=40)] = "",
    year: Annotated[str, Query(max_length=12)] = "",
    run: Annotated[str, Query(max_length=80)] = "",
    as_file: Annotated[str, Query(alias="format", pattern="^(csv|xlsx)$")] = "csv",
) -> Response:
    """The view as a file: the same rows and columns, values exact."""
    page = Page.of(request)
    _, runs = _choice(page, by, year, run, where)
    table = _table(page, by, runs, where, run)
    columns = [f"{c['title']} [{c['unit']}]" if c["unit"] else c["title"] for c in table["columns"]]
    columns[1:1] = [page.t("Unit")] if not by else []
    columns += [page.t("Note")] if by == "category" else []
    rows = []
    for row in table["rows"]:
        cells: list[Fraction | str] = [
            c["text"] if c["value"] is None else c["value"] for c in row["cells"]
        ]
        lead = [row["title"], row["unit"]] if not by else [row["title"]]
        rows.append([*lead, *cells, *([row["unit"]] if by == "category" else [])])
    name = "-".join(x for x in ("inventory", by, year, *where.values()) if x)
    plain = "".join(ch if ch.isascii() and (ch.isalnum() or ch in "-_") else "-" for ch in name)
    return table_file(as_file, plain, columns, rows)


@router.get("/inventory/{name}")
def explain(
    request: Request,
    where: Where,
    name: str,
    year: Annotated[str, Query(max_length=12)] = "",
    run: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """A number opened: what it is made of, its parts, its rows."""
    page = Page.of(request)
    FIGURES.named(name)
    chosen = page.desk.run(year.upper(), run)
    year = chosen.fiscal_year
    told = page.desk.explained(name, chosen, where, 0, "")
    exact = told.tree.json["value"]
    exact = exact if isinstance(exact, str) else ""
    many = chosen.entry_count > AT_ONCE
    rows = (
        {"later": page.link(f"/inventory/{name}/rows", year=year, run=run, after=after, **where)}
        if many
        else _rows(page, name, chosen, where, after)
    )
    return page.render(
        "explain.html",
        tree=_node(page, told.tree, year, run, where),
        year=year,
        run=chosen,
        where=dict(where),
        parts=_parts(page, name, chosen, run, where),
        exact=exact.rstrip("0").rstrip(".") if exact else "",
        **{"later": "", "count": told.entries.count, **rows},
    )


@router.get("/inventory/{name}/rows")
def rows_of(
    request: Request,
    where: Where,
    name: str,
    year: Annotated[str, Query(max_length=12)] = "",
    run: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """Rows of a figure of which there are many: they come after the page that opens it."""
    page = Page.of(request)
    return page.render(
        "rows.html",
        **_rows(page, FIGURES.named(name).id, page.desk.run(year.upper(), run), where, after),
        later="",
    )


def _rows(page: Page, name: str, chosen: Run, where: Mapping[str, str], after: str) -> Model:
    """A page of a figure's rows."""
    entries = page.desk.explained(name, chosen, where, ROWS, after).entries
    year = chosen.fiscal_year
    rows = [
        {
            "name": r.activity,
            "link": page.link(f"/entries/{r.name}", year=year),
            "site": r.site,
            "month": r.month,
            "quantity": r.quantity,
            "unit": r.unit,
            "factor": r.factor if isinstance(r, EntryShown) else "",
            "co2e": _counted(page, r) if isinstance(r, EntryShown) else "",
            "file": r.file,
            "sheet": r.sheet,
            "row": r.row,
        }
        for r in entries.rows
    ]
    asked = dict(parse_qsl(page.request.url.query))
    following = (
        page.link(f"/inventory/{name}", **{**asked, "after": entries.next}) + "#rows"
        if entries.next
        else ""
    )
    masses = isinstance(entries.rows[0], EntryShown) if entries.rows else False
    return {
        "rows": rows,
        "masses": masses,
        "offset": entries.offset,
        "count": entries.count,
        "next": following,
    }


def _counted(page: Page, row: EntryShown) -> str:
    """What an entry adds to the figure, and its mass where that is another."""
    told = page.number(float(row.counts_kg))
    if row.is_taken_off:
        mass = page.number(float(row.co2e_kg))
        told += " " + page.t("({mass}, covered by {by})", mass=mass, by=row.instrument)
    return told


def _node(
    page: Page, n: FigureNode, year: str, run: str, where: Mapping[str, str], depth: int = 0
) -> Model:
    value, one = n.value, n.definition
    address = page.link(f"/inventory/{one.id}", year=year, run=run, **where)
    return {
        "title": one.title,
        "formula": one.formula,
        "source": one.source,
        "unit": page.unit(value.unit),
        "text": None if value.value is None else page.amount(value),
        "star": page.lacking(value),
        "link": address if depth else "",
        "of": [_node(page, b, year, run, where, depth + 1) for b in n.of],
    }


def _parts(page: Page, name: str, chosen: Run, run: str, where: Mapping[str, str]) -> list[Model]:
    """The figure by business, site, month and method, as far as it has such parts.

    Each opens further.
    """
    groups = []
    if FIGURES[name].is_ratio:
        return []
    for dimension in PARTS:
        if dimension in where:
            continue
        found = page.desk.values([name], chosen, dimension, where, lenient=True)
        values = [v for v in found if v.value is not None]
        if len(values) < 2:
            continue
        if dimension != "month":
            values.sort(key=lambda v: -abs(v.value or Fraction(0)))
        whole = sum((v.value for v in values if v.value is not None), Fraction(0))
        groups.append(
            {
                "title": f"by {'business' if dimension == 'org' else dimension}",
                "rows": [
                    {
                        "name": (
                            page.month(v.by[dimension]) if dimension == "month" else v.by[dimension]
                        ),
                        "link": page.link(
                            f"/inventory/{name}",
                            year=chosen.fiscal_year,
                            run=run,
                            **{**where, dimension: v.by[dimension]},
                        ),
                        "text": page.amount(v),
                        "share": (
                            page.number(v.value / whole, "share")
                            if whole and v.value is not None
                            else ""
                        ),
                    }
                    for v in values[:40]
                ],
            }
        )
    return groups


@router.get("/entries/{entry:path}")
def one_entry(
    request: Request, entry: str, year: Annotated[str, Query(max_length=12)] = ""
) -> Response:
    """An entry opened: file and row, method and factor, publication and table."""
    page = Page.of(request)
    told = page.desk.entry(entry, year.upper())
    entries = [asdict(e) | {"co2e_kg": Fraction(int(e.co2e_mg), 10**6)} for e in told.entries]
    title = KINDS[told.kind].title if told.kind in KINDS else told.kind
    original = original_rows(
        page.desk.workspace, told.source_import, told.sheet, told.row, around=2
    )
    return page.render(
        "entry.html",
        told=told,
        entries=entries,
        year=year,
        original=original,
        kind_title=title,
    )


@router.get("/uncertainty")
def uncertainty(
    request: Request,
    year: Annotated[str, Query(max_length=12)] = "",
    figure: Annotated[str, Query(max_length=80)] = "total-location",
    by: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """95 % ranges of a sum by two approaches, and what to measure better next."""
    page = Page.of(request)
    if not page.desk.years():
        return page.render("empty.html", title="Uncertainty", said="Nothing is valued yet.")
    run = page.desk.run(year.upper())
    key = ("ranges", figure, run.run_id, by)
    found = page.desk.kept(key, lambda: ranges(page.desk.rollups(), figure, run, by))
    shown = sorted(found, key=lambda r: -r.closed.total)[:40]
    rows = [
        (
            next(iter(r.by.values()), "") or page.t("whole"),
            page.number(r.closed.total),
            f"{page.number(r.closed.low)} – {page.number(r.closed.high)}",
            f"{page.number(r.simulated.low)} – {page.number(r.simulated.high)}",
            "–" if r.closed.share_95 is None else f"±{page.number(r.closed.share_95, 'share')}",
            "–" if r.quality is None else page.number(r.quality),
            page.number(r.primary_share, "share"),
        )
        for r in shown
    ]
    nexts = [
        (
            c.what,
            c.source,
            page.number(c.share, "share"),
            page.number(c.tonnes),
            page.number(c.spread, "share"),
        )
        for r in shown[:1]
        for c in r.next
    ]
    return page.render(
        "uncertainty.html",
        year=run.fiscal_year,
        years=page.desk.years(),
        figure=figure,
        figures=[(n, page.t(FIGURES[n].title)) for n in RANGED],
        by=by,
        dimensions=[("", "–"), *((d, page.t(d)) for d in ("org", "site", "category", "kind"))],
        rows=rows,
        nexts=nexts,
    )


RANGED = (
    "total-location",
    "total-market",
    "scope1",
    "scope2-location",
    "scope2-market",
    "scope3",
    "gross",
)
"""Figures whose ranges the page offers."""
