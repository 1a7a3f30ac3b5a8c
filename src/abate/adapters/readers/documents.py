"""What is read of PDF, JSON and XML files. Runs in a process of its own: see `apart`."""

from __future__ import annotations

import calendar
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from abate.adapters.readers.workbooks import cell_text
from abate.kernel.edges import Json
from abate.kernel.errors import DataError

PAGES_MAX, REPORT_PAGES_MAX = 30, 400
JSON_MAX_BYTES = 100 << 20
BATCH_OBJECTS = 4096
WORD = ("text", "x0", "top", "x1", "bottom")
"""What is known of a word on a page: its text, and its place in points."""


def pdf_lines(path: Path) -> Iterator[list[Any]]:
    """Page number of each line of text, from 1, and its words as in `WORD`.

    Raises:
        DataError: `unreadable-file`.
    """
    import pdfplumber
    from pdfminer.pdfexceptions import PDFException
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(path) as document:
            if len(document.pages) > PAGES_MAX:
                text = f"{path.name} has more than {PAGES_MAX} pages."
                raise DataError("unreadable-file", text, "Take the bill alone.")
            for number, page in enumerate(document.pages, 1):
                for line in page.extract_text_lines(return_chars=False):
                    box = (line["x0"], line["top"], line["x1"], line["bottom"])
                    words = page.crop(box, strict=False).extract_words()
                    yield [
                        number,
                        [[w[k] if k == "text" else float(w[k]) for k in WORD] for w in words],
                    ]
                page.close()
    except (PdfminerException, PDFException, ValueError, KeyError, TypeError) as error:
        text = f"{path.name} is no PDF that can be read."
        raise DataError("unreadable-file", text, "Save it again as PDF.") from error


def pdf_pages(path: Path) -> Iterator[list[Any]]:
    """The text of each page outside its tables, and the tables, cell by cell.

    Raises:
        DataError: `unreadable-file`.
    """
    import pdfplumber
    from pdfminer.pdfexceptions import PDFException
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(path) as document:
            if len(document.pages) > REPORT_PAGES_MAX:
                text = f"{path.name} has more than {REPORT_PAGES_MAX} pages."
                raise DataError("unreadable-file", text, "Check a part of it at a time.")
            for page in document.pages:
                tables = page.find_tables() if page.lines or page.rects else []
                held = [t for t in tables if len(t.rows) > 1 and len(t.columns) > 1]
                rest = page
                for table in held:
                    rest = rest.outside_bbox(table.bbox, strict=False)
                cells = [[[c or "" for c in row] for row in t.extract()] for t in held]
                yield [rest.extract_text() or "", cells]
                page.close()
    except (PdfminerException, PDFException, ValueError, KeyError, TypeError) as error:
        text = f"{path.name} is no PDF that can be read."
        raise DataError("unreadable-file", text, "Save it again as PDF.") from error


def json_objects(path: Path, code: str) -> Iterator[Any]:
    """The objects of JSON lines, some at a time, or the one value of a JSON file.

    Args:
        path: The file.
        code: Code of the error where it is no JSON.

    Raises:
        DataError: `file-too-large`, or `code`.
    """
    try:
        with path.open(encoding="utf-8-sig") as handle:
            if path.suffix.lower() in (".jsonl", ".ndjson"):
                lines = (line for line in handle if line.strip())
                while block := list(islice(lines, BATCH_OBJECTS)):
                    yield [json.loads(line) for line in block]
                return
            if path.stat().st_size > JSON_MAX_BYTES:
                text = f"{path.name} is larger than {JSON_MAX_BYTES >> 20} MiB."
                raise DataError("file-too-large", text, "Write it as JSON lines (.jsonl).")
            yield json.load(handle)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            code, f"{path.name} cannot be read: {error}.", "Save it as JSON in UTF-8."
        ) from error
    except RecursionError as error:
        raise DataError(
            code, f"{path.name} is nested too deep.", "Write a list of objects."
        ) from error


