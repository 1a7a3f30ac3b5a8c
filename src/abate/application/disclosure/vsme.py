"""The report of a small firm after EFRAG's voluntary standard (VSME).

As a page, and in EFRAG's digital template.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.documents import opens_as_workbook
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import write_whole
from abate.application.disclosure.breakdowns import fuels_by_source
from abate.application.disclosure.indicators import indicator_values
from abate.application.inventory.figures import Figures, Run, run_of
from abate.application.inventory.open_run import open_run
from abate.disclosure.markup import Cell, Table, escaped, to_html
from abate.disclosure.report import headings, page
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError
from abate.kernel.languages import languages, translator
from abate.kernel.region import country_of
from abate.operations.facts import CATEGORIES

TEMPLATE_BYTES_MAX = 20_000_000
SCHEMES = {"lei": "LEI", "euid": "EU ID", "duns": "DUNS", "permid": "PermID"}
BASIS = "Option A (Basic Module only)"
INDIVIDUAL = "Sustainability report prepared on an individual basis"
CONSOLIDATED = "Sustainability report prepared on a consolidated basis"


@dataclass(frozen=True, slots=True)
class Datapoint:
    """One value of the report.

    Args:
        name: Named range of the template, that of the taxonomy.
        disclosure: Such as B3.
        title: Name for people.
        value: Value; None where it is missing.
        unit: Its unit.
        origin: Run, or who stated it.
        why: Why it is missing.
    """

    name: str
    disclosure: str
    title: str
    value: float | str | None
    unit: str
    origin: str
    why: str = ""

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "name": self.name,
            "disclosure": self.disclosure,
            "title": self.title,
            "value": self.value,
            "unit": self.unit,
            "origin": self.origin,
            "why": self.why or None,
        }


NO_FACTS = ("template_", "enum_", "footnote_", "_xlnm")
NO_FACT_ENDS = ("_unit", "Axis", "Table", "Hypercube")
"""Beginnings and ends of named ranges that hold labels, lists and units."""
DEFAULTS = ("YES", "NO", "NONE", "TRUE", "FALSE")
PART_TITLE = re.compile(r"[BC]\d+ - ")
ALWAYS = "[Always to be reported]"
ENERGY = "EnergyConsumptionFrom"
BOTH = "TotalRenewableAndNonRenewableEnergyMember"


def vsme_datapoints(workspace: Workspace, year: str) -> list[Datapoint]:
    """Datapoints of the basic module that the ledger can answer, and why the others are missing."""
    run = run_of(workspace, year)
    wanted = [
        "electricity",
        "renewable-share",
        "fuel-energy",
        "energy-total",
        "revenue",
        "employees",
    ]
    known = {k: v[0] for k, v in indicator_values(workspace, [year], wanted).items()}
    turnover, people = known["revenue"], known["employees"]
    with open_run(workspace, year) as opened:
        fuels = fuels_by_source(opened)
    return [
        _datapoint(
            "Turnover", "B1", "Turnover", turnover.value, turnover.unit, "no rows", turnover.origin
        ),
        _datapoint(
            "NumberOfEmployees",
            "B1",
            "Employees",
            people.value,
            "count",
            "not stated",
            people.origin,
        ),
        *_energy({k: v.value for k, v in known.items()}, run.run_id, fuels),
        *_emissions(workspace, run, turnover.value),
    ]


def _datapoint(
    name: str, disclosure: str, title: str, value: float | None, unit: str, why: str, origin: str
) -> Datapoint:
    if value is None:
        return Datapoint(name, disclosure, title, None, unit, "", why)
    return Datapoint(name, disclosure, title, value, unit, origin)


def _energy(
    known: dict[str, float | None], origin: str, by_source: dict[str, float | None]
) -> list[Datapoint]:
    """Electricity and fuels [MWh].

    A total is missing where the energy of a fuel is not known, a part where a fuel is of no stated
    source.
    """
    power, share, fuels = known["electricity"], known["renewable-share"], known["fuel-energy"]
    green = None if power is None or share is None else power * share
    rest = None if power is None or green is None else power - green
    unknown = "the energy of a fuel is not known" if by_source else "no fuels"
    clear = fuels is not None and "unclassed" not in by_source
    bio = by_source.get("renewable") if clear else None
    fossil = fuels - (bio or 0.0) if clear and fuels is not None else None
    unclassed = unknown if fuels is None else "a fuel is of no stated source"
    lines = (
        (f"{ENERGY}Electricity_RenewableEnergyMember", "Electricity, renewable", green, "no rows"),
        (
            f"{ENERGY}Electricity_NonRenewableEnergyMember",
            "Electricity, not renewable",
            rest,
            "no rows",
        ),
        (f"{ENERGY}Electricity_{BOTH}", "Electricity", power, "no rows"),
        (
            f"{ENERGY}Fuels_RenewableEnergyMember",
            "Fuels, renewable",
            bio,
            "no rows" if clear else unclassed,
        ),
        (f"{ENERGY}Fuels_NonRenewableEnergyMember", "Fuels, not renewable", fossil, unclassed),
        (f"{ENERGY}Fuels_{BOTH}", "Fuels", fuels, unknown),
        (
            "TotalEnergyConsumption",
            "Energy consumed",
            known["energy-total"],
            "no electricity, or the energy of a fuel is not known",
        ),
    )
    return [
        _datapoint(name, "B3", title, value, "MWh", why, origin)
        for name, title, value, why in lines
    ]


def _emissions(workspace: Workspace, run: Run, turnover: float | None) -> list[Datapoint]:
    """Scopes 1 and 2 and their intensities; a sum without one of its parts is missing."""
    with Figures(workspace) as rollups:
        found = {
            v.figure: v
            for v in rollups.values(["scope1", "scope2-location", "scope2-market", "gross"], run)
        }
    values = {
        n: float(v.value) if v.value is not None and v.is_whole else None for n, v in found.items()
    }
    why = {n: "no rows" if v.is_whole else f"incomplete: {v.lacking}" for n, v in found.items()}
    one, market = values["scope1"], values["scope2-market"]
    by_market = one + market if one is not None and market is not None else None
    ghg = "GreenhouseGasEmissions"
    lines = [
        (f"GrossScope1{ghg}", "Gross Scope 1", one, why["scope1"]),
        (
            f"GrossLocationBasedScope2{ghg}",
            "Gross Scope 2, location-based",
            values["scope2-location"],
            why["scope2-location"],
        ),
        (
            f"GrossMarketBasedScope2{ghg}",
            "Gross Scope 2, market-based",
            market,
            why["scope2-market"],
        ),
        (
            "TotalGrossLocationBasedScope1AndScope2GHGEmissions",
            "Scopes 1 and 2, location-based",
            values["gross"],
            why["gross"],
        ),
        (
            "TotalGrossMarketBasedScope1AndScope2GHGEmissions",
            "Scopes 1 and 2, market-based",
            by_market,
            "without a scope",
        ),
    ]
    told = [
        _datapoint(name, "B3", title, value, "t CO2e", reason, run.run_id)
        for name, title, value, reason in lines
    ]
    for view, total in (("Location", values["gross"]), ("Market", by_market)):
        name = f"Scope1AndScope2{ghg}IntensityValue{view}Based"
        title = f"Intensity of Scopes 1 and 2, {view.lower()}-based"
        intensity = total / turnover if total is not None and turnover else None
        unit = f"t CO2e/{workspace.organisation.currency}"
        told.append(
            _datapoint(name, "B3", title, intensity, unit, "no turnover or total", run.run_id)
        )
    return told


def scope3_cells(workspace: Workspace, year: str) -> dict[int, float]:
    """Categories of Scope 3 with a value, for the template's rows.

    Empty where a category is open without reason.
    """
    with Figures(workspace) as rollups:
        run = run_of(workspace, year)
        total = rollups.values(["scope3"], run)[0]
        if total.value is None or total.without:
            return {}
        found = rollups.values([f"scope3-{c}" for c in CATEGORIES], run)
    return {
        int(v.figure.removeprefix("scope3-")): float(v.value)
        for v in found
        if v.value is not None and v.is_whole
    }


@dataclass(frozen=True, slots=True)
class Filled:
    """EFRAG's template as it was filled.

    Args:
        content: The workbook.
        asked: Parts that the template says are always to be reported and that hold nothing yet.
    """

    content: bytes
    asked: tuple[str, ...]


def fill_template(workspace: Workspace, year: str, template: Path) -> Filled:
    """Fill EFRAG's digital template.

    Every named range as a value, for the converter reads values, not formulas. Answers that the
    template comes with, such as YES, are taken out: nobody gave them.

    Args:
        workspace: The workspace.
        year: Fiscal year.
        template: The template as EFRAG publishes it.

    Raises:
        DataError: `bad-template-file` where the file is not such a template.
        UsageError: `no-identifier` where abate.toml gives the firm no identifier, which the
            template must have.
    """
    from openpyxl import load_workbook

    scheme, identifier = workspace.identifier
    if not identifier:
        raise UsageError(
            "no-identifier",
            "The template needs an identifier of the firm.",
            "Add lei, euid, duns or permid to [organisation].",
        )
    if not template.is_file() or template.stat().st_size > TEMPLATE_BYTES_MAX:
        raise DataError(
            "bad-template-file",
            f"{template.name} is not a template.",
            "Take EFRAG's VSME digital template.",
        )
    for _ in read_apart(opens_as_workbook, template):
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts of a workbook that the library leaves out
        book = load_workbook(template, data_only=True)
    needed = (
        "template_reporting_entity_name",
        "template_reporting_period_startdate",
        "GrossScope1GreenhouseGasEmissions",
    )
    if any(n not in book.defined_names for n in needed):
        raise DataError(
            "bad-template-file",
            f"{template.name} lacks its named ranges.",
            "Take EFRAG's VSME digital template.",
        )
    first, last = workspace.calendar.first_day(year), workspace.calendar.last_day(year)
    values: dict[str, object] = {
        "template_reporting_entity_name": workspace.organisation.name,
        "template_reporting_entity_identifier_scheme": SCHEMES[scheme],
        "template_reporting_entity_identifier": identifier,
        "template_currency": workspace.organisation.currency,
        "template_reporting_period_startdate": first.isoformat(),
        "template_reporting_period_enddate": last.isoformat(),
        "template_starting_date_display": first.isoformat(),
        "template_ending_date_display": last.isoformat(),
        "BasisForPreparation": BASIS,
        "BasisForReporting": (
            INDIVIDUAL if len(workspace.organisation.entities) == 1 else CONSOLIDATED
        ),
    }
    datapoints = {d.name: d for d in vsme_datapoints(workspace, year)}
    values |= {n: d.value for n, d in datapoints.items() if d.value is not None}
    categories = scope3_cells(workspace, year)
    sheet = book["Environmental Disclosures"]
    sheet["G10"] = (
        values.get("EnergyConsumptionFromElectricity_TotalRenewableAndNonRenewableEnergyMember")
        is not None
    )
    if categories:
        sheet["G29"] = True
        for category, tonnes in categories.items():
            sheet[f"D{29 + category}"] = tonnes
        values |= _with_scope3(datapoints, sum(categories.values()))
    _no_defaults(book)
    _dates(book, first, last)
    _country(book, workspace, values)
    for name, value in values.items():
        _put(book, name, value)
    out = io.BytesIO()
    book.save(out)
    return Filled(out.getvalue(), _still_asked(book))


def _answers(book: Any) -> Iterator[tuple[str, str, Any]]:
    """Cells of a template that hold facts: name of the range, sheet and cell."""
    for name, named in book.defined_names.items():
        if name.startswith(NO_FACTS) or name.endswith(NO_FACT_ENDS) or "#REF" in named.attr_text:
            continue
        for sheet, cells in named.destinations:
            block = book[sheet][cells.replace("$", "")]
            rows = block if isinstance(block, tuple) else ((block,),)
            for row in rows:
                for cell in row if isinstance(row, tuple) else (row,):
                    yield name, sheet, cell


def _no_defaults(book: Any) -> None:
    for _, _, cell in _answers(book):
        value = cell.value
        if isinstance(value, bool) or str(value or "").strip().upper() in DEFAULTS:
            cell.value = None


def _still_asked(book: Any) -> tuple[str, ...]:
    """Titles of parts of the basic module that are always to be reported, and hold no fact."""
    held = {(sheet, cell.row) for _, sheet, cell in _answers(book) if _is_fact(cell.value)}
    asked = []
    for sheet in book.worksheets:
        heads = [
            (cell.row, cell.value)
            for (cell,) in sheet.iter_rows(min_col=3, max_col=3)
            if isinstance(cell.value, str) and PART_TITLE.match(cell.value)
        ]
        ends = [*(row for row, _ in heads[1:]), sheet.max_row + 1]
        for (row, title), end in zip(heads, ends, strict=False):
            if (
                title.startswith("B")
                and ALWAYS in title
                and not any((sheet.title, r) in held for r in range(row, end))
            ):
                asked.append(re.sub(r"( from -.*)?\s*\[.*", "", title))
    return tuple(asked)


def _is_fact(value: object) -> bool:
    return value is not None and str(value).strip() not in ("", "-")


def _with_scope3(datapoints: dict[str, Datapoint], scope3: float) -> dict[str, object]:
    """Totals and intensities of all three scopes.

    Which the template shows in place of those of two.
    """
    told: dict[str, object] = {"GrossScope3GreenhouseGasEmissions_CurrentlyStatedMember": scope3}
    turnover = datapoints["Turnover"].value
    for view in ("Location", "Market"):
        two = datapoints[f"TotalGross{view}BasedScope1AndScope2GHGEmissions"].value
        told[f"Scope1AndScope2GreenhouseGasEmissionsIntensityValue{view}Based"] = None
        if isinstance(two, float):
            told[f"TotalGross{view}BasedGHGEmissions_CurrentlyStatedMember"] = two + scope3
            if isinstance(turnover, float) and turnover:
                told[f"Total{view}BasedGreenhouseGasEmissionsIntensityValue"] = (
                    two + scope3
                ) / turnover
    return told


def _dates(book: Any, first: date, last: date) -> None:
    sheet = book["General Information"]
    for row, part in ((6, first), (10, last)):
        sheet[f"D{row}"], sheet[f"D{row + 1}"], sheet[f"D{row + 2}"] = (
            part.year,
            part.month,
            part.day,
        )


def _country(book: Any, workspace: Workspace, values: dict[str, object]) -> None:
    """The country of the first site, by the name that the template's own list has for its code."""
    regions = [country_of(s.region) for s in workspace.organisation.sites if s.region]
    sheet = book["Enumeration Lists"]
    names = {sheet.cell(row, 5).value: sheet.cell(row, 3).value for row in range(3, 258)}
    if regions and names.get(regions[0]):
        values["CountryOfPrimaryOperationsAndLocationOfSignificantAssets"] = names[regions[0]]


