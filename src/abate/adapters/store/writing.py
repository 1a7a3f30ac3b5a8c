"""Files that are whole or not there: written under another name, then put in place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

PARTIAL = ".partial"
"""Ends the names of files that are being written, or that a killed process left."""


_OURS = re.compile(
    rf"(\.[0-9a-f]{{12}}(\..*)?|[0-9a-f]{{64}}){re.escape(PARTIAL)}"
)  # the second by older versions, in raw/


@contextmanager
def in_place_of(path: Path) -> Iterator[Path]:
    """A path to write to. What is written there takes the place of the file when the block ends.

    And is removed if it fails.

    Args:
        path: The file; its folder is made if it is not there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # short, because the file's own name may be as long as names can be
    partial = path.with_name(f".{uuid4().hex[:12]}{path.suffix[:16]}{PARTIAL}")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        if str(error.filename) == str(partial):
            error.filename = str(path)  # nobody knows the other name
        raise
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all."""
    with in_place_of(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def left_behind(folder: Path) -> list[Path]:
    """Files below a folder that a killed process had not finished writing.

    A `.partial` of anybody else is none.
    """
    return sorted(
        Path(at) / name
        for at, _, names in os.walk(folder)
        for name in names
        if _OURS.fullmatch(name)
    )
