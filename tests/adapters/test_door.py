"""The door for Python, and one figure from five faces."""

import json
import re
from datetime import date

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import abate
from abate.adapters.writers.frames import arrow_of, write_frame
from abate.faces.cli.main import app
from abate.faces.server import create_app
from abate.kernel.errors import AbateError, DataError, DuplicateImportError
from serving import session
from support import ROOT, run_apart

ROWS = [
    {"site": "hq", "month": "2024-01", "kWh": 12400},
    {"site": "hq", "month": "2024-02", "kWh": 11250},
]
SHAPES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.Table.from_pylist,
    "rows": list,
    "columns": lambda rows: {k: [r[k] for r in rows] for k in rows[0]},
    "indexed": lambda rows: pd.DataFrame(rows).set_index("month"),
    "cut": lambda rows: pd.DataFrame([{"site": "x", "month": "y", "kWh": 0}, *rows]).iloc[1:],
}


@pytest.fixture
def ws(tmp_path):
    return abate.create(tmp_path / "firm", "Example Ltd", country="DE")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_table_of_any_kind_is_a_file(ws, shape):
    done = ws.add(SHAPES[shape](ROWS), kind="electricity", name="bills")
    assert (done.file, done.accepted_count, done.quarantined_count) == ("bills.parquet", 2, 0)
    run = ws.run("FY2024")
    table = run.figures("scope2-location", by="month")
    assert table.column("month") == ["2024-01", "2024-02"]
    assert sum(table.column("value")) == pytest.approx(float(run.value("scope2-location").value))
    (row, *_) = run.explain("scope2-location").entries.rows
    assert (row.file, row.row) == ("bills.parquet", 1)


def test_the_same_table_twice_is_the_same_file(ws):
    ws.add(pd.DataFrame(ROWS), kind="electricity")
    with pytest.raises(DuplicateImportError):
        ws.add(pl.DataFrame(ROWS), kind="electricity")


def test_dates_times_and_mixed_cells_of_a_frame_are_read(ws):
    frame = pd.DataFrame(
        {
            "site": ["hq", "hq", None],
            "date": [date(2024, 3, 1), date(2024, 4, 1), date(2024, 5, 1)],
            "electricity": [1200, "1300", 5.0],
            "unit": ["kWh", "kWh", "kWh"],
        }
    )
    done = ws.add(frame, kind="electricity")
    assert (done.row_count, done.accepted_count, done.quarantined_count) == (3, 2, 1)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"a": st.integers(-(2**40), 2**40), "b": st.floats(allow_nan=False), "c": st.text()}
        ),
        min_size=1,
        max_size=20,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_frames_of_all_libraries_are_the_same_bytes(tmp_path, rows):
    rows = [r | {"c": r["c"].encode("utf-8", "ignore").decode()} for r in rows]
    made = {
        write_frame(frame(rows), tmp_path / "x.parquet").read_bytes()
        for frame in (pa.Table.from_pylist, list)
    }
    assert len(made) == 1
    assert arrow_of(pl.DataFrame(rows)).to_pylist() == rows


@pytest.mark.parametrize("bad", [5, None, [], object(), {"a": [1], "b": [1, 2]}, [1, 2]])
def test_what_is_no_table_is_refused_with_a_hint(ws, bad):
    with pytest.raises(DataError) as caught:
        ws.add(bad)
    assert caught.value.code == "bad-frame"
    assert caught.value.hint
    assert ws.imports() == []


def test_tables_become_frames_and_files(ws, tmp_path):
    ws.add(ROWS, kind="electricity")
    table = ws.run("FY2024").figures(["scope1", "scope2-location"], by=["site", "month"])
    frame = table.to_pandas()
    assert list(frame.columns) == list(table.columns)
    assert frame.value.dtype.kind == "f"
    assert table.to_polars().rows() == [tuple(r.values()) for r in table]
    assert pa.table(table).num_rows == len(table)
    assert table.to_csv(tmp_path / "t.csv").read_text().startswith('"figure","year",')
    assert "<table>" in table._repr_html_()
    assert "2024-02" in repr(table)
    assert len(table[1:]) == len(table) - 1


