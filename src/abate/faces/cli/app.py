"""The command line's frame: the app, options that commands share, and what they open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from abate.kernel.errors import UsageError

app = typer.Typer(
    name="abate",
    help=(
        "Carbon accounting in which every number opens: raw files in, checked, valued, posted,"
        " explained."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
factors_app = typer.Typer(
    help="Search, show, audit and import emission factors.", no_args_is_help=True
)
app.add_typer(factors_app, name="factors")
store_app = typer.Typer(
    help="Look after a workspace's tables: stats, compact, backup, restore, upgrade.",
    no_args_is_help=True,
)
app.add_typer(store_app, name="store")
meters_app = typer.Typer(
    help="Meters of the workspace: load readings, place them, see and post their usage.",
    no_args_is_help=True,
)
app.add_typer(meters_app, name="meters")

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder with abate.toml.", show_default="here")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
LangOption = Annotated[
    str, typer.Option(help="Language, such as en or zh; that of abate.toml where none is named.")
]
DatesOption = Annotated[
    str,
    typer.Option(
        "--dates", help="Order of numbers in dates, where the file leaves it open: dmy, mdy, ymd."
    ),
]
DecimalOption = Annotated[
    str,
    typer.Option(
        "--decimal", help="Mark before the fraction, where the file leaves it open: , or ."
    ),
]
YearOption = Annotated[str, typer.Option("--year", "-y", help="Fiscal year, such as FY2024.")]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--accept", help="What may lack, and why: 'in-quarantine=two small bills are disputed'."
    ),
]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine", help="Spark master such as spark://host:7077 or sc://host:15002; else embedded."
    ),
]
WORKERS_MAX = 256
HERE = Path()


def opened_at(workspace: Path) -> Any:
    """The workspace of a folder."""
    from abate.application.opening import open_workspace

    return open_workspace(workspace)


def names_of(text: str) -> tuple[str, ...]:
    """Names of a text with commas.

    Example:
        >>> names_of("main, hall-2,")
        ('main', 'hall-2')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def workers_of(text: str) -> int | str:
    """Processes of this machine, or the master of a cluster, as people write it.

    Raises:
        UsageError: `unknown-engine`.

    Example:
        >>> workers_of("2"), workers_of("spark://127.0.0.1:7077")
        (2, 'spark://127.0.0.1:7077')
    """
    if not text.isdecimal():
        return text
    if not 1 <= int(text) <= WORKERS_MAX:
        hint = f"Take 1 to {WORKERS_MAX} processes, or name a cluster."
        raise UsageError("unknown-engine", f"{text} is not a number of workers.", hint)
    return int(text)


def accepted_of(texts: list[str] | None) -> dict[str, str]:
    """Reason for each code that `--accept` names.

    Raises:
        UsageError: `bad-accept`.

    Example:
        >>> accepted_of(["in-quarantine=disputed"])
        {'in-quarantine': 'disputed'}
    """
    found = {}
    for text in texts or ():
        code, sign, reason = text.partition("=")
        if not sign or not reason.strip():
            raise UsageError(
                "bad-accept", f"'{text}' has no reason.", "Write it as 'in-quarantine=WHY'."
            )
        found[code.strip()] = reason.strip()
    return found
