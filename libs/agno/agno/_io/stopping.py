"""Leaving work that somebody asked to stop, at the place where it waits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Protocol

from agno._io.outlet import Give
from agno._io.workers import in_thread

_POLL_SECONDS = 0.2
_COUNTS = sys.version_info >= (3, 11)  # a task knows how often it was cancelled


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


class Gate:
    """Says whether work may be left where it waits. `with io.stoppable(stop) as gate:` gives None where it never is.

    It is shut while an item is given out: what waits then is the reader, whose waiting is not ours to end.
    """

    __slots__ = ()

    def __enter__(self) -> Interruption | None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        pass


SHUT = Gate()


class Interruption(Gate):
    """Cancels the current task when its work is to stop, while it is open; what `stop` raises then leaves the block."""

    __slots__ = ("_cancelling", "_loop", "_poll", "_sent", "_stop", "_task", "open")

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._poll: asyncio.Future[None] | None = None
        self._sent = False
        self._task: asyncio.Task[Any] | None = None
        self.reopen()

    def reopen(self) -> None:
        """Go on after an item was given out. Whoever asks for the next one may do so in another task."""
        task = asyncio.current_task(self._loop)
        if task is not self._task:
            self._task = task
            self._cancelling = task.cancelling() if _COUNTS and task is not None else 0
        self.open = True

    def __enter__(self) -> Interruption:
        stop = self._stop
        stop.watch(self._wake)
        if stop.polled:
            self._poll = asyncio.ensure_future(self._look())
        elif stop.cancelled:
            self._wake()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.open = False
        self._stop.unwatch(self._wake)
        if self._poll is not None:
            self._poll.cancel()
        if not self._sent:
            return
        if isinstance(error, asyncio.CancelledError):
            if not self._is_of_others():
                self._stop.raise_if_cancelled()
        elif _COUNTS and self._task is not None:  # the work ended all the same
            self._task.uncancel()

    async def during(self, work: Callable[[Give], Awaitable[None]], give: Give) -> None:
        """Await the work; raises what `stop` raises if it was interrupted.

        Who asks from inside of the work, as a tool that cancels its own run, is not interrupted: it ends by itself.
        """

        async def give_out(item: Any) -> None:
            self.open = False
            try:
                await give(item)
            finally:
                self.reopen()
            self._stop.raise_if_cancelled()

        before = _inside.get()
        _inside.set(self)
        try:
            with self:
                await work(give_out)
        finally:
            _inside.set(before)  # no reset: a stream may be closed from another context

    async def _look(self) -> None:
        while not await in_thread(lambda: self._stop.cancelled):
            await asyncio.sleep(_POLL_SECONDS)
        self._cancel()

    def _wake(self) -> None:
        if _inside.get() is self:
            return
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:  # the loop was closed meanwhile: nothing runs any more
            pass

    def _cancel(self) -> None:
        if self.open and not self._sent and self._task is not None:
            self._sent = True
            self._task.cancel()

    def _is_of_others(self) -> bool:
        """True if the task was cancelled by somebody else, too."""
        task = self._task
        return _COUNTS and task is not None and task.uncancel() > self._cancelling


__all__ = ["SHUT", "Gate", "Interruption", "Stop", "Watched"]
