"""Long use cases over REST: files in, a job, files out; tables by `Accept`, cursors, keys."""

import csv
import io
import json
import time
import zipfile
from datetime import datetime, timedelta

import httpx2
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from abate.adapters.store.intake import JOBS
from abate.faces.api.jobs import STORED
from abate.faces.server import create_app
from recipes import prepare
from serving import session
from support import NOW


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    names = prepare(folder)
    with session(create_app(folder / "w", token="t"), "t") as client:
        yield client, folder, names


@pytest.fixture
def client(made):
    return made[0]


@pytest.fixture
def files(made):
    return made[1] / "files"


def post(client, path, status=202, **body):
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def hand_in(client, path):
    answer = client.post(
        f"/api/v1/uploads?purpose=input&name={path.name}", content=path.read_bytes()
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def done(client, job):
    until = time.monotonic() + 120
    while True:
        found = client.get(f"/api/v1/jobs/{job['id']}").json()
        if found["state"] not in ("waiting", "running"):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)


def fetched(client, job, name):
    answer = client.get(f"/api/v1/jobs/{job['id']}/files/{name}")
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return answer.content


def test_a_report_is_written_in_each_format(client):
    job = done(client, post(client, "/reports", year="FY2024", formats=["html", "xlsx", "md"]))
    assert job["state"] == "done", job
    names = [f["name"] for f in job["files"]]
    assert names == ["FY2024-en.html", "FY2024-en.md", "FY2024-en.xlsx"]
    assert b"<!doctype html>" in fetched(client, job, "FY2024-en.html").lower()
    assert load_workbook(io.BytesIO(fetched(client, job, "FY2024-en.xlsx"))).sheetnames


def test_files_of_a_job_are_those_it_wrote_and_no_others(client):
    job = done(client, post(client, "/reports", year="FY2024", formats=["md"], lang="zh"))
    for name in ("..%2Fabate.toml", "abate.toml", "%2e%2e", "FY2024-en.md"):
        answer = client.get(f"/api/v1/jobs/{job['id']}/files/{name}")
        assert answer.status_code == 404, name
    assert client.get("/api/v1/jobs/x/files/FY2024-zh.md").json()["code"] == "unknown-job"


def test_a_year_that_was_not_valued_is_refused_before_a_job_begins(client):
    for path in ("/reports", "/filings", "/vsme", "/evidence"):
        answer = client.post(f"/api/v1{path}", json={"year": "FY1999"})
        assert (answer.status_code, answer.json()["code"]) == (404, "no-run"), path


def test_filing_vsme_and_evidence_are_archives_and_files(client):
    accept = {"in-quarantine": "one row is negative"}
    filed = done(client, post(client, "/filings", year="FY2024", accept=accept))
    assert filed["state"] == "done", filed
    assert [f["name"] for f in filed["files"]] == ["filing-FY2024.zip"]
    vsme = done(client, post(client, "/vsme", year="FY2024", format="md"))
    assert [f["name"] for f in vsme["files"]] == ["vsme-FY2024-en.md"], vsme
    proof = done(client, post(client, "/evidence", year="FY2024"))
    archive = zipfile.ZipFile(io.BytesIO(fetched(client, proof, "evidence-FY2024.zip")))
    assert any(n.endswith(".csv") for n in archive.namelist())
    assert client.get("/api/v1/vsme?year=FY2024").json()


def test_sites_are_forecast_and_meters_scored(client):
    job = done(client, post(client, "/forecasts", sites=["hq"], ahead="24h", post=True))
    assert job["state"] == "done", job
    rows = list(csv.DictReader(io.StringIO(fetched(client, job, "forecast.csv").decode())))
    assert {r["series"] for r in rows}
    assert all(float(r["p05"]) <= float(r["p95"]) for r in rows)
    (kept,) = client.get("/api/v1/forecasts").json()
    assert kept["forecast_id"] == job["result"]["forecasts"][0]
    answer = client.post("/api/v1/forecasts", json={"sites": ["hq"], "ahead": "soon"})
    assert answer.json()["code"] == "bad-span"


