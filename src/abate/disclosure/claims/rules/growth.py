"""Rules of change: two values and what was said of the way between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from abate.disclosure.claims.interval import Interval, digits, exact, growth
from abate.disclosure.claims.rules.counts import cumulates
from abate.disclosure.claims.rules.pairing import (
    agreement,
    changes_of,
    levels_of,
    priors_of,
    readings,
    settled_of,
    stated_share,
)
from abate.disclosure.claims.rules.repetition import is_later_issue
from abate.disclosure.claims.statement import Statement, entity_key
from abate.disclosure.claims.verdict import Verdict

SHARE_OF = {
    "clean_electricity": "clean_electricity_share", "renewable_electricity": "renewable_electricity_share",
    "clean_electricity_share": "clean_electricity_share", "renewable_electricity_share": "renewable_electricity_share",
}  # fmt: skip


def backcast_prior_year(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """What a value and its change say of the year before, beside what was published for it."""
    for now, told in changes_of(statements):
        if now.unit == "share" and now.nature != "reduction":
            continue  # a change of a share may be in points
        strict, loose = stated_share(told)
        implied = [
            now.value(loose=k) / (change + exact(1.0))
            for k, change in ((False, strict), (True, loose))
        ]
        if implied[0] is None or implied[1] is None:
            continue
        said = (
            f"{now.text} / (1 {strict.middle * 100:+g} %) = {digits(implied[0].middle)} {now.unit},"
            f" interval {implied[0]}"
        )
        priors = priors_of(now, statements)
        if not priors:
            yield Verdict(
                "backcast_prior_year",
                "derived_only",
                f"{said}; no value published for the year before",
                (now, told),
            )
            continue
        tested = [(agreement((implied[0], implied[1]), readings(p)), p) for p in priors]
        verdict, prior = min(
            tested, key=lambda v: ("consistent", "rounding_loose", "contradiction").index(v[0])
        )
        if verdict == "contradiction" and cumulates(now, statements):
            continue
        yield Verdict(
            "backcast_prior_year",
            verdict,
            f"{said}; published {digits(prior.value().middle)}",
            (now, told, prior),
        )


def growth_rate(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """The change between two published values, beside the change that was stated."""
    for now, told in changes_of(statements):
        priors = priors_of(now, statements)
        if now.unit == "share" or not priors:
            continue
        strict, loose = stated_share(told)
        tested = []
        for prior in priors:
            moved = [growth(prior.value(loose=k), now.value(loose=k)) for k in (False, True)]
            if moved[0] is not None and moved[1] is not None:
                tested.append(
                    (agreement((moved[0], loose and moved[1]), (strict, loose)), prior, moved[0])
                )
        if not tested:
            continue
        verdict, prior, moved_share = min(
            tested, key=lambda v: ("consistent", "rounding_loose", "contradiction").index(v[0])
        )
        said = (
            f"{now.text} on {prior.text}: {moved_share.scaled(100)} % against {strict.scaled(100)}"
            " % stated"
        )
        yield Verdict("growth_rate", verdict, said, (now, told, prior))


def points_change(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A share's change in points, told beside both shares."""
    for now in levels_of(statements):
        if now.unit != "share" or now.nature == "reduction":
            continue
        for told in statements:
            if told.unit != "points" or told.key != now.key or told.period.key != now.period.key:
                continue
            for prior in priors_of(now, statements):
                moved = (
                    now.value() - prior.value(),
                    now.value(loose=True) - prior.value(loose=True),
                )
                verdict = agreement(moved, readings(told))
                said = (
                    f"{now.text} less {prior.text} is {moved[0].scaled(100)} points against"
                    f" {told.text} stated"
                )
                yield Verdict("points_change", verdict, said, (now, told, prior))


def mixed_vintage(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A change that fits the restated value of the year before and not the first one, or the other way round."""
    for now, told in changes_of(statements):
        priors = priors_of(now, statements)
        if len(priors) < 2 or now.unit == "share":
            continue
        strict, loose = stated_share(told)
        fits: list[tuple[Statement, Interval]] = []
        fails: list[tuple[Statement, Interval]] = []
        for prior in priors:
            moved = growth(prior.value(), now.value())
            if moved is None:
                continue
            (fits if moved.meets(strict) or moved.meets(loose) else fails).append((prior, moved))
        issues = fits and fails and is_later_issue(fits[0][0], fails[0][0])
        if issues and not fits[0][0].value().meets(fails[0][0].value()):
            (old, of_old), (new, of_new) = fails[0], fits[0]
            said = (
                f"{now.text} on {old.text} is {of_old.scaled(100)} %, on {new.text} it is"
                f" {of_new.scaled(100)} %; stated {strict.middle * 100:+g} %"
            )
            yield Verdict("mixed_vintage", "mixed_vintage", said, (now, told, old, new))


def numeral_reuse(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A growth rate whose numeral is the share of the year before: a share told as growth."""
    for told in statements:
        text = told.text if told.nature == "change" else told.change
        of = SHARE_OF.get(told.metric) or (
            told.metric if told.metric.endswith("_share") else f"{told.metric}_share"
        )
        if not text or (told.nature != "change" and told.unit == "share" and told.metric != of):
            continue
        shares = [
            s
            for s in levels_of(statements)
            if s.metric == of
            and entity_key(s.entity) == entity_key(told.entity)
            and s.unit == "share"
        ]
        for prior in shares:
            numeral = (
                abs(abs(float(text)) - abs(float(prior.text))) < 1e-9 and prior.nature != "change"
            )
            if not numeral or prior.period.key != told.period.before:
                continue
            now = next(
                (s for s in shares if s.period.key == told.period.key and s.bound == "="), None
            )
            if now is None or abs(now.number - prior.number) < 1e-12:
                continue
            change = float(text) / 100
            implied = (1 + change) / (now.number / prior.number) - 1
            if any(
                v.verdict == "consistent" and told in v.statements for v in growth_rate(statements)
            ):
                continue  # the amounts themselves grew by that rate
            if told.metric == of and abs(now.number / prior.number - 1 - change) < 0.005:
                continue  # the share did grow by that rate
            said = (
                f"if {float(text):+g} % were growth and the share went {prior.text} % to {now.text}"
                f" %, the whole would have grown {implied:+.1%}; the numeral is last year's share"
            )
            yield Verdict("numeral_reuse", "contradiction", said, (told, prior, now))
            break


def reduction_semantics(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A reduction beside a level and its change.

    A fall on the year before, or against a counterfactual.
    """
    levels = settled_of(statements)
    for s in levels:
        if s.metric not in ("reduction_scope1_2", "reduction") or s.unit != "t":
            continue
        for now, told in changes_of(statements):
            if now.metric not in (
                "net_scope1_2",
                "scope1_2",
                "total",
                "gross_scope1_2",
            ) or entity_key(now.entity) != entity_key(s.entity):
                continue
            if now.period.key != s.period.key or now is s:
                continue
            before = s.value() + now.value()
            fall = s.value() / before
            stated = stated_share(told)[0]
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
                said = (
                    f"as a fall on the year before, that would have been {digits(before.middle, 4)}"
                    f" and the change {meant.middle:+.1%}, not {stated.middle:+.1%}: {s.text} is"
                    " against a counterfactual"
                )
                yield Verdict("reduction_semantics", "ambiguous", said, (s, now, told))
