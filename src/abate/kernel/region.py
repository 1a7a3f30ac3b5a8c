"""Regions, narrow to wide: province, grid, country, world."""

from __future__ import annotations

import re
from functools import cache

from abate.kernel.resources import package_table

WORLD = "world"


@cache
def _parents() -> dict[str, str]:
    return {row["region"]: row["parent"] for row in package_table("abate.kernel", "regions.csv")}


@cache
def _countries() -> dict[str, str]:
    """Countries by their codes and names, folded (ISO 3166-1)."""
    found: dict[str, str] = {}
    for row in package_table("abate.kernel", "countries.csv"):
        for name in (row["region"], row["alpha3"], *row["names"].split("|")):
            found[name.casefold()] = row["region"]
    return found


def country_named(text: str) -> str | None:
    """The code of a country by its two or three letters or its name; None where there is none.

    What stands in brackets after a name, such as the state a territory belongs to, is passed over.

    Example:
        >>> country_named("AUS"), country_named("Viet Nam"), country_named("Bermuda (U.K.)"), country_named("Asia")
        ('AU', 'VN', 'BM', None)
        >>> country_named("Deutschland"), country_named("UK"), country_named("日本")
        ('DE', 'GB', 'JP')
    """
    plain = text.strip().casefold()
    for known in (_countries, _local_names):
        found = known().get(plain) or known().get(re.sub(r"\s*\(.*\)$", "", plain))
        if found:
            return found
    return None


@cache
def _local_names() -> dict[str, str]:
    """Countries by their names in their own and other languages (Unicode CLDR).

    A name of two countries is left out.
    """
    from babel import Locale  # noqa: PLC0415  (only where a name is not one of ISO 3166-1)

    codes = set(_countries().values())
    found: dict[str, set[str]] = {}
    for language in [
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "nl",
        "pl",
        "sv",
        "da",
        "nb",
        "fi",
        "cs",
        "ja",
        "ko",
        "zh",
        "tr",
        "en",
    ]:
        for code, name in Locale(language).territories.items():
            if code in codes:
                found.setdefault(name.casefold(), set()).add(code)
    own = {"uk": "GB", "usa": "US", "england": "GB"}
    return {name: some.pop() for name, some in found.items() if len(some) == 1} | own


def country_of(region: str) -> str:
    """The code of the country that a region, or a site's own region, lies in.

    Example:
        >>> country_of("US-CAMX"), country_of("CN-HE/hq"), country_of("GB/london")
        ('US', 'CN', 'GB')
    """
    return region.partition("/")[0].partition("-")[0]


def country_name(region: str) -> str:
    """Name of the country a region lies in, or the region's code where it is in none.

    Example:
        >>> country_name("GB"), country_name("US-CAMX"), country_name("world")
        ('United Kingdom', 'United States', 'world')
    """
    names = {
        row["region"]: row["names"].split("|")[0]
        for row in package_table("abate.kernel", "countries.csv")
    }
    return names.get(country_of(region), region)


def region_named(text: str) -> str | None:
    """The region that a cell names by its code, such as `AU` or `CN-ZJ`, or by a country's name.

    None where it does not.

    Example:
        >>> region_named("Australia"), region_named("CN-ZJ"), region_named(""), region_named("Atlantis"), region_named("UK")
        ('AU', 'CN-ZJ', '', None, 'GB')
    """
    plain = text.strip()
    if not plain or plain.lower() == WORLD:
        return plain.lower()
    code = plain.upper()
    if re.fullmatch(
        r"[A-Z]{2}(-[A-Z0-9]{1,9}){0,2}", code, re.ASCII
    ):  # a code first: names in many languages take time
        own = re.match(r"AA|Q[M-Z]|X[A-Z]|ZZ", code)  # left to users by ISO 3166-1
        if own or code[:2] in _countries().values():
            return code
    return country_named(plain)


EU = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV",
    "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
"""Countries that recognise each other's guarantees of origin: the European Union and the European Economic Area.

Source: Directive (EU) 2018/2001, article 19 (9).
"""


def market_named(text: str) -> str | None:
    """The market in which a certificate holds: a region, or `EU` for guarantees of origin.

    None where it is neither.

    Example:
        >>> market_named("Deutschland"), market_named("AIB"), market_named("US-CA"), market_named("the moon")
        ('DE', 'EU', 'US-CA', None)
    """
    if text.strip().casefold() in {
        "eu",
        "eea",
        "europe",
        "european union",
        "aib",
        "eecs",
        "欧盟",
        "欧洲",
    }:
        return "EU"
    return region_named(text)


def markets_of(region: str) -> tuple[str, ...]:
    """The markets whose certificates may serve a region, from itself to the world.

    Example:
        >>> markets_of("DE")
        ('DE', 'world', 'EU')
    """
    chain = region_chain(region)
    return (*chain, "EU") if set(chain) & set(EU) else chain


@cache
def region_chain(region: str) -> tuple[str, ...]:
    """The regions that hold a region, from itself to the world.

    A site's own region is written `CN-HE/hq` and lies in the one before the slash. Any other region
    that the table does not name lies in the one before its last hyphen, and that in the world.

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
