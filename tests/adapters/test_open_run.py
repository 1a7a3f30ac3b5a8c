"""A run is opened once: one snapshot, one engine."""

from abate.adapters.store.imports import live_imports
from abate.application.disclosure.report_model import report_model
from abate.application.inventory.figures import runs
from abate.application.inventory.open_run import open_run
from abate.application.inventory.runs import run_year
from support import NOW, electricity

YEAR = "FY2024"


def bills(*months):
    return electricity([("hq", m, 1000.0, "kWh") for m in months])


def test_nothing_that_is_committed_later_is_seen(workspace, add):
    add(bills("2023-05", "2023-06"))
    first = run_year(workspace, YEAR, now=NOW)
    with open_run(workspace, YEAR) as opened:
        before = opened.values(["scope2-location"])
        add(bills("2023-07"), "july.csv")
        second = run_year(workspace, YEAR, now=NOW)
        assert second.run_id != first.run_id
        assert [r.run_id for r in runs(opened.workspace)] == [first.run_id]
        assert len(live_imports(opened.workspace)) < len(live_imports(workspace))
        assert opened.values(["scope2-location"]) == before
        counted = opened.con.execute("select count(*) from run_entries").fetchone()
    with open_run(workspace) as again:
        assert again.run.run_id == second.run_id
        assert again.con.execute("select count(*) from run_entries").fetchone() > counted


def test_a_report_opens_one_engine(workspace, add, monkeypatch):
    import duckdb

    add(bills("2023-05"))
    run_year(workspace, YEAR, now=NOW)
    opened = []
    real = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda *a, **k: opened.append(a) or real(*a, **k))
    report_model(workspace, YEAR, NOW)
    assert len(opened) == 1
