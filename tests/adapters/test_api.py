"""The server: the same figures as the command line, and a guard that lets through only its own user."""

import io
import json
import re
import threading
import time
from fractions import Fraction

import httpx2 as httpx
import pytest
from openpyxl import Workbook, load_workbook
from starlette.testclient import TestClient

from abate.adapters.store.imports import live_imports
from abate.adapters.store.intake import JOBS, UPLOADS
from abate.application.catalogue import HEADLINES
from abate.application.inventory.figures import Figures, run_of
from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace, open_workspace
from abate.faces.api import guard, uploads
from abate.faces.server import create_app
from serving import session
from support import BILLS, CONFIG, NOW, electricity

TOKEN = "a-token-of-the-tests"


@pytest.fixture
def client(workspace):
    """A session on a small workspace."""
    with session(create_app(workspace.root, token=TOKEN), TOKEN) as made:
        yield made


def _upload(client, content, name="bills.csv", **parameters):
    return client.post("/api/v1/uploads", params={"name": name, **parameters}, content=content)


def _finish(client, job):
    until = time.monotonic() + 120
    while time.monotonic() < until:
        told = client.get(f"/api/v1/jobs/{job['id']}").json()
        if told["state"] not in ("waiting", "running"):
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def _imported(client, content, name="bills.csv", **how):
    upload = _upload(client, content, name).json()
    return _finish(client, client.post(f"/api/v1/uploads/{upload['id']}/import", json=how).json())


def test_upload_check_import_run_and_open_over_the_api(client, workspace):
    upload = _upload(client, BILLS.encode()).json()
    told = client.get(f"/api/v1/uploads/{upload['id']}").json()
    assert told["sheets"][0]["mapping"]["columns"]["site"] == "Site"
    assert told["sheets"][0]["head"][1][1][:3] == ["hq", "2023-04", "1000"]
    checked = client.get(f"/api/v1/uploads/{upload['id']}/check").json()
    assert (checked["row_count"], checked["accepted_count"], checked["blocked_count"]) == (
        12,
        12,
        0,
    )
    assert live_imports(workspace) == []
    job = client.post(f"/api/v1/uploads/{upload['id']}/import", json={}).json()
    assert _finish(client, job)["result"]["accepted_count"] == 12
    ran = _finish(client, client.post("/api/v1/runs", json={"year": "FY2024"}).json())
    assert ran["state"] == "done"
    assert ran["step"] == ""
    mine = client.get("/api/v1/figures").json()
    with Figures(workspace) as rollups:
        assert mine == [
            v.json for v in rollups.values(list(HEADLINES), run_of(workspace, "FY2024"))
        ]
    tree = client.get(
        "/api/v1/figures/scope2-location/rows", params={"year": "FY2024", "limit": 5}
    ).json()
    assert Fraction(tree["value"]) == Fraction("5.9688")  # 12,000 kWh at 0.4974 kg
    assert tree["entries"]["count"] == 12
    after = client.get(
        "/api/v1/figures/scope2-location/rows",
        params={"year": "FY2024", "limit": 50, "after": tree["entries"]["next"]},
    ).json()
    assert [r["row"] for r in tree["entries"]["rows"] + after["entries"]["rows"]] == list(
        range(2, 14)
    )
    entry = client.get(f"/api/v1/entries/{tree['entries']['rows'][0]['entry']}").json()
    assert (entry["file"], entry["row"]) == ("bills.csv", 2)
    undone = client.post(f"/api/v1/imports/{ran_import(client)}/undo", json={"reason": "twice"})
    assert undone.status_code == 200
    assert live_imports(open_workspace(workspace.root))[-1].template == "reversal"


def ran_import(client):
    return next(
        r["import_id"]
        for r in client.get("/api/v1/imports").json()["rows"]
        if r["file"] == "bills.csv"
    )


def test_a_corrected_mapping_is_applied_and_remembered(client, workspace):
    odd = "Ort,Wann,Menge,Einheit\nhq,2024-01,5,MWh\n"
    upload = _upload(client, odd.encode(), "odd.csv").json()
    assert client.get(f"/api/v1/uploads/{upload['id']}").json()["sheets"][0]["mapping"] is None
    mapping = {
        "template": "electricity",
        "columns": {"site": "Ort", "period": "Wann", "unit": "Einheit"},
        "measures": [{"header": "Menge", "kind": "electricity"}],
    }
    bad = client.put(
        f"/api/v1/uploads/{upload['id']}/mapping",
        json={"": mapping | {"measures": [{"header": "Menge", "kind": "revenue"}]}},
    )
    assert (bad.status_code, bad.json()["code"]) == (400, "bad-mapping")
    client.put(f"/api/v1/uploads/{upload['id']}/mapping", json={"": mapping})
    assert client.get(f"/api/v1/uploads/{upload['id']}/check").json()["accepted_count"] == 1
    job = client.post(f"/api/v1/uploads/{upload['id']}/import", json={}).json()
    assert _finish(client, job)["state"] == "done"
    (activity,) = workspace.store.rows("activities")
    assert (activity["quantity"], activity["unit"]) == (5000.0, "kWh")
    assert any("electricity" in p.name for p in workspace.mappings.iterdir())


