"""Routes of the REST API. Each is thin.

It reads its arguments, calls one function, gives what the command line gives.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import Field

from abate.adapters.readers.bills import doubtful, given, read_bill
from abate.adapters.store.intake import JOBS, UPLOADS
from abate.application.catalogue import FIGURES, HEADLINES
from abate.application.factors import add_factor, gate_findings, read_factors, where_used
from abate.application.inventory.bills import known_site, store_bill
from abate.application.inventory.bridges import bridge_runs
from abate.application.inventory.corrections import correct_lines
from abate.application.inventory.figures import check_dimensions, publish, run_of
from abate.application.inventory.imports import attach, undo
from abate.application.inventory.previews import duplicate_of, original_rows, preview_sheets
from abate.application.workspaces.organisation import (
    SECTIONS,
    change_section,
    drop_item,
    former_configs,
    organisation_parts,
    put_item,
    restore_config,
)
from abate.faces.api import uploads, work
from abate.faces.api.desk import OpenWorkspace
from abate.faces.api.frame import (
    After,
    JobsOf,
    Limit,
    Run,
    Strict,
    Text,
    Where,
    WorkspaceOf,
    Year,
    api_router,
    paged,
    table_file,
)
from abate.faces.api.guard import Sessions
from abate.faces.clock import present
from abate.kernel.edges import Json

router = api_router()


class Token(Strict):
    """The token of the link that `abate serve` prints."""

    token: Text


class Reason(Strict):
    """Why something is done."""

    reason: Annotated[str, Field(max_length=2000)] = ""


class Publishing(Reason):
    """Why a run is published, and what it may lack: a reason for each code."""

    accept: dict[Text, Annotated[str, Field(max_length=2000)]] = Field(default={}, max_length=20)


class RunRequest(Strict):
    """The terms of a run."""

    year: Text
    gwp: Text = ""
    boundary: Text = ""
    as_of: Text = ""
    matching: Annotated[str, Field(pattern="^(|monthly|hourly)$")] = ""


class ImportRequest(Strict):
    """How an upload enters."""

    accept: list[Text] = Field(default=[], max_length=100)
    strict: bool = False


class ColumnMeaning(Strict):
    """A column of amounts."""

    header: Text
    kind: Text
    unit: Text = ""


class SheetMapping(Strict):
    """What the columns of a sheet mean."""

    template: Text
    columns: dict[Text, Text]
    measures: Annotated[list[ColumnMeaning], Field(max_length=100)]
    site: Text = ""
    answers: dict[Text, Text] = Field(default={}, max_length=100)


class Publisher(Strict):
    """Whose file of factors it is."""

    publisher: Text = ""


class Change(Strict):
    """Keys of a section, or of an item of a list; an empty value takes a key out."""

    key: Text = ""
    values: dict[Text, Any] = Field(max_length=50)


class Former(Strict):
    """A former text of the configuration."""

    name: Text


class OwnFactor(Strict):
    """A factor of one's own; see `abate factors add`."""

    kind: Text
    item: Text
    value: Text
    unit: Text
    region: Text
    source: Text
    species: Text = ""
    year: Annotated[int | None, Field(ge=1900, le=2200)] = None
    for_year: Annotated[int | None, Field(ge=1900, le=2200)] = None
    basis: Text = "direct"
    gwp_set: Text = ""


class Attachment(Strict):
    """A document that proves an import, or a row of it (0 for the whole file)."""

    upload: Text
    row: Annotated[int, Field(ge=0, le=2**31)] = 0


class Bill(Strict):
    """An uploaded bill, and values that somebody gives in place of those read."""

    upload: Text
    values: dict[Text, Text] = Field(default={}, max_length=20)
    site: Text = ""
    confirm: bool = False


class Corrections(Strict):
    """Lines of a correction, each with `action`, `file`, `row` and new values."""

    lines: Annotated[
        list[dict[Text, Annotated[str, Field(max_length=2000)]]],
        Field(min_length=1, max_length=1000),
    ]
    reason: Annotated[str, Field(max_length=2000)] = ""


