"""The worked examples of the Scope 3 guidance, through real files, importers, factors and methods.

The numbers are read from beside the project: each line is a product, of which one number is the
factor and the others are columns of a file. Where the guidance prints another result than its own
numbers give, the erratum is stated.
"""

import csv
import json
from collections import defaultdict

import pytest

from abate.application.factors import import_factors
from abate.application.inventory.figures import Figures, run_of
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace
from abate.kernel.factor import COLUMNS, OPTIONAL
from support import NOW

CONFIG = """
[organisation]
name = "Worked example"
currency = "USD"
[[entities]]
id = "group"
region = "ZZ"
""" + "".join(
    f'[[sites]]\nid = "site-{r.lower()}"\nentity = "group"\nregion = "{r if r == "ZZ" else "XX-" + r}"\n'  # codes of nobody: the factors are the example's
    for r in ("ZZ", "AU", "CA", "IN", "US", "TR")
)

ELECTRICITY, GAS, FUG = (
    "electricity,grid-average,kg/kWh",
    "stationary-fuel,natural-gas,kg/m3",
    "refrigerant,R-410A,kg/kg",
)
WASTE, GOODS = "waste,{label},kg/kg", "purchased-goods,{label},kg/kg"
TRANSPORT = "freight,{label},kg/(kg*km)"

