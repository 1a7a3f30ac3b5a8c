"""Scope 3, avoided emissions, ranges, bridges, base year and evidence, through files as users have them."""

import json
import subprocess
import sys
from fractions import Fraction
from itertools import combinations

import pytest

from abate.application.catalogue import FIGURES
from abate.application.disclosure.stated_figures import add_published, published
from abate.application.ecosystem.programmes import programmes
from abate.application.factors import import_factors
from abate.application.inventory.base_year import restate_base_year
from abate.application.inventory.bridges import bridge_runs
from abate.application.inventory.evidence import export_evidence
from abate.application.inventory.explanations import explain_entry, explain_figure
from abate.application.inventory.figures import Figures, publish, run_of
from abate.application.inventory.imports import add_file
from abate.application.inventory.ranges import ranges
from abate.application.inventory.runs import run_year
from abate.application.inventory.verification import verify_run
from abate.application.opening import create_workspace, open_workspace
from abate.kernel.errors import ConfigError, DataError, DuplicateImportError, UsageError
from abate.kernel.factor import COLUMNS
from support import CONFIG, NOW, ROOT, electricity, months

PROGRAMMES = """
[scope3]
proxies = ["GB", "US"]
[scope3.not_assessed]
10 = "Nothing is processed."
[base_year]
year = "FY2023"
threshold = 0.05
[[programmes]]
id = "second"
entity = "cloud"
region = "CN"
methodology = "second-hand/1"
claims = { group = 0.4, users = 0.3 }
unclaimed = 0.3
[[programmes]]
id = "reuse"
entity = "cloud"
region = "CN"
methodology = "carton-reuse/1"
claims = { group = 1.0 }
unclaimed = 0.0
"""
GROUP = (
    CONFIG.replace(
        'id = "group"\nname = "Group"\n', 'id = "group"\nname = "Group"\nregion = "CN"\n'
    )
    + PROGRAMMES
)
OWN = "own/{0},{1},{2},CN,within,,{3},unspecified-co2e,{4},{5},AR6,{6},{7},Ministry,T1,1,2020-01-01,open,checked,\n"


@pytest.fixture
def workspace(tmp_path):
    return create_workspace(tmp_path / "workspace", GROUP)


@pytest.fixture
def own(workspace, tmp_path):
    """Import own factors: kind, item, basis, value, unit, uncertainty kind and value."""

    def put(*rows):
        path = tmp_path / "own.csv"
        path.write_text(
            ",".join(COLUMNS)
            + "\n"
            + "".join(OWN.format(k, *r, *[""] * (7 - len(r))) for k, r in enumerate(rows))
        )
        import_factors(workspace, path, now=NOW)

    return put


def values(workspace, *names, year="FY2024"):
    with Figures(workspace) as rollups:
        return {v.figure: v for v in rollups.values(list(names), run_of(workspace, year))}


def run(workspace, year="FY2024", **options):
    return run_year(workspace, year, now=NOW, **options)


def codes(result):
    return {f.code for f in result.findings}


PURCHASES = "Entity,Month,Item,Supplier,Weight,Spend,Unit,Invoice\n"


def test_money_is_exchanged_in_its_year_and_brought_to_the_factors_price_year(workspace, add):
    add(
        "Entity,Month,Item,Supplier,Spend,Unit\ngroup,2023-05,consulting,ACME,7046.7,CNY\n",
        "purchases.csv",
    )
    assert {"factor-proxy", "factor-recalled", "category-unassessed"} <= codes(run(workspace))
    usd_2021 = 7046.7 / 7.0467 * 270.970 / 304.702
    assert float(values(workspace, "scope3-1")["scope3-1"].value) == pytest.approx(
        usd_2021 * 0.084 / 1000, rel=1e-7
    )
    (entry,) = explain_figure(workspace, "scope3-1", "FY2024").entries.rows
    told = explain_entry(workspace, entry.entry).entries[0]
    assert told.bridges == ["price/CNY-USD/2023", "price/USD/2023", "price/USD/2021"]
    assert [r["method"] for r in told.rungs_passed] == ["purchased-goods-supplier-specific/1"]


def test_basic_prices_need_a_margin_and_are_not_taken_for_purchaser_prices(workspace, add):
    add(
        "Entity,Month,Item,Spend,Unit\ngroup,2023-05,consulting,100,CNY (basic price)\n",
        "purchases.csv",
    )
    assert "price-mismatch" in codes(run(workspace))
    assert values(workspace, "scope3-1")["scope3-1"].value is None


