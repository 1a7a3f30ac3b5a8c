"""Uncertainty: what factors and activities carry, in closed form and by simulation.

With factors' errors shared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from abate.kernel.errors import UsageError

Z_95 = 1.959963984540054
INDICATORS = ("reliability", "completeness", "temporal", "geographical", "technological")
PEDIGREE: dict[str, tuple[float, float, float, float]] = {
    "reliability": (1.00, 1.10, 1.20, 1.50),
    "completeness": (1.00, 1.05, 1.10, 1.20),
    "temporal": (1.00, 1.10, 1.20, 1.50),
    "geographical": (1.00, 1.02, 1.05, 1.10),
    "technological": (1.00, 1.20, 1.50, 2.00),
}
"""Uncertainty factors of the scores very good, good, fair and poor (1 to 4).

Source: GHG Protocol, Quantitative Inventory Uncertainty (2011), pedigree matrix after Weidema and
    Wesnaes (1996).
"""
BASIC = 1.05
ACTIVITY_SPREAD_95 = {
    "metered": 0.05,
    "recorded": 0.05,
    "spent": 0.05,
    "reported": 0.05,
    "estimated": 0.30,
    "forecast": 0.30,
    "baseline": 0.30,
    "planned": 0.30,
}
"""Half of the 95 % range over the mean of an amount that states none, by how it came about.

Source: 2006 IPCC Guidelines, Volume 2, Table 2.15 (3 to 5 % for surveys, 15 to 40 % for
    extrapolations).
