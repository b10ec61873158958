"""Events of a run as they are in the database: for who comes back after a restart, or to another worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from starlette.types import Send

from agno._io import ASYNC
from agno.os._sse import HEARTBEAT, EventStream, Follower, Frame, RunLog

if TYPE_CHECKING:
    from agno.os._runs import HostedRun, Runs

_LOOK = 0.5  # seconds between looks for what another worker has written


class KeptEvents:
    """Reads the stored events of a run in order, from behind one."""

    def __init__(self, db: Any, runs: Runs, run_id: str, after: int) -> None:
        self.next = max(after + 1, 0)
        self._db, self._runs, self._run_id = db, runs, run_id
        self._ended = False  # with the last events that were read, the run ended or paused

    async def are_there(self) -> bool:
        """True if events are stored, or are still to come."""
        found = await ASYNC.call(self._db.get_run_events, self._run_id, -1, 1)
        return bool(found) or await self._goes_on()

    async def more(self) -> list[tuple[int, Frame]]:
        """The next events that are stored, with their numbers; empty if there are none now."""
        found: list[tuple[int, Frame]] = []
        for batch in await ASYNC.call(self._db.get_run_events, self._run_id, self.next - 1):
            self._ended = batch.last
            frames = enumerate(batch.frames, batch.first)
            found += [(number, (kind.encode(), data.encode())) for number, (kind, data) in frames]
        if found:
            self.next = found[-1][0] + 1
        return found

    def here(self) -> HostedRun | None:
        """The run, if this process hosts it."""
        return self._runs.active.get(self._run_id) or self._runs.ended.get(self._run_id)

    async def are_over(self) -> bool:
        """True if no more events will be written: the run ended, or no worker has it any more."""
        return self._ended or not await self._goes_on()

    async def batches(self) -> AsyncGenerator[list[Frame], None]:
        """What is stored, then what happens, until the last event. An empty list says that it waits now."""
        checked = False
        while True:
            if found := await self.more():
                checked = False
                yield [frame for _, frame in found]
            elif (run := self.here()) is not None:
                async with aclosing(run.follow(self.next - 1).batches()) as batches:
                    async for frames in batches:
                        yield frames
                return
            elif checked:
                return
            elif await self.are_over():
                checked = True  # look once more: it may have been written between the two questions
            else:
                yield []
                await asyncio.sleep(_LOOK)

    async def _goes_on(self) -> bool:
        found: bool = await ASYNC.call(self._db.is_hosted, self._run_id)
        return found


class KeptStream(EventStream):
    """Sends stored events, then those that happen: as this process hosts the run, or as they come into the database."""

    def __init__(self, kept: KeptEvents, *, heartbeat: float = 15.0) -> None:
        super().__init__(Follower(RunLog(0), 0), heartbeat=heartbeat)
        self._kept = kept

    async def _send_all(self, send: Send) -> None:
        kept, checked = self._kept, False
        while not self.follower.left:
            if found := await kept.more():
                checked = False
                await self._send_frames(send, found)
            elif (run := kept.here()) is not None:
                return await self._go_over(send, run)
            elif checked:
                return
            elif await kept.are_over():
                checked = True  # look once more: it may have been written between the two questions
            else:
                await self._pause(send)

    async def _send_frames(self, send: Send, found: list[tuple[int, Frame]]) -> None:
        text = b"".join(b"id: %d\nevent: %b\ndata: %b\n\n" % (number, *frame) for number, frame in found)
        self._silent = False
        await send({"type": "http.response.body", "body": text, "more_body": True})

    async def _go_over(self, send: Send, run: HostedRun) -> None:
        waiting, self.follower = self.follower, run.follow(self._kept.next - 1)
        try:
            if not waiting.left:
                await super()._send_all(send)
        finally:
            self.follower.leave()

    async def _pause(self, send: Send) -> None:
        try:
            await asyncio.wait_for(self.follower.wait(), _LOOK)
        except asyncio.TimeoutError:
            pass
        if self._due:
            self._due = False
            await send({"type": "http.response.body", "body": HEARTBEAT, "more_body": True})


__all__ = ["KeptEvents", "KeptStream"]
