"""What the readers of publishers' files share: workbooks, CSV tables, and names of items."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from abate.adapters.files.reading import encoding_of
from abate.kernel.errors import DataError

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


def item_of(text: str) -> str:
    """The item that a printed name means: that of our own kinds where there is one, else the name as kebab-case."""
    return ITEMS.get(text.strip().lower(), slug(text))


def workbook(path: Path) -> dict[str, list[list[Any]]]:
    """Cells of each sheet of a workbook.

    Raises:
        DataError: `unreadable-file`.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
    except CalamineError as error:
        raise DataError("unreadable-file", f"{path.name}: {error}.", "Is this the publisher's workbook?") from error
    return {n: book.get_sheet_by_name(n).to_python(skip_empty_area=False) for n in book.sheet_names}


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV table, lines of comment left out."""
    lines = path.read_text(encoding=encoding_of(path)).splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith(("#", '"#'))))
