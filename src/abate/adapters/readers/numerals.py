"""Numbers as files write them.

Which mark parts thousands and which begins the fraction is decided once, for all columns of a table
together, by what only one reading allows. Where nothing decides it, the file is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from abate.energy.facts.words import MISSING
from abate.kernel.errors import DataError

MARKS = (".", ",")
"""What `--decimal` may say."""
SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009 \u2007'’`´_", ""))
"""What parts thousands and nothing else."""
CURRENCY = re.compile(
    r"^[$€£¥￥₹₩₽]|[$€£¥￥₹₩₽]$|^(?:EUR|USD|GBP|CNY|RMB|JPY|CHF|AUD|Rs\.?)\s|\s(?:EUR|USD|GBP|CNY|RMB|CHF|kr|zł)$"
)
_BODY = re.compile(r"\d[\d.,]*|[.,]\d+")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_TAIL = re.compile(r"[eE][-+]?\d{1,3}$")


def bare(text: str) -> tuple[str, int]:
    """A number's digits and marks without sign, spaces and currency, and its sign.

    Empty where it is none.

    Example:
        >>> bare("1 234,5"), bare("(12.0)"), bare("5.0-"), bare("−3"), bare("€ 7"), bare("12 CR"), bare("abc")
        (('1234,5', 1), ('12.0', -1), ('5.0', -1), ('3', -1), ('7', 1), ('12', -1), ('', 1))
    """
    text = text.strip().replace("−", "-").replace("﹣", "-").replace("－", "-")
    sign = 1
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1], -1
    if text[-3:].upper() in (" CR", " DR"):
        text, sign = text[:-3], -sign if text[-2:].upper() == "CR" else sign
    elif text[-2:].upper() == "CR":
        text, sign = text[:-2], -sign
    text = CURRENCY.sub("", text.strip()).strip()
    if text[:1] in "+-" or text[-1:] == "-":
        sign = -sign if "-" in (text[:1], text[-1:]) else sign
        text = text.strip("+-")
    text = CURRENCY.sub("", text.strip()).strip()
    parts = text.translate(SPACES)
    if parts != text and not _parted(text):
        return "", 1
    tail = _TAIL.search(parts)
    body = parts[: tail.start()] if tail else parts
    return (parts, sign) if _BODY.fullmatch(body) else ("", 1)


def _parted(text: str) -> bool:
    """Whether spaces or apostrophes part groups of three digits, and nothing else."""
    whole = re.split(r"[.,]", text.strip(), maxsplit=1)[0]
    groups = re.split(r"[\u00a0\u202f\u2009 \u2007'’`´_]", whole)
    return (
        1 <= len(groups[0]) <= 3
        and all(len(g) == 3 for g in groups[1:])
        and all(g.isdigit() for g in groups)
    )


def decimal_of(
    cells: Iterable[str], file: str, *, said: str = "", sample: str = "", delimiter: str = ""
) -> str:
    """The mark before the fraction in the numbers of a table.

    Args:
        cells: All of its numbers, as written.
        file: Name of the file.
        said: What the user says.
        sample: Header of their column, for the question.
        delimiter: What parts the cells of the file.

    Raises:
        DataError: `ambiguous-number` where both readings are possible and differ;
            `mixed-numbers` where no reading fits all.
    """
    if said:
        return said
    shapes: dict[str, str] = {}
    ungrouped = False
    for text in set(cells):
        body, _ = bare(text)
        ungrouped = ungrouped or (len(body) > 3 and body.isdigit())
        if "." in body or "," in body:
            shapes.setdefault(
                re.sub(r"\d", "0", _TAIL.sub("", body)) + ("z" if body[0] == "0" else ""), text
            )
    plain = {m for shape in shapes for m in _reads(shape)}
    fits = [m for m in MARKS if all(m in _reads(shape) for shape in shapes)]
    mark = "." if any("." in shape for shape in shapes) else ","
    if len(fits) > 1 and (ungrouped or (mark == "." and delimiter == ",")):
        fits = [
            mark
        ]  # 1204 beside 1,904: thousands are not parted; commas between cells are none in numbers
    if not shapes:
        return "."
    if len(fits) == 1:
        return fits[0]
    example = next(iter(shapes.values()))
    if fits:
        where = f" in '{sample}'" if sample else ""
        mark = "." if "." in example else ","
        raise DataError(
            "ambiguous-number",
            f"{file} writes numbers such as {example}{where}: the mark '{mark}' may begin the decimals"
            " or part thousands, and no number decides it.",
            "Say which mark begins the decimals with --decimal , or --decimal .",
        )
    odd = next((t for s, t in shapes.items() if not _reads(s)), example)
    others = ", ".join(list(shapes.values())[:3])
    raise DataError(
        "mixed-numbers",
        f"{file} writes numbers in more than one way: {others if plain else odd}.",
        "Export it with one decimal mark.",
    )


def _reads(shape: str) -> set[str]:
    """Decimal marks with which a number, with 0 for each digit, can be read.

    Example:
        >>> sorted(_reads("0,000")), sorted(_reads("0,00")), sorted(_reads("00.000,0")), sorted(_reads("0,000z"))
        ([',', '.'], [','], [','], [','])
    """
    body, starts_zero = shape.rstrip("z"), shape.endswith("z")
    found = set()
    for mark in MARKS:
        whole, sign, rest = body.partition(mark)
        other = "," if mark == "." else "."
        if mark in rest or other in rest:
            continue
        if other in whole and not _grouped(whole, other, starts_zero):
            continue
        if not sign and other not in whole:
            continue
        found.add(mark)
    return found


def _grouped(whole: str, mark: str, starts_zero: bool) -> bool:
    """Whether a mark parts thousands, or, as in India, lakhs."""
    first, *groups = whole.split(mark)
    if not 1 <= len(first) <= 3 or starts_zero or len(groups[-1]) != 3:
        return False
    return all(len(g) == 3 for g in groups) or (
        len(first) <= 2 and all(len(g) == 2 for g in groups[:-1])
    )


def read_numbers(texts: Sequence[str], decimal: str) -> tuple[Any, list[int]]:
    """Numbers of a column, NaN where there is none, and the places that are no number.

    Args:
        texts: Cells.
        decimal: The mark before the fraction; see `decimal_of`.
    """
    found = np.full(len(texts), np.nan)
    bad: list[int] = []
    known: dict[str, float] = {}
    for k, text in enumerate(texts):
        if not text:
            continue
        value = known.get(text)
        if value is None:
            value = known[text] = _number(text, decimal)
        if value == value:  # noqa: PLR0124 - not NaN
            found[k] = value
        elif text.strip().casefold() not in MISSING:
            bad.append(k)
    return found, bad


def _number(text: str, decimal: str) -> float:
    if decimal == "." and _PLAIN.fullmatch(text):
        value = float(text)
    else:
        body, sign = bare(text)
        if not body:
            return float("nan")
        other = "," if decimal == "." else "."
        try:
            value = sign * float(body.replace(other, "").replace(decimal, "."))
        except ValueError:
            return float("nan")
    return value if abs(value) < 1e15 else float("nan")


def is_number(text: str) -> bool:
    """Whether a cell is a number in any style."""
    return bool(bare(text)[0])
