"""What a run holds, broken down as frameworks ask for it: energy by source, gases, waste, places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from abate.adapters.store.delta import fetch
from abate.application.catalogue import default_factors
from abate.application.disclosure.indicators import fuels_burnt, technologies
from abate.application.inventory.figures import Figures, Run
from abate.application.inventory.inputs import factor_imports, load_factors
from abate.application.inventory.open_run import OpenRun
from abate.disclosure.datapoints import fuel_sources
from abate.disclosure.indicators import NUCLEAR, RENEWABLE
from abate.kernel.errors import UsageError
from abate.kernel.matching import FactorBook, FactorQuery
from abate.kernel.species import all_species
from abate.kernel.units import in_t

FOSSIL_SOURCES = ("coal", "petroleum", "natural-gas", "other-fossil")
NO_ROWS = "no rows"
NO_ORIGIN = "no contract or certificate states an origin for a part of it"
GASES = {
    "co2": "CO2",
    "ch4": "CH4",
    "n2o": "N2O",
    "hfc": "HFCs",
    "pfc": "PFCs",
    "sf6": "SF6",
    "nf3": "NF3",
    "unspecified": "CO2e, gas not stated by the factor",
    "other": "Other gases",
}
"""Groups of gases in the order of the Kyoto Protocol, with their titles."""
APART = {
    "biogenic": "Biogenic CO2, outside of the scopes",
    "montreal": "Gases of the Montreal Protocol, outside of the scopes",
}
DIVERTED = frozenset(
    {"recycling", "composting", "anaerobic-digestion", "reuse", "open-loop", "closed-loop"}
)
"""Treatments by which waste is diverted from disposal.

Source: GRI 306 (2020), 306-4: preparation for reuse, recycling, other recovery operations.
"""
DISPOSED = frozenset({"landfill", "incineration", "combustion"})
"""Treatments by which waste is disposed of, with energy recovered or not.

