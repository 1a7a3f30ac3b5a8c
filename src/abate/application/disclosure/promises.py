"""What the report says of indicators, targets, neutrality, frameworks and assurance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import FIGURES
from abate.application.disclosure.answers import NOT_KEPT, framework_answers
from abate.application.disclosure.indicators import IndicatorValue, indicator_values
from abate.application.disclosure.narratives import narratives
from abate.application.disclosure.neutrality import credits_of, neutrality_of
from abate.application.disclosure.signoff import assured_figures, signoffs
from abate.application.disclosure.targets import (
    macc,
    measures_of,
    national_line,
    target_progress,
    target_title,
)
from abate.application.inventory.open_run import OpenRun
from abate.disclosure import charts as specs
from abate.disclosure.datapoints import OPEN, PARTLY, Answer, gap_lines, groups
from abate.disclosure.indicators import frameworks
from abate.disclosure.neutrality import Neutrality
from abate.disclosure.numbers import change, number
from abate.disclosure.pathways import Progress
from abate.kernel.edges import Json, Model
from abate.kernel.errors import UsageError
from abate.kernel.finding import Finding
from abate.kernel.languages import languages, translate, translator
from abate.kernel.target import TargetKind

NEUTRALITY_TEXTS = {
    "neutral": (
        "{year} is carbon neutral: gross {gross} t CO2e less {retired} t CO2e retired by serial"
        " number leaves {left} t CO2e."
    ),
    "not": (
        "{year} is not carbon neutral: gross {gross} t CO2e less {retired} t CO2e retired by serial"
        " number leaves {left} t CO2e."
    ),
    "gross-incomplete": "Gross is incomplete: it must be whole to be called neutral.",
    "not-reduced": (
        "Gross emissions have not fallen: reduction comes before removal and offsetting."
    ),
    "offset-without-removal": "Credits of avoidance were retired without any removal.",
    "net-covered-only": (
        "Credits cover the net figure only. Net is not what the word neutral is measured by."
    ),
}


def language(lang: str) -> str:
    """A language of the report.

    Raises:
        UsageError: `unknown-language`.
    """
    if lang not in languages():
        raise UsageError(
            "unknown-language", f"No report in '{lang}'.", f"There are: {', '.join(languages())}."
        )
    return lang


def amount_text(value: IndicatorValue) -> str:
    """An indicator's value for people.

    `missing` or `not stated` where there is none, * where parts are missing.
    """
    if value.value is None:
        return value.status if value.status in ("not stated", "withheld") else "missing"
    told = number(Fraction(value.value), value.unit)
    if value.unit == "count":
        told = f"{value.value:,.0f}"
    return told + ("*" if value.lacking else "")


def target_number(progress: Progress, value: float) -> str:
    """A value of a target for people."""
    return number(Fraction(value), FIGURES[progress.target.figure].unit)


def gap_text(progress: Progress) -> str:
    """By how much a target is behind its path, of a share in percentage points."""
    if progress.gap is None:
        return "–"
    if FIGURES[progress.target.figure].unit == "share":
        return f"{progress.gap * 100:.1f} pp"
    return target_number(progress, progress.gap)


def rate_text(progress: Progress, rate: float | None) -> str:
    """A yearly rate: a share, or for a cumulative target an amount."""
    if rate is None:
        return "–"
    return (
        f"{rate:,.0f}" if progress.target.kind is TargetKind.CUMULATIVE else f"{rate * 100:+.1f} %"
    )


def neutrality_text(told: Neutrality, lang: str) -> list[str]:
    """The statement of a year, with all three numbers, and what an honest reader would add."""
    texts = {k: translate(text, lang) for k, text in NEUTRALITY_TEXTS.items()}
    first = texts["neutral" if told.is_neutral else "not"].format(
        year=told.year,
        gross=f"{told.gross_t:,.1f}",
        retired=f"{told.retired_t:,.1f}",
        left=f"{told.left_t:,.1f}",
    )
    return [first, *(texts[r] for r in told.remarks)]


def promises(opened: OpenRun, lang: str) -> Model:
    """Indicators, targets, measures, neutrality, index and sign-off of a year, for the report.

    Args:
        opened: The run of the year.
        lang: `en` or `zh`.
    """
    workspace, run, year = opened.workspace, opened.run, opened.year
    kpi_years = opened.years[-3:]
    values = indicator_values(workspace, kpi_years)
    answers = framework_answers(opened, lang, values)
    covered, assurance = assured_figures(workspace, run.run_id)
    progress, found = target_progress(workspace)
    try:
        balance: Neutrality | None = neutrality_of(workspace, year)
    except UsageError:
        balance = None
    paths = {p.id: p for p in workspace.pathways}
    used = [paths[p.target.pathway] for p in progress]
    sources = [
        f"{p.titled(lang)}: {p.publication}, {p.edition} ({p.verification})"
        for p in used
        if p.publication
    ]
    texts = dict(workspace.texts)
    price = workspace.finance.carbon_price
    signed = [s for s in signoffs(workspace) if s.fiscal_year in kpi_years]
    restated = {
        v.year: v.origin for told in values.values() for v in told if v.status == "restated"
    }
    return {
        "kpi_years": [f"{y}*" if y in restated else y for y in kpi_years],
        "restated_years": [f"{y} ({origin})" for y, origin in sorted(restated.items())],
        "kpis": [_kpi(told, covered, lang) for told in values.values()],
        "targets": [_target(p, paths[p.target.pathway], lang) for p in progress],
        "targets_met": sum(p.status in ("met", "on path") for p in progress),
        "target_findings": [_target_finding(workspace, f, lang) for f in found],
        "pathway_sources": list(dict.fromkeys(sources)),
        "macc": macc(workspace),
        "discount": f"{workspace.finance.discount_share:.1%}",
        "currency": workspace.organisation.currency,
        "carbon_price": (
            "" if price is None else f"{price:,.0f} {workspace.organisation.currency}/t CO2e"
        ),
        "carbon_price_basis": workspace.finance.carbon_price_basis,
        "neutrality": balance,
        "neutrality_text": [] if balance is None else neutrality_text(balance, lang),
        "credits": credits_of(workspace, year).retired,
        "index": _index(values, answers, lang),
        "gaps": _gaps(answers, lang),
        "editions": _editions(lang),
        "narratives": narratives(workspace, lang),
        "signoffs": signed,
        "assurance": assurance,
        "letter_text": texts.get(f"letter_{lang}", ""),
        "strategy_text": texts.get(f"strategy_{lang}", ""),
        "progress": progress,
    }


def _target_finding(workspace: Workspace, f: Finding, lang: str) -> str:
    """What is wrong with a target; in Chinese by its rule, with the target's name."""
    t = translator(lang, "report")
    titles = {target_title(x): target_title(x, t) for x in workspace.targets}
    title = next((k for k in titles if f.message.startswith(f"{k}:")), "")
    message = f.message.removeprefix(f"{title}:").strip()
    return f"[{f.code}] {titles.get(title, '')}{t(': ')}{t(message)} {t(f.hint)}"


