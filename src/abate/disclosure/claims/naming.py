"""Naming: the organisations that a text names, and whom it is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale

from abate.disclosure.claims.lexicon import pattern, pattern_text
from abate.disclosure.claims.tabled import canonical

LEGAL = pattern_text("naming.LEGAL")
ACTS = pattern_text("naming.ACTS")
KIND_BEFORE = pattern("naming.KIND_BEFORE")
NAME_EN = pattern("naming.NAME_EN")
NAME_ZH = pattern("naming.NAME_ZH")
ZH_ORG = r"(?:股份有限公司|有限责任公司|有限公司|集团|银行|公司)"
ZH_ACTS = pattern("naming.ZH_ACTS")
SHORT_ZH = re.compile(r"\((?:以下|下)?(?:简称|称)(?:为)?([^)]{2,30})\)")
PARTICLES = re.compile(r"[的在由据与和为是对向从了及]")
TRADE_ZH = pattern("naming.TRADE_ZH")
GENERIC_ZH = pattern("naming.GENERIC_ZH")
COMMON = pattern("naming.COMMON")
"""Capitalised words that name no organisation."""
TITLED = pattern("naming.TITLED")
PLAIN_DE = pattern("naming.PLAIN_DE")
PERSON = pattern("naming.PERSON")


@cache
def countries() -> re.Pattern[str]:
    """Names of countries in the languages that are read."""
    names = {
        n
        for lang in ("en", "de", "zh")
        for c, n in Locale.parse(lang).territories.items()
        if c.isalpha() and len(n) > 1
    }
    names |= {"Britain", "America", "Europe", "Europa", "China", "the US", "the UK"}
    ascii_names = "|".join(
        re.escape(n) for n in sorted(names, key=len, reverse=True) if n.isascii() or n[0] < "一"
    )
    others = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True) if n[0] >= "一")
    return re.compile(rf"\b(?:{ascii_names})\b|(?:{others})")


@dataclass(frozen=True, slots=True)
class Cast:
    """The organisations of a text.

    Args:
        main: Whom the text is about; empty where that is not clear.
        names: Full name by each name under which it appears.
        sure: Whether the text leaves no doubt whom it is about.
    """

    main: str
    names: Mapping[str, str]
    sure: bool


def cast_of(text: str, lang: str, own: Mapping[tuple[str, str], str]) -> Cast:
    """Read the organisations that a text names."""
    title = next((line for line in text.splitlines() if line.strip(" #*")), "")
    scores = {"zh": _named_zh, "de": _named_de}.get(lang, _named)(text, title)
    for (kind, alias), name in own.items():
        if kind == "entity" and alias and alias in text.casefold():
            scores[name] += 100
    if not scores and lang == "de":
        scores = _typed_de(text)
    if not scores:
        return Cast("", {}, False)
    below = {n for n in scores if BELOW.search(text[max(0, text.find(n) - 26) : text.find(n)])}
    above = {n: s for n, s in scores.items() if n not in below}
    names = {
        n: canonical("entity", n if n in below else _fullest(n, above, text), own) for n in scores
    }
    summed: Counter[str] = Counter()
    for n, score in scores.items():
        summed[names[n]] += 0 if n in below else score
    ranked = summed.most_common(2)
    sure = len(ranked) < 2 or ranked[0][1] >= 1.2 * ranked[1][1]
    return Cast(ranked[0][0], names, sure)


BELOW = pattern("naming.BELOW")
"""What stands before the name of a part of an organisation."""


def _fullest(name: str, scores: Mapping[str, int], text: str) -> str:
    """The longest name that begins with a short one, or that a short one is made from."""
    bare = name.rstrip(".")
    longer = [
        n
        for n in scores
        if n != name
        and (
            n.casefold().startswith(f"{bare.casefold()} ")
            or f" {bare} " in f" {n} "
            or (len(bare) > 2 and bare[0] >= "一" and bare in n)
            or (bare[0] >= "一" and abridges(bare, n))
        )
    ]
    typed = [n for n in longer if TYPED.search(n) or n.endswith(("集团", "公司"))] or longer
    legal = [n for n in typed if re.search(rf"\b(?:{LEGAL})\.?$|公司$", n)]
    return min(legal or typed or [name], key=lambda n: (text.find(n), -len(n)))


def abridges(short: str, full: str) -> bool:
    """Whether a Chinese name shortens another: its letters in order, the first two alike."""
    if len(short) >= len(full) or short[:2] != full[:2]:
        return False
    rest = iter(full)
    return all(c in rest for c in short)


TYPED = pattern("naming.TYPED")
"""Names that are of organisations by their last word."""


def _named(text: str, title: str) -> Counter[str]:
    """English names by what shows that they are of organisations, and how often they are said."""
    evidence: Counter[str] = Counter()
    persons: set[str] = set()
    speaks = len(re.findall(r"\b[Ww]e\b|\b[Oo]ur\b", text)) > 3
    for match in NAME_EN.finditer(text):
        name = trimmed(match.group(0))
        unit = re.search(r"CO2|\b(?:[kMG]t|[GMT]Wh|[MG]W)\b", name)
        if not name or unit or countries().fullmatch(name) or re.fullmatch(LEGAL, name):
            continue
        if name.isupper() and (len(name) > 12 or (len(name) < 6 and name not in title)):
            continue
        at = match.start() + match.group(0).index(name[0])
        if _is_person(text, at, match.end()) and not TYPED.search(name):
            persons |= {name, name.split()[-1]}
            continue
        evidence[name] += _evidence(text, title, name, at, match.end(), speaks=speaks)
    counted = {n: len(re.findall(rf"(?<!\w){re.escape(n)}(?!\w)", text)) for n in evidence}
    kept: Counter[str] = Counter()
    for name, first in evidence.items():
        often = counted[name] > 3 and not re.search(rf"\b(?:in|at|near) {re.escape(name)}\b", text)
        shown = first + (2 + (name in title)) * often
        short = any(o.startswith(f"{name} ") and evidence[o] > 2 for o in evidence)
        said_small = " " not in name and name.casefold() in text
        if name in persons or (not short and (shown < 2 or said_small)):
            continue
        if shown < 3 and counted[name] < 2 and name not in title:
            continue
        kept[name] = counted[name] + shown + 5 * (name in title) + 3 * (name in text[:600])
        kept[name] += 8 * _is_legal(name)
    return kept


def _is_legal(name: str) -> bool:
    """Whether a name ends in a legal form."""
    return re.search(rf"\b(?:{LEGAL})\.?$", name) is not None


def _is_person(text: str, at: int, end: int) -> bool:
    """Whether a name is a person's, by the words around it."""
    before, after = text[max(0, at - 24) : at], text[end : end + 60]
    return bool(PERSON.match(after) or re.match(r",? \d\d,", after) or TITLED.search(before))


