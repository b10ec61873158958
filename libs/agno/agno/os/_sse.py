"""The log of a run's events, those who follow it, and server-sent events made of it.

An event is encoded once, when it happens. Its id is its index in the run, so whoever comes back says which one was the
last (`Last-Event-ID`) and gets what follows: no gap, nothing twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Frame = tuple[bytes, bytes]  # the kind of the event, its JSON

HEARTBEAT = b": heartbeat\n\n"
TRUNCATED = b'event: StreamTruncated\ndata: {"event":"StreamTruncated"}\n\n'
_BATCH = 64 * 1024  # bytes that are sent at once


class Budget:
    """How many bytes the logs of all runs may hold together: of those that go on, and of those that ended, were given out of
    hand, and are still read.

    Where it is exceeded, the latter lose their events, the oldest first; then each of the others may hold its equal share.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.used = limit, 0
        self._open: set[RunLog] = set()
        self._still_read: dict[RunLog, None] = {}

    def add(self, log: RunLog) -> None:
        """The log is written to."""
        if log.budget is not self:
            log.budget = self
            self.used += log.size
        self._still_read.pop(log, None)
        self._open.add(log)

    def remove(self, log: RunLog) -> None:
        """The log is no concern of the budget any more."""
        if log.budget is self:
            log.budget = None
            self._open.discard(log)
            self._still_read.pop(log, None)
            self.used -= log.size

    def linger(self, log: RunLog) -> None:
        """The log ended, and nobody has it but those who read it."""
        if log.followers:
            self.add(log)
            self._open.discard(log)
            self._still_read[log] = None

    def has_read(self, log: RunLog) -> None:
        """A reader of the log has left it."""
        if log in self._still_read and not log.followers:
            self.remove(log)

    def is_exceeded_by(self, log: RunLog) -> bool:
        """Whether the log has to become smaller."""
        while self.used > self.limit and self._still_read:
            oldest = next(iter(self._still_read))
            self.remove(oldest)
            oldest.clear()
        return self.used > self.limit and log.size > self.limit // max(1, len(self._open))


class RunLog:
    """Events in their order, at most `limit` bytes of them, and less where the `budget` of all logs wants it.

    With `paced`, what a follower has not read yet is kept: `room` makes the writer wait for the slowest one, for at most
    `patience` seconds, then that one is left behind. Without, the oldest events go.
    """

    def __init__(self, limit: int, first: int = 0, *, paced: bool = False, patience: float = 60.0) -> None:
        self.frames: deque[Frame] = deque()
        self.base = self.first = first  # the index of the oldest event that is kept; of the first that there was
        self.size = 0
        self.limit = limit
        self.paced = paced
        self.patience = patience
        self.closed = False
        self.followers: set[Follower] = set()
        self.written = first  # the index of the first event that no database has
        self.budget: Budget | None = None
        self._room: asyncio.Future[None] | None = None

    @property
    def end(self) -> int:
        """The index that the next event gets."""
        return self.first + len(self.frames)

    def append(self, kind: bytes, data: bytes) -> None:
        """Add an event, and wake who follows."""
        self.frames.append((kind, data))
        self._grow(len(data))
        for follower in self.followers:
            follower.wake()

    def close(self) -> None:
        """There will be no more events."""
        self.closed = True
        for follower in self.followers:
            follower.wake()

    def reopen(self, *, paced: bool) -> None:
        """The run goes on."""
        self.closed, self.paced = False, paced

    @property
    def is_full(self) -> bool:
        return self.size > self.limit or (self.budget is not None and self.budget.is_exceeded_by(self))

    async def room(self) -> None:
        """Forget the oldest events; in a paced log wait until they are read."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        while self.is_full and len(self.frames) > 1:
            slowest = min(self.followers, key=lambda one: one.next, default=None) if self.paced else None
            if slowest is None or slowest.next > self.first:
                self._forget_one()
                continue
            self._room = loop.create_future()
            try:
                await asyncio.wait_for(self._room, max(0.0, deadline - loop.time()))
            except asyncio.TimeoutError:
                slowest.leave()
            finally:
                self._room = None

    def _forget_one(self) -> None:
        _, data = self.frames.popleft()
        self.first += 1
        self._grow(-len(data))

    def _grow(self, by: int) -> None:
        self.size += by
        if self.budget is not None:
            self.budget.used += by

    def clear(self) -> None:
        """Forget all events; who reads on hears that some are missing."""
        while self.frames:
            self._forget_one()

    def moved(self) -> None:
        """A follower has read something, or left."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def follow(self, after: int = -1) -> Follower:
        """Read along, from behind the event with this index."""
        follower = Follower(self, max(after + 1, 0))
        self.followers.add(follower)
        return follower


