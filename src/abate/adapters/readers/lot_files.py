"""Files of lots: records of a registry, lists of Chinese green certificates, plain tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.dates import read_dates
from abate.adapters.readers.series import zone_of
from abate.adapters.readers.sheets import named_rows
from abate.energy.facts.lots import FACE_WH, GEC_WH, TO, Device, numbers_of, technology_named
from abate.energy.facts.meters import UNPRINTED
from abate.kernel.edges import Json
from abate.kernel.errors import DataError

JSON_MAX_BYTES = 256 << 20
WH_MAX = 1e15
COLUMNS_HINT = (
    "Columns: device, start, kwh, region, technology; EnergyTag's; or 证书编号, 生产年月."
)
MONTH_HOURS_MIN, MONTH_HOURS_MAX = 28 * 24 - 1, 31 * 24 + 1
CODE = "bad-lots"
STARTS, ENDS = "production_starting_interval", "production_ending_interval"
QUANTITY, STATUS = "bundle_quantity", "certificate_bundle_status"
FIRST_ID = "certificate_bundle_id_range_start"
LAST_ID = "certificate_bundle_id_range_end"
OPEN = ("", "active", "transferred", "reserved", "locked")
"""States in which a bundle has not ended yet."""
PLAIN = ("device", "start", "kwh")
NUMBER = (
    "证书编号",
    "绿证编号",
    "绿证号",
    "gec编号",
    "gec number",
    "certificate number",
    "起始编号",
)
LAST_NUMBER = ("终止编号", "截止编号", "last number")
PROJECT = ("项目代码", "项目编码", "项目名称", "project code", "project")
SOURCE = ("能源类型", "发电类型", "电源类型", "项目类型", "technology", "energy source")
MONTH = ("电量生产月份", "生产年月", "发电年月", "生产月份", "电量生产年月", "production month")
COUNT = ("证书数量", "数量", "个数", "核发数量", "count", "quantity")
BEGAN = ("投产日期", "并网日期", "commissioned")
CHINA, CHINA_ZONE, CHINA_ISSUER = "CN", "Asia/Shanghai", "National Energy Administration"


@dataclass(frozen=True, slots=True, eq=False)
class LotsRead:
    """Lots as a file has them.

    Args:
        devices: What they are of.
        device: Place among the devices `(rows,)`.
        start: Beginning, UTC `(rows,)`.
        hours: 1, or the hours of the month `(rows,)`.
        wh: Watt-hours `(rows,)`.
        serial: Numbers as the issuer gave them.
        ended: Rows left out since they had ended: cancelled, claimed, expired.
    """

    devices: tuple[Device, ...]
    device: Any
    start: Any
    hours: Any
    wh: Any
    serial: tuple[str, ...]
    ended: int


@dataclass(frozen=True, slots=True)
class _Lot:
    device: Device
    start: datetime
    hours: int
    wh: int
    serial: str


def read_lots(path: Path, zone: str = "UTC", *, technology: str = "") -> LotsRead:
    """Read a file of lots.

    Args:
        path: CSV, XLSX or JSON.
        zone: Of the moments of a plain table; a registry's are in UTC.
        technology: Of a plain table without that column; there must be one where it is empty.

    Raises:
        DataError: `unreadable-file`, `file-too-large`, `bad-lots` with the row.
    """
    devices: dict[str, Device] = {}
    places: dict[str, int] = {}
    again: dict[tuple[str, str], int] = {}  # the hour that autumn repeats
    kept: dict[tuple[int, datetime, int, str], int] = {}
    numbers: set[tuple[str, str]] = set()
    ended = 0
    for number, row in _rows(path):
        try:
            told = (row.get("device", ""), row.get("start", ""))
            again[told] = again.get(told, -1) + 1
            lot = _lot(row, zone, technology, min(again[told], 1))
        except (ValueError, KeyError) as error:
            text = f"{path.name} row {number}: {error}."
            raise DataError(CODE, text, COLUMNS_HINT) from error
        if lot is None:
            ended += 1
            continue
        known = devices.setdefault(lot.device.id, lot.device)
        if known != lot.device:
            text = f"{path.name} row {number}: '{known.id}' is described in two ways."
            raise DataError(CODE, text, "Give each device one region, technology and issuer.")
        if lot.serial and (lot.device.id, lot.serial) in numbers:
            text = f"{path.name} row {number}: the number {lot.serial} stands twice."
            raise DataError(CODE, text, "Leave one of them out.")
        numbers.add((lot.device.id, lot.serial))
        key = (places.setdefault(known.id, len(places)), lot.start, lot.hours, lot.serial)
        kept[key] = kept.get(key, 0) + lot.wh
    if not kept and not ended:
        raise DataError(CODE, f"{path.name} holds no lots.", "Give a header and a row at least.")
    keys = [k for k, wh in kept.items() if wh]
    return LotsRead(
        tuple(devices.values()),
        np.array([k[0] for k in keys], np.int64),
        np.array([k[1] for k in keys], "datetime64[s]"),
        np.array([k[2] for k in keys], np.int64),
        np.array([kept[k] for k in keys], np.int64),
        tuple(k[3] for k in keys),
        ended,
    )


def _rows(path: Path) -> Iterator[tuple[int, Json]]:
    """Rows with their numbers; headers in lower case."""
    if path.suffix.lower() == ".json":
        yield from enumerate(_records(path), 1)
        return
    number = 1
    for batch in named_rows(path):
        for row in batch:
            number += 1
            yield number, {k.strip().lower(): v.strip() for k, v in row.items()}


def _records(path: Path) -> list[Json]:
    """Records of a JSON file: a list, or the first list in an object."""
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    if path.stat().st_size > JSON_MAX_BYTES:
        text = f"{path.name} is larger than {JSON_MAX_BYTES >> 20} MiB."
        raise DataError("file-too-large", text, "Split it.")
    try:
        told = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        text = f"{path.name} is not JSON."
        raise DataError(CODE, text, "Export it from the registry again.") from error
    if isinstance(told, dict):
        told = next((v for v in told.values() if isinstance(v, list)), [])
    if not isinstance(told, list) or not all(isinstance(r, dict) for r in told):
        text = f"{path.name} holds no list of records."
        raise DataError(CODE, text, "Export it from the registry again.")
    return [{k.lower(): "" if v is None else str(v).strip() for k, v in r.items()} for r in told]


def _lot(row: Json, zone: str, technology: str, fold: int) -> _Lot | None:
    """A row as a lot; None where it has ended.

    Raises:
        ValueError: With what is wrong.
        KeyError: Where a column lacks.
    """
    if STARTS in row:
        return _bundle(row, zone)
    if any(h in row for h in NUMBER):
        return _green_certificate(row)
    if any(c not in row for c in PLAIN):
        raise ValueError("it has none of the columns of a lot")
    start = _moment(row["start"], zone, fold)
    named = row.get("technology", "")
    device = Device(
        _named(row["device"]),
        _technology(named) if named or not technology else technology,
        row.get("region", ""),
        "",
        row.get("commissioned", ""),
        row.get("issuer", ""),
    )
    wh = int(_number(row["kwh"]) * 1000 + 0.5)
    if wh > WH_MAX:
        raise ValueError(f"'{row['kwh']}' is not an amount")
    return _Lot(device, start, 1, wh, row.get("serial", ""))


def _bundle(row: Json, zone: str) -> _Lot | None:
    """A bundle of granular certificates in EnergyTag's terms."""
    if row.get(STATUS, "").lower() not in OPEN:
        return None
    begin, end = (_moment(row[c], "UTC") for c in (STARTS, ENDS))
    hours = max(1, -(-(end - begin) // timedelta(hours=1)))
    if end <= begin or 1 < hours < MONTH_HOURS_MIN or hours > MONTH_HOURS_MAX:
        raise ValueError("a bundle is of an hour at most, or of a month")
    wh = _whole(_number(row[QUANTITY]) * _number(row.get("face_value") or str(FACE_WH)))
    first, last = (row.get(c, "") for c in (FIRST_ID, LAST_ID))
    storage = row.get("storage_id", "") or row.get("storage_device_id", "")
    device = Device(
        _named(row.get("device_name") or row["device_id"]),
        _technology(row.get("energy_source") or row["device_technology_type"]),
        row.get("issue_market_zone") or row.get("country_of_issuance", ""),
        "",
        row.get("device_production_start_date", "")[:10],
        row.get("issuing_body", ""),
        storage,
    )
    start = begin
    if end - begin < timedelta(hours=1):  # a part of an hour of the meters' clock
        local = begin.replace(tzinfo=zone_of("UTC")).astimezone(zone_of(zone))
        start -= timedelta(minutes=local.minute, seconds=local.second)
    return _Lot(device, start, hours, wh, f"{first}{TO}{last}" if first or last else "")


def _green_certificate(row: Json) -> _Lot:
    """A Chinese green certificate, or a run of numbers: of a MWh each, and of a month."""
    number = _cell(row, NUMBER)
    last = _cell(row, LAST_NUMBER)
    if not number:
        raise ValueError("it has no number")
    month = _month(_cell(row, MONTH))
    began = datetime(*month, 1, tzinfo=zone_of(CHINA_ZONE))
    past = datetime(month[0] + month[1] // 12, month[1] % 12 + 1, 1, tzinfo=began.tzinfo)
    serial = f"{number}{TO}{last}" if last and last != number else number
    run = numbers_of(serial, "")
    if last and run is None:
        raise ValueError(f"'{number}' to '{last}' is no run of numbers")
    named = 1 if run is None else run.last - run.first + 1
    count = _number(_cell(row, COUNT) or str(named))
    if count != int(count) or count < 1:
        raise ValueError("certificates are counted in whole numbers")
    if last and count != named:
        raise ValueError(f"{named} numbers are not {count:g} certificates")
    commissioned = read_dates([text]).get(text, text) if (text := _cell(row, BEGAN)) else ""
    project, source = _named(_cell(row, PROJECT)), _technology(_cell(row, SOURCE))
    device = Device(project, source, CHINA, "", commissioned, CHINA_ISSUER)
    hours = int((past - began).total_seconds()) // 3600
    return _Lot(device, _utc(began), hours, _whole(count * GEC_WH), serial)


def _cell(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(row[n]) for n in names if row.get(n)), "")


def _month(text: str) -> tuple[int, int]:
    plain = read_dates([text]).get(text, text)
    found = re.fullmatch(r"(\d{4})[年/.-]?(\d{1,2})月?(?:[/.-]?\d{1,2}日?)?", plain)
    if not found or not 1 <= int(found[2]) <= 12:
        raise ValueError(f"'{text}' is not a month")
    return int(found[1]), int(found[2])


def _moment(text: str, zone: str, fold: int = 0) -> datetime:
    """A moment in UTC; one without an offset is of the zone's clock, there the later of two."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return _utc(moment if moment.tzinfo else moment.replace(tzinfo=zone_of(zone), fold=fold))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(zone_of("UTC")).replace(tzinfo=None)


def _number(text: str) -> float:
    value = float(text)
    if not 0 <= value <= WH_MAX:
        raise ValueError(f"'{text}' is not an amount")
    return value


def _whole(wh: float) -> int:
    whole = round(wh)
    if abs(whole - wh) > 1e-3 or whole > WH_MAX:
        raise ValueError(f"{wh} Wh is not a whole number of watt-hours")
    return whole


def _named(text: str) -> str:
    if not text or len(text) > 200:
        raise ValueError("it names no device")
    return text


def _technology(text: str) -> str:
    found = technology_named(text)
    if found is None:
        raise ValueError(f"'{text}' is not a technology")
    if found in UNPRINTED:
        raise ValueError(f"'{found}' has no factor of its own")
    return found
