"""Commands of the organisation: what `abate.toml` says of it, changed piece by piece."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from abate.faces.cli import show as out
from abate.faces.cli.app import HERE, JsonOption, WorkspaceOption, app, opened_at
from abate.faces.clock import present

organisation_app = typer.Typer(
    help="Entities, sites, targets, measures and settings: show, set, remove, restore.",
    no_args_is_help=True,
)
app.add_typer(organisation_app, name="organisation")
SectionArgument = Annotated[
    str,
    typer.Argument(
        help=(
            "organisation, fiscal_year, inventory, base_year, finance, entities, sites, targets or"
            " measures."
        )
    ),
]
KeyOption = Annotated[
    str,
    typer.Option("--key", help="Id of an entity, site or measure; place of a target from 1."),
]


@organisation_app.command("show")
def show_organisation(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """Show what `abate.toml` says of the organisation, and its former texts."""
    from dataclasses import asdict

    from abate.application.workspaces.organisation import former_configs, organisation_parts

    opened = opened_at(workspace)
    told, former = organisation_parts(opened), former_configs(opened)
    if json:
        out.print_json(told | {"former": [asdict(f) for f in former]})
        return
    for name, part in told.items():
        items = part if isinstance(part, list) else [part]
        rows = [(str(x.get("id", k)), _said(x)) for k, x in enumerate(items, 1) if x]
        if rows:
            out.table(name, ("key" if isinstance(part, list) else "", "says"), rows)
    if former:
        body = [(f.name, str(f.replaced_at), f.change) for f in former[:20]]
        out.table("Former texts", ("name", "replaced at", "by the change"), body)


def _said(item: Any) -> str:
    return ", ".join(f"{k} = {v}" for k, v in item.items() if v not in ("", None, [], {}))


@organisation_app.command("set")
def set_organisation(
    section: SectionArgument,
    values: Annotated[
        list[str],
        typer.Argument(help="KEY=VALUE, the value as TOML writes it or as a plain text."),
    ],
    key: KeyOption = "",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Change a section, or an item of a list; without --key an item is added.

    An empty value takes a key out. What is replaced can be restored.
    """
    from abate.application.workspaces.organisation import SECTIONS, change_section, put_item
    from abate.kernel.errors import UsageError

    pairs = [v.partition("=") for v in values]
    odd = [text for text, mark, _ in pairs if not mark or not text.strip()]
    if odd:
        raise UsageError("bad-value", f"'{odd[0]}' has no value.", "Write KEY=VALUE.")
    told = {k.strip(): _value(text.strip()) for k, _, text in pairs}
    opened = opened_at(workspace)
    if section in SECTIONS:
        change_section(opened, section, told, now=present())
    else:
        put_item(opened, section, key, told, now=present())
    out.console().print(f"{section}: changed. 'abate organisation restore' takes it back.")


def _value(text: str) -> Any:
    """A value as TOML writes it; else the text itself."""
    import tomllib

    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, bool | int | float | str | list) else text


@organisation_app.command("remove")
def remove_item(
    section: SectionArgument,
    key: Annotated[str, typer.Argument(help="Id, or place of a target from 1.")],
    workspace: WorkspaceOption = HERE,
) -> None:
    """Remove an entity, site, target or measure that nothing stands on."""
    from abate.application.workspaces.organisation import drop_item

    drop_item(opened_at(workspace), section, key, now=present())
    out.console().print(f"{section} {key}: removed. 'abate organisation restore' takes it back.")


@organisation_app.command("restore")
def restore_organisation(
    name: Annotated[
        str, typer.Argument(help="Name of a former text.", show_default="the newest")
    ] = "",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Bring a former text of `abate.toml` back; the present one is kept as well."""
    from abate.application.workspaces.organisation import former_configs, restore_config

    opened = opened_at(workspace)
    newest = next((f.name for f in former_configs(opened)), "")
    restore_config(opened, name or newest, now=present())
    out.console().print(f"{name or newest} is back.")
