"""One storage behind one connection, exactly: dynamic programming over piecewise-linear values.

The value of what is stored is convex and piecewise-linear in it, step by step backwards. A step
joins that of the next one with its own cost by infimal convolution, which for such functions is to
merge their segments by slope; so no state is rounded to a grid, and the result is the optimum of
the linear programme.

Source: Bertsekas, D. (2017), Dynamic Programming and Optimal Control, vol. I, 4th ed., chapter 1;
    infimal convolution of polyhedral functions: Rockafellar, R. T. (1970), Convex Analysis, section
    19.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

SEGMENTS_MAX = 4_000
"""Segments of a value: more, and a linear programme is the better way."""
VERTICES = 32
"""Most vertices of what a step may do."""


@njit(cache=True)
def _sorted_options(slopes: Any, order: Any) -> None:
    """Order options by slope, the cheapest first: insertion sort, for they are few."""
    for k in range(len(slopes)):
        order[k] = k
    for k in range(1, len(slopes)):
        one, j = order[k], k - 1
        while j >= 0 and slopes[order[j]] > slopes[one]:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = one


@njit(cache=True)
def _cost(
    need: float, left: float, slopes: Any, lengths: Any, order: Any, under: float, over: float
) -> Any:
    """Cost of meeting a need with options in their order, beginning at `left` at cost 0.

    Below `left` a need costs `under`, above all options `over`, for each unit.
    """
    if need <= left:
        return (need - left) * under
    rest, total = need - left, 0.0
    for k in order:
        taken = min(rest, lengths[k])
        total += taken * slopes[k]
        rest -= taken
        if rest <= 0.0:
            return total
    return total + rest * over


@njit(cache=True)
def _vertices(steps: Any, t: int, order: Any, wear: Any, gain: float, loss: float, out: Any) -> Any:
    """The lower hull of what storing costs: change of the store, cost, energy in, energy out.

    Vertices of the box of charging and discharging, cut where the cost of the need bends; the hull
    of their images is the cost by change, with charging and discharging at once where that pays.

    Args:
        steps: Load, left, slopes, lengths, under, over, charge, discharge, as in `plan`.
        t: The step.
        order: Filled: options by slope.
        wear: As in `plan`.
        gain: What is stored of a kWh in.
        loss: What a kWh out takes from the store.
        out: Filled, by rising change `(VERTICES, 4)`.

    Returns:
        How many rows of `out` are filled.
    """
    load, left, slopes, lengths, under, over, charge, discharge = steps
    _sorted_options(slopes[t], order)
    points = np.empty((VERTICES * 2, 4))
    count = _cut_box(load[t], left[t], lengths[t], order, charge[t], discharge[t], points)
    for p in range(count):
        into, outof = points[p, 2], points[p, 3]
        need = load[t] + into - outof
        points[p, 0] = gain * into - loss * outof
        points[p, 1] = (
            _cost(need, left[t], slopes[t], lengths[t], order, under[t], over[t])
            + wear[0] * into
            + wear[1] * outof
        )
    return _lower_hull(points, count, out)


@njit(cache=True)
def _cut_box(
    load: float,
    left: float,
    lengths: Any,
    order: Any,
    charge: float,
    discharge: float,
    points: Any,
) -> int:
    """Corners of the box of charging and discharging, and where bends of the need cut it."""
    edges = np.empty((4, 2))
    points[:4, 2:] = 0.0
    points[1, 2] = points[3, 2] = charge
    points[2, 3] = points[3, 3] = discharge
    count, bend = 4, left
    for k in range(-1, len(order)):
        if k >= 0:
            bend += lengths[order[k]]
        edges[0, 0], edges[0, 1] = 0.0, load - bend
        edges[1, 0], edges[1, 1] = charge, load + charge - bend
        edges[2, 0], edges[2, 1] = bend - load, 0.0
        edges[3, 0], edges[3, 1] = bend - load + discharge, discharge
        for edge in range(4):
            into, outof = edges[edge, 0], edges[edge, 1]
            if 0.0 <= into <= charge and 0.0 <= outof <= discharge:
                points[count, 2], points[count, 3] = into, outof
                count += 1
    return count


@njit(cache=True)
def _lower_hull(points: Any, count: int, out: Any) -> int:
    """The lower hull of points by their first two columns; how many rows of `out` are filled."""
    row = np.empty(4)
    for p in range(1, count):  # by change, then by cost
        row[:] = points[p]
        q = p - 1
        while q >= 0 and (points[q, 0], points[q, 1]) > (row[0], row[1]):
            points[q + 1] = points[q]
            q -= 1
        points[q + 1] = row
    kept = 0
    for p in range(count):
        if kept and points[p, 0] - out[kept - 1, 0] <= 1e-12 * (1.0 + abs(points[p, 0])):
            if points[p, 1] >= out[kept - 1, 1]:
                continue
            kept -= 1  # the same change but for rounding, and cheaper
        while kept > 1 and (out[kept - 1, 1] - out[kept - 2, 1]) * (
            points[p, 0] - out[kept - 2, 0]
        ) >= (points[p, 1] - out[kept - 2, 1]) * (out[kept - 1, 0] - out[kept - 2, 0]):
            kept -= 1
        out[kept] = points[p]
        kept += 1
    return kept


@njit(cache=True)
def _merged(
    slopes: Any, lengths: Any, count: int, hull: Any, kept: int, new_slopes: Any, new_lengths: Any
) -> int:
    """Segments of a value and those of a step's cost, mirrored, by slope; alike ones join."""
    total, a, b = 0, 0, kept - 2
    while a < count or b >= 0:
        if b >= 0:
            width = hull[b + 1, 0] - hull[b, 0]
            slope_b = -(hull[b + 1, 1] - hull[b, 1]) / width
        if b < 0 or (a < count and slopes[a] <= slope_b):
            slope, length = slopes[a], lengths[a]
            a += 1
        else:
            slope, length = slope_b, width
            b -= 1
        if total and new_slopes[total - 1] == slope:
            new_lengths[total - 1] += length
        elif total < len(new_slopes):
            new_slopes[total], new_lengths[total] = slope, length
            total += 1
        else:
            return -1
    return total


