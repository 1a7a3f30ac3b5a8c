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
from abate.application.disclosure.neutrality import credits_of, neutrality_json, neutrality_of
from abate.application.disclosure.promises import language
from abate.application.disclosure.signoff import sign, signoffs
from abate.application.disclosure.targets import macc, progress_json, target_progress
from abate.application.inventory.ranges import ranges
from abate.faces.api.frame import OneYear, Run, Strict, Text, WorkspaceOf, Year, api_router
from abate.faces.clock import present
from abate.kernel.edges import Json

router = api_router()
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
    lang: Annotated[str, Query(max_length=2, description="en or zh.")] = "",
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
    return check_text(asked.text, asked.format, workspace=workspace, year=asked.year).json