def test_a_question_of_a_file_is_answered_over_the_api_and_remembered(client, workspace):
    upload = _upload(
        client, b"Site,Month,Fuel,Quantity,Unit\nhq,2023-05,diesel,10,gal\n", "generator.csv"
    ).json()
    at = f"/api/v1/uploads/{upload['id']}"
    assert [f["code"] for f in client.get(f"{at}/check").json()["findings"]] == ["ambiguous-unit"]
    (sheet,) = client.get(at).json()["sheets"]
    client.put(
        f"{at}/mapping", json={sheet["name"]: sheet["mapping"] | {"answers": {"gal": "UK gal"}}}
    )
    assert client.get(f"{at}/check").json()["findings"] == []
    assert _finish(client, client.post(f"{at}/import", json={}).json())["state"] == "done"
    (activity,) = workspace.store.rows("activities")
    assert activity["quantity"] == pytest.approx(45.4609)
    again = _upload(
        client, b"Site,Month,Fuel,Quantity,Unit\nhq,2023-06,diesel,20,gal\n", "generator-june.csv"
    ).json()
    assert client.get(f"/api/v1/uploads/{again['id']}/check").json()["findings"] == []
    assert client.get(f"/api/v1/uploads/{again['id']}/check").json()["findings"] == []


def test_a_question_is_answered_on_the_page_of_the_file(client):
    upload = _upload(
        client, b"Site,Month,Fuel,Quantity,Unit\nhq,2023-05,diesel,10,gal\n", "generator.csv"
    ).json()
    page = f"/data/uploads/{upload['id']}"
    fields = dict(
        re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', client.get(page).text)
    )
    chosen = re.findall(
        r'<select name="([^"]+)"(?:(?!</select>).)*?<option value="([^"]*)" selected',
        client.get(page).text,
        re.S,
    )
    assert client.post(
        f"{page}/mapping", data={**fields, **dict(chosen), "answers-0": "gal = US gal"}
    ).status_code in (
        200,
        303,
    )
    assert 'value="gal = US gal"' in client.get(page).text
    assert "ambiguous-unit" not in client.get(f"{page}/check").text
    wrong = client.post(f"{page}/mapping", data={**fields, **dict(chosen), "answers-0": "gal"})
    assert "bad-answer" in wrong.text


def test_a_quarantined_row_is_mended_over_the_api_all_or_nothing(client, workspace):
    assert (
        _imported(
            client,
            electricity([("hq", "2024-01", -5, "kWh"), ("hq", "2024-02", "x", "kWh")]).encode(),
        )["result"]["quarantined_count"]
        == 2
    )
    waiting = client.get("/api/v1/quarantine").json()
    assert waiting["count"] == 2
    lines = [
        {"action": "set", "file": "bills.csv", "row": "2", "quantity": "5", "reason": "typo"},
        {"action": "accept", "file": "bills.csv", "row": "3", "reason": "?"},
    ]
    refused = client.post("/api/v1/corrections", json={"lines": lines})
    assert (refused.status_code, refused.json()["code"]) == (422, "still-blocked")
    assert client.get("/api/v1/quarantine").json()["count"] == 2
    assert not list(workspace.root.glob(".correction-*"))
    assert client.post("/api/v1/corrections", json={"lines": lines[:1]}).status_code == 201
    assert client.get("/api/v1/quarantine").json()["count"] == 1


def test_the_link_works_once_and_nothing_is_told_without_a_session(workspace):
    app = create_app(workspace.root, token=TOKEN)
    with TestClient(app, base_url="http://127.0.0.1") as anybody:
        for path in ("/", "/data", "/api/v1/figures", "/api/v1/openapi.json", "/inventory"):
            assert anybody.get(path).status_code == 401
        assert anybody.get("/?token=wrong").status_code == 400
        assert anybody.get(f"/?token={TOKEN}", follow_redirects=False).status_code == 303
        (name,) = anybody.cookies
        cookie = anybody.cookies[name]
        assert anybody.get("/data").status_code == 200
        anybody.cookies.clear()
        assert anybody.get(f"/?token={TOKEN}").json()["code"] == "bad-token"
        assert anybody.get("/data", headers={"cookie": f"{name}={cookie}x"}).status_code == 401


