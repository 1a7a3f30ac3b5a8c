"""The logistics system: packing, cartons, circulating boxes."""

from __future__ import annotations

from abate.kernel.system import System
from abate.logistics.facts import RULES

SYSTEM = System("logistics", rules=RULES, factors=(("abate.logistics", "factors.csv"),))
