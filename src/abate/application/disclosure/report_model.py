"""Gather what the yearly report shows, draw its charts, write it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from abate.adapters.store.delta import fetch
from abate.adapters.store.imports import live_imports, live_views
from abate.adapters.store.workspace import Workspace
from abate.adapters.store.writing import write_whole
from abate.application.catalogue import FIGURES, HEADLINES, METHODS, every_rule, parts_of
from abate.application.disclosure.promises import language, promises, target_charts
from abate.application.inventory.bridges import BridgeResult, bridges_between
from abate.application.inventory.explanations import activity_name, rows_condition
from abate.application.inventory.figures import Figures, LeftOut, Run, Value
from abate.application.inventory.findings import corrections_made, standing_findings
from abate.application.inventory.open_run import OpenRun, open_run
from abate.application.inventory.ranges import DRAWS, SEED, ranges
from abate.application.plans import AVOIDED, INVENTORY, PlanShown, plans
from abate.disclosure import charts as specs
from abate.disclosure.chapters import Chapter, Chart
from abate.disclosure.markup import Table, escaped, to_html
from abate.disclosure.numbers import change, number
from abate.disclosure.report import filled, headings, localised, page, report_markdown, shortened
from abate.disclosure.sections import MAKERS, tables
from abate.kernel.bridge import DRIVERS
from abate.kernel.edges import Model
from abate.kernel.errors import UsageError
from abate.kernel.finding import Finding, Rule
from abate.kernel.languages import Translate, languages, translator
from abate.kernel.tables import CorrectionRow, PlanLine
from abate.kernel.units import in_kg, in_t
from abate.operations.facts import CATEGORIES
from abate.operations.system import SCOPE_3

if TYPE_CHECKING:
    import duckdb

ROWS_SHOWN = 16
BRIDGED = ("total-location", "gross", "net", "scope3")
"""The first is drawn, the others are reported by business."""
RANGED = ("scope1", "scope2-location", "scope2-market", "gross", "net", "scope3", "total-location")
CARDS = (
    "gross",
    "net",
    "scope1",
    "scope2-location",
    "scope2-market",
    "scope3",
    "intensity",
    "scope3-intensity",
    "clean-share",
    "electricity",
)
OPENED = (
    *HEADLINES,
    *SCOPE_3,
    "total-location",
    "total-market",
    "outside-scopes",
    "clean-electricity",
    "revenue",
    "heat",
    "pue",
    "wue",
    "it-energy",
    "facility-energy",
    "water",
)


FORMATS = ("html", "pdf", "xlsx", "md")


def write_report(
    workspace: Workspace,
    year: str,
    path: Path,
    *,
    now: datetime,
    charts: Path | None = None,
    lang: str = "en",
    kind: str = "html",
    template: Path | None = None,
    without: Sequence[str] = (),
) -> Path:
    """Write the report of a year, as one HTML file, a tagged PDF, a workbook or Markdown.

    What it says is checked first, by the rules for claims: a report that contradicts itself is not
    written.

    Args:
        workspace: The workspace.
        year: Fiscal year that has been valued.
        path: File to write; replaced whole.
        now: Present moment.
        charts: Folder for the charts as SVG, too.
        lang: `en` or `zh`.
        kind: `html`, `pdf`, `xlsx` or `md`.
        template: A template of one's own in Markdown.
        without: Names of sections to leave out; the workbook holds all.

    Raises:
        UsageError: `unknown-format`, `unknown-language`, `bad-template`, `unknown-section`,
            `section-stays`, `no-cjk-font`.
        DataError: `report-contradicts`.
    """
    if kind not in FORMATS:
        raise UsageError(
            "unknown-format", f"No report as '{kind}'.", f"There are: {', '.join(FORMATS)}."
        )
    return write_reports(
        workspace,
        year,
        {kind: path},
        now=now,
        charts=charts,
        lang=lang,
        template=template,
        without=without,
    )[0]


def write_reports(
    workspace: Workspace,
    year: str,
    paths: dict[str, Path],
    *,
    now: datetime,
    charts: Path | None = None,
    lang: str = "en",
    template: Path | None = None,
    without: Sequence[str] = (),
) -> list[Path]:
    """Write the report of a year in several formats, gathered once; see `write_report`."""
    from abate.adapters.writers.prints import pdf_bytes, workbook_bytes

    model, text, pictures = _gathered(workspace, year, now, lang, template, without)
    if charts is not None:
        charts.mkdir(parents=True, exist_ok=True)
        for k, chart in enumerate(pictures.values(), 1):
            write_whole(charts / f"chart-{k}.svg", str(chart["svg"]).encode())
    for kind, path in paths.items():
        if kind == "html":
            content = _page(model, text, pictures, lang).encode()
        elif kind == "pdf":
            content = pdf_bytes(text, pictures, model, lang=lang, day=now.date())
        elif kind == "xlsx":
            content = workbook_bytes(
                tables(model, translator(lang, "report")).values(), model, now=now
            )
        else:
            content = text.encode()
        write_whole(path, content)
    return list(paths.values())


def preview_report(
    workspace: Workspace,
    year: str,
    *,
    now: datetime,
    lang: str = "en",
    template: Path | None = None,
    without: Sequence[str] = (),
) -> str:
    """The report of a year as one HTML page, before a file is written; see `write_report`."""
    return _page(*_gathered(workspace, year, now, lang, template, without), lang)


def _gathered(
    workspace: Workspace,
    year: str,
    now: datetime,
    lang: str,
    template: Path | None,
    without: Sequence[str],
) -> tuple[Model, str, dict[str, Model]]:
    """What the report shows, its text and its charts; both checked."""
    from abate.application.disclosure.claims import check_report

    model = report_model(workspace, year.upper(), now, language(lang))
    model["claims"] = check_report(model)
    text, pictures = report_text(model, lang, template)
    text = shortened(text, without)
    check_report(model, text)
    return model, text, pictures


def report_text(model: Model, lang: str, template: Path | None) -> tuple[str, dict[str, Model]]:
    """The report in Markdown, and its charts by name, those that it shows."""
    t = translator(lang, "report")
    pictures = {name: drawn(localised(spec, t)) for name, spec in model["specs"].items()}

    def fig(name: str, year: str = "") -> Markup:
        value = model["values"][(year or model["year"]).upper()][name]
        unit = "" if value.unit == "share" else f" {value.unit}"
        told = escaped(t(_text(value)) + (unit if value.value is not None else ""))
        return Markup(f"[{told}](#x-{name})" if (year or model["year"]) == model["year"] else told)  # noqa: S704

    def moved(name: str) -> str:
        here, last = (model["values"][y][name] for y in model["years"][-2:])
        return change(here.value, last.value, last.unit)

    def chart(name: str) -> Markup:
        return Markup(  # noqa: S704
            f"\n![{escaped(pictures[name]['title'])}](chart:{name})\n" if name in pictures else ""
        )

    shown = dict.fromkeys(MAKERS) | tables(model, t)

    def chapter_text(one: Chapter) -> str:
        made = [
            part.markdown
            if isinstance(part, Table)
            else chart(part.name)
            if isinstance(part, Chart)
            else part
            for part in one.parts
        ]
        return "\n\n".join(str(part).strip("\n") for part in made)

    words = {
        "fig": fig,
        "change": moved,
        "chart": chart,
        "tables": shown,
        "chapters": [
            {"id": c.id, "title": c.title, "text": Markup(chapter_text(c))}  # noqa: S704
            for c in model["chapters"]
        ],
        "boundary": t(model["run"].boundary),
        "status": t(model["run"].status),
        "has_before": len(model["years"]) > 1,
        "inputs_hash": model["run"].inputs_hash[:16],
        "before": model["years"][-2] if len(model["years"]) > 1 else "",
        **{
            f"{kind}_charts": [n for n in pictures if n.startswith(f"{kind}-")]
            for kind in ("target", "wedge", "fan")
        },
        "plan_cards": [
            f"{p['title']}: "
            + "; ".join(f"{t(c['title'])} {c['text']} {t(c['unit'])}".strip() for c in p["cards"])
            for p in model["plans"]
            if p["cards"]
        ],
        "estimated": [
            e | {"title": t(e["title"]), "text": t(e["text"])} for e in model["estimated"]
        ],
    }
    model["tables"] = shown
    words["narratives"] = [
        {
            "title": n.title,
            "id": n.anchor,
            "owner": n.owner,
            "reviewed": n.reviewed or "",
            "status": t(n.status),
            "is_final": n.status == "approved",
            "answers": ", ".join(f"{f} {d}" for f, d in n.answers),
            "text": filled(n.text, model | words),
        }
        for n in model["narratives"]
    ]
    for name in ("letter", "strategy"):
        words[name] = filled(model[f"{name}_text"], model | words) if model[f"{name}_text"] else ""
    own = _template(template) if template is not None else ""
    text = report_markdown(model | words, lang=lang, template=own)
    strange = [
        a
        for a in re.findall(r"!\[[^\]]*\]\(([^)\s]*)", text)
        if a.removeprefix("chart:") not in pictures
    ]
    if strange:
        raise UsageError(
            "bad-template",
            f"There is no picture '{strange[0][:80]}'.",
            f"There are: {', '.join(pictures)}.",
        )
    return text, pictures


def _template(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "bad-template", f"{path.name} cannot be read as UTF-8 text.", "Check the path."
        ) from error
    if len(text) > 1_000_000:
        raise UsageError(
            "bad-template",
            f"{path.name} is larger than a report.",
            "Keep it under a million characters.",
        )
    return text


def _page(model: Model, text: str, pictures: dict[str, Model], lang: str) -> str:
    """The report as one page."""
    t = translator(lang, "report")
    figures = {
        name: Markup(page("chart.html", {"chart": picture}))  # noqa: S704
        for name, picture in pictures.items()
    }
    title, contents = headings(text)
    body = to_html(text.split("\n", 1)[1] if text.startswith("# ") else text, figures)
    lines = model["tables"].get("plan_lines")
    return page(
        "report.html",
        model
        | {
            "t": t,
            "html_lang": languages()[lang].tag,
            "title": title,
            "contents": contents,
            "body": body,
            "plan_lines": to_html(lines.markdown, {}) if lines else "",
        },
    )


def report_model(workspace: Workspace, year: str, now: datetime, lang: str = "en") -> Model:
    """Everything the report shows."""
    import abate

    with open_run(workspace, year) as opened:
        return _model(opened, now, lang) | {"version": abate.__version__}


def _model(opened: OpenRun, now: datetime, lang: str) -> Model:
    """What the report shows, chapter by chapter."""
    workspace, run, year, shown = opened.workspace, opened.run, opened.year, opened.years
    rollups, con = opened.rollups, opened.con
    values = {
        y: {v.figure: v for v in rollups.values(list(OPENED), opened.latest(y))} for y in shown
    }
    this, t = values[year], translator(lang, "report")
    found = standing_findings(workspace, now=now, year=year, run_id=run.run_id)
    chain = _chain(rollups, run)
    sides = [opened.latest(y) for y in shown[-2:]]
    bridged = bridges_between(workspace, rollups, BRIDGED, *sides) if len(shown) > 1 else []
    told = promises(opened, lang)
    added = [c for part in parts_of("chapter") for c in part.chapters(opened, t)]
    return told | {
        "organisation": workspace.organisation.name,
        "year": year,
        "first_day": workspace.calendar.first_day(year),
        "last_day": workspace.calendar.last_day(year),
        "run": run,
        "written": now.date(),
        "years": shown,
        "values": values,
        "cards": [_card(name, values, shown) for name in CARDS],
        "inventory": [_line(name, values, shown) for name in HEADLINES],
        "notes": _notes(this, run, t),
        "value_chain": _value_chain(chain, values, shown, run.left_out, t),
        "plans": _plans(workspace, year),
        "ranges": _ranges(rollups, run, this),
        "bridges": _bridges(bridged[1:], shown),
        "frozen": _frozen(opened),
        "specs": (
            _marked(_specs(rollups, values, shown, run, chain, bridged[:1], t), values, shown, t)
            | _promised(workspace, told, lang)
            | {name: spec for chapter in added for name, spec in chapter.specs.items()}
        ),
        "chapters": added,
        "views": _two_views(con, this),
        "instruments": _instruments(con),
        "coverage": _coverage(con, workspace, year, found),
        "estimated": _estimated(rollups, run),
        "findings": [_finding(f, lang) for f in found],
        "mends": [_mend(m) for m in corrections_made(workspace)],
        "explanations": [_explanation(con, name, this) for name in OPENED],
        "methods": _methods(con),
        "factors": _factors(con),
        "bundle": _bundle(),
    }


def _notes(this: dict[str, Value], run: Run, t: Translate) -> list[str]:
    """What figures lack, and what of it was accepted when the run was published, and why."""
    accepted = [run.reason] if run.status == "published" and run.reason else []
    return (
        accepted
        + [
            f"{t(FIGURES[n].title)} {v.year} {t('is incomplete')}: {v.lacking_in(t)}."
            for n, v in this.items()
            if not v.is_whole
        ]
        + [
            f"{t(FIGURES[n].title)}: {one.told(t)}"
            for n, one in run.left_out.items()
            if one.tonnes is not None
        ]
    )


def _methods(con: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    """Methods that the run used, by their cards."""
    used = {r[0] for r in con.execute("select distinct method from run_resolutions").fetchall()}
    return [
        {
            "name": m.card.name,
            "scope": m.card.scope,
            "view": m.card.view,
            "summary": m.summary,
            "formula": m.card.formula,
            "source": m.card.source,
        }
        for m in METHODS
        if m.card.name in used
    ]


def _promised(workspace: Workspace, told: Model, lang: str) -> dict[str, Model]:
    """Charts of targets by name."""
    found = target_charts(workspace, told["progress"], lang)
    kinds = {"area": "wedge", "rect": "macc"}
    named = {}
    for k, spec in enumerate(found):
        first = spec.get("mark") or spec["layer"][0]["mark"]
        kind = kinds.get(first["type"], "target")
        named["macc" if kind == "macc" else f"{kind}-{k}"] = spec
    return named


def _plans(workspace: Workspace, year: str) -> list[Model]:
    """Plans that touch a fiscal year, with both sides line by line."""
    months = set(workspace.calendar.months(year))
    return [_plan(p) for p in plans(workspace) if {line.month for line in p.lines} & months]


def _plan(plan: PlanShown) -> Model:
    inside, outside = plan.saving_mg(INVENTORY), plan.saving_mg(AVOIDED)
    order = ("side", "site", "month", "scope", "category", "kind", "item")
    lines = sorted(plan.lines, key=lambda line: [getattr(line, name) for name in order])
    return {
        "title": plan.title,
        "saving": f"{in_kg(inside + outside):,.1f}",
        "inside": f"{in_kg(inside):,.1f}",
        "outside": f"{in_kg(outside):,.1f}",
        "objective": f"{plan.objective:,.2f}",
        "unit": plan.unit.replace(",", ", "),
        "bound": "–" if plan.bound is None else f"{plan.bound:,.2f}",
        "stop": plan.stop,
        "cost": f"{plan.cost:+,.0f}",
        "currency": plan.currency,
        "cards": plan.told.get("cards", []),
        "lines": [_plan_line(line) for line in lines[:ROWS_SHOWN]],
    }


def _plan_line(line: PlanLine) -> Model:
    part = line.category if line.scope == "3" else line.view
    return asdict(line) | {
        "amount": f"{line.quantity:,.1f}",
        "kg": f"{in_kg(line.co2e_mg):,.3f}",
        "scope": f"{line.scope} {part}, {line.book}",
    }


def _text(value: Value) -> str:
    return number(value.value, value.unit) + ("" if value.is_whole else "*")


def _card(name: str, values: dict[str, dict[str, Value]], shown: list[str]) -> dict[str, str]:
    now = values[shown[-1]][name]
    moved = change(values[shown[-2]][name].value, now.value, now.unit) if len(shown) > 1 else ""
    unit = "" if now.unit == "share" else now.unit
    return {
        "figure": name,
        "title": FIGURES[name].title.split(" (")[0],
        "text": _text(now),
        "unit": unit,
        "change": moved,
    }


def _line(name: str, values: dict[str, dict[str, Value]], shown: list[str]) -> Model:
    cells = []
    for k, y in enumerate(shown):
        one = values[y][name]
        moved = change(values[shown[k - 1]][name].value, one.value, one.unit) if k else ""
        exact = None if one.value is None else float(one.value)
        cells.append({"text": _text(one), "value": exact, "change": moved, "link": y == shown[-1]})
    return {
        "figure": name,
        "title": FIGURES[name].title,
        "unit": values[shown[-1]][name].unit,
        "cells": cells,
    }


def _frozen(opened: OpenRun) -> Model | None:
    """Figures as published, where the year's latest run is another."""
    run, rollups = opened.run, opened.rollups
    of_year = [r for r in opened.every if r.fiscal_year == run.fiscal_year]
    published = [r for r in of_year if r.status == "published"]
    if not published or published[0].run_id == run.run_id:
        return None
    before = {v.figure: v for v in rollups.values(list(HEADLINES), published[0])}
    after = {v.figure: v for v in rollups.values(list(HEADLINES), run)}
    lines = [
        {"title": FIGURES[n].title, "published": _text(before[n]), "restated": _text(after[n])}
        for n in HEADLINES
    ]
    return {"run": published[0].run_id, "lines": lines}


