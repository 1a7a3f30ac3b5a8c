"""The command line. Each command is thin: it opens the workspace, calls one function, prints.

Exit codes: 0 fine, 1 findings that block, 2 wrong use.
"""

from __future__ import annotations

import sys

from abate.adapters.cli import data, disclosure, factors, figures, forecasting, packing, serving, valuing
from abate.adapters.cli.app import app
from abate.kernel.errors import AbateError, UsageError

COMMANDS = (data, valuing, figures, factors, packing, forecasting, disclosure, serving)
"""Modules whose commands the app holds."""


def main() -> None:
    """Run the command line; errors become one line and an exit code."""
    try:
        app()
    except AbateError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the ledger is as it was.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
