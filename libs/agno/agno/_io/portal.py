"""Waiting in a thread for what runs on an event loop of another thread.

A sync run that meets an async-only leaf (an `async def` tool, MCP) hands it to the portal: one background loop, started at
its first use. Plain code inside of an async run hands it back to the loop of that run.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import inspect
import os
import queue
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from concurrent.futures import CancelledError
from typing import Any, Generic, TypeVar

from agno._io.drivers import drive, occupied
from agno._io.stopping import Stop, Watched
from agno._io.workers import finish
from agno.utils.log import log_error

T = TypeVar("T")

_POLL = 1.0  # seconds; on Windows, Ctrl-C is not noticed while a thread waits for a lock
_FAREWELL = 1.0  # seconds that tasks have at the end of the program


class Home(ABC):
    """A loop on which a thread has something awaited."""

    @abstractmethod
    def _start(self, work: _Work[Any]) -> None:
        """Start the work on the loop."""

    @abstractmethod
    def _other(self) -> Home | None:
        """Who serves this thread instead, if waiting here would keep the loop from running."""

    def run(self, awaitable: Awaitable[T], stop: Stop | None = None) -> T:
        """Wait in this thread for an awaitable that runs on the loop, in a copy of this thread's context.

        When `stop` says so it is cancelled, and what `stop` raises is raised.
        """
        if (other := self._other()) is not None:
            return other.run(awaitable, stop)
        if stop is None:
            return self._begin(_Work(awaitable)).wait()
        with Watched(stop) as watched:
            work = _Work(awaitable)
            watched.calls(work.cancel_soon)
            try:
                return self._begin(work).wait()
            except CancelledError:
                stop.raise_if_cancelled()
                raise
            finally:
                watched.leave()

    def iterate(self, iterator: AsyncIterator[T], stop: Stop | None = None) -> Generator[T, None, None]:
        """Iterate an async iterator on the loop, from the first step to the close in one task, as cancel scopes want."""
        if (other := self._other()) is not None:
            yield from other.iterate(iterator, stop)
            return
        steps: asyncio.Queue[bool] = asyncio.Queue()
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with Watched(stop) as watched:
            work = _Work(_serve(iterator, steps, answers), lambda: answers.put(_END))
        self._begin(work)
        watched.calls(work.cancel_soon)
        try:
            while True:
                work.on_loop(steps.put_nowait, True)
                if (item := patiently(answers)) is _END:
                    break
                yield item
                if stop is not None:
                    stop.raise_if_cancelled()
        except GeneratorExit:
            if not work.is_done:  # else the loop left before the reader did, and closed it
                work.on_loop(steps.put_nowait, False)
                work.wait()
            raise
        except BaseException:
            work.cancel_and_wait()
            raise
        finally:
            watched.leave()
        try:
            work.wait()
        except CancelledError:
            if stop is not None:
                stop.raise_if_cancelled()
            raise

    def _begin(self, work: _Work[T]) -> _Work[T]:
        try:
            self._start(work)
        except BaseException:
            work.drop()
            raise
        return work


_END: Any = object()


async def _serve(iterator: AsyncIterator[Any], steps: asyncio.Queue[bool], answers: queue.SimpleQueue[Any]) -> None:
    try:
        while await steps.get():
            answers.put(await iterator.__anext__())
    except StopAsyncIteration:
        pass
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


def patiently(answers: queue.SimpleQueue[T] | queue.Queue[T]) -> T:
    """Take the next item, so that Ctrl-C is noticed on every system."""
    while True:
        try:
            return answers.get(timeout=_POLL)
        except queue.Empty:
            continue


# Whoever still waits for one of these is a daemon thread at the end of the program: it shall not wake up to complain.
_ended_loops: set[asyncio.AbstractEventLoop] = set()


class _Work(Generic[T]):
    """An awaitable on its way through a task of a loop."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, awaitable: Awaitable[T], when_done: Callable[[], object] | None = None) -> None:
        self._awaitable = awaitable
        self._context = contextvars.copy_context()
        self._when_done = when_done
        self._done = threading.Event()
        self._cancelled = False
        self.task: asyncio.Task[None] | None = None
        self._value: Any = None
        self._error: BaseException | None = None

    # On the loop -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, unless it was cancelled before."""
        self.task = self._context.run(self.loop.create_task, self._settle())
        self.task.add_done_callback(self._end)
        if self._cancelled:
            self.task.cancel()

    async def _settle(self) -> None:
        try:
            self._value = await self._awaitable
        except BaseException as error:  # the thread raises it; out of a task, some of them would end the loop
            self._error = error

    def _end(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():  # before its first step
            self.drop()
            self._error = asyncio.CancelledError()
        if self.loop in _ended_loops:
            return
        self._done.set()
        if self._when_done is not None:
            self._when_done()

    def cancel(self) -> None:
        """Cancel, also what has not begun."""
        self._cancelled = True
        if self.task is not None:
            self.task.cancel()

    def cancel_soon(self) -> None:
        """Cancel from another thread, also what has not begun."""
        self._cancelled = True
        try:
            if hasattr(self, "loop"):
                self.on_loop(self.cancel)
        except RuntimeError:  # the loop was closed meanwhile: nothing runs any more
            pass

    # In the thread that waits ----------------------------------------------------------------------------------------

    def on_loop(self, fn: Callable[..., Any], *args: Any) -> None:
        """Have something called on the loop."""
        self.loop.call_soon_threadsafe(fn, *args)

    @property
    def is_done(self) -> bool:
        """True once it has ended, or can never end."""
        return self._done.is_set() or self.loop.is_closed() or sys.is_finalizing()

    def drop(self) -> None:
        """Nobody will await it, and nobody shall be warned of that."""
        if inspect.iscoroutine(self._awaitable):
            self._awaitable.close()

    def wait(self) -> T:
        """Its result. Ctrl-C cancels it: async work must not go on behind the caller's back."""
        try:
            self._wait()
        except BaseException:
            self.cancel_and_wait()
            raise
        if not self._done.is_set():
            raise RuntimeError("The event loop was closed before the asynchronous work ended.")
        error, self._error = self._error, None
        try:
            if isinstance(error, asyncio.CancelledError):  # of that task; here it would look like a cancelled caller
                raise CancelledError("The asynchronous work was cancelled.") from error
            if error is not None:
                raise error
        finally:
            del error  # it knows this frame: together they would wait for the garbage collector
        return self._value  # type: ignore[no-any-return]  # what the awaitable gave

    def cancel_and_wait(self) -> None:
        """Cancel, and wait until it has ended."""
        self.on_loop(self.cancel)
        self._wait()

    def _wait(self) -> None:
        while not self._done.wait(_POLL):
            if self.is_done and self.loop not in _ended_loops:
                return


class Portal(Home):
    """An event loop in a daemon thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: _LoopThread | None = None
        self._inner: Portal | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, running."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = _LoopThread()
                self._thread.start()
            return self._thread.loop

    def _start(self, work: _Work[Any]) -> None:
        work.loop = self.loop
        work.on_loop(work.start)

    def _other(self) -> Home | None:
        """A sync run inside an async tool of a sync run keeps this loop from running: all below it gets another loop."""
        with self._lock:
            if self._thread is None or self._thread.ident not in occupied:
                return None
            if self._inner is None:
                self._inner = Portal()
            return self._inner

    def close(self, at_exit: bool = False) -> None:
        """Cancel what runs and end the thread. The next use starts anew."""
        with self._lock:
            thread, inner = self._thread, self._inner
            self._thread = self._inner = None
        if inner is not None:
            inner.close(at_exit)
        if thread is not None:
            if at_exit:
                _ended_loops.add(thread.loop)
            thread.leave()

    def forget(self) -> None:
        """After a fork the thread is gone; the child starts its own."""
        self.__init__()  # type: ignore[misc]  # deliberate re-initialisation in place


class _LoopThread(threading.Thread):
    """A loop, running until it is told to leave."""

    def __init__(self) -> None:
        super().__init__(name="agno-portal", daemon=True)
        self.loop = asyncio.new_event_loop()
        self._farewell: asyncio.Task[None] | None = None

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        while self._farewell is None:
            try:
                self.loop.run_forever()
            except BaseException as error:  # SystemExit of a task that a tool left behind; others still need the loop
                log_error(f"a background task of an async tool raised {error!r}")
        try:
            self.loop.run_until_complete(self._farewell)
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()

    def leave(self) -> None:
        """End the thread, if its tasks let it."""
        if self.is_alive():
            self.loop.call_soon_threadsafe(self._say_farewell)
            self.join(2 * _FAREWELL)

    def _say_farewell(self) -> None:
        self._farewell = self.loop.create_task(_cancel_all())
        self.loop.stop()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_FAREWELL)


class Visitor(Home):
    """The way from a worker thread of an async run back to the loop of that run."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._lock = threading.Lock()
        self._works: set[_Work[Any]] = set()
        self._closed = False

    def check(self) -> None:
        """Raise if the run went on without its worker."""
        if self._closed:
            raise RuntimeError("The run to which this call belongs has ended or was cancelled.")

    def _start(self, work: _Work[Any]) -> None:
        work.loop = self.loop
        with self._lock:
            self.check()
            self._works.add(work)
            work.on_loop(work.start)

    def _other(self) -> Home | None:
        return portal if asyncio._get_running_loop() is self.loop else None

    async def close(self) -> None:
        """Cancel what still runs, and wait for it; nothing more can be started. On the loop."""
        with self._lock:
            self._closed = True
        for work in self._works:
            work.cancel()
        await finish([work.task for work in self._works if work.task is not None])


portal = Portal()
atexit.register(portal.close, at_exit=True)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=portal.forget)


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run real asyncio code from sync code, whether or not a loop is running in this thread."""
    return drive(_at_the_portal(coroutine))


async def _at_the_portal(coroutine: Coroutine[Any, Any, T]) -> T:
    return portal.run(coroutine)
