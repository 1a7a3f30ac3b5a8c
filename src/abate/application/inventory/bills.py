"""Electricity bills that a person has confirmed, imported with the PDF as evidence."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from abate.adapters.readers.bills import BillField, doubtful
from abate.adapters.store.workspace import Workspace, match_key
from abate.adapters.store.writing import in_place_of
from abate.application.inventory.imports import ImportResult, add_file
from abate.kernel.errors import UsageError


def known_site(workspace: Workspace, site: str) -> str:
    """A site as the workspace knows it by id, name or alias.

    Raises:
        UsageError: `unknown-site`.
    """
    if match_key(site) not in workspace.names:
        raise UsageError(
            "unknown-site",
            f"No site '{site}'.",
            f"Give --site: {', '.join(s.id for s in workspace.organisation.sites)}.",
        )
    return site


def store_bill(
    workspace: Workspace, path: Path, reads: list[BillField], *, site: str, now: datetime
) -> ImportResult:
    """Import a bill whose values were confirmed, and attach the PDF as evidence to its row.

    Raises:
        UsageError: `bill-in-doubt`.
        DataError: As of importing a file.
    """
    lacking = doubtful(reads)
    if lacking:
        raise UsageError(
            "bill-in-doubt",
            f"{path.name}: {', '.join(lacking)} is not sure.",
            "Look at the page and give --set FIELD=VALUE.",
        )
    held = {r.field: r for r in reads}
    table = workspace.root / "bills" / f"{path.stem}.csv"
    with in_place_of(table) as partial, partial.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(
            (
                "site",
                "period start",
                "period end",
                "electricity",
                "unit",
                "invoice",
                "place of the amount",
                "confidence",
            )
        )
        writer.writerow(
            (
                site,
                held["from"].value,
                held["to"].value,
                held["energy"].value,
                held["unit"].value,
                held["document"].value if "document" in held else "",
                held["energy"].place,
                f"{held['energy'].confidence:.2f}",
            )
        )
    return add_file(workspace, table, now=now, template="electricity", evidence=(path, 2))
