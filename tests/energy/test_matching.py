"""Matching by the hour: whole watt-hours, nothing created, nothing used twice."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from abate.algorithms.matching import through_storage
from abate.energy.planners.matching import match_hours
from abate.kernel.errors import UsageError


def hours(count, first="2024-01-01"):
    return np.datetime64(first, "s") + np.arange(count) * np.timedelta64(3600, "s")


def drawn(seed, count=40):
    draw = np.random.default_rng(seed)
    sites, devices = int(draw.integers(1, 5)), int(draw.integers(1, 5))
    loads = draw.integers(0, 50, (sites, count)) * (draw.random((sites, count)) < 0.8)
    lots = draw.integers(0, 60, (devices, count)) * (draw.random((devices, count)) < 0.6)
    reach = draw.random((devices, sites)) < 0.7
    return loads, lots, reach


def matched(loads, lots, reach=None, basis="hourly", first="2024-01-01"):
    names = tuple(map(str, range(len(loads)))), tuple(map(str, range(len(lots))))
    return match_hours(
        hours(loads.shape[1], first),
        names[0],
        loads,
        names[1],
        lots,
        () if reach is None else (reach,),
        basis=basis,
    )


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 1_000_000), st.sampled_from(["hourly", "monthly"]))
def test_no_watt_hour_is_made_lost_or_used_twice(seed, basis):
    loads, lots, reach = drawn(seed)
    made = matched(loads, lots, reach, basis, "2024-01-30T12")
    claims = made.claims
    assert (claims[:, 3] > 0).all()
    assert claims[:, 3].sum() + made.left_wh.sum() == lots.sum()
    assert (made.left_wh >= 0).all()
    assert reach[claims[:, 1], claims[:, 0]].all()
    month = made.hours.astype("datetime64[M]" if basis == "monthly" else "datetime64[h]")
    for device in range(len(lots)):
        mine = claims[claims[:, 1] == device]
        for at in np.unique(month):
            used = mine[month[mine[:, 2]] == at, 3].sum()
            assert used <= lots[device, month == at].sum()
    for site in range(len(loads)):
        mine = claims[claims[:, 0] == site]
        for at in np.unique(month):
            assert mine[month[mine[:, 2]] == at, 3].sum() <= loads[site, month == at].sum()


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 1_000_000))
def test_the_hourly_share_is_at_most_the_monthly_and_that_the_volumetric(seed):
    loads, lots, _ = drawn(seed)
    by_hour, by_month = matched(loads, lots), matched(loads, lots, basis="monthly")
    assert by_hour.matched_share <= by_month.matched_share + 1e-12
    assert by_month.matched_share <= by_month.volumetric_share + 1e-12
    load = loads.sum(axis=0)
    assert (by_hour.matched_wh == np.minimum(load, lots.sum(axis=0))).all()
    assert by_hour.matched_share <= by_hour.with_grid(np.full(len(load), 0.3)) <= 1 + 1e-12
    assert by_hour.residual_kg(np.full(len(load), 0.5)).sum() == pytest.approx(
        0.0005 * (load - by_hour.matched_wh).sum()
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1_000_000))
def test_sites_that_are_served_first_lose_nothing_to_later_ones(seed):
    """The first site gets all that can reach it, up to its load."""
    loads, lots, reach = drawn(seed, 10)
    first = matched(loads, lots, reach).by_site()["0"][1]
    reachable = lots[reach[:, 0]].sum(axis=0)
    assert first == np.minimum(loads[0], reachable).sum()
    if reach.all():
        best = linprog(
            -np.ones(10), A_ub=np.eye(10), b_ub=np.minimum(loads.sum(axis=0), lots.sum(axis=0))
        )
        assert matched(loads, lots, reach).claims[:, 3].sum() == pytest.approx(-best.fun)


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 1_000_000))
def test_a_storage_gives_back_no_more_than_was_put_in_and_keeps_its_origin(seed):
    draw = np.random.default_rng(seed)
    charged = draw.integers(0, 100, (3, 50)) * (draw.random((3, 50)) < 0.4)
    stored, out = 0.0, np.zeros(50, np.int64)
    for hour in range(50):
        stored += 0.9 * charged[:, hour].sum()
        out[hour] = int(draw.uniform(0, stored))
        stored -= out[hour]
    claims = np.zeros_like(charged)
    missing = through_storage(charged, out, claims)
    assert claims.sum() + missing == out.sum()
    assert (claims.sum(axis=0) <= out).all()
    assert (claims.sum(axis=1) <= charged.sum(axis=1)).all()
    assert claims.sum() <= charged.sum()


def test_a_thousand_sites_of_a_year_are_matched_in_ten_seconds():
    draw = np.random.default_rng(1)
    loads = draw.integers(10_000, 900_000, (1000, 8760))
    lots = draw.integers(0, 2_500_000, (300, 8760))
    matched(loads[:2, :4], lots[:2, :4])
    began = time.perf_counter()
    made = matched(loads, lots)
    assert time.perf_counter() - began < 10
    assert made.claims[:, 3].sum() + made.left_wh.sum() == lots.sum()


def test_what_is_no_watt_hour_is_refused():
    for loads, lots in ((-np.ones((1, 4)), np.ones((1, 4))), (np.ones((1, 4)), np.ones((1, 3)))):
        with pytest.raises(UsageError) as told:
            match_hours(hours(4), ("a",), loads, ("b",), lots)
        assert told.value.code == "bad-matching"
