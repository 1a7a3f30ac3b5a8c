"""Figures add up exactly; missing is not zero."""

from fractions import Fraction

import pytest

from abate.application.catalogue import FIGURES
from abate.kernel.errors import NotFoundError


def test_net_is_gross_less_named_reductions():
    totals = {"scope1": Fraction(10), "scope2-location": Fraction(50), "reduction": Fraction(15)}
    assert FIGURES.evaluate("gross", totals) == 60
    assert FIGURES.evaluate("net", totals) == 45


def test_what_has_no_rows_is_missing_not_zero():
    assert FIGURES.evaluate("scope1", {}) is None
    assert FIGURES.evaluate("gross", {}) is None
    assert FIGURES.evaluate("pue", {"facility-energy": Fraction(5)}) is None
    assert FIGURES.missing_parts("net", {"scope2-location": Fraction(1)}) == ["scope1"]


def test_a_part_of_what_is_there_is_zero_where_nothing_matches():
    assert FIGURES.evaluate("clean-share", {"electricity": Fraction(100)}) == 0
    assert FIGURES.evaluate("clean-share", {}) is None


def test_a_ratio_over_zero_is_missing():
    assert FIGURES.evaluate("intensity", {"scope1": Fraction(1), "revenue": Fraction(0)}) is None


def test_intensity_is_per_million():
    totals = {"scope1": Fraction(3), "scope2-location": Fraction(1), "revenue": Fraction(2_000_000)}
    assert FIGURES.evaluate("intensity", totals) == 2


def test_every_figure_stands_on_totals_and_has_a_formula():
    for name, one in FIGURES.items():
        assert FIGURES.totals_needed(name)
        assert one.formula
        assert one.unit
    with pytest.raises(NotFoundError, match="unknown-figure"):
        FIGURES.named("scope9")
