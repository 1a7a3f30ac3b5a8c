"""Files enter whole or not at all; what is wrong stays out and is named."""

import json
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from abate.adapters.store.imports import live_imports
from abate.application.inventory.corrections import correct
from abate.application.inventory.findings import open_findings
from abate.application.inventory.imports import add_file, attach, undo
from abate.kernel.errors import DataError, DuplicateImportError, NotFoundError, UsageError
from support import NOW, electricity, months


def activities(workspace):
    live = {r.import_id for r in live_imports(workspace)}
    return [a for a in workspace.store.rows("activities") if a["import_id"] in live]


def test_thousands_separators_titles_chinese_headers_and_totals_are_read(workspace, add):
    text = '总部 电费账单,,\n制表,,\n月份,用电量（万千瓦时）,发票号\n2023年4月,"1,234.5",A1\n2023/05,２００,A2\n合计,"1,434.5",\n'
    result = add(text, name="电费.csv", encoding="gb18030")
    assert (result.template, result.accepted_count, result.quarantined_count) == (
        "electricity",
        2,
        0,
    )
    found = sorted(
        (a["site"], a["month"], a["quantity"], a["source_row"]) for a in activities(workspace)
    )
    assert found == [("hq", "2023-04", 12_345_000.0, 4), ("hq", "2023-05", 2_000_000.0, 5)]


def test_a_workbook_with_merged_title_and_two_sheets(workspace, tmp_path):
    book = Workbook()
    for year, month in (("FY2023", "2022-05"), ("FY2024", "2023-05")):
        sheet = book.create_sheet(year)
        sheet["A1"] = "Headquarters – electricity bills"
        sheet.merge_cells("A1:C1")
        sheet.append([])
        sheet.append(["Month", "Consumption", "Unit"])
        sheet.append([datetime.fromisoformat(f"{month}-01"), 1500, "kWh"])
    book["Sheet"].append(["notes only"])
    path = tmp_path / "bills.xlsx"
    book.save(path)
    result = add_file(workspace, path, now=NOW)
    assert result.accepted_count == 2
    assert {(a["source_sheet"], a["source_row"]) for a in activities(workspace)} == {
        ("FY2023", 4),
        ("FY2024", 4),
    }
    assert [f["code"] for f in workspace.store.rows("findings")] == ["sheet-skipped"]


def test_wide_hourly_parquet_becomes_three_kinds(workspace, tmp_path):
    hours = [datetime(2023, 5, 1, h) for h in range(3)]
    table = pa.table(
        {
            "timestamp": hours,
            "site": ["hq"] * 3,
            "building": ["b"] * 3,
            "facility_kwh": [12.0, 12.5, 13.0],
            "it_kwh": [10.0] * 3,
            "water_m3": [0.1] * 3,
        }
    )
    pq.write_table(table, tmp_path / "meters.parquet")
    result = add_file(workspace, tmp_path / "meters.parquet", now=NOW)
    assert (result.template, result.accepted_count) == ("data-centre-meter", 9)
    water = [a for a in activities(workspace) if a["kind"] == "water"]
    assert [(w["quantity"], w["unit"], w["meter"]) for w in water] == [(100.0, "L", "b")] * 3
    assert [w["period_end"].hour for w in water] == [1, 2, 3]


def test_litres_gallons_and_car_kilometres_become_fuel(workspace, add):
    add(
        "Date,Site,Vehicle,Fuel,Quantity,Unit,Transaction\n2023-05-02,hq,V1,diesel,100,L,T1\n2023-05-03,hq,V1,gasoline,10,US gal,T2\n",
        name="fuel-cards.csv",
    )
    add(
        '站点,月份,车牌号,燃料,行驶里程,百公里油耗\n总部,2023-05,浙A1,汽油,"1,000",8\n',
        name="cars.csv",
        encoding="gb18030",
    )
    fuel = sorted(
        (a["item"], round(a["quantity"], 6), a["unit"], a["basis"]) for a in activities(workspace)
    )
    assert fuel == [
        ("diesel", 100.0, "L", "metered"),
        ("motor-gasoline", 37.854118, "L", "metered"),
        ("motor-gasoline", 80.0, "L", "estimated"),
    ]


