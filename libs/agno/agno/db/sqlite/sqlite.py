"""Sessions in a SQLite file, through the standard library's driver."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from agno.db.base import COLUMNS, COMPONENT_COLUMNS, BaseDb, DbError, DbUnavailableError, InvalidSchemaError, Query, Row

_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_BUSY_TIMEOUT = 30.0  # seconds to wait for another writer


class SqliteDb(BaseDb):
    """Keeps sessions in a file: `SqliteDb(db_file="agent.db")`, or in `db_url="sqlite:///agent.db"`.

    Safe to use from several threads and processes at once. Tables are made at the first write.
    """

    def __init__(
        self,
        db_file: str | Path | None = None,
        db_url: str | None = None,
        db_engine: Any = None,
        **names: Any,
    ) -> None:
        super().__init__(**names)
        self.db_file = str(_path(db_file, db_url, db_engine))
        for name in (self.session_table_name,):
            if not _SAFE_NAME.match(name):
                raise ValueError(f"{name!r} is no table name: use letters, digits and underscores.")
        self._local = threading.local()
        self._made = False
        self._in_memory = self._opened() if self.db_file == ":memory:" else None
        self._guard: Any = threading.RLock() if self._in_memory is not None else nullcontext()
        self._sql = _Statements(self.session_table_name)

    # Connections -----------------------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection; a forked process opens its own. A database in memory has one for all threads."""
        if self._in_memory is not None:
            return self._in_memory
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.connection = self._opened()
            self._local.pid = os.getpid()
        connection: sqlite3.Connection = self._local.connection
        return connection

    def _opened(self) -> sqlite3.Connection:
        if self.db_file != ":memory:":
            Path(self.db_file).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.db_file, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.row_factory = sqlite3.Row
        return connection

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._guard:
                yield self._connection()
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error
        except OSError as error:
            raise DbUnavailableError(f"The SQLite file {self.db_file!r} cannot be opened: {error}.") from error

    def _explained(self, error: sqlite3.DatabaseError) -> DbError:
        text = str(error)
        if "no such column" in text or "has no column" in text:
            return InvalidSchemaError(
                f"Table {self.session_table_name!r} in {self.db_file!r} has an invalid schema: {text}."
            )
        if "not a database" in text:
            return DbUnavailableError(f"{self.db_file!r} is no SQLite database; choose another db_file.")
        if isinstance(error, sqlite3.OperationalError):
            return DbUnavailableError(f"SQLite could not use {self.db_file!r}: {text}.")
        return DbError(f"SQLite failed on {self.db_file!r}: {text}.")

    def close(self) -> None:
        """Close this thread's connection."""
        if getattr(self._local, "pid", None) == os.getpid():
            self._local.connection.close()
            self._local.pid = None

    # Row verbs -------------------------------------------------------------------------------------------------------

    def read_rows(self, session_id: str, runs: int | None) -> tuple[Row, list[bytes]] | None:
        limit = -1 if runs is None else runs
        with self._using() as connection:
            try:
                rows = connection.execute(self._sql.read, (session_id, limit)).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return None
                raise
        if not rows:
            return None
        header = {name: rows[0][name] for name in COLUMNS}
        return header, [row["payload"] for row in reversed(rows) if row["payload"] is not None]

    def write_rows(self, header: Row | None, runs: list[Row], *, new_header: bool) -> None:
        with self._using() as connection:
            if not self._made:
                self._make_tables(connection)
            connection.execute("BEGIN IMMEDIATE")
            try:
                if header is not None:
                    statement = self._sql.insert_header if new_header else self._sql.upsert_header
                    connection.execute(statement, [header[name] for name in COLUMNS])
                for run in runs:
                    values = (run["session_id"], run["run_id"], run["status"], run["created_at"], run["payload"])
                    # a run that begins is new; looking for it would walk through all runs of the session
                    found = (
                        0
                        if new_header
                        else connection.execute(self._sql.update_run, (*values[2:], *values[:2])).rowcount
                    )
                    if not found:
                        connection.execute(self._sql.insert_run, values)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")  # two processes may start at once
        for statement in self._sql.create:
            connection.execute(statement)
        connection.execute("COMMIT")
        self._made = True

    def find_headers(self, query: Query) -> tuple[list[Row], int]:
        where, values = self._sql.where(query)
        order = ""
        if query.sort_by in COLUMNS:
            order = f" ORDER BY {query.sort_by} {'ASC' if query.sort_order == 'asc' else 'DESC'}"
        page = ""
        if query.limit is not None:
            page = f" LIMIT {int(query.limit)} OFFSET {(max(1, query.page or 1) - 1) * int(query.limit)}"
        with self._using() as connection:
            try:
                total = connection.execute(f"SELECT count(*) FROM {self._sql.sessions}{where}", values).fetchone()[0]
                names = ", ".join(COLUMNS)
                rows = connection.execute(f"SELECT {names} FROM {self._sql.sessions}{where}{order}{page}", values)
                return [dict(row) for row in rows], total
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return [], 0
                raise

    def delete_headers(self, session_ids: list[str]) -> int:
        deleted = 0
        with self._using() as connection:
            if not self._made:
                self._make_tables(connection)
            connection.execute("BEGIN IMMEDIATE")
            try:
                for session_id in session_ids:
                    connection.execute(f"DELETE FROM {self._sql.runs} WHERE session_id = ?", (session_id,))
                    gone = connection.execute(f"DELETE FROM {self._sql.sessions} WHERE session_id = ?", (session_id,))
                    deleted += gone.rowcount
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        return deleted


