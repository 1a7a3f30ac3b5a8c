"""Matching is nearest region, then nearest earlier year, then newest edition; deterministic and explained."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from abate.adapters.registry import default_factors
from abate.kernel.factor import Factor, Mass, Source
from abate.kernel.matching import FactorBook, Match, Need, NoMatch


def grid(name, region, year, value="0.5", published=date(2024, 1, 1), reach="within", basis="direct", unit="kg/kWh"):
    source = Source("P", "T", "1", published, "none")
    return Factor(
        name, "electricity", "grid-average", region, reach, year, basis, (Mass("CO2", value, unit),), "", source
    )


def need(region="CN-HE", year=2023, unit="kWh", **more):
    return Need("electricity", "grid-average", region, year, unit, **more)


def test_the_nearest_region_comes_before_the_nearest_year():
    book = FactorBook([grid("country", "CN", 2023), grid("province", "CN-HE", 2021), grid("other", "CN-ZJ", 2023)])
    match = book.match(need())
    assert isinstance(match, Match)
    assert match.factor.id == "province"
    assert match.years_carried == 2
    assert {p.factor_id: p.reason for p in match.passed} == {
        "country": "a nearer region is there",
        "other": "made for CN-ZJ",
    }


def test_later_data_never_serve_an_earlier_year():
    answer = FactorBook([grid("later", "CN-HE", 2023)]).match(need(year=2022))
    assert isinstance(answer, NoMatch)
    assert answer.code == "no-factor"
    assert answer.passed[0].reason == "data of 2023, later than 2022"


def test_a_factor_of_exact_reach_does_not_serve_the_places_inside():
    assert isinstance(FactorBook([grid("c", "CN", 2023, reach="exact")]).match(need()), NoMatch)
    assert isinstance(FactorBook([grid("c", "CN", 2023, reach="exact")]).match(need(region="CN")), Match)


def test_life_cycle_never_answers_a_direct_need():
    answer = FactorBook([grid("lca", "CN", 2023, basis="life-cycle")]).match(need())
    assert isinstance(answer, NoMatch)
    assert answer.passed[0].reason == "life-cycle basis, direct wanted"


def test_a_newer_edition_wins_unless_it_was_published_after_the_day():
    book = FactorBook([grid("old", "CN", 2023), grid("new", "CN", 2023, published=date(2025, 1, 1))])
    assert book.match(need()).factor.id == "new"
    assert book.match(need(as_of=date(2024, 6, 1))).factor.id == "old"


def test_a_unit_that_does_not_fit_is_a_mismatch_and_says_so():
    answer = FactorBook([grid("net", "CN", 2023, unit="kg/TJ_net")]).match(need())
    assert isinstance(answer, NoMatch)
    assert answer.code == "heating-value-mismatch"


def test_a_litre_of_diesel_goes_by_density_and_heating_value():
    match = FactorBook(default_factors()).match(Need("mobile-fuel", "diesel", "CN-ZJ", 2023, "L"))
    assert match.bridges == ("iea-2005/density/diesel", "ipcc-2006/ncv/diesel")
    assert match.mg_per_unit["CO2"] == 74100 * 43.0 * 0.8439  # kg/TJ x MJ/kg x kg/L = mg/L


def test_gas_by_gross_energy_takes_the_net_to_gross_ratio():
    match = FactorBook(default_factors()).match(Need("stationary-fuel", "natural-gas", "GB", 2023, "kWh_gross"))
    assert match.mg_per_unit["CO2"] == 56100 * 3.6 * 0.9
    assert match.bridges == ("ipcc-2006/net-gross/natural-gas",)


def test_world_defaults_serve_fuels_but_no_grid_factor_leaves_its_region():
    book = FactorBook(default_factors())
    assert isinstance(book.match(Need("stationary-fuel", "diesel", "BR", 2023, "kg")), Match)
    assert isinstance(book.match(Need("electricity", "grid-average", "BR", 2023, "kWh")), NoMatch)


@given(st.permutations(list(range(6))))
def test_the_order_of_the_book_does_not_matter(order):
    factors = [grid(f"f{k}", ("CN", "CN-HE", "world")[k % 3], 2021 + k // 3) for k in range(6)]
    assert FactorBook([factors[k] for k in order]).match(need()) == FactorBook(factors).match(need())
