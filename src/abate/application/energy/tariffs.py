"""Tariffs of a workspace: those that people keep, those shipped, and bills by them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.series import read_series
from abate.adapters.readers.tariff_files import (
    FOLDER,
    SUFFIX,
    find_tariff,
    named_tables,
    read_received,
    read_tariff,
    tariff_files,
)
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import write_whole
from abate.application.energy.meters import meters as meters_of
from abate.application.energy.usage import usage_of
from abate.disclosure.energy_charts import heat_chart
from abate.energy.facts.calendars import Calendar
from abate.energy.facts.clocks import clock_at, utc_of
from abate.energy.facts.readings import Readings, as_energy
from abate.energy.facts.tariffs import (
    CoincidentLine,
    DemandLine,
    EnergyLine,
    FixedLine,
    Line,
    Tariff,
)
from abate.energy.planners.bills import Bill, Compared, Metered, bill_of, compare_bills
from abate.kernel.edges import Json
from abate.kernel.errors import AbateError, UsageError
from abate.kernel.finding import Finding, Rule, Severity

TAKEN = ("", "import", "load")
EXPORT = "export"
METERS = "meters"
"""What `usage_of` calls the file of readings of the workspace's meters."""
LEFT_OUT = Rule(
    "series-left-out",
    Severity.INFO,
    "Series that are not billed",
    "Name those of the connection with --series, where one of them is.",
)
SHOWN_YEAR = 2026
"""Year of which the hours of a tariff are shown."""


def folders_of(workspace: Workspace | None) -> list[Path]:
    """Where the tariffs of a workspace lie."""
    if workspace is None:
        return [Path(FOLDER)]
    return [workspace.root / "energy" / FOLDER, workspace.root / FOLDER]


def plain_name(name: str) -> str:
    """A name that is no path of a file: what programmes and agents may ask for.

    Raises:
        UsageError: `bad-tariff-name`.
    """
    if not re.fullmatch(r"\w[\w.-]{0,80}", name) or name.endswith(SUFFIX):
        text = f"'{name[:80]}' is not a name of a tariff."
        raise UsageError("bad-tariff-name", text, "Use letters, digits, dots and hyphens.")
    return name


@dataclass(frozen=True, slots=True)
class TariffListed:
    """A tariff in a list.

    Args:
        id: Its name.
        title: What people call it.
        currency: Three letters.
        own: Whether the workspace keeps it; else it is shipped.
        source: Where it is published.
        fault: What is wrong with its file; empty where nothing is.
    """

    id: str
    title: str
    currency: str
    own: bool
    source: str
    fault: str = ""


def tariffs(workspace: Workspace | None) -> list[TariffListed]:
    """Tariffs of a workspace and those shipped, by name."""
    folders = folders_of(workspace)
    found = []
    for name, path in sorted(tariff_files(folders).items()):
        own = path.parent in folders
        try:
            told = read_tariff(path)
        except AbateError as error:
            found.append(TariffListed(name, name, "", own, "", error.message))
            continue
        found.append(TariffListed(name, told.title, told.currency, own, told.source))
    return found


def tariff_named(workspace: Workspace | None, name: str) -> Tariff:
    """A tariff by its name, or by the path of its file.

    Raises:
        NotFoundError: `no-tariff`.
        ConfigError: `bad-tariff`, `tariff-incomplete`.
    """
    return find_tariff(name, folders_of(workspace))


def add_tariff(workspace: Workspace, path: Path, *, name: str = "") -> Tariff:
    """Keep a tariff in the workspace, in place of one of the same name.

    A file of prices by the hour that it names is kept beside it.

    Args:
        workspace: Where it is kept.
        path: Its file.
        name: Its name; that of the file where none is given.

    Raises:
        ConfigError: `bad-tariff`, `tariff-incomplete`; nothing is kept then.
    """
    told = read_tariff(path)
    kept = plain_name(name or path.stem)
    folder, text = workspace.root / FOLDER, path.read_text(encoding="utf-8-sig")
    for number, beside in enumerate(named_tables(text), 1):
        own = f"{kept}-{number}{Path(beside).suffix}"  # a name that no other tariff uses
        write_whole(folder / own, (path.parent / beside).read_bytes())
        text = text.replace(f'"{beside}"', f'"{own}"').replace(f"'{beside}'", f"'{own}'")
    write_whole(folder / f"{kept}{SUFFIX}", text.encode())
    read_tariff(folder / f"{kept}{SUFFIX}")
    return replace(told, id=kept)


