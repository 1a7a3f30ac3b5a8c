"""Rules: each tests statements against each other and says what it found, with the calculation.

A rule is a function from statements to verdicts; its code is the key in `RULES`. Rules know no
case: what they need is in the statements. What they cannot judge they leave alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from abate.disclosure.claims.rules.counterparts import (
    gross_vs_net,
    intensity_vs_absolute,
    renewable_vs_clean,
    scope_mismatch,
)
from abate.disclosure.claims.rules.counts import cumulative_vs_annual, monotone
from abate.disclosure.claims.rules.growth import (
    backcast_prior_year,
    growth_rate,
    mixed_vintage,
    numeral_reuse,
    points_change,
    reduction_semantics,
)
from abate.disclosure.claims.rules.pledges import (
    cumulative_pace,
    paraphrase,
    structural_change,
    target_conflict,
    target_progress,
)
from abate.disclosure.claims.rules.ratios import (
    equivalence,
    full_load_hours,
    grid_factor,
    implied_emission_factor,
    intensity_chain,
    per_unit,
    power_for_energy,
)
from abate.disclosure.claims.rules.repetition import variants
from abate.disclosure.claims.rules.totals import identity, ratio, sum_of_parts
from abate.disclosure.claims.rules.wording import (
    cause_narrowing,
    date_conflict,
    method_comparability,
    tense,
)
from abate.disclosure.claims.statement import WHOLES, Statement
from abate.disclosure.claims.verdict import SEVERITIES, Verdict

Rule = Callable[[Sequence[Statement]], Iterator[Verdict]]
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
    "cumulative_pace": cumulative_pace, "intensity_chain": intensity_chain,
    "power_for_energy": power_for_energy, "grid_factor": grid_factor,
}  # fmt: skip
"""Every rule; `variants` speaks as `rounding`, `restatement`, `order_of_magnitude` and `ledger`, `sum_of_parts` also as
`part_of_whole`, `cumulative_vs_annual` also as `monotone`."""


def _is_of_parts(verdict: Verdict) -> bool:
    """Whether an error is only that a text tells several amounts of one kind, as texts do.

    Two plants, two products, two factors: no one means them as one.
    """
    told = verdict.statements
    open_kind = all("text" in s.flags and s.metric not in WHOLES for s in told)
    view_only = any(s.metric in ("scope2", "scope1_2", "total") for s in told)
    apart = len({s.quote for s in told}) > 1 and len({s.source for s in told}) == 1
    return SEVERITIES[verdict.verdict] == "error" and open_kind and apart and not view_only


def _readings(verdict: Verdict) -> tuple[str, ...]:
    """Other readings of the texts that a verdict stands on."""
    told = verdict.statements
    doubts = [d for s in told for d in s.doubts]
    quotes = {s.quote for s in told}
    alike = len({(s.metric, s.nature) for s in told}) == len(quotes) == 1 < len(told)
    if alike and all("text" in s.flags for s in told):
        doubts.append("both stand in one sentence, so they are hardly meant as one")
    return tuple(dict.fromkeys(doubts))


def check(statements: Sequence[Statement]) -> list[Verdict]:
    """What all rules find, the gravest first, each finding once.

    Statements of which entity, metric or period is not known take no part. An error that another
    reading of a text would clear is a question, with that reading.
    """
    found: dict[tuple[object, ...], Verdict] = {}
    known = [s for s in statements if s.is_known]
    for rule in RULES.values():
        for verdict in rule(known):
            ends = verdict.statements[0].id, verdict.statements[-1].id
            name = (verdict.rule, verdict.verdict, *ends)
            if not _is_of_parts(verdict):
                found.setdefault(name, replace(verdict, readings=_readings(verdict)))
    weight = {"error": 0, "question": 1, "warning": 2, "info": 3}
    return sorted(
        found.values(), key=lambda v: (weight[v.severity], v.rule, [s.id for s in v.statements])
    )
