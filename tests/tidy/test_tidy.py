"""The house rules that a machine can hold."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

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


EXCEPTIONS = tomllib.loads((ROOT / "tests/tidy/exceptions.toml").read_text(encoding="utf-8"))


def functions():
    """Every function of the package with its place."""
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                name = f"{path.relative_to(ROOT / 'src/abate')}:{node.name}"
                yield name, node, any("njit" in ast.unparse(d) for d in node.decorator_list)


def test_functions_keep_their_size_and_the_exceptions_only_shrink():
    """A body has at most 75 lines; a compiled kernel, one nest of loops over arrays, 140."""
    sizes = {
        name: node.end_lineno - node.body[0].lineno - (130 - 65 if compiled else 0)
        for name, node, compiled in functions()
    }
    long = {name for name, lines in sizes.items() if lines > 75}
    assert sorted(long) == sorted(EXCEPTIONS["long"]), "take what is short now out of the list"


def test_functions_are_simple_and_the_exceptions_only_shrink():
    """C901 of ruff is at most 10; it is checked with the lint, but for the algorithms."""
    found = subprocess.run(
        [
            "ruff",
            "check",
            "--isolated",
            "--select=C901",
            "--config=lint.mccabe.max-complexity=10",
            "--output-format=json",
            str(ROOT / "src"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    names = {
        f"{Path(x['filename']).relative_to(ROOT / 'src/abate')}:{x['message'].split('`')[1]}"
        for x in json.loads(found.stdout)
    }
    assert sorted(names) == sorted(EXCEPTIONS["complex"]), "take what is simple now out of the list"


def test_numbers_that_only_shrink():
    """Loose dictionaries, lines over 100 characters, and code that the formatter leaves alone."""
    texts = [path.read_text(encoding="utf-8") for path in PYTHON]
    counted = {
        "dict_any": sum(t.count("dict[str, Any]") for t in texts),
        "long_lines": sum(len(line) > 100 for t in texts for line in t.splitlines()),
        "fmt_skip": sum(t.count("# fmt: skip") for t in texts),
    }
    assert counted == EXCEPTIONS["counts"], "where a number is lower now, write it down"


def commands():
    """Every command with its subcommands, as people write it."""
    from typer.main import get_command

    from abate.faces.cli.main import app

    for name, command in get_command(app).commands.items():
        yield name
        yield from (f"{name} {sub}" for sub in getattr(command, "commands", {}))


def test_hints_name_commands_and_pages_that_there_are():
    known = set(commands())
    groups = {k.split()[0] for k in known if " " in k}
    odd = []
    for path in PYTHON:
        text = re.sub(r'"\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for words in re.findall(r"(?:'|: |\(|`)abate ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", text):
            first, _, second = words.partition(" ")
            if first not in known or (first in groups and second and words not in known):
                odd.append(f"{path.name}: abate {words}")
        for page in re.findall(r"docs/[a-z/-]+\.md", text):
            if not (ROOT / page).is_file():
                odd.append(f"{path.name}: {page}")
    assert odd == []


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
