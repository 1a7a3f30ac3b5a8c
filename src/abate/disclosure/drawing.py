"""Pictures of packings: step by step in isometric SVG.

And the page of a plan with a view that turns.
"""

from __future__ import annotations

from html import escape

from markupsafe import Markup

from abate.disclosure.charts import COLOURS
from abate.disclosure.report import page
from abate.kernel.edges import Json

COS, SIN = 0.8660254, 0.5
STEPS_SHOWN_MAX = 12
EXACT_MAX = 60
"""Items up to which pictures show every step, and what hides what is settled item by item."""


def _seen(x: float, y: float, z: float) -> tuple[float, float]:
    """A point in the isometric view: x to the right and down, y to the left and down, z up."""
    return (x - y) * COS, (x + y) * SIN - z


def _face(points: list[tuple[float, float, float]], fill: str, extra: str = "") -> str:
    text = " ".join(f"{a:.1f},{b:.1f}" for a, b in (_seen(*p) for p in points))
    return f'<polygon points="{text}" fill="{fill}" {extra}/>'


def _shade(colour: str, share: float) -> str:
    parts = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return "#" + "".join(f"{min(255, int(p * share)):02x}" for p in parts)


def _block(p: Json, colour: str, *, bold: bool) -> str:
    """The three faces of one item that are seen from the right, the left and above."""
    x, y, z = p["x_mm"], p["y_mm"], p["z_mm"]
    a, b, c = x + p["dx_mm"], y + p["dy_mm"], z + p["dz_mm"]
    edge = (
        f'stroke="#fff" stroke-width="{2 if bold else 1}" stroke-linejoin="round"'
        ' vector-effect="non-scaling-stroke"'
    )
    name = f"{p['item']}: {p['dx_mm']} × {p['dy_mm']} × {p['dz_mm']} mm at {x}, {y}, {z}"
    return (
        f"<g><title>{escape(name)}</title>"
        + _face([(x, y, c), (a, y, c), (a, b, c), (x, b, c)], _shade(colour, 1.15), edge)
        + _face([(a, y, z), (a, b, z), (a, b, c), (a, y, c)], _shade(colour, 0.85), edge)
        + _face([(x, b, z), (a, b, z), (a, b, c), (x, b, c)], colour, edge)
        + "</g>"
    )


def _behind(p: Json, q: Json) -> bool:
    """Whether p must be drawn before q: it lies behind, left of, or below it."""
    return any(p[f"{k}_mm"] + p[f"d{k}_mm"] <= q[f"{k}_mm"] for k in "xyz")


def _drawn(placements: list[Json]) -> list[Json]:
    """Placements from the farthest to the nearest."""
    if len(placements) > EXACT_MAX:
        return sorted(placements, key=lambda p: (p["z_mm"], p["x_mm"] + p["y_mm"]))
    left, out = list(placements), []
    while left:
        for p in left:
            if not any(q is not p and _behind(q, p) and not _behind(p, q) for q in left):
                break
        else:
            p = min(left, key=lambda r: r["x_mm"] + r["y_mm"] + r["z_mm"])
        out.append(p)
        left.remove(p)
    return out


def packing_svg(parcel: Json, *, steps: bool = True) -> str:
    """One carton as SVG: a picture for each item that is put in, the new one in colour, or only the last.

    Args:
        parcel: `carton`, `room_mm` and `placements` as a plan's line holds them.
        steps: Every step; otherwise the packed carton alone.
    """
    length, width, height = parcel["room_mm"]
    placements = parcel["placements"]
    count = len(placements)
    steps = steps and count <= EXACT_MAX
    shown = [count] if not steps else sorted({*range(1, min(count, STEPS_SHOWN_MAX) + 1), count})
    wide, tall = (length + width) * COS, (length + width) * SIN + height
    pad = 0.06 * wide + 8
    colours = {id(p): COLOURS[k % len(COLOURS)] for k, p in enumerate(placements)}
    frames = []
    per_row = min(len(shown), 4)
    font = max(wide, tall) * 0.06
    for place, step in enumerate(shown):
        left = (place % per_row) * (wide + 2 * pad) + pad + width * COS
        top = (place // per_row) * (tall + 2 * pad + font * 1.4) + pad + height + font * 1.4
        line = 'stroke="#9a8468" stroke-width="1" vector-effect="non-scaling-stroke"'
        floor = _face(
            [(0, 0, 0), (length, 0, 0), (length, width, 0), (0, width, 0)], "#e6d8c3", line
        )
        back = _face(
            [(0, 0, 0), (length, 0, 0), (length, 0, height), (0, 0, height)], "#efe4d3", line
        )
        side = _face(
            [(0, 0, 0), (0, width, 0), (0, width, height), (0, 0, height)], "#f3eadc", line
        )
        blocks = "".join(
            _block(
                p,
                (
                    colours[id(p)]
                    if not steps or p is placements[step - 1] or step == count
                    else "#b9c2c9"
                ),
                bold=p is placements[step - 1],
            )
            for p in _drawn(placements[:step])
        )
        told = f"{step}. {placements[step - 1]['item']}" if steps else f"{parcel['carton']}"
        label = (
            f'<text x="{-width * COS:.1f}" y="{-height - font * 0.5:.1f}" font-size="{font:.1f}"'
            f' fill="#7d8790">{escape(str(told))}</text>'
        )
        frames.append(
            f'<g transform="translate({left:.1f},{top:.1f})">{label}{floor}{back}{side}{blocks}</g>'
        )
    rows = -(-len(shown) // per_row)
    size = f"0 0 {per_row * (wide + 2 * pad):.0f} {rows * (tall + 2 * pad + font * 1.4):.0f}"
    title = f"Carton {parcel['carton']}, {count} items"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img"'
        f' aria-label="{escape(title)}" font-family="system-ui, sans-serif"'
        f' width="{min(900, per_row * 220)}">{"".join(frames)}</svg>'
    )


def plan_page(model: Json) -> str:
    """The page of a packing plan.

    Args:
        model: Title, cards, tables, orders shown with their pictures, and the lines of the plan
            that turn.

    Returns:
        One page that needs no network.
    """
    return page("packing.html", model)


def label_frame(title: str) -> tuple[str, str]:
    """The page of labels before the first one, and after the last."""
    head, _, tail = page("labels.html", {"title": title}).partition("<!--labels-->\n")
    return head, tail


def label_block(label: Json) -> str:
    """A label: order, carton, contents, the steps as a picture, and a code to scan.

    Args:
        label: `order`, `carton`, `own_box`, `number`, `count`, `mass_kg`, `items`; `picture` and
            `code` are SVG that was drawn here.
    """
    drawn = {k: Markup(label[k]) for k in ("picture", "code")}  # noqa: S704
    return page("label.html", label | drawn)
