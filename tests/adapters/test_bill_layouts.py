"""Bills in the shapes and styles in which firms keep them.

Each file gives its amounts in its months, or is asked about: never another amount.
"""

import datetime
import gzip
import io
import random
import re
import subprocess
import sys
import time
import zipfile
from collections import defaultdict

import pytest
from openpyxl import Workbook, load_workbook
from starlette.testclient import TestClient

from abate.adapters.readers.numerals import is_number
from abate.adapters.readers.sheets import Sheet
from abate.application.catalogue import TEMPLATES
from abate.application.inventory.imports import add_file, add_files, undo
from abate.application.inventory.shapes import shaped
from abate.application.opening import create_workspace, open_workspace
from abate.faces.server import create_app
from abate.kernel.errors import DataError
from support import NOW

CONFIG = """
[organisation]
name = "Bills"
currency = "GBP"
[[entities]]
id = "group"
name = "Group"
[[sites]]
id = "hq"
name = "HQ"
entity = "group"
region = "GB"
[[sites]]
id = "depot"
name = "Depot"
entity = "group"
region = "DE"
"""


def book(**sheets):
    made = Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def merged(content, cells):
    made = load_workbook(io.BytesIO(content))
    made.active.merge_cells(cells)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def packed(name, text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, text)
    return out.getvalue()


def lines(*rows):
    return "\n".join(rows) + "\n"


def day(month):
    return datetime.datetime(2024, month, 1)


