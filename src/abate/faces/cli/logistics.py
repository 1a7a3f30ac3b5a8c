"""Commands of packing: pack, assort, reuse, stock, plans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from abate.adapters.store.writing import write_whole
from abate.faces.cli import show as out
from abate.faces.cli.app import HERE, JsonOption, WorkspaceOption, app, opened_at, workers_of
from abate.faces.clock import present
from abate.kernel.edges import Model
from abate.kernel.units import in_kg

CartonsOption = Annotated[
    Path | None,
    typer.Option(
        "--cartons", "-c", help="Assortment: CSV, Parquet or JSON.", show_default="in ORDERS"
    ),
]
LengthsOption = Annotated[
    str, typer.Option("--lengths", help="Unit of lengths whose headers name none: mm, cm, m, in.")
]
MassesOption = Annotated[
    str, typer.Option("--masses", help="Unit of masses whose headers name none: g, kg, lb, oz.")
]
WorkersOption = Annotated[
    str,
    typer.Option(
        help=(
            "Processes, or a Spark master such as spark://host:7077; few cartons are shared out by"
            " one."
        )
    ),
]
SiteOption = Annotated[str, typer.Option(help="Site of orders that name none.")]
MonthOption = Annotated[str, typer.Option(help="Month of orders that name none, such as 2024-03.")]
PackagingOption = Annotated[
    Path | None,
    typer.Option(
        "--packaging",
        help=(
            "TOML: [materials] tape, filler, ends; [scheme] of circulating boxes; [tariff] of the"
            " carrier; [freight] of the parcels."
        ),
    ),
]
SeedOption = Annotated[
    int, typer.Option(help="Same orders and seed, same bytes.", min=0, max=2**31 - 1)
]


@app.command()
def pack(
    orders: Annotated[
        Path, typer.Argument(help="CSV, Parquet, JSON, or the text format of packing benchmarks.")
    ],
    cartons: CartonsOption = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help=(
                "Plan: .jsonl, .json, .csv, .parquet or .html; a name without one gets .jsonl and"
                " .html."
            ),
        ),
    ] = Path("plan"),
    objective: Annotated[
        str,
        typer.Option(
            help=(
                "fewest (parcels, then the price of cartons, then board), board, cost, volume,"
                " parcels, a weighting such as board=1,parcels=0.05, cost+carbon: money with the"
                " internal carbon price, or postage: money with the tariff of --packaging."
            )
        ),
    ] = "fewest",
    support: Annotated[
        float | None,
        typer.Option(help="Least share of each base that is supported.", show_default="0.8"),
    ] = None,
    effort: Annotated[str, typer.Option(help="fast, thorough or proved.")] = "fast",
    baseline: Annotated[
        str,
        typer.Option(
            help=(
                "What the warehouse does now: volume, volume=0.8 (how full its rule lets a carton"
                " be), record, or none."
            )
        ),
    ] = "volume",
    workers: WorkersOption = "1",
    seed: SeedOption = 0,
    packaging: PackagingOption = None,
    post: Annotated[
        str,
        typer.Option(help="Value both sides and keep the plan in the workspace under this name."),
    ] = "",
    site: SiteOption = "",
    month: MonthOption = "",
    use_stock: Annotated[
        bool,
        typer.Option(
            "--stock",
            help="Used and circulating cartons as many as the workspace holds at each site.",
        ),
    ] = False,
    lengths: LengthsOption = "",
    masses: MassesOption = "",
    labels: Annotated[
        Path | None, typer.Option(help="Page of labels to print, one for each parcel.")
    ] = None,
    containers: Annotated[
        str,
        typer.Option(
            "--into",
            help=(
                "Containers and pallets in place of cartons: 20ft, 40ft, 40hc, eur-pallet,"
                " industrial-pallet; several with commas."
            ),
        ),
    ] = "",
    seconds: Annotated[
        float,
        typer.Option(
            help="After this time the orders left are packed the fast way; 0 for no limit.",
            min=0,
            max=1e6,
        ),
    ] = 0.0,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Pack orders into cartons: the plan, its proof, and what is used now beside it.

    Exit code 1 where rows are wrong, or an item fits no carton.
    """
    from abate.application.logistics.orders import PackTerms, pack_orders

    terms = PackTerms(
        objective=objective,
        support=support,
        effort=effort,
        baseline=baseline,
        seed=seed,
        seconds=seconds,
        post=post,
        site=site,
        month=month,
        stock=use_stock,
        containers=containers,
        lengths=lengths,
        masses=masses,
    )
    paths = (
        [output] if output.suffix else [output.with_suffix(".jsonl"), output.with_suffix(".html")]
    )
    with out.counting("packing", quiet=json) as step:
        done = pack_orders(
            orders,
            cartons,
            paths,
            terms,
            workspace=opened_at(workspace) if terms.needs_workspace else None,
            packaging=packaging,
            labels=labels,
            workers=workers_of(workers),
            on_batch=step,
            now=present(),
        )
    if json:
        out.print_json(done.json)
    else:
        _print_packed(done.summary, done.model, paths)
    raise typer.Exit(1 if done.summary.unpacked else 0)


