"""Databases, as operators see them."""

from __future__ import annotations

from pydantic import BaseModel


class MigratedTable(BaseModel):
    """What became of a table."""

    name: str
    rows: int
    written: int
    failed: int


class Migrated(BaseModel):
    """What a migration did. `versions` are those of the tables that are there now."""

    db_id: str
    tables: list[MigratedTable]
    versions: dict[str, str]


class MigratedDatabases(BaseModel):
    """What a migration did, by database."""

    message: str
    databases: list[Migrated]


__all__ = ["Migrated", "MigratedDatabases", "MigratedTable"]
