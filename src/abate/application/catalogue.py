"""What the domains bring: kinds, templates, methods, checks and default factors, gathered in one place."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from abate.ecosystem import facts as ecosystem
from abate.ecosystem.methods import METHODS as ECOSYSTEM_METHODS
from abate.energy import facts as energy
from abate.kernel.factor import Factor, factors_from_rows
from abate.kernel.kind import Kind, Template
from abate.kernel.method import Method
from abate.kernel.resources import package_table
from abate.operations import facts as operations
from abate.operations.methods import METHODS as OPERATIONS_METHODS

if TYPE_CHECKING:
    from abate.kernel.checks import Check
    from abate.kernel.finding import Rule

KINDS: dict[str, Kind] = {k.id: k for k in (*operations.KINDS, *energy.KINDS, *ecosystem.KINDS)}
TEMPLATES: dict[str, Template] = {t.id: t for t in (*operations.TEMPLATES, *energy.TEMPLATES, *ecosystem.TEMPLATES)}
METHODS: tuple[Method, ...] = (*OPERATIONS_METHODS, *ECOSYSTEM_METHODS)
FACTOR_TABLES = (
    ("abate.operations", "factors.csv"),
    ("abate.operations.facts", "national.csv"),
    ("abate.energy", "factors.csv"),
    ("abate.energy.facts", "national.csv"),
    ("abate.ecosystem", "factors.csv"),
    ("abate.logistics", "factors.csv"),
)


def default_rows() -> list[dict[str, str]]:
    """Rows of the factor tables that ship with Abate."""
    return [row for package, name in FACTOR_TABLES for row in package_table(package, name)]


@cache
def default_factors() -> tuple[Factor, ...]:
    """The factors that ship with Abate."""
    return tuple(factors_from_rows(default_rows()))


@cache
def row_checks() -> tuple[Check, ...]:
    """All checks of rows, in the order of precedence."""
    from abate.ecosystem import checks as ecosystem_checks
    from abate.energy import checks as energy_checks
    from abate.kernel.checks import ROW_CHECKS
    from abate.operations import checks as operations_checks

    every = (*ROW_CHECKS, *operations_checks.CHECKS, *energy_checks.CHECKS, *ecosystem_checks.CHECKS)
    return tuple(sorted(every, key=lambda c: c.rule.precedence))


@cache
def ledger_checks() -> tuple[Check, ...]:
    """Checks of the domains on monthly totals of the ledger."""
    from abate.energy.checks import LEDGER_CHECKS

    return LEDGER_CHECKS


def every_rule() -> tuple[Rule, ...]:
    """Every rule by which data can be found wanting, in the order of precedence."""
    from abate.disclosure.pathways import TARGET_RULES
    from abate.energy.facts.readings import RULES as READING_RULES
    from abate.kernel.checks import CLOCK_BACK, MISSING_MONTH
    from abate.kernel.gates import GATES
    from abate.kernel.resolution import RESOLUTION_RULES
    from abate.logistics.facts import RULES as PACKING_RULES

    rules = [c.rule for c in (*row_checks(), *ledger_checks())] + [
        MISSING_MONTH,
        CLOCK_BACK,
        *RESOLUTION_RULES,
        *GATES,
        *PACKING_RULES,
        *READING_RULES,
        *TARGET_RULES,
    ]
    return tuple(sorted(rules, key=lambda r: (r.precedence, r.code)))
