"""Methods of Scopes 1, 2 and 3: one function per formula, each with its cards."""

from __future__ import annotations

from abate.operations.methods import own, value_chain
from abate.operations.methods.own import (
    electricity_location,
    electricity_market,
    fugitive_refrigerants,
    heat_location,
    heat_market,
    mobile_combustion,
    stationary_combustion,
)

METHODS = (*own.METHODS, *value_chain.METHODS)
__all__ = [
    "METHODS",
    "electricity_location",
    "electricity_market",
    "fugitive_refrigerants",
    "heat_location",
    "heat_market",
    "mobile_combustion",
    "stationary_combustion",
]
