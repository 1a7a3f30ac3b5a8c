"""A pool of things that go out and come back: how many are needed, and how many are lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Pool:
    """A closed pool.

    Args:
        size: Things to own so that the share of days on which enough are at hand is at least the
            service level.
        away_mean: Things away at a time.
        lost_per_year: Things that do not come back.
        worn_per_year: Things that reach the end of their trips.
        trips_per_thing: Trips that one makes until it is lost or worn.
    """

    size: int
    away_mean: float
    lost_per_year: float
    worn_per_year: float
    trips_per_thing: float


def pool_size(
    trips_per_day: float,
    days_away: float,
    *,
    lost_share: float,
    trips_max: float,
    service_level: float,
) -> Pool:
    """Size a pool by the number away at a time.

    Which is Poisson whatever the spread of the times away.

    One is at hand while fewer than all are away.

    Formula: smallest S with P(N < S) ≥ service level, N ~ Poisson(trips per day · days away)

    Args:
        trips_per_day: Trips that begin, on average.
        days_away: Mean time until a thing is back and clean.
        lost_share: Share of trips from which it does not come back.
        trips_max: Trips after which it is worn out.
        service_level: Share of time in which one is at hand.

    Source: Palm, C. (1938), the theorem on the infinite-server queue.

    Example:
        >>> pool_size(10, 5, lost_share=0.02, trips_max=50, service_level=0.95).size
        63
    """
    away = trips_per_day * days_away
    # probabilities by recursion from the mean outwards, so that nothing underflows
    top = int(away + 12 * np.sqrt(away) + 20)
    logs = np.concatenate(
        [[0.0], np.cumsum(np.log(max(away, 1e-300)) - np.log(np.arange(1, top + 1)))]
    )
    weights = np.exp(logs - logs.max())
    reached = np.cumsum(weights) / weights.sum()
    size = 1 + int(np.searchsorted(reached, service_level - 1e-12))
    # a thing ends its life at its k-th trip by loss, or at the last by wear
    kept = 1.0 - lost_share
    trips = trips_max if lost_share == 0 else (1.0 - kept**trips_max) / lost_share
    year = 365.0 * trips_per_day
    return Pool(
        size, away, year * lost_share, year / trips - year * lost_share if trips else 0.0, trips
    )


def simulate_pool(
    size: int, trips_per_day: float, days_away: float, *, lost_share: float, days: int, seed: int
) -> Any:
    """Play a pool day by day, lost things bought again.

    The share of trips for which one was at hand.

    Args:
        size: Things owned.
        trips_per_day: Mean of the Poisson number of trips begun in a day.
        days_away: Mean of the exponential time away.
        lost_share: Share that does not come back; each is replaced at once.
        days: Days to play.
        seed: Of the random draws; the same seed gives the same result.
    """
    rng = np.random.default_rng(seed)
    back = np.empty(0)
    served = wanted = 0
    for day in range(days):
        starts = np.sort(rng.uniform(size=rng.poisson(trips_per_day))) + day
        for begin in starts:
            back = back[back > begin]
            wanted += 1
            if len(back) < size:
                served += 1
                away = 0.0 if rng.uniform() < lost_share else rng.exponential(days_away)
                back = np.append(back, begin + away)
    return served / max(wanted, 1)
