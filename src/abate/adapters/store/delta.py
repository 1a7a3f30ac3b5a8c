"""The ledger's tables as Delta Lake tables in a folder.

Delta commits one table at a time, so the row in `imports` or `runs` is written last and is the commit of the whole:
readers take rows only of imports and runs that have theirs. A process killed before leaves files that nobody reads.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltalake import DeltaTable

from abate.kernel.errors import DataError, IntegrityError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LOCK_WAIT_S = 60.0


class Store:
    """Tables of one workspace.

    Args:
        root: Folder that holds one folder per table.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: dict[str, DeltaTable] = {}
        self._reader: duckdb.DuckDBPyConnection | None = None
        self._rows: dict[str, tuple[int, list[dict[str, Any]]]] = {}

    def _table(self, name: str) -> DeltaTable:
        """A table as of its last commit; opened once, then brought up to date."""
        if name in self._open:
            self._open[name].update_incremental()
        else:
            self._open[name] = DeltaTable(self.root / name)
        return self._open[name]

    def create(self) -> None:
        """Make the tables that are not there yet."""
        from abate.kernel.tables import PARTITIONED, TABLES

        self.root.mkdir(parents=True, exist_ok=True)
        for name, schema in TABLES.items():
            partition = ["fiscal_year"] if name in PARTITIONED else []
            DeltaTable.create(self.root / name, schema, mode="ignore", partition_by=partition)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workspace's write lock; the system frees it when the process ends, however it ends.

        Raises:
            DataError: `workspace-busy` where another process holds it for a minute.
        """
        with (self.root / ".lock").open("w") as handle:
            until = time.monotonic() + LOCK_WAIT_S
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise DataError(
                            "workspace-busy", "Another process writes to this workspace.", "Wait for it to end."
                        ) from None
                    time.sleep(0.05)
            yield

    def append(self, name: str, rows: Sequence[dict[str, Any]] | pa.Table) -> None:
        """Append rows to a table; none is no commit."""
        import pyarrow as pa
        from deltalake import write_deltalake

        from abate.kernel.tables import PARTITIONED, TABLES

        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=TABLES[name])
        if table.num_rows:
            partition = ["fiscal_year"] if name in PARTITIONED else None
            write_deltalake(self._table(name), table.cast(TABLES[name]), mode="append", partition_by=partition)

    def append_query(self, name: str, con: duckdb.DuckDBPyConnection, sql: str, tag: str, fiscal_year: str = "") -> int:
        """Append the result of a query, written by the engine itself: bounded memory, no copy through Python.

        Args:
            name: A table partitioned by fiscal year.
            con: Connection that runs the query.
            sql: Query with the table's columns.
            tag: Unique name of the writer; its files carry it.
            fiscal_year: The year of all rows, where they are of one: a fifth faster than sorting them into years.

        Returns:
            Rows written.
        """
        from deltalake.transaction import AddAction, RemoveAction

        from abate.kernel.tables import TABLES

        folder = self.root / name
        names = [c for c in TABLES[name].names if not (fiscal_year and c == "fiscal_year")]
        target = folder / f"fiscal_year={fiscal_year}" if fiscal_year else folder
        target.mkdir(exist_ok=True)
        how = "per_thread_output true" if fiscal_year else "partition_by (fiscal_year)"
        written = con.execute(
            f"copy (select {', '.join(names)} from ({sql})) to {literal(str(target))} (format parquet, compression zstd, "
            f"{how}, filename_pattern '{tag}.{{uuid}}', overwrite_or_ignore, return_stats)"
        ).fetchall()
        actions: list[AddAction | RemoveAction] = []
        for path, count, size, _, _, keys in written:
            relative = str(Path(path).relative_to(folder))
            now_ms = int(Path(path).stat().st_mtime * 1000)
            partition = {"fiscal_year": fiscal_year} if fiscal_year else keys
            actions.append(AddAction(relative, size, partition, now_ms, True, json.dumps({"numRecords": count})))
        if actions:
            table = self._table(name)
            table.create_write_transaction(actions, "append", table.schema(), partition_by=["fiscal_year"])
        return sum(row[1] for row in written)

    def files(self, name: str) -> list[str]:
        """Paths of a table's files as of its last commit.

        Raises:
            IntegrityError: `damaged-store` where the table cannot be read.
        """
        try:
            return sorted(self._table(name).file_uris())
        except Exception as error:
            raise IntegrityError(
                "damaged-store", f"Table '{name}' cannot be read: {error}", "Restore the workspace from its backup."
            ) from error

    def tags(self, name: str) -> set[str]:
        """Tags of the writers that appended to a table by `append_query`, also of those that never committed."""
        return {Path(path).name.split(".")[0] for path in self.files(name)}

    def source(self, name: str, tags: Collection[str] | None = None) -> str:
        """SQL that reads a table: usable after `from`.

        Args:
            name: The table.
            tags: Writers whose rows are enough, such as an import's id: the files of others are not opened.
        """
        files = [f for f in self.files(name) if tags is None or Path(f).name.split(".")[0] in tags]
        if not files:
            fields = json.loads(self._table(name).schema().to_json())["fields"]
            columns = ", ".join(f"null::{_sql_type(f['type'])} as {f['name']}" for f in fields)
            return f"(select {columns} where false)"
        listed = ", ".join(literal(f) for f in files)
        return f"read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = false)"

    def connect(self, *names: str, memory_limit: str = "1GB") -> duckdb.DuckDBPyConnection:
        """A connection to a throw-away engine with a view for each of the named tables."""
        con = open_engine(self.root, memory_limit)
        for name in names:
            con.execute(f"create view {name} as select * from {self.source(name)}")
        return con

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of a small table, read again only where it has grown."""
        version = self._table(name).version()
        if self._rows.get(name, (-1, []))[0] != version:
            if self._reader is None:
                self._reader = open_engine(self.root)
            self._rows[name] = (version, fetch(self._reader, f"select * from {self.source(name)}"))
        return [dict(row) for row in self._rows[name][1]]


def open_engine(root: Path, memory_limit: str = "1GB") -> duckdb.DuckDBPyConnection:
    """An embedded engine with bounded memory that spills beside the workspace's tables."""
    import duckdb

    con = duckdb.connect(":memory:")
    con.execute(f"set memory_limit = '{memory_limit}'")
    con.execute("set preserve_insertion_order = false")
    con.execute("set enable_progress_bar = false")
    con.execute(f"set temp_directory = {literal(str(root / '.spill'))}")
    return con


def fetch(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    result = con.execute(sql, list(parameters)) if parameters else con.execute(sql)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def literal(text: str) -> str:
    """A text as an SQL literal, quotes doubled: for names and constants of our own, never for cells of a file."""
    return "'" + text.replace("'", "''") + "'"


def _sql_type(delta: str) -> str:
    known = {"string": "varchar", "integer": "integer", "long": "bigint", "double": "double"}
    return known.get(delta, "timestamp" if delta.startswith("timestamp") else delta)
