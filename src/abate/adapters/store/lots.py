"""The ledger of lots: transfers by device and hour, of imports that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from abate.adapters.store.delta import fetch, literal
from abate.adapters.store.imports import live_imports, live_views
from abate.adapters.store.workspace import Workspace
from abate.algorithms.forecasting.days import offsets_of
from abate.energy.facts.lots import HELD, ISSUER, Device
from abate.kernel.tables import ImportRow

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

HOUR = np.timedelta64(3600, "s")


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Watt-hours that stand in an account, by device and hour.

    Args:
        device: Name `(rows,)`.
        start: Beginning, UTC `(rows,)`.
        hours: 1, or the hours of the month `(rows,)`.
        wh: Above zero `(rows,)`.
        account: Where they stand `(rows,)`.
    """

    device: Any
    start: Any
    hours: Any
    wh: Any
    account: Any

    def __len__(self) -> int:
        return len(self.wh)


def devices(workspace: Workspace) -> dict[str, Device]:
    """Devices of which lots were issued, as they were described last."""
    with workspace.store.connect() as con:
        live_views(con, workspace, live_imports(workspace))
        order = "(select import_id, row_number() over () as place from live_imports)"
        rows = fetch(
            con,
            f"select d.* from live_devices d join {order} i using (import_id) order by place",
        )
    return {
        r["device"]: Device(
            r["device"],
            r["technology"],
            r["region"],
            r["site"],
            r["commissioned"],
            r["issuer"],
            r["storage"],
            r["contract"],
        )
        for r in rows
    }


def standing(
    workspace: Workspace, accounts: str, *, imports: Sequence[ImportRow] | None = None
) -> Standing:
    """What stands in accounts.

    Args:
        workspace: The workspace.
        accounts: Pattern of SQL for their names, such as `held` or `retired:FY2024/%`.
        imports: Whose transfers count; those that are not undone where it is None.
    """
    like = literal(accounts.replace("_", "!_")) + " escape '!'"
    with workspace.store.connect() as con:
        lots = _live_lots(con, workspace, imports)
        rows = con.execute(f"""
            select device, epoch(start)::bigint as at, hours, account, sum(wh)::bigint as wh from (
                select device, start, hours, target as account, amount_wh as wh from {lots}
                where target like {like}
                union all
                select device, start, hours, source, -amount_wh from {lots} where source like {like}
            ) group by all having sum(wh) <> 0 order by all
        """).fetchnumpy()
    at = np.asarray(rows["at"], np.int64)
    return Standing(
        np.asarray(rows["device"]).astype(str),
        np.datetime64(0, "s") + at.astype("timedelta64[s]"),
        np.asarray(rows["hours"], np.int64),
        np.asarray(rows["wh"], np.int64),
        np.asarray(rows["account"]).astype(str),
    )


def overdrawn(workspace: Workspace, imports: Sequence[ImportRow]) -> tuple[str, str, int] | None:
    """Device, hour and what lacks where more would have left us than came.

    Args:
        workspace: The workspace.
        imports: Those that would count.
    """
    if not workspace.store.files("lots"):
        return None
    held = standing(workspace, HELD, imports=imports)
    short = np.flatnonzero(held.wh < 0)
    if not len(short):
        return None
    k = int(short[0])
    return str(held.device[k]), str(held.start[k]), int(-held.wh[k])


def numbered(workspace: Workspace) -> list[tuple[str, str]]:
    """Device and serial of the lots that were issued with a number."""
    with workspace.store.connect() as con:
        lots = _live_lots(con, workspace)
        rows = con.execute(
            f"select distinct device, serial from {lots} where serial <> '' and source ="
            f" {literal(ISSUER)} order by all"
        ).fetchall()
    return [(str(device), str(serial)) for device, serial in rows]


def moves_of(workspace: Workspace) -> list[dict[str, Any]]:
    """Sums by import, device and accounts."""
    with workspace.store.connect() as con:
        lots = _live_lots(con, workspace)
        return fetch(
            con,
            "select import_id, device, source, target, sum(amount_wh)::hugeint as wh, min(start) as"
            f" first, max(start) as last, count(*) as rows from {lots} group by import_id, device,"
            " source, target order by all",
        )


def transfers(
    zone: str,
    names: Sequence[str],
    device: Any,
    start: Any,
    hours: Any,
    accounts: Sequence[str],
    source: Any,
    target: Any,
    wh: Any,
    serial: Sequence[str] | None = None,
) -> pa.Table:
    """Rows of the table of lots without their import, columns by place among names.

    Args:
        zone: Whose clock says the month of a lot.
        names: Of the devices.
        device: Place among them `(rows,)`.
        start: Beginning `(rows,)`.
        hours: Their number `(rows,)`, or one for all.
        accounts: Names of the accounts.
        source: Place among them of who gives `(rows,)`, or one for all.
        target: Of who receives.
        wh: Amount `(rows,)`.
        serial: Numbers of the certificates.
    """
    import pyarrow as pa

    count, moments = len(wh), np.asarray(start).astype("datetime64[s]")

    def named(places: Any, values: Sequence[str]) -> pa.Array:
        indices = np.broadcast_to(np.asarray(places, np.int32), (count,))
        return pa.DictionaryArray.from_arrays(
            pa.array(indices), pa.array(list(values), pa.string())
        )

    return pa.table(
        {
            "device": named(device, names),
            "start": pa.array(moments.astype("datetime64[us]")),
            "hours": pa.array(np.broadcast_to(np.asarray(hours, np.int32), (count,))),
            "month": named(*_months(moments + (np.asarray(hours) - 1) * HOUR // 2, zone)),
            "serial": named(0, [""]) if serial is None else pa.array(list(serial), pa.string()),
            "source": named(source, accounts),
            "target": named(target, accounts),
            "amount_wh": pa.array(np.asarray(wh, np.int64)),
        }
    )


def _months(moments: Any, zone: str) -> tuple[Any, list[str]]:
    """Month of each moment by a clock: place among names of months, and these."""
    if not len(moments):
        return np.zeros(0, np.int32), [""]
    begin = moments.min()
    step = (moments - begin) // HOUR  # a table of hours: moments are many, hours are few
    hours = begin + np.arange(int(step.max()) + 1) * HOUR
    local = (hours + offsets_of(hours, zone)).astype("datetime64[M]")
    names = np.arange(local[0], local[-1] + 1)
    places = (local - local[0]).astype(np.int32)
    return places[step], [str(n) for n in names]


def _live_lots(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    imports: Sequence[ImportRow] | None = None,
) -> str:
    """Name of a view of lots that count."""
    live_views(con, workspace, live_imports(workspace) if imports is None else imports)
    return "live_lots"
