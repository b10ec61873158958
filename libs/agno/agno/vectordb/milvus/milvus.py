"""Vectors in Milvus: a server, or a file."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from agno._io import IO
from agno._io.loops import PerLoop
from agno.vectordb._conditions import Node
from agno.vectordb._flat import READ, read
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.milvus._collection import (
    DENSE,
    SPARSE,
    Expression,
    entity_of,
    indexes_of,
    milvus,
    schema_of,
    words_of,
)
from agno.vectordb.search import SearchType

_METRICS = {Distance.cosine: "COSINE", Distance.l2: "L2", Distance.max_inner_product: "IP"}
_BATCH = 500  # entities in one request
_MOST = 16_384  # entities that Milvus gives at once
_CANDIDATES = 4  # times the limit that each half of a hybrid search finds
_UNAVAILABLE = 2  # Milvus's code for a server that cannot be reached


class Milvus(VectorStore):
    """Keeps vectors in Milvus: `Milvus(collection="docs", uri="http://localhost:19530")`.

    A `uri` that is a file, such as `"tmp/milvus.db"`, needs the package `milvus-lite` and no server. What is not named here
    goes to Milvus's client. `client` and `async_client` are clients of the user's own.

    The words of a hybrid search are sparse vectors of `sparse_vector_dimensions` numbers, made here. A text (the content,
    or the metadata as JSON) has at most 65,535 bytes.
    """

    blocking = True  # the methods wait for a network or a disk
    search_types = frozenset({SearchType.vector, SearchType.hybrid})

    def __init__(
        self,
        collection: str,
        embedder: Any = None,
        distance: Distance | str = Distance.cosine,
        uri: str = "http://localhost:19530",
        token: str | None = None,
        search_type: SearchType | str = SearchType.vector,
        reranker: Any = None,
        sparse_vector_dimensions: int = 10_000,
        similarity_threshold: float | None = None,
        client: Any = None,
        async_client: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        milvus()
        self.collection, self.uri, self.token = collection, str(uri), token
        self.sparse_vector_dimensions = sparse_vector_dimensions
        self._settings = {"uri": self.uri, "token": token or "", **kwargs}
        self._client, self._given_async = client, async_client
        self._client_is_given = client is not None
        self._async_clients: PerLoop[Any] = PerLoop()
        self._lock = threading.RLock()

    @property
    def client(self) -> Any:
        """The synchronous client: the given one, or our own, made at its first use."""
        with self._lock:
            if self._client is None:
                self._client = self._connected(milvus().MilvusClient)
            return self._client

    @property
    def async_client(self) -> Any:
        """The asynchronous client: the given one, or our own for the running event loop."""
        if self._given_async is not None:
            return self._given_async
        return self._async_clients.get(lambda: self._connected(milvus().AsyncMilvusClient))

    def _connected(self, client: Any) -> Any:
        if "://" not in self.uri and self.uri.endswith(".db"):  # by which Milvus knows a file, too
            Path(self.uri).parent.mkdir(parents=True, exist_ok=True)
        return client(**self._settings)

    def close(self) -> None:
        """Close our own synchronous client."""
        if self._client is not None:
            self._client.close()

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made and await self._ask(io, "has_collection"):
            await self._ask(io, "load_collection")  # a server that was started anew has not
            self._is_made = True
        return self._is_made

    async def _make(self, io: IO) -> None:
        # of the class: neither asks a server
        kind = milvus().MilvusClient
        made = {
            "schema": schema_of(kind, self.dimensions),
            "index_params": indexes_of(kind, _METRICS[self.distance]),
            "consistency_level": "Strong",  # what was written is found
        }
        try:  # the asynchronous client waits for the index by a method that a file has not
            await self._blocking(io, lambda: self.client.create_collection(self.collection, **made))
        except VectorDbError:
            if not await self._made(io):  # else somebody else made it at the same time
                raise

    async def _remove(self, io: IO) -> None:
        if await self._exists(io):
            await self._ask(io, "drop_collection")
            self._forget()

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        def stored(page: Sequence[Record]) -> None:
            rows = [entity_of(record, self.sparse_vector_dimensions) for record in page]
            self.client.upsert(self.collection, data=rows)

        # Milvus's clients pack entities in Python, a millisecond for each: the asynchronous one does so on the loop
        for start in range(0, len(records), _BATCH):
            await self._blocking(io, partial(stored, records[start : start + _BATCH]))

    async def _erase(self, io: IO, where: Node) -> None:
        await self._ask(io, "delete", filter=Expression().said(where))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        return [read(row) for row in await self._queried(io, where, limit, list(READ))]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return {row["id"] for row in await self._queried(io, where, None, ["id"])}

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        found = await self._ask(
            io,
            "search",
            data=[embedding],
            anns_field=DENSE,
            filter=Expression().said(where),
            limit=min(limit, _MOST),
            output_fields=list(READ),
        )
        return [Hit(read(row["entity"]), self._similarity(row["distance"])) for row in found[0]]

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """Both searches and their fusion in one request."""
        request, expression = milvus().AnnSearchRequest, Expression().said(where)
        most = min(limit * _CANDIDATES, _MOST)
        words = words_of(query, self.sparse_vector_dimensions, asked=True)
        near = request([embedding], DENSE, {"metric_type": _METRICS[self.distance]}, limit=most, expr=expression)
        told = request([words], SPARSE, {"metric_type": "IP"}, limit=most, expr=expression)
        found = await self._ask(
            io,
            "hybrid_search",
            reqs=[near, told],
            ranker=milvus().RRFRanker(),
            limit=min(limit, _MOST),
            output_fields=list(READ),
        )
        return [Hit(read(row["entity"]), row["distance"]) for row in found[0]]

    # -----------------------------------------------------------------------------------------------------------------

    async def _ask(self, io: IO, method: str, **arguments: Any) -> Any:
        """A method of Milvus's client, in the caller's colour."""
        if not io.is_async or (self._given_async is None and self._client_is_given):
            return await self._blocking(io, lambda: getattr(self.client, method)(self.collection, **arguments))
        try:
            return await getattr(self.async_client, method)(self.collection, **arguments)
        except _errors() as error:
            self._forget()  # somebody may have dropped it
            raise self._explained(error) from error

    async def _blocking(self, io: IO, work: Callable[[], Any]) -> Any:
        """Something that only the synchronous client can do."""
        try:
            return await io.call(work)
        except _errors() as error:
            self._forget()
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> Exception:
        told = getattr(error, "message", None) or error
        if isinstance(error, OSError) or getattr(error, "code", None) == _UNAVAILABLE:
            return VectorDbUnavailableError(f"Milvus at {self.uri} cannot be reached: {told}")
        return VectorDbError(f"Milvus at {self.uri}, collection {self.collection!r}: {told}")

    async def _queried(self, io: IO, where: Node, limit: int | None, fields: list[str]) -> list[dict[str, Any]]:
        expression = Expression().said(where)
        if limit is not None:
            return list(await self._ask(io, "query", filter=expression, limit=limit, output_fields=fields))

        def all_of_them() -> list[dict[str, Any]]:  # there is no asynchronous iterator
            found: list[dict[str, Any]] = []
            pages = self.client.query_iterator(
                self.collection, filter=expression, batch_size=_BATCH, output_fields=fields
            )
            while page := pages.next():
                found += page
            pages.close()
            return found

        found: list[dict[str, Any]] = await self._blocking(io, all_of_them)
        return found

    def _similarity(self, score: float) -> float:
        return similarity(math.sqrt(max(score, 0.0)), Distance.l2) if self.distance is Distance.l2 else score


def _errors() -> tuple[type[Exception], ...]:
    return (milvus().MilvusException, OSError)


__all__ = ["Milvus"]
