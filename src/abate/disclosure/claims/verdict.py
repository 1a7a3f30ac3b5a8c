"""Verdict: what a rule finds in statements, with the calculation and the sources."""

from __future__ import annotations

from dataclasses import dataclass

from abate.disclosure.claims.statement import Statement

SEVERITIES = {
    "consistent": "info", "derived_only": "info", "rounding_loose": "info", "plausible": "info", "cumulative": "info",
    "incomplete_breakdown": "info", "partial": "info", "translation_artefact": "info", "on_track": "info",
    "plausible_high": "info", "plausible_low": "info", "behind": "warning", "restated": "warning",
    "scope_mismatch": "warning", "not_comparable": "warning", "warn_intensity_only": "warning", "warn_net_only": "warning",
    "warn_gross_up": "warning", "warn_base_year": "warning", "implausible_high": "warning", "implausible_low": "warning",
    "substituted": "warning", "wrong_unit": "warning",
    "contradiction": "error", "ambiguous": "error", "mixed_vintage": "error",
    "misattribution": "error", "rebase_needed": "error",
}  # fmt: skip
"""Every verdict, with its weight."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule found.

    Args:
        rule: Code of the rule.
        verdict: One of `SEVERITIES`.
        calculation: The calculation with its interval.
        statements: The statements it stands on, the one that is judged first.
        readings: Other readings of the text under which nothing is wrong.
    """

    rule: str
    verdict: str
    calculation: str
    statements: tuple[Statement, ...]
    readings: tuple[str, ...] = ()

    @property
    def severity(self) -> str:
        """`info`, `warning`, `question` or `error`.

        An error whose text can be read in another way is a question; a date told twice in two ways
        is a warning.
        """
        weight = "warning" if self.rule == "date_conflict" else SEVERITIES[self.verdict]
        return "question" if weight == "error" and self.readings else weight

    @property
    def fact(self) -> str:
        """What it judges: verdicts of one fact share it."""
        return " ".join(sorted({s.id for s in self.statements}))

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the statements are from, each once."""
        return tuple(dict.fromkeys(s.place for s in self.statements))

    @property
    def statement(self) -> str:
        """What is judged, as it was said or in short."""
        first = self.statements[0]
        said = f"{first.entity} {first.metric} {first.period.text}: {first.text} {first.unit}"
        return first.quote or said

    @property
    def json(self) -> dict[str, object]:
        """As machines get it."""
        return {
            "rule": self.rule,
            "verdict": self.verdict,
            "severity": self.severity,
            "statement": self.statement,
            "calculation": self.calculation,
            "readings": list(self.readings),
            "fact": self.fact,
            "sources": list(self.sources),
            "statements": [s.id for s in self.statements],
        }
