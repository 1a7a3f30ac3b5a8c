"""The base year: valued again on the structure of a later year, beside what was stated before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from abate.adapters.store.workspace import Workspace
from abate.application.inventory.bridges import BridgeResult, bridges_between
from abate.application.inventory.figures import Figures, Run, run_of, runs, years
from abate.application.inventory.runs import run_year
from abate.kernel.edges import Json
from abate.kernel.errors import ConfigError

REASONS = {
    "gwp": "another set of global warming potentials",
    "boundary": "bought, sold, another share or approach (structural change)",
    "method": "another method for the same kind",
    "factor": "another factor for the same amount",
    "instruments": "another share covered by instruments",
    "activity": "corrected, added or undone data",
}


@dataclass(frozen=True, slots=True)
class BaseYearResult:
    """A base year as stated before and as restated.

    Args:
        year: The base year.
        structure: The later year on whose structure it is restated.
        stated_run: The published run, or the latest where none is published.
        restated_run: The run on the later structure.
        threshold_share: Change from which it is recalculated.
        recalculates: Whether the change reaches that threshold.
        bridges: Per figure, previously stated to restated, with reasons.
        later: The same for the later year: under `whole-year` what was bought or sold in it counts
            for all of it, so that the two years compare like with like; empty where nothing was, or
            pro rata.
        later_run: The run of the later year on its own structure at its end, empty likewise.
    """

    year: str
    structure: str
    stated_run: str
    restated_run: str
    threshold_share: float
    recalculates: bool
    bridges: tuple[BridgeResult, ...]
    later: tuple[BridgeResult, ...] = ()
    later_run: str = ""

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "year": self.year,
            "structure": self.structure,
            "stated_run": self.stated_run,
            "restated_run": self.restated_run,
            "threshold": self.threshold_share,
            "recalculates": self.recalculates,
            "figures": [b.json for b in self.bridges],
            "later_run": self.later_run,
            "later_figures": [b.json for b in self.later],
        }


def restate_base_year(
    workspace: Workspace, *, structure: str = "", now: datetime
) -> BaseYearResult:
    """Value the base year on the structure of a later year and compare; nothing is published.

    Whether the base year is recalculated follows from the cumulative change of gross and Scope 3
    emissions.

    Args:
        workspace: The workspace.
        structure: The later year; empty takes the latest that is valued.
        now: Present moment.

    Raises:
        ConfigError: `no-base-year`.
        NotFoundError: `no-run`.
    """
    policy = workspace.base_year
    if policy is None:
        raise ConfigError(
            "no-base-year",
            "abate.toml names no base year.",
            'Add [base_year] with year = "FY2022".',
        )
    every = runs(workspace)
    of_year = [r for r in every if r.fiscal_year == policy.year and r.status != "draft"]
    stated = of_year[-1] if of_year else run_of(workspace, policy.year, "", every)
    later = structure.upper() or years(workspace)[-1]
    gwp_set = run_of(workspace, later, "", every).gwp_set
    restated, bridges = _restated(workspace, stated, later, policy.rule, gwp_set, now)
    whole = next((b for b in bridges if b.figure == "total-location"), None)
    recalculates = whole is not None and policy.recalculates(whole.start_mg, whole.end_mg)
    of_later: tuple[BridgeResult, ...] = ()
    later_run = ""
    if policy.rule == "whole-year" and later != policy.year:
        later_run, of_later = _restated(
            workspace, run_of(workspace, later, "", every), later, policy.rule, gwp_set, now
        )
        if not any(b.end_mg != b.start_mg for b in of_later):
            later_run, of_later = "", ()
    return BaseYearResult(
        policy.year,
        later,
        stated.run_id,
        restated,
        policy.threshold_share,
        recalculates,
        bridges,
        of_later,
        later_run,
    )


def _restated(
    workspace: Workspace, stated: Run, later: str, rule: str, gwp_set: str, now: datetime
) -> tuple[str, tuple[BridgeResult, ...]]:
    """A year valued on the structure of a later one.

    And why its figures differ from what was stated.
    """
    done = run_year(
        workspace, stated.fiscal_year, now=now, gwp_set=gwp_set, structure=f"{later}/{rule}"
    )
    restated = run_of(workspace, stated.fiscal_year, done.run_id)
    with Figures(workspace) as rollups:
        names = ["scope1", "scope2-location", "scope2-market", "gross", "scope3", "total-location"]
        shown = {
            v.figure
            for run in (stated, restated)
            for v in rollups.values(names, run)
            if v.value is not None
        }
        wanted = [n for n in names if n in shown]
        return done.run_id, tuple(bridges_between(workspace, rollups, wanted, stated, restated))
