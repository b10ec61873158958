"""`IO` for asynchronous runs, on asyncio."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from types import AsyncGeneratorType, FunctionType
from typing import Any, TypeVar

from agno._io.outlet import Give, left_with, silent
from agno._io.port import IO, Work
from agno._io.portal import Visitor
from agno._io.stopping import Gate, Interruption, Stop
from agno._io.sync import WorkerIO
from agno._io.workers import begin_in_thread, finish, in_thread_to_its_end, iterate_in_thread

T = TypeVar("T")


class AsyncIO:
    """Awaits what can be awaited and sends what blocks to worker threads."""

    is_async = True

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if is_coroutine_function(fn):
            return await fn(*args, **kwargs)
        blocking = None if fn.__class__ is FunctionType else getattr(getattr(fn, "__self__", None), "blocking", None)
        if blocking is False:
            result = fn(*args, **kwargs)
        elif blocking is True:
            result = await in_thread_to_its_end(fn, *args, **kwargs)
        else:
            result = await begin_in_thread(fn, *args, **kwargs)
        if hasattr(result, "__await__") and inspect.isawaitable(result):
            return await result
        return result

    async def pick(
        self, sync_method: Callable[..., T], async_method: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any
    ) -> T:
        return await async_method(*args, **kwargs)

    def stream(
        self,
        sync_method: Callable[..., Iterator[T]],
        async_method: Callable[..., AsyncIterator[T]],
        /,
        *args: Any,
        **kwargs: Any,
    ) -> AsyncGenerator[T, None]:
        items: Any = async_method(*args, **kwargs)
        return items if items.__class__ is AsyncGeneratorType else _streamed(items)

    async def merge(self, works: Sequence[Work], give: Give) -> None:
        if len(works) == 1:
            return await works[0](give)
        results: _Results = asyncio.Queue()
        room = asyncio.Semaphore(len(works))  # whoever is ahead waits for the reader
        stop = asyncio.Event()
        begin = asyncio.get_running_loop().create_task
        tasks = [begin(_branch(work, results, room, stop)) for work in works]
        try:
            running = len(tasks)
            while running:
                kind, value = await results.get()
                if kind == "item":
                    room.release()
                    await give(value)
                elif kind == "error":
                    raise value
                else:
                    running -= 1
        finally:
            stop.set()
            await _join(tasks, results)

    async def within(self, seconds: float, work: Work, give: Give) -> None:
        results: _Results = asyncio.Queue()
        stop = asyncio.Event()
        deadline = time.monotonic() + seconds
        # a task of its own: a time limit on the reader's task would strike the reader, between two items
        tasks = [asyncio.ensure_future(_branch(work, results, asyncio.Semaphore(sys.maxsize), stop))]
        try:
            while True:
                try:
                    kind, value = await asyncio.wait_for(results.get(), max(0.0, deadline - time.monotonic()))
                except asyncio.TimeoutError:
                    raise TimeoutError from None
                if kind == "item":
                    await give(value)
                elif kind == "error":
                    raise value
                else:
                    return
        finally:
            stop.set()
            await _join(tasks, results)

    def unless(
        self, stop: Stop, work: Callable[[IO, Give], Coroutine[Any, Any, None]], give: Give
    ) -> Coroutine[Any, Any, None]:
        return Interruption(stop).during(functools.partial(work, self), give)

    def stoppable(self, stop: Stop) -> Gate:
        return Interruption(stop)

    async def gather(self, *coroutines: Coroutine[Any, Any, T]) -> list[T]:
        if len(coroutines) == 1:
            return [await coroutines[0]]
        found: dict[int, T] = {}
        try:
            await self.merge([_kept(found, number, one) for number, one in enumerate(coroutines)], silent)
        finally:
            for coroutine in coroutines:
                coroutine.close()  # those that an error kept from beginning
        return [found[number] for number in range(len(coroutines))]

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    now = staticmethod(time.perf_counter)


async def _streamed(items: Any) -> AsyncGenerator[Any, None]:
    """The items of what is no async generator, but gives one, or iterates in another way."""
    if inspect.iscoroutine(items):
        items = await items
    if not hasattr(items, "__aiter__"):  # a sync-only generator, given in the place of the async one
        items = iterate_in_thread(items)
    try:
        async for item in items:
            yield item
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()


def is_coroutine_function(fn: Callable[..., Any]) -> bool:
    """True for an `async def`, also behind a partial, and for an object with an async `__call__`."""
    if fn.__class__ is FunctionType:  # the frequent case, as inspect does it, marks of `markcoroutinefunction` included
        return bool(fn.__code__.co_flags & inspect.CO_COROUTINE) or hasattr(fn, "_is_coroutine_mark")
    while isinstance(fn, functools.partial):
        fn = fn.func
    if inspect.iscoroutinefunction(fn):
        return True
    if inspect.isroutine(fn) or isinstance(fn, type):
        return False
    return inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004


@asynccontextmanager
async def thread_io(io: IO) -> AsyncGenerator[IO, None]:
    """The port for plain code that `io.call` runs and that goes on waiting: a hook around a tool.

    It is synchronous. In an async run, what must be awaited goes back to the loop of the run; it is cancelled with it.
    """
    if not io.is_async:
        yield io
        return
    visitor = Visitor(asyncio.get_running_loop())
    try:
        yield WorkerIO(visitor)
    finally:
        await visitor.close()


# Merging -------------------------------------------------------------------------------------------------------------

_Results = asyncio.Queue[tuple[str, Any]]


async def _branch(work: Work, results: _Results, room: asyncio.Semaphore, stop: asyncio.Event) -> None:
    async def put(item: Any) -> None:
        if not stop.is_set():  # else it cleans up: nobody would make room, nor have the item
            await room.acquire()
            results.put_nowait(("item", item))

    try:
        await work(put)
    except BaseException as error:  # handed to the reader, who raises it; out of a task, some would end the loop
        results.put_nowait(("error", error))
    else:
        results.put_nowait(("end", None))


async def _join(tasks: Sequence[asyncio.Future[Any]], results: _Results) -> None:
    for task in tasks:
        task.cancel()
    await finish(tasks)
    while not results.empty():
        kind, value = results.get_nowait()
        if kind == "error":
            left_with(value, asyncio.CancelledError)


def _kept(found: dict[int, T], number: int, coroutine: Coroutine[Any, Any, T]) -> Work:
    async def work(give: Give) -> None:
        found[number] = await coroutine

    return work


ASYNC = AsyncIO()
