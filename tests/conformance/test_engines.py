"""Every method and every figure on both engines: the same milligrams, gas by gas; and groups of arrays likewise.

The cluster is real: a master and two workers, processes on loopback, started and stopped here.
"""

import math
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from abate.adapters.engine.embedded import Embedded
from abate.adapters.engine.groups import map_groups
from abate.adapters.engine.spark import Cluster
from abate.application.catalogue import FIGURES, METHODS
from abate.application.inventory.figures import Figures, run_of, runs
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import entries, run_year
from abate.application.inventory.verification import verify_run
from abate.application.opening import create_workspace, open_workspace
from abate.kernel.errors import EngineError, UsageError
from abate.kernel.formula import evaluate
from abate.kernel.resolution import FOUND, PLACED
from abate.kernel.species import GWP_SETS, all_species, gwp
from abate.kernel.tables import TABLES
from abate.kernel.valuation import sums, totals
from clusters import QUICK, SparkCluster, spark_class, wait_for_port
from support import CONFIG, NOW, ROOT, dies, electricity, months, rolled

pyspark = pytest.importorskip("pyspark")
YEAR = "FY2024"
SPARK = {
    "spark.executor.memory": "1g", "spark.driver.memory": "1g", "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "4", "spark.driver.extraJavaOptions": QUICK, "spark.executor.extraJavaOptions": QUICK,
}  # fmt: skip
ENGINE = "\n[engine.spark]\n" + "".join(f'"{k}" = "{v}"\n' for k, v in SPARK.items())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with SparkCluster(tmp_path_factory.mktemp("cluster"), memory="1500m") as one:
        yield one


@pytest.fixture(scope="module")
def session(cluster):
    """A session that stays open, so that runs need not wait for executors."""
    from abate.adapters.engine.spark import open_session

    with open_session(cluster.master, SPARK) as one:
        yield one


def odd_amounts(rng, count):
    """Amounts that round badly: halves, tiny, huge, zero, many digits."""
    fixed = [0.0, 0.5, 1e-9, 2.5e-7, 1e5, 12345.123456789, 1 / 3, 5e-324]
    return [
        *fixed,
        *(
            round(min(rng.lognormvariate(3, 4), 1e5), rng.randrange(12))
            for _ in range(count - len(fixed))
        ),
    ]


def test_every_method_gives_the_same_milligrams_on_both_engines(workspace, session, cluster):
    rng = random.Random(3)
    species, cells, activities = sorted(all_species()), [], []
    for k, one in enumerate(METHODS):
        kind, amounts = f"kind-{k}", odd_amounts(rng, 60)
        for gas in rng.sample(species, 4):
            blank = dict.fromkeys((*PLACED, *FOUND), "") | dict.fromkeys(("spread_95", "gwp"), 1.0)
            cells.append(
                blank
                | {
                    "resolution": len(cells),
                    "kind": kind,
                    "site": "hq",
                    "month": "2023-04",
                    "unit": "kWh",
                    "part": 0,
                    "method": one.card.name,
                    "book": one.card.book,
                    "scope": one.card.scope,
                    "species": gas,
                    "share": rng.random(),
                    "boundary_share": rng.random(),
                    "ratio": rng.uniform(-1, 2),
                    "mg_per_unit": min(rng.lognormvariate(6, 4), 1e8),
                    "gwp": gwp(gas, rng.choice(sorted(GWP_SETS))) or 1.0,
                }
            )
        for quantity in amounts:
            activities.append(
                {
                    "activity_id": len(activities),
                    "import_id": "imp",
                    "kind": kind,
                    "item": "",
                    "site": "hq",
                    "region": "",
                    "party": "",
                    "meter": "",
                    "month": "2023-04",
                    "unit": "kWh",
                    "quantity": quantity,
                    "basis": "metered",
                    "spread_kind": rng.choice(["", "normal", "lognormal"]),
                    "spread_95": rng.uniform(1.01, 3),
                    "fiscal_year": YEAR,
                }
            )
    rows = pa.Table.from_pylist(activities, schema=TABLES["activities"])
    named = {"run_id": "r", "fiscal_year": YEAR}
    resolved = pa.Table.from_pylist([c | named for c in cells], schema=TABLES["resolutions"])
    found = []
    for engine in (Embedded(workspace.store), Cluster(workspace.store, cluster.master)):
        engine.given("all_activities", rows)
        engine.given("all_imports", pa.table({"import_id": ["imp"]}))
        engine.given("year_resolutions", resolved)
        valued = entries("r", {m.card.name for m in METHODS}, YEAR)
        order = [(c, "ascending") for c in ("activity_id", "resolution")]
        found.append(engine.take(valued.drop("deviation")).sort_by(order).to_pydict())
        engine.close()
    assert found[0] == found[1]
    assert len(found[0]["mass_mg"]) == 60 * 4 * len(METHODS)


