"""Databases. Import one from its package: `from agno.db.sqlite import SqliteDb`."""

from agno.db.base import BaseDb, SessionType

__all__ = ["BaseDb", "SessionType"]
