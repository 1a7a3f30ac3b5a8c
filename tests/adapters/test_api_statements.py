"""Statements over REST: what the functions give, and errors with codes."""

import pytest

from abate.faces.server import create_app
from serving import session


@pytest.fixture
def client(valued):
    with session(create_app(valued.root, token="t"), "t") as made:
        yield made


def test_every_statement_has_an_address(client):
    def got(path):
        answer = client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    (clean,) = got("/indicators?name=clean-share&year=FY2024")
    assert (clean["indicator"], clean["year"]) == ("clean-share", "FY2024")
    assert clean["references"]
    assert {"targets", "macc", "findings"} == set(got("/targets"))
    (ranged,) = got("/uncertainty/scope2-location?year=FY2024")
    assert ranged["closed_form"][0] < ranged["value"] < ranged["closed_form"][1]
    answers = got("/frameworks?year=FY2024&framework=GRI")
    assert {a["framework"] for a in answers} == {"GRI"}
    assert got("/disclosures?year=FY2024")["year"] == "FY2024"
    assert got("/programmes?year=FY2024") == []
    assert got("/plans") == []
    assert got("/forecasts") == []
    assert got("/signoffs") == []


def test_a_step_of_sign_off_is_taken_and_kept(client):
    step = {"step": "prepared", "year": "FY2024", "person": "Lin"}
    assert client.post("/api/v1/signoffs", json=step).json()["person"] == "Lin"
    (kept,) = client.get("/api/v1/signoffs?year=FY2024").json()
    assert kept["step"] == "prepared"
    again = client.post("/api/v1/signoffs", json=step | {"step": "reviewed"})
    assert (again.status_code, again.json()["code"]) == (400, "preparer-approves")


def test_claims_are_tested_against_the_ledger(client):
    text = "entity,period,metric,value,unit\nSmall group,FY2024,scope2_location,99999,t\n"
    told = client.post("/api/v1/claims", json={"text": text, "format": "csv"}).json()
    assert [v["rule"] for v in told["verdicts"] if v["severity"] == "error"] == ["ledger"]
    alone = {"text": text, "format": "csv", "ledger": False}
    assert client.post("/api/v1/claims", json=alone).json()["verdicts"] == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/indicators?name=happiness", 404, "unknown-indicator"),
        ("/indicators?year=FY1999", 404, "no-run"),
        ("/uncertainty/nett?year=FY2024", 404, "unknown-figure"),
        ("/uncertainty/intensity?year=FY2024", 400, "not-a-sum"),
        ("/uncertainty/net?year=FY2024&by=colour", 400, "unknown-dimension"),
        ("/neutrality?year=FY1999", 404, "no-run"),
        ("/neutrality", 422, "bad-request"),
        ("/neutrality?year=FY2024", 400, "no-gross"),
        ("/frameworks?year=FY2024&framework=XYZ", 404, "unknown-framework"),
        ("/frameworks?year=FY2024&lang=fr", 400, "unknown-language"),
        ("/disclosures?year=x", 404, "no-run"),
        ("/programmes?year=FY1999", 404, "no-run"),
    ],
)
def test_what_there_is_not_has_a_code(client, path, status, code):
    answer = client.get(f"/api/v1{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "x", "format": "exe"},
        {"text": "x", "more": 1},
        {"text": "x" * 400_001},
    ],
)
def test_a_bad_claim_is_refused(client, body):
    assert client.post("/api/v1/claims", json=body).status_code == 422
