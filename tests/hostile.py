"""Files that nobody means: examples with parts changed, and files made to hurt. Each reader must refuse them or read them.

A `Worker` runs every reader on a file in a process of its own and says what became of it.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import select
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from abate.kernel.errors import AbateError
from support import NOW, ROOT, electricity, months

SECONDS_MAX, BYTES_MAX = 30.0, 1_500_000_000
SHEET = "xl/worksheets/sheet1.xml"
ODD_CELLS = (
    "",
    "x" * 40_000,
    "=1+1",
    "1e999",
    "-0",
    "NaN",
    "１２",
    "𝟙",
    "\u202e12",
    "0x10",
    "9" * 400,
    "2023-02-30",
    "<b>",
    "'; drop table x",
    "\ud7ff",
    "12?",
    "1.2.3,4",
)


def examples(folder: Path) -> list[Path]:
    """One file of each kind that is read."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import typst
    from examples.firm.generate import BILL
    from openpyxl import Workbook

    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []

    def add(name: str, content: str | bytes) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        made.append(path)
        return path

    rows = [
        (s, m, 1000 + k, "kWh")
        for k, m in enumerate(months("2023-04", 12))
        for s in ("hq", "plant")
    ]
    add("electricity.csv", electricity(rows))
    add(
        "boiler.csv",
        "Site,Month,Fuel,Quantity,Unit\n"
        + "".join(f"hq,{m},natural-gas,{k},m3\n" for k, m in enumerate(months("2023-04", 12), 1)),
    )
    add("correction.csv", "action,file,row,quantity,reason\nset,electricity.csv,3,5,seen\n")
    add(
        "orders.csv",
        "order,item,length_mm,width_mm,height_mm,mass_g\n"
        + "".join(f"O{k},i,{100 + k},90,40,500\n" for k in range(9)),
    )
    add(
        "orders.json",
        json.dumps(
            [
                {
                    "order": f"O{k}",
                    "items": [
                        {
                            "item": "i",
                            "length_mm": 100,
                            "width_mm": 90,
                            "height_mm": 40,
                            "mass_g": 500,
                        }
                    ],
                }
                for k in range(9)
            ]
        ),
    )
    add(
        "claims.json",
        json.dumps(
            [{"entity": "A", "metric": "net", "value": "5", "unit": "t", "fiscal_year": "FY2023"}]
        ),
    )
    add(
        "page.html",
        "<html><body><p>A group emitted 5.2 Mt of CO2e in FY2023, 4 % less than in FY2022.</p></body></html>",
    )
    hours = [datetime(2023, 1, 1) + timedelta(hours=k) for k in range(24 * 20)]
    meter = "time,kwh\n" + "".join(f"{t},{10 + k % 24}\n" for k, t in enumerate(hours))
    add("meter.csv", meter)
    add("meter.csv.gz", gzip.compress(meter.encode()))
    readings = "".join(
        f"<IntervalReading><timePeriod><duration>3600</duration><start>{1672531200 + 3600 * k}</start></timePeriod><value>{k}</value></IntervalReading>"
        for k in range(60)
    )
    add(
        "green.xml",
        f"<?xml version='1.0'?><feed xmlns='http://naesb.org/espi'><ReadingType><uom>72</uom></ReadingType><IntervalBlock>{readings}</IntervalBlock></feed>",
    )
    book = Workbook()
    for row in electricity(rows).splitlines():
        book.active.append([int(c) if c.isdigit() else c for c in row.split(",")])
    out = io.BytesIO()
    book.save(out)
    add("electricity.xlsx", out.getvalue())
    sheet = {
        "Site": [r[0] for r in rows],
        "Month": [r[1] for r in rows],
        "Electricity": [float(r[2]) for r in rows],
        "Unit": [r[3] for r in rows],
    }
    pq.write_table(pa.table(sheet), folder / "electricity.parquet")
    made.append(folder / "electricity.parquet")
    pq.write_table(
        pa.table({"time": hours, "kwh": [float(k) for k in range(len(hours))]}),
        folder / "meter.parquet",
    )
    made.append(folder / "meter.parquet")
    source = folder / "bill.typ"
    source.write_text(BILL)
    typst.compile(str(source), output=str(folder / "bill.pdf"))
    made.append(folder / "bill.pdf")
    source.unlink()
    return made


