"""Workspace: everything one can do with a ledger, from Python."""

from __future__ import annotations

from pathlib import Path

from abate.adapters.store.workspace import Workspace as Opened
from abate.application.inventory.figures import years
from abate.application.opening import create_workspace, open_workspace
from abate.faces.python.data import DataDoor
from abate.faces.python.energy import EnergyDoor
from abate.faces.python.factors import FactorDoor
from abate.faces.python.inventory import InventoryDoor
from abate.faces.python.logistics import LogisticsDoor
from abate.faces.python.statements import StatementDoor


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


class Workspace(DataDoor, InventoryDoor, FactorDoor, StatementDoor, EnergyDoor, LogisticsDoor):
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

    def __repr__(self) -> str:
        shown = ", ".join(self.years) or "no year valued yet"
        return f"Workspace {self.name!r} in {self.path}: {shown}"

    def _repr_html_(self) -> str:
        """As notebooks show it: the headlines of its latest year."""
        return self.latest(self.years[-1])._repr_html_() if self.years else repr(self)
