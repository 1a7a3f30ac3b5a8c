"""The API's description (OpenAPI) with an example for everything that is asked and refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from abate.kernel.edges import Json

UPLOAD = "3f9a1c7be204"
BODIES: dict[str, Json] = {
    "AssortRequest": {"orders": UPLOAD, "sizes": "4-12", "objective": "board"},
    "Attachment": {"upload": UPLOAD, "row": 12},
    "BacktestRequest": {"meters": ["hq/main"], "ahead": "24h", "every": "7d", "last": "8w"},
    "Bill": {"upload": UPLOAD, "values": {"quantity": "12,345 kWh"}, "site": "hq"},
    "Change": {"key": "hq", "values": {"name": "Head office", "region": "DE"}},
    "Claims": {"text": "Scope 1 fell by 12 % to 1,234 t in 2024.", "year": "FY2024"},
    "Corrections": {
        "lines": [{"action": "set", "file": "bills.csv", "row": "3", "unit": "MWh"}],
        "reason": "The supplier said so.",
    },
    "Filing": {"year": "FY2024", "lang": "en"},
    "FitRequest": {
        "items": [
            {"length mm": 190, "width mm": 140, "height mm": 50, "mass g": 400, "quantity": 2}
        ],
        "cartons": [{"carton": "S", "length_mm": 200, "width_mm": 150, "height_mm": 120}],
    },
    "ForecastRequest": {"sites": ["hq"], "ahead": "48h"},
    "Former": {"name": "20241231T120000-00001.toml"},
    "ImportRequest": {"accept": ["magnitude"]},
    "LoadRequest": {"site": "hq", "kind": "electricity", "unit": "kWh", "zone": "Europe/Berlin"},
    "MovementsRequest": {"upload": UPLOAD},
    "OfUpload": {"upload": UPLOAD},
    "OfYear": {"year": "FY2024"},
    "OwnFactor": {
        "kind": "electricity",
        "item": "supplier",
        "value": "0.12",
        "unit": "kg/kWh",
        "region": "DE",
        "source": "Bill of March 2024",
    },
    "PackRequest": {"orders": UPLOAD, "cartons": UPLOAD, "effort": "thorough", "seconds": 60},
    "PlaceRequest": {"site": "hq", "building": "b1", "kind": "electricity"},
    "PostRequest": {"year": "FY2024", "by": "month"},
    "Publisher": {"publisher": "desnz"},
    "Publishing": {"reason": "A supplier corrected its bills."},
    "ReadBackRequest": {"actual": UPLOAD},
    "Reason": {"reason": "The file was of another year."},
    "Report": {"year": "FY2024", "formats": ["html", "pdf"], "without": ["levers"]},
    "Retirement": {"serial": "VCS-1234-2021", "year": "FY2024", "by": "A. Person", "amount_t": 120},
    "ReuseRequest": {"packaging": UPLOAD, "site": "wh-1", "month": "2024-03"},
    "RunRequest": {"year": "FY2024", "gwp": "AR6"},
    "SavingsRequest": {"meters": ["hq/main"], "weather": UPLOAD, "until": "2024-05-01"},
    "Signing": {"step": "reviewed", "year": "FY2024", "person": "A. Person"},
    "SmallFirm": {"year": "FY2024", "format": "pdf"},
    "Token": {"token": "the part of the link after token="},
}
"""An example of each body."""
PARAMETERS: dict[str, Any] = {
    "accept": "magnitude", "after": "100-5c1f0e7a9d21", "approach": "location", "around": 3, "as": "electricity",
    "basis": "direct", "before": "FY2023", "building": "b1", "by": "site", "category": "6", "code": "magnitude",
    "entity": "acme", "entry": "1f0c9ad2:12", "factor": "cn-mee/grid-average/CN-ZJ/2023", "factor_id": "cn-mee/grid-average/CN-ZJ/2023", "format": "json",
    "framework": "GRI", "from": "2024-01-01", "gas": "CO2", "import_id": "4a7d0c11", "inline": True,
    "item": "natural-gas", "job_id": "9d2a7c10b3ef", "key": "hq", "kind": "electricity", "lang": "en",
    "limit": 100, "meter": "hq/main", "method": "electricity-location", "metric": "scope1", "month": "2024-03", "name": "net",
    "org": "acme", "purpose": "data", "q": "electricity", "row": 3, "run": "FY2024-9c0d1e2f",
    "run_id": "FY2024-9c0d1e2f", "scope": "2", "section": "sites", "severity": "blocker", "sheet": "Sheet1",
    "site": "hq", "to": "2024-02-01", "upload_id": UPLOAD, "year": "FY2024",
}  # fmt: skip
"""An example of each parameter."""
REFUSALS: dict[str, tuple[str, str, str]] = {
    "400": ("bad-idempotency-key", "An idempotency key has at most 200 characters.", "Send another key, or the same request again."),
    "401": ("no-session", "Open the link that 'abate serve' printed.", ""),
    "403": ("cross-site", "The request came from another site.", ""),
    "404": ("unknown-figure", "No figure 'nett'.", "Did you mean 'net'?"),
    "409": ("request-under-way", "A request with this key is under way.", "Send another key, or the same request again."),
    "413": ("too-large", "A request holds at most 2 MiB.", ""),
    "421": ("wrong-host", "This server answers only by its own name.", ""),
    "422": ("bad-year", "'24' is not a fiscal year.", "Write it as FY2024."),
}  # fmt: skip
"""Code, message and hint of a refusal by status; docs/errors.md has every code."""


def describing(app: FastAPI) -> Callable[[], Json]:
    """What describes an application: FastAPI's description with examples."""
    plain = app.openapi

    def described() -> Json:
        told = plain()
        for name, example in BODIES.items():
            told["components"]["schemas"][name]["examples"] = [example]
        for ways in told["paths"].values():
            for way in ways.values():
                _exemplify(way)
        return told

    return described


def _exemplify(way: Json) -> None:
    for parameter in way.get("parameters", ()):
        if parameter["name"] in PARAMETERS:
            parameter["example"] = PARAMETERS[parameter["name"]]
    for status, answer in way["responses"].items():
        if status in REFUSALS and "application/json" in answer.get("content", {}):
            code, message, hint = REFUSALS[status]
            example = {"code": code, "message": message, "hint": hint}
            answer["content"]["application/json"]["example"] = example
