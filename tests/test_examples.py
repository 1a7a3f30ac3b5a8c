"""The example scripts run and say what they should."""

import ast
import json
import subprocess
import sys

import pytest

from support import ROOT

SAID = {
    "first_figure.py": ["2 rows entered, 0 are in quarantine", "scope2-location FY2024:", "row 2"],
    "compare_years.py": ["t CO2e, of which", "activity: -"],
    "meters.py": ["between the files: 2 kWh", "posted: 1 rows", "2024-01: 1,488.0 kWh"],
    "park_500_mw.py": ["wind: 300 MW", "sun: 200 MW", "store: ", "net present value:"],
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


NOTEBOOKS = {
    "inventory": {"done": lambda d: d.accepted_count == 11, "found": lambda f: f.closed.low > 0},
    "packing": {"grid": lambda g: len(g.parcels) == 1 and g.proved},
    "forecasts-and-savings": {
        "inside": lambda share: share > 0.7,
        "saving": lambda s: s.low < s.saved < s.high and abs(s.saved / s.expected - 0.1) < 0.02,
    },
}
"""What stands in a notebook's names once all its cells have run."""


def test_every_notebook_is_listed():
    assert {p.stem for p in (ROOT / "examples/notebooks").glob("*.ipynb")} == set(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom(name):
    path = ROOT / f"examples/notebooks/{name}.ipynb"
    names = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        assert cell["outputs"] == []
        *body, last = ast.parse("".join(cell["source"])).body
        if not isinstance(last, ast.Expr):
            body.append(last)
        exec(compile(ast.Module(body, []), path.name, "exec"), names)
        if isinstance(last, ast.Expr):  # shown as a notebook shows it
            shown = eval(compile(ast.Expression(last.value), path.name, "eval"), names)
            (getattr(shown, "_repr_html_", None) or shown.__repr__)()
    for key, holds in NOTEBOOKS[name].items():
        assert holds(names[key]), names[key]
