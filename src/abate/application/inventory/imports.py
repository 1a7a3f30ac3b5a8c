"""Import, correct, undo: the ways by which activities enter the ledger and leave its figures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Mapping_
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from abate.adapters.readers.packed import unpacked
from abate.adapters.readers.sheets import Sheet, read_sheets
from abate.adapters.store.delta import counted, fetch, literal
from abate.adapters.store.imports import (
    REVERSAL,
    commit_import,
    commit_imports,
    free_id,
    live_after,
    live_imports,
    live_views,
    loaded_before,
)
from abate.adapters.store.workspace import Workspace, file_hash, match_key
from abate.adapters.store.writing import in_place_of, left_behind, write_whole
from abate.application.inventory import staging
from abate.application.inventory.intervals import zones_of
from abate.application.inventory.mapping import (
    Mapped,
    Mapping,
    describe,
    load_mapping,
    map_sheet,
    signature,
)
from abate.application.inventory.shapes import shaped
from abate.energy.facts.readings import rows_hidden
from abate.kernel.checks import OPENING_READING, SHEET_SKIPPED
from abate.kernel.errors import (
    AbateError,
    DataError,
    DuplicateImportError,
    NotFoundError,
    UsageError,
)
from abate.kernel.finding import Finding, Severity
from abate.kernel.region import country_of
from abate.kernel.tables import CorrectionRow, ImportRow

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import duckdb


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did.

    Args:
        import_id: Its id.
        file: Name of the file.
        template: Kind of file.
        row_count: Rows of the file.
        accepted_count: Activities or instruments that entered.
        quarantined_count: Rows that stay out.
        findings: Findings by code: how many.
        mappings: Per sheet, the mapping as rows for people.
        questions: What the file leaves open, each once: to be answered with `answers`.
    """

    import_id: str
    file: str
    template: str
    row_count: int
    accepted_count: int
    quarantined_count: int
    findings: dict[str, int]
    mappings: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    questions: tuple[str, ...] = ()


ASKED = ("ambiguous-unit", "ambiguous-item", "ambiguous-number", "ambiguous-date")
"""Findings that are questions about a word of the file, the same in every row."""


def add_file(
    workspace: Workspace,
    path: Path,
    *,
    now: datetime,
    template: str = "",
    mapping: Path | dict[str, Mapping] | None = None,
    strict: bool = False,
    accept: frozenset[str] = frozenset(),
    answers: dict[str, str] | None = None,
    evidence: tuple[Path, int] | None = None,
    replaces: str = "",
    remarks: Sequence[Finding] = (),
    on_step: Callable[[str], None] = lambda _: None,
) -> ImportResult:
    """Import a file: read, map, check, store.

    Either the whole import is in the ledger afterwards, or none of it.

    Args:
        workspace: Where to.
        path: The file.
        now: Present moment.
        template: Kind of file, where the caller knows it.
        mapping: Mapping to apply in place of guessing: a file, or one per sheet; a sheet without
            one is left out.
        strict: Refuse the file where any row has a blocker.
        accept: Codes of blockers that are let in.
        answers: What words of the file mean that leave a choice, such as `{"gal": "US gal"}`; kept
            for its layout.
        evidence: A document, and the row of the file that it proves; see `attach`.
        replaces: Import that this one undoes in the same commit.
        remarks: What is to be said of the file beside what the checks find.
        on_step: Told what is being done.

    Raises:
        DuplicateImportError: `duplicate-import`.
        DataError: `no-header`, `strict-refused`, and those of reading and mapping.
        UsageError: `cannot-accept`.
    """
    way = _Way(template, mapping, strict, accept, answers or {}, evidence, replaces, tuple(remarks))
    (result,) = _add_batch(workspace, [path], way, now=now, on_step=on_step)
    if isinstance(result, AbateError):
        raise result
    return result