@dataclass(frozen=True, slots=True)
class BillSpec:
    """What is billed.

    Args:
        tariff: Name of the tariff, or path of its file.
        year: Only this calendar year, by the clock of the tariff; 0 for all readings.
        contract_kw: Power by contract, in place of the tariff's; 0 for that.
        capacity_kva: Of the transformer, the same.
        earlier_kw: Highest power of months before the first, such as 410 kW of 2023-12.
        series: Series of a file that belong to the connection, where it has several.
    """

    tariff: str
    year: int = 0
    contract_kw: float = 0.0
    capacity_kva: float = 0.0
    earlier_kw: Mapping[str, float] | None = None
    series: tuple[str, ...] = ()


def earlier_of(texts: Sequence[str]) -> dict[str, float]:
    """Highest power by month, as people write it.

    Raises:
        UsageError: `bad-earlier`.

    Example:
        >>> earlier_of(["2023-12=410"])
        {'2023-12': 410.0}
    """
    found = {}
    for text in texts:
        match = re.fullmatch(r"(\d{4}-(?:0[1-9]|1[0-2]))\s*=\s*(\d+(?:\.\d+)?)", text.strip())
        if not match:
            said = f"'{text}' is not a month with its power."
            raise UsageError("bad-earlier", said, "Write it as 2023-12=410.")
        found[match[1]] = float(match[2])
    return found


@dataclass(frozen=True, slots=True)
class BillShown:
    """A bill as it is shown.

    Args:
        tariff: The tariff.
        bill: The bill.
        compared: Beside one that came in; empty without.
    """

    tariff: Tariff
    bill: Bill
    compared: tuple[Compared, ...] = ()

    @property
    def by_line(self) -> list[Json]:
        """Each line over all months."""
        rows: dict[tuple[str, str], Json] = {}
        for x in self.bill.lines:
            row = rows.setdefault(
                (x.line, x.part),
                {"line": x.line, "part": x.part, "unit": x.unit, "quantity": 0.0, "amount": 0.0},
            )
            row["quantity"] += x.quantity
            row["amount"] += x.amount
        return list(rows.values())

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "tariff": self.tariff.id,
            "currency": self.bill.currency,
            "total": self.bill.total,
            "months": self.bill.months,
            "lines": [asdict(x) for x in self.bill.lines],
            "incomplete": [
                {"code": "bill-incomplete", "month": m, "steps": n}
                for m, n in self.bill.missing.items()
            ],
            "findings": [f.json for f in self.bill.findings],
            "compared": [asdict(c) | {"difference": c.difference} for c in self.compared],
        }