POWER, GAS = "electricity", "stationary-fuel"
READ = {
    "parts and their total": (
        "power_electricity.csv",
        lines("Site,Month,Peak kWh,Off-peak kWh,Total kWh,Cost", "HQ,2024-01,100,50,150,30", "HQ,2024-02,120,60,180,31"),
        {(POWER, "2024-01"): 150, (POWER, "2024-02"): 180},
    ),
    "words of Spain": (
        "electricidad.csv",
        lines("Sitio;Mes;Consumo (kWh)", "HQ;enero 2024;1.234,5", "HQ;febrero 2024;980,2"),
        {(POWER, "2024-01"): 1234.5, (POWER, "2024-02"): 980.2},
    ),
    "words of France in Windows-1252": (
        "electricite.csv",
        lines(
            "Site;Date début;Date fin;Électricité (kWh);Montant (€)",
            "HQ;01/01/2024;31/01/2024;1 234,5;200,10",
            "HQ;01/02/2024;29/02/2024;1 100,0;190,00",
        ).encode("cp1252"),
        {(POWER, "2024-01"): 1234.5, (POWER, "2024-02"): 1100},
    ),
    "words of the Netherlands": (
        "elektriciteit.csv",
        lines("Locatie;Maand;Verbruik kWh", "HQ;jan-24;1.500,0", "HQ;feb-24;1.400,0"),
        {(POWER, "2024-01"): 1500, (POWER, "2024-02"): 1400},
    ),
    "words of Poland in Windows-1250": (
        "energia_elektryczna.csv",
        lines("Lokalizacja;Okres;Zużycie kWh", "HQ;styczeń 2024;1 500,25", "HQ;luty 2024;1 400,00").encode("cp1250"),
        {(POWER, "2024-01"): 1500.25, (POWER, "2024-02"): 1400},
    ),
    "words of Japan in Shift-JIS": (
        "denki.csv",
        lines("拠点,年月,使用電力量(kWh),請求金額", "HQ,令和6年1月,1234,50000", "HQ,2024年2月,1100,48000").encode("cp932"),
        {(POWER, "2024-01"): 1234, (POWER, "2024-02"): 1100},
    ),
    "words of China in GB18030": (
        "dianfei.csv",
        lines("站点,月份,电量(千瓦时),电费(元)", "HQ,202401,1234.5,800", "HQ,202402,1100.25,700").encode("gb18030"),
        {(POWER, "2024-01"): 1234.5, (POWER, "2024-02"): 1100.25},
    ),
    "apostrophes of Switzerland": (
        "strom.csv",
        lines("Standort;Monat;Verbrauch [kWh]", "HQ;01.2024;12'345.60", "HQ;02.2024;11'000.00"),
        {(POWER, "2024-01"): 12345.6, (POWER, "2024-02"): 11000},
    ),
    "lakhs of India": (
        "electricity.csv",
        lines("Site,Month,Units (kWh)", 'HQ,Jan 2024,"1,23,456"', 'HQ,Feb 2024,"98,765"'),
        {(POWER, "2024-01"): 123456, (POWER, "2024-02"): 98765},
    ),
    "month first, proved by the day of a bill": (
        "electricity.csv",
        lines(
            "Site,Service start,Service end,Usage (kWh),Bill date",
            "HQ,01/01/2024,01/31/2024,1000,02/10/2024",
            "HQ,02/01/2024,02/29/2024,1100,03/15/2024",
        ),
        {(POWER, "2024-01"): 1000, (POWER, "2024-02"): 1100},
    ),
    "month first, for no period ends before it begins": (
        "electricity.csv",
        lines("site,from,to,kWh", "HQ,01/05/2024,02/03/2024,300", "HQ,02/04/2024,03/04/2024,300"),
        {(POWER, "2024-01"): 270, (POWER, "2024-02"): 290, (POWER, "2024-03"): 40},
    ),
    "both ends in one cell": (
        "electricity.csv",
        lines("Site,Billing period,kWh", "HQ,1 Jan 2024 to 31 Jan 2024,1000", "HQ,1 Feb 2024 to 29 Feb 2024,1100"),
        {(POWER, "2024-01"): 1000, (POWER, "2024-02"): 1100},
    ),
    "a period that ends on the begin of the next": (
        "electricity.csv",
        lines("site,from,to,consumption,unit", "HQ,2024-01-01,2024-02-01,310,kWh", "HQ,2024-02-01,2024-03-01,290,kWh", "HQ,2024-03-01,2024-04-01,300,kWh"),
        {(POWER, "2024-01"): 310, (POWER, "2024-02"): 290, (POWER, "2024-03"): 300},
    ),
    "days written with midnight": (
        "electricity.csv",
        lines("site,from,to,consumption,unit", "HQ,2024-01-01 00:00:00,2024-01-31 00:00:00,310,kWh", "HQ,2024-02-01T00:00:00,2024-02-29T00:00:00,290,kWh"),
        {(POWER, "2024-01"): 310, (POWER, "2024-02"): 290},
    ),
    "the last second of a day": (
        "electricity.csv",
        lines("site,from,to,consumption,unit", "HQ,2024-01-01T00:00:00Z,2024-01-31T23:59:59Z,310,kWh", "HQ,2024-02-01T00:00:00Z,2024-02-29T23:59:59Z,290,kWh"),
        {(POWER, "2024-01"): 310, (POWER, "2024-02"): 290},
    ),
    "quarters": (
        "electricity.csv",
        lines("Site,Quarter,Consumption kWh", "HQ,Q1 2024,910", "HQ,Q2 2024,1820"),
        {(POWER, "2024-01"): 310, (POWER, "2024-02"): 290, (POWER, "2024-03"): 310, (POWER, "2024-04"): 600, (POWER, "2024-05"): 620, (POWER, "2024-06"): 600},
    ),
    "weeks": (
        "electricity.csv",
        lines("Site,Week,kWh", "HQ,2024-W05,700", "HQ,2024-W06,700"),
        {(POWER, "2024-01"): 300, (POWER, "2024-02"): 1100},
    ),
    "year and month in two columns": (
        "electricity.csv",
        lines("Site,Year,Month,kWh", "HQ,2024,1,1000", "HQ,2024,2,1100"),
        {(POWER, "2024-01"): 1000, (POWER, "2024-02"): 1100},
    ),
    "year and name of the month": (
        "electricity.csv",
        lines("Site,Year,Month,kWh", "HQ,2024,January,1000", "HQ,2024,February,1100"),
        {(POWER, "2024-01"): 1000, (POWER, "2024-02"): 1100},
    ),
    "months across, fiscal year in the title": (
        "electricity.xlsx",
        book(Power=[["Electricity FY 2023/24, MWh"], ["Site", "Nov", "Dec", "Jan", "Feb", "Total"], ["HQ", 1, 2, 3, 4, 10]]),
        {(POWER, "2023-11"): 1000, (POWER, "2023-12"): 2000, (POWER, "2024-01"): 3000, (POWER, "2024-02"): 4000},
    ),
    "months across, unit and cost below each": (
        "electricity.xlsx",
        book(Power=[["Site", "Jan 2024", "", "Feb 2024", ""], ["", "kWh", "Cost", "kWh", "Cost"], ["HQ", 100, 10, 200, 20]]),
        {(POWER, "2024-01"): 100, (POWER, "2024-02"): 200},
    ),
    "months across as cells of dates": (
        "electricity.xlsx",
        book(Power=[["Power use in kWh"], ["Site", day(1), day(2), day(3)], ["HQ", 100, 110, 120]]),
        {(POWER, "2024-01"): 100, (POWER, "2024-02"): 110, (POWER, "2024-03"): 120},
    ),
    "quarters across": (
        "electricity 2024.csv",
        lines("Site,Q1 (kWh),Q2 (kWh),Q3 (kWh)", "HQ,910,910,920"),
        {(POWER, "2024-01"): 310, (POWER, "2024-02"): 290, (POWER, "2024-03"): 310, (POWER, "2024-04"): 300, (POWER, "2024-05"): 310, (POWER, "2024-06"): 300,
         (POWER, "2024-07"): 310, (POWER, "2024-08"): 310, (POWER, "2024-09"): 300},
    ),
    "sites across": (
        "electricity.csv",
        lines("Month,HQ kWh,Depot kWh", "2024-01,100,90", "2024-02,110,95"),
        {(POWER, "2024-01"): 190, (POWER, "2024-02"): 205},
    ),
    "headers repeated on each page": (
        "electricity.csv",
        lines("Site,Month,Consumption (kWh)", "HQ,2024-01,100", "HQ,2024-02,110", "Site,Month,Consumption (kWh)", "HQ,2024-03,120", "Total,,330"),
        {(POWER, "2024-01"): 100, (POWER, "2024-02"): 110, (POWER, "2024-03"): 120},
    ),
    "a site merged down its rows": (
        "electricity.xlsx",
        merged(book(Power=[["Site", "Month", "kWh"], ["HQ", "2024-01", 100], [None, "2024-02", 110], [None, "2024-03", 120]]), "A2:A4"),
        {(POWER, "2024-01"): 100, (POWER, "2024-02"): 110, (POWER, "2024-03"): 120},
    ),
    "two tables on a sheet": (
        "bills.xlsx",
        book(Bills=[["Electricity"], ["Site", "Month", "kWh"], ["HQ", "2024-01", 710], [], ["Natural gas"], ["Site", "Month", "Fuel", "m3"], ["HQ", "2024-01", "natural gas", 60]]),
        {(POWER, "2024-01"): 710, (GAS, "2024-01"): 60_000},
    ),
    "rows of several kinds": (
        "utilities.csv",
        lines("Site,Utility,Month,Usage,Unit", "HQ,Electricity,2024-01,1000,kWh", "HQ,Natural Gas,2024-01,50,m3", "HQ,Electricity,2024-02,900,kWh", "HQ,Natural Gas,2024-02,45,m3"),
        {(POWER, "2024-01"): 1000, (POWER, "2024-02"): 900, (GAS, "2024-01"): 50_000, (GAS, "2024-02"): 45_000},
    ),
    "rows of several kinds, months across": (
        "utilities.csv",
        lines("Site,Utility,Unit,Jan-24,Feb-24,Mar-24", "HQ,Electricity,kWh,1000,900,950", "HQ,Gas,m3,50,40,30"),
        {(POWER, "2024-01"): 1000, (POWER, "2024-02"): 900, (POWER, "2024-03"): 950, (GAS, "2024-01"): 50_000, (GAS, "2024-02"): 40_000, (GAS, "2024-03"): 30_000},
    ),
    "what was fed in beside what was used": (
        "electricity.csv",
        lines("Site,Month,Import kWh,Export kWh", "HQ,2024-01,1000,50", "HQ,2024-02,1100,60"),
        {(POWER, "2024-01"): 1000, (POWER, "2024-02"): 1100},
    ),
    "readings beside what was used": (
        "electricity.csv",
        lines("Site,Reading date,Previous reading,Current reading,Consumption kWh", "HQ,2024-01-31,1000,1100,100", "HQ,2024-02-29,1100,1250,150"),
        {(POWER, "2024-01"): 100, (POWER, "2024-02"): 150},
    ),
    "a budget and last year beside what was used": (
        "electricity.csv",
        lines("Site,Month,Actual kWh,Budget kWh,Last year kWh", "HQ,2024-01,100,90,80", "HQ,2024-02,110,90,80"),
        {(POWER, "2024-01"): 100, (POWER, "2024-02"): 110},
    ),
    "the site in the title": (
        "2024.csv",
        lines("HQ,,", "Electricity bills 2024,,", "Month,kWh,£", "January 2024,1000,200", "February 2024,1100,210"),
        {(POWER, "2024-01"): 1000, (POWER, "2024-02"): 1100},
    ),
    "the product's own template under another name": (
        "bills.csv",
        lines("site,month,consumption,unit,invoice", "HQ,2024-04,1000.5,kWh,INV-1"),
        {(POWER, "2024-04"): 1000.5},
    ),
    "JSON": (
        "electricity.json",
        '{"account": "1", "bills": [{"site": "HQ", "month": "2024-01", "consumption": 1000.5, "unit": "kWh"}, {"site": "HQ", "month": "2024-02", "consumption": 900, "unit": "kWh"}]}',
        {(POWER, "2024-01"): 1000.5, (POWER, "2024-02"): 900},
    ),
    "JSON lines": (
        "electricity.jsonl",
        lines('{"site": "HQ", "month": "2024-01", "consumption": 1000.5, "unit": "kWh"}', '{"site": "HQ", "month": "2024-02", "consumption": 900, "unit": "kWh"}'),
        {(POWER, "2024-01"): 1000.5, (POWER, "2024-02"): 900},
    ),
    "gzip": (
        "electricity.csv.gz",
        gzip.compress(b"site,month,consumption,unit\nHQ,2024-01,1000,kWh\n"),
        {(POWER, "2024-01"): 1000},
    ),
    "a file alone in a zip": (
        "electricity.zip",
        packed("bills.csv", "site,month,electricity,unit\nHQ,2024-03,1000,kWh\n"),
        {(POWER, "2024-03"): 1000},
    ),
    "UTF-16 with tabs": (
        "electricity.txt",
        "site\tmonth\tconsumption\tunit\nHQ\t2024-01\t1000.5\tkWh\n".encode("utf-16"),
        {(POWER, "2024-01"): 1000.5},
    ),
}  # fmt: skip


