"""Data: files in, their meaning, what is wrong with them, mending, undoing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from abate.adapters.readers.bills import FIELDS, BillField, doubtful, given, read_bill
from abate.adapters.store.imports import corrected_and_proved
from abate.adapters.store.intake import UPLOADS
from abate.application.catalogue import KINDS, TEMPLATES, every_rule
from abate.application.factors import read_factors
from abate.application.inventory.bills import known_site, store_bill
from abate.application.inventory.corrections import correct_lines
from abate.application.inventory.explanations import origin_of
from abate.application.inventory.findings import findings_of
from abate.application.inventory.imports import attach, undo
from abate.application.inventory.mapping import read_answer
from abate.application.inventory.previews import (
    HEAD_SHOWN,
    CheckPreview,
    SheetPreview,
    duplicate_of,
    original_rows,
    preview_sheets,
)
from abate.application.inventory.staging import CANNOT_ACCEPT
from abate.application.inventory.supplies import FIELDS_SAID
from abate.faces.api import uploads
from abate.faces.api.desk import OpenWorkspace
from abate.faces.clock import present
from abate.faces.web.page import Form, Page
from abate.faces.web.pages.overview import todo
from abate.kernel.edges import Model
from abate.kernel.errors import AbateError, NotFoundError, UsageError
from abate.kernel.finding import Severity

router = APIRouter()
PER_PAGE = 50
NAMES = {t.id: t.title for t in TEMPLATES.values()} | {
    "correction": "Correction",
    "reversal": "Reversal",
    "readings": "Readings of meters",
    "meter": "Change of a meter",
    "factors-default": "Factors that ship with Abate",
}


def titles() -> dict[str, str]:
    """Title of each rule by its code."""
    return {r.code: r.title for r in every_rule()}


@router.get("/data")
def data(request: Request, offset: int = 0) -> Response:
    """Drop files, see what waits, the list of imports."""
    page = Page.of(request)
    every = [r for r in page.desk.imports() if r.template != "factors-default"]
    start = max(0, offset)
    shown = every[start : start + PER_PAGE]
    following = page.following(start + PER_PAGE, len(every))
    waiting = [u for u in page.desk.intake.rows(UPLOADS, "ready") if u["purpose"] != "readings"]
    return page.render(
        "data.html",
        purpose="data",
        uploads=waiting,
        imports=shown,
        offset=start,
        count=len(every),
        next=following and f"{following}#imports",
        kinds=NAMES,
        templates=[(t.id, t.title) for t in TEMPLATES.values()],
        **todo(page.desk),
    )


def likely_headers(s: SheetPreview, row: int = -1) -> tuple[int, list[str]]:
    """The row with most words in it, or the one that somebody chose, as headers."""
    ranked = sorted(
        s.head,
        key=lambda r: (r[0] != row, -len({c for c in r[1] if c and not c[:1].isdigit()}), r[0]),
    )
    return (ranked[0][0], list(ranked[0][1])) if ranked else (0, [])


def _sheet(s: SheetPreview, chosen: str) -> Model:
    """A sheet for the form: each column with its meaning, and what it may mean."""
    template = TEMPLATES.get(s.mapping.template if s.mapping else chosen)
    header_row, headers = (s.header_row, list(s.headers)) if s.headers else likely_headers(s)
    means = {h: name for name, h in s.mapping.columns.items()} if s.mapping else {}
    units = {m.header: m for m in s.mapping.measures} if s.mapping else {}
    columns = [
        {
            "header": h,
            "means": f"amount:{units[h].kind}" if h in units else means.get(h, ""),
            "unit": units[h].unit if h in units else "",
            "again": h in headers[:k],
        }
        for k, h in enumerate(headers)
    ]
    below = [(n, cells) for n, cells in s.head if n > header_row or not template][:HEAD_SHOWN]
    return {
        "name": s.name,
        "template": template.id if template else "",
        "site": s.mapping.site if s.mapping else "",
        "answers": (
            "; ".join(f"{word} = {meaning}" for word, meaning in s.mapping.answers.items())
            if s.mapping
            else ""
        ),
        "has_site": bool(s.mapping and "site" in s.mapping.columns),
        "header_row": header_row,
        "columns": columns,
        "rows": below,
        "head_rows": [(n, "; ".join(c for c in cells if c)[:60]) for n, cells in s.head],
        "amounts": (
            [(k, KINDS[k].title) for k in dict.fromkeys(m.kind for m in template.measures)]
            if template
            else []
        ),
        "fields": list(dict.fromkeys([*FIELDS_SAID, *template.fields])) if template else [],
    }


@router.get("/data/uploads/{upload_id}")
def upload(request: Request, upload_id: str, kind: str = "") -> Response:
    """What a file is read as, to be corrected before anything is stored."""
    page = Page.of(request)
    one = page.desk.intake.get(UPLOADS, upload_id)
    if one["state"] in ("importing", "imported"):
        return RedirectResponse("/jobs", 303)
    if one["purpose"] == "readings":
        return RedirectResponse(f"/meters/uploads/{upload_id}", 303)
    return _upload(page, uploads.ready(page.desk, upload_id), kind)


def _upload(page: Page, one: Model, kind: str = "", fault: AbateError | None = None) -> Response:
    if one["purpose"] == "factors":
        return _factor_upload(page, one)
    status = 422 if fault else 200
    sheets: tuple[SheetPreview, ...] = ()
    path = uploads.path_of(page.desk, one)
    try:
        sheets = preview_sheets(
            page.desk.workspace, path, template=kind, mapping=uploads.mapping_of(one)
        )
    except AbateError as error:
        fault = fault or error
        if error.code in ("unclear-kind", "ambiguous-column"):
            sheets = preview_sheets(page.desk.workspace, path, mapping={})
    places = [(s.id, s.name) for s in page.desk.workspace.organisation.sites]
    places += [(e.id, e.name) for e in page.desk.workspace.organisation.entities]
    return page.render(
        "upload.html",
        status,
        upload=one,
        fault=fault,
        duplicate=duplicate_of(page.desk.workspace, path),
        places=places,
        sheets=[_sheet(s, kind) for s in sheets],
        templates=[(t.id, t.title) for t in TEMPLATES.values()],
        readable=any(s.mapping for s in sheets),
    )


def _factor_upload(page: Page, one: Model) -> Response:
    from collections import Counter

    fault: AbateError | None = None
    told: Model | None = None
    try:
        publisher, edition, factors, findings, refused = read_factors(
            uploads.path_of(page.desk, one), publisher=uploads.publisher_of(one)
        )
        codes = Counter((f.code, f.severity.value) for f in findings)
        told = {
            "publisher": publisher,
            "edition": edition,
            "count": len(factors),
            "refused": refused,
            "codes": sorted(codes.items(), key=lambda c: list(Severity).index(Severity(c[0][1]))),
            "findings": sorted(findings, key=lambda f: list(Severity).index(f.severity))[:100],
        }
    except AbateError as error:
        fault = error
    return page.render(
        "factor_upload.html",
        upload=one,
        fault=fault,
        told=told,
        titles=titles(),
        publishers=uploads.PUBLISHERS,
        chosen=uploads.publisher_of(one),
    )


@router.post("/data/uploads/{upload_id}/publisher")
def set_publisher(request: Request, upload_id: str, form: Form) -> Response:
    """Take whose file of factors it is."""
    uploads.name_publisher(Page.of(request).desk, upload_id, form.get("publisher", ""))
    return RedirectResponse(f"/data/uploads/{upload_id}", 303)


@router.post("/data/uploads/{upload_id}/mapping")
def set_mapping(request: Request, upload_id: str, form: Form) -> Response:
    """Take the meaning that somebody gave the columns; a changed kind of file is guessed again."""
    page = Page.of(request)
    one = uploads.ready(page.desk, upload_id)
    path = uploads.path_of(page.desk, one)
    before = _before(page.desk, path, one)
    told: Model = {}
    k = 0
    try:
        while f"sheet-{k}" in form:
            known = before.get(form[f"sheet-{k}"])
            template = form.get(f"template-{k}", "")
            if known is not None and template:
                told[known.name] = _told(page.desk, path, known, template, form, k)
            k += 1
        told = {name: t for name, t in told.items() if t is not None}
        uploads.read_mappings(told)
    except AbateError as error:
        return _upload(page, one, fault=error)
    page.desk.intake.change(UPLOADS, upload_id, mapping=told)
    return RedirectResponse(f"/data/uploads/{upload_id}", 303)


def _told(
    desk: OpenWorkspace,
    path: Path,
    known: SheetPreview,
    template: str,
    form: dict[str, str],
    k: int,
) -> Model | None:
    """A sheet's mapping: as the form says, or guessed again.

    Where its kind of file or its row of headers was changed.
    """
    if template not in TEMPLATES:
        raise UsageError(
            "unknown-kind", f"No kind of file '{template}'.", f"There are: {', '.join(TEMPLATES)}."
        )
    row = form.get(f"header-{k}", "")
    asked = _whole(row, -1)
    if (
        known.mapping is not None
        and known.mapping.template == template
        and asked == known.header_row
    ):
        return _as_told(form, k, template, list(known.headers))
    return _guess(desk, path, known, template, asked)


def _before(desk: OpenWorkspace, path: Path, one: Model) -> dict[str, SheetPreview]:
    try:
        return {
            s.name: s for s in preview_sheets(desk.workspace, path, mapping=uploads.mapping_of(one))
        }
    except AbateError:
        return {s.name: s for s in preview_sheets(desk.workspace, path, mapping={})}


def _guess(
    desk: OpenWorkspace, path: Path, known: SheetPreview, template: str, row: int
) -> Model | None:
    """The mapping of a sheet under a kind of file and a row of headers.

    That somebody chose, as far as the headers tell.
    """
    try:
        sheets = preview_sheets(desk.workspace, path, template=template)
        guessed = next(s for s in sheets if s.name == known.name)
    except AbateError:
        guessed = None
    if (
        guessed is not None
        and guessed.mapping is not None
        and row in (-1, guessed.header_row, known.header_row)
    ):
        told: Model = json.loads(guessed.mapping.json)
        return told
    header_row, headers = likely_headers(known, row)
    below = next((cells for n, cells in known.head if n > header_row), ())
    numeric = [h for h, c in zip(headers, below, strict=False) if h and c.lstrip("-")[:1].isdigit()]
    amounts = [*numeric[-1:], *(h for h in headers if h)]
    kind = TEMPLATES[template].measures[0].kind
    return (
        {
            "template": template,
            "columns": {},
            "measures": [{"header": amounts[0], "kind": kind, "unit": ""}],
            "site": "",
        }
        if amounts
        else None
    )


def _as_told(form: dict[str, str], k: int, template: str, headers: list[str]) -> Model:
    """A sheet's mapping from the form."""
    columns: dict[str, str] = {}
    measures: list[dict[str, str]] = []
    for j, header in enumerate(headers):
        means = form.get(f"means-{k}-{j}", "")
        if not means or header in headers[:j]:
            continue
        if means.startswith("amount:"):
            unit = form.get(f"unit-{k}-{j}", "").strip()
            measures.append({"header": header, "kind": means.removeprefix("amount:"), "unit": unit})
        elif means in columns:
            said = f"Two columns are said to be '{means}': '{columns[means]}' and '{header}'."
            raise UsageError("bad-mapping", said, "Give one of them another meaning, or none.")
        else:
            columns[means] = header
    answers = dict(
        read_answer(one) for one in form.get(f"answers-{k}", "").split(";") if one.strip()
    )
    site = form.get(f"site-{k}", "")
    return {
        "template": template,
        "columns": columns,
        "measures": measures,
        "site": site,
        "answers": answers,
    }