def test_a_token_that_is_only_named_opens_nothing(workspace, tmp_path):
    with TestClient(
        create_app(workspace.root, token=TOKEN), base_url="http://127.0.0.1"
    ) as anybody:
        for query in ("token=x&token=", "token=&token=", "token", "token=&token=x", "TOKEN=x"):
            assert anybody.get(f"/?{query}").status_code in (400, 401)
        anybody.get(f"/?token={TOKEN}")
        assert anybody.get(f"/?token={TOKEN}").status_code == 200, (
            "whoever has a session may click the link again"
        )
        other = create_app(create_workspace(tmp_path / "other", CONFIG).root, token=TOKEN)
        assert other.state.sessions.cookie not in anybody.cookies


def test_cookies_are_not_for_scripts_nor_for_other_sites(workspace):
    with TestClient(
        create_app(workspace.root, token=TOKEN), base_url="http://127.0.0.1"
    ) as anybody:
        sent = anybody.get(f"/?token={TOKEN}", follow_redirects=False).headers["set-cookie"].lower()
        assert "httponly" in sent
        assert "samesite=strict" in sent
        page = anybody.get("/data")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1"},
        {},
    ],
)
def test_a_form_on_another_site_changes_nothing(workspace, headers):
    with TestClient(
        create_app(workspace.root, token=TOKEN), base_url="http://127.0.0.1"
    ) as browser:
        browser.get(f"/?token={TOKEN}")
        for path in (
            "/runs",
            "/start",
            "/api/v1/runs",
            "/api/v1/uploads?name=a.csv",
            "/data/quarantine",
        ):
            refused = browser.post(path, content=b"year=FY2024", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "cross-site")
        assert browser.get("/api/v1/jobs").json() == []
        assert browser.get("/api/v1/uploads").json() == []


def test_a_foreign_name_that_points_here_is_refused(client):
    for host in ("evil.example", "evil.example:8765", "127.0.0.1.evil.example", ""):
        assert client.get("/api/v1/figures", headers={"host": host}).status_code == 421


def test_its_own_names_are_known_however_they_are_written(client):
    for host in ("127.0.0.1:8765", "LocalHost", "LOCALHOST:1", "[::1]", "[::1]:8765"):
        assert client.get("/api/v1/jobs", headers={"host": host}).status_code == 200, host


def test_head_says_what_a_get_says_without_what_it_gives(client):
    for path in ("/", "/inventory", "/data", "/api/v1/jobs", "/static/icon.svg", "/nowhere"):
        whole, head = client.get(path), client.head(path)
        assert head.status_code == whole.status_code
        assert head.content == b""
        assert head.headers["content-type"] == whole.headers["content-type"]


def test_jobs_for_the_same_thing_are_one_and_too_many_are_refused(client, monkeypatch):
    """What waits is merged; what runs is not, for it works with what was there when it began."""
    from abate.faces.api import jobs, work

    held, go = threading.Event(), threading.Event()

    def slow(desk, job, on_step):
        held.set()
        go.wait(30)
        return {}

    monkeypatch.setitem(work.WORK, "run", slow)
    monkeypatch.setattr(jobs, "WAITING_MAX", 3)
    first = client.post("/api/v1/runs", json={"year": "FY2024"}).json()
    assert held.wait(30)
    second, third = (client.post("/api/v1/runs", json={"year": "FY2024"}).json() for _ in range(2))
    assert first["id"] != second["id"] == third["id"]
    for year in ("FY2023", "FY2022"):
        assert client.post("/api/v1/runs", json={"year": year}).status_code == 202
    refused = client.post("/api/v1/runs", json={"year": "FY2021"})
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-jobs")
    upload = _upload(client, BILLS.encode()).json()
    assert client.post(f"/api/v1/uploads/{upload['id']}/import", json={}).status_code == 429
    go.set()
    assert _finish(client, second)["state"] == "done"
    assert (
        _finish(client, client.post(f"/api/v1/uploads/{upload['id']}/import", json={}).json())[
            "state"
        ]
        == "done"
    )