Source: GRI 306 (2020), 306-5.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a breakdown.

    Args:
        title: Name for people.
        value: Value; None where it cannot be stated.
        unit: Its unit.
        answers: Framework and datapoint of each that asks for it.
        why: Why it has no value.
    """

    title: str
    value: float | None
    unit: str
    answers: tuple[tuple[str, str], ...] = ()
    why: str = ""


def fuels_by_source(opened: OpenRun) -> dict[str, float | None]:
    """Net energy of fuels burnt by source [MWh].

    None for a source of which a fuel has no known energy; `unclassed` holds fuels that are of no
    source, or of several.
    """
    rows = fuels_burnt(opened.workspace, opened.run.run_id)
    if not rows:
        return {}
    workspace = opened.workspace
    book = FactorBook(load_factors(workspace, factor_imports(workspace)) or default_factors())
    known = fuel_sources()
    told: dict[str, float | None] = {}
    for kind, item, site, unit, month, amount in rows:
        source = known.get(item, "unclassed").replace("mixed", "unclassed")
        query = FactorQuery(
            kind, item, workspace.organisation.region_of(site), int(month[:4]), unit
        )
        try:
            energy = book.energy_per_unit(query) * amount / 3600
        except UsageError:
            told[source] = None
            continue
        so_far = told.get(source, 0.0)
        told[source] = None if so_far is None else so_far + energy
    return told


@dataclass(frozen=True, slots=True)
class Mix:
    """Energy consumed in own operations [MWh].

    Purchased energy is renewable or nuclear where a contract or certificate says so, by the
    instruments that the run matched. Where none does, its origin is not stated; a sum that would
    have to guess it is None.

    Args:
        fuels: Net energy of fuels by source, as `fuels_by_source` gives it.
        bought: Purchased electricity and heat; None where there is none.
        green: Of it, renewable.
        nuclear: Of it, nuclear.
        fossil: Of it, by instruments of other technologies.

    Source: ESRS E1 (Delegated Regulation (EU) 2023/2772), paragraphs 37 to 39; GRI 302-1.

    Example:
        >>> mix = Mix({"petroleum": 2.0}, 10.0, 4.0, 0.0, 0.0)
        >>> mix.total, mix.renewable, mix.all_fossil, mix.unstated
        (12.0, 4.0, None, 6.0)
    """

    fuels: Mapping[str, float | None]
    bought: float | None
    green: float
    nuclear: float
    fossil: float

    @property
    def unstated(self) -> float:
        """Purchased energy whose origin nothing states."""
        return max(0.0, (self.bought or 0.0) - self.green - self.nuclear - self.fossil)

    @property
    def is_classed(self) -> bool:
        """Whether each fuel is of one source."""
        return "unclassed" not in self.fuels

    @property
    def is_stated(self) -> bool:
        """Whether the origin of all is known, to half a kilowatt-hour."""
        return self.is_classed and self.unstated < 0.0005

    @property
    def total(self) -> float | None:
        """All of it."""
        burnt = _sum(self.fuels.values())
        return None if burnt is None else burnt + (self.bought or 0.0)

    @property
    def renewable(self) -> float | None:
        """Fuels from biomass, and purchased energy that is renewable."""
        burnt = self.fuels.get("renewable", 0.0)
        return None if burnt is None or not self.is_classed else burnt + self.green

    @property
    def fossil_fuels(self) -> float | None:
        """Fuels that are not renewable."""
        return _sum(self.fuels.get(s, 0.0) for s in FOSSIL_SOURCES)

    @property
    def all_fossil(self) -> float | None:
        """Fossil fuels and purchased energy, where nothing of it is without stated origin."""
        burnt = self.fossil_fuels
        return None if burnt is None or not self.is_stated else burnt + self.fossil

    @property
    def why_fuels(self) -> str:
        """Why fuels have no sum."""
        return "the energy of a fuel is not known" if self.fuels else NO_ROWS

    @property
    def why_sources(self) -> str:
        """Why a sum of one source has no value."""
        if not self.is_classed:
            return "a fuel is of no stated source"
        return self.why_fuels if self.is_stated else NO_ORIGIN


def energy_mix(opened: OpenRun) -> Mix | None:
    """Energy of a run by source; None where it holds none."""
    fuels = fuels_by_source(opened)
    power, heat = (_thousands(opened.rollups, opened.run, n) for n in ("electricity", "heat"))
    if power is None and heat is None and not fuels:
        return None
    parts = {"green": 0.0, "nuclear": 0.0, "fossil": 0.0}
    matched = technologies(opened.workspace, opened.run.run_id) if power is not None else {}
    for technology, kwh in matched.items():
        if technology:
            name = "green" if technology in RENEWABLE else "fossil"
            parts["nuclear" if technology in NUCLEAR else name] += kwh / 1000
    bought = None if power is None and heat is None else (power or 0.0) + (heat or 0.0)
    return Mix(fuels, bought, **parts)


def energy_lines(opened: OpenRun) -> list[Line]:
    """Energy consumed in own operations by source [MWh], with what asks for each line."""
    mix = energy_mix(opened)
    if mix is None:
        return []
    unclassed = [_fuel(mix, "unclassed", "Fuels of no stated source, or of several")]
    return [
        _line("Energy consumed", mix.total, mix.why_fuels),
        *_fossil(mix),
        *_other(mix),
        _line(
            "Purchased electricity and heat without stated origin",
            mix.unstated or None,
            NO_ROWS,
        ),
        *([] if mix.is_classed else unclassed),
        _line(
            "Fuels, not renewable",
            mix.fossil_fuels or None,
            mix.why_fuels,
            "GRI:302-1-a",
        ),
        _line("Purchased electricity and heat", mix.bought, NO_ROWS, "GRI:302-1-c"),
    ]


def _fossil(mix: Mix) -> list[Line]:
    """What is of fossil sources (ESRS E1, paragraph 38)."""
    bought, why = (mix.fossil or None, NO_ROWS) if mix.is_stated else (None, NO_ORIGIN)
    e1 = "ESRS E1:E1-5_"
    return [
        _line("From fossil sources", mix.all_fossil, mix.why_sources, e1 + "02"),
        _fuel(mix, "coal", "Coal and coal products", e1 + "10"),
        _fuel(mix, "petroleum", "Crude oil and petroleum products", e1 + "11"),
        _fuel(mix, "natural-gas", "Natural gas", e1 + "12"),
        _fuel(mix, "other-fossil", "Other fossil fuels", e1 + "13"),
        _line("Purchased electricity and heat, fossil", bought, why, e1 + "14"),
        _share(mix, "Share of fossil sources", mix.all_fossil, mix.why_sources, e1 + "15"),
    ]


def _other(mix: Mix) -> list[Line]:
    """What is of nuclear and renewable sources (ESRS E1, paragraph 37 b and c)."""
    green, nuclear = mix.green or None, mix.nuclear or None
    bought, own = (
        "Purchased electricity and heat, renewable",
        "Self-generated, other than from fuels",
    )
    e1 = "ESRS E1:E1-5_"
    return [
        _line("From nuclear sources", nuclear, NO_ROWS, e1 + "03"),
        _share(mix, "Share of nuclear sources", nuclear, NO_ROWS, e1 + "04"),
        _line("From renewable sources", mix.renewable, mix.why_sources, e1 + "05"),
        _fuel(mix, "renewable", "Fuels from biomass", e1 + "06", "GRI:302-1-b"),
        _line(bought, green, NO_ROWS, e1 + "07"),
        _line(own, None, NO_ROWS, e1 + "08"),
        _share(mix, "Share of renewable sources", mix.renewable, mix.why_sources, e1 + "09"),
    ]


def _line(title: str, value: float | None, why: str, *answers: str) -> Line:
    told = tuple((f, d) for a in answers for f, _, d in [a.partition(":")])
    return Line(title, value, "MWh", told, "" if value is not None else why)


def _share(mix: Mix, title: str, part: float | None, why: str, answer: str) -> Line:
    """Share of a part in all energy."""
    value = part / mix.total if part is not None and mix.total else None
    return replace(_line(title, value, why, answer), unit="share")


def _fuel(mix: Mix, source: str, title: str, *answers: str) -> Line:
    why = mix.why_fuels if source in mix.fuels else NO_ROWS
    return _line(title, mix.fuels.get(source), why, *answers)


def _thousands(rollups: Figures, run: Run, name: str) -> float | None:
    """A figure in thousands of its unit."""
    value = rollups.values([name], run)[0].value
    return None if value is None else float(value) / 1000


def _sum(values: Iterable[float | None]) -> float | None:
    """Sum of values; None where one is not known."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


