"""The meters of a workspace: what is known of each, and how much of its readings is there.

Readings are kept as files have them, in UTC. Of two for one step that of the newest load holds, so
that late and corrected data come in as another load, which can be undone. Usage is made from them
when it is asked for, and enters the ledger by `postings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from abate.adapters.readers.series import zone_of
from abate.adapters.store.delta import literal
from abate.adapters.store.imports import commit_import, free_id, live_imports
from abate.adapters.store.workspace import Workspace, match_key
from abate.application.catalogue import KINDS, TEMPLATES
from abate.kernel.errors import NotFoundError, UsageError
from abate.kernel.tables import ImportRow, MeterRow

LOADED, CHANGED = "readings", "meter"
"""Templates of imports that bring readings, and of those that change what is known of a meter."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a meter stands and what it counts; empty fields leave what is known.

    Args:
        site: Its site.
        building: Its building, where the site has several.
        kind: Kind of the activities that its usage becomes, such as `electricity`; with its item
            behind a slash, such as `stationary-fuel/natural-gas`.
        zone: Time zone whose days and months it keeps.
        parent: Meter that counts what it counts, too.
        replaces: Meter that stood in its place.
        since: Moment from which it stands there, UTC.
    """

    site: str = ""
    building: str = ""
    kind: str = ""
    zone: str = ""
    parent: str = ""
    replaces: str = ""
    since: datetime | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Meter(MeterRow):
    """A meter as it is listed.

    Args:
        first: Begin of its first step, UTC; None without readings.
        past: End of its last step, UTC.
        step_count: Steps with a reading.
        missing_count: Steps in between without one.
        estimated_count: Steps of which the reading is estimated.
        load_count: Loads that brought its readings.
        is_posted: Whether its usage enters the ledger: it has a site and a kind, nothing stands in
            its place, and no meter above it counts the same kind.
    """

    first: datetime | None = None
    past: datetime | None = None
    step_count: int = 0
    missing_count: int = 0
    estimated_count: int = 0
    load_count: int = 0
    is_posted: bool = False

    @property
    def what(self) -> str:
        """Kind with its item."""
        return f"{self.kind}/{self.item}" if self.item else self.kind


def live_loads(workspace: Workspace) -> list[ImportRow]:
    """Loads and changes that count, oldest first."""
    return [r for r in live_imports(workspace) if r.template in (LOADED, CHANGED)]


def reading_loads(workspace: Workspace) -> list[str]:
    """Imports that brought readings and count, oldest first."""
    return [r.import_id for r in live_loads(workspace) if r.template == LOADED]


def known_meters(workspace: Workspace) -> dict[str, MeterRow]:
    """What is known of each meter: its newest row that counts."""
    order = {r.import_id: r.ordinal for r in live_loads(workspace)}
    rows = [r for r in workspace.store.records(MeterRow) if r.import_id in order]
    rows.sort(key=lambda r: order[r.import_id])
    return dict(sorted({r.meter: r for r in rows}.items()))


def meter_named(workspace: Workspace, name: str) -> MeterRow:
    """What is known of a meter.

    Raises:
        NotFoundError: `unknown-meter`.
    """
    known = known_meters(workspace)
    if name not in known:
        raise unknown_meter(name, known)
    return known[name]


def unknown_meter(name: str, known: Iterable[str]) -> NotFoundError:
    """The error about a meter that is not there: it says which are."""
    listed = ", ".join(list(known)[:8]) or "none yet"
    return NotFoundError(
        "unknown-meter",
        f"There is no meter '{name}'.",
        f"There are: {listed}. See 'abate meters list'.",
    )


def checked_place(
    workspace: Workspace, place: Place, known: dict[str, MeterRow], meter: str
) -> Place:
    """A place whose names are those of the workspace.

    Raises:
        UsageError: `unknown-site`, `unknown-kind`, `unknown-zone`, `meter-circle`.
        NotFoundError: `unknown-meter`.
    """
    site = place.site
    if site:
        site = workspace.names.get(match_key(site), "")
        if site not in {s.id for s in workspace.organisation.sites}:
            listed = ", ".join(s.id for s in workspace.organisation.sites)
            raise UsageError(
                "unknown-site", f"There is no site '{place.site}'.", f"One of: {listed}."
            )
    kind = place.kind.partition("/")[0]
    if kind and (kind not in KINDS or template_of(kind) is None):
        listed = ", ".join(k for k in KINDS if template_of(k))
        raise UsageError("unknown-kind", f"A meter does not count '{kind}'.", f"One of: {listed}.")
    if place.zone:
        zone_of(place.zone)
    for other in (place.parent, place.replaces):
        if other and other not in known:
            raise unknown_meter(other, known)
    if meter:
        _require_tree(known, meter, place.parent, "parent")
        _require_tree(known, meter, place.replaces, "replaces")
    return replace(place, site=site)


def _require_tree(known: dict[str, MeterRow], meter: str, other: str, link: str) -> None:
    """Refuse a meter above which it would stand itself.

    Raises:
        UsageError: `meter-circle`.
    """
    at = other
    for _ in known:
        if at == meter:
            raise UsageError(
                "meter-circle",
                f"'{meter}' would stand below itself, by way of '{other}'.",
                "Name another meter.",
            )
        at = getattr(known[at], link) if at in known else ""


METERED_KINDS = (
    "electricity",
    "facility-energy",
    "it-energy",
    "water",
    "stationary-fuel",
    "heat",
)
"""Kinds whose amounts meters count."""


def template_of(kind: str) -> str | None:
    """The kind of file by which usage of a kind enters the ledger."""
    if kind not in METERED_KINDS:
        return None
    return next(t.id for t in TEMPLATES.values() if kind in {m.kind for m in t.measures})


def placed(known: MeterRow, place: Place) -> MeterRow:
    """What is known of a meter, with what is said anew."""
    said = {k: v for k, v in asdict(place).items() if v}
    if "kind" in said:
        said["kind"], _, said["item"] = place.kind.partition("/")
    return replace(known, **said)


def change_meter(
    workspace: Workspace, meter: str, place: Place, *, now: datetime, reason: str = ""
) -> str:
    """Say where a meter stands or what it counts; the change can be undone.

    Returns:
        Id of the import that keeps it.

    Raises:
        NotFoundError: `unknown-meter`.
        UsageError: `unknown-site`, `unknown-kind`, `unknown-zone`, `meter-circle`, `meter-steps`,
            `nothing-said`.
    """
    if place == NOWHERE:
        raise UsageError("nothing-said", "Nothing is to be changed.", "Name what, such as --site.")
    with workspace.store.lock():
        known = known_meters(workspace)
        if meter not in known:
            raise unknown_meter(meter, known)
        made = placed(known[meter], checked_place(workspace, place, known, meter))
        before = known.get(made.replaces)
        if before is not None and before.step_s != made.step_s:
            raise UsageError(
                "meter-steps",
                f"'{meter}' has steps of {made.step_s} s, '{made.replaces}' of {before.step_s} s.",
                "Post the two apart.",
            )
        import_id = free_id(workspace, f"{CHANGED}/{meter}")
        workspace.store.add(replace(made, import_id=import_id))
        commit_import(workspace, import_id, CHANGED, now, file=meter, reason=reason, row_count=1)
    return import_id


def meters(workspace: Workspace) -> list[Meter]:
    """Every meter with its readings in numbers, parents before what stands below them."""
    known = known_meters(workspace)
    seen = _counted(workspace, known)
    after = {r.replaces for r in known.values() if r.replaces}
    made = []
    for row in known.values():
        first, last, steps, estimated, loads = seen.get(row.meter, (None, None, 0, 0, 0))
        step = timedelta(seconds=row.step_s)
        span = int((last - first) / step) + 1 if first else 0
        posted = bool(row.site and row.kind and row.meter not in after)
        made.append(
            Meter(
                **asdict(row),
                first=first,
                past=last + step if last else None,
                step_count=steps,
                missing_count=max(0, span - steps),
                estimated_count=estimated,
                load_count=loads,
                is_posted=posted and not _counted_above(row, known),
            )
        )
    return _as_tree(made)


def _counted_above(row: MeterRow, known: dict[str, MeterRow]) -> bool:
    """Whether a meter above one counts the same kind."""
    above, seen = row.parent, {row.meter}
    while above in known and above not in seen:
        seen.add(above)
        if (known[above].kind, known[above].item) == (row.kind, row.item) and known[above].site:
            return True
        above = known[above].parent
    return False


def _as_tree(rows: list[Meter]) -> list[Meter]:
    """Parents before what stands below them."""
    below: dict[str, list[Meter]] = {}
    names = {r.meter for r in rows}
    for row in rows:
        below.setdefault(row.parent if row.parent in names else "", []).append(row)

    def walk(parent: str) -> Iterator[Meter]:
        for row in below.get(parent, []):
            yield row
            yield from walk(row.meter)

    return list(walk(""))


def depth_of(row: Meter, rows: Sequence[Meter]) -> int:
    """How many meters stand above one."""
    parents = {r.meter: r.parent for r in rows}
    depth, above = 0, row.parent
    while above in parents and depth < len(rows):
        depth, above = depth + 1, parents[above]
    return depth


def _counted(workspace: Workspace, known: dict[str, MeterRow]) -> dict[str, tuple[Any, ...]]:
    """First and last step, steps, estimated ones and loads of each meter."""
    loads = reading_loads(workspace)
    source = source_of(workspace, loads)
    if not source or not known:
        return {}
    rows = workspace.store.ask(
        f"select meter, min(start), max(start), count(*), sum(is_estimated)::bigint,"
        f" count(distinct import_id) from {source} group by 1"
    )
    seen = {r[0]: r[1:] for r in rows}
    several = [m for m, r in seen.items() if r[4] > 1]
    with workspace.store.connect() as con:
        for k in range(0, len(several), 20):
            rows = con.execute(
                "select meter, count(*), sum(e)::bigint from (select meter, start,"
                f" arg_max(is_estimated, {order_sql(loads)}) as e from {source}"
                " where meter in (select unnest(?::varchar[])) group by 1, 2) group by 1",
                [several[k : k + 20]],
            ).fetchall()
            for meter, steps, estimated in rows:
                first, last, _, _, count = seen[meter]
                seen[meter] = (first, last, steps, estimated, count)
    return seen


def order_sql(loads: Sequence[str]) -> str:
    """SQL of the place of a row's load among them: the newest is highest."""
    return f"list_position([{', '.join(map(literal, loads))}], import_id)"


def source_of(workspace: Workspace, loads: Sequence[str]) -> str:
    """SQL that reads the rows of loads; empty where there are none."""
    return f"(select * from {workspace.store.source('readings', set(loads))})" if loads else ""