def _evidence(text: str, title: str, name: str, at: int, end: int, *, speaks: bool) -> int:
    """How strongly one place of a text shows that a name is an organisation's."""
    before, after = text[max(0, at - 24) : at], text[end : end + 170]
    legal = _is_legal(name)
    placed = re.search(
        r"\b(?:in|at|on|near|to|across|outside|between|around)(?: the| its| our| their)? $", before
    )
    typed = TYPED.search(name) is not None and " " in name
    if typed and not legal and placed:
        kind = re.escape(name.rsplit(maxsplit=1)[-1].casefold())
        typed = len(re.findall(rf"\b(?:the|this|our) {kind}\b", text)) > 1
    if not legal and _is_heading(text, at):
        return 3 * (typed and speaks)
    starts = re.search(r"(?:^|[.!?:”\"\n] ?)[“\"]?$", before[-3:]) is not None
    described = (
        rf", (?:[^,.;]{{3,140}}, (?!said|says){ACTS}|(?:the|a|an|which) [^,.;]{{3,140}}, {ACTS})\b"
    )
    acts = re.match(rf"(?:['’]s)? (?!said|says){ACTS}\b|,? \((?:the|“|\"|[A-Z])", after) is not None
    acts = acts and not (starts and " " not in name and text.count(name) < 3)
    acts = acts or re.match(described, after) is not None
    rival = re.search(r"\b(?:rival|competitor|peer|supplier|customer|partner)s? $", before)
    if rival and re.match(r"(?:['’]s)?,? ", after):
        return 3
    in_title = at < len(title) and (typed or acts) and not title.isupper()
    return 3 * typed + 2 * (acts and not placed) + 2 * in_title - 2 * (bool(placed) and not typed)