def test_sums_beyond_64_bits_are_exact_on_both_engines(workspace, session, cluster):
    many = [2**62, 2**62, 2**62, -1, 2**61 + 7]
    blank = {"run_id": "r", "basis": "metered", "quantity_micro": 1, "deviation": 0.1}
    rows = pa.Table.from_pylist(
        [blank | {"resolution": 1, "mass_mg": m, "co2e_mg": m} for m in many],
        schema=TABLES["entries"],
    )
    acts = pa.Table.from_pylist(
        [
            {"import_id": "i", "kind": "k", "meter": "", "quantity": 9e12, "fiscal_year": YEAR}
            for _ in many
        ],
        schema=TABLES["activities"],
    )
    for engine in (Embedded(workspace.store), Cluster(workspace.store, cluster.master)):
        engine.given("posted", rows)
        engine.given("acts", acts)
        (mass,) = engine.take(sums("posted", engine.whole_sum, deviations={"metered": 0.1}))[
            "mass_mg"
        ].to_pylist()
        (micro,) = engine.take(totals("acts", engine.whole_sum, by_building=["water"]))[
            "quantity_micro"
        ].to_pylist()
        engine.close()
        assert (mass, micro) == (sum(many), 9 * 10**18 * len(many))


def test_every_figure_of_the_example_group_is_the_same_from_the_cluster(
    demo, session, cluster, tmp_path
):
    copy = tmp_path / "group"
    shutil.copytree(demo.root, copy)
    (copy / "abate.toml").write_text(
        (copy / "abate.toml").read_text(encoding="utf-8") + ENGINE, encoding="utf-8"
    )
    workspace = open_workspace(copy)
    before = run_of(workspace, YEAR)
    again = run_year(workspace, YEAR, now=NOW, engine=cluster.master, anew=True)
    assert again.run_id != before.run_id
    assert again.posted_count == again.entry_count == before.entry_count
    assert rolled(workspace, again.run_id) == rolled(workspace, before.run_id)
    listed = {r.run_id: r for r in runs(workspace)}
    with Figures(workspace) as opened:
        for by in ("", "gas", "site,month"):
            one, other = (
                {
                    (v.figure, *v.by.values()): v.value
                    for v in opened.values(list(FIGURES), listed[r], by, lenient=True)
                }
                for r in (before.run_id, again.run_id)
            )
            assert one == other
            assert len(one) >= (len(FIGURES) if not by else 50)
    assert verify_run(workspace, again.run_id).differences == 0
    assert verify_run(workspace, before.run_id, engine=cluster.master).differences == 0


