"""Reading orders and cartons: CSV, Parquet, JSON, and the text format of packing benchmarks.

In batches.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.documents import json_objects
from abate.adapters.readers.packed import unpacked
from abate.adapters.readers.parquets import parquet_head
from abate.adapters.readers.sheets import named_rows
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError
from abate.kernel.finding import Finding
from abate.logistics.facts import (
    BAD_ITEM,
    CONDITIONS,
    FINE,
    FINE_MASS,
    ITEMS_IN_ORDER_MAX,
    LENGTH_MM_MAX,
    MASS_G_MAX,
    TURNS,
    Carton,
    Item,
    Orders,
    Source,
    columns_of,
    orders_from,
)

BATCH_ORDERS = 2_000
TEXT_ORDERS = 500
BLOCK_ROWS = 20_000
ORDER_WORDS: dict[str, tuple[str, ...]] = {
    "order": ("order id", "order no", "order number", "订单号"),
    "item": ("item id", "sku", "piece", "商品"),
    "quantity": ("qty", "count", "数量"),
    "length_mm": ("length", "l", "l mm", "长"),
    "width_mm": ("width", "w", "w mm", "宽"),
    "height_mm": ("height", "depth", "h", "h mm", "高"),
    "mass_g": ("mass", "weight", "weight g", "重量"),
    "turn": ("rotation", "orientation", "朝向"),
    "fragile": ("易碎",),
    "load_max_g": ("load max", "stackable mass"),
    "fold_volume_mm3": ("fold volume",),
    "own_box": ("own box", "ships in own box", "原箱发货"),
    "apart": ("keep apart",),
    "together": ("keep together",),
    "returns": ("route returns",),
    "condition": ("condition at worst", "成色"),
    "carton": ("carton used", "box", "纸箱"),
    "site": ("warehouse", "仓库"),
    "month": ("月份",),
    "zone": ("delivery zone", "区域"),
}
CARTON_WORDS: dict[str, tuple[str, ...]] = {
    "carton": ("id", "carton id", "name", "box", "纸箱"),
    "length_mm": ("length", "inner length mm", "长"),
    "width_mm": ("width", "inner width mm", "宽"),
    "height_mm": ("height", "inner height mm", "高"),
    "outer_length_mm": ("outer length",),
    "outer_width_mm": ("outer width",),
    "outer_height_mm": ("outer height",),
    "mass_max_g": ("max mass g", "max weight", "mass max", "承重"),
    "mass_gross_max_g": ("max gross mass", "max gross weight", "gross mass max", "毛重上限"),
    "tare_g": ("tare", "empty weight", "自重"),
    "board_m2": ("board", "board area m2"),
    "grade_g_m2": ("grade",),
    "board_item": ("board material", "材质"),
    "cost": ("price", "价格"),
    "stock": ("库存",),
    "source": ("kind", "来源"),
    "condition": ("condition grade", "成色"),
}
TRUE, FALSE = {"1", "true", "yes", "y", "是"}, {"0", "false", "no", "n", "", "否", "none", "null"}


class OrderPlace(NamedTuple):
    """What a file says of an order beside its items.

    Args:
        site: Site that ships it.
        month: Month.
        carton: Cartons on record, joined by `;`.
        zone: Zone of its tariff.
    """

    site: str = ""
    month: str = ""
    carton: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some orders of a file.

    Args:
        orders: What can be packed.
        meta: What the file says of each of them.
        faulty: Orders that cannot be packed, with their items and why.
        findings: What is wrong with their rows.
    """

    orders: Orders
    meta: list[OrderPlace]
    faulty: list[tuple[str, list[Any], str]]
    findings: list[Finding]


IN_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "ft": 304.8}
IN_MM |= dict.fromkeys(("in", "inch", "inches"), 25.4)
POUND_G = 453.59237
IN_G = {"g": 1.0, "kg": 1000.0, "oz": POUND_G / 16}
IN_G |= dict.fromkeys(("lb", "lbs", "pound", "pounds"), POUND_G)
"""Units of lengths and masses, in millimetres and grams: international yard and pound (1959)."""
UNIT = re.compile(rf"(?:(?<=[^a-z])|\s)({'|'.join([*IN_MM, *IN_G])})$")