KINDS_DE = pattern_text("naming.KINDS_DE")


def _typed_de(text: str) -> Counter[str]:
    """German names by their kind, where no legal form names anybody: Kreisklinikum Oberlahn."""
    scores: Counter[str] = Counter()
    for match in re.finditer(rf"\b({KINDS_DE} [A-ZÄÖÜ][\w-]+)", text):
        scores[match.group(1)] += 3 + 3 * (match.start() < 700)
    for name in list(scores):
        kind = name.split()[0]
        last = re.search(
            r"(klinikum|krankenhaus|hospital|flughafen|hafen|brauerei|molkerei|bank|werft)$", kind
        )
        for word in {kind, last.group(1).capitalize() if last else kind}:
            counted = len(re.findall(rf"\b{word}s?\b", text))
            if counted and len(scores) < 4:
                scores[word] += counted
    return scores


def _is_heading(text: str, at: int) -> bool:
    """Whether a place stands in a line that is no sentence."""
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)].strip()
    return len(line) < 160 and not line.endswith((".", "!", "?", "”", '"', ":"))


NAME_DE = pattern("naming.NAME_DE")


def _named_de(text: str, title: str) -> Counter[str]:
    scores: Counter[str] = Counter()
    for match in NAME_DE.finditer(text):
        words = re.split(r"\. (?:Die|Der|Das|Bei|Im|In) ", match.group(1))[-1].split()
        while words and (
            COMMON.fullmatch(words[0])
            or KIND_BEFORE.search(
                words[0],
            )
        ):
            words = words[1:]
        if len(words) < 2 and "-" not in "".join(words):
            continue
        bare = re.sub(r"(?<=[a-zäöü]e)[nrsm]$", "", words[0])
        if bare != words[0] and re.search(rf"\b{re.escape(bare)}\b", text):
            words[0] = bare
        words[0] = re.sub(r"^Stadtwerken$", "Stadtwerke", words[0])
        scores[" ".join(words)] += 3
    for name in list(scores):
        for word in name.split():
            known = (
                PLAIN_DE.fullmatch(
                    word,
                )
                or len(word) < 4
                or COMMON.fullmatch(word)
            )
            counted = len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", text))
            if not known and counted > text.count(name):
                scores[word] += counted
        scores[name] += (
            text.count(name)
            + 5 * (name in title)
            + 5 * any(w in title for w in name.split() if len(w) > 4 and not COMMON.fullmatch(w))
            + 3 * (name in text[:700])
        )
    return scores


