"""Rules of sides: what is true of one figure and false of the one beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from abate.disclosure.claims.interval import Interval, exact, growth
from abate.disclosure.claims.rules.pairing import (
    changes_of,
    levels_of,
    priors_of,
    scopes_meet,
    stated_share,
)
from abate.disclosure.claims.statement import Statement, entity_key
from abate.disclosure.claims.verdict import Verdict

INTENSITIES = {
    "scope3_intensity": "scope3",
    "intensity": "net_scope1_2",
    "total_intensity": "total",
}


def intensity_vs_absolute(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """An intensity that falls while the absolute figure does not, or that stands without it."""
    for now, told in changes_of(statements):
        absolute = INTENSITIES.get(now.metric) or (
            now.metric.removesuffix("_intensity") if now.metric.endswith("_intensity") else None
        )
        if absolute is None or stated_share(told)[0].high >= 0:
            continue
        moved = _moved(absolute, now, statements)
        if moved is None:
            revenue = _moved("revenue", now, statements)
            if revenue is None:
                yield Verdict(
                    "intensity_vs_absolute",
                    "warn_intensity_only",
                    f"intensity {stated_share(told)[0].middle:+.1%}; no absolute figure stands"
                    " beside it",
                    (now, told),
                )
                continue
            shift = (stated_share(told)[0] + exact(1.0)) * (revenue[0] + exact(1.0)) - exact(1.0)
            moved = shift, revenue[1]
        share, beside = moved
        said = (
            f"intensity {stated_share(told)[0].middle:+.1%} while {absolute} moved"
            f" {share.middle:+.1%}, interval {share.scaled(100)} %"
        )
        verdict = "consistent" if share.high < 0 else "warn_intensity_only"
        yield Verdict("intensity_vs_absolute", verdict, said, (now, told, *beside))


def _moved(
    metric: str, beside: Statement, statements: Sequence[Statement]
) -> tuple[Interval, tuple[Statement, ...]] | None:
    """Change of a metric of the same entity into the same period, from its values or as stated."""
    for s in levels_of(statements):
        if (
            s.metric == metric
            and entity_key(s.entity) == entity_key(beside.entity)
            and s.period.key == beside.period.key
        ):
            for prior in priors_of(s, statements):
                share = growth(prior.value(), s.value())
                if share is not None:
                    return share, (s, prior)
    for s, told in changes_of(statements):
        if (
            s.metric == metric
            and entity_key(s.entity) == entity_key(beside.entity)
            and s.period.key == beside.period.key
        ):
            return stated_share(told)[0], (s, told)
    return None


def gross_vs_net(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Net emissions that fall while gross does not, or that stand without gross."""
    nets = [s for s in levels_of(statements) if s.metric == "net_scope1_2" and s.bound == "="]
    told: set[tuple[str, object]] = set()
    for now in nets:
        moved = _moved("net_scope1_2", now, statements)
        if moved is None or moved[0].high >= 0 or (entity_key(now.entity), now.period.key) in told:
            continue
        told.add((entity_key(now.entity), now.period.key))
        gross = _moved("gross_scope1_2", now, statements) or _gross_of(now, statements)
        if gross is None:
            yield Verdict(
                "gross_vs_net",
                "warn_net_only",
                f"net {moved[0].middle:+.1%}; gross is not stated (IFRS S2 29(a)(v), ESRS E1-6 ask"
                " for the location-based figure)",
                (now, *moved[1]),
            )
            continue
        said = f"net {moved[0].middle:+.1%}, gross {gross[0].middle:+.1%}"
        verdict = "warn_gross_up" if gross[0].low > 0 else "consistent"
        yield Verdict("gross_vs_net", verdict, said, (now, *moved[1], *gross[1]))


def _gross_of(
    now: Statement, statements: Sequence[Statement]
) -> tuple[Interval, tuple[Statement, ...]] | None:
    """Change of net plus reduction."""
    reductions = [
        s
        for s in levels_of(statements)
        if s.metric == "reduction_scope1_2" and entity_key(s.entity) == entity_key(now.entity)
    ]
    here = next((s for s in reductions if s.period.key == now.period.key), None)
    for prior in priors_of(now, statements):
        there = next((s for s in reductions if s.period.key == prior.period.key), None)
        if here is not None and there is not None:
            share = growth(prior.value() + there.value(), now.value() + here.value())
            if share is not None:
                return share, (here, prior, there)
    return None


def scope_mismatch(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """The same metric of one house, in the same year, over two boundaries."""
    units = ("share", "ratio", "t", "kWh", "m3")
    shares = [
        s
        for s in levels_of(statements)
        if s.unit in units and s.bound == "=" and s.nature in ("level", "share")
    ]
    for one, other in combinations(shares, 2):
        if one.metric != other.metric or one.period.key != other.period.key or not one.period.year:
            continue
        if (
            one.key != other.key
            and _is_part(one.entity, other.entity)
            and not one.value().meets(other.value())
        ):
            said = (
                f"{one.text} is of {one.entity} {one.scope}, {other.text} of {other.entity}"
                f" {other.scope}: never compare without the boundary"
            )
            yield Verdict("scope_mismatch", "scope_mismatch", said, (one, other))


def _is_part(one: str, other: str) -> bool:
    """Whether two names are of one house, one of them the whole of it."""
    short, long = sorted(
        (entity_key(one).removesuffix(" group"), entity_key(other).removesuffix(" group")), key=len
    )
    return long == short or long.startswith(f"{short} ")


def renewable_vs_clean(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """A renewable share that is the clean share: nuclear is clean and not renewable."""
    levels = levels_of(statements)
    for s in levels:
        if s.metric != "renewable_electricity_share":
            continue
        for clean in levels:
            near = (
                entity_key(clean.entity) == entity_key(s.entity)
                and clean.period.key == s.period.key
            )
            near = (
                near
                and (scopes_meet(s, clean) or (s.source == clean.source and s.bound == ">"))
                and min(s.number, clean.number) < 0.995
            )
            if clean.metric != "clean_electricity_share" or not near:
                continue
            if (s.bound == clean.bound and s.value().meets(clean.value())) or (
                s.bound == ">" and clean.source == s.source and clean.number >= s.number
            ):
                said = (
                    f"renewable {s.bound if s.bound == '>' else ''}{s.text} % is reported where clean"
                    f" is {clean.text} %; clean power includes nuclear"
                )
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
