"""Statements: targets, indicators, neutrality, claims, sign-off, reports and filings."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from abate.application.catalogue import FIGURES
from abate.application.disclosure.answers import answers_of_year
from abate.application.disclosure.claims import Checked, check_claims, check_text
from abate.application.disclosure.indicators import IndicatorValue, indicator_values
from abate.application.disclosure.neutrality import (
    add_credits,
    credits_of,
    neutrality_of,
    retire_credit,
)
from abate.application.disclosure.promises import (
    amount_text,
    gap_text,
    neutrality_text,
    rate_text,
    target_charts,
    target_number,
)
from abate.application.disclosure.report_model import preview_report
from abate.application.disclosure.signoff import sign, signoffs
from abate.application.disclosure.stated_figures import add_published, published
from abate.application.disclosure.targets import macc, target_progress, target_title
from abate.application.disclosure.vsme import vsme_datapoints
from abate.application.inventory.figures import Run
from abate.application.inventory.lacks import SAID, Lack, blocking
from abate.disclosure.claims.rules.pairing import LEDGER
from abate.disclosure.claims.verdict import Verdict
from abate.disclosure.datapoints import OPEN, PARTLY
from abate.disclosure.report import sections
from abate.disclosure.signoff import LEVELS, Step
from abate.faces.api.disclosure import CLAIMS_MAX
from abate.faces.api.uploads import input_of, refuse
from abate.faces.clock import present
from abate.faces.web.page import Cell, Form, Page, Place, accepted_of, in_words, year_of
from abate.faces.web.pages.data import titles
from abate.kernel.edges import Model
from abate.kernel.errors import AbateError, UsageError
from abate.kernel.languages import languages
from abate.kernel.period import parse_fiscal_year

router = APIRouter()
PLACE = Place(
    "Statements",
    (
        ("/targets", "Targets"),
        ("/indicators", "Indicators"),
        ("/frameworks", "Frameworks"),
        ("/neutrality", "Neutrality"),
        ("/claims", "Claims"),
        ("/published", "Published figures"),
        ("/signoffs", "Sign-off"),
        ("/report", "Reports and filings"),
    ),
)
OfYear = Annotated[str, Query(max_length=12)]
YEARS_SHOWN = 3
FORMATS = (("html", "HTML"), ("pdf", "PDF"), ("xlsx", "XLSX"), ("md", "Markdown"))
WRITTEN = ("report", "vsme", "filing", "evidence")
"""Kinds of jobs that the page of reports starts."""


@router.get("/targets")
def targets(request: Request) -> Response:
    """Targets with their paths; measures, which can be left out and priced to see what follows."""
    page = Page.of(request)
    workspace = page.desk.workspace
    asked = request.query_params
    chosen = asked.getlist("measure") if "price" in asked else [m.id for m in workspace.measures]
    price, fault = _price(asked.get("price", ""), workspace.finance.carbon_price)
    tried = replace(
        workspace,
        measures=tuple(m for m in workspace.measures if m.id in chosen),
        finance=replace(workspace.finance, carbon_price=price),
    )
    told, found = page.desk.kept(
        ("targets", page.desk.whole_version()),
        lambda: target_progress(workspace),
    )
    rows = [
        (
            Cell(target_title(p.target, page.t), page.link(f"/inventory/{p.target.figure}")),
            p.target.year,
            target_number(p, p.base),
            target_number(p, p.end),
            page.unit(FIGURES[p.target.figure].unit),
            "–"
            if p.latest is None
            else Cell(
                f"FY{p.latest}: {target_number(p, p.actual[p.latest])}",
                note=p.lacking.get(p.latest, ""),
            ),
            gap_text(p),
            Cell(page.t(p.status), kind="good" if p.status in ("met", "on path") else "warning"),
            page.t("never") if p.meets is None else f"FY{p.meets}",
            rate_text(p, p.rate_so_far),
            rate_text(p, p.rate_needed),
        )
        for p in told
    ]
    return page.render(
        "targets.html",
        rows=rows,
        specs=[in_words(s, page) for s in target_charts(tried, told, page.language)],
        measures=workspace.measures,
        chosen=set(chosen),
        price="" if price is None else f"{price:g}",
        currency=workspace.organisation.currency,
        costs=[
            (
                str(r["title"]),
                str(r["start"]),
                page.number(r["abated_t"]),
                page.number(r["cost_per_t"]),
                page.t({None: "–", True: "yes", False: "no"}[r["pays_at_carbon_price"]]),
            )
            for r in macc(tried)
        ],
        findings=found,
        titles=titles(),
        fault=fault,
        charts=True,
    )


def _price(text: str, usual: float | None) -> tuple[float | None, AbateError | None]:
    if not text.strip():
        return usual, None
    try:
        price = float(text)
    except ValueError:
        price = -1.0
    if 0 <= price < 10**9:
        return price, None
    return usual, UsageError("bad-price", f"'{text}' is not a price.", "Write a number such as 80.")


@router.get("/indicators")
def indicators(request: Request, year: OfYear = "") -> Response:
    """Indicators over three years, each with what makes it and who asks for it."""
    page = Page.of(request)
    years = page.desk.years()
    if not years:
        return page.render("empty.html", title="Indicators", said="Nothing is valued yet.")
    last = year_of(page, year)
    shown = [y for y in years if y <= last][-YEARS_SHOWN:]
    told = page.desk.kept(
        ("indicators", *shown, page.desk.whole_version()),
        lambda: indicator_values(page.desk.workspace, shown),
    )
    rows = [
        (
            Cell(
                page.t(one.indicator.title),
                note=_about(page, one),
            ),
            page.unit(one.unit),
            *(_indicator(page, v) for v in values),
            page.t({"lower": "less", "higher": "more", "none": "–"}[one.indicator.direction]),
            ", ".join(f"{f} {r}" for f, r in one.indicator.references),
        )
        for values in told.values()
        for one in values[-1:]
    ]
    return page.render("indicators.html", rows=rows, shown=shown, years=years, year=last)


def _about(page: Page, value: IndicatorValue) -> str:
    one = value.indicator
    note = page.t(one.note)
    made = one.formula or f"{page.t('as stated')}: {one.stated}"
    return f"{note} = {made}".strip()


def _indicator(page: Page, value: IndicatorValue) -> Cell:
    text = page.t(amount_text(value))
    lacks = value.lacking_in(page.t)
    if value.value is None:
        return Cell(text, kind="missing")
    opens = value.indicator.opens
    link = page.link(f"/inventory/{opens}", year=value.year) if opens else ""
    return Cell(text.rstrip("*"), link, note=lacks)


@router.get("/frameworks")
def frameworks(
    request: Request,
    year: OfYear = "",
    framework: Annotated[str, Query(max_length=40)] = "",
    status: Annotated[str, Query(max_length=12)] = "",
) -> Response:
    """What frameworks ask for, what answers it, and what is open."""
    page = Page.of(request)
    if not page.desk.years():
        return page.render("empty.html", title="Frameworks", said="Nothing is valued yet.")
    chosen = year_of(page, year)
    key = ("answers", chosen, page.language, page.desk.whole_version())
    every = page.desk.kept(key, lambda: answers_of_year(page.desk.workspace, chosen, page.language))
    names = list(dict.fromkeys(a.datapoint.framework for a in every))
    counted = [
        (
            Cell(n, page.link("/frameworks", year=chosen, framework=n)),
            *(
                str(sum(a.datapoint.framework == n and a.status == s for a in every))
                for s in ("answered", PARTLY, OPEN)
            ),
        )
        for n in names
    ]
    rows = [
        (
            a.datapoint.framework,
            a.datapoint.id,
            a.datapoint.paragraph or "–",
            Cell(page.t(a.status), kind={"answered": "good", OPEN: "warning"}.get(a.status, "")),
            page.t(a.by) or "–",
            a.value or page.t(a.why),
        )
        for a in every
        if framework in ("", a.datapoint.framework) and status in ("", a.status)
    ]
    return page.render(
        "frameworks.html",
        year=chosen,
        years=page.desk.years(),
        names=names,
        framework=framework,
        status=status,
        counted=counted,
        rows=rows,
    )


@router.get("/neutrality")
def neutrality(request: Request, year: OfYear = "") -> Response:
    """The balance of a year, and the credits held and retired."""
    return _neutrality(Page.of(request), year)


def _neutrality(page: Page, year: str, fault: AbateError | None = None, said: str = "") -> Response:
    workspace, years = page.desk.workspace, page.desk.years()
    if not years:
        return page.render("empty.html", title="Neutrality", said="Nothing is valued yet.")
    chosen = year_of(page, year)
    lines: list[tuple[str, str]] = []
    texts: list[str] = []
    try:
        told = neutrality_of(workspace, chosen)
    except UsageError as error:
        fault = fault or error
    else:
        lines = [
            (page.t(name), page.number(value))
            for name, value in (
                ("Gross (Scope 1 and location-based Scope 2)", told.gross_t),
                ("of which named instruments cover", told.reduction_t),
                ("Net", told.net_t),
                ("Removals retired", told.removed_t),
                ("Avoidance credits retired", told.offset_t),
                ("Gross less retired", told.left_t),
            )
        ]
        texts = neutrality_text(told, page.language)
    every = credits_of(workspace, chosen).every
    return page.render(
        "neutrality.html",
        422 if fault else 200,
        year=chosen,
        years=years,
        lines=lines,
        texts=texts,
        credits=[
            (
                c.serial,
                c.registry,
                c.project,
                page.t(str(c.kind)),
                c.standard,
                str(c.vintage),
                page.number(c.amount_kg / 1000),
                page.number(c.held_kg / 1000),
                ", ".join(f"{y}: {page.number(kg / 1000)}" for y, kg in c.retired_kg),
            )
            for c in every
        ],
        held=[c.serial for c in every if c.held_kg],
        fault=fault,
        said=said,
    )


@router.post("/neutrality/credits")
def take_credits(request: Request, form: Form) -> Response:
    """Take the credits of a file."""
    page = Page.of(request)
    upload = form.get("credits", "")
    try:
        taken, there = add_credits(page.desk.workspace, input_of(page.desk, upload))
    except AbateError as error:
        return _neutrality(page, "", error)
    refuse(page.desk, upload)
    said = page.t("{n} blocks taken in, {there} were there already.", n=taken, there=there)
    return _neutrality(page, "", said=said)


@router.post("/neutrality/retire")
def retire(request: Request, form: Form) -> Response:
    """Retire a block of credits, or a part of it."""
    page = Page.of(request)
    year = form.get("year", "").upper()
    try:
        amount = _tonnes(form.get("amount_t", ""))
        retire_credit(
            page.desk.workspace, form.get("serial", ""), year, amount, person=form.get("by", "")
        )
    except AbateError as error:
        return _neutrality(page, year, error)
    return RedirectResponse(page.link("/neutrality", year=year), 303)


def _tonnes(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError as error:
        raise UsageError("bad-amount", f"'{text}' is not an amount.", "Write tonnes.") from error


@router.get("/claims")
def claims(request: Request) -> Response:
    """The form for a text whose statements are to be tested."""
    return _claims(Page.of(request))


def _claims(page: Page, form: Mapping[str, str] = MappingProxyType({}), **told: object) -> Response:
    model: Model = {
        "marked": None,
        "facts": [],
        "partly": [],
        "unread": [],
        "counts": {},
        "fault": None,
    }
    asked = {k: form.get(k, "") for k in ("text", "year", "file")}
    asked["about"] = form.get("about", page.desk.name)
    asked["ledger"] = form.get("ledger", "yes" if not form else "")
    status = 422 if told.get("fault") else 200
    return page.render("claims.html", status, **{**model, "asked": asked, **told})


@router.post("/claims")
def test_claims(request: Request, form: Form) -> Response:
    """Test the statements of a text or file; the text is shown with them marked."""
    page = Page.of(request)
    workspace = page.desk.workspace if form.get("ledger") else None
    text, upload, year = form.get("text", ""), form.get("file", ""), form.get("year", "").strip()
    about = form.get("about", "").strip()
    try:
        if upload:
            number = parse_fiscal_year(year) if year else 0
            path = input_of(page.desk, upload)
            told = check_claims([path], workspace=workspace, year=number, about=about)
            refuse(page.desk, upload)
        elif not text.strip() or len(text) > CLAIMS_MAX:
            raise UsageError(
                "no-text", "There is no text, or too much.", f"At most {CLAIMS_MAX:,} characters."
            )
        else:
            told = check_text(text, "txt", workspace=workspace, year=year, about=about)
    except AbateError as error:
        return _claims(page, form, fault=error)
    return _claims(
        page,
        {**form, "file": ""},
        marked=marked(text, told) if not upload else None,
        facts=[_fact(page, f) for f in told.facts_of_texts],
        partly=[
            (
                p.statement.entity or "?",
                p.statement.metric,
                p.statement.period.text or "?",
                f"{p.statement.text} {p.statement.unit}",
                ", ".join(page.t(u) for u in p.unsure),
                p.statement.quote[:200],
            )
            for p in told.partly[:100]
        ],
        unread=[(place, said[:200]) for place, said in told.unread[:100]],
        counts={
            "read": sum(s.vintage != LEDGER for s in told.statements),
            "partly": len(told.partly),
            "facts": len(told.facts_of_texts),
        },
    )


WEIGHTS = ("error", "question", "warning", "info")


def _fact(page: Page, verdicts: Sequence[Verdict]) -> tuple[Cell | str, ...]:
    first = verdicts[0]
    kind = {"error": "blocker", "warning": "warning", "question": "warning", "info": "good"}
    reading = "".join(f"; {page.t('or')}: {r}" for r in first.readings)
    return (
        Cell(page.t(first.severity), kind=kind.get(first.severity, "")),
        ", ".join(dict.fromkeys(v.rule for v in verdicts)),
        first.statement[:300],
        first.calculation + reading,
        "; ".join(first.sources),
    )


def marked(text: str, told: Checked) -> Markup:
    """A text with the sentences that rules judge marked by how grave it is; all of it escaped.

    Sentences that were read and that nothing is wrong with are marked as read.
    """
    weights = dict.fromkeys((s.quote.strip() for s in told.statements if s.quote.strip()), "info")
    for verdict in told.verdicts:
        for statement in verdict.statements:
            quote = statement.quote.strip()
            now = weights.get(quote)
            if now is not None and WEIGHTS.index(verdict.severity) < WEIGHTS.index(now):
                weights[quote] = verdict.severity
    spans: list[tuple[int, int, str]] = []
    for quote, weight in weights.items():
        pattern = r"\s+".join(map(re.escape, quote.split()))
        found = re.search(pattern, text)
        if found and not any(found.start() < e and s < found.end() for s, e, _ in spans):
            spans.append((*found.span(), weight))
    made, at = [], 0
    for start, end, weight in sorted(spans):
        made.append(html.escape(text[at:start]))
        made.append(f'<mark class="{weight}">{html.escape(text[start:end])}</mark>')
        at = end
    return Markup("".join(made) + html.escape(text[at:]))  # noqa: S704  (escaped above)


@router.get("/published")
def published_figures(
    request: Request, entity: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Figures that organisations published, by which claims are tested."""
    return _published(Page.of(request), entity)


