"""Matching is nearest region, then nearest earlier year, then newest edition; deterministic and explained."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abate.application.catalogue import default_factors
from abate.kernel.factor import PROPERTY, Factor, Mass, Source
from abate.kernel.matching import FactorBook, FactorQuery, Match, NoMatch


def grid(
    name,
    region,
    year,
    value="0.5",
    published=date(2024, 1, 1),
    reach="within",
    basis="direct",
    unit="kg/kWh",
):
    source = Source("P", "T", "1", published, "none")
    return Factor(
        name,
        "electricity",
        "grid-average",
        region,
        reach,
        year,
        basis,
        (Mass("CO2", value, unit),),
        "",
        source,
    )


def need(region="CN-HE", year=2023, unit="kWh", **more):
    return FactorQuery("electricity", "grid-average", region, year, unit, **more)


def test_the_nearest_region_comes_before_the_nearest_year():
    book = FactorBook(
        [grid("country", "CN", 2023), grid("province", "CN-HE", 2021), grid("other", "CN-ZJ", 2023)]
    )
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
    assert isinstance(
        FactorBook([grid("c", "CN", 2023, reach="exact")]).match(need(region="CN")), Match
    )


def test_life_cycle_never_answers_a_direct_need():
    answer = FactorBook([grid("lca", "CN", 2023, basis="life-cycle")]).match(need())
    assert isinstance(answer, NoMatch)
    assert answer.passed[0].reason == "life-cycle basis, direct wanted"


def test_a_newer_edition_wins_unless_it_was_published_after_the_day():
    book = FactorBook(
        [grid("old", "CN", 2023), grid("new", "CN", 2023, published=date(2025, 1, 1))]
    )
    assert book.match(need()).factor.id == "new"
    assert book.match(need(as_of=date(2024, 6, 1))).factor.id == "old"


def test_a_unit_that_does_not_fit_is_a_mismatch_and_says_so():
    answer = FactorBook([grid("net", "CN", 2023, unit="kg/TJ_net")]).match(need())
    assert isinstance(answer, NoMatch)
    assert answer.code == "heating-value-mismatch"


def test_a_litre_of_diesel_goes_by_density_and_heating_value():
    match = FactorBook(default_factors()).match(
        FactorQuery("mobile-fuel", "diesel", "CN-ZJ", 2023, "L")
    )
    assert match.conversions == ("iea-2005/density/diesel", "ipcc-2006/ncv/diesel")
    assert match.mg_per_unit["CO2"] == 74100 * 43.0 * 0.8439  # kg/TJ x MJ/kg x kg/L = mg/L


def test_gas_by_gross_energy_takes_the_net_to_gross_ratio():
    match = FactorBook(default_factors()).match(
        FactorQuery("stationary-fuel", "natural-gas", "XX", 2023, "kWh_gross")
    )
    assert match.mg_per_unit["CO2"] == 56100 * 3.6 * 0.9
    assert match.conversions == ("ipcc-2006/net-gross/natural-gas",)


def test_world_defaults_serve_fuels_but_no_grid_factor_leaves_its_region():
    book = FactorBook(default_factors())
    assert isinstance(book.match(FactorQuery("stationary-fuel", "diesel", "XX", 2023, "kg")), Match)
    assert isinstance(
        book.match(FactorQuery("electricity", "grid-average", "XX", 2023, "kWh")), NoMatch
    )


def fuel(name, value, unit, kind="stationary-fuel", **more):
    source = Source("P", "T", "2023", date(2024, 1, 1), "none")
    species = PROPERTY if kind == "fuel-property" else "CO2"
    return Factor(
        name,
        kind,
        "gas",
        "GB",
        "within",
        2023,
        "direct",
        (Mass(species, value, unit),),
        "",
        source,
        **more,
    )


PRINTED = (
    ("per-t", "2500", "kg/t"),
    ("per-m3", "2", "kg/m3"),
    ("per-gross", "0.18", "kg/kWh_gross"),
    ("per-net", "0.2", "kg/kWh_net"),
)
PROPERTIES = (
    ("ncv", "45", "MJ_net/kg"),
    ("density", "0.8", "kg/m3"),
    ("ratio", "0.9", "MJ_net/MJ_gross"),
)


@given(
    st.permutations(PRINTED),
    st.permutations(["a", "b", "c", "d"]),
    st.sampled_from([("kg", 2.5e6), ("L", 2e3), ("kWh_gross", 0.18e6), ("kWh_net", 0.2e6)]),
)
def test_the_value_printed_in_the_activity_s_unit_serves_whatever_it_is_called(
    printed, names, asked
):
    unit, mg = asked
    book = FactorBook(
        [
            *(fuel(name, value, per) for name, (_, value, per) in zip(names, printed, strict=True)),
            *(fuel(f"p/{k}", value, per, "fuel-property") for k, value, per in PROPERTIES),
        ]
    )
    match = book.match(FactorQuery("stationary-fuel", "gas", "GB", 2023, unit))
    assert match.conversions == ()
    assert match.mg_per_unit["CO2"] == pytest.approx(mg)


@given(st.permutations([("x", "0.4"), ("y", "0.5")]))
def test_two_that_are_as_near_and_differ_are_a_question_and_alike_are_none(pair):
    (one, low), (other, high) = pair
    answer = FactorBook([grid(one, "CN", 2023, low), grid(other, "CN", 2023, high)]).match(need())
    assert isinstance(answer, NoMatch)
    assert answer.code == "ambiguous-factor"
    assert isinstance(
        FactorBook([grid(one, "CN", 2023, low), grid(other, "CN", 2023, low)]).match(need()), Match
    )


@given(st.permutations(list(range(6))))
def test_the_order_of_the_book_does_not_matter(order):
    factors = [grid(f"f{k}", ("CN", "CN-HE", "world")[k % 3], 2021 + k // 3) for k in range(6)]
    assert FactorBook([factors[k] for k in order]).match(need()) == FactorBook(factors).match(
        need()
    )
