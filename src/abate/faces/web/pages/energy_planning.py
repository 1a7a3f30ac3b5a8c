"""Energy planning: tariffs, bills by them, dispatch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from babel.numbers import format_decimal
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from abate.application.energy.contracts import ContractsCompared, compare_contracts
from abate.application.energy.dispatches import DispatchSpec, dispatch_sites, energy_config
from abate.application.energy.forecasts import site_readings
from abate.application.energy.meters import meters
from abate.application.energy.settlements import settle_plan
from abate.application.energy.tariffs import (
    BillShown,
    BillSpec,
    bill_file,
    bill_meters,
    plain_name,
    show_tariff,
    tariffs,
)
from abate.application.inventory.instruments import certificates
from abate.energy.planners.contracts import Futures
from abate.faces.api import uploads
from abate.faces.api.energy_planning import keep_uploads
from abate.faces.web.page import Cell, Form, Page, in_words
from abate.kernel.edges import Json, Model
from abate.kernel.errors import AbateError, UsageError

router = APIRouter()
CENT = 0.01
WORTH = {
    "net present value, mean": "mean",
    "one in ten is worse than": "p10",
    "half are worse than": "p50",
    "nine in ten are worse than": "p90",
    "mean of the worst twentieth": "cvar_95",
    "volume, MWh a year": "volume_mwh",
    "paid for a MWh": "paid_per_mwh",
    "mean price of the market": "market_price",
    "captured for a MWh": "capture_price",
    "cost of shape": "shape_cost",
    "hours below zero a year": "negative_hours",
    "spread of the cost of energy": "cost_sd",
    "the same without a contract": "cost_sd_without",
}
"""What is told of a contract, and where it stands."""
SHARES = {
    "share of the load, by the year": "clean_share_year",
    "share of the load, by the hour": "clean_share_hour",
}


@router.get("/matching")
def matching(request: Request) -> Response:
    """The form to match a year's hours, and those made last."""
    return _matching(Page.of(request))


def _matching(
    page: Page, fault: AbateError | None = None, asked: Mapping[str, str] = MappingProxyType({})
) -> Response:
    return page.render(
        "matching.html",
        422 if fault else 200,
        years=[(y, y) for y in reversed(page.desk.years())],
        jobs=page.jobs("match")[:5],
        asked=asked,
        fault=fault,
    )


@router.post("/matching")
def start_matching(request: Request, form: Form) -> Response:
    """Match a year's hours as a job."""
    page = Page.of(request)
    year = form.get("year", "").upper()
    files = {k: form.get(k, "") for k in ("lots", "grid")}
    try:
        page.desk.workspace.calendar.months(year)
        for upload in files.values():
            if upload:
                uploads.input_of(page.desk, upload)
        basis = "monthly" if form.get("basis") == "monthly" else "hourly"
        lots = [files["lots"]] if files["lots"] else []
        jobs = request.app.state.jobs
        job = jobs.submit("match", year, year=year, basis=basis, lots=lots, grid=files["grid"])
    except AbateError as error:
        return _matching(page, error, form)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


def matched(page: Page, found: Json) -> Model:
    """What the part of a job's result shows of a matching."""
    number = page.number
    star = "*" if found["incomplete"] else ""
    rows = [
        (page.t("used"), f"{number(found['used_kwh'])} kWh"),
        (page.t("generated"), f"{number(found['generated_kwh'])} kWh"),
        (page.t("matched"), f"{number(found['matched_kwh'])} kWh"),
        (page.t("matched share"), page.share(found["matched_share"]) + star),
        (page.t("generated over used"), page.share(found["volumetric_share"]) + star),
    ]
    if found["with_grid_share"] is not None:
        grid = page.share(found["with_grid_share"]) + star
        rest = f"{number(found['residual_kg'] / 1000)} {page.unit('t CO2e')}"
        rows += [
            (page.t("with the clean part of the grid"), grid),
            (page.t("emissions of the rest"), rest),
        ]
    return {
        "rows": rows,
        "sites": [
            (s["site"], number(s["used_kwh"]), number(s["matched_kwh"])) for s in found["sites"]
        ],
        "devices": [
            (d["device"], number(d["generated_kwh"]), number(d["left_kwh"]))
            for d in found["devices"]
        ],
        "lacking": [(x["of"], page.count(x["hours"])) for x in found["incomplete"]],
        "specs": [in_words(c, page) for c in found["charts"]],
    }


