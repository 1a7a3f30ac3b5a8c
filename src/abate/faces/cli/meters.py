"""Commands of meters: meters add, list, show, set, post."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abate.faces.cli import show as out
from abate.faces.cli.app import (
    HERE,
    DatesOption,
    DecimalOption,
    JsonOption,
    WorkspaceOption,
    meters_app,
    opened_at,
)
from abate.faces.cli.energy import StampOption, UnitOption
from abate.faces.clock import present

if TYPE_CHECKING:
    from abate.application.energy.loads import Load

SiteOption = Annotated[str, typer.Option("--site", help="Site where the meter stands.")]
BuildingOption = Annotated[str, typer.Option("--building", help="Building of the site.")]
KindOption = Annotated[
    str,
    typer.Option(
        "--kind", help="What it counts, such as electricity or stationary-fuel/natural-gas."
    ),
]
ParentOption = Annotated[str, typer.Option("--parent", help="Meter that counts it, too.")]
ReplacesOption = Annotated[str, typer.Option("--replaces", help="Meter that stood in its place.")]
SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
        help="When it took that place, UTC.",
    ),
]


@meters_app.command("add")
def add_readings(
    files: Annotated[list[Path], typer.Argument(help="Any files that 'abate readings' reads.")],
    meter: Annotated[
        str, typer.Option("--meter", help="Name of the meter, where the file names none.")
    ] = "",
    site: SiteOption = "",
    building: BuildingOption = "",
    kind: KindOption = "",
    parent: ParentOption = "",
    replaces: ReplacesOption = "",
    since: SinceOption = None,
    zone: Annotated[
        str,
        typer.Option(
            "--zone",
            help="Time zone of clock times without an offset.",
            show_default="of the meter or site, else UTC",
        ),
    ] = "",
    stamp: StampOption = "",
    dates: DatesOption = "",
    decimal: DecimalOption = "",
    unit: UnitOption = "",
    later: Annotated[
        bool, typer.Option("--later", help="Of two readings for one step take the later one.")
    ] = False,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Load readings; of a step that has one already the newest load holds.

    Exit code 1 where something is wrong with the readings, or a file was refused.
    """
    from abate.application.energy.loads import LoadSpec, load_readings
    from abate.kernel.errors import AbateError

    opened = opened_at(workspace)
    how = LoadSpec(
        site=site,
        building=building,
        kind=kind,
        zone=zone,
        parent=parent,
        replaces=replaces,
        since=since,
        meter=meter,
        stamp=stamp,
        dates=dates,
        decimal=decimal,
        unit=unit,
        later=later,
    )
    done: list[Load] = []
    failed: list[AbateError] = []
    with out.progress("loading", len(files), quiet=json) as step:
        for file in files:
            try:
                done.append(load_readings(opened, file, how, now=present()))
            except AbateError as error:
                if len(files) == 1:
                    raise
                failed.append(error)
            step(file.name)
    if json:
        errors = [{"code": e.code, "message": e.message, "hint": e.hint} for e in failed]
        loads = [asdict(d) | {"findings": [f.json for f in d.findings]} for d in done]
        out.print_json({"loads": loads, "errors": errors})
    else:
        _print_loads(done)
        for refusal in failed:
            sys.stderr.write(f"{refusal}\n")
    found = any(f.severity != "info" for d in done for f in d.findings)
    raise typer.Exit(1 if failed or found else 0)


def _print_loads(done: list[Load]) -> None:
    columns = ("load", "file", "meters", "readings", "new", "changed")
    body = [
        (
            d.import_id,
            d.file,
            ", ".join(d.meters[:6]) + (f" and {len(d.meters) - 6} more" if d.meters[6:] else ""),
            f"{d.reading_count:,}",
            f"{d.new_count:,}",
            f"{d.changed_count:,}",
        )
        for d in done
    ]
    out.table("", columns, body, right=(3, 4, 5))
    found = [f for d in done for f in d.findings]
    if found:
        out.findings_table("", found)


