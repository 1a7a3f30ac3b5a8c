"""Perform a run again from its evidence: plain Python, nothing of Abate.

    python tools/reperform.py FOLDER

Checks every hash, works out each factor per unit from its printed value, each entry from its activity, factor and
formula, and every total from the entries. Says OK, or the file and line that is wrong; the exit code is 0 or 1.
"""

import ast
import csv
import hashlib
import itertools
import json
import math
import operator
import re
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

UNITS = {  # unit: how much of its base units, and which
    "mg": ("1/1000000", "kg"), "g": ("1/1000", "kg"), "kg": ("1", "kg"), "t": ("1000", "kg"), "lb": ("0.45359237", "kg"),
    "short_ton": ("907.18474", "kg"), "L": ("1", "L"), "mL": ("1/1000", "L"), "ML": ("1000000", "L"), "m3": ("1000", "L"),
    "us_gallon": ("3.785411784", "L"), "imperial_gallon": ("4.54609", "L"), "ft3": ("28.316846592", "L"),
    "sm3": ("1000", "L"), "nm3": ("28815000/27315", "L"), "kcal": ("4186.8", "J"), "long_ton": ("1016.0469088", "kg"),
    "J": ("1", "J"), "kJ": ("1000", "J"), "MJ": ("1000000", "J"), "GJ": ("1000000000", "J"), "TJ": ("1000000000000", "J"),
    "Wh": ("3600", "J"), "kWh": ("3600000", "J"), "MWh": ("3600000000", "J"), "GWh": ("3600000000000", "J"),
    "MBtu": ("1055056000", "J"), "km": ("1", "km"), "mile": ("1.609344", "km"), "m2": ("1", "m2"), "count": ("1", ""),
    "passenger": ("1", "passenger"), "room_night": ("1", "room_night"), "fte_hour": ("1", "fte_hour"),
    "kg_co2e": ("1", "reported"), "m2_year": ("1", "m2 year"), "m3_day": ("1000", "L day"), "tkm": ("1000", "kg km"),
    "pkm": ("1", "passenger km"), "day": ("1", "day"), "year": ("365.25", "day"),
}  # fmt: skip
YEARS_BACK = 7
MONEY = re.compile(r"[A-Z]{3}(\d{4})?(_basic|_basket)?")
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


class EvidenceError(Exception):
    """What is wrong, and where."""


def read(folder, name, manifest):
    """Lines of a table as (line number, cells by name), each proved by its digest."""
    header, count = manifest["files"][name]["columns"], -1
    with (folder / name).open("rb") as handle:
        for line in handle:
            count += 1
            try:
                (cells,) = csv.reader([line.decode().removesuffix("\n")], strict=True)
            except (ValueError, csv.Error) as error:
                raise EvidenceError(f"{name} line {count + 1}: the line is not as it was exported") from error
            if count == 0:
                if cells != header:
                    raise EvidenceError(f"{name} line 1: the header is not as it was exported")
                continue
            found = hashlib.sha256("\x1f".join(cells[:-1]).encode()).hexdigest()[:16]
            if len(cells) != len(header) or found != cells[-1]:
                raise EvidenceError(f"{name} line {count + 1}: the line is not as it was exported")
            yield count + 1, dict(zip(header, cells))
    if count != manifest["files"][name]["rows"]:
        raise EvidenceError(f"{name}: {count} lines, {manifest['files'][name]['rows']} were exported")


def measure(text):
    """A unit expression as (scale, powers of base units)."""
    tree = ast.parse(text.replace("^", "**"), mode="eval").body

    def walk(node):
        if isinstance(node, ast.BinOp):
            (a, x), (b, y) = walk(node.left), walk(node.right)
            sign = 1 if isinstance(node.op, ast.Mult) else -1
            powers = {k: x.get(k, 0) + sign * y.get(k, 0) for k in {*x, *y}}
            return (a * b if sign == 1 else a / b), {k: v for k, v in powers.items() if v}
        if isinstance(node, ast.Constant):
            return Fraction(str(node.value)), {}
        name, extra = node.id, {}
        for heat in ("net", "gross"):
            if name.endswith(f"_{heat}"):
                name, extra = name.removesuffix(f"_{heat}"), {heat: 1}
        if name not in UNITS and MONEY.fullmatch(name):
            return Fraction(1), {name: 1}
        scale, bases = UNITS[name]
        powers = defaultdict(int, extra)
        for base in bases.split():
            powers[base] += 1
        return Fraction(scale), dict(powers)

    scale, powers = walk(tree)
    if "year" in powers:  # a square metre for a year
        powers["day"] = powers.get("day", 0) + powers.pop("year")
        scale *= Fraction("365.25")
    return scale, {k: v for k, v in powers.items() if v}


def priced(unit, month):
    """Money without a price year has that of its month; where there is no rate of that year, that of a year before."""
    money = re.fullmatch(r"([A-Z]{3})(_basic)?", unit)
    if not money:
        return [unit]
    return [f"{money.group(1)}{int(month[:4]) - back}{money.group(2) or ''}" for back in range(YEARS_BACK)]


