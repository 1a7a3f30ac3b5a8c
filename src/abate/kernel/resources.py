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
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return tuple(dict(row) for row in csv.DictReader(text.splitlines()))