def test_uploads_that_nobody_decides_on_are_bounded(client, monkeypatch):
    monkeypatch.setattr(uploads, "OPEN_MAX", 2)
    one, _ = (_upload(client, BILLS.encode()).json() for _ in range(2))
    assert _upload(client, BILLS.encode()).status_code == 429
    assert client.delete(f"/api/v1/uploads/{one['id']}").status_code == 204
    assert _upload(client, BILLS.encode()).status_code in (200, 201)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\boot.csv", "boot.csv"),
        ("/etc/x.csv", "x.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("....csv", "csv"),
    ],
)
def test_an_uploads_name_leads_nowhere(client, workspace, name, kept):
    before = set(workspace.root.parent.rglob("*"))
    answer = _upload(client, b"a,b\n1,2\n", name)
    made = set(workspace.root.parent.rglob("*")) - before
    if answer.status_code == 201:
        assert answer.json()["name"] == kept
    assert all(
        workspace.root / uploads.FOLDER in (p, *p.parents) or p.name.startswith("intake")
        for p in made
    )


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../pyproject.toml",
        "/static/%2e%2e/page.py",
        "/static/..%2f..%2fpage.py",
        "/data/templates/..%2f..%2fabate.csv",
        "/data/uploads/..%2f..%2fabate.toml",
        "/data/imports/..%2f..",
    ],
)
def test_no_path_leads_out_of_what_is_served(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "requires-python" not in answer.text
    assert "[organisation]" not in answer.text


def test_uploads_are_bounded_and_half_ones_leave_nothing(client, workspace, monkeypatch):
    async def chunks(*parts):
        for part in parts:
            yield part

    monkeypatch.setattr(
        uploads.receive, "__kwdefaults__", {**uploads.receive.__kwdefaults__, "max_bytes": 1000}
    )
    for content, code in ((b"x" * 1001, "file-too-large"), (b"", "empty-file")):
        answer = _upload(client, content)
        assert answer.status_code in (413, 422)
        assert answer.json()["code"] == code
    announced_less = client.post(
        "/api/v1/uploads?name=a.csv", content=(b"x" * 600 for _ in range(3))
    )
    assert announced_less.json()["code"] == "file-too-large"
    assert _upload(client, b"%PDF", "bill.pdf").json()["code"] == "unknown-format"
    assert list((workspace.root / uploads.FOLDER).glob("*")) == []
    assert {u["state"] for u in client.get("/api/v1/uploads").json()} == {"interrupted"}


def test_other_requests_are_bounded_too(client):
    too_much = client.post("/api/v1/corrections", content=b"[" * (guard.MAX_BODY_BYTES + 1))
    assert too_much.status_code == 413
    streamed = client.post("/api/v1/corrections", content=(b"[" * (1 << 20) for _ in range(4)))
    assert streamed.status_code == 413


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b"PK\x03\x04 not a workbook"),
        ("a.parquet", b"PAR1 not a table PAR1"),
        ("a.csv", b"\x00\x01\x02\x03"),
        ("a.csv", b"\xff\xfe\xff"),
        ("a.csv", b"Site,Month,Electricity,Unit\n" + b"\xff\xff\xff\n"),
        ("a.csv", b'Site,Month\n"unclosed'),
        ("a.csv", b"," * 5000),
        ("a.txt", b"\xd0\xcf\x11\xe0old office"),
    ],
)
def test_malformed_files_are_refused_with_code_and_hint(client, workspace, name, content):
    upload = _upload(client, content, name).json()
    page = client.get(f"/data/uploads/{upload['id']}", headers={"accept": "text/html"})
    assert page.status_code == 200
    for path in (f"/api/v1/uploads/{upload['id']}", f"/api/v1/uploads/{upload['id']}/check"):
        answer = client.get(path)
        assert answer.status_code in (200, 422)
        assert answer.status_code == 200 or {"code", "message", "hint"} == answer.json().keys()
    done = _finish(client, client.post(f"/api/v1/uploads/{upload['id']}/import", json={}).json())
    assert done["state"] == "failed"
    assert done["error"]["code"]
    assert live_imports(workspace) == []
    assert client.delete(f"/api/v1/uploads/{upload['id']}").status_code == 204
    assert list((workspace.root / uploads.FOLDER).glob("*")) == []


def test_a_zip_bomb_is_not_unpacked(client):
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(11):
            archive.writestr(f"xl/{k}.xml", b"0" * (100 << 20))
    upload = _upload(client, out.getvalue(), "bomb.xlsx").json()
    assert client.get(f"/api/v1/uploads/{upload['id']}").json()["code"] == "file-too-large"


EVIL = "<script>alert(1)</script>"


