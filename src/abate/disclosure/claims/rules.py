"""Rules: each tests statements against each other and says what it found, with the calculation.

A rule is a function from statements to verdicts; its code is the key in `RULES`. Rules know no case: what they need
is in the statements. What they cannot judge they leave alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from abate.disclosure.claims.interval import Interval, exact, growth
from abate.disclosure.claims.statement import Statement, fold
from abate.disclosure.claims.verdict import Verdict

LEDGER = "ledger"
"""Vintage of a statement that the ledger makes."""
STRUCTURAL_SHARE = 0.05
"""Part of the group's emissions from which a sale or purchase asks for a new base year.

Source: GHG Protocol Corporate Standard (2004), chapter 5; SBTi Corporate Near-Term Criteria, recalculation at 5 %.
"""
GRID_KG_PER_KWH = {"plausible": (0.45, 0.65), "plausible_high": (0.65, 0.80), "plausible_low": (0.3, 0.45)}
"""What a kWh of the Chinese grid emits: averages 0.53 to 0.61 in official notices of 2015 to 2023; above 0.80 only a
regional operating margin, 1.0 is the output of a coal plant."""
GENERATION = re.compile(r"generat|output|onsite|on_site|pv|solar|wind|roof|photovolt", re.IGNORECASE)
BOUGHT = re.compile(r"purchas|consum|traded|bought", re.IGNORECASE)
SUN_HOURS = (500.0, 1400.0)
WIND_HOURS = (1300.0, 4500.0)
HOUSEHOLD_KWH = (800.0, 12_000.0)
GAP_INCOMPLETE_SHARE = 0.10
"""Part of a whole beyond which parts that fall short are an incomplete breakdown rather than a wrong sum."""

Rule = Callable[[Sequence[Statement]], Iterator[Verdict]]
LEVELS = frozenset({"level", "cumulative", "reduction", "share"})


def _levels(statements: Sequence[Statement]) -> list[Statement]:
    return [s for s in statements if s.nature in LEVELS and s.unit not in ("date", "year", "")]


def _same(one: Statement, other: Statement) -> bool:
    return one.key == other.key and one.unit == other.unit


def _judged(one: tuple[Interval, Interval], other: tuple[Interval, Interval]) -> str:
    """Whether two numbers agree as printed, or only where zeros at the end are rounding: pairs of strict and loose."""
    if one[0].meets(other[0]):
        return "consistent"
    return "rounding_loose" if one[1].meets(other[0]) or one[0].meets(other[1]) else "contradiction"


def _both(s: Statement) -> tuple[Interval, Interval]:
    return s.value(), s.value(loose=True)


def _before(s: Statement, statements: Sequence[Statement]) -> list[Statement]:
    """Levels of the period before, of the same thing."""
    return [
        o for o in _levels(statements)
        if _same(s, o) and o.period.kind == s.period.kind and o.period.key == s.period.before and o.bound == "="
    ]  # fmt: skip


def _changes(statements: Sequence[Statement]) -> list[tuple[Statement, Statement]]:
    """Levels with the statement that tells their change on the year before: in the same row, or one of its own."""
    found = []
    for s in _levels(statements):
        if s.change:
            found.append((s, s))
        found += [
            (s, c) for c in statements
            if c.nature == "change" and not c.base and c.unit == "share" and c.key == s.key and c.period.key == s.period.key
            and s.nature != "change" and not (s.change and c.source == s.source)
        ]  # fmt: skip
    return found


def _told(c: Statement) -> tuple[Interval, Interval]:
    """A stated change as a share, strict and loose."""
    if c.nature == "change":
        return c.value(), c.value(loose=True)
    return c.change_share(), c.change_share(loose=True)


def backcast_prior_year(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """What a value and its change say of the year before, beside what was published for it."""
    for now, told in _changes(statements):
        if now.unit == "share" and now.nature != "reduction":
            continue  # a change of a share may be in points
        strict, loose = _told(told)
        implied = [now.value(loose=k) / (change + exact(1.0)) for k, change in ((False, strict), (True, loose))]
        if implied[0] is None or implied[1] is None:
            continue
        said = (
            f"{now.text} / (1 {strict.middle * 100:+g} %) = {implied[0].middle:,.6g} {now.unit}, interval {implied[0]}"
        )
        priors = _before(now, statements)
        if not priors:
            yield Verdict(
                "backcast_prior_year", "derived_only", f"{said}; no value published for the year before", (now, told)
            )
            continue
        tested = [(_judged((implied[0], implied[1]), _both(p)), p) for p in priors]
        verdict, prior = min(tested, key=lambda v: ("consistent", "rounding_loose", "contradiction").index(v[0]))
        if verdict == "contradiction" and _cumulates(now, statements):
            continue
        yield Verdict(
            "backcast_prior_year", verdict, f"{said}; published {prior.value().middle:,.6g}", (now, told, prior)
        )


def growth_rate(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """The change between two published values, beside the change that was stated."""
    for now, told in _changes(statements):
        priors = _before(now, statements)
        if now.unit == "share" or not priors:
            continue
        strict, loose = _told(told)
        tested = []
        for prior in priors:
            moved = [growth(prior.value(loose=k), now.value(loose=k)) for k in (False, True)]
            if moved[0] is not None and moved[1] is not None:
                tested.append((_judged((moved[0], loose and moved[1]), (strict, loose)), prior, moved[0]))
        if not tested:
            continue
        verdict, prior, moved_share = min(
            tested, key=lambda v: ("consistent", "rounding_loose", "contradiction").index(v[0])
        )
        said = f"{now.text} on {prior.text}: {moved_share.scaled(100)} % against {strict.scaled(100)} % stated"
        yield Verdict("growth_rate", verdict, said, (now, told, prior))


def points_change(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A share's change in points, told beside both shares."""
    for now in _levels(statements):
        if now.unit != "share" or now.nature == "reduction":
            continue
        for told in statements:
            if told.unit != "points" or told.key != now.key or told.period.key != now.period.key:
                continue
            for prior in _before(now, statements):
                moved = (now.value() - prior.value(), now.value(loose=True) - prior.value(loose=True))
                verdict = _judged(moved, _both(told))
                said = f"{now.text} less {prior.text} is {moved[0].scaled(100)} points against {told.text} stated"
                yield Verdict("points_change", verdict, said, (now, told, prior))


