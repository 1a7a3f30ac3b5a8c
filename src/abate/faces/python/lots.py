"""What one does with lots: certificates by the hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from abate.adapters.store.workspace import Workspace as Opened
from abate.faces.clock import present
from abate.faces.python.table import Table

if TYPE_CHECKING:
    from abate.application.energy.lots import LotsChanged


class LotsDoor:
    """Lots of a workspace. Each change is an import, which `undo` takes back."""

    _opened: Opened

    def lots(self) -> Table:
        """Lots by device: what was issued, and where it is now."""
        from abate.application.energy.lots import lots

        return Table([asdict(d) for d in lots(self._opened)])

    def issue_lots(self, year: str, *plants: str) -> LotsChanged:
        """Issue lots of what the meters of plants show for a year; again only what is new.

        Args:
            year: Fiscal year.
            plants: Names; all of `energy.toml` where none are given.

        Raises:
            NotFoundError: `no-plant`.
        """
        from abate.application.energy.lots import issue_lots

        return issue_lots(self._opened, year, plants=plants, now=present())

    def add_lots(self, path: str | Path) -> LotsChanged:
        """Read lots that others issued: a registry's records, green certificates, a plain table.

        Args:
            path: CSV, XLSX or JSON.

        Raises:
            DataError: `bad-lots`, `already-loaded`, `used-twice`.
        """
        from abate.application.energy.lots import add_lots

        return add_lots(self._opened, Path(path), now=present())

    def deliver_lots(self, contract: str | Path, hours: str | Path) -> LotsChanged:
        """Record what a signed contract delivered by the hour; nothing before it was delivered.

        Args:
            contract: File of the contract, with begins, technology and seller.
            hours: Hours that were metered: time, kwh.

        Raises:
            UsageError: `contract-unsigned`, `no-certificates`.
            DataError: `bad-delivery`.
        """
        from abate.application.energy.lots import deliver_lots

        return deliver_lots(self._opened, Path(contract), Path(hours), now=present())

    def move_lots(
        self, to: str, *devices: str, since: str = "", until: str = "", kwh: float | None = None
    ) -> LotsChanged:
        """Give lots to somebody else, the earliest hours first.

        Args:
            to: Who receives them.
            devices: Of which; all where none are given.
            since: First moment.
            until: The one after the last.
            kwh: How much; all that is held then where it is None.

        Raises:
            NotFoundError: `no-lots`.
            UsageError: `not-enough-lots`.
        """
        from abate.application.energy.lots import move_lots

        spans = {"since": since, "until": until}
        return move_lots(self._opened, to, devices=devices, kwh=kwh, now=present(), **spans)

    def store_lots(self, storage: str, hours: str | Path, *, region: str = "") -> LotsChanged:
        """Record what a storage took in and gave back by the hour, with its origin.

        Args:
            storage: Its name.
            hours: File with time, charged_kwh, discharged_kwh.
            region: Where it stands.

        Raises:
            DataError: `bad-storage`.
        """
        from abate.application.energy.lots import store_lots

        return store_lots(self._opened, storage, Path(hours), region=region, now=present())

    def claim_lots(
        self,
        year: str,
        *,
        basis: Literal["hourly", "monthly"] = "hourly",
        first: Sequence[str] = (),
    ) -> LotsChanged:
        """Match the hours of a year and retire the lots that were matched, all or none.

        Args:
            year: Fiscal year.
            basis: `hourly`, or `monthly`: all hours of a month as one.
            first: Sites that are served before others.

        Raises:
            NotFoundError: `no-meter`.
            DataError: `lots-changed`.
        """
        from abate.application.energy.lots import claim_year

        return claim_year(self._opened, year, basis=basis, first=first, now=present())

    def export_lots(self, path: str | Path) -> int:
        """Write all lots where they stand, in EnergyTag's terms, and give how many bundles.

        Args:
            path: `.csv` or `.json`.

        Raises:
            UsageError: `unknown-output`.
        """
        from abate.application.energy.lots import export_lots

        return export_lots(self._opened, Path(path))
