"""Claims read from files and tested, against each other and against the ledger.

A report's own claims likewise.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.documents import json_objects, pdf_pages
from abate.adapters.readers.sheets import encoding_of, named_rows
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import FIGURES
from abate.application.disclosure.stated_figures import published
from abate.application.inventory.figures import Figures, Value, run_of, years
from abate.disclosure.claims.documents import (
    Document,
    of_html,
    of_lines,
    of_markdown,
    of_pages,
    read_document,
)
from abate.disclosure.claims.extracting import Extract, Partial
from abate.disclosure.claims.rules import check
from abate.disclosure.claims.rules.pairing import LEDGER
from abate.disclosure.claims.statement import Statement, entity_key, is_known_unit, period_of
from abate.disclosure.claims.tabled import REQUIRED, canonical, statement_of
from abate.disclosure.claims.verdict import Verdict
from abate.disclosure.markup import plain_text
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError
from abate.kernel.period import parse_fiscal_year

BYTES_MAX = 20_000_000
ROWS_MAX = 100_000
NUMBERS_PLAIN_MAX = 8
STATEMENTS_MAX = 5_000
"""Beyond this many statements, rules that look at pairs would take too long."""
OF_FIGURES = {
    "scope1": "scope1", "scope2-location": "scope2_location", "scope2-market": "scope2_market", "scope3": "scope3",
    "gross": "gross_scope1_2", "net": "net_scope1_2", "reduction": "reduction_scope1_2", "intensity": "intensity",
    "scope3-intensity": "scope3_intensity", "total-location": "total_location", "total-market": "total_market",
    "electricity": "electricity", "clean-share": "clean_electricity_share", "pue": "pue", "wue": "wue", "revenue": "revenue",
    "avoided": "scope3plus_reduction",
}  # fmt: skip
"""Metrics of claims and the figures that they are."""
FIGURE_OF = {metric: figure for figure, metric in OF_FIGURES.items()}


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of claims.

    Args:
        statements: What was read.
        verdicts: What the rules found, the gravest first.
        unread: What could not be read: file and place, with the text.
        partly: What was read in part; it takes part in no rule.
    """

    statements: tuple[Statement, ...]
    verdicts: tuple[Verdict, ...]
    unread: tuple[tuple[str, str], ...]
    partly: tuple[Partial, ...] = ()

    @property
    def facts(self) -> list[list[Verdict]]:
        """Verdicts by the fact they judge, the gravest first: two rules may say one thing."""
        held: dict[tuple[str, str], list[Verdict]] = {}
        for v in self.verdicts:
            held.setdefault((v.fact, v.verdict), []).append(v)
        return list(held.values())

    @property
    def facts_of_texts(self) -> list[list[Verdict]]:
        """Those of the facts in which a statement of a text takes part, not of the ledger alone."""
        return [f for f in self.facts if any(s.vintage != LEDGER for v in f for s in v.statements)]

    @property
    def json(self) -> Json:
        """As machines get it."""
        return {
            "verdicts": [v.json for v in self.verdicts],
            "statements": [_statement_json(s) for s in self.statements],
            "partly": [
                _statement_json(p.statement) | {"unsure": list(p.unsure)} for p in self.partly
            ],
            "unread": [{"place": place, "text": text} for place, text in self.unread],
        }


def _statement_json(s: Statement) -> Json:
    return {
        "id": s.id,
        "entity": s.entity,
        "metric": s.metric,
        "scope": s.scope,
        "period": s.period.text,
        "value": s.text,
        "high": s.high or None,
        "scale": s.scale,
        "unit": s.unit,
        "bound": s.bound,
        "change": s.change or None,
        "base": s.base or None,
        "nature": s.nature,
        "quote": s.quote,
    }