def test_a_period_over_three_months_is_split_by_days(workspace, add):
    add("Site,From,To,Electricity,Unit\nhq,2023-04-16,2023-06-14,6000,kWh\n")
    parts = sorted((a["month"], round(a["quantity"], 6)) for a in activities(workspace))
    assert parts == [("2023-04", 1500.0), ("2023-05", 3100.0), ("2023-06", 1400.0)]
    assert len({a["activity_id"] for a in activities(workspace)}) == 3


def test_the_same_content_is_refused_until_it_is_undone(workspace, add):
    text = electricity([("hq", "2023-05", 100, "kWh")])
    first = add(text)
    with pytest.raises(DuplicateImportError, match=first.import_id):
        add(text, name="copy-electricity.csv")
    undo(workspace, first.import_id, reason="wrong file", now=NOW)
    assert activities(workspace) == []
    again = add(text)
    assert again.import_id != first.import_id
    assert len(activities(workspace)) == 1


def test_undoing_the_undo_restores(workspace, add):
    first = add(electricity([("hq", "2023-05", 100, "kWh")]))
    before = activities(workspace)
    reversal = undo(workspace, first.import_id, reason="", now=NOW)
    with pytest.raises(UsageError, match="already-undone"):
        undo(workspace, first.import_id, reason="", now=NOW)
    undo(workspace, reversal, reason="", now=NOW)
    assert activities(workspace) == before


def test_strict_refuses_the_whole_file(workspace, add):
    with pytest.raises(DataError, match="strict-refused"):
        add(electricity([("hq", "2023-05", 100, "kWh"), ("hq", "2023-06", -1, "kWh")]), strict=True)
    assert workspace.store.rows("imports") == []
    assert workspace.store.rows("activities") == []


def test_accept_lets_a_code_in_and_keeps_the_finding(workspace, add):
    result = add(
        electricity([("hq", "2023-05", -100, "kWh")]), accept=frozenset({"negative-quantity"})
    )
    assert (result.accepted_count, result.quarantined_count) == (1, 0)
    (finding,) = workspace.store.rows("findings")
    assert (finding["code"], finding["severity"]) == ("negative-quantity", "warning")


def test_what_would_be_guessing_cannot_be_accepted(workspace, add):
    with pytest.raises(UsageError, match="cannot-accept"):
        add(electricity([("hq", "2023-05", 1, "boxes")]), accept=frozenset({"unknown-unit"}))


def test_a_correction_mends_drops_accepts_and_adds_with_reasons(workspace, add, tmp_path):
    rows = [("hq", m, 100, "kWh") for m in months("2023-04", 8)]
    rows[2] = ("hq", "2023-06", -100, "kWh")
    rows[3] = ("hq", "2023-07", 100, "boxes")
    rows[4] = ("hq", "2023-08", 100_000, "kWh")
    result = add(electricity(rows))
    assert result.quarantined_count == 3
    mend = tmp_path / "mend.csv"
    mend.write_text(
        "action,file,row,quantity,unit,kind,site,period,reason\n"
        "set,electricity.csv,4,250,,,,,sign\nset,electricity.csv,5,,MWh,,,,unit\naccept,electricity.csv,6,,,,,,true peak\n"
        "add,,,70,kWh,electricity,hq,2024-01,lost bill\n"
    )
    done = correct(workspace, mend, reason="", now=NOW)
    assert done.accepted_count == 4
    found = {
        (a["month"], a["quantity"], a["source_file"], a["source_row"], a["basis"], a["reason"])
        for a in activities(workspace)
        if a["reason"]
    }
    assert found == {
        ("2023-06", 250.0, "electricity.csv", 4, "metered", "sign"),
        ("2023-07", 100_000.0, "electricity.csv", 5, "metered", "unit"),
        ("2023-08", 100_000.0, "electricity.csv", 6, "metered", "true peak"),
        ("2024-01", 70.0, "mend.csv", 5, "estimated", "lost bill"),
    }
    assert [f for f in open_findings(workspace, now=NOW) if f.severity == "blocker"] == []
    with pytest.raises(UsageError, match="has-corrections"):
        undo(workspace, result.import_id, reason="", now=NOW)
    undo(workspace, done.import_id, reason="", now=NOW)
    assert sum(f.severity == "blocker" for f in open_findings(workspace, now=NOW)) == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("action,file,row,reason\nburn,electricity.csv,2,x\n", "bad-correction"),
        ("action,file,row\ndrop,electricity.csv,2\n", "bad-correction"),
        ("action,file,row,reason\ndrop,electricity.csv,99,x\n", "bad-correction"),
        ("action,file,row,colour,reason\ndrop,electricity.csv,2,red,x\n", "bad-correction"),
        ("action,file,row,quantity,reason\nset,electricity.csv,2,-5,x\n", "still-blocked"),
        ("action,file,row,reason\naccept,electricity.csv,3,x\n", "still-blocked"),
    ],
)
def test_a_correction_that_does_not_hold_stores_nothing(workspace, add, tmp_path, text, code):
    add(electricity([("hq", "2023-05", -1, "kWh"), ("hq", "2023-06", 1, "boxes")]))
    before = len(workspace.store.rows("imports"))
    path = tmp_path / "mend.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=code):
        correct(workspace, path, reason="", now=NOW)
    assert len(workspace.store.rows("imports")) == before
    assert workspace.store.rows("mends") == []


