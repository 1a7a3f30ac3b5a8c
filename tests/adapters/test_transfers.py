"""The ledger of transfers conserves, never overdraws, retires once, and posts each key once."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abate.adapters.store.transfers import TransferLedger, open_transfers
from abate.kernel.transfer import Transfer, TransferResult


@pytest.fixture
def ledger(tmp_path):
    opened = open_transfers(tmp_path)
    yield opened
    opened.close()


def move(key, source, target, amount):
    return Transfer(key, "box", source, target, amount)


def test_results_are_told_one_by_one(ledger):
    results = ledger.post(
        [
            move("1", "issuer:a", "held", 100),
            move("2", "held", "retired:x", 60),
            move("3", "held", "retired:x", 60),
            move("1", "issuer:a", "held", 100),
            move("1", "issuer:a", "held", 99),
            move("4", "retired:x", "held", 1),
            move("5", "held", "held", 1),
            move("6", "held", "other", 0),
        ]
    )
    assert [r.value for r in results] == [
        "ok",
        "ok",
        "overdrawn",
        "exists",
        "key-conflict",
        "retired",
        "same-account",
        "not-positive",
    ]
    assert [ledger.balance("box", a) for a in ("issuer:a", "held", "retired:x")] == [-100, 40, 60]


def test_a_reversal_restores_and_is_itself_posted_once(ledger):
    ledger.post(
        [move("1#0/issue", "issuer:a", "held", 5), move("1#0/retire", "held", "retired:y", 5)]
    )
    assert ledger.reverse("box", "1#0/retire", "mistake") is TransferResult.OK
    assert ledger.reverse("box", "1#0/retire", "mistake") is TransferResult.EXISTS
    assert ledger.balance("box", "held") == 5
    assert ledger.standing("box") == {"1": ("", ["1#0/issue"])}
    assert ledger.reverse("box", "unknown", "") is TransferResult.KEY_CONFLICT


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 12),
            st.sampled_from(["issuer:i", "a", "b"]),
            st.sampled_from(["a", "b", "retired:r"]),
            st.integers(-1, 50),
        ),
        max_size=20,
    )
)
def test_nothing_is_created_and_no_holder_is_below_zero(tmp_path_factory, moves):
    ledger = open_transfers(tmp_path_factory.mktemp("t"))
    ledger.post([move(str(k), s, t, n) for k, s, t, n in moves])
    assert ledger.total("box") == 0
    assert all(ledger.balance("box", a) >= 0 for a in ("a", "b", "retired:r"))
    ledger.close()


def test_two_writers_cannot_spend_the_same(tmp_path):
    first = open_transfers(tmp_path)
    first.post([move("0", "issuer:a", "held", 100)])
    results: list[TransferResult] = []

    def spend(start):
        mine = TransferLedger(str(first.engine.url))
        for k in range(20):
            results.extend(mine.post([move(f"{start}-{k}", "held", f"to:{start}", 5)]))
        mine.close()

    threads = [threading.Thread(target=spend, args=(name,)) for name in "xy"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results.count(TransferResult.OK) == 20
    assert first.balance("box", "held") == 0
    first.close()
