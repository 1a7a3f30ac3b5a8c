"""Commands that show figures.

Whole, with ranges, bridged, restated, explained, as report and as evidence.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abate.adapters.store.writing import write_whole
from abate.disclosure.numbers import number
from abate.faces.cli import show as out
from abate.faces.cli.app import (
    HERE,
    JsonOption,
    LangOption,
    WorkspaceOption,
    YearOption,
    app,
    names_of,
    opened_at,
)
from abate.faces.clock import present
from abate.kernel.errors import UsageError
from abate.kernel.units import in_t

if TYPE_CHECKING:
    from abate.application.inventory.explanations import ActivityExplained, EntryShown
    from abate.application.inventory.figures import Run


@app.command()
def show(
    figure: Annotated[
        str, typer.Argument(help="A figure; all headlines where none is named.")
    ] = "",
    year: YearOption = "",
    by: Annotated[
        str,
        typer.Option(
            help=(
                "scope, category, org, site, month, kind, item, method, approach, factor, gas,"
                " building or basis; several with commas."
            )
        ),
    ] = "",
    run_id: Annotated[
        str, typer.Option("--run", help="A run other than the latest of the year.")
    ] = "",
    beside: Annotated[
        str, typer.Option(help="Organisation whose published figures stand beside.")
    ] = "",
    ranges: Annotated[
        bool, typer.Option("--range", help="With 95 % range, data quality and primary data.")
    ] = False,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show figures: for one year or all, whole or broken down."""
    from abate.application.catalogue import FIGURES, HEADLINES
    from abate.application.inventory.figures import Figures, run_of
    from abate.application.inventory.figures import runs as list_runs
    from abate.kernel.period import parse_fiscal_year

    opened = opened_at(workspace)
    if year:
        parse_fiscal_year(year)
    every = list_runs(opened)
    if run_id:
        chosen = [run_of(opened, year, run_id, every)]
    else:
        wanted = [year.upper()] if year else sorted({r.fiscal_year for r in every})
        chosen = [run_of(opened, y, "", every) for y in wanted]
    names = [FIGURES.named(figure).id] if figure else list(HEADLINES)
    if ranges:
        _show_ranges(opened, names, chosen, by, json)
        return
    with Figures(opened) as rollups:
        values = {r.fiscal_year: rollups.values(names, r, by) for r in chosen}
        published = {
            r.fiscal_year: _published(every, rollups, names, r)
            for r in chosen
            if not by and not run_id
        }
    if json:
        out.print_json([v.json for y in sorted(values) for v in values[y]])
        return
    if not values:
        out.console().print(
            "Nothing is valued yet. Import files with 'abate add', then 'abate run --year FY…'."
        )
    elif by:
        body = [
            (y, v.figure, *v.by.values(), out.amount(v), v.unit, f"{v.row_count:,}")
            for y in sorted(values)
            for v in values[y]
        ]
        dimensions = by.split(",")
        columns = ("year", "figure", *dimensions, "value", "unit", "rows")
        out.table("", columns, body, right=(2 + len(dimensions), 4 + len(dimensions)))
        out.lacks(v for some in values.values() for v in some)
    else:
        out.figures_table("", values)
        for y, frozen in published.items():
            if frozen:
                out.figures_table(f"{y} as published ({frozen[0].run})", {y: frozen})
    if beside:
        _show_beside(opened, beside, values)


def _show_beside(opened: Any, entity: str, values: dict[str, list[Any]]) -> None:
    """Published figures of an organisation, each with its vintage, beside ours."""
    from abate.application.disclosure.stated_figures import BESIDE, in_our_unit, published

    rows = []
    for year, some in values.items():
        of_year = published(opened, entity=entity, year=year)
        for v in some:
            stated = [p for p in of_year if p.metric == BESIDE.get(v.figure)]
            for p in stated:
                value, unit = in_our_unit(p.value, p.unit)
                told = p.value_text if value is None else number(Fraction(value), unit)
                rows.append(
                    (
                        year,
                        v.figure,
                        out.amount(v),
                        v.unit,
                        p.entity,
                        told,
                        unit,
                        p.vintage,
                    )
                )
    columns = ("year", "figure", "computed", "unit", "published by", "published", "unit", "vintage")
    out.table("Published figures beside", columns, rows, right=(2, 5))


def _show_ranges(opened: Any, names: list[str], chosen: list[Run], by: str, as_json: bool) -> None:
    from abate.application.inventory.figures import Figures
    from abate.application.inventory.ranges import ranges as ranges_of

    found = []
    with Figures(opened) as rollups:
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
            r.year,
            r.figure,
            *r.by.values(),
            f"{r.closed.total:,.1f}",
            f"± {r.closed.share_95 * 100:.1f} %",
            f"{r.simulated.low:,.1f} – {r.simulated.high:,.1f}",
            "–" if r.quality is None else f"{r.quality:.2f}",
            f"{r.primary_share * 100:.0f} %",
        )
        for r in found
    ]
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
        "Quality: 1 very good to 4 poor, weighted by CO2e.",
        columns,
        body,
        right=range(2 + bool(by), len(columns)),
    )


