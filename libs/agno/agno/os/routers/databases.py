"""Routes that bring the tables of databases to a version of the schema. They are for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request

from agno.db._port import RowVerbs
from agno.db._schema import KNOWN_VERSIONS
from agno.db.migrations.manager import MigrationManager
from agno.os._components import ask
from agno.os._operators import operators_only
from agno.os.routers._table import Line, routes_of
from agno.os.schema.databases import Migrated, MigratedDatabases, MigratedTable
from agno.utils.log import log_warning

if TYPE_CHECKING:
    from agno.os.app import AgentOS

_ABOUT = "The version of the schema; the newest without. Tables that are newer stay: `agno migrate --to` goes back."
_Version = Annotated[Literal[KNOWN_VERSIONS] | None, Query(description=_ABOUT)]  # type: ignore[valid-type]


def router(os: AgentOS) -> APIRouter | None:
    """/databases; None where no database is served."""
    if not os.components.dbs:
        return None
    routes = DatabaseRoutes(os)
    table: list[Line] = [
        ("POST", "/databases/all/migrate", routes.migrate_all, MigratedDatabases, 200, "migrate_all_databases",
         "Migrate all databases"),
        ("POST", "/databases/{db_id}/migrate", routes.migrate, MigratedDatabases, 200, "migrate_database",
         "Migrate one database"),
    ]  # fmt: skip
    return routes_of("Database", table, 404, 409, 422)


class DatabaseRoutes:
    """The endpoints."""

    def __init__(self, os: AgentOS) -> None:
        self.os = os

    async def migrate_all(self, request: Request, target_version: _Version = None) -> MigratedDatabases:
        """One after the other. What was done is not done again: after an interruption ask the same once more."""
        return await self._migrated(request, list(self.os.components.dbs.values()), target_version)

    async def migrate(self, request: Request, db_id: str, target_version: _Version = None) -> MigratedDatabases:
        """Brings its tables to the version."""
        if db_id not in self.os.components.dbs:
            raise HTTPException(404, f"Database with id '{db_id}' not found")
        return await self._migrated(request, [self.os.components.dbs[db_id]], target_version)

    async def _migrated(self, request: Request, dbs: list[Any], version: str | None) -> MigratedDatabases:
        operators_only(request, "databases", "write")
        done = [await _done(db, version) for db in dbs]
        if failed := sum(table.failed for one in done for table in one.tables):
            raise HTTPException(409, f"{failed} rows could not be migrated, and their tables stay. The log says which.")
        where = "All databases" if len(dbs) > 1 else f"Database {dbs[0].id}"
        text = f"{where} migrated to version {version or MigrationManager.latest}"
        if version not in (None, MigrationManager.latest):
            text += "; tables that are newer stay as they are"
        return MigratedDatabases(message=text, databases=done)


async def _done(db: Any, version: str | None) -> Migrated:
    if type(getattr(db, "_db", db)).old_tables is RowVerbs.old_tables:
        return Migrated(db_id=db.id, tables=[], versions={})  # it reads what Agno 2.0 wrote as it is
    manager = MigrationManager(db)
    report = await ask(manager.up, version)
    for line in report.failed:
        log_warning(f"Not migrated: {line}")
    tables = [
        MigratedTable(name=one.name, rows=one.there, written=one.written, failed=len(one.failed))
        for one in report.tables
    ]
    return Migrated(db_id=db.id, tables=tables, versions=await ask(manager.versions))


__all__ = ["router"]
