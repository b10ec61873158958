"""What older versions wrote into a SQLite file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from sqlite3 import Connection
from typing import Any

from agno.db._codec import from_json, nested_from_json, plain_to_json
from agno.db._old_tables import OldTables, all_runs
from agno.db._schema import V2, VERSIONS
from agno.db._sessions import with_progress
from agno.db.sqlite._statements import Statements, marks, quoted
from agno.db.tables import RUNS, SESSIONS, Row, Table
from agno.utils.dttm import now_epoch

Connected = Callable[..., AbstractContextManager[Connection]]

MAKE_VERSIONS = (
    f"CREATE TABLE IF NOT EXISTS {VERSIONS} "
    "(table_name TEXT PRIMARY KEY, version TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER)"
)
NOTE = (
    f"INSERT INTO {VERSIONS} VALUES (?1, ?2, ?3, ?3) "
    "ON CONFLICT (table_name) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at"
)
FIND_VERSION = f"SELECT version FROM {VERSIONS} WHERE table_name = ?"


class SqliteOldTables(OldTables):
    """On connections of the database: `reading()` lends one, `writing(*tables)` one in a transaction on tables that are there."""

    def __init__(self, sql: dict[str, Statements], reading: Connected, writing: Connected) -> None:
        self._sql, self._reading, self._writing = sql, reading, writing
        self._sessions, self._runs = sql["sessions"].name, sql["runs"].name

    def _found(self, statement: str, *values: Any) -> list[Any]:
        with self._reading() as connection:
            return connection.execute(statement, values).fetchall()

    # Tables of Agno 1 ------------------------------------------------------------------------------------------------

    def columns(self, schema: str | None) -> dict[str, set[str]]:
        names = [name for (name,) in self._found("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: {column[1] for column in self._found(f"PRAGMA table_info({quoted(name)})")} for name in names}

    def count(self, schema: str | None, name: str) -> int:
        found: int = self._found(f"SELECT count(*) FROM {quoted(name)}")[0][0]
        return found

    def keys(self, schema: str | None, name: str, key: str, after: Any, limit: int) -> list[Any]:
        column = quoted(key)
        behind = "" if after is None else f"WHERE {column} > ?2 "
        values = (limit,) if after is None else (limit, after)
        return [
            one
            for (one,) in self._found(
                f"SELECT {column} FROM {quoted(name)} {behind}ORDER BY {column} LIMIT ?1", *values
            )
        ]

    def rows(self, schema: str | None, name: str, key: str, keys: Sequence[Any]) -> list[Row]:
        wanted = f"SELECT * FROM {quoted(name)} WHERE {quoted(key)} IN ({marks(keys)})"
        with self._reading() as connection:
            cursor = connection.execute(wanted, keys)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, values, strict=True)) for values in cursor]

    def rename(self, schema: str | None, name: str, new: str) -> None:
        with self._writing() as connection:
            for (index,) in connection.execute(_INDEXES, (name,)).fetchall():
                connection.execute(f"DROP INDEX {quoted(index)}")  # their names are wanted for the new table
            connection.execute(f"ALTER TABLE {quoted(name)} RENAME TO {quoted(new)}")

    def drop(self, schema: str | None, name: str) -> None:
        with self._writing() as connection:
            connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")

    # Runs in sessions ------------------------------------------------------------------------------------------------

    def full_sessions(self, after: str | None, limit: int) -> list[str]:
        return self._ids(_FULL, after, limit)

    def count_full(self) -> int:
        found: int = self._found(f"SELECT count(*) FROM {self._sessions} WHERE {_FULL}")[0][0]
        return found

    def emptied_sessions(self, after: str | None, limit: int) -> list[str]:
        return self._ids("runs IS NULL", after, limit)

    def _ids(self, which: str, after: str | None, limit: int) -> list[str]:
        behind, values = ("", (limit,)) if after is None else (" AND session_id > ?2", (limit, after))
        wanted = f"SELECT session_id FROM {self._sessions} WHERE {which}{behind} ORDER BY session_id LIMIT ?1"
        return [one for (one,) in self._found(wanted, *values)]

    def take_out(self, session_id: str, *, keep: bool) -> int:
        with self._writing(SESSIONS, RUNS) as connection:
            found = connection.execute(
                f"SELECT runs FROM {self._sessions} WHERE session_id = ?", (session_id,)
            ).fetchone()
            if found is None or found[0] is None:
                return 0
            rows = all_runs(session_id, found[0], self._rows(connection, session_id))
            if keep:
                self._keep(connection, session_id)
            connection.execute(f"DELETE FROM {self._runs} WHERE session_id = ?", (session_id,))
            insert = f"INSERT INTO {self._runs} ({self._sql['runs'].columns}) VALUES ({marks(RUNS.names)})"
            connection.executemany(insert, [[_text(row[name]) for name in RUNS.names] for row in rows])
            connection.execute(f"UPDATE {self._sessions} SET runs = NULL WHERE session_id = ?", (session_id,))
            return len(rows)

    def _keep(self, connection: Connection, session_id: str) -> None:
        kept = quoted(self.kept_name())
        connection.execute(f"CREATE TABLE IF NOT EXISTS {kept} AS SELECT * FROM {self._sessions} WHERE false")
        connection.execute(f"DELETE FROM {kept} WHERE session_id = ?", (session_id,))
        connection.execute(f"INSERT INTO {kept} SELECT * FROM {self._sessions} WHERE session_id = ?", (session_id,))

    def _rows(self, connection: Connection, session_id: str) -> list[tuple[str, bytes]]:
        wanted = f"SELECT run_id, CAST(payload AS BLOB) FROM {self._runs} WHERE session_id = ? ORDER BY seq"
        return connection.execute(wanted, (session_id,)).fetchall()

    def put_back(self, session_id: str, trimmed: Callable[[Row], Row]) -> int:
        names = [column.name for column in (*SESSIONS.columns, *SESSIONS.unread) if column.kind == "json"]
        with self._writing(SESSIONS, RUNS) as connection:
            wanted = f"SELECT {', '.join(map(quoted, names))} FROM {self._sessions} WHERE session_id = ?"
            header = connection.execute(wanted, (session_id,)).fetchone()
            if header is None:
                return 0
            *others, old = header
            rows = all_runs(session_id, old, with_progress(self._rows(connection, session_id)))
            values = [_twice(nested_from_json(value)) for value in others]
            values.append(_twice([trimmed(from_json(row["payload"])) for row in rows]))
            changes = ", ".join(f"{quoted(name)} = ?" for name in names)
            connection.execute(f"UPDATE {self._sessions} SET {changes} WHERE session_id = ?", (*values, session_id))
            connection.execute(f"DELETE FROM {self._runs} WHERE session_id = ?", (session_id,))
            return len(rows)

    def kept_name(self) -> str:
        return f"{self._sql['sessions'].plain_name}_2_0"

    # Versions --------------------------------------------------------------------------------------------------------

    def version(self, table: Table) -> str | None:
        name = self._sql[table.kind].plain_name
        there = {found for (found,) in self._found("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if name not in there:
            return None
        found = self._found(FIND_VERSION, name) if VERSIONS in there else []
        return found[0][0] if found else V2

    def note(self, table: Table, version: str) -> None:
        with self._writing() as connection:
            connection.execute(MAKE_VERSIONS)
            connection.execute(NOTE, (self._sql[table.kind].plain_name, version, now_epoch()))

    def add_indexes(self, table: Table) -> None:
        with self._writing() as connection:
            for statement in self._sql[table.kind].create[1:]:
                connection.execute(statement)


_FULL = "runs IS NOT NULL"
_INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"


def _twice(value: Any) -> str:
    """JSON of JSON, in ASCII: what Agno 2.0 wrote on SQLite, and wants to read."""
    plain = "null" if value is None else json.dumps(plain_to_json(value).decode())
    return plain


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


__all__ = ["FIND_VERSION", "MAKE_VERSIONS", "NOTE", "SqliteOldTables"]
