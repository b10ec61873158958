"""Everything in MySQL or MariaDB."""

from __future__ import annotations

from typing import Any

from agno.db.sql._mysql import MySQLDialect
from agno.db.sql.store import SqlDb


class MySQLDb(SqlDb):
    """Keeps everything in MySQL or MariaDB: `MySQLDb(db_url="mysql+pymysql://user:password@localhost:3306/ai")`.

    Tables are made at the first write, in the database `db_schema` ("ai"), which is made too if it is not there. Give
    `db_engine`, a SQLAlchemy engine, for a pool or options of your own. Raises `ValueError` if it gets neither.
    """

    dialect = MySQLDialect()
    default_schema = "ai"

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


MysqlDb = MySQLDb  # as the changelog of 2.0 spells it

__all__ = ["MySQLDb", "MysqlDb"]
