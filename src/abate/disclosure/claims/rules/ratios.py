"""Rules of quotients: whether one number over another is plausible."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from abate.disclosure.claims.interval import digits
from abate.disclosure.claims.rules.pairing import (
    LEDGER,
    agreement,
    levels_of,
    readings,
    scopes_meet,
    settled_of,
)
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
GRID_KG_PER_KWH_MAX = 1.2
"""More than a grid of coal alone emits; steam and cooling in Scope 2 stay below it, too."""
AGREED = ("consistent", "rounding_loose", "contradiction")
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
    energies = [s for s in settled_of(statements) if s.unit == "kWh"]
    for s in settled_of(statements):
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
    for power in settled_of(statements):
        if power.unit != "kW":
            continue
        for energy in settled_of(statements):
            plants = _plants(power, energy)
            hours = energy.value() / power.value() if energy.unit == "kWh" and plants else None
            if hours is None or not _is_output_of(energy, power):
                continue
            low, high = HOURS[plants]
            verdict = (
                "implausible_high"
                if hours.middle > high
                else "implausible_low"
                if hours.middle < low
                else "plausible"
            )
            said = (
                f"{hours.middle:,.0f} h a year at full power; {plants} {low:,.0f} to {high:,.0f} h"
            )
            yield Verdict("full_load_hours", verdict, said, (energy, power))


HOURS = {
    "wind": WIND_HOURS,
    "roofs in eastern China": SUN_HOURS,
    "solar plants anywhere": (500.0, 2600.0),
}
"""Hours at full power that plants of a kind reach in a year."""


def _plants(power: Statement, energy: Statement) -> str:
    """The kind of plants that two statements are of; empty where none is known."""
    told = f"{power.metric} {energy.metric} {power.scope} {energy.scope}".casefold()
    if "nuclear" in told:
        return ""
    if "text" not in energy.flags:
        return "wind" if "wind" in told else "roofs in eastern China"
    said = energy.quote.casefold()
    wind, sun = re.search(r"\bwind|风电", said), re.search(r"solar|photovolt|\bpv\b|光伏", said)
    if bool(wind) == bool(sun):
        return ""
    return "wind" if wind else "solar plants anywhere"


def _is_output_of(energy: Statement, power: Statement) -> bool:
    """Whether an energy is what plants of a capacity gave in the same year."""
    alike = entity_key(energy.entity) == entity_key(power.entity)
    same = energy.period.text == power.period.text and energy.source == power.source
    apart = "text" in energy.flags and energy.quote != power.quote
    output = GENERATION.search(f"{energy.metric} {energy.scope}")
    return bool(alike and same and not apart and output and not BOUGHT.search(energy.metric))


def per_unit(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Tonnes beside a count of what saved them: how much each is."""
    for s in settled_of(statements):
        if s.unit != "t" or not SAVED.search(s.metric) or s.metric == "scope3plus_reduction":
            continue
        for count in settled_of(statements):
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
                "per_unit", verdict, f"{digits(each.middle, 4)} g each, interval {each}", (s, count)
            )


def equivalence(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Tonnes told as the electricity of so many households: what one household would use."""
    for count in settled_of(statements):
        if count.metric != "households":
            continue
        for s in settled_of(statements):
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


INTENSITY_OF = {
    "intensity": ("net_scope1_2", "scope1_2", "scope1_2_market", "gross_scope1_2"),
    "scope3_intensity": ("scope3",),
    "total_intensity": ("total", "total_market", "total_location"),
}
"""Intensities per revenue and the amounts that one of them is made from."""


def intensity_chain(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """An intensity, the revenue and the emissions that make it: does one follow from the others."""
    levels = settled_of(statements)
    for s in levels:
        money = re.fullmatch(r"t/million ([A-Z]{3})", s.unit)
        amounts = INTENSITY_OF.get(s.metric, ())
        if money is None or not amounts:
            continue
        beside = [o for o in levels if o.key[::2] == s.key[::2] and o.period.key == s.period.key]
        sales = next(
            (o for o in beside if o.metric == "revenue" and o.unit == money.group(1)), None
        )
        mine = [o for o in beside if o.metric in amounts and o.unit == "t"]
        if sales is None or not mine:
            continue
        tested = []
        for amount in mine:
            pair = [
                amount.value(loose=k) / sales.value(loose=k).scaled(1e-6) for k in (False, True)
            ]
            if pair[0] is not None and pair[1] is not None:
                told = agreement((pair[0], pair[1]), readings(s))
                tested.append((AGREED.index(told), told, amount, pair[0]))
        if tested:
            _, verdict, amount, made = min(tested, key=lambda t: t[0])
            said = (
                f"{amount.text} t over {sales.text} {sales.unit} is {made} against {s.text} stated"
            )
            yield Verdict("intensity_chain", verdict, said, (s, amount, sales))


ENERGIES = re.compile(
    r"^(?:electricity|energy|heat|fuel|generation|(?:clean|renewable)_(?:electricity|energy))$"
)


def power_for_energy(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """An energy told in units of power, or a capacity in units of energy."""
    for s in levels_of(statements):
        energy = s.unit == "kW" and ENERGIES.match(s.metric)
        power = s.unit == "kWh" and s.metric in ("capacity", "pv_capacity")
        if energy or power:
            unit = "power" if energy else "energy"
            said = f"{s.text} of {s.metric} is told in units of {unit}"
            yield Verdict("power_for_energy", "wrong_unit", said, (s,))


def grid_factor(statements: Sequence[Statement]) -> Iterator[Verdict]:
    """Location-based Scope 2 over the electricity used: what a kilowatt-hour of the grids emits."""
    levels = settled_of(statements)
    for s in levels:
        if s.metric != "scope2_location" or s.unit != "t" or s.vintage == LEDGER:
            continue
        for e in levels:
            near = (
                e.key[::2] == s.key[::2] and e.period.key == s.period.key and e.source == s.source
            )
            factor = s.value().scaled(1000) / e.value() if e.unit == "kWh" else None
            if e.metric != "electricity" or not near or factor is None:
                continue
            verdict = "plausible" if factor.low <= GRID_KG_PER_KWH_MAX else "implausible_high"
            said = f"{s.text} t / {e.text} = {factor.middle:.3f} kg/kWh, interval {factor}"
            yield Verdict("grid_factor", verdict, said, (s, e))
