"""What one does with orders, cartons and plans."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from abate.adapters.store.workspace import Workspace as Opened
from abate.faces.clock import present
from abate.faces.python.data import file_of
from abate.faces.python.table import Table

if TYPE_CHECKING:
    from abate.application.logistics.fitting import OrderFit
    from abate.application.logistics.orders import Packed
    from abate.application.logistics.readback import ReadBack
    from abate.application.logistics.stock import SchemeValue
    from abate.application.plans import PlanShown
    from abate.logistics.planners.assorting import Design


class LogisticsDoor:
    """Orders, cartons and plans of a workspace."""

    _opened: Opened

    def plans(self) -> list[PlanShown]:
        """Plans: both sides, valued by the same methods and factors."""
        from abate.application.plans import plans

        return plans(self._opened)

    def pack(
        self,
        orders: Any,
        cartons: Any = None,
        *,
        output: str | Path | Sequence[str | Path] = (),
        objective: str = "fewest",
        effort: Literal["fast", "thorough", "proved"] = "fast",
        baseline: str = "volume",
        post: str = "",
        site: str = "",
        month: str = "",
        stock: bool = False,
        seconds: float = 0.0,
        into: str = "",
        labels: str | Path = "",
        lengths: str = "",
        masses: str = "",
    ) -> Packed:
        """Pack orders into cartons: the plan, its proof, and what is used now for comparison.

        Args:
            orders: Path of a file, or a table.
            cartons: Assortment as path or table; None where the file of orders holds it.
            output: Files to write: .jsonl, .json, .csv, .parquet, .html.
            objective: fewest, board, cost, volume, parcels, a weighting, or cost+carbon.
            effort: How long to search.
            baseline: What the warehouse does now: volume, volume=0.8, record or none.
            post: Name under which the plan is valued and kept.
            site: Site of orders that name none.
            month: Month of orders that name none, such as 2024-03.
            stock: Whether used cartons are as many as the workspace holds.
            seconds: After this time the orders that are left are packed the fast way.
            into: Containers and pallets in place of cartons: 20ft, 40ft, 40hc, eur-pallet.
            labels: Page to write, with a label to print for each parcel.
            lengths: Unit of lengths whose headers name none.
            masses: Unit of masses whose headers name none.

        Raises:
            DataError: Where orders or cartons cannot be read.
        """
        from abate.application.logistics.orders import PackTerms, pack_orders

        paths = [output] if isinstance(output, str | Path) else list(output)
        terms = PackTerms(
            objective=objective,
            effort=effort,
            baseline=baseline,
            post=post,
            site=site,
            month=month,
            stock=stock,
            seconds=seconds,
            containers=into,
            lengths=lengths,
            masses=masses,
        )
        with tempfile.TemporaryDirectory() as folder:
            return pack_orders(
                file_of(orders, Path(folder), "orders"),
                None if cartons is None else file_of(cartons, Path(folder), "cartons"),
                [Path(p) for p in paths],
                terms,
                workspace=self._opened,
                labels=Path(labels) if labels else None,
                now=present(),
            )

    def fit(
        self,
        items: Sequence[str | Mapping[str, Any]],
        cartons: Any,
        *,
        objective: str = "fewest",
        effort: Literal["fast", "thorough", "proved"] = "proved",
        lengths: str = "",
        masses: str = "",
    ) -> OrderFit:
        """Pack one order, and say of every carton whether it holds it, or what keeps it out.

        Args:
            items: Lines such as `190x140x50 mm 400 g x3`, or rows as in a file of orders.
            cartons: Assortment as path or table.
            objective: fewest, board, cost, volume, parcels, or a weighting.
            effort: How long to search.
            lengths: Unit of lengths whose columns name none.
            masses: Unit of masses whose columns name none.

        Raises:
            UsageError: `bad-item`, `bad-carton`.
        """
        from abate.application.logistics.fitting import fit_order, read_item
        from abate.application.logistics.orders import PackTerms

        rows = [read_item(i) if isinstance(i, str) else i for i in items]
        terms = PackTerms(objective=objective, effort=effort, lengths=lengths, masses=masses)
        with tempfile.TemporaryDirectory() as folder:
            return fit_order(rows, file_of(cartons, Path(folder), "cartons"), terms)

    def packed(self, plan: str | Path, actual: Any, cartons: Any = None) -> ReadBack:
        """Hold what was packed against a plan.

        Args:
            plan: The plan as JSON lines.
            actual: Order and carton, a row for each parcel; path or table.
            cartons: Assortment as path or table, for the mass of board.

        Raises:
            DataError: `plan-unreadable`, `packed-unreadable`.
        """
        from abate.application.logistics.readback import read_back

        with tempfile.TemporaryDirectory() as folder:
            return read_back(
                Path(plan),
                file_of(actual, Path(folder), "packed"),
                None if cartons is None else file_of(cartons, Path(folder), "cartons"),
            )

    def assort(
        self, orders: Any, cartons: Any = None, *, sizes: str = "1-20", objective: str = "board"
    ) -> list[Design]:
        """Design sizes of cartons from past orders, tested on orders that were kept back.

        Args:
            orders: Path of a file, or a table.
            cartons: The present assortment; None where the file of orders holds it.
            sizes: How many sizes: 12, or 1-20.
            objective: board, cost, volume, parcels, or a weighting.

        Raises:
            UsageError: `bad-count`.
        """
        from abate.application.logistics.assortments import counts_of, design_file

        with tempfile.TemporaryDirectory() as folder:
            return design_file(
                file_of(orders, Path(folder), "orders"),
                None if cartons is None else file_of(cartons, Path(folder), "cartons"),
                counts=counts_of(sizes),
                objective=objective,
            )[0]

    def reuse(self, packaging: str | Path, *, site: str, month: str) -> SchemeValue:
        """Say whether circulating boxes pay: how many are needed, and when they break even.

        Raises:
            UsageError: `no-scheme`.
        """
        from abate.application.logistics.stock import scheme_of, value_scheme

        scheme = scheme_of(Path(packaging))
        return value_scheme(self._opened, scheme, site=site, month=month)

    def move_stock(self, movements: Any) -> list[tuple[int, str, str]]:
        """Record movements of used and circulating cartons.

        Returns:
            Row, code and reason of each that was refused.
        """
        from abate.application.logistics.stock import record_movements, refused_of

        with tempfile.TemporaryDirectory() as folder:
            told = record_movements(self._opened, file_of(movements, Path(folder), "movements"))
        return refused_of(told)

    def stock(self) -> Table:
        """Used and circulating cartons by site: in stock, reserved, away, shipped, lost, worn."""
        from abate.application.logistics.stock import stock_rows

        return Table(stock_rows(self._opened))