@dataclass(frozen=True, slots=True)
class Units:
    """Units of columns whose headers name none; empty where the header has to.

    Args:
        length: mm, cm, m, in or ft.
        mass: g, kg, lb or oz.

    Raises:
        UsageError: `unknown-unit`.
    """

    length: str = ""
    mass: str = ""

    def __post_init__(self) -> None:
        for said, known in ((self.length, IN_MM), (self.mass, IN_G)):
            if said and said not in known:
                raise UsageError(
                    "unknown-unit", f"'{said}' is not a unit.", f"Choose {', '.join(known)}."
                )


IN_HEADERS = Units()


@dataclass(frozen=True, slots=True)
class Heads:
    """Which column says what.

    Args:
        columns: Header of each field.
        scales: What one unit of a column is, of fields in millimetres and grams.
    """

    columns: dict[str, str]
    scales: dict[str, float]


def _heads(
    names: list[str], words: dict[str, tuple[str, ...]], file: str, units: Units = IN_HEADERS
) -> Heads:
    """Which column of the file says what, and in which unit.

    Raises:
        DataError: `column-twice`, `unit-missing`.
    """
    plain = {n: " ".join(re.sub(r"[_()\[\]]", " ", n.strip().lower()).split()) for n in names}
    found: dict[str, str] = {}
    scales: dict[str, float] = {}
    for field, others in words.items():
        known = IN_MM if field.endswith("_mm") else IN_G if field.endswith("_g") else {}
        known = {} if field == "grade_g_m2" else known
        bases = {
            UNIT.sub("", t).strip() if known else t for t in (field.replace("_", " "), *others)
        }
        for name, text in plain.items():
            unit = UNIT.search(text)
            said = unit.group(1) if unit and unit.group(1) in known else ""
            base = UNIT.sub("", text).strip() if said else text
            if base not in bases:
                continue
            if field in found:
                raise DataError(
                    "column-twice",
                    f"{file}: '{found[field]}' and '{name}' both say '{field}'.",
                    "Keep one of them.",
                )
            found[field] = name
            said = said or (units.length if known is IN_MM else units.mass)
            if known and not said:
                option = "--lengths mm, cm or in" if known is IN_MM else "--masses g, kg or lb"
                raise DataError(
                    "unit-missing",
                    f"{file}: column '{name}' does not say its unit.",
                    f"Write it into the header, such as '{field}', or say {option}.",
                )
            if known:
                scales[field] = known[said]
    return Heads(found, scales)


def read_cartons(path: Path, units: Units = IN_HEADERS) -> tuple[Carton, ...]:
    """Read an assortment; inner lengths are rounded down to whole millimetres.

    Raises:
        DataError: `cartons-unreadable`, `column-twice`, `unit-missing`.
        UsageError: `bad-carton`.
    """
    rows: list[Json] = []
    for block in row_blocks(path, "cartons-unreadable"):
        rows += block.to_pylist()
        if len(rows) > 10_000:
            raise DataError(
                "cartons-unreadable",
                f"{path.name} has more than 10,000 rows.",
                "Is this the file of cartons?",
            )
    if not rows:
        raise DataError(
            "cartons-unreadable", f"{path.name} holds no carton.", "Give one row per size."
        )
    told = _heads(list(rows[0]), CARTON_WORDS, path.name, units)
    heads, scales = told.columns, told.scales
    lacking = {"carton", "length_mm", "width_mm", "height_mm"} - set(heads)
    if lacking:
        raise DataError(
            "cartons-unreadable",
            f"{path.name} has no column {', '.join(sorted(lacking))}.",
            "Name it in the first row.",
        )
    made = []
    for number, row in enumerate(rows, 2):
        cells = {
            field: row[name] for field, name in heads.items() if row.get(name) not in (None, "")
        }
        name = str(cells.get("carton", ""))
        try:
            values = _carton_sizes(cells, scales)
            values |= {f: str(cells[f]).strip() for f in ("board_item", "condition") if f in cells}
            values["source"] = Source(str(cells.get("source", "new")).strip().lower())
            gross = _gross_max(cells, scales)
        except (ValueError, KeyError, OverflowError) as error:
            raise UsageError(
                "bad-carton", f"{path.name} row {number}: {error}.", "Mend its row."
            ) from error
        if not name or any(v < 0 for v in values.values() if isinstance(v, int | float)):
            raise UsageError(
                "bad-carton",
                f"{path.name} row {number}: a carton needs a name and no value below zero.",
                "Mend its row.",
            )
        made.append(_within_gross(Carton(name, **values), gross))
    twice = {c.id for c in made if sum(d.id == c.id for d in made) > 1}
    if twice:
        raise UsageError(
            "bad-carton", f"{path.name}: '{min(twice)}' appears twice.", "Give each size one name."
        )
    return tuple(made)