def test_nobodys_words_become_markup(tmp_path):
    config = CONFIG.replace('"Small group"', json.dumps(EVIL)).replace(
        'name = "Headquarters"', f"name = {json.dumps(EVIL)}"
    )
    workspace = create_workspace(tmp_path / "w", config)
    file = tmp_path / "bills.csv"
    file.write_text(
        f'Site,Month,Electricity,Unit,Invoice\nhq,2024-01,5,kWh,{EVIL}\nhq,2024-02,{EVIL},kWh,1\n"{EVIL}",2024-03,1,kWh,2\n'
    )
    add_file(workspace, file, now=NOW)
    run_year(workspace, "FY2024", now=NOW)
    with TestClient(
        create_app(workspace.root, token=TOKEN), base_url="http://127.0.0.1"
    ) as browser:
        browser.get(f"/?token={TOKEN}")
        entry = browser.get("/api/v1/figures/scope2-location/rows").json()["entries"]["rows"][0][
            "entry"
        ]
        upload = browser.post(
            "/api/v1/uploads",
            params={"name": f"{EVIL}.csv".replace("/", "-")},
            content=file.read_bytes(),
            headers={"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"},
        ).json()
        imported = browser.get("/api/v1/imports").json()["rows"][0]["import_id"]
        for path in (
            "/",
            "/data",
            "/data/findings",
            "/data/quarantine",
            "/inventory?by=site&year=FY2024",
            f"/inventory/gross?site={EVIL}&year=FY2024",
            f"/entries/{entry}",
            f"/data/uploads/{upload['id']}",
            f"/data/uploads/{upload['id']}/check",
            f"/data/imports/{imported}?row=2",
            f"/factors?q={EVIL}",
            f"/inventory/{EVIL}",
            f"/inventory?by={EVIL}",
            "/runs",
            f"/runs/compare?before={EVIL}&after=x",
            f"/?lang={EVIL}&theme={EVIL}",
        ):
            told = browser.get(path, headers={"accept": "text/html"}).text
            assert EVIL not in told, path
            assert "alert(1)</script>" not in told, path


