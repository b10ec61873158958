"""The engines of PgVector: one that blocks, and one for each event loop."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from agno.db.postgres._dialect import PostgresDialect
from agno.db.sql._engines import Engines, LoopEngines, loop_engines, sync_engines, url_of


class _Dialect(PostgresDialect):
    """PostgreSQL, whose psycopg reads binary: as text a vector would be sent in twice as many bytes."""

    def __init__(self, cursor: str) -> None:
        self.cursor = cursor

    def connect_options(self, url: Any) -> dict[str, Any]:
        options = super().connect_options(url)
        if not url.drivername.endswith("+psycopg"):
            return options
        import psycopg

        kind: Any = getattr(psycopg, self.cursor)

        def made(*args: Any, **kwargs: Any) -> Any:
            cursor = kind(*args, **kwargs)
            cursor.format = psycopg.pq.Format.BINARY
            return cursor

        return {**options, "cursor_factory": made}


_BLOCKING, _AWAITED = _Dialect("Cursor"), _Dialect("AsyncCursor")
_ASYNC_ONLY, _SYNC_ONLY = "asyncpg", frozenset({"psycopg2", "pg8000"})


def engines_of(db_url: Any, db_engine: Any, owner: str) -> tuple[Engines, LoopEngines | None]:
    """For both colours, of what the constructor was given. A synchronous engine serves both: None for the second."""
    dialect = _BLOCKING
    if isinstance(db_engine, AsyncEngine):
        url = _with_driver(db_engine.url, _ASYNC_ONLY, dialect)
        return sync_engines(url, None, owner, dialect), loop_engines(None, db_engine, owner, _AWAITED)
    if db_engine is not None:
        return sync_engines(None, db_engine, owner, dialect), None
    if db_url is None:
        raise ValueError(f"{owner} needs db_url= or db_engine=, such as {owner}(..., db_url={dialect.example!r}).")
    url = url_of(db_url, owner, dialect, dialect.driver)
    awaited = dialect.async_driver if url.drivername.partition("+")[2] in _SYNC_ONLY else None
    loop_url = url.set(drivername=f"postgresql+{awaited}") if awaited else url
    blocking = sync_engines(_with_driver(url, _ASYNC_ONLY, dialect), None, owner, dialect)
    return blocking, loop_engines(loop_url, None, owner, _AWAITED)


def _with_driver(url: Any, unless: str, dialect: PostgresDialect) -> Any:
    """The address with a driver that blocks."""
    return url.set(drivername=f"postgresql+{dialect.driver}") if url.drivername.endswith(unless) else url


__all__ = ["engines_of"]
