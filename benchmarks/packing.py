"""Packing on public instances and generated orders, every answer judged by the tests' validator. CPU seconds of one core.

`python benchmarks/packing.py [orders tight boxpacker rival loading assortment used stream peer]
[--small]`

`rival` runs BoxPacker itself beside, where BOXPACKER names a checkout of it and PHP is installed.
"""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
DATA = Path(os.environ.get("ABATE_SHARED", ROOT.parent / "shared")) / "data" / "logistics"
SMALL = "--small" in sys.argv
BOARD = 0.45  # kilograms per m²

from abate.application.logistics.packing import pack_file  # noqa: E402
from abate.logistics.facts import Carton, Objective, Source, orders_from  # noqa: E402
from abate.logistics.planners.packing import Packer  # noqa: E402
from packing_validator import faults, text_orders  # noqa: E402


def told(what: str, **values: object) -> None:
    print(
        what.ljust(26),
        " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in values.items()),
        flush=True,
    )


def packed_text(name: str, **options) -> tuple[float, list[dict], object]:
    """Plan of a text file: CPU seconds with children, rows, tally; judged."""
    path = DATA / name
    lines: list[bytes] = []
    began = time.process_time()
    options = {"objective": "board"} | options
    _, tally = pack_file(path, None, lines.append, fill_share_max=0.0, **options)
    spent = time.process_time() - began
    rows = [json.loads(line) for line in b"".join(lines).splitlines()]
    cartons, orders = text_orders(path)
    wrong = [
        f
        for row in rows
        for f in faults(
            orders[row["order"]], cartons, row, support=options.get("support_share", 0.0)
        )
    ]
    assert not wrong, wrong[:3]
    return spent, rows, tally


def orders() -> None:
    """1,000 orders into 12 cartons: board, speed, support, proofs."""
    packed_text("orders_1000.txt", support_share=0.0)  # compiled
    base = None
    for support in (0.0, 0.5, 0.8, 1.0):
        for effort in ("fast", "thorough"):
            spent, _, tally = packed_text("orders_1000.txt", support_share=support, effort=effort)
            base = base or tally.cost
            told(
                f"orders support {support} {effort}",
                board_m2=tally.cost / BOARD,
                parcels=tally.parcels,
                per_s=tally.orders / spent,
                over=tally.cost / base - 1,
            )
    spent, rows, tally = packed_text("orders_1000.txt", support_share=0.0, effort="proved")
    single = [r for r in rows if len(r["cartons"]) == 1]
    told(
        "orders proved",
        board_m2=tally.cost / BOARD,
        bound_m2=tally.bound / BOARD,
        seconds=spent,
        single=len(single),
        single_proved=sum("open" not in r["why"].values() for r in single),
        left_open=sum("open" in r["why"].values() for r in rows),
    )
    cartons, some = text_orders(DATA / "orders_1000.txt")
    from abate.logistics.facts import Item

    packer = Packer(tuple(Carton(n, *s[:3], mass_max_g=s[3]) for n, s in cartons.items()))
    times = []
    for pieces in some.values():
        items = [Item(*p[:4], turn=p[4], fragile=p[5]) for p in pieces.values()]
        began = time.perf_counter()
        packer.order(items)
        times.append(time.perf_counter() - began)
    told(
        "one order, a call",
        p50_ms=float(np.percentile(times, 50) * 1e3),
        p99_ms=float(np.percentile(times, 99) * 1e3),
        max_ms=max(times) * 1e3,
    )


def tight() -> None:
    """1,000 orders cut from cartons: packed into one no larger than that known to hold each."""
    cartons, _ = text_orders(DATA / "orders_tight_1000.txt")
    volume = {n: s[0] * s[1] * s[2] for n, s in cartons.items()}
    key = (DATA / "orders_tight_1000.txt.key").read_text().split()
    for effort in ("fast", "thorough"):
        spent, rows, _ = packed_text("orders_tight_1000.txt", support_share=0.0, effort=effort)
        reached = sum(
            len(r["cartons"]) == 1 and volume[r["cartons"][0]["carton"]] <= volume[k]
            for r, k in zip(rows, key, strict=True)
        )
        told(f"tight {effort}", reached=reached, per_s=1000 / spent, seconds=spent)


