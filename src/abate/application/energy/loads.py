"""Loads: readings of files on their way into the meters of a workspace."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abate.adapters.readers.series import FileStyle, raw_chunks, settled
from abate.adapters.store.imports import commit_import, free_id, live_imports, loaded_before
from abate.adapters.store.workspace import Workspace, file_hash
from abate.application.energy.meters import (
    LOADED,
    NOWHERE,
    Place,
    checked_place,
    known_meters,
    placed,
)
from abate.application.energy.usage import stored
from abate.application.inventory.imports import keep_file, same_content
from abate.application.inventory.intervals import zones_of
from abate.energy.facts.counters import counters, without_pairs
from abate.energy.facts.readings import ENERGY_KWH, POWER_KW, Readings
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


def load_readings(
    workspace: Workspace,
    path: Path,
    *,
    now: datetime,
    style: FileStyle,
    meter: str = "",
    place: Place = NOWHERE,
) -> Load:
    """Keep the readings of a file as a load, whole or not at all.

    Args:
        workspace: Where to.
        path: Any file that `abate readings` reads.
        now: Present moment.
        style: What the user says of the file; an empty zone takes that of the meter, of the site's
            country where it has one, else UTC.
        meter: Name of the meter, where the file names none.
        place: Where its meters stand and what they count.

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
        place = checked_place(workspace, place, known, meter)
        zone = style.zone or place.zone or (known[meter].zone if meter in known else "")
        zone = zone or _zone_at(workspace, place.site) or "UTC"
        loading = _Loading(workspace, known, meter, place, zone, explicit=bool(style.zone))
        import_id = free_id(workspace, f"{LOADED}/{sha256}")
        loading.import_id = import_id
        chunks = raw_chunks(path, replace(style, zone=zone))
        first = next(chunks, [])
        second = next(chunks, None)
        if second is None:
            loading.is_single = sum(len(r.names) for r in first) == 1
        every = itertools.chain([first], [second] if second is not None else [], chunks)
        count = workspace.store.append_batches("readings", loading.batches(every), import_id)
        keep_file(path, workspace.raw, sha256)
        workspace.store.add(*loading.rows)
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
    names = tuple(r.meter for r in loading.rows)
    found = tuple(loading.findings)
    return Load(import_id, path.name, names, count, loading.new_count, loading.changed_count, found)


def _keep_findings(workspace: Workspace, origin: str, findings: Sequence[Finding]) -> None:
    rows = [
        asdict(f) | {"origin": origin, "severity": str(f.severity)} for f in findings[:FINDINGS_MAX]
    ]
    workspace.store.append("findings", rows)


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
    meter: str
    place: Place
    zone: str
    explicit: bool
    import_id: str = ""
    is_single: bool = False
    rows: list[MeterRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    new_count: int = 0
    changed_count: int = 0

    def batches(self, chunks: Iterator[list[Readings]]) -> Iterator[pa.Table]:
        """Rows of readings, series by series; notes their meters and what is found."""
        for chunk in chunks:
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
        counting = counters(raw)
        left = without_pairs(raw, counting) if counting else []
        for m in range(len(raw.names)):
            if m in left:
                continue
            row = self._row(raw, m, m in counting)
            self.rows.append(row)
            yield self._table(raw, m, row)

    def _row(self, raw: Readings, m: int, is_counter: bool) -> MeterRow:
        """What is known of the meter of a series after this load."""
        name = self._name(raw, m)
        if name in {r.meter for r in self.rows}:
            raise DataError(
                "meter-unnamed",
                f"{raw.file} has two series of a meter '{name}'.",
                "Give each a name of its own in the file.",
            )
        known = self.known.get(name)
        unit = raw.units[m] or (known.unit if known and self.explicit else "")
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
        if not self.explicit and known.zone != self.zone:
            raise DataError(
                "meter-zone",
                f"'{name}' keeps {known.zone}, and {raw.file} was read by {self.zone}.",
                f"Say whose clock the file follows, such as --zone {known.zone}.",
            )
        return replace(placed(known, self.place), import_id=self.import_id)

    def _name(self, raw: Readings, m: int) -> str:
        if self.is_single:
            name = self.meter or (raw.meters[m] if raw.meters else "")
        else:
            name = f"{self.meter}/{raw.names[m]}" if self.meter else raw.names[m]
        if not name:
            raise DataError(
                "meter-unnamed",
                f"{raw.file} does not say which meter it is of.",
                "Name it with --meter.",
            )
        return name

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
    hours = step_s / 3600
    scale = {**ENERGY_KWH, **{u: f * hours for u, f in POWER_KW.items()}}
    if a in scale and b in scale:
        return scale[a] / scale[b]
    raise DataError(
        "meter-unit",
        f"'{meter}' counts {wanted}, and the file {unit}.",
        "Load it under a name of its own with --meter.",
    )