def bill_readings(
    workspace: Workspace | None,
    spec: BillSpec,
    usage: Readings,
    *,
    received: Path | None = None,
) -> BillShown:
    """What a tariff charges for readings, beside a bill that came in.

    Args:
        workspace: Whose tariffs.
        spec: What is billed.
        usage: Readings of the connection; a series of the flow `export` is fed in. Series that are
            not energy, or of another flow, are left out and named.
        received: Lines of a bill that came in: columns line, month, amount, quantity; or the bill
            as a PDF, whose lines are named as the tariff's.

    Raises:
        NotFoundError: `no-tariff`.
        UsageError: `bad-steps`, `bad-metered`, `nothing-taken`, `which-series`, `unknown-series`,
            `no-readings-then`.
        DataError: `bad-bill-lines`.
    """
    tariff = tariff_named(workspace, spec.tariff)
    tariff = replace(
        tariff,
        contract_kw=spec.contract_kw or tariff.contract_kw,
        capacity_kva=spec.capacity_kva or tariff.capacity_kva,
    )
    told, findings = _connection_of(as_energy(usage), spec.series)
    clock = clock_at(tariff.calendar, told.start, told.step_s)
    exports = np.array([told.flow(m) == EXPORT for m in range(len(told.names))])
    taken, given = told.values[~exports].sum(axis=0), told.values[exports].sum(axis=0)
    metered = Metered(clock, taken, given if exports.any() else np.empty(0))
    bill = bill_of(tariff, metered, earlier_kw=spec.earlier_kw)
    if spec.year:
        bill = bill.of_year(spec.year)
        if not bill.lines:
            text = f"{told.file} has no reading of {spec.year}."
            raise UsageError("no-readings-then", text, "See 'abate meters list'.")
    bill = replace(bill, findings=(*findings, *bill.findings))
    named = list(dict.fromkeys(x.line for x in bill.lines))
    compared = compare_bills(bill, read_received(received, named)) if received else ()
    return BillShown(tariff, bill, compared)


def require_apart(workspace: Workspace, names: Sequence[str]) -> None:
    """Refuse a meter together with one that counts it, too.

    Raises:
        UsageError: `meter-twice`.
    """
    parents = {m.meter: m.parent for m in meters_of(workspace)}
    for name in names:
        above, seen = parents.get(name, ""), {name}
        while above and above not in seen:
            if above in names:
                text = f"'{above}' counts what '{name}' counts, too."
                raise UsageError("meter-twice", text, "Name one of the two.")
            seen.add(above)
            above = parents.get(above, "")


def bill_meters(
    workspace: Workspace, spec: BillSpec, meters: Sequence[str], *, received: Path | None = None
) -> BillShown:
    """What a tariff charges for meters of the workspace; see `bill_readings`."""
    require_apart(workspace, meters)
    usage = usage_of(workspace, meters, checked=False)
    return bill_readings(workspace, spec, usage, received=received)


def bill_file(
    workspace: Workspace | None,
    spec: BillSpec,
    path: Path,
    *,
    zone: str = "",
    unit: str = "",
    received: Path | None = None,
) -> BillShown:
    """What a tariff charges for the readings of a file; see `bill_readings`."""
    calendar = tariff_named(workspace, spec.tariff).calendar
    usage = read_series(path, zone=zone or calendar.zone, unit=unit, checked=False)
    return bill_readings(workspace, spec, usage, received=received)


def _connection_of(told: Readings, series: Sequence[str]) -> tuple[Readings, tuple[Finding, ...]]:
    """The series of a connection: what was taken, and what was fed in; the rest is named.

    Raises:
        UsageError: `unknown-series`, `nothing-taken`, `which-series`.
    """
    names = list(told.names)
    for name in series:
        if name not in names:
            text = f"{told.file} has no series '{name}'."
            raise UsageError("unknown-series", text, f"There are: {', '.join(names)}.")
    kept = [
        m
        for m, name in enumerate(names)
        if name in series
        or (not series and told.units[m] == "kWh" and told.flow(m) in (*TAKEN, EXPORT))
    ]
    taken = [names[m] for m in kept if told.flow(m) != EXPORT]
    if not taken:
        listed = ", ".join(
            f"{n} [{u or 'no unit'}]" for n, u in zip(names, told.units, strict=True)
        )
        text = f"{told.file} has no series of what was taken from the grid: {listed}."
        raise UsageError("nothing-taken", text, "Name it with --series, and its unit with --unit.")
    if len(taken) > 1 and not series and told.file != METERS:
        text = f"{told.file} has several series of energy: {', '.join(taken)}."
        raise UsageError("which-series", text, "Name those of the connection with --series.")
    left = [n for m, n in enumerate(names) if m not in kept]
    found = (Finding.of(LEFT_OUT, f"Not billed: {', '.join(left)}."),) if left else ()
    return told.picked([names[m] for m in kept]), found


