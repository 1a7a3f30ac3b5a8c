"""Tables that ship inside the package: the one thing below the adapters that is read from disk."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def package_table(package: str, name: str) -> tuple[dict[str, str], ...]:
    """Read a CSV table that ships with a package.

    Args:
        package: Dotted name of the package, such as `abate.kernel`.
        name: File name inside it.

    Returns:
        One dictionary per row, in file order.
    """
    return tuple(dict(row) for row in csv.DictReader(package_text(package, name).splitlines()))


def package_text(package: str, name: str) -> str:
    """Read a text that ships with a package."""
    return files(package).joinpath(name).read_text(encoding="utf-8")
