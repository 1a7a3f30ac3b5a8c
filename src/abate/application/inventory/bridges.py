"""Bridges between two runs: lines from the rollups, shares from what each run kept of the organisation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from abate.adapters.store.delta import fetch
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.figures import Figures, Run
from abate.application.inventory.inputs import read_terms
from abate.application.inventory.lacks import Lack
from abate.application.opening import read_config
from abate.kernel.bridge import Bridge, Line, Share, bridge, totals
from abate.kernel.edges import Json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class BridgeResult:
    """A bridge between two runs.

    Args:
        figure: The figure.
        before: The former run.
        after: The latter run.
        start_mg: The figure in the former.
        end_mg: In the latter.
        by_org: Contributions by business and driver; their sum is the difference, exactly.
        lacking: What the figure lacks in the former and in the latter run: a difference may come
            from there.
    """

    figure: str
    before: str
    after: str
    start_mg: int
    end_mg: int
    by_org: Bridge
    lacking: tuple[tuple[Lack, ...], tuple[Lack, ...]] = ((), ())

    @property
    def notes(self) -> list[str]:
        """What each run lacks, for people."""
        return [
            f"{run} is incomplete: {'; '.join(x.text for x in lacks)}."
            for run, lacks in zip((self.before, self.after), self.lacking, strict=True)
            if lacks
        ]

    @property
    def totals(self) -> dict[str, int]:
        """Contributions by driver."""
        return totals(self.by_org)

    @property
    def json(self) -> Json:
        """As machines get it: milligrams as decimal strings."""
        return {
            "figure": self.figure,
            "before": self.before,
            "after": self.after,
            "start_mg": str(self.start_mg),
            "end_mg": str(self.end_mg),
            "incomplete": {
                side: [x.json for x in lacks]
                for side, lacks in zip(("before", "after"), self.lacking, strict=True)
            },
            "totals_mg": {d: str(mg) for d, mg in self.totals.items()},
            "by_org_mg": {
                org: {d: str(mg) for d, mg in by.items()} for org, by in self.by_org.items()
            },
        }


def bridge_runs(
    workspace: Workspace, rollups: Figures, name: str, before: Run, after: Run
) -> BridgeResult:
    """Why a figure differs between two runs.

    Raises:
        UsageError: `not-a-sum`.
        NotFoundError: `unknown-figure`.
    """
    return bridges_between(workspace, rollups, [name], before, after)[0]


def bridges_between(
    workspace: Workspace,
    rollups: Figures,
    names: Sequence[str],
    before: Run,
    after: Run,
) -> list[BridgeResult]:
    """Why each of several figures differs between two runs.

    What the runs kept of the organisation is read once.

    Raises:
        UsageError: `not-a-sum`.
        NotFoundError: `unknown-figure`.
    """
    shares = _shares(workspace, before, after)
    gwp_set = after.gwp_set if after.gwp_set != before.gwp_set else ""
    results = []
    for name in names:
        lines = [_lines(rollups, name, run) for run in (before, after)]
        found = bridge(lines[0], lines[1], gwp_set=gwp_set, shares=shares)
        start, end = (sum(line.sign * line.co2e_mg for line in side) for side in lines)
        assert end - start == sum(totals(found).values())
        lacks = tuple(rollups.values([name], run)[0].incomplete for run in (before, after))
        results.append(
            BridgeResult(name, before.run_id, after.run_id, start, end, found, (lacks[0], lacks[1]))
        )
    return results


def _lines(rollups: Figures, name: str, run: Run) -> list[Line]:
    sign, touched = rollups.signed(name, run)
    rows = fetch(
        rollups.con,
        "select org, site, kind, item || '/' || party || '/' || region as item, unit, scope || ' '"
        " || category || ' ' || view as scope, method, species, month[6:7] as month,"
        " sum(quantity_micro)::hugeint as quantity_micro, sum(mass_mg)::hugeint as mass_mg,"
        f" sum(co2e_mg)::hugeint as co2e_mg, {sign} as sign from rollups where {touched} group by"
        " all order by all",
    )
    return [Line(**r) for r in rows]


def _shares(workspace: Workspace, before: Run, after: Run) -> tuple[Share, Share]:
    """Shares of sites by month on the terms of each run.

    A site that a run did not know yet has what the other says.
    """
    sides = [_share(workspace, run) for run in (before, after)]

    def known(first: int) -> Share:
        def share(site: str, month: str) -> float:
            found = sides[first](site, month)
            other = sides[1 - first](site, month) if found is None else found
            return 1.0 if other is None else other

        return share

    return known(0), known(1)


def _share(workspace: Workspace, run: Run) -> Callable[[str, str], float | None]:
    """Share of a site in a month of the calendar on the terms of a run.

    None where it does not know the site.
    """
    config = read_config(workspace.root, json.loads(run.config), strict=False)
    as_of = date.fromisoformat(run.as_of) if run.as_of else None
    terms = read_terms(config, run.gwp_set, run.boundary, as_of, run.structure)
    months = {m[5:]: m for m in config.calendar.months(run.fiscal_year)}

    @cache
    def share(site: str, month: str) -> float | None:
        if config.organisation.entity_of(site) is None:
            return None
        if terms.structure:
            return terms.share(config.organisation, site, months[month])
        return config.organisation.days_share(site, months[month], terms.boundary)

    return share
