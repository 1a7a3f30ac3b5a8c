"""What is read of Parquet files before an engine takes their rows. Runs in a process of its own: see `apart`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from abate.adapters.files.workbooks import MAX_CELL, cell_text
from abate.kernel.errors import DataError

MAX_COLUMNS = 500
"""Columns of a table that is read."""
HEAD_ROWS = 5


def parquet_head(path: Path) -> Iterator[list[Any]]:
    """Names of the columns, and the first rows as texts, of a file that was read to its end.

    Raises:
        DataError: `unreadable-file`, `too-many-columns`, `cell-too-long`.
    """
    import duckdb

    source = "read_parquet($path)"
    with duckdb.connect(config={"memory_limit": "600MB", "threads": 1}) as con:
        try:
            asked = {"path": str(path)}
            columns = con.execute(f"describe select * from {source}", asked).fetchall()
            if len(columns) > MAX_COLUMNS:
                raise DataError("too-many-columns", f"{path.name} has {len(columns)} columns.", "Export it again.")
            texts = [c[0] for c in columns if c[1] == "VARCHAR"]
            for first in range(0, len(columns), 8):  # a few at a time, each to its end
                some = ", ".join(f"bit_xor(hash({_name(c[0])}))" for c in columns[first : first + 8])
                con.execute(f"select {some} from {source}", asked).fetchall()
            long = ", ".join(f"max(strlen({_name(t)}))" for t in texts)
            sizes = con.execute(f"select {long} from {source}", asked).fetchall()[0] if texts else ()
            head = con.execute(f"select * from {source} limit {HEAD_ROWS}", asked).fetchall()
        except duckdb.OutOfMemoryException as error:
            raise MemoryError from error
        except duckdb.Error as error:
            raise DataError("unreadable-file", f"{path.name} is no sound Parquet file.", "Export it again.") from error
    for name, size in zip(texts, sizes, strict=True):
        if (size or 0) > MAX_CELL * 4:
            text = f"{path.name} has a cell of more than {MAX_CELL:,} characters in '{name}'."
            raise DataError("cell-too-long", text, "Export it again.")
    yield [[c[0] for c in columns], [[cell_text(v) for v in row] for row in head]]


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
