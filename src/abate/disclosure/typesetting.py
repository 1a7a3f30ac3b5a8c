"""Markdown as Typst, for the print.

Contents, page numbers, tables with headers, pictures with their words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from markdown_it.token import Token

from abate.disclosure.markup import ANCHOR, CHART, PAGE, heading_id, reader
from abate.kernel.languages import languages

FONTS = ("Libertinus Serif", "Noto Serif CJK SC")
SANS = ("DejaVu Sans", "Noto Sans CJK SC")
WIDTH_MAX = 42
"""Characters of a cell beyond which it asks for no wider column."""


def quoted(text: str) -> str:
    r"""A text as a Typst string.

    Example:
        >>> print(quoted('a "b" \\ c'))
        "a \"b\" \\ c"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def to_typst(
    markdown: str,
    charts: Mapping[str, tuple[str, str, int]],
    *,
    title: str,
    author: str,
    lang: str,
    day: date,
    cards: Sequence[tuple[str, str, str]],
    lead: str,
    contents: str,
    page_of: str,
    same: Mapping[str, str],
) -> str:
    """A report as a Typst document.

    Args:
        markdown: The report; its first heading is its title.
        charts: File, words and width [% of the line] of each chart, by name.
        title: Title of the document.
        author: The organisation.
        lang: `en` or `zh`.
        day: Day on which it is written.
        cards: Title, value and unit of each key figure on the cover.
        lead: Line under the title.
        contents: Title of the contents.
        page_of: Between the number of a page and that of all pages.
        same: Names of places that stand under another name in print.
    """
    tokens = reader().parse(markdown)
    placed = set(re.findall(rf"\({ANCHOR}([^)\s]+)\)", markdown)) | set(
        re.findall(r"\{#([\w.-]+)\}", markdown)
    )
    body = _Setter(tokens, charts, placed, same).run()
    serif, sans = (f"({', '.join(map(quoted, fonts))})" for fonts in (FONTS, SANS))
    territory = languages()[lang].locale.territory
    region = f", region: {quoted(territory)}" if territory and lang != "en" else ""
    return f"""#set document(title: {quoted(title)}, author: {quoted(author)}, date: datetime(year: {day.year}, month: {day.month}, day: {day.day}))
#set page(paper: "a4", margin: (x: 20mm, top: 20mm, bottom: 22mm), footer: context align(center, text(8pt, fill: rgb("#4d5963"))[#{quoted(title)} · #counter(page).display()#{quoted(page_of)}#counter(page).final().first()]))
#set text(font: {serif}, size: 10pt, lang: {quoted(lang)}{region})
#set par(justify: false, leading: 0.62em)
#show heading: set text(font: {sans}, weight: "bold")
#show heading.where(level: 1): it => {{ set text(15pt); block(above: 1.6em, below: 0.9em, it) }}
#show heading.where(level: 2): it => {{ set text(11.5pt); block(above: 1.4em, below: 0.7em, it) }}
#show heading.where(level: 3): it => {{ set text(10pt); block(above: 1.2em, below: 0.6em, it) }}
#show table: set text(7.6pt)
#show table: set par(justify: false, leading: 0.45em)
#show raw: set text(0.92em)
#show link: set text(fill: rgb("#1f5a7a"))
#set table(stroke: (x, y) => (bottom: 0.4pt + rgb("#b8c2c9")), inset: (x: 3pt, y: 3pt))
#v(14mm)
#align(left)[#text(font: {sans}, size: 24pt, weight: "bold")[#{quoted(title)}]]
#text(9pt, fill: rgb("#4d5963"))[#{quoted(lead)}]
#v(8mm)
{_cover(cards, sans)}
#outline(title: {quoted(contents)}, depth: 1)
#pagebreak()
{body}"""


def _cover(cards: Sequence[tuple[str, str, str]], sans: str) -> str:
    """Key figures as boxes, three a row, on a page of their own; nothing where there are none."""
    boxes = ",\n".join(
        f'[#block(fill: rgb("#f1f4f5"), inset: 10pt, radius: 4pt, width: 100%, height: 27mm)['
        f'#text(9pt, fill: rgb("#4d5963"))[#{quoted(title)}] #linebreak()'
        f' #text(font: {sans}, size: 17pt, weight: "bold")[#{quoted(value)}] #linebreak()'
        f' #text(8.5pt, fill: rgb("#4d5963"))[#{quoted(unit)}]]]'
        for title, value, unit in cards
    )
    grid = f"#grid(columns: (1fr, 1fr, 1fr), gutter: 4mm,\n{boxes})\n#pagebreak()"
    return grid if boxes else ""


BLOCKS = {
    "bullet_list_open": "\n#list(",
    "ordered_list_open": "\n#enum(",
    "bullet_list_close": ")\n",
    "ordered_list_close": ")\n",
    "list_item_open": "[",
    "list_item_close": "],",
    "blockquote_open": '\n#block(fill: rgb("#f1f4f5"), inset: 8pt, radius: 3pt, width: 100%)[',
    "blockquote_close": "]\n",
    "paragraph_close": "\n\n",
    "hr": "\n#line(length: 100%, stroke: 0.4pt)\n",
}
SPANS = {
    "softbreak": "\n",
    "hardbreak": "\n",
    "strong_open": "#strong[",
    "strong_close": "]",
    "em_open": "#emph[",
    "em_close": "]",
}
"""What stands for tokens that are always set alike."""