@pytest.fixture
def bills(tmp_path):
    """Import content as a file; the activities that entered, by kind and month, and what was found."""
    workspace = create_workspace(tmp_path / "w", CONFIG)

    def read(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = add_file(workspace, path, now=NOW, **options)
        sums = defaultdict(float)
        for a in workspace.store.rows("activities"):
            if a["import_id"] == result.import_id:
                sums[a["kind"], a["month"]] += a["quantity"]
        return {k: round(v, 6) for k, v in sums.items()}, set(result.findings)

    read.workspace = workspace
    return read


@pytest.mark.parametrize("case", READ)
def test_a_layout_is_read_right(bills, case):
    name, content, expected = READ[case]
    found, said = bills(name, content)
    assert found == expected, said


ASKED = {
    "one mark and three digits": ("electricity.csv", lines("site;month;consumption kWh", "HQ;2024-01;1.234", "HQ;2024-02;2.345"), "ambiguous-number"),
    "day or month": ("electricity.csv", lines("site,from,kWh", "HQ,01/02/2024,100", "HQ,03/04/2024,110"), "ambiguous-date"),
    "no unit": ("electricity.csv", lines("site,month,electricity", "HQ,2024-01,100", "HQ,2024-02,110"), "unknown-unit"),
    "out of all proportion with two rows": ("electricity.csv", lines("site,month,kWh", "HQ,2024-01,1000", "HQ,2024-02,1100000"), "magnitude"),
    "gas by energy without a heating value": ("gas.csv", lines("site,month,fuel,kWh", "HQ,2024-01,natural gas,100"), "heating-value-unstated"),
}  # fmt: skip


@pytest.mark.parametrize("case", ASKED)
def test_what_is_left_open_is_asked_and_nothing_enters(bills, case):
    name, content, code = ASKED[case]
    found, said = bills(name, content, template=GAS if name.startswith("gas") else "")
    assert found == {}
    assert code in said


REFUSED = {
    "two columns": ("electricity.csv", lines("Site,Month,Day kWh,Night kWh", "HQ,2024-01,100,50"), "ambiguous-column"),
    "two units": ("gas.csv", lines("Site,Month,Fuel,Volume (m3),Energy (kWh)", "HQ,2024-01,natural gas,100,1120"), "ambiguous-column"),
    "months across without a year": ("electricity.csv", lines("Site,Jan,Feb,Mar", "HQ,10,20,30"), "unknown-year"),
    "power by the month": ("electricity.csv", lines("site,month,demand (kW)", "HQ,2024-01,100"), "no-header"),
    "costs alone": ("electricity.csv", lines("site,month,cost", "HQ,2024-01,100"), "no-header"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_with_what_was_seen(bills, case):
    name, content, code = REFUSED[case]
    with pytest.raises(DataError, match=code):
        bills(name, content, template=GAS if name.startswith("gas") else "")
    assert bills.workspace.store.rows("imports") == []


SETTLED = {
    "decimal": ("electricity.csv", lines("site;month;consumption kWh", "HQ;2024-01;1.234"), {"decimal": "comma"}, 1234),
    "date": ("electricity.csv", lines("site,from,to,kWh", "HQ,01/01/2024,03/01/2024,100"), {"date": "dmy"}, 100),
    "unit": ("electricity.csv", lines("site,month,electricity", "HQ,2024-01,100"), {"unit": "MWh"}, 100_000),
    "column": ("electricity.csv", lines("Site,Month,Day kWh,Night kWh", "HQ,2024-01,100,50"), {"column": "Night kWh"}, 50),
    "columns": ("electricity.csv", lines("Site,Month,Day kWh,Night kWh", "HQ,2024-01,100,50"), {"column": "Day kWh\nNight kWh"}, 150),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTLED)
def test_what_the_user_says_settles_it_for_the_next_file_too(bills, case):
    name, content, answers, kwh = SETTLED[case]
    assert bills(name, content, answers=answers)[0] == {(POWER, "2024-01"): kwh}
    later = content.replace("2024", "2025")
    assert bills(name, later)[0] == {(POWER, "2025-01"): kwh}


def test_many_files_in_one_pass_are_each_undone_by_itself(tmp_path):
    workspace = create_workspace(tmp_path / "w", CONFIG)
    paths = []
    for month in range(1, 7):
        path = tmp_path / f"electricity-{month}.csv"
        path.write_text(f"site,month,consumption,unit\nHQ,2024-{month:02d},{1000 + month},kWh\n")
        paths.append(path)
    paths[3].write_text("nothing\nof use\n")
    twin = tmp_path / "twin-electricity.csv"
    twin.write_bytes(paths[0].read_bytes())
    became = add_files(workspace, [*paths, twin], now=NOW)
    assert [type(b).__name__ for b in became] == ["ImportResult"] * 3 + ["DataError"] + ["ImportResult"] * 2 + ["DuplicateImportError"]  # fmt: skip
    by_import = {a["import_id"]: a["quantity"] for a in workspace.store.rows("activities")}
    assert [by_import[b.import_id] for k, b in enumerate(became) if k not in (3, 6)] == [1001, 1002, 1003, 1005, 1006]  # fmt: skip
    versions = workspace.store.opened("imports").version()
    assert versions == 1, "one commit for all"
    undo(workspace, became[1].import_id, reason="", now=NOW)
    again = add_file(workspace, paths[1], now=NOW)
    assert again.import_id != became[1].import_id


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("seed", range(3))
def test_no_row_of_a_plain_table_is_lost_whatever_its_numbers(template, seed):
    """Amounts such as 2023 are no years, and a row of words and numbers begins no other table."""
    dice = random.Random(seed)
    header, example = TEMPLATES[template].example
    numbers = [str(n) for n in (*range(2018, 2026), 1, 12, 31, 100, "4.5", "0")]
    rows = [(1, list(header))]
    for number in range(2, 60):
        cells = [dice.choice(numbers) if is_number(c) else c for c in example]
        rows.append((number, cells))
    sheet = Sheet("", rows[:30], iter([rows]))
    (only,) = shaped(sheet, f"{template}.csv", {}, template)
    assert [n for batch in only.rows for n, _ in batch] == [n for n, _ in rows]


FACES = (
    "months across, unit and cost below each",
    "two tables on a sheet",
    "rows of several kinds, months across",
    "gzip",
)


def _session(workspace):
    made = TestClient(create_app(workspace.root, token="a-token"), base_url="http://127.0.0.1")
    origin = {"origin": "http://127.0.0.1"}
    said = made.post("/api/v1/session", json={"token": "a-token"}, headers=origin).json()
    made.headers["authorization"] = f"Bearer {said['key']}"
    return made


def _finished(client, job):
    until = time.monotonic() + 60
    while client.get(f"/api/v1/jobs/{job}").json()["state"] in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)


def by_command(workspace, path):
    called = [sys.executable, "-m", "abate", "add", str(path), "--workspace", str(workspace.root)]
    done = subprocess.run(called, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def by_api(workspace, path):
    with _session(workspace) as client:
        sent = client.post("/api/v1/uploads", params={"name": path.name}, content=path.read_bytes())
        job = client.post(f"/api/v1/uploads/{sent.json()['id']}/import", json={}).json()
        _finished(client, job["id"])


def by_page(workspace, path):
    with _session(workspace) as client:
        sent = client.post("/api/v1/uploads", params={"name": path.name}, content=path.read_bytes())
        place = f"/data/uploads/{sent.json()['id']}"
        page = client.get(place)
        assert page.status_code == 200
        hidden = re.findall(r'name="csrf" value="([^"]+)"', page.text)
        form = {"csrf": hidden[0]} if hidden else {}
        origin = {"origin": "http://127.0.0.1"}
        answer = client.post(f"{place}/import", data=form, headers=origin, follow_redirects=False)
        assert answer.status_code == 303
        _finished(client, client.get("/api/v1/jobs").json()[0]["id"])


@pytest.mark.parametrize("case", FACES)
def test_a_file_gives_the_same_activities_through_every_face(tmp_path, case):
    name, content, expected = READ[case]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = []
    for face in (by_command, by_api, by_page):
        workspace = create_workspace(tmp_path / face.__name__, CONFIG)
        face(workspace, path)
        rows = open_workspace(workspace.root).store.rows("activities")
        told = ("kind", "item", "site", "month", "quantity", "unit", "source_file", "source_sheet", "source_row")  # fmt: skip
        found.append(sorted(tuple(a[c] for c in told) for a in rows))
    assert found[0] == found[1] == found[2]
    assert round(sum(a[4] for a in found[0]), 6) == sum(expected.values())
