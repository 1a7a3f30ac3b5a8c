"""Contracts valued side by side, with what they do to the inventory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.contract_files import read_contract, read_market
from abate.adapters.store.workspace import Workspace
from abate.application.energy.dispatches import electricity_of
from abate.application.inventory.inputs import read_terms
from abate.application.plans import value_sides
from abate.disclosure.energy_charts import distribution_chart
from abate.energy.planners.contracts import ContractValue, Futures, value_contracts
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.units import in_t

CONTRACTS_MAX = 20
BINS = 60


@dataclass(frozen=True, slots=True)
class Tonnes:
    """Emissions of a year of the buyer's load.

    Args:
        id: Contract.
        location: By the grid; no contract changes it.
        market_without: By contracts and the residual mix, without this one.
        market_with: With it: what it delivers in the year, up to the load, counts as its own.
    """

    id: str
    location: float
    market_without: float
    market_with: float


@dataclass(frozen=True, slots=True)
class ContractsCompared:
    """Contracts over the same draws.

    Args:
        currency: Of all of them.
        values: What each is worth.
        futures: What was drawn.
        years: Years of the market that were drawn from.
        tonnes: Of each, where a site was named.
    """

    currency: str
    values: tuple[ContractValue, ...]
    futures: Futures
    years: int
    tonnes: tuple[Tonnes, ...] = ()

    @property
    def json(self) -> Json:
        """As machines get it, without the paths."""
        names = [f.name for f in fields(ContractValue) if f.name != "npv"]
        rows = [{n: _known(getattr(value, n)) for n in names} for value in self.values]
        return {
            "currency": self.currency,
            "futures": asdict(self.futures),
            "market_years": self.years,
            "contracts": rows,
            "tonnes": [asdict(t) for t in self.tonnes],
        }

    @property
    def charts(self) -> list[Json]:
        """Distribution of the net present value of each."""
        every = np.concatenate([v.npv for v in self.values])
        first, last = (float(v) for v in np.quantile(every, [0.001, 0.999]))
        edges = np.linspace(first, max(last, first + 1.0), BINS + 1)
        rows = []
        for value in self.values:
            counts, _ = np.histogram(value.npv, edges)
            for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
                share = float(count) / len(value.npv)
                rows.append({"contract": value.id, "value": float(low + high) / 2, "share": share})
        return [distribution_chart(rows, self.currency)]


def _known(value: Any) -> Any:
    """A value, or None where there is none."""
    return None if isinstance(value, float) and math.isnan(value) else value


def compare_contracts(
    paths: Sequence[Path],
    market: Path,
    futures: Futures,
    *,
    zone: str = "UTC",
    workspace: Workspace | None = None,
    site: str = "",
) -> ContractsCompared:
    """Value contracts over the same draws of a market.

    Args:
        paths: Files of contracts.
        market: Hours of price, generation and load.
        futures: How many paths, and how prices move.
        zone: Clock of the market's times without an offset.
        workspace: Whose methods and factors value the load.
        site: Site whose load it is; without one there are no tonnes.

    Raises:
        UsageError: `bad-contract`, `bad-futures`, `currencies-differ`, `no-contract`,
            `plan-not-valued`.
        DataError: `bad-market-file`.
    """
    if not 0 < len(paths) <= CONTRACTS_MAX:
        text = f"{len(paths)} contracts."
        raise UsageError("no-contract", text, f"Name 1 to {CONTRACTS_MAX} files.")
    read = [read_contract(p) for p in paths]
    money = {currency for _, currency in read}
    if len(money) > 1:
        text = f"Their currencies differ: {', '.join(sorted(money))}."
        raise UsageError("currencies-differ", text, "Write all in one.")
    told, months = read_market(market, zone=zone)
    values = tuple(value_contracts([c for c, _ in read], told, futures))
    tonnes: tuple[Tonnes, ...] = ()
    if workspace is not None and site:
        load_kwh = float(told.load_kw.sum(axis=1).mean())
        tonnes = tuple(_tonnes(workspace, site, v, load_kwh, months[1]) for v in values)
    return ContractsCompared(money.pop(), values, futures, len(told.price), tonnes)


def _tonnes(
    workspace: Workspace, site: str, value: ContractValue, load_kwh: float, month: str
) -> Tonnes:
    """Emissions of a year of load by the methods and factors of a month."""
    left = max(load_kwh * (1.0 - value.clean_share_year), 0.0)
    sides = {
        name: electricity_of(workspace, site, {month: kwh}, "planned")
        for name, kwh in (("without", load_kwh), ("with", left))
    }
    lines = value_sides(
        workspace,
        sides,
        workspace.organisation,
        read_terms(workspace, "", "", None),
        name="contracts",
    )

    def of(side: str, view: str) -> float:
        mine = [x for x in lines.values() if (x.side, x.scope, x.view) == (side, "2", view)]
        return float(in_t(sum(x.co2e_mg for x in mine)))

    return Tonnes(
        value.id, of("without", "location"), of("without", "market"), of("with", "market")
    )
