"""Published factors are read as they are printed, and what is wrong in published files is caught."""

from functools import cache
from pathlib import Path

import pytest
from openpyxl import load_workbook

from abate.application.factors import FactorIndex, import_factors, read_factors
from abate.kernel.errors import DataError, DuplicateImportError, UsageError
from support import NOW

TABLE = [
    [cell.strip() for cell in line.split("|")]
    for line in (Path(__file__).parent / "factors.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


@cache
def factors_of(path):
    return {f.id: f for f in read_factors(path)[2]}


@pytest.mark.parametrize(
    ("file", "factor", "species", "value", "unit", "where"),
    TABLE,
    ids=[f"{r[1]}-{r[2]}" for r in TABLE],
)
def test_a_printed_value(shared, file, factor, species, value, unit, where):
    found = {m.species: m for m in factors_of(shared / "factors" / file)[factor].masses}[species]
    assert float(found.value) == pytest.approx(float(value), rel=1e-6), where
    assert found.unit == unit


def test_gases_of_desnz_are_masses_not_equivalents(shared):
    gas = factors_of(shared / "factors/uk_desnz/ghg-conversion-factors-2025-flat-file.xlsx")[
        "desnz/2025/stationary-fuel/1_100_1004_15"
    ]
    masses = {m.species: float(m.value) for m in gas.masses}
    assert masses["CH4-fossil"] * 28 == pytest.approx(3.8528)
    assert masses["N2O"] * 265 == pytest.approx(1.19161)


def test_a_jump_between_two_hubs_is_told_first_and_counts_and_a_known_misprint_stays_out(shared):
    folder = shared / "factors/us_epa"
    _, _, factors, findings, _ = read_factors(
        folder / "ghg-emission-factors-hub-2024.xlsx",
        previous=folder / "ghg-emission-factors-hub-2023.xlsx",
    )
    jumps = [f for f in findings if f.code == "edition-jump"]
    assert findings[: len(jumps)] == jumps
    assert {f.severity.value for f in jumps} == {"warning"}
    assert any("travel/US/motorcycle" in f.message and "+105 %" in f.message for f in jumps)
    ids = {f.id for f in factors}
    assert "epa/2024/travel/US/motorcycle/vehicle-mile" in ids
    assert any(
        f.code == "known-misprint" for f in findings
    )  # passenger cars and light trucks, swapped in the first print
    assert not any("/US/passenger-car" in i and ("freight" in i or "travel" in i) for i in ids)
    assert "epa/2024/stationary-fuel/US/natural-gas" in ids


def test_text_in_numbers_empty_cells_and_what_no_method_looks_up_are_found(shared):
    epa = read_factors(shared / "factors/us_epa/ghg-emission-factors-hub-2024.xlsx")[3]
    assert any(f.code == "text-in-number" and "'0 ' is read as 0" in f.message for f in epa)
    desnz = read_factors(shared / "factors/uk_desnz/ghg-conversion-factors-2025-flat-file.xlsx")[3]
    assert {"empty-cell", "section-not-used"} == {f.code for f in desnz}


def spoiled(shared, tmp_path, change, name="ghg-conversion-factors-2025-flat-file.xlsx"):
    book = load_workbook(shared / "factors/uk_desnz/ghg-conversion-factors-2025-flat-file.xlsx")
    change(book)
    book.save(tmp_path / name)
    return tmp_path / name


def test_a_swapped_year_stops_the_whole_file(shared, tmp_path):
    path = spoiled(shared, tmp_path, lambda book: book["Front page"].__setitem__("D5", 2024))
    _, _, factors, findings, _ = read_factors(path)
    assert factors == []
    assert [f.code for f in findings] == ["swapped-year"]


def test_gases_that_do_not_add_up_and_negative_factors_stay_out(shared, tmp_path):
    def change(book):
        sheet = book["Factors by Category"]
        sheet["J7"] = 5000.0  # butane, tonnes: printed total is no longer that of its gases
        sheet["J12"] = -1.0  # butane, litres: a gas below zero

    _, _, factors, findings, _ = read_factors(spoiled(shared, tmp_path, change))
    codes = [f.code for f in findings]
    assert "gases-do-not-add-up" in codes
    assert "negative-factor" in codes
    assert "desnz/2025/stationary-fuel/1_100_1000_15" not in {f.id for f in factors}


def test_recalled_rows_enter_with_a_finding(shared):
    findings = read_factors(shared / "factors/china_grid/cn_grid_factors_2020_2023.csv")[3]
    assert [f.code for f in findings] == ["factor-not-checked"]
    assert findings[0].message == "Rows that are recalled, not checked: 6."


def test_built_in_grid_factors_are_those_of_the_file(shared):
    from abate.application.catalogue import default_factors

    ours = {f.id: f.masses[0].value for f in default_factors() if f.id.startswith("cn-mee/")}
    theirs = {
        k: f.masses[0].value
        for k, f in factors_of(shared / "factors/china_grid/cn_grid_factors_2020_2023.csv").items()
    }
    assert len(ours) == 120
    assert all(float(theirs[k]) == float(v) for k, v in ours.items())


def test_an_import_serves_british_sites_and_stands_once(shared, workspace, add):
    path = shared / "factors/uk_desnz/ghg-conversion-factors-2023-flat-file-update.xlsx"
    done = import_factors(workspace, path, now=NOW)
    assert done.factor_count > 1900
    with pytest.raises(DuplicateImportError):
        import_factors(workspace, path, now=NOW)
    add("Site,Month,Electricity,Unit\nlondon,2023-05,1000,kWh\n")
    from abate.application.inventory.runs import run_year

    run_year(workspace, "FY2024", now=NOW)
    (entry,) = [
        e
        for e in workspace.store.rows("entries")
        if e["view"] == "location" and e["species"] == "CO2"
    ]
    assert entry["mass_mg"] == 204_960_000
    told = FactorIndex(workspace).show(entry["factor_id"])
    assert told["factor"]["edition"] == "2023"
    assert FactorIndex(workspace).search(["natural gas", "gross cv"])


def test_files_of_nobody_known_are_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="unknown-publisher"):
        read_factors(path)
    with pytest.raises(DataError, match="unreadable-file"):
        read_factors(path, publisher="epa")
    with pytest.raises(UsageError, match="unknown-publisher"):
        read_factors(path, publisher="nasa")


def test_own_tables_are_read_and_faults_named(tmp_path):
    from abate.kernel.factor import COLUMNS, OPTIONAL

    head = ",".join(c for c in COLUMNS if c not in OPTIONAL)
    row = "my/grid,electricity,grid-average,BR,within,2023,direct,CO2,0.1,kg/kWh,,normal,0.05,MCTI,T1,2023,2024-01-01,open,checked,"
    path = tmp_path / "own.csv"
    path.write_text(f"{head}\n{row}\n")
    assert read_factors(path)[2][0].region == "BR"
    for bad in ("CO2,0.1,kg/boxes", "CO9,0.1,kg/kWh", "CO2,much,kg/kWh"):
        path.write_text(f"{head}\n{row.replace('CO2,0.1,kg/kWh', bad)}\n")
        with pytest.raises((DataError, UsageError)):
            read_factors(path)
