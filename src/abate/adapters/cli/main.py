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
    structure: Annotated[str, typer.Option(help="Later year on whose structure to value a base year.")] = "",
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
        result = run_year(
            opened, year, now=now(), gwp_set=gwp, boundary=boundary, as_of=day, structure=structure, on_step=step
        )
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
    beside: Annotated[str, typer.Option(help="Organisation whose published figures stand beside.")] = "",
    ranges: Annotated[bool, typer.Option("--range", help="With 95 % range, data quality and primary data.")] = False,
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
    if ranges:
        _show_ranges(opened, names, chosen, by, json)
        return
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
    if beside:
        _show_beside(opened, beside, values)


def _show_beside(opened: Any, entity: str, values: dict[str, list[Any]]) -> None:
    """Published figures of an organisation, each with its vintage, beside ours."""
    from abate.adapters.published import BESIDE, published

    rows = []
    for year, some in values.items():
        for v in some:
            stated = [
                p
                for p in published(opened, entity=entity, year=year)
                if v.figure in BESIDE and p["metric"] == BESIDE[v.figure]
            ]
            rows += [
                (
                    year,
                    v.figure,
                    out.number(v.value, v.unit),
                    v.unit,
                    p["entity"],
                    p["value_text"],
                    p["unit"],
                    p["vintage"],
                )
                for p in stated
            ]
    columns = ("year", "figure", "computed", "unit", "published by", "published", "unit", "vintage")
    out.table("Published figures beside", columns, rows, right=(2, 5))


def _show_ranges(opened: Any, names: list[str], chosen: list[dict[str, Any]], by: str, as_json: bool) -> None:
    from abate.adapters.figures import Rollups
    from abate.adapters.ranges import ranges as ranges_of

    found = []
    with Rollups(opened) as rollups:
        for run in chosen:
            for name in names:
                try:
                    found += ranges_of(rollups, name, run, by, top=0)
                except UsageError as error:
                    if len(names) == 1 or error.code not in ("not-a-sum", "no-range"):
                        raise
    if as_json:
        out.print_json([r.json for r in found])
        return
    body = [
        (
            r.year, r.figure, *r.by.values(), f"{r.closed.total:,.1f}", f"± {r.closed.share_95 * 100:.1f} %",
            f"{r.simulated.low:,.1f} – {r.simulated.high:,.1f}", "–" if r.quality is None else f"{r.quality:.2f}",
            f"{r.primary_share * 100:.0f} %",
        )
        for r in found
    ]  # fmt: skip
    columns = (
        "year",
        "figure",
        *([by] if by else []),
        "t CO2e",
        "95 %",
        "95 % range, simulated",
        "quality",
        "primary data",
    )
    out.table(
        "Quality: 1 very good to 4 poor, weighted by CO2e.", columns, body, right=range(2 + bool(by), len(columns))
    )


