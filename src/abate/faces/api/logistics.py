"""Routes of logistics: packing, assortments, circulating boxes, stock, plans."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from abate.adapters.store.intake import JOBS
from abate.application.logistics.assortments import counts_of
from abate.application.logistics.fitting import fit_order
from abate.application.logistics.orders import PackTerms, baseline_rule
from abate.application.logistics.readback import read_back
from abate.application.logistics.stock import (
    record_movements,
    refused_of,
    scheme_of,
    stock_rows,
    value_scheme,
)
from abate.application.plans import plans
from abate.faces.api.frame import JobsOf, Needed, Strict, Text, Upload, WorkspaceOf, api_router
from abate.faces.api.uploads import input_of, refuse
from abate.faces.api.work import file_of
from abate.kernel.edges import Json

router = api_router()


class PackRequest(Strict):
    """Orders to pack; see `abate pack`."""

    orders: Needed
    cartons: Upload = ""
    packaging: Upload = ""
    objective: Text = "fewest"
    support: Annotated[float | None, Field(ge=0, le=1)] = None
    effort: Annotated[str, Field(pattern="^(fast|thorough|proved)$")] = "fast"
    baseline: Text = "volume"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    post: Text = ""
    site: Text = ""
    month: Text = ""
    stock: bool = False
    seconds: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    containers: Text = ""
    lengths: Text = ""
    masses: Text = ""
    labels: bool = False


class FitRequest(Strict):
    """One order: items and cartons with the columns of their files, or an upload of cartons."""

    items: Annotated[list[dict[Text, Any]], Field(min_length=1, max_length=2000)]
    cartons: list[dict[Text, Any]] = Field(default=[], max_length=500)
    upload: Upload = ""
    objective: Text = "fewest"
    support: Annotated[float | None, Field(ge=0, le=1)] = None
    effort: Annotated[str, Field(pattern="^(fast|thorough|proved)$")] = "fast"
    lengths: Text = ""
    masses: Text = ""


class ReadBackRequest(Strict):
    """What was packed: an upload with order and carton, a row for each parcel."""

    actual: Needed
    cartons: Upload = ""


class AssortRequest(Strict):
    """Past orders from which sizes are designed; see `abate assort`."""

    orders: Needed
    cartons: Upload = ""
    sizes: Text = "1-20"
    objective: Text = "board"
    lengths: Text = ""
    masses: Text = ""


class ReuseRequest(Strict):
    """A scheme of circulating boxes; see `abate reuse`."""

    packaging: Needed
    site: Text
    month: Text


class MovementsRequest(Strict):
    """Movements of cartons; see `abate stock`."""

    upload: Needed


@router.get("/plans")
def get_plans(desk: WorkspaceOf) -> list[Json]:
    """Plans with what they save, their proof and cost; both sides valued alike."""
    return [p.json for p in plans(desk.workspace)]


@router.post("/packings", status_code=202)
def post_packing(desk: WorkspaceOf, jobs: JobsOf, asked: PackRequest) -> Json:
    """Pack orders as a job: the plan as files, what is used now, and its value where it is kept."""
    baseline_rule(asked.baseline)
    told = asked.model_dump()
    files = {k: told.pop(k) for k in ("orders", "cartons", "packaging")}
    names = {k: input_of(desk, v).name for k, v in files.items() if v}
    labels = told.pop("labels")
    return jobs.submit("pack", names["orders"], **files, labels=labels, terms=told)


@router.post("/fit")
def post_fit(desk: WorkspaceOf, asked: FitRequest) -> Json:
    """Pack one order at once, and say of every carton whether it holds it, or what keeps it out."""
    terms = PackTerms(
        objective=asked.objective,
        support=asked.support,
        effort=asked.effort,
        lengths=asked.lengths,
        masses=asked.masses,
    )
    cartons = input_of(desk, asked.upload) if asked.upload else asked.cartons
    return fit_order(asked.items, cartons, terms).json


@router.post("/packings/{job_id}/packed")
def post_packed(desk: WorkspaceOf, job_id: str, asked: ReadBackRequest) -> Json:
    """Hold what was packed against the plan of a job."""
    plan = file_of(desk, desk.intake.get(JOBS, job_id), "plan.jsonl")
    cartons = input_of(desk, asked.cartons) if asked.cartons else None
    return read_back(plan, input_of(desk, asked.actual), cartons).json


@router.post("/assortments", status_code=202)
def post_assortment(desk: WorkspaceOf, jobs: JobsOf, asked: AssortRequest) -> Json:
    """Design sizes of cartons from past orders as a job, tested on orders it has not seen."""
    counts_of(asked.sizes)
    title = input_of(desk, asked.orders).name
    return jobs.submit("assort", title, **asked.model_dump())


@router.post("/reuse")
def post_reuse(desk: WorkspaceOf, asked: ReuseRequest) -> Json:
    """Say whether circulating boxes pay: how many are needed, and when they break even."""
    scheme = scheme_of(input_of(desk, asked.packaging))
    value = value_scheme(desk.workspace, scheme, site=asked.site, month=asked.month)
    return asdict(value) | {"pays": value.pays, "verdict": value.verdict}


@router.get("/stock")
def get_stock(desk: WorkspaceOf) -> list[Json]:
    """Used and circulating cartons by site: in stock, reserved, away, shipped, lost, worn."""
    return stock_rows(desk.workspace)


@router.post("/stock", status_code=201)
def post_stock(desk: WorkspaceOf, asked: MovementsRequest) -> Json:
    """Record the movements of an uploaded file; a refused one is named with its row."""
    results = record_movements(desk.workspace, input_of(desk, asked.upload))
    refuse(desk, asked.upload)
    refused = [{"row": row, "code": code, "why": why} for row, code, why in refused_of(results)]
    return {"posted": sum(r == "ok" for _, r, _ in results), "refused": refused}
