"""UK Government GHG conversion factors (DESNZ).

Flat files, the condensed workbook, and the flat CSV of 2022.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from abate.adapters.readers.publishers.printed import (
    csv_rows,
    item_of,
    refrigerant_of,
    waste_of,
    workbook,
    year_in_name,
)
from abate.adapters.readers.workbooks import cell_text
from abate.kernel.factor import BIOGENIC_CO2
from abate.kernel.gates import FactorEdition, Line
from abate.kernel.kind import slug
from abate.kernel.region import country_named
from abate.kernel.species import NON_KYOTO, UNSPECIFIED

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


def read_desnz(path: Path) -> FactorEdition:
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
    unused: Counter[tuple[str, str]] = Counter()
    numbered = enumerate(rows[header + 1 :], header + 2)
    lines = [line for k, row in numbered for line in _flat_lines(row, k, column_year, unused)]
    years = {"the front page": front_year, "the column of factors": column_year} | year_in_name(
        path
    )
    day = date(column_year, 6, 10 if column_year == 2025 else 7)
    return _publication(str(column_year), day, "AR5", lines, years, unused)


TITLE, LICENCE = (
    "UK Government GHG Conversion Factors for Company Reporting (DESNZ)",
    "Open Government Licence v3.0",
)


def _publication(
    edition: str,
    day: date,
    gwp_set: str,
    lines: list[Line],
    years: dict[str, int],
    unused: Counter[tuple[str, str]],
) -> FactorEdition:
    whole = under_more_names(with_biogenic(lines))
    return FactorEdition(
        "desnz", TITLE, edition, day, LICENCE, gwp_set, whole, years, unused=unused
    )


def _flat_lines(
    row: list[Any], number: int, year: int, unused: Counter[tuple[str, str]]
) -> Iterator[Line]:
    cells = [cell_text(c) for c in row]
    number_id, _, one, two, three, four, column, uom, gas = cells[:9]
    if re.fullmatch(r"[\d_]+", number_id):
        text = row[9] if isinstance(row[9], str) else cell_text(row[9])
        levels, key = (one, two, three, four, column), number_id.rsplit("_", 1)[0]
        yield from _lines(year, number, levels, uom, gas, text, AR5, unused, key)


def _printed_species(species: str, section: str, column: str) -> str:
    """The species of a printed total.

    Biogenic CO2, or gases beyond the Kyoto Protocol, stand apart from the scopes.
    """
    if species != "co2e":
        return species
    if section == "Outside of scopes":
        return BIOGENIC_CO2
    return NON_KYOTO if "only non-Kyoto" in column else species


CSV_UNITS = {
    "tonne": "tonnes", "litre": "litres", "kilowatt hour": "kWh", "cubic metre": "cubic metres", "kilogram": "kg",
    "kilometre": "km", "mile": "miles", "gigajoule": "GJ",
}  # fmt: skip
AR4 = {"CO2": 1.0, "CH4": 25.0, "N2O": 298.0}


def _lines(
    year: int,
    number: int,
    levels: tuple[str, str, str, str, str],
    uom: str,
    gas: str,
    text: str,
    gwp: dict[str, float],
    unused: Counter[tuple[str, str]],
    key: str = "",
) -> Iterator[Line]:
    """Lines of a row; one without an identifier as its key is known by its levels and unit.

    The gas says what is printed: the total, the CO2e of one gas, or something else that the gates
    then refuse by its unit.
    """
    if levels[1].startswith("For information about"):
        return
    means = meaning(*levels)
    if not means.kinds:
        unused[levels[0], means.unused] += 1
        return
    blend = "refrigerant-published" in means.kinds  # two columns of one gas
    unit, table = DESNZ_UNITS.get(uom, uom), " / ".join(p for p in levels if p)
    if not key:
        named = slug("-".join(p for p in (levels[1:4] if blend else levels[1:]) if p))
        key = "/".join(slug(part) for part in (levels[0], named, unit))
    else:
        key, table = slug(levels[2]) if blend else key, f"Factors by Category: {table}"
    found = re.fullmatch(r"(?:kg CO2e of )?(CO2|CH4|N2O)(?: per unit)?", gas)
    methane = "CH4-biogenic" if levels[0].endswith("ioenergy") else "CH4-fossil"
    species, divisor, per = "co2e", 1.0, f"kg/{unit}"
    if found:
        species, divisor = (
            {"CO2": "CO2", "CH4": methane, "N2O": "N2O"}[found.group(1)],
            gwp[found.group(1)],
        )
    elif gas not in ("kg CO2e", "CO2e"):
        species, per = UNSPECIFIED, gas
    species = _printed_species(species, levels[0], levels[4])
    for kind in means.kinds:
        yield Line(
            f"desnz/{year}/{kind}/{key}",
            f"{kind}/{key}",
            kind,
            means.item,
            means.region,
            year,
            means.basis,
            species,
            text,
            per,
            table,
            number,
            divisor,
            f"{uom}; reporting year {year}",
            reach=means.reach,
        )


def _read_csv(path: Path) -> FactorEdition:
    """The flat file of 2022 as a CSV with names of units and gases written out."""
    lines: list[Line] = []
    unused: Counter[tuple[str, str]] = Counter()
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
        levels = (
            row["Level 1"].replace(" (", "- ").rstrip(")"),
            row["Level 2"],
            row["Level 3"],
            row["Level 4"],
            text,
        )
        found = _lines(year, number, levels, uom, gas, row[column], AR4, unused)
        lines += (replace(line, verification="secondary") for line in found)
    years = {"the column of factors": year} | year_in_name(path)
    return _publication(str(year), date(year, 6, 22), "AR4", lines, years, unused)


def _read_condensed(path: Path, book: dict[str, list[list[Any]]]) -> FactorEdition:
    """The condensed set: a sheet per section, tables under rows of headers that start with 'Activity'."""
    lines: list[Line] = []
    unused: Counter[tuple[str, str]] = Counter()
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
                groups = (
                    _carried(above)
                    if any("per unit" in c or c == "kg CO2e" for c in header)
                    else []
                )
            elif header and (not any(cells) or cells[0].startswith(("FAQ", "●", "Guidance"))):
                header = [] if cells and cells[0] else header
            elif header and "Unit" in header:
                lines += _condensed_row(
                    sheet, year, number, row, cells, header, groups, carried, unused
                )
            above = cells
    years |= year_in_name(path)
    edition = max(years.values())
    return _publication(f"{edition} condensed", date(edition, 7, 8), "AR5", lines, years, unused)


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
    unused: Counter[tuple[str, str]],
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
        if not cells[place]:  # a header that stands once more
            continue
        said = (levels[0], levels[1], levels[2], levels[3], column)
        yield from _lines(
            year, number, said, cells[place], gas.group(1) or "CO2e", text, AR5, unused
        )


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a printed row is in the book.

    Args:
        kinds: Kinds of need it answers; none where the row is not used.
        item: Canonical item.
        basis: `direct`, `upstream` or `life-cycle`.
        region: Region it was made for.
        reach: `home` where it says nothing about other countries, else `within`.
        unused: Why it is not used.
    """

    kinds: tuple[str, ...]
    item: str = ""
    basis: str = "direct"
    region: str = "GB"
    reach: str = "within"
    unused: str = ""


