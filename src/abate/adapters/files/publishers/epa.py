"""EPA GHG Emission Factors Hub: the workbook, and its tables as CSV."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from abate.adapters.files.gates import Line, Publication
from abate.adapters.files.publishers.sheets import csv_rows, item_of, slug, workbook
from abate.adapters.files.reading import cell_text
from abate.kernel.errors import DataError
from abate.kernel.species import UNSPECIFIED

EPA_UNITS = {
    "vehicle-mile": "mile",
    "ton-mile": "(short_ton*mile)",
    "passenger-mile": "(passenger*mile)",
    "gallon": "us_gallon",
    "scf": "ft3",
    "short ton": "short_ton",
}


def read_epa(path: Path) -> Publication:
    """EPA GHG Emission Factors Hub, the workbook."""
    if path.suffix.lower() == ".csv":
        return _read_csv(path)
    rows = workbook(path)["Emission Factors Hub"]
    stated = next(cell_text(c) for row in rows for c in row if "Last Modified" in str(c))
    published = _us_date(stated)
    text = " ".join(str(c) for row in rows for c in row if isinstance(c, str))
    grid_year = int(re.findall(r"egrid(20\d\d)", text, re.I)[0])
    gwp_set = "AR4" if "Fourth Assessment" in text.split("Table 1")[0] else "AR5"
    edition = str(published.year)
    lines: list[Line] = []
    for name, (start, body) in _epa_tables(rows).items():
        reader = _EPA_READERS.get(name)
        if reader is not None:
            lines += reader(body, start, edition, grid_year)
    named = re.search(r"(20\d\d)", path.name)
    years = {"the sheet": published.year} | ({"the file name": int(named.group(1))} if named else {})
    return Publication(
        "epa",
        "EPA GHG Emission Factors Hub",
        edition,
        published,
        "US federal work, public domain",
        gwp_set,
        lines,
        years,
    )


def _us_date(text: str) -> date:
    months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    if match := re.search(r"(\w+) (\d{1,2}), (\d{4})", text):
        return date(int(match.group(3)), months.index(match.group(1)) + 1, int(match.group(2)))
    match = re.search(r"(\d{1,2}) (\w+) (\d{4})", text)
    if match is None:
        raise DataError("unreadable-file", f"'{text}' holds no date.", "Is this the EPA hub?")
    return date(int(match.group(3)), months.index(match.group(2)) + 1, int(match.group(1)))


def _epa_tables(rows: list[list[Any]]) -> dict[str, tuple[int, list[list[Any]]]]:
    starts = [k for k, row in enumerate(rows) if len(row) > 1 and re.fullmatch(r"Table \d+", str(row[1]).strip())]
    ends = [*starts[1:], len(rows)]
    return {str(rows[a][1]).strip(): (a, rows[a:b]) for a, b in zip(starts, ends, strict=True)}


def _raw(value: Any) -> str:
    return value if isinstance(value, str) else cell_text(value)


def _epa_line(
    edition: str, table: str, row: int, kind: str, item: str, region: str, species: str, text: str, unit: str,
    year: int | None = None, note: str = "", suffix: str = "",
) -> Line:  # fmt: skip
    key = f"{kind}/{region}/{item}{suffix}"
    return Line(
        f"epa/{edition}/{key}", key, kind, item, region, year, "direct", species, text, unit, table, row, 1.0, note
    )


def _epa_stationary(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    lines, group, per = [], "", ""
    for k, row in enumerate(body):
        name, heat = cell_text(row[2]), row[3]
        if isinstance(heat, str) and heat.startswith("mmBtu per"):
            per = EPA_UNITS.get(heat.removeprefix("mmBtu per ").strip(), heat.removeprefix("mmBtu per ").strip())
        elif name and not isinstance(row[4], float):
            group = name
        elif name and isinstance(row[4], float):
            bio = group.startswith("Biomass")
            gases = (
                ("CO2-biogenic" if bio else "CO2", "kg"),
                ("CH4-biogenic" if bio else "CH4-fossil", "g"),
                ("N2O", "g"),
            )
            item, at = item_of(name), start + k + 1
            for column, (species, mass) in enumerate(gases, 4):
                lines.append(
                    _epa_line(
                        edition,
                        f"Table 1, {group}",
                        at,
                        "stationary-fuel",
                        item,
                        "US",
                        species,
                        _raw(row[column]),
                        f"{mass}/MBtu_gross",
                        note=name,
                    )
                )
            if isinstance(heat, float):
                lines.append(
                    _epa_line(
                        edition,
                        f"Table 1, {group}",
                        at,
                        "fuel-property",
                        item,
                        "US",
                        "property",
                        _raw(heat),
                        f"MBtu_gross/{per}",
                        note=f"heat content of {name}",
                    )
                )
    return lines


def _epa_mobile(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    return [
        _epa_line(edition, "Table 2", start + k + 1, "mobile-fuel", item_of(cell_text(row[2])), "US",
                  "CO2-biogenic" if "100%" in str(row[2]) else "CO2", _raw(row[3]), f"kg/{EPA_UNITS[row[4]]}", note=row[2])
        for k, row in enumerate(body)
        if row[4] in EPA_UNITS
    ]  # fmt: skip


def _epa_vehicles(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    """Tables 3 and 4: CH4 and N2O per vehicle-mile by model year, names carried down."""
    header = next(k for k, row in enumerate(body) if str(row[2]).startswith("Vehicle Type"))
    first = next(c for c, v in enumerate(body[header]) if "CH4" in str(v))
    lines, names = [], [""] * first
    for k, row in enumerate(body[header + 1 :], header + 1):
        if str(row[2]).startswith(("Source", "Note")):
            break
        cells = [cell_text(c) for c in row[2:first]]
        if cells[0].startswith("("):  # the name goes on in a second cell
            cells[0] = ""
        names = [c or (names[j] if not any(cells[:j]) else "") for j, c in enumerate(cells)]
        for offset, species in enumerate(("CH4-fossil", "N2O")):
            item = slug("-".join(n for n in names if n))
            lines.append(_epa_line(edition, str(body[0][1]), start + k + 1, "vehicle-distance", item, "US", species, _raw(row[first + offset]), "g/mile"))  # fmt: skip
    return lines


def _epa_non_road(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    lines, vehicle = [], ""
    for k, row in enumerate(body[3:], 3):
        if str(row[2]).startswith(("Source", "Note")):
            break
        vehicle = cell_text(row[2]) or vehicle
        if not cell_text(row[3]):
            continue
        for column, species in ((4, "CH4-fossil"), (5, "N2O")):
            item = slug(f"{vehicle}-{cell_text(row[3])}")
            lines.append(_epa_line(edition, "Table 5", start + k + 1, "non-road-fuel", item, "US", species, _raw(row[column]), "g/us_gallon"))  # fmt: skip
    return lines


def _epa_grid(body: list[list[Any]], start: int, edition: str, grid_year: int) -> list[Line]:
    lines = []
    for k, row in enumerate(body):
        code = cell_text(row[2])
        if not (re.fullmatch(r"[A-Z]{4}", code) or code == "US Average") or not isinstance(row[4], float):
            continue
        region = "US" if code == "US Average" else f"US-{code}"
        for column, item in ((4, "grid-average"), (7, "non-baseload")):
            for offset, species in enumerate(("CO2", "CH4-fossil", "N2O")):
                lines.append(
                    _epa_line(
                        edition,
                        f"Table 6 (eGRID{grid_year})",
                        start + k + 1,
                        "electricity",
                        item,
                        region,
                        species,
                        _raw(row[column + offset]),
                        "lb/MWh",
                        grid_year,
                        cell_text(row[3]),
                    )
                )
    return lines


def _epa_heat(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    k, row = next((k, r) for k, r in enumerate(body) if str(r[2]) == "Steam and Heat" and isinstance(r[3], float))
    masses = (("CO2", "kg"), ("CH4-fossil", "g"), ("N2O", "g"))
    return [
        _epa_line(edition, "Table 7", start + k + 1, "heat", "district-heat", "US", s, _raw(row[3 + c]), f"{m}/MBtu")
        for c, (s, m) in enumerate(masses)
    ]


def _vehicle(cell: str) -> str:
    """The name of a vehicle without the letter of its footnote."""
    return re.sub(r"(?<=Truck)[A-E]$", "", re.sub(r"\s*[A-E]$", "", cell))


def _epa_distance(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    """Tables 8 and 10: per vehicle-mile, ton-mile or passenger-mile."""
    lines = []
    kind = "freight" if str(body[0][1]).strip() == "Table 8" else "travel"
    for k, row in enumerate(body):
        per = EPA_UNITS.get(cell_text(row[6])) if len(row) > 6 else None
        if per is None:
            continue
        name = _vehicle(cell_text(row[2]))
        for column, (species, mass) in enumerate((("CO2", "kg"), ("CH4-fossil", "g"), ("N2O", "g")), 3):
            lines.append(
                _epa_line(
                    edition,
                    str(body[0][1]).strip(),
                    start + k + 1,
                    kind,
                    slug(name),
                    "US",
                    species,
                    _raw(row[column]),
                    f"{mass}/{per}",
                    note=name,
                    suffix=f"/{slug(cell_text(row[6]))}",
                )
            )
    return lines


def _epa_waste(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    header = next(k for k, row in enumerate(body) if str(row[2]) == "Material")
    treatments = [re.sub(r"[A-F]$", "", cell_text(c)) for c in body[header][3:9]]
    lines = []
    for k, row in enumerate(body[header + 1 :], header + 1):
        material = cell_text(row[2])
        if not material or not any(isinstance(c, float) for c in row[3:9]):
            continue
        for column, treatment in enumerate(treatments, 3):
            if treatment:
                lines.append(
                    _epa_line(
                        edition,
                        "Table 9",
                        start + k + 1,
                        "waste",
                        slug(f"{material}-{treatment}"),
                        "US",
                        UNSPECIFIED,
                        _raw(row[column]),
                        "t/short_ton",
                    )
                )
    return lines


_EPA_READERS: dict[str, Callable[[list[list[Any]], int, str, int], list[Line]]] = {
    "Table 1": _epa_stationary,
    "Table 2": _epa_mobile,
    "Table 3": _epa_vehicles,
    "Table 4": _epa_vehicles,
    "Table 5": _epa_non_road,
    "Table 6": _epa_grid,
    "Table 7": _epa_heat,
    "Table 8": _epa_distance,
    "Table 9": _epa_waste,
    "Table 10": _epa_distance,
}

_G = "g"
CSV_TABLES: dict[str, tuple[str, str, str, tuple[tuple[str, str, str], ...]]] = {
    # A column that marks the table: kind, column of the item, unit or column of the unit, columns with species and mass.
    "Fuel Category": (
        "stationary-fuel", "Fuel Type", "MBtu_gross",
        (("CO2 Factor Energy", "CO2", "kg"), ("CH4 Factor Energy", "CH4-fossil", _G), ("N2O Factor Energy", "N2O", _G)),
    ),
    "kg CO2 per unit": ("mobile-fuel", "Fuel Type", "Unit", (("kg CO2 per unit", "CO2", "kg"),)),
    "eGRID Subregion Acronym": (
        "electricity", "", "MWh",
        (("Total Output CO2 Factor (lb CO2 / MWh)", "CO2", "lb"), ("Total Output CH4 Factor (lb CH4 / MWh)", "CH4-fossil", "lb"),
         ("Total Output N2O Factor (lb N2O / MWh)", "N2O", "lb")),
    ),
    "CO2 Factor (kg CO2 / unit)": (
        "distance", "Vehicle Type", "Units",
        (("CO2 Factor (kg CO2 / unit)", "CO2", "kg"), ("CH4 Factor (g CH4 / unit)", "CH4-fossil", _G), ("N2O Factor (g N2O / unit)", "N2O", _G)),
    ),
    "CO2 Factor (kg CO2 / mmBtu)": (
        "heat", "", "MBtu",
        (("CO2 Factor (kg CO2 / mmBtu)", "CO2", "kg"), ("CH4 Factor (g CH4 / mmBtu)", "CH4-fossil", _G), ("N2O Factor (g N2O / mmBtu)", "N2O", _G)),
    ),
    "Material": ("waste", "Material", "short_ton", ()),
    "CH4 Factor (g CH4 / vehicle-mile)": (
        "vehicle-distance", "Vehicle Type", "mile",
        (("CH4 Factor (g CH4 / vehicle-mile)", "CH4-fossil", _G), ("N2O Factor (g N2O / vehicle-mile)", "N2O", _G)),
    ),
    "CH4 Factor (g CH4 / gallon)": (
        "non-road-fuel", "Vehicle Type", "us_gallon",
        (("CH4 Factor (g CH4 / gallon)", "CH4-fossil", _G), ("N2O Factor (g N2O / gallon)", "N2O", _G)),
    ),
}  # fmt: skip
EPA_MARKS = {*CSV_TABLES, "ASHRAE", "Industrial Designation or Common Name"}


def _read_csv(path: Path) -> Publication:
    """A table of the hub as a CSV file; tables of GWPs are known and hold no factor."""
    rows = csv_rows(path)
    columns = list(rows[0]) if rows else []
    mark = next((m for m in CSV_TABLES if m in columns), "")
    year = int(rows[0]["Year"]) if rows else 0
    lines: list[Line] = []
    for k, row in enumerate(rows, 2) if mark else ():
        lines += (replace(line, verification="secondary") for line in _csv_lines(path, row, k, str(year), mark))
    stated = re.search(r"(20\d\d)", path.parent.name)
    years = {"the column of years": year} | ({"the folder": int(stated.group(1))} if stated else {})
    return Publication(
        "epa",
        "EPA GHG Emission Factors Hub",
        f"{year} csv",
        date(year, 2, 13),
        "US federal work, public domain",
        "AR5",
        lines,
        years,
    )


def _csv_lines(path: Path, row: dict[str, str], number: int, edition: str, mark: str) -> list[Line]:
    kind, named, per, masses = CSV_TABLES[mark]
    unit = row.get(per, per)
    unit = EPA_UNITS.get(unit, unit)
    region, item, table = "US", item_of(row.get(named, "")), path.stem
    if kind == "distance":
        kind = "freight" if "category-4" in path.stem else "travel"
        name = _vehicle(row[named])
        return [
            _epa_line(
                edition,
                table,
                number,
                kind,
                slug(name),
                "US",
                s,
                row[c],
                f"{m}/{unit}",
                note=name,
                suffix=f"/{slug(row[per])}",
            )
            for c, s, m in masses
        ]
    if kind == "waste":
        treatments = {c: c.split(" (")[0] for c in row if "Metric Tons CO2e" in c}
        return [
            _epa_line(
                edition,
                table,
                number,
                kind,
                slug(f"{row['Material']}-{t}"),
                "US",
                UNSPECIFIED,
                row[c] or "",
                "t/short_ton",
            )
            for c, t in treatments.items()
        ]
    if kind == "electricity":
        code = row["eGRID Subregion Acronym"]
        region, item = ("US" if code == "US Average" else f"US-{code}"), "grid-average"
    if kind == "heat":
        item = "district-heat"
    extra = [
        row[c] for c in ("Fuel Type", "Model Year") if kind in ("vehicle-distance", "non-road-fuel") and row.get(c)
    ]
    item = slug("-".join([row[named], *extra])) if extra else item
    bio = row.get("Fuel Category", "").startswith("Biomass")
    return [
        _epa_line(
            edition,
            table,
            number,
            kind,
            item,
            region,
            s.replace("fossil", "biogenic") if bio else s,
            row.get(c) or "",
            f"{m}/{unit}",
        )
        for c, s, m in masses
    ]
