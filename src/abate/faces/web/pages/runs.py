"""Runs: value a year, publish, verify, and why two runs differ."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from abate.adapters.store.intake import JOBS
from abate.application.catalogue import FIGURES, HEADLINES
from abate.application.disclosure.report_model import bridge_steps
from abate.application.inventory.figures import publish
from abate.application.inventory.findings import findings_of
from abate.application.inventory.lacks import SAID, blocking
from abate.disclosure import charts as specs
from abate.faces.api.routes import bridged
from abate.faces.clock import present
from abate.faces.web.page import Form, Page, accepted_of, in_words
from abate.faces.web.pages.data import titles
from abate.kernel.allocation import MATCHINGS
from abate.kernel.bridge import DRIVERS
from abate.kernel.errors import AbateError, NotFoundError
from abate.kernel.organisation import Boundary
from abate.kernel.species import GWP_SETS
from abate.kernel.units import in_t

router = APIRouter()
COMPARED = (
    "gross",
    "net",
    "scope1",
    "scope2-location",
    "scope2-market",
    "scope3",
    "total-location",
    "total-market",
)


@router.get("/runs")
def runs(request: Request) -> Response:
    """The list of runs, and the form for a new one."""
    return _runs(Page.of(request))


def _runs(page: Page, status: int = 200, **told: Any) -> Response:
    desk = page.desk
    rows = []
    for r in reversed(desk.runs()):
        values = {v.figure: v for v in desk.values(["gross", "net"], r)}
        shown = {n: page.amount(values[n]) for n in ("gross", "net")} | {"matching": r.matching}
        rows.append(asdict(r) | shown)
    years = desk.data_years()
    recent = [j for j in desk.intake.rows(JOBS, limit=10) if j["kind"] in ("run", "verify")][:3]
    return page.render(
        "runs.html",
        status,
        runs=rows,
        data_years=years,
        chosen=years[-1] if years else "",
        gwp_sets=GWP_SETS,
        recent=recent,
        default_gwp=desk.workspace.gwp_set,
        boundaries=[b.value for b in Boundary],
        default_boundary=desk.workspace.boundary.value,
        matchings=MATCHINGS,
        default_matching=desk.workspace.matching,
        figures=[(n, FIGURES[n].title) for n in COMPARED],
        **{"fault": None, **told},
    )


@router.post("/runs")
def start_run(request: Request, form: Form) -> Response:
    """Value a year as a job."""
    try:
        request.app.state.jobs.submit_run(
            form.get("year", ""),
            gwp=form.get("gwp", ""),
            boundary=form.get("boundary", ""),
            as_of=form.get("as_of", ""),
            matching=form.get("matching", ""),
        )
    except AbateError as error:
        return _runs(Page.of(request), 422, fault=error)
    return RedirectResponse("/runs", 303)


@router.get("/runs/compare")
def compare(
    request: Request,
    before: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str, Query(max_length=80)] = "",
    figure: Annotated[str, Query(max_length=80)] = "gross",
) -> Response:
    """Why a figure differs between two runs."""
    page = Page.of(request)
    found = bridged(page.desk, figure, before, after)
    steps = (
        bridge_steps(found, before[:6], after[:6])
        if before[:6] != after[:6]
        else bridge_steps(found, before, after)
    )
    whole = [("whole", found.totals)] if len(found.by_org) != 1 else []
    lines = [
        {
            "org": page.t(org) if org == "whole" else org,
            "cells": [_signed(page, by[d]) for d in DRIVERS],
            "sum": _signed(page, sum(by.values())),
        }
        for org, by in [*found.by_org.items(), *whole]
    ]
    change = found.end_mg - found.start_mg
    return page.render(
        "compare.html",
        title=FIGURES[figure].title,
        figure_id=figure,
        before=before,
        after=after,
        drivers=DRIVERS,
        lines=lines,
        start=page.number(in_t(found.start_mg)),
        end=page.number(in_t(found.end_mg)),
        change=_signed(page, change),
        charts=True,
        figures=[(n, FIGURES[n].title) for n in COMPARED],
        waterfall=in_words(specs.waterfall_chart(page.t(FIGURES[figure].title), steps), page),
    )


def _signed(page: Page, mg: int) -> str:
    return ("+" if mg > 0 else "−" if mg < 0 else "") + page.number(in_t(abs(mg))) if mg else "0"


@router.get("/runs/{run_id}")
def one_run(request: Request, run_id: str) -> Response:
    """A run with its terms and findings, beside what was published."""
    return _run(Page.of(request), run_id)


def _run(page: Page, run_id: str, status: int = 200, fault: AbateError | None = None) -> Response:
    desk = page.desk
    run = desk.run(run_id=run_id)
    found = findings_of(desk.workspace, run_id)
    published = [
        r
        for r in desk.runs()
        if r.fiscal_year == run.fiscal_year and r.status == "published" and r.run_id != run_id
    ]
    beside = []
    if published:
        sides = [
            {v.figure: v for v in desk.values(list(HEADLINES), r)} for r in (published[0], run)
        ]
        for name in HEADLINES:
            b, a = sides[0][name], sides[1][name]
            beside.append(
                {
                    "title": FIGURES[name].title,
                    "unit": page.unit(a.unit),
                    "before": page.amount(b),
                    "after": page.amount(a),
                    "change": page.change(b.value, a.value, a.unit),
                }
            )
    recent = [j for j in desk.intake.rows(JOBS, limit=20) if j["arguments"].get("run") == run_id][
        :2
    ]
    return page.render(
        "run.html",
        status,
        run=run,
        findings=found[:200],
        beside=beside,
        published_run=published[0].run_id if published else "",
        recent=recent,
        fault=fault,
        titles=titles(),
        blocking=blocking(desk.workspace, run) if run.status == "draft" else [],
        said=SAID,
    )


@router.post("/runs/{run_id}/publish")
def publish_run(request: Request, run_id: str, form: Form) -> Response:
    """Freeze a run."""
    page = Page.of(request)
    try:
        publish(
            page.desk.workspace,
            run_id,
            reason=form.get("reason", "").strip(),
            now=present(),
            accepted=accepted_of(form),
        )
    except NotFoundError:
        raise
    except AbateError as error:
        return _run(page, run_id, 422, error)
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.post("/runs/{run_id}/verify")
def verify(request: Request, run_id: str) -> Response:
    """Compute a run again as a job."""
    desk = Page.of(request).desk
    request.app.state.jobs.submit("verify", desk.run(run_id=run_id).run_id, run=run_id)
    return RedirectResponse(f"/runs/{run_id}", 303)


@router.get("/base-year")
def base_year(request: Request) -> Response:
    """The base year, its rule, and the form that values it on today's structure."""
    page = Page.of(request)
    jobs = page.jobs("base-year")
    return page.render(
        "base_year.html",
        policy=page.desk.workspace.base_year,
        jobs=jobs[:5],
    )


@router.post("/base-year")
def restate(request: Request) -> Response:
    """Value the base year on today's structure as a job."""
    job = request.app.state.jobs.submit("base-year", Page.of(request).t("Base year"))
    return RedirectResponse(f"/jobs/{job['id']}", 303)
