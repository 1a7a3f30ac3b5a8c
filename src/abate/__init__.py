"""Abate: carbon accounting in which every number opens.

The public API. Names are loaded when they are first used, so that the command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "AbateError": "abate.kernel.errors",
    "add_file": "abate.application.inventory.imports",
    "add_published": "abate.application.disclosure.stated_figures",
    "allocate": "abate.kernel.allocation",
    "backtest": "abate.algorithms.forecasting.backtest",
    "Boundary": "abate.kernel.organisation",
    "bridge_runs": "abate.application.inventory.bridges",
    "Calendar": "abate.energy.facts.calendars",
    "change_meter": "abate.application.energy.meters",
    "MethodCard": "abate.kernel.method",
    "Carton": "abate.logistics.facts",
    "correct": "abate.application.inventory.corrections",
    "correct_lines": "abate.application.inventory.corrections",
    "create_app": "abate.faces.server",
    "create_workspace": "abate.application.opening",
    "data_centres": "abate.application.energy.data_centres",
    "describe_workspace": "abate.application.workspaces.setup",
    "explain_entry": "abate.application.inventory.explanations",
    "explain_figure": "abate.application.inventory.explanations",
    "export_evidence": "abate.application.inventory.evidence",
    "Factor": "abate.kernel.factor",
    "FactorBook": "abate.kernel.matching",
    "FactorIndex": "abate.application.factors",
    "FIGURES": "abate.application.catalogue",
    "Finding": "abate.kernel.finding",
    "fit_load": "abate.energy.planners.load",
    "forecast_generation": "abate.energy.planners.generation",
    "forecast_load": "abate.energy.planners.load",
    "forecast_site": "abate.application.energy.forecasts",
    "forecasts": "abate.application.energy.forecasts",
    "gate_findings": "abate.application.factors",
    "gwp": "abate.kernel.species",
    "import_factors": "abate.application.factors",
    "init_workspace": "abate.application.workspaces.setup",
    "Instrument": "abate.kernel.allocation",
    "Item": "abate.logistics.facts",
    "live_imports": "abate.adapters.store.imports",
    "load_curve": "abate.application.energy.data_centres",
    "FactorQuery": "abate.kernel.matching",
    "LoadSpec": "abate.application.energy.loads",
    "load_readings": "abate.application.energy.loads",
    "meters": "abate.application.energy.meters",
    "observed": "abate.algorithms.forecasting.series",
    "open_findings": "abate.application.inventory.findings",
    "open_run": "abate.application.inventory.open_run",
    "open_workspace": "abate.application.opening",
    "OpenRun": "abate.application.inventory.open_run",
    "original_rows": "abate.application.inventory.previews",
    "pack_file": "abate.application.logistics.packing",
    "packaging_plan": "abate.application.logistics.packing",
    "Packer": "abate.logistics.planners.packing",
    "Plan": "abate.kernel.plan",
    "Place": "abate.application.energy.meters",
    "plans": "abate.application.plans",
    "Plant": "abate.energy.facts.plants",
    "post_forecast": "abate.application.energy.forecasts",
    "post_plan": "abate.application.plans",
    "post_usage": "abate.application.energy.postings",
    "preview_file": "abate.application.inventory.previews",
    "preview_sheets": "abate.application.inventory.previews",
    "Programme": "abate.kernel.claim",
    "programmes": "abate.application.ecosystem.programmes",
    "Proof": "abate.kernel.plan",
    "publish": "abate.application.inventory.figures",
    "quarantined": "abate.application.inventory.findings",
    "ranges": "abate.application.inventory.ranges",
    "read_factors": "abate.application.factors",
    "read_series": "abate.adapters.readers.series",
    "read_unit": "abate.kernel.units",
    "restate_base_year": "abate.application.inventory.base_year",
    "Figures": "abate.application.inventory.figures",
    "Run": "abate.application.inventory.figures",
    "run_of": "abate.application.inventory.figures",
    "run_year": "abate.application.inventory.runs",
    "runs": "abate.application.inventory.figures",
    "savings": "abate.energy.planners.savings",
    "Target": "abate.kernel.target",
    "Transfer": "abate.kernel.transfer",
    "undo": "abate.application.inventory.imports",
    "usage_of": "abate.application.energy.usage",
    "value_plan": "abate.application.plans",
    "verify_run": "abate.application.inventory.verification",
    "where_used": "abate.application.factors",
    "Workspace": "abate.adapters.store.workspace",
    "write_report": "abate.application.disclosure.report_model",
}
_FORMER = {"Card": "MethodCard", "Need": "FactorQuery", "Rollups": "Figures"}
"""Former names, which still work in this version."""
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    name = _FORMER.get(name, name)
    if name not in _HOMES:
        raise AttributeError(f"module 'abate' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