@njit(cache=True)
def _clipped(
    slopes: Any, lengths: Any, count: int, low: float, lo: float, hi: float
) -> tuple[int, float]:
    """Cut a value that begins at `low` to `lo` to `hi`, in place; -1 where nothing is left."""
    first, at = 0, low
    while first < count and at + lengths[first] <= lo:
        at += lengths[first]
        first += 1
    if at < lo and first < count:
        lengths[first] -= lo - at
        at = lo
    begin, kept = at, 0
    while first < count and at < hi:
        length = min(lengths[first], hi - at)
        slopes[kept], lengths[kept] = slopes[first], length
        at += length
        kept += 1
        first += 1
    if begin > hi or at < lo:
        return -1, begin
    return kept, begin


@njit(cache=True)
def _grown(values: Any, used: int) -> Any:
    """An array of twice the size that begins as another."""
    grown = np.empty(2 * len(values) + SEGMENTS_MAX)
    grown[:used] = values[:used]
    return grown


@njit(cache=True)
def plan(
    load: Any,
    left: Any,
    slopes: Any,
    lengths: Any,
    under: Any,
    over: Any,
    charge: Any,
    discharge: Any,
    wear: Any,
    efficiency: Any,
    keep: float,
    low: float,
    high: float,
    start: float,
    end: float,
    moves: Any,
    stored: Any,
) -> int:
    """Plan one storage over all steps.

    Args:
        load: What is needed in each step `(n,)` [kWh].
        left: Where the options of each step begin: minus what may be exported `(n,)` [kWh].
        slopes: What each option costs `(n, k)` [per kWh]: generation, import, shedding, export
            given up.
        lengths: How much there is of each `(n, k)` [kWh].
        under: Cost of a need below all options, per kWh `(n,)`; less than any slope.
        over: Cost of one above all of them `(n,)`; more than any slope.
        charge: Most that goes in at the connection `(n,)` [kWh].
        discharge: Most that comes out `(n,)` [kWh].
        wear: Cost of a kWh in, and of one out `(2,)`.
        efficiency: Share of what goes in that is stored, and of what is stored that comes out
            `(2,)`.
        keep: Share of what is stored that is left after a step.
        low: Least that is stored [kWh].
        high: Most [kWh].
        start: What is stored before the first step [kWh].
        end: Least that is stored after the last [kWh].
        moves: Filled: energy in and out at the connection `(n, 2)` [kWh].
        stored: Filled: what is stored after each step `(n,)` [kWh].

    Returns:
        0; 1 where no plan keeps the limits of the store; 2 where values have too many segments.
    """
    n, k = slopes.shape
    gain = efficiency[0]
    loss = 1.0 / efficiency[1] if efficiency[1] > 0.0 else 0.0
    gives = discharge if efficiency[1] > 0.0 else np.zeros(n)
    steps = (load, left, slopes, lengths, under, over, charge, gives)
    order = np.empty(k, np.int64)
    hull = np.empty((VERTICES * 2, 4))
    ends, lows = np.zeros(n + 1, np.int64), np.zeros(n + 1)
    room = n * 24 + SEGMENTS_MAX
    all_slopes, all_lengths = np.empty(room), np.empty(room)
    value, spans = np.empty(SEGMENTS_MAX), np.empty(SEGMENTS_MAX)
    other, widths = np.empty(SEGMENTS_MAX), np.empty(SEGMENTS_MAX)
    first = max(low, end)
    if first > high:
        return 1
    count, at, used = 1, first, 0
    value[0], spans[0] = 0.0, high - first
    for t in range(n - 1, -1, -1):
        if used + count > len(all_slopes):
            all_slopes, all_lengths = _grown(all_slopes, used), _grown(all_lengths, used)
        all_slopes[used : used + count], all_lengths[used : used + count] = (
            value[:count],
            spans[:count],
        )
        lows[t + 1], ends[t + 1] = at, count
        used += count
        kept = _vertices(steps, t, order, wear, gain, loss, hull)
        count = _merged(value, spans, count, hull, kept, other, widths)
        if count < 0:
            return 2
        count, at = _clipped(other, widths, count, at - hull[kept - 1, 0], keep * low, keep * high)
        if count < 0:
            return 1
        for s in range(count):
            value[s], spans[s] = other[s] * keep, widths[s] / keep if keep > 0.0 else 0.0
        at = at / keep if keep > 0.0 else low
        if keep == 0.0:
            count, value[0], spans[0] = 1, 0.0, high - low
    total = spans[:count].sum()
    if start < at - 1e-9 or start > at + total + 1e-9:
        return 1
    now, begin = start, used
    for t in range(n):
        begin -= ends[t + 1]
        kept = _vertices(steps, t, order, wear, gain, loss, hull)
        now = _step(
            now * keep,
            hull,
            kept,
            all_slopes[begin : begin + ends[t + 1]],
            all_lengths[begin : begin + ends[t + 1]],
            lows[t + 1],
            moves[t],
        )
        stored[t] = now
    return 0