def boxpacker() -> None:
    """2,216 orders into 4 boxes: parcels against BoxPacker's own expected result."""
    folder = DATA / "boxpacker_orders"
    boxes = list(csv.reader((folder / "boxes.csv").open()))
    cartons = tuple(
        Carton(
            r[0],
            *map(int, r[5:8]),
            mass_max_g=int(r[8]) - int(r[4]),
            tare_g=int(r[4]),
            outer_mm=tuple(map(int, r[1:4])),
        )
        for r in boxes
    )
    limits = {c.id: (c.length_mm, c.width_mm, c.height_mm, c.mass_max_g) for c in cartons}
    pieces: dict[str, list[tuple[int, ...]]] = {}
    for order, count, _, *size in csv.reader((folder / "items.csv").open()):
        pieces.setdefault(order, []).extend([tuple(map(int, size))] * int(count))
    theirs = {r[0]: r for r in csv.reader((folder / "expected.csv").open())}
    every = np.array([p for some in pieces.values() for p in some])
    offsets = np.concatenate([[0], np.cumsum([len(some) for some in pieces.values()])])
    names = [k for some in pieces.values() for k in range(len(some))]
    columns = dict(zip(("length_mm", "width_mm", "height_mm", "mass_g"), every.T, strict=True))
    for mode, turn, at in (("flat", "upright", 1), ("free", "any", 4)):
        some = orders_from(
            list(pieces), offsets, names, columns | {"turn": np.full(len(every), turn)}
        )
        for effort in ("fast",) if SMALL else ("fast", "thorough", "proved"):
            packer = Packer(cartons, Objective(parcels=1.0), 0.0, effort)
            began = time.process_time()
            rows = [p.row for p in packer.pack(some)]
            spent = time.process_time() - began
            for row in rows:
                items = {k: (*p, turn, False) for k, p in enumerate(pieces[row["order"]])}
                wrong = faults(items, limits, row)
                assert not wrong, wrong
            counts = {r["order"]: len(r["cartons"]) for r in rows}
            worse = [o for o, n in counts.items() if n > int(theirs[o][at])]
            told(
                f"boxpacker {mode} {effort}",
                parcels=sum(counts.values()),
                theirs=sum(int(theirs[o][at]) for o in counts),
                bound=int(np.rint(sum(r["bound"] for r in rows))),
                worse=len(worse),
                per_s=len(rows) / spent,
            )
            for o in worse:
                print("  worse:", o, len(pieces[o]), "pieces:", counts[o], "against", theirs[o][at])


def rival() -> None:
    """BoxPacker and ours in one run: orders nobody has seen, and 1,000 orders into 12 cartons."""
    checkout = os.environ.get("BOXPACKER", "")
    if not Path(checkout, "src", "Packer.php").is_file():
        print("rival: BOXPACKER names no checkout of dvdoug/BoxPacker")
        return
    folder = DATA / "boxpacker_orders"
    boxes = [[r[0], *map(int, r[1:9])] for r in csv.reader((folder / "boxes.csv").open())]
    lines: dict[str, list[tuple[int, list[int]]]] = {}
    for order, count, _, *size in csv.reader((folder / "items.csv").open()):
        lines.setdefault(order, []).append((int(count), list(map(int, size))))
    every, draw = [line for some in lines.values() for line in some], random.Random(8)
    counts = [len(some) for some in lines.values()]
    mixed = {
        f"m{k}": [draw.choice(every) for _ in range(draw.choice(counts))]
        for k in range(20 if SMALL else 3000)
    }
    cartons, some = text_orders(DATA / "orders_1000.txt")
    tares = {c.id: c.tare_g for c in given_cartons()}
    twelve = [
        [name, *(v + 6 for v in c[:3]), round(tares[name]), *c[:3], c[3] + round(tares[name])]
        for name, c in cartons.items()
    ]
    given = {str(o): [(1, list(p[:4])) for p in pieces.values()] for o, pieces in some.items()}
    for name, assortment, orders_of in (("mixed", boxes, mixed), ("twelve", twelve, given)):
        for flat in (True, False):
            against(checkout, f"{name} {'flat' if flat else 'free'}", assortment, orders_of, flat)