def add_files(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    now: datetime,
    template: str = "",
    mapping: Path | None = None,
    strict: bool = False,
    accept: frozenset[str] = frozenset(),
    answers: dict[str, str] | None = None,
    on_file: Callable[[str], object] = lambda _: None,
) -> list[ImportResult | AbateError]:
    """Import files, many in one pass: each is an import of its own, and can be undone by itself.

    A file that is refused keeps none of the others out.

    Args:
        workspace: Where to.
        paths: The files.
        now: Present moment.
        template: As in `add_file`; so are `mapping`, `strict`, `accept`, and `answers`.
        mapping: Mapping file to apply in place of guessing.
        strict: Refuse a file where any row has a blocker.
        accept: Codes of blockers that are let in.
        answers: What words of the files mean that leave a choice.
        on_file: Told the name of each file that is done.

    Returns:
        What became of each file, in their order: its import, or why it was refused.

    Raises:
        UsageError: `cannot-accept`.
    """
    way = _Way(template, mapping, strict, accept, answers or {})
    found: list[ImportResult | AbateError] = []
    for batch in _batches(paths, alone=strict):
        try:
            found += _add_batch(workspace, batch, way, now=now)
        except DataError as error:
            if len(batch) == 1:
                found.append(error)
            else:  # one of them breaks the pass: each by itself
                found += [_one_by_one(workspace, path, way, now) for path in batch]
        for path in batch:
            on_file(path.name)
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    """How files are to be imported: the arguments of `add_file`."""

    template: str = ""
    mapping: Path | dict[str, Mapping] | None = None
    strict: bool = False
    accept: frozenset[str] = frozenset()
    answers: dict[str, str] = field(default_factory=dict)
    evidence: tuple[Path, int] | None = None
    replaces: str = ""
    remarks: tuple[Finding, ...] = ()


BATCH_FILES, BATCH_BYTES = 100, 64 << 20
"""Most files, and most of their bytes, that are imported in one pass."""


def _batches(paths: Sequence[Path], *, alone: bool) -> Iterator[list[Path]]:
    """Files to be imported in one pass: few large ones, none of one name."""
    batch: list[Path] = []
    size = 0
    for path in paths:
        more = path.stat().st_size if path.is_file() else 0
        full = len(batch) == BATCH_FILES or size + more > BATCH_BYTES or alone
        if batch and (full or path.name in {p.name for p in batch}):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += more
    if batch:
        yield batch


def _one_by_one(
    workspace: Workspace, path: Path, way: _Way, now: datetime
) -> ImportResult | AbateError:
    try:
        (result,) = _add_batch(workspace, [path], way, now=now)
    except AbateError as error:
        return error
    return result


@dataclass(slots=True)
class _Entering:
    """A file on its way into the ledger.

    Args:
        path: The file.
        sha256: Of its content.
        found: Its tables with their mappings.
        skipped: Its tables without one: key, and why they were left out.
        import_id: Id of its import.
        row_count: Its rows.
    """

    path: Path
    sha256: str
    found: list[Mapped]
    skipped: list[Sheet]
    import_id: str = ""
    row_count: int = 0

    @property
    def template(self) -> str:
        """Kind of file of its first table."""
        return self.found[0].mapping.template


def _add_batch(
    workspace: Workspace,
    paths: Sequence[Path],
    way: _Way,
    *,
    now: datetime,
    on_step: Callable[[str], None] = lambda _: None,
) -> list[ImportResult | AbateError]:
    """Import files of differing names in one pass, with one commit."""
    refused = way.accept & staging.CANNOT_ACCEPT
    if refused:
        raise UsageError(
            "cannot-accept",
            f"'{min(refused)}' leaves a row without meaning.",
            "Mend it: abate correct.",
        )
    on_step("reading")
    results: dict[Path, ImportResult | AbateError] = {}
    with ExitStack() as stack:
        entering = []
        for path in paths:
            try:
                entering.append(_entering(workspace, path, way, stack))
            except AbateError as error:
                results[path] = error
        if entering:
            results |= _enter(workspace, entering, way, now=now, on_step=on_step)
    return [results[path] for path in paths]


