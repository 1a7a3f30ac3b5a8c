"""How many files of meters and bills are read right.

Each is right, asked about, refused, or wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import numpy as np

from abate.adapters.readers.series import read_series
from abate.energy.facts.readings import Readings, as_energy
from abate.kernel.edges import Json
from abate.kernel.errors import AbateError

CASES = Path(__file__).resolve().parents[2] / "shared/data/cases"


def totals(readings: Readings) -> list[tuple[str, str, float]]:
    """Name, unit and sum of each series, energy in kWh."""
    found = []
    for one in (readings, *readings.others):
        made = as_energy(one) if one.step_s else one
        found += [
            (name, unit, float(np.nansum(line)))
            for name, unit, line in zip(made.names, made.units, made.values, strict=True)
        ]
    return found


def judged(truth: Json, path: Path) -> tuple[str, str]:
    """`right`, `asked`, `refused` or `wrong`, and what was seen."""
    options = dict(truth["hint_options"]) if truth["ambiguous"] else {}
    zone = truth["zone"] or "UTC"
    if truth["ambiguous"]:
        verdict, seen = asked(truth, path, zone)
        if verdict != "asked":
            return verdict, seen
    try:
        made = read_series(path, zone=zone, **options)
    except AbateError as error:
        return "refused", str(error)
    return compared(truth, totals(made), bool(options))


def asked(truth: Json, path: Path, zone: str) -> tuple[str, str]:
    """Whether an ambiguous file is asked about in words that name what is ambiguous."""
    try:
        made = read_series(path, zone=zone)
    except AbateError as error:
        said = f"{error} {error.hint}"
    else:
        said = " ".join(f"{f.message} {f.hint}" for f in made.findings if f.severity != "info")
    fits = re.search(truth["ask"], said, re.IGNORECASE)
    return ("asked", said) if fits else ("wrong", f"not asked: {said}")


def compared(truth: Json, found: list[tuple[str, str, float]], hinted: bool) -> tuple[str, str]:
    """Whether the sums are those of the truth, single or of the tariffs of a direction together."""
    left = [abs(v) for _, _, v in found]
    wanted = [s for s in truth["series"] if not s.get("optional")]
    missing = []
    for series in wanted:
        for target in (series["total"], *series.get("also", ())):
            hit = next((v for v in left if _near(v, abs(target))), None)
            if hit is not None:
                left.remove(hit)
                break
        else:
            missing.append(series)
    flows: dict[str, float] = {}
    for series in missing:
        flows[series["flow"]] = flows.get(series["flow"], 0.0) + abs(series["total"])
    for flow, total in list(flows.items()):
        if any(_near(v, total) for v in left):
            del flows[flow]
    allowed = [abs(s["total"]) for s in truth["series"] if s.get("optional")]
    allowed += [abs(x) for s in truth["series"] for x in s.get("also", ())]
    strange = [v for v in left if v > 1e-9 and not any(_near(v, a) for a in allowed)]
    if flows:
        return "wrong", f"missing {flows}; left {strange[:6]}; found {found[:8]}"
    return "right", f"{'with ' if hinted else ''}{len(found)} series" + (
        f"; beside them {strange[:4]}" if strange else ""
    )


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= max(1e-6, 0.002 * abs(b), 0.0051 if abs(b) < 1 else 0)


def main() -> None:
    """Print the score."""
    options = argparse.ArgumentParser()
    options.add_argument("--only", default="")
    chosen = options.parse_args()
    truth = json.loads((CASES / "meters/truth.json").read_text())
    counts: dict[str, int] = {}
    for name, about in truth.items():
        if chosen.only and chosen.only not in name:
            continue
        verdict, seen = judged(about, CASES / "meters" / name)
        counts[verdict] = counts.get(verdict, 0) + 1
        print(f"{verdict:8} {name:32} {seen[:300]}")
    print(counts)


if __name__ == "__main__":
    sys.exit(main())