@router.get("/data/uploads/{upload_id}/check")
def check(request: Request, upload_id: str) -> Response:
    """What the checks find in a file, before anything is stored."""
    page = Page.of(request)
    one = uploads.ready(page.desk, upload_id)
    fault: AbateError | None = None
    found = CheckPreview(0, 0, 0, {}, ())
    try:
        found = uploads.checked(page.desk, one)
    except AbateError as error:
        fault = error
    acceptable = [
        (c, n) for c, (s, n) in found.counts.items() if s == "blocker" and c not in CANNOT_ACCEPT
    ]
    total = sum(n for _, n in found.counts.values())
    return page.render(
        "check.html",
        upload=one,
        check=found,
        fault=fault,
        acceptable=acceptable,
        total=total,
        titles=titles(),
    )


@router.post("/data/uploads/{upload_id}/import")
def import_upload(request: Request, upload_id: str, form: Form) -> Response:
    """Import a file as a job."""
    accept = [name.removeprefix("accept-") for name in form if name.startswith("accept-")]
    state = Page.of(request).desk.intake.get(UPLOADS, upload_id)["state"]
    if state not in ("importing", "imported"):  # of two clicks, the second finds its job
        request.app.state.jobs.submit_import(upload_id, accept=accept)
    return RedirectResponse("/jobs", 303)


