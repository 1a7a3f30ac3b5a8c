"""Several storages, shiftable loads and demand charges: the linear programme, solved by HiGHS.

Source: Huangfu, Q. and Hall, J. A. J. (2018), Parallelizing the dual revised simplex method,
    Mathematical Programming Computation 10; the solver is HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

FREE = 1e30


@dataclass(frozen=True, slots=True)
class Store:
    """A storage as arrays, energy in kWh.

    Args:
        charge: Most that goes in at the connection in each step `(n,)`.
        discharge: Most that comes out `(n,)`.
        efficiency: Share of what goes in that is stored, and of what is stored that comes out.
        wear: Cost of a kWh in, and of one out.
        keep: Share of what is stored that is left after a step.
        low: Least that is stored.
        high: Most.
        start: What is stored before the first step.
        end: Least that is stored after the last.
    """

    charge: Any
    discharge: Any
    efficiency: tuple[float, float]
    wear: tuple[float, float]
    keep: float
    low: float
    high: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Shift:
    """Energy that may be used at any time of a window.

    Args:
        first: First step of the window.
        last: First step after it.
        energy: What is used in it [kWh].
        most: Most in a step [kWh].
    """

    first: int
    last: int
    energy: float
    most: float


@dataclass(frozen=True, slots=True)
class Highest:
    """A cost of the highest step of each group.

    Args:
        group: Group of each step; -1 where it does not count `(n,)`.
        costs: Of a kWh in the highest step of each group `(groups,)`.
        free: Energy of a step up to which nothing counts [kWh].
        ratchet: A group counts at least this share of each of `of`.
        of: Groups.
    """

    group: Any
    costs: Any
    free: float = 0.0
    ratchet: float = 0.0
    of: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Programme:
    """What is to be decided, as arrays over `n` steps.

    Args:
        load: What is needed `(n,)` [kWh].
        left: Where the options begin: minus what may be given to the grid `(n,)` [kWh].
        slopes: Cost of each option `(n, k)` [per kWh].
        lengths: How much there is of it `(n, k)` [kWh].
        under: Cost of a need below all options `(n,)`, below every slope.
        over: Cost of one above them `(n,)`, above every slope.
        stores: Storages.
        shifts: Loads that may be moved.
        highest: Costs of the highest step of option `peaked` and what lies above it.
        peaked: See there.
        breach: Cost of a kWh by which a storage or a shiftable load breaks its limits.
    """

    load: Any
    left: Any
    slopes: Any
    lengths: Any
    under: Any
    over: Any
    stores: tuple[Store, ...] = ()
    shifts: tuple[Shift, ...] = ()
    highest: tuple[Highest, ...] = ()
    peaked: int = 0
    breach: float = 100.0


@dataclass(frozen=True, slots=True)
class Solved:
    """What a programme comes to.

    Args:
        cost: Its least cost.
        taken: Of each option `(n, k)` [kWh].
        beyond: What lies below all options, and above them `(n, 2)` [kWh].
        moves: Energy in and out of each storage `(stores, n, 2)` [kWh].
        stored: What is stored after each step `(stores, n)` [kWh].
        shifted: What each shiftable load takes `(shifts, n)` [kWh].
        breaches: By how much each storage is short at the end, above and below its limits, and each
            shiftable load is not served [kWh]: `(stores, 3)` and `(shifts,)`.
        seconds: Time in the solver.
    """

    cost: float
    taken: Any
    beyond: Any
    moves: Any
    stored: Any
    shifted: Any
    breaches: tuple[Any, Any]
    seconds: float


class Columns:
    """Columns and rows of a programme while they are gathered."""

    def __init__(self) -> None:
        self.costs: list[Any] = []
        self.highs: list[Any] = []
        self.lows: list[Any] = []
        self.count = 0
        self.entries: list[tuple[Any, Any, Any]] = []
        self.row_low: list[Any] = []
        self.row_high: list[Any] = []
        self.rows = 0

    def add(self, cost: Any, high: Any, low: Any = 0.0, *, shape: tuple[int, ...]) -> Any:
        """Columns of a shape; their numbers."""
        size = int(np.prod(shape))
        for kept, values in ((self.costs, cost), (self.highs, high), (self.lows, low)):
            kept.append(np.broadcast_to(np.asarray(values, np.float64), shape).ravel())
        numbers = np.arange(self.count, self.count + size).reshape(shape)
        self.count += size
        return numbers

    def row(self, low: Any, high: Any, size: int) -> Any:
        """Rows with their limits; their numbers."""
        self.row_low.append(np.broadcast_to(np.asarray(low, np.float64), (size,)))
        self.row_high.append(np.broadcast_to(np.asarray(high, np.float64), (size,)))
        numbers = np.arange(self.rows, self.rows + size)
        self.rows += size
        return numbers

    def put(self, rows: Any, columns: Any, value: Any) -> None:
        """Entries of the matrix."""
        rows, columns, value = np.broadcast_arrays(rows, columns, np.asarray(value, np.float64))
        self.entries.append((rows.ravel(), columns.ravel(), value.ravel()))

    @property
    def matrix(self) -> Any:
        """The matrix by rows."""
        rows, columns, values = (np.concatenate([e[k] for e in self.entries]) for k in range(3))
        return csr_array(coo_array((values, (rows, columns)), shape=(self.rows, self.count)))


def solve(programme: Programme) -> Solved:
    """Solve a programme; limits of storages and loads that cannot be kept are broken at a cost.

    Raises:
        ArithmeticError: Where the solver finds no optimum.
    """
    p, n, made = programme, len(programme.load), Columns()
    options = made.add(p.slopes, p.lengths, shape=p.slopes.shape)
    under = made.add(-np.asarray(p.under), FREE, shape=(n,))
    over = made.add(p.over, FREE, shape=(n,))
    balance = made.row(p.load - p.left, p.load - p.left, n)
    made.put(balance[:, None], options, 1.0)
    made.put(balance, under, -1.0)
    made.put(balance, over, 1.0)
    stores = [_store(made, one, balance, p.breach) for one in p.stores]
    shifts = [_shift(made, one, balance, p.breach, n) for one in p.shifts]
    for one in p.highest:
        put_highest(made, one, (options[:, p.peaked], over))
    values, cost, seconds = run(made)
    shifted = np.zeros((len(shifts), n))
    for k, (columns, _) in enumerate(shifts):
        shifted[k, p.shifts[k].first : p.shifts[k].last] = values[columns]
    return Solved(
        cost,
        values[options],
        np.stack([values[under], values[over]], axis=1),
        np.array([np.stack([values[a], values[b]], axis=1) for a, b, _, _ in stores]).reshape(
            len(stores), n, 2
        ),
        np.array([values[s] for _, _, s, _ in stores]).reshape(len(stores), n),
        shifted,
        (
            np.array([[values[x].sum() for x in b] for *_, b in stores]).reshape(len(stores), 3),
            np.array([float(values[missed][0]) for _, missed in shifts]),
        ),
        seconds,
    )


def _store(made: Columns, one: Store, balance: Any, breach: float) -> tuple[Any, Any, Any, Any]:
    """Columns of a storage: in, out, stored, and what breaks its limits."""
    n = len(balance)
    gain, back = one.efficiency
    loss = 1.0 / back if back > 0 else 0.0
    into = made.add(one.wear[0], one.charge, shape=(n,))
    out = made.add(one.wear[1], one.discharge if back > 0 else 0.0, shape=(n,))
    stored = made.add(0.0, FREE, -FREE, shape=(n,))
    short, above, below = (made.add(breach, FREE, shape=shape) for shape in ((1,), (n,), (n,)))
    made.put(balance, into, -1.0)
    made.put(balance, out, 1.0)
    begun = np.zeros(n)
    begun[0] = one.keep * one.start
    state = made.row(begun, begun, n)
    made.put(state, stored, 1.0)
    made.put(state[1:], stored[:-1], -one.keep)
    made.put(state, into, -gain)
    made.put(state, out, loss)
    within = made.row(-FREE, one.high, n)
    made.put(within, stored, 1.0)
    made.put(within, above, -1.0)
    within = made.row(one.low, FREE, n)
    made.put(within, stored, 1.0)
    made.put(within, below, 1.0)
    last = made.row(one.end, FREE, 1)
    made.put(last, stored[-1:], 1.0)
    made.put(last, short, 1.0)
    return into, out, stored, (short, above, below)


def _shift(made: Columns, one: Shift, balance: Any, breach: float, n: int) -> tuple[Any, Any]:
    """Columns of a shiftable load: what it takes in its window, and what it goes without."""
    steps = np.arange(n)[one.first : one.last]
    taken = made.add(0.0, one.most, shape=(len(steps),))
    missed = made.add(breach, FREE, shape=(1,))
    served = made.row(one.energy, one.energy, 1)
    made.put(served, taken, 1.0)
    made.put(served, missed, 1.0)
    made.put(balance[steps], taken, -1.0)
    return taken, missed


def put_highest(made: Columns, one: Highest, taken: tuple[Any, ...]) -> None:
    """Columns of the highest steps, and of what counts of them."""
    group, costs = np.asarray(one.group), np.asarray(one.costs, np.float64)
    steps = np.flatnonzero(group >= 0)
    if not one.ratchet:
        charged = made.add(costs, FREE, shape=(len(costs),))
        under = made.row(-FREE, one.free, len(steps))
    else:
        charged = made.add(0.0, FREE, shape=(len(costs),))
        under = made.row(-FREE, 0.0, len(steps))
        counted = made.add(costs, FREE, shape=(len(costs),))
        for other, share in ((None, 1.0), *((k, one.ratchet) for k in one.of)):
            least = made.row(-FREE, one.free, len(costs))
            made.put(least, charged if other is None else charged[[other]], share)
            made.put(least, counted, -1.0)
    for columns in taken:
        made.put(under, columns[steps], 1.0)
    made.put(under, charged[group[steps]], -1.0)


def run(made: Columns, *, solver: str = "choose") -> tuple[Any, float, float]:
    """Solve what was gathered by HiGHS.

    Args:
        made: Columns and rows.
        solver: `choose`, `simplex` or `ipm`.

    Returns:
        Values of all columns, the cost, and the seconds in the solver.

    Raises:
        ArithmeticError: Where the solver finds no optimum.
    """
    import highspy

    matrix = made.matrix
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = made.count, made.rows
    lp.col_cost_ = np.concatenate(made.costs)
    lp.col_lower_, lp.col_upper_ = np.concatenate(made.lows), np.concatenate(made.highs)
    lp.row_lower_, lp.row_upper_ = np.concatenate(made.row_low), np.concatenate(made.row_high)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("solver", solver)
    highs.passModel(lp)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ArithmeticError(f"HiGHS: {highs.getModelStatus()}")
    values = np.array(highs.getSolution().col_value)
    return values, float(highs.getInfo().objective_function_value), float(highs.getRunTime())
