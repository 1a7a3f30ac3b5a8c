"""Routes of statements: indicators, targets, ranges, frameworks, neutrality, claims, sign-off."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Query
from pydantic import Field

from abate.application.disclosure.answers import answers_of_year
from abate.application.disclosure.claims import check_text
from abate.application.disclosure.filing import disclosures
from abate.application.disclosure.indicators import indicator_values
from abate.application.disclosure.neutrality import (
    add_credits,
    credits_of,
    neutrality_json,
    neutrality_of,
    retire_credit,
)
from abate.application.disclosure.promises import language
from abate.application.disclosure.signoff import sign, signoffs
from abate.application.disclosure.stated_figures import add_published, published
from abate.application.disclosure.targets import macc, progress_json, target_progress
from abate.application.disclosure.vsme import vsme_datapoints
from abate.application.inventory.ranges import ranges
from abate.faces.api.frame import (
    JobsOf,
    OneYear,
    Run,
    Strict,
    Text,
    Upload,
    WorkspaceOf,
    Year,
    api_router,
)
from abate.faces.api.uploads import input_of, refuse
from abate.faces.clock import present
from abate.kernel.edges import Json
from abate.kernel.languages import languages

router = api_router()
Lang = Annotated[
    str,
    Field(pattern=f"^({'|'.join(('', *languages()))})$", description="The workspace's if empty."),
]
CLAIMS_MAX = 400_000
"""Characters of a text of claims: some 150 pages."""


class Signing(Strict):
    """A step of sign-off."""

    step: Text
    year: Text
    person: Text
    note: Annotated[str, Field(max_length=2000)] = ""
    level: Text = ""
    figures: list[Text] = Field(default=[], max_length=100)
    accept: dict[Text, Annotated[str, Field(max_length=2000)]] = Field(default={}, max_length=20)


class Claims(Strict):
    """A text whose statements are tested."""

    text: Annotated[str, Field(min_length=1, max_length=CLAIMS_MAX)]
    format: Annotated[str, Field(pattern="^(txt|md|html|csv|json)$")] = "txt"
    year: Text = ""
    about: Text = ""
    ledger: bool = True


@router.get("/indicators")
def get_indicators(
    desk: WorkspaceOf,
    name: Annotated[
        str, Query(max_length=400, description="Indicators, with commas; all where none is named.")
    ] = "",
    year: Year = "",
) -> list[Json]:
    """Indicators of a year, or of all years; what may not be made public is withheld."""
    names = [n.strip() for n in name.split(",")] if name else []
    chosen = [desk.run(year.upper()).fiscal_year] if year else desk.years()
    told = indicator_values(desk.workspace, chosen, names)
    return [v.json for values in told.values() for v in values]


@router.get("/targets")
def get_targets(desk: WorkspaceOf) -> Json:
    """Targets with pathway, gap and trend; measures by the cost of a tonne; what is wrong."""
    workspace = desk.workspace
    told, found = target_progress(workspace)
    return {
        "targets": [progress_json(workspace, p) for p in told],
        "macc": macc(workspace),
        "findings": [f.json for f in found],
    }


@router.get("/uncertainty/{name}")
def get_uncertainty(
    desk: WorkspaceOf,
    name: str,
    year: Year = "",
    run: Run = "",
    by: Annotated[str, Query(max_length=100, description="One dimension.")] = "",
) -> list[Json]:
    """95 % ranges of a sum by IPCC Approaches 1 and 2, and what to measure better next."""
    return [r.json for r in ranges(desk.rollups(), name, desk.run(year.upper(), run), by)]


@router.get("/neutrality")
def get_neutrality(desk: WorkspaceOf, year: OneYear) -> Json:
    """Gross, reduced, removed, offset, what is left, and the credits retired."""
    told = neutrality_of(desk.workspace, year.upper())
    return neutrality_json(told, credits_of(desk.workspace, year.upper()).retired)


@router.get("/frameworks")
def get_frameworks(
    desk: WorkspaceOf,
    year: OneYear,
    framework: Annotated[str, Query(max_length=40, description="One framework, such as GRI.")] = "",
    lang: Annotated[
        str, Query(max_length=2, description="Language; the workspace's if empty.")
    ] = "",
) -> list[Json]:
    """What frameworks ask for, and what answers it or why it is open."""
    workspace = desk.workspace
    told = answers_of_year(workspace, year.upper(), language(lang or workspace.language), framework)
    return [a.json for a in told]


@router.get("/disclosures")
def get_disclosures(desk: WorkspaceOf, year: OneYear) -> Json:
    """Every datapoint that an indicator answers, with figure, run, imports and evidence."""
    return disclosures(desk.workspace, year.upper())


@router.get("/signoffs")
def get_signoffs(desk: WorkspaceOf, year: Year = "") -> list[Json]:
    """Steps of sign-off, oldest first."""
    return [asdict(s) for s in signoffs(desk.workspace, year.upper())]


class Report(Strict):
    """A yearly report to write."""

    year: Text
    formats: list[Annotated[str, Field(pattern="^(html|pdf|xlsx|md)$")]] = Field(
        default=["html"], min_length=1, max_length=4
    )
    lang: Lang = ""
    template: Upload = ""
    without: list[Text] = Field(
        default=[], max_length=100, description="Names of sections to leave out."
    )


class SmallFirm(Strict):
    """A report after VSME to write, or EFRAG's template to fill."""

    year: Text
    format: Annotated[str, Field(pattern="^(html|pdf|md)$")] = "html"
    lang: Lang = ""
    template: Upload = ""


