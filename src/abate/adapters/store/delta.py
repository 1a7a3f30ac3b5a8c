"""The ledger's tables as Delta Lake tables in a folder.

Delta commits one table at a time, so the row in `imports` or `runs` is written last and is the
commit of the whole: readers take rows only of imports and runs that have theirs. A process killed
before leaves files that nobody reads.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote
from uuid import uuid4
from weakref import WeakSet

from deltalake import DeltaTable

from abate.adapters.store.faults import fault_of
from abate.adapters.store.writing import write_whole
from abate.kernel.errors import AbateError, DataError, IntegrityError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

R = TypeVar("R")
LOCK_WAIT_S = 60.0
WRITING, RUNNING = ".lock", ".run-lock"
"""Files that are locked: while something is written, and by a run while it values."""
FORMAT = 2
"""Of the tables as a whole; raised whenever an older workspace needs more than new tables."""
KEPT = {"delta.enableExpiredLogCleanup": "false"}
"""No commit of a table is ever forgotten."""
PACKED = "packed"
"""Tag of files that hold the rows of several writers."""
SHARED = (PACKED, "part-")
"""Beginnings of the names of files whose name does not say who wrote the rows: packed ones, and
those of old versions.
"""
BATCH_ROWS = 1 << 19
"""Rows of a group of a file that is written as rows come."""
DICTIONARY_BYTES = 8 << 20
"""Different values of a column of such a file that are kept once: readings repeat themselves."""
SPILL = ".spill-"
"""Begins the name of the folder that an engine spills into."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What engines may use, and where the cluster is, if there is one.

    Args:
        memory: Bound of the embedded engine, beyond which it spills.
        threads: Its threads; 0 takes one per core.
        spill: Where engines make folders to spill into; empty takes the place beside the tables.
        master: Master of a Spark cluster that values runs; empty for the embedded engine.
        ledger: The folder of tables as the cluster names it, such as `s3a://bucket/ledger`; empty
            for the same path.
        spark: Settings of Spark, by name.
    """

    memory: str = "1GB"
    threads: int = 0
    spill: str = ""
    master: str = ""
    ledger: str = ""
    spark: tuple[tuple[str, str], ...] = ()


NO_LIMITS = Limits()
"""What holds where `abate.toml` says nothing."""


_linking = threading.Lock()


class Store:
    """Tables of one workspace.

    Args:
        root: Folder that holds one folder per table.
        limits: What engines may use.
    """

    def __init__(self, root: Path, limits: Limits = NO_LIMITS) -> None:
        self.root = root.resolve()  # as the paths of its files are recorded
        self.limits = limits
        self._open: dict[str, DeltaTable] = {}
        self._files: dict[str, tuple[int, dict[str, int]]] = {}
        self._links: tempfile.TemporaryDirectory[str] | None = None
        self._records: dict[str, tuple[int, list[Any]]] = {}
        self._is_frozen = False

    def opened(self, name: str) -> DeltaTable:
        """A table as of its last commit; opened once, then brought up to date."""
        try:
            if name in self._open:
                if not self._is_frozen:
                    self._open[name].update_incremental()
            else:
                self._open[name] = DeltaTable(self._folder(name))
        except Exception as error:
            raise _unreadable(name, error) from error
        return self._open[name]

    def _folder(self, name: str) -> Path:
        """Where Delta finds the table's log.

        Delta takes `%20` in the name of a folder for a space and a backslash for a slash. There it
        is given a folder of a plain name in which the log is a link.
        """
        if not re.search(r"%[0-9A-Fa-f]{2}|[\\\x00-\x1f]", str(self.root)):
            return self.root / name
        with _linking:  # else another thread of a server takes a folder whose link is not there yet
            if self._links is None:
                self._links = tempfile.TemporaryDirectory(prefix="abate-")
            folder, log = Path(self._links.name) / name, self.root / name / "_delta_log"
            if not folder.is_dir():
                log.mkdir(parents=True, exist_ok=True)
                folder.mkdir()
                (folder / "_delta_log").symlink_to(log)
        return folder

    def create(self) -> None:
        """Make the tables that are not there yet."""
        from abate.kernel.tables import PARTITIONED, TABLES

        self.root.mkdir(parents=True, exist_ok=True)
        for name, schema in TABLES.items():
            partition = ["fiscal_year"] if name in PARTITIONED else []
            DeltaTable.create(
                self._folder(name),
                schema,
                mode="ignore",
                partition_by=partition,
                configuration=KEPT,
            )

    @property
    def format(self) -> int:
        """Format of the tables; 1 where none is written down, 0 where there are no tables yet."""
        mark = self.root / "FORMAT"
        if mark.is_file():
            return int(mark.read_text(encoding="ascii"))
        return 1 if (self.root / "imports").is_dir() else 0

    def mark(self) -> None:
        """Write down that the tables are of this version's format."""
        write_whole(self.root / "FORMAT", f"{FORMAT}\n")

    @contextmanager
    def lock(self, what: str = WRITING, *, patient: bool = False) -> Iterator[None]:
        """Hold one of the workspace's locks.

        The system frees it when the process ends, however it ends.

        Args:
            what: `WRITING`, held while something is written, or `RUNNING`, held by a run while it
                values, so that imports need not wait for it. Who takes both takes `RUNNING` first.
            patient: Wait as long as it takes: for who would lose long work.

        Raises:
            DataError: `workspace-busy` where another process holds it for a minute.
        """
        with (self.root / what).open("w") as handle:
            until = time.monotonic() + LOCK_WAIT_S
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if not patient and time.monotonic() > until:
                        does = "writes to" if what == WRITING else "values a year of"
                        raise DataError(
                            "workspace-busy",
                            f"Another process {does} this workspace.",
                            "Wait for it to end.",
                        ) from None
                    time.sleep(0.05)
            yield

    def append(self, name: str, rows: Sequence[dict[str, Any]]) -> None:
        """Append rows to a table; without rows there is no commit.

        Where the table has several writers, all rows are of one.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        from abate.kernel.tables import PARTITIONED, TABLES, WRITERS

        if not rows:
            return
        assert name not in PARTITIONED
        writers = {row[WRITERS[name]] for row in rows} if name in WRITERS else {name}
        assert len(writers) == 1
        path = self.root / name / f"{_tag_of(writers.pop())}.{uuid4()}.parquet"
        pq.write_table(
            pa.Table.from_pylist(list(rows), schema=TABLES[name]), path, compression="zstd"
        )
        self.commit(name, [(str(path), len(rows), {})])

    def append_batches(self, name: str, batches: Iterable[pa.Table], tag: str) -> int:
        """Append rows as they come, batch by batch, to one file.

        Args:
            name: A table of several writers, without years.
            batches: Rows with the table's columns.
            tag: Unique name of the writer; its file carries it.

        Returns:
            Rows written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        from abate.kernel.tables import PARTITIONED, TABLES

        assert name not in PARTITIONED
        path, count = self.root / name / f"{_tag_of(tag)}.{uuid4()}.parquet", 0
        schema = TABLES[name]
        moments = [f.name for f in schema if pa.types.is_timestamp(f.type)]
        with pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            use_dictionary=[c for c in schema.names if c not in moments],
            dictionary_pagesize_limit=DICTIONARY_BYTES,
            column_encoding=dict.fromkeys(moments, "DELTA_BINARY_PACKED"),
        ) as writer:
            for batch in batches:
                writer.write_table(batch.cast(schema), row_group_size=BATCH_ROWS)
                count += batch.num_rows
        self.commit(name, [(str(path), count, {})])
        return count

    def append_query(
        self,
        name: str,
        con: duckdb.DuckDBPyConnection,
        sql: str,
        tag: str,
        fiscal_year: str = "",
        *,
        few: bool = False,
    ) -> int:
        """Append the result of a query, written by the engine itself.

        Bounded memory, no copy through Python.

        Args:
            name: A table of several writers.
            con: Connection that runs the query.
            sql: Query with the table's columns.
            tag: Unique name of the writer; its files carry it.
            fiscal_year: The year of all rows, where they are of one: a fifth faster than sorting
                them into years.
            few: Whether the rows of that year make one file rather than one for each thread.

        Returns:
            Rows written.
        """
        files = self._written(name, con, sql, tag, fiscal_year, few=few)
        self.commit(name, files)
        return sum(count for _, count, _ in files)

    def append_queries(
        self, name: str, con: duckdb.DuckDBPyConnection, sql: str, column: str, tags: Sequence[str]
    ) -> dict[str, int]:
        """Append the rows of several writers, each to files of its own, in one commit.

        Args:
            name: A table of several writers.
            con: Connection that runs the query.
            sql: Query with the table's columns.
            column: That of the writer's name.
            tags: Names of the writers.

        Returns:
            Rows of each writer that has some.
        """
        if len(tags) == 1:
            return {tags[0]: self.append_query(name, con, sql, tags[0])}
        con.execute(f"create or replace temp table writing as {sql}")
        counts = dict(
            con.execute(f"select {column}, count(*) from writing group by 1 order by 1").fetchall()
        )
        files = []
        for tag in counts:
            mine = f"select * from writing where {column} = {literal(tag)}"
            files += self._written(name, con, mine, tag)
        self.commit(name, files)
        con.execute("drop table writing")
        return counts

    def _written(
        self,
        name: str,
        con: duckdb.DuckDBPyConnection,
        sql: str,
        tag: str,
        fiscal_year: str = "",
        *,
        few: bool = False,
    ) -> list[tuple[str, int, dict[str, str]]]:
        """Write the files of a query, not yet part of the table.

        Path, rows, and partition of each.
        """
        from abate.kernel.tables import PARTITIONED, TABLES

        folder = self.root / name
        names = [f'"{c}"' for c in TABLES[name].names if not (fiscal_year and c == "fiscal_year")]
        target = folder / f"fiscal_year={fiscal_year}" if fiscal_year else folder
        target.mkdir(exist_ok=True)
        one = bool(fiscal_year) or name not in PARTITIONED
        path, spread = target, "per_thread_output true" if one else "partition_by (fiscal_year)"
        how = f"{spread}, filename_pattern '{tag}.{{uuid}}', overwrite_or_ignore"
        if few:
            assert one
            path, how = (
                target / f"{tag}.{uuid4()}.parquet",
                "use_tmp_file false",
            )  # a killed one keeps its tag
        written = con.execute(
            f"copy (select {', '.join(names)} from ({sql})) to {literal(str(path))} "
            f"(format parquet, compression zstd, compression_level 1, {how}, return_stats)"
        ).fetchall()
        files = []
        for written_to, count, _, _, _, keys in written:
            if count:
                files.append(
                    (written_to, count, {"fiscal_year": fiscal_year} if fiscal_year else keys or {})
                )
            else:
                Path(written_to).unlink()
        return files

    def commit(
        self,
        name: str,
        files: Sequence[tuple[str, int, dict[str, str]]],
        replaced: Collection[str] = (),
    ) -> None:
        """Take files that an engine wrote into a table, and others out of it, as one commit.

        Args:
            name: The table.
            files: Path, number of rows and partition of each.
            replaced: Paths of files that go; where files come too, their very rows are in these.
        """
        from deltalake.transaction import AddAction, RemoveAction

        table, folder, same_rows = self.opened(name), self.root / name, bool(files and replaced)
        actions: list[AddAction | RemoveAction] = []
        for path, count, partition in files:
            about = Path(path).stat()
            relative, told = str(Path(path).relative_to(folder)), json.dumps({"numRecords": count})
            actions.append(
                AddAction(
                    relative,
                    about.st_size,
                    partition,
                    int(about.st_mtime * 1000),
                    not same_rows,
                    told,
                )
            )
        for path in replaced:
            year: dict[str, str | None] = dict(self.partition(name, path))
            now_ms, size = int(time.time() * 1000), Path(path).stat().st_size
            actions.append(
                RemoveAction(str(Path(path).relative_to(folder)), not same_rows, now_ms, size, year)
            )
        if actions:
            columns = table.metadata().partition_columns
            table.create_write_transaction(actions, "append", table.schema(), partition_by=columns)

    def partition(self, name: str, path: str) -> dict[str, str]:
        """Year of a file, as its path says."""
        first = Path(path).relative_to(self.root / name).parts[0]
        return {"fiscal_year": first.partition("=")[2]} if first.startswith("fiscal_year=") else {}

    def files(self, name: str) -> list[str]:
        """Paths of a table's files as of its last commit.

        Raises:
            IntegrityError: `damaged-store` where the table cannot be read.
        """
        return sorted(self.sizes(name))

    def sizes(self, name: str) -> dict[str, int]:
        """Bytes of each file of a table, as its log has them.

        Raises:
            IntegrityError: `damaged-store` where the table cannot be read.
        """
        table = self.opened(name)
        try:
            version, sizes = self._files.get(name, (-1, {}))
            if version != table.version():
                version, added = table.version(), table.get_add_actions()
                paths = [f"{self.root}/{name}/{path}" for path in added["path"].to_pylist()]
                sizes = dict(zip(paths, added["size_bytes"].to_pylist(), strict=True))
                self._files[name] = (version, sizes)
            return dict(sizes)
        except Exception as error:
            raise _unreadable(name, error) from error

    def tags(self, name: str) -> set[str]:
        """Tags of the writers that appended to a table, also of those that never committed."""
        return {self.tag(name, path) for path in self.files(name)}

    def tag(self, name: str, path: str) -> str:
        """Tag of the writer of a file.

        The first part of its name, or of its folder's inside the year's.
        """
        parts = Path(path).relative_to(self.root / name).parts
        return unquote(parts[-1 if len(parts) == 1 else 1].split(".")[0].replace("~", "%"))

    def taken(self) -> set[str]:
        """Names of all writers that have rows in any table, also of those.

        That were killed before their commit.
        """
        from abate.kernel.tables import PARTITIONED, WRITERS

        names = self.committed()
        for table, column in WRITERS.items():
            shared = [f for f in self.files(table) if self.tag(table, f).startswith(SHARED)]
            names |= self.tags(table)
            if (
                shared and table not in PARTITIONED
            ):  # old versions packed these without asking for a commit
                names |= {
                    row[0]
                    for row in self.ask(f"select distinct {column} from {read_files(shared)}")
                }
        return names

    def free_ordinal(self, name: str, title: str = "") -> int:
        """The ordinal of the next row of a table, under which no writer of that title has left rows.

        Under the lock.
        """
        ordinal = 1 + max((r["ordinal"] for r in self.rows(name)), default=0)
        taken = self.taken() if title else set()
        while f"{title}#{ordinal}" in taken:
            ordinal += 1
        return ordinal

    def committed(self) -> set[str]:
        """Names of the writers that have their commit."""
        from abate.kernel.tables import COMMITS, committed_names

        return {
            n for table in COMMITS for row in self.rows(table) for n in committed_names(table, row)
        }

    def written_by(self, name: str, tags: Collection[str]) -> list[str]:
        """Files that hold the rows of some writers.

        A file of several writers may hold others' too.
        """
        return [
            f
            for f in self.files(name)
            if (tag := self.tag(name, f)) in tags or tag.startswith(SHARED)
        ]

    def source(self, name: str, tags: Collection[str] | None = None) -> str:
        """SQL that reads a table: usable after `from`.

        Args:
            name: The table.
            tags: Writers whose rows are wanted, such as an import's id: the files of others are not
                opened.
        """
        files = self.files(name) if tags is None else self.written_by(name, tags)
        if not files:
            fields = json.loads(self.opened(name).schema().to_json())["fields"]
            columns = ", ".join(f"null::{_sql_type(f['type'])} as {f['name']}" for f in fields)
            return f"(select {columns} where false)"
        rows = read_files(files)
        if tags is None or not self.mixed(name, files):
            return rows
        from abate.kernel.tables import WRITERS

        return (
            f"(select * from {rows} where {WRITERS[name]} in"
            f" ({', '.join(literal(t) for t in sorted(tags))}))"
        )

    def mixed(self, name: str, files: Sequence[str]) -> bool:
        """Whether any of the files holds the rows of several writers."""
        return any(self.tag(name, f).startswith(SHARED) for f in files)

    def connect(self, *names: str) -> duckdb.DuckDBPyConnection:
        """A connection to the store's engine, with a view of its own for each of the named tables.

        All connections of a store share one engine and its memory; what they name `temp` is theirs.
        """
        con = self._engine.cursor()
        for name in names:
            con.execute(f"create temp view {name} as select * from {self.source(name)}")
        return con

    def engine(self, share: float) -> duckdb.DuckDBPyConnection:
        """An engine of its own, for heavy work beside which other things need memory, too.

        Args:
            share: Share of the memory that engines may use.
        """
        return open_engine(self.root, self.limits, share)

    def snapshot(self) -> Store:
        """The store as it stands now: what is committed later is not seen through it."""
        from abate.kernel.tables import NAMES

        made = copy(self)
        made._open, made._records, made._files = {}, {}, {}
        made.__dict__.pop("_engine", None)
        made._is_frozen = True
        for name in NAMES:
            made.opened(name)
        return made

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of a small table as they are stored; see `records`."""
        with self.connect() as con:
            return fetch(con, f"select * from {self.source(name)}")

    def records(self, kind: type[R]) -> list[R]:
        """All rows of a small table as records, read again only where it has grown."""
        from abate.kernel.tables import RECORDS

        name = RECORDS[kind]
        version = self.opened(name).version()
        if self._records.get(name, (-1, []))[0] != version:
            with self.connect() as con:
                found = fetch(con, f"select * from {self.source(name)}")
            self._records[name] = (version, [kind(**row) for row in found])
        return list(self._records[name][1])

    def add(self, *records: Any) -> None:
        """Append records, all of one kind and of one writer; without any there is no commit."""
        from abate.kernel.tables import RECORDS

        if records:
            self.append(RECORDS[type(records[0])], [asdict(r) for r in records])

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query that is soon answered."""
        with self.connect() as con:
            return list(con.execute(sql).fetchall())

    @cached_property
    def _engine(self) -> duckdb.DuckDBPyConnection:
        return open_engine(self.root, self.limits)


