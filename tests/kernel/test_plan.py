"""A plan is the same activities twice, valued by the same methods."""

import pyarrow as pa
import pytest

from abate import Plan, Proof, value_plan
from abate.kernel.errors import UsageError


def side(basis, kwh, month="2023-05"):
    return pa.table(
        {
            "activity_id": [1],
            "kind": ["electricity"],
            "item": [""],
            "site": ["hq"],
            "month": [month],
            "unit": ["kWh"],
            "quantity": [kwh],
            "basis": [basis],
            "fiscal_year": ["FY2024"],
        }
    )


def test_both_sides_are_valued_and_the_saving_is_their_difference(workspace):
    plan = Plan(
        "p",
        "LED lamps",
        side("baseline", 1000.0),
        side("planned", 600.0),
        5000,
        "CNY",
        Proof(600, 580, "kWh", 1, "optimal"),
    )
    valued = value_plan(workspace, plan)
    assert valued["baseline"]["2 location"] == 497_400_000  # 1000 kWh x 0.4974 kg
    assert {k: v for k, v in valued["saving"].items() if k != "3.3"} == {
        "2 location": 198_960_000,
        "2 market": 243_840_000,
    }
    assert (
        valued["saving"]["3.3"] > 0
    )  # what stands behind 400 kWh: losses and the upstream of the grid
    assert plan.proof.gap_share == pytest.approx(20 / 600)


def test_nothing_of_a_plan_enters_the_inventory(workspace):
    plan = Plan(
        "p",
        "x",
        side("baseline", 1.0),
        side("planned", 1.0),
        0,
        "CNY",
        Proof(1, None, "kWh", 1, "stop"),
    )
    value_plan(workspace, plan)
    assert workspace.store.rows("entries") == []


def test_sides_of_other_months_or_basis_are_refused():
    with pytest.raises(UsageError, match="plan-periods-differ"):
        Plan(
            "p",
            "x",
            side("baseline", 1.0),
            side("planned", 1.0, "2023-06"),
            0,
            "CNY",
            Proof(1, 1, "kWh", 1, "s"),
        )
    with pytest.raises(UsageError, match="plan-basis"):
        Plan(
            "p",
            "x",
            side("metered", 1.0),
            side("planned", 1.0),
            0,
            "CNY",
            Proof(1, 1, "kWh", 1, "s"),
        )
