"""An independent judge of packing plans: knows nothing of how they were made."""

from __future__ import annotations

from itertools import combinations, permutations


def faults(items: dict, cartons: dict, row: dict, *, support: float = 0.0) -> list[str]:
    """What is wrong with one line of a plan.

    `items`: name to (length, width, height, mass, turn, fragile) with optional load and fold volume
        after them.
    `cartons`: name to (length, width, height, mass of contents).
    """
    found = []
    seen = list(row["unpacked"])
    for parcel in row["cartons"]:
        placed = parcel["placements"]
        seen += [p["item"] for p in placed]
        if parcel["carton"] == "own-box":
            continue
        length, width, height, most = cartons[parcel["carton"]]
        if sum(items[p["item"]][3] for p in placed) > most:
            found.append(f"{parcel['carton']} is too heavy")
        boxes = []
        for p in placed:
            at = (p["x_mm"], p["y_mm"], p["z_mm"])
            size = (p["dx_mm"], p["dy_mm"], p["dz_mm"])
            item = items[p["item"]]
            if not allowed(item, size):
                found.append(f"{p['item']} may not stand as {size}")
            if any(a < 0 for a in at) or any(
                a + d > b for a, d, b in zip(at, size, (length, width, height), strict=True)
            ):
                found.append(f"{p['item']} sticks out of {parcel['carton']}")
            boxes.append((p["item"], at, size))
        for (a, p, d), (b, q, e) in combinations(boxes, 2):
            if all(p[k] < q[k] + e[k] and q[k] < p[k] + d[k] for k in range(3)):
                found.append(f"{a} and {b} overlap")
        for name, p, d in boxes:
            rests = (
                d[0] * d[1]
                if p[2] == 0
                else sum(shared(p, d, q, e) for _, q, e in boxes if q[2] + e[2] == p[2])
            )
            if rests < support * d[0] * d[1]:
                found.append(f"{name} is supported by {rests / (d[0] * d[1]):.2f}")
            if items[name][5] and any(
                q[2] >= p[2] + d[2] and shared(p, d, q, e) for _, q, e in boxes
            ):
                found.append(f"something stands above fragile {name}")
    if sorted(map(str, seen)) != sorted(map(str, items)):
        found.append("items are missing or appear twice")
    return found


def shared(p, d, q, e) -> int:
    """Area that two blocks share seen from above."""
    wide = min(p[0] + d[0], q[0] + e[0]) - max(p[0], q[0])
    deep = min(p[1] + d[1], q[1] + e[1]) - max(p[1], q[1])
    return max(wide, 0) * max(deep, 0)


def allowed(item, size) -> bool:
    """Whether an item may take these lengths along x, y, z."""
    length, width, height, _, turn = item[:5]
    if len(item) > 7 and item[7]:  # folds into a volume
        return size[0] * size[1] * size[2] >= item[7]
    if turn == "fixed":
        return size == (length, width, height)
    if turn == "upright":
        return size[2] == height and sorted(size[:2]) == sorted((length, width))
    return size in set(permutations((length, width, height)))


def text_orders(path) -> tuple[dict, dict]:
    """Cartons and orders of the text format, read by a parser of its own."""
    words = iter(path.read_text().split())
    assert next(words) == "C"
    cartons = {}
    for _ in range(int(next(words))):
        name, *size = (next(words) for _ in range(6))
        cartons[name] = tuple(map(int, size[:4]))
    assert next(words) == "O"
    orders = {}
    for _ in range(int(next(words))):
        order, count = int(next(words)), int(next(words))
        orders[order] = {}
        for _ in range(count):
            index, a, b, c, mass, turn, fragile = (int(next(words)) for _ in range(7))
            orders[order][index] = (a, b, c, mass, "upright" if turn else "any", bool(fragile))
    return cartons, orders
