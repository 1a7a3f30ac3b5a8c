"""Statements from running text.

Numbers with their unit, what they are of, of whom, when, and compared with what.

The reader is plain: sentences, patterns, a table of words. What it sees as a number and cannot
place is listed, so that nobody takes silence for agreement.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from abate.disclosure.claims.statement import FALL, RISE, SCALES, UNITS, Period, Statement
from abate.disclosure.claims.tabled import canonical, iso_day

NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
SCALE = r"thousand|million|billion|trillion|百万|万亿|万|亿"
UNIT = (
    r"(?:kt|Mt|Gt|kg|t)\s?CO2(?:e|-?eq)?|percentage points?|百分点|percent|per cent|%|(?:metric"
    r" )?tonn?e?s?(?: of (?:carbon dioxide|CO2)(?: equivalent)?| CO2e?)?"
    r" per million (?:yuan|RMB|CNY|USD|dollars|euros?)|t/million [A-Z]{3}"
    r"|(?:metric"
    r" )?ton(?:ne)?s?|megaton(?:ne)?s?|gigaton(?:ne)?s?|MtCO2e|Mt|Gt|kt|吨|kWh|MWh|GWh|TWh|kilowatt[-"
    r" ]hours?"
    r"|megawatt[- ]hours?|gigawatt[-"
    r" ]hours?|千瓦时|MW|GW|megawatts?|gigawatts?|households?|orders?|parcels?|items?"
    r"|cardboard boxes|cartons?|boxes"
)
QUANTITY = re.compile(
    rf"(?<![A-Za-z0-9_.,-])(?P<sign>[+\-−])?(?P<number>{NUMBER})(?:\s*(?P<scale>{SCALE})\b|(?P<scale_zh>百万|万亿|万|亿))?\s*"
    rf"(?P<unit>{UNIT})?(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
ABOUT = re.compile(
    r"(?:about|approximately|nearly|around|roughly|some|约|近)\s*(?:an?\s)?$", re.IGNORECASE
)
ABOVE = re.compile(
    r"(?:more than|over|exceed(?:ed|ing|s)?|at least|above|超过|逾)\s*$", re.IGNORECASE
)
HALF = re.compile(r"(?P<above>more than )?(?P<by>by )?\bhalf\b", re.IGNORECASE)
YEARLY = (
    r"year[- ]on[- ]year|yoy|from (?:the )?(?:previous|prior|last) (?:fiscal )?year|compared"
    r" (?:to|with) the (?:previous|prior)|than (?:a|the) year|a year earlier|from last year|同比|on"
    r" the (?:previous|prior) year"
)
AGAINST = r"on|from|against|than|over|vs\.?|compared (?:to|with)"
SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*|\n+")
CLAUSE = re.compile(r"(?<=[;；])\s*")
YEAR = re.compile(
    r"(?:FY|fiscal(?: year)?)\s*(?:of\s*)?(?P<a>20\d{2}|\d{2}\b)|(?P<b>20\d{2}) fiscal"
    r" year|(?P<c>20\d{2})财年",
    re.IGNORECASE,
)
NEUTRAL = re.compile(r"carbon[- ]neutral(?:ity)?|net[- ]zero(?: emissions)?|碳中和", re.IGNORECASE)
BY_YEAR = re.compile(
    r"\b(?:by|before|until|in)\s+(?P<year>20[2-9]\d)\b|(?P<zh>20[2-9]\d)\s*年", re.IGNORECASE
)
DAY_FIRST = re.compile(
    r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)?"
    r" (?P<month>January|February|March|April|May|June|July|August|September|October|November|December)(?:,?"
    r" (?P<year>20\d{2}))?\b",
    re.IGNORECASE,
)
DATE = re.compile(
    r"\b(?:On\s+)?(?P<month>January|February|March|April|May|June|July|August|September|October|November|December)\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?\b(?!\d)(?:,?\s+(?P<year>20\d{2}))?",
    re.IGNORECASE,
)
DURING = re.compile(r"\b(?:in|during) (?:the year )?(?P<year>(?:19|20)\d{2})\b", re.IGNORECASE)

WORDS: tuple[tuple[str, str, str], ...] = (
    (r"scope 3\+|platform ecosystem|broader ecosystem|ecosystem|平台生态|范围3\+", "t", "scope3plus_reduction"),
    (r"intensity|强度", "share", "scope3_intensity"),
    (r"per million", "intensity", "scope3_intensity"),
    (r"clean\W{1,2}(?:electricity|energy|power)|清洁(?:电力|能源)", "share", "clean_electricity_share"),
    (r"renewable|可再生", "share", "renewable_electricity_share"),
    (r"renewable|可再生", "kWh", "renewable_electricity"),
    (r"clean (?:electricity|energy|power)|清洁(?:电力|能源)", "kWh", "clean_electricity"),
    (r"scopes? 1 and 2", "t", "scope1_2"),
    (r"scopes? 1 and 2", "share", "scope1_2"),
    (r"scope 1(?! and)|范围一", "share", "scope1"),
    (r"scope 2|范围二", "share", "scope2"),
    (r"scope 3(?!\+)|范围三", "share", "scope3"),
    (r"emitted net\b", "t", "net_scope1_2"),
    (r"power (?:usage|utili[sz]ation) (?:effectiveness|efficiency)|(?<![A-Za-z])PUE(?![A-Za-z])", "ratio", "pue"),
    (r"water usage effectiveness|\bWUE\b", "ratio", "wue"),
    (r"packag\w+", "t", "packaging_reduced"),
    (r"cardboard boxes|cartons", "count", "cartons_reused"),
    (r"net (?:carbon |greenhouse gas )?emissions|carbon emissions from (?:its )?(?:own|direct) operations|emissions from its own operations|own operations of|净排放", "t", "net_scope1_2"),
    (r"net (?:carbon |greenhouse gas )?emissions|净排放", "share", "net_scope1_2"),
    (r"gross emissions|总排放", "t", "gross_scope1_2"),
    (r"scope 3|value chain|范围三", "t", "scope3"),
    (r"scope 2|范围二", "t", "scope2"),
    (r"scope 1|范围一", "t", "scope1"),
    (r"reduc\w+ (?:its |the )?(?:carbon )?emissions|emission reduction|reduced emissions|reduc\w+ (?:of|by)|decarboni[sz]ation|减排|减碳", "t", "reduction"),
    (r"emissions?|emitted|排放", "t", "emissions"),
    (r"emissions?|排放", "share", "emissions"),
    (r"(?:solar|photovoltaic|PV|rooftop)[^.]{0,40}", "kW", "pv_capacity"),
    (r"(?:solar|photovoltaic|PV|rooftop)[^.]{0,40}", "kWh", "pv_generation"),
    (r"electricity|power consumption|用电", "kWh", "electricity"),
    (r"open[- ]source models", "count", "open_source_models"),
    (r"companies and organi[sz]ations|organi[sz]ations have used", "count", "organisations_using_ai"),
    (r"express|delivery|parcels|packages", "count", "express_parcels"),
    (r"households", "count", "households"),
    (r"sustainable development goals", "count", "sdg_count"),
    (r"temperature", "degC", "temperature_goal"),
)  # fmt: skip
"""Words by which the metric of a number is reported, with the unit it must have; the first that stands
near enough wins.
"""


@dataclass(frozen=True, slots=True)
class Extract:
    """What was read from a text.

    Args:
        statements: Statements.
        unread: Numbers that could not be placed, each with its sentence.
    """

    statements: tuple[Statement, ...]
    unread: tuple[tuple[str, str], ...]


def text_of(markup: str) -> str:
    r"""Text of an HTML page: scripts and styles away, blocks on lines of their own.

    Example:
        >>> text_of("<p>Up <b>5&nbsp;%</b></p><script>x=1</script><p>Down</p>").split("\n")
        ['Up 5 %', 'Down']
    """
    bare = re.sub(r"(?is)<(script|style|noscript|template)\b.*?</\1\s*>|<!--.*?-->", " ", markup)
    bare = re.sub(
        r"(?i)</?(p|div|h[1-6]|li|ul|ol|br|tr|td|th|table|section|article|header|footer|figure)\b[^>]*>",
        "\n",
        bare,
    )
    bare = html.unescape(re.sub(r"<[^>]*>", "", bare)).replace("\xa0", " ")
    return "\n".join(line for raw in bare.splitlines() if (line := " ".join(raw.split())))


def extract(text: str, name: str, own: Mapping[tuple[str, str], str], *, year: int = 0) -> Extract:
    """Read the statements of a text.

    Args:
        text: Plain text.
        name: Its name, for sources.
        own: Aliases that were given with the claims.
        year: Fiscal year it reports; 0 to take it from the text.
    """
    default = year or _reported_year(text)
    subject = _subject(text, own)
    found: list[Statement] = []
    unread: list[tuple[str, str]] = []
    entity = subject
    for line, sentence in enumerate(SENTENCE.split(text), 1):
        if not sentence.strip():
            continue
        carried = entity if re.match(r"\s*(It|Its|The company|The group)\b", sentence) else subject
        entity, scope = carried, ""
        for part, clause in enumerate(CLAUSE.split(sentence)):
            entity = _entity_in(clause, own) or entity or subject
            reader = _Sentence(clause, f"{name}:{line}.{part}", name, entity, own, default)
            reader.scope = scope
            told, missed = reader.read()
            entity, scope = reader.entity, _Sentence.scope_in(clause, own) or scope
            found += told
            unread += [(number, clause.strip()) for number in missed]
    return Extract(tuple(found), tuple(unread))


def _reported_year(text: str) -> int:
    """The fiscal year that a text speaks of.

    The latest of those it names often, else the year of its copyright.
    """
    named = Counter(_fiscal(m) for m in YEAR.finditer(text))
    if named:
        return max(y for y, n in named.items() if n == max(named.values()))
    other = re.search(
        r"(20\d{2})"
        r" (?:ESG|sustainability|annual|environmental)|(?:©|\(c\)|copyright)\D{0,5}(20\d{2})",
        text,
        re.IGNORECASE,
    )
    return int(next(g for g in other.groups() if g)) if other else 0


def _fiscal(match: re.Match[str]) -> int:
    number = int(next(g for g in match.groups() if g))
    return number + 2000 if number < 100 else number


NAME = re.compile(r"\b[A-Z][\w&’'-]*(?:\.\w+)?(?: (?:of )?[A-Z][\w&-]*)*")
COMMON = frozenset(
    [
        "The",
        "This",
        "In",
        "On",
        "At",
        "By",
        "For",
        "According",
        "More",
        "Over",
        "From",
        "With",
        "And",
        "But",
        "If",
        "As",
        "It",
        "Its",
        "Their",
        "Through",
        "Since",
        "Where",
        "While",
        "Specifically",
        "Beyond",
        "Scope",
        "Scopes",
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Environmental",
        "Social",
        "Governance",
        "CEO",
        "Chairman",
        "ESG",
        "AI",
        "PUE",
        "Data",
        "Based",
        "Further",
        "Moreover",
        "Increased",
        "Although",
        "For",
        "Photo",
        "Stay",
    ]
)


def _subject(text: str, own: Mapping[tuple[str, str], str]) -> str:
    """Whom a text is about: the name that it says most."""
    names = Counter(n for m in NAME.finditer(text) if (n := _name(m.group(0))))
    if not names:
        return ""
    top = max(names, key=lambda n: (names[n], len(n)))
    longer = [n for n in names if n.startswith(f"{top} ") and n.endswith("Group")]
    return canonical("entity", (longer or [top])[0], own)


def _name(raw: str) -> str:
    words = raw.removesuffix("’s").removesuffix("'s").split()
    while words and words[0] in COMMON:
        words = words[1:]
    while words and words[-1] in COMMON:
        words = words[:-1]
    told = " ".join(words)
    return (
        told
        if words and len(words[0]) > 2 and not words[0].isupper() and not told.endswith("-based")
        else ""
    )


def _entity_in(sentence: str, own: Mapping[tuple[str, str], str]) -> str:
    """The first name that a sentence begins with or acts through."""
    for match in NAME.finditer(sentence):
        name = _name(match.group(0))
        rest = sentence[match.end() : match.end() + 40]
        if name and (
            match.start() < 60
            or re.match(
                r"(?:’s|'s)?,?"
                r" (?:has|have|had|reported|achieved|reduc|cut|reused|saved|is|aims|will|pledge|emit|reach)",
                rest,
            )
        ):
            return canonical("entity", name, own)
    return ""


ACTS = re.compile(
    r"(?:, \w[^,]{0,80},)?"
    r" (?:has|have|had|reported|achieved|reduc|cut|reused|saved|is|aims?|will|pledge|emit|reach|provides)"
)
OWNS = re.compile(
    r".*?[’']s"
    r" (?:self|cloud|data|own|total|overall|clean|net|electricity|emission|logistics|platform)"
)


class _Sentence:
    """Reads one sentence."""

    def __init__(
        self,
        text: str,
        place: str,
        source: str,
        entity: str,
        own: Mapping[tuple[str, str], str],
        year: int,
    ) -> None:
        self.text, self.place, self.source, self.entity, self.own, self.year = (
            text,
            place,
            source,
            entity,
            own,
            year,
        )
        self.quote = " ".join(text.split())
        self.scope = ""
        self.pending: Statement | None = None

    def read(self) -> tuple[list[Statement], list[str]]:
        found: list[Statement] = []
        missed: list[str] = []
        found += self._neutrality()
        found += self._dates()
        taken = [
            m.span()
            for m in (
                *YEAR.finditer(self.text),
                *DATE.finditer(self.text),
                *DAY_FIRST.finditer(self.text),
                *DURING.finditer(self.text),
                *BY_YEAR.finditer(self.text),
            )
        ]
        for match in QUANTITY.finditer(self.text):
            if any(a <= match.start("number") < b for a, b in taken) or self._is_label(match):
                continue
            made = self._quantity(match, found)
            if made is None:
                missed.append(match.group(0).strip())
            else:
                found += made
        found += self._halves()
        if re.search(r"\btrillions of|\bbillions of", self.text):
            missed.append(re.search(r"\w+illions of", self.text).group(0))  # type: ignore[union-attr]
        return found, missed

    def _statement(
        self, metric: str, text: str, scale: float, unit: str, match_start: int, **rest: object
    ) -> Statement:
        made = Statement(
            f"{self.place}@{match_start}",
            self._entity_near(match_start),
            metric,
            self._scope(match_start),
            self._period(match_start),
            text,
            scale,
            unit,
            source=self.source,
            quote=self.quote[:400],
            cause=self._cause(),
        )
        return replace(made, **rest)  # type: ignore[arg-type]

    def _is_label(self, match: re.Match[str]) -> bool:
        """Whether a number names something: Scope 3, COVID-19, 2030 as a bare year, a rank."""
        before = self.text[: match.start()][-14:]
        after = self.text[match.end() : match.end() + 3]
        bare = not match.group("unit") and not match.group("scale") and not match.group("scale_zh")
        number = match.group("number")
        if re.search(
            r"(?:Scopes?|Tier|Category|page|Article|Figure|Table|No\.|version|ISO|GB/T)\s*$",
            before,
            re.IGNORECASE,
        ) or after.startswith("+"):
            return bare
        if re.search(r"Scopes? \d(?:,? (?:and|&) |, ?)$", before, re.IGNORECASE):
            return bare
        if bare and re.fullmatch(r"(?:19|20)\d{2}", number):
            return True
        return bare and (re.match(r"(?:st|nd|rd|th)\b", after) is not None)

    def _quantity(self, match: re.Match[str], found: list[Statement]) -> list[Statement] | None:
        """A number with its unit as statements; None where it cannot be placed."""
        start, number, before = (
            match.start("number"),
            match.group("number"),
            self.text[: match.start()],
        )
        unit_scale, unit = self._unit(match)
        if unit == "points":
            metric = self._metric("share", start)
            return (
                [self._statement(metric, number, unit_scale, unit, start, nature="change")]
                if metric
                else None
            )
        if unit == "share" and self._is_change(match):
            return self._changed(match, number, found)
        scale_word = match.group("scale") or match.group("scale_zh") or ""
        factor = SCALES.get(scale_word.casefold(), 1.0)
        size = float(number.replace(",", "")) * factor
        if unit == "count" and not scale_word and "." in number and size < 5:
            unit = "ratio"
        metric = self._metric("intensity" if unit.startswith("t/million") else unit, start)
        if not metric or (unit == "count" and size < 10 and metric != "sdg_count"):
            return None
        metric, nature = self._sense(metric, unit, before)
        bound = ">" if ABOVE.search(before) else "~" if ABOUT.search(before) else "="
        made = self._statement(
            metric, number, factor * unit_scale, unit, start, bound=bound, nature=nature
        )
        is_level = nature in ("level", "reduction") and unit != "share"
        was = re.search(
            r"\bfrom\s*$", before, re.IGNORECASE
        )  # a change says nothing of what it starts from
        if self.pending is not None and self.pending.metric == metric and is_level and not was:
            made, self.pending = replace(made, change=self.pending.text), None
        year = BY_YEAR.search(self.text)
        if nature == "target" and year and year.group("year"):
            last = int(year.group("year"))
            made = replace(made, period=Period("CY", last, last, f"by {last}"))
        return [made]

    def _unit(self, match: re.Match[str]) -> tuple[float, str]:
        """Scale and canonical unit of a number."""
        text = (match.group("unit") or "").strip()
        per = re.search(r"per million (\w+)|/million ([A-Z]{3})", text, re.IGNORECASE)
        if per:
            money = per.group(1) or per.group(2)
            known = {"yuan": "CNY", "rmb": "CNY", "dollars": "USD", "euro": "EUR", "euros": "EUR"}
            return 1.0, f"t/million {known.get(money.casefold(), money.upper())}"
        if not text and self.text[match.end() : match.end() + 2].startswith("°C"):
            return 1.0, "degC"
        bare = re.sub(r"\s?co2.*$", "", text.casefold())
        return UNITS.get(bare, UNITS.get(bare.removesuffix("s"), (1.0, "count")))

    def _sense(self, metric: str, unit: str, before: str) -> tuple[str, str]:
        """Metric and nature of a number, by the words of its sentence.

        A level, a reduction, a target or a share.
        """
        accounts = re.search(
            r"(?:accounting|accounts|accounted) for(?: about| approximately| nearly)?\s*$", before
        )
        if unit == "share" and accounts and metric == "emissions":
            return "emissions_share", "share"
        if metric not in ("reduction", "scope3plus_reduction", "packaging_reduced"):
            return metric, "level"
        own = re.search(r"own operations?|its carbon emissions", self.text, re.IGNORECASE)
        if (
            metric == "reduction"
            and own
            and not re.search(r"value chain|users|customers|consumers", self.text)
        ):
            metric = "reduction_scope1_2"
        is_target = re.search(r"\b(?:by|before) 20[2-9]\d|pledge|aim|commit", self.text)
        return metric, "target" if is_target else "reduction"

    def _is_change(self, match: re.Match[str]) -> bool:
        """Whether a percentage tells a change rather than a share."""
        before, after = self.text[: match.start()][-90:], self.text[match.end() : match.end() + 60]
        if re.search(
            r"(?:accounting|accounts|accounted) for|reached|share"
            r" (?:of|is|was)|proportion[^.]{0,40}$|running (?:entirely )?on",
            before[-45:],
            re.IGNORECASE,
        ) and not re.search(YEARLY, after[:45], re.IGNORECASE):
            return False
        if re.search(r"from\s*$|\bto\s*$", before) and re.search(
            r"jump|from|rose|fell|declin|increas", before
        ):
            return False
        near = re.search(rf"(?:{RISE}|{FALL})(?:\W+\w+){{0,10}}\W*$", before, re.IGNORECASE)
        follows = re.match(rf"\W*(?:{RISE}|{FALL}|{YEARLY})", after, re.IGNORECASE)
        return bool(near or follows)

    def _changed(
        self, match: re.Match[str], number: str, found: list[Statement]
    ) -> list[Statement] | None:
        """A percentage as a change: of the level told just before, or of what the sentence is about."""
        before, after = self.text[: match.start()], self.text[match.end() : match.end() + 40]
        if re.search(
            r"(?:\b(?:not|never|without)\b|n't\b)[^.;,]{0,60}$", before[-90:], re.IGNORECASE
        ):
            return None
        word = re.findall(rf"(?<![A-Za-z])(?:{RISE}|{FALL})", before[-90:], re.IGNORECASE)
        last = (
            word[-1]
            if word
            else (re.findall(rf"(?<![A-Za-z])(?:{RISE}|{FALL})", after, re.IGNORECASE) or [""])[0]
        )
        falls = bool(re.match(FALL, last, re.IGNORECASE)) and not re.match(
            rf"\W*(?:{RISE})", after, re.IGNORECASE
        )
        base = re.search(
            r"(?:base(?:line)? year of|baseline of|using|vs\.?|from)\s*(20\d{2})(?: levels)?",
            self.text,
        )
        signed = f"-{number}" if falls else number
        levels = [
            s
            for s in found
            if s.nature in ("level", "reduction")
            and s.unit not in ("share", "year", "date")
            and not s.change
        ]
        if levels and not base:
            found[found.index(levels[-1])] = replace(levels[-1], change=signed)
            metric = levels[-1].metric
        else:
            metric = self._metric("share", match.start("number")) or self._metric(
                "t", match.start("number")
            )
        if not metric:
            return None
        if metric == "clean_electricity_share" and "consumption" in before[-110:]:
            metric = "clean_electricity"
        if metric == "emissions" and "own operations" in self.text:
            metric = "net_scope1_2"
        target = bool(base) or bool(re.search(r"\b(?:by|before) 20[3-9]\d", self.text))
        made = self._statement(
            metric,
            signed,
            0.01,
            "share",
            match.start("number"),
            nature="target" if target else "change",
            base=int(base.group(1)) if base else 0,
        )
        year = BY_YEAR.search(self.text)
        on = re.match(
            rf"\W*(?:{AGAINST})\s+(?:in )?(?:FY|fiscal (?:year )?)?(20\d{{2}})\b",
            after,
            re.IGNORECASE,
        )
        if on and not base:
            later = int(on.group(1)) + 1
            made = replace(
                made,
                period=Period(
                    made.period.kind or "FY", later, later, f"{made.period.kind or 'FY'}{later}"
                ),
            )
        if not levels and not target:
            self.pending = made
        if target and year and year.group("year"):
            made = replace(
                made,
                period=Period(
                    "FY",
                    int(year.group("year")),
                    int(year.group("year")),
                    f"FY{year.group('year')}",
                ),
            )
        return [made]

    def _halves(self) -> list[Statement]:
        """Half as a number: more than half of the electricity, an intensity cut by half."""
        found = []
        for match in HALF.finditer(self.text):
            if match.group("by"):
                base = re.search(
                    r"(20\d{2}) levels|base(?:line)? (?:year )?of (20\d{2})|using (20\d{2})",
                    self.text,
                )
                year = BY_YEAR.search(self.text)
                metric = self._metric("share", match.start())
                if metric and base and year:
                    made = self._statement(
                        metric,
                        "-50",
                        0.01,
                        "share",
                        match.start(),
                        nature="target",
                        base=int(next(g for g in base.groups() if g)),
                    )
                    found.append(
                        replace(
                            made,
                            period=Period(
                                "FY",
                                int(year.group("year")),
                                int(year.group("year")),
                                f"FY{year.group('year')}",
                            ),
                        )
                    )
            elif match.group("above") and not match.group("by"):
                metric = self._metric("share", match.start())
                if metric:
                    found.append(
                        self._statement(metric, "50", 0.01, "share", match.start(), bound=">")
                    )
        whole = re.search(
            r"entirely (?:on|by|with) (?:clean|renewable) (?:energy|electricity|power)", self.text
        )
        year = BY_YEAR.search(self.text)
        if whole and year and year.group("year"):
            made = self._statement(
                self._metric("share", whole.start()),
                "100",
                0.01,
                "share",
                whole.start(),
                nature="target",
            )
            found.append(
                replace(
                    made,
                    period=Period(
                        "FY",
                        int(year.group("year")),
                        int(year.group("year")),
                        f"FY{year.group('year')}",
                    ),
                )
            )
        return found

    def _neutrality(self) -> list[Statement]:
        found = []
        for match in NEUTRAL.finditer(self.text):
            near = [m for m in BY_YEAR.finditer(self.text) if -90 < m.start() - match.end() < 90]
            if near:
                best = min(
                    near, key=lambda m: (m.start() < match.end(), abs(m.start() - match.end()))
                )
                year = best.group("year") or best.group("zh")
                made = self._statement(
                    "neutrality_year", year, 1.0, "year", match.start(), nature="target", scope=""
                )
                entity = self._owner(match.start()) or made.entity
                found.append(
                    replace(
                        made,
                        entity=entity,
                        period=Period("FY", int(year), int(year), f"FY{year}"),
                        id=f"{made.id}n",
                    )
                )
        return list({(s.entity, s.text, s.scope): s for s in found}.values())

    def _owner(self, at: int) -> str:
        """Whose a pledge is, where a possessive says so: China's target of net zero."""
        found = re.findall(
            r"([A-Z]\w+)[’']s (?:target|goal|pledge|commitment)", self.text[max(0, at - 40) : at]
        )
        return canonical("entity", found[-1], self.own) if found else ""

    def _dates(self) -> list[Statement]:
        if not re.search(r"releas|publish|launch|发布", self.text, re.IGNORECASE):
            return []
        found = []
        for match in (*DATE.finditer(self.text), *DAY_FIRST.finditer(self.text)):
            year = int(match.group("year") or self.year or 0)
            if year:
                text = iso_day(f"{match.group('day')} {match.group('month')} {year}")
                made = self._statement(
                    "report_publication_date", text, 1.0, "date", match.start(), nature="date"
                )
                found.append(replace(made, period=Period("date", year, year, text)))
        return found

    def _metric(self, unit: str, at: int) -> str:
        """The metric whose words stand nearest to a place, among those of a unit."""
        if unit == "t" and re.search(
            r"reduc\w+[^.;]{0,40}emissions?[^.;]{0,12} by (?:a total of )?$",
            self.text[:at],
            re.IGNORECASE,
        ):
            return "reduction"
        best, distance = "", 10_000.0
        for rank, (pattern, wanted, metric) in enumerate(WORDS):
            if wanted != unit:
                continue
            for match in re.finditer(pattern, self.text, re.IGNORECASE):
                away = at - match.end() if match.end() <= at else 2.2 * (match.start() - at)
                away += (
                    4 * rank
                    - 70 * (metric == "scope3plus_reduction")
                    + (0 if metric not in ("emissions", "reduction") else 25)
                )
                if re.search(r"[;,，；]", self.text[at : match.start()]):
                    away += 60
                if ";" in self.text[min(at, match.start()) : max(at, match.end())]:
                    away += 60
                if away < distance:
                    best, distance = metric, away
        return best if distance < 260 else ""

    def _entity_near(self, at: int) -> str:
        """The name that acts or owns before a place in the sentence.

        Else whom the sentence is about.
        """
        for (kind, alias), name in self.own.items():
            if kind == "entity" and alias in self.text[:at].casefold():
                return name
        named = []
        for match in NAME.finditer(self.text):
            name, rest = _name(match.group(0)), self.text[match.end() : match.end() + 24]
            if (
                name
                and match.start() < at
                and (ACTS.match(rest) or OWNS.match(match.group(0)[-2:] + rest))
            ):
                named.append(canonical("entity", name, self.own))
        self.entity = named[-1] if named else self.entity
        return self.entity

    def _scope(self, at: int) -> str:
        near = self.text[max(0, at - 160) : at + 80]
        return self.scope_in(near, self.own) or self.scope

    @staticmethod
    def scope_in(text: str, own: Mapping[tuple[str, str], str]) -> str:
        """The boundary that a text names, where it is narrower than the whole."""
        low = text.casefold()
        if re.search(r"self[- ]?built data cent", low):
            return canonical("scope", "self-built data centres", own)
        return "data centres" if re.search(r"data cent(?:er|re)s", low) else ""

    def _period(self, at: int) -> Period:
        """The fiscal year told nearest to a place, else the one that the text reports."""
        found = [
            (m.start() - at if m.start() >= at else 6 * (at - m.end()), _fiscal(m))
            for m in YEAR.finditer(self.text)
        ]
        if found:
            year = min(found)[1]
            return Period("FY", year, year, f"FY{year}")
        calendar = DURING.search(self.text)
        if calendar:
            year = int(calendar.group("year"))
            return Period("CY", year, year, f"CY{year}")
        earlier = re.match(
            r"[\d.,]*%?\s*(?:percent )?(?:a year earlier|in the previous year|the year before)",
            self.text[at:],
        )
        year = self.year - 1 if earlier and self.year else self.year
        return Period("FY", year, year, f"FY{year}") if year else Period("", 0, 0, "")

    def _cause(self) -> str:
        found = re.search(
            r"\b(?:through|by (?:promoting|using|means of)|due to|thanks to)\s+(?:the"
            r" (?:application|use) of )?([^,.;]{4,90})",
            self.text,
        )
        return found.group(1).strip() if found else ""
