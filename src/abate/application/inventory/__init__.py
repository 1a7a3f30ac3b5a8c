"""Runs: activities valued into posted entries, on the embedded engine or on a cluster, and verified."""

from abate.application.inventory.certificates import CERTIFICATES
from abate.application.inventory.inputs import (
    ensure_default_factors,
    factor_imports,
    load_factors,
    read_terms,
    store_factors,
)
from abate.application.inventory.runs import (
    RUN_RULES,
    entries_sql,
    key_of,
    register_resolutions,
    run_year,
)
from abate.application.inventory.verification import verify_run

__all__ = [
    "CERTIFICATES",
    "RUN_RULES",
    "ensure_default_factors",
    "entries_sql",
    "factor_imports",
    "key_of",
    "load_factors",
    "read_terms",
    "register_resolutions",
    "run_year",
    "store_factors",
    "verify_run",
]
