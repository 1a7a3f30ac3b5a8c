"""Charts of energy planning: a dispatch, its storages, a year by the hour, cost against carbon."""

from __future__ import annotations

from collections.abc import Sequence

from abate.disclosure.charts import COLOURS, WIDE, framed
from abate.kernel.edges import Json

GRID, GENERATION, BATTERIES, LOAD = "from the grid", "generation used", "from batteries", "load"
SOURCES = {GRID: "#8fa3ad", GENERATION: "#e0a030", BATTERIES: "#6aa84f"}
MONTHS_SHOWN = 100
"""Days from which an axis names months, not days."""
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

    Args:
        values: Rows with `day` (such as 2024-07-01), `hour` (0 to 23) and `value`.
        title: What is shown.
        unit: Of the values.
        share: Whether they are shares.
    """
    days = {v["day"] for v in values}
    told = "%Y-%m" if len(days) > MONTHS_SHOWN else "%m-%d"
    scale = {"scheme": "viridis", **({"domain": [0, 1]} if share else {})}
    encoding = {
        "x": {
            "field": "day",
            "type": "temporal",
            "timeUnit": "yearmonthdate",
            "title": None,
            "axis": {"format": told, "tickCount": 12, "labelOverlap": True},
        },
        "y": {"field": "hour", "type": "ordinal", "title": "h", "axis": {"values": [0, 6, 12, 18]}},
        "color": {"field": "value", "type": "quantitative", "title": unit or None, "scale": scale},
        "tooltip": [
            {"field": "day", "type": "temporal", "format": "%Y-%m-%d"},
            {"field": "hour"},
            {"field": "value", "format": ".0%" if share else ",.4~g"},
        ],
    }
    return framed(title, list(values), mark="rect", encoding=encoding, width=WIDE, height=200)


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
