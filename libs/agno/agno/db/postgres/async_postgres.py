"""PostgreSQL for asynchronous code."""

from __future__ import annotations

from agno.db.postgres.postgres import PostgresDb
from agno.db.sql.async_store import AsyncSqlDb


class AsyncPostgresDb(AsyncSqlDb):
    """`PostgresDb` whose methods are awaited: `AsyncPostgresDb(db_url="postgresql+psycopg://user:password@host/ai")`.

    The driver is psycopg, or asyncpg with `postgresql+asyncpg://`. `db_engine` is a SQLAlchemy `AsyncEngine`.
    """

    store = PostgresDb


__all__ = ["AsyncPostgresDb"]
