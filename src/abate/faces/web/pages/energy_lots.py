"""Lots: certificates by the hour, and what one does with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from abate.application.energy import lots
from abate.application.energy.dispatches import energy_config
from abate.faces.api.energy_lots import lots_file, named_inputs
from abate.faces.clock import present
from abate.faces.web.page import Cell, Form, Page
from abate.kernel.errors import AbateError, UsageError

router = APIRouter()
WH = 1000


@router.get("/lots")
def list_lots(request: Request) -> Response:
    """Lots by device, and the forms that issue, read, deliver, move, store and claim them."""
    return _lots(Page.of(request))


def _lots(
    page: Page, fault: AbateError | None = None, made: lots.LotsChanged | None = None
) -> Response:
    workspace = page.desk.workspace
    found = lots.lots(workspace)
    rows = [
        (
            d.device,
            page.t(d.technology),
            d.region or page.t("anywhere"),
            d.contract or d.issuer,
            f"{page.moment(d.first)} – {page.moment(d.last)}",
            *(
                page.number(wh / WH)
                for wh in (d.issued_wh, d.held_wh, d.claimed_wh, d.stored_wh, d.moved_wh)
            ),
        )
        for d in found
    ]
    try:
        plants = [r.plant.id for r in energy_config(workspace).roofs]
    except AbateError:
        plants = []
    done = ""
    if made is not None and made.import_id:
        done = page.t(
            "{kwh} kWh in {rows} transfers.",
            kwh=page.number(made.wh / WH),
            rows=page.count(made.rows),
        )
    return page.render(
        "lots.html",
        422 if fault else 200,
        rows=rows,
        devices=[(d.device, d.device) for d in found],
        plants=plants,
        years=[(y, y) for y in reversed(page.desk.years())],
        made=made,
        done=done,
        undo=Cell(made.import_id, page.link(f"/data/imports/{made.import_id}"))
        if made is not None and made.import_id
        else None,
        left=page.count(made.left_out) if made is not None and made.left_out else "",
        unknown=page.number(made.unknown_wh / WH) if made is not None and made.unknown_wh else "",
        over=page.number(made.over_wh / WH) if made is not None and made.over_wh else "",
        fault=fault,
    )


def _acted(request: Request, act: Callable[[Page], lots.LotsChanged]) -> Response:
    page = Page.of(request)
    try:
        made = act(page)
    except AbateError as error:
        return _lots(page, error)
    return _lots(page, made=made)


@router.post("/lots/issued")
def issue(request: Request, form: Form) -> Response:
    """Issue lots of what the meters of plants show for a year."""
    year = form.get("year", "")
    return _acted(request, lambda page: lots.issue_lots(page.desk.workspace, year, now=present()))


@router.post("/lots/files")
def add(request: Request, form: Form) -> Response:
    """Read lots that others issued."""

    def act(page: Page) -> lots.LotsChanged:
        with named_inputs(page.desk, form.get("lots", "")) as (path,):
            return lots.add_lots(page.desk.workspace, path, now=present())

    return _acted(request, act)


@router.post("/lots/delivered")
def deliver(request: Request, form: Form) -> Response:
    """Record what a signed contract delivered by the hour."""

    def act(page: Page) -> lots.LotsChanged:
        uploads = form.get("contract", ""), form.get("hours", "")
        with named_inputs(page.desk, *uploads) as (contract, hours):
            return lots.deliver_lots(page.desk.workspace, contract, hours, now=present())

    return _acted(request, act)


@router.post("/lots/moved")
def move(request: Request, form: Form) -> Response:
    """Give lots to somebody else."""

    def act(page: Page) -> lots.LotsChanged:
        text = form.get("kwh", "").strip()
        try:
            kwh = float(text) if text else None
        except ValueError as error:
            raise UsageError("bad-number", f"'{text}' is not a number.", "Write 1200.5.") from error
        return lots.move_lots(
            page.desk.workspace,
            form.get("to", ""),
            devices=[form["device"]] if form.get("device") else [],
            since=form.get("since", ""),
            until=form.get("until", ""),
            kwh=kwh,
            now=present(),
        )

    return _acted(request, act)


@router.post("/lots/stored")
def store(request: Request, form: Form) -> Response:
    """Record what a storage took in and gave back by the hour."""

    def act(page: Page) -> lots.LotsChanged:
        name, region = form.get("storage", ""), form.get("region", "")
        with named_inputs(page.desk, form.get("storage_hours", "")) as (path,):
            return lots.store_lots(page.desk.workspace, name, path, region=region, now=present())

    return _acted(request, act)


@router.post("/lots/claimed")
def claim(request: Request, form: Form) -> Response:
    """Match the hours of a year and retire the lots that were matched."""
    basis = form.get("basis", "hourly")
    year = form.get("year", "")

    def act(page: Page) -> lots.LotsChanged:
        return lots.claim_year(
            page.desk.workspace,
            year,
            basis="monthly" if basis == "monthly" else "hourly",
            now=present(),
        )

    return _acted(request, act)


@router.get("/lots/file")
def export(
    request: Request,
    kind: Annotated[str, Query(alias="format", pattern="^(csv|json)$")] = "csv",
) -> Response:
    """All lots where they stand, in EnergyTag's terms."""
    return lots_file(Page.of(request).desk, kind)
