"""Charts as Vega-Lite specifications: one for the page and for the static image."""

from __future__ import annotations

from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
COLOURS = ["#2f6f8f", "#e0a030", "#6aa84f", "#b5533c", "#7a6fb0", "#4fb0a5", "#999999", "#c06090"]
WIDE = 560
"""Width of a chart that takes two columns of the page."""


def _chart(title: str, values: list[dict[str, Any]], **rest: Any) -> dict[str, Any]:
    grey = "#7d8790"
    return {
        "$schema": SCHEMA,
        "title": {"text": title, "anchor": "start", "color": grey, "fontSize": 13},
        "background": "transparent",
        "padding": {"left": 30, "right": 8, "top": 6, "bottom": 6},  # other fonts than the renderer's are wider
        "data": {"values": values},
        "config": {
            "view": {"stroke": None},
            "axis": {"labelColor": grey, "titleColor": grey, "gridColor": "#80808033", "domain": False, "ticks": False},
            "legend": {"labelColor": grey, "titleColor": grey, "orient": "bottom", "columns": 4},
            "font": "system-ui, sans-serif",
            "range": {"category": COLOURS},
        },
        **rest,
    }


def years_chart(values: list[dict[str, Any]]) -> dict[str, Any]:
    """Gross by scope as stacked bars, net as a mark, year by year.

    Args:
        values: Rows with `year`, `series`, `value` [t CO2e]; the series `Net` becomes the mark.
    """
    bars = {
        "transform": [{"filter": "datum.series !== 'Net'"}],
        "mark": {"type": "bar", "width": {"band": 0.5}},
        "encoding": {
            "y": {"field": "value", "type": "quantitative", "stack": True, "title": "t CO2e"},
            "color": {"field": "series", "type": "nominal", "title": None},
            "tooltip": [{"field": "year"}, {"field": "series"}, {"field": "value", "format": ",.0f"}],
        },
    }
    net = {
        "transform": [{"filter": "datum.series === 'Net'"}],
        "mark": {"type": "tick", "thickness": 4, "color": "#b5533c", "width": {"band": 0.8}},
        "encoding": {
            "y": {"field": "value", "type": "quantitative"},
            "tooltip": [{"field": "year"}, {"field": "series"}, {"field": "value", "format": ",.0f"}],
        },
    }
    x = {"x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}}}
    return _chart(
        "Gross by scope (bars) and net (red line)", values, layer=[bars, net], encoding=x, width=300, height=240
    )


def business_chart(values: list[dict[str, Any]]) -> dict[str, Any]:
    """Scope 1 and 2 (location) by business.

    Args:
        values: Rows with `org`, `series`, `value` [t CO2e].
    """
    encoding = {
        "y": {"field": "org", "type": "nominal", "title": None, "sort": "-x"},
        "x": {"field": "value", "type": "quantitative", "title": "t CO2e"},
        "color": {"field": "series", "type": "nominal", "title": None},
        "tooltip": [{"field": "org"}, {"field": "series"}, {"field": "value", "format": ",.0f"}],
    }
    return _chart("By business", values, mark="bar", encoding=encoding, width=300, height=240)


def months_chart(values: list[dict[str, Any]]) -> dict[str, Any]:
    """Scope 1 and 2 (location) by month.

    Args:
        values: Rows with `month`, `series`, `value` [t CO2e].
    """
    encoding = {
        "x": {"field": "month", "type": "ordinal", "title": None, "axis": {"labelAngle": -60}},
        "y": {"field": "value", "type": "quantitative", "title": "t CO2e"},
        "color": {"field": "series", "type": "nominal", "title": None},
        "tooltip": [{"field": "month"}, {"field": "series"}, {"field": "value", "format": ",.0f"}],
    }
    return _chart("By month", values, mark="bar", encoding=encoding, width=300, height=240)


def ratio_chart(title: str, unit: str, values: list[dict[str, Any]], *, floor: float) -> dict[str, Any]:
    """A ratio of data-centre buildings by month.

    Args:
        title: Title.
        unit: Unit on the axis.
        values: Rows with `month`, `building`, `value`.
        floor: Least value of the axis.
    """
    encoding = {
        "x": {"field": "month", "type": "ordinal", "title": None, "axis": {"labelAngle": -60}},
        "y": {"field": "value", "type": "quantitative", "title": unit, "scale": {"zero": False, "domainMin": floor}},
        "color": {"field": "building", "type": "nominal", "title": None},
        "tooltip": [{"field": "month"}, {"field": "building"}, {"field": "value", "format": ".3f"}],
    }
    return _chart(title, values, mark={"type": "line", "point": True}, encoding=encoding, width=300, height=240)


def categories_chart(values: list[dict[str, Any]]) -> dict[str, Any]:
    """Scope 3 by category and approach.

    Args:
        values: Rows with `category`, `approach`, `value` [t CO2e], in the order of the categories.
    """
    encoding = {
        "y": {"field": "category", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 260}},
        "x": {"field": "value", "type": "quantitative", "title": "t CO2e"},
        "color": {"field": "approach", "type": "nominal", "title": None},
        "tooltip": [{"field": "category"}, {"field": "approach"}, {"field": "value", "format": ",.0f"}],
    }
    return _chart("Scope 3 by category and method", values, mark="bar", encoding=encoding, width=WIDE, height=260)


def waterfall_chart(title: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """A bridge: from one total to the next by its drivers.

    Args:
        title: Title of the chart.
        steps: Rows with `step`, `low`, `high`, `change` [t CO2e] and `side`: total, up or down; in order.
    """
    encoding = {
        "x": {"field": "step", "type": "nominal", "title": None, "sort": None, "axis": {"labelAngle": -30}},
        "tooltip": [{"field": "step"}, {"field": "change", "format": ",.1f", "title": "t CO2e"}],
    }
    bars = {
        "mark": {"type": "bar", "width": {"band": 0.7}},
        "encoding": {
            "y": {"field": "low", "type": "quantitative", "title": "t CO2e", "scale": {"zero": False}},
            "y2": {"field": "high"},
            "color": {
                "field": "side",
                "type": "nominal",
                "title": None,
                "scale": {"domain": ["total", "up", "down"], "range": ["#2f6f8f", "#b5533c", "#6aa84f"]},
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
    return _chart(title, steps, layer=[bars, labels], encoding=encoding, width=WIDE, height=260)
