"""Routes of energy planning: tariffs and their bills, dispatch."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, Field

from abate.application.energy.contracts import compare_contracts
from abate.application.energy.dispatches import DispatchSpec
from abate.application.energy.forecasts import site_readings
from abate.application.energy.settlements import settle_plan
from abate.application.energy.tariffs import (
    BillSpec,
    add_tariff,
    bill_file,
    bill_meters,
    earlier_of,
    plain_name,
    show_tariff,
    tariffs,
)
from abate.application.inventory.instruments import certificates
from abate.energy.facts.tariffs import Tariff
from abate.energy.planners.contracts import PATHS_MAX, Futures
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.frame import JobsOf, Needed, Strict, Text, Upload, WorkspaceOf, api_router
from abate.faces.api.uploads import input_of, ready
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError

router = api_router()
Power = Annotated[float, Field(ge=0, le=1e9)]
TariffName = Annotated[Text, AfterValidator(plain_name)]
"""Over the network no path of a file is the name of a tariff."""
TariffOrNone = Annotated[Text, AfterValidator(lambda name: name and plain_name(name))]


class TariffRequest(Strict):
    """A tariff to keep: an upload of its file, and of the tables that it names."""

    upload: Needed
    tables: list[Needed] = Field(default=[], max_length=20)
    name: Text = ""


class BillRequest(Strict):
    """What is billed: meters of the workspace, or an upload of readings."""

    meters: list[Text] = Field(default=[], max_length=50)
    usage: Upload = ""
    year: Annotated[int, Field(ge=0, le=2200)] = 0
    contract_kw: Power = 0.0
    capacity_kva: Power = 0.0
    received: Upload = ""
    earlier: list[Text] = Field(default=[], max_length=36)
    series: list[Text] = Field(default=[], max_length=50)
    zone: Text = ""
    unit: Text = ""


class DispatchRequest(Strict):
    """A site to dispatch; see `abate dispatch`."""

    site: Text
    first: Text = ""
    span: Text = "7d"
    meters: list[Text] = Field(default=[], max_length=50)
    tariff: TariffOrNone = ""
    objective: Annotated[str, Field(pattern="^(cost|carbon)$")] = "cost"
    ahead_h: Annotated[int, Field(ge=0, le=168)] = 0
    quantile: Annotated[float, Field(gt=0, lt=1)] = 0.5
    front: bool = False
    post: Text = ""


class SizingRequest(Strict):
    """A site for which sizes are sought; see `abate size`."""

    site: Text
    first: Text = ""
    span: Text = "1y"
    meters: list[Text] = Field(default=[], max_length=50)
    tariff: TariffOrNone = ""
    post: Text = ""


class ContractsRequest(Strict):
    """Contracts to value: uploads of their files, and of the market's hours."""

    contracts: Annotated[list[Needed], Field(min_length=1, max_length=20)]
    market: Needed
    paths: Annotated[int, Field(ge=1, le=PATHS_MAX)] = 10_000
    discount: Annotated[float, Field(gt=-0.5, lt=1)] = 0.06
    price_rise: Annotated[float, Field(gt=-0.5, lt=1)] = 0.0
    level_sd: Annotated[float, Field(ge=0, lt=2)] = 0.15
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    zone: Text = "UTC"
    site: Text = ""


class MatchingRequest(Strict):
    """A year whose hours are matched; lots and hours of the grid are uploads."""

    year: Needed
    basis: Annotated[str, Field(pattern="^(hourly|monthly)$")] = "hourly"
    lots: list[Needed] = Field(default=[], max_length=20)
    grid: Upload = ""


@router.post("/matchings", status_code=202)
def post_matching(desk: WorkspaceOf, jobs: JobsOf, asked: MatchingRequest) -> Json:
    """Match a year's hourly loads with plants and lots as a job: claims as a file."""
    for upload in (*asked.lots, *((asked.grid,) if asked.grid else ())):
        input_of(desk, upload)
    desk.workspace.calendar.months(asked.year.upper())
    return jobs.submit("match", asked.year.upper(), **asked.model_dump())


@router.get("/plans/{plan}/settlement")
def get_settlement(
    desk: WorkspaceOf, plan: Text, meter: Annotated[list[Text] | None, Query(max_length=50)] = None
) -> Json:
    """What a kept dispatch promised, beside what the meters show since."""
    return settle_plan(desk.workspace, plan, meter or ()).json