def _published(page: Page, entity: str, fault: AbateError | None = None) -> Response:
    rows = published(page.desk.workspace, entity=entity)
    return page.render(
        "published.html",
        422 if fault else 200,
        entity=entity,
        count=len(rows),
        fault=fault,
        rows=[
            (r.entity, r.fiscal_year, r.metric, r.value_text, r.unit, r.vintage, r.source)
            for r in rows[:500]
        ],
    )


@router.post("/published")
def take_published(request: Request, form: Form) -> Response:
    """Load the published figures of a file."""
    page = Page.of(request)
    upload = form.get("figures", "")
    try:
        add_published(page.desk.workspace, input_of(page.desk, upload), now=present())
    except AbateError as error:
        return _published(page, "", error)
    refuse(page.desk, upload)
    return RedirectResponse("/published", 303)


@router.get("/signoffs")
def steps(request: Request, year: OfYear = "") -> Response:
    """Steps of sign-off of a year, and the next one."""
    return _signoffs(Page.of(request), year)


def _signoffs(page: Page, year: str, fault: AbateError | None = None) -> Response:
    years = page.desk.years()
    if not years:
        return page.render("empty.html", title="Sign-off", said="Nothing is valued yet.")
    chosen = year_of(page, year)
    run = page.desk.run(chosen)
    rows = signoffs(page.desk.workspace, chosen)
    taken = {r.step for r in rows if r.run_id == run.run_id}
    order = [s.value for s in Step]
    return page.render(
        "signoffs.html",
        422 if fault else 200,
        year=chosen,
        years=years,
        run=run,
        steps=[(s, s in taken) for s in order],
        next_step=next((s for s in order if s not in taken), order[-1]),
        levels=LEVELS,
        blocking=_blocking(page, run),
        said=SAID,
        rows=[
            (
                page.t(r.step),
                r.person,
                page.moment(r.committed_at),
                Cell(r.run_id, page.link(f"/runs/{r.run_id}")),
                r.note,
                r.figures,
            )
            for r in rows
        ],
        fault=fault,
    )


