"""The API's description (OpenAPI) with an example for everything that is asked and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

from fastapi import FastAPI

from abate.kernel.edges import Json
from abate.kernel.resources import package_text


@cache
def examples() -> Json:
    """Examples of bodies by their model, of parameters by name, of refusals by status."""
    told: Json = json.loads(package_text("abate.faces.api", "examples.json"))
    return told


def describing(app: FastAPI) -> Callable[[], Json]:
    """What describes an application: FastAPI's description with examples."""
    plain = app.openapi

    def described() -> Json:
        told = plain()
        for name, example in examples()["bodies"].items():
            told["components"]["schemas"][name]["examples"] = [example]
        for ways in told["paths"].values():
            for way in ways.values():
                _exemplify(way)
        return told

    return described


def _exemplify(way: Json) -> None:
    parameters, refusals = examples()["parameters"], examples()["refusals"]
    for parameter in way.get("parameters", ()):
        if parameter["name"] in parameters:
            parameter["example"] = parameters[parameter["name"]]
    for status, answer in way["responses"].items():
        if status in refusals and "application/json" in answer.get("content", {}):
            answer["content"]["application/json"]["example"] = refusals[status]
