"""Threads for what blocks: calls of an async run, and iterators that block.

They are daemons: after Ctrl-C, or a timeout, a program need not wait for a tool that nobody listens to any more.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
import queue
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_CALLS = 64  # at once, on one level; asyncio's own pool has cpu+4, but tools and drivers wait rather than compute
_IDLE = 20.0  # seconds after which a thread without work ends


class Workers:
    """Up to `limit` threads that take jobs in order. A job must not raise."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0

    def start(self, job: Callable[[], None]) -> None:
        """Run a job as soon as a thread is free. Raises RuntimeError if the system gives no thread."""
        with self._lock:
            if self._unfinished >= self._threads and self._threads < self._limit:
                threading.Thread(target=self._work, name="agno-worker", daemon=True).start()
                self._threads += 1
            self._unfinished += 1
            self._jobs.put(job)

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE)
            except queue.Empty:
                if self._leave():
                    return
                continue
            job()
            del job  # while the thread waits, it must not keep the last arguments and their result
            with self._lock:
                self._unfinished -= 1

    def _leave(self) -> bool:
        with self._lock:
            if self._unfinished >= self._threads:
                return False  # a job is on its way to this thread
            self._threads -= 1
            return True


# Work that a worker waits for goes to the pool of the next level. Within one pool, 64 tools that each wait for a call of
# their own would wait for each other for ever.
_level: ContextVar[int] = ContextVar("agno_worker_level", default=0)
_pools: dict[int, Workers] = {}
# one thread each, as long as they last, for iterators and merged works; a limit could make them wait for each other
_unlimited = Workers(sys.maxsize)


def _forget() -> None:
    """After a fork the threads are gone."""
    global _unlimited
    _pools.clear()
    _unlimited = Workers(sys.maxsize)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _inner_context() -> contextvars.Context:
    context = contextvars.copy_context()
    context.run(_level.set, _level.get() + 1)
    return context


