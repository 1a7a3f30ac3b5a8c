"""Ranges: the closed form of the IPCC, and a simulation in which all rows of one factor move together."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.kernel.errors import UsageError
from abate.kernel.uncertainty import (
    Z_95,
    Part,
    closed_form,
    pedigree_factor,
    read_spread,
    relative_deviation,
    simulate,
)


def row(total, activity, factor, kind="normal", name="f"):
    return Part(name, total, kind, factor, (total * activity / Z_95) ** 2)


def test_the_example_of_ipcc_approach_1():
    first, second = row(1000, 0.05, 0.10, name="a"), row(500, 0.02, 0.30, name="b")
    assert closed_form([first]).share_95 * 100 == pytest.approx(11.1803, abs=5e-5)
    assert closed_form([second]).share_95 * 100 == pytest.approx(30.0666, abs=5e-5)
    assert closed_form([first, second]).share_95 * 100 == pytest.approx(12.48999, abs=1e-5)


def test_simulation_agrees_with_the_closed_form_where_that_holds():
    parts = [
        row(1000, 0.05, 0.10, name="a"),
        row(500, 0.02, 0.30, name="b"),
        row(200, 0.03, 0.05, name="c"),
    ]
    closed, drawn = closed_form(parts), simulate(parts, draws=200_000, seed=7)
    assert drawn.deviation == pytest.approx(closed.deviation, rel=0.01)
    assert drawn.low == pytest.approx(closed.low, rel=0.01)
    assert drawn.high == pytest.approx(closed.high, rel=0.01)


def test_rows_of_one_factor_move_together_and_rows_of_two_do_not():
    together, apart = (
        Part("f", 200, "normal", 0.2, 0.0),
        [Part("f", 100, "normal", 0.2, 0.0), Part("g", 100, "normal", 0.2, 0.0)],
    )
    assert closed_form([together]).share_95 == pytest.approx(0.2)
    assert closed_form(apart).share_95 == pytest.approx(0.2 / math.sqrt(2))


def test_a_lognormal_factor_keeps_its_mean_and_leans_to_the_right():
    drawn = simulate([Part("f", 100, "lognormal", 2.0, 0.0)], draws=400_000, seed=1)
    assert drawn.total == pytest.approx(100, rel=0.005)
    assert drawn.deviation == pytest.approx(100 * relative_deviation("lognormal", 2.0), rel=0.01)
    assert drawn.high - 100 > 100 - drawn.low


def test_the_same_seed_gives_the_same_range():
    parts = [row(1000, 0.05, 0.10), Part("g", 10, "lognormal", 3.0, 1.0)]
    assert simulate(parts, draws=500, seed=3) == simulate(parts, draws=500, seed=3)
    assert simulate(parts, draws=500, seed=3) != simulate(parts, draws=500, seed=4)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8)
)
def test_the_range_of_a_sum_is_never_wider_than_the_sum_of_ranges(rows):
    parts = [row(t, a, f, name=str(k)) for k, (t, a, f) in enumerate(rows)]
    alone = sum(closed_form([p]).deviation for p in parts)
    assert closed_form(parts).deviation <= alone * (1 + 1e-12)


def test_pedigree_scores_become_a_factor():
    assert pedigree_factor([1, 1, 1, 1, 1]) == pytest.approx(1.05)
    assert pedigree_factor([4, 4, 4, 4, 4]) > pedigree_factor([2, 2, 2, 2, 2])
    with pytest.raises(UsageError, match="bad-pedigree"):
        pedigree_factor([1, 2, 3])
    with pytest.raises(UsageError, match="bad-pedigree"):
        pedigree_factor([0, 1, 1, 1, 1])


def test_spreads_are_read_as_people_write_them():
    assert read_spread("10%") == ("normal", 0.1)
    assert read_spread("x2") == ("lognormal", 2.0)
    assert read_spread("1,1,1,1,1") == ("lognormal", pytest.approx(1.05))
    assert read_spread("-5") is None
    assert read_spread("x0.5") is None
    assert read_spread("1,2,3,4,9") is None
