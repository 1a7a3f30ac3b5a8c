"""Mapping: which column of a file is what. Guessed from headers, shown, saved, corrected."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec import field as keys_field

from abate.adapters.readers.clock import ORDERS
from abate.adapters.readers.layouts import flow_in, is_time
from abate.adapters.readers.numerals import decimal_of, is_number, read_numbers
from abate.adapters.readers.sheets import Sheet
from abate.adapters.store.keys import Name, Word
from abate.adapters.store.schema import read_toml
from abate.adapters.store.workspace import match_key
from abate.application.catalogue import KINDS, TEMPLATES
from abate.application.inventory.supplies import FIELDS_SAID, NOT_USED, names_supply
from abate.energy.facts.readings import POWER_KW
from abate.energy.facts.words import (
    BILLED_WORDS,
    COST_WORDS,
    ISSUED_WORDS,
    PER,
    REGISTER_WORDS,
    has_word,
    names_end,
    unit_in,
)
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError
from abate.kernel.kind import Measure, Template
from abate.kernel.units import ambiguous, dimension_of, read_unit

FIELDS = tuple(
    dict.fromkeys([*FIELDS_SAID, "item", *(name for t in TEMPLATES.values() for name in t.fields)])
)


SEVERAL = "\n"
"""Between the headers of columns of amounts that are added up."""
AMOUNTS = "amounts"
"""Header of amounts of which a table says no more than their unit.

