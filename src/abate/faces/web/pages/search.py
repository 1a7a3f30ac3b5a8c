"""Search: figures, sites, files, factors, meters, findings and pages by a few words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from abate.application.catalogue import FIGURES
from abate.application.energy.meters import meters
from abate.faces.web.page import Cell, Page
from abate.faces.web.pages.data import titles

router = APIRouter()
SHOWN = 20
"""Hits of each kind."""


@router.get("/search")
def search(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """What holds all of the words, by kind."""
    page = Page.of(request)
    words = q.casefold().split()
    found = _found(page, words) if words else []
    return page.render("search.html", q=q, found=[(name, hits) for name, hits in found if hits])


def _found(page: Page, words: list[str]) -> list[tuple[str, list[tuple[Cell, str]]]]:
    desk, t = page.desk, page.t

    def holds(*texts: str) -> bool:
        told = " ".join(texts).casefold()
        return all(w in told for w in words)

    pages = [
        (Cell(t(name), address), t(place.name))
        for place in page.request.app.state.navigation
        for address, name in place.tabs
        if holds(name, t(name), place.name, t(place.name))
    ]
    figures = [
        (Cell(t(f.title), page.link(f"/inventory/{f.id}")), f.id)
        for f in FIGURES.values()
        if holds(f.id, f.title, t(f.title))
    ]
    organisation = desk.workspace.organisation
    places = [
        (
            Cell(s.name or s.id, page.link("/organisation", section="sites", item=s.id)),
            f"{s.id}, {s.region}",
        )
        for s in organisation.sites
        if holds(s.id, s.name, s.region, *s.aliases)
    ]
    files = [
        (Cell(r.file, page.link(f"/data/imports/{r.import_id}")), r.import_id)
        for r in desk.imports()
        if r.file and holds(r.file, r.import_id)
    ]
    runs = [
        (Cell(r.run_id, page.link(f"/runs/{r.run_id}")), t(r.status))
        for r in reversed(desk.runs())
        if holds(r.run_id, r.fiscal_year, r.status)
    ]
    known = [
        (Cell(m.meter, page.link(f"/meters/{m.meter}")), m.site)
        for m in meters(desk.workspace)
        if holds(m.meter, m.site)
    ]
    rules = titles()
    codes = list(dict.fromkeys(f.code for f in desk.findings()))
    findings = [
        (Cell(t(rules.get(c, c)), page.link("/data/findings", code=c)), c)
        for c in codes
        if holds(c, rules.get(c, ""), t(rules.get(c, "")))
    ]
    factors = [
        (
            Cell(f["factor_id"], page.link(f"/factors/{f['factor_id']}")),
            str(f.get("publication", "")),
        )
        for f in desk.factors().search(words)[:SHOWN]
    ]
    kinds = {
        "Pages": pages,
        "Figures": figures,
        "Sites": places,
        "Files": files,
        "Runs": runs,
        "Meters": known,
        "Findings": findings,
        "Factors": factors,
    }
    return [(name, hits[:SHOWN]) for name, hits in kinds.items()]
