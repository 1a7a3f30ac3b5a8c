"""Rules of repetition: one key told in several places."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from abate.disclosure.claims.interval import Interval
from abate.disclosure.claims.rules.pairing import LEDGER, levels_of
from abate.disclosure.claims.statement import Statement
from abate.disclosure.claims.verdict import Verdict


def variants(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Values of one key from several places.

    The same within rounding, restated, out of order, or contradictory.
    """
    groups: dict[tuple[object, ...], list[Statement]] = {}
    for s in levels_of(statements):
        if s.metric:
            groups.setdefault(
                (
                    *s.key,
                    s.period.kind,
                    s.period.year,
                    s.period.first,
                    s.unit,
                    s.nature == "cumulative",
                ),
                [],
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
            both = Interval(
                max(s.value().low for s in printed_values),
                min(s.value().high for s in printed_values),
            )
            yield Verdict(
                "rounding", "consistent", f"{told}: all can be {both}", tuple(printed_values)
            )


def _variant(one: Statement, other: Statement) -> Verdict | None:
    """What two values of one key are to each other; None where they agree."""
    a, b = one.value(), other.value()
    if {">", "<"} & {one.bound, other.bound}:
        return _beyond(one, other)
    if a.meets(b):
        return None
    low, high = sorted((a, b), key=lambda i: i.middle)
    ratio = high.low / low.high if low.high > 0 else 0.0
    said = (
        f"{one.text} {one.source} against {other.text} {other.source}: {a} and {b}, factor"
        f" {ratio:,.3g}"
    )
    if LEDGER in (one.vintage, other.vintage):
        claimed, held = (one, other) if other.vintage == LEDGER else (other, one)
        if claimed.value(loose=True).meets(held.value()):
            return Verdict("ledger", "rounding_loose", said, (claimed, held))
        return Verdict("ledger", "contradiction", said, (claimed, held))
    if (one.vintage, one.source) != (other.vintage, other.source) and is_later_issue(one, other):
        return Verdict("restatement", "restated", said, (one, other))
    if ratio >= 3 or "oom" in (one.bound, other.bound):
        unit = (
            "; the same digits in another unit"
            if abs(ratio / 10 ** round(_log10(ratio)) - 1) < 0.02
            else ""
        )
        return Verdict("order_of_magnitude", "contradiction", said + unit, (one, other))
    if one.value(loose=True).meets(b) or a.meets(other.value(loose=True)):
        return Verdict("rounding", "rounding_loose", said, (one, other))
    return Verdict("rounding", "contradiction", said, (one, other))


def _beyond(one: Statement, other: Statement) -> Verdict | None:
    """A value beside a bound that it is on the wrong side of."""
    bound, value = (one, other) if one.bound in (">", "<") else (other, one)
    if value.bound in (">", "<"):
        return None
    above = bound.bound == ">"
    low, high = value.value().low, value.value().high
    if (above and high >= bound.value().low) or (not above and low <= bound.value().high):
        return None
    side = "above" if above else "below"
    return Verdict(
        "rounding", "contradiction", f"{value.text} is not {side} {bound.text}", (value, bound)
    )


def _log10(x: float) -> float:
    return math.log10(x) if x > 0 else 0.0


def is_later_issue(one: Statement, other: Statement) -> bool:
    """Whether two vintages are issues of a report rather than two places that repeat it.

    Both name a year.
    """
    named = [
        s.vintage
        or (s.source if re.search(r"report|fact sheet|disclosure", s.source, re.IGNORECASE) else "")
        for s in (one, other)
    ]
    years = [re.search(r"((?:19|20)\d{2})|(?:FY|CY)\s?(\d{2})\b", text) for text in named]
    told = [
        s
        for s in (one, other)
        if re.search(
            r"restated|superseded|first reported|as reported", f"{s.vintage} {' '.join(s.flags)}"
        )
    ]
    if years[0] is None or years[1] is None:
        return bool(told)
    issued = [int(m.group(1) or f"20{m.group(2)}") for m in years if m is not None]
    return bool(told) or issued[0] != issued[1]
