"""The REST API's frame: what its routes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from abate.application.inventory.figures import DIMENSIONS
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.exports import csv_text, xlsx_bytes
from abate.faces.api.jobs import Jobs
from abate.kernel.edges import Json

MAX_PAGE = 1000


class Problem(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable kebab-case code.")
    message: str = Field(description="What is wrong, with the values.")
    hint: str = Field(description="What to do.")


FAULTS: dict[int | str, Json] = {
    k: {"model": Problem} for k in (400, 401, 403, 404, 409, 413, 421, 422)
}


Text = Annotated[str, Field(max_length=400)]


Year = Annotated[
    str, Query(max_length=12, description="Fiscal year, such as FY2024; all where none is named.")
]


OneYear = Annotated[str, Query(max_length=12, description="Fiscal year, such as FY2024.")]


Run = Annotated[str, Query(max_length=80, description="A run other than the latest of the year.")]


Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


Offset = Annotated[int, Query(ge=0, le=10**9)]


class Strict(BaseModel):
    """A body that holds what it should and nothing else."""

    model_config = ConfigDict(extra="forbid")


async def _desk(request: Request) -> OpenWorkspace:
    desk: OpenWorkspace = request.app.state.desk
    return desk


async def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


WorkspaceOf = Annotated[OpenWorkspace, Depends(_desk)]


JobsOf = Annotated[Jobs, Depends(_jobs)]


async def filters(
    scope: str = "",
    gas: str = "",
    org: str = "",
    site: str = "",
    month: str = "",
    method: str = "",
    building: str = "",
    basis: str = "",
    category: str = "",
    approach: str = "",
    kind: str = "",
    item: str = "",
    factor: str = "",
) -> Mapping[str, str]:
    """Only rows that have these values, by dimension."""
    given = {
        "scope": scope,
        "gas": gas,
        "org": org,
        "site": site,
        "month": month,
        "method": method,
        "building": building,
        "basis": basis,
        "category": category,
        "approach": approach,
        "kind": kind,
        "item": item,
        "factor": factor,
    }
    assert given.keys() == DIMENSIONS.keys()
    return {dimension: value for dimension, value in given.items() if value}


Where = Annotated[Mapping[str, str], Depends(filters)]


def table_file(kind: str, name: str, columns: list[str], rows: list[list[Any]]) -> Response:
    """A table as a file to keep."""
    about = {"content-disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "csv":
        return StreamingResponse(
            csv_text(columns, rows), media_type="text/csv; charset=utf-8", headers=about
        )
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Response(xlsx_bytes(name, columns, rows), media_type=media, headers=about)


def api_router() -> APIRouter:
    """A router for routes of the API; a system's module names it `router`."""
    return APIRouter(prefix="/api/v1", responses=FAULTS)
