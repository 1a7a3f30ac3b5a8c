"""Table: rows of an answer, as records, data frames or files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from abate.adapters.writers.frames import arrow_of, write_csv

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

SHOWN_MAX = 40
"""Rows that a notebook shows."""


class Table(Sequence[Mapping[str, Any]]):
    """Rows with the same columns; numbers are numbers, what is missing is None.

    Example:
        >>> table = Table([{"figure": "net", "value": 5.0}])
        >>> table[0]["value"], table.columns, len(table)
        (5.0, ('figure', 'value'), 1)
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
        self.rows = tuple(dict(r) for r in rows)
        self.columns = tuple(columns) or tuple(dict.fromkeys(k for r in self.rows for k in r))

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> Table: ...
    def __getitem__(self, at: int | slice) -> Mapping[str, Any] | Table:
        return Table(self.rows[at], self.columns) if isinstance(at, slice) else self.rows[at]

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.rows)

    def column(self, name: str) -> list[Any]:
        """Values of a column.

        Raises:
            KeyError: Where there is no such column.
        """
        if name not in self.columns:
            raise KeyError(name)
        return [r.get(name) for r in self.rows]

    def to_arrow(self) -> pa.Table:
        """As an Arrow table."""
        return arrow_of({name: self.column(name) for name in self.columns})

    def to_pandas(self) -> pd.DataFrame:
        """As a data frame of pandas (to be installed beside Abate)."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """As a data frame of polars (to be installed beside Abate)."""
        import polars as pl

        return pl.DataFrame({name: self.column(name) for name in self.columns})

    def to_csv(self, path: str | Path) -> Path:
        """Write a CSV file, UTF-8, whole or not at all."""
        return write_csv(self.to_arrow(), Path(path))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        head = f"Table of {len(self)} rows: {', '.join(self.columns)}"
        lines = ["  ".join(_shown(r.get(c)) for c in self.columns) for r in self.rows[:10]]
        more = [f"… {len(self) - 10} more"] if len(self) > 10 else []
        return "\n".join([head, *lines, *more])

    def _repr_html_(self) -> str:
        """As notebooks show it."""
        head = "".join(f"<th>{escape(c)}</th>" for c in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(r.get(c)))}</td>" for c in self.columns) + "</tr>"
            for r in self.rows[:SHOWN_MAX]
        )
        rest = len(self) - SHOWN_MAX
        more = f"<p>{rest} more rows</p>" if rest > 0 else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
