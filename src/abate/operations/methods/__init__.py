"""Methods of Scopes 1, 2 and 3: one function per formula, each with its cards."""

from __future__ import annotations

from abate.operations.methods import own, value_chain

METHODS = (*own.METHODS, *value_chain.METHODS)
