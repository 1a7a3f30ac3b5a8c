"""Meters: their tree, what each used, files of readings on their way in, and posting."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from abate.adapters.store.intake import UPLOADS
from abate.application.catalogue import KINDS
from abate.application.energy.loads import LoadSpec, Preview, preview_readings
from abate.application.energy.meters import (
    METERED_KINDS,
    Meter,
    Place,
    change_meter,
    depth_of,
    known_meters,
    meters,
)
from abate.application.energy.usage import Span, shown_meter
from abate.application.inventory.previews import duplicate_of
from abate.disclosure import charts as specs
from abate.faces.api import uploads
from abate.faces.clock import present
from abate.faces.web.page import Form, Page, in_words
from abate.faces.web.pages.data import titles
from abate.kernel.edges import Json
from abate.kernel.errors import AbateError, NotFoundError, UsageError

router = APIRouter()
SPANS_SHOWN = 400
"""Rows of usage that a page shows."""


@router.get("/meters")
def list_meters(request: Request) -> Response:
    """Every meter as a tree, files that wait, and posting."""
    page = Page.of(request)
    version = page.desk.version("imports")
    rows = page.desk.kept(("meters", version), lambda: meters(page.desk.workspace))
    waiting = [u for u in page.desk.intake.rows(UPLOADS, "ready") if u["purpose"] == "readings"]
    return page.render(
        "meters.html",
        purpose="readings",
        uploads=waiting,
        meters=[(depth_of(m, rows), m, _first_day(m), _last_day(m)) for m in rows],
        kinds={k: KINDS[k].title for k in METERED_KINDS},
        years=_years(page, rows),
    )


def _first_day(meter: Meter) -> str:
    return f"{meter.first:%Y-%m-%d}" if meter.first else "–"


def _last_day(meter: Meter) -> str:
    return f"{meter.past:%Y-%m-%d}" if meter.past else "–"


def _years(page: Page, rows: list[Meter]) -> list[str]:
    """Fiscal years in which meters have readings."""
    calendar = page.desk.workspace.calendar
    found = set()
    for m in rows:
        if m.first and m.past:
            first, last = calendar.year_of(m.first.date()), calendar.year_of(m.past.date())
            found |= {f"FY{y:04d}" for y in range(int(first[2:]), int(last[2:]) + 1)}
    return sorted(found)


@router.post("/meters/post")
def post_year(request: Request, form: Form) -> Response:
    """Post a year's usage as a job."""
    request.app.state.jobs.submit_posting(form.get("year", ""), by=form.get("by", "month"))
    return RedirectResponse("/jobs", 303)


@router.get("/meters/uploads/{upload_id}")
def upload(request: Request, upload_id: str) -> Response:
    """What a file of readings is read as; fields of the address say what it leaves open."""
    page = Page.of(request)
    one = page.desk.intake.get(UPLOADS, upload_id)
    if one["state"] in ("importing", "imported"):
        return RedirectResponse("/jobs", 303)
    one = uploads.ready(page.desk, upload_id)
    asked = dict(request.query_params)
    path = uploads.path_of(page.desk, one)
    preview: Preview | None = None
    fault: AbateError | None = None
    try:
        preview = preview_readings(page.desk.workspace, path, how_of(asked))
    except AbateError as error:
        fault = error
    return page.render(
        "readings.html",
        422 if fault else 200,
        upload=one,
        asked={f.name: asked.get(f.name, "") for f in fields(LoadSpec)},
        preview=preview,
        fault=fault,
        duplicate=duplicate_of(page.desk.workspace, path),
        titles=titles(),
        unnamed=bool(preview and any(not s.meter for s in preview.series)),
        unsaid=bool(preview and any(not s.unit for s in preview.series)),
        **_choices(page),
    )


def _choices(page: Page) -> Json:
    """Sites, kinds and meters that a form offers."""
    return {
        "sites": [(s.id, s.name) for s in page.desk.workspace.organisation.sites],
        "kinds": [(k, KINDS[k].title) for k in METERED_KINDS],
        "known": list(known_meters(page.desk.workspace)),
    }


def how_of(asked: dict[str, str]) -> LoadSpec:
    """What a form says of a file of readings.

    Raises:
        UsageError: `bad-date`.
    """
    said = {f.name: asked.get(f.name, "").strip() for f in fields(LoadSpec)}
    made = {"since": _moment(said["since"]), "later": bool(said["later"])}
    return LoadSpec(**(said | made))  # type: ignore[arg-type]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(
            "bad-date", f"'{text}' is not a day.", "Write it as 2026-01-31."
        ) from error


@router.post("/meters/uploads/{upload_id}/load")
def load(request: Request, upload_id: str, form: Form) -> Response:
    """Load a file as a job."""
    request.app.state.jobs.submit_load(upload_id, how_of(form))
    return RedirectResponse("/jobs", 303)


@router.get("/meters/{meter:path}")
def show(
    request: Request,
    meter: str,
    by: Annotated[str, Query(pattern="^(month|day)$")] = "month",
) -> Response:
    """What a meter used, what is known of it, and what is wrong with its readings."""
    page = Page.of(request)
    return _meter(page, meter, by)


def _meter(page: Page, name: str, by: str, fault: AbateError | None = None) -> Response:
    every = meters(page.desk.workspace)
    one = next((m for m in every if m.meter == name), None)
    if one is None:
        raise NotFoundError(
            "unknown-meter", f"There is no meter '{name}'.", "See the list of meters."
        )
    found = None
    try:
        found = shown_meter(page.desk.workspace, name, by=by)
    except NotFoundError as error:
        if error.code != "no-readings":
            raise
    spans = list(found.spans) if found else []
    return page.render(
        "meter.html",
        422 if fault else 200,
        meter=one,
        by=by,
        found=found,
        spans=spans[-SPANS_SHOWN:],
        spec=in_words(_chart(spans, found.unit, by, page), page) if found and spans else None,
        below=[m for m in every if m.parent == name],
        fault=fault,
        charts=True,
        titles=titles(),
        **_choices(page),
    )


def _chart(spans: list[Span], unit: str, by: str, page: Page) -> Json:
    points = [
        {"start": s.begun.isoformat(), "series": series, "value": value}
        for s in spans
        for series, value in (("measured", s.metered), ("estimated", s.estimated))
        if value
    ]
    gaps = [
        {"from": a.begun.isoformat(), "to": b.past.isoformat()}
        for lacking, some in groupby(spans, key=lambda s: s.missing_count > 0)
        if lacking
        for run in [list(some)]
        for a, b in [(run[0], run[-1])]
    ]
    words = (page.t("measured"), page.t("estimated"), page.t("readings missing"))
    return specs.usage_chart(points, gaps, by=by, unit=page.unit(unit), words=words)


@router.post("/meters/{meter:path}")
def change(request: Request, meter: str, form: Form) -> Response:
    """Say where a meter stands and what it counts."""
    page = Page.of(request)
    try:
        known = {f.name: form.get(f.name, "").strip() for f in fields(Place)}
        since = _moment(known["since"])
        place = Place(**(known | {"since": since}))  # type: ignore[arg-type]
        change_meter(
            page.desk.workspace, meter, place, now=present(), reason=form.get("reason", "")[:2000]
        )
    except AbateError as error:
        return _meter(page, meter, "month", fault=error)
    return RedirectResponse(page.link(f"/meters/{meter}"), 303)