def test_a_mapping_file_overrides_the_guess_and_is_remembered(workspace, add, tmp_path):
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        'template = "electricity"\nsite = "plant"\n[columns]\nperiod = "when"\n[[measures]]\nheader = "x1"\nkind = "electricity"\nunit = "MWh"\n'
    )
    add("when,x1\n2023-05,3\n", name="odd.csv", mapping=mapping)
    (one,) = activities(workspace)
    assert (one["site"], one["quantity"]) == ("plant", 3000.0)
    saved = next(workspace.mappings.iterdir())
    assert 'header = "x1"' in saved.read_text()


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.csv", "empty-file"),
        (b"\n\n \n", "a.csv", "empty-file"),
        (b"\xff\xff\x81", "a.csv", "bad-encoding"),
        (b"a,b\n1,\x00\n", "a.csv", "unknown-format"),
        (b"hello,world\n1,2\n", "a.csv", "no-header"),
        (b"PK\x03\x04broken", "a.xlsx", "unreadable-file"),
        (b"PAR1broken", "a.parquet", "unreadable-file"),
        (b"%PDF-1.4 x", "a.pdf", "unknown-format"),
        (b"\xd0\xcf\x11\xe0old", "a.xls", "unreadable-file"),
        (b"Site,Month,Electricity,Unit\n" + b"," * 600 + b"1\n", "a.csv", "too-many-columns"),
    ],
)
def test_files_that_cannot_be_taken_say_why_and_leave_nothing(
    workspace, tmp_path, content, name, code
):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=code):
        add_file(workspace, path, now=NOW)
    assert workspace.store.rows("imports") == []
    assert list(workspace.raw.iterdir()) == []


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("NaN", "not-a-number"),
        ("inf", "not-a-number"),
        ("1e999", "not-a-number"),
        ("", "missing-value"),
        ("1.234", "ambiguous-number"),
        ("1,234", "ambiguous-number"),
        ("(500)", "negative-quantity"),
        ("9e14", "absurd-quantity"),
        ("twelve", "not-a-number"),
        ("1;2", "not-a-number"),
        ("0", "zero-quantity"),
        ("'; drop table x; --", "not-a-number"),
    ],
)
def test_amounts_that_are_none_are_named(workspace, add, amount, code):
    result = add(
        f"Site\tMonth\tElectricity\tUnit\nhq\t2023-05\t{amount}\tkWh\n", name="electricity.tsv"
    )
    assert list(result.findings) == [code]


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2023-05", "2023-05"),
        ("2023/5", "2023-05"),
        ("2023年5月", "2023-05"),
        ("2023年05月", "2023-05"),
        ("202305", "2023-05"),
        ("20230517", "2023-05"),
        ("2023.05.17", "2023-05"),
        ("May-23", "2023-05"),
        ("May 2023", "2023-05"),
        ("17 May 2023", "2023-05"),
        ("2023年5月17日", "2023-05"),
        ("2023-05-17 13:00", "2023-05"),
        ("2023-05-17T13:00:00", "2023-05"),
        ("17/05/2023", "2023-05"),
        ("05/17/2023", "2023-05"),
        ("05/05/2023", "2023-05"),
        ("05/06/2023", "asked"),
        ("2023-13", None),
        ("2023-02-30", None),
        ("soon", None),
        ("1989-01", "out"),
        ("2099-01", "out"),
    ],
)
def test_dates_are_read_or_refused_never_guessed(workspace, add, text, month):
    result = add(f"Site,Month,Electricity,Unit\nhq,{text},5,kWh\n")
    if month is None:
        assert list(result.findings) == ["bad-date"]
    elif month == "asked":
        assert list(result.findings) == ["ambiguous-date"]
    elif month == "out":
        assert list(result.findings) == ["date-out-of-range"]
    else:
        assert [a["month"] for a in activities(workspace)] == [month]


