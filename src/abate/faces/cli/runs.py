"""Commands that value: run, runs, publish, verify."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from abate.faces.cli import show as out
from abate.faces.cli.app import (
    HERE,
    AcceptOption,
    EngineOption,
    JsonOption,
    WorkspaceOption,
    YearOption,
    accepted_of,
    app,
    opened_at,
)
from abate.faces.clock import present
from abate.kernel.errors import UsageError


@app.command()
def run(
    year: YearOption,
    gwp: Annotated[str, typer.Option(help="AR4, AR5 or AR6.")] = "",
    boundary: Annotated[str, typer.Option(help="operational, financial or equity.")] = "",
    as_of: Annotated[str, typer.Option(help="Take only factors published until this day.")] = "",
    structure: Annotated[
        str, typer.Option(help="Later year on whose structure to value a base year.")
    ] = "",
    matching: Annotated[
        str, typer.Option(help="Certificates matched with load: monthly or hourly.")
    ] = "",
    engine: EngineOption = "",
    full: Annotated[
        bool, typer.Option("--full", help="Recalculate every activity, not only what changed.")
    ] = False,
    anew: Annotated[bool, typer.Option("--anew", hidden=True)] = False,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Value a fiscal year and post its entries.

    Exit code 1 where activities stayed without a factor.
    """
    from abate.application.inventory.findings import open_findings
    from abate.application.inventory.runs import run_year

    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError as error:
        raise UsageError(
            "bad-date", f"'{as_of}' is not a day.", "Write it as 2026-01-31."
        ) from error
    with out.progress(f"valuing {year}", 3, quiet=json) as step:
        opened = opened_at(workspace)
        result = run_year(
            opened,
            year,
            now=present(),
            gwp_set=gwp,
            boundary=boundary,
            as_of=day,
            structure=structure,
            matching=matching,
            engine=engine,
            anew=full or anew,
            on_step=step,
        )
    waiting = sum(
        f.severity == "blocker"
        for f in open_findings(opened, now=present(), year=result.fiscal_year)
    )
    if json:
        out.print_json(
            {
                "run": result.run_id,
                "year": year,
                "entries": result.entry_count,
                "activities": result.activity_count,
                "posted": result.posted_count,
                "unchanged": result.unchanged,
                "open_blockers": waiting,
                "findings": [f.json for f in result.findings],
            }
        )
    else:
        state = "stands already, nothing changed" if result.unchanged else "posted"
        kept = result.entry_count - result.posted_count
        stood = (
            f" {kept:,} of them stand since an earlier run."
            if kept and not result.unchanged
            else ""
        )
        out.console().print(
            f"{result.run_id} {state}: {result.entry_count:,} entries of {result.activity_count:,}"
            f" activities.{stood}"
        )
        if waiting:
            notice = (
                f"{waiting} blocking findings of {result.fiscal_year} are open: their rows are in"
                " no figure. See 'abate check'."
            )
            out.console().print(notice, style="yellow")
        if result.findings:
            out.findings_table("", result.findings, limit=20)
    raise typer.Exit(1 if any(f.severity == "blocker" for f in result.findings) else 0)


@app.command()
def runs(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List runs: terms, entries, published or restated."""
    from abate.application.inventory.figures import runs as list_runs

    rows = list_runs(opened_at(workspace))
    if json:
        keep = (
            "run_id",
            "fiscal_year",
            "status",
            "reason",
            "gwp_set",
            "boundary",
            "matching",
            "entry_count",
            "committed_at",
            "inputs_hash",
        )
        out.print_json([{k: getattr(r, k) for k in keep} for r in rows])
        return
    columns = (
        "run",
        "year",
        "status",
        "GWP",
        "boundary",
        "matching",
        "entries",
        "posted",
        "reason",
    )
    body = [
        (
            r.run_id,
            r.fiscal_year,
            r.status,
            r.gwp_set,
            r.boundary,
            r.matching,
            f"{r.entry_count:,}",
            r.committed_at,
            r.reason,
        )
        for r in rows
    ]
    out.table("", columns, body, right=(6,))


@app.command()
def publish(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    reason: Annotated[str, typer.Option(help="Why a published year is restated.")] = "",
    accept: AcceptOption = None,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Freeze a run as published, or as the restatement of a year that is published."""
    from abate.application.inventory.figures import publish as publish_run

    accepted = accepted_of(accept)
    status = publish_run(
        opened_at(workspace), run_id, reason=reason, now=present(), accepted=accepted
    )
    out.console().print(f"{run_id} is {status}.")


@app.command()
def verify(
    run_id: Annotated[str, typer.Argument(metavar="[RUN]")] = "",
    engine: EngineOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Read every file to its end, recalculate a run and compare it with what it posted.

    All runs where none is named.
    """
    from abate.adapters.store.soundness import require_sound
    from abate.application.inventory.figures import runs as list_runs
    from abate.application.inventory.verification import verify_run

    opened = opened_at(workspace)
    names = [run_id] if run_id else [r.run_id for r in list_runs(opened)]
    with out.progress("verifying", len(names) + 1, quiet=json) as step:
        require_sound(opened, whole=True)
        step("files")
        results = []
        for name in names:
            results.append(verify_run(opened, name, engine=engine))
            step(name)
    if json:
        out.print_json([asdict(r) | {"holds": r.holds} for r in results])
    else:
        body = [
            (
                r.run_id,
                f"{r.posted_count:,}",
                f"{r.recomputed_count:,}",
                r.differences,
                r.odd_totals,
                ", ".join(r.raw_faults) or "intact",
                "holds" if r.holds else "DIFFERS",
            )
            for r in results
        ]
        out.table(
            "",
            ("run", "posted", "recomputed", "different", "odd totals", "raw files", "verdict"),
            body,
            right=(1, 2, 3, 4),
        )
    raise typer.Exit(0 if all(r.holds for r in results) else 1)