# Per example and line (or for all lines under ""): the template, the columns with the places of their numbers or texts,
# and the factor's kind, item and unit, with the place of its number.
SPECS = {
    "1.1": {
        "": (
            "purchased-goods",
            {"item": "{label}", "supplier": "S", "mass": 0, "unit": "kg"},
            "supplier,S/{label},kg/kg",
            1,
        )
    },
    "1.2": {
        "": ("supplier-input", {"item": "{label}", "used": 0, "unit": "kg"}, GOODS, 1),
        "elec": (
            "supplier-input",
            {"item": "electricity", "used": 0, "unit": "kWh"},
            ELECTRICITY,
            1,
        ),
        "gas": ("supplier-input", {"item": "natural-gas", "used": 0, "unit": "m3"}, GAS, 1),
        "landfill": ("supplier-input", {"item": "{label}", "used": 0, "unit": "kg"}, WASTE, 1),
        **{
            f"t {x}": (
                "supplier-input",
                {"item": "{label}", "mass": 0, "unit": "kg", "distance": 1},
                TRANSPORT,
                2,
            )
            for x in ("cotton", "polymer", "chemA", "chemB")
        },
    },
    "1.3": {
        "elec": (
            "supplier-input",
            {"item": "electricity", "used": 0, "unit": "kWh"},
            ELECTRICITY,
            1,
        ),
        "gas": ("supplier-input", {"item": "natural-gas", "used": 0, "unit": "m3"}, GAS, 1),
        "landfill": ("supplier-input", {"item": "{label}", "used": 0, "unit": "kg"}, WASTE, 1),
        "t-shirts": ("supplier-input", {"item": "{label}", "used": 0, "unit": "kg"}, GOODS, 1),
    },
    "4.1": {
        "": (
            "upstream-freight",
            {"mode": "diesel", "fuel used": 0, "unit": "L"},
            "mobile-fuel,diesel,kg/L",
            1,
        ),
        "R410a": ("upstream-freight", {"mode": "R-410A", "fuel used": 0, "unit": "kg"}, FUG, 1),
    },
    "4.2": {
        "": (
            "upstream-freight",
            {"mode": "{label}", "mass": 0, "unit": "t", "distance": 1},
            "freight,{label},kg/tkm",
            2,
        )
    },
    "4.4": {
        "": (
            "upstream-freight",
            {"mode": "{label}", "amount": 0, "unit": "USD"},
            "freight-spend,{label},kg/USD2023",
            1,
        )
    },
    "4.6": {
        "": (
            "upstream-storage",
            {"item": "{label}", "volume": 0, "days": 1},
            "storage,{label},kg/m3_day",
            2,
        )
    },
    "5.1": {
        "": (
            "waste",
            {"waste type": "type-{label}", "waste": 0, "unit": "kg"},
            "waste,type-{label},kg/kg",
            1,
        )
    },
    "6.1": {
        "": (
            "business-travel",
            {"mode": "{label}", "passengers": 0, "distance": 1},
            "travel,{label},kg/pkm",
            2,
        )
    },
    "7.1": {
        "": (
            "commuting",
            {"mode": "{label}", "distance": 0, "ways": 1, "days": 2, "weeks": 3},
            "travel,{label},kg/pkm",
            4,
        )
    },
    "8.1": {
        "gas": (
            "leased-asset",
            {"energy type": "natural-gas", "share": 0, "energy": 1, "unit": "m3"},
            GAS,
            2,
        ),
        "elec": (
            "leased-asset",
            {"energy type": "electricity", "share": 0, "energy": 1, "unit": "kWh"},
            ELECTRICITY,
            2,
        ),
        "fug": (
            "leased-asset",
            {"energy type": "R-410A", "share": 0, "energy": 1, "unit": "kg"},
            FUG,
            2,
        ),
    },
    "9.1": {
        "": (
            "downstream-freight",
            {"mode": "{label}", "mass": 0, "unit": "t", "distance": 1},
            "freight,{label},kg/tkm",
            2,
        )
    },
    "10.1": {
        "gas": ("processing", {"item": "natural-gas", "used": 0, "unit": "m3"}, GAS, 1),
        "elec": ("processing", {"item": "electricity", "used": 0, "unit": "kWh"}, ELECTRICITY, 1),
        "waste": ("processing", {"item": "{label}", "used": 0, "unit": "kg"}, WASTE, 1),
    },
    "11.1": {
        "": (
            "product-use",
            {
                "model": "{label}",
                "energy type": "electricity",
                "sold": 0,
                "lifetime uses": 1,
                "per use": 2,
                "unit": "kWh",
            },
            ELECTRICITY,
            3,
        )
    },
    "11.3": {
        "": (
            "product-use",
            {
                "energy type": "{label}",
                "sold": 0,
                "lifetime uses": 1,
                "per use": "1",
                "unit": "km",
                "share": 3,
            },
            "travel,{label},kg/km",
            2,
        )
    },
    "12.1": {
        "": (
            "end-of-life",
            {"treatment": "{label}", "mass sold": 0, "unit": "kg", "share": 1},
            WASTE,
            2,
        )
    },
    "14.1": {
        "": (
            "franchise",
            {"energy type": "co2e", "franchisee": "{label}", "reported emissions": 0},
            "",
            None,
        )
    },
    "14.2": {
        "": (
            "franchise",
            {"energy type": "type-{label}", "outlets": 0},
            "franchise,type-{label},kg/count",
            1,
        )
    },
    "15.1": {
        "": (
            "investment",
            {"sector": "co2e", "investee": "{label}", "investee emissions": 0, "equity share": 1},
            "",
            None,
        )
    },
    "15.2": {
        "": (
            "investment",
            {"sector": "{label}", "revenue": 0, "unit": "USD", "equity share": 2},
            "investment,{label},kg/USD2023",
            1,
        ),
        "4a": (
            "investment",
            {
                "sector": "{label}",
                "revenue": 0,
                "unit": "USD",
                "sector share": 1,
                "equity share": 3,
            },
            "investment,{label},kg/USD2023",
            2,
        ),
        "4b": (
            "investment",
            {
                "sector": "{label}",
                "revenue": 0,
                "unit": "USD",
                "sector share": 1,
                "equity share": 3,
            },
            "investment,{label},kg/USD2023",
            2,
        ),
    },
    "15.4": {
        "": (
            "investment",
            {"sector": "{label}", "project cost": 0, "unit": "million USD", "equity share": 2},
            "investment,{label},g/USD2023",
            1,
        )
    },
    "15.5a": {
        "": (
            "investment",
            {
                "sector": "co2e",
                "investee": "{label}",
                "investee emissions": 0,
                "years": 1,
                "equity share": 2,
            },
            "",
            None,
        )
    },
    "B.1": {
        "": (
            "product-use",
            {
                "energy type": "electricity",
                "sold": 3,
                "lifetime uses": 0,
                "per use": 1,
                "unit": "kWh",
            },
            ELECTRICITY,
            2,
        )
    },
}
ERRATA = {
    "1.2": "transport subtotal printed as 20,500; its own products give 205,000",
    "8.1": "share of 2/15 rounded to 0.67 of 5 on the way",
    "15.2": "a line left out of the printed sum",
}
APPROACH = {
    "fuel-based": "fuel-based",
    "distance-based": "distance-based",
    "spend-based": "spend-based",
    "hybrid": "hybrid",
    "supplier-specific": "supplier-specific",
    "asset-specific": "asset-specific",
    "site-specific": "site-specific",
    "waste-type-specific": "waste-type-specific",
    "investment-specific": "investment-specific",
    "franchise-specific": "franchise-specific",
}