def _entering(workspace: Workspace, path: Path, way: _Way, stack: ExitStack) -> _Entering:
    """Open a file and map its tables.

    Raises:
        DataError: `no-header`, and those of reading and mapping.
    """
    sha256 = file_hash(path) if path.is_file() else ""
    sheets = stack.enter_context(open_tables(path, workspace.names, way.template))
    column = way.answers.get("column", "")
    mapped = map_sheets(workspace, sheets, path.name, way.template, way.mapping, column)
    found = [_answered(m, way.answers) for m in mapped if m is not None]
    if not found:
        raise no_header(path.name, sheets)
    skipped = [s for s, m in zip(sheets, mapped, strict=True) if m is None]
    return _Entering(path, sha256, found, skipped)


@contextmanager
def open_tables(path: Path, names: dict[str, str], template: str = "") -> Iterator[list[Sheet]]:
    """The tables of a file, unpacked where it is packed, each with an activity a row.

    Args:
        path: The file.
        names: Folded names of sites and entities.
        template: Kind of file, where the caller knows it.

    Raises:
        DataError: As of `read_sheets`, `unpacked` and `shaped`.
    """
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    with unpacked(path) as plain:
        yield [
            part
            for sheet in read_sheets(plain)
            for part in shaped(sheet, path.name, names, template)
        ]


def no_header(name: str, sheets: Sequence[Sheet]) -> DataError:
    """The error about a file of which no table is understood: it says what was seen."""
    widest = max(
        (cells for s in sheets for _, cells in s.head), key=lambda c: sum(map(bool, c)), default=[]
    )
    seen = ", ".join(c for c in widest if c)[:120]
    return DataError(
        "no-header",
        f"{name} has no row of headers that Abate knows; its widest row is: {seen}.",
        "Say --as KIND, or give --map FILE.",
    )


def _enter(
    workspace: Workspace,
    entering: list[_Entering],
    way: _Way,
    *,
    now: datetime,
    on_step: Callable[[str], None],
) -> dict[Path, ImportResult | AbateError]:
    """Stage, check and store files that were opened."""
    results: dict[Path, ImportResult | AbateError] = {}
    with workspace.store.lock(), workspace.store.engine(staging.MEMORY_SHARE) as con:
        imports = [r for r in live_imports(workspace) if r.import_id != way.replaces]
        for one in entering:
            twin = next((e for e in entering if e.import_id and e.sha256 == one.sha256), None)
            try:
                if twin is not None:
                    raise same_content(one.path.name, twin.path.name, now, twin.import_id)
                one.import_id = new_id(workspace, imports, one.sha256, one.path.name)
            except DuplicateImportError as error:
                results[one.path] = error
        entering = [e for e in entering if e.import_id]
        if not entering:
            return results
        live_views(con, workspace, imports)
        staging.start(con)
        staging.know_imports(con, {e.path.name: (e.import_id, e.template) for e in entering})
        for one in entering:
            one.row_count = load(con, workspace, one.found, one.path)
            seen = {m.sheet.name: m.sheet.rows_hidden for m in one.found if m.sheet.rows_hidden}
            staging.remark(con, *(rows_hidden(s, n, one.path.name) for s, n in seen.items()))
        staging.remark(con, *way.remarks)
        on_step("checking")
        staging.understand(con, workspace, now)
        staging.judge(con, way.accept)
        if way.strict:
            _refuse_blocked(con, entering[0].row_count)
        on_step("storing")
        for one in entering:
            keep_file(one.path, workspace.raw, one.sha256)
        results |= _stored(workspace, con, entering, way, now)
    return results


def _refuse_blocked(con: duckdb.DuckDBPyConnection, row_count: int) -> None:
    """Refuse a file of which a row has a blocker.

    Raises:
        DataError: `strict-refused`.
    """
    blocked = counted(con, "select count(*) from blocked")
    if blocked:
        first = fetch(
            con,
            "select * from found where severity = 'blocker' order by source_row, precedence limit 1",
        )[0]
        raise DataError(
            "strict-refused",
            f"{blocked} of {row_count} rows have blockers, the first in row"
            f" {first['source_row']}: {first['message']}",
            "Correct the file, or import without --strict.",
        )


