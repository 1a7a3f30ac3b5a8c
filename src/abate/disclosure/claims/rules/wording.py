"""Rules of wording: dates, methods, causes, tenses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from abate.disclosure.claims.interval import growth
from abate.disclosure.claims.rules.pairing import LEVELS, levels_of, same_thing
from abate.disclosure.claims.statement import Statement, entity_key
from abate.disclosure.claims.verdict import Verdict


def date_conflict(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """One event with two dates."""
    dates = [s for s in statements if s.unit == "date"]
    for one, other in combinations(dates, 2):
        if one.key == other.key and one.text != other.text:
            yield Verdict(
                "date_conflict", "contradiction", f"{one.text} against {other.text}", (one, other)
            )


def method_comparability(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Two years of a metric that are put down to different things.

    No trend can be read from them.
    """
    for now in levels_of(statements):
        if not now.cause:
            continue
        for prior in levels_of(statements):
            alike = (
                now.metric == prior.metric
                and entity_key(now.entity) == entity_key(prior.entity)
                and prior.period.key == now.period.before
            )
            if alike and prior.cause and not _overlap(now.cause, prior.cause):
                moved = growth(prior.value(), now.value())
                told = "" if moved is None else f"{moved.middle:+.0%} on the year before; "
                yield Verdict(
                    "method_comparability",
                    "not_comparable",
                    f"{told}{prior.period.text} is put down to '{prior.cause}', {now.period.text}"
                    f" to '{now.cause}'",
                    (now, prior),
                )


def cause_narrowing(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """One value put down to fewer causes in one place than in another."""
    told = [s for s in levels_of(statements) if s.cause]
    for one, other in combinations(told, 2):
        if (
            same_thing(one, other)
            and one.period.key == other.period.key
            and one.value().meets(other.value())
        ):
            mine, theirs = _causes(one.cause), _causes(other.cause)
            if len(mine) != len(theirs) and (_covered(mine, theirs) or _covered(theirs, mine)):
                narrow, wide = (one, other) if len(mine) < len(theirs) else (other, one)
                yield Verdict(
                    "cause_narrowing",
                    "partial",
                    f"'{narrow.cause}' alone, where it is '{wide.cause}'",
                    (narrow, wide),
                )


def _causes(text: str) -> list[set[str]]:
    parts = re.split(r"\band\b|,|;|\bor\b", text.casefold())
    return [words for p in parts if (words := {w[:6] for w in re.findall(r"[a-z]{4,}", p)})]


def _covered(few: list[set[str]], many: list[set[str]]) -> bool:
    return all(any(f & m for m in many) for f in few)


def _overlap(one: str, other: str) -> bool:
    return sorted(map(sorted, _causes(one))) == sorted(map(sorted, _causes(other)))


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
                "tense",
                "translation_artefact",
                f"'{future.group(0)}' of {s.period.text}, which is over",
                (s,),
            )