@pytest.fixture
def guidance(shared):
    return json.loads((shared / "golden/ghgp_scope3_worked_examples.json").read_text())


def own_factor(kind, item, value, unit, region="ZZ", basis="direct", species="unspecified-co2e"):
    factor_id = f"own/{kind}/{basis}/{region}/{item}"
    cells = (
        factor_id,
        kind,
        item,
        region,
        "within",
        "",
        basis,
        species,
        str(value),
        unit,
        "AR6",
        "",
        "",
        "Guidance",
        "example",
        "1",
        "2013-04-01",
        "facts",
        "checked",
        "",
    )
    return dict(zip((c for c in COLUMNS if c not in OPTIONAL), cells, strict=True))


def value_files(folder, files, factors, year="FY2023", config=CONFIG):
    """Import files (template, rows) and factors into a fresh workspace, run the year."""
    folder.mkdir(exist_ok=True)
    workspace = create_workspace(folder / "w", config)
    path = folder / "factors.csv"
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows({f["factor_id"]: f for f in factors}.values())
    if factors:
        import_factors(workspace, path, now=NOW)
    for k, (template, rows) in enumerate(files):
        path = folder / f"file-{k}.csv"
        with path.open("w", newline="") as handle:
            writer = csv.DictWriter(handle, ["site", "month", *rows[0]])
            writer.writeheader()
            writer.writerows({"site": "site-zz", "month": "2023-05", **row} for row in rows)
        done = add_file(workspace, path, now=NOW, template=template)
        assert done.quarantined_count == 0, done
    result = run_year(workspace, year, now=NOW)
    assert [f for f in result.findings if f.severity == "blocker"] == []
    return workspace


def totals_kg(workspace, *names, year="FY2023"):
    with Figures(workspace) as rollups:
        return {
            v.figure: v.value and float(v.value * 1000)
            for v in rollups.values(list(names), run_of(workspace, year))
        }


def files_of(example):
    """Files and factors of a worked example."""
    spec, files, factors = SPECS[example["id"]], defaultdict(list), []
    for line in example["lines"]:
        label = line["label"].lower().replace(" ", "-")
        template, columns, factor, place = spec.get(line["label"], spec.get(""))
        row = {
            c: line["factors"][v] if isinstance(v, int) else v.format(label=label)
            for c, v in columns.items()
        }
        files[template, tuple(row)].append(row)
        if factor:
            kind, item, unit = factor.format(label=label).split(",")
            factors.append(own_factor(kind, item, line["factors"][place], unit))
    return [(template, rows) for (template, _), rows in files.items()], factors


def place_of(example_id):
    return "ex" + example_id.lower().replace(".", "")


@pytest.fixture(scope="module")
def worked(shared, tmp_path_factory):
    """All examples in one workspace: a site and a region each, so that none sees another's factors."""
    guidance = json.loads((shared / "golden/ghgp_scope3_worked_examples.json").read_text())
    merged, factors, sites = defaultdict(list), [], ""
    for example in (e for e in guidance["examples"] if e["id"] in SPECS):
        place = place_of(example["id"])
        sites += f'[[sites]]\nid = "{place}"\nentity = "group"\nregion = "{place.upper()}"\n'
        files, own = files_of(example)
        for template, rows in files:
            merged[template, tuple(rows[0])] += [{"site": place, **row} for row in rows]
        factors += [
            f | {"factor_id": f"{f['factor_id']}/{place}", "region": place.upper()} for f in own
        ]
    listed = [(template, rows) for (template, _), rows in merged.items()]
    workspace = value_files(
        tmp_path_factory.mktemp("guidance"), listed, factors, config=CONFIG + sites
    )
    return workspace, run_of(workspace, "FY2023")


