"""Engines: what a run asks of one, and the embedded one, which is DuckDB.

An engine evaluates expressions over the ledger's tables where they lie. Whatever decides a figure
is written once, as an expression; an engine only adds speed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from abate.adapters.store.delta import Store, open_engine

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Engine(Protocol):
    """Evaluates expressions over tables that it knows by name."""

    def know(self, name: str, table: str, tags: Collection[str] | None = None) -> None:
        """Know the rows that some writers appended to a table of the ledger, or all rows."""

    def given(self, name: str, rows: pa.Table) -> None:
        """Know a small table."""

    def take(self, expression: Any) -> pa.Table:
        """The rows of an expression, which must be few."""

    def append(self, table: str, expression: Any, tag: str, fiscal_year: str) -> int:
        """Write the rows of an expression, which may be many, to a table of the ledger.

        Their number.
        """

    def whole_sum(self, column: Any) -> Any:
        """A sum of whole numbers that does not overflow."""

    def close(self) -> None:
        """Let go of everything."""


class Embedded:
    """DuckDB in this process: streams, spills, writes Parquet itself.

    Args:
        store: Tables of the workspace.
        con: A connection to use; empty opens one.
    """

    def __init__(self, store: Store, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self.store = store
        self.con = con or open_engine(store.root, store.limits)

    def know(self, name: str, table: str, tags: Collection[str] | None = None) -> None:
        """Know the rows that some writers appended to a table of the ledger, or all rows."""
        self.con.execute(
            f"create or replace temp view {name} as select * from {self.store.source(table, tags)}"
        )

    def given(self, name: str, rows: pa.Table) -> None:
        """Know a small table."""
        self.con.register("given_block", rows)
        self.con.execute(f"create or replace temp table {name} as select * from given_block")
        self.con.unregister("given_block")

    def take(self, expression: Any) -> pa.Table:
        """The rows of an expression, which must be few."""
        return self.con.execute(statement(expression)).to_arrow_table()

    def append(self, table: str, expression: Any, tag: str, fiscal_year: str) -> int:
        """Write the rows of an expression, which may be many, to a table of the ledger.

        Their number.
        """
        return self.store.append_query(table, self.con, statement(expression), tag, fiscal_year)

    def whole_sum(self, column: Any) -> Any:
        """A sum of whole numbers: 128 bits wide here."""
        return column.sum()

    def close(self) -> None:
        """Let go of everything."""
        self.con.close()


def statement(expression: Any, dialect: str = "duckdb") -> str:
    """An expression as SQL of an engine."""
    import ibis

    return str(ibis.to_sql(expression, dialect=dialect))
