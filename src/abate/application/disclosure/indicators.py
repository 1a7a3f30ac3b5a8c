"""Values of indicators, year by year, from rollups, instruments, plans, transfers and what was stated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import default_factors
from abate.application.disclosure.neutrality import credits_of
from abate.application.disclosure.stated_figures import published
from abate.application.ecosystem.programmes import withheld
from abate.application.inventory.figures import Figures, Run, Value, run_of
from abate.application.inventory.inputs import factor_imports, load_factors
from abate.application.inventory.lacks import Lack
from abate.application.plans import plans
from abate.disclosure.indicators import EXTRAS, NUCLEAR, RENEWABLE, Indicator, indicators
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.matching import FactorBook, FactorQuery
from abate.kernel.tables import StatedFigureRow

WITHHELD = "withheld: see 'abate programmes'"
MATERIAL = frozenset({"purchased-goods"})
"""Kinds of a packing plan's lines that are material itself, not what becomes of it."""


@dataclass(frozen=True, slots=True)
class IndicatorValue:
    """An indicator in a year.

    Args:
        indicator: Its line of the catalogue.
        year: Fiscal year.
        value: In its unit; None where something it needs is missing.
        unit: Unit, with the organisation's currency.
        origin: The run, or who stated it where.
        status: Status of the run: draft, published or restated; `stated` where it is not computed;
            `withheld` where it may not be made public.
        missing: Names of the formula that have no value.
        without: Figures it should hold and that have no row or are not assessed.
    """

    indicator: Indicator
    year: str
    value: float | None
    unit: str
    origin: str
    status: str
    missing: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    incomplete: tuple[Lack, ...] = ()

    @property
    def lacking(self) -> str:
        """What it lacks, for people; empty where it is whole."""
        return self.lacking_in(str)

    def lacking_in(self, t: Callable[[str], str]) -> str:
        """What it lacks in a language, by what brings English to it."""
        return "; ".join([*self.without, *(x.told(t) for x in self.incomplete)])

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "indicator": self.indicator.id,
            "title": self.indicator.title,
            "year": self.year,
            "value": self.value,
            "unit": self.unit,
            "formula": self.indicator.formula or None,
            "origin": self.origin,
            "status": self.status,
            "missing": list(self.missing),
            "without": list(self.without),
            "incomplete": [x.json for x in self.incomplete],
            "references": [f"{f} {i}" for f, i in self.indicator.references],
        }


def indicator_values(
    workspace: Workspace, years: Sequence[str], names: Sequence[str] = ()
) -> dict[str, list[IndicatorValue]]:
    """Values of indicators by id, one per year.

    What others avoided is withheld where it may not be made public (`abate programmes` says why).

    Args:
        workspace: The workspace.
        years: Fiscal years that were valued.
        names: Indicators; all where none is named.

    Raises:
        NotFoundError: `unknown-indicator`.
    """
    catalogue = indicators()
    odd = [n for n in names if n not in catalogue]
    if odd:
        raise NotFoundError(
            "unknown-indicator", f"No indicator '{odd[0]}'.", f"There are: {', '.join(catalogue)}."
        )
    chosen = [catalogue[n] for n in names] if names else list(catalogue.values())
    figures = sorted({n.replace("_", "-") for i in chosen for n in i.names if n not in EXTRAS})
    told: dict[str, list[IndicatorValue]] = {i.id: [] for i in chosen}
    own = {
        (p.metric, p.fiscal_year): p for p in published(workspace) if _is_own(workspace, p.entity)
    }
    wanted = {n for i in chosen for n in i.names}
    book = (
        FactorBook(load_factors(workspace, factor_imports(workspace)) or default_factors())
        if wanted & {"fuel_energy", "fuel_burnt"}
        else None
    )
    with Figures(workspace) as rollups:
        for year in years:
            run = run_of(workspace, year)
            found = {v.figure: v for v in rollups.values(figures, run)}
            values: dict[str, float | None] = {
                n.replace("-", "_"): None if v.value is None else float(v.value)
                for n, v in found.items()
            }
            if wanted & {"fuel_burnt", "heat_purchased"}:
                values |= _purchased(
                    workspace, run.run_id, rollups.values(["heat"], run)[0].value, book
                )
            values |= _extras(workspace, year, run.run_id, values.get("electricity"), book)
            for one in chosen:
                told[one.id].append(_valued(workspace, one, year, run, values, found, own))
    of_others = [i.id for i in chosen if i.opens.startswith("avoided")]
    closed = {y for y in years if of_others and withheld(workspace, y)}
    for name in of_others:
        told[name] = [
            replace(v, value=None, status="withheld", missing=(WITHHELD,))
            if v.year in closed
            else v
            for v in told[name]
        ]
    return told


