"""How a table of readings is laid out: where its header is, and what each column holds.

Nothing is decided by position: a column is what its header, its cells and the lines above say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from abate.adapters.readers.clock import (
    EPOCH,
    SERIAL,
    WEEK,
    is_clock,
    is_moment,
    is_month,
    offset_named,
    seconds_of,
)
from abate.adapters.readers.numerals import is_number
from abate.energy.facts.words import (
    AMOUNT_WORDS,
    COST_WORDS,
    END_WORDS,
    FLOWS,
    HOUR_WORDS,
    IGNORED_WORDS,
    ISSUED_WORDS,
    METER_WORDS,
    MISSING,
    MULTIPLIER_WORDS,
    NUMBER_WORDS,
    OWNER_WORDS,
    PER,
    QUALITY_WORDS,
    REGISTER_WORDS,
    START_WORDS,
    TIME_WORDS,
    UNIT_WORDS,
    ZONE_WORDS,
    has_word,
    names_end,
    tokens,
    unit_in,
    unit_named,
)
from abate.kernel.errors import DataError

Row = tuple[int, list[str]]
HEADS = (*TIME_WORDS, *START_WORDS, *END_WORDS)
DAY_S = 86_400
HEAD_ROWS = 400
"""Rows by which a layout is recognised."""
DAY_COLUMNS = {
    23: 3600,
    24: 3600,
    25: 3600,
    46: 1800,
    48: 1800,
    50: 1800,
    92: 900,
    96: 900,
    100: 900,
    144: 600,
    288: 300,
    1440: 60,
}
"""Columns of one day by their number, and the step of each [s]."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of readings.

    Args:
        place: Its place, from 0.
        header: Its header, as written.
        role: `time`, `clock` (time of day beside a date), `end`, `meter`, `group` (words that tell
            series apart), `unit`, `zone`, `issued`, `multiplier`, `quality`, `value`, `step` (a
            time of day across), or `other`.
        label: Name of its series.
        unit: Unit that header, unit row or title state, empty where none does.
        flow: Direction or medium that its words state, empty where they state none.
    """

    place: int
    header: str
    role: str
    label: str = ""
    unit: str = ""
    flow: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """What was recognised of a table.

    Args:
        header_row: Row of the headers, 0 where there are none.
        first_row: First row of readings.
        columns: Its columns.
        title: Text of the lines above.
        context: Words that stand in every row.
        step_s: Step of times across [s], 0 where readings run down.
        starts: Seconds since midnight at which each column of times across begins.
    """

    header_row: int
    first_row: int
    columns: tuple[Column, ...]
    title: str = ""
    context: str = ""
    step_s: int = 0
    starts: dict[int, int] = field(default_factory=dict)

    def of(self, role: str) -> list[Column]:
        """Columns of a role."""
        return [c for c in self.columns if c.role == role]

    def one(self, role: str) -> int:
        """Place of the column of a role, -1 without."""
        return next((c.place for c in self.columns if c.role == role), -1)

    @property
    def json(self) -> dict[str, object]:
        """As machines get it."""
        return {
            "header_row": self.header_row,
            "first_row": self.first_row,
            "step_s": self.step_s,
            "columns": [
                {
                    "header": c.header,
                    "role": c.role,
                    "series": c.label,
                    "unit": c.unit,
                    "flow": c.flow,
                }
                for c in self.columns
                if c.role != "step"
            ],
        }


def recognise(rows: Sequence[Row], file: str) -> Layout:
    """Recognise the layout of a table by its first rows.

    Raises:
        DataError: `no-series` where no column holds times or none holds numbers.
    """
    at, time = _first_reading(rows)
    body = [cells for _, cells in rows[at:] if _is_reading(cells, time)] if at >= 0 else []
    if not body:
        raise DataError(
            "no-series",
            f"{file} has no column of times: {_seen(rows)}.",
            "Write times as 2024-03-01 14:00, in one column.",
        )
    width = max(len(cells) for cells in body)
    labels, header_at = _labels(rows[:at], width)
    title = " ".join(c for _, cells in rows[: max(header_at, 0)] for c in cells if c)
    units = _unit_row(rows[:at], width)
    columns = [
        _column(k, labels, units, [c[k] if k < len(c) else "" for c in body], time)
        for k in range(width)
    ]
    columns = _times(columns, body)
    monthly = all(is_month(cells[time]) for cells in body)
    daily = all(_is_day(cells[time]) for cells in body)
    across = _days_across(columns) if monthly else _across(columns, labels) if daily else None
    found = across or _down(columns, body)
    if not (any(c.role == "value" for c in found[0]) or found[1]):
        raise DataError(
            "no-series",
            f"{file} has no column of numbers: {_seen(rows)}.",
            "Check the decimal sign and the columns.",
        )
    context = " ".join(
        {cells[c.place] for cells in body if c.place < len(cells)}.pop()
        for c in columns
        if c.role == "group"
        and len({cells[c.place] for cells in body if c.place < len(cells)}) == 1
    )
    return Layout(
        rows[header_at][0] if header_at >= 0 else 0,
        rows[at][0],
        tuple(found[0]),
        title,
        context,
        found[1],
        found[2],
    )


def _seen(rows: Sequence[Row]) -> str:
    row = max(
        (cells for _, cells in rows[:40]), key=lambda cells: sum(bool(c) for c in cells), default=[]
    )
    return ", ".join(c for c in row if c)[:120]


def is_time(text: str) -> bool:
    """Whether a cell says a moment, a day, a week or a month."""
    return bool(text) and (is_moment(text) or is_month(text) or WEEK.fullmatch(text) is not None)


def _first_reading(rows: Sequence[Row]) -> tuple[int, int]:
    """Place of the first row of readings, and of its column of times; -1 where there is none."""
    counts: Counter[int] = Counter()
    for _, cells in rows:
        counts.update(k for k, c in enumerate(cells[:60]) if is_time(c))
    for k, count in _by_words(counts, rows):
        if count < 2 and len(rows) > 3:
            continue
        for at, (_, cells) in enumerate(rows):
            if k < len(cells) and is_time(cells[k]) and _is_reading(cells, k):
                return at, k
    return _numeric_times(rows)


def _by_words(counts: Counter[int], rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Columns of times: those that most rows fill, then by their words, then from the left."""
    most = max(counts.values(), default=0)
    words = {
        k: " ".join(cells[k] for _, cells in rows[:30] if k < len(cells) and not is_time(cells[k]))
        for k in counts
    }

    def rank(k: int) -> tuple[bool, int, int]:
        text = words[k]
        said = (
            0
            if has_word(text, START_WORDS)
            else 1
            if has_word(text, TIME_WORDS)
            else 3
            if has_word(text, ISSUED_WORDS)
            else 2
        )
        return counts[k] < most * 0.8, said, k

    return [(k, counts[k]) for k in sorted(counts, key=rank)]


