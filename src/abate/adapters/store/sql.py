"""What people and programs change at the same time.

Tables in SQL, SQLite embedded, PostgreSQL when served.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event
from sqlalchemy.pool import StaticPool


def open_sql(where: str | Path, tables: MetaData) -> Engine:
    """Open a database and make the tables it lacks.

    SQLite keeps what it has committed, also when the power fails.

    Args:
        where: Path of an SQLite database, or a URL of SQLAlchemy.
        tables: What it holds.
    """
    if isinstance(where, Path) and not os.access(where.parent, os.W_OK):
        return _read_only(where, tables)
    engine = create_engine(
        URL.create("sqlite", database=str(where)) if isinstance(where, Path) else where
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
        event.listen(engine, "begin", _immediate)
    tables.create_all(engine)
    return engine


def _read_only(path: Path, tables: MetaData) -> Engine:
    """A database in a folder that may not be written to.

    As it is, or an empty one in memory where there is none.
    """
    if not path.exists():
        engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        tables.create_all(engine)
        return engine
    uri = f"file:{quote(str(path))}?immutable=1"  # no other process can write either
    return create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, check_same_thread=False)
    )


def _durable(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma busy_timeout = 60000")


def _immediate(connection: Connection) -> None:
    connection.exec_driver_sql("begin immediate")
