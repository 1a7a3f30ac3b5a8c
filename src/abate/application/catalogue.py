"""The catalogue: which systems are installed, and what they bring together.

To install a system, add its package to `INSTALLED`; faces, report chapters, demo and conformance
tests follow this list.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abate.kernel.checks import Check
    from abate.kernel.factor import Factor
    from abate.kernel.figure import FigureBook
    from abate.kernel.finding import Rule
    from abate.kernel.kind import Kind, Template
    from abate.kernel.method import Method
    from abate.kernel.system import System

INSTALLED = ("operations", "energy", "ecosystem", "logistics", "disclosure")
"""Packages of the installed systems. Their order decides between kinds, templates and methods that
fit alike.
"""

if TYPE_CHECKING:
    SYSTEMS: tuple[System, ...]
    KINDS: dict[str, Kind]
    TEMPLATES: dict[str, Template]
    METHODS: tuple[Method, ...]
    FIGURES: FigureBook
    HEADLINES: tuple[str, ...]


def __getattr__(name: str) -> Any:
    """`SYSTEMS`, and what they bring together, loaded when first asked for.

    `abate --help` does without.
    """
    if name not in _GATHERED:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    globals()[name] = _GATHERED[name]()
    return globals()[name]


def _systems() -> tuple[System, ...]:
    return tuple(import_module(f"abate.{name}.system").SYSTEM for name in INSTALLED)


def _figures() -> FigureBook:
    """Figures as they are listed: masses, amounts, then the ratios that stand on them."""
    from abate.kernel.figure import FigureBook

    every = [f for s in _this.SYSTEMS for f in s.figures]
    return FigureBook(sorted(every, key=lambda f: (f.is_ratio, f.unit != "t CO2e")))


_this: Any = sys.modules[__name__]
_GATHERED: dict[str, Callable[[], Any]] = {
    "SYSTEMS": _systems,
    "KINDS": lambda: {k.id: k for s in _this.SYSTEMS for k in s.kinds},
    "TEMPLATES": lambda: {t.id: t for s in _this.SYSTEMS for t in s.templates},
    "METHODS": lambda: tuple(m for s in _this.SYSTEMS for m in s.methods),
    "FIGURES": _figures,
    "HEADLINES": lambda: tuple(name for s in _this.SYSTEMS for name in s.headlines),
}


def parts_of(name: str) -> list[Any]:
    """Modules of that name in the systems' folders of use cases, such as `demo` or `chapter`.

    A system may have none.
    """
    return _modules([f"abate.application.{s}.{name}" for s in INSTALLED])


def faces_of(room: str) -> list[Any]:
    """The systems' modules in a face, such as `cli`, `api` or `web.pages`.

    A system may have none, or several: `energy`, `energy_planning`.
    """
    try:
        package = import_module(f"abate.faces.{room}")
    except ModuleNotFoundError:
        return []
    there = sorted(m.name for m in iter_modules(package.__path__))
    return _modules(
        [
            f"abate.faces.{room}.{name}"
            for s in INSTALLED
            for name in there
            if name == s or name.startswith(f"{s}_")
        ]
    )


def _modules(names: list[str]) -> list[Any]:
    there = [n for n in names if find_spec(n.rpartition(".")[0]) and find_spec(n)]
    return [import_module(n) for n in there]


def default_rows() -> list[dict[str, str]]:
    """Rows of the factor tables that ship with Abate."""
    from abate.kernel.resources import package_table

    return [
        row
        for s in _this.SYSTEMS
        for package, name in s.factors
        for row in package_table(package, name)
    ]


@cache
def default_factors() -> tuple[Factor, ...]:
    """The factors that ship with Abate."""
    from abate.kernel.factor import factors_from_rows

    return tuple(factors_from_rows(default_rows()))


@cache
def row_checks() -> tuple[Check, ...]:
    """All checks of rows, in the order of precedence."""
    from abate.kernel.checks import ROW_CHECKS

    every = [*ROW_CHECKS, *(c for s in _this.SYSTEMS for c in s.checks() if c.of == "staged")]
    return tuple(sorted(every, key=lambda c: c.rule.precedence))


@cache
def ledger_checks() -> tuple[Check, ...]:
    """Checks of the systems on monthly totals of the ledger."""
    return tuple(c for s in _this.SYSTEMS for c in s.checks() if c.of != "staged")


def every_rule() -> tuple[Rule, ...]:
    """Every rule by which data can be found wanting, in the order of precedence."""
    from abate.kernel.checks import CLOCK_BACK, IMPORT_NOTES, MISSING_MONTH, RUN_RULES
    from abate.kernel.gates import GATES
    from abate.kernel.resolution import RESOLUTION_RULES

    rules = [c.rule for c in (*row_checks(), *ledger_checks())]
    rules += [MISSING_MONTH, CLOCK_BACK, *IMPORT_NOTES, *RESOLUTION_RULES, *GATES, *RUN_RULES]
    rules += [rule for s in _this.SYSTEMS for rule in s.rules]
    return tuple(sorted(rules, key=lambda r: (r.precedence, r.code)))
