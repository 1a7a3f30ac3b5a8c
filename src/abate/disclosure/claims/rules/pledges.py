"""Rules of promises: targets, their base, and whose reduction it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from abate.disclosure.claims.interval import digits, growth
from abate.disclosure.claims.rules.counterparts import INTENSITIES
from abate.disclosure.claims.rules.pairing import levels_of, settled_of
from abate.disclosure.claims.statement import Statement, entity_key
from abate.disclosure.claims.verdict import Verdict

STRUCTURAL_SHARE = 0.05
"""Part of the group's emissions from which a sale or purchase asks for a new base year.

Source: GHG Protocol Corporate Standard (2004), chapter 5; SBTi Corporate Near-Term Criteria,
    recalculation at 5 %.
"""


def target_progress(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A target beside its base year and the latest value.

    Where it is, and whether the base can be compared.
    """
    for target in statements:
        if (
            target.nature != "target"
            or target.unit != "share"
            or not target.base
            or target.number >= 0
        ):
            continue
        values = [
            s
            for s in settled_of(statements)
            if s.metric == target.metric
            and entity_key(s.entity) == entity_key(target.entity)
            and s.period.year
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
        said = (
            f"{digits(base.value().middle, 4)} in {target.base}, {latest.text} in"
            f" {latest.period.text}:"
            f" {moved.middle:+.1%} of {target.number:+.0%} wanted; a straight line asks for"
            f" {due:+.1%}"
        )
        compared = (
            base.period.kind == latest.period.kind
            and entity_key(base.scope) == entity_key(latest.scope)
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
        for s in levels_of(statements)
        if s.period.year == target.base and entity_key(s.entity) == entity_key(target.entity)
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
        and s.metric in ("net_scope1_2", "scope1_2", "gross_scope1_2", "emissions")
    ]
    for fall in falls:
        for pledge in neutral:
            year = fall.period.year or next(
                (int(f[3:]) for f in fall.flags if f.startswith("by:")), 0
            )
            if (
                pledge.key[::2] == fall.key[::2]
                and year == int(pledge.number)
                and fall.number > -0.95
            ):
                said = (
                    f"{fall.text} % by {year} against neutrality by {pledge.text}; source ranks"
                    f" {fall.trust} and {pledge.trust}"
                )
                yield Verdict("low_trust_source", "contradiction", said, (fall, pledge))
    yield from _two_falls(statements)
    for one, other in combinations(neutral, 2):
        if (
            one.key == other.key
            and one.number != other.number
            and one.period.kind == other.period.kind
        ):
            yield Verdict(
                "low_trust_source",
                "contradiction",
                f"neutral by {one.text} and by {other.text}; source ranks {one.trust} and"
                f" {other.trust}",
                (one, other),
            )


def _two_falls(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Two targets of one metric, base and year that ask for different falls."""
    falls = [
        s
        for s in statements
        if s.nature == "target" and s.unit == "share" and s.period.year and s.base
    ]
    for one, other in combinations(falls, 2):
        same = one.key == other.key and one.base == other.base and one.bound == other.bound == "="
        if same and one.period.key == other.period.key and not one.value().meets(other.value()):
            said = (
                f"{one.text} % and {other.text} % by {one.period.year} on {one.base}; source ranks"
                f" {one.trust} and {other.trust}"
            )
            yield Verdict("target_conflict", "contradiction", said, (one, other))


def cumulative_pace(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A sum wanted over years, beside what the years so far have given.

    The pace needed from now on is compared with the latest year.
    """
    for target in statements:
        if target.nature != "target" or target.unit in ("share", "points", "year", "date"):
            continue
        first, last = target.period.first, target.period.year
        if not first or last <= first:
            continue
        years = {
            s.period.year: s
            for s in settled_of(statements)
            if s.key == target.key
            and s.unit == target.unit
            and s.period.first == s.period.year
            and s.nature in ("level", "reduction")
            and first <= s.period.year <= last
        }
        if not years or max(years) >= last:
            continue
        latest = years[max(years)]
        told = sum(s.value().middle for s in years.values())
        gap = last - max(years)
        needed = (target.value().middle - told) / gap
        missing = max(years) - first + 1 - len(years)
        said = (
            f"{digits(told, 4)} {target.unit} told for {len(years)} years to {max(years)};"
            f" {digits(needed, 4)} a year are needed to {last}, the latest year gave"
            f" {digits(latest.value().middle, 4)}"
        )
        said += f"; {missing} years are not told" if missing else ""
        verdict = "on_track" if latest.value().high >= needed else "behind"
        yield Verdict("cumulative_pace", verdict, said, (target, latest))


def structural_change(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A business bought or sold whose emissions weigh in the group's.

    The base year moves with it.
    """
    events = [
        s for s in statements if s.nature == "event" or s.metric in ("divestment", "acquisition")
    ]
    masses = ("net_scope1_2", "total", "scope1_2", "gross_scope1_2", "total_market", "scope1")
    for event in events:
        mine = [
            s
            for s in levels_of(statements)
            if entity_key(s.entity) == entity_key(event.entity)
            and s.unit == "t"
            and s.metric in masses
        ]
        groups = [
            s
            for s in levels_of(statements)
            if entity_key(s.entity) == entity_key(event.part_of)
            and s.unit == "t"
            and s.metric in masses
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
                f"{event.entity} is {share.middle:.0%} of {whole.entity} {whole.metric}; rebase"
                f" from {STRUCTURAL_SHARE:.0%}",
                (event, part, whole),
            )


def paraphrase(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A fall of one's own emissions larger than all that one emits: somebody else's reduction."""
    for s in statements:
        own = (
            s.metric in ("reduction", "reduction_scope1_2", "emissions", "net_scope1_2", "total")
            and s.unit == "t"
        )
        if not own or s.nature not in ("target", "reduction", "change", "level", "cumulative"):
            continue
        wider = [
            o
            for o in statements
            if o.metric == "scope3plus_reduction" and o.unit == "t" and o.value().meets(s.value())
        ]
        whole = [
            o
            for o in levels_of(statements)
            if entity_key(o.entity) == entity_key(s.entity)
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
        elif (
            whole
            and whole[0].number > 0
            and s.value().low
            > (20 if s.nature in ("target", "cumulative") else 1) * whole[0].value().high
        ):
            yield Verdict(
                "paraphrase",
                "misattribution",
                f"{s.text} is {s.value().middle / whole[0].value().middle:,.0f} times all that"
                f" {s.entity} emits in a year",
                (s, whole[0]),
            )
