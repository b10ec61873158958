"""Vectors in Upstash Vector, a service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from agno._io import IO
from agno._io.loops import PerLoop
from agno.vectordb._conditions import EVERYTHING, Field, Node, holds
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.upstashdb._filters import filter_of, metadata_of, record_of

_BATCH = 200  # vectors in one request
_PAGE = 1_000  # vectors that the service gives at once
_EVERYTHING = {"include_vectors": True, "include_metadata": True, "include_data": True}


class UpstashVectorDb(VectorStore):
    """Keeps vectors in Upstash Vector: `UpstashVectorDb(url="https://....upstash.io", token="...")`.

    The index is made in Upstash's console, with its dimension and its measure; `dimension` is checked against the embedder. A
    `namespace` is a collection of its own in it; the one without a name is always there. What is not named here goes to
    Upstash's client.

    Searches hand filters to the service. It gives no rows by a filter alone, so look-ups by name, hash or content read
    the whole namespace, 1,000 rows per request.
    """

    blocking = True  # the methods wait for a network
    looks_up = False  # the service itself refuses vectors of another length

    def __init__(
        self,
        url: str,
        token: str,
        retries: int | None = 3,
        retry_interval: float | None = 1.0,
        dimension: int | None = None,
        embedder: Any = None,
        namespace: str | None = "",
        reranker: Any = None,
        similarity_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(embedder=embedder, reranker=reranker, similarity_threshold=similarity_threshold)
        _upstash()
        if not url or not token:
            raise ValueError("UpstashVectorDb needs url= and token=, which Upstash's console shows.")
        self.url, self.token, self.dimension, self.namespace = url, token, dimension, namespace or ""
        patience = {"retries": 3 if retries is None else retries}
        patience |= {"retry_interval": 1.0 if retry_interval is None else retry_interval}  # type: ignore[dict-item]
        self._settings = {"url": url, "token": token, **patience, **kwargs}
        self._index: Any = None
        self._async_indexes: PerLoop[Any] = PerLoop()

    @property
    def index(self) -> Any:
        """Upstash's synchronous client."""
        if self._index is None:
            self._index = _upstash().Index(**self._settings)
        return self._index

    @property
    def async_index(self) -> Any:
        """Upstash's asynchronous client for the running event loop."""
        return self._async_indexes.get(self._new_async)

    def _new_async(self) -> Any:
        return _upstash().AsyncIndex(**self._settings)

    # Primitives ------------------------------------------------------------------------------------------------------

    async def _made(self, io: IO) -> bool:
        if not self._is_made:  # asked once: the service is far away
            self._is_made = self.namespace == "" or self.namespace in (await self._call(io, "info")).namespaces
        return self._is_made

    async def _make(self, io: IO) -> None:
        """A namespace is there with its first vector, and stays without it."""
        self._check()
        marker = _upstash().Vector(id="agno", vector=[1.0, *[0.0] * (self.dimensions - 1)], metadata={})
        await self._ask(io, "upsert", vectors=[marker])
        await self._ask(io, "delete", ids=["agno"])

    async def _remove(self, io: IO) -> None:
        if self.namespace == "":
            await self._ask(io, "reset")
        elif await self._exists(io):
            await self._call(io, "delete_namespace", self.namespace)
        self._forget()

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        self._check()
        kind = _upstash().Vector
        vectors = [
            kind(id=record.id, vector=record.embedding, metadata=metadata_of(record), data=record.content or " ")
            for record in records
        ]
        for start in range(0, len(vectors), _BATCH):
            await self._ask(io, "upsert", vectors=vectors[start : start + _BATCH])

    async def _erase(self, io: IO, where: Node) -> None:
        if where == EVERYTHING:
            await self._ask(io, "reset")
        elif isinstance(where, Field) and where.name == "id":
            await self._ask(io, "delete", ids=list(where.values))
        else:
            await self._ask(io, "delete", filter=filter_of(where))

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        if isinstance(where, Field) and where.name == "id":
            found = await self._ask(io, "fetch", ids=list(where.values), **_EVERYTHING) if where.values else []
            return [record_of(row) for row in found if row is not None][:limit]
        records: list[Record] = []
        cursor: str | None = ""
        while cursor is not None and (limit is None or len(records) < limit):
            page = await self._ask(io, "range", cursor=cursor, limit=_PAGE, **_EVERYTHING)
            records += [record for record in map(record_of, page.vectors) if holds(where, record)]
            cursor = page.next_cursor or None
        return records[:limit]

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        most, condition = min(limit, _PAGE), filter_of(where)
        found = await self._ask(io, "query", vector=embedding, top_k=most, filter=condition, **_EVERYTHING)
        return [Hit(record_of(row), row.score) for row in found]

    # -----------------------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        if self.dimension is not None and self.dimension != self.dimensions:
            raise ValueError(
                f"The index keeps vectors of {self.dimension} numbers (dimension=), and the embedder makes {self.dimensions}."
            )

    async def _ask(self, io: IO, method: str, **arguments: Any) -> Any:
        return await self._call(io, method, namespace=self.namespace, **arguments)

    async def _call(self, io: IO, method: str, *args: Any, **kwargs: Any) -> Any:
        """A method of Upstash's client, in the caller's colour."""
        package = _upstash()
        try:
            if io.is_async:
                index = await self._async_indexes.opened(io, self._new_async)
                return await getattr(index, method)(*args, **kwargs)
            return await io.call(getattr(self.index, method), *args, **kwargs)
        except httpx.TransportError as error:
            raise VectorDbUnavailableError(f"Upstash at {self.url} cannot be reached: {error}") from error
        except (package.errors.UpstashError, package.errors.ClientError, ValueError) as error:
            raise VectorDbError(f"Upstash at {self.url}: {error}") from error


def _upstash() -> Any:
    try:
        import upstash_vector
        import upstash_vector.errors
    except ImportError as error:
        raise ImportError("UpstashVectorDb needs the package `upstash-vector`: pip install 'agno[upstash]'") from error
    return upstash_vector


__all__ = ["UpstashVectorDb"]
