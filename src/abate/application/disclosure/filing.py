"""Filings of a year: inline XBRL with its taxonomy, validated where Arelle is installed.

And JSON of all disclosures.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from fractions import Fraction
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.taxonomies import read_taxonomy
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import write_whole
from abate.application.catalogue import FIGURES
from abate.application.disclosure.indicators import indicator_values
from abate.application.disclosure.neutrality import credits_of
from abate.application.disclosure.vsme import BOTH, vsme_datapoints
from abate.application.ecosystem.programmes import withheld
from abate.application.inventory.figures import Figures, Run, Value, run_of, years
from abate.application.inventory.lacks import require_whole
from abate.application.inventory.ranges import ranges
from abate.disclosure.filing.taxonomy import (
    DIMENSIONAL,
    Fact,
    Official,
    elements,
    filing_files,
    member,
)
from abate.disclosure.indicators import frameworks
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.tables import EvidenceRow
from abate.operations.facts import CATEGORIES

INTENSITIES = {
    "TotalLocationBasedGreenhouseGasEmissionsIntensityValue": "total-location",
    "TotalMarketBasedGreenhouseGasEmissionsIntensityValue": "total-market",
    "Scope1AndScope2GreenhouseGasEmissionsIntensityValueLocationBased": "gross",
    "Scope1AndScope2GreenhouseGasEmissionsIntensityValueMarketBased": "own-market",
}
"""Sums over revenue that are filed."""
RANGED = (
    "scope1",
    "scope2-location",
    "scope2-market",
    "gross",
    "net",
    "scope3",
    "total-location",
    "total-market",
)
"""Figures that are stated to the digits that their uncertainty leaves."""
LEI_SCHEME, OWN_SCHEME = "http://standards.iso.org/iso/17442", "urn:abate:organisation"


def filing_facts(workspace: Workspace, year: str, accepted: Collection[str] = ()) -> list[Fact]:
    """Facts of up to three years: figures to their decimals, Scope 3 by category, credits.

    A figure that stands without one of its parts, or without rows that nobody accepted, is not
    filed: a total that is not one would be a wrong figure.
    """
    facts: list[Fact] = []
    with Figures(workspace) as rollups:
        for y in [y for y in years(workspace) if y <= year][-3:]:
            facts += _facts_of(workspace, rollups, y, accepted)
    return facts


def _facts_of(
    workspace: Workspace, rollups: Figures, year: str, accepted: Collection[str]
) -> list[Fact]:
    known, run = elements(), run_of(workspace, year)
    names = [e.figure for e in known.values() if e.figure] + [f"scope3-{c}" for c in CATEGORIES]
    values = {v.figure: v for v in rollups.values(names, run)}
    told = {n: amount for n, v in values.items() if (amount := _decimal(v, accepted)) is not None}
    if withheld(workspace, year):
        told.pop("avoided", None)
    sure = {n: _accurate(rollups, run, n) for n in told if n in RANGED}
    facts = []
    for one in known.values():
        if one.figure in told:
            amount = told[one.figure] / (1000 if one.figure == "electricity" else 1)
            facts.append(Fact(one, year, amount, "", sure.get(one.figure)))
    facts += [
        Fact(known[DIMENSIONAL], year, told[f"scope3-{c}"], member(int(c)))
        for c in CATEGORIES
        if f"scope3-{c}" in told
    ]
    revenue = values["revenue"].value
    if "scope1" in told and "scope2-market" in told:
        told["own-market"] = told["scope1"] + told["scope2-market"]
        one = known["TotalGrossMarketBasedScope1AndScope2GHGEmissions"]
        least = [d for n in ("scope1", "scope2-market") if (d := sure.get(n)) is not None]
        facts.append(Fact(one, year, told["own-market"], "", min(least, default=None)))
    for name, figure in INTENSITIES.items():
        if figure in told and revenue:
            facts.append(Fact(known[name], year, told[figure] / _exact(revenue)))
    retired = credits_of(workspace, year).retired_t
    if retired:
        facts.append(Fact(known["CarbonCreditsRetired"], year, Decimal(str(retired))))
    return facts + _of_small_firms(workspace, year, facts)


def _of_small_firms(workspace: Workspace, year: str, facts: Sequence[Fact]) -> list[Fact]:
    """What a report after VSME holds beside: energy by source, employees."""
    known, there = elements(), {(f.element.name, f.member) for f in facts}
    told = []
    for point in vsme_datapoints(workspace, year):
        name, _, part = point.name.partition("_")
        part = "" if part == BOTH else part
        if name in known and (name, part) not in there and isinstance(point.value, float | int):
            told.append(Fact(known[name], year, Decimal(str(point.value)), part))
    return told


def _accurate(rollups: Figures, run: Run, name: str) -> int | None:
    """Digits after the point to which a figure is stated: the second digit of half its 95 % range.

    Negative where those are tens or hundreds: ± 1,286 t is stated to the hundred, -2. None where
    nothing is known of its range.

    Source: JCGM 100:2008 (GUM), 7.2.6.
    """
    try:
        (found,) = ranges(rollups, name, run, draws=2, top=0)
    except UsageError:
        return None
    half = found.closed.share_95 * abs(found.closed.total)
    return 1 - math.floor(math.log10(half)) if half > 0 else None


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
    entry_point: str = "",
) -> list[Path]:
    """Write the inline XBRL report with its taxonomy, and JSON of all disclosures, into a folder.

    Args:
        workspace: The workspace.
        year: Fiscal year.
        folder: Where to.
        lang: Language of the report.
        accepted: Reason for each code of what the run lacks that is accepted; printed as a note.
        entry_point: Which of the entry points of a regulator's taxonomy is referred to.

    Returns:
        The files, the report first.

    Raises:
        NotFoundError: `no-run`.
        UsageError: `nothing-to-file`, `not-whole`, `many-entry-points`.
        DataError: `bad-taxonomy`.
    """
    official = official_taxonomy(workspace, entry_point)
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
        official=official,
    )
    files["disclosures.json"] = (
        json.dumps(disclosures(workspace, year), ensure_ascii=False, indent=2) + "\n"
    )
    for name, text in files.items():
        write_whole(folder / name, text)
    return [folder / "report.xhtml", *(folder / n for n in files if n != "report.xhtml")]


def packages(workspace: Workspace) -> list[Path]:
    """Taxonomy packages of regulators in the folder `taxonomies` of a workspace."""
    return sorted((workspace.root / "taxonomies").glob("*.zip"))


def official_taxonomy(workspace: Workspace, entry_point: str = "") -> Official | None:
    """The regulator's taxonomy of a workspace; None where it has no package.

    Args:
        workspace: The workspace.
        entry_point: Address of an entry point; needed where packages have several.

    Raises:
        UsageError: `many-entry-points`.
        DataError: `bad-taxonomy`.
    """
    told = [one for path in packages(workspace) for one in read_apart(read_taxonomy, path)]
    if not told:
        return None
    entries = list(dict.fromkeys(e for one in told for e in one.get("entries", ())))
    if entry_point not in entries and (entry_point or len(entries) != 1):
        raise UsageError(
            "many-entry-points",
            f"The taxonomy has {len(entries)} entry points, none of them named '{entry_point}'.",
            f"Name one with --entry-point: {', '.join(entries[:12])}.",
        )
    spaces: dict[str, str] = {}
    names: dict[str, str] = {}
    for k, schema in enumerate(one for one in told if "elements" in one):
        shared = [e.name for e in elements().values() if schema["elements"].get(e.name) == e.period]
        if shared:
            prefix = schema["prefix"] or f"t{k}"
            spaces[prefix] = schema["namespace"]
            names |= {n: f"{prefix}:{n}" for n in shared if n not in names}
    return Official(entry_point or entries[0], spaces, names)


def _notes(run: Run) -> list[str]:
    notes = [
        "Prepared after the GHG Protocol Corporate Standard (2004), Scope 2 Guidance (2015) and"
        f" Scope 3 Standard (2011); {run.boundary} control; IPCC {run.gwp_set}, 100 years."
    ]
    notes += [
        f"Scope 3 category {k.removeprefix('scope3-')} is {why.told()}"
        for k, why in run.left_out.items()
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
    evidence = sorted(
        {e.sha256 for e in workspace.store.records(EvidenceRow) if e.import_id in imports}
    )
    editions = frameworks()
    told = []
    for values in indicator_values(workspace, [year]).values():
        one, value = values[0].indicator, values[0]
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


def validate_filing(report: Path, taxonomies: Sequence[Path] = ()) -> list[dict[str, str]] | None:
    """What Arelle says of a report, offline: inconsistencies, warnings and errors.

    None where it is not installed. It runs in a process of its own: it leaves packages open, and
    changes how the whole process logs.

    Checked are inline XBRL, XBRL 2.1, dimensions, Calculations 1.1 (by rounding intervals) and the
    registry of units.

    Args:
        report: The report; its taxonomy lies beside it.
        taxonomies: Packages of regulators that it refers to.
    """
    if find_spec("arelle") is None:
        return None
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return apart.submit(_messages, report, [str(path) for path in taxonomies]).result()


def _messages(report: Path, taxonomies: list[str]) -> list[dict[str, str]]:
    from arelle.api.Session import Session
    from arelle.logging.handlers.StructuredMessageLogHandler import StructuredMessageLogHandler
    from arelle.RuntimeOptions import RuntimeOptions

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
            packages=taxonomies or None,
        )
        session.run(options, logHandler=handler)
        messages = list(handler.messages)
    return [
        {"level": str(m["levelname"]), "code": str(m["messageCode"]), "text": str(m["msg"])}
        for m in messages
        if m["levelname"] not in ("INFO", "DEBUG", "INFO-SEMANTIC", "INFO-RESULT")
    ]
