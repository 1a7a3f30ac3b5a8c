"""Targets: pathways, progress, measures."""

import pytest

from abate.disclosure.pathways import (
    Measure,
    Pathway,
    absolute_contraction,
    cost_curve,
    pathway_values,
    pathways,
    progress_of,
    sda_intensity,
    with_measures,
)
from abate.kernel.target import Target, TargetKind


def test_absolute_contraction_asks_for_42_per_cent_by_2030_of_any_base_year_up_to_2030():
    for base_year in (2020, 2021, 2024):
        assert absolute_contraction(100.0, base_year, 2030, rate=0.042) == pytest.approx(58.0)
    assert absolute_contraction(100.0, 2020, 2050, rate=0.042) == 0.0
    assert absolute_contraction(100.0, 2018, 2030, rate=0.025) == pytest.approx(70.0)


def test_a_company_converges_on_its_sector_in_2050():
    assert sda_intensity(90.0, sector_base=60.0, sector_year=20.0, sector_2050=20.0) == 20.0
    assert sda_intensity(90.0, sector_base=60.0, sector_year=60.0, sector_2050=20.0) == 90.0
    steel = Pathway(
        "steel",
        "Steel",
        "sector",
        0.0,
        "",
        "x",
        "",
        "",
        "stated",
        ((2020, 1.8), (2030, 1.2), (2050, 0.2)),
    )
    values = pathway_values(steel, 2.6, 2020, 0.0, [2020, 2030])
    assert values == pytest.approx([2.6, (2.6 - 0.2) * (1.0 / 1.6) + 0.2])


def test_chinas_line_peaks_by_2030_and_ends_by_2060():
    values = pathway_values(
        pathways()["cn-2030-2060"], 80.0, 2022, 0.0, [2022, 2030, 2045, 2060, 2070]
    )
    assert values == [80.0, 80.0, 40.0, 0.0, 0.0]


def test_an_intensity_falls_by_a_compound_rate():
    assert pathway_values(
        pathways()["sbti-intensity"], 100.0, 2020, 0.0, [2020, 2021, 2022]
    ) == pytest.approx([100, 93, 86.49])


def test_progress_tells_gap_trend_and_what_is_needed():
    wanted = Target(
        "scope3-intensity",
        0,
        "FY2030",
        kind=TargetKind.INTENSITY,
        base_year="FY2020",
        reduction_share=0.5,
    )
    told = progress_of(wanted, pathways()["linear"], 10.0, {2020: 10.0, 2022: 9.6, 2024: 9.2})
    assert told.end == 5.0
    assert told.gap == pytest.approx(9.2 - 8.0)
    assert told.status == "behind"
    assert told.meets == 2045
    assert told.rate_needed == pytest.approx((5 / 9.2) ** (1 / 6) - 1)


def test_a_cumulative_target_adds_up_years_and_says_how_much_a_year_is_left():
    wanted = Target("avoided", 1000.0, "FY2030", kind=TargetKind.CUMULATIVE, base_year="FY2020")
    told = progress_of(wanted, pathways()["linear"], 0.0, {2021: 50.0, 2022: 60.0})
    assert told.actual == {2021: 50.0, 2022: 110.0}
    assert told.gap == pytest.approx(200.0 - 110.0)
    assert told.rate_needed == pytest.approx(890 / 8)
    assert told.status == "behind"


def test_a_level_is_held_flat_and_needs_nothing_once_met():
    told = progress_of(
        Target("pue", 1.25, "FY2026"), pathways()["linear"], 1.3, {2023: 1.3, 2024: 1.2}
    )
    assert set(told.wanted) == {1.25}
    assert (told.status, told.rate_needed) == ("met", None)


def test_measures_never_take_away_more_than_there_is_and_the_cheapest_goes_first():
    cheap = Measure("a", "A", "net", "FY2026", 30.0, 0.0, -10.0, 5)
    dear = Measure("b", "B", "net", "FY2026", 100.0, 1000.0, 0.0, 10)
    assert [m["id"] for m in cost_curve([dear, cheap], 0.05)] == ["a", "b"]
    wanted = Target("net", 0, "FY2030", kind=TargetKind.NEUTRALITY, base_year="FY2022")
    told = progress_of(wanted, pathways()["linear"], 90.0, {2022: 90.0, 2024: 80.0})
    rows = {
        (r["year"], r["part"]): r["value"]
        for r in with_measures(told, [dear, cheap], discount_share=0.05)
    }
    assert rows["FY2025", "left"] == 80.0
    assert (rows["FY2026", "A"], rows["FY2026", "B"], rows["FY2026", "left"]) == (30.0, 50.0, 0.0)


def test_an_annuity_spreads_an_investment_over_its_life():
    one = Measure("a", "A", "net", "FY2026", 1.0, 1000.0, 0.0, 10)
    assert one.cost_per_t(0.06) == pytest.approx(135.868, abs=0.001)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"figure": "net", "kind": TargetKind.ABSOLUTE, "base_year": "FY2022"}, "reduction"),
        ({"figure": "net", "kind": TargetKind.ABSOLUTE, "reduction_share": 0.5}, "base_year"),
        ({"figure": "net", "base_year": "FY2031"}, "not before"),
        ({"figure": "net", "base_value": 3.0}, "belong together"),
        ({"figure": "net", "growth_share": float("nan")}, "growth"),
    ],
)
def test_targets_that_contradict_themselves_are_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        Target(**{"value": 0.0, "year": "FY2030", **wrong})
