"""Languages: every text of pages, reports, findings and errors, in one catalogue for each.

English is the key. A language is a file of this folder, `zh.po`, in the format of gettext; what it
does not say is told in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TypeAlias

from babel import Locale
from babel.messages.pofile import read_po

Translate: TypeAlias = Callable[[str], str]
BUCKET = 3
"""Letters by which sentences with values are looked up."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language that Abate speaks.

    Args:
        code: Such as `zh`.
        locale: How it writes numbers and days.
    """

    code: str
    locale: Locale

    @property
    def name(self) -> str:
        """As it calls itself."""
        return str(self.locale.get_language_name()).capitalize()

    @property
    def tag(self) -> str:
        """For browsers and screen readers (BCP 47), such as `zh-CN`."""
        place = self.locale.territory
        return self.code if self.code == "en" or not place else f"{self.code}-{place}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a language says.

    Args:
        language: The language.
        texts: What it says for each English text, by context and text.
        sentences: Sentences whose values are written `{}`, by their first letters, those that say
            most first.
    """

    language: Language
    texts: Mapping[tuple[str, str], str]
    sentences: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]]

    def sentence(self, text: str) -> tuple[re.Match[str], str] | None:
        """The sentence that is like a text but for its values."""
        for start in (text[:BUCKET], ""):
            for pattern, told in self.sentences.get(start, ()):
                if found := pattern.fullmatch(text):
                    return found, told
        return None


ENGLISH = Catalogue(Language("en", Locale("en", "GB")), {}, {})


@cache
def catalogues() -> dict[str, Catalogue]:
    """The catalogue of each language by its code; English first."""
    found = (p for p in files(__name__).iterdir() if p.name.endswith(".po"))
    named = {p.name.removesuffix(".po"): p.read_text(encoding="utf-8") for p in found}
    return {"en": ENGLISH} | {code: _read(code, named[code]) for code in sorted(named)}


def languages() -> dict[str, Language]:
    """Languages by code; English first."""
    return {code: c.language for code, c in catalogues().items()}


def translator(lang: str, context: str = "") -> Translate:
    """What turns an English text into a language; what is not known stays as it is.

    Args:
        lang: Code of the language.
        context: Where a text says something else than usual, such as `report`.
    """
    return str if lang == "en" else lambda text: translate(text, lang, context)


@lru_cache(maxsize=8192)
def translate(text: str, lang: str, context: str = "") -> str:
    """A text in a language: by itself, or by a sentence that is like it but for its values.

    Example:
        >>> translate("Inventory", "zh"), translate("net -5.0%, gross +11.0%", "zh")
        ('排放清单', '净排放 -5.0%，总排放 +11.0%')
    """
    if lang == "en":
        return text
    known = catalogues()[lang]
    for where in dict.fromkeys((context, "")):
        if (where, text) in known.texts:
            return known.texts[where, text]
    if found := known.sentence(text):
        values, told = found
        return told.format(*(_value(v, lang, context) for v in values.groups()))
    return text


def _value(text: str, lang: str, context: str) -> str:
    """What stands in a sentence: a text of its own, or a list of them."""
    whole = translate(text, lang, context)
    if whole != text:
        return whole
    parts = re.split("(, |; )", text)
    return "".join(p if p in (", ", "; ") else translate(p, lang, context) for p in parts)


def _read(code: str, text: str) -> Catalogue:
    read = read_po(text.splitlines(keepends=True))
    texts = {(m.context or "", str(m.id)): str(m.string) for m in read if m.id and m.string}
    found: dict[str, list[tuple[int, re.Pattern[str], str]]] = {}
    for (context, english), told in texts.items():
        start, *rest = english.split("{}")
        if rest and not context:
            pattern = re.compile(re.escape(english).replace(re.escape("{}"), "(.*?)"), re.DOTALL)
            bucket = start[:BUCKET] if len(start) >= BUCKET else ""
            found.setdefault(bucket, []).append((-len(english), pattern, told))
    sentences = {
        bucket: tuple((p, told) for _, p, told in sorted(some, key=lambda s: s[0]))
        for bucket, some in found.items()
    }
    return Catalogue(Language(code, read.locale or Locale(code)), texts, sentences)
