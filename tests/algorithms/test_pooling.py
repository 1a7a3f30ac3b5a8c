"""A pool of the size worked out serves as often as it says, played day by day."""

import pytest

from abate.algorithms.pooling import pool_size, simulate_pool


def test_enough_are_at_hand_as_often_as_wanted_when_it_is_played():
    pool = pool_size(20, 5, lost_share=0.0, trips_max=50, service_level=0.95)
    assert pool.away_mean == 100
    assert simulate_pool(pool.size, 20, 5, lost_share=0.0, days=3000, seed=1) >= 0.95
    assert simulate_pool(pool.size - 20, 20, 5, lost_share=0.0, days=3000, seed=1) < 0.95


def test_a_box_lives_by_loss_and_by_wear():
    assert pool_size(1, 1, lost_share=0.0, trips_max=40, service_level=0.9).trips_per_thing == 40
    assert pool_size(1, 1, lost_share=0.5, trips_max=2, service_level=0.9).trips_per_thing == 1.5
    lossy = pool_size(10, 5, lost_share=0.02, trips_max=1000, service_level=0.95)
    assert lossy.trips_per_thing == pytest.approx(50, rel=1e-6)
    assert lossy.lost_per_year == pytest.approx(73)
    assert lossy.worn_per_year == pytest.approx(0, abs=1e-3)


def test_a_large_pool_does_not_underflow():
    pool = pool_size(5000, 10, lost_share=0.01, trips_max=60, service_level=0.99)
    assert 50_000 < pool.size < 51_000


def test_a_small_pool_serves_as_often_as_it_says_too():
    for trips, days, level in ((0.1, 5, 0.98), (0.2, 5, 0.95), (1, 0, 0.98)):
        pool = pool_size(trips, days, lost_share=0.0, trips_max=50, service_level=level)
        assert pool.size >= 1
        assert (
            simulate_pool(pool.size, trips, max(days, 1e-9), lost_share=0.0, days=20_000, seed=3)
            >= level - 0.01
        )
