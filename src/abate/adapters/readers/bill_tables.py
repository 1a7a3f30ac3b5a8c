"""Tables of bills: amounts of weeks or months, found by their names, never by their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from abate.adapters.readers.clock import in_utc, ordered, read_times
from abate.adapters.readers.interval_tables import ESTIMATED_WORDS, Style, rows_of
from abate.adapters.readers.layouts import HEAD_ROWS, Column, Layout, Row, recognise
from abate.adapters.readers.numerals import decimal_of, read_numbers
from abate.adapters.readers.packed import unpacked
from abate.adapters.readers.sheets import read_sheets
from abate.energy.facts.readings import BILL_ESTIMATED, BILL_GAP, ENERGY_KWH
from abate.energy.facts.words import (
    ESTIMATED,
    MISSING,
    USAGE_WORDS,
    has_word,
    names_end,
)
from abate.kernel.errors import DataError
from abate.kernel.finding import Finding

DAY = np.timedelta64(86_400, "s")
BILLS_MAX = 5_000
READ_WORDS = (
    "bill date",
    "billing date",
    "invoice date",
    "reading date",
    "read date",
    "meter read",
    "statement date",
    "ablesedatum",
    "rechnungsdatum",
    "date de relevé",
    "抄表日期",
    "账单日期",
)
"""Words for the day on which a period ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Bills:
    """Bills of one meter in the order of time.

    Args:
        edges: Beginning of each period and the end of the last, UTC; `datetime64[s]`.
        amount: Amount of each period, NaN where no bill covers it.
        unit: Its unit.
        findings: What reading them found.
    """

    edges: Any
    amount: Any
    unit: str
    findings: tuple[Finding, ...]


def read_bills(path: Path, style: Style, *, column: str = "") -> Bills | None:
    """Read a table of bills; None where it is none: where rows are a day apart or less.

    Args:
        path: The file.
        style: What the user says of it.
        column: Header of the amounts, where the file has several.

    Raises:
        DataError: `ambiguous-column` where several columns may hold the amounts, `bills-overlap`,
            `no-series`, or as `read_series`.
    """
    with unpacked(path) as plain:
        if plain.suffix.lower() in (".xml", ".epw", ".json"):
            return None
        sheets = [s for s in read_sheets(plain) if not s.hidden]
        if not sheets or sheets[0].rows is None:
            return None
        rows = rows_of(sheets[0])[:BILLS_MAX]
    layout = recognise(rows[:HEAD_ROWS], path.name)
    time = layout.one("time")
    body = [r for r in rows if r[0] >= layout.first_row and time < len(r[1]) and r[1][time]]
    begun, monthly = _days(layout, body, "time", path.name, style)
    sound = begun[~np.isnat(begun)]
    apart = np.diff(np.unique(sound))
    if layout.step_s or not len(apart) or np.median(apart) < 2 * DAY:
        return None
    chosen = _amounts(layout, path.name, column)
    texts = [c[chosen.place] if chosen.place < len(c) else "" for _, c in body]
    amount, bad = read_numbers(
        texts,
        decimal_of(
            [t for t in texts if t and t.casefold() not in MISSING],
            path.name,
            said=style.decimal,
            sample=chosen.header,
            delimiter=sheets[0].delimiter,
        ),
    )
    if bad:
        raise DataError(
            "no-series",
            f"{path.name} row {body[bad[0]][0]}: '{texts[bad[0]]}' is not a number.",
            "Correct the row.",
        )
    ended = _days(layout, body, "end", path.name, style)[0] if layout.one("end") >= 0 else None
    return _in_order(
        begun, ended, amount, _estimated(layout, body), chosen, monthly, layout, path.name
    )


def _days(
    layout: Layout, body: Sequence[Row], role: str, name: str, style: Style
) -> tuple[Any, bool]:
    column = next(c for c in layout.columns if c.role == role)
    texts = [c[column.place] if column.place < len(c) else "" for _, c in body]
    times = read_times(texts, ordered(texts, style.dates, name, column.header))
    return in_utc(times, style.zone, np.zeros(len(texts), np.int64)), times.monthly


def _amounts(layout: Layout, name: str, wanted: str) -> Column:
    """The column of amounts: the one that is named, that of an energy unit, or that of usage.

    Raises:
        DataError: `ambiguous-column`, `no-series`.
    """
    values = layout.of("value")
    if wanted:
        found = [c for c in layout.columns if c.header.casefold() == wanted.casefold()]
        if not found:
            raise DataError(
                "no-series",
                f"{name} has no column '{wanted}'.",
                f"There are: {', '.join(c.header for c in layout.columns)}.",
            )
        return found[0]
    for some in (
        [
            c
            for c in values
            if c.unit.lower() in ENERGY_KWH and c.flow not in ("export", "generation", "gas")
        ],
        [c for c in values if c.unit.lower() in ENERGY_KWH],
        [c for c in values if has_word(c.header, USAGE_WORDS)],
        values,
    ):
        if len(some) == 1:
            return some[0]
        if len(some) > 1:
            raise DataError(
                "ambiguous-column",
                f"{name} has several columns of amounts: {', '.join(c.header for c in some)}.",
                "Say which with --column NAME.",
            )
    raise DataError("no-series", f"{name} has no column of amounts.", "Add one, such as kWh.")


