"""What: the metrics that a sentence names, as groups of words that belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from abate.disclosure.claims.lexicon import concepts, pattern

SCOPES = pattern("what.SCOPES")
ALL_SCOPES = pattern("what.ALL_SCOPES")
CATEGORY = pattern("what.CATEGORY")
VERB = pattern("what.VERB")


@dataclass(frozen=True, slots=True)
class Group:
    """Words that name one metric.

    Args:
        start: Where they begin.
        end: Where they end.
        concepts: What they name: `emissions`, `scope1`, `market`, `electricity`, `renewable`, …
    """

    start: int
    end: int
    concepts: frozenset[str]


def mentions(sentence: str) -> list[Group]:
    """Each word that names a metric or a part of its name, in order."""
    found = [
        Group(m.start(), m.end(), frozenset({name}))
        for name, pattern in concepts()
        for m in pattern.finditer(sentence)
    ]
    for match in ALL_SCOPES.finditer(sentence):
        found.append(Group(match.start(), match.end(), frozenset({"scope1", "scope2", "scope3"})))
    for match in CATEGORY.finditer(sentence):
        found.append(Group(match.start(), match.end(), frozenset({f"cat{int(match.group(1))}"})))
    for match in SCOPES.finditer(sentence):
        if match.group("plus"):
            found.append(Group(match.start(), match.end(), frozenset({"avoided"})))
            continue
        digits = re.findall(r"[123一二三]", match.group(0))
        numbers = {"123"["123".find(d) if d in "123" else "一二三".find(d)] for d in digits}
        if re.search(r"1\s?(?:-|to|bis|至)\s?3", match.group(0)):
            numbers |= {"2"}
        found.append(Group(match.start(), match.end(), frozenset(f"scope{n}" for n in numbers)))
    return sorted(found, key=lambda g: (g.start, -g.end))


def groups_in(sentence: str, breaks: Iterable[tuple[int, int]]) -> list[Group]:
    """Mentions that stand together as one name: market-based Scope 2 emissions.

    Args:
        sentence: The sentence.
        breaks: Where its numbers stand; no name goes across one.
    """
    spans = sorted(breaks)
    made: list[Group] = []
    for this in mentions(sentence):
        if any(a < this.end and this.start < b for a, b in spans):
            continue
        if made and this.start < made[-1].end:
            made[-1] = Group(
                made[-1].start, max(made[-1].end, this.end), made[-1].concepts | this.concepts
            )
            continue
        if made and _belongs(sentence, made[-1], this, spans):
            made[-1] = Group(made[-1].start, this.end, made[-1].concepts | this.concepts)
            continue
        made.append(this)
    return made


HEADS = frozenset(
    [
        "emissions",
        "energy",
        "electricity",
        "heat",
        "fuel",
        "water",
        "waste",
        "packaging",
        "vehicles",
        "suppliers",
        "pue",
        "wue",
        "credits",
        "removals",
        "revenue",
        "production",
        "storage",
    ]
)


def _belongs(sentence: str, group: Group, this: Group, spans: list[tuple[int, int]]) -> bool:
    gap = sentence[group.end : this.start]
    if len(gap) > 34 or any(group.end <= a < this.start for a, _ in spans):
        return False
    if VERB.search(gap) or re.search(r"[.;:。!?]", gap):
        return False
    if _numbered(group) and _numbered(this) and _numbered(group) != _numbered(this):
        return False
    if gap.strip(" ,") == "" and (
        "," not in gap
        or ("emissions" in group.concepts and not _numbered(group) and _numbered(this))
    ):
        return True
    mixed = (
        (group.concepts & HEADS)
        and (this.concepts & HEADS)
        and not (group.concepts & this.concepts & HEADS)
    )
    if mixed and re.search(r"\band\b|\bund\b|,|和|及|与|、", gap):
        return False
    if re.fullmatch(r"[()一-鿿]{1,8}", gap) and not re.search(r"[和及与、]", gap):
        return True
    if re.search(r"^\s?\(", gap) or re.fullmatch(
        r"\W*(?:of|from|in|for|across|per|by|under|within|on|aus|von|der|des|im|für|mit|的|和|与|及|和)?\W*(?:(?:the|its|our|their|own|total|all|combined|absolute|annual|purchased|gas|greenhouse|carbon|GHG|CO2|seine\w*|ihre\w*|unsere\w*|eigenen?|der|den|dem|die|das|aus|from|and|und)\W*){0,4}",
        gap,
        re.IGNORECASE,
    ):
        return "," not in gap or bool(_numbered(group) and _numbered(this))
    return False


def _numbered(group: Group) -> frozenset[str]:
    return frozenset(c for c in group.concepts if re.fullmatch(r"scope[123]|cat\d+", c))


EMITS = frozenset({"emissions", "scope1", "scope2", "scope3", "footprint", "chain", "avoided"})


def metric_of(concepts: frozenset[str], unit: str, *, sense: str) -> str:
    """The metric that concepts name for a number of a unit; empty where they name none.

    Args:
        concepts: What a group of words names.
        unit: Canonical unit of the number.
        sense: `amount`, `change` or `share`.
    """
    if sense == "share":
        return _share(concepts)
    if unit in ("t", "share", "points") or "/" in unit:
        told = _emission(concepts, unit)
        if told:
            return told
    if (
        unit in ("kWh", "share", "points", "kW")
        or unit.startswith("kWh/")
        or (unit == "t" and "fuel" in concepts)
    ):
        told = _energy(concepts, unit)
        if told:
            return told
    return _other(concepts, unit)


def _emission(concepts: frozenset[str], unit: str) -> str:
    if concepts & {"credits"}:
        return "credits" if unit == "t" else ""
    if concepts & {"removals"}:
        return "removals"
    if "biogenic" in concepts:
        return "biogenic"
    category = next((c for c in concepts if re.fullmatch(r"cat\d+", c)), "")
    if unit == "t" and "bought" in concepts and not concepts & {"scope1", "scope3"}:
        concepts = concepts | {"scope2"}
    if (
        not concepts & EMITS
        and not category
        and ("intensity" not in concepts or not re.match(r"(?:t|kg|g)/", unit))
    ):
        return ""
    if concepts & {"energy", "water", "waste"} and not concepts & EMITS:
        return ""
    if "avoided" in concepts:
        return "scope3plus_reduction"
    scopes = {n for n in "123" if f"scope{n}" in concepts}
    base = (
        f"scope3_{category}" if category and not scopes - {"3"}
        else "total" if scopes == {"1", "2", "3"}
        else _own(concepts) if scopes == {"1", "2"} or (not scopes and concepts & {"own", "net", "gross"})
        else f"scope{min(scopes)}" if len(scopes) == 1
        else "scope2_scope3" if scopes
        else "scope3" if "chain" in concepts
        else "emissions"
    )  # fmt: skip
    if "intensity" in concepts or "/" in unit:
        return {
            "scope1_2": "intensity",
            "net_scope1_2": "intensity",
            "gross_scope1_2": "intensity",
            "scope3": "scope3_intensity",
            "total": "total_intensity",
        }.get(base, "emissions_intensity" if base == "emissions" else f"{base}_intensity")
    if base in ("scope2", "total", "scope1_2"):
        view = "_market" if "market" in concepts else "_location" if "location" in concepts else ""
        return f"{base}{view}"
    return base


def _own(concepts: frozenset[str]) -> str:
    return (
        "net_scope1_2"
        if "net" in concepts
        else "gross_scope1_2"
        if "gross" in concepts
        else "scope1_2"
    )


def _energy(concepts: frozenset[str], unit: str) -> str:
    if unit == "kW":
        return (
            "contracts"
            if "contract" in concepts
            else "capacity"
            if concepts & {"solar", "wind", "capacity", "storage", "renewable", "clean"}
            else ""
        )
    if "storage" in concepts:
        return "storage"
    if "certificate" in concepts:
        return "certificates"
    if "contract" in concepts and unit == "kWh":
        return "contracts"
    if concepts & {"solar", "wind"} and (
        concepts & {"generation", "electricity", "capacity"} or unit == "kWh"
    ):
        return "generation"
    if "generation" in concepts and unit == "kWh":
        return "generation"
    if ("intensity" in concepts or "/" in unit) and concepts & {"energy", "electricity", "heat"}:
        return "energy_intensity"
    kind = "clean" if "clean" in concepts else "renewable" if "renewable" in concepts else ""
    if kind and concepts & {"electricity", "energy"}:
        if unit == "kWh" or "electricity" in concepts:
            return f"{kind}_electricity"
        return f"{kind}_energy"
    for name in ("electricity", "heat", "fuel", "energy"):
        if name in concepts:
            return name
    return ""


def _other(concepts: frozenset[str], unit: str) -> str:
    if unit in ("", "ratio"):
        for name in ("pue", "wue"):
            if name in concepts:
                return name
    if unit in ("share", "points") and concepts & {"pue", "wue"}:
        return "pue" if "pue" in concepts else "wue"
    if unit in ("m3", "share", "points") and "water" in concepts:
        return "water_intensity" if "intensity" in concepts else "water"
    if "/" in unit:
        if "wue" in concepts:
            return "wue"
        return (
            "water_intensity"
            if "water" in concepts
            else "energy_intensity"
            if unit.startswith(("kWh", "MWh"))
            else ""
        )
    if unit in ("t", "share", "points"):
        if "waste" in concepts:
            return "waste"
        if "packaging" in concepts:
            return "packaging"
        if "production" in concepts:
            return "production"
    if unit == "m3" and "fuel" in concepts:
        return "fuel"
    if unit == "degC":
        return "temperature"
    if unit in ("", "count", "share") and "vehicles" in concepts:
        return "vehicles_electric"
    if unit in ("", "count") and "cartons" in concepts:
        return "cartons_reused"
    if "revenue" in concepts and (re.fullmatch(r"[A-Z]{3}", unit) or unit in ("share",)):
        return "revenue"
    if re.fullmatch(r"[A-Z]{3}", unit) and "investment" in concepts:
        return "investment"
    return ""


def _share(concepts: frozenset[str]) -> str:
    """What a share is of: by all that the clause names."""
    if "recycled" in concepts or "landfill" in concepts:
        for name, metric in (
            ("water", "water_recycled_share"),
            ("waste", "waste_recycled_share"),
            ("packaging", "recycled_content_share"),
        ):
            if name in concepts:
                return metric
        if "content" in concepts:
            return "recycled_content_share"
    if "vehicles" in concepts:
        return "vehicles_electric_share"
    if "suppliers" in concepts:
        return "suppliers_share"
    kind = (
        "clean"
        if "clean" in concepts
        else "renewable"
        if concepts & {"renewable", "solar", "wind", "certificate", "contract"}
        else ""
    )
    if kind and concepts & {"electricity"}:
        return f"{kind}_electricity_share"
    if kind and concepts & {"energy"}:
        return f"{kind}_energy_share"
    told = _emission(concepts, "t")
    if told and told not in ("emissions", "scope3plus_reduction", "total"):
        return f"{told}_share"
    return ""
