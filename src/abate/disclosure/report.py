"""The yearly report: a template in Markdown whose figures are references, as a page and as a print."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from abate.disclosure.markup import escaped, heading_id, reader
from abate.kernel.errors import UsageError
from abate.kernel.languages import Translate, catalogues
from abate.kernel.resources import package_text

STAYS = ("summary", "about")
"""Sections of which no report is without."""


def report_markdown(model: Mapping[str, Any], *, lang: str, template: str = "") -> str:
    """The report in Markdown.

    Args:
        model: What `abate.application.disclosure.report_model` gathers, with `fig`, `change` and
            `chart`, which write references.
        lang: Language of the package's template.
        template: A template of one's own; that of the package where there is none.

    Raises:
        UsageError: `bad-template` where a template names what is not there, or cannot be read.
    """
    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        finalize=_finalised,
        comment_start_string="{##",
        comment_end_string="##}",  # `{#name}` names a heading
    )  # Markdown is escaped by `finalize`; HTML is never read from it
    text = template or _own_template(lang)
    try:
        return environment.from_string(text).render(**model)
    except (
        TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        raise UsageError(
            "bad-template", f"The report's template: {error}.", "See docs/systems/disclosure.md."
        ) from error


def _own_template(lang: str) -> str:
    """The template of the package; each line of it that the language knows is told in it."""
    known = catalogues()[lang].texts
    lines = package_text("abate.disclosure", "report.md").splitlines(keepends=True)
    return "".join(known.get(("template", x.rstrip("\n")), x.rstrip("\n")) + "\n" for x in lines)


def filled(text: str, model: Mapping[str, Any]) -> Markup:
    """A text of the organisation, such as its letter, with its references filled in."""
    return Markup(report_markdown(model, lang="en", template=text))  # noqa: S704  (Markdown of the organisation's own)


def _finalised(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    markdown = getattr(value, "markdown", None)
    return markdown if markdown is not None else escaped(str(value))


SPOKEN = frozenset(
    ["text", "title", "series", "part", "step", "name", "approach", "category", "side", "domain"]
)
"""Keys of a chart whose texts people read."""


def localised(spec: Any, t: Translate, key: str = "") -> Any:
    """A chart with its titles and the names of its series in another language."""
    if isinstance(spec, Mapping):
        return {k: localised(v, t, k) for k, v in spec.items()}
    if isinstance(spec, list):
        return [localised(v, t, key) for v in spec]
    return t(spec) if isinstance(spec, str) and key in SPOKEN else spec


def page(name: str, model: Mapping[str, Any]) -> str:
    """A template of this package filled in; every value in it is escaped."""
    return _template(name).render(**model)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["script_json"] = script_json
    return environment.from_string(package_text("abate.disclosure", name))


def script_json(content: Any) -> str:
    r"""JSON that can stand inside a script element.

    Example:
        >>> print(script_json({"a": "</script>"}))
        {"a": "\u003c/script>"}
    """
    return Markup(  # noqa: S704
        json.dumps(content, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")
    )


def sections(lang: str) -> list[tuple[str, str]]:
    """Sections of the package's template, by the names they carry, that may be left out."""
    found = re.findall(r"^## (.*) \{#([\w.-]+)\}$", _own_template(lang), re.MULTILINE)
    return [(name, title) for title, name in found if name not in STAYS and "{{" not in title]


def shortened(markdown: str, without: Sequence[str]) -> str:
    """A report without some of its sections.

    Raises:
        UsageError: `unknown-section`, `section-stays`.
    """
    parts = re.split(r"^(?=#{1,2} )", markdown, flags=re.MULTILINE)
    named = [re.match(r"#{1,2} .*\{#([\w.-]+)\}\s*\n", part) for part in parts]
    names = [found[1] if found else "" for found in named]
    for name in without:
        if name in STAYS:
            raise UsageError(
                "section-stays",
                f"The section '{name}' stays: it says what is incomplete.",
                "Leave out others.",
            )
        if name not in names:
            raise UsageError(
                "unknown-section",
                f"No section '{name}'.",
                f"One of: {', '.join(n for n in names if n and n not in STAYS)}.",
            )
    kept = [part for name, part in zip(names, parts, strict=True) if name not in without]
    for k in range(len(kept) - 1, 0, -1):  # a heading over nothing goes with what was under it
        is_bare = kept[k].startswith("# ") and not kept[k].partition("\n")[2].strip()
        if without and is_bare and (k + 1 == len(kept) or kept[k + 1].startswith("# ")):
            del kept[k]
    return "".join(kept)


def headings(markdown: str) -> tuple[str, list[tuple[str, str]]]:
    r"""Title of a report, and its chapters by the names they carry.

    Example:
        >>> headings("# A report\n\n## One {#one}\n\ntext")
        ('A report', [('one', 'One')])
    """
    title, found = "", []
    tokens = reader().parse(markdown)
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag in ("h1", "h2"):
            name = heading_id(tokens[at + 1])
            text = "".join(c.content for c in tokens[at + 1].children or [])
            if token.tag == "h1" and not title:
                title = text
            elif name:
                found.append((name, text))
    return title, found
