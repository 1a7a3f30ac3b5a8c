"""The demo's disclosure: what the example states of itself, its credits, its sign-off and its report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from abate.adapters.store.workspace import Workspace
from abate.disclosure.narrative import FOLDER

LABEL = "signing off, drawing the report"
ROLES = ("prepared", "reviewed", "approved", "locked")


def demo(workspace: Workspace, example: Any, directory: Path, now: datetime) -> str:
    """Import the example's statements, credits and texts, sign the last year off, write its report.

    Args:
        workspace: The demo's workspace.
        example: Module that makes the example's files.
        directory: Folder of the demo.
        now: Present moment.

    Returns:
        What to say of it.
    """
    from abate.application.disclosure.neutrality import add_credits, credits_of, retire_credit
    from abate.application.disclosure.report_model import write_reports
    from abate.application.disclosure.signoff import sign
    from abate.application.disclosure.stated_figures import add_published

    year = max(example.TARGETS)
    stated, held = example.write_statements(directory / "statements")
    add_published(workspace, stated, now=now)
    add_credits(workspace, held)
    example.write_chapters(workspace.root / FOLDER)
    approver = dict(workspace.owners)["approver"][0]
    for credit in credits_of(workspace, year).every:
        retire_credit(workspace, credit.serial, year, None, person=approver)
    people = (*workspace.owners, ("approver", (approver,)))
    for step, (role, names) in zip(ROLES, people, strict=True):
        sign(workspace, year, step, names[0], now=now, note=f"as {role} of the example")
    paths = {kind: directory / f"report.{kind}" for kind in ("html", "pdf", "xlsx")}
    write_reports(workspace, year, paths, now=now)
    return (
        f"Targets, credits and sign-off: abate targets --workspace {directory}, abate neutrality,"
        f" abate sign\nReport: {paths['html']}, beside it as PDF and workbook"
    )