@dataclass(frozen=True, slots=True)
class TariffShown:
    """A tariff with the price of each hour of a year.

    Args:
        tariff: The tariff.
        hours: Rows with `day`, `hour` and `value`: the price of a kWh, levies included.
    """

    tariff: Tariff
    hours: tuple[Json, ...]

    @property
    def chart(self) -> Json:
        """Prices by day and hour as colours."""
        unit = f"{self.tariff.currency}/kWh"
        return heat_chart(self.hours, title="Price of a kWh by day and hour", unit=unit)

    @property
    def lines(self) -> list[Json]:
        """What is charged, a row for each price."""
        return [row for line in self.tariff.lines for row in _rows(line, self.tariff)]

    @property
    def json(self) -> Json:
        """As machines get it."""
        t = self.tariff
        calendar: Calendar = t.calendar
        return {
            "tariff": t.id,
            "title": t.title,
            "currency": t.currency,
            "country": calendar.country,
            "zone": calendar.zone,
            "contract_kw": t.contract_kw,
            "capacity_kva": t.capacity_kva,
            "source": t.source,
            "note": t.note,
            "lines": self.lines,
            "lowest": min((h["value"] for h in self.hours), default=None),
            "highest": max((h["value"] for h in self.hours), default=None),
        }


def show_tariff(workspace: Workspace | None, name: str, *, year: int = SHOWN_YEAR) -> TariffShown:
    """A tariff with its lines and the price of each hour of a year.

    Args:
        workspace: Whose tariffs.
        name: Its name, or the path of its file.
        year: The year.

    Raises:
        NotFoundError: `no-tariff`.
        UsageError: `bad-year`.
    """
    if not 1970 <= year <= 2200:
        raise UsageError("bad-year", f"{year} is not a year.", "Write it as 2026.")
    tariff = tariff_named(workspace, name)
    first, past = (np.datetime64(f"{y}-01-01", "h") for y in (year, year + 1))
    local = np.arange(first, past).astype("datetime64[s]")
    clock = clock_at(tariff.calendar, utc_of(local, tariff.calendar.zone), 3600)
    prices = tariff.prices(clock)
    hours = tuple(
        {"day": str(at)[:10], "hour": int(str(at)[11:13]), "value": round(float(price), 6)}
        for at, price in zip(clock.local, prices, strict=True)
        if not np.isnan(price)
    )
    return TariffShown(tariff, hours)


def _rows(line: Line, tariff: Tariff) -> list[Json]:
    """Prices of a line."""
    money = tariff.currency
    kwh = f"{money}/kWh"
    priced: list[tuple[float, str, str]]
    if isinstance(line, EnergyLine):
        beside = f"+ {line.factor:g} × {line.hourly.file}" if line.hourly else ""
        priced = [(p + line.price, kwh, name) for name, p in line.prices]
        priced += [(t.price + line.price, kwh, _up_to(t, "kWh")) for t in line.tiers]
        priced = priced or [(line.price, kwh, beside)]
    elif isinstance(line, DemandLine):
        unit = f"{money}/{'kVA' if line.of == 'capacity' else 'kW'}"
        months = ["" if len(line.prices) == 1 else f"{m:02d}" for m in range(1, 13)]
        priced = [(t.price, unit, _up_to(t, "kW")) for t in line.tiers] or [
            (p, unit, m or line.of) for p, m in zip(line.prices, months, strict=False)
        ]
    elif isinstance(line, CoincidentLine):
        priced = [(line.price, f"{money}/kW", f"{len(line.hours)} h")]
    elif isinstance(line, FixedLine):
        both = ((line.per_month, f"{money}/month", ""), (line.per_day, f"{money}/day", ""))
        priced = [x for x in both if x[0]]
    else:
        priced = [(line.share, "share", ", ".join(line.of))]
    kind = type(line).__name__.removesuffix("Line").lower()
    return [
        {"line": line.name, "kind": kind, "part": part, "price": price, "unit": unit}
        for price, unit, part in priced
    ]


def _up_to(tier: Any, unit: str) -> str:
    return f"≤ {tier.up_to:g} {unit}" if tier.up_to is not None else f"> {unit}"
