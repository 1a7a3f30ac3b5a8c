"""Page: what every page knows of its visitor (language, theme) and how it says numbers, units and days."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode

from babel import Locale
from babel.dates import format_datetime, format_skeleton
from babel.numbers import format_decimal
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from abate.adapters.store.intake import JOBS
from abate.application.catalogue import FIGURES, KINDS
from abate.application.inventory.figures import Value
from abate.application.inventory.lacks import SAID, number_of
from abate.disclosure.report import localised, script_json
from abate.faces.api.desk import OpenWorkspace
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.languages import catalogues, languages, translate

HERE = Path(__file__).parent
THEMES = ("auto", "light", "dark")
JOB_TITLES = {
    "import": "Import",
    "factors": "Import of factors",
    "load": "Readings",
    "post": "Posting of usage",
    "run": "Valuation",
    "verify": "Verification",
    "report": "Yearly report",
    "vsme": "Report of a small firm",
    "filing": "Filing",
    "evidence": "Evidence",
    "base-year": "Base year",
    "forecast": "Forecast",
    "backtest": "Backtest",
    "savings": "Savings",
    "dispatch": "Dispatch",
    "size": "Sizing",
    "match": "Matching by the hour",
    "pack": "Packing",
    "assort": "Box sizes",
}
"""What each kind of job does, as it is written for people."""
WITHOUT = "Without {parts}: no rows"
SWITCHED_OFF = "Without {parts}: not assessed, for the reason in the view by category"
RECENT = 50
"""Jobs among which a page looks for its own."""
UNITS = {"t CO2e": "t CO₂e", "m2": "m²", "m3": "m³", "ratio": "", "share": ""}
"""Units as they are written for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the navigation.

    Args:
        name: Its name.
        tabs: Address and name of each of its pages; the first is where the place leads to.
    """

    name: str
    tabs: tuple[tuple[str, str], ...]

    def is_at(self, path: str) -> bool:
        """Whether an address is one of the place's."""
        return bool(self.tab_at(path))

    def tab_at(self, path: str) -> str:
        """The tab to which an address belongs: the longest that begins it; empty where none."""
        held = [a for a, _ in self.tabs if path == a or path.startswith(f"{a}/")]
        return max(held, key=len, default="")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table on a page.

    Args:
        text: What it says.
        link: Where it leads.
        kind: Class that colours it: good, warning, blocker, missing, soft.
        note: What a star beside it means; no star where it is empty.
    """

    text: str
    link: str = ""
    kind: str = ""
    note: str = ""


@dataclass(frozen=True)
class Page:
    """A request's page.

    Args:
        request: The request.
        language: Of the visitor.
        theme: Of the visitor: auto follows the system.
    """

    request: Request
    language: str
    theme: str

    @classmethod
    def of(cls, request: Request) -> Page:
        """The page of a request: language and theme from the address, else as chosen before, else as the browser says."""
        asked = request.query_params
        language = asked.get("lang") or request.cookies.get("abate_lang", "") or _accepted(request)
        theme = asked.get("theme") or request.cookies.get("abate_theme", "")
        return cls(
            request,
            language if language in languages() else "en",
            theme if theme in THEMES else "auto",
        )

    @property
    def locale(self) -> Locale:
        """How the visitor's language writes numbers and days."""
        return languages()[self.language].locale

    @property
    def desk(self) -> OpenWorkspace:
        """The workspace."""
        desk: OpenWorkspace = self.request.app.state.desk
        return desk

    def t(self, text: str, **values: Any) -> str:
        """A text in the visitor's language, with values put in."""
        said = translate(text, self.language)
        return said.format(**values) if values else said

    def number(self, value: Fraction | float | None, unit: str = "") -> str:
        """A value by its size, as the visitor's locale writes it; `missing` where there is none."""
        if value is None:
            return self.t("missing")
        if unit == "share":
            return str(format_decimal(float(value), format="#,##0.0 %", locale=self.locale))
        size = abs(float(value))
        digits = "" if size >= 1000 else ".0" if size >= 100 else ".00" if size >= 10 else ".000"
        return str(format_decimal(float(value), format=f"#,##0{digits}", locale=self.locale))

    def amount(self, value: Value) -> str:
        """A figure's value; * where it is incomplete, or without what is not assessed."""
        told = self.number(value.value, value.unit)
        return told if value.is_whole and not value.excluded else f"{told}*"

    def lacking(self, value: Value) -> str:
        """What a figure lacks, in the visitor's language; empty where it is whole."""
        told = [
            self.t(said, parts=", ".join(self.t(FIGURES[p].title) for p in parts))
            for said, parts in ((WITHOUT, value.without), (SWITCHED_OFF, value.excluded))
            if parts
        ]
        told += [
            self.t(f"{{n}} {SAID[x.code]} ({{kind}})", n=self.count(x.rows), kind=self.kind(x.kind))
            + (
                ""
                if x.estimate_t is None
                else f", {self.t('some')} {number_of(x.estimate_t)} t CO₂e"
            )
            for x in value.incomplete
        ]
        return "; ".join(told)

    def share(self, value: float | None) -> str:
        """A share; a dash where there is none."""
        return "–" if value is None else self.number(value, "share")

    def jobs(self, *kinds: str) -> list[Json]:
        """Jobs of some kinds among the newest ones, the newest first."""
        return [j for j in self.desk.intake.rows(JOBS, limit=RECENT) if j["kind"] in kinds]

    def count(self, number: int) -> str:
        """A whole number."""
        return str(format_decimal(number, format="#,##0", locale=self.locale))

    def change(self, before: Fraction | None, after: Fraction | None, unit: str) -> str:
        """Change from one value to the next."""
        if before is None or after is None or before == 0:
            return "–"
        if unit == "share":
            points = format_decimal(
                float(after - before) * 100, format="+0.0;-0.0", locale=self.locale
            )
            return f"{points} {self.t('pp')}"
        return str(
            format_decimal(float(after / before - 1), format="+0.0 %;-0.0 %", locale=self.locale)
        )

    def unit(self, unit: str) -> str:
        """A unit as it is written for people, in the visitor's language."""
        shown = UNITS.get(unit, unit.replace("CO2e", "CO₂e"))
        return (
            shown if self.language == "en" else " ".join(self.t(part) for part in shown.split(" "))
        )

    def job(self, kind: str) -> str:
        """What a job does."""
        return self.t(JOB_TITLES[kind])

    def kind(self, kind: str) -> str:
        """Title of a kind of activity."""
        return self.t(KINDS[kind].title if kind in KINDS else "kind not known")

    def month(self, month: str) -> str:
        """A month such as 2024-01."""
        try:
            day = date.fromisoformat(f"{month}-01")
        except ValueError:
            return month
        return str(format_skeleton("yMMM", day, locale=self.locale))

    def moment(self, at: datetime | None) -> str:
        """A moment."""
        return (
            ""
            if at is None
            else str(
                format_datetime(
                    at,
                    "short",
                    locale=self.locale,
                )
            )
        )

    def link(self, path: str, **parameters: Any) -> str:
        """An address with its parameters, empty ones left out."""
        asked = urlencode({k: v for k, v in parameters.items() if v not in ("", None)})
        return quote(path, safe="/~:@!$&'()*+,;=-._") + (f"?{asked}" if asked else "")

    def here(self, **parameters: Any) -> str:
        """This page's address with some parameters changed."""
        now = dict(parse_qsl(self.request.url.query))
        path = self.request.url.path
        if self.request.method != "GET":  # the page of a form that was refused
            path = (
                re.sub(
                    r"/(undo|publish|verify|mapping|publisher|import|refuse|import-all|start)$",
                    "",
                    path,
                )
                or "/"
            )
        return self.link(path, **{**now, **parameters})

    def following(self, offset: int, count: int) -> str:
        """This page's address with the rows from `offset` on; empty where there are none."""
        return self.here(offset=offset) if offset < count else ""

    def render(self, name: str, http: int = 200, **model: Any) -> HTMLResponse:
        """A page from its template; every value in it is escaped."""
        busy = self.desk.intake.rows(JOBS, "waiting", "running")
        navigation, path = self.request.app.state.navigation, self.request.url.path
        html = (
            _templates()
            .get_template(name)
            .render(
                page=self,
                t=self.t,
                organisation=self.desk.name,
                busy=busy,
                asset=asset,
                path=path,
                languages=languages(),
                navigation=navigation,
                place=next((p for p in navigation if p.is_at(path)), None),
                **model,
            )
        )
        response = HTMLResponse(html, http)
        for key, value in (("lang", self.language), ("theme", self.theme)):
            if self.request.query_params.get(key) == value:
                response.set_cookie(
                    f"abate_{key}", value, max_age=31536000, httponly=True, samesite="strict"
                )
        return response


