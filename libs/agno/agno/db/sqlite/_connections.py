"""Where connections to a SQLite file come from: the standard library's driver, or the user's SQLAlchemy engine."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote
from weakref import WeakValueDictionary

from agno.db._codec import from_json, nested_from_json
from agno.db._pool import Pool, Single
from agno.db.query import has_all, searchable

BUSY_TIMEOUT = 30.0  # seconds to wait for another writer
IN_MEMORY = ":memory:"


class Connections(Protocol):
    """Connections to take and give back; what is taken is used by one caller."""

    @property
    def take(self) -> Callable[[], sqlite3.Connection]: ...
    @property
    def give(self) -> Callable[[sqlite3.Connection], None]: ...
    @property
    def close(self) -> Callable[[], None]: ...


def of_file(path: str) -> Connections:
    """Connections to a file, or the only one to a database in memory."""
    made: Any = Single(_opened(path)) if path == IN_MEMORY else OfFile(os.path.abspath(path))
    connections: Connections = made
    return connections


class FileGoneError(OSError):
    """The file of a database that is in use is not there any more, or is another one."""


class OfFile:
    """Connections to a file as long as it is there: SQLite itself goes on with one that was deleted, and all is lost.

    Another file in its place is not opened: its changes and those of the old one would be mixed, in a log beside both.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._pool = Pool(partial(_opened, path), sqlite3.Connection.close)
        self._file: tuple[int, int] | None = None  # that the connections have open

    def take(self) -> sqlite3.Connection:
        if self._file is not None and _file_at(self._path) != self._file:
            raise FileGoneError("it was deleted, moved or replaced while it was in use")
        connection = self._pool.take()
        if self._file is None:
            self._file = _file_at(self._path)
        return connection

    def give(self, connection: sqlite3.Connection) -> None:
        self._pool.give(connection)

    def close(self) -> None:
        self._pool.close()
        self._file = None


def _file_at(path: str) -> tuple[int, int] | None:
    """Which file has the name; None if none has."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _opened(path: str) -> sqlite3.Connection:
    if path != IN_MEMORY:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            # another process that opens the new file right now may hold the lock: then it makes the same change
            with contextlib.suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    _add_functions(connection)
    return connection


class OfEngine:
    """Connections that a SQLAlchemy engine lends."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self._lent: dict[int, Any] = {}
        # threads may share the connection to a database in memory, but not a transaction
        self._turn = (
            Single(None) if engine.url.database in (None, "", IN_MEMORY) else Pool(lambda: None, lambda _: None)
        )

    def take(self) -> sqlite3.Connection:
        self._turn.take()
        try:
            lent = self.engine.raw_connection()
        except BaseException:
            self._turn.give(None)
            raise
        connection: sqlite3.Connection = lent.driver_connection
        self._lent[id(connection)] = lent
        _add_functions(connection)
        return connection

    def give(self, connection: sqlite3.Connection) -> None:
        self._lent.pop(id(connection)).close()
        self._turn.give(None)

    def close(self) -> None:
        """Nothing: the engine belongs to the user."""


# Writers wait in this process, too: SQLite lets who waits for another one sleep and try again, longer each time, so that of
# many one in a hundred waits fifty times as long as the others. What a fork's parent holds is not the fork's.
_TURNS: WeakValueDictionary[tuple[int, str], Any] = WeakValueDictionary()


def turn_to_write(file: str) -> Any:
    """The lock of a file's writers in this process, taken: first come, first served."""
    turn = _TURNS.setdefault((os.getpid(), file), threading.Lock())
    if not turn.acquire(timeout=BUSY_TIMEOUT):
        raise sqlite3.OperationalError("database is locked")
    return turn


def path_of_url(url: str) -> str:
    """The file that a URL such as `sqlite:///agent.db` names."""
    scheme, separator, rest = url.partition("://")
    path = unquote(rest.partition("?")[0].removeprefix("/"))
    if not separator or scheme.partition("+")[0] != "sqlite" or (rest and not rest.startswith("/")):
        raise ValueError(f"db_url={url!r} is no SQLite address. Write it like 'sqlite:///agent.db'.")
    if path.startswith("file:"):
        raise ValueError(f"db_url={url!r} is a URI of SQLite's. Give db_engine=sqlalchemy.create_engine({url!r}).")
    return path or IN_MEMORY


# Functions for conditions: SQLite folds ASCII only, and sees no list in the JSON that Agno 2.0 encoded twice -------------


def _add_functions(connection: sqlite3.Connection) -> None:
    connection.create_function("agno_text", 2, _text, deterministic=True)
    connection.create_function("agno_has_all", 2, _has_all, deterministic=True)


def _text(value: Any, key: str | None) -> str:
    if value is None:
        return ""
    return searchable(from_json(value) if key is None else nested_from_json(value), key)


def _has_all(value: Any, wanted: str) -> bool:
    return has_all(nested_from_json(value), from_json(wanted))


__all__ = [
    "BUSY_TIMEOUT",
    "IN_MEMORY",
    "Connections",
    "FileGoneError",
    "OfEngine",
    "of_file",
    "path_of_url",
    "turn_to_write",
]