@router.get("/plans/{plan}/settlement")
def settlement(request: Request, plan: str) -> Response:
    """What a kept dispatch promised, beside what the meters show since."""
    page = Page.of(request)
    try:
        told = settle_plan(page.desk.workspace, plan)
    except AbateError as error:
        return page.render("settlement.html", 404, plan=plan, told=None, rows=[], fault=error)
    named = [
        (page.t("cost"), told.currency, told.cost),
        (page.t("from the grid"), "kWh", told.kwh),
        *((page.t(view), page.unit("kg CO2e"), sides) for view, sides in told.kg.items()),
    ]
    rows = [
        (
            f"{name}, {unit}",
            *(page.number(v) for v in (sides.without, sides.planned, sides.came)),
            page.share(told.kept(sides)),
        )
        for name, unit, sides in named
    ]
    return page.render("settlement.html", plan=plan, told=told, rows=rows, fault=None)


@router.get("/certificates")
def list_certificates(
    request: Request, year: Annotated[str, Query(max_length=12)] = ""
) -> Response:
    """Certificates and contracts, with what runs matched of them."""
    page = Page.of(request)
    workspace = page.desk.workspace
    found = page.desk.kept(
        ("certificates", page.desk.version("imports", "runs")), lambda: certificates(workspace)
    )
    years = sorted({c.retired_for for c in found})
    rows = [
        (
            Cell(c.instrument, page.link(f"/data/imports/{c.import_id}")),
            page.t(c.tier),
            c.technology,
            c.market,
            f"{c.vintage_from} – {c.vintage_to}",
            c.retired_for,
            c.site or page.t("any site"),
            page.number(c.amount_kwh),
            *("–" if v is None else page.number(v) for v in (c.matched_kwh, c.left_kwh)),
        )
        for c in found
        if year in ("", c.retired_for)
    ]
    return page.render("certificates.html", rows=rows, years=years, year=year)


@router.get("/tariffs")
def list_tariffs(request: Request) -> Response:
    """Tariffs, and the form to keep one."""
    return _tariffs(Page.of(request))


def _tariffs(page: Page, fault: AbateError | None = None) -> Response:
    rows = [
        (
            t.id if t.fault else Cell(t.id, page.link(f"/tariffs/{t.id}")),
            Cell(page.t(t.fault), kind="warning") if t.fault else page.t(t.title),
            t.currency,
            page.t("own") if t.own else "",
        )
        for t in tariffs(page.desk.workspace)
    ]
    return page.render("tariffs.html", 422 if fault else 200, rows=rows, fault=fault)


@router.post("/tariffs")
def keep_tariff(request: Request, form: Form) -> Response:
    """Keep a tariff."""
    page = Page.of(request)
    try:
        tables = [form[k] for k in ("table",) if form.get(k)]
        kept = keep_uploads(page.desk, form.get("upload", ""), tables)
    except AbateError as error:
        return _tariffs(page, error)
    return RedirectResponse(f"/tariffs/{kept.id}", 303)


@router.get("/tariffs/{tariff}")
def one_tariff(request: Request, tariff: str) -> Response:
    """What a tariff charges, and the form to bill readings by it."""
    return _tariff(Page.of(request), tariff)


