"""Publishers' own factor files, read as printed: DESNZ, EPA, USEEIO, IPCC GWPs, China's grid announcements."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from abate.adapters.files.gates import Line, Publication
from abate.adapters.files.reading import cell_text, encoding_of
from abate.kernel.errors import DataError
from abate.kernel.factor import COLUMNS
from abate.kernel.species import UNSPECIFIED, all_species

ITEMS = {
    "natural gas": "natural-gas",
    "diesel (average biofuel blend)": "diesel",
    "petrol (average biofuel blend)": "motor-gasoline",
    "lpg": "lpg",
    "fuel oil": "residual-fuel-oil",
    "burning oil": "kerosene",
    "distillate fuel oil no. 2": "diesel",
    "diesel fuel": "diesel",
    "motor gasoline": "motor-gasoline",
    "liquefied petroleum gases (lpg)": "lpg",
    "residual fuel oil no. 6": "residual-fuel-oil",
    "kerosene": "kerosene",
    "bituminous": "other-bituminous-coal",
    "district heat and steam": "district-heat",
    "steam and heat": "district-heat",
}


def slug(text: str) -> str:
    """A printed name as a kebab-case item.

    Example:
        >>> slug("Petroleum Coke (Solid)")
        'petroleum-coke-solid'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace("&", " and ")).strip("-")


def _item(text: str) -> str:
    return ITEMS.get(text.strip().lower(), slug(text))


def _workbook(path: Path) -> dict[str, list[list[Any]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
    except CalamineError as error:
        raise DataError("unreadable-file", f"{path.name}: {error}.", "Is this the publisher's workbook?") from error
    return {n: book.get_sheet_by_name(n).to_python(skip_empty_area=False) for n in book.sheet_names}


def _csv_rows(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding=encoding_of(path)).splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith(("#", '"#'))))


# --- DESNZ ---------------------------------------------------------------------------------------------------------

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
    """UK Government GHG conversion factors, flat file."""
    book = _workbook(path)
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
        return ("heat",), _item(three), "direct"
    section = {slug(k): k for k in DESNZ_KINDS}.get(slug(one.removeprefix("WTT-")), one)
    section = DESNZ_UPSTREAM.get(one, section)
    if section in ("Fuels", "WTT- fuels"):
        return ("stationary-fuel", "mobile-fuel"), _item(re.sub(r"^WTT\s*-?\s*", "", three)), basis
    kind = DESNZ_KINDS.get(section, slug(one))
    if kind in ("purchased-goods", "waste"):
        basis = "life-cycle"
    return (kind,), re.sub(r"(^|-)wtt-", r"\1", item) if kind in ("freight", "travel") else item, basis