DRAWN = {
    "years": ("scope1", "scope2-location", "net"),
    "org": ("scope1", "scope2-location"),
    "month": ("scope1", "scope2-location"),
    "bridge": ("total-location",),
    "categories": SCOPE_3,
}
"""Figures that charts draw, those of several years first."""


def _marked(
    drawn: dict[str, Model], values: dict[str, dict[str, Value]], shown: list[str], t: Translate
) -> dict[str, Model]:
    """Charts with what of them is incomplete under their titles."""
    spans = {"years": shown, "bridge": shown[-2:]}
    told = {}
    for name, spec in drawn.items():
        lacks = [
            f"{t(FIGURES[f].title)} {y}"
            for f in DRAWN[name]
            for y in spans.get(name, shown[-1:])
            if values[y][f].value is not None and not values[y][f].is_whole
        ]
        told[name] = (
            specs.noted(spec, f"* {t('incomplete')}: {', '.join(lacks)}") if lacks else spec
        )
    return told


def _specs(
    rollups: Figures,
    values: dict[str, dict[str, Value]],
    shown: list[str],
    run: Run,
    chain: list[Model],
    bridged: list[BridgeResult],
    t: Translate,
) -> dict[str, Model]:
    series = {"scope1": "Scope 1", "scope2-location": "Scope 2 (location)"}
    yearly = [
        {"year": y, "series": label, "value": float(v.value), "net": name == "net"}
        for y in shown
        for name, label in (*series.items(), ("net", "Net"))
        if (v := values[y][name]).value is not None
    ]
    by = {
        dimension: [
            {dimension: v.by[dimension], "series": label, "value": float(v.value)}
            for name, label in series.items()
            for v in rollups.values([name], run, dimension)
            if values[run.fiscal_year][name].value is not None and v.value is not None
        ]
        for dimension in ("org", "month")
    }
    told = {
        "years": specs.years_chart(yearly),
        "org": specs.business_chart(by["org"]),
        "month": specs.months_chart(by["month"]),
    }
    for found in bridged:
        title = f"{shown[-2]} → {shown[-1]}"
        told["bridge"] = specs.waterfall_chart(title, bridge_steps(found, shown[-2], shown[-1]))
    if chain:
        points = [
            r | {"category": f"{r['category']} {t(CATEGORIES[r['category']])}"} for r in chain
        ]
        told["categories"] = specs.categories_chart(points)
    return told