def _stored(
    workspace: Workspace,
    con: duckdb.DuckDBPyConnection,
    entering: list[_Entering],
    way: _Way,
    now: datetime,
) -> dict[Path, ImportResult | AbateError]:
    """Write what files brought, and the rows that make it count."""
    counts = store_rows(workspace, con)
    store_findings(workspace, con, {e.import_id: (e.path.name, e.skipped) for e in entering})
    codes: dict[str, dict[str, int]] = {}
    for name, code, count in con.execute(
        "select source_file, code, count(*)::int from found group by all order by 1, 2"
    ).fetchall():
        codes.setdefault(name, {})[code] = count
    asked = con.execute(
        "select source_file, message, count(*) from found where code in"
        f" ({', '.join(map(literal, ASKED))}) group by all order by 1, 2"
    ).fetchall()
    results: dict[Path, ImportResult | AbateError] = {}
    commits = []
    for one in entering:
        _remember(workspace, one.found, anew=way.mapping is not None or bool(way.answers))
        if way.evidence:
            _prove(workspace, way.evidence[0], one.import_id, way.evidence[1], now)
        name, (accepted, quarantined) = one.path.name, counts.get(one.import_id, (0, 0))
        mappings = {m.sheet.key: json.loads(m.mapping.json) for m in one.found}
        commits.append(
            {
                "import_id": one.import_id,
                "template": one.template,
                "file": name,
                "sha256": one.sha256,
                "mapping": json.dumps(mappings, ensure_ascii=False),
                "row_count": one.row_count,
                "accepted_count": accepted,
                "quarantined_count": quarantined,
                "reverses": way.replaces,
            }
        )
        results[one.path] = ImportResult(
            one.import_id,
            name,
            one.template,
            one.row_count,
            accepted,
            quarantined,
            codes.get(name, {}),
            {m.sheet.key: describe(m) for m in one.found},
            tuple(f"{message} ({count} rows)" for of, message, count in asked if of == name),
        )
    commit_imports(workspace, commits, now)
    return results


def same_content(name: str, other: str, when: datetime, import_id: str) -> DuplicateImportError:
    """The error about a file of which the content was imported before."""
    return DuplicateImportError(
        "duplicate-import",
        f"{name} has the same content as {other}, imported on {when.date()} as {import_id}.",
        f"Nothing to do; to import it anew: abate undo {import_id}.",
    )


def _answered(mapped: Mapped, answers: dict[str, str]) -> Mapped:
    if not answers:
        return mapped
    return replace(
        mapped, mapping=replace(mapped.mapping, answers={**mapped.mapping.answers, **answers})
    )


def load(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, found: list[Mapped], path: Path
) -> int:
    """Read the mapped tables of a file into an engine, with the answers to what they leave open.

    Returns:
        Rows of the file.
    """
    regions = {s.id: s.region for s in workspace.organisation.sites}

    def zones(text: str) -> tuple[ZoneInfo, ...]:
        site = workspace.names.get(match_key(text), "")
        return zones_of(country_of(regions.get(site, "")))

    count = sum(staging.load(con, m, path.name, zones) for m in found)
    answers = dict.fromkeys(pair for m in found for pair in m.mapping.answers.items())
    staging.answer(con, path.name, answers)
    return count


def stage(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    found: list[Mapped],
    path: Path,
    *,
    now: datetime,
    accept: frozenset[str],
) -> int:
    """Read the mapped tables of a file into a throw-away engine and ask every check.

    Returns:
        Rows of the file.
    """
    staging.start(con)
    row_count = load(con, workspace, found, path)
    staging.understand(con, workspace, now)
    staging.judge(con, accept)
    return row_count


