"""Files that people write: what may stand in them is declared once.

And everything else is refused with its place.

A file is declared as classes of msgspec: types are strict, a key that is not declared is a fault,
and so is a number that is none. What declarations cannot say, such as dates in order, whoever reads
the file checks and raises `FileKeyError` with the place.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from abate.kernel.edges import Json
from abate.kernel.errors import ConfigError

Key = str | int
T = TypeVar("T")
HINT = "See docs/reference/config.md."
TOLD_MAX = 300
"""Characters of a fault that are shown."""
MAX_BYTES = 4 << 20
"""Largest file that is read: nobody writes a longer one."""
WORDS = {
    "bool": "true or false", "str": "a text in quotes", "int": "a whole number", "float": "a number", "array": "a list in [ ]",
    "object": "a table", "date": "a day such as 2024-01-31", "null": "nothing", "datetime": "a day with a time",
}  # fmt: skip


class FileKeyError(Exception):
    """A fault of a file that its declaration cannot say.

    Args:
        path: Keys and places that lead to it, such as `("sites", 2, "closed")`.
        what: What is wrong.
        hint: What to do; empty takes the file's own.
    """

    def __init__(self, path: Sequence[Key], what: str, hint: str = "") -> None:
        super().__init__(what)
        self.path, self.what, self.hint = tuple(path), what, hint


def read_toml(path: Path, kind: type[T], code: str, hint: str = HINT) -> T:
    """Read a file as it is declared.

    Args:
        path: The file.
        kind: Its declaration.
        code: Code of the error.
        hint: What to do where nothing nearer is known.

    Raises:
        ConfigError: `code`.
    """
    text = toml_text(path, code, hint)
    return declared(
        parsed(text, path.name, code, hint), kind, code=code, name=path.name, text=text, hint=hint
    )


def toml_text(path: Path, code: str, hint: str) -> str:
    """Text of a file that people write.

    Raises:
        ConfigError: `code`.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(code, f"{path.name} is larger than {MAX_BYTES >> 20} MiB.", hint)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            code, f"{path.name} is not text in UTF-8: {error}.", "Save it as UTF-8."
        ) from error
    except OSError as error:
        raise ConfigError(
            code, f"{path.name} cannot be read: {error.strerror}.", "Check the path."
        ) from error