def bridge_steps(found: BridgeResult, before: str, after: str) -> list[Model]:
    """Steps of a waterfall: the former total, each driver that moves it, the latter total [t CO2e]."""
    here, end = in_t(found.start_mg), in_t(found.end_mg)
    moved = {driver: in_t(mg) for driver, mg in found.totals.items() if mg}
    reached = [here, end]
    steps = []
    for driver, change_t in moved.items():
        side = "up" if change_t > 0 else "down"
        steps.append(
            {
                "step": driver,
                "low": min(here, here + change_t),
                "high": max(here, here + change_t),
                "change": change_t,
                "side": side,
            }
        )
        here += change_t
        reached.append(here)
    floor = max(0.0, min(reached) - 0.15 * (max(reached) - min(reached) or max(reached)))
    first = {
        "step": before,
        "low": floor,
        "high": in_t(found.start_mg),
        "change": in_t(found.start_mg),
        "side": "total",
    }
    return [
        first,
        *steps,
        {"step": after, "low": floor, "high": end, "change": end, "side": "total"},
    ]


def bridge_svg(found: BridgeResult, before: str, after: str) -> str:
    """A bridge as a waterfall chart."""
    title = f"Why {FIGURES[found.figure].title} changed"
    spec = specs.waterfall_chart(title, bridge_steps(found, before, after))
    return str(
        drawn(specs.noted(spec, "* " + " ".join(found.notes)) if found.notes else spec)["svg"]
    )