def mutations(paths: list[Path], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of files in which something was changed."""
    rng = random.Random(seed)
    for k in range(count):
        path = paths[k % len(paths)]
        content = path.read_bytes()
        kind = path.suffix
        ways: list[Callable[[bytes, random.Random], bytes]] = [_bytes_changed, _cut, _spliced]
        if kind in (".csv", ".json", ".html", ".xml"):
            ways += [_cells_changed, _cells_changed, _encoded]
        if kind == ".xlsx":
            ways += [_repacked, _repacked]
        try:
            made = rng.choice(ways)(content, rng)
        except Exception:
            made = _cut(content, rng)
        yield f"m{k}-{path.name}", made


def _bytes_changed(content: bytes, rng: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        made[rng.randrange(len(made))] = rng.randrange(256)
    return bytes(made)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return (
        content[: rng.randrange(len(content) + 1)]
        if rng.random() < 0.7
        else content[rng.randrange(len(content)) :]
    )


def _spliced(content: bytes, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(len(content)) for _ in range(2))
    return content[:b] + content[a:b] * rng.choice((1, 5, 300)) + content[b:]


def _cells_changed(content: bytes, rng: random.Random) -> bytes:
    text = content.decode()
    mark = rng.choice((",", ">", '"', "\n"))
    parts = text.split(mark)
    for _ in range(rng.choice((1, 2, 8))):
        parts[rng.randrange(len(parts))] = rng.choice(ODD_CELLS)
    return (
        rng.choice((mark, mark, ";", "\t", "\x00", mark * 2))
        .join(parts)
        .encode("utf-8", "surrogatepass")
    )


def _encoded(content: bytes, rng: random.Random) -> bytes:
    return content.decode().encode(
        rng.choice(("utf-16", "utf-16-le", "utf-32", "gb18030", "cp500", "utf-7"))
    )


def _repacked(content: bytes, rng: random.Random) -> bytes:
    """A workbook of which the parts were changed, and packed soundly."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            part = old.read(name)
            if name == chosen:
                if rng.random() < 0.2:
                    continue
                part = rng.choice((_bytes_changed, _cut, _spliced))(part, rng)
            if name == SHEET and rng.random() < 0.6:
                a, b = rng.choice(
                    (
                        (b'r="C', b'r="XFC'),
                        (b"<v>", b"<v>1e9999"),
                        (b'r="5"', b'r="1048576"'),
                        (b't="s"', b't="d"'),
                        (b"<row ", b"<row r='0' "),
                        (b"</c>", b"</c><c>"),
                    )
                )
                part = part.replace(a, b, rng.choice((1, 10_000)))
            new.writestr(name, part)
    return out.getvalue()


class Mild(random.Random):
    """Takes the first choice, which is the mildest."""

    def choice(self, seq: Any) -> Any:
        """The first one."""
        return seq[0]


def hostile(rng: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of files made to hurt: small ones that grow, nest, loop or lie."""
    families = (
        _stray,
        _zip_bomb,
        _many_sheets,
        _wide_csv,
        _long_line,
        _deep_json,
        _big_json,
        _laughs,
        _late_doctype,
        _deep_xml,
        _pdf_bomb,
        _pdf_loop,
        _lying_parquet,
        _rows_bomb,
        _gzip_bomb,
        _bad_zip,
        _words,
    )
    for k in range(count):
        name, content = families[k % len(families)](rng)
        yield f"h{k}-{name}", content


def _book(sheet: bytes, *, sheets: int = 1, extra: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    listed = "".join(
        f'<sheet name="S{k}" sheetId="{k}" r:id="rId{k}"/>' for k in range(1, sheets + 1)
    )
    related = "".join(
        f'<Relationship Id="rId{k}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{k}.xml"/>'
        for k in range(1, sheets + 1)
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
        book.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{listed}</sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{related}</Relationships>',
        )
        for k in range(1, sheets + 1):
            book.writestr(f"xl/worksheets/sheet{k}.xml", sheet)
        for name, part in (extra or {}).items():
            book.writestr(name, part)
    return out.getvalue()


def _sheet(cells: str) -> bytes:
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>'.encode()


def _cell(ref: str, text: str) -> str:
    return f'<c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c>'


HEAD = (
    '<row r="1">'
    + "".join(
        _cell(f"{c}1", t)
        for c, t in zip("ABCD", ("Site", "Month", "Electricity", "Unit"), strict=True)
    )
    + "</row>"
)


def _stray(rng: random.Random) -> tuple[str, bytes]:
    column, row = rng.choice(
        (
            ("XFD", 1048576),
            ("CV", 1048576),
            ("XFD", 2),
            ("A", 1048576),
            ("ZZZ", 99999999),
            ("AAA", 400000),
        )
    )
    one = f'<row r="{row}">{_cell(f"{column}{row}", "x")}</row>'
    return "stray.xlsx", _book(_sheet(HEAD + one))


def _zip_bomb(rng: random.Random) -> tuple[str, bytes]:
    many = rng.choice((200_000, 3_000_000))
    filler = rng.choice((" ", "<row/>", "<c/>", '<row r="2"><c r="A2"><v>1</v></c></row>'))
    return "bomb.xlsx", _book(_sheet(HEAD + filler * (many * 20 // len(filler))))


def _many_sheets(rng: random.Random) -> tuple[str, bytes]:
    return "sheets.xlsx", _book(_sheet(HEAD), sheets=rng.choice((300, 2000)))


def _wide_csv(rng: random.Random) -> tuple[str, bytes]:
    many = rng.choice((501, 100_000))
    return "wide.csv", (
        ",".join(f"c{k}" for k in range(many)) + "\n" + ",".join("1" * many) + "\n"
    ).encode()


def _long_line(rng: random.Random) -> tuple[str, bytes]:
    text = rng.choice((b"x", b'"', b",", b'","', b"\xe4\xb8\xad"))
    return "line.csv", b"Site,Month,Electricity,Unit\n" + text * rng.choice((200_000, 5_000_000))


def _deep_json(rng: random.Random) -> tuple[str, bytes]:
    many = rng.choice((5_000, 300_000))
    return rng.choice(("orders.json", "claims.json")), b"[" * many + rng.choice((b"", b"]" * many))


def _big_json(rng: random.Random) -> tuple[str, bytes]:
    return rng.choice(("orders.json", "orders.jsonl")), rng.choice(
        (
            b"[" + b"{}," * 3_000_000 + b"{}]",
            b'[{"order": ' + b"9" * 100_000 + b"}]",
            b'[{"order": NaN, "length_mm": 1e999}]',
            b'{"orders": {"a": 1}}',
            b'{"order":"\\ud800"}\n' * 1000,
        )
    )


def _laughs(rng: random.Random) -> tuple[str, bytes]:
    depth = rng.choice((10, 30))
    lines = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10 if k else "ha"}">' for k in range(depth))
    return (
        "laughs.xml",
        f"<?xml version='1.0'?><!DOCTYPE feed [{lines}]><feed><IntervalReading>&l{depth - 1};</IntervalReading></feed>".encode(),
    )


def _late_doctype(rng: random.Random) -> tuple[str, bytes]:
    body = (
        "<!DOCTYPE feed [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><feed><value>&a;</value></feed>"
    )
    return (
        "late.xml",
        f"<?xml version='1.0'?><!--{'x' * rng.choice((5000, 200_000))}-->{body}".encode(),
    )


def _deep_xml(rng: random.Random) -> tuple[str, bytes]:
    many = rng.choice((10_000, 1_000_000))
    return "deep.xml", b"<feed>" + b"<a>" * many + rng.choice((b"", b"</a>" * many + b"</feed>"))


def _pdf(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for k, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{k} 0 obj\n".encode() + one + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode() + b"".join(
        f"{p:010d} 00000 n \n".encode() for p in places
    )
    return (
        out
        + f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    )


def _pdf_bomb(rng: random.Random) -> tuple[str, bytes]:
    text = zlib.compress(
        rng.choice((b" ", b"BT (kWh) Tj ET ", b"q ", b"0 0 m "))
        * rng.choice((1_000_000, 60_000_000)),
        9,
    )
    stream = (
        f"<< /Length {len(text)} /Filter /FlateDecode >>\nstream\n".encode() + text + b"\nendstream"
    )
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << >> >>"
    )
    return "bomb.pdf", _pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page,
            stream,
        ]
    )


def _pdf_loop(rng: random.Random) -> tuple[str, bytes]:
    kids = rng.choice((b"[2 0 R]", b"[3 0 R 2 0 R]", b"[" + b"3 0 R " * 100_000 + b"]"))
    page = b"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 1e30 800] >>"
    return "loop.pdf", _pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids " + kids + b" /Count 999999999 >>",
            page,
        ]
    )


def _lying_parquet(rng: random.Random) -> tuple[str, bytes]:
    body = bytes(rng.randrange(256) for _ in range(rng.choice((0, 40, 4000))))
    return "lying.parquet", b"PAR1" + body + struct.pack(
        "<I", rng.choice((0, len(body), 2**31, 2**32 - 1))
    ) + b"PAR1"


def _rows_bomb(rng: random.Random) -> tuple[str, bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out, many = io.BytesIO(), rng.choice((200_000, 1_500_000, 30_000_000))
    same = pa.DictionaryArray.from_arrays(
        pa.repeat(pa.scalar(0, pa.int8()), many), pa.array(["x" * rng.choice((2, 20_000))])
    )
    pq.write_table(pa.table(dict.fromkeys(("Site", "Month", "Electricity", "Unit"), same)), out)
    return "rows.parquet", out.getvalue()


def _gzip_bomb(rng: random.Random) -> tuple[str, bytes]:
    many = rng.choice((50, 900))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"2023-01-01 00:00,1\n" * 50_000
    return "meter.csv.gz", packer.compress(b"time,kwh\n") + b"".join(
        packer.compress(block) for _ in range(many)
    ) + packer.flush()


def _bad_zip(rng: random.Random) -> tuple[str, bytes]:
    content = bytearray(_book(_sheet(HEAD)))
    end = content.rindex(b"PK\x05\x06")
    content[end + rng.randrange(4, 20)] ^= 0xFF
    return "bad.xlsx", bytes(content) if rng.random() < 0.7 else b"PK" + bytes(content[2:60])


def _words(rng: random.Random) -> tuple[str, bytes]:
    """Texts on which a pattern may run for ever."""
    text = rng.choice(
        (
            "a" * 30_000 + "!",
            "1," * 15_000 + "x",
            " " * 32_000,
            "-" * 32_000,
            "(" * 30_000,
            "2023-" * 6_000,
            "kWh * " * 5_000,
            "12 345 " * 4_000,
        )
    )
    column = rng.choice(("site", "month", "amount", "unit"))
    cells = {"site": "hq", "month": "2023-05", "amount": "1", "unit": "kWh"} | {column: text}
    return rng.choice(("words.csv", "page.md")), (
        "Site,Month,Electricity,Unit\n" + ",".join(cells.values()) + "\n"
    ).encode()


class Worker:
    """A process that runs every reader on one file after another, and is made again where it ends.

    Args:
        root: A workspace that files are checked against; nothing is stored.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process: subprocess.Popen[str] | None = None

    def tried(self, path: Path) -> str:
        """What the readers make of a file: nothing where each reads or refuses it, else what went wrong."""
        if self.process is None:
            words = [
                sys.executable,
                "-c",
                "import hostile, sys; hostile.work(sys.argv[1])",
                str(self.root),
            ]
            env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT)])}
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=env,
            )
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], 6 * SECONDS_MAX)[0]:
            self.process.kill()
        line = self.process.stdout.readline()
        if line:
            return str(json.loads(line))
        return f"ended with {self.close()}"

    def close(self) -> int:
        """End the process; its status."""
        if self.process is None:
            return 0
        self.process.communicate()
        status, self.process = self.process.returncode, None
        return status


