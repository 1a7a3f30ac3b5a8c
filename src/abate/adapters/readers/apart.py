"""Files from elsewhere are read in a process of their own, with bounds on memory and time.

Readers of workbooks, PDFs and the like are native code, or unpack what was packed: a small file can
make them allocate hundreds of gigabytes, run for hours, or crash. In a child this ends the child,
and is an error about the file.

A reader is a function of a module that takes a path and plain arguments and yields what JSON can
hold. Children are kept for the next file, as long as all goes well: to start one takes a tenth of a
second.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from abate.kernel.errors import AbateError, DataError

MEMORY_MAX_BYTES = 1_250_000_000
"""What a reader may allocate."""
CPU_MAX_S, BYTES_PER_CPU_S = 15, 4e6
"""Processor time a reader may take for each answer, and how much of a file gives a second more."""
WAIT_RATIO = 10
"""A reader that says nothing for so many times its processor time is ended, on a machine however busy."""
FRAME_MAX_BYTES = 256 << 20
"""Largest answer of a reader at once."""
KEPT_MAX = 2
"""Children kept for the next file."""


class _Child:
    """A process that reads files, one after another."""

    def __init__(self) -> None:
        self.owner, self.answered = os.getpid(), False
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self.process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            bufsize=0,
        )

    @property
    def is_ours(self) -> bool:
        """Whether it lives, and this process is not a fork of the one that started it."""
        return self.owner == os.getpid() and self.process.poll() is None

    def ask(self, reader: str, path: Path, arguments: tuple[Any, ...]) -> Iterator[Any]:
        """What a reader yields; `answered` once it has said all."""
        self.answered = False
        assert self.process.stdin
        assert self.process.stdout
        try:
            _write(self.process.stdin, [reader, str(path.absolute()), arguments])
            while True:
                answer = _read(self.process.stdout, WAIT_RATIO * _cpu_max_s(path))
                if answer is None:
                    raise _unreadable(path, self._end(path))
                what, told = answer
                self.answered = what != "item"
                if what == "item":
                    yield told
                elif what == "end":
                    return
                else:
                    code, message, hint = told
                    raise DataError(code, message, hint)
        except BrokenPipeError as error:
            raise _unreadable(path, self._end(path)) from error

    def _end(self, path: Path) -> str:
        """What ended the child, or makes us end it."""
        try:
            status = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = -signal.SIGXCPU
        self.said.seek(0, os.SEEK_END)
        self.said.seek(max(0, self.said.tell() - 4000))
        told = self.said.read().decode(errors="replace")
        if -status == signal.SIGXCPU:
            return f"takes more than {_cpu_max_s(path)} s"
        if -status in (signal.SIGABRT, signal.SIGKILL) or "alloc" in told or "MemoryError" in told:
            return f"takes more than {MEMORY_MAX_BYTES / 1e9:.2f} GB of memory"
        return (
            "breaks its reader"
            f" ({signal.Signals(-status).name if status < 0 else f'status {status}'})"
        )

    def close(self) -> None:
        """End the child; a fork of who started it lets go of it."""
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()
        else:
            self.process.returncode = 0
        for stream in (self.process.stdin, self.process.stdout, self.said):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]


def _unreadable(path: Path, what: str) -> DataError:
    return DataError(
        "unreadable-file",
        f"{path.name} cannot be read: it {what}.",
        "Save its table again as CSV, or as a small workbook.",
    )


_idle: list[_Child] = []
_guard = threading.Lock()


def read_apart(reader: Callable[..., Iterator[Any]], path: Path, *arguments: Any) -> Iterator[Any]:
    """What a reader yields, read in a child.

    Args:
        reader: A function at the top of a module: takes the path and the arguments, yields what
            JSON can hold.
        path: The file.
        arguments: What JSON can hold.

    Raises:
        DataError: `unreadable-file` where the reader needs too much memory or time, or breaks; or
            its own.
    """
    with _guard:
        child = None
        while _idle and child is None:
            child = _idle.pop()
            if not child.is_ours:
                child.close()
                child = None
    child = child or _Child()
    try:
        yield from child.ask(f"{reader.__module__}:{reader.__name__}", path, arguments)
    finally:
        with _guard:
            keep = child.answered and len(_idle) < KEPT_MAX
            if keep:
                _idle.append(child)
        if not keep:
            child.close()


@atexit.register
def end_readers() -> None:
    """End the children that wait for the next file."""
    with _guard:
        while _idle:
            _idle.pop().close()


def _write(stream: IO[bytes], message: Any) -> None:
    content = json.dumps(message, ensure_ascii=False).encode(
        "utf-8", "replace"
    )  # halves of letters are none
    stream.write(struct.pack("<Q", len(content)) + content)
    stream.flush()


def _read(stream: Any, wait_s: float | None = None) -> Any:
    """The next message of an unbuffered stream.

    None where the other side has ended, or says nothing for so long.
    """
    head = _exactly(stream, 8, wait_s)
    length = struct.unpack("<Q", head)[0] if head else FRAME_MAX_BYTES + 1
    content = _exactly(stream, length, wait_s) if length <= FRAME_MAX_BYTES else None
    return None if content is None else json.loads(content)


def _exactly(stream: Any, count: int, wait_s: float | None) -> bytes | None:
    parts = []
    while count:
        part = (
            stream.read(min(count, 1 << 20)) if select.select([stream], [], [], wait_s)[0] else b""
        )
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def serve() -> None:
    """Read files as they are asked for, until nobody asks any more: what a child does."""
    asked, told = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not an answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    while (message := _read(asked)) is not None:
        reader, path, arguments = message
        module, _, name = reader.partition(":")
        try:
            _allow(Path(path))
            for item in getattr(import_module(module), name)(Path(path), *arguments):
                _write(told, ["item", item])
                _allow(Path(path))
            _write(told, ["end", None])
        except AbateError as error:
            _write(told, ["error", [error.code, error.message, error.hint]])
        except MemoryError:
            sys.stderr.write("MemoryError\n")
            os._exit(1)
        except Exception as error:
            what = f"{Path(path).name} cannot be read: {error or type(error).__name__}"
            _write(told, ["error", ["unreadable-file", f"{what[:300]}.", "Export it again."]])


def _allow(path: Path) -> None:
    """Give the next answer its processor time."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    until = int(spent.ru_utime + spent.ru_stime) + _cpu_max_s(path)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _cpu_max_s(path: Path) -> int:
    size = path.stat().st_size if path.exists() else 0
    return CPU_MAX_S + int(size / BYTES_PER_CPU_S)
