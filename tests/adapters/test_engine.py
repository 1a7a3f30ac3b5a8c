"""Runs: repeatable to the milligram, posted once, restated beside the published, net and market as defined."""

from fractions import Fraction

import pytest

from abate.adapters.store import delta
from abate.adapters.store.transfers import open_transfers
from abate.application.catalogue import FIGURES
from abate.application.inventory.certificates import CERTIFICATES
from abate.application.inventory.explanations import explain_entry, explain_figure
from abate.application.inventory.figures import Figures, publish, run_of, runs
from abate.application.inventory.imports import undo
from abate.application.inventory.runs import run_year
from abate.application.inventory.verification import verify_run
from abate.application.workspaces.upkeep import compact
from abate.kernel.errors import DataError, NotFoundError, UsageError
from support import NOW, append_as_is, electricity, months

CERTIFICATE = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for\n"


def value(workspace, name, year="FY2024"):
    with Figures(workspace) as rollups:
        return rollups.values([name], run_of(workspace, year))[0].value


def test_fifty_six_percent_clean_leaves_the_rest_on_the_residual_mix(workspace, add):
    """GHG Protocol Scope 2 Guidance, Table 6.3: what no instrument covers takes the residual, not the average."""
    add(electricity([("hq", "2023-05", 1000, "MWh")]))
    add(
        CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,560,MWh,FY2024\n",
        name="certificates.csv",
    )
    run_year(workspace, "FY2024", now=NOW)
    assert value(workspace, "clean-share") == Fraction(56, 100)
    assert value(workspace, "scope2-market") == Fraction(
        "268.224"
    )  # 440 MWh x 0.6096 (residual of 2023)
    assert value(workspace, "scope2-location") == Fraction(
        "497.4"
    )  # 1000 MWh x 0.4974 (Zhejiang 2023)
    assert value(workspace, "reduction") == Fraction("278.544")  # 560 MWh x 0.4974
    assert value(workspace, "net") == Fraction("218.856")


def test_a_certificate_is_used_once_and_never_beyond_the_load(workspace, add):
    add(electricity([("hq", "2023-05", 100, "kWh")]))
    add(
        CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,500,kWh,FY2024\n",
        name="certificates-1.csv",
    )
    again = add(
        CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,400,kWh,FY2024\n",
        name="certificates-2.csv",
    )
    assert again.findings == {"duplicate-row": 1}
    result = run_year(workspace, "FY2024", now=NOW)
    assert value(workspace, "clean-share") == 1
    assert [f.message for f in result.findings if f.code == "instrument-unused"] == [
        "Instrument 'G1' has 400.000 kWh that no load may use."
    ]