def _chain(rollups: Figures, run: Run) -> list[Model]:
    """Scope 3 by category and approach [t CO2e], in the order of the categories."""
    sql = (
        "select category, approach, sum(co2e_mg) as mg from rollups where run_id = ? and scope ="
        " '3' group by all order by all"
    )
    rows = sorted(fetch(rollups.con, sql, [run.run_id]), key=lambda r: int(r["category"]))
    return [
        {"category": r["category"], "approach": r["approach"], "value": in_t(float(r["mg"]))}
        for r in rows
    ]


def _left_out(value: Value, left_out: dict[str, LeftOut], t: Translate) -> str:
    """Why a category is not valued; of one that is too small, with its estimate."""
    one = left_out.get(value.figure)
    if one is None or value.value is not None:
        return ""
    return (
        one.reason if one.tonnes is None else f"{t('some')} {one.tonnes:,.0f} t CO2e: {one.reason}"
    )


def _value_chain(
    chain: list[Model],
    values: dict[str, dict[str, Value]],
    shown: list[str],
    left_out: dict[str, LeftOut],
    t: Translate,
) -> list[Model]:
    """A line per category: values by year, the approaches it stands on, or why it is not assessed."""
    approaches: dict[str, list[tuple[str, float]]] = {}
    for row in chain:
        approaches.setdefault(row["category"], []).append((row["approach"], row["value"]))
    lines = []
    for category, title in CATEGORIES.items():
        name = f"scope3-{category}"
        now = values[shown[-1]][name]
        parts = sorted(approaches.get(category, []), key=lambda p: -p[1])
        whole = sum(v for _, v in parts) or 1.0
        told = ", ".join(f"{t(a)} {v / whole * 100:.0f} %" for a, v in parts)
        cells = [
            {
                "text": v.status or _text(v),
                "value": None if v.value is None else float(v.value),
                "link": y == shown[-1],
            }
            for y in shown
            for v in [values[y][name]]
        ]
        lines.append(
            {
                "figure": name,
                "category": category,
                "title": title,
                "cells": cells,
                "how": told or _left_out(now, left_out, t) or t("no data, no reason"),
            }
        )
    return lines


