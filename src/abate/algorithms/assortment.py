"""Choosing k sizes for a demand.

The p-median problem where every client takes the cheapest chosen size that holds it.

A size costs the same for whoever takes it, so a set of sizes costs each client its first one in
rising order of cost. Sets are found greedily and improved by exchanges; a Lagrangian bound says how
far from the best they can be.

Source: Teitz, M. B. and Bart, P. (1968), exchanges; Cornuéjols, G., Fisher, M. L. and Nemhauser, G.
    L. (1977), the bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

ROUNDS_MAX = 60
STEP, STEP_LEAST, SHRINK, PATIENCE = 1.5, 1e-3, 0.7, 15
OTHERS = 4
"""Sets of the best bounds from which exchanges begin again."""


@dataclass(frozen=True, slots=True)
class Assortment:
    """Sizes chosen.

    Args:
        chosen: Their numbers, in rising order of cost.
        cost: What the demand costs with them.
        bound: No k sizes cost less.
    """

    chosen: tuple[int, ...]
    cost: float
    bound: float

    @property
    def gap_share(self) -> float:
        """Distance to the bound as a share of the cost."""
        return (self.cost - self.bound) / self.cost if self.cost else 0.0


@njit(cache=True)
def _two_best(fits, chosen, first, second):
    """Number of the cheapest and second cheapest chosen size of each client.

    The count of sizes where there is none.
    """
    sizes = fits.shape[1]
    for i in range(fits.shape[0]):
        first[i] = sizes
        second[i] = sizes
        for j in range(sizes):
            if chosen[j] and fits[i, j]:
                if first[i] == sizes:
                    first[i] = j
                else:
                    second[i] = j
                    break


@njit(cache=True)
def _total(fits, weights, costs, chosen):
    total = 0.0
    for i in range(fits.shape[0]):
        own = costs[fits.shape[1]]
        for j in range(fits.shape[1]):
            if chosen[j] and fits[i, j]:
                own = costs[j]
                break
        total += weights[i] * own
    return total


@njit(cache=True)
def _gains(fits, weights, costs, first, gains):
    """What each size would save if it were added."""
    gains[:] = 0.0
    for i in range(fits.shape[0]):
        own = costs[first[i]]
        for j in range(first[i]):
            if fits[i, j]:
                gains[j] += weights[i] * (own - costs[j])


@njit(cache=True)
def _exchange(fits, weights, costs, chosen, first, second, gains, losses, mixed):
    """The best exchange of a chosen size for another: change of cost, size in, size out.

    Source: Whitaker, R. A. (1983), A fast algorithm for the greedy interchange.
    """
    sizes = fits.shape[1]
    gains[:] = 0.0
    losses[:] = 0.0
    mixed[:, :] = 0.0
    for i in range(fits.shape[0]):
        a, b = first[i], second[i]
        own = costs[a]
        if a < sizes:
            losses[a] += weights[i] * (costs[b] - own)
        for j in range(b):
            if not fits[i, j] or chosen[j]:
                continue
            if j < a:
                gains[j] += weights[i] * (own - costs[j])
                if a < sizes:
                    mixed[j, a] += weights[i] * (costs[b] - own)
            elif a < sizes:
                mixed[j, a] += weights[i] * (costs[b] - costs[j])
    best, enter, leave = 0.0, -1, -1
    for j in range(sizes):
        if chosen[j]:
            continue
        for a in range(sizes):
            if chosen[a]:
                change = losses[a] - gains[j] - mixed[j, a]
                if change < best:
                    best, enter, leave = change, j, a
    return best, enter, leave


@njit(cache=True)
def _worth(fits, weights, costs, prices, worth):
    """For given prices of serving each client: what each size is worth to all."""
    worth[:] = 0.0
    for i in range(fits.shape[0]):
        for j in range(fits.shape[1]):
            if costs[j] >= prices[i]:
                break
            if fits[i, j]:
                worth[j] += weights[i] * (costs[j] - prices[i])


@njit(cache=True)
def _served(fits, costs, prices, taken, counts):
    """How many of the taken sizes each client would use at its price, and the cheapest."""
    for i in range(fits.shape[0]):
        counts[i] = 0
        for j in range(fits.shape[1]):
            if costs[j] >= prices[i]:
                break
            if taken[j] and fits[i, j]:
                counts[i] += 1


def choose_sizes(
    fits: Any,
    weights: Any,
    costs: Any,
    count: int,
    *,
    unserved_cost: float,
    iterations: int = 800,
    start: tuple[int, ...] = (),
    on_step: Callable[[], Any] = lambda: None,
) -> Assortment:
    """Choose `count` sizes that make the cost of a demand small.

    Args:
        fits: Which size holds which client, sizes in rising order of cost: `(clients, sizes)`, 0 or
            1.
        weights: How many such clients there are, `(clients,)`.
        costs: Cost of each size, rising, `(sizes,)`.
        count: How many sizes may be chosen.
        unserved_cost: Cost of a client that no chosen size holds; not less than any size's.
        iterations: Steps of the bound.
        start: Sizes to begin from.
        on_step: Called now and then.

    Example:
        >>> fits = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], np.uint8)
        >>> found = choose_sizes(fits, np.array([5, 1, 1]), np.array([1.0, 2.0, 3.0]), 2, unserved_cost=9.0)
        >>> found.chosen, found.cost
        ((0, 2), 11.0)
    """
    fits = np.ascontiguousarray(fits, np.uint8)
    weights = np.asarray(weights, np.float64)
    priced = np.append(np.asarray(costs, np.float64), unserved_cost)
    clients, sizes = fits.shape
    count = min(count, sizes)
    chosen = np.zeros(sizes, np.bool_)
    chosen[list(start)[:count]] = True
    while chosen.sum() < count:
        first, second, gains = (
            np.empty(clients, np.int64),
            np.empty(clients, np.int64),
            np.empty(sizes),
        )
        _two_best(fits, chosen, first, second)
        _gains(fits, weights, priced, first, gains)
        gains[chosen] = -1.0
        chosen[int(np.argmax(gains))] = True
    best, cost = _exchanged(fits, weights, priced, chosen, on_step)
    bound, others = _bound(fits, weights, priced, count, cost, iterations, on_step)
    for other in others:
        improved, price = _exchanged(fits, weights, priced, other, on_step)
        if price < cost - 1e-9:
            best, cost = improved, price
    return Assortment(tuple(np.nonzero(best)[0].tolist()), cost, min(bound, cost))


def _exchanged(
    fits: Any, weights: Any, priced: Any, chosen: Any, on_step: Callable[[], Any]
) -> tuple[Any, float]:
    """A set of sizes improved by exchanges of one for another as long as that saves.

    And what it costs.
    """
    clients, sizes = fits.shape
    chosen = chosen.copy()
    first, second = np.empty(clients, np.int64), np.empty(clients, np.int64)
    gains, losses, mixed = np.empty(sizes), np.empty(sizes), np.empty((sizes, sizes))
    for _ in range(ROUNDS_MAX):
        _two_best(fits, chosen, first, second)
        change, enter, leave = _exchange(
            fits, weights, priced, chosen, first, second, gains, losses, mixed
        )
        on_step()
        if enter < 0 or change > -1e-9:
            break
        chosen[enter], chosen[leave] = True, False
    return chosen, float(_total(fits, weights, priced, chosen))


def _bound(
    fits: Any,
    weights: Any,
    priced: Any,
    count: int,
    cost: float,
    iterations: int,
    on_step: Callable[[], Any],
) -> tuple[float, list[Any]]:
    """The best Lagrangian bound found, and sets of sizes met on the way that may be good."""
    clients, sizes = fits.shape
    first, second = np.empty(clients, np.int64), np.empty(clients, np.int64)
    worth, counts = np.empty(sizes), np.empty(clients, np.int64)
    # a client's price begins between its cheapest size and being left out
    _two_best(fits, np.ones(sizes, np.bool_), first, second)
    cheapest = priced[first]
    prices = np.minimum(cheapest * 1.5 + 1e-12, priced[-1])
    best, stay, step = -np.inf, 0, STEP
    best_prices, slope = prices.copy(), np.zeros(clients)
    others: list[Any] = []
    for k in range(iterations):
        _worth(fits, weights, priced, prices, worth)
        taken = np.zeros(sizes, np.bool_)
        taken[np.argsort(worth, kind="stable")[:count]] = True
        taken &= worth < 0
        bound = float((weights * prices).sum() + worth[taken].sum())
        if bound > best:
            if bound > best + 1e-5 * abs(bound):
                stay = 0
                if taken.sum() == count:
                    others.append(taken.copy())
            best, best_prices = bound, prices.copy()
        else:
            stay += 1
        if stay >= PATIENCE:
            step, stay = step * SHRINK, 0
            prices, slope = best_prices.copy(), np.zeros(clients)
        _served(fits, priced, prices, taken, counts)
        slope = (slope + weights * (1 - counts)) / 2
        norm = float((slope * slope / weights).sum())
        if cost - best < 1e-9 * cost or norm == 0 or step < STEP_LEAST:
            break
        prices = np.clip(
            prices + step * (cost - bound) * slope / weights / norm, cheapest, priced[-1]
        )
        if k % 20 == 0:
            on_step()
    return best, others[-OTHERS:]