It fits any measure of one column.
"""


class MeasureKeys(Struct, frozen=True):
    """A column of amounts.

    Args:
        header: Its header.
        kind: Kind of activity that it becomes.
        unit: Unit of its amounts, where no column states it.
    """

    header: Name
    kind: Name
    unit: Word = ""


class MappingKeys(Struct, frozen=True):
    """Keys of a mapping file.

    Args:
        template: Kind of file.
        columns: Header of each field.
        measures: Columns of amounts.
        site: Site of every row, where no column names it.
        answers: What words of the file mean that leave a choice.
    """

    template: Name
    columns: dict[Name, Name]
    measures: list[MeasureKeys]
    site: Word = ""
    answers: dict[Name, Name] = keys_field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of amounts: its header, the kind it becomes, and the unit its header states."""

    header: str
    kind: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column of a file is what.

    Args:
        template: Kind of file.
        columns: Header for each field.
        measures: Columns of amounts.
        site: Site of every row, where the file names it in its title rather than in a column.
        answers: What words of the file mean that leave a choice, such as `gal`: `US gal`.
    """

    template: str
    columns: dict[str, str]
    measures: tuple[Column, ...]
    site: str = ""
    answers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Json) -> Mapping:
        """From the data of JSON or TOML."""
        measures = tuple(
            Column(m["header"], m["kind"], m.get("unit", "")) for m in data["measures"]
        )
        answers = {str(word): str(meaning) for word, meaning in data.get("answers", {}).items()}
        return cls(data["template"], dict(data["columns"]), measures, data.get("site", ""), answers)

    @property
    def json(self) -> str:
        """As one line of JSON, for the record of the import."""
        measures = [{"header": m.header, "kind": m.kind, "unit": m.unit} for m in self.measures]
        answers = {"answers": self.answers} if self.answers else {}
        return json.dumps(
            {
                "template": self.template,
                "site": self.site,
                "columns": self.columns,
                "measures": measures,
            }
            | answers,
            ensure_ascii=False,
        )

    @property
    def toml(self) -> str:
        """As a file that `--map` takes."""
        lines = [f'template = "{self.template}"']
        if self.site:
            lines.append(f"site = {json.dumps(self.site, ensure_ascii=False)}")
        lines += [
            "",
            "[columns]",
            *(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in self.columns.items()),
        ]
        for m in self.measures:
            lines += [
                "",
                "[[measures]]",
                f"header = {json.dumps(m.header, ensure_ascii=False)}",
                f'kind = "{m.kind}"',
            ]
            lines += [f"unit = {json.dumps(m.unit, ensure_ascii=False)}"] if m.unit else []
        if self.answers:
            told = [
                [json.dumps(text, ensure_ascii=False) for text in pair]
                for pair in self.answers.items()
            ]
            lines += ["", "[answers]", *(" = ".join(pair) for pair in told)]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A sheet with its mapping and the row of its headers.

    Args:
        sheet: The sheet.
        mapping: The mapping.
        header_row: Row number of the headers.
        headers: The headers as they stand.
    """

    sheet: Sheet
    mapping: Mapping
    header_row: int
    headers: list[str] = field(default_factory=list)


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        UsageError: `bad-mapping`.
    """
    keys = read_toml(path, MappingKeys, "bad-mapping", "See docs/guides/map-columns.md.")
    measures = tuple(Column(m.header, m.kind, m.unit) for m in keys.measures)
    mapping = Mapping(keys.template, dict(keys.columns), measures, keys.site, dict(keys.answers))
    if mapping.template not in TEMPLATES or set(mapping.columns) - set(FIELDS):
        odd = sorted(set(mapping.columns) - set(FIELDS)) or [mapping.template]
        raise UsageError(
            "bad-mapping", f"{path.name}: '{odd[0]}' is not known.", f"Fields: {', '.join(FIELDS)}."
        )
    return mapping


def read_answer(text: str) -> tuple[str, str]:
    """A word of a file that leaves a choice, and what it means there.

    Raises:
        UsageError: `bad-answer`.

    Example:
        >>> read_answer("gal = US gal")
        ('gal', 'US gal')
    """
    word, sign, means = text.partition("=")
    if not sign or not word.strip() or not means.strip():
        raise UsageError(
            "bad-answer", f"'{text.strip()}' is not an answer.", "Write it as 'gal=US gal'."
        )
    return word.strip(), means.strip()


def said_of_file(
    texts: Iterable[str],
    *,
    dates: str = "",
    decimal: str = "",
    unit: str = "",
    columns: Iterable[str] = (),
) -> dict[str, str]:
    """What the user says of files that leave something open, as answers to their questions.

    Args:
        texts: Words and what they mean, such as `gal=US gal`.
        dates: Which comes first in dates: `dmy`, `mdy` or `ymd`.
        decimal: The mark before the fraction.
        unit: Unit of amounts of which the file states none.
        columns: Headers of the amounts; of several the sum is taken.

    Raises:
        UsageError: `bad-answer`.
    """
    answers = dict(read_answer(text) for text in texts)
    marks = {",": "comma", ".": "point", "": ""}
    if dates not in ("", *ORDERS) or decimal not in marks:
        odd = dates if dates not in ("", *ORDERS) else decimal
        hint = "Say --dates dmy, mdy or ymd, and --decimal , or --decimal ."
        raise UsageError("bad-answer", f"'{odd}' is not an order of dates, nor a mark.", hint)
    column = SEVERAL.join(columns)
    said = {"date": dates, "decimal": marks[decimal], "unit": unit, "column": column}
    return answers | {word: meaning for word, meaning in said.items() if meaning}


def map_sheet(
    sheet: Sheet,
    *,
    file_name: str,
    names: dict[str, str],
    template: str = "",
    given: Mapping | None = None,
    column: str = "",
) -> Mapped | None:
    """Find the headers of a sheet and what they mean.

    Names of columns decide first. What they leave open is decided by what the cells are: dates,
    units, names of sites, or amounts in a unit of the kind.

    Args:
        sheet: The sheet.
        file_name: Name of its file, which may speak for a kind or a site.
        names: Folded names of sites and entities.
        template: Kind of file, where the caller knows it.
        given: Mapping to apply in place of guessing.
        column: Header of the amounts, where the user says it.

    Returns:
        The mapping, or None where no row looks like headers.

    Raises:
        UsageError: `unknown-kind`.
        DataError: `unclear-kind` where two kinds of file fit alike, `ambiguous-column` where two
            columns may hold the amounts.
    """
    if template and template not in TEMPLATES:
        raise UsageError(
            "unknown-kind", f"No kind of file '{template}'.", f"There are: {', '.join(TEMPLATES)}."
        )
    if given is not None:
        return _apply(sheet, given, names, file_name)
    best: list[tuple[int, int, Mapped]] = []
    for place, (row_number, cells) in enumerate(sheet.head):
        if sum(bool(c) for c in cells) < 2 or not _may_be_headers(cells):
            continue
        near = " ".join([sheet.name, *(c for _, above in sheet.head[:place] for c in above)])
        head = Head(
            cells,
            [row for _, row in sheet.head[place + 1 :]],
            near,
            file_name,
            names,
            template,
            column,
        )
        for one in [TEMPLATES[template]] if template else TEMPLATES.values():
            if not template and _spoken_against(one, f"{file_name} {near} {' '.join(cells)}"):
                continue
            guess = _guess(one, head)
            if guess is not None:
                best.append((guess[0], -place, Mapped(sheet, guess[1], row_number, cells)))
    if not best:
        return None
    best.sort(key=lambda b: b[:2], reverse=True)
    if len(best) > 1 and best[0][:2] == best[1][:2]:
        choices = f"'{best[0][2].mapping.template}' or '{best[1][2].mapping.template}'"
        raise DataError(
            "unclear-kind", f"{file_name} may be {choices}.", "Say which with --as KIND."
        )
    return best[0][2] if column else _sure(best[0][2], file_name)


def _may_be_headers(cells: list[str]) -> bool:
    """Whether a row may name columns: it has words that are known, or no number and no date."""
    if not any(is_number(c) or is_time(c) for c in cells if c):
        return True
    return sum(is_header(c) for c in cells if c) > LEAST_KNOWN


LEAST_KNOWN = 2


def _sure(mapped: Mapped, file_name: str) -> Mapped:
    """A mapping of which the column of amounts is one.

    Raises:
        DataError: `ambiguous-column`.
    """
    headers = mapped.mapping.measures[0].header.split(SEVERAL)
    if len(headers) == 1:
        return mapped
    alike = len({_whole_unit(h) for h in headers}) == 1
    raise DataError(
        "ambiguous-column",
        f"{file_name}: {' and '.join(map(repr, headers))} may hold the amounts.",
        f"Say which with --column NAME{'; --column A --column B adds them up' if alike else ''}.",
    )


def signature(headers: list[str]) -> str:
    """Short hash of a row of headers, under which its mapping is saved."""
    return hashlib.sha256("\x1f".join(headers).encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Head:
    """A row that may hold headers, and what is near it.

    Args:
        cells: Its cells.
        body: Cells of the first rows below.
        near: Name of the sheet, and the text above.
        file_name: Name of the file.
        names: Folded names of sites and entities.
        template: Kind of file, where the caller knows it.
        column: Header of the amounts, where the user says it.
    """

    cells: list[str]
    body: list[list[str]]
    near: str
    file_name: str
    names: dict[str, str]
    template: str = ""
    column: str = ""

    @property
    def said(self) -> str:
        """Words of the table and near it."""
        return _spaced(f"{self.near} {' '.join(self.cells)}")

    @property
    def said_of_file(self) -> str:
        """Those, and the name of the file."""
        return f"{_spaced(self.file_name)} {self.said}"

    @property
    def timed(self) -> bool:
        """Whether the rows below name times of day."""
        return any(re.search(r"\d[ T]\d{1,2}:\d\d", c) for row in self.body[:3] for c in row)

    def below(self, header: str) -> list[str]:
        """Cells below a header that hold anything."""
        k = self.cells.index(header.split(SEVERAL, maxsplit=1)[0])
        return [row[k] for row in self.body if k < len(row) and row[k]]


def _guess(template: Template, head: Head) -> tuple[int, Mapping] | None:
    """Score and mapping of a template for a row of headers, or None where it cannot be.

    A word in the sheet's name, title or headers weighs more than one in the name of the file, which
    has many sheets.
    """
    cells, near, file_name, names = head.cells, head.near, head.file_name, head.names
    words = {_header(c)[0]: c for c in reversed(cells) if c}
    columns = _places(template, words, head)
    for name, aliases in {**FIELDS_SAID, **template.fields}.items():
        if name in columns:
            continue
        every = (*template.fields.get(name, ()), *FIELDS_SAID.get(name, ()))
        header = next(
            (words[a] for a in every or aliases if a in words and words[a] not in columns.values()),
            None,
        )
        odd = name == "unit" and header and any(is_number(c) for c in head.below(header)[:5])
        if header and header != head.column and not odd:
            columns[name] = header
    measures: tuple[Column, ...] = ()
    for one in template.measures:
        found = _measure(one, cells, columns, {m.header for m in measures}, template.alternatives)
        measures += (found,) if found else ()
    said = _said(template, head)
    if (said or head.template) and not any(is_number(c) or is_time(c) for c in cells):
        columns |= by_content(template, head, columns, {m.header for m in measures})
    if said or head.template or measures:
        measures = _amounts(template, head, columns, measures)
    if not measures:
        return None
    site = "" if "site" in columns else _site_in(f"{file_name} {near}", names)
    there = (
        set(columns)
        | ({"site"} if site else set())
        | ({"period"} if "period_start" in columns else set())
    )
    there |= {"item"} if any(measure_of(template, m, columns).item for m in measures) else set()
    if set(template.required) - there:
        return None
    own = list(template.example[0]) == [c.strip().casefold() for c in cells if c]
    score = len(columns) + 2 * len(measures) + said + 100 * own
    return score, Mapping(template.id, columns, measures, site)


def _said(template: Template, head: Head) -> int:
    """How much the words of a file speak for a template; those near its table count twice."""
    score = 0
    for weight, text in ((2, head.said), (1, head.said_of_file)):
        score += weight * sum(word in text for word in _words(template.id))
        score += weight * names_supply(template.id, text)
    return score


@cache
def _words(template: str) -> tuple[str, ...]:
    """Words that speak for a template."""
    return tuple(_spaced(w) for w in (template, *TEMPLATES[template].words))


def _spoken_against(template: Template, text: str) -> bool:
    """Whether a file's words name something else than a template, and nothing of it."""
    said = _spaced(text)
    other = any(re.search(rf"(?<![^\W\d_]){word}(?![^\W\d_])", said) for word in template.unless)
    return other and not any(_spaced(word) in said for word in (template.id, *template.words))


