"""PostgreSQL for asynchronous code."""

from __future__ import annotations

from typing import Any

from agno.db.postgres.postgres import PostgresDb
from agno.db.sql.async_store import AsyncSqlDb


class AsyncPostgresDb(AsyncSqlDb):
    """`PostgresDb` whose methods are awaited: `AsyncPostgresDb(db_url="postgresql+psycopg://user:password@host/ai")`.

    The driver is psycopg, or asyncpg with `postgresql+asyncpg://`. `db_engine` is a SQLAlchemy `AsyncEngine`.
    """

    store = PostgresDb

    def __init__(
        self,
        db_url: str | None = None,
        db_engine: Any = None,
        db_schema: str | None = None,
        session_table: str | None = None,
        memory_table: str | None = None,
        metrics_table: str | None = None,
        eval_table: str | None = None,
        knowledge_table: str | None = None,
        id: str | None = None,
        *,
        components_table: str | None = None,
        approvals_table: str | None = None,
        culture_table: str | None = None,
        learnings_table: str | None = None,
    ) -> None:
        super().__init__(
            db_url=db_url,
            db_engine=db_engine,
            db_schema=db_schema,
            session_table=session_table,
            memory_table=memory_table,
            metrics_table=metrics_table,
            eval_table=eval_table,
            knowledge_table=knowledge_table,
            components_table=components_table,
            approvals_table=approvals_table,
            culture_table=culture_table,
            learnings_table=learnings_table,
            id=id,
        )


__all__ = ["AsyncPostgresDb"]
