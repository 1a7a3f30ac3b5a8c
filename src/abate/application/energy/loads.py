"""Loads: readings of files on their way into the meters of a workspace."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abate.adapters.readers.series import FileStyle, raw_chunks, settled
from abate.adapters.store.findings import finding_row
from abate.adapters.store.imports import commit_import, free_id, live_imports, loaded_before
from abate.adapters.store.workspace import Workspace, file_hash
from abate.application.energy.meters import (
    LOADED,
    Place,
    checked_place,
    known_meters,
    placed,
)
from abate.application.energy.usage import stored
from abate.application.inventory.imports import keep_file, same_content
from abate.application.inventory.intervals import zones_of
from abate.energy.facts.readings import Readings, as_energy, energy_factors
from abate.kernel.errors import DataError
from abate.kernel.finding import Finding
from abate.kernel.region import country_of
from abate.kernel.tables import MeterRow

if TYPE_CHECKING:
    import pyarrow as pa

FINDINGS_MAX = 2000
"""Findings of a load that are kept."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load of readings did.

    Args:
        import_id: Its import.
        file: Name of the file.
        meters: Its meters.
        reading_count: Readings of the file.
        new_count: Of steps that had none.
        changed_count: That differ from what was known.
        findings: What was found.
    """

    import_id: str
    file: str
    meters: tuple[str, ...]
    reading_count: int
    new_count: int
    changed_count: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class LoadSpec(Place):
    """What the user says of a file of readings, and of the place of its meters.

    Its `zone` is that of clock times without an offset; empty takes that of the meter, of the
    site's country where it has one, else UTC.

    Args:
        meter: Name of the meter, where the file names none.
        stamp: `start` or `end`: which end of its step a time names.
        dates: Order of numbers in dates.
        decimal: The mark before the fraction.
        unit: Unit of series of which the file states none.
        later: Whether of two readings for one step the later one is taken.
    """

    meter: str = ""
    stamp: str = ""
    dates: str = ""
    decimal: str = ""
    unit: str = ""
    later: bool = False

    @property
    def place(self) -> Place:
        """Where its meters stand."""
        said = {f.name: getattr(self, f.name) for f in fields(Place)}
        return Place(**(said | {"zone": ""}))

    def style(self, zone: str) -> FileStyle:
        """How the file is written."""
        repair = ("twice",) if self.later else ()
        return FileStyle(zone, self.stamp, self.dates, self.decimal, self.unit, repair=repair)


def load_readings(workspace: Workspace, path: Path, how: LoadSpec, *, now: datetime) -> Load:
    """Keep the readings of a file as a load, whole or not at all.

    Args:
        workspace: Where to.
        path: Any file that `abate readings` reads.
        how: What the user says of it.
        now: Present moment.

    Raises:
        DuplicateImportError: `duplicate-import`.
        DataError: `meter-unnamed`, `meter-step`, `meter-unit`, `meter-zone`, `unit-unsaid`, and
            those of reading.
        UsageError: `unknown-site`, `unknown-kind`, `unknown-zone`.
        NotFoundError: `unknown-meter` of a parent.
    """
    sha256 = file_hash(path) if path.is_file() else ""
    with workspace.store.lock():
        same = loaded_before(live_imports(workspace), sha256)
        if same is not None:
            raise same_content(path.name, same.file, same.committed_at, same.import_id)
        known = known_meters(workspace)
        place = checked_place(workspace, how.place, known, how.meter)
        zone = _zone(workspace, how, place, known)
        import_id = free_id(workspace, f"{LOADED}/{sha256}")
        loading = _Loading(workspace, known, how, place, zone, import_id)
        batches = loading.batches(raw_chunks(path, how.style(zone)))
        count = workspace.store.append_batches("readings", batches, import_id)
        keep_file(path, workspace.raw, sha256)
        workspace.store.add(*loading.rows.values())
        _keep_findings(workspace, import_id, loading.findings)
        commit_import(
            workspace,
            import_id,
            LOADED,
            now,
            file=path.name,
            sha256=sha256,
            row_count=count,
            accepted_count=loading.new_count + loading.changed_count,
        )
    names = tuple(loading.rows)
    found = tuple(loading.findings)
    return Load(import_id, path.name, names, count, loading.new_count, loading.changed_count, found)


def _zone(workspace: Workspace, how: LoadSpec, place: Place, known: dict[str, MeterRow]) -> str:
    """Whose clock a file follows: as said, of its meter, of the site's country, else UTC."""
    if how.zone:
        return how.zone
    of_meter = known[how.meter].zone if how.meter in known else ""
    return of_meter or _zone_at(workspace, place.site) or "UTC"


