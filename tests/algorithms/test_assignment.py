"""A stock that is few goes where it saves most, and is never overdrawn."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.algorithms.assignment import assign


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_the_best_of_all_assignments_is_found(seed):
    rng = np.random.default_rng(seed)
    savings = np.round(rng.random((5, 3)) * (rng.random((5, 3)) < 0.6), 3)
    stock = rng.integers(0, 3, 3)
    chosen = assign(savings, stock)
    assert (np.bincount(chosen[chosen >= 0], minlength=3) <= stock).all()
    assert all(savings[o, c] > 0 for o, c in enumerate(chosen) if c >= 0)

    def saved(some):
        return sum(savings[o, c] for o, c in enumerate(some) if c >= 0)

    best = max(
        saved(p)
        for p in product(range(-1, 3), repeat=5)
        if all(p.count(k) <= stock[k] for k in range(3))
    )
    assert saved(chosen) == pytest.approx(best, abs=1e-4)


def test_one_is_kept_back_for_rows_that_will_save_more():
    rows, later = np.array([[1.0], [1.0]]), np.array([[3.0], [0.5]])
    assert assign(rows, np.array([1]), expected=later, expected_count=2).tolist() == [-1, -1]
    assert sorted(assign(rows, np.array([2]), expected=later, expected_count=2).tolist()) == [-1, 0]
    assert assign(rows, np.array([3]), expected=later, expected_count=2).tolist() == [0, 0]