class Filing(Strict):
    """A year to write as inline XBRL."""

    year: Text
    lang: Lang = ""
    accept: dict[Text, Annotated[str, Field(max_length=2000)]] = Field(default={}, max_length=20)
    entry_point: Text = ""


class OfYear(Strict):
    """A fiscal year."""

    year: Text


class OfUpload(Strict):
    """A file that was uploaded."""

    upload: Text


class Retirement(Strict):
    """Credits to retire."""

    serial: Text
    year: Text
    by: Text
    amount_t: Annotated[float | None, Field(gt=0, description="All that is left if empty.")] = None


@router.post("/reports", status_code=202)
def post_report(desk: WorkspaceOf, jobs: JobsOf, asked: Report) -> Json:
    """Write the yearly report as a job; fetch its files from `/jobs/{job_id}/files/{name}`."""
    year = desk.run(asked.year.upper()).fiscal_year
    lang = language(asked.lang or desk.workspace.language)
    told = asked.model_dump() | {"year": year, "lang": lang}
    return jobs.submit("report", year, **told)


@router.get("/vsme")
def get_vsme(desk: WorkspaceOf, year: OneYear) -> list[Json]:
    """Datapoints of VSME with value, origin, or why they are missing."""
    return [d.json for d in vsme_datapoints(desk.workspace, year.upper())]


@router.post("/vsme", status_code=202)
def post_vsme(desk: WorkspaceOf, jobs: JobsOf, asked: SmallFirm) -> Json:
    """Write the report of a small firm as a job."""
    year = desk.run(asked.year.upper()).fiscal_year
    lang = language(asked.lang or desk.workspace.language)
    return jobs.submit("vsme", year, **asked.model_dump() | {"year": year, "lang": lang})


@router.post("/filings", status_code=202)
def post_filing(desk: WorkspaceOf, jobs: JobsOf, asked: Filing) -> Json:
    """Write a year as inline XBRL as a job, validated where Arelle is there."""
    year = desk.run(asked.year.upper()).fiscal_year
    lang = language(asked.lang or desk.workspace.language)
    return jobs.submit("filing", year, **asked.model_dump() | {"year": year, "lang": lang})


@router.post("/evidence", status_code=202)
def post_evidence(desk: WorkspaceOf, jobs: JobsOf, asked: OfYear) -> Json:
    """Write all that reperforms a year as a job: rows, factors, formulas, files."""
    year = desk.run(asked.year.upper()).fiscal_year
    return jobs.submit("evidence", year, year=year)


@router.post("/base-year", status_code=202)
def post_base_year(jobs: JobsOf) -> Json:
    """Value the base year again on today's structure as a job, as a draft to publish."""
    return jobs.submit("base-year", "base year")


@router.get("/credits")
def get_credits(desk: WorkspaceOf) -> list[Json]:
    """Credits: what is held, and what is retired for which year."""
    return [c.json for c in credits_of(desk.workspace, "").every]


@router.post("/credits", status_code=201)
def post_credits(desk: WorkspaceOf, asked: OfUpload) -> Json:
    """Take the credits of an uploaded file into the ledger of transfers; all of them or none."""
    taken, there = add_credits(desk.workspace, input_of(desk, asked.upload))
    refuse(desk, asked.upload)
    return {"taken": taken, "known": there}


@router.post("/credits/retire", status_code=201)
def post_retirement(desk: WorkspaceOf, asked: Retirement) -> Json:
    """Retire a block, or a part of it, for a fiscal year: once, and never more than is held."""
    year = asked.year.upper()
    left = retire_credit(desk.workspace, asked.serial, year, asked.amount_t, person=asked.by)
    return left.json


@router.get("/published")
def get_published(
    desk: WorkspaceOf, entity: Text = "", metric: Text = "", year: Text = ""
) -> list[Json]:
    """Published figures that were loaded, by which claims are tested."""
    rows = published(desk.workspace, entity=entity, metric=metric, year=year)
    return [asdict(r) for r in rows]


@router.post("/published", status_code=201)
def post_published(desk: WorkspaceOf, asked: OfUpload) -> Json:
    """Load the published figures of an uploaded file."""
    taken, there = add_published(desk.workspace, input_of(desk, asked.upload), now=present())
    refuse(desk, asked.upload)
    return {"taken": taken, "known": there}


@router.post("/signoffs")
def post_signoff(desk: WorkspaceOf, asked: Signing) -> Json:
    """Take a step of sign-off over the run of a year that counts."""
    return asdict(
        sign(
            desk.workspace,
            asked.year.upper(),
            asked.step,
            asked.person,
            now=present(),
            note=asked.note,
            level=asked.level,
            figures=asked.figures,
            accepted=asked.accept,
        )
    )


@router.post("/claims")
def post_claims(desk: WorkspaceOf, asked: Claims) -> Json:
    """Test the statements of a text against each other and against the ledger."""
    workspace = desk.workspace if asked.ledger else None
    told = check_text(
        asked.text, asked.format, workspace=workspace, year=asked.year, about=asked.about
    )
    return told.json
