"""Conditional distributions: what a target was where its features were alike.

Trees, and their average.

Each component takes features and targets and returns quantiles, so that components can be compared
and averaged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from abate.algorithms.forecasting.scores import PERCENTILES, ordered, pinball

Array = npt.NDArray[np.float64]
Component = Callable[[Array, Array, Array, int], Array]
"""Features and targets to learn from, features to predict, seed; returns quantiles at `PERCENTILES`."""
BOOSTED_LEVELS = np.array([0.03, 0.15, 0.3, 0.5, 0.7, 0.85, 0.97])


@dataclass(frozen=True, slots=True)
class Forest:
    """Extremely randomised trees; quantiles of the targets that share leaves with a row.

    Args:
        trees: Number of trees.
        leaf: Least rows in a leaf.
        features_share: Share of the features tried at each split.
        root: Whether trees split the square root of the target, which looks closer at low values.

    Source: Meinshausen (2006), Quantile Regression Forests; Geurts, Ernst and Wehenkel (2006).
    """

    trees: int = 100
    leaf: int = 5
    features_share: float = 1.0
    root: bool = False

    def __call__(self, x: Array, y: Array, ahead: Array, seed: int) -> Array:
        """Quantiles of the target; shape (rows ahead, 99)."""
        from scipy import sparse
        from sklearn.ensemble import ExtraTreesRegressor

        order = np.argsort(y, kind="stable")
        x, y = x[order], y[order]
        model = ExtraTreesRegressor(
            self.trees,
            min_samples_leaf=self.leaf,
            max_features=self.features_share,
            random_state=seed,
        )
        model.fit(x, np.sqrt(np.maximum(y, 0.0)) if self.root else y)
        leaves, reached = model.apply(x), model.apply(ahead)
        shares = np.zeros((len(ahead), len(y)), np.float32)
        rows = np.arange(len(y))
        for k, tree in enumerate(model.estimators_):
            members = sparse.csr_matrix(
                (np.ones(len(y), np.float32), (leaves[:, k], rows)),
                shape=(tree.tree_.node_count, len(y)),
            )
            sizes = np.maximum(np.asarray(members.sum(axis=1)).ravel(), 1.0).astype(np.float32)
            chosen = members[reached[:, k]].tocsr()
            at = np.repeat(np.arange(len(ahead)), np.diff(chosen.indptr))
            shares[at, chosen.indices] += 1.0 / sizes[reached[:, k]][at]
        reach = np.cumsum(shares, axis=1) / self.trees
        places = np.stack([np.searchsorted(row, PERCENTILES) for row in reach])
        found: Array = y[np.minimum(places, len(y) - 1)]
        return found


@dataclass(frozen=True, slots=True)
class Boosted:
    """Gradient boosting of the pinball loss at some levels, straight lines in between.

    Args:
        rounds: Trees of each level.
        rate: Learning rate.
        leaves: Leaves of a tree.
        leaf: Least rows in a leaf.
        features_share: Share of the features tried at each split.

    Source: Friedman (2001), Greedy Function Approximation; Ke et al. (2017) for trees on
        histograms.
    """

    rounds: int = 120
    rate: float = 0.07
    leaves: int = 16
    leaf: int = 30
    features_share: float = 0.5

    def __call__(self, x: Array, y: Array, ahead: Array, seed: int) -> Array:
        """Quantiles of the target; shape (rows ahead, 99)."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        found = [
            HistGradientBoostingRegressor(
                loss="quantile",
                quantile=level,
                max_iter=self.rounds,
                learning_rate=self.rate,
                max_leaf_nodes=self.leaves,
                min_samples_leaf=self.leaf,
                max_features=self.features_share,
                early_stopping=False,
                random_state=seed,
            )
            .fit(x, y)
            .predict(ahead)
            for level in BOOSTED_LEVELS
        ]
        sorted_ = ordered(np.stack(found, axis=-1))
        return np.stack([np.interp(PERCENTILES, BOOSTED_LEVELS, row) for row in sorted_])


@dataclass(frozen=True, slots=True)
class Average:
    """Quantiles averaged level by level over components that err differently.

    Args:
        parts: The components.

    Source: Lichtendahl, Grushka-Cockayne and Winkler (2013), averaging quantiles rather than
        probabilities.
    """

    parts: tuple[Component, ...]

    def __call__(self, x: Array, y: Array, ahead: Array, seed: int) -> Array:
        """Quantiles of the target; shape (rows ahead, 99)."""
        return np.mean([part(x, y, ahead, seed) for part in self.parts], axis=0)  # type: ignore[no-any-return]


def choose(
    components: dict[str, Component], x: Array, y: Array, *, folds: int = 3, seed: int = 1
) -> dict[str, float]:
    """Mean pinball loss of each component over the last folds in time, each learnt from what came before.

    Args:
        components: By name.
        x: Features in the order of time.
        y: Targets.
        folds: Tenths of the rows that are predicted, the last ones.
        seed: Of the components.

    Returns:
        Loss by name, best first.
    """
    edges = np.linspace(1 - folds / 10, 1.0, folds + 1) * len(y)
    scores = {}
    for name, component in components.items():
        losses = []
        for begin, end in zip(edges[:-1].astype(int), edges[1:].astype(int), strict=True):
            quantiles = component(x[:begin], y[:begin], x[begin:end], seed)
            losses.append(float(pinball(y[begin:end], quantiles).mean()))
        scores[name] = float(np.mean(losses))
    return dict(sorted(scores.items(), key=lambda s: s[1]))
