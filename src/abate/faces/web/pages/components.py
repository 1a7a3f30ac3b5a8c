"""Components: what the pages are made of, on a page of their own."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from abate.disclosure.charts import APPROACHES, COLOURS, SCOPES, years_chart
from abate.disclosure.report import localised
from abate.faces.web.page import Cell, Page
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.finding import Finding, Severity

router = APIRouter()


@router.get("/components")
def components(request: Request) -> Response:
    """Every component with made-up content; none of it is of the workspace."""
    page = Page.of(request)
    t = page.t
    named = {*SCOPES.values(), *APPROACHES.values()}
    palettes = [
        (t("Scopes"), [(t(name), colour) for name, colour in SCOPES.items()]),
        (t("Approaches"), [(t(name), colour) for name, colour in APPROACHES.items()]),
        (t("Other colours"), [(colour, colour) for colour in COLOURS if colour not in named]),
    ]
    rows = [
        (
            Cell(f"Site {k}", page.link("/components")),
            Cell(t("missing"), kind="missing") if k == 3 else page.number(1234.5 * k),
            page.unit("t CO2e"),
            page.number(0.05 * k, "share"),
        )
        for k in range(1, 30)
    ]
    values = [
        {"year": f"FY{year}", "series": name, "value": 100 + 10 * k, "net": False}
        for year in (2022, 2023, 2024)
        for k, name in enumerate(SCOPES)
    ]
    fault = UsageError("bad-year", f"'{24}' is not a fiscal year.", "Write it as FY2024.")
    job: Json = {"title": "FY2024", "arguments": {}, "result": {}, "error": None, "step": ""}
    error = {"code": fault.code, "message": fault.message, "hint": fault.hint}
    return page.render(
        "components.html",
        palettes=palettes,
        rows=rows,
        findings=[
            Finding(code, severity, f"{-5} is below zero.", "Correct the row.", "bills.csv", row=3)
            for code, severity in (
                ("negative-quantity", Severity.BLOCKER),
                ("magnitude", Severity.WARNING),
            )
        ],
        spec=localised(years_chart(values), t),
        fault=fault,
        jobs=[
            job | {"id": "a", "kind": "verify", "state": "done", "result": {"holds": True}},
            job | {"id": "b", "kind": "run", "state": "failed", "error": error},
        ],
        charts=True,
    )
