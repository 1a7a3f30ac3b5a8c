"""Write the national factors that ship with Abate, from publishers' files read by its own importers.

    python tools/shipped_factors.py FOLDER

FOLDER holds `factors/` and `world_factors/`. What a licence or its terms do not allow stays out: residual mixes of
Europe and the United States are for the user to import. See docs/decisions/factors.md.
"""

import csv
import sys
from dataclasses import replace
from pathlib import Path

from abate.application.factors import read_factors
from abate.kernel.factor import COLUMNS, Factor, factor_rows
from abate.kernel.resources import package_table

SOURCES = Path(__file__).parents[1] / "src" / "abate"
FIRST_YEAR = 2015
UK_FUELS = {
    "natural-gas", "diesel", "motor-gasoline", "lpg", "propane", "butane", "gas-oil", "kerosene", "residual-fuel-oil", "coal-industrial",
    "coal-domestic", "wood-logs", "wood-chips", "wood-pellets", "biogas", "biodiesel", "hvo",
}  # fmt: skip
USUAL = {
    "small", "medium", "large", "diesel", "petrol", "hybrid", "economy", "business", "first", "premium-economy", "domestic", "non-uk", "short",
    "rigid", "articulated", "refrigerated", "international", "london", "outside-london", "foot", "black-cab", "office-equipment",
    "heating", "cng", "lpg", "landfill", "incineration", "recycling", "composting", "anaerobic-digestion",
}  # fmt: skip
"""Attributes of vehicles, trips and treatments whose factors ship; rarer ones come with the user's import."""
UK_EDITIONS = (
    "beis_conversion_factors_2022_flat.csv", "ghg-conversion-factors-2023-flat-file-update.xlsx",
    "ghg-conversion-factors-2024-condensed.xlsx", "ghg-conversion-factors-2025-flat-file.xlsx",
)  # fmt: skip
UK_POWER = {"electricity", "electricity-loss", "heat", "heat-loss"}


def electricity(folder: Path) -> list[Factor]:
    """Grids, their upstream and losses, by country; subregions of the United States."""
    world = folder / "world_factors"
    found = [
        f
        for name in ("grid_factors_direct", "electricity_upstream_lifecycle", "residual_mix")
        for f in read_factors(world / f"{name}.csv")[2]
    ]
    found = [f for f in found if (f.year or 9999) >= FIRST_YEAR and f.region != "CN"]
    found = [
        f for f in found if f.item != "residual-mix" or f.source.licence.startswith("CC BY 4.0")
    ]
    found = [f for f in found if f.basis != "life-cycle" or f.region == "FR"]
    for year in (2023, 2024):
        hub = read_factors(folder / "factors" / "us_epa" / f"ghg-emission-factors-hub-{year}.xlsx")[
            2
        ]
        found += [f for f in hub if f.kind in ("electricity", "heat") and f.item != "non-baseload"]
    for name in UK_EDITIONS:
        found += [
            replace(f, reach="home")
            for f in read_factors(folder / "factors" / "uk_desnz" / name)[2]
            if f.kind in UK_POWER
        ]
    return found


def others(folder: Path) -> list[Factor]:
    """Fuels and their heating values by country, travel and waste of the United States and the United Kingdom, prices."""
    world = folder / "world_factors"
    found = read_factors(world / "fuels_heating_values_transport.csv")[2]
    hub = read_factors(folder / "factors" / "us_epa" / "ghg-emission-factors-hub-2024.xlsx")[2]
    found += [f for f in hub if f.kind not in ("electricity", "heat")]
    for name in UK_EDITIONS[1::2]:
        edition = read_factors(folder / "factors" / "uk_desnz" / name)[2]
        found += [
            replace(f, reach="home")
            for f in edition
            if f.kind.endswith("fuel") and f.item in UK_FUELS
        ]
        found += [f for f in edition if f.kind == "vehicle" and _usual(f.item)]
    starters = {
        (r["kind"], r["item"], r["region"])
        for r in package_table("abate.operations", "factors.csv")
    }
    edition = read_factors(folder / "factors" / "uk_desnz" / UK_EDITIONS[1])[2]
    wanted = ("travel", "hotel-stay", "homeworking", "waste", "freight")
    found += [
        replace(f, data_year=None, ages=True)
        for f in edition
        if f.kind in wanted and (f.kind, f.item, f.region) not in starters and _usual(f.item)
    ]
    prices = {
        r["unit"] for r in package_table("abate.operations", "factors.csv") if r["kind"] == "price"
    }
    for name in ("exchange_rates_annual_2015_2025", "price_indices_2015_2024"):
        found += [f for f in read_factors(world / f"{name}.csv")[2] if not _stands(f, prices)]
    return found


def _usual(item: str) -> bool:
    return set(item.split("/")[1:]) <= USUAL


def _stands(factor: Factor, prices: set[str]) -> bool:
    """Whether a rate of the pair and year, or an index of the currency, ships already from another source."""
    above, _, below = factor.masses[0].unit.partition("/")
    pairs = {f"{above}/{below}", f"{below}/{above}"}
    return bool(pairs & prices) or (
        below.endswith("_basket") and any(p.endswith(f"/{below}") for p in prices)
    )


def main() -> None:
    folder = Path(sys.argv[1])
    for package, found in (("energy", electricity(folder)), ("operations", others(folder))):
        unique = {f.id: f for f in found}
        rows = [row for f in sorted(unique.values(), key=lambda f: f.id) for row in factor_rows(f)]
        with (SOURCES / package / "facts" / "national.csv").open(
            "w", encoding="utf-8", newline=""
        ) as handle:
            writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"{package}: {len(unique)} factors, {len(rows)} rows")


if __name__ == "__main__":
    main()
