"""Tools for agents, by the protocol's own client."""

import base64
import json
import re
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

import httpx2 as httpx
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from starlette.testclient import TestClient

from abate.application.inventory.figures import Figures, run_of
from abate.faces.mcp.reading import Reading
from abate.faces.mcp.server import guarded, make_server
from abate.faces.mcp.writing import Tools
from recipes import prepare
from support import BILLS, electricity, run_apart

WRITES = {n for n in vars(Tools) if n[0] != "_"}
READS = {n for n in vars(Reading) if n[0] != "_"} - {"workspace", "opened"}


def asked(server, *calls):
    """Answers of a server to calls: name and arguments."""

    async def ask():
        async with Client(server) as client:
            names = {t.name for t in (await client.list_tools()).tools}
            answers = [await client.call_tool(name, arguments) for name, arguments in calls]
            return names, answers

    return run_apart(ask)


def told(answer):
    assert not answer.is_error, answer.content
    return answer.structured_content


def test_an_agent_asks_for_a_figure_opens_it_to_a_row_and_is_refused_a_write(valued):
    names, (net, opened, refused) = asked(
        make_server(valued.root),
        ("figures", {"names": "net", "year": "FY2024", "by": "org"}),
        ("explain", {"figure": "scope2-location", "year": "FY2024", "limit": 2}),
        ("import_file", {"name": "bills.csv", "content": BILLS}),
    )
    assert names == READS
    with Figures(valued) as ledger:
        expected = ledger.values(["net"], run_of(valued, "FY2024"), "org")
    rows = told(net)["rows"]
    assert [(r["org"], r["value"]) for r in rows] == [
        (v.by["org"], pytest.approx(float(v.value))) for v in expected
    ]
    assert all(r["run"] and r["link"] == "abate://figures/FY2024/net" for r in rows)
    page = told(opened)["entries"]
    assert page["count"] == 12
    assert [r["file"] for r in page["rows"]] == ["bills.csv", "bills.csv"]
    assert refused.is_error
    _, (entry,) = asked(make_server(valued.root), ("entry", {"name": page["rows"][0]["entry"]}))
    assert told(entry)["row"] >= 2


def test_a_link_opens_the_figure(valued):
    async def read():
        async with Client(make_server(valued.root)) as client:
            return await client.read_resource("abate://figures/FY2024/scope2-location")

    shown = json.loads(run_apart(read).contents[0].text)
    assert shown["figure"] == "scope2-location"
    assert len(shown["entries"]["rows"]) == 12


def test_a_file_is_previewed_and_nothing_is_stored(valued):
    before = len(valued.store.rows("imports"))
    later = electricity([("hq", "2024-04", -5, "kWh"), ("hq", "2024-05", 900, "kWh")])
    _, (seen,) = asked(
        make_server(valued.root), ("preview_file", {"name": "new.csv", "content": later})
    )
    answer = told(seen)
    assert (answer["rows"], answer["would_count"], answer["would_wait_in_quarantine"]) == (2, 1, 1)
    assert answer["findings"]["rows"][0]["code"] == "negative-quantity"
    assert len(valued.store.rows("imports")) == before