def _places(template: Template, words: dict[str, str], head: Head) -> dict[str, str]:
    """Columns of two places, such as 'From' and 'To' of a flight.

    Where their first row holds no dates.
    """
    found: dict[str, str] = {}
    for measure in (m for m in template.measures if m.between):
        headers = [
            next((words[a] for a in template.fields[name] if a in words), "")
            for name in measure.between
        ]
        if all(headers) and not any(
            re.search(r"\d{1,4}[-./年]\d|^\d+$", (head.below(h) or [""])[0]) for h in headers
        ):
            found |= dict(zip(measure.between, headers, strict=True))
    return found


@lru_cache(4096)
def _spaced(text: str) -> str:
    return text.lower().replace("-", " ").replace("_", " ")


def _measure(
    measure: Measure, cells: list[str], columns: dict[str, str], taken: set[str], alternatives: bool
) -> Column | None:
    """The column of a measure, where the file has it and what must multiply or divide it."""
    if not _can_be(measure, columns):
        return None
    if measure.between:
        return Column(columns[measure.between[0]], measure.kind, measure.unit)
    any_amount = (AMOUNTS,) if not (measure.readings or measure.times or measure.unit) else ()
    for alias in (*measure.headers, *any_amount):
        for cell in cells:
            plain, _ = _header(cell)
            if cell and plain == alias and cell not in taken and cell not in columns.values():
                return Column(
                    cell, measure.kind, _unit_of(measure, cell, columns, alternatives=alternatives)
                )
    return None


