"""Bills as firms have them.

Each either gives the right amount, month and mass, or says what is wrong.

The cases and their truth stand beside the project.
"""

import csv
from collections import defaultdict

import pytest

from abate.application.factors import import_factors
from abate.application.inventory.figures import Figures, run_of
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace
from abate.kernel.errors import DataError
from abate.kernel.units import read_unit
from support import NOW

PUBLICATIONS = (
    "uk_desnz/ghg-conversion-factors-2023-flat-file-update.xlsx", "uk_desnz/ghg-conversion-factors-2025-flat-file.xlsx",
    "us_epa/ghg-emission-factors-hub-2024.xlsx",
)  # fmt: skip


def months_of(text):
    """`kind quantity unit first..last` parts of the truth, with the quantity in canonical units."""
    for part in text.split("; "):
        kind, quantity, unit, span = part.split(" ")
        known = read_unit({"m3": "m3", "pkm": "pkm"}.get(unit, unit))
        yield kind, known.canonical, float(quantity) * known.scale, *span.split("..")


@pytest.fixture(scope="module")
def bills(shared, tmp_path_factory):
    """Every case imported into one workspace: results, or the refusal."""
    folder = tmp_path_factory.mktemp("bills")
    with (shared / "cases/bills/truth.csv").open(encoding="utf-8", newline="") as handle:
        truth = {row["file"]: row for row in csv.DictReader(handle)}
    config = '[organisation]\nname = "Bills"\ncurrency = "GBP"\n[inventory]\ngwp = "AR5"\n[[entities]]\nid = "group"\n'
    sites = {}
    for k, (name, row) in enumerate(truth.items()):
        sites[name] = f"s{k}"
        aliases = [a for a in row["aliases"].split("|") if a]
        config += f'[[sites]]\nid = "s{k}"\nname = "{row["site"]}"\naliases = {aliases!r}\nentity = "group"\nregion = "{row["region"]}"\n'
    workspace = create_workspace(folder / "w", config)
    for name in PUBLICATIONS:
        import_factors(workspace, shared / "factors" / name, now=NOW)
    results = {}
    for name, row in truth.items():
        try:
            results[name] = add_file(
                workspace, shared / "cases/bills/files" / name, now=NOW, template=row["as"]
            )
        except DataError as refusal:
            results[name] = refusal
    entered = defaultdict(lambda: defaultdict(float))
    for a in workspace.store.rows("activities"):
        entered[a["site"]][a["kind"], a["unit"], a["month"]] += a["quantity"]
    years = sorted({a["fiscal_year"] for a in workspace.store.rows("activities")})
    for year in years:
        run_year(workspace, year, now=NOW)
    return workspace, truth, sites, results, entered


def test_every_mass_of_the_truth_is_met(bills):
    workspace, truth, sites, _, _ = bills
    wanted = {name: row for name, row in truth.items() if row["kg"]}
    assert len(wanted) >= 22
    with Figures(workspace) as opened:
        for name, row in wanted.items():
            for part in row["kg"].split("; "):
                figure, year, kg = part.split()
                values = opened.values(
                    [figure], run_of(workspace, f"FY{year}"), "site", lenient=True
                )
                got = [
                    float(v.value) * 1000
                    for v in values
                    if v.by.get("site") == sites[name] and v.value is not None
                ]
                assert got == [pytest.approx(float(kg), rel=float(row["tolerance"]))], (
                    name,
                    figure,
                )


def test_no_case_is_wrong_without_a_finding(bills):
    _, truth, sites, results, entered = bills
    silent = []
    for name, row in truth.items():
        result = results[name]
        if isinstance(result, DataError) or (result.findings and row["expect"] != "activities"):
            continue
        if row["expect"] != "activities":
            silent.append((name, "nothing was asked"))
            continue
        got = entered[sites[name]]
        for kind, unit, quantity, first, last in months_of(row["activities"]):
            sums = [
                q
                for (k, u, month), q in got.items()
                if k == kind and u.removesuffix("_gross") == unit and first <= month <= last
            ]
            right = sum(sums) == pytest.approx(quantity, rel=max(float(row["tolerance"]), 1e-9))
            if not right and not result.findings:
                silent.append((name, kind, sum(sums), quantity))
    assert silent == []


def test_a_question_names_what_it_asks(bills):
    import re

    workspace, truth, _, results, _ = bills
    said = defaultdict(str)
    for f in workspace.store.rows("findings"):
        said[f["file"]] += f" {f['code']} {f['message']} {f['hint']}"
    for name, row in truth.items():
        if row["expect"] == "ask" and not isinstance(results[name], DataError):
            assert re.search(row["about"], said[name], re.I), (name, said[name])
