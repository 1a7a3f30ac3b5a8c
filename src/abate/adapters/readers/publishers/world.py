"""USEEIO, IPCC GWPs, China's grid announcements, Ember's and IFI's grids of the world."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

from abate.adapters.readers.publishers.printed import csv_rows
from abate.adapters.readers.sheets import encoding_of, sound_csv
from abate.kernel.errors import DataError
from abate.kernel.gates import FactorEdition, Line
from abate.kernel.region import country_named
from abate.kernel.species import UNSPECIFIED, all_species

USEEIO_SPECIES = {
    "Carbon dioxide": "CO2", "Methane": "CH4-fossil", "Nitrous oxide": "N2O", "Sulfur hexafluoride": "SF6",
    "Nitrogen trifluoride": "NF3", "Carbon tetrafluoride": "PFC-14", "Hexafluoroethane": "PFC-116",
    "Perfluoropropane": "PFC-218", "Perfluorocyclobutane": "PFC-318", "HFC-23": "HFC-23", "HFC-32": "HFC-32",
    "HFC-125": "HFC-125", "HFC-134a": "HFC-134a", "HFC-143a": "HFC-143a", "HFC-236fa": "HFC-236fa",
    "HFCs and PFCs, unspecified": UNSPECIFIED, "All GHGs": UNSPECIFIED,
}  # fmt: skip
USEEIO_VALUE = "Supply Chain Emission Factors with Margins"


def read_useeio(path: Path) -> FactorEdition:
    """EPA supply-chain factors per US dollar, purchaser price with margins; by gas or as CO2e."""
    rows = csv_rows(path)
    by_gas = rows[0]["GHG"] != "All GHGs"
    version = "1.2" if "v1.2" in path.name else path.name
    lines = []
    for k, row in enumerate(rows, 2):
        code, unit = row["NAICS Code 2017"], re.search(r"(\d{4}) USD", row["Unit"])
        species = USEEIO_SPECIES.get(row["GHG"])
        if unit is None or species is None:
            raise DataError(
                "unreadable-file",
                f"{path.name} row {k}: unit or gas is not known.",
                "Is this USEEIO?",
            )
        name = f"useeio/{version}/{'by-gas/' if by_gas else ''}{code}"
        lines.append(
            Line(
                name,
                code,
                "purchased-goods" + ("-by-gas" if by_gas else ""),
                code,
                "US",
                None,
                "life-cycle",
                species,
                row[USEEIO_VALUE],
                f"kg/USD{unit.group(1)}",
                "with margins, purchaser price",
                k,
                1.0,
                row["NAICS Title 2017"],
            )
        )
    sister = path.with_name(path.name.replace("byGHG", "CO2e"))
    reference = {}
    if by_gas and sister.is_file() and sister != path:
        reference = {r["NAICS Code 2017"]: float(r[USEEIO_VALUE]) for r in csv_rows(sister)}
    return FactorEdition(
        "useeio",
        "Supply Chain GHG Emission Factors (US EPA ORD)",
        version,
        date(2023, 4, 1),
        "US federal work, public domain",
        "AR4",
        lines,
        {},
        reference,
    )


GWP_COLUMNS = {"AR4": "AR4GWP100", "AR5": "AR5GWP100", "AR6": "AR6GWP100"}


def read_gwp(path: Path) -> FactorEdition:
    """Table of global warming potentials of the IPCC assessment reports (openclimatedata)."""
    named = {s.name: s.id for s in all_species().values()} | {"N2O": "N2O"}
    lines = []
    for k, row in enumerate(csv_rows(path), 1):
        item = named.get(row["Species"], row["Species"])
        for gwp_set, column in GWP_COLUMNS.items():
            if row[column]:
                lines.append(
                    Line(
                        f"ipcc-gwp/{gwp_set}/{item}",
                        f"{gwp_set}/{item}",
                        "gwp",
                        f"{item}/{gwp_set}",
                        "world",
                        None,
                        "direct",
                        "property",
                        row[column],
                        "kg/kg",
                        f"GWP-100, {gwp_set}",
                        k,
                        1.0,
                        row["Species"],
                    )
                )
    return FactorEdition(
        "gwp",
        "IPCC global warming potentials (openclimatedata)",
        "AR4-AR6",
        date(2021, 8, 9),
        "CC0 1.0",
        "",
        lines,
    )


CHINA_ITEMS = {
    "average": "grid-average",
    "residual_excl_market_traded_nonfossil": "residual-mix",
    "fossil": "fossil-mix",
}


def read_china_grid(path: Path) -> FactorEdition:
    """China's national, regional and provincial electricity factors.

    With residual and fossil mix.
    """
    lines = []
    for k, row in enumerate(csv_rows(path), 2):
        item, year = CHINA_ITEMS[row["kind"]], int(row["data_year"])
        stated = re.search(r"\((\d{4}-\d{2}-\d{2})\)", row["official_document"])
        published = date.fromisoformat(stated.group(1)) if stated else None
        if published is not None and published.year <= year:
            raise DataError(
                "swapped-year",
                f"{path.name} row {k}: data of {year} published in {published}.",
                "Check it.",
            )
        lines.append(
            Line(
                f"cn-mee/{item}/{row['code']}/{year}",
                f"{item}/{row['code']}",
                "electricity",
                item,
                row["code"],
                year,
                "direct",
                "CO2",
                row["kgCO2_per_kWh"],
                "kg/kWh",
                f"{row['level']}: {row['name_en']}",
                k,
                1.0,
                row["official_document"],
                row["verification"],
                published,
                re.sub(r"\s*\(\d{4}-\d{2}-\d{2}\)", "", row["official_document"]).replace(
                    "MEE/NBS ", ""
                ),
            )
        )
    last = max(
        (line.published_on for line in lines if line.published_on), default=date(2025, 12, 31)
    )
    return FactorEdition(
        "china-grid",
        "Announcement on electricity CO2 emission factors (MEE and NBS, China)",
        str(last.year),
        last,
        "government publication, facts",
        "",
        lines,
    )


def read_ember(path: Path) -> FactorEdition:
    """Life-cycle intensity of electricity by country and year (Ember, Energy Institute, through Our World in Data)."""
    lines = []
    for k, row in enumerate(csv_rows(path), 2):
        region, year = country_named(row["Code"] or row["Entity"]), int(row["Year"])
        if region is None:  # a group of countries, such as a continent
            continue
        lines.append(
            Line(
                f"ember/{region}/{year}",
                region,
                "electricity",
                "grid-average",
                region,
                year,
                "life-cycle",
                UNSPECIFIED,
                row["Carbon intensity of electricity per kWh"],
                "g/kWh",
                "carbon intensity of electricity",
                k,
                1.0,
                row["Entity"],
                "secondary",
            )
        )
    last = max(line.data_year or 0 for line in lines)
    return FactorEdition(
        "ember",
        "Carbon intensity of electricity generation (Ember; Energy Institute, via Our World in"
        " Data)",
        str(last),
        date(last + 1, 1, 1),
        "CC BY 4.0",
        "AR5",
        lines,
    )


IFI_COLUMNS = (
    "combined-margin-firm",
    "combined-margin-intermittent",
    "combined-margin-efficiency",
    "combined-margin-consumption",
    "operating-margin",
)


def read_ifi(path: Path) -> FactorEdition:
    """Combined and operating margins by country (IFI Technical Working Group, UNFCCC).

    For avoided emissions.
    """
    with path.open(encoding=encoding_of(path), newline="") as handle, sound_csv(path):
        rows = list(csv.reader(handle))
    lines = []
    for k, row in enumerate(rows, 1):
        region = country_named(row[0].strip()) if row else None
        if region is None or len(row) <= len(IFI_COLUMNS):
            continue
        for item, text in zip(IFI_COLUMNS, row[1:], strict=False):
            lines.append(
                Line(
                    f"ifi/{item}/{region}",
                    f"{item}/{region}",
                    "electricity-margin",
                    item,
                    region,
                    2021,
                    "direct",
                    "CO2",
                    text,
                    "g/kWh",
                    item,
                    k,
                    1.0,
                    row[0],
                    "secondary",
                )
            )
    return FactorEdition(
        "ifi",
        "IFI Default Grid Factors 2021 v3.1 (UNFCCC)",
        "2021",
        date(2022, 1, 1),
        "CC BY-SA 4.0",
        "",
        lines,
    )
