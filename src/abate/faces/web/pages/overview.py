"""Overview, the guided start of an empty workspace, and jobs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from abate.adapters.store.imports import import_years
from abate.application.catalogue import FIGURES, TEMPLATES
from abate.application.inventory.figures import Run
from abate.application.workspaces.setup import NAMELESS, describe_workspace, template_rows
from abate.disclosure import charts as specs
from abate.faces.api.desk import OpenWorkspace
from abate.faces.web.page import Form, Page, compile_templates, in_words
from abate.kernel.edges import Json, Model
from abate.kernel.errors import NotFoundError
from abate.kernel.finding import Severity
from abate.kernel.region import country_name

router = APIRouter()
CARDS = (
    "gross",
    "net",
    "scope1",
    "scope2-location",
    "scope2-market",
    "scope3",
    "intensity",
    "clean-share",
)


@router.get("/")
def overview(request: Request) -> Response:
    """The headline figures and what waits; an empty workspace is led to its first figure."""
    asked, sessions = request.scope["abate"], request.app.state.sessions
    if asked["token"]:
        response: Response = RedirectResponse("/", 303)
        if not asked["known"]:
            response.set_cookie(
                sessions.cookie, sessions.open(asked["token"]), httponly=True, samesite="strict"
            )
        return response
    page = Page.of(request)
    if not page.desk.years():
        return _start(page)
    return _overview(page)


def todo(desk: OpenWorkspace) -> Model:
    """What waits: rows in quarantine and findings by severity."""
    findings = desk.findings()
    counts = [(s.value, sum(f.severity is s for f in findings)) for s in Severity]
    return {"quarantine": len(desk.quarantined()), "findings": [(s, n) for s, n in counts if n]}


def _overview(page: Page) -> Response:
    desk = page.desk
    years = desk.years()
    year, run = years[-1], desk.run(years[-1])
    known = desk.knows_findings()
    now = {v.figure: v for v in desk.values(list(CARDS), run)}
    before = (
        {v.figure: v for v in desk.values(list(CARDS), desk.run(years[-2]))}
        if len(years) > 1
        else {}
    )
    cards = [
        {
            "title": FIGURES[name].title.split(" (")[0],
            "text": (page.t(now[name].status) if now[name].note else page.amount(now[name])),
            "unit": page.unit(now[name].unit),
            "change": (
                page.change(before[name].value, now[name].value, now[name].unit) if before else ""
            ),
            "link": page.link(f"/inventory/{name}", year=year),
        }
        for name in CARDS
    ]
    shown = [
        {
            "spec": in_words(years_spec(desk, years), page),
            "label": page.t("Gross by scope and net, by year"),
        }
    ]
    months = month_spec(desk, run)
    if months:
        shown.append({"spec": in_words(months, page), "label": page.t("Scope 1 and 2 by month")})
    return page.render(
        "overview.html",
        year=year,
        run=run,
        cards=cards,
        charts=shown,
        known=known,
        **(waiting(desk) if known else {}),
    )


def waiting(desk: OpenWorkspace) -> Model:
    """What waits, and years that are out of date."""
    return todo(desk) | {"stale": stale(desk)}


@router.get("/todo")
def to_do(request: Request) -> Response:
    """What waits, as a part of the overview: it takes longer to find than the figures."""
    page = Page.of(request)
    return page.render("todo.html", **waiting(page.desk))


def prepare(desk: OpenWorkspace) -> None:
    """Read the figures that the overview shows, so that its first visitor does not wait."""
    years = desk.years()
    compile_templates("overview.html" if years else "start.html")
    for year in years[-2:]:
        desk.values(list(CARDS), desk.run(year))
    if years:
        years_spec(desk, years)
        month_spec(desk, desk.run(years[-1]))


def stale(desk: OpenWorkspace) -> list[str]:
    """Valued years of which the last run has not the imports that count now.

    Some came, were corrected or undone since.
    """
    of_import = desk.kept(
        ("import years", desk.version("imports")), lambda: import_years(desk.workspace)
    )
    last = {r.fiscal_year: {i for i, _ in json.loads(r.imports)} for r in desk.runs()}
    live = [r.import_id for r in desk.imports() if r.live]
    return [
        y
        for y, valued in sorted(last.items())
        if {i for i in live if y in of_import.get(i, ())} != valued
    ]


def years_spec(desk: OpenWorkspace, years: list[str]) -> Json:
    """Chart of gross by scope and net, by year."""
    series = {"scope1": "Scope 1", "scope2-location": "Scope 2 (location)", "net": "Net"}
    values = [v for y in years for v in desk.values(list(series), desk.run(y))]
    return specs.years_chart(
        [
            {
                "year": v.year,
                "series": series[v.figure],
                "value": float(v.value),
                "net": v.figure == "net",
            }
            for v in values
            if v.value is not None
        ]
    )


def month_spec(
    desk: OpenWorkspace, run: Run, where: Mapping[str, str] = MappingProxyType({})
) -> Model | None:
    """Chart of Scope 1 and 2 by month."""
    points = scope_points(desk, run, "month", where)
    return specs.months_chart(points) if points else None


def scope_points(desk: OpenWorkspace, run: Run, by: str, where: Mapping[str, str]) -> list[Model]:
    """Scope 1 and 2 (location) by a dimension, as charts take them."""
    series = {"scope1": "Scope 1", "scope2-location": "Scope 2 (location)"}
    return [
        {by: v.by[by], "series": series[v.figure], "value": float(v.value)}
        for v in desk.values(list(series), run, by, where)
        if v.value is not None
    ]


def _start(page: Page) -> Response:
    """The four steps from nothing to a first figure."""
    workspace = page.desk.workspace
    site = workspace.organisation.sites[0] if workspace.organisation.sites else None
    form = {
        "name": workspace.organisation.name,
        "site": site.name if site else "",
        "region": site.region if site else "CN",
        "currency": workspace.organisation.currency,
        "start_month": workspace.calendar.start_month,
    }
    imported = [
        r
        for r in page.desk.imports()
        if r.live and r.file and not r.template.startswith("factors-")
    ]
    return page.render(
        "start.html",
        form=form,
        regions=_regions(page),
        purpose="data",
        described=form["name"] != NAMELESS,
        imports=len(imported),
        years=page.desk.data_years(),
    )


def _regions(page: Page) -> list[tuple[str, str]]:
    """Regions whose grid the factor book knows, with their names."""
    known = {
        f.region
        for f in page.desk.factors().book
        if (f.kind, f.item, f.basis) == ("electricity", "grid-average", "direct")
        and "-R-" not in f.region
    }
    found = [(code, _region_name(code)) for code in known]
    return sorted(found, key=lambda r: (r[1].split(",")[0], "," in r[1], r[1]))


def _region_name(code: str) -> str:
    """A country's name, a province's by its own, and another part by its country and code."""
    if code.startswith("CN-") and code.removeprefix("CN-") in PROVINCES:
        return PROVINCES[code.removeprefix("CN-")]
    return f"{country_name(code)}, {code.split('-', 1)[1]}" if "-" in code else country_name(code)


PROVINCES = {
    "AH": "Anhui", "BJ": "Beijing", "CQ": "Chongqing", "FJ": "Fujian", "GD": "Guangdong", "GS": "Gansu", "GX": "Guangxi",
    "GZ": "Guizhou", "HA": "Henan", "HB": "Hubei", "HE": "Hebei", "HI": "Hainan", "HL": "Heilongjiang", "HN": "Hunan",
    "JL": "Jilin", "JS": "Jiangsu", "JX": "Jiangxi", "LN": "Liaoning", "NM": "Inner Mongolia", "NX": "Ningxia",
    "QH": "Qinghai", "SC": "Sichuan", "SD": "Shandong", "SH": "Shanghai", "SN": "Shaanxi", "SX": "Shanxi",
    "TJ": "Tianjin", "XJ": "Xinjiang", "YN": "Yunnan", "ZJ": "Zhejiang",
}  # fmt: skip
"""Names of provinces by their code (ISO 3166-2:CN)."""


@router.post("/start")
def say_who(request: Request, form: Form) -> Response:
    """Write who the organisation is into `abate.toml`, while nothing has been imported."""
    page = Page.of(request)
    describe_workspace(
        page.desk.workspace,
        name=form.get("name", ""),
        site=form.get("site", ""),
        region=form.get("region", ""),
        currency=form.get("currency", ""),
        start_month=form.get("start_month", ""),
    )
    return RedirectResponse("/", 303)


@router.get("/data/templates/{name}.csv")
def template_file(request: Request, name: str) -> Response:
    """A blank file of a kind, with the workspace's own first site and a month of the year that ended last."""
    if name not in TEMPLATES:
        raise NotFoundError(
            "unknown-kind", f"No kind of file '{name}'.", f"There are: {', '.join(TEMPLATES)}."
        )
    workspace = Page.of(request).desk.workspace
    out = io.StringIO()
    csv.writer(out).writerows(template_rows(workspace, TEMPLATES[name]))
    about = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=about)
