"""Charts as Vega-Lite specifications: one for the page and for the static image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from abate.kernel.edges import Json

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
COLOURS = ["#2f6f8f", "#e0a030", "#6aa84f", "#b5533c", "#7a6fb0", "#4fb0a5", "#999999", "#c06090"]
SCOPES = {"Scope 1": COLOURS[0], "Scope 2 (location)": COLOURS[1]}
"""Colour of each scope, the same in every chart."""
APPROACHES = {
    "supplier-specific": "#6aa84f",
    "hybrid": "#a9c98a",
    "product-specific": "#3f7d4e",
    "average-data": "#7a6fb0",
    "spend-based": "#c06090",
    "fuel-based": "#b5533c",
    "distance-based": "#4fb0a5",
    "site-specific": "#8fa3ad",
    "waste-type-specific": "#a3915c",
    "asset-specific": "#5f6f9a",
    "lessor-specific": "#8c7fc0",
    "tenant-specific": "#b59fd0",
    "franchise-specific": "#d08a72",
    "direct-use-phase": "#8f4a3a",
    "indirect-use-phase": "#d4a5b8",
    "investment-specific": "#999999",
}
"""Colour of each method of Scope 3; none is that of a scope."""
WIDE = 560
"""Width of a chart that takes two columns of the page."""


def framed(title: str, values: list[Json], **rest: Any) -> Json:
    """A chart with its title and data, in the looks that all charts share."""
    grey = "#7d8790"
    return {
        "$schema": SCHEMA,
        "title": {"text": title, "anchor": "start", "color": grey, "fontSize": 13},
        "background": "transparent",
        "padding": {
            "left": 30,
            "right": 8,
            "top": 6,
            "bottom": 6,
        },  # other fonts than the renderer's are wider
        "data": {"values": values},
        "config": {
            "view": {"stroke": None},
            "axis": {
                "labelColor": grey,
                "titleColor": grey,
                "gridColor": "#80808033",
                "domain": False,
                "ticks": False,
            },
            "legend": {
                "labelColor": grey,
                "titleColor": grey,
                "orient": "bottom",
                "columns": 3,
                "columnPadding": 24,
                "labelLimit": 0,
            },
            "font": "system-ui, sans-serif",
            "range": {"category": COLOURS},
        },
        **rest,
    }


def _coloured(field: str, colours: Mapping[str, str], values: list[Json]) -> Json:
    """A field in the colours of its names, in their order, of those that values have."""
    there = {v[field] for v in values}
    scale = [(name, colour) for name, colour in colours.items() if name in there]
    names, shades = [n for n, _ in scale], [c for _, c in scale]
    return {
        "field": field,
        "type": "nominal",
        "title": None,
        "scale": {"domain": names, "range": shades},
    }


def years_chart(values: list[Json]) -> Json:
    """Gross by scope as stacked bars, net as a mark, year by year.

    Args:
        values: Rows with `year`, `series`, `value` [t CO2e] and `net`: whether it is net, which
            becomes the mark.
    """
    bars = {
        "transform": [{"filter": "!datum.net"}],
        "mark": {"type": "bar", "width": {"band": 0.5}},
        "encoding": {
            "y": {"field": "value", "type": "quantitative", "stack": True, "title": "t CO2e"},
            "color": _coloured("series", SCOPES, [v for v in values if not v["net"]]),
            "tooltip": [
                {"field": "year"},
                {"field": "series"},
                {"field": "value", "format": ",.0f"},
            ],
        },
    }
    net = {
        "transform": [{"filter": "datum.net"}],
        "mark": {"type": "tick", "thickness": 4, "color": "#b5533c", "width": {"band": 0.8}},
        "encoding": {
            "y": {"field": "value", "type": "quantitative"},
            "tooltip": [
                {"field": "year"},
                {"field": "series"},
                {"field": "value", "format": ",.0f"},
            ],
        },
    }
    x = {"x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}}}
    return framed(
        "Gross by scope (bars) and net (red line)",
        values,
        layer=[bars, net],
        encoding=x,
        width=300,
        height=240,
    )


def business_chart(values: list[Json]) -> Json:
    """Scope 1 and 2 (location) by business.

    Args:
        values: Rows with `org`, `series`, `value` [t CO2e].
    """
    encoding = {
        "y": {"field": "org", "type": "nominal", "title": None, "sort": "-x"},
        "x": {"field": "value", "type": "quantitative", "title": "t CO2e"},
        "color": _coloured("series", SCOPES, values),
        "tooltip": [{"field": "org"}, {"field": "series"}, {"field": "value", "format": ",.0f"}],
    }
    return framed("By business", values, mark="bar", encoding=encoding, width=300, height=240)


def months_chart(values: list[Json]) -> Json:
    """Scope 1 and 2 (location) by month.

    Args:
        values: Rows with `month`, `series`, `value` [t CO2e].
    """
    encoding = {
        "x": {"field": "month", "type": "ordinal", "title": None, "axis": {"labelAngle": -60}},
        "y": {"field": "value", "type": "quantitative", "title": "t CO2e"},
        "color": _coloured("series", SCOPES, values),
        "tooltip": [{"field": "month"}, {"field": "series"}, {"field": "value", "format": ",.0f"}],
    }
    return framed("By month", values, mark="bar", encoding=encoding, width=300, height=240)


def ratio_chart(title: str, unit: str, values: list[Json], *, floor: float) -> Json:
    """A ratio of data-centre buildings by month.

    Args:
        title: Title.
        unit: Unit on the axis.
        values: Rows with `month`, `building`, `value`.
        floor: Least value of the axis.
    """
    encoding = {
        "x": {"field": "month", "type": "ordinal", "title": None, "axis": {"labelAngle": -60}},
        "y": {
            "field": "value",
            "type": "quantitative",
            "title": unit,
            "scale": {"zero": False, "domainMin": floor},
        },
        "color": {"field": "building", "type": "nominal", "title": None},
        "tooltip": [{"field": "month"}, {"field": "building"}, {"field": "value", "format": ".3f"}],
    }
    return framed(
        title,
        values,
        mark={"type": "line", "point": True},
        encoding=encoding,
        width=300,
        height=240,
    )


def categories_chart(values: list[Json]) -> Json:
    """Scope 3 by category and approach.

    Args:
        values: Rows with `category`, `approach`, `value` [t CO2e], in the order of the categories.
    """
    encoding = {
        "y": {
            "field": "category",
            "type": "nominal",
            "title": None,
            "sort": None,
            "axis": {"labelLimit": 260},
        },
        "x": {"field": "value", "type": "quantitative", "title": "t CO2e"},
        "color": _coloured("approach", APPROACHES, values),
        "tooltip": [
            {"field": "category"},
            {"field": "approach"},
            {"field": "value", "format": ",.0f"},
        ],
    }
    return framed(
        "Scope 3 by category and method",
        values,
        mark="bar",
        encoding=encoding,
        width=WIDE,
        height=260,
    )


def waterfall_chart(title: str, steps: list[Json]) -> Json:
    """A bridge: from one total to the next by its drivers.

    Args:
        title: Title of the chart.
        steps: Rows with `step`, `low`, `high`, `change` [t CO2e] and `side`: total, up or down; in
            order.
    """
    encoding = {
        "x": {
            "field": "step",
            "type": "nominal",
            "title": None,
            "sort": None,
            "axis": {"labelAngle": -30},
        },
        "tooltip": [{"field": "step"}, {"field": "change", "format": ",.1f", "title": "t CO2e"}],
    }
    bars = {
        "mark": {"type": "bar", "width": {"band": 0.7}},
        "encoding": {
            "y": {
                "field": "low",
                "type": "quantitative",
                "title": "t CO2e",
                "scale": {"zero": False},
            },
            "y2": {"field": "high"},
            "color": {
                "field": "side",
                "type": "nominal",
                "title": None,
                "scale": {
                    "domain": ["total", "up", "down"],
                    "range": ["#2f6f8f", "#b5533c", "#6aa84f"],
                },
            },
        },
    }
    labels = {
        "mark": {"type": "text", "dy": -8, "color": "#7d8790", "fontSize": 10},
        "encoding": {
            "y": {"field": "high", "type": "quantitative"},
            "text": {"field": "change", "type": "quantitative", "format": ",.0f"},
        },
    }
    return framed(title, steps, layer=[bars, labels], encoding=encoding, width=WIDE, height=260)


def goal_chart(
    title: str,
    values: list[Json],
    *,
    goal: float | None,
    floor: float,
    share: bool,
    words: tuple[str, str],
) -> Json:
    """A ratio of a building by month, against a goal, with the usual climate beside.

    Args:
        title: Title.
        values: Rows with `month`, `value` and `climate` [degrees Celsius]; None where there is
            none.
        goal: The value wanted.
        floor: Least value of the axis.
        share: Whether the values are shares.
        words: Names of goal and climate.
    """
    x = {"field": "month", "type": "ordinal", "title": None, "axis": {"labelAngle": -60}}
    scale = {"zero": False, "domainMin": floor} if not share else {"domain": [0, 1]}
    y = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": scale,
        "axis": {"format": ".0%", "orient": "left"} if share else {"orient": "left"},
    }
    tooltip = [
        {"field": "month"},
        {"field": "value", "format": ".1%" if share else ".3f"},
        {"field": "climate"},
    ]
    line = {
        "mark": {"type": "line", "point": {"size": 45}, "color": COLOURS[0]},
        "encoding": {"x": x, "y": y, "tooltip": tooltip},
    }
    layers: list[Json] = [{"layer": [line]}]
    if goal is not None:
        rule = {
            "mark": {"type": "rule", "strokeDash": [6, 4], "color": COLOURS[3], "size": 2},
            "encoding": {"y": {"datum": goal}},
        }
        told = {
            "mark": {
                "type": "text",
                "align": "left",
                "dx": 4,
                "dy": -7,
                "color": COLOURS[3],
                "text": words[0],
            },
            "encoding": {"x": {"value": 0}, "y": {"datum": goal}},
        }
        layers[0]["layer"] += [rule, told]
    if any(v["climate"] is not None for v in values):
        climate = {
            "mark": {
                "type": "area",
                "opacity": 0.14,
                "color": COLOURS[1],
                "line": {"color": COLOURS[1], "opacity": 0.6},
            },
            "encoding": {
                "x": x,
                "y": {
                    "field": "climate",
                    "type": "quantitative",
                    "title": words[1],
                    "axis": {"grid": False, "orient": "right"},
                },
            },
        }
        layers.insert(0, climate)
    return framed(
        title, values, layer=layers, resolve={"scale": {"y": "independent"}}, width=300, height=200
    )


BARS = {"month": ("yearmonth", "%Y-%m"), "day": ("yearmonthdate", "%m-%d")}
"""Width of a bar of usage, and how its axis says times."""


def usage_chart(
    values: list[Json], gaps: list[Json], *, by: str, unit: str, words: tuple[str, str, str]
) -> Json:
    """Usage of a meter by month or day, measured and estimated, with stretches that lack readings.

    Args:
        values: Rows with `start`, `series` (measured or estimated) and `value`.
        gaps: Rows with `from` and `to`.
        by: `month` or `day`.
        unit: Unit of the values.
        words: Names of measured, estimated, and missing readings.
    """
    names = dict(zip(("measured", "estimated"), words, strict=False))
    told = [v | {"series": names[v["series"]]} for v in values]
    width, told_as = BARS[by]
    axis = {"labelAngle": 0, "tickCount": 10, "format": told_as}
    time = {"type": "temporal", "title": None, "axis": axis}
    bars = {
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "x": {"field": "start", "timeUnit": width, **time},
            "y": {"field": "value", "type": "quantitative", "title": unit},
            "color": {
                "field": "series",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(words[:2]), "range": [COLOURS[0], COLOURS[3]]},
            },
        },
    }
    shade = {
        "data": {"values": [g | {"what": words[2]} for g in gaps]},
        "mark": {"type": "rect", "opacity": 0.18, "color": COLOURS[1]},
        "encoding": {
            "x": {"field": "from", **time},
            "x2": {"field": "to"},
            "tooltip": [{"field": "what"}],
        },
    }
    layers = [shade, bars] if gaps else [bars]
    return framed("", told, layer=layers, width=WIDE)


def load_chart(values: list[Json], shades: list[Json]) -> Json:
    """Load of a building and its IT by the hour, with stretches that are shaded.

    Args:
        values: Rows with `start`, `series`, `value` [kWh in the hour].
        shades: Rows with `from`, `to` and `series`: gap or stuck.
    """
    time = {
        "type": "temporal",
        "title": None,
        "axis": {"format": "%m-%d", "labelAngle": 0, "tickCount": 10},
    }
    shade = {
        "data": {"values": shades},
        "mark": {"type": "rect", "opacity": 0.35},
        "encoding": {
            "x": {"field": "from", **time},
            "x2": {"field": "to"},
            "color": {
                "field": "series",
                "type": "nominal",
                "title": None,
                "scale": {"domain": ["gap", "stuck"], "range": [COLOURS[3], COLOURS[1]]},
            },
            "tooltip": [
                {"field": "series"},
                {"field": "from", "type": "temporal", "format": "%m-%d %H:%M"},
                {"field": "to", "type": "temporal", "format": "%m-%d %H:%M"},
            ],
        },
    }
    lines = {
        "mark": {"type": "line", "strokeWidth": 1.3, "invalid": "break-paths-show-domains"},
        "encoding": {
            "x": {"field": "start", **time},
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": "kWh",
                "scale": {"zero": True},
            },
            "color": {
                "field": "series",
                "type": "nominal",
                "title": None,
                "scale": {"domain": ["Facility", "IT"], "range": [COLOURS[0], COLOURS[2]]},
            },
            "tooltip": [
                {"field": "start", "type": "temporal", "format": "%m-%d %H:%M"},
                {"field": "series"},
                {"field": "value", "format": ",.1f"},
            ],
        },
    }
    layers = [shade, lines] if shades else [lines]
    return framed(
        "Load by the hour",
        values,
        layer=layers,
        resolve={"scale": {"color": "independent"}},
        width=WIDE,
        height=260,
    )


def history_chart(values: list[Json]) -> Json:
    """Values of a factor over the years of its data.

    Args:
        values: Rows with `year`, `series`, `value`.
    """
    encoding = {
        "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}},
        "y": {"field": "value", "type": "quantitative", "title": None, "scale": {"zero": False}},
        "color": {"field": "series", "type": "nominal", "title": None},
        "tooltip": [{"field": "year"}, {"field": "series"}, {"field": "value"}],
    }
    return framed(
        "Values by year",
        values,
        mark={"type": "line", "point": True},
        encoding=encoding,
        width=300,
        height=200,
    )


def curve_chart(values: list[Json], *, x: str, y: str) -> Json:
    """Lines over a whole number.

    Args:
        values: Rows with `x`, `y` (share) and `series`.
        x: What `x` is.
        y: What `y` is.
    """
    encoding = {
        "x": {"field": "x", "type": "quantitative", "title": x, "axis": {"tickMinStep": 1}},
        "y": {
            "field": "y",
            "type": "quantitative",
            "title": y,
            "axis": {"format": ".0%"},
            "scale": {"zero": False},
        },
        "color": {"field": "series", "type": "nominal", "title": None},
        "tooltip": [{"field": "series"}, {"field": "x"}, {"field": "y", "format": ".1%"}],
    }
    mark = {"type": "line", "point": True}
    return framed(f"By {x}", values, mark=mark, encoding=encoding, width=WIDE, height=240)


def fan_chart(values: list[Json], *, title: str, unit: str) -> Json:
    """A forecast as a fan: central half and central nine tenths, the median.

    And what the meter showed.

    Args:
        values: Rows with `start` (ISO time), `p05`, `p25`, `p50`, `p75`, `p95`, and `actual` or
            None.
        title: What is forecast.
        unit: Of the values.
    """
    value = {"type": "quantitative", "title": unit or None}
    bands = [
        {
            "mark": {"type": "area", "opacity": opacity, "color": COLOURS[0]},
            "encoding": {
                "y": value | {"field": low, "scale": {"zero": False}},
                "y2": {"field": high},
            },
        }
        for low, high, opacity in (("p05", "p95", 0.25), ("p25", "p75", 0.35))
    ]
    line = {
        "mark": {"type": "line", "color": COLOURS[0]},
        "encoding": {"y": value | {"field": "p50"}},
    }
    seen = {
        "transform": [{"filter": "isValid(datum.actual)"}],
        "mark": {"type": "line", "color": COLOURS[1], "strokeWidth": 1.5},
        "encoding": {"y": value | {"field": "actual"}},
    }
    tips = [{"field": "start", "type": "temporal", "format": "%m-%d %H:%M"}]
    tips += [
        {"field": f, "type": "quantitative", "format": ",.4~g"}
        for f in ("p05", "p25", "p50", "p75", "p95", "actual")
    ]
    axis = {"format": "%m-%d %H:%M", "labelOverlap": True, "tickCount": 6}
    x = {
        "x": {"field": "start", "type": "temporal", "title": None, "axis": axis},
        "tooltip": tips,
    }
    return framed(title, values, layer=[*bands, line, seen], encoding=x, width=WIDE, height=240)


def savings_chart(values: list[Json], *, title: str) -> Json:
    """Savings of meters with their ranges, best first.

    Args:
        values: Rows with `meter`, `saved_share`, `low_share`, `high_share`, `held`: whether the
            meter is qualified.
        title: What was done.
    """
    y = {
        "field": "meter",
        "type": "nominal",
        "title": None,
        "sort": {"field": "saved_share", "order": "descending"},
    }
    x = {"type": "quantitative", "title": "saved", "axis": {"format": ".0%"}}
    colour = {
        "field": "held",
        "type": "nominal",
        "title": None,
        "scale": {"range": COLOURS[:1] + COLOURS[6:7]},
        "sort": "descending",
    }
    bars = {
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {"x": x | {"field": "low_share"}, "x2": {"field": "high_share"}},
    }
    dots = {
        "mark": {"type": "point", "filled": True, "size": 60},
        "encoding": {"x": x | {"field": "saved_share"}},
    }
    tips = [
        {"field": "meter"},
        *({"field": f, "format": ".1%"} for f in ("saved_share", "low_share", "high_share")),
    ]
    encoding = {"y": y, "color": colour, "tooltip": tips}
    return framed(
        title, values, layer=[bars, dots], encoding=encoding, width=WIDE, height={"step": 22}
    )


def noted(spec: Json, note: str) -> Json:
    """A chart with a line under its title, such as what its figures lack."""
    return spec | {"title": spec["title"] | {"subtitle": note, "subtitleFontSize": 11}}


PATH_SERIES = {
    "pathway": "#2f6f8f",
    "trend": "#e0a02f",
    "business as usual": "#b0522f",
    "China: peak by 2030, neutrality by 2060": "#8a8a8a",
    "valued": "#6b4fa0",
}
"""Series of a target's chart with their colours, the same in each."""