@dataclass(frozen=True, slots=True)
class GasLine:
    """Emissions of a group of gases [t CO2e], by scope and view; of those apart [t]."""

    title: str
    is_apart: bool
    one: float | None
    two_location: float | None
    two_market: float | None
    three: float | None


def gas_lines(opened: OpenRun) -> list[GasLine]:
    """Emissions by group of gases, and what is reported apart from the scopes.

    Source: GHG Protocol Corporate Standard (2004), chapter 9; GRI 305-1-b and -c; ESRS E1, AR 43 c,
        AR 45 e, AR 46 j.
    """
    rows = fetch(
        opened.rollups.con,
        "select scope, category, view, species, sum(co2e_mg)::hugeint as e, sum(mass_mg)::hugeint as"
        " m from rollups where run_id = ? and source = 'entry' and book = 'inventory' group by all",
        [opened.run.run_id],
    )
    group_of = {s.id: s.group for s in all_species().values()}
    told: dict[str, dict[str, float]] = {}
    for r in rows:
        group = group_of[r["species"]]
        place = r["scope"] if r["scope"] != "outside" else _scope_of(r["category"])
        column = f"{place}{r['view']}" if r["scope"] == "2" else place
        mass = r["m"] if group in APART else r["e"]
        by = told.setdefault(group, {})
        by[column] = by.get(column, 0.0) + in_t(int(mass))
    return [
        GasLine(
            title,
            group in APART,
            *(told[group].get(c) for c in ("1", "2location", "2market", "3")),
        )
        for group, title in (GASES | APART).items()
        if group in told
    ]