@dataclass(frozen=True, slots=True)
class Series:
    """A series of a file as it would be loaded.

    Args:
        meter: Name of its meter; empty where the file does not say it.
        flow: Direction or medium.
        unit: Its unit, empty where the file does not say it.
        step_s: Length of its steps [s]; 0 for months.
        is_counter: Whether its readings count up.
        first: Begin of the first step, UTC.
        count: Its readings.
        missing: Steps without one.
        total: Its usage.
        total_unit: Unit of that.
    """

    meter: str
    flow: str
    unit: str
    step_s: int
    is_counter: bool
    first: str
    count: int
    missing: int
    total: float
    total_unit: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file of readings is read as.

    Args:
        series: Its series; of a long file the first ones.
        is_whole: Whether these are all.
        zone: Whose clock it would be read by.
        findings: What is wrong with them.
    """

    series: tuple[Series, ...]
    is_whole: bool
    zone: str
    findings: tuple[Finding, ...]


def preview_readings(workspace: Workspace, path: Path, how: LoadSpec) -> Preview:
    """What a file of readings is read as; nothing is stored.

    Raises:
        DataError: Those of reading.
        UsageError: `unknown-site`, `unknown-kind`, `unknown-zone`.
    """
    known = known_meters(workspace)
    place = checked_place(workspace, how.place, known, how.meter)
    zone = _zone(workspace, how, place, known)
    chunks = raw_chunks(path, how.style(zone))
    first, is_single, rest = _begun(chunks)
    is_whole = next(rest, None) is None
    chunks.close()
    series: list[Series] = []
    found: list[Finding] = []
    for raw in first:
        usage = settled(raw)
        used = as_energy(usage) if usage.step_s else usage
        found += usage.findings
        for m, name in enumerate(used.names):
            k = raw.names.index(name)
            line = used.values[m]
            series.append(
                Series(
                    name_of(how, raw, k, is_single=is_single),
                    raw.flow(k),
                    raw.units[k],
                    raw.step_s,
                    name in usage.counting,
                    str(raw.start[0]),
                    int((~np.isnan(line)).sum()),
                    int(np.isnan(line).sum()),
                    float(np.nansum(line)),
                    used.units[m],
                )
            )
    return Preview(tuple(series), is_whole, zone, tuple(found))


def _begun(
    chunks: Iterator[list[Readings]],
) -> tuple[list[Readings], bool, Iterator[list[Readings]]]:
    """The first chunk of a file, whether it holds the only series, and the chunks after it."""
    first = next(chunks, [])
    if sum(len(r.names) for r in first) != 1:
        return first, False, chunks
    second = next(chunks, None)
    return first, second is None, chunks if second is None else itertools.chain([second], chunks)


def name_of(how: LoadSpec, raw: Readings, m: int, *, is_single: bool) -> str:
    """Name of the meter of a series; empty where neither file nor user says it."""
    if is_single:
        return how.meter or (raw.meters[m] if raw.meters else "")
    return f"{how.meter}/{raw.names[m]}" if how.meter else raw.names[m]


def _keep_findings(workspace: Workspace, origin: str, findings: Sequence[Finding]) -> None:
    workspace.store.add(*(finding_row(f, origin) for f in findings[:FINDINGS_MAX]))


def _zone_at(workspace: Workspace, site: str) -> str:
    """The time zone of a site's country, where it has one only; else empty."""
    region = next((s.region for s in workspace.organisation.sites if s.id == site), "")
    zones = zones_of(country_of(region)) if region else ()
    return str(zones[0]) if len(zones) == 1 else ""


