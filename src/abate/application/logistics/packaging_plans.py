"""Packing as a plan: both sides as activities that the ledger values, and the price of carbon."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from abate.adapters.store.workspace import Workspace
from abate.application.logistics.packing import PackingSummary
from abate.application.logistics.stock import Packaging, site_names
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.organisation import Boundary
from abate.kernel.period import month_start
from abate.kernel.plan import Plan, Proof
from abate.kernel.units import in_kg
from abate.logistics.facts import Freight, Materials, packaging_activities
from abate.logistics.planners.packing import Packer

Placing: TypeAlias = Callable[[str, str], tuple[str, str]]
"""Gives the site's id and the month for the names that stand in a file."""


def carbon_priced(
    workspace: Workspace, *, site: str, month: str, materials: Materials | None = None
) -> str:
    """The objective of money in which what a carton emits costs the internal carbon price.

    A kilogram of board and of film is valued by the ledger's own methods, with what becomes of it,
    as a plan would be.

    Args:
        workspace: Whose price, factors and sites.
        site: Site whose region decides; the first where none is named.
        month: Month whose factors decide.
        materials: Ends of the materials.

    Returns:
        A weighting such as `cost=1,board=0.3,film=0.9`.

    Raises:
        UsageError: `no-carbon-price`, `no-site`, `no-month`, `plan-not-valued`.
    """
    import pyarrow as pa

    from abate.application.inventory.inputs import read_terms
    from abate.application.plans import value_sides, wholly_owned

    price = workspace.finance.carbon_price
    if price is None:
        raise UsageError(
            "no-carbon-price", "abate.toml has no carbon price.", "Add carbon_price to [finance]."
        )
    names = site_names(workspace)
    named = names.get(site, "") if site else next(iter(names.values()), "")
    if not named:
        raise UsageError("no-site", f"'{site}' is not a site of abate.toml.", "Give --site.")
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month) is None:
        raise UsageError("no-month", f"'{month}' is not a month.", "Give --month 2024-03.")
    year = workspace.calendar.year_of(month_start(month))
    ends = (materials or Materials()).ends
    sides = {}
    for name, item in (("board", "board"), ("film", "plastic-film")):
        rows = [{"kind": "purchased-goods", "item": item, "quantity": 1.0}]
        rows += [
            {"kind": "end-of-life", "item": end, "quantity": share}
            for of, end, share in ends
            if of == item
        ]
        common = {
            "site": named,
            "month": month,
            "unit": "kg",
            "basis": "planned",
            "fiscal_year": year,
        }
        sides[name] = pa.Table.from_pylist(
            [row | common | {"activity_id": k} for k, row in enumerate(rows, 1)]
        )
    terms = replace(read_terms(workspace, "", "", None), boundary=Boundary.OPERATIONAL)
    lines = value_sides(
        workspace, sides, wholly_owned(workspace.organisation), terms, name="carbon price"
    )
    kg = {
        name: in_kg(sum(line.co2e_mg for line in lines.values() if line.side == name))
        for name in sides
    }
    return "cost=1," + ",".join(f"{name}={mass * price / 1000:.6g}" for name, mass in kg.items())


def packaging_plan(
    workspace: Workspace,
    packer: Packer,
    tally: PackingSummary,
    *,
    plan_id: str,
    title: str,
    site: str,
    month: str,
    unit: str,
    packaging: Packaging | None = None,
) -> Plan:
    """Both sides of a packing as activities: what the warehouse uses now, and what the plan would.

    Args:
        workspace: Whose sites and fiscal year.
        packer: Cartons and objective.
        tally: What was packed.
        plan_id: Name of the plan.
        title: What it proposes.
        site: Site of orders that name none.
        month: Month of orders that name none.
        unit: Unit of the objective.
        packaging: Tape, filler and ends, scheme of circulating boxes, tariff, freight.

    Raises:
        UsageError: `no-baseline`, `no-site`, `no-month`.
    """
    if not tally.compared:
        raise UsageError(
            "no-baseline", "Nothing says what is used now.", "Choose --baseline volume or record."
        )
    names, told = site_names(workspace), packaging or Packaging()

    def place(own_site: str, own_month: str) -> tuple[str, str]:
        named, when = names.get(own_site or site, ""), own_month or month
        if not named:
            raise UsageError(
                "no-site",
                f"'{own_site or site}' is not a site of abate.toml.",
                "Give --site, or correct the column.",
            )
        if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", when) is None:
            raise UsageError(
                "no-month",
                f"'{when}' is not a month.",
                "Give --month 2024-03, or correct the column.",
            )
        return named, when

    sides = {
        "baseline": _side(workspace, packer, tally, told, place, tally.baseline, "baseline"),
        "proposed": _side(workspace, packer, tally, told, place, tally.proposed, "planned"),
    }
    costs = {c.id: c.cost for c in packer.cartons}
    change = sum(costs.get(c, 0.0) * n for (_, _, c), n in tally.proposed.items()) - sum(
        costs.get(c, 0.0) * n for (_, _, c), n in tally.baseline.items()
    )
    change += tally.postage["proposed"] - tally.postage["baseline"]
    proof = Proof(
        tally.cost,
        tally.bound,
        unit,
        packer.seed,
        f"{packer.effort}: {tally.proved} of {tally.orders} orders proved",
    )
    return Plan(
        plan_id,
        title,
        sides["baseline"],
        sides["proposed"],
        change,
        workspace.organisation.currency,
        proof,
    )


def _side(
    workspace: Workspace,
    packer: Packer,
    tally: PackingSummary,
    packaging: Packaging,
    place: Placing,
    counts: Counter[tuple[str, str, str]],
    basis: str,
) -> Any:
    """Activities of one side of a packing, as an Arrow table."""
    import pyarrow as pa

    name = "proposed" if basis == "planned" else "baseline"
    by_place: Counter[tuple[str, str, str]] = Counter()
    for (own_site, own_month, carton), count in counts.items():
        by_place[*place(own_site, own_month), carton] += count
    empty: dict[tuple[str, str], float] = {}
    for (own_site, own_month, side), litres in tally.filler_l.items():
        if side == name:
            at = place(own_site, own_month)
            empty[at] = empty.get(at, 0.0) + litres
    materials = packaging.materials or Materials()
    rows = packaging_activities(by_place, empty, packer.cartons, materials, packaging.scheme)
    if packaging.freight is not None:
        rows += _freight_rows(packaging.freight, tally, name, place)
    calendar = workspace.calendar
    for number, row in enumerate(rows, 1):
        row |= {
            "activity_id": number,
            "basis": basis,
            "fiscal_year": calendar.year_of(month_start(row["month"])),
        }
    return pa.Table.from_pylist(rows)


def _freight_rows(
    freight: Freight,
    tally: PackingSummary,
    side: str,
    place: Placing,
) -> list[Json]:
    """Transport of the parcels of a side, by site and month, in tonne-kilometres of gross mass.

    Source: ISO 14083:2023, clause 6.3 (transport activity as mass times distance).
    """
    by_place: dict[tuple[str, str], float] = {}
    for (site, month, of), kilograms in tally.gross_kg.items():
        if of == side:
            at = place(site, month)
            by_place[at] = by_place.get(at, 0.0) + kilograms
    return [
        {
            "kind": "upstream-freight",
            "item": freight.mode,
            "quantity": kilograms / 1000 * freight.distance_km,
            "unit": "tkm",
            "site": site,
            "month": month,
        }
        for (site, month), kilograms in sorted(by_place.items())
    ]
