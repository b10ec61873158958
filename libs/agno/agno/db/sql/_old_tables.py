"""What older versions wrote on a SQL server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from agno.db._codec import from_json, plain_to_json
from agno.db._old_tables import OldTables, all_runs
from agno.db._schema import V2
from agno.db._sessions import with_progress
from agno.db.sql import _rows as rows
from agno.db.sql._layout import ORDER, short
from agno.db.sql._statements import RunStatements
from agno.db.sql._tables import Tables
from agno.db.sql._text import escaped_json, plain_json
from agno.db.sql._work import Talk, Worker
from agno.db.tables import SESSIONS, Row, Table

T = TypeVar("T")


class SqlOldTables(OldTables):
    """With the connections, tables and statements of the database."""

    def __init__(self, worker: Worker, tables: Tables, schema: str | None) -> None:
        self._worker, self._tables, self._schema = worker, tables, schema

    def _at_once(self, work: Callable[[Talk], T]) -> T:
        return self._worker.at_once(work)

    def _table(self, schema: str | None, name: str, *columns: str) -> sa.TableClause:
        return sa.table(name, *map(sa.column, columns), schema=schema or self._schema)

    def _written(self, schema: str | None, name: str) -> str:
        """A table in statements that SQLAlchemy has no words for."""
        return str(self._worker.engines.current().dialect.identifier_preparer.format_table(self._real(schema, name)))

    def _real(self, schema: str | None, name: str) -> sa.Table:
        return sa.Table(name, sa.MetaData(), schema=schema or self._schema)

    # Tables of Agno 1 ------------------------------------------------------------------------------------------------

    def columns(self, schema: str | None) -> dict[str, set[str]]:
        where = schema or self._schema

        def work(talk: Talk) -> dict[str, set[str]]:
            inspector = sa.inspect(talk.connection)
            names = inspector.get_table_names(schema=where)
            return {name: {column["name"] for column in inspector.get_columns(name, schema=where)} for name in names}

        return self._at_once(work)

    def count(self, schema: str | None, name: str) -> int:
        query = sa.select(sa.func.count()).select_from(self._table(schema, name))
        found: int = self._at_once(lambda talk: talk.execute(query).scalar_one())
        return found

    def keys(self, schema: str | None, name: str, key: str, after: Any, limit: int) -> list[Any]:
        table = self._table(schema, name, key)
        query = sa.select(table.c[key]).order_by(table.c[key]).limit(limit)
        if after is not None:
            query = query.where(table.c[key] > after)
        return self._at_once(lambda talk: list(talk.execute(query).scalars()))

    def rows(self, schema: str | None, name: str, key: str, keys: Sequence[Any]) -> list[Row]:
        table = self._table(schema, name, key)
        query = sa.select(sa.text("*")).select_from(table).where(table.c[key].in_(list(keys)))
        return self._at_once(lambda talk: [dict(row) for row in talk.execute(query).mappings()])

    def rename(self, schema: str | None, name: str, new: str) -> None:
        def work(talk: Talk) -> None:
            old = sa.Table(name, sa.MetaData(), schema=schema or self._schema, autoload_with=talk.connection)
            for index in old.indexes:  # their names are wanted for the new table
                index.drop(talk.connection)
            place = self._written(schema, name)
            target = self._written(schema, new) if self._worker.dialect.renames_with_schema else self._quoted(new)
            talk.execute(sa.text(f"ALTER TABLE {_literal(place)} RENAME TO {_literal(target)}"))

        self._worker.together(work)
        self._tables.forget()

    def _quoted(self, name: str) -> str:
        return str(self._worker.engines.current().dialect.identifier_preparer.quote_identifier(name))

    def drop(self, schema: str | None, name: str) -> None:
        self._worker.together(lambda talk: self._real(schema, name).drop(talk.connection, checkfirst=True))

    # Runs in sessions ------------------------------------------------------------------------------------------------

    @property
    def _sessions(self) -> sa.Table:
        return self._tables.sql_of(SESSIONS)

    def full_sessions(self, after: str | None, limit: int) -> list[str]:
        return self._ids(self._sessions.c.runs.is_not(None), after, limit)

    def emptied_sessions(self, after: str | None, limit: int) -> list[str]:
        return self._ids(self._sessions.c.runs.is_(None), after, limit)

    def _ids(self, which: sa.ColumnElement[bool], after: str | None, limit: int) -> list[str]:
        key = self._sessions.c.session_id
        query = sa.select(key).where(which).order_by(key).limit(limit)
        if after is not None:
            query = query.where(key > rows.key(after, self._worker.dialect))
        return self._at_once(lambda talk: [rows.plain(found) for found in talk.execute(query).scalars()])

    def count_full(self) -> int:
        query = sa.select(sa.func.count()).select_from(self._sessions).where(self._sessions.c.runs.is_not(None))
        found: int = self._at_once(lambda talk: talk.execute(query).scalar_one())
        return found

    def take_out(self, session_id: str, *, keep: bool) -> int:
        key = rows.key(session_id, self._worker.dialect)
        if keep:
            self._make_kept()

        def work(talk: Talk) -> int:
            sql = self._tables.needed_runs(talk)
            old = self._locked(talk, sql, key)
            if old is None:
                return 0
            runs = all_runs(session_id, plain_json(old), self._rows(talk, sql, key))
            if keep:
                self._keep(talk, key)
            talk.execute(sql.runs.delete("session_id", [key]))
            if runs:
                talk.execute(sql.runs.upsert, [rows.run_values(run, self._worker.dialect) for run in runs])
            talk.execute(sql.set_old_runs, {"key": key, "old": None})
            return len(runs)

        return self._worker.together(work)

    def _locked(self, talk: Talk, sql: RunStatements, key: str) -> str | None:
        """The runs in a session, which nobody else may write until the transaction ends."""
        table = sql.headers.sql
        query = sa.select(sa.cast(table.c.runs, sa.Text)).where(table.c.session_id == key).with_for_update()
        found: str | None = talk.execute(query).scalar()
        return found

    @staticmethod
    def _rows(talk: Talk, sql: RunStatements, key: str) -> list[tuple[str, bytes]]:
        return [rows.run_of(run_id, payload) for _, run_id, payload in talk.execute(sql.runs.of_sessions([key]))]

    def _make_kept(self) -> None:
        kept, sessions = (self._written(None, name) for name in (self.kept_name(), self._sessions.name))
        make = f"CREATE TABLE IF NOT EXISTS {_literal(kept)} AS SELECT * FROM {_literal(sessions)} WHERE 1 = 0"
        self._worker.together(lambda talk: talk.execute(sa.text(make)))

    def _keep(self, talk: Talk, key: str) -> None:
        kept, sessions = (self._written(None, name) for name in (self.kept_name(), self._sessions.name))
        which = "WHERE session_id = :key"
        talk.execute(sa.text(f"DELETE FROM {_literal(kept)} {which}"), {"key": key})
        talk.execute(sa.text(f"INSERT INTO {_literal(kept)} SELECT * FROM {_literal(sessions)} {which}"), {"key": key})

    def put_back(self, session_id: str, trimmed: Callable[[Row], Row]) -> int:
        key = rows.key(session_id, self._worker.dialect)

        def work(talk: Talk) -> int:
            sql = self._tables.needed_runs(talk)
            old = self._locked(talk, sql, key)
            inner = plain_json(old) if old is not None else None
            runs = all_runs(session_id, inner, with_progress(self._rows(talk, sql, key)))
            text = escaped_json(plain_to_json([trimmed(from_json(run["payload"])) for run in runs]))
            talk.execute(sql.set_old_runs, {"key": key, "old": text})
            talk.execute(sql.runs.delete("session_id", [key]))
            return len(runs)

        return self._worker.together(work)

    def kept_name(self) -> str:
        return short(f"{self._sessions.name}_2_0")

    # Versions --------------------------------------------------------------------------------------------------------

    def version(self, table: Table) -> str | None:
        def work(talk: Talk) -> str | None:
            if self._tables.found(talk, table) is None:
                return None
            return self._tables.noted(talk.connection, self._tables.sql_of(table).name) or V2

        return self._at_once(work)

    def note(self, table: Table, version: str) -> None:
        name = self._tables.sql_of(table).name
        self._worker.together(lambda talk: self._tables.note(talk.connection, name, version))

    def add_indexes(self, table: Table) -> None:
        sql = self._tables.sql_of(table)

        def work(talk: Talk) -> None:
            there = {column["name"] for column in sa.inspect(talk.connection).get_columns(sql.name, schema=sql.schema)}
            known = {index["name"] for index in sa.inspect(talk.connection).get_indexes(sql.name, schema=sql.schema)}
            for index in sql.indexes:
                names = {column.name for column in index.columns}
                if index.name not in known and names <= there - {ORDER}:
                    index.create(talk.connection)

        self._worker.together(work)


def _literal(name: str) -> str:
    """A quoted name in `sa.text`, where a colon would begin a parameter."""
    return name.replace(":", "\\:")


__all__ = ["SqlOldTables"]