def _gross_max(cells: Json, scales: dict[str, float]) -> int | None:
    """Greatest gross mass of a parcel that a row names [g].

    Raises:
        ValueError: Where the cell is not a number.
    """
    field = "mass_gross_max_g"
    return _sized(cells[field], scales[field], up=False)[0] if field in cells else None


def _within_gross(carton: Carton, most: int | None) -> Carton:
    """A carton whose greatest gross mass leaves that much for its contents.

    Raises:
        UsageError: `bad-carton` where the carton alone is heavier.
    """
    if most is None:
        return carton
    if most < carton.tare_g:
        raise UsageError(
            "bad-carton",
            f"Carton '{carton.id}' alone weighs {carton.tare_g:.0f} g, more than {most} g gross.",
            "Correct the gross mass or the tare.",
        )
    least = min(carton.mass_max_g, math.floor(most - carton.tare_g))
    exact = carton.exact_mass_max if least == carton.mass_max_g else None
    return replace(carton, mass_max_g=least, exact_mass_max=exact)


def _carton_sizes(cells: Json, scales: dict[str, float]) -> Json:
    """Numbers of a carton: what holds something is rounded down, what takes room is rounded up.

    Raises:
        ValueError: Where a cell is not a number.
        KeyError: Where an inner length is missing.
    """
    inner = {
        f: _sized(cells[f], scales[f], up=False) for f in ("length_mm", "width_mm", "height_mm")
    }
    values: Json = {f: size for f, (size, _) in inner.items()}
    exact = tuple(part for _, part in inner.values())
    values["exact"] = exact if any(part % FINE for part in exact) else None
    if "mass_max_g" in cells:
        values["mass_max_g"] = _sized(cells["mass_max_g"], scales["mass_max_g"], up=False)[0]
        told = _told(cells["mass_max_g"]) * scales["mass_max_g"] * FINE_MASS
        fine = math.ceil(told - PART_NEAR)
        values["exact_mass_max"] = fine if fine % FINE_MASS else None
    if "stock" in cells:
        values["stock"] = int(float(cells["stock"]))
    plain = ("tare_g", "board_m2", "grade_g_m2", "cost")
    values |= {f: float(cells[f]) * scales.get(f, 1.0) for f in plain if f in cells}
    outer = [f for f in ("outer_length_mm", "outer_width_mm", "outer_height_mm") if f in cells]
    if len(outer) == 3:
        values["outer_mm"] = tuple(_sized(cells[f], scales[f], up=True)[0] for f in outer)
    return values


def row_blocks(path: Path, code: str) -> Iterator[Any]:
    """Rows of a file as Arrow tables, a block at a time.

    Parquet, JSON, a table of text in any encoding, a workbook; also as `.gz`, or alone in a `.zip`.
    """
    if not path.is_file():
        raise DataError(code, f"There is no file {path}.", "Check its name.")
    import pyarrow as pa

    try:
        with unpacked(path) as plain:
            yield from _blocks(plain, code)
    except (pa.ArrowInvalid, UnicodeDecodeError, OSError) as error:
        text = str(error).splitlines()[0][:200]
        raise DataError(
            code, f"{path.name} cannot be read: {text}", "Save it again as CSV in UTF-8."
        ) from error


def _blocks(path: Path, code: str) -> Iterator[Any]:
    import pyarrow as pa

    with path.open("rb") as handle:
        start = handle.read(1 << 16)
    if start[:4] == b"PAR1":
        yield from _parquet_blocks(path)
    elif path.suffix.lower() in (".json", ".jsonl"):
        yield from _json_blocks(path)
    elif _is_plain(start):
        yield from _csv_blocks(path, code=code)
    else:
        for rows in named_rows(path):
            yield pa.Table.from_pylist(rows)


