"""Each finding has a reproducer and an exact text, and docs/errors.md shows them all."""

from pathlib import Path

import pytest

from abate.application.catalogue import every_rule
from errors.gallery import EXAMPLES
from support import ROOT

TEXTS = Path(__file__).parent / "texts"


def test_every_rule_has_its_reproducer():
    rules = {r.code for r in every_rule()}
    assert {e.code for e in EXAMPLES} == rules
    assert len(rules) == len(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.code)
def test_the_text_is_exact(example, workspace, tmp_path):
    said = [str(f) for f in example.found(workspace, tmp_path) if f.code == example.code]
    assert said, "the reproducer found nothing"
    expected = TEXTS / f"{example.code}.txt"
    assert said[0] == expected.read_text(encoding="utf-8").strip()


def test_the_page_is_generated_from_the_gallery():
    from docs.generate import errors_page

    assert (ROOT / "docs/errors.md").read_text(encoding="utf-8") == errors_page()