@meters_app.command("list")
def list_meters(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List meters as a tree, with what is known of their readings."""
    from abate.application.energy.meters import depth_of, meters

    rows = meters(opened_at(workspace))
    if json:
        out.print_json(rows)
        return
    body = [
        (
            "  " * depth_of(r, rows) + r.meter,
            f"{r.site} {r.building}".strip(),
            r.what or r.flow,
            f"{r.unit}{', counter' if r.is_counter else ''}",
            f"{r.step_s // 60} min",
            r.zone,
            f"{r.first:%Y-%m-%d}" if r.first else "–",
            f"{r.past:%Y-%m-%d}" if r.past else "–",
            f"{r.missing_count:,}",
            f"{r.estimated_count:,}",
            f"{r.load_count:,}",
            "posted" if r.is_posted else "–",
        )
        for r in rows
    ]
    heads = "meter,site,counts,unit,step,zone,from,to,missing,estimated,loads,"
    out.table("", tuple(heads.split(",")), body, right=(4, 8, 9, 10))


@meters_app.command("show")
def show_meter(
    meter: Annotated[str, typer.Argument(help="Its name; see 'abate meters list'.")],
    by: Annotated[str, typer.Option(help="month, day or hour.")] = "month",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The rows: .csv or .parquet.")
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """What a meter used, with missing and estimated readings and what is wrong with it."""
    from abate.application.energy.batches import write_rows
    from abate.application.energy.usage import shown_meter

    found = shown_meter(opened_at(workspace), meter, by=by)
    if output is not None:
        write_rows(output, [asdict(s) for s in found.spans])
    if json:
        told = asdict(found) | {"findings": [f.json for f in found.findings]}
        out.print_json(told)
        return
    body = [
        (
            f"{s.begun:%Y-%m-%d %H:%M}",
            "missing" if s.amount is None else f"{s.amount:,.3f}",
            f"{s.estimated:,.3f}" if s.estimated_count else "",
            f"{s.step_count:,}",
            f"{s.missing_count:,}" if s.missing_count else "",
        )
        for s in found.spans
    ]
    title = f"{meter}, {found.unit}, by the clock of {found.meter.zone}"
    columns = ("from", "usage", "estimated", "readings", "missing")
    out.table(title, columns, body, right=(1, 2, 3, 4))
    if found.findings:
        out.findings_table("", found.findings)


@meters_app.command("readings")
def meter_readings(
    meter: Annotated[str, typer.Argument(help="Its name; see 'abate meters list'.")],
    after: Annotated[
        datetime | None, typer.Option(help="Only later ones, UTC.", formats=["%Y-%m-%d"])
    ] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=100_000)] = 1000,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The rows: .csv or .parquet.")
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show readings of a meter as usage a step, the oldest first."""
    from abate.application.energy.batches import write_rows
    from abate.application.energy.usage import readings_page

    found = readings_page(opened_at(workspace), meter, after=after, limit=limit)
    if output is not None:
        write_rows(output, [asdict(r) for r in found.rows])
    if json:
        out.print_json(asdict(found))
        return
    rows = [tuple(str(v) for v in asdict(r).values()) for r in found.rows[:100]]
    columns = tuple(asdict(found.rows[0])) if found.rows else ("start",)
    out.table(f"{meter}: {len(found.rows):,} readings", columns, rows)


@meters_app.command("set")
def set_meter(
    meter: Annotated[str, typer.Argument(help="Its name.")],
    site: SiteOption = "",
    building: BuildingOption = "",
    kind: KindOption = "",
    parent: ParentOption = "",
    replaces: ReplacesOption = "",
    since: SinceOption = None,
    zone: Annotated[
        str, typer.Option("--zone", help="Time zone whose days and months it keeps.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Say where a meter stands and what it counts; 'abate undo' takes it back."""
    from abate.application.energy.meters import Place, change_meter

    place = Place(site, building, kind, zone, parent, replaces, since)
    import_id = change_meter(opened_at(workspace), meter, place, now=present(), reason=reason)
    out.console().print(f"{import_id} says it of '{meter}'.")


@meters_app.command("post")
def post(
    year: Annotated[str, typer.Option("--year", "-y", help="Fiscal year, such as FY2024.")],
    by: Annotated[str, typer.Option(help="What a row covers: month, day or hour.")] = "month",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Bring the usage of a year into the ledger, in place of what was posted of it before."""
    from abate.application.energy.postings import post_usage

    with out.working("adding up"):
        made = post_usage(opened_at(workspace), year.upper(), now=present(), by=by)
    if json:
        out.print_json(made)
    else:
        body = [
            (r.import_id, r.file, r.row_count, r.accepted_count, r.quarantined_count)
            for r in made.imports
        ]
        if body:
            columns = ("import", "file", "rows", "entered", "quarantine")
            out.table("", columns, body, right=(2, 3, 4))
        for kind in made.unchanged:
            out.console().print(f"{kind}: nothing changed.")
        for meter, why in made.left_out.items():
            out.console().print(f"'{meter}' is not posted: {why}.")
    raise typer.Exit(1 if any(r.quarantined_count for r in made.imports) else 0)
