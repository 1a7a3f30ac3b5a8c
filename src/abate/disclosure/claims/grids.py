"""Grids: tables of a document, with years across or down and units in their labels, as statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from abate.disclosure.claims.extracting import Context, Partial
from abate.disclosure.claims.quantities import Quantity, plain, quantities
from abate.disclosure.claims.statement import Period, Statement
from abate.disclosure.claims.tabled import canonical
from abate.disclosure.claims.what import groups_in, metric_of
from abate.disclosure.claims.when import FISCAL, SPLIT, years_in

CELL = re.compile(
    r"[<>~≥≤≈]?\s?[+-]?(?:\d[\d.,\s]*\d|\d)\s?(?:%|pp|Prozent|percent)?(?:\s?[*†‡a-d]|\s?\(\d\))?"
)
EMPTY = re.compile(r"[-–—.…\s]*|n/?a\.?|k\.\s?A\.|/", re.IGNORECASE)
UNIT_HEAD = re.compile(r"unit|units|einheit|maßeinheit|单位|计量单位", re.IGNORECASE)
CHANGE_HEAD = re.compile(
    r"change|yoy|y/y|Δ|Veränderung|Abweichung|同比|变化|变动|增减|vs\.?|gegenüber", re.IGNORECASE
)
TARGET_HEAD = re.compile(r"target|goal|Ziel|目标", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of a table holds.

    Args:
        period: Period of its numbers.
        nature: `level`, `change` or `target`.
        head: Its heading.
    """

    period: Period
    nature: str
    head: str


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
    filled = [list(r) for r in rows if any(c.strip() for c in r)]
    if len(filled) < 2:
        return [], [], []
    head, body = filled[0], filled[1:]
    columns = {
        k: c for k, cell in enumerate(head) if (c := _column(cell, context)) is not None and k
    }
    if not columns and len(filled) > 2:
        head, body = (
            [f"{a} {b}".strip() for a, b in zip(filled[0], filled[1], strict=False)],
            filled[2:],
        )
        columns = {
            k: c for k, cell in enumerate(head) if (c := _column(cell, context)) is not None and k
        }
    if not columns:
        turned = [
            list(c)
            for c in zip(
                *[r + [""] * (max(map(len, filled)) - len(r)) for r in filled], strict=True
            )
        ]
        if sum(_column(c, context) is not None for c in turned[0][1:]) >= 2:
            return read_grid(turned, caption, place, context)
        only = _single(head, context)
        if only is None:
            return [], [], []
        columns = only
    units = next((k for k, c in enumerate(head) if UNIT_HEAD.fullmatch(c.strip())), -1)
    found: list[Statement] = []
    partly: list[Partial] = []
    missed: list[tuple[str, str]] = []
    section = ""
    for number, row in enumerate(body, 2):
        label = row[0].strip()
        cells = {k: row[k].strip() for k in columns if k < len(row)}
        if not any(re.search(r"\d", c) for c in cells.values()):
            section = label
            continue
        unit = row[units].strip() if 0 <= units < len(row) else ""
        for k, cell in cells.items():
            if EMPTY.fullmatch(cell):
                continue
            made = _cell(
                cell,
                label,
                section,
                unit,
                columns[k],
                caption,
                f"{place} row {number}",
                context,
                rows[0][0] if rows[0] else "",
            )
            if made is None:
                missed.append((cell, f"{label} ({columns[k].head})"))
            elif made.unsure:
                partly.append(made)
            else:
                found.append(made.statement)
    return found, partly, missed


def _single(head: Sequence[str], context: Context) -> dict[int, Column] | None:
    """A table of one column of numbers, of the period that the document reports."""
    if len(head) != 2 or not context.sure:
        return None
    return {1: Column(context.told, "level", head[1])}


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


