"""The demo at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from abate.application.inventory.figures import Value
from abate.disclosure.numbers import number
from abate.faces.cli import show as out
from abate.kernel.finding import Finding


@dataclass(frozen=True, slots=True)
class Terminal:
    """Shows the demo as it is built; with `as_json` the inventory alone, for machines."""

    as_json: bool = False

    def say(self, text: str) -> None:
        """Show a line."""
        if not self.as_json:
            out.console().print(text)

    def findings(self, found: list[Finding]) -> None:
        """Show findings."""
        if not self.as_json:
            out.findings_table("", found)

    def inventory(self, values: dict[str, list[Value]]) -> None:
        """Show the headlines by year, and what others avoided."""
        inside = {year: [v for v in held if v.figure != "avoided"] for year, held in values.items()}
        if self.as_json:
            out.print_json([v.json for held in inside.values() for v in held])
            return
        out.figures_table("Inventory of the example group", inside)
        avoided = {
            year: v.value for year, held in values.items() for v in held if v.figure == "avoided"
        }
        told = ", ".join(
            f"{y} {number(v, 't CO2e')} t CO2e" for y, v in avoided.items() if v is not None
        )
        self.say(
            f"Outside the inventory, avoided by others (Scope 3+): {told}; see 'abate programmes'."
        )

    def steps(self, label: str, count: int) -> AbstractContextManager[Callable[[str], object]]:
        """Show how far work of many steps is."""
        return out.progress(label, count, quiet=self.as_json)

    def working(self, label: str) -> AbstractContextManager[None]:
        """Show that work is going on."""
        return out.working(label)
