"""Rules of counts that add up over years."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from abate.disclosure.claims.interval import digits
from abate.disclosure.claims.rules.pairing import LEVELS, levels_of, same_thing
from abate.disclosure.claims.statement import Statement, entity_key
from abate.disclosure.claims.verdict import Verdict


def cumulates(s: Statement, statements: Sequence[Statement]) -> bool:
    """Whether a metric is reported as a sum over years."""
    return s.nature == "cumulative" or any(
        o.nature == "cumulative"
        and o.metric == s.metric
        and entity_key(o.entity) == entity_key(s.entity)
        for o in statements
    )


def cumulative_vs_annual(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Counts that add up over years: what one year is, and a sum told as a year."""
    sums = [
        s
        for s in statements
        if s.nature == "cumulative" and s.bound in ("=", ">") and s.period.year
    ]
    for one, other in combinations(sorted(sums, key=lambda s: s.period.year), 2):
        if (
            not same_thing(one, other)
            or one.period.kind != other.period.kind
            or other.period.year <= one.period.year
        ):
            continue
        annual = other.value() - one.value()
        if annual.high < 0:
            yield Verdict(
                "monotone",
                "contradiction",
                f"a sum fell from {one.text} to {other.text}",
                (other, one),
            )
            continue
        if other.period.year > one.period.year + 1:
            continue
        said = (
            f"the year is {digits(annual.middle)}, interval {annual}; {other.text} is the sum"
            + (
                f", {other.value().middle / annual.middle:.1f} times as much"
                if annual.low > 0
                else ""
            )
        )
        yield Verdict("cumulative_vs_annual", "cumulative", said, (other, one))
    for s in levels_of(statements):
        if s.nature == "cumulative" or s.unit == "share":
            continue
        for total in sums:
            if (
                same_thing(s, total)
                and s.period.year == total.period.year
                and s.number == total.number
            ):
                said = (
                    f"{s.text} is reported as the year {s.period.text} and as the sum"
                    f" {total.period.text}"
                )
                yield Verdict("cumulative_vs_annual", "contradiction", said, (s, total))


def monotone(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Lower bounds that grow from year to year, as counts of what is built do."""
    bounds = [
        s
        for s in statements
        if s.bound == ">" and s.unit == "count" and s.period.year and s.nature in LEVELS
    ]
    for one, other in combinations(sorted(bounds, key=lambda s: s.period.year), 2):
        if same_thing(one, other) and other.period.year > one.period.year:
            if other.number < one.number and "cumulative" not in (one.nature, other.nature):
                continue  # a year may have less than the one before
            verdict = "consistent" if other.number >= one.number else "contradiction"
            yield Verdict(
                "monotone",
                verdict,
                f"more than {one.text}, then more than {other.text}",
                (other, one),
            )
