"""What people and programs change at the same time: tables in SQL, SQLite embedded, PostgreSQL when served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event


def open_sql(where: str | Path, tables: MetaData) -> Engine:
    """Open a database and make the tables it lacks; SQLite keeps what it has committed, also when the power fails.

    Args:
        where: Path of an SQLite database, or a URL of SQLAlchemy.
        tables: What it holds.
    """
    engine = create_engine(URL.create("sqlite", database=str(where)) if isinstance(where, Path) else where)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
        event.listen(engine, "begin", _immediate)
    tables.create_all(engine)
    return engine


def _durable(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma busy_timeout = 60000")


def _immediate(connection: Connection) -> None:
    connection.exec_driver_sql("begin immediate")
