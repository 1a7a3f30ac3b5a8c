"""Abate: carbon accounting in which every number opens.

The public API. Names are loaded when they are first used, so that the command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "AbateError": "abate.kernel.errors",
    "add_file": "abate.adapters.files.importing",
    "add_published": "abate.adapters.published",
    "allocate": "abate.kernel.allocation",
    "backtest": "abate.algorithms.forecasting.backtest",
    "Boundary": "abate.kernel.organisation",
    "bridge_runs": "abate.adapters.bridging",
    "Calendar": "abate.energy.facts.calendars",
    "Card": "abate.kernel.method",
    "Carton": "abate.logistics.facts",
    "correct": "abate.adapters.files.importing",
    "correct_lines": "abate.adapters.correcting",
    "create_app": "abate.adapters.api.app",
    "create_workspace": "abate.adapters.store.workspace",
    "data_centres": "abate.adapters.meters",
    "describe_workspace": "abate.adapters.starting",
    "explain_entry": "abate.adapters.explain",
    "explain_figure": "abate.adapters.explain",
    "export_evidence": "abate.adapters.evidence",
    "Factor": "abate.kernel.factor",
    "FactorBook": "abate.kernel.matching",
    "FactorIndex": "abate.adapters.factorbook",
    "FIGURES": "abate.kernel.figure",
    "Finding": "abate.kernel.finding",
    "fit_load": "abate.energy.planners.load",
    "forecast_generation": "abate.energy.planners.generation",
    "forecast_load": "abate.energy.planners.load",
    "forecast_site": "abate.adapters.forecasting.house",
    "forecasts": "abate.adapters.forecasting.house",
    "gate_findings": "abate.adapters.factorbook",
    "gwp": "abate.kernel.species",
    "import_factors": "abate.adapters.factorbook",
    "Instrument": "abate.kernel.allocation",
    "Item": "abate.logistics.facts",
    "live_imports": "abate.adapters.files.importing",
    "load_curve": "abate.adapters.meters",
    "Need": "abate.kernel.matching",
    "observed": "abate.algorithms.forecasting.series",
    "open_findings": "abate.adapters.findings",
    "open_workspace": "abate.adapters.store.workspace",
    "original_rows": "abate.adapters.files.previewing",
    "pack_file": "abate.adapters.packing.planning",
    "packaging_plan": "abate.adapters.packing.planning",
    "Packer": "abate.logistics.planners.packing",
    "Plan": "abate.kernel.plan",
    "plans": "abate.adapters.plans",
    "Plant": "abate.energy.facts.plants",
    "post_forecast": "abate.adapters.forecasting.house",
    "post_plan": "abate.adapters.plans",
    "preview_file": "abate.adapters.files.previewing",
    "preview_sheets": "abate.adapters.files.previewing",
    "Programme": "abate.kernel.claim",
    "programmes": "abate.adapters.programmes",
    "Proof": "abate.kernel.plan",
    "publish": "abate.adapters.figures",
    "quarantined": "abate.adapters.findings",
    "ranges": "abate.adapters.ranges",
    "read_factors": "abate.adapters.factorbook",
    "read_series": "abate.adapters.forecasting.reading",
    "read_unit": "abate.kernel.units",
    "restate_base_year": "abate.adapters.restating",
    "Rollups": "abate.adapters.figures",
    "run_of": "abate.adapters.figures",
    "run_year": "abate.adapters.engine",
    "runs": "abate.adapters.figures",
    "savings": "abate.energy.planners.savings",
    "Target": "abate.kernel.target",
    "Transfer": "abate.kernel.transfer",
    "undo": "abate.adapters.files.importing",
    "value_plan": "abate.adapters.plans",
    "verify_run": "abate.adapters.engine",
    "where_used": "abate.adapters.factorbook",
    "Workspace": "abate.adapters.store.workspace",
    "write_report": "abate.adapters.reporting",
}
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'abate' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
