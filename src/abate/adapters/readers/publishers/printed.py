"""What the readers of publishers' files share: workbooks, CSV tables, and names of items."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.sheets import TABLE_MAX_BYTES, encoding_of, sound_csv
from abate.adapters.readers.workbooks import sheet_cells
from abate.kernel.errors import DataError
from abate.kernel.kind import item_id, slug
from abate.operations.facts.own import FUELS, REFRIGERANTS
from abate.operations.facts.value_chain import TREATMENTS, WASTE

PRINTED = {
    "fuel oil": "residual-fuel-oil",
    "aviation turbine fuel": "jet-kerosene",
    "distillate fuel oil no. 2": "diesel",
    "diesel fuel": "diesel",
    "motor gasoline": "motor-gasoline",
    "liquefied petroleum gases (lpg)": "lpg",
    "propane gas": "propane-gas",
    "residual fuel oil no. 6": "residual-fuel-oil",
    "residual fuel oil": "residual-fuel-oil",
    "kerosene-type jet fuel": "jet-kerosene",
    "bituminous": "other-bituminous-coal",
    "sub-bituminous coal": "sub-bituminous-coal",
    "sub-bituminous": "sub-bituminous-coal",
    "lignite coal": "lignite",
    "anthracite coal": "anthracite",
    "biodiesel (100%)": "biodiesel",
    "ethanol (100%)": "bioethanol",
    "compressed natural gas (cng)": "cng",
    "liquefied natural gas (lng)": "lng",
    "compressed natural gas": "cng",
    "liquefied natural gas": "lng",
    "petroleum coke (solid)": "petroleum-coke",
    "district heat and steam": "district-heat",
    "steam and heat": "district-heat",
    "grass/straw": "grass-straw",
}
"""Names as publishers print them, where they are not among the words of our own fuels."""


def item_of(text: str) -> str:
    """The item that a printed fuel means.

    That of our own kinds where it is the same thing, else the name in kebab-case.
    """
    plain = text.strip().lower()
    return PRINTED.get(plain) or _fuels().get(item_id(plain)) or slug(text)


@cache
def _fuels() -> dict[str, str]:
    return {item_id(word): item for item, words in FUELS.items() for word in (item, *words)}


def refrigerant_of(text: str) -> str:
    """The gas or blend that a printed name means.

    `R410A`, `CFC-11/R11 = trichlorofluoromethane`, `HFC-43-I0mee`.

    Example:
        >>> refrigerant_of("R410A"), refrigerant_of("HCFC-22/R22 = chlorodifluoromethane"), refrigerant_of("R1234yf*")
        ('R-410A', 'HCFC-22', 'HFO-1234yf')
        >>> refrigerant_of("Perfluoromethane (PFC-14)"), refrigerant_of("PFPMIE")
        ('PFC-14', 'pfpmie')
    """
    names = [text, *re.split(r"\s*[/=]\s*", text), *re.findall(r"\(([^)]*)\)", text)]
    for name in (n.strip().strip("*").replace("I0", "10") for n in names):
        numbered = re.sub(r"^R-?(\d)", r"R-\1", name)
        for item, words in REFRIGERANTS.items():
            if item_id(numbered).replace("-", "") in {
                item_id(w).replace("-", "") for w in (item, *words)
            }:
                return item
    blend = re.fullmatch(r"R-?(\d{3}[A-Za-z]*)", text.strip().strip("*"))
    return f"R-{blend.group(1)}" if blend else slug(text)


def waste_of(material: str, treatment: str) -> str:
    """The item of a material and what becomes of it, under our own names where they are the same thing.

    Example:
        >>> waste_of("Commercial and industrial waste", "Landfill"), waste_of("Aluminum Cans", "Recycled")
        ('mixed/landfill', 'aluminum-cans/recycling')
    """
    bases = {
        item_id(w): item for item, words in WASTE.items() if "/" not in item for w in (item, *words)
    }
    ways = {item_id(w): item for item, words in TREATMENTS.items() for w in (item, *words)}
    treatment = re.sub(r"\s+", " ", treatment.replace("(Dry Digestate with Curing)", "")).strip(
        " ("
    )
    plain = treatment if item_id(treatment) in ways else treatment.split(" (")[0]
    return f"{bases.get(item_id(material)) or slug(material)}/{ways.get(item_id(plain)) or slug(plain)}"


def year_in_name(path: Path) -> dict[str, int]:
    """The year that the name of a file states, as one of the places that state it."""
    named = re.search(r"(20\d\d)", path.name)
    return {"the file name": int(named.group(1))} if named else {}


def workbook(path: Path) -> dict[str, list[list[Any]]]:
    """Cells of each sheet of a workbook.

    Raises:
        DataError: `unreadable-file`.
    """
    return dict(read_apart(sheet_cells, path))


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV table, lines of comment left out."""
    if path.stat().st_size > TABLE_MAX_BYTES:
        raise DataError(
            "file-too-large",
            f"{path.name} is larger than {TABLE_MAX_BYTES >> 20} MiB.",
            "Split it.",
        )
    lines = path.read_text(encoding=encoding_of(path)).splitlines()
    with sound_csv(path):
        return list(csv.DictReader(line for line in lines if not line.startswith(("#", '"#'))))
