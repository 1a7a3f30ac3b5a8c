"""Keeping a workspace: what its tables hold, packing small files, backup, restore.

And upgrade from older versions.

Nothing that an audit needs is ever removed: packing and upgrading write the same rows into new
files and leave the old ones where they are. Only what a killed process left without its commit is
swept away, where that is asked for.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from abate.adapters.store.delta import (
    KEPT,
    PACKED,
    RUNNING,
    SHARED,
    SPILL,
    WRITING,
    Store,
    dead_spills,
    literal,
    open_engine,
    read_files,
)
from abate.adapters.store.faults import fault_of
from abate.adapters.store.keys import CONFIG
from abate.adapters.store.workspace import Workspace, file_hash
from abate.adapters.store.writing import PARTIAL, in_place_of, left_behind
from abate.application.opening import open_workspace
from abate.kernel.errors import DataError, IntegrityError, UsageError
from abate.kernel.tables import WRITERS, ImportRow

if TYPE_CHECKING:
    import duckdb

SMALL_BYTES = 32 << 20
"""Files below this are packed together."""
PACK_BYTES = 256 << 20
"""Files are packed up to about this."""
LOG_MAX = 50
"""Commits of a table beyond which its log is summed up."""
DEFAULTS = {("resolutions", "book"): "'inventory'", ("resolutions", "ratio"): "1.0"}
"""What older versions meant where they had no such column; otherwise an empty text, or nothing known."""
MANIFEST = "MANIFEST.json"
RESTORING = ".restoring-"
"""Begins the name of the folder into which a backup is unpacked."""


@dataclass(frozen=True, slots=True)
class TableStats:
    """What a table holds.

    Args:
        name: The table.
        rows: Rows.
        files: Files that hold them.
        bytes: Their size.
        small: Files that packing would put together.
        idle_bytes: Size of files on disk that are not part of the table: replaced by packing, or
            never committed.
        unfinished: Files that a writer left without its commit.
        unfinished_rows: Rows of such writers, also those in files that hold others' rows as well.
        commits: Commits so far.
    """

    name: str
    rows: int
    files: int
    bytes: int
    small: int
    idle_bytes: int
    unfinished: int
    unfinished_rows: int
    commits: int


def stats(workspace: Workspace) -> list[TableStats]:
    """What each table holds."""
    store, told = workspace.store, []
    committed = store.committed()
    for name in _tables():
        files = store.files(name)
        on_disk = list((store.root / name).rglob("*.parquet"))
        live = {str(Path(f).resolve()) for f in files}
        idle = sum(p.stat().st_size for p in on_disk if str(p.resolve()) not in live)
        small = sum(len(group) for group in _packable(store, name, committed))
        left = _unfinished(store, name, committed)
        dead = _row_count([f for f in files if Path(f) in left]) + sum(
            _dead_rows(store, name, committed).values()
        )
        told.append(
            TableStats(
                name,
                _row_count(files),
                len(files),
                sum(Path(f).stat().st_size for f in files),
                small,
                idle,
                len(left),
                dead,
                store.opened(name).version(),
            )
        )
    return told


HALF_WRITTEN_S = 3600.0
"""Age from which a file that is not whole is taken to be left by a killed process [s]."""


def half_written(root: Path) -> list[Path]:
    """Files of a workspace that a killed process had not finished writing; nothing reads them."""
    before = time.time() - HALF_WRITTEN_S
    return [
        p
        for p in left_behind(root)
        if PASSING.isdisjoint(p.relative_to(root).parts) and p.stat().st_mtime < before
    ]


def _tables() -> list[str]:
    from abate.kernel.tables import TABLES

    return sorted(TABLES)


def _row_count(files: Sequence[str]) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(f).num_rows for f in files)


def _unfinished(store: Store, name: str, committed: set[str]) -> set[Path]:
    """Files of a table, committed to its log or not, that a writer left without the commit of the whole."""
    if name not in WRITERS:
        return set()
    files = {
        p for p in (store.root / name).rglob("*") if p.is_file() and "_delta_log" not in p.parts
    }
    return {
        p
        for p in files
        if (tag := store.tag(name, str(p))) not in committed and not tag.startswith(SHARED)
    }


def _dead_rows(store: Store, name: str, committed: set[str]) -> dict[str, int]:
    """Rows without a commit in files that hold the rows of several writers, by file.

    Old versions left such.
    """
    shared = (
        [f for f in store.files(name) if store.tag(name, f).startswith(SHARED)]
        if name in WRITERS
        else []
    )
    counts = {
        f: store.ask(
            f"select count(*) from {read_files([f])} where not {_is_alive(name, committed)}"
        )
        for f in shared
    }
    return {f: count for f, [(count,)] in counts.items() if count}


def _is_alive(name: str, committed: set[str]) -> str:
    """SQL of whether a row of a table is of a writer that has its commit."""
    return (
        f"list_contains([{', '.join(map(literal, sorted(committed)))}]::varchar[], {WRITERS[name]})"
    )


def _packable(store: Store, name: str, committed: set[str]) -> list[list[str]]:
    """Small files of a table by year, as lists that each become one file."""
    by_year: dict[str, list[tuple[str, int]]] = {}
    for path in store.files(name):
        size, tag = Path(path).stat().st_size, store.tag(name, path)
        whole = name not in WRITERS or tag in committed or tag.startswith(SHARED)
        if size < SMALL_BYTES and whole:
            by_year.setdefault(store.partition(name, path).get("fiscal_year", ""), []).append(
                (path, size)
            )
    packs: list[list[str]] = []
    for some in by_year.values():
        pack, held = [], 0
        for path, size in some:
            pack.append(path)
            held += size
            if held >= PACK_BYTES:
                packs.append(pack)
                pack, held = [], 0
        packs.append(pack)
    return [p for p in packs if len(p) > 1]


def compact(
    workspace: Workspace, *, sweep: bool = False, on_step: Callable[[str], None] = lambda _: None
) -> dict[str, tuple[int, int]]:
    """Pack small files into larger ones, and sum up long logs; the rows stay the very same.

    Args:
        workspace: The workspace.
        sweep: Remove what killed imports and runs left without their commit, which no figure and no
            audit reads, and what killed processes of this machine had spilled.
        on_step: Told which table is at work.

    Returns:
        Files before and after, by table, where that changed.

    Raises:
        IntegrityError: `pack-differs`: nothing is changed then.
    """
    from abate.adapters.engine.embedded import Embedded
    from abate.application.inventory.totals import keep_totals

    store, changed = workspace.store, {}
    with store.lock(RUNNING), store.lock(), closing(open_engine(store.root, store.limits)) as con:
        engine, committed = Embedded(store, con), store.committed()
        keep_totals(
            engine, engine, [r.import_id for r in store.records(ImportRow)]
        )  # asked by file, before they are packed
        if sweep:
            for folder in dead_spills(Path(store.limits.spill or store.root)):
                shutil.rmtree(folder)
            for path in half_written(workspace.root):
                path.unlink()
        for name in _tables():
            on_step(name)
            before = len(store.files(name))
            if sweep:
                _sweep(con, store, name, committed)
            for pack in _packable(store, name, committed):
                _rewrite(con, store, name, pack, PACKED, order=WRITERS.get(name, ""))
            table = store.opened(name)
            if table.version() > LOG_MAX:
                table.create_checkpoint()
            after = len(store.files(name))
            if after != before:
                changed[name] = (before, after)
    return changed


def _sweep(con: duckdb.DuckDBPyConnection, store: Store, name: str, committed: set[str]) -> None:
    for path in _dead_rows(store, name, committed):
        _rewrite(con, store, name, [path], PACKED, only=_is_alive(name, committed))
    left = _unfinished(store, name, committed)
    listed = {str(Path(f).resolve()): f for f in store.files(name)}
    store.commit(name, [], [listed[str(p.resolve())] for p in left if str(p.resolve()) in listed])
    for gone in left:
        gone.unlink()
    for folder in {q for p in left for q in p.parents if q.suffix == ".spark"}:
        shutil.rmtree(folder)


def _rewrite(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    name: str,
    paths: Sequence[str],
    tag: str,
    *,
    order: str = "",
    lacking: Sequence[str] = (),
    only: str = "",
) -> None:
    """Put the rows of some files of one year into one new file, with columns that they lack.

    Compared before the commit.

    Args:
        con: An engine.
        store: Of the table.
        name: The table.
        paths: The files.
        tag: First part of the new file's name.
        order: SQL by which its rows are sorted.
        lacking: Columns that the files lack.
        only: SQL of which rows; empty for all.
    """
    from abate.kernel.tables import TABLES

    schema, partition = TABLES[name], store.partition(name, paths[0])
    columns = [f'"{c}"' for c in schema.names if c not in partition and c not in lacking]
    source = f"(select * from {read_files(paths, hive=False)} {f'where {only}' if only else ''})"
    added = [f'{DEFAULTS.get((name, c), _nothing(schema.field(c).type))} as "{c}"' for c in lacking]
    target = (
        Path(paths[0]).parent
        if lacking
        else store.root / name / "/".join(f"{k}={v}" for k, v in partition.items())
    )
    path = target / f"{tag}.{uuid.uuid4()}.parquet"
    con.execute(
        f"copy (select {', '.join(columns + added)} from {source}"
        f" {f'order by {order}' if order else ''}) to {literal(str(path))} (format parquet,"
        " compression zstd)"
    )
    told = [
        con.execute(
            f"select count(*), sum(hash({', '.join(columns)})::hugeint) from {where}"
        ).fetchone()
        for where in (source, read_files([str(path)], hive=False))
    ]
    if told[0] != told[1]:
        path.unlink()
        raise IntegrityError(
            "pack-differs",
            f"Packed rows of '{name}' differ from what they were.",
            "Nothing was changed.",
        )
    assert told[0] is not None
    store.commit(name, [(str(path), int(told[0][0]), partition)], paths)


def _nothing(kind: Any) -> str:
    """SQL of what a column holds where nothing is known: an empty text, else null."""
    known = {
        "string": "''",
        "int32": "null::integer",
        "int64": "null::bigint",
        "double": "null::double",
    }
    return known.get(
        str(kind), "null::timestamp" if "timestamp" in str(kind) else "null::decimal(38, 0)"
    )


def upgrade(
    folder: Path, *, on_step: Callable[[str], None] = lambda _: None
) -> dict[str, list[str]]:
    """Bring the tables of an older workspace to this version.

    Columns that they lack are added with what they meant.

    Can be interrupted and repeated; the workspace opens once it is done.

    Returns:
        Columns added, by table; empty where there was nothing to do.

    Raises:
        NotFoundError: `no-workspace`.
        ConfigError: `newer-workspace`.
    """
    import pyarrow.parquet as pq
    from deltalake import Field, Schema

    from abate.adapters.engine.embedded import Embedded
    from abate.application.inventory.totals import keep_totals
    from abate.kernel.tables import TABLES

    workspace = open_workspace(folder, of_any_age=True)
    store, added = workspace.store, {}
    with store.lock(RUNNING), store.lock(), closing(open_engine(store.root, store.limits)) as con:
        store.create()
        for name in _tables():
            on_step(name)
            if store.opened(name).metadata().configuration != KEPT:
                store.opened(name).alter.set_table_properties(KEPT)
            known = {f.name for f in store.opened(name).schema().fields}
            fields = Schema.from_arrow(TABLES[name]).fields
            new = [Field(f.name, f.type, nullable=True) for f in fields if f.name not in known]
            if new:
                store.opened(name).alter.add_columns(new)
                added[name] = [f.name for f in new]
            for path in store.files(name):
                inside = {*pq.read_schema(path).names, *store.partition(name, path)}
                if lacking := [c for c in TABLES[name].names if c not in inside]:
                    _rewrite(con, store, name, [path], store.tag(name, path), lacking=lacking)
        engine = Embedded(store, con)
        keep_totals(engine, engine, [r.import_id for r in store.records(ImportRow)])
        store.mark()
    return added


def backup(
    workspace: Workspace, archive: Path, *, on_step: Callable[[str], None] = lambda _: None
) -> dict[str, int]:
    """Write a workspace into one archive, as it is at one moment.

    Writers wait only while files are listed and those that change are copied; tables' own files
    never change.

    Args:
        workspace: Whose, of any age.
        archive: A tar file, made whole or not at all.
        on_step: Told which part is at work.

    Returns:
        `files` and `bytes`.

    Raises:
        UsageError: `archive-exists`, `archive-inside`.
        DataError: `backup-failed`: no archive is left then.
    """
    if archive.exists():
        raise UsageError(
            "archive-exists", f"{archive.name} exists already.", "Choose another name."
        )
    if archive.resolve().is_relative_to(workspace.root):
        raise UsageError(
            "archive-inside",
            f"{archive.name} lies in the workspace itself.",
            "Choose another folder.",
        )
    manifest: dict[str, Packed] = {}
    try:
        with (
            in_place_of(archive) as partial,
            tempfile.TemporaryDirectory() as scratch,
            tarfile.open(partial, "w") as tar,
        ):
            with workspace.store.lock(RUNNING), workspace.store.lock():
                sources = {
                    name: _still(path, Path(scratch) / name) for name, path in _kept(workspace.root)
                }
            for name, source in sources.items():
                on_step("/".join(name.split("/")[:2]))
                manifest[name] = _pack(tar, source, name)
            listed = json.dumps(
                {
                    "format": workspace.store.format,
                    "files": {n: asdict(f) for n, f in manifest.items()},
                }
            ).encode()
            about = tarfile.TarInfo(MANIFEST)
            about.size = len(listed)
            tar.addfile(about, io.BytesIO(listed))
    except OSError as error:
        text = f"{archive.name} was not written: {error}."
        raise fault_of(error) or DataError("backup-failed", text, "Try again.") from error
    return {"files": len(manifest), "bytes": sum(f.bytes for f in manifest.values())}


FOLDER = "uploads"
"""Folder of files that are being uploaded; the server clears it."""
MADE = "made"
"""Folder of files that jobs of a server wrote to be fetched; the server clears it."""
PASSING = {"_temporary", FOLDER, MADE}
"""Folders whose content comes and goes."""


def _kept(root: Path) -> Iterator[tuple[str, Path]]:
    """Files of a workspace that are to be kept, by name.

    Not what is being written, spilled, uploaded or locked.
    """
    for folder, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(
            f for f in folders if f not in PASSING and not f.startswith((SPILL, ".correction-"))
        )
        for name in sorted(names):
            path = Path(folder) / name
            if (
                name not in (WRITING, RUNNING)
                and not name.endswith((PARTIAL, "-wal", "-shm"))
                and path.is_file()
            ):
                yield path.relative_to(root).as_posix(), path


def _still(path: Path, copy: Path) -> Path:
    """A file that does not change: a table's own, or a copy as of now.

    Of a database as others have committed to it.
    """
    if path.suffix == ".parquet" or (path.suffix == ".json" and path.parent.name == "_delta_log"):
        return path
    copy.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".sqlite":
        shutil.copyfile(path, copy)
        return copy
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


@dataclass(frozen=True, slots=True)
class Packed:
    """A file of a backup: its size and its hash."""

    bytes: int
    sha256: str


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, handle: BinaryIO) -> None:
        self.handle, self.digest = handle, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.handle.read(size)
        self.digest.update(block)
        return block


def _pack(tar: tarfile.TarFile, source: Path, name: str) -> Packed:
    with source.open("rb") as handle:
        about, hashing = tarfile.TarInfo(name), _Hashing(handle)
        about.size, about.mtime = source.stat().st_size, int(source.stat().st_mtime)
        tar.addfile(about, hashing)
    return Packed(about.size, hashing.digest.hexdigest())


def restore(
    archive: Path, folder: Path, *, on_step: Callable[[str], None] = lambda _: None
) -> dict[str, int]:
    """Unpack a backup into a new folder, every file compared with its hash.

    Made whole or not at all.

    Returns:
        `files` and `bytes`.

    Raises:
        UsageError: `folder-in-use`.
        DataError: `bad-backup`: nothing is left behind then.
    """
    folder = folder.resolve()
    _make_empty(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=RESTORING) as scratch,
            tarfile.open(archive) as tar,
        ):
            partial = Path(scratch)
            found = _unpack_all(tar, partial, on_step)
            for name in ("raw", "evidence", "mappings"):
                (partial / name).mkdir(exist_ok=True)
            config, *others = sorted(partial.iterdir(), key=lambda p: p.name != CONFIG)
            for path in (
                *others,
                config,
            ):  # its configuration last: until then it is not a workspace
                path.replace(folder / path.name)
    except (tarfile.TarError, ValueError, KeyError, EOFError, OSError) as error:
        with suppress(OSError):
            folder.rmdir()
        text = f"{archive.name} cannot be restored: {error}."
        raise fault_of(error) or DataError("bad-backup", text, "Take another backup.") from error
    return {"files": len(found), "bytes": sum(f.bytes for f in found.values())}


def _make_empty(folder: Path) -> None:
    """Remove what a restoration that was killed left in a folder.

    Raises:
        UsageError: `folder-in-use` where it holds anything else.
    """
    if folder.is_dir() and any(folder.glob(f"{RESTORING}*")) and not (folder / CONFIG).exists():
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        text = f"{folder.name} holds other files."
        raise UsageError("folder-in-use", text, "Choose a new folder.")


def _unpack_all(
    tar: tarfile.TarFile, folder: Path, on_step: Callable[[str], None]
) -> dict[str, Packed]:
    """Unpack every file of a backup, and compare all with the list that is in it.

    Raises:
        ValueError: Where they differ.
    """
    found: dict[str, Packed] = {}
    wanted: dict[str, Packed] = {}
    for member in tar:
        if member.name == MANIFEST:
            handle = tar.extractfile(member)
            listed = json.load(handle)["files"] if handle else {}
            wanted = {name: Packed(**about) for name, about in listed.items()}
            continue
        if not member.isfile():
            raise ValueError(f"'{member.name}' is not a file")
        on_step("/".join(member.name.split("/")[:2]))
        found[member.name] = _unpack(tar, member, folder)
    if not wanted or found != wanted or CONFIG not in found:
        odd = sorted(n for n in {*found, *wanted} if found.get(n) != wanted.get(n))
        raise ValueError(f"'{odd[0]}' is not as it was" if odd else "its list of files is missing")
    return found


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> Packed:
    tar.extract(member, folder, filter="data")
    path = folder / member.name
    return Packed(path.stat().st_size, file_hash(path))