# --- EPA -----------------------------------------------------------------------------------------------------------

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
    rows = _workbook(path)["Emission Factors Hub"]
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
            item, at = _item(name), start + k + 1
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
        _epa_line(edition, "Table 2", start + k + 1, "mobile-fuel", _item(cell_text(row[2])), "US",
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


def _epa_distance(body: list[list[Any]], start: int, edition: str, _: int) -> list[Line]:
    """Tables 8 and 10: per vehicle-mile, ton-mile or passenger-mile."""
    lines = []
    kind = "freight" if str(body[0][1]).strip() == "Table 8" else "travel"
    for k, row in enumerate(body):
        per = EPA_UNITS.get(cell_text(row[6])) if len(row) > 6 else None
        if per is None:
            continue
        name = re.sub(r"\s*[A-E]$", "", cell_text(row[2]))
        name = re.sub(r"(?<=Truck)[A-E]$", "", name)
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

# --- USEEIO --------------------------------------------------------------------------------------------------------

USEEIO_SPECIES = {
    "Carbon dioxide": "CO2", "Methane": "CH4-fossil", "Nitrous oxide": "N2O", "Sulfur hexafluoride": "SF6",
    "Nitrogen trifluoride": "NF3", "Carbon tetrafluoride": "PFC-14", "Hexafluoroethane": "PFC-116",
    "Perfluoropropane": "PFC-218", "Perfluorocyclobutane": "PFC-318", "HFC-23": "HFC-23", "HFC-32": "HFC-32",
    "HFC-125": "HFC-125", "HFC-134a": "HFC-134a", "HFC-143a": "HFC-143a", "HFC-236fa": "HFC-236fa",
    "HFCs and PFCs, unspecified": UNSPECIFIED, "All GHGs": UNSPECIFIED,
}  # fmt: skip
USEEIO_VALUE = "Supply Chain Emission Factors with Margins"


def read_useeio(path: Path) -> Publication:
    """EPA supply-chain factors per US dollar, purchaser price with margins; by gas or as CO2e."""
    rows = _csv_rows(path)
    by_gas = rows[0]["GHG"] != "All GHGs"
    version = "1.2" if "v1.2" in path.name else path.name
    lines = []
    for k, row in enumerate(rows, 2):
        code, unit = row["NAICS Code 2017"], re.search(r"(\d{4}) USD", row["Unit"])
        species = USEEIO_SPECIES.get(row["GHG"])
        if unit is None or species is None:
            raise DataError("unreadable-file", f"{path.name} row {k}: unit or gas is not known.", "Is this USEEIO?")
        name = f"useeio/{version}/{'by-gas/' if by_gas else ''}{code}"
        lines.append(
            Line(name, code, "purchased-goods" + ("-by-gas" if by_gas else ""), code, "US", None, "life-cycle", species, row[USEEIO_VALUE],
                 f"kg/USD{unit.group(1)}", "with margins, purchaser price", k, 1.0, row["NAICS Title 2017"])
        )  # fmt: skip
    sister = path.with_name(path.name.replace("byGHG", "CO2e"))
    reference = {}
    if by_gas and sister.is_file() and sister != path:
        reference = {r["NAICS Code 2017"]: float(r[USEEIO_VALUE]) for r in _csv_rows(sister)}
    return Publication(
        "useeio", "Supply Chain GHG Emission Factors (US EPA ORD)", version, date(2023, 4, 1),
        "US federal work, public domain", "AR4", lines, {}, reference,
    )  # fmt: skip


# --- IPCC GWPs, China, own -------------------------------------------------------------------------------------------

GWP_COLUMNS = {"AR4": "AR4GWP100", "AR5": "AR5GWP100", "AR6": "AR6GWP100"}


def read_gwp(path: Path) -> Publication:
    """Table of global warming potentials of the IPCC assessment reports (openclimatedata)."""
    named = {s.name: s.id for s in all_species().values()} | {"N2O": "N2O"}
    lines = []
    for k, row in enumerate(_csv_rows(path), 1):
        item = named.get(row["Species"], row["Species"])
        for gwp_set, column in GWP_COLUMNS.items():
            if row[column]:
                lines.append(
                    Line(f"ipcc-gwp/{gwp_set}/{item}", f"{gwp_set}/{item}", "gwp", f"{item}/{gwp_set}", "world", None, "direct",
                         "property", row[column], "kg/kg", f"GWP-100, {gwp_set}", k, 1.0, row["Species"])
                )  # fmt: skip
    return Publication(
        "gwp", "IPCC global warming potentials (openclimatedata)", "AR4-AR6", date(2021, 8, 9), "CC0 1.0", "", lines
    )


CHINA_ITEMS = {
    "average": "grid-average",
    "residual_excl_market_traded_nonfossil": "residual-mix",
    "fossil": "fossil-mix",
}


def read_china_grid(path: Path) -> Publication:
    """China's national, regional and provincial electricity factors, with residual and fossil mix."""
    lines = []
    for k, row in enumerate(_csv_rows(path), 2):
        item, year = CHINA_ITEMS[row["kind"]], int(row["data_year"])
        stated = re.search(r"\((\d{4}-\d{2}-\d{2})\)", row["official_document"])
        published = date.fromisoformat(stated.group(1)) if stated else None
        if published is not None and published.year <= year:
            raise DataError(
                "swapped-year", f"{path.name} row {k}: data of {year} published in {published}.", "Check it."
            )
        lines.append(
            Line(f"cn-mee/{item}/{row['code']}/{year}", f"{item}/{row['code']}", "electricity", item, row["code"], year,
                 "direct", "CO2", row["kgCO2_per_kWh"], "kg/kWh", f"{row['level']}: {row['name_en']}", k, 1.0,
                 row["official_document"], row["verification"], published,
                 re.sub(r"\s*\(\d{4}-\d{2}-\d{2}\)", "", row["official_document"]).replace("MEE/NBS ", ""))
        )  # fmt: skip
    last = max((line.published_on for line in lines if line.published_on), default=date(2025, 12, 31))
    return Publication(
        "china-grid", "Announcement on electricity CO2 emission factors (MEE and NBS, China)", str(last.year), last,
        "government publication, facts", "", lines,
    )  # fmt: skip


def read_own(path: Path) -> list[dict[str, str]]:
    """Rows of a table in Abate's own format."""
    return _csv_rows(path)


READERS: dict[str, Callable[[Path], Publication]] = {
    "desnz": read_desnz,
    "epa": read_epa,
    "useeio": read_useeio,
    "gwp": read_gwp,
    "china-grid": read_china_grid,
}


def guess_publisher(path: Path) -> str:
    """Whose file this is, by its content.

    Raises:
        DataError: `unknown-publisher`.
    """
    if path.suffix.lower() == ".xlsx":
        sheets = set(_workbook(path))
        if "Factors by Category" in sheets:
            return "desnz"
        if "Emission Factors Hub" in sheets:
            return "epa"
    else:
        rows = _csv_rows(path)[:1]
        columns = set(rows[0]) if rows else set()
        marks = {"useeio": "NAICS Code 2017", "gwp": "AR6GWP100", "china-grid": "kgCO2_per_kWh"}
        for publisher, column in marks.items():
            if column in columns:
                return publisher
        if {"factor_id", "species", "value", "unit"} <= columns <= {
            *COLUMNS,
            "",
        } | columns and "publication" in columns:
            return "own"
    raise DataError(
        "unknown-publisher",
        f"{path.name} is no publisher's file that Abate knows.",
        f"Say --from: {', '.join([*READERS, 'own'])}.",
    )
