"""The engine on a cluster: the same expressions as Spark SQL, over the ledger's files where they lie."""

from __future__ import annotations

import os
import re
import socket
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from abate.adapters.engine.embedded import statement
from abate.adapters.store.delta import Store
from abate.kernel.errors import AbateError, EngineError, UsageError
from abate.kernel.tables import TABLES, WRITERS

if TYPE_CHECKING:
    import pyarrow as pa

MASTERS = r"spark://[^/]+|sc://.+|k8s://.+|yarn|local(\[[^\]]+\])?"
SETTINGS = {
    "spark.app.name": "abate",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, never a wrong figure
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.autoBroadcastJoinThreshold": str(
        256 << 20
    ),  # resolutions travel to the activities, not the other way
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
"""What holds unless `[engine.spark]` of `abate.toml` says otherwise."""
CONNECT_S = 5.0


class Cluster:
    """A Spark session on a cluster.

    Args:
        store: Tables of the workspace, which the cluster reads and writes under the same path or
            `limits.ledger`.
        master: `spark://host:port`, `sc://host:port` (Spark Connect), `yarn`, `k8s://...` or
            `local[n]`.

    Raises:
        UsageError: `unknown-engine`.
        EngineError: `no-cluster`.
    """

    def __init__(self, store: Store, master: str) -> None:
        self.store, self._open = store, ExitStack()
        self.session = self._open.enter_context(open_session(master, dict(store.limits.spark)))

    def know(self, name: str, table: str, tags: Collection[str] | None = None) -> None:
        """Know the rows that some writers appended to a table of the ledger, or all rows."""
        files = self.store.files(table) if tags is None else self.store.written_by(table, tags)
        columns = ", ".join(f"`{f.name}` {_type(f.type)}" for f in TABLES[table])
        with told():
            if files:
                reader = self.session.read.schema(columns).option(
                    "basePath", self._url(self.store.root / table)
                )
                frame = reader.parquet(*(self._url(Path(f)) for f in files))
                if tags is not None and self.store.mixed(table, files):
                    frame = frame.filter(frame[WRITERS[table]].isin(sorted(tags)))
            else:
                frame = self.session.createDataFrame([], columns)
            frame.createOrReplaceTempView(name)

    def given(self, name: str, rows: pa.Table) -> None:
        """Know a small table."""
        with told():
            self.session.createDataFrame(rows).createOrReplaceTempView(name)

    def take(self, expression: Any) -> pa.Table:
        """The rows of an expression, which must be few."""
        with told():
            return self.session.sql(_sql(expression)).toArrow()

    def append(self, table: str, expression: Any, tag: str, fiscal_year: str) -> int:
        """Write the rows of an expression, which may be many, to a table of the ledger.

        Their number.

        The workers write into a folder of their own, which only the commit makes part of the table.
        """
        import pyarrow.parquet as pq

        folder = self.store.root / table / f"fiscal_year={fiscal_year}" / f"{tag}.spark"
        names = [n for n in TABLES[table].names if n != "fiscal_year"]
        with told():
            frame = self.session.sql(_sql(expression)).select(*names)
            frame.write.mode("error").option("parquet.compression.codec.zstd.level", "1").parquet(
                self._url(folder)
            )
        for path in folder.iterdir():
            if path.suffix != ".parquet":  # checksums and marks of the file system's own
                path.unlink()
        files = [
            (str(p), pq.read_metadata(p).num_rows, {"fiscal_year": fiscal_year})
            for p in sorted(folder.iterdir())
        ]
        self.store.commit(table, files)
        return sum(count for _, count, _ in files)

    def whole_sum(self, column: Any) -> Any:
        """A sum of whole numbers in 38 digits, for 64 bits would overflow.

        Their halves are added in 64, which is fast.
        """
        import ibis

        upper, lower = (
            (half.sum().cast("decimal(38, 0)")) for half in (column >> 32, column & (2**32 - 1))
        )
        return upper * ibis.literal(2**32, "decimal(38, 0)") + lower

    def close(self) -> None:
        """End the session, if it was opened here."""
        self._open.close()

    def _url(self, path: Path) -> str:
        """A path of the ledger as the cluster names it.

        Raises:
            UsageError: `bad-path` where Spark would read it as a pattern.
        """
        if set(str(path)) & set("*?[]{}\\,"):
            raise UsageError(
                "bad-path", f"Spark takes '{path.name}' for a pattern.", "Rename the folder."
            )
        if not self.store.limits.ledger:
            return f"file://{path.resolve()}"
        return (
            f"{self.store.limits.ledger.rstrip('/')}/{path.relative_to(self.store.root).as_posix()}"
        )


