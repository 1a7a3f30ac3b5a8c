"""Abate: carbon accounting in which every number opens.

The door for Python. `open` or `create` gives a `Workspace`; what it answers are records, runs and
tables. Names are loaded when they are first used, so that the command line starts fast.

Example:
    >>> import abate, tempfile
    >>> ws = abate.create(tempfile.mkdtemp() + "/firm", "Example Ltd", country="DE")
    >>> _ = ws.add([{"site": "hq", "month": "2024-01", "kWh": 12400}], kind="electricity")
    >>> ws.run("FY2024").figures("scope2-location").to_pandas().value[0]
    np.float64(4.4764)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abate.algorithms.forecasting.backtest import backtest as backtest
    from abate.algorithms.forecasting.series import observed as observed
    from abate.application.catalogue import FIGURES as FIGURES
    from abate.application.plans import value_plan as value_plan
    from abate.energy.facts.calendars import Calendar as Calendar
    from abate.energy.facts.microgrids import Battery as Battery
    from abate.energy.facts.microgrids import Deferrable as Deferrable
    from abate.energy.facts.microgrids import Microgrid as Microgrid
    from abate.energy.facts.plants import Plant as Plant
    from abate.energy.planners.dispatch import dispatch as dispatch
    from abate.energy.planners.generation import forecast_generation as forecast_generation
    from abate.energy.planners.load import fit_load as fit_load
    from abate.energy.planners.load import forecast_load as forecast_load
    from abate.energy.planners.savings import Side as Side
    from abate.energy.planners.savings import savings as savings
    from abate.faces.python.run import Run as Run
    from abate.faces.python.table import Table as Table
    from abate.faces.python.workspace import Workspace as Workspace
    from abate.faces.python.workspace import create as create
    from abate.faces.python.workspace import open as open  # noqa: A004
    from abate.faces.server import create_app as create_app
    from abate.kernel.allocation import Instrument as Instrument
    from abate.kernel.allocation import allocate as allocate
    from abate.kernel.claim import Programme as Programme
    from abate.kernel.errors import AbateError as AbateError
    from abate.kernel.factor import Factor as Factor
    from abate.kernel.finding import Finding as Finding
    from abate.kernel.matching import FactorBook as FactorBook
    from abate.kernel.matching import FactorQuery as FactorQuery
    from abate.kernel.method import MethodCard as MethodCard
    from abate.kernel.organisation import Boundary as Boundary
    from abate.kernel.plan import Plan as Plan
    from abate.kernel.plan import Proof as Proof
    from abate.kernel.species import gwp as gwp
    from abate.kernel.target import Target as Target
    from abate.kernel.transfer import Transfer as Transfer
    from abate.kernel.units import read_unit as read_unit
    from abate.logistics.facts import Carton as Carton
    from abate.logistics.facts import Item as Item
    from abate.logistics.facts import Objective as Objective
    from abate.logistics.planners.packing import Packer as Packer

__version__ = "0.1.0"

_HOMES = {
    "AbateError": "abate.kernel.errors",
    "allocate": "abate.kernel.allocation",
    "backtest": "abate.algorithms.forecasting.backtest",
    "Battery": "abate.energy.facts.microgrids",
    "Boundary": "abate.kernel.organisation",
    "Calendar": "abate.energy.facts.calendars",
    "Carton": "abate.logistics.facts",
    "create": "abate.faces.python.workspace",
    "create_app": "abate.faces.server",
    "Deferrable": "abate.energy.facts.microgrids",
    "dispatch": "abate.energy.planners.dispatch",
    "Factor": "abate.kernel.factor",
    "FactorBook": "abate.kernel.matching",
    "FactorQuery": "abate.kernel.matching",
    "FIGURES": "abate.application.catalogue",
    "Finding": "abate.kernel.finding",
    "fit_load": "abate.energy.planners.load",
    "forecast_generation": "abate.energy.planners.generation",
    "forecast_load": "abate.energy.planners.load",
    "gwp": "abate.kernel.species",
    "Instrument": "abate.kernel.allocation",
    "Item": "abate.logistics.facts",
    "MethodCard": "abate.kernel.method",
    "Microgrid": "abate.energy.facts.microgrids",
    "Objective": "abate.logistics.facts",
    "observed": "abate.algorithms.forecasting.series",
    "open": "abate.faces.python.workspace",
    "Packer": "abate.logistics.planners.packing",
    "Plan": "abate.kernel.plan",
    "Plant": "abate.energy.facts.plants",
    "Programme": "abate.kernel.claim",
    "Proof": "abate.kernel.plan",
    "read_unit": "abate.kernel.units",
    "Run": "abate.faces.python.run",
    "savings": "abate.energy.planners.savings",
    "Side": "abate.energy.planners.savings",
    "Table": "abate.faces.python.table",
    "Target": "abate.kernel.target",
    "Transfer": "abate.kernel.transfer",
    "value_plan": "abate.application.plans",
    "Workspace": "abate.faces.python.workspace",
}
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'abate' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
