"""Rows of tables as statements: any table of claims, and tables of published figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from abate.disclosure.claims.interval import printed
from abate.disclosure.claims.statement import (
    Period,
    Statement,
    compared,
    entity_key,
    period_of,
    unit_of,
)
from abate.kernel.resources import package_table

REQUIRED = ("entity", "metric", "value", "unit")
TRUST = (
    (3, r"annual report|esg report|sustainability report|10-k|fact sheet|own report|^ledger"),
    (0, r"generated|ai[- ]written|content farm|dl10168"),
)  # fmt: skip
"""How far a source can be trusted, by its name: 3 the organisation's own report, 0 generated text;
1 or 2 otherwise.
"""


@cache
def _aliases() -> dict[tuple[str, str], str]:
    return {
        (r["kind"], entity_key(r["alias"])): r["canonical"]
        for r in package_table("abate.disclosure.claims", "aliases.csv")
    }


def canonical(kind: str, name: str, own: Mapping[tuple[str, str], str]) -> str:
    """The one name of an entity, metric or scope.

    Args:
        kind: `entity`, `metric` or `scope`.
        name: As it was written.
        own: Aliases that were given with the claims; they go first.

    Example:
        >>> canonical("metric", "ghg_net_emissions", {}), canonical("entity", "Alibaba", {}), canonical("scope", "group", {})
        ('net_scope1_2', 'Alibaba Group', '')
    """
    return own.get((kind, entity_key(name)), _aliases().get((kind, entity_key(name)), name.strip()))


def statement_of(
    row: Mapping[str, str], place: str, own: Mapping[tuple[str, str], str], *, source: str = ""
) -> Statement | None:
    """A row of a table as a statement; None where it holds no number.

    Args:
        row: Cells by column: entity, metric, value, unit, and if there are scope, fiscal_year,
            comparison, vintage, source or source_file, quote, part_of, cause, trust, note,
            confidence.
        place: File and row.
        own: Aliases.
        source: Where the table is from, for rows that do not say.
    """
    cell = {
        k: (row.get(k) or "").strip()
        for k in (
            *REQUIRED,
            "scope",
            "fiscal_year",
            "period",
            "comparison",
            "vintage",
            "source",
            "source_file",
            "quote",
            "part_of",
            "cause",
            "trust",
            "note",
            "confidence",
        )
    }
    scale, unit, flags, bound = unit_of(cell["unit"])
    period = period_of(cell["fiscal_year"] or cell["period"])
    metric, nature = _metric(canonical("metric", cell["metric"], own), own)
    text = cell["value"].replace("\u2212", "-")
    if nature == "event" and not text:
        text = "1"
    bound = ">" if text.startswith((">", "≥")) else bound
    text = text.lstrip(">≥~<≤≈ ").removesuffix("%").strip()
    report = cell["fiscal_year"] if unit == "date" and period.kind in ("FY", "CY") else ""
    if unit == "date":
        text = iso_day(text or cell["fiscal_year"])
        period = period_of(text)
    elif unit == "year" and not text:
        return None
    else:
        try:
            printed(text)
        except ValueError:
            if not text and bound != "oom":
                return None
            return None
    stated = cell["source"] or cell["source_file"] or source or place
    made = Statement(
        place,
        canonical("entity", cell["entity"], own),
        metric,
        canonical("scope", cell["scope"] or report, own),
        period,
        text,
        1.0 if unit == "date" else scale,
        unit,
        bound,
        nature=nature,
        part_of=canonical("metric", cell["part_of"], own),
        cause=cell["cause"],
        vintage=cell["vintage"] or _vintage(cell["note"]),
        source=stated,
        quote=cell["quote"],
        trust=_trust(cell["trust"], cell["confidence"], stated),
        flags=flags | ({"restated"} if "restated" in cell["note"].casefold() else set()),
    )
    return _flagged(compared(made, cell["comparison"]), flags, cell["fiscal_year"], period)


MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def iso_day(text: str) -> str:
    """A day in words as YYYY-MM-DD; as it is where it is none.

    Example:
        >>> iso_day("22 July 2024"), iso_day("July 22nd, 2024"), iso_day("2024-07-22")
        ('2024-07-22', '2024-07-22', '2024-07-22')
    """
    found = re.fullmatch(
        r"(?:(\d{1,2})(?:st|nd|rd|th)? ([A-Za-z]+)|([A-Za-z]+) (\d{1,2})(?:st|nd|rd|th)?),?"
        r" (\d{4})",
        text.strip(),
    )
    if found is None or (name := (found.group(2) or found.group(3)).casefold()) not in MONTHS:
        return text.strip()
    return (
        f"{found.group(5)}-{MONTHS.index(name) + 1:02d}-{int(found.group(1) or found.group(4)):02d}"
    )


def _metric(name: str, own: Mapping[tuple[str, str], str]) -> tuple[str, str]:
    """A metric without what its name says of the nature of the number."""
    if name in ("neutrality_year",):
        return name, "target"
    if name.startswith("target_"):
        return canonical("metric", name.removeprefix("target_"), own), "target"
    for ending, nature in (("_target", "target"), ("_change", "change"), ("_forecast", "target")):
        if name.endswith(ending):
            return canonical("metric", name.removesuffix(ending), own), nature
    if name in ("divestment", "acquisition", "report_publication_date"):
        return name, "event" if name != "report_publication_date" else "date"
    return name, "level"


def _flagged(made: Statement, flags: frozenset[str], year: str, period: Period) -> Statement:
    told = made
    based = next((int(f[5:]) for f in flags if f.startswith("base:")), 0)
    if based:
        told = replace(told, base=based)
        if told.nature == "level":
            told = replace(told, nature="target" if year.startswith("target") else "change")
    if "cumulative" in flags and told.nature == "level":
        told = replace(told, nature="cumulative")
    if "change" in flags and told.unit == "share":
        told = replace(told, nature="change")
    by = next((int(f[3:]) for f in flags if f.startswith("by:")), 0)
    if by and not period.year:
        told = replace(told, period=Period("CY", by, by, f"by {by}"), nature="target")
    if (
        told.nature == "level"
        and re.search(r"(^|_)(reduc\w*|avoided)(_|$)", told.metric)
        and told.unit == "t"
    ):
        told = replace(told, nature="reduction")
    return told


def _vintage(note: str) -> str:
    """When a value was published, where a note says it."""
    found = re.search(
        r"as (?:first )?reported in (?:the )?[^;,.(]*\d{2,4}[^;,.(]*|restated in"
        r" [^;,.]*|superseded[^;,.]*|\d{4} data fact sheet|as first reported[^;,.]*",
        note,
    )
    return found.group(0).strip() if found else ""


def _trust(stated: str, confidence: str, source: str) -> int:
    if stated.isdecimal():
        return min(3, int(stated))
    if confidence == "low":
        return 1
    return next((rank for rank, pattern in TRUST if re.search(pattern, source, re.IGNORECASE)), 2)
