"""Open a workspace, or make one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from abate.adapters.store import config as store_config
from abate.adapters.store.config import Known
from abate.adapters.store.delta import FORMAT, Store
from abate.adapters.store.keys import (
    CONFIG,
)
from abate.adapters.store.schema import parsed, toml_text
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import write_whole
from abate.application.catalogue import FIGURES, KINDS
from abate.kernel.edges import Json
from abate.kernel.errors import ConfigError, NotFoundError
from abate.kernel.tables import NAMES

KNOWN = Known(frozenset(KINDS), FIGURES)


def read_config(root: Path, data: Json, *, text: str = "", strict: bool = True) -> Workspace:
    """Build a workspace from the parsed `abate.toml`.

    With the names that the installed systems know.

    Args:
        root: Its folder.
        data: The file's content, or what a run kept of it.
        text: The file's text, to name the line of a fault.
        strict: Whether everything is checked; of what a run kept, only what a figure needs.

    Raises:
        ConfigError: `bad-config`, `bad-organisation`, `bad-programme`, `bad-base-year`.
    """
    return store_config.read_config(root, data, KNOWN, text=text, strict=strict)


def open_workspace(path: Path | str, *, of_any_age: bool = False) -> Workspace:
    """Open the workspace of a folder.

    Args:
        path: The folder.
        of_any_age: Also one whose tables an older version made, to upgrade it.

    Raises:
        NotFoundError: `no-workspace` where the folder has no `abate.toml`.
        ConfigError: Where the file does not say what is needed; `older-workspace`,
            `newer-workspace`, `no-ledger`.
    """
    root = Path(path).resolve()
    config = root / CONFIG
    if not config.is_file():
        raise NotFoundError(
            "no-workspace",
            f"No {CONFIG} in {root.name or root}.",
            "Make one with 'abate init DIR', or give --workspace.",
        )
    text = toml_text(config, "bad-toml", "Correct the file.")
    workspace = read_config(root, parsed(text, CONFIG, "bad-toml", "Correct the file."), text=text)
    age = workspace.store.format
    if age == 0:  # a configuration that was copied: its ledger begins empty
        if (root / "raw").is_dir() and any((root / "raw").iterdir()):
            hint = "Mount or restore it; an empty one would show nothing."
            raise ConfigError(
                "no-ledger", "The workspace's ledger is not there, but its files are.", hint
            )
        _folders(root)
    elif age > FORMAT:
        raise ConfigError(
            "newer-workspace",
            "A newer version of Abate wrote this workspace.",
            "Install that version.",
        )
    elif age < FORMAT and not of_any_age:
        hint = "Back it up, then: abate store upgrade."
        raise ConfigError(
            "older-workspace", "An older version of Abate wrote this workspace.", hint
        )
    elif any(not (workspace.store.root / name).is_dir() for name in NAMES):
        workspace.store.create()  # tables that came with this version
    return workspace


def _folders(root: Path) -> None:
    for folder in ("raw", "evidence", "mappings", "ledger"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    store = Store(root / "ledger")
    store.create()
    store.mark()


def create_workspace(
    path: Path | str, config: str, *, fill: Callable[[Workspace], object] = lambda _: None
) -> Workspace:
    """Make a workspace from the text of its `abate.toml`, which is written last.

    Until then the folder is none.

    Args:
        path: Folder to make.
        config: The text.
        fill: Writes further files of the workspace.

    Raises:
        ConfigError: `workspace-exists`, or where the text does not say what is needed.
    """
    root = Path(path).resolve()
    if (root / CONFIG).exists():
        raise ConfigError(
            "workspace-exists", f"{root.name} has an {CONFIG} already.", "Choose another folder."
        )
    workspace = read_config(
        root, parsed(config, CONFIG, "bad-toml", "Correct the text."), text=config
    )
    _folders(root)
    fill(workspace)
    write_whole(root / CONFIG, config)
    return open_workspace(root)
