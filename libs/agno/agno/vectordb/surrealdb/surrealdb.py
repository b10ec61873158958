"""Vectors in SurrealDB: a server, a folder, or this process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from agno._io import IO
from agno.vectordb._conditions import EVERYTHING, Node
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.surrealdb._rows import SELECTED, Conditions, record_of, row_of, surreal

_MEASURES = {
    Distance.cosine: ("COSINE", "vector::similarity::cosine", "DESC"),
    Distance.l2: ("EUCLIDEAN", "vector::distance::euclidean", "ASC"),
    Distance.max_inner_product: (None, "vector::dot", "DESC"),
}
_INDEXED = ("terms", "name", "content_hash", "source", "content_id")
_ATTEMPTS = 20  # of what got into the way of somebody else's transaction


class SurrealDb(VectorStore):
    """Keeps vectors in SurrealDB: `SurrealDb(client=client, collection="docs")`.

    `client` is a connection of `surrealdb.Surreal`, `async_client` one of `surrealdb.AsyncSurreal`; both signed in, with a
    namespace and a database chosen (`use`). Without an `async_client`, asynchronous methods use `client` in a worker thread.

    A search without filters uses an HNSW index, which `efc`, `m` and `search_ef` tune. SurrealDB looks at filters after
    that index has made its choice, so a search with filters compares with every row that fits instead; so does one that
    finds less than it was asked for. There is no index for max_inner_product.
    """

    blocking = True  # the methods wait for a network or a disk

    def __init__(
        self,
        client: Any = None,
        async_client: Any = None,
        collection: str = "documents",
        distance: Distance | str = Distance.cosine,
        efc: int = 150,
        m: int = 12,
        search_ef: int = 40,
        embedder: Any = None,
        reranker: Any = None,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder, distance=distance, reranker=reranker, similarity_threshold=similarity_threshold
        )
        surreal()
        if client is None and async_client is None:
            raise ValueError(
                "SurrealDb needs client=, such as surrealdb.Surreal('ws://localhost:8000'), or async_client=."
            )
        if "`" in collection or "\\" in collection or "\0" in collection:
            raise ValueError(
                f"{collection!r} cannot be the name of a table: it holds a backtick, a backslash or a NUL."
            )
        self.client, self.async_client = client, async_client
        self.collection = collection
        self.efc, self.m, self.search_ef = efc, m, search_ef
        self._lock = threading.RLock()

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        (found,) = await self._ask(io, "INFO FOR DB")
        return self.collection in found["tables"]

    async def _make(self, io: IO) -> None:
        table, (metric, _, _) = self._table, _MEASURES[self.distance]
        told = [f"DEFINE TABLE IF NOT EXISTS {table} SCHEMALESS"]
        told += [f"DEFINE INDEX IF NOT EXISTS {name} ON {table} FIELDS {name}" for name in _INDEXED]
        if metric is not None:
            graph = f"HNSW DIMENSION {self.dimensions} TYPE F32 DIST {metric} EFC {int(self.efc)} M {int(self.m)}"
            told.append(f"DEFINE INDEX IF NOT EXISTS embedding ON {table} FIELDS embedding {graph}")
        await self._ask(io, "; ".join(told))

    async def _remove(self, io: IO) -> None:
        await self._ask(io, f"REMOVE TABLE IF EXISTS {self._table}")

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        rows = [row_of(record, self.collection) for record in records]
        await self._ask(io, "BEGIN; FOR $row IN $rows { UPSERT $row.id CONTENT $row }; COMMIT", rows=rows)

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        rows, condition = [row_of(record, self.collection) for record in records], Conditions(self.collection)
        stale = f"DELETE {self._table} WHERE {condition.said(where)} AND id NOT IN $rows.id"
        text = f"BEGIN; FOR $row IN $rows {{ UPSERT $row.id CONTENT $row }}; {stale}; COMMIT"
        await self._ask(io, text, rows=rows, **condition.given)

    async def _erase(self, io: IO, where: Node) -> None:
        condition = Conditions(self.collection)
        await self._ask(io, f"DELETE {self._table} WHERE {condition.said(where)}", **condition.given)

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        most = "" if limit is None else f" LIMIT {limit}"
        return [record_of(row) for row in await self._selected(io, SELECTED, where, most)]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return {row["id"] for row in await self._selected(io, "record::id(id) AS id", where, "")}

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        metric, measure, order = _MEASURES[self.distance]
        what, rows = f"{SELECTED}, {measure}(embedding, $vector) AS score", []
        if where == EVERYTHING and metric is not None:
            near = f"embedding <|{limit},{max(limit, int(self.search_ef))}|> $vector"
            text = f"SELECT {what} FROM {self._table} WHERE {near} ORDER BY score {order}"
            (rows,) = await self._ask(io, text, vector=embedding)
        if len(rows) < limit:  # a graph of which much was deleted finds less than there is
            rows = await self._selected(io, what, where, f" ORDER BY score {order} LIMIT {limit}", vector=embedding)
        return [Hit(record_of(row), self._similarity(row["score"])) for row in rows]

    # -----------------------------------------------------------------------------------------------------------------

    @property
    def _table(self) -> str:
        return f"`{self.collection}`"

    async def _selected(self, io: IO, what: str, where: Node, end: str, **given: Any) -> list[dict[str, Any]]:
        condition = Conditions(self.collection)
        text = f"SELECT {what} FROM {self._table} WHERE {condition.said(where)}{end}"
        rows: list[dict[str, Any]] = (await self._ask(io, text, **condition.given, **given))[0]
        return rows

    async def _ask(self, io: IO, text: str, **given: Any) -> list[Any]:
        """What each statement gives. What got into the way of another transaction was not done, and is done again."""
        for attempt in range(_ATTEMPTS):
            results = await self._sent(io, text, given)
            errors = [str(one["result"]) for one in results if one["status"] != "OK"]
            if not errors:
                return [one["result"] for one in results]
            if not any("conflict" in error.lower() or "retried" in error for error in errors):
                break
            await io.sleep(0.002 * attempt)
        # the statements beside the one that failed only say that they were not executed
        told = next((error for error in errors if "not executed" not in error), errors[0])
        raise VectorDbError(f"SurrealDB, table {self.collection!r}: {told}")

    async def _sent(self, io: IO, text: str, given: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            if io.is_async and self.async_client is not None:
                answer = await self.async_client.query_raw(text, given)
            else:
                answer = await io.call(self._alone, text, given)
        except Exception as error:  # a border: the client raises what its websocket and HTTP libraries raise
            raise self._explained(error) from error
        if "error" in answer:
            raise VectorDbError(f"SurrealDB, table {self.collection!r}: {answer['error'].get('message')}")
        results: list[dict[str, Any]] = answer["result"]
        return results

    def _alone(self, text: str, given: dict[str, Any]) -> Any:
        """One call at a time: a connection belongs to one thread."""
        if self.client is None:
            raise ValueError("SurrealDb got only async_client=: its other methods need client=.")
        with self._lock:
            return self.client.query_raw(text, given)

    def _explained(self, error: Exception) -> Exception:
        if isinstance(error, ValueError):
            return error
        name = type(error).__name__
        if isinstance(error, OSError) or "Connection" in name or "Timeout" in name:
            return VectorDbUnavailableError(f"SurrealDB cannot be reached: {error}")
        return VectorDbError(f"SurrealDB, table {self.collection!r}: {error}")

    def _similarity(self, score: float) -> float:
        return similarity(score, Distance.l2) if self.distance is Distance.l2 else score


__all__ = ["SurrealDb"]
