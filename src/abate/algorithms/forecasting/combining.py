"""Forecasts combined: weights learnt on the past, quantiles averaged, members kept apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.scores import PERCENTILES, pinball

Array = npt.NDArray[np.float64]
PULL = 0.1
"""How much equal weights are preferred, as a share of the loss they have."""
THINNED_LEVELS = slice(None, None, 7)
STEPS_MAX = 4000
"""Values of the past that weights are learnt on; of more, every n-th."""


def learn_weights(quantiles: Array, actual: Array, *, pull: float = PULL) -> Array:
    """Weights of forecasters whose average lost least, drawn towards equal ones.

    Formula: argmin over w ≥ 0, Σw = 1 of mean pinball(y, Σ w q) / loss of equal weights
        + pull · Σ (w - 1/n)²

    Args:
        quantiles: Of each forecaster at `PERCENTILES`; shape (forecasters, values, 99).
        actual: What came; shape (values,). Values that are NaN teach nothing.
        pull: Weight of the preference.

    Returns:
        Shape (forecasters,); equal weights where nothing can be learnt.

    Source: Bates and Granger (1969), The Combination of Forecasts; shrinkage to equal weights as in
        Diebold and Pauly (1990).

    Example:
        >>> good, bad = np.full((50, 99), 5.0), np.full((50, 99), 9.0)
        >>> learn_weights(np.stack([good, bad]), np.full(50, 5.0), pull=0.0).round(3).tolist()
        [1.0, 0.0]
    """
    from scipy.optimize import minimize

    count = len(quantiles)
    equal = np.full(count, 1.0 / count)
    there = np.flatnonzero(~np.isnan(actual) & ~np.isnan(quantiles).any(axis=(0, 2)))
    there = there[:: max(1, len(there) // STEPS_MAX)]
    if count == 1 or not len(there):
        return equal
    q, y = quantiles[:, there, THINNED_LEVELS], actual[there]
    levels = PERCENTILES[THINNED_LEVELS]
    usual = float(pinball(y, np.tensordot(equal, q, 1), levels).mean()) or 1.0

    def loss(free: Array) -> tuple[float, Array]:
        w = _shares(free)
        over = y[:, None] - np.tensordot(w, q, 1)
        slope = np.where(over > 0, levels, levels - 1.0)
        value = (slope * over).mean() / usual + pull * ((w - equal) ** 2).sum()
        by_weight = -(slope * q).mean(axis=(1, 2)) / usual + 2 * pull * (w - equal)
        return float(value), w * (by_weight - (w * by_weight).sum())

    best = minimize(loss, np.zeros(count), jac=True, method="L-BFGS-B")
    return _shares(best.x)


def _shares(free: Array) -> Array:
    raised = np.exp(free - free.max())
    shares: Array = raised / raised.sum()
    return shares


def combine(quantiles: Sequence[Array], weights: Array) -> Array:
    """Quantiles averaged level by level; those without a value leave NaN.

    Source: Lichtendahl, Grushka-Cockayne and Winkler (2013).
    """
    found: Array = np.tensordot(weights, np.stack(list(quantiles)), 1)
    return found


def in_ranks_of(values: Array, quantiles: Array) -> Array:
    """Members with given quantiles, in the order that other members have at each step.

    So what belongs together stays together: members of several series add up, and hours follow one
    another as they did.

    Args:
        values: Members that give the order; shape (members, ...).
        quantiles: At `PERCENTILES`; shape (..., 99).

    Returns:
        Shape as `values`.

    Source: Schefzik, Thorarinsdottir and Gneiting (2013), ensemble copula coupling.

    Example:
        >>> in_ranks_of(np.array([[9.0], [1.0]]), np.arange(1.0, 100.0)[None]).tolist()
        [[75.0], [25.0]]
    """
    members = len(values)
    ranks = values.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    at = (ranks + 0.5) / members * 100 - 1  # place among the 99 levels
    low = np.clip(np.floor(at).astype(np.int64), 0, len(PERCENTILES) - 2)
    part = at - low  # below the first and past the last the line goes on
    taken = np.moveaxis(quantiles, -1, 0)
    left, right = (np.take_along_axis(taken, low + side, axis=0) for side in (0, 1))
    found: Array = left + part * (right - left)
    return found