class _Statements:
    """The statements of one pair of tables, written once."""

    def __init__(self, table: str) -> None:
        self.sessions, self.runs = table, f"{table}_runs"
        names = ", ".join(COLUMNS)
        marks = ", ".join("?" for _ in COLUMNS)
        kept = ("session_id", "session_type", "created_at")
        changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in kept)
        kinds = {"session_id": "TEXT PRIMARY KEY", "session_type": "TEXT NOT NULL"}
        kinds.update(created_at="INTEGER NOT NULL", updated_at="INTEGER")
        columns = ", ".join(f"{name} {kinds.get(name, 'TEXT')}" for name in COLUMNS)
        self.create = [
            f"CREATE TABLE IF NOT EXISTS {self.sessions} ({columns}) WITHOUT ROWID",
            # the row id is the order of the runs, so appending touches the last page only
            f"CREATE TABLE IF NOT EXISTS {self.runs} (seq INTEGER PRIMARY KEY, session_id TEXT NOT NULL, "
            "run_id TEXT NOT NULL, status TEXT NOT NULL, created_at INTEGER, payload BLOB NOT NULL)",
            f"CREATE INDEX IF NOT EXISTS idx_{self.runs}_session ON {self.runs} (session_id, seq)",
            f"CREATE INDEX IF NOT EXISTS idx_{self.sessions}_user ON {self.sessions} (user_id, updated_at)",
        ]
        self.insert_header = f"INSERT OR IGNORE INTO {self.sessions} ({names}) VALUES ({marks})"
        self.upsert_header = (
            f"INSERT INTO {self.sessions} ({names}) VALUES ({marks}) ON CONFLICT (session_id) DO UPDATE SET {changes}"
        )
        self.insert_run = (
            f"INSERT INTO {self.runs} (session_id, run_id, status, created_at, payload) VALUES (?, ?, ?, ?, ?)"
        )
        # the run that ends is nearly always the newest: found by walking the session's index from its end
        self.update_run = (
            f"UPDATE {self.runs} SET status = ?, created_at = ?, payload = ? WHERE seq = (SELECT seq FROM {self.runs} "
            "WHERE session_id = ? AND run_id = ? ORDER BY seq DESC LIMIT 1)"
        )
        shown = ", ".join(f"s.{name} AS {name}" for name in COLUMNS)
        self.read = (
            f"SELECT {shown}, r.payload AS payload FROM {self.sessions} s LEFT JOIN {self.runs} r ON r.seq IN "
            f"(SELECT seq FROM {self.runs} WHERE session_id = ?1 ORDER BY seq DESC LIMIT ?2) "
            "WHERE s.session_id = ?1 ORDER BY r.seq DESC"
        )

    def where(self, query: Query) -> tuple[str, list[Any]]:
        """The condition for a query, with its values."""
        parts: list[tuple[str, Any]] = []
        if query.session_type is not None:
            parts.append(("session_type = ?", query.session_type))
        if query.user_id is not None:
            parts.append(("user_id = ?", query.user_id))
        if query.component_id is not None:
            column = COMPONENT_COLUMNS.get(query.session_type or "")
            columns = column or "coalesce(agent_id, team_id, workflow_id)"
            parts.append((f"{columns} = ?", query.component_id))
        if query.session_name is not None:
            parts.append(
                ("instr(lower(json_extract(session_data, '$.session_name')), lower(?)) > 0", query.session_name)
            )
        if query.start_timestamp is not None:
            parts.append(("created_at >= ?", query.start_timestamp))
        if query.end_timestamp is not None:
            parts.append(("created_at <= ?", query.end_timestamp))
        if not parts:
            return "", []
        return " WHERE " + " AND ".join(text for text, _ in parts), [value for _, value in parts]


def _path(db_file: str | Path | None, db_url: str | None, db_engine: Any) -> str | Path:
    if db_file is not None:
        return db_file
    if db_engine is not None:
        return db_engine.url.database or ":memory:"
    if db_url is not None:
        prefix, separator, path = db_url.partition(":///")
        if not separator or not prefix.startswith("sqlite"):
            raise ValueError(f"db_url={db_url!r} is no SQLite address such as 'sqlite:///agent.db'.")
        return path or ":memory:"
    return "agno.db"


__all__ = ["SqliteDb"]
