"""Vectors in Redis 8, Redis Stack, and what speaks like them."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

from agno._io import IO
from agno._io.loops import PerLoop
from agno.knowledge._arguments import number
from agno.vectordb import _fusing
from agno.vectordb._conditions import Node
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb._tags import compared_in, numbers_of, tags_of
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.redis import _hashes as hashes
from agno.vectordb.search import SearchType

_METRICS = {Distance.cosine: "COSINE", Distance.l2: "L2", Distance.max_inner_product: "IP"}
_BATCH = 500  # hashes in one transaction
_PAGE = 5_000  # keys in one answer
_CANDIDATES = 4  # times the limit that each half of a hybrid search finds
_MOST_NUMBERS = 900  # an index of Redis has at most 1,024 fields
_MISSING = ("unknown index", "no such index", "index not found", "search_index_not_found")
_DIALECT = ("DIALECT", 2)


class RedisVectorDb(VectorStore):
    """Keeps vectors in Redis 8 or Redis Stack: `RedisVectorDb(index_name="docs", redis_url="redis://localhost:6379")`.

    A record is a hash; the first write makes the index, an approximate one (`algorithm="HNSW"`) or an exact one ("FLAT").
    `redis_client` is a `redis.Redis` or a `redis.asyncio.Redis` of the user's own; it must not decode its answers. In a
    hybrid search the meaning counts `vector_score_weight`, the words the rest. What is not named here goes to Redis'
    client.

    Redis compares only numbers that its index has as fields: each key of the metadata that has a number or a date
    becomes one, at most 900 in a collection.
    """

    blocking = True  # the methods wait for a network
    search_types = frozenset(SearchType)

    def __init__(
        self,
        index_name: str,
        redis_url: str | None = None,
        redis_client: Any = None,
        embedder: Any = None,
        search_type: SearchType | str = SearchType.vector,
        distance: Distance | str = Distance.cosine,
        vector_score_weight: float = 0.7,
        algorithm: Literal["HNSW", "FLAT"] = "HNSW",
        reranker: Any = None,
        similarity_threshold: float | None = None,
        **redis_kwargs: Any,
    ) -> None:
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        redis = _redis()
        if not index_name:
            raise ValueError("RedisVectorDb needs an index_name=, the name of its collection.")
        if redis_url is None and redis_client is None:
            raise ValueError("RedisVectorDb needs redis_url='redis://host:6379', or redis_client=.")
        number(self, "vector_score_weight", vector_score_weight, most=1)
        if algorithm not in ("HNSW", "FLAT"):
            raise ValueError(f"algorithm is {algorithm!r}; Redis has 'HNSW' and 'FLAT'.")
        if _decodes(redis_client) or redis_kwargs.get("decode_responses"):
            raise ValueError("RedisVectorDb stores vectors as bytes: its client must not have decode_responses=True.")
        self.index_name, self.redis_url, self.algorithm = index_name, redis_url, algorithm
        self.vector_score_weight = vector_score_weight
        is_awaited = isinstance(redis_client, redis.asyncio.Redis)
        self._client: Any = None if is_awaited else redis_client
        self._given_async: Any = redis_client if is_awaited else None
        self._is_given = redis_client is not None
        self._settings = redis_kwargs
        self._async_clients: PerLoop[Any] = PerLoop()
        # a colon separates, so there is none in a name: "a" and "a:b" must not share keys
        self._prefix = f"agno:vectors:{quote(index_name, safe='')}:"
        self._numbers: set[str] | None = None  # what the index can compare; None if it is not known to be there

    @property
    def client(self) -> Any:
        """The synchronous client: the given one, or our own, made at its first use."""
        if self._client is None:
            if self._is_given:
                raise ValueError("RedisVectorDb got an asynchronous client: its synchronous methods need redis.Redis.")
            self._client = _redis().Redis.from_url(self.redis_url, **self._settings)
        return self._client

    @property
    def async_client(self) -> Any:
        """The asynchronous client: the given one, or our own for the running event loop."""
        if self._given_async is not None:
            return self._given_async
        return self._async_clients.get(lambda: _redis().asyncio.Redis.from_url(self.redis_url, **self._settings))

    def close(self) -> None:
        """Close our own synchronous client."""
        if self._client is not None and not self._is_given:
            self._client.close()
            self._client = None

    # The index -------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if self._numbers is None:
            info = await self._told(io, lambda client: client.execute_command("FT.INFO", self.index_name), missing={})
            self._numbers = hashes.numbers_in(info) if info else None
        return self._numbers is not None

    async def _make(self, io: IO) -> None:
        vector = ("TYPE", "FLOAT32", "DIM", self.dimensions, "DISTANCE_METRIC", _METRICS[self.distance])
        tags = [part for name in hashes.TAGS for part in (name, "TAG", "SEPARATOR", ",")]
        fields = ("content", "TEXT", *tags, "embedding", "VECTOR", self.algorithm, len(vector), *vector)
        try:
            await self._ask(io, "FT.CREATE", "ON", "HASH", "PREFIX", 1, self._prefix, "STOPWORDS", 0, "SCHEMA", *fields)
        except VectorDbError:
            if not await self._made(io):  # else somebody else made it at the same time
                raise

    async def _remove(self, io: IO) -> None:
        dropped = ("FT.DROPINDEX", self.index_name, "DD")
        await self._told(io, lambda client: client.execute_command(*dropped), missing=None)
        self._forget()

    def _forget(self) -> None:
        self._numbers = None

    async def _let_compare(self, io: IO, wanted: set[str]) -> None:
        """Let the index know numbers. It is told before they are stored, so it has no old ones to catch up with."""
        if self._numbers is not None and not wanted <= self._numbers:
            self._forget()  # somebody else may have told it
        if not await self._made(io) or self._numbers is None:
            return
        new = sorted(wanted - self._numbers)
        if len(new) + len(self._numbers) > _MOST_NUMBERS:
            raise VectorDbError(
                f"Redis, index {self.index_name!r}: the metadata has numbers or dates at more than {_MOST_NUMBERS} "
                "keys, and an index cannot compare so many. Use the same keys for all documents, or store them as texts."
            )
        for name in new:
            try:
                await self._ask(io, "FT.ALTER", "SCHEMA", "ADD", name, "NUMERIC")
            except VectorDbError as error:
                if "duplicate" not in str(error).lower():  # else somebody else told it at the same time
                    raise
        self._numbers = (self._numbers or set()) | wanted

    # Rows ------------------------------------------------------------------------------------------------------------

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await self._let_compare(io, {name for record in records for name in numbers_of(record)})
        for start in range(0, len(records), _BATCH):
            await self._together(io, self._stored(records[start : start + _BATCH]))

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        """In one transaction."""
        await self._let_compare(io, {name for record in records for name in numbers_of(record)})
        stale = set(await self._keys(io, where)) - {self._key(record.id).encode() for record in records}
        await self._together(io, [*self._stored(records), *(("DEL", key) for key in sorted(stale))])

    def _stored(self, records: Sequence[Record]) -> list[tuple[Any, ...]]:
        """What was there under the same id goes first: it may have had other numbers."""
        named = {self._key(record.id): hashes.hash_of(record) for record in records}
        stored = [("HSET", key, *(part for pair in fields.items() for part in pair)) for key, fields in named.items()]
        return [("DEL", *named), *stored] if named else []

    async def _erase(self, io: IO, where: Node) -> None:
        keys = await self._keys(io, where)
        for start in range(0, len(keys), _PAGE):
            await self._together(io, [("DEL", *keys[start : start + _PAGE])])

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        if limit is not None:
            reply = await self._fields(io, await self._condition(io, where), limit, hashes.READ)
            return [hashes.record_of(fields) for fields in reply]
        keys, rows = await self._keys(io, where), []
        for start in range(0, len(keys), _BATCH):
            asked = [("HMGET", key, *hashes.READ) for key in keys[start : start + _BATCH]]
            rows += [dict(zip(hashes.READ, values, strict=True)) for values in await self._together(io, asked)]
        there = [{name: value for name, value in row.items() if value is not None} for row in rows]
        return [hashes.record_of(fields) for fields in there if fields]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        return {key.decode()[len(self._prefix) :] for key in await self._keys(io, where)}

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        changed: list[tuple[Any, ...]] = []
        for key in await self._keys(io, where):
            label = Record(id=key.decode()[len(self._prefix) :], content="", content_hash=content_hash)
            label.content_id = content_id
            tags = {name: tag for name, tag in tags_of(label).items() if name != "is_name"}
            named = {**tags, "content_hash": content_hash} | ({"content_id": content_id} if content_id else {})
            changed += [] if content_id else [("HDEL", key, "content_id")]
            changed.append(("HSET", key, *(part for pair in named.items() for part in pair)))
        await self._together(io, changed)

    # Searching -------------------------------------------------------------------------------------------------------

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        condition = await self._condition(io, where)
        query = f"{condition}=>[KNN {int(limit)} @embedding $vector AS score]"
        vector = ("PARAMS", 2, "vector", hashes.packed(embedding))
        rows = await self._fields(io, query, limit, (*hashes.READ, "score"), "SORTBY", "score", *vector)
        return [Hit(hashes.record_of(row), self._similarity(float(row.pop("score")))) for row in rows]

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        condition = await self._condition(io, where)
        asked = hashes.worded(query, "" if condition == "*" else condition)
        rows = await self._fields(io, asked, limit, hashes.READ, "WITHSCORES") if asked else []
        return [Hit(hashes.record_of(row), float(row.pop("score"))) for row in rows]

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        """Two searches, fused by their ranks and the weight."""
        near, worded = await io.gather(
            self._nearest(io, embedding, limit * _CANDIDATES, where),
            self._worded(io, query, limit * _CANDIDATES, where),
        )
        return _fusing.fused([near, worded], limit, [self.vector_score_weight, 1 - self.vector_score_weight])

    def _similarity(self, distance: float) -> float:
        """Redis tells 1 - cosine, 1 - product, or the square of the distance."""
        if self.distance is Distance.l2:
            return similarity(math.sqrt(max(distance, 0.0)), Distance.l2)
        return 1.0 - distance

    # -----------------------------------------------------------------------------------------------------------------

    def _key(self, id: str) -> str:
        return self._prefix + id

    async def _condition(self, io: IO, where: Node) -> str:
        """Conditions as a query. A number that the index does not know is one that no record has."""
        if not compared_in(where) <= (self._numbers or set()):
            self._forget()
        await self._made(io)
        return hashes.condition_of(where, self._numbers or ())

    async def _fields(self, io: IO, query: str, limit: int, fields: Sequence[str], *more: Any) -> list[dict[str, Any]]:
        asked = (query, *more, "RETURN", len(fields), *fields, "LIMIT", 0, int(limit), *_DIALECT)
        return hashes.found(await self._ask(io, "FT.SEARCH", *asked))

    async def _keys(self, io: IO, where: Node) -> list[bytes]:
        """The keys of all that fits, page by page."""
        asked = (await self._condition(io, where), "LOAD", 1, "@__key", "WITHCURSOR", "COUNT", _PAGE, *_DIALECT)
        reply, cursor = await self._ask(io, "FT.AGGREGATE", *asked)
        keys = hashes.keys_of(reply)
        while cursor:
            read = ("FT.CURSOR", "READ", self.index_name, cursor, "COUNT", _PAGE)
            reply, cursor = await self._told(io, partial(_sent, read))
            keys += hashes.keys_of(reply)
        return list(dict.fromkeys(keys))

    async def _ask(self, io: IO, command: str, *arguments: Any) -> Any:
        """A command about the index."""
        return await self._told(io, lambda client: client.execute_command(command, self.index_name, *arguments))

    async def _together(self, io: IO, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Commands in one transaction."""

        def queued(client: Any) -> Any:
            pipeline = client.pipeline(transaction=True)
            for command in commands:
                pipeline.execute_command(*command)
            return pipeline.execute()

        answers: list[Any] = await self._told(io, queued) if commands else []
        return answers

    async def _told(self, io: IO, work: Callable[[Any], Any], **missing: Any) -> Any:
        """What `work` does with a client of the caller's colour. `missing` is the answer if there is no such index."""
        redis = _redis()
        try:
            if io.is_async and (self._given_async is not None or not self._is_given):
                return await work(self.async_client)
            return await io.call(work, self.client)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise VectorDbUnavailableError(f"Redis cannot be reached: {str(error).rstrip('.')}.") from error
        except redis.RedisError as error:
            if missing and any(words in str(error).lower() for words in _MISSING):
                return missing["missing"]
            self._forget()  # somebody may have dropped it
            raise VectorDbError(f"Redis, index {self.index_name!r}: {_hint(str(error))}") from error


RedisDB = RedisVectorDb  # its name in Agno 2.2


def _sent(command: tuple[Any, ...], client: Any) -> Any:
    return client.execute_command(*command)


def _hint(message: str) -> str:
    if "unknown command" in message.lower():
        return f"the server has no search: it takes Redis 8 or Redis Stack. It says: {message}"
    return message


def _decodes(client: Any) -> bool:
    options = getattr(getattr(client, "connection_pool", None), "connection_kwargs", {})
    return bool(options.get("decode_responses"))


def _redis() -> Any:
    try:
        redis = importlib.import_module("redis")
        importlib.import_module("redis.asyncio")
    except ImportError as error:
        raise ImportError("RedisVectorDb needs the package `redis`: pip install 'agno[redis-vector]'") from error
    return redis


__all__ = ["RedisDB", "RedisVectorDb"]
