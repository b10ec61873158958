"""Answers that go on in tasks of their own, so that a client may leave, come back, and read them from any place."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import HTTPException

from agno.os._sse import EventStream, Frame, RunLog

_KEPT_SECONDS = 600.0
_KEPT_ANSWERS = 1_000
_LOG_BYTES = 16 * 1024 * 1024


@dataclass(eq=False)
class Answer:
    """One answer, while it is made and for a while after that."""

    key: str
    user_id: str | None
    component: Any
    run_id: str
    session_id: str
    log: RunLog = field(default_factory=lambda: RunLog(_LOG_BYTES, paced=True))
    task: asyncio.Task[None] | None = None
    ended_at: float | None = None

    @property
    def goes_on(self) -> bool:
        """True until its last event is there."""
        return not self.log.closed

    async def cancel(self) -> None:
        """Ask its run to stop."""
        await self.component.acancel_run(self.run_id, self.session_id)


class Answers:
    """The answers of one interface in this process."""

    def __init__(self) -> None:
        self._all: OrderedDict[tuple[str, str | None], Answer] = OrderedDict()
        self._stopping = False

    def host(self, answer: Answer, frames: AsyncGenerator[Frame, None]) -> Answer:
        """Let an answer be made in a task. Status 503 while the service shuts down."""
        if self._stopping:
            raise HTTPException(503, "The service is shutting down; try again.", headers={"Retry-After": "5"})
        self._forget_old()
        self._all[answer.key, answer.user_id] = answer
        self._all.move_to_end((answer.key, answer.user_id))
        answer.task = asyncio.get_running_loop().create_task(_carry(answer, frames))
        return answer

    def find(self, key: str, user_id: str | None) -> Answer | None:
        """The newest answer under this name that this user asked for."""
        return self._all.get((key, user_id))

    def forget(self, key: str, user_id: str | None) -> None:
        """Nobody can come back to it any more."""
        self._all.pop((key, user_id), None)

    @asynccontextmanager
    async def working(self, grace: float) -> AsyncIterator[None]:
        """At the end, answers have `grace` seconds to be made; then their runs are cancelled."""
        self._stopping = False
        try:
            yield
        finally:
            self._stopping = True
            await self._drain(grace)

    async def _drain(self, grace: float) -> None:
        going = {one.task: one for one in self._all.values() if one.task is not None and one.goes_on}
        if not going:
            return
        _, left = await asyncio.wait(list(going), timeout=grace)
        for task in left:
            await going[task].cancel()
        if left:
            _, left = await asyncio.wait(left, timeout=5.0)
        for task in left:
            task.cancel()

    def _forget_old(self) -> None:
        oldest = time.time() - _KEPT_SECONDS
        over = [key for key, one in self._all.items() if one.ended_at is not None]
        for number, key in enumerate(over):
            if len(over) - number > _KEPT_ANSWERS or (self._all[key].ended_at or 0.0) < oldest:
                del self._all[key]


async def _carry(answer: Answer, frames: AsyncGenerator[Frame, None]) -> None:
    log = answer.log
    try:
        async with aclosing(frames):
            async for frame in frames:
                log.append(*frame)
                if log.is_full:
                    await log.room()
    finally:
        log.close()
        answer.ended_at = time.time()


def stream(
    answer: Answer, after: int = -1, *, cancels: bool = False, headers: dict[str, str] | None = None
) -> EventStream:
    """The events of an answer from behind one. With `cancels`, its run is cancelled when its last reader leaves early.

    Status 404 if events that are asked for are gone: one answer keeps 16 MiB of them.
    """
    follower = answer.log.follow(after)
    if follower.has_lost:
        follower.leave()
        raise HTTPException(404, "The beginning of this answer is no longer there.")

    async def left() -> None:
        if not answer.log.followers:
            await answer.cancel()

    on_leaving: Callable[[], Awaitable[None]] | None = left if cancels else None
    return EventStream(follower, left=on_leaving, headers=headers)


__all__ = ["Answer", "Answers", "stream"]
