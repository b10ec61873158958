"""Messages of conversations, one after the other, none lost and none twice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from agno._io import ASYNC
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id
from agno.utils.log import log_exception, log_warning

Handle = Callable[[str, Any, bool], Awaitable[None]]
"""Deals with a message: its id, its payload, and whether another worker had begun with it."""

_REMEMBERED = 10_000  # ids of messages, of conversations without a database
_KEPT_SECONDS = 8 * 24 * 3600  # ids in the database: the longest that a chat repeats a message is a week
_TRIES = 5  # a message that brings down worker after worker is given up


class Inbox:
    """Takes messages in and deals with those of one conversation in their order, with those of different ones at once.

    With a database each message is stored before `receive` returns; what a worker that died had not finished is taken up by
    another one when its `lease` (seconds) ends. Without one, the ids of the last messages are remembered.
    """

    def __init__(self, channel: str, db: Any, handle: Handle, lease: float = 60.0) -> None:
        self._channel, self._db, self._handle, self._lease = channel, db, handle, lease
        self._worker = new_id()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._queues: dict[str, deque[tuple[str, Any, bool]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._mine: set[str] = set()

    async def receive(self, message_id: str, conversation: str, payload: Any) -> bool:
        """Take a message in; False if it came before. Returns as soon as it is safe."""
        key = f"{self._channel}:{message_id}"
        if self._db is None:
            if key in self._seen:
                return False
            self._seen[key] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        elif not await ASYNC.call(
            self._db.put_message, key, self._channel, conversation, payload,
            worker=self._worker, lease_until=self._until(),
        ):  # fmt: skip
            return False
        self._enqueue(key, conversation, payload, False)
        return True

    @asynccontextmanager
    async def working(self, grace: float) -> AsyncIterator[None]:
        """Keep what is being dealt with, and take up what others left. At the end, what goes on has `grace` seconds."""
        keeper = asyncio.create_task(self._keep()) if self._db is not None else None
        try:
            yield
        finally:
            if keeper is not None:
                keeper.cancel()
            await self.settle(grace)

    async def settle(self, grace: float) -> None:
        """Let what goes on come to its end for `grace` seconds; what goes on then is cancelled."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def sweep(self) -> None:
        """Renew the leases of what is being dealt with here, and take up what nobody deals with."""
        for key in list(self._mine):
            await ASYNC.call(self._db.keep_message, key, self._worker, self._until())
        for row in await ASYNC.call(self._db.abandoned_messages, self._channel, now_epoch(), 100):
            taken = await ASYNC.call(self._db.take_message, row, self._worker, self._until())
            if taken is not None:
                await self._take_up(taken)
        await ASYNC.call(self._db.forget_messages, self._channel, now_epoch() - _KEPT_SECONDS)

    async def _take_up(self, row: dict[str, Any]) -> None:
        if row["id"] in self._mine:
            return
        if row["takeovers"] > _TRIES:
            log_warning(f"Message {row['id']} was given up: {_TRIES} workers did not finish it.")
            await ASYNC.call(self._db.finish_message, row["id"], self._worker)
            return
        self._enqueue(row["id"], row["conversation"], row["payload"], True)

    async def _keep(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception:  # the border: the database may be back at the next look
                log_exception(f"The inbox of {self._channel} could not be looked at; it is tried again")
            await asyncio.sleep(self._lease / 3)

    def _until(self) -> int:
        return int(now_epoch() + self._lease)

    def _enqueue(self, key: str, conversation: str, payload: Any, again: bool) -> None:
        self._mine.add(key)
        queue = self._queues.get(conversation)
        if queue is not None:
            queue.append((key, payload, again))
            return
        self._queues[conversation] = deque([(key, payload, again)])
        task = asyncio.create_task(self._work(conversation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, conversation: str) -> None:
        queue = self._queues[conversation]
        try:
            while queue:
                await self._one(*queue.popleft())
        finally:
            del self._queues[conversation]

    async def _one(self, key: str, payload: Any, again: bool) -> None:
        try:
            await self._handle(key, payload, again)
            if self._db is not None:
                await ASYNC.call(self._db.finish_message, key, self._worker)
        except (
            Exception
        ):  # the border: one message must not stop the conversation; its lease ends, and it is tried again
            log_exception(f"Message {key} could not be dealt with")
        finally:
            self._mine.discard(key)


__all__ = ["Inbox"]
