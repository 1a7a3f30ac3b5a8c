"""Usage of meters on its way into the ledger: a year's file for each kind of data.

The file is imported like any other, so that its rows are checked and every figure opens down to
them. Posting a year again replaces what was posted of it, in one commit.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from abate.adapters.store.imports import live_imports
from abate.adapters.store.workspace import Workspace, file_hash
from abate.application.energy.meters import Meter, meters, template_of
from abate.application.energy.savings import midnight
from abate.application.energy.usage import Span, require_span, spans_of, usage_of
from abate.application.inventory.imports import ImportResult, add_file
from abate.application.inventory.mapping import Column, Mapping
from abate.energy.facts.readings import READING_GAP, Readings
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.finding import Finding
from abate.kernel.period import parse_fiscal_year

NOT_USED = ("export", "generation", "reactive")
"""What a meter may count that is no usage."""
PERIODS = {"month": "%Y-%m", "day": "%Y-%m-%d"}
"""How the period of a row that covers a month or a day is written."""
HEADERS = (
    "site",
    "meter",
    "start",
    "end",
    "period",
    "basis",
    "item",
    "readings",
    "missing",
    "document",
)


@dataclass(frozen=True, slots=True)
class Posting:
    """What was posted of a year.

    Args:
        year: The fiscal year.
        imports: Import of each kind of data that changed.
        unchanged: Kinds of data of which nothing changed.
        left_out: Meters that are not posted, each with the reason.
    """

    year: str
    imports: tuple[ImportResult, ...]
    unchanged: tuple[str, ...]
    left_out: dict[str, str]


def post_usage(workspace: Workspace, year: str, *, now: datetime, by: str = "month") -> Posting:
    """Bring what meters used in a fiscal year into the ledger.

    A meter counts where it has a site and a kind, no meter above it counts the same kind, and none
    replaced it: its usage is that of the meter in its place. Estimated readings make rows of their
    own; steps without a reading are found, not filled.

    Args:
        workspace: Where to.
        year: The fiscal year.
        now: Present moment.
        by: What a row covers: `month`, `day` or `hour`, by the clock of the meter's zone.

    Raises:
        UsageError: `unknown-span`, `bad-year`.
        NotFoundError: `no-readings` where no meter has any in the year.
    """
    require_span(by)
    parse_fiscal_year(year)
    every = meters(workspace)
    left_out = {m.meter: why for m in every if (why := _why_not(m, every))}
    by_template: dict[str, list[Meter]] = {}
    for m in every:
        if m.meter not in left_out:
            by_template.setdefault(template_of(m.kind) or "", []).append(m)
    done, unchanged = [], []
    for template, some in by_template.items():
        result = _post(workspace, year, template, some, by, now)
        if isinstance(result, ImportResult):
            done.append(result)
        elif result:
            unchanged.append(template)
    if not done and not unchanged:
        raise NotFoundError(
            "no-readings",
            f"No meter that is posted has readings in {year}.",
            "See 'abate meters list'.",
        )
    return Posting(year, tuple(done), tuple(unchanged), left_out)


def _why_not(meter: Meter, every: Sequence[Meter]) -> str:
    """Why a meter is not posted; empty where it is."""
    heir = next((m.meter for m in every if m.replaces == meter.meter), "")
    if heir:
        return f"'{heir}' stands in its place and goes on from it"
    if not meter.kind:
        return "it is not said what it counts: abate meters set --kind"
    if not meter.site:
        return "it has no site: abate meters set --site"
    if meter.flow in NOT_USED:
        return f"it counts {meter.flow}, which is not used here"
    if not meter.is_posted:
        return f"'{meter.parent}' above it counts it"
    return ""


def _post(
    workspace: Workspace, year: str, template: str, some: Sequence[Meter], by: str, now: datetime
) -> ImportResult | bool:
    """Post the meters of one kind of data; whether there is anything, where nothing changed."""
    name = f"meters-{year}-{template}.csv"
    kinds = sorted({m.kind for m in some})
    remarks: list[Finding] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        units: dict[str, str] = {}
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow([*HEADERS, *kinds])
            count = 0
            for meter in some:
                for row in _rows(workspace, meter, year, by, remarks, units, name):
                    amounts = [row.amount if k == meter.kind else "" for k in kinds]
                    writer.writerow([*row.cells, *amounts])
                    count += 1
        if not count:
            return False
        before = next((r for r in live_imports(workspace) if r.file == name), None)
        if before is not None and before.sha256 == file_hash(path):
            return True
        columns = {name: name for name in ("site", "meter", "basis", "document")}
        hourly = {"period_start": "start", "period_end": "end"}
        columns |= hourly if by == "hour" else {"period": "period"}
        if any(m.item for m in some):
            columns["item"] = "item"
        measures = tuple(Column(k, k, units[k]) for k in kinds if k in units)
        return add_file(
            workspace,
            path,
            now=now,
            mapping={"": Mapping(template, columns, measures)},
            replaces=before.import_id if before is not None else "",
            remarks=remarks,
        )


def _of_year(workspace: Workspace, meter: Meter, year: str) -> Readings | None:
    """Usage of a meter in a fiscal year by its clock; None where it has no reading in it."""
    calendar = workspace.calendar
    first, after = (
        datetime.fromisoformat(str(midnight(day, meter.zone)))
        for day in (calendar.first_day(year), calendar.last_day(year) + timedelta(days=1))
    )
    try:
        return usage_of(workspace, [meter.meter], first=first, past=after, checked=False)
    except NotFoundError as error:
        if error.code != "no-readings":
            raise
        return None


@dataclass(frozen=True, slots=True)
class YearOfMeter:
    """What a meter used in a fiscal year.

    Args:
        meter: The meter.
        unit: Unit of its usage.
        usage: Its usage.
        estimated_share: Share of that by estimated readings.
        missing_share: Share of the year's steps between its first and last reading without one.
    """

    meter: Meter
    unit: str
    usage: float
    estimated_share: float
    missing_share: float


def used_in_year(workspace: Workspace, year: str) -> list[YearOfMeter]:
    """What each meter used in a fiscal year; those without a reading in it are left out."""
    made = []
    for meter in meters(workspace):
        used = _of_year(workspace, meter, year) if meter.first else None
        if used is None:
            continue
        line = used.values[0]
        usage = float(np.nansum(line))
        marked = used.estimated[0] if used.estimated is not None else np.zeros(len(line), bool)
        estimated = float(np.nansum(line[marked]))
        share = estimated / usage if usage else 0.0
        missing = float(np.isnan(line).mean())
        made.append(YearOfMeter(meter, used.units[0], usage, share, missing))
    return made


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the file: cells of `HEADERS`, and the amount."""

    cells: tuple[str | int, ...]
    amount: str


