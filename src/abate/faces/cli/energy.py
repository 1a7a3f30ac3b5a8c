"""Commands of forecasts: readings, forecast, forecasts, backtest, savings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abate.adapters.store.writing import write_whole
from abate.faces.cli import show as out
from abate.faces.cli.app import (
    HERE,
    DatesOption,
    DecimalOption,
    JsonOption,
    WorkspaceOption,
    YearOption,
    app,
    names_of,
    opened_at,
    workers_of,
)
from abate.faces.clock import present
from abate.kernel.edges import Json

if TYPE_CHECKING:
    from abate.adapters.readers.series import FileStyle
    from abate.algorithms.forecasting.backtest import Score
    from abate.application.energy.outlooks import Outlook
    from abate.energy.facts.readings import Readings

ZoneOption = Annotated[
    str, typer.Option(help="Time zone of clock times without an offset, such as Asia/Shanghai.")
]
StampOption = Annotated[
    str,
    typer.Option(
        help="Which end of its step a time names: start or end.", show_default="by the header"
    ),
]
MendOption = Annotated[str, typer.Option("--mend", hidden=True)]
"""The former name of `--repair`."""
RepairOption = Annotated[
    str,
    typer.Option(
        help="What to repair: gaps,twice,units,resets,stuck. Nothing is corrected unasked."
    ),
]
UnitOption = Annotated[
    str, typer.Option("--unit", help="Unit of series of which the file states none, such as kWh.")
]
WeatherOption = Annotated[
    Path | None,
    typer.Option("--weather", help="Observed weather: CSV, XLSX, Parquet or EPW with temperature."),
]
CountryOption = Annotated[
    str, typer.Option(help="Country of the holidays, such as CN or US; DE-BY with a part of it.")
]
MeterOption = Annotated[
    str, typer.Option("--meter", help="Meters of the workspace in place of a file, with commas.")
]
ChartOption = Annotated[Path | None, typer.Option("--chart", help="SVG to draw.")]
ForecastWorkers = Annotated[
    str, typer.Option(help="Processes, or a Spark master such as spark://host:7077.")
]


@app.command()
def readings(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Interval data: CSV, XLSX, Parquet, JSON, Green Button XML or EPW; .gz and .zip too."
        ),
    ] = None,
    list_formats: Annotated[
        bool, typer.Option("--formats", help="List the formats read by name, with an example each.")
    ] = False,
    zone: ZoneOption = "UTC",
    stamp: StampOption = "",
    dates: DatesOption = "",
    decimal: DecimalOption = "",
    unit: UnitOption = "",
    repair: RepairOption = "",
    mend: MendOption = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Series as read and repaired: .csv or .parquet."),
    ] = None,
    meter: MeterOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Read interval data and check it.

    Gaps, double readings, slips of unit, resets, dead and stuck meters.

    Exit code 1 where there are any.
    """
    import numpy as np

    from abate.application.energy.batches import write_rows

    if list_formats:
        _print_formats(json=json)
        return
    style = style_of(zone, stamp, dates, decimal, unit, repair=repair or mend)
    made, _ = _source(file, meter, workspace, style)
    if output is not None:
        rows = [
            {"series": name, "start": str(start), "value": float(value)}
            for name, line in zip(made.names, made.values, strict=True)
            for start, value in zip(made.start, line, strict=True)
            if not np.isnan(value)
        ]
        write_rows(output, rows)
    if json:
        out.print_json(_readings_json(made))
    else:
        for one in (made, *made.others):
            _print_readings(one)
        _tell(made.findings)
    raise typer.Exit(1 if any(f.severity != "info" for f in made.findings) else 0)


def _print_formats(*, json: bool) -> None:
    from dataclasses import asdict

    from abate.adapters.readers.formats import formats

    if json:
        out.print_json([asdict(f) for f in formats()])
        return
    for one in formats():
        out.console().print(f"[bold]{one.name}[/bold], {one.source}. {one.says}")
        for line in one.example.splitlines()[:6]:
            out.console().print(f"    {line[:92]}{'…' if len(line) > 92 else ''}", markup=False)
        out.console().print()