def _print_packed(tally: Any, model: Model, paths: list[Path]) -> None:
    cards = [(c["title"], c["text"], c["unit"]) for c in model["cards"]]
    out.table("", ("what", "value", ""), cards, right=(1,))
    if tally.compared:
        keys: tuple[str, ...] = ("id", "room", "source", "now", "proposed")
        body = [tuple(c[k] for k in keys) for c in model["cartons"]]
        out.table("", ("carton", "inside mm", "source", "now", "proposed"), body, right=(3, 4))
    if model["valued"]:
        keys = ("scope", "baseline", "proposed", "saving")
        body = [tuple(v[k] for k in keys) for v in model["valued"]]
        out.table("", ("kg CO2e", "now", "proposed", "less"), body, right=(1, 2, 3))
        out.console().print(model["claim"])
    if tally.findings:
        out.findings_table("", tally.findings, limit=20)
    out.console().print(f"Plan: {', '.join(map(str, paths))}")


@app.command()
def fit(
    items: Annotated[
        list[str], typer.Argument(help="Items of one order: '190x140x50 mm 400 g x3'.")
    ],
    cartons: Annotated[
        Path, typer.Option("--cartons", "-c", help="Assortment: CSV, Parquet or JSON.")
    ],
    objective: Annotated[
        str, typer.Option(help="fewest, board, cost, volume, parcels, or a weighting.")
    ] = "fewest",
    effort: Annotated[str, typer.Option(help="fast, thorough or proved.")] = "proved",
    svg: Annotated[
        Path | None, typer.Option(help="Folder for a picture of each parcel, step by step.")
    ] = None,
    lengths: LengthsOption = "",
    masses: MassesOption = "",
    json: JsonOption = False,
) -> None:
    """Pack one order, and say of every carton whether it holds it, or what keeps it out.

    Exit code 1 where an item fits no carton.
    """
    from abate.application.logistics.fitting import fit_order, read_item
    from abate.application.logistics.orders import PackTerms

    terms = PackTerms(objective=objective, effort=effort, lengths=lengths, masses=masses)
    found = fit_order([read_item(i) for i in items], cartons, terms)
    if svg is not None:
        for number, picture in enumerate(found.pictures, 1):
            write_whole(svg / f"parcel-{number}.svg", picture)
    if json:
        out.print_json(found.json)
    else:
        parcels = ", ".join(p.carton for p in found.packed.parcels) or "nothing"
        proved = "; nothing costs less, this is proved" if found.packed.proved else ""
        out.console().print(f"Packed into: {parcels}{proved}.")
        body = [
            (c.carton, "x".join(map(str, c.room_mm)), "no" if c.why else "yes", c.told)
            for c in found.cartons
        ]
        out.table("", ("carton", "inside mm", "holds it", "why"), body)
    raise typer.Exit(1 if found.packed.unpacked else 0)


