"""UK Government GHG conversion factors (DESNZ): flat files, the condensed workbook, and the flat CSV of 2022."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from abate.adapters.files.gates import Line, Publication
from abate.adapters.files.publishers.sheets import csv_rows, item_of, slug, workbook
from abate.adapters.files.reading import cell_text
from abate.kernel.species import UNSPECIFIED

DESNZ_UNITS = {
    "tonnes": "t",
    "kWh (Net CV)": "kWh_net",
    "kWh (Gross CV)": "kWh_gross",
    "kWh": "kWh",
    "GJ": "GJ",
    "litres": "L",
    "million litres": "ML",
    "cubic metres": "m3",
    "kg": "kg",
    "km": "km",
    "miles": "mile",
    "tonne.km": "tkm",
    "passenger.km": "pkm",
    "Room per night": "room_night",
    "per FTE Working Hour": "fte_hour",
}
AR5 = {"CO2": 1.0, "CH4": 28.0, "N2O": 265.0}


def read_desnz(path: Path) -> Publication:
    """UK Government GHG conversion factors: flat file, condensed set, or the CSV of 2022."""
    if path.suffix.lower() == ".csv":
        return _read_csv(path)
    book = workbook(path)
    if "Factors by Category" not in book:
        return _read_condensed(path, book)
    front = [cell_text(c) for row in book["Front page"] for c in row]
    rows = book["Factors by Category"]
    header = next(k for k, row in enumerate(rows) if row and row[0] == "ID")
    column_year = int(re.findall(r"\d{4}", str(rows[header][9]))[0])
    front_year = int(float(front[front.index("Year:") + 1]))
    lines = [line for k, row in enumerate(rows[header + 1 :], header + 2) for line in _desnz_lines(row, k, column_year)]
    named = re.search(r"(20\d\d)", path.name)
    years = {"the front page": front_year, "the column of factors": column_year}
    if named:
        years["the file name"] = int(named.group(1))
    return Publication(
        "desnz",
        "UK Government GHG Conversion Factors for Company Reporting (DESNZ)",
        str(column_year),
        date(column_year, 6, 10 if column_year == 2025 else 7),
        "Open Government Licence v3.0",
        "AR5",
        lines,
        years,
    )


def _desnz_lines(row: list[Any], number: int, year: int) -> Iterator[Line]:
    cells = [cell_text(c) for c in row]
    number_id, _, one, two, three, four, column, uom, gas = cells[:9]
    if not re.fullmatch(r"[\d_]+", number_id):
        return
    text = row[9] if isinstance(row[9], str) else cell_text(row[9])
    kinds, item, basis = _desnz_type(one, two, three, four, column)
    biogenic = one in ("Bioenergy", "WTT- bioenergy")
    key, unit = number_id.rsplit("_", 1)[0], DESNZ_UNITS.get(uom, uom)
    found = re.fullmatch(r"kg CO2e of (CO2|CH4|N2O) per unit", gas)
    species, divisor = "co2e", 1.0
    if found:
        name = found.group(1)
        species, divisor = (
            {"CO2": "CO2", "CH4": "CH4-biogenic" if biogenic else "CH4-fossil", "N2O": "N2O"}[name],
            AR5[name],
        )
    elif gas != "kg CO2e":
        species, unit = UNSPECIFIED, gas
    if one == "Outside of scopes" and species == "co2e":
        species = "CO2-biogenic"
    for kind in kinds:
        yield Line(
            f"desnz/{year}/{kind}/{key}", f"{kind}/{key}", kind, item, "GB", year, basis, species, text,
            f"kg/{unit}" if gas.startswith("kg CO2e") else unit, "Factors by Category: " + " / ".join(p for p in (one, two, three, four, column) if p),
            number, divisor, f"{uom}; reporting year {year}",
        )  # fmt: skip


TITLE, LICENCE = "UK Government GHG Conversion Factors for Company Reporting (DESNZ)", "Open Government Licence v3.0"
CSV_UNITS = {
    "tonne": "tonnes", "litre": "litres", "kilowatt hour": "kWh", "cubic metre": "cubic metres", "kilogram": "kg",
    "kilometre": "km", "mile": "miles", "gigajoule": "GJ",
}  # fmt: skip
AR4 = {"CO2": 1.0, "CH4": 25.0, "N2O": 298.0}


def _named_lines(
    year: int, number: int, levels: tuple[str, str, str, str, str], uom: str, gas: str, text: str, gwp: dict[str, float]
) -> Iterator[Line]:
    """Lines of a row that has no identifier: it is known by its levels and unit."""
    kinds, item, basis = _desnz_type(*levels)
    species, divisor = "co2e", 1.0
    if gas in gwp:
        biogenic = levels[0].endswith("ioenergy")
        species = {"CO2": "CO2", "CH4": "CH4-biogenic" if biogenic else "CH4-fossil", "N2O": "N2O"}[gas]
        divisor = gwp[gas]
    elif levels[0] == "Outside of scopes":
        species = "CO2-biogenic"
    unit = DESNZ_UNITS.get(uom, uom)
    told = "/".join(slug(part) for part in (levels[0], item, unit))
    for kind in kinds:
        yield Line(
            f"desnz/{year}/{kind}/{told}", f"{kind}/{told}", kind, item, "GB", year, basis, species, text, f"kg/{unit}",
            " / ".join(p for p in levels if p), number, divisor, f"{uom}; reporting year {year}",
        )  # fmt: skip


def _read_csv(path: Path) -> Publication:
    """The flat file of 2022 as a CSV with names of units and gases written out."""
    lines: list[Line] = []
    column, year = "", 0
    for number, row in enumerate(csv_rows(path), 2):
        if not column:
            column = next(c for c in row if c.startswith("GHG Conversion Factor"))
            year = int(column[-4:])
        text = row["Column Text"]
        uom = CSV_UNITS.get(row["UOM"], row["UOM"])
        if text in ("Net CV", "Gross CV"):
            uom, text = f"{uom} ({text})", ""
        gas = row["emission_target_formula"]
        levels = (row["Level 1"].replace(" (", "- ").rstrip(")"), row["Level 2"], row["Level 3"], row["Level 4"], text)
        found = _named_lines(year, number, levels, uom, gas, row[column], AR4)
        lines += (replace(line, verification="secondary") for line in found)
    named = re.search(r"(20\d\d)", path.name)
    years = {"the column of factors": year} | ({"the file name": int(named.group(1))} if named else {})
    return Publication("desnz", TITLE, str(year), date(year, 6, 22), LICENCE, "AR4", lines, years)


def _read_condensed(path: Path, book: dict[str, list[list[Any]]]) -> Publication:
    """The condensed set: a sheet per section, tables under rows of headers that start with 'Activity'."""
    lines: list[Line] = []
    years: dict[str, int] = {}
    for sheet, rows in book.items():
        front = [cell_text(c) for row in rows[:6] for c in row]
        if "Year:" not in front or "Factor set:" not in front:
            continue
        years[f"sheet '{sheet}'"] = year = int(float(front[front.index("Year:") + 1]))
        above: list[str] = []
        header: list[str] = []
        carried: list[str] = []
        for number, row in enumerate(rows, 1):
            cells = [cell_text(c) for c in row]
            if cells and cells[0] == "Activity":
                header, carried = cells, ["", "", ""]
                groups = _carried(above) if any("per unit" in c or c == "kg CO2e" for c in header) else []
            elif header and (not any(cells) or cells[0].startswith(("FAQ", "●", "Guidance"))):
                header = [] if cells and cells[0] else header
            elif header and "Unit" in header:
                lines += _condensed_row(sheet, year, number, row, cells, header, groups, carried)
            above = cells
    named = re.search(r"(20\d\d)", path.name)
    years |= {"the file name": int(named.group(1))} if named else {}
    edition = max(years.values())
    return Publication("desnz", TITLE, f"{edition} condensed", date(edition, 7, 8), LICENCE, "AR5", lines, years)


def _carried(cells: list[str]) -> list[str]:
    """Headings of groups of columns, carried to the right."""
    last, found = "", []
    for cell in cells:
        last = cell or last
        found.append(last if len(last) < 60 else "")
    return found


def _condensed_row(
    sheet: str,
    year: int,
    number: int,
    row: list[Any],
    cells: list[str],
    header: list[str],
    groups: list[str],
    carried: list[str],
) -> Iterator[Line]:
    place = header.index("Unit")
    for k in range(min(place, 3)):
        if cells[k]:
            carried[k:] = [cells[k], *[""] * (2 - k)]
    levels = [sheet, carried[0], carried[1] if place > 1 else "", carried[2] if place > 2 else ""]
    for k, name in enumerate(header):
        gas = re.fullmatch(r"kg CO2e(?: of (CO2|CH4|N2O) per unit)?", name)
        if gas is None or k >= len(row) or k <= place:
            continue
        column = groups[k] if k < len(groups) else ""
        text = row[k] if isinstance(row[k], str) else cells[k]
        yield from _named_lines(
            year,
            number,
            (levels[0], levels[1], levels[2], levels[3], column),
            cells[place],
            gas.group(1) or "CO2e",
            text,
            AR5,
        )


DESNZ_KINDS = {
    "Material use": "purchased-goods",
    "Waste disposal": "waste",
    "Business travel- air": "travel",
    "Business travel- sea": "travel",
    "Business travel- land": "travel",
    "Passenger vehicles": "travel",
    "Freighting goods": "freight",
    "Delivery vehicles": "freight",
    "Hotel stay": "hotel-stay",
    "Homeworking": "homeworking",
    "Water treatment": "waste",
    "Refrigerant & other": "refrigerant",
}
"""Kinds of need that sections of the publication answer; a section that is not here keeps its own name."""
DESNZ_UPSTREAM = {
    "WTT- delivery vehs & freight": "Freighting goods",
    "WTT- pass vehs & travel- land": "Business travel- land",
    "WTT- business travel- air": "Business travel- air",
    "WTT- business travel- sea": "Business travel- sea",
}


DESNZ_ENERGY = {
    "UK electricity": ("electricity", "grid-average", "direct"),
    "WTT- UK electricity / Generation": ("electricity", "grid-average", "upstream"),
    "Transmission and distribution / T&D- UK electricity": ("electricity-loss", "grid-average", "direct"),
    "Transmission and distribution / Distribution - district heat & steam": ("heat-loss", "district-heat", "direct"),
    "WTT- heat and steam / WTT- heat and steam": ("heat", "district-heat", "upstream"),
}
"""Purchased energy: kind, item and basis by section, or by section and what stands below it."""


def _desnz_type(one: str, two: str, three: str, four: str, column: str) -> tuple[tuple[str, ...], str, str]:
    """Kinds, item and basis of a row."""
    item = slug("-".join(p for p in (two, three, four, column) if p))
    basis = "upstream" if one.startswith("WTT") else "direct"
    energy = DESNZ_ENERGY.get(one) or next(
        (v for k, v in DESNZ_ENERGY.items() if slug(f"{one}/{two}").startswith(slug(k))), None
    )
    if energy:
        return (energy[0],), energy[1], energy[2]
    if one == "Heat and steam":
        return ("heat",), item_of(three), "direct"
    section = {slug(k): k for k in DESNZ_KINDS}.get(slug(one.removeprefix("WTT-")), one)
    section = DESNZ_UPSTREAM.get(one, section)
    if section in ("Fuels", "WTT- fuels"):
        return ("stationary-fuel", "mobile-fuel"), item_of(re.sub(r"^WTT\s*-?\s*", "", three)), basis
    kind = DESNZ_KINDS.get(section, slug(one))
    if kind in ("purchased-goods", "waste"):
        basis = "life-cycle"
    return (kind,), re.sub(r"(^|-)wtt-", r"\1", item) if kind in ("freight", "travel") else item, basis