def test_of_mass_and_money_of_one_purchase_the_mass_counts_once(workspace, add, own):
    own(("purchased-goods", "steel", "life-cycle", 2, "kg/kg"))
    add(PURCHASES + "group,2023-05,steel,ACME,1000,9000,kg,P1\n", "purchases.csv")
    run(workspace)
    assert float(values(workspace, "scope3-1")["scope3-1"].value) == 2.0
    assert [a["unit"] for a in workspace.store.rows("activities")] == ["kg"]


def test_the_best_rung_with_a_factor_values_an_activity_and_says_what_it_passed_over(
    workspace, add, own
):
    own(
        ("purchased-goods", "steel", "life-cycle", 2, "kg/kg"),
        ("supplier", "ACME/steel", "life-cycle", 1.5, "kg/kg"),
    )
    text = "Entity,Month,Item,Supplier,Weight,Unit\ngroup,2023-05,steel,ACME,1000,kg\ngroup,2023-05,steel,Other,1000,kg\n"
    add(text + "group,2023-06,co2e,Third,,\n", "purchases.csv", accept=frozenset())
    run(workspace)
    with Figures(workspace) as rollups:
        by = {
            v.by["method"]: float(v.value)
            for v in rollups.values(["scope3-1"], run_of(workspace, "FY2024"), "method")
        }
    assert by == {"purchased-goods-supplier-specific/1": 1.5, "purchased-goods-average-data/1": 2.0}


def test_what_a_supplier_reports_is_the_best_rung(workspace, add):
    add(
        "Entity,Month,Item,Supplier,Reported emissions (t CO2e)\ngroup,2023-05,co2e,ACME,12.5\n",
        "purchases.csv",
    )
    run(workspace)
    assert float(values(workspace, "scope3-1")["scope3-1"].value) == 12.5


def test_a_category_switched_off_is_not_assessed_and_never_zero(workspace, add, own):
    own(("processing", "drying", "direct", 1, "kg/kg"))
    add(
        "Entity,Month,Item,Partner,Used,Unit\ngroup,2023-05,drying,ACME,1000,kg\n", "processing.csv"
    )
    add(
        "Entity,Month,Item,Supplier,Reported emissions (t CO2e)\ngroup,2023-05,co2e,ACME,12.5\n",
        "purchases.csv",
    )
    assert "category-excluded" in codes(run(workspace))
    found = values(workspace, "scope3-10", "scope3-9", "scope3", "total-location")
    assert (found["scope3-10"].value, found["scope3-10"].note) == (None, "Nothing is processed.")
    assert found["scope3-10"].json["status"] == "not assessed"
    assert (found["scope3-9"].value, found["scope3-9"].note) == (None, "")
    assert found["scope3"].excluded == ("scope3-10",)
    assert "scope3-9" in found["scope3"].without


@pytest.mark.parametrize(
    ("part", "status", "excluded", "immaterial"),
    [
        ('[scope3.not_assessed]\n10 = "Later."', "not assessed", ("scope3-10",), ()),
        ('[scope3.not_applicable]\n10 = "We sell none."', "not applicable", (), ()),
        (
            '[scope3.immaterial.10]\nreason = "Two pallets."\ntonnes = 3',
            "immaterial",
            (),
            (("scope3-10", 3.0),),
        ),
    ],
)
def test_what_does_not_exist_or_is_too_small_leaves_no_mark_on_a_total(
    tmp_path, part, status, excluded, immaterial
):
    text = GROUP.replace('[scope3.not_assessed]\n10 = "Nothing is processed."', part)
    workspace = create_workspace(tmp_path / "w", text)
    path = tmp_path / "purchases.csv"
    path.write_text(
        "Entity,Month,Item,Supplier,Reported emissions (t CO2e)\ngroup,2023-05,co2e,ACME,12.5\n"
    )
    add_file(workspace, path, now=NOW)
    run(workspace)
    found = values(workspace, "scope3-10", "scope3")
    assert (found["scope3-10"].value, found["scope3-10"].status) == (None, status)
    assert found["scope3-10"].json["status"] == status
    assert found["scope3"].excluded == excluded
    assert found["scope3"].immaterial == immaterial
    assert "scope3-10" not in found["scope3"].without
    assert ("immaterial" in found["scope3"].json) == bool(immaterial)


def test_a_category_is_left_out_for_one_reason(tmp_path):
    twice = GROUP.replace(
        "[base_year]", '[scope3.not_applicable]\n10 = "We sell none."\n[base_year]'
    )
    with pytest.raises(ConfigError, match="10: is left out twice"):
        create_workspace(tmp_path / "w", twice)


def test_a_category_is_not_switched_off_without_a_reason(tmp_path):
    with pytest.raises(ConfigError, match="10: gives no reason"):
        create_workspace(tmp_path / "w", GROUP.replace('10 = "Nothing is processed."', '10 = " "'))
    with pytest.raises(ConfigError, match="16: is not a category, 1 to 15"):
        create_workspace(tmp_path / "w", GROUP.replace("10 = ", "16 = "))


