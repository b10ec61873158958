"""One lazily started background event loop, for async-only leaves (an `async def` tool, MCP) met in a sync run."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable


class Portal:
    """An event loop in a daemon thread to which a sync thread hands awaitables."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="agno-portal", daemon=True)
                self._thread.start()
            return self._loop

    def run(self, awaitable: Awaitable[T]) -> T:
        """Wait in this thread for an awaitable that runs on the portal's loop, in a copy of this thread's context."""
        loop = self.loop
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "A synchronous run was started inside an async tool of another synchronous run; use arun."
            )
        context = contextvars.copy_context()
        done: list[asyncio.Task[T]] = []
        started = threading.Event()
        finished = threading.Event()

        def start() -> None:
            task = context.run(loop.create_task, _await(awaitable))
            task.add_done_callback(lambda _: finished.set())
            done.append(task)
            started.set()

        loop.call_soon_threadsafe(start)
        try:
            finished.wait()
        except BaseException:  # Ctrl-C: the async work must not go on behind the caller's back
            started.wait()
            loop.call_soon_threadsafe(done[0].cancel)
            raise
        return done[0].result()

    def iterate(self, iterator: AsyncIterator[T]) -> Iterator[T]:
        """Iterate an async iterator that lives on the portal's loop."""
        end = object()

        async def step() -> Any:
            try:
                return await iterator.__anext__()
            except StopAsyncIteration:
                return end

        try:
            while (item := self.run(step())) is not end:
                yield item
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                self.run(close())

    def forget(self) -> None:
        """After a fork the thread is gone; the child starts its own."""
        self.__init__()  # type: ignore[misc]  # deliberate re-initialisation in place


portal = Portal()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=portal.forget)


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run real asyncio code from sync code, whether or not a loop is running in this thread."""
    return portal.run(coroutine)
