"""A short interpreter for the formulas on method cards.

It is the second opinion: the engine evaluates a method's Python expression on columns, this one
evaluates the text that the card prints, on plain numbers. `abate explain` shows its steps, and the
tests hold the two together.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import cache

from abate.kernel.errors import UsageError

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluate(formula: str, values: Mapping[str, float]) -> float:
    """Value of a formula for given values of its names.

    Args:
        formula: Names, numbers, `+ - * /` and parentheses.
        values: A number for each name.

    Raises:
        UsageError: `bad-formula` where the text holds anything else or a name has no value.

    Example:
        >>> evaluate("quantity * share * mg_per_unit", {"quantity": 100.0, "share": 0.5, "mg_per_unit": 530600.0})
        26530000.0
    """
    try:
        tree = ast.parse(formula, mode="eval")
    except SyntaxError as error:
        raise UsageError(
            "bad-formula", f"'{formula}' cannot be read.", "Use names, numbers, + - * / ()."
        ) from error
    return _evaluate(tree.body, values, formula)


@cache
def names_in(formula: str) -> frozenset[str]:
    """Names that a formula holds.

    Example:
        >>> sorted(names_in("quantity * (1 - ratio)"))
        ['quantity', 'ratio']
    """
    return frozenset(
        n.id for n in ast.walk(ast.parse(formula, mode="eval")) if isinstance(n, ast.Name)
    )


def _evaluate(node: ast.expr, values: Mapping[str, float], formula: str) -> float:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](
                _evaluate(left, values, formula), _evaluate(right, values, formula)
            )
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, values, formula)
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
    raise UsageError(
        "bad-formula",
        f"'{ast.unparse(node)}' in '{formula}' has no value.",
        "Use names, numbers, + - * / ().",
    )


def to_whole_mg(value: float) -> int:
    """Round a mass to whole milligrams, halves up: `floor(x + 0.5)`.

    Example:
        >>> to_whole_mg(2.5), to_whole_mg(-2.5)
        (3, -2)
    """
    return math.floor(value + 0.5)