def by_content(
    template: Template, head: Head, columns: dict[str, str], taken: set[str]
) -> dict[str, str]:
    """Columns that no header names, by what their cells are: dates, names of sites, items, units.

    A column of dates that says when a bill was written is no period.
    """
    known = {"", head.column, *columns.values(), *taken}
    below = {h: head.below(h) for h in head.cells if h not in known}
    free = {h: cells for h, cells in below.items() if cells}
    found: dict[str, str] = {}
    if not {"period", "period_start"} & set(columns):
        dated = [
            h
            for h, cells in free.items()
            if all(is_time(c) for c in cells) and not has_word(h, (*ISSUED_WORDS, *BILLED_WORDS))
        ]
        ends = [h for h in dated if names_end(h)]
        starts = [h for h in dated if h not in ends]
        if len(starts) == len(ends) == 1:
            found |= {"period_start": starts[0], "period_end": ends[0]}
        elif len(dated) == 1:
            found["period"] = dated[0]
    if "site" not in columns:
        sites = [h for h, cells in free.items() if all(match_key(c) in head.names for c in cells)]
        found |= {"site": sites[0]} if len(sites) == 1 else {}
    if "item" not in columns and "item" in template.required:
        kind = KINDS[template.measures[0].kind]
        named = kind.item_named if kind.items and not kind.open else lambda _: None
        items = [h for h, cells in free.items() if all(named(c) for c in cells)]
        found |= {"item": items[0]} if len(items) == 1 else {}
    if "unit" not in columns:
        units = [
            h
            for h, cells in free.items()
            if h not in found.values() and all(_is_unit(c) and c not in NO_UNITS for c in cells)
        ]
        found |= {"unit": units[0]} if len(units) == 1 else {}
    return found