def parsed(text: str, name: str, code: str, hint: str) -> Json:
    """TOML as data.

    Raises:
        ConfigError: `code`.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(code, f"{name} is not TOML: {error}.", hint) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise ConfigError(
            code, f"{name} holds what cannot be read: {str(error)[:100]}.", hint
        ) from error


def declared(
    data: Json,
    kind: type[T],
    *,
    code: str,
    name: str,
    text: str = "",
    hint: str = "",
    strict: bool = True,
) -> T:
    """Data as it is declared.

    Args:
        data: What was read.
        kind: A class of msgspec.
        code: Code of the error.
        name: Name of the file.
        text: Its text, to name the line.
        hint: What to do where nothing nearer is known.
        strict: Whether a key that is not declared is a fault; else it is left out, as in what an
            older version kept.

    Raises:
        ConfigError: `code`.
    """
    try:
        return msgspec.convert(_known(data, kind, (), strict=strict), kind)
    except FileKeyError as error:
        found = error
        if found.hint.startswith("Known are"):
            known = dict(_everywhere(kind))
            near = get_close_matches(str(found.path[-1]).casefold(), known, n=1, cutoff=0.75)
            found.hint = f"Did you mean '{near[0]}' of {known[near[0]]}?" if near else found.hint
    except msgspec.ValidationError as error:
        what, path = _told(str(error))
        choices = ", ".join(_choices(kind, path))
        found = FileKeyError(
            path, what, f"Choose one of {choices}." if choices and "choices" in what else ""
        )
    raise fault(found, code=code, name=name, text=text, data=data, hint=hint)


def fault(
    odd: FileKeyError, *, code: str, name: str, text: str, data: Mapping[str, Any], hint: str
) -> ConfigError:
    """A fault as people read it: file, line, place, what is wrong."""
    line = line_of(text, odd.path)
    where = f"{name} line {line}" if line else name
    place = _place(odd.path, data)
    what = odd.what if len(odd.what) < TOLD_MAX else f"{odd.what[:TOLD_MAX]}…"
    return ConfigError(code, f"{where}: {place + ': ' if place else ''}{what}.", odd.hint or hint)


def _choices(kind: Any, path: tuple[Key, ...]) -> list[str]:
    """What a key may be, where only some texts are allowed."""
    for key in path:
        inner = [a for k in _parts(kind) if get_origin(k) in (list, tuple) for a in get_args(k)]
        structs = [k for k in _parts(kind) if isinstance(k, type) and issubclass(k, msgspec.Struct)]
        fields = {f.encode_name: f.type for s in structs for f in msgspec.structs.fields(s)}
        kind = fields.get(str(key)) if isinstance(key, str) else next(iter(inner), None)
    return [str(a) for k in _parts(kind) if get_origin(k) is Literal for a in get_args(k) if a]


def _known(value: Any, kind: Any, path: tuple[Key, ...], *, strict: bool) -> Any:
    """A value without keys that are not declared, or the first of these as a fault."""
    if isinstance(value, float) and not math.isfinite(value):
        raise FileKeyError(path, f"is {value}, not a number")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        raise FileKeyError(path, "is too large a number")
    if isinstance(value, dict):
        return dict(_known_items(value, kind, path, strict=strict))
    if isinstance(value, list):
        inner = next(
            (a for k in _parts(kind) if get_origin(k) in (list, tuple) for a in get_args(k)), Any
        )
        return [_known(v, inner, (*path, k), strict=strict) for k, v in enumerate(value)]
    return value


def _known_items(
    value: Json, kind: Any, path: tuple[Key, ...], *, strict: bool
) -> Iterator[tuple[str, Any]]:
    struct = next(
        (k for k in _parts(kind) if isinstance(k, type) and issubclass(k, msgspec.Struct)), None
    )
    fields = {f.encode_name: f.type for f in msgspec.structs.fields(struct)} if struct else None
    free = next((get_args(k)[1] for k in _parts(kind) if get_origin(k) is dict), Any)
    for key, inner in value.items():
        if fields is not None and key not in fields:
            if strict:
                raise _unknown(key, list(fields), path)
            continue
        yield (
            key,
            _known(inner, fields[key] if fields is not None else free, (*path, key), strict=strict),
        )


def _unknown(key: str, fields: list[str], path: tuple[Key, ...]) -> FileKeyError:
    near = get_close_matches(key.casefold(), fields, n=1, cutoff=0.6)
    known = f"Did you mean '{near[0]}'?" if near else f"Known are {', '.join(sorted(fields))}."
    return FileKeyError((*path, key), "is not known here", known)


def _everywhere(kind: Any, section: str = "the file") -> Iterator[tuple[str, str]]:
    """Every key that is declared, with the section that it is of."""
    for struct in structs_of(kind):
        for f in msgspec.structs.fields(struct):
            yield f.encode_name, section
            yield from _everywhere(f.type, f"[{f.encode_name}]")


def _parts(kind: Any) -> tuple[Any, ...]:
    """The kinds of which a kind is one: members of a union, and what an annotation is about."""
    if hasattr(kind, "__metadata__"):
        return _parts(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return tuple(p for a in get_args(kind) for p in _parts(a))
    return (kind,)


def structs_of(kind: Any) -> list[type[msgspec.Struct]]:
    """Declarations that a kind leads to: its own, or of what its list holds."""
    found = []
    for part in _parts(kind):
        inner = get_args(part) if get_origin(part) in (list, tuple) else (part,)
        found += [
            k
            for i in inner
            for k in _parts(i)
            if isinstance(k, type) and issubclass(k, msgspec.Struct)
        ]
    return found


def kind_in_words(kind: Any) -> str:
    """A kind for the reference page.

    Example:
        >>> kind_in_words(list[int] | None), kind_in_words(Literal["end", "start"])
        ('list of: whole number', '`end`, `start`')
    """
    told = []
    for part in _parts(kind):
        if get_origin(part) is Literal:
            told.append(", ".join(f"`{a}`" for a in get_args(part) if a))
        elif get_origin(part) in (list, tuple):
            told.append(f"list of: {kind_in_words(get_args(part)[0])}")
        elif get_origin(part) is dict:
            told.append(f"table of: {kind_in_words(get_args(part)[1])}")
        elif part is not type(None):
            struct = isinstance(part, type) and issubclass(part, msgspec.Struct)
            told.append("table" if struct else _PLAIN.get(getattr(part, "__name__", ""), str(part)))
    return " or ".join(told)


_PLAIN = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "date": "day",
}


def _told(message: str) -> tuple[str, tuple[Key, ...]]:
    """What msgspec says, in words, and the path.

    Example:
        >>> _told("Expected `bool | null`, got `str` - at `$.entities[1].operational_control`")
        ('is a text in quotes, not true or false', ('entities', 1, 'operational_control'))
    """
    what, _, at = message.partition(" - at `$")
    path: tuple[Key, ...] = tuple(
        int(k) if k.isdigit() else k
        for k in re.findall(r"\.([^.\[\]`]+)|\[(\d+)\]", at)
        for k in k
        if k
    )
    if found := re.fullmatch(r"Expected `([^`]+)`, got `(\w+)`", what):
        wanted = [WORDS.get(w, w) for w in found[1].split(" | ") if w != "null"]
        return f"is {WORDS.get(found[2], found[2])}, not {' or '.join(wanted)}", path
    if found := re.fullmatch(r"Object missing required field `([^`]+)`", what):
        return f"'{found[1]}' is missing", path
    if found := re.fullmatch(r"Expected `(array|str|object)` of length (.*)", what):
        return f"must have {found[2]} {'characters' if found[1] == 'str' else 'entries'}", path
    if found := re.fullmatch(r"Expected `\w+` (.*)", what):
        return f"must be {found[1]}", path
    if found := re.fullmatch(r"Invalid enum value (.*)", what):
        return f"is {found[1]}, which is not one of the choices", path
    return f"is not as it should be ({what})", path


def _place(path: tuple[Key, ...], data: Mapping[str, Any]) -> str:
    """A path as people read it: `[[sites]] 'hq': closed`."""
    told: list[str] = []
    here: Any = data
    for depth, key in enumerate(path):
        if isinstance(here, dict):
            here = here.get(key)
        else:
            here = here[key] if isinstance(here, list) and isinstance(key, int) else None
        last = depth == len(path) - 1
        if isinstance(key, int):
            name = here.get("id", here.get("name")) if isinstance(here, dict) else None
            told[-1] = f"[[{told[-1].strip('[]')}]]" if depth == 1 else told[-1]
            told[-1] += (
                f" '{name}'" if isinstance(name, str) and len(name) < 60 else f" number {key + 1}"
            )
        elif depth == 0 and not last:
            told.append(f"[{key}]")
        else:
            told.append(key)
    return ": ".join(told)


def line_of(text: str, path: Sequence[Key]) -> int:
    r"""Line of a TOML text in which a path begins, from 1; 0 where it is not found.

    Example:
        >>> line_of('[a]\nx = 1\n[[b]]\nid = 2\n[[b]]\nid = 3\n', ("b", 1, "id"))
        6
    """
    counts: dict[str, int] = {}
    here: tuple[Key, ...] = ()
    best, best_depth = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$", line):
            names: list[Key] = [part.strip().strip("\"'") for part in head[2].split(".")]
            if head[1] == "[[":
                counts[head[2]] = counts.get(head[2], -1) + 1
                names.append(counts[head[2]])
            elif len(names) > 1 and str(names[0]) in counts:
                names.insert(1, counts[str(names[0])])
            here = tuple(names)
        elif key := re.match(r"\s*([\w-]+|\"[^\"]*\"|'[^']*')\s*(\.|=)", line):
            found = (*here, key[1].strip("\"'"))
            if found == tuple(path)[: len(found)] and len(found) > best_depth:
                best, best_depth = number, len(found)
            continue
        else:
            continue
        if here == tuple(path)[: len(here)] and len(here) > best_depth:
            best, best_depth = number, len(here)
    return best
