"""Runs that interfaces let AgentOS host: their events in another protocol, for whoever reads them, leaves and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import msgspec
from fastapi import HTTPException
from starlette.types import Send

from agno.exceptions import FOR_CALLERS
from agno.os._kept import KeptEvents
from agno.os._later import Begin
from agno.os._runs import HostedRun, Runs
from agno.os._sse import HEARTBEAT, EventStream, Follower, Frame, RunLog
from agno.run.base import RunStatus
from agno.run.workflow import workflow_run_output_event_from_dict

GOES_ON = frozenset({RunStatus.pending, RunStatus.running})
Batches = AsyncGenerator[list[Frame], None]


async def host(
    runs: Runs, component: Any, begin: Begin, who: dict[str, Any], **options: Any
) -> tuple[HostedRun, Follower]:
    """Let a run go on in a task. `who` has its ids. Status 409 for one that goes on already."""
    runs.refuse_when_stopping()
    ids = {name: who[name] for name in ("run_id", "session_id", "user_id")}
    if ids["run_id"] in runs.active:
        raise HTTPException(409, f"Run {ids['run_id']} goes on already.")
    return await runs.host(component.session_type, component, begin, **ids, **options)


def events_of(runs: Runs, run: Any, component: Any, after: int = -1) -> Batches | None:
    """The events of a run from behind one, from wherever they are; None if nobody has all of them."""
    keeper = runs.keeper_of(component)
    whole = isinstance(run, HostedRun) and not run.takeovers and run.log.first <= max(run.log.base, after + 1)
    if whole or (keeper is None and isinstance(run, HostedRun)):
        batches: Batches = run.follow(after).batches()
        return batches
    return KeptEvents(keeper.db, runs, run.run_id, after).batches() if keeper is not None else None


async def over(follower: Follower, seconds: float | None = None) -> None:
    """Wait until the run is over, or the time is."""

    async def wait() -> None:
        async with aclosing(follower.batches()) as batches:
            async for _ in batches:
                pass

    try:
        await asyncio.wait_for(wait(), seconds)
    except asyncio.TimeoutError:
        pass  # a tool that cannot be stopped has to come to its end


def event_of(frame: Frame) -> tuple[Any, dict[str, Any]]:
    """The event that was written down, as an object and as plain data. What it says of a failure may be shown."""
    data: dict[str, Any] = msgspec.json.decode(frame[1])
    return workflow_run_output_event_from_dict(data), data


def shown_error(event: Any) -> tuple[str, bool]:
    """The sentence of an event that was written down, and whether it is about what was asked."""
    text = getattr(event, "content", None) or getattr(event, "error", None) or "The run failed."
    return str(text), getattr(event, "error_type", None) in FOR_CALLERS


class Translated(EventStream):
    """Sends the frames that are made of a run's events, numbered from `first`. An empty list says that they wait.

    With `cancels`, the run is cancelled when its last reader leaves early.
    """

    def __init__(
        self,
        frames: Batches,
        runs: Runs,
        *,
        run: HostedRun | None = None,
        follower: Follower | None = None,
        first: int = 0,
        cancels: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        left: Callable[[], Awaitable[None]] | None = None
        if run is not None and cancels:
            left = _leaving(run)
        super().__init__(
            follower or Follower(RunLog(0), 0), heartbeat=runs.limits.heartbeat, left=left, headers=headers
        )
        self._frames, self._next = frames, first

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._frames) as batches:
            async for frames in batches:
                if self._gone:
                    return
                if frames:
                    await self._send_some(send, frames)
                elif self._due:
                    self._due = False
                    await send({"type": "http.response.body", "body": HEARTBEAT, "more_body": True})

    async def _send_some(self, send: Send, frames: list[Frame]) -> None:
        numbered = enumerate(frames, self._next)
        text = b"".join(b"id: %d\nevent: %b\ndata: %b\n\n" % (number, *frame) for number, frame in numbered)
        self._next += len(frames)
        self._silent = False
        await send({"type": "http.response.body", "body": text, "more_body": True})


def _leaving(run: HostedRun) -> Callable[[], Awaitable[None]]:
    async def left() -> None:
        if not run.log.followers:
            await run.component.acancel_run(run.run_id, run.session_id)

    return left


__all__ = ["GOES_ON", "Batches", "Translated", "event_of", "events_of", "host", "over", "shown_error"]