def path_chart(
    values: list[Json], *, title: str, unit: str, colours: Mapping[str, str] = PATH_SERIES
) -> Json:
    """A target's pathway beside what was valued, the trend, business as usual and the country's line.

    Args:
        values: Rows with `year`, `value` and `series`; what was valued is drawn with points.
        title: The target.
        unit: Unit of the values.
        colours: Colour of each series, by its name in the language of the chart.
    """
    x = {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": -45}}
    y: Json = {"field": "value", "type": "quantitative", "title": unit}
    if unit == "ratio":  # such as PUE, which is never under 1
        y["scale"] = {"zero": False}
    colour = _coloured("series", colours, values)
    tooltip = [{"field": "year"}, {"field": "series"}, {"field": "value", "format": ",.2f"}]
    lines = {
        "transform": [{"filter": "!datum.seen"}],
        "mark": {"type": "line", "strokeDash": [5, 3], "strokeWidth": 1.6},
        "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
    }
    seen = {
        "transform": [{"filter": "datum.seen"}],
        "mark": {"type": "line", "point": {"size": 60}, "strokeWidth": 2.6},
        "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
    }
    return framed(title, values, layer=[lines, seen], width=WIDE, height=250)


def wedge_chart(values: list[Json], *, title: str) -> Json:
    """Business as usual, split into what each measure takes away and what is left.

    Args:
        values: Rows with `year`, `part`, `rank` (order of the stack) and `value` [t CO2e].
        title: The target.
    """
    encoding = {
        "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": -45}},
        "y": {"field": "value", "type": "quantitative", "title": "t CO2e", "stack": True},
        "color": {"field": "part", "type": "nominal", "title": None, "sort": None},
        "order": {"field": "rank", "type": "quantitative"},
        "tooltip": [{"field": "year"}, {"field": "part"}, {"field": "value", "format": ",.0f"}],
    }
    return framed(
        title,
        values,
        mark={"type": "area", "opacity": 0.85},
        encoding=encoding,
        width=WIDE,
        height=250,
    )


