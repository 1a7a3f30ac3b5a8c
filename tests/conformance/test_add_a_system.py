"""The guide's system works as the guide says: its own files, two lines of shared ones, three faces, a chapter of the report."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from support import ROOT

GUIDE = (ROOT / "docs/guides/add-a-system.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python file=(\S+)\n(.*?)```", GUIDE, re.DOTALL))
LINES = re.findall(r"```diff file=(\S+)\n-(.*?)\n\+(.*?)\n```", GUIDE)
USE = """
import sys
from datetime import datetime
from pathlib import Path
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace
from abate.application.workspaces.setup import _config
from fastapi.testclient import TestClient
from abate.faces.server import create_app
root, bill = Path(sys.argv[1]), Path(sys.argv[2])
workspace = create_workspace(root, _config("Foresters"))
now = datetime(2026, 1, 1)
print("entered", add_file(workspace, bill, now=now).accepted_count)
run_year(workspace, "FY2024", now=now)
with TestClient(create_app(root, token="t"), base_url="http://127.0.0.1") as client:
    origin = {"origin": "http://127.0.0.1"}
    key = client.post("/api/v1/session", json={"token": "t"}, headers=origin).json()["key"]
    head = {"authorization": f"Bearer {key}"}
    print("api", client.get("/api/v1/trees", params={"year": "FY2024"}, headers=head).json())
    print("page", "120" in client.get("/trees", headers=head).text)
    print("nav", 'href="/trees"' in client.get("/", headers=head).text)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the sources with the guide's files and lines in it."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")
    for name, before, after in LINES:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, (name, before)
        path.write_text(text.replace(before, after), encoding="utf-8")
    return folder


def python(house, *words):
    env = {**os.environ, "PYTHONPATH": str(house / "src")}
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=house,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_system_is_its_own_files_and_two_lines(house, tmp_path):
    assert len(FILES) == 6, "domain, use cases, chapter, and a file for each face"
    assert [name for name, *_ in LINES] == ["src/abate/application/catalogue.py", "pyproject.toml"]
    bill = tmp_path / "trees.csv"
    bill.write_text("site,month,trees\nhq,2024-01,120\n", encoding="utf-8")
    told = python(house, "-c", USE, tmp_path / "w", bill)
    assert told.splitlines() == ["entered 1", "api {'hq': 120}", "page True", "nav True"]
    assert "120" in python(house, "-m", "abate", "show", "trees", "-w", tmp_path / "w")
    assert "120" in python(house, "-m", "abate", "trees", "--year", "FY2024", "-w", tmp_path / "w")
    report = tmp_path / "report.md"
    words = ("--format", "md", "-o", report)
    python(house, "-m", "abate", "report", "-y", "FY2024", "-w", tmp_path / "w", *words)
    chapter = report.read_text().split("## Trees planted {#trees}")[1].split("## ")[0]
    assert "| hq | 120 |" in chapter


def test_the_layers_hold_with_it(house):
    words = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    assert "0 broken" in python(house, "-c", words)