def _ranges(rollups: Figures, run: Run, this: dict[str, Value]) -> Model:
    """95 % ranges of the headline sums, and what to measure better next."""
    found = [r for n in RANGED if this[n].value for r in ranges(rollups, n, run, top=10)]
    lines = [
        {
            "figure": r.figure,
            "title": FIGURES[r.figure].title,
            "value": f"{r.closed.total:,.0f}",
            "share": f"± {r.closed.share_95 * 100:.1f} %",
            "low": f"{r.simulated.low:,.0f}",
            "high": f"{r.simulated.high:,.0f}",
            "quality": "–" if r.quality is None else f"{r.quality:.2f}",
            "primary": f"{r.primary_share * 100:.0f} %",
        }
        for r in found
    ]
    best = [
        {
            "share": f"{c.share * 100:.1f} %",
            "source": c.source,
            "what": c.what,
            "tonnes": f"{c.tonnes:,.0f}",
        }
        for r in found[-1:]
        for c in r.next
    ]
    return {"lines": lines, "next": best, "draws": f"{DRAWS:,}", "seed": SEED}


def _bridges(bridged: list[BridgeResult], shown: list[str]) -> list[Model]:
    """Bridges from the year before, by business."""
    told = []
    for found in bridged:
        rows = [*found.by_org.items(), ("total", found.totals)]
        lines = [
            {
                "org": org,
                "cells": [f"{in_t(by[d]):+,.1f}" for d in DRIVERS],
                "sum": f"{in_t(sum(by.values())):+,.1f}" + ("*" if any(found.lacking) else ""),
            }
            for org, by in rows
        ]
        told.append(
            {
                "title": FIGURES[found.figure].title,
                "before": shown[-2],
                "after": shown[-1],
                "drivers": DRIVERS,
                "lines": lines,
            }
        )
    return told


