"""Formats of interval data that are read by their name."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from abate.kernel.resources import package_text


@dataclass(frozen=True, slots=True)
class Format:
    """A format of interval data.

    Args:
        name: What it is called.
        source: Where such files come from.
        file: Name of an example.
        says: What is special in reading it.
        example: The beginning of a file.
    """

    name: str
    source: str
    file: str
    says: str
    example: str


def formats() -> tuple[Format, ...]:
    """The formats that are read by their name, each with an example."""
    told = tomllib.loads(package_text("abate.adapters.readers", "formats.toml"))["formats"]
    return tuple(Format(f["name"], f["from"], f["file"], f["says"], f["example"]) for f in told)
