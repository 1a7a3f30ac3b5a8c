"""Pathways: where a figure should be each year, where it is, and what is needed from now on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from abate.kernel.finding import Rule, Severity
from abate.kernel.languages import translate
from abate.kernel.period import parse_fiscal_year
from abate.kernel.resources import package_table
from abate.kernel.target import Target, TargetKind

NO_BASE = Rule(
    "target-without-base", Severity.WARNING, "A target's base year was never valued",
    "Import and value the base year, or state base_value with base_source.",
)  # fmt: skip
STATED_BASE = Rule(
    "base-year-stated", Severity.WARNING, "A target's base value is stated, not computed",
    "Value the base year with today's methods and boundary before any claim.",
)  # fmt: skip
WEAK_PATHWAY = Rule(
    "target-below-pathway", Severity.WARNING, "A target falls short of its own pathway",
    "Raise the target, or name the pathway that it does follow.",
)  # fmt: skip
INCOMPLETE = Rule(
    "target-incomplete",
    Severity.WARNING,
    "A target is held against a figure that lacks a year or a part",
    "Import and value what is missing, or begin the target later.",
)
MISUSED = Rule(
    "pathway-misused",
    Severity.WARNING,
    "A pathway is used for a figure it is not made for",
    "Name a pathway made for the figure's scopes, or set the target on another figure.",
)
MET = Rule(
    "target-met-when-set",
    Severity.WARNING,
    "A target was met when it was set",
    "Set a target that asks for something, or drop it.",
)
OLD_BASE = Rule(
    "base-year-to-restate", Severity.WARNING, "The structure changed since the base year",
    "Run 'abate base-year', and publish the recalculated base year.",
)  # fmt: skip
TARGET_RULES = (NO_BASE, STATED_BASE, WEAK_PATHWAY, INCOMPLETE, MISUSED, MET, OLD_BASE)

FIRST_SBTI_YEAR = 2020
"""A base year later than this is held to what a start in this year would have asked for."""


@dataclass(frozen=True, slots=True)
class Pathway:
    """A rule by which a figure should fall.

    Args:
        id: Name used in `abate.toml`.
        title: Name for people.
        kind: `line`, `absolute` (linear share of the base year), `compound`, `national` or
            `sector`.
        rate: Yearly share, where the kind has one.
        applies_to: What it is made for.
        publication: Source.
        edition: Version of the standard.
        table: Where in it.
        verification: Whether it was checked against the publication or recalled.
        points: Intensity of a sector by calendar year, for `sector`.
        title_zh: Chinese of a title that is somebody's own.
    """

    id: str
    title: str
    kind: str
    rate: float
    applies_to: str
    publication: str
    edition: str
    table: str
    verification: str
    points: tuple[tuple[int, float], ...] = ()
    title_zh: str = ""

    def titled(self, lang: str) -> str:
        """Its name in a language."""
        return self.title_zh if self.title_zh and lang == "zh" else translate(self.title, lang)


@cache
def pathways() -> dict[str, Pathway]:
    """The pathways that ship with the package."""
    return {
        r["id"]: Pathway(
            r["id"],
            r["title"],
            r["kind"],
            float(r["rate"] or 0),
            r["applies_to"],
            r["publication"],
            r["edition"],
            r["table"],
            r["verification"],
        )
        for r in package_table("abate.disclosure", "pathways.csv")
    }


def absolute_contraction(base: float, base_year: int, year: int, *, rate: float) -> float:
    """Value of a year under absolute contraction: the same amount less each year, never under zero.

    Formula:
        base * (1 - rate * (year - 2020)) in the target year where the base year is later than 2020:
        a late base year spares nothing. On the way a straight line from the base year is walked by
        the caller.

    Args:
        base: Value of the base year.
        base_year: Base year.
        year: Year asked for.
        rate: Share of the base value that falls away a year.

    Source: SBTi Corporate Near-Term Criteria, cross-sector absolute contraction (see `pathways.csv`
        for the version).

    Example:
        >>> round(absolute_contraction(100.0, 2020, 2030, rate=0.042), 6), round(absolute_contraction(100.0, 2022, 2030, rate=0.042), 6)
        (58.0, 58.0)
    """
    return (
        base * max(0.0, 1 - rate * (year - min(base_year, FIRST_SBTI_YEAR)))
        if year > base_year
        else base
    )


def sda_intensity(
    base: float, *, sector_base: float, sector_year: float, sector_2050: float, market: float = 1.0
) -> float:
    """Intensity of a year under the sectoral decarbonisation approach.

    Convergence to the sector's of 2050.

    Formula:
        d * p * m + SI2050, with d = base - SI2050, p = (SIy - SI2050) / (SIb - SI2050) and m = 1
        over the growth of the company's share in the sector.

    Args:
        base: The company's intensity in the base year.
        sector_base: The sector's in the base year, in the same unit.
        sector_year: The sector's in the year asked for.
        sector_2050: The sector's in 2050.
        market: m, the base year's market share over that of the year, 1 where it is kept.

    Source: Krabbe et al. (2015), Aligning corporate greenhouse-gas emissions targets with climate
        goals, Nature Climate
    Change 5, equations 1 to 3; SBTi, Sectoral Decarbonization Approach (2015).

    Example:
        >>> sda_intensity(80.0, sector_base=60.0, sector_year=40.0, sector_2050=20.0)
        50.0
    """
    span = sector_base - sector_2050
    progress = (sector_year - sector_2050) / span if span else 0.0
    return (base - sector_2050) * progress * market + sector_2050


def _sector(points: Sequence[tuple[int, float]], year: int) -> float:
    """A sector's intensity in a year, straight between the years that are reported, flat outside of them."""
    before = [p for p in points if p[0] <= year] or [points[0]]
    after = [p for p in points if p[0] >= year] or [points[-1]]
    (x0, y0), (x1, y1) = before[-1], after[0]
    return y0 if x0 == x1 else y0 + (y1 - y0) * (year - x0) / (x1 - x0)


