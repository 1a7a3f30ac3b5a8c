"""Certificates, contracts and supplier rates of any technology and market cover electricity in the market-based view."""

import pytest

from abate.application.inventory.figures import Figures, run_of
from abate.application.inventory.findings import open_findings
from abate.application.inventory.runs import run_year
from abate.energy.facts import TECHNOLOGIES, UNPRINTED
from abate.kernel.region import EU, markets_of
from support import NOW, electricity

HEAD = "serial,instrument type,technology,market,site,vintage from,vintage to,energy,unit,retired for,kg co2/kwh\n"


def certificate(
    technology="wind",
    market="GB",
    tier="certificate",
    amount=1000,
    factor="",
    vintage="2023-04-01,2024-03-31",
):
    return (
        HEAD + f"S-1,{tier},{technology},{market},london,{vintage},{amount},kWh,FY2024,{factor}\n"
    )


def market_based(workspace):
    """Scope 2, market-based, and biogenic CO2 outside the scopes [kg]."""
    result = run_year(workspace, "FY2024", now=NOW)
    assert [str(f) for f in result.findings if f.severity == "blocker"] == []
    with Figures(workspace) as rollups:
        found = {
            v.figure: v.value
            for v in rollups.values(["scope2-market"], run_of(workspace, "FY2024"))
        }
        outside = rollups.con.execute(
            "select coalesce(sum(mass_mg), 0) from rollups where species = 'CO2-biogenic' and view = 'market' "
            f"and run_id = '{result.run_id}'"
        ).fetchone()[0]
    return (
        float(found["scope2-market"]) * 1000,
        float(outside) / 1e6,
        {f.code for f in result.findings},
    )


@pytest.mark.parametrize("technology", [t for t in TECHNOLOGIES if t not in UNPRINTED])
def test_every_technology_covers_load_without_a_stated_factor(workspace, add, technology):
    add(electricity([("london", "2023-05", 1000, "kWh")]))
    add(certificate(technology), "certificates.csv")
    emitted, biogenic, codes = market_based(workspace)
    burnt = technology in {"biomass", "biogas", "landfill-gas"}
    assert (biogenic > 0) is burnt
    assert ("factor-assumed" in codes) is burnt
    assert emitted < 30 if burnt else emitted == 0


def test_burnt_biomass_is_methane_and_nitrous_oxide_in_the_scope_and_carbon_outside(workspace, add):
    add(electricity([("london", "2023-05", 1000, "kWh")]))
    add(certificate("Holz / small".replace("Holz", "wood")), "certificates.csv")
    emitted, biogenic, _ = market_based(workspace)
    fuel_tj = 1000 * 3.6e-6 / 0.25
    assert emitted == pytest.approx(fuel_tj * (30 * 27.0 + 4 * 273))  # AR6
    assert biogenic == pytest.approx(fuel_tj * 112_000)


@pytest.mark.parametrize(
    "technology",
    [
        "hydro / new",
        "hydro / run of river / > 15 years",
        "Wasserkraft",
        "offshore wind",
        "photovoltaic",
    ],
)
def test_age_and_size_are_kept_beside_the_technology(workspace, add, technology):
    add(electricity([("london", "2023-05", 1000, "kWh")]))
    result = add(
        certificate(technology.replace("offshore wind", "wind / offshore")), "certificates.csv"
    )
    assert result.findings == {}
    assert market_based(workspace)[0] == 0


@pytest.mark.parametrize("technology", UNPRINTED)
def test_what_only_the_supplier_can_state_is_asked_for_and_then_serves(workspace, add, technology):
    add(electricity([("london", "2023-05", 1000, "kWh")]))
    assert add(certificate(technology), "certificates.csv").findings == {"bad-instrument": 1}
    add(certificate(technology, tier="supplier rate", factor="0.12"), "rate.csv")
    assert market_based(workspace)[0] == pytest.approx(120)


def test_a_rate_covers_the_months_for_which_it_holds(workspace, add):
    add(electricity([("london", "2023-05", 1000, "kWh"), ("london", "2023-09", 1000, "kWh")]))
    add(
        certificate(
            "mixed", tier="tariff", amount=5000, factor="0.1", vintage="2023-04-01,2023-06-30"
        ),
        "rate.csv",
    )
    emitted, _, codes = market_based(workspace)
    assert emitted == pytest.approx(
        1000 * 0.1 + 1000 * 0.207074, rel=1e-3
    )  # September by the grid: DESNZ 2023
    assert {"instrument-unused", "residual-mix-missing"} <= codes


def test_a_guarantee_of_origin_serves_every_country_of_the_union_and_no_other(workspace, add):
    assert {"FR", "NO", "DE"} <= {c for c in EU if "EU" in markets_of(c)}
    assert not any("EU" in markets_of(c) for c in ("GB", "CH", "US", "CN", "world"))
    add(electricity([("london", "2023-05", 1000, "kWh")]))
    add(certificate(market="AIB"), "certificates.csv")
    _, _, codes = market_based(workspace)
    assert "instrument-unused" in codes
    assert add(certificate(market="the moon").replace("S-1", "S-2"), "moon.csv").findings == {
        "bad-instrument": 1
    }
    assert any("S-2" in str(f) for f in open_findings(workspace, now=NOW))