def drawn(spec: Model) -> Model:
    """A chart with its static picture."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(spec)
    wide = spec["width"] == specs.WIDE
    return {
        "title": spec["title"]["text"],
        "spec": spec,
        "wide": wide,
        "svg": Markup(svg),  # noqa: S704
    }


@cache
def _bundle() -> str:
    """The charts' script, as it was made when the package was built; no network is asked."""
    from abate.kernel.resources import package_text

    return Markup(  # noqa: S704
        package_text("abate.faces.web", "static/vega.js").replace("</script", "<\\/script")
    )


def _two_views(con: duckdb.DuckDBPyConnection, this: dict[str, Value]) -> Model:
    """Market-based against what location-based leaves after the matched part.

    And why they differ.
    """
    location, market, reduction = (
        this[n].value for n in ("scope2-location", "scope2-market", "reduction")
    )
    if location is None or market is None:
        return {
            "text": "There is no Scope 2 in this year.",
            "lines": [],
        }
    rest = location - (reduction or 0)
    rows = fetch(
        con,
        "select view, sum(quantity_micro) as q, sum(co2e_mg) as m from run_entries where method"
        " like 'electricity-%' and instrument = '' and species = 'CO2' group by view",
    )
    uncovered = {
        r["view"]: (Fraction(int(r["q"]), 10**6), Fraction(int(r["m"]), 10**6)) for r in rows
    }
    lines = [
        (
            "Scope 2 location less reduction",
            rest,
            "t CO2e",
            "the part of net that is Scope 2: no instrument covers it",
        ),
        (
            "Scope 2 market-based",
            market,
            "t CO2e",
            "the same load with the residual mix, and what instruments themselves emit",
        ),
        ("Difference", market - rest, "t CO2e", "market-based less the former"),
    ]
    for view, label in (
        ("location", "grid average of its sites"),
        ("market", "residual mix of its market"),
    ):
        if uncovered.get(view, (0, 0))[0]:
            kwh, kg = uncovered[view]
            lines.append(
                (
                    f"Mean factor of uncovered electricity: {label}",
                    kg / kwh,
                    "kg/kWh",
                    f"over {float(kwh):,.0f} kWh",
                )
            )
    higher = "higher" if market > rest else "lower"
    text = (
        f"Scope 2 market-based is {number(abs(market - rest), 't CO2e')} t CO2e {higher} than what"
        " location-based leaves after the matched part. Electricity that no instrument covers"
        " takes the residual mix here, from which the clean power that others claimed is taken"
        f" out; an inventory that gave it the grid average would state {number(rest, 't CO2e')} t"
        " CO2e and count that clean power twice (GHG Protocol Scope 2 Guidance, Table 6.3)."
    )
    shaped = [{"label": a, "text": number(b, c), "unit": c, "how": d} for a, b, c, d in lines]
    return {"text": text, "lines": shaped}


