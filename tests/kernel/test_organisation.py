"""Shares follow ownership, control and the dates of sites."""

from datetime import date

import pytest

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
    venture = Entity("v", "V", "g", (Ownership(date(2020, 1, 1), 0.4), Ownership(date(2023, 4, 16), 0.8)))
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