def _rows(
    workspace: Workspace,
    meter: Meter,
    year: str,
    by: str,
    remarks: list[Finding],
    units: dict[str, str],
    file: str,
) -> Iterator[_Row]:
    """What a meter used in a year, by span and basis; notes its unit and what lacks."""
    used = _of_year(workspace, meter, year)
    if used is None:
        return
    zone = ZoneInfo(meter.zone)
    unit = units.setdefault(meter.kind, used.units[0])
    if unit != used.units[0]:
        raise UsageError(
            "meter-units",
            f"Meters of {meter.kind} count {unit} and {used.units[0]}.",
            "Give each kind one unit.",
        )
    for span in spans_of(used, 0, zone, by, meter.step_s):
        if span.missing_count:
            remarks.append(_lacking(meter, span, file))
        for basis, amount, count in (
            ("metered", span.metered, span.step_count - span.estimated_count),
            ("estimated", span.estimated, span.estimated_count),
        ):
            if count:
                place = meter.building or meter.meter
                hourly = (str(span.begun), str(span.past), "")
                bounds = hourly if by == "hour" else ("", "", f"{span.begun:{PERIODS[by]}}")
                said = f"{meter.meter} {span.start:%Y-%m-%dT%H:%MZ} {basis}"
                told = (meter.site, place, *bounds, basis, meter.item, count, span.missing_count)
                yield _Row((*told, said), f"{amount:.6f}".rstrip("0").rstrip("."))


def _lacking(meter: Meter, span: Span, file: str) -> Finding:
    month = f"{span.begun:%Y-%m}"
    expected = span.missing_count + span.step_count
    text = (
        f"'{meter.meter}' lacks {span.missing_count:,} of {expected:,} readings from"
        f" {span.begun:%Y-%m-%d %H:%M}: its usage is incomplete."
    )
    hint = "Load the missing readings, then post the year again."
    found = Finding.of(READING_GAP, text, file=file, site=meter.site, month=month)
    return replace(found, hint=hint)
