"""A server killed at any moment leaves nothing half there, and its jobs say what became of them."""

import random
import socket
import time

import pytest

from abate.adapters.store.imports import live_imports
from abate.application.inventory.figures import runs
from abate.application.inventory.verification import verify_run
from abate.application.opening import create_workspace, open_workspace
from serving import Served
from support import CONFIG, electricity, months

KILLS = 6


@pytest.fixture
def root(tmp_path):
    return create_workspace(tmp_path / "w", CONFIG).root


def _settled(client):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        jobs = client.get("/api/v1/jobs").json()
        if not any(j["state"] in ("waiting", "running") for j in jobs):
            return jobs
        time.sleep(0.1)
    raise AssertionError(jobs)


def test_a_kill_in_mid_upload_leaves_nothing(root):
    served = Served(root)
    with served.client() as client:
        key = client.headers["authorization"]
    host, port = served.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = f"POST /api/v1/uploads?name=big.csv HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: {key}\r\nContent-Length: 1000000\r\n\r\n"
        line.sendall(head.encode() + b"x" * 300_000)
        until = time.monotonic() + 30
        while not list((root / "uploads").glob("*/.partial")) and time.monotonic() < until:
            time.sleep(0.02)
        assert list((root / "uploads").glob("*/.partial"))
        served.kill()
    again = Served(root)
    try:
        with again.client() as client:
            (upload,) = client.get("/api/v1/uploads").json()
            assert upload["state"] == "interrupted"
            assert list((root / "uploads").iterdir()) == []
            assert client.get("/api/v1/imports").json()["count"] == 0
    finally:
        again.stop()


def _asked(client, number):
    """Ask for an import and a run."""
    bills = electricity([("hq", m, 100 + number, "kWh") for m in months("2023-04", 12)])
    upload = client.post(
        "/api/v1/uploads", params={"name": f"b{number}.csv"}, content=bills.encode()
    ).json()
    client.post(f"/api/v1/uploads/{upload['id']}/import", json={})
    client.post("/api/v1/runs", json={"year": "FY2024"})


def test_kills_in_mid_import_and_mid_run_are_told_and_leave_whole_or_absent(root):
    rng = random.Random(11)
    told = set()
    undisturbed = Served(root)
    with undisturbed.client() as client:
        start = time.monotonic()
        _asked(client, KILLS)
        before_all = {j["id"] for j in _settled(client)}
        seconds = time.monotonic() - start
    undisturbed.stop()
    for k in range(KILLS):
        served = Served(root)
        with served.client() as client:
            _asked(client, k)
            time.sleep(rng.uniform(0.0, 1.1) * seconds)
        served.kill()
        before = {r.import_id for r in live_imports(open_workspace(root))}
        again = Served(root)
        try:
            with again.client() as client:
                jobs = _settled(client)  # what waited is done now, what ran was settled
        finally:
            again.stop()
        workspace = open_workspace(root)
        files = {r.file for r in live_imports(workspace)}
        assert before <= {r.import_id for r in live_imports(workspace)}
        for job in (j for j in jobs if j["id"] not in before_all):
            told.add((job["kind"], job["state"]))
            if job["kind"] == "import":
                assert (job["title"] in files) == (job["state"] == "done")
            elif job["state"] == "done":
                assert job["result"]["run_id"] in {r.run_id for r in runs(workspace)}
        for run in runs(workspace):
            assert verify_run(workspace, run.run_id).holds
        waiting = {p.name for p in (root / "uploads").iterdir()}
        assert len(waiting) == sum(j["kind"] == "import" and j["state"] != "done" for j in jobs)
    assert {state for _, state in told} == {"done", "interrupted"}
