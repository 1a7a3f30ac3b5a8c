"""Commands of the ecosystem: programmes."""

from __future__ import annotations

from dataclasses import asdict

from abate.faces.cli import show as out
from abate.faces.cli.app import (
    HERE,
    JsonOption,
    WorkspaceOption,
    YearOption,
    app,
    opened_at,
)


@app.command()
def programmes(
    year: YearOption, workspace: WorkspaceOption = HERE, json: JsonOption = False
) -> None:
    """List programmes of avoided emissions.

    What they book, who claims it, what keeps them from the public.
    """
    from abate.application.ecosystem.programmes import programmes as list_programmes

    found = list_programmes(opened_at(workspace), year.upper())
    if json:
        out.print_json([asdict(p) for p in found])
        return
    body = [
        (
            p.programme,
            p.methodology,
            p.mechanism,
            p.tier,
            "no rows" if p.avoided_t is None else f"{float(p.avoided_t):,.1f}",
            ", ".join(f"{name} {float(t):,.1f}" for name, t in p.by_claimant_t.items()),
            "yes" if p.publishable else "no: " + "; ".join(p.obstacles),
        )
        for p in found
    ]
    columns = (
        "programme",
        "methodology",
        "mechanism",
        "tier",
        "t CO2e avoided",
        "claimed by",
        "may be published",
    )
    out.table(
        "Outside the inventory: never added to it, never taken from it.", columns, body, right=(4,)
    )
