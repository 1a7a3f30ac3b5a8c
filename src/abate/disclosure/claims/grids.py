"""Grids: tables of a document, with years across or down, as statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from abate.disclosure.claims.extracting import SURE, Context, Partial
from abate.disclosure.claims.quantities import Quantity, plain, quantities
from abate.disclosure.claims.statement import Period, Statement
from abate.disclosure.claims.tabled import canonical
from abate.disclosure.claims.what import groups_in, metric_of
from abate.disclosure.claims.when import FISCAL, SPLIT, years_in

CELL = re.compile(
    r"[<>~≥≤≈]?\s?[+-]?(?:\d[\d.,\s]*\d|\d)\s?(?:%|pp|Prozent|percent)?(?:\s?[*†‡a-d]|\s?\(\d\))?"
)
BOUNDS = ((">", ">≥"), ("<", "<≤"), ("~", "~≈"))
EMPTY = re.compile(r"[-–—.…\s]*|n/?a\.?|k\.\s?A\.|/", re.IGNORECASE)
UNIT_HEAD = re.compile(r"unit|units|einheit|maßeinheit|单位|计量单位", re.IGNORECASE)
CHANGE_HEAD = re.compile(
    r"change|yoy|y/y|Δ|Veränderung|Abweichung|同比|变化|变动|增减|vs\.?|gegenüber", re.IGNORECASE
)
PART_HEAD = re.compile(
    r"\b(?:site|location|plant|country|region|business|segment|brand|subsidiary|building|person)s?\b"
    r"|Standort|Werk|Land|Segment|站点|地点|业务|国家|地区|子公司|工厂",
    re.IGNORECASE,
)
"""Headings of rows that are parts of an organisation."""
YEAR_NAMED = re.compile(r"(?:19|20)\d{2}|FY\s?\d{2}")
TARGET_HEAD = re.compile(r"target|goal|Ziel|目标", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Names:
    """What names the numbers of a row.

    Args:
        label: First cell of the row.
        section: The last row above that holds only a label.
        unit: Cell of the column of units.
        caption: What stands above the table.
        corner: First cell of the heading.
    """

    label: str
    section: str
    unit: str
    caption: str
    corner: str


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of a table holds.

    Args:
        period: Period of its numbers.
        nature: `level`, `change` or `target`.
        head: Its heading.
        dated: Whether it says its period itself.
        base: Year that its changes are from, where that is not the year before.
    """

    period: Period
    nature: str
    head: str
    dated: bool = True
    base: int = 0


def read_grid(
    rows: Sequence[Sequence[str]], caption: str, place: str, context: Context
) -> tuple[list[Statement], list[Partial], list[tuple[str, str]]]:
    """The statements of a table, those that are not certain, and cells that could not be placed.

    Args:
        rows: Cells, row by row.
        caption: What stands above it.
        place: Name of the document and number of the table.
        context: What holds for the document.
    """
    found: list[Statement] = []
    partly: list[Partial] = []
    missed: list[tuple[str, str]] = []
    head, body, columns = _headed([list(r) for r in rows if any(c.strip() for c in r)], context)
    parts = bool(head) and PART_HEAD.search(head[0]) is not None
    units = next((k for k, c in enumerate(head) if UNIT_HEAD.fullmatch(c.strip())), -1)
    section = ""
    for number, row in enumerate(body, 2):
        cells = {k: row[k].strip() for k in columns if k < len(row)}
        if not any(re.search(r"\d", c) for c in cells.values()):
            section = row[0].strip()
            continue
        unit = row[units].strip() if 0 <= units < len(row) else ""
        part = parts or "·" in row[0]
        names = Names(row[0].strip(), section, unit, caption, head[0] if head else "")
        metric = ""
        for k, cell in sorted(cells.items(), key=lambda c: columns[c[0]].nature == "change"):
            made = _cell(cell, names, columns[k], f"{place} row {number}", context)
            if made is None:
                missed += (
                    [] if EMPTY.fullmatch(cell) else [(cell, f"{names.label} ({columns[k].head})")]
                )
                continue
            told = made.statement
            if told.nature == "change" and metric:  # of what the levels of the row are of
                made = replace(made, statement=replace(told, metric=metric))
            metric = metric or told.metric
            if part or made.unsure:
                unsure = (*made.unsure, "entity") if part else made.unsure
                partly.append(Partial(made.statement, tuple(dict.fromkeys(unsure))))
            else:
                found.append(made.statement)
    return found, partly, missed


