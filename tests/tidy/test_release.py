"""What a release installs next year is what was tested: every dependency is bounded, and pinned with hashes."""

import re
import tomllib
from importlib.metadata import version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RELEASE = ROOT / "releases" / f"{PROJECT['version']}.txt"


def pins(path):
    """Version and hashes of each package of a file of requirements that is for this system."""
    found = {}
    for block in re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8")):
        first = Requirement(block.split("\\\n")[0].split("--hash")[0].strip())
        if first.marker and not first.marker.evaluate():
            continue  # of another system or Python
        (pin,) = first.specifier
        assert pin.operator == "=="
        found[canonicalize_name(first.name)] = (
            pin.version,
            re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block),
        )
    return found


def test_every_dependency_has_an_upper_bound():
    for text in [
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["filing"],
        *PROJECT["optional-dependencies"]["mcp"],
        *PROJECT["optional-dependencies"]["spark"],
    ]:
        assert "<" in str(Requirement(text).specifier), text


def test_the_release_pins_what_the_tests_run_with():
    held, tested = pins(RELEASE), pins(ROOT / "constraints.txt")
    for text in PROJECT["dependencies"]:
        assert canonicalize_name(Requirement(text).name) in held
    for name, (pinned, hashes) in held.items():
        assert hashes, name
        assert tested[name][0] == pinned, name
        assert version(name) == pinned


def test_the_files_of_a_release_name_no_place():
    for path in (RELEASE, ROOT / "constraints.txt"):
        assert not re.search(r"https?://|file:|/opt/|index-url", path.read_text(encoding="utf-8"))