@router.post("/session")
def open_session(request: Request, token: Token) -> dict[str, str]:
    """Spend the one-time token for a key, to be sent as `Authorization: Bearer KEY`."""
    sessions: Sessions = request.app.state.sessions
    return {"key": sessions.open(token.token)}


@router.get("/organisation")
def get_organisation(desk: WorkspaceOf) -> Json:
    """Entities, sites, targets and measures, settings, and former texts of the configuration."""
    former = [asdict(f) for f in former_configs(desk.workspace)]
    return organisation_parts(desk.workspace) | {"former": former}


@router.put("/organisation/{section}")
def put_organisation(desk: WorkspaceOf, section: str, what: Change) -> Json:
    """Change a section, or an item of a list; without a key the item is added."""
    if section in SECTIONS:
        change_section(desk.workspace, section, what.values, now=present())
    else:
        put_item(desk.workspace, section, what.key, what.values, now=present())
    return organisation_parts(desk.workspace)


@router.delete("/organisation/{section}/{key}")
def delete_item(desk: WorkspaceOf, section: str, key: str) -> Json:
    """Remove an entity, site, target (by its place from 1) or measure that nothing stands on."""
    drop_item(desk.workspace, section, key, now=present())
    return organisation_parts(desk.workspace)


@router.post("/organisation/restore")
def restore_organisation(desk: WorkspaceOf, which: Former) -> Json:
    """Bring a former text of the configuration back."""
    restore_config(desk.workspace, which.name, now=present())
    return organisation_parts(desk.workspace)


@router.get("/figures")
def get_figures(
    desk: WorkspaceOf,
    where: Where,
    name: Annotated[
        str,
        Query(
            max_length=400, description="Figures, with commas; the headlines where none is named."
        ),
    ] = "",
    year: Year = "",
    by: Annotated[str, Query(max_length=100, description="Dimensions, with commas.")] = "",
    run: Run = "",
    as_file: Annotated[str, Query(alias="format", pattern="^(json|csv|xlsx|parquet)$")] = "json",
) -> Response:
    """Figures of one year or all, whole or broken down; exact sums as decimal strings."""
    names = [FIGURES.named(n.strip()).id for n in name.split(",")] if name else list(HEADLINES)
    check_dimensions([d.strip() for d in by.split(",")] if by else [])
    wanted = [year.upper()] if year or run else desk.years()
    chosen = [desk.run(y, run) for y in wanted]
    values = [v for r in chosen for v in desk.values(names, r, by, where)]
    if as_file == "json":
        return JSONResponse([v.json for v in values])
    dimensions = list(dict.fromkeys(d for v in values for d in v.by))
    columns = ["year", "figure", *dimensions, "value", "unit", "status", "rows", "run"]
    rows = [
        [
            v.year,
            v.figure,
            *(v.by.get(d, "") for d in dimensions),
            v.value,
            v.unit,
            _status(v),
            v.row_count,
            v.run,
        ]
        for v in values
    ]
    return table_file(as_file, "figures", columns, rows)


def _status(value: Any) -> str:
    if value.value is None:
        return f"{value.status}: {value.note}" if value.note else "missing"
    return f"incomplete: {value.lacking}" if not value.is_whole else ""


@router.get("/definitions")
def get_definitions() -> list[dict[str, str]]:
    """Every figure with its unit, formula and source."""
    return [
        {"name": f.id, "title": f.title, "unit": f.unit, "formula": f.formula, "source": f.source}
        for f in FIGURES.values()
    ]


@router.get("/figures/{name}/rows")
def get_rows(
    desk: WorkspaceOf,
    where: Where,
    name: str,
    year: Year = "",
    run: Run = "",
    limit: Limit = 20,
    after: After = "",
) -> Json:
    """A figure opened: what it is made of, its parts, and its rows largest first."""
    chosen = desk.run(year.upper(), run)
    return desk.explained(FIGURES.named(name).id, chosen, where, limit, after).json


@router.get("/entries/{entry:path}")
def get_entry(desk: WorkspaceOf, entry: str, year: Year = "") -> Json:
    """An entry opened: file and row, method, factor, publication and table."""
    return desk.entry(entry, year.upper()).json


