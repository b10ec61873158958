"""Leaving work that somebody asked to stop, at the place where it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Protocol

from agno._io.outlet import Give
from agno._io.workers import in_thread

_POLL_SECONDS = 0.2


class Stop(Protocol):
    """Says whether work is to stop, and tells who waits when it is: a run's `CancelToken`."""

    @property
    def cancelled(self) -> bool: ...

    @property
    def polled(self) -> bool:
        """True if it changes unheard: `watch` never calls, so it has to be looked at now and then."""

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` when it is to stop, from whichever thread says so."""

    def unwatch(self, wake: Callable[[], None]) -> None:
        """Do not call it any more."""

    def raise_if_cancelled(self) -> None: ...


_inside: ContextVar[object] = ContextVar("agno_stoppable", default=None)


class Watched:
    """Has something called when work is to stop. The work is begun inside of the `with` block.

    Who asks from inside of the work, as a tool that cancels its own run, is not interrupted: it ends by itself.
    """

    def __init__(self, stop: Stop | None) -> None:
        self._stop = stop
        self._interrupt: Callable[[], None] | None = None

    def __enter__(self) -> Watched:
        self._before = _inside.get()
        _inside.set(self)
        return self

    def __exit__(self, *error: Any) -> None:
        _inside.set(self._before)  # no reset: a stream may be closed from another context

    def calls(self, interrupt: Callable[[], None]) -> None:
        """Call this when the work is to stop, from whichever thread says so; at once if it is already."""
        if self._stop is not None:
            self._interrupt = interrupt
            self._stop.watch(self._wake)
            if not self._stop.polled and self._stop.cancelled:
                interrupt()

    def leave(self) -> None:
        """Call it no more."""
        if self._stop is not None and self._interrupt is not None:
            self._stop.unwatch(self._wake)

    def _wake(self) -> None:
        if self._interrupt is not None and _inside.get() is not self:
            self._interrupt()


class Interruption:
    """Cancels the current task when its work is to stop, but only where the work itself waits.

    While an item is given out, the task waits for its reader, and what the reader awaits is not ours to cancel.
    """

    def __init__(self, stop: Stop) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._stop, self._task, self._loop = stop, task, asyncio.get_running_loop()
        self._cancelling = task.cancelling() if hasattr(task, "cancelling") else 0
        self._open = True
        self._sent = False

    async def during(self, work: Callable[[Give], Awaitable[None]], give: Give) -> None:
        """Await the work; raises what `stop` raises if it was interrupted."""

        async def give_out(item: Any) -> None:
            self._open = False
            try:
                await give(item)
            finally:
                self._open = True
            self._stop.raise_if_cancelled()

        poll = asyncio.ensure_future(self._poll()) if self._stop.polled else None
        try:
            with Watched(self._stop) as watched:
                watched.calls(self._wake)
                await work(give_out)
        except asyncio.CancelledError:
            if self._is_of_others():
                raise
            self._stop.raise_if_cancelled()
            raise
        finally:
            self._open = False
            watched.leave()
            if poll is not None:
                poll.cancel()

    async def _poll(self) -> None:
        while not await in_thread(lambda: self._stop.cancelled):
            await asyncio.sleep(_POLL_SECONDS)
        self._cancel()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:  # the loop was closed meanwhile: nothing runs any more
            pass

    def _cancel(self) -> None:
        if self._open and not self._sent:
            self._sent = True
            self._task.cancel()

    def _is_of_others(self) -> bool:
        """True if the task was cancelled by somebody else (too)."""
        if not self._sent:
            return True
        return hasattr(self._task, "uncancel") and self._task.uncancel() > self._cancelling


__all__ = ["Interruption", "Stop", "Watched"]
