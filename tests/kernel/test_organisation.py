"""Shares follow ownership, control and the dates of sites."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.kernel.errors import ConfigError
from abate.kernel.organisation import Boundary, Entity, Organisation, Ownership, Site

SOLD = Site("depot", "Depot", "venture", "CN", closed=date(2023, 9, 15))
GROUP = Organisation(
    "G",
    (
        Entity("group", "Group"),
        Entity("holding", "Holding", "group", (Ownership(date(2020, 1, 1), 0.8),)),
        Entity(
            "venture", "Venture", "holding",
            (Ownership(date(2021, 1, 1), 0.5), Ownership(date(2023, 7, 1), 0.25)), operational_control=False,
        ),
    ),
    (Site("mill", "Mill", "venture", "CN"), SOLD),
)  # fmt: skip


def test_equity_share_is_the_product_along_the_chain_on_the_day():
    assert GROUP.share_on("mill", date(2023, 6, 30), Boundary.EQUITY) == pytest.approx(0.8 * 0.5)
    assert GROUP.share_on("mill", date(2023, 7, 1), Boundary.EQUITY) == pytest.approx(0.8 * 0.25)
    assert GROUP.share_on("mill", date(2020, 6, 1), Boundary.EQUITY) == 0


def test_control_is_all_or_nothing():
    assert GROUP.share_on("mill", date(2023, 6, 30), Boundary.OPERATIONAL) == 0
    assert GROUP.share_on("mill", date(2023, 6, 30), Boundary.FINANCIAL) == 1


def test_a_sold_site_counts_to_its_last_day():
    assert GROUP.share_on("depot", date(2023, 9, 15), Boundary.FINANCIAL) == 1
    assert GROUP.share_on("depot", date(2023, 9, 16), Boundary.FINANCIAL) == 0
    assert GROUP.month_share("depot", "2023-09", Boundary.FINANCIAL) == 1
    assert GROUP.month_share("depot", "2023-10", Boundary.FINANCIAL) == 0
    assert SOLD.months_owned(["2023-08", "2023-09", "2023-10"]) == ["2023-08", "2023-09"]


def test_a_change_of_share_within_a_month_is_weighted_by_days():
    venture = Entity(
        "v", "V", "g", (Ownership(date(2020, 1, 1), 0.4), Ownership(date(2023, 4, 16), 0.8))
    )
    organisation = Organisation("G", (Entity("g", "G"), venture), (Site("s", "S", "v", "CN"),))
    assert organisation.month_share("s", "2023-04", Boundary.EQUITY) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("entities", "sites"),
    [
        ((Entity("a", "A", "b"),), ()),
        ((Entity("a", "A", "b"), Entity("b", "B", "a")), ()),
        ((Entity("a", "A"), Entity("a", "A")), ()),
        ((Entity("a", "A"),), (Site("s", "S", "x", "CN"),)),
    ],
)
def test_a_tree_that_does_not_hold_is_refused(entities, sites):
    with pytest.raises(ConfigError, match="bad-organisation"):
        Organisation("G", entities, sites)


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 100), st.integers(0, 100)),
        min_size=1,
        max_size=9,
    )
)
def test_equity_consolidation_of_any_tree_is_the_product_down_the_chain(links):
    """Each entity hangs below one before it; its share changes in mid-year."""
    entities = [Entity("e0", "root")]
    for k, (parent, early, late) in enumerate(links, 1):
        held = (Ownership(date(2020, 1, 1), early / 100), Ownership(date(2023, 7, 1), late / 100))
        entities.append(Entity(f"e{k}", f"E{k}", f"e{parent % k}", held))
    sites = tuple(Site(f"s{k}", f"S{k}", f"e{k}", "CN") for k in range(len(entities)))
    organisation = Organisation("G", tuple(entities), sites)

    def by_hand(k, which):
        share = 1.0
        while k:
            parent, *shares = links[k - 1]
            share *= shares[which] / 100
            k = parent % k
        return share

    for k in range(len(entities)):
        for month, which in (("2023-05", 0), ("2023-09", 1)):
            assert organisation.month_share(f"s{k}", month, Boundary.EQUITY) == pytest.approx(
                by_hand(k, which), abs=1e-12
            )


def test_a_base_year_takes_the_structure_of_a_later_year_for_what_was_bought_or_sold():
    sold = Site("sold", "Sold", "g", "CN", closed=date(2023, 9, 30), sold=True)
    shut = Site("shut", "Shut", "g", "CN", closed=date(2023, 9, 30))
    bought = Site("bought", "Bought", "g", "CN", opened=date(2023, 7, 1), bought=True)
    organisation = Organisation("G", (Entity("g", "G"),), (sold, shut, bought))
    months = [f"2023-{m:02d}" for m in range(4, 13)] + [f"2024-{m:02d}" for m in range(1, 4)]

    def share(place, month, whole_year):
        return organisation.structure_share(place, month, Boundary.OPERATIONAL, months, whole_year)

    assert [share(s, "2021-05", True) for s in ("sold", "shut", "bought")] == [0.0, 1.0, 1.0]
    assert [share("sold", m, False) for m in ("2021-05", "2021-11")] == [1.0, 0.0]
    assert [share("bought", m, False) for m in ("2021-05", "2021-11")] == [0.0, 1.0]


def test_a_site_that_was_opened_long_ago_and_sold_since_leaves_the_base_year():
    site = Site(
        "depot", "Depot", "g", "CN", opened=date(2015, 1, 1), closed=date(2023, 6, 30), sold=True
    )
    shut = Site(
        "shut", "Shut", "g", "CN", opened=date(2015, 1, 1), closed=date(2023, 6, 30), bought=True
    )
    organisation = Organisation("G", (Entity("g", "G"),), (site, shut))
    months = [f"2023-{m:02d}" for m in range(1, 13)]
    assert organisation.structure_share("depot", "2021-05", Boundary.OPERATIONAL, months, True) == 0
    assert organisation.structure_share("depot", "2014-05", Boundary.OPERATIONAL, months, True) == 0
    assert organisation.structure_share("shut", "2014-05", Boundary.OPERATIONAL, months, True) == 1
