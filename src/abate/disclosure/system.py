"""The disclosure system: targets, claims, report."""

from __future__ import annotations

from abate.disclosure.pathways import TARGET_RULES
from abate.kernel.system import System

SYSTEM = System("disclosure", rules=TARGET_RULES)
