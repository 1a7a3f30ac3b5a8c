"""Claims: shares make one, and nothing is public that has not passed its gates."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.kernel.claim import GATES, Programme
from abate.kernel.errors import ConfigError


def programme(claims=(("group", 0.4), ("users", 0.3)), unclaimed=0.3, tier=2, gates=None, **other):
    stated = tuple((g, "evidence") for g in GATES) if gates is None else gates
    return Programme(
        "p",
        "P",
        "group",
        "CN",
        "second-hand/1",
        other.get("mechanism", "driving"),
        other.get("rebound", 0.0),
        tier,
        claims,
        unclaimed,
        stated,
    )


def test_claims_and_the_unclaimed_part_make_one():
    parts = programme().parts
    assert sum(Fraction(str(share)) for _, share in parts) == 1
    assert parts[-1] == ("", 0.3)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(1, 100), min_size=1, max_size=6), st.integers(0, 100))
def test_shares_that_do_not_make_one_are_refused_and_those_that_do_never_exceed_the_whole(
    weights, unclaimed
):
    whole = sum(weights) + unclaimed
    claims = tuple((f"c{k}", w / 1000) for k, w in enumerate(weights))
    rest = round(1 - sum(w for w in weights) / 1000, 3)
    one = programme(claims, rest)
    assert sum(share for _, share in one.parts) == pytest.approx(1, abs=1e-12)
    with pytest.raises(ConfigError, match="bad-programme"):
        programme(claims, rest + 0.001 + whole / 10**6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mechanism": "hoping"},
        {"rebound": 1.0},
        {"tier": 4},
        {"gates": (("luck", "x"),)},
        {"claims": (("a", 0.35), ("a", 0.35))},
    ],
)
def test_a_programme_that_cannot_be_is_refused(wrong):
    with pytest.raises(ConfigError, match="bad-programme"):
        programme(**wrong)


def test_publishability_follows_from_the_gates():
    ready = {"inventory_published": True, "assumptions": ()}
    assert programme().obstacles(**ready) == ()
    assert "tier 3" in programme(tier=3).obstacles(**ready)[0]
    assert len(programme(gates=()).obstacles(**ready)) == 3
    assert "published run" in programme().obstacles(inventory_published=False, assumptions=())[0]
    assert (
        "1 assumptions without"
        in programme().obstacles(inventory_published=True, assumptions=("x",))[0]
    )