@router.post("/data/uploads/import-all")
def import_all(request: Request) -> Response:
    """Import every file that waits, oldest first, as it is read.

    Rows with a blocker go to quarantine.
    """
    for one in reversed(Page.of(request).desk.intake.rows(UPLOADS, "ready")):
        if one["purpose"] == "data":
            request.app.state.jobs.submit_import(one["id"], accept=[])
    return RedirectResponse("/jobs", 303)


@router.post("/data/uploads/{upload_id}/refuse")
def refuse(request: Request, upload_id: str) -> Response:
    """Throw a file away."""
    uploads.refuse(Page.of(request).desk, upload_id)
    return RedirectResponse("/data", 303)


@router.get("/data/findings")
def findings(request: Request, severity: str = "", code: str = "", offset: int = 0) -> Response:
    """Findings that stand, by severity and code."""
    page = Page.of(request)
    every = page.desk.findings()
    found = [f for f in every if severity in ("", f.severity.value) and code in ("", f.code)]
    start = max(0, offset)
    shown = found[start : start + PER_PAGE]
    following = page.following(start + PER_PAGE, len(found))
    return page.render(
        "findings.html",
        findings=shown,
        severity=severity,
        code=code,
        codes=sorted({f.code for f in every}),
        offset=start,
        count=len(found),
        next=following,
        titles=titles(),
    )


