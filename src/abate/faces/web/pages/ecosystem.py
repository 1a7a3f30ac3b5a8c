"""Ecosystem: programmes by which others emit less."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from abate.application.ecosystem.programmes import programmes
from abate.faces.web.page import Page, Place, year_of

router = APIRouter()
PLACE = Place("Ecosystem", (("/programmes", "Programmes"),))


@router.get("/programmes")
def list_programmes(request: Request, year: Annotated[str, Query(max_length=12)] = "") -> Response:
    """Programmes with what others emit less, by claimant, and what keeps it from the public."""
    page = Page.of(request)
    if not page.desk.years():
        return page.render("empty.html", title="Programmes", said="Nothing is valued yet.")
    chosen = year_of(page, year)
    key = ("programmes", chosen, page.desk.whole_version())
    told = page.desk.kept(key, lambda: programmes(page.desk.workspace, chosen))
    return page.render("programmes.html", year=chosen, years=page.desk.years(), programmes=told)
