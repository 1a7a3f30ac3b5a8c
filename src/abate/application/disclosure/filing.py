"""Filings of a year: inline XBRL with its taxonomy, validated where Arelle is installed.

And JSON of all disclosures.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import write_whole
from abate.application.catalogue import FIGURES
from abate.application.disclosure.indicators import indicator_values
from abate.application.disclosure.neutrality import credits_of
from abate.application.ecosystem.programmes import withheld
from abate.application.inventory.figures import Figures, Run, Value, run_of, years
from abate.application.inventory.lacks import require_whole
from abate.disclosure.filing.taxonomy import DIMENSIONAL, Fact, elements, filing_files
from abate.disclosure.indicators import frameworks
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.tables import EvidenceRow
from abate.operations.facts import CATEGORIES

LEI_SCHEME, OWN_SCHEME = "http://standards.iso.org/iso/17442", "urn:abate:organisation"


def filing_facts(workspace: Workspace, year: str, accepted: Collection[str] = ()) -> list[Fact]:
    """Facts of up to three years: figures to their decimals, Scope 3 by category, credits.

    A figure that stands without one of its parts, or without rows that nobody accepted, is not
    filed: a total that is not one would be a wrong figure.
    """
    shown = [y for y in years(workspace) if y <= year][-3:]
    known = elements()
    names = [e.figure for e in known.values() if e.figure] + [f"scope3-{c}" for c in CATEGORIES]
    facts: list[Fact] = []
    with Figures(workspace) as rollups:
        for y in shown:
            values = {v.figure: v for v in rollups.values(names, run_of(workspace, y))}
            closed = {"avoided"} if withheld(workspace, y) else set()
            for one in known.values():
                if (
                    one.figure
                    and one.figure not in closed
                    and (found := _decimal(values[one.figure], accepted)) is not None
                ):
                    facts.append(
                        Fact(one, y, found / 1000 if one.figure == "electricity" else found)
                    )
            for category in CATEGORIES:
                amount = _decimal(values[f"scope3-{category}"], accepted)
                if amount is not None:
                    facts.append(Fact(known[DIMENSIONAL], y, amount, int(category)))
            revenue = values["revenue"].value
            for view, figure in (("Location", "total-location"), ("Market", "total-market")):
                total = _decimal(values[figure], accepted)
                if total is not None and revenue:
                    one = known[f"Total{view}BasedGreenhouseGasEmissionsIntensityValue"]
                    facts.append(Fact(one, y, total / _exact(revenue)))
            retired = credits_of(workspace, y).retired_t
            if retired:
                facts.append(Fact(known["CarbonCreditsRetired"], y, Decimal(str(retired))))
    return facts


def _exact(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _decimal(value: Value, accepted: Collection[str]) -> Decimal | None:
    """A figure that is whole; categories that are not assessed, each with its reason, leave it whole."""
    whole = not value.without and not any(
        x.blocks and x.code not in accepted for x in value.incomplete
    )
    return _exact(value.value) if value.value is not None and whole else None


def write_filing(
    workspace: Workspace,
    year: str,
    folder: Path,
    *,
    lang: str = "en",
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> list[Path]:
    """Write the inline XBRL report with its taxonomy, and JSON of all disclosures, into a folder.

    Args:
        workspace: The workspace.
        year: Fiscal year.
        folder: Where to.
        lang: Language of the report.
        accepted: Reason for each code of what the run lacks that is accepted; printed as a note.

    Returns:
        The files, the report first.

    Raises:
        NotFoundError: `no-run`.
        UsageError: `nothing-to-file`, `not-whole`.
    """
    run = run_of(workspace, year)
    told = require_whole(workspace, run, accepted)
    facts = filing_facts(workspace, year, accepted)
    if not any(f.year == year for f in facts):
        raise UsageError("nothing-to-file", f"{year} has no whole figure.", "See 'abate check'.")
    organisation = workspace.organisation
    scheme = LEI_SCHEME if workspace.identifier[0] == "lei" else OWN_SCHEME
    identifier = (
        workspace.identifier[1]
        or re.sub(r"[^A-Za-z0-9]+", "-", organisation.name).strip("-")
        or "organisation"
    )
    files = filing_files(
        facts,
        entity=identifier,
        scheme=scheme,
        name=organisation.name,
        currency=organisation.currency,
        periods={
            y: (workspace.calendar.first_day(y), workspace.calendar.last_day(y))
            for y in {f.year for f in facts}
        },
        categories={int(k): v for k, v in CATEGORIES.items()},
        lang=lang,
        notes=[*_notes(run), *_lacks(workspace, run), *([told] if told else [])],
        run=run.run_id,
    )
    files["disclosures.json"] = (
        json.dumps(disclosures(workspace, year), ensure_ascii=False, indent=2) + "\n"
    )
    for name, text in files.items():
        write_whole(folder / name, text)
    return [folder / "report.xhtml", *(folder / n for n in files if n != "report.xhtml")]


def _notes(run: Run) -> list[str]:
    left_out = run.not_assessed
    notes = [
        "Prepared after the GHG Protocol Corporate Standard (2004), Scope 2 Guidance (2015) and"
        f" Scope 3 Standard (2011); {run.boundary} control; IPCC {run.gwp_set}, 100 years."
    ]
    notes += [
        f"Scope 3 category {k.removeprefix('scope3-')} is not assessed: {why}"
        for k, why in left_out.items()
    ]
    return notes


def _lacks(workspace: Workspace, run: Run) -> list[str]:
    """What the filed figures of a run lack."""
    with Figures(workspace) as rollups:
        values = rollups.values(["total-location", "total-market"], run)
    return [
        f"{FIGURES[v.figure].title} of {v.year} is incomplete: {v.lacking}."
        for v in values
        if v.incomplete
    ]


def disclosures(workspace: Workspace, year: str) -> Json:
    """Every datapoint that an indicator answers, with figure, run, imports and evidence."""
    run = run_of(workspace, year)
    imports = sorted(name for name, _ in json.loads(run.imports))
    is_withheld = withheld(workspace, year)
    evidence = sorted(
        {e.sha256 for e in workspace.store.records(EvidenceRow) if e.import_id in imports}
    )
    editions = frameworks()
    told = []
    for values in indicator_values(workspace, [year]).values():
        one, value = values[0].indicator, values[0]
        if is_withheld and one.opens.startswith("avoided"):
            value = replace(value, value=None, missing=("withheld: see 'abate programmes'",))
        for framework, datapoint in one.references:
            told.append(
                {
                    "framework": framework,
                    "edition": editions[framework]["edition"],
                    "datapoint": datapoint,
                    "indicator": one.id,
                    "title": one.title,
                    "value": value.value,
                    "unit": value.unit,
                    "figure": one.opens or None,
                    "formula": one.formula or None,
                    "origin": value.origin,
                    "status": value.status,
                    "missing": list(value.missing),
                    "without": list(value.without),
                    "incomplete": [x.json for x in value.incomplete],
                }
            )
    return {
        "organisation": workspace.organisation.name,
        "year": year,
        "run": run.run_id,
        "run_status": run.status,
        "inputs_hash": run.inputs_hash,
        "imports": imports,
        "evidence": evidence,
        "disclosures": told,
    }


def validate_filing(report: Path) -> list[dict[str, str]] | None:
    """What Arelle says of a report, offline: inconsistencies, warnings and errors.

    None where it is not installed.

    Checked are inline XBRL, XBRL 2.1, dimensions, Calculations 1.1 (by rounding intervals) and the
    registry of units.
    """
    try:
        from arelle.api.Session import Session
        from arelle.logging.handlers.StructuredMessageLogHandler import StructuredMessageLogHandler
        from arelle.RuntimeOptions import RuntimeOptions
    except ImportError:
        return None
    handler = StructuredMessageLogHandler()
    with tempfile.TemporaryDirectory(prefix="abate-") as plain, Session() as session:
        for path in report.parent.iterdir():  # Arelle takes the names of folders for addresses
            if path.is_file():
                shutil.copyfile(path, Path(plain) / path.name)
        options = RuntimeOptions(
            entrypointFile=str(Path(plain) / report.name),
            internetConnectivity="offline",
            validate=True,
            calcs="c11r",
            utrValidate=True,
            keepOpen=True,
            disablePersistentConfig=True,
            logLevel="INCONSISTENCY",
        )
        session.run(options, logHandler=handler)
        messages = list(handler.messages)
    return [
        {"level": str(m["levelname"]), "code": str(m["messageCode"]), "text": str(m["msg"])}
        for m in messages
        if m["levelname"] not in ("INFO", "DEBUG", "INFO-SEMANTIC", "INFO-RESULT")
    ]