def _cell(
    cell: str,
    label: str,
    section: str,
    unit: str,
    column: Column,
    caption: str,
    place: str,
    context: Context,
    corner: str,
) -> Partial | None:
    """A cell as a statement; None where it is no number or has no metric."""
    lang = context.lang
    if not CELL.fullmatch(cell):
        return None
    digits = re.search(r"[+-]?\d[\d.,\s]*\d|[+-]?\d", cell)
    assert digits is not None
    text = plain(digits.group(0).replace(" ", "").lstrip("+"), _style(digits.group(0), lang))
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return None
    scale, name, is_gas, sure = _unit(
        cell, label, unit, section, column.head, caption, corner, lang
    )
    share = name == "share"
    change = column.nature == "change" and share
    metric, metric_sure = "", 0.0
    for words, trust in ((label, 0.9), (f"{section} {label}", 0.85), (f"{caption} {label}", 0.7)):
        concepts = frozenset(c for g in groups_in(words, []) for c in g.concepts)
        told = metric_of(
            concepts,
            name,
            sense="share" if share and not change else "change" if change else "amount",
        )
        if told:
            metric, metric_sure = told, trust
            break
    if not metric:
        metric, metric_sure = ("emissions", 0.4) if is_gas else ("", 0.0)
    if not metric:
        return None
    bound = ">" if cell[0] in ">≥" else "<" if cell[0] in "<≤" else "~" if cell[0] in "~≈" else "="
    made = Statement(
        place, canonical("entity", context.cast.main, context.own), canonical("metric", metric, context.own), "", column.period, text, scale, name or "count", bound,
        nature="change" if change else "share" if share and metric.endswith("_share") and metric.startswith("scope") else column.nature if column.nature != "change" else "level",
        source=context.source, quote=f"{label}: {cell} ({column.head})",
    )  # fmt: skip
    unsure = [f for f, bad in (
        ("unit", sure < 0.6), ("metric", metric_sure < 0.6), ("entity", not context.cast.main or not context.cast.sure), ("period", not column.period.year)
    ) if bad]  # fmt: skip
    return Partial(made, tuple(unsure))


def _style(digits: str, lang: str) -> str:
    """How the digits of a cell are separated: as the text's language does, unless they cannot be."""
    if re.fullmatch(
        r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+\.\d{1,2}|[+-]?\d+\.\d{4,}", digits.strip()
    ):
        return "en"
    if re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)|[+-]?\d+,\d{1,2}", digits.strip()):
        return "de"
    return lang


def _unit(
    cell: str, label: str, unit: str, section: str, head: str, caption: str, corner: str, lang: str
) -> tuple[float, str, bool, float]:
    """Scale, unit, whether it is of a gas, and confidence, from the nearest place that names one."""
    if "%" in cell:
        return 0.01, "share", False, 1.0
    if re.search(r"pp\b", cell):
        return 0.01, "points", False, 1.0
    if COUNTED.search(f"{label} {unit}"):
        return 1.0, "", False, 1.0
    named = frozenset(c for g in groups_in(label, []) for c in g.concepts)
    parts = [
        t
        for t in re.split(r"[,;]\s", caption)
        if {c for g in groups_in(t, []) for c in g.concepts} & _kinds(named)
    ]
    several = len([t for t in re.split(r"[,;]\s", caption) if _unit_in(t, lang)]) > 1
    for text, trust in (
        (unit, 1.0),
        (label, 0.95),
        (head, 0.85),
        (section, 0.8),
        (parts[0] if parts else "" if several else caption, 0.7),
        (corner, 0.7),
    ):
        told = _unit_in(text, lang)
        if told is not None and told.unit:
            return told.scale, told.unit, told.is_gas, trust
    return 1.0, "", False, 0.65


COUNTED = re.compile(
    r"\b(?:number|count|no\.|Anzahl|pieces|units)\b|数量|\((?:个|辆|台|家)\)", re.IGNORECASE
)


def _kinds(named: frozenset[str]) -> frozenset[str]:
    """Concepts under which a caption may give the unit of a label."""
    emits = named & {"emissions", "scope1", "scope2", "scope3", "chain"}
    return named | ({"emissions"} if emits else frozenset())


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