def _numeric_times(rows: Sequence[Row]) -> tuple[int, int]:
    """Times written as numbers: seconds since 1970, or a spreadsheet's serial numbers."""
    for k in range(min(20, max((len(c) for _, c in rows), default=0))):
        there = [
            (at, cells[k]) for at, (_, cells) in enumerate(rows) if k < len(cells) and cells[k]
        ]
        words = " ".join(t for _, t in there if not is_number(t))
        for shape, sure in (
            (EPOCH, True),
            (SERIAL, has_word(words, (*TIME_WORDS, *START_WORDS, *END_WORDS))),
        ):
            some = [(at, t) for at, t in there if shape.fullmatch(t)]
            numbers = [t for _, t in there if is_number(t)]
            if sure and len(some) > 1 and len(some) == len(numbers) and len(set(numbers)) > 1:
                return some[0][0], k
    return -1, -1


def _is_reading(cells: list[str], time: int) -> bool:
    """Whether a row has a time and beside it a number, or an empty cell in place of one."""
    if time >= len(cells) or not (
        is_time(cells[time]) or EPOCH.fullmatch(cells[time]) or SERIAL.fullmatch(cells[time])
    ):
        return False
    others = [c for k, c in enumerate(cells) if k != time]
    return any(is_number(c) for c in others) or (
        bool(others) and all(c.casefold() in MISSING or is_time(c) or is_clock(c) for c in others)
    )


