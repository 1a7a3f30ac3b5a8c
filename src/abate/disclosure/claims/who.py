"""Who: whose number a clause tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from abate.disclosure.claims.lexicon import pattern
from abate.disclosure.claims.naming import ACTS, BELOW, NAME_EN, Cast, abridges, countries, trimmed

OTHER_ZH = pattern("who.OTHER_ZH")
OTHERS_ANY = pattern("who.OTHERS_ANY")
"""Words of others than the organisation, whose saving a saving may be."""
FIRST = pattern("who.FIRST")
OWN = pattern("who.OWN")
IT = re.compile(r"\b(?:it|its|they|their|ihr\w*|sein\w*|es|sie)\b|其", re.IGNORECASE)
OTHERS = {"customers": pattern("who.CUSTOMERS"), "suppliers": pattern("who.SUPPLIERS")}
SECTOR = pattern("who.SECTOR")
UNIT_OF = pattern("who.UNIT_OF")
"""What belongs to a name and is not it."""
HELPING = pattern("who.HELPING")
DESCRIBED = pattern("who.DESCRIBED")


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A place where a sentence names somebody.

    Args:
        start: Where the name begins.
        name: The full name.
        acts: Whether the words around show that it does or has something.
        short: As it was written.
        vague: Whether it is a sector, a grid or the like rather than an organisation.
    """

    start: int
    name: str
    acts: bool
    short: str = ""
    vague: bool = False


def who_in(sentence: str, at: int, cast: Cast, carried: str) -> tuple[str, bool]:
    """Whose number stands at a place of a sentence, and whether that is sure.

    A name that begins with `? ` is of something that belongs to it, such as an unnamed subsidiary.

    Args:
        sentence: The sentence.
        at: Where the number stands.
        cast: The organisations of the text.
        carried: Whom the sentence before was about.
    """
    helped = _helped(sentence, at, cast)
    if helped:
        return helped, bool(cast.main)
    found = _mentions(sentence, cast)
    before = [m for m in found if m.start < at]
    near = [m for m in found if m.acts and m.start - at < 60]
    subjects = [m for m in before if m.acts] or before or near
    if not subjects:
        return _unnamed(sentence, at, cast, carried)
    chosen = max(subjects) if before else min(subjects)
    if chosen.vague:
        return chosen.name, False
    if UNIT_OF.match(sentence[chosen.start :].removeprefix(chosen.short)):
        return f"? {chosen.name}", False
    rivals = {m.name for m in before if m.acts and m.name != chosen.name}
    clear = not rivals or _possesses(sentence, chosen.start, at)
    return chosen.name, bool(chosen.name) and clear and (chosen.name != cast.main or cast.sure)


def _unnamed(sentence: str, at: int, cast: Cast, carried: str) -> tuple[str, bool]:
    """Whose a number is in a sentence that names nobody."""
    if carried.startswith("? "):
        return carried[2:], False
    if IT.search(sentence[:at]) and carried:
        return carried, True
    return cast.main, bool(cast.main) and cast.sure and carried in ("", cast.main)


def _mentions(sentence: str, cast: Cast) -> list[Mention]:
    """All who are named in a sentence, without those in a description between commas."""
    named = list(_named(sentence, cast))
    spans = [(m.start, m.start + len(m.name)) for m in named]
    found = [
        *named,
        *_strangers(sentence, cast),
        *_meant(sentence, cast, spans),
        *_places(sentence),
        *_others(sentence, cast),
    ]
    asides = _asides(sentence, cast.names)
    return [m for m in found if not any(a < m.start < b for a, b in asides)]


def _named(sentence: str, cast: Cast) -> Iterator[Mention]:
    """The organisations of the text, where a sentence names them."""
    for short, name in cast.names.items():
        latin = short.isascii()
        edges = rf"(?<!\w){re.escape(short)}(?!\w)" if latin else re.escape(short)
        for match in re.finditer(edges, sentence):
            run = NAME_EN.match(sentence, match.start()) if latin else None
            whole = trimmed(run.group(0)) if run else ""
            if whole.startswith(f"{short} ") and whole not in cast.names and whole != name:
                yield Mention(match.start(), whole, True, whole)
                continue
            acts = not latin or DESCRIBED.match(sentence[match.end() : match.end() + 170])
            part = BELOW.search(sentence[max(0, match.start() - 26) : match.start()])
            yield Mention(match.start(), name, bool(acts or part), short)