def _instruments(con: duckdb.DuckDBPyConnection) -> list[Model]:
    rows = fetch(
        con,
        "select e.instrument, any_value(r.tier) as tier, sum(e.quantity_micro)::hugeint as q,"
        " sum(e.co2e_mg)::hugeint as m, count(distinct e.site) as sites from run_entries e join"
        " (select distinct instrument, tier from run_resolutions where instrument <> '') r using"
        " (instrument) where e.view = 'location' group by 1 order by 1",
    )
    return [
        {
            "instrument": r["instrument"],
            "tier": r["tier"],
            "kwh": f"{int(r['q']) / 1e6:,.0f}",
            "reduction": f"{in_t(int(r['m'])):,.1f}",
            "sites": r["sites"],
        }
        for r in rows
    ]


def _coverage(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, year: str, found: list[Finding]
) -> list[dict[str, str]]:
    rows = fetch(
        con,
        "select kind, count(*) as n, count(*) filter (where basis = 'metered') as m, count(*) filter"
        " (where basis = 'recorded') as r, count(*) filter (where basis = 'spent') as s, count(*)"
        " filter (where basis = 'reported') as o, count(*)"
        " filter (where basis = 'estimated') as e from run_activities group by 1 order by 1",
    )
    live_views(con, workspace, live_imports(workspace))
    waiting = dict(
        con.execute(
            "select kind, count(*) from open_quarantine where fiscal_year = ? group by 1", [year]
        ).fetchall()
    )
    missing = [f for f in found if f.code == "missing-month"]
    gone = {r["kind"]: sum(f" {r['kind']} of " in f.message for f in missing) for r in rows}
    return [
        {
            "kind": r["kind"],
            "rows": f"{r['n']:,}",
            "metered": f"{r['m']:,}",
            "recorded": f"{r['r']:,}",
            "spent": f"{r['s']:,}",
            "reported": f"{r['o']:,}",
            "estimated": f"{r['e']:,}",
            "quarantined": f"{waiting.get(r['kind'], 0):,}",
            "missing": str(gone[r["kind"]]),
        }
        for r in rows
    ]


def _estimated(rollups: Figures, run: Run) -> list[dict[str, str]]:
    shares = [
        (n, rollups.estimated_share(n, run))
        for n in ("scope1", "scope2-location", "scope2-market", "electricity")
    ]
    return [
        {"title": FIGURES[n].title, "text": "no rows" if s is None else f"{s * 100:.2f} %"}
        for n, s in shares
    ]


def _finding(f: Finding, lang: str) -> dict[str, str]:
    """A finding for people."""
    rule, t = _rules().get(f.code), translator(lang, "report")
    return {
        "severity": str(f.severity),
        "code": f.code,
        "title": t(rule.title if rule else f.code),
        "place": f.place,
        "message": t(f.message),
        "hint": t(f.hint),
    }


@cache
def _rules() -> dict[str, Rule]:
    return {r.code: r for r in every_rule()}


def _mend(m: CorrectionRow) -> dict[str, str]:
    sheet = f" › {m.source_sheet}" if m.source_sheet else ""
    detail = ", ".join(f"{k} = {v}" for k, v in json.loads(m.detail).items())
    return {
        "action": m.action,
        "place": f"{m.source_file}{sheet} row {m.source_row}",
        "detail": detail,
        "reason": m.reason,
    }