def map_sheets(
    workspace: Workspace,
    sheets: list[Sheet],
    name: str,
    template: str = "",
    mapping: Path | dict[str, Mapping] | None = None,
    column: str = "",
) -> list[Mapped | None]:
    """Mapping of each sheet: the given one, one saved for these headers, or a guess.

    None where there is none.

    Args:
        workspace: Where it would go.
        sheets: Tables of the file.
        name: Name of the file.
        template: Kind of file, where the caller knows it.
        mapping: Mapping to apply in place of guessing.
        column: Header of the amounts, where the user says it.
    """
    given = load_mapping(mapping) if isinstance(mapping, Path) else None
    if isinstance(mapping, dict):
        return [
            (
                map_sheet(s, file_name=name, names=workspace.names, given=mapping[s.key])
                if s.key in mapping
                else None
            )
            for s in sheets
        ]
    mapped = []
    for sheet in sheets:
        other = bool(template and sheet.template not in ("", template))
        left = sheet.hidden or other or sheet.template == "?"
        kind = template or sheet.template
        mapped.append(None if left else _mapped(workspace, sheet, name, kind, given, column))
    return mapped


def _mapped(
    workspace: Workspace,
    sheet: Sheet,
    name: str,
    template: str,
    given: Mapping | None,
    column: str,
) -> Mapped | None:
    names = workspace.names
    try:
        guess = map_sheet(
            sheet, file_name=name, names=names, template=template, given=given, column=column
        )
    except DataError as error:
        saved = _saved_for(workspace, sheet)
        if error.code != "ambiguous-column" or saved is None:
            raise
        return map_sheet(sheet, file_name=name, names=names, given=saved)
    if given is not None or guess is None or column:
        return guess
    path = _saved_path(workspace, guess)
    if not path.is_file():
        return guess
    return map_sheet(sheet, file_name=name, names=names, given=load_mapping(path)) or guess


def _saved_for(workspace: Workspace, sheet: Sheet) -> Mapping | None:
    """A mapping that was saved for one of the first rows of a sheet."""
    for _, cells in sheet.head:
        found = sorted(workspace.mappings.glob(f"*-{signature(cells)}.toml"))
        if found:
            return load_mapping(found[0])
    return None


def _saved_path(workspace: Workspace, mapped: Mapped) -> Path:
    return workspace.mappings / f"{mapped.mapping.template}-{signature(mapped.headers)}.toml"


def _remember(workspace: Workspace, found: list[Mapped], *, anew: bool) -> None:
    """Save each mapping under its headers.

    One that was saved before stays, unless somebody has just corrected it.
    """
    for mapped in found:
        path = _saved_path(workspace, mapped)
        if anew or not path.exists():
            write_whole(path, replace(mapped.mapping, site="").toml)


def new_id(workspace: Workspace, imports: Sequence[ImportRow], sha256: str, name: str) -> str:
    """Id of a new import, from the file's content and how often it was imported and undone before."""
    same = loaded_before(imports, sha256)
    if same is not None:
        raise same_content(name, same.file, same.committed_at, same.import_id)
    return free_id(workspace, sha256)


