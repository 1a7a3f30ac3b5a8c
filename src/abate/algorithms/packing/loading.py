"""Loading one container with many boxes of few or many types: a beam search over blocks, compiled.

Blocks are boxes of one or several types joined face to face with hardly a gap. A state holds the
empty spaces, what is left, and what was placed; it is judged by finishing it greedily. The beam
doubles until the time is up.

Source: Araya, I. and Riff, M.-C. (2014), A beam search approach to the container loading problem;
    Araya, I., Guerrero,
K. and Nuñez, E. (2017), VCS: a new heuristic function for selecting boxes in the single container
loading problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from abate.algorithms.packing.spaces import SPACES_MAX, cut, turns_of

BLOCKS_MAX = 12_000
TYPES_IN_BLOCK = 6
FILLED_SHARE = 0.98
NEAR_SHARE = 0.04
MANY_EXPONENT = 0.2


@njit(cache=True)
def _same(kinds, amounts, dims, a, k, q, d0, d1, d2):
    if dims[a, 0] != d0 or dims[a, 1] != d1 or dims[a, 2] != d2:
        return False
    same = True
    for s in range(TYPES_IN_BLOCK):
        same = same and kinds[a, s] == k[s] and amounts[a, s] == q[s]
    return same


@njit(cache=True)
def make_blocks(turns, turn_counts, counts, box, blocks_max, filled_share):
    """Join boxes to blocks, two by two, until there are `blocks_max` or no more.

    Returns:
        dims `(B, 3)`, types `(B, TYPES_IN_BLOCK)` with -1 for none, amounts, volume of boxes,
        number of boxes, and for each block its two parts and the axis along which the second
        follows the first (-1: a single box).
    """
    m = turns.shape[0]
    dims = np.empty((blocks_max, 3), np.int64)
    kinds = np.full((blocks_max, TYPES_IN_BLOCK), -1, np.int64)
    amounts = np.zeros((blocks_max, TYPES_IN_BLOCK), np.int64)
    volume = np.zeros(blocks_max, np.int64)
    number = np.zeros(blocks_max, np.int64)
    parts = np.full((blocks_max, 3), -1, np.int64)
    slots = 1 << 17
    table = np.full(slots, -1, np.int64)
    count = 0
    for i in range(m):
        for t in range(turn_counts[i]):
            if (
                turns[i, t, 0] > box[0]
                or turns[i, t, 1] > box[1]
                or turns[i, t, 2] > box[2]
                or counts[i] == 0
            ):
                continue
            if count == blocks_max:
                break
            dims[count] = turns[i, t]
            kinds[count, 0] = i
            amounts[count, 0] = 1
            volume[count] = turns[i, t, 0] * turns[i, t, 1] * turns[i, t, 2]
            number[count] = 1
            count += 1
    begin = 0
    k = np.empty(TYPES_IN_BLOCK, np.int64)
    q = np.empty(TYPES_IN_BLOCK, np.int64)
    while begin < count < blocks_max:
        end = count
        for b in range(begin, end):
            for a in range(b + 1):
                # contents of both
                k[:] = kinds[a]
                q[:] = amounts[a]
                good = True
                for s in range(TYPES_IN_BLOCK):
                    if kinds[b, s] < 0:
                        break
                    at = -1
                    for r in range(TYPES_IN_BLOCK):
                        if k[r] == kinds[b, s] or k[r] < 0:
                            at = r
                            break
                    if at < 0:
                        good = False
                        break
                    if k[at] < 0:
                        k[at], q[at] = kinds[b, s], 0
                    q[at] += amounts[b, s]
                    if q[at] > counts[k[at]]:
                        good = False
                        break
                if not good:
                    continue
                for r in range(
                    1, TYPES_IN_BLOCK
                ):  # types in rising order, so that like contents compare equal
                    kk, qq = k[r], q[r]
                    w = r - 1
                    while w >= 0 and kk >= 0 and k[w] > kk:
                        k[w + 1], q[w + 1] = k[w], q[w]
                        w -= 1
                    k[w + 1], q[w + 1] = kk, qq
                v = volume[a] + volume[b]
                for axis in range(3):
                    d0 = dims[a, 0] + dims[b, 0] if axis == 0 else max(dims[a, 0], dims[b, 0])
                    d1 = dims[a, 1] + dims[b, 1] if axis == 1 else max(dims[a, 1], dims[b, 1])
                    d2 = dims[a, 2] + dims[b, 2] if axis == 2 else max(dims[a, 2], dims[b, 2])
                    if (
                        d0 > box[0]
                        or d1 > box[1]
                        or d2 > box[2]
                        or v < filled_share * (d0 * d1 * d2)
                    ):
                        continue
                    h = d0 * 1_000_003 + d1 * 10_007 + d2 * 101
                    for r in range(TYPES_IN_BLOCK):
                        h = h * 31 + k[r] * 1009 + q[r]
                    h &= slots - 1
                    known = False
                    while table[h] >= 0:
                        if _same(kinds, amounts, dims, table[h], k, q, d0, d1, d2):
                            known = True
                            break
                        h = (h + 1) & (slots - 1)
                    if known:
                        continue
                    if count == blocks_max:
                        break
                    table[h] = count
                    dims[count, 0], dims[count, 1], dims[count, 2] = d0, d1, d2
                    kinds[count] = k
                    amounts[count] = q
                    volume[count] = v
                    number[count] = number[a] + number[b]
                    parts[count, 0], parts[count, 1], parts[count, 2] = a, b, axis
                    count += 1
            if count == blocks_max:
                break
        begin = end
    return (
        dims[:count],
        kinds[:count],
        amounts[:count],
        volume[:count],
        number[:count],
        parts[:count],
    )


@njit(cache=True)
def _reaches(turns, turn_counts, left, box, reach):
    """For each gap along each axis, the most of it that edges of the boxes left can fill."""
    sums = np.empty(12, np.uint64)
    fresh = np.empty(12, np.uint64)
    for axis in range(3):
        words = box[axis] // 64 + 1
        sums[:] = 0
        sums[0] = 1
        for i in range(turns.shape[0]):
            if left[i] == 0:
                continue
            least = box[axis]
            for t in range(turn_counts[i]):
                least = min(least, turns[i, t, axis])
            for _ in range(min(left[i], box[axis] // max(least, 1))):
                for w in range(words):
                    fresh[w] = sums[w]
                previous = -1
                for t in range(turn_counts[i]):
                    e = turns[i, t, axis]
                    if e == previous or e > box[axis]:
                        continue
                    previous = e
                    jump, bits = e // 64, np.uint64(e % 64)
                    for w in range(words - 1, jump - 1, -1):
                        fresh[w] |= sums[w - jump] << bits
                        if bits and w - jump - 1 >= 0:
                            fresh[w] |= sums[w - jump - 1] >> (np.uint64(64) - bits)
                grown = False
                for w in range(words):
                    if fresh[w] != sums[w]:
                        grown = True
                        sums[w] = fresh[w]
                if not grown:
                    break
        last = 0
        for s in range(box[axis] + 1):
            if (sums[s // 64] >> np.uint64(s % 64)) & np.uint64(1):
                last = s
            reach[axis, s] = last


@njit(cache=True)
def _anchor(spaces, count, box):
    """The space nearest to a corner of the container, and which corner: bits for far x, y, z."""
    best, best_volume, at, corner = 1 << 60, 0, -1, 0
    for e in range(count):
        bits, far = 0, 0
        for axis in range(3):
            near, other = spaces[e, axis], box[axis] - spaces[e, axis + 3]
            if other < near:
                bits |= 1 << axis
                far += other
            else:
                far += near
        if far > best:
            continue
        v = (
            (spaces[e, 3] - spaces[e, 0])
            * (spaces[e, 4] - spaces[e, 1])
            * (spaces[e, 5] - spaces[e, 2])
        )
        if far < best or v > best_volume:
            best, best_volume, at, corner = far, v, e, bits
    return at, corner


@njit(cache=True)
def _best_blocks(
    space, reach, dims, kinds, amounts, ceilings, live, live_count, left, want, chosen, scores
):
    """The `want` best blocks for a space, in falling score.

    Drops blocks of boxes that are used up from `live`.

    Returns:
        How many were found, and how many live blocks remain.
    """
    r0, r1, r2 = space[3] - space[0], space[4] - space[1], space[5] - space[2]
    whole = float(r0) * r1 * r2
    found = 0
    kept = 0
    m = 0
    while m < live_count:
        b = live[m]
        if found == want and ceilings[b] <= scores[want - 1]:
            break
        m += 1
        good = True
        for s in range(TYPES_IN_BLOCK):
            if kinds[b, s] < 0:
                break
            if amounts[b, s] > left[kinds[b, s]]:
                good = False
                break
        if not good:
            continue
        live[kept] = b
        kept += 1
        d0, d1, d2 = dims[b, 0], dims[b, 1], dims[b, 2]
        if d0 > r0 or d1 > r1 or d2 > r2:
            continue
        usable = (
            float(d0 + reach[0, r0 - d0])
            * (d1 + reach[1, r1 - d1])
            * (d2 + reach[2, r2 - d2])
            / whole
        )
        f0, f1, f2 = float(d1) * d2, float(d0) * d2, float(d0) * d1
        surface = f0 + f1 + f2
        touch = surface
        if r0 - d0 <= NEAR_SHARE * d0:
            touch += f0
        if r1 - d1 <= NEAR_SHARE * d1:
            touch += f1
        if r2 - d2 <= NEAR_SHARE * d2:
            touch += f2
        usable *= usable
        score = ceilings[b] * usable * usable * touch / (2.0 * surface)
        if found == want and score <= scores[want - 1]:
            continue
        at = found if found < want else want - 1
        while at > 0 and scores[at - 1] < score:
            scores[at] = scores[at - 1]
            chosen[at] = chosen[at - 1]
            at -= 1
        scores[at] = score
        chosen[at] = b
        found = min(found + 1, want)
    if kept < m:
        while m < live_count:
            live[kept] = live[m]
            kept += 1
            m += 1
        live_count = kept
    return found, live_count


@njit(cache=True)
def _place(b, corner, space, spaces, count, dims, kinds, amounts, left, least, log, steps):
    x0 = space[3] - dims[b, 0] if corner & 1 else space[0]
    y0 = space[4] - dims[b, 1] if corner & 2 else space[1]
    z0 = space[5] - dims[b, 2] if corner & 4 else space[2]
    for s in range(TYPES_IN_BLOCK):
        if kinds[b, s] < 0:
            break
        left[kinds[b, s]] -= amounts[b, s]
    log[steps, 0], log[steps, 1], log[steps, 2], log[steps, 3] = b, x0, y0, z0
    return cut(spaces, count, x0, y0, z0, x0 + dims[b, 0], y0 + dims[b, 1], z0 + dims[b, 2], least)


@njit(cache=True)
def _least(turns, left):
    least = 1 << 30
    for i in range(left.shape[0]):
        if left[i]:
            for axis in range(3):
                least = min(least, turns[i, 0, axis])
    return least


@njit(cache=True)
def _finish(
    turns,
    turn_counts,
    dims,
    kinds,
    amounts,
    volume,
    ceilings,
    box,
    spaces,
    count,
    left,
    live,
    live_count,
    log,
    steps,
    packed,
    reach,
):
    """Complete a state greedily in place; returns steps and volume packed."""
    chosen = np.empty(1, np.int64)
    scores = np.empty(1)
    dirty = True
    least = 1
    while count:
        at, corner = _anchor(spaces, count, box)
        if dirty:
            _reaches(turns, turn_counts, left, box, reach)
            least = _least(turns, left)
            dirty = False
        space = spaces[at].copy()
        found, live_count = _best_blocks(
            space, reach, dims, kinds, amounts, ceilings, live, live_count, left, 1, chosen, scores
        )
        if found == 0:
            spaces[at] = spaces[count - 1]
            count -= 1
            continue
        b = chosen[0]
        count = _place(
            b, corner, space, spaces, count, dims, kinds, amounts, left, least, log, steps
        )
        steps += 1
        packed += volume[b]
        dirty = True
    return steps, packed


@njit(cache=True)
def _empty_beam(width, types, blocks, steps_max):
    """Room for states: spaces and how many, what is left, live blocks and how many, log, steps and volume."""
    return (
        np.empty((width, SPACES_MAX, 6), np.int64),
        np.zeros(width, np.int64),
        np.empty((width, types), np.int64),
        np.empty((width, blocks), np.int64),
        np.zeros(width, np.int64),
        np.empty((width, steps_max, 4), np.int64),
        np.zeros(width, np.int64),
        np.zeros(width, np.int64),
    )


@njit(cache=True)
def _copy_state(source, s, target, p):
    """Copy a state of one beam to a place of another."""
    spaces, space_count, left, live, live_count, log, steps, packed = source
    spaces_to, space_count_to, left_to, live_to, live_count_to, log_to, steps_to, packed_to = target
    n = space_count[s]
    spaces_to[p, :n] = spaces[s, :n]
    space_count_to[p] = n
    left_to[p] = left[s]
    live_to[p, : live_count[s]] = live[s, : live_count[s]]
    live_count_to[p] = live_count[s]
    log_to[p, : steps[s]] = log[s, : steps[s]]
    steps_to[p] = steps[s]
    packed_to[p] = packed[s]


@njit(cache=True)
def _put(beam, p, b, corner, space, blocks, turns):
    """Put a block into a space of a state, in place."""
    dims, kinds, amounts, volume, _ = blocks
    spaces, space_count, left, _, _, log, steps, packed = beam
    least = _least(turns, left[p])
    space_count[p] = _place(
        b,
        corner,
        space,
        spaces[p],
        space_count[p],
        dims,
        kinds,
        amounts,
        left[p],
        least,
        log[p],
        steps[p],
    )
    steps[p] += 1
    packed[p] += volume[b]


@njit(cache=True)
def _expand(beam, states, width, turns, turn_counts, box, blocks, reach, children, log_best, best):
    """Try the best blocks for every state, each finished greedily.

    Writes block, state, corner, space and value of each child.

    Returns how many children there are, the best volume known now, and its steps (0 where it was
    known before).
    """
    dims, kinds, amounts, volume, ceilings = blocks
    spaces, space_count, left, live, live_count, _, _, _ = beam
    trial = _empty_beam(1, left.shape[1], live.shape[1], log_best.shape[0])
    chosen, scores = np.empty(width, np.int64), np.empty(width)
    count, best_steps = 0, 0
    for s in range(states):
        _reaches(turns, turn_counts, left[s], box, reach)
        found, at, corner = 0, -1, 0
        while space_count[s]:
            at, corner = _anchor(spaces[s], space_count[s], box)
            found, live_count[s] = _best_blocks(
                spaces[s, at].copy(),
                reach,
                dims,
                kinds,
                amounts,
                ceilings,
                live[s],
                live_count[s],
                left[s],
                width,
                chosen,
                scores,
            )
            if found:
                break
            space_count[s] -= 1  # nothing fits it any more
            spaces[s, at] = spaces[s, space_count[s]]
        for f in range(found):
            _copy_state(beam, s, trial, 0)
            _put(trial, 0, chosen[f], corner, spaces[s, at], blocks, turns)
            steps, packed = _finish(
                turns,
                turn_counts,
                dims,
                kinds,
                amounts,
                volume,
                ceilings,
                box,
                trial[0][0],
                trial[1][0],
                trial[2][0],
                trial[3][0],
                trial[4][0],
                trial[5][0],
                trial[6][0],
                trial[7][0],
                reach,
            )
            if packed > best:
                best, best_steps = packed, steps
                log_best[:steps] = trial[5][0, :steps]
            children[count, 0], children[count, 1], children[count, 2] = chosen[f], s, corner
            children[count, 3], children[count, 4] = at, packed
            count += 1
    return count, best, best_steps


@njit(cache=True)
def _advance(beam, following, children, count, width, blocks, turns):
    """Make the states that follow: the best children with different outcomes. Returns how many."""
    rank = np.argsort(-children[:count, 4], kind="mergesort")
    states = 0
    for r in range(count):
        b, s, corner, at, value = children[rank[r]]
        if r and value == children[rank[r - 1], 4]:
            continue
        _copy_state(beam, s, following, states)
        _put(following, states, b, corner, beam[0][s, at], blocks, turns)
        states += 1
        if states == width:
            break
    return states


@dataclass(frozen=True, slots=True)
class Loading:
    """Boxes in a container.

    Args:
        types: Type of each box placed, `(k,)`.
        positions: `(k, 6)`: x, y, z, dx, dy, dz [mm, or the unit of the sizes].
        filled_share: Volume packed over volume of the container.
        width: Widest beam that was finished or begun.
        stop: Why the search ended: `all-packed`, `stopped`, `width`.
    """

    types: Any
    positions: Any
    filled_share: float
    width: int
    stop: str


def load_container(
    sizes: Any, counts: Any, masks: Any, box: Any, *, stop: Callable[[], bool], width_max: int = 512
) -> Loading:
    """Load as much volume as possible into one container.

    Args:
        sizes: `(types, 3)`.
        counts: `(types,)`.
        masks: Orientations allowed, bits in the order lwh wlh lhw hlw whl hwl, `(types,)`.
        box: Inner lengths.
        stop: Asked after each level of the beam; true ends the search.
        width_max: Widest beam.
    """
    sizes = np.asarray(sizes, np.int64)
    turns = np.zeros((len(sizes), 6, 3), np.int64)
    turn_counts = np.zeros(len(sizes), np.int64)
    turns_of(sizes, np.asarray(masks, np.int64), turns, turn_counts)
    return load_turns(turns, turn_counts, counts, box, stop=stop, width_max=width_max)


def load_turns(
    turns: Any,
    turn_counts: Any,
    counts: Any,
    box: Any,
    *,
    stop: Callable[[], bool],
    width_max: int = 512,
) -> Loading:
    """Load as much volume as possible into one container, boxes given by their orientations `(types, T, 3)`."""
    counts, box = np.asarray(counts, np.int64), np.asarray(box, np.int64)
    dims, kinds, amounts, volume, number, parts = make_blocks(
        turns, turn_counts, counts, box, BLOCKS_MAX, FILLED_SHARE
    )
    blocks = (dims, kinds, amounts, volume, volume * number**-MANY_EXPONENT)
    order = np.argsort(-blocks[4], kind="stable")
    reach = np.empty((3, int(box.max()) + 1), np.int64)
    log = np.empty((int(counts.sum()) + 1, 4), np.int64)
    best, steps, width, why = 0, 0, 1, "width"
    every = int((counts * turns[:, 0].prod(axis=1)).sum())
    while width <= width_max and why == "width":
        beam, following = (_empty_beam(width, len(turns), len(order), len(log)) for _ in range(2))
        beam[0][0, 0] = (0, 0, 0, *box)
        beam[1][0], beam[2][0], beam[3][0], beam[4][0] = 1, counts, order, len(order)
        children = np.empty((width * width, 5), np.int64)
        states = 1
        while states:
            count, best, better = _expand(
                beam, states, width, turns, turn_counts, box, blocks, reach, children, log, best
            )
            steps = better or steps
            if best == every or stop():
                why = "all-packed" if best == every else "stopped"
                break
            states = _advance(beam, following, children, count, width, blocks, turns)
            beam, following = following, beam
        width = max(width + 1, int(width * 1.5))
    best_log = log[:steps]
    types, positions = [], []
    for b, *corner in best_log.tolist():
        stack = [(b, corner)]
        while stack:
            one, (x, y, z) = stack.pop()
            first, second, axis = parts[one].tolist()
            if axis < 0:
                types.append(int(kinds[one, 0]))
                positions.append([x, y, z, *dims[one].tolist()])
                continue
            step = [0, 0, 0]
            step[axis] = int(dims[first, axis])
            stack.append((first, [x, y, z]))
            stack.append((second, [x + step[0], y + step[1], z + step[2]]))
    return Loading(
        np.array(types, np.int64),
        np.array(positions, np.int64).reshape(-1, 6),
        best / float(box.prod()),
        width,
        why,
    )
