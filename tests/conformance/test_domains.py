"""Every domain has the same shape and keeps the same promises."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.application.catalogue import KINDS, METHODS, TEMPLATES, default_factors, every_rule
from abate.kernel.formula import evaluate
from abate.kernel.species import all_species
from abate.operations.facts import CATEGORIES
from support import ROOT

DOMAINS = ("operations", "energy", "ecosystem", "logistics")
FILES = {
    "__init__.py",
    "system.py",
    "facts.py",
    "methods.py",
    "planners.py",
    "checks.py",
    "factors.csv",
    "README.md",
}
SOURCES = ROOT / "src" / "abate"


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_no_file_of_another_shape(domain):
    names = {
        p.name if p.is_file() else f"{p.name}.py"
        for p in (SOURCES / domain).iterdir()
        if p.name != "__pycache__"
    }
    assert names <= FILES
    assert {"system.py", "facts.py", "factors.csv", "README.md"} <= names


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.card.id)
def test_a_card_says_what_its_function_does(method):
    names = list(inspect.signature(method.function).parameters)

    @settings(deadline=None, max_examples=50)
    @given(st.lists(st.floats(0, 1e6), min_size=len(names), max_size=len(names)))
    def holds(values):
        arguments = dict(zip(names, values, strict=True))
        assert method(**arguments) == evaluate(method.card.formula, arguments)

    holds()


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.card.id)
def test_a_card_is_complete(method):
    card = method.card
    assert card.scope in ("1", "2", "3", "avoided")
    assert card.source
    assert method.summary.endswith(".")
    assert set(card.kinds) <= set(KINDS)
    assert bool(card.view) is (card.scope in ("2", "avoided"))
    assert (card.scope == "3") is (card.category in CATEGORIES)
    assert card.lookups
    assert card.rung == 0 or card.approach


def test_the_rungs_of_a_ladder_are_told_apart_by_place_or_by_unit():
    for kind in KINDS:
        cards = [m.card for m in METHODS if kind in m.card.kinds and m.card.rung]
        places = [(c.ladder, c.rung, d) for c in cards for d in c.dimensions or ("any",)]
        assert len(places) == len(set(places)), kind


def test_every_category_has_a_method_and_every_kind_of_the_value_chain_a_ladder():
    assert {m.card.category for m in METHODS if m.card.scope == "3"} == set(CATEGORIES)
    assert all(
        any(f.kind == k for f in default_factors())
        for k in ("freight", "travel", "waste", "purchased-goods", "price")
    )


def test_every_template_is_read_back_from_its_own_example(workspace, tmp_path):
    import csv

    from abate.adapters.readers.sheets import read_sheets
    from abate.application.inventory.mapping import map_sheet

    for template in TEMPLATES.values():
        path = tmp_path / f"{template.id}.csv"
        with path.open("w", newline="") as handle:
            csv.writer(handle).writerows(template.example)
        mapped = map_sheet(
            read_sheets(path)[0], file_name=path.name, names={"hq": "hq", "group": "group"}
        )
        assert mapped is not None, template.id
        assert mapped.mapping.template == template.id
        assert set(template.required) <= {
            *mapped.mapping.columns,
            "period" if "period_start" in mapped.mapping.columns else "",
        }


def test_every_measure_is_of_a_known_kind():
    for template in TEMPLATES.values():
        assert {m.kind for m in template.measures} <= set(KINDS)


def test_default_factors_state_their_source_and_known_gases():
    ids = [f.id for f in default_factors()]
    assert len(ids) == len(set(ids))
    for factor in default_factors():
        assert factor.source.publication
        assert factor.source.licence
        assert factor.source.verification in ("checked", "secondary", "recalled", "assumption")
        assert {m.species for m in factor.masses} <= {*all_species(), "property"}


def test_codes_are_unique_and_kebab_case():
    codes = [r.code for r in every_rule()]
    assert len(codes) == len(set(codes))
    assert all(
        c == c.lower() and " " not in c and r.hint for c, r in zip(codes, every_rule(), strict=True)
    )


DOMAIN_WORDS = re.compile(
    r"\b(pue|wue|scope3|electricity|fuel|diesel|water|heat|refrigerant|freight|travel|waste|commuting|carton|parcel"
    r"|roof|generation|flight|airport|facility|it-energy|grid|revenue|floor-area|warehouse|vehicle|building-energy)\b"
)


def test_the_kernel_names_no_domain():
    """No identifier, and no text that is an id, of the kernel is a word of a domain; prose may give examples."""
    found = []
    for path in (SOURCES / "kernel").glob("*.py"):
        if path.name == "units.py":  # units of heating values and freight are units
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = (
                node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            )
            names = [getattr(node, a, None) for a in ("id", "attr", "arg", "name")]
            ids = [text] if text and not re.search(r"\s", text) else []
            for word in (*ids, *(str(n).replace("_", " ") for n in names if isinstance(n, str))):
                if DOMAIN_WORDS.search(word.lower().replace("-", " ")):
                    found.append(f"{path.name}:{getattr(node, 'lineno', 0)}: {word}")
    assert found == []


def test_nothing_below_the_adapters_asks_for_clock_randomness_or_files():
    forbidden = {"open", "now", "today", "getenv", "urlopen", "random", "uuid4", "input", "print"}
    for path in SOURCES.rglob("*.py"):
        if {"adapters", "application", "faces"} & {*path.parts} or path.name in (
            "resources.py",
            "__init__.py",
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr
                    if isinstance(node.func, ast.Attribute)
                    else getattr(node.func, "id", "")
                )
                assert name not in forbidden, f"{path}: {name}"
    assert Path(SOURCES).is_dir()
