"""A small firm in each of eight countries: a year of bills in its own units, dates and currency, and the figures by hand.

Each line of FIRMS is a file as such a firm has it, and each expected value is worked out from the
printed factor that is named beside it, with the potentials of AR5 (CH4 28, N2O 265). Nothing is
imported: what ships has to do.
"""

import tomllib

import pytest

from abate.application.inventory.figures import Figures, run_of
from abate.application.inventory.findings import open_findings
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.opening import open_workspace
from abate.application.workspaces.setup import init_firm
from support import NOW

CH4, N2O = 28, 265
IPCC_GAS = (
    (56_100 + 5 * CH4 + 0.1 * N2O) / 1e6 * 3.6 * 0.9
)  # kg per kWh gross: kg/TJ net, 0.9 net per gross
IPCC_DIESEL = (74_100 + 3.9 * CH4 + 3.9 * N2O) / 1e6 * 43.0 * 0.8439  # kg per litre on the road
IPCC_PETROL = (69_300 + 3.8 * CH4 + 5.7 * N2O) / 1e6 * 44.3 * 0.7407
UK_FLIGHT = {"LHR-JFK": 5_539.7, "FRA-LIS": 1_872.7}
UK_LONG, UK_SHORT = (
    0.26128,
    0.18592,
)  # kg per passenger-km with radiative forcing, average passenger, DESNZ 2023
UK_LANDFILL = 520.3347434629953  # kg per tonne of commercial waste, DESNZ 2023
US_LONG = (
    0.16255627 + 0.000643 / 1e3 * CH4 + 0.005179 / 1e3 * N2O
) / 1.609344  # kg per passenger-km, EPA 2024
CONSULTING = 0.084  # kg per USD of 2021, USEEIO 1.2, sector 541611
CPI_2021_2024 = 270.970 / 313.689  # BLS

