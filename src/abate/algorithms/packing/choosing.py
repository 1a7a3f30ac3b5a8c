"""Choosing boxes for orders: the cheapest box that holds all, else the cheapest parcels found.

Compiled.

A pair of order and box is excluded for a reason that needs no search (volume, mass, a piece, two
pieces), or searched: first by many starts over empty spaces, then by joining pieces. What stays
`OPEN` was searched in vain and is not proved.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from abate.algorithms.packing.joining import PIECES_MAX, join
from abate.algorithms.packing.spaces import (
    SPACES_MAX,
    bearing_holds,
    fill,
    next_random,
    piece_keys,
    sort_pieces,
)

RUNS_MANY, SAVING_LEAST = 50, 0.8
"""With fewer runs, several parcels are tried only where they may cost a fifth less than the one found."""
NOT_LOOKED_AT, HOLDS, NO_STOCK, VOLUME, MASS, PIECE, PAIR, APART, OPEN, PROVED = range(10)


@njit(cache=True)
def _pair_fits(turns, turn_counts, bears, i, j, box):
    """Whether two pieces find room side by side, or one above the other, in the empty box."""
    for s in range(turn_counts[i]):
        if turns[i, s, 0] > box[0] or turns[i, s, 1] > box[1] or turns[i, s, 2] > box[2]:
            continue
        for t in range(turn_counts[j]):
            if turns[j, t, 0] > box[0] or turns[j, t, 1] > box[1] or turns[j, t, 2] > box[2]:
                continue
            if (
                turns[i, s, 0] + turns[j, t, 0] <= box[0]
                or turns[i, s, 1] + turns[j, t, 1] <= box[1]
            ):
                return True
            if turns[i, s, 2] + turns[j, t, 2] <= box[2] and not (bears[i] == 0 and bears[j] == 0):
                return True
    return False


@njit(cache=True)
def excluded(turns, turn_counts, masses, apart, box, mass_max):
    """Why the box cannot hold all pieces, where no search is needed to know.

    0 where a search is.
    """
    n = turn_counts.shape[0]
    volume, mass, label = 0, 0, 0
    for i in range(n):
        volume += turns[i, 0, 0] * turns[i, 0, 1] * turns[i, 0, 2]
        mass += masses[i]
        if apart[i]:
            if label and label != apart[i]:
                return APART
            label = apart[i]
    if volume > box[0] * box[1] * box[2]:
        return VOLUME
    if mass > mass_max:
        return MASS
    for i in range(n):
        fits = False
        for t in range(turn_counts[i]):
            if turns[i, t, 0] <= box[0] and turns[i, t, 1] <= box[1] and turns[i, t, 2] <= box[2]:
                fits = True
                break
        if not fits:
            return PIECE
    return 0


@njit(cache=True)
def _pairs_exclude(turns, turn_counts, bears, box):
    n = turn_counts.shape[0]
    for i in range(n):
        for j in range(i):
            if not _pair_fits(turns, turn_counts, bears, i, j, box):
                return True
    return False


@njit(cache=True)
def grid(turns, turn_counts, masses, bears, box, positions, placed):
    """Lay pieces of one size as a regular grid, layer on layer; whether a grid holds them all.

    What carries most lies lowest. False where the pieces differ.
    """
    n = turn_counts.shape[0]
    bearing = False
    for i in range(n):
        if turn_counts[i] != turn_counts[0] or (turns[i] != turns[0]).any():
            return False
        bearing = bearing or bears[i] >= 0
    strength = np.where(bears < 0, np.iinfo(np.int64).max, bears)
    order = np.argsort(-strength, kind="mergesort")
    for t in range(turn_counts[0]):
        a, b, c = turns[0, t]
        along, across, up = box[0] // a, box[1] // b, box[2] // c
        if along * across * up < n:
            continue
        for k in range(n):
            i, layer, rest = order[k], k // (along * across), k % (along * across)
            positions[i, 0] = (rest % along) * a
            positions[i, 1] = (rest // along) * b
            positions[i, 2] = layer * c
            positions[i, 3:] = turns[0, t]
        placed[:] = 1
        if not bearing or bearing_holds(positions, placed, n, masses, bears):
            return True
    return False


@njit(cache=True)
def holds(
    turns,
    turn_counts,
    masses,
    bears,
    box,
    mass_max,
    support_share,
    tries,
    blocks_max,
    state,
    spaces,
    positions,
    placed,
):
    """Search a packing of all pieces in one box; positions are written where one is found."""
    n = turn_counts.shape[0]
    if n == 1:
        for t in range(turn_counts[0]):
            if turns[0, t, 0] <= box[0] and turns[0, t, 1] <= box[1] and turns[0, t, 2] <= box[2]:
                positions[0, :3] = 0
                positions[0, 3:] = turns[0, t]
                return True
        return False
    if grid(turns, turn_counts, masses, bears, box, positions, placed):
        return True
    bearing = False
    for i in range(n):
        bearing = bearing or bears[i] >= 0
    order = np.arange(n)
    keys = np.empty(n)
    for attempt in range(tries):
        if attempt < 8:
            by, rule = attempt % 4, (2, 0, 1, 2, 1, 2, 3, 0)[attempt]
        else:
            by, rule = 4 + attempt % 6, (2, 1, 2, 0, 3)[attempt % 5]
        for k in range(n):
            order[k] = k
        piece_keys(turns[:, 0], bears, by, keys, state)
        sort_pieces(order, keys)
        got = fill(
            order,
            turns,
            turn_counts,
            masses,
            bears,
            bearing,
            box,
            mass_max,
            support_share,
            rule,
            True,
            spaces,
            positions,
            placed,
        )
        if got == n:
            return True
        if attempt == 7 and _pairs_exclude(turns, turn_counts, bears, box):
            return False
        if attempt == 11 and blocks_max and support_share == 0.0 and n <= PIECES_MAX:
            found = join(turns, turn_counts, bears, box, blocks_max, positions)
            if found == 1:
                placed[:] = 1
                if bearing and not bearing_holds(positions, placed, n, masses, bears):
                    continue
                return True
    return False


@njit(cache=True)
def _needs(turns, turn_counts, masses, sizes, mass_maxes, costs, allowed, needs):
    """Least cost of each piece's share of a box that takes it: by volume and by mass, `(n, 2)`.

    Below zero where none does.
    """
    for i in range(turn_counts.shape[0]):
        needs[i, :] = -1.0
        volume = float(turns[i, 0, 0] * turns[i, 0, 1] * turns[i, 0, 2])
        for c in range(costs.shape[0]):
            if not allowed[c] or masses[i] > mass_maxes[c]:
                continue
            for t in range(turn_counts[i]):
                if (
                    turns[i, t, 0] <= sizes[c, 0]
                    and turns[i, t, 1] <= sizes[c, 1]
                    and turns[i, t, 2] <= sizes[c, 2]
                ):
                    by_volume = costs[c] * volume / (sizes[c, 0] * sizes[c, 1] * sizes[c, 2])
                    by_mass = costs[c] * masses[i] / max(mass_maxes[c], 1)
                    if needs[i, 0] < 0.0:
                        needs[i, 0], needs[i, 1] = by_volume, by_mass
                    needs[i, 0] = min(needs[i, 0], by_volume)
                    needs[i, 1] = min(needs[i, 1], by_mass)
                    break


@njit(cache=True)
def _floor_cost(needs, rest, costs, allowed):
    """No set of boxes for these pieces costs less: by volume, by mass, and one box at least."""
    by_volume, by_mass, least, most = 0.0, 0.0, 1e300, 0.0
    for k in range(rest.shape[0]):
        by_volume += needs[rest[k], 0]
        by_mass += needs[rest[k], 1]
    for c in range(costs.shape[0]):
        if allowed[c]:
            least = min(least, costs[c])
            most = max(most, costs[c])
    floor = max(by_volume, by_mass, least)
    if least == most and least > 0.0:
        floor = np.ceil(floor / least - 1e-9) * least
    return floor


@njit(cache=True)
def pair_floor(pool, pieces, boxes):
    """No two or more boxes for these pieces cost less.

    Two must hold volume and mass, and one of them each piece.
    """
    turns, turn_counts, masses, _, _, _ = pieces
    sizes, mass_maxes, costs, allowed = boxes
    volume, mass, must = 0, 0, 0.0
    for k in range(pool.shape[0]):
        i = pool[k]
        volume += turns[i, 0, 0] * turns[i, 0, 1] * turns[i, 0, 2]
        mass += masses[i]
        for c in range(costs.shape[0]):
            if not allowed[c] or masses[i] > mass_maxes[c]:
                continue
            if _piece_fits(turns, turn_counts, i, sizes[c]):
                must = max(must, costs[c])
                break
    least, pair = 1e300, 1e300
    for a in range(costs.shape[0]):
        if not allowed[a]:
            continue
        least = min(least, costs[a])
        for b in range(a + 1):
            if not allowed[b] or costs[a] + costs[b] >= pair or costs[a] < must:
                continue
            room = sizes[a, 0] * sizes[a, 1] * sizes[a, 2] + sizes[b, 0] * sizes[b, 1] * sizes[b, 2]
            if room >= volume and mass_maxes[a] + mass_maxes[b] >= mass:
                pair = costs[a] + costs[b]
    if pool.shape[0] == 1:
        return must
    return min(pair, must + 2.0 * least) if pool.shape[0] > 2 else pair


@njit(cache=True)
def _piece_fits(turns, turn_counts, i, box):
    for t in range(turn_counts[i]):
        if turns[i, t, 0] <= box[0] and turns[i, t, 1] <= box[1] and turns[i, t, 2] <= box[2]:
            return True
    return False


@njit(cache=True)
def _fill_together(
    order, pieces, bearing, box, mass_max, support_share, rule, spaces, positions, placed
):
    """Fill a box with as many pieces as go in, labels of `together` whole or not at all.

    No two labels of `apart`.
    """
    turns, turn_counts, masses, bears, apart, together = pieces
    label, some = 0, 0
    for m in range(order.shape[0]):
        if apart[order[m]] and not label:
            label = apart[order[m]]
        if apart[order[m]] == 0 or apart[order[m]] == label:
            order[some] = order[m]
            some += 1
    order = order[:some]
    while True:
        got = fill(
            order,
            turns,
            turn_counts,
            masses,
            bears,
            bearing,
            box,
            mass_max,
            support_share,
            rule,
            False,
            spaces,
            positions,
            placed,
        )
        broken = 0
        for k in range(order.shape[0]):
            if together[order[k]] and not placed[order[k]]:
                for m in range(together.shape[0]):
                    if together[m] == together[order[k]] and placed[m]:
                        broken = together[order[k]]
        if not broken:
            return got
        kept = order.copy()
        count = 0
        for k in range(order.shape[0]):
            if together[order[k]] != broken:
                kept[count] = order[k]
                count += 1
        order = kept[:count]
        if count == 0:
            placed[:] = 0
            return 0


@njit(cache=True)
def _one_for_all(left, pieces, boxes, cost_max, support_share, tries, state, spaces, here):
    """The cheapest box below a cost that holds all pieces left, -1 where none does.

    Writes their positions.
    """
    turns, turn_counts, masses, bears, apart, _ = pieces
    sizes, mass_maxes, costs, allowed = boxes
    placed = np.zeros(left.shape[0], np.uint8)
    part = np.empty((left.shape[0], 6), np.int64)
    t, tc, m, be, ap = turns[left], turn_counts[left], masses[left], bears[left], apart[left]
    for c in range(costs.shape[0]):
        if (
            not allowed[c]
            or costs[c] >= cost_max
            or excluded(t, tc, m, ap, sizes[c], mass_maxes[c])
        ):
            continue
        if holds(
            t,
            tc,
            m,
            be,
            sizes[c],
            mass_maxes[c],
            support_share,
            tries,
            0,
            state,
            spaces,
            part,
            placed,
        ):
            for k in range(left.shape[0]):
                here[left[k]] = part[k]
            return c
    return -1


@njit(cache=True)
def _run_keys(run, attempt, left, pieces, needs, keys, state):
    """Write the keys by which pieces are sorted.

    By size, or first what few boxes take, what is dense, what is light.
    """
    turns, _, _, bears, _, _ = pieces
    by = run % 4 if run < 4 and attempt == 0 else 4 + next_random(state) % 6
    piece_keys(turns[:, 0], bears, by, keys, state)
    if run % 4 == 0:
        return
    for m in range(left.shape[0]):
        i = left[m]
        noise = 0.5 + (next_random(state) % 1000) / 1000.0
        by_volume, by_mass = max(needs[i, 0], 1e-12), max(needs[i, 1], 1e-12)
        if run % 4 == 1:
            keys[i] = max(by_volume, by_mass) * noise
        elif run % 4 == 2:
            keys[i] = by_mass / by_volume * (0.8 + 0.4 * noise)
        else:
            keys[i] = by_volume / by_mass * (0.8 + 0.4 * noise)


@njit(cache=True)
def _most_for_cost(
    run, left, pieces, boxes, needs, cost_max, bearing, support_share, state, spaces, chosen, lay
):
    """The box that takes most for its cost of what is left, or what a drawn one takes.

    -1 where none takes anything.
    """
    sizes, mass_maxes, costs, allowed = boxes
    n = needs.shape[0]
    keys, trial, placed = np.empty(n), np.empty((n, 6), np.int64), np.zeros(n, np.uint8)
    value_best, best, single = 0.0, -1, -1
    if run >= 2 and run % 3:
        single = next_random(state) % costs.shape[0]
    for c in range(costs.shape[0]):
        if not allowed[c] or (single >= 0 and c != single) or costs[c] >= cost_max:
            continue
        for attempt in range(1 if run == 0 else 3):
            _run_keys(run, attempt, left, pieces, needs, keys, state)
            rule = (2, 1, 0, 2)[(run + attempt) % 4]
            order = left.copy()
            sort_pieces(order, keys)
            got = _fill_together(
                order,
                pieces,
                bearing,
                sizes[c],
                mass_maxes[c],
                support_share,
                rule,
                spaces,
                trial,
                placed,
            )
            if got == 0:
                continue
            value = 0.0
            for m in range(left.shape[0]):
                if placed[left[m]]:
                    by_volume, by_mass = needs[left[m], 0], needs[left[m], 1]
                    value += (
                        by_mass
                        if run % 8 == 2
                        else by_volume
                        if run % 8 == 3
                        else max(by_volume, by_mass)
                    )
            value /= max(costs[c], 1e-9)
            if value > value_best:
                value_best, best = value, c
                chosen[:] = placed
                lay[:] = trial
    return best


@njit(cache=True)
def split(
    pieces, boxes, cost_max, support_share, runs, tries, state, spaces, positions, parcels, cartons
):
    """Pack pieces into several boxes, the cheapest of `runs` attempts below a cost.

    Writes each piece's parcel and its box.

    Pieces that no box takes, and groups of `together` that no box takes whole, are left out.
    Returns the cost found (below zero where none was), and the cost below which no set of several
    boxes can be.
    """
    turns, turn_counts, masses, bears, _, _ = pieces
    sizes, mass_maxes, costs, allowed = boxes
    n = turn_counts.shape[0]
    needs = np.empty((n, 2))
    _needs(turns, turn_counts, masses, sizes, mass_maxes, costs, allowed, needs)
    here, lay = np.empty((n, 6), np.int64), np.empty((n, 6), np.int64)
    together = pieces[5]
    for i in range(n):
        if together[i] and needs[i, 0] >= 0.0 and (together[:i] != together[i]).all():
            group = np.nonzero(together == together[i])[0]
            if (
                _one_for_all(group, pieces, boxes, 1e300, support_share, tries, state, spaces, here)
                < 0
            ):
                needs[group] = -1.0
    pool = np.nonzero(needs[:, 0] >= 0.0)[0]
    parcels[:] = -1
    cartons[:] = -1
    if pool.shape[0] == 0:
        return 0.0, 0.0
    bearing = bool((bears >= 0).any())
    floor = max(_floor_cost(needs, pool, costs, allowed), pair_floor(pool, pieces, boxes))
    best = cost_max
    found = False
    chosen = np.zeros(n, np.uint8)
    parcel, carton = np.empty(n, np.int64), np.empty(n, np.int64)
    for run in range(runs):
        left = pool.copy()
        cost, count = 0.0, 0
        parcel[:] = -1
        while left.shape[0]:
            if cost + _floor_cost(needs, left, costs, allowed) >= best - 1e-9:
                cost = 1e300
                break
            if count:
                c = _one_for_all(
                    left,
                    pieces,
                    boxes,
                    best - cost - 1e-9,
                    support_share,
                    tries,
                    state,
                    spaces,
                    here,
                )
                if c >= 0:
                    parcel[left] = count
                    carton[count] = c
                    cost += costs[c]
                    count += 1
                    break
            room = best - cost - 1e-9
            c = _most_for_cost(
                run,
                left,
                pieces,
                boxes,
                needs,
                room,
                bearing,
                support_share,
                state,
                spaces,
                chosen,
                lay,
            )
            if c < 0:
                cost = 1e300
                break
            for m in range(left.shape[0]):
                if chosen[left[m]]:
                    parcel[left[m]] = count
                    here[left[m]] = lay[left[m]]
            left = left[chosen[left] == 0]
            carton[count] = c
            cost += costs[c]
            count += 1
        if cost < best - 1e-9:
            best = cost
            found = True
            parcels[:] = parcel
            positions[:] = here
            cartons[:] = -1
            cartons[:count] = carton[:count]
            if best <= floor + 1e-9:
                break
    if not found:
        return -1.0, floor
    for p in range(n):  # a parcel may do with a cheaper box than the one it was filled for
        if cartons[p] < 0:
            break
        mine = np.nonzero(parcels == p)[0]
        c = _one_for_all(
            mine,
            pieces,
            boxes,
            costs[cartons[p]] + 1e-12,
            support_share,
            tries,
            state,
            spaces,
            positions,
        )
        if c >= 0:
            best -= costs[cartons[p]] - costs[c]
            cartons[p] = c
    return best, floor


@njit(cache=True)
def choose(
    offsets,
    turns,
    turn_counts,
    masses,
    bears,
    apart,
    together,
    sizes,
    mass_maxes,
    costs,
    allowed,
    support_share,
    tries,
    blocks_max,
    runs,
    seed,
    positions,
    parcels,
    cartons,
    reasons,
    floors,
):
    """Choose boxes for each order.

    Args:
        offsets: Where each order's pieces begin, `(orders + 1,)`.
        turns: `(pieces, T, 3)` [mm].
        turn_counts: `(pieces,)`.
        masses: `(pieces,)` [g].
        bears: `(pieces,)` [g], -1 without limit.
        apart: Label `(pieces,)`; two labels never share a box; 0 none.
        together: Label `(pieces,)`; a label is never split; 0 none.
        sizes: Inner lengths `(boxes, 3)` [mm], boxes in rising order of cost.
        mass_maxes: `(boxes,)` [g].
        costs: `(boxes,)`.
        allowed: `(orders, boxes)`.
        support_share: Least share of a base that rests on something.
        tries: Starts per pair of order and box.
        blocks_max: Blocks kept by joining; 0 does not join.
        runs: Attempts at several parcels.
        seed: Of the draws; every order begins with it again.
        positions: Written `(pieces, 6)`.
        parcels: Written `(pieces,)`, -1 for a piece that no box takes.
        cartons: Written `(pieces,)`: box of each parcel, counted from the order's offset.
        reasons: Written `(orders, boxes)`.
        floors: Written `(orders,)`: no choice costs less.
    """
    spaces = np.empty((SPACES_MAX, 6), np.int64)
    state = np.empty(1, np.uint64)
    boxes = costs.shape[0]
    longest = 1
    for o in range(offsets.shape[0] - 1):
        longest = max(longest, offsets[o + 1] - offsets[o])
    kept = np.empty((longest, 6), np.int64)
    for o in range(offsets.shape[0] - 1):
        state[0] = np.uint64(seed * 2 + 1) * np.uint64(88172645463325252)
        next_random(state)
        a, b = offsets[o], offsets[o + 1]
        t, tc, m, be, ap = turns[a:b], turn_counts[a:b], masses[a:b], bears[a:b], apart[a:b]
        placed = np.zeros(b - a, np.uint8)
        found = -1
        floor = -1.0
        parcels[a:b] = -1
        cartons[a:b] = -1
        if b == a:
            continue
        for c in range(boxes):
            if not allowed[o, c]:
                reasons[o, c] = NO_STOCK
                continue
            why = excluded(t, tc, m, ap, sizes[c], mass_maxes[c])
            if why == 0:
                if holds(
                    t,
                    tc,
                    m,
                    be,
                    sizes[c],
                    mass_maxes[c],
                    support_share,
                    tries,
                    blocks_max,
                    state,
                    spaces,
                    positions[a:b],
                    placed,
                ):
                    reasons[o, c] = HOLDS
                    found = c
                    if floor < 0.0:
                        floor = costs[c]
                    break
                why = PAIR if _pairs_exclude(t, tc, be, sizes[c]) else OPEN
                if why == OPEN and floor < 0.0:
                    floor = costs[c]
            reasons[o, c] = why
        single = costs[found] if found >= 0 else 1e300
        if found >= 0:
            parcels[a:b] = 0
            cartons[a] = found
            kept[: b - a] = positions[a:b]
        pieces, boxes_here = (
            (t, tc, m, be, ap, together[a:b]),
            (sizes, mass_maxes, costs, allowed[o]),
        )
        if b - a == 1 and found >= 0:
            floors[o] = floor
            continue
        if found >= 0:  # several may cost less than the one
            several = pair_floor(np.arange(b - a), pieces, boxes_here)
            floors[o] = min(floor, max(several, 0.0))
            if several >= single - 1e-9 or (runs < RUNS_MANY and several >= SAVING_LEAST * single):
                continue
        own_parcels, own_cartons = np.empty(b - a, np.int64), np.empty(b - a, np.int64)
        cost, low = split(
            pieces,
            boxes_here,
            single,
            support_share,
            runs if found < 0 else max(runs // 4, 2),
            max(tries // 4, 8),
            state,
            spaces,
            positions[a:b],
            own_parcels,
            own_cartons,
        )
        if found >= 0 and cost < 0.0:
            positions[a:b] = kept[: b - a]
            continue
        parcels[a:b] = own_parcels
        cartons[a:b] = own_cartons
        cost = max(cost, 0.0)
        floors[o] = min(cost, low if floor < 0.0 else min(floor, low))


@njit(cache=True)
def holding(
    offsets,
    turns,
    turn_counts,
    masses,
    bears,
    apart,
    sizes,
    mass_maxes,
    support_share,
    tries,
    seed,
    fits,
):
    """Find for each order which of many boxes hold it whole.

    Boxes come in rising order of volume. A box that contains one that holds the order holds it too,
    and a box inside one that was searched in vain is not searched again.

    Args:
        offsets: Where each order's pieces begin, `(orders + 1,)`.
        turns: `(pieces, T, 3)` [mm].
        turn_counts: `(pieces,)`.
        masses: `(pieces,)` [g].
        bears: `(pieces,)` [g].
        apart: `(pieces,)`.
        sizes: `(boxes, 3)` [mm].
        mass_maxes: `(boxes,)` [g].
        support_share: Least share of a base that rests on something.
        tries: Starts per pair of order and box.
        seed: Of the random draws; the same seed gives the same result.
        fits: Written `(orders, boxes)`: 1 or 0.
    """
    spaces = np.empty((SPACES_MAX, 6), np.int64)
    state = np.empty(1, np.uint64)
    boxes = sizes.shape[0]
    inside = np.zeros((boxes, boxes), np.bool_)
    for a in range(boxes):
        for b in range(boxes):
            inside[a, b] = (
                sizes[a, 0] <= sizes[b, 0]
                and sizes[a, 1] <= sizes[b, 1]
                and sizes[a, 2] <= sizes[b, 2]
                and mass_maxes[a] <= mass_maxes[b]
            )
    known = np.empty(boxes, np.int8)
    for o in range(offsets.shape[0] - 1):
        state[0] = np.uint64(seed * 2 + 1) * np.uint64(88172645463325252)
        a, b = offsets[o], offsets[o + 1]
        t, tc, m, be, ap = turns[a:b], turn_counts[a:b], masses[a:b], bears[a:b], apart[a:b]
        placed = np.zeros(b - a, np.uint8)
        here = np.empty((b - a, 6), np.int64)
        known[:] = -1
        for c in range(boxes):
            if excluded(t, tc, m, ap, sizes[c], mass_maxes[c]):
                known[c] = 0
        for c in range(boxes):
            if known[c] >= 0:
                continue
            if holds(
                t,
                tc,
                m,
                be,
                sizes[c],
                mass_maxes[c],
                support_share,
                tries,
                0,
                state,
                spaces,
                here,
                placed,
            ):
                for d in range(boxes):
                    if inside[c, d]:
                        known[d] = 1
            else:
                for d in range(boxes):
                    if inside[d, c] and known[d] < 0:
                        known[d] = 0
                known[c] = 0
        for c in range(boxes):
            fits[o, c] = known[c] == 1
