"""Statement: what somebody said of a number, brought into one shape."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from abate.disclosure.claims.interval import Interval, printed

SCALES = {
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "万": 1e4, "亿": 1e8, "百万": 1e6,
    "千": 1e3, "万亿": 1e12,
}  # fmt: skip
UNITS: dict[str, tuple[float, str]] = {
    "t": (1, "t"), "ton": (1, "t"), "tons": (1, "t"), "tonne": (1, "t"), "tonnes": (1, "t"), "metric tons": (1, "t"),
    "metric tonnes": (1, "t"), "metric ton": (1, "t"), "吨": (1, "t"), "kt": (1e3, "t"), "mt": (1e6, "t"), "gt": (1e9, "t"),
    "megatons": (1e6, "t"), "megatonnes": (1e6, "t"), "gigatons": (1e9, "t"), "gigatonnes": (1e9, "t"), "kg": (1e-3, "t"),
    "g": (1e-6, "t"), "mtco2e": (1e6, "t"), "mmt": (1e6, "t"), "kilotons": (1e3, "t"),
    "kwh": (1, "kWh"), "mwh": (1e3, "kWh"), "gwh": (1e6, "kWh"), "twh": (1e9, "kWh"), "千瓦时": (1, "kWh"), "度": (1, "kWh"),
    "kilowatt hours": (1, "kWh"), "kilowatt-hours": (1, "kWh"), "megawatt-hours": (1e3, "kWh"),
    "gigawatt hours": (1e6, "kWh"), "gigawatt-hours": (1e6, "kWh"), "kw": (1, "kW"), "mw": (1e3, "kW"), "gw": (1e6, "kW"),
    "megawatts": (1e3, "kW"), "gigawatts": (1e6, "kW"), "%": (0.01, "share"), "percent": (0.01, "share"),
    "per cent": (0.01, "share"), "百分点": (0.01, "points"), "pp": (0.01, "points"), "percentage points": (0.01, "points"),
    "ratio": (1, "ratio"), "share": (1, "share"), "count": (1, "count"), "": (1, "count"), "year": (1, "year"),
    "l/kwh": (1, "L/kWh"), "m3": (1, "m3"), "m2": (1, "m2"), "date": (1, "date"), "degc": (1, "degC"),
    "tco2e": (1, "t"), "tco2": (1, "t"), "ktco2e": (1e3, "t"), "gtco2e": (1e9, "t"), "kgco2e": (1e-3, "t"), "gj": (1000 / 3.6, "kWh"),
    "tj": (1e6 / 3.6, "kWh"), "mj": (1 / 3.6, "kWh"), "mwp": (1e3, "kW"), "kwp": (1, "kW"), "gwp": (1e6, "kW"), "pts": (0.01, "points"),
    "percentage point": (0.01, "points"), "points": (0.01, "points"), "share points": (0.01, "points"),
    "households": (1, "count"), "orders": (1, "count"), "items": (1, "count"),
}  # fmt: skip
"""Units and their canonical ones; `Mt` is a million tonnes, `MT` is read as the same."""


@dataclass(frozen=True, slots=True)
class Period:
    """A period that a statement is about.

    Args:
        kind: `FY`, `CY`, `point` (an end of counting), `date` or empty for unknown.
        year: Its year, of the end for a span; 0 where none is reported.
        first: First year of a span; the same year otherwise.
        text: As it was written.
    """

    kind: str
    year: int
    first: int
    text: str

    @property
    def before(self) -> tuple[str, int]:
        """Kind and year of the period before."""
        return self.kind, self.year - 1

    @property
    def key(self) -> tuple[str, int]:
        """Kind and year."""
        return self.kind, self.year


def period_of(text: str) -> Period:
    """Read a period.

    Example:
        >>> [(p.kind, p.year, p.first) for p in map(period_of, ("FY2024", "FY23", "CY2021", "2021-2035", "to 2024-03-31", ""))]
        [('FY', 2024, 2024), ('FY', 2023, 2023), ('CY', 2021, 2021), ('CY', 2035, 2021), ('point', 2024, 2024), ('', 0, 0)]
    """
    clean = text.strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", clean):
        return Period("date", int(clean[:4]), int(clean[:4]), clean)
    until = re.fullmatch(r"(?:to|by|until)\s+(\d{4})(?:-\d{2}){0,2}", clean, re.IGNORECASE)
    if until:
        return Period("point", int(until.group(1)), int(until.group(1)), clean)
    split = re.fullmatch(r"(?:FY)?\s*(\d{4})\s*/\s*(\d{2}|\d{4})", clean, re.IGNORECASE)
    if split:
        year = int(split.group(1)) + 1
        return Period("FY", year, year, clean)
    found = re.fullmatch(
        r"(FY|CY)?\s*(\d{4}|\d{2})(?:\s*[-–]\s*(?:FY|CY)?\s*(\d{4}))?", clean, re.IGNORECASE
    )
    if found is None or (len(found.group(2)) == 2 and not found.group(1)):
        return Period("", 0, 0, clean)
    first = int(found.group(2)) + (2000 if len(found.group(2)) == 2 else 0)
    return Period((found.group(1) or "CY").upper(), int(found.group(3) or first), first, clean)


VIEW = "the view, location- or market-based, is not said"
PART = "it may be of a part only, such as a site or a product"
OPEN = {
    "emissions": "which scopes are meant is not said",
    "reduction": "which scopes are meant, and against what, is not said",
    "emissions_intensity": "which scopes are meant is not said",
    "scope2": VIEW,
    "scope1_2": VIEW,
    "total": VIEW,
}
"""What the name of a metric leaves open."""
WHOLES = frozenset(
    [
        "scope1",
        "scope2_location",
        "scope2_market",
        "scope3",
        "scope1_2_market",
        "scope1_2_location",
        "net_scope1_2",
        "gross_scope1_2",
        "total_market",
        "total_location",
        "intensity",
        "scope3_intensity",
        "total_intensity",
        "neutrality_year",
        "report_publication_date",
    ]
)
"""Metrics that are of the whole organisation where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A quantitative statement.

    Args:
        id: Where it stands: file and row, or document and place.
        entity: Of whom, canonical.
        metric: Of what, canonical.
        scope: Boundary as told, such as `group` or `self-built data centres`.
        period: When.
        text: The number as printed.
        scale: What one printed unit is in canonical ones.
        unit: Canonical unit: t, kWh, kW, share, points, ratio, count, year, t/million CNY, …
        bound: `=`, `>` where it is a lower bound, `<` an upper one, `~` where it is about, `oom`
            for an order of magnitude only.
        change: Change on the period before as a share, as printed; empty where none is reported.
        base: Year that a target or change is measured from; 0 for the period before.
        nature: `level`, `change`, `target`, `cumulative`, `share`, `reduction`, `event`, `date`.
        vintage: When or where it was published, to tell a restatement.
        part_of: Metric of the whole of which it is a part.
        cause: What it is put down to.
        trust: 3 an own report, 2 a newspaper, 1 unknown, 0 generated.
        source: Where it is from.
        quote: As it was said.
        high: Upper end, as printed, where a range was told; empty for one number.
    """

    id: str
    entity: str
    metric: str
    scope: str
    period: Period
    text: str
    scale: float
    unit: str
    bound: str = "="
    change: str = ""
    base: int = 0
    nature: str = "level"
    vintage: str = ""
    part_of: str = ""
    cause: str = ""
    trust: int = 2
    source: str = ""
    quote: str = ""
    flags: frozenset[str] = field(default_factory=frozenset)
    high: str = ""

    def value(self, *, loose: bool = False) -> Interval:
        """What the number can stand for, in the canonical unit."""
        if self.bound == "oom":
            digit = 10.0 ** len(self.text.lstrip("-").split(".")[0].replace(",", "")) / 10
            return Interval(digit * self.scale, digit * 10 * self.scale)
        read = printed(self.text, loose=loose or self.bound == "~")
        top = printed(self.high, loose=loose).high if self.high else read.high
        return Interval(read.low * self.scale, top * self.scale)

    def change_share(self, *, loose: bool = False) -> Interval:
        """The stated change as a share."""
        return printed(self.change, loose=loose).scaled(0.01)

    @property
    def number(self) -> float:
        """The number as printed, in the canonical unit."""
        return float(self.text.replace(",", "").replace("−", "-").lstrip("+")) * self.scale

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a running text leaves open of a statement; a table says what it means.

        Each is another reading, under which the statement need not contradict another one.
        """
        if "text" not in self.flags:
            return ()
        told = [OPEN.get(self.metric, "") or ("" if self.metric in WHOLES else PART)]
        if "year-assumed" in self.flags:
            told.append(f"{self.text} may be of another year than {self.period.text}")
        if self.bound == "~":
            told.append(f"{self.text} is about right only")
        return tuple(t for t in told if t)

    @property
    def is_known(self) -> bool:
        """Whether it says of whom, of what and when: unknown is never equal to unknown."""
        timeless = self.unit in ("date", "year") or self.nature in ("target", "event")
        return bool(self.entity and self.metric and (self.period.year or timeless))

    @property
    def key(self) -> tuple[str, str, str]:
        """Entity, metric and scope, folded."""
        return entity_key(self.entity), self.metric, entity_key(self.scope)

    @property
    def place(self) -> str:
        """Source, as verdicts print it."""
        return self.source or self.id