def store_rows(workspace: Workspace, con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Write accepted and quarantined rows; they count only once the import's own row is there.

    Expects `entering` to say of which import the rows of each file are; see `staging.know_imports`.

    Returns:
        Accepted and quarantined rows of each import.
    """
    from abate.adapters.engine.embedded import Embedded
    from abate.application.inventory.totals import keep_totals

    ids = [row[0] for row in con.execute("select distinct import_id from entering").fetchall()]
    con.execute(f"""
        create or replace temp {"view" if len(ids) == 1 else "table"} sound as
        select s.*, b.import_id, b.high, r.reason
        from (select * from staged anti join blocked using (source_file, sheet, source_row, kind)) s
        join entering b using (source_file)
        left join reasons r using (source_file, sheet, source_row)
    """)
    store = workspace.store
    activities = store.append_queries(
        "activities",
        con,
        """select high + row_id as activity_id, import_id, kind, item, site, meter, coalesce(region, '') as region,
               party, month, period_start, period_end, quantity, unit, basis, coalesce(spread_kind, '') as spread_kind,
               spread_95, source_file, sheet as source_sheet, source_row, quantity_text, unit_text,
               document, coalesce(reason, '') as reason, fiscal_year
        from sound where kind <> 'instrument' order by month, row_id""",
        "import_id",
        ids,
    )
    instruments = store.append_queries(
        "instruments",
        con,
        """select import_id, document as instrument_id, tier, item as technology, market, period_start as vintage_from,
               period_end - interval 1 day as vintage_to, floor(quantity * 1000 + 0.5)::bigint as amount_wh, site,
               factor as kg_co2_per_kwh, retired_for, document, source_file, sheet as source_sheet, source_row,
               retired_for as fiscal_year
        from sound where kind = 'instrument'""",
        "import_id",
        ids,
    )
    engine = Embedded(store, con)
    keep_totals(engine, engine, ids)
    packed = ", ".join(f"{n} := {n}" for n in staging.GIVEN)
    store.append_queries(
        "quarantine",
        con,
        f"""select i.import_id, source_file, sheet as source_sheet, source_row,
               array_to_string(any_value(b.codes), ',') as codes, any_value(i.template) as template, kind,
               coalesce(any_value(coalesce(s.site, s.site_text)), '') as site, coalesce(any_value(s.month), '') as month,
               any_value(g.cells) as cells,
               coalesce(any_value(s.fiscal_year), 'unknown') as fiscal_year
        from staged s join blocked b using (source_file, sheet, source_row, kind) join entering i using (source_file)
        join (select source_file, sheet, source_row, kind, to_json(struct_pack({packed})) as cells
              from given semi join blocked using (source_file, sheet, source_row, kind)) g
             using (source_file, sheet, source_row, kind)
        group by all""",
        "import_id",
        ids,
    )
    blocked = con.execute(
        "select import_id, count(*) from blocked join entering using (source_file) group by 1"
    ).fetchall()
    waiting = dict(blocked)
    return {
        one: (activities.get(one, 0) + instruments.get(one, 0), waiting.get(one, 0)) for one in ids
    }


def store_findings(
    workspace: Workspace,
    con: duckdb.DuckDBPyConnection,
    files: Mapping_[str, tuple[str, list[Sheet]]],
) -> None:
    """Write what was found: of rows by the engine, for each may have a finding.

    Args:
        workspace: Where to.
        con: Engine with what was found.
        files: Name of the file of each import, and its tables that were left out.
    """
    staging.remark(con, *(_left_out(s, name) for name, skipped in files.values() for s in skipped))
    places = (
        "source_file as file, sheet, source_row as row, '' as \"column\", coalesce(site, '') as"
        " site"
    )
    workspace.store.append_queries(
        "findings",
        con,
        f"""select import_id as origin, * exclude (import_id) from (
                select import_id, code, severity, message, hint, {places}, coalesce(month, '') as month
                from found join entering using (source_file) order by source_file, sheet, source_row, precedence)
            union all select import_id, '{OPENING_READING.code}', '{OPENING_READING.severity}',
                'Reading ' || quantity || ' of ' || period || ' opens the counter: what came before it is not known.',
                '{OPENING_READING.hint}', {places}, ''
                from openings join entering using (source_file)
            union all select import_id, code, severity, message, hint, source_file, sheet,
                coalesce(source_row, 0), '', site, month
                from remarks join entering using (source_file)""",
        "origin",
        list(files),
    )


def _left_out(sheet: Sheet, file: str) -> Finding:
    """What is said of a table that was not read."""
    code, severity, hint = SHEET_SKIPPED.code, SHEET_SKIPPED.severity, SHEET_SKIPPED.hint
    told = f"Sheet '{sheet.key}' has no headers that Abate knows."
    if sheet.hidden:
        code, severity = "sheet-hidden", Severity.WARNING
        told, hint = (
            f"Sheet '{sheet.key}' is hidden and was left out.",
            "Unhide it in the workbook to import it.",
        )
    elif sheet.part and not sheet.template:
        severity = Severity.WARNING
        told = f"The table '{sheet.key}' has no headers that Abate knows; its rows were left out."
        hint = "Give it as a file of its own, with --as KIND or --map FILE."
    elif sheet.template:
        severity = Severity.WARNING
        told = f"The rows of '{sheet.part or sheet.key}' are of another kind and were left out."
        hint = "Give them as a file of their own, with --as KIND."
    return Finding(code, severity, told, hint, file, sheet.name)


def keep_file(path: Path, folder: Path, sha256: str) -> None:
    """Copy a file into the workspace under its hash, whole or not at all.

    The caller holds the lock.
    """
    for left in left_behind(folder):
        left.unlink()
    kept = folder / f"{sha256}{path.suffix.lower()}"
    if not kept.exists():
        with in_place_of(kept) as partial:
            shutil.copyfile(path, partial)


def undo(workspace: Workspace, import_id: str, *, reason: str, now: datetime) -> str:
    """Undo an import by a reversal: its rows leave every later figure, and stay in the ledger.

    Undoing a reversal restores what it reversed.

    Returns:
        Id of the reversal.

    Raises:
        NotFoundError: `unknown-import`.
        UsageError: `already-undone`, `has-corrections`, `lots-used` where lots that it issued were
            moved or claimed since.
    """
    with workspace.store.lock():
        every = {r.import_id: r for r in workspace.store.records(ImportRow)}
        if import_id not in every:
            raise NotFoundError(
                "unknown-import", f"No import '{import_id}'.", "See 'abate imports'."
            )
        live = live_imports(workspace)
        ids = {r.import_id for r in live}
        if import_id not in ids:
            raise UsageError(
                "already-undone",
                f"'{import_id}' is undone already.",
                "Undo the reversal to restore it.",
            )
        mends = [
            m
            for m in workspace.store.records(CorrectionRow)
            if m.of_import == import_id and m.import_id in ids
        ]
        if mends:
            by = mends[0].import_id
            raise UsageError(
                "has-corrections", f"'{by}' corrects rows of it.", f"First: abate undo {by}."
            )
        from abate.adapters.store.lots import overdrawn

        if short := overdrawn(workspace, live_after(workspace, import_id)):
            device, start, wh = short
            text = f"{wh:,} Wh of '{device}' at {start} UTC were moved or claimed since."
            raise UsageError("lots-used", text, "Undo what moved or claimed them first.")
        reversal = free_id(workspace, f"undo/{import_id}")
        commit_import(workspace, reversal, REVERSAL, now, reverses=import_id, reason=reason)
    return reversal


def attach(
    workspace: Workspace, path: Path, *, import_id: str, source_row: int, now: datetime
) -> str:
    """Attach a document as evidence to an import, or to one of its rows.

    Returns:
        SHA-256 of the document.

    Raises:
        NotFoundError: `unknown-import`.
        DataError: `unreadable-file`.
    """
    if not path.is_file():
        raise DataError("unreadable-file", f"{path.name} is not a file.", "Check the path.")
    with workspace.store.lock():
        if import_id not in {r.import_id for r in live_imports(workspace)}:
            raise NotFoundError(
                "unknown-import", f"No import '{import_id}'.", "See 'abate imports'."
            )
        return _prove(workspace, path, import_id, source_row, now)


def _prove(workspace: Workspace, path: Path, import_id: str, source_row: int, now: datetime) -> str:
    """Keep a document and say what it proves; it counts once the import does."""
    sha256 = file_hash(path)
    keep_file(path, workspace.evidence, sha256)
    row = {
        "sha256": sha256,
        "name": path.name,
        "import_id": import_id,
        "source_row": source_row,
        "committed_at": now,
    }
    workspace.store.append("evidence", [row])
    return sha256
