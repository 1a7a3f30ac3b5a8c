"""Charts as Vega-Lite specifications: one for the page and for the static image."""

from __future__ import annotations

from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
COLOURS = ["#2f6f8f", "#e0a030", "#6aa84f", "#b5533c", "#7a6fb0", "#4fb0a5", "#999999", "#c06090"]


def _chart(title: str, values: list[dict[str, Any]], **rest: Any) -> dict[str, Any]:
    grey = "#7d8790"
    return {
        "$schema": SCHEMA,
        "title": {"text": title, "anchor": "start", "color": grey, "fontSize": 13},
        "background": "transparent",
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
