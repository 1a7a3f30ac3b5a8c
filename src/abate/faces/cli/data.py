"""Commands that bring data in: init, demo, add, correct, undo, attach, check."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from abate.faces.cli import show as out
from abate.faces.cli.app import (
    HERE,
    DatesOption,
    DecimalOption,
    JsonOption,
    WorkspaceOption,
    YearOption,
    app,
    opened_at,
)
from abate.faces.clock import present
from abate.kernel.errors import AbateError


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Folder to make.")],
    name: Annotated[str, typer.Option(help="Name of the organisation.")] = "My organisation",
    sme: Annotated[
        bool, typer.Option("--sme", help="For a small firm with bills and a car.")
    ] = False,
    samples: Annotated[
        bool, typer.Option("--samples", help="With --sme: the five files of an example firm.")
    ] = False,
    country: Annotated[
        str,
        typer.Option(
            help="Country, such as DE: decides region, currency, fiscal year, blank files."
        ),
    ] = "",
    region: Annotated[
        str,
        typer.Option(help="Region of its grid, such as US-CAMX, where the country has several."),
    ] = "",
) -> None:
    """Make a workspace: a commented abate.toml and a blank file for each kind of data."""
    from abate.application.workspaces.setup import init_firm, init_workspace

    if sme:
        root, files = init_firm(directory, name, samples=samples, country=country, region=region)
        told = f" Samples: {', '.join(f.name for f in files)} in files/." if files else ""
        place = "hq" if country or region else "workshop"
        out.console().print(
            f"Made {root}.{told} Next: 'abate bill BILL.pdf --site {place}', 'abate add' the"
            " others."
        )
        return
    root = init_workspace(directory, name, country=country, region=region)
    out.console().print(
        f"Made {root}. Next: describe your sites in abate.toml, fill a file of templates/, 'abate"
        " add' it."
    )


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for workspace and report.")
    ] = Path("demo"),
    serve: Annotated[
        bool, typer.Option(help="Open its pages at the end, where a person is at the terminal.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Build the example group: raw files, import, corrections, three runs, inventory, report, pages."""
    from abate.application.workspaces.demo import run_demo
    from abate.faces.cli.demo import Terminal

    run_demo(directory, now=present(), watcher=Terminal(json))
    if serve and not json and sys.stdin.isatty() and sys.stdout.isatty():
        from abate.faces.cli.serving import serve_workspace

        serve_workspace(directory.resolve())


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="CSV, XLSX or Parquet files.")],
    kind: Annotated[
        str, typer.Option("--as", help="Kind of file, where Abate should not guess.")
    ] = "",
    mapping: Annotated[Path | None, typer.Option("--map", help="Mapping file to apply.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a file with any blocker.")
    ] = False,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", help="Code of a blocker to let in.")
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            help="What a word of the file means, such as 'gal=US gal'; kept for its layout.",
        ),
    ] = None,
    dates: DatesOption = "",
    decimal: DecimalOption = "",
    unit: Annotated[
        str, typer.Option("--unit", help="Unit of amounts of which the file states none.")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            help="Header of the amounts, where several may be; given twice, they add up.",
        ),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Show what the checks find; nothing is stored."),
    ] = False,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Import files; rows with a blocker go to quarantine, the rest counts."""
    if preview:
        _preview(workspace, files, kind, frozenset(accept or ()), json=json)
        return
    from abate.application.inventory.imports import add_files
    from abate.application.inventory.mapping import said_of_file

    opened = opened_at(workspace)
    answers = said_of_file(
        answer or (), dates=dates, decimal=decimal, unit=unit, columns=column or ()
    )
    with out.progress("importing", len(files), quiet=json) as step:
        became = add_files(
            opened,
            files,
            now=present(),
            template=kind,
            mapping=mapping,
            strict=strict,
            accept=frozenset(accept or ()),
            answers=answers,
            on_file=step,
        )
    failed = [r for r in became if isinstance(r, AbateError)]
    results = [r for r in became if not isinstance(r, AbateError)]
    if failed and len(files) == 1:
        raise failed[0]
    if json:
        errors = [{"code": e.code, "message": e.message, "hint": e.hint} for e in failed]
        out.print_json({"imports": [asdict(r) for r in results], "errors": errors})
    else:
        for sheet, read in results[0].mappings.items() if len(results) == 1 else ():
            title = f"{results[0].file} {sheet}: read as {results[0].template}"
            out.table(
                title,
                ("column", "means", "first"),
                [(c["column"], c["means"], c["first"]) for c in read],
            )
        rows = [
            (
                r.import_id,
                r.file,
                r.template,
                r.row_count,
                r.accepted_count,
                r.quarantined_count,
                ", ".join(f"{c} × {n}" for c, n in r.findings.items()),
            )
            for r in results
        ]
        columns = ("import", "file", "read as", "rows", "entered", "quarantine", "findings")
        out.table("", columns, rows, right=(3, 4, 5))
        for question in dict.fromkeys(q for r in results for q in r.questions):
            out.console().print(
                f"Question: {question} Undo the import, and add the file with --dates, --decimal, or"
                " --answer 'WORD=MEANING'."
            )
        for refusal in failed:
            sys.stderr.write(f"{refusal}\n")
    blocked = any(r.quarantined_count for r in results)
    raise typer.Exit(1 if blocked or failed else 0)


def _preview(
    workspace: Path, files: list[Path], kind: str, accept: frozenset[str], *, json: bool
) -> None:
    """Show what the checks find in files; exit code 1 where something blocks."""
    from abate.application.inventory.previews import preview_file

    opened = opened_at(workspace)
    seen = [preview_file(opened, p, now=present(), template=kind, accept=accept) for p in files]
    if json:
        out.print_json([asdict(s) | {"findings": [f.json for f in s.findings]} for s in seen])
    else:
        rows = [
            (p.name, s.row_count, s.accepted_count, s.blocked_count)
            for p, s in zip(files, seen, strict=True)
        ]
        out.table("", ("file", "rows", "would enter", "would wait"), rows, right=(1, 2, 3))
        for one in seen:
            if one.findings:
                out.findings_table("", one.findings)
        out.console().print("Nothing was stored.")
    raise typer.Exit(1 if any(s.blocked_count for s in seen) else 0)


@app.command()
def rows(
    import_id: Annotated[str, typer.Argument(help="Import; see 'abate imports'.")],
    row: Annotated[int, typer.Argument(help="Row of its file.", min=1)] = 1,
    sheet: Annotated[str, typer.Option(help="Sheet, where there are several.")] = "",
    around: Annotated[int, typer.Option(help="Rows before and after it.", min=0, max=50)] = 4,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show rows of an imported file as they stood in it: its headers, and those around a row."""
    from abate.application.inventory.previews import original_rows

    found = original_rows(opened_at(workspace), import_id, sheet, row, around=around)
    if json:
        out.print_json([{"row": n, "cells": cells} for n, cells in found])
        return
    width = max((len(cells) for _, cells in found), default=0)
    body = [(str(n or ""), *cells, *[""] * (width - len(cells))) for n, cells in found]
    out.table("", ("row", *[""] * width), body, right=(0,))