def work(root: str) -> None:
    """Run every reader on each file that is named on standard input: what a worker does."""
    said = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        for pid in ("self", *_children()):
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        faults = _all_readers(Path(line.rstrip("\n")), Path(root))
        peak = max(map(_peak, ["self", *_children()]))
        if peak > BYTES_MAX:
            faults += f"; took {peak >> 20} MiB"
        said.write(json.dumps(faults) + "\n")


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def _peak(pid: str) -> int:
    """Most memory that a process has held [bytes]."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 if "VmHWM:" in status else 0


def _all_readers(path: Path, root: Path) -> str:
    from abate.adapters.readers.bills import read_bill
    from abate.adapters.readers.orders import read_cartons, read_orders
    from abate.adapters.readers.series import read_series
    from abate.application.disclosure.claims import check_claims
    from abate.application.factors import read_factors
    from abate.application.inventory.corrections import read_corrections
    from abate.application.inventory.previews import preview_file, preview_sheets
    from abate.application.opening import open_workspace

    workspace = open_workspace(root)
    readers: dict[str, Callable[[], object]] = {
        "sheets": lambda: preview_sheets(workspace, path),
        "check": lambda: preview_file(workspace, path, now=NOW),
        "series": lambda: read_series(path),
        "factors": lambda: read_factors(path),
    }
    if path.suffix == ".pdf":
        readers = {"bill": lambda: read_bill(path)}
    if path.suffix in (".json", ".jsonl", ".html", ".md") or "orders" in path.name:
        readers = {
            "claims": lambda: check_claims([path]),
            "orders": lambda: [0 for _ in read_orders(path)],
            "cartons": lambda: read_cartons(path),
        }
    if "correction" in path.name:
        readers["correction"] = lambda: read_corrections(path, "why")
    faults = []
    for name, read in readers.items():
        begun = time.monotonic()
        try:
            read()
        except AbateError as error:
            if not error.hint:
                faults.append(f"{name}: no hint: {error}")
        except Exception as error:
            faults.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
        took = time.monotonic() - begun
        if took > SECONDS_MAX:
            faults.append(f"{name}: took {took:.0f} s")
    return "; ".join(faults)
