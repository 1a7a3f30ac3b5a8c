"""Factors: search, editions, where they are used, what the gates found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from abate.application.catalogue import KINDS
from abate.application.factors import add_factor, gate_findings, where_used
from abate.disclosure import charts as specs
from abate.faces.clock import present
from abate.faces.web.page import Form, Page, in_words
from abate.faces.web.pages.data import PER_PAGE, titles
from abate.kernel.edges import Model
from abate.kernel.errors import AbateError, UsageError
from abate.kernel.finding import Severity

router = APIRouter()


@router.get("/factors")
def factors(
    request: Request, q: Annotated[str, Query(max_length=200)] = "", offset: int = 0
) -> Response:
    """Search, editions that came in, and what their gates found."""
    page = Page.of(request)
    desk = page.desk
    found = desk.factors().search(q.split())
    start = max(0, offset)
    following = page.following(start + PER_PAGE, len(found))
    gates = desk.kept(
        ("gates", desk.version("imports", "findings")), lambda: gate_findings(desk.workspace)
    )
    counted = Counter((g["code"], g["severity"]) for g in gates)
    order = [s.value for s in Severity]
    editions = [
        r
        for r in desk.imports()
        if r.template.startswith("factors-") and r.template != "factors-default"
    ]
    return page.render(
        "factors.html",
        q=q,
        rows=found[start : start + PER_PAGE],
        count=len(found),
        next=following,
        editions=editions,
        purpose="factors",
        gates=[g for g in gates if g["severity"] != "info"][:100] or gates[:100],
        titles=titles(),
        gate_codes=sorted(
            ((c, s, n) for (c, s), n in counted.items()), key=lambda x: (order.index(x[1]), x[0])
        ),
    )


@router.get("/own-factor")
def own_factor(request: Request) -> Response:
    """The form for a factor of one's own."""
    return _own_factor(Page.of(request))


def _own_factor(
    page: Page, fault: AbateError | None = None, form: Mapping[str, str] = MappingProxyType({})
) -> Response:
    keys = ("kind", "item", "value", "unit", "region", "source", "species", "year", "basis", "gwp")
    return page.render(
        "own_factor.html",
        422 if fault else 200,
        kinds=[(k.id, page.t(k.title)) for k in KINDS.values()],
        asked={k: form.get(k, "") for k in keys},
        fault=fault,
    )


@router.post("/own-factor")
def take_own_factor(request: Request, form: Form) -> Response:
    """Add a factor of one's own; undoing its import takes it back."""
    page = Page.of(request)
    year = form.get("year", "").strip()
    try:
        if year and not (year.isdecimal() and 1900 <= int(year) <= 2200):
            raise UsageError("bad-year", f"'{year}' is not a year.", "Write it as 2024.")
        add_factor(
            page.desk.workspace,
            *(form.get(k, "").strip() for k in ("kind", "item", "value", "unit")),
            region=form.get("region", "").strip(),
            source=form.get("source", "").strip(),
            species=form.get("species", "").strip(),
            year=int(year) if year else None,
            basis=form.get("basis", "") or "direct",
            gwp_set=form.get("gwp", "").strip(),
            now=present(),
        )
    except AbateError as error:
        return _own_factor(page, error, form)
    return RedirectResponse(page.link("/factors", q=form.get("item", "")), 303)


@router.get("/factors/{factor_id:path}")
def factor(request: Request, factor_id: str) -> Response:
    """One factor with its editions and where it is used."""
    page = Page.of(request)
    told = page.desk.factors().show(factor_id)
    used = where_used(page.desk.rollups(), factor_id) if page.desk.runs() else []
    for u in used:
        u["t"] = page.number(float(Decimal(u["co2e_mg"]) / 10**9))
    history = _history(page, factor_id)
    return page.render(
        "factor.html",
        factor_id=factor_id,
        told=told,
        used=used,
        history=history,
        charts=bool(history),
    )


def _history(page: Page, factor_id: str) -> Model | None:
    """Chart of the values of one need over the years.

    Where several years of one species, region and unit are known.
    """
    book = page.desk.factors().book
    one = next(f for f in book if f.id == factor_id)
    same = [
        f
        for f in book
        if (f.kind, f.item, f.region, f.basis) == (one.kind, one.item, one.region, one.basis)
        and f.data_year
    ]
    points = [
        {"year": str(f.data_year), "series": f"{m.species} [{m.unit}]", "value": float(m.value)}
        for f in same
        for m in f.masses
        if m.unit in {x.unit for x in one.masses}
    ]
    if len({p["year"] for p in points}) < 2:
        return None
    return in_words(specs.history_chart(points), page)