def _valued(
    workspace: Workspace,
    one: Indicator,
    year: str,
    run: Run,
    values: dict[str, float | None],
    found: dict[str, Value],
    own: dict[tuple[str, str], StatedFigureRow],
) -> IndicatorValue:
    unit = one.unit.replace("money", workspace.organisation.currency)
    if unit.endswith("/million"):
        unit += f" {workspace.organisation.currency}"
    stated = own.get((one.stated, year)) if one.stated else None
    if stated is not None and stated.value is not None:
        value = stated.value * {"million": 1e6, "thousand": 1e3, "%": 0.01}.get(stated.unit, 1.0)
        return IndicatorValue(
            one,
            year,
            value,
            unit,
            f"{stated.source_file} row {stated.source_row}: {stated.source}",
            "stated",
        )
    if one.stated:
        return IndicatorValue(one, year, None, unit, "", "not stated", (one.stated,))
    parts = [found[n.replace("_", "-")] for n in sorted(one.names) if n.replace("_", "-") in found]
    without = tuple(dict.fromkeys(w for v in parts for w in (*v.without, *v.excluded)))
    incomplete = tuple({(x.code, x.kind, x.rows): x for v in parts for x in v.incomplete}.values())
    missing = tuple(n.replace("_", "-") for n in sorted(one.names) if values.get(n) is None)
    return IndicatorValue(
        one, year, one.value(values), unit, run.run_id, run.status, missing, without, incomplete
    )


def _is_own(workspace: Workspace, entity: str) -> bool:
    return entity.casefold() == workspace.organisation.name.casefold()


def _extras(
    workspace: Workspace,
    year: str,
    run_id: str,
    electricity_kwh: float | None,
    book: FactorBook | None,
) -> dict[str, float | None]:
    """What no figure of the rollups holds."""
    by_technology = technologies(workspace, run_id)
    there = electricity_kwh is not None
    return {
        "renewable_electricity": (
            sum(v for t, v in by_technology.items() if t in RENEWABLE) if there else None
        ),
        "nuclear_electricity": (
            sum(v for t, v in by_technology.items() if t in NUCLEAR) if there else None
        ),
        "fuel_energy": None if book is None else fuel_energy_kwh(workspace, run_id, book),
        "packaging_saved": packaging_saved_t(workspace, year),
        "credits_retired": credits_of(workspace, year).retired_t,
        "carbon_price": workspace.finance.carbon_price,
    }


def technologies(workspace: Workspace, run_id: str) -> dict[str, float]:
    """Electricity that a run matched with instruments, by their technology, whatever its age or size [kWh]."""
    with workspace.store.connect("allocations", "instruments") as con:
        rows = con.execute(
            "select split_part(lower(i.technology), '/', 1), sum(a.amount_wh)::double / 1000 from"
            " allocations a join (select instrument_id, any_value(technology) as technology from"
            " instruments group by 1) i on i.instrument_id = a.instrument where a.run_id = ? group"
            " by 1 order by 1",
            [run_id],
        ).fetchall()
    return {technology: float(kwh) for technology, kwh in rows}


def _purchased(
    workspace: Workspace, run_id: str, heat: Fraction | None, book: FactorBook | None
) -> dict[str, float | None]:
    """Heat and fuels as parts of a total [kWh].

    None where the ledger has no row of the kind, unknown where it cannot tell.
    """
    burnt = bool(fuels_burnt(workspace, run_id))
    return {
        "heat_purchased": 0.0 if heat is None else float(heat),
        "fuel_burnt": (
            0.0 if not burnt else None if book is None else fuel_energy_kwh(workspace, run_id, book)
        ),
    }


def fuels_burnt(workspace: Workspace, run_id: str) -> list[tuple[str, str, str, str, str, float]]:
    """Fuels that a run valued: kind, item, site, unit, last month and amount."""
    with workspace.store.connect("rollups") as con:
        rows: list[tuple[str, str, str, str, str, float]] = con.execute(
            "select kind, item, site, unit, max(month), sum(quantity_micro)::double / 1e6 from"
            " rollups where run_id = ? and source = 'entry' and kind in ('stationary-fuel',"
            " 'mobile-fuel') and scope = '1' and species = 'CO2' group by all order by all",
            [run_id],
        ).fetchall()
    return rows


def fuel_energy_kwh(workspace: Workspace, run_id: str, book: FactorBook) -> float | None:
    """Net energy of the fuels that a run valued [kWh].

    None without fuels, or where a property is lacking.
    """
    rows = fuels_burnt(workspace, run_id)
    if not rows:
        return None
    region_of = workspace.organisation.region_of
    try:
        return sum(
            book.energy_per_unit(FactorQuery(kind, item, region_of(site), int(month[:4]), unit))
            * amount
            / 3.6
            for kind, item, site, unit, month, amount in rows
        )
    except UsageError:
        return None


def packaging_saved_t(workspace: Workspace, year: str) -> float | None:
    """Material of plans' baselines less that of their proposed sides, in the months of a year [t].

    None without plan.
    """
    months = set(workspace.calendar.months(year))
    found = [
        p
        for p in plans(workspace)
        if p.domain == "packing" and {line.month for line in p.lines} & months
    ]
    if not found:
        return None
    sides = {"baseline": 0.0, "proposed": 0.0}
    seen = set()
    for plan in found:
        for line in plan.lines:
            # a line stands once per book, scope and method: the material itself counts once
            key = (plan.plan_id, line.side, line.kind, line.item, line.site, line.month)
            is_material = line.unit == "kg" and line.kind in MATERIAL and line.month in months
            if is_material and key not in seen:
                seen.add(key)
                sides[line.side] += line.quantity
    return (sides["baseline"] - sides["proposed"]) / 1000
