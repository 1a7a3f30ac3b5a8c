"""Findings that stand: of imports that count, of rows that nobody corrected, of months that are missing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from abate.adapters.store.delta import fetch
from abate.adapters.store.findings import finding_of
from abate.adapters.store.imports import live_imports, live_views
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import ledger_checks
from abate.kernel.checks import CLOCK_BACK, missing_month
from abate.kernel.edges import Json
from abate.kernel.finding import Finding, Rule, Severity
from abate.kernel.tables import COMMITS, CorrectionRow, FindingRow

if TYPE_CHECKING:
    import duckdb

APART_MAX = timedelta(hours=26)
"""Clocks of two time zones may say moments that lie so far apart."""
_ORDER = {Severity.BLOCKER: 0, Severity.WARNING: 1, Severity.INFO: 2}


def open_findings(workspace: Workspace, *, now: datetime, year: str = "") -> list[Finding]:
    """Findings that stand today, blockers first.

    A blocker of a row stands until the row is corrected, dropped or accepted, or its import undone.
    Missing months and findings about totals are asked again each time.

    Args:
        workspace: The workspace.
        now: Present moment: months after it are not missing.
        year: Only those of a fiscal year, and those of no year.
    """
    with workspace.store.connect("findings") as con:
        imports = live_imports(workspace)
        live_views(con, workspace, imports)
        found = _of_imports(con) + _missing_months(con, workspace, now) + _of_totals(con)
    found += _clock(workspace, now)
    if year:
        months = set(workspace.calendar.months(year))
        found = [f for f in found if not f.month or f.month in months]
    return _ranked(found)


def _ranked(found: list[Finding]) -> list[Finding]:
    """Findings in the order of severity, code and place."""
    return sorted(
        found,
        key=lambda f: (
            _ORDER[f.severity],
            f.code,
            f.file,
            f.sheet,
            f.row,
            f.site,
            f.month,
            f.message,
        ),
    )


def standing_findings(
    workspace: Workspace, *, now: datetime, year: str = "", run_id: str = ""
) -> list[Finding]:
    """Everything that stands today: of files and data, and of the newest run of each fiscal year.

    The one list that the command line, the pages, the API and the report show, blockers first.

    Args:
        workspace: The workspace.
        now: Present moment: months after it are not missing.
        year: Only those of a fiscal year, and those of no year.
        run_id: A run to be looked at in place of the newest ones.
    """
    from abate.application.inventory.figures import run_of, years

    shown = (
        [run_id]
        if run_id
        else [
            run_of(workspace, y).run_id for y in years(workspace) if not year or y == year.upper()
        ]
    )
    rows = workspace.store.records(FindingRow) if shown else []
    of_runs = [finding_of(r) for r in rows if r.origin in shown]
    return _ranked([*open_findings(workspace, now=now, year=year), *of_runs])


def findings_of(workspace: Workspace, origin: str) -> list[Finding]:
    """Findings that an import or a run wrote."""
    return [finding_of(r) for r in workspace.store.records(FindingRow) if r.origin == origin]


def corrections_made(workspace: Workspace) -> list[CorrectionRow]:
    """What was corrected, accepted, dropped or added, with its reason."""
    live = {r.import_id for r in live_imports(workspace)}
    rows = [m for m in workspace.store.records(CorrectionRow) if m.import_id in live]
    return sorted(rows, key=lambda m: (m.source_file, m.source_sheet, m.source_row, m.import_id))


def _of_imports(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    rows = fetch(
        con,
        """select f.* from findings f semi join live_imports i on i.import_id = f.origin
           left join live_mends m on m.of_import = f.origin and m.source_file = f.file
                and m.source_sheet = f.sheet and m.source_row = f.row
           where m.import_id is null""",
    )
    return [finding_of(FindingRow(**r)) for r in rows]


def _clock(workspace: Workspace, now: datetime) -> list[Finding]:
    """A finding where something was committed after the present moment."""
    moments = [r["committed_at"] for table in COMMITS for r in workspace.store.rows(table)]
    last = max(moments, default=now)
    if last <= now + APART_MAX:
        return []
    text = (
        f"Something was stored on {last:%Y-%m-%d}, and this machine says that it is {now:%Y-%m-%d}."
    )
    return [Finding.of(CLOCK_BACK, text)]


def _missing_months(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, now: datetime
) -> list[Finding]:
    """Months without an activity that the site's `expects` asks for.

    A row in quarantine is not missing.
    """
    spans = con.execute(
        "select kind, min(fiscal_year), max(fiscal_year), max(month) from live_totals group by kind"
    ).fetchall()
    ended = now.strftime("%Y-%m")
    expected: list[tuple[str, str, str]] = []
    for kind, first, last, last_month in spans:
        years = [f"FY{y:04d}" for y in range(int(first[2:]), int(last[2:]) + 1)]
        months = [m for y in years for m in workspace.calendar.months(y)]
        months = [
            m
            for m in months
            if m <= last_month or (m < ended and workspace.calendar.months(last)[-1] < ended)
        ]
        for site in workspace.organisation.sites:
            if kind in site.expects:
                expected += [(kind, site.id, m) for m in site.months_owned(months)]
    if not expected:
        return []
    import pyarrow as pa

    block = pa.table(
        dict(zip(("kind", "site", "month"), map(list, zip(*expected, strict=True)), strict=True))
    )
    con.register("wanted", block)
    con.execute("""
        create or replace temp view expected as
        select w.kind, w.site, w.month, a.row_count from wanted w
        left join (select kind, site, month, sum(rows)::bigint as row_count from
                   (select kind, site, month, row_count as rows from live_totals
                    union all select kind, site, month, 1 from open_quarantine) group by all) a using (kind, site, month)
    """)
    return _ask(con, "missing-month")


def _of_totals(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    con.execute("""
        create or replace temp view monthly as
        select kind, item, site, building as meter, month, sum(quantity_micro)::double / 1e6 as quantity,
               sum(row_count)::bigint as row_count, day(last_day(strptime(month || '-01', '%Y-%m-%d'))) as days_in_month
        from live_totals where month <> '' group by all
    """)
    con.execute(f"create or replace temp view runs as {equal_readings('live_activities')}")
    return [f for check in ledger_checks() for f in _ask(con, check.rule.code)]


STUCK_HOURS = 12
"""Equal hourly readings in a row that no working meter gives."""


def equal_readings(source: str) -> str:
    """SQL of the hours at which a building's meter of energy repeats itself.

    Runs of equal hourly readings.
    """
    return f"""
        select kind, site, meter, strftime(min(start_before), '%Y-%m') as month, min(start_before) as first,
               max(period_start + step) as past, (epoch(max(period_start + step) - min(start_before)) / 3600)::bigint as hours,
               quantity
        from (select *, place - row_number() over (partition by kind, site, meter order by period_start) as island
              from (select *, period_start - start_before as step
                    from (select kind, site, meter, period_start, quantity, row_number() over meters as place,
                                 lag(quantity) over meters as before, lag(period_start) over meters as start_before
                          from {source} where meter <> '' and kind in ('facility-energy', 'it-energy')
                               and period_end - period_start <= interval 1 hour
                          window meters as (partition by kind, site, meter order by period_start)))
              where before = quantity and step <= interval 1 hour)
        group by kind, site, meter, quantity, island
        having max(period_start + step) - min(start_before) >= interval {STUCK_HOURS} hour"""


def _ask(con: duckdb.DuckDBPyConnection, code: str) -> list[Finding]:
    rule, sql = _ledger_sql()[code]
    rows = con.execute(f"select site, month, message from ({sql}) order by all").fetchall()
    return [Finding.of(rule, message, site=site, month=month) for site, month, message in rows]


_TABLES = {
    "monthly": {
        "kind": "string", "item": "string", "site": "string", "meter": "string", "month": "string",
        "quantity": "float64", "row_count": "int64", "days_in_month": "int64",
    },
    "expected": {"kind": "string", "site": "string", "month": "string", "row_count": "int64"},
    "runs": {
        "kind": "string", "site": "string", "meter": "string", "month": "string", "first": "timestamp",
        "past": "timestamp", "hours": "int64", "quantity": "float64",
    },
}  # fmt: skip
"""Columns of the tables that ledger checks take."""


@cache
def _ledger_sql() -> dict[str, tuple[Rule, str]]:
    """Each ledger check with its statement, compiled once per process."""
    import ibis

    compiled = {}
    for check in (missing_month, *ledger_checks()):
        rows, message = check(ibis.table(_TABLES[check.of], name=check.of))
        chosen = rows.select(site=rows["site"], month=rows["month"], message=message)
        compiled[check.rule.code] = (check.rule, str(ibis.to_sql(chosen, dialect="duckdb")))
    return compiled


def quarantined(workspace: Workspace) -> list[Json]:
    """Rows that wait to be corrected, each with its cells as they stood and the findings that keep it out."""
    with workspace.store.connect("findings") as con:
        live_views(con, workspace, live_imports(workspace))
        rows = fetch(
            con,
            "select import_id, source_file, source_sheet, source_row, codes, template, kind, site,"
            " month, cells from open_quarantine order by source_file, source_sheet, source_row,"
            " kind",
        )
        found = [f for f in _of_imports(con) if f.severity is Severity.BLOCKER]
    by_row: dict[tuple[str, str, int], list[Finding]] = {}
    for f in found:
        by_row.setdefault((f.file, f.sheet, f.row), []).append(f)
    return [
        r
        | {
            "cells": json.loads(r["cells"]),
            "codes": r["codes"].split(","),
            "findings": by_row.get((r["source_file"], r["source_sheet"], r["source_row"]), []),
        }
        for r in rows
    ]
