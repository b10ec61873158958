"""The tables of a collection in SQLite, and conditions on them."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from agno.vectordb._conditions import Compared, Field, Has
from agno.vectordb._flat import READ, Clauses, flat, read
from agno.vectordb._records import Record

_KEPT = (*READ, "source")
_WORD = re.compile(r"\w+")


class Tables:
    """The names of the four tables, quoted, and their statements."""

    def __init__(self, name: str) -> None:
        self.rows, self.terms, self.numbers, self.words = (
            _quoted(name + end) for end in ("", "_terms", "_numbers", "_words")
        )
        self._removed = _quoted(f"{name}_removed")
        self._named = [
            (_quoted(f"{name}_by_{field}"), field) for field in ("content_hash", "source", "content_id", "name")
        ]

    def made(self) -> Iterator[str]:
        """What makes them. Terms and numbers are rows of their own, so that a filter uses an index."""
        texts = ", ".join(f"{name} TEXT" for name in _KEPT if name not in ("id", "embedding"))
        yield f"CREATE TABLE IF NOT EXISTS {self.rows} (number INTEGER PRIMARY KEY, id TEXT UNIQUE, embedding BLOB, {texts})"
        for index, field in self._named:
            yield f"CREATE INDEX IF NOT EXISTS {index} ON {self.rows} ({field})"
        for table, columns in ((self.terms, "term TEXT"), (self.numbers, "field TEXT, value REAL")):
            key = ", ".join(column.split()[0] for column in columns.split(", "))
            yield (
                f"CREATE TABLE IF NOT EXISTS {table} ({columns}, number INTEGER, PRIMARY KEY ({key}, number)) WITHOUT ROWID"
            )
            yield f"CREATE INDEX IF NOT EXISTS {_quoted(table[1:-1] + '_of')} ON {table} (number)"
        yield (
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.words} USING fts5(content, content={self.rows}, "
            "content_rowid=number, tokenize='porter unicode61')"
        )
        yield (
            f"CREATE TRIGGER IF NOT EXISTS {self._removed} AFTER DELETE ON {self.rows} BEGIN "
            f"DELETE FROM {self.terms} WHERE number = old.number; DELETE FROM {self.numbers} WHERE number = old.number; "
            f"INSERT INTO {self.words}({self.words}, rowid, content) VALUES ('delete', old.number, old.content); END"
        )

    def removed(self) -> Iterator[str]:
        """What removes them."""
        for table in (self.words, self.terms, self.numbers, self.rows):
            yield f"DROP TABLE IF EXISTS {table}"

    def store(self, connection: Any, records: Sequence[Record]) -> None:
        """Put records in the place of those with the same id."""
        insert = f"INSERT INTO {self.rows} ({', '.join(_KEPT)}) VALUES ({', '.join('?' * len(_KEPT))})"
        for record in records:
            row = flat(record)
            row["embedding"] = blob(record.embedding or [])
            connection.execute(f"DELETE FROM {self.rows} WHERE id = ?", (record.id,))
            connection.execute(insert, tuple(row[name] for name in _KEPT))
            number = connection.last_insert_rowid()
            connection.execute(f"INSERT INTO {self.words}(rowid, content) VALUES (?, ?)", (number, record.content))
            connection.executemany(f"INSERT INTO {self.terms} VALUES (?, ?)", [(term, number) for term in record.terms])
            numbers = [(field, value, number) for field, value in record.numbers.items()]
            connection.executemany(f"INSERT INTO {self.numbers} VALUES (?, ?, ?)", numbers)


class Conditions(Clauses):
    """Conditions as SQL of SQLite."""

    def __init__(self, tables: Tables) -> None:
        super().__init__()
        self._tables = tables

    def has(self, condition: Has) -> str:
        return f"number IN (SELECT number FROM {self._tables.terms} WHERE term = {self.value(condition.term)})"

    def compared(self, condition: Compared) -> str:
        field, value = self.value(condition.field), self.value(float(condition.value))
        wanted = f"field = {field} AND value {condition.op} {value}"
        return f"number IN (SELECT number FROM {self._tables.numbers} WHERE {wanted})"

    def field(self, condition: Field) -> str:
        """Of many values one text: SQLite takes a limited number of parameters."""
        if len(condition.values) == 1:
            return f"{condition.name} IS {self.value(condition.values[0])}"
        found = f"SELECT value FROM json_each({self.value(json.dumps(condition.values))})"
        return f"coalesce({condition.name} IN ({found}), FALSE)"


def columns(table: str) -> str:
    """What a record is read from."""
    return ", ".join(f"{table}.{name}" for name in READ)


def record_of(row: Sequence[Any]) -> Record:
    """The record of a row that begins with `columns`."""
    values = dict(zip(READ, row, strict=False))
    found = values["embedding"]
    values["embedding"] = struct.unpack(f"<{len(found) // 4}f", found) if found else None
    return read(values)


def blob(vector: Sequence[float]) -> bytes:
    """A vector as sqlite-vec keeps it: floats of four bytes."""
    return struct.pack(f"<{len(vector)}f", *vector)


def any_word(query: str) -> str:
    """A question for FTS5: any of its words. Empty, if it has none."""
    return " OR ".join(f'"{word}"' for word in _WORD.findall(query))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


__all__ = ["Conditions", "Tables", "any_word", "blob", "columns", "record_of"]
