"""Electricity bills as PDF: each value with its place on the page and how sure it is, confirmed before it is stored.

Text PDFs are read; a scan holds no text and is refused, for a wrong kilowatt-hour is worse than
none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from abate.adapters.readers.apart import read_apart
from abate.adapters.readers.documents import WORD, pdf_lines
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError

BYTES_MAX = 20_000_000
SURE = 0.7
"""Confidence from which a value needs no second look; below it, it must be given with --set."""
FIELDS = ("energy", "unit", "from", "to", "document", "supplier")
REQUIRED = ("energy", "unit", "from", "to")
NUMBER = (
    r"(?<![\d.,'’])(?P<sign>[-−+]\s?)?(?P<number>\d{1,3}(?:[,.'’\u2009"
    r" ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
)
ENERGY = re.compile(rf"{NUMBER}\s*(?P<unit>kWh|MWh|千瓦时|度)", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"last year|previous|prior|average|daily|annual|12 months|same period|estimate|reading|meter"
    r" read|export|credit|feed-in|"
    r"gas\b|heat|去年|上期|上年|同期|示数|读数|上网|Vorjahr|Zählerstand|Einspeisung|Erdgas|Durchschnitt|voraussichtlich",
    re.IGNORECASE,
)
"""Words beside a number of kWh that is not what was used in the period."""
OTHER_PERIOD = re.compile(
    r"previous|last|prior|contract|agreement|tariff|price|upcoming|next|上期|合同|Vertrag|Vorjahr",
    re.IGNORECASE,
)
LABELS: dict[str, tuple[tuple[str, float], ...]] = {
    "energy": (
        (r"total (?:energy |electricity )?(?:consumption|usage|used|kWh)|consumption this period|本期用电量|合计电量|总电量|Gesamtverbrauch", 0.95),
        (r"electricity (?:used|consumption)|energy (?:used|charged)|units used|consumption|usage|用电量|电量|Verbrauch", 0.8),
    ),
    "document": (
        (r"(?:invoice|bill|statement)\s*(?:no\.?|number|#)|账单编号|发票号码|Rechnungsnummer", 0.9),
    ),
    "period": (
        (r"billing period|bill period|period of supply|charges for|supply period|计费周期|用电周期|账期|Abrechnungszeitraum", 0.95),
        (r"period|from|周期", 0.65),
    ),
}  # fmt: skip
"""Words that stand before a value, and how sure they make it."""
MONTHS = {
    m[:3]: k
    for k, m in enumerate(
        (
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ),
        1,
    )
}
COUNTED = re.compile(r"\s*(kWh|MWh|kW|kVA)(?!\w)", re.IGNORECASE)
BESIDE = (
    *("kwh", "mwh", "kw", "kva", "x", "a", "per", "p", "month", "months", "day", "days"),
    *("eur", "cny", "rmb", "usd", "gbp", "chf", "ct", "cent", "monat", "monate", "tage"),
    *("元", "度", "千瓦时", "千瓦", "千伏安", "月"),
)
"""Words that may stand beside the numbers of a line."""
LINES_HINT = "Type its lines into a table: line, month (2024-03), amount, quantity."
DAY = re.compile(
    r"(?P<iso>\d{4}[-/.]\d{1,2}[-/.]\d{1,2})|(?P<zh>\d{4}年\d{1,2}月\d{1,2}日)|(?P<dmy>\d{1,2}[./]\d{1,2}[./]\d{4})"
    r"|(?P<named>\d{1,2}\s+[A-Za-z]{3,9}\.?,?\s+\d{4})|(?P<us>[A-Za-z]{3,9}\.?\s+\d{1,2},?\s+\d{4})"
)


@dataclass(frozen=True, slots=True)
class BillField:
    """A value read off a bill.

    Args:
        field: One of `FIELDS`.
        value: The value in plain form: a decimal, a unit, a day as YYYY-MM-DD, a text.
        text: As it stands on the page.
        page: Page, from 1; 0 where a person gave it.
        box: Left, top, right and bottom on the page [points].
        confidence: 0 to 1.
        why: What it was found by.
    """

    field: str
    value: str
    text: str
    page: int
    box: tuple[float, float, float, float]
    confidence: float
    why: str

    @property
    def place(self) -> str:
        """Where it stands, as a person would look for it."""
        if not self.page:
            return "given"
        left, top, right, bottom = self.box
        return (
            f"page {self.page}, {left:.0f} to {right:.0f} pt from the left, {top:.0f} to"
            f" {bottom:.0f} pt from the top"
        )


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    page: int
    words: tuple[Json, ...]

    def box(self, start: int, end: int) -> tuple[float, float, float, float]:
        """Box of the words that a span of the text touches."""
        at, held = 0, []
        for word in self.words:
            if at < end and at + len(word["text"]) > start:
                held.append(word)
            at += len(word["text"]) + 1
        held = held or list(self.words)
        return (
            min(w["x0"] for w in held),
            min(w["top"] for w in held),
            max(w["x1"] for w in held),
            max(w["bottom"] for w in held),
        )


def read_bill(path: Path) -> list[BillField]:
    """Read an electricity bill: the best reading of each field, those that were found.

    Raises:
        DataError: `unreadable-file`, `bill-without-text`.
    """
    lines = _lines(path)
    found = [_energy(lines), *_period(lines), _document(lines), _supplier(lines)]
    told: list[BillField] = []
    for one in found:
        if one is not None:
            told.append(one)
            if one.field == "energy":
                unit = ENERGY.search(one.text)
                name = unit.group("unit") if unit else "kWh"
                told.append(
                    BillField(
                        "unit",
                        {"千瓦时": "kWh", "度": "kWh"}.get(name, name),
                        one.text,
                        one.page,
                        one.box,
                        one.confidence,
                        one.why,
                    )
                )
    return sorted(told, key=lambda r: FIELDS.index(r.field))


def read_bill_lines(path: Path, names: Sequence[str]) -> list[tuple[str, str, float, float | None]]:
    """Lines of a bill that begin with given names: the last number of each is what it charges.

    Args:
        path: A PDF with text, of one month.
        names: Of a tariff's lines.

    Returns:
        Name, month, amount, and quantity where a number of kWh, MWh, kW or kVA stands before it.

    Raises:
        DataError: `unreadable-file`, `bill-without-text`, `bad-bill-lines` where its month is not
            sure, a number leaves a choice, or none of the lines is on it.
    """
    lines = _lines(path)
    first, last = _period(lines)
    if first is None or last is None or min(first.confidence, last.confidence) < SURE:
        text = f"{path.name} does not say for sure which days it covers."
        raise DataError("bad-bill-lines", text, LINES_HINT)
    if first.value[:7] != last.value[:7]:
        text = f"{path.name} covers {first.value} to {last.value}, not one month."
        raise DataError("bad-bill-lines", text, LINES_HINT)
    comma = _writes_commas(lines)
    found: list[tuple[str, str, float, float | None]] = []
    for line in lines:
        name = _begins(line.text, names)
        rest = line.text[len(name) :]
        numbers = list(re.finditer(NUMBER, rest)) if name else []
        if not numbers or set(re.findall(r"[^\W\d_]+", rest.casefold())) - set(BESIDE):
            continue  # words of another line, such as 'Power factor'
        if not re.fullmatch(r"\d[\d.,'’ \u2009]*[.,]\d{2}", numbers[-1]["number"]):
            continue  # no amount of money
        if name in {f[0] for f in found}:
            text = f"{path.name} has two lines '{name}'."
            raise DataError("bad-bill-lines", text, LINES_HINT)
        values = []
        for number in numbers:
            plain, doubt = _decimal(number["number"], comma_is_point=comma)
            if doubt:
                text = f"{path.name}: '{number['number']}' in '{line.text}' may be two numbers."
                raise DataError("bad-bill-lines", text, LINES_HINT)
            values.append(-float(plain) if "-" in (number["sign"] or "") else float(plain))
        counted = [
            value * (1000 if unit[1].upper() == "MWH" else 1)
            for number, value in zip(numbers, values, strict=True)
            if (unit := COUNTED.match(rest[number.end() :]))
        ]
        found.append((name, first.value[:7], values[-1], counted[0] if counted else None))
    if not found:
        text = f"{path.name} has none of the lines {', '.join(names)}."
        raise DataError("bad-bill-lines", text, "Name the tariff's lines as the bill does.")
    return found


def _begins(text: str, names: Sequence[str]) -> str:
    """The longest name with which a line begins."""
    folded = text.casefold()
    every = [n for n in names if re.match(rf"{re.escape(n.casefold())}(?!\w)", folded)]
    return max(every, key=len, default="")


def _writes_commas(lines: Sequence[_Line]) -> bool:
    """Whether the page writes the point of a number as a comma."""
    text = " ".join(line.text for line in lines)
    return len(re.findall(r"\d,\d{2}(?!\d)", text)) > len(re.findall(r"\d\.\d{2}(?!\d)", text))


def _lines(path: Path) -> list[_Line]:
    """Lines of the pages, each with its words and their places."""
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    if path.stat().st_size > BYTES_MAX:
        raise DataError(
            "unreadable-file",
            f"{path.name} is larger than {BYTES_MAX:,} bytes.",
            "Take the bill alone.",
        )
    lines = []
    for page, told in read_apart(pdf_lines, path):
        words = tuple(dict(zip(WORD, word, strict=True)) for word in told)
        if words:
            lines.append(_Line(" ".join(w["text"] for w in words), page, words))
    if not lines:
        raise DataError(
            "bill-without-text",
            f"{path.name} holds no text: it is a scan.",
            "Type its values into templates/electricity.csv.",
        )
    return lines


def _labelled(
    lines: list[_Line], at: int, start: int, labels: tuple[tuple[str, float], ...]
) -> tuple[float, str]:
    """How sure the words before a value make it: on its line, or on the line above."""
    for pattern, sure in labels:
        if found := list(re.finditer(pattern, lines[at].text[:start], re.IGNORECASE)):
            return sure, found[-1].group(0)
    for pattern, sure in labels:
        if (
            at
            and (above := re.search(pattern, lines[at - 1].text, re.IGNORECASE))
            and not re.search(r"\d", lines[at - 1].text)
        ):
            return sure - 0.15, above.group(0)
    return 0.0, ""


def _energy(lines: list[_Line]) -> BillField | None:
    """The energy that the words before it make surest; in doubt where another value is as sure."""
    found: list[BillField] = []
    german = any(
        re.search(r"verbrauch|rechnung|zählerstand", line.text, re.IGNORECASE) for line in lines
    )
    for at, line in enumerate(lines):
        for match in ENERGY.finditer(line.text):
            sure, label = _labelled(lines, at, match.start(), LABELS["energy"])
            said = line.text[: match.start()] if label else line.text
            if re.search(
                r"(?:/|per |每)\s*$", line.text[max(0, match.start() - 6) : match.start()]
            ) or ELSEWHERE.search(said):
                sure -= 0.5
            if re.search(r"\d[^\w\s]?\s?$", line.text[: match.start("number")]):
                sure -= 0.5  # the tail of a longer number
            value, doubt = _decimal(match.group("number"), comma_is_point=german)
            sure -= doubt + (0.5 if (match.group("sign") or "").strip() in ("-", "−") else 0.0)
            why = f"after '{label}'" if label else "a number of kWh"
            found.append(
                BillField(
                    "energy",
                    value,
                    match.group(0),
                    line.page,
                    line.box(*match.span()),
                    max(sure, 0.2),
                    why,
                )
            )
    if not found:
        return None
    best = max(found, key=lambda r: r.confidence)
    rivals = sorted(
        {r.value for r in found if r.value != best.value and r.confidence >= best.confidence - 0.2}
    )
    if rivals:
        why = f"{best.why}; as sure: {', '.join(rivals[:3])}"
        return replace(best, confidence=min(best.confidence, SURE - 0.1), why=why)
    return best


def _decimal(text: str, *, comma_is_point: bool = False) -> tuple[str, float]:
    r"""A printed number as a decimal, and how much its marks leave in doubt.

    Args:
        text: The number with its marks.
        comma_is_point: Whether the page writes numbers as German does.

    Example:
        >>> _decimal("12,345.6")[0], _decimal("4.512,5")[0], _decimal("1'234")[0], _decimal("845,5")[0]
        ('12345.6', '4512.5', '1234', '845.5')
        >>> _decimal("4.512")[1] > 0, _decimal("4.512", comma_is_point=True)
        (True, ('4512', 0.0))
    """
    bare = re.sub(r"[\u2009 '’]", "", text)
    marks = re.findall(r"[.,]", bare)
    if not marks:
        return bare, 0.0
    last = marks[-1]
    behind = len(bare) - bare.rindex(last) - 1
    if len(set(marks)) == 2:  # the last mark is the point
        return bare.replace("," if last == "." else ".", "").replace(last, "."), 0.0
    if len(marks) > 1:
        return bare.replace(last, ""), 0.0
    if behind != 3:
        return bare.replace(last, "."), 0.0
    thousands = (last == ",") != comma_is_point
    return bare.replace(last, "" if thousands else "."), 0.0 if thousands else 0.4


def _period(lines: list[_Line]) -> list[BillField | None]:
    """First and last day: two dates on one line, the surest by the words before them."""
    found: list[tuple[float, BillField, BillField]] = []
    for at, line in enumerate(lines):
        days = [
            (m, d, sure) for m in DAY.finditer(line.text) for d, sure in [_day(m)] if d is not None
        ]
        if len(days) < 2:
            continue
        (one, first, sure_one), (other, last, sure_other) = days[0], days[1]
        if last <= first or (last - first).days > 400:
            continue
        label_sure, label = _labelled(lines, at, one.start(), LABELS["period"])
        sure = (label_sure or 0.5) * min(sure_one, sure_other) - (
            0.5 if OTHER_PERIOD.search(line.text[: one.start()]) else 0.0
        )
        why = f"after '{label}'" if label else "two dates on a line"
        start, end = (
            BillField(
                field,
                day.isoformat(),
                m.group(0),
                line.page,
                line.box(*m.span()),
                max(sure, 0.1),
                why,
            )
            for field, day, m in (("from", first, one), ("to", last, other))
        )
        found.append((sure, start, end))
    if not found:
        return [None, None]
    sure, start, end = max(found, key=lambda f: f[0])
    if any(
        (s.value, e.value) != (start.value, end.value) and other_sure >= sure - 0.2
        for other_sure, s, e in found
    ):
        doubt = min(sure, SURE - 0.1)
        return [
            replace(r, confidence=doubt, why=f"{r.why}; another period is as sure")
            for r in (start, end)
        ]
    return [start, end]


def _day(match: re.Match[str]) -> tuple[date | None, float]:
    """A printed day, and how sure its reading is: 03/04/2024 can be two days."""
    kind = match.lastgroup or ""
    text = match.group(0)
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    try:
        if kind in ("iso", "zh"):
            return date(*numbers), 1.0
        if kind == "dmy":
            day, month, year = numbers
            return date(year, month, day), 1.0 if day > 12 or "." in text else 0.7
        name = re.sub(r"[^a-z]", "", text.casefold())[:3]
        day, year = numbers
        return date(year, MONTHS[name], day), 1.0
    except (ValueError, KeyError):
        return None, 0.0


def _document(lines: list[_Line]) -> BillField | None:
    for pattern, sure in LABELS["document"]:
        for line in lines:
            found = re.search(
                rf"(?:{pattern})\s*[:：]?\s*(?P<value>[A-Z0-9][A-Z0-9/-]{{3,30}})",
                line.text,
                re.IGNORECASE,
            )
            if found:
                span = found.span("value")
                return BillField(
                    "document",
                    found.group("value"),
                    found.group("value"),
                    line.page,
                    line.box(*span),
                    sure,
                    "after its label",
                )
    return None


def _supplier(lines: list[_Line]) -> BillField | None:
    first = lines[0]
    return BillField(
        "supplier",
        first.text[:80],
        first.text,
        first.page,
        first.box(0, len(first.text)),
        0.5,
        "first line",
    )


def given(reads: list[BillField], values: Mapping[str, str]) -> list[BillField]:
    """Readings with those replaced that a person gave.

    Raises:
        UsageError: `bad-bill-value`.
    """
    for field, text in values.items():
        if field not in FIELDS:
            raise UsageError(
                "bad-bill-value",
                f"'{field}' is not a field of a bill.",
                f"There are: {', '.join(FIELDS)}.",
            )
        is_day, is_number = field in ("from", "to"), field == "energy"
        try:
            _ = date.fromisoformat(text) if is_day else float(text) if is_number else text
        except ValueError:
            raise UsageError(
                "bad-bill-value",
                f"{field} is '{text}'.",
                "Give a day as 2024-01-31, energy as 1234.5.",
            ) from None
    kept = [r for r in reads if r.field not in values]
    made = [
        BillField(f, v, v, 0, (0.0, 0.0, 0.0, 0.0), 1.0, "given by a person")
        for f, v in values.items()
    ]
    return sorted(kept + made, key=lambda r: FIELDS.index(r.field))


def doubtful(reads: list[BillField]) -> list[str]:
    """Required fields that were not found, or not surely enough to be stored."""
    sure = {r.field for r in reads if r.confidence >= SURE}
    return [f for f in REQUIRED if f not in sure]
