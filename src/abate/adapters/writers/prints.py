"""The report as a print (Typst to PDF/UA) and as a workbook."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from abate.disclosure.markup import Table
from abate.disclosure.report import headings
from abate.disclosure.typesetting import to_typst
from abate.kernel.errors import IntegrityError, UsageError
from abate.kernel.languages import translator

CJK_FONT = "Noto Serif CJK SC"
UNUSUAL = re.compile(r"[^\u0000-\u2bff]+")
"""Letters that a machine may have no font for: Chinese where no such font is installed, signs
beyond the common ones.
"""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters by which a workbook would take a text for a formula."""


@cache
def fonts() -> frozenset[str]:
    """Families of fonts that the print can use."""
    import typst

    return frozenset(typst.Fonts().families())


def pdf_bytes(
    text: str,
    pictures: Mapping[str, Mapping[str, Any]],
    model: Mapping[str, Any],
    *,
    lang: str,
    day: date,
) -> bytes:
    """A report as tagged PDF (PDF/UA-1): the same bytes for the same text.

    Raises:
        UsageError: `no-cjk-font` where a Chinese report finds no Chinese font.
    """
    if lang == "zh" and CJK_FONT not in fonts():
        raise UsageError(
            "no-cjk-font",
            f"There is no font '{CJK_FONT}'.",
            "On Debian: apt install fonts-noto-cjk.",
        )
    t = translator(lang, "report")
    title, _ = headings(text)
    same = {f"x-{i}": f"i-{k}" for k, i in _opened(model)}
    with tempfile.TemporaryDirectory() as folder:
        charts: dict[str, tuple[str, str, int]] = {}
        for name, picture in pictures.items():
            file = Path(folder) / f"{name}.svg"
            file.write_text(print_svg(str(picture["svg"])), encoding="utf-8")
            charts[name] = (file.name, str(picture["title"]), 86 if picture["wide"] else 52)
        source = to_typst(
            text,
            charts,
            title=title,
            author=str(model["organisation"]),
            lang=lang,
            day=day,
            cards=[
                (t(c["title"]), c["text"], " · ".join(filter(None, (t(c["unit"]), c["change"]))))
                for c in model["cards"]
            ],
            lead=_lead(model, t) if "run" in model else "",
            contents=t("Contents"),
            page_of=t(" of "),
            same=same,
        )
        return _set(source, Path(folder) / "report.typ")


def _lead(model: Mapping[str, Any], t: Callable[[str], str]) -> str:
    """The line under a report's title: days, run and whether it is assured."""
    run = model["run"]
    days = f"{model['first_day']} – {model['last_day']}"
    assured = t("assured") if model["assurance"] else t("not assured")
    return f"{days} · {t('run')} {run.run_id}, {t(run.status)} · {assured}"


def _set(source: str, main: Path) -> bytes:
    """Set a document; letters for which this machine has no font are printed as (?).

    Never as nothing.

    Raises:
        IntegrityError: `print-failed`.
    """
    import typst

    for text in (source, UNUSUAL.sub("(?)", source)):
        main.write_text(text, encoding="utf-8")
        try:
            made: bytes = typst.compile(
                str(main), format="pdf", pdf_standards=["ua-1"], timestamp=0
            )
        except typst.TypstError as error:
            if "could not be displayed" in str(error) and text is source:
                continue
            raise IntegrityError(
                "print-failed",
                f"The report cannot be set: {error}",
                "Report it, with the template.",
            ) from error
        return made
    raise AssertionError


def _opened(model: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Indicators with the figure that they show as it is."""
    from abate.disclosure.indicators import indicators

    shown = {k["id"] for k in model["kpis"]}
    return [(i.id, i.figure) for i in reversed(indicators().values()) if i.figure and i.id in shown]


def print_svg(svg: str) -> str:
    """A chart for paper: a family of fonts that the print has, in place of what browsers choose."""
    return svg.replace("system-ui, sans-serif", "DejaVu Sans, Noto Sans CJK SC").replace(
        'font-family="sans-serif"', 'font-family="DejaVu Sans, Noto Sans CJK SC"'
    )


def workbook_bytes(tables: Iterable[Table], model: Mapping[str, Any], *, now: datetime) -> bytes:
    """Tables of a report as a workbook.

    A sheet each, numbers as numbers beside their units, no formula.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    book = Workbook(write_only=True)
    book.properties.title = f"{model['organisation']} {model['year']}"
    book.properties.creator = str(model["organisation"])
    book.properties.created = book.properties.modified = now
    for table in tables:
        sheet = book.create_sheet(table.id[:31])
        sheet.freeze_panes = "B4"
        for place, column in enumerate(table.columns):
            longest = max([len(r[place].text) for r in table.rows] + [len(column)])
            sheet.column_dimensions[
                chr(65 + place) if place < 26 else f"A{chr(39 + place)}"
            ].width = min(60, longest + 3)
        title = WriteOnlyCell(sheet, value=safe_text(table.title))
        title.font = Font(bold=True, size=13)
        sheet.append([title])
        sheet.append(
            [safe_text(f"{model['organisation']} {model['year']}, run {model['run'].run_id}")]
        )
        head = []
        for column in table.columns:
            cell = WriteOnlyCell(sheet, value=safe_text(column.removeprefix(">")))
            cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
            head.append(cell)
        sheet.append(head)
        for row in table.rows:
            sheet.append(
                [
                    _sheet_cell(sheet, c.text, c.value, right=column.startswith(">"))
                    for c, column in zip(row, table.columns, strict=True)
                ]
            )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


PRINTED = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d[\d,]*)(?:\.(?P<rest>\d+))?(?P<share>\s?%)?(?P<star>\*?)"
)
"""A number as tables print it: grouped by commas, maybe with a sign, as a share, or starred."""


def _sheet_cell(sheet: Any, text: str, value: float | None, *, right: bool) -> Any:
    """A cell: a number where it has a value, or where a column of numbers prints one."""
    from openpyxl.cell import WriteOnlyCell

    shown = PRINTED.fullmatch(text) if right or value is not None else None
    if value is None and shown is None:
        return safe_text(text)
    if value is None:
        value = float(re.sub(r"[,%*\s]", "", text)) / (100 if "%" in text else 1)
    shape = "#,##0.###"
    if shown is not None:
        digits = "." + "0" * len(shown["rest"]) if shown["rest"] else ""
        shape = f"{'0' if shown['share'] else '#,##0'}{digits}{'%' if shown['share'] else ''}"
        shape = f"+{shape};-{shape};{shape}" if shown["sign"] == "+" else shape
    cell = WriteOnlyCell(sheet, value=value)
    star = '"*"' * text.endswith("*")  # a number that is incomplete
    cell.number_format = ";".join(part + star for part in shape.split(";"))
    return cell


def safe_text(text: str) -> str:
    """A text that no workbook takes for a formula, without characters that a workbook cannot hold."""
    shown = "".join(ch for ch in text if ch.isprintable() or ch in "\n")
    return f"'{shown}" if shown.startswith(FORMULA_STARTS) and not _is_number(shown) else shown


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(",", "").replace(".", "").replace("%", "").strip().isdecimal()
