"""Vectors in Weaviate: a server or Weaviate's cloud."""

from __future__ import annotations

import importlib
import math
import os
import re
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from agno._io import IO
from agno._io.loops import PerLoop
from agno.knowledge._arguments import number
from agno.vectordb import distance as ours
from agno.vectordb._conditions import EVERYTHING, All, Node
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb._tags import compared_in, numbers_of, tag
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.search import SearchType
from agno.vectordb.weaviate import _objects as objects
from agno.vectordb.weaviate.index import Distance, VectorIndex

_OURS = {Distance.COSINE: ours.Distance.cosine, Distance.DOT: ours.Distance.max_inner_product}
_THEIRS = {ours.Distance.cosine: Distance.COSINE, ours.Distance.max_inner_product: Distance.DOT}
_THEIRS[ours.Distance.l2] = Distance.L2_SQUARED
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_WORD = re.compile(r"\w")
_BATCH = 200  # objects in one request
_PAGE = 1_000
_LOST = ("WeaviateConnectionError", "WeaviateStartUpError", "WeaviateTimeoutError", "WeaviateGRPCUnavailableError")


class Weaviate(VectorStore):
    """Keeps vectors in Weaviate: `Weaviate(collection="Docs", local=True)`, or in its cloud with `wcd_url`, `wcd_api_key`.

    `client` is a `WeaviateClient` or a `WeaviateAsyncClient` of the user's own, connected. `host`, `port` and `grpc_port` are
    those of a local server. In a hybrid search the meaning counts `hybrid_search_alpha`, the words the rest. `distance`
    is one of Weaviate's, or one of `agno.vectordb.distance`. Collections begin with a capital: Weaviate writes "docs" as "Docs".

    A key of the metadata that has a number or a date becomes a property of the collection, so that it can be compared.
    """

    blocking = True  # the methods wait for a network
    search_types = frozenset(SearchType)

    def __init__(
        self,
        wcd_url: str | None = None,
        wcd_api_key: str | None = None,
        client: Any = None,
        local: bool = False,
        collection: str = "default",
        vector_index: VectorIndex | str = VectorIndex.HNSW,
        distance: Distance | ours.Distance | str = Distance.COSINE,
        embedder: Any = None,
        search_type: SearchType | str = SearchType.vector,
        reranker: Any = None,
        hybrid_search_alpha: float = 0.5,
        host: str = "localhost",
        port: int = 8080,
        grpc_port: int = 50051,
        similarity_threshold: float | None = None,
    ) -> None:
        self.metric = _metric(distance)
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=_OURS.get(self.metric, ours.Distance.l2),
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        package = _weaviate()
        self.wcd_url, self.wcd_api_key = wcd_url or os.getenv("WCD_URL"), wcd_api_key or os.getenv("WCD_API_KEY")
        if client is None and not local and not (self.wcd_url and self.wcd_api_key):
            raise ValueError(
                "Weaviate needs wcd_url= and wcd_api_key= (or WCD_URL and WCD_API_KEY), local=True, or client=."
            )
        if not _NAME.fullmatch(collection):
            raise ValueError(
                f"{collection!r} cannot be a collection in Weaviate: letters, digits and _, a letter first."
            )
        number(self, "hybrid_search_alpha", hybrid_search_alpha, most=1)
        self.collection = collection[0].upper() + collection[1:]
        self.vector_index, self.hybrid_search_alpha = VectorIndex(vector_index), hybrid_search_alpha
        self.local = local
        self._address = {"host": host, "port": port, "grpc_port": grpc_port}
        is_awaited = isinstance(client, package.WeaviateAsyncClient)
        self._client: Any = None if is_awaited else client
        self._given_async: Any = client if is_awaited else None
        self._is_given = client is not None
        self._async_clients: PerLoop[Any] = PerLoop()
        self._lock = threading.RLock()
        self._numbers: set[str] | None = None  # what the collection can compare; None if it is not known to be there

    @property
    def client(self) -> Any:
        """The synchronous client: the given one, or our own, connected at its first use."""
        with self._lock:
            if self._client is None:
                if self._is_given:
                    raise ValueError(
                        "Weaviate got a WeaviateAsyncClient: its synchronous methods need a WeaviateClient."
                    )
                package = _weaviate()
                if self.local:
                    self._client = package.connect_to_local(**self._address, skip_init_checks=True)
                else:
                    self._client = package.connect_to_weaviate_cloud(self.wcd_url, self._key())
            return self._client

    async def _connected(self) -> Any:
        """The asynchronous client: the given one, or our own for the running event loop."""
        if self._given_async is not None:
            return self._given_async
        client = self._async_clients.get(self._awaited)
        await client.connect()  # does nothing the second time
        return client

    def _awaited(self) -> Any:
        package = _weaviate()
        if self.local:
            return package.use_async_with_local(**self._address, skip_init_checks=True)
        return package.use_async_with_weaviate_cloud(self.wcd_url, self._key())

    def _key(self) -> Any:
        return _weaviate().auth.AuthApiKey(self.wcd_api_key)

    def close(self) -> None:
        """Close our own synchronous client."""
        if self._client is not None and not self._is_given:
            self._client.close()
            self._client = None

    async def async_close(self) -> None:
        """Close our own asynchronous client of the running event loop, and the synchronous one."""
        if (client := self._async_clients.pop()) is not None:
            await client.close()
        self.close()

    # The collection --------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if self._numbers is None and await self._done(io, lambda client: client.collections.exists(self.collection)):
            self._numbers = objects.numbers_in(await self._with(io, lambda rows: rows.config.get(simple=True)))
        return self._numbers is not None

    async def _make(self, io: IO) -> None:
        schema = objects.schema_of(self.collection, self.vector_index.value, self.metric.value)
        try:
            await self._done(io, lambda client: client.collections.create_from_dict(schema))
        except VectorDbError:
            if not await self._made(io):  # else somebody else made it at the same time
                raise

    async def _remove(self, io: IO) -> None:
        await self._done(io, lambda client: client.collections.delete(self.collection))
        self._forget()

    def _forget(self) -> None:
        self._numbers = None

    async def _let_compare(self, io: IO, wanted: set[str]) -> None:
        """Let the collection have numbers as properties. It has them before they are stored."""
        if self._numbers is not None and not wanted <= self._numbers:
            self._forget()  # somebody else may have made them
        if not await self._made(io) or self._numbers is None:
            return
        config = importlib.import_module("weaviate.classes.config")
        for name in sorted(wanted - self._numbers):
            made = config.Property(name=name, data_type=config.DataType.NUMBER, index_range_filters=True)
            try:
                await self._with(io, partial(_with_property, made))
            except VectorDbError as error:
                if "already" not in str(error):  # else somebody else made it at the same time
                    raise
        self._numbers = (self._numbers or set()) | wanted

    # Rows ------------------------------------------------------------------------------------------------------------

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await self._let_compare(io, {name for record in records for name in numbers_of(record)})
        kind = importlib.import_module("weaviate.classes.data").DataObject
        made = [
            kind(uuid=record.id, properties=objects.properties_of(record), vector=record.embedding)
            for record in records
        ]
        for start in range(0, len(made), _BATCH):
            some = made[start : start + _BATCH]
            answer = await self._with(io, partial(_with_objects, some))
            if answer.has_errors:
                first = next(iter(answer.errors.values()))
                raise VectorDbError(f"Weaviate, collection {self.collection!r}: {first.message}")

    async def _erase(self, io: IO, where: Node) -> None:
        """Weaviate removes as many at once as a query may find, 10,000 if nobody changed that; so until none is left."""
        condition = await self._condition(io, All((All(),)) if where == EVERYTHING else where)
        while True:
            answer = await self._with(io, lambda rows: rows.data.delete_many(where=condition))
            if answer.failed:
                raise VectorDbError(f"Weaviate, collection {self.collection!r}: {answer.failed} could not be removed.")
            if not answer.matches:
                return

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        if limit is not None:
            found = await self._fetched(io, await self._condition(io, where), limit=limit)
            return [objects.record_of(one) for one in found]
        return [objects.record_of(one) for one in await self._all(io, where, [*objects.KEPT, "is_id"], True)]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return {str(one.uuid) for one in await self._all(io, where, ["is_id"], False)}

    async def _all(self, io: IO, where: Node, properties: list[str], with_vectors: bool) -> list[Any]:
        """All that fit, each page after the last tag of the one before: an offset may not be above 10,000."""
        query = importlib.import_module("weaviate.classes.query")
        condition, found = await self._condition(io, where), []
        order, by_tag = query.Sort.by_property("is_id"), query.Filter.by_property("is_id")
        here = condition
        while True:
            page = await self._fetched(
                io, here, limit=_PAGE, sort=order, return_properties=properties, include_vector=with_vectors
            )
            found += page
            if len(page) < _PAGE:
                return found
            after = by_tag.greater_than(tag(str(page[-1].uuid)))
            here = after if condition is None else query.Filter.all_of([condition, after])

    # Searching -------------------------------------------------------------------------------------------------------

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        asked = {"near_vector": embedding, "limit": limit, "filters": await self._condition(io, where)}
        found = await self._queried(io, "near_vector", "distance", asked)
        return [Hit(objects.record_of(one), self._similarity(one.metadata.distance)) for one in found]

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        if not _WORD.search(query):
            return []
        asked = {"query": query, "query_properties": ["content"], "limit": limit}
        found = await self._queried(io, "bm25", "score", {**asked, "filters": await self._condition(io, where)})
        return [Hit(objects.record_of(one), one.metadata.score) for one in found]

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """Both searches and their fusion in one request."""
        asked = {"query": query, "query_properties": ["content"], "vector": embedding, "limit": limit}
        asked |= {"alpha": self.hybrid_search_alpha, "filters": await self._condition(io, where)}
        found = await self._queried(io, "hybrid", "score", asked)
        return [Hit(objects.record_of(one), one.metadata.score) for one in found]

    def _similarity(self, distance: float) -> float:
        """Weaviate tells 1 - cosine, the negative product, the square of the distance, or a distance."""
        if self.metric is Distance.COSINE:
            return 1.0 - distance
        if self.metric is Distance.DOT:
            return -distance
        length = math.sqrt(max(distance, 0.0)) if self.metric is Distance.L2_SQUARED else distance
        return ours.similarity(length, ours.Distance.l2)

    # -----------------------------------------------------------------------------------------------------------------

    async def _condition(self, io: IO, where: Node) -> Any:
        """Conditions as a filter. A number that the collection does not know is one that no record has."""
        if not compared_in(where) <= (self._numbers or set()):
            self._forget()
            await self._made(io)
        return objects.filter_of(where, self._numbers or ())

    async def _fetched(self, io: IO, condition: Any, **asked: Any) -> list[Any]:
        asked = {"return_properties": list(objects.KEPT), "include_vector": True, **asked}
        answer = await self._with(io, lambda rows: rows.query.fetch_objects(filters=condition, **asked))
        return list(answer.objects)

    async def _queried(self, io: IO, method: str, told: str, asked: dict[str, Any]) -> list[Any]:
        query = importlib.import_module("weaviate.classes.query")
        asked = {**asked, "return_metadata": query.MetadataQuery(**{told: True}), "include_vector": True}
        asked["return_properties"] = list(objects.KEPT)
        answer = await self._with(io, lambda rows: getattr(rows.query, method)(**asked))
        return list(answer.objects)

    async def _with(self, io: IO, work: Callable[[Any], Any]) -> Any:
        """What `work` does with the collection."""
        return await self._done(io, lambda client: work(client.collections.get(self.collection)))

    async def _done(self, io: IO, work: Callable[[Any], Any]) -> Any:
        """What `work` does with a client of the caller's colour."""
        try:
            if io.is_async and (self._given_async is not None or not self._is_given):
                return await work(await self._connected())
            return await io.call(lambda: work(self.client))
        except _weaviate().exceptions.WeaviateBaseError as error:
            self._forget()  # somebody may have dropped it
            message = str(getattr(error, "message", error))
            if type(error).__name__ in _LOST or "UNAVAILABLE" in message:
                raise VectorDbUnavailableError(f"Weaviate at {self._place()} cannot be reached: {message}") from error
            raise VectorDbError(f"Weaviate, collection {self.collection!r}: {message}") from error

    def _place(self) -> str:
        if self._is_given:
            return "its client"
        return f"{self._address['host']}:{self._address['port']}" if self.local else str(self.wcd_url)


def _with_property(made: Any, rows: Any) -> Any:
    return rows.config.add_property(made)


def _with_objects(some: list[Any], rows: Any) -> Any:
    return rows.data.insert_many(some)


def _metric(distance: Any) -> Distance:
    try:
        return _THEIRS[ours.Distance(distance)]
    except ValueError:
        return Distance(distance)


def _weaviate() -> Any:
    try:
        package = importlib.import_module("weaviate")
        importlib.import_module("weaviate.classes.query")
    except ImportError as error:
        raise ImportError("Weaviate needs the package `weaviate-client`: pip install 'agno[weaviate]'") from error
    return package


__all__ = ["Weaviate"]
