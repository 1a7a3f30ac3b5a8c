"""Valuation: activities joined with the resolution table become entries, as one expression for any engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import ibis

from abate.kernel.method import Method
from abate.kernel.resolution import KEY

MICRO = 1_000_000
"""Quantities are summed as whole millionths of their canonical unit."""


def whole(value: Any) -> Any:
    """Round a column of doubles to whole numbers, halves up: `floor(x + 0.5)` as a 64-bit integer."""
    return (value + ibis.literal(0.5)).floor().cast("int64")


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
        activities: Table with `activity_id`, `quantity`, `deviation`, `basis`, `fiscal_year` and the columns of `KEY`.
        resolutions: Table as `Resolver.resolve` makes it.
        methods: Methods whose cards the resolution table names.
        run_id: Run that posts the entries.
        key: The columns of `KEY` in which the activities differ; those that are empty everywhere can be left out.
        book: `plan` for the sides of a plan; else each method's own book.

    Returns:
        Expression with the columns of the table `entries`. Masses are whole milligrams per species, rounded once.
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
            valued["quantity"] * valued["share"] * valued["boundary_share"] * ibis.literal(float(MICRO))
        ),
        mass_mg=valued["mass_mg"],
        co2e_mg=whole(valued["mass_mg"].cast("float64") * valued["gwp"]),
        fiscal_year=valued["fiscal_year"],
    )


def _mass_mg(joined: Any, methods: Sequence[Method]) -> Any:
    """Each row's mass by its own method's function; methods with one formula share one expression."""
    arguments = {name: joined[name] for name in ("quantity", "share", "boundary_share", "ratio", "mg_per_unit")}
    groups: list[tuple[Any, list[str]]] = []
    for one in methods:
        mass = one(**arguments)
        names = next((n for expression, n in groups if expression.equals(mass)), None)
        if names is None:
            groups.append((mass, [one.card.name]))
        else:
            names.append(one.card.name)
    first, *others = groups
    return reduce(lambda otherwise, g: joined["method"].isin(g[1]).ifelse(g[0], otherwise), others, first[0])