def _explanation(con: duckdb.DuckDBPyConnection, name: str, this: dict[str, Value]) -> Model:
    """A figure with what it is made of, and its rows by method and site."""
    one, value = FIGURES.named(name), this[name]
    below = [b for b in (*one.plus, *one.minus, one.numerator, one.denominator) if b]
    told = {
        "figure": name,
        "title": one.title,
        "text": _text(value),
        "unit": value.unit,
        "formula": one.formula,
        "source": one.source,
        "groups": [],
        "of": [
            {"figure": b, "title": FIGURES[b].title, "text": _text(this[b]), "unit": this[b].unit}
            for b in below
        ],
    }
    if one.total is not None:
        told["groups"] = _row_groups(con, name)
    return told


def _row_groups(con: duckdb.DuckDBPyConnection, name: str) -> list[Model]:
    source, where = rows_condition(name)
    is_entry = source == "entry"
    table, size = ("run_entries", "co2e_mg") if is_entry else ("run_activities", "quantity")
    tie = ", e.method, e.part, e.species" if is_entry else ""
    method = "e.method" if is_entry else "e.kind"
    amounts = (
        "e.factor_id, e.species, e.part, e.co2e_mg, a.quantity * e.share as quantity, a.unit"
        if is_entry
        else "'' as factor_id, '' as species, 0 as part, null as co2e_mg, a.quantity, a.unit"
    )
    rows = fetch(
        con,
        f"""select {method} as method, e.site, e.activity_id, e.month, {amounts}, a.source_file, a.source_sheet, a.source_row,
               count(*) over g as n, sum({"e.co2e_mg" if is_entry else "e.quantity"}) over g as total
        from {table} e join run_activities a using (activity_id)
        where {_prefixed(where)}
        window g as (partition by {method}, e.site)
        qualify row_number() over (partition by {method}, e.site order by abs(e.{size}) desc, e.activity_id{tie}) <= {ROWS_SHOWN}
        order by method, total desc, e.site, abs(e.{size}) desc, e.activity_id{tie}""",
    )
    groups: dict[tuple[str, str], Model] = {}
    for r in rows:
        total = f"{in_t(int(r['total'])):,.3f}" if is_entry else f"{float(r['total']):,.2f}"
        group = groups.setdefault(
            (r["method"], r["site"]),
            {
                "method": r["method"],
                "site": r["site"],
                "text": total,
                "unit": "t CO2e" if is_entry else r["unit"],
                "count": f"{r['n']:,}",
                "rows": [],
            },
        )
        tail = f"/{r['method'].split('/')[0]}/{r['part']}" if is_entry else ""
        group["rows"].append(
            {
                "entry": activity_name(r["activity_id"]) + tail,
                "month": r["month"],
                "amount": f"{r['quantity']:,.2f} {r['unit']}",
                "factor": r["factor_id"],
                "species": r["species"],
                "co2e": f"{in_kg(r['co2e_mg']):,.3f}" if is_entry else "",
                "file": f"{r['source_file']} {r['source_sheet']}".strip(),
                "row": r["source_row"],
            }
        )
    return list(groups.values())


def _prefixed(where: str) -> str:
    """The condition with its columns taken from the figure's own table."""
    return re.sub(r"\b(kind|book|scope|view|species|instrument)\b(?= (in|<>|=))", r"e.\1", where)


def _factors(con: duckdb.DuckDBPyConnection) -> list[Model]:
    """Factors and fuel properties that the run used, each with its source."""
    used = {r[0] for r in con.execute("select distinct factor_id from run_resolutions").fetchall()}
    for (why,) in con.execute("select distinct why from run_resolutions").fetchall():
        used |= set(json.loads(why)["bridges"])
    rows = fetch(
        con,
        "select * from factors where list_contains(?, factor_id) order by factor_id, species",
        [sorted(used)],
    )
    found: dict[str, Model] = {}
    for r in rows:
        one = found.setdefault(
            r["factor_id"],
            {
                "id": r["factor_id"],
                "region": r["region"],
                "year": r["data_year"] or "any",
                "printed": "",
                **{
                    k: r[k]
                    for k in (
                        "publication",
                        "table",
                        "edition",
                        "published_on",
                        "licence",
                        "verification",
                    )
                },
            },
        )
        text = f"{r['species']} {float(r['value']):.6g} {r['unit']}"
        if text not in one["printed"]:
            one["printed"] = f"{one['printed']}; {text}".strip("; ")
    return list(found.values())
