"""Workspace: everything one can do with a ledger, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abate.adapters.store.workspace import Workspace as Opened
from abate.application.inventory.figures import years
from abate.application.opening import create_workspace, open_workspace
from abate.application.workspaces.organisation import (
    SECTIONS,
    change_section,
    drop_item,
    former_configs,
    organisation_parts,
    put_item,
    restore_config,
)
from abate.faces.clock import present
from abate.faces.python.data import DataDoor
from abate.faces.python.energy import EnergyDoor
from abate.faces.python.factors import FactorDoor
from abate.faces.python.inventory import InventoryDoor
from abate.faces.python.logistics import LogisticsDoor
from abate.faces.python.lots import LotsDoor
from abate.faces.python.statements import StatementDoor
from abate.kernel.edges import Json


def open(path: str | Path = ".") -> Workspace:  # noqa: A001  (abate.open reads as what it does)
    """Open the workspace of a folder.

    Raises:
        NotFoundError: `no-workspace`.
        ConfigError: Where its `abate.toml` does not say what is needed.
    """
    return Workspace(open_workspace(path))


def create(
    path: str | Path,
    name: str = "",
    *,
    country: str = "",
    region: str = "",
    config: str = "",
) -> Workspace:
    """Make a workspace.

    Args:
        path: Folder to make.
        name: Name of the organisation.
        country: Country of its first site, which decides region, currency and fiscal year.
        region: Region of that site's grid, where the country has several.
        config: Text of the whole `abate.toml`, in place of the former three.

    Raises:
        ConfigError: `workspace-exists`, or where the text does not say what is needed.
        UsageError: `unknown-country`, `unknown-region`, `region-needed`.
    """
    from abate.application.workspaces.setup import init_workspace

    if config:
        return Workspace(create_workspace(path, config))
    return open(init_workspace(Path(path), name, country=country, region=region))


class Workspace(
    DataDoor, InventoryDoor, FactorDoor, StatementDoor, EnergyDoor, LotsDoor, LogisticsDoor
):
    """A workspace: a folder with `abate.toml` and a ledger.

    Every method is one use case, the same function as behind the command of that name. Times of
    entries are those of this machine's clock.

    Args:
        opened: The workspace as it was opened; see `abate.open` and `abate.create`.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._opened.root

    @property
    def name(self) -> str:
        """Name of the organisation."""
        return self._opened.organisation.name

    @property
    def years(self) -> list[str]:
        """Fiscal years that were valued, oldest first."""
        return years(self._opened)

    def organisation(self) -> Json:
        """Entities, sites, targets and measures, and settings, as `abate.toml` has them."""
        return organisation_parts(self._opened)

    def change(self, section: str, values: Mapping[str, Any], *, key: str = "") -> None:
        """Change the organisation; comments of `abate.toml` stay.

        Args:
            section: organisation, fiscal_year, inventory, base_year, finance, entities, sites,
                targets or measures.
            values: New values by key; an empty one takes a key out.
            key: Id of an entity, site or measure, or place of a target from 1; empty adds one.

        Raises:
            NotFoundError: `unknown-section`, `unknown-item`.
            UsageError: `unknown-key`, `id-stays`.
            ConfigError: Where the file would be wrong.
        """
        if section in SECTIONS:
            change_section(self._opened, section, values, now=present())
        else:
            put_item(self._opened, section, key, values, now=present())
        self._opened = open_workspace(self.path)

    def remove(self, section: str, key: str) -> None:
        """Remove an entity, site, target or measure that nothing stands on.

        Raises:
            NotFoundError: `unknown-section`, `unknown-item`.
            UsageError: `still-used`.
        """
        drop_item(self._opened, section, key, now=present())
        self._opened = open_workspace(self.path)

    def restore(self, name: str = "") -> None:
        """Take a change of the organisation back: the last one, or all since a former text.

        Args:
            name: Name of the former text; the newest where none is named.

        Raises:
            NotFoundError: `unknown-item`.
        """
        newest = next((f.name for f in former_configs(self._opened)), "")
        restore_config(self._opened, name or newest, now=present())
        self._opened = open_workspace(self.path)

    def __repr__(self) -> str:
        shown = ", ".join(self.years) or "no year valued yet"
        return f"Workspace {self.name!r} in {self.path}: {shown}"

    def _repr_html_(self) -> str:
        """As notebooks show it: the headlines of its latest year."""
        return self.latest(self.years[-1])._repr_html_() if self.years else repr(self)