def _amounts(
    template: Template, head: Head, columns: dict[str, str], measures: tuple[Column, ...]
) -> tuple[Column, ...]:
    """Columns of amounts, with those that only their unit gives away.

    Of several in a unit of the kind one must be the sum of the others; otherwise they are all named
    in one header with line breaks between them, and are asked about.
    """
    alone = (
        m for m in template.measures if not (m.times or m.over or m.between or m.readings or m.unit)
    )
    plain = next(alone, None)
    if plain is None or template.alternatives:
        return measures
    if head.column:
        wanted = head.column.split(SEVERAL)
        chosen = [h for h in head.cells if any(same_header(h, w) for w in wanted)]
        if len(chosen) < len(wanted):
            return measures
        if len({_whole_unit(h) for h in chosen}) > 1:
            text = f"{' and '.join(map(repr, chosen))} are in different units."
            raise UsageError("mixed-units", text, "Name one of them with --column.")
        unit = _whole_unit(chosen[0]) or _unit_of(plain, chosen[0], columns, alternatives=False)
        return (Column(SEVERAL.join(chosen), plain.kind, unit),)
    named = [m for m in measures if m.kind == plain.kind and not _counts(template, m, columns)]
    if measures and not named:
        return measures
    others = _others(head, KINDS[plain.kind].dimensions, columns, measures)
    every = [*(m.header for m in named), *others]
    if len(every) <= 1:
        single = tuple(Column(h, plain.kind, _whole_unit(h)) for h in others)
        return measures if named else (*measures, *single)
    total = _total_of(head, every) or SEVERAL.join(every)
    rest = tuple(m for m in measures if m not in named)
    unit = next((m.unit for m in named if m.header == total), _whole_unit(total))
    return (*rest, Column(total, plain.kind, unit))


def _others(
    head: Head,
    dimensions: tuple[str, ...],
    columns: dict[str, str],
    measures: tuple[Column, ...],
) -> list[str]:
    """Headers without a meaning yet that state a unit of some dimensions, with numbers below."""
    return [
        h
        for h in head.cells
        if h
        and h not in columns.values()
        and h not in {m.header for m in measures}
        and _is_amount(h, dimensions, timed=head.timed)
        and any(is_number(c) for c in head.below(h))
    ]


