"""Vectors in Pinecone, a service."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from agno._io import IO
from agno.knowledge._arguments import number, whole
from agno.vectordb._conditions import EVERYTHING, Node
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.pineconedb._vectors import filter_of, record_of, vector_of, words_of
from agno.vectordb.search import SearchType

_METRICS = {"cosine": Distance.cosine, "euclidean": Distance.l2, "dotproduct": Distance.max_inner_product}
_BATCH = 100  # vectors in one request
_PAGE = 100
_MOST = 10_000  # vectors that a search gives


class PineconeDb(VectorStore):
    """Keeps vectors in Pinecone: `PineconeDb(name="docs", dimension=1536, spec=ServerlessSpec(...), api_key="...")`.

    A `namespace` separates records within the index: with one, `drop` and `delete` remove what is in it, and the index stays;
    without one, `drop` removes the index. With `use_hybrid_search` records have a vector of their words, too, which counts
    `1 - hybrid_alpha` in a search; Pinecone wants `metric="dotproduct"` for that. `index_api` is a client of the user's
    own, `pinecone.Pinecone(...)`. `config` and what is not named here go to the client that is made otherwise.
    """

    blocking = True  # the methods wait for a network
    looks_up = False  # the service itself refuses vectors of another length

    def __init__(
        self,
        name: str,
        dimension: int,
        spec: Any,
        embedder: Any = None,
        metric: str | None = "cosine",
        additional_headers: dict[str, str] | None = None,
        pool_threads: int | None = 1,
        namespace: str | None = None,
        timeout: int | None = None,
        index_api: Any = None,
        api_key: str | None = None,
        host: str | None = None,
        config: dict[str, Any] | None = None,
        use_hybrid_search: bool = False,
        hybrid_alpha: float = 0.5,
        reranker: Any = None,
        similarity_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        if use_hybrid_search:
            self.search_types = frozenset({SearchType.vector, SearchType.hybrid})  # type: ignore[misc]  # of this object
        if (metric or "cosine") not in _METRICS:
            raise ValueError(f"metric is {metric!r}; Pinecone measures cosine, euclidean and dotproduct.")
        super().__init__(
            embedder=embedder,
            search_type=SearchType.hybrid if use_hybrid_search else SearchType.vector,
            distance=_METRICS[metric or "cosine"],
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        if use_hybrid_search and metric != "dotproduct":
            raise ValueError(f"use_hybrid_search needs metric='dotproduct'; it is {metric!r}.")
        number(self, "hybrid_alpha", hybrid_alpha, most=1)
        whole(self, "dimension", dimension)
        _pinecone()
        self.name, self.dimension, self.spec, self.metric = name, dimension, spec, metric or "cosine"
        self.namespace, self.timeout, self.pool_threads = namespace, timeout, pool_threads
        self.use_hybrid_search, self.hybrid_alpha = use_hybrid_search, hybrid_alpha
        named = {"api_key": api_key, "host": host, "additional_headers": additional_headers, **(config or {}), **kwargs}
        self._settings = {key: value for key, value in named.items() if value is not None}
        self._client, self._index = index_api, None
        self._is_made = False

    @property
    def client(self) -> Any:
        """Pinecone's client: the given one, or our own, made at its first use."""
        if self._client is None:
            self._client = _pinecone().Pinecone(**self._settings)
        return self._client

    @property
    def index(self) -> Any:
        """Pinecone's index, for queries of your own."""
        if self._index is None:
            self._index = self.client.Index(host=self.client.describe_index(self.name).host)
        return self._index

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made:
            self._is_made = bool(await self._done(io, lambda: self.client.has_index(self.name)))
        return self._is_made

    async def _make(self, io: IO) -> None:
        if self.dimension != self.dimensions:
            raise ValueError(
                f"dimension= is {self.dimension}, and the embedder makes vectors of {self.dimensions} numbers."
            )
        wanted = {"name": self.name, "dimension": self.dimension, "metric": self.metric, "spec": self.spec}
        try:
            await self._done(io, lambda: self.client.create_index(**wanted, timeout=self.timeout))
        except VectorDbError:
            if not await self._made(io):  # else somebody else made it at the same time
                raise

    async def _remove(self, io: IO) -> None:
        if not await self._exists(io):
            return
        if self.namespace:
            return await self._erase(io, EVERYTHING)
        await self._done(io, lambda: self.client.delete_index(self.name))
        self._forget()

    def _forget(self) -> None:
        self._is_made, self._index = False, None

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        vectors = [vector_of(record, self.use_hybrid_search) for record in records]
        for start in range(0, len(vectors), _BATCH):
            some = vectors[start : start + _BATCH]
            await self._done(io, partial(self._stored, some))

    def _stored(self, vectors: list[dict[str, Any]]) -> None:
        self.index.upsert(vectors=vectors, **self._where)

    async def _erase(self, io: IO, where: Node) -> None:
        what: dict[str, Any] = {"delete_all": True} if where == EVERYTHING else {"filter": filter_of(where)}

        def erased() -> None:
            try:
                self.index.delete(**what, **self._where)
            except _pinecone().NotFoundException:
                pass  # a namespace without vectors is not there

        await self._done(io, erased)

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        found: list[Record] = []
        page: dict[str, Any] = {"filter": filter_of(where), **self._where}
        while True:
            page["limit"] = _PAGE if limit is None else min(_PAGE, limit - len(found))
            answer = await self._done(io, lambda: self.index.fetch_by_metadata(**page))
            found += map(record_of, answer.vectors.values())
            token = answer.pagination.next if answer.pagination is not None else None
            if not token or (limit is not None and len(found) >= limit):
                return found
            page["pagination_token"] = token

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        return await self._queried(io, limit, where, vector=embedding)

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """One request: the sum of both products."""
        share, words = self.hybrid_alpha, words_of(query)
        dense = [x * share for x in embedding]
        words["values"] = [weight * (1 - share) for weight in words["values"]]
        return await self._queried(io, limit, where, vector=dense, sparse_vector=words)

    # -----------------------------------------------------------------------------------------------------------------

    @property
    def _where(self) -> dict[str, str]:
        return {"namespace": self.namespace or ""}

    async def _queried(self, io: IO, limit: int, where: Node, **asked: Any) -> list[Hit]:
        asked |= {"top_k": min(limit, _MOST), "include_values": True, "include_metadata": True, **self._where}
        if where != EVERYTHING:
            asked["filter"] = filter_of(where)
        answer = await self._done(io, lambda: self.index.query(**asked))
        return [Hit(record_of(match), self._similarity(match.score)) for match in answer.matches]

    async def _done(self, io: IO, work: Callable[[], Any]) -> Any:
        package = _pinecone()
        try:
            return await io.call(work)
        except (package.PineconeConnectionError, package.PineconeTimeoutError) as error:
            raise VectorDbUnavailableError(f"Pinecone cannot be reached: {error}") from error
        except package.PineconeException as error:
            self._forget()  # somebody may have removed the index
            raise VectorDbError(f"Pinecone, index {self.name!r}: {error}") from error

    def _similarity(self, score: float) -> float:
        """Of the euclidean metric Pinecone tells the square of the distance."""
        return similarity(math.sqrt(max(score, 0.0)), Distance.l2) if self.distance is Distance.l2 else score


def _pinecone() -> Any:
    try:
        import pinecone
    except ImportError as error:
        raise ImportError("PineconeDb needs the package `pinecone`: pip install 'agno[pinecone]'") from error
    return pinecone


__all__ = ["PineconeDb"]