def test_savings_are_measured_from_handed_in_files(client, files):
    usage, weather = (hand_in(client, files / n) for n in ("meter.csv", "weather.csv"))
    body = {"usage": usage, "weather": weather, "until": "2023-02-10", "unit": "kWh"}
    job = done(client, post(client, "/savings", **body))
    assert job["state"] == "done", job
    assert job["result"]["meters"][0]["reasons"]
    assert [f["name"] for f in job["files"]] == ["savings.csv"]
    neither = client.post("/api/v1/savings", json={"weather": weather, "until": "2023-02-10"})
    assert neither.json()["code"] == "what-to-read"
    late = client.post("/api/v1/savings", json=body | {"since": "2023-01-01"})
    assert late.json()["code"] == "bad-dates"


def test_orders_are_packed_valued_and_designed_for(client, files):
    orders, cartons = (hand_in(client, files / n) for n in ("orders.csv", "cartons.csv"))
    job = done(
        client, post(client, "/packings", orders=orders, cartons=cartons, post="june", labels=True)
    )
    assert job["state"] == "done", job
    names = ["labels.html", "plan.csv", "plan.html", "plan.jsonl"]
    assert [f["name"] for f in job["files"]] == names
    read = client.post(
        f"/api/v1/packings/{job['id']}/packed",
        json={"actual": hand_in(client, files / "packed.csv")},
    )
    assert read.json()["as_planned"] + read.json()["otherwise_count"] == 9
    assert client.post("/api/v1/packings", json={"orders": ""}).status_code == 422
    lines = [json.loads(x) for x in fetched(client, job, "plan.jsonl").splitlines()]
    assert sum(len(x["cartons"]) for x in lines) == job["result"]["parcels"]
    assert "june" in {p["plan_id"] for p in client.get("/api/v1/plans").json()}
    sizes = done(client, post(client, "/assortments", orders=orders, cartons=cartons, sizes="1-2"))
    assert sizes["state"] == "done", sizes
    assert [d["sizes"] for d in sizes["result"]["designs"]] == [1, 2]
    again = hand_in(client, files / "meter.csv")
    wrong = done(client, post(client, "/packings", orders=again, cartons=cartons))
    assert wrong["state"] == "failed"
    assert wrong["files"] == []


def test_credits_stock_boxes_factors_and_published_figures_come_in(client, files):
    assert post(client, "/credits", 201, upload=hand_in(client, files / "credits.csv")) == {
        "taken": 2,
        "known": 0,
    }
    left = post(client, "/credits/retire", 201, serial="C-2", year="FY2024", by="Ada", amount_t=4)
    assert left["serial"] == "C-2"
    held = {c["serial"]: c["held_kg"] for c in client.get("/api/v1/credits").json()}
    assert held["C-2"] == 5000
    moved = post(client, "/stock", 201, upload=hand_in(client, files / "moves.csv"))
    assert moved["posted"] == 2
    stock = {(r["site"], r["carton"]): r for r in client.get("/api/v1/stock").json()}
    assert stock["hq", "U"]["stock"] == 2
    scheme = hand_in(client, files / "scheme.toml")
    assert post(client, "/reuse", 200, packaging=scheme, site="hq", month="2023-05")["verdict"]
    told = {"kind": "electricity", "item": "x", "value": "0.3", "unit": "kg/kWh"}
    told |= {"region": "CN", "source": "contract", "species": "CO2"}
    assert post(client, "/factors", 201, **told)["import"]
    assert client.post("/api/v1/factors", json=told | {"value": "much"}).status_code in (400, 422)
    loaded = post(client, "/published", 201, upload=hand_in(client, files / "published.csv"))
    assert loaded["taken"] == 1
    assert client.get("/api/v1/published?entity=Other").json()[0]["metric"] == "net"


def test_bills_are_read_then_imported_with_the_pdf_as_evidence(client, files, made):
    bill = hand_in(client, files / "bill.pdf")
    read = post(client, "/bills", 200, upload=bill)
    assert read["doubtful"] == []
    assert {r["field"] for r in read["reads"]} >= {"energy", "unit", "from", "to"}
    unknown = client.post("/api/v1/bills", json={"upload": bill, "confirm": True, "site": "moon"})
    assert unknown.json()["code"] == "unknown-site"
    assert post(client, "/bills", 200, upload=bill, confirm=True, site="hq")["import"]
    proof = hand_in(client, files / "proof.txt")
    import_id = made[2]["import"]
    assert len(post(client, f"/imports/{import_id}/evidence", 201, upload=proof)["sha256"]) == 64
    gone = client.post(f"/api/v1/imports/{import_id}/evidence", json={"upload": proof})
    assert gone.json()["code"] == "upload-not-ready"


