"""Everything in a SQLite file, through the standard library's driver."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from operator import eq
from pathlib import Path
from typing import Any

import msgspec
from typing_extensions import Unpack

from agno.db._codec import from_json, nested_from_json, plain_to_json, to_json
from agno.db._names import TableNames
from agno.db._old_tables import OldTables
from agno.db._port import CHECK_PLACE, NoTextError, RunRow, StoredHeader
from agno.db._schema import SCHEMA_VERSION, VERSIONS, check_version, lacking, misfit, to_add
from agno.db._sessions import old_runs, with_old_runs
from agno.db.base import BaseDb, DbError, DbUnavailableError
from agno.db.query import Query
from agno.db.sqlite._connections import (
    BUSY_TIMEOUT,
    IN_MEMORY,
    Connections,
    FileGoneError,
    OfEngine,
    of_file,
    path_of_url,
    turn_to_write,
)
from agno.db.sqlite._old_tables import FIND_VERSION, MAKE_VERSIONS, NOTE, SqliteOldTables
from agno.db.sqlite._statements import CONTENTS, OWNERS, RunStatements, Statements
from agno.db.tables import MEMORIES, RUNS, SESSIONS, TABLES, Column, Row, Table
from agno.utils.dttm import now_epoch

_AT_ONCE = 500  # values in one list
_HAS_VERSIONS = f"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{VERSIONS}'"


class SqliteDb(BaseDb):
    """Keeps everything in a file: `SqliteDb(db_file="agent.db")`, or `db_url="sqlite:///agent.db"`.

    Without any of the three it is `./agno.db`. Several threads and processes may use one file at once. Tables are made
    at the first write. A SQLAlchemy engine may be given too; without one, SQLAlchemy is not needed.
    """

    def __init__(
        self,
        db_engine: Any = None,
        db_url: str | None = None,
        db_file: str | Path | None = None,
        *tables: str | None,
        **more: Unpack[TableNames],
    ) -> None:
        super().__init__(*tables, **more)
        self._engine = db_engine
        if isinstance(db_engine, (str, Path)):
            raise TypeError(
                f"db_engine={db_engine!r} is no SQLAlchemy engine. Write SqliteDb(db_file={str(db_engine)!r})."
            )
        if db_engine is not None:
            self.db_url, self.db_file = str(db_engine.url), db_engine.url.database
            self._connections: Connections = OfEngine(db_engine)
        else:
            path = path_of_url(db_url) if db_url is not None else str(db_file or "agno.db")
            self.db_url, self.db_file = db_url or f"sqlite:///{path}", path
            self._connections = of_file(path)
        named = self.db_file not in (None, "", IN_MEMORY)
        self._place = os.path.abspath(self.db_file) if named else f"{IN_MEMORY} {id(self)}"
        self._sql = {table.kind: Statements(table, self.table_name(table)) for table in TABLES}
        self._run_sql = RunStatements(self._sql["sessions"], self._sql["runs"])
        self._checked: set[str] = set()  # tables that are there, with all columns

    @property
    def db_engine(self) -> Any:
        """A SQLAlchemy engine for the file: the one that was given, or one made now."""
        if self._engine is None:
            try:
                self._engine = import_module("sqlalchemy").create_engine(self.db_url)
            except ImportError as error:
                raise ImportError("db_engine needs `sqlalchemy`. Install it with: pip install sqlalchemy") from error
        return self._engine

    @property
    def metadata(self) -> Any:
        """The tables that are in the file, as SQLAlchemy knows them."""
        engine = self.db_engine
        found = import_module("sqlalchemy").MetaData()
        found.reflect(engine)
        return found

    @cached_property
    def Session(self) -> Any:  # the name Agno 2.0 gave it
        """A factory of SQLAlchemy sessions for queries of your own."""
        engine, orm = self.db_engine, import_module("sqlalchemy.orm")
        return orm.scoped_session(orm.sessionmaker(bind=engine))

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._connections.close()
        self._checked.clear()  # there may be another file by then

    # Connections -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self, *tables: Table) -> Iterator[sqlite3.Connection | None]:
        """A connection; None if one of the tables is not there yet, so nothing is in it."""
        with self._connected() as connection:
            yield connection if all([self._is_there(connection, table) for table in tables]) else None

    @contextmanager
    def _writing(self, *tables: Table) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction that ends with the block, or is taken back if it fails."""
        with self._connected() as connection:
            for table in tables:
                if not self._is_there(connection, table):
                    self._make(connection, self._sql[table.kind])
                    self._is_there(connection, table)
            with self._transaction(connection):
                yield connection

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Iterator[None]:
        turn = turn_to_write(self._place)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            turn.release()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._connections.take()
            try:
                yield connection
            finally:
                self._connections.give(connection)
        except sqlite3.Error as error:
            raise self._explained(error) from error
        except msgspec.DecodeError as error:
            raise DbError(f"{self.db_file!r} has a JSON column that holds no JSON: {error}.") from error
        except UnicodeEncodeError as error:
            raise NoTextError("SQLite", error) from error
        except FileGoneError as error:
            raise DbUnavailableError(
                f"The SQLite file {self.db_file!r} cannot be used: {error}, so what is written would be lost. Put it back, "
                "or start the program again to begin with a new one."
            ) from error
        except OSError as error:
            raise DbUnavailableError(
                f"The SQLite file {self.db_file!r} cannot be opened: {error}. {CHECK_PLACE}"
            ) from error

    def _explained(self, error: sqlite3.Error) -> DbError:
        text = str(error)
        if "no such table" in text:
            self._checked.clear()  # somebody dropped it; the next write makes it again
        if "not a database" in text:
            return DbUnavailableError(f"{self.db_file!r} is no SQLite database. Choose another db_file.")
        if "is locked" in text:
            wait = f"others have had it locked for {BUSY_TIMEOUT:g} s"
            return DbUnavailableError(f"SQLite could not use {self.db_file!r}: {wait}. Try again.", waited=True)
        if isinstance(error, sqlite3.OperationalError):
            return DbUnavailableError(f"SQLite could not use {self.db_file!r}: {text}. {CHECK_PLACE}")
        return DbError(f"SQLite failed on {self.db_file!r}: {text}.")

    # Tables ----------------------------------------------------------------------------------------------------------

    def _is_there(self, connection: sqlite3.Connection, table: Table) -> bool:
        if table.kind in self._checked:
            return True
        sql = self._sql[table.kind]
        there = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({sql.name})")}
        if not there:
            return False
        missing = lacking(table, there)
        if missing:
            raise misfit(sql.plain_name, self.db_url, missing, there)
        if connection.execute(_HAS_VERSIONS).fetchone() is not None:
            found = connection.execute(FIND_VERSION, (sql.plain_name,)).fetchone()
            check_version(sql.plain_name, self.db_url, found and found[0])
        if to_add(table, there):
            with self._transaction(connection):  # another process may be about to do the same
                now = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({sql.name})")}
                for column in to_add(table, now):
                    connection.execute(sql.add_column(column))
        self._checked.add(table.kind)
        return True

    def _make(self, connection: sqlite3.Connection, sql: Statements) -> None:
        with self._transaction(connection):  # several processes may start at once
            new = not connection.execute(f"PRAGMA table_info({sql.name})").fetchall()
            for statement in (*sql.create, MAKE_VERSIONS):
                connection.execute(statement)
            if new:
                connection.execute(NOTE, (sql.plain_name, SCHEMA_VERSION, now_epoch()))

    def old_tables(self) -> OldTables:
        """What older versions wrote."""
        return SqliteOldTables(self._sql, self._connected, self._writing)

    # Rows ------------------------------------------------------------------------------------------------------------

    def get(self, table: Table, key: str) -> Row | None:
        with self._reading(table) as connection:
            if connection is None:
                return None
            return self._one(connection, table, key)

    def _one(self, connection: sqlite3.Connection, table: Table, key: str) -> Row | None:
        found = connection.execute(self._sql[table.kind].select, (key,)).fetchone()
        return None if found is None else _row(table, table.names, found)

    def put(self, table: Table, row: Row) -> None:
        with self._writing(table) as connection:
            connection.execute(self._sql[table.kind].upsert, _values(table.columns, row))

    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        with self._reading(table) as connection:
            if connection is None:
                return 0
        parts = [(RUNS, "session_id"), (table, table.key)] if table is SESSIONS else [(table, table.key)]
        with self._writing(*(part for part, _ in parts)) as connection:
            gone = 0
            for part, column in parts:
                sql = self._sql[part.kind]
                if keys is None:
                    gone = connection.execute(sql.delete(None)).rowcount
                else:
                    gone = connection.executemany(sql.delete(column), [(key,) for key in keys]).rowcount
        return max(0, gone)

    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        text, count, values = self._sql[table.kind].find(query)
        with self._reading(table) as connection:
            if connection is None:
                return [], 0
            names = query.columns or table.names
            rows = [_row(table, names, found) for found in connection.execute(text, (*values, *(query.window or ())))]
            if query.window is None or not query.counted:
                return rows, len(rows)
            return rows, connection.execute(count, values).fetchone()[0]

    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        with self._writing(table) as connection:
            new = change(self._one(connection, table, key))
            if new is None:
                return None
            connection.execute(self._sql[table.kind].upsert, _values(table.columns, new))
        return {name: new.get(name) for name in table.names}

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        with self._reading(SESSIONS) as connection:
            if connection is None:
                return None
            if runs == 0 or not self._is_there(connection, RUNS):
                found = connection.execute(self._run_sql.load_header, (session_id,)).fetchall()
            else:
                window = -1 if runs is None else runs
                found = connection.execute(self._run_sql.load, (session_id, window)).fetchall()
            if not found or found[0][0] is not None:
                return None
            header = _row(SESSIONS, SESSIONS.names, found[0][1:-1])
            header["runs"] = old_runs(found[0][-1])
        return header, [(run[1], run[2]) for run in reversed(found) if run[0] is not None]

    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        return self._load_runs(session_ids, first=False)

    def load_first_runs(self, session_ids: Sequence[str]) -> dict[str, RunRow]:
        return {key: runs[0] for key, runs in self._load_runs(session_ids, first=True).items()}

    def _load_runs(self, session_ids: Sequence[str], first: bool) -> dict[str, list[RunRow]]:
        found: dict[str, list[RunRow]] = {}
        with self._reading(SESSIONS) as connection:
            if connection is None:
                return found
            for start in range(0, len(session_ids), _AT_ONCE):
                wanted = session_ids[start : start + _AT_ONCE]
                if self._is_there(connection, RUNS):
                    for session_id, *run in connection.execute(self._run_sql.load_runs(wanted, first), wanted):
                        found.setdefault(session_id, []).append((run[0], run[1]))
                for session_id, old in connection.execute(self._run_sql.load_old_runs(wanted), wanted):
                    found[session_id] = with_old_runs(old, found.get(session_id, ()))
        return found

    def write_session(
        self,
        session_id: str,
        settle: Callable[[StoredHeader | None], Row | None],
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        sql = self._run_sql
        with self._writing(SESSIONS, RUNS) as connection:
            stored = connection.execute(sql.stored, (session_id,)).fetchone()
            header = settle(None if stored is None else StoredHeader(*stored[:4]))
            if header is not None and stored is not None and all(map(eq, stored[4:], _values(OWNERS, header))):
                connection.execute(sql.change, (*_values(CONTENTS, header), session_id))
            elif header is not None:
                connection.execute(self._sql["sessions"].upsert, _values(SESSIONS.columns, header))
            for run in runs:
                values = [*(run[name] for name in RUNS.names[:-1]), run["payload"].decode()]
                found = 0 if append else connection.execute(sql.replace, (*values[2:], *values[:2])).rowcount
                if not found:
                    connection.execute(sql.append, values)
            if dropped:
                connection.executemany(sql.drop, [(session_id, run_id) for run_id in dropped])
                self._drop_old_runs(connection, session_id, dropped)

    def _drop_old_runs(self, connection: sqlite3.Connection, session_id: str, dropped: Collection[str]) -> None:
        (old,) = connection.execute(self._run_sql.old_runs, (session_id,)).fetchone()
        if old is not None:
            kept = [run for run in old_runs(old) if run.get("run_id") not in dropped]
            connection.execute(self._run_sql.set_old_runs, (plain_to_json(kept).decode() if kept else None, session_id))


def _values(columns: Sequence[Column], row: Row) -> list[Any]:
    values = []
    for column in columns:
        value = row.get(column.name)
        if column.kind == "json" and value is not None:
            value = to_json(value).decode()
        values.append(value)
    return values


def _row(table: Table, names: Sequence[str], values: Sequence[Any]) -> Row:
    row = dict(zip(names, values, strict=True))
    for name in table.json_names:
        if (text := row.get(name)) is not None:
            row[name] = from_json(text) if table is MEMORIES and name == "memory" else nested_from_json(text)
    return row


__all__ = ["SqliteDb"]
