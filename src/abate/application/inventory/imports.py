"""Import, correct, undo: the ways by which activities enter the ledger and leave its figures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from abate.adapters.readers.sheets import Sheet, read_sheets
from abate.adapters.store.delta import counted, fetch, literal
from abate.adapters.store.findings import finding_row
from abate.adapters.store.imports import (
    commit_import,
    free_id,
    live_imports,
    live_views,
    loaded_before,
)
from abate.adapters.store.workspace import Workspace, file_hash
from abate.adapters.store.writing import in_place_of, left_behind, write_whole
from abate.application.inventory import staging
from abate.application.inventory.mapping import (
    Mapped,
    Mapping,
    describe,
    load_mapping,
    map_sheet,
    signature,
)
from abate.kernel.errors import DataError, DuplicateImportError, NotFoundError, UsageError
from abate.kernel.finding import Finding, Severity
from abate.kernel.tables import CorrectionRow, ImportRow

if TYPE_CHECKING:
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
        on_step: Told what is being done.

    Raises:
        DuplicateImportError: `duplicate-import`.
        DataError: `no-header`, `strict-refused`, and those of reading and mapping.
        UsageError: `cannot-accept`.
    """
    refused = accept & staging.CANNOT_ACCEPT
    if refused:
        raise UsageError(
            "cannot-accept",
            f"'{min(refused)}' leaves a row without meaning.",
            "Mend it: abate correct.",
        )
    on_step("reading")
    sha256 = file_hash(path) if path.is_file() else ""
    sheets = read_sheets(path)
    mapped = map_sheets(workspace, sheets, path.name, template, mapping)
    found = [_answered(m, answers or {}) for m in mapped if m is not None]
    if not found:
        raise DataError(
            "no-header",
            f"{path.name} has no row of headers that Abate knows.",
            "Say --as KIND, or give --map FILE.",
        )
    with workspace.store.lock(), workspace.store.engine(staging.MEMORY_SHARE) as con:
        imports = live_imports(workspace)
        import_id = new_id(workspace, imports, sha256, path.name)
        live_views(con, workspace, imports)
        row_count = stage(con, workspace, found, path, now=now, accept=accept, on_step=on_step)
        blocked = counted(con, "select count(*) from blocked")
        if strict and blocked:
            first = fetch(
                con,
                "select * from found where severity = 'blocker' order by source_row, precedence"
                " limit 1",
            )[0]
            raise DataError(
                "strict-refused",
                f"{blocked} of {row_count} rows have blockers, the first in row"
                f" {first['source_row']}: {first['message']}",
                "Correct the file, or import without --strict.",
            )
        on_step("storing")
        keep_file(path, workspace.raw, sha256)
        counts = store_rows(workspace, con, import_id, found[0].mapping.template)
        skipped = [(s.name, s.hidden) for s, m in zip(sheets, mapped, strict=True) if m is None]
        store_findings(workspace, con, import_id, path.name, skipped)
        findings = dict(
            con.execute("select code, count(*)::int from found group by 1 order by 1").fetchall()
        )
        asked = con.execute(
            f"select message, count(*) from found where code in ({', '.join(map(literal, ASKED))})"
            " group by 1 order by 1"
        ).fetchall()
        _remember(workspace, found, anew=mapping is not None or bool(answers))
        if evidence:
            _prove(workspace, evidence[0], import_id, evidence[1], now)
        commit_import(
            workspace,
            import_id,
            found[0].mapping.template,
            now,
            file=path.name,
            sha256=sha256,
            mapping=json.dumps(
                {m.sheet.name: json.loads(m.mapping.json) for m in found}, ensure_ascii=False
            ),
            row_count=row_count,
            accepted_count=counts[0],
            quarantined_count=counts[1],
        )
    mappings = {m.sheet.name: describe(m) for m in found}
    template_id = found[0].mapping.template
    questions = tuple(f"{message} ({count} rows)" for message, count in asked)
    return ImportResult(
        import_id, path.name, template_id, row_count, *counts, findings, mappings, questions
    )


def _answered(mapped: Mapped, answers: dict[str, str]) -> Mapped:
    if not answers:
        return mapped
    return replace(
        mapped, mapping=replace(mapped.mapping, answers={**mapped.mapping.answers, **answers})
    )


def stage(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    found: list[Mapped],
    path: Path,
    *,
    now: datetime,
    accept: frozenset[str],
    on_step: Callable[[str], None] = lambda _: None,
) -> int:
    """Read the mapped sheets of a file into a throw-away engine and ask every check.

    Returns:
        Rows of the file.
    """
    staging.start(con)
    row_count = sum(staging.load(con, m, str(path), path.name) for m in found)
    staging.answer(con, dict.fromkeys(pair for m in found for pair in m.mapping.answers.items()))
    on_step("checking")
    staging.understand(con, workspace, now)
    staging.judge(con, accept)
    return row_count


def map_sheets(
    workspace: Workspace,
    sheets: list[Sheet],
    name: str,
    template: str = "",
    mapping: Path | dict[str, Mapping] | None = None,
) -> list[Mapped | None]:
    """Mapping of each sheet: the given one, one saved for these headers, or a guess.

    None where there is none.
    """
    given = load_mapping(mapping) if isinstance(mapping, Path) else None
    if isinstance(mapping, dict):
        return [
            (
                map_sheet(s, file_name=name, names=workspace.names, given=mapping[s.name])
                if s.name in mapping
                else None
            )
            for s in sheets
        ]
    return [None if s.hidden else _mapped(workspace, s, name, template, given) for s in sheets]