@router.get("/findings")
def get_findings(
    desk: WorkspaceOf, severity: str = "", code: str = "", limit: Limit = 100, after: After = ""
) -> Json:
    """Findings that stand, blockers first."""
    found = [
        f for f in desk.findings() if severity in ("", f.severity.value) and code in ("", f.code)
    ]
    return paged([f.json for f in found], limit, after)


@router.get("/imports")
def get_imports(desk: WorkspaceOf, limit: Limit = 100, after: After = "") -> Json:
    """Imports, corrections and reversals, the newest first, each with whether it counts."""
    return paged([asdict(r) for r in desk.imports()], limit, after)


@router.get("/imports/{import_id}/rows")
def get_original_rows(
    desk: WorkspaceOf,
    import_id: str,
    row: Annotated[int, Query(ge=0, le=2**31)] = 1,
    sheet: Annotated[str, Query(max_length=400)] = "",
    around: Annotated[int, Query(ge=0, le=50)] = 4,
) -> list[Json]:
    """Rows of an imported file as they stood in it: the headers' row and those around a row."""
    found = original_rows(desk.workspace, import_id, sheet, row, around=around)
    return [{"row": number, "cells": cells} for number, cells in found]


@router.post("/imports/{import_id}/undo")
def undo_import(desk: WorkspaceOf, import_id: str, reason: Reason) -> dict[str, str]:
    """Undo an import by a reversal; undoing the reversal restores it."""
    return {"reversal": undo(desk.workspace, import_id, reason=reason.reason, now=present())}


@router.post(
    "/uploads",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            }
        }
    },
)
async def post_upload(
    request: Request,
    desk: WorkspaceOf,
    name: Annotated[str, Query(max_length=400, description="Name of the file.")],
    purpose: Annotated[str, Query(pattern="^(data|factors|readings|input)$")] = "data",
) -> Json:
    """Hand in a file; nothing is stored in the ledger before it is imported."""
    announced = request.headers.get("content-length", "")
    return await uploads.receive(
        desk,
        name,
        request.stream(),
        purpose=purpose,
        length=int(announced) if announced.isdigit() else None,
    )


@router.get("/uploads")
def get_uploads(desk: WorkspaceOf) -> list[Json]:
    """Uploads, the newest first."""
    return desk.intake.rows(UPLOADS)


@router.get("/uploads/{upload_id}")
def get_upload(
    desk: WorkspaceOf, upload_id: str, kind: Annotated[str, Query(alias="as", max_length=60)] = ""
) -> Json:
    """An upload with the mapping of its sheets, guessed or as corrected, beside the first rows."""
    upload = uploads.ready(desk, upload_id)
    path = uploads.path_of(desk, upload)
    if upload["purpose"] == "factors":
        return {"upload": upload, **_gates(path, uploads.publisher_of(upload), 0)}
    if upload["purpose"] == uploads.INPUT:
        return {"upload": upload}
    if upload["purpose"] == "readings":  # see POST /uploads/{upload_id}/readings
        return {"upload": upload, "duplicate_of": duplicate_of(desk.workspace, path)}
    sheets = preview_sheets(desk.workspace, path, template=kind, mapping=uploads.mapping_of(upload))
    return {
        "upload": upload,
        "duplicate_of": duplicate_of(desk.workspace, path),
        "sheets": [asdict(s) for s in sheets],
    }


@router.put("/uploads/{upload_id}/mapping")
def put_mapping(
    desk: WorkspaceOf,
    upload_id: str,
    sheets: Annotated[dict[Text, SheetMapping], Body(max_length=300)],
) -> Json:
    """Correct the mapping, sheet by sheet; a sheet that is left out is not read.

    An empty object brings the guess back.
    """
    uploads.ready(desk, upload_id)
    told = {name: one.model_dump() for name, one in sheets.items()}
    uploads.read_mappings(told)
    desk.intake.change(UPLOADS, upload_id, mapping=told or "")
    return get_upload(desk, upload_id)


@router.put("/uploads/{upload_id}/publisher")
def put_publisher(desk: WorkspaceOf, upload_id: str, named: Publisher) -> Json:
    """Say whose file of factors an upload is; an empty name brings the guess back."""
    uploads.name_publisher(desk, upload_id, named.publisher)
    return get_upload(desk, upload_id)


