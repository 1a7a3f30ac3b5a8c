"""Uploads: files on their way into the ledger, whole or not at all."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import unicodedata
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from abate.adapters.readers.publishers import READERS
from abate.adapters.store.intake import UPLOADS
from abate.application.inventory.mapping import Mapping
from abate.application.inventory.previews import CheckPreview, preview_file
from abate.application.workspaces.upkeep import FOLDER
from abate.faces.api.desk import OpenWorkspace
from abate.faces.clock import present
from abate.kernel.edges import Json
from abate.kernel.errors import DataError, UsageError

MAX_BYTES = 512 << 20
OPEN_MAX = 100
"""Uploads that may wait for a decision."""
MAX_NAME = 120
TABLES = (".csv", ".tsv", ".txt", ".parquet", ".json", ".jsonl", ".ndjson")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
SUFFIXES = (*TABLES, *WORKBOOKS, ".xml", ".gz", ".zip")
DOCUMENTS = (".pdf", ".md", ".html", ".htm", ".toml", ".epw", ".png", ".jpg", ".jpeg", ".eml")
INPUT = "input"
"""Purpose of a file that one use case reads: orders, weather, a bill, a document, a template."""
PURPOSES = ("data", "factors", "readings", INPUT)
INPUT_HOURS = 24
"""Hours for which such a file is held."""
PUBLISHERS = (*READERS, "own")


def safe_name(name: str, suffixes: tuple[str, ...] = SUFFIXES) -> str:
    r"""A file's name without folders and without what no name needs.

    Raises:
        UsageError: `bad-name`, `unknown-format`.

    Example:
        >>> safe_name("..\\..\\etc/2024 电费.xlsx")
        '2024 电费.xlsx'
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(ch for ch in last if unicodedata.category(ch)[0] != "C").strip(" .")
    if not kept or len(kept) > MAX_NAME or len(kept.encode(errors="replace")) > 240:
        raise UsageError(
            "bad-name",
            "The file has no usable name.",
            f"Give it one of up to {MAX_NAME} characters.",
        )
    if not kept.lower().endswith(suffixes):
        raise UsageError(
            "unknown-format",
            f"'{kept}' is not a table: CSV, a workbook, Parquet or JSON.",
            "Save it as XLSX or CSV.",
        )
    return kept


def folder_of(desk: OpenWorkspace, upload_id: str) -> Path:
    """Folder of an upload, whose name the server chose itself."""
    return desk.root / FOLDER / upload_id


def path_of(desk: OpenWorkspace, upload: Json) -> Path:
    """The file of an upload."""
    return folder_of(desk, upload["id"]) / str(upload["name"])


async def receive(
    desk: OpenWorkspace,
    name: str,
    chunks: AsyncIterator[bytes],
    *,
    purpose: str,
    length: int | None,
    max_bytes: int = MAX_BYTES,
) -> Json:
    """Take a file as it comes; what does not arrive whole leaves nothing.

    Args:
        desk: The workspace.
        name: Its name.
        chunks: Its content.
        purpose: `data`, `factors`, `readings` or `input`.
        length: Bytes announced, where they are.
        max_bytes: Bytes taken at most.

    Raises:
        UsageError: `bad-name`, `unknown-format`, `unknown-purpose`, `too-many-uploads`.
        DataError: `file-too-large`, `empty-file`, `half-upload`.
    """
    chosen = safe_name(name, (*SUFFIXES, *DOCUMENTS) if purpose == INPUT else SUFFIXES)
    if purpose not in PURPOSES:
        raise UsageError(
            "unknown-purpose", f"No purpose '{purpose}'.", f"One of: {', '.join(PURPOSES)}."
        )
    too_large = DataError(
        "file-too-large",
        f"{chosen} is too large.",
        f"{max_bytes >> 20} MiB is the limit; split it.",
    )
    if length is not None and length > max_bytes:
        raise too_large
    _let_go(desk)
    if len(desk.intake.rows(UPLOADS, "receiving", "ready", limit=OPEN_MAX)) >= OPEN_MAX:
        text = f"{OPEN_MAX} files are uploaded and wait for a decision."
        raise UsageError("too-many-uploads", text, "Import or refuse some of them.")
    upload_id = secrets.token_hex(8)
    folder = folder_of(desk, upload_id)
    folder.mkdir(parents=True)
    desk.intake.put(
        UPLOADS,
        {
            "id": upload_id,
            "name": chosen,
            "purpose": purpose,
            "state": "receiving",
            "created_at": present(),
        },
    )
    partial = folder / ".partial"
    digest, size, whole = hashlib.sha256(), 0, False
    try:
        with partial.open("wb") as handle:
            async for chunk in chunks:
                size += len(chunk)
                if size > max_bytes:
                    raise too_large
                digest.update(chunk)
                handle.write(chunk)
        if size == 0:
            raise DataError("empty-file", f"{chosen} is empty.", "Export it again.")
        if length is not None and size != length:
            raise DataError(
                "half-upload", f"{size} of {length} bytes of {chosen} arrived.", "Upload it again."
            )
        partial.rename(folder / chosen)
        whole = True
    finally:
        if not whole:
            shutil.rmtree(folder, ignore_errors=True)
            desk.intake.change(UPLOADS, upload_id, state="interrupted")
    desk.intake.change(UPLOADS, upload_id, state="ready", bytes=size, sha256=digest.hexdigest())
    return desk.intake.get(UPLOADS, upload_id)


