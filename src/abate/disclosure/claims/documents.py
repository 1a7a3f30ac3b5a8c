"""Documents: text, Markdown and HTML as running text and tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

from abate.disclosure.claims.extracting import Extract, context_of, extract
from abate.disclosure.claims.grids import read_grid
from abate.disclosure.claims.quantities import normal

BLOCKS = re.compile(
    r"p|div|h[1-6]|li|[uo]l|br|section|article|header|footer|fig(?:ure|caption)|blockquote|d[dt]"
    r"|main|body|title|t[dhr]|caption|table|aside|nav"
)
CELLS, ROWS = ("td", "th"), ("tr", "thead", "tbody", "tfoot")
SILENT = frozenset(["script", "style", "noscript", "template", "svg", "head", "nav"])
INLINE = frozenset(["a", "b", "em", "i", "span", "strong"])


@dataclass(slots=True)
class Grid:
    """A table of a document.

    Args:
        rows: Cells, row by row; a cell that spans several columns stands in each.
        caption: What stands above it: its caption, else the line before.
    """

    rows: list[list[str]] = field(default_factory=list)
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds.

    Args:
        text: Running text, blocks apart by empty lines.
        grids: Its tables.
    """

    text: str
    grids: tuple[Grid, ...] = ()


class _Reader(HTMLParser):
    """Collects the blocks and tables of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.grids: list[Grid] = []
        self.silent = 0
        self.open: list[Grid] = []
        self.words: list[str] = []
        self.width = 1
        self.in_cell = False
        self.is_closed = False
        self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.silent += tag in SILENT
        if tag in INLINE and self.is_closed:
            self.words.append(" ")  # a label and its number, side by side
        if tag in CELLS or tag in ROWS:
            self._end_cell()  # the end of a cell may be left out
        if BLOCKS.fullmatch(tag):
            self._end()
        if tag == "table":
            self.open.append(Grid(caption=next((b for b in reversed(self.blocks) if b), "")))
        elif tag == "tr" and self.open:
            self.open[-1].rows.append([])
        elif tag in CELLS and self.open:
            span = held.get("colspan") or "1"
            self.width = min(int(span), 40) if span.isdecimal() else 1
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        self.is_closed = tag in INLINE
        if tag in CELLS or tag in ROWS or tag == "table":
            self._end_cell()
        if tag == "caption" and self.open:
            self.open[-1].caption = self._said()
        elif tag == "table" and self.open:
            self.grids.append(self.open.pop())
        elif BLOCKS.fullmatch(tag):
            self._end()
        if tag == "h1" and self.blocks:
            self.title = self.title or self.blocks[-1]

    def _said(self) -> str:
        said = re.sub(r"\s+", " ", "".join(self.words)).strip()
        self.words = []
        return said

    def _end_cell(self) -> None:
        if self.in_cell and self.open and self.open[-1].rows:
            self.open[-1].rows[-1] += [self._said()] * self.width
        self.in_cell = False

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.words.append(data)
            self.is_closed = False

    def _end(self) -> None:
        if self.in_cell:
            return
        said = self._said()
        if said and not self.open:
            self.blocks.append(said)


def of_html(markup: str) -> Document:
    r"""A page as text and tables: scripts and styles away, blocks apart.

    Example:
        >>> of_html("<p>Up <b>5&nbsp;%</b></p><script>x=1</script><p>Down</p>").text
        'Up 5 %\n\nDown'
    """
    reader = _Reader()
    reader.feed(re.sub(r"(?is)<!--.*?-->", " ", markup))
    reader.close()
    reader._end()
    blocks = [b.replace("\xa0", " ") for b in reader.blocks]
    if reader.title in blocks:  # what stands above it, such as a menu, is not what the page is of
        blocks = blocks[blocks.index(reader.title) :] + blocks[: blocks.index(reader.title)]
    return Document("\n\n".join(blocks), tuple(reader.grids))


def of_markdown(text: str) -> Document:
    """A Markdown text as text and tables."""
    return of_html(MarkdownIt("commonmark").enable("table").render(text))


YEARS = re.compile(r"(?:FY|CY)?\s?(?:19|20)\d{2}(?:/\d{2})?\s?年?(?:度|财年)?")
NUMBERS = re.compile(r"[<>~]?[+-]?\d[\d.,]*\s?%?|[-–—]|n/?a")


def of_lines(text: str) -> Document:
    r"""A plain text as running text and the tables that stand in it as columns of numbers.

    Example:
        >>> told = of_lines("Emissions in t\n2023 2024\nScope 1 100 90\nScope 2 50 40\nIt fell.")
        >>> told.grids[0].rows[1], told.text
        (['Scope 1', '100', '90'], 'Emissions in t\nIt fell.')
    """
    kept: list[str] = []
    grids: list[Grid] = []
    lines = text.splitlines()
    k = 0
    while k < len(lines):
        years = _years_across(lines[k])
        rows: list[list[str]] = []
        while (
            years
            and k + 1 + len(rows) < len(lines)
            and (row := _row_across(lines[k + 1 + len(rows)], len(years)))
        ):
            rows.append(row)
        if len(rows) > 1:
            above = next((line for line in reversed(kept) if line.strip()), "")
            grids.append(Grid([["", *years], *rows], above))
            k += 1 + len(rows)
            continue
        kept.append(lines[k])
        k += 1
    return Document("\n".join(kept), tuple(grids))


def _years_across(line: str) -> list[str]:
    """The years of a line that heads a table: two or more, and little else."""
    years = YEARS.findall(line)
    rest = YEARS.sub("", line)
    return (
        [y.strip() for y in years]
        if len(years) > 1 and len(re.findall(r"\w+", rest)) < 5 and not line.rstrip().endswith(".")
        else []
    )


def _row_across(line: str, width: int) -> list[str]:
    """Label and numbers of a line under such a head."""
    words = line.split()
    tail = words[-width:]
    label = " ".join(words[:-width])
    if (
        len(words) <= width
        or not re.search(r"[A-Za-z一-鿿]", label)
        or not all(NUMBERS.fullmatch(w) for w in tail)
    ):
        return []
    return [label, *tail]


def of_pages(pages: Sequence[tuple[str, Sequence[Sequence[Sequence[str]]]]]) -> Document:
    """Pages of a PDF, each with its text and its tables."""
    texts: list[str] = []
    grids: list[Grid] = []
    for text, tables in pages:
        told = of_lines(re.sub(r"(?<=[a-zäöü])-\n(?=[a-zäöü])", "", text))
        texts.append(told.text)
        above = next((line for line in reversed(told.text.splitlines()) if line.strip()), "")
        grids += [
            *told.grids,
            *(Grid([[" ".join(c.split()) for c in row] for row in t], above) for t in tables),
        ]
    return Document("\n\n".join(texts), tuple(grids))


def read_document(
    document: Document,
    name: str,
    own: Mapping[tuple[str, str], str],
    *,
    year: int = 0,
    subject: str = "",
) -> Extract:
    """The statements of a document: of its running text, and of its tables.

    Args:
        document: Text and tables.
        name: Its name, for sources.
        own: Aliases that were given with the claims.
        year: Fiscal year it reports; 0 to take it from the text.
        subject: Whom it is about; empty to take it from the text.
    """
    read = extract(document.text, name, own, year=year, subject=subject)
    context = context_of(normal(document.text), name, own, year=year, subject=subject)
    statements, partly, unread = list(read.statements), list(read.partly), list(read.unread)
    for number, grid in enumerate(document.grids, 1):
        some, unsure, missed = read_grid(
            [[normal(c) for c in row] for row in grid.rows],
            normal(grid.caption),
            f"{name} table {number}",
            context,
        )
        statements += some
        partly += unsure
        unread += missed
    return Extract(tuple(statements), tuple(unread), tuple(partly))