def _readings_json(made: Readings) -> Json:
    import numpy as np

    series = [
        {
            "series": name,
            "meter": one.meters[m] if one.meters else "",
            "flow": one.flow(m),
            "unit": one.units[m],
            "values": int((~np.isnan(line)).sum()),
            "missing": int(np.isnan(line).sum()),
            "sum": float(np.nansum(line)),
            "sum_unit": _sum_unit(one, m),
            "range": _range(line),
            "step_s": one.step_s,
        }
        for one in (made, *made.others)
        for m, (name, line) in enumerate(zip(one.names, _energy(one).values, strict=True))
    ]
    return {
        "step_s": made.step_s,
        "from": str(made.start[0]),
        "to": str(made.start[-1]),
        "series": series,
        "layout": made.layout,
        "findings": [f.json for f in made.findings],
    }


def _energy(one: Readings) -> Readings:
    from abate.energy.facts.readings import as_energy

    return as_energy(one) if one.step_s else one


def _sum_unit(one: Readings, m: int) -> str:
    return _energy(one).units[m]


def _print_readings(one: Readings) -> None:
    import numpy as np

    made = _energy(one)
    body = [
        (
            name,
            one.flow(m),
            one.units[m] or "not stated",
            f"{(~np.isnan(line)).sum():,}",
            f"{np.isnan(line).sum():,}",
            _range(one.values[m]),
            f"{np.nansum(line):,.6g} {made.units[m]}".strip(),
        )
        for m, (name, line) in enumerate(zip(one.names, made.values, strict=True))
    ]
    step = f"{one.step_s} s a step" if one.step_s else "periods of their own length"
    title = f"{step}, {str(one.start[0])[:16]} to {str(one.start[-1])[:16]} UTC"
    columns = ("series", "flow", "unit", "values", "missing", "range", "sum")
    out.table(title, columns, body[:60], right=(3, 4, 6))


