"""Boxes in boxes: nothing overlaps, nothing sticks out, and what is called impossible is."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.algorithms.packing.exact import settle
from abate.algorithms.packing.joining import join
from abate.algorithms.packing.loading import load_container
from abate.algorithms.packing.spaces import bearing_holds, turns_of

ANY = 63


def turned(sizes, masks=None):
    sizes = np.array(sizes, np.int64)
    turns, counts = np.zeros((len(sizes), 6, 3), np.int64), np.zeros(len(sizes), np.int64)
    turns_of(sizes, np.full(len(sizes), ANY) if masks is None else np.array(masks), turns, counts)
    return turns, counts


def disjoint(positions):
    return all(
        any(p[k] + p[k + 3] <= q[k] or q[k] + q[k + 3] <= p[k] for k in range(3))
        for p, q in combinations(positions.tolist(), 2)
    )


def test_a_piece_has_as_many_orientations_as_it_has_different_edges_and_allowed_ways():
    turns, counts = turned([(1, 2, 3), (2, 2, 3), (2, 2, 2), (1, 2, 3)], [ANY, ANY, ANY, 0b000011])
    assert counts.tolist() == [6, 3, 1, 2]
    assert {tuple(t) for t in turns[3, :2].tolist()} == {(1, 2, 3), (2, 1, 3)}


def cut(size, times, rng):
    """A box cut by planes into pieces."""
    pieces = [size]
    for _ in range(times):
        k = int(rng.integers(len(pieces)))
        axis = int(rng.integers(3))
        if pieces[k][axis] < 20:
            continue
        at = int(rng.integers(10, pieces[k][axis] - 9))
        one, two = list(pieces[k]), list(pieces[k])
        one[axis], two[axis] = at, pieces[k][axis] - at
        pieces[k : k + 1] = [tuple(one), tuple(two)]
    return pieces


@pytest.mark.parametrize("seed", range(8))
def test_joining_puts_a_box_cut_by_planes_together_again_without_a_gap(seed):
    box = (210, 160, 90)
    pieces = [
        tuple(np.random.default_rng(seed).permutation(p))
        for p in cut(box, 7, np.random.default_rng(seed))
    ]
    turns, counts = turned(pieces)
    positions = np.zeros((len(pieces), 6), np.int64)
    assert join(turns, counts, np.full(len(pieces), -1), np.array(box), 40_000, positions) == 1
    assert disjoint(positions)
    assert (positions[:, :3] + positions[:, 3:] <= box).all()
    assert positions[:, 3:].prod(axis=1).sum() == np.prod(box)


def settled(sizes, box, bears=None, **options):
    turns, counts = turned(sizes)
    n = len(sizes)
    bears = np.full(n, -1) if bears is None else np.array(bears)
    return settle(
        turns, counts, np.ones(n, np.int64), bears, np.array([box]), np.array([10**6]), **options
    )


def test_exact_search_proves_that_two_cubes_of_six_do_not_fit_a_box_of_eleven():
    """Its volume would hold six of them: 1331 over 216."""
    assert settled([(6, 6, 6)] * 2, (11, 11, 11)) is False
    assert settled([(6, 6, 6)] * 5, (11, 11, 12)) is False


def test_exact_search_finds_what_fits_only_one_way():
    """Five boxes around a core in a box of three: no plane cuts them apart."""
    pieces = [(1, 2, 3), (2, 1, 3), (1, 2, 3), (2, 1, 3), (1, 1, 3)]
    found = settled(pieces, (3, 3, 3))
    assert disjoint(found[1])
    assert found[1][:, 3:].prod(axis=1).sum() == 27


def test_exact_search_lets_nothing_stand_above_what_is_fragile():
    plates = [(10, 10, 4), (10, 10, 4)]
    assert settled(plates, (10, 10, 8)) is not False
    assert settled(plates, (10, 10, 8), bears=[0, 0]) is False


def test_what_stands_above_through_others_counts():
    positions = np.array([(0, 0, 0, 10, 10, 5), (0, 0, 5, 10, 10, 5), (0, 0, 10, 10, 10, 5)])
    placed, masses = np.ones(3, np.uint8), np.array([1, 1, 1])
    assert bearing_holds(positions, placed, 3, masses, np.array([2, -1, -1]))
    assert not bearing_holds(positions, placed, 3, masses, np.array([1, -1, -1]))


def test_one_type_of_box_that_divides_the_container_fills_it():
    found = load_container(
        [(30, 20, 10)], [64], [ANY], (120, 80, 40), stop=lambda: False, width_max=8
    )
    assert found.filled_share == 1.0
    assert found.stop == "all-packed"
    assert len(found.positions) == 64
    assert disjoint(found.positions)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(*[st.integers(20, 90)] * 3, st.integers(1, 9)), min_size=1, max_size=6),
    st.sampled_from([ANY, 0b000011, 0b001111]),
)
def test_a_loading_holds_what_it_says(types, mask):
    found = load_container(
        [t[:3] for t in types],
        [t[3] for t in types],
        [mask] * len(types),
        (150, 120, 100),
        stop=lambda: False,
        width_max=3,
    )
    assert disjoint(found.positions)
    assert (found.positions[:, :3] + found.positions[:, 3:] <= (150, 120, 100)).all()
    assert (np.bincount(found.types, minlength=len(types)) <= [t[3] for t in types]).all()
    assert found.filled_share == pytest.approx(
        found.positions[:, 3:].prod(axis=1).sum() / 1_800_000
    )
    for kind, (_, _, _, a, b, c) in zip(
        found.types.tolist(), found.positions.tolist(), strict=True
    ):
        assert sorted((a, b, c)) == sorted(types[kind][:3])
        assert mask != 0b000011 or c == types[kind][2]


def test_the_same_loading_comes_out_twice():
    types = [((37, 22, 18), 9), ((41, 33, 12), 7), ((25, 25, 30), 8)]
    runs = [
        load_container(
            [t for t, _ in types],
            [n for _, n in types],
            [ANY] * 3,
            (120, 90, 80),
            stop=lambda: False,
            width_max=4,
        )
        for _ in range(2)
    ]
    assert np.array_equal(runs[0].positions, runs[1].positions)
