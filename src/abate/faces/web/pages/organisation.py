"""Organisation: entities, sites, settings, targets and measures, without editing TOML."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from abate.adapters.store.keys import OwnershipKeys
from abate.application.disclosure.targets import target_title
from abate.application.workspaces.organisation import (
    LISTS,
    SECTIONS,
    change_section,
    drop_item,
    former_configs,
    organisation_parts,
    put_item,
    restore_config,
)
from abate.faces.clock import present
from abate.faces.web.page import Cell, Form, Page
from abate.kernel.edges import Json, Model
from abate.kernel.errors import AbateError, UsageError

router = APIRouter()
NAMES = {
    "organisation": "Organisation",
    "fiscal_year": "Fiscal year",
    "inventory": "Boundary and gases",
    "base_year": "Base year",
    "finance": "Money",
    "entities": "Entities",
    "sites": "Sites",
    "targets": "Targets",
    "measures": "Measures",
}
SHOWN = {
    "entities": ("id", "name", "parent", "region", "operational_control", "financial_control"),
    "sites": ("id", "name", "entity", "region", "type", "opened", "closed"),
    "targets": ("title", "figure", "kind", "year", "value", "reduction", "base_year"),
    "measures": ("id", "title", "figure", "start", "abated_t", "investment", "yearly_cost"),
}
"""Columns of each list."""
LEFT_OUT = ("climate",)
"""Keys that the forms do not ask for; they stay as they are."""


@router.get("/organisation")
def organisation(
    request: Request,
    section: Annotated[str, Query(max_length=20)] = "",
    item: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """What is known of the organisation, each part with a form."""
    return _organisation(Page.of(request), section, item)


def _organisation(
    page: Page,
    section: str = "",
    item: str = "",
    fault: AbateError | None = None,
    given: Mapping[str, str] | None = None,
) -> Response:
    parts = organisation_parts(page.desk.workspace)
    lists = [
        {
            "id": name,
            "title": NAMES[name],
            "heads": [page.t(words(c)) for c in SHOWN[name]],
            "rows": [_row(page, name, x, k) for k, x in enumerate(parts[name], 1)],
        }
        for name in LISTS
    ]
    settings = [
        (
            name,
            NAMES[name],
            [(words(k), _text(v)) for k, v in parts[name].items() if v not in ("", None)],
        )
        for name in SECTIONS
    ]
    return page.render(
        "organisation.html",
        422 if fault else 200,
        settings=settings,
        lists=lists,
        editing=_editing(parts, section, item, given) if section in (*SECTIONS, *LISTS) else None,
        former=[
            (page.moment(f.replaced_at), f.change, f.name)
            for f in former_configs(page.desk.workspace)[:20]
        ],
        fault=fault,
    )


def _row(page: Page, section: str, item: Json, place: int) -> list[Cell]:
    key = str(item.get("id", place))
    first, *rest = SHOWN[section]
    name = _text(item.get(first)) or _target(page, place)
    link = page.link("/organisation", section=section, item=key) + "#form"
    return [Cell(name, link), *(Cell(page.t(_text(item.get(c)))) for c in rest)]


def _target(page: Page, place: int) -> str:
    """Title of a target that has none of its own."""
    return target_title(page.desk.workspace.targets[place - 1], page.t)


def words(key: str) -> str:
    """A key of the configuration in words."""
    return {"id": "short name in files", "abated_t": "t CO2e less a year"}.get(
        key, key.replace("_", " ")
    )


def _text(value: Any) -> str:
    """A value as a form shows it: lists with commas, shares of ownership with their day."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(
            f"{x['since']} {_text(x['share'])}" if isinstance(x, dict) else _quoted(str(x))
            for x in value
        )
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    """A text of a list, in quotation marks where it holds a comma."""
    return '"' + text.replace('"', '""') + '"' if "," in text or text[:1] == '"' else text


