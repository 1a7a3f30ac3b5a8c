"""The interpreter reads formulas and nothing else."""

import pytest

from abate.kernel.errors import UsageError
from abate.kernel.formula import evaluate, to_whole_mg


@pytest.mark.parametrize(
    ("text", "value"), [("a + b * 2", 7), ("(a + b) * 2", 8), ("-a / b", -1 / 3), ("1.5e2", 150)]
)
def test_arithmetic(text, value):
    assert evaluate(text, {"a": 1, "b": 3}) == value


@pytest.mark.parametrize(
    "text",
    ["c", "a ** b", "__import__('os')", "a if b else a", "a and b", "(", "'x'", "a[0]", "a.b"],
)
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match="bad-formula"):
        evaluate(text, {"a": 1, "b": 3})


@pytest.mark.parametrize(("value", "mg"), [(0.4, 0), (0.5, 1), (1.5, 2), (-0.5, 0), (-0.6, -1)])
def test_halves_are_rounded_up(value, mg):
    assert to_whole_mg(value) == mg