def _blocking(page: Page, run: Run) -> list[Lack]:
    """What keeps a run from review and from the public, kept until the ledger grows."""
    key = ("blocking", run.run_id, page.desk.version("imports", "findings", "mends"))
    return page.desk.kept(key, lambda: blocking(page.desk.workspace, run))


@router.post("/signoffs")
def take_step(request: Request, form: Form) -> Response:
    """Take a step of sign-off."""
    page = Page.of(request)
    year = form.get("year", "").upper()
    try:
        sign(
            page.desk.workspace,
            year,
            form.get("step", ""),
            form.get("person", ""),
            now=present(),
            note=form.get("note", ""),
            level=form.get("level", ""),
            figures=[f.strip() for f in form.get("figures", "").split(",") if f.strip()],
            accepted=accepted_of(form),
        )
    except AbateError as error:
        return _signoffs(page, year, error)
    return RedirectResponse(page.link("/signoffs", year=year), 303)


@router.get("/report")
def reports(request: Request, year: OfYear = "") -> Response:
    """What can be written of a year: report, small firm's report, filing, evidence."""
    return _reports(Page.of(request), year)


def _reports(page: Page, year: str, fault: AbateError | None = None) -> Response:
    years = page.desk.years()
    if not years:
        return page.render("empty.html", title="Reports and filings", said="Nothing is valued yet.")
    chosen = year_of(page, year)
    workspace = page.desk.workspace
    key = ("vsme", chosen, page.desk.whole_version())
    told = page.desk.kept(key, lambda: vsme_datapoints(workspace, chosen))
    jobs = page.jobs(*WRITTEN)
    return page.render(
        "report.html",
        422 if fault else 200,
        year=chosen,
        years=years,
        formats=FORMATS,
        sections=sections(page.language),
        language=page.language,
        languages_named=[(code, one.name) for code, one in languages().items()],
        jobs=jobs[:8],
        blocking=_blocking(page, page.desk.run(chosen)),
        said=SAID,
        datapoints=[
            (
                d.disclosure,
                page.t(d.title),
                Cell(page.t("missing"), kind="missing")
                if d.value is None
                else page.number(d.value, d.unit)
                if isinstance(d.value, float)
                else str(d.value),
                page.unit(d.unit),
                d.why or d.origin,
            )
            for d in told
        ],
        fault=fault,
    )