UNUSED = {
    "managed-assets-electricity": "the same values stand under UK electricity",
    "managed-assets-vehicles": "the same values stand under passenger and delivery vehicles",
    "uk-electricity-for-evs": "electric vehicles are valued by the kWh they are charged with",
    "uk-electricity-t-and-d-for-evs": (
        "electric vehicles are valued by the kWh they are charged with"
    ),
    "secr-kwh-pass-and-delivery-vehs": "energy of a kilometre, no emission",
    "secr-kwh-uk-electricity-for-evs": "energy of a kilometre, no emission",
    "wtt-delivery-vehs-and-freight": (
        "well-to-tank of transport, outside the minimum boundary of categories 4 and 9"
    ),
    "wtt-pass-vehs-and-travel-land": (
        "well-to-tank of travel, outside the minimum boundary of categories 6 and 7"
    ),
    "wtt-business-travel-air": "well-to-tank of travel, outside the minimum boundary of category 6",
    "wtt-business-travel-sea": "well-to-tank of travel, outside the minimum boundary of category 6",
}
"""Sections that no method looks up, and why. Source of the boundaries: GHG Protocol Scope 3
Standard (2011), table 5.4.
"""
NO_ELECTRICITY = "holds no electricity of the vehicle; enter the kWh it is charged with"
SUM_OF_TWO = "the sum of the two columns beside it"
FUEL_KINDS = ("stationary-fuel", "mobile-fuel")
MATERIALS = {
    "paper and board: board": "board", "paper and board: paper": "paper", "paper and board: mixed": "paper-and-board",
    "plastics: average plastics": "plastic", "plastics: average plastic film": "plastic-film",
    "plastics: average plastic rigid": "plastic-rigid", "plastics: pp (incl. forming)": "polypropylene",
    "plastics: hdpe (incl. forming)": "hdpe", "plastics: ldpe and lldpe (incl. forming)": "ldpe",
    "plastics: pet (incl. forming)": "pet", "plastics: ps (incl. forming)": "polystyrene", "plastics: pvc (incl. forming)": "pvc",
}  # fmt: skip
MADE = {
    "primary material production": "",
    "re-used": "-reused",
    "open-loop source": "-open-loop",
    "closed-loop source": "-recycled",
}
RAIL = {
    "national rail": "rail",
    "international rail": "rail/international",
    "light rail and tram": "tram",
    "london underground": "metro",
}
BUSES = {
    "local bus (not london)": "bus/outside-london",
    "local london bus": "bus/london",
    "average local bus": "bus",
    "coach": "coach",
}
HAULS = {
    "domestic": "air-short/domestic",
    "short-haul": "air-short",
    "long-haul": "air-long",
    "international": "air-international",
}
CLASSES = {
    "economy class": "economy",
    "premium economy class": "premium-economy",
    "business class": "business",
    "first class": "first",
}
DRIVES = {
    "diesel": "diesel", "petrol": "petrol", "hybrid": "hybrid", "cng": "cng", "lpg": "lpg", "unknown": "",
    "plug-in hybrid electric vehicle": "plug-in-", "battery electric vehicle": "electric-",
}  # fmt: skip
PLACES = {"uk": "GB", "korea": "KR", "turkey": "TR", "macau": "MO"}
SIZES = {"small car": "small", "medium car": "medium", "large car": "large", "average car": ""}


