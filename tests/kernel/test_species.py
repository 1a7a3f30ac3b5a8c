"""GWPs are those printed by the IPCC."""

import pytest

from abate.kernel.errors import UsageError
from abate.kernel.species import all_species, gwp


@pytest.mark.parametrize(
    ("species", "ar4", "ar5", "ar6"),
    [
        ("CO2", 1, 1, 1),
        ("CH4-fossil", 25, 28, 29.8),
        ("CH4-biogenic", 25, 28, 27.0),
        ("N2O", 298, 265, 273),
        ("SF6", 22800, 23500, 25200),
        ("NF3", 17200, 16100, 17400),
        ("HFC-134a", 1430, 1300, 1530),
        ("HFC-125", 3500, 3170, 3740),
        ("HFC-143a", 4470, 4800, 5810),
        ("PFC-14", 7390, 6630, 7380),
        ("HCFC-22", 1810, 1760, 1960),
    ],
)
def test_gwp_of_each_set(species, ar4, ar5, ar6):
    assert [gwp(species, s) for s in ("AR4", "AR5", "AR6")] == [ar4, ar5, ar6]


def test_a_missing_gwp_is_none_and_an_unknown_set_is_an_error():
    assert gwp("HFC-161", "AR4") is None
    with pytest.raises(UsageError, match="unknown-gwp-set"):
        gwp("CO2", "AR3")
    with pytest.raises(UsageError, match="unknown-species"):
        gwp("H2O", "AR6")


def test_montreal_gases_and_biogenic_co2_stand_outside_the_scopes():
    outside = {s.id for s in all_species().values() if not s.counted}
    assert {"HCFC-22", "CFC-12", "CO2-biogenic"} <= outside
    assert not {"HFC-134a", "CH4-biogenic", "SF6"} & outside


def test_species_agree_with_the_published_table(shared):
    from abate.application.factors import read_factors

    _, _, factors, findings, refused = read_factors(
        shared / "factors/ipcc_gwp/globalwarmingpotentials.csv"
    )
    compared = [f for f in factors if f.item.rsplit("/", 1)[0] in all_species()]
    assert len(compared) > 100
    assert not findings
    assert refused == 0
