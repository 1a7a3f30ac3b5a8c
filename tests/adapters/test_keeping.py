"""A workspace is kept: runs go on from one another, files are packed, backups come back, older ones are upgraded."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from abate.adapters.store.delta import Limits, open_engine
from abate.adapters.store.imports import live_imports
from abate.application.catalogue import FIGURES
from abate.application.inventory.explanations import explain_entry, explain_figure
from abate.application.inventory.figures import Figures, run_of, runs
from abate.application.inventory.findings import open_findings
from abate.application.inventory.imports import add_file, undo
from abate.application.inventory.ranges import ranges
from abate.application.inventory.runs import run_year
from abate.application.inventory.verification import verify_run
from abate.application.opening import create_workspace, open_workspace
from abate.application.workspaces import upkeep as keeping
from abate.application.workspaces.upkeep import backup, compact, restore, stats, upgrade
from abate.kernel.errors import ConfigError, DataError, IntegrityError, UsageError
from abate.kernel.tables import TABLES
from support import CONFIG, NOW, ROOT, append_as_is, electricity, months, rolled

YEAR = "FY2024"
CERTIFICATE = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for\n"
OLDER = sorted((ROOT / "tests/golden/workspaces").glob("*.tar.gz"))


def every_figure(workspace, run):
    with Figures(workspace) as opened:
        values = opened.values(list(FIGURES), run)
        return {
            v.figure: v.value
            for v in [*values, *opened.values(list(FIGURES), run, "gas,site", lenient=True)]
        }


def fuel(rows):
    return "Site,Month,Fuel,Quantity,Unit\n" + "".join(
        f"{s},{m},natural-gas,{q},m3\n" for s, m, q in rows
    )


NAMES = {"power": "electricity", "fuel": "boiler", "certificate": "certificates", "undo": "none"}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("power"), st.sampled_from(["hq", "plant"]), st.integers(0, 9)),
        st.tuples(st.just("fuel"), st.sampled_from(["hq", "mill"]), st.integers(0, 9)),
        st.tuples(st.just("certificate"), st.integers(1, 3000), st.integers(0, 0)),
        st.tuples(st.just("undo"), st.integers(0, 99), st.integers(0, 0)),
    ),
    min_size=2, max_size=7,
)  # fmt: skip


@settings(deadline=None, max_examples=8)
@given(STEPS)
def test_a_run_that_goes_on_equals_the_run_anew(tmp_path_factory, steps):
    """Whatever is added, mended by certificates or undone in between, to the milligram, and as verified."""
    folder = tmp_path_factory.mktemp("going")
    workspace = create_workspace(folder / "w", CONFIG)
    for number, (what, one, other) in enumerate([("power", "hq", 0), ("fuel", "plant", 0), *steps]):
        path = folder / f"{NAMES[what]}-{number}.csv"
        if what == "power":
            path.write_text(
                electricity([(one, m, 1000 + number, "kWh") for m in months("2023-04", 12 - other)])
            )
        elif what == "fuel":
            path.write_text(fuel([(one, m, 10 + number) for m in months("2023-04", 12 - other)]))
        elif what == "certificate":
            path.write_text(
                CERTIFICATE
                + f"C{number},certificate,wind,CN,,2023-04-01,2024-03-31,{one},kWh,FY2024\n"
            )
        else:
            live = [
                r
                for r in live_imports(workspace)
                if r.template in ("electricity", "stationary-fuel")
            ]
            if len(live) > 1:
                undo(workspace, live[one % len(live)].import_id, reason="", now=NOW)
        if path.is_file():
            add_file(workspace, path, now=NOW)
        went_on = run_year(workspace, YEAR, now=NOW)
    anew = run_year(workspace, YEAR, now=NOW, anew=True)
    assert rolled(workspace, went_on.run_id) == rolled(workspace, anew.run_id)
    assert went_on.entry_count == anew.entry_count == anew.posted_count
    for run in (went_on, anew):
        assert verify_run(workspace, run.run_id).holds


def test_only_what_is_new_is_valued(workspace, add):
    add(electricity([("hq", m, 1000, "kWh") for m in months("2023-04", 12)]))
    first = run_year(workspace, YEAR, now=NOW)
    add(electricity([("hq", "2023-05", 7, "kWh"), ("plant", "2023-05", 7, "kWh")]), name="late.csv")
    second = run_year(workspace, YEAR, now=NOW)
    per_row = first.entry_count // 12
    assert (first.posted_count, second.posted_count) == (12 * per_row, 2 * per_row)
    assert second.entry_count == 14 * per_row
    assert run_of(workspace, YEAR).chained == [first.run_id, second.run_id]
    tree = explain_figure(workspace, "scope2-location", YEAR)
    assert tree.entries.count == len(tree.entries.rows) == 14
    for row in tree.entries.rows:
        (entry,) = explain_entry(workspace, row.entry).entries
        assert entry.mass_mg == entry.recomputed_mg


def test_an_ordinal_that_was_given_up_is_never_given_again(workspace, add):
    """Else the entries of an undone import would count again under the resolution of another."""
    rows = [("hq", m, 1000, "kWh") for m in months("2023-04", 12)]
    add(electricity(rows))
    last = add(
        electricity([("plant", m, 777, "kWh") for m in months("2023-04", 3)]),
        name="electricity-2.csv",
    )
    run_year(workspace, YEAR, now=NOW)
    undo(workspace, last.import_id, reason="", now=NOW)
    without = run_year(workspace, YEAR, now=NOW)
    add(
        electricity([("sold", m, 5, "kWh") for m in months("2023-04", 3)]), name="electricity-3.csv"
    )
    run = run_year(workspace, YEAR, now=NOW)
    assert len(run_of(workspace, YEAR).chained) == 3
    assert without.posted_count == 0
    assert verify_run(workspace, run.run_id).holds
    assert rolled(workspace, run.run_id) == rolled(
        workspace, run_year(workspace, YEAR, now=NOW, anew=True).run_id
    )


def test_a_run_of_the_same_inputs_can_be_valued_anew(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    first = run_year(workspace, YEAR, now=NOW)
    again = run_year(workspace, YEAR, now=NOW, anew=True)
    assert again.run_id != first.run_id
    assert runs(workspace)[-1].chained == [again.run_id]
    assert run_year(workspace, YEAR, now=NOW).unchanged


def many_imports(workspace, tmp_path, count=6):
    for k in range(count):
        path = tmp_path / f"electricity-{k}.csv"
        path.write_text(
            electricity(
                [
                    ("hq", months("2023-04", 12)[k], 1000 + k, "kWh"),
                    ("hq", "2023-07", -k - 1, "kWh"),
                ]
            )
        )
        add_file(workspace, path, now=NOW)
        run_year(workspace, YEAR, now=NOW)


def rows_of(workspace):
    """Every row of every table, in order."""
    found = {}
    for name in keeping._tables():
        with workspace.store.connect(name) as con:
            found[name] = con.execute(f"select * from {name} order by all").fetchall()
    return found


def test_packing_keeps_every_row_and_every_file(workspace, tmp_path):
    many_imports(workspace, tmp_path)
    rows, values = rows_of(workspace), every_figure(workspace, run_of(workspace, YEAR))
    files = set(workspace.store.root.rglob("*.parquet"))
    before = {s.name: s for s in stats(workspace)}
    assert before["activities"].files == before["activities"].small == 6
    changed = compact(workspace)
    assert changed["activities"] == (6, 1)
    after = {s.name: s for s in stats(open_workspace(workspace.root))}
    assert after["activities"].files == 1
    assert after["activities"].small == 0
    assert {n: s.rows for n, s in after.items()} == {n: s.rows for n, s in before.items()}
    assert files < set(workspace.store.root.rglob("*.parquet"))
    fresh = open_workspace(workspace.root)
    assert {n: r for n, r in rows_of(fresh).items() if n != "totals"} == {
        n: r for n, r in rows.items() if n != "totals"
    }
    assert every_figure(fresh, run_of(fresh, YEAR)) == values
    assert all(verify_run(fresh, r.run_id).holds for r in runs(fresh))
    row = explain_figure(fresh, "scope2-location", YEAR).entries.rows[0]
    assert explain_entry(fresh, row.entry).file == row.file
    assert compact(fresh) == {}
    (tmp_path / "more.csv").write_text(electricity([("plant", "2023-04", 5, "kWh")]))
    add_file(fresh, tmp_path / "more.csv", now=NOW)
    run = run_year(fresh, YEAR, now=NOW)
    assert run.posted_count < run.entry_count
    assert verify_run(fresh, run.run_id).holds
    anew = run_year(fresh, YEAR, now=NOW, anew=True)
    assert rolled(fresh, run.run_id) == rolled(fresh, anew.run_id)
    assert anew.entry_count == run.entry_count
    (tmp_path / "next.csv").write_text(electricity([("plant", "2024-05", 5, "kWh")]))
    add_file(fresh, tmp_path / "next.csv", now=NOW)
    other = run_year(fresh, "FY2025", now=NOW)
    assert verify_run(fresh, other.run_id).holds
    assert other.entry_count == anew.entry_count // 7


def test_totals_that_are_not_those_of_the_entries_are_found(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    run = run_year(workspace, YEAR, now=NOW)
    (row, *_) = [r for r in workspace.store.rows("rollups") if r["source"] == "entry"]
    append_as_is(workspace.store, "rollups", row)
    assert not verify_run(open_workspace(workspace.root), run.run_id).holds


def test_the_latest_run_is_that_of_the_present_imports(workspace, add):
    """Undoing an undo leads back to inputs that were valued before: the year's figures follow."""
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    extra = add(electricity([("plant", "2023-05", 500, "kWh")]), name="electricity-2.csv")
    first = run_year(workspace, YEAR, now=NOW)
    reversal = undo(workspace, extra.import_id, reason="", now=NOW)
    run_year(workspace, YEAR, now=NOW)
    undo(workspace, reversal, reason="", now=NOW)
    again = run_year(workspace, YEAR, now=NOW)
    assert not again.unchanged
    assert rolled(workspace, run_of(workspace, YEAR).run_id) == rolled(workspace, first.run_id)
    assert verify_run(workspace, again.run_id).holds
    assert run_year(workspace, YEAR, now=NOW).unchanged