def pathway_values(
    pathway: Pathway, base: float, base_year: int, end: float, years: Sequence[int]
) -> list[float]:
    """Values that a pathway asks for, year by year.

    Args:
        pathway: The rule.
        base: Value of the base year.
        base_year: Base year.
        end: Value wanted in the last of the years; only a straight line heeds it.
        years: Years asked for, ascending, the base year first.

    Example:
        >>> pathway_values(pathways()["linear"], 100.0, 2022, 60.0, [2022, 2023, 2026])
        [100.0, 90.0, 60.0]
    """
    last = years[-1]

    def line(year: int, final: float) -> float:
        return base + (final - base) * (year - base_year) / (last - base_year)

    match pathway.kind:
        case "absolute":
            final = absolute_contraction(base, base_year, last, rate=pathway.rate)
            return [line(y, final) for y in years]
        case "compound":
            return [base * (1 - pathway.rate) ** (y - base_year) for y in years]
        case "national":
            return [base if y <= 2030 else base * max(0.0, (2060 - y) / 30) for y in years]
        case "sector":
            at = [_sector(pathway.points, y) for y in (base_year, 2050)]
            return [
                sda_intensity(
                    base,
                    sector_base=at[0],
                    sector_year=_sector(pathway.points, y),
                    sector_2050=at[1],
                )
                for y in years
            ]
    return [line(y, end) for y in years]


@dataclass(frozen=True, slots=True)
class Progress:
    """A target beside what the ledger shows.

    Args:
        target: The target.
        base: Value of the base year.
        end: Value wanted in the target year.
        years: Years from the base year to the target year.
        wanted: Value on the pathway, year by year; for a cumulative target the sum so far.
        actual: Value by year where it was valued; for a cumulative target the sum so far.
        gap: Actual less wanted in the latest year that was valued, positive where it is behind.
        trend: Straight line through what was valued, year by year; empty under two years.
        meets: Year in which the trend meets the target; None where it never does, or not within 100
            years.
        rate_needed: Yearly change from the latest value to the target: a share of the latest value,
            compounded; for a cumulative target the amount a year.
        rate_so_far: Yearly change since the base year, likewise.
        usual: Business as usual from the latest year on.
        lacking: What the figure lacks, by year; a year that is whole is not in it.
        is_withheld: Whether what was valued may not be made public, and is left out.
    """

    target: Target
    base: float
    end: float
    years: tuple[int, ...]
    wanted: tuple[float, ...]
    actual: Mapping[int, float]
    gap: float | None
    trend: tuple[float, ...]
    meets: int | None
    rate_needed: float | None
    rate_so_far: float | None
    usual: Mapping[int, float]
    lacking: Mapping[int, str] = field(default_factory=dict)
    is_withheld: bool = False

    @property
    def withheld(self) -> Progress:
        """Itself without what was valued: what is wanted, and nothing of where it is."""
        bare = replace(self, actual={}, gap=None, trend=(), meets=None, is_withheld=True)
        return replace(bare, rate_needed=None, rate_so_far=None, usual={}, lacking={})

    @property
    def latest(self) -> int | None:
        """The latest year that was valued."""
        return max(self.actual, default=None)

    @property
    def status(self) -> str:
        """`met`, `on path`, `behind`, `no data`, or `withheld`."""
        if self.is_withheld:
            return "withheld"
        if self.latest is None or self.gap is None:
            return "no data"
        here = self.actual[self.latest]
        reached = here >= self.end if self.target.wanted_high else here <= self.end
        if reached and (self.target.kind is not TargetKind.CUMULATIVE or here >= self.end):
            return "met"
        return "on path" if self.gap <= 0 else "behind"