@dataclass(slots=True)
class _Loading:
    """A file on its way into the meters."""

    workspace: Workspace
    known: dict[str, MeterRow]
    how: LoadSpec
    place: Place
    zone: str
    import_id: str
    is_single: bool = False
    rows: dict[str, MeterRow] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    new_count: int = 0
    changed_count: int = 0

    def batches(self, chunks: Iterator[list[Readings]]) -> Iterator[pa.Table]:
        """Rows of readings, series by series; notes their meters and what is found."""
        first, self.is_single, rest = _begun(chunks)
        for chunk in itertools.chain([first], rest):
            for raw in chunk:
                yield from self._series(raw)

    def _series(self, raw: Readings) -> Iterator[pa.Table]:
        if not raw.step_s:
            raise DataError(
                "meter-step",
                f"{raw.file} has readings by month, or of periods of bills.",
                "Meters take steps of a minute to a day; add bills with 'abate add'.",
            )
        usage = settled(raw)
        self.findings += usage.findings
        for name in usage.names:
            m = raw.names.index(name)
            row = self._row(raw, m, name in usage.counting)
            self.rows[row.meter] = row
            yield self._table(raw, m, row)

    def _row(self, raw: Readings, m: int, is_counter: bool) -> MeterRow:
        """What is known of the meter of a series after this load."""
        name = name_of(self.how, raw, m, is_single=self.is_single)
        if not name:
            raise DataError(
                "meter-unnamed",
                f"{raw.file} does not say which meter it is of.",
                "Name it with --meter.",
            )
        if name in self.rows:
            raise DataError(
                "meter-unnamed",
                f"{raw.file} has two series of a meter '{name}'.",
                "Give each a name of its own in the file.",
            )
        known = self.known.get(name)
        unit = raw.units[m]
        if not unit:
            raise DataError(
                "unit-unsaid",
                f"{raw.file} states no unit of '{raw.names[m]}'.",
                "Say it with --unit kWh.",
            )
        if known is None:
            kind, _, item = self.place.kind.partition("/")
            return MeterRow(
                self.import_id,
                name,
                self.place.site,
                self.place.building,
                kind,
                item,
                self.place.zone or self.zone,
                unit,
                raw.step_s,
                raw.flow(m),
                "yes" if is_counter else "",
                self.place.parent,
                self.place.replaces,
                self.place.since,
            )
        if known.step_s != raw.step_s:
            raise DataError(
                "meter-step",
                f"'{name}' has steps of {known.step_s} s, and {raw.file} of {raw.step_s} s.",
                f"Load it under a new name with --meter NAME --replaces '{name}'.",
            )
        if not self.how.zone and known.zone != self.zone:
            raise DataError(
                "meter-zone",
                f"'{name}' keeps {known.zone}, and {raw.file} was read by {self.zone}.",
                f"Say whose clock the file follows, such as --zone {known.zone}.",
            )
        return replace(placed(known, self.place), import_id=self.import_id)

    def _table(self, raw: Readings, m: int, row: MeterRow) -> pa.Table:
        """The readings of a series as rows, and how many are new or other than known."""
        import pyarrow as pa

        values = raw.values[m] * _factor(raw.units[m], row.unit, raw.step_s, row.meter)
        there = ~np.isnan(values)
        start = raw.start[there]
        self._compare(row, start, values[there])
        marks = (
            raw.estimated[m][there] if raw.estimated is not None else np.zeros(there.sum(), bool)
        )
        count = len(start)
        return pa.table(
            {
                "import_id": pa.repeat(self.import_id, count),
                "meter": pa.repeat(row.meter, count),
                "start": pa.array(start.astype("datetime64[us]")),
                "reading": values[there],
                "is_estimated": marks.astype(np.int32),
            }
        )

    def _compare(self, row: MeterRow, start: Any, values: Any) -> None:
        before = None
        if row.meter in self.known and len(start):
            step = np.timedelta64(row.step_s, "s")
            before = stored(self.workspace, [self.known[row.meter]], start[0], start[-1] + step)
        if before is None:
            self.new_count += len(values)
            return
        at = (start - before.start[0]) // np.timedelta64(row.step_s, "s")
        inside = (at >= 0) & (at < len(before.start))
        old = np.full(len(values), np.nan)
        old[inside] = before.values[0][at[inside].astype(np.int64)]
        self.new_count += int(np.isnan(old).sum())
        self.changed_count += int((~np.isnan(old) & (np.abs(old - values) > 1e-9)).sum())


def _factor(unit: str, wanted: str, step_s: int, meter: str) -> float:
    """What a reading in one unit is times in another.

    Raises:
        DataError: `meter-unit`.
    """
    a, b = unit.lower(), wanted.lower()
    if a == b or not a:
        return 1.0
    scale = energy_factors(step_s)
    if a in scale and b in scale:
        return scale[a] / scale[b]
    raise DataError(
        "meter-unit",
        f"'{meter}' counts {wanted}, and the file {unit}.",
        "Load it under a name of its own with --meter.",
    )
