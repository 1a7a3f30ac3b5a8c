"""Workspace: a folder with `abate.toml`, its tables, its raw files and its mappings."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from abate.adapters.store.delta import Store
from abate.kernel.errors import ConfigError, NotFoundError
from abate.kernel.organisation import Boundary, Entity, Organisation, Ownership, Site
from abate.kernel.period import FiscalCalendar
from abate.kernel.species import GWP_SETS

CONFIG = "abate.toml"


@dataclass(frozen=True)
class Workspace:
    """An opened workspace.

    Args:
        root: Its folder.
        organisation: Entities and sites.
        calendar: Fiscal years.
        boundary: Default consolidation approach.
        gwp_set: Default GWP set.
    """

    root: Path
    organisation: Organisation
    calendar: FiscalCalendar
    boundary: Boundary
    gwp_set: str

    @cached_property
    def store(self) -> Store:
        """Its tables."""
        return Store(self.root / "ledger")

    @property
    def raw(self) -> Path:
        """Copies of the imported files, named by their hash."""
        return self.root / "raw"

    @property
    def evidence(self) -> Path:
        """Attached documents, named by their hash."""
        return self.root / "evidence"

    @property
    def mappings(self) -> Path:
        """Saved column mappings."""
        return self.root / "mappings"

    @cached_property
    def names(self) -> dict[str, str]:
        """Site or entity for each name found in files, folded."""
        names: dict[str, str] = {}
        for site in self.organisation.sites:
            for name in (site.id, site.name, *site.aliases):
                names[fold(name)] = site.id
        for entity in self.organisation.entities:
            for name in (entity.id, entity.name):
                names.setdefault(fold(name), entity.id)
        return names


def fold(name: str) -> str:
    """A name without case, spaces and hyphens, for comparing what people type.

    Example:
        >>> fold("Zhangbei 1") == fold("zhangbei-1")
        True
    """
    return "".join(ch for ch in name.casefold() if ch not in " -_　")


def open_workspace(path: Path | str) -> Workspace:
    """Open the workspace of a folder.

    Raises:
        NotFoundError: `no-workspace` where the folder has no `abate.toml`.
        ConfigError: Where the file does not say what is needed.
    """
    root = Path(path).resolve()
    config = root / CONFIG
    if not config.is_file():
        raise NotFoundError(
            "no-workspace",
            f"No {CONFIG} in {root.name or root}.",
            "Make one with 'abate init DIR', or give --workspace.",
        )
    try:
        data = tomllib.loads(config.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("bad-toml", f"{CONFIG}: {error}.", "Mend the file.") from error
    return read_config(root, data)


def create_workspace(path: Path | str, config: str) -> Workspace:
    """Make a workspace from the text of its `abate.toml`.

    Raises:
        ConfigError: `workspace-exists`, or where the text does not say what is needed.
    """
    root = Path(path).resolve()
    if (root / CONFIG).exists():
        raise ConfigError("workspace-exists", f"{root.name} has an {CONFIG} already.", "Choose another folder.")
    read_config(root, tomllib.loads(config))
    for folder in ("raw", "evidence", "mappings", "ledger"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    Store(root / "ledger").create()
    (root / CONFIG).write_text(config, encoding="utf-8")
    return open_workspace(root)


def read_config(root: Path, data: dict[str, Any]) -> Workspace:
    """Build a workspace from the parsed `abate.toml`.

    Raises:
        ConfigError: `bad-config`, `bad-organisation`, `bad-fiscal-year`.
    """
    unknown = set(data) - {"organisation", "fiscal_year", "inventory", "entities", "sites"}
    if unknown:
        raise ConfigError("bad-config", f"Unknown sections: {', '.join(sorted(unknown))}.", "See docs/start.md.")
    try:
        about = data.get("organisation", {})
        inventory = data.get("inventory", {})
        year = data.get("fiscal_year", {})
        organisation = Organisation(
            name=about["name"],
            entities=tuple(_entity(e) for e in data.get("entities", [])),
            sites=tuple(_site(s) for s in data.get("sites", [])),
            currency=about.get("currency", "CNY"),
        )
        workspace = Workspace(
            root=root,
            organisation=organisation,
            calendar=FiscalCalendar(year.get("start_month", 1), year.get("named_after", "end")),
            boundary=Boundary(inventory.get("boundary", "operational")),
            gwp_set=inventory.get("gwp", "AR6"),
        )
    except KeyError as error:
        raise ConfigError("bad-config", f"{CONFIG} lacks {error}.", "See docs/start.md.") from error
    except (ValueError, TypeError) as error:
        raise ConfigError("bad-config", f"{CONFIG}: {error}.", "See docs/start.md.") from error
    if workspace.gwp_set not in GWP_SETS:
        raise ConfigError("bad-config", f"gwp is '{workspace.gwp_set}'.", f"Choose one of {', '.join(GWP_SETS)}.")
    return workspace


def _entity(data: dict[str, Any]) -> Entity:
    held = tuple(
        sorted((Ownership(_day(o["since"]), float(o["share"])) for o in data.get("ownership", [])), key=_since)
    )
    if any(not 0 <= o.share <= 1 for o in held):
        raise ValueError(f"ownership of '{data['id']}' is not between 0 and 1")
    return Entity(
        data["id"],
        data.get("name", data["id"]),
        data.get("parent", ""),
        held,
        bool(data.get("operational_control", True)),
        bool(data.get("financial_control", True)),
    )


def _since(held: Ownership) -> date:
    return held.since


def _site(data: dict[str, Any]) -> Site:
    return Site(
        data["id"],
        data.get("name", data["id"]),
        data["entity"],
        data["region"],
        data.get("type", ""),
        _day(data["opened"]) if "opened" in data else None,
        _day(data["closed"]) if "closed" in data else None,
        tuple(data.get("aliases", [])),
        tuple(data.get("expects", [])),
        tuple(data.get("buildings", [])),
    )


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value))


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