FORMATS = {
    "text/csv": lambda b: len(list(csv.reader(io.StringIO(b.decode("utf-8-sig"))))) - 1,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": lambda b: (
        load_workbook(io.BytesIO(b)).active.max_row - 1
    ),
    "application/vnd.apache.parquet": lambda b: pq.read_table(io.BytesIO(b)).num_rows,
}


@pytest.mark.parametrize("media", FORMATS)
@pytest.mark.parametrize(
    "path", ["/figures?by=month", "/imports", "/factors?q=electricity", "/runs", "/indicators"]
)
def test_every_list_is_a_table_for_who_asks_for_one(client, media, path):
    told = client.get(f"/api/v1{path}").json()
    rows = told["rows"] if isinstance(told, dict) else told
    answer = client.get(f"/api/v1{path}", headers={"accept": media})
    assert answer.headers["content-type"].startswith(media)
    assert FORMATS[media](answer.content) == len(rows)
    assert client.get(f"/api/v1{path}", headers={"accept": "*/*"}).json() == told


def test_what_is_not_a_table_says_so(client):
    answer = client.get("/api/v1/targets", headers={"accept": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (400, "not-a-table")


@pytest.mark.parametrize("path", ["/factors?q=electricity", "/imports", "/findings"])
@pytest.mark.parametrize("size", [1, 7])
def test_pages_of_a_list_add_up_to_it(client, path, size):
    sign = "&" if "?" in path else "?"
    whole = client.get(f"/api/v1{path}{sign}limit=1000").json()
    seen, after = [], ""
    while len(seen) < min(40, whole["count"]):
        page = client.get(f"/api/v1{path}{sign}limit={size}&after={after}").json()
        assert page["count"] == whole["count"]
        seen += page["rows"]
        after = page["next"]
        if not after:
            break
    assert seen == whole["rows"][: len(seen)]
    assert len(seen) >= min(40, whole["count"])
    wrong = client.get(f"/api/v1{path}{sign}after=9-000000000000")
    assert wrong.json()["code"] == "bad-cursor"


def test_a_cursor_holds_while_rows_come_in_before_it(client):
    first = client.get("/api/v1/imports?limit=2").json()
    told = {"kind": "electricity", "item": "late", "value": "0.2", "unit": "kg/kWh"}
    post(client, "/factors", 201, **told, region="CN", source="contract", species="CO2")
    following = client.get(f"/api/v1/imports?limit=1000&after={first['next']}").json()
    ids = [r["import_id"] for r in first["rows"] + following["rows"]]
    assert len(ids) == len(set(ids)) == following["count"] - 1


def test_a_request_with_a_known_key_does_nothing_and_is_answered_alike(client):
    told = {"kind": "electricity", "item": "keyed", "value": "0.2", "unit": "kg/kWh"}
    told |= {"region": "CN", "source": "contract", "species": "CO2"}
    headers = {"idempotency-key": "one"}
    first, second = (client.post("/api/v1/factors", json=told, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    found = client.get("/api/v1/factors?q=keyed").json()["count"]
    assert found == 1
    other = client.post("/api/v1/factors", json=told | {"value": "0.3"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    long = client.post("/api/v1/factors", json=told, headers={"idempotency-key": "x" * 201})
    assert long.json()["code"] == "bad-idempotency-key"


def test_a_refused_request_is_not_kept_under_its_key(client):
    headers = {"idempotency-key": "two"}
    assert (
        client.post("/api/v1/reports", json={"year": "FY1999"}, headers=headers).status_code == 404
    )
    body = {"year": "FY2024", "formats": ["md"]}
    assert client.post("/api/v1/reports", json=body, headers=headers).status_code == 202


def test_an_upload_with_a_key_is_kept_once(client, files):
    headers = {"idempotency-key": "three"}
    path = files / "orders.csv"
    ids = {
        client.post(
            f"/api/v1/uploads?purpose=input&name={path.name}",
            content=path.read_bytes(),
            headers=headers,
        ).json()["id"]
        for _ in range(3)
    }
    assert len(ids) == 1
    assert isinstance(client, httpx2.Client)


def test_a_key_with_an_empty_body_is_answered(client):
    headers = {"idempotency-key": "empty"}
    first, second = (client.post("/api/v1/uploads/none/import", headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_a_body_that_is_too_large_is_refused_with_a_key_as_without_one(client):
    def parts():
        yield b"{" + b" " * (3 << 20)

    told = client.post("/api/v1/reports", content=parts(), headers={"idempotency-key": "large"})
    assert (told.status_code, told.json()["code"]) == (413, "too-large")


def test_an_answer_without_content_is_given_again_without_content(client, files):
    upload = hand_in(client, files / "orders.csv")
    headers = {"idempotency-key": "gone"}
    first, second = (client.delete(f"/api/v1/uploads/{upload}", headers=headers) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.status_code == 204
    assert "content-length" not in second.headers


def test_another_file_under_the_key_of_an_upload_is_refused(client, files):
    headers = {"idempotency-key": "files"}
    path = "/api/v1/uploads?purpose=input&name=orders.csv"
    content = (files / "orders.csv").read_bytes()
    assert client.post(path, content=content, headers=headers).status_code == 201
    other = client.post(path, content=content + b"\n", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_an_old_answer_is_given_no_more(client):
    intake = client.app.state.desk.intake
    then = NOW
    intake.keep_answer("old", "digest", 201, "{}", then)
    assert intake.answer("old", then + timedelta(hours=23)) is not None
    assert intake.answer("old", then + timedelta(hours=25)) is None


def test_a_table_that_is_a_page_says_where_the_next_one_is(client):
    rows, path = [], "/api/v1/factors?q=electricity&limit=2"
    for _ in range(3):
        told = client.get(path, headers={"accept": "text/csv"})
        rows += list(csv.DictReader(io.StringIO(told.text)))
        if "next" not in told.links:
            break
        path = told.links["next"]["url"]
    assert len(rows) == min(int(told.headers.get("x-total-count", len(rows))), 6)
    assert len({json.dumps(r, sort_keys=True) for r in rows}) == len(rows)


@pytest.mark.parametrize("kind", ["pack", "forecast", "base-year", "post"])
def test_a_job_that_was_cut_off_says_what_it_had_stored(client, kind):
    app = client.app
    jobs, intake = app.state.jobs, app.state.desk.intake
    with app.state.desk.workspace.store.connect(STORED[kind][0]) as con:
        table, name = STORED[kind]
        known = con.execute(f"select {name}, committed_at from {table} limit 1").fetchall()
    for stored, when in [*known, ("", datetime(2001, 1, 1))]:
        job = {
            "id": f"cut-{kind}-{bool(stored)}",
            "kind": kind,
            "title": "x",
            "state": "running",
            "arguments": {},
            "created_at": NOW,
            "started_at": when,
        }
        intake.put(JOBS, job)
        jobs._settle(intake.get(JOBS, job["id"]))
        told = intake.get(JOBS, job["id"])["error"]["message"]
        assert (str(stored) in told) if stored else ("nothing" in told)


def test_what_pages_keep_of_disclosures_goes_when_anything_behind_it_changes(client, files):
    desk = client.app.state.desk
    known = [desk.whole_version()]
    chapter = desk.root / "chapters" / "20-more.md"
    chapter.parent.mkdir(exist_ok=True)
    head = "+++\ntitle = 'More'\nowner = 'A. Person'\n+++\n\nText.\n"
    chapter.write_text(head)
    known.append(desk.whole_version())
    moves = files / "more-moves.csv"
    moves.write_text("ref,site,carton,event,count\nn1,hq,R,bought,1\n")
    post(client, "/stock", 201, upload=hand_in(client, moves))
    known.append(desk.whole_version())
    again = files / "again.csv"
    again.write_text((files / "published.csv").read_text().replace("Other", "Another"))
    post(client, "/published", 201, upload=hand_in(client, again))
    known.append(desk.whole_version())
    chapter.unlink()
    known.append(desk.whole_version())
    assert len(set(known)) == len(known)
    assert desk.whole_version() == known[-1]
