"""What tools share: types of their arguments, bounded answers, confirmations, handed-over files."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from abate.kernel.edges import Json
from abate.kernel.errors import UsageError

ROWS_MAX = 200
"""Rows of one answer; what is left off is counted."""
TEXT_MAX = 2_000_000
"""Characters of a file that is handed over."""
Year = Annotated[str, Field(max_length=12, description="Fiscal year, such as FY2024.")]
Name = Annotated[str, Field(max_length=400)]
Limit = Annotated[int, Field(ge=1, le=ROWS_MAX, description="Rows of the answer.")]
Where = Annotated[
    dict[str, str], Field(description="Value of a dimension by its name, such as {'site': 'hq'}.")
]
TEXTS = (".csv", ".txt", ".tsv", ".json", ".md", ".toml", ".xml", ".html")
"""Endings of files that are handed over as text."""
FileName = Annotated[str, Field(max_length=200, description="Name with its ending: bills.csv.")]
Content = Annotated[
    str, Field(max_length=TEXT_MAX, description="The file: text, or base64 of a binary file.")
]
Row = Annotated[int, Field(ge=0, le=2**31, description="Row of the file; 0 for all of it.")]
Span = Literal["hour", "day", "month"]
Effort = Literal["fast", "thorough", "proved"]
Items = Annotated[list[str], Field(max_length=200, description="Each as '190x140x50 mm 400 g x3'.")]
Lines = Annotated[
    list[dict[str, str]],
    Field(max_length=200, description="Each with action, file, row and new values."),
]
Confirm = Annotated[
    str, Field(max_length=80, description="Empty to preview; the code of the preview to go on.")
]


def bounded(rows: list[Any], limit: int = ROWS_MAX) -> Json:
    """Rows up to a limit, and how many are left off.

    Example:
        >>> bounded([1, 2, 3], 2)
        {'rows': [1, 2], 'left_off': 1}
    """
    return {"rows": rows[:limit], "left_off": max(0, len(rows) - limit)}


def confirmation(*parts: object) -> str:
    """The code that confirms just this: another file, year or ledger has another one."""
    text = json.dumps([str(p) for p in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def to_confirm(code: str, given: str) -> Json:
    """What a preview says of how to go on."""
    stale = "The code given is not that of this preview. " if given else ""
    return {
        "stored": False,
        "confirm": code,
        "next": f"{stale}Show this to the user; call again with confirm='{code}' once they agree.",
    }


def file_of(folder: Path, name: str, content: str) -> Path:
    """A file that was handed over: text as it is, a binary format from base64.

    Raises:
        UsageError: `bad-content`.
    """
    path = folder / (Path(name.replace("\\", "/")).name or "file.csv")
    if path.suffix.lower() in TEXTS:
        path.write_text(content, encoding="utf-8")
        return path
    try:
        path.write_bytes(base64.b64decode(content, validate=True))
    except binascii.Error as error:
        raise UsageError(
            "bad-content", f"{path.name} is not base64.", "Encode binary files as base64."
        ) from error
    return path
