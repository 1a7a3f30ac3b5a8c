"""Logistics: packing, box sizes, circulating boxes, stock of cartons, plans."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from abate.adapters.store.intake import JOBS, UPLOADS
from abate.application.logistics.assortments import counts_of
from abate.application.logistics.fitting import fit_order, read_item
from abate.application.logistics.orders import PackTerms, baseline_rule, standard_containers
from abate.application.logistics.readback import read_back
from abate.application.logistics.stock import (
    record_movements,
    refused_of,
    scheme_of,
    stock_rows,
    value_scheme,
)
from abate.application.plans import AVOIDED, INVENTORY, plans
from abate.faces.api.uploads import input_of, refuse
from abate.faces.api.work import file_of
from abate.faces.web.page import Cell, Form, Page, Place
from abate.kernel.edges import Json, Model
from abate.kernel.errors import AbateError
from abate.kernel.units import in_kg
from abate.logistics.planners.packing import EFFORTS

router = APIRouter()
PLACE = Place(
    "Logistics",
    (
        ("/packing", "Packing"),
        ("/fit", "One order"),
        ("/sizes", "Box sizes"),
        ("/boxes", "Circulating boxes"),
        ("/stock", "Stock"),
        ("/plans", "Plans"),
    ),
)
NOTHING: Mapping[str, str] = MappingProxyType({})
LENGTHS = ("", "mm", "cm", "m", "in")
MASSES = ("", "g", "kg", "lb", "oz")


def _units(page: Page) -> Model:
    """Units that headers may leave out."""
    said = page.t("as the headers say")
    choices = {"lengths": LENGTHS, "masses": MASSES}
    return {name: [(u, u or said) for u in units] for name, units in choices.items()}


@router.get("/packing")
def packing(request: Request) -> Response:
    """The form for orders to pack, and what was packed before."""
    return _packing(Page.of(request))


def _packing(
    page: Page, fault: AbateError | None = None, form: Mapping[str, str] = NOTHING
) -> Response:
    jobs = page.jobs("pack")
    keys = ("orders", "cartons", "packaging", "objective", "baseline", "post", "site", "month")
    return page.render(
        "packing.html",
        422 if fault else 200,
        asked={k: form.get(k, "") for k in keys},
        sites=[
            ("", "–"),
            *((s.id, s.name or s.id) for s in page.desk.workspace.organisation.sites),
        ],
        containers=[
            ("", "–"),
            *((c, page.t(r["title"])) for c, r in standard_containers().items()),
        ],
        **_units(page),
        jobs=[j for j in jobs if j["state"] != "done"][:5],
        done=[_compared(page, j) for j in jobs if j["state"] == "done"][:10],
        fault=fault,
    )


def _compared(page: Page, job: Json) -> tuple[Cell | str, ...]:
    """A plan in a line, to be held against others."""
    result, asked = job["result"], job["arguments"]
    cards = {c["title"]: c["text"] for c in result["model"]["cards"]}
    cartons = page.desk.intake.get(UPLOADS, asked["cartons"])["name"] if asked["cartons"] else "–"
    return (
        Cell(job["title"], page.link(f"/jobs/{job['id']}")),
        cartons,
        page.t(asked["terms"].get("objective", "fewest")),
        page.count(result["orders"]),
        page.count(result["parcels"]),
        cards.get("New board", "–"),
        cards.get("Empty volume", "–"),
        cards["Proved best"],
        Cell(page.count(result["unpacked"]), kind="warning" if result["unpacked"] else ""),
        asked["terms"].get("post", "") or "–",
    )


@router.post("/packing")
def start_packing(request: Request, form: Form) -> Response:
    """Pack orders as a job."""
    page = Page.of(request)
    keys = (
        *("objective", "effort", "baseline", "post", "site", "month", "lengths", "masses"),
        "containers",
    )
    terms = {k: form[k].strip() for k in keys if form.get(k, "").strip()}
    files = {k: form.get(k, "") for k in ("orders", "cartons", "packaging")}
    try:
        baseline_rule(terms.get("baseline", "volume"))
        names = {k: input_of(page.desk, v).name for k, v in files.items() if v or k == "orders"}
        told = {"post": "", **terms, "stock": bool(form.get("stock"))}
        labels = bool(form.get("labels"))
        job = request.app.state.jobs.submit(
            "pack", names["orders"], **files, labels=labels, terms=told
        )
    except AbateError as error:
        return _packing(page, error, form)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


@router.get("/fit")
def fit(request: Request) -> Response:
    """The form for one order."""
    return _fit(Page.of(request))


def _fit(page: Page, fault: AbateError | None = None, **told: object) -> Response:
    model: Model = {"rows": [], "found": None, "pictures": [], "asked": NOTHING}
    return page.render("fit.html", 422 if fault else 200, fault=fault, **{**model, **told})


@router.post("/fit")
def fit_one(request: Request, form: Form) -> Response:
    """Pack one order, and ask every carton whether it holds it."""
    page = Page.of(request)
    effort = form.get("effort", "")
    terms = PackTerms(effort=effort if effort in EFFORTS else "proved")
    try:
        lines = [x for x in form.get("items", "").splitlines() if x.strip()]
        cartons = input_of(page.desk, form.get("cartons", ""))
        found = fit_order([read_item(x) for x in lines], cartons, terms)
    except AbateError as error:
        return _fit(page, error, asked=form)
    rows = [
        (
            c.carton,
            " × ".join(map(str, c.room_mm)),
            Cell(page.t("no"), kind="soft") if c.why else Cell(page.t("yes"), kind="good"),
            page.t(c.told),
        )
        for c in found.cartons
    ]
    pictures = [Markup(p) for p in found.pictures]  # noqa: S704  (drawn by us)
    return _fit(page, rows=rows, found=found, pictures=pictures, asked=form)


@router.post("/jobs/{job_id}/packed")
def hold_against_plan(request: Request, job_id: str, form: Form) -> Response:
    """Hold what was packed against the plan of a job."""
    page = Page.of(request)
    plan = file_of(page.desk, page.desk.intake.get(JOBS, job_id), "plan.jsonl")
    fault: AbateError | None = None
    told: Model = {}
    try:
        told = read_back(plan, input_of(page.desk, form.get("actual", ""))).json
    except AbateError as error:
        fault = error
    return page.render("packed.html", 422 if fault else 200, job_id=job_id, told=told, fault=fault)


@router.get("/sizes")
def sizes(request: Request) -> Response:
    """The form for an assortment to design."""
    return _sizes(Page.of(request))


def _sizes(page: Page, fault: AbateError | None = None) -> Response:
    jobs = page.jobs("assort")
    return page.render(
        "sizes.html",
        422 if fault else 200,
        **_units(page),
        jobs=jobs[:10],
        fault=fault,
    )


@router.post("/sizes")
def start_sizes(request: Request, form: Form) -> Response:
    """Design sizes of cartons as a job."""
    page = Page.of(request)
    told = {"sizes": "1-20", "objective": "board", "cartons": "", "lengths": "", "masses": ""}
    told |= {k: form[k].strip() for k in told if form.get(k, "").strip()}
    try:
        counts_of(told["sizes"])
        orders = form.get("orders", "")
        title = input_of(page.desk, orders).name
        job = request.app.state.jobs.submit("assort", title, orders=orders, **told)
    except AbateError as error:
        return _sizes(page, error)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


@router.get("/boxes")
def boxes(request: Request) -> Response:
    """The form for a scheme of circulating boxes."""
    return _boxes(Page.of(request))


def _boxes(page: Page, fault: AbateError | None = None, **told: object) -> Response:
    sites = [(s.id, s.name or s.id) for s in page.desk.workspace.organisation.sites]
    model = {"value": None, "scheme": None, "asked": NOTHING}
    return page.render(
        "boxes.html", 422 if fault else 200, sites=sites, fault=fault, **{**model, **told}
    )


@router.post("/boxes")
def value_boxes(request: Request, form: Form) -> Response:
    """Say whether circulating boxes pay."""
    page = Page.of(request)
    try:
        scheme = scheme_of(input_of(page.desk, form.get("packaging", "")))
        value = value_scheme(
            page.desk.workspace, scheme, site=form.get("site", ""), month=form.get("month", "")
        )
    except AbateError as error:
        return _boxes(page, error, asked=form)
    t = page.t
    rows = [
        (t("boxes to own"), page.count(value.pool.size), ""),
        (t("away at a time"), page.number(value.pool.away_mean), ""),
        (t("lost in a year"), page.number(value.pool.lost_per_year), t("to be bought again")),
        (t("worn in a year"), page.number(value.pool.worn_per_year), t("to be bought again")),
        (t("one box"), f"{page.number(in_kg(value.box_mg))} kg CO₂e", t("made and ended")),
        (
            t("one trip"),
            f"{page.number(in_kg(value.trip_mg))} kg CO₂e",
            t("washed and brought back"),
        ),
        (
            t("one new carton"),
            f"{page.number(in_kg(value.carton_mg))} kg CO₂e",
            t("that a trip replaces"),
        ),
    ]
    return _boxes(page, value=value, rows=rows, asked=form)


@router.get("/stock")
def stock(request: Request) -> Response:
    """Used and circulating cartons by site."""
    return _stock(Page.of(request))


def _stock(page: Page, fault: AbateError | None = None, **told: object) -> Response:
    rows = [
        (r["site"], r["carton"], *(page.count(n) for n in list(r.values())[2:]))
        for r in stock_rows(page.desk.workspace)
    ]
    model: Model = {"refused": [], "posted": None}
    return page.render(
        "stock.html", 422 if fault else 200, rows=rows, fault=fault, **{**model, **told}
    )


@router.post("/stock")
def move_stock(request: Request, form: Form) -> Response:
    """Record the movements of a file; refused ones are named."""
    page = Page.of(request)
    upload = form.get("movements", "")
    try:
        told = record_movements(page.desk.workspace, input_of(page.desk, upload))
    except AbateError as error:
        return _stock(page, error)
    refuse(page.desk, upload)
    refused = [(str(row), code, why) for row, code, why in refused_of(told)]
    return _stock(page, refused=refused, posted=sum(code == "ok" for _, code, _ in told))


@router.get("/plans")
def list_plans(request: Request) -> Response:
    """Plans with what each promises, in a book of its own."""
    page = Page.of(request)
    rows = [
        (
            Cell(p.plan_id, page.link(f"/plans/{quote(p.plan_id, safe='')}/settlement"))
            if p.domain == "dispatch"
            else p.plan_id,
            page.t(p.domain),
            p.title,
            page.number(in_kg(p.saving_mg(INVENTORY))),
            page.number(in_kg(p.saving_mg(AVOIDED))),
            "–" if p.cost is None else f"{page.number(p.cost)} {p.currency}",
            page.moment(p.committed_at),
        )
        for p in plans(page.desk.workspace)
    ]
    return page.render("plans.html", rows=rows)
