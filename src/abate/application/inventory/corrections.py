"""Corrections that people make row by row.

Written as the file that they are, then applied like any other.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from abate.adapters.store.workspace import Workspace
from abate.application.inventory.imports import CORRECTION_COLUMNS, ImportResult, correct
from abate.kernel.errors import DataError


def correct_lines(
    workspace: Workspace, lines: Sequence[Mapping[str, str]], *, reason: str, now: datetime
) -> ImportResult:
    """Mend, accept, drop or add rows.

    The lines are kept as a correction file, so that they can be read and done again.

    Args:
        workspace: Where to.
        lines: One per row, with the columns of a correction file: `action`, `file`, `sheet`, `row`,
            new values.
        reason: Why, for lines that do not say it themselves.
        now: Present moment.

    Raises:
        DataError: `bad-correction`, `still-blocked`: nothing is stored then.
    """
    columns = sorted({c for line in lines for c in line} | {"action", "reason"})
    unknown = set(columns) - CORRECTION_COLUMNS
    if unknown:
        raise DataError(
            "bad-correction",
            f"'{min(unknown)}' is no column of a correction.",
            f"Columns: {', '.join(sorted(CORRECTION_COLUMNS))}.",
        )
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows({"reason": reason, **line} for line in lines)
    content = out.getvalue().encode("utf-8-sig")
    name = f"correction-{now:%Y%m%d-%H%M%S}-{hashlib.sha256(content).hexdigest()[:6]}.csv"
    with tempfile.TemporaryDirectory(dir=workspace.root, prefix=".correction-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return correct(workspace, path, reason=reason, now=now)
