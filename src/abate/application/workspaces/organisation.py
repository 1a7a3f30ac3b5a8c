"""The organisation as `abate.toml` describes it, changed piece by piece.

Comments and order of the file stay. A change that leaves the file wrong is refused before it is
written; what it replaces is kept, and can be taken back.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from abate.adapters.store.keys import (
    CONFIG,
    BaseYearKeys,
    EntityKeys,
    FinanceKeys,
    FiscalYearKeys,
    InventoryKeys,
    MeasureKeys,
    OrganisationKeys,
    SiteKeys,
    TargetKeys,
)
from abate.adapters.store.schema import HINT, parsed
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import write_whole
from abate.application.opening import read_config
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "organisation": OrganisationKeys,
    "fiscal_year": FiscalYearKeys,
    "inventory": InventoryKeys,
    "base_year": BaseYearKeys,
    "finance": FinanceKeys,
}
"""Sections of which there is one."""
LISTS: dict[str, type[msgspec.Struct]] = {
    "entities": EntityKeys,
    "sites": SiteKeys,
    "targets": TargetKeys,
    "measures": MeasureKeys,
}
"""Sections that are lists; what has an id is found by it, a target by its place from 1."""
DAYS = ("opened", "closed", "bought", "sold", "since")
"""Keys that hold days."""
HISTORY = "config-history"
"""Folder of former texts of `abate.toml`."""
HISTORY_MAX = 200
KEPT_NAME = re.compile(r"\d{8}T\d{6}-\d{5}\.toml")


@dataclass(frozen=True, slots=True)
class FormerConfig:
    """A text of `abate.toml` that a change replaced.

    Args:
        name: Its file, by which it is restored.
        replaced_at: When it was replaced.
        change: What was changed.
    """

    name: str
    replaced_at: datetime
    change: str


def organisation_parts(workspace: Workspace) -> Json:
    """What `abate.toml` says of the organisation, by section; defaults where it says nothing."""
    held = tomllib.loads((workspace.root / CONFIG).read_text(encoding="utf-8"))
    told: Json = {}
    for name, kind in SECTIONS.items():
        told[name] = msgspec.to_builtins(msgspec.convert(held[name], kind)) if name in held else {}
    for name, kind in LISTS.items():
        told[name] = [msgspec.to_builtins(msgspec.convert(x, kind)) for x in held.get(name, [])]
    return told


def change_section(
    workspace: Workspace, section: str, values: Mapping[str, Any], *, now: datetime
) -> None:
    """Change keys of a section; an empty value takes a key out.

    Args:
        workspace: Whose configuration.
        section: One of `SECTIONS`.
        values: New values by key.
        now: When.

    Raises:
        NotFoundError: `unknown-section`.
        UsageError: `unknown-key`.
        ConfigError: Where the file would be wrong.
    """
    kind = _known(section, SECTIONS)
    with _edited(workspace, f"[{section}] {', '.join(values)}", now) as document:
        table = document.get(section)
        if table is None:
            table = document[section] = tomlkit.table()
        _fill(table, values, kind)
        if not table and section not in ("organisation",):
            del document[section]


def put_item(
    workspace: Workspace, section: str, key: str, values: Mapping[str, Any], *, now: datetime
) -> None:
    """Change an item of a list, or add one where the key is empty.

    Args:
        workspace: Whose configuration.
        section: One of `LISTS`.
        key: Id of the item, or its place from 1; empty for a new one.
        values: Values by key; an empty one takes a key out. An id is given once: files use it.
        now: When.

    Raises:
        NotFoundError: `unknown-section`, `unknown-item`.
        UsageError: `unknown-key`, `id-stays`.
        ConfigError: Where the file would be wrong.
    """
    kind = _known(section, LISTS)
    told = key or str(values.get("id", "")) or "new"
    with _edited(workspace, f"[[{section}]] {told}", now) as document:
        items = document.get(section)
        if items is None:
            items = document[section] = tomlkit.aot()
        item = _item(items, section, key) if key else _new_item(items, section)
        if key and "id" in values and "id" in item and values["id"] != item["id"]:
            raise UsageError(
                "id-stays", f"'{item['id']}' keeps its id: files use it.", "Change its name."
            )
        _fill(item, values, kind)


def drop_item(workspace: Workspace, section: str, key: str, *, now: datetime) -> None:
    """Take an item out of a list.

    Raises:
        NotFoundError: `unknown-section`, `unknown-item`.
        UsageError: `still-used` where rows of the ledger name it.
        ConfigError: Where the file would be wrong.
    """
    _known(section, LISTS)
    with _edited(workspace, f"[[{section}]] {key} removed", now) as document:
        items = document.get(section, tomlkit.aot())
        item = _item(items, section, key)
        if section in ("sites", "entities") and _is_used(workspace, str(item["id"])):
            raise UsageError(
                "still-used",
                f"Rows of the ledger name '{item['id']}'.",
                "Give it a last day (closed) instead, or undo its imports first.",
            )
        items.remove(item)
        if not items:
            del document[section]


def former_configs(workspace: Workspace) -> list[FormerConfig]:
    """Former texts of `abate.toml`, the newest first."""
    found = []
    for path in reversed(_kept(workspace)):
        stamp, _, _ = path.name.partition("-")
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        found.append(
            FormerConfig(
                path.name,
                datetime.strptime(stamp, "%Y%m%dT%H%M%S"),
                first.removeprefix("# before: "),
            )
        )
    return found


def restore_config(workspace: Workspace, name: str, *, now: datetime) -> None:
    """Bring a former text of `abate.toml` back; the present one is kept as well.

    Raises:
        NotFoundError: `unknown-item`.
        ConfigError: Where the text does not fit this version.
    """
    if name not in {f.name for f in former_configs(workspace)}:
        raise NotFoundError("unknown-item", f"There is no '{name}'.", "See the list of changes.")
    text = (workspace.root / HISTORY / name).read_text(encoding="utf-8").partition("\n")[2]
    with workspace.store.lock():
        _keep(workspace, text, f"back to {name}", now)


def _kept(workspace: Workspace) -> list[Path]:
    """Former texts, oldest first; other files in the folder are none of ours."""
    found = (workspace.root / HISTORY).glob("*.toml")
    return sorted(p for p in found if KEPT_NAME.fullmatch(p.name))


def _known(section: str, sections: Mapping[str, type[msgspec.Struct]]) -> type[msgspec.Struct]:
    if section not in sections:
        raise NotFoundError(
            "unknown-section", f"No section '{section}'.", f"One of: {', '.join(sections)}."
        )
    return sections[section]


@contextmanager
def _edited(workspace: Workspace, change: str, now: datetime) -> Iterator[tomlkit.TOMLDocument]:
    """The file as it stands, to be changed by one at a time; written where no error is raised."""
    with workspace.store.lock():
        document = tomlkit.parse((workspace.root / CONFIG).read_text(encoding="utf-8"))
        yield document
        _keep(workspace, tomlkit.dumps(document), change, now)


def _item(items: Any, section: str, key: str) -> Any:
    for place, item in enumerate(items, 1):
        if key == (str(item["id"]) if "id" in item else str(place)):
            return item
    raise NotFoundError("unknown-item", f"No '{key}' in {section}.", "See the list.")


def _new_item(items: Any, section: str) -> Any:
    if not isinstance(items, AoT):
        raise UsageError(
            "list-in-a-line",
            f"abate.toml writes {section} as a list in a line.",
            f"Write each as a block [[{section}]] first.",
        )
    items.append(tomlkit.table())
    return items[-1]


def _fill(table: Any, values: Mapping[str, Any], kind: type[msgspec.Struct]) -> None:
    for key, value in values.items():
        if key not in kind.__struct_fields__:
            raise UsageError(
                "unknown-key", f"No key '{key}'.", f"One of: {', '.join(kind.__struct_fields__)}."
            )
        if value in ("", None, [], {}):
            table.pop(key, None)
            continue
        try:
            table[key] = _toml(key, value)
        except (TOMLKitError, TypeError, ValueError) as error:
            raise UsageError(
                "bad-value", f"{key} cannot be written: {str(error)[:200]}", HINT
            ) from error


def _toml(key: str, value: Any) -> Any:
    """A value as the file writes it: days as days, a share of ownership as a table in a line."""
    if isinstance(value, str) and key in DAYS:
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value  # the check of the file says what is wrong
    if isinstance(value, list):
        return [_toml(key, v) for v in value]
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        inline.update({k: _toml(k, v) for k, v in value.items()})
        return inline
    return value


def _is_used(workspace: Workspace, name: str) -> bool:
    with workspace.store.connect("activities") as con:
        found = con.execute("select 1 from activities where site = ? limit 1", [name]).fetchone()
    return found is not None


def _keep(workspace: Workspace, text: str, change: str, now: datetime) -> None:
    """Check a text, keep the one it replaces, and put it in place."""
    read_config(workspace.root, parsed(text, CONFIG, "bad-config", HINT), text=text)
    path, folder = workspace.root / CONFIG, workspace.root / HISTORY
    former = path.read_text(encoding="utf-8")
    if former == text:
        return
    kept = _kept(workspace)
    number = int(kept[-1].stem.rpartition("-")[2]) + 1 if kept else 1
    about = " ".join(change.split())[:200]
    name = f"{now:%Y%m%dT%H%M%S}-{number:05d}.toml"
    write_whole(folder / name, f"# before: {about}\n{former}")
    for old in kept[: max(0, len(kept) + 1 - HISTORY_MAX)]:
        old.unlink()
    write_whole(path, text)
