"""Workspace: everything one can do with a ledger, from Python."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from abate.adapters.store.imports import Import, every_import
from abate.adapters.store.workspace import Workspace as Opened
from abate.adapters.writers.frames import write_frame
from abate.application.inventory.figures import Figures, run_of, runs, years
from abate.application.inventory.findings import standing_findings
from abate.application.inventory.imports import ImportResult, add_file, undo
from abate.application.inventory.mapping import said_of_file
from abate.application.inventory.previews import CheckPreview, preview_file
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace, open_workspace
from abate.faces.clock import present
from abate.faces.python.run import NOTHING, Run, figure_table, names_of
from abate.faces.python.table import Table
from abate.kernel.edges import Json
from abate.kernel.finding import Finding
from abate.kernel.period import parse_fiscal_year

if TYPE_CHECKING:
    import numpy as np

    from abate.application.disclosure.claims import Checked
    from abate.application.energy.forecasts import ForecastShown, SiteForecast
    from abate.application.energy.loads import Load
    from abate.application.energy.meters import Meter
    from abate.application.energy.postings import Posting
    from abate.application.inventory.base_year import BaseYearResult
    from abate.application.inventory.bridges import BridgeResult
    from abate.application.plans import PlanShown
    from abate.disclosure.neutrality import Neutrality
    from abate.kernel.tables import SignoffRow

FRAME = "frame.parquet"
"""Name of a table that is added without one."""


def open(path: str | Path = ".") -> Workspace:  # noqa: A001  (abate.open reads as what it does)
    """Open the workspace of a folder.

    Raises:
        NotFoundError: `no-workspace`.
        ConfigError: Where its `abate.toml` does not say what is needed.
    """
    return Workspace(open_workspace(path))


def create(
    path: str | Path,
    name: str = "",
    *,
    country: str = "",
    region: str = "",
    config: str = "",
) -> Workspace:
    """Make a workspace.

    Args:
        path: Folder to make.
        name: Name of the organisation.
        country: Country of its first site, which decides region, currency and fiscal year.
        region: Region of that site's grid, where the country has several.
        config: Text of the whole `abate.toml`, in place of the former three.

    Raises:
        ConfigError: `workspace-exists`, or where the text does not say what is needed.
        UsageError: `unknown-country`, `unknown-region`, `region-needed`.
    """
    from abate.application.workspaces.setup import init_workspace

    if config:
        return Workspace(create_workspace(path, config))
    return open(init_workspace(Path(path), name, country=country, region=region))


class Workspace:
    """A workspace: a folder with `abate.toml` and a ledger.

    Every method is one use case, the same function as behind the command of that name. Times of
    entries are those of this machine's clock.

    Args:
        opened: The workspace as it was opened; see `abate.open` and `abate.create`.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._opened.root

    @property
    def name(self) -> str:
        """Name of the organisation."""
        return self._opened.organisation.name

    @property
    def years(self) -> list[str]:
        """Fiscal years that were valued, oldest first."""
        return years(self._opened)

    # Data

    def add(
        self,
        data: Any,
        *,
        kind: str = "",
        name: str = "",
        map: str | Path = "",  # noqa: A002  (the word of the command)
        unit: str = "",
        dates: str = "",
        decimal: str = "",
        columns: Sequence[str] = (),
        answers: Mapping[str, str] = NOTHING,
        accept: Sequence[str] = (),
        strict: bool = False,
    ) -> ImportResult:
        """Import a file or a table: read, map, check, store; rows with a blocker go to quarantine.

        Args:
            data: Path of a file, or a data frame, an Arrow table, columns, or rows.
            kind: Kind of file, where it should not be guessed.
            name: Name under which a table is kept as a file, such as `bills-may`.
            map: Mapping file to apply.
            unit: Unit of amounts that state none.
            dates: Order of days that leave a choice, such as `dmy`.
            decimal: Mark before the decimals, where it leaves a choice.
            columns: Headers of the amounts, where several may be; several add up.
            answers: What words of the file mean that leave a choice: `{"gal": "US gal"}`.
            accept: Codes of blockers to let in.
            strict: Refuse a file with any blocker.

        Raises:
            DataError: `bad-frame`, and where a file cannot be read.
        """
        said = said_of_file(
            [f"{k}={v}" for k, v in answers.items()],
            dates=dates,
            decimal=decimal,
            unit=unit,
            columns=columns,
        )
        with tempfile.TemporaryDirectory() as folder:
            return add_file(
                self._opened,
                _file_of(data, Path(folder), name),
                now=present(),
                template=kind,
                mapping=Path(map) if map else None,
                answers=said,
                accept=frozenset(accept),
                strict=strict,
            )

    def preview(self, data: Any, *, kind: str = "", name: str = "") -> CheckPreview:
        """What the checks would find in a file or table; nothing is stored.

        Raises:
            DataError: `bad-frame`, and where a file cannot be read.
        """
        with tempfile.TemporaryDirectory() as folder:
            return preview_file(
                self._opened, _file_of(data, Path(folder), name), now=present(), template=kind
            )

    def check(self, year: str = "") -> list[Finding]:
        """Findings that stand, of files and data and of the newest run of each year.

        The gravest first.
        """
        if year:
            parse_fiscal_year(year)
        return standing_findings(self._opened, now=present(), year=year.upper())

    def imports(self) -> list[Import]:
        """Imports, corrections and reversals, each with whether it counts."""
        return every_import(self._opened)

    def undo(self, import_id: str, *, reason: str) -> str:
        """Undo an import by a reversal; undoing the reversal restores it.

        Returns:
            The reversal.

        Raises:
            NotFoundError: `unknown-import`.
        """
        return undo(self._opened, import_id, reason=reason, now=present())

    def correct(
        self, lines: str | Path | Sequence[Mapping[str, str]], *, reason: str = ""
    ) -> ImportResult:
        """Correct, accept or drop rows in quarantine, or add missing ones, each with a reason.

        Args:
            lines: A file, or lines with action, file, row and new values.
            reason: Why, for lines that do not say it.
        """
        from abate.application.inventory.corrections import correct, correct_lines

        if isinstance(lines, str | Path):
            return correct(self._opened, Path(lines), reason=reason, now=present())
        return correct_lines(self._opened, lines, reason=reason, now=present())

    # Inventory

    def run(
        self,
        year: str,
        *,
        gwp_set: str = "",
        boundary: Literal["", "operational", "financial", "equity"] = "",
        full: bool = False,
    ) -> Run:
        """Value a year, and post it as a run.

        Args:
            year: Fiscal year, such as `FY2024`.
            gwp_set: Global warming potentials other than the workspace's.
            boundary: Consolidation other than the workspace's.
            full: Value all of it again, not only what changed.

        Raises:
            NotFoundError: Where the year has no activity.
        """
        done = run_year(
            self._opened,
            year.upper(),
            now=present(),
            gwp_set=gwp_set,
            boundary=boundary,
            anew=full,
        )
        return Run(self._opened, run_of(self._opened, "", done.run_id))

    def latest(self, year: str) -> Run:
        """The run of a year that counts.

        Raises:
            NotFoundError: `no-run`.
        """
        return Run(self._opened, run_of(self._opened, year.upper()))

    def runs(self) -> list[Run]:
        """Runs, oldest first."""
        return [Run(self._opened, r) for r in runs(self._opened)]

    def figures(
        self,
        figures: str | Sequence[str] = (),
        *,
        by: str | Sequence[str] = (),
        where: Mapping[str, str] = NOTHING,
    ) -> Table:
        """Values of figures in every year that was valued; see `Run.figures`."""
        every = runs(self._opened)
        latest = [
            run_of(self._opened, y, "", every) for y in sorted({r.fiscal_year for r in every})
        ]
        return figure_table(self._opened, latest, figures, by, where)

    def bridge(self, figure: str, before: str, after: str) -> BridgeResult:
        """Why a figure differs between two years: contributions that add up to the milligram."""
        from abate.application.inventory.bridges import bridge_runs

        names_of(figure)
        with Figures(self._opened) as ledger:
            sides = [run_of(self._opened, y.upper()) for y in (before, after)]
            return bridge_runs(self._opened, ledger, figure, *sides)

    def base_year(self) -> BaseYearResult:
        """Value the base year again on today's structure, as a draft to publish."""
        from abate.application.inventory.base_year import restate_base_year

        return restate_base_year(self._opened, now=present())

    def evidence(self, year: str, folder: str | Path) -> Json:
        """Write all that reperforms a year without Abate: rows, factors, formulas, files."""
        from abate.application.inventory.evidence import export_evidence

        return export_evidence(self._opened, year.upper(), Path(folder))

    def factors(self, *words: str) -> Table:
        """Factors that hold all of the words, the newest data first."""
        from abate.application.factors import FactorIndex

        return Table(FactorIndex(self._opened).search(list(words)))

    # Statements

    def indicators(self, *names: str, years: Sequence[str] = ()) -> Table:
        """Indicators by year; all of them in all years where none is named."""
        from abate.application.disclosure.indicators import indicator_values

        shown = [y.upper() for y in years] or self.years
        told = indicator_values(self._opened, shown, names)
        keys = ("indicator", "title", "year", "value", "unit", "status", "origin")
        rows = [
            {k: one.json[k] for k in keys} | {"lacks": one.lacking}
            for values in told.values()
            for one in values
        ]
        return Table(rows)

    def targets(self) -> list[Json]:
        """Targets with pathway, gap, the year the trend meets them and the yearly rate needed."""
        from abate.application.disclosure.targets import progress_json, target_progress

        return [progress_json(self._opened, p) for p in target_progress(self._opened)[0]]

    def measures(self) -> list[Json]:
        """Measures by the cost of a tonne, cheapest first."""
        from abate.application.disclosure.targets import macc

        return macc(self._opened)

    def programmes(self, year: str) -> Table:
        """What others emit less because of the organisation, and what keeps it from the public."""
        from abate.application.ecosystem.programmes import programmes

        return Table([asdict(p) for p in programmes(self._opened, year.upper())])

    def neutrality(self, year: str) -> Neutrality:
        """Gross, reduced, removed, offset, and what is left."""
        from abate.application.disclosure.neutrality import neutrality_of

        return neutrality_of(self._opened, year.upper())

    def frameworks(self, year: str) -> Table:
        """What ESRS, IFRS S2, GRI and others ask for, and what answers it."""
        from abate.application.disclosure.answers import answers_of_year

        told = answers_of_year(self._opened, year.upper(), self._opened.language)
        return Table([a.json for a in told])

    def claims(self, *paths: str | Path, year: str = "", ledger: bool = True) -> Checked:
        """Test statements of texts and tables against each other and against the ledger."""
        from abate.application.disclosure.claims import check_claims

        return check_claims(
            [Path(p) for p in paths],
            workspace=self._opened if ledger else None,
            year=parse_fiscal_year(year) if year else 0,
        )

    def sign(
        self,
        step: Literal["prepared", "reviewed", "approved", "locked", "assured"],
        year: str,
        *,
        by: str,
        note: str = "",
        level: Literal["", "limited", "reasonable"] = "",
        figures: Sequence[str] = (),
        accept: Mapping[str, str] = NOTHING,
    ) -> SignoffRow:
        """Take a step of sign-off over a year's run."""
        from abate.application.disclosure.signoff import sign

        return sign(
            self._opened,
            year.upper(),
            step,
            by,
            now=present(),
            note=note,
            level=level,
            figures=figures,
            accepted=accept,
        )

    def filing(
        self, year: str, folder: str | Path, *, accept: Mapping[str, str] = NOTHING
    ) -> list[Path]:
        """Write the year as inline XBRL with its package and disclosures as JSON."""
        from abate.application.disclosure.filing import write_filing

        return write_filing(
            self._opened,
            year.upper(),
            Path(folder),
            lang=self._opened.language,
            accepted=accept,
        )

    def vsme(self, year: str, path: str | Path, *, template: str | Path = "") -> Path:
        """Write the report of a small firm: .html, .pdf, .md, or EFRAG's template filled."""
        from abate.application.disclosure.vsme import write_vsme

        told, _ = write_vsme(
            self._opened,
            year.upper(),
            Path(path),
            template=Path(template) if template else None,
            lang=self._opened.language,
            now=present(),
        )
        return told

    # Energy and plans

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
            path = _file_of(data, Path(folder), "readings")
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

        path = self.path / CONFIG
        config = read_energy(path) if path.is_file() else EnergyConfig()
        made = forecast_site(self._opened, site, config, ahead_s=hours * 3600, issued=issued)
        if keep:
            post_forecast(self._opened, made, now=present())
        return made

    def forecasts(self) -> list[ForecastShown]:
        """Forecasts that were posted, beside what the meters showed."""
        from abate.application.energy.forecasts import forecasts

        return forecasts(self._opened)

    def plans(self) -> list[PlanShown]:
        """Plans: both sides, valued by the same methods and factors."""
        from abate.application.plans import plans

        return plans(self._opened)

    def __repr__(self) -> str:
        shown = ", ".join(self.years) or "no year valued yet"
        return f"Workspace {self.name!r} in {self.path}: {shown}"

    def _repr_html_(self) -> str:
        """As notebooks show it: the headlines of its latest year."""
        return self.latest(self.years[-1])._repr_html_() if self.years else repr(self)


def _file_of(data: Any, folder: Path, name: str) -> Path:
    """The file of a path, or a table as a file of its own."""
    if isinstance(data, str | Path):
        return Path(data)
    called = Path(name).name.removesuffix(".parquet")
    return write_frame(data, folder / (f"{called}.parquet" if called else FRAME))
