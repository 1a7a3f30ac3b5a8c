"""Rules of quotients: whether one number over another is plausible."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from abate.disclosure.claims.rules.pairing import LEDGER, levels_of, scopes_meet
from abate.disclosure.claims.statement import Statement, entity_key
from abate.disclosure.claims.verdict import Verdict

GRID_KG_PER_KWH = {
    "plausible": (0.45, 0.65),
    "plausible_high": (0.65, 0.80),
    "plausible_low": (0.02, 0.45),
}
"""What a kWh of the Chinese grid emits: averages 0.53 to 0.61 in official notices of 2015 to 2023; above 0.80 only a
regional operating margin, 1.0 is the output of a coal plant. Clean grids lie far below: low is
never more than that."""
SAVED = re.compile(r"reduc|avoid|saving|saved|abat", re.IGNORECASE)
CLEAN = re.compile(
    r"clean|green|renewab|pv|solar|wind|photovolt|generat|onsite|nuclear|hydro", re.IGNORECASE
)
GENERATION = re.compile(
    r"generat|output|onsite|on_site|pv|solar|wind|roof|photovolt", re.IGNORECASE
)
BOUGHT = re.compile(r"purchas|consum|traded|bought", re.IGNORECASE)
SUN_HOURS = (500.0, 1400.0)
WIND_HOURS = (1300.0, 4500.0)
HOUSEHOLD_KWH = (800.0, 12_000.0)


def implied_emission_factor(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Tonnes saved beside kilowatt-hours: what a kilowatt-hour would have emitted."""
    energies = [s for s in levels_of(statements) if s.unit == "kWh"]
    for s in levels_of(statements):
        odd = (
            s.nature == "cumulative" or s.vintage == LEDGER or "packag" in s.metric or s.number == 0
        )
        if s.unit != "t" or odd or not SAVED.search(s.metric):
            continue
        for e in energies:
            near = (
                entity_key(e.entity) == entity_key(s.entity)
                and e.period.text == s.period.text
                and e.source == s.source
            )
            if not near or not scopes_meet(e, s) or not CLEAN.search(f"{e.metric} {e.scope}"):
                continue
            factor = s.value().scaled(1000) / e.value()
            if factor is None:
                continue
            middle = factor.middle
            verdict = next(
                (v for v, (low, high) in GRID_KG_PER_KWH.items() if low <= middle <= high),
                "implausible_high" if middle > 0.65 else "implausible_low",
            )
            yield Verdict(
                "implied_emission_factor",
                verdict,
                f"{s.text} t / {e.text} = {middle:.3f} kg/kWh, interval {factor}; grid averages of"
                " China 0.53 to 0.61",
                (s, e),
            )


def full_load_hours(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Energy of a year beside capacity: hours at full power."""
    for power in levels_of(statements):
        if power.unit != "kW":
            continue
        for energy in levels_of(statements):
            alike = (
                entity_key(energy.entity) == entity_key(power.entity)
                and energy.period.text == power.period.text
            )
            is_output = GENERATION.search(f"{energy.metric} {energy.scope}") and not BOUGHT.search(
                energy.metric
            )
            if energy.unit != "kWh" or not alike or energy.source != power.source or not is_output:
                continue
            hours = energy.value() / power.value()
            if hours is None:
                continue
            if (
                "nuclear"
                in f"{power.metric} {energy.metric} {power.scope} {energy.scope}".casefold()
            ):
                continue
            is_wind = (
                "wind" in f"{power.metric} {energy.metric} {power.scope} {energy.scope}".casefold()
            )
            low, high = WIND_HOURS if is_wind else SUN_HOURS
            verdict = (
                "implausible_high"
                if hours.middle > high
                else "implausible_low"
                if hours.middle < low
                else "plausible"
            )
            said = (
                f"{hours.middle:,.0f} h a year at full power;"
                f" {'wind' if is_wind else 'roofs in eastern China'} {low:,.0f} to {high:,.0f} h"
            )
            yield Verdict("full_load_hours", verdict, said, (energy, power))


def per_unit(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Tonnes beside a count of what saved them: how much each is."""
    for s in levels_of(statements):
        if s.unit != "t" or not SAVED.search(s.metric) or s.metric == "scope3plus_reduction":
            continue
        for count in levels_of(statements):
            if (count.quote or s.quote) and count.quote != s.quote:
                continue
            alike = (
                entity_key(count.entity) == entity_key(s.entity)
                and count.period.text == s.period.text
                and scopes_meet(count, s)
            )
            if (
                count.unit != "count"
                or not alike
                or count.source != s.source
                or count.metric in ("households",)
                or s.nature == "cumulative"
            ):
                continue
            each = s.value().scaled(1e6) / count.value()
            if each is None:
                continue
            low, high = (0.1, 1e6) if count.part_of != s.metric else (0.0, float("inf"))
            verdict = (
                "implausible_high"
                if each.middle > high
                else "implausible_low"
                if each.middle < low
                else "plausible"
            )
            yield Verdict(
                "per_unit", verdict, f"{each.middle:,.4g} g each, interval {each}", (s, count)
            )


def equivalence(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Tonnes told as the electricity of so many households: what one household would use."""
    for count in levels_of(statements):
        if count.metric != "households":
            continue
        for s in levels_of(statements):
            alike = (
                entity_key(count.entity) == entity_key(s.entity)
                and count.period.text == s.period.text
            )
            if s.unit != "t" or not alike or count.source != s.source:
                continue
            each_t = s.value() / count.value()
            if each_t is None:
                continue
            kwh = each_t.middle * 1000 / 0.5703
            verdict = (
                "plausible"
                if HOUSEHOLD_KWH[0] <= kwh <= HOUSEHOLD_KWH[1]
                else "implausible_high"
                if kwh > HOUSEHOLD_KWH[1]
                else "implausible_low"
            )
            yield Verdict(
                "equivalence",
                verdict,
                f"{each_t.middle:.3f} t a household = {kwh:,.0f} kWh at 0.5703 kg/kWh",
                (s, count),
            )