def macc_chart(values: list[Json], *, title: str, unit: str, price: float | None) -> Json:
    """The marginal abatement cost curve.

    A bar per measure, as wide as what it abates, as high as a tonne costs.

    Args:
        values: Rows with `title`, `from_t`, `to_t` [t CO2e a year] and `cost_per_t`.
        title: Title.
        unit: Currency a tonne.
        price: Internal carbon price, drawn as a line; None where there is none.
    """
    bars = {
        "mark": {"type": "rect", "stroke": "#ffffff"},
        "encoding": {
            "x": {"field": "from_t", "type": "quantitative", "title": "t CO2e"},
            "x2": {"field": "to_t"},
            "y": {"field": "cost_per_t", "type": "quantitative", "title": unit},
            "y2": {"datum": 0},
            "color": {"field": "title", "type": "nominal", "title": None, "sort": None},
            "tooltip": [
                {"field": "title"},
                {"field": "cost_per_t", "format": ",.0f"},
                {"field": "abated_t", "format": ",.0f"},
            ],
        },
    }
    line = {
        "mark": {"type": "rule", "strokeDash": [4, 3], "color": "#b5533c"},
        "encoding": {"y": {"datum": price}},
    }
    return framed(
        title, values, layer=[bars] if price is None else [bars, line], width=WIDE, height=250
    )
