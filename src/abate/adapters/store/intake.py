"""Uploads and jobs: what people hand in and what works for them, kept in SQL so that both survive the server."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from abate.adapters.store.sql import open_sql
from abate.kernel.edges import Json
from abate.kernel.errors import NotFoundError

_METADATA = MetaData()
UPLOADS = Table(
    "uploads",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("purpose", String, nullable=False),  # data, factors, readings or input
    Column(
        "state", String, nullable=False
    ),  # receiving, ready, importing, imported, refused, interrupted
    Column("bytes", BigInteger, nullable=False, default=0),
    Column("sha256", String, nullable=False, default=""),
    Column("mapping", String, nullable=False, default=""),  # as corrected, one per sheet, as JSON
    Column("job", String, nullable=False, default=""),
    Column("created_at", DateTime, nullable=False),
)
JOBS = Table(
    "jobs",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("title", String, nullable=False),
    Column("state", String, nullable=False),  # waiting, running, done, failed, interrupted
    Column("step", String, nullable=False, default=""),
    Column("arguments", String, nullable=False),  # JSON
    Column("result", String, nullable=False, default=""),  # JSON
    Column("error", String, nullable=False, default=""),  # JSON: code, message, hint
    Column("created_at", DateTime, nullable=False),
    Column("started_at", DateTime),  # the ledger's rows of the job carry the same moment
    Column("ended_at", DateTime),
)
ANSWERS = Table(
    "answers",
    _METADATA,
    Column("key", String, primary_key=True),
    Column("digest", String, nullable=False),  # of the request
    Column("status", BigInteger, nullable=False),
    Column("body", String, nullable=False),
    Column("created_at", DateTime, nullable=False),
)
ANSWER_HOURS = 24
"""Hours for which the answer to a request with a key is kept."""
_PACKED = ("mapping", "arguments", "result", "error")


class Intake:
    """Uploads and jobs of one workspace.

    Args:
        root: The workspace's folder.
    """

    def __init__(self, root: Path) -> None:
        if not os.access(
            root, os.W_OK
        ):  # served to be read: what people would hand in is refused by the ledger
            self._passing = tempfile.TemporaryDirectory(prefix="abate-")
            root = Path(self._passing.name)
        self.engine = open_sql(root / "intake.sqlite", _METADATA)

    def put(self, table: Table, row: Json) -> None:
        """Insert a row."""
        with self.engine.begin() as con:
            con.execute(insert(table).values(**_packed(row)))

    def change(self, table: Table, row_id: str, **values: Any) -> None:
        """Change a row."""
        with self.engine.begin() as con:
            con.execute(update(table).where(table.c.id == row_id).values(**_packed(values)))

    def move(
        self, table: Table, row_id: str, state: str, *, out_of: tuple[str, ...], **values: Any
    ) -> bool:
        """Change a row's state if it is in one of the given; of two that try at once, one does."""
        with self.engine.begin() as con:
            done = con.execute(
                update(table)
                .where(table.c.id == row_id, table.c.state.in_(out_of))
                .values(state=state, **_packed(values))
            )
        return done.rowcount == 1

    def get(self, table: Table, row_id: str) -> Json:
        """A row.

        Raises:
            NotFoundError: `unknown-upload`, `unknown-job`.
        """
        with self.engine.connect() as con:
            row = con.execute(select(table).where(table.c.id == row_id)).mappings().one_or_none()
        if row is None:
            noun = table.name.removesuffix("s")
            raise NotFoundError(
                f"unknown-{noun}", f"No {noun} '{row_id}'.", f"See the list of {noun}s."
            )
        return _unpacked(dict(row))

    def answer(self, key: str, now: datetime) -> Json | None:
        """What a request with this key was answered; None where none was, or long ago."""
        young = ANSWERS.c.created_at >= now - timedelta(hours=ANSWER_HOURS)
        asked = select(ANSWERS).where(ANSWERS.c.key == key, young)
        with self.engine.connect() as con:
            row = con.execute(asked).mappings().one_or_none()
        return None if row is None else dict(row)

    def keep_answer(self, key: str, digest: str, status: int, body: str, now: datetime) -> None:
        """Keep what a request was answered, and forget old answers."""
        old = ANSWERS.c.created_at < now - timedelta(hours=ANSWER_HOURS)
        row = {"key": key, "digest": digest, "status": status, "body": body, "created_at": now}
        with self.engine.begin() as con:
            con.execute(delete(ANSWERS).where(old))
            con.execute(insert(ANSWERS).values(**row))

    def rows(self, table: Table, *states: str, limit: int = 200) -> list[Json]:
        """Rows in the given states, or all; the newest first."""
        asked = select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
        if states:
            asked = asked.where(table.c.state.in_(states))
        with self.engine.connect() as con:
            return [_unpacked(dict(r)) for r in con.execute(asked).mappings()]


def _packed(row: Json) -> Json:
    return {
        k: json.dumps(v, ensure_ascii=False) if k in _PACKED and v != "" else v
        for k, v in row.items()
    }


def _unpacked(row: Json) -> Json:
    return {k: json.loads(v) if k in _PACKED and v else v for k, v in row.items()}
