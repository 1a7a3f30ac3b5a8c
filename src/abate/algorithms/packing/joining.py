"""Joining pieces two by two: every arrangement of a few pieces that can be cut apart by planes, compiled.

For each subset of the pieces the smallest blocks are kept that hold it: a block is a piece in one
orientation, or two blocks of disjoint subsets face to face. A block is dropped where another of its
subset is smaller in no length, and where it wastes more volume than the box has to spare.

Source: Wang, P. Y. (1983), Two algorithms for constrained two-dimensional cutting stock problems,
    in three dimensions.
"""

from __future__ import annotations

import numpy as np
from numba import njit

PIECES_MAX = 12
BLOCKS_MAX = 40_000


@njit(cache=True)
def _reach(turns, turn_counts, n, axis, length):
    """For each gap along an axis, the most of it that edges of pieces can fill."""
    sums = np.zeros(length + 1, np.uint8)
    sums[0] = 1
    for i in range(n):
        for s in range(length, -1, -1):
            if sums[s]:
                for t in range(turn_counts[i]):
                    to = s + turns[i, t, axis]
                    if to <= length:
                        sums[to] = 1
    most = np.empty(length + 1, np.int64)
    last = 0
    for s in range(length + 1):
        if sums[s]:
            last = s
        most[s] = last
    return most


@njit(cache=True)
def _lay(root, left, right, axis, dims, piece, positions, stack, corners):
    """Write the positions of all pieces of a block."""
    stack[0] = root
    corners[0, :] = 0
    depth = 1
    while depth:
        depth -= 1
        b = stack[depth]
        x, y, z = corners[depth, 0], corners[depth, 1], corners[depth, 2]
        if left[b] < 0:
            i = piece[b]
            positions[i, 0], positions[i, 1], positions[i, 2] = x, y, z
            positions[i, 3], positions[i, 4], positions[i, 5] = dims[b, 0], dims[b, 1], dims[b, 2]
            continue
        one, two = left[b], right[b]
        stack[depth] = one
        corners[depth, 0], corners[depth, 1], corners[depth, 2] = x, y, z
        depth += 1
        stack[depth] = two
        corners[depth, 0] = x + (dims[one, 0] if axis[b] == 0 else 0)
        corners[depth, 1] = y + (dims[one, 1] if axis[b] == 1 else 0)
        corners[depth, 2] = z + (dims[one, 2] if axis[b] == 2 else 0)
        depth += 1


@njit(cache=True)
def join(turns, turn_counts, bears, box, blocks_max, positions):
    """Search all arrangements of plane cuts for one that fits the box.

    Args:
        turns: Orientations `(n, 6, 3)` [mm], n up to PIECES_MAX.
        turn_counts: How many of them each piece has, `(n,)`.
        bears: Mass on top `(n,)` [g]; a piece of limited bearing is never below another block.
        box: Inner lengths [mm].
        blocks_max: Blocks to keep before giving up.
        positions: Written, `(n, 6)`.

    Returns:
        1 found, 0 none exists among plane cuts, -1 given up.
    """
    n = turns.shape[0]
    full = (1 << n) - 1
    box_volume = box[0] * box[1] * box[2]
    volumes = np.zeros(full + 1, np.int64)
    weak = np.zeros(full + 1, np.uint8)
    for mask in range(1, full + 1):
        i = 0
        while not (mask >> i) & 1:
            i += 1
        rest = mask & (mask - 1)
        volumes[mask] = volumes[rest] + turns[i, 0, 0] * turns[i, 0, 1] * turns[i, 0, 2]
        weak[mask] = weak[rest] | (bears[i] >= 0)
    slack = box_volume - volumes[full]
    if slack < 0:
        return 0
    reach_x = _reach(turns, turn_counts, n, 0, box[0])
    reach_y = _reach(turns, turn_counts, n, 1, box[1])
    reach_z = _reach(turns, turn_counts, n, 2, box[2])
    dims = np.empty((blocks_max, 3), np.int64)
    left = np.full(blocks_max, -1, np.int64)
    right = np.full(blocks_max, -1, np.int64)
    axis = np.zeros(blocks_max, np.int8)
    piece = np.full(blocks_max, -1, np.int64)
    follow = np.full(blocks_max, -1, np.int64)
    head = np.full(full + 1, -1, np.int64)
    count = 0
    for i in range(n):
        for t in range(turn_counts[i]):
            d0, d1, d2 = turns[i, t, 0], turns[i, t, 1], turns[i, t, 2]
            if d0 > box[0] or d1 > box[1] or d2 > box[2]:
                continue
            dims[count, 0], dims[count, 1], dims[count, 2] = d0, d1, d2
            piece[count] = i
            follow[count] = head[1 << i]
            head[1 << i] = count
            count += 1
        if head[1 << i] < 0:
            return 0
    for mask in range(3, full + 1):
        if mask & (mask - 1) == 0:
            continue
        low = mask & -mask
        sub = (mask - 1) & mask
        while sub:
            other = mask ^ sub
            if sub & low and head[sub] >= 0 and head[other] >= 0:
                a = head[sub]
                while a >= 0:
                    b = head[other]
                    while b >= 0:
                        for way in range(3):
                            d0 = (
                                dims[a, 0] + dims[b, 0] if way == 0 else max(dims[a, 0], dims[b, 0])
                            )
                            d1 = (
                                dims[a, 1] + dims[b, 1] if way == 1 else max(dims[a, 1], dims[b, 1])
                            )
                            d2 = (
                                dims[a, 2] + dims[b, 2] if way == 2 else max(dims[a, 2], dims[b, 2])
                            )
                            if d0 > box[0] or d1 > box[1] or d2 > box[2]:
                                continue
                            waste = d0 * d1 * d2 - volumes[mask]
                            if waste > slack:
                                continue
                            g0, g1, g2 = box[0] - d0, box[1] - d1, box[2] - d2
                            waste += (
                                (g0 - reach_x[g0]) * d1 * d2
                                + (g1 - reach_y[g1]) * d0 * d2
                                + (g2 - reach_z[g2]) * d0 * d1
                            )
                            if waste > slack:
                                continue
                            if way == 2 and weak[sub] and weak[other]:
                                continue
                            dominated = False
                            e = head[mask]
                            before = -1
                            while e >= 0:
                                if dims[e, 0] <= d0 and dims[e, 1] <= d1 and dims[e, 2] <= d2:
                                    dominated = True
                                    break
                                if dims[e, 0] >= d0 and dims[e, 1] >= d1 and dims[e, 2] >= d2:
                                    if before < 0:
                                        head[mask] = follow[e]
                                    else:
                                        follow[before] = follow[e]
                                else:
                                    before = e
                                e = follow[e]
                            if dominated:
                                continue
                            if count == blocks_max:
                                return -1
                            dims[count, 0], dims[count, 1], dims[count, 2] = d0, d1, d2
                            axis[count] = way
                            if way == 2 and weak[sub]:
                                left[count], right[count] = b, a
                            else:
                                left[count], right[count] = a, b
                            follow[count] = head[mask]
                            head[mask] = count
                            count += 1
                            if mask == full:
                                stack = np.empty(2 * n + 2, np.int64)
                                corners = np.empty((2 * n + 2, 3), np.int64)
                                _lay(
                                    count - 1,
                                    left,
                                    right,
                                    axis,
                                    dims,
                                    piece,
                                    positions,
                                    stack,
                                    corners,
                                )
                                return 1
                        b = follow[b]
                    a = follow[a]
            sub = (sub - 1) & mask
    return 0
