"""Contracts: 10,000 futures of 20 years of hours, their time and memory, and what is told apart.

`python benchmarks/contracts.py [--small]`
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace

import numpy as np

from abate.energy.facts.contracts import YEAR_H, Contract, Market
from abate.energy.planners.contracts import Futures, value_contracts

SMALL = "--small" in sys.argv


def main() -> None:
    draw = np.random.default_rng(1)
    years = 2 if SMALL else 10
    wind = np.clip(draw.beta(1.2, 2.2, (years, YEAR_H)), 0, 1)
    price = 60 - 50 * (wind - 0.35) + draw.normal(0, 30, (years, YEAR_H))
    market = Market(price, wind, np.full((years, YEAR_H), 9_000.0))
    fixed = Contract("fixed", price_per_mwh=50, capacity_kw=20_000, years=20)
    collar = replace(fixed, id="collar", price_per_mwh=0, market_share=0.95, floor_per_mwh=35, cap_per_mwh=75)  # fmt: skip
    cheaper = replace(fixed, id="1 % less", price_per_mwh=49.5)
    futures = Futures(200 if SMALL else 10_000)
    for contract in (fixed, collar):
        began = time.perf_counter()
        (value,) = value_contracts([contract], market, futures)
        seconds = time.perf_counter() - began
        print(f"{contract.id}: {futures.paths:,} futures of 20 years, {seconds:.2f} s")
        print(
            f"  net present value {value.p10:,.0f} to {value.p90:,.0f}, CVaR {value.cvar_95:,.0f}"
        )
    one, other = value_contracts([fixed, cheaper], market, futures)
    apart = float((other.npv > one.npv).mean())
    print(
        f"1 % of price: better on {apart:.1%} of the paths, {other.mean - one.mean:,.0f} on the mean"
    )
    volume = market.volume_mwh(fixed)
    chosen, _ = futures.drawn(years, 20)
    weights = np.repeat(np.bincount(chosen.ravel(), minlength=years) / chosen.size / YEAR_H, YEAR_H)
    p, v = price.ravel(), volume.ravel()
    covariance = weights @ (p * v) - (weights @ p) * (weights @ v)
    print(f"shape cost {one.shape_cost:.6f}, -cov/mean {-covariance / (weights @ v):.6f}")
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
