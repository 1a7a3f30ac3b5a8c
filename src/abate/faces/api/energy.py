"""Routes of the energy system: data centres and their load curves, meters and their usage."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, Field

from abate.application.energy.batches import span_s
from abate.application.energy.data_centres import data_centres, load_curve
from abate.application.energy.forecasts import forecasts, site_readings
from abate.application.energy.loads import LoadSpec, preview_readings
from abate.application.energy.meters import Place, change_meter, meter_named, meters
from abate.application.energy.savings import SavingTerms
from abate.application.energy.usage import readings_page, shown_meter
from abate.faces.api import uploads
from abate.faces.api.frame import (
    JobsOf,
    Needed,
    Run,
    Strict,
    Text,
    Upload,
    WorkspaceOf,
    Year,
    api_router,
)
from abate.faces.clock import present
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError

router = api_router()
Span = Annotated[str, Query(pattern="^(month|day|hour)$", description="What a row covers.")]


def in_utc(moment: datetime) -> datetime:
    """A moment in UTC, as the store keeps it."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


Moment = Annotated[datetime, AfterValidator(in_utc)]


class PlaceFields(Strict):
    """Where a meter stands and what it counts; empty fields leave what is known."""

    site: Text = ""
    building: Text = ""
    kind: Text = ""
    zone: Text = ""
    parent: Text = ""
    replaces: Text = ""
    since: Moment | None = None


class PlaceRequest(PlaceFields):
    """What is to be said of a meter, and why."""

    reason: Annotated[str, Field(max_length=2000)] = ""


class LoadRequest(PlaceFields):
    """What is said of a file of readings; see `abate meters add`."""

    meter: Text = ""
    stamp: Text = ""
    dates: Text = ""
    decimal: Text = ""
    unit: Text = ""
    later: bool = False


class PostRequest(Strict):
    """Which year's usage enters the ledger."""

    year: Text
    by: Text = "month"


@router.get("/data-centres")
def get_data_centres(desk: WorkspaceOf, year: Year = "", run: Run = "") -> list[Json]:
    """PUE, WUE and clean share of each building by month, with goal and climate."""
    return [asdict(b) for b in data_centres(desk.rollups(), desk.run(year.upper(), run))]


@router.get("/data-centres/{site}/{building}")
def get_load_curve(
    desk: WorkspaceOf, site: str, building: str, month: Annotated[str, Query(max_length=12)]
) -> Json:
    """The hours of a building's meters in a month.

    With gaps and with hours in which a meter repeats itself.
    """
    return load_curve(desk.workspace, site, building, month).json


@router.get("/meters")
def get_meters(desk: WorkspaceOf) -> list[Json]:
    """Every meter with its readings in numbers, parents before what stands below them."""
    return [asdict(m) for m in meters(desk.workspace)]


@router.get("/meters/{meter:path}/usage")
def get_usage(
    desk: WorkspaceOf,
    meter: str,
    by: Span = "month",
    first: Annotated[Moment | None, Query(alias="from", description="UTC.")] = None,
    past: Annotated[Moment | None, Query(alias="to", description="UTC.")] = None,
) -> Json:
    """What a meter used by month, day or hour of its clock, and what is wrong with it."""
    found = shown_meter(desk.workspace, meter, by=by, first=first, past=past)
    return asdict(found) | {"findings": [f.json for f in found.findings]}