def _estimated(layout: Layout, body: Sequence[Row]) -> Any:
    """Which bills the file itself calls estimated."""
    found = np.zeros(len(body), bool)
    for column in (*layout.of("quality"), *layout.of("group")):
        if has_word(
            column.header,
            (*ESTIMATED_WORDS, "type", "bill type", "read type", "reading type", "art", "ablesung"),
        ):
            cells = [
                c[column.place].strip("?! ").casefold() if column.place < len(c) else ""
                for _, c in body
            ]
            found |= np.array(
                [
                    c in ESTIMATED - {"true", "j", "f", "s"}
                    or (
                        c in ("true", "j", "yes", "ja")
                        and has_word(column.header, ("estimated", "geschat", "geschätzt"))
                    )
                    for c in cells
                ]
            )
    return found


def _in_order(
    begun: Any,
    ended: Any,
    amount: Any,
    guessed: Any,
    column: Column,
    monthly: bool,
    layout: Layout,
    name: str,
) -> Bills:
    order = np.argsort(begun, kind="stable")
    begun, amount, guessed = begun[order], amount[order], guessed[order]
    if np.isnat(begun).any() or (np.diff(begun) <= np.timedelta64(0, "s")).any():
        raise DataError(
            "bills-overlap",
            f"{name} has a bill without a date, or two of one date.",
            "Give each bill its dates once.",
        )
    found: list[Finding] = []
    if ended is not None:
        begun, past, amount, guessed = _both(begun, ended[order], amount, guessed, name)
    else:
        begun, past, amount, guessed = _one_date(begun, amount, guessed, monthly, layout)
    begun, past, amount, merged = _merged(begun, past, amount, guessed)
    if merged:
        found.append(
            Finding.of(
                BILL_ESTIMATED,
                f"{merged} of {len(amount) + merged} bills are marked as estimated.",
                file=name,
            )
        )
    edges, amounts = [begun[0]], []
    for k in range(len(begun)):
        if begun[k] > edges[-1]:
            found.append(
                Finding.of(
                    BILL_GAP,
                    f"{name} has no bill from {str(edges[-1])[:10]} to {str(begun[k])[:10]}.",
                    file=name,
                )
            )
            amounts.append(np.nan)
            edges.append(begun[k])
        amounts.append(amount[k])
        edges.append(past[k])
    return Bills(np.array(edges), np.array(amounts, float), column.unit, tuple(found))


def _both(begun: Any, past: Any, amount: Any, guessed: Any, name: str) -> tuple[Any, Any, Any, Any]:
    """Periods of bills that state both days.

    An end that is the day before the next begin is a last day.
    """
    apart = np.round((begun[1:] - past[:-1]) / DAY)
    if len(apart) and (apart == 1).sum() > len(apart) / 2:
        past = past + DAY
        apart = apart - 1
    if (apart < 0).any() or (past <= begun).any():
        k = int(np.flatnonzero(apart < 0)[0]) if (apart < 0).any() else 0
        after = str(begun[min(k + 1, len(begun) - 1)])[:10]
        text = (
            f"Bills of {name} overlap: one ends on {str(past[k])[:10]}, the next begins on {after}."
        )
        raise DataError(
            "bills-overlap", text, "Correct the dates, or leave out the bill that counts twice."
        )
    return begun, past, amount, guessed


def _one_date(
    begun: Any, amount: Any, guessed: Any, monthly: bool, layout: Layout
) -> tuple[Any, Any, Any, Any]:
    """Periods of bills that state one day.

    Its begin, or where they are read or billed on it, its end.
    """
    header = next(c.header for c in layout.columns if c.role == "time")
    if monthly:
        months = begun + 16 * DAY
        past = (months.astype("datetime64[M]") + 1).astype("datetime64[s]")
        return (
            begun,
            past + (begun - months.astype("datetime64[M]").astype("datetime64[s]")),
            amount,
            guessed,
        )
    ends = has_word(header, READ_WORDS) or (names_end(header))
    if ends:
        return begun[:-1], begun[1:], amount[1:], guessed[1:]
    return begun[:-1], begun[1:], amount[:-1], guessed[:-1]


def _merged(begun: Any, past: Any, amount: Any, guessed: Any) -> tuple[Any, Any, Any, int]:
    """Estimated bills added to the next actual one, which corrects them."""
    if not guessed.any() or guessed.all():
        return begun, past, amount, 0
    starts, ends, sums = [], [], []
    held: list[int] = []
    for k in range(len(begun)):
        held.append(k)
        if not guessed[k]:
            starts.append(begun[held[0]])
            ends.append(past[k])
            sums.append(float(np.sum(amount[held])))
            held = []
    return (
        np.array(starts),
        np.array(ends),
        np.array(sums),
        int(guessed.sum()) - len([k for k in held if guessed[k]]),
    )
