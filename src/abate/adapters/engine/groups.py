"""One function over many groups.

In this process, in several, or on a cluster, results in the order of the groups.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from abate.kernel.errors import AbateError, EngineError

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

    import pyarrow as pa

Group = TypeVar("Group")
Result = TypeVar("Result")
Workers: TypeAlias = "int | str"
"""Processes of this machine; or the master of a Spark cluster, such as `spark://host:7077`."""
AHEAD = 3
"""Groups handed out per worker before the first result is waited for; bounds the memory."""
WAVE = 4
"""Groups handed to a cluster at once, per core."""
BEHIND_SERVER = 8
"""Cores taken for granted behind a Spark Connect server, which does not tell them."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A group that failed: what is known of it, as plain values that travel between machines."""

    code: str
    message: str
    hint: str
    kind: type[AbateError] = EngineError


def map_groups(
    function: Callable[[Group], Result],
    groups: Iterable[Group],
    *,
    workers: Workers = 1,
    key: Callable[[Group], str] = lambda _: "",
    on_done: Callable[[int], Any] = lambda _: None,
) -> Iterator[Result]:
    """Apply a function to each group.

    Results come in the order of the groups, whoever does the work.

    Args:
        function: Defined in a module, without state: the same group gives the same result on any
            machine.
        groups: Such as Arrow tables of some orders; read as they are needed, a few ahead of the
            work.
        workers: 1 works in this process; more are processes of this machine; a text is the master
            of a Spark cluster.
        key: What a group is called where it fails.
        on_done: Told how many groups are done.

    Raises:
        AbateError: The error of the first group that failed, with its key.
        EngineError: `group-failed`, `worker-died` with the key, `engine-failed` with the keys that
            were under way, `no-cluster`.
        UsageError: `unknown-engine`.

    Example:
        >>> list(map_groups(sum, [[1, 2], [3]]))
        [3, 3]
    """
    where = _cluster if isinstance(workers, str) else _here if workers <= 1 else _processes
    named: deque[str] = deque()

    def remembered() -> Iterator[Group]:
        for number, group in enumerate(groups, 1):
            named.append(key(group) or f"group {number}")
            yield group

    def results() -> Iterator[Result | Failure]:
        try:
            yield from where(partial(_attempt, function), remembered(), workers)
        except EngineError as error:
            if error.code != "engine-failed" or not named:
                raise
            raise EngineError(
                error.code, f"Among {named[0]} to {named[-1]}: {error.message}", error.hint
            ) from error

    for number, result in enumerate(results(), 1):
        name = named.popleft()
        if isinstance(result, Failure):
            raise result.kind(result.code, f"{name}: {result.message}", result.hint)
        on_done(number)
        yield result


def _attempt(function: Callable[[Group], Result], group: Group) -> Result | Failure:
    """The result, or the failure as a value.

    An exception may not survive the way between processes.
    """
    try:
        return function(group)
    except AbateError as error:
        return Failure(error.code, error.message, error.hint, type(error))
    except Exception as error:
        return Failure(
            "group-failed", f"{type(error).__name__}: {error}", "The others before it are done."
        )


def _here(attempt: Callable[[Any], Any], groups: Iterator[Any], _: Workers) -> Iterator[Any]:
    return map(attempt, groups)


def _processes(attempt: Callable[[Any], Any], groups: Iterator[Any], workers: Any) -> Iterator[Any]:
    """Groups by worker processes.

    Where one dies, the group that is waited for is tried once more by itself.
    """
    from concurrent.futures.process import BrokenProcessPool

    pool, waiting = _pool(workers), deque[tuple[Any, Any]]()
    try:
        while True:
            for group in islice(groups, workers * AHEAD - len(waiting)):
                waiting.append((group, _handed(pool, attempt, group)))
            if not waiting:
                return
            group, future = waiting.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                pool.shutdown()
                result, pool = _alone(attempt, group), _pool(workers)
                waiting = deque((g, _handed(pool, attempt, g)) for g, _ in waiting)
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(workers: int) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def _handed(pool: ProcessPoolExecutor, attempt: Callable[[Any], Any], group: Any) -> Future[Any]:
    from concurrent.futures import Future
    from concurrent.futures.process import BrokenProcessPool

    try:
        return pool.submit(attempt, group)
    except BrokenProcessPool as error:
        broken: Future[Any] = Future()
        broken.set_exception(error)
        return broken


def _alone(attempt: Callable[[Any], Any], group: Any) -> Any:
    """The result of a group whose worker died, perhaps of another group.

    A failure where its own dies too.
    """
    from concurrent.futures.process import BrokenProcessPool

    with _pool(1) as pool:
        try:
            return _handed(pool, attempt, group).result()
        except BrokenProcessPool:
            return Failure(
                "worker-died",
                "The worker process ended, twice.",
                "Give it more memory, or fewer workers.",
            )


def _cluster(attempt: Callable[[Any], Any], groups: Iterator[Any], master: Any) -> Iterator[Any]:
    """Some groups per core at a time, as Arrow batches to the workers and back."""
    import pyarrow as pa

    from abate.adapters.engine.spark import open_session, told

    with open_session(master) as session:
        cores = (
            BEHIND_SERVER if master.startswith("sc://") else session.sparkContext.defaultParallelism
        )
        while some := list(islice(groups, cores * WAVE)):
            block = pa.table(
                {"place": range(len(some)), "group": pa.array(map(_packed, some), pa.binary())}
            )
            with told():
                sent = session.createDataFrame(block).repartition(len(some))
                done = sent.mapInArrow(
                    partial(_batches, attempt), "place bigint, result binary"
                ).toArrow()
            for result in done.sort_by("place")["result"]:
                yield pickle.loads(result.as_py())  # noqa: S301 - from our own workers


def _batches(
    attempt: Callable[[Any], Any], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in batches:
        for place, group in zip(batch["place"], batch["group"], strict=True):
            result = _packed(attempt(pickle.loads(group.as_py())))  # noqa: S301 - from our own driver
            yield pa.record_batch(
                {
                    "place": pa.array([place.as_py()], pa.int64()),
                    "result": pa.array([result], pa.binary()),
                }
            )


def _packed(value: Any) -> bytes:
    return pickle.dumps(value, protocol=5)
