"""A connection and the one task that owns it.

The SDK's cancel scopes must be left by the task that entered them, while tools are called from many tasks, threads and
event loops. So a task of its own opens the session, waits, and closes it. Calls on the same loop use the session
directly; calls from elsewhere are handed to the owner's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from agno.utils.log import log_debug

T = TypeVar("T")
_LAST_WAIT = 1.0  # seconds


class Owner:
    """One life of a session, on the loop that was running when it was made."""

    def __init__(self, label: str, enter: Callable[[AsyncExitStack], Awaitable[Any]], closing: float) -> None:
        self.label = label
        self._closing = closing
        self._stopping = False
        self._waiting = 0
        self._enter = enter
        self._opened: Future[Any] = Future()
        self._closed: Future[None] = Future()
        self._calls: set[asyncio.Task[Any]] = set()
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._live(), name=f"MCP {label}")

    @property
    def is_alive(self) -> bool:
        """True while the session can be asked something."""
        return self._opened.done() and not self.is_over

    @property
    def is_over(self) -> bool:
        """True once it is of no use any more, so that another one may take its place."""
        return self._stopping or self._closed.done() or self._loop.is_closed()

    @property
    def is_busy(self) -> bool:
        """True while it is being opened or asked something."""
        return bool(self._calls) or not self._opened.done()

    async def _live(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                self._opened.set_result(await self._enter(stack))
                try:
                    await self._stop.wait()
                finally:
                    self._end_calls()
        except Exception as error:  # the border of a background task: whoever waits for it gets the error
            if not self._opened.done():
                self._opened.set_exception(error)
            else:  # the peer was gone already, or the transport broke: calls say so
                log_debug(f"the connection to MCP server {self.label} ended: {error!r}")
        finally:
            if not self._opened.done():
                self._opened.set_exception(ConnectionError("it was closed while it was being opened"))
            self._closed.set_result(None)

    def _end_calls(self) -> None:
        for call in self._calls:
            call.cancel()

    async def opened(self, timeout: float) -> None:
        """Wait until the session is open. Raises what went wrong; when nobody waits any more, nothing is left behind."""
        self._waiting += 1
        try:
            await _wait_for(asyncio.wrap_future(self._opened), timeout, keep=True)
        except BaseException as error:
            if self._waiting == 1:
                self.stop()
                if isinstance(error, Exception):
                    await self.close()
            raise
        finally:
            self._waiting -= 1

    async def call(self, ask: Callable[[Any], Coroutine[Any, Any, T]], timeout: float) -> T:
        """Ask the session something, from any loop. Raises ConnectionError when it is gone, TimeoutError when late."""
        if not self.is_alive:
            raise ConnectionError("the connection is closed")
        work = self._tracked(ask)
        future: asyncio.Future[T]
        if asyncio.get_running_loop() is self._loop:
            future = self._loop.create_task(work)
        elif self._loop.is_running():
            future = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        else:
            work.close()
            raise ConnectionError("the event loop on which it was connected is not running")
        return await _wait_for(future, timeout)

    async def _tracked(self, ask: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        try:
            return await ask(self._opened.result())
        finally:
            self._calls.discard(task)

    def stop(self) -> None:
        """Begin to close; may be called from any thread."""
        self._stopping = True
        try:
            self._loop.call_soon_threadsafe(self._stop_here)
        except RuntimeError:  # the loop is closed, and its tasks ended with it
            pass

    def _stop_here(self) -> None:
        if self._opened.done():
            self._stop.set()
        else:
            self._task.cancel()

    async def close(self) -> None:
        """Close the session and wait until nothing of it is left, from any loop."""
        self.stop()
        if self._closed.done() or not self._loop.is_running():
            return
        try:
            await _wait_for(asyncio.wrap_future(self._closed), self._closing, keep=True)
        except TimeoutError:  # the peer does not even say goodbye
            self._loop.call_soon_threadsafe(self._task.cancel)
            await asyncio.wait({asyncio.wrap_future(self._closed)}, timeout=_LAST_WAIT)


async def _wait_for(future: asyncio.Future[T], timeout: float, *, keep: bool = False) -> T:
    """The result of a future. `keep`: others wait for it too, so it is not cancelled with this waiter."""
    future.add_done_callback(_heard)
    try:
        done, _ = await asyncio.wait({future}, timeout=timeout)
    except asyncio.CancelledError:
        if not keep:
            future.cancel()
        raise
    if not done:
        if not keep:
            future.cancel()
        raise TimeoutError(f"no answer within {timeout:g} seconds")
    if future.cancelled():  # not we but the owner was cancelled
        raise ConnectionError("the connection was closed")
    return future.result()


def _heard(future: asyncio.Future[Any]) -> None:
    """Note that the outcome was seen: asyncio complains about an error that comes after everybody stopped waiting."""
    if not future.cancelled():
        future.exception()


__all__ = ["Owner"]
