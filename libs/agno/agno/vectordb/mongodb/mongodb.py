"""Vectors in MongoDB Atlas, and in what speaks its language: Atlas Local, Cosmos DB."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from agno._io import IO
from agno._io.loops import PerLoop
from agno.vectordb import _fusing
from agno.vectordb._conditions import Node, field_is
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance
from agno.vectordb.mongodb import _pipelines as pipelines
from agno.vectordb.search import SearchType

_BATCH = 500  # documents in one request
_CANDIDATES = 4  # times the limit that each half of a hybrid search finds
_PAUSE = 0.25  # seconds between two looks whether an index is ready


class MongoDb(VectorStore):
    """Keeps vectors in MongoDB: `MongoDb(collection_name="docs", db_url="mongodb+srv://user:password@cluster/")`.

    It needs search indexes, so MongoDB Atlas or Atlas Local; with `cosmos_compatibility` Azure's Cosmos DB, which has no
    keyword search. The first write makes the indexes and waits up to `wait_until_index_ready_in_seconds` for them; after
    each write it waits `wait_after_insert_in_seconds`, since search indexes follow the collection with a delay. `overwrite`
    drops the collection at the first `create`. What is not named here goes to pymongo's client. `client` is a `MongoClient`
    or an `AsyncMongoClient` of the user's own.
    """

    blocking = True  # the methods wait for a network
    search_types = frozenset(SearchType)

    def __init__(
        self,
        collection_name: str,
        db_url: str = "mongodb://localhost:27017/",
        database: str = "agno",
        embedder: Any = None,
        distance_metric: Distance | str = Distance.cosine,
        overwrite: bool = False,
        wait_until_index_ready_in_seconds: float | None = 3,
        wait_after_insert_in_seconds: float | None = 3,
        max_pool_size: int = 100,
        retry_writes: bool = True,
        client: Any = None,
        search_index_name: str = "vector_index_1",
        cosmos_compatibility: bool = False,
        search_type: SearchType | str = SearchType.vector,
        hybrid_vector_weight: float = 0.5,
        hybrid_keyword_weight: float = 0.5,
        hybrid_rank_constant: int = 60,
        reranker: Any = None,
        similarity_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        if cosmos_compatibility:
            self.search_types = frozenset({SearchType.vector})  # type: ignore[misc]  # of this object only
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance_metric,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        pymongo = _pymongo()
        self.collection_name, self.db_url, self.database = collection_name, db_url, database
        self.overwrite, self.cosmos_compatibility = overwrite, cosmos_compatibility
        self.wait_until_index_ready_in_seconds = wait_until_index_ready_in_seconds or 0.0
        self.wait_after_insert_in_seconds = wait_after_insert_in_seconds or 0.0
        self.search_index_name = search_index_name
        self.hybrid_vector_weight, self.hybrid_keyword_weight = hybrid_vector_weight, hybrid_keyword_weight
        self.hybrid_rank_constant = hybrid_rank_constant
        self._settings = {"maxPoolSize": max_pool_size, "retryWrites": retry_writes, **kwargs}
        is_awaited = isinstance(client, pymongo.AsyncMongoClient)
        self._client: Any = None if is_awaited else client
        self._given_async: Any = client if is_awaited else None
        self._is_blocking = client is not None and not is_awaited
        self._async_clients: PerLoop[Any] = PerLoop()
        self._lock = threading.RLock()

    @property
    def client(self) -> Any:
        """The synchronous client: the given one, or our own, made at its first use."""
        with self._lock:
            if self._client is None:
                self._client = _pymongo().MongoClient(self.db_url, **self._settings)
            return self._client

    @property
    def async_client(self) -> Any:
        """The asynchronous client: the given one, or our own for the running event loop."""
        if self._given_async is not None:
            return self._given_async
        return self._async_clients.get(lambda: _pymongo().AsyncMongoClient(self.db_url, **self._settings))

    def close(self) -> None:
        """Close our own synchronous client."""
        if self._client is not None and not self._is_blocking:
            self._client.close()
            self._client = None

    # The collection --------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made:
            named = {"name": self.collection_name}
            self._is_made = bool(await self._done(io, lambda db: db.list_collection_names(filter=named)))
        return self._is_made

    async def _make(self, io: IO) -> None:
        name, dimensions = self.collection_name, self.dimensions
        try:
            await self._done(io, lambda db: db.create_collection(name))
        except VectorDbError:
            if not await self._made(io):  # else somebody else made it at the same time
                raise
            return
        if self.cosmos_compatibility:
            index = pipelines.cosmos_index(self.search_index_name, dimensions, self.distance)
            await self._done(io, lambda db: db.command("createIndexes", name, indexes=[index]))
            return
        model = _pymongo().operations.SearchIndexModel
        vector = pipelines.vector_index(dimensions, self.distance)
        models = [
            model(definition=vector, name=self.search_index_name, type="vectorSearch"),
            model(definition=pipelines.word_index(), name=self._word_index, type="search"),
        ]
        await self._done(io, lambda db: db[name].create_search_indexes(models))
        await self._until_ready(io)

    async def _until_ready(self, io: IO) -> None:
        """Searches of an index that is not ready find nothing."""
        end = io.now() + self.wait_until_index_ready_in_seconds
        while io.now() < end:
            found = await self._piped(io, [{"$listSearchIndexes": {}}])
            if found and all(index.get("queryable") for index in found):
                return
            await io.sleep(_PAUSE)

    async def _remove(self, io: IO) -> None:
        await self._done(io, lambda db: db.drop_collection(self.collection_name))
        self._forget()

    # Rows ------------------------------------------------------------------------------------------------------------

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        replace = _pymongo().ReplaceOne
        for start in range(0, len(records), _BATCH):
            some = [
                replace({"_id": record.id}, pipelines.document_of(record), upsert=True)
                for record in records[start : start + _BATCH]
            ]
            await self._in_collection(io, partial(_written, some))
        if records and self.wait_after_insert_in_seconds:
            await io.sleep(self.wait_after_insert_in_seconds)

    async def _erase(self, io: IO, where: Node) -> None:
        condition = pipelines.filter_of(where)
        await self._in_collection(io, lambda rows: rows.delete_many(condition))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        condition = pipelines.filter_of(where)
        found = await self._in_collection(io, lambda rows: rows.find(condition, limit=limit or 0).to_list())
        return [pipelines.record_of(document) for document in found]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        condition = pipelines.filter_of(where)
        found = await self._in_collection(io, lambda rows: rows.find(condition, {"_id": 1}).to_list())
        return {document["_id"] for document in found}

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        label = Record(id="", content="", content_hash=content_hash)
        named = {"content_hash": content_hash, "source": label.source, "content_id": content_id}
        condition = pipelines.filter_of(where)
        await self._in_collection(io, lambda rows: rows.update_many(condition, {"$set": named}))

    # Searching -------------------------------------------------------------------------------------------------------

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        if pipelines.compares(where):
            where = field_is("id", *await self._ids(io, where))
        condition = pipelines.filter_of(where)
        if self.cosmos_compatibility:
            return await self._hits(io, pipelines.cosmos_nearest(embedding, limit, condition))
        return await self._hits(io, pipelines.nearest(self.search_index_name, embedding, limit, condition))

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        return await self._hits(io, pipelines.worded(self._word_index, query, limit, pipelines.filter_of(where)))

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """Two searches, fused by their ranks and the weights."""
        near, worded = await io.gather(
            self._nearest(io, embedding, limit * _CANDIDATES, where),
            self._worded(io, query, limit * _CANDIDATES, where),
        )
        weights = [self.hybrid_vector_weight, self.hybrid_keyword_weight]
        return _fusing.fused([near, worded], limit, weights, self.hybrid_rank_constant)

    async def _hits(self, io: IO, pipeline: list[dict[str, Any]]) -> list[Hit]:
        found = await self._piped(io, pipeline)
        return [Hit(pipelines.record_of(document), document["score"]) for document in found]

    # -----------------------------------------------------------------------------------------------------------------

    @property
    def _word_index(self) -> str:
        return f"{self.search_index_name}_words"

    async def _piped(self, io: IO, pipeline: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self._awaits(io):
            cursor = await self._in_collection(io, lambda rows: rows.aggregate(pipeline))
            found: list[dict[str, Any]] = await self._told(cursor.to_list())
            return found
        found = await self._in_collection(io, lambda rows: rows.aggregate(pipeline).to_list())
        return found

    async def _in_collection(self, io: IO, work: Callable[[Any], Any]) -> Any:
        return await self._done(io, lambda db: work(db[self.collection_name]))

    def _awaits(self, io: IO) -> bool:
        return io.is_async and not self._is_blocking

    async def _done(self, io: IO, work: Callable[[Any], Any]) -> Any:
        """What `work` does with the database, by a client of the caller's colour."""
        if self._awaits(io):
            return await self._told(work(self.async_client[self.database]))
        if self._given_async is not None:
            raise ValueError("MongoDb got an AsyncMongoClient: its synchronous methods need a MongoClient.")
        return await self._told(io.call(lambda: work(self.client[self.database])))

    async def _told(self, waiting: Any) -> Any:
        errors = _pymongo().errors
        try:
            return await waiting
        except (errors.ConnectionFailure, errors.ExecutionTimeout) as error:
            reason = str(error).partition(", Timeout: ")[0]
            raise VectorDbUnavailableError(f"MongoDB cannot be reached: {reason}.") from error
        except errors.PyMongoError as error:
            self._forget()  # somebody may have dropped it
            raise VectorDbError(f"MongoDB, collection {self.collection_name!r}: {error}") from error


def _written(documents: list[Any], rows: Any) -> Any:
    return rows.bulk_write(documents, ordered=False)


def _pymongo() -> Any:
    try:
        pymongo = importlib.import_module("pymongo")
        importlib.import_module("pymongo.operations")
    except ImportError as error:
        raise ImportError("MongoDb needs the package `pymongo` (4.9 or newer): pip install 'agno[mongo]'") from error
    return pymongo


__all__ = ["MongoDb"]
