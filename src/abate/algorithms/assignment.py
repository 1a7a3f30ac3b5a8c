"""Sharing out a limited stock.

Each row takes at most one of several kinds, so that the savings add up to the most.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SCALE = 10**6
EXPECTED_ROWS_MAX = 2_000


def assign(savings: Any, stock: Any, *, expected: Any = None, expected_count: int = 0) -> Any:
    """Choose a kind for each row, keeping back what rows still to come will save more with.

    Args:
        savings: What a row saves with one of a kind, `(rows, kinds)`; zero or less where it cannot
            take it.
        stock: How many there are of each kind, `(kinds,)`.
        expected: Savings of rows like those to come, `(samples, kinds)`.
        expected_count: How many rows are to come before the stock is filled up.

    Returns:
        Kind of each row, -1 for none: `(rows,)`.

    Source: a transport problem, Ford, L. R. and Fulkerson, D. R. (1956); the rows to come as in
        Bent, R. and Van
    Hentenryck, P. (2004), Regrets only! Online stochastic optimization.

    Example:
        >>> assign(np.array([[3.0, 0.0], [2.0, 1.0]]), np.array([1, 1])).tolist()
        [0, 1]
        >>> assign(np.array([[1.0]]), np.array([1]), expected=np.array([[5.0]]), expected_count=1).tolist()
        [-1]
    """
    from ortools.graph.python import min_cost_flow

    savings, stock = np.asarray(savings, np.float64), np.asarray(stock, np.int64)
    count, kinds = savings.shape
    if not count or not kinds:
        return np.full(count, -1, np.int64)
    rows, amounts, unit = savings, np.ones(count, np.int64), 1
    if expected is not None and len(expected) and expected_count > 0:
        # each sample stands for its share of the rows to come: amounts are counted in that share
        some = np.asarray(expected, np.float64)[-EXPECTED_ROWS_MAX:]
        unit = len(some)
        rows = np.concatenate([savings, some])
        amounts = np.concatenate(
            [np.full(count, unit, np.int64), np.full(unit, expected_count, np.int64)]
        )
    most = max(float(rows.max(initial=0.0)), 1e-12)
    flow = min_cost_flow.SimpleMinCostFlow()
    source, sink = len(rows) + kinds, len(rows) + kinds + 1
    of_row, of_kind = np.nonzero((rows > 0) & (stock > 0)[None, :])
    gains = np.rint(rows[of_row, of_kind] / most * SCALE).astype(np.int64)
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        of_row, len(rows) + of_kind, amounts[of_row], -gains
    )
    every = np.arange(len(rows))
    flow.add_arcs_with_capacity_and_unit_cost(
        np.full(len(rows), source), every, amounts, np.zeros(len(rows), np.int64)
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        every, np.full(len(rows), sink), amounts, np.zeros(len(rows), np.int64)
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        len(rows) + np.arange(kinds), np.full(kinds, sink), stock * unit, np.zeros(kinds, np.int64)
    )
    flow.set_node_supply(source, int(amounts.sum()))
    flow.set_node_supply(sink, -int(amounts.sum()))
    status = flow.solve()
    assert status == flow.OPTIMAL, status
    chosen = np.full(count, -1, np.int64)
    if len(arcs):
        flows = np.asarray(flow.flows(arcs))
        left = stock.copy()
        wanted = np.bincount(
            of_row, flows, len(rows)
        )  # a row may be divided among kinds that save it alike
        for k in np.lexsort((of_row, -flows)):
            row, kind = of_row[k], of_kind[k]
            if (
                row < count
                and 2 * wanted[row] >= unit
                and flows[k] > 0
                and chosen[row] < 0
                and left[kind]
            ):
                chosen[row] = kind
                left[kind] -= 1
    return chosen
