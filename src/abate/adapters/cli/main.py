"""The commands. Each is thin: it opens the workspace, calls one function, prints.

Exit codes: 0 fine, 1 findings that block, 2 wrong use.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from abate.adapters.cli import show as out
from abate.kernel.errors import AbateError, UsageError

app = typer.Typer(
    name="abate",
    help="Carbon accounting in which every number opens: raw files in, checked, valued, posted, explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
factors_app = typer.Typer(help="Search, show and import emission factors.", no_args_is_help=True)
app.add_typer(factors_app, name="factors")

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder with abate.toml.", show_default="here")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
YearOption = Annotated[str, typer.Option("--year", "-y", help="Fiscal year, such as FY2024.")]
HERE = Path()


def now() -> datetime:
    """The present moment."""
    return datetime.now().replace(microsecond=0)


def main() -> None:
    """Run the command line; errors become one line and an exit code."""
    try:
        app()
    except AbateError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the ledger is as it was.\n")
        sys.exit(130)


def _open(workspace: Path) -> Any:
    from abate.adapters.store.workspace import open_workspace

    return open_workspace(workspace)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Folder to make.")],
    name: Annotated[str, typer.Option(help="Name of the organisation.")] = "My organisation",
) -> None:
    """Make a workspace: a commented abate.toml and a blank file for each kind of data."""
    from abate.adapters.starting import init_workspace

    root = init_workspace(directory, name)
    out.console().print(
        f"Made {root}. Next: describe your sites in abate.toml, fill a file of templates/, 'abate add' it."
    )


@app.command()
def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Folder for workspace and report.")] = Path("demo"),
    json: JsonOption = False,
) -> None:
    """Build the example group: raw files, import, corrections, three runs, inventory, report."""
    from abate.adapters.starting import run_demo

    run_demo(directory, now=now(), as_json=json)


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="CSV, XLSX or Parquet files.")],
    kind: Annotated[str, typer.Option("--as", help="Kind of file, where Abate should not guess.")] = "",
    mapping: Annotated[Path | None, typer.Option("--map", help="Mapping file to apply.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a file with any blocker.")] = False,
    accept: Annotated[list[str] | None, typer.Option("--accept", help="Code of a blocker to let in.")] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Import files; rows with a blocker go to quarantine, the rest counts."""
    from abate.adapters.files.importing import add_file

    opened = _open(workspace)
    results: list[Any] = []
    failed: list[AbateError] = []
    with out.progress("importing", len(files), quiet=json) as step:
        for path in files:
            try:
                results.append(
                    add_file(
                        opened, path, now=now(), template=kind, mapping=mapping, strict=strict,
                        accept=frozenset(accept or ()),
                    )
                )  # fmt: skip
            except AbateError as error:
                if len(files) == 1:
                    raise
                failed.append(error)
            step(path.name)
    if json:
        errors = [{"code": e.code, "message": e.message, "hint": e.hint} for e in failed]
        out.print_json({"imports": [asdict(r) for r in results], "errors": errors})
    else:
        for sheet, read in results[0].mappings.items() if len(results) == 1 else ():
            title = f"{results[0].file} {sheet}: read as {results[0].template}"
            out.table(title, ("column", "means", "first"), [(c["column"], c["means"], c["first"]) for c in read])
        rows = [
            (
                r.import_id, r.file, r.template, r.row_count, r.accepted_count, r.quarantined_count,
                ", ".join(f"{c} × {n}" for c, n in r.findings.items()),
            )
            for r in results
        ]  # fmt: skip
        columns = ("import", "file", "read as", "rows", "entered", "quarantine", "findings")
        out.table("", columns, rows, right=(3, 4, 5))
        for refusal in failed:
            sys.stderr.write(f"{refusal}\n")
    blocked = any(r.quarantined_count for r in results)
    raise typer.Exit(1 if blocked or failed else 0)