@app.command()
def uncertainty(
    figure: Annotated[
        str, typer.Argument(help="A sum, such as gross or scope3.")
    ] = "total-location",
    year: YearOption = "",
    by: Annotated[str, typer.Option(help="A dimension, such as org or category.")] = "",
    draws: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Draws of the simulation.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 20240331,
    run_id: Annotated[
        str, typer.Option("--run", help="A run other than the latest of the year.")
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show a figure's 95 % range, its data quality, and what to measure better next."""
    from abate.application.inventory.open_run import open_run
    from abate.application.inventory.ranges import ranges as ranges_of

    with open_run(opened_at(workspace), year.upper(), run_id) as opened:
        found = ranges_of(opened.rollups, figure, opened.run, by, draws=draws, seed=seed)
    if json:
        out.print_json([r.json for r in found])
        return
    for r in found:
        group = "".join(f" {k} {v}" for k, v in r.by.items())
        out.console().print(
            f"{r.figure} {r.year}{group}: {r.closed.total:,.1f} t CO2e ±"
            f" {r.closed.share_95 * 100:.2f} % (IPCC Approach 1: {r.closed.low:,.1f} to"
            f" {r.closed.high:,.1f}; Approach 2, {draws:,} draws: {r.simulated.low:,.1f} to"
            f" {r.simulated.high:,.1f})"
        )
        quality = "no score" if r.quality is None else f"{r.quality:.2f} (1 very good to 4 poor)"
        out.console().print(f"Data quality {quality}; {r.primary_share * 100:.1f} % primary data.")
        body = [
            (
                f"{c.share * 100:.1f} %",
                c.source,
                c.what,
                f"{c.tonnes:,.1f}",
                f"{c.spread * 196:.0f} %",
            )
            for c in r.next
        ]
        columns = ("part of variance", "what", "name", "t CO2e", "its 95 %")
        out.table("What to measure better next", columns, body, right=(0, 3, 4))


@app.command()
def bridge(
    before: Annotated[str, typer.Argument(help="Fiscal year, or a run.")],
    after: Annotated[str, typer.Argument(help="Fiscal year, or a run.")],
    figure: Annotated[
        str, typer.Option(help="A sum, such as gross, net, scope3 or total-location.")
    ] = "gross",
    by: Annotated[str, typer.Option(help="org for one line per business.")] = "",
    chart: Annotated[Path | None, typer.Option(help="Write the waterfall as SVG.")] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Say why a figure changed between two years or runs.

    Contributions that add up to the milligram.
    """
    from abate.application.inventory.bridges import bridge_runs
    from abate.application.inventory.figures import Figures, run_of
    from abate.application.inventory.figures import runs as list_runs
    from abate.kernel.bridge import DRIVERS

    if by not in ("", "org"):
        raise UsageError("unknown-dimension", f"No bridge by '{by}'.", "Write --by org.")
    opened = opened_at(workspace)
    every = list_runs(opened)
    named = {r.run_id for r in every}
    sides = [
        run_of(opened, "" if s in named else s.upper(), s if s in named else "", every)
        for s in (before, after)
    ]
    with Figures(opened) as rollups:
        found = bridge_runs(opened, rollups, figure, *sides)
    if chart is not None:
        from abate.application.disclosure.report_model import bridge_svg

        write_whole(chart, bridge_svg(found, before, after))
    if json:
        out.print_json(found.json)
        return
    lines = list(found.by_org.items()) if by else []
    body = [
        (
            org,
            *(f"{in_t(by_driver[d]):+,.3f}" for d in DRIVERS),
            f"{in_t(sum(by_driver.values())):+,.3f}",
        )
        for org, by_driver in lines
    ]
    total = found.totals
    body.append(
        (
            "total",
            *(f"{in_t(total[d]):+,.3f}" for d in DRIVERS),
            f"{in_t(found.end_mg - found.start_mg):+,.3f}",
        )
    )
    title = (
        f"{figure} {before} {in_t(found.start_mg):,.3f} t CO2e to {after} {in_t(found.end_mg):,.3f}"
        " t CO2e"
    )
    out.table(title, ("t CO2e", *DRIVERS, "difference"), body, right=range(1, len(DRIVERS) + 2))
    for note in found.notes:
        out.console().print(f"* {note}", style="yellow", markup=False)


@app.command(name="base-year")
def base_year(
    structure: Annotated[
        str, typer.Option(help="Later year whose structure counts; the latest where none is named.")
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Value the base year on today's structure, beside what was stated, with the reasons."""
    from abate.application.inventory.base_year import restate_base_year

    opened = opened_at(workspace)
    with out.working("valuing the base year"):
        found = restate_base_year(opened, structure=structure, now=present())
    if json:
        out.print_json(found.json)
        return
    _print_restated(f"Base year {found.year} on the structure of {found.structure}", found.bridges)
    if found.later:
        _print_restated(
            f"{found.structure} as if what was bought or sold in it had been so all year",
            found.later,
        )
    verdict = "reaches" if found.recalculates else "stays below"
    out.console().print(f"The change {verdict} the threshold of {found.threshold_share * 100:g} %.")
    if found.recalculates:
        out.console().print(f"To restate: abate publish {found.restated_run} --reason '…'")


def _print_restated(title: str, bridges: Any) -> None:
    """Previously stated beside restated, with reasons."""
    from abate.application.inventory.base_year import REASONS

    body = []
    for b in bridges:
        share = (b.end_mg - b.start_mg) / b.start_mg if b.start_mg else 0.0
        reasons = "; ".join(f"{REASONS[d]} {in_t(mg):+,.1f}" for d, mg in b.totals.items() if mg)
        body.append(
            (
                b.figure,
                f"{in_t(b.start_mg):,.1f}",
                f"{in_t(b.end_mg):,.1f}",
                f"{share * 100:+.2f} %",
                reasons,
            )
        )
    columns = ("figure", "previously stated", "restated", "change", "reasons [t CO2e]")
    out.table(title, columns, body, right=(1, 2, 3))


@app.command(name="export-evidence")
def export_evidence(
    year: YearOption,
    to: Annotated[Path, typer.Option(help="Folder for the bundle.")] = Path("evidence"),
    run_id: Annotated[
        str, typer.Option("--run", help="A run other than the latest of the year.")
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Write a run as plain CSV with hashes.

    For anybody to perform it again with tools/reperform.py.
    """
    from abate.application.inventory.evidence import export_evidence as export

    with out.working("writing the evidence"):
        manifest = export(opened_at(workspace), year.upper(), to, run_id=run_id)
    if json:
        out.print_json(manifest)
        return
    rows = [
        (name, f"{known['rows']:,}", known["sha256"]) for name, known in manifest["files"].items()
    ]
    out.table(f"{manifest['run']} in {to}", ("file", "rows", "sha256"), rows, right=(1,))
    out.console().print(f"Perform it again: python tools/reperform.py {to}")


@app.command()
def published(
    file: Annotated[Path | None, typer.Argument(help="CSV of published figures to load.")] = None,
    entity: Annotated[str, typer.Option(help="Only of this organisation.")] = "",
    metric: Annotated[str, typer.Option(help="Only this metric.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Load figures that organisations published, each with its vintage, or list those that are loaded."""
    from abate.application.disclosure.stated_figures import add_published
    from abate.application.disclosure.stated_figures import published as list_published

    opened = opened_at(workspace)
    if file is not None:
        figures, texts = add_published(opened, file, now=present())
        out.console().print(f"{figures} figures and {texts} texts loaded from {file.name}.")
        return
    rows = list_published(opened, entity=entity, metric=metric)
    if json:
        out.print_json(rows)
        return
    keys = (
        "entity",
        "fiscal_year",
        "metric",
        "scope",
        "value_text",
        "unit",
        "vintage",
        "confidence",
    )
    out.table("", keys, [[getattr(r, k) for k in keys] for r in rows], right=(4,))


def _published(every: list[Run], rollups: Any, names: list[str], run: Run) -> list[Any]:
    """Values as published, where the year's latest run is another."""
    frozen = [r for r in every if r.fiscal_year == run.fiscal_year and r.status == "published"]
    if not frozen or frozen[0].run_id == run.run_id:
        return []
    return list(rollups.values(names, frozen[0]))


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="FIGURE|ENTRY")],
    year: YearOption = "",
    site: Annotated[str, typer.Option(help="Only the rows of a site.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Rows per page.")] = 20,
    after: Annotated[str, typer.Option(help="Where the page before ended, as it says.")] = "",
    run_id: Annotated[
        str, typer.Option("--run", help="A run other than the latest of the year.")
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Open a number: from figure to entries, or from an entry to file and row, publication and table."""
    from abate.application.catalogue import FIGURES
    from abate.application.inventory.explanations import (
        EntryShown,
        explain_entry,
        explain_figure,
    )
    from abate.application.inventory.figures import years as valued_years

    opened = opened_at(workspace)
    if (
        what not in FIGURES
        and what[:1] in "0123456789abcdef"
        and "-" in what
        and what.split("-")[0].isalnum()
    ):
        entry = explain_entry(opened, what, year)
        out.print_json(entry.json) if json else _print_entry(entry)
        return
    if not year:
        known = valued_years(opened)
        if len(known) != 1:
            raise UsageError(
                "year-needed",
                "Say which year.",
                f"One of: {', '.join(known) or 'none is valued yet'}.",
            )
        year = known[0]
    where = {"site": site} if site else {}
    told = explain_figure(
        opened, what, year.upper(), run_id=run_id, where=where, limit=limit, after=after
    )
    if json:
        out.print_json(told.json)
        return
    out.tree(told.tree)
    page = told.entries
    columns = ("entry", "site", "month", "amount", "factor", "kg CO2e", "file", "row")
    body = [
        (
            r.name,
            r.site,
            r.month,
            f"{r.quantity:,.2f} {r.unit}",
            r.factor if isinstance(r, EntryShown) else "",
            _counted(r) if isinstance(r, EntryShown) else "",
            f"{r.file} {r.sheet}".strip(),
            r.row,
        )
        for r in page.rows
    ]
    last = page.offset + len(body)
    title = f"rows {page.offset + 1} to {last} of {page.count:,}, largest first"
    out.table(title, columns, body, right=(3, 5, 7))
    out.console().print("Open one with: abate explain ENTRY")
    if page.next:
        out.console().print(f"More with: --after '{page.next}'")


def _counted(row: EntryShown) -> str:
    """What an entry adds to the figure, and its mass where that is another."""
    told = f"{float(row.counts_kg):,.3f}"
    if row.is_taken_off:
        told += f" ({float(row.co2e_kg):,.3f}, covered by {row.instrument})"
    return told


def _print_entry(told: ActivityExplained) -> None:
    place = " › ".join(str(p) for p in (told.file, told.sheet, f"row {told.row}") if p)
    amount = f"{told.quantity:,} {told.unit} ({told.basis}), written as '{told.as_written}'"
    facts = [
        ("activity", f"{told.activity}: {told.kind} {told.item}".strip()),
        ("place and time", f"{told.site}, {told.month}"),
        ("amount", amount),
        ("file", f"{place}, import {told.import_id}, sha256 {told.sha256[:16]}…"),
        ("document", told.document),
        ("correction", told.correction),
        ("evidence", ", ".join(told.evidence)),
    ]
    out.table("", ("", ""), [f for f in facts if f[1]])
    for e in told.entries:
        values = ", ".join(f"{k} {v:,}" for k, v in e.values.items())
        mass = f"{int(e.mass_mg):,} mg {e.species} × GWP {e.gwp} = {int(e.co2e_mg):,} mg CO2e"
        source = [e.factor_source.get(k, "") for k in ("publication", "table", "edition")]
        by_way_of = f"; by way of {', '.join(e.bridges)}" if e.bridges else ""
        passed = [f"{p['factor']} ({p['reason']})" for p in e.passed_over[:4]]
        lines = [
            ("method", f"{e.method}: {e.summary} ({e.method_source})"),
            ("formula", f"{e.formula}, with {values}"),
            ("result", mass),
            ("factor", f"{e.factor} = {e.factor_value}"),
            ("publication", ", ".join(source)),
            ("instrument", e.instrument),
            ("why this one", e.why + by_way_of),
            ("passed over", "; ".join(passed)),
        ]
        title = f"{e.entry} · {e.species} · scope {e.scope} {e.view}"
        out.table(title, ("", ""), [x for x in lines if x[1]])


@app.command()
def report(
    year: YearOption,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File to write; report.html and so on where none is named."
        ),
    ] = None,
    kind: Annotated[str, typer.Option("--format", help="html, pdf, xlsx or md.")] = "",
    lang: LangOption = "",
    template: Annotated[
        Path | None, typer.Option(help="A template of your own in Markdown.")
    ] = None,
    without: Annotated[
        str, typer.Option(help="Sections to leave out, with commas, such as levers,plans.")
    ] = "",
    charts: Annotated[Path | None, typer.Option(help="Folder for the charts as SVG, too.")] = None,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Write the yearly report: one HTML file that opens without a network, a tagged PDF, or a workbook."""
    from abate.application.disclosure.report_model import write_report

    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    kind = kind or (ending if ending in ("pdf", "xlsx", "md") else "html")
    path = output or Path(f"report.{kind}")
    opened = opened_at(workspace)
    lang = lang or opened.language
    with out.working("drawing the report"):
        write_report(
            opened,
            year,
            path,
            now=present(),
            charts=charts,
            lang=lang,
            kind=kind,
            template=template,
            without=names_of(without),
        )
    out.console().print(f"Report: {path}")
