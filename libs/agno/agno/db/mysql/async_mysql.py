"""MySQL and MariaDB for asynchronous code."""

from __future__ import annotations

from typing import Any

from agno.db.mysql.mysql import MySQLDb
from agno.db.sql.async_store import AsyncSqlDb


class AsyncMySQLDb(AsyncSqlDb):
    """`MySQLDb` whose methods are awaited: `AsyncMySQLDb(db_url="mysql+asyncmy://user:password@localhost:3306/ai")`.

    The driver is asyncmy, or aiomysql with `mysql+aiomysql://`. `db_engine` is a SQLAlchemy `AsyncEngine`.
    """

    store = MySQLDb

    def __init__(
        self,
        db_engine: Any = None,
        db_schema: str | None = None,
        db_url: str | None = None,
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


__all__ = ["AsyncMySQLDb"]