class Follower:
    """Reads a log, and waits where it ends."""

    def __init__(self, log: RunLog, next: int) -> None:
        self.log = log
        self.next = next  # the index of the event to read next
        self.left = False
        self._waiting: asyncio.Future[None] | None = None

    @property
    def has_lost(self) -> bool:
        """True if events that it should have read are gone."""
        return self.next < self.log.first > self.log.base

    def wake(self) -> None:
        """Look again."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def leave(self) -> None:
        """Read no more."""
        self.left = True
        log = self.log
        log.followers.discard(self)
        if log.budget is not None:
            log.budget.has_read(log)
        log.moved()
        self.wake()

    def ready(self) -> list[Frame]:
        """The next events that are there, up to a handy number of bytes; they count as read."""
        log = self.log
        start = self.next - log.first
        if start < 0:
            self.next, start = log.first, 0
        found: list[Frame] = []
        if start >= len(log.frames):
            return found
        size, frames = 0, log.frames
        if start == 0 or len(frames) - start > 8:
            pending = list(frames)[start:]
        else:
            pending = [frames[number] for number in range(start, len(frames))]
        for frame in pending:
            found.append(frame)
            size += len(frame[1])
            if size >= _BATCH:
                break
        self.next += len(found)
        log.moved()
        return found

    async def wait(self) -> None:
        """Wait for more, for the end, or to be woken."""
        if self.left or self.log.closed or self.next < self.log.end:
            return
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    async def batches(self) -> AsyncGenerator[list[Frame], None]:
        """The events, up to a handy number of bytes at once, until the last one. An empty list says that it waits now."""
        try:
            while not self.left:
                if frames := self.ready():
                    yield frames
                elif self.log.closed:
                    return
                else:
                    yield []
                    await self.wait()
        finally:
            self.leave()


class EventStream(Response):
    """The events that a follower reads, as server-sent events with heartbeats. `left` is called when the client goes early."""

    def __init__(
        self,
        follower: Follower,
        *,
        heartbeat: float = 15.0,
        left: Callable[[], Awaitable[None]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.follower = follower
        self.heartbeat = heartbeat
        self.left = left
        self.background = None
        self.status_code = 200
        self.init_headers(
            {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "x-accel-buffering": "no",
             **(headers or {})}
        )  # fmt: skip
        self._gone = False  # the client
        self._due = False  # a beat
        self._silent = True  # nothing was sent since the last beat

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        self.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        follower = self.follower
        loop = asyncio.get_running_loop()
        watch = loop.create_task(self._until_gone(receive))
        self._timer = loop.call_later(self.heartbeat, self._beat)
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._send_all(send)
        finally:
            self._timer.cancel()
            watch.cancel()
            follower.leave()
            if self._gone and not follower.log.closed and self.left is not None:
                await self.left()
        if not self._gone:
            await send({"type": "http.response.body", "body": b""})

    async def _send_all(self, send: Send) -> None:
        follower = self.follower
        while not follower.left:
            lost, first = follower.has_lost, 0
            frames = follower.ready()
            if frames:
                first = follower.next - len(frames)
                text = b"".join(
                    b"id: %d\nevent: %b\ndata: %b\n\n" % (number, kind, data)
                    for number, (kind, data) in enumerate(frames, first)
                )
                self._silent = False
                await send(
                    {"type": "http.response.body", "body": TRUNCATED + text if lost else text, "more_body": True}
                )
            elif follower.log.closed:
                if lost:
                    await send({"type": "http.response.body", "body": TRUNCATED, "more_body": True})
                return
            elif self._due:
                self._due = False
                await send({"type": "http.response.body", "body": HEARTBEAT, "more_body": True})
            else:
                await follower.wait()

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self.follower.leave()

    def _beat(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self.heartbeat, self._beat)
        if self._silent:
            self._due = True
            self.follower.wake()
        self._silent = True


def last_event_id(headers: Mapping[str, str], given: Any = None) -> int:
    """The index of the last event that a client has, from its header or from what it says otherwise; -1 for none."""
    text = headers.get("last-event-id") if given is None else str(given)
    try:
        return max(int(text), -1) if text else -1
    except ValueError:
        return -1


__all__ = ["HEARTBEAT", "Budget", "EventStream", "Follower", "Frame", "RunLog", "last_event_id"]