def _is_plain(start: bytes) -> bool:
    """Whether a file begins like a CSV in UTF-8 with commas, headers in its first line."""
    first = start.split(b"\n", 1)[0]
    try:
        first.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    binary = b"\0" in start or start[:2] == b"PK"
    return not binary and first.count(b",") > max(first.count(b";"), first.count(b"\t"))


def _parquet_blocks(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for _ in read_apart(parquet_head, path):
        pass
    for batch in pq.ParquetFile(path).iter_batches(BLOCK_ROWS):
        yield pa.Table.from_batches([batch])


def _json_blocks(path: Path) -> Iterator[Any]:
    import pyarrow as pa

    for rows in _json_rows(path):
        keys = dict.fromkeys(k for row in rows for k in row)
        yield pa.Table.from_pylist(
            [{k: None if row.get(k) is None else str(row[k]) for k in keys} for row in rows]
        )


def _csv_blocks(path: Path, *, code: str) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.csv

    between = ","
    with path.open("rb") as handle:
        names = handle.readline().decode("utf-8-sig").rstrip("\r\n").split(between)
    columns = [n.strip().strip('"') for n in names]
    if len(set(columns)) < len(columns):
        raise DataError(code, f"{path.name} names a column twice.", "Give each its own name.")
    texts = dict.fromkeys(columns, pa.string())
    reader = pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(block_size=1 << 20, column_names=columns, skip_rows=1),
        parse_options=pa.csv.ParseOptions(delimiter=between),
        convert_options=pa.csv.ConvertOptions(column_types=texts, strings_can_be_null=False),
    )
    for batch in reader:
        yield pa.Table.from_batches([batch])


def _json_rows(path: Path) -> Iterator[list[Json]]:
    """Objects of a JSON array or of JSON lines.

    An order with `items` becomes one row for each of them.
    """

    def rows(objects: list[Any]) -> list[Json]:
        if not all(isinstance(one, dict) for one in objects):
            raise DataError(
                "orders-unreadable",
                f"{path.name} holds something other than objects.",
                "Write one object per order.",
            )
        out = []
        for one in objects:
            items = one.get("items")
            rest = {k: v for k, v in one.items() if k != "items"}
            nested = isinstance(items, list) and items
            out += [rest | (i if isinstance(i, dict) else {}) for i in items] if nested else [rest]
        return out

    for content in read_apart(json_objects, path, "orders-unreadable"):
        objects = (
            content.get("orders", content.get("cartons")) if isinstance(content, dict) else content
        )
        yield rows(objects if isinstance(objects, list) else [])


def open_orders(
    orders: Path, cartons: Path | None, units: Units = IN_HEADERS
) -> tuple[tuple[Carton, ...], Iterator[Block]]:
    """An assortment and orders in blocks.

    The cartons of a text file of orders serve where no others are given.

    Raises:
        DataError: `orders-unreadable`, `cartons-unreadable`.
        UsageError: `no-cartons`, `bad-carton`.
    """
    text = read_text(orders)
    if cartons is not None:
        return read_cartons(cartons, units), text[1] if text else read_orders(orders, units)
    if text is None:
        raise UsageError(
            "no-cartons", f"{orders.name} holds no cartons.", "Give them with --cartons FILE."
        )
    return text


def read_text(path: Path) -> tuple[tuple[Carton, ...], Iterator[Block]] | None:
    """Cartons and orders of the text format of packing benchmarks.

    None where the file is of another.

    `C n`, then n cartons: id, inner length, width, height (mm), maximum mass (g), tare (g). `O n`,
    then per order its number and how many pieces, and per piece: index, length, width, height (mm),
    mass (g), 1 for this side up, 1 for fragile.

    Raises:
        DataError: `orders-unreadable`.
    """
    if not path.is_file():
        raise DataError("orders-unreadable", f"There is no file {path}.", "Check its name.")
    handle = path.open(encoding="utf-8", errors="replace")
    first = handle.readline().split()
    if len(first) != 2 or first[0] != "C" or not first[1].isdigit():
        handle.close()
        return None

    try:
        cartons = []
        for _ in range(int(first[1])):
            name, *rest = handle.readline().split()
            length, width, height, most, tare = map(int, rest)
            cartons.append(Carton(name, length, width, height, mass_max_g=most, tare_g=tare))
        word, count = handle.readline().split()
        if word != "O":
            raise ValueError
    except ValueError as error:
        handle.close()
        raise _text_fault(path, len(cartons) + 2) from error

    return tuple(cartons), _text_blocks(handle, path, len(cartons) + 2, int(count))


