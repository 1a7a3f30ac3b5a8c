"""Target: a figure wanted by a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from abate.kernel.figure import FIGURES

MORE_IS_BETTER = frozenset({"clean-share"})
"""Figures that are wanted high; all others are wanted low."""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure wanted by a year, for the whole, a site or a building of it.

    Args:
        figure: The figure.
        value: Value wanted, in the figure's unit.
        year: Fiscal year by which it is wanted.
        site: Site it is wanted of; empty for all.
        building: Building of the site; empty for all.
    """

    figure: str
    value: float
    year: str
    site: str = ""
    building: str = ""

    def __post_init__(self) -> None:
        if self.figure not in FIGURES:
            raise ValueError(f"target: '{self.figure}' is no figure")
        if not self.value >= 0 or self.value == float("inf"):
            raise ValueError(f"target of {self.figure}: {self.value} is no amount")

    def is_met(self, value: float) -> bool:
        """Whether a value reaches the target.

        Example:
            >>> Target("pue", 1.25, "FY2025").is_met(1.2), Target("clean-share", 0.5, "FY2025").is_met(0.4)
            (True, False)
        """
        return value >= self.value if self.figure in MORE_IS_BETTER else value <= self.value


def target_of(targets: Sequence[Target], figure: str, year: str, site: str = "", building: str = "") -> Target | None:
    """The target that holds for a figure of a place in a year: of the building, else its site, else all; the next due.

    Example:
        >>> held = (Target("pue", 1.3, "FY2025"), Target("pue", 1.2, "FY2025", "hq", "hq-1"))
        >>> target_of(held, "pue", "FY2024", "hq", "hq-1").value, target_of(held, "pue", "FY2024", "plant").value
        (1.2, 1.3)
    """
    named = [t for t in targets if t.figure == figure and t.site in ("", site) and t.building in ("", building)]
    due = [t for t in named if t.year >= year] or named
    return min(due, key=lambda t: (not t.building, not t.site, t.year), default=None)
