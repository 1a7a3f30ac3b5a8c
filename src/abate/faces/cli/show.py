"""How the command line prints.

Tables for people, JSON for machines, progress on what takes long.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from abate.disclosure.numbers import change, number

if TYPE_CHECKING:
    from rich.console import Console

    from abate.application.inventory.explanations import FigureNode
    from abate.application.inventory.figures import Value
    from abate.kernel.finding import Finding


def console() -> Console:
    """The console for people."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


def print_json(content: Any) -> None:
    """Print JSON for machines: records by their fields, moments and others as text."""
    text = json.dumps(content, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write(f"{text}\n")


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()
) -> None:
    """Print a table."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    out = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", header_style="bold")
    for k, name in enumerate(columns):
        out.add_column(name, justify="right" if k in right else "left", overflow="fold")
    for row in rows:
        out.add_row(*(escape(str(cell)) for cell in row))
    to = console()
    if not to.is_terminal:
        to.width = 160
    to.print(out)


def figures_table(title: str, by_year: dict[str, list[Value]]) -> None:
    """One line per figure, one column per year, and the change from year to year."""
    from abate.application.catalogue import FIGURES

    years = sorted(by_year)
    rows = []
    notes = []
    for k, first in enumerate(by_year[years[0]]):
        cells = [by_year[y][k] for y in years]
        line = [FIGURES[first.figure].title, first.unit]
        for place, cell in enumerate(cells):
            line.append(cell.status or amount(cell))
            if place:
                line.append(change(cells[place - 1].value, cell.value, cell.unit))
            if cell.excluded:
                listed = ", ".join(x.removeprefix("scope3-") for x in cell.excluded)
                notes.append(
                    f"* {cell.figure}: categories {listed} are not assessed; 'abate show"
                    f" scope3-{listed.split(',')[0]}' says why."
                )
            notes += [f"{cell.figure} is {cell.status}: {cell.note}"] if cell.note else []
            notes += [
                f"{cell.figure} leaves out {w} as immaterial: some {tonnes:,.0f} t CO2e."
                for w, tonnes in cell.immaterial
            ]
        rows.append(line)
    columns = ["figure", "unit"]
    for place, year in enumerate(years):
        columns += [year] if not place else [year, "change"]
    table(title, columns, rows, right=range(2, len(columns)))
    lacks(v for y in years for v in by_year[y])
    for note in dict.fromkeys(notes):
        console().print(note, style="yellow")


def findings_table(title: str, findings: Sequence[Finding], limit: int = 60) -> None:
    """Findings with place and hint."""
    rows = [(str(f.severity), f.code, f.place, f.message, f.hint) for f in findings[:limit]]
    table(title, ("severity", "code", "where", "what", "what to do"), rows)
    if len(findings) > limit:
        console().print(f"… and {len(findings) - limit} more; --json lists all.")


def amount(value: Value) -> str:
    """A figure's value for people; * where it is incomplete, or without what is not assessed."""
    told = number(value.value, value.unit)
    return told if value.is_whole and not value.excluded else f"{told}*"


def lacks(values: Iterable[Value]) -> None:
    """Say of each figure that is incomplete what it lacks, by its group."""
    for v in values:
        if not v.is_whole:
            place = " ".join([v.figure, v.year, *v.by.values()])
            console().print(f"* {place} is incomplete: {v.lacking}.", style="yellow", markup=False)


def tree(node: FigureNode) -> None:
    """Print a figure's tree."""
    from rich.markup import escape
    from rich.tree import Tree

    def label(n: FigureNode) -> str:
        value, one = n.value, n.definition
        shown = f"{amount(value)} {escape(value.unit)}"
        lacks = "" if value.is_whole else f"  [yellow]* incomplete: {escape(value.lacking)}[/]"
        return f"[bold]{escape(one.id)}[/] {shown}  [dim]= {escape(one.formula)}[/]{lacks}"

    def grow(branch: Tree, n: FigureNode) -> None:
        for below in n.of:
            grow(branch.add(label(below)), below)
        for part in n.parts[:12]:
            name, group = next(iter(part.by.items()))
            branch.add(f"{name} {escape(group)}: {amount(part)}")

    root = Tree(label(node))
    grow(root, node)
    console().print(root)


@contextmanager
def progress(label: str, total: int | None, *, quiet: bool = False) -> Iterator[Any]:
    """A bar on the error stream for work of many steps; nothing where no person watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda _text="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description:<38.38}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(label, total=total)
        yield lambda text="": bar.update(task, advance=1, description=f"{label} {text}")


@contextmanager
def counting(label: str, *, quiet: bool = False) -> Iterator[Any]:
    """A running count on the error stream for work of unknown length.

    Nothing where no person watches.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _count: None
        return
    from time import monotonic

    from rich.console import Console

    began, done = monotonic(), 0
    with Console(stderr=True).status(label) as status:

        def step(count: int) -> None:
            nonlocal done
            done += count
            status.update(
                f"{label}: {done:,} done, {done / max(monotonic() - began, 0.001):,.0f} per second"
            )

        yield step


@contextmanager
def working(label: str) -> Iterator[None]:
    """A sign of life on the error stream for work of unknown length.

    Nothing where no person watches.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(label):
        yield
