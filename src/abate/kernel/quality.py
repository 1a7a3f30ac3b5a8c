"""Quality: five scores of how well a factor answers a need, and what share of a figure stands on primary data."""

from __future__ import annotations

from abate.kernel.matching import Match, Need
from abate.kernel.method import Card
from abate.kernel.region import WORLD

PROXY_AVERAGES = ("spend-based", "average-data")


def scores(match: Match, need: Need, card: Card) -> tuple[int, int, int, int, int]:
    """Reliability, completeness, temporal, geographical and technological score, 1 very good to 4 poor.

    Args:
        match: The factor and how it was found.
        need: What it answers.
        card: The method that uses it.

    Source:
        GHG Protocol, Corporate Value Chain (Scope 3) Standard (2011), Table 7.6.
    """
    source = match.factor.source
    reliability = 1 if card.primary else {"checked": 2, "secondary": 2, "recalled": 3}.get(source.verification, 4)
    completeness = 1 if card.primary else 3 if match.proxy else 2
    gap = need.year - (match.factor.data_year or source.published_on.year)
    temporal = 1 if gap < 3 else 2 if gap < 6 else 3 if gap < 10 else 4
    country = need.region.split("-")[0].split("/")[0]
    near = match.factor.region.split("/")[0] == need.region.split("/")[0]
    inside = match.factor.region.split("-")[0] == country
    geographical = 1 if near else 2 if inside else 4 if match.proxy else 3 if match.factor.region == WORLD else 2
    technological = 3 if card.approach == "spend-based" else 2 if card.rung > 1 else 1
    return reliability, completeness, temporal, geographical, technological
