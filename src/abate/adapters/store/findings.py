"""Findings and their rows in the ledger."""

from __future__ import annotations

from abate.kernel.finding import Finding, Severity
from abate.kernel.tables import FindingRow


def finding_of(r: FindingRow) -> Finding:
    """A finding from its row in the ledger."""
    return Finding(
        r.code,
        Severity(r.severity),
        r.message,
        r.hint,
        r.file,
        r.sheet,
        r.row,
        r.column,
        r.site,
        r.month,
    )


def finding_row(finding: Finding, origin: str) -> FindingRow:
    """A finding as a row of the ledger, of the import or the run that found it."""
    return FindingRow(origin, **finding.json)