@app.command()
def forecast(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Meters: CSV, XLSX, Parquet or Green Button; without, those of --meter or --site."
        ),
    ] = None,
    ahead: Annotated[str, typer.Option(help="How far: 24h, 7d, 6m, 1y.")] = "24h",
    issued: Annotated[
        str,
        typer.Option(
            help="Moment of issue; nothing later is used.", show_default="end of the readings"
        ),
    ] = "",
    weather: WeatherOption = None,
    coming: Annotated[
        Path | None,
        typer.Option(
            "--weather-forecast", help="Forecast weather; its column 'issued' is respected."
        ),
    ] = None,
    country: CountryOption = "",
    zone: ZoneOption = "UTC",
    stamp: StampOption = "",
    dates: DatesOption = "",
    decimal: DecimalOption = "",
    unit: UnitOption = "",
    groups: Annotated[
        Path | None,
        typer.Option(
            "--groups", help="CSV: meter, site, business. Sums that add up are forecast beside."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Quantiles: .csv or .parquet.")
    ] = None,
    chart: ChartOption = None,
    workers: ForecastWorkers = "1",
    seed: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="Same data and seed, same bytes.")
    ] = 1,
    site: Annotated[
        str,
        typer.Option(
            help=(
                "Forecast the hourly meters of these sites of the workspace: one, or several with"
                " commas."
            )
        ),
    ] = "",
    energy: Annotated[
        Path | None,
        typer.Option(
            "--energy",
            help="TOML: holidays, weather, plants, tariff.",
            show_default="energy.toml of the workspace",
        ),
    ] = None,
    post: Annotated[
        bool, typer.Option("--post", help="Keep the forecast of --site in the workspace.")
    ] = False,
    meter: MeterOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Forecast meters with ranges, hours to a year ahead.

    Of a site, also its plants and tomorrow's emissions.
    """
    from abate.application.energy.batches import calendar_of
    from abate.kernel.errors import UsageError

    if sum(map(bool, (file, meter, site))) != 1:
        text = "Name a file, meters with --meter, or a site with --site."
        raise UsageError("what-to-forecast", text, "One of the three.")
    shared: dict[str, Any] = {
        "ahead": ahead,
        "issued": issued,
        "seed": seed,
        "output": output,
        "json": json,
    }
    if site:
        sites = list(dict.fromkeys(names_of(site)))
        _forecast_sites(workspace, sites, energy, chart=chart, post=post, **shared)
        return
    style = style_of(zone, stamp, dates, decimal, unit)
    shared |= {"weather": weather, "groups": groups}
    columnar = all(p is not None and p.suffix == ".parquet" for p in (file, output))
    if file is not None and workers != "1" and columnar:
        calendar = calendar_of(country, zone)
        _forecast_many(file, coming, workers=workers, style=style, calendar=calendar, **shared)
        return
    load, own_zone = _source(file, meter, workspace, style)
    shared["calendar"] = calendar_of(country, own_zone)
    _forecast_series(load, coming, chart=chart, zone=own_zone, **shared)


def _forecast_many(
    file: Path,
    coming: Path | None,
    *,
    calendar: Any,
    ahead: str,
    issued: str,
    weather: Path | None,
    style: FileStyle,
    groups: Path | None,
    output: Path,
    workers: str,
    seed: int,
    json: bool,
) -> None:
    """Forecast the meters of a Parquet file by several processes, or on a cluster."""
    from abate.adapters.readers.series import meters_of, read_series
    from abate.application.energy.batches import forecast_many, moment_of, read_groups, span_s
    from abate.kernel.errors import DataError

    if coming is not None:
        text = "A weather forecast is not used by several processes yet."
        raise DataError("no-weather", text, "Leave out --workers.")
    named = read_groups(groups, meters_of(file)) if groups else None
    with out.counting("forecasting", quiet=json) as step:
        told = forecast_many(
            file,
            output,
            calendar=calendar,
            ahead_s=span_s(ahead),
            weather=read_series(weather, zone=style.zone, checked=False) if weather else None,
            issued=moment_of(issued, style.zone) if issued else None,
            groups=named,
            workers=workers_of(workers),
            seed=seed,
            on_chunk=step,
            stamp=style.stamp,
        )
    if json:
        out.print_json(told | {"output": str(output)})
    else:
        out.console().print(f"{told['meters']:,} meters, {told['rows']:,} rows in {output}")


def _forecast_series(
    read: Readings,
    coming: Path | None,
    *,
    calendar: Any,
    ahead: str,
    issued: str,
    weather: Path | None,
    zone: str,
    groups: Path | None,
    output: Path | None,
    chart: Path | None,
    seed: int,
    json: bool,
) -> None:
    """Forecast the series of a file, or meters of the workspace."""
    from abate.adapters.readers.series import read_series
    from abate.application.energy import batches
    from abate.energy.facts.readings import as_energy

    load = as_energy(read)
    with out.working("forecasting"):
        made = batches.forecast_readings(
            load,
            calendar=calendar,
            ahead_s=batches.span_s(ahead),
            weather=read_series(weather, zone=zone, checked=False) if weather else None,
            forecast=read_series(coming, zone=zone, checked=False) if coming else None,
            issued=batches.moment_of(issued, zone) if issued else None,
            seed=seed,
        )
    members = made.members
    if groups:
        members = batches.with_groups(members, batches.read_groups(groups, members.names))
    rows = batches.forecast_rows(members)
    if output is not None:
        batches.write_rows(output, rows)
    if chart is not None:
        _draw_fan(chart, batches.fan_spec(members, load, made.unit))
    if json:
        out.print_json(
            {
                "issued": str(made.issued),
                "unit": made.unit,
                "model": made.model.parameters,
                "data_version": made.data_version,
                "findings": [f.json for f in load.findings],
                "rows": rows,
            }
        )
    else:
        _print_forecast(members, made.unit, str(made.issued))
        _tell(load.findings)


def _forecast_sites(
    workspace: Path,
    sites: list[str],
    energy: Path | None,
    *,
    ahead: str,
    issued: str,
    seed: int,
    output: Path | None,
    chart: Path | None,
    post: bool,
    json: bool,
) -> None:
    """Forecast sites of a workspace: meters, sites, businesses, emissions by day, plants, cost."""
    from abate.application.energy.batches import write_rows
    from abate.application.energy.outlooks import forecast_sites

    with out.working("forecasting"):
        told = forecast_sites(
            opened_at(workspace),
            sites,
            ahead=ahead,
            issued=issued,
            seed=seed,
            energy=energy,
            post=post,
            now=present(),
        )
    if output is not None:
        write_rows(output, told.rows)
    if chart is not None:
        _draw_fan(chart, told.fan)
    if json:
        out.print_json(told.json)
        return
    _print_forecast(told.found.members, "kWh", told.issued)
    _print_outlook(told.found)
    _tell(told.findings)
    if told.kept:
        out.console().print(
            f"Saved as {', '.join(told.kept)}. After importing meter data for the period, run"
            " 'abate forecasts'."
        )


def _print_outlook(found: Outlook) -> None:
    """Emissions, generation and cost of a forecast of sites."""
    body: list[tuple[str, ...]] = [
        (e.site, e.day, e.view, *(f"{t:,.3f}" for t in (e.mean, e.p05, e.p95)))
        for e in found.emissions
    ]
    columns: tuple[str, ...] = ("site", "day", "view", "mean", "5 %", "95 %")
    out.table("Expected emissions, t CO2e", columns, body, right=(3, 4, 5))
    if found.plants:
        body = [
            (p.plant, p.component, *(f"{p.kwh[k]:,.1f}" for k in ("p50", "p05", "p95")))
            for p in found.plants
        ]
        title = "Generation in kWh, sums of each hour's quantile"
        out.table(title, ("plant", "by", "median", "5 %", "95 %"), body, right=(2, 3, 4))
    if found.cost:
        cost = found.cost
        out.console().print(
            f"Cost: {cost.mean:,.2f} {cost.currency} ({cost.p05:,.2f} to {cost.p95:,.2f})"
        )


@app.command("data-centres")
def show_data_centres(
    building: Annotated[
        str, typer.Argument(help="SITE/BUILDING, to see the hours of its meters.")
    ] = "",
    year: YearOption = "",
    month: Annotated[
        str, typer.Option(help="Month of the hours, such as 2024-03.", show_default="the last")
    ] = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show PUE, WUE and clean share by building, or the load curve of one."""
    from abate.application.energy.data_centres import data_centres, load_curve
    from abate.application.inventory.figures import Figures, run_of

    opened = opened_at(workspace)
    if building:
        site, _, name = building.partition("/")
        curve = load_curve(opened, site, name, month)
        if json:
            out.print_json(curve.json)
            return
        stretches = [("gap", g) for g in curve.gaps] + [("stuck", s) for s in curve.stuck]
        out.table(
            f"{building}, {curve.month}: {len(curve.hours):,} hours",
            ("what", "where"),
            [(kind, ", ".join(f"{k} {v}" for k, v in s.json.items())) for kind, s in stretches],
        )
        return
    with Figures(opened) as ledger:
        found = data_centres(ledger, run_of(opened, year.upper()))
    if json:
        out.print_json([asdict(b) for b in found])
        return
    rows = [
        (
            f"{b.site}/{b.building}",
            *("missing" if v is None else f"{v:.3f}" for v in b.year.values()),
        )
        for b in found
    ]
    heads = tuple(found[0].year) if found else ()
    out.table("", ("building", *heads), rows, right=range(1, 1 + len(heads)))