FIRMS = {
    # country: region, fiscal year, files as (template, text), then figures with what they come to [kg].
    "DE": ("", "FY2024", {
        "electricity": "site;month;consumption (kWh);invoice\n" + "".join(f"hq;{m:02d}.2024;1.000,5;S{m}\n" for m in range(1, 13)),
        "stationary-fuel": "site;from;to;fuel;quantity;unit\nhq;01.01.2024;31.12.2024;Erdgas;10.000,0;kWh Hs\n",
        "company-car": "site;month;vehicle;fuel;mileage km;l/100km\nhq;12.2024;B-AB 1;Diesel;1.000,0;6,5\n",
        "business-travel": "Site;Travel date;From;To;Trip;Passengers;Class\nhq;13.05.2024;FRA;LIS;return;2;Economy\n",
        "hotel": "site;month;nights;country\nhq;05.2024;10;Deutschland\n",
        "purchased-goods": "site;month;item;spend;currency\nhq;03.2024;consulting;1.000,00;EUR\n",
        "waste": "site;month;waste type;waste;unit\nhq;06.2024;Commercial and industrial waste - landfill;1,5;t\n",
    }, {
        "scope1": 10_000 * IPCC_GAS + 65 * IPCC_DIESEL,
        "scope2-location": 12 * 1000.5 * 0.361,  # UBA, CC 16/2026, kWh consumed
        "scope3-1": 1000 * 1.0824 * CPI_2021_2024 * CONSULTING,  # ECB 2024
        "scope3-5": 1.5 * UK_LANDFILL,
        "scope3-6": 2 * 2 * UK_FLIGHT["FRA-LIS"] * 0.134643 + 10 * 13.2,  # DESNZ 2023, economy, to and from non-UK; hotel in Germany
    }),
    "FR": ("", "FY2024", {
        "electricity": "site;month;consumption;unit\n" + "".join(f"hq;2024-{m:02d};1,2;MWh\n" for m in range(1, 13)),
        "stationary-fuel": "site;from;to;fuel;quantity;unit\nhq;2024-01-01;2024-12-31;gaz naturel;12000;kWh PCS\n",
        "fuel-card": "site;date;vehicle;fuel;quantity;unit\nhq;15/04/2024;AA-1;gazole;40,5;L\nhq;02/05/2024;AA-1;gazole;38,2;L\n",
        "business-travel": "site,date,mode,class,from,to,ways,passengers\nhq,2024-05-13,flight,business,CDG,\"New York, US\",2,1\n",
        "hotel": "site;month;nights;country\nhq;2024-05;4;FR\n",
        "purchased-goods": "site;month;item;spend;unit\nhq;2024-03;consulting;2500;€\n",
        "waste": "site;month;waste type;waste;unit\nhq;2024-06;mixed/landfill;800;kg\n",
    }, {
        "scope1": 12_000 * IPCC_GAS + (40.5 + 38.2) * IPCC_DIESEL,
        "scope2-location": 12 * 1200 * 0.036,  # EEA indicator 2024, kWh generated
        "scope3-1": 2500 * 1.0824 * CPI_2021_2024 * CONSULTING,
        "scope3-5": 0.8 * UK_LANDFILL,
    }),
    "GB": ("", "FY2024", {
        "electricity": "site,month,consumption,unit\n" + "".join(f"hq,{m},1000,kWh\n" for m in ("Apr 2023", "May 2023", "Jun 2023")),
        "stationary-fuel": "site,month,fuel,quantity,unit\nhq,2023-04,natural gas,341.2,therms\n",
        "company-car": "site,month,vehicle,fuel,mileage (miles),mpg (UK)\nhq,2023-04,VN70,petrol,1000,40\n",
        "business-travel": "Site,Travel date,From,To,Trip,Passengers\nhq,2023-05-14,LHR,JFK,return,1\n",
        "hotel": "site,month,nights,country\nhq,2023-05,3,UK\n",
        "purchased-goods": "site,month,item,spend,unit\nhq,2023-04,consulting,1000,£\n",
        "waste": "site,month,waste type,waste,unit\nhq,2023-06,Commercial and industrial waste - landfill,900,kg\n",
    }, {
        "scope1": 341.2 * 29.30711111 * 0.18292948 + 25 * 4.54609 * 2.09747,  # DESNZ 2023: gas gross, petrol with biofuel
        "scope2-location": 3000 * 0.20707428859060403,
        "scope3-1": 1000 * 1.24331 * (270.970 / 304.702) * CONSULTING,  # mean of 2023
        "scope3-5": 0.9 * UK_LANDFILL,
        "scope3-6": 2 * UK_FLIGHT["LHR-JFK"] * UK_LONG + 3 * 10.4,
    }),
    "US": ("US-CAMX", "FY2024", {
        "electricity": "site,month,consumption,unit\n" + "".join(f"hq,2024-{m:02d},1500,kWh\n" for m in range(1, 13)),
        "stationary-fuel": "site,month,fuel,quantity,unit\nhq,2024-01,natural gas,100,therms\nhq,2024-02,natural gas,10,CCF\n",
        "company-car": "site,month,vehicle,fuel,mileage (miles),mpg (US)\nhq,2024-03,7ABC,gasoline,3000,30\n",
        "business-travel": "Site,Travel date,From,To,Trip,Passengers\nhq,03/14/2024,LAX,JFK,round trip,1\n",
        "hotel": "site,month,nights,country\nhq,2024-05,3,United States\n",
        "purchased-goods": "site,month,item,spend,unit\nhq,2024-04,consulting,5000,$\n",
        "waste": "site,month,waste type,waste,unit\nhq,2024-06,Mixed MSW - landfilled,2,short tons\n",
    }, {
        "scope1": 10 * (53.06 + 0.001 * CH4 + 0.0001 * N2O) + 1000 * (0.05444 + 0.00000103 * CH4 + 1e-7 * N2O) + 100 * 8.78,
        "scope2-location": 18_000 * (497.443 + 0.030 * CH4 + 0.004 * N2O) * 0.45359237 / 1000,  # eGRID2022, CAMX
        "scope3-1": 5000 * CPI_2021_2024 * CONSULTING,
        "scope3-5": 2 * 580,  # EPA 2024, table 9: mixed MSW landfilled, t per short ton
        "scope3-6": 2 * 3_974.3 * US_LONG + 3 * 16.1,
    }),
    "IN": ("", "FY2025", {
        "electricity": "site,month,consumption,unit\n" + "".join(f"hq,2024-{m:02d},1000,kWh\n" for m in range(4, 13)),
        "stationary-fuel": "site,month,fuel,quantity,unit\nhq,2024-05,natural gas,100,Nm3\n",
        "fuel-card": "site,date,vehicle,fuel,quantity,unit\nhq,13/06/2024,KA01,HSD,50,L\n",
        "business-travel": "Site,Travel date,From,To,Trip,Passengers\nhq,2024-07-01,DEL,BOM,one way,1\n",
        "hotel": "site,month,nights,country\nhq,2024-07,2,India\n",
        "purchased-goods": "site,month,item,spend,unit\nhq,2024-07,consulting,100000,₹\n",
        "waste": "site,month,waste type,waste,unit\nhq,2024-08,mixed/landfill,500,kg\n",
    }, {
        "scope1": 100 * 2.0196 + 50 * 2.633,  # BEE, CO2 only
        "scope2-location": 9000 * 0.7117,  # CEA V21, FY2024-25
        "scope3-5": 0.5 * UK_LANDFILL,
        "scope3-6": 1_136.5 * UK_SHORT + 2 * 58.9,
    }),
    "JP": ("", "FY2025", {
        "electricity": "site,month,consumption,unit\n" + "".join(f"hq,2024年{m}月,2000,kWh\n" for m in range(4, 13)),
        "stationary-fuel": "site,month,fuel,quantity,unit\nhq,2024-05,LPガス,100,kg\n",
        "fuel-card": "site,date,vehicle,fuel,quantity,unit\nhq,2024/06/13,品川1,ガソリン,40,L\n",
        "business-travel": "Site,Travel date,From,To,Trip,Passengers\nhq,2024-07-01,HND,CTS,往返,1\n",
        "hotel": "site,month,nights,country\nhq,2024-07,2,Japan\n",
        "purchased-goods": "site,month,item,spend,unit\nhq,2024-07,consulting,300000,¥\n",
        "waste": "site,month,waste type,waste,unit\nhq,2024-08,mixed/incineration,700,kg\n",
    }, {
        "scope1": 100 * 2.99 + 40 * 2.29,  # MOE, substitute values, CO2 only
        "scope2-location": 18_000 * 0.416,  # FY2024
        "scope3-5": 0.7 * 21.28080723687633,
        "scope3-6": 2 * 819.9 * UK_SHORT + 2 * 39.0,
    }),
    "AU": ("AU-NSW", "FY2025", {
        "electricity": "site,month,consumption,unit\n" + "".join(f"hq,2024-{m:02d},1000,kWh\n" for m in range(7, 13)),
        "stationary-fuel": "site,month,fuel,quantity,unit\nhq,2024-08,natural gas,50,GJ (GCV)\n",
        "fuel-card": "site,date,vehicle,fuel,quantity,unit\nhq,2024-09-13,ABC123,unleaded,0.05,kL\n",
        "business-travel": "Site,Travel date,From,To,Trip,Passengers\nhq,2024-10-01,SYD,MEL,return,1\n",
        "hotel": "site,month,nights,country\nhq,2024-10,2,Australia\n",
        "purchased-goods": "site,month,item,spend,unit\nhq,2024-10,consulting,1000,$\n",
        "waste": "site,month,waste type,waste,unit\nhq,2024-11,mixed/landfill,400,kg\n",
    }, {
        "scope1": 50 * 51.53 + 50 * IPCC_PETROL,  # NGA, gross; IPCC
        "scope2-location": 6000 * 0.66,  # NGA 2024, New South Wales
        "scope3-1": 1000 / 1.5147 * CPI_2021_2024 * CONSULTING,
        "scope3-5": 0.4 * UK_LANDFILL,
    }),
    "BR": ("", "FY2024", {
        "electricity": "site;month;consumption;unit\n" + "".join(f"hq;{m:02d}/2024;1.500,50;kWh\n" for m in range(1, 13)),
        "stationary-fuel": "site;month;fuel;quantity;unit\nhq;03/2024;GLP;90;kg\n",
        "fuel-card": "site;date;vehicle;fuel;quantity;unit\nhq;25/06/2024;ABC1D23;gasolina;45,5;L\n",
        "business-travel": "Site,Travel date,From,To,Trip,Passengers\nhq,2024-07-01,GRU,BSB,return,1\n",
        "hotel": "site,month,nights,country\nhq,2024-07,2,Brazil\n",
        "purchased-goods": "site;month;item;spend;unit\nhq;07/2024;consulting;5.000,00;R$\n",
        "waste": "site;month;waste type;waste;unit\nhq;08/2024;mixed/landfill;250;kg\n",
    }, {
        "scope1": 90 * (63_100 + 5 * CH4 + 0.1 * N2O) / 1e6 * 47.3 + 45.5 * IPCC_PETROL,
        "scope2-location": 12 * 1500.5 * 0.0545,  # MCTI 2024, CO2 only
        "scope3-5": 0.25 * UK_LANDFILL,
    }),
}  # fmt: skip