def _labels(above: Sequence[Row], width: int) -> tuple[list[str], int]:
    """Label of each column from the rows above the readings.

    And the row that most of them come from.

    Of several rows the one with the most differing texts counts; one above that spans several
    columns stands before theirs.
    """
    scores: dict[int, int] = {}
    for at in range(len(above) - 1, max(-1, len(above) - 12), -1):
        cells = above[at][1][:width]
        texts = {c for c in cells if c and not is_number(c)}
        units = {c for c in texts if unit_named(c.strip("[]() "))}
        if len(units) >= len(texts) - 1 and not has_word(" ".join(texts - units), HEADS):
            continue
        across = sum(is_clock(c) or _ordinal(c) is not None for c in cells)
        if texts and len(texts) + across >= min(2, width):
            scores[at] = max(len(texts), across)
    if not scores:
        return [""] * width, -1
    chosen = max(at for at, score in scores.items() if score >= 0.6 * max(scores.values()))
    labels = [*above[chosen][1], *[""] * width]
    group = _group_row(above[:chosen], width)
    return [
        f"{g} {c}".strip() if g and c else c or ""
        for g, c in zip([*group, *[""] * width], labels[:width], strict=False)
    ], chosen


def _group_row(above: Sequence[Row], width: int) -> list[str]:
    """A row of headings that each span several columns, spread over them."""
    cells = above[-1][1] if above else []
    there = [k for k, c in enumerate(cells) if c]
    spans = any(b - a > 1 for a, b in pairwise([*there, width] if len(there) == 1 else there))
    if len(cells) < width or not there or not spans or any(is_number(cells[k]) for k in there):
        return []
    if len(there) < 2 and not (there[0] > 0 and unit_in(cells[there[0]])):
        return []
    spread, last = [], ""
    for cell in cells[:width]:
        last = cell or last
        spread.append(last)
    return spread


def _unit_row(above: Sequence[Row], width: int) -> dict[int, str]:
    """Units that stand in a row of their own between headers and readings."""
    for _, cells in reversed(above[-4:]):
        units = {k: unit_named(c.strip("[]() ")) for k, c in enumerate(cells[:width]) if c}
        if units and sum(bool(u) for u in units.values()) >= max(1, len(units) - 1):
            return {k: u for k, u in units.items() if u}
    return {}


def _column(
    place: int, labels: list[str], units: dict[int, str], cells: list[str], time: int
) -> Column:
    header = labels[place]
    there = [c for c in cells if c and c.casefold() not in MISSING]
    unit = units.get(place, "") or unit_in(header)
    role = (
        "time" if place == time else _role(header, there, unit) if there else _empty(header, unit)
    )
    column = Column(place, header, role)
    return (
        replace(column, label=label_of(header), unit=unit, flow=flow_in(header))
        if role == "value"
        else column
    )


def _empty(header: str, unit: str) -> str:
    """The role of a column of which the first rows are empty.

    Its header must say that readings follow.
    """
    said = unit or flow_in(header)
    return "value" if said and not _is_beside(header) else "other"


def _role(header: str, there: list[str], unit: str) -> str:
    """The role of a column by its cells and its header; of several that fit the first holds."""
    numbers = sum(is_number(c) for c in there)
    words, money = _is_beside(header), any(re.match(r"[$€£¥￥₹]", c) for c in there[:5])
    ident = _is_identifier(there)
    fits = {
        "issued": all(is_time(c) for c in there) and has_word(header, ISSUED_WORDS),
        "end": all(is_time(c) for c in there) and has_word(header, END_WORDS),
        "moment": all(is_time(c) for c in there) and not (numbers == len(there) and unit),
        "clock": all(is_clock(c) for c in there),
        "zone": has_word(header, ZONE_WORDS) and all(offset_named(c) is not None for c in there),
        "unit": all(unit_named(c) for c in there) and _may_name_units(header, there),
        "multiplier": has_word(header, MULTIPLIER_WORDS) and numbers == len(there),
        "hour": not unit and _is_hour(header, there),
        "meter": not unit and _names_meter(header, there),
        "quality": not unit and not words and has_word(header, QUALITY_WORDS),
        "group": numbers < max(1, len(there) * 0.5),
        "other": words or money,
    }
    return next((role for role, is_so in fits.items() if is_so), "meter" if ident else "value")


def _may_name_units(header: str, there: list[str]) -> bool:
    """Whether cells that are all units are meant as such: a letter may be a flag of quality."""
    if has_word(header, UNIT_WORDS):
        return True
    letters = all(len(c) == 1 for c in there)
    return not letters and not has_word(header, QUALITY_WORDS) and not all(map(is_number, there))