@router.get("/meters/{meter:path}/readings")
def get_readings(
    desk: WorkspaceOf,
    meter: str,
    after: Annotated[Moment | None, Query(description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Json:
    """Readings of a meter as usage a step, the oldest first."""
    return asdict(readings_page(desk.workspace, meter, after=after, limit=limit))


@router.put("/meters/{meter:path}")
def put_meter(desk: WorkspaceOf, meter: str, told: PlaceRequest) -> dict[str, str]:
    """Say where a meter stands and what it counts; undoing the import takes it back."""
    place = Place(**told.model_dump(exclude={"reason"}))
    return {"import": change_meter(desk.workspace, meter, place, now=present(), reason=told.reason)}


@router.post("/meters/post", status_code=202)
def post_meters(jobs: JobsOf, what: PostRequest) -> Json:
    """Bring a year's usage into the ledger as a job, in place of what was posted of it before."""
    return jobs.submit_posting(what.year, by=what.by)


@router.post("/uploads/{upload_id}/readings")
def preview_upload(desk: WorkspaceOf, upload_id: str, how: LoadRequest) -> Json:
    """What an upload of readings is read as; nothing is stored."""
    path = uploads.path_of(desk, uploads.ready(desk, upload_id))
    found = preview_readings(desk.workspace, path, LoadSpec(**how.model_dump()))
    return asdict(found) | {"findings": [f.json for f in found.findings]}


@router.post("/uploads/{upload_id}/load", status_code=202)
def load_upload(jobs: JobsOf, upload_id: str, how: LoadRequest) -> Json:
    """Load an upload of readings as a job; of a step that has a reading already this one holds."""
    return jobs.submit_load(upload_id, LoadSpec(**how.model_dump()))


@router.get("/forecasts")
def get_forecasts(desk: WorkspaceOf) -> list[Json]:
    """Forecasts that were posted, compared with what the meters showed since."""
    return [f.json for f in forecasts(desk.workspace)]


class ForecastRequest(Strict):
    """Sites to forecast."""

    sites: Annotated[list[Text], Field(min_length=1, max_length=200)]
    ahead: Text = "24h"
    issued: Text = ""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    post: bool = False


class BacktestRequest(Strict):
    """Meters whose forecasts are scored."""

    meters: Annotated[list[Text], Field(min_length=1, max_length=200)]
    ahead: Text = "24h"
    every: Text = "7d"
    last: Text = "8w"
    country: Text = ""
    weather: Upload = ""


class SavingsRequest(Strict):
    """Meters of the workspace, or an upload of usage, before and after works."""

    weather: Needed
    until: date
    since: date | None = None
    meters: list[Text] = Field(default=[], max_length=200)
    usage: Upload = ""
    model: Annotated[str, Field(pattern="^(daily|hourly)$")] = "daily"
    confidence: Annotated[float, Field(ge=0.5, le=0.999)] = 0.95
    zone: Text = "UTC"
    unit: Text = ""


@router.post("/forecasts", status_code=202)
def post_forecast(desk: WorkspaceOf, jobs: JobsOf, asked: ForecastRequest) -> Json:
    """Forecast sites as a job: quantiles as a file, emissions by day, plants, cost."""
    for site in asked.sites:
        site_readings(desk.workspace, site)
    span_s(asked.ahead)
    return jobs.submit("forecast", ", ".join(asked.sites)[:200], **asked.model_dump())


@router.post("/backtests", status_code=202)
def post_backtest(desk: WorkspaceOf, jobs: JobsOf, asked: BacktestRequest) -> Json:
    """Score forecasts of meters as a job, with baselines for comparison."""
    for meter in asked.meters:
        meter_named(desk.workspace, meter)
    return jobs.submit("backtest", ", ".join(asked.meters)[:200], **asked.model_dump())


@router.post("/savings", status_code=202)
def post_savings(desk: WorkspaceOf, jobs: JobsOf, asked: SavingsRequest) -> Json:
    """Measure as a job what works saved: baseline by weather, against the meters since."""
    if bool(asked.meters) == bool(asked.usage):
        text = "Name meters of the workspace, or an upload of usage."
        raise UsageError("what-to-read", text, "One of the two.")
    SavingTerms(asked.until, asked.since or asked.until, asked.model, asked.confidence)
    for meter in asked.meters:
        meter_named(desk.workspace, meter)
    for upload in (asked.weather, asked.usage):
        if upload:
            uploads.input_of(desk, upload)
    told = asked.model_dump() | {"until": str(asked.until), "since": str(asked.since or "")}
    return jobs.submit("savings", ", ".join(asked.meters)[:200] or "usage", **told)
