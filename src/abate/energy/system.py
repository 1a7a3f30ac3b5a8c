"""The energy system: meters of buildings, instruments, PUE and WUE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abate.energy.facts import KINDS, TEMPLATES
from abate.energy.facts.readings import RULES
from abate.kernel.figure import Figure, amount_of
from abate.kernel.system import System

if TYPE_CHECKING:
    from abate.kernel.checks import Check

FACILITY = Figure(
    "facility-energy", "Energy of data-centre buildings", "kWh", amount_of("facility-energy")
)
IT = Figure("it-energy", "Energy of IT equipment", "kWh", amount_of("it-energy"))
WATER = Figure("water", "Water of data-centre buildings", "L", amount_of("water"))
PUE = FACILITY.per(IT, id="pue", title="Power usage effectiveness (ISO/IEC 30134-2)", unit="ratio")
WUE = WATER.per(IT, id="wue", title="Water usage effectiveness (ISO/IEC 30134-9)", unit="L/kWh")


def _checks() -> tuple[Check, ...]:
    from abate.energy.checks import CHECKS, LEDGER_CHECKS

    return (*CHECKS, *LEDGER_CHECKS)


SYSTEM = System(
    "energy",
    kinds=KINDS,
    templates=TEMPLATES,
    checks=_checks,
    rules=RULES,
    figures=(FACILITY, IT, WATER, PUE, WUE),
    factors=(("abate.energy", "factors.csv"), ("abate.energy.facts", "national.csv")),
)