@router.get("/uploads/{upload_id}/check")
def check_upload(
    desk: WorkspaceOf,
    upload_id: str,
    accept: Annotated[str, Query(max_length=400)] = "",
    limit: Limit = 200,
) -> Json:
    """What the checks find in an upload, row by row; nothing is stored."""
    upload = uploads.ready(desk, upload_id)
    if upload["purpose"] == "factors":
        return _gates(uploads.path_of(desk, upload), uploads.publisher_of(upload), limit)
    codes = frozenset(a.strip() for a in accept.split(",") if a.strip())
    found = uploads.checked(desk, upload, accept=codes, limit=limit)
    told = asdict(found)
    told["findings"] = [f.json for f in found.findings]
    return told


def _gates(path: Path, publisher: str, limit: int) -> Json:
    """What the gates let through of a publisher's file, and what they find."""
    publisher, edition, factors, findings, refused = read_factors(path, publisher=publisher)
    told = [f.json for f in findings[:limit]]
    return {
        "publisher": publisher,
        "edition": edition,
        "factor_count": len(factors),
        "refused_count": refused,
        "findings": told,
    }


@router.delete("/uploads/{upload_id}", status_code=204)
def delete_upload(desk: WorkspaceOf, upload_id: str) -> None:
    """Refuse an upload: it is thrown away."""
    uploads.refuse(desk, upload_id)


@router.post("/uploads/{upload_id}/import", status_code=202)
def import_upload(jobs: JobsOf, upload_id: str, how: ImportRequest) -> Json:
    """Import an upload as a job; rows with a blocker go to quarantine."""
    return jobs.submit_import(upload_id, accept=how.accept, strict=how.strict)


@router.get("/quarantine")
def get_quarantine(desk: WorkspaceOf, limit: Limit = 100, after: After = "") -> Json:
    """Rows that are in no figure until they are corrected, with their cells as they stood."""
    return paged(desk.quarantined(), limit, after)


@router.post("/corrections", status_code=201)
def post_corrections(desk: WorkspaceOf, corrections: Corrections) -> Json:
    """Correct, accept, drop or add rows, each with a reason; all of them or none."""
    done = correct_lines(
        desk.workspace, corrections.lines, reason=corrections.reason, now=present()
    )
    return {"import": done.import_id, "accepted_count": done.accepted_count}


@router.get("/runs")
def get_runs(desk: WorkspaceOf) -> list[Json]:
    """Runs, the newest first: terms, entries, published or restated."""
    keep = (
        "run_id",
        "fiscal_year",
        "status",
        "reason",
        "gwp_set",
        "boundary",
        "matching",
        "structure",
        "as_of",
        "entry_count",
        "activity_count",
        "committed_at",
        "inputs_hash",
    )
    return [{k: getattr(r, k) for k in keep} for r in reversed(desk.runs())]


@router.post("/runs", status_code=202)
def post_run(jobs: JobsOf, terms: RunRequest) -> Json:
    """Value a year as a job."""
    return jobs.submit_run(**terms.model_dump())


@router.post("/runs/{run_id}/publish")
def publish_run(desk: WorkspaceOf, run_id: str, said: Publishing) -> dict[str, str]:
    """Freeze a run as published, or as the restatement of a year that is published."""
    status = publish(
        desk.workspace, run_id, reason=said.reason, now=present(), accepted=said.accept
    )
    return {"status": status}


@router.post("/runs/{run_id}/verify", status_code=202)
def verify(desk: WorkspaceOf, jobs: JobsOf, run_id: str) -> Json:
    """Compute a run again as a job and compare, to the milligram."""
    return jobs.submit("verify", desk.run(run_id=run_id).run_id, run=run_id)


@router.get("/bridge")
def get_bridge(
    desk: WorkspaceOf,
    before: Annotated[str, Query(max_length=80, description="Fiscal year, or a run.")],
    after: Annotated[str, Query(max_length=80, description="Fiscal year, or a run.")],
    name: Annotated[str, Query(max_length=80)] = "gross",
) -> Json:
    """Why a figure differs between two runs: contributions that add up to the milligram."""
    told: Json = bridged(desk, name, before, after).json
    return told


