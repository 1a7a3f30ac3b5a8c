"""Tariffs: what energy costs by the hour, what the highest power of a month costs, and the rest.

A tariff has periods (named hours) and lines (what is charged). A bill is each line for each month.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from math import gcd
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from abate.energy.facts.calendars import Calendar
from abate.energy.facts.clocks import HOUR_S, Clock
from abate.kernel.errors import ConfigError

Array = npt.NDArray[np.float64]
Days = Literal["all", "working", "weekends", "holidays"]
MINUTES = 24 * 60
EVERY_MONTH = tuple(range(1, 13))
SATURDAY = 5
PRICE_MAX = 1e6
"""Largest price that is read as one: a larger one is a slip."""


@dataclass(frozen=True, slots=True)
class Period:
    """Hours that have a name, such as peak.

    Args:
        name: Its name; several rows may have the same one.
        times: Minutes of the day, first and the one after the last; the whole day where empty. A
            stretch may run past midnight.
        months: 1 to 12.
        weekdays: 0 Monday to 6 Sunday.
        days: Which days: `working` are weekdays that are no public holidays, `weekends` Saturdays
            and Sundays that are not worked and no holidays, `holidays` the public ones.
    """

    name: str
    times: tuple[tuple[int, int], ...] = ()
    months: tuple[int, ...] = EVERY_MONTH
    weekdays: tuple[int, ...] = tuple(range(7))
    days: Days = "all"

    def holds(self, clock: Clock, minute: Array) -> npt.NDArray[np.bool_]:
        """Whether it holds at a minute of the day in each step."""
        month = clock.months.astype(int) % 12 + 1
        found = np.isin(month, self.months) & np.isin(clock.weekday, self.weekdays)
        found &= _of_days(self.days, clock)
        if self.times:
            within = np.zeros(len(clock), bool)
            for first, past in self.times:
                length = (past - first) % MINUTES or MINUTES
                within |= (minute - first) % MINUTES < length
            found &= within
        return found


def _of_days(days: Days, clock: Clock) -> npt.NDArray[np.bool_]:
    if days == "all":
        return np.ones(len(clock), bool)
    if days == "holidays":
        return clock.is_holiday
    weekend = clock.weekday >= SATURDAY
    return ~clock.is_holiday & (weekend if days == "weekends" else ~weekend)


@dataclass(frozen=True, slots=True)
class Tier:
    """A price up to an amount.

    Args:
        up_to: Last unit of it; None for the rest.
        price: Price of a unit.
    """

    up_to: float | None
    price: float


@dataclass(frozen=True, slots=True, eq=False)
class Hourly:
    """Prices by the hour, from a file.

    Args:
        start: Beginning of each step, UTC `(n,)`.
        price: Price of a kWh; NaN where there is none `(n,)`.
        file: Where they came from.
    """

    start: Any
    price: Array
    file: str

    def at(self, moments: Any, step_s: int = 0) -> Array:
        """Price at each moment, or its mean over a step from there; NaN where there is none."""
        step = self.start[1] - self.start[0] if len(self.start) > 1 else np.timedelta64(HOUR_S, "s")
        own = int(step / np.timedelta64(1, "s"))
        part = gcd(own, step_s) if step_s else own
        found = np.zeros(len(moments))
        for k in range(max(1, step_s // part)):
            at = moments + np.timedelta64(k * part, "s")
            place = np.searchsorted(self.start, at, "right") - 1
            there = np.clip(place, 0, len(self.start) - 1)
            inside = (place >= 0) & (at < self.start[there] + step)
            found += np.where(inside, self.price[there], np.nan)
        return found / max(1, step_s // part)


@dataclass(frozen=True, slots=True)
class EnergyLine:
    """A price of each kWh.

    Args:
        name: Of the line, such as network.
        price: Of a kWh, where it is one.
        prices: Of a kWh in each period, where it differs.
        tiers: Prices by the kWh of a month, the first ones first.
        hourly: Prices by the hour, times `factor`, plus `price`.
        factor: See there.
        months: Months in which it is charged.
        sells: Whether it is paid for what is fed in, not charged for what is taken.
    """

    name: str
    price: float = 0.0
    prices: tuple[tuple[str, float], ...] = ()
    tiers: tuple[Tier, ...] = ()
    hourly: Hourly | None = None
    factor: float = 1.0
    months: tuple[int, ...] = EVERY_MONTH
    sells: bool = False


@dataclass(frozen=True, slots=True)
class DemandLine:
    """A price of the highest power of each month.

    Args:
        name: Of the line.
        prices: Of a kW and month: one, or twelve by month.
        of: `highest` power, power by `contract`, or `capacity` of the transformer in kVA.
        periods: Periods in which the highest counts; all where empty.
        months: Months in which it is charged.
        window_min: Minutes over which power is a mean.
        tiers: Prices by the kW, in place of `prices`.
        ratchet_share: A month counts at least this share of the highest of the `ratchet_months`.
        ratchet_months: See there.
        lookback_share: A month counts at least this share of the highest of the months before it.
        lookback_months: How many months before it.
        tolerance: Of a contract: up to this multiple of it nothing is added.
        excess_factor: What lies above is charged this many times.
        discount_share: Share of the price from `discount_kwh_per_kva` on.
        discount_kwh_per_kva: kWh of a month by kVA of the transformer; none where 0.
    """

    name: str
    prices: tuple[float, ...] = (0.0,)
    of: Literal["highest", "contract", "capacity"] = "highest"
    periods: tuple[str, ...] = ()
    months: tuple[int, ...] = EVERY_MONTH
    window_min: int = 15
    tiers: tuple[Tier, ...] = ()
    ratchet_share: float = 0.0
    ratchet_months: tuple[int, ...] = EVERY_MONTH
    lookback_share: float = 0.0
    lookback_months: int = 0
    tolerance: float = 1.05
    excess_factor: float = 2.0
    discount_share: float = 1.0
    discount_kwh_per_kva: float = 0.0

    def price_in(self, month: int) -> float:
        """Price of a kW in a month, 1 to 12."""
        return self.prices[(month - 1) % len(self.prices)]


@dataclass(frozen=True, slots=True, eq=False)
class CoincidentLine:
    """A price of the highest power in named hours, such as those of the system's peak.

    Args:
        name: Of the line.
        price: Of a kW.
        hours: Beginning of each hour, by the clock of the place.
    """

    name: str
    price: float
    hours: Any


@dataclass(frozen=True, slots=True)
class FixedLine:
    """A price of each month, or of each day.

    Args:
        name: Of the line.
        per_month: Of a month.
        per_day: Of a day.
    """

    name: str
    per_month: float = 0.0
    per_day: float = 0.0


@dataclass(frozen=True, slots=True)
class Levy:
    """A share of other lines, such as a tax.

    Args:
        name: Of the line.
        share: Of their sum.
        of: Lines; all above it where empty.
    """

    name: str
    share: float
    of: tuple[str, ...] = ()


Line = EnergyLine | DemandLine | CoincidentLine | FixedLine | Levy


@dataclass(frozen=True, slots=True)
class Tariff:
    """What electricity costs.

    Args:
        id: Its name.
        lines: What is charged, in the order of the bill.
        periods: Named hours; the first that holds counts.
        title: What people call it.
        currency: Three letters.
        calendar: Holidays and clock.
        contract_kw: Power by contract; 0 for none.
        capacity_kva: Of the transformer; 0 for none.
        source: Where it is published.
        note: What is assumed.

    Raises:
        ConfigError: `bad-tariff`, and `tariff-incomplete` where an hour has no price.
    """

    id: str
    lines: tuple[Line, ...]
    periods: tuple[Period, ...] = ()
    title: str = ""
    currency: str = ""
    calendar: Calendar = field(default_factory=Calendar)
    contract_kw: float = 0.0
    capacity_kva: float = 0.0
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        names = [line.name for line in self.lines]
        if not names:
            raise _bad(self.id, "it has no line.", "Add what is charged, such as [[energy]].")
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise _bad(self.id, f"the line '{twice[0]}' appears twice.", "Name each differently.")
        known = {p.name for p in self.periods}
        for line in self.lines:
            self._require_sound(line, known, names)

    def _require_sound(self, line: Line, known: set[str], names: list[str]) -> None:
        where = f"{self.id}, {line.name}"
        if isinstance(line, EnergyLine):
            _require_prices(where, [line.price, line.factor, *(p for _, p in line.prices)])
            _require_tiers(where, line.tiers)
            if sum(map(bool, (line.prices, line.tiers, line.hourly is not None))) > 1:
                raise _bad(
                    where,
                    "it has prices by period, by tier or by hour at once.",
                    "Write a line for each.",
                )
            _require_known(where, [p for p, _ in line.prices], known)
            self._require_whole(line)
        elif isinstance(line, DemandLine):
            _require_prices(where, line.prices)
            _require_tiers(where, line.tiers)
            _require_known(where, line.periods, known)
            if len(line.prices) not in (1, 12):
                raise _bad(
                    where, f"it has {len(line.prices)} prices.", "Write one, or one for each month."
                )
            if line.tiers and any(line.prices):
                raise _bad(where, "it has a price and tiers.", "Write one of the two.")
        elif isinstance(line, Levy):
            _require_prices(where, [line.share])
            _require_known(where, line.of, set(names[: names.index(line.name)]))
        elif isinstance(line, FixedLine):
            _require_prices(where, [line.per_month, line.per_day])
        else:
            _require_prices(where, [line.price])

    def require_connection(self) -> None:
        """Refuse a tariff that charges a contract or a transformer of which nothing is known.

        Raises:
            ConfigError: `no-connection`.
        """
        for line in self.lines:
            if not isinstance(line, DemandLine):
                continue
            needs_kva = line.of == "capacity" or bool(line.discount_kwh_per_kva)
            name = ""
            if line.of == "contract" and not self.contract_kw:
                name = "contract_kw"
            elif needs_kva and not self.capacity_kva:
                name = "capacity_kva"
            if name:
                raise ConfigError(
                    "no-connection",
                    f"{self.id}, {line.name}: there is no {name}.",
                    f"Write {name} in the tariff or the connection, or name it with the call.",
                )

    def _require_whole(self, line: EnergyLine) -> None:
        """Every minute in which a line is charged by period lies in a period that it prices."""
        if not line.prices:
            return
        priced = {name for name, _ in line.prices}
        edges = {0} | {m % MINUTES for p in self.periods for pair in p.times for m in pair}
        minute = np.array(sorted(edges))
        for month, weekday, is_holiday in product(line.months, range(7), (False, True)):
            of = self._period_at(_minutes_of(month, weekday, len(minute), is_holiday), minute)
            lacking = [k < 0 or self.periods[k].name not in priced for k in of]
            if any(lacking):
                at = int(minute[lacking.index(True)])
                kind = "holiday, weekday" if is_holiday else "weekday"
                raise ConfigError(
                    "tariff-incomplete",
                    f"{self.id}, {line.name}: no price in month {month}, {kind} {weekday},"
                    f" at {at // 60:02d}:{at % 60:02d}.",
                    "Add a last period without times: it holds for the rest.",
                )

    def _period_at(self, clock: Clock, minute: Any) -> npt.NDArray[np.int64]:
        """Period of each step at a minute of the day; -1 for none."""
        found = np.full(len(clock), -1)
        for k in reversed(range(len(self.periods))):
            found[self.periods[k].holds(clock, minute)] = k
        return found

    def shares(self, clock: Clock) -> dict[str, Array]:
        """Share of each step in each period `(n,)`.

        A step in which a period ends belongs to both by the minutes.
        """
        count = clock.step_s // 60
        begun = (clock.local - clock.local.astype("datetime64[D]")).astype("timedelta64[m]")
        first = begun.astype(np.int64)
        found = {p.name: np.zeros(len(clock)) for p in self.periods}
        cuts = sorted(self._cuts(count, first))
        for here, after in zip(cuts, [*cuts[1:], count], strict=True):
            of = self._period_at(clock, (first + here) % MINUTES)
            for k, period in enumerate(self.periods):
                found[period.name][of == k] += (after - here) / count
        return found

    def _cuts(self, count: int, first: npt.NDArray[np.int64]) -> set[int]:
        """Minutes after the begin of a step at which a period may begin in it."""
        edges = {m % MINUTES for p in self.periods for pair in p.times for m in pair}
        offsets = {int(v) for v in np.unique(first % count)} if MINUTES % count == 0 else None
        if offsets is None:
            return set(range(count))
        return {0} | {(edge - o) % count for edge in edges for o in offsets}

    def prices(self, clock: Clock, *, sells: bool = False) -> Array:
        """Price of a kWh in each step, levies included `(n,)`; NaN where there is none.

        Prices by tier count with the tier that holds the rest: see `bill_of` for what a month
        costs.

        Example:
            >>> from abate.energy.facts.clocks import clock_at
            >>> line = EnergyLine("energy", prices=(("night", 0.05), ("day", 0.12)))
            >>> night = Tariff("x", (line,), (Period("night", ((0, 180),)), Period("day")))
            >>> start = np.array(["2024-01-01T02:30", "2024-01-01T03:00"], "datetime64[s]")
            >>> night.prices(clock_at(Calendar(), start, 1800)).tolist()
            [0.05, 0.12]
        """
        shares, burdens = self.shares(clock), self.burdens()
        return _total(
            [
                burdens[line.name] * step_prices(line, clock, shares)
                for line in self.lines
                if isinstance(line, EnergyLine) and line.sells == sells
            ],
            len(clock),
        )

    def burdens(self) -> dict[str, float]:
        """What a unit of money on each line comes to with the levies on it."""
        parts: dict[str, dict[str, float]] = {}
        for line in self.lines:
            if isinstance(line, Levy):
                of = [parts[n] for n in line.of or tuple(parts)]
                bases = {b for one in of for b in one}
                parts[line.name] = {b: line.share * sum(o.get(b, 0.0) for o in of) for b in bases}
            else:
                parts[line.name] = {line.name: 1.0}
        return {b: sum(p.get(b, 0.0) for p in parts.values()) for b in parts}


def step_prices(line: EnergyLine, clock: Clock, shares: dict[str, Array]) -> Array:
    """Price of a kWh of a line in each step `(n,)`: 0 out of its months, NaN where unknown."""
    price = np.full(len(clock), line.price)
    if line.prices:
        known = dict(line.prices)
        price = price + _total([known[n] * s for n, s in shares.items() if n in known], len(clock))
    elif line.tiers:
        price = price + line.tiers[-1].price
    elif line.hourly is not None:
        price = price + line.factor * line.hourly.at(clock.start, clock.step_s)
    charged = np.isin(clock.months.astype(int) % 12 + 1, line.months)
    return np.where(charged, price, 0.0)


def _total(values: Iterable[Array], n: int) -> Array:
    total = np.zeros(n)
    for one in values:
        total = total + one
    return total


def _minutes_of(month: int, weekday: int, count: int, is_holiday: bool) -> Clock:
    """Minutes of a day of a kind, for checks."""
    local = np.full(count, np.datetime64(f"2024-{month:02d}-01", "s"))
    return Clock(local, local, 60, np.full(count, weekday), np.full(count, is_holiday))


def _bad(where: str, what: str, hint: str) -> ConfigError:
    return ConfigError("bad-tariff", f"{where}: {what}", hint)


def _require_prices(where: str, prices: Iterable[float]) -> None:
    if any(not np.isfinite(p) or abs(p) > PRICE_MAX for p in prices):
        raise _bad(where, "a price is not a number.", "Write it as 0.12.")


def _require_tiers(where: str, tiers: tuple[Tier, ...]) -> None:
    _require_prices(where, [t.price for t in tiers])
    ends = [t.up_to for t in tiers]
    rising = [e for e in ends[:-1] if e is not None]
    if tiers and (
        ends[-1] is not None or len(rising) < len(tiers) - 1 or sorted(set(rising)) != rising
    ):
        raise _bad(
            where, "its tiers do not rise to one without an end.", "Leave out the last up_to."
        )


def _require_known(where: str, names: Iterable[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise _bad(where, f"there is no '{name}'.", f"There are: {listed}.")