EDITABLE = (
    "site",
    "period",
    "period_start",
    "period_end",
    "quantity",
    "unit",
    "item",
    "meter",
    "document",
    "region",
    "party",
    "tier",
    "market",
    "retired_for",
    "factor",
)


def _quarantine(
    page: Page, file: str = "", offset: int = 0, status: int = 200, **told: Any
) -> Response:
    every = [r for r in page.desk.quarantined() if file in ("", r["source_file"])]
    start = max(0, offset)
    typed: dict[str, str] = told.pop("typed", {})
    shown = []
    for r in every[start : start + PER_PAGE]:
        key = f"{r['import_id']}-{r['source_row']}-{r['kind']}"
        names = [
            n for n in EDITABLE if r["cells"].get(n) or n in ("site", "period", "quantity", "unit")
        ]
        mine = typed if typed.get("key") == key else {}
        cells = [
            (n, mine.get(f"cell-{n}", r["cells"].get(n) or ""), r["cells"].get(n) or "")
            for n in names
        ]
        shown.append(r | {"editable": cells, "key": key, "reason": mine.get("reason", "")})
    following = (
        page.link("/data/quarantine", file=file, offset=start + PER_PAGE)
        if start + PER_PAGE < len(every)
        else ""
    )
    model = {"fault": None, "corrected": "", "how": "set", "opened": typed.get("key", ""), **told}
    return page.render(
        "quarantine.html",
        status,
        rows=shown,
        file=file,
        offset=start,
        count=len(every),
        next=following,
        done=DONE,
        **model,
    )


