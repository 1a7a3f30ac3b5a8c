"""Power contracts: what is delivered, what is paid for it, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from abate.kernel.errors import UsageError

Array = npt.NDArray[np.float64]
Volume = Literal["pay-as-produced", "baseload", "as-consumed"]
YEAR_H = 8760
"""Hours of a block: 365 days."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A power contract, as its buyer sees it.

    Args:
        id: Its name.
        volume: What is delivered: a share of what a plant gives, a constant power, or a share of
            the load.
        settlement: `physical` (direct), `sleeved` through a supplier, or `financial`, a contract
            for difference.
        price_per_mwh: What is paid; 0 with `market_share`.
        market_share: Share of the market's price that is paid, between floor and cap; 0 for a fixed
            price.
        floor_per_mwh: Least that is paid of a market price.
        cap_per_mwh: Most.
        escalation: Rise of price, floor, cap and fees a year.
        years: How long.
        capacity_kw: Power of the plant.
        share: Of what the plant gives, or of the load.
        power_kw: Of a constant delivery.
        fee_per_mwh: Of the supplier that sleeves it.
        balancing_per_mwh: What the buyer pays for balancing.
        pays_negative: Whether it delivers and is paid for in hours with a price below zero.
        guarantee_share: Least volume of a year as a share of the mean; 0 for none.
        penalty_per_mwh: What the seller pays for what is missing of it.
        is_clean: Whether its certificates come with it.

    Raises:
        UsageError: `bad-contract`.
    """

    id: str
    volume: Volume = "pay-as-produced"
    settlement: Literal["physical", "sleeved", "financial"] = "physical"
    price_per_mwh: float = 0.0
    market_share: float = 0.0
    floor_per_mwh: float = float("-inf")
    cap_per_mwh: float = float("inf")
    escalation: float = 0.0
    years: int = 10
    capacity_kw: float = 0.0
    share: float = 1.0
    power_kw: float = 0.0
    fee_per_mwh: float = 0.0
    balancing_per_mwh: float = 0.0
    pays_negative: bool = True
    guarantee_share: float = 0.0
    penalty_per_mwh: float = 0.0
    is_clean: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.years <= 40:
            raise _bad(self.id, f"{self.years} years", "Give 1 to 40 years.")
        if bool(self.price_per_mwh) == bool(self.market_share):
            text = "a fixed price and a share of the market's, or neither"
            raise _bad(self.id, text, "Give price_per_mwh, or market_share.")
        bounded = (self.floor_per_mwh, self.cap_per_mwh) != (float("-inf"), float("inf"))
        if bounded and not self.market_share:
            raise _bad(self.id, "a floor or cap of a fixed price", "Give market_share with them.")
        if bool(self.guarantee_share) != bool(self.penalty_per_mwh):
            text = "a guarantee without a penalty, or the other way round"
            raise _bad(self.id, text, "Give both.")
        if self.fee_per_mwh and self.settlement != "sleeved":
            raise _bad(self.id, "a fee of a supplier", "Write settlement = 'sleeved' with it.")
        if self.floor_per_mwh > self.cap_per_mwh:
            raise _bad(self.id, "its floor is above its cap", "Write the lower one as the floor.")
        needed = {"pay-as-produced": "capacity_kw", "baseload": "power_kw", "as-consumed": "share"}
        name = needed[self.volume]
        if not 0 < getattr(self, name) < 1e9:
            raise _bad(self.id, f"no {name}", f"Give {name} above zero.")
        shares = (self.share, self.guarantee_share)
        if any(not 0 <= s <= 1 for s in shares) or not -0.5 < self.escalation < 1:
            text = "a share or an escalation that is none"
            raise _bad(self.id, text, "Give shares from 0 to 1, and an escalation such as 0.02.")


def _bad(name: str, what: str, hint: str) -> UsageError:
    return UsageError("bad-contract", f"'{name}': {what}.", hint)


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Years of hours in which price, generation and load belong together.

    Args:
        price: Of a MWh `(years, 8760)`.
        generation: Power of one kW of the plant `(years, 8760)`.
        load_kw: Of the buyer `(years, 8760)`.

    Raises:
        UsageError: `bad-market`.
    """

    price: Array
    generation: Array
    load_kw: Array

    def __post_init__(self) -> None:
        shape = self.price.shape
        alike = shape == self.generation.shape == self.load_kw.shape
        every = (self.price, self.generation, self.load_kw)
        if (
            not alike
            or len(shape) != 2
            or shape[1] != YEAR_H
            or not all(np.isfinite(v).all() for v in every)
        ):
            raise UsageError(
                "bad-market",
                f"Prices have the shape {shape}, or some values are missing.",
                f"Give price, generation and load for whole years of {YEAR_H:,} hours.",
            )
        if (self.generation < 0).any() or (self.load_kw < 0).any():
            text = "Generation or load is below zero."
            raise UsageError("bad-market", text, "Write zero or more.")

    def volume_mwh(self, contract: Contract) -> Array:
        """What a contract delivers in each hour `(years, 8760)` [MWh]."""
        if contract.volume == "pay-as-produced":
            kw = contract.capacity_kw * contract.share * self.generation
        elif contract.volume == "baseload":
            kw = np.full(self.price.shape, contract.power_kw)
        else:
            kw = contract.share * self.load_kw
        if not contract.pays_negative:
            kw = np.where(self.price < 0, 0.0, kw)
        mwh: Array = kw / 1000.0
        return mwh
