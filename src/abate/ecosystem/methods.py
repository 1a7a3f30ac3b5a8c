"""Methods of avoided emissions.

A baseline and an actual side for each methodology, in the book `avoided`.

Both sides are valued on the same action and the same parts of its claimants; the actual side is
subtracted. What is avoided is the sum of the two, and opens down to both factors.
"""

from __future__ import annotations

from typing import Any

from abate.ecosystem.facts import METHODOLOGIES, Methodology
from abate.kernel.method import MethodCard, methods

FORMULA = "quantity * share * boundary_share * ratio * mg_per_unit"
ENERGY_RATIOS = {"cloud-migration": ("cloud-baseline", "cloud-actual")}
"""Properties by which the two sides of a methodology differ where both take the grid's factor."""


def _card(one: Methodology, side: str, sign: int) -> MethodCard:
    ratios = ENERGY_RATIOS.get(one.id)
    lookups = (
        (("electricity", "grid-average"),)
        if ratios
        else ((f"{one.id}-{side}", "{item}"), (f"{one.id}-{side}", "any"))
    )
    return MethodCard(
        f"{one.id}-{side}",
        one.version,
        (one.kind,),
        "avoided",
        one.name,
        FORMULA,
        one.source,
        lookups,
        view=one.mechanism,
        basis="direct" if ratios else "",
        approach=side,
        sign=sign,
        proxies=not ratios,
        ratio=ratios[sign < 0] if ratios else "",
    )


@methods(*(_card(one, "baseline", 1) for one in METHODOLOGIES))
def baseline_side(
    quantity: Any, *, share: Any, boundary_share: Any, ratio: Any, mg_per_unit: Any
) -> Any:
    """Action times what would have been emitted without it, less the rebound, for each claimant's part."""
    return quantity * share * boundary_share * ratio * mg_per_unit


@methods(*(_card(one, "actual", -1) for one in METHODOLOGIES))
def actual_side(
    quantity: Any, *, share: Any, boundary_share: Any, ratio: Any, mg_per_unit: Any
) -> Any:
    """Action times what it emits itself, subtracted, less the rebound, for each claimant's part."""
    return quantity * share * boundary_share * ratio * mg_per_unit


METHODS = (*baseline_side, *actual_side)