def mg_per_unit(row, factors):
    """A factor's printed value in milligrams per unit of the activity, through the properties that lead there."""
    value, unit = factors[row["factor_id"], row["species"]]
    scale, powers = measure(unit)
    wanted = [measure(f"mg/{paid}") for paid in priced(row["unit"], row["month"])]
    bridges = [factors[name, "property"] for name in row["bridges"].split()]
    for signs in itertools.product((1, -1), repeat=len(bridges)):
        amount, have = Fraction(value) * scale, dict(powers)
        for sign, (number, text) in zip(signs, bridges):
            step, more = measure(text)
            amount *= (Fraction(number) * step) ** sign
            have = {k: have.get(k, 0) + sign * more.get(k, 0) for k in {*have, *more}}
        for wanted_scale, powers_wanted in wanted:
            if {k: v for k, v in have.items() if v} == powers_wanted:
                return float(amount / wanted_scale)
    raise EvidenceError(f"factors.csv: {row['factor_id']} in {unit} does not lead to {row['unit']}")


def evaluate(formula, values):
    """Value of a formula of names, numbers and + - * /."""

    def walk(node):
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        return float(node.value) if isinstance(node, ast.Constant) else values[node.id]

    return walk(ast.parse(formula, mode="eval").body)


def reperform(folder):
    """Everything recomputed; gives the totals."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise EvidenceError("manifest.json: the manifest is not as it was exported") from error
    stated = manifest.pop("digest", "")
    if hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest() != stated:
        raise EvidenceError("manifest.json: the manifest is not as it was exported")
    tables = {name: list(read(folder, name, manifest)) for name in manifest["files"] if name != "entries.csv"}
    factors = {(r["factor_id"], r["species"]): (r["value"], r["unit"]) for _, r in tables["factors.csv"]}
    formulas = {r["method"]: r["formula"] for _, r in tables["methods.csv"]}
    activities = {r["activity_id"]: r for _, r in tables["activities.csv"]}
    needs = {r["resolution"]: (n, r) for n, r in tables["resolutions.csv"]}
    for n, r in needs.values():
        if not r["factor_id"].startswith("instrument/stated/") and mg_per_unit(r, factors) != float(r["mg_per_unit"]):
            raise EvidenceError(
                f"resolutions.csv line {n}: {r['mg_per_unit']} mg per {r['unit']} is not what {r['factor_id']} gives"
            )
    sums = defaultdict(lambda: [0, 0, 0])
    for n, entry in read(folder, "entries.csv", manifest):
        activity, (_, need) = activities[entry["activity_id"]], needs[entry["resolution"]]
        same = ("kind", "item", "site", "month", "unit", "region", "party")
        if any(activity[c] != need[c] for c in same) or entry["factor_id"] != need["factor_id"]:
            raise EvidenceError(f"entries.csv line {n}: activity and resolution do not belong together")
        values = {c: float(need[c]) for c in ("share", "boundary_share", "ratio", "mg_per_unit")}
        mass = math.floor(
            evaluate(formulas[entry["method"]], {**values, "quantity": float(activity["quantity"])}) + 0.5
        )
        co2e = math.floor(mass * float(need["gwp"]) + 0.5)
        if (str(mass), str(co2e)) != (entry["mass_mg"], entry["co2e_mg"]):
            raise EvidenceError(f"entries.csv line {n}: {entry['co2e_mg']} mg CO2e posted, {co2e} recomputed")
        total = sums[entry["book"], entry["scope"], entry["category"], entry["view"]]
        total[0], total[1], total[2] = total[0] + mass, total[1] + co2e, total[2] + 1
    for n, r in tables["totals.csv"]:
        found = sums.pop((r["book"], r["scope"], r["category"], r["view"]), [0, 0, 0])
        if [str(v) for v in found] != [r["mass_mg"], r["co2e_mg"], r["entries"]]:
            raise EvidenceError(f"totals.csv line {n}: {r['co2e_mg']} mg CO2e stated, {found[1]} recomputed")
        print(
            f"{r['book']:9} {r['scope']:7} {r['category']:28.28} {r['view']:9} {int(r['co2e_mg']) / 1e9:>16,.6f} t CO2e"
        )
    if sums:
        raise EvidenceError(f"totals.csv: {len(sums)} totals are missing")
    for name, known in manifest["files"].items():  # last, for the lines above say more exactly where
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != known["sha256"]:
            raise EvidenceError(f"{name}: the file is not as it was exported, its header or line ends are altered")
    print(f"OK: {manifest['files']['entries.csv']['rows']:,} entries of {manifest['run']} recomputed to the milligram.")


if __name__ == "__main__":
    try:
        reperform(Path(sys.argv[1] if len(sys.argv) > 1 else "evidence"))
    except EvidenceError as wrong:
        sys.exit(f"WRONG: {wrong}")
    except (OSError, KeyError, ValueError, SyntaxError, IndexError) as error:
        sys.exit(f"WRONG: the bundle cannot be read: {type(error).__name__} {error}")
