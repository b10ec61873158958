"""Tables that are JSON arrays, each in one file or object. Who keeps them says how they are read and changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import msgspec

from agno.db._codec import from_json, to_json
from agno.db._documents import document_of, plain_name, row_of
from agno.db._port import InvalidSchemaError
from agno.db.base import BaseDb
from agno.db.query import Query, chosen
from agno.db.tables import SESSIONS, TABLES, Row, Table

T = TypeVar("T")
Documents = dict[str, Row]  # by key, in the order of insertion


class JsonTables(BaseDb):
    """The verbs on rows, above reading and changing a whole array."""

    def __init__(self, *names: str | None, **more: str | None) -> None:
        super().__init__(*names, **more)
        for table in TABLES:
            plain_name(self.table_name(table))

    @abstractmethod
    def _told(self) -> AbstractContextManager[None]:
        """Turns what can go wrong in the block into a `DbError`."""

    @abstractmethod
    def _read(self, table: Table) -> Documents:
        """All documents of a table."""

    @abstractmethod
    def _change(self, table: Table, change: Callable[[Documents], T]) -> T:
        """Write what `change` makes of the documents, if it changes them, with nobody writing in between.

        It may be called again.
        """

    def _runs_are_gone(self, session_ids: Sequence[str]) -> None:
        """Sessions were deleted: so are their runs."""

    # Rows ------------------------------------------------------------------------------------------------------------

    def get(self, table: Table, key: str) -> Row | None:
        with self._told():
            document = self._read(table).get(key)
        return None if document is None else row_of(table, document)

    def put(self, table: Table, row: Row) -> None:
        with self._told():
            self._change(table, lambda documents: put_row(documents, table, row))

    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        def changed(documents: Documents) -> Row | None:
            found = documents.get(key)
            new = change(None if found is None else row_of(table, found))
            return None if new is None else row_of(table, put_row(documents, table, new))

        with self._told():
            return self._change(table, changed)

    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        def without(documents: Documents) -> list[str]:
            gone = list(documents) if keys is None else [key for key in dict.fromkeys(keys) if key in documents]
            for key in gone:
                del documents[key]
            return gone

        with self._told():
            if not self._read(table):
                return 0
            gone = self._change(table, without)
            if table is SESSIONS:
                self._runs_are_gone(gone)
        return len(gone)

    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        with self._told():
            documents = self._read(table)
        return chosen((row_of(table, document) for document in documents.values()), query, table)


def put_row(documents: Documents, table: Table, row: Row) -> Row:
    """Put a row in its place, or at the end. What is no column of ours stays."""
    old = documents.get(row[table.key]) or {}
    unknown = {name: value for name, value in old.items() if name not in table.names}
    new = documents[row[table.key]] = {**document_of(row), **unknown}
    return new


def parsed(text: bytes | None, table: Table, name: str) -> Documents:
    """The documents of an array; of several with one key the first counts."""
    if not text or not text.strip():
        return {}
    rows: Any = from_json(text)
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and isinstance(row.get(table.key), str) for row in rows
    ):
        raise InvalidSchemaError(f"{name!r} has an invalid schema: it is no list of objects with a {table.key!r}.")
    documents: Documents = {}
    for row in rows:
        documents.setdefault(row[table.key], row)
    return documents


def written(documents: Documents) -> bytes:
    """The array, for people to read."""
    return msgspec.json.format(to_json(list(documents.values())), indent=2)


__all__ = ["Documents", "JsonTables", "parsed", "put_row", "written"]
