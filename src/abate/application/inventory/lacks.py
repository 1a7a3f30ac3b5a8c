"""What a run's figures lack: rows that are in none of its entries, and months that have none.

Worked out from what the run stored: a need without rows of its resolution was not valued, a method
without rows among those of a need found no factor. So a lack is known for every figure that the
row would have entered, and for no other.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from abate.adapters.store.delta import literal
from abate.adapters.store.imports import live_imports
from abate.adapters.store.workspace import Workspace
from abate.application.catalogue import KINDS, METHODS, TEMPLATES
from abate.kernel.edges import Json
from abate.kernel.errors import UsageError
from abate.kernel.resolution import ladders
from abate.kernel.tables import ImportRow, RunRow

if TYPE_CHECKING:
    import duckdb

NOT_VALUED, PART_MISSING, WAITING, NO_MONTH, GAP = (
    "not-valued",
    "factor-incomplete",
    "in-quarantine",
    "missing-month",
    "reading-gap",
)
"""Codes of what a figure may lack."""
SAID = {
    NOT_VALUED: "rows without a factor",
    PART_MISSING: "rows without a factor for this part",
    WAITING: "rows in quarantine",
    NO_MONTH: "months without data",
    GAP: "months with missing readings",
}
"""What each of them says, after their number."""
PLACE = ("kind", "item", "org", "site", "building", "month", "basis")
"""Columns of the rollups that say which rows they are."""
COLUMNS = ("source", "book", "scope", "category", "view", *PLACE)
"""Columns of the rollups that are known of a row which is in no entry."""


@dataclass(frozen=True, slots=True)
class Lack:
    """What a figure lacks.

    Args:
        code: `not-valued`, `factor-incomplete`, `in-quarantine`, `missing-month` or `reading-gap`.
        kind: Kind of the activities.
        rows: Rows, or months, that are not in it.
        estimate_t: What they may add to the figure [t CO2e], where that can be told: of months
            without data, the mean of the other months of the place.
    """

    code: str
    kind: str
    rows: int
    estimate_t: float | None = None

    @property
    def json(self) -> Json:
        """As machines get it."""
        known = {} if self.estimate_t is None else {"estimate_t": self.estimate_t}
        return {"code": self.code, "kind": self.kind, "rows": self.rows, **known}

    @property
    def blocks(self) -> bool:
        """Whether it must be corrected, or accepted by name, before a figure is published."""
        return self.code in (NOT_VALUED, WAITING, NO_MONTH)

    @property
    def text(self) -> str:
        """As people read it."""
        return self.told(str)

    def told(self, t: Callable[[str], str]) -> str:
        """As people read it in a language, by what brings English to it."""
        title = KINDS[self.kind].title if self.kind in KINDS else self.kind
        said = SAID[self.code]
        size = (
            "" if self.estimate_t is None else f", {t('some')} {number_of(self.estimate_t)} t CO2e"
        )
        if t(said) != said:
            return f"{self.rows:,} {t(said)}（{t(title) or t('kind not known')}）{size}"
        if self.rows == 1:
            said = said.replace("rows", "row", 1).replace("months", "month", 1)
        return f"{self.rows:,} {said} ({title.lower() or 'kind not known'}){size}"


def number_of(tonnes: float) -> str:
    """An estimate to two digits.

    Example:
        >>> number_of(1234.5), number_of(0.01234)
        ('1,200', '0.012')
    """
    digits = 1 - math.floor(math.log10(abs(tonnes))) if tonnes else 0
    return f"{round(tonnes, digits):,.{max(digits, 0)}f}"


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows of one kind and place that a run left out of its entries.

    Args:
        code: As of `Lack`.
        at: Values of `COLUMNS`; None where it is not known.
        rows: Their number.
    """

    code: str
    at: dict[str, str | None]
    rows: int

    def fits(self, column: str, values: Collection[str]) -> bool:
        """Whether the rows may have one of some values; what is not known may be any."""
        mine = self.at.get(column)
        return mine is None or mine in values


def gaps_of(workspace: Workspace, run: RunRow) -> list[Gap]:
    """What a run left out, by where it would have entered."""
    with workspace.store.connect() as con:
        return _gaps(con, workspace, run)