def trimmed(raw: str) -> str:
    """A run of capitalised words without those that name nobody."""
    owner, *owned = re.split(r"['’]s ", raw)
    if owned and not TYPED.search(raw):
        raw = owner
    words = re.sub(r"(?:['’]s|['’])$", "", raw).split()
    while words and words[-1].isdigit():
        words = words[:-1]
    while words and (
        COMMON.fullmatch(words[0].rstrip(".,"))
        or re.search(
            r"^(?:Rival|Coun|Contract|Sister|Peer)$|(?:maker|giant|producer|retailer)$", words[0]
        )
    ):
        words = words[1:]
    while words and (
        COMMON.fullmatch(words[-1].rstrip(".,"))
        or words[-1] in ("of", "and", "&", "for", "und", "von", "de")
    ):
        words = words[:-1]
    if (
        len(words) > 1
        and all(w.isupper() for w in words[:-1])
        and all(len(w) > 3 for w in words[:-1])
    ):
        words = [w.capitalize() if len(w) > 3 and w.isupper() else w for w in words]
    told = " ".join(words).rstrip(",.-")
    if len(told) < 2 or told.endswith("-based") or re.fullmatch(r"[A-Z]?\d+|[A-Z]", told):
        return ""
    return told


def _named_zh(text: str, title: str) -> Counter[str]:
    """Chinese names by what shows that they are names, the surest first."""
    scores: Counter[str] = Counter()
    for match in NAME_ZH.finditer(text):
        name = re.sub(
            r"^.*(?:关于|对于|旗下|控股|全资|子公司|分公司)",
            "",
            PARTICLES.split(match.group(0))[-1],
        )
        core = re.sub(rf"{ZH_ORG}+$", "", name)
        if len(core) > 1 and not GENERIC_ZH.search(core):
            scores[name] += 10 if name.endswith(("有限公司", "集团")) else 4
    for name in _short_names(text):
        scores[name] += 6
    for match in TRADE_ZH.finditer(text):
        if not GENERIC_ZH.search(match.group(1)[:-2]):
            scores[match.group(1)] += 2
    for match in ZH_ACTS.finditer(text):
        name = re.sub(r"^(?:关于|记者|从|据|获悉)", "", match.group(1)).strip("()")
        if len(name) > 1 and not GENERIC_ZH.search(name):
            scores[name] += 1 + (match.start() < 40)
    scores.update(_headed(text, title))
    for full in [n for n in scores if re.search(rf"{ZH_ORG}$", n)]:
        for short in _shorts(full, text):
            scores[short] += 2
    kept = {n: s for n, s in scores.items() if s > 1 and text.count(n) + s > 3}
    return Counter(
        {n: s + text.count(n) + 3 * (n in title) + 2 * (n in text[:300]) for n, s in kept.items()}
    )


def _short_names(text: str) -> Iterator[str]:
    """Names that a text introduces in brackets: (以下简称“X”或“公司”)."""
    for match in SHORT_ZH.finditer(text):
        for short in re.split(r"[”\"」]?(?:或|、|及|,)[“\"「]?", match.group(1)):
            name = short.strip('“”"「」')
            if 1 < len(name) < 13 and not re.search(r"^(?:本|该|公司|集团)", name):
                yield name


def _headed(text: str, title: str) -> dict[str, int]:
    """The longest beginning of a title that the text says again."""
    head = re.match(r"[A-Za-z0-9一-鿿·]+", title.strip(" #*【《"))
    for size in range(min(8, len(head.group(0)) if head else 0), 1, -1):
        short = head.group(0)[:size] if head else ""
        if text.count(short) > 2 - (size > 3) and not GENERIC_ZH.search(short):
            return {short: 3}
    return {}


def _shorts(full: str, text: str) -> set[str]:
    """Shorter forms under which a text goes on to speak of a Chinese name."""
    found = set()
    for match in re.finditer(re.escape(full[:2]), text):
        at, rest = 2, full[2:]
        while (
            at < 7
            and match.start() + at < len(text)
            and (k := rest.find(text[match.start() + at])) >= 0
        ):
            rest = rest[k + 1 :]
            at += 1
        short = text[match.start() : match.start() + at]
        if (
            at > 2
            and short != full
            and not full.startswith(f"{short}公")
            and short not in full[: len(short) + 1]
        ) or (at > 3 and full.startswith(short) and short + "有" != full[: at + 1]):
            found.add(short)
    return {s for s in found if not re.search(r"[有限公司]$", s)}
