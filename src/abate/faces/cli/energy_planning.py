"""Commands of energy planning: tariffs and their bills, dispatch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

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
from abate.kernel.edges import Json
from abate.kernel.errors import AbateError

if TYPE_CHECKING:
    from abate.adapters.store.workspace import Workspace
    from abate.application.energy.tariffs import BillShown
    from abate.energy.planners.matching import Basis

Objective = Literal["cost", "carbon"]
tariff_app = typer.Typer(
    help="Tariffs: list, show, keep one, and bill readings by it.", no_args_is_help=True
)
app.add_typer(tariff_app, name="tariff")
SiteArgument = Annotated[str, typer.Argument(help="Site of the workspace.")]
FirstOption = Annotated[
    str,
    typer.Option("--from", help="First moment.", show_default="a span before the last reading"),
]
LoadOption = Annotated[
    str,
    typer.Option(
        "--meter",
        help="Meters that say the load, with commas.",
        show_default="those of the buildings",
    ),
]
TariffOption = Annotated[
    str, typer.Option("--tariff", help="Tariff.", show_default="that of energy.toml")
]
TariffArgument = Annotated[str, typer.Argument(help="Name of a tariff, or path of its file.")]


def _workspace(path: Path) -> Workspace | None:
    """The workspace of a folder; None where the folder is none: shipped tariffs serve there."""
    try:
        opened: Workspace = opened_at(path)
    except AbateError as error:
        if path != HERE or error.code != "no-workspace":
            raise
        return None
    return opened


@app.command()
def certificates(
    year: Annotated[
        str, typer.Option("--year", "-y", help="Only those retired for this fiscal year.")
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """List certificates and contracts that count, with what runs matched of them."""
    from dataclasses import asdict

    from abate.application.inventory.instruments import certificates as listed

    found = listed(opened_at(workspace), year)
    if json:
        out.print_json([asdict(c) for c in found])
        return
    body = [
        (
            c.instrument,
            c.tier,
            c.technology,
            c.market,
            f"{c.vintage_from} to {c.vintage_to}",
            c.retired_for,
            f"{c.amount_kwh:,.0f}",
            *("–" if v is None else f"{v:,.0f}" for v in (c.matched_kwh, c.left_kwh)),
        )
        for c in found
    ]
    heads = (
        "instrument",
        "tier",
        "technology",
        "market",
        "generated",
        "for",
        "kWh",
        "matched",
        "left",
    )
    out.table("", heads, body, right=(6, 7, 8))


@tariff_app.command("list")
def list_tariffs(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List the tariffs of the workspace and those that come with Abate."""
    from dataclasses import asdict

    from abate.application.energy.tariffs import tariffs

    found = tariffs(_workspace(workspace))
    if json:
        out.print_json([asdict(t) for t in found])
        return
    body = [(t.id, t.title, t.currency, "yes" if t.own else "") for t in found]
    out.table("", ("tariff", "title", "currency", "own"), body)


