"""Plan: the same activities twice, as they are and as they could be, with cost and proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from abate.kernel.errors import UsageError


@dataclass(frozen=True, slots=True)
class Proof:
    """How good a plan is, and how it was found.

    Args:
        objective: Value reached.
        bound: No plan can be better than this; None where none is known.
        unit: Unit of both.
        seed: Seed of the search.
        stop: Why the search ended.
    """

    objective: float
    bound: float | None
    unit: str
    seed: int
    stop: str

    @property
    def gap_share(self) -> float | None:
        """Distance to the bound as a share of the objective."""
        if self.bound is None:
            return None
        return abs(self.objective - self.bound) / abs(self.objective) if self.objective else 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Baseline and proposed activities over the same periods.

    Args:
        id: Name of the plan.
        title: What it proposes.
        baseline: Activities as they are: an Arrow table with the columns of `activities`, basis
            `baseline`.
        proposed: Activities as they could be, basis `planned`.
        cost: Cost of the proposed side over the baseline.
        currency: Its currency.
        proof: Objective, bound, seed and stop.

    Raises:
        UsageError: `plan-periods-differ`, `plan-basis`.
    """

    id: str
    title: str
    baseline: Any
    proposed: Any
    cost: float
    currency: str
    proof: Proof

    def __post_init__(self) -> None:
        months = [set(side.column("month").to_pylist()) for side in (self.baseline, self.proposed)]
        if months[0] != months[1]:
            odd = ", ".join(sorted(months[0] ^ months[1]))
            raise UsageError(
                "plan-periods-differ",
                f"Only one side has {odd}.",
                "Give both sides the same months.",
            )
        for side, basis in ((self.baseline, "baseline"), (self.proposed, "planned")):
            if set(side.column("basis").to_pylist()) - {basis}:
                raise UsageError(
                    "plan-basis", f"A row is not '{basis}'.", f"Set its basis to '{basis}'."
                )
