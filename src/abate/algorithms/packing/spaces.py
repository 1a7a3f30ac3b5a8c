"""Filling one box: pieces into maximal empty spaces, many starts, compiled.

All lengths are whole millimetres and all masses whole grams. A piece is a row of `turns`: its
distinct orientations as (dx, dy, dz), `turn_counts` of them. `bears` is the mass a piece carries on
top: 0 for a fragile one, -1 without limit. A position is a row (x, y, z, dx, dy, dz); `placed` says
which rows count.

Source: Lai, K. K. and Chan, J. W. M. (1997), maximal empty spaces; Gonçalves, J. F. and Resende, M.
    G. C. (2013).
"""

from __future__ import annotations

import numpy as np
from numba import njit

SPACES_MAX = 400
RULES = 4


@njit(cache=True)
def next_random(state):
    """Draw a number below 2^31 from the one-element state (xorshift64*)."""
    s = state[0]
    s ^= s >> np.uint64(12)
    s ^= s << np.uint64(25)
    s ^= s >> np.uint64(27)
    state[0] = s
    return np.int64((s * np.uint64(2685821657736338717)) >> np.uint64(33))


@njit(cache=True)
def turns_of(sizes, masks, turns, turn_counts):
    """Write the distinct orientations that each piece may take.

    Bits of `masks` in the order lwh wlh lhw hlw whl hwl.
    """
    for i in range(sizes.shape[0]):
        count = 0
        for bit in range(6):
            if not (masks[i] >> bit) & 1:
                continue
            up = 2 - bit // 2
            a, b = (0, 1) if up == 2 else ((0, 2) if up == 1 else (1, 2))
            if bit & 1:
                a, b = b, a
            dx, dy, dz = sizes[i, a], sizes[i, b], sizes[i, up]
            known = False
            for k in range(count):
                known = known or (
                    turns[i, k, 0] == dx and turns[i, k, 1] == dy and turns[i, k, 2] == dz
                )
            if not known:
                turns[i, count, 0], turns[i, count, 1], turns[i, count, 2] = dx, dy, dz
                count += 1
        turn_counts[i] = count


@njit(cache=True)
def supported_area(positions, placed, n, x, y, z, dx, dy):
    """Area [mm²] of a base at (x, y, z) that rests on the floor or on pieces."""
    if z == 0:
        return dx * dy
    area = 0
    for j in range(n):
        if placed[j] and positions[j, 2] + positions[j, 5] == z:
            ox = min(x + dx, positions[j, 0] + positions[j, 3]) - max(x, positions[j, 0])
            oy = min(y + dy, positions[j, 1] + positions[j, 4]) - max(y, positions[j, 1])
            if ox > 0 and oy > 0:
                area += ox * oy
    return area


@njit(cache=True)
def bearing_holds(positions, placed, n, masses, bears):
    """Whether no piece carries more than it may.

    Whatever stands above it, directly or through others, counts whole.
    """
    reached = np.zeros(n, np.uint8)
    stack = np.empty(n, np.int64)
    for i in range(n):
        if not placed[i] or bears[i] < 0:
            continue
        reached[:] = 0
        reached[i] = 1
        stack[0] = i
        depth = 1
        load = 0
        while depth:
            depth -= 1
            k = stack[depth]
            for j in range(n):
                if (
                    placed[j]
                    and not reached[j]
                    and positions[j, 2] >= positions[k, 2] + positions[k, 5]
                ):
                    ox = min(positions[k, 0] + positions[k, 3], positions[j, 0] + positions[j, 3])
                    oy = min(positions[k, 1] + positions[k, 4], positions[j, 1] + positions[j, 4])
                    if ox > max(positions[k, 0], positions[j, 0]) and oy > max(
                        positions[k, 1], positions[j, 1]
                    ):
                        if bears[i] == 0:
                            return False
                        reached[j] = 1
                        stack[depth] = j
                        depth += 1
                        load += masses[j]
        if load > bears[i]:
            return False
    return True


