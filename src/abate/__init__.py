"""Abate: carbon accounting in which every number opens.

The public API. Names are loaded when they are first used, so that the command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "AbateError": "abate.kernel.errors",
    "Boundary": "abate.kernel.organisation",
    "Card": "abate.kernel.method",
    "FIGURES": "abate.kernel.figure",
    "FactorIndex": "abate.adapters.factorbook",
    "Factor": "abate.kernel.factor",
    "FactorBook": "abate.kernel.matching",
    "Finding": "abate.kernel.finding",
    "Instrument": "abate.kernel.allocation",
    "Need": "abate.kernel.matching",
    "Plan": "abate.kernel.plan",
    "Programme": "abate.kernel.claim",
    "Proof": "abate.kernel.plan",
    "Rollups": "abate.adapters.figures",
    "Target": "abate.kernel.target",
    "Transfer": "abate.kernel.transfer",
    "Workspace": "abate.adapters.store.workspace",
    "add_file": "abate.adapters.files.importing",
    "add_published": "abate.adapters.published",
    "allocate": "abate.kernel.allocation",
    "bridge_runs": "abate.adapters.bridging",
    "correct": "abate.adapters.files.importing",
    "correct_lines": "abate.adapters.correcting",
    "create_app": "abate.adapters.api.app",
    "create_workspace": "abate.adapters.store.workspace",
    "data_centres": "abate.adapters.meters",
    "explain_entry": "abate.adapters.explain",
    "explain_figure": "abate.adapters.explain",
    "export_evidence": "abate.adapters.evidence",
    "gwp": "abate.kernel.species",
    "load_curve": "abate.adapters.meters",
    "open_findings": "abate.adapters.findings",
    "open_workspace": "abate.adapters.store.workspace",
    "preview_file": "abate.adapters.files.previewing",
    "preview_sheets": "abate.adapters.files.previewing",
    "programmes": "abate.adapters.programmes",
    "quarantined": "abate.adapters.findings",
    "ranges": "abate.adapters.ranges",
    "read_unit": "abate.kernel.units",
    "restate_base_year": "abate.adapters.restating",
    "run_of": "abate.adapters.figures",
    "run_year": "abate.adapters.engine",
    "undo": "abate.adapters.files.importing",
    "value_plan": "abate.adapters.engine",
    "verify_run": "abate.adapters.engine",
    "write_report": "abate.adapters.reporting",
}
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'abate' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
