"""Every vintage of the publishers' files is read, and what is known to be odd in them is found."""

import pytest

from abate.application.factors import audit_factors, read_factors

LEAST = {
    # File, or the end of its name: publisher, and factors that must at least come through the gates.
    "cn_grid_factors_2020_2023.csv": ("china-grid", 121),
    "IFI_Default_Grid_Factors_2021_v3.1_unfccc.csv": ("ifi", 1000),
    "owid_ember_carbon_intensity_by_country_year.csv": ("ember", 5000),
    "globalwarmingpotentials.csv": ("gwp", 200),
    "beis_conversion_factors_2022_flat.csv": ("desnz", 1950),
    "ghg-conversion-factors-2023-flat-file-update.xlsx": ("desnz", 1960),
    "ghg-conversion-factors-2024-condensed.xlsx": ("desnz", 1340),
    "ghg-conversion-factors-2025-flat-file.xlsx": ("desnz", 1970),
    "ghg-emission-factors-hub-2023.xlsx": ("epa", 440),
    "ghg-emission-factors-hub-2024.xlsx": ("epa", 440),
    "SupplyChainGHGEmissionFactors_v1.2_NAICS_CO2e_USD2021.csv": ("useeio", 1016),
    "SupplyChainGHGEmissionFactors_v1.2_NAICS_byGHG_USD2021.csv": ("useeio", 1016),
}


@pytest.fixture(scope="module")
def audit(shared):
    return audit_factors([shared / "factors"])


def test_every_file_is_known_and_most_of_it_comes_through(audit):
    found = {f.file: f for f in audit.files}
    assert [f.file for f in audit.files if f.publisher == "unknown"] == []
    for name, (publisher, least) in LEAST.items():
        assert found[name].publisher == publisher
        assert found[name].factors >= least, name
    tables = [f for f in audit.files if f.edition.endswith("csv") and f.publisher == "epa"]
    assert len(tables) == 20


def test_the_audit_lists_jumps_between_editions(audit):
    ratios = {j.factor: j.ratio for j in audit.jumps if j.publisher == "epa"}
    assert ratios["travel / direct / motorbike / US"] == pytest.approx(2.05, abs=0.005)


def test_the_audit_says_which_rows_are_not_checked_not_used_or_misprinted(audit):
    codes = {f.code for f in audit.findings}
    assert codes == {
        "factor-not-checked",
        "text-in-number",
        "empty-cell",
        "section-not-used",
        "known-misprint",
    }


@pytest.mark.parametrize(
    ("file", "kind", "item", "unit", "value"),
    [
        (
            "uk_desnz/beis_conversion_factors_2022_flat.csv",
            "electricity",
            "grid-average",
            "kg/kWh",
            0.19338,
        ),
        (
            "uk_desnz/ghg-conversion-factors-2024-condensed.xlsx",
            "electricity",
            "grid-average",
            "kg/kWh",
            0.20705,
        ),
        ("us_epa/2024/steam-and-heat.csv", "heat", "district-heat", "kg/MBtu", 66.33),
        (
            "grid_world/owid_ember_carbon_intensity_by_country_year.csv",
            "electricity",
            "grid-average",
            "g/kWh",
            583.04,
        ),
    ],
)
def test_a_printed_value_of_another_vintage(shared, file, kind, item, unit, value):
    factors = [
        f for f in read_factors(shared / "factors" / file)[2] if (f.kind, f.item) == (kind, item)
    ]
    gwp = {
        "CO2": 1,
        "CH4-fossil": 25 if "2022" in file else 28,
        "N2O": 298 if "2022" in file else 265,
        "unspecified-co2e": 1,
        "CO2-biogenic": 0,
    }
    if "ember" in file:
        factors = [f for f in factors if (f.region, f.data_year) == ("CN", 2023)]
    sums = [
        sum(float(m.value) * gwp[m.species] for m in f.masses if m.unit == unit)
        for f in factors
        if f.basis != "upstream"
    ]
    only_co2 = kind == "heat"
    if only_co2:
        sums = [float(m.value) for f in factors for m in f.masses if m.species == "CO2"]
    assert any(s == pytest.approx(value, rel=2e-4) for s in sums), sums[:5]
