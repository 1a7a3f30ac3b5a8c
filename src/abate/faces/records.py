"""What each use case takes and gives, read from where a face declares it.

The Python door says it of most; a command or a route says it of the rest.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from abate.faces.use_cases import UseCase
from abate.kernel.edges import Json

CONTEXT = ("desk", "jobs", "request", "where")
"""Parameters of a route that its caller does not give by themselves."""

USUAL = {
    "about": "Who is meant by 'we' in the texts.",
    "accept": "Codes of findings that are accepted, with the reason.",
    "accepted": "Whether the meaning of its columns is taken as it was read.",
    "amount_t": "Tonnes; all that is left where none is named.",
    "building": "Id of a building.",
    "by": "What to break down by; of what a person does, the name.",
    "after": "Fiscal year to compare with; of a page, the last row of the page before.",
    "before": "Fiscal year to compare from.",
    "around": "Row that is shown with those beside it.",
    "data": "File or table.",
    "entity": "Id of an entity.",
    "factor_id": "Id of a factor.",
    "figure": "Id of a figure, such as net.",
    "figures": "Ids of figures.",
    "folder": "Folder to write into; it is made.",
    "import_id": "Id of an import.",
    "job_id": "Id of a job.",
    "key": "Id of an item.",
    "kind": "What it counts, such as electricity.",
    "lang": "Language, such as en or zh; the workspace's where none is named.",
    "ledger": "Whether the ledger's own figures are compared with.",
    "level": "Level of assurance.",
    "limit": "Most rows.",
    "meter": "Name of a meter.",
    "metric": "What is stated, such as scope1.",
    "month": "Month, such as 2024-03.",
    "movements": "File or table of movements.",
    "name": "Its name, as a list prints it.",
    "names": "Ids of indicators; all where none is named.",
    "note": "What the person says of it.",
    "packaging": "TOML of materials, schemes, tariff and freight.",
    "parent": "Meter above it.",
    "path": "File to read, or to write.",
    "paths": "Files to read.",
    "publisher": "Whose file it is; found out where none is named.",
    "q": "Words that have to occur.",
    "row": "Row of a file.",
    "reason": "Why.",
    "replaces": "Meter that it takes the place of.",
    "section": "Section of abate.toml.",
    "serial": "Serial number of a credit.",
    "sheet": "Sheet of a workbook.",
    "site": "Id of a site.",
    "step": "Step of sign-off.",
    "template": "Template of one's own; that of Abate where none is named.",
    "unit": "Unit of values that name none.",
    "upload_id": "Id of an upload.",
    "words": "Words that have to occur.",
    "year": "Fiscal year, such as FY2024.",
    "years": "Fiscal years.",
}
"""What is meant by a name that a declaration does not explain."""


@dataclass(frozen=True, slots=True)
class Input:
    """Something that a use case takes.

    Args:
        name: Its name.
        type: Its type, as Python writes it.
        about: What it is.
        needed: Whether it has to be given.
    """

    name: str
    type: str
    about: str
    needed: bool


@dataclass(frozen=True, slots=True)
class Record:
    """What a use case takes and gives.

    Args:
        inputs: What it takes.
        output: Type of what it gives; `None` where it only does something.
        about: What it does.
    """

    inputs: tuple[Input, ...]
    output: str
    about: str


def record_of(one: UseCase) -> Record:
    """What a use case takes and gives."""
    found = _declared(one)
    if not callable(found) or isinstance(found, type):
        return Record((), type(found).__name__, one.title)
    text = inspect.getdoc(found) or ""
    told = _arguments(text)
    hints = _hints(found)
    signature = inspect.signature(found)
    inputs = []
    for name, parameter in signature.parameters.items():
        if name == "self" or name in CONTEXT:
            continue
        kind, about = _typed(hints.get(name, parameter.annotation))
        needed = parameter.default is inspect.Parameter.empty and parameter.kind not in (
            inspect.Parameter.VAR_KEYWORD,
            inspect.Parameter.VAR_POSITIONAL,
        )
        inputs.append(Input(name, kind, told.get(name) or about or USUAL.get(name, ""), needed))
    output, _ = _typed(hints.get("return", signature.return_annotation))
    return Record(tuple(inputs), output, text.partition("\n")[0])


def _declared(one: UseCase) -> Any:
    """Function, property or value that declares a use case."""
    if name := one.address("python"):
        first, _, rest = name.partition(".")
        module = {"Workspace": "workspace", "Run": "run"}.get(first)
        if not rest:
            return getattr(import_module("abate"), name)
        kind = getattr(import_module(f"abate.faces.python.{module}"), first)
        found = inspect.getattr_static(kind, rest)
        return found.fget if isinstance(found, property) else getattr(kind, rest)
    if one.address("command"):
        return dict(_commands())[one.command]
    face, package = ("rest", "api") if one.address("rest") else ("page", "web.pages")
    return dict(_routes(f"abate.faces.{package}"))[getattr(one, face)]


def _commands() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Commands with the functions that carry them out."""
    from typer.main import get_command

    from abate.faces.cli.app import app

    import_module("abate.faces.cli.main")  # where commands join the app

    def below(command: Any, name: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        for word, sub in getattr(command, "commands", {}).items():
            yield from below(sub, f"{name} {word}".strip())
        if getattr(command, "callback", None) is not None:
            yield name, inspect.unwrap(command.callback)

    yield from below(get_command(app), "")


def _routes(package: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Routes of a package with the functions that answer them."""
    for found in iter_modules(import_module(package).__path__):
        router = getattr(import_module(f"{package}.{found.name}"), "router", None)
        for route in getattr(router, "routes", ()):
            for method in route.methods:
                yield f"{method} {route.path.removeprefix('/api/v1')}", route.endpoint


def _hints(function: Callable[..., Any]) -> Json:
    """Types of a function with what is said of them; empty where some are for checkers alone."""
    try:
        return get_type_hints(function, include_extras=True)
    except NameError:
        return {}


def _typed(hint: Any) -> tuple[str, str]:
    """A type as Python writes it, and what an annotation says of it."""
    about = ""
    if get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        said = (getattr(m, "help", None) or getattr(m, "description", None) for m in more)
        about = next((s for s in said if s), "")
    if hint is inspect.Signature.empty:
        return "Any", about
    if hint is None or hint is type(None):
        return "None", about
    text = hint if isinstance(hint, str) else inspect.formatannotation(hint)
    return re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z])|\babate(?:\.\w+)+\.", "", text), about


def _arguments(text: str) -> dict[str, str]:
    """What a docstring says of each argument."""
    part = re.search(r"^Args:\n((?:[ ]{4}.*\n?|\n)+)", text, re.MULTILINE)
    if part is None:
        return {}
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", part[1], re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in found}