@router.get("/data/quarantine")
def quarantine(
    request: Request, file: str = "", offset: int = 0, corrected: str = "", how: str = "set"
) -> Response:
    """Rows that wait to be corrected."""
    return _quarantine(
        Page.of(request),
        file,
        offset,
        corrected=corrected,
        how=how if how in DONE else "set",
    )


@router.post("/data/quarantine")
def mend(request: Request, form: Form) -> Response:
    """Mend, let in or leave out one row, with a reason."""
    page = Page.of(request)
    action = form.get("action", "")
    line = {
        "action": action,
        **{k: form.get(k, "") for k in ("file", "sheet", "row", "kind", "reason")},
    }
    offset = _whole(form.get("back", ""), 0)
    try:
        if action == "set":
            line |= _changes(form)
        done = correct_lines(page.desk.workspace, [line], reason="", now=present())
    except AbateError as error:
        return _quarantine(page, form.get("only", ""), offset, 422, fault=error, typed=form)
    return RedirectResponse(
        page.link(
            "/data/quarantine",
            file=form.get("only", ""),
            offset=offset or "",
            corrected=done.import_id,
            how=action,
        ),
        303,
    )


DONE = {
    "set": "Corrected: the row entered as part of {id}.",
    "accept": "Let in: the row entered as part of {id}.",
    "drop": "Left out for good, on record as {id}.",
}