def _counts(template: Template, column: Column, columns: Collection[str]) -> bool:
    """Whether a column holds readings of a counter."""
    return measure_of(template, column, columns).readings


def _whole_unit(header: str) -> str:
    """The unit that a header states, or is."""
    return header.strip() if _is_unit(header.strip()) else header_unit(header) or unit_in(header)


def _is_amount(header: str, dimensions: tuple[str, ...], *, timed: bool) -> bool:
    """Whether a header of any words states a unit of some dimensions, of an amount that was used.

    Mean power by the hour is one, too. Not of a rate, a reading, money, what was fed in or planned.
    """
    unit = read_unit(_whole_unit(header))
    allowed = (*dimensions, "energy") if "energy-net" in dimensions else dimensions
    power = timed and "energy" in allowed and _whole_unit(header).lower() in POWER_KW
    if not power and (unit is None or dimension_of(unit.canonical) not in allowed):
        return False
    beside = (*REGISTER_WORDS, *COST_WORDS, *NOT_USED)
    return not (
        PER.search(header)
        or has_word(header, beside)
        or flow_in(header) in ("export", "generation", "forecast", "temperature")
    )


def _total_of(head: Head, headers: list[str]) -> str | None:
    """The column that is the sum of the others in every row shown, or None."""
    rows = []
    places = [head.cells.index(h) for h in headers]
    for row in head.body:
        cells = [row[k] if k < len(row) else "" for k in places]
        if all(is_number(c) for c in cells if c) and any(cells):
            rows.append(cells)
    if not rows:
        return None
    try:
        mark = decimal_of([c for row in rows for c in row if c], head.file_name)
    except DataError:
        mark = "."
    values = np.nan_to_num([read_numbers(row, mark)[0] for row in rows])
    whole = values.sum(axis=1)
    for k, header in enumerate(headers):
        near = np.abs(whole - 2 * values[:, k]) <= 0.02 + 1e-6 * np.abs(whole)
        if near.all() and values[:, k].any():
            return header
    return None


