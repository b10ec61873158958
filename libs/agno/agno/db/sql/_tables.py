"""Whether the tables are there, and making them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError

from agno.db._port import InvalidSchemaError
from agno.db._schema import lacking, misfit, to_add
from agno.db.sql._dialect import Dialect
from agno.db.sql._layout import ORDER, SCHEMA_VERSION, VERSIONS, sql_table, versions_table
from agno.db.sql._statements import RunStatements, Statements
from agno.db.sql._work import Again, Talk, Worker
from agno.db.tables import RUNS, SESSIONS, TABLES, Column, Table
from agno.utils.dttm import now_epoch


class Tables:
    """The tables of a database, and the statements for those that were found to be there."""

    def __init__(self, names: dict[str, str], schema: str | None, dialect: Dialect, worker: Worker) -> None:
        self.metadata = sa.MetaData(schema=schema)
        self._schema, self._dialect, self._worker = schema, dialect, worker
        self._sql = {t.kind: sql_table(t, names[t.kind], self.metadata, dialect) for t in TABLES}
        self._versions = versions_table(self.metadata, dialect)
        self._there: dict[str, Statements] = {}
        self._of_runs: RunStatements | None = None
        worker.lost = self.forget

    def forget(self) -> None:
        """Look again which tables are there."""
        self._there.clear()
        self._of_runs = None

    def found(self, talk: Talk, table: Table) -> Statements | None:
        """The statements for a table; None if it is not there."""
        known = self._there.get(table.kind)
        return known if known is not None else self._look(talk.connection, table)

    def found_runs(self, talk: Talk) -> RunStatements | None:
        """The statements for headers with their runs; None if one of both tables is not there."""
        if self._of_runs is None:
            headers, runs = self.found(talk, SESSIONS), self.found(talk, RUNS)
            if headers is None or runs is None:
                return None
            self._of_runs = RunStatements(headers, runs)
        return self._of_runs

    def needed(self, talk: Talk, table: Table) -> Statements:
        """The statements for a table. If it is not there it is made, without this connection, and the work done again."""
        found = self.found(talk, table)
        if found is None:
            raise Again(lambda: self._make(table))
        return found

    def needed_runs(self, talk: Talk) -> RunStatements:
        """The statements for headers with their runs; the tables are made if they are not there."""
        if self._of_runs is None:
            self._of_runs = RunStatements(self.needed(talk, SESSIONS), self.needed(talk, RUNS))
        return self._of_runs

    # ------------------------------------------------------------------------------------------------------------------

    def _look(self, connection: sa.Connection, table: Table) -> Statements | None:
        sql = self._sql[table.kind]
        inspector = sa.inspect(connection)
        there = self._columns(inspector, sql.name)
        if not there:
            return None
        missing = lacking(table, there)
        if missing:
            raise misfit(sql.fullname, self._worker.engines.place, missing, there)
        if later := to_add(table, there):
            raise Again(lambda: self._add(table, later))
        self._check_version(connection, inspector, sql)
        if ORDER not in there:
            sql = sql_table(table, sql.name, sa.MetaData(schema=self._schema), self._dialect, ordered=False)
        made = self._there[table.kind] = Statements(table, sql, self._dialect)
        return made

    def _columns(self, inspector: Any, name: str) -> set[str]:
        try:
            return {column["name"] for column in inspector.get_columns(name, schema=self._schema)}
        except NoSuchTableError:
            return set()

    def _check_version(self, connection: sa.Connection, inspector: Any, sql: sa.Table) -> None:
        versions = self._versions
        if not inspector.has_table(VERSIONS, schema=self._schema):
            return  # Agno 2.0 did not write it
        query = sa.select(versions.c.version).where(versions.c.table_name == sql.name)
        version = connection.execute(query).scalar() or SCHEMA_VERSION
        if int(version.partition(".")[0]) > int(SCHEMA_VERSION.partition(".")[0]):
            raise InvalidSchemaError(
                f"Table {sql.fullname!r} in {self._worker.engines.place!r} has version {version} of the schema, newer "
                f"than {SCHEMA_VERSION}, which this Agno writes: install a newer agno, or choose another table name."
            )

    def _add(self, table: Table, columns: list[Column]) -> None:
        """Give a table of an older version the columns that it lacks."""
        sql = self._sql[table.kind]

        def add(talk: Talk) -> None:
            for column in columns:
                talk.execute(_added(talk.connection, sql, sql.c[column.name]))

        try:
            self._worker.together(add)
        except Exception:
            # several processes may start at once: then another one added them
            there = self._worker.at_once(lambda talk: self._columns(sa.inspect(talk.connection), sql.name))
            if to_add(table, there):
                raise

    def _make(self, table: Table) -> None:
        try:
            self._worker.together(lambda talk: self._created(talk.connection, table))
        except Exception:
            # several processes may start at once: then another one made it
            if self._worker.at_once(lambda talk: self._look(talk.connection, table)) is None:
                raise

    def _created(self, connection: sa.Connection, table: Table) -> None:
        """The schema, the table with its indexes, and the note of its version."""
        sql = self._sql[table.kind]
        if self._schema is not None and not sa.inspect(connection).has_schema(self._schema):
            connection.execute(sa.schema.CreateSchema(self._schema, if_not_exists=True))
        self.metadata.create_all(connection, tables=[sql, self._versions])
        now = now_epoch()
        note = self._dialect.upsert(self._versions, ["table_name"], ["version", "updated_at"])
        values = {"table_name": sql.name, "version": SCHEMA_VERSION, "created_at": now, "updated_at": now}
        connection.execute(note.values(values))


def _added(connection: sa.Connection, table: sa.Table, column: sa.Column[Any]) -> sa.TextClause:
    """The statement that adds a column; it says nothing of the index."""
    dialect = connection.dialect
    described = sa.schema.CreateColumn(column).compile(dialect=dialect)
    return sa.text(f"ALTER TABLE {dialect.identifier_preparer.format_table(table)} ADD COLUMN {described}")


__all__ = ["Tables"]