def _let_go(desk: OpenWorkspace) -> None:
    """Throw away files of use cases that nobody needed for long."""
    before = present() - timedelta(hours=INPUT_HOURS)
    for upload in desk.intake.rows(UPLOADS, "ready", limit=OPEN_MAX):
        if upload["purpose"] == INPUT and upload["created_at"] < before:
            desk.intake.move(UPLOADS, upload["id"], "refused", out_of=("ready",))
            shutil.rmtree(folder_of(desk, upload["id"]), ignore_errors=True)


def input_of(desk: OpenWorkspace, upload_id: str) -> Path:
    """The file of an upload that a use case reads.

    Raises:
        NotFoundError: `unknown-upload`.
        UsageError: `upload-not-ready`.
    """
    return path_of(desk, ready(desk, upload_id))


def checked(
    desk: OpenWorkspace,
    upload: Json,
    *,
    accept: frozenset[str] = frozenset(),
    limit: int = 200,
) -> CheckPreview:
    """What the checks find in an upload.

    One file at a time, for a large one takes all the engine may use.

    Raises:
        DataError: Those of reading and mapping.
    """
    day, versions = present().date(), desk.version("imports", "mends")
    key = ("checked", upload["id"], str(upload["mapping"]), accept, limit, day, versions)
    with desk.checking:
        return desk.kept(
            key,
            lambda: preview_file(
                desk.workspace,
                path_of(desk, upload),
                now=present(),
                mapping=mapping_of(upload),
                accept=accept,
                limit=limit,
            ),
        )


def refuse(desk: OpenWorkspace, upload_id: str) -> None:
    """Throw an upload away.

    Raises:
        NotFoundError: `unknown-upload`.
        UsageError: `upload-not-ready` where it is being imported or is gone.
    """
    ready(desk, upload_id)
    if desk.intake.move(UPLOADS, upload_id, "refused", out_of=("ready",)):
        shutil.rmtree(folder_of(desk, upload_id), ignore_errors=True)


def ready(desk: OpenWorkspace, upload_id: str) -> Json:
    """An upload that waits for a decision.

    Raises:
        NotFoundError: `unknown-upload`.
        UsageError: `upload-not-ready`.
    """
    upload = desk.intake.get(UPLOADS, upload_id)
    if upload["state"] != "ready" or not path_of(desk, upload).is_file():
        hint = (
            "See its job."
            if upload["state"] in ("importing", "imported")
            else "Upload the file again."
        )
        raise UsageError("upload-not-ready", f"The upload is {upload['state']}.", hint)
    return upload


def mapping_of(upload: Json) -> dict[str, Mapping] | None:
    """The mapping as somebody corrected it, one per sheet; None where nobody did."""
    return read_mappings(upload["mapping"]) if upload["mapping"] != "" else None


def publisher_of(upload: Json) -> str:
    """The publisher that somebody named for a file of factors; empty where it is to be guessed."""
    return str(upload["mapping"].get("publisher", "")) if upload["mapping"] else ""


def name_publisher(desk: OpenWorkspace, upload_id: str, publisher: str) -> None:
    """Say whose file of factors an upload is; an empty name brings the guess back.

    Raises:
        NotFoundError: `unknown-upload`.
        UsageError: `upload-not-ready`, `unknown-publisher`, `unknown-purpose`.
    """
    upload = ready(desk, upload_id)
    if publisher not in ("", *PUBLISHERS):
        raise UsageError(
            "unknown-publisher", f"No publisher '{publisher}'.", f"One of: {', '.join(PUBLISHERS)}."
        )
    if upload["purpose"] != "factors":
        raise UsageError(
            "unknown-purpose", "The upload holds no factors.", "Upload it on the page of factors."
        )
    desk.intake.change(UPLOADS, upload_id, mapping={"publisher": publisher} if publisher else "")


def read_mappings(data: Json) -> dict[str, Mapping]:
    """Mappings per sheet from JSON.

    Raises:
        UsageError: `bad-mapping`.
    """
    from abate.application.catalogue import KINDS, TEMPLATES
    from abate.application.inventory.mapping import FIELDS

    found = {}
    for sheet, one in data.items():
        mapping = Mapping.of(one)
        odd = [c for c in mapping.columns if c not in FIELDS] + [
            m.kind for m in mapping.measures if m.kind not in KINDS
        ]
        odd += [mapping.template] if mapping.template not in TEMPLATES else []
        if odd:
            raise UsageError(
                "bad-mapping", f"'{odd[0]}' is not known.", f"Fields: {', '.join(FIELDS)}."
            )
        allowed = {m.kind for m in TEMPLATES[mapping.template].measures}
        if not mapping.measures or any(m.kind not in allowed for m in mapping.measures):
            raise UsageError(
                "bad-mapping",
                f"Sheet '{sheet}' has no column of amounts.",
                f"Choose a column for one of: {', '.join(sorted(allowed))}.",
            )
        found[sheet] = mapping
    return found


def recover(desk: OpenWorkspace) -> None:
    """After a stop at any moment.

    Half uploads leave nothing, and what lies there belongs to an upload that waits.
    """
    for upload in desk.intake.rows(UPLOADS, "receiving", limit=10_000):
        desk.intake.change(UPLOADS, upload["id"], state="interrupted")
    kept = {u["id"] for u in desk.intake.rows(UPLOADS, "ready", "importing", limit=10_000)}
    for folder in (desk.root / FOLDER).glob("*"):
        if folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)
