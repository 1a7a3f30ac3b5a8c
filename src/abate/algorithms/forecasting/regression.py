"""Ridge regression of many series at once.

Those that lack the same rows share one factorisation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def ridge(design: Array, targets: Array, weights: Array, penalty: Array) -> Array:
    """Weighted ridge regression of every column of the targets on one design.

    Formula: argmin over b of Σ w (y - X b)² + Σ p b²

    Args:
        design: Shape (rows, features).
        targets: NaN where missing; shape (rows, series).
        weights: Of each row; shape (rows,).
        penalty: On each coefficient; shape (features,).

    Returns:
        Coefficients; shape (features, series), zero for a series without any value.

    Example:
        >>> x, y = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([[1.0], [3.0], [np.nan]])
        >>> ridge(x, y, np.ones(3), np.zeros(2)).round(6).tolist()
        [[1.0], [2.0]]
    """
    found = np.zeros((design.shape[1], targets.shape[1]))
    missing = np.isnan(targets)
    for columns in alike(missing):
        there = ~missing[:, columns[0]]
        if there.any():
            x = design[there]
            weighted = x * weights[there, None]
            left = x.T @ weighted
            left[np.diag_indices_from(left)] += penalty + 1e-9 * np.trace(left) / len(left)
            found[:, columns] = np.linalg.solve(left, weighted.T @ targets[np.ix_(there, columns)])
    return found


def alike(missing: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.int64]]:
    """Groups of columns with the same pattern.

    Example:
        >>> [g.tolist() for g in alike(np.array([[True, False, True], [False, False, False]]))]
        [[1], [0, 2]]
    """
    keys = np.packbits(missing, axis=0).T
    _, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group.ravel()[order])) + 1) if len(order) else []