def variants(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Values of one key from several places: the same within rounding, restated, out of order, or contradictory."""
    groups: dict[tuple[object, ...], list[Statement]] = {}
    for s in _levels(statements):
        if s.period.year or s.metric:
            groups.setdefault(
                (*s.key, s.period.kind, s.period.year, s.period.first, s.unit, s.nature == "cumulative"), []
            ).append(s)
    for group in groups.values():
        distinct = list({(s.text, s.vintage, s.source, s.bound): s for s in group}.values())
        agreed = True
        for one, other in combinations(distinct, 2):
            if one.source == other.source and one.id == other.id:
                continue
            verdict = _variant(one, other)
            if verdict is not None:
                agreed = False
                yield verdict
        printed_values = [s for s in distinct if s.bound in ("=", "~")]
        if agreed and len(printed_values) > 1:
            told = ", ".join(f"{s.text}" for s in printed_values)
            both = Interval(max(s.value().low for s in printed_values), min(s.value().high for s in printed_values))
            yield Verdict("rounding", "consistent", f"{told}: all can be {both}", tuple(printed_values))


def _variant(one: Statement, other: Statement) -> Verdict | None:
    """What two values of one key are to each other; None where they agree."""
    a, b = one.value(), other.value()
    if ">" in (one.bound, other.bound):
        bound, value = (one, other) if one.bound == ">" else (other, one)
        if value.bound == ">" or value.value().high >= bound.value().low:
            return None
        return Verdict("rounding", "contradiction", f"{value.text} is not above {bound.text}", (value, bound))
    if a.meets(b):
        return None
    low, high = sorted((a, b), key=lambda i: i.middle)
    ratio = high.low / low.high if low.high > 0 else 0.0
    said = f"{one.text} {one.source} against {other.text} {other.source}: {a} and {b}, factor {ratio:,.3g}"
    if LEDGER in (one.vintage, other.vintage):
        claimed, held = (one, other) if other.vintage == LEDGER else (other, one)
        if claimed.value(loose=True).meets(held.value()):
            return Verdict("ledger", "rounding_loose", said, (claimed, held))
        return Verdict("ledger", "contradiction", said, (claimed, held))
    if one.vintage != other.vintage and _is_later_issue(one, other):
        return Verdict("restatement", "restated", said, (one, other))
    if ratio >= 3 or "oom" in (one.bound, other.bound):
        unit = "; the same digits in another unit" if abs(ratio / 10 ** round(_log10(ratio)) - 1) < 0.02 else ""
        return Verdict("order_of_magnitude", "contradiction", said + unit, (one, other))
    if one.value(loose=True).meets(b) or a.meets(other.value(loose=True)):
        return Verdict("rounding", "rounding_loose", said, (one, other))
    return Verdict("rounding", "contradiction", said, (one, other))


def _log10(x: float) -> float:
    return math.log10(x) if x > 0 else 0.0


def _is_later_issue(one: Statement, other: Statement) -> bool:
    """Whether two vintages are issues of a report rather than two places that repeat it: both name a year."""
    years = [re.search(r"(?:19|20)\d{2}", s.vintage) for s in (one, other)]
    told = [
        s
        for s in (one, other)
        if re.search(r"restated|superseded|first reported|as reported", f"{s.vintage} {' '.join(s.flags)}")
    ]
    return bool(told) or (years[0] is not None and years[1] is not None and years[0].group() != years[1].group())


def mixed_vintage(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A change that fits the restated value of the year before and not the first one, or the other way round."""
    for now, told in _changes(statements):
        priors = _before(now, statements)
        if len(priors) < 2 or now.unit == "share":
            continue
        strict, loose = _told(told)
        fits: list[tuple[Statement, Interval]] = []
        fails: list[tuple[Statement, Interval]] = []
        for prior in priors:
            moved = growth(prior.value(), now.value())
            if moved is None:
                continue
            (fits if moved.meets(strict) or moved.meets(loose) else fails).append((prior, moved))
        issues = fits and fails and _is_later_issue(fits[0][0], fails[0][0])
        if issues and not fits[0][0].value().meets(fails[0][0].value()):
            (old, of_old), (new, of_new) = fails[0], fits[0]
            said = f"{now.text} on {old.text} is {of_old.scaled(100)} %, on {new.text} it is {of_new.scaled(100)} %; stated {strict.middle * 100:+g} %"
            yield Verdict("mixed_vintage", "mixed_vintage", said, (now, told, old, new))


IDENTITIES: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = (
    ("net_scope1_2", (("scope1", 1), ("scope2", 1))),
    ("net_scope1_2", (("gross_scope1_2", 1), ("reduction_scope1_2", -1))),
    ("gross_scope1_2", (("scope1", 1), ("scope2_location", 1))),
    ("scope1_2_market", (("scope1", 1), ("scope2_market", 1))),
    ("scope1_2", (("scope1", 1), ("scope2", 1))),
    ("total_market", (("scope1", 1), ("scope2_market", 1), ("scope3", 1))),
    ("total_location", (("scope1", 1), ("scope2_location", 1), ("scope3", 1))),
    ("total", (("scope1", 1), ("scope2", 1), ("scope3", 1))),
    ("total", (("scope1", 1), ("scope2_market", 1), ("scope3", 1))),
    ("scope3plus_reduction", (("scope3plus_driving", 1), ("scope3plus_enabling", 1))),
)
"""Wholes that are the sum of just these parts."""
GASES = re.compile(r"_(CO2|CH4|N2O|HFCs?|PFCs?|SF6|NF3)$")


def sum_of_parts(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A whole beside the sum of its parts; parts that fall far short are an incomplete breakdown."""
    levels = [
        s for s in _levels(statements) if s.bound in ("=", "~") and s.unit in ("t", "kWh", "count", "m3", "share")
    ]
    by: dict[tuple[object, ...], dict[str, Statement]] = {}
    for s in levels:
        by.setdefault(
            (
                fold(s.entity),
                s.period.kind,
                s.period.year,
                s.unit,
                s.vintage,
                fold(s.scope) if s.unit == "share" else "",
            ),
            {},
        ).setdefault(s.metric, s)
    seen: set[tuple[str, ...]] = set()
    for held in by.values():
        for sum_of, terms in IDENTITIES:
            if sum_of in held and all(m in held for m, _ in terms):
                summed = [_signed(held, terms, loose=k) for k in (False, True)]
                verdict = _judged((summed[0], summed[0]), _both(held[sum_of]))
                terms_told = tuple(held[m] for m, _ in terms)
                said = " ".join(f"{'+' if sign > 0 else '-'} {held[m].text}" for m, sign in terms).lstrip("+ ")
                yield Verdict(
                    "sum_of_parts",
                    verdict,
                    f"{said} = {summed[0]} against {held[sum_of].text}",
                    (held[sum_of], *terms_told),
                )
    for whole in levels:
        for parts in _breakdowns(whole, levels):
            name = (whole.id, *sorted(p.id for p in parts))
            if name in seen or len(parts) < 2:
                continue
            seen.add(name)
            yield _summed(whole, parts)


def _signed(held: dict[str, Statement], terms: Sequence[tuple[str, int]], *, loose: bool) -> Interval:
    total = Interval(0.0, 0.0)
    for metric, sign in terms:
        value = held[metric].value(loose=loose)
        total = total + value if sign > 0 else total - value
    return total


def _breakdowns(whole: Statement, levels: Sequence[Statement]) -> list[list[Statement]]:
    """Parts of a whole by what splits it: categories, gases, regions, or those that name it."""
    found: dict[str, dict[str, Statement]] = {}
    for s in levels:
        if s is whole or s.unit != whole.unit or s.period.key != whole.period.key or s.period.kind != whole.period.kind:
            continue
        if s.part_of and fold(s.part_of) in (fold(whole.metric), fold(whole.id)):
            found.setdefault("named", {}).setdefault(f"{s.entity}/{s.metric}/{s.scope}", s)
            continue
        if fold(s.entity) != fold(whole.entity) or (s.vintage != whole.vintage and s.source != whole.source):
            continue
        rest = s.metric.removeprefix(whole.metric)
        if rest in (s.metric, "") or rest[0] not in "_.":
            continue
        if re.match(r"[_.](intensity|change|share|per|content|target|reduction|location|market|2)", rest):
            continue
        split = "category" if rest.startswith("_cat") else "gas" if GASES.search(s.metric) else "other"
        found.setdefault(split, {}).setdefault(s.metric, s)
    return [list(parts.values()) for parts in found.values()]


def _summed(whole: Statement, parts: Sequence[Statement]) -> Verdict:
    sums = []
    for loose in (False, True):
        total = Interval(0.0, 0.0)
        for p in parts:
            total = total + p.value(loose=loose)
        sums.append(total)
    verdict = _judged((sums[0], sums[0]), _both(whole))
    said = f"sum of {len(parts)} parts {sums[0]} against {whole.value()} {whole.unit}"
    short = whole.value().low - sums[0].high
    if verdict == "contradiction" and short > GAP_INCOMPLETE_SHARE * abs(whole.value().middle):
        left = whole.value() - sums[0]
        said = (
            f"{said}; the rest, {left.middle:,.6g} ({left.middle / whole.value().middle:.0%}), has no published split"
        )
        return Verdict("part_of_whole", "incomplete_breakdown", said, (whole, *parts))
    return Verdict("sum_of_parts", verdict, said, (whole, *parts))


SHARE_OF = {
    "clean_electricity": "clean_electricity_share", "renewable_electricity": "renewable_electricity_share",
    "clean_electricity_share": "clean_electricity_share", "renewable_electricity_share": "renewable_electricity_share",
}  # fmt: skip


def numeral_reuse(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A growth rate whose numeral is the share of the year before: a share told as growth."""
    for told in statements:
        text = told.text if told.nature == "change" else told.change
        of = SHARE_OF.get(told.metric) or (told.metric if told.metric.endswith("_share") else f"{told.metric}_share")
        if not text or (told.nature != "change" and told.unit == "share" and told.metric != of):
            continue
        shares = [
            s
            for s in _levels(statements)
            if s.metric == of and fold(s.entity) == fold(told.entity) and s.unit == "share"
        ]
        for prior in shares:
            numeral = text.lstrip("+-") == prior.text and prior.nature != "change"
            if not numeral or prior.period.key != told.period.before:
                continue
            now = next((s for s in shares if s.period.key == told.period.key and s.bound == "="), None)
            if now is None or abs(now.number - prior.number) < 1e-12:
                continue
            change = float(text) / 100
            implied = (1 + change) / (now.number / prior.number) - 1
            if told.metric == of and abs(now.number / prior.number - 1 - change) < 0.005:
                continue  # the share did grow by that rate
            said = f"if +{text} % were growth and the share went {prior.text} % to {now.text} %, the whole would have grown {implied:+.1%}; the numeral is last year's share"
            yield Verdict("numeral_reuse", "contradiction", said, (told, prior, now))
            break


def reduction_semantics(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A reduction beside a level and its change: a fall on the year before, or against a counterfactual."""
    levels = _levels(statements)
    for s in levels:
        if s.metric not in ("reduction_scope1_2", "reduction") or s.unit != "t":
            continue
        for now, told in _changes(statements):
            if now.metric not in ("net_scope1_2", "scope1_2", "total", "gross_scope1_2") or fold(now.entity) != fold(
                s.entity
            ):
                continue
            if now.period.key != s.period.key or now is s:
                continue
            before = s.value() + now.value()
            fall = s.value() / before
            stated = _told(told)[0]
            if fall is None:
                continue
            meant = Interval(-fall.high, -fall.low)
            if meant.meets(stated):
                yield Verdict(
                    "reduction_semantics",
                    "consistent",
                    f"a fall of {meant.scaled(100)} % agrees with {stated.middle * 100:+g} %",
                    (s, now, told),
                )
            else:
                said = f"as a fall on the year before, that would have been {before.middle:,.4g} and the change {meant.middle:+.1%}, not {stated.middle:+.1%}: {s.text} is against a counterfactual"
                yield Verdict("reduction_semantics", "ambiguous", said, (s, now, told))


INTENSITIES = {"scope3_intensity": "scope3", "intensity": "net_scope1_2", "total_intensity": "total"}


def intensity_vs_absolute(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """An intensity that falls while the absolute figure does not, or that stands without it."""
    for now, told in _changes(statements):
        absolute = INTENSITIES.get(now.metric)
        if absolute is None or _told(told)[0].high >= 0:
            continue
        moved = _moved(absolute, now, statements)
        if moved is None:
            revenue = _moved("revenue", now, statements)
            if revenue is None:
                yield Verdict(
                    "intensity_vs_absolute",
                    "warn_intensity_only",
                    f"intensity {_told(told)[0].middle:+.1%}; no absolute figure stands beside it",
                    (now, told),
                )
                continue
            shift = (_told(told)[0] + exact(1.0)) * (revenue[0] + exact(1.0)) - exact(1.0)
            moved = shift, revenue[1]
        share, beside = moved
        said = f"intensity {_told(told)[0].middle:+.1%} while {absolute} moved {share.middle:+.1%}, interval {share.scaled(100)} %"
        verdict = "consistent" if share.high < 0 else "warn_intensity_only"
        yield Verdict("intensity_vs_absolute", verdict, said, (now, told, *beside))


def _moved(
    metric: str, beside: Statement, statements: Sequence[Statement]
) -> tuple[Interval, tuple[Statement, ...]] | None:
    """Change of a metric of the same entity into the same period, from its values or as stated."""
    for s in _levels(statements):
        if s.metric == metric and fold(s.entity) == fold(beside.entity) and s.period.key == beside.period.key:
            for prior in _before(s, statements):
                share = growth(prior.value(), s.value())
                if share is not None:
                    return share, (s, prior)
    for s, told in _changes(statements):
        if s.metric == metric and fold(s.entity) == fold(beside.entity) and s.period.key == beside.period.key:
            return _told(told)[0], (s, told)
    return None


def gross_vs_net(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Net emissions that fall while gross does not, or that stand without gross."""
    nets = [s for s in _levels(statements) if s.metric == "net_scope1_2" and s.bound == "="]
    told: set[tuple[str, object]] = set()
    for now in nets:
        moved = _moved("net_scope1_2", now, statements)
        if moved is None or moved[0].high >= 0 or (fold(now.entity), now.period.key) in told:
            continue
        told.add((fold(now.entity), now.period.key))
        gross = _moved("gross_scope1_2", now, statements) or _gross_of(now, statements)
        if gross is None:
            yield Verdict(
                "gross_vs_net",
                "warn_net_only",
                f"net {moved[0].middle:+.1%}; gross is not stated (IFRS S2 29(a)(v), ESRS E1-6 ask for the location-based figure)",
                (now, *moved[1]),
            )
            continue
        said = f"net {moved[0].middle:+.1%}, gross {gross[0].middle:+.1%}"
        verdict = "warn_gross_up" if gross[0].low > 0 else "consistent"
        yield Verdict("gross_vs_net", verdict, said, (now, *moved[1], *gross[1]))


def _gross_of(now: Statement, statements: Sequence[Statement]) -> tuple[Interval, tuple[Statement, ...]] | None:
    """Change of net plus reduction."""
    reductions = [
        s for s in _levels(statements) if s.metric == "reduction_scope1_2" and fold(s.entity) == fold(now.entity)
    ]
    here = next((s for s in reductions if s.period.key == now.period.key), None)
    for prior in _before(now, statements):
        there = next((s for s in reductions if s.period.key == prior.period.key), None)
        if here is not None and there is not None:
            share = growth(prior.value() + there.value(), now.value() + here.value())
            if share is not None:
                return share, (here, prior, there)
    return None


def _cumulates(s: Statement, statements: Sequence[Statement]) -> bool:
    return s.nature == "cumulative" or any(
        o.nature == "cumulative" and o.metric == s.metric and fold(o.entity) == fold(s.entity) for o in statements
    )


def cumulative_vs_annual(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Counts that add up over years: what one year is, and a sum told as a year."""
    sums = [s for s in statements if s.nature == "cumulative" and s.bound in ("=", ">") and s.period.year]
    for one, other in combinations(sorted(sums, key=lambda s: s.period.year), 2):
        if not _same(one, other) or one.period.kind != other.period.kind or other.period.year != one.period.year + 1:
            continue
        annual = other.value() - one.value()
        if annual.high < 0:
            yield Verdict("monotone", "contradiction", f"a sum fell from {one.text} to {other.text}", (other, one))
            continue
        said = f"the year is {annual.middle:,.6g}, interval {annual}; {other.text} is the sum, {other.value().middle / max(annual.middle, 1e-9):.1f} times as much"
        yield Verdict("cumulative_vs_annual", "cumulative", said, (other, one))
    for s in _levels(statements):
        if s.nature == "cumulative" or s.unit == "share":
            continue
        for total in sums:
            spans = total.period.first < total.period.year or total.period.kind == "point"
            if _same(s, total) and s.period.year == total.period.year and spans and s.text == total.text:
                said = f"{s.text} is told as the year {s.period.text} and as the sum {total.period.text}"
                yield Verdict("cumulative_vs_annual", "contradiction", said, (s, total))


def monotone(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Lower bounds that grow from year to year, as counts of what is built do."""
    bounds = [s for s in statements if s.bound == ">" and s.unit == "count" and s.period.year and s.nature in LEVELS]
    for one, other in combinations(sorted(bounds, key=lambda s: s.period.year), 2):
        if _same(one, other) and other.period.year > one.period.year:
            verdict = "consistent" if other.number >= one.number else "contradiction"
            yield Verdict("monotone", verdict, f"more than {one.text}, then more than {other.text}", (other, one))


def ratio(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A part and its share of a whole: what the whole must be, beside what is told of it."""
    for share in statements:
        if share.nature != "share" or share.unit != "share":
            continue
        name = share.metric.removesuffix("_share")
        for part in _levels(statements):
            if (
                part.metric != name
                or fold(part.entity) != fold(share.entity)
                or part.period.key != share.period.key
                or part.unit == "share"
            ):
                continue
            whole = part.value() / share.value()
            if whole is None:
                continue
            said = f"{part.text} / {share.text} % implies {whole.middle:,.4g} {part.unit} in all, interval {whole}"
            told = next((s for s in _levels(statements) if s.metric == (share.part_of or part.part_of) and s.period.key == part.period.key and s.unit == part.unit), None) if share.part_of or part.part_of else None  # fmt: skip
            if told is None:
                yield Verdict("ratio", "derived_only", said, (part, share))
                continue
            loose = part.value(loose=True) / share.value(loose=True)
            assert loose is not None
            yield Verdict(
                "ratio", _judged((whole, loose), _both(told)), f"{said}; stated {told.text}", (part, share, told)
            )


def scope_mismatch(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """The same metric of one house, in the same year, over two boundaries."""
    shares = [s for s in _levels(statements) if s.unit in ("share", "ratio") and s.bound == "="]
    for one, other in combinations(shares, 2):
        if one.metric != other.metric or one.period.key != other.period.key or not one.period.year:
            continue
        if one.key != other.key and _is_part(one.entity, other.entity) and not one.value().meets(other.value()):
            said = f"{one.text} is of {one.entity} {one.scope}, {other.text} of {other.entity} {other.scope}: never compare without the boundary"
            yield Verdict("scope_mismatch", "scope_mismatch", said, (one, other))


def _is_part(one: str, other: str) -> bool:
    """Whether two names are of one house, one of them the whole of it."""
    short, long = sorted((fold(one).removesuffix(" group"), fold(other).removesuffix(" group")), key=len)
    return long == short or long.startswith(f"{short} ")


def renewable_vs_clean(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A renewable share that is the clean share: nuclear is clean and not renewable."""
    levels = _levels(statements)
    for s in levels:
        if s.metric != "renewable_electricity_share":
            continue
        for clean in levels:
            near = fold(clean.entity) == fold(s.entity) and clean.period.key == s.period.key
            if clean.metric != "clean_electricity_share" or not near:
                continue
            if (s.bound == clean.bound and s.value().meets(clean.value())) or (
                s.bound == ">" and clean.source == s.source and clean.number >= s.number
            ):
                said = f"renewable {s.bound if s.bound == '>' else ''}{s.text} % is told where clean is {clean.text} %; clean power includes nuclear"
                yield Verdict("renewable_vs_clean", "substituted", said, (s, clean))
                break
            if s.value().low > clean.value().high:
                yield Verdict(
                    "renewable_vs_clean",
                    "contradiction",
                    f"renewable {s.text} % is above clean {clean.text} %",
                    (s, clean),
                )
                break


def implied_emission_factor(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Tonnes saved beside kilowatt-hours: what a kilowatt-hour would have emitted."""
    energies = [s for s in _levels(statements) if s.unit == "kWh"]
    for s in _levels(statements):
        if s.unit != "t" or s.nature == "cumulative" or not re.search(r"reduc|avoid|saving|saved|abat", s.metric):
            continue
        for e in energies:
            near = fold(e.entity) == fold(s.entity) and e.period.text == s.period.text and e.source == s.source
            if not near or not _scopes_meet(e, s):
                continue
            factor = s.value().scaled(1000) / e.value()
            if factor is None:
                continue
            middle = factor.middle
            verdict = next(
                (v for v, (low, high) in GRID_KG_PER_KWH.items() if low <= middle <= high),
                "implausible_high" if middle > 0.65 else "implausible_low",
            )
            yield Verdict(
                "implied_emission_factor",
                verdict,
                f"{s.text} t / {e.text} = {middle:.3f} kg/kWh, interval {factor}; grid averages of China 0.53 to 0.61",
                (s, e),
            )


def _scopes_meet(one: Statement, other: Statement) -> bool:
    """Whether two numbers are of one boundary, or stand in one sentence."""
    return fold(one.scope) == fold(other.scope) or bool(one.quote and one.quote == other.quote)


def full_load_hours(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Energy of a year beside capacity: hours at full power."""
    for power in _levels(statements):
        if power.unit != "kW":
            continue
        for energy in _levels(statements):
            alike = fold(energy.entity) == fold(power.entity) and energy.period.text == power.period.text
            is_output = GENERATION.search(f"{energy.metric} {energy.scope}") and not BOUGHT.search(energy.metric)
            if energy.unit != "kWh" or not alike or energy.source != power.source or not is_output:
                continue
            hours = energy.value() / power.value()
            if hours is None:
                continue
            is_wind = "wind" in f"{power.metric} {energy.metric} {power.scope} {energy.scope}".casefold()
            low, high = WIND_HOURS if is_wind else SUN_HOURS
            verdict = (
                "implausible_high" if hours.middle > high else "implausible_low" if hours.middle < low else "plausible"
            )
            said = f"{hours.middle:,.0f} h a year at full power; {'wind' if is_wind else 'roofs in eastern China'} {low:,.0f} to {high:,.0f} h"
            yield Verdict("full_load_hours", verdict, said, (energy, power))


def per_unit(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Tonnes beside a count of what saved them: how much each is."""
    for s in _levels(statements):
        if s.unit != "t":
            continue
        for count in _levels(statements):
            alike = (
                fold(count.entity) == fold(s.entity) and count.period.text == s.period.text and _scopes_meet(count, s)
            )
            if (
                count.unit != "count"
                or not alike
                or count.source != s.source
                or count.metric in ("households",)
                or s.nature == "cumulative"
            ):
                continue
            each = s.value().scaled(1e6) / count.value()
            if each is None:
                continue
            low, high = (0.1, 1e6) if count.part_of != s.metric else (0.0, float("inf"))
            verdict = (
                "implausible_high" if each.middle > high else "implausible_low" if each.middle < low else "plausible"
            )
            yield Verdict("per_unit", verdict, f"{each.middle:,.4g} g each, interval {each}", (s, count))


def equivalence(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Tonnes told as the electricity of so many households: what one household would use."""
    for count in _levels(statements):
        if count.metric != "households":
            continue
        for s in _levels(statements):
            alike = fold(count.entity) == fold(s.entity) and count.period.text == s.period.text
            if s.unit != "t" or not alike or count.source != s.source:
                continue
            each_t = s.value() / count.value()
            if each_t is None:
                continue
            kwh = each_t.middle * 1000 / 0.5703
            verdict = (
                "plausible"
                if HOUSEHOLD_KWH[0] <= kwh <= HOUSEHOLD_KWH[1]
                else "implausible_high"
                if kwh > HOUSEHOLD_KWH[1]
                else "implausible_low"
            )
            yield Verdict(
                "equivalence",
                verdict,
                f"{each_t.middle:.3f} t a household = {kwh:,.0f} kWh at 0.5703 kg/kWh",
                (s, count),
            )


def identity(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Net as market-based: what the reduction and the clean share say of Scope 2, and what is left for Scope 1."""
    levels = _levels(statements)
    for net in levels:
        if net.metric != "net_scope1_2" or net.bound != "=":
            continue
        mine = {
            s.metric: s
            for s in levels
            if fold(s.entity) == fold(net.entity)
            and s.period.key == net.period.key
            and fold(s.scope) == fold(net.scope)
        }
        if "reduction_scope1_2" not in mine or "clean_electricity_share" not in mine:
            continue
        inverse = exact(1.0) / mine["clean_electricity_share"].value()
        if inverse is None:
            continue
        scope2 = mine["reduction_scope1_2"].value() * (inverse - exact(1.0))
        scope1 = net.value() - scope2
        beside = [
            s
            for s in levels
            if s.metric == "scope1" and fold(s.entity) == fold(net.entity) and abs(s.period.year - net.period.year) <= 2
        ]
        fits = scope1.high > 0 and scope2.low > 0 and all(0.5 < scope1.middle / s.value().middle < 2 for s in beside)
        said = f"Scope 2 market-based = reduction x (1/share - 1) = {scope2.middle:,.4g} t; Scope 1 left {scope1.middle:,.4g} t"
        yield Verdict(
            "identity",
            "consistent" if fits else "contradiction",
            said,
            (net, mine["reduction_scope1_2"], mine["clean_electricity_share"], *beside[:1]),
        )


def target_progress(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A target beside its base year and the latest value: where it is, and whether the base can be compared."""
    for target in statements:
        if target.nature != "target" or target.unit != "share" or not target.base or target.number >= 0:
            continue
        values = [
            s
            for s in _levels(statements)
            if s.metric == target.metric and fold(s.entity) == fold(target.entity) and s.period.year
        ]
        bases = [s for s in values if s.period.year == target.base] or _derived(target, statements)
        later = [s for s in values if s.period.year > target.base]
        if not bases or not later:
            continue
        base, latest = bases[0], max(later, key=lambda s: s.period.year)
        moved = growth(base.value(), latest.value())
        if moved is None:
            continue
        end = target.period.year or target.base + 10
        due = target.number * (latest.period.year - target.base) / max(end - target.base, 1)
        said = f"{base.value().middle:,.4g} in {target.base}, {latest.text} in {latest.period.text}: {moved.middle:+.1%} of {target.number:+.0%} wanted; a straight line asks for {due:+.1%}"
        compared = (
            base.period.kind == latest.period.kind
            and fold(base.scope) == fold(latest.scope)
            and not base.id.startswith("derived/")
        )
        if not compared:
            verdict = "warn_base_year"
            said += "; the base year is of another calendar or boundary, recalculate it first"
        else:
            verdict = "on_track" if moved.middle <= due + 1e-9 else "behind"
        yield Verdict("target_progress", verdict, said, (target, base, latest))


def _derived(target: Statement, statements: Sequence[Statement]) -> list[Statement]:
    """An intensity of the base year from its parts."""
    absolute = INTENSITIES.get(target.metric)
    held = {
        s.metric: s
        for s in _levels(statements)
        if s.period.year == target.base and fold(s.entity) == fold(target.entity)
    }
    if absolute is None or absolute not in held or "revenue" not in held:
        return []
    value = held[absolute].value().middle / (held["revenue"].value().middle / 1e6)
    period = held[absolute].period
    return [
        Statement(
            f"derived/{absolute}",
            target.entity,
            target.metric,
            target.scope,
            period,
            f"{value:.4f}",
            1.0,
            target.unit,
            source=held[absolute].source,
        )
    ]


def target_conflict(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Two pledges of one house that cannot both be meant; sources are ranked, never averaged."""
    neutral = [s for s in statements if s.metric == "neutrality_year" and s.unit == "year"]
    falls = [
        s
        for s in statements
        if s.nature == "target"
        and s.unit == "share"
        and s.number < 0
        and s.metric in ("net_scope1_2", "total", "scope1_2", "gross_scope1_2", "emissions")
    ]
    for fall in falls:
        for pledge in neutral:
            year = fall.period.year or next((int(f[3:]) for f in fall.flags if f.startswith("by:")), 0)
            if fold(pledge.entity) == fold(fall.entity) and year == int(pledge.number) and fall.number > -0.95:
                said = f"{fall.text} % by {year} against neutrality by {pledge.text}; source ranks {fall.trust} and {pledge.trust}"
                yield Verdict("low_trust_source", "contradiction", said, (fall, pledge))
    for one, other in combinations(neutral, 2):
        if one.key == other.key and one.number != other.number and one.period.kind == other.period.kind:
            yield Verdict(
                "low_trust_source",
                "contradiction",
                f"neutral by {one.text} and by {other.text}; source ranks {one.trust} and {other.trust}",
                (one, other),
            )


def date_conflict(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """One event with two dates."""
    dates = [s for s in statements if s.unit == "date"]
    for one, other in combinations(dates, 2):
        if one.metric == other.metric and fold(one.entity) == fold(other.entity) and one.text != other.text:
            yield Verdict("date_conflict", "contradiction", f"{one.text} against {other.text}", (one, other))


def method_comparability(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Two years of a metric that are put down to different things: no trend can be read from them."""
    for now in _levels(statements):
        if not now.cause:
            continue
        for prior in _levels(statements):
            alike = (
                now.metric == prior.metric
                and fold(now.entity) == fold(prior.entity)
                and prior.period.key == now.period.before
            )
            if alike and prior.cause and not _overlap(now.cause, prior.cause):
                moved = growth(prior.value(), now.value())
                told = "" if moved is None else f"{moved.middle:+.0%} on the year before; "
                yield Verdict(
                    "method_comparability",
                    "not_comparable",
                    f"{told}{prior.period.text} is put down to '{prior.cause}', {now.period.text} to '{now.cause}'",
                    (now, prior),
                )


def cause_narrowing(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """One value put down to fewer causes in one place than in another."""
    told = [s for s in _levels(statements) if s.cause]
    for one, other in combinations(told, 2):
        if _same(one, other) and one.period.key == other.period.key and one.value().meets(other.value()):
            mine, theirs = _causes(one.cause), _causes(other.cause)
            if len(mine) != len(theirs) and (_covered(mine, theirs) or _covered(theirs, mine)):
                narrow, wide = (one, other) if len(mine) < len(theirs) else (other, one)
                yield Verdict(
                    "cause_narrowing", "partial", f"'{narrow.cause}' alone, where it is '{wide.cause}'", (narrow, wide)
                )


def _causes(text: str) -> list[set[str]]:
    parts = re.split(r"\band\b|,|;|\bor\b", text.casefold())
    return [words for p in parts if (words := {w[:6] for w in re.findall(r"[a-z]{4,}", p)})]


def _covered(few: list[set[str]], many: list[set[str]]) -> bool:
    return all(any(f & m for m in many) for f in few)


def _overlap(one: str, other: str) -> bool:
    return sorted(map(sorted, _causes(one))) == sorted(map(sorted, _causes(other)))


def structural_change(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A business bought or sold whose emissions weigh in the group's: the base year moves with it."""
    events = [s for s in statements if s.nature == "event" or s.metric in ("divestment", "acquisition")]
    masses = ("net_scope1_2", "total", "scope1_2", "gross_scope1_2", "total_market", "scope1")
    for event in events:
        mine = [
            s
            for s in _levels(statements)
            if fold(s.entity) == fold(event.entity) and s.unit == "t" and s.metric in masses
        ]
        groups = [
            s
            for s in _levels(statements)
            if fold(s.entity) == fold(event.part_of) and s.unit == "t" and s.metric in masses
        ]
        if not mine or not groups:
            continue
        part = max(mine, key=lambda s: s.period.year)
        whole = min(
            groups,
            key=lambda s: (
                s.metric not in ("net_scope1_2", "total", "scope1_2"),
                abs(s.period.year - part.period.year),
            ),
        )
        share = part.value() / whole.value()
        if share is not None:
            verdict = "rebase_needed" if share.middle >= STRUCTURAL_SHARE else "consistent"
            yield Verdict(
                "structural_change",
                verdict,
                f"{event.entity} is {share.middle:.0%} of {whole.entity} {whole.metric}; rebase from {STRUCTURAL_SHARE:.0%}",
                (event, part, whole),
            )


def paraphrase(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A fall of one's own emissions larger than all that one emits: somebody else's reduction."""
    for s in statements:
        own = s.metric in ("reduction", "reduction_scope1_2", "emissions", "net_scope1_2", "total") and s.unit == "t"
        if not own or s.nature not in ("target", "reduction", "change", "level", "cumulative"):
            continue
        wider = [
            o for o in statements if o.metric == "scope3plus_reduction" and o.unit == "t" and o.value().meets(s.value())
        ]
        whole = [
            o
            for o in _levels(statements)
            if fold(o.entity) == fold(s.entity)
            and o.metric in ("total", "total_market", "total_location")
            and o is not s
        ]
        if s.metric in ("net_scope1_2", "total") and s.nature == "level":
            continue
        if wider:
            yield Verdict(
                "paraphrase",
                "misattribution",
                f"{s.text} is what the ecosystem is to avoid, not a fall of its own emissions",
                (s, wider[0]),
            )
        elif whole and s.value().low > whole[0].value().high:
            yield Verdict(
                "paraphrase",
                "misattribution",
                f"{s.text} is {s.value().middle / whole[0].value().middle:,.0f} times all that {s.entity} emits in a year",
                (s, whole[0]),
            )


def tense(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A closed year told in the future: read the year, not the verb."""
    for s in statements:
        future = re.search(r"\bwill (?:reach|be|have|cut|reduce|rise|fall|account)\b", s.quote)
        closed = re.search(
            r"\b(?:in|for|of)\b[^.]{0,30}\b(?:fiscal|FY)\s?(?:year )?(\d{4})|closed",
            f"{s.quote} {s.cause}",
            re.IGNORECASE,
        )
        if future and s.nature in LEVELS and (closed or "closed" in s.flags):
            yield Verdict(
                "tense", "translation_artefact", f"'{future.group(0)}' of {s.period.text}, which is over", (s,)
            )


RULES: dict[str, Rule] = {
    "backcast_prior_year": backcast_prior_year, "growth_rate": growth_rate, "points_change": points_change, "variants": variants,
    "mixed_vintage": mixed_vintage, "sum_of_parts": sum_of_parts, "numeral_reuse": numeral_reuse,
    "reduction_semantics": reduction_semantics, "intensity_vs_absolute": intensity_vs_absolute, "gross_vs_net": gross_vs_net,
    "cumulative_vs_annual": cumulative_vs_annual, "monotone": monotone, "ratio": ratio, "scope_mismatch": scope_mismatch,
    "renewable_vs_clean": renewable_vs_clean, "implied_emission_factor": implied_emission_factor,
    "full_load_hours": full_load_hours, "per_unit": per_unit, "equivalence": equivalence, "identity": identity,
    "target_progress": target_progress, "low_trust_source": target_conflict, "date_conflict": date_conflict,
    "method_comparability": method_comparability, "cause_narrowing": cause_narrowing,
    "structural_change": structural_change, "paraphrase": paraphrase, "tense": tense,
}  # fmt: skip
"""Every rule; `variants` speaks as `rounding`, `restatement`, `order_of_magnitude` and `ledger`, `sum_of_parts` also as
`part_of_whole`, `cumulative_vs_annual` also as `monotone`."""


def check(statements: Sequence[Statement]) -> list[Verdict]:
    """What all rules find, the gravest first, each finding once."""
    found: dict[tuple[object, ...], Verdict] = {}
    for rule in RULES.values():
        for verdict in rule(statements):
            ends = verdict.statements[0].id, verdict.statements[-1].id
            name = (verdict.rule, verdict.verdict, *ends)
            found.setdefault(name, verdict)
    weight = {"error": 0, "warning": 1, "info": 2}
    return sorted(found.values(), key=lambda v: (weight[v.severity], v.rule, [s.id for s in v.statements]))
