"""What one does with factors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from abate.adapters.store.workspace import Workspace as Opened
from abate.application.inventory.figures import Figures
from abate.faces.clock import present
from abate.faces.python.table import Table
from abate.kernel.edges import Json

if TYPE_CHECKING:
    from abate.application.factors import FactorImport


class FactorDoor:
    """Factors of a workspace."""

    _opened: Opened

    def factors(self, *words: str) -> Table:
        """Factors that hold all of the words, the newest data first."""
        from abate.application.factors import FactorIndex

        return Table(FactorIndex(self._opened).search(list(words)))

    def factor(self, factor_id: str) -> Json:
        """A factor: values, source, other editions and years, and where it is used.

        Raises:
            NotFoundError: `unknown-factor`.
        """
        from abate.application.factors import FactorIndex, where_used

        with Figures(self._opened) as ledger:
            told = FactorIndex(self._opened).show(factor_id)
            return told | {"used": where_used(ledger, factor_id)}

    def import_factors(self, path: str | Path, *, publisher: str = "") -> FactorImport:
        """Import a publisher's file of factors through the gates.

        Raises:
            DataError: Where no publisher's reader knows the file.
        """
        from abate.application.factors import import_factors

        return import_factors(self._opened, Path(path), now=present(), publisher=publisher)

    def factor_findings(self) -> Table:
        """What the gates found in publishers' files when they were imported."""
        from abate.application.factors import gate_findings

        return Table(gate_findings(self._opened))

    def add_factor(
        self,
        kind: str,
        item: str,
        value: str,
        unit: str,
        *,
        region: str,
        source: str,
        species: str = "",
        year: int | None = None,
        basis: Literal["direct", "upstream", "life-cycle"] = "direct",
        gwp_set: str = "",
    ) -> str:
        """Add one value to the factor book: a supplier's rate, the heating value of a gas bill.

        Args:
            kind: Kind of activity, such as `electricity`.
            item: What it is of, such as `supplier-mix`.
            value: The value as it is printed.
            unit: Its unit, such as `kg CO2e/kWh`.
            region: Where it holds, such as IT or US-CAMX.
            source: Where it is printed.
            species: Gas; CO2e of no named gas where it is empty.
            year: Year of the data.
            basis: What of the life cycle it covers.
            gwp_set: Global warming potentials of a CO2e value.

        Returns:
            The import, which can be undone.

        Raises:
            UsageError: Where a value cannot be taken.
        """
        from abate.application.factors import add_factor

        return add_factor(
            self._opened,
            kind,
            item,
            value,
            unit,
            region=region,
            source=source,
            now=present(),
            species=species,
            year=year,
            basis=basis,
            gwp_set=gwp_set,
        ).import_id