def check_claims(
    paths: Sequence[Path],
    *,
    aliases: Path | None = None,
    workspace: Workspace | None = None,
    year: int = 0,
    about: str = "",
) -> Checked:
    """Read claims from tables, texts and pages, and test them.

    Args:
        paths: CSV or JSON tables, text or Markdown, HTML, PDF.
        aliases: CSV with kind (entity, metric or scope), alias and canonical.
        workspace: Whose ledger and published figures they are tested against, too.
        year: Fiscal year that texts report; 0 to take it from each text.
        about: Whom texts are about, where they say "we"; empty to take it from each text.

    Raises:
        DataError: `unreadable-file`, `bad-claims`.
    """
    own = _aliases(aliases) if aliases is not None else {}
    statements: list[Statement] = []
    unread: list[tuple[str, str]] = []
    partly: list[Partial] = []
    for path in paths:
        read = _read(path, own, year, about)
        statements += read.statements
        unread += read.unread
        partly += read.partly
    if workspace is not None:
        name = canonical("entity", workspace.organisation.name, own)
        held = ledger_statements(workspace, name)
        statements += held
        if (
            workspace.calendar.start_month == 1
        ):  # a fiscal year that is the calendar year answers to both names
            statements += [
                replace(s, id=f"{s.id}/CY", period=period_of(f"CY{s.period.year}")) for s in held
            ]
        statements += _published(workspace, own)
    if len(statements) > STATEMENTS_MAX:
        raise DataError(
            "bad-claims", f"{len(statements):,} statements are too many.", "Check files one by one."
        )
    return Checked(tuple(statements), tuple(check(statements)), tuple(unread), tuple(partly))


def check_text(
    text: str,
    kind: str = "txt",
    *,
    workspace: Workspace | None = None,
    year: str = "",
    about: str = "",
) -> Checked:
    """Read claims from a text, and test them; see `check_claims`.

    Args:
        text: The text.
        kind: txt, md, html, csv or json.
        workspace: Whose ledger and published figures they are tested against, too.
        year: Fiscal year that the text reports; empty to take it from the text.
        about: Whom it is about, where it says "we"; empty to take it from the text.

    Raises:
        DataError: `bad-claims`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"text.{kind}"
        path.write_text(text, encoding="utf-8")
        told = parse_fiscal_year(year) if year else 0
        return check_claims([path], workspace=workspace, year=told, about=about)


def _aliases(path: Path) -> dict[tuple[str, str], str]:
    rows = _rows(path)
    if not rows or {"kind", "alias", "canonical"} - set(rows[0]):
        raise DataError(
            "bad-claims",
            f"{path.name} is not a table of aliases.",
            "Columns: kind, alias, canonical.",
        )
    odd = [r["kind"] for r in rows if r["kind"] not in ("entity", "metric", "scope")]
    if odd:
        raise DataError(
            "bad-claims",
            f"{path.name}: '{odd[0]}' is not a kind.",
            "It is entity, metric or scope.",
        )
    return {(r["kind"], entity_key(r["alias"])): r["canonical"] for r in rows}


def _read(path: Path, own: Mapping[tuple[str, str], str], year: int, about: str) -> Extract:
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    if path.stat().st_size > BYTES_MAX:
        raise DataError(
            "bad-claims", f"{path.name} is larger than {BYTES_MAX:,} bytes.", "Split it."
        )
    ending = path.suffix.casefold()
    if ending in (".csv", ".tsv", ".json"):
        found, missed = _table(path, own)
        return Extract(tuple(found), tuple(missed))
    read = read_document(_document(path), path.name, own, year=year, subject=about)
    told = [(path.name, f"{number}: {sentence[:200]}") for number, sentence in read.unread]
    return Extract(read.statements, tuple(told), read.partly)


def _document(path: Path) -> Document:
    """A file as running text and tables.

    Raises:
        DataError: `unreadable-file`.
    """
    ending = path.suffix.casefold()
    if ending == ".pdf":
        return of_pages([(text, tables) for text, tables in read_apart(pdf_pages, path)])
    try:
        text = path.read_text(encoding=encoding_of(path))
    except (UnicodeDecodeError, LookupError) as error:
        raise DataError(
            "unreadable-file", f"{path.name} is not text.", "Save it as UTF-8 text, HTML or CSV."
        ) from error
    if "\x00" in text:
        raise DataError(
            "unreadable-file", f"{path.name} is not text.", "Save it as UTF-8 text, HTML or CSV."
        )
    if ending in (".html", ".htm", ".xhtml"):
        return of_html(text)
    return of_markdown(text) if ending == ".md" else of_lines(text)


def _table(
    path: Path, own: Mapping[tuple[str, str], str]
) -> tuple[list[Statement], list[tuple[str, str]]]:
    rows = _rows(path)
    lacking = [c for c in REQUIRED if rows and c not in rows[0]]
    if lacking or not rows:
        raise DataError(
            "bad-claims",
            f"{path.name} lacks {', '.join(lacking) or 'rows'}.",
            f"Columns: {', '.join(REQUIRED)}, fiscal_year, scope, comparison, …",
        )
    found: list[Statement] = []
    missed: list[tuple[str, str]] = []
    named = {"source", "source_file"} & set(rows[0])
    for number, row in enumerate(rows, 2):
        made = statement_of(
            row, f"{path.name} row {number}", own, source="" if named else path.name
        )
        if made is None:
            missed.append(
                (
                    f"{path.name} row {number}",
                    f"{row.get('metric')}: '{row.get('value')}' {row.get('unit')}",
                )
            )
        else:
            found.append(made)
            if not is_known_unit(made.unit):
                missed.append(
                    (
                        made.id,
                        f"{made.metric}: the unit '{made.unit}' is not known, nothing is compared",
                    )
                )
            if made.period.text and not made.period.kind:
                missed.append(
                    (made.id, f"{made.metric}: the period '{made.period.text}' is not known")
                )
    return found, missed


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table; a row's cells as text."""
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    try:
        if path.suffix.casefold() == ".json":
            (content,) = read_apart(json_objects, path, "bad-claims")
            held = (
                content.get("statements", content.get("claims"))
                if isinstance(content, dict)
                else content
            )
            if not isinstance(held, list) or not all(isinstance(r, dict) for r in held):
                raise DataError(
                    "bad-claims",
                    f"{path.name} is no list of statements.",
                    "Give a list of objects.",
                )
            rows = [{str(k): "" if v is None else str(v) for k, v in r.items()} for r in held]
        else:
            rows = [row for batch in named_rows(path, numbers=False) for row in batch]
    except UnicodeDecodeError as error:
        raise DataError(
            "bad-claims", f"{path.name} cannot be read: {error}.", "Save it as UTF-8 CSV or JSON."
        ) from error
    if len(rows) > ROWS_MAX:
        raise DataError("bad-claims", f"{path.name} has more than {ROWS_MAX:,} rows.", "Split it.")
    return rows