def entity_key(text: str) -> str:
    """A text without case and marks, for comparing."""
    return re.sub(r"[\s_\-,.()]+", " ", text).strip().casefold()


def is_known_unit(unit: str) -> bool:
    """Whether a unit can be compared with others.

    One of ours, a currency, or a mass by something.
    """
    return unit in {u for _, u in UNITS.values()} or bool(
        re.fullmatch(r"[A-Z]{3}|(?:t|kg|g)/.+", unit)
    )


def unit_of(text: str) -> tuple[float, str, frozenset[str], str]:
    """Read a unit as tables write it: scale, canonical unit, flags and bound.

    Example:
        >>> unit_of("Mt CO2e")[:2], unit_of("million CNY")[:2], unit_of("% (lower bound)"), unit_of("t/million CNY")[1]
        ((1000000.0, 't'), (1000000.0, 'CNY'), (0.01, 'share', frozenset(), '>'), 't/million CNY')
    """
    clean = text.strip()
    flags = set()
    bound = "="
    if re.search(r"lower bound|at least|over|more than", clean, re.IGNORECASE):
        bound = ">"
    for word, flag in (
        ("cumulative", "cumulative"),
        ("yoy", "change"),
        ("/yr", "annual"),
        ("a year", "annual"),
    ):
        if word in clean.casefold():
            flags.add(flag)
    based = re.search(r"vs\.?\s*(?:FY|CY)?(\d{4})", clean)
    if based:
        flags.add(f"base:{based.group(1)}")
    by = re.search(r"\bby (\d{4})", clean)
    if by:
        flags.add(f"by:{by.group(1)}")
    clean = re.sub(
        r"\(.*?\)|cumulative|yoy|/yr|a year|lower bound|vs\.?\s*(?:FY|CY)?\d{4}|\bby \d{4}",
        "",
        clean,
        flags=re.IGNORECASE,
    ).strip()
    per = re.fullmatch(r"(t|kg|g)(?: CO2e?)?\s*/\s*(million\s*)?([A-Z]{3}.*|\w.*)", clean)
    if per:
        return (
            1.0,
            f"{per.group(1)}/{per.group(2) or ''}{per.group(3)}".replace("  ", " "),
            frozenset(flags),
            bound,
        )
    bare = re.sub(
        r"\s*(?:of\s+)?(CO2[- ]?e?q?\.?|CO2 equivalent|CO₂e?|carbon dioxide equivalent|carbon"
        r" dioxide)$",
        "",
        clean,
        flags=re.IGNORECASE,
    ).strip()
    bare = re.sub(
        r"^(Mio|Mrd|Tsd)\.?(?=\s)",
        lambda m: {"mio": "million", "mrd": "billion", "tsd": "thousand"}[m.group(1).casefold()],
        bare,
        flags=re.IGNORECASE,
    )
    found = re.fullmatch(
        r"(thousand|million|billion|trillion|万亿|百万|万|亿|千)?\s*(.*)", bare, re.IGNORECASE
    )
    assert found is not None
    scale = SCALES.get((found.group(1) or "").casefold(), 1.0)
    name = found.group(2).strip()
    factor, unit = UNITS.get(name.casefold(), (1.0, name))
    if name in ("g", "G"):
        factor, unit = 1e-6, "t"
    return scale * factor, unit, frozenset(flags), bound


