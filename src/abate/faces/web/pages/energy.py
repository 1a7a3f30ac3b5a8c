"""Energy: data centres with their load curves, forecasts, backtests, savings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from abate.application.catalogue import KINDS
from abate.application.energy.batches import span_s
from abate.application.energy.chapter import fan_specs
from abate.application.energy.data_centres import RATIOS, DataCentre, Hour, data_centres, load_curve
from abate.application.energy.forecasts import forecasts, hourly_sites, site_readings
from abate.application.energy.meters import meter_named, meters
from abate.application.energy.savings import SavingTerms
from abate.application.inventory.figures import Run
from abate.disclosure import charts as specs
from abate.faces.api import uploads
from abate.faces.web.page import Form, Page, Place, in_words
from abate.kernel.edges import Model
from abate.kernel.errors import AbateError, UsageError

router = APIRouter()
PLACE = Place(
    "Energy",
    (
        ("/data-centres", "Data centres"),
        ("/forecasts", "Forecasts"),
        ("/backtests", "Backtests"),
        ("/savings", "Savings"),
        ("/dispatch", "Dispatch"),
        ("/sizing", "Sizing"),
        ("/contracts", "Contracts"),
        ("/tariffs", "Tariffs"),
        ("/certificates", "Certificates"),
        ("/lots", "Lots"),
        ("/matching", "By the hour"),
    ),
)
UNITS = {"pue": "ratio", "wue": "L/kWh", "clean-share": "share"}
HEADS = {"pue": "PUE", "wue": "WUE [L/kWh]", "clean-share": "Clean share"}
FLOORS = {"pue": 1.0, "wue": 0.0, "clean-share": 0.0}
MARKS = {"meter-gap": "gap", "meter-stuck": "stuck", "pue-below-one": "PUE below 1"}


@router.get("/data-centres")
def centres(request: Request, year: Annotated[str, Query(max_length=12)] = "") -> Response:
    """All buildings of a year."""
    page = Page.of(request)
    years = page.desk.years()
    chosen = year.upper() or (years[-1] if years else "")
    run = page.desk.run(chosen) if chosen else None
    buildings = _buildings(page, run) if run else []
    return page.render(
        "data_centres.html",
        year=chosen,
        years=years,
        buildings=buildings,
        charts=True,
        heads={
            k: page.t(h) if k == "clean-share" else h.replace("L/kWh", page.unit("L/kWh"))
            for k, h in HEADS.items()
        },
    )


def _buildings(page: Page, run: Run) -> list[Model]:
    year = run.fiscal_year
    version = page.desk.version("rollups")
    found = page.desk.kept(
        ("centres", run.run_id, version), lambda: data_centres(page.desk.rollups(), run)
    )
    months = set(page.desk.workspace.calendar.months(year))
    marked: dict[str, list[dict[str, str]]] = defaultdict(list)
    for f in page.desk.findings():
        if f.code in MARKS and f.month in months:
            building = f.message.replace(":", " ").split(" ")[0]
            marked[f"{f.site}/{building}"].append({"title": MARKS[f.code], "month": f.month})
    made = []
    for b in found:
        place = {"site": b.site, "building": b.building}
        cells = []
        for name in RATIOS:
            value, goal = b.year[name], b.targets.get(name)
            at = place if name != "clean-share" else {"site": b.site}
            cells.append(
                {
                    "value": value,
                    "text": page.number(value, UNITS[name]),
                    "link": page.link(f"/inventory/{name}", year=year, **at),
                    "goal": page.number(goal.value, UNITS[name]) if goal else "",
                    "met": goal.met if goal else None,
                    "by": page.t("by {year}", year=goal.year) if goal else "",
                }
            )
        shown = [m for m in b.months if any(m[n] is not None for n in ("pue", "wue"))]
        made.append(
            {
                **place,
                "cells": cells,
                "it": page.number(b.year["it-energy"]),
                "findings": marked[f"{b.site}/{b.building}"],
                "last": shown[-1]["month"] if shown else b.months[-1]["month"],
                "climate_source": b.climate_source,
                "months": [_month(page, m, year, place) for m in b.months],
                "charts": _charts(page, b),
            }
        )
    return made


def _month(page: Page, m: Model, year: str, place: dict[str, str]) -> Model:
    cells = [
        {
            "value": m[n],
            "text": page.number(m[n], UNITS[n]),
            "link": page.link(
                f"/inventory/{n}",
                year=year,
                month=m["month"],
                **(place if n != "clean-share" else {"site": place["site"]}),
            ),
        }
        for n in RATIOS
    ]
    climate = m["climate_c"]
    cells.append(
        {"value": climate, "text": "–" if climate is None else page.number(climate), "link": ""}
    )
    return {"month": m["month"], "cells": cells}


def _charts(page: Page, b: DataCentre) -> list[Model]:
    made = []
    for name in RATIOS:
        points = [
            {"month": m["month"], "value": m[name], "climate": m["climate_c"]} for m in b.months
        ]
        if not any(p["value"] is not None for p in points):
            continue
        goal = b.targets[name].value if name in b.targets else None
        title = page.t(HEADS[name].split(" [")[0]) + (
            f" [{page.unit(UNITS[name])}]" if name == "wue" else ""
        )
        spec = specs.goal_chart(
            title,
            points,
            goal=goal,
            floor=FLOORS[name],
            share=name == "clean-share",
            words=(page.t("goal"), page.t("usual climate [°C]")),
        )
        made.append(
            {
                "spec": spec,
                "label": (
                    f"{b.site} {b.building}: {title},"
                    f" {page.t('by month against the goal, with the usual climate')}"
                ),
            }
        )
    return made


@router.get("/data-centres/{site}/{building}")
def centre(
    request: Request, site: str, building: str, month: Annotated[str, Query(max_length=12)] = ""
) -> Response:
    """The load curve of a building in a month."""
    page = Page.of(request)
    version = page.desk.version("imports")
    if not month:
        month = page.desk.workspace.calendar.months(page.desk.run().fiscal_year)[-1]
    curve = page.desk.kept(
        ("curve", site, building, month, version),
        lambda: load_curve(page.desk.workspace, site, building, month),
    )
    at = curve.months.index(month) if month in curve.months else None
    points = [
        {"start": h.start.isoformat(), "series": series, "value": value}
        for h in curve.hours
        for series, value in (("Facility", h.facility_kwh), ("IT", h.it_kwh))
    ]
    shades = [
        {"from": s.first.isoformat(), "to": s.past.isoformat(), "series": series}
        for series, stretches in (("gap", curve.gaps), ("stuck", curve.stuck))
        for s in stretches
    ]
    return page.render(
        "load_curve.html",
        curve=curve,
        before=curve.months[at - 1] if at else "",
        spec=in_words(specs.load_chart(points, shades), page),
        following=(curve.months[at + 1] if at is not None and at + 1 < len(curve.months) else ""),
        days=_days(curve.hours),
        kinds={k: KINDS[k].title for k in ("facility-energy", "it-energy")},
        charts=True,
    )


def _days(hours: list[Hour]) -> list[Model]:
    """Energy of each day, and its PUE over the hours in which both meters have readings."""
    days: dict[str, Model] = {}
    for h in hours:
        day = days.setdefault(
            h.start.date().isoformat(),
            {"facility": None, "it": None, "hours": 0, "both": [0.0, 0.0]},
        )
        for name, value in (("facility", h.facility_kwh), ("it", h.it_kwh)):
            if value is not None:
                day[name] = (day[name] or 0.0) + value
        if h.facility_kwh is not None and h.it_kwh is not None:
            day["hours"] += 1
            day["both"] = [day["both"][0] + h.facility_kwh, day["both"][1] + h.it_kwh]
    return [
        {"day": d, **v, "pue": v["both"][0] / v["both"][1] if v["both"][1] else None}
        for d, v in days.items()
    ]


@router.get("/forecasts")
def list_forecasts(request: Request) -> Response:
    """Kept forecasts compared with the meters, and the form for a new one."""
    return _forecasts(Page.of(request))


def _forecasts(page: Page, fault: AbateError | None = None) -> Response:
    workspace = page.desk.workspace
    kept = page.desk.kept(
        ("forecasts", page.desk.version("forecasts", "imports")),
        lambda: forecasts(workspace),
    )
    rows = [
        (
            f.forecast_id,
            f.site,
            str(f.period_start)[:16],
            page.number(f.expected_t["location"]["mean"]),
            *(
                ("–",) * 4
                if f.score is None
                else (
                    f"{f.score.bias_share:+.1%}",
                    page.number(f.score.inside_50_share, "share"),
                    page.number(f.score.inside_90_share, "share"),
                    page.share(f.score.skill_share),
                )
            ),
        )
        for f in reversed(kept)
    ]
    sites = page.desk.kept(
        ("hourly", page.desk.version("imports")), lambda: sorted(hourly_sites(workspace))
    )
    jobs = page.jobs("forecast")
    return page.render(
        "forecasts.html",
        422 if fault else 200,
        rows=rows,
        specs=[in_words(s, page) for s in fan_specs(kept[-1])] if kept else [],
        sites=[(s, s) for s in sites],
        jobs=jobs[:3],
        fault=fault,
        charts=True,
    )


@router.post("/forecasts")
def start_forecast(request: Request, form: Form) -> Response:
    """Forecast a site as a job."""
    page = Page.of(request)
    site = form.get("site", "")
    try:
        site_readings(page.desk.workspace, site)
        span_s(form.get("ahead", "24h"))
        job = request.app.state.jobs.submit(
            "forecast",
            site,
            sites=[site],
            ahead=form.get("ahead", "24h"),
            issued=form.get("issued", ""),
            seed=1,
            post=bool(form.get("post")),
        )
    except AbateError as error:
        return _forecasts(page, error)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


@router.get("/backtests")
def backtests(request: Request) -> Response:
    """The form for a backtest of meters."""
    return _backtests(Page.of(request))


def _backtests(page: Page, fault: AbateError | None = None) -> Response:
    jobs = page.jobs("backtest")
    return page.render(
        "backtests.html",
        422 if fault else 200,
        meters=[(m.meter, m.meter) for m in meters(page.desk.workspace)],
        jobs=jobs[:5],
        fault=fault,
    )


@router.post("/backtests")
def start_backtest(request: Request, form: Form) -> Response:
    """Score forecasts of a meter as a job."""
    page = Page.of(request)
    told = {k: form.get(k, "").strip() for k in ("ahead", "every", "last")}
    try:
        meter_named(page.desk.workspace, form.get("meter", ""))
        for span in told.values():
            span_s(span)
        job = request.app.state.jobs.submit(
            "backtest",
            form["meter"],
            meters=[form["meter"]],
            country=form.get("country", ""),
            weather=form.get("weather", ""),
            **told,
        )
    except AbateError as error:
        return _backtests(page, error)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


@router.get("/savings")
def savings(request: Request) -> Response:
    """The form for savings of works."""
    return _savings(Page.of(request))


def _savings(
    page: Page, fault: AbateError | None = None, form: Mapping[str, str] = MappingProxyType({})
) -> Response:
    jobs = page.jobs("savings")
    return page.render(
        "savings.html",
        422 if fault else 200,
        meters=[("", "–"), *((m.meter, m.meter) for m in meters(page.desk.workspace))],
        jobs=jobs[:5],
        asked={k: form.get(k, "") for k in ("meter", "until", "since", "unit", "zone")},
        fault=fault,
    )


@router.post("/savings")
def start_savings(request: Request, form: Form) -> Response:
    """Measure savings as a job."""
    page = Page.of(request)
    desk, meter, usage = page.desk, form.get("meter", ""), form.get("usage", "")
    model = form.get("model", "") if form.get("model") in ("daily", "hourly") else "daily"
    try:
        if bool(meter) == bool(usage):
            text = "Choose a meter, or hand in a file of usage."
            raise UsageError("what-to-read", text, "One of the two.")
        until, since = (_day(form.get(k, "")) for k in ("until", "since"))
        if until is None:
            raise UsageError("bad-date", "When did the works begin?", "Give a day.")
        SavingTerms(until, since or until, model)
        for upload in (form.get("weather", ""), usage):
            if upload:
                uploads.input_of(desk, upload)
        job = request.app.state.jobs.submit(
            "savings",
            meter or uploads.input_of(desk, usage).name,
            meters=[meter] if meter else [],
            usage=usage,
            weather=form.get("weather", ""),
            until=str(until),
            since=str(since or ""),
            model=model,
            confidence=0.95,
            zone=form.get("zone", "").strip() or "UTC",
            unit=form.get("unit", "").strip(),
        )
    except AbateError as error:
        return _savings(page, error, form)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(
            "bad-date", f"'{text}' is not a day.", "Write it as 2026-01-31."
        ) from error
