"""Steps of sign-off, kept with time, person and run; a lock publishes the run it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import FIGURES
from abate.application.inventory.figures import publish, run_of, runs
from abate.application.inventory.lacks import require_whole
from abate.disclosure.signoff import LEVELS, Step, check_step
from abate.kernel.errors import UsageError
from abate.kernel.tables import SignoffRow


def signoffs(workspace: Workspace, year: str = "") -> list[SignoffRow]:
    """Steps that were taken, oldest first."""
    rows = sorted(workspace.store.records(SignoffRow), key=lambda r: r.ordinal)
    return [r for r in rows if not year or r.fiscal_year == year]


def sign(
    workspace: Workspace,
    year: str,
    step: str,
    person: str,
    *,
    now: datetime,
    note: str = "",
    run_id: str = "",
    figures: Sequence[str] = (),
    level: str = "",
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> SignoffRow:
    """Take a step over a year's run.

    Locking publishes the run where it is still a draft; from then on the year says what that run
    says, until another run is published as its restatement, which begins its own steps.

    Args:
        workspace: The workspace.
        year: Fiscal year.
        step: prepared, reviewed, approved, locked or assured.
        person: Who takes it.
        now: The moment.
        note: Anything to add: for assurance the standard.
        run_id: Run; the latest of the year where none is named.
        figures: What assurance covers; all where none is named.
        level: Level of assurance: `limited` or `reasonable`.
        accepted: Reason for each code of what the run lacks that is accepted; kept with the first
            step after its preparation.

    Raises:
        NotFoundError: `no-run`, `unknown-run`, `unknown-figure`.
        UsageError: `unknown-step`, `no-person`, `no-level`, `not-whole`, and those of
            `check_step`.
    """
    if step not in set(Step):
        raise UsageError("unknown-step", f"No step '{step}'.", f"There are: {', '.join(Step)}.")
    person = " ".join(person.split())
    if not person or len(person) > 100 or not person.isprintable():
        raise UsageError("no-person", "A step needs the name of a person.", "Give --by.")
    if (step == Step.ASSURED) != bool(level) or level not in ("", *LEVELS):
        raise UsageError(
            "no-level",
            "Assurance has a level, and no other step has one.",
            f"Give --level {' or --level '.join(LEVELS)} with 'assured'.",
        )
    note = f"{level} assurance. {note}".strip() if level else note
    for name in figures:
        FIGURES.named(name)
    run = run_of(workspace, year, run_id)
    if run.fiscal_year != year:
        raise UsageError(
            "sign-off-order",
            f"'{run.run_id}' is of {run.fiscal_year}.",
            f"Name a run of {year}.",
        )
    with workspace.store.lock():
        every = signoffs(workspace)
        taken = [(Step(r.step), r.person) for r in every if r.run_id == run.run_id]
        check_step(Step(step), person, taken, dict(workspace.owners), year=year)
        if step != Step.PREPARED and not [s for s, _ in taken if s != Step.PREPARED]:
            note = f"{note} {require_whole(workspace, run, accepted)}".strip()
        ordinal = workspace.store.free_ordinal("signoffs")
        row = SignoffRow(ordinal, year, run.run_id, step, person, note, ",".join(figures), now)
        if step != Step.LOCKED:
            workspace.store.add(row)
            return row
    if next(r for r in runs(workspace) if r.run_id == run.run_id).status == "draft":
        publish(workspace, run.run_id, reason=note, now=now, signed=True)
    with workspace.store.lock():
        workspace.store.add(row)
    return row


def assured_figures(workspace: Workspace, run_id: str) -> tuple[dict[str, str], str]:
    """Figures of a run that are assured, `*` for all, each with its level, and by whom.

    The level is empty where it was not kept by itself, as before this was asked for.
    """
    rows = [r for r in signoffs(workspace) if r.run_id == run_id and r.step == Step.ASSURED]
    names = {
        n: next((x for x in LEVELS if r.note.startswith(f"{x} assurance.")), "")
        for r in rows
        for n in (r.figures.split(",") if r.figures else ["*"])
    }
    return names, "; ".join(f"{r.person}: {r.note}".rstrip(": ") for r in rows)