@pytest.fixture(scope="module", params=FIRMS)
def firm(request, tmp_path_factory):
    country = request.param
    region, year, files, expected = FIRMS[country]
    folder = tmp_path_factory.mktemp(country)
    root, _ = init_firm(folder / "w", "Firm", samples=False, country=country, region=region)
    workspace = open_workspace(root)
    results = {}
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        template = "business-travel" if name == "hotel" else name
        results[name] = add_file(workspace, path, now=NOW, template=template)
    run_year(workspace, year, now=NOW, gwp_set="AR5")
    return country, workspace, year, results, expected


def test_every_row_enters(firm):
    _, _, _, results, _ = firm
    assert {name: r.findings for name, r in results.items() if r.quarantined_count} == {}


def test_the_figures_are_those_worked_out_by_hand(firm):
    country, workspace, year, _, expected = firm
    with Figures(workspace) as opened:
        values = {
            v.figure: float(v.value) * 1000
            for v in opened.values(list(expected), run_of(workspace, year))
        }
    for figure, kg in expected.items():
        assert values[figure] == pytest.approx(kg, rel=2e-3), (country, figure)


def test_no_blocker_is_left_and_no_category_without_a_reason(firm):
    _country, workspace, year, _, _ = firm
    run = run_of(workspace, year)
    rows = [f for f in workspace.store.rows("findings") if f["origin"] == run.run_id]
    assert [f["message"] for f in rows if f["severity"] == "blocker"] == []
    unassessed = {f["message"] for f in rows if f["code"] == "category-unassessed"}
    assert all("7" in m for m in unassessed), unassessed  # no commuting was given
    left = {f.code for f in open_findings(workspace, now=NOW) if f.severity == "blocker"}
    assert left <= {"missing-month"}  # months for which no bill was given