class Levels(NamedTuple):
    """Where a row stands in its section: levels two to four, and the text of its column."""

    two: str
    three: str
    four: str
    column: str


def meaning(one: str, two: str, three: str, four: str, column: str) -> Meaning:
    """What a row of the publication means, by its section, its levels and its column."""
    section = slug(one)
    if section in UNUSED:
        return Meaning((), unused=UNUSED[section])
    if section == "wtt-uk-and-overseas-elec":
        section = "wtt-uk-electricity"
    reader = SECTIONS.get(section)
    if reader is None:
        return Meaning((), unused="a section that no method looks up")
    return reader(Levels(*(p.strip() for p in (two, three, four, column))))


def _fuel(at: Levels) -> Meaning:
    return Meaning(FUEL_KINDS, item_of(at.three))


def _fuel_upstream(at: Levels) -> Meaning:
    return Meaning(FUEL_KINDS, item_of(re.sub(r"^WTT\s*-?\s*", "", at.three)), "upstream")


def _outside(at: Levels) -> Meaning:
    item = "grid-average" if at.two == "Electricity generated" else item_of(at.three)
    return Meaning((OUTSIDE,), item)


def _refrigerant(at: Levels) -> Meaning:
    if at.column.startswith("Total"):
        return Meaning((), unused=SUM_OF_TWO)
    return Meaning(("refrigerant-published",), refrigerant_of(at.three))


def _electricity(basis: str) -> Callable[[Levels], Meaning]:
    def read(at: Levels) -> Meaning:
        return Meaning(
            ("electricity-loss",) if "T&D" in at.two else ("electricity",), "grid-average", basis
        )

    return read


def _heat(basis: str) -> Callable[[Levels], Meaning]:
    def read(at: Levels) -> Meaning:
        if "istribution" in at.two:
            return Meaning(("heat-loss",), "district-heat", basis)
        onsite = at.three.lower().startswith("onsite")
        return Meaning(("heat",), "onsite-heat" if onsite else "district-heat", basis)

    return read


