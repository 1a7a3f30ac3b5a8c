"""The benchmark runs, small, and both sides agree to the milligram."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from support import ROOT, SHARED


def test_the_benchmark_of_scale_runs_and_all_sides_agree(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks/scale.py"),
            "--rows",
            "20000",
            "--repeat",
            "1",
            "--folder",
            str(tmp_path / "b"),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["rows"] == [20000]
    assert "the run that went on equals the run anew" in done.stdout


def test_the_benchmark_of_the_pages_runs(demo, tmp_path):
    group = shutil.copytree(demo.root, tmp_path / "group")
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks/pages.py"),
            "--rows",
            "20000",
            "--repeat",
            "1",
            "--seconds",
            "1",
            "--demo",
            str(group),
            "--folder",
            str(tmp_path / "large"),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["per_second"] > 0


def test_the_benchmark_of_packing_runs_and_its_answers_are_valid():
    if not (SHARED / "logistics").is_dir():
        pytest.skip("the shared packing instances are not there")
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks/packing.py"),
            "tight",
            "boxpacker",
            "loading",
            "assortment",
            "used",
            "stream",
            "--small",
        ],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env={**os.environ, "ABATE_SHARED": str(SHARED.parent)},
    )
    assert done.returncode == 0, done.stderr
    assert "stream 4000 by 2" in done.stdout
    assert "worse:" not in done.stdout


def test_the_benchmark_of_forecasts_runs():
    if not (SHARED / "energy").is_dir():
        pytest.skip("the shared energy data is not there")
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks/forecasting.py"),
            "load",
            "savings",
            "coverage",
            "meters",
            "estimates",
            "--small",
        ],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env={**os.environ, "ABATE_SHARED": str(SHARED.parent)},
    )
    assert done.returncode == 0, done.stderr
    assert "load, our rating" in done.stdout
    losses = dict(re.findall(r"load, (\w+) +mean=([\d.]+)", done.stdout))
    assert float(losses["ours"]) < float(losses["climatology"])
    assert "meters, a day ahead" in done.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dispatch", "times the solver alone"),
        ("contracts", "better on 100.0% of the paths"),
        ("matching", " 0 Wh made or lost"),
    ],
)
def test_the_benchmarks_of_dispatch_contracts_and_matching_run(name, words):
    done = subprocess.run(
        [sys.executable, str(ROOT / f"benchmarks/{name}.py"), "--small"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert words in done.stdout


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not there")
def test_reference_problems_are_reached_and_microgrids_cost_what_they_may():
    problems = SHARED / "energy/reference_problems"
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/energy.py"), "--data", str(problems), "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["ok"] for line in lines} == {True, None}
    grids = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks/microgrids.py"),
            "--small",
            "--data",
            str(SHARED / "energy/pymgrid25"),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert grids.returncode == 0, grids.stderr
    assert grids.stdout.splitlines()[-1].startswith("all perfect")


def test_the_benchmark_of_claims_and_report_runs(demo):
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "benchmarks/disclosure.py"),
            "claims",
            "report",
            "--small",
            "--demo",
            str(demo.root),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "given  all: recall 1.000" in done.stdout
    assert "filing: Arelle says []" in done.stdout


def test_the_benchmarks_of_load_hostile_files_and_kills_run(demo, tmp_path):
    """A second of load, a few files, a few kills."""
    group = tmp_path / "group"
    shutil.copytree(demo.root, group)
    for words, said in (
        (["load.py", "--seconds", "1", "--connections", "4", "--demo", str(group)], "0 errors"),
        (["hostile.py", "--mutations", "6", "--hostile", "1"], "0 faults"),
        (["kills.py", "--every", "40", "published"], "0 faults"),
    ):
        name, *rest = words
        done = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / name), *rest],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert said in done.stdout


def test_the_benchmark_of_intake_runs_and_no_file_is_wrong(shared):
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "benchmarks/intake.py"), "--rows", "2000"),
            *("--minutes", "3000", "--meters", "3"),
        ],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "wrong" not in done.stdout
    assert "meters {'right': 30}" in done.stdout
    assert "bills {'right': 32, 'asked': 9}" in done.stdout
    assert "rows a second" in done.stdout
    assert "9,000 readings loaded" in done.stdout
