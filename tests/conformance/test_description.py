"""The API's description: an example for each body and parameter that its own model takes, and for each refusal."""

import pkgutil
from importlib import import_module

import pytest
from pydantic import BaseModel

from abate.application.opening import create_workspace
from abate.faces import api
from abate.faces.api.description import examples
from abate.faces.server import create_app
from docs.generate import error_codes


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    config = '[organisation]\nname = "x"\n[[entities]]\nid = "x"\n'
    root = create_workspace(tmp_path_factory.mktemp("w") / "w", config).root
    return create_app(root).openapi()


@pytest.fixture(scope="module")
def models():
    every = (import_module(f"abate.faces.api.{m.name}") for m in pkgutil.iter_modules(api.__path__))
    return {
        name: kind
        for module in every
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def ways(described):
    return [way for some in described["paths"].values() for way in some.values()]


def test_each_body_has_an_example_that_its_model_takes(described, models):
    asked = {
        content["schema"]["$ref"].rsplit("/", 1)[-1]
        for way in ways(described)
        for content in way.get("requestBody", {}).get("content", {}).values()
        if "$ref" in content["schema"]
    }
    bodies = examples()["bodies"]
    assert asked == bodies.keys()
    for name, example in bodies.items():
        models[name].model_validate(example)
        assert described["components"]["schemas"][name]["examples"] == [example]


def test_each_parameter_has_an_example(described):
    given = {p["name"] for way in ways(described) for p in way.get("parameters", ())}
    assert given == examples()["parameters"].keys()
    assert all("example" in p for way in ways(described) for p in way.get("parameters", ()))


def test_each_refusal_shows_a_code_that_there_is(described):
    known = {code for code, _ in error_codes()} | {"bad-request"}
    own = {"no-session", "cross-site", "too-large", "wrong-host", "bad-idempotency-key", "request-under-way"}  # fmt: skip
    assert {told["code"] for told in examples()["refusals"].values()} <= known | own
    for way in ways(described):
        refused = {s: a for s, a in way["responses"].items() if s.startswith("4")}
        assert {"401", "404", "422"} <= refused.keys()
        for answer in refused.values():
            example = answer["content"]["application/json"]["example"]
            assert example.keys() == {"code", "message", "hint"}