def _network(at: Levels) -> Meaning:
    if "heat" in at.two.lower():
        return Meaning(("heat-loss",), "district-heat")
    return Meaning(("electricity-loss",), "grid-average")


def _driven(base: str, attribute: str, column: str) -> str:
    """The item of a vehicle: `car/small/diesel`, `electric-car/small`."""
    drive = DRIVES.get(column.lower(), slug(column))
    base = f"{drive}{base}" if drive.endswith("-") else base
    return "/".join(p for p in (base, attribute, "" if drive.endswith("-") else drive) if p)


def _car(kind: str) -> Callable[[Levels], Meaning]:
    def read(at: Levels) -> Meaning:
        fuel = at.column or at.four
        if at.two.startswith("Cars"):
            item = _driven("car", SIZES.get(at.three.lower(), slug(at.three)), fuel)
            if kind == "vehicle" and not item.startswith("car"):
                return Meaning((), unused=NO_ELECTRICITY)
            return Meaning((kind,), item)
        if at.two == "Motorbike":
            size = at.three.lower()
            return Meaning((kind,), "motorbike" if size == "average" else f"motorbike/{size}")
        if at.two == "Taxis":
            return Meaning((kind,), "taxi" if at.three == "Regular taxi" else "taxi/black-cab")
        return Meaning(
            (kind,),
            {**RAIL, **BUSES}.get(at.three.lower(), slug(f"{at.two}-{at.three}")),
            reach="within",
        )

    return read


def _goods_vehicle(at: Levels, kinds: tuple[str, ...] = ("freight", "vehicle")) -> Meaning:
    load = at.column or at.four
    if at.two == "Vans":
        size = re.match(r"class [iv]+", at.three.lower())
        item = _driven("van", slug(size.group(0)) if size else "", load)
        if "vehicle" in kinds and not item.startswith("van"):
            return Meaning((), unused=NO_ELECTRICITY)
        return Meaning(kinds, item)
    body = {"all rigids": "rigid", "all artics": "articulated", "all hgvs": ""}.get(
        at.three.lower(), slug(at.three)
    )
    laden = "" if load.lower() == "average laden" else slug(load)
    cold = "refrigerated" if "refrigerated" in at.two else ""
    return Meaning(kinds, "/".join(p for p in ("road", body, cold, laden) if p))


def _freight(at: Levels) -> Meaning:
    if at.two == "Vans" or at.two.startswith("HGV"):
        return _goods_vehicle(at, ("freight",))
    if at.two == "Freight flights":
        haul = at.three.lower().split(",")[0]
        base = "air" if haul == "long-haul" else f"air/{haul.removesuffix('-haul')}"
        return Meaning(
            ("freight",), base + ("/without-rf" if "without" in at.column.lower() else "")
        )
    if at.two == "Rail":
        return Meaning(("freight",), "rail")
    if at.three == "Container ship" and "average" in at.four.lower():
        return Meaning(("freight",), "sea")
    size = "" if "average" in at.four.lower() else slug(at.four)
    return Meaning(("freight",), "/".join(p for p in ("sea", slug(at.three), size) if p))


def _flight(at: Levels) -> Meaning:
    base = HAULS.get(at.three.lower().split(",")[0].strip(), slug(at.three))
    attributes = [
        CLASSES.get(at.four.lower(), ""),
        "without-rf" if "without" in at.column.lower() else "",
    ]
    reach = "home" if base.endswith("domestic") else "within"
    return Meaning(("travel",), "/".join(p for p in (base, *attributes) if p), reach=reach)


def _ferry(at: Levels) -> Meaning:
    who = (at.three or at.four or at.column or "average").lower().split()[0]
    return Meaning(("travel",), "ferry" if who == "average" else f"ferry/{who}")


def _hotel(at: Levels) -> Meaning:
    if at.three == "UK (London)":
        return Meaning(("hotel-stay",), "hotel/london", reach="home")
    name = at.three.lower().split(",")[0]
    region = PLACES.get(name) or country_named(name)
    if region is None:
        return Meaning((), unused=f"no country is called '{at.three}'")
    return Meaning(("hotel-stay",), "hotel", region=region, reach="home")