def test_a_factor_of_another_region_serves_only_where_the_workspace_says_so(
    workspace, add, tmp_path
):
    text = "Site,Month,Mode,Carrier,Mass,Unit,Distance km\nhq,2023-05,road,ACME,10,t,100\n"
    add(text, "freight.csv")
    assert "factor-proxy" in codes(run(workspace))
    strict = create_workspace(
        tmp_path / "strict", GROUP.replace('proxies = ["GB", "US"]', "proxies = []")
    )
    path = tmp_path / "freight-2.csv"
    path.write_text(text)
    from abate.application.inventory.imports import add_file

    add_file(strict, path, now=NOW)
    assert "no-factor" in codes(run(strict))


def test_upstream_of_energy_is_scope_3_and_a_missing_factor_leaves_it_incomplete(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh"), ("mars", "2023-05", 1000, "kWh")]))
    add("Site,Month,Fuel,Quantity,Unit\nlondon,2023-05,diesel,100,L\n", "generator.csv")
    result = run(workspace)
    assert "category-incomplete" in codes(result)  # the grid of Mars has no factor at all
    with Figures(workspace) as rollups:
        by = {
            v.by["method"]: float(v.value)
            for v in rollups.values(["scope3-3"], run_of(workspace, "FY2024"), "method")
        }
    assert by["fuel-upstream/1"] == pytest.approx(
        100 * 0.61101 / 1000
    )  # of diesel as British pumps sell it
    assert by["electricity-losses/1"] == pytest.approx(1000 * 0.0476 * 0.4974 / 1000)
    assert verify_run(workspace, result.run_id).holds


SECOND = "Programme,Month,Actor,Action,Category,Items traded\n"


def test_avoided_emissions_stand_in_a_book_of_their_own(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    add(SECOND + "second,2023-05,ann,SH-1,phone,1000\n", "second-hand.csv")
    result = run(workspace)
    found = values(
        workspace,
        "gross",
        "scope3",
        "total-location",
        "avoided",
        "avoided-claimed",
        "avoided-unclaimed",
    )
    assert float(found["avoided"].value) == pytest.approx(1000 * (30 - 0.6) * 0.8 / 1000)
    assert (
        found["avoided-claimed"].value + found["avoided-unclaimed"].value == found["avoided"].value
    )
    assert float(found["avoided-unclaimed"].value / found["avoided"].value) == pytest.approx(0.3)
    assert float(found["gross"].value) == pytest.approx(0.4974)
    assert verify_run(workspace, result.run_id).holds


def test_no_figure_adds_two_books():
    assert all(len(FIGURES.books_of(name)) <= 1 for name in FIGURES)
    assert all(
        ("avoided" in FIGURES.books_of(name)) is name.startswith("avoided") for name in FIGURES
    )


def test_scope_3_of_a_buyer_holds_no_instrument_and_nothing_avoided(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    add(SECOND + "second,2023-05,ann,SH-1,phone,1000\n", "second-hand.csv")
    run(workspace)
    alone = values(workspace, "scope3", "scope3-3")
    head = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for\n"
    add(head + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,1,MWh,FY2024\n", "certificates.csv")
    run(workspace)
    covered = values(workspace, "scope3", "scope3-3", "scope2-market")
    assert covered["scope3"].value == alone["scope3"].value
    assert covered["scope2-market"].value == 0
    entries = [e for e in workspace.store.rows("entries") if e["scope"] == "3"]
    assert {(e["instrument"], e["book"]) for e in entries} == {("", "inventory")}


def test_one_action_is_booked_once_across_programmes_and_files(workspace, add):
    add(SECOND + "second,2023-05,ann,P-1,phone,1\n", "second-hand.csv")
    text = "Programme,Month,Actor,Action,Cartons\nreuse,2023-05,ann,P-1,5\nreuse,2023-05,ann,P-2,5\nreuse,2023-05,ann,P-2,6\n"
    done = add(text, "carton-reuse.csv")
    assert (done.accepted_count, done.findings["action-booked-twice"]) == (1, 2)
    with pytest.raises(UsageError, match="cannot-accept"):
        add(text + " ", "again.csv", accept=frozenset(["action-booked-twice"]))
    unnamed = add(
        "Programme,Month,Actor,Action,Cartons\nreuse,2023-06,,P-3,5\n", "carton-reuse-2.csv"
    )
    assert unnamed.findings == {"action-unnamed": 1}


def test_a_programme_books_only_by_its_own_methodology(workspace, add):
    add(
        SECOND + "reuse,2023-05,ann,SH-1,phone,1000\nhq,2023-05,ann,SH-2,phone,1000\n",
        "second-hand.csv",
    )
    assert "no-programme" in codes(run(workspace))
    assert values(workspace, "avoided")["avoided"].value is None


def test_what_may_be_public_is_computed(workspace, add):
    add(SECOND + "second,2023-05,ann,SH-1,phone,1000\n", "second-hand.csv")
    run(workspace)
    told = {p.programme: p for p in programmes(workspace, "FY2024")}
    assert not told["second"].publishable
    assert any("tier 3" in o for o in told["second"].obstacles)
    assert any("assumptions" in o for o in told["second"].obstacles)
    assert sum(Fraction(t) for t in told["second"].by_claimant_t.values()) == Fraction(
        told["second"].avoided_t
    )
    assert told["reuse"].avoided_t is None


def test_uncertainty_of_files_and_factors_meets_the_ipcc_example(workspace, add, own):
    own(
        ("purchased-goods", "a", "life-cycle", 1, "kg/kg", "normal", 0.10),
        ("purchased-goods", "b", "life-cycle", 1, "kg/kg", "normal", 0.30),
    )
    rows = "group,2023-05,a,S,1000000,kg,5 %\ngroup,2023-05,b,S,500000,kg,2 %\n"
    add("Entity,Month,Item,Supplier,Weight,Unit,Uncertainty\n" + rows, "purchases.csv")
    run(workspace)
    with Figures(workspace) as rollups:
        (one,) = ranges(rollups, "scope3-1", run_of(workspace, "FY2024"))
        by = ranges(rollups, "scope3-1", run_of(workspace, "FY2024"), "category")
    assert one.closed.total == 1500
    assert one.closed.share_95 * 100 == pytest.approx(12.48999, abs=1e-4)
    assert one.simulated.deviation == pytest.approx(one.closed.deviation, rel=0.03)
    assert [c.source for c in one.next] == ["factor", "factor", "activity"]
    assert sum(c.share for c in one.next) == pytest.approx(1)
    assert by[0].closed == one.closed


def test_an_uncertainty_that_cannot_be_read_is_a_finding(workspace, add):
    text = "Entity,Month,Item,Supplier,Weight,Unit,Uncertainty\ngroup,2023-05,a,S,10,kg,quite\n"
    assert add(text, "purchases.csv").findings == {"bad-uncertainty": 1}


def test_the_matched_part_of_net_has_no_range_of_its_own(workspace, add):
    add(electricity([("hq", "2023-05", 1000, "kWh")]))
    head = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for\n"
    add(head + "G1,certificate,wind,CN,,2023-04-01,2023-12-31,600,kWh,FY2024\n", "certificates.csv")
    run(workspace)
    with Figures(workspace) as rollups:
        net, gross = (
            ranges(rollups, n, run_of(workspace, "FY2024"))[0].closed for n in ("net", "gross")
        )
        with pytest.raises(UsageError, match="not-a-sum"):
            ranges(rollups, "pue", run_of(workspace, "FY2024"))
    assert net.total == pytest.approx(gross.total * 0.4)
    assert net.share_95 == pytest.approx(gross.share_95)


@pytest.fixture
def three_years(workspace, add):
    for year, scale in ((2022, 1), (2023, 2), (2024, 3)):
        rows = [
            (site, m, 100 * scale + k, "kWh")
            for site in ("hq", "plant", "mill")
            for k, m in enumerate(months(f"{year}-04", 12))
        ]
        rows += [("sold", m, 50, "kWh") for m in months(f"{year}-04", 12) if m <= "2023-09"]
        add(electricity(rows), f"electricity-{year}.csv")
        add(
            f"Site,Month,Fuel,Quantity,Unit\nhq,{year}-05,diesel,{100 * scale},L\n",
            f"generator-{year}.csv",
        )
        run(workspace, f"FY{year + 1}")
    return workspace


def test_bridges_between_any_two_years_and_terms_add_up_to_the_milligram(three_years):
    others = [
        ("FY2024", {"gwp_set": "AR5"}),
        ("FY2024", {"boundary": "equity"}),
        ("FY2023", {"boundary": "financial", "gwp_set": "AR4"}),
    ]
    ids = [run_of(three_years, y).run_id for y in ("FY2023", "FY2024", "FY2025")]
    ids += [run(three_years, y, **options).run_id for y, options in others]
    with Figures(three_years) as rollups:
        for a, b in combinations(ids, 2):
            sides = run_of(three_years, "", a), run_of(three_years, "", b)
            for name in ("gross", "scope2-market", "net", "scope3", "total-location"):
                found = bridge_runs(three_years, rollups, name, *sides)
                exact = [rollups.values([name], side)[0].value * 10**9 for side in sides]
                assert [found.start_mg, found.end_mg] == exact
                assert sum(found.totals.values()) == found.end_mg - found.start_mg
        sides = run_of(three_years, "", ids[1]), run_of(three_years, "", ids[3])
        assert {
            d for d, mg in bridge_runs(three_years, rollups, "gross", *sides).totals.items() if mg
        } == {"gwp"}
        sides = run_of(three_years, "", ids[1]), run_of(three_years, "", ids[4])
        assert {
            d for d, mg in bridge_runs(three_years, rollups, "gross", *sides).totals.items() if mg
        } == {"boundary"}


def test_the_base_year_is_restated_beside_what_was_stated(three_years):
    config = three_years.root / "abate.toml"
    config.write_text(config.read_text().replace("closed = 2023-09-30", "sold = 2023-09-30"))
    workspace = open_workspace(three_years.root)
    stated = run_of(workspace, "FY2023").run_id
    publish(workspace, stated, reason="", now=NOW)
    found = restate_base_year(workspace, structure="FY2025", now=NOW)
    assert (found.year, found.stated_run, found.threshold_share) == ("FY2023", stated, 0.05)
    gross = next(b for b in found.bridges if b.figure == "gross")
    assert gross.end_mg < gross.start_mg
    assert {d for d, mg in gross.totals.items() if mg} == {"boundary"}
    assert found.recalculates is (
        abs(
            next(b for b in found.bridges if b.figure == "total-location").end_mg
            - next(b for b in found.bridges if b.figure == "total-location").start_mg
        )
        >= 0.05 * next(b for b in found.bridges if b.figure == "total-location").start_mg
    )
    assert run_of(workspace, "FY2023").run_id == stated  # a restatement counts once it is published
    assert verify_run(workspace, found.restated_run).holds
    publish(workspace, found.restated_run, reason="depot sold", now=NOW)
    assert run_of(workspace, "FY2023").run_id == found.restated_run


def test_the_history_of_a_bought_site_counts_only_in_the_restated_base_year(three_years, add):
    config = three_years.root / "abate.toml"
    depot = '[[sites]]\nid = "bought"\nentity = "cloud"\nregion = "CN-ZJ"\nbought = 2024-04-01\n'
    config.write_text(config.read_text() + depot)
    workspace = open_workspace(three_years.root)
    path = workspace.root / "history.csv"
    path.write_text(electricity([("bought", m, 400, "kWh") for m in months("2022-04", 12)]))
    from abate.application.inventory.imports import add_file

    assert add_file(workspace, path, now=NOW).quarantined_count == 0
    before = values(workspace, "gross", year="FY2023")["gross"].value
    run(workspace, "FY2023")
    assert values(workspace, "gross", year="FY2023")["gross"].value == before
    found = restate_base_year(workspace, structure="FY2025", now=NOW)
    gross = next(b for b in found.bridges if b.figure == "gross")
    assert (gross.end_mg - gross.start_mg) / 1e9 == pytest.approx(12 * 400 * 0.51 / 1000, rel=0.05)
    assert {d for d, mg in gross.totals.items() if mg} == {"boundary"}


def test_pro_rata_takes_the_months_of_the_year_of_the_sale(three_years):
    config = three_years.root / "abate.toml"
    config.write_text(
        config.read_text()
        .replace("closed = 2023-09-30", "sold = 2023-09-30")
        .replace("threshold = 0.05", 'threshold = 0.05\nrecalculation = "pro-rata"')
    )
    workspace = open_workspace(three_years.root)
    found = restate_base_year(workspace, structure="FY2024", now=NOW)
    with Figures(workspace) as rollups:
        by = rollups.values(
            ["scope2-location"], run_of(workspace, "", found.restated_run), "site,month"
        )
    sold = {v.by["month"]: v.value for v in by if v.by["site"] == "sold"}
    assert [sold["2022-05"] > 0, sold["2022-11"]] == [True, 0]


def reperform(folder):
    tool = ROOT / "tools" / "reperform.py"
    return subprocess.run(
        [sys.executable, "-I", str(tool), str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_evidence_is_performed_again_without_the_package(three_years, add, tmp_path):
    add(
        PURCHASES.replace(",Weight", "") + "group,2023-05,consulting,ACME,7046.7,CNY,P1\n",
        "purchases.csv",
    )
    add(SECOND + "second,2023-05,ann,SH-1,phone,1000\n", "second-hand.csv")
    run(three_years)
    manifest = export_evidence(three_years, "FY2024", tmp_path / "evidence")
    done = reperform(tmp_path / "evidence")
    assert done.returncode == 0, done.stderr
    assert f"OK: {manifest['files']['entries.csv']['rows']:,} entries" in done.stdout
    gross = values(three_years, "scope1")["scope1"].value
    assert f"{float(gross):,.6f} t CO2e" in done.stdout


@pytest.mark.parametrize(
    "name",
    [
        "activities.csv",
        "resolutions.csv",
        "entries.csv",
        "factors.csv",
        "methods.csv",
        "totals.csv",
        "manifest.json",
    ],
)
def test_a_single_byte_of_evidence_that_changes_is_found_in_its_place(three_years, tmp_path, name):
    folder = tmp_path / "evidence"
    export_evidence(three_years, "FY2024", folder)
    path = folder / name
    lines = path.read_bytes().split(b"\n")
    target = 2 if name != "manifest.json" else 3
    line = lines[target]
    at = (
        max(k for k, byte in enumerate(line) if chr(byte).isdigit() and k < len(line) - 18)
        if name != "manifest.json"
        else len(line) - 3
    )
    lines[target] = line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]
    path.write_bytes(b"\n".join(lines))
    done = reperform(folder)
    assert done.returncode == 1
    assert name in done.stderr
    assert f"line {target + 1}" in done.stderr or name == "manifest.json"


def test_the_interpreter_is_short_and_stands_alone():
    text = (ROOT / "tools" / "reperform.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    imported = {
        line.split()[1].split(".")[0]
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported <= set(sys.stdlib_module_names)


def test_published_figures_load_with_their_vintage(workspace, shared):
    path = shared / "company" / "alibaba_esg.csv"
    figures, texts = add_published(workspace, path, now=NOW)
    assert figures + texts == 117
    rows = published(workspace, entity="Alibaba Group", metric="net_scope1_2")
    assert {r.fiscal_year: r.value for r in rows if r.value is not None} == {
        "FY2022": 5.372,
        "FY2023": 4.681,
        "FY2024": 4.45,
    }
    assert all(r.vintage and r.source for r in rows)
    with pytest.raises(DuplicateImportError):
        add_published(workspace, path, now=NOW)
    assert values_of_nothing(workspace) == []


def values_of_nothing(workspace):
    return workspace.store.rows("entries") + workspace.store.rows("activities")


def test_two_vintages_of_a_figure_stand_beside_each_other_and_the_same_one_twice_is_refused(
    workspace, tmp_path
):
    head = "entity,fiscal_year,metric,value,unit,source,vintage\n"
    path = tmp_path / "p.csv"
    path.write_text(head + "A,FY2022,scope1,5,t,report,2023\nA,FY2022,scope1,6,t,report,2024\n")
    assert add_published(workspace, path, now=NOW) == (2, 0)
    path.write_text(head + "A,FY2022,scope1,5,t,report,2023\nA,FY2022,scope1,6,t,report,2023\n")
    with pytest.raises(DataError, match="row 3 repeats row 2"):
        add_published(workspace, path, now=NOW)
    path.write_text("entity,value\nA,5\n")
    with pytest.raises(DataError, match="bad-published"):
        add_published(workspace, path, now=NOW)
    assert [r.vintage for r in published(workspace)] == ["2023", "2024"]


def test_commands_print_what_the_functions_give(three_years, capsys, monkeypatch):
    from typer.testing import CliRunner

    from abate.faces.cli.main import app

    def call(*words):
        done = CliRunner().invoke(
            app, [*map(str, words), "-w", str(three_years.root)], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return done.output

    told = json.loads(call("bridge", "FY2023", "FY2024", "--figure", "gross", "--json"))
    assert sum(int(mg) for mg in told["totals_mg"].values()) == int(told["end_mg"]) - int(
        told["start_mg"]
    )
    assert "activity" in call("bridge", "FY2023", "FY2024", "--by", "org")
    chart = three_years.root / "bridge.svg"
    call("bridge", "FY2023", "FY2024", "--chart", chart)
    assert chart.read_text().startswith("<svg")
    ranged = json.loads(call("uncertainty", "gross", "--year", "FY2024", "--json"))[0]
    assert ranged["closed_form"][0] < ranged["value"] < ranged["closed_form"][1]
    assert "quality" in call("show", "--range", "--year", "FY2024")
    assert "± " in call("uncertainty", "gross", "--by", "org")
    assert "stays below" in call("base-year") or "reaches" in call("base-year")
    assert "no rows" in call("programmes", "--year", "FY2024")


def test_a_baseline_without_its_actual_side_is_no_saving(tmp_path, workspace, add):
    config = workspace.root / "abate.toml"
    trips = '[[programmes]]\nid = "trips"\nentity = "cloud"\nregion = "CN"\nmethodology = "mode-shift/1"\nclaims = { group = 1.0 }\nunclaimed = 0.0\n'
    config.write_text(config.read_text() + trips)
    path = tmp_path / "trips.csv"
    path.write_text(
        "Programme,Month,Actor,Action,Mode,Passenger km\ntrips,2023-05,ann,T-1,metro,1000\ntrips,2023-05,ann,T-2,car,1000\n"
    )
    from abate.application.inventory.imports import add_file

    reopened = open_workspace(workspace.root)
    add_file(reopened, path, now=NOW)
    assert "no-factor" in codes(run(reopened))
    assert float(values(reopened, "avoided")["avoided"].value) == pytest.approx(
        1000 * (0.272 - 0.061) * 0.85 / 1000
    )


def test_money_is_not_read_in_the_unit_of_the_mass_beside_it(add):
    text = "Entity,Month,Item,Supplier,Weight,Unit,Spend\ngroup,2023-02,board,BETA,,kg,500000\ngroup,2023-02,board,BETA,5,kg,9\n"
    assert add(text, "purchases.csv").findings == {"wrong-dimension": 1}


def test_a_row_that_is_spread_over_months_keeps_one_error(workspace, add):
    add("Site,From,To,Electricity,Unit,Uncertainty\nhq,2023-04-01,2024-03-31,1000,MWh,30 %\n")
    run(workspace)
    with Figures(workspace) as rollups:
        (one,) = ranges(rollups, "scope2-location", run_of(workspace, "FY2024"))
    amount = next(c for c in one.next if c.source == "activity")
    assert amount.spread * 1.96 == pytest.approx(0.30, rel=0.01)


def test_what_converts_a_unit_and_what_is_lost_on_the_way_widen_the_range(workspace, add):
    add(
        "Site,Month,Fuel,Quantity,Unit,Uncertainty\nhq,2023-05,diesel,1000,L,0 %\n", "generator.csv"
    )
    add(SECOND + "second,2023-05,ann,SH-1,phone,1000\n", "second-hand.csv")
    run(workspace)
    with Figures(workspace) as rollups:
        (one,) = ranges(rollups, "scope1", run_of(workspace, "FY2024"))
    assert one.closed.share_95 > 0.02  # density and heating value, not only the carbon of the fuel


def test_the_same_parcel_under_another_spelling_or_day_is_the_same_parcel(add):
    text = "Programme,Month,Actor,Action,Cartons\nreuse,2023-01,ACME,PARCEL-1,5\n"
    assert add(text, "carton-reuse.csv").accepted_count == 1
    text = 'Programme,Month,Actor,Action,Cartons\nreuse,2023-01-15,ACME,PARCEL-1,5\nreuse,2023-01,"Acme ",parcel 1,5\n'
    assert add(text, "carton-reuse-2.csv").findings["action-booked-twice"] == 2


def test_a_suppliers_factor_is_found_however_it_is_spelled(workspace, add, own):
    own(
        ("supplier", "Acme Ltd/Consulting", "life-cycle", 0.5, "kg/CNY2023"),
        ("supplier", "ACME/Carton X200", "life-cycle", 3, "kg/kg"),
    )
    rows = "group,2023-05,consulting,ACME LTD,,100,CNY\ngroup,2023-05,carton x200,Acme,10,,kg\n"
    add("Entity,Month,Item,Supplier,Weight,Spend,Unit\n" + rows, "purchases.csv")
    run(workspace)
    assert float(values(workspace, "scope3-1")["scope3-1"].value) == pytest.approx((50 + 30) / 1000)


def test_rented_space_counts_for_its_period(workspace, add):
    add(
        "Site,From,To,Asset type,Lessor,Area\nhq,2023-04-01,2024-03-31,office,ACME,1200\n",
        "leased.csv",
    )
    add("Site,Month,Asset type,Lessor,Area\nplant,2023-04,office,ACME,365\n", "leased-2.csv")
    run(workspace)
    with Figures(workspace) as rollups:
        by = {
            v.by["site"]: float(v.value)
            for v in rollups.values(["scope3-8"], run_of(workspace, "FY2024"), "site")
        }
    assert by["hq"] == pytest.approx(72 * 366 / 365, rel=0.003)
    assert by["plant"] == pytest.approx(30 * 60 / 1000)


def test_a_site_that_was_opened_is_activity_and_one_that_was_bought_is_boundary(
    three_years, tmp_path
):
    from abate.application.inventory.imports import add_file

    for name, word in (("new", "opened"), ("had", "bought")):
        config = three_years.root / "abate.toml"
        config.write_text(
            config.read_text()
            + f'[[sites]]\nid = "{name}"\nentity = "cloud"\nregion = "CN-ZJ"\n{word} = 2023-04-01\n'
        )
    workspace = open_workspace(three_years.root)
    for name in ("new", "had"):
        path = tmp_path / f"{name}.csv"
        path.write_text(electricity([(name, "2023-05", 1000, "kWh")]))
        add_file(workspace, path, now=NOW)
    run(workspace, "FY2023")
    run(workspace, "FY2024")
    with Figures(workspace) as rollups:
        lines = bridge_runs(
            workspace,
            rollups,
            "scope2-location",
            run_of(workspace, "FY2023"),
            run_of(workspace, "FY2024"),
        )
    assert (
        lines.totals["boundary"] == 497_400_000
    )  # what was bought: 1000 kWh at 0.4974 kg; the depot that was shut is not


@pytest.mark.parametrize("byte", [b'"', b"\xff", b"\n", b","])
def test_no_byte_of_evidence_makes_the_interpreter_stumble(three_years, tmp_path, byte):
    folder = tmp_path / "evidence"
    export_evidence(three_years, "FY2024", folder)
    for name, line in (
        ("entries.csv", 4),
        ("activities.csv", 1),
        ("factors.csv", 2),
        ("manifest.json", 2),
    ):
        path = folder / name
        before = path.read_bytes()
        lines = before.split(b"\n")
        lines[line - 1] = lines[line - 1][:3] + byte + lines[line - 1][4:]
        path.write_bytes(b"\n".join(lines))
        done = reperform(folder)
        path.write_bytes(before)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert name in done.stderr
    assert reperform(folder).returncode == 0


def test_a_factor_of_a_wider_group_is_said_of_waste_and_of_grids(workspace, add):
    add(
        "Site,Month,Waste type,Waste,Unit\nlondon,2023-05,hazardous/landfill,3,t\nlondon,2023-05,mixed/landfill,3,t\n",
        "waste.csv",
    )
    path = workspace.root / "abate.toml"
    path.write_text(
        path.read_text() + '\n[[sites]]\nid = "lab"\nentity = "cloud"\nregion = "US-CA"\n'
    )
    reopened = open_workspace(workspace.root)
    bill = path.with_name("lab.csv")
    bill.write_text(electricity([("lab", "2023-05", 1000, "kWh")]))
    add_file(reopened, bill, now=NOW)
    told = [f.message for f in run(reopened).findings if f.code == "factor-general"]
    assert any("'landfill' serves 'hazardous/landfill'" in m for m in told)
    assert not any("mixed/landfill" in m for m in told)
    assert any("serves US-CA" in m and "US-CAMX" in m for m in told)


def test_countries_may_be_named_in_the_configuration(workspace):
    path = workspace.root / "abate.toml"
    path.write_text(path.read_text().replace('region = "GB"', 'region = "United Kingdom"'))
    assert open_workspace(workspace.root).organisation.region_of("london") == "GB"


@pytest.mark.parametrize(
    ("head", "row", "kg"),
    [
        ("Mode,Passengers,Distance km", "car,1,1000", 166.45),
        ("Mode,Passengers,Distance km", "rental car,3,1000", 166.45),
        ("Mode,Passengers,Distance miles", "car / diesel,1,1000", 273.31),
        ("Mode,Passengers,Distance km", "motorbike,1,1000", 113.67),
        ("Mode,Passengers,Distance km", "rail,2,1000", 70.92),
    ],
)
def test_a_trip_by_car_counts_by_vehicle_and_one_by_train_by_passenger(
    workspace, add, head, row, kg
):
    """DESNZ 2023, per kilometre of an average car, a diesel car and a motorbike, and per passenger-kilometre by rail."""
    add(f"Site,Month,{head}\nlondon,2023-05,{row}\n", "travel.csv")
    result = run(workspace, gwp_set="AR5")
    assert [f.message for f in result.findings if f.severity == "blocker"] == []
    assert float(values(workspace, "scope3-6")["scope3-6"].value) * 1000 == pytest.approx(
        kg, rel=3e-3
    )


def test_what_is_recycled_in_an_open_loop_only_takes_the_edition_of_its_year(
    workspace, add, shared
):
    import_factors(
        workspace, shared / "factors/uk_desnz/ghg-conversion-factors-2025-flat-file.xlsx", now=NOW
    )
    add("Site,Month,Waste type,Waste,Unit\nlondon,2025-03,WEEE/recycled,10,t\n", "waste.csv")
    run_year(workspace, "FY2025", now=NOW)
    with Figures(workspace) as rollups:
        (found,) = rollups.values(["scope3-5"], run_of(workspace, "FY2025"))
    assert float(found.value) * 1000 == pytest.approx(46.8568, rel=1e-4)