def test_a_million_rows_and_a_worker_killed_in_mid_run_give_the_same_entries(tmp_path):
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import scale

    scale.build(tmp_path / "w", 1_000_000)
    config = tmp_path / "w" / "abate.toml"
    config.write_text(config.read_text().replace(scale.SPARK, ENGINE))
    workspace = open_workspace(tmp_path / "w")
    embedded = run_year(workspace, "FY2023", now=NOW)
    with SparkCluster(tmp_path, memory="1500m") as own:
        killed = []
        posting = workspace.store.root / "entries" / "fiscal_year=FY2023"

        def kill() -> None:
            until = time.monotonic() + 300
            while (
                not list(posting.glob("*.spark/_temporary/0/_temporary"))
                and time.monotonic() < until
            ):
                time.sleep(0.05)
            own.kill_worker()
            killed.append(True)

        watcher = threading.Thread(target=kill)
        watcher.start()
        session_before = pyspark.sql.SparkSession.getActiveSession()
        assert session_before is None or session_before.sparkContext.master != own.master
        result = _in_own_process(tmp_path / "w", own.master)
        watcher.join()
    assert killed
    workspace = open_workspace(tmp_path / "w")
    assert result == f"{embedded.entry_count} {embedded.entry_count}"
    last = runs(workspace)[-1].run_id
    assert last != embedded.run_id
    assert rolled(workspace, last) == rolled(workspace, embedded.run_id)
    with workspace.store.connect("entries") as con:
        kept = "* exclude (run_id, resolution, deviation)"
        one, other = (
            f"select {kept} from entries where run_id = '{r}'" for r in (embedded.run_id, last)
        )
        assert con.execute(f"select count(*) from ({one} except all {other})").fetchone() == (0,)


def _in_own_process(folder: Path, master: str) -> str:
    """Entries and entries posted of a run on a cluster, by a process of its own."""
    code = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from abate.application.inventory.runs import run_year; from abate.application.opening import open_workspace\n"
        "r = run_year(open_workspace(sys.argv[1]), 'FY2023', now=datetime(2026, 1, 1), engine=sys.argv[2], anew=True)\n"
        "print(r.entry_count, r.posted_count)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), master],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def test_the_ledger_may_have_another_name_on_the_cluster(tmp_path, session, cluster):
    """An object store that this machine has mounted: the cluster reads and writes the same files by its own address."""
    workspace = create_workspace(tmp_path / "w", CONFIG)
    (tmp_path / "mounted").symlink_to(tmp_path / "w" / "ledger")
    with (tmp_path / "w" / "abate.toml").open("a") as config:
        config.write(
            f'\n[engine]\nmaster = "{cluster.master}"\nledger = "file://{tmp_path / "mounted"}"\n'
        )
    workspace = open_workspace(tmp_path / "w")
    bill = tmp_path / "bill.csv"
    bill.write_text(
        electricity([("hq", m, 1000 + k, "kWh") for k, m in enumerate(months("2023-04", 12))])
    )
    add_file(workspace, bill, now=NOW)
    run = run_year(workspace, YEAR, now=NOW)
    assert run.posted_count == 60
    assert all(".spark/" in f for f in workspace.store.written_by("entries", {run.run_id}))
    assert verify_run(workspace, run.run_id, engine="embedded").holds


@pytest.mark.parametrize("where", ["here", "processes", "cluster"])
def test_groups_come_in_order_with_progress_and_failures_name_the_key(where, session, cluster):
    workers = {"here": 1, "processes": 2, "cluster": cluster.master}[where]
    doubled, told = partial(evaluate, "a * 2"), []
    groups = [{"a": float(k)} for k in range(23)]
    assert list(map_groups(doubled, groups, workers=workers, on_done=told.append)) == [
        2.0 * k for k in range(23)
    ]
    assert told == list(range(1, 24))
    with pytest.raises(
        EngineError, match=r"\[group-failed\] order -1: ValueError: math domain error"
    ):
        list(map_groups(math.sqrt, [1, -1], workers=workers, key=lambda g: f"order {g}"))
    done = []
    with pytest.raises(
        UsageError, match=r"\[bad-formula\] group 3: 'a' in 'a \* 2' has no value\."
    ):
        done.extend(map_groups(doubled, [{"a": 1.0}, {"a": 2.0}, {}, {"a": 4.0}], workers=workers))


