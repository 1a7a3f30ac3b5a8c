"""The house rules that a machine can hold."""

import ast
import re
import subprocess

import pytest

import abate
from support import ROOT

PYTHON = sorted((ROOT / "src").rglob("*.py"))
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.split()


def test_every_public_name_is_there_and_documented():
    page = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    for name in abate.__all__:
        assert getattr(abate, name) is not None
        assert name == "__version__" or f"`{name}`" in page
    with pytest.raises(AttributeError):
        _ = abate.nothing


def test_generated_pages_are_up_to_date():
    from docs.generate import PAGES

    for name, page in PAGES.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), (
            f"run 'make docs' for {name}"
        )


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_rules_name_tests_that_exist():
    for path, name in re.findall(
        r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    ):
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_modules_and_functions_keep_their_size():
    long = []
    for path in PYTHON:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            compiled = isinstance(node, ast.FunctionDef) and any(
                "njit" in ast.unparse(d) for d in node.decorator_list
            )
            most = 130 if compiled else 75  # a compiled kernel is one nest of loops over arrays
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.body[0].lineno > most:
                long.append(f"{path.name}:{node.name}")
    assert long == []


def test_no_name_that_says_nothing():
    assert not {p.stem for p in PYTHON} & {"utils", "helpers", "common", "manager", "base", "misc"}


def test_no_share_is_called_percent():
    for path in PYTHON:
        assert not re.search(r"\b\w*_(pct|percent)\b", path.read_text(encoding="utf-8")), path


def test_no_machine_no_mirror_no_lock_file_in_the_repository():
    if not TRACKED:
        pytest.skip("not a git checkout")
    assert not [t for t in TRACKED if t.endswith(("uv.lock", "pylock.toml"))]
    home = re.compile(r"(?<![\w.])/(work|root|home)/")
    for name in TRACKED:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", ".csv", "") and path.is_file():
            assert not home.search(path.read_text(encoding="utf-8", errors="ignore")), name
            assert path.stat().st_size < 1 << 20