@tariff_app.command("show")
def show_tariff(
    tariff: TariffArgument,
    year: Annotated[int, typer.Option(help="Year of which the hours are priced.")] = 2026,
    chart: Annotated[Path | None, typer.Option("--chart", help="SVG to draw.")] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show what a tariff charges, line by line, and draw the price of each hour of a year."""
    from abate.application.energy.tariffs import show_tariff as shown

    told = shown(_workspace(workspace), tariff, year=year)
    if chart is not None:
        _draw(chart, told.chart)
    if json:
        out.print_json(told.json)
        return
    body = [(r["line"], r["kind"], r["part"], f"{r['price']:g}", r["unit"]) for r in told.lines]
    out.table(told.tariff.title, ("line", "kind", "part", "price", "unit"), body, right=(3,))
    facts = told.json
    if told.hours:
        out.console().print(
            f"A kWh costs {facts['lowest']:g} to {facts['highest']:g} {told.tariff.currency}."
        )
    for text in (told.tariff.source, told.tariff.note):
        if text:
            out.console().print(text, markup=False)


@tariff_app.command("add")
def add_tariff(
    file: Annotated[Path, typer.Argument(help="TOML of a tariff; see docs/systems/tariffs.md.")],
    name: Annotated[str, typer.Option(help="Its name.", show_default="that of the file")] = "",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Keep a tariff in the workspace, in place of one of the same name."""
    from abate.application.energy.tariffs import add_tariff as keep

    kept = keep(opened_at(workspace), file, name=name)
    out.console().print(f"Kept as '{kept.id}': {len(kept.lines)} lines.")


@tariff_app.command("bill")
def tariff_bill(
    tariff: TariffArgument,
    file: Annotated[
        Path | None,
        typer.Argument(help="Readings of the connection: CSV, XLSX, Parquet and others."),
    ] = None,
    meter: Annotated[
        str, typer.Option(help="Meters of the workspace in place of a file, with commas.")
    ] = "",
    year: Annotated[int, typer.Option(help="Calendar year.", show_default="all readings")] = 0,
    contract_kw: Annotated[
        float, typer.Option(min=0, help="Power by contract.", show_default="the tariff's")
    ] = 0.0,
    capacity_kva: Annotated[
        float, typer.Option(min=0, help="Transformer.", show_default="the tariff's")
    ] = 0.0,
    received: Annotated[
        Path | None,
        typer.Option(help="Bill that came in: columns line, month, amount, and quantity if known."),
    ] = None,
    earlier: Annotated[
        list[str] | None,
        typer.Option(help="Highest power of a month before the readings, such as 2023-12=410."),
    ] = None,
    series: Annotated[
        str, typer.Option(help="Series of the file that belong to the connection, with commas.")
    ] = "",
    zone: Annotated[
        str, typer.Option(help="Time zone of the file.", show_default="the tariff's")
    ] = "",
    unit: Annotated[str, typer.Option(help="Unit of series of which the file states none.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Bill readings by a tariff, line by line, and compare with a bill that came in.

    Exit code 1 where readings or prices are missing, or where the bills differ by a cent or more.
    """
    from abate.application.energy.tariffs import BillSpec, bill_file, bill_meters, earlier_of
    from abate.kernel.errors import UsageError

    if bool(file) == bool(meter):
        text = "Name a file of readings, or meters with --meter."
        raise UsageError("what-to-read", text, "One of the two.")
    named = names_of(series)
    spec = BillSpec(tariff, year, contract_kw, capacity_kva, earlier_of(earlier or ()), named)
    if file is not None:
        told = bill_file(_workspace(workspace), spec, file, zone=zone, unit=unit, received=received)
    else:
        names = names_of(meter)
        told = bill_meters(opened_at(workspace), spec, names, received=received)
    if json:
        out.print_json(told.json)
    else:
        _print_bill(told)
    differ = any(abs(c.difference) >= CENT for c in told.compared)
    raise typer.Exit(1 if told.bill.missing or differ else 0)


CENT = 0.01


def _print_bill(told: BillShown) -> None:
    bill = told.bill
    body = [
        (r["line"], r["part"], f"{r['quantity']:,.2f}", r["unit"], f"{r['amount']:,.2f}")
        for r in told.by_line
    ]
    columns = ("line", "part", "quantity", "unit", bill.currency)
    star = " (incomplete)" if bill.missing else ""
    out.table(
        f"{told.tariff.title}: {bill.total:,.2f} {bill.currency}{star}", columns, body, right=(2, 4)
    )
    months = [(m, f"{a:,.2f}") for m, a in sorted(bill.months.items())]
    out.table("By month", ("month", bill.currency), months, right=(1,))
    if told.compared:
        rows = [
            (
                c.month,
                c.line,
                *("–" if v is None else f"{v:,.2f}" for v in (c.computed, c.received)),
                f"{c.difference:,.2f}",
            )
            for c in told.compared
        ]
        columns = ("month", "line", "computed", "received", "difference")
        out.table("Beside the bill that came in", columns, rows, right=(2, 3, 4))
    if bill.findings:
        out.findings_table("Findings", list(bill.findings))


@app.command()
def dispatch(
    site: SiteArgument,
    first: FirstOption = "",
    span: Annotated[str, typer.Option(help="How long: 7d, 1m, 1y.")] = "7d",
    meter: LoadOption = "",
    tariff: TariffOption = "",
    objective: Annotated[str, typer.Option(help="What is least: cost or carbon.")] = "cost",
    ahead: Annotated[
        int,
        typer.Option(
            min=0, max=168, help="Plan on forecasts this many hours ahead; 0 knows what comes."
        ),
    ] = 0,
    quantile: Annotated[
        float, typer.Option(help="Of load that forecasts are planned on: 0.8 is careful.")
    ] = 0.5,
    front: Annotated[
        bool, typer.Option("--front", help="Draw plans between least cost and least carbon.")
    ] = False,
    post: Annotated[str, typer.Option(help="Keep it as a plan of this name.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Steps: .csv or .parquet.")
    ] = None,
    chart: Annotated[Path | None, typer.Option("--chart", help="SVG of the first week.")] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Dispatch a site: when batteries charge and loads run, and what its bill is then.

    Batteries, loads that may be moved, plants and the connection stand in energy.toml. Exit code 1
    where a limit cannot be kept.
    """
    from abate.application.energy.batches import write_rows
    from abate.application.energy.dispatches import DispatchSpec, dispatch_site, post_dispatch

    opened = opened_at(workspace)
    meters = names_of(meter)
    spec = DispatchSpec(
        site,
        first,
        span,
        meters,
        tariff,
        cast("Objective", objective),
        ahead,
        front,
        quantile,
    )
    with out.working("planning"):
        told = dispatch_site(opened, spec)
    if output is not None:
        write_rows(output, told.rows)
    if chart is not None:
        _draw(chart, told.charts[0])
    if post:
        post_dispatch(opened, told, name=post, now=present())
    if json:
        out.print_json(told.json)
    else:
        _print_dispatch(told.json)
        if post:
            out.console().print(f"Kept as plan '{post}': see 'abate plans'.")
    raise typer.Exit(1 if told.made.breaches else 0)


@app.command("match")
def match_hours(
    year: YearOption,
    basis: Annotated[
        str, typer.Option(help="hourly, or monthly: all hours of a month as one.")
    ] = "hourly",
    lots: Annotated[
        list[Path] | None,
        typer.Option(help="Lots by the hour: device, start, kwh, region. Several times."),
    ] = None,
    grid: Annotated[
        Path | None,
        typer.Option(help="Hours of the grid: time, clean_share, residual_kg_per_kwh."),
    ] = None,
    first: Annotated[
        str, typer.Option("--first", help="Sites served before others, with commas.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Claims: .csv or .parquet.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", help="SVG: 24 hours of each day.")
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Match what sites used by the hour with what plants and lots gave in the same hour.

    Exit code 1 where hours are missing. Nothing is retired; see `abate lots claim`.
    """
    from abate.application.energy.batches import write_rows
    from abate.application.energy.matchings import match_year

    with out.working("matching"):
        told = match_year(
            opened_at(workspace),
            year,
            basis=cast("Basis", basis),
            lots=lots or (),
            grid=grid,
            first=names_of(first),
        )
    if output is not None:
        write_rows(output, told.rows)
    if chart is not None and told.charts:
        _draw(chart, told.charts[0])
    found = told.json
    if json:
        out.print_json(found)
    else:
        _print_matching(found)
    raise typer.Exit(1 if found["incomplete"] else 0)


def _print_matching(told: Json) -> None:
    star = "*" if told["incomplete"] else ""
    lines = [
        ("used", f"{told['used_kwh']:,.0f} kWh"),
        ("generated", f"{told['generated_kwh']:,.0f} kWh"),
        ("matched", f"{told['matched_kwh']:,.0f} kWh"),
        (f"matched share, {told['basis']}", f"{told['matched_share']:.1%}{star}"),
        ("generated over used", f"{told['volumetric_share']:.1%}{star}"),
    ]
    if told["with_grid_share"] is not None:
        lines.append(("with the clean part of the grid", f"{told['with_grid_share']:.1%}{star}"))
        lines.append(("emissions of the rest", f"{told['residual_kg'] / 1000:,.1f} t CO2e"))
    out.table(told["year"], ("", ""), lines, right=(1,))
    body = [(s["site"], f"{s['used_kwh']:,.0f}", f"{s['matched_kwh']:,.0f}") for s in told["sites"]]
    out.table("", ("site", "used, kWh", "matched, kWh"), body, right=(1, 2))
    gone = [
        (d["device"], f"{d['generated_kwh']:,.0f}", f"{d['left_kwh']:,.0f}")
        for d in told["devices"]
    ]
    out.table("", ("device", "generated, kWh", "left, kWh"), gone, right=(1, 2))
    for lack in told["incomplete"]:
        out.console().print(f"* {lack['of']}: {lack['hours']:,} hours have no reading.")


@app.command()
def size(
    site: SiteArgument,
    first: FirstOption = "",
    span: Annotated[str, typer.Option(help="Readings that stand for a year: 1y, 6m.")] = "1y",
    meter: LoadOption = "",
    tariff: TariffOption = "",
    post: Annotated[str, typer.Option(help="Keep it as a plan of this name.")] = "",
    chart: Annotated[Path | None, typer.Option("--chart", help="SVG of the sensitivity.")] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Size generators and batteries of a site: what to build, what it saves, how sure that is.

    Costs stand in energy.toml: [[technologies]] and [finance]. Exit code 1 where a share that has
    to be kept cannot be.
    """
    from abate.application.energy.dispatches import DispatchSpec
    from abate.application.energy.sizings import post_sizing, size_of

    opened = opened_at(workspace)
    meters = names_of(meter)
    with out.working("sizing"):
        told = size_of(opened, DispatchSpec(site, first, span, meters, tariff))
    if chart is not None:
        _draw(chart, told.charts[0])
    if post:
        post_sizing(opened, told, name=post, now=present())
    if json:
        out.print_json(told.json)
    else:
        _print_sizing(told.json)
    raise typer.Exit(1 if told.plan.missed else 0)


def _print_sizing(told: Json) -> None:
    money = told["currency"]
    body = [
        (
            b["id"],
            f"{b['kw']:,.1f}",
            f"{b['kwh']:,.1f}" if b["kwh"] else "",
            f"{b['cost']:,.0f}",
            f"{b['energy_kwh']:,.0f}",
            "–" if b["levelised_cost"] is None else f"{b['levelised_cost']:.4f}",
        )
        for b in told["built"]
    ]
    columns = ("", "kW", "kWh", f"{money} to build", "kWh a year", f"{money}/kWh, levelised")
    out.table(
        f"{told['site']}, {told['years']} years at {told['discount']:.1%}",
        columns,
        body,
        right=range(1, 6),
    )
    lines = [
        ("net present value", f"{told['npv']:,.0f} {money}"),
        ("to build", f"{told['invested']:,.0f} {money}"),
        (
            "pays back after",
            "–" if told["payback_years"] is None else f"{told['payback_years']:.1f} years",
        ),
        (
            "used on site",
            "–" if told["self_use_share"] is None else f"{told['self_use_share']:.1%}",
        ),
        ("of the load, not from the grid", f"{told['supply_share']:.1%}"),
    ]
    lines += [("not counted", what) for what in told["left_out"]]
    lines += [(f"cannot be kept: {m['limit']}", f"{m['kwh']:,.0f} kWh") for m in told["missed"]]
    out.table("", ("", ""), lines, right=(1,))
    rows = [(s["input"], f"{s['lower']:,.0f}", f"{s['higher']:,.0f}") for s in told["sensitivity"]]
    heads = ("input", "a fifth lower", "a fifth higher")
    out.table(f"Net present value, {money}", heads, rows, right=(1, 2))


@app.command()
def settle(
    plan: Annotated[str, typer.Argument(help="Name of a kept dispatch.")],
    meter: Annotated[
        str,
        typer.Option(
            "--meter",
            help="Meters of the connection, with commas.",
            show_default="the site's posted ones",
        ),
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Settle a kept dispatch: what it promised, beside what the meters show since.

    Exit code 1 where readings are missing.
    """
    from abate.application.energy.settlements import settle_plan

    told = settle_plan(opened_at(workspace), plan, names_of(meter))
    found = told.json
    if json:
        out.print_json(found)
        raise typer.Exit(1 if found["incomplete"] else 0)
    lines = [
        (f"cost, {told.currency}", told.cost),
        ("from the grid, kWh", told.kwh),
        *((f"kg CO2e, {view}", sides) for view, sides in told.kg.items()),
    ]
    body = [
        (
            name,
            *(f"{v:,.2f}" for v in (sides.without, sides.planned, sides.came)),
            "–" if (kept := told.kept(sides)) is None else f"{kept:.0%}",
        )
        for name, sides in lines
    ]
    title = f"{told.plan}: {told.site}, {told.first} to {told.past}"
    heads = ("", "without it", "planned", "came", "of the saving came")
    out.table(title, heads, body, right=(1, 2, 3, 4))
    if told.missing_steps:
        lack = f"* {told.missing_steps:,} of {told.steps:,} steps have no reading."
        out.console().print(lack)
    if told.export_unseen:
        out.console().print("* What was fed in has no meter: name one with --meter.")
    raise typer.Exit(1 if found["incomplete"] else 0)


def _print_dispatch(told: Json) -> None:
    money = str(told["currency"])
    lines = [
        ("bill without a plan", told["before"], money),
        ("bill with it", told["after"], money),
        ("wear and load left out", told["wear"], money),
        ("saved", told["saving"], money),
        ("from the grid", told["import_kwh"], "kWh"),
        ("into the grid", told["export_kwh"], "kWh"),
        ("highest power", told["highest_kw"], "kW"),
        ("highest power without", told["highest_kw_without"], "kW"),
        ("carbon of the grid's energy", told["carbon_kg"], "kg CO2e"),
        ("the same without a plan", told["carbon_kg_without"], "kg CO2e"),
    ]
    if told["regret"] is not None:
        lines.append(("lost to the errors of forecasts", told["regret"], money))
    if told["inside_80"] is not None:
        inside = 100 * told["inside_80"]
        lines.append(("steps within the 80 % range foreseen", inside, "%"))
    body = [(name, f"{value:,.2f}", unit) for name, value, unit in lines]
    title = f"{told['site']}, {told['from']} to {told['to']}, {told['tariff']}"
    out.table(title, ("", "", ""), body, right=(1,))
    if told["breaches"]:
        rows = [
            (b["limit"], b["of"], b["at"], b["steps"], f"{b['kwh']:,.2f}", b["mend"])
            for b in told["breaches"]
        ]
        out.table("Limits that cannot be kept", ("limit", "of", "from", "steps", "kWh", ""), rows)
    for one in told["left_out"]:
        out.console().print(f"{one['line']}: {one['why']}.")
    for finding in told["findings"]:
        out.console().print(f"{finding['message']} {finding['hint']}", markup=False)
    if told["front"]:
        points = [
            (
                "–" if p["carbon_price"] is None else f"{p['carbon_price']:g}",
                f"{p['cost']:,.2f}",
                f"{p['carbon_kg']:,.1f}",
            )
            for p in told["front"]
        ]
        columns = (f"{money} per kg", money, "kg CO2e")
        out.table("Between least cost and least carbon", columns, points, right=(0, 1, 2))


@app.command("contract")
def compare_contracts(
    files: Annotated[list[Path], typer.Argument(help="TOML of each contract.")],
    market: Annotated[
        Path,
        typer.Option(
            help="Hours of years: time, price (of a MWh), generation (kW by kW), load (kW)."
        ),
    ],
    paths: Annotated[
        int, typer.Option(min=1, max=200_000, help="Futures that are drawn.")
    ] = 10_000,
    discount: Annotated[float, typer.Option(help="A year, as a share.")] = 0.06,
    price_rise: Annotated[float, typer.Option(help="Expected rise of prices a year.")] = 0.0,
    level_sd: Annotated[
        float, typer.Option(help="Standard deviation of a year's step of the price level.")
    ] = 0.15,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of the draws.")] = 1,
    zone: Annotated[str, typer.Option(help="Time zone of the market's times.")] = "UTC",
    site: Annotated[str, typer.Option(help="Site whose load it is: also tonnes.")] = "",
    chart: Annotated[Path | None, typer.Option("--chart", help="SVG of the distributions.")] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Value power contracts side by side, over the same futures, against buying at the market."""
    from abate.application.energy.contracts import compare_contracts as compared
    from abate.energy.planners.contracts import Futures

    futures = Futures(paths, discount, price_rise, level_sd, seed=seed)
    opened = opened_at(workspace) if site else None
    with out.working("drawing futures"):
        told = compared(files, market, futures, zone=zone, workspace=opened, site=site)
    if chart is not None:
        _draw(chart, told.charts[0])
    if json:
        out.print_json(told.json)
        return
    heads = ("", *(v.id for v in told.values))
    lines = (
        ("net present value, mean", "mean", ",.0f"),
        ("one in ten is worse than", "p10", ",.0f"),
        ("half are worse than", "p50", ",.0f"),
        ("nine in ten are worse than", "p90", ",.0f"),
        ("mean of the worst twentieth", "cvar_95", ",.0f"),
        ("volume, MWh a year", "volume_mwh", ",.0f"),
        ("paid for a MWh", "paid_per_mwh", ",.2f"),
        ("mean price of the market", "market_price", ",.2f"),
        ("captured for a MWh", "capture_price", ",.2f"),
        ("cost of shape", "shape_cost", ",.2f"),
        ("hours below zero a year", "negative_hours", ",.0f"),
        ("share of the load, by the year", "clean_share_year", ".1%"),
        ("share of the load, by the hour", "clean_share_hour", ".1%"),
        ("spread of the cost of energy", "cost_sd", ",.0f"),
        ("the same without a contract", "cost_sd_without", ",.0f"),
    )
    body = [
        (title, *(format(getattr(v, name), how) for v in told.values)) for title, name, how in lines
    ]
    for title, name in (
        ("t CO2e by location", "location"),
        ("t CO2e by the market, without", "market_without"),
        ("t CO2e by the market, with it", "market_with"),
    ):
        if told.tonnes:
            body.append((title, *(f"{getattr(t, name):,.1f}" for t in told.tonnes)))
    title = f"{told.futures.paths:,} futures of {told.years} years of hours, {told.currency}"
    out.table(title, heads, body, right=range(1, len(heads)))


def _draw(path: Path, spec: Json) -> None:
    import vl_convert

    from abate.adapters.store.writing import write_whole

    write_whole(path, vl_convert.vegalite_to_svg(spec))
