"""Formats of meters that have a name of their own.

Green Button, NEM12 and NEM13, JSON of portals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.channels import Channel
from abate.adapters.readers.clock import EPOCH, read_times
from abate.adapters.readers.documents import espi_readings, json_objects
from abate.adapters.readers.layouts import Row, is_time
from abate.adapters.readers.numerals import is_number
from abate.adapters.readers.sheets import encoding_of
from abate.energy.facts.readings import READING_FLAGGED
from abate.energy.facts.words import unit_named
from abate.kernel.edges import Json
from abate.kernel.errors import DataError
from abate.kernel.finding import Finding

ESPI_UNITS = {
    72: ("kWh", 1e-3),
    38: ("kW", 1e-3),
    169: ("therm", 1.0),
    42: ("m3", 1.0),
    119: ("ft3", 1.0),
    73: ("kVArh", 1e-3),
    71: ("kVAh", 1e-3),
    31: ("kJ", 1e-3),
    134: ("L", 1.0),
}
"""Units of measure of ESPI, with the factor to a unit of readings. Source.

NAESB REQ.21, UomType.
"""
ESPI_FLOWS = {"1": "import", "19": "export"}
"""Directions of ESPI. Source: NAESB REQ.21, FlowDirectionType."""
ESPI_KINDS = {"1": "gas", "2": "water"}
"""Services other than electricity. Source: NAESB REQ.21, ServiceKind."""
ESPI_COUNTERS = ("1", "2", "3", "9")
"""Behaviours of accumulation of a counter. Source: NAESB REQ.21, AccumulationBehaviourType."""
NEM_FLOWS = {"E": "import", "B": "export", "Q": "reactive", "K": "reactive"}
"""Directions of data streams by the first letter of their suffix. Source: AEMO, NMI procedure."""
NEM_OFFSET_S = 36_000
"""NEM12 keeps market time, UTC+10, all year. Source: AEMO, MDFF specification NEM12 and NEM13."""


def green_button(path: Path, name: str) -> list[Channel]:
    """Series of a Green Button file: one for each usage point, direction, unit and length of step.

    Source: NAESB REQ.21 (ESPI); values times ten to the power of the multiplier, in the unit of
        measure.

    Raises:
        DataError: `bad-green-button`.
    """
    with path.open("rb") as handle:
        head = handle.read(4096)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise DataError(
            "bad-green-button", f"{name} declares entities.", "Export it again from the utility."
        )
    merged: dict[tuple[str, str, str, int, bool], list[tuple[Any, Any]]] = {}
    for point, kind, power, uom, flow, behaviour, length, begun, values in read_apart(
        espi_readings, path
    ):
        unit, scale = _espi_unit(uom, power, name)
        if max(abs(b) for b in begun) > 7_000_000_000:
            raise DataError(
                "bad-green-button", f"{name} has a time that cannot be.", "Export it again."
            )
        medium = ESPI_KINDS.get(kind, "") or ESPI_FLOWS.get(flow, "")
        key = (point, medium, unit, int(length), behaviour in ESPI_COUNTERS)
        merged.setdefault(key, []).append(
            (np.array(begun, "datetime64[s]"), np.array(values, float) * scale)
        )
    if not merged:
        raise DataError(
            "bad-green-button", f"{name} holds no interval reading.", "Export intervals, not bills."
        )
    return _named([_espi_channel(key, parts) for key, parts in merged.items()], Path(name).stem)


def _espi_unit(uom: str, power: str, name: str) -> tuple[str, float]:
    try:
        number, tens = int(uom or 72), int(power or 0)
        unit, factor = ESPI_UNITS[number]
    except (KeyError, ValueError) as error:
        text = f"{name} is no sound Green Button file: unit {uom}, multiplier {power}."
        raise DataError("bad-green-button", text, "Export it again.") from error
    if abs(tens) > 12:
        raise DataError(
            "bad-green-button", f"{name} has a multiplier that cannot be.", "Export it again."
        )
    return unit, factor * 10.0**tens


def _espi_channel(key: tuple[str, str, str, int, bool], parts: list[tuple[Any, Any]]) -> Channel:
    point, flow, unit, length, counts = key
    at = np.concatenate([a for a, _ in parts])
    value = np.concatenate([v for _, v in parts])
    name = f"{flow or unit}{' register' if counts else ''}"
    step = length if 60 <= length <= 86_400 else 0
    return Channel(
        name, unit, at, value, flow, point, step_s=step if len(at) < 3 else _usual(at) or step
    )


def _usual(at: Any) -> int:
    """The usual distance of times [s], 0 where there is none."""
    apart = np.diff(np.unique(at)).astype(np.int64)
    lengths, counts = np.unique(apart, return_counts=True)
    step = int(lengths[counts.argmax()]) if len(lengths) else 0
    return step if 60 <= step <= 86_400 else 0


def _named(channels: list[Channel], stem: str) -> list[Channel]:
    """Names that differ; of one meter and direction only the finest steps that cover the rest."""
    kept: list[Channel] = []
    for c in sorted(channels, key=lambda c: c.step_s or 10**9):
        same = [
            k
            for k in kept
            if (k.meter, k.flow, k.unit) == (c.meter, c.flow, c.unit) and k.step_s < c.step_s
        ]
        if same and any(
            k.at.min() <= c.at.min() + np.timedelta64(86_400, "s")
            and k.at.max() >= c.at.max() - np.timedelta64(86_400, "s")
            for k in same
        ):
            continue
        kept.append(c)
    kept = [c for c in channels if any(c is k for k in kept)]
    if len(kept) == 1:
        register = " register" if kept[0].name.endswith(" register") else ""
        return [replace(kept[0], name=stem + register)]
    points = sorted({c.meter for c in kept})
    names = [
        f"{'' if len(points) == 1 else c.meter.rsplit('/', 1)[-1] + '/'}{c.name}" for c in kept
    ]
    again = {n for n in names if names.count(n) > 1}
    return [
        replace(c, name=f"{n} {c.unit} {c.step_s} s {k}" if n in again else n)
        for k, (c, n) in enumerate(zip(kept, names, strict=True), 1)
    ]


@dataclass(slots=True)
class _Stream:
    """A data stream of NEM12 that is being read."""

    meter: str
    suffix: str
    unit: str
    minutes: int
    days: list[Any]
    values: list[list[float]]
    flags: list[list[bool]]

    @property
    def flagged(self) -> int:
        """Readings that are estimated or substituted."""
        return sum(map(sum, self.flags))


def nem(path: Path, name: str) -> tuple[list[Channel], list[Finding]]:
    """Series of NEM12 (intervals) or NEM13 (registers), with how many readings are substituted.

    Source: AEMO, Meter Data File Format Specification NEM12 and NEM13.

    Raises:
        DataError: `bad-nem`.
    """
    streams: dict[tuple[str, ...], _Stream] = {}
    periods: dict[tuple[str, str, str], list[tuple[Any, float]]] = {}
    stream: _Stream | None = None
    with path.open(encoding=encoding_of(path), newline="") as handle:
        for number, line in enumerate(handle, 1):
            cells = [c.strip() for c in line.rstrip("\r\n").split(",")]
            try:
                if cells[0] == "200":
                    key = (cells[1], cells[6], cells[4], cells[7], cells[8])
                    stream = streams.setdefault(
                        key,
                        _Stream(
                            cells[6] or cells[1], cells[4], cells[7], int(cells[8]), [], [], []
                        ),
                    )
                elif cells[0] == "300" and stream is not None:
                    _nem_day(stream, cells)
                elif cells[0] == "400" and stream is not None:
                    span = slice(int(cells[1]) - 1, int(cells[2]))
                    stream.flags[-1][span] = [_flagged(cells[3])] * len(stream.flags[-1][span])
                elif cells[0] == "250":
                    periods.setdefault((cells[6] or cells[1], cells[4], cells[19]), []).append(
                        (_nem_moment(cells[9]), float(cells[18]))
                    )
            except (IndexError, ValueError) as error:
                raise DataError(
                    "bad-nem",
                    f"{name} row {number} is not as NEM12 writes it: {error}.",
                    "Export it again.",
                ) from error
    channels = [c for s in streams.values() for c in _nem_channel(s)]
    for (meter, suffix, unit), some in periods.items():
        at, value = np.array([a for a, _ in some]), np.array([v for _, v in some])
        channels.append(
            Channel(
                f"{meter}/{suffix}",
                unit_named(unit),
                at,
                value,
                NEM_FLOWS.get(suffix[:1], ""),
                meter,
            )
        )
    if not channels:
        raise DataError("no-series", f"{name} holds no interval of NEM12.", "Export it again.")
    told = [
        Finding.of(
            READING_FLAGGED,
            f"{s.flagged} readings of '{s.meter}/{s.suffix}' are substituted or estimated.",
            file=name,
        )
        for s in streams.values()
        if s.flagged
    ]
    return channels, told


def _nem_day(stream: _Stream, cells: list[str]) -> None:
    count = 1440 // stream.minutes
    if len(cells) < count + 2:
        raise ValueError(f"{len(cells) - 2} of {count} readings")
    stream.days.append(np.datetime64(f"{cells[1][:4]}-{cells[1][4:6]}-{cells[1][6:8]}", "s"))
    stream.values.append([float(c) if c else float("nan") for c in cells[2 : count + 2]])
    flag = _flagged(cells[count + 2] if len(cells) > count + 2 else "")
    stream.flags.append([flag] * count)


def _flagged(method: str) -> bool:
    """Whether a flag of quality says that a reading is estimated or substituted."""
    return method[:1] in ("E", "S", "F")


def _nem_moment(text: str) -> Any:
    day = f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10] or '00'}:{text[10:12] or '00'}"
    return np.datetime64(day, "s") - np.timedelta64(NEM_OFFSET_S, "s")


def _nem_channel(stream: _Stream) -> Iterator[Channel]:
    if not stream.days:
        return
    count = 1440 // stream.minutes
    offsets = np.arange(count) * np.timedelta64(stream.minutes * 60, "s")
    at = (np.array(stream.days)[:, None] + offsets[None, :]).ravel() - np.timedelta64(
        NEM_OFFSET_S, "s"
    )
    unit = unit_named(stream.unit)
    values = np.array(stream.values).ravel()
    if unit == "VArh":
        unit, values = "kVArh", values / 1000
    yield Channel(
        f"{stream.meter}/{stream.suffix}",
        unit,
        at,
        values,
        NEM_FLOWS.get(stream.suffix[:1], ""),
        stream.meter,
        step_s=stream.minutes * 60,
        estimated=np.array(stream.flags).ravel(),
    )


def json_rows(path: Path, name: str) -> tuple[str, list[Row]]:
    """Rows of the objects of a JSON file that have a time.

    Of portals, of Home Assistant, of any list.

    Raises:
        DataError: `no-series`.
    """
    objects: list[Any] = [
        o
        for (part,) in ((p,) for p in read_apart(json_objects, path, "no-series"))
        for o in (part if isinstance(part, list) else [part])
    ]
    found = list(_records(objects, {}, ""))
    if not found:
        raise DataError(
            "no-series",
            f"{name} holds no list of readings with times.",
            "Write a list of objects with time and value.",
        )
    keys = list(dict.fromkeys(k for one in found for k in one))
    rows: list[Row] = [(1, keys)]
    rows += [(k, [_text(one.get(key)) for key in keys]) for k, one in enumerate(found, 2)]
    return "", rows


CONTEXT = (
    "type",
    "name",
    "unit",
    "serialNumber",
    "serial",
    "meter",
    "meterId",
    "id",
    "timeUnit",
    "entity_id",
    "statistic_id",
    "unit_of_measurement",
)
"""Keys of an object that say what its lists hold."""


UNIT_KEYS = ("unit", "units", "un", "uom", "unit_of_measurement")


def _records(node: Any, about: Json, word: str) -> Iterator[Json]:
    if isinstance(node, dict):
        about = about | {k: v for k, v in node.items() if k in CONTEXT and isinstance(v, str | int)}
        yield from _stepped(node, about, word)
        pairs = [
            (k, v)
            for k, v in node.items()
            if isinstance(k, str) and is_time(k) and isinstance(v, int | float | None)
        ]
        if len(pairs) > 1:
            for k, v in pairs:
                yield _record({"time": k, "value": v}, about, word)
            return
        for key, value in node.items():
            yield from _records(
                value,
                about,
                key
                if key not in ("values", "data", "result", "items", "readings")
                else word or key,
            )
    elif isinstance(node, list):
        if _is_readings(node):
            for one in node:
                yield _record(
                    one if isinstance(one, dict) else {"time": one[0], "value": one[1]}, about, word
                )
            return
        for one in node:
            yield from _records(one, about, word)


STEPS = (
    "dt",
    "step",
    "interval",
    "intervalLength",
    "interval_length",
    "resolution",
    "granularity",
    "duration",
)
"""Keys of an object that give the length of the steps of its list [s]."""


def _stepped(node: Json, about: Json, word: str) -> Iterator[Json]:
    """Readings of an object with a begin, a length of step and a list of numbers.

    Days where it names no length.
    """
    begin = next((_text(v) for v in node.values() if isinstance(v, str) and is_time(v)), "")
    length = next(
        (int(node[k]) for k in STEPS if isinstance(node.get(k), int) and node[k] >= 60), 0
    )
    length = length or (86_400 if begin and len(begin) == 10 else 0)
    if not begin or not length:
        return
    times = read_times([begin], "dmy")
    for key, values in node.items():
        if isinstance(values, list) and len(values) > 1 and all(_is_amount(v) for v in values):
            for k, value in enumerate(values):
                moment = str(times.clock[0] + np.timedelta64(length * k, "s"))
                yield _record(
                    {"time": moment, "value": value},
                    about,
                    word or ("value" if key in ("val", "values") else key),
                )


def _is_amount(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, int | float) and not isinstance(value, bool))
        or (isinstance(value, str) and (not value.strip() or is_number(value)))
    )


def _is_readings(node: list[Any]) -> bool:
    some = node[:20]
    if some and all(isinstance(one, list) and len(one) == 2 for one in some):
        return all(_is_moment(one[0]) for one in some)
    return bool(some) and all(
        isinstance(one, dict)
        and any(_is_moment(v) for v in one.values())
        and not any(isinstance(v, list) and len(v) > 2 for v in one.values())
        for one in some
    )


def _is_moment(value: Any) -> bool:
    text = _text(value)
    return is_time(text) or EPOCH.fullmatch(text) is not None


def _record(one: Json, about: Json, word: str) -> Json:
    """One reading with what stands around its list: the unit joins the name of the value."""
    unit = str(next((about[k] for k in UNIT_KEYS if about.get(k)), ""))
    label = f"{word or 'value'} [{unit}]" if unit_named(unit) else word or "value"
    made = {label if k in ("value", "v") else k: v for k, v in _flat(one)}
    return made | {
        k: v
        for k, v in about.items()
        if k
        in (
            "type",
            "name",
            "serialNumber",
            "serial",
            "meter",
            "meterId",
            "entity_id",
            "statistic_id",
        )
        and k not in made
    }


def _flat(one: Json) -> Iterator[tuple[str, Any]]:
    for key, value in one.items():
        if isinstance(value, dict):
            yield from (
                (f"{key} {k}", v) for k, v in value.items() if not isinstance(v, dict | list)
            )
        elif not isinstance(value, list):
            yield key, value


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip()
