"""Jobs: what runs in the background, and what came of it."""

from __future__ import annotations

from fractions import Fraction
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from abate.adapters.store.intake import JOBS
from abate.application.catalogue import FIGURES
from abate.application.inventory.base_year import REASONS
from abate.faces.api import work
from abate.faces.web.page import Cell, Page, in_words
from abate.faces.web.pages.energy_planning import dispatched, matched, sized
from abate.kernel.edges import Json, Model
from abate.kernel.units import in_t

router = APIRouter()
RESULTS = {
    "forecast",
    "backtest",
    "savings",
    "dispatch",
    "size",
    "match",
    "pack",
    "assort",
    "base-year",
    "filing",
    "vsme",
}
"""Kinds of jobs whose result has a part of a page of its own."""


@router.get("/jobs")
def jobs(request: Request) -> Response:
    """Jobs, the newest first."""
    page = Page.of(request)
    return page.render("jobs.html", jobs=page.desk.intake.rows(JOBS, limit=50))


@router.get("/jobs/{job_id}/card")
def job_card(request: Request, job_id: str) -> Response:
    """A job's state, which a page asks for again while it works."""
    page = Page.of(request)
    job = page.desk.intake.get(JOBS, job_id)
    response = page.render("job.html", job=job)
    on = urlsplit(request.headers.get("hx-current-url", "")).path
    if job["state"] not in ("waiting", "running") and (
        on in ("/", "/jobs", "/runs") or on.startswith(("/runs/", "/jobs/"))
    ):
        response.headers["hx-refresh"] = "true"  # what the page lists has changed
    return response


@router.get("/jobs/{job_id}")
def one_job(request: Request, job_id: str) -> Response:
    """A job with its progress, then with its result and the files it wrote."""
    page = Page.of(request)
    job = page.desk.intake.get(JOBS, job_id)
    is_done = job["state"] == "done"
    part = f"result_{job['kind'].replace('-', '_')}.html" if job["kind"] in RESULTS else ""
    told = _told(page, job) if is_done and part else {}
    return page.render(
        "job_page.html",
        job=job,
        files=[
            (
                Cell(f["name"], page.link(f"/api/v1/jobs/{job_id}/files/{f['name']}")),
                _looked_at(page, job_id, f["name"]),
                page.t("{n} KiB", n=page.count(f["bytes"] // 1024 + 1)),
            )
            for f in work.files_of(page.desk, job)
        ],
        part=part if is_done else "",
        charts=is_done,
        **told,
    )


def _looked_at(page: Page, job_id: str, name: str) -> Cell | str:
    """A link to a file that a browser shows."""
    if not name.endswith((".html", ".pdf")):
        return ""
    return Cell(page.t("look"), page.link(f"/api/v1/jobs/{job_id}/files/{name}", inline=1))


def _told(page: Page, job: Json) -> Model:
    """What the part of a result shows."""
    made = {"forecast": _forecast, "backtest": _backtest, "savings": _savings, "pack": _pack}
    made |= {
        "dispatch": dispatched,
        "size": sized,
        "match": matched,
        "assort": _assort,
        "base-year": _base_year,
    }
    if job["kind"] in made:
        return made[job["kind"]](page, job["result"])
    messages = [
        tuple(m[k] for k in ("level", "code", "text")) for m in job["result"].get("messages") or ()
    ]
    return {"found": job["result"], "messages": messages}


def _forecast(page: Page, found: Json) -> Model:
    t = page.t
    return {
        "spec": in_words(found["fan"], page),
        "emissions": [
            (
                e["site"],
                e["day"],
                t(e["view"]),
                *(page.number(e[k]) for k in ("mean", "p05", "p95")),
            )
            for e in found["emissions_t"]
        ],
        "plants": [
            (p["plant"], *(page.number(p["kwh"][k]) for k in ("p50", "p05", "p95")))
            for p in found["plants"]
        ],
        "cost": found["cost"],
        "kept": found["forecasts"],
        "findings": found["findings"],
    }


def _backtest(page: Page, found: Json) -> Model:
    return {
        "rows": [
            (
                page.t(s["name"]),
                f"{s['pinball']:.4g}",
                f"{s['crps']:.4g}",
                page.share(s["bias_share"]),
                page.number(s["inside_50"], "share"),
                page.number(s["inside_80"], "share"),
                page.share(s["skill"]),
            )
            for s in found["scores"]
        ],
        "months": [
            (
                m["month"],
                page.t(name),
                f"{m['pinball']:.4g}",
                page.share(m["bias_share"]),
                page.number(m["inside_80"], "share"),
            )
            for _, _, name, m in sorted(
                (m["month"], k, s["name"], m)
                for k, s in enumerate(found["scores"])
                for m in s["by_month"]
            )
        ],
        "origins": len(found["scores"][0]["by_origin"]),
        "count": found["scores"][0]["count"],
    }


def _savings(page: Page, found: Json) -> Model:
    return {
        "spec": in_words(found["chart"], page),
        "confidence": page.number(found["confidence"], "share"),
        "rows": [
            (
                s["meter"],
                s["model"],
                page.number(s["expected"]),
                page.number(s["used"]),
                page.share(s["saved_share"]),
                f"{page.number(s['low'])} – {page.number(s['high'])}",
                Cell(page.t(s["reasons"]), kind="warning")
                if s["reasons"]
                else Cell(page.t("qualified"), kind="good"),
            )
            for s in found["meters"]
        ],
        "findings": found["findings"],
    }


def _pack(_page: Page, found: Json) -> Model:
    model = found["model"]
    return {
        "found": found,
        "model": model
        | {
            "orders": [
                o | {"pictures": [Markup(p) for p in o["pictures"]]}  # noqa: S704  (drawn by us)
                for o in model["orders"]
            ]
        },
        "findings": found["findings"],
    }


def _assort(page: Page, found: Json) -> Model:
    present = found["present"]
    return {
        "spec": in_words(found["chart"], page),
        "orders": found["orders"],
        "present": present,
        "rows": [
            (
                str(d["sizes"]),
                page.number(d["cost"]),
                page.share(d["gap_share"]),
                page.share(1 - d["cost"] / present["cost"] if present["cost"] else None),
                page.share(d["saving_share"]),
                ", ".join("×".join(map(str, c)) for c in d["cartons"]),
            )
            for d in found["designs"]
        ],
    }


def _base_year(page: Page, found: Json) -> Model:
    t = page.t
    titles = [(t("Base year {year} on the structure of {structure}", **found), "figures")]
    if found["later_figures"]:
        later = "{structure} as if what was bought or sold in it had been so all year"
        titles.append((t(later, **found), "later_figures"))
    verdict = (
        "The change reaches the threshold of {share}: publish the run as a restatement."
        if found["recalculates"]
        else "The change stays below the threshold of {share}: the base year stands."
    )
    return {
        "found": found,
        "tables": [(title, [_restated(page, b) for b in found[key]]) for title, key in titles],
        "verdict": t(verdict, share=page.number(found["threshold"], "share")),
    }


def _restated(page: Page, b: Json) -> tuple[str, ...]:
    start, end = (int(b[k]) for k in ("start_mg", "end_mg"))
    reasons = [
        f"{page.t(REASONS[d])} {page.number(in_t(mg))}"
        for d, mg in ((d, int(mg)) for d, mg in b["totals_mg"].items())
        if mg
    ]
    return (
        page.t(FIGURES[b["figure"]].title),
        page.number(in_t(start)),
        page.number(in_t(end)),
        page.change(Fraction(start), Fraction(end), "t CO2e"),
        "; ".join(reasons),
    )
