"""Labels and packing steps to print: one for each parcel, with a code to scan."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import segno

from abate.adapters.store.writing import in_place_of
from abate.disclosure.drawing import label_block, label_frame, packing_svg
from abate.kernel.edges import Model
from abate.logistics.planners.packing import OWN_BOX


@contextmanager
def labels_file(path: Path, title: str) -> Iterator[Callable[[bytes], Any]]:
    """A page that takes lines of a plan and shows each parcel as a label to print.

    It takes its name only when it is whole.
    """
    head, tail = label_frame(title)
    with in_place_of(path) as partial, partial.open("w", encoding="utf-8") as handle:
        handle.write(head)

        def write(lines: bytes) -> None:
            for line in lines.splitlines():
                for label in labels_of(json.loads(line)):
                    handle.write(label_block(label))

        yield write
        handle.write(tail)


def labels_of(row: Model) -> list[Model]:
    """What the label of each parcel of an order says."""
    count = len(row["cartons"])
    return [
        {
            "order": row["order"],
            "carton": parcel["carton"],
            "own_box": parcel["carton"] == OWN_BOX,
            "number": number,
            "count": count,
            "mass_kg": parcel["mass_g"] / 1000,
            "items": list(Counter(str(p["item"]) for p in parcel["placements"]).items()),
            "picture": packing_svg(parcel),
            "code": code_svg(f"{row['order']}/{number}"),
        }
        for number, parcel in enumerate(row["cartons"], 1)
    ]


def code_svg(text: str) -> str:
    """A QR code as SVG (ISO/IEC 18004); empty where no code holds so long a text."""
    try:
        code = segno.make(text, error="m", micro=False)
    except segno.DataOverflowError:
        return ""
    return str(code.svg_inline(scale=3, border=2, dark="#000", light="#fff"))
