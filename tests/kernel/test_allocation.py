"""Instruments are used once, never beyond the load, in market, vintage and site."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from abate.kernel.allocation import Instrument, Load, allocate

YEAR = (date(2023, 4, 1), date(2024, 3, 31))
MONTHS = ["2023-04", "2023-12", "2024-01"]


def load(site, month, wh, region="CN-HE"):
    return Load(site, month, (region, "CN", "world"), wh)


def test_a_contract_for_a_site_serves_no_other():
    parts, unused = allocate(
        [Instrument("ppa", "contract", "wind", "CN", *YEAR, 500, "a")],
        [load("a", "2023-04", 300), load("b", "2023-04", 900)],
    )
    assert [(p.site, p.amount_wh) for p in parts] == [("a", 300)]
    assert unused == {"ppa": 200}


def test_vintage_and_market_bound_what_a_certificate_may_serve():
    spring = Instrument("v", "certificate", "solar", "CN", date(2024, 1, 1), date(2024, 3, 31), 100)
    foreign = Instrument("m", "certificate", "solar", "GB", *YEAR, 100)
    parts, unused = allocate([spring, foreign], [load("a", m, 50) for m in MONTHS])
    assert [(p.instrument, p.month, p.amount_wh) for p in parts] == [("v", "2024-01", 50)]
    assert unused == {"v": 50, "m": 100}


def test_certificates_come_before_contracts_before_supplier_rates():
    tiers = ["supplier-rate", "contract", "certificate"]
    parts, _ = allocate(
        [Instrument(t, t, "wind", "CN", *YEAR, 60) for t in tiers], [load("a", "2023-04", 100)]
    )
    assert [(p.instrument, p.amount_wh) for p in parts] == [("certificate", 60), ("contract", 40)]


instruments = st.lists(
    st.builds(
        Instrument,
        st.uuids().map(str),
        st.sampled_from(["certificate", "contract", "supplier-rate"]),
        st.just("wind"),
        st.sampled_from(["CN", "GB"]),
        st.just(YEAR[0]),
        st.sampled_from([YEAR[1], date(2023, 12, 31)]),
        st.integers(0, 10**9),
        st.sampled_from(["", "a", "b"]),
    ),
    max_size=6,
    unique_by=lambda i: i.id,
)
loads = st.lists(
    st.builds(load, st.sampled_from("abc"), st.sampled_from(MONTHS), st.integers(1, 10**9)),
    max_size=9,
    unique_by=lambda x: (x.site, x.month),
)


@settings(deadline=None)
@given(instruments, loads)
def test_nothing_is_created_and_no_load_is_covered_twice(some, places):
    parts, unused = allocate(some, places)
    for i in some:
        assert (
            sum(p.amount_wh for p in parts if p.instrument == i.id) + unused.get(i.id, 0)
            == i.amount_wh
        )
    for place in places:
        covered = sum(p.amount_wh for p in parts if (p.site, p.month) == (place.site, place.month))
        assert covered <= place.amount_wh
    assert all(p.amount_wh > 0 for p in parts)
    assert allocate(list(reversed(some)), list(reversed(places))) == (parts, unused)
