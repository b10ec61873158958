"""Vectors in Chroma: this process, a folder, or a server."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

from agno._io import IO
from agno.vectordb._conditions import Node, inwards, said
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb._words import sparse, sparse_query
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.chroma._rows import Conditions, metadata_of, record_of
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.search import SearchType

_SPACES = {Distance.cosine: "cosine", Distance.l2: "l2", Distance.max_inner_product: "ip"}
_WORDED = 1000  # rows with a word of the query that are ranked
_WORD = re.compile(r"\w+")
_ALL = ["embeddings", "documents", "metadatas"]


class ChromaDb(VectorStore):
    """Keeps vectors in Chroma: `ChromaDb(collection="docs", path="tmp/chromadb", persistent_client=True)`.

    Without `persistent_client` it is kept in this process only. With `host=` (and `port=`, `ssl=`, `headers=`) it is kept by
    a server. What is not named here goes to Chroma's client. `client` is one of the user's own.

    Chroma finds words but does not rank them: of the rows that have a word of the query, up to 1,000 are ranked here.
    """

    blocking = True  # the methods wait for a disk or a network
    search_types = frozenset(SearchType)

    def __init__(
        self,
        collection: str,
        embedder: Any = None,
        distance: Distance | str = Distance.cosine,
        path: str = "tmp/chromadb",
        persistent_client: bool = False,
        reranker: Any = None,
        search_type: SearchType | str = SearchType.vector,
        similarity_threshold: float | None = None,
        client: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        _chromadb()
        self.collection_name = collection
        self.path, self.persistent_client = str(path), persistent_client
        self._client, self._settings = client, kwargs
        self._lock = threading.RLock()

    @property
    def client(self) -> Any:
        """Chroma's client: the given one, or our own, made at its first use."""
        with self._lock:
            if self._client is None:
                self._client = self._connected()
            return self._client

    @property
    def collection(self) -> Any:
        """Chroma's collection, for queries of your own; None if it is not there."""
        try:
            # no embedding function: Chroma would load one by itself, and texts come with their vectors
            return self.client.get_collection(self.collection_name, embedding_function=None)
        except _errors().NotFoundError:
            return None

    def _connected(self) -> Any:
        chromadb, given = _chromadb(), dict(self._settings)
        if "settings" not in given:
            given["settings"] = chromadb.config.Settings(anonymized_telemetry=False)
        if "host" in given:
            return chromadb.HttpClient(**given)
        return (
            chromadb.PersistentClient(path=self.path, **given)
            if self.persistent_client
            else chromadb.EphemeralClient(**given)
        )

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        return bool(await self._done(io, lambda: self.collection is not None))

    async def _make(self, io: IO) -> None:
        def made() -> None:
            space = {"hnsw": {"space": _SPACES[self.distance]}}
            self.client.get_or_create_collection(self.collection_name, embedding_function=None, configuration=space)

        await self._done(io, made)

    async def _remove(self, io: IO) -> None:
        def removed() -> None:
            if self.collection is not None:
                self.client.delete_collection(self.collection_name)

        await self._done(io, removed)

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        def stored() -> None:
            collection, most = self._there(), self.client.get_max_batch_size()
            for start in range(0, len(records), most):
                some = records[start : start + most]
                collection.upsert(
                    ids=[record.id for record in some],
                    embeddings=[record.embedding for record in some],
                    documents=[record.content for record in some],
                    metadatas=[metadata_of(record) for record in some],
                )

        await self._done(io, stored)

    async def _erase(self, io: IO, where: Node) -> None:
        await self._done(io, lambda: self._there().delete(where=_where(where)))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        found = await self._done(io, lambda: self._there().get(where=_where(where), limit=limit, include=_ALL))
        return _records(found)

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return set((await self._done(io, lambda: self._there().get(where=_where(where), include=[])))["ids"])

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        def found() -> Any:
            return self._there().query(
                query_embeddings=[embedding], n_results=limit, where=_where(where), include=[*_ALL, "distances"]
            )

        answer = await self._done(io, found)
        one = {name: answer[name][0] for name in ("ids", "documents", "metadatas", "embeddings", "distances")}
        pairs = zip(_records(one), one["distances"], strict=True)
        return [Hit(record, self._similarity(distance)) for record, distance in pairs]

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        words = sorted({word.lower() for word in _WORD.findall(query)})
        if not words:
            return []
        with_word = {"$regex": rf"(?i)\b({'|'.join(words)})"}

        def found() -> Any:
            return self._there().get(where=_where(where), where_document=with_word, limit=_WORDED, include=_ALL)

        asked = sparse_query(query)
        hits = []
        for record in _records(await self._done(io, found)):
            weights = sparse(record.content)
            if score := sum(weights.get(place, 0.0) for place in asked):
                hits.append(Hit(record, score))
        return sorted(hits, key=lambda hit: (-(hit.score or 0.0), hit.record.id))[:limit]

    # -----------------------------------------------------------------------------------------------------------------

    def _there(self) -> Any:
        collection = self.collection
        if collection is None:
            raise VectorDbError(f"Chroma has no collection {self.collection_name!r}: create() makes it.")
        return collection

    async def _done(self, io: IO, work: Callable[[], Any]) -> Any:
        return await io.call(self._alone, work)

    def _alone(self, work: Callable[[], Any]) -> Any:
        """One call at a time: Chroma within a process shares its files."""
        with self._lock:
            try:
                return work()
            except _errors().ChromaError as error:
                raise VectorDbError(f"Chroma, collection {self.collection_name!r}: {error}") from error
            except (OSError, ValueError) as error:
                if isinstance(error, ValueError) and "connect" not in str(error):
                    raise
                raise VectorDbUnavailableError(f"Chroma at {self._place()} cannot be reached: {error}") from error

    def _place(self) -> str:
        return f"{self._settings['host']}:{self._settings.get('port', 8000)}" if "host" in self._settings else self.path

    def _similarity(self, distance: float) -> float:
        if self.distance is Distance.l2:
            return similarity(math.sqrt(max(distance, 0.0)), Distance.l2)
        return 1.0 - distance


def _where(where: Node) -> dict[str, Any]:
    return said(inwards(where), Conditions())


def _records(found: dict[str, Any]) -> list[Record]:
    rows = zip(found["ids"], found["documents"], found["metadatas"], found["embeddings"], strict=True)
    return [record_of(id, text or "", metadata or {}, embedding) for id, text, metadata, embedding in rows]


def _chromadb() -> Any:
    try:
        import chromadb
    except ImportError as error:
        raise ImportError("ChromaDb needs the package `chromadb`: pip install 'agno[chroma]'") from error
    return chromadb


def _errors() -> Any:
    import chromadb.errors

    return chromadb.errors


__all__ = ["ChromaDb"]