def against(
    checkout: str, name: str, boxes: list[list], some: dict[str, list[tuple]], flat: bool
) -> None:
    """Parcels, board and time of both on the same orders; ours is judged."""
    asked = json.dumps({"boxes": boxes, "orders": some, "flat": flat})
    words = ["php", "-d", "memory_limit=4G", str(ROOT / "benchmarks/boxpacker.php"), checkout]
    told_by = subprocess.run(words, input=asked, capture_output=True, text=True, check=True)
    theirs = json.loads(told_by.stdout)
    cartons = tuple(
        Carton(b[0], *b[5:8], mass_max_g=b[8] - b[4], tare_g=float(b[4]), outer_mm=tuple(b[1:4]))
        for b in boxes
    )
    pieces = {o: [p for count, p in some[o] for _ in range(count)] for o in some}
    items = np.array([p for order in pieces.values() for p in order])
    offsets = np.concatenate([[0], np.cumsum([len(order) for order in pieces.values()])])
    names = [k for order in pieces.values() for k in range(len(order))]
    turn = "upright" if flat else "any"
    columns = dict(zip(("length_mm", "width_mm", "height_mm", "mass_g"), items.T, strict=True))
    columns["turn"] = np.full(len(items), turn)
    packer = Packer(cartons, Objective.fewest(cartons), 0.0)
    batch = orders_from(list(pieces), offsets, names, columns)
    packer.pack(batch.picked(range(2)))  # compiled
    began = time.process_time()
    rows = [p.row for p in packer.pack(batch)]
    spent = time.process_time() - began
    limits = {c.id: (c.length_mm, c.width_mm, c.height_mm, c.mass_max_g) for c in cartons}
    for row in rows:
        wrong = faults(
            {k: (*p, turn, False) for k, p in enumerate(pieces[row["order"]])}, limits, row
        )
        assert not wrong, wrong
    mine = {r["order"]: [c["carton"] for c in r["cartons"]] for r in rows if not r["unpacked"]}
    both = [o for o in mine if theirs["orders"][o] is not None]
    board = {c.id: c.board_m2 for c in cartons}
    sides = [{o: side[o] for o in both} for side in (mine, theirs["orders"])]
    told(
        f"rival {name}",
        orders=len(both),
        parcels=sum(len(x) for x in sides[0].values()),
        theirs=sum(len(x) for x in sides[1].values()),
        better=sum(len(sides[0][o]) < len(sides[1][o]) for o in both),
        worse=sum(len(sides[0][o]) > len(sides[1][o]) for o in both),
        board_m2=sum(board[c] for x in sides[0].values() for c in x),
        their_board_m2=sum(board[c] for x in sides[1].values() for c in x),
        per_s=len(both) / spent,
        their_per_s=len(both) / theirs["seconds"],
    )


def instances(number: int) -> list[tuple[list[int], list[list[int]]]]:
    words = iter(map(int, (DATA / "container_loading" / f"BR{number}.txt").read_text().split()))
    found = []
    for _ in range(next(words)):
        _, _, *box = (next(words) for _ in range(5))
        found.append((box, [[next(words) for _ in range(8)] for _ in range(next(words))]))
    return found


