"""Words by which tables of activities say what a column holds, and what is supplied."""

from __future__ import annotations

import re
import tomllib

from abate.energy.facts.words import has_word
from abate.kernel.resources import package_text

_SAID = tomllib.loads(package_text("abate.application.inventory", "words.toml"))
SUPPLIES: dict[str, tuple[str, ...]] = {k: tuple(words) for k, words in _SAID["supplies"].items()}
"""Words for what is supplied, by the template of its bills."""
FUELS_OF_SUPPLY: dict[str, str] = _SAID["fuels"]
"""What a word that names the kind of supply is as a fuel."""
FIELDS_SAID: dict[str, tuple[str, ...]] = {k: tuple(words) for k, words in _SAID["fields"].items()}
"""Headers of the fields that any kind of file may have."""
KIND_HEADERS, MONTH_HEADERS, YEAR_HEADERS, NOT_USED, TOTALS = (
    tuple(_SAID[name]) for name in ("kind", "month", "year", "not_used", "total")
)
"""Headers of kinds of supply, months, years, of what was not used, and of sums."""


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
