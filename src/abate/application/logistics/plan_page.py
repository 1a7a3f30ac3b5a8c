"""Writing packing plans: JSON lines, JSON, CSV, Parquet, and a page with pictures.

Whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from abate.adapters.store.writing import in_place_of, write_whole
from abate.application.logistics.packing import FEWEST, PackingSummary
from abate.application.plans import AVOIDED, INVENTORY, sums_of
from abate.disclosure.charts import COLOURS
from abate.disclosure.drawing import packing_svg, plan_page
from abate.kernel.edges import Model
from abate.kernel.errors import UsageError
from abate.kernel.tables import PlanLine
from abate.kernel.units import in_kg
from abate.logistics.planners.packing import OWN_BOX, WHY, Packer

SUFFIXES = (".jsonl", ".json", ".csv", ".parquet", ".html")
COLUMNS = ("order", "parcel", "carton", "item", "x_mm", "y_mm", "z_mm", "dx_mm", "dy_mm", "dz_mm")


@contextmanager
def plan_file(path: Path) -> Iterator[Callable[[bytes], Any]]:
    """A file that takes lines of a plan in the format of its suffix.

    It takes its name only when it is whole.

    Raises:
        UsageError: `bad-plan-file`.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(
            "bad-plan-file",
            f"{path.name} ends in none of {', '.join(SUFFIXES)}.",
            "Name it plan.jsonl.",
        )
    if not path.parent.is_dir():
        raise UsageError("bad-plan-file", f"There is no folder {path.parent}.", "Make it first.")
    with in_place_of(path) as partial, partial.open("wb") as handle:
        if suffix == ".jsonl":
            yield handle.write
        elif suffix == ".html":
            yield lambda _lines: None
        elif suffix == ".json":
            first = [True]

            def write(lines: bytes) -> None:
                for line in lines.splitlines():
                    handle.write((b"[\n" if first[0] else b",\n") + line)
                    first[0] = False

            yield write
            handle.write(b"[]\n" if first[0] else b"\n]\n")
        elif suffix == ".csv":
            text = io.TextIOWrapper(handle, encoding="utf-8", newline="")
            table = csv.writer(text)
            table.writerow(COLUMNS)
            yield lambda lines: table.writerows([row[c] for c in COLUMNS] for row in _rows(lines))
            text.flush()
            text.detach()
        else:
            yield from _parquet(handle)


def _parquet(handle: IO[bytes]) -> Iterator[Callable[[bytes], Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = ("order", "carton", "item")
    kinds = dict.fromkeys(texts, pa.string()) | {"parcel": pa.int32()}
    schema = pa.schema([(c, kinds.get(c, pa.float64())) for c in COLUMNS])
    with pq.ParquetWriter(handle, schema) as writer:

        def write(lines: bytes) -> None:
            rows = [
                {c: str(v) if c in texts and v is not None else v for c, v in row.items()}
                for row in _rows(lines)
            ]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))

        yield write


def _rows(lines: bytes) -> Iterator[Model]:
    """One row for each placement; an item that was not packed has no parcel."""
    for line in lines.splitlines():
        order = json.loads(line)
        for number, parcel in enumerate(order["cartons"], 1):
            for placement in parcel["placements"]:
                yield {
                    "order": order["order"],
                    "parcel": number,
                    "carton": parcel["carton"],
                    **placement,
                }
        for item in order["unpacked"]:
            yield dict.fromkeys(COLUMNS) | {"order": order["order"], "item": item}


def explain_choice(row: Model) -> list[str]:
    """Why an order got its cartons and not ones that cost less, in words.

    Args:
        row: A line of a plan.

    Example:
        >>> explain_choice({"cartons": [{"carton": "b"}], "why": {"a": "volume"}, "proved": True, "unpacked": []})
        ['Not a: the items have more volume than it.', 'No cheaper packing exists; this is proved.']
    """
    by_reason: dict[str, list[str]] = {}
    for name, reason in row["why"].items():
        by_reason.setdefault(reason, []).append(name)
    told = [f"Not {', '.join(names)}: {WHY[reason]}." for reason, names in by_reason.items()]
    if len(row["cartons"]) > 1:
        told.append(
            f"{len(row['cartons'])} parcels cost less than any one carton that was found to hold"
            " all."
        )
    if row["unpacked"]:
        told.append(f"Not packed: {', '.join(map(str, row['unpacked'][:10]))}.")
    if row["cartons"] and row["proved"]:
        told.append("No cheaper packing exists; this is proved.")
    elif row["cartons"]:
        told.append(f"Found at {row['cost']:,.3f}; nothing costs less than {row['bound']:,.3f}.")
    return told


def valued_model(lines: Sequence[PlanLine]) -> Model:
    """A plan's lines by scope and category in kilograms.

    And in whose book the difference may count.
    """
    told = []
    savings = {}
    for book, name in ((INVENTORY, "inside the boundary"), (AVOIDED, "outside, avoided")):
        sums = sums_of(lines, book)
        savings[book] = sum(sums["saving"].values())
        if not any(sums["baseline"].values()) and not any(sums["proposed"].values()):
            continue
        for scope in [*sums["saving"], ""]:
            sides = ("baseline", "proposed", "saving")
            masses = [
                sums[side].get(scope, 0) if scope else sum(sums[side].values()) for side in sides
            ]
            text = f"Scope {scope.replace('.', ', category ')}, {name}" if scope else f"All, {name}"
            told.append(
                {"scope": text}
                | {side: f"{in_kg(m):,.3f}" for side, m in zip(sides, masses, strict=True)}
            )
    rest = (
        f"{in_kg(savings[AVOIDED]):,.1f} kg lie outside the boundary and may be booked as avoided."
    )
    claim = (
        f"{in_kg(savings[INVENTORY]):,.1f} kg CO2e are a change of the inventory once meters show"
        " it; "
    )
    end = rest if savings[AVOIDED] else "none of it may be booked as avoided too."
    return {"valued": told, "claim": claim + end}


