"""The command line. Each command is thin: it opens the workspace, calls one function, prints.

Exit codes: 0 fine, 1 findings that block or a file that cannot be taken, 2 wrong use, or a disk or
store that fails.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import NoReturn

from typer.models import CommandInfo

from abate.application.catalogue import faces_of
from abate.faces.cli import (
    data,
    factors,
    figures,
    meters,
    organisation,
    runs,
    serving,
    upkeep,
)
from abate.faces.cli.app import app
from abate.kernel.errors import AbateError, IntegrityError, StoreError, UsageError

COMMANDS = (data, runs, figures, factors, *faces_of("cli"), meters, organisation, serving, upkeep)
"""Modules whose commands the app holds."""


def _run(words: list[str]) -> None:
    """Run what the words say; of a command that they name no other is built.

    For each takes milliseconds.
    """
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
    if sys.getfilesystemencoding() != "utf-8":  # else names of files would be lost
        os.environ["PYTHONUTF8"] = "1"
        module = __spec__.name if __spec__ else __name__
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])  # noqa: S606
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        _check_words(sys.argv[1:])
        _run(sys.argv[1:])
        sys.stdout.flush()
    except AbateError as error:
        _end(error)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the ledger is as it was.\n")
        sys.exit(130)
    except BrokenPipeError:  # who reads has enough, such as 'head'
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        _end(_unexpected(error))
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of an engine written in Rust
            raise
        _end(_unexpected(error))


def _check_words(words: list[str]) -> None:
    for word in words:
        if not _is_text(word):
            text = f"'{ascii(word)[1:-1]}' is not written in UTF-8."
            raise UsageError("bad-name", text, "Rename the file.")


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _end(error: AbateError) -> NoReturn:
    with suppress(OSError):
        sys.stderr.write(f"{error}\n")
    sys.exit(2 if isinstance(error, UsageError | StoreError | IntegrityError) else 1)


def _unexpected(error: BaseException) -> AbateError:
    """The disk's fault, or ours."""
    from abate.adapters.store.faults import fault_of

    if os.environ.get("ABATE_TRACEBACK"):
        traceback.print_exception(error)
    found = fault_of(error)
    if found is not None:
        return found
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
    text = (
        f"{type(error).__name__} at {place}:"
        f" {str(error).splitlines()[0][:200] if str(error) else ''}"
    )
    hint = (
        "This is a fault of Abate; the ledger is as it was. ABATE_TRACEBACK=1 shows all of it for a"
        " report."
    )
    return IntegrityError("internal", text, hint)


if __name__ == "__main__":
    main()
