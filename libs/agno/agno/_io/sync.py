"""`IO` for synchronous runs: nothing ever suspends."""

from __future__ import annotations

import contextvars
import inspect
import queue
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from agno._io.drivers import drive
from agno._io.outlet import Give, ReaderLeft
from agno._io.port import Work
from agno._io.portal import portal

T = TypeVar("T")


class SyncIO:
    """Calls what it is given, in the caller's thread."""

    is_async = False

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        result = fn(*args, **kwargs)
        if hasattr(result, "__await__") and inspect.isawaitable(result):
            return portal.run(result)
        return result

    async def pick(
        self, sync_method: Callable[..., T], async_method: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any
    ) -> T:
        return sync_method(*args, **kwargs)

    async def stream(
        self,
        sync_method: Callable[..., Iterator[T]],
        async_method: Callable[..., AsyncIterator[T]],
        /,
        *args: Any,
        **kwargs: Any,
    ) -> AsyncGenerator[T, None]:
        items: Any = sync_method(*args, **kwargs)
        if hasattr(items, "__aiter__"):  # an async-only generator, given in the place of the sync one
            items = portal.iterate(items.__aiter__())
        try:
            for item in items:
                yield item
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    async def merge(self, works: Sequence[Work], give: Give) -> None:
        if len(works) == 1:
            return await works[0](give)
        # a queue of one item per worker: whoever is ahead waits for the reader, as a single work would
        results: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=max(1, len(works)))
        stop = threading.Event()
        workers = [_worker(work, results, stop) for work in works]
        try:
            running = len(workers)
            while running:
                kind, value = results.get()
                if kind == "item":
                    await give(value)
                elif kind == "error":
                    raise value
                else:
                    running -= 1
        finally:
            stop.set()
            _join(workers, results)

    async def gather(self, *coroutines: Coroutine[Any, Any, T]) -> list[T]:
        waiting = list(coroutines)
        results: list[T] = []
        try:
            while waiting:
                results.append(await waiting.pop(0))
        finally:
            for coroutine in waiting:
                coroutine.close()
        return results

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    now = staticmethod(time.perf_counter)


def _worker(work: Work, results: queue.Queue[tuple[str, Any]], stop: threading.Event) -> threading.Thread:
    async def put(item: Any) -> None:
        if stop.is_set():
            raise ReaderLeft
        results.put(("item", item))

    def run() -> None:
        try:
            drive(work(put))
        except BaseException as error:  # handed to the reader, who raises it
            results.put(("error", error))
        else:
            results.put(("end", None))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="agno-merge", daemon=True)
    thread.start()
    return thread


def _join(workers: list[threading.Thread], results: queue.Queue[tuple[str, Any]]) -> None:
    for worker in workers:
        while worker.is_alive():
            try:
                results.get_nowait()  # a worker may be waiting for room
            except queue.Empty:
                worker.join(0.01)


SYNC = SyncIO()

__all__ = ["SYNC", "SyncIO", "drive"]