def _strangers(sentence: str, cast: Cast) -> Iterator[Mention]:
    """A name at the head of a sentence that the text is not known to be about."""
    match = FIRST.match(sentence)
    name = trimmed(match.group(0)) if match and not sentence.isupper() else ""
    known = not name or any(n.startswith(name) or name.startswith(n) for n in cast.names)
    if match is None or known or countries().match(name):
        return
    if DESCRIBED.match(sentence[match.end() : match.end() + 170]):
        yield Mention(0, name, True, name, vague=True)


def _meant(sentence: str, cast: Cast, spans: list[tuple[int, int]]) -> Iterator[Mention]:
    """Whom the text is about, under a word for it: we, the company, 本公司."""
    for match in OWN.finditer(sentence):
        led = sentence[max(0, match.start() - 2) : match.start()]
        inside = any(a <= match.start() < b for a, b in spans)
        if not inside and led not in ("有限", "责任") and not led.endswith(("占", "对", "向")):
            yield Mention(match.start(), cast.main, True, match.group(0))


def _places(sentence: str) -> Iterator[Mention]:
    """Countries that act or own, and sectors, grids and the like."""
    for match in countries().finditer(sentence):
        after = sentence[match.end() : match.end() + 20]
        before = sentence[max(0, match.start() - 12) : match.start()]
        acts = re.match(rf"['’]s? |(?:,[^,]+,)? {ACTS}\b|(?:全国|的)?(?:碳|排放|用电|电力)", after)
        if acts and not re.search(r"(?:\bin|across|from|at|of|aus) (?:the )?$", before):
            yield Mention(match.start(), match.group(0), True, match.group(0))
    for match in SECTOR.finditer(sentence):
        name = next(g for g in match.groups() if g)
        yield Mention(match.start(), name, True, name, vague=True)


def _others(sentence: str, cast: Cast) -> Iterator[Mention]:
    """Chinese names of others than those whom the text is known to name."""
    for match in OTHER_ZH.finditer(sentence):
        name = match.group(1)
        generic = re.search(r"平均|每|其|本|该|^(?:公司|集团)", name)
        if name not in cast.names and not generic and not abridges(name, cast.main):
            yield Mention(match.start(1), name, True, name)


def _asides(sentence: str, names: Mapping[str, str]) -> list[tuple[int, int]]:
    """Where a name is described between commas before it acts: Cainiao, the group's arm, reused."""
    found = []
    for short in names:
        described = rf"(?<!\w){re.escape(short)}, [^,;.]{{3,140}}, ?(?={ACTS}\b)"
        for match in re.finditer(described, sentence):
            found.append((match.start() + len(short), match.end()))
    return found


def _possesses(sentence: str, start: int, at: int) -> bool:
    """Whether what lies between a name and a number is one clause."""
    between = sentence[start:at]
    return not re.search(r"[;:]| while | whereas | compared with | während ", between)


def _helped(sentence: str, at: int, cast: Cast) -> str:
    """Customers or suppliers, where they are those who act: helped customers avoid 2 Mt."""
    for name, words in OTHERS.items():
        for match in words.finditer(sentence):
            if match.start() < at and _acts(sentence, match, at):
                return f"{name} of {cast.main}" if cast.main else name
    return ""


def _acts(sentence: str, match: re.Match[str], at: int) -> bool:
    """Whether customers or suppliers, named at a place, are those who save or emit."""
    near = sentence[max(0, match.start() - 40) : match.start()]
    after = sentence[match.end() :]
    saves = r"\b(?:avoid|sav|reduc|cut|vermied|spar)"
    if re.match(rf",? (?:who|that|which|die)\b[^.;]{{0,140}}?{saves}", after):
        return True
    first = re.search(r"(?:^|[,。])\W*(?:its |our |the |unsere |die )?$", near, re.IGNORECASE)
    leads = match.start() < 8 or after[:1] >= "一"
    meant = any(match.end() < m.start() < at for m in OWN.finditer(sentence))
    if first and leads and not meant and not re.search(r"[;。]", sentence[match.end() : at]):
        return True
    verb = r"\s*(?:to |zu )?(?:avoid|reduc|save|cut|emit|vermeid|减|节|避)"
    close = at - match.end() < 90
    return close and bool(HELPING.search(near) or re.match(verb, after[:40], re.IGNORECASE))
