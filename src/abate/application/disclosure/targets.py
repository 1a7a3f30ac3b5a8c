"""Targets beside what the ledger shows, with measures and their costs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import FIGURES
from abate.application.ecosystem.programmes import withheld
from abate.application.inventory.figures import Figures, Run, run_of, years
from abate.disclosure.numbers import measured
from abate.disclosure.pathways import (
    INCOMPLETE,
    MET,
    MISUSED,
    NO_BASE,
    OLD_BASE,
    STATED_BASE,
    WEAK_PATHWAY,
    Pathway,
    Progress,
    cost_curve,
    pathway_values,
    progress_of,
    with_measures,
)
from abate.kernel.edges import Json
from abate.kernel.finding import Finding
from abate.kernel.languages import Translate
from abate.kernel.period import parse_fiscal_year
from abate.kernel.region import country_of
from abate.kernel.target import FALLING, Target, TargetKind

TITLES = {
    TargetKind.LEVEL: "{figure}: {value} by {year}",
    TargetKind.ABSOLUTE: "{figure}: {share} less by {year} than in {base_year}",
    TargetKind.INTENSITY: "{figure}: {share} less by {year} than in {base_year}",
    TargetKind.CUMULATIVE: "{figure}: {value} in all by {year}",
    TargetKind.NEUTRALITY: "{figure}: balanced by {year}",
}
"""Titles of targets that have none of their own."""


def target_title(target: Target, t: Translate = str) -> str:
    """Title of a target for people: its own, or what it wants in a line."""
    if target.title:
        return target.title
    figure = FIGURES[target.figure]
    place = target.building or target.site or target.org
    told = t(TITLES[target.kind]).format(
        figure=t(figure.title),
        value=measured(Fraction(target.value), figure.unit),
        share=f"{target.reduction_share:.0%}",
        year=target.year,
        base_year=target.base_year,
    )
    return f"{told} ({place})" if place else told


def target_progress(workspace: Workspace) -> tuple[list[Progress], list[Finding]]:
    """Every target held against its figure in all years that were valued.

    Where what others avoided may not be made public, no target on it says where it is.

    Returns:
        Progress of each target that has a base to start from, and what is wrong with targets.
    """
    paths = {p.id: p for p in workspace.pathways}
    told: list[Progress] = []
    found: list[Finding] = []
    with Figures(workspace) as rollups:
        every = [run_of(workspace, year) for year in years(workspace)]
        held = [(target, *_yearly(rollups, every, target)) for target in workspace.targets]
    is_withheld = any(t.figure.startswith("avoided") for t in workspace.targets) and any(
        withheld(workspace, run.fiscal_year) for run in every
    )
    for target, yearly, restated, lacking in held:
        start = parse_fiscal_year(target.base_year) if target.base_year else min(yearly, default=0)
        base = target.base_value if target.base_value is not None else yearly.get(start)
        if target.kind is TargetKind.CUMULATIVE:
            base = 0.0
        if base is None or (not target.base_year and not yearly):
            if target.base_year:
                found.append(
                    Finding.of(
                        NO_BASE,
                        f"{target_title(target)}: {target.base_year} has no value of {target.figure}.",
                    )
                )
            continue
        if target.base_value is not None:
            found.append(
                Finding.of(
                    STATED_BASE,
                    f"{target_title(target)}: {target.base_year} is stated as {target.base_value:g}"
                    f" ({target.base_source}).",
                )
            )
        path = paths[target.pathway]
        lacks = {y: text for y, text in lacking.items() if text and y in yearly}
        progress = replace(progress_of(target, path, base, yearly), lacking=lacks)
        asked = progress.wanted[-1]
        if target.kind in FALLING and progress.end > asked * (1 + 1e-9):
            told_share = (base - asked) / base
            found.append(
                Finding.of(
                    WEAK_PATHWAY,
                    f"{target_title(target)}: wants {target.reduction_share:.0%} less, {path.title} asks for"
                    f" {told_share:.0%}.",
                )
            )
        found += _unfit(target, path, progress, lacking)
        is_compared = target.kind in FALLING and target.base_value is None
        if is_compared and not restated and _structure_changed(workspace, target.base_year):
            found.append(
                Finding.of(
                    OLD_BASE,
                    f"{target_title(target)}: sites were bought or sold after {target.base_year}.",
                )
            )
        hides = is_withheld and target.figure.startswith("avoided")
        told.append(progress.withheld if hides else progress)
    return told, found


def _unfit(
    target: Target, path: Pathway, progress: Progress, lacking: dict[int, str]
) -> list[Finding]:
    """What keeps a target from being judged.

    A year or a part that is missing, a pathway made for other scopes.
    """
    found = []
    if target.kind is TargetKind.CUMULATIVE:
        first = progress.years[1]
        if first not in progress.actual and lacking.keys() | progress.actual.keys():
            found.append(
                Finding.of(
                    INCOMPLETE,
                    f"{target_title(target)}: FY{first} has no value of {target.figure}, nothing is"
                    " added up.",
                )
            )
    elif progress.latest is not None and lacking.get(progress.latest):
        found.append(
            Finding.of(
                INCOMPLETE,
                f"{target_title(target)}: {target.figure} of FY{progress.latest} is incomplete:"
                f" {lacking[progress.latest]}.",
            )
        )
    if target.kind not in (TargetKind.CUMULATIVE, TargetKind.NEUTRALITY) and (
        progress.base >= progress.end if target.wanted_high else progress.base <= progress.end
    ):
        found.append(
            Finding.of(
                MET,
                f"{target_title(target)}: FY{progress.years[0]} met it already.",
            )
        )
    wrong = _misused(path, target.figure)
    if wrong:
        found.append(
            Finding.of(
                MISUSED,
                f"{target_title(target)}: {path.title} is made for {path.applies_to}, {target.figure}"
                f" {wrong}.",
            )
        )
    return found


PATHS_FOR = {
    "scopes 1 and 2": {"scope1", "scope2"},
    "scope 3": {"scope3"},
    "scope 3 intensity": {"scope3"},
}
"""Scopes of which a figure may be made that a pathway is used for, gross of any reduction."""


def _misused(path: Pathway, figure: str) -> str:
    """What a figure holds for which its pathway is not made; empty where it fits.

    A pathway of the SBTi is for gross emissions: what instruments take off is no part of it.

    Source: SBTi Corporate Near-Term Criteria, cross-sector absolute contraction.
    """
    allowed = PATHS_FOR.get(path.applies_to)
    if allowed is None:
        return ""
    held = {t.split("-")[0] for t in FIGURES.totals_needed(figure)} - {"revenue"}
    if "reduction" in held:
        return "takes named reductions off"
    return f"holds {', '.join(sorted(held - allowed))}" if held - allowed else ""


def _yearly(
    rollups: Figures, every: list[Run], target: Target
) -> tuple[dict[int, float], bool, dict[int, str]]:
    """Values of a target's figure by year.

    Whether the base year was published again on a later structure; what is lacking.
    """
    values: dict[int, float] = {}
    lacking: dict[int, str] = {}
    restated = False
    where = {
        k: v
        for k, v in (("org", target.org), ("site", target.site), ("building", target.building))
        if v
    }
    for run in every:
        year = parse_fiscal_year(run.fiscal_year)
        restated |= run.fiscal_year == target.base_year and bool(run.structure)
        for value in rollups.values([target.figure], run, "", where):
            if value.value is not None:
                values[year] = float(value.value)
            if value.value is None or not value.is_whole:
                lacking[year] = value.lacking
    return values, restated, lacking


def _structure_changed(workspace: Workspace, base_year: str) -> bool:
    """Whether sites were bought or sold, or shares changed, after a year began."""
    first = workspace.calendar.first_day(base_year)
    sites = any(
        (s.bought and s.opened and s.opened > first) or (s.sold and s.closed and s.closed > first)
        for s in workspace.organisation.sites
    )
    return sites or any(
        o.since > first for e in workspace.organisation.entities for o in e.ownership
    )


def national_line(workspace: Workspace, progress: Progress) -> list[float]:
    """What the country's own line would ask for in the years of a target, from its base value.

    Empty elsewhere.

    China: no later peak than 2030, neutrality before 2060; between them no year is fixed, a
        straight line is drawn.
    """
    regions = {country_of(e.region) for e in workspace.organisation.entities if e.region}
    if regions != {"CN"} or FIGURES[progress.target.figure].is_ratio or progress.target.wanted_high:
        return []
    path = next(p for p in workspace.pathways if p.kind == "national")
    return pathway_values(path, progress.base, progress.years[0], 0.0, progress.years)


def measures_of(workspace: Workspace, progress: Progress) -> list[Json]:
    """Business as usual of a target, split into what measures take away and what is left."""
    chosen = [
        m
        for m in workspace.measures
        if m.figure == progress.target.figure and _concerns(progress.target, m.org)
    ]
    return (
        with_measures(progress, chosen, discount_share=workspace.finance.discount_share)
        if chosen
        else []
    )


def _concerns(target: Target, org: str) -> bool:
    return not target.org or target.org == org


def macc(workspace: Workspace) -> list[Json]:
    """Measures by cost of a tonne, with whether the internal carbon price pays for them."""
    price = workspace.finance.carbon_price
    return [
        row | {"pays_at_carbon_price": None if price is None else float(row["cost_per_t"]) <= price}
        for row in cost_curve(workspace.measures, workspace.finance.discount_share)
    ]


def progress_json(workspace: Workspace, told: Progress) -> Json:
    """A target's progress as machines get it."""
    target, path = told.target, _path(workspace, told.target)
    unit = FIGURES[target.figure].unit
    return {
        "target": target.name,
        "title": target_title(target),
        "figure": target.figure,
        "kind": str(target.kind),
        "year": target.year,
        "unit": unit,
        "org": target.org or None,
        "site": target.site or None,
        "base_year": target.base_year or None,
        "base": told.base,
        "base_source": target.base_source or None,
        "end": told.end,
        "pathway": path.id,
        "pathway_source": f"{path.publication}, {path.edition}" if path.publication else None,
        "years": list(told.years),
        "wanted": list(told.wanted),
        "actual": {str(y): v for y, v in told.actual.items()},
        "incomplete": {str(y): text for y, text in told.lacking.items()},
        "gap": told.gap,
        "status": told.status,
        "trend_meets": told.meets,
        "rate_needed": told.rate_needed,
        "rate_so_far": told.rate_so_far,
        "national": national_line(workspace, told) or None,
        "measures": measures_of(workspace, told),
    }


def _path(workspace: Workspace, target: Target) -> Pathway:
    return next(p for p in workspace.pathways if p.id == target.pathway)
