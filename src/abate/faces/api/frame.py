"""The REST API's frame: what its routes share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from abate.adapters.writers.frames import parquet_bytes
from abate.application.inventory.figures import DIMENSIONS
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.exports import csv_text, xlsx_bytes
from abate.faces.api.jobs import Jobs
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError

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


After = Annotated[str, Query(max_length=400, description="The `next` of the page before.")]


Upload = Annotated[str, Field(max_length=40, description="An upload with the purpose `input`.")]


Needed = Annotated[
    str, Field(min_length=1, max_length=40, description="An upload with the purpose `input`.")
]


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


MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
"""Media types of tables, by the format of the file."""


def table_file(kind: str, name: str, columns: list[str], rows: list[list[Any]]) -> Response:
    """A table as a file to keep: csv, xlsx or parquet."""
    about = {"content-disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "csv":
        return StreamingResponse(
            csv_text(columns, rows), media_type="text/csv; charset=utf-8", headers=about
        )
    content = parquet_bytes(columns, rows) if kind == "parquet" else xlsx_bytes(name, columns, rows)
    return Response(content, media_type=MEDIA[kind], headers=about)


def paged(rows: Sequence[Any], limit: int, after: str) -> Json:
    """A page of a list.

    The cursor names the last row of the page before, so that rows that come in meanwhile shift
    nothing.

    Args:
        rows: All of them, in order.
        limit: Rows of a page at most.
        after: The `next` of the page before; empty for the first.

    Raises:
        UsageError: `bad-cursor`.
    """
    start = 0
    if after:
        place, _, mark = after.partition("-")
        start = int(place) if place.isdecimal() else 0
        if not 0 < start <= len(rows) or _mark(rows[start - 1]) != mark:
            start = next((k for k, r in enumerate(rows, 1) if _mark(r) == mark), 0)
        if not start:
            raise UsageError(
                "bad-cursor", f"No row bears the cursor '{after}'.", "Begin with the first page."
            )
    shown = list(rows[start : start + limit])
    past = start + len(shown)
    following = f"{past}-{_mark(shown[-1])}" if past < len(rows) else ""
    return {"count": len(rows), "rows": shown, "next": following}


def _mark(row: Any) -> str:
    return hashlib.sha256(repr(row).encode()).hexdigest()[:12]


class TableRoute(APIRoute):
    """A route that gives a list as CSV, XLSX or Parquet to those who ask for it by `Accept`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler; what it gives as JSON is turned into the format asked for."""
        handler = super().get_route_handler()

        async def handled(request: Request) -> Response:
            response = await handler(request)
            kind = wanted_kind(request.headers.get("accept", ""))
            media = response.headers.get("content-type", "")
            if not kind or request.method != "GET" or media != "application/json":
                return response
            told = json.loads(bytes(response.body))
            rows = told.get("rows") if isinstance(told, dict) else told
            if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
                raise UsageError(
                    "not-a-table", f"{request.url.path} is not a table.", "Ask for JSON."
                )
            columns = list(dict.fromkeys(c for r in rows for c in r))
            cells = [[_cell(r.get(c)) for c in columns] for r in rows]
            table = table_file(kind, request.url.path.rsplit("/", 1)[-1], columns, cells)
            if isinstance(told, dict) and told.get("next"):  # a page of more (RFC 8288)
                following = request.url.include_query_params(after=told["next"])
                table.headers["link"] = f'<{following.path}?{following.query}>; rel="next"'
                table.headers["x-total-count"] = str(told["count"])
            return table

        return handled


def wanted_kind(accept: str) -> str:
    """Format of a table that is asked for before JSON; empty for JSON.

    Example:
        >>> wanted_kind("text/csv"), wanted_kind("application/json, text/csv"), wanted_kind("*/*")
        ('csv', '', '')
    """
    for part in accept.split(","):
        media = part.partition(";")[0].strip().lower()
        if media in ("application/json", "*/*"):
            return ""
        for kind, named in MEDIA.items():
            if media == named:
                return kind
    return ""


def _cell(value: Any) -> Any:
    nested = isinstance(value, dict | list)
    return json.dumps(value, ensure_ascii=False) if nested else value


def api_router() -> APIRouter:
    """A router for routes of the API; a system's module names it `router`."""
    return APIRouter(prefix="/api/v1", responses=FAULTS, route_class=TableRoute)
