"""Every face has every use case, or the catalogue says why not."""

import inspect
import re

import pytest

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

import abate
from abate.faces.mcp.server import Tools
from abate.faces.python.run import Run
from abate.faces.python.workspace import Workspace
from abate.faces.records import record_of
from abate.faces.server import create_app
from abate.faces.use_cases import FACES, use_cases
from support import ROOT
from tidy.test_tidy import commands

VALUES = {
    "AbateError", "allocate", "backtest", "Battery", "Boundary", "Deferrable", "dispatch", "Microgrid", "Calendar", "Carton", "Factor", "FactorBook", "FactorQuery", "Finding",
    "fit_load", "Objective", "Side", "forecast_generation", "forecast_load", "gwp", "Instrument", "Item", "MethodCard", "observed", "Packer",
    "Plan", "Plant", "Programme", "Proof", "read_unit", "Run", "savings", "Table", "Target", "Transfer", "value_plan",
    "Workspace",
}  # fmt: skip
"""Names of the door that are nouns and functions of them, not use cases of a workspace."""
ATTRIBUTES = {"Workspace.path", "Workspace.name", "Workspace.years", "Run.year", "Run.status"}


def methods(kind):
    return {
        f"{kind.__name__}.{name}"
        for name, _ in inspect.getmembers(kind, lambda m: callable(m) or isinstance(m, property))
        if not name.startswith("_")
    }


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """What each face has, by its address."""
    from abate.application.opening import create_workspace

    config = '[organisation]\nname = "x"\n[[entities]]\nid = "x"\n'
    root = create_workspace(tmp_path_factory.mktemp("w") / "w", config).root
    described = create_app(root).openapi()["paths"]
    rest = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, ways in described.items()
        for method in ways
    }
    pages = {
        f"{way.upper()} {path}"
        for file in (ROOT / "src/abate/faces/web").rglob("*.py")
        for way, path in re.findall(r'@router\.(get|post)\(\s*"([^"]*)"', file.read_text("utf-8"))
    }
    every = set(commands())
    return {
        "python": ({*abate._HOMES} - VALUES) | methods(Workspace) | methods(Run) - ATTRIBUTES,
        "command": {c for c in every if not any(o.startswith(f"{c} ") for o in every)},
        "rest": rest,
        "page": pages,
        "tool": {n for n, _ in inspect.getmembers(Tools, inspect.isfunction) if n[0] != "_"}
        - {"opened"},
    }


FORMS = (
    *(
        "backtests",
        "base-year",
        "boxes",
        "claims",
        "contracts",
        "dispatch",
        "fit",
        "matching",
        "own-factor",
    ),
    *("packing", "savings", "sizes", "sizing"),
)
"""Pages that hold the form of a use case."""
HELPERS = {
    "page": {
        "GET /data/templates/{name}.csv",  # a blank file
        "POST /data/uploads/import-all",  # several at once
        "GET /components",  # what pages are made of
        "GET /jobs/{job_id}/card",  # a job as a part of a page
        "GET /todo",  # a part of the overview
        "POST /report/preview",  # the report before it is written
        "POST /start",  # first steps
        *(f"GET /{form}" for form in FORMS),
    }
}


@pytest.mark.parametrize("face", FACES)
def test_addresses_are_there_and_nothing_is_there_without_a_use_case(there, face):
    listed = {u.address(face) for u in use_cases()} - {""}
    assert listed - there[face] - ATTRIBUTES == set(), "listed, but not there"
    found = there[face] - listed - ATTRIBUTES - HELPERS.get(face, set())
    assert found == set(), "there, but not in src/abate/faces/use_cases.csv"


@pytest.mark.parametrize("face", FACES)
def test_a_face_has_a_use_case_or_says_why_not(face):
    assert [u.name for u in use_cases() if not u.address(face) and not u.lacks(face)] == []


def test_names_and_rights_are_sound():
    names = [u.name for u in use_cases()]
    assert len(names) == len(set(names))
    assert {u.right for u in use_cases()} == {"read", "write", "admin"}
    assert all(u.title and u.title[0].isupper() and not u.title.endswith(".") for u in use_cases())


def test_tools_that_write_are_use_cases_that_write():
    writing = {u.tool for u in use_cases() if u.right != "read" and u.address("tool")}
    previews = {"preview_file", "preview_readings"}
    assert writing - previews == {n for n in vars(Tools) if n[0] != "_"}


@pytest.mark.parametrize("one", use_cases(), ids=lambda u: u.name)
def test_a_use_case_says_what_it_takes_and_gives(one):
    told = record_of(one)
    assert told.output
    assert told.about
    assert [i.name for i in told.inputs if not i.about or not i.type] == []
    assert len({i.name for i in told.inputs}) == len(told.inputs)
