"""SQLite: a file, no server."""

from agno.db.sqlite.async_sqlite import AsyncSqliteDb
from agno.db.sqlite.sqlite import SqliteDb

__all__ = ["AsyncSqliteDb", "SqliteDb"]
