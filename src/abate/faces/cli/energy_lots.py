"""Commands of lots: certificates by the hour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from abate.faces.cli import show as out
from abate.faces.cli.app import (
    HERE,
    JsonOption,
    WorkspaceOption,
    YearOption,
    app,
    names_of,
    opened_at,
)
from abate.faces.clock import present

if TYPE_CHECKING:
    from abate.application.energy.lots import LotsChanged
    from abate.energy.planners.matching import Basis

lots_app = typer.Typer(
    help="Certificates by the hour: issue, read, deliver, move, store, claim and export lots.",
    no_args_is_help=True,
)
app.add_typer(lots_app, name="lots")
BasisOption = Annotated[str, typer.Option(help="hourly, or monthly: all hours of a month as one.")]
FirstOption = Annotated[
    str, typer.Option("--first", help="Sites served before others, with commas.")
]


@lots_app.command("list")
def list_lots(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List lots by device: what was issued, and where it is now."""
    from dataclasses import asdict

    from abate.application.energy.lots import lots

    found = lots(opened_at(workspace))
    if json:
        out.print_json([asdict(d) for d in found])
        return
    body = [
        (
            d.device,
            d.technology,
            d.region or "anywhere",
            d.contract or d.issuer,
            f"{d.first:%Y-%m-%d %H:%M} – {d.last:%Y-%m-%d %H:%M}",
            *(
                f"{wh / 1000:,.3f}"
                for wh in (d.issued_wh, d.held_wh, d.claimed_wh, d.stored_wh, d.moved_wh)
            ),
        )
        for d in found
    ]
    columns = ("device", "technology", "region", "from", "hours", "issued, kWh", "held")
    out.table("", (*columns, "claimed", "stored", "moved"), body, right=range(5, 10))


@lots_app.command("issue")
def issue(
    year: YearOption,
    plant: Annotated[
        str, typer.Option("--plant", help="Plants, with commas.", show_default="all of energy.toml")
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Issue lots of what the meters of plants show for a year; again only what is new."""
    from abate.application.energy.lots import issue_lots

    with out.working("issuing"):
        made = issue_lots(opened_at(workspace), year, plants=names_of(plant), now=present())
    _tell(made, json=json)


@lots_app.command("add")
def add(
    file: Annotated[
        Path,
        typer.Argument(help="EnergyTag's records (CSV, JSON), green certificates, or a table."),
    ],
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Read lots that others issued."""
    from abate.application.energy.lots import add_lots

    with out.working("reading"):
        made = add_lots(opened_at(workspace), file, now=present())
    _tell(made, json=json)


@lots_app.command("deliver")
def deliver(
    contract: Annotated[Path, typer.Argument(help="File of a signed contract (TOML).")],
    hours: Annotated[Path, typer.Argument(help="Hours that were metered: time, kwh.")],
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Record what a signed contract delivered by the hour; nothing before it was delivered."""
    from abate.application.energy.lots import deliver_lots

    made = deliver_lots(opened_at(workspace), contract, hours, now=present())
    _tell(made, json=json)


@lots_app.command("move")
def move(
    to: Annotated[str, typer.Option("--to", help="Who receives them.")],
    device: Annotated[str, typer.Option("--device", help="Devices, with commas.")] = "",
    since: Annotated[str, typer.Option("--since", help="First moment.")] = "",
    until: Annotated[str, typer.Option("--until", help="The moment after the last.")] = "",
    kwh: Annotated[
        float | None, typer.Option(help="How much, earliest first.", show_default="all held then")
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Give lots to somebody else; undone with 'abate undo'."""
    from abate.application.energy.lots import move_lots

    opened, names = opened_at(workspace), names_of(device)
    made = move_lots(opened, to, devices=names, since=since, until=until, kwh=kwh, now=present())
    _tell(made, json=json)


@lots_app.command("store")
def store(
    storage: Annotated[str, typer.Argument(help="Name of the storage.")],
    hours: Annotated[Path, typer.Argument(help="time, charged_kwh, discharged_kwh.")],
    region: Annotated[str, typer.Option(help="Where it stands, such as CN.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Record what a storage took in and gave back by the hour, with its origin."""
    from abate.application.energy.lots import store_lots

    made = store_lots(opened_at(workspace), storage, hours, region=region, now=present())
    _tell(made, json=json)


@lots_app.command("claim")
def claim(
    year: YearOption,
    basis: BasisOption = "hourly",
    first: FirstOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Match the hours of a year and retire the lots that were matched, all or none."""
    from abate.application.energy.lots import claim_year

    with out.working("matching"):
        made = claim_year(
            opened_at(workspace),
            year,
            basis=cast("Basis", basis),
            first=names_of(first),
            now=present(),
        )
    _tell(made, json=json)


@lots_app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help=".csv or .json to write.")],
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Write all lots where they stand, in EnergyTag's terms."""
    from abate.application.energy.lots import export_lots

    count = export_lots(opened_at(workspace), file)
    if json:
        out.print_json({"bundles": count, "file": str(file)})
    else:
        out.console().print(f"{count:,} bundles in {file}")


def _tell(made: LotsChanged, *, json: bool) -> None:
    from dataclasses import asdict

    if json:
        out.print_json(asdict(made))
        return
    if not made.import_id:
        out.console().print("Nothing to do.")
    else:
        told = f"{made.import_id}: {made.wh / 1000:,.3f} kWh in {made.rows:,} transfers."
        out.console().print(told)
    if made.left_out:
        out.console().print(f"{made.left_out:,} hours or rows were left out.")
    if made.unknown_wh:
        out.console().print(f"{made.unknown_wh / 1000:,.3f} kWh came out of what was held before.")
    if made.over_wh:
        notice = f"{made.over_wh / 1000:,.3f} kWh issued earlier are more than the meter shows now."
        out.console().print(notice, style="yellow")