def _start(page: Page, kind: str, form: Mapping[str, str], **arguments: object) -> Response:
    try:
        year = year_of(page, form.get("year", ""))
        lang = form.get("lang", "") if form.get("lang") in languages() else "en"
        job = page.request.app.state.jobs.submit(kind, year, year=year, lang=lang, **arguments)
    except AbateError as error:
        return _reports(page, "", error)
    return RedirectResponse(f"/jobs/{job['id']}", 303)


@router.post("/report")
def write_report(request: Request, form: Form) -> Response:
    """Write the yearly report as a job."""
    formats = [f for f, _ in FORMATS if form.get(f"format-{f}")] or ["html"]
    template = form.get("template", "")
    without = [name for name, _ in sections("en") if form.get(f"without-{name}")]
    return _start(
        Page.of(request), "report", form, formats=formats, template=template, without=without
    )


@router.post("/report/preview")
def look_at_report(request: Request, form: Form) -> Response:
    """The report as it would be, in the chosen language, template and sections; nothing is kept."""
    page = Page.of(request)
    template = form.get("template", "")
    try:
        shown = preview_report(
            page.desk.workspace,
            year_of(page, form.get("year", "")),
            now=present(),
            lang=form.get("lang", "") if form.get("lang") in languages() else "en",
            template=input_of(page.desk, template) if template else None,
            without=[name for name, _ in sections("en") if form.get(f"without-{name}")],
        )
    except AbateError as error:
        return _reports(page, "", error)
    return HTMLResponse(shown)


@router.post("/report/vsme")
def write_vsme(request: Request, form: Form) -> Response:
    """Write the report of a small firm as a job, or fill EFRAG's template."""
    kind = form.get("format", "") if form.get("format") in ("html", "pdf", "md") else "html"
    return _start(Page.of(request), "vsme", form, format=kind, template=form.get("template", ""))


@router.post("/report/filing")
def write_filing(request: Request, form: Form) -> Response:
    """Write a year as inline XBRL as a job."""
    accept = accepted_of(form)
    return _start(Page.of(request), "filing", form, accept=accept, entry_point="")


@router.post("/report/evidence")
def write_evidence(request: Request, form: Form) -> Response:
    """Write all that reperforms a year as a job."""
    return _start(Page.of(request), "evidence", form)
