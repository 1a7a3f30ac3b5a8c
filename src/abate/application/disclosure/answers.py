"""What of each framework a year answers, by what, and what is open."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from abate.adapters.store.workspace import Workspace
from abate.application.disclosure.breakdowns import (
    Line,
    apart_values,
    base_year_values,
    energy_lines,
    gas_lines,
    waste_lines,
    waste_values,
)
from abate.application.disclosure.indicators import IndicatorValue, indicator_values
from abate.application.disclosure.narratives import narratives
from abate.application.disclosure.neutrality import credits_of
from abate.application.inventory.figures import Value, years
from abate.application.inventory.open_run import OpenRun, open_run
from abate.disclosure.datapoints import ANSWERED, OPEN, PARTLY, Answer, Datapoint, datapoints
from abate.disclosure.narrative import Narrative
from abate.disclosure.numbers import measured
from abate.kernel.edges import Model
from abate.kernel.errors import NotFoundError
from abate.kernel.languages import translate

Key = tuple[str, str]
ANCHORS = {"measures": "levers", "credits": "neutrality", "carbon-price": "strategy"}
"""Chapters in which parts stand that are no chapter of their own."""
NOT_KEPT = "Abate does not compute it; write a text"


def framework_answers(
    opened: OpenRun, lang: str, values: Mapping[str, list[IndicatorValue]] | None = None
) -> list[Answer]:
    """What answers each datapoint in a year, or why nothing does.

    Indicators answer first, then breakdowns, then parts of the report, then texts of the
    organisation.

    Args:
        opened: The run of the year.
        lang: Language in which titles are told.
        values: Indicators, where they were computed already.
    """
    told = values or indicator_values(opened.workspace, [opened.year])
    by_indicator = {
        ref: v[-1] for v in told.values() for ref in v[-1].indicator.references if ref[0] != "SDG"
    }
    partial = {ref: v[-1] for v in told.values() for ref in v[-1].indicator.partly}
    texts = {ref: n for n in narratives(opened.workspace, lang) for ref in n.answers}
    lines = {ref: x for x in energy_lines(opened) for ref in x.answers}
    gases, waste = gas_lines(opened), waste_lines(opened)
    masses = apart_values(gases) | waste_values(waste)
    parts = _parts(opened, bool(gases), bool(waste))
    scope3_5 = opened.values(["scope3-5"])[0]
    return [
        _numbered(by_indicator.get(key), lang, d)
        or _lined(lines.get(key), d)
        or _massed(key, masses, d, scope3_5)
        or _shown(d, parts)
        or _written(texts.get(key), d)
        or _numbered(partial.get(key), lang, d, in_part=True)
        or Answer(d, OPEN, why=_open(key, by_indicator, lines))
        for key, d in datapoints().items()
    ]


def answers_of_year(
    workspace: Workspace, year: str, lang: str = "en", framework: str = ""
) -> list[Answer]:
    """What answers each datapoint of a framework in a year.

    Args:
        workspace: The workspace.
        year: Fiscal year that was valued; the latest where none is named.
        lang: Language in which titles are told.
        framework: Such as `ESRS E1`; all where none is named.

    Raises:
        NotFoundError: `unknown-framework`, `no-run`.
    """
    known = dict.fromkeys(f for f, _ in datapoints())
    if framework and framework not in known:
        raise NotFoundError(
            "unknown-framework", f"No framework '{framework}'.", f"There are: {', '.join(known)}."
        )
    with open_run(workspace, year.upper() or max(years(workspace), default="")) as opened:
        told = framework_answers(opened, lang)
    return [a for a in told if framework in ("", a.datapoint.framework)]


def _numbered(
    value: IndicatorValue | None, lang: str, d: Datapoint, *, in_part: bool = False
) -> Answer | None:
    if value is None or value.value is None:
        return None
    one = value.indicator
    title = translate(one.title, lang)
    told = measured(Fraction(value.value), value.unit)
    why = value.lacking
    if in_part:
        why = "; ".join(x for x in (translate(one.note, lang), why) if x)
    return Answer(d, PARTLY if why else ANSWERED, title, told, why, f"i-{one.id}")


def _lined(line: Line | None, d: Datapoint) -> Answer | None:
    if line is None or line.value is None:
        return None
    told = measured(Fraction(line.value), line.unit)
    return Answer(d, ANSWERED, line.title, told, "", "energy-sources")


def _massed(
    key: Key, masses: Mapping[Key, float | None], d: Datapoint, whole: Value
) -> Answer | None:
    value = masses.get(key)
    if value is None:
        return None
    is_waste = key[0] == "ESRS E5" or key[1].startswith("306")
    lacks = is_waste and not whole.is_whole
    part = "waste" if is_waste else "gases"
    told = measured(Fraction(value), "t")
    title = "Waste" if is_waste else "Emissions by gas"
    return Answer(
        d, PARTLY if lacks else ANSWERED, title, told, whole.lacking if lacks else "", part
    )


def _shown(d: Datapoint, parts: Mapping[str, str]) -> Answer | None:
    title = parts.get(d.shown_in)
    link = ANCHORS.get(d.shown_in, d.shown_in)
    return None if title is None else Answer(d, ANSWERED, title, "", "", link)


def _written(text: Narrative | None, d: Datapoint) -> Answer | None:
    if text is None:
        return None
    is_final = text.status == "approved"
    return Answer(
        d,
        ANSWERED if is_final else PARTLY,
        text.title,
        "",
        "" if is_final else "the text is not approved",
        text.anchor,
    )


def _open(key: Key, numbers: Mapping[Key, IndicatorValue], lines: Mapping[Key, Line]) -> str:
    if key in numbers:
        value = numbers[key]
        return f"no value: {', '.join(value.missing) or value.status}"
    if key in lines:
        return f"no value: {lines[key].why}"
    return "no value: no rows" if key in apart_values([]) else NOT_KEPT


def _parts(opened: OpenRun, has_gases: bool, has_waste: bool) -> Model:
    """Parts of the report that there are in this year, with their titles."""
    workspace = opened.workspace
    found = {v.figure: v for v in opened.values(["scope3", "gross", "scope2-market"])}
    retired = bool(credits_of(workspace, opened.year).retired)
    there = {
        "about": ("About this report", True),
        "inventory": ("Inventory", found["gross"].value is not None),
        "value-chain": ("Scope 3 by category", found["scope3"].value is not None),
        "ranges": ("Uncertainty and data quality", found["scope3"].value is not None),
        "methods": ("Methods", True),
        "factors": ("Factors used", True),
        "indicators": ("Indicators over three years", True),
        "instruments": ("Instruments", bool(_instruments(opened))),
        "targets": ("Targets", bool(workspace.targets)),
        "measures": ("Measures, cheapest first", bool(workspace.measures)),
        "neutrality": ("Reduce, remove, offset", retired),
        "credits": ("Credits retired", retired),
        "carbon-price": ("Internal carbon price", bool(workspace.finance.carbon_price_basis)),
        "base-year": ("Base year", bool(base_year_values(opened, ["gross"])[0])),
        "gases": ("Emissions by gas", has_gases),
        "waste": ("Waste", has_waste),
    }
    return {name: title for name, (title, is_there) in there.items() if is_there}


def _instruments(opened: OpenRun) -> int:
    rows = opened.con.execute(
        "select count(*) from run_resolutions where instrument <> ''"
    ).fetchone()
    return int(rows[0]) if rows else 0