def bridged(desk: OpenWorkspace, name: str, before: str, after: str) -> Any:
    """The bridge of a figure between two years or runs, kept once made."""
    every = desk.runs()
    known = {r.run_id for r in every}
    sides = [
        run_of(desk.workspace, s.upper(), s if s in known else "", every) for s in (before, after)
    ]
    key = ("bridge", name, *(s.run_id for s in sides))
    return desk.kept(
        key, lambda: bridge_runs(desk.workspace, desk.rollups(), FIGURES.named(name).id, *sides)
    )


@router.get("/factors")
def get_factors(
    desk: WorkspaceOf,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 50,
    after: After = "",
) -> Json:
    """Factors that hold all of the words."""
    found = desk.factors().search(q.split())
    return paged(found, limit, after)


@router.get("/factor-findings")
def get_factor_findings(desk: WorkspaceOf, limit: Limit = 100, after: After = "") -> Json:
    """What the gates found in publishers' files when they were imported."""
    return paged(gate_findings(desk.workspace), limit, after)


@router.get("/factors/{factor_id:path}")
def get_factor(desk: WorkspaceOf, factor_id: str) -> Json:
    """A factor: values, source, other editions and years, and where it is used."""
    return desk.factors().show(factor_id) | {"used": where_used(desk.rollups(), factor_id)}


@router.post("/factors", status_code=201)
def post_factor(desk: WorkspaceOf, asked: OwnFactor) -> dict[str, str]:
    """Add one value to the factor book: a supplier's rate, the heating value of a gas bill."""
    told = asked.model_dump()
    four = (told.pop(k) for k in ("kind", "item", "value", "unit"))
    return {"import": add_factor(desk.workspace, *four, now=present(), **told).import_id}


@router.post("/imports/{import_id}/evidence", status_code=201)
def post_attachment(desk: WorkspaceOf, import_id: str, asked: Attachment) -> dict[str, str]:
    """Attach an uploaded document to an import or to one of its rows, with its hash."""
    path = uploads.input_of(desk, asked.upload)
    sha256 = attach(desk.workspace, path, import_id=import_id, source_row=asked.row, now=present())
    uploads.refuse(desk, asked.upload)
    return {"sha256": sha256}


@router.post("/bills")
def post_bill(desk: WorkspaceOf, asked: Bill) -> Json:
    """Read an uploaded bill (PDF): each value with its place on the page and a confidence.

    With `confirm`, it is imported for a site, and the PDF is its evidence.
    """
    path = uploads.input_of(desk, asked.upload)
    reads = given(read_bill(path), asked.values)
    told: Json = {
        "reads": [asdict(r) | {"place": r.place} for r in reads],
        "doubtful": doubtful(reads),
    }
    if not asked.confirm:
        return told
    done = store_bill(
        desk.workspace, path, reads, site=known_site(desk.workspace, asked.site), now=present()
    )
    uploads.refuse(desk, asked.upload)
    return told | {"import": done.import_id, "quarantined_count": done.quarantined_count}


@router.get("/jobs/{job_id}/files/{name}")
def get_job_file(
    desk: WorkspaceOf,
    job_id: str,
    name: str,
    inline: Annotated[bool, Query(description="To look at, not to keep.")] = False,
) -> FileResponse:
    """A file that a job wrote; its `files` name them."""
    path = work.file_of(desk, desk.intake.get(JOBS, job_id), name)
    kept = "inline" if inline else "attachment"
    return FileResponse(path, filename=name, content_disposition_type=kept)


@router.get("/jobs")
def get_jobs(desk: WorkspaceOf) -> list[Json]:
    """Jobs, the newest first."""
    return desk.intake.rows(JOBS)


@router.get("/jobs/{job_id}")
def get_job(desk: WorkspaceOf, job_id: str) -> Json:
    """A job: waiting, running, done, failed or interrupted, with its step, result or error."""
    job = desk.intake.get(JOBS, job_id)
    return job | {"files": work.files_of(desk, job)}