def test_nothing_of_another_country_stands_in_the_workspace(firm):
    country, workspace, _, _, _ = firm
    text = (workspace.root / "abate.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["entities"][0]["region"] == country
    written = text + "".join(
        p.read_text(encoding="utf-8-sig") for p in (workspace.root / "templates").glob("*.csv")
    )
    assert "CNY" not in written
    assert "CN-" not in written
    assert not any("\u4e00" <= ch <= "\u9fff" for ch in written)


@pytest.mark.parametrize(
    ("country", "month", "kg_per_kwh", "back"),
    [
        ("JP", "2024-02", 0.429, False),
        ("JP", "2024-05", 0.416, False),
        ("JP", "2023-02", 0.429, True),
        ("IN", "2023-02", 0.716, False),
        ("IN", "2024-02", 0.727, False),
        ("IN", "2024-05", 0.7117, False),
    ],
)
def test_grid_factors_of_fiscal_years_serve_the_months_of_those_years(
    tmp_path, country, month, kg_per_kwh, back
):
    workspace = open_workspace(init_firm(tmp_path / "w", "Firm", samples=False, country=country)[0])
    (site,) = workspace.organisation.sites
    path = tmp_path / "electricity.csv"
    path.write_text(f"site,month,electricity,unit\n{site.id},{month},1000,kWh\n")
    add_file(workspace, path, now=NOW)
    (activity,) = workspace.store.rows("activities")
    found = run_year(workspace, activity["fiscal_year"], now=NOW)
    located = [
        e
        for e in workspace.store.rows("entries")
        if e["view"] == "location" and e["species"].startswith(("CO2", "unspec"))
    ]
    factor = sum(e["mass_mg"] for e in located) / 1e9
    assert factor == pytest.approx(kg_per_kwh, rel=5e-3)
    assert any(f.code == "factor-carried-back" for f in found.findings) is back
