"""SQLite: a file, no server."""

from agno.db.sqlite.sqlite import SqliteDb

__all__ = ["SqliteDb"]