def test_certificates_are_double_entry_and_follow_undo(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    file = add(
        CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,500,kWh,FY2024\n",
        name="certificates.csv",
    )
    run_year(workspace, "FY2024", now=NOW)
    ledger = open_transfers(workspace.root)
    assert ledger.balance(CERTIFICATES, "retired:FY2024") == 500_000
    assert ledger.balance(CERTIFICATES, "issuer:G1") == -500_000
    assert ledger.total(CERTIFICATES) == 0
    undo(workspace, file.import_id, reason="", now=NOW)
    run_year(workspace, "FY2024", now=NOW)
    assert ledger.balance(CERTIFICATES, "retired:FY2024") == 0
    assert ledger.total(CERTIFICATES) == 0
    assert value(workspace, "clean-share") == 0
    add(
        CERTIFICATE + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,500,kWh,FY2024\n",
        name="certificates.csv",
    )
    run_year(workspace, "FY2024", now=NOW)
    assert ledger.balance(CERTIFICATES, "retired:FY2024") == 500_000
    ledger.close()


def test_a_supplier_rate_states_its_own_factor(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    text = (
        CERTIFICATE.strip()
        + ",kg CO2/kWh\nT1,supplier-rate,wind,CN,hq,2023-04-01,2024-03-31,1000,kWh,FY2024,0.3\n"
    )
    add(text, name="certificates.csv")
    run_year(workspace, "FY2024", now=NOW)
    assert value(workspace, "scope2-market") == Fraction("0.3")


def test_a_sites_own_factor_comes_before_its_province(workspace, add, tmp_path):
    from abate.application.factors import import_factors
    from abate.kernel.factor import COLUMNS

    path = tmp_path / "own.csv"
    row = "my/hq,electricity,grid-average,CN-ZJ/hq,within,2023,direct,CO2,0.25,kg/kWh,,,,Utility,T1,2023,2024-01-01,open,checked,"
    path.write_text(",".join(COLUMNS) + "\n" + row + "\n")
    import_factors(workspace, path, now=NOW)
    add(electricity([("hq", "2023-05", 1000, "kWh"), ("plant", "2023-05", 1000, "kWh")]))
    run_year(workspace, "fy2024", now=NOW)
    found = {
        e["site"]: e["factor_id"]
        for e in workspace.store.rows("entries")
        if e["view"] == "location"
    }
    assert found == {"hq": "my/hq", "plant": "cn-mee/grid-average/CN-HE/2023"}


def test_the_same_inputs_are_not_posted_twice(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    first = run_year(workspace, "FY2024", now=NOW)
    second = run_year(workspace, "FY2024", now=NOW)
    assert (second.unchanged, second.run_id) == (True, first.run_id)
    assert len(runs(workspace)) == 1


def test_verify_recomputes_to_the_milligram_and_sees_a_changed_raw_file(workspace, add):
    add(electricity([("hq", m, 1000.123 + k, "kWh") for k, m in enumerate(months("2023-04", 12))]))
    run = run_year(workspace, "FY2024", now=NOW)
    assert verify_run(workspace, run.run_id).holds
    raw = next(workspace.raw.iterdir())
    raw.write_text(raw.read_text() + "hq,2024-05,1,kWh,X\n")
    result = verify_run(workspace, run.run_id)
    assert (result.holds, result.differences, result.raw_faults) == (False, 0, ("electricity.csv",))


def test_verify_sees_an_entry_that_was_altered(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    run = run_year(workspace, "FY2024", now=NOW)
    entry = workspace.store.rows("entries")[0]
    append_as_is(workspace.store, "entries", entry | {"co2e_mg": 1})
    assert verify_run(workspace, run.run_id).differences == 1


def test_a_published_run_is_frozen_and_a_restatement_needs_a_reason(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    first = run_year(workspace, "FY2024", now=NOW)
    assert publish(workspace, first.run_id, reason="", now=NOW) == "published"
    add(electricity([("hq", "2023-06", 1000, "kWh")]))
    second = run_year(workspace, "FY2024", now=NOW)
    with pytest.raises(UsageError, match="reason-needed"):
        publish(workspace, second.run_id, reason="", now=NOW)
    assert publish(workspace, second.run_id, reason="June came late", now=NOW) == "restated"
    with Figures(workspace) as rollups:
        before, after = (
            rollups.values(["electricity"], run_of(workspace, "", r.run_id))[0].value
            for r in (first, second)
        )
    assert (before, after) == (1000, 2000)


def test_undo_restores_every_figure(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    first = run_year(workspace, "FY2024", now=NOW)
    extra = add(electricity([("plant", "2023-05", 777, "kWh")]))
    run_year(workspace, "FY2024", now=NOW)
    undo(workspace, extra.import_id, reason="", now=NOW)
    again = run_year(workspace, "FY2024", now=NOW)
    figures = []
    for run in (first, again):
        with Figures(workspace) as opened:
            figures.append(
                {
                    v.figure: v.value
                    for v in opened.values(list(FIGURES), run_of(workspace, "", run.run_id))
                }
            )
    assert figures[0] == figures[1]
    assert run_of(workspace, "FY2024").run_id == again.run_id


def test_imports_go_on_while_a_run_values_and_other_runs_wait(workspace, add, monkeypatch):
    monkeypatch.setattr(delta, "LOCK_WAIT_S", 0.2)
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    told = []

    def meanwhile(step: str) -> None:
        told.append(step)
        if step == "posting":
            add(electricity([("plant", "2023-06", 500, "kWh")]), name="late.csv")
            with pytest.raises(
                DataError,
                match=r"\[workspace-busy\] Another process values a year of this workspace",
            ):
                run_year(workspace, "FY2024", now=NOW)
            with pytest.raises(DataError, match="workspace-busy"):
                compact(workspace)

    first = run_year(workspace, "FY2024", now=NOW, on_step=meanwhile)
    assert told == ["reading", "matching", "posting"]
    assert (first.activity_count, value(workspace, "electricity")) == (1, 1000)
    assert verify_run(workspace, first.run_id).holds
    second = run_year(workspace, "FY2024", now=NOW)
    assert (second.activity_count, second.posted_count, value(workspace, "electricity")) == (
        2,
        5,
        1500,
    )


def test_gwp_set_and_boundary_are_chosen_per_run(workspace, add):
    add("Site,Month,Fuel,Quantity,Unit\nmill,2023-05,natural-gas,1000,m3\n", name="boiler.csv")
    values = {}
    for gwp_set, boundary in (
        ("AR5", "financial"),
        ("AR6", "financial"),
        ("AR6", "equity"),
        ("AR6", "operational"),
    ):
        run_year(workspace, "FY2024", now=NOW, gwp_set=gwp_set, boundary=boundary)
        values[gwp_set, boundary] = value(workspace, "scope1") * 10**9
    gj = 38.931  # 1000 m3
    assert values["AR5", "financial"] == round(gj * 56_100_000) + 28 * round(
        gj * 5000
    ) + 265 * round(gj * 100)
    assert values["AR6", "financial"] == round(gj * 56_100_000) + round(
        29.8 * round(gj * 5000)
    ) + 273 * round(gj * 100)
    assert values["AR6", "equity"] / values["AR6", "financial"] == pytest.approx(0.4, rel=1e-6)
    assert values["AR6", "operational"] == 0


def test_activities_without_a_factor_are_findings_and_no_entries(workspace, add):
    add(electricity([("mars", "2023-05", 1000, "kWh"), ("hq", "2023-05", 1000, "kWh")]))
    result = run_year(workspace, "FY2024", now=NOW)
    blocking = [f for f in result.findings if f.severity == "blocker"]
    assert [f.code for f in blocking] == ["no-factor", "no-factor"]
    assert (
        "No factor for 'electricity' of 'grid-average' in 'XX' valid in 2023" in blocking[0].message
    )
    assert {e["site"] for e in workspace.store.rows("entries")} == {"hq"}


def test_a_year_without_rows_is_not_valued(workspace):
    with pytest.raises(NotFoundError, match="no-activities"):
        run_year(workspace, "FY2024", now=NOW)
    with pytest.raises(UsageError, match="bad-year"):
        run_year(workspace, "2024'; --", now=NOW)


def test_a_figure_equals_the_sum_of_its_rows(workspace, add):
    add(
        electricity(
            [
                (s, m, 123.457 * (k + 1), "kWh")
                for k, m in enumerate(months("2023-04", 12))
                for s in ("hq", "plant")
            ]
        )
    )
    run_year(workspace, "FY2024", now=NOW)
    rows = [e["co2e_mg"] for e in workspace.store.rows("entries") if e["view"] == "location"]
    assert value(workspace, "scope2-location") == Fraction(sum(rows), 10**9)
    with Figures(workspace) as rollups:
        for by in ("site", "month", "org", "method", "gas", "basis", "category", "scope"):
            parts = rollups.values(["scope2-location"], run_of(workspace, "FY2024"), by)
            assert sum(p.value for p in parts) == Fraction(sum(rows), 10**9)


def test_an_entry_opens_to_row_factor_publication_and_formula(workspace, add):
    add(electricity([("hq", "2023-05", "1,234.5", "MWh")]).replace("1,234.5", '"1,234.5"'))
    run_year(workspace, "FY2024", now=NOW)
    tree = explain_figure(workspace, "net", "FY2024")
    (row,) = tree.entries.rows
    told = explain_entry(workspace, row.entry)
    (entry,) = told.entries
    assert (told.file, told.row, told.as_written) == ("electricity.csv", 2, "1,234.5 MWh")
    assert entry.recomputed_mg == entry.mass_mg == str(1_234_500 * 497_400)
    assert entry.factor == "cn-mee/grid-average/CN-ZJ/2023"
    assert entry.factor_source["published_on"] == "2025-12-31"
    assert entry.passed_over[0]["reason"] in (
        "a nearer region is there",
        "nearer data are there",
    )
    with pytest.raises(UsageError, match="bad-entry"):
        explain_entry(workspace, "nonsense")
    with pytest.raises(NotFoundError, match="unknown-entry"):
        explain_entry(workspace, "00000000-1")


def test_pue_and_wue_by_building_and_month(workspace, add):
    text = "timestamp,site,building,facility_kwh,it_kwh,water_m3\n"
    text += "2023-05-01 00:00,hq,b1,120,100,0.1\n2023-05-01 01:00,hq,b1,130,100,0.1\n2023-06-01 00:00,hq,b2,150,100,0\n"
    add(text, name="meters.csv")
    run_year(workspace, "FY2024", now=NOW)
    with Figures(workspace) as rollups:
        run = run_of(workspace, "FY2024")
        assert {v.by["building"]: v.value for v in rollups.values(["pue"], run, "building")} == {
            "b1": Fraction(5, 4),
            "b2": Fraction(3, 2),
        }
        both = rollups.values(["pue"], run, "building,month")
        assert [(v.by, v.value) for v in both] == [
            ({"building": "b1", "month": "2023-05"}, Fraction(5, 4)),
            ({"building": "b2", "month": "2023-06"}, Fraction(3, 2)),
        ]
        assert {v.by["month"]: v.value for v in rollups.values(["wue"], run, "month")} == {
            "2023-05": 1,
            "2023-06": 0,
        }
