"""Loads and lots of one hour matched in whole watt-hours: nothing is created, nothing used twice.

Within an hour the loads are served in their order, each by the lots that may be delivered to it,
in their order. Where every lot may go to every load, no way of matching uses more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

GROWTH = 2


@njit(cache=True)
def match(loads: Any, lots: Any, reaches: Any, left: Any) -> Any:
    """Match loads and lots hour by hour.

    Args:
        loads: What each load needs `(loads, hours)` [Wh].
        lots: What each device gave `(devices, hours)` [Wh].
        reaches: Whether a device may be delivered to a load `(devices, loads)`.
        left: Filled: what is left of each lot `(devices, hours)` [Wh].

    Returns:
        Claims `(n, 4)`: load, device, hour, Wh; by hour, then load, then device.

    Example:
        >>> left = np.zeros((1, 2), np.int64)
        >>> loads, lots = np.array([[5, 5], [4, 0]]), np.array([[7, 9]])
        >>> match(loads, lots, np.ones((1, 2), np.bool_), left).tolist(), left.tolist()
        ([[0, 0, 0, 5], [1, 0, 0, 2], [0, 0, 1, 5]], [[0, 4]])
    """
    count, hours = loads.shape
    devices = len(lots)
    claims = np.empty((max(1024, count * hours), 4), np.int64)
    used = 0
    first = np.zeros(count, np.int64)
    for hour in range(hours):
        for d in range(devices):
            left[d, hour] = lots[d, hour]
        begin = 0  # devices before it are used up
        first[:] = 0
        for k in range(count):
            need = loads[k, hour]
            d = begin
            while need > 0 and d < devices:
                amount = left[d, hour]
                if amount > 0 and reaches[d, k]:
                    taken = min(amount, need)
                    if used == len(claims):
                        grown = np.empty((GROWTH * len(claims), 4), np.int64)
                        grown[:used] = claims
                        claims = grown
                    claims[used, 0], claims[used, 1] = k, d
                    claims[used, 2], claims[used, 3] = hour, taken
                    used += 1
                    left[d, hour] -= taken
                    need -= taken
                if d == begin and left[d, hour] == 0:
                    begin += 1
                d += 1
    return claims[:used]


def through_storage(charged: Any, discharged: Any, claims: Any) -> int:
    """What a storage gives back, by the origin of what was put in: first in, first out.

    What is lost is lost from what was put in, in proportion: of each watt-hour as much comes out as
    the storage must at least have kept for all that it gave back.

    Args:
        charged: Put in by each origin in each hour `(origins, hours)` [Wh].
        discharged: Taken out in each hour `(hours,)` [Wh].
        claims: Filled: what comes out of each origin in each hour `(origins, hours)` [Wh].

    Returns:
        Watt-hours that came out without having been put in; 0 where it was empty at first.

    Example:
        >>> claims = np.zeros((1, 3), np.int64)
        >>> through_storage(np.array([[10, 0, 10]]), np.array([0, 9, 0]), claims), claims.tolist()
        (0, [[0, 9, 0]])
    """
    put = np.cumsum(charged.sum(axis=0)).tolist()
    out = np.cumsum(discharged).tolist()
    part, whole = 0, 1  # least share kept: the highest of out over put
    for given, taken in zip(out, put, strict=True):
        if taken and given * whole > part * taken:
            part, whole = min(given, taken), taken
    kept = np.zeros_like(charged)
    before = seen = 0
    for hour in np.flatnonzero(charged.any(axis=0)).tolist():
        for origin in np.flatnonzero(charged[:, hour]).tolist():
            seen += int(charged[origin, hour])
            now = -(-seen * part // whole)
            kept[origin, hour] = now - before
            before = now
    return int(_first_out(kept, discharged, claims))


@njit(cache=True)
def _first_out(kept: Any, discharged: Any, claims: Any) -> int:
    """Give out what was kept in its order; what came out beyond it."""
    origins, hours = kept.shape
    queue = np.zeros((origins * hours, 2), np.int64)
    head, tail, missing = 0, 0, 0
    for hour in range(hours):
        for o in range(origins):
            if kept[o, hour] > 0:
                queue[tail, 0], queue[tail, 1] = o, kept[o, hour]
                tail += 1
        need = discharged[hour]
        while need > 0 and head < tail:
            taken = min(need, queue[head, 1])
            claims[queue[head, 0], hour] += taken
            queue[head, 1] -= taken
            need -= taken
            if queue[head, 1] == 0:
                head += 1
        missing += need
    return missing