def page_model(packer: Packer, tally: PackingSummary, *, title: str, objective: str) -> Model:
    """What the page of a plan shows; `valued_model` adds what it is worth."""
    by_id = {c.id: c for c in packer.cartons}
    now, proposed = (
        {
            name: sum(n for (_, _, c), n in counts.items() if c == name)
            for name in {c for _, _, c in counts}
        }
        for counts in (tally.baseline, tally.proposed)
    )

    def board(counts: dict[str, int]) -> float:
        return sum(by_id[n].board_g * k for n, k in counts.items() if n in by_id) / 1000

    before, after = board(now), board(proposed)
    empty = {
        side: sum(v for (_, _, s), v in tally.filler_l.items() if s == side)
        for side in ("baseline", "proposed")
    }
    cards = [
        {"title": "Orders", "text": f"{tally.orders:,}", "unit": f"{tally.parcels:,} parcels"},
        {
            "title": "Proved best",
            "text": f"{tally.proved / max(tally.orders, 1):.1%}",
            "unit": "of orders",
        },
    ]
    if objective != FEWEST:
        told = f"{objective.replace(',', ', ')}; not less than {tally.bound:,.2f}"
        cards.insert(1, {"title": "Objective", "text": f"{tally.cost:,.2f}", "unit": told})
    if tally.compared:
        count = {"title": "Parcels", "text": f"{sum(proposed.values()):,}"}
        cards.append(count | {"unit": f"now {sum(now.values()):,}"})
        change = round(100 * (after / before - 1), 1) if before else 0.0
        less = f"{change:+.1f}\u202f%" if change else "no change"
        cards += [
            {
                "title": "New board",
                "text": f"{after:,.1f} kg",
                "unit": f"now {before:,.1f} kg: {less}",
            },
            {
                "title": "Empty volume",
                "text": f"{empty['proposed']:,.0f} l",
                "unit": f"now {empty['baseline']:,.0f} l",
            },
        ]
    if tally.postage:
        paid = {side: tally.postage[side] for side in ("proposed", "baseline")}
        now_paid = f"now {paid['baseline']:,.2f}" if tally.compared else ""
        cards.append({"title": "Postage", "text": f"{paid['proposed']:,.2f}", "unit": now_paid})
    orders = sorted(
        (r for r in tally.shown if r["cartons"]),
        key=lambda r: (-len(r["cartons"]), -sum(len(p["placements"]) for p in r["cartons"])),
    )
    parcels = [
        {
            "name": (
                f"{r['order']} · {p['carton']}"
                + (f" · {k} of {len(r['cartons'])}" if len(r["cartons"]) > 1 else "")
            ),
            "carton": p["carton"],
            "room": p["room_mm"],
            "items": [
                {
                    "name": str(i["item"]),
                    "at": [i["x_mm"], i["y_mm"], i["z_mm"]],
                    "size": [i["dx_mm"], i["dy_mm"], i["dz_mm"]],
                }
                for i in p["placements"]
            ],
        }
        for r in orders
        for k, p in enumerate(r["cartons"], 1)
    ]
    from markupsafe import Markup

    notes = [str(f) for f in tally.findings[:5]]
    if tally.unpriced:
        notes.append(f"{tally.unpriced:,} parcels have no price in the tariff.")
    if tally.unposted:
        notes.append(f"Postage leaves out {tally.unposted:,} orders on both sides: no price.")
    if tally.late:
        notes.append(f"{tally.late:,} orders were packed the fast way, because the time was up.")
    if tally.faulty:
        notes.append(f"{tally.faulty:,} orders were not packed because a row of theirs is wrong.")
    return {
        "title": title,
        "cards": cards,
        "notes": notes,
        "colours": COLOURS,
        "valued": [],
        "claim": "",
        "terms": (
            f"objective {objective.replace(',', ', ')} · support {packer.support_share:g} · effort"
            f" {packer.effort} · seed {packer.seed}"
        ),
        "cartons": [
            {
                "id": name,
                "room": " × ".join(map(str, (c.length_mm, c.width_mm, c.height_mm))) if c else "–",
                "source": str(c.source) if c else OWN_BOX,
                "board": f"{c.board_g:.0f}" if c else "0",
                "now": f"{now.get(name, 0):,}" if tally.compared else "–",
                "proposed": f"{proposed.get(name, 0):,}" if tally.compared else "–",
            }
            for name in [*by_id, *([OWN_BOX] if OWN_BOX in proposed else [])]
            for c in [by_id.get(name)]
        ],
        "orders": [
            {
                "order": r["order"],
                "why": explain_choice(r),
                "told": (
                    ", ".join(p["carton"] for p in r["cartons"])
                    + (f" (now {', '.join(r['before'])})" if r.get("before") else "")
                ),
                "pictures": [Markup(packing_svg(p)) for p in r["cartons"]],  # noqa: S704
            }
            for r in orders[:30]
        ],
        "parcels": parcels,
    }


def write_page(path: Path, model: Model) -> None:
    """Write the page of a plan, whole or not at all."""
    write_whole(path, plan_page(model))