def _is_hour(header: str, there: list[str]) -> bool:
    """Whether a column counts the hours of a day, from 0 or from 1."""
    plain = [c.removesuffix(".0") for c in there]
    if not has_word(header, HOUR_WORDS) or not all(c.isdigit() and len(c) <= 2 for c in plain):
        return False
    return len(set(plain)) >= 2 and max(int(c) for c in plain) <= 25


def _names_meter(header: str, there: list[str]) -> bool:
    """Whether a column names meters, by its header; a count of readings is none."""
    if (
        has_word(header, REGISTER_WORDS)
        and all(is_number(c) for c in there)
        and not _is_identifier(there)
    ):
        return False
    if has_word(header, METER_WORDS):
        return True
    if has_word(header, NUMBER_WORDS) and not _is_row_number(there, header):
        return all(c.isalnum() or not is_number(c) for c in there)
    whole = " ".join(tokens(header).split("\n")[0].split())
    return whole in OWNER_WORDS and not _is_row_number(there, header)


def _is_beside(header: str) -> bool:
    """Whether a header names what stands beside the readings: money, shares, numbers of rows."""
    if PER.search(header):
        return True
    if unit_in(header) not in ("", "%"):
        return False
    return has_word(header, COST_WORDS) or has_word(header, IGNORED_WORDS) or "%" in header


