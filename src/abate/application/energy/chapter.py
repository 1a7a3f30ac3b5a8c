"""What the report says of data centres and of forecasts."""

from __future__ import annotations

from abate.application.energy.forecasts import ForecastShown, forecasts
from abate.application.energy.lots import claims_of
from abate.application.energy.matchings import match_year
from abate.application.energy.postings import used_in_year
from abate.application.inventory.figures import Value
from abate.application.inventory.open_run import OpenRun
from abate.disclosure import charts
from abate.disclosure.chapters import Chapter, Chart
from abate.disclosure.markup import Table
from abate.kernel.edges import Json
from abate.kernel.languages import Translate

FORECASTS_SHOWN = 8
COLUMNS = ("facility-energy", "it-energy", "pue", "wue")
CHARTS = (("pue", "PUE by building", "ratio", 1.0), ("wue", "WUE by building", "L/kWh", 0.0))
"""Figure, title, unit, and where the axis begins."""
CENTRES = "PUE (ISO/IEC 30134-2) and WUE (ISO/IEC 30134-9) from the buildings' meters."
METERED = (
    "Usage of each meter in the year by its readings. Usage enters the inventory where it was"
    " posted; a meter below another of the same kind is not counted again."
)
EXPECTED = (
    "What was expected, from what was known at the moment of issue, and what the meters showed"
    " since. Valued by the inventory's own methods and factors, kept in a book of its own."
)
CLAIMED = (
    "Watt-hours of a device and an hour, retired for one site and year each (EnergyTag, Granular"
    " Certificate Scheme Standard). What stands behind a site's own meter was not bought and covers"
    " nothing in the market-based view."
)
INCOMPLETE = "* Incomplete: hours without a reading count as nothing used or generated ({names})."
BANDS = (
    "Dark band: the half of outcomes expected in the middle; light band: nine in ten. Blue line:"
    " median. Yellow line: the meter."
)


def chapters(opened: OpenRun, t: Translate) -> list[Chapter]:
    """Data centres by building, meters, and kept forecasts compared with the meters."""
    return [
        *_data_centres(opened, t),
        *_meters(opened, t),
        *_claims(opened, t),
        *_forecasts(opened, t),
    ]


def _data_centres(opened: OpenRun, t: Translate) -> list[Chapter]:
    by_building: dict[str, dict[str, str]] = {}
    for name in COLUMNS:
        digits = 3 if name in ("pue", "wue") else 0
        for v in _by(opened, name, "building"):
            cells = by_building.setdefault(v.by["building"], {})
            cells[name] = f"{float(v.value or 0):,.{digits}f}"
    if not by_building:
        return []
    heads = (
        t("Building"),
        ">" + t("facility [kWh]"),
        ">" + t("IT [kWh]"),
        ">PUE",
        ">WUE [L/kWh]",
    )
    rows = [
        (building, *(cells.get(name, t("missing")) for name in COLUMNS))
        for building, cells in sorted(by_building.items())
    ]
    table = Table.of("buildings", t("Data-centre buildings"), heads, rows)
    drawn = [
        Chart(name, charts.ratio_chart(title, unit, points, floor=floor))
        for name, title, unit, floor in CHARTS
        if (points := _by_month(opened, name))
    ]
    return [Chapter("buildings", t("Data centres"), (t(CENTRES), table, *drawn))]


def _meters(opened: OpenRun, t: Translate) -> list[Chapter]:
    """What the meters of the store used in the year, and how much of it is measured."""
    used = used_in_year(opened.workspace, opened.year)
    if not used:
        return []
    heads = (
        t("Meter"),
        t("Site"),
        ">" + t("usage"),
        t("unit"),
        ">" + t("estimated"),
        ">" + t("readings missing"),
        t("In the ledger"),
    )
    rows = [
        (
            u.meter.meter,
            f"{u.meter.site} {u.meter.building}".strip() or "–",
            f"{u.usage:,.0f}",
            u.unit,
            f"{u.estimated_share:.1%}",
            f"{u.missing_share:.1%}",
            t("posted") if u.meter.is_posted else t("not posted"),
        )
        for u in used
    ]
    table = Table.of("meters", t("Meters"), heads, rows)
    return [Chapter("meters", t("Meters"), (t(METERED), table))]


