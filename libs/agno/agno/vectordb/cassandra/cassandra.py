"""Vectors in Cassandra 5, and in what speaks like it: Astra DB, DataStax HCD."""

from __future__ import annotations

import heapq
import importlib
import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from agno._io import IO
from agno.vectordb._conditions import EVERYTHING, Field, Node, holds
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.cassandra import _cql as cql
from agno.vectordb.distance import Distance, similarity

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9_]{1,48}")
_AT_ONCE = 50  # statements on their way
_MOST_NEAR = 1_000  # rows that Cassandra finds by its index of vectors at once


class Cassandra(VectorStore):
    """Keeps vectors in Cassandra 5: `Cassandra(table_name="docs", keyspace="ai", session=session)`.

    `session` is one of `cassandra.cluster.Cluster(...).connect()`; the keyspace is there already, the first write makes the
    table and its indexes. Asynchronous methods run in worker threads.

    Cassandra's indexes answer what is equal, "and", and (by several queries) "or" and `IN`. They cannot negate nor compare
    numbers: a search with `NOT`, `NEQ`, `GT`, ... reads the labels of all rows that the rest of the filter leaves, and is exact.
    """

    blocking = True  # the methods wait for a network

    def __init__(
        self,
        table_name: str,
        keyspace: str,
        embedder: Any = None,
        session: Any = None,
        distance: Distance | str = Distance.cosine,
        reranker: Any = None,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder, distance=distance, reranker=reranker, similarity_threshold=similarity_threshold
        )
        _cassandra()
        if session is None:
            raise ValueError("Cassandra needs session=, such as cassandra.cluster.Cluster(['localhost']).connect().")
        for name in (table_name, keyspace):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot be a name in Cassandra: up to 48 letters, digits and _.")
        self.table_name, self.keyspace, self.session = table_name, keyspace, session
        self._table = f'"{keyspace}"."{table_name}"'
        self._prepared: dict[str, Any] = {}
        self._lock = threading.Lock()

    # The table -------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made:
            text = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?"
            found = await self._done(io, lambda: list(self._asked(text, [self.keyspace, self.table_name])))
            self._is_made = bool(found)
        return self._is_made

    async def _make(self, io: IO) -> None:
        statements = cql.created(self._table, self.table_name, self.dimensions, self.distance)
        await self._done(io, lambda: [self.session.execute(text) for text in statements])

    async def _remove(self, io: IO) -> None:
        await self._done(io, lambda: self.session.execute(f"DROP TABLE IF EXISTS {self._table}"))
        self._forget()

    # Rows ------------------------------------------------------------------------------------------------------------

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        values = ", ".join("?" * len(cql.COLUMNS))
        text = f"INSERT INTO {self._table} ({', '.join(cql.COLUMNS)}) VALUES ({values})"
        await self._done(io, lambda: self._all(text, [cql.row_of(record) for record in records]))

    async def _erase(self, io: IO, where: Node) -> None:
        if where == EVERYTHING:
            await self._done(io, lambda: self.session.execute(f"TRUNCATE {self._table}"))
            return
        is_by_id = isinstance(where, Field) and where.name == "id"
        ids = where.values if isinstance(where, Field) and is_by_id else sorted(await self._ids(io, where))
        await self._done(io, lambda: self._all(f"DELETE FROM {self._table} WHERE id = ?", [[id] for id in ids]))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        return await self._done(io, lambda: self._taken(where, limit))

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return await self._done(io, lambda: {record.id for record, _ in self._fitting(where, cql.LABELS)})

    def _taken(self, where: Node, limit: int | None) -> list[Record]:
        found: dict[str, Record] = {}
        for record, _ in self._fitting(where, cql.KEPT):
            found[record.id] = record
            if limit is not None and len(found) >= limit:
                break
        return list(found.values())

    def _fitting(
        self, where: Node, columns: Sequence[str], embedding: list[float] | None = None
    ) -> Iterator[tuple[Record, float]]:
        """The rows that fit, page by page, and their scores; by several branches a row may come twice."""
        measure = cql.MEASURES[self.distance] if embedding is not None else None
        vector = [embedding] if embedding is not None else []
        branches, is_exact = cql.asked_of(where)
        for branch in branches:
            text = cql.selected(self._table, columns, len(branch), measure)
            for row in self._asked(text, [*vector, *sorted(branch)]):
                record = cql.record_of(row)
                if is_exact or holds(where, record):
                    yield record, row.score if measure else 0.0

    # Searching -------------------------------------------------------------------------------------------------------

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        if self.distance is Distance.cosine and not any(embedding):
            return []  # Cassandra refuses a vector without a direction
        branches, is_exact = cql.asked_of(where)
        by_index = is_exact and limit <= _MOST_NEAR
        work = self._by_index if by_index else self._by_reading
        found = await self._done(io, lambda: work(embedding, limit, where, branches))
        return [Hit(record, self._similarity(score)) for record, score in found]

    def _by_index(
        self, embedding: list[float], limit: int, where: Node, branches: list[frozenset[str]]
    ) -> list[tuple[Record, float]]:
        found: dict[str, tuple[Record, float]] = {}
        for branch in branches:
            text = cql.selected(self._table, cql.KEPT, len(branch), cql.MEASURES[self.distance], near=True)
            for row in self._asked(text, [embedding, *sorted(branch), embedding, limit]):
                found[row.id] = cql.record_of(row), row.score
        return heapq.nlargest(limit, found.values(), key=lambda pair: pair[1])

    def _by_reading(
        self, embedding: list[float], limit: int, where: Node, branches: list[frozenset[str]]
    ) -> list[tuple[Record, float]]:
        """Only labels and scores are read of all rows, which Cassandra computes; then the best rows as a whole."""
        scores = {record.id: score for record, score in self._fitting(where, cql.LABELS, embedding)}
        best = heapq.nlargest(limit, scores, key=lambda id: scores[id])
        text = f"SELECT {', '.join(cql.KEPT)} FROM {self._table} WHERE id = ?"
        rows = [row for id in best for row in self._asked(text, [id])]
        return [(cql.record_of(row), scores[row.id]) for row in rows]

    def _similarity(self, score: float) -> float:
        """Cassandra tells 1 / (1 + the square of the distance), or (1 + cosine or product) / 2."""
        if self.distance is Distance.l2:
            return similarity(math.sqrt(max(1.0 / score - 1.0, 0.0)), Distance.l2)
        return 2.0 * score - 1.0

    # -----------------------------------------------------------------------------------------------------------------

    def _asked(self, text: str, values: Sequence[Any]) -> Any:
        return self.session.execute(self._statement(text), values)

    def _all(self, text: str, rows: Sequence[Sequence[Any]]) -> None:
        """A statement for many rows, some at a time."""
        many = importlib.import_module("cassandra.concurrent").execute_concurrent_with_args
        if rows:
            many(self.session, self._statement(text), rows, concurrency=_AT_ONCE, raise_on_first_error=True)

    def _statement(self, text: str) -> Any:
        with self._lock:
            if text not in self._prepared:
                self._prepared[text] = self.session.prepare(text)
            return self._prepared[text]

    async def _done(self, io: IO, work: Callable[[], T]) -> T:
        package = _cassandra()
        lost = (package.cluster.NoHostAvailable, package.OperationTimedOut, package.Unavailable)
        try:
            done: T = await io.call(work)
            return done
        except (*lost, package.Timeout) as error:
            raise VectorDbUnavailableError(f"Cassandra cannot be reached: {error}") from error
        except (package.DriverException, package.RequestExecutionException) as error:
            self._forget()  # somebody may have dropped it
            raise VectorDbError(f"Cassandra, table {self._table}: {error}") from error


def _cassandra() -> Any:
    try:
        package = importlib.import_module("cassandra")
        importlib.import_module("cassandra.cluster")
    except ImportError as error:
        raise ImportError("Cassandra needs the package `cassandra-driver`: pip install 'agno[cassandra]'") from error
    return package


__all__ = ["Cassandra"]
