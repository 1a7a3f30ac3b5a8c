"""Ranges of figures: uncertainty, data quality, primary data, and what to measure better next."""

from __future__ import annotations

from dataclasses import dataclass

from abate.adapters.store.delta import fetch, literal
from abate.application.catalogue import FIGURES, METHODS
from abate.application.inventory.figures import DIMENSIONS, Figures, Run
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.kind import MEASURED
from abate.kernel.resolution import KEY
from abate.kernel.uncertainty import Part, Range, closed_form, relative_deviation, simulate
from abate.kernel.units import MG_PER_T

DRAWS, SEED = 10_000, 20240331
AMOUNTS = ", ".join((*KEY, "basis"))
"""Columns that tell rows of the same amounts: their amounts' errors move together over gases and
methods.
"""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What drives a figure's variance.

    Args:
        what: A factor with its species, or the amounts of a kind at a site.
        source: `factor` or `activity`.
        share: Its part of the variance.
        tonnes: CO2e that rests on it [t].
        spread: Standard deviation over the mean of its part.
    """

    what: str
    source: str
    share: float
    tonnes: float
    spread: float


@dataclass(frozen=True, slots=True)
class FigureRange:
    """A figure with its range.

    Args:
        figure: Its name.
        year: Fiscal year.
        by: The group; empty for the whole.
        closed: IPCC Approach 1 [t].
        simulated: IPCC Approach 2 [t].
        quality: Mean score, 1 very good to 4 poor, weighted by CO2e; None where there is none.
        primary_share: Share of CO2e that stands on data of the very activity or supplier.
        next: What to measure better next, the largest part of the variance first.
    """

    figure: str
    year: str
    by: dict[str, str]
    closed: Range
    simulated: Range
    quality: float | None
    primary_share: float
    next: tuple[Contribution, ...]

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "figure": self.figure,
            "year": self.year,
            "by": self.by or None,
            "unit": "t CO2e",
            "value": self.closed.total,
            "closed_form": [self.closed.low, self.closed.high],
            "simulated": [self.simulated.low, self.simulated.high],
            "share_95": self.closed.share_95,
            "quality": self.quality,
            "primary_share": self.primary_share,
            "next": [
                {
                    "what": c.what,
                    "source": c.source,
                    "share": c.share,
                    "tonnes": c.tonnes,
                    "spread": c.spread,
                }
                for c in self.next
            ],
        }


def ranges(
    rollups: Figures,
    name: str,
    run: Run,
    by: str = "",
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    top: int = 12,
) -> list[FigureRange]:
    """Ranges of a figure, for the whole or by a dimension.

    Rows are summed per factor first, so it makes no difference how many there are.

    Raises:
        UsageError: `not-a-sum`, `unknown-dimension`, `no-range` where no entries stand behind the
            figure.
        NotFoundError: `unknown-figure`.
    """
    if by and by not in DIMENSIONS:
        raise UsageError(
            "unknown-dimension", f"No breakdown by '{by}'.", f"There are: {', '.join(DIMENSIONS)}."
        )
    sign, touched = rollups.signed(name, run)
    groups: list[str] = [""]
    if by:
        column = DIMENSIONS[by]
        rows = rollups.con.execute(
            f"select distinct {column} from rollups where {touched} order by 1"
        ).fetchall()
        groups = [row[0] for row in rows]
    found = []
    for group in groups:
        where = f"{touched} and {DIMENSIONS[by]} = {literal(group)}" if by else touched
        source = f"(select *, {sign} as sign from rollups where {where})"
        one = _range(rollups, name, run, source, {by: group} if by else {}, draws, seed, top)
        if one is not None:
            found.append(one)
    if not found:
        raise UsageError(
            "no-range",
            f"No entries stand behind '{FIGURES.named(name).title}'.",
            "Ask for a mass, such as gross.",
        )
    return found


def _range(
    rollups: Figures,
    name: str,
    run: Run,
    source: str,
    by: dict[str, str],
    draws: int,
    seed: int,
    top: int,
) -> FigureRange | None:
    factors = _factor_parts(rollups, source)
    if not factors:
        return None
    activities = fetch(
        rollups.con,
        "select kind, site, sum(square) as square, sum(tonnes) as tonnes from (select kind, site,"
        f" pow(sum(sign * sign(co2e_mg) * sqrt(square)) / {MG_PER_T}, 2) as square, sum(sign *"
        f" co2e_mg) / {MG_PER_T} as tonnes from {source} group by {AMOUNTS}) group by all order"
        " by all",
    )
    amounts = [
        Part(f"{a['kind']} of {a['site']}", 0.0, "normal", 0.0, float(a["square"]))
        for a in activities
    ]
    parts = [*factors, *amounts]
    closed = closed_form(parts)
    variance = closed.deviation**2 or 1.0
    tonnes = {f"{a['kind']} of {a['site']}": float(a["tonnes"]) for a in activities}
    listed = [
        Contribution(
            p.name,
            "factor",
            p.factor_deviation**2 / variance,
            p.total,
            relative_deviation(p.kind, p.spread_95),
        )
        for p in factors
    ]
    listed += [
        Contribution(
            p.name,
            "activity",
            p.square / variance,
            tonnes[p.name],
            p.square**0.5 / (abs(tonnes[p.name]) or 1.0),
        )
        for p in amounts
    ]
    listed.sort(key=lambda c: (-c.share, c.what))
    quality, primary = _quality(rollups, source)
    simulated = simulate(parts, draws=draws, seed=seed)
    return FigureRange(
        name, run.fiscal_year, by, closed, simulated, quality, primary, tuple(listed[:top])
    )


def _factor_parts(rollups: Figures, source: str) -> list[Part]:
    """Sums per factor and species [t].

    Of several spreads of one, as older data have, the widest counts.
    """
    rows = fetch(
        rollups.con,
        f"select factor_id, species, spread_kind, spread_95, sum(sign * co2e_mg) / {MG_PER_T} as"
        f" total from {source} group by all order by all",
    )
    if any(r["spread_95"] is None for r in rows):
        raise UsageError(
            "no-range", "An older version posted this run, without spreads.", "Run the year again."
        )
    widest: dict[str, Part] = {}
    for r in rows:
        part = Part(
            f"{r['factor_id']} {r['species']}",
            float(r["total"]),
            r["spread_kind"],
            float(r["spread_95"]),
            0.0,
        )
        known = widest.get(part.name)
        if known is None:
            widest[part.name] = part
            continue
        wider = max(known, part, key=lambda p: relative_deviation(p.kind, p.spread_95))
        widest[part.name] = Part(
            part.name, known.total + part.total, wider.kind, wider.spread_95, 0.0
        )
    return list(widest.values())


def _quality(rollups: Figures, source: str) -> tuple[float | None, float]:
    """Mean score, and the share that stands on primary data, both weighted by CO2e."""
    rows = fetch(
        rollups.con,
        f"select method, basis, quality, sum(abs(sign * co2e_mg))::double as mg from {source} group"
        " by all order by all",
    )
    cards = {m.card.name: m.card for m in METHODS}
    whole = sum(r["mg"] for r in rows)
    if not whole:
        return None, 0.0
    score = sum(r["mg"] * sum(map(int, r["quality"].split(","))) / 5 for r in rows) / whole
    primary = sum(
        r["mg"]
        for r in rows
        if (card := cards.get(r["method"]))
        and r["basis"] in MEASURED
        and (card.primary or card.scope in ("1", "2"))
    )
    return score, primary / whole