def test_a_calendar_year_sheet_in_a_fiscal_year_group_is_no_wrong_year(workspace, add):
    result = add(
        electricity([("hq", m, 100 + k, "kWh") for k, m in enumerate(months("2023-01", 12))])
    )
    assert result.findings == {}


def test_sites_are_found_by_id_name_and_alias(workspace, add):
    result = add(
        "Site,Month,Electricity,Unit\nHQ,2023-04,1,kWh\n总部,2023-05,1,kWh\nheadquarters,2023-06,1,kWh\nmoon,2023-07,1,kWh\n"
    )
    assert {a["site"] for a in activities(workspace)} == {"hq"}
    assert result.findings == {"unknown-site": 1}


def test_evidence_is_kept_with_its_hash(workspace, add, tmp_path):
    result = add(electricity([("hq", "2023-05", 1, "kWh")]))
    bill = tmp_path / "bill.pdf"
    bill.write_bytes(b"%PDF-1.4 bill")
    digest = attach(workspace, bill, import_id=result.import_id, source_row=2, now=NOW)
    assert (workspace.evidence / f"{digest}.pdf").read_bytes() == b"%PDF-1.4 bill"
    with pytest.raises(NotFoundError, match="unknown-import"):
        attach(workspace, bill, import_id="imp-0", source_row=0, now=NOW)


def test_the_import_records_its_mapping(workspace, add):
    add(electricity([("hq", "2023-05", 1, "kWh")]))
    (row,) = workspace.store.rows("imports")
    assert json.loads(row["mapping"])[""]["columns"]["period"] == "Month"


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("strom.csv", "Standort;Monat;Verbrauch kWh", "electricity"),
        ("bill.csv", "site;month;usage kWh", "electricity"),
        ("a.csv", "Sede;Mese;Consumo elettrico kWh", "electricity"),
        ("b.csv", "Site;Mois;Consommation d'électricité (kWh)", "electricity"),
        ("steam.csv", "site;month;consumption kWh", "heat"),
        ("gas.csv", "site;month;usage kWh", None),
        ("bill.csv", "site;month;usage therms", None),
        ("gaz.csv", "Site;Mois;Consommation kWh", None),
    ],
)
def test_a_bill_of_another_energy_is_never_taken_for_electricity(workspace, add, name, head, kind):
    text = f"{head}\nhq;2023-05;900\n"
    if kind is None:
        with pytest.raises(DataError, match=r"no-header|unclear-kind"):
            add(text, name=name)
        assert add(text, name=name, template="electricity").accepted_count == 1
    else:
        assert add(text, name=name).template == kind
        assert [a["kind"] for a in activities(workspace)] == [kind]


def test_bills_that_share_a_boundary_day_give_it_to_the_second(workspace, add):
    head = "Site,From,To,Consumption (kWh)\n"
    add(
        head
        + "hq,2023-04-01,2023-05-01,1000\nhq,2023-05-01,2023-06-01,900\nplant,2023-04-01,2023-05-01,50\n"
    )
    found = {(a["site"], a["month"]): a["quantity"] for a in activities(workspace)}
    assert found == {("hq", "2023-04"): 1000, ("hq", "2023-05"): 900, ("plant", "2023-04"): 50}
    add(
        head + "hq,2023-07-01,2023-07-31,31\nhq,2023-08-01,2023-08-31,31\n",
        name="electricity-whole.csv",
    )
    found = {
        a["month"]: a["quantity"]
        for a in activities(workspace)
        if a["source_file"] == "electricity-whole.csv"
    }
    assert found == {"2023-07": 31, "2023-08": 31}


