"""Every publisher and edition: rows drawn by a seed give what is printed, and every section is looked up or said not to be.

The printed number is read from the publisher's file here, not taken from the importer's factor.
"""

import csv
import random
import re
from collections import Counter

import pytest

from abate.adapters.readers.publishers import READERS, guess_publisher
from abate.application.catalogue import METHODS, default_factors
from abate.application.factors import import_factors, read_factors
from abate.application.opening import create_workspace
from abate.kernel.factor import content_hash
from abate.kernel.matching import FactorBook, FactorQuery, Match
from abate.kernel.species import gwp
from abate.kernel.units import CANONICAL, money_in, quantity
from support import CONFIG, NOW

EDITIONS = {
    "factors/uk_desnz/beis_conversion_factors_2022_flat.csv": "AR4",
    "factors/uk_desnz/ghg-conversion-factors-2023-flat-file-update.xlsx": "AR5",
    "factors/uk_desnz/ghg-conversion-factors-2024-condensed.xlsx": "AR5",
    "factors/uk_desnz/ghg-conversion-factors-2025-flat-file.xlsx": "AR5",
    "factors/us_epa/ghg-emission-factors-hub-2023.xlsx": "AR5",
    "factors/us_epa/ghg-emission-factors-hub-2024.xlsx": "AR5",
    "factors/us_useeio/SupplyChainGHGEmissionFactors_v1.2_NAICS_CO2e_USD2021.csv": "AR4",
    "factors/china_grid/cn_grid_factors_2020_2023.csv": "AR5",
    "world_factors/grid_factors_direct.csv": "AR5",
    "world_factors/residual_mix.csv": "AR5",
    "world_factors/electricity_upstream_lifecycle.csv": "AR5",
    "world_factors/fuels_heating_values_transport.csv": "AR5",
}
ROWS = 30
LOOKED_UP = (
    {"electricity-margin"}
    | {kind for m in METHODS for kind, _ in m.card.lookups}
    | {m.card.ratio for m in METHODS if m.card.ratio}
)
THROUGH = {"fuel-property", "price", "gwp", "electricity-instrument", "purchased-goods-by-gas"}
"""Kinds on the way to a factor, potentials that are compared with ours, and the table by gas beside
that of CO2e.
"""


def canonical_of(unit):
    amount = quantity(1, unit)
    known = [money_in(unit)] if money_in(unit) else list(CANONICAL.values())
    name = next(c for c in known if quantity(1, c).dimensionality == amount.dimensionality)
    return name, float(amount.to(quantity(1, name).units).magnitude)


def alternative(factor):
    """Rows of a publisher that stand beside the recommended one of the same place."""
    return (
        factor.region == "DE"
        and (factor.per == "generated" or factor.gas_basis == "CO2")
        and factor.kind == "electricity"
    )


@pytest.mark.parametrize("name", EDITIONS)
def test_an_activity_in_the_printed_unit_gives_the_printed_value(shared, name):
    path, gwp_set = shared / name, EDITIONS[name]
    factors = read_factors(path)[2]
    own = {f.id for f in factors}
    book = FactorBook([*(f for f in default_factors() if f.id not in own), *factors])
    usable = sorted(
        (f for f in factors if f.kind not in THROUGH and not alternative(f) and f.region != "CN-R"),
        key=lambda f: f.id,
    )
    if "upstream" in name:  # the built-in assumption for China is superseded only in its own years
        usable = [f for f in usable if f.region != "CN"]
    drawn = random.Random(name).sample(usable, min(ROWS, len(usable)))
    for f in drawn:
        unit = f.masses[0].unit.partition("/")[2]
        canonical, scale = canonical_of(unit)
        year = f.year or (f.edition_year if f.ages else 2026)
        match = book.match(FactorQuery(f.kind, f.item, f.region, year, canonical, basis=f.basis))
        assert isinstance(match, Match), (f.id, match.message)
        given = sum(mg * gwp(s, gwp_set) for s, mg in match.mg_per_unit.items()) * scale / 1e6
        printed = sum(
            float(quantity(m.value, m.unit).to(quantity(1, f"kg/{unit}").units).magnitude)
            * gwp(m.species, gwp_set)
            for m in f.masses
        )
        assert given == pytest.approx(printed, rel=5e-4, abs=1e-9), (f.id, match.factor.id)