@app.command()
def uncertainty(
    figure: Annotated[str, typer.Argument(help="A sum, such as gross or scope3.")] = "total-location",
    year: YearOption = "",
    by: Annotated[str, typer.Option(help="A dimension, such as org or category.")] = "",
    draws: Annotated[int, typer.Option(min=100, max=1_000_000, help="Draws of the simulation.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 20240331,
    run_id: Annotated[str, typer.Option("--run", help="A run other than the latest of the year.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show a figure's 95 % range, its data quality, and what to measure better next."""
    from abate.adapters.figures import Rollups, run_of
    from abate.adapters.figures import years as valued
    from abate.adapters.ranges import ranges as ranges_of

    opened = _open(workspace)
    latest = year.upper() or next(iter(reversed(valued(opened))), "")
    with Rollups(opened) as rollups:
        found = ranges_of(rollups, figure, run_of(opened, latest, run_id), by, draws=draws, seed=seed)
    if json:
        out.print_json([r.json for r in found])
        return
    for r in found:
        group = "".join(f" {k} {v}" for k, v in r.by.items())
        out.console().print(
            f"{r.figure} {r.year}{group}: {r.closed.total:,.1f} t CO2e ± {r.closed.share_95 * 100:.2f} % "
            f"(IPCC Approach 1: {r.closed.low:,.1f} to {r.closed.high:,.1f}; Approach 2, {draws:,} draws: "
            f"{r.simulated.low:,.1f} to {r.simulated.high:,.1f})"
        )
        quality = "no score" if r.quality is None else f"{r.quality:.2f} (1 very good to 4 poor)"
        out.console().print(f"Data quality {quality}; {r.primary_share * 100:.1f} % primary data.")
        body = [
            (f"{c.share * 100:.1f} %", c.source, c.what, f"{c.tonnes:,.1f}", f"{c.spread * 196:.0f} %") for c in r.next
        ]
        columns = ("part of variance", "what", "name", "t CO2e", "its 95 %")
        out.table("What to measure better next", columns, body, right=(0, 3, 4))


@app.command()
def bridge(
    before: Annotated[str, typer.Argument(help="Fiscal year, or a run.")],
    after: Annotated[str, typer.Argument(help="Fiscal year, or a run.")],
    figure: Annotated[str, typer.Option(help="A sum, such as gross, net, scope3 or total-location.")] = "gross",
    by: Annotated[str, typer.Option(help="org for one line per business.")] = "",
    chart: Annotated[Path | None, typer.Option(help="Write the waterfall as SVG.")] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Say why a figure changed between two years or runs: contributions that add up to the milligram."""
    from abate.adapters.bridging import bridge_runs
    from abate.adapters.figures import Rollups, run_of
    from abate.adapters.figures import runs as list_runs
    from abate.kernel.bridge import DRIVERS

    if by not in ("", "org"):
        raise UsageError("unknown-dimension", f"No bridge by '{by}'.", "Write --by org.")
    opened = _open(workspace)
    every = list_runs(opened)
    named = {r["run_id"] for r in every}
    sides = [run_of(opened, "" if s in named else s.upper(), s if s in named else "", every) for s in (before, after)]
    with Rollups(opened) as rollups:
        found = bridge_runs(opened, rollups, figure, *sides)
    if chart is not None:
        from abate.adapters.reporting import bridge_svg

        chart.write_text(bridge_svg(found, before, after), encoding="utf-8")
    if json:
        out.print_json(found.json)
        return
    lines = list(found.by_org.items()) if by else []
    body = [(org, *(f"{by_driver[d] / 1e9:+,.3f}" for d in DRIVERS), f"{sum(by_driver.values()) / 1e9:+,.3f}") for org, by_driver in lines]  # fmt: skip
    total = found.totals
    body.append(
        ("total", *(f"{total[d] / 1e9:+,.3f}" for d in DRIVERS), f"{(found.end_mg - found.start_mg) / 1e9:+,.3f}")
    )
    title = f"{figure} {before} {found.start_mg / 1e9:,.3f} t CO2e to {after} {found.end_mg / 1e9:,.3f} t CO2e"
    out.table(title, ("t CO2e", *DRIVERS, "difference"), body, right=range(1, len(DRIVERS) + 2))


@app.command(name="base-year")
def base_year(
    structure: Annotated[
        str, typer.Option(help="Later year whose structure counts; the latest where none is named.")
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Value the base year on today's structure, beside what was stated, with the reasons."""
    from abate.adapters.restating import REASONS, restate_base_year

    opened = _open(workspace)
    with out.working("valuing the base year"):
        found = restate_base_year(opened, structure=structure, now=now())
    if json:
        out.print_json(found.json)
        return
    body = []
    for b in found.bridges:
        share = (b.end_mg - b.start_mg) / b.start_mg if b.start_mg else 0.0
        body.append((b.figure, f"{b.start_mg / 1e9:,.1f}", f"{b.end_mg / 1e9:,.1f}", f"{share * 100:+.2f} %",
                     "; ".join(f"{REASONS[d]} {mg / 1e9:+,.1f}" for d, mg in b.totals.items() if mg)))  # fmt: skip
    title = f"Base year {found.year} on the structure of {found.structure}"
    out.table(title, ("figure", "previously stated", "restated", "change", "reasons [t CO2e]"), body, right=(1, 2, 3))
    verdict = "reaches" if found.recalculates else "stays below"
    out.console().print(f"The change {verdict} the threshold of {found.threshold_share * 100:g} %.")
    if found.recalculates:
        out.console().print(f"To restate: abate publish {found.restated_run} --reason '…'")


@app.command(name="export-evidence")
def export_evidence(
    year: YearOption,
    to: Annotated[Path, typer.Option(help="Folder for the bundle.")] = Path("evidence"),
    run_id: Annotated[str, typer.Option("--run", help="A run other than the latest of the year.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Write a run as plain CSV with hashes, for anybody to perform it again with tools/reperform.py."""
    from abate.adapters.evidence import export_evidence as export

    with out.working("writing the evidence"):
        manifest = export(_open(workspace), year.upper(), to, run_id=run_id)
    if json:
        out.print_json(manifest)
        return
    rows = [(name, f"{known['rows']:,}", known["sha256"]) for name, known in manifest["files"].items()]
    out.table(f"{manifest['run']} in {to}", ("file", "rows", "sha256"), rows, right=(1,))
    out.console().print(f"Perform it again: python tools/reperform.py {to}")


@app.command()
def programmes(year: YearOption, workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List programmes of avoided emissions: what they book, who claims it, what keeps them from the public."""
    from abate.adapters.programmes import programmes as list_programmes

    found = list_programmes(_open(workspace), year.upper())
    if json:
        out.print_json(found)
        return
    body = [
        (
            p["programme"], p["methodology"], p["mechanism"], p["tier"], "no rows" if p["avoided_t"] is None else f"{float(p['avoided_t']):,.1f}",
            ", ".join(f"{name} {float(t):,.1f}" for name, t in p["by_claimant_t"].items()),
            "yes" if p["publishable"] else "no: " + "; ".join(p["obstacles"]),
        )
        for p in found
    ]  # fmt: skip
    columns = ("programme", "methodology", "mechanism", "tier", "t CO2e avoided", "claimed by", "may be published")
    out.table("Outside the inventory: never added to it, never taken from it.", columns, body, right=(4,))


@app.command()
def published(
    file: Annotated[Path | None, typer.Argument(help="CSV of published figures to load.")] = None,
    entity: Annotated[str, typer.Option(help="Only of this organisation.")] = "",
    metric: Annotated[str, typer.Option(help="Only this metric.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Load figures that organisations published, each with its vintage, or list those that are loaded."""
    from abate.adapters.published import add_published
    from abate.adapters.published import published as list_published

    opened = _open(workspace)
    if file is not None:
        figures, texts = add_published(opened, file, now=now())
        out.console().print(f"{figures} figures and {texts} texts loaded from {file.name}.")
        return
    rows = list_published(opened, entity=entity, metric=metric)
    if json:
        out.print_json(rows)
        return
    keys = ("entity", "fiscal_year", "metric", "scope", "value_text", "unit", "vintage", "confidence")
    out.table("", keys, [[r[k] for k in keys] for r in rows], right=(4,))


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


@factors_app.command(name="audit")
def factors_audit(
    files: Annotated[list[Path], typer.Argument(help="Publishers' files, or folders of them.")],
    json: JsonOption = False,
) -> None:
    """Print what is odd in publishers' files, and what jumps between their editions; nothing is stored."""
    from abate.adapters.factorbook import audit_factors

    with out.working("reading"):
        found = audit_factors(files)
    if json:
        out.print_json(
            {"files": found.files, "jumps": found.jumps, "findings": [_finding_json(f) for f in found.findings]}
        )
        return
    body = [
        (f["file"], f["publisher"], f["edition"], f["factors"], f["refused"], ", ".join(f"{c} × {n}" for c, n in f["findings"].items()))
        for f in found.files
    ]  # fmt: skip
    out.table("Files", ("file", "publisher", "edition", "factors", "refused", "findings"), body, right=(3, 4))
    jumps = [
        (j["publisher"], j["factor"], j["before"], j["after"], f"{(j['ratio'] - 1) * 100:+.0f} %")
        for j in found.jumps[:40]
    ]
    title = f"More than a third up or down between editions: {len(found.jumps)}"
    out.table(title, ("publisher", "factor", "from", "to", "change"), jumps, right=(4,))
    odd = [f for f in found.findings if f.code != "empty-cell"]
    out.findings_table("Odd in the files", odd, limit=25)


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