def test_writing_asks_for_a_preview_first_and_for_a_new_one_once_the_ledger_moved(valued):
    server = make_server(valued.root, allow_write=True)
    later = electricity([("hq", "2024-04", 900, "kWh")])
    file = {"name": "april.csv", "content": later}
    names, (first, guess) = asked(
        server, ("import_file", file), ("import_file", file | {"confirm": "yes"})
    )
    assert names == READS | WRITES
    code = told(first)["confirm"]
    assert told(first)["stored"] is False
    assert told(guess)["stored"] is False
    other = {"name": "april.csv", "content": later.replace("900", "901"), "confirm": code}
    _, (changed, done, again) = asked(
        server,
        ("import_file", other),
        ("import_file", file | {"confirm": code}),
        ("import_file", file | {"confirm": code}),
    )
    assert told(changed)["stored"] is False
    assert told(done)["accepted_count"] == 1
    assert again.is_error or told(again)["stored"] is False
    _, (ask,) = asked(server, ("value_year", {"year": "FY2025"}))
    _, (run,) = asked(server, ("value_year", {"year": "FY2025", "confirm": told(ask)["confirm"]}))
    assert told(run)["run"].startswith("FY2025-")
    undoing = {"import_id": told(done)["import_id"], "reason": "a test"}
    _, (shown,) = asked(server, ("undo_import", undoing))
    assert told(shown)["import"][0]["file"] == "april.csv"
    _, (undone,) = asked(server, ("undo_import", undoing | {"confirm": told(shown)["confirm"]}))
    assert told(undone)["reversal"]


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("figures", {"names": "nett"}, "unknown-figure"),
        ("figures", {"by": "colour"}, "unknown-dimension"),
        ("explain", {"figure": "net", "year": "FY1999"}, "no-run"),
        ("preview_file", {"name": "a.xlsx", "content": "no base64!"}, "bad-content"),
        ("preview_file", {"name": "../../a.csv", "content": ""}, "empty-file"),
        ("figures", {"limit": 100000}, "limit"),
        ("check_claims", {"text": "x", "format": "exe"}, "format"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(valued, name, arguments, code):
    _, (answer,) = asked(make_server(valued.root), (name, arguments))
    assert answer.is_error
    assert code in answer.content[0].text


def test_a_binary_file_comes_as_base64(valued, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in (("Site", "Month", "Electricity kWh"), ("hq", "2024-04", 5)):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    content = base64.b64encode((tmp_path / "a.xlsx").read_bytes()).decode()
    _, (seen,) = asked(
        make_server(valued.root), ("preview_file", {"name": "a.xlsx", "content": content})
    )
    assert told(seen)["would_count"] == 1


def test_answers_are_bounded(valued):
    _, (few,) = asked(make_server(valued.root), ("figures", {"by": "month", "limit": 3}))
    assert len(told(few)["rows"]) == 3
    assert told(few)["left_off"] > 0


def test_a_claim_is_tested_against_the_ledger(valued):
    with Figures(valued) as ledger:
        value = float(ledger.values(["scope2-location"], run_of(valued, "FY2024"))[0].value)
    name = valued.organisation.name
    text = f"entity,period,metric,value,unit\n{name},FY2024,scope2_location,{value * 2:.3f},t\n"
    _, (answer,) = asked(
        make_server(valued.root), ("check_claims", {"text": text, "format": "csv"})
    )
    verdicts = told(answer)["verdicts"]["rows"]
    assert [v["rule"] for v in verdicts if v["severity"] == "error"] == ["ledger"]


def test_over_http_only_who_knows_the_key_is_answered(valued):
    with TestClient(guarded(make_server(valued.root), "k"), base_url="http://127.0.0.1:1") as http:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        assert http.post("/mcp", json=body).status_code == 401
        wrong = {"authorization": "Bearer x"}
        assert http.post("/mcp", json=body, headers=wrong).status_code == 401
        right = {"authorization": "Bearer k"}
        assert http.post("/mcp", json=body, headers=right).status_code != 401


def test_the_command_serves_over_stdin_and_stdout(valued):
    async def ask():
        command = [sys.executable, "-m", "abate", "mcp", "--workspace", str(valued.root)]
        async with Client(StdioServerParameters(command=command[0], args=command[1:])) as client:
            return await client.call_tool("runs", {})

    assert told(run_apart(ask))["rows"][0]["year"] == "FY2024"


def test_the_command_serves_over_http_with_a_key(valued):
    command = [sys.executable, "-m", "abate", "mcp", "--http", "0", "--workspace", valued.root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        try:
            lines = [served.stdout.readline() for _ in range(2)]
            address = re.search(r"http://\S+", lines[0]).group(0)
            assert httpx.post(address, json={}).status_code == 401
            assert "Bearer " in lines[1]
        finally:
            served.terminate()


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agents")
    names = prepare(folder)
    return folder, names


def calls_of(folder, names):
    """A call of each tool on a workspace that has something of everything."""
    files = folder / "files"
    text = {p.stem: p.read_text() for p in files.glob("*.csv")}
    bill = base64.b64encode((files / "bill.pdf").read_bytes()).decode()
    packed = {"orders": text["orders"], "cartons": text["cartons"]}
    metered = {"meter": "M-1"}
    own = {"kind": "electricity", "item": "green", "value": "0.1", "unit": "kg/kWh"}
    own |= {"region": "CN", "source": "contract", "species": "CO2"}
    factors = {"name": "own.csv", "content": text["own"], "publisher": "own"}
    scheme = (files / "scheme.toml").read_text()
    return {
        "runs": {}, "figures": {}, "explain": {"figure": "net", "year": "FY2024"}, "check": {},
        "search_factors": {"words": "electricity"}, "check_claims": {"text": "We emitted 5 t."},
        "preview_file": {"name": "a.csv", "content": text["electricity-more"]},
        "indicators": {}, "targets": {}, "imports": {}, "quarantine": {}, "organisation": {},
        "uncertainty": {"figure": "scope2-location", "year": "FY2024"},
        "bridge": {"figure": "gross", "before": "FY2023", "after": "FY2024"},
        "rows_of": {"import_id": names["import"], "row": 2}, "verify": {"year": "FY2024"},
        "read_bill": {"name": "bill.pdf", "content": bill}, "factor": {"factor_id": names["factor"]},
        "factor_findings": {}, "programmes": {"year": "FY2024"}, "neutrality": {"year": "FY2024"},
        "credits": {}, "frameworks": {"year": "FY2024"}, "disclosures": {"year": "FY2024"},
        "vsme_datapoints": {"year": "FY2024"}, "published": {}, "signoffs": {},
        "data_centres": {"year": "FY2023"}, "meters": {}, "meter_usage": metered, "readings": metered,
        "load_curve": {"site": "hq", "building": "hq-1", "month": "2023-02"},
        "preview_readings": {"name": "m.csv", "content": text["meter-june"], "meter": "M-2"},
        "forecast": {"site": "hq", "hours": 24}, "forecasts": {}, "plans": {}, "stock": {},
        "backtest": metered | {"ahead": "24h", "last": "2w"} | {"meter": "M-1"},
        "pack": packed,
        "fit": {"items": ["190x140x50 mm 400 g"], "cartons": text["cartons"]},
        "packed": {"plan": (files / "plan.jsonl").read_text(), "actual": text["packed"]},
        "assort": packed | {"sizes": "1-2"},
        "reuse": {"packaging": scheme, "site": "hq", "month": "2023-05"},
        "savings": {"meter": "M-1", "weather": text["weather"], "until": "2023-05-06"},
        "certificates": {}, "tariffs": {}, "matching": {"year": "FY2023", "lots": text["lots"]},
        "settle": {"plan": "kept", "meter": "grid"}, "lots": {}, "export_lots": {}, "issue_lots": {"year": "FY2023"}, "claim_lots": {"year": "FY2023"},
        "add_lots": {"name": "r.csv", "content": text["registry"]}, "move_lots": {"to": "ACME", "kwh": 1.0},
        "store_lots": {"storage": "cellar", "hours": text["cellar"], "region": "CN"},
        "deliver_lots": {"name": "hill", "contract": (files / "signed.toml").read_text(), "hours": text["delivered"]},
        "tariff": {"tariff": "flat"}, "tariff_bill": {"tariff": "flat", "meter": "M-1"},
        "dispatch": {"site": "hq", "first": "2023-02-01", "span": "3d"}, "size": {"site": "hq", "span": "1m"},
        "contracts": {"contracts": {"wind": (files / "wind.toml").read_text()}, "market": text["market"], "n": 100},
        "add_tariff": {"name": "mine", "content": (files / "mine.toml").read_text()},
        "import_file": {"name": "more.csv", "content": text["electricity-more"]},
        "value_year": {"year": "FY2024"}, "undo_import": {"import_id": names["import"], "reason": "x"},
        "correct_rows": {"lines": [{"action": "set", "file": "electricity.csv", "row": "50", "quantity": "5"}], "reason": "checked"},
        "import_bill": {"name": "bill.pdf", "content": bill, "site": "hq"},
        "attach_evidence": {"name": "p.txt", "content": "seen", "import_id": names["import"]},
        "publish_run": {"year": "FY2024", "accept": {"in-quarantine": "known"}},
        "restate_base_year": {}, "add_factor": own, "import_factors": factors,
        "load_readings": {"name": "j.csv", "content": text["meter-june"], "meter": "M-2", "site": "london", "kind": "electricity", "zone": "UTC"},
        "set_meter": metered | {"building": "b1"}, "post_usage": {"year": "FY2024"},
        "add_credits": {"content": text["credits"]}, "add_published": {"content": text["published"]},
        "retire_credit": {"serial": "C-1", "year": "FY2024", "by": "Ada", "amount_t": 1},
        "sign": {"step": "prepared", "year": "FY2024", "by": "Lin"},
        "move_stock": {"content": text["moves"]},
        "change_organisation": {"section": "sites", "key": "hq", "values": {"name": "Head"}},
        "remove_item": {"section": "sites", "key": "spare"}, "restore_organisation": {},
    }  # fmt: skip


def test_every_tool_answers_and_every_writing_one_first_says_what_it_would_do(filled):
    folder, names = filled
    calls = calls_of(folder, names)
    (entry,) = asked(
        make_server(folder / "w"), ("explain", {"figure": "scope2-location", "year": "FY2024"})
    )[1]
    calls["entry"] = {"name": told(entry)["entries"]["rows"][0]["entry"]}
    assert calls.keys() == READS | WRITES
    server = make_server(folder / "w", allow_write=True)
    before = {p: p.read_bytes() for p in (folder / "w" / "ledger").rglob("*.json")}
    _, answers = asked(server, *calls.items())
    refused = {}
    for name, answer in zip(calls, answers, strict=True):
        if answer.is_error:
            refused[name] = answer.content[0].text
        elif name in WRITES:
            assert answer.structured_content["stored"] is False, name
    assert refused.keys() <= {"backtest", "savings"}, refused  # ten days of readings are too few
    after = {p: p.read_bytes() for p in (folder / "w" / "ledger").rglob("*.json")}
    assert after == before, "a preview wrote"


@pytest.mark.parametrize("name", sorted(WRITES - {"restate_base_year", "restore_organisation"}))
def test_what_is_confirmed_is_done(filled, tmp_path, name):
    folder, names = filled
    shutil.copytree(folder / "w", tmp_path / "w")
    call = calls_of(folder, names)[name]
    server = make_server(tmp_path / "w", allow_write=True)
    _, (seen,) = asked(server, (name, call))
    _, (done,) = asked(server, (name, call | {"confirm": told(seen)["confirm"]}))
    answer = told(done)
    assert answer.get("stored", True) is True
    assert "confirm" not in answer