def _is_identifier(cells: list[str]) -> bool:
    """Whether cells are long numbers of meters or accounts: whole, of one length, and few."""
    return (
        all(c.isdigit() and len(c) >= 8 for c in cells)
        and len({len(c) for c in cells}) == 1
        and len(set(cells)) <= max(1, len(cells) // 3)
    )


def flow_in(text: str) -> str:
    """The direction or medium that words state; the first that fits in the order of `FLOWS`."""
    return next((flow for flow, words in FLOWS.items() if has_word(text, words)), "")


def label_of(header: str) -> str:
    """A series' name: its header without the unit.

    Example:
        >>> [label_of(h) for h in ("Hall A (kWh)", "Import T1 kWh", "Active energy Wh (A)", "kWh")]
        ['Hall A', 'Import T1', 'Active energy (A)', 'kWh']
    """
    temperature = re.fullmatch(r"(temp(?:erature)?)[\s_]*[CF]", header.strip(), re.IGNORECASE)
    if temperature:
        return temperature[1]
    unit = unit_in(header, spelt=True)
    if not unit:
        return header.strip()
    rest = re.sub(
        rf"[\[(（]\s*{re.escape(unit)}\s*[\])）]|(?<![^\W_]){re.escape(unit)}(?![^\W_])",
        " ",
        header,
    )
    return (
        " ".join(rest.replace("_", " ").split() if rest != header else header.split()).strip(
            " -–:/,"
        )
        or header.strip()
    )


def _times(columns: list[Column], body: list[list[str]]) -> list[Column]:
    """Which of several columns of times begins a step, which ends it."""
    time = next(c for c in columns if c.role == "time")
    others = [c for c in columns if c.role == "moment"]
    made = {c.place: c for c in columns}
    for other in others:
        pairs = [
            (cells[time.place], cells[other.place])
            for cells in body[:50]
            if other.place < len(cells)
        ]
        role = "end" if _after(pairs) else "other"
        made[other.place] = replace(other, role=role)
    if names_end(time.header):
        starts = [c for c in others if has_word(c.header, START_WORDS)]
        if starts:
            made[starts[0].place] = replace(starts[0], role="time")
            made[time.place] = replace(time, role="end")
    clocks = [c for c in columns if c.role == "clock"]
    for clock in clocks[1:]:
        made[clock.place] = replace(clock, role="end clock")
    if len(clocks) > 1 and has_word(clocks[0].header, END_WORDS):
        made[clocks[0].place], made[clocks[1].place] = (
            replace(clocks[0], role="end clock"),
            replace(clocks[1], role="clock"),
        )
    return [made[k] for k in sorted(made)]


def _after(pairs: list[tuple[str, str]]) -> bool:
    """Whether the second of two times lies behind the first, as texts of one form."""
    return (
        bool(pairs)
        and all(len(a) == len(b) for a, b in pairs)
        and sum(b > a for a, b in pairs) >= len(pairs) * 0.8
    )


def _ordinal(header: str) -> int | None:
    """The number at the end of a header such as `V12`, `P_03`, `H24`, `kWh 7`."""
    found = re.fullmatch(r"[^\W\d]{0,8}[\s_.-]*(\d{1,4})(?:h|点|时)?", header.strip())
    return int(found[1]) if found else None


Found = tuple[list[Column], int, dict[int, int]]


def _across(columns: list[Column], labels: list[str]) -> Found | None:
    """A day a row, its steps in columns, where the headers run through a day."""
    numeric = [c for c in columns if c.role in ("value", "other") and c.header]
    clocks = {c.place: _begin_of(c.header) for c in numeric}
    marked = {k: v for k, v in clocks.items() if v is not None}
    if len(marked) in DAY_COLUMNS:
        step = DAY_COLUMNS[len(marked)]
        ranged = any(re.search(r"\d\s*(?:-|–|to|bis|a|~|至)\s*\d", labels[k]) for k in marked)
        first = min(marked.values())
        ended = not ranged and first > 0
        starts = {k: (v - step if ended else v) % 86_400 for k, v in marked.items()}
        return _with_steps(columns, starts), step, starts
    numbered = {c.place: n for c in numeric if (n := _ordinal(c.header)) is not None}
    for size in sorted({n for n in DAY_COLUMNS if n <= len(numbered)}, reverse=True):
        places = sorted(numbered)[-size:]
        values = [numbered[k] for k in places]
        if values in (list(range(size)), list(range(1, size + 1))) and size >= 23:
            step = DAY_COLUMNS[size]
            starts = {k: (v - values[0]) * step for k, v in zip(places, values, strict=True)}
            return _with_steps(columns, starts), step, starts
    return None


def _days_across(columns: list[Column]) -> Found | None:
    """A month a row, its days in columns."""
    numbered = {
        c.place: n
        for c in columns
        if c.role in ("value", "other") and (n := _ordinal(c.header)) is not None
    }
    days = {k: n for k, n in numbered.items() if 1 <= n <= 31}
    if not 28 <= len(days) <= 31 or sorted(days.values()) != list(range(1, len(days) + 1)):
        return None
    starts = {k: (n - 1) * DAY_S for k, n in days.items()}
    return _with_steps(columns, starts), DAY_S, starts


def _is_day(text: str) -> bool:
    """Whether a time names a day, or its midnight, and no other time of day."""
    return ":" not in text.replace("00:00:00", "").replace("00:00", "") and not EPOCH.fullmatch(
        text
    )


def _begin_of(header: str) -> int | None:
    """Seconds since midnight at which a column of times across begins, by its header."""
    first = re.split(r"\s*(?:-|–|—|~|至|\bto\b|\bbis\b)\s*", header.strip(), maxsplit=1)[0]
    first = re.sub(r"^(?:[^\W\d_]+[\s_.]*)(?=\d{1,2}[:.h时])", "", first)
    return seconds_of(first) if is_clock(first) else None


def _with_steps(columns: list[Column], starts: dict[int, int]) -> list[Column]:
    """Columns of times across, and no other column of numbers."""
    return [
        replace(c, role="step")
        if c.place in starts
        else replace(c, role="other")
        if c.role == "value"
        else c
        for c in columns
    ]


def _down(columns: list[Column], body: list[list[str]]) -> Found:
    """A reading a row: columns of values, without totals of others."""
    values = [c for c in columns if c.role == "value"]
    counters = [
        c
        for c in values
        if _is_row_number([row[c.place] for row in body if c.place < len(row)], c.header)
    ]
    made = [
        replace(c, role="other") if c in counters and len(values) > len(counters) else c
        for c in columns
    ]
    there = [c for c in made if c.role == "value"]
    stated = [c for c in there if c.unit or c.flow]
    if stated and len(stated) < len(there):
        made = [
            replace(c, role="other")
            if c in there
            and c not in stated
            and (_is_word_number(c.header) or has_word(c.header, AMOUNT_WORDS))
            else c
            for c in made
        ]
    return made, 0, {}


def _is_row_number(cells: list[str], header: str) -> bool:
    """Whether cells count the rows."""
    numbers = [int(c) for c in cells if c.isdigit()]
    steps = {b - a for a, b in pairwise(numbers)}
    return (
        len(numbers) == len(cells) > 2
        and steps in ({1}, {-1})
        and numbers[0] <= 1
        and not unit_in(header)
    )


def _is_word_number(header: str) -> bool:
    return (
        re.fullmatch(
            r"(?:no\.?|nr\.?|#|id|index|row|line|week|kw|month|day|hour|year|weekday|序号)",
            header.strip(),
            re.IGNORECASE,
        )
        is not None
    )
