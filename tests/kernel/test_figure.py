"""Figures add up exactly; missing is not zero."""

from fractions import Fraction

import pytest

from abate.kernel.errors import NotFoundError
from abate.kernel.figure import FIGURES, evaluate_figure, figure, missing_parts, totals_needed


def test_net_is_gross_less_named_reductions():
    totals = {"scope1": Fraction(10), "scope2-location": Fraction(50), "reduction": Fraction(15)}
    assert evaluate_figure("gross", totals) == 60
    assert evaluate_figure("net", totals) == 45


def test_what_has_no_rows_is_missing_not_zero():
    assert evaluate_figure("scope1", {}) is None
    assert evaluate_figure("gross", {}) is None
    assert evaluate_figure("pue", {"facility-energy": Fraction(5)}) is None
    assert missing_parts("net", {"scope2-location": Fraction(1)}) == ["scope1"]


def test_a_part_of_what_is_there_is_zero_where_nothing_matches():
    assert evaluate_figure("clean-share", {"electricity": Fraction(100)}) == 0
    assert evaluate_figure("clean-share", {}) is None


def test_a_ratio_over_zero_is_missing():
    assert evaluate_figure("intensity", {"scope1": Fraction(1), "revenue": Fraction(0)}) is None


def test_intensity_is_per_million():
    totals = {"scope1": Fraction(3), "scope2-location": Fraction(1), "revenue": Fraction(2_000_000)}
    assert evaluate_figure("intensity", totals) == 2


def test_every_figure_stands_on_totals_and_has_a_formula():
    for name, one in FIGURES.items():
        assert totals_needed(name)
        assert one.formula
        assert one.unit
    with pytest.raises(NotFoundError, match="unknown-figure"):
        figure("scope9")