def _headed(
    filled: list[list[str]], context: Context
) -> tuple[list[str], list[list[str]], dict[int, Column]]:
    """Heading, rows and columns with a period: of one line, of two, or years down the side."""
    if len(filled) < 2:
        return [], [], {}
    head, body = filled[0], filled[1:]
    columns = _columns(head, context)
    if not columns and len(filled) > 2:
        both = [f"{a} {b}".strip() for a, b in zip(filled[0], filled[1], strict=False)]
        columns = _columns(both, context)
        if columns:
            return both, filled[2:], columns
    if columns:
        return head, body, columns
    width = max(map(len, filled))
    turned = [list(c) for c in zip(*[r + [""] * (width - len(r)) for r in filled], strict=True)]
    if len(_columns(turned[0], context)) >= 2:
        return turned[0], turned[1:], _columns(turned[0], context)
    return head, body, _single(head, context) or {}


def _columns(head: Sequence[str], context: Context) -> dict[int, Column]:
    found: dict[int, Column] = {}
    for k, cell in enumerate(head):
        column = _column(cell, context) if k else None
        if column is None:
            continue
        years = [c.period for c in found.values() if c.nature != "change"]
        if column.nature == "change" and years and not YEAR_NAMED.search(cell):
            column = _between(years, cell)
        found[k] = column
    return found


def _between(years: Sequence[Period], head: str) -> Column:
    """A column of changes, between the two years that stand before it.

    Of the first two where the years run backwards.
    """
    pair = years[-2:] if len(years) < 3 or years[-2].year < years[-1].year else years[:2]
    then, now = min(pair, key=lambda p: p.year), max(pair, key=lambda p: p.year)
    base = then.year if then.year < now.year - 1 else 0
    return Column(now, "change", head, base=base)


def _single(head: Sequence[str], context: Context) -> dict[int, Column] | None:
    """A table of one column of numbers, of the period that the document reports."""
    if len(head) != 2 or not context.sure:
        return None
    return {1: Column(context.told, "level", head[1], dated=False)}


def _column(head: str, context: Context) -> Column | None:
    """What a heading says of its column; None where it names no period."""
    named = [
        w
        for w in years_in(head, said=context.said, told=context.told.year)
        if w.role in ("at", "by", "base")
    ]
    if CHANGE_HEAD.search(head) and not re.fullmatch(r"\D{0,4}(?:19|20)\d{2}\D{0,3}", head.strip()):
        told = context.told
        ends = [w.year for w in named]
        if len(ends) == 2:
            told = Period(named[0].kind, max(ends), max(ends), f"{named[0].kind}{max(ends)}")
        return Column(told, "change", head)
    if not named:
        return None
    last = named[-1]
    period = last.period
    fiscal = bool(FISCAL.search(head) or SPLIT.search(head)) or (
        last.kind == "CY" and context.told.kind == "FY"
    )
    if fiscal and not last.first:
        period = Period("FY", last.year, last.year, f"FY{last.year}")
    return Column(
        period, "target" if TARGET_HEAD.search(head) or last.role == "by" else "level", head
    )


def _cell(cell: str, names: Names, column: Column, place: str, context: Context) -> Partial | None:
    """A cell as a statement; None where it is no number or has no metric."""
    digits = re.search(r"[+-]?\d[\d.,\s]*\d|[+-]?\d", cell) if CELL.fullmatch(cell) else None
    if digits is None:
        return None
    style = _style(digits.group(0), context.lang)
    text = plain(digits.group(0).replace(" ", "").lstrip("+"), style)
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return None
    scale, unit, is_gas, sure = _unit(cell, names, column.head, context.lang)
    change = column.nature == "change" and unit == "share"
    metric, trust = _metric(names, unit, is_gas, "change" if change else "")
    if not metric:
        return None
    nature = "change" if change else "level" if column.nature == "change" else column.nature
    made = Statement(
        place,
        canonical("entity", context.cast.main, context.own),
        canonical("metric", metric, context.own),
        "",
        column.period,
        text,
        scale,
        unit or "count",
        next((b for b, signs in BOUNDS if cell[0] in signs), "="),
        nature="share" if re.fullmatch(r"scope\w*_share", metric) else nature,
        base=column.base if change else 0,
        source=context.source,
        quote=f"{names.label}: {cell} ({column.head})",
        flags=frozenset({"text"} if column.dated else {"text", "year-assumed"}),
    )
    known = bool(context.cast.main) and context.cast.sure
    held = {
        "unit": sure >= SURE,
        "metric": trust >= SURE,
        "entity": known,
        "period": column.period.year > 0,
    }
    return Partial(made, tuple(f for f, holds in held.items() if not holds))


