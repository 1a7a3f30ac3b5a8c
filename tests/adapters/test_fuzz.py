"""The API under requests that nobody would write: never an error of the server."""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from abate.application.inventory.imports import add_file
from abate.application.inventory.runs import run_year
from abate.application.opening import create_workspace
from serving import Served
from support import CONFIG, NOW, electricity, months


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    workspace = create_workspace(folder / "w", CONFIG)
    bills = folder / "bills.csv"
    bills.write_text(
        electricity(
            [
                *(("hq", m, 1000, "kWh") for m in months("2023-04", 12)),
                ("plant", "2023-04", -1, "kWh"),
            ]
        )
    )
    add_file(workspace, bills, now=NOW)
    run_year(workspace, "FY2024", now=NOW)
    process = Served(workspace.root)
    yield process
    process.stop()


def test_no_request_breaks_the_server(served):
    asked = set()
    with served.client() as client, requests.Session() as session:
        headers = {"authorization": client.headers["authorization"]}
        schema = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
        for found in schema.get_all_operations():
            operation = found.ok()

            @given(
                case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
                | operation.as_strategy()
            )
            @settings(
                max_examples=20,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            def holds(case):
                answer = case.call(session=session, base_url=served.base, headers=headers)
                assert answer.status_code < 500, (case.as_curl_command(), answer.text)

            holds()
            asked.add((operation.method, operation.path))
    assert len(asked) > 25
