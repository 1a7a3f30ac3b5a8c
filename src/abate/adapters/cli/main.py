"""The command line. Each command is thin: it opens the workspace, calls one function, prints.

Exit codes: 0 fine, 1 findings that block, 2 wrong use.
"""

from __future__ import annotations

import sys
from copy import copy

from typer.models import CommandInfo

from abate.adapters.cli import data, disclosure, factors, figures, forecasting, keeping, packing, serving, valuing
from abate.adapters.cli.app import app
from abate.kernel.errors import AbateError, UsageError

COMMANDS = (data, valuing, figures, factors, packing, forecasting, disclosure, serving, keeping)
"""Modules whose commands the app holds."""


def _run(words: list[str]) -> None:
    """Run what the words say; of a command that they name no other is built, for each takes milliseconds."""
    named = [c for c in app.registered_commands if c.callback and words[:1] == [_name_of(c)]]
    if named:
        alone = copy(app)
        alone.registered_commands, alone.registered_groups = named, []
        alone(args=words[1:], prog_name=f"abate {words[0]}")
    else:
        app(args=words)


def _name_of(command: CommandInfo) -> str:
    return command.name or getattr(command.callback, "__name__", "").replace("_", "-")


def main() -> None:
    """Run the command line; errors become one line and an exit code."""
    try:
        _run(sys.argv[1:])
    except AbateError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the ledger is as it was.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
