"""Valuation: activities joined with the resolution table become entries, as one expression for any engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

import ibis
import pyarrow as pa

from abate.kernel.method import Method
from abate.kernel.resolution import KEY
from abate.kernel.tables import TABLES
from abate.kernel.uncertainty import Z_95

MICRO = 1_000_000
"""Quantities are summed as whole millionths of their canonical unit."""


def whole(value: Any) -> Any:
    """Round a column of doubles to whole numbers, halves up.

    `floor(x + 0.5)` as a 64-bit integer.
    """
    return (value + ibis.literal(0.5)).floor().cast("int64")


WholeSum: TypeAlias = Callable[[Any], Any]
"""How an engine adds up whole numbers without overflow."""


def table(name: str, schema: pa.Schema) -> Any:
    """A table that an engine knows by name, with the columns of an Arrow schema."""
    return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)


def activities(name: str, fiscal_year: str) -> Any:
    """Activities of a year, with the relative standard deviation of those that state a spread.

    Formula: `spread_95 / z`, of a lognormal one `sqrt(exp((ln(spread_95) / z)^2) - 1)`, as
        `uncertainty.relative_deviation`.
    """
    rows = table(name, TABLES["activities"])
    spread = rows["spread_95"]
    lognormal = (((spread.ln() / Z_95) ** 2).exp() - 1).sqrt()
    deviation = ibis.cases(
        (rows["spread_kind"] == "lognormal", lognormal),
        (rows["spread_kind"] == "normal", spread / Z_95),
    )
    return rows.filter(rows["fiscal_year"] == fiscal_year).mutate(deviation=deviation)


def resolutions(name: str) -> Any:
    """The resolution table of a run."""
    return table(name, TABLES["resolutions"])


def totals(name: str, whole_sum: WholeSum, *, by_building: Sequence[str]) -> Any:
    """Activities of imports added up by need, building and basis: the table `totals`.

    Args:
        name: Activities, as the engine knows them.
        whole_sum: The engine's sum of whole numbers.
        by_building: Kinds whose meters name buildings.
    """
    rows = table(name, TABLES["activities"])
    by = rows.mutate(
        building=rows["kind"].isin(by_building).ifelse(rows["meter"], ""),
        micro=whole(rows["quantity"] * float(MICRO)),
    )
    keys = [
        "import_id",
        "kind",
        "item",
        "site",
        "building",
        "month",
        "basis",
        "unit",
        "region",
        "party",
        "fiscal_year",
    ]
    return by.group_by(keys).aggregate(quantity_micro=whole_sum(by["micro"]), row_count=by.count())


def sums(name: str, whole_sum: WholeSum, *, deviations: Mapping[str, float]) -> Any:
    """Entries added up by resolution and basis.

    Args:
        name: Entries, as the engine knows them.
        whole_sum: The engine's sum of whole numbers.
        deviations: Relative standard deviation by basis, for entries that state none.
    """
    rows = table(name, TABLES["entries"])
    own = ibis.coalesce(
        rows["deviation"], ibis.cases(*((rows["basis"] == b, d) for b, d in deviations.items()))
    )
    by = rows.mutate(off=(rows["co2e_mg"].cast("float64") * own) ** 2)
    return by.group_by(["resolution", "basis"]).aggregate(
        co2e_mg=whole_sum(by["co2e_mg"]),
        mass_mg=whole_sum(by["mass_mg"]),
        quantity_micro=whole_sum(by["quantity_micro"]),
        square=by["off"].sum(),
        row_count=by.count(),
    )


def value(
    activities: Any,
    resolutions: Any,
    methods: Sequence[Method],
    *,
    run_id: str,
    key: Sequence[str] = KEY,
    book: str = "",
) -> Any:
    """Value activities: one entry per activity, method, part and species.

    Args:
        activities: Table with `activity_id`, `quantity`, `deviation`, `basis`, `fiscal_year` and
            the columns of `KEY`.
        resolutions: Table as `Resolver.resolve` makes it.
        methods: Methods whose cards the resolution table names.
        run_id: Run that posts the entries.
        key: The columns of `KEY` in which the activities differ; those that are empty everywhere
            can be left out.
        book: `plan` for the sides of a plan; else each method's own book.

    Returns:
        Expression with the columns of the table `entries`. Masses are whole milligrams per species,
        rounded once.
    """
    joined = activities.join(resolutions, list(key))
    mass = _mass_mg(joined, methods)
    valued = joined.mutate(mass_mg=whole(mass))
    return valued.select(
        run_id=ibis.literal(run_id),
        activity_id=valued["activity_id"],
        resolution=valued["resolution"],
        method=valued["method"],
        part=valued["part"],
        instrument=valued["instrument"],
        factor_id=valued["factor_id"],
        species=valued["species"],
        book=ibis.literal(book) if book else valued["book"],
        scope=valued["scope"],
        category=valued["category"],
        view=valued["view"],
        org=valued["org"],
        site=valued["site"],
        month=valued["month"],
        basis=valued["basis"],
        share=valued["share"],
        deviation=valued["deviation"],
        quantity_micro=whole(
            valued["quantity"]
            * valued["share"]
            * valued["boundary_share"]
            * ibis.literal(float(MICRO))
        ),
        mass_mg=valued["mass_mg"],
        co2e_mg=whole(valued["mass_mg"].cast("float64") * valued["gwp"]),
        fiscal_year=valued["fiscal_year"],
    )


def _mass_mg(joined: Any, methods: Sequence[Method]) -> Any:
    """Each row's mass by its own method's function.

    Methods with one formula share one expression.
    """
    arguments = {
        name: joined[name]
        for name in ("quantity", "share", "boundary_share", "ratio", "mg_per_unit")
    }
    groups: list[tuple[Any, list[str]]] = []
    for one in methods:
        mass = one(**arguments)
        names = next((n for expression, n in groups if expression.equals(mass)), None)
        if names is None:
            groups.append((mass, [one.card.name]))
        else:
            names.append(one.card.name)
    first, *others = groups
    return reduce(
        lambda otherwise, g: joined["method"].isin(g[1]).ifelse(g[0], otherwise), others, first[0]
    )
