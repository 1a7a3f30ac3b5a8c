"""Why a figure changed: drivers that add up to the milligram."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from abate.kernel.bridge import Line, bridge, totals

BASE = Line(
    "cloud",
    "hq",
    "electricity",
    "",
    "kWh",
    "2 purchased location",
    "electricity-location/1",
    "CO2",
    "05",
    1_000_000_000,
    500_000_000,
    500_000_000,
    1,
)


def drivers(before, after, **options):
    return {d: mg for d, mg in totals(bridge(before, after, **options)).items() if mg}


def test_more_of_the_same_is_activity():
    assert drivers(
        [BASE], [replace(BASE, quantity_micro=2_000_000_000, co2e_mg=1_000_000_000)]
    ) == {"activity": 500_000_000}


def test_the_same_amount_with_another_factor_is_factor():
    assert drivers([BASE], [replace(BASE, co2e_mg=400_000_000)]) == {"factor": -100_000_000}


def test_amount_and_factor_share_what_they_did_together():
    after = replace(
        BASE, quantity_micro=2_000_000_000, co2e_mg=800_000_000
    )  # 1,000 to 2,000 kWh, 0.5 to 0.4 kg
    assert drivers([BASE], [after]) == {"activity": 450_000_000, "factor": -150_000_000}


def test_another_gwp_set_is_told_apart():
    methane = replace(BASE, species="CH4-fossil", mass_mg=1_000_000, co2e_mg=28_000_000)
    after = replace(methane, co2e_mg=29_800_000)
    assert drivers([methane], [after], gwp_set="AR6") == {"gwp": 1_800_000}


def test_what_was_sold_is_boundary_and_a_share_that_changed_is_too():
    other = replace(BASE, site="sold")
    now = (lambda s, m: 1.0, lambda s, m: 0.0 if s == "sold" else 1.0)
    assert drivers([BASE, other], [BASE], shares=now) == {"boundary": -500_000_000}
    half = (lambda s, m: 1.0, lambda s, m: 0.5)
    after = replace(BASE, quantity_micro=500_000_000, co2e_mg=250_000_000)
    assert drivers([BASE], [after], shares=half) == {"boundary": -250_000_000}


def test_a_site_that_changed_its_business_is_boundary_in_both():
    found = bridge(
        [BASE], [replace(BASE, org="logistics")], shares=(lambda s, m: 1.0, lambda s, m: 1.0)
    )
    assert {org: by["boundary"] for org, by in found.items()} == {
        "cloud": -500_000_000,
        "logistics": 500_000_000,
    }


def test_spend_in_place_of_mass_is_method():
    spend = replace(
        BASE,
        kind="purchased-goods",
        item="board",
        unit="CNY",
        method="purchased-goods-spend-based/1",
    )
    mass = replace(spend, unit="kg", method="purchased-goods-average-data/1", co2e_mg=300_000_000)
    assert drivers([spend], [mass]) == {"method": -200_000_000}
    assert drivers([spend], [replace(spend, item="film", co2e_mg=600_000_000)]) == {
        "activity": 100_000_000
    }


def test_more_certificates_are_instruments():
    open_part = replace(BASE, quantity_micro=800_000_000, co2e_mg=400_000_000)
    covered = replace(BASE, quantity_micro=200_000_000, co2e_mg=100_000_000, sign=0)
    after = [
        replace(open_part, quantity_micro=500_000_000, co2e_mg=250_000_000),
        replace(covered, quantity_micro=500_000_000, co2e_mg=250_000_000),
    ]
    assert drivers([open_part, covered], after) == {"instruments": -150_000_000}


lines = st.builds(
    Line,
    org=st.sampled_from(["a", "b"]), site=st.sampled_from(["s1", "s2", "s3"]), kind=st.sampled_from(["electricity", "fuel"]),
    item=st.sampled_from(["", "x"]), unit=st.sampled_from(["kWh", "kg"]), scope=st.just("2"), method=st.sampled_from(["m/1", "n/1"]),
    species=st.sampled_from(["CO2", "CH4-fossil", "unspecified-co2e"]), month=st.sampled_from(["04", "05"]),
    quantity_micro=st.integers(0, 10**17), mass_mg=st.integers(0, 10**15), co2e_mg=st.integers(-(10**17), 10**17),
    sign=st.sampled_from([1, 0, -1]),
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    st.lists(lines, max_size=12),
    st.lists(lines, max_size=12),
    st.sampled_from(["", "AR4", "AR6"]),
    st.tuples(st.sampled_from([0.0, 0.4, 1.0]), st.sampled_from([0.0, 0.4, 1.0])),
)
def test_contributions_add_up_to_the_difference_to_the_milligram(before, after, gwp_set, held):
    shares = tuple((lambda s, m, h=h: h if s == "s1" else 1.0) for h in held)
    found = bridge(before, after, gwp_set=gwp_set, shares=shares)
    difference = sum(x.sign * x.co2e_mg for x in after) - sum(x.sign * x.co2e_mg for x in before)
    assert sum(mg for by in found.values() for mg in by.values()) == difference
    for org in {x.org for x in (*before, *after)}:
        mine = sum(x.sign * x.co2e_mg for x in after if x.org == org) - sum(
            x.sign * x.co2e_mg for x in before if x.org == org
        )
        assert sum(found.get(org, {}).values()) == mine


def test_an_unrelated_new_item_does_not_hide_a_change_of_method():
    spend = replace(BASE, kind="purchased-goods", item="cartons", unit="CNY", method="spend/1")
    mass = replace(spend, unit="kg", method="supplier/1", co2e_mg=300_000_000)
    cleaning = replace(spend, item="cleaning", co2e_mg=7)
    assert drivers([spend], [mass, cleaning]) == {"method": -200_000_000, "activity": 7}
