"""Regions, narrow to wide: province, grid, country, world."""

from __future__ import annotations

import re
from functools import cache

from abate.kernel.resources import package_table

WORLD = "world"


@cache
def _parents() -> dict[str, str]:
    return {row["region"]: row["parent"] for row in package_table("abate.kernel", "regions.csv")}


def region_named(text: str) -> str | None:
    """The region that a cell names by its code, such as `AU` or `CN-ZJ`; None where it is no code.

    Example:
        >>> region_named("au"), region_named("CN-ZJ"), region_named(""), region_named("Atlantis")
        ('AU', 'CN-ZJ', '', None)
    """
    plain = text.strip()
    if not plain or plain.lower() == WORLD:
        return plain.lower()
    return plain.upper() if re.fullmatch(r"[A-Za-z]{2}(-[A-Za-z0-9]{1,9}){0,2}", plain) else None


@cache
def region_chain(region: str) -> tuple[str, ...]:
    """The regions that hold a region, from itself to the world.

    A site's own region is written `CN-HE/hq` and lies in the one before the slash. Any other region that the table
    does not name lies in the one before its last hyphen, and that in the world.

    Example:
        >>> region_chain("CN-HE")
        ('CN-HE', 'CN-R-North', 'CN', 'world')
        >>> region_chain("US-CAMX")
        ('US-CAMX', 'US', 'world')
        >>> region_chain("GB/london")
        ('GB/london', 'GB', 'world')
    """
    chain = [region]
    while chain[-1] != WORLD:
        here = chain[-1]
        if "/" in here:
            chain.append(here.rsplit("/", 1)[0])
        else:
            chain.append(_parents().get(here) or (here.rsplit("-", 1)[0] if "-" in here else WORLD))
    return tuple(chain)
