"""What the report says of the organisation's places, base year, gases, energy and waste."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from abate.application.catalogue import FIGURES, HEADLINES
from abate.application.disclosure.breakdowns import (
    base_year_values,
    energy_lines,
    gas_lines,
    waste_lines,
)
from abate.application.inventory.open_run import OpenRun
from abate.disclosure.chapters import Chapter
from abate.disclosure.markup import Cell, Table
from abate.disclosure.numbers import change, number
from abate.kernel.languages import Translate

PLACES_SHOWN = 100
ENERGY = (
    "Energy consumed in own operations by source, fuels at net calorific value. Purchased energy is"
    " renewable or nuclear where a contract or certificate says so (ESRS E1, paragraphs 37 to 39)."
)
GASES = (
    "Emissions by gas, each weighted by its global warming potential; what stands apart from the"
    " scopes is given in tonnes of CO2, or CO2e (GHG Protocol Corporate Standard, chapter 9)."
)
WASTE = (
    "Waste of own operations by weight. Waste known by its cost alone is in Scope 3 category 5,"
    " and not in this table."
)
RULES = {
    "whole-year": "What was bought or sold counts as if so for the whole year.",
    "pro-rata": "What was bought or sold counts for the months of its year.",
}


def chapters(opened: OpenRun, t: Translate) -> list[Chapter]:
    """Places, base year, gases, energy by source and waste, each where there is something."""
    made = (_places, _base_year, _gases, _energy, _waste)
    return [chapter for make in made for chapter in make(opened, t)]


def _places(opened: OpenRun, t: Translate) -> list[Chapter]:
    """Entities and sites of the organisation, and how much of each counts."""
    workspace, boundary = opened.workspace, opened.workspace.boundary
    last = workspace.calendar.last_day(opened.year)
    group = workspace.organisation
    entities = Table.of(
        "entities",
        t("Entities"),
        (t("Entity"), t("Name"), t("Parent"), t("Region"), ">" + t("held"), ">" + t("counted")),
        [
            (
                Cell(e.id, code=True),
                e.name,
                e.parent or "–",
                group.region_of(e.id) or "–",
                f"{e.share_on(last):.0%}",
                f"{group.share_on(e.id, last, boundary):.0%}",
            )
            for e in group.entities[:PLACES_SHOWN]
        ],
    )
    sites = Table.of(
        "sites",
        t("Sites"),
        (t("Site"), t("Name"), t("Entity"), t("Region"), t("Kind"), t("In the group")),
        [
            (Cell(s.id, code=True), s.name, s.entity, s.region, t(s.type) or "–", _since(s, t))
            for s in group.sites[:PLACES_SHOWN]
        ],
    )
    parts = [entities, sites]
    more = [len(x) - PLACES_SHOWN for x in (group.entities, group.sites) if len(x) > PLACES_SHOWN]
    note = [f"{t('Not shown here:')} {sum(more)}."] if more else []
    return [Chapter("places", t("Entities and sites"), (*parts, *note))]


def _since(site: object, t: Translate) -> str:
    opened: date | None = getattr(site, "opened", None)
    closed: date | None = getattr(site, "closed", None)
    told = [f"{t('from')} {opened}"] if opened else []
    told += [f"{t('until')} {closed}"] if closed else []
    return ", ".join(told) or t("throughout")


def _base_year(opened: OpenRun, t: Translate) -> list[Chapter]:
    """The base year beside this year, and when it is recalculated."""
    policy = opened.workspace.base_year
    if policy is None:
        return []
    run_id, base = base_year_values(opened, HEADLINES)
    rule = (
        f"{t('Base year')}: {policy.year}. "
        + t("It is recalculated where changes of structure, method or error add up to")
        + f" {policy.threshold_share:.0%} "
        + t("of what was stated before.")
        + f" {t(RULES[policy.rule])}"
    )
    if not run_id:
        return [Chapter("base-year", t("Base year"), (rule, t("The base year was never valued.")))]
    now = {v.figure: v for v in opened.values(list(HEADLINES))}
    rows = [
        (
            t(FIGURES[n].title),
            now[n].unit,
            number(base[n], now[n].unit),
            number(now[n].value, now[n].unit),
            change(base[n], now[n].value, now[n].unit),
        )
        for n in HEADLINES
        if base.get(n) is not None
    ]
    heads = (t("Figure"), t("Unit"), f">{policy.year}", f">{opened.year}", ">" + t("change"))
    table = Table.of("base-year-figures", t("Base year"), heads, rows)
    return [Chapter("base-year", t("Base year"), (rule, table))]


def _tonnes(value: float | None) -> str:
    return "–" if value is None else number(Fraction(value), "t CO2e")


def _gases(opened: OpenRun, t: Translate) -> list[Chapter]:
    lines = gas_lines(opened)
    if not lines:
        return []
    heads = ("Scope 1", "Scope 2 (location)", "Scope 2 (market)", "Scope 3")
    rows = [
        (t(g.title), *map(_tonnes, (g.one, g.two_location, g.two_market, g.three))) for g in lines
    ]
    table = Table.of(
        "gas-lines", t("Emissions by gas"), (t("Gas"), *(f">{t(h)} [t CO2e]" for h in heads)), rows
    )
    return [Chapter("gases", t("Emissions by gas"), (t(GASES), table))]


def _energy(opened: OpenRun, t: Translate) -> list[Chapter]:
    lines = energy_lines(opened)
    if not lines:
        return []
    rows = [
        (
            t(x.title),
            "–" if x.value is None else number(Fraction(x.value), x.unit),
            ", ".join(f"{f} {d}" for f, d in x.answers) or "–",
            t(x.why) or "–",
        )
        for x in lines
    ]
    heads = (t("Source of energy"), ">MWh", t("asked for by"), t("Why there is no value"))
    table = Table.of("energy-lines", t("Energy by source"), heads, rows)
    return [Chapter("energy-sources", t("Energy by source"), (t(ENERGY), table))]


def _waste(opened: OpenRun, t: Translate) -> list[Chapter]:
    lines = waste_lines(opened)
    if not lines:
        return []
    rows = [
        (t(w.material) or "–", t(w.treatment) or "–", t(w.destination), _tonnes(w.tonnes))
        for w in lines
    ]
    whole = sum(w.tonnes for w in lines)
    rows.append((t("all"), "", "", _tonnes(whole)))
    heads = (t("Material"), t("Treatment"), t("Destination"), ">t")
    table = Table.of("waste-lines", t("Waste"), heads, rows)
    return [Chapter("waste", t("Waste"), (t(WASTE), table))]
