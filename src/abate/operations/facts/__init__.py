"""Kinds of activity of an organisation's operations and of its value chain.

And the files they come in.
"""

from __future__ import annotations

from abate.operations.facts import own, value_chain

KINDS = (*own.KINDS, *value_chain.KINDS)
TEMPLATES = (*own.TEMPLATES, *value_chain.TEMPLATES)
CATEGORIES = value_chain.CATEGORIES
