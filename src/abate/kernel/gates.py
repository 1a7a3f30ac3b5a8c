"""Gates that published factor tables pass on their way in.

What is wrong with them is found before it is used.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from abate.kernel.errors import UsageError
from abate.kernel.factor import BIOGENIC_CO2
from abate.kernel.finding import Finding, Rule, Severity
from abate.kernel.species import NON_KYOTO, UNSPECIFIED
from abate.kernel.units import quantity

EMPTY = Rule(
    "empty-cell",
    Severity.INFO,
    "No number is printed",
    "Nothing to do: the factor is left out.",
    600,
)
TEXT = Rule(
    "text-in-number",
    Severity.WARNING,
    "A number is written as text",
    "Compare the cell with the publication.",
    601,
)
NOT_A_FACTOR = Rule(
    "unit-does-not-fit",
    Severity.WARNING,
    "Unit is not an emission per activity",
    "Left out: the row states something else, or its unit is wrong.",
    602,
)
NEGATIVE = Rule(
    "negative-factor",
    Severity.BLOCKER,
    "Factor below zero",
    "Left out; check the publication.",
    603,
)
SUM = Rule(
    "gases-do-not-add-up",
    Severity.BLOCKER,
    "Gases do not add up to the printed CO2e",
    "Left out; check the publication, or let it in with --accept gases-do-not-add-up.",
    604,
)
JUMP = Rule(
    "edition-jump",
    Severity.WARNING,
    "More than a third up or down from the edition before",
    "They count: a publisher's own new edition replaces the old one. Read why it changed before you"
    " compare years.",
    605,
)
YEAR = Rule(
    "swapped-year",
    Severity.BLOCKER,
    "Years in the file disagree",
    "Nothing was stored: this may be another edition than its name says.",
    606,
)
TWICE = Rule(
    "factor-stands-twice",
    Severity.BLOCKER,
    "Two values for one factor",
    "Left out; keep the right row.",
    607,
)
UNCHECKED = Rule(
    "factor-not-checked",
    Severity.WARNING,
    "Row not checked against its publication",
    "Compare it with the publication before you file a figure.",
    608,
)
GWP_DIFFERS = Rule(
    "gwp-differs",
    Severity.BLOCKER,
    "GWP differs from the one in use",
    "Left out; check the assessment report.",
    609,
)
NOT_USED = Rule(
    "section-not-used",
    Severity.INFO,
    "Rows that no method looks up",
    "Nothing to do; the reason says where their emissions are counted instead.",
    610,
)
MISPRINT = Rule(
    "known-misprint",
    Severity.WARNING,
    "Row that the publisher is known to have printed wrong",
    "Left out; import the publisher's corrected edition.",
    611,
)
GATES = (
    EMPTY,
    TEXT,
    NOT_A_FACTOR,
    NEGATIVE,
    SUM,
    JUMP,
    YEAR,
    TWICE,
    UNCHECKED,
    GWP_DIFFERS,
    NOT_USED,
    MISPRINT,
)

JUMP_RATIO = 4 / 3
JUMPS_SHOWN = 5
SUM_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Line:
    """One printed number of a publication.

    Args:
        factor_id: Factor it belongs to.
        key: The same across editions.
        kind: Kind of need it answers.
        item: What is consumed.
        region: Region it was made for.
        data_year: Year of the data.
        basis: `direct`, `upstream` or `life-cycle`.
        species: Species, `property`, or the printed total `co2e`.
        text: The cell as it stands.
        unit: Unit of the number.
        divisor: What the number is divided by to give the species' mass: a GWP where CO2e of a gas
            is printed.
        table: Table, sheet or section of the publication.
        row: Row in the file.
        note: Anything a reader should know.
        verification: `checked`, `secondary` or `recalled`.
        published_on: Day of publication, where the file holds several publications.
        edition: Edition, likewise.
        reach: As in a factor; so `for_year`, `per`, `evidence`, `ages` and `gwp_set`.
        publication: Title and publisher, where the file holds several.
        licence: Licence, likewise.
    """

    factor_id: str
    key: str
    kind: str
    item: str
    region: str
    data_year: int | None
    basis: str
    species: str
    text: str
    unit: str
    table: str
    row: int
    divisor: float = 1.0
    note: str = ""
    verification: str = "checked"
    published_on: date | None = None
    edition: str = ""
    reach: str = "within"
    for_year: int | None = None
    per: str = ""
    evidence: str = ""
    gwp_set: str = ""
    publication: str = ""
    licence: str = ""
    ages: bool = False


@dataclass(slots=True)
class FactorEdition:
    """A publisher's file as read.

    Args:
        publisher: Short name.
        title: Title of the publication.
        edition: Edition.
        published_on: Day of publication.
        licence: Licence.
        gwp_set: Set of its CO2e numbers.
        lines: Printed numbers.
        years: Years that the file states of itself, by place.
        reference: Printed CO2e per factor key from a sister file, to compare sums with.
        unused: Rows that no method looks up, by section and reason.
    """

    publisher: str
    title: str
    edition: str
    published_on: date
    licence: str
    gwp_set: str
    lines: list[Line]
    years: dict[str, int] = field(default_factory=dict)
    reference: dict[str, float] = field(default_factory=dict)
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)


def pass_gates(
    publication: FactorEdition,
    previous: Iterable[Line],
    accept: frozenset[str],
    gwp: dict[str, float],
    file: str,
) -> tuple[list[Line], list[Finding]]:
    """Lines that pass, cleaned of text in numbers, and what was found.

    Args:
        publication: As read.
        previous: Lines of the edition before.
        accept: Codes of gates that let pass.
        gwp: GWP of each species in the publication's own set.
        file: Name of the file, for the findings.
    """
    findings: list[Finding] = []
    years = {y for y in publication.years.values() if y}
    if len(years) > 1 and YEAR.code not in accept:
        told = ", ".join(
            f"{place} says {year}" for place, year in sorted(publication.years.items())
        )
        return [], [Finding.of(YEAR, f"{told}.", file=file)]
    empty: Counter[str] = Counter()
    numbers = [
        n for line in publication.lines if (n := _number(line, findings, file, empty)) is not None
    ]
    fine = [line for line in numbers if _fits(line, findings, file)]
    refused = _twice(fine, findings, file) | _sums(fine, publication, gwp, findings, file)
    let_in = {f.code for f in findings} & accept
    kept = [
        line
        for line in fine
        if not {code for code, fid in refused if fid == line.factor_id} - let_in
    ]
    findings = [replace(f, severity=Severity.WARNING) if f.code in accept else f for f in findings]
    for verification in {line.verification for line in kept} - {"checked"}:
        count = sum(line.verification == verification for line in kept)
        if verification == "recalled":
            findings.append(
                Finding.of(
                    UNCHECKED, f"Rows that are {verification}, not checked: {count}.", file=file
                )
            )
    jumps = _jumps(kept, previous, publication, gwp, file)
    for section, count in sorted(empty.items()):
        findings.append(Finding.of(EMPTY, f"{section}: empty cells: {count}.", file=file))
    for (section, reason), count in sorted(publication.unused.items()):
        rule = MISPRINT if reason.startswith(MISPRINTED) else NOT_USED
        findings.append(
            Finding.of(rule, f"{section}: rows not used: {count}; {reason}.", file=file)
        )
    return kept, sorted([*jumps, *findings], key=lambda f: list(Severity).index(f.severity))


MISPRINTED = "printed wrong"
APART = (BIOGENIC_CO2, NON_KYOTO)
"""Species that a printed total does not hold."""


def section_of(line: Line) -> str:
    """Section of the publication in which a number stands."""
    return line.table.removeprefix("Factors by Category: ").split(" / ")[0]


def _number(line: Line, findings: list[Finding], file: str, empty: Counter[str]) -> Line | None:
    """The line with a clean number, or None where there is none."""
    text = line.text.strip()
    if text in ("", "NA", "N/A", "n/a", "-", "–"):
        empty[section_of(line)] += 1
        return None
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        findings.append(
            Finding.of(
                TEXT,
                f"{line.factor_id}: '{line.text}' is not a number; left out.",
                file=file,
                row=line.row,
            )
        )
        return None
    if text != line.text or "," in text:
        findings.append(
            Finding.of(
                TEXT,
                f"{line.factor_id}: '{line.text}' is read as {value:g}.",
                file=file,
                row=line.row,
            )
        )
    if value < 0 and line.species != UNSPECIFIED:
        findings.append(
            Finding.of(
                NEGATIVE, f"{line.factor_id} {line.species} is {value:g}.", file=file, row=line.row
            )
        )
        return None
    clean = text.replace(",", "")
    return replace(
        line, text=clean if line.divisor == 1 else f"{value / line.divisor:.15g}", divisor=1.0
    )


def _fits(line: Line, findings: list[Finding], file: str) -> bool:
    """Whether the unit is a mass per something, or a property."""
    try:
        amount = quantity(1, line.unit)
    except UsageError:
        amount = None
    if amount is None or (
        line.species != "property" and amount.dimensionality.get("[mass]", 0) not in (0, 1)
    ):
        text = f"{line.factor_id}: '{line.unit}' is not an emission per activity."
        findings.append(Finding.of(NOT_A_FACTOR, text, file=file, row=line.row))
        return False
    return True


def _twice(lines: Sequence[Line], findings: list[Finding], file: str) -> set[tuple[str, str]]:
    seen: dict[tuple[str, str], Line] = {}
    refused = set()
    for line in lines:
        first = seen.setdefault((line.factor_id, line.species), line)
        if first is not line:
            text = (
                f"{line.factor_id} {line.species}: {first.text} in row {first.row}, {line.text} in"
                f" row {line.row}."
            )
            findings.append(Finding.of(TWICE, text, file=file, row=line.row))
            refused.add((TWICE.code, line.factor_id))
    return refused


def co2e(lines: Iterable[Line], gwp: dict[str, float]) -> dict[str, float]:
    """CO2e per factor key from its gases, or as printed where there are none."""
    sums: dict[str, float] = {}
    printed: dict[str, float] = {}
    for line in lines:
        if line.species in ("co2e", UNSPECIFIED):
            printed[line.key] = float(line.text)
        elif line.species in gwp and line.species not in APART:
            sums[line.key] = sums.get(line.key, 0.0) + float(line.text) * gwp[line.species] * _kg(
                line.unit
            )
    return printed | sums


def _kg(unit: str) -> float:
    return 0.001 if unit.startswith("g/") else 1.0


def _sums(
    lines: Sequence[Line],
    publication: FactorEdition,
    gwp: dict[str, float],
    findings: list[Finding],
    file: str,
) -> set[tuple[str, str]]:
    """Factors whose gases differ from the printed CO2e by more than rounding."""
    printed = publication.reference | {
        line.key: float(line.text) for line in lines if line.species == "co2e"
    }
    sums: dict[str, float] = {}
    first: dict[str, Line] = {}
    for line in lines:
        if line.species in gwp and line.species not in APART and line.key in printed:
            sums[line.key] = sums.get(line.key, 0.0) + float(line.text) * gwp[line.species]
            first.setdefault(line.key, line)
    refused = set()
    for key, total in sums.items():
        rounding = 0.5 * 10 ** -_decimals(printed[key]) * 4 + 2e-5
        if abs(total - printed[key]) > max(SUM_TOLERANCE * abs(printed[key]), rounding):
            line = first[key]
            text = (
                f"{line.factor_id}: gases give {total:.6g}, printed is {printed[key]:.6g} kg CO2e."
            )
            findings.append(Finding.of(SUM, text, file=file, row=line.row))
            refused.add((SUM.code, line.factor_id))
    return refused


def _decimals(value: float) -> int:
    text = f"{value:.5f}".rstrip("0")
    return len(text.split(".")[1]) if "." in text else 0


def _jumps(
    lines: Sequence[Line],
    previous: Iterable[Line],
    publication: FactorEdition,
    gwp: dict[str, float],
    file: str,
) -> list[Finding]:
    """Per section, the factors whose CO2e left the corridor around the edition before, the farthest first."""
    before, after = co2e(previous, gwp), co2e(lines, gwp)
    first = {line.key: line for line in reversed(lines)}
    changed: dict[str, list[tuple[float, str, Line]]] = defaultdict(list)
    for key, value in after.items():
        old = before.get(key, 0.0)
        if old > 0 and value > 0 and not 1 / JUMP_RATIO <= value / old <= JUMP_RATIO:
            line, change = first[key], (value / old - 1) * 100
            told = (
                f"{line.factor_id}: {old:.4g} before, {value:.4g} in {publication.edition}"
                f" ({change:+.0f} %)"
            )
            changed[section_of(line)].append((-abs(change), told, line))
    findings = []
    for section, some in sorted(changed.items()):
        listed = "; ".join(told for _, told, _ in sorted(some, key=lambda c: c[:2])[:JUMPS_SHOWN])
        text = f"{section}: changed by more than a third: {len(some)}, the most: {listed}."
        findings.append(
            Finding.of(JUMP, text, file=file, row=min(some, key=lambda c: c[:2])[2].row)
        )
    return findings