def same_header(one: str, other: str) -> bool:
    """Whether two headers are the same but for case and blanks."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _can_be(measure: Measure, columns: Collection[str]) -> bool:
    """Whether a file has the columns that must multiply or divide a measure."""
    needed = (*measure.times, *measure.over, *measure.between)
    return all(name in columns for name in needed if not name.endswith("?"))


def _unit_of(measure: Measure, cell: str, columns: dict[str, str], *, alternatives: bool) -> str:
    """Unit of a column of amounts.

    That of its header, none where a column of units says it, else the usual one.
    """
    if measure.amount or (measure.times and measure.unit and not (measure.by_unit or alternatives)):
        return measure.unit
    column = "unit" in columns and not (alternatives and measure.unit)
    return header_unit(cell) or ("" if column else measure.unit)


def header_unit(cell: str) -> str:
    """The unit that a header states: in brackets behind its name, or by its last word.

    Example:
        >>> header_unit("Usage (CCF)"), header_unit("mileage miles"), header_unit("litres"), header_unit("quantity")
        ('CCF', 'miles', 'litres', '')
    """
    plain, unit = _header(cell)
    words = cell.strip().split()
    return unit or next(
        (w for w in (plain, words[-1] if words else "") if w not in NO_UNITS and read_unit(w)), ""
    )


NO_UNITS = {
    "count",
    "night",
    "nights",
    "t",
    "to",
    "m",
    "g",
    "day",
    "year",
    "mc",
    "j",
    "lt",
    "te",
    "ea",
}
"""Last words of headers that are seldom a unit."""


def measure_of(template: Template, column: Column, columns: Collection[str]) -> Measure:
    """The measure behind a column of amounts.

    Of several of one kind that the header names, the first that can be.
    """
    same = [m for m in template.measures if m.kind == column.kind]
    words = header_words(column.header)
    named = [m for m in same if words in m.headers]
    if not named:
        named = [m for m in same if m.between and words in template.fields.get(m.between[0], ())]
    able = [m for m in named or same if _can_be(m, columns)]
    return next(iter(able or same), Measure(column.kind, ()))


@cache
def _header(cell: str) -> tuple[str, str]:
    """A header without its unit, folded, and the unit it states, in brackets or as its last word.

    Example:
        >>> _header("用电量（万千瓦时）"), _header("Electricity - MWh"), _header("usage_kwh")
        (('用电量', '万千瓦时'), ('electricity', 'MWh'), ('usage', 'kwh'))
    """
    cased = re.sub(r"\s+", " ", cell.replace("（", "(").replace("）", ")").replace("_", " ")).strip(
        " :：*"
    )
    text, match = cased.lower(), re.fullmatch(r"(.+?)\s*[\(\[](.+)[\)\]]", cased)
    if match and _is_unit(match.group(2)):
        return match.group(1).strip().lower(), match.group(2)
    tail = re.fullmatch(r"(.+?)(?: in |[\s,/:-]+)(\S+)", cased)
    if (
        tail
        and text not in _names()
        and tail.group(1).lower() in _names()
        and _is_unit(tail.group(2))
    ):
        return tail.group(1).lower(), tail.group(2)
    return text, ""


def _is_unit(text: str) -> bool:
    """Whether a text names a unit, or leaves a choice of some."""
    return bool(read_unit(text) or ambiguous(text))


@cache
def _names() -> frozenset[str]:
    """Every header that a template or a common field knows."""
    fields = [a for t in TEMPLATES.values() for aliases in t.fields.values() for a in aliases]
    measures = [a for t in TEMPLATES.values() for m in t.measures for a in m.headers]
    return frozenset(
        [*fields, *measures, *(a for aliases in FIELDS_SAID.values() for a in aliases)]
    )


def is_header(text: str) -> bool:
    """Whether a text is a header that a kind of file knows, with or without its unit.

    Example:
        >>> is_header("Consumption (kWh)"), is_header("Stoke Pottery")
        (True, False)
    """
    plain, unit = _header(text)
    return plain in _names() or plain == AMOUNTS or (not unit and _is_unit(text.strip()))


def header_words(header: str) -> str:
    """A header as templates name it: folded, without its unit.

    Example:
        >>> header_words("Mass (t)")
        'mass'
    """
    return _header(header)[0]


def _site_in(title: str, names: dict[str, str]) -> str:
    """The site whose longest name stands in a title."""
    folded = match_key(title)
    found = [name for name in names if len(name) >= 2 and name in folded]
    return names[max(found, key=len)] if found else ""


def _apply(sheet: Sheet, given: Mapping, names: dict[str, str], file_name: str) -> Mapped | None:
    """Find the row that holds the headers of a given mapping."""
    amounts = [h for m in given.measures for h in m.header.split(SEVERAL)]
    wanted = {*given.columns.values(), *amounts}
    for place, (row_number, cells) in enumerate(sheet.head):
        if wanted <= set(cells):
            title = " ".join(
                [file_name, sheet.name, *(c for _, above in sheet.head[:place] for c in above)]
            )
            site = given.site or ("" if "site" in given.columns else _site_in(title, names))
            return Mapped(sheet, replace(given, site=site), row_number, cells)
    return None


def describe(mapped: Mapped) -> list[dict[str, str]]:
    """The mapping as rows for people: column, meaning, first values."""
    later = [cells for row, cells in mapped.sheet.head if row > mapped.header_row]
    first = later[0] if later else []
    meaning = {header: name for name, header in mapped.mapping.columns.items()}
    for m in mapped.mapping.measures:
        said = f"{m.kind} [{m.unit or 'unit column'}]"
        meaning |= dict.fromkeys(m.header.split(SEVERAL), said)
    return [
        {
            "column": header,
            "means": meaning.get(header, "–"),
            "first": first[k] if k < len(first) else "",
        }
        for k, header in enumerate(mapped.headers)
        if header
    ]