def fitted_line(points: Mapping[int, float]) -> tuple[float, float] | None:
    """Level in year 0 and slope a year of the straight line nearest to points, by least squares.

    None under two points.

    Example:
        >>> fitted_line({2022: 10.0, 2023: 8.0, 2024: 6.0})
        (4054.0, -2.0)
    """
    if len(points) < 2:
        return None
    mean_x, mean_y = sum(points) / len(points), sum(points.values()) / len(points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points.items()) / sum(
        (x - mean_x) ** 2 for x in points
    )
    return mean_y - slope * mean_x, slope


def progress_of(
    target: Target, pathway: Pathway, base: float, yearly: Mapping[int, float]
) -> Progress:
    """Hold a target against yearly values.

    Args:
        target: The target.
        pathway: What should be reached each year.
        base: Value of the base year; of a level without base year, that of the first year.
        yearly: Value by year, of those that were valued.

    Example:
        >>> wanted = Target("net", 0, "FY2030", kind=TargetKind.NEUTRALITY, base_year="FY2022")
        >>> told = progress_of(wanted, pathways()["linear"], 80.0, {2022: 80.0, 2023: 78.0, 2024: 76.0})
        >>> told.wanted[2], told.gap, told.meets, told.status
        (60.0, 16.0, 2062, 'behind')
    """
    start = parse_fiscal_year(target.base_year) if target.base_year else min(yearly)
    last = parse_fiscal_year(target.year)
    years = tuple(range(start, max(last, start + 1) + 1))
    end = target.end_value(base)
    is_sum = target.kind is TargetKind.CUMULATIVE
    if is_sum:
        wanted = tuple(end * k / (len(years) - 1) for k in range(len(years)))
        run = [
            y for y in years[1:] if all(z in yearly for z in range(years[1], y + 1))
        ]  # a year without value ends the sum
        actual = {y: sum(yearly[z] for z in run if z <= y) for y in run}
    else:
        is_level = target.kind is TargetKind.LEVEL and not target.base_year
        wanted = (
            tuple(end for _ in years)
            if is_level
            else tuple(pathway_values(pathway, base, start, end, years))
        )
        actual = {y: v for y, v in yearly.items() if y >= start}
    latest = max(actual, default=None)
    sign = -1 if target.wanted_high else 1
    at_latest = wanted[min(latest, years[-1]) - start] if latest is not None else 0.0
    gap = None if latest is None else sign * (actual[latest] - at_latest)
    trend, meets = _trend(target, actual, yearly, years, end)
    needed, so_far = _rates(target, actual, base, start, end)
    if latest is not None and (
        actual[latest] >= end if target.wanted_high else actual[latest] <= end
    ):
        needed = None  # nothing is needed any more
    usual = (
        {
            y: actual[latest] * (1 + target.growth_share) ** (y - latest)
            for y in years
            if y >= latest
        }
        if latest is not None and not is_sum
        else {}
    )
    return Progress(
        target, base, end, years, wanted, actual, gap, trend, meets, needed, so_far, usual
    )


def _trend(
    target: Target,
    actual: Mapping[int, float],
    yearly: Mapping[int, float],
    years: Sequence[int],
    end: float,
) -> tuple[tuple[float, ...], int | None]:
    """The line through past values to the target year.

    And the year in which it meets the target.
    """
    is_sum = target.kind is TargetKind.CUMULATIVE
    line = fitted_line({y: v for y, v in yearly.items() if y in actual} if is_sum else actual)
    if line is None:
        return (), None
    level, slope = line
    latest = max(actual)
    meets, here, values = None, actual[latest], {y: v for y, v in actual.items() if is_sum}
    for year in range(min(actual), latest + 101):
        if not is_sum:
            values[year] = level + slope * year
        elif year > latest:
            values[year] = here = here + max(0.0, level + slope * year)
        if year < latest or meets is not None:
            continue
        at = values.get(year, here) if year > latest else actual[latest]
        slack = 1e-9 * max(abs(at), abs(end))
        if at >= end - slack if target.wanted_high else at <= end + slack:
            meets = year
    return tuple(values[y] for y in years if y in values), meets