def _whole(text: str, other: int) -> int:
    """A whole number of a form, or another where it holds none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else other


def _changes(form: dict[str, str]) -> dict[str, str]:
    """Cells that somebody changed.

    Raises:
        UsageError: `bad-correction` where a cell was emptied: a correction gives values, it takes
            none away.
    """
    found = {}
    for field, value in form.items():
        name = field.removeprefix("cell-")
        if field.startswith("cell-") and value.strip() != form.get(f"was-{name}", ""):
            if not value.strip():
                raise UsageError(
                    "bad-correction",
                    f"The field '{name}' was emptied.",
                    "Write its value, or leave the row out.",
                )
            found[name] = value.strip()
    return found


@router.get("/data/imports/{import_id}")
def one_import(
    request: Request, import_id: str, sheet: str = "", row: int = 0, file: str = ""
) -> Response:
    """An import with its mapping, its findings, and its rows as they stood in the file."""
    return _import(Page.of(request), import_id, sheet, row, file)


def _import(
    page: Page,
    import_id: str,
    sheet: str = "",
    row: int = 0,
    file: str = "",
    fault: AbateError | None = None,
) -> Response:
    r = next((r for r in page.desk.imports() if r.import_id == import_id), None)
    if r is None:
        raise NotFoundError(
            "unknown-import", f"No import '{import_id}'.", "See the list of imports."
        )
    workspace = page.desk.workspace
    mapping = _mapping_lines(page, json.loads(r.mapping)) if r.mapping else []
    of_import = origin_of(workspace, import_id, file or r.file, sheet, row)
    row_sheet = sheet or (next(iter(json.loads(r.mapping)), "") if r.mapping else "")
    found = findings_of(workspace, import_id)
    mends, evidence = corrected_and_proved(workspace, import_id)
    return page.render(
        "import.html",
        422 if fault else 200,
        r=r,
        mapping=mapping,
        kinds=NAMES,
        findings=found[:200],
        mends=mends[:200],
        evidence=evidence,
        rows=original_rows(workspace, of_import, row_sheet, row or 6),
        row=row,
        sheet=row_sheet,
        fault=fault,
        titles=titles(),
    )


def _mapping_lines(page: Page, sheets: Model) -> list[tuple[str, list[str]]]:
    told = []
    for name, m in sheets.items():
        lines = [f"{header} → {field}" for field, header in m["columns"].items()]
        lines += [
            f"{x['header']} → {page.t(KINDS[x['kind']].title)}"
            f" [{x['unit'] or page.t('unit column')}]"
            for x in m["measures"]
        ]
        told.append((name, lines))
    return told


@router.post("/data/imports/{import_id}/undo")
def undo_import(request: Request, import_id: str, form: Form) -> Response:
    """Undo an import by a reversal."""
    page = Page.of(request)
    try:
        undo(page.desk.workspace, import_id, reason=form.get("reason", ""), now=present())
    except NotFoundError:
        raise
    except AbateError as error:
        return _import(page, import_id, fault=error)
    return RedirectResponse("/data#imports", 303)


@router.get("/data/bills")
def bills(request: Request, upload: str = "") -> Response:
    """A bill as PDF: what is read on it, to be confirmed or corrected."""
    return _bills(Page.of(request), upload)


def _bills(
    page: Page,
    upload_id: str,
    fault: AbateError | None = None,
    form: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    values = {k: form[k].strip() for k in FIELDS if form.get(k, "").strip()}
    held: dict[str, BillField] = {}
    name, lacking = "", []
    if upload_id:
        try:
            path = uploads.input_of(page.desk, upload_id)
            reads = given(read_bill(path), values)
            name, lacking = path.name, doubtful(reads)
            held = {r.field: r for r in reads}
        except AbateError as error:
            fault = fault or error
            upload_id = ""
    return page.render(
        "bills.html",
        422 if fault else 200,
        upload=upload_id,
        file=name,
        fields=[
            {
                "name": f,
                "read": held.get(f),
                "value": values.get(f, held[f].value if f in held else ""),
                "doubtful": f in lacking,
            }
            for f in FIELDS
        ],
        sites=[(s.id, s.name or s.id) for s in page.desk.workspace.organisation.sites],
        site=form.get("site", ""),
        fault=fault,
    )


@router.post("/data/bills")
def take_bill(request: Request, form: Form) -> Response:
    """Import a bill that somebody confirmed; the PDF is its evidence."""
    page = Page.of(request)
    upload_id, workspace = form.get("upload", ""), page.desk.workspace
    try:
        path = uploads.input_of(page.desk, upload_id)
        read = read_bill(path)
        printed = {r.field: r.value for r in read}
        changed = {
            k: form[k].strip()
            for k in FIELDS
            if form.get(k, "").strip() and form[k].strip() != printed.get(k)
        }
        reads = given(read, changed)
        done = store_bill(
            workspace, path, reads, site=known_site(workspace, form.get("site", "")), now=present()
        )
    except AbateError as error:
        return _bills(page, upload_id, error, form)
    uploads.refuse(page.desk, upload_id)
    return RedirectResponse(f"/data/imports/{done.import_id}", 303)


@router.post("/data/imports/{import_id}/evidence")
def attach_evidence(request: Request, import_id: str, form: Form) -> Response:
    """Attach a document to an import, or to one of its rows."""
    page = Page.of(request)
    row = form.get("row", "").strip() or "0"
    try:
        if not row.isdecimal() or int(row) >= 2**31:
            raise UsageError("bad-row", f"'{row}' is not a row.", "Write its number; 0 for all.")
        path = uploads.input_of(page.desk, form.get("document", ""))
        attach(page.desk.workspace, path, import_id=import_id, source_row=int(row), now=present())
    except AbateError as error:
        return _import(page, import_id, fault=error)
    uploads.refuse(page.desk, form["document"])
    return RedirectResponse(f"/data/imports/{import_id}", 303)