@app.command()
def packed(
    plan: Annotated[Path, typer.Argument(help="The .jsonl that 'abate pack' wrote.")],
    actual: Annotated[
        Path, typer.Argument(help="What was packed: order and carton, a row for each parcel.")
    ],
    cartons: CartonsOption = None,
    json: JsonOption = False,
) -> None:
    """Hold what was packed against the plan: what went as planned, what did not, and the board."""
    from abate.application.logistics.readback import read_back

    told = read_back(plan, actual, cartons)
    if json:
        out.print_json(told.json)
        return
    rows = [(c, f"{n['planned']:,}", f"{n['packed']:,}") for c, n in told.json["cartons"].items()]
    out.table("", ("carton", "planned", "packed"), rows, right=(1, 2))
    others = [(o.order, ", ".join(o.planned), ", ".join(o.packed)) for o in told.otherwise[:40]]
    if others:
        out.table("Packed otherwise", ("order", "planned", "packed"), others)
    out.console().print(
        f"{told.as_planned:,} orders as planned, {len(told.otherwise):,} otherwise,"
        f" {len(told.not_packed):,} not packed, {len(told.unknown):,} not in the plan."
    )
    if told.board_kg is not None:
        out.console().print(
            f"New board: {told.board_kg[1]:,.3f} kg packed, {told.board_kg[0]:,.3f} kg planned."
        )


@app.command()
def assort(
    orders: Annotated[
        Path,
        typer.Argument(
            help="Past orders: CSV, Parquet, JSON, or the text format of packing benchmarks."
        ),
    ],
    cartons: CartonsOption = None,
    sizes: Annotated[
        str, typer.Option("--sizes", "-k", help="How many sizes: 12, or 1-20.")
    ] = "1-20",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The sizes of the last count as CSV, for 'abate pack'."
        ),
    ] = None,
    chart: Annotated[
        Path | None, typer.Option(help="The curve over the number of sizes as SVG.")
    ] = None,
    objective: Annotated[
        str, typer.Option(help="board, cost, volume, parcels, or a weighting.")
    ] = "board",
    support: Annotated[
        float, typer.Option(help="Least share of each base that is supported.", min=0, max=1)
    ] = 0.8,
    workers: WorkersOption = "1",
    lengths: LengthsOption = "",
    masses: MassesOption = "",
    json: JsonOption = False,
) -> None:
    """Design the assortment: which k sizes make past orders cost least, tested on orders that the design has not seen."""
    from abate.adapters.readers.orders import Units
    from abate.application.logistics.assortments import (
        counts_of,
        curve_chart,
        design_file,
        design_json,
        saved_share,
        write_sizes,
    )
    from abate.application.logistics.orders import require_writable

    require_writable([p for p in (output, chart) if p is not None])
    counts = counts_of(sizes)
    with out.counting("designing", quiet=json) as step:
        designs, present, used = design_file(
            orders,
            cartons,
            counts=counts,
            objective=objective,
            support_share=support,
            workers=workers_of(workers),
            units=Units(lengths, masses),
            on_step=lambda _what, count: step(count),
        )

    if output is not None:
        write_sizes(output, designs[-1])
    if chart is not None:
        import vl_convert

        write_whole(chart, vl_convert.vegalite_to_svg(curve_chart(designs, present)))
    if json:
        about = {"sizes": present.count, "cost": present.cost, "tested": present.tested}
        rows = [design_json(d, present) for d in designs]
        out.print_json({"orders": used, "present": about, "designs": rows})
        return
    body = [
        (
            d.count,
            f"{d.cost:,.2f}",
            f"{d.gap_share:.2%}",
            f"{1 - d.cost / present.cost:.1%}",
            "–" if (saved := saved_share(d, present)) is None else f"{saved:.1%}",
        )
        for d in designs
    ]
    title = (
        f"{used:,} orders used for the design; the present {present.count} sizes come to"
        f" {present.cost:,.2f}"
    )
    columns = ("sizes", objective, "gap to the bound", "saved", "saved on unseen orders")
    out.table(title, columns, body, right=(0, 1, 2, 3, 4))
    listed = ", ".join(
        "x".join(map(str, (c.length_mm, c.width_mm, c.height_mm))) for c in designs[-1].cartons
    )
    out.console().print(f"The {designs[-1].count} sizes in mm: {listed}")


