"""Routes of lots: certificates by the hour."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from abate.application.energy import lots
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.frame import Needed, Strict, Text, WorkspaceOf, api_router
from abate.faces.api.uploads import input_of, ready
from abate.faces.clock import present
from abate.kernel.edges import Json

router = api_router()
Basis = Annotated[str, Field(pattern="^(hourly|monthly)$")]
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class IssueRequest(Strict):
    """A year whose generation becomes lots."""

    year: Needed
    plants: list[Needed] = Field(default=[], max_length=100)


class LotsFile(Strict):
    """Lots of others: an upload."""

    upload: Needed


class DeliveryRequest(Strict):
    """What a contract delivered: uploads of its file and of the hours."""

    contract: Needed
    hours: Needed


class MoveRequest(Strict):
    """Lots that are given to somebody else; see `abate lots move`."""

    to: Needed
    devices: list[Needed] = Field(default=[], max_length=200)
    since: Text = ""
    until: Text = ""
    kwh: Annotated[float, Field(gt=0, le=1e12)] | None = None


class StorageRequest(Strict):
    """Hours of a storage: an upload."""

    storage: Needed
    upload: Needed
    region: Text = ""


class ClaimRequest(Strict):
    """A year whose matched lots are retired."""

    year: Needed
    basis: Basis = "hourly"
    first: list[Needed] = Field(default=[], max_length=1000)


@router.get("/lots")
def get_lots(desk: WorkspaceOf) -> list[Json]:
    """Lots by device: what was issued, and where it is now."""
    return [asdict(d) for d in lots.lots(desk.workspace)]


@router.get("/lots/file")
def get_lots_file(
    desk: WorkspaceOf, kind: Annotated[str, Query(alias="format", pattern="^(csv|json)$")] = "csv"
) -> Response:
    """All lots where they stand, in EnergyTag's terms."""
    return lots_file(desk, kind)


@router.post("/lots/issued", status_code=201)
def post_issue(desk: WorkspaceOf, asked: IssueRequest) -> Json:
    """Issue lots of what the meters of plants show for a year."""
    return asdict(lots.issue_lots(desk.workspace, asked.year, plants=asked.plants, now=present()))


@router.post("/lots/files", status_code=201)
def post_lots(desk: WorkspaceOf, asked: LotsFile) -> Json:
    """Read lots that others issued."""
    with named_inputs(desk, asked.upload) as (path,):
        return asdict(lots.add_lots(desk.workspace, path, now=present()))


@router.post("/lots/delivered", status_code=201)
def post_delivery(desk: WorkspaceOf, asked: DeliveryRequest) -> Json:
    """Record what a signed contract delivered by the hour."""
    with named_inputs(desk, asked.contract, asked.hours) as (contract, hours):
        return asdict(lots.deliver_lots(desk.workspace, contract, hours, now=present()))


@router.post("/lots/moved", status_code=201)
def post_move(desk: WorkspaceOf, asked: MoveRequest) -> Json:
    """Give lots to somebody else."""
    return asdict(lots.move_lots(desk.workspace, now=present(), **asked.model_dump()))


@router.post("/lots/stored", status_code=201)
def post_storage(desk: WorkspaceOf, asked: StorageRequest) -> Json:
    """Record what a storage took in and gave back by the hour."""
    with named_inputs(desk, asked.upload) as (path,):
        made = lots.store_lots(
            desk.workspace, asked.storage, path, region=asked.region, now=present()
        )
    return asdict(made)


@router.post("/lots/claimed", status_code=201)
def post_claim(desk: WorkspaceOf, asked: ClaimRequest) -> Json:
    """Match the hours of a year and retire the lots that were matched, all or none."""
    return asdict(lots.claim_year(desk.workspace, now=present(), **asked.model_dump()))


@contextmanager
def named_inputs(desk: OpenWorkspace, *uploads: str) -> Iterator[list[Path]]:
    """Files of uploads under their own names."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for k, one in enumerate(uploads):
            path = Path(folder) / str(k) / ready(desk, one)["name"]
            path.parent.mkdir()
            paths.append(Path(shutil.copy(input_of(desk, one), path)))
        yield paths


def lots_file(desk: OpenWorkspace, kind: str) -> Response:
    """The registry's records as a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"lots.{kind}"
        lots.export_lots(desk.workspace, path)
        about = {"content-disposition": f'attachment; filename="lots.{kind}"'}
        return Response(path.read_bytes(), media_type=MEDIA[kind], headers=about)
