"""`IO` for synchronous runs: nothing ever suspends."""

from __future__ import annotations

import functools
import inspect
import queue
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from agno._io.drivers import drive
from agno._io.outlet import Give, ReaderLeft, left_with
from agno._io.port import IO, Work
from agno._io.portal import Home, Visitor, patiently, portal
from agno._io.stopping import SHUT, Gate, Stop
from agno._io.workers import alone_in_thread

T = TypeVar("T")

_GRACE = 0.5  # seconds that the branches of a merge have to end after Ctrl-C


class SyncIO:
    """Calls what it is given, in the caller's thread. What can only be awaited is awaited at `home`."""

    is_async = False
    _stop: Stop | None = None  # leaves what is awaited at home

    def __init__(self, home: Home = portal) -> None:
        self._home = home

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        result = fn(*args, **kwargs)
        if hasattr(result, "__await__") and inspect.isawaitable(result):
            return self._home.run(result, self._stop)
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
            items = self._home.iterate(items.__aiter__(), self._stop)
        try:
            for item in items:
                yield item
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    async def merge(self, works: Sequence[Work], give: Give) -> None:
        if len(works) == 1:  # one needs no thread
            return await works[0](give)
        results: _Results = queue.SimpleQueue()
        branches: list[_Branch] = []
        patience: float | None = None
        try:
            for work in works:
                branches.append(_Branch(work, results))
            running = len(branches)
            while running:
                branch, kind, value = patiently(results)
                if kind == "item":
                    await branch.pass_on(value, give)
                elif kind == "error":
                    raise value
                else:
                    running -= 1
        except KeyboardInterrupt:
            patience = _GRACE
            raise
        finally:
            _join(branches, results, patience)

    async def within(self, seconds: float, work: Work, give: Give) -> None:
        results: _Results = queue.SimpleQueue()
        deadline = time.monotonic() + seconds
        branch = _Branch(work, results)
        patience: float | None = None
        try:
            while True:
                try:
                    _, kind, value = results.get(timeout=max(0.0, min(_GRACE, deadline - time.monotonic())))
                except queue.Empty:
                    if time.monotonic() >= deadline:
                        patience = 0.0  # it ends at the next item that it gives, and nobody waits for that
                        raise TimeoutError from None
                    continue
                if kind == "item":
                    await branch.pass_on(value, give)
                elif kind == "error":
                    raise value
                else:
                    return
        except KeyboardInterrupt:
            patience = _GRACE
            raise
        finally:
            _join([branch], results, patience)

    def unless(
        self, stop: Stop, work: Callable[[IO, Give], Coroutine[Any, Any, None]], give: Give
    ) -> Coroutine[Any, Any, None]:
        twin = object.__new__(type(self))
        twin._home, twin._stop = self._home, stop
        return work(twin, give)

    def stoppable(self, stop: Stop) -> Gate:
        return SHUT

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


class WorkerIO(SyncIO):
    """For plain code in a worker thread of an async run, such as a hook: what it must await goes to the run's loop."""

    _home: Visitor

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self._home.check()  # the run may have been cancelled meanwhile; a thread does not notice by itself
        return await super().call(fn, *args, **kwargs)


# Merging -------------------------------------------------------------------------------------------------------------


class _Branch:
    """A work in a thread. It goes on when what it gave has been read, as a single work would; so it is never far ahead."""

    over = False  # it has nothing more to say
    left = False  # nobody reads any more

    def __init__(self, work: Work, results: _Results) -> None:
        self._results = results
        self._unread = threading.Lock()  # held while an item waits for the reader
        alone_in_thread(functools.partial(self._run, work))

    def _run(self, work: Work) -> None:
        try:
            drive(work(self._put))
        except BaseException as error:  # handed to the reader, who raises it
            self._results.put((self, "error", error))
            self.over = True
        else:
            self.over = True  # before it is said: whoever hears it need not wait for the thread
            self._results.put((self, "end", None))

    async def _put(self, item: Any) -> None:
        if not self.left:
            self._unread.acquire()
        if self.left:
            raise ReaderLeft
        self._results.put((self, "item", item))

    async def pass_on(self, item: Any, give: Give) -> None:
        """Give the reader an item, and let the work go on."""
        try:
            await give(item)
        finally:
            self._unread.release()

    def drop(self) -> None:
        """Let the work go on, though nobody had its item."""
        self._unread.release()


_Results = queue.SimpleQueue[tuple["_Branch", str, Any]]


def _join(branches: list[_Branch], results: _Results, patience: float | None) -> None:
    """Tell the branches that nobody reads, and wait until they ended. `patience`: seconds, None for as long as it takes."""
    for branch in branches:
        branch.left = True
    deadline = None if patience is None else time.monotonic() + patience
    while any(not branch.over for branch in branches) or not results.empty():
        try:
            branch, kind, value = results.get(timeout=0.01)
        except queue.Empty:
            if deadline is not None and time.monotonic() > deadline:
                return  # stuck in a blocking call; the thread ends with the program
            continue
        if kind == "item":
            branch.drop()
        elif kind == "error":
            left_with(value)


SYNC = SyncIO()

__all__ = ["SYNC", "SyncIO", "WorkerIO", "drive"]
