"""Words by which files say what is supplied: electricity, a fuel to burn, or heat."""

from __future__ import annotations

import re

from abate.energy.facts.words import has_word

SUPPLIES: dict[str, tuple[str, ...]] = {
    "electricity": (
        "electricity", "electric", "electric power", "grid electricity", "purchased electricity", "power", "strom",
        "elektrizität", "électricité", "electricité", "electricidad", "energia elettrica", "elettricità", "eletricidade",
        "energia elétrica", "elektriciteit", "elektra", "stroom", "energia elektryczna", "prąd", "电", "电力", "用电", "電気", "電力",
    ),
    "stationary-fuel": (
        "gas", "natural gas", "mains gas", "erdgas", "gaz", "gaz naturel", "gas natural", "gas naturale", "metano", "gás natural",
        "aardgas", "gaz ziemny", "heating oil", "fuel oil", "heizöl", "fioul", "gasóleo", "gasolio", "lpg", "propane", "butane",
        "flüssiggas", "coal", "kohle", "charbon", "wood pellets", "pellets", "天然气", "燃气", "都市ガス", "ガス",
    ),
    "heat": (
        "heat", "district heating", "steam", "purchased heat", "purchased steam", "fernwärme", "wärme", "chaleur", "réseau de chaleur",
        "teleriscaldamento", "stadsverwarming", "calor", "热力", "蒸汽",
    ),
}  # fmt: skip
"""Words for what is supplied, by the template of its bills."""
ITEM_OF_WORD = {"gas": "natural gas", "mains gas": "natural gas", "gaz": "natural gas", "ガス": "natural gas", "燃气": "natural gas"}  # fmt: skip
"""What a word that names the kind of supply is as a fuel."""


def supply_named(word: str) -> str:
    """The template of the bills of what a word names, empty where it names none.

    Example:
        >>> supply_named("Erdgas (Hs)"), supply_named("Strom"), supply_named("Water")
        ('stationary-fuel', 'electricity', '')
    """
    folded = " ".join(re.sub(r"\(.*\)", " ", word).casefold().split())
    return next((t for t, words in SUPPLIES.items() if folded in words), "")


def names_supply(template: str, text: str) -> bool:
    """Whether a text has a word for what is supplied under a template, as a whole word.

    Example:
        >>> names_supply("stationary-fuel", "Natural gas 2023"), names_supply("heat", "Heathrow")
        (True, False)
    """
    return has_word(text, SUPPLIES.get(template, ()))
