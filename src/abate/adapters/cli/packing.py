"""Commands of packing: pack, assort, pool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from abate.adapters.cli import show as out
from abate.adapters.cli.app import JsonOption, app, finding_json

CartonsOption = Annotated[
    Path | None, typer.Option("--cartons", "-c", help="Assortment: CSV, Parquet or JSON.", show_default="in ORDERS")
]
SeedOption = Annotated[int, typer.Option(help="Same orders and seed, same bytes.", min=0, max=2**31 - 1)]


@app.command()
def pack(
    orders: Annotated[Path, typer.Argument(help="CSV, Parquet, JSON, or the text format of packing benchmarks.")],
    cartons: CartonsOption = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Plan: .jsonl, .json, .csv, .parquet or .html; a name without one gets .jsonl and .html.",
        ),
    ] = Path("plan"),
    objective: Annotated[
        str, typer.Option(help="board, cost, volume, parcels, or a weighting such as board=1,parcels=0.05.")
    ] = "board",
    support: Annotated[
        float | None, typer.Option(help="Least share of each base that is supported.", show_default="0.8")
    ] = None,
    effort: Annotated[str, typer.Option(help="fast, thorough or proved.")] = "fast",
    baseline: Annotated[
        str,
        typer.Option(
            help="What the warehouse does now: volume, volume=0.8 (how full its rule lets a carton be), record, or none."
        ),
    ] = "volume",
    workers: Annotated[int, typer.Option(help="Processes.", min=1, max=64)] = 1,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Pack orders into cartons: the plan, its proof, and what is used now beside it. Exit code 1 where rows are wrong."""
    from contextlib import ExitStack

    from abate.adapters.packing.planning import pack_file
    from abate.adapters.packing.writing import page_model, plan_file, write_page

    record, fill_share_max = _baseline(baseline)
    paths = [output] if output.suffix else [output.with_suffix(".jsonl"), output.with_suffix(".html")]
    with ExitStack() as stack, out.counting("packing", quiet=json) as step:
        writers = [stack.enter_context(plan_file(p)) for p in paths if p.suffix != ".html"]
        packer, tally = pack_file(
            orders, cartons, lambda lines: [write(lines) for write in writers], objective=objective, support_share=support,
            effort=effort, seed=seed, fill_share_max=fill_share_max, record=record, workers=workers,
            on_batch=lambda some: step(some.orders),
        )  # fmt: skip
    model = page_model(packer, tally, title=orders.name, objective=objective)
    for path in paths:
        if path.suffix == ".html":
            write_page(path, model)
    if json:
        keys = ("orders", "items", "parcels", "proved", "unpacked", "faulty", "cost", "bound", "compared")
        summary: dict[str, Any] = {k: getattr(tally, k) for k in keys}
        summary["cartons"] = {c["id"]: {"now": c["now"], "proposed": c["proposed"]} for c in model["cartons"]}
        out.print_json(
            summary | {"plan": [str(p) for p in paths], "findings": [finding_json(f) for f in tally.findings]}
        )
    else:
        out.table("", ("what", "value", ""), [(c["title"], c["text"], c["unit"]) for c in model["cards"]], right=(1,))
        if tally.compared:
            body = [(c["id"], c["room"], c["source"], c["now"], c["proposed"]) for c in model["cartons"]]
            out.table("", ("carton", "inside mm", "source", "now", "proposed"), body, right=(3, 4))
        if tally.findings:
            out.findings_table("", tally.findings, limit=20)
        out.console().print(f"Plan: {', '.join(map(str, paths))}")
    raise typer.Exit(1 if tally.faulty else 0)


def _baseline(text: str) -> tuple[bool, float]:
    from abate.kernel.errors import UsageError

    name, _, share = text.partition("=")
    if name == "record" and not share:
        return True, 1.0
    if name == "none" and not share:
        return False, 0.0
    try:
        filled = float(share or 1)
    except ValueError:
        filled = -1.0
    if name != "volume" or not 0 < filled <= 1:
        raise UsageError("bad-baseline", f"'{text}' is no rule.", "Write volume, volume=0.8, record or none.")
    return False, filled
