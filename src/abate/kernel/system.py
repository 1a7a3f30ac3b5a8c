"""System: what a domain brings to the house. Data, no framework."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abate.kernel.figure import Figure
from abate.kernel.finding import Rule
from abate.kernel.kind import Kind, Template
from abate.kernel.method import Method

if TYPE_CHECKING:
    from abate.kernel.checks import Check


def _none() -> tuple[Check, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class System:
    """What a domain brings to the house.

    Args:
        id: Name of the domain's package, and of its folder in `application` and its module in each
            face.
        kinds: Kinds of activity.
        templates: Files that activities come in. Of two that fit a file alike, the first is taken.
        methods: Methods that value its kinds.
        checks: Gives its checks of rows and of the ledger; a function, for checks load the
            expression library.
        rules: Rules of findings that are raised elsewhere than in a check.
        figures: Figures it defines.
        headlines: Those of them that are shown where none is named.
        factors: Tables of default factors, each a package and a file of it.
    """

    id: str
    kinds: tuple[Kind, ...] = ()
    templates: tuple[Template, ...] = ()
    methods: tuple[Method, ...] = ()
    checks: Callable[[], tuple[Check, ...]] = _none
    rules: tuple[Rule, ...] = ()
    figures: tuple[Figure, ...] = ()
    headlines: tuple[str, ...] = ()
    factors: tuple[tuple[str, str], ...] = ()
