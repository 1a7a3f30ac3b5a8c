"""Publishers' own factor files, read as they are printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from abate.adapters.readers.publishers.countries import COLLECTIONS
from abate.adapters.readers.publishers.desnz import read_desnz
from abate.adapters.readers.publishers.epa import EPA_MARKS, read_epa
from abate.adapters.readers.publishers.printed import csv_rows, workbook
from abate.adapters.readers.publishers.world import (
    read_china_grid,
    read_ember,
    read_gwp,
    read_ifi,
    read_useeio,
)
from abate.adapters.readers.sheets import encoding_of
from abate.kernel.errors import DataError
from abate.kernel.gates import FactorEdition


def read_own(path: Path) -> list[dict[str, str]]:
    """Rows of a table in Abate's own format."""
    return csv_rows(path)


READERS: dict[str, Callable[[Path], FactorEdition]] = {
    "desnz": read_desnz,
    "epa": read_epa,
    "useeio": read_useeio,
    "gwp": read_gwp,
    "china-grid": read_china_grid,
    "ember": read_ember,
    "ifi": read_ifi,
    **{name: reader for name, (_, reader) in COLLECTIONS.items()},
}


SHEETS = {
    "Factors by Category": "desnz",
    "Freighting goods": "desnz",
    "Emission Factors Hub": "epa",
}
COLUMNS_OF = {
    "emission_target_formula": "desnz",
    **dict.fromkeys(EPA_MARKS, "epa"),
    "Carbon intensity of electricity per kWh": "ember",
    "NAICS Code 2017": "useeio",
    "AR6GWP100": "gwp",
    "kgCO2_per_kWh": "china-grid",
    **{column: name for name, (column, _) in COLLECTIONS.items()},
}
"""Sheets and columns by which a publisher's file is known."""


def guess_publisher(path: Path) -> str:
    """Whose file this is, by its content.

    Raises:
        DataError: `unknown-publisher`.
    """
    if path.suffix.lower() == ".xlsx":
        found = [SHEETS[name] for name in workbook(path) if name in SHEETS]
    elif "Grid Emission" in _start_of(path):
        found = ["ifi"]
    else:
        rows = csv_rows(path)[:1]
        columns = set(rows[0]) if rows else set()
        found = [publisher for column, publisher in COLUMNS_OF.items() if column in columns]
        found += (
            ["own"] if {"factor_id", "species", "value", "unit", "publication"} <= columns else []
        )
    if found:
        return found[0]
    raise DataError(
        "unknown-publisher",
        f"{path.name} is not a publisher's file that Abate knows.",
        f"Say --from: {', '.join([*READERS, 'own'])}.",
    )


def _start_of(path: Path) -> str:
    with path.open(encoding=encoding_of(path)) as handle:
        return handle.read(400)
