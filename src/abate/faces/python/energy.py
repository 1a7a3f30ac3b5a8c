"""What one does with meters, buildings and forecasts."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from abate.adapters.store.workspace import Workspace as Opened
from abate.application.inventory.figures import Figures, run_of
from abate.faces.clock import present
from abate.faces.python.data import file_of
from abate.faces.python.table import Table

if TYPE_CHECKING:
    import numpy as np

    from abate.algorithms.forecasting.backtest import Score
    from abate.application.energy.contracts import ContractsCompared
    from abate.application.energy.data_centres import DataCentre, LoadCurve
    from abate.application.energy.dispatches import SiteDispatch
    from abate.application.energy.forecasts import ForecastShown, SiteForecast
    from abate.application.energy.loads import Load, Preview
    from abate.application.energy.matchings import YearMatched
    from abate.application.energy.meters import Meter
    from abate.application.energy.postings import Posting
    from abate.application.energy.savings import SavingsResult
    from abate.application.energy.settlements import Settlement
    from abate.application.energy.sizings import SiteSizing
    from abate.application.energy.tariffs import BillShown, TariffListed, TariffShown


class EnergyDoor:
    """Meters, buildings and forecasts of a workspace."""

    _opened: Opened

    def meters(self) -> list[Meter]:
        """Every meter with its readings in numbers, parents before what stands below them."""
        from abate.application.energy.meters import meters

        return meters(self._opened)

    def load(
        self,
        data: Any,
        *,
        meter: str = "",
        site: str = "",
        kind: str = "",
        zone: str = "",
        unit: str = "",
        later: bool = False,
    ) -> Load:
        """Load readings of meters from a file or table; of a step the newest load holds.

        Args:
            data: Path of a file, or a table with times and values.
            meter: Name of the meter, where the file names none.
            site: Site at which it stands.
            kind: Kind of the activities that its usage becomes, such as `electricity`.
            zone: Time zone of its clock.
            unit: Unit of series that state none.
            later: Whether of two readings of one file for one step the later is taken.

        Raises:
            DataError: `bad-frame`, and where the file is not read as readings.
        """
        from abate.application.energy.loads import LoadSpec, load_readings

        how = LoadSpec(meter=meter, site=site, kind=kind, zone=zone, unit=unit, later=later)
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(data, Path(folder), "readings")
            return load_readings(self._opened, path, how, now=present())

    def post(self, year: str, *, by: Literal["month", "day", "hour"] = "month") -> Posting:
        """Bring what meters used in a year into the ledger, in place of what was posted of it."""
        from abate.application.energy.postings import post_usage

        return post_usage(self._opened, year.upper(), now=present(), by=by)

    def usage(self, meter: str, *, by: Literal["hour", "day", "month"] = "month") -> Table:
        """What a meter used by hour, day or month of its clock."""
        from abate.application.energy.usage import shown_meter

        told = shown_meter(self._opened, meter, by=by)
        return Table(
            [
                {
                    "start": span.begun,
                    "value": span.amount,
                    "unit": told.unit,
                    "metered": span.metered,
                    "estimated": span.estimated,
                    "missing_steps": span.missing_count,
                }
                for span in told.spans
            ]
        )

    def forecast(
        self, site: str, *, hours: int = 48, issued: np.datetime64 | None = None, keep: bool = False
    ) -> SiteForecast:
        """Forecast a site's power from its meters, as emissions too.

        Args:
            site: The site; `energy/` of the workspace says what stands there.
            hours: How far ahead.
            issued: When it is issued; the end of the readings where none is named.
            keep: Whether it is posted, to be compared with meters later.
        """
        from abate.adapters.readers.energy_config import CONFIG, EnergyConfig, read_energy
        from abate.application.energy.forecasts import forecast_site, post_forecast

        path = self._opened.root / CONFIG
        config = read_energy(path) if path.is_file() else EnergyConfig()
        made = forecast_site(self._opened, site, config, ahead_s=hours * 3600, issued=issued)
        if keep:
            post_forecast(self._opened, made, now=present())
        return made

    def forecasts(self) -> list[ForecastShown]:
        """Forecasts that were posted, beside what the meters showed."""
        from abate.application.energy.forecasts import forecasts

        return forecasts(self._opened)

    def preview_readings(self, path: str | Path, *, meter: str = "", unit: str = "") -> Preview:
        """What a file of readings is read as; nothing is stored."""
        from abate.application.energy.loads import LoadSpec, preview_readings

        return preview_readings(self._opened, Path(path), LoadSpec(meter=meter, unit=unit))

    def readings(self, meter: str, *, after: datetime | None = None, limit: int = 100_000) -> Table:
        """Readings of a meter as usage a step, the oldest first.

        Args:
            meter: The meter.
            after: Only later ones, UTC.
            limit: How many at most.

        Raises:
            NotFoundError: `unknown-meter`.
        """
        from abate.application.energy.usage import readings_page

        told = readings_page(self._opened, meter, after=after, limit=limit)
        return Table([asdict(r) for r in told.rows])

    def set_meter(
        self,
        meter: str,
        *,
        site: str = "",
        building: str = "",
        kind: str = "",
        parent: str = "",
        replaces: str = "",
        reason: str = "",
    ) -> str:
        """Say where a meter stands and what it counts; empty fields leave what is known.

        Returns:
            The change, which can be undone.

        Raises:
            NotFoundError: `unknown-meter`.
        """
        from abate.application.energy.meters import Place, change_meter

        place = Place(site=site, building=building, kind=kind, parent=parent, replaces=replaces)
        return change_meter(self._opened, meter, place, now=present(), reason=reason)

    def backtest(
        self,
        *meters: str,
        weather: str | Path | None = None,
        country: str = "",
        ahead: str = "24h",
        every: str = "7d",
        last: str = "8w",
    ) -> list[Score]:
        """Score forecasts of meters, with baselines for comparison.

        Args:
            meters: Their names.
            weather: File of outdoor temperature.
            country: Country of the holidays, such as DE or DE-BY.
            ahead: How far each forecast goes.
            every: How often one is made.
            last: Over how much of the end of the readings.

        Raises:
            NotFoundError: `unknown-meter`.
            UsageError: `nothing-to-score`.
        """
        from abate.application.energy.backtests import backtest_meters

        file = Path(weather) if weather is not None else None
        spans = {"ahead": ahead, "every": every, "last": last}
        return backtest_meters(self._opened, meters, weather=file, country=country, **spans)

    def savings(
        self,
        *meters: str,
        weather: str | Path,
        until: date,
        since: date | None = None,
        model: Literal["daily", "hourly"] = "daily",
        confidence: float = 0.95,
    ) -> SavingsResult:
        """Measure what works saved: baseline by weather, against the meters since, with ranges.

        Args:
            meters: Meters of the workspace.
            weather: File of outdoor temperature of both sides.
            until: First day of the works; the baseline ends before it.
            since: First day after the works; `until` where it is left out.
            model: Change points of days, or hours of the week.
            confidence: Of the ranges.

        Raises:
            NotFoundError: `unknown-meter`.
            DataError: `no-weather`.
        """
        from abate.adapters.readers.series import FileStyle, read_series
        from abate.application.energy.meters import meter_named
        from abate.application.energy.savings import SavingTerms, measure_savings
        from abate.application.energy.usage import usage_of

        zone = meter_named(self._opened, meters[0]).zone
        return measure_savings(
            usage_of(self._opened, meters),
            read_series(Path(weather), zone=zone, checked=False),
            SavingTerms(until, since or until, model, confidence),
            style=FileStyle(zone),
        )

    def matching(
        self,
        year: str,
        *,
        basis: Literal["hourly", "monthly"] = "hourly",
        lots: Sequence[str | Path] = (),
        grid: str | Path | None = None,
        first: Sequence[str] = (),
    ) -> YearMatched:
        """Match what sites used by the hour with what plants and lots gave in the same hour.

        Args:
            year: Fiscal year.
            basis: `hourly`, or `monthly`: all hours of a month as one.
            lots: Files of lots: device, start, kwh, region.
            grid: Hours of the grid: time, clean_share, residual_kg_per_kwh.
            first: Sites that are served before others.

        Raises:
            NotFoundError: `no-meter`.
            DataError: `bad-lots`, `bad-grid`.
        """
        from abate.application.energy.matchings import match_year

        files, hours = [Path(p) for p in lots], Path(grid) if grid is not None else None
        return match_year(self._opened, year, basis=basis, lots=files, grid=hours, first=first)

    def certificates(self, year: str = "") -> Table:
        """Certificates and contracts that count, with what runs matched of them.

        Args:
            year: Only those retired for this fiscal year; all where it is empty.
        """
        from abate.application.inventory.instruments import certificates

        return Table([asdict(c) for c in certificates(self._opened, year)])

    def tariffs(self) -> list[TariffListed]:
        """Tariffs of the workspace and those that come with Abate."""
        from abate.application.energy.tariffs import tariffs

        return tariffs(self._opened)

    def tariff(self, name: str, *, year: int = 2026) -> TariffShown:
        """What a tariff charges, line by line, with the price of each hour of a year.

        Args:
            name: Its name, or the path of its file.
            year: The year.

        Raises:
            NotFoundError: `no-tariff`.
        """
        from abate.application.energy.tariffs import show_tariff

        return show_tariff(self._opened, name, year=year)

    def add_tariff(self, path: str | Path, *, name: str = "") -> str:
        """Keep a tariff in the workspace, in place of one of the same name.

        Args:
            path: Its file, in TOML.
            name: Its name; that of the file where none is given.

        Returns:
            Its name.

        Raises:
            ConfigError: `bad-tariff`, `tariff-incomplete`; nothing is kept then.
        """
        from abate.application.energy.tariffs import add_tariff

        return add_tariff(self._opened, Path(path), name=name).id

    def tariff_bill(
        self,
        tariff: str,
        *meters: str,
        data: Any = None,
        year: int = 0,
        contract_kw: float = 0.0,
        capacity_kva: float = 0.0,
        earlier_kw: Mapping[str, float] | None = None,
        series: Sequence[str] = (),
        received: str | Path | None = None,
    ) -> BillShown:
        """Bill readings by a tariff, line by line, and compare with a bill that came in.

        Args:
            tariff: Its name, or the path of its file.
            meters: Meters of the connection.
            data: File or table of readings, in place of meters.
            year: Calendar year; all readings where it is 0.
            contract_kw: Power by contract; the tariff's where it is 0.
            capacity_kva: Of the transformer; the tariff's where it is 0.
            earlier_kw: Highest power of months before the readings, by month.
            series: Series of the data that belong to the connection, where there are several.
            received: A bill that came in: a PDF whose lines are named as the tariff's, or a table
                with line, month, amount, quantity.

        Raises:
            NotFoundError: `no-tariff`, `unknown-meter`.
        """
        from abate.application.energy.tariffs import BillSpec, bill_file, bill_meters

        given = (contract_kw, capacity_kva, earlier_kw, tuple(series))
        spec = BillSpec(tariff, year, *given)
        came = Path(received) if received is not None else None
        if data is None:
            return bill_meters(self._opened, spec, meters, received=came)
        with tempfile.TemporaryDirectory() as folder:
            path = file_of(data, Path(folder), "readings")
            return bill_file(self._opened, spec, path, received=came)

    def dispatch(
        self,
        site: str,
        *meters: str,
        first: str = "",
        span: str = "7d",
        tariff: str = "",
        objective: Literal["cost", "carbon"] = "cost",
        ahead_h: int = 0,
        quantile: float = 0.5,
        front: bool = False,
        keep: str = "",
    ) -> SiteDispatch:
        """Dispatch a site: when batteries charge and loads run, and what its bill is then.

        Args:
            site: The site; `energy.toml` says what stands there.
            meters: Meters that say the load; the hourly ones of its buildings where none are named.
            first: First moment, by the clock of the tariff; a span before the last reading where
                it is empty.
            span: How long: 7d, 1m, 1y.
            tariff: Name of a tariff, in place of that of `energy.toml`.
            objective: What is least.
            ahead_h: Plan on forecasts this many hours ahead; 0 knows what comes.
            quantile: Of load on which forecasts are planned, such as 0.8 to be careful.
            front: Whether plans between least cost and least carbon are made.
            keep: Name under which the plan is kept; none where it is empty.

        Raises:
            NotFoundError: `no-meter`, `unknown-meter`, `no-tariff`.
            DataError: `dispatch-gap`.
        """
        from abate.application.energy.dispatches import DispatchSpec, dispatch_site, post_dispatch

        given = (first, span, meters, tariff, objective, ahead_h, front, quantile)
        spec = DispatchSpec(site, *given)
        made = dispatch_site(self._opened, spec)
        if keep:
            post_dispatch(self._opened, made, name=keep, now=present())
        return made

    def settle(self, plan: str, *meters: str) -> Settlement:
        """Settle a kept dispatch: what it promised, beside what the meters show since.

        Args:
            plan: Its name.
            meters: Of the connection; the site's posted ones where none are named.

        Raises:
            NotFoundError: `no-plan`, `no-meter`.
            UsageError: `plan-not-settled`.
        """
        from abate.application.energy.settlements import settle_plan

        return settle_plan(self._opened, plan, meters)

    def size(
        self,
        site: str,
        *meters: str,
        first: str = "",
        span: str = "1y",
        tariff: str = "",
        keep: str = "",
    ) -> SiteSizing:
        """Size generators and batteries of a site: what to build, and what it saves.

        Args:
            site: The site; `energy.toml` says what may be built there, and its costs.
            meters: Meters that say the load; the hourly ones of its buildings where none are named.
            first: First moment, by the clock of the tariff; a span before the last reading where
                it is empty.
            span: Readings that stand for a year: 1y, 6m.
            tariff: Name of a tariff, in place of that of `energy.toml`.
            keep: Name under which it is kept as a plan; none where it is empty.

        Raises:
            NotFoundError: `no-meter`, `unknown-meter`, `no-tariff`.
            UsageError: `nothing-to-size`, `bad-technology`.
            DataError: `dispatch-gap`.
        """
        from abate.application.energy.dispatches import DispatchSpec
        from abate.application.energy.sizings import post_sizing, size_of

        made = size_of(self._opened, DispatchSpec(site, first, span, meters, tariff))
        if keep:
            post_sizing(self._opened, made, name=keep, now=present())
        return made

    def contracts(
        self,
        *paths: str | Path,
        market: str | Path,
        site: str = "",
        n: int = 10_000,
        discount: float = 0.06,
        price_rise: float = 0.0,
        level_sd: float = 0.15,
        seed: int = 1,
        zone: str = "UTC",
    ) -> ContractsCompared:
        """Value power contracts side by side, over the same futures.

        Args:
            paths: Files of contracts, in TOML.
            market: Hours of years: time, price (of a MWh), generation (kW by kW), load (kW).
            site: Site whose load it is: also tonnes; none where it is empty.
            n: How many futures.
            discount: A year, as a share.
            price_rise: Expected rise of prices a year.
            level_sd: Standard deviation of a year's step of the price level.
            seed: Of the draws.
            zone: Time zone of the market's times.

        Raises:
            UsageError: `bad-contract`, `bad-futures`, `currencies-differ`.
            DataError: `bad-market-file`.
        """
        from abate.application.energy.contracts import compare_contracts
        from abate.energy.planners.contracts import Futures

        futures = Futures(n, discount, price_rise, level_sd, seed=seed)
        files = [Path(p) for p in paths]
        return compare_contracts(
            files, Path(market), futures, zone=zone, workspace=self._opened, site=site
        )

    def data_centres(self, year: str) -> list[DataCentre]:
        """PUE, WUE and clean share of each building by month, with goal and climate."""
        from abate.application.energy.data_centres import data_centres

        with Figures(self._opened) as ledger:
            return data_centres(ledger, run_of(self._opened, year.upper()))

    def load_curve(self, site: str, building: str, month: str) -> LoadCurve:
        """The hours of a building's meters in a month, with gaps and stuck meters."""
        from abate.application.energy.data_centres import load_curve

        return load_curve(self._opened, site, building, month)
