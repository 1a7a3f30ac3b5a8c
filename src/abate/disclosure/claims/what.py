"""What: the metrics that a sentence names, as groups of words that belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from abate.disclosure.claims.lexicon import concepts, pattern

LINKED = pattern("what.LINKED")
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
        if re.search(r"[1一]\s?(?:-|–|to|bis|至)\s?\D{0,3}[3三]", match.group(0)):
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
        if any(
            a < this.end and this.start < b and (a <= this.start or this.end <= b) for a, b in spans
        ):
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
    if (
        len(gap) > 60
        or (len(gap) > 34 and not gap.startswith(", which"))
        or any(group.end <= a < this.start for a, _ in spans)
    ):
        return False
    counted = r", which [^,]{0,40}(?:across|covers?|counts?|includes?|from|in) "
    if "emissions" in group.concepts and _numbered(this) and re.fullmatch(counted, gap):
        return not _numbered(group)
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
    if re.search(r"^\s?\(", gap) or LINKED.fullmatch(gap):
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
    base = _boundary(concepts, category)
    if "intensity" in concepts or "/" in unit:
        return _intensity(base, is_market="market" in concepts)
    if base in ("scope2", "total", "scope1_2"):
        view = "_market" if "market" in concepts else "_location" if "location" in concepts else ""
        return f"{base}{view}"
    return base


def _intensity(base: str, *, is_market: bool) -> str:
    """Intensity of a part of an inventory."""
    if is_market and base in ("scope1_2", "total"):
        return f"{base}_market_intensity"
    return {
        "scope1_2": "intensity",
        "net_scope1_2": "intensity",
        "scope1": "intensity",
        "scope3": "scope3_intensity",
        "scope3_cat15": "scope3_intensity",
    }.get(base, f"{base}_intensity")


def _boundary(concepts: frozenset[str], category: str) -> str:
    """The part of an inventory that concepts name; `emissions` where they name none."""
    scopes = "".join(n for n in "123" if f"scope{n}" in concepts)
    if category and scopes in ("", "3"):
        return f"scope3_{category}"
    if scopes == "12" or (not scopes and concepts & {"own", "net", "gross"}):
        return _own(concepts)
    if scopes:
        return {"123": "total", "23": "scope2_scope3", "13": "scope1_scope3"}.get(
            scopes, f"scope{scopes}"
        )
    return "scope3" if "chain" in concepts else "emissions"


def _own(concepts: frozenset[str]) -> str:
    return (
        "net_scope1_2"
        if "net" in concepts
        else "gross_scope1_2"
        if "gross" in concepts
        else "scope1_2"
    )


ENERGIES: tuple[tuple[str, frozenset[str], str], ...] = (
    ("kW", frozenset({"contract"}), "contracts"),
    ("kW", frozenset({"solar", "wind", "capacity", "storage", "renewable", "clean"}), "capacity"),
    ("kWh,share,points", frozenset({"storage"}), "storage"),
    ("kWh,share,points", frozenset({"certificate"}), "certificates"),
    ("kWh", frozenset({"contract"}), "contracts"),
    ("kWh", frozenset({"solar", "wind", "generation"}), "generation"),
)
"""Metrics of energy: units they are told in, and concepts of which one is named."""


def _energy(concepts: frozenset[str], unit: str) -> str:
    for units, named, metric in ENERGIES:
        if unit in units.split(",") and concepts & named:
            return metric
    if unit == "kW":
        return ""
    if concepts & {"solar", "wind"} and concepts & {"generation", "electricity", "capacity"}:
        return "generation"
    if ("intensity" in concepts or "/" in unit) and concepts & {"energy", "electricity", "heat"}:
        return "energy_intensity"
    kind = next((k for k in ("clean", "renewable") if k in concepts), "")
    if kind and concepts & {"electricity", "energy"}:
        power = unit == "kWh" or "electricity" in concepts
        return f"{kind}_electricity" if power else f"{kind}_energy"
    return next((n for n in ("electricity", "heat", "fuel", "energy") if n in concepts), "")


OTHERS: tuple[tuple[str, str, str], ...] = (
    (",ratio,share,points", "pue", "pue"),
    (",ratio,share,points", "wue", "wue"),
    ("m3,share,points", "water", "water"),
    ("t,share,points", "waste", "waste"),
    ("t,share,points", "packaging", "packaging"),
    ("t,share,points", "production", "production"),
    ("m3", "fuel", "fuel"),
    (",count,share", "vehicles", "vehicles_electric"),
    (",count", "cartons", "cartons_reused"),
    ("share", "revenue", "revenue"),
)
"""Other metrics: units they are told in, the concept, and the metric, in their order."""


def _other(concepts: frozenset[str], unit: str) -> str:
    if "/" in unit:
        energy = "energy_intensity" if unit.startswith(("kWh", "MWh")) else ""
        return "wue" if "wue" in concepts else "water_intensity" if "water" in concepts else energy
    if unit == "degC":
        return "temperature"
    if re.fullmatch(r"[A-Z]{3}", unit):
        return "revenue" if "revenue" in concepts else ""
    told = next((m for units, c, m in OTHERS if unit in units.split(",") and c in concepts), "")
    return "water_intensity" if told == "water" and "intensity" in concepts else told


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