@pytest.mark.parametrize(
    "cell", ['=HYPERLINK("http://evil.example")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1+1"]
)
def test_no_cell_of_an_export_is_a_formula(tmp_path, cell):
    site = json.dumps(cell)
    config = CONFIG.replace('id = "hq"', f"id = {site}")
    workspace = create_workspace(tmp_path / "w", config)
    add_file(
        workspace,
        _workbook(
            tmp_path,
            [("Site", "Month", "Electricity", "Unit"), ("Headquarters", "2024-01", 5, "kWh")],
        ),
        now=NOW,
    )
    run_year(workspace, "FY2024", now=NOW)
    with TestClient(
        create_app(workspace.root, token=TOKEN), base_url="http://127.0.0.1"
    ) as browser:
        browser.get(f"/?token={TOKEN}")
        for path in (
            "/inventory/export?by=site&year=FY2024&format=",
            "/api/v1/figures?by=site&year=FY2024&name=gross&format=",
        ):
            text = browser.get(path + "csv").text
            assert f"'{cell.splitlines()[0]}".replace('"', '""')[:4] in text
            assert not re.search(r"(?m)(^|,)\"?\s*[=+@]", text)
            book = load_workbook(io.BytesIO(browser.get(path + "xlsx").content))
            told = [c for row in book.active.iter_rows() for c in row]
            assert any(str(c.value).strip("'").strip() == cell.strip() for c in told)
            assert {c.data_type for c in told} <= {"s", "n", "inlineStr"}


def _workbook(folder, rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "bills.xlsx")
    return folder / "bills.xlsx"


def test_an_export_holds_what_the_page_shows_to_the_milligram(client, workspace, tmp_path):
    (tmp_path / "bills.csv").write_text(BILLS)
    add_file(workspace, tmp_path / "bills.csv", now=NOW)
    run_year(workspace, "FY2024", now=NOW)
    rows = client.get("/inventory/export?by=month&year=FY2024").text.splitlines()
    assert rows[1].split(",")[:3] == ["Apr 2023", "no data", "0.4974"]
    assert rows[-1].split(",")[2] == "5.9688"


def test_missing_is_shown_as_missing(client, workspace, tmp_path):
    (tmp_path / "bills.csv").write_text(BILLS)
    add_file(workspace, tmp_path / "bills.csv", now=NOW)
    run_year(workspace, "FY2024", now=NOW)
    page = client.get("/inventory", headers={"accept": "text/html"}).text
    scope1 = page[page.index(">Scope 1 ") :][:400]
    assert '<span class="missing">missing</span>' in scope1
    assert "Without Scope 1: no rows" in page


def test_jobs_that_fail_say_why_and_leave_the_file_to_be_mended(client):
    job = _imported(client, b"nothing,known\n1,2\n", "odd.csv")
    assert (job["state"], job["error"]["code"]) == ("failed", "no-header")
    (upload,) = client.get("/api/v1/uploads").json()
    assert upload["state"] == "ready"
    assert (
        _finish(client, client.post("/api/v1/runs", json={"year": "FY1999"}).json())["error"][
            "code"
        ]
        == "no-activities"
    )
    assert client.post("/api/v1/runs", json={"year": "then"}).json()["code"] == "bad-year"


def test_errors_have_code_message_and_hint(client):
    for method, path, status, code in (
        ("get", "/api/v1/figures?name=nonsense", 404, "unknown-figure"),
        ("get", "/api/v1/figures?by=nonsense", 400, "unknown-dimension"),
        ("get", "/api/v1/figures/gross/rows", 404, "no-run"),
        ("get", "/api/v1/entries/zz-1", 400, "bad-entry"),
        ("get", "/api/v1/jobs/none", 404, "unknown-job"),
        ("get", "/api/v1/nowhere", 404, "unknown-page"),
        ("delete", "/api/v1/figures", 405, "wrong-method"),
        ("post", "/api/v1/runs", 422, "bad-request"),
        ("get", "/api/v1/findings?limit=0", 422, "bad-request"),
        ("post", "/api/v1/imports/imp-00000000/undo", 422, "bad-request"),
        ("get", "/api/v1/factors/none", 404, "unknown-factor"),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
        assert answer.json().keys() == {"code", "message", "hint"}


def test_bad_pages_are_pages_to_people(client):
    page = client.get("/inventory/nonsense", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "unknown-figure" in page.text


def test_a_broken_configuration_is_said_and_mended_without_a_restart(client, workspace):
    config = workspace.root / "abate.toml"
    sound = config.read_text()
    config.write_text(sound + "\nnonsense")
    for accept, kind in (("text/html", "text/html; charset=utf-8"), ("*/*", "application/json")):
        answer = client.get("/data", headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (400, kind)
        assert "bad-toml" in answer.text
    config.write_text(sound)
    assert client.get("/data").status_code == 200


def _form(client, path, **fields):
    return client.post(
        path,
        data=fields,
        headers={"accept": "text/html", "origin": "http://127.0.0.1"},
        follow_redirects=False,
    )


def test_odd_forms_are_refused_with_what_was_typed(client, workspace):
    upload = _upload(
        client, b"Site,Month,Electricity,Unit,Electricity\nhq,2024-01,1,kWh,2\n"
    ).json()
    at = f"/data/uploads/{upload['id']}"
    assert "The header appears twice" in client.get(at, headers={"accept": "text/html"}).text
    for fields in (
        {"template-0": "nonsense"},
        {"template-0": "electricity", "header-0": "²"},
        {
            "template-0": "electricity",
            "header-0": "1",
            "means-0-0": "site",
            "means-0-1": "site",
            "means-0-2": "amount:electricity",
        },
    ):
        assert _form(client, f"{at}/mapping", **{"sheet-0": "", **fields}).status_code in (303, 422)
    assert _form(client, f"{at}/mapping", **{"sheet-0": "", "template-0": ""}).status_code == 303
    assert client.get(f"/api/v1{at[5:]}").json()["sheets"][0]["mapping"] is None, (
        "a sheet that is not to be read is not read"
    )
    mends = electricity([("hq", "2024-01", -5, "kWh")])
    _imported(client, mends.encode(), "wrong.csv")
    (row,) = client.get("/api/v1/quarantine").json()["rows"]
    told = {
        "file": "wrong.csv",
        "sheet": "",
        "row": "2",
        "kind": "electricity",
        "reason": "why not",
        "key": f"{row['import_id']}-2-electricity",
        "action": "set",
        "was-quantity": "-5",
    }
    still = _form(client, "/data/quarantine", **told, **{"cell-quantity": "-6"})
    assert still.status_code == 422
    assert 'value="-6"' in still.text
    assert 'value="why not"' in still.text
    emptied = _form(client, "/data/quarantine", **told, **{"cell-quantity": ""})
    assert (emptied.status_code, "was emptied" in emptied.text) == (422, True)
    again = re.search(
        r'href="([^"]*lang=zh[^"]*)"',
        _form(client, f"/data/imports/{row['import_id']}/undo", reason="x").text
        or 'href="?lang=zh"',
    )
    assert again is not None
    dropped = (
        _form(client, "/data/quarantine", **{**told, "action": "drop"})
        if client.get("/api/v1/quarantine").json()["count"]
        else None
    )
    assert dropped is None or dropped.status_code in (303, 422)


def test_a_file_of_factors_passes_its_gates_before_it_enters(client, shared):
    file = next((shared / "factors/us_epa").glob("*2024*.xlsx"))
    upload = _upload(client, file.read_bytes(), file.name, purpose="factors").json()
    told = client.get(f"/api/v1/uploads/{upload['id']}/check").json()
    assert (told["publisher"], told["factor_count"] > 300, bool(told["findings"])) == (
        "epa",
        True,
        True,
    )
    wrong = client.put(f"/api/v1/uploads/{upload['id']}/publisher", json={"publisher": "gwp"})
    assert wrong.json()["code"] in ("unreadable-file", "unknown-format")
    assert (
        client.put(
            f"/api/v1/uploads/{upload['id']}/publisher", json={"publisher": "nobody"}
        ).json()["code"]
        == "unknown-publisher"
    )
    assert (
        client.put(f"/api/v1/uploads/{upload['id']}/publisher", json={"publisher": "epa"}).json()[
            "publisher"
        ]
        == "epa"
    )
    job = _finish(client, client.post(f"/api/v1/uploads/{upload['id']}/import", json={}).json())
    assert job["result"]["factor_count"] == told["factor_count"]
    assert (
        client.get("/api/v1/factor-findings").json()["count"]
        == len(client.get("/api/v1/factor-findings?limit=1000").json()["rows"])
        > 0
    )


def test_two_clicks_on_import_make_one_job(client):
    upload = _upload(client, BILLS.encode()).json()
    for _ in range(2):
        answer = _form(client, f"/data/uploads/{upload['id']}/import")
        assert (answer.status_code, answer.headers["location"]) == (303, "/jobs")
    assert len(client.get("/api/v1/jobs").json()) == 1


def test_a_mended_row_opens_the_file_in_which_it_was_wrong(client, workspace):
    from abate.adapters.store.workspace import file_hash

    _imported(client, electricity([("hq", "2024-01", -5, "kWh")]).encode(), "wrong.csv")
    line = {"action": "set", "file": "wrong.csv", "row": "2", "quantity": "5", "reason": "typo"}
    client.post("/api/v1/corrections", json={"lines": [line]})
    _finish(client, client.post("/api/v1/runs", json={"year": "FY2024"}).json())
    (row,) = client.get("/api/v1/figures/electricity/rows").json()["entries"]["rows"]
    entry = client.get(f"/api/v1/entries/{row['activity']}").json()
    kept = next(
        p
        for p in workspace.raw.iterdir()
        if b"-5" in p.read_bytes() and b"action" not in p.read_bytes()
    )
    assert (entry["file"], entry["sha256"]) == ("wrong.csv", file_hash(kept))
    assert (
        client.get(f"/api/v1/imports/{entry['source_import']}/rows?row=2").json()[-1]["cells"][2]
        == "-5"
    )


def test_quarter_hours_add_up_to_hours_and_a_gap_spoils_no_ratio(workspace, add):
    from abate.application.energy.data_centres import load_curve
    from abate.faces.web.pages.energy import _days

    head = "site,timestamp,building,facility kwh,it kwh,water m3\n"
    add(
        head
        + "".join(
            f"hq,2024-01-{1 + k // 96:02d} {k // 4 % 24:02d}:{k % 4 * 15:02d},b1,3,{2 if k >= 48 else ''},0\n"
            for k in range(192)
        ),
        name="meters.csv",
    )
    curve = load_curve(workspace, "hq", "b1", "2024-01")
    assert sum(h.facility_kwh or 0 for h in curve.hours) == 3 * 192
    assert curve.gaps[0].hours == 12
    first = _days(curve.hours)[0]
    assert (first["facility"], first["it"], first["pue"], first["hours"]) == (288.0, 96.0, 1.5, 12)
    assert {s.kind for s in curve.stuck} == {"facility-energy", "it-energy"}


def test_a_cell_beyond_all_measure_is_refused(client, tmp_path):
    file = _workbook(
        tmp_path, [("Site", "Month", "Electricity", "Unit"), ("hq", "2024-01", 5, "k" * 32_767)]
    )
    import zipfile

    big = tmp_path / "big.xlsx"
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(big, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            target.writestr(item, source.read(item).replace(b"k" * 32_767, b"k" * 5_000_000))
    upload = _upload(client, big.read_bytes(), "big.xlsx").json()
    assert client.get(f"/api/v1/uploads/{upload['id']}").json()["code"] == "cell-too-long"


def test_odd_pages_and_pinned_runs(client, workspace, tmp_path):
    (tmp_path / "bills.csv").write_text(BILLS)
    add_file(workspace, tmp_path / "bills.csv", now=NOW)
    run = run_year(workspace, "FY2024", now=NOW).run_id
    assert client.get("/inventory/electricity?after=0~-inf~5").status_code == 400
    assert (
        client.get(f"/api/v1/figures?year=FY2023&run={run}").json()["code"] == "run-of-another-year"
    )
    assert client.get(f"/inventory?year=FY2024&run={run}").status_code == 200
    filtered = client.get("/inventory?scope=1", headers={"accept": "text/html"}).text
    assert 'name="scope" value="1"' in filtered
    assert "Only" in filtered
    client.get("/", headers={"accept": "text/html"})
    assert "Data came in after" not in client.get("/", headers={"accept": "text/html"}).text


def test_after_a_stop_jobs_say_what_became_of_them(workspace, tmp_path):
    """A job that ran when the server stopped is done if the ledger has its commit, and interrupted if not."""
    app = create_app(workspace.root, token=TOKEN)
    intake = app.state.desk.intake
    (tmp_path / "bills.csv").write_text(BILLS)
    add_file(workspace, tmp_path / "bills.csv", now=NOW)
    run_year(workspace, "FY2024", now=NOW)
    folder = workspace.root / uploads.FOLDER
    for name, state in (("half", "receiving"), ("ready", "ready")):
        (folder / name).mkdir(parents=True)
        (folder / name / ("x.csv" if state == "ready" else ".partial")).write_text("x")
        intake.put(
            UPLOADS,
            {"id": name, "name": "x.csv", "purpose": "data", "state": state, "created_at": NOW},
        )
    (folder / "nobodys").mkdir()
    (folder / "taken").mkdir()
    (folder / "taken" / "x.csv").write_text("x")
    intake.put(
        UPLOADS,
        {
            "id": "taken",
            "name": "x.csv",
            "purpose": "data",
            "state": "importing",
            "created_at": NOW,
        },
    )
    for name, year, started in (("came", "FY2024", NOW), ("cut", "FY2023", NOW)):
        arguments = {"year": year, "gwp": "", "boundary": "", "as_of": ""}
        intake.put(
            JOBS,
            {
                "id": name,
                "kind": "run",
                "title": year,
                "state": "running",
                "arguments": arguments,
                "created_at": NOW,
                "started_at": started,
            },
        )
    with TestClient(app, base_url="http://127.0.0.1"):
        assert intake.get(JOBS, "came")["state"] == "done"
        cut = intake.get(JOBS, "cut")
        assert (cut["state"], cut["error"]["code"]) == ("interrupted", "interrupted")
        assert intake.get(UPLOADS, "half")["state"] == "interrupted"
        assert intake.get(UPLOADS, "taken")["state"] == "ready", (
            "cut off between taking the file and starting its job"
        )
        assert sorted(p.name for p in folder.iterdir()) == ["ready", "taken"]


def test_every_text_of_the_pages_is_there_in_chinese():
    from pathlib import Path

    from abate.application.catalogue import FIGURES, KINDS, TEMPLATES, every_rule
    from abate.application.workspaces.organisation import LISTS, SECTIONS
    from abate.disclosure.signoff import Step
    from abate.faces.api.work import WORK
    from abate.faces.web.page import HERE, JOB_TITLES
    from abate.faces.web.pages import NAVIGATION
    from abate.faces.web.pages.organisation import NAMES, choices, words
    from abate.kernel.languages import catalogues
    from abate.operations.facts import CATEGORIES

    keys = (
        {t for f in FIGURES.values() for t in (f.title,)}
        | {k.title for k in KINDS.values()}
        | set(CATEGORIES.values())
    )
    keys |= {t.title for t in TEMPLATES.values()} | {
        t for r in every_rule() for t in (r.title, r.hint)
    }
    for path in Path(HERE).rglob("*.html"):
        keys |= set(
            re.findall(r"""\bt\(["']((?:[^"'\\]|\\.)+)["'][,)]""", path.read_text(encoding="utf-8"))
        )
    for path in Path(HERE).rglob("*.py"):
        keys |= set(
            re.findall(r"""\.t\(\s*"((?:[^"\\]|\\.)+)"[,)]""", path.read_text(encoding="utf-8"))
        )
    keys |= {name for place in NAVIGATION for name in (place.name, *dict(place.tabs).values())}
    assert JOB_TITLES.keys() == WORK.keys()
    keys |= {*JOB_TITLES.values(), *(s.value for s in Step), *NAMES.values()}
    for section, kind in {**SECTIONS, **LISTS}.items():
        for field in kind.__struct_fields__:
            keys |= {words(field), *choices(section, field)} - {""}
    keys = {k for k in keys if not k.endswith((" ", ": "))}
    assert sorted(k for k in keys if ("", k) not in catalogues()["zh"].texts) == []


def test_a_real_server_answers_on_loopback_only(workspace):
    from serving import Served

    served = Served(workspace.root)
    try:
        with served.client() as client:
            assert client.get("/api/v1/figures").json() == []
            assert client.get("/api/v1/openapi.json").json()["info"]["title"] == "Abate"
        with pytest.raises(httpx.TransportError):
            httpx.get(served.base.replace("127.0.0.1", "127.0.0.2"))
    finally:
        served.stop()
    assert served.process.returncode == 0