def json_table(path: Path) -> Iterator[list[Any]]:
    """The longest list of objects of a JSON file as rows: the keys, then the values as texts.

    Raises:
        DataError: `unreadable-file`, `empty-file`.
    """
    parts = list(json_objects(path, "unreadable-file"))
    whole = parts[0] if len(parts) == 1 else [o for part in parts for o in part]
    objects = max(_lists(whole), key=len, default=[])
    if not objects:
        raise DataError(
            "empty-file", f"{path.name} holds no list of objects.", "Write a list of objects."
        )
    flat = [_flat(o) for o in objects]
    keys = list(dict.fromkeys(k for one in flat for k in one))
    yield [[1, keys]]
    numbered = enumerate(flat, 2)
    while block := list(islice(numbered, BATCH_OBJECTS)):
        yield [[k, [cell_text(one.get(key)) for key in keys]] for k, one in block]


def _lists(node: Any) -> Iterator[list[Any]]:
    """Lists of objects in a value, at any depth."""
    if isinstance(node, list):
        if node and all(isinstance(o, dict) for o in node):
            yield node
        for one in node[:1000]:
            yield from _lists(one)
    elif isinstance(node, dict):
        for value in node.values():
            yield from _lists(value)


def _flat(node: Json, before: str = "") -> Json:
    """An object without objects in it: their keys follow its own behind a blank."""
    found: Json = {}
    for key, value in node.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{key} ")
        elif not isinstance(value, list):
            found[f"{before}{key}"] = value
    return found


def espi_readings(path: Path) -> Iterator[list[Any]]:
    """Of a Green Button file, for each meter reading that has intervals.

    Usage point, kind of service, power of ten, unit, direction, behaviour of accumulation, length
    of an interval [s], begin [s since 1970] and value of each interval.

    Raises:
        DataError: `bad-green-button`.
    """
    types: dict[str, dict[str, str]] = {}
    of_reading: dict[str, str] = {}
    kinds: dict[str, str] = {}
    blocks: dict[str, tuple[list[int], list[float], list[int]]] = {}
    try:
        inside = 0
        for event, node in ET.iterparse(path, events=("start", "end")):  # noqa: S314 - in a process of its own
            if _tag(node) == "entry":
                inside += 1 if event == "start" else -1
            if event == "start":
                continue
            if not inside and _tag(node) in (
                "ReadingType",
                "IntervalBlock",
            ):  # a feed without entries
                _entry(node, [], (types, of_reading, kinds, blocks))
            elif _tag(node) == "entry":
                links = [(c.get("rel", ""), c.get("href", "")) for c in node if _tag(c) == "link"]
                content = next((c for c in node if _tag(c) == "content"), None)
                for one in content if content is not None else ():
                    _entry(one, links, (types, of_reading, kinds, blocks))
                node.clear()
        yield from _by_reading(types, of_reading, kinds, blocks)
    except (ET.ParseError, KeyError, ValueError, TypeError, OverflowError) as error:
        text = f"{path.name} is no sound Green Button file: {error}."
        raise DataError("bad-green-button", text, "Export it again.") from error


Espi = tuple[
    dict[str, dict[str, str]],
    dict[str, str],
    dict[str, str],
    dict[str, tuple[list[int], list[float], list[int]]],
]


def _tag(node: ET.Element) -> str:
    return node.tag.rsplit("}", 1)[-1]


def _entry(one: ET.Element, links: list[tuple[str, str]], espi: Espi) -> None:
    """Take the content of an entry of a feed."""
    types, of_reading, kinds, blocks = espi
    own = next((h for r, h in links if r == "self"), "")
    tag = _tag(one)
    if tag == "ReadingType":
        types[own] = {_tag(child): (child.text or "").strip() for child in one}
    elif tag == "MeterReading":
        of_reading[own] = next((h for r, h in links if r == "related" and "ReadingType" in h), "")
    elif tag == "UsagePoint":
        kinds[own] = next((n.text or "" for n in one.iter() if _tag(n) == "kind"), "")
    elif tag == "IntervalBlock":
        up = own or next((h for r, h in links if r == "up"), "")
        begun, values, lengths = blocks.setdefault(up.split("/IntervalBlock")[0], ([], [], []))
        for node in one.iter():
            if _tag(node) == "IntervalReading":
                parts = {_tag(child): child for child in node}
                period = {_tag(child): child.text for child in parts["timePeriod"]}
                begun.append(int(period.get("start") or "x"))
                lengths.append(int(period.get("duration") or 0))
                values.append(float(parts["value"].text or "nan"))


