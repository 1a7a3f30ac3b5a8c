"""Lots: watt-hours of a device and an hour as certificates, and the accounts between which they move."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from abate.energy.facts.meters import KINDS
from abate.kernel.kind import Kind

ISSUER, HELD, RETIRED, PARTY = "issuer", "held", "retired:", "party:"
"""Accounts: who creates lots, what is ours, where they end, and whose else they are."""
ACTS = "lots-"
"""Begins the templates of imports that bring lots and transfers of them."""
READ = f"{ACTS}read"
CLAIMED = f"{ACTS}claimed-"
"""Of those that read a file; and of claims, with how they were matched, such as `hourly`."""
TO = ".."
"""Between the first and the last of a run of numbers."""
OF_STORAGE = "storage/"
"""Begins the place where what a storage took in ends; it comes out as lots of its own."""
FACE_WH = 1
"""Smallest part of a lot [Wh].

Source: EnergyTag, Granular Certificate Scheme Standard, face value of a granular certificate.
"""
GEC_WH = 1_000_000
"""Of a Chinese green certificate (GEC) [Wh].

Source: National Energy Administration, rules of green certificates (2024): one a MWh.
"""
MARKET_WORDS = {"sun": "solar", "solar pv": "solar", "太阳能发电": "solar", "风能": "wind"}
_KIND: Kind = next(k for k in KINDS if k.id == "instrument")


@dataclass(frozen=True, slots=True)
class Device:
    """What makes electricity that lots are of.

    Args:
        id: Its name.
        technology: As factors of certificates name it, such as `wind`.
        region: Where it may be delivered, with all below it, such as `CN`; empty for anywhere.
        site: Site behind whose meter it stands; empty for one of its own.
        commissioned: Day on which it began, empty where it is not known.
        issuer: Who issues its lots.
        storage: Storage that gave them back; empty where they come from the generator itself.
        contract: Contract under which they are delivered; empty for certificates.
    """

    id: str
    technology: str
    region: str = ""
    site: str = ""
    commissioned: str = ""
    issuer: str = ""
    storage: str = ""
    contract: str = ""


def technology_named(text: str) -> str | None:
    """The technology that a word in a file or a registry means, or None.

    Example:
        >>> technology_named("Solar_PV"), technology_named("风力发电"), technology_named("Wind (onshore)"), technology_named("?")
        ('solar', 'wind', 'wind', None)
    """
    plain = text.strip().lower().replace("_", " ")
    for words in (plain, plain.split("(")[0].strip(), *plain.split()):
        found = MARKET_WORDS.get(words) or _KIND.item_named(words)
        if found:
            return found
    return None


@dataclass(frozen=True, slots=True)
class Numbers:
    """A run of certificates' numbers.

    Args:
        of: Whose they are: the device where numbers have no letters, else their letters.
        first: The first.
        last: The last.
    """

    of: str
    first: int
    last: int


def numbers_of(serial: str, device: str) -> Numbers | None:
    """The numbers that a serial names, first and last parted by two points; None for none.

    Example:
        >>> numbers_of("GEC2024-0007", "farm"), numbers_of("0..999", "farm")
        (Numbers(of='GEC2024-', first=7, last=7), Numbers(of='farm', first=0, last=999))
    """
    ends = [re.fullmatch(r"(.*\D|)(\d+)", end) for end in serial.split(TO)]
    first, last = ends[0], ends[-1]
    if first is None or last is None or first[1] != last[1] or int(last[2]) < int(first[2]):
        return None
    return Numbers(first[1] or device, int(first[2]), int(last[2]))


def overlap(runs: Iterable[Numbers]) -> Numbers | None:
    """A run that shares numbers with another, or None."""
    before: Numbers | None = None
    for one in sorted(runs, key=lambda n: (n.of, n.first, n.last)):
        if before is not None and (one.of, True) == (before.of, one.first <= before.last):
            return one
        before = one
    return None


def retired_for(year: str, site: str) -> str:
    """The account in which lots end that a site claims for a fiscal year.

    Example:
        >>> retired_for("FY2024", "hq"), claim_of("retired:FY2024/hq"), claim_of("party:ACME")
        ('retired:FY2024/hq', ('FY2024', 'hq'), None)
    """
    return f"{RETIRED}{year}/{site}"


def claim_of(account: str) -> tuple[str, str] | None:
    """Fiscal year and site of an account in which claimed lots end; None for any other."""
    if not account.startswith(RETIRED) or account.startswith(f"{RETIRED}{OF_STORAGE}"):
        return None
    year, _, site = account.removeprefix(RETIRED).partition("/")
    return year, site