def ledger_statements(workspace: Workspace, entity: str) -> list[Statement]:
    """What the ledger says of the organisation, year by year."""
    found = []
    with Figures(workspace) as rollups:
        for year in years(workspace):
            run = run_of(workspace, year)
            found += [
                s
                for v in rollups.values(list(OF_FIGURES), run)
                if (s := _of_value(v, entity)) is not None
            ]
    return found


def _of_value(
    value: Value, entity: str, text: str = "", change: str = "", source: str = ""
) -> Statement | None:
    """A figure as a statement, exact, or as it is printed."""
    if value.value is None:
        return None
    unit = {"share": "share", "ratio": "ratio"}.get(value.unit, value.unit.replace(" CO2e", ""))
    is_share = unit == "share"
    scale = 0.01 if is_share else 1.0
    number = float(value.value) * (100 if is_share else 1)
    metric = OF_FIGURES[value.figure]
    return Statement(
        f"{source or 'ledger'}/{value.figure}/{value.year}",
        entity,
        metric,
        "",
        period_of(value.year),
        text or f"{number:.6f}",
        scale,
        unit,
        change=change,
        nature="reduction" if "reduction" in metric else "level",
        vintage="" if source else LEDGER,
        source=source or f"ledger, run {value.run}",
        trust=3,
    )


def _published(workspace: Workspace, own: Mapping[tuple[str, str], str]) -> list[Statement]:
    """Published figures that are loaded."""
    found = []
    for row in published(workspace):
        cells = {
            k: str(getattr(row, k) or "")
            for k in (
                "entity",
                "metric",
                "scope",
                "fiscal_year",
                "unit",
                "vintage",
                "source",
                "quote",
                "confidence",
                "note",
            )
        }
        made = statement_of(
            cells | {"value": row.value_text},
            f"{row.source_file} row {row.source_row}",
            own,
        )
        if made is not None:
            found.append(made)
    return found


SHOWN = (
    "contradiction",
    "mixed_vintage",
    "warn_gross_up",
    "warn_net_only",
    "warn_intensity_only",
    "rounding_loose",
    "consistent",
)
CLAIMS_SHOWN = 40