class _Setter:
    """Walks the tokens of a text once and writes Typst."""

    def __init__(
        self,
        tokens: Sequence[Token],
        charts: Mapping[str, tuple[str, str, int]],
        placed: set[str],
        same: Mapping[str, str],
    ) -> None:
        self.tokens, self.charts, self.placed, self.same = tokens, charts, placed, same
        self.out: list[str] = []

    def run(self) -> str:
        at = 0
        while at < len(self.tokens):
            at = self._block(at)
        return "".join(self.out)

    def _block(self, at: int) -> int:
        """Set the block that begins at a token; the place of the next one."""
        token = self.tokens[at]
        match token.type:
            case "heading_open":
                return self._heading(at)
            case "table_open":
                return self._table(at)
            case "inline":
                self.out.append(self._inline(token))
            case "fence" | "code_block":
                self.out.append(f"\n#raw({quoted(token.content)}, block: true)\n")
            case kind:
                self.out.append(BLOCKS.get(kind, ""))
        return at + 1

    def _heading(self, at: int) -> int:
        token, inline = self.tokens[at], self.tokens[at + 1]
        name = heading_id(inline)
        level = max(1, int(token.tag[1]) - 1)
        if at:  # the title stands on the cover already
            label = f" #label({quoted(name)})" if name else ""
            part = "\n#pagebreak(weak: true)" if token.tag == "h1" and name else ""
            self.out.append(f"{part}\n#heading(level: {level})[{self._inline(inline)}]{label}\n")
        return at + 3

    def _table(self, at: int) -> int:
        head: list[str] = []
        body: list[list[str]] = []
        aligned: list[str] = []
        widths: list[int] = []
        row: list[str] = []
        is_head = True
        while self.tokens[at].type != "table_close":
            token = self.tokens[at]
            if token.type == "tbody_open":
                is_head = False
            elif token.type == "tr_open":
                row = []
            elif token.type in ("th_open", "td_open"):
                inline = self.tokens[at + 1]
                row.append(self._inline(inline))
                text = "".join(c.content for c in inline.children or [] if c.content)
                place = len(row) - 1
                if is_head:
                    aligned.append(
                        "right" if "right" in str(token.attrGet("style") or "") else "left"
                    )
                    widths.append(_width(text))
                else:
                    widths[place] = max(widths[place], _width(text))
            elif token.type == "tr_close":
                if is_head:
                    head = row
                else:
                    body.append(row)
            at += 1
        narrow = [
            w <= 12 or (w <= 18 and side == "right")
            for w, side in zip(widths, aligned, strict=True)
        ]
        if all(narrow):
            narrow[0] = False
        columns = ", ".join(
            "auto" if n else f"{min(w, WIDTH_MAX)}fr" for w, n in zip(widths, narrow, strict=True)
        )
        cells = ",\n".join(", ".join(f"[{c}]" for c in r) for r in body)
        header = ", ".join(f"[#strong[{c}]]" for c in head)
        self.out.append(
            f"\n#table(columns: ({columns},), align: ({', '.join(aligned)},),"
            f" table.header({header}),\n{cells})\n"
        )
        return at + 1

    def _inline(self, token: Token) -> str:
        out: list[str] = []
        closing: list[str] = []
        replaced = False  # inside a link whose text is a page number instead
        for child in token.children or []:
            address = str(child.attrGet("href") or child.attrGet("src") or "")
            match child.type:
                case "link_open":
                    begin, end = self._link(address)
                    out.append(begin)
                    closing.append(end)
                    replaced = address.startswith(PAGE)
                case "link_close":
                    out.append(closing.pop())
                    replaced = False
                case "image" if address.startswith(CHART):
                    out.append(self._chart(address.removeprefix(CHART)))
                case kind if not replaced:
                    out.append(SPANS.get(kind) or _words(child))
        return "".join(out)

    def _chart(self, name: str) -> str:
        file, words, share = self.charts[name]
        picture = f"image({quoted(file)}, alt: {quoted(words)}, width: {share}%)"
        return f"#align(center, {picture})"

    def _link(self, address: str) -> tuple[str, str]:
        if address.startswith(ANCHOR):
            return "#box[#[", f"]#label({quoted(address.removeprefix(ANCHOR))})]"
        if address.startswith(PAGE):
            name = self._place(address.removeprefix(PAGE))
            return (
                "#context"
                f" link(label({quoted(name)}))[#counter(page).at(label({quoted(name)})).first()];"
                if name
                else "–"
            ), ""
        if address.startswith("#"):
            name = self._place(address[1:])
            return (f"#link(label({quoted(name)}))[", "]") if name else ("", "")
        return f"#link({quoted(address)})[", "]"

    def _place(self, name: str) -> str:
        """The name under which a place stands in print; empty where it does not."""
        there = self.same.get(name, name)
        return there if there in self.placed else ""


def _words(token: Token) -> str:
    """A text or code as Typst writes it; nothing for any other token."""
    if token.type == "text" and token.content:
        return f"#{quoted(token.content)};"
    if token.type == "code_inline":
        soft = re.sub(r"(?<=[/_.:-])(?=\w)|(?<=[a-z])(?=[A-Z])", "\u200b", token.content)
        return f"#raw({quoted(soft)});"
    return ""


def _width(text: str) -> int:
    """Characters that a cell asks for: a Chinese one counts twice."""
    return sum(2 if ord(ch) > 0x2E80 else 1 for ch in text)