@pytest.mark.parametrize("name", [n for n in EDITIONS if "flat-file" in n])
def test_totals_printed_in_the_workbook_are_given_again(shared, name):
    """The total in kg CO2e that the file prints, read past the importer's own masses."""
    from abate.adapters.readers.publishers.desnz import DESNZ_UNITS, meaning
    from abate.adapters.readers.publishers.printed import workbook
    from abate.adapters.readers.workbooks import cell_text

    rows = workbook(shared / name)["Factors by Category"]
    header = next(k for k, row in enumerate(rows) if row and row[0] == "ID")
    year = int(re.findall(r"\d{4}", str(rows[header][9]))[0])
    printed = [
        (cells, float(row[9]))
        for row in rows[header + 1 :]
        if (cells := [cell_text(c) for c in row[:9]])[8] == "kg CO2e"
        and isinstance(row[9], float)
        and row[9] > 0
        and cells[2] not in ("Outside of scopes", "Refrigerant & other")
    ]
    book = FactorBook(read_factors(shared / name)[2])
    seen = 0
    for cells, total in random.Random(year).sample(printed, 120):
        means = meaning(*cells[2:7])
        if not means.kinds:
            continue
        canonical, scale = canonical_of(DESNZ_UNITS[cells[7]])
        match = book.match(
            FactorQuery(
                means.kinds[0], means.item, means.region, year, canonical, basis=means.basis
            )
        )
        counted = {s: mg for s, mg in match.mg_per_unit.items() if s != "CO2-biogenic"}
        given = sum(mg * gwp(s, "AR5") for s, mg in counted.items()) * scale / 1e6
        assert given == pytest.approx(total, rel=5e-4, abs=3e-5), cells
        seen += 1
    assert seen >= ROWS


@pytest.mark.parametrize(
    "name",
    [
        *EDITIONS,
        "world_factors/grid_margins.csv",
        "world_factors/exchange_rates_annual_2015_2025.csv",
        "world_factors/price_indices_2015_2024.csv",
        "factors/grid_world/IFI_Default_Grid_Factors_2021_v3.1_unfccc.csv",
    ],
)
def test_every_section_is_looked_up_or_said_not_to_be_used(shared, name):
    publication = READERS[guess_publisher(shared / name)](shared / name)
    left = Counter(line.kind for line in publication.lines if line.kind not in LOOKED_UP | THROUGH)
    assert not left
    assert all(reason for (_, reason), _ in publication.unused.items())
    with (shared / name).open("rb") as handle:
        whole = sum(1 for _ in handle) - 1 if name.endswith(".csv") else 0
    if name.startswith("world_factors"):  # no row is lost: each is a line or is counted as not used
        rows = len({line.row for line in publication.lines}) + sum(publication.unused.values())
        with (shared / name).open(encoding="utf-8-sig", newline="") as handle:
            whole = sum(1 for r in csv.DictReader(handle) if r.get("currency") != "USD")
        assert rows == whole


def test_editions_imported_in_any_order_give_one_book(shared, tmp_path):
    files = [shared / n for n in EDITIONS if "uk_desnz" in n]
    books = []
    for k, order in enumerate((files, files[::-1])):
        workspace = create_workspace(tmp_path / str(k), CONFIG)
        entered = [import_factors(workspace, f, now=NOW).factor_count for f in order]
        assert min(entered) > 1000
        from abate.application.inventory.inputs import factor_imports, load_factors

        books.append(content_hash(list(load_factors(workspace, factor_imports(workspace)))))
    assert books[0] == books[1]


def test_a_fall_of_flights_by_a_third_counts_and_is_listed_first(shared, tmp_path):
    workspace = create_workspace(tmp_path / "w", CONFIG)
    import_factors(
        workspace,
        shared / "factors/uk_desnz/ghg-conversion-factors-2023-flat-file-update.xlsx",
        now=NOW,
    )
    done = import_factors(
        workspace, shared / "factors/uk_desnz/ghg-conversion-factors-2025-flat-file.xlsx", now=NOW
    )
    codes = [f.code for f in done.findings]
    assert codes[0] == "edition-jump"
    assert next(f.severity for f in done.findings if f.code == "edition-jump") == "warning"
    assert codes.index("section-not-used") > codes.index("edition-jump")
    assert len(done.findings) < 60
    assert any(
        f.message.startswith("Business travel- air: ")
        for f in done.findings
        if f.code == "edition-jump"
    )
    from abate.application.inventory.inputs import factor_imports, load_factors

    book = FactorBook(load_factors(workspace, factor_imports(workspace)))
    flight = book.match(FactorQuery("travel", "air-long", "GB", 2025, "pkm"))
    assert flight.factor.source.edition == "2025"
    assert sum(mg * gwp(s, "AR5") for s, mg in flight.mg_per_unit.items()) / 1e6 == pytest.approx(
        0.15282, rel=0.02
    )


def test_gas_is_valued_by_the_factor_printed_per_kilowatt_hour(shared):
    """100,000 kWh (gross) in 2023 under AR5: 18,293 kg, not 17,297 by the factor per tonne and two conversions."""
    edition = read_factors(
        shared / "factors/uk_desnz/ghg-conversion-factors-2023-flat-file-update.xlsx"
    )[2]
    properties = [f for f in default_factors() if f.is_property]
    book = FactorBook([*properties, *edition])
    match = book.match(FactorQuery("stationary-fuel", "natural-gas", "GB", 2023, "kWh_gross"))
    assert sum(
        mg * gwp(s, "AR5") for s, mg in match.mg_per_unit.items() if s != "CO2-biogenic"
    ) * 0.1 == pytest.approx(18_293, abs=1)
    assert match.conversions == ()
    assert "printed per kWh_gross, so no conversion" in match.why
    assert any("fewer conversions are needed" in p.reason for p in match.passed)
