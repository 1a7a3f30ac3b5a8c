"""How well statements of texts are read: precision and recall of value, unit, metric, entity and period."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from abate.disclosure.claims.documents import (
    Document,
    of_html,
    of_lines,
    of_markdown,
    read_document,
)
from abate.disclosure.claims.extracting import FIELDS, Extract
from abate.disclosure.claims.quantities import simplified
from abate.disclosure.claims.statement import Statement, entity_key, unit_of

SCALES = {"万": 1e4, "亿": 1e8, "million": 1e6, "billion": 1e9}
LEGAL = re.compile(
    r"\b(?:inc|ltd|plc|ag|gmbh|se|as|group|corporation|corp|co|kg|holdings?|limited|the)\b|股份有限公司|有限公司|集团"
)
SAME_METRIC = {
    "emissions_intensity": "intensity", "reduction": "emissions", "scope3plus_reduction": "avoided", "energy_saved": "energy", "water_saved": "water",
    "packaging_reduced": "packaging", "reduction_scope1_2": "scope1_2", "total_market": "total", "total_location": "total",
}  # fmt: skip
"""Names that count as one: a reader may say that the boundary of an intensity is open, the nature says that a number is a saving."""


@dataclass
class Score:
    """Counts over texts."""

    certain: int = 0
    right: int = 0
    wanted: int = 0
    found: int = 0
    partly: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        by = ", ".join(f"{f} {self.fields[f] / max(self.certain, 1):.3f}" for f in FIELDS)
        return (
            f"{self.certain} read as certain, {self.right} right in all five fields: precision {self.right / max(self.certain, 1):.3f};"
            f" of {self.wanted} listed {self.found}: recall {self.found / max(self.wanted, 1):.3f}; {self.partly} in part; by field {by}"
        )


def read_text(path: Path) -> Extract:
    """The statements of one text."""
    text = path.read_text(encoding="utf-8")
    document: Document = {".html": of_html, ".md": of_markdown}.get(path.suffix, of_lines)(text)
    return read_document(document, path.name, {})


def unit(text: str) -> tuple[float, str]:
    """Scale and canonical unit of a unit of the truth."""
    special = {
        "%": (0.01, "share"),
        "pp": (0.01, "points"),
        "ratio": (1.0, "ratio"),
        "count": (1.0, "count"),
        "year": (1.0, "year"),
    }
    if text in special:
        return special[text]
    text = text.replace("萬", "万").replace("億", "亿").replace("度", "kWh")
    found = re.fullmatch(r"(万|亿|million|billion) ([^/]+)", text)
    scale, bare = (SCALES[found.group(1)], found.group(2)) if found else (1.0, text)
    volumes = {"L": 1e-3, "ML": 1e3, "hL": 0.1, "GJ": 1000 / 3.6, "TJ": 1e6 / 3.6}
    if bare in volumes:
        return scale * volumes[bare], "kWh" if bare.endswith("J") else "m3"
    if "/" in bare:
        return scale, bare
    factor, name, _, _ = unit_of(bare)
    return scale * factor, name


def metric(name: str) -> str:
    bare = re.sub(r"^reduction_(?=scope|waste|total|biogenic)", "", name)
    bare = re.sub(r"^(scope\w*)_share$", r"\1", bare)
    return SAME_METRIC.get(bare, bare)


def entity(one: str, other: str) -> bool:
    a, b = (LEGAL.sub("", simplified(entity_key(x))).strip() for x in (one, other))
    alike = all((w in a) == (w in b) for w in ("customers", "suppliers"))
    return a == b or bool(alike and a and b and (a in b or b in a))


def agrees(truth: Mapping[str, str], s: Statement) -> dict[str, bool]:
    """Which of the five fields of a statement are as the truth has them."""
    scale, name = unit(truth["unit"])
    wanted = float(truth["value"]) * scale
    ends = [float(t) * s.scale for t in (s.text, s.high) if t]
    if "/" in truth["unit"] and abs(abs(float(s.text)) - abs(float(truth["value"]))) < 1e-9:
        ends = [wanted]  # a quotient is compared as it is printed
    close = [e for e in ends if abs(abs(e) - abs(wanted)) <= 0.004 * abs(wanted) + 1e-12]
    years = re.findall(r"\d{4}", truth["period"])
    loose = [{name, s.unit} <= same for same in ({"count", "ratio", ""}, {"share", "points"})]
    return {
        "value": bool(close) and ((wanted >= 0) == (close[0] >= 0)),
        "unit": name == s.unit or any(loose) or ("/" in name and "/" in s.unit),
        "metric": metric(truth["metric"]) == metric(s.metric),
        "entity": entity(truth["entity"], s.entity),
        "period": (int(years[-1]) if years else 0) == s.period.year,
    }


def score(folder: Path, names: Sequence[str] = ()) -> Score:
    """Score the texts of a folder against its `truth.csv`."""
    with (folder / "truth.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    told = Score()
    for name in sorted({r["file"] for r in rows}):
        if names and name not in names:
            continue
        wanted = [r for r in rows if r["file"] == name]
        read = read_text(folder / name)
        hit: set[int] = set()
        for s in read.statements:
            if s.nature == "date":
                continue
            told.certain += 1
            judged = [
                (sum(a.values()), k not in hit, -k, a)
                for k, r in enumerate(wanted)
                if (a := agrees(r, s))["value"] or abs_close(r, s)
            ]
            if not judged:
                told.wrong.append(
                    f"{name}: not listed: {s.entity} {s.metric} {s.period.text} {s.text} {s.unit} | {s.quote[:90]}"
                )
                continue
            _, _, minus, fields = max(judged, key=lambda j: j[:3])
            told.fields.update(f for f in FIELDS if fields[f])
            if all(fields.values()):
                told.right += 1
                hit.add(-minus)
            else:
                bad = ", ".join(f for f in FIELDS if not fields[f])
                told.wrong.append(
                    f"{name}: {bad}: {s.entity} {s.metric} {s.period.text} {s.text} {s.unit} | {wanted[-minus]['quote']}"
                )
        for k, r in enumerate(wanted):
            if k not in hit:
                near = [
                    f"{p.statement.metric}/{p.statement.period.text}/{p.statement.entity} {p.unsure}"
                    for p in read.partly
                    if abs_close(r, p.statement)
                ]
                told.missed.append(
                    f"{name}: {r['entity']} {r['metric']} {r['period']} {r['value']} {r['unit']} {r['nature']} | {r['quote']} || {near}"
                )
        told.wanted += len(wanted)
        told.found += len(hit)
        told.partly += len(read.partly)
    return told


def abs_close(truth: Mapping[str, str], s: Statement) -> bool:
    """Whether the number is the truth's but for its sign."""
    scale, _ = unit(truth["unit"])
    if s.unit == "date":
        return False
    wanted = abs(float(truth["value"]) * scale)
    return abs(abs(float(s.text) * s.scale) - wanted) <= 0.004 * wanted + 1e-12


if __name__ == "__main__":
    import sys

    told = score(Path(sys.argv[1]), sys.argv[2:])
    print("\n".join([*told.wrong, "", *told.missed]))
    print(told)