@app.command()
def reuse(
    packaging: Annotated[
        Path, typer.Argument(help="TOML with [scheme]: trips, days away, losses, washing, return.")
    ],
    site: Annotated[str, typer.Option(help="Where boxes are washed.")],
    month: Annotated[str, typer.Option(help="Month whose factors count, such as 2024-03.")],
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Say whether circulating boxes pay.

    How many are needed, after how many trips they break even, or that they never do.
    """
    from dataclasses import asdict

    from abate.application.logistics.stock import scheme_of, value_scheme

    scheme = scheme_of(packaging)
    value = value_scheme(opened_at(workspace), scheme, site=site, month=month)
    if json:
        out.print_json(asdict(value) | {"pays": value.pays, "verdict": value.verdict})
        return
    body = [
        (
            "boxes to own",
            f"{value.pool.size:,}",
            f"so that one is at hand {scheme.service_level:.1%} of the time",
        ),
        ("away at a time", f"{value.pool.away_mean:,.1f}", ""),
        (
            "lost and worn in a year",
            f"{value.pool.lost_per_year:,.0f} and {value.pool.worn_per_year:,.0f}",
            "to be bought again",
        ),
        ("one box", f"{in_kg(value.box_mg):,.3f} kg CO2e", "made and ended"),
        ("one trip", f"{in_kg(value.trip_mg):,.3f} kg CO2e", "washed and brought back"),
        ("one new carton", f"{in_kg(value.carton_mg):,.3f} kg CO2e", "that a trip replaces"),
    ]
    out.table("", ("what", "value", ""), body, right=(1,))
    out.console().print(value.verdict)
    if scheme.box_cost or scheme.carton_cost:
        at = (
            "never" if value.break_even_cost is None else f"after {value.break_even_cost:.1f} trips"
        )
        out.console().print(f"In money it breaks even {at}.")


@app.command()
def stock(
    movements: Annotated[
        Path | None,
        typer.Argument(help="CSV, Parquet or JSON: ref, site, carton, event, count, plan."),
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Record movements of used and circulating cartons, and show what there is.

    Exit code 1 where one was refused.
    """
    from abate.application.logistics.stock import record_movements, refused_of, stock_rows

    opened = opened_at(workspace)
    results = record_movements(opened, movements) if movements else []
    refused = refused_of(results)
    rows = stock_rows(opened)
    if json:
        posted = sum(r == "ok" for _, r, _ in results)
        out.print_json({"posted": posted, "refused": refused, "stocks": rows})
    else:
        body = [(r["site"], r["carton"], *(f"{n:,}" for n in list(r.values())[2:])) for r in rows]
        out.table(
            "",
            (
                "site",
                "carton",
                "in stock",
                "reserved",
                "away",
                "shipped",
                "lost",
                "worn",
                "scrapped",
            ),
            body,
            right=range(2, 9),
        )
        if refused:
            out.table("Refused", ("row", "why", "what"), refused, right=(0,))
    raise typer.Exit(1 if refused else 0)


@app.command()
def plans(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List the plans of the workspace: what each promises, in a book of its own."""
    from abate.application.plans import AVOIDED, INVENTORY
    from abate.application.plans import plans as list_plans

    rows = list_plans(opened_at(workspace))
    if json:
        out.print_json([r.json for r in rows])
        return
    body = [
        (
            r.plan_id,
            r.domain,
            r.title,
            f"{in_kg(r.saving_mg(INVENTORY)):,.1f}",
            f"{in_kg(r.saving_mg(AVOIDED)):,.1f}",
            r.committed_at,
        )
        for r in rows
    ]
    out.table(
        "",
        ("plan", "by", "title", "inventory, kg CO2e less", "avoided, kg CO2e less", "made"),
        body,
        right=(3, 4),
    )