def _homeworking(at: Levels) -> Meaning:
    part = {"office equipment": "/office-equipment", "heating": "/heating"}.get(at.two.lower(), "")
    return Meaning(("homeworking",), f"homeworking{part}")


def _material(at: Levels) -> Meaning:
    name = re.sub(
        r"^(metal|electrical items|plastics|paper and board)[:\s-]+", "", at.three.lower()
    )
    material = MATERIALS.get(at.three.lower(), slug(name))
    return Meaning(
        ("purchased-goods",),
        material + MADE.get((at.column or at.four).lower(), f"-{slug(at.column or at.four)}"),
        "life-cycle",
    )


def _waste(at: Levels) -> Meaning:
    return Meaning(("waste",), waste_of(at.three, at.column or at.four), "life-cycle")


def _water(kind: str, item: str) -> Callable[[Levels], Meaning]:
    return lambda _: Meaning((kind,), item, "life-cycle")


SECTIONS: dict[str, Callable[[Levels], Meaning]] = {
    "fuels": _fuel,
    "bioenergy": _fuel,
    "wtt-fuels": _fuel_upstream,
    "wtt-bioenergy": _fuel_upstream,
    "outside-of-scopes": _outside,
    "refrigerant-and-other": _refrigerant,
    "passenger-vehicles": _car("vehicle"),
    "business-travel-land": _car("travel"),
    "delivery-vehicles": _goods_vehicle,
    "freighting-goods": _freight,
    "business-travel-air": _flight,
    "business-travel-sea": _ferry,
    "hotel-stay": _hotel,
    "homeworking": _homeworking,
    "material-use": _material,
    "waste-disposal": _waste,
    "water-supply": _water("purchased-goods", "water-supply"),
    "water-treatment": _water("waste", "wastewater"),
    "uk-electricity": _electricity("direct"),
    "wtt-uk-electricity": _electricity("upstream"),
    "transmission-and-distribution": _network,
    "heat-and-steam": _heat("direct"),
    "wtt-heat-and-steam": _heat("upstream"),
}
"""What each section of the publication becomes; what is not here stands in `UNUSED`."""
OUTSIDE = "outside-of-scopes"


def under_more_names(lines: list[Line]) -> list[Line]:
    """Give what is printed once to all that it is meant for.

    Flights between airports outside the United Kingdom are printed for any distance; of a material
    that is recycled in an open loop only, that is its recycling.
    """
    found = list(lines)
    printed = (line for line in lines if line.kind == "waste" and line.text.strip())
    recycled = {line.item for line in printed if line.item.endswith("/recycling")}
    for line in lines:
        item = line.item.replace("/open-loop", "/recycling")
        if line.kind == "waste" and item != line.item and item not in recycled:
            found.append(
                replace(
                    line,
                    factor_id=f"{line.factor_id}/recycling",
                    key=f"{line.key}/recycling",
                    item=item,
                )
            )
    for base in ("air-short", "air-long"):
        for line in lines:
            if line.kind == "travel" and line.item.split("/")[0] == "air-international":
                item = line.item.replace("air-international", f"{base}/non-uk")
                own = f"{line.factor_id}/{base}"
                found.append(replace(line, factor_id=own, key=f"{line.key}/{base}", item=item))
    return found


def with_biogenic(lines: list[Line]) -> list[Line]:
    """Put the biogenic CO2 of the section 'Outside of scopes' to the fuels and the electricity that it belongs to."""
    outside = {(line.item, line.unit): line for line in lines if line.kind == OUTSIDE}
    found, given = [], set()
    for line in lines:
        if line.kind == OUTSIDE:
            continue
        found.append(line)
        burnt = line.basis == "direct" and line.kind in (*FUEL_KINDS, "electricity")
        beside = outside.get((line.item, line.unit)) if burnt else None
        if beside is not None and line.factor_id not in given:
            given.add(line.factor_id)
            where = replace(
                line, text=beside.text, divisor=beside.divisor, table=beside.table, row=beside.row
            )
            found.append(replace(where, species=BIOGENIC_CO2))
    return found
