"""Published figures of any organisation.

Loaded with their vintage and source, shown beside computed ones.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from abate.adapters.readers.sheets import table_of
from abate.adapters.store.imports import commit_import, free_id, live_imports
from abate.adapters.store.workspace import Workspace, file_hash
from abate.kernel.errors import DataError, DuplicateImportError
from abate.kernel.tables import StatedFigureRow

COLUMNS = ("entity", "fiscal_year", "metric", "value", "unit", "source")
TEMPLATE = "published-figures"


def add_published(workspace: Workspace, path: Path, *, now: datetime) -> tuple[int, int]:
    """Load a table of published figures; entity, year, metric, scope and vintage are the key.

    Args:
        workspace: Where to.
        path: CSV with entity, fiscal_year, metric, value, unit, source, and if there are scope,
            vintage, quote, confidence and note. A row without a vintage has that of its note ("as
            reported in 2024"), or of its source.
        now: Present moment.

    Returns:
        Figures loaded, and rows that hold no number and are kept as text.

    Raises:
        DataError: `unreadable-file`, `bad-published`: nothing is stored then.
        DuplicateImportError: `duplicate-import`.
    """
    rows = table_of(path, COLUMNS, "bad-published")
    found = [_stated(row, number, path.name) for number, row in enumerate(rows, 2)]
    keys: dict[tuple[str, ...], int] = {}
    for line in found:
        key = (line.entity, line.fiscal_year, line.metric, line.scope, line.vintage)
        if key in keys:
            told = f"row {line.source_row} repeats row {keys[key]}: {' '.join(key)}"
            raise DataError(
                "bad-published", f"{path.name} {told}.", "Give one of them another vintage."
            )
        keys[key] = line.source_row
    digest = file_hash(path)
    with workspace.store.lock():
        same = [r for r in live_imports(workspace) if r.sha256 == digest]
        if same:
            raise DuplicateImportError(
                "duplicate-import",
                f"{path.name} is loaded as {same[0].import_id}.",
                f"Nothing to do; to load it anew: abate undo {same[0].import_id}.",
            )
        import_id = free_id(workspace, f"{TEMPLATE}/{digest}")
        workspace.store.add(*(replace(line, import_id=import_id) for line in found))
        counted = {"row_count": len(found), "accepted_count": len(found)}
        commit_import(workspace, import_id, TEMPLATE, now, file=path.name, sha256=digest, **counted)
    figures = sum(line.value is not None for line in found)
    return figures, len(found) - figures


def _stated(row: dict[str, str], number: int, file: str) -> StatedFigureRow:
    text = (row["value"] or "").strip()
    try:
        value = float(text.replace(",", "")) if text else None
    except ValueError:
        value = None
    if not row["entity"] or not row["metric"]:
        raise DataError(
            "bad-published", f"{file} row {number} names no entity or metric.", "Fill them in."
        )
    return StatedFigureRow(
        import_id="",
        entity=row["entity"].strip(),
        fiscal_year=row["fiscal_year"].strip(),
        metric=row["metric"].strip(),
        scope=(row.get("scope") or "").strip(),
        vintage=_vintage(row),
        value=value,
        value_text=text,
        unit=row["unit"].strip(),
        source=row["source"].strip(),
        quote=(row.get("quote") or "").strip(),
        confidence=(row.get("confidence") or "").strip(),
        note=(row.get("note") or "").strip(),
        source_file=file,
        source_row=number,
    )


def _vintage(row: dict[str, str]) -> str:
    """When, or where, the figure was stated: so that a later restatement stands beside it."""
    if row.get("vintage"):
        return row["vintage"].strip()
    stated = re.search(
        r"as reported in (\d{4})|parsed from the company (\d{4}) report",
        f"{row.get('note')} {row['source']}",
    )
    if stated:
        return stated.group(1) or stated.group(2)
    return re.sub(r"^https?://(www\.)?", "", row["source"].strip())[:60]


def published(
    workspace: Workspace, *, entity: str = "", metric: str = "", year: str = ""
) -> list[StatedFigureRow]:
    """Published figures that are loaded, by entity, metric, year and vintage."""
    live = {r.import_id for r in live_imports(workspace)}
    rows = [r for r in workspace.store.records(StatedFigureRow) if r.import_id in live]
    wanted = {"entity": entity, "metric": metric, "fiscal_year": year}
    rows = [
        r
        for r in rows
        if all(v.casefold() in getattr(r, name).casefold() for name, v in wanted.items())
    ]
    return sorted(rows, key=lambda r: (r.entity, r.metric, r.fiscal_year, r.vintage))


SCALES = {
    "Mt CO2e": (10**6, "t CO2e"),
    "Gt CO2e": (10**9, "t CO2e"),
    "kt CO2e": (10**3, "t CO2e"),
    "%": (0.01, "share"),
    "GWh": (10**6, "kWh"),
    "MWh": (10**3, "kWh"),
    "million CNY": (10**6, "CNY"),
}


def in_our_unit(value: float | None, unit: str) -> tuple[float | None, str]:
    """A published number in the unit in which ours are shown.

    Example:
        >>> in_our_unit(7.5, "Mt CO2e"), in_our_unit(1.2, "ratio")
        ((7500000.0, 't CO2e'), (1.2, 'ratio'))
    """
    scale, ours = SCALES.get(unit, (1, unit))
    return (None if value is None else value * scale), ours


BESIDE = {
    "scope1": "scope1", "scope2-location": "scope2_location", "scope2-market": "scope2_market", "scope3": "scope3",
    "net": "net_scope1_2", "gross": "gross_scope1_2_location_based", "reduction": "reduction_scope1_2",
    "revenue": "revenue", "scope3-intensity": "scope3_intensity", "clean-share": "clean_electricity_share",
    "electricity": "total_electricity", "avoided": "scope3plus_reduction", "pue": "pue",
}  # fmt: skip
"""Figures of ours and the metric under which organisations publish them."""