_engines: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()


@atexit.register
def _close_engines() -> None:
    """Stop the engines' threads while Python is whole.

    One that lets go of an object later aborts.
    """
    for con in list(_engines):
        con.close()


def open_engine(
    root: Path, limits: Limits = NO_LIMITS, share: float = 1.0
) -> duckdb.DuckDBPyConnection:
    """An embedded engine with bounded memory that spills beside the workspace's tables."""
    import duckdb

    con = duckdb.connect(":memory:")
    _engines.add(con)
    memory = re.sub(r"[\d.]+", lambda amount: f"{float(amount[0]) * share:.3f}", limits.memory)
    con.execute(f"set memory_limit = {literal(memory)}")
    if limits.threads:
        con.execute(f"set threads = {limits.threads}")
    con.execute("set preserve_insertion_order = false")
    con.execute("set enable_progress_bar = false")
    con.execute(f"set temp_directory = {literal(str(spill_folder(Path(limits.spill or root))))}")
    return con


def spill_folder(parent: Path) -> Path:
    """A folder for one engine to spill into.

    Two in one folder would take each other's blocks for their own.

    The engine makes it when it first spills, and removes it when it is closed.
    """
    if os.access(parent, os.R_OK) and not os.access(parent, os.W_OK):
        parent = Path(tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    return parent / f"{SPILL}{os.urandom(4).hex()}-{os.getpid()}-{os.uname().nodename}"


def dead_spills(parent: Path) -> list[Path]:
    """Folders into which processes of this machine spilled that were killed."""
    found = []
    for folder in parent.glob(f"{SPILL}*"):
        _, _, pid, host = folder.name.split("-", 3)
        if host == os.uname().nodename and not _is_alive(int(pid)):
            found.append(folder)
    return found


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def fetch(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    result = con.execute(sql, list(parameters)) if parameters else con.execute(sql)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def counted(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one whole number that a query gives."""
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0


def read_files(files: Sequence[str], *, hive: bool = True) -> str:
    """SQL that reads Parquet files.

    The year that the path of a table's file states is a column, unless `hive` is false.
    """
    listed = ", ".join(literal(f) for f in files)
    return f"read_parquet([{listed}], hive_partitioning = {hive}, hive_types_autocast = false)"


def literal(text: str) -> str:
    """A text as an SQL literal, quotes doubled.

    For names and constants of our own, never for cells of a file.
    """
    return "'" + text.replace("'", "''") + "'"


def _unreadable(name: str, error: Exception) -> AbateError:
    """Why a table cannot be read: the disk, else the table is damaged."""
    text = f"Table '{name}' cannot be read: {str(error).splitlines()[0][:200]}"
    damaged = IntegrityError(
        "damaged-store", text, "Restore the workspace from its backup: abate store restore."
    )
    found = fault_of(error)
    return damaged if found is None or found.code == damaged.code else found


def _tag_of(writer: str) -> str:
    """A writer's name as the first part of a file's name."""
    return quote(writer, safe="").replace("~", "%7E").replace(".", "%2E").replace("%", "~")


def _sql_type(delta: str) -> str:
    known = {"string": "varchar", "integer": "integer", "long": "bigint", "double": "double"}
    return known.get(delta, "timestamp" if delta.startswith("timestamp") else delta)