@njit(cache=True)
def _step(
    now: float, hull: Any, kept: int, slopes: Any, lengths: Any, low: float, move: Any
) -> Any:
    """Go to where what is stored next and what the step costs are least together."""
    at = max(low, now + hull[0, 0])
    s, begin = 0, low
    while s < len(slopes) and begin + lengths[s] <= at:
        begin += lengths[s]
        s += 1
    h = 0
    while h < kept - 2 and now + hull[h + 1, 0] <= at:
        h += 1
    while s < len(slopes) and h < kept - 1:
        rise = (hull[h + 1, 1] - hull[h, 1]) / (hull[h + 1, 0] - hull[h, 0])
        if slopes[s] + rise >= 0.0:
            break
        edge_s, edge_h = begin + lengths[s], now + hull[h + 1, 0]
        if edge_s <= edge_h:
            at, begin = edge_s, edge_s
            s += 1
            if edge_s == edge_h:
                h += 1
        else:
            at = edge_h
            h += 1
    h = min(h, max(kept - 2, 0))
    change = at - now
    if kept == 1:
        move[0], move[1] = hull[0, 2], hull[0, 3]
        return at
    while h > 0 and change < hull[h, 0]:
        h -= 1
    share = (change - hull[h, 0]) / (hull[h + 1, 0] - hull[h, 0])
    share = min(max(share, 0.0), 1.0)
    move[0] = hull[h, 2] + share * (hull[h + 1, 2] - hull[h, 2])
    move[1] = hull[h, 3] + share * (hull[h + 1, 3] - hull[h, 3])
    return at