@pytest.mark.parametrize("example_id", SPECS)
def test_a_worked_example_of_the_guidance(guidance, worked, example_id):
    example = next(e for e in guidance["examples"] if e["id"] == example_id)
    workspace, run = worked
    category, place = str(example["scope3_category"]), place_of(example_id)
    rows = [r for r in workspace.store.rows("rollups") if r["site"] == place and r["scope"] == "3"]
    assert {r["category"] for r in rows} == {category}
    with Figures(workspace) as rollups:
        by_site = {
            v.by["site"]: float(v.value * 1000)
            for v in rollups.values([f"scope3-{category}"], run, "site")
        }
    scale = 1000 if example["unit"].startswith("t ") else 1
    assert by_site[place] == pytest.approx(example["recomputed"] * scale, rel=1e-9)
    if example_id in ERRATA:
        assert by_site[place] != pytest.approx(example["published"] * scale, rel=1e-6), ERRATA[
            example_id
        ]
    else:
        assert by_site[place] == pytest.approx(example["published"] * scale, rel=1e-6)
    named = example["method"].split(",")[0].strip()
    if named in APPROACH:
        assert APPROACH[named] in {r["approach"] for r in rows}


def test_every_example_of_the_file_is_tested(guidance):
    assert {e["id"] for e in guidance["examples"]} == {*SPECS, "3.1"}


def test_energy_related_activities_of_example_3_1(guidance, tmp_path):
    """Its loss factors are life-cycle ones: what is burnt (direct) and what stands behind it (upstream)."""
    example = next(e for e in guidance["examples"] if e["id"] == "3.1")
    numbers = {line["label"]: line["factors"] for line in example["lines"]}
    files = {"electricity": [], "heat": []}
    factors = []
    for label, (quantity, upstream) in ((k, v) for k, v in numbers.items() if k.startswith("B")):
        heat = "heat" in label
        region = label.split()[-1]
        kind, item = ("heat", "district-heat") if heat else ("electricity", "grid-average")
        _, life_cycle, loss = numbers[f"C {region} heat" if heat else f"C {region}"]
        column = "heat" if heat else "electricity"
        files[column].append({"site": f"site-{region.lower()}", column: quantity, "unit": "kWh"})
        region = f"XX-{region}"
        factors += [
            own_factor(kind, item, upstream, "kg/kWh", region, "upstream"),
            own_factor(kind, item, round(life_cycle - upstream, 6), "kg/kWh", region),
            own_factor(
                "network-loss" if heat else "grid-loss",
                "",
                loss,
                "kWh/kWh",
                region,
                species="property",
            ),
        ]
    workspace = value_files(tmp_path, list(files.items()), factors)
    assert totals_kg(workspace, "scope3-3")["scope3-3"] == pytest.approx(
        example["published"], rel=1e-9
    )


