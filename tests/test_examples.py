"""The example scripts run and say what they should."""

import subprocess
import sys

import pytest

from support import ROOT

SAID = {
    "first_figure.py": ["2 rows entered, 0 are in quarantine", "scope2-location FY2024:", "row 2"],
    "compare_years.py": ["t CO2e, of which", "activity: -"],
    "meters.py": ["between the files: 2 kWh", "posted: 1 rows", "2024-01: 1,488.0 kWh"],
    "pack_order.py": ["carton M: 2 items", "no cheaper packing exists"],
}


def test_every_script_is_listed():
    scripts = {p.name for p in (ROOT / "examples").glob("*.py")}
    assert scripts == set(SAID)
    readme = (ROOT / "examples/README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in scripts)


@pytest.mark.parametrize("name", SAID)
def test_a_script_runs(name):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(text in done.stdout for text in SAID[name])
