"""The file of a `LocalVectorDb`: its tables, its connection, and conditions as SQL."""

from __future__ import annotations

import json
import sqlite3
import threading
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agno.vectordb._conditions import Compared, Field, Has
from agno.vectordb._records import Record
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError

MEMORY = ":memory:"
COLUMNS = "key, id, content, name, meta_data, embedding, usage, content_hash, content_id"
_WAIT = 30  # seconds for another process that writes
_TABLES = """
CREATE TABLE IF NOT EXISTS agno_chunks (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, content TEXT NOT NULL, name TEXT,
    meta_data TEXT NOT NULL, embedding BLOB NOT NULL, usage TEXT, content_hash TEXT NOT NULL, content_id TEXT, source TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS agno_chunks_name ON agno_chunks (name);
CREATE INDEX IF NOT EXISTS agno_chunks_content_hash ON agno_chunks (content_hash);
CREATE INDEX IF NOT EXISTS agno_chunks_content_id ON agno_chunks (content_id);
CREATE INDEX IF NOT EXISTS agno_chunks_source ON agno_chunks (source);
CREATE TABLE IF NOT EXISTS agno_terms (term TEXT, chunk INTEGER, PRIMARY KEY (chunk, term)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS agno_numbers (field TEXT, number REAL, chunk INTEGER, PRIMARY KEY (chunk, field)) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS agno_words USING fts5({columns}, tokenize='porter unicode61');
CREATE TRIGGER IF NOT EXISTS agno_chunks_gone AFTER DELETE ON agno_chunks BEGIN
    DELETE FROM agno_terms WHERE chunk = old.key;
    DELETE FROM agno_numbers WHERE chunk = old.key;
    DELETE FROM agno_words WHERE rowid = old.key;
END;
"""
_DROP = "".join(f"DROP TABLE IF EXISTS agno_{name};" for name in ("words", "numbers", "terms", "chunks"))


class File:
    """One connection to a SQLite file, for one caller at a time. Errors are `VectorDbError`s that name the file."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection; nobody else uses it meanwhile."""
        with self._lock, self._told():
            if self._connection is None:
                self._connection = self._opened()
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The same within a transaction, which an error takes back."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def is_made(self) -> bool:
        """Whether the tables are there. Makes no file."""
        with self._lock:
            if self._connection is None and (self.path == MEMORY or not Path(self.path).exists()):
                return False
            with self.reading() as connection:
                found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'agno_chunks'").fetchone()
                return found is not None

    def make(self, columns: Sequence[str]) -> None:
        """Make the tables, and the folder of the file."""
        if self.path != MEMORY:
            try:
                Path(self.path).absolute().parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise VectorDbUnavailableError(f"{self.path} cannot be made: {error.strerror or error}.") from error
        self._script(_TABLES.format(columns=", ".join(columns)))

    def drop(self) -> None:
        """Remove the tables."""
        if self.is_made():
            self._script(_DROP)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _script(self, statements: str) -> None:
        with self.reading() as connection:
            connection.executescript(f"BEGIN IMMEDIATE;{statements}COMMIT;")

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        if self.path != MEMORY:
            # of the index a power failure may take the newest part, a crash of the process nothing
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise VectorDbUnavailableError(f"The vectors in {self.path} cannot be used: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise VectorDbError(f"{self.path} is no file of LocalVectorDb, or is damaged: {error}.") from error


# Rows ----------------------------------------------------------------------------------------------------------------


def put(connection: sqlite3.Connection, record: Record, words: Mapping[str, str]) -> None:
    """Store a record, in the place of the one with its id. `words` is what the full-text index has of it, by column."""
    connection.execute("DELETE FROM agno_chunks WHERE id = ?", (record.id,))
    usage = None if record.usage is None else json.dumps(record.usage)
    row = (
        record.id, record.content, record.name, json.dumps(record.meta_data), array("f", record.embedding or ()).tobytes(),
        usage, record.content_hash, record.content_id, record.source,
    )  # fmt: skip
    key = connection.execute(
        "INSERT INTO agno_chunks (id, content, name, meta_data, embedding, usage, content_hash, content_id, source) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    ).lastrowid
    connection.executemany("INSERT INTO agno_terms VALUES (?, ?)", [(term, key) for term in record.terms])
    numbers = [(field, number, key) for field, number in record.numbers.items()]
    connection.executemany("INSERT INTO agno_numbers VALUES (?, ?, ?)", numbers)
    statement = f"INSERT INTO agno_words (rowid, {', '.join(words)}) VALUES (?{', ?' * len(words)})"
    connection.execute(statement, (key, *words.values()))


def record_of(row: Sequence[Any]) -> Record:
    """The record of a row of `COLUMNS`."""
    _, id, content, name, meta_data, embedding, usage, content_hash, content_id = row
    return Record(
        id=id,
        content=content,
        name=name,
        meta_data=json.loads(meta_data),
        embedding=numbers_of(embedding).tolist(),
        usage=None if usage is None else json.loads(usage),
        content_hash=content_hash,
        content_id=content_id,
    )


def numbers_of(vector: bytes) -> array[float]:
    """A stored vector."""
    numbers = array("f")
    numbers.frombytes(vector)
    return numbers


# Conditions ----------------------------------------------------------------------------------------------------------

Condition = tuple[str, list[Any]]  # SQL on `agno_chunks`, and its parameters


class Conditions:
    """Conditions as SQL, which no row answers with NULL."""

    def all(self, parts: list[Condition]) -> Condition:
        return _joined(parts, "AND") if parts else ("1", [])

    def any(self, parts: list[Condition]) -> Condition:
        return _joined(parts, "OR") if parts else ("0", [])

    def no(self, part: Condition) -> Condition:
        return f"NOT {part[0]}", part[1]

    def has(self, condition: Has) -> Condition:
        return "EXISTS (SELECT 1 FROM agno_terms WHERE chunk = key AND term = ?)", [condition.term]

    def compared(self, condition: Compared) -> Condition:
        said = f"EXISTS (SELECT 1 FROM agno_numbers WHERE chunk = key AND field = ? AND number {condition.op} ?)"
        return said, [condition.field, condition.value]

    def field(self, condition: Field) -> Condition:
        return f"coalesce({condition.name} IN ({', '.join('?' * len(condition.values))}), 0)", [*condition.values]


def _joined(parts: list[Condition], word: str) -> Condition:
    """In halves of halves, as SQLite refuses expressions of more than a thousand levels."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    (left, first), (right, second) = _joined(parts[:middle], word), _joined(parts[middle:], word)
    return f"({left} {word} {right})", first + second


__all__ = ["COLUMNS", "MEMORY", "Condition", "Conditions", "File", "numbers_of", "put", "record_of"]