def _rates(
    target: Target, actual: Mapping[int, float], base: float, start: int, end: float
) -> tuple[float | None, float | None]:
    latest = max(actual, default=None)
    last = parse_fiscal_year(target.year)
    if latest is None:
        return None, None
    here, left, gone = actual[latest], last - latest, latest - start
    if target.kind is TargetKind.CUMULATIVE:
        return (max(0.0, end - here) / left if left > 0 else None), (here / len(actual))
    linear = end <= 0  # no compound rate ends at zero: the share of the base value a year instead
    needed = (
        None
        if left <= 0 or not here or not base
        else (end - here) / base / left
        if linear
        else (end / here) ** (1 / left) - 1
    )
    so_far = (
        None
        if gone <= 0 or not base or here <= 0
        else (here - base) / base / gone
        if linear
        else (here / base) ** (1 / gone) - 1
    )
    return needed, so_far


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that lowers a figure.

    Args:
        id: Short name.
        title: Name for people.
        figure: Figure it lowers.
        start: Fiscal year from which on it works in full.
        abated_t: What it takes away a year [t CO2e].
        investment: Cost at the start.
        yearly_cost: Cost a year; below zero where it saves money.
        lifetime_years: Years it works.
        org: Entity it belongs to.

    Raises:
        ValueError: Where an amount is none.
    """

    id: str
    title: str
    figure: str
    start: str
    abated_t: float
    investment: float
    yearly_cost: float
    lifetime_years: int
    org: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.abated_t < float("inf") or not 0 <= self.investment < float("inf"):
            raise ValueError(f"measure {self.id}: abates or costs no amount")
        if not 1 <= self.lifetime_years <= 100 or not abs(self.yearly_cost) < float("inf"):
            raise ValueError(f"measure {self.id}: lives 1 to 100 years and costs a number a year")

    def cost_per_t(self, discount_share: float) -> float:
        """Cost of a tonne abated: investment as an annuity over its life, and the yearly cost.

        Formula:
            (investment * r / (1 - (1 + r)^-n) + yearly_cost) / abated_t, with investment / n where
            r is 0.

        Args:
            discount_share: Yearly rate r.

        Example:
            >>> Measure("led", "Lamps", "net", "FY2026", 100.0, 10000.0, -1500.0, 10).cost_per_t(0.0)
            -5.0
        """
        r, n = discount_share, self.lifetime_years
        annuity = self.investment / n if r == 0 else self.investment * r / (1 - (1 + r) ** -n)
        return (annuity + self.yearly_cost) / self.abated_t

    def abated_in(self, year: int) -> float:
        """What it takes away in a year [t CO2e]."""
        since = year - parse_fiscal_year(self.start)
        return self.abated_t if 0 <= since < self.lifetime_years else 0.0


def cost_curve(measures: Sequence[Measure], discount_share: float) -> list[dict[str, float | str]]:
    """The marginal abatement cost curve.

    Measures by cost of a tonne, each beginning where the one before ends.

    Example:
        >>> led = Measure("led", "Lamps", "net", "FY2026", 100.0, 10000.0, -1500.0, 10)
        >>> sun = Measure("sun", "Roofs", "net", "FY2026", 300.0, 60000.0, 0.0, 20)
        >>> [(m["id"], m["from_t"], m["to_t"], m["cost_per_t"]) for m in cost_curve([sun, led], 0.0)]
        [('led', 0.0, 100.0, -5.0), ('sun', 100.0, 400.0, 10.0)]
    """
    told: list[dict[str, float | str]] = []
    reached = 0.0
    for one in sorted(measures, key=lambda m: (m.cost_per_t(discount_share), m.id)):
        told.append(
            {
                "id": one.id,
                "title": one.title,
                "from_t": reached,
                "to_t": reached + one.abated_t,
                "cost_per_t": one.cost_per_t(discount_share),
                "abated_t": one.abated_t,
                "start": one.start,
            }
        )
        reached += one.abated_t
    return told


def with_measures(
    progress: Progress, measures: Sequence[Measure], *, discount_share: float
) -> list[dict[str, float | str]]:
    """Business as usual split, year by year, into what measures take away (cheapest first) and what is left.

    Only measures of the target's figure count, and together never more than there is.

    Returns:
        Rows of `year`, `part` (a measure's title, or `left`) and `value`.
    """
    ranked = [m for c in cost_curve(measures, discount_share) for m in measures if m.id == c["id"]]
    rows: list[dict[str, float | str]] = []
    for year, usual in progress.usual.items():
        left = usual
        for one in ranked:
            taken = min(left, one.abated_in(year))
            left -= taken
            rows.append({"year": f"FY{year}", "part": one.title, "value": taken})
        rows.append({"year": f"FY{year}", "part": "left", "value": left})
    return rows