async def in_thread(fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Run a blocking function in a worker thread, in a copy of this task's context.

    Who is cancelled while waiting goes on at once; the function runs to its end, and nobody hears of it.
    """
    return await begin_in_thread(fn, *args, **kwargs)


async def in_thread_to_its_end(fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """`in_thread` for a function that must not go on behind the back of what follows: a cancellation waits for it."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    pool, context = _place()
    pool.start(functools.partial(_settle, loop, future, functools.partial(context.run, fn, *args, **kwargs)))
    try:
        await finish([future])
        return future.result()
    finally:
        del future  # no circle with the error, see _settle


def alone_in_thread(job: Callable[[], None]) -> None:
    """Run a job, which must not raise, in a thread that it has for itself, in a copy of the caller's context."""
    _unlimited.start(functools.partial(contextvars.copy_context().run, job))


def begin_in_thread(fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Awaitable[T]:
    """Give a blocking function to a worker thread; await the result once, in the task that asked for it."""
    pool, context = _place()
    call = _Call(functools.partial(context.run, fn, *args, **kwargs))
    pool.start(call.run)
    return call


def _place() -> tuple[Workers, contextvars.Context]:
    """The pool for what is called here, and a context for it."""
    level = _level.get()
    context = contextvars.copy_context()
    context.run(_level.set, level + 1)
    return _pools.get(level) or _pools.setdefault(level, Workers(_CALLS)), context


def _nothing() -> None: ...


class _Call:
    """A call in a worker thread, awaited by one task.

    It is what asyncio asks of a future, and no more: a real one would let the loop turn once more before it wakes the
    task. A run with tools spends most of its time on these turns.
    """

    _asyncio_future_blocking = False

    def __init__(self, work: Callable[[], Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._outcome: tuple[Any, BaseException | None] = None, None
        self._done = False
        self._cancelled: tuple[Any, ...] | None = None  # what the cancellation says
        self._wake: Callable[[Any], None] | None = None  # the task's, while it waits

    def run(self) -> None:
        """Do the work and say how it ended. In the worker thread."""
        if self._done:
            return  # cancelled before it began
        work, self._work = self._work, _nothing  # whoever is woken finds nothing held here
        self._outcome = _outcome(work)
        del work
        try:
            self._loop.call_soon_threadsafe(self._end)
        except RuntimeError:  # the loop was closed meanwhile: nobody waits
            pass

    def _end(self) -> None:
        if not self._done:
            self._done = True
            wake, self._wake = self._wake, None  # no circle with the task
            if wake is not None:
                self._context.run(wake, self)

    def __await__(self) -> Generator[Any, None, Any]:
        if not self._done:
            self._asyncio_future_blocking = True
            yield self
        return self.result()

    # What a task asks of what it waits for

    def add_done_callback(self, wake: Callable[[Any], None], *, context: contextvars.Context) -> None:
        self._wake, self._context = wake, context

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def result(self) -> Any:
        if self._cancelled is not None:
            raise asyncio.CancelledError(*self._cancelled)
        value, error = self._outcome
        if error is None:
            return value
        self._outcome = None, None
        try:
            raise error
        finally:
            del error  # it knows this frame: in a circle they would wait for the garbage collector

    def cancel(self, msg: Any = None) -> bool:
        """The task goes on at once; the function runs to its end unheard."""
        if self._done:
            return False
        self._done, self._cancelled = True, () if msg is None else (msg,)
        wake, self._wake = self._wake, None
        if wake is not None:
            self._loop.call_soon(wake, self, context=self._context)
        return True


def _outcome(work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What work gave, or the error that it raised."""
    try:
        return work(), None
    except StopIteration as stop:  # no future takes it, as no coroutine lets it through
        error: BaseException = RuntimeError("A function raised StopIteration")
        error.__cause__ = stop
        return None, error
    except BaseException as raised:
        return None, raised


def _settle(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], work: Callable[[], Any]) -> None:
    """Do the work and tell the future how it ended."""
    if future.cancelled():
        return  # before it began
    value, error = _outcome(work)
    try:
        loop.call_soon_threadsafe(_tell, future, value, error)
    except RuntimeError:  # the loop was closed meanwhile: nobody waits
        pass
    finally:
        del error, future  # the error knows this frame: in a circle they would wait for the garbage collector


def _tell(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)


async def finish(futures: Iterable[asyncio.Future[Any]]) -> None:
    """Wait until all are done, whatever they end with. A cancellation meanwhile takes effect afterwards."""
    open_ones = {future for future in futures if not future.done()}
    cancelled: asyncio.CancelledError | None = None
    while open_ones:
        try:
            _, open_ones = await asyncio.wait(open_ones)
        except asyncio.CancelledError as error:
            cancelled = error
            open_ones = {future for future in open_ones if not future.done()}
    if cancelled is not None:
        raise cancelled


_END: Any = object()


async def iterate_in_thread(items: Iterable[T]) -> AsyncGenerator[T, None]:
    """Iterate a blocking iterable in one thread from its first step to its close: what it opens may belong to a thread."""
    loop = asyncio.get_running_loop()
    steps: queue.SimpleQueue[asyncio.Future[Any] | None] = queue.SimpleQueue()
    closed: asyncio.Future[None] = loop.create_future()
    serve = functools.partial(_inner_context().run, _serve, items, loop, steps)
    _unlimited.start(functools.partial(_settle, loop, closed, serve))
    step: asyncio.Future[Any] | None = None
    try:
        while True:
            step = loop.create_future()
            steps.put(step)
            if (item := await step) is _END:
                break
            yield item
    finally:
        steps.put(None)
        if step is None or not step.cancelled():  # else it is in the middle of a step; it closes itself after that
            await closed
        del step, closed  # no circle with the error, see _settle


def _serve(items: Iterable[Any], loop: asyncio.AbstractEventLoop, steps: queue.SimpleQueue[Any]) -> None:
    iterator = iter(items)
    try:
        while (step := steps.get()) is not None:
            _settle(loop, step, functools.partial(next, iterator, _END))
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()


__all__ = [
    "Workers",
    "alone_in_thread",
    "begin_in_thread",
    "finish",
    "in_thread",
    "in_thread_to_its_end",
    "iterate_in_thread",
]
