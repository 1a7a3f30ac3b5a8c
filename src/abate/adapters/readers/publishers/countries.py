"""Collections of national factors with a column for everything.

Grids, residual mixes, fuels, losses; rates and prices.

Every row names its own publication, table, edition, licence, evidence and verification. What a row
is, is read from its item; how its year, its kWh and its gases are meant, from its columns of
period, basis and gases.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

from abate.adapters.readers.publishers.printed import csv_rows, item_of
from abate.kernel.gates import FactorEdition, Line
from abate.kernel.kind import slug
from abate.kernel.species import UNSPECIFIED
from abate.kernel.units import CURRENCIES

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TITLE = "National emission factors, each row with its own publication"


def read_countries(path: Path) -> FactorEdition:
    """A table of national factors.

    Columns geo, item, value, unit, basis, gases, publication, evidence, and more.
    """
    lines: list[Line] = []
    unused: Counter[tuple[str, str]] = Counter()
    for number, row in enumerate(csv_rows(path), 2):
        found = _line(row, number)
        if isinstance(found, str):
            unused[f"{row['publisher']}: {row['item']}", found] += 1
        else:
            lines += found
    return _publication("countries", TITLE, "as each row says", lines, unused)


def _publication(
    publisher: str, title: str, licence: str, lines: list[Line], unused: Counter[tuple[str, str]]
) -> FactorEdition:
    """A collection, whose edition is the day of its newest row."""
    last = max((line.published_on for line in lines if line.published_on), default=date(2026, 1, 1))
    return FactorEdition(publisher, title, str(last.year), last, licence, "", lines, unused=unused)


def _line(row: dict[str, str], number: int) -> list[Line] | str:
    """Lines of a row, or why it is not used."""
    recommended = row.get("recommended", "")
    if recommended.startswith("no"):
        return "not to be used before the original is seen"
    if recommended == "reference only" or row["geo"] in ("EU27", "EUU", "EMU", "WLD"):
        return "no place of an organisation"
    means = _meaning(row)
    if isinstance(means, str):
        return means
    kinds, item, basis, unit = means
    year, for_year = years_of(row)
    # a fuel's carbon is not a year's: what is not tied to data of one may serve others, with a finding
    ages = (
        not row["data_year"]
        and bool(set(kinds) & set(FUELS))
        and "identical in NGA" not in row["note"]
    )
    year, for_year = (None, None) if ages else (year, for_year)
    region = re.sub(r"^US-eGRID-", "US-", row["geo"])
    inside = row["geo_name"].partition(", ")[2]
    if (
        "-" not in region and inside and inside != "national"
    ):  # a part of the country without a code of its own
        region = f"{region}-{slug(inside.split(' (')[0]).upper()[:9]}"
    co2_only = row["gases"].strip() == "CO2" or unit.startswith(("kg CO2/", "t CO2/"))
    species = "property" if "fuel-property" in kinds else "CO2" if co2_only else UNSPECIFIED
    per = (
        "generated" if "generation average" in row["item"] else "consumed" if _consumed(row) else ""
    )
    told = "/".join(
        slug(p)
        for p in (row["publisher"], row["item"], row["edition"], row["period"])
        if p and p != "-"
    )
    return [
        Line(
            f"countries/{told}/{region}/{kind}",
            f"{told}/{region}/{kind}",
            kind,
            item,
            region,
            year,
            basis,
            species,
            row["value"],
            _unit(unit),
            row["table_page"],
            number,
            1.0,
            row["note"] or row["item"],
            "checked" if row["evidence"].startswith("A") else "secondary",
            published_on(row),
            row["edition"],
            for_year=for_year,
            per=per if kind == "electricity" else "",
            evidence=row["evidence"][:1],
            gwp_set="" if species == "CO2" else "AR5" if "AR5" in row["gases"] else "",
            publication=f"{row['publication']} ({row['publisher']})",
            licence=row["licence"],
            ages=ages,
        )
        for kind in kinds
    ]


def _consumed(row: dict[str, str]) -> bool:
    return "consum" in f"{row['item']} {row['scope_use']}".lower() or "purchased" in row["item"]


def _unit(unit: str) -> str:
    plain = re.sub(r"^(kg|t|g) CO2e?/", r"\1/", unit)
    for text, ours in (
        ("litre", "L"),
        ("Nm3", "nm3"),
        ("passenger-km", "pkm"),
        ("kWh (gross, PCS)", "kWh_gross"),
        ("kWh (net)", "kWh_net"),
    ):
        plain = plain.replace(text, ours)
    return plain


Meaning = tuple[tuple[str, ...], str, str, str]
"""Kinds, item, basis and printed unit."""
FUELS = ("stationary-fuel", "mobile-fuel")
OF_ELECTRICITY: tuple[tuple[str, tuple[tuple[str, ...], str, str] | str], ...] = (
    (r"operating margin$|simple operating margin", (("electricity-margin",), "operating-margin", "direct")),
    (r"build margin|combined margin", "a margin of avoided emissions that no method looks up"),
    (r"menu M|supplier|Okinawa Electric", "of one supplier; add it with 'abate factors add' where it is yours"),
    (r"residual mix", (("electricity",), "residual-mix", "direct")),
    (r"scope 3 \(upstream fuel \+ T&D", (("electricity",), "grid-average", "upstream")),
    (r"WTT.*T&D", (("electricity-loss",), "grid-average", "upstream")),
    (r"T&D", (("electricity-loss",), "grid-average", "direct")),
    (r"life-cycle|average consumption mix", (("electricity",), "grid-average", "life-cycle")),
    (r"WTT|upstream", (("electricity",), "grid-average", "upstream")),
    (r"transmission level", "for customers of the transmission network; add it with 'abate factors add' where it is yours"),
    (r"incl\. imports", "an alternative to the domestic factor of the same publisher"),
    (r"", (("electricity",), "grid-average", "direct")),
)  # fmt: skip
"""What a row of electricity is, by words in its item: the first that fits."""
GRIDS = re.compile(r"electricity|grid|SIN average|Sistema El|residual|margin|TEPCO", re.I)


def _meaning(row: dict[str, str]) -> Meaning | str:
    item, unit = row["item"], row["unit"]
    if GRIDS.search(item):
        # a substitute value for an unknown supplier is not a value of a supplier
        plain = (
            item.replace("for an unknown supplier", "").split("unknown sup")[0]
            if "substitute" in item
            else item
        )
        means = next(
            meaning for pattern, meaning in OF_ELECTRICITY if re.search(pattern, plain, re.I)
        )
        return means if isinstance(means, str) else (*means, unit)
    if "heating value" in row["basis"]:
        basis = "net" if "net" in row["basis"] else "gross"
        return ("fuel-property",), _fuel(item), "direct", unit.replace("MJ", f"MJ_{basis}", 1)
    if item.startswith("passenger transport: "):
        return (
            ("travel",),
            TRANSPORT.get(item.removeprefix("passenger transport: "), slug(item)),
            "life-cycle",
            unit,
        )
    if "purchased heat" in item:
        return ("heat",), "district-heat", "direct", unit
    basis = "life-cycle" if "life-cycle" in row["basis"] else "direct"
    purpose = (
        "stationary" if "stationary" in item else "mobile" if re.search(r"\broad\b", item) else ""
    )
    kinds = tuple(k for k in FUELS if k.startswith(purpose)) if purpose else FUELS
    return kinds, _fuel(item), basis, unit


TRANSPORT = {
    "TGV": "rail/high-speed", "TER, average traction": "rail/regional", "Intercites": "rail/intercity", "coach, diesel": "coach",
    "metro, tram (100,000-250,000 inhabitants)": "metro", "RER and Transilien, Ile-de-France": "rail/suburban",
    "city bus, diesel": "bus/diesel", "city bus, electric": "bus/electric", "city bus, CNG": "bus/cng",
}  # fmt: skip
PRINTED = {
    "diesel oil": "diesel", "diesel (keiyu)": "diesel", "petrol": "motor-gasoline", "gasoline": "motor-gasoline", "city gas": "city-gas",
    "heavy oil a": "heavy-oil-a", "heavy oil b/c": "heavy-oil-bc", "fuel oil": "residual-fuel-oil", "heating oil": "heating-oil",
    "furnace oil": "residual-fuel-oil", "natural gas (domestic": "natural-gas", "heating oil (fioul domestique)": "gas-oil",
    "motor petrol e5/e10 (garden machines": "motor-gasoline", "coal, indian sub-bituminous": "sub-bituminous-coal",
    "coal, imported bituminous": "other-bituminous-coal", "steam coal, imported": "steam-coal-imported",
    "steam coal, domestic": "steam-coal-domestic", "coking coal, imported": "coking-coal", "anthracite, imported": "anthracite",
    "hard coal": "other-bituminous-coal",
}  # fmt: skip
"""Fuels as the collection prints them, where a comma does not part the fuel from what is said of it."""


def _fuel(item: str) -> str:
    plain = item.lower()
    known = next(
        (ours for text, ours in PRINTED.items() if plain == text or plain.startswith(f"{text},")),
        None,
    )
    return known or PRINTED.get(plain.split(",")[0]) or item_of(plain.split(",")[0])


def years_of(row: dict[str, str]) -> tuple[int | None, int | None]:
    """Year of the data, and the year that the value is meant for where that is another.

    Example:
        >>> years_of({"data_year": "2024", "period": "CY2024", "edition": "v4.0, for use in 2027", "basis": "direct"})
        (2024, 2027)
        >>> years_of({"data_year": "", "period": "FY2022-23", "edition": "Version 19.0", "basis": "direct"})
        (2022, None)
        >>> years_of({"data_year": "", "period": "NGA edition 2026", "edition": "2026", "basis": "direct"})
        (None, 2026)
    """
    data = int(row["data_year"]) if row["data_year"] else None
    if meant := re.search(r"for use in (\d{4})", f"{row['period']} {row['edition']}"):
        return data, int(meant.group(1))
    if data is not None:
        return data, None
    if fiscal := re.search(r"FY ?(\d{4})", row["period"]):
        return int(fiscal.group(1)), None
    if edition := re.search(r"identical in NGA (\d{4})", row.get("note", "")) or re.search(
        r"edition (\d{4})", row["period"]
    ):
        physical = "heating value" in row["basis"]
        return None, None if physical else int(edition.group(1))
    return None, None


def published_on(row: dict[str, str]) -> date:
    """Day of publication: as the edition says, else the middle of its year, else of the year after the data."""
    edition = re.sub(r"for use in \d{4}", "", row["edition"])
    days = re.findall(r"(\d{1,2}) ([A-Z][a-z]{2})[a-z]* (20\d\d)", edition)
    if days:
        return max(date(int(y), MONTHS.index(m.lower()) + 1, int(d)) for d, m, y in days)
    if month := re.search(r"([A-Z][a-z]{2})[a-z]* (20\d\d)", edition):
        return date(int(month.group(2)), MONTHS.index(month.group(1).lower()) + 1, 1)
    if iso := re.search(r"(20\d\d)-(\d\d)", edition):
        return date(int(iso.group(1)), int(iso.group(2)), 1)
    if reiwa := re.findall(r"R(\d+)(?:\.(\d+)\.(\d+))?", edition):
        return max(date(2018 + int(y), int(m or 7), int(d or 1)) for y, m, d in reiwa)
    named = re.search(r"(20\d\d)", edition)
    year, meant = years_of(row)
    fallback = meant - 1 if meant else (year + 1 if year else 2025)
    return date(int(named.group(1)) if named else fallback, 7, 1)


def read_rates(path: Path) -> FactorEdition:
    """Yearly exchange rates: units of each currency per US dollar, means of the year."""
    lines = []
    for number, row in enumerate(csv_rows(path), 2):
        currency, year = row["currency"], int(row["year"])
        if currency == "USD":
            continue
        key = f"{currency}-USD/{year}"
        lines.append(
            Line(
                f"rates/{key}",
                key,
                "price",
                "",
                "world",
                None,
                "direct",
                "property",
                row["units_per_USD"],
                f"{currency}{year}/USD{year}",
                "mean of the year",
                number,
                1.0,
                row["verification"],
                "secondary",
                date(year + 1, 1, 5),
                str(year),
                publication=row["source"].split(",")[0] + ", means of the year",
            )
        )
    licence = "ECB: free re-use with the source named"
    return _publication("rates", "Exchange rates of the year", licence, lines, Counter())


MONEY_OF = {
    "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CN": "CNY", "CZ": "CZK", "DK": "DKK", "EMU": "EUR", "GB": "GBP", "HK": "HKD",
    "HU": "HUF", "ID": "IDR", "IL": "ILS", "IN": "INR", "JP": "JPY", "KR": "KRW", "MX": "MXN", "MY": "MYR", "NO": "NOK", "NZ": "NZD",
    "PH": "PHP", "PL": "PLN", "RO": "RON", "SE": "SEK", "SG": "SGD", "TH": "THB", "TR": "TRY", "US": "USD", "ZA": "ZAR",
}  # fmt: skip
"""Currency of each place with a price index; the euro has that of its area."""


def read_price_indices(path: Path) -> FactorEdition:
    """Consumer price indices by year, one for each currency."""
    lines, unused = [], Counter[tuple[str, str]]()
    for number, row in enumerate(csv_rows(path), 2):
        currency, year = MONEY_OF.get(row["geo"], ""), int(row["year"])
        if row["indicator_name"] != "CPI" or currency not in CURRENCIES:
            unused[
                row["indicator_name"], "one index serves each currency: that of consumer prices"
            ] += 1
            continue
        key = f"{currency}/{year}"
        lines.append(
            Line(
                f"price-index/{key}",
                key,
                "price",
                "",
                "world",
                None,
                "direct",
                "property",
                row["index_2019_100"],
                f"{currency}{year}/{currency}_basket",
                "FP.CPI.TOTL.ZG, 2019 = 100",
                number,
                1.0,
                row["verification"],
                "secondary",
                date(2025, 7, 1),
                "July 2025",
                publication="World Development Indicators, consumer prices (World Bank)",
                licence="CC BY 4.0",
            )
        )
    return _publication(
        "price-indices", "Consumer price indices (World Bank)", "CC BY 4.0", lines, unused
    )


COLLECTIONS: dict[str, tuple[str, Callable[[Path], FactorEdition]]] = {
    "countries": ("scope_use", read_countries),
    "rates": ("units_per_USD", read_rates),
    "price-indices": ("index_2019_100", read_price_indices),
}
"""Readers with the column by which each file is known."""
