"""Files packed with gzip, or alone in a zip archive."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from abate.kernel.errors import DataError

UNPACKED_MAX, UNPACKED_FREE, PACKED_RATIO = 4 << 30, 32 << 20, 100
"""Most that a packed file may unpack to; what any may; and how many times its own size."""
BOOKS = ("[content_types].xml", "mimetype", "content.xml")
"""Members by which an archive is a workbook."""


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or for as long as it is needed what a `.gz`, or a `.zip` of one file, holds.

    Raises:
        DataError: `unreadable-file`, `file-too-large`, `several-files`.
    """
    with path.open("rb") as handle:
        magic = handle.read(4)
    if magic[:2] == b"\x1f\x8b":
        kind = "gz"
    elif magic == b"PK\x03\x04" and not _is_book(path):
        kind = "zip"
    else:
        yield path
        return
    folder = Path(tempfile.mkdtemp(prefix="abate-"))
    try:
        try:
            yield _unpack(path, folder) if kind == "gz" else _unzip(path, folder)
        except (
            OSError,
            EOFError,
            zlib.error,
            zipfile.BadZipFile,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise DataError(
                "unreadable-file", f"{path.name}: {error}.", "Export it again."
            ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_book(path: Path) -> bool:
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".ods"):
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            return any(n.lower() in BOOKS for n in archive.namelist()[:50])
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, RuntimeError):
        return True  # the reader of workbooks says what is wrong


def _unpack(path: Path, folder: Path) -> Path:
    name = path.stem if path.suffix.lower() == ".gz" else f"{path.name}.csv"
    with gzip.open(path) as source:
        return _copied(source, folder / name, path)


def _unzip(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = [
            m
            for m in archive.infolist()
            if not m.is_dir() and not m.filename.startswith("__MACOSX")
        ]
        if len(members) != 1:
            text = f"{path.name} holds {len(members)} files: {', '.join(m.filename for m in members[:4])}."
            raise DataError("several-files", text, "Unpack it, and name the file.")
        with archive.open(members[0]) as source:
            return _copied(source, folder / (Path(members[0].filename).name or "data.csv"), path)


def _copied(source: Any, target: Path, path: Path) -> Path:
    limit = min(UNPACKED_MAX, max(UNPACKED_FREE, PACKED_RATIO * path.stat().st_size))
    size = 0
    with target.open("wb") as out:
        while block := source.read(1 << 20):
            size += len(block)
            if size > limit:
                raise DataError(
                    "file-too-large",
                    f"{path.name} unpacks to more than {size >> 20} MiB.",
                    "Unpack it yourself, and look at it; or split it.",
                )
            out.write(block)
    return target
