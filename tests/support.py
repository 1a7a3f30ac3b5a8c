"""A small organisation for the tests: round numbers that a reader can check in the head."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pyarrow as pa

from abate.adapters.store.delta import Store
from abate.adapters.store.workspace import Workspace
from abate.application.inventory.figures import Figures
from abate.kernel.tables import TABLES, WRITERS

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 12, 0)
ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("ABATE_SHARED", ROOT.parent / "shared")) / "data"

CONFIG = """
[organisation]
name = "Small group"
currency = "CNY"

[fiscal_year]
start_month = 4

[[entities]]
id = "group"
name = "Group"

[[entities]]
id = "cloud"
name = "Cloud"
parent = "group"

[[entities]]
id = "venture"
name = "Joint venture"
parent = "group"
operational_control = false
financial_control = true
ownership = [{ since = 2015-01-01, share = 0.4 }]

[[sites]]
id = "hq"
name = "Headquarters"
aliases = ["总部"]
entity = "cloud"
region = "CN-ZJ"

[[sites]]
id = "plant"
name = "Plant"
entity = "cloud"
region = "CN-HE"

[[sites]]
id = "mill"
name = "Mill"
entity = "venture"
region = "CN-GD"

[[sites]]
id = "sold"
name = "Sold depot"
entity = "cloud"
region = "CN-JS"
closed = 2023-09-30

[[sites]]
id = "london"
name = "London"
entity = "cloud"
region = "GB"

[[sites]]
id = "mars"
name = "Mars base"
entity = "cloud"
region = "XX"
"""

PROGRAMME = """
[[programmes]]
id = "reuse"
entity = "cloud"
region = "CN"
methodology = "carton-reuse/1"
claims = { group = 0.5 }
unclaimed = 0.5
"""


def electricity(rows: list[tuple[str, str, object, str]]) -> str:
    """Text of a CSV of electricity bills: site, month, amount, unit."""
    lines = [
        f"{site},{month},{amount},{unit},E{k}" for k, (site, month, amount, unit) in enumerate(rows)
    ]
    return "\n".join(["Site,Month,Electricity,Unit,Invoice", *lines]) + "\n"


def months(first: str, count: int) -> list[str]:
    """Consecutive months from one on."""
    start = int(first[:4]) * 12 + int(first[5:]) - 1
    return [f"{(start + k) // 12}-{(start + k) % 12 + 1:02d}" for k in range(count)]


def rolled(workspace: Workspace, run_id: str) -> list[Any]:
    """Rollups of a run: gas by gas, whole milligrams."""
    with Figures(workspace) as opened:
        return opened.con.execute(
            "select source, book, kind, item, party, region, scope, category, view, species, method, factor_id, matched, org, "
            "site, building, month, basis, unit, sum(co2e_mg), sum(mass_mg), sum(quantity_micro), sum(row_count) "
            f"from rollups where run_id = '{run_id}' group by all order by all"
        ).fetchall()


def append_as_is(store: Store, name: str, row: dict[str, Any]) -> None:
    """Append a row that no run and no import would write."""
    with store.connect() as con:
        con.register("odd_row", pa.Table.from_pylist([row], schema=TABLES[name]))
        store.append_query(name, con, "from odd_row", row[WRITERS[name]])


def dies(folder: Path, group: int) -> int:
    """A group that takes its process with it: 7 always, 3 the first time."""
    if group == 7 or (group == 3 and not (folder / "seen").exists()):
        (folder / "seen").touch()
        os._exit(9)
    return group * 2


def run_apart(ask: Callable[[], Awaitable[T]]) -> T:
    """What an asynchronous function gives, run in a thread of its own.

    Tests in a browser leave a loop running in theirs.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, ask).result()


BILLS = electricity([("hq", m, 1000, "kWh") for m in months("2023-04", 12)])
"""A year of one site."""