def _text_fault(path: Path, line: int) -> DataError:
    return DataError(
        "orders-unreadable",
        f"{path.name} line {line} is not what the format asks for.",
        "See the guide of packing.",
    )


def _text_blocks(handle: TextIO, path: Path, line: int, count: int) -> Iterator[Block]:
    """Orders of the text format from the line after `O n`, and that nothing follows them."""
    import pyarrow as pa

    seen = np.empty(0, np.uint64)
    with handle:
        for start in range(0, count, TEXT_ORDERS):
            first = line + 1
            rows: list[tuple[int, ...]] = []
            names: list[int] = []
            for _ in range(min(TEXT_ORDERS, count - start)):
                try:
                    line += 1
                    order, pieces = map(int, handle.readline().split())
                    if not 1 <= pieces <= ITEMS_IN_ORDER_MAX:
                        raise ValueError
                    if names and names[-1] == order:
                        raise DataError(
                            "order-scattered",
                            f"{path.name}: order '{order}' appears twice.",
                            "Number the orders.",
                        )
                    names += [order] * pieces
                    for _ in range(pieces):
                        line += 1
                        rows.append(_text_row(handle.readline()))
                except ValueError as error:
                    raise _text_fault(path, line) from error
            try:
                values = np.array(rows, np.int64).reshape(-1, len(_TEXT))
            except OverflowError as error:
                raise _text_fault(path, line) from error
            columns = dict(zip(_TEXT, values.T, strict=True))
            columns["turn"] = np.where(columns["turn"] > 0, "upright", "any")
            table = pa.table({"order": names, **columns})
            seen = _new_orders(seen, table.column("order"), path.name)
            heads = Heads({name: name for name in table.column_names}, dict.fromkeys(SIZES, 1.0))
            yield Block(table, heads, path.name, first)
        if handle.read().strip():
            raise DataError(
                "orders-unreadable",
                f"{path.name} holds more than its {count} orders.",
                "Correct the line 'O n'.",
            )


def _text_row(line: str) -> tuple[int, ...]:
    """Whole numbers of a line that describes a piece.

    Raises:
        ValueError: Where it does not hold as many as the format asks for.
    """
    row = tuple(map(int, line.split()))
    if len(row) != len(_TEXT):
        raise ValueError(line)
    return row


_TEXT = ("item", "length_mm", "width_mm", "height_mm", "mass_g", "turn", "fragile")


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of some whole orders as they stand in a file, to be read wherever there is time.

    Args:
        table: The rows, an Arrow table.
        heads: Which column says what.
        file: Name of the file.
        line: Line of the first row.
    """

    table: Any
    heads: Heads
    file: str
    line: int

    def read(self) -> Batch:
        """Arrays of the orders; row by row only where a cell is not plain."""
        fast = self._columns()
        if fast is not None:
            return fast
        rows = [(self.line + k, row) for k, row in enumerate(self.table.to_pylist())]
        return _batch(rows, self.heads, self.file)

    def name(self) -> str:
        """Where the orders stand."""
        return f"{self.file} rows {self.line} to {self.line + len(self.table) - 1}"

    def sites(self) -> list[str]:
        """Site of each order, by its first row."""
        columns = self.heads.columns
        begins = _begins(self.table.column(columns["order"]))
        if "site" not in columns or columns["site"] not in self.table.column_names:
            return [""] * len(begins)
        return [str(s or "") for s in self.table.column(columns["site"]).take(begins).to_pylist()]

    def _columns(self) -> Batch | None:  # noqa: PLR0911 - each look may send it the slow way
        """Arrays of the orders where every cell is plain; None where one is to be looked at."""
        heads = self.heads.columns
        if {"quantity", "fold_volume_mm3", "load_max_g"} & set(heads):
            return None
        there = set(self.table.column_names)
        cells = {
            field: self.table.column(name).to_pylist()
            for field, name in heads.items()
            if name in there
        }
        begins = _begins(self.table.column(heads["order"]))
        offsets = np.array([*begins, len(self.table)], np.int64)
        ids = [
            n if isinstance(n, int) else str(n if n is not None else "").strip()
            for n in (cells["order"][k] for k in begins)
        ]
        try:
            columns = _plain(cells, self.heads.scales)
        except ValueError:
            return None
        if "" in ids or len(set(ids)) < len(ids) or np.diff(offsets).max() > ITEMS_IN_ORDER_MAX:
            return None
        items = cells.get("item") or [
            k - a for a, b in pairwise(offsets.tolist()) for k in range(a, b)
        ]
        if None in items or "" in items:
            return None
        if "carton" in cells and any(
            len(set(cells["carton"][a:b])) > 1 for a, b in pairwise(offsets.tolist())
        ):
            return None
        places = [cells.get(f) for f in OrderPlace._fields]
        meta = [
            OrderPlace(*(str(p[k] or "") if p is not None else "" for p in places)) for k in begins
        ]
        poorest = [
            str(cells["condition"][k] or "D") if "condition" in cells else "D" for k in begins
        ]
        if set(poorest) - set(CONDITIONS):
            return None
        returns = columns.pop("returns", None)
        if returns is not None:
            returns = np.logical_or.reduceat(returns, offsets[:-1])
        grades = [CONDITIONS.index(p) for p in poorest]
        exact, masses = columns.pop("exact"), columns.pop("exact_masses")
        orders = orders_from(ids, offsets, items, columns, returns, grades, exact, masses)
        return Batch(orders, meta, [], [])


SIZES = ("length_mm", "width_mm", "height_mm", "mass_g")
PART_NEAR = 1e-3
"""Parts of a gram by which a converted mass may miss a whole one.

