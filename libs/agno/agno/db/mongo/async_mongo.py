"""MongoDB through an async client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typing_extensions import Unpack

from agno._io.bridge import bridged
from agno.db._async import AsyncBaseDb
from agno.db._names import CollectionNames, table_names
from agno.db.mongo.mongo import MongoVerbs, timeout

try:
    from pymongo import AsyncMongoClient
except ImportError as _error:
    raise ImportError("AsyncMongoDb needs `pymongo` 4.9 or newer. Install it with: pip install -U pymongo") from _error

from agno.db.mongo._calls import AsyncCalls


class AsyncMongoDb(AsyncBaseDb):
    """`MongoDb` with methods to await: `AsyncMongoDb(db_url=...)`, or with an `AsyncMongoClient` or motor client.

    A client of your own belongs to the loop in which it is first used; without one each loop gets its own.
    """

    def __init__(
        self,
        db_client: Any = None,
        db_name: str | None = None,
        db_url: str | None = None,
        *tables: str | None,
        **more: Unpack[CollectionNames],
    ) -> None:
        if db_client is None and db_url is None:
            raise ValueError("AsyncMongoDb needs a server: give db_url='mongodb://host:27017', or db_client=.")
        self.db_url, self.db_client = db_url, db_client
        self._calls = AsyncCalls(db_client, lambda: AsyncMongoClient(db_url, **timeout(db_url)))
        super().__init__(MongoVerbs(self._calls, db_name, *tables, **table_names(more)))

    async def _run(self, method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await bridged(method, *args, **kwargs)

    async def close(self) -> None:
        """Close the client that was made for this loop; the next call makes another. One of your own is yours."""
        await bridged(self._calls.close)


__all__ = ["AsyncMongoDb"]