@njit(cache=True)
def uses(
    load: Any, left: Any, slopes: Any, lengths: Any, moves: Any, taken: Any, beyond: Any
) -> None:
    """What of each option a plan takes, and what of the need lies beyond them.

    Args:
        load: As in `plan`.
        left: As in `plan`.
        slopes: As in `plan`.
        lengths: As in `plan`.
        moves: Energy in and out `(n, 2)` [kWh].
        taken: Filled, `(n, k)` [kWh].
        beyond: Filled: what lies below all options, and above them `(n, 2)` [kWh].
    """
    order = np.empty(slopes.shape[1], np.int64)
    for t in range(len(load)):
        _sorted_options(slopes[t], order)
        rest = load[t] + moves[t, 0] - moves[t, 1] - left[t]
        beyond[t, 0] = max(-rest, 0.0)
        rest = max(rest, 0.0)
        for o in order:
            taken[t, o] = min(rest, lengths[t, o])
            rest -= taken[t, o]
        beyond[t, 1] = rest


@njit(cache=True)
def roll(
    load: Any,
    ahead: tuple[Any, Any],
    column: int,
    left: Any,
    slopes: Any,
    lengths: Any,
    under: Any,
    over: Any,
    charge: Any,
    discharge: Any,
    wear: Any,
    efficiency: Any,
    keep: float,
    low: float,
    high: float,
    start: float,
    end: float,
    moves: Any,
    stored: Any,
) -> None:
    """Plan at every step as far as it is foreseen, and do the first step of each plan.

    A plan that cannot end as full as it has to goes without that; where there is no plan, nothing
    moves. What was planned is cut where the options cannot give it, or take it.

    Args:
        load: What is needed in each step, as it came `(n,)` [kWh].
        ahead: Load and the amount of the option `column`, foreseen at each step for it and those
            after it `(n, h)` [kWh].
        column: Option of which the amount is foreseen.
        left: As in `plan`, as the rest.
        slopes: As in `plan`.
        lengths: As in `plan`; as they came.
        under: As in `plan`.
        over: As in `plan`.
        charge: As in `plan`.
        discharge: As in `plan`.
        wear: As in `plan`.
        efficiency: As in `plan`.
        keep: As in `plan`.
        low: As in `plan`.
        high: As in `plan`.
        start: As in `plan`.
        end: As in `plan`.
        moves: Filled: what is done `(n, 2)` [kWh].
        stored: Filled: what is stored after each step `(n,)` [kWh].
    """
    n, k = slopes.shape
    reach = ahead[0].shape[1]
    gain = efficiency[0]
    loss = 1.0 / efficiency[1] if efficiency[1] > 0.0 else 0.0
    window, does, holds = np.empty((reach, k)), np.empty((reach, 2)), np.empty(reach)
    now = start
    for t in range(n):
        m = min(reach, n - t)
        window[:m] = lengths[t : t + m]
        window[:m, column] = ahead[1][t, :m]
        for least in (end, low):
            code = plan(
                ahead[0][t, :m],
                left[t : t + m],
                slopes[t : t + m],
                window[:m],
                under[t : t + m],
                over[t : t + m],
                charge[t : t + m],
                discharge[t : t + m],
                wear,
                efficiency,
                keep,
                low,
                high,
                now,
                least,
                does[:m],
                holds[:m],
            )
            if code == 0:
                break
        into, out = (does[0, 0], does[0, 1]) if code == 0 else (0.0, 0.0)
        most = left[t] + lengths[t].sum() - load[t]  # what the options can give beside the load
        into -= min(into, max(into - out - most, 0.0))
        out -= min(out, max(left[t] - load[t] - into + out, 0.0))
        now = now * keep + gain * into - loss * out
        moves[t, 0], moves[t, 1], stored[t] = into, out, now
