"""Files that were changed, and files made to hurt: each is read or refused, in bounded time and memory, and the server lives.

`benchmarks/hostile.py` tries thousands.
"""

import importlib
import os
import subprocess
import sys

import pytest

import hostile
from abate.adapters.readers import apart
from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.documents import json_objects
from abate.adapters.readers.sheets import read_sheets
from abate.application.inventory.imports import add_file
from abate.application.opening import create_workspace
from abate.kernel.errors import DataError
from serving import Served
from support import CONFIG, NOW

FAMILIES = 17


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    root = create_workspace(tmp_path_factory.mktemp("hostile") / "w", CONFIG).root
    made = hostile.Worker(root)
    yield made
    made.close()


def test_no_reader_breaks_on_what_was_changed_or_made_to_hurt(worker, tmp_path):
    examples = hostile.examples(tmp_path / "examples")
    files = [(p.name, p.read_bytes()) for p in examples]
    files += [*hostile.hostile(hostile.Mild(), FAMILIES), *hostile.mutations(examples, 90, 2)]
    for name, content in files:
        path = tmp_path / name
        path.write_bytes(content)
        assert worker.tried(path) == "", name
        path.unlink()


def test_the_server_lives_after_each(tmp_path, shared):
    """Uploaded, looked at, checked, and looked at again after a restart."""
    root = create_workspace(tmp_path / "w", CONFIG).root
    cases = sorted((shared / "cases" / "sturdy").glob("*.xlsx"))
    files = [(p.name, p.read_bytes()) for p in cases] + [
        f for f in hostile.hostile(hostile.Mild(), 3) if "xlsx" in f[0]
    ]
    served = Served(root)
    try:
        with served.client() as client:
            for name, content in files:
                taken = client.post(
                    "/api/v1/uploads",
                    params={"name": name, "purpose": "data"},
                    content=content,
                    headers={"origin": served.base},
                )
                upload = taken.json()["id"]
                for _ in range(2):
                    looked = client.get(f"/api/v1/uploads/{upload}")
                    assert looked.status_code in (200, 413, 422), looked.text
                assert client.get(f"/data/uploads/{upload}").status_code < 500
                assert client.get("/api/v1/jobs").status_code == 200
    finally:
        served.stop()
    served = Served(root)
    try:
        with served.client() as client:
            for upload in client.get("/api/v1/uploads").json():
                assert client.get(f"/data/uploads/{upload['id']}").status_code < 500
            assert client.get("/").status_code == 200
    finally:
        served.stop()


def test_a_cell_far_from_the_others_is_told_with_its_place(tmp_path, shared):
    with pytest.raises(
        DataError, match="has a cell in XFD1048576: it spans 17,179,869,184 cells, of which 9"
    ):
        read_sheets(shared / "cases" / "sturdy" / "stray-cell.xlsx")


ODD_READERS = """
import os, resource, signal

def dying(path):
    yield 1
    os.kill(os.getpid(), signal.SIGSEGV)

def hungry(path):
    yield len(bytes(3 << 30))

def endless(path):
    resource.setrlimit(resource.RLIMIT_CPU, (1, resource.RLIM_INFINITY))
    while True:
        pass
"""


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("dying", "breaks its reader (SIGSEGV)"),
        ("hungry", "more than 1.25 GB of memory"),
        ("endless", "takes more than 15 s"),
    ],
)
def test_a_reader_that_dies_is_an_error_of_the_file(tmp_path, monkeypatch, reader, said):
    """And the next file is read by another."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "odd_readers.py").write_text(ODD_READERS)
    apart.end_readers()
    path = tmp_path / "file.bin"
    path.write_text("x")
    with pytest.raises(DataError, match="unreadable-file") as told:
        list(read_apart(getattr(importlib.import_module("odd_readers"), reader), path))
    assert said in told.value.message
    apart.end_readers()
    (tmp_path / "a.json").write_text("[1]")
    assert list(read_apart(json_objects, tmp_path / "a.json", "x")) == [[1]]


def test_a_workbook_of_half_a_million_cells_is_read_row_by_row(workspace, tmp_path):
    """The rows come in batches; no process holds them all."""
    rows = 60_000
    cells = "".join(
        f'<row r="{r}"><c r="A{r}" t="inlineStr"><is><t>hq</t></is></c><c r="B{r}" t="inlineStr"><is><t>2023-{4 + r % 9:02d}</t></is></c>'
        f'<c r="C{r}"><v>{r}</v></c><c r="D{r}" t="inlineStr"><is><t>kWh</t></is></c></row>'
        for r in range(2, rows + 2)
    )
    path = tmp_path / "electricity.xlsx"
    path.write_bytes(hostile._book(hostile._sheet(hostile.HEAD + cells)))
    (sheet,) = read_sheets(path)
    sizes = [len(batch) for batch in sheet.rows]
    assert sum(sizes) == rows + 1
    assert max(sizes) <= 20_000
    assert add_file(workspace, path, now=NOW).row_count == rows


def test_the_program_ends_its_readers(tmp_path):
    """Nothing is left running."""
    code = (
        "from abate.adapters.readers.apart import read_apart, _idle\n"
        "from abate.adapters.readers.documents import json_objects\nfrom pathlib import Path\nimport sys\n"
        "list(read_apart(json_objects, Path(sys.argv[1]), 'x'))\nprint(_idle[0].process.pid)\n"
    )
    (tmp_path / "a.json").write_text("[1]")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
