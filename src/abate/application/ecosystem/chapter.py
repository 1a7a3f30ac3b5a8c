"""What the report says of avoided emissions."""

from __future__ import annotations

from abate.application.ecosystem.programmes import ProgrammeShown, programmes
from abate.application.inventory.open_run import OpenRun
from abate.disclosure.chapters import Chapter
from abate.disclosure.markup import Cell, Table
from abate.kernel.languages import Translate

GATES = (
    "Outside the inventory: these tonnes are never taken from it. A number is shown only where all"
    " gates are passed and its evidence may be public."
)


def chapters(opened: OpenRun, t: Translate) -> list[Chapter]:
    """Programmes with what they avoid, or why that is withheld."""
    found = programmes(opened.workspace, opened.year)
    if not found:
        return []
    columns = (
        t("Programme"),
        t("Methodology"),
        t("How"),
        ">" + t("tier"),
        ">" + t("t CO2e avoided"),
        t("Claimed by"),
    )
    title = t("Avoided by others (Scope 3+)")
    table = Table.of("programmes", title, columns, [_row(p, t) for p in found])
    return [Chapter("avoided", title, (f"> {t(GATES)}", table))]


def _row(p: ProgrammeShown, t: Translate) -> list[Cell]:
    title, unit, baseline, actual = map(t, (p.title, p.functional_unit, p.baseline, p.actual))
    what = f"{title} {p.methodology}. {unit}: {baseline}; {actual}"
    if p.publishable and p.avoided_t is not None:
        claimed = ", ".join(f"{n} {float(v):,.0f}" for n, v in p.by_claimant_t.items())
        row = [Cell(f"{float(p.avoided_t):,.0f}", float(p.avoided_t)), Cell(claimed)]
    else:
        row = [Cell(t("withheld")), Cell("; ".join(map(t, p.obstacles)))]
    return [Cell(p.name), Cell(what), Cell(t(p.mechanism)), Cell(str(p.tier)), *row]