def test_a_chain_that_is_full_is_begun_anew(workspace, tmp_path, monkeypatch):
    from abate.application.inventory import runs as valuing

    monkeypatch.setattr(valuing, "CHAIN_MAX", 3)
    many_imports(workspace, tmp_path, 5)
    assert [len(r.chained) for r in runs(workspace)] == [1, 2, 3, 1, 2]
    assert all(verify_run(workspace, r.run_id).holds for r in runs(workspace))


def test_a_workspace_may_lie_behind_links_and_odd_names(tmp_path):
    workspace = create_workspace(tmp_path / "a b" / "w", CONFIG)
    (tmp_path / "large").mkdir()
    shutil.move(workspace.root / "ledger", tmp_path / "large" / "ledger")
    (workspace.root / "ledger").symlink_to(tmp_path / "large" / "ledger")
    linked = open_workspace(workspace.root)
    many_imports(linked, tmp_path, 2)
    assert all(verify_run(linked, r.run_id).holds for r in runs(linked))
    backup(linked, tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "new")
    assert rows_of(open_workspace(tmp_path / "new")) == rows_of(linked)
    (workspace.root / "ledger").unlink()
    with pytest.raises(ConfigError, match="no-ledger"):
        open_workspace(workspace.root)


def test_packing_that_would_change_a_row_changes_nothing(workspace, tmp_path, monkeypatch):
    many_imports(workspace, tmp_path, 2)
    rows = rows_of(workspace)
    as_it_is = keeping._rewrite
    monkeypatch.setattr(keeping, "_rewrite", lambda *a, order="": as_it_is(*a, order="1 limit 1"))
    with pytest.raises(IntegrityError, match="pack-differs"):
        compact(workspace)
    assert rows_of(open_workspace(workspace.root)) == rows


