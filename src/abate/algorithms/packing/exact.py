"""Exact search: whether pieces fit one box, settled by a constraint solver."""

from __future__ import annotations

from typing import Any

import numpy as np


def settle(turns: Any, turn_counts: Any, bears: Any, box: Any, *, seconds_max: float = 10.0, seed: int = 0) -> Any:
    """Search a packing of all pieces in one box, or the proof that there is none.

    Support of bases is not asked, so a proof holds with it too. A piece that bears nothing has nothing above it; a
    limited bearing is not asked either.

    Args:
        turns: Orientations `(n, T, 3)` [mm].
        turn_counts: How many of them each piece has, `(n,)`.
        bears: Mass on top `(n,)` [g].
        box: Inner lengths [mm].
        seconds_max: When to give up.
        seed: Of the solver, which runs in one thread.

    Returns:
        Positions `(n, 6)`; False where none exists; None where the time ran out.

    Source: Chen, C. S., Lee, S. M. and Shen, Q. S. (1995), An analytical model for the container loading problem.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    n = len(turn_counts)
    starts: list[list[Any]] = []
    sizes: list[list[Any]] = []
    ways: list[list[Any]] = []
    for i in range(n):
        options = [turns[i, t] for t in range(turn_counts[i]) if all(turns[i, t] <= box)]
        if not options:
            return False
        way = [model.new_bool_var(f"w{i},{t}") for t in range(len(options))]
        model.add_exactly_one(way)
        ways.append(way)
        sizes.append([sum(int(o[k]) * w for o, w in zip(options, way, strict=True)) for k in range(3)])
        starts.append([model.new_int_var(0, int(box[k]), f"p{i},{k}") for k in range(3)])
        for k in range(3):
            model.add(starts[i][k] + sizes[i][k] <= int(box[k]))
    for axis in range(3):
        intervals, areas = [], []
        for i in range(n):
            options = [turns[i, t] for t in range(turn_counts[i]) if all(turns[i, t] <= box)]
            for option, way in zip(options, ways[i], strict=True):
                length = int(option[axis])
                intervals.append(
                    model.new_optional_fixed_size_interval_var(starts[i][axis], length, way, f"i{i},{axis}")
                )
                areas.append(int(np.prod(option)) // length)
        model.add_cumulative(intervals, areas, int(np.prod(box)) // int(box[axis]))
    for i in range(n):
        for j in range(i):
            apart = []
            for first, second in ((i, j), (j, i)):
                for axis in range(3):
                    if axis == 2 and bears[first] == 0:
                        continue
                    before = model.new_bool_var("")
                    model.add(starts[first][axis] + sizes[first][axis] <= starts[second][axis]).only_enforce_if(before)
                    apart.append(before)
            model.add_bool_or(apart)
            alike = turn_counts[i] == turn_counts[j] and bool((turns[i] == turns[j]).all()) and bears[i] == bears[j]
            if alike and j == i - 1:
                model.add(
                    starts[j][0] * 4_000_000 + starts[j][1] * 2000 + starts[j][2]
                    <= starts[i][0] * 4_000_000 + starts[i][1] * 2000 + starts[i][2]
                )
    largest = int(np.argmax(turns[:, 0].prod(axis=1)))
    for k in range(2 if (bears == 0).any() else 3):  # a mirrored packing is as good
        model.add(2 * starts[largest][k] + sizes[largest][k] <= int(box[k]))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = seconds_max
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return False
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    found = np.empty((n, 6), np.int64)
    for i in range(n):
        found[i, :3] = [solver.value(v) for v in starts[i]]
        found[i, 3:] = [solver.value(v) for v in sizes[i]]
    return found
