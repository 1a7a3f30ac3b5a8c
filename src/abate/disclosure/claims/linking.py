"""Linking: which name of a metric each number of a sentence belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from abate.disclosure.claims import cues
from abate.disclosure.claims.lexicon import pattern
from abate.disclosure.claims.quantities import Quantity
from abate.disclosure.claims.what import Group, metric_of

OF_WHICH = re.compile(r"\b(?:of which|of that|of them|davon|darunter)\b|其中")
THESE = re.compile(
    r"\b(?:diese[nrms]?|these|those|such|this) (?:\w+ )?(?:emissions?|energy|Emission\w*)\b|(?:这些|该|上述)(?:碳)?排放",
    re.IGNORECASE,
)
"""Words that point back to emissions of a sentence before."""
SPEND = re.compile(
    r"\bspend\w*|purchas\w+|procure\w+|suppliers? (?:that |who )?(?:have|had|with|by)|of (?:our |its |the )?suppliers"
    r"|Einkauf\w*|der Lieferanten|采购|的供应商|供应商(?:已|中)",
    re.IGNORECASE,
)
"""Words by which a percentage is one of suppliers or of what is bought from them."""
EQUAL_TO = re.compile(
    r"相当于|\bequivalent to|\bthe same as|\bas much as|\bentspricht|\benough to", re.IGNORECASE
)
"""Words of an illustration: what a number is like, not what it is."""
COST_MAX = 26.0
"""Distance, in words and hurdles, beyond which a name and a number are apart."""
MARGIN = 2.5
"""Two different metrics that are nearer to each other than this leave a number in doubt."""
JOINED = pattern("linking.JOINED")
SUMMED = pattern("linking.SUMMED")
BEHIND_SUM = pattern("linking.BEHIND_SUM")
LIST_GAP = pattern("linking.LIST_GAP")
HURDLE = re.compile(r"[;；:。]|\b(?:while|whereas|although|but|wobei|während)\b|而", re.IGNORECASE)
NEXT_OF = pattern("linking.NEXT_OF")
YEAR_ASIDE = pattern("linking.YEAR_ASIDE")
COMPARED_TO = pattern("linking.COMPARED_TO")
"""The value of another year in brackets behind a value: 38 kt (2022: 47 kt)."""
LEVEL_VERB = pattern("linking.LEVEL_VERB")


@dataclass(frozen=True, slots=True)
class Link:
    """What a number is of.

    Args:
        metric: The metric; empty where none was found.
        sense: `amount`, `change` or `share`.
        falls: Whether a change is a fall.
        sure: Confidence in the metric.
        of: Where the level begins that a change goes with; -1 for none.
    """

    metric: str
    sense: str
    falls: bool
    sure: float
    of: int = -1


def change_of(sentence: str, q: Quantity, others: Sequence[Quantity]) -> tuple[bool, bool]:
    """Whether a percentage tells a change, and whether that is a fall."""
    before = sentence[max([o.end for o in others if o.end <= q.start], default=0) : q.start]
    after = sentence[
        q.end : min([o.start for o in others if o.start >= q.end], default=len(sentence))
    ]
    if q.unit not in ("share", "points"):
        return False, False
    falls_by_word = re.search(rf"{cues.FALLS}[^.;。]{{0,30}}$", before, re.IGNORECASE) is not None
    if q.change:
        return True, q.text.startswith("-")
    if q.text.startswith("-") or sentence[max(0, q.start - 2) : q.start].strip().endswith("+"):
        return True, q.text.startswith("-")
    if re.search(r"(?:降幅|跌幅|减幅|增幅|升幅|涨幅)[约达为近超过逾了]*\s?$", before):
        return True, re.search(r"[降跌减]幅[约达为近超过逾了]*\s?$", before) is not None
    close = cues.DIRECTION_AFTER.match(after)
    if (
        close
        and not re.match(
            r"\s*(?:up|down|from|above|below) from",
            after[close.start("fall") if close.group("fall") else close.start("rise") :],
        )
        and not (cues.TO_LEVEL.search(before) and re.search(r"(?:up|down)$", close.group(0)))
    ):
        return True, close.group("fall") is not None
    if cues.TO_LEVEL.search(before) or (
        cues.FROM_LEVEL.search(before) and re.search(r"\bto\b|\bauf\b|[至到]", after)
    ):
        return False, False
    if re.search(r"\bum\s+(?:\w+ )?$", before) or (
        (
            re.search(r"\bby (?:[a-z-]+ ){0,3}$", before)
            and cues.FALLING.search(f"{sentence[max(0, q.start - 110) : q.start]}")
        )
        or (
            re.search(r"\bby (?:[a-z-]+ ){0,3}$", before)
            and cues.RISING.search(sentence[max(0, q.start - 110) : q.start])
        )
    ):
        led_by = sentence[max(0, q.start - 200) : q.start]
        falling, rising = cues.FALLING.search(led_by), cues.RISING.search(led_by)
        return True, bool(falling or cues.FALLING.search(after[:60])) and not (
            cues.RISING.search(after[:40]) or (rising and not falling)
        )
    led = cues.DIRECTION_BEFORE.search(before[-90:])
    if led:
        of = re.match(r"\s*(?:of|der|des) ", after) and not re.search(r"(?:by|um)\s*$", before)
        return (
            (False, False)
            if of and cues.SHARE_BEFORE.search(before)
            else (True, led.group("fall") is not None)
        )
    if cues.YEARLY.match(after.lstrip(" (")):
        return True, falls_by_word
    return False, False


def linked(
    sentence: str, numbers: Sequence[Quantity], groups: Sequence[Group]
) -> Mapping[int, Link]:
    """What each number of a sentence is of, by where the number begins."""
    linker = _Linker(sentence, numbers, groups)
    for k in range(len(numbers)):
        linker.link(k)
    return linker.found


class _Linker:
    """Ties the numbers of a sentence, one after another, to what they are of."""

    def __init__(self, sentence: str, numbers: Sequence[Quantity], groups: Sequence[Group]) -> None:
        self.sentence, self.numbers = sentence, numbers
        viewed = _viewed(groups, numbers)
        self.paired = _paired(sentence, numbers, viewed)
        self.groups = viewed if self.paired else _summed(sentence, viewed)
        self.respective = _respective(sentence, numbers)
        self.claimed = _claimed(sentence, numbers, self.groups)
        self.found: dict[int, Link] = {}

    def link(self, k: int) -> None:
        """Tie one number: by the first of these ways that fits."""
        q = self.numbers[k]
        is_change, falls = change_of(self.sentence, q, [o for o in self.numbers if o is not q])
        told = (
            self._another_year(k)
            or self._compared(k, is_change=is_change)
            or self._told_apart(q, falls)
            or self._points(k, falls)
            or self._one_of_a_list(q, is_change, falls)
        )
        if told is None and q.unit == "share" and not is_change:
            told = _share(self.sentence, q, self.numbers, self.groups)
        self.found[q.start] = told or self._told_near(k, is_change, falls)

    def _before(self, k: int) -> tuple[Quantity, Link] | None:
        """The number before and what it is of."""
        last = self.numbers[k - 1] if k else None
        link = self.found.get(last.start) if last else None
        return (last, link) if last and link and link.metric else None

    def _another_year(self, k: int) -> Link | None:
        """The value of another year in brackets: (2022: 47 kt)."""
        before, q = self._before(k), self.numbers[k]
        if before is None or q.unit not in (before[0].unit, ""):
            return None
        return before[1] if YEAR_ASIDE.search(self.sentence[before[0].end : q.start]) else None

    def _compared(self, k: int, *, is_change: bool) -> Link | None:
        """The value that a level is compared with: 3.1 t, against 3.4 t the year before."""
        before, q = self._before(k), self.numbers[k]
        if before is None or is_change or before[1].sense == "change":
            return None
        gap = self.sentence[before[0].end : q.start]
        alike = q.unit == before[0].unit or (not q.unit and before[0].unit == "count")
        if not alike or len(gap) > 70 or not COMPARED_TO.search(gap):
            return None
        return before[1]

    def _told_apart(self, q: Quantity, falls: bool) -> Link | None:
        """A change told in a list of changes, of a list of levels before it."""
        of = self.respective.get(q.start)
        told = self.found.get(of) if of is not None else None
        if of is None or told is None or not told.metric:
            return None
        return Link(told.metric, "change", falls, 0.85, of)

    def _points(self, k: int, falls: bool) -> Link | None:
        """Percentage points behind the share that moved by them."""
        before = self._before(k)
        if before is None or self.numbers[k].unit != "points" or before[0].unit != "share":
            return None
        return Link(before[1].metric, "change", falls, before[1].sure)

    def _one_of_a_list(self, q: Quantity, is_change: bool, falls: bool) -> Link | None:
        """A number of a list that stands beside a list of names."""
        sense = "change" if is_change else "amount"
        told = (
            metric_of(self.paired[q.start], q.unit, sense=sense) if q.start in self.paired else ""
        )
        return Link(told, sense, falls, 0.9) if told else None

    def _told_near(self, k: int, is_change: bool, falls: bool) -> Link:
        """The level that a change goes with, the sum of parts told before, or the nearest name."""
        q, before = self.numbers[k], self._before(k)
        sense = "change" if is_change else "amount"
        if is_change and before is not None and before[1].sense == "amount":
            level, led = before
            goes_on = _goes_on(self.sentence, level, q, self.groups, led.metric)
            if _follows(self.sentence, level, q) or goes_on:
                lower = _lowers(falls, self.sentence, q, led.metric)
                return Link(led.metric, sense, lower, led.sure, level.start)
        union = _union(self.sentence, self.numbers[:k], self.found, q, is_change=is_change)
        if union:
            return Link(union, sense, falls, 0.85)
        unit = "share" if q.unit == "points" else q.unit
        metric, sure = self._nearest(q, unit, sense)
        return Link(metric, sense, _lowers(falls, self.sentence, q, metric), sure)

    def _nearest(self, q: Quantity, unit: str, sense: str) -> tuple[str, float]:
        """The metric of the nearest name that fits a unit, and how sure that is."""
        ranked = self._ranked(q, unit, sense)
        if not ranked and q.unit == "m3" and q.scale >= 1:
            return "water", 0.3 if any("fuel" in g.concepts for g in self.groups) else 0.65
        if not ranked:
            return ("emissions", 0.4) if q.is_gas else ("", 0.0)
        part = self._part(q, unit, sense, ranked)
        if part is not None:
            return part
        best, metric = ranked[0]
        meant = metric in ("emissions", "energy") and THESE.search(self.sentence)
        if meant or EQUAL_TO.search(self.sentence[max(0, q.start - 60) : q.start]):
            return metric, 0.4
        if metric in ("emissions", "scope2") and unit == "t":
            told = self._in_brackets(q, metric, sense)
            if told:
                return told, 0.9
        doubt = len(ranked) > 1 and ranked[1][0] - best < MARGIN
        if doubt and not _covers(metric, ranked[1][1]):
            return metric, 0.4
        return metric, 0.9 if best < 9 else 0.7 if best < 15 else 0.5

    def _ranked(self, q: Quantity, unit: str, sense: str) -> list[tuple[float, str]]:
        """Metrics by how far the names of them are from a number."""
        costs: dict[str, float] = {}
        others = [o for o in self.numbers if o is not q]
        for group in self.groups:
            metric = metric_of(group.concepts, unit, sense=sense)
            solids = ("packaging", "waste", "production", "fuel")
            odd = unit == "t" and q.is_gas and metric in solids
            if not metric or odd:
                continue
            taken = self.claimed.get(group.start, q.start) != q.start
            wide = metric in ("emissions", "energy", "production", "revenue")
            cost = _cost(self.sentence, q, others, group) + 8.0 * taken + 1.5 * wide
            costs[metric] = min(cost, costs.get(metric, COST_MAX))
        return sorted((c, m) for m, c in costs.items() if c < COST_MAX)

    def _part(
        self, q: Quantity, unit: str, sense: str, ranked: Sequence[tuple[float, str]]
    ) -> tuple[str, float] | None:
        """The metric of a part of what was told before: of which 3 t in Scope 1."""
        low = max(0, q.start - 24)
        led = OF_WHICH.search(self.sentence[low : q.start])
        after = re.match(r"\s(?:davon|of which|of that|of them)\b", self.sentence[q.end :])
        if not led and not after:
            return None
        inner = {
            metric_of(g.concepts, unit, sense=sense)
            for g in self.groups
            if g.start > low and "," not in self.sentence[q.end : g.start]
        }
        own = [m for _, m in ranked if m in inner]
        return (own[0], 0.7) if own else (ranked[0][1], 0.3)

    def _in_brackets(self, q: Quantity, metric: str, sense: str) -> str:
        """The scopes that stand in brackets behind a number: emitted 7 t (Scopes 1 and 2)."""
        for group in self.groups:
            gap = self.sentence[q.end : group.start]
            crossed = any(q.end <= o.start < group.start for o in self.numbers)
            if q.end <= group.start < q.end + 60 and re.search(r"\([^()]*$", gap) and not crossed:
                known = {"emissions", "scope2"} if metric == "scope2" else {"emissions"}
                told = metric_of(group.concepts | known, "t", sense=sense)
                return told if told.startswith(("scope", "total")) else ""
        return ""


def _viewed(groups: Sequence[Group], numbers: Sequence[Quantity]) -> list[Group]:
    """Groups with the view that their sentence names apart from them, where it names only one."""
    named = [(g, v) for g in groups for v in ("market", "location") if v in g.concepts]
    if len({v for _, v in named}) != 1:
        return list(groups)
    view, holder = named[0][1], named[0][0]
    made = []
    for g in groups:
        low, high = (
            sorted((g.end, holder.start))
            if g.start < holder.start
            else sorted((holder.end, g.start))
        )
        crossed = any(low <= q.start < high for q in numbers)
        lacks = g.concepts & {"scope2", "bought"} and not g.concepts & {"market", "location"}
        made.append(Group(g.start, g.end, g.concepts | {view}) if lacks and not crossed else g)
    return made


def _lowers(falls: bool, sentence: str, q: Quantity, metric: str) -> bool:
    """Whether a change is a fall; an intensity that improves falls."""
    near = sentence[max(0, q.start - 50) : q.end + 20]
    return falls or (
        ("intensity" in metric or metric in ("pue", "wue"))
        and re.search(r"improv|verbesser|优化|改善", near, re.IGNORECASE) is not None
    )


def _goes_on(
    sentence: str, level: Quantity, q: Quantity, groups: Sequence[Group], metric: str
) -> bool:
    """Whether nothing but the change stands between both: from 1.96 t, down by 9 %."""
    gap = sentence[level.end : q.start]
    return (
        level.unit not in ("share", "points", "")
        and not cues.BREAK.search(gap)
        and len(gap) < 90
        and not any(
            level.end <= g.start < q.end + 40
            and metric_of(g.concepts, "share", sense="change") != metric
            for g in groups
        )
    )


def _follows(sentence: str, level: Quantity, q: Quantity) -> bool:
    """Whether a change stands right behind the level that it changed: 4.2 Mt, down 5 %."""
    gap = sentence[level.end : q.start]
    return level.unit not in ("share", "points", "") and len(gap) < 60 and (
        re.match(r"\s?[(,]|\s(?:tonnes |CO2e? |equivalent )*[(,]", gap) is not None
    ) and not re.search(r"[;。]|\bwhile\b|\bund\b.*\bauf\b", gap)  # fmt: skip


def _claimed(sentence: str, numbers: Sequence[Quantity], groups: Sequence[Group]) -> dict[int, int]:
    """Names that stand right behind a number as what it is of: 5 t in Scope 1."""
    found: dict[int, int] = {}
    for q in numbers:
        for g in groups:
            gap = sentence[q.end : g.start] if g.start >= q.end else ","
            if (
                len(gap) < 24
                and "," not in gap
                and re.match(r"\s*(?:of|in|for|from|an|von|für|aus|的)\b|的", gap)
                and NEXT_OF.fullmatch(gap)
            ):
                found.setdefault(g.start, q.start)
    return found


def _summed(sentence: str, groups: Sequence[Group]) -> list[Group]:
    """Scopes joined by a word as one name: Scope 1 and Scope 2 were 12 t."""
    made: list[Group] = []
    for g in groups:
        scopes = {c for c in g.concepts if re.fullmatch(r"scope[123]", c)}
        if made and scopes and any(re.fullmatch(r"scope[123]", c) for c in made[-1].concepts):
            gap = sentence[made[-1].end : g.start]
            if JOINED.fullmatch(gap) and not scopes & made[-1].concepts:
                made[-1] = Group(made[-1].start, g.end, made[-1].concepts | g.concepts)
                continue
        made.append(g)
    return made


def _union(
    sentence: str,
    before: Sequence[Quantity],
    found: Mapping[int, Link],
    q: Quantity,
    *,
    is_change: bool,
) -> str:
    """The metric of a sum told after its parts: 5 t of Scope 1, 7 t of Scope 2, 12 t in total."""
    before_it = re.split(r"\d", sentence[max(0, q.start - 40) : q.start])[-1]
    behind = BEHIND_SUM.match(
        sentence[q.end :],
    )
    near = before_it + (behind.group(0) if behind else "")
    if not (q.unit == "t" or is_change) or not SUMMED.search(near):
        return ""
    parts = {found[b.start].metric for b in before if b.start in found and b.unit == "t"}
    names = {
        "scope1": "1",
        "scope2": "2",
        "scope2_market": "2",
        "scope2_location": "2",
        "scope3": "3",
    }
    if len(parts) < 2 or not parts <= set(names):
        return ""
    scopes = "".join(sorted(names[p] for p in parts))
    view = next((p.removeprefix("scope2") for p in parts if p.startswith("scope2_")), "")
    return {"123": f"total{view}", "12": f"scope1_2{view}"}.get(scopes, "")


def _covers(one: str, other: str) -> bool:
    """Whether one metric is only a wider word for the other."""
    return other in ("emissions", "energy") or one.startswith(other)


def _cost(sentence: str, q: Quantity, others: Sequence[Quantity], group: Group) -> float:
    """How far a name is from a number: words between them, and what stands in the way."""
    if group.start < q.end and q.start < group.end:
        return 0.0
    is_behind = group.start >= q.end
    gap = sentence[q.end : group.start] if is_behind else sentence[group.end : q.start]
    low, high = (q.end, group.start) if is_behind else (group.end, q.start)
    crossed = sum(low <= o.start < high and (o.unit == q.unit or not o.unit) for o in others)
    if is_behind and NEXT_OF.fullmatch(gap):
        return 0.5 if gap.strip() else 0.3
    gap = re.sub(r",[^,;:]{3,}?,", ",", gap)
    words = len(re.findall(r"[A-Za-zÄÖÜäöüß]+", gap)) + len(re.findall(r"[一-鿿]", gap)) / 2.5
    cost = (
        words
        + 2.0 * gap.count(",")
        + 9.0 * len(HURDLE.findall(re.sub(r":\s*$", "", gap)))
        + 3.0 * crossed
    )
    if not is_behind and _is_aside(sentence, group, q):
        cost += 8.0
    if is_behind:
        return cost + 4.0 + (3.0 if re.search(r"\band\b|\bund\b|,", gap) else 0.0)
    return cost - (1.5 if LEVEL_VERB.search(gap) else 0.0)


def _is_aside(sentence: str, group: Group, q: Quantity) -> bool:
    """Whether a name stands in a clause that only describes: …, most of which is fuel, …."""
    led = re.search(
        r",\s?(?:(?:almost |nearly )?(?:all|most|half|part|some|much) of )?"
        r"(?:which|who|whose|die|der|das|deren|dessen|wovon)\b[^,;]*$",
        sentence[: group.start],
    )
    return led is not None and "," in sentence[group.end : q.start]


def _share(
    sentence: str, q: Quantity, numbers: Sequence[Quantity], groups: Sequence[Group]
) -> Link:
    """A percentage that is a part of something: what its clause names all together."""
    if cues.NO_SHARE.search(sentence[max(0, q.start - 40) : q.start]) or re.match(
        r"\s(?:of (?:the )?(?:votes|shares|stake)|stake|coupon)\b", sentence[q.end :]
    ):
        return Link("", "share", False, 0.0)
    cuts = [m.start() for m in cues.BREAK.finditer(sentence)]
    low = max((c for c in cuts if c <= q.start), default=0)
    high = min((c for c in cuts if c > q.start), default=len(sentence))
    close = [g for g in groups if -150 < g.start - q.start < 95]
    near = [g for g in close if low <= g.start < high]
    for held in (near, [g for g in close if g.start < high]):
        concepts = frozenset(c for g in held for c in g.concepts)
        metric = metric_of(concepts, "share", sense="share")
        if metric:
            alone = {metric_of(g.concepts, "share", sense="share") for g in held} - {"", metric}
            stray = metric == "suppliers_share" and not SPEND.search(sentence)
            if stray or (metric.startswith(("scope", "total")) and not _tells_share(sentence, q)):
                return Link(metric, "share", False, 0.4)
            crowded = (
                sum(o.unit == "share" and low <= o.start < high and not o.change for o in numbers)
                > 1
            )
            part = re.search(
                r"\b(?:of which|of that|davon|darunter)\b|其中",
                sentence[max(0, q.start - 30) : q.end + 8],
            )
            if part and metric.startswith(("scope", "total")) and not re.search(r"cat\d", metric):
                return Link(metric, "share", False, 0.4)
            chinese = held is not near and re.search(r"[一-鿿]", sentence) is not None
            return Link(
                metric,
                "share",
                False,
                0.5 if alone or (held is not near and not chinese) else 0.65 if crowded else 0.85,
            )
    return Link("", "share", False, 0.0)


def _tells_share(sentence: str, q: Quantity) -> bool:
    """Whether the words around a percentage say that it is a part of the whole."""
    before, after = sentence[max(0, q.start - 60) : q.start], sentence[q.end :]
    if re.match(r"\s?(?:of|der|des) (?:(?:our|its|their|the|total) )*Scope", after, re.IGNORECASE):
        return False  # of something else in that scope
    return cues.SHARE_BEFORE.search(before) is not None or cues.SHARE_AFTER.match(after) is not None


def _paired(
    sentence: str, numbers: Sequence[Quantity], groups: Sequence[Group]
) -> dict[int, frozenset[str]]:
    """Names and numbers told as two lists of one length: Scopes 1, 2 and 3 were 5, 9 and 70 kt."""
    found: dict[int, frozenset[str]] = {}
    for run in _runs([(q.start, q.end) for q in numbers], sentence):
        listed = [q for q in numbers if any(q.start == a for a, _ in run)]
        if len({q.unit for q in listed}) > 1:
            continue
        before = [g for g in groups if g.end <= run[0][0]]
        names = _last_run(before, sentence)
        split = _split(names[-1]) if names else []
        if len(names) == len(run):
            concepts = [g.concepts for g in names]
            shared = concepts[-1] - {
                c
                for c in concepts[-1]
                if re.fullmatch(r"scope\d|cat\d+|renewable|clean|market|location", c)
            }
            found |= {a: c | shared for (a, _), c in zip(run, concepts, strict=True)}
        elif len(split) == len(run):
            found |= {a: c for (a, _), c in zip(run, split, strict=True)}
    return found


def _respective(sentence: str, numbers: Sequence[Quantity]) -> dict[int, int]:
    """Changes in a list, of the levels before: 11 and 13 t, 6 % less and 2 % more."""
    told = re.search(r"分别|\brespectively\b|\bjeweils\b", sentence)
    changes = [q for q in numbers if q.unit == "share"]
    if told is None or len(changes) < 2:
        return {}
    run = [q for q in changes if abs(q.start - told.start()) < 60]
    levels = [
        q for q in numbers if q.unit not in ("share", "points", "") and run and q.end < run[0].start
    ]
    if len(run) < 2 or len(levels) < len(run):
        return {}
    return {q.start: level.start for q, level in zip(run, levels[-len(run) :], strict=True)}


def _runs(spans: Sequence[tuple[int, int]], sentence: str) -> list[list[tuple[int, int]]]:
    made: list[list[tuple[int, int]]] = []
    for span in spans:
        if made and LIST_GAP.fullmatch(sentence[made[-1][-1][1] : span[0]]):
            made[-1].append(span)
        else:
            made.append([span])
    return [m for m in made if len(m) > 1]


def _last_run(groups: Sequence[Group], sentence: str) -> list[Group]:
    held: list[Group] = []
    for group in reversed(groups):
        if held and not LIST_GAP.fullmatch(sentence[group.end : held[0].start]):
            break
        held.insert(0, group)
    return held


def _split(group: Group) -> list[frozenset[str]]:
    """A name of several scopes as one name each."""
    scopes = sorted(c for c in group.concepts if re.fullmatch(r"scope[123]", c))
    rest = group.concepts - set(scopes)
    return [rest | {s} for s in scopes] if len(scopes) > 1 else []