@njit(cache=True)
def cut(spaces, count, x0, y0, z0, x1, y1, z1, least):
    """Take a block out of the spaces; what is left of each stays maximal. Returns the new count."""
    kept = 0
    fresh = np.empty((SPACES_MAX, 6), np.int64)
    made = 0
    for e in range(count):
        s = spaces[e]
        if x0 >= s[3] or x1 <= s[0] or y0 >= s[4] or y1 <= s[1] or z0 >= s[5] or z1 <= s[2]:
            if kept != e:
                spaces[kept, :] = spaces[e, :]
            kept += 1
            continue
        for side in range(6):
            a0, a1, a2, b0, b1, b2 = s[0], s[1], s[2], s[3], s[4], s[5]
            if side == 0:
                b0 = x0
            elif side == 1:
                a0 = x1
            elif side == 2:
                b1 = y0
            elif side == 3:
                a1 = y1
            elif side == 4:
                b2 = z0
            else:
                a2 = z1
            if b0 - a0 < least or b1 - a1 < least or b2 - a2 < least or made == SPACES_MAX:
                continue
            fresh[made, 0], fresh[made, 1], fresh[made, 2] = a0, a1, a2
            fresh[made, 3], fresh[made, 4], fresh[made, 5] = b0, b1, b2
            made += 1
    for f in range(made):
        inside = False
        for e in range(kept):
            if (
                spaces[e, 0] <= fresh[f, 0]
                and spaces[e, 1] <= fresh[f, 1]
                and spaces[e, 2] <= fresh[f, 2]
                and spaces[e, 3] >= fresh[f, 3]
                and spaces[e, 4] >= fresh[f, 4]
                and spaces[e, 5] >= fresh[f, 5]
            ):
                inside = True
                break
        if not inside:
            for g in range(made):
                if g == f or fresh[g, 0] < 0:
                    continue
                if (
                    fresh[g, 0] <= fresh[f, 0]
                    and fresh[g, 1] <= fresh[f, 1]
                    and fresh[g, 2] <= fresh[f, 2]
                    and fresh[g, 3] >= fresh[f, 3]
                    and fresh[g, 4] >= fresh[f, 4]
                    and fresh[g, 5] >= fresh[f, 5]
                ):
                    inside = True
                    break
        if inside:
            fresh[f, 0] = -1
    for f in range(made):
        if fresh[f, 0] >= 0 and kept < SPACES_MAX:
            spaces[kept, :] = fresh[f, :]
            kept += 1
    return kept


@njit(cache=True)
def _touching(positions, placed, n, x, y, z, dx, dy, dz, length, width, height):
    """Area [mm²] of a block's faces that lie on walls or on other pieces."""
    area = 0
    area += dy * dz * ((x == 0) + (x + dx == length))
    area += dx * dz * ((y == 0) + (y + dy == width))
    area += dx * dy * ((z == 0) + (z + dz == height))
    for j in range(n):
        if not placed[j]:
            continue
        p = positions[j]
        ox = min(x + dx, p[0] + p[3]) - max(x, p[0])
        oy = min(y + dy, p[1] + p[4]) - max(y, p[1])
        oz = min(z + dz, p[2] + p[5]) - max(z, p[2])
        if ox < 0 or oy < 0 or oz < 0:
            continue
        if ox == 0:
            area += oy * oz
        elif oy == 0:
            area += ox * oz
        elif oz == 0:
            area += ox * oy
    return area


