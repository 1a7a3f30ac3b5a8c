"""What rules share: which statements are of one thing, and whether two numbers agree."""

from __future__ import annotations

from collections.abc import Sequence

from abate.disclosure.claims.interval import Interval
from abate.disclosure.claims.statement import Statement, entity_key

LEDGER = "ledger"
"""Vintage of a statement that the ledger makes."""
LEVELS = frozenset({"level", "cumulative", "reduction", "share"})


def levels_of(statements: Sequence[Statement]) -> list[Statement]:
    """Statements of an amount, not of a change, a target or an event."""
    return [s for s in statements if s.nature in LEVELS and s.unit not in ("date", "year", "")]


def settled_of(statements: Sequence[Statement]) -> list[Statement]:
    """Levels that are one number: a bound can be divided by nothing."""
    return [s for s in levels_of(statements) if s.bound in ("=", "~") and not s.high]


def same_thing(one: Statement, other: Statement) -> bool:
    """Whether two statements are of one entity, metric, boundary and unit."""
    return one.key == other.key and one.unit == other.unit


def agreement(one: tuple[Interval, Interval], other: tuple[Interval, Interval]) -> str:
    """Whether two numbers agree as printed, or only where zeros at the end are rounding.

    Pairs of strict and loose.
    """
    if one[0].meets(other[0]):
        return "consistent"
    return "rounding_loose" if one[1].meets(other[0]) or one[0].meets(other[1]) else "contradiction"


def readings(s: Statement) -> tuple[Interval, Interval]:
    """A number strict and loose."""
    return s.value(), s.value(loose=True)


def priors_of(s: Statement, statements: Sequence[Statement]) -> list[Statement]:
    """Levels of the period before, of the same thing."""
    return [
        o
        for o in levels_of(statements)
        if same_thing(s, o)
        and o.period.kind == s.period.kind
        and o.period.key == s.period.before
        and o.bound == "="
    ]


def changes_of(statements: Sequence[Statement]) -> list[tuple[Statement, Statement]]:
    """Levels with the statement that tells their change on the year before.

    In the same row, or one of its own.
    """
    found = []
    for s in settled_of(statements):
        if s.change:
            found.append((s, s))
        found += [
            (s, c)
            for c in statements
            if c.nature == "change"
            and not c.base
            and c.unit == "share"
            and c.key == s.key
            and c.period.key == s.period.key
            and s.nature != "change"
            and not (s.change and c.source == s.source)
        ]
    return found


def stated_share(c: Statement) -> tuple[Interval, Interval]:
    """A stated change as a share, strict and loose."""
    if c.nature == "change":
        return c.value(), c.value(loose=True)
    return c.change_share(), c.change_share(loose=True)


def scopes_meet(one: Statement, other: Statement) -> bool:
    """Whether two numbers are of one boundary, or stand in one sentence."""
    return entity_key(one.scope) == entity_key(other.scope) or bool(
        one.quote and one.quote == other.quote
    )
