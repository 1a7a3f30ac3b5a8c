"""Texts of the organisation for its report, from its workspace."""

from __future__ import annotations

from pathlib import Path

from abate.adapters.store.workspace import Workspace
from abate.disclosure.narrative import FOLDER, Narrative, read_narrative
from abate.kernel.errors import ConfigError

BYTES_MAX = 200_000
FILES_MAX = 200


def narratives(workspace: Workspace, lang: str) -> list[Narrative]:
    """Texts of the folder `chapters` in a language, in the order of their names.

    A text without language in its name is used in every one.

    Raises:
        ConfigError: `bad-chapter`.
    """
    folder = workspace.root / FOLDER
    files = sorted(folder.glob("*.md")) if folder.is_dir() else []
    if len(files) > FILES_MAX:
        raise ConfigError(
            "bad-chapter", f"{FOLDER} holds {len(files)} texts.", f"Keep {FILES_MAX} at most."
        )
    told = [read_narrative(path.name, _content(path)) for path in files]
    return [n for n in told if n.lang in ("", lang)]


def _content(path: Path) -> str:
    if path.stat().st_size > BYTES_MAX:
        raise ConfigError(
            "bad-chapter",
            f"{FOLDER}/{path.name} is larger than {BYTES_MAX:,} bytes.",
            "Split the text.",
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            "bad-chapter", f"{FOLDER}/{path.name} is no UTF-8.", "Save it as UTF-8."
        ) from error