@pytest.mark.parametrize(
    ("vehicle", "fuel", "item"),
    [
        ("HGV", "diesel", "road/diesel"),
        ("van", "diesel", "van/diesel"),
        ("Motorbike", "petrol", "motorbike/petrol"),
        ("small car", "petrol", "car/small/petrol"),
        ("AB12 CDE", "diesel", "car/diesel"),
        ("", "hybrid", "car/hybrid"),
    ],
)
def test_a_column_of_vehicles_names_plates_or_what_they_are(workspace, add, vehicle, fuel, item):
    add(
        f"Site,Month,Vehicle,Fuel,Miles\nhq,2023-05,{vehicle},{fuel},1000\n",
        name="cars.csv",
        template="company-car",
    )
    (activity,) = activities(workspace)
    assert (activity["kind"], activity["item"]) == ("vehicle-distance", item)
    assert activity["quantity"] == pytest.approx(1609.344)


@pytest.mark.parametrize(
    ("text", "unit", "kwh"),
    [
        ("1,23,456", "kWh", 123_456),
        ("12,34,567.5", "kWh", 1_234_567.5),
        ("2", "lakh kWh", 200_000),
        ("1", "crore kWh", 1e7),
    ],
)
def test_amounts_are_grouped_as_in_india(workspace, add, text, unit, kwh):
    add(f'Site,Month,Electricity,Unit\nhq,2023-05,"{text}",{unit}\n')
    assert [a["quantity"] for a in activities(workspace)] == [kwh]


@pytest.mark.parametrize(
    ("start", "end", "item"),
    [
        ("LHR", "JFK", "air-long/economy"),
        ("MAN", "DUB", "air-short/regional/economy"),
        ("LHR", "EDI", "air-short/domestic/economy"),
        ("LHR", "TLV", "air-long/economy"),
        ("LHR", "LPA", "air-short/economy"),
        ("LGW", "JER", "air-short/regional/domestic/economy"),
        ("DXB", "SIN", "air-long/non-uk/economy"),
        ("FRA", "LIS", "air-short/non-uk/economy"),
        ("FRA", "MUC", "air-short/regional/domestic/economy"),
    ],
)
def test_a_flight_is_domestic_or_of_britain_or_of_others_by_its_airports(
    workspace, add, start, end, item
):
    add(
        f"Site,Month,Mode,From,To,Class,Passengers\nhq,2023-05,air,{start},{end},economy,1\n",
        name="travel.csv",
    )
    assert [a["item"] for a in activities(workspace)] == [item]


@pytest.mark.parametrize(
    ("text", "basis"),
    [
        ("site,month,item,supplier,spend,unit\nhq,2023-05,541511,ACME,1000,CNY\n", "spent"),
        ("site,month,item,supplier,mass,unit\nhq,2023-05,board,ACME,1000,kg\n", "recorded"),
        ("site,month,item,supplier,reported emissions,unit\nhq,2023-05,co2e,ACME,1000,kg CO2e\n", "reported"),
        ("site,month,mode,distance,passengers,unit\nhq,2023-05,rail,100,2,km\n", "recorded"),
        ("site,month,kwh\nhq,2023-05,1000\n", "metered"),
        ("site,month,kwh,read type\nhq,2023-05,1000,estimated\n", "estimated"),
        ("entity,month,revenue,unit\ngroup,2023-05,1000,CNY\n", "metered"),
    ],
)  # fmt: skip
def test_the_basis_follows_from_what_a_row_is(workspace, add, text, basis):
    add(text, "purchased-goods.csv" if "supplier" in text else "rows.csv")
    with workspace.store.connect("activities") as con:
        assert {b for (b,) in con.execute("select distinct basis from activities").fetchall()} == {
            basis
        }