RISE = r"up|increas\w*|rise|rising|rose|risen|improv\w*|grow\w*|grew|jump\w*|surg\w*|gain\w*|higher|增长|上升|增加|提升|提高"
FALL = r"down|decreas\w*|declin\w*|drop\w*|fall\w*|fell|reduc\w*|cut\w*|lower\w*|slash\w*|less|shr[aiu]nk\w*|下降|减少|降低|降至"
"""Words of direction, in texts and in tables."""
CHANGE_WORDS = re.compile(
    r"yoy|y/y|year[- ]on[- ]year|year[- ]over[-"
    rf" ]year|同比|(?<![A-Za-z])(?:{RISE}|{FALL})(?![A-Za-z])",
    re.IGNORECASE,
)


def compared(statement: Statement, comparison: str) -> Statement:
    """A statement with what its table says it is compared with.

    Example:
        >>> s = Statement("a", "G", "net", "", period_of("FY2024"), "4.45", 1e6, "t")
        >>> compared(s, "yoy -5%").change, compared(s, "vs 2020").base, compared(s, "cumulative").nature
        ('-5', 2020, 'cumulative')
    """
    text = comparison.strip()
    based = re.search(r"(?:vs|on|against|from)\.?\s*(?:base\s*year\s*)?(?:FY|CY)?(\d{4})", text)
    base = int(based.group(1)) if based else statement.base
    low = text.casefold()
    if "counterfactual" in low or "avoided" in low or "facilitated" in low:
        return replace(statement, nature="reduction")
    if "target" in low or "goal" in low or low.startswith(("pledge", "commit")):
        return replace(statement, nature="target", base=base)
    if "cumulative" in low:
        return replace(statement, nature="cumulative")
    if low.startswith("share"):
        return replace(statement, nature="share")
    if low.startswith(">"):
        return replace(statement, bound=">")
    if "order of magnitude" in low:
        return replace(statement, bound="oom")
    stated = re.search(r"([+\-−]?\d[\d.,]*)\s*(%|percent)", text)
    if CHANGE_WORDS.search(low) and stated and statement.unit != "points":
        number = stated.group(1).replace("−", "-")
        falls = number[0].isdigit() and re.search(FALL, low) and not re.search(RISE, low)
        return replace(statement, change=f"-{number}" if falls else number)
    if CHANGE_WORDS.search(low) and statement.unit == "share" and "pp" not in low:
        return replace(
            statement,
            nature="change",
            base=base if based and base != statement.period.year - 1 else 0,
        )
    if based and statement.unit == "share":
        return replace(
            statement, nature="target" if statement.period.year > base + 4 else "change", base=base
        )
    return replace(statement, base=base)