What lies between two parts counts as the lower one of a piece and as the higher one of a carton, so
that no proof stands on rounding.
"""
NEAR = 1e-6
"""Millimetres or grams by which a converted size may miss a whole one."""


def _plain(cells: dict[str, list[Any]], scales: dict[str, float]) -> dict[str, Any]:
    """Columns of items where every cell is plain.

    Sizes are rounded up to whole millimetres and grams; `exact` has the lengths as they are,
    `exact_masses` the masses.

    Raises:
        ValueError: Where one is not.
    """
    columns: dict[str, Any] = {}
    told = {f: np.array(cells[f], np.float64) * scales[f] for f in SIZES}
    for field in SIZES:
        values = np.ceil(told[field] - NEAR)
        least, most = (0, MASS_G_MAX) if field == "mass_g" else (1, LENGTH_MM_MAX)
        if not ((values >= least) & (values <= most)).all():
            raise ValueError(field)
        columns[field] = values
    columns["exact_masses"] = _parts(np.floor(told["mass_g"] * FINE_MASS + PART_NEAR), FINE_MASS)
    columns["exact"] = _parts(np.rint(np.stack([told[f] for f in SIZES[:3]], axis=1) * FINE), FINE)
    for field in ("fragile", "own_box", "returns"):
        if field in cells:
            flags = {t: _flag(t) for t in set(cells[field])}
            columns[field] = np.array([flags[t] for t in cells[field]], np.bool_)
    if "turn" in cells:
        columns["turn"] = np.array([str(t or "any").strip().lower() for t in cells["turn"]])
        if set(np.unique(columns["turn"])) - set(TURNS):
            raise ValueError("turn")
    for field in ("apart", "together"):
        if field in cells:
            columns[field] = [str(t or "") for t in cells[field]]
    return columns


def read_orders(path: Path, units: Units = IN_HEADERS) -> Iterator[Block]:
    """Read orders in blocks of whole orders; the rows of one order stand together.

    Raises:
        DataError: `orders-unreadable`, `order-scattered`, `column-twice`, `unit-missing`.
    """
    import pyarrow as pa

    heads: Heads | None = None
    seen = np.empty(0, np.uint64)
    waiting = None
    known: list[str] = []
    line = 2
    for rows in row_blocks(path, "orders-unreadable"):
        if heads is None or set(rows.column_names) - set(known):
            known = list(dict.fromkeys([*known, *rows.column_names]))
            heads = _heads(known, ORDER_WORDS, path.name, units)
            lacking = {"order", "length_mm", "width_mm", "height_mm", "mass_g"} - set(heads.columns)
            if lacking:
                raise DataError(
                    "orders-unreadable",
                    f"{path.name} has no column {', '.join(sorted(lacking))}.",
                    "Name it in the first row.",
                )
        waiting = (
            rows
            if waiting is None
            else pa.concat_tables([waiting, rows], promote_options="permissive")
        )
        begins = _begins(waiting.column(heads.columns["order"]))
        done = 0
        for at in range(
            BATCH_ORDERS, len(begins), BATCH_ORDERS
        ):  # the last order may go on in the next block
            block = waiting.slice(begins[done], begins[at] - begins[done])
            seen = _new_orders(seen, block.column(heads.columns["order"]), path.name)
            yield Block(block, heads, path.name, line)
            line += len(block)
            done = at
        waiting = waiting.slice(begins[done]).combine_chunks() if len(begins) else waiting
    if waiting is None or not len(waiting) or not heads:
        raise DataError(
            "orders-unreadable", f"{path.name} holds no order.", "Give one row per item."
        )
    _new_orders(seen, waiting.column(heads.columns["order"]), path.name)
    yield Block(waiting, heads, path.name, line)


def _begins(column: Any) -> list[int]:
    """Rows at which another order begins."""
    import pyarrow.compute as pc

    if not len(column):
        return []
    column = column.combine_chunks()
    changed = pc.fill_null(pc.not_equal(column.slice(1), column.slice(0, len(column) - 1)), True)
    return [0, *(np.nonzero(changed.to_numpy(zero_copy_only=False))[0] + 1).tolist()]


def _new_orders(seen: Any, column: Any, file: str) -> Any:
    """Add the orders of a block to those seen, eight bytes for each.

    Raises:
        DataError: `order-scattered`.
    """
    values = column.combine_chunks()
    names = [str(v) for v in values.take(_begins(column)).to_pylist()]
    hashes = np.array([_hash(n) for n in names], np.uint64)
    order = np.argsort(hashes, kind="stable")
    at = np.searchsorted(seen, hashes[order])
    again = np.zeros(len(hashes), np.bool_)
    if len(seen):
        again = seen[np.minimum(at, len(seen) - 1)] == hashes[order]
    again[1:] |= hashes[order][1:] == hashes[order][:-1]
    if again.any():
        odd = names[order[np.nonzero(again)[0][0]]]
        raise DataError(
            "order-scattered",
            f"{file}: rows of order '{odd}' do not stand together.",
            "Sort the file by order.",
        )
    return np.insert(seen, at, hashes[order])


def _hash(name: str) -> int:
    from hashlib import blake2b

    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


def _sized(value: Any, scale: float, *, up: bool) -> tuple[int, int]:
    """A number from a cell: whole, rounded to the safe side, and in parts (`FINE`).

    Raises:
        ValueError: For anything else.

    Example:
        >>> _sized("12", 25.4, up=True), _sized("10", 25.4, up=False), _sized("1,200", 1.0, up=True)
        ((305, 30480000), (254, 25400000), (1200, 120000000))
    """
    told = _told(value) * scale
    if not abs(told) < 1e18:
        raise ValueError("not a number of sensible size")
    size = math.ceil(told - NEAR) if up else math.floor(told + NEAR)
    return size, round(told * FINE)


def _told(value: Any) -> float:
    """A number from a cell, with or without separators of thousands.

    Raises:
        ValueError: For anything else.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}(,\d{3})+(\.\d+)?\s*", value):
        value = value.replace(",", "")
    return float(value)


