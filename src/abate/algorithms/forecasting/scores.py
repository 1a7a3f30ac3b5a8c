"""Scores of forecasts by quantiles: pinball loss, CRPS, coverage, calibration, skill.

Quantiles stand in the last axis; levels are shares between 0 and 1.

Source: Gneiting and Raftery (2007), Strictly Proper Scoring Rules; Hong et al. (2016), GEFCom2014
    (99 levels).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
PERCENTILES = np.arange(1, 100) / 100
"""The 99 levels of GEFCom2014."""


def pinball(actual: Array, quantiles: Array, levels: Array = PERCENTILES) -> Array:
    """Pinball loss, averaged over the levels; shape as `actual`, NaN where that is.

    Formula: mean over a of max(a (y - q), (a - 1) (y - q))

    Example:
        >>> pinball(np.array([3.0]), np.array([[1.0, 2.0]]), np.array([0.25, 0.5])).tolist()
        [0.5]
    """
    over = actual[..., None] - quantiles
    loss: Array = np.maximum(levels * over, (levels - 1.0) * over).mean(axis=-1)
    return loss


def crps(actual: Array, quantiles: Array, levels: Array = PERCENTILES) -> Array:
    """Continuous ranked probability score of the distribution that steps through the quantiles.

    Formula: 2 ∫ pinball over the levels, each level standing for the levels nearest to it

    Source: Laio and Tamea (2007), eq. 10.
    """
    edges = np.concatenate([[0.0], (levels[1:] + levels[:-1]) / 2, [1.0]])
    over = actual[..., None] - quantiles
    loss: Array = 2.0 * (np.maximum(levels * over, (levels - 1.0) * over) * np.diff(edges)).sum(
        axis=-1
    )
    return loss


def coverage(
    actual: Array, quantiles: Array, levels: Array = PERCENTILES, *, share: float = 0.8
) -> float:
    """Share of the actual values inside the central range of that share.

    Its levels must be among the quantiles'.
    """
    low, high = (int(np.abs(levels - (0.5 + side * share / 2)).argmin()) for side in (-1, 1))
    there = ~np.isnan(actual)
    inside = (actual >= quantiles[..., low]) & (actual <= quantiles[..., high])
    return float(inside[there].mean()) if there.any() else float("nan")


def pit(actual: Array, quantiles: Array, levels: Array = PERCENTILES) -> Array:
    """Probability integral transform: the level at which each actual value stands.

    Even where a forecast is honest.

    Example:
        >>> pit(np.array([1.5]), np.array([[1.0, 2.0]]), np.array([0.25, 0.75])).tolist()
        [0.5]
    """
    flat, rows = actual.reshape(-1), quantiles.reshape(-1, quantiles.shape[-1])
    found = np.array(
        [np.interp(y, q, levels, left=0.0, right=1.0) for y, q in zip(flat, rows, strict=True)]
    )
    found[np.isnan(flat)] = np.nan
    shaped: Array = found.reshape(actual.shape)
    return shaped


def skill(score: float, reference: float) -> float | None:
    """Share by which a score is better than a reference's; None where that one is 0.

    Example:
        >>> skill(3.0, 4.0)
        0.25
    """
    return 1.0 - score / reference if reference else None


def quantiles_of(members: Array, levels: Array = PERCENTILES) -> Array:
    """Quantiles over the members, on straight lines between them.

    Sorting once is several times faster than picking a hundred places out of each column.

    Args:
        members: Shape (members, ...), without NaN.
        levels: Shares between 0 and 1.

    Returns:
        Shape (..., levels).

    Example:
        >>> quantiles_of(np.array([[4.0], [1.0], [3.0]]), np.array([0.25, 0.5])).tolist()
        [[2.0, 3.0]]
    """
    sorted_ = np.sort(np.moveaxis(members, 0, -1), axis=-1)
    at = levels * (len(members) - 1)
    low = np.floor(at).astype(np.int64)
    left, right = sorted_[..., low], sorted_[..., np.minimum(low + 1, len(members) - 1)]
    found: Array = left + (at - low) * (right - left)
    return found


def ordered(quantiles: Array, *, low: float = -np.inf, high: float = np.inf) -> Array:
    """Quantiles that never cross, and stay within what can be.

    Source: Chernozhukov, Fernández-Val and Galichon (2010), rearrangement.
    """
    sorted_: Array = np.clip(np.sort(quantiles, axis=-1), low, high)
    return sorted_
