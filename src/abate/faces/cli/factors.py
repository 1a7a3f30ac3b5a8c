"""Commands of the factor book: audit, search, show, import."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from abate.faces.cli import show as out
from abate.faces.cli.app import HERE, JsonOption, WorkspaceOption, factors_app, opened_at
from abate.faces.clock import present


@factors_app.command(name="audit")
def factors_audit(
    files: Annotated[list[Path], typer.Argument(help="Publishers' files, or folders of them.")],
    json: JsonOption = False,
) -> None:
    """Print what is odd in publishers' files, and what jumps between their editions.

    Nothing is stored.
    """
    from abate.application.factors import audit_factors

    with out.working("reading"):
        found = audit_factors(files)
    if json:
        out.print_json(
            {
                "files": [asdict(f) for f in found.files],
                "jumps": [asdict(j) for j in found.jumps],
                "findings": [f.json for f in found.findings],
            }
        )
        return
    body = [
        (
            f.file,
            f.publisher,
            f.edition,
            f.factors,
            f.refused,
            ", ".join(f"{c} × {n}" for c, n in f.findings.items()),
        )
        for f in found.files
    ]
    out.table(
        "Files",
        ("file", "publisher", "edition", "factors", "refused", "findings"),
        body,
        right=(3, 4),
    )
    jumps = [
        (j.publisher, j.factor, j.before, j.after, f"{(j.ratio - 1) * 100:+.0f} %")
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
    from abate.application.factors import FactorIndex

    found = FactorIndex(opened_at(workspace)).search(words)
    if json:
        out.print_json(found)
        return
    columns = (
        "factor",
        "kind",
        "item",
        "region",
        "year",
        "species",
        "value",
        "unit",
        "publication",
    )
    keys = (
        "factor_id",
        "kind",
        "item",
        "region",
        "data_year",
        "species",
        "value",
        "unit",
        "publication",
    )
    out.table("", columns, [[r[k] for k in keys] for r in found[:limit]], right=(6,))
    if len(found) > limit:
        out.console().print(f"… and {len(found) - limit} more; --limit shows them.")


@factors_app.command("show")
def factors_show(
    factor_id: str, workspace: WorkspaceOption = HERE, json: JsonOption = False
) -> None:
    """Show a factor with its source, and the editions of the same need."""
    from abate.application.factors import FactorIndex

    told = FactorIndex(opened_at(workspace)).show(factor_id)
    if json:
        out.print_json(told)
        return
    out.table(factor_id, ("", ""), [(k, v) for k, v in told["factor"].items() if v])
    masses = [
        (m["species"], m["value"], m["unit"], m["uncertainty_kind"], m["uncertainty_95"])
        for m in told["masses"]
    ]
    out.table("", ("species", "value", "unit", "distribution", "95 %"), masses, right=(1,))
    if told["editions"]:
        keys = ("factor", "region", "year", "edition", "value")
        out.table(
            "other editions and years", keys, [[e[k] for k in keys] for e in told["editions"]]
        )


@factors_app.command("import")
def factors_import(
    file: Annotated[
        Path, typer.Argument(help="A publisher's file, or a table in Abate's own format.")
    ],
    publisher: Annotated[
        str, typer.Option("--from", help="Publisher, such as desnz, epa or own; guessed if empty.")
    ] = "",
    previous: Annotated[
        Path | None, typer.Option(help="The edition before, to compare with.")
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", help="Code of a gate to let pass.")
    ] = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Import factors through gates that catch what is wrong in published files."""
    from abate.application.factors import import_factors

    with out.working(f"reading {file.name}"):
        result = import_factors(
            opened_at(workspace),
            file,
            publisher=publisher,
            previous=previous,
            accept=frozenset(accept or ()),
            now=present(),
        )
    if json:
        out.print_json(
            {
                "import": result.import_id,
                "publisher": result.publisher,
                "edition": result.edition,
                "factors": result.factor_count,
                "refused": result.refused_count,
                "findings": [f.json for f in result.findings],
            }
        )
    else:
        if result.findings:
            out.findings_table("what the gates found", result.findings, limit=25)
        out.console().print(
            f"{result.import_id or 'nothing stored'}: {result.publisher} {result.edition},"
            f" {result.factor_count:,} factors entered, {result.refused_count:,} refused."
        )
    raise typer.Exit(1 if any(f.severity == "blocker" for f in result.findings) else 0)


@factors_app.command("add")
def factors_add(
    kind: Annotated[
        str, typer.Argument(help="Kind, such as electricity, stationary-fuel or fuel-property.")
    ],
    item: Annotated[
        str, typer.Argument(help="What is consumed, such as grid-average or natural-gas.")
    ],
    value: Annotated[str, typer.Argument(help="The number.")],
    unit: Annotated[str, typer.Argument(help="Its unit, such as kg/kWh or MJ_gross/m3.")],
    region: Annotated[str, typer.Option(help="Region it is for, such as IT or US-CAMX.")],
    source: Annotated[str, typer.Option(help="Where it is printed.")],
    species: Annotated[
        str, typer.Option(help="Gas, such as CO2; CO2e of no named gas if empty.")
    ] = "",
    year: Annotated[int | None, typer.Option(help="Year of the data.")] = None,
    for_year: Annotated[
        int | None, typer.Option(help="Year that it is meant for, where that is another.")
    ] = None,
    basis: Annotated[str, typer.Option(help="direct, upstream or life-cycle.")] = "direct",
    gwp: Annotated[str, typer.Option(help="GWP set of a CO2e value.")] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Add one value to the factor book.

    A supplier's rate, the heating value of a gas bill, a national factor.
    """
    from abate.application.factors import add_factor

    done = add_factor(
        opened_at(workspace),
        kind,
        item,
        value,
        unit,
        region=region,
        source=source,
        now=present(),
        species=species,
        year=year,
        for_year=for_year,
        basis=basis,
        gwp_set=gwp,
    )
    if json:
        out.print_json({"import": done.import_id})
    else:
        out.console().print(
            f"{done.import_id}: added; 'abate run' takes it up, 'abate undo {done.import_id}' takes"
            " it back."
        )
