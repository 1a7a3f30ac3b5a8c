"""Base year: when it is recalculated, and what of it has changed since it was stated."""

from __future__ import annotations

from dataclasses import dataclass

from abate.kernel.errors import ConfigError

RULES = ("whole-year", "pro-rata")


@dataclass(frozen=True, slots=True)
class BaseYearPolicy:
    """When and how a base year is recalculated.

    Args:
        year: The base year, such as FY2022.
        threshold_share: Cumulative change, over what was stated before, from which it is
            recalculated.
        rule: `whole-year` counts what was bought or sold as if so for the whole year, `pro-rata`
            for the months of the year in which it happened.

    Raises:
        ConfigError: `bad-base-year`.

    Source:
        GHG Protocol Corporate Standard (2004), chapter 5; Base year recalculation methodologies for
        structural changes (2005).
    """

    year: str
    threshold_share: float = 0.05
    rule: str = "whole-year"

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ConfigError(
                "bad-base-year",
                f"recalculation is '{self.rule}'.",
                f"Choose one of {', '.join(RULES)}.",
            )
        if not 0 <= self.threshold_share <= 1:
            raise ConfigError(
                "bad-base-year",
                f"threshold is {self.threshold_share}.",
                "It is a share, such as 0.05.",
            )

    def recalculates(self, stated_mg: int, restated_mg: int) -> bool:
        """Whether the change is so large that the base year is recalculated.

        Example:
            >>> BaseYearPolicy("FY2022").recalculates(100, 96), BaseYearPolicy("FY2022").recalculates(100, 95)
            (False, True)
        """
        return abs(restated_mg - stated_mg) >= self.threshold_share * abs(stated_mg)