def _scope_of(category: str) -> str:
    """The scope beside which emissions outside of the scopes stand, by their category."""
    return "3" if category.isdecimal() else "2" if category.startswith("purchased") else "1"


def apart_values(lines: Sequence[GasLine]) -> dict[tuple[str, str], float | None]:
    """Biogenic CO2 beside each scope [t], by the datapoints that ask for it."""
    biogenic = next((g for g in lines if g.title == APART["biogenic"]), None)
    one, two, three = (
        (None, None, None)
        if biogenic is None
        else (biogenic.one, biogenic.two_location, biogenic.three)
    )
    return {
        ("ESRS E1", "E1-6_17"): one,
        ("GRI", "305-1-c"): one,
        ("ESRS E1", "E1-6_24"): two,
        ("ESRS E1", "E1-6_28"): three,
    }


@dataclass(frozen=True, slots=True)
class WasteLine:
    """Waste of own operations by material and treatment [t]."""

    material: str
    treatment: str
    tonnes: float

    @property
    def destination(self) -> str:
        """Where it goes: `diverted`, `disposed`, or `not stated`."""
        if self.treatment in DIVERTED:
            return "diverted"
        return "disposed" if self.treatment in DISPOSED else "not stated"


def waste_lines(opened: OpenRun) -> list[WasteLine]:
    """Waste generated in operations by weight; what is known by its cost alone has no weight."""
    rows = fetch(
        opened.con,
        "select item, sum(quantity * share) as kg from (select distinct a.activity_id, a.item,"
        " a.quantity, e.share from run_entries e join run_activities a using (activity_id) where"
        " a.kind = 'waste' and a.unit = 'kg' and e.book = 'inventory') group by 1 order by 1",
    )
    told = []
    for r in rows:
        material, _, treatment = r["item"].rpartition("/")
        if treatment not in DIVERTED | DISPOSED:
            material, treatment = r["item"], ""
        told.append(WasteLine(material, treatment, float(r["kg"]) / 1000))
    return told


def waste_values(lines: Sequence[WasteLine]) -> dict[tuple[str, str], float | None]:
    """Waste generated, diverted and disposed of [t], by the datapoints that ask for it."""
    if not lines:
        return {}
    total = sum(w.tonnes for w in lines)
    is_clear = all(w.treatment for w in lines)
    diverted, disposed = (
        sum(w.tonnes for w in lines if w.destination == d) if is_clear else None
        for d in ("diverted", "disposed")
    )
    return {
        ("ESRS E5", "E5-5_07"): total,
        ("GRI", "306-3-a"): total,
        ("ESRS E5", "E5-5_08"): diverted,
        ("GRI", "306-4-a"): diverted,
        ("ESRS E5", "E5-5_09"): disposed,
        ("GRI", "306-5-a"): disposed,
    }


def base_year_values(
    opened: OpenRun, names: Sequence[str]
) -> tuple[str, dict[str, Fraction | None]]:
    """Run of the base year, and its values; empty where it was never valued."""
    policy = opened.workspace.base_year
    if policy is None or policy.year not in {r.fiscal_year for r in opened.every}:
        return "", {}
    run = opened.latest(policy.year)
    return run.run_id, {v.figure: v.value for v in opened.rollups.values(list(names), run)}
