"""The benchmark runs, small, and both sides agree to the milligram."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from support import ROOT, SHARED


def test_the_benchmark_of_scale_runs_and_all_sides_agree(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/scale.py"), "--rows", "20000", "--repeat", "1", "--folder", str(tmp_path / "b")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["rows"] == [20000]
    assert "the run that went on equals the run anew" in done.stdout


def test_the_benchmark_of_the_pages_runs(demo, tmp_path):
    group = shutil.copytree(demo.root, tmp_path / "group")
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/pages.py"), "--rows", "20000", "--repeat", "1", "--seconds", "1", "--demo", str(group), "--folder", str(tmp_path / "large")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["per_second"] > 0


def test_the_benchmark_of_packing_runs_and_its_answers_are_valid():
    if not (SHARED / "logistics").is_dir():
        pytest.skip("the shared packing instances are not there")
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/packing.py"), "tight", "boxpacker", "loading", "assortment", "used", "stream", "--small"],
        capture_output=True, text=True, timeout=500, check=False, env={**os.environ, "ABATE_SHARED": str(SHARED.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "stream 4000 by 2" in done.stdout
    assert "worse:" not in done.stdout


def test_the_benchmark_of_forecasts_runs():
    if not (SHARED / "energy").is_dir():
        pytest.skip("the shared energy data is not there")
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/forecasting.py"), "load", "savings", "coverage", "meters", "estimates", "--small"],
        capture_output=True, text=True, timeout=500, check=False, env={**os.environ, "ABATE_SHARED": str(SHARED.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "load, our rating" in done.stdout
    assert "meters, a day ahead" in done.stdout


def test_the_benchmark_of_claims_and_report_runs(demo):
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/disclosure.py"), "claims", "report", "--small", "--demo", str(demo.root)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "given  all: recall 1.000" in done.stdout
    assert "filing: Arelle says []" in done.stdout
