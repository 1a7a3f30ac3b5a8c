"""Bills: what a tariff charges for readings, line by line and month by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from abate.energy.facts.clocks import HOUR_S, Clock, utc_of
from abate.energy.facts.tariffs import (
    Array,
    CoincidentLine,
    DemandLine,
    EnergyLine,
    FixedLine,
    Levy,
    Line,
    Tariff,
    Tier,
    step_prices,
)
from abate.kernel.errors import UsageError
from abate.kernel.finding import Finding, Rule, Severity

INCOMPLETE = Rule(
    "bill-incomplete",
    Severity.WARNING,
    "A bill without all readings",
    "Load the missing readings or prices, and make the bill again.",
)
PART = Rule(
    "bill-part-of-month",
    Severity.INFO,
    "A bill of a part of a month",
    "Power and monthly fees are charged for the whole month: compare bills of the same days only.",
)
UNKNOWN_MONTHS = Rule(
    "months-unknown",
    Severity.WARNING,
    "Power of other months that is not known",
    "Give readings of those months, or their highest power with --earlier 2023-12=410.",
)
COARSE = Rule(
    "demand-from-long-steps",
    Severity.INFO,
    "Power from long steps",
    "Load readings by the window of the tariff, such as 15 minutes.",
)


@dataclass(frozen=True, slots=True)
class BillLine:
    """What one line of a tariff comes to in one month.

    Args:
        line: Name of the line.
        month: Month by the clock of the place, such as 2024-03.
        part: Period or tier of it; empty where there is one.
        quantity: How much is charged.
        unit: Of the quantity: kWh, kW, kVA, month, day; the currency for a levy.
        price: Of a unit; the mean where it changes by the hour.
        amount: What it comes to; below zero where it is paid out.
    """

    line: str
    month: str
    part: str
    quantity: float
    unit: str
    price: float
    amount: float


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill.

    Args:
        tariff: Id of the tariff.
        currency: Three letters.
        lines: Lines by month, in the order of the tariff.
        findings: What makes it incomplete, or what it assumes.
        missing: Steps without a reading or a price, by month; empty where it is whole.
    """

    tariff: str
    currency: str
    lines: tuple[BillLine, ...]
    findings: tuple[Finding, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """What it comes to; of the known steps only where some are missing."""
        return sum(line.amount for line in self.lines)

    @property
    def months(self) -> dict[str, float]:
        """What each month comes to."""
        found: dict[str, float] = {}
        for line in self.lines:
            found[line.month] = found.get(line.month, 0.0) + line.amount
        return found

    def of_year(self, year: int) -> Bill:
        """The months of a calendar year; others counted where they bear on them."""
        start = f"{year}-"
        return replace(
            self,
            lines=tuple(x for x in self.lines if x.month.startswith(start)),
            findings=tuple(
                f for f in self.findings if not f.month or f.month.startswith(str(year))
            ),
            missing={m: n for m, n in self.missing.items() if m.startswith(start)},
        )

    def of(self, name: str) -> float:
        """What a line comes to over all months."""
        return sum(line.amount for line in self.lines if line.line == name)


@dataclass(frozen=True, slots=True, eq=False)
class Metered:
    """What a connection took and gave.

    Args:
        clock: Its steps.
        import_kwh: Taken from the grid; NaN where missing `(n,)`.
        export_kwh: Fed in; nothing where it is empty `(n,)`.
    """

    clock: Clock
    import_kwh: Array
    export_kwh: Array = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        n = len(self.clock)
        given = np.asarray(self.export_kwh, np.float64)
        object.__setattr__(self, "export_kwh", given if len(given) else np.zeros(n))
        for name in ("import_kwh", "export_kwh"):
            values = np.asarray(getattr(self, name), np.float64)
            if values.shape != (n,) or np.isinf(values).any() or (values < 0).any():
                raise UsageError(
                    "bad-metered",
                    f"{name} has {values.size:,} values, or some below zero.",
                    f"Give {n:,} amounts of zero or more, one for each step.",
                )


def bill_of(
    tariff: Tariff, metered: Metered, *, earlier_kw: Mapping[str, float] | None = None
) -> Bill:
    """What a tariff charges for readings.

    A month's highest power is the highest mean over the line's window; where steps are longer than
    it, that over a step, which is a lower bound (`demand-from-long-steps`). Steps without a reading
    or a price are counted, not guessed: the months they lie in are incomplete.

    Args:
        tariff: The tariff.
        metered: What was taken and given.
        earlier_kw: Highest power of months before the first one, by month, for lines that look
            back.

    Raises:
        UsageError: `bad-metered`.

    Example:
        >>> from abate.energy.facts.calendars import Calendar
        >>> from abate.energy.facts.clocks import clock_at
        >>> hours = np.datetime64("2024-01-01", "s") + np.arange(48) * np.timedelta64(3600, "s")
        >>> flat = Tariff("flat", (EnergyLine("energy", 0.1), DemandLine("demand", (10.0,))))
        >>> made = bill_of(flat, Metered(clock_at(Calendar(), hours, 3600), np.full(48, 2.0)))
        >>> [(x.line, x.quantity, x.unit, round(x.amount, 2)) for x in made.lines]
        [('energy', 96.0, 'kWh', 9.6), ('demand', 2.0, 'kW', 20.0)]
    """
    tariff.require_connection()
    book = _Book(tariff, metered, dict(earlier_kw or {}))
    for line in tariff.lines:
        book.charge(line)
    return Bill(tariff.id, tariff.currency, tuple(book.lines), book.findings(), book.missing())


class _Book:
    """A bill while it is made."""

    def __init__(self, tariff: Tariff, metered: Metered, earlier_kw: dict[str, float]) -> None:
        self.tariff, self.metered, self.earlier_kw = tariff, metered, earlier_kw
        self.clock = metered.clock
        self.shares = tariff.shares(self.clock)
        self.months, self.month_of = np.unique(self.clock.months, return_inverse=True)
        self.names = [str(m) for m in self.months]
        self.numbers = self.months.astype(int) % 12 + 1
        self.lines: list[BillLine] = []
        self.lacking = np.isnan(metered.import_kwh) | np.isnan(metered.export_kwh)
        self.is_coarse = False
        self.unknown: list[tuple[str, str, int]] = []

    def add(
        self,
        line: str,
        m: int,
        quantity: float,
        unit: str,
        price: float,
        part: str = "",
        amount: float | None = None,
    ) -> None:
        """A line of the bill."""
        told = (quantity * price if amount is None else amount) + 0.0  # no -0
        self.lines.append(BillLine(line, self.names[m], part, quantity, unit, price, told))

    def charge(self, line: Line) -> None:
        """All months of a line of the tariff."""
        if isinstance(line, EnergyLine):
            self.energy(line)
        elif isinstance(line, DemandLine):
            self.demand(line)
        elif isinstance(line, CoincidentLine):
            self.coincident(line)
        elif isinstance(line, FixedLine):
            self.fixed(line)
        else:
            self.levy(line)

    def by_month(self, values: Array) -> Array:
        """Sums of the known steps by month."""
        known = np.nan_to_num(values)
        return np.bincount(self.month_of, known, len(self.months)).astype(np.float64)

    def energy(self, line: EnergyLine) -> None:
        """Energy by period, tier or hour."""
        kwh = self.metered.export_kwh if line.sells else self.metered.import_kwh
        sign = -1.0 if line.sells else 1.0
        prices = step_prices(line, self.clock, self.shares)
        self.lacking |= np.isnan(prices) & (np.nan_to_num(kwh) != 0)
        charged = np.isin(self.numbers, line.months)
        if line.prices:
            for period, price in line.prices:
                amounts = self.by_month(kwh * self.shares[period])
                for m in np.flatnonzero(charged & (amounts != 0)).tolist():
                    self.add(
                        line.name,
                        m,
                        float(amounts[m]),
                        "kWh",
                        sign * (price + line.price),
                        period,
                    )
        elif line.tiers:
            for m, amount in enumerate(self.by_month(kwh).tolist()):
                if charged[m]:
                    self._tiers(line.name, m, float(amount), "kWh", line.tiers, sign, line.price)
        elif line.hourly is None:
            amounts = self.by_month(kwh)
            for m in np.flatnonzero(charged).tolist():
                self.add(line.name, m, float(amounts[m]), "kWh", sign * line.price)
        else:
            amounts = self.by_month(np.where(np.isnan(prices), 0, kwh))
            costs = sign * self.by_month(kwh * prices)
            for m in np.flatnonzero(charged).tolist():
                mean = float(costs[m] / amounts[m]) if amounts[m] else sign * line.price
                self.add(line.name, m, float(amounts[m]), "kWh", mean, amount=float(costs[m]))

    def _tiers(
        self,
        name: str,
        m: int,
        quantity: float,
        unit: str,
        tiers: Sequence[Tier],
        sign: float = 1.0,
        beside: float = 0.0,
    ) -> None:
        """An amount over tiers."""
        begun = 0.0
        for k, tier in enumerate(tiers):
            end = float("inf") if tier.up_to is None else tier.up_to
            taken = max(0.0, min(quantity, end) - begun)
            if taken or not k:
                part = f"tier {k + 1}" if len(tiers) > 1 else ""
                self.add(name, m, taken, unit, sign * (tier.price + beside), part)
            begun = end

    def peaks(self, line: DemandLine) -> Array:
        """Highest power of each month [kW]; NaN where no step is known."""
        power, month_of, counts = self._windows(line)
        found = np.full(len(self.months), np.nan)
        known = counts & ~np.isnan(power)
        np.fmax.at(found, month_of[known], power[known])
        return found

    def _windows(self, line: DemandLine) -> tuple[Array, Any, Any]:
        """Power of each window, its month, and whether it counts."""
        in_periods: Any = np.ones(len(self.clock), bool)
        if line.periods:
            in_periods = sum(self.shares[p] for p in line.periods) > 0
        step, window = self.clock.step_s, line.window_min * 60
        width = -(-window // step) * step  # a multiple of steps: a mean over longer is no higher
        self.is_coarse |= width > window
        if width == step:
            return self.metered.import_kwh / self.clock.step_h, self.month_of, in_periods
        span = np.timedelta64(width, "s")
        shift = (self.clock.local - self.clock.start) % span  # windows begin by the clock
        number = (self.clock.start + shift - np.datetime64(0, "s")) // span
        _, first, back = np.unique(number, return_index=True, return_inverse=True)
        kwh = np.bincount(back, self.metered.import_kwh)  # NaN where one step is missing
        whole = np.bincount(back) == width // step
        power: Array = np.where(whole, kwh * HOUR_S / width, np.nan)
        counts = np.bincount(back, in_periods) > 0
        return power, self.month_of[first], counts

    def demand(self, line: DemandLine) -> None:
        """Power of each month."""
        peaks = self.peaks(line)
        energy = self.by_month(self.metered.import_kwh)
        billed = self._billed(line, peaks)
        for m, number in enumerate(self.numbers.tolist()):
            if number not in line.months:
                continue
            kva = self.tariff.capacity_kva
            reached = energy[m] >= line.discount_kwh_per_kva * kva
            share = line.discount_share if line.discount_kwh_per_kva and reached else 1.0
            price = share * line.price_in(number)
            if line.of == "capacity":
                self.add(line.name, m, kva, "kVA", price)
            elif line.of == "contract":
                self._contract(line, m, float(peaks[m]), price)
            elif not np.isnan(billed[m]):
                tiers = tuple(Tier(t.up_to, share * t.price) for t in line.tiers)
                tiers = tiers or (Tier(None, price),)
                self._tiers(line.name, m, float(billed[m]), "kW", tiers)

    def _contract(self, line: DemandLine, m: int, peak: float, price: float) -> None:
        contract = self.tariff.contract_kw
        self.add(line.name, m, contract, "kW", price)
        over = peak - line.tolerance * contract
        if over > 0:
            self.add(line.name, m, over, "kW", price * line.excess_factor, "above contract")

    def _billed(self, line: DemandLine, peaks: Array) -> Array:
        """Power that counts: a month's own, or a share of that of others."""
        billed = peaks.copy()
        if line.ratchet_share:
            years = self.months.astype("datetime64[Y]")
            named = np.isin(self.numbers, line.ratchet_months)
            for year in np.unique(years):
                there = named & (years == year) & ~np.isnan(peaks)
                lacking = len(set(line.ratchet_months)) - int(there.sum())
                if lacking:
                    self.unknown.append((line.name, str(year), lacking))
                if there.any():
                    least = line.ratchet_share * float(peaks[there].max())
                    billed = np.where(years == year, np.fmax(billed, least), billed)
        if line.lookback_share:
            known = self.earlier_kw | dict(zip(self.names, peaks.tolist(), strict=True))
            for m, month in enumerate(self.months):
                before = [str(month - k) for k in range(1, line.lookback_months + 1)]
                earlier = [known[b] for b in before if b in known and not np.isnan(known[b])]
                if len(earlier) < len(before):
                    self.unknown.append((line.name, self.names[m], len(before) - len(earlier)))
                billed[m] = np.fmax(billed[m], line.lookback_share * max(earlier, default=0.0))
        return billed

    def coincident(self, line: CoincidentLine) -> None:
        """The highest mean power of a named hour."""
        hour = self.clock.local.astype("datetime64[h]")
        named = np.asarray(line.hours).astype("datetime64[h]")
        there = np.flatnonzero(np.isin(hour, named))
        if not len(there):
            return
        _, first, back = np.unique(hour[there], return_index=True, return_inverse=True)
        kwh = np.bincount(back, self.metered.import_kwh[there])  # NaN where a step is missing
        power = kwh / (np.bincount(back) * self.clock.step_h)
        if not np.isnan(power).all():
            at = int(np.nanargmax(power))
            m = int(self.month_of[there[first[at]]])
            self.add(line.name, m, float(power[at]), "kW", line.price)

    def fixed(self, line: FixedLine) -> None:
        """By month and by day."""
        days = np.unique(self.clock.local.astype("datetime64[D]"))
        for m, month in enumerate(self.months):
            if line.per_month:
                self.add(line.name, m, 1.0, "month", line.per_month)
            if line.per_day:
                count = int((days.astype("datetime64[M]") == month).sum())
                self.add(line.name, m, float(count), "day", line.per_day)

    def levy(self, line: Levy) -> None:
        """A share of other lines."""
        names = set(line.of) if line.of else {x.line for x in self.lines}
        for m, month in enumerate(self.names):
            of = sum(x.amount for x in self.lines if x.line in names and x.month == month)
            self.add(line.name, m, of, self.tariff.currency, line.share)

    def missing(self) -> dict[str, int]:
        """Steps without a reading or a price, by month."""
        counts = np.bincount(self.month_of, self.lacking, len(self.months)).astype(int)
        return {n: int(c) for n, c in zip(self.names, counts, strict=True) if c}

    def findings(self) -> tuple[Finding, ...]:
        """What makes it incomplete, and what it assumes."""
        found = [
            Finding.of(
                INCOMPLETE,
                f"{month}: {count:,} steps have no reading or no price; the bill leaves them out.",
                month=month,
            )
            for month, count in self.missing().items()
        ]
        found += self._parts()
        found += [
            Finding.of(
                UNKNOWN_MONTHS,
                f"{line}, {when}: {count} months that count are not known.",
                month=when,
            )
            for line, when, count in self.unknown
        ]
        if self.is_coarse:
            found.append(
                Finding.of(
                    COARSE,
                    f"The highest power is that of steps of {self.clock.step_s // 60} minutes; over"
                    " a shorter window it may be higher.",
                )
            )
        return tuple(found)

    def _parts(self) -> list[Finding]:
        """Months of which the readings are a part."""
        found = []
        counts = np.bincount(self.month_of).tolist()
        zone, step = self.tariff.calendar.zone, np.timedelta64(self.clock.step_s, "s")
        for name, month, count in zip(self.names, self.months, counts, strict=True):
            edges = utc_of(np.array([month, month + 1]).astype("datetime64[s]"), zone)
            whole = int((edges[1] - edges[0]) // step)
            if count < whole:
                text = f"{name}: the readings are {count:,} of {whole:,} steps."
                found.append(Finding.of(PART, text, month=name))
        return found


@dataclass(frozen=True, slots=True)
class Received:
    """A line of a bill that came in.

    Args:
        line: Its name.
        month: Its month, such as 2024-03.
        amount: What it charges.
        quantity: How much of it; None where the bill does not say.
    """

    line: str
    month: str
    amount: float
    quantity: float | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of a month on both bills.

    Args:
        line: Its name.
        month: Its month.
        computed: By the tariff; None where it charges no such line.
        received: On the bill that came in; None where it is not on it.
        quantity: By the readings.
        quantity_received: On the bill; None where it does not say.
    """

    line: str
    month: str
    computed: float | None
    received: float | None
    quantity: float | None
    quantity_received: float | None

    @property
    def difference(self) -> float:
        """Received less computed; a line on one bill only differs by all of it."""
        return (self.received or 0.0) - (self.computed or 0.0)


def compare_bills(bill: Bill, received: Sequence[Received]) -> tuple[Compared, ...]:
    """A bill beside one that came in, line by line, for the months of the latter."""
    months = {r.month for r in received}
    keys: dict[tuple[str, str], None] = {}
    for x in bill.lines:
        if x.month in months:
            keys[x.month, x.line] = None
    for r in received:
        keys[r.month, r.line] = None
    rows = []
    for month, name in sorted(keys, key=lambda k: k[0]):
        mine = [x for x in bill.lines if (x.month, x.line) == (month, name)]
        its = [r for r in received if (r.month, r.line) == (month, name)]
        stated = [r.quantity for r in its if r.quantity is not None]
        rows.append(
            Compared(
                name,
                month,
                sum(x.amount for x in mine) if mine else None,
                sum(r.amount for r in its) if its else None,
                sum(x.quantity for x in mine) if mine else None,
                sum(stated) if stated else None,
            )
        )
    return tuple(rows)