def test_what_a_killed_run_left_is_found_and_swept_on_request(workspace, add, monkeypatch):
    from abate.application.inventory import runs as valuing

    with (workspace.root / "abate.toml").open("a") as config:
        config.write("\n[engine]\nthreads = 1\n")  # each thread that has rows writes a file
    workspace = open_workspace(workspace.root)
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    run_year(workspace, YEAR, now=NOW)
    add(electricity([("plant", "2023-05", 1000, "kWh")]), name="plant.csv")
    add(
        CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2024-03-31,500,kWh,FY2024\n",
        name="certificates.csv",
    )
    with monkeypatch.context() as patched:
        patched.setattr(valuing, "_roll_up", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_year(workspace, YEAR, now=NOW)
    fresh = open_workspace(workspace.root)
    gone = (
        workspace.store.root
        / "entries"
        / f"fiscal_year={YEAR}"
        / "FY2024-0123456789.spark"
        / "_temporary"
        / "0"
    )
    gone.mkdir(parents=True)
    (gone / "part-0.parquet").write_bytes(b"half")
    left = {s.name: s.unfinished for s in stats(fresh) if s.unfinished}
    assert left == {"allocations": 1, "entries": 2, "resolutions": 1}
    compact(fresh)
    assert {s.name: s.unfinished for s in stats(fresh) if s.unfinished} == left
    compact(fresh, sweep=True)
    assert not any(s.unfinished for s in stats(fresh))
    run = run_year(fresh, YEAR, now=NOW)
    assert verify_run(fresh, run.run_id).holds
    assert len(runs(fresh)) == 2
    assert [
        a["amount_wh"] for a in fresh.store.rows("allocations") if a["run_id"] == run.run_id
    ] == [250_000, 250_000]


def test_rows_that_an_older_version_left_without_their_commit_are_seen_and_swept(workspace, add):
    """They stand in files that do not say who wrote them, among rows that count."""
    done = add(electricity([("hq", "2023-05", -1, "kWh")]))
    (held,) = workspace.store.rows("findings")
    dead = "imp-0000dead"
    rows = [
        held | {"origin": o, "message": o}
        for o in (dead, done.import_id, f"{dead}/gates", done.import_id)
    ]
    write_deltalake(
        workspace.store.root / "findings",
        pa.Table.from_pylist(rows, schema=TABLES["findings"]),
        mode="append",
    )
    fresh = open_workspace(workspace.root)
    assert {s.name: s.unfinished_rows for s in stats(fresh) if s.unfinished_rows} == {"findings": 2}
    assert {dead, f"{dead}/gates"} <= fresh.store.taken()
    assert dead not in fresh.store.committed()
    compact(fresh, sweep=True)
    assert not any(s.unfinished_rows for s in stats(fresh))
    assert [r["origin"] for r in open_workspace(workspace.root).store.rows("findings")] == [
        done.import_id
    ] * 3


def test_a_name_is_read_back_from_its_file(workspace):
    """Whatever letters a writer's name has."""
    for k, name in enumerate(("imp-1/gates", "a.b~c%d#3", "计划#1", "x y", "FY2024-0123456789")):
        workspace.store.append(
            "plan_lines",
            [dict.fromkeys(TABLES["plan_lines"].names) | {"plan_id": name, "co2e_mg": k}],
        )
    assert {
        "imp-1/gates",
        "a.b~c%d#3",
        "计划#1",
        "x y",
        "FY2024-0123456789",
    } == workspace.store.tags("plan_lines")
    assert workspace.store.free_ordinal("plans", "计划") == 2


def test_a_backup_comes_back_whole(workspace, tmp_path):
    many_imports(workspace, tmp_path, 3)
    archive = tmp_path / "backup.tar"
    with sqlite3.connect(workspace.root / "transfers.sqlite") as held:  # somebody else has it open
        held.execute("select 1").fetchall()
        counts = backup(workspace, archive)
    with pytest.raises(UsageError, match="archive-exists"):
        backup(workspace, archive)
    with pytest.raises(UsageError, match="archive-inside"):
        backup(workspace, workspace.root / "b.tar")
    assert restore(archive, tmp_path / "new") == counts
    back = open_workspace(tmp_path / "new")
    assert rows_of(back) == rows_of(workspace)
    assert all(verify_run(back, r.run_id).holds for r in runs(back))
    assert (back.root / "evidence").is_dir()
    assert {p.name for p in back.raw.iterdir()} == {p.name for p in workspace.raw.iterdir()}
    with pytest.raises(UsageError, match="folder-in-use"):
        restore(archive, tmp_path / "new")


@pytest.mark.parametrize("harm", ["cut", "altered", "lacking", "no tar", "outside"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(workspace, tmp_path, harm):
    many_imports(workspace, tmp_path, 1)
    archive, bad = tmp_path / "backup.tar", tmp_path / "bad.tar"
    backup(workspace, archive)
    if harm == "cut":
        bad.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    elif harm == "no tar":
        bad.write_text("nothing")
    else:
        with tarfile.open(archive) as source, tarfile.open(bad, "w") as target:
            for member in source:
                content = source.extractfile(member)
                if harm == "lacking" and member.name.startswith("raw/"):
                    continue
                if harm == "altered" and member.name == "abate.toml":
                    member.name = "abate.toml"
                    data = content.read().replace(b"Small group", b"Large group")
                    import io

                    target.addfile(member, io.BytesIO(data))
                    continue
                if harm == "outside" and member.name == "abate.toml":
                    member.name = "../abate.toml"
                target.addfile(member, content)
    with pytest.raises(DataError, match="bad-backup"):
        restore(bad, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob("*.partial"))
    assert not (tmp_path / "abate.toml").exists()


@pytest.mark.parametrize("archive", OLDER, ids=lambda p: p.name.split(".")[0])
def test_an_older_workspace_is_upgraded_and_its_figures_stay(archive, tmp_path):
    """Two workspaces as earlier versions wrote them: 36 activities, one certificate, two runs, one blocked row."""
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    root = tmp_path / "w"
    files = set(root.rglob("*.parquet"))
    backup(open_workspace(root, of_any_age=True), tmp_path / "before.tar")
    with pytest.raises(ConfigError, match="older-workspace"):
        open_workspace(root)
    assert upgrade(root)["runs"] == ["structure", "chain"] or upgrade(root) == {}
    assert upgrade(root) == {}
    assert files < set(root.rglob("*.parquet"))
    workspace = open_workspace(root)
    run = run_of(workspace, YEAR)
    with Figures(workspace) as opened:
        known = {
            n: opened.values([n], run)[0].value
            for n in ("scope1", "scope2-location", "scope2-market", "net")
        }
    expected = {
        "scope1": 2_773_669_888,
        "scope2-location": 13_870_728_000,
        "scope2-market": 11_670_182_400,
    }
    assert {k: v * 10**9 for k, v in known.items() if k != "net"} == expected
    assert known["net"] * 10**9 == 13_771_897_888
    assert len([f for f in open_findings(workspace, now=NOW) if f.severity == "blocker"]) == 1
    assert explain_figure(workspace, "gross", YEAR).entries.count > 0
    with (
        Figures(workspace) as opened,
        pytest.raises(UsageError, match="no-range")
        if archive.name == "first.tar.gz"
        else nullcontext(),
    ):
        assert ranges(opened, "gross", run)[0].closed.total == pytest.approx(16.644397888)
    new = run_year(workspace, YEAR, now=NOW, anew=True)
    assert runs(workspace)[-1].chained == [new.run_id]
    assert verify_run(workspace, new.run_id).holds
    with Figures(workspace) as opened:
        again = {n: opened.values([n], run_of(workspace, YEAR))[0].value for n in known}
    assert again == known


def test_a_workspace_of_a_newer_version_is_left_alone(workspace):
    (workspace.store.root / "FORMAT").write_text("999\n")
    for open_it in (open_workspace, upgrade):
        with pytest.raises(ConfigError, match="newer-workspace"):
            open_it(workspace.root)


def test_limits_of_the_engine_are_settings(tmp_path):
    settings = '\n[engine]\nmemory = "500MB"\nthreads = 1\nspill = "{}"\n'.format(
        tmp_path / "spill"
    )
    workspace = create_workspace(tmp_path / "w", CONFIG + settings)
    with workspace.store.connect() as con:
        told = con.execute(
            "select current_setting('threads'), current_setting('memory_limit'), current_setting('temp_directory')"
        ).fetchone()
    assert told[:2] == (1, "476.8 MiB")
    assert Path(told[2]).parent == tmp_path / "spill"
    for wrong in (
        'memory = "lots"',
        'memory = "0GB"',
        'spark = "x"',
        "threads = -1",
        'threads = "two"',
        "speed = 9",
    ):
        with pytest.raises(ConfigError, match="bad-config"):
            create_workspace(tmp_path / "bad", CONFIG + f"\n[engine]\n{wrong}\n")
    assert not (tmp_path / "bad").exists() or not list(Path(tmp_path / "bad").iterdir())


def test_engines_that_spill_at_once_keep_their_own_rows_and_what_a_killed_one_spilled_is_swept(
    workspace,
):
    root, count = workspace.store.root, 1_500_000
    engines = [open_engine(root, Limits(memory="12MB", threads=1)) for _ in range(2)]
    for k, con in enumerate(engines):
        con.execute(
            f"create temp table t as select range + {k} as i, hash(range) as h from range({count})"
        )
    assert len(list(root.glob(".spill-*"))) == 2
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = root / f".spill-0badcafe-{gone.pid}-{os.uname().nodename}"
    left.mkdir()
    (left / "blocks.tmp").write_bytes(b"x")
    compact(workspace)
    assert left.is_dir()
    compact(workspace, sweep=True)
    assert not left.exists()
    for k, con in enumerate(engines):
        assert con.execute("select sum(i), count(*) from t").fetchone() == (
            count * (count - 1) // 2 + k * count,
            count,
        )
        con.close()
    assert not list(root.glob(".spill-*"))


def test_where_a_run_is_computed_decides_no_figure(workspace, add):
    """`[engine]` is not input of a run: the same inputs are the same run on any machine."""
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    first = run_year(workspace, YEAR, now=NOW)
    with (workspace.root / "abate.toml").open("a") as config:
        config.write("\n[engine]\nthreads = 1\n")
    assert run_year(open_workspace(workspace.root), YEAR, now=NOW).run_id == first.run_id
    shutil.rmtree(workspace.root)
