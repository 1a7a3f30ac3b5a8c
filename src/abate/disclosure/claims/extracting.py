"""Statements from running text.

A sentence is read by its numbers: each with its unit, what it is of (the name that the grammar ties
to it), whose it is, when, and whether it is a level, a change, a share, a saving or a target. Each
field has a confidence; a statement with one below `SURE` is listed as read in part and takes part
in no rule. A number that cannot be placed is listed with its sentence, so that nobody takes silence
for agreement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from abate.disclosure.claims import cues
from abate.disclosure.claims.lexicon import pattern
from abate.disclosure.claims.linking import Link, linked
from abate.disclosure.claims.naming import Cast, cast_of
from abate.disclosure.claims.quantities import Quantity, language_of, normal, quantities
from abate.disclosure.claims.statement import Period, Statement
from abate.disclosure.claims.tabled import canonical, iso_day
from abate.disclosure.claims.what import VERB, Group, groups_in, mentions
from abate.disclosure.claims.when import DATE, When, year_reported, year_written, years_in
from abate.disclosure.claims.who import IT, OTHERS_ANY, OWN, who_in

SURE = 0.6
"""Confidence from which a field counts as read."""
CAUSE = pattern("extracting.CAUSE")
COMPARED = pattern("extracting.COMPARED")
RATE_BEFORE = re.compile(
    r"(?:每年|年均|一年|each year|every year|annually|jährlich)[^,.;。\d]{0,14}$", re.IGNORECASE
)
GOES_ON = pattern("extracting.GOES_ON")
FINANCED = pattern("extracting.FINANCED")
EACH = pattern("extracting.EACH")
DAY = pattern("extracting.DAY")
NOWADAYS = pattern("extracting.NOWADAYS")
YEAR_END = pattern("extracting.YEAR_END")
DIFFERENCE = re.compile(
    r"\s?(?:CO2e? )?(?:above|more than|higher|below|lower|mehr als|höher|niedriger|über dem|unter dem)"
    r"\b",
    re.IGNORECASE,
)
"""Words after an amount by which it is the difference of two."""
DIFFERENCE_BEFORE = re.compile(
    r"(?:[比较](?![例重])[^，,。；;]{1,40}?[高低多少][出于了约近]*"
    r"|\b(?:higher|lower|more|less) than [^,.;]{1,60} by (?:about |some |around )?)\s?$"
)
"""Words before an amount by which it is the difference of two."""
OF_THE_WHOLE = re.compile(
    r"\b(?:of|out of) (?:our|its|the|their|all)\s$|\b(?:unserer|ihrer|seiner|der|von)\s$"
)
STOCKS = frozenset({"capacity", "storage", "contracts", "vehicles_electric", "investment"})
"""Metrics of what stands at a time: no year is taken from the text around them."""
RATE = pattern("extracting.RATE")
PAIRED = (
    r"\s?(?::|were|was|it was|年|年度|年?末?的|年?为|war(?:en)?|waren es(?: erst| noch)?)?\s?\(?"
)
YEAR_TOLD = 0.8
"""Confidence from which a sentence itself tells the year."""
FIELDS = ("value", "unit", "metric", "entity", "period")
ABBREVIATED = pattern("extracting.ABBREVIATED")


@dataclass(frozen=True, slots=True)
class Partial:
    """A statement that was read in part.

    Args:
        statement: What was read.
        unsure: Fields that are not certain.
    """

    statement: Statement
    unsure: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """What was read from a text.

    Args:
        statements: Statements of which each field is certain.
        unread: Numbers that could not be placed, each with its sentence.
        partly: Statements of which a field is not certain.
    """

    statements: tuple[Statement, ...]
    unread: tuple[tuple[str, str], ...]
    partly: tuple[Partial, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for all sentences of a text.

    Args:
        source: Name of the text.
        lang: Its language.
        cast: The organisations it names.
        own: Aliases that were given with the claims.
        said: Year in which it was written; 0 where it does not say.
        told: The period that it reports.
        sure: Whether that period is certain.
        given: Whether it was given rather than taken from the text.
    """

    source: str
    lang: str
    cast: Cast
    own: Mapping[tuple[str, str], str]
    said: int
    told: Period
    sure: bool
    given: bool = False


