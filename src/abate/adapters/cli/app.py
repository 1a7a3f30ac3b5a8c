"""The command line's frame: the app, options that commands share, and what they open."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="abate",
    help="Carbon accounting in which every number opens: raw files in, checked, valued, posted, explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
factors_app = typer.Typer(help="Search, show, audit and import emission factors.", no_args_is_help=True)
app.add_typer(factors_app, name="factors")

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder with abate.toml.", show_default="here")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
YearOption = Annotated[str, typer.Option("--year", "-y", help="Fiscal year, such as FY2024.")]
HERE = Path()


def now() -> datetime:
    """The present moment."""
    return datetime.now().replace(microsecond=0)


def opened_at(workspace: Path) -> Any:
    """The workspace of a folder."""
    from abate.adapters.store.workspace import open_workspace

    return open_workspace(workspace)


def finding_json(finding: Any) -> dict[str, Any]:
    """A finding as machines get it."""
    return asdict(finding) | {"severity": str(finding.severity)}
