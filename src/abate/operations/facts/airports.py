"""Airports and the distance of a flight between them: the great circle.

No uplift for detours and holding is added: the factors per passenger-kilometre that the distance is
multiplied with hold one of 8 % (UK Government conversion factors, methodology paper, section on air
travel).

Source: OurAirports (public domain), airports with scheduled service, 28 February 2026.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from abate.kernel.kind import item_id
from abate.kernel.region import country_named
from abate.kernel.resources import package_table

EARTH_RADIUS_KM = 6_371.0
CITY_RADIUS_KM = 120.0
"""Airports of one city lie within this distance of each other; farther apart they are of two cities
of one name.
"""
METROPOLITAN: dict[str, tuple[str, ...]] = {
    "LON": ("LHR", "LGW", "STN", "LTN", "LCY"), "PAR": ("CDG", "ORY"), "NYC": ("JFK", "EWR", "LGA"), "TYO": ("HND", "NRT"),
    "MIL": ("MXP", "LIN", "BGY"), "ROM": ("FCO", "CIA"), "STO": ("ARN", "BMA"), "MOW": ("SVO", "DME", "VKO"), "CHI": ("ORD", "MDW"),
    "WAS": ("IAD", "DCA"), "BUE": ("EZE", "AEP"), "SAO": ("GRU", "CGH", "VCP"), "RIO": ("GIG", "SDU"), "OSA": ("KIX", "ITM"),
    "SEL": ("ICN", "GMP"), "BJS": ("PEK", "PKX"), "YTO": ("YYZ", "YTZ"), "BHZ": ("CNF",),
}  # fmt: skip
"""Codes of cities with several airports (IATA), with the airports that stand for them."""


UNITED_KINGDOM = ("GB", "GG", "IM", "JE")
SHORT_HAUL = (
    "AL", "AT", "BA", "BE", "BG", "BY", "CH", "CY", "CZ", "DE", "DK", "DZ", "EE", "EG", "EH", "ES", "FI", "FO", "FR", "GI", "GL", "GR",
    "HR", "HU", "IE", "IS", "IT", "LT", "LU", "LV", "LY", "MA", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK",
    "TN", "TR", "XK",
)  # fmt: skip
"""Countries to which a flight from the United Kingdom is short-haul; it is domestic inside it, and long-haul to any other.

Source: UK Government conversion factors 2024, sheet "Haul definition".
"""


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport with scheduled service.

    Args:
        iata: Its code.
        city: The place it serves.
        country: Two letters.
        latitude: [degrees north].
        longitude: [degrees east].
    """

    iata: str
    city: str
    country: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Route:
    """A flight between two places.

    Args:
        km: Great-circle distance. Detours are part of the factors (UK Government conversion
            factors: 8 %).
        domestic: Whether both places lie in one country.
        british: Whether one of them lies in the United Kingdom, for whose flights its factors are
            made.
        haul: Item of such a flight by its other country, `air-short` or `air-long`; empty for any
            other flight.
    """

    km: float
    domestic: bool
    british: bool
    haul: str


@cache
def _airports() -> tuple[dict[str, Airport], dict[str, list[Airport]]]:
    """Airports by code, and by folded city."""
    codes: dict[str, Airport] = {}
    cities: dict[str, list[Airport]] = {}
    for row in package_table("abate.operations.facts", "airports.csv"):
        one = Airport(
            row["iata"], row["city"], row["country"], float(row["lat"]), float(row["lon"])
        )
        codes[one.iata] = one
        if one.city:
            cities.setdefault(item_id(one.city), []).append(one)
    return codes, cities


def great_circle_km(a: Airport, b: Airport) -> float:
    """Distance between two airports along the surface of a sphere of 6,371 km.

    Formula:
        haversine.

    Example:
        >>> codes = {code: airport_named(code)[0] for code in ("LHR", "JFK")}
        >>> round(great_circle_km(codes["LHR"], codes["JFK"]))
        5540
    """
    phi_a, phi_b = math.radians(a.latitude), math.radians(b.latitude)
    delta = math.radians(b.longitude - a.longitude)
    half = (
        math.sin((phi_b - phi_a) / 2) ** 2
        + math.cos(phi_a) * math.cos(phi_b) * math.sin(delta / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def airport_named(text: str) -> list[Airport] | str:
    """Airports that a code or a city means: several where they are of one city.

    A text that says what is wrong.

    Args:
        text: Such as `LHR`, `LON`, `Munich`, `London, GB`, `Heathrow (LHR)`.

    Example:
        >>> [a.iata for a in airport_named("Munich")], airport_named("Atlantis")
        (['MUC'], "'Atlantis' is not an airport with scheduled service, nor a city with one")
        >>> airport_named("London")
        "'London' may be London (CA) or London (GB): write a code such as LCY, or 'London, CA'"
    """
    codes, cities = _airports()
    plain = text.strip()
    bracketed = plain[plain.rfind("(") + 1 : -1] if plain.endswith(")") and "(" in plain else ""
    for code in (plain.upper(), bracketed.upper()):
        if code in codes:
            return [codes[code]]
        if code in METROPOLITAN:
            return [codes[c] for c in METROPOLITAN[code] if c in codes]
    city, _, of = ((bracketed and f"{plain[: plain.rfind('(')]},{bracketed}") or plain).partition(
        ","
    )
    country = country_named(of) if of.strip() else None
    found = [a for a in cities.get(item_id(city), []) if country in (None, a.country)]
    if not found:
        return f"'{plain}' is not an airport with scheduled service, nor a city with one"
    if any(great_circle_km(found[0], other) > CITY_RADIUS_KM for other in found[1:]):
        places = sorted({f"{a.city} ({a.country})" for a in found})
        told = " or ".join(
            places if len(places) > 1 else sorted(f"{a.iata} ({a.city})" for a in found)
        )
        return (
            f"'{plain}' may be {told}: write a code such as {found[0].iata}, or '{city.strip()},"
            f" {sorted(a.country for a in found)[0]}'"
        )
    return found


def route_between(start: str, end: str) -> Route | str:
    """The flight between two places, or what is wrong with one of them.

    Of several airports of a city, the mean counts.

    Example:
        >>> route_between("MAN", "DUB").domestic, round(route_between("MAN", "DUB").km)
        (False, 264)
    """
    places = [
        airport_named(text) if text.strip() else "a place is missing" for text in (start, end)
    ]
    for place in places:
        if isinstance(place, str):
            return f"{place}."
    here, there = (place for place in places if not isinstance(place, str))
    pairs = [(a, b) for a in here for b in there]
    km = sum(great_circle_km(a, b) for a, b in pairs) / len(pairs)
    if km == 0:
        return f"'{start.strip()}' and '{end.strip()}' are one place."
    ends = (here[0].country, there[0].country)
    abroad = [country for country in ends if country not in UNITED_KINGDOM]
    haul = ("air-short" if abroad[0] in SHORT_HAUL else "air-long") if len(abroad) == 1 else ""
    return Route(km, ends[0] == ends[1] or not abroad, len(abroad) < len(ends), haul)
