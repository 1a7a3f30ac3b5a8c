"""What is read of Parquet files before an engine takes their rows.

Runs in a process of its own: see `apart`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from abate.adapters.readers.workbooks import MAX_CELL, MAX_COLUMNS, cell_text
from abate.kernel.errors import DataError

HEAD_ROWS = 5
ROWS_FREE, ROWS_PER_BYTE = 2_000_000, 20
"""Rows that any file may hold, and how many for each of its bytes: a column of one value takes next
to none.
"""


TEXT_FREE, TEXT_RATIO = 400 << 20, 200
"""Text that any file may unpack to [bytes], and how many times its own size."""


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
            rows = con.execute(
                "select sum(num_rows)::bigint from parquet_file_metadata($path)", asked
            ).fetchall()[0][0]
            if (rows or 0) > max(ROWS_FREE, ROWS_PER_BYTE * path.stat().st_size):
                text = (
                    f"{path.name} says that it holds {rows:,} rows in {path.stat().st_size:,}"
                    " bytes."
                )
                raise DataError("file-too-large", text, "Export what is meant.")
            columns = con.execute(f"describe select * from {source}", asked).fetchall()
            if len(columns) > MAX_COLUMNS:
                raise DataError(
                    "too-many-columns",
                    f"{path.name} has {len(columns)} columns.",
                    "Export it again.",
                )
            texts = [c[0] for c in columns if c[1] == "VARCHAR"]
            for first in range(0, len(columns), 8):  # a few at a time, each to its end
                some = ", ".join(
                    f"bit_xor(hash({_name(c[0])}))" for c in columns[first : first + 8]
                )
                con.execute(f"select {some} from {source}", asked).fetchall()
            long = ", ".join(f"max(strlen({_name(t)})), sum(strlen({_name(t)}))" for t in texts)
            sizes = (
                con.execute(f"select {long} from {source}", asked).fetchall()[0] if texts else ()
            )
            head = con.execute(f"select * from {source} limit {HEAD_ROWS}", asked).fetchall()
        except duckdb.OutOfMemoryException as error:
            raise MemoryError from error
        except duckdb.Error as error:
            raise DataError(
                "unreadable-file", f"{path.name} is no sound Parquet file.", "Export it again."
            ) from error
    total = int(sum(s or 0 for s in sizes[1::2]))
    if total > max(TEXT_FREE, TEXT_RATIO * path.stat().st_size):
        text = f"{path.name} holds {total >> 20} MiB of text in {path.stat().st_size:,} bytes."
        raise DataError("file-too-large", text, "Export what is meant.")
    for name, size in zip(texts, sizes[::2], strict=True):
        if (size or 0) > MAX_CELL * 4:
            text = f"{path.name} has a cell of more than {MAX_CELL:,} characters in '{name}'."
            raise DataError("cell-too-long", text, "Export it again.")
    yield [[c[0] for c in columns], [[cell_text(v) for v in row] for row in head]]


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