@dataclass(slots=True)
class Carry:
    """What a sentence takes from those before it.

    Args:
        entity: Whom they were about.
        when: The last period they named.
        group: The last metric they named.
    """

    entity: str = ""
    when: When | None = None
    groups: list[Group] = field(default_factory=list)
    text: str = ""


def sentences_of(text: str, lang: str) -> list[list[str]]:
    """Paragraphs of a text, each as its sentences; lines that were wrapped are joined."""
    paragraphs = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        joined: list[str] = []
        for line in lines:
            before = joined[-1] if joined else ""
            wrapped = (
                len(before) > 55
                and not before.endswith((".", "!", "?", ":", "。", "!", "?"))
                and not re.match(r"[-*•·\d#]", line)
            )
            if wrapped and (line[0].islower() or (len(lines) > 2 and len(before) > 70)):
                joined[-1] = f"{before} {line}" if lang != "zh" else before + line
            else:
                joined.append(line)
        told = [s for line in joined for s in _sentences(line, lang)]
        paragraphs.append([s for s in told if not _is_tabular(s)])
    return [p for p in paragraphs if p]


def _is_tabular(sentence: str) -> bool:
    """Whether a line is a row of a table without lines, or a list: more marks than words."""
    numbers = len(re.findall(r"(?<![A-Za-z])\d[\d.,]*", sentence))
    words = (
        len(re.findall(r"[A-Za-zäöüß]{2,}", sentence)) + len(re.findall(r"[一-鿿]", sentence)) / 2
    )
    listed = re.match(r"[^.]*·[^.:]*:\s?[\d.,]+", sentence) is not None
    bare = numbers > 3 and words < 2 * numbers and not VERB.search(sentence)
    return bare or listed


def _sentences(line: str, lang: str) -> list[str]:
    if lang == "zh":
        return [
            s for s in re.split(r"(?<=[。!?])(?![”\"」)])|(?<=[。!?][”\"」])", line) if s.strip()
        ]
    found: list[str] = []
    for piece in re.split(r"(?<=[.!?])[\"”“’')]*\s+(?=[A-Z0-9\"“„(ÄÖÜ‘])", line):
        if found and (
            ABBREVIATED.search(found[-1])
            or (re.search(r"\d\.$", found[-1]) and piece[:1].isdigit())
        ):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return [f.strip() for f in found if f.strip()]


def extract(
    text: str, name: str, own: Mapping[tuple[str, str], str], *, year: int = 0, subject: str = ""
) -> Extract:
    """Read the statements of a text.

    Args:
        text: Plain text.
        name: Its name, for sources.
        own: Aliases that were given with the claims.
        year: Fiscal year it reports; 0 to take it from the text.
        subject: Whom it is about; empty to take it from the text.
    """
    clean = normal(text)
    context = context_of(clean, name, own, year=year, subject=subject)
    found: list[Statement] = []
    partly: list[Partial] = []
    unread: list[tuple[str, str]] = []
    line = 0
    for paragraph in sentences_of(clean, context.lang):
        carry = Carry(entity=context.cast.main)
        for sentence in paragraph:
            line += 1
            reader = _Sentence(sentence, f"{name}:{line}", context, carry)
            for statement, unsure in reader.read():
                if unsure:
                    partly.append(Partial(statement, unsure))
                else:
                    found.append(statement)
            unread += [(number, sentence) for number in reader.missed]
            carry = reader.carried()
    return Extract(tuple(found), tuple(unread), tuple(partly))


def context_of(
    text: str, name: str, own: Mapping[tuple[str, str], str], *, year: int = 0, subject: str = ""
) -> Context:
    """What a text says once for all its sentences: its language, whom it is about, and when."""
    lang = language_of(text)
    cast = Cast(subject, {subject: subject}, True) if subject else cast_of(text, lang, own)
    said = year_written(text)
    flat = [s for p in sentences_of(text, lang) for s in p]
    kind, told = ("FY", year) if year else year_reported(flat, said)
    period = Period(kind, told, told, f"{kind}{told}") if told else Period("", 0, 0, "")
    return Context(name, lang, cast, own, said, period, bool(told), bool(year))


