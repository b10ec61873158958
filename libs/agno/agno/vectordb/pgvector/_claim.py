"""Who stores a content now, among all that use a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.util import greenlet_spawn

from agno._io import IO
from agno.db.sql._errors import FAILURES, explained
from agno.db.sql._text import escaped
from agno.db.sql._work import Worker
from agno.vectordb.base import VectorDbUnavailableError

T = TypeVar("T")


class InPostgres:
    """An advisory lock of a transaction that is open as long as the claim.

    The server ends it when the connection does. It is a transaction, not a session, so that it holds through a pooler;
    and a connection outside of the pool, so that those who store never wait for those who wait.
    """

    blocking = True  # the methods wait for a network

    def __init__(self, blocking: Worker, awaited: Worker | None, name: str) -> None:
        self._worker, self._awaited, self._name = blocking, awaited, name
        self._connection: sa.Connection | None = None

    async def taken(self, io: IO) -> bool:
        return await self._done(io, self._take)

    async def kept(self, io: IO) -> None:
        await self._done(io, self._ask)

    async def release(self, io: IO) -> None:
        if self._connection is not None:
            await self._done(io, self._close)

    def _take(self, worker: Worker) -> bool:
        if self._connection is None:
            self._connection = worker.engines.current().connect()
            self._connection.detach()
        key = sa.func.hashtextextended(escaped(self._name), 0)
        return bool(self._connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(key))).scalar_one())

    def _ask(self, worker: Worker) -> None:
        assert self._connection is not None
        self._connection.execute(sa.select(sa.literal(1))).close()  # a server ends transactions that are idle for long

    def _close(self, worker: Worker) -> None:
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                connection.close()
        except FAILURES:
            pass  # the server has ended it already

    async def _done(self, io: IO, work: Callable[[Worker], T]) -> T:
        worker: Any = self._worker if self._awaited is None or not io.is_async else self._awaited
        try:
            if not io.is_async:
                return work(worker)
            if self._awaited is None:  # the user gave a synchronous engine
                done: T = await io.call(work, worker)
                return done
            return await greenlet_spawn(work, worker)
        except FAILURES as error:
            told = explained(error, worker.dialect.name, worker.engines.place)
            raise VectorDbUnavailableError(told.message) from error


__all__ = ["InPostgres"]