@app.command()
def imports(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List imports, with those undone."""
    from abate.adapters.store.imports import every_import

    rows = every_import(opened_at(workspace))
    if json:
        out.print_json(rows)
        return
    columns = ("import", "file", "kind", "rows", "entered", "quarantine", "state")
    body = [
        (
            r.import_id,
            r.file or r.reverses,
            r.template,
            r.row_count,
            r.accepted_count,
            r.quarantined_count,
            "live" if r.live else "undone",
        )
        for r in rows
    ]
    out.table("", columns, body, right=(3, 4, 5))


@app.command()
def correct(
    file: Annotated[
        Path, typer.Argument(help="CSV or XLSX with action, file, row and new values.")
    ],
    reason: Annotated[str, typer.Option(help="Why, for rows that do not say it.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Correct, accept or drop quarantined rows, or add missing ones, each with a reason."""
    from abate.application.inventory.corrections import correct as correct_rows

    result = correct_rows(opened_at(workspace), file, reason=reason, now=present())
    if json:
        out.print_json(asdict(result))
    else:
        out.console().print(
            f"{result.import_id}: {result.row_count} corrections, {result.accepted_count}"
            " activities entered."
        )


@app.command()
def undo(
    import_id: Annotated[str, typer.Argument(help="Import, correction or reversal.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Undo an import by a reversal; undoing the reversal restores it."""
    from abate.application.inventory.imports import undo as undo_import

    reversal = undo_import(opened_at(workspace), import_id, reason=reason, now=present())
    out.console().print(
        f"{reversal} reverses {import_id}. Run the year again to restate its figures."
    )


@app.command()
def attach(
    file: Annotated[Path, typer.Argument(help="A document, such as a bill's PDF.")],
    import_id: Annotated[str, typer.Option("--to", help="Import it proves.")],
    row: Annotated[int, typer.Option(help="Row it proves; 0 for the whole file.")] = 0,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Attach evidence to an import or to one of its rows, with its hash."""
    from abate.application.inventory.imports import attach as attach_file

    sha256 = attach_file(
        opened_at(workspace), file, import_id=import_id, source_row=row, now=present()
    )
    out.console().print(f"{file.name} attached to {import_id}, sha256 {sha256}.")


@app.command()
def check(
    workspace: WorkspaceOption = HERE, year: YearOption = "", json: JsonOption = False
) -> None:
    """List what is wrong with files, data and newest runs.

    Exit code 1 where something blocks, 2 for a damaged store.
    """
    from abate.adapters.store.soundness import require_sound
    from abate.application.inventory.findings import standing_findings

    opened = opened_at(workspace)
    with out.working("checking"):
        require_sound(opened)
        found = standing_findings(opened, now=present(), year=year)
    if json:
        out.print_json([f.json for f in found])
    elif found:
        out.findings_table("", found)
    else:
        out.console().print("Nothing found.")
    raise typer.Exit(1 if any(f.severity == "blocker" for f in found) else 0)
