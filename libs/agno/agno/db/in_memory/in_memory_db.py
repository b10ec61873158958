"""Rows in dicts, for tests and for programs that need not remember."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from agno.db._codec import from_json, to_json
from agno.db._documents import stored_header
from agno.db._pool import Single
from agno.db._port import RunRow, StoredHeader
from agno.db.base import BaseDb
from agno.db.in_memory._packing import packed, unpacked
from agno.db.query import Query, chosen
from agno.db.tables import SESSIONS, Row, Table


class _Store:
    """All rows as compact JSON, runs packed: small, and nobody can change them from outside."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, bytes]] = {}
        self.runs: dict[str, dict[str, bytes]] = {}

    def table(self, table: Table) -> dict[str, bytes]:
        return self.rows.setdefault(table.kind, {})


class InMemoryDb(BaseDb):
    """Keeps everything as long as the process lives. Reads give copies."""

    blocking = False

    def __init__(self, **names: Any) -> None:
        super().__init__(**names)
        self._stores = Single(_Store())

    @contextmanager
    def _store(self) -> Iterator[_Store]:
        store = self._stores.take()
        try:
            yield store
        finally:
            self._stores.give(store)

    # Rows ------------------------------------------------------------------------------------------------------------

    def get(self, table: Table, key: str) -> Row | None:
        with self._store() as store:
            found = store.table(table).get(key)
        return None if found is None else _row(table, found)

    def put(self, table: Table, row: Row) -> None:
        text = _text(row)
        with self._store() as store:
            store.table(table)[row[table.key]] = text

    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        with self._store() as store:
            rows = store.table(table)
            gone = list(rows) if keys is None else [key for key in dict.fromkeys(keys) if key in rows]
            for key in gone:
                del rows[key]
                if table is SESSIONS:
                    store.runs.pop(key, None)
        return len(gone)

    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        with self._store() as store:
            texts = list(store.table(table).values())
        return chosen((_row(table, text) for text in texts), query, table)

    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        with self._store() as store:
            rows = store.table(table)
            found = rows.get(key)
            new = change(None if found is None else _row(table, found))
            if new is None:
                return None
            rows[key] = text = _text(new)
        return _row(table, text)

    # Runs of sessions ------------------------------------------------------------------------------------------------

    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        with self._store() as store:
            found = store.table(SESSIONS).get(session_id)
            if found is None:
                return None
            kept = store.runs.get(session_id) or {}
            newest = list(kept.items() if runs is None else islice(reversed(kept.items()), max(0, runs)))
        return _row(SESSIONS, found), _runs(newest if runs is None else reversed(newest))

    def load_first_runs(self, session_ids: Sequence[str]) -> dict[str, RunRow]:
        with self._store() as store:
            found = {key: next(iter(runs.items())) for key in session_ids if (runs := store.runs.get(key))}
        return {key: _runs([run])[0] for key, run in found.items()}

    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        with self._store() as store:
            found = {key: list(store.runs[key].items()) for key in session_ids if key in store.runs}
        return {key: _runs(runs) for key, runs in found.items()}

    def write_session(
        self,
        session_id: str,
        settle: Callable[[StoredHeader | None], Row | None],
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        payloads = [(run["run_id"], packed(run["payload"])) for run in runs]
        with self._store() as store:
            rows = store.table(SESSIONS)
            found = rows.get(session_id)
            header = settle(stored_header(None if found is None else _row(SESSIONS, found)))
            if header is not None:
                rows[session_id] = _text(header)
            kept = store.runs.setdefault(session_id, {})
            kept.update(payloads)
            for run_id in dropped:
                kept.pop(run_id, None)


def _runs(kept: Iterable[tuple[str, bytes]]) -> list[RunRow]:
    return [(run_id, unpacked(data)) for run_id, data in kept]


def _text(row: Row) -> bytes:
    return to_json({name: value for name, value in row.items() if value is not None})


def _row(table: Table, text: bytes) -> Row:
    return {**dict.fromkeys(table.names), **from_json(text)}


__all__ = ["InMemoryDb"]