@njit(cache=True)
def fill(
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
    every,
    spaces,
    positions,
    placed,
):
    """Put pieces into one box in the given order, each where it fits best.

    Those that fit nowhere are left out.

    Args:
        order: Indices of the pieces to place, `(k,)`.
        turns: Orientations `(n, 6, 3)` [mm].
        turn_counts: How many of them each piece has, `(n,)`.
        masses: `(n,)` [g].
        bears: Mass on top, `(n,)` [g].
        bearing: Whether any piece bears a limited mass.
        box: Inner length, width and height [mm].
        mass_max: Mass of contents [g].
        support_share: Least share of each base that rests on something.
        rule: 0 lowest corner, 1 tightest space, 2 most contact, 3 furthest from the opposite
            corner.
        every: Give up when a piece does not fit.
        spaces: Room for the empty spaces, `(SPACES_MAX, 6)`.
        positions: Written, `(n, 6)`.
        placed: Written, `(n,)`.

    Returns:
        How many pieces were placed.
    """
    n = placed.shape[0]
    length, width, height = box[0], box[1], box[2]
    placed[:] = 0
    spaces[0, 0], spaces[0, 1], spaces[0, 2] = 0, 0, 0
    spaces[0, 3], spaces[0, 4], spaces[0, 5] = length, width, height
    count = 1
    done = 0
    load = 0
    least = 1 << 30
    for k in range(order.shape[0]):
        i = order[k]
        least = min(least, turns[i, 0, 0], turns[i, 0, 1], turns[i, 0, 2])
    for k in range(order.shape[0]):
        i = order[k]
        best = -1e300
        bx, by, bz, bt = -1, -1, -1, -1
        if load + masses[i] <= mass_max:
            for e in range(count):
                ex, ey, ez = (
                    spaces[e, 3] - spaces[e, 0],
                    spaces[e, 4] - spaces[e, 1],
                    spaces[e, 5] - spaces[e, 2],
                )
                for t in range(turn_counts[i]):
                    dx, dy, dz = turns[i, t, 0], turns[i, t, 1], turns[i, t, 2]
                    if dx > ex or dy > ey or dz > ez:
                        continue
                    for corner in range(1 if support_share == 0.0 else 4):
                        x = spaces[e, 0] if corner & 1 == 0 else spaces[e, 3] - dx
                        y = spaces[e, 1] if corner & 2 == 0 else spaces[e, 4] - dy
                        z = spaces[e, 2]
                        if rule == 0:
                            score = -(z * 1e8 + y * 1e4 + x) - 1e-6 * (ez - dz)
                        elif rule == 1:
                            rx, ry, rz = ex - dx, ey - dy, ez - dz
                            score = (
                                -(min(rx, ry, rz) * 1e4 + (rx + ry + rz - max(rx, ry, rz)))
                                - 1e-3 * z
                            )
                        elif rule == 2:
                            score = _touching(
                                positions, placed, n, x, y, z, dx, dy, dz, length, width, height
                            ) / (dx * dy + dy * dz + dx * dz) - 1e-6 * (x + y + z)
                        else:
                            fx, fy, fz = length - x - dx, width - y - dy, height - z - dz
                            score = 1.0 * fx * fx + 1.0 * fy * fy + 1.0 * fz * fz
                        if score <= best:
                            continue
                        if support_share > 0.0 and z > 0:
                            area = supported_area(positions, placed, n, x, y, z, dx, dy)
                            if area < support_share * dx * dy:
                                continue
                        if bearing:
                            positions[i, 0], positions[i, 1], positions[i, 2] = x, y, z
                            positions[i, 3], positions[i, 4], positions[i, 5] = dx, dy, dz
                            placed[i] = 1
                            good = bearing_holds(positions, placed, n, masses, bears)
                            placed[i] = 0
                            if not good:
                                continue
                        best = score
                        bx, by, bz, bt = x, y, z, t
        if bt < 0:
            if every:
                return done
            continue
        dx, dy, dz = turns[i, bt, 0], turns[i, bt, 1], turns[i, bt, 2]
        positions[i, 0], positions[i, 1], positions[i, 2] = bx, by, bz
        positions[i, 3], positions[i, 4], positions[i, 5] = dx, dy, dz
        placed[i] = 1
        done += 1
        load += masses[i]
        top = height if bears[i] == 0 else bz + dz
        count = cut(spaces, count, bx, by, bz, bx + dx, by + dy, top, least)
    return done


@njit(cache=True)
def sort_pieces(order, keys):
    """Sort indices by falling keys, stable, in place."""
    for k in range(1, order.shape[0]):
        i = order[k]
        v = keys[i]
        m = k - 1
        while m >= 0 and keys[order[m]] < v:
            order[m + 1] = order[m]
            m -= 1
        order[m + 1] = i


@njit(cache=True)
def piece_keys(sizes, bears, by, keys, state):
    """Write the key by which pieces are sorted.

    0 volume, 1 longest edge, 2 largest face, 3 two longest edges, 4+ disturbed volume.

    Pieces that bear nothing come late, for nothing may stand above them.
    """
    for i in range(sizes.shape[0]):
        a, b, c = sizes[i, 0], sizes[i, 1], sizes[i, 2]
        longest = max(a, b, c)
        shortest = min(a, b, c)
        if by == 0:
            key = float(a) * b * c
        elif by == 1:
            key = longest * 1e6 + float(a) * b * c * 1e-6
        elif by == 2:
            key = float(a) * b * c / shortest
        elif by == 3:
            key = (a + b + c - shortest) * 1e6 + float(a) * b * c * 1e-6
        else:
            key = float(a) * b * c if by % 2 == 0 else (a + b + c) ** 3.0
            key *= 0.3 + (next_random(state) % 1000) / 500.0
        if bears[i] == 0:
            key *= 1e-6 if by < 4 or by % 3 else 1.0
        keys[i] = key