class _Sentence:
    """Reads one sentence."""

    def __init__(self, text: str, place: str, context: Context, carry: Carry) -> None:
        self.text, self.place, self.context, self.carry = text, place, context, carry
        self.quote = " ".join(text.split())
        self.whens = years_in(
            text, said=context.said, told=context.told.year, fiscal=context.told.kind == "FY"
        )
        numbers = quantities(text, context.lang)
        self.quantities = [q for q in numbers if not self._is_label(q)]
        self.groups = groups_in(text, [(q.start, q.end) for q in self.quantities if not q.words])
        self.missed: list[str] = []
        self.told: dict[int, Statement] = {}

    def carried(self) -> Carry:
        """What the next sentence of the paragraph takes from this one."""
        known = self.context.said or self.context.told.year or 9999
        told = [
            w
            for w in self.whens
            if w.role == "at"
            and w.year <= known
            and not COMPARED.search(self.text[max(0, w.start - 44) : w.start])
        ]
        name, sure = who_in(self.text, len(self.text), self.context.cast, self.carry.entity)
        return Carry(
            name
            if name
            and (sure or name.startswith("? "))
            and not name.startswith(("customers", "suppliers"))
            else self.carry.entity,
            told[-1] if told else self.carry.when,
            self.groups or self.carry.groups,
            self.text if self.groups else self.carry.text,
        )

    def _labelled(self, groups: list[Group]) -> list[Group]:
        """Groups with the scope that labels the sentence: Scope 3: we cut emissions by 5 %."""
        if not groups or not re.match(r"\s?:", self.text[groups[0].end :]) or groups[0].start > 4:
            return groups
        label = {c for c in groups[0].concepts if re.fullmatch(r"scope[123]|market|location", c)}
        scoped = [g for g in groups[1:] if any(re.fullmatch(r"scope[123]", c) for c in g.concepts)]
        return (
            groups
            if scoped or not label
            else [
                Group(
                    g.start, g.end, g.concepts | label if "emissions" in g.concepts else g.concepts
                )
                for g in groups
            ]
        )

    def _meant(self) -> list[Group]:
        """The name of the sentence before, where this one goes on with: it was 3 % higher."""
        if GOES_ON.match(self.text) and self.carry.groups:
            return (
                [Group(0, 2, self.carry.groups[0].concepts)]
                if len({g.concepts for g in self.carry.groups}) == 1
                else []
            )
        return []

    def _is_label(self, q: Quantity) -> bool:
        """Whether a number names something: Scope 3, a year, a day, a page, a clock."""
        if any(w.start <= q.start < w.end for w in self.whens):
            return True
        if q.unit:
            return False
        before, after = self.text[max(0, q.start - 16) : q.start], self.text[q.end : q.end + 14]
        if (
            re.fullmatch(r"(?:19|20)\d{2}", q.text)
            or cues.LABEL_BEFORE.search(before)
            or cues.NAMED_AFTER.match(after)
        ):
            return True
        if cues.MONTH_BEFORE.search(before) or re.search(
            r"(?:Scopes?|范围|范畴)[\s-]?\d(?:[\s,&+/、-]|and|und|or|to|bis|和|及|与|scope)*$",
            before,
            re.IGNORECASE,
        ):
            return True
        return bool(
            re.match(r"[./:-]\d", after) or re.search(r"\d[./:-]$|[A-Za-z]-$|#$", before)
        ) or after.startswith("+")

    def read(self) -> list[tuple[Statement, tuple[str, ...]]]:
        """The statements of the sentence, each with the fields that are not certain."""
        found = [*self._neutrality(), *self._dates()]
        links = linked(self.text, self.quantities, self._labelled(self.groups) or self._meant())
        for q in self.quantities:
            made = self._statement(q, links.get(q.start))
            if made is None:
                self.missed.append(self.text[q.start : q.end].strip())
            else:
                found.append(made)
        return found

    def _statement(
        self, q: Quantity, link: Link | None
    ) -> tuple[Statement, tuple[str, ...]] | None:
        """A number as a statement, with the fields that are not certain; None where it is none."""
        link = self._settled(q, link) if link is not None and not self._is_other(q) else None
        if link is None or not link.metric:
            return None
        entity, named = who_in(self.text, q.start, self.context.cast, self.carry.entity)
        nature = self._nature(q, link)
        when, base, dated = self._when(q, link, nature)
        metric = self._metric(q, link, nature, entity)
        if metric == "suppliers_share":
            entity = entity.removeprefix("suppliers of ")
        fall = link.sense == "change" and link.falls and not q.text.startswith("-")
        unit = "ratio" if link.metric == "pue" and q.unit == "" else q.unit or "count"
        made = Statement(
            f"{self.place}@{q.start}",
            canonical("entity", entity.removeprefix("? "), self.context.own),
            canonical("metric", metric, self.context.own),
            self._scope(q.start),
            when,
            f"-{q.text}" if fall else q.text,
            q.scale,
            unit,
            q.bound,
            base=base,
            nature="change" if link.sense == "change" and nature == "level" else nature,
            source=self.context.source,
            quote=self.quote[:400],
            cause=self._cause(),
            high=q.high,
            flags=frozenset({"text"} | ({"year-assumed"} if dated < YEAR_TOLD else set())),
        )
        self.told[q.start] = made
        saved = nature == "reduction" and q.unit == "t"
        helped = entity.startswith(("customers", "suppliers"))
        others = saved and not helped and (OTHERS_ANY.search(self.text) or not self._names_us(q))
        financed = metric == "emissions_intensity" and FINANCED.search(self.text)
        each = q.unit in ("t", "kWh", "m3") and EACH.search(self.text[: q.start][-150:])
        sure = {
            "value": 1.0,
            "unit": 0.3 if each else 1.0,
            "metric": 0.4 if _is_odd(metric, q) or financed else link.sure,
            "entity": 0.9 if named and entity and not others else 0.3,
            "period": dated,
        }
        return made, tuple(f for f in FIELDS if sure[f] < SURE)

    def _names_us(self, q: Quantity) -> bool:
        """Whether a sentence names whom the text is about before a number."""
        before = self.text[: q.start]
        named = any(name in before for name in self.context.cast.names)
        return named or OWN.search(before) is not None or IT.search(before) is not None

    def _is_other(self, q: Quantity) -> bool:
        """Whether a number tells nothing by itself: size of a unit, a whole, what was not done."""
        before = self.text[: q.start]
        whole = not q.unit and OF_THE_WHOLE.search(before) is not None
        scale = q.unit != "" and self._is_scale(q)
        return whole or scale or cues.NEGATED.search(before[-80:]) is not None

    def _settled(self, q: Quantity, link: Link) -> Link:
        """What a number is of, where its words settle it: saved 4 GWh; halve them."""
        if q.change and re.match(r"\s(?:them|it|this|these|that|those)\b", self.text[q.end :]):
            return replace(link, sure=0.3)
        is_apart = DIFFERENCE.match(self.text[q.end :]) or DIFFERENCE_BEFORE.search(
            self.text[: q.start][-80:]
        )
        if q.unit in ("t", "kWh", "m3") and is_apart:
            return replace(link, sure=0.3)
        energy = link.metric in ("", "energy", "heat", "fuel", "electricity")
        if q.unit == "kWh" and energy and cues.SAVED_BEFORE.search(self.text[: q.start][-60:]):
            return replace(link, metric="energy", sure=0.8)
        return link

    def _metric(self, q: Quantity, link: Link, nature: str, entity: str) -> str:
        """The metric, with what the nature of a number adds to its name."""
        led = self.told.get(link.of)
        if led is not None and led.nature == "reduction":
            return led.metric
        metric = _named(link.metric, nature, entity)
        helped = any("avoided" in g.concepts for g in self.groups)
        if nature == "reduction" and q.unit == "t" and helped and metric != "packaging_reduced":
            return "scope3plus_reduction"
        return metric

    def _is_scale(self, q: Quantity) -> bool:
        """Whether a number is only the size of a table's unit: emissions in 1,000 t."""
        return (
            q.text in ("1000", "1000000", "1")
            and re.search(r"\bin\s$|[(]$", self.text[: q.start]) is not None
        )

    def _clause(self, at: int) -> str:
        """The clause in which a place stands."""
        cuts = [m.start() for m in cues.BREAK.finditer(self.text)]
        return self.text[
            max((c for c in cuts if c <= at), default=0) : min(
                (c for c in cuts if c > at), default=len(self.text)
            )
        ]

    def _nature(self, q: Quantity, link: Link) -> str:
        before, after = self.text[: q.start], self.text[q.end : q.end + 40]
        clause = self._clause(q.start)
        future = self._future(q)
        led = clause[: max(0, clause.find(self.text[q.start : q.end]))]
        if (cues.TARGET.search(clause) or cues.AIM.search(led) or future) and (
            future or not self._past(q)
        ):
            return (
                "forecast"
                if cues.FORECAST.search(clause) and not cues.TARGET.search(clause)
                else "target"
            )
        if (
            cues.FORECAST.search(clause)
            and not self._past(q)
            and not re.search(r"(?:than|as) expected", clause)
        ):
            return "forecast"
        if link.sense == "share":
            return (
                "share"
                if link.metric.endswith("_share")
                and link.metric.startswith(("scope", "emissions", "total"))
                else "level"
            )
        if link.sense == "change":
            return "change"
        if q.unit == "t" and cues.REDUCTION_NOUN.search(before[-140:]):
            return "reduction"
        if q.unit in ("t", "kWh", "m3") and not cues.TO_LEVEL.search(before):
            if cues.OUT_OF.search(before[-30:]) and re.search(
                r"\bout of\b|\bfrom\b", self.text[q.end : q.end + 60]
            ):
                return "reduction"
            if (
                cues.SAVED_BEFORE.search(before[-60:])
                or cues.SAVED_AFTER.match(after)
                or cues.CUT_BY.search(before[-110:])
            ):
                return "reduction"
        if link.metric == "scope3plus_reduction":
            return "reduction"
        return "cumulative" if cues.CUMULATIVE.search(clause) else "level"

    def _future(self, q: Quantity) -> bool:
        """Whether the year that a number stands with is still to come."""
        known = self.context.said or self.context.told.year
        near = self._nearest(q, ("by", "at"))
        return (
            near is not None
            and known > 0
            and (
                near.year > known
                or (
                    near.role == "by"
                    and near.year >= known > 0
                    and near.year > self.context.told.year
                )
            )
        )

    def _past(self, q: Quantity) -> bool:
        """Whether the year that a number stands with is over."""
        near = self._nearest(q, ("at", "last", "by"))
        known = self.context.said or self.context.told.year
        return near is not None and (
            near.role == "last" or (near.role == "at" and known > 0 and near.year <= known)
        )

    def _starts(self, w: When, q: Quantity) -> bool:
        """Whether a year belongs to where a change began: from 91 l in 2020 to 68 l."""
        led = re.search(r"(?:从|由|\bfrom|\bvon)\s?$", self.text[max(0, w.start - 6) : w.start])
        return led is not None and any(
            o is not q and re.fullmatch(PAIRED, self.text[w.end : o.start])
            for o in self.quantities
            if o.start >= w.end
        )

    def _beside(self, q: Quantity) -> list[When]:
        """The years that stand right before or behind a number."""
        return [w for w in self.whens if 0 <= w.start - q.end < 14 or (0 <= q.start - w.end < 4)]

    def _nearest(self, q: Quantity, roles: Sequence[str]) -> When | None:
        """The year of a number: right beside it, else the last before it, else the next."""
        mine = [w for w in self.whens if w.role in roles]
        beside = self._right_behind(q, mine) or self._due(q, mine) or self._right_before(q, mine)
        if beside is not None:
            return beside
        close = self._close_behind(q, mine)
        if close is not None:
            return close
        mine = [w for w in mine if w.role != "last" and not self._starts(w, q)]
        before = [w for w in mine if w.end <= q.start]
        if before and not (
            before[-1].year < self.context.told.year
            and re.search(r"[;:]", self.text[before[-1].end : q.start])
        ):
            return before[-1]
        after = [w for w in mine if w.start >= q.end]
        return next(
            (w for w in after if not re.search(r"[,;:。]", self.text[q.end : w.start])), None
        )

    def _due(self, q: Quantity, whens: Sequence[When]) -> When | None:
        """The year of a target that leads to its number: by 2030 to cut by 45 %."""
        due = [w for w in whens if w.role == "by" and 0 <= q.start - w.end <= 16]
        return next(
            (w for w in due if not re.search(r"\d|[,;。]", self.text[w.end : q.start])), None
        )

    def _right_behind(self, q: Quantity, whens: Sequence[When]) -> When | None:
        after = [w for w in whens if w.start >= q.end and not self._heads(w)]
        joint = r"\s?\(?(?:in|by|until|bis|im Jahr|for|during|in fiscal|im)?\s?"
        return next((w for w in after if re.fullmatch(joint, self.text[q.end : w.start])), None)

    def _right_before(self, q: Quantity, whens: Sequence[When]) -> When | None:
        before = [w for w in reversed(whens) if w.end <= q.start]
        return next((w for w in before if re.fullmatch(PAIRED, self.text[w.end : q.start])), None)

    def _close_behind(self, q: Quantity, whens: Sequence[When]) -> When | None:
        """A year some words behind a number, with no other number between."""
        for w in whens:
            gap = self.text[q.end : w.start]
            if not q.end <= w.start <= q.end + 42 or self._heads(w):
                continue
            if any(q.end <= o.start < w.start for o in self.quantities if o is not q):
                continue
            if w.role == "last" and re.search(r"than|from|over|on\b|gegenüber|als|较|比", gap):
                continue
            broken = re.search(r"[;:。]|,(?! )|, (?!im |in |by |bis )", gap)
            led = "," in gap and any(o.end <= q.start for o in whens)
            if not led and (not broken or gap.strip() in ("(", ",")):
                return w
        return None

    def _heads(self, w: When) -> bool:
        """Whether a year stands before the number that it belongs to: (2022: 47 kt)."""
        return re.match(r"\s?(?::|为|末?的|were\b|was\b|war\b)", self.text[w.end :]) is not None

    def _when(self, q: Quantity, link: Link, nature: str) -> tuple[Period, int, float]:
        """Period of a number, the year it is measured from, and how sure the period is."""
        base = self._base(q, link, nature)
        if nature in ("target", "forecast"):
            return self._when_due(q, link, nature, base)
        told_base = self._right_before(q, [w for w in self.whens if w.role == "base"])
        if told_base is not None and link.sense == "amount":
            return told_base.period, 0, 0.8
        span = next((w for w in self.whens if w.role == "span"), None)
        if span is not None and not RATE.search(self.text[q.end : q.end + 24]):
            return self._spanned(q, link, nature, span)
        near = self._nearest(q, ("at", "last"))
        told = self.context.told
        past = near is not None and near.end <= q.start and near.year < told.year
        if near is not None and past and NOWADAYS.search(self.text[near.end : q.end + 20]):
            return told, base, 0.7
        if near is None or near not in self._beside(q):
            loose = self._loosely(q, link, near)
            if loose is not None:
                return loose[0], base, loose[1]
        if near is not None:
            return near.period, base, 0.9
        if self.carry.when is not None:
            same = self.carry.when.year == told.year or not self.context.sure
            return self.carry.when.period, base, 0.7 if same else 0.5
        return told, base, 0.85 if self.context.given else 0.65 if self.context.sure else 0.2

    def _loosely(self, q: Quantity, link: Link, near: When | None) -> tuple[Period, float] | None:
        """Period of a number that no year stands beside, where its words leave it open."""
        told = self.context.told
        if link.metric in STOCKS and self.context.sure and YEAR_END.search(self.text):
            return told, 0.7
        led = self._base_behind(q) if near is None and link.sense != "change" else None
        if led is not None:
            return led.period, 0.8
        before, after = self.text[: q.start], self.text[q.end : q.end + 36]
        a_year = RATE.search(after) or RATE_BEFORE.search(before[-30:])
        if link.metric in STOCKS or a_year or cues.FROM_LEVEL.search(before):
            return near.period if near is not None else told, 0.4
        return None

    def _base_behind(self, q: Quantity) -> When | None:
        """The year of the value from which something changed: from 9 t in 2019."""
        if not cues.FROM_LEVEL.search(self.text[: q.start]):
            return None
        bases = [w for w in self.whens if w.role == "base"]
        return next((w for w in bases if q.end <= w.start <= q.end + 16), None)

    def _base(self, q: Quantity, link: Link, nature: str) -> int:
        """The year that a change or target is measured from; 0 for the year before."""
        bases = [w for w in self.whens if w.role == "base"]
        if not bases or (link.sense != "change" and nature not in ("target", "reduction")):
            return 0

        def distance(w: When) -> int:
            return w.start - q.end if w.start >= q.end else 20 + q.start - w.end

        nearest = min(bases, key=distance).year
        yearly = cues.YEARLY.search(self.text[q.end : q.end + 60])
        is_last = nearest == self.context.told.year - 1
        return 0 if nature == "change" and yearly and is_last else nearest

    def _when_due(
        self, q: Quantity, link: Link, nature: str, base: int
    ) -> tuple[Period, int, float]:
        """The year by which a target or forecast is to come true."""
        known = self.context.told.year or self.context.said
        span = next((w for w in self.whens if w.role == "span" and w.year > known), None)
        if span is not None:
            if q.unit == "t" and link.sense == "amount":
                return span.period, 0, 0.8
            return Period("CY", span.year, span.year, f"CY{span.year}"), span.first, 0.8
        near = self._nearest(q, ("by", "at"))
        to_come = [w for w in self.whens if w.role in ("by", "at") and w.year > known]
        if near is not None and near.role == "at" and to_come and near not in to_come:
            near = min(to_come, key=lambda w: abs(w.start - q.start))
        late = near is None or (near not in to_come and nature == "target" and near.role != "by")
        if near is None or late or RATE.search(self.text[q.end : q.end + 24]):
            return Period("", 0, 0, ""), base, 0.4
        return near.period, base, 0.9

    def _spanned(
        self, q: Quantity, link: Link, nature: str, span: When
    ) -> tuple[Period, int, float]:
        """Period and base in a sentence that names a span: from 27 to 33 % from 2019 to 2023."""
        close = [w for w in self._beside(q) if w.role == "at"]
        if close:
            return close[0].period, 0, 0.9
        first = Period("CY", span.first, span.first, f"CY{span.first}")
        last = Period("CY", span.year, span.year, f"CY{span.year}")
        before = self.text[: q.start]
        if cues.FROM_LEVEL.search(before):
            return first, 0, 0.8
        if link.sense == "change":
            return last, span.first, 0.8
        if cues.TO_LEVEL.search(before) and any(
            cues.FROM_LEVEL.search(self.text[: o.start]) for o in self.quantities if o is not q
        ):
            return last, 0, 0.8
        return span.period, 0, 0.8 if nature in ("reduction", "cumulative") else 0.4

    def _neutrality(self) -> list[tuple[Statement, tuple[str, ...]]]:
        """Pledges of neutrality: carbon neutral by 2030."""
        found = []
        targets = [
            w
            for w in self.whens
            if w.role in ("by", "at") and w.year > (self.context.told.year or 2020)
        ]
        for group in mentions(self.text):
            if "neutral" not in group.concepts:
                continue
            near = [
                w
                for w in targets
                if -70 < w.start - group.end < 70
                and not re.search(
                    r"[;。]", self.text[min(w.end, group.end) : max(w.start, group.start)]
                )
            ]
            if not near:
                continue
            best = min(
                near,
                key=lambda w: (
                    abs(w.start - group.end)
                    + 30 * (w.start < group.start and self.context.lang != "zh")
                    + 20 * (w.role != "by")
                    + 40 * ("," in self.text[min(w.end, group.end) : max(w.start, group.start)])
                ),
            )
            entity, sure = who_in(self.text, group.start, self.context.cast, self.carry.entity)
            owner = re.search(
                r"([A-Z]\w+)[’']s (?:target|goal|pledge|commitment)[^.;]*$",
                self.text[: group.start],
            )
            entity = owner.group(1) if owner else entity
            made = Statement(
                f"{self.place}@{group.start}n",
                canonical("entity", entity, self.context.own),
                "neutrality_year",
                self._pledged(group.start) or self._scope(group.start),
                replace(best.period, kind="FY"),
                str(best.year),
                1.0,
                "year",
                nature="target",
                source=self.context.source,
                quote=self.quote[:400],
                flags=frozenset({"text"}),
            )
            found.append((made, () if entity and (sure or owner) else ("entity",)))
        return list({(s.entity, s.text, s.scope): (s, u) for s, u in found}.values())

    def _pledged(self, at: int) -> str:
        """The boundary of a pledge of neutrality, where its clause names one."""
        start = max(self.text.rfind(c, 0, at) for c in ",;。(") + 1
        ends = [e for c in ",;。)" if (e := self.text.find(c, at)) >= 0]
        clause = self.text[start : min(ends, default=len(self.text))]
        named = {c for g in mentions(clause) for c in g.concepts}
        scopes = "+".join(sorted(c[5:] for c in named if re.fullmatch(r"scope[123]", c)))
        if "chain" in named or scopes.endswith("3"):
            return "value chain"
        return "own operations" if "own" in named or scopes else ""

    def _dates(self) -> list[tuple[Statement, tuple[str, ...]]]:
        """Days on which a report was published."""
        if not re.search(r"releas|publish|launch|发布|veröffentlich", self.text, re.IGNORECASE):
            return []
        found = []
        year = self.context.said or self.context.told.year
        days = [(m.group(0), True) for m in DATE.finditer(self.text)]
        days += [
            (f"{m.group(0)}, {year}", self.context.said > 0)
            for m in DAY.finditer(self.text)
            if year and not days
        ]
        for day, sure_of_year in days:
            text = iso_day(day)
            if re.search(rf"(?:ended|ending|to|until|of) {re.escape(day)}", self.text):
                continue
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                year = int(text[:4])
                entity, sure = who_in(
                    self.text, len(self.text), self.context.cast, self.carry.entity
                )
                made = Statement(
                    f"{self.place}@{text}",
                    canonical("entity", entity, self.context.own),
                    "report_publication_date",
                    "",
                    Period("date", year, year, text),
                    text,
                    1.0,
                    "date",
                    nature="date",
                    source=self.context.source,
                    quote=self.quote[:400],
                )
                found.append(
                    (
                        made,
                        tuple(
                            f
                            for f, known in (
                                ("entity", bool(sure and entity)),
                                ("period", sure_of_year),
                            )
                            if not known
                        ),
                    )
                )
        return found

    def _scope(self, at: int) -> str:
        """The boundary that a sentence names, where it is narrower than the whole."""
        near = self.text[max(0, at - 160) : at + 80].casefold()
        if re.search(r"self[- ]?built data cent|自建数据中心", near):
            return canonical("scope", "self-built data centres", self.context.own)
        return (
            "data centres" if re.search(r"data cent(?:er|re)s|rechenzentr|数据中心", near) else ""
        )

    def _cause(self) -> str:
        found = CAUSE.search(
            self.text,
        )
        return found.group(1).strip() if found else ""


def _is_odd(metric: str, q: Quantity) -> bool:
    """Whether a number is no plausible value of its metric, or a metric is none of the climate."""
    value = abs(float(q.text))
    if metric in ("pue", "wue") and q.unit in ("", "ratio"):
        return "." not in q.text or not 0.1 < value < 5
    return metric == "revenue" or (metric == "temperature" and value > 4)


def _named(metric: str, nature: str, entity: str) -> str:
    """A metric with what its nature adds: a saving is not a level of what was saved."""
    if nature != "reduction" or metric in ("scope3plus_reduction",):
        return metric
    if entity.startswith(("customers", "users")):
        return "scope3plus_reduction"
    return {
        "emissions": "reduction",
        "scope1_2": "reduction_scope1_2",
        "net_scope1_2": "reduction_scope1_2",
        "packaging": "packaging_reduced",
        "energy": "energy_saved",
        "electricity": "energy_saved",
        "heat": "energy_saved",
        "fuel": "energy_saved",
        "water": "water_saved",
    }.get(metric, f"reduction_{metric}")
