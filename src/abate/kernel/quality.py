"""Quality: five scores of how well a factor answers a need.

And what share of a figure stands on primary data.
"""

from __future__ import annotations

from collections.abc import Sequence

from abate.kernel.factor import Factor
from abate.kernel.matching import FactorQuery, Match
from abate.kernel.method import MethodCard
from abate.kernel.region import WORLD, country_of
from abate.kernel.uncertainty import pedigree_factor

RELIABILITY = {"checked": 2, "secondary": 2, "recalled": 3}
"""Score by how a value was compared with its publication; an assumption is poor."""


def scores(
    match: Match, need: FactorQuery, card: MethodCard, through: Sequence[Factor] = ()
) -> tuple[int, int, int, int, int]:
    """Reliability, completeness, temporal, geographical and technological score, 1 very good to 4 poor.

    Args:
        match: The factor and how it was found.
        need: What it answers.
        card: The method that uses it.
        through: Properties and ratios on the way; the least reliable one counts.

    Source:
        GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), Table 7.6.
    """
    source = match.factor.source
    reliability = 1 if card.primary else RELIABILITY.get(source.verification, 4)
    reliability = max(reliability, *(RELIABILITY.get(f.source.verification, 4) for f in through), 1)
    completeness = 1 if card.primary else 3 if match.proxy else 2
    gap = abs(need.year - (match.factor.year or source.published_on.year))
    temporal = 1 if gap < 3 else 2 if gap < 6 else 3 if gap < 10 else 4
    near = match.factor.region.split("/")[0] == need.region.split("/")[0]
    inside = country_of(match.factor.region) == country_of(need.region)
    geographical = (
        1
        if near
        else 2
        if inside
        else 4
        if match.proxy
        else 3
        if match.factor.region == WORLD
        else 2
    )
    technological = 3 if card.approach == "spend-based" else 2 if card.rung > 1 else 1
    return reliability, completeness, temporal, geographical, technological


def property_spread(factor: Factor) -> tuple[str, float]:
    """Spread of a property or ratio: the stated one, else by how reliable its value is."""
    mass = factor.masses[0]
    if mass.uncertainty_95 is not None:
        return mass.uncertainty_kind, mass.uncertainty_95
    score = {"checked": 1, "secondary": 1, "recalled": 2}.get(factor.source.verification, 4)
    return "lognormal", pedigree_factor((score, 1, 1, 1, 1))