def _kpi(told: list[IndicatorValue], covered: Mapping[str, str], lang: str) -> Model:
    one = told[0].indicator
    last = told[-1]
    t = translator(lang, "report")
    cells = [
        {
            "text": t(amount_text(v)),
            "value": v.value,
            "link": f"x-{one.opens}" if v is last and one.opens and v.value is not None else "",
        }
        for v in told
    ]
    moved = "–"
    if len(told) > 1 and told[-2].value is not None and last.value is not None:
        moved = change(Fraction(told[-2].value), Fraction(last.value), last.unit)
    note = t(one.note)
    if last.lacking:
        note += (t(" Without: ")) + last.lacking_in(t) + "."
    if last.status == "stated":
        note += f" [{last.origin}]"
    covers = next((n for n in (one.figure, "*") if n in covered), "")
    assured = (covered[covers] or "yes") if covers and last.value is not None else "no"
    return {
        "id": one.id,
        "title": t(one.title),
        "unit": last.unit,
        "cells": cells,
        "change": moved,
        "direction": {"lower": "less", "higher": "more", "none": "–"}[one.direction],
        "assured": assured,
        "note": note,
    }


def _target(p: Progress, path: Any, lang: str) -> dict[str, str]:
    return {
        "name": target_title(p.target, translator(lang, "report")),
        "year": p.target.year,
        "unit": FIGURES[p.target.figure].unit,
        "base": target_number(p, p.base),
        "end": target_number(p, p.end),
        "latest": (
            "–" if p.latest is None else f"FY{p.latest}: {target_number(p, p.actual[p.latest])}"
        ),
        "gap": gap_text(p),
        "meets": "–" if p.meets is None else f"FY{p.meets}",
        "so_far": rate_text(p, p.rate_so_far),
        "needed": rate_text(p, p.rate_needed),
        "status": p.status,
        "pathway": path.titled(lang),
    }


