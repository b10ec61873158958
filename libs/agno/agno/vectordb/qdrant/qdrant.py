"""Vectors in Qdrant: a server, a folder, or this process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from agno._io import IO
from agno._io.loops import PerLoop
from agno.vectordb._conditions import EVERYTHING, Node, said
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb._words import sparse, sparse_query
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.qdrant._points import Conditions, payload_of, record_of
from agno.vectordb.search import SearchType

_DISTANCES = {Distance.cosine: "COSINE", Distance.l2: "EUCLID", Distance.max_inner_product: "DOT"}
_BATCH = 200  # points in one request
_PAGE = 1000
_INDEXED = ("terms", "name", "content_hash", "source", "content_id")
_CANDIDATES = 4  # times the limit that each half of a hybrid search finds


class Qdrant(VectorStore):
    """Keeps vectors in Qdrant: `Qdrant(collection="docs", url="http://localhost:6333")`.

    `path` is a folder and `location=":memory:"` this process, both for development. Everything else, also what is not
    named here, goes to Qdrant's client. `client` and `async_client` are clients of the user's own.

    Words are found by sparse vectors that Qdrant ranks with BM25. They are made here; with `fastembed_kwargs`, such as
    `{"model_name": "Qdrant/bm25"}`, by the package `fastembed`.
    """

    blocking = True  # the methods wait for a network or a disk
    search_types = frozenset(SearchType)

    def __init__(
        self,
        collection: str,
        embedder: Any = None,
        distance: Distance | str = Distance.cosine,
        location: str | None = None,
        url: str | None = None,
        port: int | None = 6333,
        grpc_port: int = 6334,
        prefer_grpc: bool = False,
        https: bool | None = None,
        api_key: str | None = None,
        prefix: str | None = None,
        timeout: float | None = None,
        host: str | None = None,
        path: str | None = None,
        reranker: Any = None,
        search_type: SearchType | str = SearchType.vector,
        dense_vector_name: str = "dense",
        sparse_vector_name: str = "sparse",
        hybrid_fusion_strategy: Any = None,
        fastembed_kwargs: dict[str, Any] | None = None,
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
        self._models = _qdrant().models
        self.collection = collection
        self.dense_vector_name, self.sparse_vector_name = dense_vector_name, sparse_vector_name
        self.hybrid_fusion_strategy = hybrid_fusion_strategy or self._models.Fusion.RRF
        self.fastembed_kwargs = fastembed_kwargs
        named = {
            "location": location, "url": url, "port": port, "grpc_port": grpc_port, "prefer_grpc": prefer_grpc,
            "https": https, "api_key": api_key, "prefix": prefix, "timeout": timeout, "host": host,
            "path": str(path) if path is not None else None,
        }  # fmt: skip
        self._settings = {**named, **kwargs}
        self._is_local = path is not None or location == ":memory:"
        self._client, self._given_async = client, async_client
        self._async_clients: PerLoop[Any] = PerLoop()
        self._lock = threading.RLock()
        self._encoder: Any = None

    @property
    def client(self) -> Any:
        """The synchronous client: the given one, or our own, made at its first use."""
        with self._lock:
            if self._client is None:
                self._client = _qdrant().QdrantClient(**self._settings)
            return self._client

    @property
    def async_client(self) -> Any:
        """The asynchronous client: the given one, or our own for the running event loop."""
        if self._given_async is not None:
            return self._given_async
        return self._async_clients.get(self._new_async)

    def _new_async(self) -> Any:
        return _qdrant().AsyncQdrantClient(**self._settings)

    def close(self) -> None:
        """Close our own synchronous client."""
        if self._client is not None:
            self._client.close()

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made:  # asked once: a server is far away
            self._is_made = bool(await self._ask(io, "collection_exists"))
        return self._is_made

    async def _make(self, io: IO) -> None:
        models = self._models
        size, distance = self.dimensions, getattr(models.Distance, _DISTANCES[self.distance])
        dense = {self.dense_vector_name: models.VectorParams(size=size, distance=distance)}
        words = {self.sparse_vector_name: models.SparseVectorParams(modifier=models.Modifier.IDF)}
        try:
            await self._ask(io, "create_collection", vectors_config=dense, sparse_vectors_config=words)
        except VectorDbError:
            if not await self._made(io):  # else somebody else made it at the same time
                raise
        if not self._is_local:  # a local one has no indexes, and warns
            for field in _INDEXED:
                schema = models.PayloadSchemaType.KEYWORD
                await self._ask(io, "create_payload_index", field_name=field, field_schema=schema)

    async def _remove(self, io: IO) -> None:
        if await self._exists(io):
            await self._ask(io, "delete_collection")
            self._forget()

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        for start in range(0, len(records), _BATCH):
            # points are made in Python, a tenth of a millisecond each, which is too much for a loop
            points = await io.call(self._points, records[start : start + _BATCH])
            await self._ask(io, "upsert", points=points, wait=True)

    def _points(self, records: Sequence[Record]) -> list[Any]:
        words = self._sparse([record.content for record in records])
        return [
            self._models.PointStruct(
                id=record.id,
                vector={self.dense_vector_name: record.embedding, self.sparse_vector_name: self._vector(weights)},
                payload=payload_of(record),
            )
            for record, weights in zip(records, words, strict=True)
        ]

    async def _erase(self, io: IO, where: Node) -> None:
        selector = self._models.FilterSelector(filter=self._where(where))
        await self._ask(io, "delete", points_selector=selector, wait=True)

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        points = await self._scrolled(io, where, limit, with_payload=True, with_vectors=[self.dense_vector_name])
        return [record_of(point, self.dense_vector_name) for point in points]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        points = await self._scrolled(io, where, None, with_payload=False, with_vectors=False)
        return {str(point.id) for point in points}

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        label = Record(id="", content="", content_hash=content_hash, content_id=content_id)
        named = {"content_hash": content_hash, "source": label.source, "content_id": content_id}
        await self._ask(io, "set_payload", payload=named, points=self._where(where), wait=True)

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        points = await self._queried(io, where, limit, query=embedding, using=self.dense_vector_name)
        return [Hit(record, self._similarity(score)) for record, score in points]

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        vector = await self._query_words(io, query)
        points = await self._queried(io, where, limit, query=vector, using=self.sparse_vector_name)
        return [Hit(record, score) for record, score in points if score > 0]

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """Both searches and their fusion in one request."""
        halves = {self.dense_vector_name: embedding, self.sparse_vector_name: await self._query_words(io, query)}
        only = None if where == EVERYTHING else self._where(where)
        prefetch = [
            self._models.Prefetch(query=vector, using=name, filter=only, limit=limit * _CANDIDATES)
            for name, vector in halves.items()
        ]
        fusion = self._models.FusionQuery(fusion=self.hybrid_fusion_strategy)
        return [Hit(*point) for point in await self._queried(io, where, limit, prefetch=prefetch, query=fusion)]

    # -----------------------------------------------------------------------------------------------------------------

    async def _ask(self, io: IO, method: str, **arguments: Any) -> Any:
        """A method of Qdrant's client, in the caller's colour. A local one is run in a thread, one call at a time."""
        try:
            if io.is_async and (self._given_async is not None or (not self._is_local and self._client is None)):
                client = self._given_async
                if client is None:
                    client = await self._async_clients.opened(io, self._new_async)
                return await getattr(client, method)(self.collection, **arguments)
            return await io.call(self._alone, method, arguments)
        except Exception as error:  # a border: the client raises what its HTTP and gRPC libraries raise
            self._forget()  # somebody may have dropped it
            raise self._explained(error) from error

    def _alone(self, method: str, arguments: dict[str, Any]) -> Any:
        call = getattr(self.client, method)
        if not self._is_local:
            return call(self.collection, **arguments)
        with self._lock:
            return call(self.collection, **arguments)

    def _explained(self, error: Exception) -> Exception:
        place = self._settings.get("url") or self._settings.get("path") or self._settings.get("host") or "its client"
        name = type(error).__name__
        if name in ("ResponseHandlingException", "AioRpcError", "_InactiveRpcError") or isinstance(error, OSError):
            return VectorDbUnavailableError(f"Qdrant at {place} cannot be reached: {error}")
        return VectorDbError(f"Qdrant at {place}, collection {self.collection!r}: {error}")

    async def _scrolled(self, io: IO, where: Node, limit: int | None, **what: Any) -> list[Any]:
        found: list[Any] = []
        offset = None
        while True:
            page = _PAGE if limit is None else min(_PAGE, limit - len(found))
            points, offset = await self._ask(
                io, "scroll", scroll_filter=self._where(where), limit=page, offset=offset, **what
            )
            found += points
            if offset is None or (limit is not None and len(found) >= limit):
                return found

    async def _queried(self, io: IO, where: Node, limit: int, **query: Any) -> list[tuple[Record, float]]:
        response = await self._ask(
            io,
            "query_points",
            query_filter=None if where == EVERYTHING else self._where(where),
            limit=limit,
            with_payload=True,
            with_vectors=[self.dense_vector_name],
            **query,
        )
        return [(record_of(point, self.dense_vector_name), point.score) for point in response.points]

    def _where(self, where: Node) -> Any:
        condition = said(where, Conditions(self._models))
        return condition if isinstance(condition, self._models.Filter) else self._models.Filter(must=[condition])

    def _similarity(self, score: float) -> float:
        return similarity(score, Distance.l2) if self.distance is Distance.l2 else score

    # Words -----------------------------------------------------------------------------------------------------------

    def _sparse(self, texts: list[str]) -> list[dict[int, float]]:
        if self.fastembed_kwargs is None:
            return [sparse(text) for text in texts]
        return [one.as_dict() for one in self._fastembed().embed(texts)]

    async def _query_words(self, io: IO, query: str) -> Any:
        if self.fastembed_kwargs is None:
            return self._vector(sparse_query(query))
        made: list[Any] = await io.call(lambda: list(self._fastembed().query_embed(query)))
        return self._vector(made[0].as_dict())

    def _fastembed(self) -> Any:
        if self._encoder is None:
            try:
                from fastembed import SparseTextEmbedding
            except ImportError as error:
                raise ImportError("fastembed_kwargs= needs the package `fastembed`: pip install fastembed") from error
            self._encoder = SparseTextEmbedding(**{"model_name": "Qdrant/bm25", **(self.fastembed_kwargs or {})})
        return self._encoder

    def _vector(self, weights: dict[int, float]) -> Any:
        return self._models.SparseVector(indices=list(weights), values=list(weights.values()))


def _qdrant() -> Any:
    try:
        import qdrant_client
    except ImportError as error:
        raise ImportError("Qdrant needs the package `qdrant-client`: pip install 'agno[qdrant]'") from error
    return qdrant_client


__all__ = ["Qdrant"]
