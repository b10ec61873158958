"""MySQL and MariaDB for asynchronous code."""

from __future__ import annotations

from agno.db.mysql.mysql import MySQLDb
from agno.db.sql._mysql import EngineFirst
from agno.db.sql.async_store import AsyncSqlDb


class AsyncMySQLDb(EngineFirst, AsyncSqlDb):
    """`MySQLDb` whose methods are awaited: `AsyncMySQLDb(db_url="mysql+asyncmy://user:password@localhost:3306/ai")`.

    The driver is asyncmy, or aiomysql with `mysql+aiomysql://`. `db_engine` is a SQLAlchemy `AsyncEngine`.
    """

    store = MySQLDb


__all__ = ["AsyncMySQLDb"]
