"""Sizes chosen for a demand: never better than the bound, never worse than the best by more than the gap says."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.algorithms.assortment import choose_sizes


def best_of_all(fits, weights, costs, count, unserved):
    def cost(chosen):
        return sum(
            w * next((costs[j] for j in chosen if row[j]), unserved)
            for row, w in zip(fits, weights, strict=True)
        )

    return min(cost(c) for c in combinations(range(len(costs)), min(count, len(costs))))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_cost_and_bound_enclose_the_best_of_all(seed, count):
    rng = np.random.default_rng(seed)
    fits = (rng.random((12, 7)) < 0.5).astype(np.uint8)
    weights = rng.integers(1, 9, 12)
    costs = np.sort(rng.integers(1, 50, 7)).astype(float)
    found = choose_sizes(fits, weights, costs, count, unserved_cost=100.0)
    best = best_of_all(fits, weights, costs, count, 100.0)
    assert found.bound <= best + 1e-6
    assert found.cost >= best - 1e-6
    assert len(found.chosen) == count
    chosen = sum(
        w * next((costs[j] for j in found.chosen if r[j]), 100.0)
        for r, w in zip(fits, weights, strict=True)
    )
    assert found.cost == pytest.approx(chosen)


def test_more_sizes_never_cost_more():
    rng = np.random.default_rng(4)
    fits = np.maximum.accumulate((rng.random((60, 15)) < 0.25).astype(np.uint8), axis=1)
    costs = np.arange(1.0, 16.0)
    found = [
        choose_sizes(fits, np.ones(60), costs, k, unserved_cost=40.0).cost for k in range(1, 10)
    ]
    assert found == sorted(found, reverse=True)