def _put(book: Any, name: str, value: Any) -> None:
    """Write a value into the first cell of a named range."""
    if name not in book.defined_names:
        return
    sheet, cells = next(iter(book.defined_names[name].destinations))
    cell = book[sheet][cells.replace("$", "").split(":")[0]]
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # also a name that begins like a formula


def write_vsme(
    workspace: Workspace,
    year: str,
    path: Path | None,
    *,
    template: Path | None,
    lang: str,
    now: datetime,
) -> tuple[Path, tuple[str, ...]]:
    """Write the report as EFRAG's template filled, as a page, a print or Markdown.

    Returns:
        The file, and what the template still asks for.

    Raises:
        UsageError: `unknown-format`, `no-identifier`, `no-cjk-font`.
        DataError: `bad-template-file`.
    """
    from abate.adapters.writers.prints import pdf_bytes

    if template is not None:
        target = path or Path(f"vsme-{year}.xlsx")
        filled = fill_template(workspace, year, template)
        return _written(target, filled.content), filled.asked
    target = path or Path(f"vsme-{year}.html")
    kind = target.suffix.removeprefix(".").lower()
    if kind not in ("html", "pdf", "md"):
        raise UsageError(
            "unknown-format",
            f"No VSME report as '{kind}'.",
            "Write .html or .pdf, or give --template for .xlsx.",
        )
    text = _markdown(workspace, year, lang)
    if kind == "pdf":
        model = {"organisation": workspace.organisation.name, "kpis": [], "cards": []}
        return _written(target, pdf_bytes(text, {}, model, lang=lang, day=now.date())), ()
    if kind == "html":
        title, _ = headings(text)
        body = to_html(text, {})
        text = page(
            "plain.html",
            {"title": title, "body": body, "html_lang": languages()[lang].tag},
        )
    return _written(target, text.encode()), ()