def _gaps(con: duckdb.DuckDBPyConnection, workspace: Workspace, run: RunRow) -> list[Gap]:
    store = workspace.store
    scope3 = json.loads(run.config).get("scope3", {})
    excluded = {
        k for n in ("not_assessed", "not_applicable", "immaterial") for k in scope3.get(n, {})
    }
    _register_destinations(con, excluded)
    used = [i for i, _ in run.imports_used]
    years = f"fiscal_year = {literal(run.fiscal_year)}"
    _places(con, workspace)
    con.execute(f"""
        create or replace temp table unresolved as
        with needs as (
            select kind, item, site, month, unit, region, party, building, basis,
                   sum(row_count)::bigint as row_count
            from {store.source("totals", set(used))} where {years} group by all
        ), found as (
            select distinct r.kind, item, site, month, unit, region, party, m.ladder
            from {store.source("resolutions", {run.run_id})}
r
            join ladder_methods m on m.kind = r.kind and m.method = r.method
            where {years} and run_id = {literal(run.run_id)}
        ), valued as (select distinct kind, item, site, month, unit, region, party from found)
        select distinct n.unit, n.region, n.party,
               case when v.kind is null then '{NOT_VALUED}' else '{PART_MISSING}' end as code,
               n.kind, n.item, n.site, n.month, n.building, n.basis, n.row_count,
               'entry' as source, d.book, d.scope, d.category, d.view
        from needs n join destinations d on d.kind = n.kind and d.source = 'entry'
        left join valued v on v.kind = n.kind and v.item = n.item and v.site = n.site
            and v.month = n.month and v.unit = n.unit and v.region = n.region and v.party = n.party
        where not exists (select 1 from found f where f.kind = n.kind and f.item = n.item
            and f.site = n.site and f.month = n.month and f.unit = n.unit and f.region = n.region
            and f.party = n.party and f.ladder = d.ladder)
    """)
    _waiting(con, workspace, run)
    rows = con.execute("""
        select code, source, book, scope, category, view, u.kind, item, p.org, u.site, building,
               u.month, basis, sum(row_count)::bigint
        from (select code, kind, item, site, month, building, basis, row_count, source, book, scope,
                     category, view from unresolved
              union all
              select w.code, w.kind, null, w.site, w.month, null, null, w.row_count,
                     d.source, d.book, d.scope, d.category, d.view
              from waiting w
              join (select distinct * exclude (ladder) from destinations) d using (kind)) u
        left join lacks_places p using (site) group by all order by all
    """).fetchall()
    return [Gap(row[0], dict(zip(COLUMNS, row[1:-1], strict=True)), row[-1]) for row in rows]


def _register_destinations(con: duckdb.DuckDBPyConnection, excluded: set[str]) -> None:
    """Where an activity of each kind enters: book, scope, category and view of its methods.

    And the sums of activities of its kind.
    """
    rows = {(kind, "", "activity", "inventory", "", "", "") for kind in KINDS}
    methods = set()
    for kind in {k for m in METHODS for k in m.card.kinds}:
        for number, ladder in enumerate(ladders(METHODS, kind)):
            card = ladder[0]
            if card.scope != "3" or card.category not in excluded:
                place = (card.book, card.scope, card.category, card.view)
                rows.add((kind, str(number), "entry", *place))
                methods |= {(kind, str(number), c.name) for c in ladder}
    for name, columns, values in (
        ("destinations", "kind, ladder, source, book, scope, category, view", rows),
        ("ladder_methods", "kind, ladder, method", methods),
    ):
        listed = ", ".join(f"({', '.join(map(literal, row))})" for row in sorted(values))
        con.execute(
            f"create or replace temp table {name} as select * from (values {listed}) d({columns})"
        )