def _by_reading(
    types: dict[str, dict[str, str]],
    of_reading: dict[str, str],
    kinds: dict[str, str],
    blocks: dict[str, tuple[list[int], list[float], list[int]]],
) -> Iterator[list[Any]]:
    for reading, (begun, values, lengths) in blocks.items():
        if not begun:
            continue
        named = of_reading.get(reading, "")
        said = types.get(named) or (next(iter(types.values())) if len(types) == 1 else None)
        if said is None and len(types) > 1:
            raise ValueError(f"no reading type of {reading or 'an interval block'}")
        said = said or {}
        point = reading.split("/MeterReading")[0]
        kind = kinds.get(point) or (next(iter(kinds.values())) if len(kinds) == 1 else "")
        usual = max(set(lengths), key=lengths.count)
        length = usual or int(said.get("intervalLength") or 0)
        about = [
            said.get(k, "")
            for k in ("powerOfTenMultiplier", "uom", "flowDirection", "accumulationBehaviour")
        ]
        yield [point, kind, *about, length, begun, values]


WEATHER = {
    "temperature": ("temp_air", "°C"),
    "ghi": ("ghi", "W/m2"),
    "dni": ("dni", "W/m2"),
    "dhi": ("dhi", "W/m2"),
    "poa": ("poa_global", "W/m2"),
    "wind_speed": ("wind_speed", "m/s"),
    "humidity": ("relative_humidity", "%"),
    "pressure": ("pressure", "Pa"),
    "power": ("P", "W"),
}
"""Series of weather with their names in pvlib and their units."""


def weather_columns(path: Path, kind: str) -> Iterator[list[Any]]:
    """Of a file of weather: begin of its first hour [s since 1970, UTC], and its series.

    Years of typical months, of which each comes from another year, are laid into the usual one.

    Args:
        path: The file.
        kind: `epw`, `tmy3` or `pvgis`.

    Source: EnergyPlus Weather File format; NREL/TP-581-43156 (TMY3); PVGIS 5; read by pvlib.

    Raises:
        DataError: `no-series`.
    """
    try:
        table = _weather(path, kind)
        table = table.rename(columns={"atmospheric_pressure": "pressure"})
        found = {n: unit for n, (source, unit) in WEATHER.items() if source in table.columns}
        values = [table[WEATHER[name][0]].astype(float).tolist() for name in found]
        yield [_first_hour(table.index), list(found), list(found.values()), values]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise DataError(
            "no-series", f"{path.name} is no sound file of weather: {error}.", "Export it again."
        ) from error


def _weather(path: Path, kind: str) -> Any:
    from pvlib import iotools

    if kind == "epw":
        return iotools.read_epw(str(path), coerce_year=None)[0]
    if kind == "tmy3":
        table = iotools.read_tmy3(str(path), coerce_year=None, map_variables=True)[0]
        table.index = table.index - (table.index[1] - table.index[0])  # times name the end
        return table.assign(pressure=table["pressure"] * 100) if "pressure" in table else table
    with path.open(encoding="utf-8") as handle:
        typical = any(line.startswith("time(UTC)") for line in islice(handle, 40))
    read = iotools.read_pvgis_tmy if typical else iotools.read_pvgis_hourly
    return read(str(path), pvgis_format="csv", map_variables=True)[0]


def _first_hour(index: Any) -> int:
    """Begin of the first hour [s since 1970]; of months of several years that of the usual one.

    A leap year is not taken where its day is missing.
    """
    first = index[0]
    hours = (index[-1] - first).total_seconds() / 3600
    if round(hours) != len(index) - 1:
        usual = int(index.year.value_counts().index[0])
        first = first.replace(year=usual - int(calendar.isleap(usual) and len(index) <= 8760))
    return int(first.timestamp()) // 3600 * 3600


def opens_as_workbook(path: Path) -> Iterator[bool]:
    """Whether the library that fills templates opens a workbook.

    Raises:
        DataError: `bad-template-file`.
    """
    import warnings

    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_workbook(path, data_only=True)
    except Exception as error:
        raise DataError(
            "bad-template-file",
            f"{path.name} cannot be read.",
            "Take EFRAG's VSME digital template.",
        ) from error
    yield True
