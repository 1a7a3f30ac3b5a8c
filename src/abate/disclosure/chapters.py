"""A chapter that a system adds to the yearly report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from abate.disclosure.markup import Table
from abate.kernel.edges import Model


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the report: its name, and its specification in Vega-Lite."""

    name: str
    spec: Model


Part: TypeAlias = str | Table | Chart
"""A paragraph in Markdown, a table, or a chart."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the report, in the report's language.

    Args:
        id: Its anchor.
        title: Its heading.
        parts: What it shows, in order.
    """

    id: str
    title: str
    parts: tuple[Part, ...]

    @property
    def tables(self) -> dict[str, Table]:
        """Its tables by name, as templates use them."""
        return {p.id.replace("-", "_"): p for p in self.parts if isinstance(p, Table)}

    @property
    def specs(self) -> dict[str, Model]:
        """Specifications of its charts by name."""
        return {p.name: p.spec for p in self.parts if isinstance(p, Chart)}
