"""Charts of energy planning: a dispatch, its storages, a year by the hour, cost against carbon."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from abate.disclosure.charts import COLOURS, WIDE, framed
from abate.kernel.edges import Json

GRID, GENERATION, BATTERIES, LOAD = "from the grid", "generation used", "from batteries", "load"
SOURCES = {GRID: "#8fa3ad", GENERATION: "#e0a030", BATTERIES: "#6aa84f"}
MONTHS_SHOWN = 100
"""Days from which an axis names months, not days."""
HOURS = 24
HEAT = [
    "#440154",
    "#472d7b",
    "#3b528b",
    "#2c728e",
    "#21918c",
    "#28ae80",
    "#5ec962",
    "#addc30",
    "#fde725",
]
"""Colours from low to high, which all can tell apart (viridis, CC0)."""
CELL = 3
"""Pixels of a cell each way, so that enlarging blurs no edge."""
PNG = b"\x89PNG\r\n\x1a\n"
UNSEEN = {"type": "point", "opacity": 0}
TIME = {
    "field": "start",
    "type": "temporal",
    "title": None,
    "axis": {"format": "%m-%d %H:%M", "labelOverlap": True, "tickCount": 7},
}


def dispatch_chart(rows: Sequence[Json], batteries: Sequence[str]) -> Json:
    """What meets the load, stacked, with the load as a line.

    Args:
        rows: Steps with `start`, `load_kw`, `used_kw`, `import_kw`, `export_kw` and, of each
            battery, `…_discharge_kw`.
        batteries: Their ids.
    """
    values = []
    for row in rows:
        out = sum(row[f"{b}_discharge_kw"] for b in batteries)
        parts = {GRID: row["import_kw"], GENERATION: row["used_kw"], BATTERIES: out}
        values += [
            {"start": row["start"], "series": name, "kw": kw, "load": row["load_kw"]}
            for name, kw in parts.items()
            if name != BATTERIES or batteries
        ]
    power = {"type": "quantitative", "title": "kW"}
    areas = {
        "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.85},
        "encoding": {
            "x": TIME,
            "y": power | {"field": "kw", "stack": "zero"},
            "color": {
                "field": "series",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(SOURCES), "range": list(SOURCES.values())},
            },
            "tooltip": [
                {"field": "start", "type": "temporal", "format": "%m-%d %H:%M"},
                {"field": "series"},
                {"field": "kw", "format": ",.1f"},
                {"field": "load", "format": ",.1f"},
            ],
        },
    }
    line = {
        "transform": [
            {"aggregate": [{"op": "max", "field": "load", "as": "load"}], "groupby": ["start"]}
        ],
        "mark": {"type": "line", "interpolate": "step-after", "color": "#333333", "strokeWidth": 1},
        "encoding": {"x": TIME, "y": power | {"field": "load"}},
    }
    title = "What meets the load, with the load as a line"
    return framed(title, values, layer=[areas, line], width=WIDE, height=260)


def storage_chart(rows: Sequence[Json], batteries: Sequence[str]) -> Json:
    """What each battery holds, with the price of a kWh."""
    values = [
        {"start": row["start"], "battery": b, "kwh": row[f"{b}_stored_kwh"], "price": row["price"]}
        for row in rows
        for b in batteries
    ]
    held = {
        "mark": {"type": "line", "interpolate": "linear"},
        "encoding": {
            "x": TIME,
            "y": {"field": "kwh", "type": "quantitative", "title": "kWh"},
            "color": {"field": "battery", "type": "nominal", "title": None},
        },
    }
    price = {
        "mark": {"type": "line", "interpolate": "step-after", "color": COLOURS[3], "opacity": 0.6},
        "encoding": {
            "x": TIME,
            "y": {"field": "price", "type": "quantitative", "title": "price of a kWh"},
        },
    }
    return framed(
        "Stored energy, and the price of a kWh",
        values,
        layer=[held, price],
        resolve={"scale": {"y": "independent"}},
        width=WIDE,
        height=160,
    )


def heat_chart(values: Sequence[Json], *, title: str, unit: str, share: bool = False) -> Json:
    """Hours of many days: day across, hour down, value as colour.

    The cells are one picture, so that a year is drawn as fast as a week; two points that are not
    seen give the axes and the colours their scales.

    Args:
        values: Rows with `day` (such as 2024-07-01), `hour` (0 to 23) and `value`.
        title: What is shown.
        unit: Of the values.
        share: Whether they are shares.
    """
    days = np.array([v["day"] for v in values], "datetime64[D]")
    numbers = np.array([v["value"] for v in values], float)
    first, past = days.min(), days.max() + 1
    low, high = (0.0, 1.0) if share else (float(numbers.min()), float(numbers.max()))
    cells = np.full((HOURS, int((past - first).astype(int))), np.nan)
    hours = np.array([v["hour"] for v in values], int)
    cells[hours, (days - first).astype(int)] = (numbers - low) / ((high - low) or 1.0)
    told = "%Y-%m" if past - first > np.timedelta64(MONTHS_SHOWN, "D") else "%m-%d"
    across: Json = {"type": "temporal", "title": None, "scale": {"nice": False}}
    across["axis"] = {"format": told, "tickCount": 12, "labelOverlap": True, "grid": False}
    down: Json = {"type": "quantitative", "title": "h", "scale": {"domain": [HOURS, 0]}}
    down["axis"] = {"values": [0, 6, 12, 18, 24], "grid": False}
    colour: Json = {
        "field": "value",
        "type": "quantitative",
        "title": unit or None,
        "scale": {"range": HEAT, "domain": [low, high], "interpolate": "rgb"},
        "legend": {"format": ".0%"} if share else {},
    }
    whole = {"x": {"value": 0}, "y": {"value": 0}, "url": {"value": picture(cells)}}
    size: Json = {"width": {"expr": "width"}, "height": {"expr": "height"}}
    image: Json = {"type": "image", "aspect": False, "align": "left", "baseline": "top", **size}
    scaled = {"x": {"field": "day", **across}, "y": {"field": "hour", **down}, "color": colour}
    corners = [
        {"day": str(day), "hour": hour, "value": value}
        for day, hour, value in ((first, 0, low), (past, HOURS, high))
    ]
    layers = [{"mark": image, "encoding": whole}, {"mark": UNSEEN, "encoding": scaled}]
    return framed(title, corners, layer=layers, width=WIDE, height=200)


def picture(cells: npt.NDArray[np.float64]) -> str:
    """Shares as coloured cells: the address of a PNG that holds it; NaN is clear.

    Args:
        cells: From 0 to 1; shape (rows, columns).

    Source: W3C, Portable Network Graphics (second edition), sections 5 and 11.
    """
    stops = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in HEAT], float)
    at = np.clip(np.nan_to_num(cells), 0.0, 1.0) * (len(HEAT) - 1)
    channels = [np.interp(at, np.arange(len(HEAT)), stops[:, k]) for k in range(3)]
    rgba = np.stack([*channels, np.where(np.isnan(cells), 0, 255)], axis=-1) + 0.5
    wide = np.repeat(np.repeat(rgba.astype(np.uint8), CELL, axis=0), CELL, axis=1)
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    header = struct.pack(">IIBBBBB", wide.shape[1], wide.shape[0], 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return f"data:image/png;base64,{base64.b64encode(PNG + body).decode()}"


def front_chart(points: Sequence[Json], currency: str) -> Json:
    """Plans between least cost and least carbon.

    Args:
        points: Rows with `cost`, `carbon_kg` and `carbon_price`.
        currency: Of the cost.
    """
    values = [
        {
            "cost": p["cost"],
            "carbon": p["carbon_kg"],
            "price": "–" if p["carbon_price"] is None else f"{p['carbon_price']:g}",
        }
        for p in points
    ]
    axis = {"type": "quantitative", "scale": {"zero": False}}
    encoding = {
        "x": axis | {"field": "carbon", "title": "kg CO2e"},
        "y": axis | {"field": "cost", "title": currency},
        "order": {"field": "carbon"},
        "tooltip": [
            {"field": "price", "title": "price of a kilogram"},
            {"field": "carbon", "format": ",.1f"},
            {"field": "cost", "format": ",.2f"},
        ],
    }
    mark = {"type": "line", "point": True}
    title = "Cost against carbon of what the grid gives"
    return framed(title, values, mark=mark, encoding=encoding, width=WIDE, height=220)


def tornado_chart(rows: Sequence[Json], at: float, currency: str) -> Json:
    """Net present value with each input lower and higher, the strongest first.

    Args:
        rows: `input`, `lower` and `higher`.
        at: Value of the plan.
        currency: Of the values.
    """
    values = [
        {"part": r["input"], "series": side, "value": r[side], "at": at}
        for r in rows
        for side in ("lower", "higher")
    ]
    encoding = {
        "y": {
            "field": "part",
            "type": "nominal",
            "title": None,
            "sort": None,
            "axis": {"labelLimit": 220},
        },
        "x": {
            "field": "value",
            "type": "quantitative",
            "title": currency,
            "scale": {"zero": False},
        },
        "x2": {"field": "at"},
        "color": {
            "field": "series",
            "type": "nominal",
            "title": None,
            "scale": {"range": [COLOURS[0], COLOURS[1]]},
        },
        "tooltip": [{"field": "part"}, {"field": "series"}, {"field": "value", "format": ",.0f"}],
    }
    title = "Net present value with each input a fifth lower and higher"
    return framed(title, values, mark="bar", encoding=encoding, width=WIDE, height=180)


def distribution_chart(rows: Sequence[Json], currency: str) -> Json:
    """How often each net present value comes about, by contract.

    Args:
        rows: `contract`, `value` and `share` of the paths.
        currency: Of the values.
    """
    encoding = {
        "x": {"field": "value", "type": "quantitative", "title": currency},
        "y": {
            "field": "share",
            "type": "quantitative",
            "title": None,
            "stack": None,
            "axis": {"format": ".0%"},
        },
        "color": {"field": "contract", "type": "nominal", "title": None},
        "tooltip": [
            {"field": "contract"},
            {"field": "value", "format": ",.0f"},
            {"field": "share", "format": ".1%"},
        ],
    }
    mark = {"type": "area", "opacity": 0.45, "line": True, "interpolate": "monotone"}
    title = "Net present value of the paths"
    return framed(title, list(rows), mark=mark, encoding=encoding, width=WIDE, height=240)