def _tariff(
    page: Page,
    name: str,
    fault: AbateError | None = None,
    billed: BillShown | None = None,
    asked: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    told = show_tariff(page.desk.workspace, plain_name(name))
    lines = [
        (r["line"], page.t(r["kind"]), page.t(r["part"]), f"{r['price']:g}", r["unit"])
        for r in told.lines
    ]
    return page.render(
        "tariff.html",
        422 if fault else 200,
        tariff=told.tariff,
        lines=lines,
        spec=in_words(told.chart, page),
        meters=[("", "–"), *((m.meter, m.meter) for m in meters(page.desk.workspace))],
        asked=asked,
        bill=_bill(page, billed) if billed else None,
        fault=fault,
        charts=True,
    )


def _money(page: Page, amount: float) -> str:
    """An amount of money to the cent."""
    return str(format_decimal(amount, "#,##0.00", locale=page.locale))


def _bill(page: Page, told: BillShown) -> Model:
    """A bill as the page shows it."""
    bill = told.bill
    return {
        "total": _money(page, bill.total),
        "currency": bill.currency,
        "missing": sum(bill.missing.values()),
        "lines": [
            (
                r["line"],
                r["part"],
                page.number(r["quantity"]),
                page.t(r["unit"]),
                _money(page, r["amount"]),
            )
            for r in told.by_line
        ],
        "months": [(m, _money(page, a)) for m, a in sorted(bill.months.items())],
        "compared": [
            (
                c.month,
                c.line,
                *("–" if v is None else _money(page, v) for v in (c.computed, c.received)),
                Cell(
                    _money(page, c.difference),
                    kind="warning" if abs(c.difference) >= CENT else "good",
                ),
            )
            for c in told.compared
        ],
        "findings": bill.findings,
    }


@router.post("/tariffs/{tariff}/bill")
def make_bill(request: Request, tariff: str, form: Form) -> Response:
    """Bill readings by a tariff."""
    page = Page.of(request)
    meter, usage, received = (form.get(k, "") for k in ("meter", "usage", "received"))
    try:
        if bool(meter) == bool(usage):
            text = "Choose a meter, or hand in a file of readings."
            raise UsageError("what-to-read", text, "One of the two.")
        spec = BillSpec(plain_name(tariff))
        came = uploads.input_of(page.desk, received) if received else None
        workspace = page.desk.workspace
        if meter:
            made = bill_meters(workspace, spec, [meter], received=came)
        else:
            path = uploads.input_of(page.desk, usage)
            made = bill_file(workspace, spec, path, received=came, unit=form.get("unit", ""))
    except AbateError as error:
        return _tariff(page, tariff, error, asked=form)
    return _tariff(page, tariff, billed=made, asked=form)


def _tariff_choices(page: Page) -> list[tuple[str, str]]:
    """Sound tariffs as a form offers them; none first."""
    sound = [t.id for t in tariffs(page.desk.workspace) if not t.fault]
    return [("", "–"), *((name, name) for name in sound)]


@router.get("/dispatch")
def dispatches(request: Request) -> Response:
    """The form for a dispatch, and those made last."""
    return _dispatches(Page.of(request))


def _dispatches(
    page: Page, fault: AbateError | None = None, asked: Mapping[str, str] = MappingProxyType({})
) -> Response:
    workspace = page.desk.workspace
    sites = page.desk.kept(
        ("dispatch-sites", page.desk.version("imports")), lambda: list(dispatch_sites(workspace))
    )
    return page.render(
        "dispatch.html",
        422 if fault else 200,
        sites=[(s, s) for s in sites],
        tariffs=_tariff_choices(page),
        jobs=page.jobs("dispatch")[:5],
        asked=asked,
        fault=fault,
    )


@router.post("/dispatch")
def start_dispatch(request: Request, form: Form) -> Response:
    """Dispatch a site as a job."""
    page = Page.of(request)
    site = form.get("site", "")
    told: Json = {
        "site": site,
        "first": form.get("first", "").strip(),
        "span": form.get("span", "7d"),
        "meters": [],
        "tariff": form.get("tariff", ""),
        "objective": form.get("objective", "cost"),
        "ahead_h": 48 if form.get("ahead") else 0,
        "quantile": 0.8 if form.get("careful") else 0.5,
        "front": bool(form.get("front")),
    }
    try:
        if told["tariff"]:
            plain_name(told["tariff"])
        site_readings(page.desk.workspace, site)
        DispatchSpec(**(told | {"meters": ()}))
        jobs = request.app.state.jobs
        job = jobs.submit("dispatch", site, **told, post=form.get("post", "").strip())
    except AbateError as error:
        return _dispatches(page, error, form)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


@router.get("/contracts")
def contracts(request: Request) -> Response:
    """The form to value power contracts."""
    return _contracts(Page.of(request))


def _contracts(
    page: Page,
    fault: AbateError | None = None,
    told: ContractsCompared | None = None,
    asked: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    values = told.values if told else ()
    rows = [
        (page.t(title), *(_shown(page, getattr(v, name)) for v in values))
        for title, name in WORTH.items()
    ]
    shares = [
        (page.t(title), *(page.share(getattr(v, name)) for v in values))
        for title, name in SHARES.items()
    ]
    return page.render(
        "contracts.html",
        422 if fault else 200,
        told=told,
        names=[v.id for v in values],
        rows=[*rows, *shares],
        specs=[in_words(c, page) for c in told.charts] if told else [],
        asked=asked,
        fault=fault,
        charts=bool(told),
    )


def _shown(page: Page, value: float) -> str:
    return "–" if math.isnan(value) else page.number(value)


@router.post("/contracts")
def value_contracts(request: Request, form: Form) -> Response:
    """Value power contracts over the same futures."""
    page = Page.of(request)
    desk = page.desk
    try:
        files = [form[k] for k in ("first", "second", "third") if form.get(k)]
        paths = [uploads.input_of(desk, upload) for upload in files]
        market = uploads.input_of(desk, form.get("market", ""))
        names = [Path(uploads.ready(desk, upload)["name"]).stem for upload in files]
        made = compare_contracts(paths, market, Futures())
        values = [replace(v, id=n) for v, n in zip(made.values, names, strict=True)]
    except AbateError as error:
        return _contracts(page, error, asked=form)
    return _contracts(page, told=replace(made, values=tuple(values)), asked=form)


@router.get("/sizing")
def sizings(request: Request) -> Response:
    """The form for sizes, and those made last."""
    return _sizings(Page.of(request))


def _sizings(
    page: Page, fault: AbateError | None = None, asked: Mapping[str, str] = MappingProxyType({})
) -> Response:
    config = energy_config(page.desk.workspace)
    sites = sorted({t.site for t in config.technologies})
    return page.render(
        "sizing.html",
        422 if fault else 200,
        sites=[(s, s) for s in sites],
        tariffs=_tariff_choices(page),
        jobs=page.jobs("size")[:5],
        asked=asked,
        fault=fault,
    )


@router.post("/sizing")
def start_sizing(request: Request, form: Form) -> Response:
    """Size a site as a job."""
    page = Page.of(request)
    told: Json = {
        "site": form.get("site", ""),
        "first": form.get("first", "").strip(),
        "span": form.get("span", "1y"),
        "meters": [],
        "tariff": form.get("tariff", ""),
    }
    try:
        if told["tariff"]:
            plain_name(told["tariff"])
        site_readings(page.desk.workspace, told["site"])
        DispatchSpec(told["site"], told["first"], told["span"])
        jobs = request.app.state.jobs
        job = jobs.submit("size", told["site"], **told, post=form.get("post", "").strip())
    except AbateError as error:
        return _sizings(page, error, form)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


def sized(page: Page, found: Json) -> Model:
    """What the part of a job's result shows of sizes."""
    money, number = found["currency"], page.number
    payback = found["payback_years"]
    return {
        "found": found,
        "built": [
            (
                b["id"],
                number(b["kw"]),
                number(b["kwh"]) if b["kwh"] else "",
                number(b["cost"]),
                number(b["energy_kwh"]),
                "–" if b["levelised_cost"] is None else f"{b['levelised_cost']:.4f}",
            )
            for b in found["built"]
        ],
        "rows": [
            (page.t("net present value"), f"{number(found['npv'])} {money}"),
            (page.t("to build"), f"{number(found['invested'])} {money}"),
            (
                page.t("pays back after"),
                "–" if payback is None else page.t("{n} years", n=number(payback)),
            ),
            (page.t("used on site"), page.share(found["self_use_share"])),
            (page.t("of the load, not from the grid"), page.share(found["supply_share"])),
            *((page.t("not counted"), page.t(what)) for what in found["left_out"]),
        ],
        "missed": [(page.t(m["limit"]), number(m["kwh"])) for m in found["missed"]],
        "specs": [in_words(c, page) for c in found["charts"]],
        "money": money,
    }


def dispatched(page: Page, found: Json) -> Model:
    """What the part of a job's result shows of a dispatch."""
    money, number = found["currency"], page.number
    rows: list[tuple[str, str, str]] = [
        (page.t(name), number(found[key]), unit)
        for name, key, unit in (
            ("bill without a plan", "before", money),
            ("bill with it", "after", money),
            ("wear and load left out", "wear", money),
            ("saved", "saving", money),
            ("from the grid", "import_kwh", "kWh"),
            ("into the grid", "export_kwh", "kWh"),
            ("highest power", "highest_kw", "kW"),
            ("highest power without a plan", "highest_kw_without", "kW"),
            ("carbon of the grid's energy", "carbon_kg", page.unit("kg CO2e")),
            ("the same without a plan", "carbon_kg_without", page.unit("kg CO2e")),
            ("lost to the errors of forecasts", "regret", money),
        )
        if found[key] is not None
    ]
    if found.get("inside_80") is not None:
        inside = page.number(100 * found["inside_80"])
        rows.append((page.t("steps within the 80 % range foreseen"), inside, "%"))
    return {
        "found": found,
        "rows": rows,
        "specs": [in_words(c, page) for c in found["charts"]],
        "breaches": [
            (page.t(b["limit"]), b["of"], b["at"], number(b["kwh"]), page.t(b["mend"]))
            for b in found["breaches"]
        ],
        "left_out": [(x["line"], page.t(x["why"])) for x in found["left_out"]],
        "told": [
            (f["code"], f"{page.t(f['message'])} {page.t(f['hint'])}") for f in found["findings"]
        ],
    }