@app.command()
def imports(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List imports, with those undone."""
    from abate.adapters.files.importing import live_imports

    opened = _open(workspace)
    live = {r["import_id"] for r in live_imports(opened)}
    rows = sorted(opened.store.rows("imports"), key=lambda r: r["ordinal"])
    if json:
        out.print_json([r | {"live": r["import_id"] in live} for r in rows])
        return
    columns = ("import", "file", "kind", "rows", "entered", "quarantine", "state")
    body = [
        (
            r["import_id"], r["file"] or r["reverses"], r["template"], r["row_count"], r["accepted_count"],
            r["quarantined_count"], "live" if r["import_id"] in live else "undone",
        )
        for r in rows
    ]  # fmt: skip
    out.table("", columns, body, right=(3, 4, 5))


@app.command()
def correct(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX with action, file, row and new values.")],
    reason: Annotated[str, typer.Option(help="Why, for rows that do not say it.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Mend, accept or drop quarantined rows, or add missing ones, each with a reason."""
    from abate.adapters.files.importing import correct as correct_rows

    result = correct_rows(_open(workspace), file, reason=reason, now=now())
    if json:
        out.print_json(asdict(result))
    else:
        out.console().print(
            f"{result.import_id}: {result.row_count} corrections, {result.accepted_count} activities entered."
        )


@app.command()
def undo(
    import_id: Annotated[str, typer.Argument(help="Import, correction or reversal.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Undo an import by a reversal; undoing the reversal restores it."""
    from abate.adapters.files.importing import undo as undo_import

    reversal = undo_import(_open(workspace), import_id, reason=reason, now=now())
    out.console().print(f"{reversal} reverses {import_id}. Run the year again to restate its figures.")


@app.command()
def attach(
    file: Annotated[Path, typer.Argument(help="A document, such as a bill's PDF.")],
    import_id: Annotated[str, typer.Option("--to", help="Import it proves.")],
    row: Annotated[int, typer.Option(help="Row it proves; 0 for the whole file.")] = 0,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Attach evidence to an import or to one of its rows, with its hash."""
    from abate.adapters.files.importing import attach as attach_file

    sha256 = attach_file(_open(workspace), file, import_id=import_id, source_row=row, now=now())
    out.console().print(f"{file.name} attached to {import_id}, sha256 {sha256}.")


@app.command()
def check(workspace: WorkspaceOption = HERE, year: YearOption = "", json: JsonOption = False) -> None:
    """List what is wrong with the data: code, place, what to do. Exit code 1 where something blocks."""
    from abate.adapters.findings import open_findings

    with out.working("checking"):
        found = open_findings(_open(workspace), now=now(), year=year)
    if json:
        out.print_json([_finding_json(f) for f in found])
    elif found:
        out.findings_table("", found)
    else:
        out.console().print("Nothing found.")
    raise typer.Exit(1 if any(f.severity == "blocker" for f in found) else 0)


def _finding_json(finding: Any) -> dict[str, Any]:
    return asdict(finding) | {"severity": str(finding.severity)}


@app.command()
def run(
    year: YearOption,
    gwp: Annotated[str, typer.Option(help="AR4, AR5 or AR6.")] = "",
    boundary: Annotated[str, typer.Option(help="operational, financial or equity.")] = "",
    as_of: Annotated[str, typer.Option(help="Take only factors published until this day.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Value a fiscal year and post its entries. Exit code 1 where activities stayed without a factor."""
    from abate.adapters.engine import run_year
    from abate.adapters.findings import open_findings

    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError as error:
        raise UsageError("bad-date", f"'{as_of}' is no day.", "Write it as 2026-01-31.") from error
    with out.progress(f"valuing {year}", 3, quiet=json) as step:
        opened = _open(workspace)
        result = run_year(opened, year, now=now(), gwp_set=gwp, boundary=boundary, as_of=day, on_step=step)
    waiting = sum(f.severity == "blocker" for f in open_findings(opened, now=now(), year=result.fiscal_year))
    if json:
        out.print_json(
            {
                "run": result.run_id, "year": year, "entries": result.entry_count, "activities": result.activity_count,
                "unchanged": result.unchanged, "open_blockers": waiting, "findings": [_finding_json(f) for f in result.findings],
            }
        )  # fmt: skip
    else:
        state = "stands already, nothing changed" if result.unchanged else "posted"
        out.console().print(
            f"{result.run_id} {state}: {result.entry_count:,} entries of {result.activity_count:,} activities."
        )
        if waiting:
            notice = f"{waiting} blocking findings of {result.fiscal_year} are open: their rows are in no figure. See 'abate check'."
            out.console().print(notice, style="yellow")
        if result.findings:
            out.findings_table("", result.findings, limit=20)
    raise typer.Exit(1 if any(f.severity == "blocker" for f in result.findings) else 0)


@app.command()
def runs(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List runs: terms, entries, published or restated."""
    from abate.adapters.figures import runs as list_runs

    rows = list_runs(_open(workspace))
    if json:
        keep = ("run_id", "fiscal_year", "status", "reason", "gwp_set", "boundary", "entry_count", "committed_at", "inputs_hash")  # fmt: skip
        out.print_json([{k: r[k] for k in keep} for r in rows])
        return
    columns = ("run", "year", "status", "GWP", "boundary", "entries", "posted", "reason")
    body = [
        (
            r["run_id"], r["fiscal_year"], r["status"], r["gwp_set"], r["boundary"], f"{r['entry_count']:,}",
            r["committed_at"], r["reason"],
        )
        for r in rows
    ]  # fmt: skip
    out.table("", columns, body, right=(5,))


@app.command()
def publish(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    reason: Annotated[str, typer.Option(help="Why a published year is restated.")] = "",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Freeze a run as published, or as the restatement of a year that is published."""
    from abate.adapters.figures import publish as publish_run

    status = publish_run(_open(workspace), run_id, reason=reason, now=now())
    out.console().print(f"{run_id} is {status}.")


@app.command()
def verify(
    run_id: Annotated[str, typer.Argument(metavar="[RUN]")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Compute a run anew and compare with what it posted, to the milligram; all runs where none is named."""
    from abate.adapters.engine import verify_run
    from abate.adapters.figures import runs as list_runs

    opened = _open(workspace)
    names = [run_id] if run_id else [r["run_id"] for r in list_runs(opened)]
    with out.progress("verifying", len(names), quiet=json) as step:
        results = []
        for name in names:
            results.append(verify_run(opened, name))
            step(name)
    if json:
        out.print_json([asdict(r) | {"holds": r.holds} for r in results])
    else:
        body = [
            (r.run_id, f"{r.posted_count:,}", f"{r.recomputed_count:,}", r.differences, ", ".join(r.raw_faults) or "intact",
             "holds" if r.holds else "DIFFERS")
            for r in results
        ]  # fmt: skip
        out.table("", ("run", "posted", "recomputed", "different", "raw files", "verdict"), body, right=(1, 2, 3))
    raise typer.Exit(0 if all(r.holds for r in results) else 1)


@app.command()
def show(
    figure: Annotated[str, typer.Argument(help="A figure; all headlines where none is named.")] = "",
    year: YearOption = "",
    by: Annotated[
        str,
        typer.Option(help="scope, gas, org, site, month, method, building, basis or category; several with commas."),
    ] = "",
    run_id: Annotated[str, typer.Option("--run", help="A run other than the latest of the year.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show figures: for one year or all, whole or broken down."""
    from abate.adapters.figures import Rollups, run_of
    from abate.adapters.figures import runs as list_runs
    from abate.kernel.figure import HEADLINES
    from abate.kernel.figure import figure as definition
    from abate.kernel.period import parse_fiscal_year

    opened = _open(workspace)
    if year:
        parse_fiscal_year(year)
    every = list_runs(opened)
    if run_id:
        chosen = [run_of(opened, year, run_id, every)]
    else:
        wanted = [year.upper()] if year else sorted({r["fiscal_year"] for r in every})
        chosen = [run_of(opened, y, "", every) for y in wanted]
    names = [definition(figure).id] if figure else list(HEADLINES)
    with Rollups(opened) as rollups:
        values = {r["fiscal_year"]: rollups.values(names, r, by) for r in chosen}
        published = {r["fiscal_year"]: _published(every, rollups, names, r) for r in chosen if not by and not run_id}
    if json:
        out.print_json([v.json for y in sorted(values) for v in values[y]])
        return
    if not values:
        out.console().print("Nothing is valued yet. Import files with 'abate add', then 'abate run --year FY…'.")
    elif by:
        body = [
            (y, v.figure, *v.by.values(), out.number(v.value, v.unit), v.unit, f"{v.row_count:,}")
            for y in sorted(values)
            for v in values[y]
        ]
        dimensions = by.split(",")
        columns = ("year", "figure", *dimensions, "value", "unit", "rows")
        out.table("", columns, body, right=(2 + len(dimensions), 4 + len(dimensions)))
    else:
        out.figures_table("", values)
        for y, frozen in published.items():
            if frozen:
                out.figures_table(f"{y} as published ({frozen[0].run})", {y: frozen})


def _published(every: list[dict[str, Any]], rollups: Any, names: list[str], run: dict[str, Any]) -> list[Any]:
    """Values as published, where the year's latest run is another."""
    frozen = [r for r in every if r["fiscal_year"] == run["fiscal_year"] and r["status"] == "published"]
    if not frozen or frozen[0]["run_id"] == run["run_id"]:
        return []
    return list(rollups.values(names, frozen[0]))


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="FIGURE|ENTRY")],
    year: YearOption = "",
    site: Annotated[str, typer.Option(help="Only the rows of a site.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Rows per page.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="Rows to skip.")] = 0,
    run_id: Annotated[str, typer.Option("--run", help="A run other than the latest of the year.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Open a number: from figure to entries, or from an entry to file and row, publication and table."""
    from abate.adapters.explain import explain_entry, explain_figure
    from abate.adapters.figures import years as valued_years
    from abate.kernel.figure import FIGURES

    opened = _open(workspace)
    if what not in FIGURES and what[:1] in "0123456789abcdef" and "-" in what and what.split("-")[0].isalnum():
        told = explain_entry(opened, what, year)
        out.print_json(told) if json else _print_entry(told)
        return
    if not year:
        known = valued_years(opened)
        if len(known) != 1:
            raise UsageError("year-needed", "Say which year.", f"One of: {', '.join(known) or 'none is valued yet'}.")
        year = known[0]
    told = explain_figure(opened, what, year.upper(), run_id=run_id, site=site, limit=limit, offset=offset)
    if json:
        out.print_json(told)
        return
    out.tree(told)
    page = told["entries"]
    columns = ("entry", "site", "month", "amount", "factor", "kg CO2e", "file", "row")
    body = [
        (
            r.get("entry", r["activity"]), r["site"], r["month"], f"{r['quantity']:,.2f} {r['unit']}",
            r.get("factor", ""), f"{float(r['co2e_kg']):,.3f}" if "co2e_kg" in r else "",
            f"{r['file']} {r['sheet']}".strip(), r["row"],
        )
        for r in page["rows"]
    ]  # fmt: skip
    out.table(f"rows {page['offset'] + 1} to {page['offset'] + len(body)} of {page['count']:,}, largest first", columns, body, right=(3, 5, 7))  # fmt: skip
    out.console().print("Open one with: abate explain ENTRY")


def _print_entry(told: dict[str, Any]) -> None:
    place = " › ".join(str(p) for p in (told["file"], told["sheet"], f"row {told['row']}") if p)
    facts = [
        ("activity", f"{told['activity']}: {told['kind']} {told['item']}".strip()),
        ("place and time", f"{told['site']}, {told['month']}"),
        ("amount", f"{told['quantity']:,} {told['unit']} ({told['basis']}), written as '{told['as_written']}'"),
        ("file", f"{place}, import {told['import']}, sha256 {told['sha256'][:16]}…"),
        ("document", told["document"]),
        ("correction", told["correction"]),
        ("evidence", ", ".join(told["evidence"])),
    ]
    out.table("", ("", ""), [f for f in facts if f[1]])
    for e in told["entries"]:
        source = e["factor_source"]
        values = ", ".join(f"{k} {v:,}" for k, v in e["values"].items())
        lines = [
            ("method", f"{e['method']}: {e['summary']} ({e['method_source']})"),
            ("formula", f"{e['formula']}, with {values}"),
            ("result", f"{int(e['mass_mg']):,} mg {e['species']} × GWP {e['gwp']} = {int(e['co2e_mg']):,} mg CO2e"),
            ("factor", f"{e['factor']} = {e['factor_value']}"),
            ("publication", f"{source.get('publication', '')}, {source.get('table', '')}, {source.get('edition', '')}"),
            ("instrument", e["instrument"]),
            ("why this one", e["why"] + (f"; by way of {', '.join(e['bridges'])}" if e["bridges"] else "")),
            ("passed over", "; ".join(f"{p['factor']} ({p['reason']})" for p in e["passed_over"][:4])),
        ]
        out.table(
            f"{e['entry']} · {e['species']} · scope {e['scope']} {e['view']}", ("", ""), [x for x in lines if x[1]]
        )


@app.command()
def report(
    year: YearOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.")] = Path("report.html"),
    charts: Annotated[Path | None, typer.Option(help="Folder for the charts as SVG, too.")] = None,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Write the yearly report: one HTML file that opens without a network."""
    from abate.adapters.reporting import write_report

    with out.working("drawing the report"):
        path = write_report(_open(workspace), year, output, now=now(), charts=charts)
    out.console().print(f"Report: {path}")


@factors_app.command("search")
def factors_search(
    words: Annotated[list[str], typer.Argument(help="Words to look for, all of them.")],
    limit: Annotated[int, typer.Option(min=1)] = 30,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Find factors by any of their words."""
    from abate.adapters.factorbook import search

    found = search(_open(workspace), words)
    if json:
        out.print_json(found)
        return
    columns = ("factor", "kind", "item", "region", "year", "species", "value", "unit", "publication")
    keys = ("factor_id", "kind", "item", "region", "data_year", "species", "value", "unit", "publication")
    out.table("", columns, [[r[k] for k in keys] for r in found[:limit]], right=(6,))
    if len(found) > limit:
        out.console().print(f"… and {len(found) - limit} more; --limit shows them.")


@factors_app.command("show")
def factors_show(factor_id: str, workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """Show a factor with its source, and the editions of the same need."""
    from abate.adapters.factorbook import show_factor

    told = show_factor(_open(workspace), factor_id)
    if json:
        out.print_json(told)
        return
    out.table(factor_id, ("", ""), [(k, v) for k, v in told["factor"].items() if v])
    masses = [(m["species"], m["value"], m["unit"], m["uncertainty_kind"], m["uncertainty_95"]) for m in told["masses"]]
    out.table("", ("species", "value", "unit", "distribution", "95 %"), masses, right=(1,))
    if told["editions"]:
        out.table("other editions and years", ("factor", "region", "year", "edition"), told["editions"])


@factors_app.command("import")
def factors_import(
    file: Annotated[Path, typer.Argument(help="A publisher's file, or a table in Abate's own format.")],
    publisher: Annotated[
        str, typer.Option("--from", help="desnz, epa, useeio, gwp, china-grid or own; guessed if empty.")
    ] = "",
    previous: Annotated[Path | None, typer.Option(help="The edition before, to compare with.")] = None,
    accept: Annotated[list[str] | None, typer.Option("--accept", help="Code of a gate to let pass.")] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Import factors through gates that catch what is wrong in published files."""
    from abate.adapters.factorbook import import_factors

    with out.working(f"reading {file.name}"):
        result = import_factors(
            _open(workspace), file, publisher=publisher, previous=previous, accept=frozenset(accept or ()), now=now()
        )
    if json:
        out.print_json(
            {
                "import": result.import_id, "publisher": result.publisher, "edition": result.edition,
                "factors": result.factor_count, "refused": result.refused_count,
                "findings": [_finding_json(f) for f in result.findings],
            }
        )  # fmt: skip
    else:
        if result.findings:
            out.findings_table("what the gates found", result.findings, limit=25)
        out.console().print(
            f"{result.import_id or 'nothing stored'}: {result.publisher} {result.edition}, {result.factor_count:,} factors "
            f"entered, {result.refused_count:,} refused."
        )
    raise typer.Exit(1 if any(f.severity == "blocker" for f in result.findings) else 0)


if __name__ == "__main__":
    main()
