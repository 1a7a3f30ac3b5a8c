"""Disks that are full or may not be written to, damaged files, and folders of odd names: each command says so, or works."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from itertools import cycle

import pytest

import killing
import recipes
from abate.application.opening import open_workspace
from abate.faces.cli.main import main
from serving import Served

ROOM_KB = (0, 40)
"""Room that is left on the disk, for one command and the next."""
READS = (
    "imports", "check", "indicators", "neutrality", "show", "uncertainty", "programmes", "explain", "forecasts", "backtest",
    "meters list", "plans", "reuse", "runs", "verify", "factors audit", "factors search", "factors show", "store stats", "credits list",
    "claims check", "frameworks", "organisation show", "rows", "data-centres", "fit", "packed", "tariff list", "tariff bill", "certificates", "lots list", "settle",
)  # fmt: skip
"""Commands that write nothing: a folder that may not be written to is enough for them."""
CALLED = [c for c in recipes.commands() if recipes.CALLS[c]]


@pytest.fixture
def disk(tmp_path):
    """A small file system."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_every_command_on_a_full_disk_says_so_and_can_be_repeated(nursery, stage, disk):
    staged, names = stage
    for room, command in zip(cycle(ROOM_KB), (c for c in CALLED if c not in READS), strict=False):
        here, words = disk / "here", recipes.call_of(command, names)
        killing.fresh(staged, here)
        about = os.statvfs(disk)
        with (disk / "ballast").open("wb") as ballast:
            ballast.write(bytes(about.f_bavail * about.f_frsize - room * 1024))
        code, _ = nursery.run(here, words)
        said = nursery.said
        (disk / "ballast").unlink()
        place = f"{command}, {room} KB of room: {said}"
        if code == 2:
            assert said.startswith("[disk-full]"), place
            assert len(said.strip().splitlines()) == 1, place
        else:
            assert code == recipes.ends_with(command), place
        assert room or code == 2, place
        killing.state(here)  # can be read
        if code == 2:
            again, _ = nursery.run(here, words)
            assert again in (recipes.ends_with(command), 1), f"{place} then {nursery.said}"


def test_every_command_where_nothing_may_be_written_reads_or_says_so(nursery, stage, disk):
    staged, names = stage
    here = disk / "here"
    killing.fresh(staged, here)
    before = killing.state(here)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for command in CALLED:
        code, _ = nursery.run(here, recipes.call_of(command, names))
        if command in READS:
            assert code == recipes.ends_with(command), f"{command}: {nursery.said}"
        else:
            assert code == 2, f"{command}: {nursery.said}"
            assert nursery.said.startswith("[read-only]"), f"{command}: {nursery.said}"
            assert len(nursery.said.strip().splitlines()) == 1
    served = Served(here / "w")
    try:
        with served.client() as client:
            for page in (
                "/",
                "/inventory",
                "/data",
                "/runs",
                "/factors",
                "/jobs",
                "/api/v1/figures?year=FY2024",
            ):
                assert client.get(page).status_code == 200, page
            headers = {"origin": served.base}
            refused = client.post(
                "/api/v1/uploads",
                params={"name": "a.csv", "purpose": "data"},
                content=b"a,b\n",
                headers=headers,
            )
            assert (refused.status_code, refused.json()["code"]) == (403, "read-only")
    finally:
        served.stop()
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert killing.state(here) == before


def damage_of(root, how):
    """Harm one file of a workspace; its name."""
    ledger = root / "ledger"
    tables = {
        "cut": "entries",
        "gone": "activities",
        "turned": "activities",
        "log": "imports",
        "zeroed": "factors",
        "footer": "rollups",
    }
    if how in ("database", "header"):
        path = root / "transfers.sqlite"
        with sqlite3.connect(path) as con:
            con.execute("pragma wal_checkpoint(truncate)")
        content = bytearray(path.read_bytes())
        content[: (16 if how == "header" else 0)] = b"x" * (16 if how == "header" else 0)
        if how == "database":
            content[4096 : 4096 + 300] = bytes(random.Random(1).randrange(256) for _ in range(300))
        path.write_bytes(bytes(content))
        return path
    if how == "raw":
        path = next(p for p in (root / "raw").iterdir() if p.suffix == ".csv")
        path.write_bytes(path.read_bytes() + b" ")
        return path
    if how == "log":
        path = min((ledger / tables[how] / "_delta_log").glob("*.json"))
        path.write_text("{not json")
        return path
    path = max((ledger / tables[how]).rglob("*.parquet"), key=lambda p: p.stat().st_size)
    content = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
        return path
    if how == "cut":
        content = content[: len(content) // 2]
    elif how == "footer":
        content[-200:-8] = bytes(192)
    elif how == "zeroed":
        content[4:] = bytes(len(content) - 4)
    else:
        content[4:200] = bytes(255 - b for b in content[4:200])
    path.write_bytes(bytes(content))
    return path


SEEN = {
    "cut": "both",
    "gone": "both",
    "log": "both",
    "database": "both",
    "header": "both",
    "footer": "verify",
    "zeroed": "verify",
    "turned": "verify",
    "raw": "verify",
}


@pytest.mark.parametrize("how", SEEN)
def test_damage_is_found_and_named(stage, tmp_path, capsys, monkeypatch, how):
    """By `verify` always; by `check` where a glance is enough. Neither says that all is well, none prints a traceback."""
    staged, _ = stage
    root = tmp_path / "w"
    shutil.copytree(staged / "w", root)
    path = damage_of(root, how)
    for command in ("check", "verify"):
        code, said = called(monkeypatch, capsys, command, "-w", str(root))
        if command == "verify" or SEEN[how] == "both":
            assert code == 2, said
            assert "[damaged-store]" in said
            assert "Traceback" not in said
            if how in ("cut", "gone", "turned", "raw", "zeroed"):
                assert path.name[:12] in said
    for command in ("show", "imports", "runs", "findings"):
        if command != "findings":
            code, said = called(monkeypatch, capsys, command, "-w", str(root))
            assert "Traceback" not in said
            assert code in (0, 1, 2)


def called(monkeypatch, capsys, *words):
    """Exit code of a command, and what it says on its error stream."""
    monkeypatch.setattr(sys, "argv", ["abate", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0, capsys.readouterr().err


ODD_NAMES = (
    "a%20b [c] #d? {e} * 总部 é " + "x" * 150,
    "a%20b",
    "a[b]*?#{c}",
    "总部 données é",
    'it\'s "so" & <b>',
    "x" * 200,
    "back\\slash",
    " lead",
    "50%",
    "tab\tline\n",
)


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_a_workspace_in_a_folder_of_an_odd_name_works(nursery, stage, tmp_path, name):
    """Every command; for most names those that touch tables, databases and files."""
    staged, names = stage
    here = tmp_path / name / "here"
    here.parent.mkdir()
    for command in CALLED if name == ODD_NAMES[0] else ["add", "run", "credits add"]:
        killing.fresh(staged, here)
        code, _ = nursery.run(here, recipes.call_of(command, names))
        assert code == recipes.ends_with(command), f"{command}: {nursery.said}"
    served = Served(here / "w")
    try:
        with served.client() as client:
            assert client.get("/").status_code == 200
            assert client.get("/api/v1/figures?year=FY2024").status_code == 200
    finally:
        served.stop()
    open_workspace(here / "w")
