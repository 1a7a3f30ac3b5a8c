"""When: the years that a text names, and which of them a number belongs to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from abate.disclosure.claims import cues
from abate.disclosure.claims.lexicon import pattern
from abate.disclosure.claims.statement import Period

YEAR = r"(?:19|20)\d{2}"
_SPLIT = rf"(?P<split>{YEAR})\s?[/–-]\s?(?P<split_end>\d{{2}}|{YEAR})(?!\d|-\d)"
COMPARED = pattern("when.COMPARED")
AMOUNT_AFTER = pattern("when.AMOUNT_AFTER")
FISCAL = pattern("when.FISCAL")
UNDATED = pattern("when.UNDATED")
SPLIT = re.compile(rf"(?<![\d-]){_SPLIT}(?!\s?(?:%|percent))")
PLAIN = re.compile(
    rf"(?<![\d/-])(?<!\d[.,])(?<![A-Za-z]-)(?<![A-Za-z])({YEAR})(?![\d%]|[.,]\d|-\d\d-)"
)
DATE = pattern("when.DATE")
LAST = pattern("when.LAST")
AGO = pattern("when.AGO")
COUNTED = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "ten": 10,
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "fünf": 5,
    "sechs": 6,
    "zehn": 10,
}
SPAN = pattern("when.SPAN")
LAST_YEAR = pattern("when.LAST_YEAR")
BY = pattern("when.BY")
BASE_BEFORE = pattern("when.BASE_BEFORE")
BASE_AFTER = pattern("when.BASE_AFTER")
SINCE = re.compile(
    r"(?:\bsince|\bseit|自)\s?(?:(?:fiscal|financial)(?: year)?|FY|dem Jahr)?\s?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class When:
    """A year that a sentence names.

    Args:
        start: Where it begins.
        end: Where it ends.
        kind: `FY` or `CY`.
        year: The year; of the end for a span.
        role: `at`, `by` (of a target), `base` (of a comparison), `last` (the year before), `span`
            or `date` (of a day).
        first: First year of a span.
        text: As it was written.
    """

    start: int
    end: int
    kind: str
    year: int
    role: str
    first: int = 0
    text: str = ""

    @property
    def period(self) -> Period:
        """As statements hold it."""
        if self.first and self.first != self.year:
            return Period(self.kind, self.year, self.first, f"{self.first}-{self.year}")
        return Period(self.kind, self.year, self.year, f"{self.kind}{self.year}")


def years_in(sentence: str, *, said: int = 0, told: int = 0, fiscal: bool = False) -> list[When]:
    """The years that a sentence names, in order.

    Args:
        sentence: The sentence.
        said: Year in which the text was written; 0 where it does not say.
        told: Year that the text reports.
        fiscal: Whether that is a fiscal year: last year is that one then.

    Example:
        >>> text = "In fiscal 2024 it cut 12 % against 2019 and aims at 50 % by 2030"
        >>> [(w.year, w.role, w.kind) for w in years_in(text)]
        [(2024, 'at', 'FY'), (2019, 'base', 'CY'), (2030, 'by', 'CY')]
    """
    found: list[When] = []
    for words, placed in READERS:
        for match in words.finditer(sentence):
            if all(match.end() <= w.start or match.start() >= w.end for w in found):
                when = placed(sentence, match)
                found += [when] if when is not None else []
    for match in UNDATED.finditer(sentence) if said else ():
        if all(match.end() <= w.start or match.start() >= w.end for w in found):
            found.append(When(match.start(), match.end(), "FY", said, "at", text=match.group(0)))
    found += _relative(sentence, found, told if fiscal and told else said - 1, told)
    return sorted(found, key=lambda w: w.start)


def _day(sentence: str, match: re.Match[str]) -> When | None:
    """A day or a month: when something happened, not a period."""
    year = int(next(g for g in (match.group(n) for n in "abcdefg") if g))
    before = sentence[max(0, match.start() - 24) : match.start()]
    if re.search(r"(?:year|months) (?:to|ended|ending)(?: on)? $", before, re.IGNORECASE):
        return None
    return When(match.start(), match.end(), "CY", year, "date")


def _span(_: str, match: re.Match[str]) -> When | None:
    first, last = int(match.group("first")), int(match.group("last"))
    if first + 1 >= last:
        return None
    return When(match.start(), match.end(), "CY", last, "span", first, match.group(0))


def _of_fiscal(sentence: str, match: re.Match[str]) -> When | None:
    return _placed(sentence, match, "FY", _fiscal(match))


def _of_plain(sentence: str, match: re.Match[str]) -> When | None:
    held = _is_year(sentence, match)
    return _placed(sentence, match, "CY", int(match.group(1))) if held else None


def _fiscal(match: re.Match[str]) -> int:
    named = match.groupdict()
    if named["split"]:
        end = named["split_end"]
        return int(end) if len(end) == 4 else int(named["split"][:2] + end)
    year = next(named[k] for k in ("a", "b", "zh", "ended", "two") if named[k])
    return int(year) + (2000 if len(year) == 2 else 0)


def _split(sentence: str, match: re.Match[str]) -> When:
    """Two years with a stroke: a fiscal year, or a span."""
    first, end = int(match.group("split")), match.group("split_end")
    last = int(end) if len(end) == 4 else int(match.group("split")[:2] + end)
    if last == first + 1 and (len(end) == 2 or "/" in match.group(0)):
        return _placed(sentence, match, "FY", last)
    return When(match.start(), match.end(), "CY", last, "at", first, match.group(0))


def _is_year(sentence: str, match: re.Match[str]) -> bool:
    """Whether four digits are a year rather than an amount."""
    after = sentence[match.end() : match.end() + 14]
    if AMOUNT_AFTER.match(
        after,
    ):
        return False
    before = sentence[max(0, match.start() - 12) : match.start()]
    return re.search(r"(?:ISO|IEC|EN|No\.|Nr\.|[€$£¥])[ -]?$|/CD/$", before) is None


def _placed(sentence: str, match: re.Match[str], kind: str, year: int) -> When:
    before, after = (
        sentence[max(0, match.start() - 60) : match.start()],
        sentence[match.end() : match.end() + 24],
    )
    role = "at"
    if re.search(r"\(\s?$", before) and re.match(r"年?\s?:", after):
        return When(match.start(), match.end(), kind, year, "last", text=match.group(0))
    if (
        (
            BASE_BEFORE.search(before)
            and not re.search(r"later than\s*$", before)
            and not re.match(r"\s?年?以?前|年?以来.{0,6}累计", after)
            and not _starts_pair(before, sentence[match.end() :])
        )
        or BASE_AFTER.match(after)
        or re.search(
            r"\bbase(?:line)?[^.;]{0,8}$|Basisjahr[^.;]{0,8}$|基准年[^。;]{0,6}$",
            before,
            re.IGNORECASE,
        )
    ):
        role = "base"
    elif (BY.search(before) and not re.search(r"[于在]$", before)) or re.match(
        r"年?(?:以?前|底前)", after
    ):
        role = "by"
    return When(match.start(), match.end(), kind, year, role, text=match.group(0))


def _starts_pair(before: str, rest: str) -> bool:
    """Whether `from 2019` begins a span: from 2019 to 2024."""
    return bool(
        re.search(r"\bfrom\s$|\bbetween\s$", before)
        and re.match(rf"\s(?:to|through|and)\s{YEAR}", rest)
    )


READERS: tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], When | None]], ...] = (
    (DATE, _day),
    (SPAN, _span),
    (FISCAL, _of_fiscal),
    (SPLIT, _split),
    (PLAIN, _of_plain),
)
"""Patterns of years with what each makes of a match; the first that takes a place keeps it."""


def _relative(sentence: str, named: Sequence[When], last: int, told: int) -> list[When]:
    """Years that are named by their distance: last year, the year before."""
    own = [w for w in named if w.role == "at"]
    made = []
    for match in LAST_YEAR.finditer(sentence):
        if last > 1900:
            kind = "FY" if last == told else "CY"
            made.append(When(match.start(), match.end(), kind, last, "at", text=match.group(0)))
    for match in LAST.finditer(sentence):
        here = [w for w in [*own, *made] if w.start < match.start()]
        year = (max(w.year for w in here) if here else told) - 1
        if year > 1900:
            kind = here[-1].kind if here else "CY"
            before = sentence[max(0, match.start() - 40) : match.start()]
            role = (
                "base"
                if COMPARED.search(f"{before}") or match.group(0).casefold().startswith("gegenüber")
                else "last"
            )
            made.append(When(match.start(), match.end(), kind, year, role, text=match.group(0)))
    for match in AGO.finditer(sentence):
        here = [w for w in own if w.start < match.start()]
        year = (here[-1].year if here else told) - COUNTED[match.group(1).casefold()]
        if year > 1900:
            before = sentence[max(0, match.start() - 8) : match.start()]
            role = "base" if re.search(r"(?:than|als)\s$", before) else "last"
            made.append(
                When(
                    match.start(),
                    match.end(),
                    here[-1].kind if here else "CY",
                    year,
                    role,
                    text=match.group(0),
                )
            )
    return made


def year_written(text: str) -> int:
    """The year in which a text was written, by the first date at its head; 0 where it has none."""
    days = [
        next(g for g in (m.group(n) for n in "abcdefg") if g) for m in DATE.finditer(text[:600])
    ]
    return max(map(int, days), default=0)


def year_reported(sentences: Sequence[str], said: int) -> tuple[str, int]:
    """Kind and year that a text reports: the one it names most often as a time that is over.

    Returns:
        `("", 0)` where it names none.
    """
    named: Counter[tuple[str, int]] = Counter()
    for k, sentence in enumerate(sentences):
        if k and (cues.TARGET.search(sentence) or cues.FORECAST.search(sentence)):
            continue
        for w in years_in(sentence, said=said):
            if w.role == "at" and not w.first and (not said or w.year <= said):
                named[w.kind, w.year] += 3 if w.kind == "FY" or k == 0 else 1
    future = max((y for _, y in named), default=0)
    past = {k: n for k, n in named.items() if said or k[1] < 2030 or k[1] < future}
    if not past:
        return "", 0
    most = max(past.values())
    return max((k for k, n in past.items() if 2 * n >= most), key=lambda k: (k[1], k[0]))
