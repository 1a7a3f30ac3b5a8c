"""What frameworks ask for, datapoint by datapoint, and what answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from abate.kernel.edges import Json
from abate.kernel.resources import package_table

ANSWERED, PARTLY, OPEN = "answered", "partly", "open"


@dataclass(frozen=True, slots=True)
class Datapoint:
    """One thing that a framework asks for.

    Args:
        framework: Such as `ESRS E1`.
        group: Disclosure that it belongs to, such as `E1-5`.
        id: Its name in the framework, such as `E1-5_03`.
        paragraph: Where in the standard.
        kind: `number` or `text`.
        shown_in: Part of the report that answers it, where one does.
        verification: Whether it was checked against the publication or recalled.
    """

    framework: str
    group: str
    id: str
    paragraph: str
    kind: str
    shown_in: str
    verification: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers a datapoint, or why nothing does.

    Args:
        datapoint: What is asked for.
        status: `answered`, `partly` or `open`.
        by: What answers it: an indicator, a part of the report, or a text of the organisation.
        value: The value, where it is a number; for people.
        why: What is missing.
        link: Place in the report.
    """

    datapoint: Datapoint
    status: str
    by: str = ""
    value: str = ""
    why: str = ""
    link: str = ""

    @property
    def json(self) -> Json:
        """As machines get it."""
        d = self.datapoint
        return {
            "framework": d.framework,
            "group": d.group,
            "datapoint": d.id,
            "paragraph": d.paragraph,
            "kind": d.kind,
            "status": self.status,
            "by": self.by or None,
            "value": self.value or None,
            "why": self.why or None,
        }


@cache
def datapoints() -> dict[tuple[str, str], Datapoint]:
    """Every datapoint by framework and id, in the order of the standards."""
    return {
        (r["framework"], r["id"]): Datapoint(**r)
        for r in package_table("abate.disclosure", "datapoints.csv")
    }


@cache
def groups() -> dict[tuple[str, str], dict[str, str]]:
    """Titles of disclosures by framework and group."""
    rows = package_table("abate.disclosure", "datapoint_groups.csv")
    return {(r["framework"], r["group"]): r for r in rows}


@cache
def fuel_sources() -> dict[str, str]:
    """Source of energy by fuel.

    `coal`, `petroleum`, `natural-gas`, `other-fossil`, `renewable`, or `mixed` where a fuel is
    partly renewable.

    Source: ESRS E1, paragraphs 37 and 38; Directive (EU) 2018/2001, article 2, for biomass.
    """
    rows = package_table("abate.disclosure", "fuel_sources.csv")
    return {r["item"]: r["source"] for r in rows}


def gap_lines(
    answers: Sequence[Answer], titles: Mapping[tuple[str, str], str]
) -> list[dict[str, str]]:
    """Disclosures of frameworks with how much of each is answered, by what, and what is open.

    Args:
        answers: One per datapoint.
        titles: Title of each disclosure, by framework and group.
    """
    lines = []
    for key, title in titles.items():
        inside = [a for a in answers if (a.datapoint.framework, a.datapoint.group) == key]
        done = [a for a in inside if a.status != OPEN]
        partly = [a.datapoint.id for a in inside if a.status == PARTLY]
        lines.append(
            {
                "framework": key[0],
                "group": key[1],
                "title": title,
                "count": f"{len(done)} / {len(inside)}",
                "by": ", ".join(dict.fromkeys(a.by for a in done)),
                "partly": ", ".join(partly),
                "open": ", ".join(_runs([a.datapoint.id for a in inside if a.status == OPEN])),
            }
        )
    return lines


def _runs(ids: Sequence[str]) -> list[str]:
    """Names that differ in their number alone, in a row, as one: `E1-9_01 … _44`.

    Example:
        >>> _runs(["E1-5_01", "E1-5_02", "E1-5_03", "E1-5_07", "29(e)"])
        ['E1-5_01 … _03', 'E1-5_07', '29(e)']
    """
    told: list[list[str]] = []
    for one in ids:
        stem, _, last = one.rpartition("_")
        before = told[-1][-1] if told else ""
        stem_before, _, last_before = before.rpartition("_")
        follows = (
            stem == stem_before
            and last.isdecimal()
            and last_before.isdecimal()
            and int(last) == int(last_before) + 1
        )
        if follows:
            told[-1].append(one)
        else:
            told.append([one])
    return [
        f"{run[0]} … _{run[-1].rpartition('_')[2]}" if len(run) > 2 else ", ".join(run)
        for run in told
    ]
