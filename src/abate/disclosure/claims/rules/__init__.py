"""Rules: each tests statements against each other and says what it found, with the calculation.

A rule is a function from statements to verdicts; its code is the key in `RULES`. Rules know no
case: what they need is in the statements. What they cannot judge they leave alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

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
    paraphrase,
    structural_change,
    target_conflict,
    target_progress,
)
from abate.disclosure.claims.rules.ratios import (
    equivalence,
    full_load_hours,
    implied_emission_factor,
    per_unit,
)
from abate.disclosure.claims.rules.repetition import variants
from abate.disclosure.claims.rules.totals import identity, ratio, sum_of_parts
from abate.disclosure.claims.rules.wording import (
    cause_narrowing,
    date_conflict,
    method_comparability,
    tense,
)
from abate.disclosure.claims.statement import Statement
from abate.disclosure.claims.verdict import Verdict

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
    return sorted(
        found.values(), key=lambda v: (weight[v.severity], v.rule, [s.id for s in v.statements])
    )
