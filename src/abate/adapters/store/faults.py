"""What engines and the system say of a disk that is full, cannot be written to, or holds damaged files, in our words.

Delta, DuckDB, Arrow and SQLite each have exceptions of their own for the same few causes. Every
door (command line, server, jobs) asks `fault_of` before it calls an exception unexpected.
"""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from abate.kernel.errors import AbateError, IntegrityError, StoreError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
BROKEN = (errno.EIO, errno.EBADMSG)
_FULL = re.compile(
    r"no space left|disk is full|disk quota|not enough space|\(os error"
    r" (28|122|27)\)|IOERR_(WRITE|SHMSIZE|TRUNCATE)",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"read-?only (file system|database)|permission denied|operation not permitted|\(os error"
    r" (30|13|1)\)",
    re.IGNORECASE,
)
_ENGINES = (
    "duckdb",
    "_duckdb",
    "deltalake",
    "_internal",
    "pyarrow",
    "sqlite3",
    "sqlalchemy",
    "pyo3_runtime",
    "arro3",
)
RESTORE = (
    "Restore the workspace from its backup (abate store restore), or what is named from a copy."
)
"""What to do about damage."""


def engine_errors() -> tuple[type[Exception], ...]:
    """Exceptions in which the causes arrive: of the system, of DuckDB, of SQL."""
    import duckdb
    from sqlalchemy.exc import SQLAlchemyError

    return OSError, duckdb.Error, SQLAlchemyError


def fault_of(error: BaseException) -> AbateError | None:
    """The cause of an exception where it is the disk or what is on it.

    None where it is something else.
    """
    for one in _chain(error):
        if isinstance(one, AbateError):
            return one
        number, text = getattr(one, "errno", None), f"{one} {getattr(one, 'sqlite_errorname', '')}"
        if number in FULL or _FULL.search(text):
            hint = (
                "Make room and repeat: what did not end is in no table. 'abate store compact"
                " --sweep' removes what it left."
            )
            return StoreError("disk-full", f"There is no room on the disk{_place(one)}.", hint)
        if number in CLOSED or _CLOSED.search(text):
            return StoreError(
                "read-only",
                f"It may not be written to{_place(one)}.",
                "Choose a place that you may write to, or ask for the rights.",
            )
        if number in BROKEN:
            return IntegrityError(
                "damaged-store", f"The disk cannot be read{_place(one)}.", RESTORE
            )
        if type(one).__name__ == "OutOfMemoryException" or isinstance(one, MemoryError):
            hint = "Give it more in abate.toml, such as [engine] memory = '4GB', or split the file."
            return StoreError(
                "out-of-memory", "The engine needs more memory than it may use.", hint
            )
    return next((found for one in _chain(error) if (found := _damage(one))), None)


def _damage(error: BaseException) -> IntegrityError | None:
    """What an engine says of a file that it cannot make sense of."""
    if not type(error).__module__.startswith(_ENGINES):
        return None
    first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    if isinstance(error, sqlite3.DatabaseError) or type(error).__module__.startswith("sqlalchemy"):
        if re.search(
            r"malformed|not a database|disk i/o|unable to open|corrupt", str(error), re.IGNORECASE
        ):
            return IntegrityError("damaged-store", f"A database cannot be read: {first}", RESTORE)
        return None
    named = re.search(r"([^\s'\"]*/ledger/([a-z_]+)/[^\s'\":]*)", str(error))
    if named:
        file = Path(named[1]).name
        return IntegrityError(
            "damaged-store", f"Table '{named[2]}' cannot be read, file {file}: {first}", RESTORE
        )
    if type(error).__module__.startswith(("deltalake", "_internal", "pyo3_runtime")):
        return IntegrityError("damaged-store", f"A table's log cannot be read: {first}", RESTORE)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those behind it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__ or getattr(error, "orig", None)


def _place(error: BaseException) -> str:
    """Where, as far as the exception says."""
    name = getattr(error, "filename", None)
    return f": {Path(str(name)).name}" if name else ""