def _claims(opened: OpenRun, t: Translate) -> list[Chapter]:
    """Lots that sites claim for the year, and what was matched in each hour."""
    claimed = claims_of(opened.workspace, opened.year)
    if not claimed:
        return []
    heads = (
        t("Site"),
        t("Device"),
        t("Technology"),
        t("Issuer or contract"),
        ">" + t("claimed [kWh]"),
    )
    rows = [
        (c.site, c.device, t(c.technology), c.contract or c.issuer, f"{c.wh / 1000:,.3f}")
        for c in claimed
    ]
    table = Table.of("lots", t("Lots claimed"), heads, rows)
    told = match_year(opened.workspace, opened.year)
    whole = told.json
    share = t(
        "Matched by the hour: {hourly:.1%} of what was used; generated over used: {volume:.1%}."
    ).format(hourly=whole["matched_share"], volume=whole["volumetric_share"])
    lack = [t(INCOMPLETE).format(names=", ".join(x["of"] for x in whole["incomplete"]))]
    drawn = [Chart(f"matched-{k}", spec) for k, spec in enumerate(told.charts)]
    parts = (t(CLAIMED), table, share, *(lack if whole["incomplete"] else ()), *drawn)
    return [Chapter("lots", t("Certificates by the hour"), parts)]


def _by(opened: OpenRun, name: str, dimensions: str) -> list[Value]:
    (whole,) = opened.rollups.values([name], opened.run)
    if whole.value is None:
        return []
    found = opened.rollups.values([name], opened.run, dimensions)
    return [v for v in found if v.value is not None and v.by["building"]]


def _by_month(opened: OpenRun, name: str) -> list[Json]:
    points = [
        {"building": v.by["building"], "month": v.by["month"], "value": float(v.value or 0)}
        for v in _by(opened, name, "building,month")
    ]
    return sorted(points, key=lambda p: (p["building"], p["month"]))


def _forecasts(opened: OpenRun, t: Translate) -> list[Chapter]:
    """Kept forecasts of a fiscal year, each with the fan of its first meters and plants."""
    months = set(opened.workspace.calendar.months(opened.year))
    of_year = [f for f in forecasts(opened.workspace) if str(f.period_start)[:7] in months]
    shown = of_year[-FORECASTS_SHOWN:]
    if not shown:
        return []
    heads = (
        "expected, location [t CO2e] (5 to 95 %)",
        "expected, market [t CO2e]",
        "too high by",
        "inside 50 %",
        "inside 90 %",
        "better than last week by",
    )
    columns = (t("Site"), t("Issued"), t("Until"), *(">" + t(h) for h in heads))
    title = t("Forecasts compared with the meters")
    table = Table.of("forecasts", title, columns, [_row(f) for f in shown])
    fans = [
        Chart(f"fan-{k}", spec) for k, spec in enumerate(s for f in shown for s in fan_specs(f))
    ]
    return [Chapter("forecasts", title, (t(EXPECTED), table, t(BANDS), *fans))]


def _row(made: ForecastShown) -> tuple[str, ...]:
    expected = {
        view: f"{t['mean']:,.2f} ({t['p05']:,.2f} – {t['p95']:,.2f})"
        for view, t in made.expected_t.items()
    }
    score = made.score
    return (
        made.site,
        str(made.issued_at)[:16],
        str(made.period_end)[:16],
        expected["location"],
        expected["market"],
        _share(score.bias_share if score else None, "+.1%"),
        _share(score.inside_50_share if score else None, ".0%"),
        _share(score.inside_90_share if score else None, ".0%"),
        _share(score.skill_share if score else None, "+.1%"),
    )


def _share(share: float | None, shape: str) -> str:
    return "–" if share is None else format(share, shape)


def fan_specs(made: ForecastShown) -> list[Json]:
    """Charts of a kept forecast: a fan for each of its first meters and plants."""
    by_meter: dict[str, list[Json]] = {}
    for hour in made.fan:
        by_meter.setdefault(hour.meter, []).append(hour.point)
    return [
        charts.fan_chart(points, title=f"{meter}, {made.site}", unit="kWh an hour")
        for meter, points in by_meter.items()
    ]
