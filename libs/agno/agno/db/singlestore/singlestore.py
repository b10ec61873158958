"""Everything in SingleStore."""

from __future__ import annotations

from typing import Any

from agno.db.singlestore._dialect import SingleStoreDialect
from agno.db.sql.store import SqlDb


class SingleStoreDb(SqlDb):
    """Keeps everything in SingleStore: `SingleStoreDb(db_url="mysql+pymysql://user:password@host:3306/ai")`.

    Tables are made at the first write, in `db_schema`, or else in the database of the URL. The connection is encrypted
    and the server's certificate checked; for a server on your machine add `?ssl_disabled=true` to the URL. Give
    `db_engine`, a SQLAlchemy engine, for a pool or options of your own. Raises `ValueError` if it gets neither.
    """

    dialect = SingleStoreDialect()

    def __init__(
        self,
        id: str | None = None,
        db_engine: Any = None,
        db_schema: str | None = None,
        db_url: str | None = None,
        session_table: str | None = None,
        memory_table: str | None = None,
        metrics_table: str | None = None,
        eval_table: str | None = None,
        knowledge_table: str | None = None,
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


__all__ = ["SingleStoreDb"]
