"""Target: a figure wanted by a year, as a level, a fall, a sum over years or a balance of zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    """What a target promises."""

    LEVEL = "level"
    """The figure reaches a value."""
    ABSOLUTE = "absolute"
    """A mass falls by a share of that of the base year."""
    INTENSITY = "intensity"
    """A ratio falls by a share of that of the base year."""
    CUMULATIVE = "cumulative"
    """The figure, added up from the base year's end to the year, reaches a value."""
    NEUTRALITY = "neutrality"
    """What is left of the figure is balanced by credits retired: gross less retired is zero."""


FALLING = (TargetKind.ABSOLUTE, TargetKind.INTENSITY)


@dataclass(frozen=True, slots=True)
class Target:
    """A figure wanted by a year, for the whole, a site or a building of it.

    Args:
        figure: Name of the figure.
        value: Value wanted, in the figure's unit; for a fall it follows from the base year and may
            be 0 here.
        year: Fiscal year by which it is wanted.
        site: Site it is wanted of; empty for all.
        building: Building of the site; empty for all.
        kind: What is promised.
        title: Name for people.
        base_year: Year from which it is measured; a cumulative target adds up the years after it.
        reduction_share: Share of the base year by which it falls, 0 to 1, for a fall.
        pathway: Id of the pathway against which it is held; `linear` where none is named.
        org: Entity it is wanted of; empty for all.
        base_value: Value of the base year where that year was never valued here, as stated
            elsewhere.
        base_source: Where that value is from.
        growth_share: Yearly growth of business as usual.
        more_is_better: Whether the figure is wanted high.

    Raises:
        ValueError: Where the parts contradict each other.
    """

    figure: str
    value: float
    year: str
    site: str = ""
    building: str = ""
    kind: TargetKind = TargetKind.LEVEL
    title: str = ""
    base_year: str = ""
    reduction_share: float = 0.0
    pathway: str = "linear"
    org: str = ""
    base_value: float | None = None
    base_source: str = ""
    growth_share: float = 0.0
    more_is_better: bool = False

    def __post_init__(self) -> None:
        if not self.value >= 0 or self.value == float("inf"):
            raise ValueError(f"target of {self.figure}: {self.value} is not an amount")
        if self.kind is not TargetKind.LEVEL and not self.base_year:
            raise ValueError(
                f"target of {self.figure}: a target of kind {self.kind} needs a base_year"
            )
        if self.base_year and self.base_year >= self.year:
            raise ValueError(
                f"target of {self.figure}: base year {self.base_year} is not before {self.year}"
            )
        if self.kind in FALLING and not 0 < self.reduction_share <= 1:
            raise ValueError(f"target of {self.figure}: reduction is not between 0 and 1")
        if (self.base_value is None) == bool(self.base_source):
            raise ValueError(f"target of {self.figure}: base_value and base_source belong together")
        if self.base_value is not None and not (
            math.isfinite(self.base_value) and self.base_value > 0
        ):
            raise ValueError(
                f"target of {self.figure}: base_value {self.base_value} is not an amount"
            )
        if not -1 < self.growth_share < 1:
            raise ValueError(
                f"target of {self.figure}: growth {self.growth_share} is not a share a year"
            )

    @property
    def wanted_high(self) -> bool:
        """Whether more is better."""
        return self.more_is_better or self.kind is TargetKind.CUMULATIVE

    @property
    def name(self) -> str:
        """The title, or what it wants in short."""
        return (
            self.title
            or f"{self.figure} {self.year}"
            + (f" {self.building or self.site or self.org}").rstrip()
        )

    def is_met(self, value: float) -> bool:
        """Whether a value reaches the target.

        Example:
            >>> low, high = Target("waste", 1.25, "FY2025"), Target("reuse", 0.5, "FY2025", more_is_better=True)
            >>> low.is_met(1.2), high.is_met(0.4)
            (True, False)
        """
        return value >= self.value if self.wanted_high else value <= self.value

    def end_value(self, base: float) -> float:
        """Value wanted in the target year, given that of the base year.

        Example:
            >>> Target("net", 0, "FY2030", kind=TargetKind.ABSOLUTE, base_year="FY2022", reduction_share=0.5).end_value(80.0)
            40.0
        """
        return base * (1 - self.reduction_share) if self.kind in FALLING else self.value


def target_of(
    targets: Sequence[Target], figure: str, year: str, site: str = "", building: str = ""
) -> Target | None:
    """The level that is wanted of a figure of a place in a year.

    Of the building, else its site, else all; the next due.

    Example:
        >>> held = (Target("net", 130, "FY2025"), Target("net", 12, "FY2025", "hq", "hq-1"))
        >>> target_of(held, "net", "FY2024", "hq", "hq-1").value, target_of(held, "net", "FY2024", "plant").value
        (12, 130)
    """
    levels = [t for t in targets if t.figure == figure and t.kind is TargetKind.LEVEL and not t.org]
    named = [t for t in levels if t.site in ("", site) and t.building in ("", building)]
    due = [t for t in named if t.year >= year] or named
    return min(due, key=lambda t: (not t.building, not t.site, t.year), default=None)
