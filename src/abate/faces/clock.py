"""The clock: the moment that faces hand to use cases."""

from __future__ import annotations

from datetime import datetime


def present() -> datetime:
    """The present moment, to the second."""
    return datetime.now().replace(microsecond=0)