def load(task: tuple[int, int, float]) -> tuple[int, int, float, int]:
    """Load one instance for some CPU seconds; judged; share of the container's volume."""
    from abate.algorithms.packing.loading import load_container

    number, which, seconds = task
    box, types = instances(number)[which]
    masks = [3 * t[6] | 12 * t[4] | 48 * t[2] for t in types]
    began = time.process_time()
    found = load_container(
        [t[1:6:2] for t in types],
        [t[7] for t in types],
        masks,
        box,
        stop=lambda: time.process_time() - began > seconds,
    )
    lies = found.positions.tolist()
    for kind, (*at, a, b, c) in zip(found.types.tolist(), lies, strict=True):
        length, wide, high, *edges = (types[kind][k] for k in (1, 3, 5, 2, 4, 6))
        assert any(
            up and c == z and sorted((a, b)) == sorted(rest)
            for up, z, rest in zip(
                edges,
                (length, wide, high),
                ((wide, high), (length, high), (length, wide)),
                strict=True,
            )
        )
        assert min(at) >= 0
        assert at[0] + a <= box[0]
        assert at[1] + b <= box[1]
        assert at[2] + c <= box[2]
    for p, q in combinations(lies, 2):
        assert any(p[k] + p[k + 3] <= q[k] or q[k] + q[k + 3] <= p[k] for k in range(3))
    assert all(
        n <= t[7]
        for t, n in zip(types, np.bincount(found.types, minlength=len(types)), strict=True)
    )
    volume = sum(a * b * c for *_, a, b, c in lies)
    assert abs(volume / np.prod(box) - found.filled_share) < 1e-12
    return number, which, found.filled_share, found.width


def loading() -> None:
    """The first instances of BR0 to BR15: volume packed in 10 s each."""
    best = {
        r[0]: int(r[1])
        for r in list(csv.reader((DATA / "container_loading" / "best_known_volume.csv").open()))[1:]
    }
    load((0, 0, 0.0))
    seconds, count = (0.2, 1) if SMALL else (10.0, 20)
    tasks = [(number, which, seconds) for number in range(16) for which in range(count)]
    with multiprocessing.get_context("spawn").Pool(
        int(os.environ.get("ABATE_BENCH_WORKERS", "2"))
    ) as pool:
        done = pool.map(load, tasks, chunksize=1)
    means = {}
    for number in range(16):
        ours = [share for n, _, share, _ in done if n == number]
        known = [
            best[f"BR{number}_{which + 1}"] / (587 * 233 * 220)
            for n, which, _, _ in done
            if n == number
        ]
        means[number] = (float(np.mean(ours)) * 100, float(np.mean(known)) * 100)
        told(
            f"loading BR{number}",
            filled=means[number][0],
            best_known=means[number][1],
            least=min(ours) * 100,
        )
    for title, some in (("BR1–BR7", range(1, 8)), ("BR8–BR15", range(8, 16))):
        told(
            f"loading {title}",
            filled=float(np.mean([means[n][0] for n in some])),
            best_known=float(np.mean([means[n][1] for n in some])),
            seconds=seconds,
        )


def generated(
    count: int, seed: int, first: int = 0, last: int = 1000
) -> list[tuple[int, list[tuple]]]:
    """Orders like those of the file: an order of it, every article a little larger or smaller along each length."""
    _, given = text_orders(DATA / "orders_1000.txt")
    base = [list(given[k].values()) for k in range(first, last)]
    rng = random.Random(seed)
    made = []
    for number in range(count):
        pieces = base[rng.randrange(len(base))]
        scales = {p: [rng.uniform(0.94, 1.06) for _ in range(3)] for p in dict.fromkeys(pieces)}
        made.append(
            (
                number,
                [
                    (
                        *(max(10, round(v * s)) for v, s in zip(p[:3], scales[p], strict=True)),
                        *p[3:],
                    )
                    for p in pieces
                ],
            )
        )
    return made


def write_orders(path: Path, count: int, seed: int, first: int = 0, last: int = 1000) -> None:
    with path.open("w", newline="") as handle:
        table = csv.writer(handle)
        table.writerow(
            ("order", "item", "length_mm", "width_mm", "height_mm", "mass_g", "turn", "fragile")
        )
        for number, pieces in generated(count, seed, first, last):
            table.writerows((number, k, *p[:5], int(p[5])) for k, p in enumerate(pieces))