def check_report(model: Mapping[str, Any], text: str = "") -> list[Json]:
    """Test what a report says: its printed figures against each other and the ledger.

    And its running text.

    Args:
        model: The report's model, with values by year.
        text: The report in Markdown; its paragraphs are read like anybody's article.

    Returns:
        Verdicts for the report's own table.

    Raises:
        DataError: `report-contradicts` where it contradicts itself or the ledger.
    """
    from abate.disclosure.numbers import change, number

    name = str(model["organisation"])
    shown, values = model["years"], model["values"]
    held = [
        s
        for y in shown
        for v in values[y].values()
        if v.figure in OF_FIGURES and (s := _of_value(v, name))
    ]
    if text:
        told = _paragraphs(text)
        read = read_document(
            Document(told), "report", {}, year=int(model["year"][2:]), subject=name
        )
        mine = [
            replace(s, entity=name, scope="")
            for s in read.statements
            if entity_key(s.entity) in {"", *_own_names(name)}
        ]
        clear = [s for s in mine if s.metric in OF_FIGURES.values() and _is_plain(s)]
        verdicts = [
            v
            for v in check([*clear, *held])
            if v.rule in ("ledger", "growth_rate")
            and v.severity in ("error", "question")
            and any(s.source == "report" for s in v.statements)
        ]
        _refuse_neutral(told, model)
    else:
        printed = []
        for k, year in enumerate(shown):
            for v in values[year].values():
                if (
                    v.figure not in OF_FIGURES
                    or v.value is None
                    or FIGURES[v.figure].unit == "money"
                ):
                    continue
                before = values[shown[k - 1]][v.figure] if k else None
                moved = change(before.value, v.value, v.unit) if before is not None else ""
                told = moved.removesuffix(" %").replace(",", "") if moved.endswith(" %") else ""
                printed.append(
                    _of_value(v, name, number(v.value, v.unit).removesuffix(" %"), told, "report")
                )
        verdicts = check([s for s in printed if s is not None])
    estimates = (
        "identity",
    )  # takes every site to have the grid factor of all: of figures in the ledger it says nothing
    wrong = [v for v in verdicts if v.verdict == "contradiction" and v.rule not in estimates]
    if wrong:
        raise DataError(
            "report-contradicts",
            f"{wrong[0].rule}: {wrong[0].statement[:160]} ({wrong[0].calculation}).",
            "Correct the text, or refer to the figure instead of typing it.",
        )
    kept = [v for v in verdicts if v.verdict in SHOWN]
    ranked = sorted(kept, key=lambda v: SHOWN.index(v.verdict))[:CLAIMS_SHOWN]
    return [
        {
            "rule": v.rule,
            "verdict": v.verdict,
            "title": FIGURES[FIGURE_OF[v.statements[0].metric]].title,
            "period": v.statements[0].period.text,
            "value": f"{v.statements[0].text} {v.statements[0].unit}",
            "calculation": v.calculation,
            "sources": ", ".join(v.sources),
        }
        for v in ranked
    ]


def _own_names(name: str) -> set[str]:
    """Names under which an organisation speaks of itself."""
    bare = re.sub(r"\(.*?\)", "", name).strip()
    return {entity_key(n) for n in (name, bare, "we", "our", "us", "the group", "the company") if n}


def _is_plain(s: Statement) -> bool:
    """Whether a statement of running text is plain enough to hold a report back.

    A change whose sentence names one year; no line that packs many numbers, as chapters of plans do.
    """
    if len(re.findall(r"\d[\d.,]*", s.quote)) > NUMBERS_PLAIN_MAX:
        return False
    if s.nature == "change" or s.change:
        named = set(re.findall(r"20\d{2}", s.quote))
        return s.nature != "target" and named <= {str(s.period.year)}
    return s.nature in ("level", "reduction", "share")


def _refuse_neutral(told: str, model: Mapping[str, Any]) -> None:
    """Refuse a text that says carbon neutral where the balance does not.

    Raises:
        DataError: `report-contradicts`.
    """
    balance = model["neutrality"]
    said = re.search(
        r"\b(?:is|are|was|were|became|remains?|has been|have been)(?: already| now)?"
        r" (?:carbon|climate|CO2)[- ]neutral|(?<!未)(?:已|是|为|实现了?)碳中和",
        told,
    )
    if said and (balance is None or not balance.is_neutral):
        raise DataError(
            "report-contradicts",
            f"The text says '{said.group(0)}'; gross less what is retired is not zero.",
            "Say what 'abate neutrality' says, or retire credits first.",
        )


def _paragraphs(text: str) -> str:
    """Running text of a report: no tables, no code."""
    return plain_text("\n".join(line for line in text.splitlines() if not line.startswith("|")))


def need_files(paths: Sequence[Path]) -> None:
    """Refuse a check of nothing.

    Raises:
        UsageError: `no-claims`.
    """
    if not paths:
        raise UsageError(
            "no-claims", "No file of claims is named.", "Give CSV, JSON, text or HTML files."
        )