@router.get("/certificates")
def get_certificates(desk: WorkspaceOf, year: Text = "") -> list[Json]:
    """Certificates and contracts that count, with what runs matched of them."""
    return [asdict(c) for c in certificates(desk.workspace, year)]


@router.get("/tariffs")
def get_tariffs(desk: WorkspaceOf) -> list[Json]:
    """Tariffs of the workspace and those that come with Abate."""
    return [asdict(t) for t in tariffs(desk.workspace)]


@router.get("/tariffs/{tariff}")
def get_tariff(
    desk: WorkspaceOf, tariff: TariffName, year: Annotated[int, Query(ge=1970, le=2200)] = 2026
) -> Json:
    """What a tariff charges, line by line, with the price of each hour of a year."""
    told = show_tariff(desk.workspace, tariff, year=year)
    return told.json | {"hours": list(told.hours)}


@router.post("/tariffs", status_code=201)
def post_tariff(desk: WorkspaceOf, asked: TariffRequest) -> Json:
    """Keep a tariff in the workspace, in place of one of the same name."""
    kept = keep_uploads(desk, asked.upload, asked.tables, name=asked.name)
    return {"tariff": kept.id, "lines": len(kept.lines)}


def keep_uploads(
    desk: OpenWorkspace, upload: str, tables: Sequence[str], *, name: str = ""
) -> Tariff:
    """Keep a tariff of an upload; tables that it names lie beside it under their own names."""
    with tempfile.TemporaryDirectory() as folder:
        for one in (upload, *tables):
            shutil.copy(input_of(desk, one), Path(folder) / ready(desk, one)["name"])
        path = Path(folder) / ready(desk, upload)["name"]
        return add_tariff(desk.workspace, path, name=name)


@router.post("/tariffs/{tariff}/bill")
def post_bill(desk: WorkspaceOf, tariff: TariffName, asked: BillRequest) -> Json:
    """Bill readings by a tariff, line by line, and compare with a bill that came in."""
    if bool(asked.meters) == bool(asked.usage):
        text = "Name meters of the workspace, or an upload of readings."
        raise UsageError("what-to-read", text, "One of the two.")
    spec = BillSpec(
        tariff,
        asked.year,
        asked.contract_kw,
        asked.capacity_kva,
        earlier_of(asked.earlier),
        tuple(asked.series),
    )
    received = input_of(desk, asked.received) if asked.received else None
    if asked.meters:
        return bill_meters(desk.workspace, spec, asked.meters, received=received).json
    path = input_of(desk, asked.usage)
    told = bill_file(
        desk.workspace, spec, path, zone=asked.zone, unit=asked.unit, received=received
    )
    return told.json


@router.post("/dispatches", status_code=202)
def post_dispatch(desk: WorkspaceOf, jobs: JobsOf, asked: DispatchRequest) -> Json:
    """Dispatch a site as a job: its steps as a file, bills with and without, limits broken."""
    if not asked.meters:
        site_readings(desk.workspace, asked.site)
    told = asked.model_dump()
    DispatchSpec(**({k: v for k, v in told.items() if k != "post"} | {"meters": ()}))
    return jobs.submit("dispatch", asked.site, **told)


@router.post("/sizings", status_code=202)
def post_sizing(desk: WorkspaceOf, jobs: JobsOf, asked: SizingRequest) -> Json:
    """Size generators and batteries of a site as a job: what to build and what it saves."""
    if not asked.meters:
        site_readings(desk.workspace, asked.site)
    DispatchSpec(asked.site, asked.first, asked.span)
    return jobs.submit("size", asked.site, **asked.model_dump())


@router.post("/contracts")
def post_contracts(desk: WorkspaceOf, asked: ContractsRequest) -> Json:
    """Value power contracts side by side, over the same futures, against buying at the market."""
    futures = Futures(
        asked.paths, asked.discount, asked.price_rise, asked.level_sd, seed=asked.seed
    )
    told = compare_contracts(
        [input_of(desk, upload) for upload in asked.contracts],
        input_of(desk, asked.market),
        futures,
        zone=asked.zone,
        workspace=desk.workspace,
        site=asked.site,
    )
    return told.json