def _accepted(request: Request) -> str:
    """The first language of those that a browser names which Abate speaks; English otherwise."""
    named = request.headers.get("accept-language", "").lower().split(",")
    codes = (n.partition(";")[0].strip().partition("-")[0] for n in named)
    return next((c for c in codes if c in languages()), "en")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["script_json"] = script_json
    environment.filters["urlsafe"] = lambda text: Markup(quote(str(text), safe=""))  # noqa: S704
    return environment


def compile_templates(*names: str) -> None:
    """Compile templates before they are asked for; assets and texts are read, too."""
    for name in (*names, "base.html", "parts.html"):
        _templates().get_template(name)
    for name in ("icon.svg", "app.css", "app.js", "htmx.min.js", "vega.js"):
        asset(name)
    catalogues()


@cache
def asset(name: str) -> str:
    """Address of a file of ours, which changes with its content.

    So that browsers may keep it for good.
    """
    content = (HERE / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"


async def form_of(request: Request) -> dict[str, str]:
    """Fields of a form as it was sent.

    Raises:
        UsageError: `bad-form`.
    """
    try:
        pairs = parse_qsl(
            (await request.body()).decode(), keep_blank_values=True, max_num_fields=5000
        )
    except ValueError as error:
        raise UsageError(
            "bad-form", "The form cannot be read.", "Go back and try again."
        ) from error
    return dict(pairs)


def accepted_of(form: Mapping[str, str]) -> dict[str, str]:
    """Reasons of a form for what a run may lack, by code; empty ones are left out."""
    told = {code: form.get(f"accept-{code}", "").strip() for code in SAID}
    return {code: reason for code, reason in told.items() if reason}


Form = Annotated[dict[str, str], Depends(form_of)]
"""The fields of a form; read before the handler, which works in a thread of its own."""


def year_of(page: Page, asked: str) -> str:
    """The valued year that a page shows: the one asked for, else the latest.

    Raises:
        NotFoundError: `no-run`.
    """
    return page.desk.run(asked.upper()).fiscal_year


def in_words(chart: Mapping[str, Any], page: Page) -> Json:
    """A chart with its titles and names of series in the visitor's language."""
    told: Json = localised(chart, page.t)
    return told