def test_a_table_shows_markup_as_text():
    shown = abate.Table([{"<b>": "<script>"}] * 100)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "60 more rows" in shown


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda ws: abate.open(ws.path / "none"), "no-workspace"),
        (lambda ws: abate.create(ws.path, "x", country="DE"), "workspace-exists"),
        (lambda ws: ws.latest("FY1999"), "no-run"),
        (lambda ws: ws.latest("FY2024").value("nett"), "unknown-figure"),
        (lambda ws: ws.figures("net", by="colour"), "unknown-dimension"),
        (lambda ws: ws.undo("imp-none", reason="x"), "unknown-import"),
        (lambda ws: ws.latest("FY2024").report("r.docx"), "unknown-format"),
        (lambda ws: ws.indicators("happiness"), "unknown-indicator"),
        (lambda ws: ws.usage("none"), "unknown-meter"),
    ],
)
def test_errors_have_codes_and_hints(ws, call, code):
    ws.add(ROWS, kind="electricity")
    ws.run("FY2024")
    with pytest.raises(AbateError) as caught:
        call(ws)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_year_from_bills_to_a_locked_report(ws, tmp_path):
    done = ws.add([*ROWS, {"site": "hq", "month": "2024-03", "kWh": -4}], kind="electricity")
    assert done.quarantined_count == 1
    assert "negative-quantity" in {f.code for f in ws.check("FY2024")}
    ws.undo(done.import_id, reason="wrong sign")
    ws.add([*ROWS, {"site": "hq", "month": "2024-03", "kWh": 4}], kind="electricity")
    run = ws.run("FY2024")
    assert run.verify().holds
    accept = dict.fromkeys(("missing-month", "in-quarantine"), "a short year")
    ws.sign("prepared", "FY2024", by="Lin")
    ws.sign("reviewed", "FY2024", by="Mara", accept=accept)
    assert run.report(tmp_path / "r.html").stat().st_size > 10_000
    assert ws.bridge("gross", "FY2024", "FY2024").totals["activity"] == 0
    assert {r["framework"] for r in ws.frameworks("FY2024")} >= {"GRI", "ESRS E1"}
    assert repr(ws) == f"Workspace 'Example Ltd' in {ws.path}: FY2024"


def test_names_of_the_door_are_listed_and_typed():
    assert {"open", "create", "Workspace", "Run", "Table"} <= set(dir(abate))
    assert (ROOT / "src/abate/py.typed").exists()
    source = (ROOT / "src/abate/__init__.py").read_text(encoding="utf-8")
    typed = set(re.findall(r"import (\w+) as \1\b", source))
    assert typed == set(abate._HOMES)


def test_one_figure_is_the_same_from_five_faces(ws):
    mcp = pytest.importorskip("abate.faces.mcp.server")
    client = pytest.importorskip("mcp.client.client")
    ws.add(ROWS, kind="electricity")
    run = ws.run("FY2024")
    exact = float(run.value("scope2-location").value)
    command = ["show", "scope2-location", "--json", "--workspace", str(ws.path)]
    (by_command,) = json.loads(CliRunner().invoke(app, command).stdout)
    with session(create_app(ws.path, token="t"), "t") as http:
        (by_rest,) = http.get("/api/v1/figures?name=scope2-location").json()
        csv = http.get("/api/v1/figures?name=scope2-location&format=csv").text
        page = http.get("/inventory/scope2-location", headers={"accept": "text/html"}).text

    async def ask():
        async with client.Client(mcp.make_server(ws.path)) as agent:
            return await agent.call_tool("figures", {"names": "scope2-location"})

    (by_agent,) = run_apart(ask).structured_content["rows"]
    assert by_agent["value"] == exact
    assert float(by_command["value"]) == exact
    assert by_command["value"] == by_rest["value"]
    assert by_command["value"].rstrip("0") in csv
    assert f"{exact:,.3f}" in page
    assert {by_agent["run"], by_command["run"], by_rest["run"]} == {run.id}
