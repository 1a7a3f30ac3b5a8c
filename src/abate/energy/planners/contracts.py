"""Contracts valued over many futures: years of price and weather together, prices on levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from abate.energy.facts.contracts import YEAR_H, Array, Contract, Market
from abate.kernel.errors import UsageError

PATHS_MAX = 200_000
TAIL = 0.05
"""Share of the worst paths of which the mean is told."""


@dataclass(frozen=True, slots=True)
class Futures:
    """What may come: years that are drawn, and levels of price.

    Args:
        paths: How many.
        discount: A year, as a share.
        price_rise: Expected rise of prices a year.
        level_sd: Standard deviation of the yearly step of the level's logarithm.
        return_share: Share of its distance to the expected level that it goes back each year.
        seed: Of the draws; the same for contracts that are compared.

    Raises:
        UsageError: `bad-futures`.
    """

    paths: int = 10_000
    discount: float = 0.06
    price_rise: float = 0.0
    level_sd: float = 0.15
    return_share: float = 0.2
    seed: int = 1

    def __post_init__(self) -> None:
        sound = 1 <= self.paths <= PATHS_MAX and -0.5 < self.discount < 1
        sound &= -0.5 < self.price_rise < 1
        if not sound or not 0 <= self.level_sd < 2 or not 0 <= self.return_share <= 1:
            raise UsageError(
                "bad-futures",
                f"{self.paths:,} paths, discount {self.discount:g}, deviation {self.level_sd:g}.",
                f"Give 1 to {PATHS_MAX:,} paths, a discount such as 0.06, a deviation such as"
                " 0.15.",
            )

    def drawn(self, blocks: int, years: int) -> tuple[Any, Array]:
        """Block and level of price of each path and year `(paths, years)`, the mean level one.

        The level's logarithm goes back to its mean by a share each year.
        """
        draw = np.random.default_rng(self.seed)
        chosen = draw.integers(0, blocks, (self.paths, years))
        steps = draw.normal(0.0, self.level_sd, (self.paths, years))
        log = np.zeros((self.paths, years))
        at = np.zeros(self.paths)
        spread = 0.0
        for y in range(years):
            at = (1.0 - self.return_share) * at + steps[:, y]
            spread = (1.0 - self.return_share) ** 2 * spread + self.level_sd**2
            log[:, y] = at - spread / 2  # so that the mean of the level is one
        rise = (1.0 + self.price_rise) ** np.arange(1, years + 1)
        return chosen, np.exp(log) * rise


@dataclass(frozen=True, slots=True, eq=False)
class ContractValue:
    """What a contract is worth to its buyer, beside buying all at the market.

    Args:
        id: Its name.
        npv: Net present value of each path `(paths,)`.
        mean: Of them.
        p10: One path in ten is worse.
        p50: Half of them are.
        p90: Nine in ten are.
        cvar_95: Mean of the worst twentieth.
        volume_mwh: A year.
        paid_per_mwh: Mean price that is paid, fees included, in the first year's money of each.
        market_price: Mean price of an hour.
        capture_price: Mean price of what is delivered, by volume.
        shape_cost: The former less the latter: minus the covariance of price and volume over the
            mean volume.
        negative_hours: Hours a year with a price below zero.
        clean_share_year: Delivered over load, by the year; 0 where no certificates come with it.
        clean_share_hour: The same hour by hour: what is delivered beyond the load does not count.
        cost_sd: Standard deviation of the present cost of all energy with the contract.
        cost_sd_without: The same without.
    """

    id: str
    npv: Array
    mean: float
    p10: float
    p50: float
    p90: float
    cvar_95: float
    volume_mwh: float
    paid_per_mwh: float
    market_price: float
    capture_price: float
    shape_cost: float
    negative_hours: float
    clean_share_year: float
    clean_share_hour: float
    cost_sd: float
    cost_sd_without: float


def value_contracts(
    contracts: Sequence[Contract], market: Market, futures: Futures
) -> list[ContractValue]:
    """Value contracts over the same draws.

    A year of a path is a year of the market as it was, price, generation and load together, with
    all its prices times a level. Sums over the hours of such a year are exact: by prefix sums over
    the hours in the order of their prices, where a floor or a cap parts them.

    Args:
        contracts: Contracts.
        market: Years to draw from.
        futures: How many paths, and how prices move.

    Raises:
        UsageError: `bad-contract`, `bad-market`, `bad-futures`.

    Example:
        >>> hours = np.arange(8760) % 24
        >>> price = np.where((hours > 8) & (hours < 20), 60.0, 40.0)[None]
        >>> market = Market(price, np.full((1, 8760), 0.5), np.full((1, 8760), 1000.0))
        >>> flat = Contract("flat", price_per_mwh=45.0, capacity_kw=1000, years=1)
        >>> (told,) = value_contracts([flat], market, Futures(10, 0.0, level_sd=0.0))
        >>> round(told.mean / told.volume_mwh, 6), round(told.shape_cost, 6)
        (4.166667, 0.0)
    """
    return [_value(one, market, futures) for one in contracts]


def _value(contract: Contract, market: Market, futures: Futures) -> ContractValue:
    blocks = len(market.price)
    chosen, levels = futures.drawn(blocks, contract.years)
    volume = market.volume_mwh(contract)
    load = market.load_kw / 1000.0
    weights = np.bincount(chosen.ravel(), minlength=blocks) / chosen.size
    yearly = volume.sum(axis=1)
    worth = (market.price * volume).sum(axis=1)
    rise = (1.0 + contract.escalation) ** np.arange(contract.years)
    discounts = (1.0 + futures.discount) ** -np.arange(1, contract.years + 1)
    paid = _paid(contract, market, volume, chosen, levels, rise)
    fees = contract.balancing_per_mwh * (contract.settlement != "financial")
    fees += contract.fee_per_mwh * (contract.settlement == "sleeved")
    paid = paid + fees * yearly[chosen] * rise
    missing = np.maximum(contract.guarantee_share * float(weights @ yearly) - yearly, 0.0)
    cash = levels * worth[chosen] - paid + contract.penalty_per_mwh * missing[chosen]
    npv = cash @ discounts
    without = (levels * (market.price * load).sum(axis=1)[chosen]) @ discounts
    low, middle, high = np.quantile(npv, [0.1, 0.5, 0.9])
    worst = np.sort(npv)[: max(1, round(TAIL * len(npv)))]
    delivered, price = float(weights @ yearly), float(weights @ market.price.mean(axis=1))
    capture = float(weights @ worth) / delivered if delivered else float("nan")
    every = float(weights @ load.sum(axis=1))
    matched = float(weights @ np.minimum(volume, load).sum(axis=1))
    sums = float((paid / rise).mean())
    return ContractValue(
        contract.id,
        npv,
        float(npv.mean()),
        float(low),
        float(middle),
        float(high),
        float(worst.mean()),
        delivered,
        sums / delivered if delivered else float("nan"),
        price,
        capture,
        price - capture,
        float(weights @ (market.price < 0).sum(axis=1)),
        delivered * contract.is_clean / every if every else float("nan"),
        matched * contract.is_clean / every if every else float("nan"),
        float(np.std(without - npv)),
        float(np.std(without)),
    )


def _paid(
    contract: Contract, market: Market, volume: Array, chosen: Any, levels: Array, rise: Any
) -> Array:
    """What is paid to the seller in each path and year `(paths, years)`."""
    if not contract.market_share:
        fixed: Array = contract.price_per_mwh * rise * volume.sum(axis=1)[chosen]
        return fixed
    paid = np.zeros(chosen.shape)
    for block in range(len(market.price)):
        order = np.argsort(market.price[block])
        price, mwh = market.price[block][order], volume[block][order]
        volumes = np.concatenate([[0.0], np.cumsum(mwh)])
        worths = np.concatenate([[0.0], np.cumsum(price * mwh)])
        here = chosen == block
        scale = contract.market_share * levels[here]
        rises = np.broadcast_to(rise, chosen.shape)[here]
        floor, cap = contract.floor_per_mwh * rises, contract.cap_per_mwh * rises
        first = np.searchsorted(price, floor / scale, "left")
        past = np.searchsorted(price, cap / scale, "right")
        low = np.where(first > 0, np.where(np.isfinite(floor), floor, 0.0) * volumes[first], 0.0)
        high = np.where(np.isfinite(cap), cap, 0.0) * (volumes[YEAR_H] - volumes[past])
        paid[here] = low + scale * (worths[past] - worths[first]) + high
    return paid
