"""Neutrality, stated honestly.

What is emitted, what is removed, what is offset, in that order, and what is left.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from abate.kernel.edges import Json


class CreditKind(StrEnum):
    """What a credit stands for."""

    REMOVAL = "removal"
    """A tonne taken out of the air and stored."""
    AVOIDANCE = "avoidance"
    """A tonne that somebody else did not emit."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A block of credits of one serial number.

    Args:
        serial: Serial number at its registry.
        registry: The registry.
        project: The project.
        kind: Removal or avoidance.
        standard: Quality standard.
        vintage: Calendar year of the reduction or removal.
        amount_kg: Size [kg CO2e].
        retired_kg: What is retired of it, by fiscal year [kg CO2e].
    """

    serial: str
    registry: str
    project: str
    kind: CreditKind
    standard: str
    vintage: int
    amount_kg: int
    retired_kg: tuple[tuple[str, int], ...] = ()

    def retired_for(self, year: str) -> int:
        """What is retired of it for a fiscal year [kg CO2e]."""
        return dict(self.retired_kg).get(year, 0)

    @property
    def held_kg(self) -> int:
        """What is left of it [kg CO2e]."""
        return self.amount_kg - sum(kg for _, kg in self.retired_kg)

    @property
    def json(self) -> Json:
        """As machines get it."""
        return asdict(self) | {"held_kg": self.held_kg}


@dataclass(frozen=True, slots=True)
class Credits:
    """Credits of an organisation, seen from one fiscal year.

    Args:
        year: The fiscal year.
        every: All blocks, by serial number.
    """

    year: str
    every: tuple[Credit, ...]

    @property
    def retired(self) -> tuple[Credit, ...]:
        """Blocks of which something is retired for the year."""
        return tuple(c for c in self.every if c.retired_for(self.year))

    def _sum_t(self, *kinds: CreditKind) -> float:
        return sum(c.retired_for(self.year) for c in self.every if c.kind in kinds) / 1000

    @property
    def removed_t(self) -> float:
        """Removals retired for the year [t CO2e]."""
        return self._sum_t(CreditKind.REMOVAL)

    @property
    def offset_t(self) -> float:
        """Avoidance credits retired for the year [t CO2e]."""
        return self._sum_t(CreditKind.AVOIDANCE)

    @property
    def retired_t(self) -> float:
        """All credits retired for the year [t CO2e]."""
        return self._sum_t(*CreditKind)


@dataclass(frozen=True, slots=True)
class Neutrality:
    """The balance of a year: reduce, remove, offset.

    Args:
        year: Fiscal year.
        gross_t: Gross emissions, Scope 1 and location-based Scope 2 [t CO2e].
        before_t: Gross emissions of the base year, or of the year before; None where there is none.
        reduction_t: What named instruments cover, for the record; it takes nothing from gross [t
            CO2e].
        net_t: Net emissions [t CO2e].
        removed_t: Removals retired [t CO2e].
        offset_t: Avoidance credits retired [t CO2e].
        lacking: What gross lacks; empty where it is whole.

    Source: ISO 14068-1:2023, clauses 6 to 10 (reduction before removal before offsetting; residual
        emissions stated);
    ESRS E1-7, paragraphs 60 and 61 (claims shown beside gross emissions, credits apart).
    """

    year: str
    gross_t: float
    before_t: float | None
    reduction_t: float
    net_t: float
    removed_t: float
    offset_t: float
    lacking: str = ""

    @property
    def retired_t(self) -> float:
        """Removals and offsets retired [t CO2e]."""
        return self.removed_t + self.offset_t

    @property
    def left_t(self) -> float:
        """Gross less retired [t CO2e]: what keeps the word neutral from being true.

        Below zero where more is retired.
        """
        return self.gross_t - self.retired_t

    @property
    def is_neutral(self) -> bool:
        """Whether "carbon neutral" may be said.

        Gross is whole, and less retired it is zero, to the kilogram of a credit.

        Example:
            >>> Neutrality("FY2024", 100.0, 120.0, 60.0, 40.0, 0.0, 40.0).is_neutral  # net alone is not enough
            False
            >>> Neutrality("FY2024", 100.0, 120.0, 60.0, 40.0, 10.0, 90.0).is_neutral
            True
        """
        return self.left_t < 0.001 and not self.lacking

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an honest reader would add.

        Codes `gross-incomplete`, `not-reduced`, `offset-without-removal`, `net-covered-only`.
        """
        found = ["gross-incomplete"] if self.lacking else []
        if self.retired_t and self.before_t is not None and self.gross_t >= self.before_t:
            found.append("not-reduced")
        if self.offset_t and not self.removed_t:
            found.append("offset-without-removal")
        if not self.is_neutral and self.retired_t and self.retired_t >= self.net_t:
            found.append("net-covered-only")
        return tuple(found)
