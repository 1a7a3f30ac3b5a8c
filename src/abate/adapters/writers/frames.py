"""Data frames as files: what a program hands over is kept like any other file."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abate.kernel.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_of(data: Any) -> pa.Table:
    """A table as Arrow: a frame of pandas or polars, an Arrow table, columns, or rows.

    Args:
        data: Anything with the Arrow stream interface, a mapping of columns, or a list of mappings.

    Raises:
        DataError: `bad-frame` where it is none of these, or cannot be held as a table.
    """
    import pyarrow as pa

    try:
        if hasattr(data, "dtypes") and hasattr(data, "columns"):
            table = _frame(data)
        elif hasattr(data, "__arrow_c_stream__"):
            table = pa.table(data)
        elif isinstance(data, Mapping):
            table = pa.table({str(k): list(v) for k, v in data.items()})
        elif isinstance(data, Sequence) and not isinstance(data, str | bytes) and data:
            table = pa.Table.from_pylist([dict(row) for row in data])
        else:
            raise DataError(
                "bad-frame",
                f"A {type(data).__name__} is not a table.",
                "Give a data frame, an Arrow table, columns or rows.",
            )
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            "bad-frame",
            f"The table cannot be read: {str(error).splitlines()[0]}",
            "Give each column values of one type; numbers as numbers, days as dates.",
        ) from error
    numbered = [c for c in table.column_names if c.startswith("__index_level_")]
    table = table.drop_columns(numbered)
    return table.cast(pa.schema([(f.name, _plain(f.type)) for f in table.schema]))


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type in which a column is kept: texts are texts, whichever library made them."""
    import pyarrow as pa

    texts = (pa.types.is_large_string, pa.types.is_string_view, pa.types.is_dictionary)
    return pa.string() if any(t(kind) for t in texts) else kind


def _frame(data: Any) -> pa.Table:
    """A data frame; a column that mixes types is taken as text, as a sheet would hold it."""
    import pyarrow as pa

    try:
        return pa.table(data)
    except pa.ArrowException:
        columns = {str(c): _column(list(data[c])) for c in data.columns}
    return pa.table(columns)


def _column(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values, from_pandas=True)
    except pa.ArrowException:
        return pa.array([None if _is_missing(v) else str(v) for v in values])


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def write_frame(data: Any, path: Path) -> Path:
    """Write a table as Parquet: the same bytes for the same table.

    Raises:
        DataError: `bad-frame`.
    """
    import pyarrow.parquet as pq

    pq.write_table(arrow_of(data), path)
    return path


def write_csv(table: pa.Table, path: Path) -> Path:
    """Write an Arrow table as CSV, UTF-8, whole or not at all."""
    import io

    import pyarrow.csv as pa_csv

    from abate.adapters.store.writing import write_whole

    out = io.BytesIO()
    pa_csv.write_csv(table, out)
    write_whole(path, out.getvalue())
    return path


def parquet_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as Parquet: columns of numbers as numbers, others as texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    by_column = list(zip(*rows, strict=True)) or [()] * len(columns)
    table = pa.table(dict(zip(columns, map(_column_of, by_column), strict=True)))
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _column_of(cells: Sequence[Any]) -> Any:
    import pyarrow as pa

    told = [float(c) if isinstance(c, Fraction) else c for c in cells]
    kinds = {type(c) for c in told if c is not None}
    if kinds <= {bool}:
        return pa.array(told, pa.bool_())
    if kinds <= {int, float}:
        return pa.array([None if c is None else float(c) for c in told], pa.float64())
    return pa.array([None if c is None else str(c) for c in told], pa.string())