def arrays(some: list[tuple[int, list[tuple]]]):
    every = [p for _, pieces in some for p in pieces]
    columns = {
        n: np.array([p[k] for p in every])
        for k, n in enumerate(("length_mm", "width_mm", "height_mm", "mass_g", "turn", "fragile"))
    }
    offsets = np.concatenate([[0], np.cumsum([len(p) for _, p in some])])
    return orders_from(
        [n for n, _ in some], offsets, [k for _, p in some for k in range(len(p))], columns
    )


def given_cartons() -> tuple[Carton, ...]:
    cartons, _ = text_orders(DATA / "orders_1000.txt")
    return tuple(Carton(n, *s[:3], mass_max_g=s[3]) for n, s in cartons.items())


def write_cartons(path: Path) -> None:
    with path.open("w", newline="") as handle:
        table = csv.writer(handle)
        table.writerow(("carton", "length_mm", "width_mm", "height_mm", "mass_max_g"))
        table.writerows(
            (c.id, c.length_mm, c.width_mm, c.height_mm, c.mass_max_g) for c in given_cartons()
        )


def assortment() -> None:
    """12 designed sizes against the given 12: designed on one half of the orders, tested on the other."""
    from abate.application.logistics.assortments import design_file
    from abate.logistics.planners.assorting import tested

    count = 2_000 if SMALL else 100_000
    _, given = text_orders(DATA / "orders_1000.txt")
    unseen = arrays([(k, list(given[k].values())) for k in range(500, 1000)])
    with tempfile.TemporaryDirectory() as folder:
        past, sizes = Path(folder) / "past.csv", Path(folder) / "cartons.csv"
        write_orders(past, count, 1, 0, 500)
        write_cartons(sizes)
        for support in (0.0,) if SMALL else (0.0, 0.8):
            began, cpu = time.perf_counter(), time.process_time()
            designs, present, used = design_file(past, sizes, counts=[12], support_share=support)
            board = Objective(board=1.0)
            ours, theirs = (
                sum(tested(some, board, support, unseen))
                for some in (designs[0].cartons, given_cartons())
            )
            told(
                f"assortment support {support}",
                orders=used,
                saved=1 - ours / theirs,
                saved_generated=1 - designs[0].tested / present.tested,
                gap=designs[0].gap_share,
                seconds=time.perf_counter() - began,
                cpu_s=time.process_time() - cpu,
            )


def used() -> None:
    """Used cartons in batches of 50 orders as they come, against the best assignment in hindsight."""
    from abate.algorithms.assignment import assign
    from abate.logistics.planners.stock import STOCK_BATCH, StockPacker

    _, given = text_orders(DATA / "orders_1000.txt")
    stream = arrays([(k, list(p.values())) for k, p in given.items()])
    before = arrays(generated(2000, 2))
    shares = []
    for seed in range(1 if SMALL else 5):
        rng = random.Random(seed)
        stock: dict[tuple[int, int, int], int] = {}
        for _ in range(40):
            length = rng.randrange(130, 530)
            width = int(length * rng.uniform(0.5, 0.95))
            stock[length, width, int(width * rng.uniform(0.4, 0.95))] = rng.randrange(1, 30)
        some = tuple(
            Carton(f"used-{k}", *size, mass_max_g=20_000, stock=n, source=Source.USED)
            for k, (size, n) in enumerate(stock.items())
        )
        packer = Packer((*given_cartons(), *some), support_share=0.0)
        stocked = StockPacker(packer, horizon=len(stream), history=before)
        plain, saving, names = stocked.savings(stream)
        amounts = np.array([stocked.stock[n] for n in names])
        best = sum(saving[o, c] for o, c in enumerate(assign(saving, amounts)) if c >= 0)
        volumes = [
            next(c.length_mm * c.width_mm * c.height_mm for c in some if c.id == n) for n in names
        ]
        left, first_come = amounts.copy(), 0.0
        for o in range(len(stream)):
            fitting = [k for k in range(len(names)) if saving[o, k] > 0 and left[k]]
            if fitting:
                k = min(fitting, key=lambda k: volumes[k])
                left[k] -= 1
                first_come += saving[o, k]
        began = time.process_time()
        rows = stocked.pack(stream)
        spent = time.process_time() - began
        ours = sum(p.cost for p in plain) - sum(r.cost for r in rows)
        shares.append((ours / best, first_come / best))
        told(
            f"used cartons, stock {seed}",
            cartons=sum(stock.values()),
            ours=ours / best,
            first_come=first_come / best,
            per_s=len(stream) / spent,
            batch=STOCK_BATCH,
        )
        assert all(n >= 0 for n in stocked.stock.values())
    told(
        "used cartons, mean",
        ours=float(np.mean([s for s, _ in shares])),
        first_come=float(np.mean([s for _, s in shares])),
    )


