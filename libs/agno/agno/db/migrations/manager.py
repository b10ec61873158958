"""Brings the tables of a database to a version of the schema, in place."""

from __future__ import annotations

from typing import Any

from agno.db._async import AsyncBaseDb
from agno.db._old_tables import OldTables
from agno.db._schema import KNOWN_VERSIONS, SCHEMA_VERSION, V2
from agno.db.base import BaseDb
from agno.db.migrations._move import BATCH, Progress, Report, put_back_runs, quiet, take_out_runs
from agno.db.query import Query
from agno.db.tables import RUNS, SESSIONS, TABLES, Table


class MigrationManager:
    """`MigrationManager(db).up()` makes rows of the runs that Agno 2.0 kept in its sessions; `down()` puts them back.

    Of an asynchronous database the results are awaited; of any other they may be. What was done is not done again: after an
    interruption call the same once more. Versions are written in the table `agno_schema_versions`.
    """

    latest = SCHEMA_VERSION

    def __init__(self, db: BaseDb | AsyncBaseDb, *, progress: Progress = quiet, batch_size: int = BATCH) -> None:
        self.db = db
        self._progress, self._batch_size = progress, batch_size

    def up(
        self,
        target_version: str | None = None,
        table_type: str | None = None,
        force: bool = False,
        *,
        keep_old: bool = True,
    ) -> Any:
        """Bring all tables, or one type of them, to a version, the newest if none is given; gives a `Report`.

        `force` does the work again on tables that have the version already. The sessions as they were stay in
        `{session_table}_2_0`, unless `keep_old` is False, which also drops what an earlier call kept there.
        """
        target, tables = _target(target_version or self.latest), _chosen(table_type)
        return self._done(lambda db, old: self._up(db, old, target, tables, force, keep_old))

    def down(self, target_version: str | None = None, table_type: str | None = None, force: bool = False) -> Any:
        """Bring all tables, or one type of them, back to a version; to 2.0.0 if none is given, which Agno 2.0 can read."""
        target, tables = _target(target_version or V2), _chosen(table_type)
        return self._done(lambda db, old: self._down(db, old, target, tables, force))

    def versions(self) -> Any:
        """The version of each table that is there, by its type; awaited if the database is."""
        return self._done(lambda _, old: {t.kind: v for t in TABLES if (v := old.version(t)) is not None})

    # ------------------------------------------------------------------------------------------------------------------

    def _done(self, work: Any) -> Any:
        db = self.db
        if isinstance(db, AsyncBaseDb):
            return db._run(lambda: work(db._db, db._db.old_tables()))
        return work(db, db.old_tables())

    def _up(self, db: BaseDb, old: OldTables, target: str, tables: list[Table], force: bool, keep_old: bool) -> Report:
        report = Report()
        for table in tables:
            version = old.version(table)
            if version is None or (_place(version) >= _place(target) and not force):
                continue
            if table is SESSIONS and target == SCHEMA_VERSION:
                db.find(SESSIONS, Query(limit=0))  # refuses a table of another program
                moved = take_out_runs(old, keep=keep_old, batch_size=self._batch_size, progress=self._progress)
                report.tables.append(moved)
                if moved.failed:
                    continue  # not all is as it should be, so the version stays
            old.add_indexes(table)
            old.note(table, target)
        if not keep_old and SESSIONS in tables and not report.failed:
            old.drop(None, old.kept_name())
        return report

    def _down(self, db: BaseDb, old: OldTables, target: str, tables: list[Table], force: bool) -> Report:
        report = Report()
        for table in tables:
            version = old.version(table)
            if version is None or (_place(version) <= _place(target) and not force):
                continue
            if table is SESSIONS and target != SCHEMA_VERSION:
                report.tables.append(put_back_runs(db, old, batch_size=self._batch_size, progress=self._progress))
            old.note(table, target)
        return report


def _target(version: str) -> str:
    if version not in KNOWN_VERSIONS:
        raise ValueError(f"There is no version {version!r} of the schema. Known are {', '.join(KNOWN_VERSIONS)}.")
    return version


def _place(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _chosen(table_type: str | None) -> list[Table]:
    """The tables of a type; the runs belong to the sessions."""
    if table_type is None:
        return list(TABLES)
    found = [table for table in TABLES if table_type in (table.kind, table.kind.removesuffix("s"))]
    if not found:
        kinds = ", ".join(table.kind for table in TABLES)
        raise ValueError(f"There is no table type {table_type!r}. Known are {kinds}.")
    return [*found, RUNS] if found == [SESSIONS] else found


__all__ = ["MigrationManager", "Report"]
