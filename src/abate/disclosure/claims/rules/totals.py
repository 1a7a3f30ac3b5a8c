"""Rules of sums: parts, shares and wholes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from abate.disclosure.claims.interval import Interval, digits, exact
from abate.disclosure.claims.rules.pairing import agreement, levels_of, readings, settled_of
from abate.disclosure.claims.statement import Statement, entity_key
from abate.disclosure.claims.verdict import Verdict

GAP_INCOMPLETE_SHARE = 0.10
"""Part of a whole beyond which parts that fall short are an incomplete breakdown rather than a
wrong sum.
"""
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
    """A whole beside the sum of its parts.

    Parts that fall far short are an incomplete breakdown.
    """
    levels = [
        s
        for s in levels_of(statements)
        if s.bound in ("=", "~") and s.unit in ("t", "kWh", "count", "m3", "share")
    ]
    by: dict[tuple[object, ...], dict[str, Statement]] = {}
    for s in levels:
        by.setdefault(
            (
                entity_key(s.entity),
                s.period.kind,
                s.period.year or s.period.text,
                s.unit,
                s.vintage,
                entity_key(s.scope) if s.unit == "share" else "",
            ),
            {},
        ).setdefault(s.metric, s)
    seen: set[tuple[str, ...]] = set()
    for held in by.values():
        for sum_of, terms in IDENTITIES:
            if sum_of in held and all(m in held for m, _ in terms):
                summed = [_signed(held, terms, loose=k) for k in (False, True)]
                verdict = agreement((summed[0], summed[0]), readings(held[sum_of]))
                terms_told = tuple(held[m] for m, _ in terms)
                said = " ".join(
                    f"{'+' if sign > 0 else '-'} {held[m].text}" for m, sign in terms
                ).lstrip("+ ")
                yield Verdict(
                    "sum_of_parts",
                    verdict,
                    f"{said} = {summed[0]} against {held[sum_of].text}",
                    (held[sum_of], *terms_told),
                )
    for whole in levels:
        for parts in _breakdowns(whole, levels):
            if any(
                sum_of == whole.metric and {m for m, _ in terms} <= {q.metric for q in parts}
                for sum_of, terms in IDENTITIES
            ):
                continue  # a sum of just these parts was judged above
            name = (whole.id, *sorted(p.id for p in parts))
            if name in seen or len(parts) < 2:
                continue
            seen.add(name)
            yield _summed(whole, parts)


def _signed(
    held: dict[str, Statement], terms: Sequence[tuple[str, int]], *, loose: bool
) -> Interval:
    total = Interval(0.0, 0.0)
    for metric, sign in terms:
        value = held[metric].value(loose=loose)
        total = total + value if sign > 0 else total - value
    return total


def _breakdowns(whole: Statement, levels: Sequence[Statement]) -> list[list[Statement]]:
    """Parts of a whole by what splits it: categories, gases, regions, or those that name it."""
    found: dict[str, dict[str, Statement]] = {}
    for s in levels:
        if (
            s is whole
            or s.unit != whole.unit
            or s.period.key != whole.period.key
            or s.period.kind != whole.period.kind
        ):
            continue
        if s.part_of and entity_key(s.part_of) in (entity_key(whole.metric), entity_key(whole.id)):
            found.setdefault("named", {}).setdefault(f"{s.entity}/{s.metric}/{s.scope}", s)
            continue
        if entity_key(s.entity) != entity_key(whole.entity) or (
            s.vintage != whole.vintage and s.source != whole.source
        ):
            continue
        rest = s.metric.removeprefix(whole.metric)
        if rest in (s.metric, "") or rest[0] not in "_.":
            continue
        if re.match(
            r"[_.](intensity|change|share|per|content|target|reduction|location|market|2)", rest
        ):
            continue
        split = (
            "category" if rest.startswith("_cat") else "gas" if GASES.search(s.metric) else "other"
        )
        found.setdefault(split, {}).setdefault(s.metric, s)
    return [list(parts.values()) for parts in found.values()]


def _summed(whole: Statement, parts: Sequence[Statement]) -> Verdict:
    sums = []
    for loose in (False, True):
        total = Interval(0.0, 0.0)
        for p in parts:
            total = total + p.value(loose=loose)
        sums.append(total)
    verdict = agreement((sums[0], sums[0]), readings(whole))
    said = f"sum of {len(parts)} parts {sums[0]} against {whole.value()} {whole.unit}"
    short = whole.value().low - sums[0].high
    if verdict == "contradiction" and short > GAP_INCOMPLETE_SHARE * abs(whole.value().middle):
        left = whole.value() - sums[0]
        said = (
            f"{said}; the rest, {digits(left.middle)} ({left.middle / whole.value().middle:.0%}),"
            " has no published split"
        )
        return Verdict("part_of_whole", "incomplete_breakdown", said, (whole, *parts))
    return Verdict("sum_of_parts", verdict, said, (whole, *parts))


def ratio(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A part and its share of a whole: what the whole must be, beside what is reported of it."""
    for share in statements:
        if share.nature != "share" or share.unit != "share":
            continue
        name = share.metric.removesuffix("_share")
        for part in settled_of(statements):
            if (
                part.metric != name
                or entity_key(part.entity) != entity_key(share.entity)
                or part.period.key != share.period.key
                or part.unit == "share"
            ):
                continue
            whole = part.value() / share.value()
            if whole is None:
                continue
            said = (
                f"{part.text} / {share.text} % implies {digits(whole.middle, 4)} {part.unit}"
                f" in all, interval {whole}"
            )
            told = (
                next(
                    (
                        s
                        for s in settled_of(statements)
                        if s.metric == (share.part_of or part.part_of)
                        and s.period.key == part.period.key
                        and s.unit == part.unit
                    ),
                    None,
                )
                if share.part_of or part.part_of
                else None
            )
            if told is None:
                yield Verdict("ratio", "derived_only", said, (part, share))
                continue
            loose = part.value(loose=True) / share.value(loose=True)
            assert loose is not None
            yield Verdict(
                "ratio",
                agreement((whole, loose), readings(told)),
                f"{said}; stated {told.text}",
                (part, share, told),
            )


def identity(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Net as market-based: what the reduction and the clean share say of Scope 2.

    And what is left for Scope 1.
    """
    levels = settled_of(statements)
    for net in levels:
        if net.metric != "net_scope1_2" or net.bound != "=":
            continue
        mine = {
            s.metric: s
            for s in levels
            if entity_key(s.entity) == entity_key(net.entity)
            and s.period.key == net.period.key
            and entity_key(s.scope) == entity_key(net.scope)
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
            if s.metric == "scope1"
            and entity_key(s.entity) == entity_key(net.entity)
            and abs(s.period.year - net.period.year) <= 2
        ]
        fits = (
            scope1.high > 0
            and scope2.low > 0
            and all(
                0.5 * s.value().middle < scope1.middle < 2 * s.value().middle
                for s in beside
                if s.number
            )
        )
        said = (
            f"Scope 2 market-based = reduction x (1/share - 1) = {digits(scope2.middle, 4)} t;"
            f" Scope 1 left {digits(scope1.middle, 4)} t"
        )
        yield Verdict(
            "identity",
            "consistent" if fits else "contradiction",
            said,
            (net, mine["reduction_scope1_2"], mine["clean_electricity_share"], *beside[:1]),
        )
