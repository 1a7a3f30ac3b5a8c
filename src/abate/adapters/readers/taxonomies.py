"""Taxonomy packages of regulators: which elements they define, and where a report refers to them."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from abate.kernel.edges import Json
from abate.kernel.errors import DataError

FILES_MAX, BYTES_MAX = 50_000, 400_000_000
XSD = "{http://www.w3.org/2001/XMLSchema}"
PERIOD = "{http://www.xbrl.org/2003/instance}periodType"
ABOUT = "META-INF/taxonomyPackage.xml"
HINT = "Put the regulator's taxonomy package, a ZIP with META-INF/taxonomyPackage.xml, there."


def read_taxonomy(path: Path) -> Iterator[Json]:
    """Entry points of a taxonomy package, then each of its schemas with the elements it defines.

    Yields:
        `{"entries": [addresses]}`, then `{"namespace", "prefix", "elements": {name: period}}`;
        abstract elements are left out.

    Raises:
        DataError: `bad-taxonomy`.

    Source:
        XBRL Taxonomy Packages 1.0 (2016).
    """
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
            if len(members) > FILES_MAX or sum(m.file_size for m in members) > BYTES_MAX:
                raise DataError("bad-taxonomy", f"{path.name} is larger than a taxonomy.", HINT)
            about = [m for m in members if posixpath.join("/", m.filename).endswith(f"/{ABOUT}")]
            if not about:
                raise DataError("bad-taxonomy", f"{path.name} has no {ABOUT}.", HINT)
            root = ET.fromstring(package.read(about[0]))  # noqa: S314 - in a child of bounded memory
            found = [e.get("href") for e in root.iter() if e.tag.endswith("}entryPointDocument")]
            yield {"entries": [address for address in found if address]}
            for member in members:
                if member.filename.endswith(".xsd"):
                    with package.open(member) as schema:
                        told = _schema(schema)
                    if told["elements"]:
                        yield told
    except (zipfile.BadZipFile, ET.ParseError, NotImplementedError, RuntimeError) as error:
        raise DataError("bad-taxonomy", f"{path.name} cannot be read: {error}.", HINT) from error


def _schema(file: Any) -> Json:
    """Namespace, prefix and elements of a schema."""
    namespace = ""
    prefixes: dict[str, str] = {}
    elements: dict[str, str] = {}
    for event, told in ET.iterparse(file, events=("start-ns", "start")):  # noqa: S314
        if event == "start-ns":
            prefixes.setdefault(told[1], told[0])
        elif told.tag == f"{XSD}schema":
            namespace = told.get("targetNamespace", "")
        elif told.tag == f"{XSD}element" and told.get("name") and told.get("abstract") != "true":
            elements[told.get("name")] = told.get(PERIOD, "duration")
    return {"namespace": namespace, "prefix": prefixes.get(namespace, ""), "elements": elements}