def _index(
    values: Mapping[str, list[IndicatorValue]], answers: Sequence[Answer], lang: str
) -> list[dict[str, str]]:
    """Datapoints that the report answers, in the order of the frameworks.

    And those that an indicator or breakdown should answer and cannot this year, with the reason.
    """
    t = translator(lang, "report")
    lines = [
        {
            "framework": a.datapoint.framework,
            "id": a.datapoint.id,
            "paragraph": a.datapoint.paragraph or "–",
            "title": t(a.by) or "–",
            "link": a.link,
            "text": (a.value or t(a.why)) + ("*" if a.status == PARTLY else ""),
        }
        for a in answers
        if a.status != OPEN or a.why != NOT_KEPT
    ]
    known = {(a.datapoint.framework, a.datapoint.id) for a in answers}
    for told in values.values():
        one, last = told[-1].indicator, told[-1]
        lines += [
            {
                "framework": framework,
                "id": datapoint,
                "paragraph": "–",
                "title": t(one.title),
                "link": f"i-{one.id}",
                "text": _with_unit(t(amount_text(last)), last),
            }
            for framework, datapoint in one.references
            if (framework, datapoint) not in known
        ]
    order = list(frameworks())
    return sorted(lines, key=lambda x: order.index(x["framework"]))


def _with_unit(told: str, value: IndicatorValue) -> str:
    bare = value.value is None or value.unit in ("share", "count", "ratio")
    return told if bare else f"{told} {value.unit}"


def _gaps(answers: Sequence[Answer], lang: str) -> list[dict[str, str]]:
    """Disclosures of each framework, with what is answered, by what, and what is not."""
    t = translator(lang, "report")
    told = [replace(a, by=t(a.by)) for a in answers]
    named = {key: t(g["title"]) for key, g in groups().items()}
    return gap_lines(told, named)


def _editions(lang: str) -> list[str]:
    """Frameworks with their editions."""
    t = translator(lang, "report")
    return [f"{name}: {x['edition']} ({t(x['verification'])})" for name, x in frameworks().items()]


def target_charts(workspace: Workspace, told: Sequence[Progress], lang: str) -> list[Model]:
    """Charts of targets: a path each, a wedge where measures lower it, and the curve of costs."""
    t = translator(lang, "report")
    drawn = [_path_spec(workspace, p, t) for p in told if len(p.years) > 2]
    for p in told:
        rows = measures_of(workspace, p)
        if rows:
            parts = list(dict.fromkeys(str(r["part"]) for r in rows if r["part"] != "left"))
            ranked = [
                r
                | {
                    "rank": 0 if r["part"] == "left" else len(parts) - parts.index(str(r["part"])),
                    "part": t(str(r["part"])),
                }
                for r in rows
            ]
            drawn.append(
                specs.wedge_chart(
                    ranked,
                    title=f"{t('Business as usual and measures')}: {target_title(p.target, t)}",
                )
            )
    curve = macc(workspace)
    if curve:
        unit = f"{workspace.organisation.currency}/t CO2e"
        title = t("Marginal abatement cost")
        drawn.append(
            specs.macc_chart(curve, title=title, unit=unit, price=workspace.finance.carbon_price)
        )
    return drawn


def _path_spec(workspace: Workspace, p: Progress, t: Any) -> Json:
    told = [(y, t("pathway"), v, False) for y, v in zip(p.years, p.wanted, strict=True)]
    told += [(y, t("trend"), v, False) for y, v in zip(p.years, p.trend, strict=False)]
    told += [
        (y, t("business as usual"), v, False) for y, v in p.usual.items() if p.target.growth_share
    ]
    told += [
        (y, t("China: peak by 2030, neutrality by 2060"), v, False)
        for y, v in zip(p.years, national_line(workspace, p), strict=False)
    ]
    told += [(y, t("valued"), v, True) for y, v in p.actual.items()]
    scale = 100 if FIGURES[p.target.figure].unit == "share" else 1
    rows = [
        {"year": f"FY{y}", "series": s, "value": v * scale, "seen": seen} for y, s, v, seen in told
    ]
    colours = {t(name): colour for name, colour in specs.PATH_SERIES.items()}
    unit = "%" if scale == 100 else FIGURES[p.target.figure].unit
    spec = specs.path_chart(rows, title=target_title(p.target, t), unit=unit, colours=colours)
    years = [f"FY{y}" for y in p.actual if y in p.lacking]
    return specs.noted(spec, f"* {t('incomplete')}: {', '.join(years)}") if years else spec