def _flag(value: Any) -> bool:
    text = str(value).strip().lower() if value is not None else ""
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise ValueError(f"'{value}' is neither yes nor no")


def _item(cell: Json, scales: dict[str, float]) -> tuple[Item, int, bool, list[int], int]:
    """An item from its cells, how many, whether the route returns, its exact lengths and mass.

    Raises:
        ValueError: With what is wrong.
    """

    def limit(field: str, *, up: bool) -> int | None:
        if cell.get(field) in (None, ""):
            return None
        return _sized(cell[field], scales.get(field, 1.0), up=up)[0]

    try:
        sized = [_sized(cell[f], scales[f], up=True) for f in SIZES]
        length, width, height, mass = (size for size, _ in sized)
        exact = [part for _, part in sized[:3]]
        exact_mass = math.floor(_told(cell["mass_g"]) * scales["mass_g"] * FINE_MASS + PART_NEAR)
        item = Item(
            length,
            width,
            height,
            mass,
            turn=str(cell.get("turn") or "any").strip().lower(),
            fragile=_flag(cell.get("fragile")),
            load_max_g=limit("load_max_g", up=False),
            fold_volume_mm3=limit("fold_volume_mm3", up=True),
            own_box=_flag(cell.get("own_box")),
            apart=str(cell.get("apart") or ""),
            together=str(cell.get("together") or ""),
        )
        told = cell.get("quantity")
        quantity = 1 if told in (None, "") else _sized(told, 1.0, up=False)[0]
        if told not in (None, "") and quantity != float(str(told).replace(",", "")):
            raise ValueError(f"quantity is {told}, not whole")
        returns = _flag(cell.get("returns"))
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"a cell cannot be read: {error}") from error
    if item.fault:
        raise ValueError(item.fault)
    if not 1 <= quantity <= ITEMS_IN_ORDER_MAX:
        raise ValueError(f"quantity is {quantity}, outside 1 to {ITEMS_IN_ORDER_MAX:,}")
    return item, quantity, returns, exact, exact_mass


