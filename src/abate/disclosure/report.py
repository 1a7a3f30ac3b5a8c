"""The yearly report as one HTML page: pure text from what it is given."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from abate.kernel.resources import package_text


def render(model: dict[str, Any]) -> str:
    """The report's HTML.

    Args:
        model: What `abate.adapters.reporting` gathers: figures, charts, explanations, findings, methods, factors.

    Returns:
        One page that needs no network; every value in it is escaped.
    """
    return page("report.html", model)


def page(name: str, model: dict[str, Any]) -> str:
    """A template of this package filled in; every value in it is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["script_json"] = script_json
    return environment.from_string(package_text("abate.disclosure", name)).render(**model)


def script_json(content: Any) -> str:
    r"""JSON that can stand inside a script element.

    Example:
        >>> print(script_json({"a": "</script>"}))
        {"a": "\u003c/script>"}
    """
    return Markup(json.dumps(content, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704
