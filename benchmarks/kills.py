"""Kills each command before each of its calls that change a file, and looks what became of the workspace.

python benchmarks/kills.py [--every N] [COMMAND ...]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

import killing  # noqa: E402
import recipes  # noqa: E402


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("commands", nargs="*")
    asked.add_argument("--every", type=int, default=1, help="try every N-th call only")
    words = asked.parse_args()
    faults, total = 0, dict.fromkeys(("absent", "between", "whole", "alike", "ended"), 0)
    with tempfile.TemporaryDirectory() as scratch, killing.nursery(Path(scratch)) as nursery:
        stage, here = Path(scratch) / "stage", Path(scratch) / "here"
        names = recipes.prepare(stage)
        before = killing.state(stage)
        for command in words.commands or [c for c in recipes.commands() if recipes.CALLS[c]]:
            begun = time.perf_counter()
            trial = killing.Trial(nursery, stage, here, recipes.call_of(command, names), before)
            said: dict[str, list[int]] = {}
            for point in range(1, trial.points + 1, words.every):
                fault = trial.kill_before(point)
                if fault:
                    said.setdefault(fault, []).append(point)
            total = {k: total[k] + n for k, n in trial.counts.items()}
            counts = ", ".join(f"{n} {k}" for k, n in trial.counts.items() if n)
            print(
                f"{command}: {trial.points} calls; {counts}; {time.perf_counter() - begun:.0f} s",
                flush=True,
            )
            for fault, points in said.items():
                faults += len(points)
                print(f"  FAULT before {points[:8]} ({len(points)}): {fault[:400]}", flush=True)
    print(f"all: {sum(total.values())} kills, {total}, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