def _beside(there: Any, master: str, settings: Mapping[str, str]) -> Any:
    """Another session of the process's own, on the same master.

    Raises:
        EngineError: `no-cluster` where that one is on another.
    """
    if there.sparkContext.master != master:
        text = "This process has a session on another cluster."
        raise EngineError("no-cluster", text, "End that one first.")
    beside = there.newSession()
    for name, value in settings.items():
        if name.startswith("spark.sql."):
            beside.conf.set(name, value)
    return beside


def _answering_host(master: str) -> str:
    """Host of a master; empty where it names several, which are Spark's to try.

    Raises:
        EngineError: `no-cluster` where nothing answers there.
    """
    address = re.match(r"s(?:park|c)://([^/:;,]+):(\d{1,5})(?=[/;]|$)", master)
    if address is None:
        return ""
    host, port = address.group(1), int(address.group(2))
    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        text = f"Nothing answers at {host}:{port}: {error}."
        raise EngineError("no-cluster", text, "Check address and port.") from error
    return host


@contextmanager
def open_session(master: str, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Any]:
    """A session on a cluster, ended afterwards.

    Beside the process's own where it has one on the same master.

    Raises:
        UsageError: `unknown-engine`.
        EngineError: `no-cluster`.
    """
    if not re.fullmatch(MASTERS, master):
        hint = "Write embedded, spark://host:7077, sc://host:15002 or local[2]."
        raise UsageError("unknown-engine", f"No engine '{master}'.", hint)
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError(
            "no-cluster", "PySpark is not installed.", "pip install 'abate[spark]'."
        ) from error
    connect, wanted = master.startswith("sc://"), {**SETTINGS, **settings}
    there = None if connect else SparkSession.getActiveSession()
    if there is not None:
        yield _beside(there, master, wanted)
        return
    host = _answering_host(master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if not connect and (host in ("127.0.0.1", "localhost") or master.startswith("local")):
        loopback = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        wanted = loopback | wanted
    with told("no-cluster"):
        builder = (
            SparkSession.builder.remote(master) if connect else SparkSession.builder.master(master)
        )
        for name, value in wanted.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def told(code: str = "engine-failed") -> Iterator[None]:
    """Say what a cluster says as one line.

    Raises:
        EngineError: `no-cluster`, `engine-failed`.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore",
                message="PySpark does not yet fully support pandas",
                category=FutureWarning,
            )
            yield
    except AbateError:
        raise
    except Exception as error:  # whatever the cluster raises, through two languages
        said = [text.strip() for text in str(error).splitlines() if text.strip()] or [
            type(error).__name__
        ]
        deeper = [text for text in said[1:] if re.match(r"[\w.]*(Error|Exception): ", text)]
        line = f"{said[0]} {deeper[0]}" if deeper else said[0]
        raise EngineError(
            code, f"The cluster gave up: {line[:400]}", "Nothing was posted; see the cluster's log."
        ) from error


def _sql(expression: Any) -> str:
    import ibis

    assert ibis.pyspark.name == "pyspark"  # asking loads the options that the compiler reads
    return statement(expression, "pyspark")


def _type(kind: pa.DataType) -> str:
    """Spark's name of a type of the ledger."""
    known = {
        "string": "string",
        "int32": "int",
        "int64": "bigint",
        "double": "double",
        "timestamp[us]": "timestamp_ntz",
    }
    return known.get(str(kind), "decimal(38, 0)")