def _metric(names: Names, unit: str, is_gas: bool, sense: str) -> tuple[str, float]:
    """The metric of a row, and how sure it is: by its label, its section, the caption."""
    sense = sense or ("share" if unit == "share" else "amount")
    for words, trust in (
        (names.label, 0.9),
        (f"{names.section} {names.label}", 0.85),
        (f"{names.caption} {names.label}", 0.7),
    ):
        concepts = frozenset(c for g in groups_in(words, []) for c in g.concepts)
        told = metric_of(concepts, unit, sense=sense)
        if told:
            return told, trust
    return ("emissions", 0.4) if is_gas else ("", 0.0)


def _style(digits: str, lang: str) -> str:
    """How the digits of a cell are separated: as in the text, unless they cannot be."""
    if re.fullmatch(
        r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+\.\d{1,2}|[+-]?\d+\.\d{4,}", digits.strip()
    ):
        return "en"
    if re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)|[+-]?\d+,\d{1,2}", digits.strip()):
        return "de"
    return lang


def _unit(cell: str, names: Names, head: str, lang: str) -> tuple[float, str, bool, float]:
    """Scale, unit, whether it is of a gas, and confidence, from the nearest place."""
    if "%" in cell:
        return 0.01, "share", False, 1.0
    if re.search(r"pp\b", cell):
        return 0.01, "points", False, 1.0
    if COUNTED.search(f"{names.label} {names.unit}"):
        return 1.0, "", False, 1.0
    for text, trust in (
        (names.unit, 1.0),
        (names.label, 0.95),
        (head, 0.85),
        (names.section, 0.8),
        (_part_of_caption(names, lang), 0.7),
        (names.corner, 0.7),
    ):
        told = _unit_in(text, lang)
        if told is not None and told.unit:
            return told.scale, told.unit, told.is_gas, trust
    return 1.0, "", False, 0.65


def _part_of_caption(names: Names, lang: str) -> str:
    """What a caption says of a row, where it names several units: emissions in t, power in GWh."""
    parts = re.split(r"[,;]\s", names.caption)
    named = frozenset(c for g in groups_in(names.label, []) for c in g.concepts)
    emits = named & {"emissions", "scope1", "scope2", "scope3", "chain"}
    wanted = named | ({"emissions"} if emits else frozenset())
    for part in parts:
        if wanted & {c for g in groups_in(part, []) for c in g.concepts}:
            return part
    return "" if sum(_unit_in(p, lang) is not None for p in parts) > 1 else names.caption


COUNTED = re.compile(
    r"\b(?:number|count|no\.|Anzahl|pieces|units)\b|数量|\((?:个|辆|台|家)\)", re.IGNORECASE
)


def _unit_in(text: str, lang: str) -> Quantity | None:
    """The unit that a label names: in brackets, behind a comma or a stroke, or all of it."""
    for found in (
        *re.findall(r"[(\[]([^()\[\]]+)[)\]]", text)[::-1],
        *re.split(r"[,;|/](?=\s)|\bin\b|[(),]", text)[::-1],
        text,
    ):
        bare = re.sub(
            r"^.*?(?:\bin|\bunits?|\bEinheit|单位)\s?[:为]?\s*",
            "",
            found.strip(),
            flags=re.IGNORECASE,
        )
        bare = re.sub(
            r"^(?:1[.,]000|1000|'000|thousands? of|thousands?)\s?",
            "thousand ",
            bare,
            flags=re.IGNORECASE,
        )
        made = quantities(f"1 {bare}", lang)
        if (
            made
            and made[0].start == 0
            and made[0].unit
            and made[0].end >= 2 + min(len(bare), 1)
            and (made[0].end >= 2 + len(bare) - 14)
        ):
            return made[0]
    return None
