"""The ecosystem system: emissions that others avoid because of the organisation (Scope 3+)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abate.ecosystem.facts import KINDS, TEMPLATES
from abate.ecosystem.methods import METHODS
from abate.kernel.figure import Figure, mass_of
from abate.kernel.system import System

if TYPE_CHECKING:
    from abate.kernel.checks import Check

SOURCE = "WBCSD, Guidance on Avoided Emissions (2023)"


def _part(name: str, title: str, *, wanted_high: bool = True, **where: str) -> Figure:
    return Figure(
        f"avoided-{name}",
        f"Avoided by others, {title}",
        "t CO2e",
        mass_of("avoided", **where),
        part_of="avoided",
        wanted_high=wanted_high,
        source=SOURCE,
    )


FIGURES = (
    Figure(
        "avoided",
        "Avoided by others (Scope 3+)",
        "t CO2e",
        mass_of("avoided"),
        wanted_high=True,
        source=SOURCE,
    ),
    _part("driving", "driving", view="driving"),
    _part("enabling", "enabling", view="enabling"),
    _part("claimed", "claimed", matched="yes"),
    _part("unclaimed", "unclaimed", wanted_high=False, matched="no"),
)


def _checks() -> tuple[Check, ...]:
    from abate.ecosystem.checks import CHECKS  # noqa: PLC0415

    return CHECKS


SYSTEM = System(
    "ecosystem",
    kinds=KINDS,
    templates=TEMPLATES,
    methods=METHODS,
    checks=_checks,
    figures=FIGURES,
    factors=(("abate.ecosystem", "factors.csv"),),
)
