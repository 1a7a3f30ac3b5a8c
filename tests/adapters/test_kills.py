"""Killed before any call that changes a file, each command leaves the workspace as it was or as it was to be."""

import os
import random
import subprocess
import sys
import time

import killing
import recipes
from abate.adapters.store.writing import in_place_of, left_behind
from abate.application.opening import open_workspace
from abate.application.workspaces.upkeep import stats

POINTS = 3
"""Kills of each command in the gate; `benchmarks/kills.py` tries all."""


def test_every_command_has_a_call_here():
    assert set(recipes.commands()) == set(recipes.CALLS)
    assert {c for c, call in recipes.CALLS.items() if not call} == set(recipes.ELSEWHERE)


def test_commands_that_write_to_the_ledger_are_killed_anywhere(nursery, stage, tmp_path):
    """A part of the points, drawn by a seed; the last one follows the commit."""
    folder, names = stage
    rng, before = random.Random(18), killing.state(folder)
    for command in ("add", "correct", "factors import", "run", "published", "bill"):
        trial = killing.Trial(
            nursery, folder, tmp_path / "here", recipes.call_of(command, names), before
        )
        assert trial.code == recipes.ends_with(command), nursery.said
        for point in [*rng.sample(range(1, trial.points), POINTS - 1), trial.points]:
            assert trial.kill_before(point) == "", (
                f"{command}, killed before call {point} of {trial.points}"
            )
        assert trial.counts["absent"] + trial.counts["between"] >= 1


def test_an_import_of_factors_that_was_killed_can_be_repeated(nursery, stage, tmp_path):
    """Its rows stay under an id that nobody gets again: neither doubled, nor usable."""
    folder, names = stage
    here = tmp_path / "here"
    killing.fresh(folder, here)
    words = recipes.call_of("factors import", names)
    _, count = nursery.run(here, words)
    killing.fresh(folder, here)
    for before_end in range(40, 0, -1):  # until the rows are there, and the commit is not
        status, _ = nursery.run(here, words, count - before_end)
        assert killing.killed(status)
        left = left_in(here)
        if left:
            break
        killing.fresh(folder, here)
    assert left == {"factors": 1}
    assert nursery.run(here, words)[0] == 0
    assert left_in(here) == {"factors": 1}
    assert nursery.run(here, ["store", "compact", "--sweep", "-w", "w"])[0] == 0
    assert left_in(here) == {}


def left_in(folder):
    return {
        s.name: s.unfinished_rows for s in stats(open_workspace(folder / "w")) if s.unfinished_rows
    }


def test_a_half_written_file_is_named_and_swept(nursery, stage, tmp_path):
    folder, names = stage
    here = tmp_path / "here"
    killing.fresh(folder, here)
    old = here / "w" / "raw" / ".0123456789ab.csv.partial"
    old.write_text("half")
    os.utime(old, (time.time() - 7200,) * 2)
    done = subprocess.run(
        [sys.executable, "-m", "abate", "store", "stats", "-w", str(here / "w")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 files are not whole, such as .0123456789ab.csv.partial" in " ".join(
        done.stdout.split()
    )
    assert nursery.run(here, recipes.call_of("add", names))[0] == 1
    assert not old.exists()


def test_only_what_this_program_left_is_taken_for_left_behind(tmp_path):
    for name in (".0123456789ab.csv.partial", ".0123456789ab.partial", f"{'a' * 64}.partial"):
        (tmp_path / name).touch()
    for name in ("film.mp4.partial", "a.partial", "partial", ".hidden.partial"):
        (tmp_path / name).touch()
    assert {p.name for p in left_behind(tmp_path)} == {
        ".0123456789ab.csv.partial",
        ".0123456789ab.partial",
        f"{'a' * 64}.partial",
    }
    with in_place_of(tmp_path / ("x" * 250 + ".csv")) as partial:
        partial.touch()
        assert partial in left_behind(tmp_path)