def test_the_electricity_chain_of_box_5_5(guidance, tmp_path):
    """Coal mine A, generator B, utility C, consumer D: each reports its part, and the same tonnes meet in all four."""
    chain = guidance["electricity_chain"]
    i = chain["inputs"]
    coal, region = "other-bituminous-coal", "ZZ"
    per_kg = (
        i["combustion_t_per_mwh"] * 1000 / 1000
    )  # 1,000 kg of coal per MWh, so that a kg burns to a kg
    generation = own_factor(
        "electricity", "grid-average", i["combustion_t_per_mwh"], "t/MWh", region
    )
    supply = own_factor(
        "electricity", "grid-average", i["upstream_t_per_mwh"], "t/MWh", region, "upstream"
    )
    burning = own_factor("stationary-fuel", coal, per_kg, "kg/kg", region)
    mining = own_factor(
        "stationary-fuel", coal, i["upstream_t_per_mwh"], "kg/kg", region, "upstream"
    )
    mass_kg = i["generated_mwh"] * 1000
    mine = [
        (
            "stationary-fuel",
            [{"fuel": "diesel", "quantity": chain["A"]["s1"] * 1000, "unit": "kg"}],
        ),
        ("product-use", [{"energy type": coal, "units sold": mass_kg, "per use": 1, "unit": "kg"}]),
    ]
    a = value_files(
        tmp_path / "a", mine, [burning, own_factor("stationary-fuel", "diesel", 1, "kg/kg", region)]
    )
    b = value_files(
        tmp_path / "b",
        [("stationary-fuel", [{"fuel": coal, "quantity": mass_kg, "unit": "kg"}])],
        [burning, mining],
    )
    sold = i["generated_mwh"] - i["loss_mwh"]
    c = value_files(
        tmp_path / "c",
        [
            ("electricity", [{"electricity": i["loss_mwh"], "unit": "MWh"}]),
            ("electricity-resold", [{"resold": sold, "unit": "MWh"}]),
        ],
        [generation, supply],
    )
    loss = own_factor(
        "grid-loss",
        "",
        f"{i['loss_mwh'] / i['consumed_mwh']:.12f}",
        "kWh/kWh",
        region,
        species="property",
    )
    d = value_files(
        tmp_path / "d",
        [("electricity", [{"electricity": i["consumed_mwh"], "unit": "MWh"}])],
        [generation, supply, loss],
    )

    def tonnes(workspace, method=""):
        rows = [
            r
            for r in workspace.store.rows("rollups")
            if r["source"] == "entry" and r["view"] != "market"
        ]
        found = defaultdict(float)
        for r in rows:
            found[
                r["scope"] if r["scope"] != "3" else f"c{r['category']} {r['method'].split('/')[0]}"
            ] += int(r["co2e_mg"]) / 1e9
        return found

    close = {"rel": 1e-9}
    assert tonnes(a) == {
        "1": pytest.approx(chain["A"]["s1"], **close),
        "c11 product-use-direct-use-phase": pytest.approx(chain["A"]["c11"], **close),
    }
    assert tonnes(b) == {
        "1": pytest.approx(chain["B"]["s1"], **close),
        "c3 fuel-upstream": pytest.approx(chain["B"]["c3"], **close),
    }
    utility = tonnes(c)
    assert utility["2"] == pytest.approx(chain["C"]["s2"], **close)
    assert utility["c3 electricity-upstream"] == pytest.approx(chain["C"]["c3_upstream"], **close)
    assert utility["c3 resold-generation"] + utility["c3 resold-upstream"] == pytest.approx(
        chain["C"]["c3_resold"], **close
    )
    consumer = tonnes(d)
    assert consumer["2"] == pytest.approx(chain["D"]["s2"], **close)
    assert consumer["c3 electricity-upstream"] == pytest.approx(chain["D"]["c3_upstream"], **close)
    assert consumer["c3 electricity-losses"] + consumer[
        "c3 electricity-losses-upstream"
    ] == pytest.approx(chain["D"]["c3_td"], **close)


@pytest.mark.parametrize("basis", ["driven", "gcd"])
def test_a_tour_is_allocated_by_tonne_kilometres(guidance, tmp_path, basis):
    example = guidance["dhl_allocation"]
    tkm = example[f"{basis}_tkm"]
    for k, (own, allocated) in enumerate(zip(tkm, example[f"{basis}_alloc"], strict=True)):
        row = {
            "mode": "co2e",
            "carrier": "DHL",
            "reported emissions": example["total_kgCO2"],
            "own tkm": own,
            "total tkm": sum(tkm),
        }
        workspace = value_files(tmp_path / str(k), [("upstream-freight", [row])], [])
        assert totals_kg(workspace, "scope3-4")["scope3-4"] == pytest.approx(allocated, abs=0.05)
