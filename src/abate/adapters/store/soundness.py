"""Whether what a workspace holds can be read: its tables, databases and kept files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from abate.adapters.store.delta import open_engine, read_files
from abate.adapters.store.faults import RESTORE
from abate.adapters.store.workspace import Workspace, file_hash
from abate.energy.facts.lots import ACTS, READ
from abate.kernel.errors import IntegrityError
from abate.kernel.tables import TABLES, EvidenceRow, ImportRow

COLUMNS_AT_ONCE = 8
"""Columns that are read to their end together."""


def require_sound(workspace: Workspace, *, whole: bool = False) -> None:
    """Look whether everything is there and can be read.

    Args:
        workspace: The workspace.
        whole: Read every file to its end, and compare kept files with their hashes.

    Raises:
        IntegrityError: `damaged-store`, with what is damaged.
    """
    found = list(damages(workspace, whole=whole))
    if found:
        more = f" {len(found) - 1} more faults were found." if len(found) > 1 else ""
        raise IntegrityError("damaged-store", f"{found[0]}{more}", RESTORE)


def damages(workspace: Workspace, *, whole: bool = False) -> Iterator[str]:
    """What is damaged, as sentences."""
    yield from _databases(workspace.root, "integrity_check" if whole else "quick_check")
    for name in TABLES:
        yield from _table(workspace, name, whole=whole)
    kept = {p.stem: p for p in workspace.raw.iterdir()}
    for row in workspace.store.records(ImportRow):
        apart = row.template.startswith(("factors-", "published-", ACTS)) and row.template != READ
        brought = row.sha256 and row.file and not apart
        if brought and row.sha256 not in kept:
            yield f"The raw file of {row.file} ({row.import_id}) is gone."
    documents = {p.stem for p in workspace.evidence.iterdir()}
    for proof in workspace.store.records(EvidenceRow):
        if proof.sha256 not in documents:
            yield f"The document {proof.name} ({proof.import_id}) is gone."
    for folder in (workspace.raw, workspace.evidence) if whole else ():
        for path in sorted(folder.iterdir()):
            if len(path.stem) == 64 and file_hash(path) != path.stem:
                yield f"The kept file {folder.name}/{path.name[:12]}… is not what it was."


def _databases(root: Path, pragma: str) -> Iterator[str]:
    for path in sorted(root.glob("*.sqlite")):
        try:
            said = _asked(path, "mode=ro", pragma)
        except sqlite3.OperationalError as error:
            unwritable = "unable to open" in str(error) or "readonly" in str(error)
            said = _asked(path, "immutable=1", pragma) if unwritable else str(error)
        except sqlite3.DatabaseError as error:
            said = str(error)
        if said != "ok":
            yield f"The database {path.name} is damaged: {said.splitlines()[0]}."


def _asked(path: Path, how: str, pragma: str) -> str:
    """The first thing that a database says of itself."""
    with closing(sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True)) as con:
        return str(con.execute(f"pragma {pragma}").fetchone()[0])


def _table(workspace: Workspace, name: str, *, whole: bool) -> Iterator[str]:
    store, there = workspace.store, []
    for file, size in store.sizes(name).items():
        path = Path(file)
        if not path.is_file():
            yield f"Table '{name}' lacks its file {path.name}."
        elif path.stat().st_size != size:
            yield (
                f"Table '{name}': its file {path.name} has {path.stat().st_size:,} of {size:,}"
                " bytes."
            )
        else:
            there.append(file)
    if not whole or not there:
        return
    import duckdb

    columns = TABLES[name].names
    with closing(open_engine(store.root, store.limits)) as con:
        for file in there:
            try:
                for first in range(0, len(columns), COLUMNS_AT_ONCE):
                    some = columns[first : first + COLUMNS_AT_ONCE]
                    read = ", ".join(f'bit_xor(hash("{c}"))' for c in some)
                    con.execute(f"select {read} from {read_files([file])}").fetchall()
            except duckdb.Error as error:
                yield (
                    f"Table '{name}': its file {Path(file).name} cannot be read to its end:"
                    f" {str(error).splitlines()[0][:150]}"
                )