def test_a_worker_that_dies_is_tried_once_more_and_then_told_with_its_key(
    tmp_path, session, cluster
):
    function, done = partial(dies, tmp_path), []
    assert list(map_groups(function, range(7), workers=2)) == [0, 2, 4, 6, 8, 10, 12]
    with pytest.raises(EngineError, match=r"\[worker-died\] order 7: "):
        done.extend(map_groups(function, range(12), workers=2, key=lambda g: f"order {g}"))
    assert done == [0, 2, 4, 6, 8, 10, 12]
    with pytest.raises(
        EngineError, match=r"\[engine-failed\] Among order 9 to order 8: The cluster gave up: "
    ):
        list(map_groups(os._exit, [9, 8], workers=cluster.master, key=lambda g: f"order {g}"))


def test_orders_are_packed_on_the_cluster_to_the_same_bytes(session, cluster, tmp_path):
    from abate.application.logistics.packing import pack_file

    (tmp_path / "cartons.csv").write_text(
        "carton,length mm,width mm,height mm,max weight g,tare g,cost\nS,200,150,100,5000,80,1\nL,400,300,200,9000,200,2\n"
    )
    rng = random.Random(5)
    lines = ["order,item,length mm,width mm,height mm,weight g,quantity"]
    lines += [
        f"o{k},i{k},{rng.randint(20, 190)},{rng.randint(20, 140)},{rng.randint(10, 90)},100,{rng.randint(1, 6)}"
        for k in range(300)
    ]
    (tmp_path / "orders.csv").write_text("\n".join(lines) + "\n")
    plans = []
    for workers in (1, cluster.master):
        written = []
        pack_file(
            tmp_path / "orders.csv", tmp_path / "cartons.csv", written.append, workers=workers
        )
        plans.append(b"".join(written))
    assert plans[0] == plans[1]
    assert plans[0].count(b"\n") >= 300


def test_spark_connect_gives_the_same_run(tmp_path):
    workspace = create_workspace(tmp_path / "w", CONFIG)
    bill = tmp_path / "bill.csv"
    bill.write_text(
        electricity([("hq", m, 1000.123 + k, "kWh") for k, m in enumerate(months("2023-04", 12))])
    )
    add_file(workspace, bill, now=NOW)
    embedded = run_year(workspace, YEAR, now=NOW)
    with spark_class(
        tmp_path,
        "org.apache.spark.deploy.SparkSubmit",
        "--master",
        "local[1]",
        "--conf",
        "spark.ui.enabled=false",
        "--conf",
        "spark.connect.grpc.binding.address=127.0.0.1",
        "--conf",
        "spark.connect.grpc.binding.port={port}",
        "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer",
        "spark-internal",
    ) as port:
        wait_for_port(port)
        code = (
            "import sys; from datetime import datetime; from abate.application.inventory.runs import run_year\n"
            "from abate.adapters.engine.groups import map_groups; from abate.application.opening import open_workspace\n"
            "import math; assert list(map_groups(math.sqrt, [4.0, 9.0], workers=sys.argv[2])) == [2.0, 3.0]\n"
            "r = run_year(open_workspace(sys.argv[1]), 'FY2024', now=datetime(2026, 1, 1), engine=sys.argv[2], anew=True)\n"
            "print(r.run_id)"
        )
        done = subprocess.run(
            [
                sys.executable,
                "-W",
                "ignore",
                "-c",
                code,
                str(workspace.root),
                f"sc://127.0.0.1:{port}",
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    assert rolled(workspace, done.stdout.strip()) == rolled(workspace, embedded.run_id)


def test_engines_that_are_not_there_are_told(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    with pytest.raises(UsageError, match="unknown-engine"):
        run_year(workspace, YEAR, now=NOW, engine="quantum")
    with pytest.raises(EngineError, match="no-cluster"):
        run_year(workspace, YEAR, now=NOW, engine="spark://127.0.0.1:9")
    assert runs(workspace) == []