def stream() -> None:
    """Orders streamed from CSV to a plan by one process and by two: speed, memory, and the same bytes."""
    from hashlib import sha256

    with tempfile.TemporaryDirectory() as folder:
        sizes = Path(folder) / "cartons.csv"
        write_cartons(sizes)
        for count in (4_000,) if SMALL else (10_000, 100_000, 1_000_000):
            path = Path(folder) / f"{count}.csv"
            write_orders(path, count, 3)
            seen = set()
            for workers in (1, 2):
                digest = sha256()
                began, cpu = time.perf_counter(), _cpu()
                how = {"objective": "board", "workers": workers}
                pack_file(path, sizes, digest.update, fill_share_max=0.0, **how)
                wall, spent = time.perf_counter() - began, _cpu() - cpu
                seen.add(digest.hexdigest())
                peak = (
                    max(
                        resource.getrusage(who).ru_maxrss
                        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
                    )
                    / 1024
                )
                told(
                    f"stream {count} by {workers}",
                    per_s_wall=count / wall,
                    per_s_cpu=count / spent,
                    peak_mb=peak,
                )
            assert len(seen) == 1


def _cpu() -> float:
    return sum(
        u.ru_utime + u.ru_stime
        for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def peer() -> None:
    """py3dbp, where it is installed, on the same orders: cheapest carton in which it packs everything; judged."""
    try:
        from py3dbp import Bin, Item
        from py3dbp import Packer as Theirs
    except ImportError:
        print("peer: py3dbp is not installed (pip install py3dbp)")
        return
    cartons, some = text_orders(DATA / "orders_1000.txt")
    board = {c.id: c.board_m2 for c in given_cartons()}
    began = time.process_time()
    total, invalid, unpacked = 0.0, 0, 0
    for pieces in list(some.values())[: 20 if SMALL else None]:
        for name in sorted(cartons, key=board.get):
            length, width, height, most = cartons[name]
            theirs = Theirs()
            theirs.add_bin(Bin(name, length, width, height, most))
            for k, p in pieces.items():
                theirs.add_item(Item(k, *p[:4]))
            theirs.pack(bigger_first=True)
            box = theirs.bins[0]
            if len(box.items) == len(pieces):
                total += board[name]
                placed = [
                    {
                        "item": i.name,
                        **{f"{a}_mm": int(v) for a, v in zip("xyz", i.position, strict=True)},
                        **{
                            f"d{a}_mm": int(v)
                            for a, v in zip("xyz", i.get_dimension(), strict=True)
                        },
                    }
                    for i in box.items
                ]
                invalid += bool(
                    faults(
                        pieces,
                        cartons,
                        {"unpacked": [], "cartons": [{"carton": name, "placements": placed}]},
                    )
                )
                break
        else:
            unpacked += 1
    told(
        "peer py3dbp",
        board_m2=total,
        invalid=invalid,
        unpacked=unpacked,
        per_s=len(some) / (time.process_time() - began),
    )


SECTIONS = {
    f.__name__: f
    for f in (orders, tight, boxpacker, rival, loading, assortment, used, stream, peer)
}

if __name__ == "__main__":
    for name in [a for a in sys.argv[1:] if a in SECTIONS] or list(SECTIONS):
        SECTIONS[name]()
