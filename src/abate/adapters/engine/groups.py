"""One function over many groups: in this process or in several, results in the order of the groups."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Group = TypeVar("Group")
Result = TypeVar("Result")
AHEAD = 3
"""Groups handed out per worker before the first result is waited for; bounds the memory."""


def map_groups(function: Callable[[Group], Result], groups: Iterable[Group], *, workers: int = 1) -> Iterator[Result]:
    """Apply a function to each group; results come in the order of the groups, whatever the number of workers.

    Args:
        function: Defined in a module, without state.
        groups: Read as they are needed, a few ahead of the work.
        workers: Processes; 1 works in this one.

    Example:
        >>> list(map_groups(sum, [[1, 2], [3]]))
        [3, 3]
    """
    if workers <= 1:
        yield from map(function, groups)
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for group in groups:
                waiting.append(pool.submit(function, group))
                if len(waiting) >= workers * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
