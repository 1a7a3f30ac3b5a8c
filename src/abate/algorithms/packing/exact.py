"""Exact search: whether pieces fit the given boxes, settled by a constraint solver."""

from __future__ import annotations

from typing import Any

import numpy as np

PLAIN_SHARE = 0.12
"""Of the time, for the search without symmetries broken."""


def _place(
    model: Any, turns: Any, turn_counts: Any, masses: Any, boxes: Any, mass_maxes: Any
) -> Any:
    """Variables of where each piece begins, how long it is and in which box it lies.

    None where one fits no box.

    The boxes stand in a row along x, so that pieces of two boxes are apart by themselves.
    """
    n = len(turn_counts)
    begins = np.concatenate([[0], np.cumsum(boxes[:, 0])])
    ends = [int(begins[-1]), int(boxes[:, 1].max()), int(boxes[:, 2].max())]
    starts = [[model.new_int_var(0, ends[k], "") for k in range(3)] for _ in range(n)]
    sizes: list[list[Any]] = []
    inside: list[list[Any]] = []
    intervals: list[list[list[Any]]] = [[[] for _ in range(3)] for _ in boxes]
    areas: list[list[list[int]]] = [[[] for _ in range(3)] for _ in boxes]
    for i in range(n):
        ways: list[tuple[Any, list[int]]] = []
        inside.append([])
        for c, box in enumerate(boxes):
            here = []
            for option in turns[i, : turn_counts[i]].tolist():
                if any(o > b for o, b in zip(option, box, strict=True)):
                    continue
                way = model.new_bool_var("")
                here.append(way)
                ways.append((way, option))
                first, last = int(begins[c]), int(begins[c + 1]) - option[0]
                model.add_linear_constraint(starts[i][0], first, last).only_enforce_if(way)
                for k in (1, 2):
                    model.add(starts[i][k] <= int(box[k]) - option[k]).only_enforce_if(way)
                for k in range(3):
                    interval = model.new_optional_fixed_size_interval_var(
                        starts[i][k], option[k], way, ""
                    )
                    intervals[c][k].append(interval)
                    areas[c][k].append(option[0] * option[1] * option[2] // option[k])
            inside[i].append(sum(here))
        if not ways:
            return None
        model.add_exactly_one([w for w, _ in ways])
        sizes.append([sum(o[k] * w for w, o in ways) for k in range(3)])
    for c, box in enumerate(boxes):
        volume = int(np.prod(box))
        for k in range(3):
            model.add_cumulative(intervals[c][k], areas[c][k], volume // int(box[k]))
        model.add(sum(int(masses[i]) * inside[i][c] for i in range(n)) <= int(mass_maxes[c]))
        model.add(sum(int(turns[i, 0].prod()) * inside[i][c] for i in range(n)) <= volume)
    return starts, sizes, inside, begins


def _part(
    model: Any, turns: Any, turn_counts: Any, masses: Any, bears: Any, starts: Any, sizes: Any
) -> None:
    """Keep every two pieces apart along an axis, and pieces that are alike in their order."""
    for i in range(len(turn_counts)):
        for j in range(i):
            apart = []
            for first, second in ((i, j), (j, i)):
                for axis in range(3):
                    if axis == 2 and bears[first] == 0:
                        continue
                    before = model.new_bool_var("")
                    model.add(
                        starts[first][axis] + sizes[first][axis] <= starts[second][axis]
                    ).only_enforce_if(before)
                    apart.append(before)
            model.add_bool_or(apart)
        j = i - 1
        alike = i and (turn_counts[i], bears[i], masses[i]) == (turn_counts[j], bears[j], masses[j])
        if alike and (turns[i] == turns[j]).all():
            ranks = [starts[p][0] * 4_000_000 + starts[p][1] * 2000 + starts[p][2] for p in (i, j)]
            model.add(ranks[1] <= ranks[0])


def settle(
    turns: Any,
    turn_counts: Any,
    masses: Any,
    bears: Any,
    boxes: Any,
    mass_maxes: Any,
    *,
    effort_max: float = 10.0,
    seed: int = 0,
) -> Any:
    """Search a packing of all pieces in the given boxes, or the proof that there is none.

    Support of bases is not asked, so a proof holds with it too. A piece that bears nothing has
    nothing above it; a limited bearing is not asked either.

    Args:
        turns: Orientations `(n, T, 3)` [mm].
        turn_counts: How many of them each piece has, `(n,)`.
        masses: `(n,)` [g].
        bears: Mass on top `(n,)` [g].
        boxes: Inner lengths `(boxes, 3)` [mm].
        mass_maxes: `(boxes,)` [g].
        effort_max: When to give up, in the solver's deterministic time, near seconds.
        seed: Of the solver, which runs in one thread.

    Returns:
        Box of each piece `(n,)` and positions `(n, 6)`; False where none exists; None where the
        time ran out.

    Source: Chen, C. S., Lee, S. M. and Shen, Q. S. (1995), An analytical model for the container
        loading problem.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    n = len(turn_counts)
    placed = _place(model, turns, turn_counts, masses, boxes, mass_maxes)
    if placed is None:
        return False
    starts, sizes, inside, begins = placed
    _part(model, turns, turn_counts, masses, bears, starts, sizes)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = (
        effort_max * PLAIN_SHARE if len(boxes) == 1 else effort_max
    )
    status = solver.solve(model)
    if status == cp_model.UNKNOWN and len(boxes) == 1:
        # a mirrored packing is as good: half of the places for the largest piece, which speeds proofs and hinders finds
        largest = int(np.argmax(turns[:, 0].prod(axis=1)))
        for k in range(2 if (bears == 0).any() else 3):
            model.add(2 * starts[largest][k] + sizes[largest][k] <= int(boxes[0, k]))
        solver.parameters.max_deterministic_time = effort_max * (1 - PLAIN_SHARE)
        status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return False
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    box_of = np.array(
        [next(c for c in range(len(boxes)) if solver.value(inside[i][c])) for i in range(n)],
        np.int64,
    )
    found = np.array(
        [[solver.value(v) for v in (*starts[i], *sizes[i])] for i in range(n)], np.int64
    ).reshape(n, 6)
    found[:, 0] -= begins[box_of]
    return box_of, found
