"""EPA GHG Emission Factors Hub: the workbook, and its tables as CSV."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from abate.adapters.readers.publishers.printed import (
    csv_rows,
    item_of,
    waste_of,
    workbook,
    year_in_name,
)
from abate.adapters.readers.workbooks import cell_text
from abate.kernel.errors import DataError
from abate.kernel.gates import MISPRINTED, FactorEdition, Line
from abate.kernel.kind import slug
from abate.kernel.species import UNSPECIFIED

EPA_UNITS = {
    "vehicle-mile": "mile",
    "ton-mile": "(short_ton*mile)",
    "passenger-mile": "(passenger*mile)",
    "gallon": "us_gallon",
    "scf": "ft3",
    "short ton": "short_ton",
}


def read_epa(path: Path) -> FactorEdition:
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
    unused: Counter[tuple[str, str]] = Counter()
    for name, (start, body) in _epa_tables(rows).items():
        reader = _EPA_READERS.get(name)
        if reader is not None:
            lines += reader(body, start, edition, grid_year)
        else:
            unused[name, UNUSED[name]] += sum(isinstance(c, float) for row in body for c in row)
    _count_misprints(edition, unused)
    years = {"the sheet": published.year} | year_in_name(path)
    return FactorEdition(
        "epa",
        "EPA GHG Emission Factors Hub",
        edition,
        published,
        "US federal work, public domain",
        gwp_set,
        lines,
        years,
        unused=unused,
    )


def _count_misprints(edition: str, unused: Counter[tuple[str, str]]) -> None:
    for year, printed in sorted(MISPRINTS):
        if year == edition:
            unused["Tables 8 and 10", f"{MISPRINTED} ({printed} per vehicle-mile)"] += 1


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
    starts = [
        k
        for k, row in enumerate(rows)
        if len(row) > 1 and re.fullmatch(r"Table \d+", str(row[1]).strip())
    ]
    ends = [*starts[1:], len(rows)]
    return {str(rows[a][1]).strip(): (a, rows[a:b]) for a, b in zip(starts, ends, strict=True)}


def _raw(value: Any) -> str:
    return value if isinstance(value, str) else cell_text(value)


def _epa_line(
    edition: str,
    table: str,
    row: int,
    kind: str,
    item: str,
    region: str,
    species: str,
    text: str,
    unit: str,
    year: int | None = None,
    note: str = "",
    suffix: str = "",
    printed: str = "",
) -> Line:
    key = f"{kind}/{region}/{printed or item}{suffix}"
    return Line(
        f"epa/{edition}/{key}",
        key,
        kind,
        item,
        region,
        year,
        "direct",
        species,
        text,
        unit,
        table,
        row,
        1.0,
        note,
        ages=year is None and kind != "fuel-property",
    )


VEHICLES = {
    "medium-and-heavy-duty-truck": "road", "light-duty-truck": "van", "passenger-car": "car", "motorcycle": "motorbike",
    "waterborne-craft": "sea", "aircraft": "air", "rail": "rail", "intercity-rail-national-average": "rail",
    "intercity-rail-northeast-corridor": "rail/northeast-corridor", "intercity-rail-other-routes": "rail/other-routes",
    "commuter-rail": "rail/commuter", "transit-rail-i-e-subway-tram": "metro", "bus": "bus",
    "air-travel-short-haul-300-miles": "air-short/regional", "air-travel-medium-haul-300-miles-2300-miles": "air-short",
    "air-travel-long-haul-2300-miles": "air-long",
}  # fmt: skip
"""Canonical items of Tables 8 and 10; a light-duty truck carries passengers in the second."""
MISPRINTS = {("2024", "passenger-car"), ("2024", "light-duty-truck")}
"""Rows of Tables 8 and 10 of the hub of 13 February 2024 that EPA printed wrong: 44 % below and 104 % above the edition
before for the same vehicles."""
UNUSED = {
    "Table 3": "CH4 and N2O by model year, which no bill tells; fuel is valued by its CO2",
    "Table 4": "CH4 and N2O by model year, which no bill tells; fuel is valued by its CO2",
    "Table 5": "CH4 and N2O by machine, which no bill tells; fuel is valued by its CO2",
    "Table 11": "potentials, no emission; the ledger keeps gases by mass",
    "Table 12": "potentials, no emission; blends are computed from their gases",
}


def _travelled(printed: str, kind: str) -> tuple[tuple[str, str], ...]:
    """Kinds and items of a row of Tables 8 and 10."""
    item = VEHICLES.get(printed, printed)
    if kind == "travel" and item == "van":
        item = "car/light-duty-truck"
    twice = printed == "transit-rail-i-e-subway-tram"
    return ((kind, item), *(((kind, "tram"),) if twice else ()))


def _own_too(found: tuple[tuple[str, str], ...], per: str) -> tuple[tuple[str, str], ...]:
    """Kilometres of other people's vehicles serve own ones too.

    Goods vehicles of Table 8, cars of Table 10.
    """
    own = {("freight", "road"), ("freight", "van"), ("travel", "car"), ("travel", "motorbike")}
    return (
        *found,
        *(("vehicle", item) for kind, item in found if per == "mile" and (kind, item) in own),
    )


LEGACY = (
    "natural-gas",
    "diesel",
    "motor-gasoline",
    "lpg",
    "residual-fuel-oil",
    "kerosene",
    "other-bituminous-coal",
)
"""Fuels under which factors have always been filed by our own names."""


def _epa_stationary(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    lines, group, per = [], "", ""
    for k, row in enumerate(body):
        name, heat = cell_text(row[2]), row[3]
        if isinstance(heat, str) and heat.startswith("mmBtu per"):
            per = EPA_UNITS.get(
                heat.removeprefix("mmBtu per ").strip(), heat.removeprefix("mmBtu per ").strip()
            )
        elif name and not isinstance(row[4], float):
            group = name
        elif name and isinstance(row[4], float):
            bio = group.startswith("Biomass")
            gases = (
                ("CO2-biogenic" if bio else "CO2", "kg"),
                ("CH4-biogenic" if bio else "CH4-fossil", "g"),
                ("N2O", "g"),
            )
            item, at, printed = item_of(name), start + k + 1, slug(name)
            for column, (species, mass) in enumerate(gases, 7):
                if isinstance(row[column], float):
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
                            f"{mass}/{per}",
                            note=name,
                            suffix=f"/per-{slug(per)}",
                            printed=printed,
                        )
                    )
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
                        printed=printed if item not in LEGACY else "",
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
                        printed=printed if item not in LEGACY else "",
                    )
                )
    return lines


def _epa_mobile(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    return [
        _epa_line(
            edition,
            "Table 2",
            start + k + 1,
            "mobile-fuel",
            item_of(cell_text(row[2])),
            "US",
            "CO2-biogenic" if "100%" in str(row[2]) else "CO2",
            _raw(row[3]),
            f"kg/{EPA_UNITS[row[4]]}",
            note=row[2],
        )
        for k, row in enumerate(body)
        if row[4] in EPA_UNITS
    ]


def _epa_grid(body: list[list[Any]], start: int, edition: str, grid_year: int) -> list[Line]:
    lines = []
    for k, row in enumerate(body):
        code = cell_text(row[2])
        if not (re.fullmatch(r"[A-Z]{4}", code) or code == "US Average") or not isinstance(
            row[4], float
        ):
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
    k, row = next(
        (k, r)
        for k, r in enumerate(body)
        if str(r[2]) == "Steam and Heat" and isinstance(r[3], float)
    )
    masses = (("CO2", "kg"), ("CH4-fossil", "g"), ("N2O", "g"))
    return [
        _epa_line(
            edition,
            "Table 7",
            start + k + 1,
            "heat",
            "district-heat",
            "US",
            s,
            _raw(row[3 + c]),
            f"{m}/MBtu",
        )
        for c, (s, m) in enumerate(masses)
    ]


def _vehicle(cell: str) -> str:
    """The name of a vehicle without the letter of its footnote."""
    return re.sub(r"(?<=Truck)[A-E]$", "", re.sub(r"\s*[A-E]$", "", cell))


def _epa_distance(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    """Tables 8 and 10: per vehicle-mile, ton-mile or passenger-mile."""
    lines: list[Line] = []
    table = str(body[0][1]).strip()
    for k, row in enumerate(body):
        unit = EPA_UNITS.get(cell_text(row[6])) if len(row) > 6 else None
        if unit is None:
            continue
        name = _vehicle(cell_text(row[2]))
        masses = list(
            zip(("CO2", "CH4-fossil", "N2O"), ("kg", "g", "g"), map(_raw, row[3:6]), strict=True)
        )
        lines += _distance_lines(edition, table, start + k + 1, name, cell_text(row[6]), masses)
    return lines


def _distance_lines(
    edition: str, table: str, number: int, name: str, per: str, masses: list[tuple[str, str, str]]
) -> list[Line]:
    """Lines of a row of Tables 8 and 10; none where the row is known to be printed wrong."""
    printed, kind = slug(name), "freight" if "8" in table or "category-4" in table else "travel"
    if (edition, printed) in MISPRINTS and per == "vehicle-mile":
        return []
    return [
        _epa_line(
            edition,
            table,
            number,
            kind,
            item,
            "US",
            species,
            text,
            f"{mass}/{EPA_UNITS[per]}",
            note=name,
            suffix=f"/{slug(per)}",
            printed=printed if kind != "vehicle" and item != "tram" else f"{printed}/{item}",
        )
        for kind, item in _own_too(_travelled(printed, kind), EPA_UNITS[per])
        for species, mass, text in masses
    ]


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
                        waste_of(material, treatment),
                        "US",
                        UNSPECIFIED,
                        _raw(row[column]),
                        "t/short_ton",
                        printed=slug(f"{material}-{treatment}"),
                    )
                )
    return lines


_EPA_READERS: dict[str, Callable[[list[list[Any]], int, str, int], list[Line]]] = {
    "Table 1": _epa_stationary,
    "Table 2": _epa_mobile,
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
}  # fmt: skip
CSV_UNUSED = {
    "CH4 Factor (g CH4 / vehicle-mile)": UNUSED["Table 3"],
    "CH4 Factor (g CH4 / gallon)": UNUSED["Table 5"],
    "ASHRAE": UNUSED["Table 12"],
    "Industrial Designation or Common Name": UNUSED["Table 11"],
}
EPA_MARKS = {*CSV_TABLES, *CSV_UNUSED}


def _read_csv(path: Path) -> FactorEdition:
    """A table of the hub as a CSV file; tables of GWPs are known and hold no factor."""
    rows = csv_rows(path)
    columns = list(rows[0]) if rows else []
    mark = next((m for m in CSV_TABLES if m in columns), "")
    year = int(rows[0]["Year"]) if rows else 0
    lines: list[Line] = []
    for k, row in enumerate(rows, 2) if mark else ():
        lines += (
            replace(line, verification="secondary")
            for line in _csv_lines(path, row, k, str(year), mark)
        )
    unused = Counter(
        {(path.stem, CSV_UNUSED[m]): len(rows) for m in CSV_UNUSED if m in columns and not mark}
    )
    stated = re.search(r"(20\d\d)", path.parent.name)
    years = {"the column of years": year} | ({"the folder": int(stated.group(1))} if stated else {})
    return FactorEdition(
        "epa",
        "EPA GHG Emission Factors Hub",
        f"{year} csv",
        date(year, 2, 13),
        "US federal work, public domain",
        "AR5",
        lines,
        years,
        unused=unused,
    )


def _csv_lines(path: Path, row: dict[str, str], number: int, edition: str, mark: str) -> list[Line]:
    kind, named, per, masses = CSV_TABLES[mark]
    unit = row.get(per, per)
    unit = EPA_UNITS.get(unit, unit)
    region, item, table = "US", item_of(row.get(named, "")), path.stem
    if kind == "distance":
        amounts = [(species, mass, row[column]) for column, species, mass in masses]
        return _distance_lines(edition, table, number, _vehicle(row[named]), row[per], amounts)
    if kind == "waste":
        treatments = {
            c: re.sub(r"\s*(Factor)?\s*\(Metric Tons.*", "", c)
            for c in row
            if "Metric Tons CO2e" in c
        }
        return [
            _epa_line(
                edition,
                table,
                number,
                kind,
                waste_of(row["Material"], t),
                "US",
                UNSPECIFIED,
                row[c] or "",
                "t/short_ton",
                printed=slug(f"{row['Material']}-{t}"),
            )
            for c, t in treatments.items()
        ]
    if kind == "electricity":
        code = row["eGRID Subregion Acronym"]
        region, item = ("US" if code == "US Average" else f"US-{code}"), "grid-average"
    if kind == "heat":
        item = "district-heat"
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
            printed=(
                slug(row.get(named, "")) if kind.endswith("fuel") and item not in LEGACY else ""
            ),
        )
        for c, s, m in masses
    ]