def _mapped(
    workspace: Workspace, sheet: Sheet, name: str, template: str, given: Mapping | None
) -> Mapped | None:
    guess = map_sheet(sheet, file_name=name, names=workspace.names, template=template, given=given)
    if given is not None or guess is None:
        return guess
    saved = _saved_path(workspace, guess)
    if not saved.is_file():
        return guess
    return (
        map_sheet(sheet, file_name=name, names=workspace.names, given=load_mapping(saved)) or guess
    )


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
        when = same.committed_at.date()
        raise DuplicateImportError(
            "duplicate-import",
            f"{name} has the same content as {same.file}, imported on {when} as {same.import_id}.",
            f"Nothing to do; to import it anew: abate undo {same.import_id}.",
        )
    return free_id(workspace, sha256)


def store_rows(
    workspace: Workspace, con: duckdb.DuckDBPyConnection, import_id: str, template: str
) -> tuple[int, int]:
    """Write accepted and quarantined rows; they count only once the import's own row is there."""
    from abate.adapters.engine.embedded import Embedded
    from abate.application.inventory.totals import keep_totals

    con.execute(f"""
        create or replace temp view sound as
        select s.*, '{import_id}' as import_id, r.reason
        from (select * from staged anti join blocked using (source_file, sheet, source_row, kind)) s
        left join reasons r using (source_file, sheet, source_row)
    """)
    high = int(import_id[4:], 16) << 32
    store = workspace.store
    activities = store.append_query(
        "activities",
        con,
        f"""select {high} + row_id as activity_id, import_id, kind, item, site, meter, coalesce(region, '') as region,
               party, month, period_start, period_end, quantity, unit, basis, coalesce(spread_kind, '') as spread_kind,
               spread_95, source_file, sheet as source_sheet, source_row, quantity_text, unit_text,
               document, coalesce(reason, '') as reason, fiscal_year
        from sound where kind <> 'instrument' order by month, row_id""",
        import_id,
    )
    instruments = store.append_query(
        "instruments",
        con,
        """select import_id, document as instrument_id, tier, item as technology, market, period_start as vintage_from,
               period_end - interval 1 day as vintage_to, floor(quantity * 1000 + 0.5)::bigint as amount_wh, site,
               factor as kg_co2_per_kwh, retired_for, document, source_file, sheet as source_sheet, source_row,
               retired_for as fiscal_year
        from sound where kind = 'instrument'""",
        import_id,
    )
    engine = Embedded(store, con)
    keep_totals(engine, engine, [import_id])
    packed = ", ".join(f"{n} := {n}" for n in staging.GIVEN)
    store.append_query(
        "quarantine",
        con,
        f"""select '{import_id}' as import_id, source_file, sheet as source_sheet, source_row,
               array_to_string(any_value(b.codes), ',') as codes, '{template}' as template, kind,
               coalesce(any_value(coalesce(s.site, s.site_text)), '') as site, coalesce(any_value(s.month), '') as month,
               any_value(g.cells) as cells,
               coalesce(any_value(s.fiscal_year), 'unknown') as fiscal_year
        from staged s join blocked b using (source_file, sheet, source_row, kind)
        join (select source_file, sheet, source_row, kind, to_json(struct_pack({packed})) as cells from given) g
             using (source_file, sheet, source_row, kind)
        group by all""",
        import_id,
    )
    return activities + instruments, counted(con, "select count(*) from blocked")


def store_findings(
    workspace: Workspace,
    con: duckdb.DuckDBPyConnection,
    import_id: str,
    name: str,
    skipped: list[tuple[str, bool]],
) -> None:
    """Write what was found: of rows by the engine, for each may have a finding."""
    places = (
        "source_file as file, sheet, source_row as row, '' as \"column\", coalesce(site, '') as"
        " site"
    )
    workspace.store.append_query(
        "findings",
        con,
        f"""select '{import_id}' as origin, * from (
                select code, severity, message, hint, {places}, coalesce(month, '') as month
                from found order by source_file, sheet, source_row, precedence)
            union all select '{import_id}', 'opening-reading', '{Severity.INFO}',
                'Reading ' || quantity || ' of ' || period || ' opens the counter: what came before it is not known.',
                'Nothing to do; the next reading closes the period.', {places}, '' from openings""",
        import_id,
    )
    findings = []
    for r in fetch(con, "select * from remarks order by all"):
        hint = "Where that is wrong, undo the import and add the file with --answer decimal=comma."
        findings.append(
            Finding(r["code"], Severity.INFO, r["message"], hint, r["source_file"], r["sheet"])
        )
    for sheet, hidden in skipped:
        code, severity = (
            ("sheet-hidden", Severity.WARNING) if hidden else ("sheet-skipped", Severity.INFO)
        )
        told = "is hidden and was left out" if hidden else "has no headers that Abate knows"
        hint = (
            "Unhide it in the workbook to import it."
            if hidden
            else "Nothing to do where it holds no data."
        )
        findings.append(Finding(code, severity, f"Sheet '{sheet}' {told}.", hint, name, sheet))
    workspace.store.add(*(finding_row(f, import_id) for f in findings))


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
        UsageError: `already-undone`, `has-corrections`.
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
        reversal = free_id(workspace, f"undo/{import_id}")
        commit_import(workspace, reversal, "reversal", now, reverses=import_id, reason=reason)
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
