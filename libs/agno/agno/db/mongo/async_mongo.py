"""MongoDB through an async client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agno._io.bridge import bridged
from agno.db._async import AsyncBaseDb
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
        session_collection: str | None = None,
        memory_collection: str | None = None,
        metrics_collection: str | None = None,
        eval_collection: str | None = None,
        knowledge_collection: str | None = None,
        id: str | None = None,
        *,
        components_collection: str | None = None,
        approvals_collection: str | None = None,
        culture_collection: str | None = None,
        learnings_collection: str | None = None,
    ) -> None:
        if db_client is None and db_url is None:
            raise ValueError("AsyncMongoDb needs a server: give db_url='mongodb://host:27017', or db_client=.")
        self.db_url, self.db_client = db_url, db_client
        self._calls = AsyncCalls(db_client, lambda: AsyncMongoClient(db_url, **timeout(db_url)))
        names = (session_collection, memory_collection, metrics_collection, eval_collection, knowledge_collection, id)
        more = {
            "components_table": components_collection,
            "approvals_table": approvals_collection,
            "culture_table": culture_collection,
            "learnings_table": learnings_collection,
        }
        super().__init__(MongoVerbs(self._calls, db_name, *names, **more))

    async def _run(self, method: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await bridged(method, *args, **kwargs)

    async def close(self) -> None:
        """Close the client that was made for this loop; the next call makes another. One of your own is yours."""
        await bridged(self._calls.close)


__all__ = ["AsyncMongoDb"]