"""


def pedigree_factor(scores: Sequence[int]) -> float:
    """Factor from the mean to the end of the 95 % range (the squared geometric standard deviation) for five scores.

    Formula:
        exp(sqrt(sum of ln(U)^2)) over the indicators' uncertainty factors U and the basic one.

    Args:
        scores: Reliability, completeness, temporal, geographical, technological; 1 very good to 4
            poor.

    Raises:
        UsageError: `bad-pedigree`.

    Source:
        GHG Protocol, Quantitative Inventory Uncertainty (2011); ecoinvent 2 methodology, section
        7.2.

    Example:
        >>> round(pedigree_factor([1, 1, 1, 1, 1]), 4), round(pedigree_factor([2, 2, 1, 1, 3]), 4)
        (1.05, 1.5253)
    """
    if len(scores) != len(INDICATORS) or any(s not in (1, 2, 3, 4) for s in scores):
        raise UsageError(
            "bad-pedigree",
            f"'{scores}' are not five scores of 1 to 4.",
            f"In order: {', '.join(INDICATORS)}.",
        )
    factors = [PEDIGREE[name][score - 1] for name, score in zip(INDICATORS, scores, strict=True)]
    return math.exp(math.sqrt(sum(math.log(u) ** 2 for u in (*factors, BASIC))))


def read_spread(text: str) -> tuple[str, float] | None:
    """A spread as people write it: `5 %` normal, `x1.4` lognormal, `2,1,1,3,2` pedigree scores.

    None for anything else.

    Returns:
        `normal` with half of the 95 % range over the mean, or `lognormal` with the factor to the
        end of the range.

    Example:
        >>> read_spread("5 %"), read_spread("±5"), read_spread("x1.4"), read_spread("much")
        (('normal', 0.05), ('normal', 0.05), ('lognormal', 1.4), None)
    """
    plain = text.strip().lower().replace("±", "").replace("%", "").replace("×", "x").strip()
    try:
        if plain.count(",") == len(INDICATORS) - 1:
            return "lognormal", pedigree_factor([int(s) for s in plain.split(",")])
        if plain.startswith("x"):
            factor = float(plain[1:])
            return ("lognormal", factor) if 1 <= factor <= 100 else None
        share = float(plain) / 100
        return ("normal", share) if 0 <= share <= 10 else None
    except (ValueError, UsageError):
        return None


def relative_deviation(kind: str, spread_95: float) -> float:
    """Standard deviation over the mean.

    Args:
        kind: `normal` or `lognormal`.
        spread_95: Half of the 95 % range over the mean, or the factor from mean to its end.

    Example:
        >>> round(relative_deviation("normal", 0.05), 5), round(relative_deviation("lognormal", 2.0), 5)
        (0.02551, 0.365)
    """
    if kind == "lognormal":
        return math.sqrt(math.expm1((math.log(spread_95) / Z_95) ** 2))
    return spread_95 / Z_95


def combined(spreads: Sequence[tuple[str, float]]) -> tuple[str, float]:
    """Spread of a product of independent numbers, each with its own.

    Normal ones add up in squares; as soon as one is lognormal the product is, by the squares of the
    logarithms.

    Example:
        >>> combined([("normal", 0.03), ("normal", 0.04)]), combined([("lognormal", 1.5), ("normal", 0.0)])
        (('normal', 0.05), ('lognormal', 1.5))
    """
    if all(kind != "lognormal" for kind, _ in spreads):
        return "normal", math.sqrt(sum(spread**2 for _, spread in spreads))
    logs = [math.log(spread if kind == "lognormal" else 1 + spread) for kind, spread in spreads]
    whole = math.exp(math.sqrt(sum(log**2 for log in logs)))
    return "lognormal", round(whole, 12)


@dataclass(frozen=True, slots=True)
class Part:
    """What shares one factor's error: the rows valued with one number of one factor.

    Args:
        name: Factor and species.
        total: Sum of its rows, with their signs (any unit).
        kind: `normal` or `lognormal`: distribution of the factor.
        spread_95: Its spread.
        square: Sum of the squares of its rows' own deviations, from their activities (unit
            squared).
    """

    name: str
    total: float
    kind: str
    spread_95: float
    square: float

    @property
    def factor_deviation(self) -> float:
        """Standard deviation of the part that its factor causes.

        Shared by all rows, so it adds up linearly.
        """
        return abs(self.total) * relative_deviation(self.kind, self.spread_95)


@dataclass(frozen=True, slots=True)
class Range:
    """A total with its range.

    Args:
        total: The total.
        low: Lower end of the 95 % range.
        high: Upper end.
        deviation: Standard deviation.
    """

    total: float
    low: float
    high: float
    deviation: float

    @property
    def share_95(self) -> float:
        """Half of the 95 % range over the total."""
        return Z_95 * self.deviation / abs(self.total) if self.total else 0.0


def closed_form(parts: Sequence[Part]) -> Range:
    """Range of a sum by propagation of error, factors' errors shared by their rows.

    Formula:
        Variance = sum over factors of (total of the factor * its relative deviation)^2 + sum over
        rows of (row * relative deviation of its activity)^2.

    Source:
        2006 IPCC Guidelines, Volume 1, chapter 3, Approach 1, equations 3.1 and 3.2.

    Example:
        >>> percent = lambda activity, factor, total: Part("f", total, "normal", factor, (total * activity / Z_95) ** 2)
        >>> both = [percent(0.05, 0.10, 1000), percent(0.02, 0.30, 500)]
        >>> [round(closed_form([p]).share_95 * 100, 4) for p in both], round(closed_form(both).share_95 * 100, 5)
        ([11.1803, 30.0666], 12.49)
    """
    total = sum(p.total for p in parts)
    deviation = math.sqrt(sum(p.factor_deviation**2 + p.square for p in parts))
    return Range(total, total - Z_95 * deviation, total + Z_95 * deviation, deviation)


def simulate(parts: Sequence[Part], *, draws: int, seed: int) -> Range:
    """Range of a sum by simulation: one draw of each factor moves all of its rows together.

    Args:
        parts: Sums per factor, as many as there are factors, however many rows stand behind them.
        draws: Number of draws.
        seed: Seed: the same seed gives the same range.

    Source:
        2006 IPCC Guidelines, Volume 1, chapter 3, Approach 2.
    """
    import numpy as np  # noqa: PLC0415  (a tenth of a second that other commands do not need)

    generator = np.random.default_rng(seed)
    sums: Any = np.zeros(draws)
    for part in parts:
        own = generator.standard_normal(draws) * math.sqrt(part.square)
        shared = generator.standard_normal(draws)
        if part.kind == "lognormal":
            sigma = math.log(part.spread_95) / Z_95
            sums += (part.total + own) * np.exp(sigma * shared - sigma**2 / 2)
        else:
            sums += (part.total + own) * (1 + shared * part.spread_95 / Z_95)
    low, high = np.quantile(sums, [0.025, 0.975])
    return Range(float(sums.mean()), float(low), float(high), float(sums.std(ddof=1)))