@app.command()
def forecasts(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """List kept forecasts compared with what the meters showed since."""
    from abate.application.energy.forecasts import forecasts as list_forecasts

    rows = list_forecasts(opened_at(workspace))
    if json:
        out.print_json([r.json for r in rows])
        return
    body = []
    for r in rows:
        seen = ("–",) * 4
        if r.score is not None:
            skill = r.score.skill_share
            seen = (
                f"{r.score.bias_share:+.1%}",
                f"{r.score.inside_50_share:.0%}",
                f"{r.score.inside_90_share:.0%}",
                "–" if skill is None else f"{skill:.0%}",
            )
        mean = r.expected_t["location"]["mean"]
        body.append((r.forecast_id, str(r.period_start)[:16], f"{mean:,.2f}", *seen))
    columns = (
        "forecast",
        "from",
        "t CO2e, location",
        "too high by",
        "inside 50 %",
        "inside 90 %",
        "better than last week by",
    )
    out.table("", columns, body, right=(2, 3, 4, 5, 6))


@app.command()
def backtest(
    what: Annotated[Path | None, typer.Argument(help="File of meters.")] = None,
    weather: WeatherOption = None,
    ahead: Annotated[str, typer.Option(help="How far each forecast goes.")] = "24h",
    every: Annotated[str, typer.Option(help="How often one is made.")] = "7d",
    last: Annotated[str, typer.Option(help="Over how much of the end of the readings.")] = "8w",
    country: CountryOption = "",
    zone: ZoneOption = "UTC",
    stamp: StampOption = "",
    dates: DatesOption = "",
    decimal: DecimalOption = "",
    unit: UnitOption = "",
    meter: MeterOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Backtest: forecasts that use only data available at the time, compared with baselines."""
    from abate.adapters.readers.series import read_series
    from abate.application.energy.backtests import backtest_readings
    from abate.application.energy.batches import calendar_of

    style = style_of(zone, stamp, dates, decimal, unit)
    load, zone = _source(what, meter, workspace, style, checked=False)
    seen = read_series(weather, zone=zone, checked=False) if weather else None
    with out.working("forecasting from each origin"):
        scores = backtest_readings(
            load,
            calendar=calendar_of(country, zone),
            weather=seen,
            ahead=ahead,
            every=every,
            last=last,
        )
    if json:
        out.print_json([asdict(s) for s in scores])
        return
    _print_scores(scores)


def _print_scores(scores: Sequence[Score]) -> None:
    """Scores of forecasters, over all and by month."""
    body = [
        (
            s.name,
            f"{s.pinball:.4g}",
            f"{s.crps:.4g}",
            _signed(s.bias_share),
            f"{s.inside_50:.0%}",
            f"{s.inside_80:.0%}",
            "–" if s.skill is None else f"{s.skill:.1%}",
        )
        for s in scores
    ]
    columns = ("forecaster", "pinball", "CRPS", "bias", "inside 50 %", "inside 80 %", "skill")
    title = f"{len(scores[0].by_origin)} origins, {scores[0].count:,} values"
    out.table(title, columns, body, right=range(1, 7))
    out.table(
        "Share of values in each tenth of the distribution (0.10 where it is honest)",
        ("forecaster", *(str(k) for k in range(1, 11))),
        [(s.name, *(f"{p:.2f}" for p in s.pit_shares)) for s in scores],
        right=range(1, 11),
    )
    months = sorted(
        (m.month, k, s.name, f"{m.pinball:.4g}", _signed(m.bias_share), f"{m.inside_80:.0%}")
        for k, s in enumerate(scores)
        for m in s.by_month
    )
    out.table(
        "By month (bias: how far medians stood above what came)",
        ("month", "forecaster", "pinball", "bias", "inside 80 %"),
        [(month, *rest) for month, _, *rest in months],
        right=(2, 3, 4),
    )


def _signed(share: float | None) -> str:
    return "–" if share is None else f"{share:+.1%}"


@app.command()
def savings(
    weather: Annotated[
        Path, typer.Option("--weather", help="Outdoor temperature: CSV, XLSX, Parquet or EPW.")
    ],
    until: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d"], help="First day of the works; the baseline ends before it."
        ),
    ],
    meters: Annotated[
        Path | None, typer.Argument(help="Interval data or bills (start, amount).")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="First day after the works.", show_default="as --until"
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="daily (change points of days or bills) or hourly (time of week).")
    ] = "daily",
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the ranges.")] = 0.95,
    zone: ZoneOption = "UTC",
    dates: DatesOption = "",
    decimal: DecimalOption = "",
    unit: UnitOption = "",
    column: Annotated[
        str, typer.Option(help="Header of the amounts of bills, where there are several.")
    ] = "",
    repair: RepairOption = "",
    mend: MendOption = "",
    workers: ForecastWorkers = "1",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Estimates: .csv or .parquet.")
    ] = None,
    chart: ChartOption = None,
    meter: MeterOption = "",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:
    """Measure what a measure saved: baseline by weather, against the meters since, with ranges.

    Exit code 1 where a meter is disqualified.
    """
    from abate.adapters.readers.series import read_series
    from abate.application.energy.batches import write_rows
    from abate.application.energy.savings import SavingTerms, measure_savings, savings_spec

    terms = SavingTerms(until.date(), (since or until).date(), model, confidence)
    style = style_of(zone, "", dates, decimal, unit, column=column, repair=repair or mend)
    source: Path | Readings
    if meters is not None and not meter:
        source = meters
    else:
        source, zone = _source(meters, meter, workspace, style)
        style = replace(style, zone=zone)
    with out.working("fitting baselines"):
        told = measure_savings(
            source,
            read_series(weather, zone=zone, checked=False),
            terms,
            style=style,
            workers=workers_of(workers),
        )
    if output is not None:
        write_rows(output, told.rows)
    if chart is not None:
        import vl_convert

        write_whole(chart, vl_convert.vegalite_to_svg(savings_spec(told)))
    if json:
        out.print_json(told.json)
    else:
        _print_savings(told.savings, confidence)
        _tell(told.findings)
    raise typer.Exit(1 if any(s.reasons for s in told.savings) else 0)


def _print_savings(found: Sequence[Any], confidence: float) -> None:
    body = [
        (
            s.meter,
            s.model,
            _point(s.heating_balance_point),
            _point(s.cooling_balance_point),
            f"{s.expected:,.0f}",
            f"{s.used:,.0f}",
            "–" if s.saved_share is None else f"{s.saved_share:.1%}",
            f"{s.low:,.0f} to {s.high:,.0f}",
            f"{s.cv_rmse:.2f}",
            f"{s.nmbe:.3f}",
            "; ".join(s.reasons) or "qualified",
        )
        for s in found
    ]
    columns = (
        "meter",
        "model",
        "heats below",
        "cools above",
        "expected",
        "used",
        "saved",
        f"range, {confidence:.0%}",
        "CV(RMSE)",
        "NMBE",
        "",
    )
    out.table("", columns, body[:200], right=(2, 3, 4, 5, 6, 7, 8, 9))
    good = [s for s in found if not s.reasons]
    out.console().print(
        f"{len(good)} of {len(found)} meters qualify; they saved {sum(s.saved for s in good):,.0f}."
    )


def _tell(findings: Any) -> None:
    if findings:
        out.findings_table("", list(findings))


def _point(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _range(line: Any) -> str:
    import numpy as np

    return "–" if np.isnan(line).all() else f"{np.nanmin(line):,.4g} to {np.nanmax(line):,.4g}"


def style_of(
    zone: str,
    stamp: str,
    dates: str,
    decimal: str,
    unit: str,
    *,
    column: str = "",
    repair: str = "",
) -> FileStyle:
    """What the options of a command say of a file.

    Raises:
        UsageError: `unknown-repair`.
    """
    from abate.adapters.readers.series import FileStyle

    return FileStyle(zone, stamp, dates, decimal, unit, column, _repairs(repair))


def _source(
    file: Path | None, meter: str, workspace: Path, style: FileStyle, *, checked: bool = True
) -> tuple[Readings, str]:
    """The series of a file, or the usage of meters of the workspace, and whose clock they follow.

    Raises:
        UsageError: `what-to-read` where both or none are named.
    """
    from abate.application.energy.meters import meter_named
    from abate.application.energy.usage import usage_of
    from abate.kernel.errors import UsageError

    if (file is None) == (not meter):
        text = "Name a file, or meters of the workspace with --meter."
        raise UsageError("what-to-read", text, "One of the two.")
    if file is not None:
        return style.read(file, checked=checked), style.zone
    names = list(dict.fromkeys(names_of(meter)))
    opened = opened_at(workspace)
    zone = style.zone if style.zone != "UTC" else meter_named(opened, names[0]).zone
    return usage_of(opened, names, checked=checked), zone


def _repairs(text: str) -> tuple[str, ...]:
    from abate.energy.facts.readings import REPAIRS
    from abate.kernel.errors import UsageError

    chosen = names_of(text)
    odd = [t for t in chosen if t not in REPAIRS]
    if odd:
        raise UsageError(
            "unknown-repair",
            f"'{odd[0]}' cannot be corrected.",
            f"There are: {', '.join(REPAIRS)}.",
        )
    return chosen


def _print_forecast(members: Any, unit: str, issued: str) -> None:
    import numpy as np

    totals = members.values.sum(axis=2)
    low, high = np.quantile(totals, [0.05, 0.95], axis=0)
    body = [
        (
            name,
            f"{totals[:, m].mean():,.2f}",
            f"{low[m]:,.2f}",
            f"{high[m]:,.2f}",
            f"{members.values[:, m].mean(axis=0).max():,.2f}",
        )
        for m, name in enumerate(members.names)
    ]
    first, last = (str(t)[:16].replace("T", " ") for t in (members.start[0], members.start[-1]))
    title = (
        f"{first} to {last}, issued {issued[:16].replace('T', ' ')};"
        f" sums{f' in {unit}' if unit else ''}"
    )
    out.table(
        title, ("series", "mean", "5 %", "95 %", "highest step"), body[:60], right=(1, 2, 3, 4)
    )


def _draw_fan(path: Path, spec: Json) -> None:
    import vl_convert

    write_whole(path, vl_convert.vegalite_to_svg(spec))
