"""What engines say of a disk is reported in our words, and what is unexpected in one line."""

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.exc import OperationalError

from abate.adapters.store import delta
from abate.adapters.store.delta import Store
from abate.adapters.store.faults import fault_of
from abate.faces.cli import main as command_line
from abate.kernel.errors import AbateError, DataError


def caused(error, by):
    """An exception that stands behind another."""
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/w/ledger/x"), "disk-full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk-full"),
        (
            duckdb.IOException('IO Error: Could not write file "/w/x": No space left on device'),
            "disk-full",
        ),
        (sqlite3.OperationalError("database or disk is full"), "disk-full"),
        (
            OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full")),
            "disk-full",
        ),
        (caused(ValueError("half"), OSError(errno.ENOSPC, "full")), "disk-full"),
        (
            OSError(
                "Generic LocalFileSystem error: Unable to copy data: No space left on device (os error 28)"
            ),
            "disk-full",
        ),
        (OSError(errno.EROFS, "Read-only file system", "/w/.lock"), "read-only"),
        (PermissionError(errno.EACCES, "Permission denied", "/w"), "read-only"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "read-only"),
        (OSError(errno.EIO, "Input/output error"), "damaged-store"),
        (sqlite3.DatabaseError("database disk image is malformed"), "damaged-store"),
        (sqlite3.DatabaseError("file is not a database"), "damaged-store"),
        (
            duckdb.InvalidInputException(
                "No magic bytes found at end of file '/w/ledger/entries/a.parquet'"
            ),
            "damaged-store",
        ),
        (duckdb.OutOfMemoryException("failed to pin block"), "out-of-memory"),
        (MemoryError(), "out-of-memory"),
        (caused(RuntimeError("x"), DataError("empty-file", "It is empty.")), "empty-file"),
    ],
)
def test_the_cause_is_told(error, code):
    found = fault_of(error)
    assert found.code == code
    assert found.hint or code == "empty-file"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        KeyError("a"),
        duckdb.BinderException("no column"),
        OSError(errno.ENOENT, "none"),
    ],
)
def test_what_is_not_the_disk_is_not_called_so(error):
    assert fault_of(error) is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "read-only"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
        (ValueError("not a log"), "damaged-store"),
    ],
)
def test_a_table_that_cannot_be_opened_says_why(workspace, monkeypatch, error, code):
    def breaks(_folder):
        raise error

    monkeypatch.setattr(delta, "DeltaTable", breaks)
    with pytest.raises(AbateError) as told:
        Store(workspace.store.root).rows("imports")
    assert told.value.code == code


def test_what_is_unexpected_is_one_line(monkeypatch, capsys):
    """And all of it where it is asked for."""

    def breaks(_words):
        raise TypeError("a fault\nof ours")

    monkeypatch.setattr(command_line, "_run", breaks)
    for asked in ("", "1"):
        monkeypatch.setenv("ABATE_TRACEBACK", asked)
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        said = capsys.readouterr().err
        assert ended.value.code == 2
        assert "[internal] TypeError at test_faults.py:" in said
        assert ("Traceback" in said) == bool(asked)
        assert asked or len(said.strip().splitlines()) == 1


def test_a_reader_that_has_enough_is_no_fault(tmp_path):
    """Such as 'head', which closes the pipe."""
    done = subprocess.run(
        f"{sys.executable} -m abate init {tmp_path / 'w'} > /dev/null && "
        f"{sys.executable} -m abate factors search kg -w {tmp_path / 'w'} --limit 2000 | head -2",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "internal" not in done.stderr


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_names_of_files_are_read_in_any_locale(workspace, tmp_path, locale):
    path = tmp_path / "电费账单-é.csv"
    path.write_text("Site,Month,Electricity,Unit\nhq,2023-05,5,kWh\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))} | locale
    for words in (["add", str(path)], ["imports", "--json"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "abate", *words, "-w", str(workspace.root)],
            env=env,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert words[0] == "check" or path.name in done.stdout.decode()


def test_a_name_that_is_not_text_is_refused(workspace, tmp_path):
    path = os.fsencode(tmp_path) + b"/bad\xff.csv"
    Path(os.fsdecode(path)).write_bytes(b"Site,Month\n")
    done = subprocess.run(
        [
            os.fsencode(sys.executable),
            b"-m",
            b"abate",
            b"add",
            path,
            b"-w",
            os.fsencode(workspace.root),
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"[bad-name]" in done.stderr
