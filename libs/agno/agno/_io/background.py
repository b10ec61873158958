"""Work that goes on by itself in the running event loop, and what it has to tell while somebody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any

from agno._io.outlet import DONE
from agno.utils.log import log_error

_tasks: set[asyncio.Task[Any]] = set()  # the loop itself holds tasks weakly only


def spawn(work: Coroutine[Any, Any, Any], at_end: Callable[[], None]) -> None:
    """Start work in the running event loop. It is kept alive until it ends; an error that nobody awaits is logged.

    `at_end` is called in any case: work that is cancelled before its first step cannot clean up by itself.
    """
    task = asyncio.get_running_loop().create_task(work)
    _tasks.add(task)
    task.add_done_callback(_ended)
    task.add_done_callback(lambda _: at_end())


def _ended(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log_error(f"A background run failed: {type(error).__name__}: {error}")


class Feed:
    """Takes items from work in the background for a reader, who may leave; the work goes on all the same."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[Any] = asyncio.Queue()
        self._end = object()
        self._open = True

    def give(self, item: Any) -> Awaitable[None]:
        """Offer an item. Never waits for the reader."""
        if self._open:
            self._items.put_nowait(item)
        return DONE

    async def read(self, work: Coroutine[Any, Any, Any], at_end: Callable[[], None]) -> AsyncGenerator[Any, None]:
        """Start the work and give its items until it ends."""

        def closed() -> None:
            at_end()
            self._items.put_nowait(self._end)

        spawn(work, closed)
        try:
            while (item := await self._items.get()) is not self._end:
                yield item
        finally:
            self._open = False


__all__ = ["Feed", "spawn"]