def _written(path: Path, content: bytes) -> Path:
    write_whole(path, content)
    return path


def _markdown(workspace: Workspace, year: str, lang: str) -> str:
    """The report in Markdown: a table by disclosure.

    With where each value is from or why it is missing.
    """
    told = vsme_datapoints(workspace, year)
    t = translator(lang)
    heads = tuple(map(t, ("Datapoint", ">Value", "Unit", "From, or why it is missing")))
    title = f"{workspace.organisation.name}{t(': ')}{t(f'VSME report {year}')}"
    intro = t(
        "Basic module of EFRAG's voluntary standard for small firms (VSME, December 2024)."
        " Every figure is of one run of the ledger."
    )
    parts = [f"# {escaped(title)}\n\n{intro}\n"]
    names = {
        "B1": t("Basis for preparation"),
        "B3": t("Energy and greenhouse gas emissions"),
    }
    for disclosure, name in names.items():
        rows = [
            (
                Cell(t(d.title)),
                Cell("–" if d.value is None else _shown(d.value)),
                Cell(d.unit),
                Cell(t(d.why) or d.origin),
            )
            for d in told
            if d.disclosure == disclosure
        ]
        parts.append(
            f"\n## {disclosure} {name}"
            f" {{#{disclosure.lower()}}}\n{Table.of(disclosure, name, heads, rows).markdown}"
        )
    return "".join(parts)


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return (
        f"{value:,.3g}"
        if abs(value) < 0.01
        else f"{value:,.3f}"
        if abs(value) < 1000
        else f"{value:,.1f}"
    )