def _editing(parts: Json, section: str, item: str, given: Mapping[str, str] | None) -> Model:
    kind = {**SECTIONS, **LISTS}[section]
    held: Json = {}
    if section in SECTIONS:
        held = parts[section]
    elif item:
        every = enumerate(parts[section], 1)
        held = next((x for k, x in every if str(x.get("id", k)) == item), {})
    fields = [
        {
            "name": key,
            "title": words(key),
            "value": given.get(key, "") if given else _text(held.get(key)),
            "choices": choices(section, key),
            "fixed": key == "id" and bool(item),
            "hint": HINTS.get(key, ""),
        }
        for key in kind.__struct_fields__
        if key not in LEFT_OUT
    ]
    return {"section": section, "item": item, "title": NAMES[section], "fields": fields}


HINTS = {
    "ownership": "2020-01-01 0.4, 2023-07-01 0.6",
    "aliases": 'HQ, "Hall 3, south"',
    "expects": "electricity, natural-gas",
    "buildings": "b1, b2",
    "region": "DE, US-CAMX",
    "currency": "EUR",
    "year": "FY2030",
    "base_year": "FY2020",
    "start": "FY2026",
    "figure": "gross",
}


def _types(section: str, key: str) -> tuple[Any, ...]:
    """What the declaration of a key allows."""
    hint = get_type_hints({**SECTIONS, **LISTS}[section])[key]
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def choices(section: str, key: str) -> list[str]:
    """What a key may be, where its declaration lists it."""
    types = _types(section, key)
    flags = ["", "yes", "no"] if bool in types else []
    listed = [v for x in types if get_origin(x) is Literal for v in get_args(x) if v]
    return flags + listed


def _typed(section: str, form: Mapping[str, str]) -> Json:
    """Values of a form as the configuration takes them.

    Raises:
        UsageError: `bad-value`.
    """
    fields = {**SECTIONS, **LISTS}[section].__struct_fields__
    return {k: _value(section, k, text.strip()) for k, text in form.items() if k in fields}


def _value(section: str, key: str, text: str) -> Any:
    """A text of a form as its declaration wants it; the check of the file judges the rest."""
    types = _types(section, key)
    items = next((get_args(x)[0] for x in types if get_origin(x) is list), None)
    value: Any = text
    if not text:
        value = ""
    elif items is OwnershipKeys:
        value = _shares(key, text)
    elif items is not None:
        (listed,) = csv.reader([text.replace("\n", " ")], skipinitialspace=True)
        value = [x.strip() for x in listed if x.strip()]
    elif bool in types:
        value = {"yes": True, "no": False}.get(text, text)
    elif int in types or float in types:
        number = _number(key, text)
        value = int(number) if int in types and number.is_integer() else number
    return value


def _shares(key: str, text: str) -> list[Json]:
    """Shares of ownership, each with its first day.

    Raises:
        UsageError: `bad-value`.
    """
    pairs = [part.split() for part in text.split(",") if part.strip()]
    if any(len(p) != 2 for p in pairs):
        raise UsageError(
            "bad-value", f"'{text}' is not a list of shares.", f"Write {HINTS['ownership']}."
        )
    return [{"since": day, "share": _number(key, share)} for day, share in pairs]


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(
            "bad-value", f"{words(key)}: '{text}' is not a number.", "Write it as 0.4 or 1200."
        ) from error


@router.post("/organisation")
def change(request: Request, form: Form) -> Response:
    """Change a part of the organisation, or add or remove one."""
    page = Page.of(request)
    section, item = form.get("section", ""), form.get("item", "")
    workspace = page.desk.workspace
    try:
        if section in SECTIONS:
            change_section(workspace, section, _typed(section, form), now=present())
        elif form.get("action") == "remove":
            drop_item(workspace, section, item, now=present())
        else:
            put_item(workspace, section, item, _typed(section, form), now=present())
    except AbateError as error:
        return _organisation(page, section, item, error, form)
    return RedirectResponse("/organisation", 303)


@router.post("/organisation/restore")
def restore(request: Request, form: Form) -> Response:
    """Take a change back."""
    page = Page.of(request)
    try:
        restore_config(page.desk.workspace, form.get("name", ""), now=present())
    except AbateError as error:
        return _organisation(page, fault=error)
    return RedirectResponse("/organisation", 303)
