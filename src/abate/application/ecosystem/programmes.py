"""Programmes of avoided emissions.

What they book, who claims it, and whether it may be made public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from abate.adapters.store.delta import fetch
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.figures import Figures, exact_text, run_of, runs
from abate.application.inventory.open_run import run_views
from abate.ecosystem.facts import METHODOLOGIES
from abate.kernel.edges import Json
from abate.kernel.figure import in_unit
from abate.operations.system import SCOPE_3


@dataclass(frozen=True, slots=True)
class ProgrammeShown:
    """A programme of avoided emissions in a year.

    Args:
        programme: Its id.
        name: Its name.
        entity: The entity that runs it.
        methodology: Name of its methodology.
        title: The methodology's title.
        mechanism: `driving` or `enabling`.
        functional_unit: What is compared.
        baseline: What would have been done.
        actual: What is done.
        rebound_share: Share of the reduction that is lost to rebound.
        rebound_source: Where that share comes from.
        tier: Tier of evidence.
        source: Where the methodology stands.
        avoided_t: Avoided emissions [t CO2e], exact; None where there are no rows.
        by_claimant_t: The same by who claims it.
        publishable: Whether it may be made public.
        obstacles: What keeps it from the public.
    """

    programme: str
    name: str
    entity: str
    methodology: str
    title: str
    mechanism: str
    functional_unit: str
    baseline: str
    actual: str
    rebound_share: float
    rebound_source: str
    tier: int
    source: str
    avoided_t: str | None
    by_claimant_t: dict[str, str]
    publishable: bool
    obstacles: list[str]


def programmes(workspace: Workspace, year: str) -> list[ProgrammeShown]:
    """Each programme with its methodology, its avoided emissions of a year by claimant.

    And what keeps it from the public.

    Raises:
        NotFoundError: `no-run`.
    """
    run = run_of(workspace, year)
    published = any(r.run_id == run.run_id and r.status != "draft" for r in runs(workspace))
    with Figures(workspace) as rollups:
        scopes = rollups.values(["scope1", "scope2-location", *SCOPE_3], run)
        complete = published and all(v.value is not None or v.note for v in scopes)
    with workspace.store.connect("factors") as con:
        run_views(con, workspace, run)
        sums = fetch(
            con,
            "select site, instrument, sum(co2e_mg)::hugeint as mg from run_entries where book ="
            " 'avoided' group by all",
        )
        used = fetch(
            con,
            """with resolved as (select * from run_resolutions where book = 'avoided'),
                used as (select site, factor_id from resolved
                         union select site, unnest(from_json(json_extract(why, '$.ratios'), '["VARCHAR"]')) from resolved
                         union select site, unnest(from_json(json_extract(why, '$.bridges'), '["VARCHAR"]')) from resolved)
            select distinct site, factor_id from used join factors using (factor_id)
            where verification = 'assumption' order by all""",
        )
    return [_told(p, sums, used, complete) for p in workspace.organisation.programmes]


def _told(programme: Any, sums: list[Json], used: list[Json], complete: bool) -> ProgrammeShown:
    methodology = next(m for m in METHODOLOGIES if m.name == programme.methodology)
    by = {s["instrument"] or "unclaimed": int(s["mg"]) for s in sums if s["site"] == programme.id}
    assumptions = tuple(u["factor_id"] for u in used if u["site"] == programme.id)
    if methodology.rebound_source == "assumption":
        assumptions += (f"the rebound of {programme.rebound_share:g}",)
    obstacles = programme.obstacles(inventory_published=complete, assumptions=assumptions)
    return ProgrammeShown(
        programme=programme.id,
        name=programme.name,
        entity=programme.entity,
        methodology=methodology.name,
        title=methodology.title,
        mechanism=programme.mechanism,
        functional_unit=methodology.functional_unit,
        baseline=methodology.baseline,
        actual=methodology.actual,
        rebound_share=programme.rebound_share,
        rebound_source=methodology.rebound_source,
        tier=programme.tier,
        source=methodology.source,
        avoided_t=exact_text(in_unit("co2e_mg", sum(by.values()))) if by else None,
        by_claimant_t={name: exact_text(in_unit("co2e_mg", mg)) for name, mg in sorted(by.items())},
        publishable=not obstacles,
        obstacles=list(obstacles),
    )


def withheld(workspace: Workspace, year: str) -> bool:
    """Whether what others avoided in a year may not be made public, in whole or in part."""
    return any(p.avoided_t is not None and not p.publishable for p in programmes(workspace, year))
