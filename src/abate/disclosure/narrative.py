"""Texts that an organisation writes for its report: governance, risks, scenarios, transition plan."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

from abate.disclosure.datapoints import datapoints
from abate.kernel.errors import ConfigError
from abate.kernel.languages import languages

FOLDER = "chapters"
STATUSES = ("draft", "reviewed", "approved")
KEYS = ("title", "owner", "reviewed", "status", "answers")
FENCE = re.compile(r"\A\ufeff?\+\+\+\s*\n(.*?)^\+\+\+\s*$\n?", re.DOTALL | re.MULTILINE)
HINT = (
    "It begins with +++, then title, owner, reviewed, status and answers in TOML, then +++, then"
    " the text; see docs/systems/disclosure.md."
)


@dataclass(frozen=True, slots=True)
class Narrative:
    """A text of the organisation in its report.

    Args:
        name: Name of its file, without language and suffix.
        lang: `en` or `zh`; empty where it is used in every language.
        title: Heading.
        text: Markdown; figures may stand in it as references, as in the report's template.
        owner: Who answers for it.
        reviewed: Day of its last review; None before the first.
        status: `draft`, `reviewed` or `approved`.
        answers: Framework and datapoint of each that it answers.
    """

    name: str
    lang: str
    title: str
    text: str
    owner: str
    reviewed: date | None
    status: str
    answers: tuple[tuple[str, str], ...]

    @property
    def anchor(self) -> str:
        """Its place in the report."""
        return "text-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def read_narrative(file: str, content: str) -> Narrative:
    r"""A text from a file of the folder `chapters`.

    Args:
        file: Name of the file, such as `10-governance.zh.md`.
        content: What it holds.

    Raises:
        ConfigError: `bad-chapter`.

    Example:
        >>> told = read_narrative("10-risks.en.md", '+++\ntitle = "Risks"\nowner = "Lin"\n+++\nHeat.')
        >>> told.name, told.lang, told.status, told.text
        ('10-risks', 'en', 'draft', 'Heat.')
    """
    found = FENCE.match(content)
    if found is None:
        raise _bad(file, "has no head.")
    try:
        head = tomllib.loads(found.group(1))
    except tomllib.TOMLDecodeError as error:
        raise _bad(file, f"has a head that is no TOML: {error}.") from error
    strange = sorted(head.keys() - set(KEYS))
    if strange:
        raise _bad(file, f"has an unknown key '{strange[0]}'; there are {', '.join(KEYS)}.")
    status = head.get("status", "draft")
    if status not in STATUSES:
        raise _bad(file, f"has the status '{status}'; there are {', '.join(STATUSES)}.")
    reviewed = head.get("reviewed")
    if reviewed is not None and type(reviewed) is not date:
        raise _bad(file, "has a 'reviewed' that is no day, such as 2026-03-01.")
    if status != "draft" and reviewed is None:
        raise _bad(file, f"is {status}, and does not say when it was reviewed.")
    stem, _, lang = PurePath(file).stem.rpartition(".")
    name, lang = (stem, lang) if lang in languages() and stem else (PurePath(file).stem, "")
    return Narrative(
        name,
        lang,
        _text(file, head, "title"),
        re.sub(r"^#{1,2}(?= )", "###", content[found.end() :].strip(), flags=re.MULTILINE),
        _text(file, head, "owner"),
        reviewed,
        status,
        _answers(file, head.get("answers", [])),
    )


def _bad(file: str, what: str) -> ConfigError:
    return ConfigError("bad-chapter", f"{FOLDER}/{file} {what}", HINT)


def _text(file: str, head: Mapping[str, Any], key: str) -> str:
    value = head.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _bad(file, f"lacks '{key}'.")
    return value.strip()


def _answers(file: str, given: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, list) or not all(isinstance(x, str) for x in given):
        raise _bad(file, "has 'answers' that are no list of texts, such as [\"IFRS S2 29(e)\"].")
    known = {f"{framework} {name}": (framework, name) for framework, name in datapoints()}
    unknown = [x for x in given if x not in known]
    if unknown:
        raise _bad(
            file, f"answers '{unknown[0]}', which no framework asks for; see 'abate frameworks'."
        )
    return tuple(known[x] for x in given)