def _places(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Make the table of the business of each site and entity."""
    organisation = workspace.organisation
    places = [*(s.id for s in organisation.sites), *(e.id for e in organisation.entities)]
    rows = ", ".join(
        f"({literal(p)}, {literal(organisation.business_of(p))})" for p in dict.fromkeys(places)
    )
    con.execute(
        "create or replace temp table lacks_places as select * from (values"
        f" {rows or '(null, null)'}) p(site, org)"
    )


def _waiting(con: duckdb.DuckDBPyConnection, workspace: Workspace, run: RunRow) -> None:
    """Rows in quarantine when the run was made, months without data, and months with gaps."""
    store = workspace.store
    imports = [r for r in live_imports(workspace) if r.committed_at <= run.committed_at]
    ids = {r.import_id for r in imports}
    kinds = {t.id: t.measures[0].kind for t in TEMPLATES.values()}
    known = ", ".join(f"({literal(t)}, {literal(k)})" for t, k in kinds.items())
    listed = ", ".join(map(literal, sorted(ids))) or "''"
    months = ", ".join(map(literal, workspace.calendar.months(run.fiscal_year)))
    owned = [
        (kind, s.id, month)
        for s in workspace.organisation.sites
        for kind in s.expects
        for month in s.months_owned(workspace.calendar.months(run.fiscal_year))
        if month < f"{run.committed_at:%Y-%m}"
    ]
    wanted = ", ".join(f"({', '.join(map(literal, o))})" for o in owned) or "(null, null, null)"
    con.execute(f"""
        create or replace temp table waiting as
        with templates as (select * from (values {known}) t(template, kind)),
        mended as (
            select of_import, source_file, source_sheet, source_row from {store.source("mends")}
            where import_id in ({listed})
        ), open as (
            select coalesce(nullif(q.kind, ''), t.kind, '') as kind, q.site, q.month
            from {store.source("quarantine")} q left join templates t using (template)
            anti join mended m on m.of_import = q.import_id and m.source_file = q.source_file
                and m.source_sheet = q.source_sheet and m.source_row = q.source_row
            where q.import_id in ({listed})
                and (q.fiscal_year = {literal(run.fiscal_year)} or q.month in ({months}))
        ), there as (
            select distinct kind, site, month from {store.source("totals", ids)}
            where fiscal_year = {literal(run.fiscal_year)} and import_id in ({listed})
            union select distinct kind, site, month from open
        ), gaps as (
            select t.kind, f.site, f.month
            from {store.source("findings")} f
            join (select * from (values {_templates_of(imports)}) i(import_id, template)) i
                on i.import_id = f.origin
            join templates t using (template)
            where f.code = '{GAP}' and f.month in ({months}) and f.site <> ''
        )
        select '{WAITING}' as code, kind, nullif(site, '') as site, nullif(month, '') as month,
               count(*)::bigint as row_count from open group by all
        union all
        select '{NO_MONTH}', w.kind, w.site, w.month, 1
        from (select * from (values {wanted}) w(kind, site, month) where kind is not null) w
        anti join there using (kind, site, month)
        where w.kind in (select kind from there)
        union all
        select '{GAP}', kind, site, month, count(*)::bigint from gaps group by all
    """)


def _templates_of(imports: Sequence[ImportRow]) -> str:
    rows = [f"({literal(r.import_id)}, {literal(r.template)})" for r in imports]
    return ", ".join(rows) or "('', '')"


def lacks_in(
    gaps: Sequence[Gap],
    conditions: Collection[Mapping[str, Collection[str]]],
    at: Mapping[str, str],
    monthly_t: Mapping[tuple[str, str], float] = MappingProxyType({}),
) -> tuple[Lack, ...]:
    """What lacks in a figure at a place.

    Args:
        gaps: What its run left out.
        conditions: For each sum that the figure stands on, values that columns of its rows have.
        at: Columns of the rollups with the value that the figure is shown for.
        monthly_t: Mean of a month of the figure by kind and site [t CO2e], where there is one.
    """
    sizes: dict[tuple[str, str], float | None] = {}
    found: Counter[tuple[str, str]] = Counter()
    seen = set()
    for gap in gaps:
        if all(gap.fits(c, (v,)) for c, v in at.items()) and any(
            all(gap.fits(c, values) for c, values in one.items()) for one in conditions
        ):
            place = (gap.code, *(gap.at[c] for c in PLACE))
            if place not in seen:  # the same rows may enter several sums
                key = (gap.code, str(gap.at["kind"] or ""))
                found[key] += gap.rows
                mean = monthly_t.get((key[1], str(gap.at["site"] or "")))
                so_far = sizes.get(key, 0.0)
                is_known = gap.code == NO_MONTH and mean is not None and so_far is not None
                sizes[key] = (so_far or 0.0) + (mean or 0.0) * gap.rows if is_known else None
            seen.add(place)
    return tuple(Lack(*key, rows, sizes[key]) for key, rows in sorted(found.items()))


def blocking(workspace: Workspace, run: RunRow) -> list[Lack]:
    """What a run's inventory lacks that must be corrected or accepted before it is published."""
    everything = [{"source": ("entry",), "book": ("inventory",)}]
    return [x for x in lacks_in(gaps_of(workspace, run), everything, {}) if x.blocks]


def require_whole(workspace: Workspace, run: RunRow, accepted: Mapping[str, str]) -> str:
    """Refuse a run that left rows out which nobody accepted by name.

    Args:
        workspace: The workspace.
        run: The run.
        accepted: Reason for each code that is accepted.

    Returns:
        What was accepted, with the reasons, for the record; empty where nothing had to be.

    Raises:
        UsageError: `not-whole`; `reason-needed` for a code without a reason.
    """
    blind = [code for code, reason in accepted.items() if not reason.strip()]
    if blind:
        raise UsageError(
            "reason-needed", f"'{blind[0]}' is accepted without a reason.", "Say why it may lack."
        )
    lacks = blocking(workspace, run)
    open_ = [x for x in lacks if x.code not in accepted]
    if open_:
        told = "; ".join(x.text for x in open_)
        raise UsageError(
            "not-whole",
            f"The figures of {run.fiscal_year} lack {told}.",
            f"Correct them, see 'abate check'; or accept each by name with a reason: --accept"
            f" {open_[0].code}=REASON.",
        )
    kept: dict[str, list[str]] = {x.code: [] for x in lacks}
    for x in lacks:
        kept[x.code].append(x.text)
    return " ".join(
        f"Accepted: {'; '.join(texts)}: {accepted[code].strip()}." for code, texts in kept.items()
    )
