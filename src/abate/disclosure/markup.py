"""Tables and links as Markdown.

What the report's template holds, before it becomes a page or a print.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

CHART, ANCHOR, PAGE = "chart:", "id:", "page:"
"""Beginnings of addresses that are ours: a chart of the report, a place that has a name, the page
of such a place.
"""
HEADING_ID = re.compile(r"\s*\{#([\w.-]+)\}\s*$")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell of a table.

    Args:
        text: As it is printed.
        value: As a number, where it is one.
        link: Name of a place in the report that it leads to.
        anchor: Name under which others lead here.
        code: Whether it is a name of the system.
        page: Whether it is the page of the linked place rather than its text.
    """

    text: str
    value: float | None = None
    link: str = ""
    anchor: str = ""
    code: bool = False
    page: bool = False

    @property
    def markdown(self) -> str:
        """The cell in Markdown."""
        told = (
            f"`{self.text.replace('`', ' ').replace('|', chr(92) + '|')}`"
            if self.code and self.text
            else escaped(self.text)
        )
        if self.page:
            return f"[{told}]({PAGE}{self.link})"
        if self.link:
            told = f"[{told}](#{self.link})"
        return f"[{told}]({ANCHOR}{self.anchor})" if self.anchor else told


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report, and a sheet of its workbook.

    Args:
        id: Kebab-case name.
        title: Title of the sheet.
        columns: Headers; one that begins with `>` is set right.
        rows: Cells.
    """

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def of(
        cls, table_id: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> Table:
        """A table of texts and cells.

        Raises:
            AssertionError: Where a row has not as many cells as there are columns.
        """
        cells = tuple(
            tuple(c if isinstance(c, Cell) else Cell(str(c)) for c in row) for row in rows
        )
        assert all(len(row) == len(columns) for row in cells), (
            f"{table_id}: a row does not fit its columns"
        )
        return cls(table_id, title, tuple(columns), cells)

    @property
    def markdown(self) -> Markup:
        """The table in Markdown."""
        head = " | ".join(escaped(c.removeprefix(">")) or " " for c in self.columns)
        rule = " | ".join("---:" if c.startswith(">") else "---" for c in self.columns)
        body = "".join(
            "| " + " | ".join(c.markdown or " " for c in row) + " |\n" for row in self.rows
        )
        return Markup(f"\n| {head} |\n| {rule} |\n{body}\n")  # noqa: S704  (cells are escaped above)


def escaped(text: str) -> str:
    r"""A text as Markdown that prints just that text.

    Example:
        >>> print(escaped("a_b | <c>"))
        a\_b \| \<c\>
    """
    return re.sub(r"([\\`*_\[\]<>|#~&!])", r"\\\1", " ".join(text.split()))


@cache
def reader() -> MarkdownIt:
    """The reader of Markdown: tables, no raw HTML, no addresses but those that a report may hold."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.validateLink = _allowed  # type: ignore[method-assign, assignment]
    return made


def _allowed(address: str) -> bool:
    return address.startswith(("#", CHART, ANCHOR, PAGE, "https://", "http://", "mailto:"))


def heading_id(inline: Token) -> str:
    """Take the name off a heading such as `Targets {#targets}`, and return it."""
    found = HEADING_ID.search(inline.content)
    if found is None:
        return ""
    for child in reversed(inline.children or []):
        if child.type == "text":
            child.content = HEADING_ID.sub("", child.content)
            break
    return found.group(1)


def to_html(markdown: str, figures: Mapping[str, Markup]) -> Markup:
    """Markdown as HTML.

    Args:
        markdown: The text.
        figures: HTML of each chart, by name.
    """
    tokens = reader().parse(markdown)
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            name = heading_id(tokens[at + 1])
            if name:
                token.attrSet("id", name)
            if token.tag == "h1":  # a part of the report; its title stands above
                token.tag = tokens[at + 2].tag = "h2"
                token.attrSet("class", "part")
        elif token.type == "table_open":
            token.attrSet("class", "data")
        elif token.type in ("th_open", "td_open") and "right" in str(token.attrGet("style") or ""):
            token.attrs = {"class": "n"}
        elif token.type == "inline":
            _inline(token, figures)
    text = reader().renderer.render(_row_headers(tokens), reader().options, {})
    text = text.replace("<table", '<div class="scroll" tabindex="0" role="group"><table').replace(
        "</table>", "</table></div>"
    )
    text = re.sub(r"<p>(<figure.*?</figure>)</p>", r"\1", text, flags=re.DOTALL)
    return Markup(text)  # noqa: S704  (the reader escapes what is not ours)


def _row_headers(tokens: list[Token]) -> list[Token]:
    """The first cell of each row of a body is its header, for those who listen to a table."""
    inside = first = False
    for token in tokens:
        inside = token.type == "tbody_open" or (inside and token.type != "tbody_close")
        if token.type == "tr_open":
            first = inside
        elif first and token.type == "td_open":
            token.tag = "th"
            token.attrSet("scope", "row")
        elif first and token.type == "td_close":
            token.tag, first = "th", False
    return tokens


def _inline(token: Token, figures: Mapping[str, Markup]) -> None:
    closing: list[str] = []
    for child in token.children or []:
        address = str(child.attrGet("href") or child.attrGet("src") or "")
        if child.type == "image" and address.startswith(CHART):
            name = address.removeprefix(CHART)
            child.type, child.content, child.children = (
                "html_inline",
                str(figures.get(name, "")),
                None,
            )
        elif child.type == "link_open" and address.startswith(ANCHOR):
            child.type, child.content = (
                "html_inline",
                f'<span id="{escape(address.removeprefix(ANCHOR))}">',
            )
            closing.append("</span>")
        elif child.type == "link_open" and address.startswith(PAGE):
            child.type = "html_inline"
            child.content = f'<a href="#{escape(address.removeprefix(PAGE))}">'
            closing.append("</a>")
        elif child.type == "link_open":
            closing.append("")
        elif child.type == "link_close" and (end := closing.pop()):
            child.type, child.content = "html_inline", end


def plain_text(markdown: str) -> str:
    """Markdown as plain text, a paragraph or cell a line: what a reader of claims sees."""
    lines = []
    for token in reader().parse(markdown):
        if token.type == "inline":
            told = "".join(
                c.content
                for c in token.children or []
                if c.type in ("text", "code_inline", "softbreak")
            )
            lines.append(HEADING_ID.sub("", told))
    return "\n".join(lines)
