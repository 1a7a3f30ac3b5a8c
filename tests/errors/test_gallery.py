"""Each finding has a reproducer and an exact text, and docs/errors.md shows them all."""

from pathlib import Path

import pytest

from abate.application.catalogue import every_rule
from abate.kernel.languages import catalogues, translate
from errors.gallery import EXAMPLES
from messages import messages
from support import ROOT

TEXTS = Path(__file__).parent / "texts"


def test_every_rule_has_its_reproducer():
    rules = {r.code for r in every_rule()}
    assert {e.code for e in EXAMPLES} == rules
    assert len(rules) == len(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.code)
def test_the_text_is_exact(example, workspace, tmp_path):
    found = [f for f in example.found(workspace, tmp_path) if f.code == example.code]
    assert found, "the reproducer found nothing"
    expected = TEXTS / f"{example.code}.txt"
    assert str(found[0]) == expected.read_text(encoding="utf-8").strip()
    for text in (found[0].message, found[0].hint):
        assert translate(text, "zh") != text, "it is not told in Chinese"


def test_every_message_and_hint_is_told_in_chinese():
    known = catalogues()["zh"].texts
    assert {t: f for t, f in messages().items() if ("", t) not in known} == {}


def test_the_page_is_generated_from_the_gallery():
    from docs.generate import errors_page

    assert (ROOT / "docs/errors.md").read_text(encoding="utf-8") == errors_page()