def _parts(exact: Any, whole: int) -> Any:
    """Exact amounts of items in parts; None where all are whole, which `whole` parts make."""
    amounts = np.array(exact, np.int64)
    return amounts if (amounts % whole).any() else None


@dataclass(slots=True)
class _Read:
    """One order while its rows are read."""

    items: list[tuple[Any, Item | None]]
    meta: OrderPlace
    exact: list[list[int]]
    exact_masses: list[int]
    returns: bool = False
    condition: str = "D"
    fault: str = ""


def _batch(rows: list[tuple[int, Json]], heads: Heads, file: str) -> Batch:
    """Arrays of the orders that can be packed, and what is wrong with the others."""
    read: dict[Any, _Read] = {}
    findings: list[Finding] = []
    for line, row in rows:
        cell = {field: row.get(name) for field, name in heads.columns.items()}
        told = cell["order"]
        name = told if isinstance(told, int) else str(told if told is not None else "").strip()
        place = OrderPlace(*(str(cell.get(f) or "") for f in OrderPlace._fields))
        order, used = read.setdefault(name, _Read([], place, [], [])), place.carton
        if used and used not in order.meta.carton.split(";"):
            both = ";".join(filter(None, (order.meta.carton, used)))
            order.meta = order.meta._replace(carton=both)
        label = cell.get("item")
        label = len(order.items) if label in (None, "") else label
        try:
            item, quantity, returns, exact, exact_mass = _item(cell, heads.scales)
            if name == "":
                raise ValueError("the order has no name")
            if str(cell.get("condition") or "D") not in CONDITIONS:
                raise ValueError(
                    f"condition is '{cell.get('condition')}', none of {', '.join(CONDITIONS)}"
                )
            if len(order.items) + quantity > ITEMS_IN_ORDER_MAX:
                raise ValueError(f"the order has more than {ITEMS_IN_ORDER_MAX:,} items")
        except ValueError as error:
            order.fault = order.fault or str(error)
            findings.append(Finding.of(BAD_ITEM, f"Order '{name}': {error}.", file=file, row=line))
            order.items.append((label, None))
            continue
        order.returns |= returns
        order.exact += [exact] * quantity
        order.exact_masses += [exact_mass] * quantity
        order.condition = min(order.condition, str(cell.get("condition") or "D"))
        order.items += [
            (label if quantity == 1 else f"{label}.{k + 1}", item) for k in range(quantity)
        ]
    good = {name: order for name, order in read.items() if not order.fault}
    columns = columns_of(
        [item for order in good.values() for _, item in order.items if item is not None]
    )
    orders = orders_from(
        list(good),
        np.concatenate([[0], np.cumsum([len(o.items) for o in good.values()])]),
        [label for order in good.values() for label, _ in order.items],
        columns,
        [o.returns for o in good.values()],
        [CONDITIONS.index(o.condition) for o in good.values()],
        _parts([part for o in good.values() for part in o.exact], FINE),
        _parts([part for o in good.values() for part in o.exact_masses], FINE_MASS),
    )
    broken = [
        (name, [label for label, _ in order.items], order.fault)
        for name, order in read.items()
        if order.fault
    ]
    return Batch(orders, [order.meta for order in good.values()], broken, findings)
