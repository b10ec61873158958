"""`IO` for asynchronous runs, on asyncio."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from agno._io.outlet import Give
from agno._io.port import Work

T = TypeVar("T")

# asyncio's own pool has cpu+4 threads; blocking tools and drivers wait rather than compute, so allow more
_WORKERS = 64
_pool: ThreadPoolExecutor | None = None


def _executor() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="agno-worker")
    return _pool


def _forget_pool() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


async def in_thread(fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Run a blocking function in a worker thread, in a copy of this task's context."""
    context = contextvars.copy_context()
    work = functools.partial(context.run, fn, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_executor(), work)


_END: Any = object()


class AsyncIO:
    """Awaits what can be awaited and sends what blocks to worker threads."""

    is_async = True

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if _is_coroutine_function(fn):
            return await fn(*args, **kwargs)
        owner = getattr(fn, "__self__", None)
        if owner is not None and getattr(owner, "blocking", True) is False:
            result = fn(*args, **kwargs)
        else:
            result = await in_thread(fn, *args, **kwargs)
        if hasattr(result, "__await__") and inspect.isawaitable(result):
            return await result
        return result

    async def pick(
        self, sync_method: Callable[..., T], async_method: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any
    ) -> T:
        return await async_method(*args, **kwargs)

    async def stream(
        self,
        sync_method: Callable[..., Iterator[T]],
        async_method: Callable[..., AsyncIterator[T]],
        /,
        *args: Any,
        **kwargs: Any,
    ) -> AsyncGenerator[T, None]:
        items: Any = async_method(*args, **kwargs)
        if inspect.iscoroutine(items):
            items = await items
        if not hasattr(items, "__aiter__"):  # a sync-only generator, given in the place of the async one
            items = _threaded(items)
        try:
            async for item in items:
                yield item
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()

    async def merge(self, works: Sequence[Work], give: Give) -> None:
        if len(works) == 1:
            return await works[0](give)
        queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue(maxsize=max(1, len(works)))
        tasks = [asyncio.ensure_future(_pump(work, queue)) for work in works]
        try:
            running = len(tasks)
            while running:
                kind, value = await queue.get()
                if kind == "item":
                    await give(value)
                elif kind == "error":
                    raise value
                else:
                    running -= 1
        finally:
            await _cancel(tasks)

    async def gather(self, *coroutines: Coroutine[Any, Any, T]) -> list[T]:
        if len(coroutines) == 1:
            return [await coroutines[0]]
        tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
        try:
            return list(await asyncio.gather(*tasks))
        except BaseException:
            await _cancel(tasks)
            raise

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    now = staticmethod(time.perf_counter)


def _is_coroutine_function(fn: Callable[..., Any]) -> bool:
    while isinstance(fn, functools.partial):
        fn = fn.func
    if inspect.iscoroutinefunction(fn):
        return True
    call = getattr(fn, "__call__", None)  # noqa: B004  # an object with an async __call__
    return not inspect.isroutine(fn) and inspect.iscoroutinefunction(call)


async def _pump(work: Work, queue: asyncio.Queue[tuple[str, Any]]) -> None:
    async def put(item: Any) -> None:
        await queue.put(("item", item))

    try:
        await work(put)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # handed to the reader, who raises it
        await queue.put(("error", error))
    else:
        await queue.put(("end", None))


async def _cancel(tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _threaded(items: Iterator[T]) -> AsyncGenerator[T, None]:
    """Iterate a blocking iterator in worker threads, one item at a time."""
    iterator = iter(items)
    context = contextvars.copy_context()  # one context for all steps, so the generator keeps what it set

    def step() -> T:
        return context.run(next, iterator, _END)

    loop = asyncio.get_running_loop()
    try:
        while (item := await loop.run_in_executor(_executor(), step)) is not _END:
            yield item
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()


ASYNC = AsyncIO()
